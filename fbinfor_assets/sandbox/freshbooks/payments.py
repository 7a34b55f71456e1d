"""Payments (payments/payments): receipts and applied credit.

Belongs here: a payment's fields, the overpayment split, what a payment posts.
Does not belong here: how an invoice's state follows (`invoices`), credit notes themselves (`credit_notes`).

Facts (freshbooks-api 7.3): paying 3300.00 on an invoice of 180.00 stores 180.00 and an `overpaymentid`; the excess
becomes a credit note of type overpayment, "Overpayment: invoice #...". Deleting a payment opens the invoice again.
There is no idempotency key and no filter on note, transactionid or orderid.

Assumed: overpaymentid is the credit note's id; deleting the payment deletes its overpayment credit; a payment
without a type is "Other"; credit is applied by type "Credit" with a creditid, up to what is left of it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from fbinfor_assets.sandbox.freshbooks import books, fields, listing
from fbinfor_assets.sandbox.freshbooks.amounts import ZERO, money
from fbinfor_assets.sandbox.freshbooks.errors import invalid, negative, required
from fbinfor_assets.sandbox.freshbooks.resource import ACTIVE, DELETED, Resource
from fbinfor_assets.sandbox.freshbooks.world import World
from fbinfor_assets.sandbox.state import Row

if TYPE_CHECKING:
    from fbinfor_assets.sandbox.freshbooks.account import Account

TYPES = (
    "Check",
    "Credit",
    "Cash",
    "Bank Transfer",
    "Credit Card",
    "Debit",
    "PayPal",
    "2Checkout",
    "VISA",
    "MASTERCARD",
    "DISCOVER",
    "AMEX",
    "DINERS",
    "JCB",
    "ACH",
    "Eurocard",
    "Nova",
    "Other",
)
# Casing is put right (seen on other income: "Visa" becomes "VISA").
_CANONICAL = {name.casefold(): name for name in TYPES}

TEXTS: dict[str, str | None] = {"note": "", "orderid": None, "transactionid": None, "gateway": None}


def payment_type(given: fields.Given, name: str, object: str) -> str:
    """A payment type in FreshBooks' own casing. 422/1004 for one it does not have."""
    type_ = _CANONICAL.get((fields.text(given, name, object) or "").casefold())
    if type_ is None:
        raise invalid(object, name, given[name])
    return type_


