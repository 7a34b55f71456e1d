"""Who owes what, and since when: M3's receivables by age, with what FreshBooks shows beside them.

Belongs here: open amounts by age and party. Does not belong here: dunning.
"""

from __future__ import annotations

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

_AGES = {
    "not_due": ("not due", "blue"),
    "days_1_30": ("1 to 30 days late", "sky"),
    "days_31_60": ("31 to 60 days late", "yellow"),
    "days_61_90": ("61 to 90 days late", "orange"),
    "over_90": ("over 90 days late", "brown"),
    "on_account": ("on account", "grey"),
}
_PARTIES, _OF_PARTY = 1_000, 10


def page(con: duckdb.DuckDBPyConnection) -> Page:
    """The ageing page."""
    standing = read.standing(con)
    found = read.rows(con, "ageing_answer")
    return Page(
        name="ageing",
        title="Receivables ageing",
        question="Who owes what, and since when?",
        standing=standing,
        answer=answer(found, standing),
        figures=[_figures(row) for row in found],
        charts=[chart for row in found for chart in _charts(con, row["currency"])],
        tables=[_parties(con)],
    )


def answer(found: list[dict[str, Any]], standing: Standing) -> Answer:
    """`found`: a row per currency of ageing_answer."""
    if not found:
        return Answer("ok", f"Nobody owes anything in M3, {standing.as_of_text}.")
    still = listed([money(row["total_open"], row["currency"]) for row in found])
    overdue = [money(row["overdue"], row["currency"]) for row in found if row["overdue"] != 0]
    apart = [money(row["difference"], row["currency"]) for row in found if row["difference"] != 0]
    parties = counted(sum(row["parties"] for row in found), "party", "parties")
    late = f"{listed(overdue) if overdue else 'nothing'} of it is past its due date"
    return Answer(
        "note" if overdue else "ok",
        f"Open in M3: {still} over {parties}; {late}, {standing.as_of_text}.",
        [
            f"FreshBooks and M3 differ by {listed(apart)}; the reconciliation names the cause of each document."
            if apart
            else "FreshBooks shows the same open amounts."
        ],
    )


def _figures(row: dict[str, Any]) -> list[Figure]:
    currency = row["currency"]
    return [
        Figure("open in M3", row["total_open"], currency),
        Figure("not due", row["not_due"], currency),
        Figure("past due", row["overdue"], currency),
        Figure("over 90 days late", row["over_90"], currency, bad=row["over_90"] > 0),
        Figure("on account", row["on_account"], currency),
        Figure("open in FreshBooks", row["freshbooks_open"], currency),
        Figure("M3 less FreshBooks", row["difference"], currency),
    ]


def _charts(con: duckdb.DuckDBPyConnection, currency: str) -> list[Chart]:
    charts = [
        Chart(
            id=f"ages-{currency}",
            title=f"Open amounts by age, {currency}",
            about="Days after the due date, as M3's ledger has it. Money on account is negative: it is owed to the party.",
            bars=read.bars(con, "chart_ageing", currency=currency),
            series=_AGES,
            unit=currency,
        ),
        Chart(
            id=f"debtors-{currency}",
            title=f"The largest open amounts, {currency}",
            about="The twelve parties that owe most, by how late it is.",
            bars=read.bars(con, "chart_debtors", currency=currency),
            series={code: age for code, age in _AGES.items() if code != "on_account"},
            unit=currency,
            across=True,
        ),
    ]
    return [chart for chart in charts if any(bar.amount for bar in chart.bars)]


def _parties(con: duckdb.DuckDBPyConnection) -> Table:
    columns = (
        Column("party_name", "Party", "name"),
        Column("party_key", "Key", "key"),
        Column("currency", "Currency"),
        Column("not_due", "Not due", "money", sums=True),
        Column("days_1_30", "1–30 days", "money", sums=True),
        Column("days_31_60", "31–60 days", "money", sums=True),
        Column("days_61_90", "61–90 days", "money", sums=True),
        Column("over_90", "Over 90 days", "money", sums=True),
        Column("on_account", "On account", "money", sums=True),
        Column("total_open", "Open in M3", "money", sums=True),
        Column("freshbooks_open", "Open in FreshBooks", "money", sums=True),
        Column("difference", "M3 less FreshBooks", "money", sums=True),
        Column("oldest_due_date", "Oldest due day", "date"),
    )
    open_columns = (
        Column("sale_key", "Document", "key"),
        Column("document_date", "Day", "date"),
        Column("m3_invoice_numbers", "M3 invoices"),
        Column("m3_invoiced", "Invoiced in M3", "money"),
        Column("m3_open", "Open in M3", "money"),
        Column("freshbooks_open", "Open in FreshBooks", "money"),
        Column("open_difference", "Difference", "money"),
    )
    documents = read.by_key(read.rows(con, "ageing_party_documents", most=_OF_PARTY), "key")
    opened = {
        key: Detail(f"Open documents, the largest {_OF_PARTY}", open_columns, rows)
        for key, rows in documents.items()
    }
    return read.table(
        con,
        "ageing_parties",
        "Per party",
        columns,
        about="From M3's ledger, the book of record.",
        everything="from reports.receivables_ageing order by total_open desc",
        most=_PARTIES,
        order="the most past due first",
        details=lambda row: opened.get(row["key"]),
    )
