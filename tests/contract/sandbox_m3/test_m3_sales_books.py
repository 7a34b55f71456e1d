"""What must hold in M3's sales whatever people and clients do: histories made by hypothesis, through the MI calls.

No HTTP here: a world in this process, the same handlers. After each history the books are looked at as an auditor
would: the ledger balances, the sub-ledger is the control account, every order's lines agree with its deliveries, every
invoice with its information lines.
"""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fbinfor_assets.sandbox.clock import Clock
from fbinfor_assets.sandbox.m3 import (
    control_sales,
    customers,
    deliveries,
    dispatch,
    manual_invoices,
    receivables,
)
from fbinfor_assets.sandbox.m3 import lines as line_totals
from fbinfor_assets.sandbox.m3.catalogue import load
from fbinfor_assets.sandbox.m3.mi import Nok, Options
from fbinfor_assets.sandbox.m3.seed import seed
from fbinfor_assets.sandbox.m3.switches import SWITCHES
from fbinfor_assets.sandbox.m3.world import HANDLERS, Call, World
from fbinfor_assets.sandbox.state import State

CUNO, DAY = "FB00000001", "20261003"


@contextmanager
def fresh(**changed: Any) -> Iterator[World]:
    """A world with one customer and one item."""
    folder = Path(tempfile.mkdtemp())
    state = State(folder / "m3.db")
    switches = {name: switch.default for name, switch in SWITCHES.items()} | changed
    world = World(state, Clock(state, start=date(2026, 10, 1)), switches)
    seed(world, [], 7)
    call(world, "CRS610MI/Add", CUTM="FBTPL", CUNO=CUNO, CUNM="Acme", CUA1="1 Main St", CSCD="GB")
    call(world, "MMS200MI/AddItmViaItmTyp", ITTY="SHG", ITDS="Mug", ITNO="MUG")
    try:
        yield world
    finally:
        state.close()
        shutil.rmtree(folder)


def call(world: World, name: str, **record: str) -> list[dict[str, Any]]:
    """One MI call, checked against the catalogue's fields; committed. Raises Nok, and nothing is changed then."""
    program, transaction = name.split("/")
    assert set(record) <= set(load()[program][transaction].inputs)
    try:
        rows = list(HANDLERS[(program, transaction)](Call(world, record, Options(), name, record)))
    except Nok:
        assert not world.state.uncommitted, f"{name} was refused after it had changed something"
        raise
    world.state.commit()
    return rows


# ------------------------------------------------------------------------------------------ histories

amounts = st.decimals(0, 500, places=2).map(str)
lines = st.fixed_dictionaries(
    {
        "ITNO": st.sampled_from(["MUG", "MUG", "FREIGHT", "MANUAL"]),
        "ORQT": st.integers(1, 9).map(str),
        "SAPR": amounts,
    },
    optional={
        "DIP1": st.integers(0, 40).map(str),
        "DIP2": st.integers(0, 40).map(str),
        "ALUN": st.just("DZN"),
    },
)
charges = st.lists(st.sampled_from(["FREIGH", "INSURE"]), unique=True, max_size=2)
orders = st.tuples(
    st.just("order"), st.lists(lines, min_size=1, max_size=4), charges, st.sampled_from(["", "5", "12.5"])
)
steps = st.tuples(
    st.sampled_from(
        [
            "ship",
            "pick",
            "pick",
            "issue",
            "issue",
            "invoice",
            "close",
            "delete",
            "add",
            "pay",
            "write off",
            "manual",
        ]
    ),
    st.integers(0, 3),
    st.integers(1, 3),
)
# Something is ordered first: nothing else can happen without it.
histories = st.builds(
    lambda first, rest: [*first, *rest],
    st.lists(orders, min_size=1, max_size=2),
    st.lists(steps | orders, min_size=2, max_size=16),
)


def enter(world: World, entered: list[dict[str, str]], charged: list[str], percent: str) -> None:
    head = {"OTDP": percent} if percent else {}
    temporary = call(world, "OIS100MI/AddBatchHead", CUNO=CUNO, **head)[0]["ORNO"]
    for line in entered:
        call(world, "OIS100MI/AddBatchLine", ORNO=temporary, **line)
    for crid in charged:
        call(world, "OIS100MI/AddBatchHeadChg", ORNO=temporary, CRID=crid, CRAM="3.33")
    assert call(world, "OIS100MI/Confirm", ORNO=temporary)[0]["STAT"] == "90"


