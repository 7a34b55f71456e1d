"""Stock: what is on hand, what it is worth, what open orders hold; MMS060MI and MMS200MI/GetItmWhsBal.

Belongs here: balances (MITBAL), cost (MITFAC), the stock transactions (MITTRA) that move both, their postings.
Does not belong here: what makes goods move (`deliveries.py`, `purchasing.py`, people), the item itself.

A movement is one stock transaction: a whole delivery or one receipt. Balances are brought up to date when
somebody reads them (`settle`), so that shipping a document of 1,100 lines stores one row, not 1,100. Goods have a
value only once a receipt gave them a cost: average cost per facility (APPR), cost of goods sold at each issue.
Items nobody ever received are issued without a cost, and their balance goes below zero (switch `negative_stock`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from fbinfor_assets.sandbox.m3 import periods
from fbinfor_assets.sandbox.m3.lines import live, remaining
from fbinfor_assets.sandbox.m3.mi import Nok, money, parse_decimal, plain
from fbinfor_assets.sandbox.m3.world import (
    COMPANY,
    COST_OF_GOODS,
    FACILITY,
    GOODS_RECEIVED,
    INVENTORY,
    STOCK_DIFFERENCES,
    WAREHOUSE,
    Call,
    Row,
    World,
    half_up,
    transaction,
)

RECEIPT, ISSUE, COUNT = "25", "31", "90"  # TTYP; 25 and 31 are M3's usual ones, 90 a guess
LOCATION = "A-01"
_SETTLED, _SERIES = "stock settled", "MITTRA"
_COST_PLACES = Decimal("0.000001")


def is_stocked(world: World, itno: str) -> bool:
    """Whether an item is kept in stock: known, and no service."""
    row = world.state.get("MITMAS", itno)
    return row is not None and row["ITTY"] != "SRV" and row.get("STCD", "1") != "0"


# ---------------------------------------------------------------------------------------- quantities


def _move(world: World, kind: str, day: str, whlo: str, refs: Row, items: Mapping[str, Decimal]) -> None:
    number = world.state.next_number(_SERIES)
    quantities = {itno: plain(quantity) for itno, quantity in items.items()}
    row = {"TTYP": kind, "TRDT": day, "WHLO": whlo, **refs, "items": quantities, **world.born()}
    world.state.put("MITTRA", number, row)


_DATE_OF = {RECEIPT: "IDDT", ISSUE: "ODDT", COUNT: "INDT"}


def settle(world: World) -> None:
    """Bring the balances up to date with the movements since the last time."""
    # By the table, not by the series: a read from the past sees fewer movements than were numbered.
    first, end = world.state.meta.get(_SETTLED, 1), len(world.state.tables("MITTRA")) + 1
    if first >= end:
        return
    changed: dict[str, Row] = {}
    sums: dict[str, Decimal] = {}
    for number in range(first, end):
        movement = world.state.tables("MITTRA")[number]
        for itno, quantity in movement["items"].items():
            key = f"{movement['WHLO']}/{itno}"
            if key not in changed:
                changed[key] = dict(_stored(world, movement["WHLO"], itno))
                sums[key] = Decimal(changed[key]["STQT"])
            sums[key] += Decimal(quantity)
            changed[key][_DATE_OF[movement["TTYP"]]] = movement["TRDT"]
    for key, row in changed.items():
        world.save("MITBAL", key, {**row, "STQT": plain(sums[key])})
    world.state.set_meta(_SETTLED, end)


def _stored(world: World, whlo: str, itno: str) -> Row:
    row = world.state.get("MITBAL", f"{whlo}/{itno}")
    if row is None:
        dates = {"IDDT": "", "ODDT": "", "INDT": ""}
        row = {
            "WHLO": whlo,
            "ITNO": itno,
            "FACI": FACILITY,
            "STAT": "20",
            "STQT": "0",
            **dates,
            **world.born(),
        }
    return row


def on_hand(world: World, whlo: str, itno: str) -> Decimal:
    """On-hand balance approved."""
    settle(world)
    return Decimal(_stored(world, whlo, itno)["STQT"])


class _Allocations:
    """What open orders hold per warehouse and item; follows the orders' changes instead of reading them all."""

    def __init__(self) -> None:
        self._upto = 0
        self._uncommitted: set[str] = set()
        self._of_order: dict[str, dict[str, Decimal]] = {}
        self._sums: dict[str, Decimal] = {}

    def sums(self, world: World) -> dict[str, Decimal]:
        changed = {str(ref[0]) for ref in world.changes["OOHEAD"].after(self._upto)} | self._uncommitted
        # What is not committed may be taken back: look at it again next time.
        self._uncommitted = changed if world.state.uncommitted else set()
        for orno in changed:
            for key, quantity in self._of_order.pop(orno, {}).items():
                self._sums[key] -= quantity
            order = world.state.get("OOHEAD", orno)
            if order is not None and not world.state.uncommitted:
                self._upto = max(self._upto, order["LMTS"])
            held = {} if order is None or order["ORSL"] >= "66" else _held(order)
            for key, quantity in held.items():
                self._sums[key] = self._sums.get(key, Decimal(0)) + quantity
            if held:
                self._of_order[orno] = held
        return self._sums


