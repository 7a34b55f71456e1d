"""The scopes a person can consent to, and what a consent page calls them.

Belongs here: the closed list, and the scope a request needs.
Does not belong here: who holds which (`auth`); which object a resource belongs to (`Resource.scope`).

Facts (freshbooks-api 1): a scope is user:<object>:<read|write>; profile, notifications and reports have no :write;
user:profile:read is always granted; one scope that does not exist, or is not enabled for the application, spoils the
whole consent; the portal offers uploads, account and riskhub beyond the documented list. "mcp:*" is not simulated.
"""

from __future__ import annotations

READ_WRITE = (
    "bill_payments",
    "bill_vendors",
    "billable_items",
    "bills",
    "business",
    "clients",
    "credit_notes",
    "estimates",
    "expenses",
    "invoices",
    "journal_entries",
    "online_payments",
    "other_income",
    "payments",
    "projects",
    "retainers",
    "taxes",
    "teams",
    "time_entries",
    "uploads",
)
READ_ONLY = ("notifications", "profile", "reports")
PORTAL_ONLY = ("account", "riskhub")
"""Offered by the portal, not on by default."""

ALWAYS = "user:profile:read"


def _both(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"user:{name}:read" for name in names) + tuple(f"user:{name}:write" for name in names)


DEFAULT = (*(f"user:{name}:read" for name in READ_ONLY), *_both(READ_WRITE))
"""What an application is registered for unless its registration says otherwise."""
ALL = (*DEFAULT, *_both(PORTAL_ONLY))


def needed(object: str, method: str) -> str:
    """The scope a request of this method needs for an object."""
    return f"user:{object}:{'read' if method in ('GET', 'HEAD') else 'write'}"


def granted(asked: str | None, registered: tuple[str, ...]) -> str | None:
    """The scope of a consent to `asked` (nothing asked: all that is registered); None if it is spoilt."""
    names = (asked or "").split() or list(registered)
    if any(name not in registered for name in names):
        return None
    return " ".join(dict.fromkeys((ALWAYS, *names)))


def in_words(scope: str) -> list[tuple[str, str]]:
    """For a person: (object, what may be done with it) of each object of a scope, such as "see and change"."""
    words: dict[str, list[str]] = {}
    for name in sorted(scope.split()):
        _, object, action = name.split(":")
        words.setdefault(object.replace("_", " "), []).append("see" if action == "read" else "change")
    return [(object, " and ".join(actions)) for object, actions in words.items()]
