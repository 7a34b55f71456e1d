"""Payments of bills (bill_payments/bill_payments).

Belongs here: a bill payment's fields, what it posts, its match with an expense a bank brought.
Does not belong here: how a bill's state follows (`bills`).

Facts (freshbooks-api 7.5): billid, amount and payment_type are required; a payment has no stamp and lists know no
filter, so that only a full reading finds a change. Plan gated, errno 41101 (freshbooks-api 4).

Assumed: paid_date is today when left out; a payment stays with its bill; the payment of a deleted bill can still be
deleted. People may name an `expenseid` when they enter a payment: the two are matched, FreshBooks deletes the
expense, and the payment reads `matched_with_expense`. The API has no field for that.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from fbinfor_assets.sandbox.freshbooks import books, fields
from fbinfor_assets.sandbox.freshbooks.amounts import money
from fbinfor_assets.sandbox.freshbooks.bills import outstanding
from fbinfor_assets.sandbox.freshbooks.errors import invalid, negative, required
from fbinfor_assets.sandbox.freshbooks.payments import payment_type
from fbinfor_assets.sandbox.freshbooks.resource import ACTIVE, DELETED, Feature, Resource
from fbinfor_assets.sandbox.freshbooks.world import World
from fbinfor_assets.sandbox.state import Row

if TYPE_CHECKING:
    from fbinfor_assets.sandbox.freshbooks.account import Account


class BillPayments(Resource):
    """Stored row: id, billid, amount (decimal text in currency_code), payment_type, paid_date, note,
    matched_with_expense, vis_state."""

    single, plural, path = "bill_payment", "bill_payments", "bill_payments/bill_payments"
    id_field, title, scope = "id", "Bill payment", "bill_payments"
    money_amount = True
    feature = Feature("bills_feature", 41101, "bill payments")

    def __init__(self, world: World, account: Account) -> None:
        super().__init__(world)
        self._account = account
        self._by_bill = world.state.index(self.single, lambda row: row["billid"])

    def of_bill(self, bill_id: int) -> list[Row]:
        """The bill's payments that are not deleted, in order of arrival."""
        found = (self.rows[id_] for id_ in self._by_bill.ids(bill_id))
        return [row for row in found if row["vis_state"] != DELETED]

    # -- writing

    def create(self, given: fields.Given, raw: bytes | None = None, actor: str = "api") -> Row:
        if actor != "people" or given.get("expenseid") is None:
            return super().create(given, raw, actor)
        expense = self._account.expenses.live(given, "expenseid", "bill_payment")
        row = super().create(given, raw, actor)
        self._account.expenses.update(expense["id"], {"vis_state": DELETED}, None, "system")
        return self.put({**row, "matched_with_expense": True})

    def create_row(self, given: fields.Given) -> Row:
        for name in ("billid", "amount", "payment_type"):
            if given.get(name) in (None, ""):
                raise required("bill_payment", name)
        bill = self._account.bills.live(given, "billid", "bill_payment")
        row: Row = {
            "id": 0,
            "billid": bill["id"],
            "currency_code": bill["currency_code"],
            "amount": "0.00",
            "payment_type": "",
            "paid_date": self.world.today().isoformat(),
            "note": "",
            "matched_with_expense": False,
            "vis_state": ACTIVE,
        }
        row = self._changed(row, given)
        row["id"] = self.world.next_id(self.single)
        return self._stored(row)

    def update_row(self, row: Row, given: fields.Given) -> Row:
        if given.get("billid") not in (None, row["billid"], str(row["billid"])):
            raise invalid("bill_payment", "billid", given["billid"])
        return self._stored(self._changed(row, given))

    def _changed(self, row: Row, given: Mapping[str, Any]) -> Row:
        changed = dict(row)
        if given.get("amount") is not None:
            changed["amount"] = str(self._amount(row, given))
        if given.get("payment_type") is not None:
            changed["payment_type"] = payment_type(given, "payment_type", "bill_payment")
        if given.get("paid_date") is not None:
            changed["paid_date"] = fields.day(given, "paid_date", "bill_payment")
        if "note" in given:
            changed["note"] = fields.text(given, "note", "bill_payment") or ""
        return changed

    def _amount(self, row: Row, given: fields.Given) -> Decimal:
        amount = fields.money(given, "amount", "bill_payment", row["currency_code"])
        if amount <= 0:
            raise negative("bill_payment", "amount", given["amount"].get("amount"))
        left = outstanding(self._account.bills.rows[row["billid"]])
        if row["id"] and row["vis_state"] != DELETED:
            left += Decimal(row["amount"])
        if amount > left and self.world.switches["bill_overpayment"] == "refuse":
            raise invalid("bill_payment", "amount", given["amount"].get("amount"))
        return amount

    def _stored(self, row: Row) -> Row:
        self.put(row)
        self.post(row)
        self._account.bills.paid_changed(row["billid"])
        return row

    def visibility_changed(self, row: Row) -> Row:
        self._stored(row)
        refuse = self.world.switches["bill_overpayment"] == "refuse"
        if refuse and row["vis_state"] == ACTIVE and outstanding(self._account.bills.rows[row["billid"]]) < 0:
            raise invalid("bill_payment", "amount", row["amount"])
        return row

    # -- the ledger

    def post(self, row: Row) -> None:
        """The payable against cash, on the day it was paid."""
        postings: list[books.Posting] = []
        if row["vis_state"] != DELETED and row["currency_code"] == self.world.currency:
            amount, day = Decimal(row["amount"]), row["paid_date"]
            postings = [(day, books.PAYABLE, amount), (day, books.CASH, -amount)]
        text = f"Bill payment {row['id']}, {row['payment_type']}"
        self.world.books.sync(f"bill_payment:{row['id']}", text, postings)

    # -- reading

    def view(self, row: Row, include: Collection[str] = ()) -> dict[str, Any]:
        view = {**row, "amount": money(row["amount"], row["currency_code"])}
        del view["currency_code"]
        if "bill" in include:
            view["bill"] = self._account.bills.view(self._account.bills.rows[row["billid"]])
        return view

    def summary(self, row: Row) -> dict[str, Any]:
        return {name: row[name] for name in ("billid", "amount", "paid_date", "payment_type", "vis_state")}
