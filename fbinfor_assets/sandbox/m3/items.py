"""MMS200MI: items.

Belongs here: the MMS200MI transactions, item types and the service items every tenant of this simulator has.
Does not belong here: stock (not simulated: goods are always there), prices per customer.
"""

from __future__ import annotations

from collections.abc import Iterator

from fbinfor_assets.sandbox.m3.mi import Nok, Record, parse_decimal
from fbinfor_assets.sandbox.m3.world import (
    CURRENCY,
    GOODS,
    ITEM_TYPES,
    SERVICE_ITEMS,
    Call,
    Row,
    World,
    transaction,
)

_DEFAULTS: Row = {
    "STAT": "20",
    "RESP": "M3SIM",
    "UNMS": "PCS",
    "MABU": "1",
    "PRVG": "",
    "SALE": "1",
    "SAPR": "0",
}


def add_item(world: World, values: Record) -> Row:
    """Create an item; without ITNO the number comes from the series. Raises Nok; nothing is changed then."""
    itno = values.get("ITNO", "").upper()
    if itno and world.state.get("MITMAS", itno) is not None:
        raise Nok(world.switches["code_duplicate_item"], "ITNO", itno)
    if values["ITTY"] not in ITEM_TYPES:
        raise Nok("XRE0103", "ITTY")
    if not itno:
        itno = f"I{world.state.next_number('ITNO', 1):07d}"
    data = {name: value for name, value in values.items() if name not in ("CONO", "ITNO") and value}
    return world.save("MITMAS", itno, {**_DEFAULTS, **data, "ITNO": itno, **world.born()})


def revenue_account(itno: str) -> str:
    """Account of the item's revenue: one per service item, one for all goods."""
    return SERVICE_ITEMS[itno][1] if itno in SERVICE_ITEMS else GOODS


def is_service(world: World, itno: str) -> bool:
    row = world.state.get("MITMAS", itno)
    return row is not None and row["ITTY"] == "SRV"


@transaction("MMS200MI", "AddItmViaItmTyp")
def add_via_item_type(call: Call) -> list[Row]:
    row = add_item(call.world, call.record)
    call.wrote("item", row["ITNO"])
    return [{"ITNO": row["ITNO"]}]


@transaction("MMS200MI", "AddItmBasic")
def add_basic(call: Call) -> list[Row]:
    row = add_item(call.world, call.record)
    call.wrote("item", row["ITNO"])
    return []


def _read(call: Call) -> Row:
    row = call.world.state.get("MITMAS", call.record["ITNO"].upper())
    if row is None:
        raise Nok("XRE0103", "ITNO")
    return {**row, "CONO": "100"}


@transaction("MMS200MI", "GetItmBasic")
def get_basic(call: Call) -> list[Row]:
    row = _read(call)
    # This old output is narrower than the stored fields (infor-api 2.6: "30 in older outputs").
    return [{**row, "ITDS": row["ITDS"][:30], "FUDS": row.get("FUDS", "")[:60]}]


@transaction("MMS200MI", "GetItmPrice")
def get_price(call: Call) -> list[Row]:
    row = _read(call)
    return [{**row, "CUCS": CURRENCY, "CUCD": CURRENCY, "SAPB": row["SAPR"]}]


@transaction("MMS200MI", "LstItmByItm")
def list_by_item(call: Call) -> Iterator[Row]:
    """Items from ITNO on; FSTY and TSTY bound the item type."""
    table = call.world.state.tables("MITMAS")
    low, high = call.text("FSTY"), call.text("TSTY", "\uffff")
    numbers = call.world.sorted["MITMAS"].start(call.record["ITNO"].upper())
    rows = (table[number] for number in numbers if number in table)
    return ({**row, "CONO": "100"} for row in rows if low <= row["ITTY"] <= high)


@transaction("MMS200MI", "SelItem")
def select(call: Call) -> Iterator[Row]:
    """Items FRIT to TOIT; with LMTS (or the day LMDT) only those changed since."""
    world = call.world
    table = world.state.tables("MITMAS")
    first, last = call.text("FRIT").upper(), call.text("TOIT", "\uffff").upper()
    day = call.day("LMDT")
    since = call.text("LMTS")
    if since:
        stamp = int(parse_decimal(since, "LMTS"))
        changed = world.changes["MITMAS"].after(stamp, inclusive=True)
        numbers = iter(sorted(ref[0] for ref in changed if ref[0] >= first))
    else:
        numbers = world.sorted["MITMAS"].start(first)
    rows = (table[number] for number in numbers if number in table and number <= last)
    return ({**row, "CONO": "100", "CUCS": CURRENCY} for row in rows if row["LMDT"] >= day)
