"""The store of loaded orders, and the driver's way of reading only what may have changed.

Belongs here: loading once, loading whole or not at all, exact prices. Does not belong here: serving (contract).
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fbinfor_assets.sandbox.driver import _GAP, _PAGE, _ranges
from fbinfor_assets.sandbox.shop import book
from fbinfor_assets.sandbox.shop.book import OrderBook, prepare, price_text
from fbinfor_assets.sandbox.shop.generator import FIRST_DAY, generate
from fbinfor_assets.sandbox.shop.orders import OrderRow
from fbinfor_assets.sandbox.state import SandboxError


@pytest.mark.parametrize(
    ("price", "text"),
    [
        ("2.550000", "2.55"),
        ("1.005", "1.005"),
        ("0.000", "0.00"),
        ("-11062.060", "-11062.06"),
        ("18", "18.00"),
        ("100", "100.00"),
        ("0.000001", "0.000001"),
        ("0.1", "0.10"),
    ],
)
def test_a_price_keeps_its_value_and_shows_at_least_pence(price: str, text: str) -> None:
    assert price_text(Decimal(price)) == text


def test_orders_are_loaded_once_and_reopened_without_arguments(tmp_path: Path) -> None:
    state = tmp_path / "state"
    first = prepare(state, None, FIRST_DAY, FIRST_DAY, 3)
    changed = (state / book.FILE).stat().st_mtime_ns
    assert prepare(state, None, None, None, None) == first
    assert prepare(state, None, FIRST_DAY, FIRST_DAY, 3) == first
    assert (state / book.FILE).stat().st_mtime_ns == changed
    with pytest.raises(SandboxError, match="--seed 3, not 4"):
        prepare(state, None, None, None, 4)


def test_what_was_loaded_adds_up_to_the_rows_that_came(tmp_path: Path) -> None:
    rows = list(generate(3, FIRST_DAY, FIRST_DAY))
    source = prepare(tmp_path, None, FIRST_DAY, FIRST_DAY, 3)
    assert int(source["lines"]) == len(rows)
    assert int(source["documents"]) == len({row.invoice_no for row in rows})
    assert Decimal(source["net"]) == sum(row.quantity * row.unit_price for row in rows)
    with OrderBook(tmp_path) as loaded:
        known = loaded.seed_customers()
    assert {number for number, _ in known} == {row.customer_id for row in rows} - {None}


def test_a_load_that_breaks_off_leaves_no_orders_and_the_next_one_begins_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> Iterator[OrderRow]:
        yield from list(generate(3))[:50]
        raise OSError("the disk is gone")

    with monkeypatch.context() as patch:
        patch.setattr(book, "generate", broken)
        with pytest.raises(SandboxError, match="the disk is gone"):
            prepare(tmp_path, None, None, None, 3)
    with pytest.raises(SandboxError, match="no loaded orders"):
        OrderBook(tmp_path)
    assert int(prepare(tmp_path, None, None, None, 3)["documents"]) > 300


def test_a_folder_whose_name_has_url_signs_works(tmp_path: Path) -> None:
    state = tmp_path / "50% #1?"
    prepare(state, None, FIRST_DAY, FIRST_DAY, 3)
    OrderBook(state).close()


@given(st.sets(st.integers(0, 5000), max_size=200).map(sorted))
def test_ranges_cover_every_place_once_and_read_little_along(places: list[int]) -> None:
    ranges = list(_ranges(places))
    covered = [at for first, count in ranges for at in range(first, first + count)]
    assert set(places) <= set(covered)
    assert len(covered) == len(set(covered))
    assert all(count <= _PAGE for _, count in ranges)
    assert len(covered) <= len(places) * _GAP + 1
