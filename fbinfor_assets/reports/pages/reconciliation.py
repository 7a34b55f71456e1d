"""Do FreshBooks and M3 agree? Per currency, period, party and document.

Belongs here: the reconciliation as staged, and the way from a total to its documents.
Does not belong here: the judgement over fresh reads (`fbinfor reconcile`).
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import duckdb

from fbinfor_assets.reports import read
from fbinfor_assets.reports.content import (
    Answer,
    Chart,
    Column,
    Detail,
    Figure,
    Page,
    Standing,
    Table,
    counted,
    listed,
    money,
)

_SIDES = {
    "freshbooks_invoiced": ("FreshBooks", "orange"),
    "m3_invoiced": ("Infor M3", "blue"),
    "freshbooks_received": ("FreshBooks", "orange"),
    "m3_received": ("Infor M3", "blue"),
}
# Below a row of a year's table: what differs and the largest. All of it is one `fbinfor sql` away.
_PARTIES, _DOCUMENTS, _OF_PARTY, _OF_PERIOD = 500, 1_000, 8, 40

_DOCUMENT_COLUMNS = (
    Column("sale_key", "Document", "key"),
    Column("document_date", "Day", "date"),
    Column("freshbooks_sent", "FreshBooks", "money"),
    Column("m3_invoiced", "M3", "money"),
    Column("difference", "Difference", "money"),
    Column("open_difference", "Difference of open amounts", "money"),
    Column("status", "Stands", "tag"),
)


def page(con: duckdb.DuckDBPyConnection) -> Page:
    """The reconciliation page."""
    standing = read.standing(con)
    found = read.rows(con, "reconciliation_answer")
    causes = read.rows(con, "reconciliation_causes")
    return Page(
        name="reconciliation",
        title="Reconciliation",
        question="Do FreshBooks and Infor M3 agree?",
        standing=standing,
        answer=answer(found, causes, standing),
        figures=_figures(found),
        charts=_charts(con, [row["currency"] for row in found]),
        tables=[_currencies(con), _causes(con), _periods(con), _parties(con), _documents(con)],
    )


def answer(found: list[dict[str, Any]], causes: list[dict[str, Any]], standing: Standing) -> Answer:
    """`found`: a row per currency of reconciliation_answer; `causes`: of reconciliation_causes."""
    if not found:
        return Answer("note", "There are no documents yet.", ["Run `fbinfor sync` first."])
    documents = counted(sum(row["documents"] for row in found), "document")
    explained = [row for row in causes if row["status"] != "unexplained"]
    waiting = counted(sum(row["documents"] for row in explained), "document")
    by_cause = listed([f"{cause} {documents:,}" for cause, documents in _per_cause(explained).items()])
    details = [
        f"With a known cause: {waiting} ({by_cause})." if explained else "No document waits for anything."
    ]
    wrong = [row for row in found if row["unexplained"] != 0]
    if wrong:
        amounts = listed([money(row["unexplained"], row["currency"]) for row in wrong])
        which = counted(sum(row["unexplained_documents"] for row in found), "document")
        return Answer(
            "bad",
            f"Does not agree: {amounts} unexplained in {which} of {documents.split()[0]}, {standing.as_of_text}.",
            [
                "They stand first in the tables below, each with a note that says what is known of it.",
                *details,
            ],
        )
    amounts = listed([money(row["unexplained"], row["currency"]) for row in found])
    return Answer(
        "ok", f"Everything agrees: {amounts} unexplained over {documents}, {standing.as_of_text}.", details
    )


def _per_cause(causes: list[dict[str, Any]]) -> dict[str, int]:
    summed: dict[str, int] = {}
    for row in causes:
        summed[row["status"]] = summed.get(row["status"], 0) + row["documents"]
    return summed


def _figures(found: list[dict[str, Any]]) -> list[list[Figure]]:
    return [
        [
            Figure("unexplained", row["unexplained"], row["currency"], bad=row["unexplained"] != 0),
            Figure("documents", row["documents"], row["currency"] if len(found) > 1 else ""),
            Figure("agree everywhere", row["agreeing"], row["currency"] if len(found) > 1 else ""),
            Figure("sent in FreshBooks", row["freshbooks_sent"], row["currency"]),
            Figure("invoiced in M3", row["m3_invoiced"], row["currency"]),
            Figure("difference", row["difference"], row["currency"]),
        ]
        for row in found
    ]


def _charts(con: duckdb.DuckDBPyConnection, currencies: list[str]) -> list[Chart]:
    charts = []
    for currency in currencies:
        for name, what in (("periods", "Invoiced"), ("received", "Received")):
            charts.append(
                Chart(
                    id=f"{name}-{currency}",
                    title=f"{what} per month, {currency}",
                    about=f"Both systems side by side; equal columns agree. Amounts in {currency}.",
                    bars=read.bars(con, f"chart_{name}", currency=currency),
                    series=_SIDES,
                    unit=currency,
                    grouped=True,
                )
            )
    charts.append(
        Chart(
            id="causes",
            title="Documents that do not agree yet, by cause",
            about="Blue ones have a cause from the policy's closed list; red is unexplained.",
            bars=read.bars(con, "chart_causes"),
            series={"explained": ("with a cause", "blue"), "unexplained": ("unexplained", "red")},
            unit="documents",
            across=True,
        )
    )
    return [chart for chart in charts if any(bar.amount != Decimal(0) for bar in chart.bars)]


def _currencies(con: duckdb.DuckDBPyConnection) -> Table:
    columns = (
        Column("pair", "Pair"),
        Column("currency", "Currency"),
        Column("documents", "Documents", "count"),
        Column("left_total", "Left", "money"),
        Column("right_total", "Right", "money"),
        Column("difference", "Difference", "money"),
        Column("explained", "Explained", "money"),
        Column(
            "unexplained",
            "Unexplained",
            "money",
            about="Summed without signs: two opposite mistakes do not cancel.",
        ),
    )
    return read.table(
        con,
        "reconciliation_currencies",
        "Per currency",
        columns,
        about="Each pair of systems, the left one named first. Amounts of two currencies are never added.",
        everything="from reports.reconciliation_currencies",
    )


def _causes(con: duckdb.DuckDBPyConnection) -> Table:
    columns = (
        Column("status", "Stands", "tag"),
        Column("currency", "Currency"),
        Column("documents", "Documents", "count", sums=True),
        Column("not_invoiced", "Shop against M3", "money", sums=True),
        Column("difference", "FreshBooks against M3", "money", sums=True),
        Column("open_difference", "Open amounts", "money", sums=True),
        Column("unexplained", "Unexplained", "money", sums=True),
        Column("age_days", "Oldest, days", "days"),
    )
    return read.table(
        con,
        "reconciliation_causes",
        "What does not agree, by cause",
        columns,
        about="Why documents do not agree everywhere. Causes come from the policy's closed list; there is no “other”. Differences are summed without signs.",
        everything="from reports.reconciliation_documents where status not in ('agrees', 'not a document')",
    )


def _periods(con: duckdb.DuckDBPyConnection) -> Table:
    columns = (
        Column("period", "Month from", "date"),
        Column("currency", "Currency"),
        Column("documents", "Documents", "count", sums=True),
        Column("freshbooks_invoiced", "Invoiced in FreshBooks", "money", sums=True),
        Column("m3_invoiced", "Invoiced in M3", "money", sums=True),
        Column("difference", "Difference", "money", sums=True),
        Column("freshbooks_received", "Received in FreshBooks", "money", sums=True),
        Column("m3_received", "Received in M3", "money", sums=True),
        Column("cash_difference", "Cash difference", "money", sums=True),
        Column("credited", "Credited", "money", sums=True),
    )
    documents = read.by_key(read.rows(con, "reconciliation_period_documents", most=_OF_PERIOD), "key")
    details = {
        key: Detail(
            f"Documents ordered in the month: what does not agree, then the largest {_OF_PERIOD}",
            _DOCUMENT_COLUMNS,
            rows,
        )
        for key, rows in documents.items()
    }
    return read.table(
        con,
        "reconciliation_periods",
        "Per period",
        columns,
        about="What each system shows for the month.",
        everything="from reports.reconciliation_periods",
        order="oldest first",
        details=lambda row: details.get(row["key"]),
    )


def _parties(con: duckdb.DuckDBPyConnection) -> Table:
    columns = (
        Column("party_name", "Party", "name"),
        Column("party_key", "Key", "key"),
        Column("currency", "Currency"),
        Column("documents", "Documents", "count", sums=True),
        Column("disagreeing", "Disagree", "count", sums=True),
        Column("freshbooks_sent", "Sent in FreshBooks", "money", sums=True),
        Column("m3_invoiced", "Invoiced in M3", "money", sums=True),
        Column("difference", "Difference", "money", sums=True),
        Column("freshbooks_open", "Open in FreshBooks", "money", sums=True),
        Column("m3_open", "Open in M3", "money", sums=True),
        Column("open_difference", "Difference of open amounts", "money", sums=True),
        Column("freshbooks_received", "Received in FreshBooks", "money", sums=True),
        Column("m3_received", "Received in M3", "money", sums=True),
    )
    documents = read.by_key(read.rows(con, "reconciliation_party_documents", most=_OF_PARTY), "key")
    details = {
        key: Detail(f"Documents: what does not agree, then the largest {_OF_PARTY}", _DOCUMENT_COLUMNS, rows)
        for key, rows in documents.items()
    }
    return read.table(
        con,
        "reconciliation_parties",
        "Per party",
        columns,
        about="Each customer over both systems.",
        everything="from reports.reconciliation_parties order by disagreeing desc, abs(m3_invoiced) desc",
        most=_PARTIES,
        order="those that disagree first, then the largest",
        details=lambda row: details.get(row["key"]),
    )


def _documents(con: duckdb.DuckDBPyConnection) -> Table:
    columns = (
        Column("sale_key", "Document", "key"),
        Column("party_name", "Party", "name"),
        Column("document_date", "Day", "date"),
        Column("currency", "Currency"),
        Column("shop_total", "Shop", "money", sums=True),
        Column("freshbooks_sent", "Sent in FreshBooks", "money", sums=True),
        Column("m3_invoiced", "Invoiced in M3", "money", sums=True),
        Column("difference", "Difference", "money", sums=True),
        Column("open_difference", "Difference of open amounts", "money", sums=True),
        Column("status", "Stands", "tag"),
        Column("age_days", "Days", "days"),
        Column("m3_invoice_numbers", "M3 invoices"),
    )
    return read.table(
        con,
        "reconciliation_documents",
        "Per document",
        columns,
        about="Each sale and credit in the three systems, gross.",
        everything="from reports.reconciliation_documents order by unexplained desc, abs(m3_invoiced) desc",
        most=_DOCUMENTS,
        order="what does not agree first, then the largest",
        details=_why,
    )


def _why(row: Mapping[str, Any]) -> Detail | None:
    """Who has to act, on what, and the note of the model."""
    if row["status"] == "agrees":
        return None
    label = ", ".join(
        filter(None, (row["counterpart"], row["owner"] and f"to be acted on by {row['owner']}"))
    )
    return Detail(label or "What is known", text=row["note"] or "")
