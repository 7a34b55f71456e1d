"""Properties of an order line's amounts, whatever is ordered, discounted and shipped in parts."""

from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fbinfor_assets.sandbox.m3 import lines
from fbinfor_assets.sandbox.m3.mi import Nok, plain

CENT = Decimal("0.01")
quantities = st.integers(1, 5000).map(Decimal)
prices = st.decimals(0, 9999, places=4).map(Decimal)
percents = st.decimals(0, 100, places=2).map(Decimal)


def line(quantity: Decimal, price: Decimal, base: str = "remaining", **discounts: Decimal) -> dict[str, str]:
    made = {
        "PONR": "1",
        "ORQT": plain(quantity),
        "SAPR": plain(price),
        "DLQT": "0",
        "IVQT": "0",
        "ORST": "33",
    }
    made |= {name: plain(value) for name, value in discounts.items() if value}
    world = SimpleNamespace(switches={"discount_base": base, "discount_amount": "per_line"})
    return made | lines.discounts(world, made)


@given(quantities, prices, percents, percents)
def test_net_is_gross_less_the_discounts_to_the_cent(
    quantity: Decimal, price: Decimal, first: Decimal, second: Decimal
) -> None:
    made = line(quantity, price, DIP1=first, DIP2=second)
    taken = sum((Decimal(made.get(name, 0)) for name in ("DIA1", "DIA2")), Decimal(0))
    assert abs(lines.net(made) - (lines.gross(made) - taken)) <= CENT
    assert 0 <= lines.net(made) <= lines.gross(made) + CENT


@given(quantities, prices, percents, st.integers(1, 5))
def test_parts_differ_from_the_whole_by_no_more_than_their_rounding(
    quantity: Decimal, price: Decimal, percent: Decimal, parts: int
) -> None:
    made = line(quantity, price, DIP1=percent)
    each = quantity / parts
    total = sum(lines.amount(made, each) for _ in range(parts))
    assert abs(total - lines.net(made)) <= CENT * parts


@given(quantities, prices, percents)
def test_a_credit_is_the_exact_opposite_of_its_sale(
    quantity: Decimal, price: Decimal, percent: Decimal
) -> None:
    sale, credit = line(quantity, price, DIP1=percent), line(-quantity, price, DIP1=percent)
    assert lines.net(credit) == -lines.net(sale)
    assert lines.net_price(credit) == lines.net_price(sale)


@given(quantities, prices, percents, percents)
def test_discounts_one_after_the_other_never_take_more_than_all_at_once(
    quantity: Decimal, price: Decimal, first: Decimal, second: Decimal
) -> None:
    one_by_one = lines.net(line(quantity, price, DIP1=first, DIP2=second))
    try:
        at_once = lines.net(line(quantity, price, "gross", DIP1=first, DIP2=second))
    except Nok:
        return  # more than the whole line
    assert at_once <= one_by_one + CENT


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, "33"),
        ({"PLQT": "10"}, "44"),
        ({"PLQT": "4"}, "34"),
        ({"DLQT": "4", "PLQT": "6"}, "46"),
        ({"DLQT": "4", "IVQT": "4", "PLQT": "6"}, "47"),
        ({"DLQT": "4"}, "36"),
        ({"DLQT": "10", "IVQT": "4"}, "67"),
        ({"DLQT": "10", "IVQT": "10"}, "77"),
        ({"CLSD": "1"}, "99"),
        ({"DLQT": "4", "IVQT": "4", "CLSD": "1"}, "77"),
    ],
)
def test_status_of_a_line_is_its_lowest_and_highest_step(changed: dict[str, str], expected: str) -> None:
    assert lines.status({**line(Decimal(10), Decimal(1)), **changed}, allocated=True) == expected
