"""One MI call, without HTTP and without data: options, input checks against the catalogue, output values.

Belongs here: what every transaction has in common, whatever the interface (infor-api 2.1 to 2.5).
Does not belong here: any transaction's own behaviour, the bodies of the answers (`answers.py`), tokens, paths,
statuses.

Everything is a pure function of its arguments. Business errors travel as `Nok` and end in the envelope, never
in an HTTP status.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any
from urllib.parse import unquote

from fbinfor_assets.sandbox.m3.catalogue import Transaction
from fbinfor_assets.sandbox.m3.texts import translated

Record = dict[str, str]

CENT = Decimal("0.01")
NOT_OK = "ServerReturnedNOK"

# Message ids and texts of infor-api 2.8; &1 is replaced. What a switch may rename is found by its default
# here.
MESSAGES = {
    "XRE0103": "Record does not exist",
    "XRE0104": "Record already exists",
    "X_01003": "User not active",
    "XUP0001": "The record has been changed by user &1",
    "XAU0008": "Not authorized for company &1",
    "XDT0001": "Incorrect date",
    "XNU0000": "Numeric error",
    "XNU0003": "Negative value is not permitted",
    "XST0020": "Status change not permitted",
    "XOPC001": "Invalid operation code",
    "WCU0203": "Customer number &1 does not exist",
    "WCU0204": "Customer number &1 already exists",
    "WIT0101": "Item number &1 is invalid",
    "WIT0102": "Item number must be entered",
    "WIT0103": "Item number &1 does not exist",
    "WIT0104": "Item number &1 already exists",
    "XIT0107": "Item not permitted - status is &1",
    "WWH0103": "Warehouse &1 does not exist",
    "WFAC303": "Facility &1 does not exist",
    "WOR0303": "Customer order number &1 does not exist",
    "WPO0303": "Order line number &1 does not exist",
    "WTT0403": "Order type &1 does not exist",
    "WDL0203": "Delivery number &1 does not exist",
    "WST0301": "Status &1 is invalid",
    "WCS0103": "Country &1 does not exist",
    "WAD1003": "Address number &1 does not exist",
}

# What the `-` of YMD8- means is written nowhere: a guess at a separator.
DATE_FORMATS = {
    "YMD8": "%Y%m%d",
    "YMD6": "%y%m%d",
    "MDY6": "%m%d%y",
    "DMY6": "%d%m%y",
    "YWD5": "%G%V%u",
    "YMD8-": "%Y-%m-%d",
}
FORMATS = ("PRETTY", "COMPACT", "UNFORMATTED")


class Nok(Exception):
    """A business error: M3 answers NOK with HTTP 200 and changes nothing.

    `code` is the message id (empty for errors of m3api-rest itself), `field` the input field, `kind` the
    errorType.
    """

    def __init__(
        self, code: str, field: str = "", *values: object, text: str = "", kind: str = NOT_OK
    ) -> None:
        message = text or MESSAGES.get(code, code)
        for position, value in enumerate(values, 1):
            message = message.replace(f"&{position}", str(value))
        super().__init__(message)
        self.code, self.field, self.kind, self.text = code, field, kind, message
        self._values, self._own_text = values, bool(text)

    def message(self, language: str = "", *, padded: bool = True) -> str:
        """The MI text: in a real answer mostly padded with blanks, field and code appended (infor-api 2.3)."""
        text = self.text
        if language and not self._own_text:
            text = translated(self.code, language) or text
            for position, value in enumerate(self._values, 1):
                text = text.replace(f"&{position}", str(value))
        return f"{text:<132}{self.field:<10}{self.code}".rstrip() if padded and self.code else text


@dataclass(frozen=True, slots=True)
class Options:
    """How a call wants its answer; names and defaults of infor-api 2.1 (maxrecs 0 = all, None = not said)."""

    cono: str = ""
    divi: str = ""
    maxrecs: int | None = None
    dateformat: str = "YMD8"
    excludeempty: bool = False
    righttrim: bool = True
    extendedresult: bool = False
    returncols: tuple[str, ...] = ()
    lanc: str = ""
    m3user: str = ""
    format: str = "PRETTY"
    metadata: bool | None = None
    position: int = 0


_SPELLINGS = {"excludempty": "excludeempty"}  # both are in the wild
_FLAGS = frozenset(("excludeempty", "righttrim", "extendedresult", "metadata"))
_TEXTS = frozenset(("cono", "divi", "lanc", "m3user"))
# What they change is published nowhere.
_WITHOUT_EFFECT = frozenset(("locale", "timezone", "returnsystemfields"))


def parse_options(pairs: Iterable[tuple[str, str]]) -> tuple[Options, Record]:
    """Split query or matrix pairs into options (lower-case names) and transaction fields (upper-case names).

    Raises ValueError with a sentence for an option that cannot be read (HTTP 400).
    """
    found: dict[str, Any] = {}
    fields: Record = {}
    for name, value in pairs:
        if name.isupper():
            fields[name] = value
            continue
        option = _SPELLINGS.get(name.lower(), name.lower())
        if option in _FLAGS:
            found[option] = value.strip().lower() == "true"
        elif option in _TEXTS:
            found[option] = value.strip()
        elif option == "maxrecs":
            found[option] = _count(value, option)
        elif option == "returncols":
            found[option] = tuple(column.strip().upper() for column in value.split(",") if column.strip())
        elif option in ("dateformat", "format"):
            found[option] = _one_of(value, option)
        elif option not in _WITHOUT_EFFECT and not name.startswith(("_", "$")):
            # An unknown name is most likely a misspelt field: the catalogue check then says so.
            fields[name] = value
    return Options(**found), fields


def _count(value: object, option: str) -> int:
    if not str(value).isdigit():
        raise ValueError(f"{option} is {value!r}; it must be a whole number, 0 for all")
    return int(str(value))


def _one_of(value: str, option: str) -> str:
    known = tuple(DATE_FORMATS) if option == "dateformat" else FORMATS
    name = value.strip().upper() or known[0]
    if name not in known:
        raise ValueError(f"{option} is {value!r}; known are {', '.join(known)}")
    return name


def split_matrix(segment: str, *, encoded_too: bool = False) -> tuple[str, list[tuple[str, str]]]:
    """A raw path segment `Name;a=b;c=d` as its decoded name and its matrix parameters (infor-api 2.1).

    `encoded_too`: a segment whose semicolons all came as %3B is split at these.
    """
    name, *parameters = segment.split(";")
    if encoded_too and not parameters:
        name, *parameters = unquote(segment).split(";")
    pairs = (parameter.partition("=") for parameter in parameters if parameter)
    return unquote(name), [(unquote(key), unquote(value)) for key, _, value in pairs]


@dataclass(frozen=True, slots=True)
class BulkCall:
    """One transaction of a bulk request, with the bulk's options and its own selected columns."""

    transaction: str
    record: Record
    options: Options


