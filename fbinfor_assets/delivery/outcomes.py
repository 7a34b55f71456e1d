"""What can come of a sending, a look-up and a read-back, as types.

Belongs here: the words in which a writer answers the sender.
Does not belong here: what follows from them (sender.py).
"""

from __future__ import annotations

from dataclasses import dataclass

from fbinfor_assets.clients.errors import ClientError

# ------------------------------------------------------------------- of sending


@dataclass(frozen=True)
class Answered:
    """The vendor accepted it. `remote_id` is the vendor's id (for M3 the key that is ours or M3 gave)."""

    remote_id: str


@dataclass(frozen=True)
class Rejected:
    """The vendor refused it and would do so again. `rule` is the vendor's code, `field` and `value` what it named.

    `remote_id`: what was begun before the refusal and stays there; a corrected payload goes on from it.
    """

    error_class: str
    rule: str
    message: str
    field: str | None = None
    value: str | None = None
    remote_id: str | None = None


@dataclass(frozen=True)
class NotSent:
    """Surely nothing was applied: it may be sent again. `stop`: nothing else of this object should be sent now."""

    error_class: str
    message: str
    retry_after: float | None = None
    stop: bool = False


@dataclass(frozen=True)
class Unknown:
    """It may have been applied or not. `duplicate`: the vendor says it exists; if it then does not, it is rejected."""

    message: str
    error_class: str = "in_doubt"
    duplicate: Rejected | None = None


@dataclass(frozen=True)
class Differs:
    """The target holds something else, or holds it in a state that a person must look at.

    Also of looking up and reading back. `remote_id` only if the record is ours; without it the conflict ends when what
    is in the way is gone.
    """

    message: str
    remote_id: str | None = None
    cause: str = "value"


Sent = Answered | Rejected | NotSent | Unknown | Differs

# ------------------------------------------------------------------- of looking up


@dataclass(frozen=True)
class Found:
    """It is in the target, whole and equal."""

    remote_id: str


@dataclass(frozen=True)
class Partial:
    """It was begun under this id; sending it again goes on from there instead of beginning anew."""

    remote_id: str


@dataclass(frozen=True)
class Absent:
    """It is not in the target."""


Looked = Found | Partial | Absent | Differs

# ------------------------------------------------------------------- of reading back


@dataclass(frozen=True)
class Confirmed:
    """Read back and as meant."""

    remote_id: str


@dataclass(frozen=True)
class NotYet:
    """Not visible or not finished in the target yet; ask again later."""

    message: str


ReadBack = Confirmed | NotYet | Differs


def of_error(error: ClientError) -> Sent:
    """What a failed write means. Only `InDoubt` leaves open whether it was applied (clients/errors.py)."""
    kind = str(error.error_class)
    if kind in ("in_doubt", "parse"):
        return Unknown(str(error))
    if kind in ("connection", "intermittent", "rate_limit"):
        return NotSent(kind, str(error), error.retry_after, stop=kind != "intermittent")
    if kind == "authorisation":
        return NotSent(kind, str(error), stop=True)
    refusal = error.errors[0] if error.errors else None
    rejected = Rejected(
        kind,
        rule=(refusal.code if refusal and refusal.code else kind),
        message=str(error),
        field=refusal.field if refusal else None,
        value=refusal.value if refusal else None,
    )
    if kind == "duplicate":
        return Unknown(str(error), "duplicate", rejected)
    return rejected
