"""`python -m fbinfor_assets.sandbox.shop`: the shop as a process of its own.

Belongs here: the command line. Does not belong here: anything else.
"""

from __future__ import annotations

import argparse

from fbinfor_assets.sandbox.clock import Clock
from fbinfor_assets.sandbox.kernel import common_arguments, main, run
from fbinfor_assets.sandbox.shop.app import build
from fbinfor_assets.sandbox.shop.book import OrderBook, prepare
from fbinfor_assets.sandbox.shop.switches import SWITCHES
from fbinfor_assets.sandbox.state import State
from fbinfor_assets.sandbox.switch import load_switches


def start() -> None:
    """Load the orders unless the state folder has them, then serve. Raises SandboxError for what a person must mend."""
    parser = argparse.ArgumentParser(prog="python -m fbinfor_assets.sandbox.shop", description=__doc__)
    common_arguments(parser)
    # No default here: on reopening, the state folder knows its own seed.
    parser.set_defaults(seed=None)
    args = parser.parse_args()
    prepare(args.state, args.orders, args.from_day, args.to_day, args.seed)
    book = OrderBook(args.state)
    state = State(args.state / "shop.db")
    clock = Clock(state, start=book.first_day)
    switches = load_switches(state, args.config, "shop", SWITCHES)
    run(build(state, clock, book, switches), args.port, args.faults)


if __name__ == "__main__":
    main(start)
