"""Accounting periods that close: a posting dated in a closed one is refused.

Belongs here: which months are closed in which ledger, and the refusal.
Does not belong here: what is posted (each program asks here before its first change).

Every period is open until people close it. The general ledger takes every posting of the others, so closing it
closes the month for all. Real M3 keeps its periods by type and by program group; a month per ledger stands for
them here. The message id of a closed period is not published: switch `code_closed_period`.
"""

from __future__ import annotations

from datetime import timedelta

from fbinfor_assets.sandbox.m3.mi import Nok, to_day
from fbinfor_assets.sandbox.m3.world import World

RECEIVABLES, PAYABLES, GENERAL, STOCK = "AR", "AP", "GL", "ST"
LEDGERS = {RECEIVABLES: "receivables", PAYABLES: "payables", GENERAL: "general ledger", STOCK: "stock"}
_TABLE = "CSYPER"


def is_open(world: World, ledger: str, day: str) -> bool:
    """Whether a day (YYYYMMDD) may be posted to in a ledger."""
    closed = world.state.tables(_TABLE)
    return not closed or all(f"{name}/{day[:6]}" not in closed for name in (ledger, GENERAL))


def check(world: World, ledger: str, day: str, field: str = "ACDT") -> None:
    """Refuse an accounting date in a closed period. Raises Nok."""
    if not is_open(world, ledger, day):
        text = f"Accounting date {day}: period {day[:6]} is closed for {LEDGERS[ledger]}"
        raise Nok(world.switches["code_closed_period"], field, text=text)


def first_open(world: World, ledger: str, day: str) -> str:
    """The day itself, or the first day of the next period that is open."""
    while not is_open(world, ledger, day):
        day = (to_day(day[:6] + "28") + timedelta(days=4)).strftime("%Y%m01")
    return day


def first_open_for_sales(world: World, day: str) -> str:
    """The day itself, or the first on which goods may leave and be invoiced."""
    open_day = first_open(world, STOCK, first_open(world, RECEIVABLES, day))
    return open_day if open_day == day else first_open_for_sales(world, open_day)


def close(world: World, ledger: str, period: str) -> None:
    """Close a period (YYYYMM) of a ledger; closing it twice changes nothing."""
    world.state.put(
        _TABLE, f"{ledger}/{period}", {"ledger": ledger, "period": period, "closed": world.today()}
    )


def reopen(world: World, ledger: str, period: str) -> None:
    """Open a period again. Raises ValueError if it was not closed."""
    if world.state.get(_TABLE, f"{ledger}/{period}") is None:
        raise ValueError(f"period {period} of {ledger} is not closed")
    world.state.delete(_TABLE, f"{ledger}/{period}")
