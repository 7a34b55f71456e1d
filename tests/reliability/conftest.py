"""Fixtures of the reliability tests: simulators once per session, a store per test, keys that no other test uses."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from delivery_world import CODES, SEED, LossyWorld, Nursery, Vendors, customer_row, item_row, judge

from fbinfor_assets.delivery import deliver
from fbinfor_assets.store import Store, open_store


def pytest_report_header() -> str:
    return f"FBINFOR_TEST_SEED={SEED}"


@pytest.fixture(scope="session")
def vendors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vendors]:
    """Both simulators with an M3 that has three items and the customer FB00000001."""
    folder = tmp_path_factory.mktemp("vendors")
    vendors = Vendors(folder / "state")
    store = open_store(folder / "setup.db")
    for rows in ([item_row(code) for code in CODES], [customer_row(1, vendors.account)]):
        verdict_id = judge(store, rows[0].object, rows)
        report = deliver(store, vendors.clients, rows[0].object, rows, verdict_id, "setup")
        assert report.confirmed == len(rows), report
    store.close()
    yield vendors
    vendors.close()


@pytest.fixture(scope="session")
def lossy(vendors: Vendors) -> Iterator[LossyWorld]:
    world = LossyWorld(vendors)
    yield world
    world.close()


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    nursery = Nursery()
    yield nursery
    nursery.close()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = open_store(tmp_path / "store.db")
    yield store
    store.close()


_numbers = itertools.count(1000, 1000)


@pytest.fixture
def base() -> int:
    """The first of a thousand numbers that are this test's own."""
    return next(_numbers)
