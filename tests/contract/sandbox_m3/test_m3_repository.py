"""Contract: M3 describes itself (infor-api 2.6 'Self-description'): MRS001MI, EXPORTMI LstFields."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fbinfor_assets.sandbox.m3 import dispatch
from fbinfor_assets.sandbox.m3.catalogue import load

from .simulator import Simulator


def test_the_whole_catalogue_is_listed(m3: Simulator) -> None:
    programs = m3.ok("MRS001MI", "LstPrograms", maxrecs=0)
    assert [row["MINM"] for row in programs] == sorted(load())
    customer = next(row for row in programs if row["MINM"] == "CRS610MI")
    assert (customer["OBNM"], customer["MIDS"], customer["VERS"]) == (
        "Customer",
        "Customer interface",
        "640K",
    )
    for program, transactions in load().items():
        listed = m3.ok("MRS001MI", "LstTransactions", MINM=program, maxrecs=0)
        assert [row["TRNM"] for row in listed] == list(transactions)


def test_general_transactions_are_listed_with_a_program_when_asked(m3: Simulator) -> None:
    without = m3.ok("MRS001MI", "LstTransactions", MINM="CRS045MI", maxrecs=0)
    both = m3.ok("MRS001MI", "LstTransactions", MINM="CRS045MI", INCG="1", maxrecs=0)
    assert {row["TRNM"] for row in both} - {row["TRNM"] for row in without} == set(load()["GENERAL"])
    assert {row["MINM"] for row in both} == {"CRS045MI"}


def test_a_transaction_says_whether_it_gives_one_record_or_many(m3: Simulator) -> None:
    kinds = {row["TRNM"]: row["SIMU"] for row in m3.ok("MRS001MI", "LstTransactions", MINM="CRS610MI")}
    assert (kinds["LstByNumber"], kinds["GetBasicData"], kinds["Add"]) == ("M", "S", "S")
    texts = {row["TRNM"]: row["TRDS"] for row in m3.ok("MRS001MI", "LstTransactions", MINM="CRS610MI")}
    assert texts["GetBasicData"] == "Retrieve customer basic data"


@pytest.mark.parametrize("way", ["I", "O"])
def test_fields_follow_each_other_from_position_16(m3: Simulator, way: str) -> None:
    fields = m3.ok("MRS001MI", "LstFields", MINM="CRS610MI", TRNM="Add", TRTP=way)
    catalogue = load()["CRS610MI"]["Add"]
    assert [row["FLNM"] for row in fields] == list(catalogue.inputs if way == "I" else catalogue.outputs)
    position = 16
    for row in fields:
        assert int(row["FRPO"]) == position
        position += int(row["LENG"])
        assert int(row["TOPO"]) == position - 1
        assert row["TYPE"] in ("A", "N") and row["FLDS"]


def test_mandatory_inputs_are_marked_and_nothing_else(m3: Simulator) -> None:
    fields = m3.ok("MRS001MI", "LstFields", MINM="CRS610MI", TRNM="Add", TRTP="I")
    assert {row["FLNM"] for row in fields if row["MAND"] == "1"} == {"CUTM", "CUNM", "CUA1"}
    number = next(row for row in fields if row["FLNM"] == "CUNM")
    assert (number["LENG"], number["TYPE"]) == ("36", "A")
    assert next(row for row in fields if row["FLNM"] == "CUTP")["TYPE"] == "N"


def test_a_client_can_call_what_it_discovered(m3: Simulator) -> None:
    """As a migration tool does: read the mandatory inputs of a list, then call it."""
    m3.customer()
    inputs = m3.ok("MRS001MI", "LstFields", MINM="CRS610MI", TRNM="LstByNumber", TRTP="I")
    assert not [row for row in inputs if row["MAND"] == "1"]
    outputs = m3.ok("MRS001MI", "LstFields", MINM="CRS610MI", TRNM="LstByNumber", TRTP="O")
    assert list(m3.one("CRS610MI", "LstByNumber")) == [row["FLNM"] for row in outputs]


@pytest.mark.parametrize(
    ("transaction", "record", "code"),
    [
        ("LstTransactions", {"MINM": "NOSUCHMI"}, "XRE0103"),
        ("LstFields", {"MINM": "CRS610MI", "TRNM": "Invent", "TRTP": "I"}, "XRE0103"),
        ("LstFields", {"MINM": "CRS610MI", "TRNM": "Add", "TRTP": "X"}, "XOPC001"),
        ("LstFieldInfo", {"FILE": "NOTABLE"}, "XRE0103"),
    ],
)
def test_what_is_not_there_is_refused(
    m3: Simulator, transaction: str, record: dict[str, str], code: str
) -> None:
    assert m3.nok("MRS001MI", transaction, **record) == code


def test_only_what_is_answered_is_listed_by_switch(switched: Callable[..., Simulator]) -> None:
    m3 = switched(self_description="answered")
    for row in m3.ok("MRS001MI", "LstPrograms", maxrecs=0):
        listed = m3.ok("MRS001MI", "LstTransactions", MINM=row["MINM"], maxrecs=0)
        assert {(row["MINM"], one["TRNM"]) for one in listed} <= set(dispatch.HANDLERS)
    fields = {"MINM": "CRS610MI", "TRNM": "Invent", "TRTP": "I"}
    assert m3.nok("MRS001MI", "LstFields", **fields) == "XRE0103"


def test_the_columns_of_a_table_are_those_that_can_be_exported(m3: Simulator) -> None:
    m3.customer()
    columns = {row["FLNA"]: row for row in m3.ok("MRS001MI", "LstFieldInfo", FILE="OCUSMA", maxrecs=0)}
    assert columns["OKCUNO"]["FRL1"] == "Customer number" and columns["OKCUNO"]["FLLE"] == "10"
    listed = m3.ok("EXPORTMI", "LstFields", FILE="OCUSMA", maxrecs=0)
    assert [row["FLDN"] for row in listed] == list(columns)
    names = list(columns)
    assert len(m3.rows(f"{','.join(names)} from OCUSMA")[0]) == len(names)


def test_select_pad_fills_every_value_to_its_length(m3: Simulator) -> None:
    m3.customer()
    query = "OKCUNO,OKTOWN,OKCSCD from OCUSMA"
    padded = m3.one("EXPORTMI", "SelectPad", QERY=query, SEPC=";")["REPL"]
    assert padded == ";".join(["FB00000001", "Leeds".ljust(20), "GB"])  # the record itself is trimmed
    assert m3.one("EXPORTMI", "Select", QERY=query, SEPC=";")["REPL"] == "FB00000001;Leeds;GB"
    flat = m3.one("EXPORTMI", "Select", QERY=query, righttrim="false")["REPL"]
    assert flat.startswith("FB00000001" + "Leeds".ljust(20) + "GB ") and len(flat) == 3985
    assert m3.one("EXPORTMI", "SelectPad", QERY=query, righttrim="false")["REPL"] == flat
