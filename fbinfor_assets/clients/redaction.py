"""Secrets out of text that people will read.

Belongs here: the patterns of secrets as our two vendors and the shop spell them.
Does not belong here: personal data, storage of secrets (`security`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

HIDDEN = "[hidden]"

_NAMES = "access_token|refresh_token|client_secret|consumer_secret|consumer_key|password|saak|sask|cs|token|verifier"
_PATTERNS = (
    re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{6,}"),
    # name=value as in a form or a query, "name": "value" as in JSON (where `code` is a currency, not a consent code)
    re.compile(rf"(?i)(\b(?:{_NAMES}|code)=)[^&\s\"']+"),
    re.compile(rf"(?i)([\"'](?:{_NAMES})[\"']\s*:\s*[\"'])[^\"']*"),
    re.compile(r"(?i)(://[^/\s:@]+:)[^/\s@]+(?=@)"),
    re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.?[A-Za-z0-9_-]*"),  # a JWT anywhere
)


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """`text` without the given secrets and without anything that looks like a token, a key or a password."""
    for secret in sorted({s for s in secrets if len(s) >= 4}, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    first, *named, jwt = _PATTERNS
    text = first.sub(lambda found: f"{found.group(1)} {HIDDEN}", text)
    for pattern in named:
        text = pattern.sub(lambda found: found.group(1) + HIDDEN, text)
    return jwt.sub(HIDDEN, text)
