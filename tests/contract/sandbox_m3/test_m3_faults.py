"""Contract: faults on M3, where writes travel by GET and one request may hold a hundred transactions."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from .simulator import Simulator


@pytest.fixture
def faulty(m3: Simulator) -> Iterator[Simulator]:
    yield m3
    m3.http.delete("/_sandbox/faults")


def plan(m3: Simulator, *faults: dict[str, Any], seed: int = 1) -> None:
    answer = m3.http.post("/_sandbox/faults", json={"seed": seed, "faults": list(faults)})
    assert answer.status_code == 200, answer.text


def log(m3: Simulator) -> list[tuple[str, bool]]:
    lines = m3.http.get("/_sandbox/writes").json()["writes"]
    return [(line["operation"], line["delivered"]) for line in lines if line["operation"] != "seed"]


def status(m3: Simulator, program: str, transaction: str, **values: str) -> int:
    return m3.http.get(f"{m3.path}/{program}/{transaction}", params=values).status_code


def numbers(m3: Simulator, **values: str) -> list[str]:
    return [record["CUNO"] for record in m3.ok("CRS610MI", "LstByNumber", **values)]


def test_a_write_over_get_is_found_by_the_name_of_its_transaction(faulty: Simulator) -> None:
    cuno = faulty.customer()
    plan(faulty, {"do": "lose_answer", "transaction": "ChgBasicData"})
    assert faulty.one("CRS610MI", "GetBasicData", CUNO=cuno)["TOWN"] == "Leeds"
    with pytest.raises(httpx.TransportError):
        faulty.call("CRS610MI", "ChgBasicData", CUNO=cuno, TOWN="York")
    assert log(faulty) == [("CRS610MI/Add", True), ("CRS610MI/ChgBasicData", False)]
    assert faulty.one("CRS610MI", "GetBasicData", CUNO=cuno)["TOWN"] == "York"


@pytest.mark.parametrize(("writes", "hit"), [(True, "ChgBasicData"), (False, "GetBasicData")])
def test_whether_a_get_writes_is_known_by_its_transaction(faulty: Simulator, writes: bool, hit: str) -> None:
    cuno = faulty.customer()
    plan(faulty, {"do": "answer", "status": 504, "writes": writes, "rate": 1})
    for transaction in ("GetBasicData", "ChgBasicData"):
        expected = 504 if transaction == hit else 200
        assert status(faulty, "CRS610MI", transaction, CUNO=cuno) == expected, transaction
    # A token is no change of M3's data.
    assert faulty.token().status_code == 200


def test_a_bulk_is_found_by_any_of_its_transactions(faulty: Simulator) -> None:
    cuno = faulty.customer()
    faulty.item()
    plan(
        faulty,
        {"do": "answer", "status": 503, "transaction": ["OIS100MI/AddBatchLine", "Confirm"], "rate": 1},
    )
    orno = faulty.one("OIS100MI", "AddBatchHead", CUNO=cuno, ORTP="F01")["ORNO"]
    line = ("AddBatchLine", {"ORNO": orno, "ITNO": "85123A", "ORQT": "1", "SAPR": "1.00"})
    body = {"program": "OIS100MI", "transactions": [{"transaction": line[0], "record": line[1]}]}
    assert faulty.http.post(faulty.path, json=body).status_code == 503
    assert status(faulty, "OIS100MI", "Confirm", ORNO=orno) == 503
    assert faulty.bulk("OIS100MI", ("LstBatchLine", {"ORNO": orno}))["results"]
    faulty.http.delete("/_sandbox/faults")
    assert faulty.bulk("OIS100MI", line)["nrOfFailedTransactions"] == 0
    assert [operation for operation, _ in log(faulty)].count("OIS100MI/AddBatchLine") == 1


def test_a_bulk_whose_answer_is_lost_is_applied_whole(faulty: Simulator) -> None:
    plan(faulty, {"do": "lose_answer", "transaction": "Add"})
    who = {"CUTM": "FBTPL", "CUNM": "Lost Ltd", "CUA1": "1 Main St", "CSCD": "GB"}
    with pytest.raises(httpx.TransportError):
        faulty.bulk("CRS610MI", *(("Add", {**who, "CUNO": f"L{n}"}) for n in range(3)))
    assert log(faulty) == [("CRS610MI/Add", False)] * 3
    assert numbers(faulty, CUNO="L") == ["L0", "L1", "L2"]


@pytest.mark.parametrize(("kind", "applied"), [("slow_answer", [False]), ("delay", [])])
def test_who_gave_up_waiting_for_a_write_over_get_has_no_delivered_answer(
    faulty: Simulator, kind: str, applied: list[bool]
) -> None:
    cuno = faulty.customer()
    plan(faulty, {"do": kind, "seconds": 0.3, "transaction": "ChgBasicData"})
    address = f"{faulty.path}/CRS610MI/ChgBasicData"
    with pytest.raises(httpx.ReadTimeout):
        faulty.http.get(address, params={"CUNO": cuno, "TOWN": "York"}, timeout=0.1)
    time.sleep(0.4)
    assert [delivered for name, delivered in log(faulty) if name == "CRS610MI/ChgBasicData"] == applied
    assert faulty.one("CRS610MI", "GetBasicData", CUNO=cuno)["TOWN"] == ("York" if applied else "Leeds")


def test_get_lst_and_exportmi_lag_behind_while_writes_do_not(faulty: Simulator) -> None:
    old = faulty.customer("FB00000001")
    plan(faulty, {"do": "lag", "seconds": 0.6})
    new = faulty.customer("FB00000002")
    assert faulty.ok("CRS610MI", "ChgBasicData", CUNO=old, TOWN="York")
    assert faulty.nok("CRS610MI", "GetBasicData", CUNO=new) == "XRE0103"
    assert faulty.one("CRS610MI", "GetBasicData", CUNO=old)["TOWN"] == "Leeds"
    assert numbers(faulty, CUNO="FB") == [old]
    assert faulty.rows("OKCUNO,OKTOWN from OCUSMA where OKCUNO >= 'FB'") == [[old, "Leeds"]]
    # What writes is checked against the present: a second Add of the same number is refused, a change of it is not.
    assert (
        faulty.nok("CRS610MI", "Add", CUTM="FBTPL", CUNM="Twice", CUA1="x", CUNO=new, CSCD="GB") == "WCU0204"
    )
    assert faulty.ok("CRS610MI", "ChgBasicData", CUNO=new, TOWN="Hull")
    time.sleep(0.7)
    assert faulty.one("CRS610MI", "GetBasicData", CUNO=new)["TOWN"] == "Hull"
    assert numbers(faulty, CUNO="FB") == [old, new]


def test_a_bulk_that_only_reads_lags_and_one_that_writes_does_not(faulty: Simulator) -> None:
    cuno = faulty.customer()
    plan(faulty, {"do": "lag", "seconds": 30})
    faulty.ok("CRS610MI", "ChgBasicData", CUNO=cuno, TOWN="York")
    read = ("GetBasicData", {"CUNO": cuno})

    def towns(*calls: tuple[str, dict[str, str]]) -> list[str]:
        results = faulty.bulk("CRS610MI", *calls)["results"]
        return [record["TOWN"] for result in results for record in result["records"] if "TOWN" in record]

    assert towns(read, read) == ["Leeds", "Leeds"]
    assert towns(read, ("ChgBasicData", {"CUNO": cuno, "TOWN": "Hull"}), read) == ["York", "Hull"]


def test_an_order_made_under_lag_is_the_same_as_one_made_without(faulty: Simulator) -> None:
    plan(faulty, {"do": "lag", "seconds": [0, 30]})
    cuno = faulty.customer()
    faulty.item()
    orno = faulty.order(cuno, [("85123A", "2", "10.00")])
    faulty.people("fulfil", orno=orno)
    assert faulty.balance()["1300"] == "24.00"
    faulty.http.delete("/_sandbox/faults")
    assert faulty.rows(f"OAORST from OOHEAD where OAORNO = '{orno}'") == [["77"]]


@pytest.mark.parametrize(
    ("by", "seen"), [(1, ["FB00000002", "FB00000003"]), (-1, ["FB00000001", "FB00000001"])]
)
def test_a_list_passes_over_its_first_row_or_gives_it_twice(
    faulty: Simulator, by: int, seen: list[str]
) -> None:
    for n in range(1, 5):
        faulty.customer(f"FB0000000{n}")
    plan(faulty, {"do": "page_shift", "by": by, "transaction": "LstByNumber"})
    assert numbers(faulty, CUNO="FB", maxrecs="2") == seen
    assert faulty.one("CRS610MI", "GetBasicData", CUNO="FB00000001")["CUNO"] == "FB00000001"
    faulty.http.delete("/_sandbox/faults")
    assert numbers(faulty, CUNO="FB", maxrecs="2") == ["FB00000001", "FB00000002"]


def test_change_stamps_only_grow_even_when_the_vendors_clock_is_set_back(faulty: Simulator) -> None:
    def stamp() -> int:
        faulty.ok("CRS610MI", "ChgBasicData", CUNO=cuno, TOWN="York")
        return int(faulty.rows(f"OKLMTS from OCUSMA where OKCUNO = '{cuno}'")[0][0])

    cuno = faulty.customer()
    before = stamp()
    plan(faulty, {"do": "clock", "seconds": -600})
    during = stamp()
    faulty.http.delete("/_sandbox/faults")
    plan(faulty, {"do": "clock", "seconds": 600})
    ahead = stamp()
    faulty.http.delete("/_sandbox/faults")
    assert before < during < ahead < stamp()
    assert ahead - before > 590_000


def test_tokens_revoked_by_somebody_else_are_refused_and_a_new_one_is_had_by_asking(
    faulty: Simulator,
) -> None:
    cuno = faulty.customer()
    plan(faulty, {"do": "unauthorised", "rotated": True})
    assert [status(faulty, "CRS610MI", "GetBasicData", CUNO=cuno) for _ in range(2)] == [401, 401]
    faulty.sign_in()
    assert status(faulty, "CRS610MI", "GetBasicData", CUNO=cuno) == 200
