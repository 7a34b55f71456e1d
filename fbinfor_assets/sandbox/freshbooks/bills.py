"""Bills (bills/bills): what vendors charge and is paid later.

Belongs here: a bill's fields, totals and state, what it posts.
Does not belong here: its lines (`bill_lines`), payments of it (`bill_payments`), vendors (`bill_vendors`).

Facts (freshbooks-api 7.5): vendorid, issue_date, due_offset_days, currency_code, language and each line's categoryid
are required (switch bill_required_fields); amounts, due_date, status, overall_category and overall_description are
read only, 403/1038; there is no notes field. `amount` is before tax, `total_amount` with it. overall_category is the
lines' category or "Split", overall_description the first line's description that is not null. created_at and
updated_at are UTC. Archiving is vis_state 2. Filters are vendorid, statuses, currency_code, ids and, by a switch,
issue_date_min and _max; `vendor_id` and `status` are ignored. Bills are plan gated, errno 41001 (freshbooks-api 4).

Assumed: overdue beats partial, as on invoices; a bill of nothing is never paid; lines may be left out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from fbinfor_assets.sandbox.freshbooks import bill_lines, books, fields, lines, listing
from fbinfor_assets.sandbox.freshbooks.amounts import ZERO, money
from fbinfor_assets.sandbox.freshbooks.errors import (
    FreshBooksError,
    invalid,
    out_of_range,
    read_only,
    required,
)
from fbinfor_assets.sandbox.freshbooks.receipts import stored_attachment
from fbinfor_assets.sandbox.freshbooks.resource import ACTIVE, DELETED, Feature, Resource
from fbinfor_assets.sandbox.freshbooks.world import World
from fbinfor_assets.sandbox.state import Row

if TYPE_CHECKING:
    from fbinfor_assets.sandbox.freshbooks.account import Account

REQUIRED = ("vendorid", "issue_date", "due_offset_days", "currency_code", "language")

# Seen refused (freshbooks-api 7.5); the others of the list are refused by a switch.
ALWAYS_READ_ONLY = ("amount", "overall_description")
READ_ONLY = ("due_date", "outstanding", "overall_category", "paid", "status", "tax_amount", "total_amount")

SPLIT = "Split"


class Bills(Resource):
    """Stored row: as `create_row` shows; `net`, `tax`, `total`, `paid` as decimal text in currency_code; `lines` see
    `bill_lines`."""

    single, plural, path = "bill", "bills", "bills/bills"
    id_field, title, scope = "id", "Bill", "bills"
    feature = Feature("bills_feature", 41001, "bills")

    def __init__(self, world: World, account: Account) -> None:
        super().__init__(world)
        self._account = account
        state = world.state
        by_vendor = state.index(self.single, lambda row: row["vendorid"])
        self._open_of_vendor = state.index(self.single, lambda row: row["vendorid"] if _open(row) else None)
        self._open_amounts = state.index(
            self.single, lambda row: (row["currency_code"], str(outstanding(row))) if _open(row) else None
        )
        self.filters = {
            "vendorid": listing.by_number(by_vendor),
            "ids": listing.by_id(),
            "statuses": listing.is_text(self.status),
            "currency_code": listing.is_text(lambda row: row["currency_code"]),
            "issue_date_min": self._by_switch(listing.from_day(lambda row: row["issue_date"])),
            "issue_date_max": self._by_switch(listing.to_day(lambda row: row["issue_date"])),
        }

    def _by_switch(self, known: listing.Filter) -> listing.Filter:
        def works() -> bool:
            return self.world.switches["bill_date_filters"] == "work"

        def test(wanted: list[Any]) -> listing.Test:
            assert known.test is not None
            return known.test(wanted) if works() else lambda row: True

        return replace(
            known, parse=lambda key, value: known.parse(key, value) if works() else value, test=test
        )

    def of_vendor(self, vendor_id: int) -> Iterator[Row]:
        """The vendor's bills that are not deleted and of which something is outstanding."""
        return (self.rows[id_] for id_ in self._open_of_vendor.ids(vendor_id))

    def has_open(self, currency: str, amount: str) -> bool:
        """Whether exactly this is outstanding on some bill."""
        return self._open_amounts.first((currency, amount)) is not None

    # -- writing

    def create_row(self, given: fields.Given) -> Row:
        needed = REQUIRED if self.world.switches["bill_required_fields"] == "all" else REQUIRED[:2]
        for name in needed:
            if given.get(name) in (None, ""):
                raise required("bill", name)
        vendor = self._account.bill_vendors.live(given, "vendorid", "bill")
        stamp = self.stamp()
        row: Row = {
            "id": 0,
            "vendorid": vendor["id"],
            "bill_number": None,
            "issue_date": "",
            "due_offset_days": 0,
            "currency_code": vendor["currency_code"],
            "language": vendor["language"],
            "attachment": None,
            "lines": "[]",
            "overall_category": None,
            "overall_description": None,
            "net": "0.00",
            "tax": "0.00",
            "total": "0.00",
            "paid": "0.00",
            "created_at": stamp,
            "updated_at": stamp,
            "vis_state": ACTIVE,
        }
        row = self._changed(row, {name: value for name, value in given.items() if name != "vendorid"})
        row["id"] = self.world.next_id(self.single)
        return self._stored(row)

    def update_row(self, row: Row, given: fields.Given) -> Row:
        changed = self.touched(self._changed(row, given))
        paid = Decimal(row["paid"])
        lowered = Decimal(changed["total"]) < min(paid, Decimal(row["total"]))
        if lowered and self.world.switches["lower_below_paid"] == "refuse":
            message = f"The total cannot be less than the {paid} paid."
            raise FreshBooksError(422, 1040, message, "bill", "amount", changed["total"])
        return self._stored(changed)

    def _changed(self, row: Row, given: Mapping[str, Any]) -> Row:
        self._refuse_read_only(given)
        changed = dict(row)
        if given.get("vendorid") is not None:
            changed["vendorid"] = self._account.bill_vendors.live(given, "vendorid", "bill")["id"]
        if "bill_number" in given:
            changed["bill_number"] = fields.text(given, "bill_number", "bill") or None
        for name in ("currency_code", "language"):
            if given.get(name):
                changed[name] = fields.text(given, name, "bill")
        if given.get("issue_date") is not None:
            changed["issue_date"] = fields.day(given, "issue_date", "bill")
        if given.get("due_offset_days") is not None:
            changed["due_offset_days"] = fields.integer(given, "due_offset_days", "bill")
        try:
            self.due_date(changed)
        except OverflowError:
            raise out_of_range("bill", "due_offset_days", changed["due_offset_days"]) from None
        if "attachment" in given:
            kept = row["attachment"]
            changed["attachment"] = stored_attachment(self.world, given, "bill", kept)
        if given.get("lines") is not None:
            self._take_lines(changed, given["lines"])
        elif changed["currency_code"] != row["currency_code"] and row["lines"] != "[]":
            raise invalid("bill", "currency_code", given["currency_code"])
        return changed

    def _refuse_read_only(self, given: Mapping[str, Any]) -> None:
        refused = ALWAYS_READ_ONLY
        if self.world.switches["read_only_fields"] == "refuse":
            refused += READ_ONLY
        for name in refused:
            if given.get(name) is not None:
                raise read_only("bill", name, given[name])

    def _take_lines(self, changed: Row, given: Any) -> None:
        kept = lines.unpack(changed["lines"])
        stored = bill_lines.stored_lines(self._account, given, changed["currency_code"], kept)
        net = sum((Decimal(line["amount"]) for line in stored), ZERO)
        tax = sum(map(bill_lines.line_tax, stored), ZERO)
        categories = {line["categoryid"] for line in stored}
        described = (line["description"] for line in stored if line.get("description"))
        changed["lines"] = lines.pack(stored)
        changed["net"], changed["tax"], changed["total"] = str(net), str(tax), str(net + tax)
        changed["overall_description"] = next(described, None)
        changed["overall_category"] = None
        if categories:
            first = self._account.categories.rows[stored[0]["categoryid"]]
            changed["overall_category"] = first["category"] if len(categories) == 1 else SPLIT

    def _stored(self, row: Row) -> Row:
        self.put(row)
        self.post(row)
        return row

    def before_delete(self, row: Row) -> None:
        if self._account.bill_payments.of_bill(row["id"]):
            self.refuse_used("Bill has payments and cannot be deleted.")

    def visibility_changed(self, row: Row) -> Row:
        self.post(row)
        return row

    def paid_changed(self, bill_id: int) -> None:
        """A payment of this bill came, changed or went: add up anew."""
        payments = self._account.bill_payments.of_bill(bill_id)
        paid = sum((Decimal(payment["amount"]) for payment in payments), ZERO)
        row = {**self.rows[bill_id], "paid": str(paid)}
        self.put(self.touched(row) if self.world.switches["payment_touches_invoice"] else row)

    def stamp(self) -> str:
        return self.world.utc_stamp()

    # -- the ledger

    def post(self, row: Row) -> None:
        """The lines' costs by category, and recoverable tax, against the payables on the day of issue."""
        postings: list[books.Posting] = []
        if row["vis_state"] != DELETED and row["currency_code"] == self.world.currency:
            day = row["issue_date"]
            for line in lines.unpack(row["lines"]):
                account = self._account.categories.account(line["categoryid"])
                postings.append((day, account, Decimal(line["amount"])))
                self._account.categories.used(line["categoryid"])
            postings += [(day, books.TAX, Decimal(row["tax"])), (day, books.PAYABLE, -Decimal(row["total"]))]
        text = f"Bill {row['bill_number'] or row['id']}"
        self.world.books.sync(f"bill:{row['id']}", text, postings)

    # -- reading

    def due_date(self, row: Row) -> str:
        """issue_date + due_offset_days."""
        return (date.fromisoformat(row["issue_date"]) + timedelta(row["due_offset_days"])).isoformat()

    def overdue(self, row: Row) -> bool:
        """Whether the bill's day is past (US/Eastern) and something is outstanding."""
        return self.status(row) == "overdue"

    def status(self, row: Row) -> str:
        """unpaid, overdue, partial or paid, as it reads today."""
        paid = Decimal(row["paid"])
        if paid > 0 and outstanding(row) <= 0:
            return "paid"
        if self.due_date(row) < self.world.today().isoformat():
            return "overdue"
        return "partial" if paid > 0 else "unpaid"

    def view(self, row: Row, include: Collection[str] = ()) -> dict[str, Any]:
        code = row["currency_code"]
        account = self._account
        view = {
            **row,
            "amount": money(row["net"], code),
            "bill_payments": [
                account.bill_payments.view(p) for p in account.bill_payments.of_bill(row["id"])
            ],
            "due_date": self.due_date(row),
            "outstanding": money(str(outstanding(row)), code),
            "paid": money(row["paid"], code),
            "status": self.status(row),
            "tax_amount": money(row["tax"], code),
            "total_amount": money(row["total"], code),
        }
        del view["net"], view["tax"], view["total"], view["lines"]
        if "lines" in include or self.world.switches["bill_lines"] == "always":
            stored = lines.unpack(row["lines"])
            view["lines"] = [bill_lines.line_view(account, line, n, code) for n, line in enumerate(stored, 1)]
        if "vendor" in include:
            view["vendor"] = account.bill_vendors.view(account.bill_vendors.rows[row["vendorid"]])
        return view

    def summary(self, row: Row) -> dict[str, Any]:
        names = ("vendorid", "bill_number", "issue_date", "net", "tax", "total", "paid", "vis_state")
        return {name: row[name] for name in names}


def outstanding(row: Row) -> Decimal:
    """What is left to pay of a stored bill."""
    return Decimal(row["total"]) - Decimal(row["paid"])


def _open(row: Row) -> bool:
    return row["vis_state"] != DELETED and outstanding(row) > 0
