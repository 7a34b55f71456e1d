"""The published snapshot: a copy of the warehouse for everyone who reads, put in place all at once.

Belongs here: making the copy, checking it, swapping it in, and opening it.
Does not belong here: the live file's connection (attach.py), what may be asked of it (question.py).

Readers of an old snapshot keep the file they opened; the next reader gets the new one.
"""

from __future__ import annotations

import os
import shutil
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from fbinfor_assets.warehouse.attach import Settings, closing, open_read_only
from fbinfor_assets.warehouse.errors import PublishFailed, SnapshotMissing, WarehouseError
from fbinfor_assets.warehouse.failpoints import failpoint
from fbinfor_assets.warehouse.landing import sync_folder


@dataclass(frozen=True)
class Published:
    """What a publish did. `skipped` says why nothing was published, and is None if something was.

    `at` (UTC) is when the snapshot in place was made, None if there is none; `tables` and `bytes` of it.
    """

    path: Path
    at: datetime | None
    tables: int
    bytes: int
    skipped: str | None = None


def age_seconds(snapshot: Path) -> float | None:
    """Seconds since the snapshot was made, None if there is none."""
    try:
        return time.time() - snapshot.stat().st_mtime
    except FileNotFoundError:
        return None


def replace_snapshot(live: Path, snapshot: Path, tables: int, settings: Settings) -> Published:
    """Copy the live file (checkpointed and closed; the caller holds the lock) and put the copy in the snapshot's place.

    `tables`: how many tables the live file has; the copy must have as many. Raises `PublishFailed`; the snapshot in place
    is untouched then.
    """
    fresh = snapshot.with_name(f".{snapshot.name}.{os.getpid()}.tmp")
    for left in snapshot.parent.glob(f".{snapshot.name}.*.tmp*"):
        # Of a process that died while publishing: the lock's holder is the only publisher.
        left.unlink(missing_ok=True)
    try:
        shutil.copyfile(live, fresh)
        fd = os.open(fresh, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
        found = _count_tables(fresh, settings)
        if found != tables:
            raise PublishFailed(f"the copy of {live} has {found} tables instead of {tables}; publish again")
        failpoint("before_publish_rename")
        os.replace(fresh, snapshot)
        sync_folder(snapshot.parent)
    except (OSError, WarehouseError) as error:
        fresh.unlink(missing_ok=True)
        if isinstance(error, PublishFailed):
            raise
        raise PublishFailed(
            f"the snapshot {snapshot} was not replaced ({error}); readers keep the old one. "
            "Make room on the disk or mend what is named here, then publish again"
        ) from error
    status = snapshot.stat()
    return Published(snapshot, datetime.fromtimestamp(status.st_mtime, UTC), tables, status.st_size)


def in_place(snapshot: Path, skipped: str) -> Published:
    """The answer of a publish that did nothing."""
    if not snapshot.exists():
        return Published(snapshot, None, 0, 0, skipped)
    status = snapshot.stat()
    return Published(snapshot, datetime.fromtimestamp(status.st_mtime, UTC), 0, status.st_size, skipped)


def open_snapshot(snapshot: Path, settings: Settings) -> duckdb.DuckDBPyConnection:
    """The snapshot, read-only, closed to other files; the caller closes it. Raises `SnapshotMissing`."""
    if not snapshot.exists():
        raise SnapshotMissing(
            f"there is no published snapshot yet ({snapshot}): run a build and publish it first"
        )
    con = open_read_only(snapshot, settings)
    con.execute("set enable_external_access = false")
    return con


def _count_tables(path: Path, settings: Settings) -> int:
    with closing(open_read_only(path, settings)) as con:
        return count_tables(con)


def count_tables(con: duckdb.DuckDBPyConnection) -> int:
    """How many tables and views `warehouse` has."""
    (tables,) = con.execute(
        "select (select count(*) from duckdb_tables() where database_name = 'warehouse') "
        "+ (select count(*) from duckdb_views() where database_name = 'warehouse' and not internal)"
    ).fetchone() or (0,)
    return int(tables)
