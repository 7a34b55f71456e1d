"""The families of paths, and how each of them refuses.

Belongs here: the bodies of refusals that do not depend on any resource: no valid token, no scope, too many requests,
no such path, no such method.
Does not belong here: refusals of the accounting family's resources (`errors`), of callbacks (`callbacks`); the checks
that lead to a refusal.

Facts (freshbooks-api 1, 3, 4): the 401 bodies of auth, events, projects, payments and token_info are from SDK
fixtures; since a live observation saw auth's body in the accounting and business families, the switch
`unauthenticated_body` can give it everywhere. Bodies of a missing scope's 403 (the missing scope is named), of 429
and of 405 are assumed: each family's usual shape. A client-role identity's write is 403, errno 1003.
"""

from __future__ import annotations

from typing import Any, Literal

from fbinfor_assets.sandbox.freshbooks.errors import FreshBooksError

Body = dict[str, Any]
Reason = Literal["unauthenticated", "scope", "role", "rate", "path", "method"]

# First step of a path: the family that answers it.
_FAMILIES = {
    "accounting": "accounting",
    "events": "events",
    "projects": "projects",
    "timetracking": "projects",
    "comments": "projects",
    "payments": "payments",
    "uploads": "uploads",
    "_sandbox": "sandbox",
}
STATUS: dict[Reason, int] = {
    "unauthenticated": 401,
    "scope": 403,
    "role": 403,
    "rate": 429,
    "path": 404,
    "method": 405,
}

# Reason: (auth's error code, payments' error type, text).
_TEXTS: dict[Reason, tuple[str, str, str]] = {
    "unauthenticated": (
        "unauthenticated",
        "unauthorized",
        "This action requires authentication to continue.",
    ),
    "scope": ("insufficient_scope", "forbidden", "The token lacks the scope {}."),
    "role": ("forbidden", "forbidden", "Permission Denied."),
    "rate": ("rate_limited", "rate_limited", "Rate limit exceeded."),
    "path": ("not_found", "not_found", "The requested resource was not found."),
    "method": ("method_not_allowed", "method_not_allowed", "The method is not allowed for this resource."),
}
# Where a family's words are known, or its services' frameworks give them.
_OWN_TEXTS: dict[tuple[str, Reason], str] = {
    ("events", "unauthenticated"): "invalid_token: The request token failed to authenticate or validate.",
    ("events", "path"): "Requested resource could not be found.",
    ("payments", "unauthenticated"): "Authentication is required to complete this request.",
    ("projects", "path"): "Requested resource could not be found.",
    ("projects", "unauthenticated"): (
        "The server could not verify that you are authorized to access the URL requested. You either supplied the"
        " wrong credentials (e.g. a bad password), or your browser doesn't understand how to supply the credentials"
        " required."
    ),
    ("projects", "method"): "The method is not allowed for the requested URL.",
}
# Accounting's errno where it has one; without, it refuses as auth does.
_ERRNO: dict[Reason, int] = {"role": 1003, "rate": 429, "path": 1012, "method": 405}
UNAUTHENTICATED = {
    "error": "unauthenticated",
    "error_description": "This action requires authentication to continue.",
}
INVALID_TOKEN = {
    "error": "invalid_token",
    "error_description": "The access token is invalid",
    "state": "unauthorized",
}
"""The 401 of token info."""


def family(path: str) -> str:
    """The family a path belongs to; "auth" for all that belongs to no other."""
    return _FAMILIES.get(path.split("/", 2)[1], "auth")


def refusal(
    of: str, reason: Reason, scope: str = "", *, shape: str = "old", unauthenticated: str = "family"
) -> Body:
    """The body of a refusal in the words of family `of`.

    scope: the one that is missing; shape: as in `FreshBooksError.body`; unauthenticated: see the switch
    `unauthenticated_body`.
    """
    code, type_, text = _TEXTS[reason]
    message = _OWN_TEXTS.get((of, reason), text).format(scope)
    if of == "auth" or (reason == "unauthenticated" and unauthenticated == "auth"):
        return {"error": code, "error_description": text.format(scope)}
    if of == "accounting":
        errno = _ERRNO.get(reason)
        if errno is None:
            return {"error": code, "error_description": message}
        return FreshBooksError(STATUS[reason], errno, message).body(shape)
    if of == "events":
        return events_refusal(STATUS[reason], message, shape=shape)
    if of == "payments":
        return {"error_type": type_, "message": message}
    if of == "projects":
        return {"message" if reason in ("unauthenticated", "method") else "error": message}
    return {"error": message}


_RPC_CODES = {400: 3, 401: 16, 403: 7, 404: 5, 405: 12, 422: 3, 429: 8}


def events_refusal(
    status: int, message: str, violations: tuple[tuple[str, str], ...] = (), *, shape: str = "old"
) -> Body:
    """The body of a refusal by the events family; `violations` are (field, what is wrong with it)."""
    if shape == "old":
        details = [f"{field}: {text}" for field, text in violations]
        return {"errno": status, "message": message} | ({"details": details} if status != 401 else {})
    kinds: list[Body] = []
    if violations:
        fields = [{"field": field, "description": text} for field, text in violations]
        kinds.append({"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": fields})
    links = {"description": "API Documentation", "url": "https://www.freshbooks.com/api/webhooks"}
    kinds.append({"@type": "type.googleapis.com/google.rpc.Help", "links": links})
    return {"code": _RPC_CODES.get(status, 2), "message": message, "details": kinds}
