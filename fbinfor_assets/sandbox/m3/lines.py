"""What a customer order line says about itself: quantities left, value, status.

Belongs here: pure functions of one stored order line, or of an order's lines.
Does not belong here: reading or storing an order.

A stored line: PONR (always its position + 1), ITNO, ORQT, SAPR, DLQT, IVQT, ORST, CUPO, LMTS, and only where
they apply ITDS (own description), CLSD ("1": the rest will not be delivered) and DELD ("1": deleted, no
reader sees it).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from fbinfor_assets.sandbox.m3.world import Row, World, half_up

NOT_DELIVERED = "99"


def live(order: Row) -> Iterator[Row]:
    """The order's lines that were not deleted."""
    return (line for line in order["lines"] if "DELD" not in line)


def remaining(line: Row) -> Decimal:
    """Quantity still to deliver, in the sign of the order (negative on credits)."""
    return Decimal(0) if "CLSD" in line else Decimal(line["ORQT"]) - Decimal(line["DLQT"])


def net_price(line: Row) -> Decimal:
    """NEPR; discounts per line are not simulated, so it is the sales price."""
    return Decimal(line["SAPR"])


def order_quantity(line: Row) -> Decimal:
    """The quantity the order's value counts: what was ordered, or delivered once the rest is closed."""
    return Decimal(line["DLQT"] if "CLSD" in line else line["ORQT"])


def net(line: Row) -> Decimal:
    """Net line amount (NLAM) to the cent."""
    return half_up(order_quantity(line) * net_price(line))


def status(line: Row, allocated: bool) -> str:
    """Lowest and highest digit: 2 or 3 to deliver, 6 delivered, 7 invoiced; 99 closed without delivery
    (infor-api 2.6)."""
    delivered, invoiced = Decimal(line["DLQT"]), Decimal(line["IVQT"])
    digits = []
    if remaining(line):
        digits.append("3" if allocated else "2")
    if delivered != invoiced:
        digits.append("6")
    if invoiced:
        digits.append("7")
    return digits[0] + digits[-1] if digits else NOT_DELIVERED


def head_status(lines: Iterable[Row]) -> tuple[str, str]:
    """ORSL and ORST of an order: lowest and highest line status, lines closed undelivered left out."""
    found = [line["ORST"] for line in lines if "DELD" not in line and line["ORST"] != NOT_DELIVERED]
    return (min(found), max(found)) if found else (NOT_DELIVERED, NOT_DELIVERED)


def totals(world: World, lines: Iterable[Row], percent: Decimal) -> tuple[Decimal, Decimal, Decimal]:
    """Net, VAT and total of order lines at one rate, in CURRENCY."""
    nets = [net(line) for line in lines]
    amount, tax = sum(nets, Decimal("0.00")), world.vat(nets, percent)
    return amount, tax, amount + tax


def rest_nets(order: Row) -> list[Decimal]:
    """Net amounts of what is still to deliver, line by line."""
    return [half_up(remaining(line) * net_price(line)) for line in live(order)]


def shown(order: Row, line: Row) -> dict[str, Any]:
    """A line as the OIS100MI reads give it."""
    rest = remaining(line)
    price = line["SAPR"]
    return {
        **line,
        "POSX": "0",
        "ORQA": line["ORQT"],
        "ALQT": format(rest, "f") if rest and line["ORST"][0] == "3" else "0",
        "NLAM": str(net(line)),
        "NEPR": price,
        "SAP2": price,
        "SACD": "1",
        "ALUN": "PCS",
        "SPUN": "PCS",
        "CUCD": order["CUCD"],
        "WHLO": order["WHLO"],
        "DWDT": order["RLDT"],
        "CODT": order["RLDT"],
        "VTCD": order["VTCD"],
    }
