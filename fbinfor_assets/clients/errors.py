"""What can go wrong with a vendor, as types: one tree, one class per thing a caller would do differently.

Belongs here: the errors that leave `clients`, the classes that policies hang on, and their wording.
Does not belong here: reading a vendor's error bodies (`freshbooks/faults.py`, `infor/faults.py`), deciding what
happens next (`delivery`).

    ClientError
    ├── TransportError
    │   ├── ConnectError          no byte of the request left: a write may be sent again      connection
    │   ├── Interrupted           a read broke off or timed out                               intermittent
    │   └── InDoubt               a write may or may not have been applied: look it up first  in_doubt
    ├── AuthorisationError        a person must consent, grant or correct credentials         authorisation
    ├── RateLimited               refused before it ran; `.retry_after` seconds, or None      rate_limit
    ├── NotFound                  the vendor knows no such record                             missing
    ├── ValidationError           refused; `.errors` says which field and why                 value, missing, duplicate,
    │                                                                                         too_large, intermittent
    ├── ServerError               the vendor failed a read, or turned a write away unexecuted intermittent
    ├── ParseError                the answer is not what the interface promises               parse
    │   └── UnsortedExport        an EXPORTMI listing cannot be paged safely                  parse
    └── Unsupported               this account, tenant, path or filter does not exist         value, authorisation
        └── UnknownFilter         a list filter that the vendor would silently ignore         value

For a *write* exactly one of these means "unknown outcome": `InDoubt`. Every other error of a write says that the
write did not happen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar, NamedTuple, TypeVar

from fbinfor_assets.clients.redaction import redact


class ErrorClass(StrEnum):
    """The class of an error; policies (retry, dead letter, alert) are written against these words."""

    VALUE = "value"
    MISSING = "missing"
    CONNECTION = "connection"
    INTERMITTENT = "intermittent"
    RATE_LIMIT = "rate_limit"
    TOO_LARGE = "too_large"
    PARSE = "parse"
    DUPLICATE = "duplicate"
    AUTHORISATION = "authorisation"
    IN_DOUBT = "in_doubt"


class Refusal(NamedTuple):
    """One reason a vendor gave: its code (FreshBooks errno, M3 message id), field, text and the value it saw."""

    code: str | None
    field: str | None
    message: str
    value: str | None


class ClientError(Exception):
    """Anything that went wrong with a vendor.

    `system` is "freshbooks", "infor" or "shop"; `operation` what was asked in a few words; `record` our or the
    vendor's key of the record, if one was meant; `next_step` what a person does about it; `status` the HTTP status
    if an answer came; `request_id` the vendor's id of the request, if it gave one; `errors` the vendor's reasons.
    """

    default_class: ClassVar[ErrorClass] = ErrorClass.VALUE
    default_transient: ClassVar[bool] = False
    default_next_step: ClassVar[str] = "correct the record and send it again"

    def __init__(
        self,
        problem: str,
        *,
        system: str,
        operation: str,
        record: str | None = None,
        next_step: str | None = None,
        error_class: ErrorClass | None = None,
        transient: bool | None = None,
        status: int | None = None,
        request_id: str | None = None,
        errors: Iterable[Refusal] = (),
        retry_after: float | None = None,
    ) -> None:
        self.problem = redact(problem)
        self.system = system
        self.operation = operation
        self.record = record
        self.next_step = next_step or self.default_next_step
        self.error_class = error_class or self.default_class
        self.transient = self.default_transient if transient is None else transient
        self.status = status
        self.request_id = request_id
        self.errors = tuple(errors)
        self.retry_after = retry_after
        # Rows that came before a list broke off half-way (M3's partial NOK); never to be taken for the whole list.
        self.partial_records: list[dict[str, str]] = []
        super().__init__(str(self))

    @property
    def code(self) -> str | None:
        """The first code the vendor gave, if any."""
        return next((refusal.code for refusal in self.errors if refusal.code), None)

    def __str__(self) -> str:
        record = f" {self.record}" if self.record else ""
        facts = [f"HTTP {self.status}"] if self.status else []
        facts += [f"request {self.request_id}"] if self.request_id else []
        tail = f" ({', '.join(facts)})" if facts else ""
        return f"{self.system}: {self.operation}{record}: {self.problem.rstrip('.')}{tail}. Next: {self.next_step}."


class TransportError(ClientError):
    """The request or its answer did not get through."""

    default_class = ErrorClass.CONNECTION
    default_transient = True
    default_next_step = "check that the host is reachable; the next run tries again"


class ConnectError(TransportError):
    """No connection was made, so nothing was sent: safe to send again, also for a write."""


class Interrupted(TransportError):
    """A read timed out or broke off. Reads change nothing, so it may simply be asked again."""

    default_class = ErrorClass.INTERMITTENT


class InDoubt(TransportError):
    """A write was (or may have been) sent and no usable answer came: it may be applied or not.

    Never send it again before looking it up in the vendor by our reference (DESIGN 6.3, reliability C2).
    """

    default_class = ErrorClass.IN_DOUBT
    default_transient = False
    default_next_step = "look the record up in the target by our reference before anything is sent again"


class AuthorisationError(ClientError):
    """Credentials, consent or permissions are wrong; no retry helps."""

    default_class = ErrorClass.AUTHORISATION
    default_next_step = "check the credentials and permissions of this connection, then run `fbinfor doctor`"


class RateLimited(ClientError):
    """Refused before it ran because too much was asked; `.retry_after` is in seconds, None if not said."""

    default_class = ErrorClass.RATE_LIMIT
    default_transient = True
    default_next_step = "wait for the stated time; the whole connection is over its limit"


class NotFound(ClientError):
    """The vendor has no such record."""

    default_class = ErrorClass.MISSING
    default_next_step = "check the key; the record may be deleted in the vendor's system"


class ValidationError(ClientError):
    """The vendor read the request and refused it; `.errors` is a tuple of (code, field, message, value)."""


class ServerError(ClientError):
    """The vendor failed to answer a read, or turned a write away without executing it (a busy record)."""

    default_class = ErrorClass.INTERMITTENT
    default_transient = True
    default_next_step = "nothing to correct here; the next run tries again"


class ParseError(ClientError):
    """The answer does not have the shape that the interface promises."""

    default_class = ErrorClass.PARSE
    default_next_step = (
        "keep the answer and compare it with the reference: the vendor's interface may have changed"
    )


class UnsortedExport(ParseError):
    """An EXPORTMI listing came back in another order than its paging needs; rows would be lost or doubled."""


class Unsupported(ClientError):
    """The path, transaction, feature or filter does not exist for this account or tenant."""

    default_next_step = "check the connection settings and what the account or tenant includes"


class UnknownFilter(Unsupported):
    """A list filter that the vendor does not know and would silently ignore (it would return everything)."""


E = TypeVar("E", bound=ClientError)


@dataclass(frozen=True, slots=True)
class Call:
    """What is being asked of whom: the part of every error message that does not depend on the answer."""

    system: str
    operation: str
    record: str | None = None
    writes: bool = False

    def error(self, kind: type[E], problem: str, **details: Any) -> E:
        """An error of `kind` about this call."""
        return kind(problem, system=self.system, operation=self.operation, record=self.record, **details)


def request_id(headers: Mapping[str, str]) -> str | None:
    """The vendor's id of a request, to quote to its support."""
    return headers.get("x-request-id") or headers.get("x-correlation-id")
