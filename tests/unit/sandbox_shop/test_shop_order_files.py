"""What an order file must be, and what a person is told when it is not.

Belongs here: the reading of order files. Does not belong here: what becomes of the orders (contract/sandbox_shop).
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from fbinfor_assets.sandbox.shop.orders import COLUMNS, OrderFileError, read_orders

HEADER = ",".join(COLUMNS)
GOOD = "536365,85123A,HEART,6,2010-12-01 08:26:00,2.55,17850,United Kingdom"
LATER = "536366,22633,WARMER,6,2010-12-04 09:00:00,1.85,,EIRE"


def csv_file(folder: Path, *lines: str, name: str = "orders.csv") -> Path:
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def parquet_file(folder: Path, name: str = "orders.parquet", rows: int = 2, **types: str) -> Path:
    """A parquet file of good rows; `types` replaces a column's SQL expression."""
    values = {
        "invoice_no": "'536365'",
        "stock_code": "'85123A'",
        "description": "'HEART'",
        "quantity": "6::INTEGER",
        "invoice_date": "TIMESTAMP '2010-12-01 08:26:00'",
        "unit_price": "2.55::DECIMAL(12,3)",
        "customer_id": "17850::INTEGER",
        "country": "'United Kingdom'",
    } | types
    path = folder / name
    columns = ", ".join(f"{value} as {column}" for column, value in values.items() if value)
    duckdb.connect().execute(f"copy (select {columns} from range({rows})) to '{path}' (format parquet)")
    return path


def complaint(path: Path, first: date | None = None, last: date | None = None) -> str:
    with pytest.raises(OrderFileError) as caught:
        read_orders(path, first, last)
    message = str(caught.value)
    assert "\n" not in message, "one clear error is one line"
    return message


# ------------------------------------------------------------------------------------------- good files


def test_a_row_keeps_its_values_and_its_price_is_an_exact_decimal(tmp_path: Path) -> None:
    (row,) = read_orders(csv_file(tmp_path, HEADER, GOOD))
    assert row == (
        "536365",
        "85123A",
        "HEART",
        6,
        datetime(2010, 12, 1, 8, 26),  # noqa: DTZ001 (the file's local time has no zone)
        Decimal("2.55"),
        17850,
        "United Kingdom",
    )
    assert isinstance(row.unit_price, Decimal)


def test_odd_but_readable_rows_pass_as_they_are(tmp_path: Path) -> None:
    lines = (
        'C1,  85123a ,"a ""b"", c",-6,2010-12-01 08:26,0,,Unspecified',
        "A2,B,,1,2010-12-01T08:26:00,-11062.06,,United Kingdom",
        "3,M,,1,2010-12-01T08:26,0.001,,GB",
    )
    first, second, third = read_orders(csv_file(tmp_path, HEADER, *lines))
    assert (first.stock_code, first.description, first.quantity) == ("  85123a ", 'a "b", c', -6)
    assert (first.unit_price, first.customer_id) == (Decimal(0), None)
    assert (second.description, second.unit_price) == (None, Decimal("-11062.06"))
    assert third.unit_price == Decimal("0.001")


def test_columns_may_stand_in_any_order_beside_others_and_behind_a_byte_order_mark(tmp_path: Path) -> None:
    order = [*reversed(COLUMNS), "colour"]
    path = tmp_path / "orders.csv"
    values = dict(zip(COLUMNS, GOOD.split(","), strict=True)) | {"colour": "red"}
    text = ",".join(order) + "\r\n" + ",".join(values[column] for column in order) + "\r\n"
    path.write_text("\ufeff" + text, encoding="utf-8")
    (row,) = read_orders(path)
    assert (row.invoice_no, row.quantity, row.country) == ("536365", 6, "United Kingdom")


@pytest.mark.parametrize("price", ["2.55::DECIMAL(12,3)", "'2.55'", "2.550000::DECIMAL(18,6)"])
def test_parquet_prices_may_be_decimal_or_text(tmp_path: Path, price: str) -> None:
    rows = list(read_orders(parquet_file(tmp_path, unit_price=price)))
    assert [row.unit_price for row in rows] == [Decimal("2.55")] * 2


