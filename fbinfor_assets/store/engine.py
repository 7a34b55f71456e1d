"""Opening the store, transactions, and the change sequence.

Belongs here: the engine and its settings, the schema check, transactions, `changes_since`.
Does not belong here: queries of single tables (the repositories beside this file).
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock
from pysqlite3 import dbapi2 as sqlite
from sqlalchemy import (
    Connection,
    Engine,
    Executable,
    create_engine,
    event,
    func,
    insert,
    inspect,
    select,
    text,
    type_coerce,
    update,
)
from sqlalchemy.engine import CursorResult, make_url
from sqlalchemy.exc import DBAPIError

from fbinfor_assets.store import schema

# Older ones, from 3.7.0 on, can reset the WAL under a second connection and lose commits (DESIGN 3).
OLDEST_SQLITE = (3, 51, 3)
BUSY_SECONDS = 30


class StoreError(Exception):
    """The store cannot be used as it is; the text says what to do."""


class StoreTooNew(StoreError):
    """The store was made by a newer fbinfor."""


class StoreTooOldSqlite(StoreError):
    """The SQLite library is one that can corrupt a WAL file."""


@dataclass(frozen=True)
class Changes:
    """Rows of one table changed after a sequence, oldest change first, and the sequence to go on from."""

    rows: list[dict[str, Any]]
    upto: int


class Transaction:
    """One transaction of the store: all of it becomes durable at its end, or nothing.

    Made by `Store.write()` and `Store.read()`; the repositories take it as their first argument.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.now = datetime.now(UTC)
        self._change_seq: int | None = None

    def execute(self, statement: Executable, rows: Any = None) -> CursorResult[Any]:
        """Run one statement, or the same for many rows."""
        return self.connection.execute(statement, rows)

    @property
    def change_seq(self) -> int:
        """The number of this transaction among all that changed something, one above the last.

        The counter's row stays locked until the commit, so a reader that saw number n will never see a smaller one
        appear later.
        """
        if self._change_seq is None:
            bumped = (
                update(schema.counter)
                .where(schema.counter.c.name == "change")
                .values(value=schema.counter.c.value + 1)
                .returning(schema.counter.c.value)
            )
            self._change_seq = int(self.connection.execute(bumped).scalar_one())
        return self._change_seq

    def upsert(self, table: Any, rows: list[dict[str, Any]], *, keep: tuple[str, ...] = ()) -> None:
        """Insert rows; where the primary key is there already, set all other columns except `keep`."""
        if not rows:
            return
        if self.connection.dialect.name == "postgresql":
            from sqlalchemy.dialects.postgresql import insert as dialect_insert
        else:
            from sqlalchemy.dialects.sqlite import insert as dialect_insert  # type: ignore[assignment]
        keys = [column.name for column in table.primary_key]
        statement = dialect_insert(table)
        changed = {n: statement.excluded[n] for n in rows[0] if n not in keys and n not in keep}
        self.connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=changed), rows)


