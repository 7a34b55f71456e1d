"""Whatever people and programs do to documents, the FreshBooks ledger says what the documents say."""

from __future__ import annotations

import tempfile
from datetime import date
from decimal import Decimal
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from fbinfor_assets.sandbox.clock import Clock
from fbinfor_assets.sandbox.freshbooks.account import Account
from fbinfor_assets.sandbox.freshbooks.errors import FreshBooksError
from fbinfor_assets.sandbox.freshbooks.switches import SWITCHES
from fbinfor_assets.sandbox.freshbooks.world import World
from fbinfor_assets.sandbox.state import State

ZERO = Decimal(0)
DAYS = [f"2011-03-{day:02}" for day in range(1, 6)]

day = st.sampled_from(DAYS)
lines = st.lists(
    st.tuples(st.integers(-3, 9), st.integers(0, 2000), st.sampled_from([None, "20", "5"])),
    min_size=1,
    max_size=3,
).map(
    lambda found: [
        {"name": "A", "qty": qty, "unit_cost": {"amount": str(Decimal(cents).scaleb(-2))}}
        | ({"taxName1": "VAT", "taxAmount1": tax} if tax else {})
        for qty, cents, tax in found
    ]
)
amount = st.integers(1, 3000).map(lambda cents: {"amount": str(Decimal(cents).scaleb(-2))})
which = st.integers(0, 5)
vis_state = st.sampled_from([0, 1, 2])

document = {"create_date": day, "lines": lines}
invoice = st.tuples(
    st.just("invoice"), st.fixed_dictionaries({**document, "status": st.sampled_from([1, 2, 2])})
)
credit_note = st.tuples(st.just("credit_note"), st.fixed_dictionaries(document))

apply = st.tuples(st.just("apply"), which, which, st.fixed_dictionaries({"amount": amount, "date": day}))

step = st.one_of(
    invoice,
    credit_note,
    st.tuples(st.just("payment"), which, st.fixed_dictionaries({"amount": amount, "date": day})),
    apply,
    apply,
    st.tuples(
        st.just("change invoice"),
        which,
        st.fixed_dictionaries(
            {},
            optional={
                "create_date": day,
                "lines": lines,
                "status": st.sampled_from([0, 1, 2, 3]),
                "vis_state": vis_state,
                "discount_value": st.sampled_from(["0", "10"]),
            },
        ),
    ),
    st.tuples(
        st.just("change payment"),
        which,
        st.fixed_dictionaries({}, optional={"amount": amount, "date": day, "vis_state": vis_state}),
    ),
    st.tuples(
        st.just("change credit_note"),
        which,
        st.fixed_dictionaries(
            {},
            optional={
                "lines": lines,
                "create_date": day,
                "vis_state": vis_state,
                "credit_type": st.sampled_from(["goodwill", "prepayment"]),
            },
        ),
    ),
)


def perform(account: Account, client: int, action: tuple) -> None:
    """One step; what does not exist or is refused changes nothing."""
    what, *rest = action

    def pick(resource, n):
        ids = list(resource.rows)
        return ids[n % len(ids)]

    try:
        if what == "invoice":
            account.invoices.create({"customerid": client, **rest[0]})
        elif what == "credit_note":
            account.credit_notes.create({"clientid": client, **rest[0]})
        elif what == "payment":
            account.payments.create({"invoiceid": pick(account.invoices, rest[0]), **rest[1]})
        elif what == "apply":
            credit = pick(account.credit_notes, rest[1])
            body = {
                "invoiceid": pick(account.invoices, rest[0]),
                "creditid": credit,
                "type": "Credit",
                **rest[2],
            }
            account.payments.create(body)
        else:
            resource = {r.single: r for r in account.resources}[what.removeprefix("change ")]
            resource.update(pick(resource, rest[0]), rest[1])
        account.world.state.commit()
    except (FreshBooksError, ZeroDivisionError):
        account.world.state.rollback()


def expected(account: Account, to: str) -> dict[str, Decimal]:
    """The balances the documents themselves imply on a day."""
    invoices = [r for r in account.invoices.rows.values() if account.invoices.posting_date(r)]
    in_books = {r["id"]: r["create_date"] for r in invoices}
    payments = [r for r in account.payments.rows.values() if r["vis_state"] != 1 and r["date"] <= to]
    notes = [r for r in account.credit_notes.rows.values() if r["vis_state"] != 1 and r["create_date"] <= to]
    kinds = {r["id"]: r["credit_type"] for r in account.credit_notes.rows.values()}

    def total(rows, name="amount") -> Decimal:
        return sum((Decimal(row[name]) for row in rows), ZERO)

    invoices = [r for r in invoices if r["create_date"] <= to]
    goodwill = [r for r in notes if r["credit_type"] == "goodwill"]
    held = [r for r in notes if r["credit_type"] != "goodwill"]
    on_books = [p for p in payments if in_books.get(p["invoiceid"], "9") <= to]
    in_advance = [p for p in payments if in_books.get(p["invoiceid"], "9") > to]
    from_goodwill = [p for p in payments if kinds.get(p["creditid"]) == "goodwill"]
    from_held = [p for p in payments if kinds.get(p["creditid"], "goodwill") != "goodwill"]
    cash = [p for p in payments if p["creditid"] is None]
    return {
        "1000": total(cash) + total(held),
        "1200": total(invoices) - total(on_books) - total(goodwill) + total(from_goodwill),
        "2005": total(goodwill, "tax") - total(invoices, "tax"),
        "2100": total(from_held) - total(held) - total(in_advance),
        "4000": total(goodwill, "net") - total(invoices, "net"),
    }


@settings(max_examples=60, deadline=None)
@given(st.tuples(invoice, credit_note, invoice), st.lists(step, min_size=5, max_size=25))
def test_the_trial_balance_of_any_day_follows_from_the_documents(first, steps):
    with tempfile.TemporaryDirectory() as folder:
        state = State(Path(folder) / "books.db")
        try:
            check(state, (*first, *steps))
        finally:
            state.close()


def check(state: State, steps: tuple) -> None:
    clock = Clock(state, start=date(2011, 3, 1))
    switches = {name: switch.default for name, switch in SWITCHES.items()}
    account = Account(World(state, clock, 1, switches))
    account.seed([])
    client = account.clients.create({"email": "a@b.example"})["id"]
    state.commit()
    for action in steps:
        perform(account, client, action)
    for to in DAYS:
        report = account.world.ledger.trial_balance(date.fromisoformat(to), by_day=True)
        assert report["debit"] == report["credit"]
        for movements in report["days"]:
            assert sum((Decimal(row["balance"]) for row in movements["accounts"]), ZERO) == 0
        balances = {row["account"]: Decimal(row["balance"]) for row in report["accounts"]}
        implied = expected(account, to)
        assert {number: balances.get(number, ZERO) for number in implied} == implied
        assert all(balance == 0 for number, balance in balances.items() if number not in implied)
    for invoice in account.invoices.rows.values():
        paid = sum((Decimal(p["amount"]) for p in account.payments.of_invoice(invoice["id"])), ZERO)
        assert Decimal(invoice["paid"]) == paid
    for note in account.credit_notes.rows.values():
        used = sum((Decimal(p["amount"]) for p in account.payments.of_credit(note["id"])), ZERO)
        assert (
            Decimal(note["paid"]) == used <= Decimal(note["amount"]) or note["amount"].startswith("-") or used
        )
