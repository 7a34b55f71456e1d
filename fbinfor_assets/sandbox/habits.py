"""The stated rule of how customers pay and how the warehouse ships: one bucket per order number, nothing hidden.

Belongs here: the rule, as a pure function of the order number. The shop shows part of it (a prepaid order was paid by
card); the driver acts on it.
Does not belong here: doing it (`driver`), and any product code: the world does not know what we expect of it.

The rule, of 100 orders by the last digits of sha256 (independent buckets, so the shares hold within each other):

* 15 are prepaid: by card, the full total, on the order's day, while the FreshBooks invoice is still a draft.
* Of the other 85: 70 % pay each invoice in full once it is sent, 10 % pay half of it and no more, 20 % pay nothing.
* 10 % of the orders that are not prepaid and have more than one line ship in two parts, the first half of the lines
  (rounded up) on the day after the order, the rest one day later; all others ship whole on the day after the order.
* In 2 % (a fifth of those in two parts) the rest ships late, not before four days after the order.
* Methods: Bank Transfer 40 %, Credit Card 30 %, PayPal 20 %, Check 10 %.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal

PREPAID_METHOD = "Credit Card"


@dataclass(frozen=True, slots=True)
class Habit:
    """What will happen to one order. `method` is FreshBooks' name of the payment type (freshbooks-api, payments)."""

    prepaid: bool
    pays: Literal["full", "half", "nothing"]
    method: str
    splits: bool
    rest_late: bool


def habit(order_number: str) -> Habit:
    """The habit of a shop order number (`536365`; a further document `536365-2` belongs to the same order)."""
    number = order_number.split("-")[0]
    digest = hashlib.sha256(number.encode()).digest()
    prepay, pay, method, split = (int.from_bytes(digest[at : at + 4], "big") % 100 for at in (0, 4, 8, 12))
    prepaid = prepay < 15
    return Habit(
        prepaid=prepaid,
        pays="full" if prepaid or pay < 70 else "half" if pay < 80 else "nothing",
        method=PREPAID_METHOD if prepaid else _method(method),
        splits=not prepaid and split < 10,
        rest_late=not prepaid and split < 2,
    )


def _method(bucket: int) -> str:
    if bucket < 40:
        return "Bank Transfer"
    if bucket < 70:
        return "Credit Card"
    return "PayPal" if bucket < 90 else "Check"
