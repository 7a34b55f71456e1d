"""Document lines as a request gives them, made into stored lines.

Belongs here: the checks of lines and their compact stored form.
Does not belong here: arithmetic (`amounts`), documents (`invoices`, `credit_notes`).

A stored line holds only what was said: {"qty", "unit_cost", "amount"} as decimal text and, where given, "type",
"name", "description", "taxes" [[name, per cent], ...], "compounded", "expenseid". A document keeps its lines as one JSON text,
because half a million dicts would not fit in memory.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import orjson

from fbinfor_assets.sandbox.freshbooks import fields
from fbinfor_assets.sandbox.freshbooks.amounts import Line, cents, plain, price_text
from fbinfor_assets.sandbox.freshbooks.errors import invalid, not_a_number

# The types of a line (freshbooks-api 7.2); only invoices rebill an expense, and only recurring templates keep a place
# for the time nobody has billed yet.
NORMAL, REBILLED_EXPENSE, UNBILLED_TIME = 0, 1, 5


def stored_lines(
    given: Any,
    currency: str,
    tax_percents: dict[str, str],
    decimals: int,
    types: tuple[int, ...] = (NORMAL,),
) -> list[Line]:
    """Check the `lines` of a request. `tax_percents`: the account's taxes by name, for a line that names a tax
    without its per cent; `types`: those the document may have. Raises FreshBooksError (1004 value, 1015 number)."""
    if not isinstance(given, list) or not all(isinstance(line, dict) for line in given):
        raise invalid("line", "lines", given)
    return [_stored_line(line, currency, tax_percents, decimals, types) for line in given]


def _stored_line(
    given: dict[str, Any],
    currency: str,
    tax_percents: dict[str, str],
    decimals: int,
    types: tuple[int, ...],
) -> Line:
    line: Line = {}
    if given.get("type"):
        line["type"] = fields.choice(given, "type", "line", types)
        if line["type"] == REBILLED_EXPENSE:
            line["expenseid"] = fields.integer(given, "expenseid", "line")
    for name in ("name", "description"):
        if given.get(name):
            line[name] = fields.text(given, name, "line")
    qty = fields.number(given, "qty", "line") if given.get("qty") is not None else Decimal(1)
    cost = given.get("unit_cost")
    price = Decimal(0)
    if cost is not None:
        if not isinstance(cost, dict) or cost.get("amount") is None:
            raise invalid("line", "unit_cost", cost)
        if cost.get("code") not in (None, "", currency):
            raise invalid("line", "code", cost["code"])
        price = fields.number(cost, "amount", "line")
    line["qty"], line["unit_cost"] = plain(qty), price_text(price, decimals)
    line["amount"] = str(cents(Decimal(line["qty"]) * Decimal(line["unit_cost"])))
    taxes = []
    for n in ("1", "2"):
        # camelCase here and nowhere else, and the amount is a per cent (freshbooks-api 7.2).
        name = fields.text(given, "taxName" + n, "line") if given.get("taxName" + n) else None
        if name is None:
            continue
        percent = given.get("taxAmount" + n)
        if percent is None:
            percent = tax_percents.get(name, "0")
        taxes.append([name, plain(fields.number({"taxAmount" + n: percent}, "taxAmount" + n, "line"))])
    if taxes:
        line["taxes"] = taxes
    if given.get("compounded_tax"):
        if given["compounded_tax"] is not True:
            raise not_a_number("line", "compounded_tax", given["compounded_tax"])
        line["compounded"] = True
    return line


def pack(lines: list[Line]) -> str:
    """Stored lines as the one text a row keeps."""
    return orjson.dumps(lines).decode()


def unpack(text: str) -> list[Line]:
    """The stored lines of a row."""
    return orjson.loads(text)


def expense_ids(text: str) -> set[int]:
    """The expenses the stored lines of a row rebill."""
    if '"expenseid"' not in text:
        return set()
    return {line["expenseid"] for line in unpack(text) if "expenseid" in line}
