"""What a shop document is: a sale, a credit, free goods, a stock adjustment, or a cost that is no sale.

Belongs here: the rule of POLICY, "The Online Retail file", over a document's lines.
Does not belong here: the classes of lines (lookups in dbt). The dbt model `canonical.documents` applies the same rule
in SQL; the reconciliation uses this one on a fresh read, so that neither can be wrong alone (a test compares them).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

#: Stock codes that are costs of the shop, never something sold (POLICY).
COST_CODES = frozenset({"AMAZONFEE", "B", "CRUK", "BANK CHARGES"})

CLASSES = ("sale", "credit", "free_goods", "stock_adjustment", "cost")

#: What happens to a document of each class, in a sentence for people.
FATE = {
    "sale": "invoiced in FreshBooks and M3",
    "credit": "credited in FreshBooks and M3",
    "free_goods": "worth nothing: recorded, no document, no receivable",
    "stock_adjustment": "not a document: a stock correction of the shop",
    "cost": "a cost, not a sale: recorded, posted nowhere by this flow",
}


@dataclass(frozen=True)
class Line:
    """One line of a shop document: its stock code, quantity in pieces and net unit price in the document's currency."""

    code: str
    quantity: Decimal
    unit_price: Decimal


def classify(number: str, lines: Sequence[Line]) -> str:
    """The one class (of `CLASSES`) of the document `number`. `lines` must not be empty (`ValueError`)."""
    if not lines:
        raise ValueError(f"document {number} has no lines")
    if all(line.code.upper() in COST_CODES for line in lines):
        return "cost"
    net = sum((line.quantity * line.unit_price for line in lines), Decimal(0))
    if number.upper().startswith("C") or net < 0:
        return "credit"
    if all(line.unit_price == 0 and line.quantity < 0 for line in lines):
        return "stock_adjustment"
    if net == 0:
        return "free_goods"
    return "sale"
