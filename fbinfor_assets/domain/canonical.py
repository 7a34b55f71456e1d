"""One way to write a payload down, so that its hash means something.

Belongs here: canonical JSON and the hash over it, used by the gate, the intents and the sender.
Does not belong here: what a payload contains (that is the mapping's business), and storage.
"""

from __future__ import annotations

import hashlib
import json
from decimal import Decimal
from typing import Any

import orjson

_LEAVES = frozenset([str, int, bool, type(None), Decimal])


class NotCanonical(TypeError):
    """A value that has no canonical form (a float, a set, an object) was about to be hashed."""


def _plain(value: Any, path: str) -> Any:
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise NotCanonical(f"{path}: {value} is not an amount")
        return format(value, "f")
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str):
                raise NotCanonical(f"{path}: key {key!r} is not text")
        return {key: _plain(value[key], f"{path}.{key}") for key in value}
    if isinstance(value, list | tuple):
        return [_plain(item, f"{path}[{i}]") for i, item in enumerate(value)]
    # A float has no fixed scale: 0.1 + 0.2 would hash differently from 0.3.
    raise NotCanonical(
        f"{path}: {type(value).__name__} has no canonical form; money travels as a decimal string"
    )


def canonical_json(value: Any) -> str:
    """`value` as JSON with sorted keys, no blanks and decimals as fixed-point strings.

    Two payloads are the same exactly if their canonical JSON is. A `Decimal` keeps its scale ("12.00", not "12"),
    so the scale must be fixed by whoever builds the payload.

    Raises `NotCanonical` for floats and for anything that is not JSON.
    """
    return _canonical_bytes(value).decode()


def _canonical_bytes(value: Any) -> bytes:
    """The canonical JSON in UTF-8, by orjson where nothing needs a second thought.

    What counts is the step by step form below; a test holds both equal. Landing hashes every record of every read, which
    was most of what a landing cost.
    """
    if _is_common(value):
        try:
            return orjson.dumps(value, default=_amount, option=orjson.OPT_SORT_KEYS)
        except TypeError:
            # An integer beyond 64 bits, a key that is no text, an amount that is none: written, or named, below.
            pass
    return json.dumps(_plain(value, "$"), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _is_common(value: Any) -> bool:
    """Whether all of it is of JSON's own types and Decimal: no float (orjson would write it), no subclass, no object."""
    found = [value]
    for item in found:
        kind = type(item)
        if kind is dict:
            found.extend(item.values())
        elif kind is list:
            found.extend(item)
        elif kind not in _LEAVES:
            return False
    return True


def _amount(value: Any) -> str:
    if isinstance(value, Decimal) and value.is_finite():
        return format(value, "f")
    raise TypeError(type(value).__name__)


def payload_sha(payload: Any) -> str:
    """Hex SHA-256 of the canonical JSON of `payload` (a JSON text is parsed first).

    Numbers inside a JSON text that are not integers are refused (`NotCanonical`), like floats.
    """
    if isinstance(payload, str):
        payload = json.loads(payload)
    return hashlib.sha256(_canonical_bytes(payload)).hexdigest()
