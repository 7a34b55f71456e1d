"""Short ways to purchase records for the M3 simulator's contract tests.

Belongs here: making suppliers, orders, receipts and invoices by MI calls; waiting for a validation.
Does not belong here: expectations.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from .simulator import Simulator

SUNO = "S000002"  # seeded: Thames Office Supplies Ltd, terms T30


def pass_time(m3: Simulator, seconds: int = 3) -> None:
    """Let simulated time pass, so that jobs that were submitted are done."""
    now = datetime.fromisoformat(m3.http.get("/_sandbox/clock").json()["now"])
    m3.people("clock", to=(now + timedelta(seconds=seconds)).isoformat())


def order(m3: Simulator, *lines: tuple[str, str, str], suno: str = SUNO, **head: str) -> str:
    """A purchase order of (item, quantity, price) lines through batch entry; its number."""
    msgn = m3.one("PPS370MI", "StartEntry", BAOR="FBI")["MSGN"]
    values = {"FACI": "F01", "WHLO": "001", "SUNO": suno, "DWDT": "20261015"} | head
    puno = m3.one("PPS370MI", "AddHead", MSGN=msgn, **values)["PUNO"]
    for itno, quantity, price in lines:
        m3.one("PPS370MI", "AddLine", MSGN=msgn, PUNO=puno, ITNO=itno, ORQA=quantity, PUPR=price)
    assert m3.ok("PPS370MI", "FinishEntry", MSGN=msgn) == []
    return puno


def receive(m3: Simulator, puno: str, quantity: str, pnli: str = "1", day: str = "20261005") -> str:
    values = {"PUNO": puno, "PNLI": pnli, "PNLS": "0", "RVQA": quantity, "TRDT": day, "RESP": "CLERK"}
    return m3.one("PPS001MI", "Receipt", **values)["REPN"]


def invoice(
    m3: Simulator, sino: str, gross: str, *lines: dict[str, str], suno: str = SUNO, **head: str
) -> str:
    """A batch invoice, entered but not validated; its INBN."""
    values = {"SUNO": suno, "IVDT": "20261006", "SINO": sino, "CUAM": gross} | head
    inbn = m3.one("APS450MI", "AddHead", **values)["INBN"]
    for line in lines:
        m3.one("APS450MI", "AddLine", INBN=inbn, **line)
    return inbn


def validate(m3: Simulator, inbn: str) -> dict[str, str]:
    """Submit a batch, wait, and give its head."""
    assert m3.ok("APS455MI", "ValidByBatchNo", INBN=inbn) == []
    pass_time(m3)
    return m3.one("APS450MI", "GetHead", INBN=inbn)


def cost(account: str, net: str, **more: str) -> dict[str, str]:
    return {"RDTP": "8", "AO01": account, "NLAM": net, **more}


def vat(amount: str, code: str = "20") -> dict[str, str]:
    return {"RDTP": "3", "VTA1": amount, "VTCD": code}


def item(puno: str, quantity: str, net: str, pnli: str = "1") -> dict[str, str]:
    return {"RDTP": "1", "PUNO": puno, "PNLI": pnli, "IVQA": quantity, "NLAM": net}


def payable(m3: Simulator, sino: str, suno: str = SUNO, year: str = "2026") -> dict[str, Any]:
    return m3.one("APS200MI", "GetInvTotInfo", DIVI="AAA", SPYN=suno, SUNO=suno, SINO=sino, INYR=year)
