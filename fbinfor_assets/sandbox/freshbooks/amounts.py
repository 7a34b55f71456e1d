"""Lines, taxes and totals of documents: pure arithmetic on Decimal, amounts in one currency.

Belongs here: rounding, what a line is worth, what a document is worth, how a line reads.
Does not belong here: payments, states, anything that needs the account.

Facts (freshbooks-api 7.2, 10.5): a line's amount is qty x unit_cost before tax; a discount is per cent of the
subtotal; tax is a per cent, applied to the discounted line. The fixture 20.00 + 24.00, 10 % off, 13 % on the
first line gives 41.94. How tax is rounded is a switch: once per tax of the document, or line by line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

Line = dict[str, Any]

CENT = Decimal("0.01")
ZERO = Decimal("0.00")
HUNDRED = Decimal(100)


def cents(value: Decimal) -> Decimal:
    """Rounded half up (away from zero) to 0.01."""
    return value.quantize(CENT, ROUND_HALF_UP)


def plain(value: Decimal) -> str:
    """The number as text, without exponent or trailing zeros: 10, 2.5, 100."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def price_text(value: Decimal, decimals: int) -> str:
    """A unit price as text: at least two decimals, at most `decimals`, rounded half up."""
    rounded = value.quantize(Decimal(1).scaleb(-max(decimals, 2)), ROUND_HALF_UP)
    text = plain(rounded)
    whole, _, fraction = text.partition(".")
    return f"{whole}.{fraction:0<2}"


def money(amount: str, code: str) -> dict[str, str]:
    """How FreshBooks writes money: {"amount": "100.00", "code": "GBP"}."""
    return {"amount": amount, "code": code}


@dataclass(frozen=True, slots=True)
class Totals:
    """A document's worth: `net` after discount, `discount` (zero or negative), `tax`, `total` = net + tax."""

    net: Decimal
    discount: Decimal
    tax: Decimal

    @property
    def total(self) -> Decimal:
        return self.net + self.tax


def _taxed(lines: Iterable[Line], factor: Decimal) -> Iterator[tuple[str, str, Decimal, Decimal]]:
    # (tax name, per cent, what is taxed, tax) of every tax of every line, nothing rounded.
    for line in lines:
        base = Decimal(line["amount"]) * factor
        for name, percent in line.get("taxes", ()):
            share = base * Decimal(percent) / HUNDRED
            yield name, percent, base, share
            if line.get("compounded"):
                base += share


def totals(lines: Iterable[Line], discount_percent: Decimal, rounding: str) -> Totals:
    """Add up stored lines (see `stored_line`). `rounding`: "document" or "line"."""
    kept = list(lines)
    subtotal = sum((Decimal(line["amount"]) for line in kept), ZERO)
    tax = ZERO
    exact: dict[tuple[str, str], Decimal] = {}
    for name, percent, _, share in _taxed(kept, 1 - discount_percent / HUNDRED):
        if rounding == "line":
            tax += cents(share)
        else:
            exact[name, percent] = exact.get((name, percent), ZERO) + share
    tax += sum((cents(share) for share in exact.values()), ZERO)
    discount = -cents(subtotal * discount_percent / HUNDRED)
    return Totals(subtotal + discount, discount, tax)


def tax_shares(lines: Iterable[Line], discount_percent: Decimal) -> dict[str, tuple[Decimal, Decimal]]:
    """(what is taxed, tax) of a document by tax name, each rounded to cents once."""
    sums: dict[str, list[Decimal]] = {}
    for name, _, base, share in _taxed(lines, 1 - discount_percent / HUNDRED):
        kept = sums.setdefault(name, [ZERO, ZERO])
        kept[0] += base
        kept[1] += share
    return {name: (cents(base), cents(tax)) for name, (base, tax) in sums.items()}


def tax_upon(net: Decimal, percents: Sequence[Decimal], compounded: bool = False) -> list[Decimal]:
    """Each tax on a net amount, rounded half up to cents. `compounded`: each is taken on those before it, too."""
    return [cents(share) for share in _shares(net, percents, compounded)]


def tax_within(gross: Decimal, percents: Sequence[Decimal], compounded: bool = False) -> list[Decimal]:
    """Each tax a gross amount holds: 13 per cent within 79.73 is 9.17 (captured, freshbooks-api 7.4)."""
    net = gross / (1 + sum(_shares(Decimal(1), percents, compounded)))
    return tax_upon(net, percents, compounded)


def _shares(net: Decimal, percents: Sequence[Decimal], compounded: bool) -> list[Decimal]:
    shares: list[Decimal] = []
    for percent in percents:
        base = net + sum(shares) if compounded else net
        shares.append(base * percent / HUNDRED)
    return shares


def line_view(line: Line, number: int, owner: str, owner_id: int, code: str, stamp: str) -> dict[str, Any]:
    """A stored line as the API reads it; `number` is its lineid 1..n, `owner` invoiceid or creditid."""
    taxes = line.get("taxes", ())
    first = taxes[0] if taxes else (None, "0")
    second = taxes[1] if len(taxes) > 1 else (None, "0")
    return {
        "amount": {"amount": line["amount"], "code": code},
        "basecampid": 0,
        "compounded_tax": line.get("compounded", False),
        "date": None,
        "description": line.get("description", ""),
        "expenseid": line.get("expenseid", 0),
        owner: owner_id,
        "lineid": number,
        "modern_project_id": None,
        "modern_time_entries": [],
        "name": line.get("name", ""),
        "qty": line["qty"],
        "retainer_id": None,
        "retainer_period_id": None,
        "taskno": number,
        "taxAmount1": first[1],
        "taxAmount2": second[1],
        "taxName1": first[0],
        "taxName2": second[0],
        "taxNumber1": None,
        "taxNumber2": None,
        "type": line.get("type", 0),
        "unit_cost": {"amount": line["unit_cost"], "code": code},
        "updated": stamp,
    }
