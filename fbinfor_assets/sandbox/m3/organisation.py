"""MNS095MI, MNS100MI, MMS005MI: companies, divisions, warehouses.

Belongs here: how the simulated enterprise is made up.
Does not belong here: users (`general.py`), stock in a warehouse.

Company 100 with division AAA, facility F01 and its warehouse are the ones that work; a company added with
MNS095MI is a record like any other, but nobody is authorised for it (XAU0008).
"""

from __future__ import annotations

from collections.abc import Iterator

from fbinfor_assets.sandbox.m3.mi import Nok, parse_decimal
from fbinfor_assets.sandbox.m3.world import (
    COMPANY,
    COMPANY_NAME,
    CURRENCY,
    DIVISION,
    FACILITY,
    WAREHOUSE,
    Call,
    Row,
    transaction,
)

_FACILITY_NAME, _WAREHOUSE_NAME = "Main facility", "Main warehouse"
_COMPANY: Row = {
    **{"CONO": COMPANY, "TX40": COMPANY_NAME, "CMTP": "0", "CCUC": CURRENCY, "CCRT": "1", "DCFM": "."},
    **{"RGDT": "20200101", "RGTM": "000000", "LMDT": "20200101", "CHNO": "1", "CHID": "M3SIM"},
}
_ADDRESS = {"ADR1": "Unit 1", "TOWN": "Leeds", "PONO": "LS1 1AA", "CSCD": "GB", "PHNO": "0113 496 0000"}
# M3's modules (MXOC customer order and so on): 1 for those that this simulator answers for.
_INSTALLED = ("MXAP", "MXAR", "MXGL", "MXMM", "MXOI", "MXPP")
_WAREHOUSES: dict[str, Row] = {
    WAREHOUSE: {
        **{"CONO": COMPANY, "DIVI": DIVISION, "FACI": FACILITY, "WHLO": WAREHOUSE, "WHNM": _WAREHOUSE_NAME},
        **{"STOF": "0", "DCIN": "0", "CONM": COMPANY_NAME, "WHTY": "01", "MAWH": WAREHOUSE, **_ADDRESS},
        **{"TIZO": "UTC", "TGMT": "0", "DLST": "0", "LNCD": "GB", "RESP": "M3SIM"},
    }
}


# --------------------------------------------------------------------------------------- companies


def _number(call: Call) -> str:
    """The company of the call as M3 writes it; "0" without one. Raises Nok XNU0000, XNU0003."""
    number = parse_decimal(call.text("CONO", "0"), "CONO", 0)
    if number < 0:
        raise Nok("XNU0003", "CONO")
    return str(int(number))


def _company(call: Call) -> Row:
    row = _companies(call).get(_number(call))
    if row is None:
        raise Nok("XRE0103", "CONO")
    return row


def _companies(call: Call) -> dict[str, Row]:
    added = {str(id_): row for id_, row in call.world.state.tables("CMNCMP").items()}
    return {COMPANY: _COMPANY} | added


def _given(call: Call) -> Row:
    return {name: value for name, value in call.record.items() if value}


@transaction("MNS095MI", "Get")
def get_company(call: Call) -> list[Row]:
    return [_company(call)]


@transaction("MNS095MI", "Lst")
def list_companies(call: Call) -> Iterator[Row]:
    """Companies from CONO on."""
    first = int(_number(call))
    by_number = sorted(((int(n), row) for n, row in _companies(call).items()), key=lambda pair: pair[0])
    return (row for number, row in by_number if number >= first)


@transaction("MNS095MI", "Add")
def add_company(call: Call) -> list[Row]:
    number = _number(call)
    if number in _companies(call):
        raise Nok("XRE0104", "CONO")
    today = call.world.today()
    row = {**_given(call), "CONO": number, **call.world.born(), "LMDT": today, "CHID": "M3SIM"}
    call.world.state.put("CMNCMP", number, row)
    call.wrote("company", number)
    return []


