"""A sandbox that runs for the time of one command.

Belongs here: starting it over a state folder, telling the home where it answers, stopping it whatever happens.
Does not belong here: the simulators themselves (sandbox), processes that stay (`up`).
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fbinfor_assets.config import ConfigError, Connections, Paths, connections_from_sandbox, write_connections
from fbinfor_assets.runtime.up import Supervisor, start_sandbox


class NoSandbox(ConfigError):
    """The folder that was named holds no sandbox; nothing was started or written."""

    exit_code = 2


@contextmanager
def supervised(logs: Path) -> Iterator[Supervisor]:
    """A supervisor whose processes end with the block, also when we are told to end (SIGTERM, Ctrl-C)."""
    supervisor = Supervisor(logs)

    def end(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield supervisor
    finally:
        signal.signal(signal.SIGTERM, before)
        supervisor.stop()


def home_of(state: Path) -> Path | None:
    """The home that a state folder belongs to: the folder it lies in, if there are connections."""
    return state.absolute().parent if Paths(state.absolute().parent).connections.exists() else None


@contextmanager
def reopened(state: Path, paths: Paths) -> Iterator[Connections]:
    """Connections to the sandbox of a state folder, served within the block.

    The connections of the home are rewritten when they are its own sandbox's. Raises `NoSandbox`, and `UpError` when it
    does not start (another process serves it, say).
    """
    if not (state / "orders.db").is_file():
        raise NoSandbox(
            str(state),
            ["there is no sandbox in it"],
            "give the folder that `sandbox serve --state` was given",
        )
    with supervised(paths.logs) as supervisor:
        connections = connections_from_sandbox(start_sandbox(supervisor, state), paths)
        if state.absolute() == paths.sandbox:
            write_connections(connections, paths.connections)
        yield connections
