"""Contract: what M3 answered survives SIGKILL of the simulator, with its change order, numbers and ledger."""

from __future__ import annotations

from .simulator import Simulator


def test_everything_answered_survives_sigkill(switched) -> None:
    m3: Simulator = switched()
    m3.customer()
    m3.item()
    orno = m3.order("FB00000001", [("85123A", "3", "10.00")] * 2, PYRE="FB-ABC123-7")
    m3.people("fulfil", orno=orno, date="2026-10-03", lines=[{"ponr": 1, "quantity": "1"}])
    temporary = m3.batch("FB00000001", [("85123A", "1", "1.00")], PYRE="FB-ABC123-8")
    m3.pay(901, "BNK", "20261004", ("P901", "2026", "5.00", "OA"))
    queries = (
        "OALMTS,OAORNO,OAORSL from OOHEAD where OALMTS > 0 order by OALMTS",
        "OBLMTS,OBORNO,OBPONR,OBDLQT from OOLINE where OBLMTS > 0 order by OBLMTS",
        "UHLMTS,UHIVNO,UHIVAM from OINVOH where UHLMTS > 0 order by UHLMTS",
        "ESLMTS,ESCINO,ESCUAM,ESRECO from FSLEDG where ESLMTS > 0 order by ESLMTS",
        "OXORNO,OXSTAT from OXHEAD where OXPYRE = 'FB-ABC123-8'",
    )
    before = [m3.rows(query) for query in queries], m3.balance(), m3.http.get("/_sandbox/writes").json()
    assert all(before[0])
    m3.kill()
    m3.start()
    assert (
        [m3.rows(query) for query in queries],
        m3.balance(),
        m3.http.get("/_sandbox/writes").json(),
    ) == before

    confirmed = m3.one("OIS100MI", "Confirm", ORNO=temporary)
    assert confirmed["STAT"] == "90" and int(confirmed["ORNO"]) == int(orno) + 1, "number series go on"
    stamps = [int(row[0]) for row in m3.rows("OALMTS from OOHEAD where OALMTS > 0 order by OALMTS")]
    assert stamps[-1] > int(before[0][1][-1][0]), "stamps go on growing"