def parse_bulk(body: Any, query: Options) -> tuple[str, list[BulkCall]]:
    """Program and calls of a bulk request (infor-api 2.2); options in the body win over those of the query.

    Raises ValueError with a sentence for a body of another shape (HTTP 400).
    """
    if not isinstance(body, dict) or not isinstance(body.get("program"), str):
        raise ValueError('the body must be an object with "program" and "transactions"')
    if next(reversed(body)) != "transactions" or not isinstance(body["transactions"], list):
        raise ValueError(
            '"transactions" must be a list and the last attribute of the body'
        )  # the server streams
    options = _bulk_options(body, query)
    calls = []
    for position, item in enumerate(body["transactions"]):
        if not isinstance(item, dict) or not isinstance(item.get("transaction"), str):
            raise ValueError(f'transactions[{position}] must be an object with "transaction" and "record"')
        columns = item.get("selectedColumns")
        own = options
        if columns:
            if not isinstance(columns, list):
                raise ValueError(f"transactions[{position}].selectedColumns must be a list")
            own = replace(options, returncols=tuple(str(column).upper() for column in columns))
        calls.append(BulkCall(item["transaction"], _bulk_record(item.get("record") or {}, position), own))
    return body["program"], calls


# How a bulk spells the options of the query string (infor-api 2.2).
_IN_BULK = {
    "cono": "cono",
    "divi": "divi",
    "lanc": "lanc",
    "m3user": "m3user",
    "dateFormat": "dateformat",
    "excludeEmptyValues": "excludeempty",
    "rightTrim": "righttrim",
    "extendedResult": "extendedresult",
    "maxReturnedRecords": "maxrecs",
}


def _bulk_options(body: Mapping[str, Any], query: Options) -> Options:
    given = [(_IN_BULK[name], body[name]) for name in _IN_BULK if body.get(name) is not None]
    found, _ = parse_options((option, str(value)) for option, value in given)
    return replace(query, **{option: getattr(found, option) for option, _ in given})


def _bulk_record(record: Any, position: int) -> Record:
    if not isinstance(record, dict):
        raise ValueError(f"transactions[{position}].record must be an object")
    plain_values = {}
    for field, value in record.items():
        if isinstance(value, bool | list | dict):
            kind = type(value).__name__
            raise ValueError(f"transactions[{position}].record.{field} must be text or a number, not {kind}")
        plain_values[field] = "" if value is None else str(value)
    return plain_values


_NUMBER = re.compile(r"-?([0-9]+(\.[0-9]*)?|\.[0-9]+)")


