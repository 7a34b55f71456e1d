"""Fixtures of the M3 simulator's contract tests: one shared process, or one of its own with other
switches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from .simulator import Simulator


@pytest.fixture(scope="session")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    simulator = Simulator(tmp_path_factory.mktemp("m3"))
    yield simulator
    simulator.stop()


@pytest.fixture
def m3(process: Simulator) -> Simulator:
    """The simulator with every switch at its default, fresh: day 2026-10-01, nothing but the seed."""
    process.people("reset")
    process.sign_in()
    return process


@pytest.fixture
def switched(tmp_path: Path) -> Iterator[Callable[..., Simulator]]:
    """Start a simulator of its own with other switches."""
    started = []

    def start(**switches: Any) -> Simulator:
        folder = tmp_path / str(len(started))
        folder.mkdir()
        started.append(Simulator(folder, switches))
        return started[-1]

    yield start
    for simulator in started:
        simulator.stop()