def test_asked_days_are_inclusive_and_keep_an_order_whole(tmp_path: Path) -> None:
    late_line = GOOD.replace("2010-12-01 08:26", "2010-12-02 00:01")
    path = csv_file(tmp_path, HEADER, GOOD, late_line, LATER)
    day = date(2010, 12, 1)
    assert [row.invoice_no for row in read_orders(path, day, day)] == ["536365", "536365"]
    assert [row.invoice_no for row in read_orders(path, date(2010, 12, 2), None)] == ["536366"]
    assert len(list(read_orders(path))) == 3


# -------------------------------------------------------------------------------------------- bad files


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert "no such file" in complaint(tmp_path / "nowhere.parquet")


def test_a_folder_is_not_a_file(tmp_path: Path) -> None:
    assert "folder" in complaint(tmp_path)


@pytest.mark.parametrize("name", ["orders.csv", "orders.parquet"])
def test_a_file_of_no_bytes_is_empty(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.touch()
    assert "empty (0 bytes)" in complaint(path)


def test_a_file_of_no_rows_is_refused(tmp_path: Path) -> None:
    assert "no rows" in complaint(csv_file(tmp_path, HEADER))
    assert "no rows" in complaint(parquet_file(tmp_path, rows=0))


def test_another_kind_of_file_is_refused_by_its_name(tmp_path: Path) -> None:
    assert ".parquet or .csv" in complaint(csv_file(tmp_path, HEADER, GOOD, name="orders.xlsx"))


@pytest.mark.parametrize("part", [0.3, 0.9, 0.999])
def test_a_truncated_parquet_file_is_damaged(tmp_path: Path, part: float) -> None:
    path = parquet_file(tmp_path, rows=5000, invoice_no="(536365 + range)::VARCHAR")
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * part)])
    assert "damaged or cut off" in complaint(path)


def test_parquet_pages_that_are_overwritten_are_found_before_anything_starts(tmp_path: Path) -> None:
    path = parquet_file(tmp_path, rows=5000, description="md5(range::VARCHAR)")
    raw = bytearray(path.read_bytes())
    middle = len(raw) // 2
    raw[middle : middle + 4000] = b"\x00" * 4000
    path.write_bytes(raw)
    complaint(path)


def test_a_text_file_called_parquet_is_damaged(tmp_path: Path) -> None:
    assert "damaged or cut off" in complaint(csv_file(tmp_path, HEADER, GOOD, name="orders.parquet"))


def test_a_wrong_column_name_is_reported_with_what_was_found(tmp_path: Path) -> None:
    message = complaint(csv_file(tmp_path, HEADER.replace("unit_price", "UnitPrice"), GOOD))
    assert "column unit_price is missing" in message
    assert "UnitPrice" in message
    assert "column country is missing" in complaint(parquet_file(tmp_path, country=""))


def test_a_column_that_occurs_twice_is_refused(tmp_path: Path) -> None:
    assert "country occurs twice" in complaint(csv_file(tmp_path, HEADER + ",country", GOOD + ",EIRE"))


@pytest.mark.parametrize("kind", ["DOUBLE", "FLOAT"])
def test_a_binary_floating_point_price_is_refused_and_says_what_to_write_instead(
    tmp_path: Path, kind: str
) -> None:
    message = complaint(parquet_file(tmp_path, unit_price=f"2.55::{kind}"))
    assert f"unit_price is {kind}" in message
    assert "decimal(12,3)" in message


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("quantity", "6.0::DOUBLE"),
        ("invoice_date", "DATE '2010-12-01'"),
        ("customer_id", "17850.0::DOUBLE"),
        ("invoice_no", "536365::INTEGER"),
        ("country", "1::INTEGER"),
    ],
)
def test_a_parquet_column_of_another_type_is_refused(tmp_path: Path, column: str, value: str) -> None:
    assert f"column {column} is" in complaint(parquet_file(tmp_path, **{column: value}))