def _held(order: Row) -> dict[str, Decimal]:
    held: dict[str, Decimal] = {}
    for line in live(order):
        rest = remaining(line)
        # 3 is allocated; 4, on a picking list, is held as well.
        if rest > 0 and line["ORST"][0] in "34":
            key = f"{order['WHLO']}/{line['ITNO']}"
            held[key] = held.get(key, Decimal(0)) + rest
    return held


def allocated(world: World, whlo: str, itno: str) -> Decimal:
    """Quantity held for open customer orders (lines allocated or on a picking list)."""
    holder = world.derived.setdefault("allocations", _Allocations())
    return holder.sums(world).get(f"{whlo}/{itno}", Decimal(0))


def free(world: World, whlo: str, itno: str) -> Decimal:
    """On hand and not held for an order."""
    return on_hand(world, whlo, itno) - allocated(world, whlo, itno)


# ---------------------------------------------------------------------------------------------- value


def cost(world: World, itno: str) -> Row:
    """An item's cost in the facility: APPR average cost, SVQT and SVAL quantity and value in inventory."""
    row = world.state.get("MITFAC", itno)
    return row or {"FACI": FACILITY, "ITNO": itno, "APPR": "0", "SVQT": "0", "SVAL": "0.00", **world.born()}


def is_valued(world: World, itno: str) -> bool:
    """Whether an item has a cost: somebody received it, so its stock is real."""
    return world.state.get("MITFAC", itno) is not None


def _value_change(world: World, itno: str, quantity: Decimal, value: Decimal | None = None) -> Decimal:
    """Put goods in or out of inventory at their average cost (or at `value`); gives the change in value."""
    row = cost(world, itno)
    held, worth = Decimal(row["SVQT"]) + quantity, Decimal(row["SVAL"])
    if value is None:
        # The last one out takes the cents that rounding left.
        value = half_up(quantity * Decimal(row["APPR"])) if held else -worth
    stamped = {"LMTS": world.clock.stamp_ms(), "LMDT": world.today()}
    worth = money(worth + value)
    world.state.put("MITFAC", itno, {**row, **stamped, "SVQT": plain(held), "SVAL": worth})
    return value


def received(
    world: World, itno: str, quantity: Decimal, value: Decimal, day: str, whlo: str, refs: Row, text: str
) -> str:
    """Goods received and not invoiced yet: on hand up, inventory up by their value. Gives the voucher.

    The average cost moves; goods that were issued before they came are revalued at the new cost.
    """
    before = Decimal(cost(world, itno)["SVQT"])
    _value_change(world, itno, quantity, value)
    row = cost(world, itno)
    held, worth, price = Decimal(row["SVQT"]), Decimal(row["SVAL"]), value / quantity
    difference = half_up(held * price) - worth if before < 0 else Decimal(0)
    average = price if before < 0 or not held else worth / held
    average = plain(average.quantize(_COST_PLACES))
    world.state.put("MITFAC", itno, {**row, "APPR": average, "SVAL": money(worth + difference)})
    postings = [(INVENTORY, value + difference), (GOODS_RECEIVED, -value), (STOCK_DIFFERENCES, -difference)]
    vono = world.post(day, text, postings, {"stock": refs.get("REPN", ""), **refs})
    _move(world, RECEIPT, day, whlo, refs, {itno: quantity})
    return vono


def issued(world: World, order: Row, delivered: Iterable[Row], dlix: int, day: str) -> None:
    """Goods of a delivery leave (returns come back): on hand changes, cost of goods sold where a cost is known."""
    items: dict[str, Decimal] = {}
    for entry in delivered:
        itno = order["lines"][int(entry["PONR"]) - 1]["ITNO"]
        items[itno] = items.get(itno, Decimal(0)) - Decimal(entry["DLQT"])
    items = {itno: quantity for itno, quantity in items.items() if quantity and is_stocked(world, itno)}
    if not items:
        return
    refs = {"RIDN": order["ORNO"], "RIDI": str(dlix)}
    _move(world, ISSUE, day, order["WHLO"], refs, items)
    if not world.state.tables("MITFAC"):
        return
    costed = [itno for itno in items if Decimal(cost(world, itno)["APPR"])]
    total = sum((_value_change(world, itno, items[itno]) for itno in costed), Decimal("0.00"))
    if total:
        postings = [(COST_OF_GOODS, -total), (INVENTORY, total)]
        world.post(day, f"Cost of delivery {dlix}", postings, {"cost": str(dlix), "order": order["ORNO"]})