class Store:
    """The operational store. Safe for threads (a connection per transaction) and for forked children."""

    def __init__(self, url: str, lock_path: Path | None) -> None:
        self.url = url
        self._lock_path = lock_path
        self._guard = threading.Lock()
        self._pid = os.getpid()
        self._engine = _make_engine(url)

    @property
    def engine(self) -> Engine:
        if self._pid != os.getpid():
            with self._guard:
                if self._pid != os.getpid():
                    # A SQLite connection must not cross a fork; the parent's are left to the parent.
                    self._engine.dispose(close=False)
                    self._engine = _make_engine(self.url)
                    self._pid = os.getpid()
        return self._engine

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """A writing transaction; waits up to 30 s for another writer. An exception rolls all of it back."""
        with self.engine.connect() as connection, connection.begin():
            yield Transaction(connection)

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """A reading transaction: one consistent view, waits for nobody."""
        connection = self.engine.connect().execution_options(fbinfor_reads=True)
        with connection, connection.begin():
            yield Transaction(connection)

    def changes_since(self, table: str, seq: int) -> Changes:
        """Rows of `crosswalk`, `agreed`, `intent` or `dead_letter` changed after `seq` (0: all), for the warehouse.

        Values as they lie in the store: amounts are decimal text, instants ISO text in UTC, documents JSON text.
        Raises `KeyError` for a table without a change sequence.
        """
        chosen = schema.CHANGING[table]
        with self.read() as tx:
            upto = tx.connection.execute(
                select(schema.counter.c.value).where(schema.counter.c.name == "change")
            ).scalar_one()
            # The stored text is wanted, not the typed values: each column with its type's plain implementation.
            columns = [
                type_coerce(column, getattr(column.type, "impl_instance", column.type)).label(column.name)
                for column in chosen.columns
            ]
            found = tx.execute(
                select(*columns).where(chosen.c.change_seq > seq).order_by(chosen.c.change_seq)
            )
            return Changes([dict(row) for row in found.mappings()], int(upto))

    def close(self) -> None:
        """Close all connections of this process."""
        self._engine.dispose()

    def _prepare(self) -> None:
        with FileLock(self._lock_path, timeout=BUSY_SECONDS) if self._lock_path else _nothing():
            if inspect(self.engine).has_table("schema_version"):
                with self.read() as tx:
                    found = tx.execute(select(schema.schema_version.c.version)).scalars().all()
                if max(found) > schema.SCHEMA_VERSION:
                    raise StoreTooNew(
                        f"the store {self.url} has schema version {max(found)}, this fbinfor knows up to "
                        f"{schema.SCHEMA_VERSION}: it was opened by a newer release; install that release, "
                        "or restore the backup made before the upgrade"
                    )
                if max(found) < schema.SCHEMA_VERSION:
                    self._upgrade()
                return
            with self.write() as tx:
                schema.metadata.create_all(tx.connection)
                tx.execute(insert(schema.counter), [{"name": "change", "value": 0}])
                tx.execute(
                    insert(schema.schema_version), [{"version": schema.SCHEMA_VERSION, "applied_at": tx.now}]
                )

    def _upgrade(self) -> None:
        """Add the columns of the versions since; all in one transaction, so a crash leaves the store as it was."""
        with self.write() as tx:
            # Read again: on a server another process may have upgraded while this one waited.
            found = tx.execute(select(func.max(schema.schema_version.c.version))).scalar_one()
            for version in range(found + 1, schema.SCHEMA_VERSION + 1):
                for column in schema.ADDED[version]:
                    type_ = column.type.compile(tx.connection.dialect)
                    tx.execute(text(f"alter table {column.table.name} add column {column.name} {type_}"))
                tx.execute(insert(schema.schema_version), [{"version": version, "applied_at": tx.now}])


@contextmanager
def _nothing() -> Iterator[None]:
    yield


def check_sqlite(version: tuple[int, ...] = sqlite.sqlite_version_info) -> None:
    """Refuse a SQLite library with the WAL-reset bug. Raises `StoreTooOldSqlite`."""
    if version < OLDEST_SQLITE:
        raise StoreTooOldSqlite(
            f"SQLite {'.'.join(map(str, version))} can lose committed data when two connections share a file; "
            f"fbinfor needs {'.'.join(map(str, OLDEST_SQLITE))} or later: install pysqlite3>=0.6.1 "
            "(not pysqlite3-binary, which is older)"
        )


def _make_engine(url: str) -> Engine:
    if not url.startswith("sqlite"):
        return create_engine(url, pool_pre_ping=True)
    engine = create_engine(url, module=sqlite, pool_size=8, max_overflow=32)

    @event.listens_for(engine, "connect")
    def connected(connection: Any, record: Any) -> None:
        # No implicit BEGIN by the driver: it would begin deferred, and two such writers deadlock into SQLITE_BUSY.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"pragma busy_timeout = {BUSY_SECONDS * 1000}")
        if cursor.execute("pragma journal_mode").fetchone()[0] != "wal":
            cursor.execute("pragma journal_mode = wal")
        cursor.execute("pragma synchronous = full")
        cursor.execute("pragma foreign_keys = on")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        reads = connection.get_execution_options().get("fbinfor_reads", False)
        connection.exec_driver_sql("begin" if reads else "begin immediate")

    return engine


def open_store(path_or_url: str | Path) -> Store:
    """Open the store, making it on first use; a store of an older schema gets the columns that it lacks.

    `path_or_url`: a file (its folder is made), or an SQLAlchemy URL. SQLite runs with WAL, synchronous=FULL and a
    wait of 30 s for another writer.

    Raises `StoreTooOldSqlite` (library with the WAL-reset bug), `StoreTooNew` (made by a newer release) and
    `StoreError` (not a database, in memory, or not writable).
    """
    place = str(path_or_url)
    url = place if "://" in place else f"sqlite+pysqlite:///{Path(place).absolute()}"
    lock_path = None
    if url.startswith("sqlite"):
        check_sqlite()
        database = make_url(url).database
        if not database or database == ":memory:":
            raise StoreError(
                "the store must be a file or a server: what is in memory is lost with the process"
            )
        try:
            Path(database).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(
                f"the folder of the store {database} cannot be made: {error.strerror}"
            ) from error
        lock_path = Path(database + ".lock")
    store = Store(url, lock_path)
    try:
        store._prepare()
    except StoreError:
        store.close()
        raise
    except (DBAPIError, sqlite.DatabaseError, OSError) as error:
        store.close()
        cause = getattr(error, "orig", error)
        raise StoreError(
            f"the store {place} cannot be opened ({cause}): give another path, or restore it"
        ) from error
    return store
