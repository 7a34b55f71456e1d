"""The words of a fault: every kind with its fields, what each field may hold, and what it is when left out.

Belongs here: names, defaults, checks. Does not belong here: what a kind does (`faults` says it, `breakage` does it).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from typing import Any

Check = Callable[[Any], bool]


class FaultError(ValueError):
    """A fault that cannot be planned; `field` is what is wrong with it."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(f"{field}: {text}")
        self.field = field


def _number(low: float, high: float = float("inf")) -> Check:
    return lambda value: type(value) in (int, float) and low <= value <= high


def _whole(low: int, high: float = float("inf")) -> Check:
    return lambda value: type(value) is int and low <= value <= high


def _one_of(*words: Any) -> Check:
    return lambda value: any(value == word and type(value) is type(word) for word in words)


def _range(value: Any) -> bool:
    seconds = _number(0, 3600)
    if isinstance(value, list):
        return len(value) == 2 and all(map(seconds, value)) and value[0] <= value[1]
    return seconds(value)


_text: Check = lambda value: isinstance(value, str)  # noqa: E731
_yes_or_no = _one_of(True, False)
_seconds = _number(0, 3600)
_anything: Check = lambda value: True  # noqa: E731

# field -> (when left out, check, what it may be)
Field = tuple[Any, Check, str]

_WAIT: Field = (0.5, _seconds, "a number of seconds, 0 to 3600")

KINDS: dict[str, dict[str, Field]] = {
    "refuse": {"seconds": (5, _seconds, "a number of seconds, 0 to 3600; 0 until it is ended")},
    "slow": {
        "p99": (10, _number(0.001, 3600), "a number of seconds above 0"),
        "median": (None, _number(0.0001, 3600), "a number of seconds above 0, at most p99"),
        "after": (False, _yes_or_no, "true or false"),
    },
    "delay": {"seconds": _WAIT},
    "slow_answer": {"seconds": _WAIT},
    "reset": {
        "when": ("request", _one_of("request", "answer"), "request or answer"),
        "bytes": (20, _whole(0), "a whole number of bytes"),
    },
    "lose_request": {},
    "lose_answer": {},
    "answer": {
        "status": (503, _whole(200, 599), "an HTTP status, 200 to 599"),
        "headers": ({}, lambda value: isinstance(value, dict), "names and values"),
        "body": ({}, _anything, ""),
        "apply": (False, _yes_or_no, "true or false"),
        "retry_after": (None, _whole(0), "a whole number of seconds"),
        "retry_after_form": ("seconds", _one_of("seconds", "date"), "seconds or date"),
    },
    "truncate": {"share": (0.5, _number(0, 1), "a number from 0 to 1")},
    "invalid_json": {},
    "content_type": {
        "status": (200, _whole(200, 599), "an HTTP status, 200 to 599"),
        "apply": (True, _yes_or_no, "true or false"),
    },
    "unauthorised": {"rotated": (False, _yes_or_no, "true or false")},
    "lose_refresh": {},
    "lag": {"seconds": (2, _range, "a number of seconds, 0 to 3600, or [lowest, highest]")},
    "page_shift": {"by": (1, _one_of(1, -1), "1 or -1")},
    "clock": {"seconds": (600, _number(-86_400, 86_400), "a number of seconds, a day at most")},
}

LASTING = ("lag", "page_shift", "clock")
"""Kinds that have no number of hits unless they are given one."""

FOLLOWING = ("lose_answer", "lose_refresh", "truncate", "invalid_json", "content_type")
"""Kinds that only break the answer: the request itself is applied."""

MATCH: dict[str, Field] = {
    "method": ("", lambda value: isinstance(value, str) and value.isupper(), "an HTTP method in capitals"),
    "path": ("", _text, "a part of a path"),
    "transaction": (
        (),
        lambda value: (
            isinstance(value, str | list) and bool(value) and all(isinstance(name, str) for name in value)
        ),
        "the name of a transaction, or a list of names",
    ),
    "writes": (None, _yes_or_no, "true or false"),
    "skip": (0, _whole(0), "a whole number"),
    "at": (
        (),
        lambda value: isinstance(value, list) and bool(value) and all(map(_whole(1), value)),
        "a list of places, from 1",
    ),
    "rate": (None, _number(0, 1), "a share from 0 to 1"),
}

WHEN = tuple(MATCH)
"""Fields that say which request is hit."""

COMMON: dict[str, Field] = {
    **MATCH,
    "count": (1, _whole(1), "a whole number, from 1"),
    "until": (
        None,
        lambda value: _until(value) is not None,
        "a number of seconds, or an instant like 2026-01-31T12:00Z",
    ),
    "seed": (0, _whole(0), "a whole number"),
}


def _until(value: Any) -> float | datetime | None:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value
    return value if _number(0)(value) else None


def checked(given: Any, extensions: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a fault with what is left out filled in (`seed` only if given).

    The fields of a simulator's own kind are its own affair, and come under `fields`. Raises FaultError.
    """
    if not isinstance(given, dict):
        raise FaultError("do", "a fault is a mapping of fields")
    kind = given.get("do")
    if kind in extensions:
        return _extension(given, extensions)
    if kind not in KINDS:
        raise FaultError("do", f"is {kind!r}; known are {', '.join([*KINDS, *extensions])}")
    known = COMMON | KINDS[kind]
    fields: dict[str, Any] = {"do": kind} | {
        name: facts[0] for name, facts in known.items() if name != "seed"
    }
    for name, value in given.items():
        if name == "do":
            continue
        if name not in known:
            raise FaultError(name, f"{kind} has no such field; known are {', '.join(sorted(known))}")
        _, check, may_be = known[name]
        if not check(value):
            raise FaultError(name, f"is {value!r}; it must be {may_be}")
        fields[name] = value
    _complete(fields, given)
    return fields


def _extension(given: Mapping[str, Any], extensions: Collection[str]) -> dict[str, Any]:
    fields: dict[str, Any] = {"do": given["do"]} | {name: facts[0] for name, facts in COMMON.items()}
    if "until" in given:
        fields["until"] = _until(given["until"])
    fields["fields"] = {name: value for name, value in given.items() if name not in ("do", "until")}
    return fields


def _complete(fields: dict[str, Any], given: Mapping[str, Any]) -> None:
    if isinstance(fields["transaction"], str):
        fields["transaction"] = [fields["transaction"]]
    fields["until"] = _until(fields["until"])
    if fields["do"] == "slow":
        fields["median"] = fields["p99"] / 50 if fields["median"] is None else fields["median"]
        if fields["median"] > fields["p99"]:
            raise FaultError("median", f"is {fields['median']}; it must be at most p99")
    if fields["do"] == "lose_refresh":
        fields["method"], fields["path"] = "POST", given.get("path", "/token")
