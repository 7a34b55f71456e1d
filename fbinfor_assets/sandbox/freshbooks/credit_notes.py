"""Credit notes (credit_notes/credit_notes): goodwill, overpayment, prepayment.

Belongs here: a credit note's fields, how much of it is used, what it posts.
Does not belong here: applying one (a payment of type Credit, `payments`).

Facts (freshbooks-api 7.7): clientid and create_date are required; the wrapper is `credit_note`, the NODE SDK's
plural is refused; `status` and `display_status` are texts; there is no `updated`. Money held for a client
(overpayment, prepayment) is a liability and no revenue; goodwill takes back revenue and tax.

Assumed: a new credit note is "created" and posts at once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from fbinfor_assets.sandbox.freshbooks import books, fields, lines, listing
from fbinfor_assets.sandbox.freshbooks.amounts import ZERO, line_view, money, totals
from fbinfor_assets.sandbox.freshbooks.document import SNAPSHOT
from fbinfor_assets.sandbox.freshbooks.errors import FreshBooksError, required
from fbinfor_assets.sandbox.freshbooks.resource import ACTIVE, DELETED, Resource
from fbinfor_assets.sandbox.freshbooks.world import World
from fbinfor_assets.sandbox.state import Row

if TYPE_CHECKING:
    from fbinfor_assets.sandbox.freshbooks.account import Account

CREDIT_TYPES = ("goodwill", "overpayment", "prepayment")

TEXTS: dict[str, str | None] = {"notes": "", "terms": None, "template": "clean-grouped", "payment_type": None}


class CreditNotes(Resource):
    """Stored row: as `create_row` shows; `amount`, `net`, `tax`, `paid` (used) as decimal text."""

    single, plural, path = "credit_note", "credit_notes", "credit_notes/credit_notes"
    id_field, title, scope = "creditid", "Credit note", "credit_notes"

    def __init__(self, world: World, account: Account) -> None:
        super().__init__(world)
        self._account = account
        self._by_client = world.state.index(self.single, lambda row: row["clientid"])
        self._by_number = world.state.index(self.single, lambda row: row["credit_number"])
        # No filter on number, id or `updated` was ever seen to work.
        self.filters = {
            "clientid": listing.by_number(self._by_client),
            "date_min": listing.from_day(lambda row: row["create_date"]),
            "date_max": listing.to_day(lambda row: row["create_date"]),
        }

    def of_client(self, client_id: int) -> Iterator[Row]:
        """The client's credit notes that are not deleted."""
        for id_ in self._by_client.ids(client_id):
            if self.rows[id_]["vis_state"] != DELETED:
                yield self.rows[id_]

    # -- writing

    def create_row(self, given: fields.Given) -> Row:
        for name in ("clientid", "create_date"):
            if given.get(name) in (None, ""):
                raise required("credit_note", name)
        client = self._account.clients.live(given, "clientid", "credit_note")
        row: Row = {
            "id": 0,
            "clientid": client["id"],
            "credit_number": "",
            "credit_type": "goodwill",
            "create_date": "",
            "currency_code": client["currency_code"],
            "language": client["language"],
            "description": "",
            **TEXTS,
            **{name: client[of] for name, of in SNAPSHOT.items()},
            "lines": "[]",
            "net": "0.00",
            "tax": "0.00",
            "amount": "0.00",
            "paid": "0.00",
            "vis_state": ACTIVE,
        }
        row = self._changed(row, {name: value for name, value in given.items() if name != "clientid"})
        row["credit_number"] = row["credit_number"] or self._next_number()
        row["id"] = self.world.next_id(self.single)
        self.put(row)
        self.post(row)
        return row

    def update_row(self, row: Row, given: fields.Given) -> Row:
        changed = self._changed(row, given)
        used = Decimal(row["paid"])
        lowered = Decimal(changed["amount"]) < min(used, Decimal(row["amount"]))
        if lowered and self.world.switches["lower_below_paid"] == "refuse":
            message = f"The total cannot be less than the {used} applied."
            raise FreshBooksError(422, 1040, message, "credit_note", "amount", changed["amount"])
        self.put(changed)
        self.post(changed)
        for payment in self._account.payments.of_credit(row["id"]):
            self._account.payments.post(payment)
        return changed

    def _changed(self, row: Row, given: Mapping[str, Any]) -> Row:
        changed = dict(row)
        if given.get("clientid") is not None:
            changed["clientid"] = self._account.clients.live(given, "clientid", "credit_note")["id"]
        for name in (*TEXTS, *SNAPSHOT):
            if name in given:
                changed[name] = fields.text(given, name, "credit_note")
        for name in ("credit_number", "currency_code", "language"):
            if given.get(name):
                changed[name] = fields.text(given, name, "credit_note")
        if given.get("credit_type") is not None:
            changed["credit_type"] = fields.choice(given, "credit_type", "credit_note", CREDIT_TYPES)
        if given.get("create_date") is not None:
            changed["create_date"] = fields.day(given, "create_date", "credit_note")
        if given.get("lines") is not None:
            stored = self._account.stored_lines(given["lines"], changed["currency_code"])
            worth = totals(stored, ZERO, self.world.switches["tax_rounding"])
            changed["lines"] = lines.pack(stored)
            changed["net"], changed["tax"], changed["amount"] = (
                str(worth.net),
                str(worth.tax),
                str(worth.total),
            )
            changed["description"] = (
                (stored[0].get("description") or stored[0].get("name", "")) if stored else ""
            )
        return changed

    def overpayment(self, payment: Row, excess: Decimal) -> int:
        """Hold what a payment is above its invoice as credit of the client; give the credit note's id.

        A payment that already split off a credit note enlarges that one.
        """
        number = self._account.invoices.rows[payment["invoiceid"]]["invoice_number"]
        held = self.rows.get(payment["overpaymentid"]) if payment["overpaymentid"] is not None else None
        amount = excess + (Decimal(held["amount"]) if held else ZERO)
        given = {
            "credit_type": "overpayment",
            "create_date": payment["date"],
            "currency_code": payment["currency_code"],
            "lines": [
                {
                    "name": "Overpayment",
                    "description": f"Overpayment: invoice #{number}",
                    "qty": 1,
                    "unit_cost": {"amount": str(amount), "code": payment["currency_code"]},
                }
            ],
        }
        if held:
            row = self.update_row(held, given)
        else:
            row = self.create_row({**given, "clientid": payment["clientid"]})
        self.log("system.update" if held else "system.split", row, given)
        return row["id"]

    def follow_payment(self, credit_id: int, vis_state: int) -> None:
        """The payment an overpayment came from was deleted or restored: so is the credit."""
        row = self.put({**self.rows[credit_id], "vis_state": vis_state})
        self.post(row)
        self.log("system.delete" if vis_state == DELETED else "system.update", row, {"vis_state": vis_state})

    def applied_changed(self, credit_id: int) -> None:
        """A payment from this credit came, changed or went: add up anew."""
        used = sum((Decimal(p["amount"]) for p in self._account.payments.of_credit(credit_id)), ZERO)
        self.put({**self.rows[credit_id], "paid": str(used)})

    def before_delete(self, row: Row) -> None:
        if self._account.payments.of_credit(row["id"]):
            self.refuse_used("Credit note is used and cannot be deleted.")

    def visibility_changed(self, row: Row) -> Row:
        self.post(row)
        return row

    def _next_number(self) -> str:
        while True:
            number = f"{self.world.state.next_number('credit_number'):07}"
            if self._by_number.first(number) is None:
                return number

    # -- the ledger

    def account(self, credit_id: int) -> str:
        """The account a payment from this credit is taken from."""
        return books.RECEIVABLE if self.rows[credit_id]["credit_type"] == "goodwill" else books.ADVANCE

    def post(self, row: Row) -> None:
        """Goodwill takes back revenue and tax from the receivable; money held is cash against a liability."""
        postings: list[books.Posting] = []
        if row["vis_state"] != DELETED and row["currency_code"] == self.world.currency:
            day, amount = row["create_date"], Decimal(row["amount"])
            if row["credit_type"] == "goodwill":
                postings = [
                    (day, books.SALES, Decimal(row["net"])),
                    (day, books.TAX, Decimal(row["tax"])),
                    (day, books.RECEIVABLE, -amount),
                ]
            else:
                postings = [(day, books.CASH, amount), (day, books.ADVANCE, -amount)]
        self.world.books.sync(f"credit_note:{row['id']}", f"Credit note {row['credit_number']}", postings)

    # -- reading

    def view(self, row: Row, include: Collection[str] = ()) -> dict[str, Any]:
        id_, code = row["id"], row["currency_code"]
        client = self._account.clients.rows.get(row["clientid"])
        amount, used = Decimal(row["amount"]), Decimal(row["paid"])
        view = {
            "accounting_systemid": self.world.account_id,
            "creditid": id_,
            "current_organization": client["organization"] if client else row["organization"],
            "display_status": "created",
            "dispute_status": None,
            "ext_archive": 0,
            "last_order_status": None,
            "payment_status": "unpaid" if used <= 0 else "partial" if used < amount else "paid",
            "sentid": 1,
            "status": "created",
            **row,
            "amount": money(row["amount"], code),
            "paid": money(row["paid"], code),
        }
        del view["net"], view["tax"]
        stored = lines.unpack(view.pop("lines"))
        if "lines" in include:
            stamp = row["create_date"] + " 00:00:00"
            view["lines"] = [line_view(s, n, "creditid", id_, code, stamp) for n, s in enumerate(stored, 1)]
        return view

    def summary(self, row: Row) -> dict[str, Any]:
        names = (
            "clientid",
            "credit_number",
            "credit_type",
            "create_date",
            "net",
            "tax",
            "amount",
            "vis_state",
        )
        return {name: row[name] for name in names}
