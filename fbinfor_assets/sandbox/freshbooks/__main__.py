"""`python -m fbinfor_assets.sandbox.freshbooks --port N --state DIR --seed N [--from DATE] [--config FILE]`.

Belongs here: the process. A state that exists keeps its seed, switches and clock; --orders and --to are of no
interest to this simulator and are accepted, because all three are started alike.
"""

from __future__ import annotations

import argparse

from fbinfor_assets.sandbox.clock import Clock
from fbinfor_assets.sandbox.freshbooks.app import build
from fbinfor_assets.sandbox.freshbooks.switches import SWITCHES
from fbinfor_assets.sandbox.freshbooks.world import World
from fbinfor_assets.sandbox.kernel import common_arguments, main, run
from fbinfor_assets.sandbox.state import State
from fbinfor_assets.sandbox.switch import load_switches


def start() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(prog="fbinfor_assets.sandbox.freshbooks", description=__doc__)
    common_arguments(parser)
    args = parser.parse_args()
    state = State(args.state / "freshbooks.db")
    clock = Clock(state, start=args.from_day)
    switches = load_switches(state, args.config, "freshbooks", SWITCHES)
    world = World(state, clock, state.meta.get("seeded", args.seed), switches)
    run(build(world, args.state), args.port, args.faults)


if __name__ == "__main__":
    main(start)
