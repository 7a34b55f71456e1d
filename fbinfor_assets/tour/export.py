"""An answer as a file: csv, json, md and html as texts, parquet and xlsx through polars.

Belongs here: the formats, and putting a file in place all at once.
Does not belong here: asking (ask.py), the terminal (screen.py), the report pages.

Amounts: csv, md, html have all digits; json has them as strings; parquet keeps DECIMAL(precision, scale). An Excel cell is
a binary number of 15 digits by Excel's own design: it is written from the exact decimal and formatted with the scale of
its column, so amounts below ten thousand billion show and sum to the cent.
"""

from __future__ import annotations

import csv
import html
import io
import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fbinfor_assets.tour.queries import TourError
from fbinfor_assets.tour.screen import is_number, written
from fbinfor_assets.warehouse import QueryResult, Question

if TYPE_CHECKING:
    import polars

TEXTS = ("csv", "json", "md", "html")
FORMATS = (*TEXTS, "parquet", "xlsx")

_ROWS_OF_A_SHEET = 1_048_575
_CHARACTERS_OF_A_CELL = 32_767
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title><style>
body {{ font: 15px/1.4 system-ui, sans-serif; margin: 2rem; color: #1b1f24; background: #fff }}
table {{ border-collapse: collapse }} th, td {{ padding: .25rem .75rem; border-bottom: 1px solid #d8dee4; vertical-align: top }}
th {{ text-align: left; position: sticky; top: 0; background: #f6f8fa }}
.n {{ text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }}
.null {{ color: #8c959f }}
</style></head><body><h1>{title}</h1>
<table><thead><tr>{head}</tr></thead><tbody>
{rows}
</tbody></table></body></html>
"""


def format_of(path: Path, named: str | None) -> str:
    """The format: the named one, else by the file's ending. Raises `TourError`."""
    found = named or path.suffix.removeprefix(".").lower()
    if found not in FORMATS:
        raise TourError(f"{found or path.name} is no format; there are {', '.join(FORMATS)}")
    return found


def text_of(result: QueryResult, kind: str, title: str = "") -> str:
    """The answer in one of `TEXTS`."""
    return {"csv": _csv, "json": _json, "md": _md, "html": _html}[kind](result, title)


def write(question: Question, path: Path, kind: str, title: str) -> int:
    """Write the answer of a question that was run; the file is there whole or not at all. Returns the number of rows."""
    if kind in TEXTS:
        result = question.rows()
        with _whole(path) as fresh:
            fresh.write_text(text_of(result, kind, title), "utf-8", newline="")
        return len(result.rows)
    frame = question.frame()
    if kind == "parquet":
        with _whole(path) as fresh:
            frame.write_parquet(fresh)
    else:
        workbook(path, [(title or "answer", frame)])
    return frame.height


def workbook(path: Path, sheets: Iterable[tuple[str, polars.DataFrame]]) -> None:
    """One Excel file with a sheet per frame. Raises `TourError` where Excel cannot hold a frame."""
    import polars as pl
    import xlsxwriter

    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with _whole(path) as fresh, xlsxwriter.Workbook(fresh, options) as book:
        for name, frame in sheets:
            frame = _for_excel(frame, name)
            formats = {
                column: "#,##0" + ("." + "0" * kind.scale if kind.scale else "")
                for column, kind in frame.schema.items()
                if isinstance(kind, pl.Decimal)
            }
            frame.write_excel(
                book,
                worksheet=name[:31],
                column_formats=formats,
                dtype_formats={pl.Datetime: "yyyy-mm-dd hh:mm:ss", pl.Date: "yyyy-mm-dd"},
                freeze_panes=(1, 0),
                autofit=True,
            )


def _for_excel(frame: polars.DataFrame, name: str) -> polars.DataFrame:
    """Instants as UTC without a zone, what is nested as JSON: Excel knows neither."""
    import polars as pl

    if frame.height > _ROWS_OF_A_SHEET:
        raise TourError(
            f"{name} has {frame.height} rows, a sheet of Excel {_ROWS_OF_A_SHEET}: export parquet or csv"
        )
    columns = []
    for column in frame.iter_columns():
        if isinstance(column.dtype, pl.Datetime) and column.dtype.time_zone:
            column = column.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
        elif column.dtype.is_nested() or column.dtype == pl.Binary:
            texts = [None if value is None else written(value) for value in column.to_list()]
            column = pl.Series(column.name, texts, pl.String)
        if column.dtype == pl.String and (column.str.len_chars().max() or 0) > _CHARACTERS_OF_A_CELL:
            raise TourError(
                f"{column.name} of {name} has a text longer than a cell of Excel holds "
                f"({_CHARACTERS_OF_A_CELL} characters): export parquet or csv"
            )
        columns.append(column)
    return pl.DataFrame(columns)


class _whole:
    """A name beside `path` to write to; it takes the place of `path` only if all went well. Raises `TourError`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fresh = path.with_name(f".{path.name}.{os.getpid()}.tmp")

    def __enter__(self) -> Path:
        if self._path.is_dir():
            raise TourError(f"{self._path} is a folder: name a file, or give --all to fill a folder")
        if not self._path.parent.is_dir():
            raise TourError(f"there is no folder {self._path.parent}: make it first")
        if not os.access(self._path.parent, os.W_OK):
            raise TourError(f"{self._path.parent} cannot be written to")
        return self._fresh

    def __exit__(self, failed: type[BaseException] | None, *_: object) -> None:
        if failed is None:
            os.replace(self._fresh, self._path)
        else:
            self._fresh.unlink(missing_ok=True)


def _csv(result: QueryResult, _: str) -> str:
    sheet = io.StringIO()
    writer = csv.writer(sheet, lineterminator="\n")
    writer.writerow(result.columns)
    writer.writerows([written(value) for value in row] for row in result.rows)
    return sheet.getvalue()


def _json(result: QueryResult, _: str) -> str:
    rows = [dict(zip(result.columns, row, strict=True)) for row in result.rows]
    return json.dumps(rows, indent=2, default=written, ensure_ascii=False) + "\n"


def _md(result: QueryResult, _: str) -> str:
    def line(cells: Iterable[str]) -> str:
        return "| " + " | ".join(cells) + " |"

    def cell(value: Any) -> str:
        if value is None:
            return "NULL"
        return " ".join(written(value).replace("|", "\\|").replace("<", "&lt;").split())

    rule = ["---:" if is_number(kind) else "---" for kind in result.types]
    rows = [line(cell(value) for value in row) for row in result.rows]
    return "\n".join([line(result.columns), line(rule), *rows]) + "\n"


def _html(result: QueryResult, title: str) -> str:
    numbers = [is_number(kind) for kind in result.types]

    def cells(row: Iterable[Any], tag: str, text: Callable[[Any], str]) -> str:
        return "".join(
            f'<{tag} class="n">{text(value)}</{tag}>' if right else f"<{tag}>{text(value)}</{tag}>"
            for value, right in zip(row, numbers, strict=True)
        )

    def shown(value: Any) -> str:
        return '<span class="null">NULL</span>' if value is None else html.escape(written(value))

    return _PAGE.format(
        title=html.escape(title or "answer"),
        head=cells(result.columns, "th", lambda name: html.escape(str(name))),
        rows="\n".join(f"<tr>{cells(row, 'td', shown)}</tr>" for row in result.rows),
    )
