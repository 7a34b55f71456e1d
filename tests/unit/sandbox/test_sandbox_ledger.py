"""The simulators' ledger: it is always balanced, whatever is posted."""

from __future__ import annotations

import tempfile
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fbinfor_assets.sandbox.ledger import Ledger, UnbalancedError
from fbinfor_assets.sandbox.state import State

ACCOUNTS = {"1000": "Bank", "1300": "Receivables", "2200": "VAT", "3000": "Revenue"}
DAY = date(2011, 3, 1)
ZERO = Decimal(0)

cents = st.integers(-10_000_000, 10_000_000).map(lambda n: Decimal(n).scaleb(-2))
line = st.tuples(st.sampled_from(sorted(ACCOUNTS)), cents, cents)
entry = st.tuples(st.integers(0, 30), st.lists(line, max_size=6))


@pytest.fixture(scope="module")
def state():
    with tempfile.TemporaryDirectory() as folder:
        state = State(Path(folder) / "ledger.db")
        yield state
        state.close()


@settings(max_examples=60, deadline=None)
@given(st.lists(entry, max_size=12))
def test_debits_equal_credits_on_every_day_whatever_is_posted_or_refused(state, entries):
    state.clear()
    ledger = Ledger(state, "GBP", ACCOUNTS)
    balances = dict.fromkeys(ACCOUNTS, ZERO)
    for offset, lines in entries:
        if sum((d - c for _, d, c in lines), ZERO):
            with pytest.raises(UnbalancedError):
                ledger.post(DAY + timedelta(offset), "V1", "refused", lines)
            missing = sum((c - d for _, d, c in lines), ZERO)
            lines = [*lines, ("1000", missing, ZERO)]
        ledger.post(DAY + timedelta(offset), "V2", "posted", lines)
        for account, debit, credit in lines:
            balances[account] += debit - credit
    for offset in (0, 15, 30):
        report = ledger.trial_balance(DAY + timedelta(offset), by_day=True)
        assert report["debit"] == report["credit"]
        for day in report["days"]:
            assert sum((Decimal(row["balance"]) for row in day["accounts"]), ZERO) == 0
    assert {row["account"]: Decimal(row["balance"]) for row in report["accounts"]} == balances


def test_a_negative_debit_is_posted_as_a_credit(state):
    state.clear()
    ledger = Ledger(state, "GBP", ACCOUNTS)
    ledger.post(
        DAY, "V1", "credit note", [("1300", Decimal("-12.00"), ZERO), ("3000", ZERO, Decimal("-12.00"))]
    )
    (kept,) = state.tables("ledger").values()
    assert kept["lines"] == [["1300", "0.00", "12.00"], ["3000", "12.00", "0.00"]]


def test_an_entry_of_nothing_is_not_posted(state):
    state.clear()
    assert Ledger(state, "GBP", ACCOUNTS).post(DAY, "V1", "free goods", [("1300", ZERO, ZERO)]) is None
    assert not state.tables("ledger")


def test_an_account_outside_the_chart_is_refused(state):
    with pytest.raises(UnbalancedError, match="9999"):
        Ledger(state, "GBP", ACCOUNTS).post(
            DAY, "V1", "x", [("9999", Decimal(1), ZERO), ("1000", ZERO, Decimal(1))]
        )
