"""Reading the outbound tables: what a build found that a target should have and has not.

Belongs here: the shape of an outbound row in Python.
Does not belong here: what is outbound (dbt models), the gate (quality/), the sending (delivery/).
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import duckdb

from fbinfor_assets.domain.canonical import payload_sha
from fbinfor_assets.warehouse import builds
from fbinfor_assets.warehouse.errors import BuildNotComplete, UnknownObject

_NAME = re.compile(r"[a-z0-9_]+")


def rows(
    con: duckdb.DuckDBPyConnection, object_name: str, operations: Sequence[str] = ("create", "update")
) -> list[dict[str, Any]]:
    """The rows of `outbound.diff_<object_name>` with one of these operations, oldest document first.

    Every column of the model, with `payload`, `agreed`, `links` and `diff` parsed (numbers exact; an absent one is None,
    {}, [] and []), `amount` a Decimal in `currency`, `document_date` the document's own day, and `payload_sha` of the payload.
    Raises `BuildNotComplete` if the last build does not stand for what is loaded, `UnknownObject` for another name.
    """
    table = _table(con, object_name)
    result = con.execute(
        f"select * from outbound.{table} where list_contains($operations, operation) "
        "order by document_date nulls first, business_key",
        {"operations": list(operations)},
    )
    columns = [column[0] for column in result.description or []]
    return [_parsed(dict(zip(columns, values, strict=True))) for values in result.fetchall()]


def count(
    con: duckdb.DuckDBPyConnection, object_name: str, operations: Sequence[str] = ("create", "update")
) -> int:
    """How many `rows` there are, without reading them. Raises what `rows` raises."""
    found = con.execute(
        f"select count(*) from outbound.{_table(con, object_name)} where list_contains($operations, operation)",
        {"operations": list(operations)},
    ).fetchone()
    return found[0] if found else 0


def _table(con: duckdb.DuckDBPyConnection, object_name: str) -> str:
    reason = builds.why_not_deliverable(con)
    if reason is not None:
        raise BuildNotComplete(f"{object_name} cannot be delivered now: {reason}")
    table = f"diff_{object_name}"
    known = [
        name
        for (name,) in con.execute(
            "select table_name from information_schema.tables "
            "where table_catalog = 'warehouse' and table_schema = 'outbound' and starts_with(table_name, 'diff_') order by 1"
        ).fetchall()
    ]
    if not _NAME.fullmatch(object_name) or table not in known:
        names = ", ".join(name.removeprefix("diff_") for name in known) or "none"
        raise UnknownObject(f"there is no outbound object {object_name!r}; there are: {names}")
    return table


def _parsed(row: dict[str, Any]) -> dict[str, Any]:
    row["payload"] = _json(row.get("payload"), None)
    row["agreed"] = _json(row.get("agreed"), {})
    row["links"] = _json(row.get("links"), [])
    row["diff"] = _json(row.get("diff"), [])
    row["payload_sha"] = None if row["payload"] is None else payload_sha(row["payload"])
    return row


def _json(text: str | None, absent: Any) -> Any:
    return absent if text is None else json.loads(text, parse_float=Decimal)
