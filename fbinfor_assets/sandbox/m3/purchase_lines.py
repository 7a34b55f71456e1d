"""What a purchase order and its lines say about themselves: values, quantities left, statuses.

Belongs here: the stored shape of an order (MPHEAD), its number and checks, pure functions of its lines.
Does not belong here: transactions.

A stored line: PNLI, PNLS, ITNO, ORQA, PUPR, PUCD, RVQA received, IVQA invoiced, MAQA invoiced and received,
BASE (how far the order itself is: 12, 15, 20, 35; 99 deleted), PUSL, PUST, LMTS, CFQA, CPPR once confirmed.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from fbinfor_assets.sandbox.m3.mi import Nok, Record, parse_date, parse_decimal, plain
from fbinfor_assets.sandbox.m3.world import FACILITY, WAREHOUSE, Row, World, half_up

WAITING, READY, PRINTED, PUT_AWAY, INVOICING, INVOICED, DELETED = "12", "15", "20", "75", "80", "85", "99"


def live(order: Row) -> Iterator[Row]:
    """The order's lines that were not deleted."""
    return (line for line in order["lines"] if line["BASE"] != DELETED)


def price(line: Row) -> Decimal:
    """Net price of one unit: the confirmed price, else the purchase price, less its discounts."""
    unit = Decimal(line.get("CPPR") or line["PUPR"]) / (Decimal(line.get("PUCD") or "1") or 1)
    for name in ("ODI1", "ODI2", "ODI3"):
        unit *= 1 - Decimal(line.get(name) or "0") / 100
    return unit


def line_net(line: Row) -> Decimal:
    """Ordered value to the cent (LNAM)."""
    return half_up(Decimal(line["ORQA"]) * price(line))


def open_quantity(line: Row) -> Decimal:
    """Quantity still to receive; none once the line is flagged as completed."""
    if line.get("OEND") == "1" or line["BASE"] == DELETED:
        return Decimal(0)
    return max(Decimal(line["ORQA"]) - Decimal(line["RVQA"]), Decimal(0))


def statuses(line: Row) -> tuple[str, str]:
    """Lowest and highest status of a line."""
    if line["BASE"] == DELETED:
        return DELETED, DELETED
    received, invoiced = Decimal(line["RVQA"]), Decimal(line["IVQA"])
    expected = received if line.get("OEND") == "1" else Decimal(line["ORQA"])
    found = [line["BASE"]] if open_quantity(line) else []
    if received > invoiced or not (found or invoiced):
        found.append(PUT_AWAY)
    if invoiced:
        found.append(INVOICED if invoiced >= expected else INVOICING)
    return min(found), max(found)


def purchase_order(world: World, puno: str) -> Row:
    """A purchase order. Raises Nok WPU0803."""
    row = world.state.get("MPHEAD", puno.upper())
    if row is None:
        raise Nok("WPU0803", "PUNO", text=f"Purchase order number {puno} does not exist")
    return row


def order_line(order: Row, pnli: str) -> int:
    """Where a line stands in its order. Raises Nok XRE0103."""
    wanted = pnli.lstrip("0")
    for at, line in enumerate(order["lines"]):
        if line["PNLI"] == wanted and line["BASE"] != DELETED:
            return at
    raise Nok("XRE0103", "PNLI", text=f"Purchase order line {pnli} does not exist")


def save_order(world: World, order: Row) -> Row:
    """Store an order with the statuses its lines give it."""
    lines = []
    for line in order["lines"]:
        lowest, highest = statuses(line)
        if (line.get("PUSL"), line.get("PUST")) != (lowest, highest):
            line = {name: value for name, value in line.items() if name != "LMTS"}
            line |= {"PUSL": lowest, "PUST": highest}
        lines.append(line)
    found = [line for line in lines if line["BASE"] != DELETED] or lines
    lowest = min((line["PUSL"] for line in found), default=order["BASE"])
    highest = max((line["PUST"] for line in found), default=order["BASE"])
    head = {**order, "lines": lines, "PUSL": lowest, "PUST": highest, "CHNO": world.next_change(order)}
    return world.save("MPHEAD", order["PUNO"], head)


def check_item(world: World, itno: str) -> Row:
    """The item a line orders. Raises Nok."""
    item = world.state.get("MITMAS", itno)
    if item is None:
        raise Nok("WIT0103", "ITNO", itno)
    if item["STAT"] != "20":
        raise Nok("XIT0107", "ITNO", item["STAT"])
    return item


def new_line(world: World, order: Row, values: Record, before: list[Row]) -> Row:
    """A line of complete values, not stamped yet; the price is the item's when none is given. Raises Nok."""
    itno = values["ITNO"].upper()
    item = check_item(world, itno)
    numbers = {}
    for name, fallback in (("ORQA", ""), ("PUPR", item.get("PUPR") or "0"), ("PUCD", "1")):
        numbers[name] = parse_decimal(values.get(name) or fallback, name)
        if numbers[name] < 0:
            raise Nok("XNU0003", name)
    if not numbers["ORQA"]:
        raise Nok("XNU0000", "ORQA")
    if values.get("WHLO", WAREHOUSE) != WAREHOUSE:
        raise Nok("WWH0103", "WHLO", values["WHLO"])
    if values.get("FACI", FACILITY) != FACILITY:
        raise Nok("WFAC303", "FACI", values["FACI"])
    pnli = values.get("PNLI", "").lstrip("0") or str(
        max((int(line["PNLI"]) for line in before), default=0) + 1
    )
    if any(line["PNLI"] == pnli for line in before):
        raise Nok("XRE0104", "PNLI")
    kept = {name: value for name, value in values.items() if name not in ("CONO", "PUNO", "MSGN") and value}
    return {
        **{"SITE": "", "PUUN": "PCS", "PPUN": "PCS", "WHLO": order["WHLO"]},
        **kept,
        **{name: plain(number) for name, number in numbers.items()},
        **{"ITNO": itno, "PNLI": pnli, "PNLS": "0", "RVQA": "0", "IVQA": "0", "MAQA": "0", "CFQA": "0"},
        "DWDT": parse_date(values.get("DWDT", ""), "DWDT", order["DWDT"]),
        "BASE": order["BASE"],
    }
