"""What made-up orders look like: the same every time, and with every kind of document the real file has.

Belongs here: the generator. Does not belong here: how its orders are served (contract/sandbox_shop).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, timedelta
from decimal import Decimal

import pytest

from fbinfor_assets.sandbox.shop.generator import FIRST_DAY, LAST_DAY, generate
from fbinfor_assets.sandbox.shop.orders import OrderFileError, OrderRow

SEEDS = [1, 2, 77]


def documents(seed: int, first: date = FIRST_DAY, last: date = LAST_DAY) -> dict[str, list[OrderRow]]:
    found: dict[str, list[OrderRow]] = defaultdict(list)
    for row in generate(seed, first, last):
        found[row.invoice_no].append(row)
    return dict(found)


def test_the_same_seed_gives_the_same_rows_and_another_seed_others() -> None:
    assert list(generate(1)) == list(generate(1))
    assert list(generate(1)) != list(generate(2))


def test_a_later_last_day_only_adds_days() -> None:
    short, long = list(generate(1)), list(generate(1, last_day=LAST_DAY + timedelta(days=2)))
    assert long[: len(short)] == short
    assert len(long) > len(short)


def test_days_that_run_backwards_are_refused_at_the_call() -> None:
    with pytest.raises(OrderFileError, match="backwards"):
        generate(1, LAST_DAY, FIRST_DAY)


@pytest.mark.parametrize("seed", SEEDS)
def test_each_day_has_about_140_documents_within_opening_hours_in_order_of_time(seed: int) -> None:
    found = list(documents(seed).values())
    days = Counter(rows[0].invoice_date.date() for rows in found)
    assert sorted(days) == [FIRST_DAY, FIRST_DAY + timedelta(days=1), LAST_DAY]
    assert all(120 <= count <= 165 for count in days.values())
    times = [rows[0].invoice_date for rows in found]
    assert times == sorted(times)
    numbers = [int(rows[0].invoice_no.lstrip("C")) for rows in found]
    assert numbers == sorted(set(numbers))


@pytest.mark.parametrize("seed", SEEDS)
def test_most_cancellations_return_lines_of_an_earlier_order_of_the_same_customer(seed: int) -> None:
    earlier: dict[int | None, set[tuple[str, Decimal]]] = defaultdict(set)
    matched = total = 0
    for number, rows in documents(seed).items():
        bought = {(row.stock_code, row.unit_price) for row in rows}
        customer = rows[0].customer_id
        if not number.startswith("C"):
            earlier[customer] |= bought
        elif customer is not None:
            total += 1
            matched += bought <= earlier[customer]
    assert total >= 25
    assert matched / total > 0.6


@pytest.mark.parametrize("seed", SEEDS)
def test_every_kind_of_document_of_the_real_file_occurs(seed: int) -> None:
    found = documents(seed)
    rows = [row for lines in found.values() for row in lines]
    codes = {row.stock_code for row in rows}
    assert codes >= {"POST", "DOT", "M", "D", "C2", "gift_0001_20"}
    assert codes & {"AMAZONFEE", "BANK CHARGES"}
    assert any(280 <= len(lines) <= 320 for lines in found.values())
    assert any(len({row.invoice_date for row in lines}) == 2 for lines in found.values())
    assert any(rows[at] == rows[at + 1] for at in range(len(rows) - 1)), "exactly repeated lines"
    assert any(row.customer_id is None and row.unit_price > 0 and row.quantity > 0 for row in rows), (
        "walk-ins"
    )
    assert any(row.unit_price == 0 and row.quantity < 0 for row in rows), "stock adjustments"
    assert any(row.unit_price == 0 and row.quantity > 0 for row in rows), "free goods"
    assert any(row.description is None for row in rows)
    assert len({row.country for row in rows}) >= 6
    assert len({code.upper() for code in codes}) < len(codes), "codes in two spellings"
    known = {row.customer_id for row in rows if row.customer_id is not None}
    assert {number % 40 for number in known} >= {0, 1, 2}, "parties that exist before their first order"
    cancelled = [lines for number, lines in found.items() if number.startswith("C")]
    assert all(row.quantity < 0 for lines in cancelled for row in lines)
