"""A simulator's durable state: tables in memory, secondary indexes, numbers, the write log.

Belongs here: what is kept and how it becomes durable, rolled back, or looked at as it was a moment ago.
Does not belong here: time (`clock`), requests and the control plane (`kernel`), any vendor's word.

Durability: SQLite in WAL mode with synchronous=NORMAL: what was committed survives SIGKILL of the process
(tested); a power cut may lose the last commits, which a simulator can afford.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from pysqlite3 import dbapi2 as sqlite

from fbinfor_assets.sandbox.history import Change, History, ReadWrote

Row = dict[str, Any]
Id = int | str

_MISSING = object()

# The log sequences written by the request that runs in this context.
request_writes: ContextVar[list[int] | None] = ContextVar("request_writes", default=None)


class SandboxError(Exception):
    """Something a person must put right before the simulator can start; the text says what."""


class Index:
    """Ids of one kind by a key computed from the row, kept right by put, delete and rollback.

    `key(row)` gives one hashable key, or None for a row that is not in the index.
    """

    def __init__(self, key: Callable[[Row], Any]) -> None:
        self._key = key
        self._ids: dict[Any, dict[Id, None]] = {}

    def ids(self, key: Any) -> list[Id]:
        """The ids with this key, in order of arrival."""
        return list(self._ids.get(key, ()))

    def first(self, key: Any) -> Id | None:
        """The first id with this key, or None."""
        return next(iter(self._ids.get(key, ())), None)

    def count(self, key: Any) -> int:
        """How many ids have this key."""
        return len(self._ids.get(key, ()))

    def keys(self) -> Iterable[Any]:
        """Every key that has at least one id."""
        return self._ids.keys()

    def _fill(self, table: Mapping[Id, Row]) -> None:
        self._ids.clear()
        for id_, row in table.items():
            self._change(id_, None, row)

    def _change(self, id_: Id, old: Row | None, new: Row | None) -> None:
        before = None if old is None else self._key(old)
        after = None if new is None else self._key(new)
        if before == after:
            return
        if before is not None:
            ids = self._ids[before]
            del ids[id_]
            if not ids:
                del self._ids[before]
        if after is not None:
            self._ids.setdefault(after, {})[id_] = None


class State:
    """Everything one simulator knows: tables in memory, made durable by `commit`, and the write log on disk.

    A table is a `dict` of rows by id (int or str; the type is kept), a row is a dict of JSON values only:
    money and quantities are decimal *text*, dates ISO text (a Decimal is refused at commit). The file belongs to one process at a time (exclusive lock): a second
    opener gets a SandboxError.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.now: Callable[[], datetime] = lambda: datetime.now(UTC)
        # Called with (operation, object, key, body as JSON) of each log line, within its transaction.
        self.listeners: list[Callable[[str, str, Id, bytes], None]] = []
        self._con = sqlite.connect(str(self.path), isolation_level=None, check_same_thread=False, timeout=1)
        try:
            # Exclusive: the tables live in this process' memory, a second writer would overwrite them.
            self._con.execute("pragma locking_mode = exclusive")
            self._con.execute("pragma journal_mode = wal")
            self._con.execute("pragma synchronous = normal")
            self._con.execute("begin exclusive")
            # `id` has no type on purpose: without affinity SQLite gives back an int or a text as it came.
            self._con.execute(
                "create table if not exists rows (kind text, id, body blob, primary key (kind, id))"
            )
            self._con.execute("create table if not exists meta (name text primary key, body blob)")
            self._con.execute(
                "create table if not exists writes (sequence integer primary key, time text, operation text,"
                " object text, key text, body blob, delivered integer not null default 0)"
            )
            self._con.execute("commit")
        except sqlite.OperationalError as error:
            self._con.close()
            raise SandboxError(
                f"the simulator state {self.path} cannot be opened ({error}): another process serves it; "
                "stop that one first or give another --state folder"
            ) from error
        self._tables: dict[str, dict[Id, Row]] = {}
        self._meta: Row = {}
        self._indexes: dict[str, list[Index]] = {}
        self.requests = 0
        """How many requests to the vendor's own API this process has answered or refused."""
        self.revision = 0
        """Another number whenever a row may be another: what was computed from rows under this one still holds."""
        self.history = History(self._make)
        self.never_lags: set[str] = set()
        self._load()

    def _load(self) -> None:
        # Emptied and filled in place: the simulators hold these tables and indexes.
        for table in self._tables.values():
            table.clear()
        self.revision += 1
        self._meta.clear()
        for kind, id_, body in self._con.execute("select kind, id, body from rows order by rowid"):
            self._tables.setdefault(kind, {})[id_] = orjson.loads(body)
        self._meta.update((n, orjson.loads(b)) for n, b in self._con.execute("select name, body from meta"))
        self._sequence: int = self._con.execute("select coalesce(max(sequence), 0) from writes").fetchone()[0]
        self._forget()
        self.history.forget()
        for kind, indexes in self._indexes.items():
            for index in indexes:
                index._fill(self.tables(kind))

    def _forget(self) -> None:
        self._dirty: dict[tuple[str, Id], None] = {}
        self._dirty_meta: dict[str, None] = {}
        self._pending: list[tuple[int, str, str, str, str, bytes]] = []
        self._undo: list[tuple[str | None, Id, Any]] = []

    # -- tables

    def tables(self, kind: str) -> Mapping[Id, Row]:
        """The rows of one kind by id, in order of their first arrival. Read only: change through `put`."""
        return self._tables.setdefault(kind, {})

    def kinds(self) -> list[str]:
        """The names of the tables that hold anything."""
        return sorted(kind for kind, table in self._tables.items() if table)

    def get(self, kind: str, id_: Id) -> Row | None:
        """One row, or None."""
        table = self._tables.get(kind)
        return None if table is None else table.get(id_)

    def put(self, kind: str, id_: Id, row: Row) -> None:
        """Insert or replace one row; durable at the next `commit`."""
        self._only_in_the_present()
        table = self._tables.setdefault(kind, {})
        old = table.get(id_)
        table[id_] = row
        self._changed(kind, id_, old, row)

    def delete(self, kind: str, id_: Id) -> None:
        """Remove one row. Raises KeyError if there is none."""
        self._only_in_the_present()
        old = self._tables[kind].pop(id_)
        self._changed(kind, id_, old, None)

    def _changed(self, kind: str, id_: Id, old: Row | None, new: Row | None) -> None:
        self.revision += 1
        self._undo.append((kind, id_, old))
        self._dirty[(kind, id_)] = None
        for index in self._indexes.get(kind, ()):
            index._change(id_, old, new)

    def _make(self, change: Change) -> Row | None:
        # What `put` and `delete` do to a table, without the notes for commit and rollback.
        kind, id_, row = change
        self.revision += 1
        table = self._tables[kind]
        old = table.get(id_)
        if row is None:
            table.pop(id_, None)
        else:
            table[id_] = row
        for index in self._indexes.get(kind, ()):
            index._change(id_, old, row)
        return old

    # -- the past

    @contextmanager
    def rewound(self, seconds: float) -> Iterator[None]:
        """Within the block the tables are as they were so many wall-clock seconds ago (`history`), for reading.

        Nothing may wait for commit at its begin. A write within raises ReadWrote and changes nothing. Tables in
        `never_lags`, and single values, stay in the present.
        """
        if self.uncommitted:
            raise RuntimeError("the past cannot be read in the middle of a change")
        present = self._sequence
        with self.history.rewound(seconds) as sequence:
            if sequence is not None:
                self._sequence = sequence
            try:
                yield
            finally:
                self._sequence = present

    def _only_in_the_present(self) -> None:
        if self.history.turned_back:
            raise ReadWrote

    def index(self, kind: str, key: Callable[[Row], Any]) -> Index:
        """Make a secondary index of a table (once, at start) and keep it right from then on."""
        return self.attach(kind, Index(key))

    def attach(self, kind: str, index: Index) -> Index:
        """Keep an index of a kind of its own right from now on, as `index` does its own."""
        index._fill(self.tables(kind))
        self._indexes.setdefault(kind, []).append(index)
        return index

    # -- single values

    @property
    def meta(self) -> Mapping[str, Any]:
        """Single durable values by name (JSON). Read only: change through `set_meta`."""
        return self._meta

    def set_meta(self, name: str, value: Any) -> None:
        """Set one durable value; durable at the next `commit`."""
        self._only_in_the_present()
        self._undo.append((None, name, self._meta.get(name, _MISSING)))
        self._meta[name] = value
        self._dirty_meta[name] = None

    def next_number(self, series: str, start: int = 1) -> int:
        """The next number of a durable series; a rolled back request gives its numbers back."""
        name = "series:" + series
        number = self._meta.get(name, start)
        self.set_meta(name, number + 1)
        return number

    # -- write log and transactions

    def log(self, operation: str, object: str, key: Id, body: Any) -> int:
        """Append an applied mutation to the write log (durable with the same `commit`) and give its sequence.

        operation: `api.create`, an MI transaction name, `people.payment`, ...; object: `invoice`, ...
        """
        self._only_in_the_present()
        self._sequence += 1
        sequence, told = self._sequence, orjson.dumps(body)
        now = self.now().isoformat(timespec="milliseconds")
        self._pending.append((sequence, now, operation, object, str(key), told))
        sequences = request_writes.get()
        if sequences is not None:
            sequences.append(sequence)
        for listener in self.listeners:
            listener(operation, object, key, told)
        return sequence

    @property
    def last_sequence(self) -> int:
        """The sequence of the newest log line, 0 before the first."""
        return self._sequence

    @property
    def uncommitted(self) -> bool:
        """Whether something waits for `commit`."""
        return bool(self._dirty or self._dirty_meta or self._pending)

    def commit(self) -> None:
        """Make all changes and log rows since the last commit durable, in one transaction.

        Raises TypeError for a row that is not JSON (a Decimal, say); nothing is written then.
        """
        if not self.uncommitted:
            return
        changed, removed = [], []
        for kind, id_ in self._dirty:
            row = self._tables[kind].get(id_)
            if row is None:
                removed.append((kind, id_))
            else:
                changed.append((kind, id_, orjson.dumps(row)))
        meta = [(name, orjson.dumps(self._meta[name])) for name in self._dirty_meta]
        con = self._con
        con.execute("begin immediate")
        try:
            if removed:
                con.executemany("delete from rows where kind = ? and id = ?", removed)
            if changed:
                con.executemany(
                    "insert into rows (kind, id, body) values (?, ?, ?)"
                    " on conflict (kind, id) do update set body = excluded.body",
                    changed,
                )
            if meta:
                con.executemany("insert or replace into meta (name, body) values (?, ?)", meta)
            if self._pending:
                con.executemany(
                    "insert into writes (sequence, time, operation, object, key, body) values (?, ?, ?, ?, ?, ?)",
                    self._pending,
                )
            con.execute("commit")
        except BaseException:
            con.execute("rollback")
            raise
        if self.history.keep:
            kept = [(k, i, old) for k, i, old in self._undo if k is not None and k not in self.never_lags]
            self.history.add(self._sequence - len(self._pending), kept)
        self._forget()

    def rollback(self) -> None:
        """Forget everything since the last commit: rows, numbers and log lines alike."""
        self._sequence -= len(self._pending)
        sequences = request_writes.get()
        if sequences is not None:
            del sequences[len(sequences) - len(self._pending) :]
        for kind, id_, old in reversed(self._undo):
            if kind is None:
                if old is _MISSING:
                    del self._meta[str(id_)]
                else:
                    self._meta[str(id_)] = old
                continue
            table = self._tables[kind]
            new = table.get(id_)
            if old is None:
                del table[id_]
            else:
                table[id_] = old
            for index in self._indexes.get(kind, ()):
                index._change(id_, new, old)
        self._forget()

    def delivered(self, sequences: Sequence[int]) -> None:
        """Note that the whole answer to the request that made these writes left on the socket."""
        self._con.executemany("update writes set delivered = 1 where sequence = ?", [(s,) for s in sequences])

    def writes(self, after: int = 0, limit: int = 1000) -> Iterator[Row]:
        """Log lines with a sequence above `after`, oldest first: sequence, time (UTC), operation, object,
        key, body, delivered."""
        query = (
            "select sequence, time, operation, object, key, body, delivered from writes"
            " where sequence > ? order by sequence limit ?"
        )
        for sequence, at, operation, object_, key, body, delivered in self._con.execute(
            query, (after, limit)
        ):
            yield {
                "sequence": sequence,
                "time": at,
                "operation": operation,
                "object": object_,
                "key": key,
                "body": orjson.Fragment(body),
                "delivered": bool(delivered),
            }

    def clear(self) -> None:
        """Forget everything there is, durably: rows, values, series and the write log."""
        self._con.execute("begin immediate")
        for table in ("rows", "meta", "writes"):
            self._con.execute(f"delete from {table}")  # three fixed names
        self._con.execute("commit")
        self._load()

    def close(self) -> None:
        """Close the file; what was not committed is lost."""
        self._con.close()
