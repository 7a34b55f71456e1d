"""An answer on a terminal: columns that fit, else one record below the other.

Belongs here: the text of a value, and how rows are laid out for eyes.
Does not belong here: files and formats for programs (export.py).

Numbers, days and instants are never broken over lines; texts are. Where even that does not fit, each row is shown as
`column  value` lines. Into a pipe goes the whole width, so that `less -S` and grep see whole rows.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from fbinfor_assets.warehouse import QueryResult

_NARROWEST_TEXT = 14
_NARROWEST_NAME = 10
_NUMBERS = ("DECIMAL", "BIGINT", "INTEGER", "HUGEINT", "SMALLINT", "TINYINT", "U", "DOUBLE", "FLOAT")
_TEXTS = ("VARCHAR", "JSON", "STRUCT", "MAP", "UNION", "BLOB")


def written(value: Any) -> str:
    """A value as text: a number with all its digits and no exponent, an instant in UTC, what is nested as JSON."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case Decimal():
            return format(value, "f") if value.is_finite() else str(value)
        case float():
            return written(Decimal(repr(value)))
        case datetime() if value.tzinfo is not None:
            return value.astimezone(UTC).isoformat(sep=" ")
        case bytes():
            return value.hex()
        case list() | dict() | tuple():
            return json.dumps(value, default=written, ensure_ascii=False)
    return str(value)


def is_number(kind: str) -> bool:
    """Whether a DuckDB type is a number (UUID and UNION are not)."""
    return kind.startswith(_NUMBERS) and not kind.endswith("]") and not kind.startswith(("UUID", "UNION"))


def show(result: QueryResult, console: Console, title: str = "") -> None:
    """Print the rows; `title` above them."""
    cells = [[_seen(value) for value in row] for row in result.rows]
    columns = list(zip(result.columns, result.types, strict=True))
    inner = [max([cell_len(row[i].plain) for row in cells], default=0) for i in range(len(columns))]
    natural = [max(width, cell_len(name)) for width, (name, _) in zip(inner, columns, strict=True)]
    borders = 3 * len(columns) + 1
    names = [name for name, _ in columns]
    if not console.is_terminal:
        console = _as_wide_as(console, sum(natural) + borders)
    elif sum(natural) + borders > console.width:
        inner = [min(width, _narrowest(kind, width)) for width, (_, kind) in zip(inner, columns, strict=True)]
        names = [_broken(name, max(width, _NARROWEST_NAME)) for width, name in zip(inner, names, strict=True)]
        needed = [max(n, *map(len, name.split("\n"))) for n, name in zip(inner, names, strict=True)]
        if sum(needed) + borders > console.width:
            _records(result, cells, console, title)
            return
    table = Table(title=title or None, title_justify="left", header_style="bold")
    for name, (_, kind) in zip(names, columns, strict=True):
        folds = _narrowest(kind, 1_000) < 1_000
        right = "right" if is_number(kind) else "left"
        table.add_column(Text(name), justify=right, overflow="fold", no_wrap=not folds)
    for row in cells:
        table.add_row(*row)
    console.print(table)


def _narrowest(kind: str, width: int) -> int:
    """How narrow a column of this type may become: numbers and days stay whole, an instant breaks before its time."""
    if kind.startswith("TIMESTAMP"):
        return _NARROWEST_NAME
    return _NARROWEST_TEXT if kind.startswith(_TEXTS) or kind.endswith("]") else width


def _broken(name: str, width: int) -> str:
    """A column's name over lines of at most `width` where its underscores allow."""
    lines = [""]
    for part in name.replace("_", "_ ").split():
        if len(lines[-1]) + len(part) > width and lines[-1]:
            lines.append("")
        lines[-1] += part
    return "\n".join(lines)


def _records(result: QueryResult, cells: Sequence[Sequence[Text]], console: Console, title: str) -> None:
    if title:
        console.print(Text(title, style="italic"))
    for number, row in enumerate(cells, 1):
        console.rule(f"{number} of {len(cells)}", align="left", style="dim")
        grid = Table.grid(padding=(0, 2))
        grid.add_column(style="bold", no_wrap=True)
        grid.add_column(overflow="fold")
        for name, cell in zip(result.columns, row, strict=True):
            grid.add_row(Text(name), cell)
        console.print(grid)


def _as_wide_as(console: Console, width: int) -> Console:
    return Console(file=console.file, width=max(width, 20), highlight=False, no_color=console.no_color)


def _seen(value: Any) -> Text:
    """The text of a cell; what would move the cursor or colour the terminal is shown as what it is."""
    if value is None:
        return Text("NULL", style="dim")
    text = written(value)
    if isinstance(value, datetime) and value.tzinfo is not None:
        text = f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z"
    return Text("".join(f"\\x{ord(c):02x}" if unicodedata.category(c) == "Cc" else c for c in text))
