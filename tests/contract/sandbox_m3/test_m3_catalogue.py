"""Contract: every simulated transaction keeps to the catalogue, whoever wrote it (infor-api 2.1 to 2.5).

Nothing here names a transaction: a new one is covered as soon as it is registered. What the lists and reads are
asked for is learnt from what other answers gave (a customer number from an order, a delivery from an invoice).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fbinfor_assets.sandbox.m3 import dispatch
from fbinfor_assets.sandbox.m3.catalogue import Transaction, load

from .simulator import Simulator

SCHEMA = jsonschema.Draft202012Validator(
    json.loads((Path(__file__).parent / "envelope.schema.json").read_text(encoding="utf-8"))
)
SIMULATED = sorted(dispatch.HANDLERS)
READS = [name for name in SIMULATED if load()[name[0]][name[1]].reads]
# Fields that no answer gives: what to ask the repository, the export and the clock for.
ASKED = {
    "MINM": ["CRS610MI"],
    "TRNM": ["GetBasicData"],
    "TRTP": ["I"],
    "QERY": ["OKCUNO, OKCUNM from OCUSMA"],
    "SQRY": ["Acme", "*"],
    "FILE": ["OCUSMA"],
    "MSID": ["XRE0103"],
    "MS15": ["WCU02"],
    "CRTP": ["1"],
    "CUTD": ["20261001"],
    "ESTS": ["1"],
    "LMTS": ["0"],
    "RORC": ["3"],
    "FRDT": ["20200101"],
    "TODT": ["20301231"],
}


class World:
    """A simulator with a bit of everything in it, and every reading transaction's best answer."""

    def __init__(self, m3: Simulator) -> None:
        self.m3 = m3
        self.known: dict[str, list[str]] = {field: list(values) for field, values in ASKED.items()}
        self.replies: dict[tuple[str, str], tuple[dict[str, str], dict[str, Any]]] = {}
        self._live()
        for _ in range(3):
            for name in READS:
                self._ask(load()[name[0]][name[1]])

    def _live(self) -> None:
        m3 = self.m3
        for table in ("OCUSMA", "OOHEAD"):
            m3.ok("EVS002MI", "AddSubscriber", PTNM=table, RSID="ION")
        m3.customer("FB00000001", MAIL="books@acme.example", PHNO="0113 496 0000", PONO="LS1 1AA")
        m3.customer("FB00000002")
        m3.ok("CRS610MI", "Delete", CUNO="FB00000002")
        m3.item()
        shipped = m3.order("FB00000001", [("85123A", "10", "12.00"), ("FREIGHT", "1", "10.00")], PYRE="FB-1")
        bill = m3.people("fulfil", orno=shipped)["invoice"]
        m3.pay(900001, "BNK", "20261001", (bill["number"], bill["year"], "50.00", "01"))
        m3.order("FB00000001", [("85123A", "2", "3.33")])
        self._learn("CUNO", "FB00000001")
        self._learn("PBID", "900001")
        # A batch order that stopped half-way has messages.
        self._learn("ORNO", m3.batch("FB00000001", [("NOTHING", "1", "1.00")]))
        m3.ok("OIS100MI", "Confirm", ORNO=self.known["ORNO"][-1])

    def _learn(self, field: str, value: str) -> None:
        values = self.known.setdefault(field, [])
        if value.strip("0 ") and value not in values and len(values) < 8:
            values.append(value)

    def _ask(self, transaction: Transaction) -> None:
        name = (transaction.program, transaction.name)
        for attempt in range(8):
            if self.replies.get(name, ({}, {}))[1].get("records"):
                return
            record = {}
            for field in transaction.mandatory:
                values = self.known.get(field) or ["1"]
                record[field] = values[attempt % len(values)]
            entry = checked(self.m3, transaction.program, [(transaction.name, record)])["results"][0]
            self.replies[name] = (record, entry)
            for row in entry["records"][:8]:
                for field, value in row.items():
                    self._learn(field, value)


def checked(
    m3: Simulator, program: str, calls: list[tuple[str, dict[str, str]]], **query: str
) -> dict[str, Any]:
    """A bulk's answer, after checking it against the envelope's schema and its own counters."""
    body = {"program": program, "transactions": [{"transaction": t, "record": r} for t, r in calls]}
    answer = m3.http.post(m3.path, json=body, params=query)
    assert answer.status_code == 200, f"{program} {calls}: HTTP {answer.status_code}"
    found = answer.json()
    SCHEMA.validate(found)
    failed = sum("errorMessage" in entry for entry in found["results"])
    assert found["nrOfFailedTransactions"] == failed
    assert found["nrOfSuccessfullTransactions"] == len(calls) - failed
    assert [entry["transaction"] for entry in found["results"]] == [name for name, _ in calls]
    return found


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    simulator = Simulator(tmp_path_factory.mktemp("catalogue"), {"bad_output": "refused"})
    try:
        yield World(simulator)
    finally:
        simulator.stop()


def value_for(world: World, transaction: Transaction, field: str) -> str:
    length = transaction.inputs[field][1]
    return (world.known.get(field) or ["1"])[0][:length]


def complete(world: World, transaction: Transaction) -> dict[str, str]:
    return {field: value_for(world, transaction, field) for field in transaction.mandatory}


def name_of(pair: tuple[str, str]) -> str:
    return "/".join(pair)


def each(names: list[tuple[str, str]]) -> Any:
    return pytest.mark.parametrize("name", names, ids=name_of)