@transaction("MNS095MI", "Upd")
def change_company(call: Call) -> list[Row]:
    row, world = _company(call), call.world
    changed = {
        **row,
        **_given(call),
        "CONO": row["CONO"],
        "LMDT": world.today(),
        "CHNO": world.next_change(row),
    }
    world.state.put("CMNCMP", row["CONO"], changed)
    call.wrote("company", row["CONO"])
    return []


@transaction("MNS095MI", "Del")
def delete_company(call: Call) -> list[Row]:
    number = _company(call)["CONO"]
    if number == COMPANY:
        raise Nok("XST0020", "CONO", text=f"Company {number} is in use")
    call.world.remove("CMNCMP", number)
    call.wrote("company", number)
    return []


# --------------------------------------------------------------------------------------- divisions


def _migration_date(call: Call) -> str:
    return str(call.world.state.meta.get("migrated", ""))


@transaction("MNS100MI", "GetBasicData")
def get_division(call: Call) -> list[Row]:
    return [
        {
            **{"CONO": COMPANY, "DIVI": DIVISION, "CONM": COMPANY_NAME, "TX15": COMPANY_NAME[:15]},
            **{"FACI": FACILITY, "FACT": _FACILITY_NAME, "WHLO": WAREHOUSE, "WHLT": _WAREHOUSE_NAME},
            **{"DTFM": "YMD", "DCFM": ".", "LOCD": CURRENCY, "LOCT": CURRENCY, "DMCU": "1", "TATM": "1"},
            **{"PTMP": "1", "PTOI": "1", "PTFA": "1", "NPT1": "12", "CDCD": "2", "VRNO": "GB123456789"},
            **{"COA1": _ADDRESS["ADR1"], "TIZO": "UTC", "TIZT": "Coordinated universal time"},
            **{name: _ADDRESS[name] for name in ("TOWN", "PONO", "CSCD", "PHNO")},
            **dict.fromkeys(_INSTALLED, "1"),
        }
    ]


@transaction("MNS100MI", "GetAddBasicData")
def get_division_additions(call: Call) -> list[Row]:
    return [{"CWEB": "https://shop.example", "MGDT": _migration_date(call)}]


@transaction("MNS100MI", "GetActiveDates")
def get_division_active_dates(call: Call) -> list[Row]:
    return [{"FADT": "20200101", "LADT": "20991231"}]


@transaction("MNS100MI", "SetMigrateDate")
def set_migration_date(call: Call) -> list[Row]:
    call.world.state.set_meta("migrated", call.day("MGDT"))
    call.wrote("division", DIVISION)
    return []


@transaction("MNS100MI", "LstDivisions")
def list_divisions(call: Call) -> list[Row]:
    return [
        {
            **{"CONO": COMPANY, "DIVI": DIVISION, "TX15": COMPANY_NAME[:15], "FACI": FACILITY},
            **{"FACN": _FACILITY_NAME, "WHLO": WAREHOUSE, "WHNM": _WAREHOUSE_NAME},
        }
    ]


# -------------------------------------------------------------------------------------- warehouses


@transaction("MMS005MI", "GetWarehouse")
def get_warehouse(call: Call) -> list[Row]:
    row = _WAREHOUSES.get(call.record["WHLO"].upper())
    if row is None:
        raise Nok("WWH0103", "WHLO", call.record["WHLO"])
    return [row]


@transaction("MMS005MI", "LstWarehouses")
def list_warehouses(call: Call) -> list[Row]:
    """Warehouses FWHL to TWHL; none has changed since any LMTS but 0."""
    if call.text("LMTS", "0").strip("0"):
        return []
    first, last = call.text("FWHL").upper(), call.text("TWHL", "\uffff").upper()
    wanted = {name: call.text(name) for name in ("STOF", "DCIN") if call.text(name)}
    return [
        row
        for code, row in _WAREHOUSES.items()
        if first <= code <= last and all(row[name] == value for name, value in wanted.items())
    ]
