"""Reading order files: the one door through which an order line enters the shop.

Belongs here: the columns, the rules a file must satisfy, the error that tells a person which row to put right.
Does not belong here: made-up orders (`generator`), grouping lines into orders (`book`), any cleaning: the real file
is dirty on purpose, and what is merely odd (zero prices, missing descriptions, negative quantities, repeated lines)
passes as it is.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import duckdb

from fbinfor_assets.sandbox.profiles import COUNTRIES
from fbinfor_assets.sandbox.state import SandboxError

COLUMNS = (
    "invoice_no",
    "stock_code",
    "description",
    "quantity",
    "invoice_date",
    "unit_price",
    "customer_id",
    "country",
)

_BATCH = 10_000


class OrderFileError(SandboxError):
    """An order file (or the asked days) cannot be used; the text says where and what to do. Nothing was changed."""


class OrderRow(NamedTuple):
    """One line of the order file.

    `invoice_date` is local time of the shop (Europe/London) without a zone, as in the file; `unit_price` in GBP
    without tax, up to six decimals; `customer_id` None for a walk-in; `country` as the file spells it.
    """

    invoice_no: str
    stock_code: str
    description: str | None
    quantity: int
    invoice_date: datetime
    unit_price: Decimal
    customer_id: int | None
    country: str


def read_orders(
    path: Path, first_day: date | None = None, last_day: date | None = None
) -> Iterator[OrderRow]:
    """The lines of every order placed from `first_day` to `last_day` (inclusive, local days), in file order.

    The whole file is checked before the first line is given, also outside the asked days. An order belongs to the
    day of its first line. Memory stays flat: DuckDB streams, at most a batch of lines is in Python.

    Raises OrderFileError, at the call, for a file that is missing, empty, damaged, of other columns or types, or
    that holds a bad row (named by file, row, column, value), and for days without an order.
    """
    path = Path(path)
    if first_day and last_day and first_day > last_day:
        raise OrderFileError(f"the asked days run backwards: {first_day} to {last_day}; swap --from and --to")
    con = duckdb.connect(":memory:", config={"threads": "2", "memory_limit": "512MB"})
    try:
        source = _open(con, path)
        _check(con, source)
        query = _select(con, source, first_day, last_day)
        cursor = con.execute(query)
    except duckdb.Error as error:
        con.close()
        raise OrderFileError(_unreadable(path, error)) from error
    except BaseException:
        con.close()
        raise
    return _rows(con, cursor, path)


def _rows(
    con: duckdb.DuckDBPyConnection, cursor: duckdb.DuckDBPyConnection, path: Path
) -> Iterator[OrderRow]:
    try:
        while batch := cursor.fetchmany(_BATCH):
            for row in batch:
                yield OrderRow._make(row)
    except duckdb.Error as error:
        raise OrderFileError(_unreadable(path, error)) from error
    finally:
        con.close()


# ------------------------------------------------------------------------------------------ the file as a table


@dataclass(frozen=True, slots=True)
class _Source:
    """`sql` gives the eight columns, as the file has them, and `row_number` (1 = the first data row)."""

    path: Path
    sql: str
    types: dict[str, str]


def _open(con: duckdb.DuckDBPyConnection, path: Path) -> _Source:
    if not path.exists():
        raise OrderFileError(f"{path}: there is no such file; check the path given to --orders")
    if not path.is_file():
        raise OrderFileError(f"{path}: is a folder, not a file; give a .parquet or .csv file to --orders")
    if path.stat().st_size == 0:
        raise OrderFileError(f"{path}: the file is empty (0 bytes); copy or export it again")
    kind = path.suffix.lower()
    if kind == ".parquet":
        return _open_parquet(con, path)
    if kind == ".csv":
        return _open_csv(con, path)
    raise OrderFileError(
        f"{path}: the name ends in {kind or 'nothing'!r}; an order file is .parquet or .csv (rename it if it is one)"
    )


def _open_parquet(con: duckdb.DuckDBPyConnection, path: Path) -> _Source:
    table = f"read_parquet({_text(path)}, file_row_number = true)"
    described = con.execute(f"describe select * from {table}").fetchall()
    found = {name: kind for name, kind, *_ in described if name != "file_row_number"}
    _columns_present(path, list(found))
    types = {column: _parquet_type(path, column, found[column]) for column in COLUMNS}
    sql = f"select {', '.join(COLUMNS)}, file_row_number + 1 as row_number from {table}"
    return _Source(path, sql, types)


def _parquet_type(path: Path, column: str, found: str) -> str:
    """'text', 'integer', 'decimal' or 'timestamp'; refuses every other type of that column."""
    is_integer = re.fullmatch(r"U?(TINY|SMALL|BIG)?INT(EGER)?", found) is not None
    families = {"VARCHAR": "text", "TIMESTAMP": "timestamp"}
    family = "integer" if is_integer else "decimal" if found.startswith("DECIMAL") else families.get(found)
    wanted = {
        "quantity": ("integer", "text"),
        "invoice_date": ("timestamp", "text"),
        "unit_price": ("decimal", "text", "integer"),
        "customer_id": ("integer", "text"),
    }.get(column, ("text",))
    if family in wanted:
        return family
    if column == "unit_price" and found in ("DOUBLE", "FLOAT"):
        raise OrderFileError(
            f"{path}: column unit_price is {found} (binary floating point), which cannot hold money exactly; "
            "write it as decimal(12,3) or as text"
        )
    raise OrderFileError(f"{path}: column {column} is {found}; expected {' or '.join(wanted)}")


def _open_csv(con: duckdb.DuckDBPyConnection, path: Path) -> _Source:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            header = next(csv.reader(file, strict=True), [])
    except UnicodeDecodeError as error:
        raise OrderFileError(f"{path}: the file is not UTF-8 ({error.reason}); save it as UTF-8") from error
    except csv.Error as error:
        raise OrderFileError(
            f"{path}: the header line cannot be read ({error}); it must name the columns"
        ) from error
    _columns_present(path, header)
    columns = ", ".join(f"{_text(name)}: 'VARCHAR'" for name in header)
    # auto_detect off: a guessed type or separator would read another file than the one that was written.
    table = (
        f"read_csv({_text(path)}, header = true, auto_detect = false, columns = {{{columns}}}, delim = ',', quote = '\"',"
        " escape = '\"', strict_mode = true, null_padding = false, ignore_errors = false, encoding = 'utf-8')"
    )
    sql = f"select {', '.join(COLUMNS)}, row_number() over () as row_number from {table}"
    return _Source(path, sql, dict.fromkeys(COLUMNS, "text"))


def _columns_present(path: Path, found: list[str]) -> None:
    missing = [column for column in COLUMNS if column not in found]
    if missing:
        raise OrderFileError(
            f"{path}: column {', '.join(missing)} is missing; the file has: {', '.join(found) or 'none'}; "
            f"expected: {', '.join(COLUMNS)}"
        )
    doubled = sorted({column for column in COLUMNS if found.count(column) > 1})
    if doubled:
        raise OrderFileError(f"{path}: column {', '.join(doubled)} occurs twice; keep one")


# --------------------------------------------------------------------------------------------------- the rules


def _value(column: str, kind: str) -> str:
    """SQL of a column's value in its final type; null where it has none (see `_bad`)."""
    if column == "quantity":
        whole = f"regexp_full_match({column}, '[+-]?[0-9]{{1,9}}')"
        return (
            f"case when {whole} then cast({column} as integer) end"
            if kind == "text"
            else _cast(column, "integer")
        )
    if column == "unit_price":
        plain = f"regexp_full_match({column}, '[+-]?[0-9]{{1,12}}([.][0-9]{{1,6}})?')"
        number = "decimal(18, 6)"
        return (
            f"case when {plain} then cast({column} as {number}) end"
            if kind == "text"
            else _cast(column, number)
        )
    if column == "customer_id":
        whole = f"regexp_full_match({column}, '[0-9]{{1,9}}')"
        return (
            f"case when {whole} then cast({column} as integer) end"
            if kind == "text"
            else _cast(column, "integer")
        )
    if column == "invoice_date" and kind == "text":
        formats = "['%Y-%m-%d %H:%M:%S', '%Y-%m-%d %H:%M', '%Y-%m-%dT%H:%M:%S', '%Y-%m-%dT%H:%M']"
        return f"try_strptime({column}, {formats})"
    return column