def check_available(world: World, order: Row, quantities: Mapping[str, Decimal]) -> None:
    """Switch `negative_stock: refused`: refuse to ship what is not on hand. Raises Nok."""
    if world.switches["negative_stock"] == "allowed":
        return
    wanted: dict[str, Decimal] = {}
    for ponr, quantity in quantities.items():
        itno = order["lines"][int(ponr) - 1]["ITNO"]
        wanted[itno] = wanted.get(itno, Decimal(0)) + quantity
    for itno, quantity in wanted.items():
        there = on_hand(world, order["WHLO"], itno) if is_stocked(world, itno) else quantity
        if quantity > max(there, Decimal(0)):
            text = f"Item {itno}: {plain(quantity)} asked, {plain(there)} on hand"
            raise Nok("XOPC001", "DLQT", text=text)


def count(world: World, whlo: str, itno: str, quantity: Decimal, day: str) -> Row:
    """People counted: the balance becomes what they found, the difference is posted. Raises Nok."""
    if not is_stocked(world, itno):
        raise Nok("XRE0103", "ITNO", text=f"Item {itno} is not kept in stock")
    periods.check(world, periods.STOCK, day, "INDT")
    before = on_hand(world, whlo, itno)
    value, vono = Decimal("0.00"), ""
    if quantity != before and Decimal(cost(world, itno)["APPR"]):
        value = _value_change(world, itno, quantity - before)
        postings = [(INVENTORY, value), (STOCK_DIFFERENCES, -value)]
        vono = world.post(day, f"Physical inventory {itno}", postings, {"count": itno})
    _move(world, COUNT, day, whlo, {"RIDN": ""}, {itno: quantity - before})
    return {
        "itno": itno,
        "before": plain(before),
        "counted": plain(quantity),
        "value": money(value),
        "vono": vono,
    }


# --------------------------------------------------------------------------------------------- reads


def shown(world: World, row: Row) -> Row:
    """A balance as the programs give it."""
    whlo, itno = row["WHLO"], row["ITNO"]
    item = world.state.get("MITMAS", itno) or {}
    there, held = row["STQT"], plain(allocated(world, whlo, itno))
    free = plain(Decimal(there) - Decimal(held))
    facts: dict[str, Any] = {name: item.get(name, "") for name in ("ITDS", "ITTY", "RESP", "UNMS", "ITGR")}
    facts |= {"CONO": COMPANY, "WHNM": "Main warehouse", "WHSL": LOCATION, "STAS": "2", "ALOC": "1"}
    facts |= {"PHSQ": there, "STQM": there, "ALQT": held, "PHAQ": held, "REQT": held}
    facts |= {"AVAL": free, "AV01": free, "AV02": free}
    facts |= dict.fromkeys(("QUQT", "RJQT", "PLQT", "ORQT", "RLQT", "STAQ", "PHA2"), "0")
    return {**facts, **row, "BREM": "", "TNOB": "1", "TNOL": "0", "TNOC": "0"}


def _warehouse(call: Call) -> str:
    whlo = call.text("WHLO", WAREHOUSE)
    if whlo != WAREHOUSE:
        raise Nok("WWH0103", "WHLO", whlo)
    return whlo


def _balance(call: Call) -> Row:
    world, whlo, itno = call.world, _warehouse(call), call.record["ITNO"].upper()
    settle(world)
    row = world.state.get("MITBAL", f"{whlo}/{itno}")
    if row is None:
        raise Nok("XRE0103", "ITNO")
    return shown(world, row)


@transaction("MMS060MI", "Get")
def get(call: Call) -> list[Row]:
    return [_balance(call)]


@transaction("MMS200MI", "GetItmWhsBal")
def get_item_warehouse_balance(call: Call) -> list[Row]:
    return [_balance(call)]


@transaction("MMS060MI", "List")
def list_balances(call: Call) -> Iterator[Row]:
    """Balances of a warehouse, from ITNO on."""
    world = call.world
    whlo, first = _warehouse(call), call.text("ITNO").upper()
    settle(world)
    table = world.state.tables("MITBAL")
    keys = (f"{whlo}/{itno}" for itno in world.sorted["MITMAS"].start(first))
    return (shown(world, table[key]) for key in keys if key in table)


def _of_item(call: Call) -> list[Row]:
    world, itno = call.world, call.record["ITNO"].upper()
    settle(world)
    ids = world.purchases.balances_of_item.ids(itno)
    return [shown(world, world.state.tables("MITBAL")[id_]) for id_ in ids]


@transaction("MMS060MI", "LstViaItem")
def list_via_item(call: Call) -> list[Row]:
    wanted = call.text("WHLO")
    return [row for row in _of_item(call) if not wanted or row["WHLO"] == wanted]


@transaction("MMS060MI", "LstNewItemBal")
def list_new_balances(call: Call) -> list[Row]:
    """An item's balances changed at or after LMTS."""
    since = int(parse_decimal(call.text("LMTS", "0"), "LMTS"))
    return [row for row in _of_item(call) if row["LMTS"] >= since]


@transaction("MMS060MI", "LstSumQty")
def list_sums(call: Call) -> Iterator[Row]:
    """Sums per location and item; there is one location per warehouse here."""
    if call.text("WHSL", LOCATION) != LOCATION:
        raise Nok("XRE0103", "WHSL")
    if call.text("ITNO"):
        return iter([_balance(call)])
    return list_balances(call)
