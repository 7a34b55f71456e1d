"""What a customer order line says about itself: quantities left, value, status.

Belongs here: pure functions of one stored order line, or of an order's lines and charges.
Does not belong here: reading or storing an order.

A stored line: PONR (always its position + 1), ITNO, ORQT (basic unit), SAPR, DLQT, IVQT, ORST, CUPO, LMTS, and
only where they apply ITDS (own description), PLQT (on a picking list), CLSD ("1": the rest will not be
delivered), DELD ("1": deleted, no reader sees it), UNMS (basic unit, if not PCS), ALUN and ORQA (ordered in another unit, and how many), SPUN
and SACD (the price is for so many of that unit), DIP1-6 and DIA1-6 (discounts: DIA is always the amount it
makes on the whole line), and whatever else was sent with it (DWDT, CUOR, MODL ...).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from fbinfor_assets.sandbox.m3.mi import Nok, parse_decimal, plain
from fbinfor_assets.sandbox.m3.world import ALTERNATE_UNITS, Row, World, half_up

NOT_DELIVERED = "99"
UNIT = "PCS"  # the basic unit of a line that names none
DISCOUNTS = range(1, 7)
_ZERO = Decimal("0.00")


def live(order: Row) -> Iterator[Row]:
    """The order's lines that were not deleted."""
    return (line for line in order["lines"] if "DELD" not in line)


# ---------------------------------------------------------------------------------------- quantities


def remaining(line: Row) -> Decimal:
    """Quantity still to deliver, in the sign of the order (negative on credits)."""
    return Decimal(0) if "CLSD" in line else Decimal(line["ORQT"]) - Decimal(line["DLQT"])


def picked(line: Row) -> Decimal:
    """Quantity that stands on picking lists which nobody has reported yet."""
    return Decimal(line.get("PLQT") or 0)


def free(line: Row) -> Decimal:
    """Quantity still to deliver that is on no picking list."""
    return remaining(line) - picked(line)


def order_quantity(line: Row) -> Decimal:
    """The quantity the order's value counts: what was ordered, or delivered once the rest is closed."""
    return Decimal(line["DLQT"] if "CLSD" in line else line["ORQT"])


def units(unit: str, basic: str) -> Decimal | None:
    """How many of the basic unit one `unit` is; None for a unit the item does not have."""
    return Decimal(1) if unit in ("", basic) else ALTERNATE_UNITS.get(unit)


# --------------------------------------------------------------------------------------------- value


def _price_units(line: Row) -> Decimal:
    """How many of the basic unit the sales price SAPR pays for."""
    unit = line.get("SPUN", "")
    factor = units(unit, line.get("UNMS", UNIT)) or Decimal(1)
    return Decimal(line.get("SACD") or 1) * factor


def _gross(line: Row, quantity: Decimal) -> Decimal:
    return quantity * Decimal(line["SAPR"]) / _price_units(line)


def _discount(line: Row) -> Decimal:
    """Sum of the discounts on the whole line, in the sign of its value."""
    amounts = sum((Decimal(line[name]) for n in DISCOUNTS if (name := f"DIA{n}") in line), Decimal(0))
    return -amounts if line["ORQT"].startswith("-") else amounts


def amount(line: Row, quantity: Decimal) -> Decimal:
    """Net amount of a part of the line, to the cent: each part bears its share of the discounts."""
    discount = _discount(line)
    if not discount:
        return half_up(_gross(line, quantity))
    whole = Decimal(line["ORQT"])
    return half_up(quantity * (_gross(line, whole) - discount) / whole)


def net_price(line: Row) -> Decimal:
    """NEPR: what is left of the sales price after the line's discounts, to six decimals."""
    discount = _discount(line)
    if not discount:
        return Decimal(line["SAPR"])
    less = discount / Decimal(line["ORQT"]) * _price_units(line)
    return round(Decimal(line["SAPR"]) - less, 6)


def gross(line: Row) -> Decimal:
    """Line amount before discounts (GLAM) to the cent."""
    return half_up(_gross(line, order_quantity(line)))


def net(line: Row) -> Decimal:
    """Net line amount (NLAM) to the cent."""
    return amount(line, order_quantity(line))


def discounts(world: World, line: Row) -> Row:
    """DIA1-6 and DIP1-6 of a line that is being made: every discount as its amount on the whole line.

    A percentage counts on what the discounts before it left, an amount is one for the line (switches
    `discount_base`, `discount_amount`); of a number with both, the percentage counts. Raises Nok.
    """
    whole = abs(Decimal(line["ORQT"]))
    start = left = abs(_gross(line, whole))
    made = {}
    for n in DISCOUNTS:
        per_cent, given = line.get(f"DIP{n}"), line.get(f"DIA{n}")
        if per_cent:
            base = left if world.switches["discount_base"] == "remaining" else start
            exact = base * Decimal(per_cent) / 100
            # Of a line of less than a cent, rounding up would take more than there is.
            taken = exact if half_up(exact) > left >= exact else half_up(exact)
            made[f"DIP{n}"] = per_cent
        elif given:
            taken = Decimal(given)
            taken = half_up(taken * whole if world.switches["discount_amount"] == "per_unit" else taken)
        else:
            continue
        made[f"DIA{n}"] = str(taken)
        left -= taken
    if left < 0:
        raise Nok("XOPC001", "DIA1", text="The discounts are more than the line amount")
    return made