def _cast(column: str, kind: str) -> str:
    # A cast rounds a decimal silently; a value that changed by it counts as none.
    return f"case when try_cast({column} as {kind}) = {column} then try_cast({column} as {kind}) end"


def _bad(column: str, kind: str) -> str:
    """SQL that is true where the column's value breaks a rule."""
    if column == "description":
        # Always false, but it makes the check read every page of the column: damage shows before anything starts.
        return "coalesce(length(description), 0) < 0"
    if column in ("invoice_no", "stock_code"):
        return f"coalesce(trim({column}), '') = ''"
    if column == "country":
        known = ", ".join(_text(name) for land in COUNTRIES.values() for name in (land.file_name, land.iso2))
        return f"(country is null or country not in ({known}))"
    value = _value(column, kind)
    if column == "customer_id":
        given = "coalesce(customer_id, '') <> ''" if kind == "text" else "customer_id is not null"
        return f"({given} and coalesce({value}, 0) <= 0)"
    return f"({value}) is null"


_RULE = {
    "invoice_no": "must not be empty",
    "stock_code": "must not be empty",
    "quantity": "must be a whole number such as 6 or -1",
    "invoice_date": "must be a local date and time such as 2010-12-01 08:26:00",
    "unit_price": "must be a decimal number such as 2.55, without a currency or a thousands separator",
    "customer_id": "must be a whole number above 0, or empty for a walk-in",
}


