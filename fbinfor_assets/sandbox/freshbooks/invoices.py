"""Invoices (invoices/invoices): lines, totals, states, actions.

Belongs here: an invoice's fields, how its state follows from amounts and dates, what it posts.
Does not belong here: payments (`payments`), arithmetic of lines (`amounts`).

Facts (freshbooks-api 7.2): customerid and create_date are required; lines are read only with include[]=lines and
a PUT of lines replaces all of them; due_date cannot be written (403/1038), it is create_date + due_offset_days;
status is a number, 0 to 3 can be set; v3_status: a draft stays a draft, overdue beats partial while the number
stays 2 (or 3), a sent document of nothing becomes overdue; the client's address is a copy made at creation.
A payment on a draft leaves it a draft. `action_mark_as_sent` sends, `action_email` too; fulfillment_date is set then.
A deposit is an amount or a per cent; v3_status has deposit-partial and deposit-paid. auto_bill, autobill_status,
deposit_status and last_order_status are writable only on creation. `parent` is the recurring template it came from.

Assumed: deposit_amount follows from a percentage alone; an invoice made from an estimate accepts that estimate, and
sending it makes the estimate invoiced.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from fbinfor_assets.sandbox.freshbooks import books, document, extras, fields, lines, listing
from fbinfor_assets.sandbox.freshbooks.amounts import HUNDRED, ZERO, cents, money, plain
from fbinfor_assets.sandbox.freshbooks.errors import (
    FreshBooksError,
    invalid,
    negative,
    not_a_number,
    read_only,
    required,
)
from fbinfor_assets.sandbox.freshbooks.resource import ACTIVE, DELETED, Resource
from fbinfor_assets.sandbox.freshbooks.world import World
from fbinfor_assets.sandbox.state import Row

if TYPE_CHECKING:
    from fbinfor_assets.sandbox.freshbooks.account import Account

DISPUTED, DRAFT, SENT, VIEWED = 0, 1, 2, 3

TEXTS: dict[str, str | None] = {
    "notes": "",
    "terms": None,
    "po_number": None,
    "address": "",
    "discount_description": None,
    "template": "clean-grouped",
    "return_uri": None,
    "payment_details": "",
}

READ_ONLY = ("amount", "outstanding", "paid", "v3_status", "display_status", "payment_status")

LINE_TYPES = (lines.NORMAL, lines.REBILLED_EXPENSE)

# Writable only on creation: the words they may be (freshbooks-api 7.2), none for true or false.
CREATION_ONLY: dict[str, tuple[Any, ...]] = {
    "auto_bill": (),
    "autobill_status": ("retry", "failed", "success"),
    "deposit_status": ("paid", "unpaid", "partial", "none", "converted"),
    "last_order_status": ("pending", "declined", "success"),
}


class Invoices(Resource):
    """Stored row: what `_new` shows; `amount`, `net`, `tax`, `discount_total`, `paid` as decimal text in
    `currency_code`; `status` the number that was set (0 to 3); `lines` see `lines`. Only where given: the fields of
    CREATION_ONLY, deposit_amount, deposit_percentage, estimateid, parent, generation_date, show_attachments and the
    extras (`extras.STORED`)."""

    single, plural, path = "invoice", "invoices", "invoices/invoices"
    id_field, title, scope = "invoiceid", "Invoice", "invoices"

    def __init__(self, world: World, account: Account) -> None:
        super().__init__(world)
        self._account = account
        state = world.state
        self._by_client = state.index(self.single, lambda row: row["customerid"])
        self._by_number = state.index(self.single, lambda row: row["invoice_number"])
        self._by_estimate = state.index(self.single, lambda row: row.get("estimateid"))
        self._by_profile = state.index(self.single, lambda row: row.get("parent"))
        self.filters = {
            "customerid": listing.by_number(self._by_client),
            "customerids": listing.by_number(self._by_client),
            "invoiceid": listing.by_id(),
            "invoiceids": listing.by_id(),
            "invoice_number": listing.by_text(self._by_number),
            "date_min": listing.from_day(lambda row: row["create_date"]),
            "date_max": listing.to_day(lambda row: row["create_date"]),
            "updated_min": listing.from_day(lambda row: row["updated"]),
            "updated_max": listing.to_day(lambda row: row["updated"]),
            "v3_status": listing.is_text(lambda row: self.states(row)[1]),
        }
        self.flags = {
            "paid": lambda row: self.states(row)[1] == "paid",
            "outstanding": lambda row: row["status"] != DRAFT and self.outstanding(row) > 0,
        }
        self.sorts = {"invoice_date": lambda row: row["create_date"]}

    def of_client(self, client_id: int) -> Iterator[Row]:
        """The client's invoices that are not deleted."""
        for id_ in self._by_client.ids(client_id):
            if self.rows[id_]["vis_state"] != DELETED:
                yield self.rows[id_]

    def of_estimate(self, estimate_id: int) -> list[Row]:
        """The invoices made from an estimate, deleted or not."""
        return [self.rows[id_] for id_ in self._by_estimate.ids(estimate_id)]

    def of_profile(self, profile_id: int) -> list[Row]:
        """The invoices a recurring template has made, deleted or not."""
        return [self.rows[id_] for id_ in self._by_profile.ids(profile_id)]

    # -- writing

    def create_row(self, given: fields.Given) -> Row:
        for name in ("customerid", "create_date"):
            if given.get(name) in (None, ""):
                raise required("invoice", name)
        client = self._account.clients.live(given, "customerid", "invoice")
        stamp, version = self.world.stamps()
        row: Row = {
            "id": 0,
            "customerid": client["id"],
            "invoice_number": "",
            "create_date": fields.day(given, "create_date", "invoice"),
            "due_offset_days": 0,
            "currency_code": client["currency_code"],
            "language": client["language"],
            "status": DRAFT,
            **TEXTS,
            **document.copy_of(client),
            **document.NOTHING,
            "paid": "0.00",
            "fulfillment_date": None,
            "created_at": stamp,
            "updated": stamp,
            "version": version,
            "vis_state": ACTIVE,
        }
        number = fields.text(given, "invoice_number", "invoice") if given.get("invoice_number") else None
        row["invoice_number"] = number or self._next_number()
        self._on_creation(row, given)
        row = self._changed(
            row, {k: v for k, v in given.items() if k not in ("invoice_number", "customerid", *CREATION_ONLY)}
        )
        if number:
            self._refuse_duplicate(number, None)
        extras.inherit_presentation(row, given, self.world)
        row["id"] = self.world.next_id(self.single)
        self.put(row)
        self.post(row)
        self._rebill(set(), row)
        self._tell_estimate(row)
        return row

    def _on_creation(self, row: Row, given: fields.Given) -> None:
        for name, allowed in CREATION_ONLY.items():
            if given.get(name) is not None:
                row[name] = (
                    fields.choice(given, name, "invoice", allowed)
                    if allowed
                    else fields.flag(given, name, "invoice")
                )
        if given.get("estimateid"):
            row["estimateid"] = self._account.estimates.live(given, "estimateid", "invoice")["id"]
        if given.get("parent"):
            row["parent"] = self._account.invoice_profiles.live(given, "parent", "invoice")["id"]

    def _tell_estimate(self, row: Row) -> None:
        if "estimateid" in row:
            self._account.estimates.used(row["estimateid"], sent=row["status"] != DRAFT)

    def update_row(self, row: Row, given: fields.Given) -> Row:
        changed = self.touched(self._changed(row, given))
        if changed["invoice_number"] != row["invoice_number"]:
            self._refuse_duplicate(changed["invoice_number"], row["id"])
        paid = Decimal(row["paid"])
        lowered = Decimal(changed["amount"]) < min(paid, Decimal(row["amount"]))
        if lowered and self.world.switches["lower_below_paid"] == "refuse":
            raise FreshBooksError(
                422,
                1040,
                f"The total cannot be less than the {paid} paid.",
                "invoice",
                "amount",
                changed["amount"],
            )
        self.put(changed)
        self.post(changed)
        self._rebill(lines.expense_ids(row["lines"]), changed)
        self._tell_estimate(changed)
        return changed

    def _changed(self, row: Row, given: Mapping[str, Any]) -> Row:
        if "due_date" in given:
            raise read_only("invoice", "due_date", given["due_date"])
        for name in READ_ONLY:
            if name in given and self.world.switches["read_only_fields"] == "refuse":
                raise read_only("invoice", name, given[name])
        for name in CREATION_ONLY:
            if name in given and self.world.switches["creation_only_fields"] == "refuse":
                raise read_only("invoice", name, given[name])
        changed = dict(row)
        document.change_client(changed, given, "invoice", self._account)
        document.change_texts(changed, given, "invoice", TEXTS)
        if given.get("invoice_number"):
            changed["invoice_number"] = fields.text(given, "invoice_number", "invoice")
        if given.get("create_date") is not None:
            changed["create_date"] = fields.day(given, "create_date", "invoice")
        if given.get("generation_date") is not None:
            changed["generation_date"] = fields.day(given, "generation_date", "invoice")
        if given.get("due_offset_days") is not None:
            changed["due_offset_days"] = fields.integer(given, "due_offset_days", "invoice")
        if given.get("show_attachments") is not None:
            changed["show_attachments"] = fields.flag(given, "show_attachments", "invoice")
        if given.get("lines") is not None:
            given = {**given, "lines": self._account.expenses.rebilled_lines(given["lines"], changed)}
        elif changed["customerid"] != row["customerid"] and lines.expense_ids(row["lines"]):
            # Assumed: the expenses on it belong to the client it had.
            raise invalid("invoice", "customerid", given["customerid"])
        document.change_lines(changed, row, given, "invoice", self._account, LINE_TYPES)
        _change_deposit(changed, given)
        extras.change(changed, given, "invoice")
        if given.get("status") is not None:
            changed["status"] = _settable_status(given["status"])
        self._act(changed, given)
        if row["status"] == DRAFT and changed["status"] != DRAFT:
            changed["fulfillment_date"] = self.world.today().isoformat()
        return changed

    def _act(self, changed: Row, given: Mapping[str, Any]) -> None:
        for action, word in (("action_mark_as_sent", "sent"), ("action_email", "emailed")):
            if action not in given or not fields.flag(given, action, "invoice"):
                continue
            if action == "action_email":
                fields.recipients(given, "email_recipients", "invoice")
            if changed["status"] == DRAFT:
                changed["status"] = SENT
            extras.note(changed, word, self.world.stamps()[0])

    def _next_number(self) -> str:
        while True:
            number = f"{self.world.state.next_number('invoice_number'):07}"
            if self._by_number.first(number) is None:
                return number

    def _refuse_duplicate(self, number: str, own_id: int | None) -> None:
        if self.world.switches["duplicate_invoice_number"] == "allow":
            return
        for id_ in self._by_number.ids(number):
            if id_ != own_id and self.rows[id_]["vis_state"] != DELETED:
                message = f"Invoice number '{number}' is already in use."
                raise FreshBooksError(422, 1029, message, "invoice", "invoice_number", number)

    def before_delete(self, row: Row) -> None:
        if self._account.payments.of_invoice(row["id"]):
            self.refuse_used("Invoice has payments and cannot be deleted.")

    def visibility_changed(self, row: Row) -> Row:
        self.post(row)
        self._rebill(lines.expense_ids(row["lines"]) if row["vis_state"] == DELETED else set(), row)
        return row

    def _rebill(self, before: set[int], row: Row) -> None:
        # The expenses it carries are invoiced, those it no longer carries are outstanding again.
        now = set() if row["vis_state"] == DELETED else lines.expense_ids(row["lines"])
        for expense_id in sorted(before - now):
            self._account.expenses.invoiced(expense_id, None)
        for expense_id in sorted(now - before):
            self._account.expenses.invoiced(expense_id, row["id"])

    def paid_changed(self, invoice_id: int) -> None:
        """A payment of this invoice came, changed or went: add up anew and post anew."""
        row = self.rows[invoice_id]
        payments = self._account.payments.of_invoice(invoice_id)
        row = {**row, "paid": str(sum((Decimal(payment["amount"]) for payment in payments), ZERO))}
        if self.world.switches["payment_touches_invoice"]:
            row = self.touched(row)
        self.put(row)
        self.post(row)

    # -- the ledger

    def posting_date(self, row: Row) -> str | None:
        """The day the invoice is in the receivables, None for a draft or a deleted one."""
        return None if row["status"] == DRAFT or row["vis_state"] == DELETED else row["create_date"]

    def post(self, row: Row) -> None:
        """Bring the ledger in line with the invoice and its payments."""
        postings: list[books.Posting] = []
        day = self.posting_date(row)
        if day and row["currency_code"] == self.world.currency:
            postings = [
                (day, books.RECEIVABLE, Decimal(row["amount"])),
                (day, books.SALES, -Decimal(row["net"])),
                (day, books.TAX, -Decimal(row["tax"])),
            ]
        self.world.books.sync(
            f"invoice:{row['id']}",
            f"Invoice {row['invoice_number']}",
            postings,
            sales_lines=len(lines.unpack(row["lines"])) if Decimal(row["net"]) else 1,
        )
        for payment in self._account.payments.of_invoice(row["id"]):
            self._account.payments.post(payment)

    # -- reading

    def outstanding(self, row: Row) -> Decimal:
        """Amount less paid; negative where an invoice was lowered below what was paid."""
        return Decimal(row["amount"]) - Decimal(row["paid"])

    def due_date(self, row: Row) -> str:
        """create_date + due_offset_days."""
        if not row["due_offset_days"]:
            return row["create_date"]
        return (date.fromisoformat(row["create_date"]) + timedelta(row["due_offset_days"])).isoformat()

    def overdue(self, row: Row) -> bool:
        """Whether the invoice reads as overdue today."""
        return self.states(row)[1] == "overdue"

    def states(self, row: Row) -> tuple[int, str, str, str]:
        """(status, v3_status, payment_status, display_status) as read today."""
        outstanding, paid = self.outstanding(row), Decimal(row["paid"])
        payment = "unpaid" if paid <= 0 else "partial" if outstanding > 0 else "paid"
        status = row["status"]
        if status == DRAFT:
            return DRAFT, "draft", payment, "draft"
        display = "viewed" if status == VIEWED else "sent"
        if status == DISPUTED:
            return DISPUTED, "disputed", payment, display
        if payment == "paid":
            return self.world.switches["paid_status_number"], "paid", payment, display
        if self.due_date(row) < self.world.today().isoformat():
            return status, "overdue", payment, display
        if payment == "partial":
            deposit, _, deposit_status = self.deposit(row)
            if deposit_status == "none":
                return status, "partial", payment, display
            return status, "deposit-partial" if paid < deposit else "deposit-paid", payment, display
        return status, display, payment, display

    def deposit(self, row: Row) -> tuple[Decimal, str | None, str]:
        """(amount asked for in advance, its per cent if given so, deposit_status as read today)."""
        percentage = row.get("deposit_percentage")
        if "deposit_amount" in row:
            amount = Decimal(row["deposit_amount"])
        else:
            amount = cents(Decimal(row["amount"]) * Decimal(percentage or 0) / HUNDRED)
        paid = Decimal(row["paid"])
        status = "unpaid" if paid <= 0 else "partial" if paid < amount else "paid"
        return amount, percentage, row.get("deposit_status") or (status if amount else "none")

    def _date_paid(self, invoice_id: int) -> str:
        return max(payment["date"] for payment in self._account.payments.of_invoice(invoice_id))

    def view(self, row: Row, include: Collection[str] = ()) -> dict[str, Any]:
        id_, code = row["id"], row["currency_code"]
        status, v3_status, payment_status, display_status = self.states(row)
        client = self._account.clients.rows.get(row["customerid"])
        deposit, deposit_percentage, deposit_status = self.deposit(row)
        view = {
            "accountid": self.world.account_id,
            "accounting_systemid": self.world.account_id,
            "auto_bill": False,
            "autobill_status": None,
            "basecampid": 0,
            "current_organization": client["organization"] if client else row["organization"],
            "date_paid": self._date_paid(id_) if payment_status == "paid" else None,
            "dispute_status": "disputed" if status == DISPUTED else None,
            "due_date": self.due_date(row),
            "estimateid": 0,
            "ext_archive": 0,
            "generation_date": None,
            "gmail": False,
            "invoiceid": id_,
            "last_order_status": None,
            "ownerid": 1,
            "parent": 0,
            "sentid": 1,
            "show_attachments": False,
            "uuid": self.world.uuid("invoice", id_),
            **{name: value for name, value in row.items() if name not in extras.STORED},
            "deposit_amount": money(str(deposit), code) if deposit else None,
            "deposit_percentage": deposit_percentage,
            "deposit_status": deposit_status,
            "display_status": display_status,
            "net_paid_amount": money(row["paid"], code),
            "outstanding": money(str(self.outstanding(row)), code),
            "paid": money(row["paid"], code),
            "payment_status": payment_status,
            "status": status,
            "v3_status": v3_status,
        }
        document.show_worth(view, row, "invoiceid", row["updated"], with_lines="lines" in include)
        return view | extras.show(row, include, "invoiceid", self._account)

    def summary(self, row: Row) -> dict[str, Any]:
        names = (
            "customerid",
            "invoice_number",
            "create_date",
            "net",
            "tax",
            "amount",
            "paid",
            "status",
            "vis_state",
        )
        return {name: row[name] for name in names}


def _settable_status(value: Any) -> int:
    # Texts are refused although the NODE SDK sends them; 4 to 8 are FreshBooks' own (freshbooks-api 7.2).
    if isinstance(value, bool) or not isinstance(value, int):
        raise not_a_number("invoice", "status", value)
    if value not in (DISPUTED, DRAFT, SENT, VIEWED):
        message = "Status must be one of 'draft', 'sent', 'viewed' or 'disputed'."
        raise FreshBooksError(422, 1004, message, "invoice", "status", value)
    return value


def _change_deposit(changed: Row, given: Mapping[str, Any]) -> None:
    if given.get("deposit_percentage") is not None:
        percentage = fields.number(given, "deposit_percentage", "invoice")
        if not 0 <= percentage <= HUNDRED:
            raise invalid("invoice", "deposit_percentage", given["deposit_percentage"])
        changed["deposit_percentage"] = plain(percentage)
        changed.pop("deposit_amount", None)
    if given.get("deposit_amount") is not None:
        amount = fields.money(given, "deposit_amount", "invoice", changed["currency_code"])
        if amount < 0:
            raise negative("invoice", "deposit_amount", amount)
        changed["deposit_amount"] = str(amount)