def entered_discounts(record: Row) -> Row:
    """The discounts of an input record, checked. Raises Nok: no number, below zero, above 100 per cent."""
    found = {}
    for kind, decimals in (("DIP", 2), ("DIA", 6)):
        for n in DISCOUNTS:
            name = f"{kind}{n}"
            if not record.get(name):
                continue
            value = parse_decimal(record[name], name, decimals)
            if value < 0:
                raise Nok("XNU0003", name)
            if kind == "DIP" and value > 100:
                raise Nok("XNU0000", name)
            if value:
                found[name] = plain(value)
    return found


@dataclass(frozen=True, slots=True)
class Totals:
    """The sums of an order, of the rest of one, or of an invoice, in CURRENCY."""

    net: Decimal  # of the lines, after their own discounts
    discount: Decimal  # on the order as a whole (OTDP)
    charges: Decimal
    tax: Decimal

    @property
    def before_tax(self) -> Decimal:
        return self.net - self.discount + self.charges

    @property
    def total(self) -> Decimal:
        return self.before_tax + self.tax


def totals(world: World, order: Row, nets: Sequence[Decimal], charges: Sequence[Decimal] = ()) -> Totals:
    """Sums over line amounts and charges at the order's VAT rate and total discount."""
    lines = sum(nets, _ZERO)
    discount = half_up(lines * Decimal(order.get("OTDP") or 0) / 100)
    taxed = [*nets, -discount, *charges] if discount else [*nets, *charges]
    return Totals(lines, discount, sum(charges, _ZERO), world.vat(taxed, Decimal(order["VTRT"])))


def order_totals(world: World, order: Row) -> Totals:
    """The sums of a whole order."""
    charges = [Decimal(charge["CRAM"]) for charge in order.get("charges", ())]
    return totals(world, order, [net(line) for line in live(order)], charges)


def rest_totals(world: World, order: Row) -> Totals:
    """The sums of what is still to deliver, with the charges that no invoice has."""
    nets = [amount(line, remaining(line)) for line in live(order)]
    charges = [Decimal(charge["CRAM"]) for charge in order.get("charges", ()) if not charge["DLIX"]]
    return totals(world, order, nets, charges)


# -------------------------------------------------------------------------------------------- status


def status(line: Row, allocated: bool) -> str:
    """Lowest and highest digit: 2 or 3 to deliver, 4 on a picking list, 6 delivered, 7 invoiced; 99 closed
    without delivery (infor-api 2.6)."""
    delivered, invoiced = Decimal(line["DLQT"]), Decimal(line["IVQT"])
    digits = []
    if free(line):
        digits.append("3" if allocated else "2")
    if picked(line):
        digits.append("4")
    if delivered != invoiced:
        digits.append("6")
    if invoiced:
        digits.append("7")
    return digits[0] + digits[-1] if digits else NOT_DELIVERED


def head_status(lines: Iterable[Row]) -> tuple[str, str]:
    """ORSL and ORST of an order: lowest and highest line status, lines closed undelivered left out."""
    found = [line["ORST"] for line in lines if "DELD" not in line and line["ORST"] != NOT_DELIVERED]
    return (min(found), max(found)) if found else (NOT_DELIVERED, NOT_DELIVERED)


def shown(order: Row, line: Row) -> dict[str, Any]:
    """A line as the OIS100MI reads give it."""
    rest, unit = free(line), line.get("UNMS", UNIT)
    price, net_amount = line["SAPR"], str(net(line))
    return {
        "UNMS": unit,
        "ALUN": unit,
        "SPUN": unit,
        "SACD": "1",
        "ORQA": line["ORQT"],
        "DWDT": order["RLDT"],
        "CODT": order["RLDT"],
        "CUOR": order["CUOR"],
        "ADID": order.get("ADID", ""),
        "MODL": order.get("MODL", ""),
        "TEDL": order.get("TEDL", ""),
        "TEPY": order["TEPY"],
        **line,
        "POSX": "0",
        "ALQT": plain(rest) if rest and line["ORST"][0] == "3" else "0",
        "PLQT": line.get("PLQT", "0"),
        "NLAM": net_amount,
        "SAAM": net_amount,
        "GLAM": str(gross(line)),
        "NEPR": plain(net_price(line)),
        "SAP2": price,
        "CUCD": order["CUCD"],
        "WHLO": order["WHLO"],
        "VTCD": order["VTCD"],
        **{f"DIC{n}": "8" for n in DISCOUNTS if f"DIA{n}" in line},  # 8: entered by hand
    }