def step(world: World, kind: str, which: int, part: int) -> None:
    """One thing that happens to the `which`-th order or item, if there is one; refusals are fine."""
    tables = world.state.tables
    order_numbers = list(tables("OOHEAD"))
    if kind == "manual":
        manual_invoices.enter(world, CUNO, [("by hand", Decimal(part) * 10, "")], DAY)
    elif kind in ("pay", "write off"):
        items = sorted({(row["PYNO"], row["CINO"], row["INYR"]) for row in tables("FSLEDG").values()})
        if items:
            settle(world, kind, items[which % len(items)], part)
    elif kind == "issue":
        waiting = [dlix for dlix, row in tables("ODHEAD").items() if row["ORST"] == "05"]
        if waiting:
            deliveries.issue(world, int(waiting[which % len(waiting)]), DAY, invoice=part != 1)
    elif order_numbers:
        move(world, kind, str(order_numbers[which % len(order_numbers)]), part)
    world.state.commit()


def move(world: World, kind: str, orno: str, part: int) -> None:
    order = world.order(orno)
    ponr = order["lines"][part % len(order["lines"])]["PONR"]
    if kind in ("ship", "pick"):
        wanted = None if part == 1 else {ponr: Decimal(part - 1)}
        if kind == "ship":
            deliveries.ship(world, orno, DAY, wanted, invoice=part != 2)
        else:
            deliveries.pick(world, orno, DAY, wanted, control_sales.details({"tracking": "T"}))
    elif kind == "invoice":
        deliveries.invoice_deliveries(world, orno, DAY)
    elif kind == "add":
        call(
            world, "OIS100MI/AddLineBatchEnt", ORNO=orno, ITNO="MUG", ORQT=str(part), SAPR="7.77", DIA1="0.11"
        )
    else:
        call(world, f"OIS100MI/{'CloLine' if kind == 'close' else 'DelLine'}", ORNO=orno, PONR=ponr)


def settle(world: World, kind: str, key: tuple[str, str, str], part: int) -> None:
    amount = (world.open_amount(key) / part).quantize(Decimal("0.01"))
    if kind == "write off":
        receivables.write_off(world, key, amount, DAY)
        return
    pbid = str(world.state.next_number("test PBID", 1))
    call(world, "ARS040MI/AddBatchHead", PBID=pbid, BOPE="BNK", ACDT=DAY)
    line = {"CINO": key[1], "INYR": key[2], "CUNO": CUNO, "PYAM": str(amount)}
    call(world, "ARS040MI/AddBatchLine", PBID=pbid, TRNO="1", **line)
    call(world, "ARS040MI/AddBatchCharge", PBID=pbid, CHAM="0.60", VTAM="0.10")
    call(world, "ARS040MI/ControlBatch", PBID=pbid)


def live(world: World, history: list[Any]) -> None:
    for kind, *rest in history:
        try:
            if kind == "order":
                enter(world, *rest)
            else:
                step(world, kind, *rest)
        except (Nok, deliveries.FulfilmentError):
            assert not world.state.uncommitted, "a refusal changes nothing"
        customers.open_orders(world, CUNO)  # what it remembers must not outlive a change


# --------------------------------------------------------------------------------------- the auditor


def balances(world: World) -> dict[str, Decimal]:
    sheet = world.ledger.trial_balance()
    assert sheet["debit"] == sheet["credit"]
    return {row["account"]: Decimal(row["balance"]) for row in sheet["accounts"]}


def total(values: Any) -> Decimal:
    return sum((Decimal(value) for value in values), Decimal(0))


@settings(max_examples=150, deadline=None)
@given(histories, st.sampled_from(["document", "line"]))
def test_the_sub_ledger_is_the_control_account(history: list[Any], rounding: str) -> None:
    with fresh(tax_rounding=rounding) as world:
        live(world, history)
        rows = world.state.tables("FSLEDG").values()
        books = balances(world)
        assert books["1300"] == total(row["CUAM"] for row in rows) == customers.open_receivables(world, CUNO)
        rests = (line_totals.rest_totals(world, order).total for order in world.unfinished())
        assert customers.open_orders(world, CUNO) == total(rests)
        assert -books["6070"] == total(row["CUAM"] for row in rows if row.get("TDSC") == "WRITEOFF")
        heads = world.state.tables("OINVOH").values()
        manual = world.state.tables(manual_invoices.TABLE).values()
        assert -books["2200"] == total(h["VTAM"] for h in heads) + total(h["VTAM"] for h in manual)
        for key in {(row["PYNO"], row["CINO"], row["INYR"]) for row in rows}:
            closed = {row["RECO"] for row in rows if (row["PYNO"], row["CINO"], row["INYR"]) == key}
            assert closed == ({"9"} if world.open_amount(key) == 0 else {"0"})


