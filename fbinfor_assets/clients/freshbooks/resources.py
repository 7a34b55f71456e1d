"""Which FreshBooks resources we use, where they are, and which list filters the vendor really obeys.

Belongs here: paths, wrapper keys, id fields, delete verbs and filter keys, each from freshbooks-api 5 to 7.
Does not belong here: requests (`client.py`).

FreshBooks silently ignores a filter it does not know and returns *everything* (freshbooks-api 5). So only keys
from this table are sent, and rows that contradict an equality filter are dropped on arrival.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from typing import Any

from fbinfor_assets.clients.errors import Call, UnknownFilter


class Kind(Enum):
    """How a filter is spelt in the query."""

    EQUALS = "search[key]=v"
    ONE_OF = "search[key][]=v, repeated"
    LIKE = "search[x_like]=v"
    RANGE = "search[x_min|x_max]=YYYY-MM-DD or an amount"
    FLAG = "key=True, bare"


@dataclass(frozen=True)
class Resource:
    """One resource of the accounting family. `rows` names the field that an equality filter must find in a row."""

    path: str
    single: str
    plural: str
    id_field: str
    filters: Mapping[str, Kind]
    rows: Mapping[str, str] = field(default_factory=dict)
    include: tuple[str, ...] = ()
    sorts: frozenset[str] = frozenset()
    deleted_by_verb: bool = False


def _kinds(
    equals: str = "", one_of: str = "", like: str = "", ranges: str = "", flags: str = ""
) -> dict[str, Kind]:
    kinds = {key: Kind.EQUALS for key in equals.split()}
    kinds |= {key: Kind.ONE_OF for key in one_of.split()}
    kinds |= {f"{key}_like": Kind.LIKE for key in like.split()}
    kinds |= {f"{key}_{end}": Kind.RANGE for key in ranges.split() for end in ("min", "max")}
    return kinds | {key: Kind.FLAG for key in flags.split()}


# vis_state as a filter is verified for clients only (freshbooks-api 5); elsewhere the check of the rows covers us.
RESOURCES: dict[str, Resource] = {
    "clients": Resource(
        path="users/clients",
        single="client",
        plural="clients",
        id_field="userid",
        filters=_kinds(
            equals="email username userid vis_state",
            one_of="userids",
            like="email fname lname organization address note phone user",
            ranges="updated",
            flags="has_credit has_draft has_outstanding has_overdue",
        ),
        rows={
            "email": "email",
            "username": "username",
            "userid": "id",
            "userids": "id",
            "vis_state": "vis_state",
        },
        sorts=frozenset({"organization_name", "fullname", "email", "updated"}),
    ),
    "invoices": Resource(
        path="invoices/invoices",
        single="invoice",
        plural="invoices",
        id_field="invoiceid",
        filters=_kinds(
            equals="customerid invoiceid invoice_number v3_status vis_state",
            one_of="customerids invoiceids",
            ranges="date updated",
            flags="paid outstanding",
        ),
        rows={
            "customerid": "customerid",
            "customerids": "customerid",
            "invoiceid": "id",
            "invoiceids": "id",
            "invoice_number": "invoice_number",
            "v3_status": "v3_status",
            "vis_state": "vis_state",
        },
        include=("lines",),  # without it an invoice has no lines, also in the answer to a write
        sorts=frozenset({"invoice_date"}),
        deleted_by_verb=True,
    ),
    "payments": Resource(
        path="payments/payments",
        single="payment",
        plural="payments",
        id_field="logid",
        filters=_kinds(
            equals="invoiceid clientid type currency vis_state",
            one_of="clientids",
            ranges="date updated amount",
        ),
        rows={
            "invoiceid": "invoiceid",
            "clientid": "clientid",
            "clientids": "clientid",
            "type": "type",
            "vis_state": "vis_state",
        },
    ),
    "credit_notes": Resource(
        path="credit_notes/credit_notes",
        single="credit_note",
        plural="credit_notes",
        id_field="creditid",
        filters=_kinds(equals="clientid vis_state", ranges="date"),
        rows={"clientid": "clientid", "vis_state": "vis_state"},
        include=("lines",),
    ),
    "taxes": Resource(
        path="taxes/taxes", single="tax", plural="taxes", id_field="taxid", filters={}, deleted_by_verb=True
    ),
}


def filter_query(name: str, filters: Mapping[str, Any], call: Call) -> list[tuple[str, str]]:
    """`filters` as query pairs for a list of resource `name`. Raises `UnknownFilter` for a key outside the table."""
    known = RESOURCES[name].filters
    pairs: list[tuple[str, str]] = []
    for key, value in filters.items():
        kind = known.get(key)
        if kind is None:
            raise call.error(
                UnknownFilter,
                f"FreshBooks does not filter {name} by {key!r} and would return everything",
                next_step=f"use one of: {', '.join(sorted(known)) or 'none at all'}",
            )
        if kind is Kind.FLAG:
            pairs.append((key, "True" if value else "False"))
        elif kind is Kind.ONE_OF:
            values = [value] if isinstance(value, str | int) else list(value)
            pairs += [(f"search[{key}][]", _text(item)) for item in values]
        else:
            pairs.append((f"search[{key}]", _text(value)))
    return pairs


def _text(value: Any) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def row_obeys(name: str, row: Mapping[str, Any], filters: Mapping[str, Any]) -> bool:
    """Whether a row fits the equality filters, as far as it carries the fields they speak of."""
    fields = RESOURCES[name].rows
    for key, wanted in filters.items():
        present = row.get(fields.get(key, ""))
        if key not in fields or present is None:
            continue
        values: Iterable[Any] = [wanted] if isinstance(wanted, str | int) else wanted
        if str(present).casefold() not in {_text(value).casefold() for value in values}:
            return False
    return True
