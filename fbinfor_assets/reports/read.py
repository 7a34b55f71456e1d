"""Reading figures for pages: one query file per chart or table, sums by SQL over the same query.

Belongs here: how a query of sql/ becomes rows, a table with its foot, the bars of a chart.
Does not belong here: which queries a page has (pages/), how they look.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any

import duckdb

from fbinfor_assets.reports.content import Bar, Column, Detail, Standing, Table


@cache
def query(name: str) -> str:
    """The text of sql/<name>.sql."""
    return resources.files("fbinfor_assets.reports").joinpath("sql", f"{name}.sql").read_text("utf-8")


def rows(con: duckdb.DuckDBPyConnection, name: str, **parameters: Any) -> list[dict[str, Any]]:
    """The rows of a query by column name; DECIMAL as Decimal, DATE as date, TIMESTAMPTZ aware in UTC."""
    return _fetch(con, query(name), parameters)


def bars(con: duckdb.DuckDBPyConnection, name: str, **parameters: Any) -> list[Bar]:
    """The bars of a chart: a query with the columns category, series, amount, currency, in the order to be shown."""
    return [
        Bar(row["category"], row["series"], row["amount"], row["currency"])
        for row in rows(con, name, **parameters)
    ]


def table(
    con: duckdb.DuckDBPyConnection,
    name: str,
    title: str,
    columns: Sequence[Column],
    *,
    about: str,
    everything: str,
    most: int = 1_000,
    order: str = "",
    details: Callable[[Mapping[str, Any]], Detail | None] | None = None,
) -> Table:
    """The first `most` rows of sql/<name>.sql as a table, its foot summed by currency over all of them.

    `everything`: what to ask `fbinfor sql` for the whole. `order`: how the rows are ordered, in words. `details`: what
    opens below a row, if anything does.
    """
    shown = _fetch(con, f"{query(name)}\nlimit {int(most)}", {})
    summed = [f'sum("{column.name}") as "{column.name}"' for column in columns if column.sums]
    # Amounts of two currencies are never added; a table without money has one foot.
    per = "currency" if any(column.name == "currency" for column in columns) else "null"
    totals = _fetch(
        con,
        f"select {', '.join([f'{per} as currency', 'count(*) as rows_in_all', *summed])} "
        f"from ({query(name)}) group by 1 order by 2 desc, 1",
        {},
    )
    found = {index: details(row) for index, row in enumerate(shown)} if details else {}
    return Table(
        id=name,
        title=title,
        about=about,
        columns=columns,
        rows=shown,
        totals=totals if summed else [],
        all_rows=sum(row["rows_in_all"] for row in totals),
        everything=everything,
        details={index: detail for index, detail in found.items() if detail is not None},
        order=order,
    )


def standing(con: duckdb.DuckDBPyConnection) -> Standing:
    """The build that the report tables show, and the company's day."""
    (row,) = rows(con, "standing")
    return Standing(row["generation"], row["built_at"], row["as_of"])


def by_key(found: Sequence[Mapping[str, Any]], key: str) -> dict[str, list[Mapping[str, Any]]]:
    """Rows gathered by the value of a column."""
    gathered: dict[str, list[Mapping[str, Any]]] = {}
    for row in found:
        gathered.setdefault(str(row[key]), []).append(row)
    return gathered


def _fetch(con: duckdb.DuckDBPyConnection, text: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
    result = con.execute(text, dict(parameters) or None)
    names = [column[0] for column in result.description or []]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]
