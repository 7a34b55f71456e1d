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
from fbinfor_assets.sandbox.kernel import State
from fbinfor_assets.sandbox.ledger import Ledger

CASH, RECEIVABLE, TAX, ADVANCE, SALES = "1000", "1200", "2005", "2100", "4000"

CHART = {
    CASH: "Cash",
    RECEIVABLE: "Accounts Receivable",
    TAX: "Taxes Payable",
    ADVANCE: "Payments Received in Advance",
    SALES: "Sales",
}

# day YYYY-MM-DD, account, amount: positive debit, negative credit.
Posting = tuple[str, str, Decimal]


class Books:
    """Postings per document key (such as "invoice:12") in the state's table `books`, entries in the ledger."""

    def __init__(self, state: State, ledger: Ledger) -> None:
        self._state, self._ledger = state, ledger

    def sync(self, key: str, text: str, postings: list[Posting]) -> None:
        """Make the ledger say of this document exactly `postings`, each day of which balances."""
        wanted = [[day, account, str(amount)] for day, account, amount in postings if amount]
        kept = self._state.get("books", key)
        posted = kept["postings"] if kept else []
        if wanted == posted:
            return
        for day, lines in _by_day(posted).items():
            self._post(day, key, "Reversal: " + text, [(account, -amount) for account, amount in lines])
        for day, lines in _by_day(wanted).items():
            self._post(day, key, text, lines)
        self._state.put("books", key, {"postings": wanted})

    def _post(self, day: str, key: str, text: str, lines: list[tuple[str, Decimal]]) -> None:
        self._ledger.post(date.fromisoformat(day), key, text, [(a, amount, ZERO) for a, amount in lines])


def _by_day(postings: list[list[str]]) -> dict[str, list[tuple[str, Decimal]]]:
    days: dict[str, list[tuple[str, Decimal]]] = {}
    for day, account, amount in postings:
        days.setdefault(day, []).append((account, Decimal(amount)))
    return days
