"""What was sent, and why: every write to a vendor with the sentence that led to it.

Belongs here: writes by object and day, those that did not arrive first, fields old → new.
Does not belong here: what would be sent next (`fbinfor plan`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
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
    counted,
    words,
)

_STATES = {
    "failed": ("did not arrive", "red"),
    "under_way": ("under way", "yellow"),
    "superseded": ("superseded", "grey"),
    "confirmed": ("confirmed by read-back", "blue"),
}
_WRITES = 600


def page(con: duckdb.DuckDBPyConnection) -> Page:
    """The page of what was sent."""
    standing = read.standing(con)
    (found,) = read.rows(con, "sent_answer")
    return Page(
        name="sent",
        title="What was sent and why",
        question="What did we write to FreshBooks and M3, and did it arrive?",
        standing=standing,
        answer=answer(found, standing),
        figures=[
            [
                Figure("writes", found["writes"]),
                Figure("confirmed by read-back", found["confirmed"]),
                Figure("under way", found["under_way"]),
                Figure("did not arrive", found["failed"], bad=found["failed"] > 0),
                Figure("superseded", found["superseded"]),
            ]
        ],
        charts=_charts(con),
        tables=[_objects(con), _writes(con)],
    )


def answer(found: dict[str, Any], standing: Standing) -> Answer:
    """`found`: the row of sent_answer."""
    if not found["writes"]:
        return Answer("note", f"Nothing was sent yet, {standing.as_of_text}.")
    writes = counted(found["writes"], "write")
    if found["failed"]:
        return Answer(
            "bad",
            f"{number_of(found['failed'])} of {writes} did not arrive, {standing.as_of_text}.",
            [
                "They stand first in the list of writes, with what the vendor said.",
                "`fbinfor status` names the rule of each dead letter; one in doubt is looked up by the next pass.",
            ],
        )
    if found["under_way"]:
        return Answer(
            "note",
            f"{counted(found['under_way'], 'write')} of {found['writes']:,} {_is(found['under_way'])} still under way, "
            f"none was refused, {standing.as_of_text}.",
        )
    return Answer(
        "ok", f"Everything that was sent arrived: {writes}, each read back and equal, {standing.as_of_text}."
    )


def number_of(count: int) -> str:
    """`1`, `1,234`: a count at the start of a sentence."""
    return f"{count:,}"


def _is(count: int) -> str:
    return "is" if count == 1 else "are"


def _charts(con: duckdb.DuckDBPyConnection) -> list[Chart]:
    states = read.bars(con, "chart_sent_states")
    days = read.bars(con, "chart_sent_days")
    objects = list(dict.fromkeys(bar.series for bar in sorted(days, key=lambda bar: bar.series)))
    return [
        chart
        for chart in (
            Chart(
                id="states",
                title="Writes by object",
                about="How many records of each kind were written, and how they stand.",
                bars=states,
                series=_STATES,
                unit="writes",
                across=True,
            ),
            Chart(
                id="days",
                title="Writes over time",
                about="When they were planned, UTC.",
                bars=days,
                series=charts.colours_of(objects),
                unit="writes",
            ),
        )
        if chart.bars
    ]


def _objects(con: duckdb.DuckDBPyConnection):
    columns = (
        Column("object", "Object", "tag"),
        Column("currency", "Currency"),
        Column("writes", "Writes", "count", sums=True),
        Column("created", "Created", "count", sums=True),
        Column("updated", "Updated", "count", sums=True),
        Column("confirmed", "Confirmed", "count", sums=True),
        Column("under_way", "Under way", "count", sums=True),
        Column("failed", "Did not arrive", "count", sums=True),
        Column("amount", "Amount", "money"),
    )
    return read.table(
        con,
        "sent_objects",
        "Per object",
        columns,
        about="Master data has no amount. Amounts of different objects are not added: an order and its receipt are one sale.",
        everything="select object, currency, count(*), sum(amount) from reports.sent group by all",
    )


def _writes(con: duckdb.DuckDBPyConnection):
    columns = (
        Column("object", "Object", "tag"),
        Column("business_key", "Record", "key"),
        Column("operation", "Did", "tag"),
        Column("state", "State", "tag"),
        Column("reason", "Why", "sentence"),
        Column("amount", "Amount", "money"),
        Column("currency", "Currency"),
        Column("document_date", "Day", "date"),
        Column("remote_id", "Number there"),
        Column("planned_at", "Planned", "instant"),
    )
    return read.table(
        con,
        "sent_writes",
        "Every write",
        columns,
        about="Open a row for its fields old → new, our reference in the target, and what the vendor said.",
        everything="from reports.sent order by planned_at desc",
        most=_WRITES,
        order="what did not arrive first, then the newest",
        details=_changes,
    )


def _changes(row: Mapping[str, Any]) -> Detail | None:
    """Fields old → new of a write, and what went wrong with it."""
    said = json.loads(row["changes"], parse_float=Decimal) if row["changes"] else []
    changes = [{name: _plain(change.get(name)) for name in ("field", "old", "new")} for change in said]
    text = f"The vendor said: {row['error']}" if row["error"] else ""
    settled = row["settled_at"]
    about = [f"our reference {row['target_ref']}"] if row["target_ref"] else []
    about += [f"settled {settled:%Y-%m-%d %H:%M:%S} UTC"] if settled else []
    label = f"{words(row['operation'])}: {', '.join(about)}" if about else words(row["operation"])
    if not changes and not text and not about:
        return None
    columns = (Column("field", "Field"), Column("old", "Old"), Column("new", "New"))
    return Detail(label, columns if changes else (), changes, text)


def _plain(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, Decimal):
        return format(value, "f")
    return json.dumps(value, ensure_ascii=False, default=str)
