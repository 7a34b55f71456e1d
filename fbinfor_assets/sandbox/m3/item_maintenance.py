"""MMS200MI beyond adding and listing items: changes, copies, the item per warehouse and facility.

Belongs here: the transactions that change or copy an item, and what a warehouse or facility adds to it.
Does not belong here: creating an item (`items.py`), quantities and cost (`stock.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from fbinfor_assets.sandbox.m3 import search, stock
from fbinfor_assets.sandbox.m3.items import add_item
from fbinfor_assets.sandbox.m3.mi import Nok, parse_decimal, plain, to_day
from fbinfor_assets.sandbox.m3.suppliers import changed_fields, supplier
from fbinfor_assets.sandbox.m3.world import (
    COMPANY,
    CURRENCY,
    FACILITY,
    ITEM_TYPES,
    WAREHOUSE,
    Call,
    Row,
    World,
    transaction,
)

_NOT_DATA = frozenset(("CONO", "ITNO", "CITN", "CITT", "CHNO", "LNCD"))
_STATUSES = ("10", "20", "90")


def _item(world: World, itno: str, field: str = "ITNO") -> Row:
    row = world.state.get("MITMAS", itno.upper())
    if row is None:
        raise Nok("WIT0103", field, itno)
    return row


def _change(call: Call, data: Row) -> list[Row]:
    world, row = call.world, _item(call.world, call.record["ITNO"])
    if call.text("CHNO") and call.text("CHNO") != row["CHNO"]:
        raise Nok("XUP0001", "CHNO", "M3SIM")
    if data.get("STAT") and data["STAT"] not in _STATUSES:
        raise Nok("WST0301", "STAT", data["STAT"])
    if data.get("ITTY") and data["ITTY"] not in ITEM_TYPES:
        raise Nok("XRE0103", "ITTY")
    world.save("MITMAS", row["ITNO"], {**row, **data, "CHNO": world.next_change(row)})
    call.wrote("item", row["ITNO"])
    return []


@transaction("MMS200MI", "UpdItmBasic")
def update_basic(call: Call) -> list[Row]:
    return _change(call, changed_fields(call.world, call.record, _NOT_DATA))


@transaction("MMS200MI", "UpdItmPrice")
def update_price(call: Call) -> list[Row]:
    """Change sales and purchase price, and whom the item is bought from."""
    data = changed_fields(call.world, call.record, _NOT_DATA)
    for name in ("SAPR", "PUPR"):
        if data.get(name):
            price = parse_decimal(data[name], name)
            if price < 0:
                raise Nok("XNU0003", name)
            data[name] = plain(price)
    for name in ("CUCD", "CUCS"):
        if data.get(name) and data[name] != CURRENCY:
            raise Nok("XRE0103", name)
    if data.get("SUNO"):
        data["SUNO"] = supplier(call.world, data["SUNO"])["SUNO"]
    return _change(call, data)


def _copy(call: Call) -> Row:
    """A new item with everything of another, then what the call itself gives. Raises Nok."""
    world = call.world
    source = _item(world, call.text("CITN"), "CITN") if call.text("CITN") else {"ITTY": call.text("CITT")}
    kept = {name: value for name, value in source.items() if isinstance(value, str)}
    given = {name: value for name, value in call.record.items() if name not in _NOT_DATA and value}
    row = add_item(world, {**kept, **given, "ITNO": call.text("ITNO")})
    call.wrote("item", row["ITNO"])
    return row


@transaction("MMS200MI", "CpyItmBasic")
def copy_basic(call: Call) -> list[Row]:
    return [_copy(call)]


@transaction("MMS200MI", "CpyItmViaItmTyp")
def copy_via_item_type(call: Call) -> list[Row]:
    return [_copy(call)]


# --------------------------------------------------------------------------------------------- reads


@transaction("MMS200MI", "Get")
def get(call: Call) -> list[Row]:
    row = call.world.state.get("MITMAS", call.record["ITNO"].upper())
    if row is None:
        raise Nok("XRE0103", "ITNO")
    return [{**row, "CONO": COMPANY}]


@transaction("MMS200MI", "LstItmByChgDate")
def list_by_change_date(call: Call) -> Iterator[Row]:
    """Items changed FLMD to TLMD, or in the last CSDS days, oldest change first."""
    world, first = call.world, call.day("FLMD")
    last, days = call.day("TLMD", "99999999"), call.text("CSDS")
    if days:
        first = max(first, (to_day(world.today()) - timedelta(days=int(days))).strftime("%Y%m%d"))
    table = world.state.tables("MITMAS")
    rows = (table[ref[0]] for ref in world.changes["MITMAS"].after(0))
    return ({**row, "CONO": COMPANY} for row in rows if first <= row["LMDT"] <= last)


@transaction("MMS200MI", "SearchItem")
def search_items(call: Call) -> Iterator[Row]:
    world = call.world
    found = search.rows(call.record["SQRY"], world.state.tables("MITMAS"), {"ITNO": lambda itno: [itno]})
    return ({**row, "PGNM": "MMS200", "FILE": "MITMAS", "KSTR": f"{COMPANY}{row['ITNO']}"} for row in found)


# ------------------------------------------------------------------------------ warehouse and facility


@transaction("MMS200MI", "AddItmWhs")
def add_to_warehouse(call: Call) -> list[Row]:
    """Make an item known in a warehouse; the balance begins at nothing (quantities come from movements only)."""
    world, item = call.world, _item(call.world, call.record["ITNO"])
    if call.record["WHLO"] != WAREHOUSE:
        raise Nok("WWH0103", "WHLO", call.record["WHLO"])
    if call.record["FACI"] != FACILITY:
        raise Nok("WFAC303", "FACI", call.record["FACI"])
    stock.settle(world)
    key = f"{WAREHOUSE}/{item['ITNO']}"
    if world.state.get("MITBAL", key) is not None:
        raise Nok("XRE0104", "ITNO")
    given = {name: value for name, value in call.record.items() if name != "CONO" and value}
    dates = {"IDDT": "", "ODDT": "", "INDT": ""}
    world.save("MITBAL", key, {**given, **dates, "ITNO": item["ITNO"], "STQT": "0", **world.born()})
    call.wrote("item warehouse", key)
    return []


@transaction("MMS200MI", "AddItmFac")
def add_to_facility(call: Call) -> list[Row]:
    """Make an item known in a facility; a cost given here (APPR, else UCOS) is what its issues cost from now on."""
    world, item = call.world, _item(call.world, call.record["ITNO"])
    if call.record["FACI"] != FACILITY:
        raise Nok("WFAC303", "FACI", call.record["FACI"])
    if world.state.get("MITFAC", item["ITNO"]) is not None:
        raise Nok("XRE0104", "ITNO")
    given = {name: value for name, value in call.record.items() if name != "CONO" and value}
    price = parse_decimal(call.text("APPR") or call.text("UCOS", "0"), "APPR")
    if price < 0:
        raise Nok("XNU0003", "APPR")
    own = {"ITNO": item["ITNO"], "APPR": plain(price)}
    world.state.put("MITFAC", item["ITNO"], {**given, **stock.cost(world, item["ITNO"]), **own})
    call.wrote("item facility", item["ITNO"])
    return []


def _in_warehouse(world: World, row: Row) -> Row:
    item = world.state.get("MITMAS", row["ITNO"]) or {}
    names = ("RESP", "SUNO", "BUYE", "ITDS", "VTCP", "VTCS")
    return {
        **{name: item.get(name, "") for name in names},
        "WHNM": "Main warehouse",
        **stock.shown(world, row),
    }


@transaction("MMS200MI", "GetItmWhsBasic")
def get_in_warehouse(call: Call) -> list[Row]:
    stock.settle(call.world)
    row = call.world.state.get("MITBAL", f"{call.record['WHLO']}/{call.record['ITNO'].upper()}")
    if row is None:
        raise Nok("XRE0103", "ITNO")
    return [_in_warehouse(call.world, row)]


@transaction("MMS200MI", "LstItmWhsByItm")
def list_in_warehouses(call: Call) -> Iterator[Row]:
    """An item's warehouses, or (without ITNO) every item of a warehouse."""
    world, itno, whlo = call.world, call.text("ITNO").upper(), call.text("WHLO", WAREHOUSE)
    stock.settle(world)
    table = world.state.tables("MITBAL")
    items = [itno] if itno else world.sorted["MITMAS"].start("")
    keys = (f"{whlo}/{each}" for each in items)
    return (_in_warehouse(world, table[key]) for key in keys if key in table)
