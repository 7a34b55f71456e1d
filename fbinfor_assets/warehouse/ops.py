"""What dbt needs to know of the operational store, copied into schema ops: links, agreed values, intents, dead letters.

Belongs here: which columns are copied, their types, the copy by change sequence.
Does not belong here: reading the store's tables (the store does), and who may write them.

The store's file is never opened by DuckDB (DESIGN 3): rows come as Python dicts through `OpsSource`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from itertools import islice
from typing import Any, NamedTuple, Protocol

import duckdb
import pyarrow as pa

from fbinfor_assets.warehouse.errors import OpsCopyRefused

BATCH = 5_000


class Changed(Protocol):
    """Rows of one table changed after a sequence, and the sequence to go on from."""

    @property
    def rows(self) -> Iterable[Mapping[str, Any]]: ...

    @property
    def upto(self) -> int: ...


class OpsSource(Protocol):
    """The operational store, as far as the copy needs it. `fbinfor_assets.store.Store` is one as it stands."""

    def changes_since(self, table: str, seq: int) -> Changed:
        """Rows of the store's table changed after `seq` (0: all), oldest change first."""


class _Copy(NamedTuple):
    source: str
    key: tuple[str, ...]
    columns: dict[str, pa.DataType]


_TEXT = pa.string()
_INSTANT = pa.timestamp("us", tz="UTC")
_AMOUNT = pa.decimal128(18, 2)

# Table of schema ops -> the store's table, its key, and the columns that are copied.
TABLES: dict[str, _Copy] = {
    "crosswalk": _Copy(
        "crosswalk",
        ("entity", "left_system", "left_id", "right_system"),
        {
            "entity": _TEXT,
            "left_system": _TEXT,
            "left_id": _TEXT,
            "right_system": _TEXT,
            "right_id": _TEXT,
            "method": _TEXT,
            "created_at": _INSTANT,
        },
    ),
    "agreed": _Copy(
        "agreed",
        ("entity", "key", "field"),
        {"entity": _TEXT, "key": _TEXT, "field": _TEXT, "value": _TEXT, "agreed_at": _INSTANT},
    ),
    "intents": _Copy(
        "intent",
        ("id",),
        {
            "id": _TEXT,
            "target": _TEXT,
            "object": _TEXT,
            "operation": _TEXT,
            "business_key": _TEXT,
            "target_ref": _TEXT,
            "state": _TEXT,
            "remote_id": _TEXT,
            "payload_sha": _TEXT,
            "error_class": _TEXT,
            "error": _TEXT,
            "document_date": pa.date32(),
            "currency": _TEXT,
            "amount": _AMOUNT,
            "reason": _TEXT,
            "changes": _TEXT,
            "created_at": _INSTANT,
            "updated_at": _INSTANT,
        },
    ),
    "dead_letters": _Copy(
        "dead_letter",
        ("id",),
        {
            "id": _TEXT,
            "object": _TEXT,
            "business_key": _TEXT,
            "rule": _TEXT,
            "field": _TEXT,
            "value": _TEXT,
            "message": _TEXT,
            "payload_sha": _TEXT,
            "source": _TEXT,
            "state": _TEXT,
            "created_at": _INSTANT,
        },
    ),
}


def copy(con: duckdb.DuckDBPyConnection, source: OpsSource, generation: int) -> int:
    """Copy what changed since the last copy and return how many rows; all or nothing.

    Rows get `load_generation = generation`. A store whose sequence is behind what was copied is another store (restored,
    or begun anew): its tables are copied whole. Raises `OpsCopyRefused` for a value that does not fit its column, e.g. an
    amount with more than two decimals.
    """
    total = 0
    con.execute("begin")
    try:
        for table, spec in TABLES.items():
            row = con.execute("select change_seq from ops.copied where table_name = ?", [table]).fetchone()
            seq = row[0] if row else 0
            changed = source.changes_since(spec.source, seq)
            if changed.upto < seq:
                con.execute(f"delete from ops.{table}")
                changed = source.changes_since(spec.source, 0)
            for batch in _batches(changed.rows):
                total += _upsert(con, table, spec, batch, generation)
            con.execute("delete from ops.copied where table_name = ?", [table])
            con.execute("insert into ops.copied values (?, ?)", [table, changed.upto])
        con.execute("commit")
    except BaseException:
        con.execute("rollback")
        raise
    return total


def forget(con: duckdb.DuckDBPyConnection) -> None:
    """Empty the copies, so that the next one takes everything."""
    con.execute("begin")
    for table in TABLES:
        con.execute(f"delete from ops.{table}")
    con.execute("delete from ops.copied")
    con.execute("commit")


def set_policy(con: duckdb.DuckDBPyConnection, policy: Mapping[str, Any]) -> None:
    """Replace ops.policy. Values become text: dates ISO, decimals in fixed point, true/false, structures JSON."""
    con.execute("begin")
    con.execute("delete from ops.policy")
    for key, value in sorted(policy.items()):
        con.execute("insert into ops.policy values (?, ?)", [key, setting_text(value)])
    con.execute("commit")


def policy_sha(policy: Mapping[str, Any]) -> str:
    """A hash of the settings as the models see them; another hash means that every model row may change."""
    text = json.dumps({key: setting_text(value) for key, value in policy.items()}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def setting_text(value: Any) -> str | None:
    """A setting as the text that models cast."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping | Sequence):
        return json.dumps(value, default=setting_text, ensure_ascii=False)
    return str(value)


def _batches(rows: Iterable[Mapping[str, Any]]) -> Iterator[list[Mapping[str, Any]]]:
    stream = iter(rows)
    while batch := list(islice(stream, BATCH)):
        yield batch


def _upsert(
    con: duckdb.DuckDBPyConnection, table: str, spec: _Copy, rows: list[Mapping[str, Any]], generation: int
) -> int:
    # A key that changed twice within a batch comes once, as it is now.
    newest = {tuple(row[name] for name in spec.key): row for row in rows}
    columns = {
        name: pa.array([_value(table, spec, row, name, kind) for row in newest.values()], kind)
        for name, kind in spec.columns.items()
    }
    columns["load_generation"] = pa.array([generation] * len(newest), pa.int64())
    con.register("changed_rows", pa.table(columns))
    try:
        same = " and ".join(f"{table}.{name} = changed_rows.{name}" for name in spec.key)
        con.execute(f"delete from ops.{table} using changed_rows where {same}")
        con.execute(f"insert into ops.{table} by name select * from changed_rows")
    finally:
        con.unregister("changed_rows")
    return len(newest)


def _value(table: str, spec: _Copy, row: Mapping[str, Any], name: str, kind: pa.DataType) -> Any:
    value = row.get(name)
    if value is None or (value == "" and kind is not _TEXT):
        return None
    try:
        if kind is _TEXT:
            return value if isinstance(value, str) else str(value)
        if kind is _INSTANT:
            moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
            if moment.tzinfo is None:
                raise ValueError("it has no time zone")
            return moment.astimezone(UTC)
        if kind is _AMOUNT:
            if isinstance(value, float):
                raise ValueError("a float is no amount")
            amount = Decimal(value)
            if not amount.is_finite() or amount != round(amount, 2):
                raise ValueError("an amount has two decimals at most")
            return round(amount, 2)
        return value if isinstance(value, date) else date.fromisoformat(value)
    except (ValueError, TypeError, InvalidOperation) as error:
        key = ", ".join(str(row.get(part)) for part in spec.key)
        raise OpsCopyRefused(
            f"{spec.source} {key} of the operational store has {name} {value!r}: {error}; correct it there, "
            "then run the build again"
        ) from error
