"""What a page consists of, before anybody draws it: answer, key figures, charts, tables.

Belongs here: the shapes that the page modules fill, and how values read as text.
Does not belong here: reading them (read.py), drawing (charts.py), HTML (render.py).

Amounts are Decimal with their currency beside them; nothing here is a float.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

# How a column reads, sorts and stands: text to the left, numbers to the right.
Kind = Literal[
    "text", "name", "key", "sentence", "tag", "money", "count", "days", "number", "date", "instant", "yes"
]
NUMERIC: frozenset[str] = frozenset({"money", "count", "days", "number"})

# ok: nothing to do. note: worth a look. bad: it does not agree or did not arrive.
State = Literal["ok", "note", "bad"]


@dataclass(frozen=True)
class Standing:
    """Which build a page shows. `as_of`: the newest day in M3's or FreshBooks' data, never our wall clock."""

    generation: int
    built_at: datetime | None
    as_of: date | None

    @property
    def as_of_text(self) -> str:
        """`as of 4 January 2011`, or that there is no day yet."""
        return f"as of {long_day(self.as_of)}" if self.as_of else "before the first document"


@dataclass(frozen=True)
class Answer:
    """The sentence that a page gives to its question. `details`: what a person asks next, a sentence each."""

    state: State
    sentence: str
    details: Sequence[str] = ()


@dataclass(frozen=True)
class Figure:
    """One key figure. `unit`: a currency, or what is counted. `bad`: shown in red."""

    label: str
    value: Decimal | int
    unit: str = ""
    bad: bool = False

    @property
    def text(self) -> str:
        """The number as the page shows it."""
        return number(self.value)


@dataclass(frozen=True)
class Column:
    """One column of a table. `name`: of the query. `sums`: the foot has its sum, made by SQL."""

    name: str
    title: str
    kind: Kind = "text"
    sums: bool = False
    about: str = ""


@dataclass(frozen=True)
class Detail:
    """What opens below a row: a paragraph, rows, or both."""

    label: str
    columns: Sequence[Column] = ()
    rows: Sequence[Mapping[str, Any]] = ()
    text: str = ""


@dataclass(frozen=True)
class Table:
    """Rows of one query. `totals`: a row per currency over *all* rows, `all_rows` of them; `rows` may be fewer.

    `everything`: the query that lists them all, for `fbinfor sql`. `details`: by the row's position.
    """

    id: str
    title: str
    about: str
    columns: Sequence[Column]
    rows: Sequence[Mapping[str, Any]]
    totals: Sequence[Mapping[str, Any]]
    all_rows: int
    everything: str
    details: Mapping[int, Detail] = field(default_factory=dict)
    order: str = ""

    @property
    def hidden(self) -> int:
        """How many rows the page leaves out."""
        return self.all_rows - len(self.rows)


@dataclass(frozen=True)
class Bar:
    """One bar of a chart. `currency` is None for counts."""

    category: str
    series: str
    amount: Decimal | int
    currency: str | None = None


@dataclass(frozen=True)
class Chart:
    """Bars of one unit. `series`: code → (label, colour name of charts.PALETTE), in the legend's order.

    `unit`: a currency or what is counted. `across`: categories lie on the y-axis. `grouped`: side by side, else stacked.
    """

    id: str
    title: str
    about: str
    bars: Sequence[Bar]
    series: Mapping[str, tuple[str, str]]
    unit: str
    across: bool = False
    grouped: bool = False


@dataclass(frozen=True)
class Page:
    """One page. `name` is also its file's name without `.html`. `figures`: a group per currency."""

    name: str
    title: str
    question: str
    standing: Standing
    answer: Answer
    figures: Sequence[Sequence[Figure]] = ()
    charts: Sequence[Chart] = ()
    tables: Sequence[Table] = ()
    cards: Sequence[Page] = ()


# ---- values as text -------------------------------------------------------------------------------------------------


def number(value: Decimal | int) -> str:
    """`1,234.50`: thousands separators, the scale as it is, a plain minus, so that it can be pasted into a sheet."""
    return f"{value:,}"


def money(amount: Decimal | int, currency: str | None) -> str:
    """`1,234.50 GBP`."""
    return f"{number(amount)} {currency}" if currency else number(amount)


def counted(count: int, one: str, many: str | None = None) -> str:
    """`1 document`, `2,025 documents`."""
    return f"{number(count)} {one if count == 1 else many or one + 's'}"


def listed(parts: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1]))) if parts else ""


def long_day(day: date) -> str:
    """`4 January 2011`."""
    return f"{day.day} {day:%B %Y}"


def words(code: str) -> str:
    """`duplicate_invoice` → `duplicate invoice`."""
    return code.replace("__", " ").replace("_", " ")


def text(value: Any, kind: Kind = "text") -> str:
    """A value of a column as the page shows it; nothing for None."""
    if value is None:
        return ""
    if kind == "yes":
        return "yes" if value else "no"
    if kind == "tag":
        return words(str(value))
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M} UTC"
    if isinstance(value, Decimal) and kind == "number" and value == value.to_integral_value():
        return number(int(value))
    if isinstance(value, Decimal | int) and kind in NUMERIC:
        return number(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    return str(value)
