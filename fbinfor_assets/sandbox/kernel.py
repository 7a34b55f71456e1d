"""What every simulator stands on: a clock, a durable state with a write log, the control plane, the process.

Belongs here: what the FreshBooks, M3 and shop simulators share and no vendor would recognise as its own.
Does not belong here: any vendor's behaviour, path or word; bookkeeping (`ledger.py`).

How a simulator uses it::

    parser = argparse.ArgumentParser(); common_arguments(parser); args = parser.parse_args()
    state = State(args.state / "m3.db")                  # loads everything into memory
    clock = Clock(state, start=args.from_day)            # simulated time, kept in the state
    switches = load_switches(state, args.config, "m3", SWITCHES)
    app = create_app(state, clock, routes, name="m3", ledger=ledger, describe=..., reset=...)
    run(app, args.port)

The rules of a request handler (`async def`, always; a plain `def` would run in a thread):

1. read the body first (`await request.body()`), then do everything else without another `await`: that makes
   the handler atomic, for there is one event loop and one process;
2. never change a stored row in place: build a new dict and `state.put(kind, id, row)`;
3. `state.log(...)` each applied mutation, once, then `state.commit()` once, then answer.

What is not committed when the answer starts is rolled back if the status is 400 or more, or if the handler
raised, and committed otherwise. A vendor that refuses with HTTP 200 calls `state.rollback()` itself.

Durability: SQLite in WAL mode with synchronous=NORMAL: what was committed survives SIGKILL of the process
(tested); a power cut may lose the last commits, which a simulator can afford.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import hashlib
import os
import signal
import socket
import sys
import time
import traceback
from collections import deque
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Coroutine,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson
import uvicorn
import yaml
from pysqlite3 import dbapi2 as sqlite
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from fbinfor_assets.sandbox import breakage, fault_file, faults
from fbinfor_assets.sandbox.gate import Gate
from fbinfor_assets.sandbox.history import Change, History, ReadWrote

if TYPE_CHECKING:
    from fbinfor_assets.sandbox.ledger import Ledger
    from fbinfor_assets.sandbox.webhooks import Sender

Row = dict[str, Any]
Id = int | str

_MISSING = object()


class SandboxError(Exception):
    """Something a person must put right before the simulator can start; the text says what."""


# --------------------------------------------------------------------------------------------- state


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
        self.history = History(self._make)
        self.never_lags: set[str] = set()
        self._load()

    def _load(self) -> None:
        # Emptied and filled in place: the simulators hold these tables and indexes.
        for table in self._tables.values():
            table.clear()
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
        self._undo.append((kind, id_, old))
        self._dirty[(kind, id_)] = None
        for index in self._indexes.get(kind, ()):
            index._change(id_, old, new)

    def _make(self, change: Change) -> Row | None:
        # What `put` and `delete` do to a table, without the notes for commit and rollback.
        kind, id_, row = change
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
        sequences = _request_writes.get()
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
        sequences = _request_writes.get()
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


# --------------------------------------------------------------------------------------------- clock


class Clock:
    """Simulated time: it runs at the wall clock's speed from where it was last set, and never goes back.

    Kept in the state as one pair (simulated instant, wall instant), so time also passes while no process
    serves the state. `listeners` are called with the new instant after each jump, before the commit.

    The clock of a new state stands still until `go`: what a simulator is seeded with does not depend on how long the
    seeding takes. `skew` is how far the vendor's clock is off (fault `clock`): `now` and what derives from it tells
    the vendor's time, `true_now` the simulated one.
    """

    def __init__(self, state: State, start: date | datetime | None = None) -> None:
        self._state = state
        self._latest = datetime.min.replace(tzinfo=UTC)
        self._still = False
        # What jumps replaced, oldest first, for those who read the past: (when, simulated, wall).
        self._jumps: deque[tuple[float, datetime, datetime]] = deque(maxlen=100)
        self.skew = timedelta()
        self.start = _instant(start) if start is not None else None
        self.listeners: list[Callable[[datetime], None]] = []
        if "clock" in state.meta:
            self._read()
        else:
            self._anchor(self.start or datetime.now(UTC))
            self._still = True
            state.commit()
        state.now = self.true_now

    def _read(self) -> None:
        kept = self._state.meta["clock"]
        self._simulated = datetime.fromisoformat(kept["simulated"])
        self._wall = datetime.fromisoformat(kept["wall"])

    def _anchor(self, simulated: datetime) -> None:
        if self._state.history.keep:
            self._jumps.append((time.monotonic(), self._simulated, self._wall))
        self._simulated, self._wall = simulated, datetime.now(UTC)
        self._state.set_meta("clock", {"simulated": simulated.isoformat(), "wall": self._wall.isoformat()})

    def now(self) -> datetime:
        """What the vendor's clock says, UTC: the simulated instant, unless the clock is off."""
        return self.true_now() + self.skew

    def true_now(self) -> datetime:
        """The simulated instant, UTC."""
        if self._still:
            return self._simulated
        if back := self._state.history.turned_back:
            return self._then(back)
        now = self._simulated + (datetime.now(UTC) - self._wall)
        # The wall clock itself may be set back by the host; simulated time then stands still.
        self._latest = max(now, self._latest)
        return self._latest

    def _then(self, back: float) -> datetime:
        """The simulated instant of so many wall-clock seconds ago, jumps of the clock included."""
        moment = time.monotonic() - back
        held = next((jump[1:] for jump in self._jumps if jump[0] > moment), (self._simulated, self._wall))
        simulated, wall = held
        return simulated + (datetime.now(UTC) - timedelta(seconds=back) - wall)

    def today(self) -> date:
        """The simulated day in UTC."""
        return self.now().date()

    def set(self, to: date | datetime) -> bool:
        """Jump to an instant (a date means its first moment, UTC). False, and no jump, if that is in the past."""
        target = _instant(to)
        if target <= self.true_now():
            return False
        self._anchor(target)
        for listener in self.listeners:
            listener(target)
        self._state.commit()
        return True

    def advance(self, days: int = 0, **more: float) -> bool:
        """Jump forward by days (or hours=, minutes=, seconds=)."""
        return self.set(self.true_now() + timedelta(days=days, **more))

    def stamp_ms(self) -> int:
        """A strictly increasing stamp in epoch milliseconds, not before now; kept with the next commit."""
        now = int(self.now().timestamp() * 1000)
        stamp = max(now, self._state.meta.get("stamp", 0) + 1)
        self._state.set_meta("stamp", stamp)
        return stamp

    def restart(self) -> None:
        """Begin again at the start and stand still, after `State.clear`: the only way back."""
        self._latest = datetime.min.replace(tzinfo=UTC)
        self._anchor(self.start or datetime.now(UTC))
        self._jumps.clear()
        self._still = True

    def go(self) -> None:
        """Let time pass, if it stands still."""
        if self._still:
            self._still = False
            self._anchor(self._simulated)
            self._state.commit()


