"""Lines of a bill: checked, valued, and as the API reads them.

Belongs here: what a line of a bill says and is worth.
Does not belong here: lines of invoices (`lines`), which are named differently and know no category; bills (`bills`).

Facts (freshbooks-api 7.5): names are snake_case here, quantity is read as text, a line names a category and reads
with the whole category object; tax is a per cent by name, `tax_authorityid` a free text; `tax_amount` and
`total_amount` are read only and given per line, so tax is rounded per line. Lists of lines are kept as one JSON
text, as on invoices.

Assumed: a PUT of lines replaces all of them, those that carry their id keep it; quantity is 1 and the price 0 when
left out; a tax without its per cent takes that of the account's tax of that name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from fbinfor_assets.sandbox.freshbooks import fields
from fbinfor_assets.sandbox.freshbooks.amounts import ZERO, Line, cents, money, plain, price_text, tax_upon
from fbinfor_assets.sandbox.freshbooks.errors import invalid, required

if TYPE_CHECKING:
    from fbinfor_assets.sandbox.freshbooks.account import Account

TAXES = ("1", "2")


def stored_lines(account: Account, given: Any, currency: str, kept: Iterable[Line] = ()) -> list[Line]:
    """Check the `lines` of a request; `kept` are those the bill had. Raises FreshBooksError.

    A stored line: id, categoryid, quantity, unit_cost, amount and, where given, description, compounded and
    taxes [[name, per cent, amount, authority id], ...], numbers as decimal text.
    """
    if not isinstance(given, list) or not all(isinstance(line, dict) for line in given):
        raise invalid("line", "lines", given)
    ids = {line["id"] for line in kept}
    return [_stored_line(account, line, currency, ids) for line in given]


def _stored_line(account: Account, given: dict[str, Any], currency: str, ids: set[int]) -> Line:
    category = given.get("category")
    if given.get("categoryid") is None and isinstance(category, dict):
        # As the line was read, so it may come back.
        given = {**given, "categoryid": category.get("categoryid")}
    if given.get("categoryid") in (None, ""):
        raise required("line", "categoryid")
    keeps = isinstance(given.get("id"), int) and given["id"] in ids
    line: Line = {"id": given["id"] if keeps else account.world.next_id("bill_line")}
    ids.discard(line["id"])
    line["categoryid"] = account.categories.live(given, "categoryid", "line")["id"]
    if given.get("description"):
        line["description"] = fields.text(given, "description", "line")
    quantity = fields.number(given, "quantity", "line") if given.get("quantity") is not None else Decimal(1)
    price = Decimal(0)
    if given.get("unit_cost") is not None:
        fields.money(given, "unit_cost", "line", currency)
        price = fields.number(given["unit_cost"], "amount", "line")
    line["quantity"] = plain(quantity)
    line["unit_cost"] = price_text(price, account.world.switches["unit_cost_decimals"])
    amount = cents(quantity * Decimal(line["unit_cost"]))
    line["amount"] = str(amount)
    if given.get("compounded_tax") and fields.flag(given, "compounded_tax", "line"):
        line["compounded"] = True
    taxes = [tax for tax in (_tax(account, given, n) for n in TAXES) if tax is not None]
    if taxes:
        worth = tax_upon(amount, [Decimal(percent) for _, percent, _ in taxes], "compounded" in line)
        line["taxes"] = [
            [name, percent, str(tax), authority]
            for (name, percent, authority), tax in zip(taxes, worth, strict=True)
        ]
    return line


def _tax(account: Account, given: fields.Given, n: str) -> tuple[str, str, str | None] | None:
    name = fields.text(given, "tax_name" + n, "line") if given.get("tax_name" + n) else None
    if name is None:
        return None
    percent = given.get("tax_percent" + n)
    if percent is None:
        percent = account.taxes.percents().get(name, "0")
    number = fields.number({"tax_percent" + n: percent}, "tax_percent" + n, "line")
    authority = "tax_authorityid" + n
    return name, plain(number), fields.text(given, authority, "line") if given.get(authority) else None


def line_tax(line: Line) -> Decimal:
    """All taxes of a stored line."""
    return sum((Decimal(amount) for _, _, amount, _ in line.get("taxes", ())), ZERO)


def taxes_paid(stored: Iterable[Line]) -> Iterator[tuple[str, Decimal, Decimal]]:
    """(tax name, what is taxed, tax) of each tax of a bill's lines."""
    for line in stored:
        for name, _, amount, _ in line.get("taxes", ()):
            yield name, Decimal(line["amount"]), Decimal(amount)


def line_view(account: Account, line: Line, index: int, code: str) -> dict[str, Any]:
    """A stored line as the API reads it; `index` is its place, from 1."""
    categories = account.categories
    view: dict[str, Any] = {
        "amount": money(line["amount"], code),
        "category": categories.view(categories.rows[line["categoryid"]]),
        "categoryid": line["categoryid"],
        "description": line.get("description"),
        "id": line["id"],
        "list_index": index,
        "quantity": line["quantity"],
        "total_amount": money(str(Decimal(line["amount"]) + line_tax(line)), code),
        "unit_cost": money(line["unit_cost"], code),
    }
    taxes = line.get("taxes", ())
    for n in TAXES:
        name, percent, amount, authority = taxes[int(n) - 1] if len(taxes) >= int(n) else (None,) * 4
        view |= {
            "tax_amount" + n: None if amount is None else money(amount, code),
            "tax_authorityid" + n: authority,
            "tax_name" + n: name,
            "tax_percent" + n: percent,
        }
    return view
