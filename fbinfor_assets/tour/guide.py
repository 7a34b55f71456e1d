"""docs/tour.md and the dbt descriptions of the questions, both made from the questions' own headers.

Belongs here: the story's chapters, and how a question stands in the two files.
Does not belong here: the headers (dbt_project/analyses/*.sql), which snapshot the answers come from (the caller).

A test keeps both files equal to what these functions give; `FBINFOR_UPDATE_SNAPSHOTS=1` makes them anew.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import yaml

from fbinfor_assets.tour.export import text_of
from fbinfor_assets.tour.queries import TourQuery, queries
from fbinfor_assets.tour.screen import written
from fbinfor_assets.warehouse import QueryResult

_ROWS = 5
_CHARACTERS = 70

# The first digit of a question's `stop` is its chapter.
_CHAPTERS = {
    1: (
        "Does it add up?",
        "Before anything else: is every line of the shop accounted for, did each amount arrive, and where it did not, "
        "what is the reason?",
    ),
    2: ("Where is the money?", "What is owed, what was paid, and what was paid too early."),
    3: (
        "What happened to this one?",
        "From a total to one order, one record of a vendor, one write: every figure can be followed back to what the "
        "vendors said.",
    ),
    4: ("Who is who, and what is what?", "How records of three systems became one customer or one item."),
    5: ("What should I look at next?", "What looks odd, and how old the answer is."),
}

_BEGIN = """\
# The analysts' tour

{count} questions that somebody who works with these books asks, each a file of plain SQL in `dbt_project/analyses`, over the
published snapshot of the warehouse. They can be asked while a run writes, and nothing that is asked can change anything.

```sh
fbinfor sql                                        # the list
fbinfor sql ageing                                 # ask one
fbinfor sql order --param order=536365             # with a parameter; it is a value, never a piece of SQL
fbinfor sql ageing --show                          # its SQL, to begin a query of your own
fbinfor sql --tables                               # what else there is; --describe reports.sent says what columns mean
fbinfor sql "select class, net from reports.document_classes"
fbinfor sql ageing --out ageing.xlsx               # csv, json, md, html, parquet, xlsx
fbinfor sql --all --out tour.xlsx                  # one workbook, a sheet for each question
```

Exports are exact: csv, md, html and json carry every digit (json as strings), parquet keeps DECIMAL. An Excel cell is a
binary number of 15 digits by Excel's design; it is written from the decimal and formatted with its scale, so amounts below
ten thousand billion are right to the cent. Instants are in UTC.

The answers below are those of a small made-up company, the one that the tests of the models build; at most {rows} rows of
each. After `make demo` ask the same of a real December: `fbinfor sql --home var/demo classes`.
"""

_END = """\
## With other tools

`<home>/warehouse/published.duckdb` is a DuckDB file like any other; open it read-only. A new snapshot takes its place all at
once: who has the old one open keeps it.

```sh
duckdb -readonly var/demo/warehouse/published.duckdb "select class, net from reports.document_classes"
```

```python
import duckdb

con = duckdb.connect("var/demo/warehouse/published.duckdb", read_only=True)
con.sql("select party_name, total_open, currency from reports.receivables_ageing order by total_open desc limit 10")
```

`.df()` makes DECIMAL a float; take `.pl()`, `.to_arrow_table()` or `.fetchall()` for money. As polars frames the questions of
the tour come ready, with exact decimals:

```python
from fbinfor_assets.tour import frame

owed = frame("ageing", home="var/demo")
order = frame("order", home="var/demo", order="536365")
own = frame("select period, m3_net from reports.revenue_by_class where line_class = $class", home="var/demo", **{"class": "goods"})
```
"""


def guide(ask: Callable[[TourQuery], QueryResult]) -> str:
    """The text of docs/tour.md. `ask` answers a question with its defaults."""
    parts = [_BEGIN.format(count=len(queries()), rows=_ROWS)]
    for number, (title, words) in _CHAPTERS.items():
        parts.append(f"## {title}\n\n{words}\n")
        parts += [_section(query, ask(query)) for query in queries().values() if query.stop // 100 == number]
    return "\n".join([*parts, _END])


def dbt_descriptions() -> str:
    """The text of dbt_project/analyses/tour.yml: the questions for dbt's docs."""
    analyses = [
        {
            "name": query.name,
            "description": " ".join(filter(None, (f"{query.title}.", query.question, query.reading))),
            "columns": [{"name": name, "description": about} for name, about in query.columns.items()],
        }
        for query in queries().values()
    ]
    first = "# Made from the headers of the files beside it (fbinfor_assets/tour/guide.py); change those.\n"
    return first + yaml.safe_dump(
        {"version": 2, "analyses": analyses}, sort_keys=False, width=120, allow_unicode=True
    )


def _section(query: TourQuery, result: QueryResult) -> str:
    lines = [f"### {query.title}", "", query.question, "", f"```sh\nfbinfor sql {query.name}\n```", ""]
    if query.parameters:
        lines += [
            f"* `--param {one.name}=…` ({one.type}): {one.about.replace('<', '&lt;')}"
            + (f" Default: `{one.default}`." if one.default is not None else "")
            for one in query.parameters
        ]
        lines.append("")
    if result.rows:
        rows = [tuple(_short(value) for value in row) for row in result.rows[:_ROWS]]
        lines.append(text_of(replace(result, rows=rows), "md"))
        if len(result.rows) > _ROWS:
            lines += [f"… and {len(result.rows) - _ROWS} more rows", ""]
    else:
        lines += ["No rows: there is nothing of the kind in the small company.", ""]
    if query.reading:
        lines += [query.reading, ""]
    return "\n".join(lines)


def _short(value: object) -> object:
    if not isinstance(value, str) or len(value) <= _CHARACTERS:
        return None if value is None else written(value)
    return value[: _CHARACTERS - 1] + "…"
