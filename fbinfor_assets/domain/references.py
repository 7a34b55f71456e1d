"""Our own references inside the vendors' records: what makes a look-up possible after a lost answer.

Belongs here: how each reference is spelt, and its width in the target.
Does not belong here: the look-ups themselves (`delivery/writers`).

Neither vendor takes an idempotency key (reliability C2), so every record that we create carries one of these.
The dbt models spell the same references in `dbt_project/macros/references.sql`; a test keeps the two alike.
"""

from __future__ import annotations

import re

PYRE_WIDTH = 25  # OIS100MI AddBatchHead PYRE:A25 (infor-api 2.6)
CUNO_WIDTH = 10  # CRS610MI Add CUNO:A10
ALLOCATION_BASE = 5_000_000_000  # PBID is N10: payment ids stay below, allocations above


class ReferenceTooLong(ValueError):
    """A reference does not fit the target's field; the record must not be sent."""


def _fit(value: str, width: int, field: str) -> str:
    if len(value) > width:
        raise ReferenceTooLong(f"reference {value!r} has {len(value)} characters, {field} holds {width}")
    return value


def freshbooks_client_token(shop_customer: str) -> str:
    """The token in a FreshBooks client's `note`; `shop_customer` is an id, or `WALKIN-GB` for guests of a country."""
    return f"[fbinfor SHOP-{shop_customer}]"


def shop_customer_of(note: str | None) -> str | None:
    """The shop customer named by the token in a client's note, or None."""
    found = re.search(r"\[fbinfor SHOP-([A-Za-z0-9-]+)\]", note or "")
    return found.group(1) if found else None


def invoice_number(order_number: str, sequence: int) -> str:
    """FreshBooks invoice number of the `sequence`-th document (1-based) of a shop order."""
    return order_number if sequence == 1 else f"{order_number}-{sequence}"


def m3_customer_number(freshbooks_client_id: str | int) -> str:
    """CUNO of the M3 customer made from a FreshBooks client: `FB` and the id in eight digits."""
    return _fit(f"FB{int(freshbooks_client_id):08d}", CUNO_WIDTH, "CUNO")


def m3_order_reference(account_id: str, freshbooks_invoice_id: str | int) -> str:
    """PYRE of the M3 order made from a FreshBooks invoice (returned by LstHead and GetHead)."""
    return _fit(f"FB-{account_id}-{freshbooks_invoice_id}", PYRE_WIDTH, "PYRE")


def m3_free_goods_reference(shop_order_number: str) -> str:
    """PYRE of the M3 order that delivers free goods: they have no FreshBooks document, so it names the shop order."""
    return _fit(f"SHOP-{shop_order_number}", PYRE_WIDTH, "PYRE")


def m3_credit_reference(account_id: str, freshbooks_credit_id: str | int) -> str:
    """PYRE of the M3 credit order made from a FreshBooks credit note."""
    return _fit(f"FBC-{account_id}-{freshbooks_credit_id}", PYRE_WIDTH, "PYRE")


def receipt_batch(freshbooks_payment_id: str | int) -> int:
    """PBID of the M3 payment batch made from a FreshBooks payment."""
    number = int(freshbooks_payment_id)
    if not 0 < number < ALLOCATION_BASE:
        raise ReferenceTooLong(f"payment id {number} does not fit below {ALLOCATION_BASE} in PBID")
    return number


def allocation_batch(freshbooks_payment_id: str | int, nth: int) -> int:
    """PBID of the `nth` (0 to 9) allocation of a payment that was received on account."""
    number = ALLOCATION_BASE + int(freshbooks_payment_id) * 10 + nth
    if not 0 <= nth <= 9 or number > 9_999_999_999:
        raise ReferenceTooLong(f"allocation {nth} of payment {freshbooks_payment_id} does not fit PBID")
    return number


def on_account_number(freshbooks_payment_id: str | int) -> str:
    """CINO under which a prepayment stands on account until an invoice takes it."""
    return _fit(f"P{freshbooks_payment_id}", 15, "CINO")
