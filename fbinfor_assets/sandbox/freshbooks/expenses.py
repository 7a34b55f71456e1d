"""Expenses (expenses/expenses): what was bought and paid at once, and the rebilling of it to a client.

Belongs here: an expense's fields, its taxes, its state, what it posts, the names of its vendors.
Does not belong here: categories (`categories`), bills of vendors that are paid later (`bills`), invoice lines (`lines`).

Facts (freshbooks-api 7.4 and the captures it names): categoryid, staffid, amount and date are required; the amount
holds its taxes, which are *money* here, 13 per cent within 79.73 is 9.17; clientid and projectid are 0 when unset;
status is 0 internal, 1 outstanding (has a client), 2 invoiced, 4 recouped (invoiced and paid), writable only when
the expense is made; attachment and category are read only with include[]; lists come newest date first and know no
`status` filter. An invoice line of type 1 rebills an expense of that client: 422/8016 if it has no client.

Assumed: a status that is not given follows from the client; a tax without amount and per cent takes the per cent of
the account's tax of that name; a rebilled line without a price costs the amount with its markup; two
expenses of one day and amount are duplicates of each other, whatever their vendors (so captured); an expense that
came from a bank (transactionid) may be a bill payment while an open bill asks for the same amount.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from fbinfor_assets.sandbox.freshbooks import books, fields, listing
from fbinfor_assets.sandbox.freshbooks.amounts import HUNDRED, ZERO, cents, money, plain, tax_within
from fbinfor_assets.sandbox.freshbooks.errors import FreshBooksError, invalid, read_only, required
from fbinfor_assets.sandbox.freshbooks.lines import REBILLED_EXPENSE
from fbinfor_assets.sandbox.freshbooks.listing import Query
from fbinfor_assets.sandbox.freshbooks.receipts import stored_attachment
from fbinfor_assets.sandbox.freshbooks.resource import ACTIVE, ARCHIVED, DELETED, Resource
from fbinfor_assets.sandbox.freshbooks.world import World
from fbinfor_assets.sandbox.state import Row

if TYPE_CHECKING:
    from fbinfor_assets.sandbox.freshbooks.account import Account

INTERNAL, OUTSTANDING, INVOICED, RECOUPED = 0, 1, 2, 4

OWNER_STAFF_ID = 1

TEXTS: dict[str, str | None] = {
    "vendor": None,
    "notes": "",
    "account_name": "",
    "bank_name": "",
}
FLAGS = ("billable", "compounded_tax", "has_receipt", "include_receipt", "is_cogs", "isduplicate")
# Numbers that only link to something outside this account, with what an unset one reads as.
LINKS: dict[str, int | None] = {
    "transactionid": None,
    "accountid": None,
    "ext_accountid": None,
    "ext_invoiceid": 0,
    "ext_systemid": 0,
    "modern_projectid": None,
    "converse_projectid": None,
}
TAXES = ("1", "2")

# Includes that exist (Postman's list request) for things this account does not have.
EMPTY_INCLUDES = ("account", "expense_profile", "project")


class Expenses(Resource):
    """Stored row: as `create_row` shows; `amount` and `taxAmount1/2` as decimal text in currency_code; `status` as
    it is without an invoice, `invoiceid` the invoice that rebills it."""

    single, plural, path = "expense", "expenses", "expenses/expenses"
    id_field, title, scope = "expenseid", "Expense", "expenses"
    money_amount = True
    order = ("date", True)

    def __init__(self, world: World, account: Account) -> None:
        super().__init__(world)
        self._account = account
        state = world.state
        by_client = state.index(self.single, lambda row: row["clientid"])
        by_project = state.index(self.single, lambda row: row["projectid"])
        by_category = state.index(self.single, lambda row: row["categoryid"])
        self._alike = state.index(
            self.single,
            lambda row: (
                (row["date"], row["amount"], row["currency_code"]) if row["vis_state"] != DELETED else None
            ),
        )
        self._vendors = state.index(
            self.single, lambda row: (row["vendor"] or None) if row["vis_state"] != DELETED else None
        )
        self.filters = {
            "clientid": listing.by_number(by_client),
            "clientids": listing.by_number(by_client),
            "projectid": listing.by_number(by_project),
            "projectids": listing.by_number(by_project),
            "categoryid": listing.by_number(by_category),
            "categoryids": listing.by_number(by_category),
            "vendor": listing.by_text(state.index(self.single, lambda row: row["vendor"])),
            "date_min": listing.from_day(lambda row: row["date"]),
            "date_max": listing.to_day(lambda row: row["date"]),
            "updated_min": listing.from_day(lambda row: row["updated"]),
            "updated_max": listing.to_day(lambda row: row["updated"]),
            "amount_min": listing.at_least(lambda row: row["amount"]),
            "amount_max": listing.at_most(lambda row: row["amount"]),
        }
        self.flags = {"has_receipt": lambda row: row["has_receipt"]}
        self.answers = {"expenses/vendors": self.vendors, "expenses/summaries": self.summaries}

    # -- writing

    def create_row(self, given: fields.Given) -> Row:
        for name in ("categoryid", "staffid", "amount", "date"):
            if given.get(name) in (None, ""):
                raise required("expense", name)
        stamp, version = self.world.stamps()
        row: Row = {
            "id": 0,
            "categoryid": 0,
            "staffid": 0,
            "clientid": 0,
            "projectid": 0,
            "invoiceid": None,
            "amount": "0.00",
            "currency_code": self.world.currency,
            "date": "",
            "markup_percent": "0",
            **TEXTS,
            **LINKS,
            **dict.fromkeys(FLAGS, False),
            **{name + n: None for n in TAXES for name in ("taxName", "taxPercent", "taxAmount")},
            "attachment": None,
            "status": INTERNAL,
            "updated": stamp,
            "version": version,
            "vis_state": ACTIVE,
        }
        row = self._changed(row, given)
        if given.get("status") is not None:
            states = (INTERNAL, OUTSTANDING, INVOICED, RECOUPED)
            row["status"] = fields.choice(given, "status", "expense", states)
        row["id"] = self.world.next_id(self.single)
        return self._stored(row)

    def update_row(self, row: Row, given: fields.Given) -> Row:
        told = given.get("status")
        refuse = self.world.switches["read_only_fields"] == "refuse"
        if told is not None and told != self.status(row) and refuse:
            raise read_only("expense", "status", told)
        return self._stored(self.touched(self._changed(row, given)))

    def _changed(self, row: Row, given: Mapping[str, Any]) -> Row:
        changed = dict(row)
        if given.get("categoryid") is not None:
            changed["categoryid"] = self._account.categories.live(given, "categoryid", "expense")["id"]
        if given.get("staffid") is not None:
            changed["staffid"] = self._linked(given, "staffid", "staff", OWNER_STAFF_ID)
        if "projectid" in given:
            changed["projectid"] = self._linked(given, "projectid", "project") if given["projectid"] else 0
        if "clientid" in given:
            self._assign(changed, given)
        if given.get("amount") is not None:
            amount, changed["currency_code"] = fields.money_and_code(
                given, "amount", "expense", row["currency_code"]
            )
            changed["amount"] = str(amount)
        if given.get("date") is not None:
            changed["date"] = fields.day(given, "date", "expense")
        if given.get("markup_percent") is not None:
            changed["markup_percent"] = plain(fields.number(given, "markup_percent", "expense"))
        for name, unset in TEXTS.items():
            if name in given:
                changed[name] = fields.text(given, name, "expense") or unset
        for name, nothing in LINKS.items():
            if name in given:
                changed[name] = fields.integer(given, name, "expense") if given[name] else nothing
        for name in FLAGS:
            if given.get(name) is not None:
                changed[name] = fields.flag(given, name, "expense")
        if "attachment" in given:
            kept = row["attachment"]
            changed["attachment"] = stored_attachment(self.world, given, "expense", kept)
            changed["has_receipt"] = changed["attachment"] is not None
        self._tax(changed, row, given)
        return changed

    def _linked(self, given: fields.Given, name: str, table: str, always: int | None = None) -> int:
        # Staff and projects are checked where the account keeps them; the owner is always there.
        id_ = fields.integer(given, name, "expense")
        known = self.world.state.tables(table)
        if known and id_ not in known and id_ != always:
            raise invalid("expense", name, given[name])
        return id_

    def _assign(self, changed: Row, given: fields.Given) -> None:
        client_id = self._account.clients.live(given, "clientid", "expense")["id"] if given["clientid"] else 0
        if client_id == changed["clientid"]:
            return
        if changed["invoiceid"] is not None:
            raise invalid("expense", "clientid", given["clientid"])
        changed["clientid"] = client_id
        changed["status"] = OUTSTANDING if client_id else INTERNAL

    def _tax(self, changed: Row, row: Row, given: fields.Given) -> None:
        for n in TAXES:
            name, percent, amount = "taxName" + n, "taxPercent" + n, "taxAmount" + n
            if name in given:
                changed[name] = fields.text(given, name, "expense") or None
            if changed[name] is None:
                changed[percent] = changed[amount] = None
                continue
            if given.get(percent) is not None:
                changed[percent] = plain(fields.number(given, percent, "expense"))
            elif name in given and changed[name] != row[name] and given.get(amount) is None:
                changed[percent] = self._account.taxes.percents().get(changed[name])
            if given.get(amount) is not None:
                changed[amount] = str(fields.money(given, amount, "expense", changed["currency_code"]))
        self._compute_tax(changed, row, given)
        if abs(_taxes(changed)) > abs(Decimal(changed["amount"])):
            raise invalid("expense", "taxAmount1", changed["taxAmount1"])

    def _compute_tax(self, changed: Row, row: Row, given: fields.Given) -> None:
        # An amount of tax that is not said follows from its per cent.
        known = [n for n in TAXES if changed["taxPercent" + n] is not None]
        percents = [Decimal(changed["taxPercent" + n]) for n in known]
        computed = tax_within(Decimal(changed["amount"]), percents, changed["compounded_tax"])
        moved = any(changed[of] != row[of] for of in ("amount", "compounded_tax"))
        for n, amount in zip(known, computed, strict=True):
            name, percent = "taxAmount" + n, "taxPercent" + n
            if given.get(name) is None and (
                moved or changed[percent] != row[percent] or changed[name] is None
            ):
                changed[name] = str(amount)

    def _stored(self, row: Row) -> Row:
        self.put(row)
        self.post(row)
        return row

    def before_delete(self, row: Row) -> None:
        if row["invoiceid"] is not None:
            self.refuse_used("Expense is on an invoice and cannot be deleted.")

    def visibility_changed(self, row: Row) -> Row:
        self.post(row)
        return row

    # -- rebilling

    def rebilled_lines(self, given: Any, invoice: Row) -> Any:
        """The lines of an invoice's request, those that rebill an expense checked and completed."""
        if not isinstance(given, list) or not any(_rebills(line) for line in given):
            return given
        named = [line.get("expenseid") for line in given if _rebills(line)]
        if len({str(expense_id) for expense_id in named}) < len(named):
            raise invalid("line", "expenseid", named[-1])
        return [self._rebilled(line, invoice) if _rebills(line) else line for line in given]

    def _rebilled(self, line: fields.Given, invoice: Row) -> dict[str, Any]:
        if not line.get("expenseid"):
            raise required("line", "expenseid")
        row = self.live(line, "expenseid", "line")
        if not row["clientid"]:
            message = f"expense_id '{row['id']}' is not assigned to a client."
            raise FreshBooksError(422, 8016, message, "line", "expenseid", row["id"])
        elsewhere = row["invoiceid"] not in (None, invoice["id"])
        if elsewhere and self.world.switches["rebill_invoiced_expense"] == "refuse":
            raise invalid("line", "expenseid", row["id"])
        if row["clientid"] != invoice["customerid"]:
            raise invalid("line", "expenseid", row["id"])
        completed = {**line}
        if line.get("unit_cost") is None:
            price = Decimal(row["amount"]) * (1 + Decimal(row["markup_percent"]) / HUNDRED)
            completed["unit_cost"] = money(str(cents(price)), row["currency_code"])
        if not line.get("name"):
            completed["name"] = self._account.categories.rows[row["categoryid"]]["category"]
        return completed

    def invoiced(self, expense_id: int, invoice_id: int | None) -> None:
        """An invoice rebills the expense, or (None) no longer does."""
        row = self.put(self.touched({**self.rows[expense_id], "invoiceid": invoice_id}))
        self.log("system.rebill", row, {"invoiceid": invoice_id})

    def status(self, row: Row) -> int:
        """The status as it reads: that of its invoice, if it is on one."""
        if row["invoiceid"] is None:
            return row["status"]
        paid = self._account.invoices.states(self._account.invoices.rows[row["invoiceid"]])[1] == "paid"
        return RECOUPED if paid else INVOICED

    # -- the ledger

    def post(self, row: Row) -> None:
        """The category's cost (or cost of goods) and recoverable tax, against cash, on the expense's day."""
        postings: list[books.Posting] = []
        if row["vis_state"] != DELETED and row["currency_code"] == self.world.currency:
            day, amount, tax = row["date"], Decimal(row["amount"]), _taxes(row)
            cost = self._account.categories.account(row["categoryid"])
            postings = [
                (day, books.COST_OF_GOODS if row["is_cogs"] else cost, amount - tax),
                (day, books.TAX, tax),
                (day, books.CASH, -amount),
            ]
            self._account.categories.used(row["categoryid"])
        self.world.books.sync(f"expense:{row['id']}", f"Expense {row['id']}, {row['vendor'] or ''}", postings)

    # -- reading

    def view(self, row: Row, include: Collection[str] = ()) -> dict[str, Any]:
        code = row["currency_code"]
        view = {
            "accounting_systemid": self.world.account_id,
            "background_jobid": None,
            "bill_matches": [],
            "expenseid": row["id"],
            "from_bulk_import": False,
            "potential_bill_payment": self.may_pay_a_bill(row),
            "profileid": None,
            **row,
            "amount": money(row["amount"], code),
            "isduplicate": row["isduplicate"] or self._has_twin(row),
            "status": self.status(row),
        }
        for n in TAXES:
            tax = row["taxAmount" + n]
            view["taxAmount" + n] = None if tax is None else money(tax, code)
        del view["currency_code"]
        if "attachment" not in include:
            del view["attachment"]
        if "category" in include:
            categories = self._account.categories
            view["category"] = categories.view(categories.rows[row["categoryid"]])
        view |= {name: None for name in EMPTY_INCLUDES if name in include}
        return view

    def _has_twin(self, row: Row) -> bool:
        alike = self._alike.count((row["date"], row["amount"], row["currency_code"]))
        return row["vis_state"] != DELETED and alike > 1

    def may_pay_a_bill(self, row: Row) -> bool:
        """Whether a bank's transaction could be the payment of an open bill of the same amount."""
        if row["transactionid"] is None or row["vis_state"] == DELETED:
            return False
        return self._account.bills.has_open(row["currency_code"], row["amount"])

    def vendors(self, query: Query) -> dict[str, Any]:
        """The `result` of expenses/vendors: the distinct names, by name (the order is assumed)."""
        names = sorted(self._vendors.keys(), key=str.casefold)
        start = listing.first_place(query)
        return {
            "page": query.page,
            "pages": -(-len(names) // query.per_page),
            "per_page": query.per_page,
            "total": len(names),
            "vendors": [{"vendor": name} for name in names[start : start + query.per_page]],
        }

    def summaries(self, query: Query) -> dict[str, Any]:
        """The `result` of expenses/summaries: count and amount by currency of all, archived and active ones."""
        sums: dict[str, dict[str, tuple[Decimal, int]]] = {"grand_total": {}, "archived": {}, "active": {}}
        for row in self.rows.values():
            if row["vis_state"] == DELETED:
                continue
            code, amount = row["currency_code"], Decimal(row["amount"])
            for name in ("grand_total", "archived" if row["vis_state"] == ARCHIVED else "active"):
                total, count = sums[name].get(code, (ZERO, 0))
                sums[name][code] = total + amount, count + 1
        return {
            "summaries": [
                {
                    "amounts": [
                        {"amount": str(total), "code": code, "count": count}
                        for code, (total, count) in sorted(by_code.items())
                    ],
                    "counts": sum(count for _, count in by_code.values()),
                    "id": name,
                }
                for name, by_code in sums.items()
            ]
        }

    def summary(self, row: Row) -> dict[str, Any]:
        names = ("categoryid", "clientid", "invoiceid", "vendor", "amount", "date", "vis_state")
        return {name: row[name] for name in names}


def _rebills(line: Any) -> bool:
    return isinstance(line, dict) and line.get("type") == REBILLED_EXPENSE


def taxes_paid(row: Row) -> Iterator[tuple[str, Decimal, Decimal]]:
    """(tax name, what is taxed, tax) of each tax an expense holds."""
    net = Decimal(row["amount"]) - _taxes(row)
    for n in TAXES:
        if row["taxName" + n] and row["taxAmount" + n] is not None:
            yield row["taxName" + n], net, Decimal(row["taxAmount" + n])


def _taxes(row: Row) -> Decimal:
    return sum((Decimal(row["taxAmount" + n]) for n in TAXES if row["taxAmount" + n] is not None), ZERO)
