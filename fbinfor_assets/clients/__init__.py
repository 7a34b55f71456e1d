"""HTTP clients of the vendors: the only code that speaks to them, and the errors that it speaks of.

Belongs here: the public surface shared by all clients (errors, token stores, retry settings), pinned by a test;
`clients.freshbooks`, `clients.infor` and `clients.shop` export their own.
Does not belong here: deciding what to write (`delivery` does), storage, dagster.
"""

from fbinfor_assets.clients.auth import FileTokenStore, MemoryTokenStore, TokenStore
from fbinfor_assets.clients.errors import (
    AuthorisationError,
    ClientError,
    ConnectError,
    ErrorClass,
    InDoubt,
    Interrupted,
    NotFound,
    ParseError,
    RateLimited,
    Refusal,
    ServerError,
    TransportError,
    UnknownFilter,
    UnsortedExport,
    Unsupported,
    ValidationError,
)
from fbinfor_assets.clients.redaction import redact
from fbinfor_assets.clients.retry import NO_RETRY, RetryPolicy

__all__ = [
    "NO_RETRY",
    "AuthorisationError",
    "ClientError",
    "ConnectError",
    "ErrorClass",
    "FileTokenStore",
    "InDoubt",
    "Interrupted",
    "MemoryTokenStore",
    "NotFound",
    "ParseError",
    "RateLimited",
    "Refusal",
    "RetryPolicy",
    "ServerError",
    "TokenStore",
    "TransportError",
    "UnknownFilter",
    "UnsortedExport",
    "Unsupported",
    "ValidationError",
    "redact",
]
