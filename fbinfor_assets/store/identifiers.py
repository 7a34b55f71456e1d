"""Identifiers that we make ourselves.

Belongs here: UUID version 7 (RFC 9562), whose text order is the order of making.
Does not belong here: our references inside the vendors' records (domain/references.py).
"""

from __future__ import annotations

import secrets
import threading
import time
import uuid

_lock = threading.Lock()
_last = 0


def uuid7() -> str:
    """A new UUID version 7 as text; within one process each is greater than the one before.

    48 bits of Unix milliseconds and, in the 12 bits behind the version, a counter that starts anew each millisecond
    (RFC 9562, method 1): rows of one batch sort in the order in which they were made.
    """
    global _last
    with _lock:
        # Milliseconds and counter are one number: a full counter simply borrows from the next millisecond.
        _last = max((time.time_ns() // 1_000_000) << 12, _last + 1)
        moment = _last
    value = (moment >> 12) << 80 | 0x7 << 76 | (moment & 0xFFF) << 64 | 0x2 << 62 | secrets.randbits(62)
    return str(uuid.UUID(int=value))
