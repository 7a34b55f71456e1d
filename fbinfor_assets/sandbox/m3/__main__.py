"""The simulator's process: ``python -m fbinfor_assets.sandbox.m3 --port N --state DIR``.

Belongs here: putting the parts together and serving them.
Does not belong here: behaviour.
"""

from __future__ import annotations

import argparse
from datetime import datetime
from typing import Any

from starlette.exceptions import HTTPException

from fbinfor_assets.sandbox.clock import Clock
from fbinfor_assets.sandbox.kernel import common_arguments, create_app, main, run
from fbinfor_assets.sandbox.m3 import control, deliveries, jobs, tokens
from fbinfor_assets.sandbox.m3.export_tables import tables
from fbinfor_assets.sandbox.m3.gateway import Gateway, http_error, operations
from fbinfor_assets.sandbox.m3.seed import seed
from fbinfor_assets.sandbox.m3.switches import SWITCHES
from fbinfor_assets.sandbox.m3.world import COMPANY, DIVISION, World
from fbinfor_assets.sandbox.profiles import read_seed_customers
from fbinfor_assets.sandbox.state import State
from fbinfor_assets.sandbox.switch import load_switches


def start() -> None:
    """Load or seed the state, then serve until told to stop. Raises SandboxError (see the kernel)."""
    parser = argparse.ArgumentParser(prog="python -m fbinfor_assets.sandbox.m3", description=__doc__)
    common_arguments(parser)
    arguments = parser.parse_args()
    state = State(arguments.state / "m3.db")
    clock = Clock(state, start=arguments.from_day)
    switches = load_switches(state, arguments.config, "m3", SWITCHES)
    world = World(state, clock, switches)
    world.tables = tables(switches)

    def sow() -> None:
        world.reindex()
        seed(world, read_seed_customers(arguments.state), arguments.seed)

    if not state.tables("MITMAS"):
        sow()

    def day_has_come(now: datetime) -> None:
        deliveries.run_clock(world)
        jobs.run_daily(world)

    clock.listeners.append(day_has_come)
    gateway = Gateway(world, arguments.seed)

    def describe() -> dict[str, Any]:
        access = tokens.describe(arguments.seed, app.state.port, switches)
        return {**access, "company": COMPANY, "division": DIVISION}

    app = create_app(
        state,
        clock,
        [*gateway.routes(), *control.routes(world)],
        name="m3",
        ledger=world.ledger,
        describe=describe,
        reset=sow,
        switches=switches,
        known_switches=SWITCHES,
        exception_handlers={HTTPException: http_error},
        operations=operations,
        rotate_tokens=gateway.forget_tokens,
        never_lags=("code", "token"),
    )
    run(app, arguments.port, arguments.faults)


if __name__ == "__main__":
    main(start)
