"""What a shop document is (a sale, a credit, free goods, a stock adjustment or a cost), and what becomes of its lines.

Belongs here: the rule of POLICY, "The Online Retail file", over a document's lines, and the fate of each class.
Does not belong here: which code is of which class of lines (dbt's seed `line_rules`).

The dbt model `canonical.documents` applies the same rule in SQL, and the seed `class_fates` holds the same sentences; the
reconciliation uses these on a fresh read, so that neither can be wrong alone (tests compare them).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from .money import to_cents

#: Stock codes that are costs of the shop, never something sold (POLICY).
COST_CODES = frozenset({"AMAZONFEE", "B", "CRUK", "BANK CHARGES"})

CLASSES = ("sale", "credit", "free_goods", "stock_adjustment", "cost")
LINE_CLASSES = ("goods", "freight", "manual", "discount", "voucher", "cost", "unknown")

#: What happens to a document of each class, in a sentence for people.
FATE = {
    "sale": "invoiced in FreshBooks and M3",
    "credit": "credited in FreshBooks and M3",
    "free_goods": (
        "worth nothing: delivered by an M3 order at price 0 unless sale.free_goods is record; "
        "no FreshBooks document, no receivable"
    ),
    "stock_adjustment": "not a document: a stock correction of the shop",
    "cost": "a cost, not a sale: recorded, posted nowhere by this flow",
}


@dataclass(frozen=True)
class Line:
    """One line of a shop document: its stock code, quantity in pieces and net unit price in the document's currency."""

    code: str
    quantity: Decimal
    unit_price: Decimal

    @property
    def net(self) -> Decimal:
        """Quantity times price, rounded to the cent as the shop, FreshBooks and M3 round a line."""
        return to_cents(self.quantity * self.unit_price)


@dataclass(frozen=True)
class Fate:
    """What becomes of a line: whether it reaches revenue in M3's ledger, and the sentence that says how."""

    posts: bool
    sentence: str


_HELD_COST = Fate(
    False,
    "a cost among other lines: its document is held until the shop takes it out, for a cost is never invoiced",
)
_HELD_UNKNOWN = Fate(
    False, "no rule in line_rules says what the code is: its document is held and names the code"
)

# (class of document, class of line, "*" for any other) -> fate.
_LINE_FATE = {
    ("sale", "goods"): Fate(
        True,
        "sold: a line of the invoice in FreshBooks and M3, revenue of goods and VAT posted in M3 once; "
        "at price 0 it is delivered and worth nothing",
    ),
    ("sale", "freight"): Fate(
        True, "charged to the customer: a line of the invoice, revenue of freight in M3"
    ),
    ("sale", "manual"): Fate(True, "entered by hand: a line of the invoice, revenue of manual lines in M3"),
    ("sale", "discount"): Fate(True, "lowers the invoice: a line of it, posted to discounts in M3"),
    ("sale", "voucher"): Fate(True, "a gift voucher sold: a line of the invoice, posted to vouchers in M3"),
    ("sale", "cost"): _HELD_COST,
    ("sale", "unknown"): _HELD_UNKNOWN,
    ("credit", "goods"): Fate(
        True,
        "returned or cancelled: a line of the credit note in FreshBooks and of the credit invoice in M3, "
        "revenue and VAT taken back once",
    ),
    ("credit", "freight"): Fate(
        True, "freight given back: a line of the credit, taken from revenue of freight in M3"
    ),
    ("credit", "manual"): Fate(
        True, "credited by hand: a line of the credit, taken from revenue of manual lines in M3"
    ),
    ("credit", "discount"): Fate(
        True, "a discount granted afterwards: a line of the credit, posted to discounts in M3"
    ),
    ("credit", "voucher"): Fate(
        True, "a gift voucher taken back: a line of the credit, posted to vouchers in M3"
    ),
    ("credit", "cost"): _HELD_COST,
    ("credit", "unknown"): _HELD_UNKNOWN,
    ("free_goods", "*"): Fate(
        False,
        "given away: a line at price 0 of the M3 order that delivers it (unless sale.free_goods is record), "
        "no revenue, no receivable",
    ),
    ("free_goods", "cost"): _HELD_COST,
    ("free_goods", "unknown"): _HELD_UNKNOWN,
    ("stock_adjustment", "*"): Fate(
        False,
        "a stock correction: listed in reports.stock_corrections for the warehouse, for M3 owns stock; "
        "no document",
    ),
    ("cost", "*"): Fate(
        False,
        "a cost of the shop: listed in reports.costs_by_code, never invoiced nor netted against revenue; "
        "its payout or expense posts it, once",
    ),
}


def classify(number: str, lines: Sequence[Line]) -> str:
    """The one class (of `CLASSES`) of the document `number`. `lines` must not be empty (`ValueError`).

    What a document is worth is the sum of its lines in cents: a line of 1 × 0.001 is worth nothing.
    """
    if not lines:
        raise ValueError(f"document {number} has no lines")
    if all(line.code.upper() in COST_CODES for line in lines):
        return "cost"
    net = sum((line.net for line in lines), Decimal(0))
    if number.upper().startswith("C") or net < 0:
        return "credit"
    if all(line.unit_price == 0 and line.quantity < 0 for line in lines):
        return "stock_adjustment"
    if net == 0:
        return "free_goods"
    return "sale"


def fate_of_line(document_class: str, line_class: str) -> Fate:
    """What becomes of a line of `line_class` in a document of `document_class`. Raises `ValueError` for no such class."""
    if document_class not in CLASSES or line_class not in LINE_CLASSES:
        raise ValueError(f"there is no class {line_class!r} of lines in {document_class!r}")
    return _LINE_FATE.get((document_class, line_class)) or _LINE_FATE[(document_class, "*")]