def check_record(transaction: Transaction, record: Mapping[str, str], *, unknown_fields: str) -> Record:
    """The input as the transaction sees it: right-trimmed, only fields with a value or sent empty on purpose.

    Raises Nok: MandatoryInputFieldNotFound, InputFieldTooLong (types of infor-api 2.3), InputFieldNotFound (a
    guess at the type of an unknown field), XNU0000 for a numeric field that is no number.
    """
    checked = {}
    inputs = transaction.inputs
    clears = transaction.name.startswith(("Chg", "Upd"))  # where `?` may stand for "empty this field"
    for field, value in record.items():
        facts = inputs.get(field)
        if facts is None:
            if unknown_fields == "ignored":
                continue
            text = f"Input field {field} is not a field of {transaction.program}/{transaction.name}"
            raise Nok("", field, text=text, kind="InputFieldNotFound")
        kind, length = facts
        value = value.rstrip()
        if len(value) > length and (kind == "A" or len(value.lstrip("-").replace(".", "")) > length):
            text = f"Input field {field} is too long: {len(value)} characters, at most {length}"
            raise Nok("", field, text=text, kind="InputFieldTooLong")
        if kind == "N" and value and not _NUMBER.fullmatch(value) and not (clears and value == "?"):
            raise Nok("XNU0000", field)
        if "." in value and field in transaction.whole:
            # "1." and "1.00" are 1; a handler that counts or looks up must not meet a point.
            value = plain(Decimal(value))
            if "." in value:
                raise Nok("XNU0000", field)
        checked[field] = value
    for field in transaction.mandatory:
        if not checked.get(field):
            text = f"Mandatory input field {field} is missing"
            raise Nok("", field, text=text, kind="MandatoryInputFieldNotFound")
    return checked


def shape(
    transaction: Transaction,
    rows: Iterable[Mapping[str, Any]],
    options: Options,
    *,
    trailing_minus: bool = False,
    refuse_bad_output: bool = False,
) -> Iterator[Record]:
    """Rows of a transaction as records of strings: its output fields (or `returncols`), trimmed or padded.

    A text longer than its field is cut as MI's fixed layout cuts it; with `refuse_bad_output` that, and a value
    that is neither text nor an exact number, is an AssertionError: the handler is wrong.
    """
    outputs, kinds = transaction.outputs, transaction.kinds
    columns = [c for c in options.returncols if c in outputs] if options.returncols else list(outputs)
    dated = options.dateformat != "YMD8"
    for row in rows:
        record = {}
        for column in columns:
            value = row.get(column, "")
            text = value if type(value) is str else str(value)
            length = outputs[column]
            if refuse_bad_output:
                _check_output(transaction, column, value)
            if len(text) > length and kinds[column] != "N":
                text = text[:length]
            if trailing_minus and kinds[column] == "N" and text.startswith("-"):
                text = text[1:] + "-"
            if dated and text and kinds[column] == "D":
                text = format_date(text, options.dateformat)
            if options.excludeempty and not text.strip():
                continue
            record[column] = text.rstrip(" ") if options.righttrim else text.ljust(length)
        yield record


def _check_output(transaction: Transaction, column: str, value: object) -> None:
    where = f"{transaction.program}/{transaction.name} {column}={value!r}"
    assert type(value) in (str, int, Decimal), f"{where} is neither text nor an exact number"
    digits = str(value).lstrip("-").replace(".", "") if transaction.kinds[column] == "N" else str(value)
    assert len(digits) <= transaction.outputs[column], f"{where} is longer than {transaction.outputs[column]}"


# ------------------------------------------------------------------------------------------ values


_DATE_WIDTHS = {"YMD8": 8, "YMD6": 6, "MDY6": 6, "DMY6": 6, "YWD5": 5, "YMD8-": 10}


def parse_date(text: str, field: str, fallback: str = "", style: str = "YMD8") -> str:
    """An input date as YYYYMMDD; "" and "0" are no date and give `fallback`. Raises Nok XDT0001."""
    if text in ("", "0"):
        return fallback
    try:
        if len(text) != _DATE_WIDTHS[style]:
            raise ValueError(text)
        # A calendar day has no zone; strptime wants the four-digit year of a week.
        if style == "YWD5":
            text = f"20{text}"
        day = datetime.strptime(text, DATE_FORMATS[style])  # noqa: DTZ007
    except ValueError:
        raise Nok("XDT0001", field) from None
    return day.strftime("%Y%m%d")


def format_date(text: str, style: str) -> str:
    """A stored YYYYMMDD in the asked format; anything else comes back as it is."""
    try:
        day = date(int(text[:4]), int(text[4:6]), int(text[6:8]))
    except ValueError:
        return text
    if style == "YWD5":
        year, week, weekday = day.isocalendar()
        return f"{year % 100:02d}{week:02d}{weekday}"
    return day.strftime(DATE_FORMATS[style])


def to_day(text: str) -> date:
    """A stored YYYYMMDD as a date."""
    return date(int(text[:4]), int(text[4:6]), int(text[6:8]))


def parse_decimal(text: str, field: str, decimals: int = 6) -> Decimal:
    """An input number ('.' decimal point, leading '-'). Raises Nok XNU0000, also for more than `decimals`
    places."""
    try:
        if not _NUMBER.fullmatch(text):
            raise InvalidOperation
        number = Decimal(text)
    except InvalidOperation:
        raise Nok("XNU0000", field) from None
    if -number.as_tuple().exponent > decimals and number != round(number, decimals):
        raise Nok("XNU0000", field)
    return number


def money(amount: Decimal) -> str:
    """An amount as the records carry it: two decimals, half up, leading '-'."""
    return str(amount.quantize(CENT, ROUND_HALF_UP) + 0)  # + 0: never "-0.00"


def plain(number: Decimal) -> str:
    """A quantity or price without an exponent and without trailing zeros."""
    text = format(number, "f")
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"
