"""What M3 does by itself between two calls.

Belongs here: which jobs there are and when they run.
Does not belong here: what a job does (its own module).

Jobs run inside this process, just before somebody looks: at the start of an MI call or of a person's verb, and when
the clock jumps.
"""

from __future__ import annotations

from fbinfor_assets.sandbox.m3 import stock, supplier_invoices
from fbinfor_assets.sandbox.m3.world import World


def run(world: World, program: str = "") -> None:
    """Finish what is due; balances are brought up to date for a program that reads tables (EXPORTMI)."""
    supplier_invoices.run_due(world)
    if program == "EXPORTMI":
        stock.settle(world)


def run_daily(world: World) -> None:
    """What happens when time passes."""
    supplier_invoices.run_due(world)
    stock.settle(world)
