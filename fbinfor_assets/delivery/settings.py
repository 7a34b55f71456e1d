"""What delivery can be told: its limits, its patience, and the names that differ by tenant.

Belongs here: settings with their defaults and why; the pair of clients that the writers use.
Does not belong here: which file they come from (config.py), secrets.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fbinfor_assets.clients.freshbooks import FreshBooksClient
    from fbinfor_assets.clients.infor import M3Client


@dataclass(frozen=True)
class Clients:
    """The vendors' clients. One that an object does not need may be None."""

    freshbooks: FreshBooksClient | None = None
    m3: M3Client | None = None


@dataclass(frozen=True)
class M3Names:
    """Tables and columns read through EXPORTMI, and codes: they may differ by tenant and release (infor-api 9).

    The payment batch tables are a guess: no source names them. `""` for `payment_head` says that the tenant does not
    let us read them; then a receipt begun and not finished is recognised by M3's own refusal of the repeated batch.
    """

    batch_head: str = "OXHEAD"
    batch_prefix: str = "OX"
    order_head: str = "OOHEAD"
    order_prefix: str = "OA"
    ledger: str = "FSLEDG"
    ledger_prefix: str = "ES"
    payment_head: str = "ARPBHD"
    payment_line: str = "ARPBLN"
    payment_head_prefix: str = "PH"
    payment_line_prefix: str = "PL"
    # Status of a payment batch that was entered and not controlled yet.
    payment_entered: str = "10"
    # Status of a customer that is usable; 12 comes with ERRM (infor-api 2.6).
    customer_status: str = "20"


@dataclass(frozen=True)
class DeliverySettings:
    """Limits of one delivery. Times are seconds."""

    # How long a written record may stay invisible to a look-up; a look-up earlier than this proves nothing.
    visibility_lag_seconds: float = 0.0
    # Concurrent requests to FreshBooks; its limits are not published, 2 to 4 per token are advised (freshbooks-api 4).
    workers: int = 4
    # M3 transactions in one bulk request: more would run into the gateway's 60 s (infor-api 2.2).
    chunk: int = 100
    # After this the intents of a process on another host count as abandoned; on this host its life is what counts.
    lease_seconds: float = 900.0
    # How often one delivery sends again what surely did not arrive, and looks up what may have.
    rounds: int = 3
    # How often it reads back what is not visible yet; the rest is confirmed by a later delivery.
    confirm_rounds: int = 3
    # Full jitter between zero and twice as much each round; a longer Retry-After than `patience` ends the delivery.
    backoff_seconds: float = 0.2
    patience_seconds: float = 30.0
    # How long to stay away after a 429 without Retry-After (its presence is not verified, infor-api 1.4).
    rate_limit_seconds: float = 10.0
    m3: M3Names = field(default_factory=M3Names)
    # False only in the test that proves the safeguard: what is in doubt is then sent again unseen, and doubles.
    look_up_in_doubt: bool = True
