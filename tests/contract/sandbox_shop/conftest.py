"""Fixtures of the shop's and the whole sandbox's contract tests.

Belongs here: fixtures. Does not belong here: anything a test imports by name (`shop_lab`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from shop_lab import FIXTURE_FILE, Sandbox, Shop, start_shop, stop_shop


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A shop with the committed order file, its clock past the last order. Only for tests that move nothing."""
    running = start_shop(tmp_path_factory.mktemp("shop"), "--orders", str(FIXTURE_FILE))
    running.reach("2010-12-03T21:00:00Z")
    yield running
    stop_shop(running)


@pytest.fixture
def run_shop(tmp_path: Path) -> Iterator[Callable[..., Shop]]:
    """Start shops of one test's own; all are stopped at its end."""
    started: list[Shop] = []

    def start(*arguments: str, state: Path | None = None) -> Shop:
        started.append(start_shop(state or tmp_path / "state", *arguments))
        return started[-1]

    yield start
    for running in started:
        if running.process.poll() is None:
            stop_shop(running)


@pytest.fixture
def run_sandbox() -> Iterator[Callable[..., Sandbox]]:
    """Start whole sandboxes of one test's own; all are stopped at its end."""
    started: list[Sandbox] = []

    def start(*arguments: str) -> Sandbox:
        started.append(Sandbox(*arguments))
        return started[-1]

    yield start
    for running in started:
        if running.process.poll() is None:
            running.stop()