def _check(con: duckdb.DuckDBPyConnection, source: _Source) -> None:
    """One pass over the file: the first row that breaks a rule, else the rules that need a whole document."""
    tests = {column: _bad(column, source.types[column]) for column in COLUMNS}
    measures = ", ".join(
        f"min(row_number) filter (where {bad}), count(*) filter (where {bad})" for bad in tests.values()
    )
    rows, *results = con.execute(f"select count(*), {measures} from ({source.sql})").fetchone() or (0,)
    if not rows:
        raise OrderFileError(f"{source.path}: the file has columns but no rows; export it again")
    broken = [
        (first, column) for column, first in zip(tests, results[0::2], strict=True) if first is not None
    ]
    if broken:
        row = min(first for first, _ in broken)
        column = next(column for first, column in broken if first == row)
        query = f"select {column} from ({source.sql}) where row_number = ?"
        value = (con.execute(query, [row]).fetchone() or (None,))[0]
        more = sum(results[1::2]) - 1
        raise OrderFileError(_bad_row(source.path, row, column, value, more))
    _check_documents(con, source)


def _bad_row(path: Path, row: int, column: str, value: object, more: int) -> str:
    shown = "empty" if value is None or str(value).strip() == "" else repr(str(value))
    rule = _RULE.get(column)
    if rule is None:
        names = ", ".join(COUNTRIES)
        rule = f"must be a country the shop knows ({names}, or the ISO code of one)"
    others = f" ({more} more bad value{'s' if more > 1 else ''} in the file)" if more else ""
    return (
        f"{path}: row {row}, column {column}: the value is {shown}; it {rule}{others}. "
        "Correct the row and start again; row 1 is the first row of data"
    )


def _check_documents(con: duckdb.DuckDBPyConnection, source: _Source) -> None:
    for column in ("customer_id", "country"):
        mixed = con.execute(
            f"select invoice_no, min(row_number) from ({source.sql}) group by invoice_no"
            f" having count(distinct {column}) > 1 or count({column}) not in (0, count(*)) order by 2 limit 1"
        ).fetchone()
        if mixed:
            value = _value(column, source.types[column])
            found = con.execute(
                f"select row_number, {value} from ({source.sql}) where invoice_no = ? and"
                f" {column} is distinct from (select first({column} order by row_number) from ({source.sql})"
                " where invoice_no = ?) order by 1 limit 1",
                [mixed[0], mixed[0]],
            ).fetchone()
            row, other = found if found else mixed
            raise OrderFileError(
                f"{source.path}: row {row}, column {column}: the value is {other!s}, but document {mixed[0]} began"
                f" (row {mixed[1]}) with another; a document has one {column}. Correct the row and start again"
            )


# ------------------------------------------------------------------------------------------------- the reading


def _select(
    con: duckdb.DuckDBPyConnection, source: _Source, first_day: date | None, last_day: date | None
) -> str:
    values = ", ".join(f"{_value(column, source.types[column])} as {column}" for column in COLUMNS)
    clean = f"select {values}, row_number from ({source.sql})"
    if first_day is None and last_day is None:
        return f"select {', '.join(COLUMNS)} from ({clean}) order by row_number"
    days = f"select invoice_no, cast(arg_min(invoice_date, row_number) as date) as day from ({clean}) group by invoice_no"
    low, high = first_day or date.min, last_day or date.max
    asked = f"day between date '{low.isoformat()}' and date '{high.isoformat()}'"
    count, first, last = con.execute(
        f"select count(*) filter (where {asked}), min(day), max(day) from ({days})"
    ).fetchone() or (0, None, None)
    if not count:
        raise OrderFileError(
            f"{source.path}: no order from {first_day or first} to {last_day or last}; the file covers {first} to"
            f" {last}. Give days inside that to --from and --to"
        )
    return (
        f"select {', '.join(COLUMNS)} from ({clean})"
        f" where invoice_no in (select invoice_no from ({days}) where {asked}) order by row_number"
    )


def _unreadable(path: Path, error: duckdb.Error) -> str:
    text = str(error)
    if path.suffix.lower() == ".parquet":
        reason = text.splitlines()[0]
        return f"{path}: the parquet file is damaged or cut off ({reason}); copy or export it again"
    line = re.search(r"Line:? (\d+)", text)
    reason = next((part for part in text.splitlines()[1:] if part.strip()), text.splitlines()[0]).strip()
    where = f", line {line[1]} of the file" if line else ""
    return f"{path}{where}: the row cannot be read as CSV ({reason}); it must have the header's columns, UTF-8, commas"


def _text(value: object) -> str:
    """A SQL text literal."""
    return "'" + str(value).replace("'", "''") + "'"