def _instant(value: date | datetime) -> datetime:
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    return datetime.combine(value, time_of_day(), UTC)


def parse_instant(text: str) -> datetime:
    """`YYYY-MM-DD` (its first moment) or an ISO instant (UTC if it names no zone). Raises ValueError."""
    return _instant(datetime.fromisoformat(text))


# ------------------------------------------------------------------------------------- small helpers


def secret(seed: int, *labels: str, length: int = 32) -> str:
    """A hexadecimal text that depends on nothing but the seed and the labels: credentials, ids, uuids."""
    text = ""
    while len(text) < length:
        text += hashlib.sha256("|".join([str(seed), *labels, str(len(text))]).encode()).hexdigest()
    return text[:length]


def json_response(content: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """An answer of JSON (orjson; floats never occur because the tables hold decimal text)."""
    return Response(orjson.dumps(content), status, headers, "application/json")


def common_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line every simulator has: --port --state --seed --from --to --orders --config --faults.

    Attributes: port int, state Path, seed int, from_day date|None, to_day date|None, orders Path|None,
    config Path|None, faults Path|None.
    """
    parser.add_argument("--port", type=int, required=True, help="loopback port; 0 takes a free one")
    parser.add_argument("--state", type=Path, required=True, help="folder of the simulator's state")
    parser.add_argument(
        "--seed", type=int, default=1, help="credentials, ids and generated data derive from it"
    )
    parser.add_argument("--from", dest="from_day", type=date.fromisoformat, help="first simulated day")
    parser.add_argument("--to", dest="to_day", type=date.fromisoformat, help="last day of the orders")
    parser.add_argument("--orders", type=Path, help="order file, parquet or csv")
    parser.add_argument("--config", type=Path, help="YAML of switches, one section per simulator")
    parser.add_argument("--faults", type=Path, help="YAML of faults to begin with, one section per simulator")


class Switch(NamedTuple):
    """A behaviour that differs by installation or is not known for sure: allowed values, the default (best evidence)
    first, and why it is one. A single int or text allows any value of that type."""

    allowed: tuple[Any, ...]
    about: str

    @property
    def default(self) -> Any:
        """The value of a new state."""
        return self.allowed[0]


def load_switches(
    state: State, path: Path | None, section: str, known: Mapping[str, Switch]
) -> dict[str, Any]:
    """The switches of one simulator: from the YAML's section, else as this state last had them, else default.

    Raises SandboxError for an unknown switch or value.
    """
    given: Any = {}
    if path is not None:
        try:
            given = (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).get(section) or {}
        except (OSError, yaml.YAMLError, AttributeError) as error:
            raise SandboxError(f"the switches in {path} cannot be read: {error}") from error
    for name, value in given.items():
        _check_switch(name, value, known, f"{path}: {section}.{name}")
    kept = state.meta.get("switches", {})
    switches = {name: given.get(name, kept.get(name, switch.default)) for name, switch in known.items()}
    state.set_meta("switches", switches)
    state.commit()
    return switches


def _check_switch(name: str, value: Any, known: Mapping[str, Switch], where: str) -> None:
    if name not in known:
        raise SandboxError(f"{where} is no switch; known are {', '.join(sorted(known))}")
    allowed = known[name].allowed
    open_ended = len(allowed) == 1 and type(value) is type(allowed[0])
    if not open_ended and value not in allowed:
        raise SandboxError(f"{where} is {value!r}; allowed are {', '.join(map(repr, allowed))}")


# --------------------------------------------------------------------------------- the application

# The log sequences written by the request that runs in this context.
_request_writes: ContextVar[list[int] | None] = ContextVar("request_writes", default=None)


class _Transaction:
    """Outermost ASGI layer: end the request's transaction before the answer, note the delivery after it."""

    def __init__(self, app: Any, state: State, clock: Clock, planned: faults.Faults) -> None:
        self._app, self._state, self._clock, self._faults = app, state, clock, planned
        self._second, self._date = 0, b""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        hit = fault = None
        connection = receive
        if self._faults.planned:
            body = b""
            if self._faults.needs_body:
                body, receive = await breakage.read_body(connection)
            hit = self._faults.hit(scope, body)
            fault = hit and hit.fault
        out = send
        if fault is not None:
            if not await breakage.before(fault, scope, receive, send, self._now()):
                return
            if receive is not connection and _client_gone(connection):
                return  # its body was read before it hung up
            if fault.fields.get("rotated") and self._faults.rotate is not None:
                self._faults.rotate()
                self._state.commit()
            out = breakage.after(fault, receive, send)
        lost = fault is not None and breakage.breaks_answer(fault)
        sequences: list[int] = []
        _request_writes.set(sequences)
        refused = False

        async def watched(message: Any) -> None:
            nonlocal refused
            if message["type"] == "http.response.start":
                # A gateway may answer 504 for what was applied: that answer delivers nothing.
                refused = message["status"] >= 400
                if self._state.uncommitted:
                    if refused:
                        self._state.rollback()
                    else:
                        self._state.commit()
                message["headers"] = [(b"date", self._now()), *message["headers"]]
            last = message["type"] == "http.response.body" and not message.get("more_body")
            gone = bool(last and sequences) and (lost or _client_gone(connection))
            await out(message)
            if last and sequences and not gone and not refused:
                self._state.delivered(sequences)

        try:
            if hit is not None and hit.lag:
                await self._from_the_past(scope, receive, watched, hit.lag)
            else:
                await self._app(scope, receive, watched)
        except ClientDisconnect:
            pass  # hung up before its body was read: nothing was begun
        except BaseException:
            if self._state.uncommitted:
                self._state.rollback()
            raise

    async def _from_the_past(self, scope: Any, receive: Any, send: Any, seconds: float) -> None:
        body, first = await breakage.read_body(receive)
        try:
            await breakage.Stepped(self._app(scope, first, send), lambda: self._state.rewound(seconds))
        except ReadWrote:
            # Nothing was changed and nothing was answered: a read that writes is served from the present.
            await self._app(scope, breakage.replay(body, receive), send)

    def _now(self) -> bytes:
        """The Date header: the wall clock as the vendor's clock has it."""
        second = int(time.time() + self._clock.skew.total_seconds())
        if second != self._second:
            self._second, self._date = second, breakage.http_date(second)
        return self._date


def _client_gone(receive: Callable[[], Awaitable[Any]]) -> bool:
    # uvicorn drops an answer to a closed connection without a word; asking for the next message tells.
    # One step of the coroutine is enough: an open connection has nothing to say and would wait. A request whose body
    # nobody read says that first.
    for _ in range(2):
        waiting: Any = receive()
        try:
            waiting.send(None)
        except StopIteration as answer:
            if answer.value["type"] == "http.disconnect":
                return True
        else:
            waiting.close()
            return False
    return False


def create_app(
    state: State,
    clock: Clock,
    routes: Sequence[Route],
    *,
    name: str,
    ledger: Ledger | None = None,
    describe: Callable[[], Row] | None = None,
    reset: Callable[[], None] | None = None,
    switches: dict[str, Any] | None = None,
    known_switches: Mapping[str, Switch] | None = None,
    exception_handlers: Mapping[Any, Any] | None = None,
    sender: Sender | None = None,
    background: Sequence[Callable[[], Coroutine[Any, Any, None]]] = (),
    fault_kinds: Mapping[str, faults.Extension] | None = None,
    operations: faults.Operations = faults.by_method,
    rotate_tokens: Callable[[], None] | None = None,
    never_lags: Iterable[str] = (),
) -> Starlette:
    """The simulator's application: the vendor's routes and, under /_sandbox/, the control plane.

    GET  /_sandbox/health         {"name", "ok", "now"}
    GET  /_sandbox/state          {"name", "now", "tables": {kind: count}, "writes"}; ?table=KIND[&offset&limit]
                                  gives {"table", "total", "rows"}
    GET  /_sandbox/writes         ?after=SEQUENCE&limit=N (1000): {"writes": [...], "next": sequence to go on after}
    GET  /_sandbox/trial-balance  ?to=YYYY-MM-DD&by=day, see Ledger.trial_balance (only with a `ledger`)
    GET  /_sandbox/clock          {"now"} (UTC)
    POST /_sandbox/clock          {"to": date or instant} or {"advance_days": n}: {"now", "moved"}
    GET  /_sandbox/connection     what `describe()` gives: credentials and ids for `serve`
    GET|POST /_sandbox/switches   what `load_switches` gave (changed in place by the POST's {name: value}); only if
                                  `switches` and `known_switches` are given
    GET|POST|DELETE /_sandbox/faults  see `faults.py`
    GET|POST|DELETE /_sandbox/webhooks  see `webhooks.py` (only with a `sender`)
    POST /_sandbox/reset          forget everything but the switches, begin again at the clock's start, then `reset()`
                                  seeds anew: as a new simulator of the same seed starts

    `background`: coroutine functions that run beside the requests until the end, as the `sender` does. Between two
    of its awaits such a task is as atomic as a handler; it commits what it changes itself.

    For the faults: `fault_kinds` are kinds of the simulator's own; `operations` names what a request does, where its
    method does not tell; `rotate_tokens` makes all tokens new; the tables in `never_lags` have no replica (tokens).
    """

    async def health(request: Request) -> Response:
        return json_response({"name": name, "ok": True, "now": clock.true_now().isoformat()})

    async def show_state(request: Request) -> Response:
        table = request.query_params.get("table")
        if table is None:
            counts = {kind: len(state.tables(kind)) for kind in state.kinds()}
            return json_response(
                {
                    "name": name,
                    "now": clock.true_now().isoformat(),
                    "tables": counts,
                    "writes": state.last_sequence,
                }
            )
        rows = list(state.tables(table).values()) if table in state.kinds() else []
        offset, limit = _number(request, "offset", 0), _number(request, "limit", len(rows))
        return json_response({"table": table, "total": len(rows), "rows": rows[offset : offset + limit]})

    async def writes(request: Request) -> Response:
        after = _number(request, "after", 0)
        found = list(state.writes(after, _number(request, "limit", 1000)))
        return json_response({"writes": found, "next": found[-1]["sequence"] if found else after})

    async def show_clock(request: Request) -> Response:
        return json_response({"now": clock.true_now().isoformat()})

    async def move_clock(request: Request) -> Response:
        body = await json_body(request)
        try:
            if "to" in body:
                moved = clock.set(parse_instant(body["to"]))
            else:
                moved = clock.advance(days=int(body["advance_days"]))
        except (KeyError, TypeError, ValueError) as error:
            return json_response({"error": f'expected {{"to": date}} or {{"advance_days": n}}: {error}'}, 400)
        return json_response({"now": clock.true_now().isoformat(), "moved": moved})

    async def trial_balance(request: Request) -> Response:
        assert ledger is not None
        try:
            to = request.query_params.get("to")
            day = date.fromisoformat(to) if to else None
        except ValueError as error:
            return json_response({"error": f"to: {error}"}, 400)
        return json_response(ledger.trial_balance(day, by_day=request.query_params.get("by") == "day"))

    async def connection(request: Request) -> Response:
        assert describe is not None
        return json_response(describe())

    async def show_switches(request: Request) -> Response:
        assert switches is not None and known_switches is not None
        if request.method == "POST":
            try:
                given = dict(await json_body(request))
                for switch, value in given.items():
                    _check_switch(switch, value, known_switches, switch)
            except (SandboxError, TypeError, ValueError) as error:
                return json_response({"error": str(error)}, 400)
            switches.update(given)
            state.set_meta("switches", dict(switches))
            state.commit()
        return json_response(switches)

    async def start_again(request: Request) -> Response:
        _request_writes.set(None)  # what the seeding logs is nobody's answer, here as at the start
        kept = state.meta.get("switches")
        state.clear()
        clock.restart()
        if kept is not None:
            state.set_meta("switches", kept)
        if sender is not None:
            sender.forget_all()
        planned.reset()
        if reset is not None:
            reset()
        state.commit()
        clock.go()
        return json_response({"now": clock.true_now().isoformat()})

    control = [
        Route("/_sandbox/health", health),
        Route("/_sandbox/state", show_state),
        Route("/_sandbox/writes", writes),
        Route("/_sandbox/clock", show_clock, methods=["GET"]),
        Route("/_sandbox/clock", move_clock, methods=["POST"]),
        Route("/_sandbox/reset", start_again, methods=["POST"]),
    ]
    if ledger is not None:
        control.append(Route("/_sandbox/trial-balance", trial_balance))
    if describe is not None:
        control.append(Route("/_sandbox/connection", connection))
    if switches is not None:
        control.append(Route("/_sandbox/switches", show_switches, methods=["GET", "POST"]))
    jobs = list(background)
    kinds = dict(fault_kinds or {})
    if sender is not None:
        control.extend(sender.routes)
        jobs.append(sender.run)
        kinds["webhooks"] = sender.fault
    planned = faults.Faults(state, clock, kinds, operations, rotate_tokens)
    state.never_lags |= set(never_lags)
    clock.go()
    app = Starlette(
        routes=[*routes, *control, *planned.routes],
        exception_handlers=exception_handlers,
        lifespan=lambda _: _beside(jobs),
    )
    app.state.faults = planned
    app.state.sandbox_name, app.state.sandbox, app.state.clock = name, state, clock
    return app


@contextlib.asynccontextmanager
async def _beside(jobs: Sequence[Callable[[], Coroutine[Any, Any, None]]]) -> AsyncIterator[None]:
    """Run the jobs while the application serves."""
    tasks = [asyncio.create_task(job()) for job in jobs]
    for task in tasks:
        task.add_done_callback(_say_why_it_ended)
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _say_why_it_ended(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        traceback.print_exception(error)


async def json_body(request: Request) -> Any:
    """The request's JSON body, {} for an empty one. Raises ValueError for anything that is not JSON."""
    raw = await request.body()
    return orjson.loads(raw) if raw else {}


def _number(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name, "")
    return int(text) if text.isdigit() else default


def run(app: Starlette, port: int, faults_file: Path | None = None) -> None:
    """Serve until SIGTERM or SIGINT, then close the state. Loopback only, one process. `faults_file`: `fault_file`.

    Prints one line of JSON when the port is open: {"ready": name, "port": port, "pid": pid}.
    Raises SandboxError if the port is taken, or for a mistake in the file of faults.
    """
    state: State = app.state.sandbox
    planned: faults.Faults = app.state.faults
    if faults_file is not None:
        try:
            fault_file.load(faults_file, app.state.sandbox_name, planned)
        except fault_file.FaultFileError as error:
            raise SandboxError(str(error)) from error
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError as error:
        raise SandboxError(f"port {port} on 127.0.0.1 cannot be opened: {error.strerror}") from error
    listener.listen(256)
    app.state.port = listener.getsockname()[1]
    config = uvicorn.Config(
        _Transaction(app, state, app.state.clock, planned),
        http="httptools",
        access_log=False,
        log_level="warning",
        lifespan="on",
        proxy_headers=False,
        date_header=False,  # by the vendor's clock: see `_Transaction`
        # Longer than any client keeps an idle connection: the server must not be the one that hangs up.
        timeout_keep_alive=120,
        timeout_graceful_shutdown=3,
    )
    line = {"ready": app.state.sandbox_name, "port": app.state.port, "pid": os.getpid()}
    print(orjson.dumps(line).decode(), flush=True)
    # uvicorn raises the signal again after its clean end; without this the process would die of it then.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        server = uvicorn.Server(config)
        planned.gate = Gate(server, app.state.port)
        server.run(sockets=[listener])
    except KeyboardInterrupt:
        pass
    finally:
        state.close()


def main(start: Callable[[], None]) -> None:
    """Run a simulator's entry; a SandboxError becomes one line on stderr and exit code 2."""
    try:
        start()
    except SandboxError as error:
        print(f"sandbox: {error}", file=sys.stderr)
        raise SystemExit(2) from error
