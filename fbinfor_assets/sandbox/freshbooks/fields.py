"""Values as a request gives them, checked and brought into the form they are stored in.

Belongs here: the checks of single values. Each takes (given, name, object), where `given` is the JSON object of
the request and `object` the resource's name for the error, and raises FreshBooksError.
Does not belong here: checks that need other rows; what a value means.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from fbinfor_assets.sandbox.freshbooks.amounts import cents
from fbinfor_assets.sandbox.freshbooks.errors import (
    FreshBooksError,
    invalid,
    not_a_date,
    not_a_number,
    out_of_range,
    required,
)

Given = Mapping[str, Any]

# Digits before, and places after, the point of any number (assumed).
MAX_DIGITS = 15


def parse_body(raw: bytes, single: str) -> dict[str, Any]:
    """The object under its wrapper key, numbers as Decimal. 400/1005 for no JSON, 422/1001 without the wrapper.

    The plural wrapper of the NODE SDK is refused like any other (freshbooks-api 7).
    """
    given = parse_json(raw, single).get(single)
    if not isinstance(given, dict):
        raise required(single, single)
    return given


def parse_json(raw: bytes, object: str) -> dict[str, Any]:
    """A JSON object, numbers as Decimal; empty for any other JSON. 400/1005 for no JSON."""
    try:
        body = json.loads(raw, parse_float=Decimal, parse_constant=_no_constant)
    except (ValueError, UnicodeDecodeError) as error:
        raise FreshBooksError(400, 1005, str(error), object) from error
    return body if isinstance(body, dict) else {}


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def text(given: Given, name: str, object: str) -> str | None:
    """A text or null; a number becomes its text. 422/1004 for anything else."""
    value = given[name]
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        raise invalid(object, name, value)
    return str(value)


def number(given: Given, name: str, object: str) -> Decimal:
    """A finite number, given as a number or as its text. 422/1015 else, 1030 for one of too many digits."""
    value = given[name]
    if isinstance(value, (str, int, Decimal)) and not isinstance(value, bool):
        try:
            parsed = Decimal(value)
        except InvalidOperation:
            parsed = Decimal("NaN")
        if parsed.is_finite():
            if parsed and not -MAX_DIGITS <= parsed.adjusted() < MAX_DIGITS:
                raise out_of_range(object, name, value)
            return parsed
    raise not_a_number(object, name, value)


def integer(given: Given, name: str, object: str) -> int:
    """A whole number, given as a number or as its text. 422/1015 else."""
    value = number(given, name, object)
    if value != value.to_integral_value():
        raise not_a_number(object, name, given[name])
    return int(value)


def day(given: Given, name: str, object: str) -> str:
    """A date YYYY-MM-DD, which has no zone. 422/1033 else."""
    value = given[name]
    try:
        if isinstance(value, str) and len(value) == 10:
            return date.fromisoformat(value).isoformat()
    except ValueError:
        pass
    raise not_a_date(object, name, value)


def money(given: Given, name: str, object: str, currency: str) -> Decimal:
    """A money object {"amount", "code"} in the document's currency, rounded half up to cents.

    `code` may be left out (freshbooks-api 7); another currency than the document's is 422/1004 (assumed).
    """
    value = given[name]
    if not isinstance(value, dict) or value.get("amount") is None:
        raise invalid(object, name, value)
    if value.get("code") not in (None, "", currency):
        raise invalid(object, "code", value["code"])
    return cents(number(value, "amount", object))


def money_and_code(given: Given, name: str, object: str, currency: str) -> tuple[Decimal, str]:
    """A money object that says its own currency, rounded half up to cents; `currency` where it leaves it out."""
    value = given[name]
    code = (value.get("code") or currency) if isinstance(value, dict) else currency
    if not isinstance(code, str) or len(code) != 3 or not code.isupper():
        raise invalid(object, "code", code)
    return money(given, name, object, code), code


def choice(given: Given, name: str, object: str, allowed: tuple[Any, ...]) -> Any:
    """One of a closed list. 422/1004 else."""
    value = given[name]
    if isinstance(value, bool) or value not in allowed:
        raise invalid(object, name, value)
    return allowed[allowed.index(value)]  # 1 for 1.0


def flag(given: Given, name: str, object: str) -> bool:
    """true or false, also as 1 or 0. 422/1031 else (the message is assumed)."""
    value = given[name]
    if value in (True, False):
        return bool(value)
    raise FreshBooksError(422, 1031, f"The field '{name}' must be a boolean.", object, name, value)


def recipients(given: Given, name: str, object: str) -> list[str]:
    """A list of e-mail addresses, empty if it is left out. 422/1004 for anything else."""
    value = given.get(name) or []
    if not isinstance(value, list) or not all(
        isinstance(address, str) and "@" in address for address in value
    ):
        raise invalid(object, name, value)
    return value
