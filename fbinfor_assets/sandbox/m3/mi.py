"""One MI call, without HTTP and without data: options, input checks against the catalogue, output, envelope.

Belongs here: what every transaction of m3api-rest v2 has in common (infor-api 2.1 to 2.5).
Does not belong here: any transaction's own behaviour, tokens, paths, statuses.

Everything is a pure function of its arguments. Business errors travel as `Nok` and end in the envelope, never
in an HTTP status.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any
from urllib.parse import unquote

from fbinfor_assets.sandbox.m3.catalogue import Transaction

Record = dict[str, str]

CENT = Decimal("0.01")
NOT_OK = "ServerReturnedNOK"

# Message ids and texts of infor-api 2.8; &1 is replaced. What a switch may rename is found by its default
# here.
MESSAGES = {
    "XRE0103": "Record does not exist",
    "XRE0104": "Record already exists",
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

DATES = frozenset(
    (
        "LMDT",
        "RGDT",
        "ORDT",
        "RLDT",
        "CUDT",
        "DWDT",
        "CODT",
        "IDAT",
        "IVDT",
        "DUDT",
        "ACDT",
        "REDE",
        "DLDT",
        "DATE",
        "DSDT",
        "DTDT",
        "TRDT",
        "AVDT",
        "CDT1",
        "LRDT",
        "BLDT",
    )
)
DATE_FORMATS = {"YMD8": "%Y%m%d", "YMD6": "%y%m%d", "MDY6": "%m%d%y", "DMY6": "%d%m%y"}


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

    def message(self) -> str:
        """The raw MI text: padded with blanks, field and code appended (infor-api 2.3)."""
        return f"{self.text:<132}{self.field:<10}{self.code}".rstrip() if self.code else self.text


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


_FLAGS = {"excludeempty": "excludeempty", "excludempty": "excludeempty"}  # both spellings are in the wild
_IGNORED = frozenset(
    ("lanc", "locale", "timezone", "format", "metadata", "returnsystemfields", "m3user", "_rid")
)


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
        option = _FLAGS.get(name.lower(), name.lower())
        if option in ("excludeempty", "righttrim", "extendedresult"):
            found[option] = value.strip().lower() == "true"
        elif option == "maxrecs":
            if not value.isdigit():
                raise ValueError(f"maxrecs is {value!r}; it must be a whole number, 0 for all")
            found[option] = int(value)
        elif option == "returncols":
            found[option] = tuple(column.strip().upper() for column in value.split(",") if column.strip())
        elif option == "dateformat":
            found[option] = _date_format(value)
        elif option in ("cono", "divi"):
            found[option] = value.strip()
        elif option not in _IGNORED:
            # An unknown name is most likely a misspelt field: the catalogue check then says so.
            fields[name] = value
    return Options(**found), fields


def _date_format(value: str) -> str:
    name = value.strip().upper() or "YMD8"
    if name not in DATE_FORMATS and name != "YWD5":
        raise ValueError(f"dateformat is {value!r}; known are {', '.join(DATE_FORMATS)}, YWD5")
    return name


def split_matrix(segment: str) -> tuple[str, list[tuple[str, str]]]:
    """A raw path segment `Name;a=b;c=d` as its decoded name and its matrix parameters (infor-api 2.1)."""
    name, *parameters = segment.split(";")
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
    options = replace(
        query,
        cono=str(body.get("cono", query.cono)),
        divi=str(body.get("divi", query.divi)),
        excludeempty=bool(body.get("excludeEmptyValues", query.excludeempty)),
        righttrim=bool(body.get("rightTrim", query.righttrim)),
        maxrecs=body.get("maxReturnedRecords", query.maxrecs),
    )
    if options.maxrecs is not None and (not isinstance(options.maxrecs, int) or options.maxrecs < 0):
        raise ValueError(f"maxReturnedRecords is {options.maxrecs!r}; it must be a whole number, 0 for all")
    calls = []
    for position, item in enumerate(body["transactions"]):
        if not isinstance(item, dict) or not isinstance(item.get("transaction"), str):
            raise ValueError(f'transactions[{position}] must be an object with "transaction" and "record"')
        columns = item.get("selectedColumns")
        own = replace(options, returncols=tuple(columns)) if columns else options
        calls.append(BulkCall(item["transaction"], _bulk_record(item.get("record") or {}, position), own))
    return body["program"], calls


def _bulk_record(record: Any, position: int) -> Record:
    if not isinstance(record, dict):
        raise ValueError(f"transactions[{position}].record must be an object")
    plain = {}
    for field, value in record.items():
        if value is None:
            value = ""
        if isinstance(value, bool | float | list | dict):
            # A JSON number with a fraction would already have lost its exact value here.
            raise ValueError(
                f"transactions[{position}].record.{field} must be text, not {type(value).__name__}"
            )
        plain[field] = str(value)
    return plain


_NUMBER = re.compile(r"-?(\d+(\.\d*)?|\.\d+)")


def check_record(transaction: Transaction, record: Mapping[str, str], *, unknown_fields: str) -> Record:
    """The input as the transaction sees it: right-trimmed, only fields with a value or sent empty on purpose.

    Raises Nok: MandatoryInputFieldNotFound, InputFieldTooLong (types of infor-api 2.3), InputFieldNotFound (a
    guess at the type of an unknown field), XNU0000 for a numeric field that is no number.
    """
    checked = {}
    inputs = transaction.inputs
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
        if kind == "N" and value and value != "?" and not _NUMBER.fullmatch(value):
            raise Nok("XNU0000", field)
        checked[field] = value
    for field in transaction.mandatory:
        if not checked.get(field):
            text = f"Mandatory input field {field} is missing"
            raise Nok("", field, text=text, kind="MandatoryInputFieldNotFound")
    return checked


def shape(transaction: Transaction, rows: Iterable[Mapping[str, Any]], options: Options) -> list[Record]:
    """Rows of a transaction as records of strings: its output fields (or `returncols`), trimmed or padded."""
    outputs = transaction.outputs
    columns = [c for c in options.returncols if c in outputs] if options.returncols else list(outputs)
    dates = DATES.intersection(columns) if options.dateformat != "YMD8" else frozenset()
    records = []
    for row in rows:
        record = {}
        for column in columns:
            value = row.get(column, "")
            text = value if type(value) is str else str(value)
            if column in dates and text:
                text = format_date(text, options.dateformat)
            if options.excludeempty and not text.strip():
                continue
            record[column] = text if options.righttrim else text.ljust(outputs[column])
        records.append(record)
    return records


def result(
    name: str,
    record: Mapping[str, str],
    records: list[Record],
    options: Options,
    nok: Nok | None,
    keep_records: bool,
) -> dict[str, Any]:
    """One entry of `results` (infor-api 2.3); the error attributes are there only on failure."""
    entry: dict[str, Any] = {"transaction": name}
    if options.extendedresult:
        entry["parameters"] = dict(record)
    if nok is not None:
        entry |= {"errorMessage": nok.message(), "errorType": nok.kind}
        entry |= {key: value for key, value in (("errorCode", nok.code), ("errorField", nok.field)) if value}
    entry["notProcessed"] = False
    if nok is None or keep_records:
        entry["records"] = records
    return entry


def envelope(results: list[dict[str, Any]]) -> dict[str, Any]:
    """The body of every answer, single or bulk; the counter's misspelling is the vendor's (infor-api 2.3)."""
    failed = sum("errorMessage" in entry for entry in results)
    return {
        "results": results,
        "wasTerminated": False,
        "terminationReason": "",
        "terminationErrorType": "",
        "bulkJobId": "",
        "nrOfSuccessfullTransactions": len(results) - failed,
        "nrOfFailedTransactions": failed,
        "nrOfNotProcessedTransactions": 0,
    }


# ------------------------------------------------------------------------------------------ values


def parse_date(text: str, field: str, fallback: str = "", style: str = "YMD8") -> str:
    """An input date as YYYYMMDD; "" and "0" are no date and give `fallback`. Raises Nok XDT0001."""
    if text in ("", "0"):
        return fallback
    try:
        if style == "YWD5":
            day = datetime.strptime(f"20{text}", "%G%V%u")  # noqa: DTZ007 (a calendar day has no zone)
        else:
            if len(text) != (8 if style == "YMD8" else 6):
                raise ValueError(text)
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
