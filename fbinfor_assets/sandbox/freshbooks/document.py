"""What invoices, estimates and recurring templates have in common: the client's copy, lines and totals.

Belongs here: the part of a document that does not depend on its kind.
Does not belong here: states and numbers (each kind), arithmetic (`amounts`), lines one by one (`lines`),
presentation, gateways, late fees (`extras`).

Facts (freshbooks-api 7.2, 7.8): the client's address is a copy made at creation; `lines` given replace all lines;
a discount is a per cent of the subtotal; totals are FreshBooks' own and follow from the lines.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from fbinfor_assets.sandbox.freshbooks import fields, lines
from fbinfor_assets.sandbox.freshbooks.amounts import line_view, money, plain, totals
from fbinfor_assets.sandbox.freshbooks.errors import invalid
from fbinfor_assets.sandbox.state import Row

if TYPE_CHECKING:
    from fbinfor_assets.sandbox.freshbooks.account import Account

# Field of the document -> field of the client it is copied from, unless the request gives it.
SNAPSHOT = {
    "organization": "organization",
    "fname": "fname",
    "lname": "lname",
    "street": "p_street",
    "street2": "p_street2",
    "city": "p_city",
    "province": "p_province",
    "code": "p_code",
    "country": "p_country",
    "vat_name": "vat_name",
    "vat_number": "vat_number",
}

# A document without lines. Amounts are decimal text in the document's currency, `discount_value` a per cent.
NOTHING: Row = {
    "discount_value": "0",
    "lines": "[]",
    "net": "0.00",
    "tax": "0.00",
    "discount_total": "0.00",
    "amount": "0.00",
}


def copy_of(client: Row) -> Row:
    """The fields a document copies from its client."""
    return {name: client[of] for name, of in SNAPSHOT.items()}


def change_client(changed: Row, given: fields.Given, object: str, account: Account) -> None:
    """Put the document on another client, with that one's address, if the request says so."""
    if given.get("customerid") is None:
        return
    client = account.clients.live(given, "customerid", object)
    if client["id"] != changed["customerid"]:
        changed |= {"customerid": client["id"], **copy_of(client)}


def change_texts(changed: Row, given: fields.Given, object: str, texts: Iterable[str]) -> None:
    """Texts that may be emptied (`texts` and the client's copy) and texts that may not (currency, language)."""
    for name in (*texts, *SNAPSHOT):
        if name in given:
            changed[name] = fields.text(given, name, object)
    for name in ("currency_code", "language"):
        if given.get(name):
            changed[name] = fields.text(given, name, object)


def change_lines(
    changed: Row,
    before: Row,
    given: fields.Given,
    object: str,
    account: Account,
    types: tuple[int, ...] = (lines.NORMAL,),
) -> None:
    """Lines (of these `types`) and discount of the request, and the totals that follow.

    422/1004 for a currency other than the lines'.
    """
    if given.get("discount_value") is not None:
        changed["discount_value"] = plain(fields.number(given, "discount_value", object))
    if given.get("lines") is not None:
        changed["lines"] = lines.pack(account.stored_lines(given["lines"], changed["currency_code"], types))
    elif changed["currency_code"] != before["currency_code"] and before["lines"] != "[]":
        raise invalid(object, "currency_code", given["currency_code"])
    if changed["lines"] is before["lines"] and changed["discount_value"] == before["discount_value"]:
        return
    worth = totals(
        lines.unpack(changed["lines"]),
        Decimal(changed["discount_value"]),
        account.world.switches["tax_rounding"],
    )
    changed["net"], changed["tax"] = str(worth.net), str(worth.tax)
    changed["discount_total"], changed["amount"] = str(worth.discount), str(worth.total)


def show_worth(view: dict[str, Any], row: Row, owner: str, stamp: str, *, with_lines: bool) -> None:
    """Turn the stored worth in `view` into what the API reads: money objects, the first line's words, the lines."""
    code = row["currency_code"]
    view["amount"] = money(row["amount"], code)
    view["discount_total"] = money(row["discount_total"], code)
    del view["net"], view["tax"]
    stored = lines.unpack(view.pop("lines"))
    view["description"] = (stored[0].get("description") or stored[0].get("name", "")) if stored else ""
    if with_lines:
        view["lines"] = [
            line_view(line, number, owner, row["id"], code, stamp) for number, line in enumerate(stored, 1)
        ]