class Payments(Resource):
    """Stored row: id, invoiceid, clientid, amount (decimal text in currency_code), date, type, the texts above,
    creditid, overpaymentid, updated, vis_state."""

    single, plural, path = "payment", "payments", "payments/payments"
    id_field, title, scope = "paymentid", "Payment", "payments"
    money_amount = True

    def __init__(self, world: World, account: Account) -> None:
        super().__init__(world)
        self._account = account
        state = world.state
        self._by_invoice = state.index(self.single, lambda row: row["invoiceid"])
        self._by_credit = state.index(self.single, lambda row: row["creditid"])
        by_client = state.index(self.single, lambda row: row["clientid"])
        self.filters = {
            "invoiceid": listing.by_number(self._by_invoice),
            "clientid": listing.by_number(by_client),
            "clientids": listing.by_number(by_client),
            "date_min": listing.from_day(lambda row: row["date"]),
            "date_max": listing.to_day(lambda row: row["date"]),
            "updated_min": listing.from_day(lambda row: row["updated"]),
            "updated_max": listing.to_day(lambda row: row["updated"]),
            "amount_min": listing.at_least(lambda row: row["amount"]),
            "amount_max": listing.at_most(lambda row: row["amount"]),
            "type": listing.is_text(lambda row: row["type"]),
            "currency": listing.is_text(lambda row: row["currency_code"]),
        }

    def of_invoice(self, invoice_id: int) -> list[Row]:
        """The invoice's payments that are not deleted, in order of arrival."""
        found = (self.rows[id_] for id_ in self._by_invoice.ids(invoice_id))
        return [row for row in found if row["vis_state"] != DELETED]

    def of_credit(self, credit_id: int) -> list[Row]:
        """The payments made from a credit note that are not deleted."""
        found = (self.rows[id_] for id_ in self._by_credit.ids(credit_id))
        return [row for row in found if row["vis_state"] != DELETED]

    # -- writing

    def create_row(self, given: fields.Given) -> Row:
        for name in ("invoiceid", "amount", "date"):
            if given.get(name) in (None, ""):
                raise required("payment", name)
        invoice = self._account.invoices.live(given, "invoiceid", "payment")
        row: Row = {
            "id": 0,
            "invoiceid": invoice["id"],
            "clientid": invoice["customerid"],
            "currency_code": invoice["currency_code"],
            "amount": "0.00",
            "date": "",
            "type": "Other",
            **TEXTS,
            "creditid": None,
            "overpaymentid": None,
            "updated": self.world.stamps()[0],
            "vis_state": ACTIVE,
        }
        row = self._changed(row, given)
        if self.world.switches["payment_on_paid_invoice"] == "refuse" and self._open(row) <= 0:
            raise invalid("payment", "invoiceid", invoice["id"])
        row["id"] = self.world.next_id(self.single)
        return self._stored(row)

    def update_row(self, row: Row, given: fields.Given) -> Row:
        if given.get("invoiceid") not in (None, row["invoiceid"], str(row["invoiceid"])):
            raise invalid("payment", "invoiceid", given["invoiceid"])
        return self._stored(self.touched(self._changed(row, given)))

    def _changed(self, row: Row, given: Mapping[str, Any]) -> Row:
        changed = dict(row)
        if given.get("amount") is not None:
            amount = fields.money(given, "amount", "payment", row["currency_code"])
            if amount <= 0:
                raise negative("payment", "amount", given["amount"].get("amount"))
            changed["amount"] = str(amount)
        if given.get("date") is not None:
            changed["date"] = fields.day(given, "date", "payment")
        if given.get("type") is not None:
            changed["type"] = payment_type(given, "type", "payment")
        for name in TEXTS:
            if name in given:
                changed[name] = fields.text(given, name, "payment")
        if given.get("creditid"):
            changed["creditid"] = self._account.credit_notes.live(given, "creditid", "payment")["id"]
        if changed["type"] == "Credit":
            self._check_credit(changed)
        elif changed["creditid"] is not None:
            raise invalid("payment", "type", changed["type"])
        return changed

    def _check_credit(self, row: Row) -> None:
        if row["creditid"] is None:
            raise required("payment", "creditid")
        note = self._account.credit_notes.rows[row["creditid"]]
        used = sum((Decimal(p["amount"]) for p in self.of_credit(note["id"]) if p["id"] != row["id"]), ZERO)
        alike = (note["clientid"], note["currency_code"]) == (row["clientid"], row["currency_code"])
        if not alike:
            raise invalid("payment", "creditid", row["creditid"])
        if Decimal(row["amount"]) > min(Decimal(note["amount"]) - used, self._open(row)):
            raise invalid("payment", "amount", row["amount"])

    def _open(self, row: Row) -> Decimal:
        # What the invoice still takes, this payment aside.
        others = (Decimal(p["amount"]) for p in self.of_invoice(row["invoiceid"]) if p["id"] != row["id"])
        return Decimal(self._account.invoices.rows[row["invoiceid"]]["amount"]) - sum(others, ZERO)

    def _stored(self, row: Row) -> Row:
        taken = max(min(Decimal(row["amount"]), self._open(row)), ZERO)
        excess = Decimal(row["amount"]) - taken
        if excess:
            row["amount"] = str(taken)
            row["overpaymentid"] = self._account.credit_notes.overpayment(row, excess)
        self.put(row)
        self._consequences(row)
        return row

    def _consequences(self, row: Row) -> None:
        self.post(row)
        self._account.invoices.paid_changed(row["invoiceid"])
        if row["creditid"] is not None:
            self._account.credit_notes.applied_changed(row["creditid"])

    def before_delete(self, row: Row) -> None:
        if row["overpaymentid"] is not None and self.of_credit(row["overpaymentid"]):
            self.refuse_used("The overpayment of this payment is used; it cannot be deleted.")

    def visibility_changed(self, row: Row) -> Row:
        if row["overpaymentid"] is not None:
            self._account.credit_notes.follow_payment(row["overpaymentid"], row["vis_state"])
        self._consequences(row)
        return row

    # -- the ledger

    def post(self, row: Row) -> None:
        """Cash against the receivable; before the invoice is in the receivables, against payments in advance."""
        postings: list[books.Posting] = []
        if row["vis_state"] != DELETED and row["currency_code"] == self.world.currency:
            amount, day = Decimal(row["amount"]), row["date"]
            invoiced = self._account.invoices.posting_date(self._account.invoices.rows[row["invoiceid"]])
            source = (
                books.CASH if row["creditid"] is None else self._account.credit_notes.account(row["creditid"])
            )
            postings = [(day, source, amount)]
            if invoiced is None:
                postings.append((day, books.ADVANCE, -amount))
            elif invoiced <= day:
                postings.append((day, books.RECEIVABLE, -amount))
            else:
                postings += [
                    (day, books.ADVANCE, -amount),
                    (invoiced, books.ADVANCE, amount),
                    (invoiced, books.RECEIVABLE, -amount),
                ]
        self.world.books.sync(f"payment:{row['id']}", f"Payment {row['id']}, {row['type']}", postings)

    # -- reading

    def view(self, row: Row, include: Collection[str] = ()) -> dict[str, Any]:
        view = {
            "accounting_systemid": self.world.account_id,
            "bulk_paymentid": None,
            "from_credit": row["creditid"] is not None,
            "logid": row["id"],
            "send_client_notification": None,
            **row,
            "amount": money(row["amount"], row["currency_code"]),
        }
        del view["currency_code"]
        return view

    def summary(self, row: Row) -> dict[str, Any]:
        names = ("invoiceid", "clientid", "amount", "date", "type", "creditid", "overpaymentid", "vis_state")
        return {name: row[name] for name in names}
