"""Identifiers that we make ourselves.

Belongs here: UUID version 7 (RFC 9562), whose text order is the order of making.
Does not belong here: our references inside the vendors' records (domain/references.py).
"""

from __future__ import annotations

import secrets
import time
import uuid


def uuid7() -> str:
    """A new UUID version 7 as text: 48 bits of Unix milliseconds, then random bits."""
    value = (time.time_ns() // 1_000_000) << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return str(uuid.UUID(int=value))