@settings(max_examples=150, deadline=None)
@given(histories)
def test_orders_deliveries_and_invoices_agree_line_by_line(history: list[Any]) -> None:
    with fresh() as world:
        live(world, history)
        delivered, invoiced, listed = Counter(), Counter(), Counter()
        for delivery in world.state.tables("ODHEAD").values():
            for entry in delivery["lines"]:
                key = (delivery["ORNO"], entry["PONR"])
                delivered[key] += Decimal(entry["DLQT"])
                invoiced[key] += Decimal(entry["IVQT"])
                if delivery["ORST"] == "05":
                    listed[key] += Decimal(entry["PLQT"])
        for order in world.state.tables("OOHEAD").values():
            for line in order["lines"]:
                key = (order["ORNO"], line["PONR"])
                assert Decimal(line["DLQT"]) == delivered[key] and Decimal(line["IVQT"]) == invoiced[key]
                assert Decimal(line.get("PLQT", 0)) == listed[key]
                assert delivered[key] + listed[key] <= Decimal(line["ORQT"])
            bills = [world.state.tables("OINVOH")[id_] for id_ in world.invoices_of_order.ids(order["ORNO"])]
            billed = [charge["CRAM"] for charge in order["charges"] if charge["DLIX"]]
            assert total(bill.get("EXAM", 0) for bill in bills) == total(billed), "each charge once"
            live_lines = [
                line["ORST"] for line in order["lines"] if "DELD" not in line and line["ORST"] != "99"
            ]
            assert order["ORSL"] == min(live_lines, default="99") and order["ORST"] == max(
                live_lines, default="99"
            )
        for head in world.state.tables("OINVOH").values():
            rows = call(world, "OIS350MI/LstInvLine", YEA4=head["YEA4"], IVNO=head["IVNO"])
            assert total(row["AMT2"] for row in rows) == Decimal(head["IVAM"])
            items = call(world, "OIS350MI/LstInvLiAdnlInf", YEA4=head["YEA4"], EXIN=head["EXIN"])
            assert total(row["IVAM"] for row in items) == Decimal(head["IVAM"])
            assert Decimal(head["NTAM"]) + Decimal(head["VTAM"]) == Decimal(head["IVAM"])


@settings(max_examples=60, deadline=None)
@given(histories)
def test_everything_is_read_back_after_a_restart(history: list[Any]) -> None:
    with fresh() as world:
        live(world, history)
        before = {kind: dict(world.state.tables(kind)) for kind in world.state.kinds()}
        changes = {kind: list(order.after(0)) for kind, order in world.changes.items()}
        world.state._load()
        world.reindex()
        assert {kind: dict(world.state.tables(kind)) for kind in before} == before
        assert {kind: list(order.after(0)) for kind, order in world.changes.items()} == changes


def test_every_transaction_of_the_sales_side_is_answered() -> None:
    sales = ["CRS610MI", "OIS100MI", "OIS350MI", "ARS200MI", "ARS201MI", "ARS120MI", "ARS040MI"]
    sales += ["MWS410MI", "MWS411MI", "MWS420MI", "MWS423MI"]
    assert dispatch.PROGRAMS
    missing = [f"{p}/{t}" for p in sales for t in load()[p] if (p, t) not in HANDLERS]
    assert missing == []


@pytest.mark.parametrize("discount", ["remaining", "gross"])
def test_an_order_shipped_in_one_is_billed_what_was_confirmed(discount: str) -> None:
    with fresh(discount_base=discount) as world:
        entered = [
            {"ITNO": "MUG", "ORQT": "7", "SAPR": "3.33", "DIP1": "7.5", "DIP2": "3"},
            {"ITNO": "MANUAL", "ORQT": "1", "SAPR": "9.99"},
        ]
        enter(world, entered, ["FREIGH"], "2.5")
        orno = next(iter(world.state.tables("OOHEAD")))
        value = call(world, "OIS100MI/GetOrderValue", ORNO=str(orno))[0]
        invoice = deliveries.ship(world, str(orno), DAY).invoice
        assert invoice is not None
        assert (invoice["IVAM"], invoice["VTAM"]) == (value["TOAM"], value["VTAM"])
