"""Whatever is done to expenses, bills, their payments and other income, the ledger says what the documents say."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from fbinfor_assets.sandbox.clock import Clock
from fbinfor_assets.sandbox.freshbooks.account import Account
from fbinfor_assets.sandbox.freshbooks.amounts import tax_upon, tax_within
from fbinfor_assets.sandbox.freshbooks.errors import FreshBooksError
from fbinfor_assets.sandbox.freshbooks.switches import SWITCHES
from fbinfor_assets.sandbox.freshbooks.world import World
from fbinfor_assets.sandbox.state import State

ZERO = Decimal("0.00")
DAYS = [f"2011-03-{day:02}" for day in range(1, 6)]

day = st.sampled_from(DAYS)
which = st.integers(0, 5)
vis_state = st.sampled_from([0, 1, 2])
percent = st.sampled_from(["20", "5", "13", "0"])
amount = st.integers(1, 30_000).map(lambda cents: {"amount": str(Decimal(cents).scaleb(-2))})
line = st.fixed_dictionaries(
    {"categoryid": which, "quantity": st.integers(0, 4), "unit_cost": amount},
    optional={"tax_name1": st.just("VAT"), "tax_percent1": percent, "compounded_tax": st.booleans()},
)
expense = {
    "categoryid": which,
    "amount": amount,
    "date": day,
    "taxName1": st.sampled_from([None, "VAT"]),
    "taxPercent1": percent,
    "is_cogs": st.booleans(),
}
bill = {"issue_date": day, "lines": st.lists(line, max_size=3)}
bill_payment = {"amount": amount, "paid_date": day}
income = {
    "amount": amount,
    "date": day,
    "taxes": st.lists(percent.map(lambda p: {"name": "T", "amount": p}), max_size=2),
}


def change(single: str, fields: dict) -> st.SearchStrategy:
    optional = fields | {"vis_state": vis_state}
    return st.tuples(st.just(single), which, st.fixed_dictionaries({}, optional=optional))


step = st.one_of(
    st.tuples(st.just("expense"), st.none(), st.fixed_dictionaries(expense)),
    st.tuples(st.just("bill"), st.none(), st.fixed_dictionaries(bill)),
    st.tuples(st.just("bill_payment"), st.none(), st.fixed_dictionaries({**bill_payment, "billid": which})),
    st.tuples(st.just("other_income"), st.none(), st.fixed_dictionaries(income)),
    change("expense", expense),
    change("bill", bill),
    change("bill_payment", bill_payment),
    change("other_income", income),
)


def perform(account: Account, vendor: int, single: str, number: int | None, fields: dict) -> None:
    """One step; what does not exist or is refused changes nothing."""
    resource = {resource.single: resource for resource in account.resources}[single]
    categories = list(account.categories.rows)

    def in_account(fields: dict) -> dict:
        told = dict(fields)
        if "categoryid" in told:
            # Of every kind: with children, without, with an account of its own, cost of goods.
            told["categoryid"] = categories[told["categoryid"] * 11 % len(categories)]
        if "lines" in told:
            told["lines"] = [in_account(line) for line in told["lines"]]
        return told

    told = in_account(fields)
    always = {
        "expense": {"staffid": 1},
        "bill": {"vendorid": vendor, "due_offset_days": 0, "currency_code": "GBP", "language": "en"},
        "bill_payment": {"payment_type": "Cash"},
        "other_income": {"category_name": "other", "payment_type": "Cash", "source": "fair"},
    }[single]
    try:
        if number is None:
            if single == "bill_payment":
                bills = list(account.bills.rows)
                told["billid"] = bills[told["billid"] % len(bills)]
            resource.create(always | told)
        else:
            ids = list(resource.rows)
            resource.update(ids[number % len(ids)], told)
        account.world.state.commit()
    except (FreshBooksError, ZeroDivisionError):
        account.world.state.rollback()


def expected(account: Account, to: str) -> dict[str, Decimal]:
    """The balances the documents imply on a day, by account, those of nothing left out."""
    sums: dict[str, Decimal] = defaultdict(lambda: ZERO)

    def add(day: str, *postings: tuple[str, Decimal]) -> None:
        assert sum(amount for _, amount in postings) == 0
        for number, amount in postings if day <= to else ():
            sums[number] += amount

    def alive(single: str) -> list[dict]:
        return [row for row in account.world.state.tables(single).values() if row["vis_state"] != 1]

    for row in alive("expense"):
        gross = Decimal(row["amount"])
        tax = sum((Decimal(row[name]) for name in ("taxAmount1", "taxAmount2") if row[name]), ZERO)
        cost = "5000" if row["is_cogs"] else account.categories.account(row["categoryid"])
        add(row["date"], (cost, gross - tax), ("2005", tax), ("1000", -gross))
    for row in alive("bill"):
        view = account.bills.view(row)
        lines = [
            (account.categories.account(line["categoryid"]), Decimal(line["amount"]["amount"]))
            for line in view["lines"]
        ]
        total, tax = (Decimal(view[name]["amount"]) for name in ("total_amount", "tax_amount"))
        add(row["issue_date"], *lines, ("2005", tax), ("2000", -total))
    for row in alive("bill_payment"):
        add(row["paid_date"], ("2000", Decimal(row["amount"])), ("1000", -Decimal(row["amount"])))
    for row in alive("other_income"):
        gross = Decimal(row["amount"])
        tax = sum(tax_within(gross, [Decimal(tax["amount"]) for tax in row["taxes"]]), ZERO)
        add(row["date"], ("1000", gross), ("4010", tax - gross), ("2005", -tax))
    return {number: amount for number, amount in sums.items() if amount}


@settings(max_examples=60, deadline=None)
@given(st.lists(step, min_size=5, max_size=30))
def test_the_trial_balance_of_any_day_follows_from_what_was_bought(steps):
    with tempfile.TemporaryDirectory() as folder:
        state = State(Path(folder) / "books.db")
        try:
            check(state, steps)
        finally:
            state.close()


def check(state: State, steps: list[tuple]) -> None:
    switches = {name: switch.default for name, switch in SWITCHES.items()}
    account = Account(World(state, Clock(state, start=date(2011, 3, 1)), 1, switches))
    account.seed([])
    given = {"vendor_name": "S", "currency_code": "GBP", "language": "en"}
    vendor = account.bill_vendors.create(given)["id"]
    state.commit()
    for single, number, fields in steps:
        perform(account, vendor, single, number, fields)
    for to in DAYS:
        report = account.world.ledger.trial_balance(date.fromisoformat(to))
        balances = {row["account"]: Decimal(row["balance"]) for row in report["accounts"]}
        assert {number: balance for number, balance in balances.items() if balance} == expected(account, to)
    owed = ZERO
    for row in account.bills.rows.values():
        paid = sum((Decimal(payment["amount"]) for payment in account.bill_payments.of_bill(row["id"])), ZERO)
        assert Decimal(row["paid"]) == paid
        assert row["vis_state"] != 1 or paid == 0
        left = Decimal(row["total"]) - paid
        owed += max(left, ZERO) if row["vis_state"] != 1 else ZERO
    shown = account.bill_vendors.view(account.bill_vendors.rows[vendor])["outstanding_balance"]
    assert sum((Decimal(balance["amount"]["amount"]) for balance in shown), ZERO) == owed


@given(
    st.integers(-10_000_000, 10_000_000).map(lambda cents: Decimal(cents).scaleb(-2)),
    st.lists(st.integers(0, 10_000).map(lambda p: Decimal(p).scaleb(-2)), max_size=2),
    st.booleans(),
)
def test_taxes_within_an_amount_are_those_upon_what_is_left_to_a_cent_each(gross, percents, compounded):
    within = tax_within(gross, percents, compounded)
    upon = tax_upon(gross - sum(within), percents, compounded)
    assert all(abs(one - other) <= Decimal("0.02") for one, other in zip(within, upon, strict=True))
    assert abs(sum(within, ZERO)) <= abs(gross)