BAD_VALUES = [
    ("invoice_no", "", "empty"),
    ("invoice_no", "  ", "empty"),
    ("stock_code", "", "empty"),
    ("quantity", "", "empty"),
    ("quantity", "six", "'six'"),
    ("quantity", "1.5", "'1.5'"),
    ("quantity", "99999999999", "'99999999999'"),
    ("invoice_date", "", "empty"),
    ("invoice_date", "12/1/2010 8:26", "'12/1/2010 8:26'"),
    ("invoice_date", "2010-02-30 08:26:00", "'2010-02-30 08:26:00'"),
    ("unit_price", "", "empty"),
    ("unit_price", "£2.55", "'£2.55'"),
    ("unit_price", "2.5.5", "'2.5.5'"),
    ("unit_price", "1e3", "'1e3'"),
    ("unit_price", "nan", "'nan'"),
    ("unit_price", "0.1234567", "'0.1234567'"),
    ("customer_id", "17850.0", "'17850.0'"),
    ("customer_id", "0", "'0'"),
    ("customer_id", "-3", "'-3'"),
    ("country", "", "empty"),
    ("country", "Narnia", "'Narnia'"),
]


@pytest.mark.parametrize(("column", "value", "shown"), BAD_VALUES, ids=[f"{c}={v}" for c, v, _ in BAD_VALUES])
def test_a_bad_row_is_named_by_file_row_column_and_value(
    tmp_path: Path, column: str, value: str, shown: str
) -> None:
    values = dict(zip(COLUMNS, LATER.split(","), strict=True)) | {column: value}
    path = csv_file(tmp_path, HEADER, GOOD, GOOD, ",".join(values.values()))
    message = complaint(path)
    assert message.startswith(f"{path}: row 3, column {column}: the value is {shown};")
    assert "Correct the row" in message


@pytest.mark.parametrize("column", ["quantity", "unit_price", "invoice_date", "invoice_no", "country"])
def test_a_null_in_a_parquet_file_is_a_bad_row(tmp_path: Path, column: str) -> None:
    kind = {"quantity": "INTEGER", "unit_price": "DECIMAL(12,3)", "invoice_date": "TIMESTAMP"}.get(
        column, "VARCHAR"
    )
    message = complaint(parquet_file(tmp_path, **{column: f"null::{kind}"}))
    assert f"row 1, column {column}: the value is empty" in message
    assert "1 more bad value" in message


def test_the_first_of_several_bad_rows_is_the_one_reported(tmp_path: Path) -> None:
    bad_date, bad_price = GOOD.replace("2010-12-01", "soon"), GOOD.replace("2.55", "dear")
    message = complaint(csv_file(tmp_path, HEADER, GOOD, bad_price, bad_date))
    assert "row 2, column unit_price" in message
    assert "1 more bad value" in message


def test_a_bad_row_outside_the_asked_days_is_still_an_error(tmp_path: Path) -> None:
    path = csv_file(tmp_path, HEADER, GOOD, LATER.replace("1.85", "x"))
    assert "row 2" in complaint(path, date(2010, 12, 1), date(2010, 12, 1))


@pytest.mark.parametrize("line", ["536366,22633,WARMER,6", GOOD + ",more", '536366,"22633,WARMER,6,x'])
def test_a_csv_row_of_another_width_is_refused(tmp_path: Path, line: str) -> None:
    assert "cannot be read as CSV" in complaint(csv_file(tmp_path, HEADER, GOOD, line))


def test_a_csv_with_another_separator_shows_what_was_taken_for_columns(tmp_path: Path) -> None:
    assert "invoice_no;stock_code" in complaint(csv_file(tmp_path, HEADER.replace(",", ";"), GOOD))


def test_a_csv_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_bytes(f"{HEADER}\n{GOOD.replace('HEART', 'CAFÉ')}\n".encode("latin-1"))
    assert "UTF-8" in complaint(path)


@pytest.mark.parametrize(
    ("column", "other"), [("country", "EIRE"), ("customer_id", "17851"), ("customer_id", "")]
)
def test_a_document_of_two_customers_or_countries_is_refused(tmp_path: Path, column: str, other: str) -> None:
    values = dict(zip(COLUMNS, GOOD.split(","), strict=True)) | {column: other}
    message = complaint(csv_file(tmp_path, HEADER, GOOD, LATER, ",".join(values.values())))
    assert f"row 3, column {column}" in message
    assert "document 536365" in message


def test_days_without_an_order_say_which_days_there_are(tmp_path: Path) -> None:
    path = csv_file(tmp_path, HEADER, GOOD, LATER)
    message = complaint(path, date(2011, 1, 1), date(2011, 1, 2))
    assert "2010-12-01 to 2010-12-04" in message
    assert "backwards" in complaint(path, date(2010, 12, 4), date(2010, 12, 1))
