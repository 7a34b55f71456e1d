"""FreshBooks' own ledger: what each document has posted, kept equal to what the document says now.

Belongs here: the chart of accounts and the one rule of posting. FreshBooks rewrites a document's journal entries
when the document changes; an append-only ledger does the same by reversing the old entry on its day and posting
the new one on its own. A trial balance of any day therefore follows from the documents as they are.
Does not belong here: what a document posts (each resource's `postings`).

The ledger is in the account's base currency. A document in another one posts nothing: FreshBooks converts it by
rates the public API does not show (freshbooks-api 11), and amounts of two currencies are never added.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from fbinfor_assets.sandbox.freshbooks.amounts import ZERO
from fbinfor_assets.sandbox.ledger import Ledger
from fbinfor_assets.sandbox.state import Row, State

CASH, RECEIVABLE, PAYABLE, TAX, ADVANCE = "1000", "1200", "2000", "2005", "2100"
EQUITY, SALES, OTHER_INCOME, COST_OF_GOODS, UNCATEGORISED = "3000", "4000", "4010", "5000", "6014"

# number -> (name, type, sub type) in FreshBooks' words: the default chart a new account has (freshbooks-api 7.9).
ACCOUNTS: dict[str, tuple[str, str, str]] = {
    CASH: ("Cash", "asset", "Cash & Bank"),
    RECEIVABLE: ("Accounts Receivable", "asset", "Current Asset"),
    PAYABLE: ("Accounts Payable", "liability", "Current Liability"),
    TAX: ("Taxes Payable", "liability", "Current Liability"),
    ADVANCE: ("Payments Received in Advance", "liability", "Current Liability"),
    EQUITY: ("Owner's Equity", "equity", "Equity"),
    SALES: ("Sales", "income", "Income"),
    OTHER_INCOME: ("Other Income", "income", "Income"),
    COST_OF_GOODS: ("Cost of Goods Sold", "expense", "Cost of Goods Sold"),
    "6000": ("Advertising", "expense", "Operating Expense"),
    "6001": ("Car & Truck Expenses", "expense", "Operating Expense"),
    "6002": ("Contractors", "expense", "Operating Expense"),
    "6003": ("Education and Training", "expense", "Operating Expense"),
    "6004": ("Employee Benefits", "expense", "Operating Expense"),
    "6005": ("Meals & Entertainment", "expense", "Operating Expense"),
    "6006": ("Office Expenses & Postage", "expense", "Operating Expense"),
    "6007": ("Other Expenses", "expense", "Operating Expense"),
    "6008": ("Personal", "expense", "Operating Expense"),
    "6009": ("Professional Services", "expense", "Operating Expense"),
    "6010": ("Rent or Lease", "expense", "Operating Expense"),
    "6011": ("Supplies", "expense", "Operating Expense"),
    "6012": ("Travel", "expense", "Operating Expense"),
    "6013": ("Utilities", "expense", "Operating Expense"),
    UNCATEGORISED: ("Uncategorized Expenses", "expense", "Operating Expense"),
    "6015": ("Bank Charges", "expense", "Operating Expense"),
}

CHART = {number: name for number, (name, _, _) in ACCOUNTS.items()}

# day YYYY-MM-DD, account, amount: positive debit, negative credit.
Posting = tuple[str, str, Decimal]


class Books:
    """Postings per document key (such as "invoice:12") in the state's table `books`, entries in the ledger.

    Stored row: {"entry": number of the journal entry, "postings": [[day, account, amount]], and, where a document
    posts its sales line by line in FreshBooks, "sales_lines": how many}.
    """

    def __init__(self, state: State, ledger: Ledger) -> None:
        self._state, self._ledger = state, ledger

    def entry_number(self) -> int:
        """The number of a new journal entry."""
        return self._state.next_number("journal entry", 1001)

    def sync(
        self,
        key: str,
        text: str,
        postings: list[Posting],
        *,
        sales_lines: int = 1,
        entry: int | None = None,
    ) -> None:
        """Make the ledger say of this document exactly `postings`, each day of which balances.

        `entry` is the number of the journal entry if it has one already (`entry_number`).
        """
        wanted = [[day, account, str(amount)] for day, account, amount in postings if amount]
        kept = self._state.get("books", key)
        posted = kept["postings"] if kept else []
        if wanted == posted and (not kept or sales_lines == kept.get("sales_lines", 1)):
            return
        if wanted != posted:
            for day, lines in _by_day(posted).items():
                self._post(day, key, "Reversal: " + text, [(account, -amount) for account, amount in lines])
            for day, lines in _by_day(wanted).items():
                self._post(day, key, text, lines)
        row: Row = {"entry": (kept or {}).get("entry") or entry or self.entry_number(), "postings": wanted}
        if sales_lines != 1:
            row["sales_lines"] = sales_lines
        self._state.put("books", key, row)

    def _post(self, day: str, key: str, text: str, lines: list[tuple[str, Decimal]]) -> None:
        self._ledger.post(date.fromisoformat(day), key, text, [(a, amount, ZERO) for a, amount in lines])


def _by_day(postings: list[list[str]]) -> dict[str, list[tuple[str, Decimal]]]:
    days: dict[str, list[tuple[str, Decimal]]] = {}
    for day, account, amount in postings:
        days.setdefault(day, []).append((account, Decimal(amount)))
    return days
