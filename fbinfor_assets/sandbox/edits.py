"""The edits people make by hand, as a table: of what, how often, and what they enter.

Belongs here: one small function per kind of edit, from what is there to what is sent to a verb of a control plane.
Does not belong here: choosing among them, sending them off (`people`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fbinfor_assets.sandbox.people import People

Row = dict[str, Any]
Entry = tuple[str, str, Row]
"""What a person sends off: which control plane, which verb, its body."""

Make = Callable[["People"], list[Entry]]
"""What a person enters; nothing if there is nothing to do it to."""

FRESHBOOKS, M3 = "freshbooks", "infor"

_ACTIVE, _DELETED, _ARCHIVED = 0, 1, 2
_DRAFT, _SENT = 1, 2
_BLOCKED, _FREE = "1", "0"
_TOWNS = ("Ludlow", "Whitby", "Totnes", "Alnwick", "Kendal", "Frome", "Hexham", "Bakewell")
_NOTES = (
    "please call before delivery",
    "wants paper invoices",
    "new contact: reception",
    "asked for a quote",
)


# ------------------------------------------------------------------------------------------ FreshBooks


def _visible(row: Row) -> bool:
    return row["vis_state"] == _ACTIVE


def _change(kind: str, fields: Callable[[People, Row], Row], fits: Callable[[Row], bool] = _visible) -> Make:
    """An edit of some object of a kind: its fields from what is there."""

    def make(people: People) -> list[Entry]:
        row = people.pick(FRESHBOOKS, kind, fits)
        return (
            [] if row is None else [(FRESHBOOKS, f"/people/{kind}", {"id": row["id"], **fields(people, row)})]
        )

    return make


def _new_client(people: People) -> list[Entry]:
    who = people.newcomer()
    fields = {
        "organization": who.company,
        "fname": who.first_name,
        "lname": who.last_name,
        "email": who.email,
    }
    fields |= {"p_street": who.street, "p_city": who.city, "p_code": who.postcode, "bus_phone": who.phone}
    return [(FRESHBOOKS, "/people/client", fields)]


def _client_again(people: People) -> list[Entry]:
    row = people.pick(
        FRESHBOOKS, "client", lambda row: _visible(row) and bool(row["organization"] or row["lname"])
    )
    if row is None:
        return []
    names = ("organization", "fname", "lname", "email", "p_street", "p_city", "p_code", "bus_phone")
    fields = {name: row[name] for name in names if row[name]}
    name = "organization" if row["organization"] else "lname"
    fields[name] = people.retyped(row[name])
    # Who types anew seldom has everything at hand.
    fields.pop(people.chance.choice(["email", "bus_phone", "p_code"]), None)
    return [(FRESHBOOKS, "/people/client", fields)]


def _is_invoice(status: int) -> Callable[[Row], bool]:
    return lambda row: _visible(row) and row["status"] == status


def _other_quantity(people: People, row: Row) -> Row:
    """All lines as they are, but for one quantity: that is how the form sends them."""
    lines = []
    for stored in json.loads(row["lines"]):
        line = {name: stored[name] for name in ("name", "description", "qty") if name in stored}
        line["unit_cost"] = {"amount": stored["unit_cost"]}
        for number, (tax, percent) in enumerate(stored.get("taxes", []), 1):
            line |= {f"taxName{number}": tax, f"taxAmount{number}": percent}
        lines.append(line)
    chosen = people.chance.choice(lines)
    chosen["qty"] = str(Decimal(chosen["qty"]) + people.chance.choice([1, 2, 5]))
    return {"lines": lines}


def _open(row: Row) -> Decimal:
    return Decimal(row["amount"]) - Decimal(row["paid"])


def _new_payment(people: People) -> list[Entry]:
    row = people.pick(FRESHBOOKS, "invoice", lambda row: _is_invoice(_SENT)(row) and _open(row) > 0)
    if row is None:
        return []
    share = people.chance.choice([Decimal(1), Decimal(1), Decimal("0.5"), Decimal("0.25")])
    amount = max((_open(row) * share).quantize(Decimal("0.01"), ROUND_HALF_UP), Decimal("0.01"))
    kind = people.chance.choice(["Bank Transfer", "Check", "Cash", "Credit Card"])
    body = {"invoiceid": row["id"], "amount": str(amount), "date": people.today(FRESHBOOKS), "type": kind}
    return [(FRESHBOOKS, "/people/payment", body | {"note": "entered by hand"})]


def _half(people: People, row: Row) -> Row:
    half = (Decimal(row["amount"]) / 2).quantize(Decimal("0.01"), ROUND_HALF_UP)
    return {"amount": str(max(half, Decimal("0.01")))}


def _new_expense(people: People) -> list[Entry]:
    category = people.pick(FRESHBOOKS, "category", _visible)
    if category is None:
        return []
    body = {"categoryid": category["id"], "staffid": 1, "date": people.today(FRESHBOOKS)}
    body |= {
        "amount": people.price(),
        "vendor": people.newcomer().last_name,
        "notes": people.chance.choice(_NOTES),
    }
    return [(FRESHBOOKS, "/people/expense", body)]


def _new_vendor(people: People) -> list[Entry]:
    who = people.newcomer()
    body = {"vendor_name": who.company or who.last_name, "currency_code": "GBP", "language": "en"}
    return [(FRESHBOOKS, "/people/bill_vendor", body | {"phone": who.phone, "city": who.city})]


def _new_bill(people: People) -> list[Entry]:
    vendor, category = (people.pick(FRESHBOOKS, kind, _visible) for kind in ("bill_vendor", "category"))
    if vendor is None or category is None:
        return []
    line = {
        "categoryid": category["id"],
        "quantity": "1",
        "unit_cost": {"amount": people.price(), "code": "GBP"},
    }
    body = {"vendorid": vendor["id"], "issue_date": people.today(FRESHBOOKS), "due_offset_days": 30}
    body |= {
        "currency_code": "GBP",
        "language": "en",
        "bill_number": f"R{people.chance.randrange(10**5):05d}",
    }
    return [(FRESHBOOKS, "/people/bill", body | {"lines": [line]})]


def _new_bill_payment(people: People) -> list[Entry]:
    row = people.pick(
        FRESHBOOKS, "bill", lambda row: _visible(row) and Decimal(row["total"]) > Decimal(row["paid"])
    )
    if row is None:
        return []
    amount = {"amount": str(Decimal(row["total"]) - Decimal(row["paid"])), "code": row["currency_code"]}
    body = {"billid": row["id"], "amount": amount, "payment_type": "Bank Transfer"}
    return [(FRESHBOOKS, "/people/bill_payment", body | {"paid_date": people.today(FRESHBOOKS)})]


# -------------------------------------------------------------------------------------------------- M3


def _customer(fields: Callable[[People, Row], Row], fits: Callable[[Row], bool] = lambda row: True) -> Make:
    def make(people: People) -> list[Entry]:
        row = people.pick(M3, "OCUSMA", fits)
        return [] if row is None else [(M3, "/people/customer", {"cuno": row["CUNO"], **fields(people, row)})]

    return make


def _new_customer(people: People) -> list[Entry]:
    who = people.newcomer()
    name = who.company or f"{who.first_name} {who.last_name}"
    fields = {"CUNM": name[:36], "CUA1": who.street[:36], "TOWN": who.city[:20], "PONO": who.postcode[:10]}
    return [(M3, "/people/customer", fields | {"CSCD": "GB", "PHNO": who.phone[:16]})]


def _customer_again(people: People) -> list[Entry]:
    row = people.pick(M3, "OCUSMA")
    if row is None:
        return []
    fields = {name: row[name] for name in ("CUA1", "TOWN", "PONO", "CSCD", "MAIL") if row.get(name)}
    return [(M3, "/people/customer", fields | {"CUNM": people.retyped(row["CUNM"])[:36]})]


def _cancelled_line(people: People) -> list[Entry]:
    row = people.pick(M3, "OOHEAD", lambda row: row["ORSL"] < "66" and any(map(_deliverable, row["lines"])))
    if row is None:
        return []
    line = people.chance.choice([line for line in row["lines"] if _deliverable(line)])
    return [(M3, "/cancel-line", {"orno": row["ORNO"], "ponr": line["PONR"]})]


def _deliverable(line: Row) -> bool:
    return "CLSD" not in line and "DELD" not in line and Decimal(line["ORQT"]) != Decimal(line["DLQT"])


# --------------------------------------------------------------------------------------------- both sides


def _both(freshbooks: Callable[[People], Row], m3: Callable[[People], Row]) -> Make:
    """The same party, found by its name, changed on both sides before anything could bring them together."""

    def make(people: People) -> list[Entry]:
        clients = filter(_visible, people.first(FRESHBOOKS, "client"))
        known = {_plain(name): row["id"] for row in clients for name in _names(row)}
        customer = people.pick(M3, "OCUSMA", lambda row: _plain(row["CUNM"]) in known)
        if customer is None:
            return []
        client = known[_plain(customer["CUNM"])]
        return [
            (FRESHBOOKS, "/people/client", {"id": client, **freshbooks(people)}),
            (M3, "/people/customer", {"cuno": customer["CUNO"], **m3(people)}),
        ]

    return make


def _names(row: Row) -> tuple[str, str]:
    return row["organization"] or "", f"{row['fname'] or ''} {row['lname'] or ''}"


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.casefold()) or "-"


# ---------------------------------------------------------------------------------------------- the table


@dataclass(frozen=True, slots=True)
class Edit:
    """One kind of edit; `weight` is how often people do it, next to the others."""

    group: str
    name: str
    weight: int
    make: Make


EDITS = (
    Edit("client", "client entered", 3, _new_client),
    Edit("client", "client entered again", 2, _client_again),
    Edit(
        "client",
        "client renamed",
        3,
        _change("client", lambda p, row: {"organization": p.retyped(row["organization"] or "The Client")}),
    ),
    Edit(
        "client",
        "client moved",
        4,
        _change("client", lambda p, row: {"p_street": p.street(), "p_city": p.chance.choice(_TOWNS)}),
    ),
    Edit(
        "client", "client's telephone changed", 4, _change("client", lambda p, row: {"bus_phone": p.phone()})
    ),
    Edit(
        "client",
        "client's note changed",
        3,
        _change("client", lambda p, row: {"note": f"{row['note'] or ''} {p.chance.choice(_NOTES)}".strip()}),
    ),
    Edit("client", "client archived", 1, _change("client", lambda p, row: {"vis_state": _ARCHIVED})),
    Edit("client", "client deleted", 1, _change("client", lambda p, row: {"vis_state": _DELETED})),
    Edit(
        "client",
        "client restored",
        2,
        _change("client", lambda p, row: {"vis_state": _ACTIVE}, lambda row: not _visible(row)),
    ),
    Edit(
        "invoice",
        "draft's quantity changed",
        4,
        _change("invoice", _other_quantity, lambda row: _is_invoice(_DRAFT)(row) and row["lines"] != "[]"),
    ),
    Edit(
        "invoice",
        "draft's notes changed",
        3,
        _change("invoice", lambda p, row: {"notes": p.chance.choice(_NOTES)}, _is_invoice(_DRAFT)),
    ),
    Edit(
        "invoice",
        "draft deleted",
        1,
        _change("invoice", lambda p, row: {"vis_state": _DELETED}, _is_invoice(_DRAFT)),
    ),
    Edit(
        "invoice",
        "sent invoice changed",
        1,
        _change("invoice", _other_quantity, lambda row: _is_invoice(_SENT)(row) and row["lines"] != "[]"),
    ),
    Edit("payment", "payment entered", 4, _new_payment),
    Edit("payment", "payment changed", 1, _change("payment", _half)),
    Edit(
        "payment",
        "payment's note changed",
        1,
        _change("payment", lambda p, row: {"note": p.chance.choice(_NOTES)}),
    ),
    Edit("payment", "payment deleted", 1, _change("payment", lambda p, row: {"vis_state": _DELETED})),
    Edit("expense", "expense entered", 2, _new_expense),
    Edit("expense", "expense changed", 1, _change("expense", lambda p, row: {"amount": p.price()})),
    Edit("expense", "expense deleted", 1, _change("expense", lambda p, row: {"vis_state": _DELETED})),
    Edit("bill", "supplier entered", 1, _new_vendor),
    Edit("bill", "bill entered", 2, _new_bill),
    Edit("bill", "bill paid by hand", 1, _new_bill_payment),
    Edit("bill", "bill deleted", 1, _change("bill", lambda p, row: {"vis_state": _DELETED})),
    Edit("customer", "customer entered", 2, _new_customer),
    Edit("customer", "customer entered again", 1, _customer_again),
    Edit("customer", "customer renamed", 2, _customer(lambda p, row: {"CUNM": p.retyped(row["CUNM"])[:36]})),
    Edit(
        "customer",
        "customer moved",
        3,
        _customer(lambda p, row: {"CUA1": p.street(), "TOWN": p.chance.choice(_TOWNS)}),
    ),
    Edit("customer", "customer's telephone changed", 3, _customer(lambda p, row: {"PHNO": p.phone()})),
    Edit(
        "customer",
        "customer blocked",
        1,
        _customer(lambda p, row: {"BLCD": _BLOCKED}, lambda row: row.get("BLCD") != _BLOCKED),
    ),
    Edit(
        "customer",
        "customer freed",
        1,
        _customer(lambda p, row: {"BLCD": _FREE}, lambda row: row.get("BLCD") == _BLOCKED),
    ),
    Edit("order", "order line cancelled", 2, _cancelled_line),
    Edit(
        "party",
        "telephone changed on both sides",
        2,
        _both(lambda p: {"bus_phone": p.phone()}, lambda p: {"PHNO": p.phone()}),
    ),
    Edit(
        "party",
        "moved on one side, called on the other",
        1,
        _both(lambda p: {"p_city": p.chance.choice(_TOWNS)}, lambda p: {"PHNO": p.phone()}),
    ),
)

GROUPS = tuple(dict.fromkeys(edit.group for edit in EDITS))
