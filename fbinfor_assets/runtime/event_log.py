"""Dagster's event log in SQLite, without its costs per event.

Belongs here: how the connections of the event log are kept, and where its files lie.
Does not belong here: what an event is and how it is stored (Dagster's own storage, which this extends).

Dagster's SQLite event log makes an engine, compiles its SQL, opens a file and folds its write-ahead log back for every
single event; a pass of this product has some four hundred of them, most of them announcing asset checks. With the engines
kept an idle pass takes a third of the CPU (measured: 1.0 s instead of 2.9 s). `synchronous=NORMAL`: a power cut may lose the last events of a
run's history, never the file; what must not be lost is in the operational store.
"""

# No `from __future__ import annotations`: Dagster makes this class from its configuration.

import os
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.pool import StaticPool

from fbinfor_assets.runtime.sqlite import use_fixed_sqlite

use_fixed_sqlite(required=False)

from dagster import DagsterInstance  # noqa: E402
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage  # noqa: E402
from dagster._core.storage.sql import create_engine  # noqa: E402
from dagster._serdes import ConfigurableClassData  # noqa: E402

# The index and the runs that are written now; each is one open file.
_KEPT = 6
_BUSY_SECONDS = 60


class KeptEventLogStorage(SqliteEventLogStorage):
    """Dagster's SQLite event log with its connections kept open between events.

    Takes no configuration: its files lie in the instance's own folder, where Dagster's own event log has them, so that
    dagster.yaml holds no path and either of the two can go on with what the other wrote.
    """

    def __init__(self, inst_data: ConfigurableClassData | None = None) -> None:
        # The rest follows in register_instance: the folder is not known before.
        self._inst_data = inst_data
        self._instance_weakref = None
        self._engines: OrderedDict[str, Engine] = OrderedDict()
        self._owner = os.getpid()

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        """Nothing to configure."""
        return {}

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Any
    ) -> "KeptEventLogStorage":
        """Made by Dagster from dagster.yaml."""
        return cls(inst_data)

    def register_instance(self, instance: DagsterInstance) -> None:
        """The second half of making it: opens (or makes) the files below the instance's folder."""
        super().__init__(str(Path(instance.root_directory) / "history" / "runs"), self._inst_data)
        super().register_instance(instance)

    def watch(self, run_id: str, cursor: str | None, callback: Any) -> None:
        """As Dagster's, but a new event shows in the write-ahead log first."""
        super().watch(run_id, cursor, callback)
        watchdog, _ = self._watchers[run_id][callback]
        path = self.path_for_shard(run_id)
        watchdog._patterns = [path, f"{path}-wal"]

    def delete_events(self, run_id: str) -> None:
        """As Dagster's, and the run's own file, which would stay as an empty one, goes too."""
        super().delete_events(run_id)
        engine = self._engines.pop(run_id, None)
        if engine is not None:
            engine.dispose()
        self._initialized_dbs.discard(run_id)
        for suffix in ("", "-wal", "-shm"):
            Path(self.path_for_shard(run_id) + suffix).unlink(missing_ok=True)

    def wipe(self) -> None:
        """Remove all events; the files of runs are deleted, so nothing may hold them open."""
        self._forget()
        super().wipe()

    def dispose(self) -> None:
        """Close all files."""
        self._forget()
        super().dispose()

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock, self._engine(shard).connect() as connection, connection.begin():
            yield connection

    def _engine(self, shard: str) -> Engine:
        if self._owner != os.getpid():
            self._forget()  # a connection must not cross a fork
            self._owner = os.getpid()
        engine = self._engines.get(shard)
        if engine is None:
            engine = self._engines[shard] = create_engine(
                self.conn_string_for_shard(shard),
                poolclass=StaticPool,
                connect_args={"timeout": _BUSY_SECONDS, "check_same_thread": False},
            )
            event.listen(engine, "connect", _without_waiting_for_the_disk)
            if shard not in self._initialized_dbs:
                self._initdb(engine)
                self._initialized_dbs.add(shard)
            while len(self._engines) > _KEPT:
                self._engines.popitem(last=False)[1].dispose()
        self._engines.move_to_end(shard)
        return engine

    def _forget(self) -> None:
        ours = self._owner == os.getpid()
        while self._engines:
            self._engines.popitem()[1].dispose(close=ours)


def _without_waiting_for_the_disk(connection: Any, record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("pragma synchronous = normal")
    cursor.close()
