"""Whatever a caller sends to a sales transaction, it is done or refused: never half done, never a crash.

Values are drawn from what is really there (customers, orders, deliveries, items ...) and from what callers get wrong.
No HTTP here: the same checks and handlers, in this process.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fbinfor_assets.sandbox.m3 import control_sales, deliveries, export_tables, manual_invoices, stock
from fbinfor_assets.sandbox.m3.catalogue import load
from fbinfor_assets.sandbox.m3.mi import Nok, Options, check_record
from fbinfor_assets.sandbox.m3.world import HANDLERS, Call, World

from .test_m3_sales_books import CUNO, DAY, call, enter, fresh

SALES = ["CRS610MI", "OIS100MI", "OIS350MI", "ARS200MI", "ARS201MI", "ARS120MI", "ARS040MI"]
SALES += ["MWS410MI", "MWS411MI", "MWS420MI", "MWS423MI"]
CALLS = sorted((p, t) for p, t in HANDLERS if p in SALES)
WRONG = [
    "",
    "0",
    "1",
    "-1",
    "2.5",
    "99",
    "X",
    "?",
    "nobody",
    "20261005",
    "20261399",
    "9999999999",
    "a:b",
    "*",
]


def busy(world: World) -> None:
    """A bit of everything: a delivered, a picked, an open order, a batch, an address, payments."""
    mug = {"ITNO": "MUG", "ORQT": "4", "SAPR": "12.00", "DIP1": "10"}
    call(world, "CRS610MI/AddAddress", CUNO=CUNO, ADRT="1", ADID="A", CUA1="x", PONO="1", CSCD="GB", TOWN="L")
    for _ in range(3):
        enter(world, [mug, {"ITNO": "FREIGHT", "ORQT": "1", "SAPR": "3.00"}], ["FREIGH"], "5")
    shipped, picked, _ = (str(orno) for orno in world.state.tables("OOHEAD"))
    deliveries.ship(world, shipped, DAY, details=control_sales.details({"packages": [{"weight": "1"}]}))
    deliveries.pick(world, picked, DAY, None)
    manual_invoices.enter(world, CUNO, [("by hand", Decimal(10), "")], DAY)
    temporary = call(world, "OIS100MI/AddBatchHead", CUNO=CUNO)[0]["ORNO"]
    call(world, "OIS100MI/AddBatchLine", ORNO=temporary, **mug)
    call(world, "ARS040MI/AddBatchHead", PBID="900", BOPE="BNK")
    stock.settle(world)
    world.state.commit()


def known(world: World) -> dict[str, list[str]]:
    """Values that are really there, by field name."""
    tables = world.state.tables
    found = {
        "ORNO": [*tables("OOHEAD"), *tables("OXHEAD")],
        "DLIX": [*tables("ODHEAD")],
        "CUNO": [CUNO, "FBTPL"],
    }
    found["RIDN"], found["CUTM"], found["PYNO"] = found["ORNO"], ["FBTPL", CUNO], [CUNO]
    for row in tables("FSLEDG").values():
        for name in ("CINO", "INYR", "JRNO", "JSNO", "IVDT"):
            found.setdefault(name, []).append(row[name])
    head = next(iter(tables("OINVOH").values()))
    job = next(iter(tables(manual_invoices.TABLE).values()))
    found |= {name: [job[name]] for name in ("JBNO", "JBDT", "JBTM")}
    found |= {"IVNO": [head["IVNO"]], "EXIN": [head["IVNO"]], "IVRF": [head["IVNO"]], "YEA4": ["2026"]}
    found |= {"ITNO": ["MUG", "FREIGHT"], "PONR": ["1", "2"], "RIDL": ["1"], "PLSX": ["1"], "PBID": ["900"]}
    found |= {
        "ADRT": ["1", "3"],
        "ADID": ["A"],
        "CSCD": ["GB"],
        "CONO": ["100"],
        "DIVI": ["AAA"],
        "RORC": ["3"],
    }
    found |= {
        "TEPY": ["T30"],
        "BOPE": ["BNK", "ALC"],
        "WHLO": ["001"],
        "CRID": ["FREIGH"],
        "TYPE": ["1", "2"],
    }
    found |= {"ORTP": ["F01", "F02"], "FACI": ["F01"], "IVTP": ["31"], "TRCD": ["10"], "FILE": ["OOHEAD00"]}
    found |= {"SQRY": ["CUNO:FB*", "mug OR 9"], "TEXT": ["a text"], "ALUN": ["DZN", "PCS"], "TYTR": ["1"]}
    return {name: [str(value) for value in values] for name, values in found.items()}


def drawn(data: Any, values: dict[str, list[str]], program: str, name: str) -> dict[str, str]:
    """An input record: what is mandatory nearly always, the rest now and then, right more often than wrong."""
    transaction = load()[program][name]
    record = {}
    for field in transaction.inputs:
        chance = 12 if field in transaction.mandatory or field in ("DLIX", "RIDN", "PONR") else 2
        if data.draw(st.integers(0, 12)) <= chance:
            right = values.get(field, ["1", "7.50", "20261007"])
            record[field] = data.draw(
                st.sampled_from(right * 5 + WRONG) if field in values else st.sampled_from(right + WRONG)
            )
    return record


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with fresh() as made:
        busy(made)
        yield made


@pytest.mark.parametrize(("program", "name"), CALLS)
@settings(
    max_examples=30, deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_a_call_is_done_or_refused_as_a_whole(
    world: World, program: str, name: str, data: st.DataObject
) -> None:
    stock.settle(world)  # what M3 does before a balance is read is no part of the call
    world.state.commit()
    refused = attempt(world, program, name, drawn(data, known(world), program, name))
    reads = name.startswith(("Get", "Lst", "Search", "Check", "Rtv"))
    try:
        if refused or reads:
            assert not world.state.uncommitted, f"{name} changed something: {refused}"
        else:
            everything_is_read(world)
    finally:
        world.state.rollback()


def everything_is_read(world: World) -> None:
    """Whatever was changed, the books balance, batches can be confirmed, and every record can be read."""
    sheet = world.ledger.trial_balance()
    assert sheet["debit"] == sheet["credit"]
    for orno in list(world.state.tables("OXHEAD")):
        attempt(world, "OIS100MI", "Confirm", {"ORNO": str(orno)})
    for orno in list(world.state.tables("OOHEAD")):
        for read in ("GetHead", "LstLine", "LstLineBOD", "GetOrderValue"):
            assert not attempt(world, "OIS100MI", read, {"ORNO": str(orno)})
    for table in export_tables.tables(world.switches).values():
        for ref in list(world.changes[table.changes].after(0)):
            for part in table.parts(world, ref) if table.parts else [ref]:
                table.fetch(world, part)


def attempt(world: World, program: str, name: str, record: dict[str, str]) -> str:
    """Do a call as the dispatcher does, without committing; what it was refused with, or ""."""
    try:
        checked = check_record(load()[program][name], record, unknown_fields="refused")
        list(HANDLERS[(program, name)](Call(world, checked, Options(), f"{program}/{name}", record)))
    except Nok as nok:
        return nok.message()
    return ""
