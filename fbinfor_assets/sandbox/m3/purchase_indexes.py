"""Indexes over the tables of purchasing, payables and the general ledger.

Belongs here: secondary keys of those tables, and the change order of ledger entries.
Does not belong here: any rule (this module knows the rows' field names, nothing else).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator

from fbinfor_assets.sandbox.state import State

VALIDATING = "8"  # BIST of a batch invoice whose validation runs


class PurchaseIndexes:
    """Ids by the keys the purchasing programs look up."""

    def __init__(self, state: State) -> None:
        self.batches_of_supplier_invoice = state.index(
            "FAPIBH", lambda row: (row["SPYN"], row["SUNO"], row["SINO"])
        )
        self.batches_of_payee = state.index("FAPIBH", lambda row: row["SPYN"])
        self.batches_of_supplier = state.index("FAPIBH", lambda row: row["SUNO"])
        self.batches_of_correlation = state.index("FAPIBH", lambda row: row.get("CORI") or None)
        self.batches_of_number = state.index("FAPIBH", lambda row: row["SINO"] or None)
        self.batches_of_status = state.index("FAPIBH", lambda row: row["SUPA"])
        self.statements_of_bank = state.index("FBSTMH", lambda row: (row["BSID"], row["STMN"]))
        self.validating = state.index(
            "FAPIBH", lambda row: row["BIST"] if row["BIST"] == VALIDATING else None
        )
        self.payables_of_item = state.index("FPLEDG", payable_key)
        self.payables_of_payee = state.index("FPLEDG", lambda row: row["SPYN"])
        self.payables_of_supplier = state.index("FPLEDG", lambda row: row["SUNO"])
        self.payables_of_number = state.index("FPLEDG", lambda row: row["SINO"])
        self.open_payables = state.index("FPLEDG", lambda row: "" if _is_open_invoice(row) else None)
        self.orders_of_supplier = state.index("MPHEAD", lambda row: row["SUNO"])
        self.receipts_of_order = state.index("MPLIND", lambda row: row["PUNO"])
        self.entry_lines = state.index("MXHEAD", lambda row: row["MSGN"])
        self.balances_of_item = state.index("MITBAL", lambda row: row["ITNO"])
        self.entries_of_day = state.index("ledger", lambda row: row["date"])
        self.entries_of_voucher = state.index("ledger", lambda row: row["voucher"])


def payable_key(row: dict[str, str]) -> tuple[str, str, str, str]:
    """The AP item a payables row belongs to: payee, supplier, invoice number, invoice year."""
    return (row["SPYN"], row["SUNO"], row["SINO"], row["INYR"])


def _is_open_invoice(row: dict[str, str]) -> bool:
    return row["TRCD"] == "40" and row["RECO"] != "9"


class LedgerChanges:
    """Lines of ledger entries, oldest first, from a stamp on: (entry number, position).

    Entries are never changed and their numbers have no gaps, so the table itself is the order.
    """

    def __init__(self, state: State) -> None:
        self._state = state

    def after(self, stamp: int, *, inclusive: bool = False) -> Iterator[tuple[int, int]]:
        """References with a stamp above (or from) `stamp`."""
        table = self._state.tables("ledger")
        numbers = range(1, len(table) + 1)
        bisect = bisect_left if inclusive else bisect_right
        begin = bisect(numbers, stamp, key=lambda number: table[number]["refs"]["LMTS"])
        for number in numbers[begin:]:
            yield from ((number, at) for at in range(len(table[number]["lines"])))
