"""Journal entries people make, and the journal: every posting of every document, with what it belongs to.

Belongs here: journal_entries (create), journal_entry_details and journal_entry_accounts (lists).
Does not belong here: what a document posts (its own module, `books`), the chart (`chart`).

Facts (freshbooks-api 7.9; the vendor's published captures): an entry without currency_code is HTTP 500 with an opaque
message; its description stands on every line. A detail links to its document by `entry`; its type is total, sales,
tax, expense or adjustment; an invoice posts one `sales` detail a line; the newest day comes first; `balance` is the
amount of the detail itself with the sign of its account (two equal postings to one account both read 70.56), although
the name says otherwise (switch journal_balance). search[sub_accountid], search[start_date] and search[end_date] are
in the published collection (switch journal_filters).

Assumed: debits must equal credits (422); types and names of the details of payments, credit notes and bills; detail
ids count up within their entry; details without a document of the account's currency are not there (`books`).

Details are not stored: they follow from the table `books`. A page costs the days before it and its own rows.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Iterator
from decimal import Decimal
from typing import Any, ClassVar

from fbinfor_assets.sandbox.freshbooks import books, fields, lines
from fbinfor_assets.sandbox.freshbooks.amounts import HUNDRED, ZERO, cents, money, plain
from fbinfor_assets.sandbox.freshbooks.chart import Chart
from fbinfor_assets.sandbox.freshbooks.errors import (
    FreshBooksError,
    filter_error,
    invalid,
    negative,
    required,
)
from fbinfor_assets.sandbox.freshbooks.listing import Lister, Query, first_place
from fbinfor_assets.sandbox.freshbooks.resource import Resource
from fbinfor_assets.sandbox.freshbooks.world import World
from fbinfor_assets.sandbox.state import Row

# More details than any entry has: the ids of one entry's details lie between two multiples of it.
DETAILS_PER_ENTRY = 2000

# Kind of document -> field of `entry` -> field of the document it is taken from.
LINKS: dict[str, dict[str, str]] = {
    "invoice": {"invoiceid": "id", "clientid": "customerid"},
    "payment": {"paymentid": "id", "invoiceid": "invoiceid", "clientid": "clientid"},
    "credit_note": {"creditid": "id", "clientid": "clientid"},
    "expense": {"expenseid": "id"},
    "other_income": {"incomeid": "id"},
}

NAMES: dict[str, Callable[[Row], str]] = {
    "invoice": lambda row: f"Invoice {row['invoice_number']}",
    "payment": lambda row: "Payment",
    "credit_note": lambda row: f"Credit {row['credit_number']}",
    "expense": lambda row: "Expense",
    "journal_entry": lambda row: row["name"],
}

# Kind of document -> type of its details, where the account does not say otherwise.
TYPES = {
    "invoice": "total",
    "credit_note": "total",
    "expense": "expense",
    "journal_entry": "adjustment",
    "other_income": "total",
}
TYPES_BY_ACCOUNT = {books.SALES: "sales", books.OTHER_INCOME: "sales", books.TAX: "tax"}


class JournalEntries(Resource):
    """Stored row: id, name, description, currency_code, user_entered_date, details [[sub_accountid, debit, credit]]
    as decimal text or None."""

    single, plural, path = "journal_entry", "journal_entries", "journal_entries/journal_entries"
    id_field, title, scope = "entryid", "Journal entry", "journal_entries"
    has_vis_state = False
    verbs: ClassVar[frozenset[str]] = frozenset({"list", "get", "create"})

    def __init__(self, world: World, chart: Chart) -> None:
        super().__init__(world)
        self._chart = chart

    def create_row(self, given: fields.Given) -> Row:
        if not given.get("currency_code"):
            raise FreshBooksError(500, 500, "There was an error accessing your account data.")
        for name in ("name", "user_entered_date", "details"):
            if not given.get(name):
                raise required(self.single, name)
        if not isinstance(given["details"], list) or not all(isinstance(d, dict) for d in given["details"]):
            raise invalid(self.single, "details", given["details"])
        row: Row = {
            "id": 0,
            "name": fields.text(given, "name", self.single),
            "description": fields.text(given, "description", self.single) if "description" in given else None,
            "currency_code": fields.text(given, "currency_code", self.single),
            "user_entered_date": fields.day(given, "user_entered_date", self.single),
            "details": [self._detail(detail) for detail in given["details"]],
        }
        amounts = [Decimal(debit or 0) - Decimal(credit or 0) for _, debit, credit in row["details"]]
        if sum(amounts):
            message = "The debits and credits of a journal entry must be equal."
            raise FreshBooksError(422, 1040, message, self.single, "details", sum(amounts))
        row["id"] = self.world.books.entry_number()
        self.put(row)
        self._post(row, amounts)
        return row

    def _detail(self, given: Row) -> list[Any]:
        if given.get("sub_accountid") is None:
            raise required("detail", "sub_accountid")
        sub_account_id = fields.integer(given, "sub_accountid", "detail")
        if self._chart.of_sub_account(sub_account_id) is None:
            raise invalid("detail", "sub_accountid", given["sub_accountid"])
        amounts: list[str | None] = []
        for name in ("debit", "credit"):
            amount = cents(fields.number(given, name, "detail")) if given.get(name) is not None else ZERO
            if amount < 0:
                raise negative("detail", name, given[name])
            amounts.append(plain(amount) if amount else None)
        if amounts.count(None) != 1:
            raise invalid("detail", "debit", given.get("debit"))
        return [sub_account_id, *amounts]

    def _post(self, row: Row, amounts: list[Decimal]) -> None:
        postings: list[books.Posting] = []
        if row["currency_code"] == self.world.currency:
            for (sub_account_id, _, _), amount in zip(row["details"], amounts, strict=True):
                account = self._chart.of_sub_account(sub_account_id)
                assert account is not None
                postings.append((row["user_entered_date"], account["account"], amount))
        self.world.books.sync(f"{self.single}:{row['id']}", row["name"], postings, entry=row["id"])

    def view(self, row: Row, include: Collection[str] = ()) -> dict[str, Any]:
        shared = {
            name: row[name] for name in ("currency_code", "description", "id", "name", "user_entered_date")
        }
        details = [
            shared
            | {
                "credit": credit,
                "debit": debit,
                "detailid": detail_id(row["id"], place),
                "id": detail_id(row["id"], place),
                "sub_accountid": sub_account_id,
            }
            for place, (sub_account_id, debit, credit) in enumerate(row["details"])
        ]
        return shared | {"details": details, "entryid": row["id"]}

    def summary(self, row: Row) -> dict[str, Any]:
        return {name: row[name] for name in ("name", "user_entered_date", "currency_code", "details")}


def detail_id(entry: int, place: int) -> int:
    """The id of the nth detail of a journal entry, from 0."""
    return entry * DETAILS_PER_ENTRY + place


class JournalEntryAccounts(Resource):
    """Accounts with their sub accounts and balances: a list and nothing else. No filter is known."""

    single, plural = "journal_entry_account", "journal_entry_accounts"
    path = "journal_entry_accounts/journal_entry_accounts"
    id_field, title, scope = "accountid", "Account", "journal_entries"
    verbs: ClassVar[frozenset[str]] = frozenset({"list"})

    def __init__(self, world: World, chart: Chart) -> None:
        super().__init__(world)
        self._chart = chart

    def page(self, lister: Lister, query: Query) -> dict[str, Any]:
        accounts = self._chart.journal_accounts()
        start = first_place(query)
        return _result(self.plural, accounts[start : start + query.per_page], len(accounts), query)


class JournalEntryDetails(Resource):
    """The journal: a list and nothing else."""

    single, plural = "journal_entry_detail", "journal_entry_details"
    path = "journal_entries/journal_entry_details"
    id_field, title, scope = "detailid", "Journal entry detail", "journal_entries"
    verbs: ClassVar[frozenset[str]] = frozenset({"list"})

    def __init__(self, world: World, chart: Chart) -> None:
        super().__init__(world)
        self._chart = chart
        # All that a count of details needs, so that counting reads no row.
        self._documents = world.state.index("books", _day_and_counts)
        self._at: Any = None
        self._days: list[str] = []
        self._order: list[tuple[int, int]] = []
        self._counts: list[int] = []
        self._keys: dict[str, list[Any]] = {}
        self._of_account: dict[Any, list[tuple[str, int]]] = {}

    def page(self, lister: Lister, query: Query) -> dict[str, Any]:
        self._look_again()
        wanted = self._wanted(query)
        first = bisect_left(self._order, _descending(wanted["end_date"]))
        last = bisect_left(self._order, _descending(wanted["start_date"], 1))
        start = first_place(query)
        if wanted["sub_accountid"]:
            found = self._places(wanted["sub_accountid"], first, last)
            chosen: Iterable[tuple[str, int]] = found[start : start + query.per_page]
            total = len(found)
        else:
            chosen = self._window(first, last, start, query.per_page)
            total = sum(self._counts[first:last])
        views: dict[str, list[dict[str, Any]]] = {}
        rows = []
        for key, place in chosen:
            if key not in views:
                views[key] = self.details(key)
            rows.append(views[key][place])
        if self.world.switches["journal_balance"] == "running":
            self._run_balances(rows)
        return _result(self.plural, rows, total, query)

    def _wanted(self, query: Query) -> dict[str, Any]:
        wanted: dict[str, Any] = {"sub_accountid": None, "start_date": "0001-01-01", "end_date": "9999-12-31"}
        if self.world.switches["journal_filters"] == "ignore":
            return wanted
        for name, values in query.search:
            value = values[-1]
            if name == "sub_accountid":
                if not value.isdigit():
                    raise filter_error(name, value, date=False)
                wanted[name] = int(value)
            elif name in wanted:
                try:
                    wanted[name] = fields.day({name: value[:10]}, name, self.single)
                except FreshBooksError as error:
                    raise filter_error(name, value, date=True) from error
        return wanted

    # -- which details there are

    def forget(self) -> None:
        """Look for the days anew, after a reset."""
        self._at = None

    def _look_again(self) -> None:
        # Days and counts hold until anything is written.
        by_line = self.world.switches["journal_sales_details"] == "line"
        at = (self.world.state.last_sequence, len(self.world.state.tables("ledger")), by_line)
        if at == self._at:
            return
        counts: dict[str, int] = {}
        for key in self._documents.keys():  # noqa: SIM118  an Index is no mapping
            day, postings, sales = key
            counts[day] = counts.get(day, 0) + len(self._documents.ids(key)) * _count(
                postings, sales, by_line
            )
        self._days = sorted(counts, reverse=True)
        self._order = [_descending(day) for day in self._days]
        self._counts = [counts[day] for day in self._days]
        self._keys = {}
        for key in self._documents.keys():  # noqa: SIM118
            self._keys.setdefault(key[0], []).append(key)
        self._of_account.clear()
        self._at = at

    def _on_day(self, day: str) -> list[str]:
        table = self.world.state.tables("books")
        keys = [str(key) for group in self._keys[day] for key in self._documents.ids(group)]
        return sorted(keys, key=lambda key: table[key]["entry"])

    def _window(self, first: int, last: int, start: int, rows: int) -> Iterator[tuple[str, int]]:
        by_line = self.world.switches["journal_sales_details"] == "line"
        table = self.world.state.tables("books")
        for number in range(first, last):
            if start >= self._counts[number]:
                start -= self._counts[number]
                continue
            for key in self._on_day(self._days[number]):
                row = table[key]
                count = _count(len(row["postings"]), row.get("sales_lines", 1), by_line)
                for place in range(start, count):
                    if not rows:
                        return
                    yield key, place
                    rows -= 1
                start = max(start - count, 0)
            if not rows:
                return

    def _places(self, sub_account_id: int, first: int, last: int) -> list[tuple[str, int]]:
        asked = (sub_account_id, first, last)
        if asked not in self._of_account:
            account = self._chart.of_sub_account(sub_account_id)
            table = self.world.state.tables("books")
            self._of_account[asked] = [
                (key, place)
                for number in range(first, last if account else first)
                for key in self._on_day(self._days[number])
                if account and any(posting[1] == account["account"] for posting in table[key]["postings"])
                for place, (_, number_of, _, _) in enumerate(self._postings(key))
                if number_of == account["account"]
            ]
        return self._of_account[asked]

    # -- what a detail says

    def _postings(self, key: str) -> Iterator[tuple[str, str, Decimal, str | None]]:
        # (day, account, amount, description) of each detail; sales of an invoice line by line.
        row = self.world.state.tables("books")[key]
        by_line = self.world.switches["journal_sales_details"] == "line" and row.get("sales_lines", 1) != 1
        for day, account, amount in row["postings"]:
            if by_line and account == books.SALES:
                for share, words in _by_line(self._document(key)):
                    yield day, account, -share, words
            else:
                yield day, account, Decimal(amount), self._words(key, account)

    def _document(self, key: str) -> Row:
        kind, _, id_text = key.partition(":")
        return self.world.state.get(kind, int(id_text)) or {}

    def _words(self, key: str, account: str) -> str | None:
        kind, document = key.partition(":")[0], self._document(key)
        if kind == "invoice":
            if account != books.SALES:
                return "" if account == books.RECEIVABLE else None
            stored = lines.unpack(document["lines"])
            return (stored[0].get("description") or stored[0].get("name", "")) if stored else ""
        if account == books.TAX:
            return None
        return document.get("description") or document.get("notes") or document.get("note")

    def details(self, key: str) -> list[dict[str, Any]]:
        """The details of one document's journal entry, in the order of its postings."""
        kind, document = key.partition(":")[0], self._document(key)
        number = self.world.state.tables("books")[key]["entry"]
        entry = {
            "accounting_systemid": self.world.account_id,
            **dict.fromkeys(("clientid", "creditid", "expenseid", "incomeid", "invoiceid", "paymentid")),
            "entryid": number,
            "id": number,
        }
        entry |= {field: document.get(of) for field, of in LINKS.get(kind, {}).items()}
        name = NAMES[kind](document) if kind in NAMES else kind.replace("_", " ").capitalize()
        return [
            self._view(posting, detail_id(number, place), entry, name, kind)
            for place, posting in enumerate(self._postings(key))
        ]

    def _view(
        self, posting: tuple[str, str, Decimal, str | None], id_: int, entry: Row, name: str, kind: str
    ) -> dict[str, Any]:
        day, number, amount, words = posting
        account, currency = self._chart.of_account(number), self.world.currency
        usual = TYPES.get(kind, kind)
        return {
            "account": self._chart.short_account(account),
            "accounting_systemid": self.world.account_id,
            "balance": money(str(self._chart.natural(account["type"], amount)), currency),
            "credit": money(str(-amount), currency) if amount < 0 else None,
            "debit": money(str(amount), currency) if amount >= 0 else None,
            "description": words,
            "detail_type": usual if kind == "journal_entry" else TYPES_BY_ACCOUNT.get(number, usual),
            "detailid": id_,
            "entry": entry,
            "id": id_,
            "name": name,
            "sub_account": self._chart.short_sub_account(account),
            "user_entered_date": day,
        }

    def _run_balances(self, rows: list[dict[str, Any]]) -> None:
        # The balance of the sub account after each detail: adds up the whole journal, oldest day first.
        entries = self.world.state.tables("books")
        sums: dict[str, Decimal] = {}
        balances: dict[int, Decimal] = {}
        for day in reversed(self._days):
            for key in self._on_day(day):
                for place, (_, number, amount, _) in enumerate(self._postings(key)):
                    sums[number] = sums.get(number, ZERO) + amount
                    natural = self._chart.natural(self._chart.of_account(number)["type"], sums[number])
                    balances[detail_id(entries[key]["entry"], place)] = natural
        for row in rows:
            row["balance"] = money(str(balances[row["id"]]), self.world.currency)


def _day_and_counts(row: Row) -> tuple[str, int, int] | None:
    postings = row["postings"]
    return (postings[0][0], len(postings), row.get("sales_lines", 1)) if postings else None


def _count(postings: int, sales_lines: int, by_line: bool) -> int:
    # An invoice with n lines has one sales posting that reads as n details.
    return postings + (sales_lines - 1 if by_line else 0)


def _by_line(invoice: Row) -> Iterator[tuple[Decimal, str]]:
    stored = lines.unpack(invoice["lines"])
    factor = 1 - Decimal(invoice["discount_value"]) / HUNDRED
    left = Decimal(invoice["net"])
    for number, line in enumerate(stored, 1):
        share = left if number == len(stored) else cents(Decimal(line["amount"]) * factor)
        left -= share
        yield share, line.get("description") or line.get("name", "")


def _descending(day: str, more: int = 0) -> tuple[int, int]:
    # A key by which later days come first; `more` places it just behind its day.
    return -int(day.replace("-", "")), more


def _result(plural: str, rows: list[dict[str, Any]], total: int, query: Query) -> dict[str, Any]:
    return {
        plural: rows,
        "page": query.page,
        "pages": -(-total // query.per_page),
        "per_page": query.per_page,
        "total": total,
    }