@each(SIMULATED)
def test_inputs_are_checked_against_the_catalogue(world: World, name: tuple[str, str]) -> None:
    transaction = load()[name[0]][name[1]]
    valid = complete(world, transaction)
    cases: list[tuple[dict[str, str], str, str]] = []
    for field in transaction.mandatory:
        cases.append(({**valid, field: ""}, "MandatoryInputFieldNotFound", field))
        without = {other: value for other, value in valid.items() if other != field}
        cases.append((without, "MandatoryInputFieldNotFound", field))
    for field, (kind, length) in transaction.inputs.items():
        long = ("9" if kind == "N" else "A") * (length + 1)
        cases.append(({**valid, field: long}, "InputFieldTooLong", field))
        if kind == "N":
            cases.append(({**valid, field: "X"}, "XNU0000", field))
    cases.append(({**valid, "NOFIELD": "1"}, "InputFieldNotFound", "NOFIELD"))
    if "LMTS" not in transaction.inputs:
        cases.append(({**valid, "LMTS": "1"}, "InputFieldNotFound", "LMTS"))
    answers: list[dict[str, Any]] = []
    for start in range(0, len(cases), 100):
        part = [(name[1], record) for record, _, _ in cases[start : start + 100]]
        answers += checked(world.m3, name[0], part)["results"]
    for (record, error, field), entry in zip(cases, answers, strict=True):
        found = (entry.get("errorCode") or entry.get("errorType"), entry.get("errorField"))
        assert found == (error, field), record
        assert entry["records"] == []


@each(READS)
def test_an_answer_has_the_outputs_of_the_catalogue(world: World, name: tuple[str, str]) -> None:
    """That no value is longer than its field, and each is text or an exact number, the simulator itself checks
    here (switch `bad_output`); an answer that breaks it is HTTP 500."""
    transaction = load()[name[0]][name[1]]
    record, entry = world.replies[name]
    if "errorField" in entry:
        assert entry["errorField"] in transaction.inputs
    for row in entry["records"]:
        assert list(row) == list(transaction.outputs)
    if not transaction.lists:
        assert len(entry["records"]) <= 1
    columns = list(transaction.outputs)[::2]
    narrow = checked(world.m3, name[0], [(name[1], record)], returncols=",".join(columns))["results"][0]
    assert all(list(row) == columns for row in narrow["records"])
    padded = checked(world.m3, name[0], [(name[1], record)], righttrim="false")["results"][0]
    for row in padded["records"]:
        assert {field: len(value) for field, value in row.items()} == transaction.outputs
    short = checked(world.m3, name[0], [(name[1], record)], excludeempty="true")["results"][0]
    assert all(value.strip() for row in short["records"] for value in row.values())
    counts = {len(found["records"]) for found in (entry, narrow, padded, short)}
    assert len(counts) == 1, "how the answer is written changes nothing of what it holds"


def test_most_reads_have_something_to_show(world: World) -> None:
    """Else the test above would say little. What needs more than a sale and a payment is shown by its own
    tests."""
    silent = [name_of(name) for name, (_, entry) in world.replies.items() if not entry["records"]]
    assert len(silent) <= len(READS) // 2, silent


@each([name for name in READS if "LMTS" in load()[name[0]][name[1]].inputs])
def test_nothing_has_changed_since_the_future(world: World, name: tuple[str, str]) -> None:
    record = complete(world, load()[name[0]][name[1]]) | {"LMTS": "9" * 15}
    entry = checked(world.m3, name[0], [(name[1], record)])["results"][0]
    assert entry["records"] == []


@pytest.mark.parametrize("program", sorted({program for program, _ in SIMULATED}))
def test_a_program_knows_its_own_and_the_general_transactions_only(world: World, program: str) -> None:
    answers = checked(world.m3, program, [("Invent", {}), ("GetServerTime", {})])["results"]
    assert answers[0]["errorType"] == "TransactionNotFound"
    assert answers[1]["records"][0]["LMTS"]


_TEXT = st.text(
    st.one_of(st.characters(codec="ascii", exclude_categories=("Cc",)), st.sampled_from("äß€漢\u00a0'\";?")),
    max_size=20,
)
_NUMBERS = st.one_of(
    st.integers(-(10**6), 10**6).map(str),
    st.sampled_from(["", "0", "-0", "1.", ".5", "1.005", "٣", "?", " 7 "]),
)


@st.composite
def calls(draw: st.DrawFn) -> tuple[str, str, dict[str, tuple[str, str]]]:
    """A transaction with any of its fields; a value is drawn, or "known": the n-th that other answers gave."""
    program, name = draw(st.sampled_from(SIMULATED))
    transaction = load()[program][name]
    record = {}
    others = [field for field in transaction.inputs if field not in transaction.mandatory]
    chosen = draw(st.lists(st.sampled_from(others), unique=True, max_size=6)) if others else []
    for field in (*transaction.mandatory, *chosen):
        made_up = draw(_NUMBERS if transaction.inputs[field][0] == "N" else _TEXT)
        record[field] = (draw(st.sampled_from(["known", "known", "made up"])), made_up)
    return program, name, record


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(call=calls())
def test_no_input_whatever_gets_another_answer_than_the_envelope(
    world: World, call: tuple[str, str, dict[str, tuple[str, str]]]
) -> None:
    program, name, drawn = call
    record = {}
    for field, (source, made_up) in drawn.items():
        known = world.known.get(field)
        record[field] = known[len(made_up) % len(known)] if source == "known" and known else made_up
    before = world.m3.http.get("/_sandbox/state").json()["writes"]
    entry = checked(world.m3, program, [(name, record)])["results"][0]
    if "errorMessage" in entry:
        # What M3 does of itself meanwhile (a job that was waiting) is not this call's.
        since = world.m3.http.get("/_sandbox/writes", params={"after": before}).json()["writes"]
        assert not [write for write in since if write["operation"] == f"{program}/{name}"], (
            "refused, yet it wrote"
        )
