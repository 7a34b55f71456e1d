"""Where every line of the shop went: revenue by class and month, and what posts nothing, with the rounding between.

Belongs here: net amounts by line class. Does not belong here: gross amounts and cash (reconciliation.py, ageing.py).
"""

from __future__ import annotations

from typing import Any

import duckdb

from fbinfor_assets.reports import charts, read
from fbinfor_assets.reports.content import (
    Answer,
    Chart,
    Column,
    Figure,
    Page,
    Standing,
    Table,
    counted,
    listed,
    money,
)


def page(con: duckdb.DuckDBPyConnection) -> Page:
    """The revenue page."""
    standing = read.standing(con)
    found = read.rows(con, "revenue_answer")
    return Page(
        name="revenue",
        title="Revenue by class",
        question="Where did every line of the shop go?",
        standing=standing,
        answer=answer(found, standing),
        figures=[_figures(row) for row in found],
        charts=[chart for row in found for chart in _charts(con, row["currency"])],
        tables=[_classes(con), _periods(con)],
    )


def answer(found: list[dict[str, Any]], standing: Standing) -> Answer:
    """`found`: a row per currency of revenue_answer."""
    if not found:
        return Answer("note", f"The shop has no lines yet, {standing.as_of_text}.")
    lines = counted(sum(row["lines"] for row in found), "line")
    shop = listed([money(row["shop_net"], row["currency"]) for row in found])
    booked = listed([money(row["m3_net"], row["currency"]) for row in found])
    rounding = listed([money(row["rounding"], row["currency"]) for row in found])
    return Answer(
        "ok",
        f"All {lines} of the shop, {shop} net, stand in exactly one class each; M3 has {booked} net revenue, "
        f"{standing.as_of_text}.",
        [
            f"Rounding between the shop's lines and M3's invoices: {rounding}, itemised per month and class below."
        ],
    )


def _figures(row: dict[str, Any]) -> list[Figure]:
    currency = row["currency"]
    return [
        Figure("lines", row["lines"]),
        Figure("the shop's net", row["shop_net"], currency),
        Figure("net revenue in M3", row["m3_net"], currency),
        Figure("net revenue in FreshBooks", row["freshbooks_net"], currency),
        Figure("credited", row["credited"], currency),
        Figure("rounding", row["rounding"], currency),
    ]


def _charts(con: duckdb.DuckDBPyConnection, currency: str) -> list[Chart]:
    months = read.bars(con, "chart_revenue", currency=currency)
    classes = list(dict.fromkeys(bar.series for bar in months))
    found = [
        Chart(
            id=f"months-{currency}",
            title=f"Net revenue in M3 per month and class, {currency}",
            about="Returns and discounts are negative.",
            bars=months,
            series=charts.colours_of(classes),
            unit=currency,
        ),
        Chart(
            id=f"classes-{currency}",
            title=f"The shop's net by class, {currency}",
            about="What the order file has, and whether it is posted.",
            bars=read.bars(con, "chart_classes", currency=currency),
            series={"posts": ("posts", "blue"), "posts_nothing": ("posts nothing", "grey")},
            unit=currency,
            across=True,
        ),
    ]
    return [chart for chart in found if chart.bars]


def _classes(con: duckdb.DuckDBPyConnection) -> Table:
    columns = (
        Column("line_class", "Line class", "tag"),
        Column("document_class", "Document class", "tag"),
        Column("currency", "Currency"),
        Column("lines", "Lines", "count", sums=True),
        Column("documents", "Documents", "count"),
        Column("quantity", "Quantity", "number", sums=True),
        Column("net", "Net, as the file has it", "money", sums=True),
        Column("posts", "Posts", "yes"),
        Column("fate", "What becomes of it", "sentence"),
    )
    return read.table(
        con,
        "revenue_classes",
        "Every line in exactly one class",
        columns,
        about="The foot is the whole order file: nothing is dropped, and a cost is never netted against revenue.",
        everything="from reports.line_classes",
        order="what posts first, the largest first",
    )


def _periods(con: duckdb.DuckDBPyConnection) -> Table:
    columns = (
        Column("period", "Month from", "date"),
        Column("line_class", "Line class", "tag"),
        Column("currency", "Currency"),
        Column("lines", "Lines", "count", sums=True),
        Column("shop_net", "Shop", "money", sums=True),
        Column("freshbooks_net", "FreshBooks", "money", sums=True),
        Column("m3_net", "M3", "money", sums=True),
        Column("rounding", "Rounding", "money", sums=True),
        Column("credited", "Credited", "money", sums=True),
    )
    return read.table(
        con,
        "revenue_periods",
        "Per month and class",
        columns,
        about="Net amounts. Rounding is M3's net less the shop's net of what is invoiced.",
        everything="from reports.revenue_by_class",
        order="oldest month first, the largest class first",
    )
