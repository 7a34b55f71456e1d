"""Amounts round half away from zero, never mix currencies, and differ by no more than the policy's tolerance."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fbinfor_assets.domain.money import Money, document_tolerance, to_cents

amounts = st.decimals(min_value=-(10**9), max_value=10**9, places=6, allow_nan=False)


@pytest.mark.parametrize(
    ("value", "cents"), [("0.005", "0.01"), ("-0.005", "-0.01"), ("3.996", "4.00"), ("2.344", "2.34")]
)
def test_half_a_cent_rounds_away_from_zero(value, cents):
    assert to_cents(Decimal(value)) == Decimal(cents)


@given(amounts)
def test_rounding_moves_an_amount_by_half_a_cent_at_most(amount):
    assert abs(to_cents(amount) - amount) <= Decimal("0.005")


@given(amounts, amounts)
def test_adding_and_taking_away_gives_back_the_same(a, b):
    assert Money("GBP", a) + Money("GBP", b) - Money("GBP", b) == Money("GBP", a)


def test_amounts_of_two_currencies_are_never_added():
    with pytest.raises(ValueError, match="cannot add EUR to GBP"):
        Money("GBP", Decimal(1)) + Money("EUR", Decimal(1))


def test_a_float_is_no_amount():
    with pytest.raises(TypeError, match="Decimal"):
        Money("GBP", 1.0)


@pytest.mark.parametrize(("lines", "tolerance"), [(1, "0.05"), (100, "0.05"), (400, "0.1"), (1114, "0.1669")])
def test_the_tolerance_is_five_cents_or_half_a_cent_times_the_root_of_the_lines(lines, tolerance):
    assert document_tolerance(lines) == Decimal(tolerance)
