"""Outbound rows: one difference that is to be written into one target.

Belongs here: the row's shape and the checks that it has it.
Does not belong here: computing rows (dbt's `outbound` models), judging them (quality/).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from fbinfor_assets.domain.canonical import NotCanonical, canonical_json, payload_sha

OBJECTS = {
    "freshbooks__clients": "freshbooks",
    "freshbooks__invoices": "freshbooks",
    "freshbooks__credit_notes": "freshbooks",
    "m3__items": "m3",
    "m3__customers": "m3",
    "m3__orders": "m3",
    "m3__credit_orders": "m3",
    "m3__receipts": "m3",
}

# The crosswalk's and the agreed values' word for what an object is.
ENTITIES = {
    "freshbooks__clients": "party",
    "m3__customers": "party",
    "freshbooks__invoices": "document",
    "freshbooks__credit_notes": "document",
    "m3__orders": "document",
    "m3__credit_orders": "document",
    "m3__receipts": "payment",
    "m3__items": "item",
}

_LINK = ("entity", "left_system", "left_id", "right_system", "right_id")


class RowError(ValueError):
    """A row does not have the shape of an outbound row; the text names the record and the field."""


@dataclass(frozen=True)
class OutboundRow:
    """One row of `outbound.diff_<object>` with operation create or update.

    `payload` holds text, integers, booleans, null, lists and dicts (money as decimal text); `amount` is in `currency`;
    `document_date` is the document's own day (ISO). `links` are the crosswalk rows due at confirmation; a link whose
    `right_id` is None takes the id that the target gives. `reason` says in a sentence why the row is there, `changes`
    lists {field, old, new} of an update; both are kept with the intent.
    """

    business_key: str
    target: str
    object: str
    operation: str
    target_ref: str
    payload: dict[str, Any]
    payload_sha: str
    remote_id: str | None = None
    agreed: dict[str, str | None] = field(default_factory=dict)
    links: list[dict[str, str | None]] = field(default_factory=list)
    document_date: str | None = None
    currency: str | None = None
    amount: Decimal | None = None
    reason: str | None = None
    changes: list[dict[str, Any]] = field(default_factory=list)

    @property
    def canonical_payload(self) -> str:
        """The payload as it is hashed and kept."""
        return canonical_json(self.payload)

    @classmethod
    def from_dict(cls, row: dict[str, Any]) -> OutboundRow:
        """Build a row from a dict such as `Warehouse.outbound_rows` gives.

        `payload`, `agreed`, `links` and `diff` may be JSON text; other columns (cause) are ignored. A row without
        `payload_sha` gets that of its payload: the gate decides whether the hash may pass, not this function.
        Raises `RowError`.
        """
        key = row.get("business_key")
        who = f"{row.get('object')} {key}"
        for name in ("business_key", "target", "object", "operation", "target_ref"):
            if not isinstance(row.get(name), str) or not row[name]:
                raise RowError(f"{who}: {name} is {row.get(name)!r}; an outbound row needs a text")
        if OBJECTS.get(row["object"]) != row["target"]:
            raise RowError(f"{who}: {row['object']!r} is no outbound object of target {row['target']!r}")
        if row["operation"] not in ("create", "update"):
            raise RowError(f"{who}: operation is {row['operation']!r}; only create and update are sent")
        payload = _document(who, "payload", row.get("payload"), None)
        if not isinstance(payload, dict):
            raise RowError(f"{who}: payload is {type(payload).__name__}, not an object")
        links = _document(who, "links", row.get("links"), [])
        if not isinstance(links, list) or not all(_is_link(one) for one in links):
            raise RowError(
                f"{who}: links must be a list of objects with {', '.join(_LINK)} (only right_id may be null)"
            )
        remote_id = row.get("remote_id")
        if row["operation"] == "update" and not remote_id:
            raise RowError(f"{who}: an update needs the remote_id of the record that it changes")
        try:
            sha = row.get("payload_sha") or payload_sha(payload)
        except NotCanonical as error:
            raise RowError(f"{who}: {error}") from error
        day = row.get("document_date")
        return cls(
            business_key=row["business_key"],
            target=row["target"],
            object=row["object"],
            operation=row["operation"],
            target_ref=row["target_ref"],
            payload=payload,
            payload_sha=sha,
            remote_id=None if remote_id is None else str(remote_id),
            agreed=_document(who, "agreed", row.get("agreed"), {}),
            links=links,
            document_date=day.isoformat() if isinstance(day, date) else day,
            currency=row.get("currency"),
            amount=_amount(who, row.get("amount")),
            reason=row.get("reason"),
            changes=_document(who, "diff", row.get("diff"), []),
        )


def _is_link(value: Any) -> bool:
    if not isinstance(value, dict) or value.keys() != set(_LINK):
        return False
    return all(isinstance(value[name], str) and value[name] for name in _LINK[:-1])


def _document(who: str, name: str, value: Any, default: Any) -> Any:
    if value is None:
        return default
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except json.JSONDecodeError as error:
        raise RowError(f"{who}: {name} is not JSON ({error})") from error


def _amount(who: str, value: Any) -> Decimal | None:
    if value is None or isinstance(value, Decimal):
        return value
    if isinstance(value, float):
        raise RowError(f"{who}: amount {value!r} is a float; money is a decimal")
    try:
        return Decimal(str(value))
    except InvalidOperation as error:
        raise RowError(f"{who}: amount {value!r} is not a number") from error
