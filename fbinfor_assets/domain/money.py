"""Amounts: rounding and tolerance.

Belongs here: arithmetic on `Decimal` that the policy prescribes.
Does not belong here: which tax applies where (dbt's lookups), exchange rates (M3 owns them).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")


@dataclass(frozen=True, order=True)
class Money:
    """An amount in one currency (ISO 4217 code). Amounts of two currencies are never added."""

    currency: str
    amount: Decimal

    def __post_init__(self) -> None:
        if not isinstance(self.amount, Decimal):
            raise TypeError(f"an amount is a Decimal, not a {type(self.amount).__name__}")

    def __add__(self, other: Money) -> Money:
        if other.currency != self.currency:
            raise ValueError(f"cannot add {other.currency} to {self.currency}")
        return Money(self.currency, self.amount + other.amount)

    def __neg__(self) -> Money:
        return Money(self.currency, -self.amount)

    def __sub__(self, other: Money) -> Money:
        return self + -other

    def __str__(self) -> str:
        return f"{self.amount:.2f} {self.currency}"


def to_cents(amount: Decimal) -> Decimal:
    """`amount` rounded half away from zero to two decimals, the way both ledgers round."""
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


def document_tolerance(lines: int) -> Decimal:
    """How far two totals of one document may differ and still count as rounding: 0.05 or 0.005 × √lines (POLICY, Sale 2).

    The result has four decimals; the currency is the document's own.
    """
    return max(Decimal("0.05"), (Decimal("0.005") * Decimal(max(lines, 1)).sqrt())).quantize(
        Decimal("0.0001")
    )
