"""What looks wrong: each finding with a sentence, the amount at risk, its evidence, and what to do.

Belongs here: showing findings. Does not belong here: finding them (dbt_project/models/reports).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import duckdb

from fbinfor_assets.reports import charts, read
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
    words,
)

_RULES = {
    "duplicate_invoice": ("duplicate invoice", "orange"),
    "unmatched_payment": ("unmatched payment", "blue"),
    "unusual_amount": ("unusual amount", "teal"),
    "sequence_gap": ("sequence gap", "purple"),
}
_FINDINGS, _EVIDENCE = 500, 25
_AMOUNT = re.compile(r"-?\d+\.\d{2,}")


def page(con: duckdb.DuckDBPyConnection) -> Page:
    """The anomalies page."""
    standing = read.standing(con)
    found = read.rows(con, "anomalies_answer")
    currencies = list(dict.fromkeys(row["currency"] for row in found if row["currency"]))
    return Page(
        name="anomalies",
        title="Anomalies",
        question="What looks wrong?",
        standing=standing,
        answer=answer(found, standing),
        figures=[_figures(found, currencies)],
        charts=_charts(con, currencies, list(dict.fromkeys(row["rule"] for row in found))),
        tables=[_findings(con)],
    )


def answer(found: list[dict[str, Any]], standing: Standing) -> Answer:
    """`found`: a row per rule and currency of anomalies_answer."""
    if not found:
        return Answer("ok", f"Nothing looks wrong, {standing.as_of_text}.", [_LOOKED_FOR])
    findings = counted(sum(row["findings"] for row in found), "finding")
    at_risk = [money(amount, currency) for currency, amount in _at_risk(found).items() if amount]
    rules: dict[str, int] = {}
    for row in found:
        rules[row["rule"]] = rules.get(row["rule"], 0) + row["findings"]
    kinds = listed([f"{words(rule)} {count:,}" for rule, count in rules.items()])
    risk = f" with {listed(at_risk)} at risk" if at_risk else ""
    return Answer(
        "note", f"{findings} to look at{risk}, {standing.as_of_text}.", [f"By rule: {kinds}.", _LOOKED_FOR]
    )


_LOOKED_FOR = (
    "Looked for: invoices billed twice, payments that found no invoice, amounts outside the customer's habit, gaps in "
    "number sequences. A finding is a question, not a verdict."
)


def _at_risk(found: list[dict[str, Any]]) -> dict[str, Decimal]:
    summed: dict[str, Decimal] = {}
    for row in found:
        if row["currency"]:
            summed[row["currency"]] = summed.get(row["currency"], Decimal(0)) + row["amount_at_risk"]
    return summed


def _figures(found: list[dict[str, Any]], currencies: list[str]) -> list[Figure]:
    counts = {rule: sum(row["findings"] for row in found if row["rule"] == rule) for rule in _RULES}
    at_risk = _at_risk(found)
    return [
        Figure("findings", sum(row["findings"] for row in found)),
        *(Figure("at risk", at_risk[currency], currency) for currency in currencies),
        *(Figure(label, counts[rule]) for rule, (label, _) in _RULES.items()),
    ]


def _charts(con: duckdb.DuckDBPyConnection, currencies: list[str], rules: list[str]) -> list[Chart]:
    series = charts.colours_of(rules, _RULES)
    found = [
        Chart(
            id=f"risk-{currency}",
            title=f"Amount at risk by rule, {currency}",
            about="What would be wrong if every finding were true.",
            bars=read.bars(con, "chart_risk", currency=currency),
            series=series,
            unit=currency,
            across=True,
        )
        for currency in currencies
    ]
    found.append(
        Chart(
            id="findings",
            title="Findings per month",
            about="By the day of the document.",
            bars=read.bars(con, "chart_findings"),
            series=series,
            unit="findings",
        )
    )
    return [chart for chart in found if chart.bars]


def _findings(con: duckdb.DuckDBPyConnection) -> Table:
    columns = (
        Column("rule", "Rule", "tag"),
        Column("sentence", "Finding", "sentence"),
        Column("suggested_action", "What to do", "sentence"),
        Column("amount_at_risk", "At risk", "money", sums=True),
        Column("currency", "Currency"),
        Column("party_name", "Party", "name"),
        Column("document", "Document", "key"),
        Column("document_date", "Day", "date"),
        Column("system", "System", "tag"),
    )
    return read.table(
        con,
        "anomalies_findings",
        "Findings",
        columns,
        about="Open a row for its evidence.",
        everything="from reports.anomalies order by score desc",
        most=_FINDINGS,
        order="the most striking first",
        details=_evidence,
    )


def _evidence(row: Mapping[str, Any]) -> Detail | None:
    """The evidence rows as they are; their columns are those of the rule."""
    said = json.loads(row["evidence"] or "[]", parse_float=Decimal)
    if not said:
        return None
    shown = [{name: _plain(value) for name, value in one.items()} for one in said[:_EVIDENCE]]
    names = list(dict.fromkeys(name for one in shown for name in one))
    columns = [Column(name, words(name), "number" if _amounts(shown, name) else "text") for name in names]
    more = len(said) - len(shown)
    ask = f"select evidence from reports.anomalies where finding_id = '{row['finding_id']}'"
    return Detail(
        f"Evidence, {row['finding_id']}", columns, shown, f"{more:,} more rows: {ask}" if more > 0 else ""
    )


def _plain(value: Any) -> Any:
    """A JSON value as a cell; an amount written as text is an amount again."""
    if isinstance(value, str):
        return Decimal(value) if _AMOUNT.fullmatch(value) else value
    if (
        value is None
        or isinstance(value, Decimal)
        or (isinstance(value, int) and not isinstance(value, bool))
    ):
        return value
    return json.dumps(value, ensure_ascii=False, default=str)


def _amounts(shown: Sequence[Mapping[str, Any]], name: str) -> bool:
    values = [one[name] for one in shown if one.get(name) is not None]
    return bool(values) and all(isinstance(value, Decimal) for value in values)
