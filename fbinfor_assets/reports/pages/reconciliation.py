"""Do FreshBooks and M3 agree? Per currency, period, party and document.

Belongs here: the reconciliation as staged, and the way from a total to its documents.
Does not belong here: the judgement over fresh reads (`fbinfor reconcile`).
"""

from __future__ import annotations

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
    Column("sale_key", "Document"),
    Column("document_date", "Day", "date"),
    Column("freshbooks_sent", "FreshBooks", "money"),
    Column("m3_invoiced", "M3", "money"),
    Column("difference", "Difference", "money"),
    Column("open_difference", "Difference of open amounts", "money"),
    Column("cause", "Cause", "tag"),
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
    amounts = listed([money(row["unexplained"], row["currency"]) for row in found])
    wrong = [row for row in found if row["unexplained"] != 0]
    explained = [row for row in causes if row["cause"] != "unexplained"]
    details = (
        [
            f"{counted(sum(row['documents'] for row in explained), 'document')} still "
            f"{'differs' if sum(row['documents'] for row in explained) == 1 else 'differ'} for a known cause: "
            + listed([f"{row['cause']} {row['documents']:,}" for row in _per_cause(explained)])
            + "."
        ]
        if explained
        else ["No document waits for anything."]
    )
    if wrong:
        bad = listed([money(row["unexplained"], row["currency"]) for row in wrong])
        return Answer(
            "bad",
            f"Does not agree: {bad} unexplained over {documents}, {standing.as_of_text}.",
            ["The documents without a cause stand first in the tables below.", *details],
        )
    return Answer(
        "ok", f"Everything agrees: {amounts} unexplained over {documents}, {standing.as_of_text}.", details
    )


def _per_cause(causes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    summed: dict[str, int] = {}
    for row in causes:
        summed[row["cause"]] = summed.get(row["cause"], 0) + row["documents"]
    return [{"cause": cause, "documents": documents} for cause, documents in summed.items()]


def _figures(found: list[dict[str, Any]]) -> list[Figure]:
    figures = []
    for row in found:
        currency = row["currency"]
        figures += [
            Figure("unexplained", row["unexplained"], currency, bad=row["unexplained"] != 0),
            Figure("documents", row["documents"], "" if len(found) == 1 else currency),
            Figure("agree everywhere", row["agreeing"], "" if len(found) == 1 else currency),
            Figure("sent in FreshBooks", row["freshbooks_sent"], currency),
            Figure("invoiced in M3", row["m3_invoiced"], currency),
            Figure("difference", row["difference"], currency, bad=False),
        ]
    return figures


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
                    series={code: side for code, side in _SIDES.items()},
                    unit=currency,
                    grouped=True,
                )
            )
    charts.append(
        Chart(
            id="causes",
            title="Documents that wait, by cause",
            about="Each has a cause from the policy's closed list, or is unexplained.",
            bars=read.bars(con, "chart_causes"),
            series={"documents": ("documents", "blue")},
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
        Column("cause", "Cause", "tag"),
        Column("currency", "Currency"),
        Column("documents", "Documents", "count", sums=True),
        Column("difference", "Difference, without signs", "money", sums=True),
        Column("open_difference", "Difference of open amounts, without signs", "money", sums=True),
        Column("age_days", "Oldest, days", "days"),
    )
    return read.table(
        con,
        "reconciliation_causes",
        "Per cause",
        columns,
        about="Why documents differ or wait. Causes come from the policy's closed list; there is no “other”.",
        everything="from reports.reconciliation_documents where cause is not null",
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
        Column("cash_difference", "Difference", "money", sums=True),
        Column("credited", "Credited", "money", sums=True),
    )
    documents = read.by_key(read.rows(con, "reconciliation_period_documents", most=_OF_PERIOD), "key")
    details = {
        key: Detail(
            f"Documents ordered in the month: what differs, then the largest {_OF_PERIOD}",
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
        details=details,
        key="key",
    )


def _parties(con: duckdb.DuckDBPyConnection) -> Table:
    columns = (
        Column("party_name", "Party"),
        Column("party_key", "Key"),
        Column("currency", "Currency"),
        Column("documents", "Documents", "count", sums=True),
        Column("disagreeing", "Disagree", "count", sums=True),
        Column("freshbooks_sent", "Sent in FreshBooks", "money", sums=True),
        Column("m3_invoiced", "Invoiced in M3", "money", sums=True),
        Column("difference", "Difference", "money", sums=True),
        Column("freshbooks_received", "Received in FreshBooks", "money", sums=True),
        Column("m3_received", "Received in M3", "money", sums=True),
        Column("freshbooks_open", "Open in FreshBooks", "money", sums=True),
        Column("m3_open", "Open in M3", "money", sums=True),
        Column("open_difference", "Difference", "money", sums=True),
    )
    documents = read.by_key(read.rows(con, "reconciliation_party_documents", most=_OF_PARTY), "key")
    details = {
        key: Detail(f"Documents: what differs, then the largest {_OF_PARTY}", _DOCUMENT_COLUMNS, rows)
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
        details=details,
        key="key",
    )


def _documents(con: duckdb.DuckDBPyConnection) -> Table:
    columns = (
        Column("sale_key", "Document"),
        Column("party_name", "Party"),
        Column("document_date", "Day", "date"),
        Column("currency", "Currency"),
        Column("shop_total", "Shop", "money", sums=True),
        Column("freshbooks_sent", "Sent in FreshBooks", "money", sums=True),
        Column("m3_invoiced", "Invoiced in M3", "money", sums=True),
        Column("difference", "Difference", "money", sums=True),
        Column("open_difference", "Difference of open amounts", "money", sums=True),
        Column("cause", "Cause", "tag"),
        Column("age_days", "Days", "days"),
        Column("m3_invoice_numbers", "M3 invoices"),
    )
    return read.table(
        con,
        "reconciliation_documents",
        "Per document",
        columns,
        about="Each sale and credit in the three systems, gross.",
        everything="from reports.reconciliation_documents order by abs(difference) desc, abs(m3_invoiced) desc",
        most=_DOCUMENTS,
        order="what differs first, then the largest",
    )
