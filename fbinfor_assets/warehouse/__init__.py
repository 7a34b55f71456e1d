"""The warehouse: raw versions as immutable files, one DuckDB file made from them, dbt, the published snapshot.

Belongs here: everything that opens the warehouse. `Warehouse` is the whole public surface.
Does not belong here: reading or writing a vendor, the operational store (it is reached through `SeenIndex` and
`OpsSource`), Dagster.

Whatever is in the DuckDB file can be made again from var/raw and the operational store: losing it loses nothing.
"""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import duckdb

from fbinfor_assets.warehouse import builds, landing, ops, outbound, publish, raw
from fbinfor_assets.warehouse.attach import Settings, closing, open_live
from fbinfor_assets.warehouse.builds import Build
from fbinfor_assets.warehouse.dbt_runner import DbtRunner, NodeResult
from fbinfor_assets.warehouse.errors import (
    BuildNotComplete,
    DbtBroken,
    LandingRefused,
    OpsCopyRefused,
    PublishFailed,
    SnapshotMissing,
    SnapshotRefused,
    UnknownObject,
    UnreadableLanding,
    WarehouseBusy,
    WarehouseError,
    WarehouseInUse,
)
from fbinfor_assets.warehouse.failpoints import failpoint
from fbinfor_assets.warehouse.landing import Landing, Record, SeenIndex, Version
from fbinfor_assets.warehouse.lock import FairLock
from fbinfor_assets.warehouse.ops import OpsSource
from fbinfor_assets.warehouse.publish import Published
from fbinfor_assets.warehouse.question import QueryResult, Question
from fbinfor_assets.warehouse.raw import ENTITIES, Loaded

__all__ = [
    "ENTITIES",
    "Build",
    "BuildNotComplete",
    "DbtBroken",
    "DbtReport",
    "Landing",
    "LandingRefused",
    "Loaded",
    "NodeResult",
    "OpsCopyRefused",
    "OpsSource",
    "PublishFailed",
    "Published",
    "QueryResult",
    "Question",
    "Record",
    "SeenIndex",
    "Settings",
    "SnapshotMissing",
    "SnapshotRefused",
    "UnknownObject",
    "UnreadableLanding",
    "Version",
    "Warehouse",
    "WarehouseBusy",
    "WarehouseError",
    "WarehouseInUse",
]


@dataclass(frozen=True)
class DbtReport:
    """One build. `status`: complete, partial, failed or untested (sql/schema.sql); only `complete` may be delivered from.

    `full_because`: why everything was built anew, None for an incremental build. `seconds`: of the whole, `dbt_seconds` of
    dbt alone (wall clock). `loaded`: the raw rows that came in before it, `copied`: rows of the operational store.
    `reports`: of the report models, where they were built behind it; they never decide what the build is worth.
    """

    generation: int
    since: int
    status: str
    detail: str | None
    full_because: str | None
    results: list[NodeResult]
    loaded: Loaded
    copied: int
    seconds: float
    dbt_seconds: float
    reports: list[NodeResult] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        return self.status == builds.COMPLETE

    @property
    def failed(self) -> list[NodeResult]:
        """The nodes that failed or were skipped because another failed."""
        return [result for result in self.results if not result.ok]


class Warehouse:
    """One warehouse on one host.

    `home`: the folder var/ (raw files in raw/, the live file and the snapshot in warehouse/, what dbt writes in dbt/).
    `project`: the dbt project's folder. `path` and `lock_path` override the live file and its lock. `seen`, `ops` and
    `policy` are the operational store's memory of landings, its changes, and the settings that models read; each is needed
    only by the calls that use it. `wait_seconds`: how long a call waits for another process before `WarehouseBusy`.
    """

    def __init__(
        self,
        home: Path,
        project: Path | None = None,
        *,
        path: Path | None = None,
        lock_path: Path | None = None,
        seen: SeenIndex | None = None,
        ops: OpsSource | None = None,
        policy: Mapping[str, Any] | None = None,
        settings: Settings | None = None,
        wait_seconds: float = 300.0,
    ) -> None:
        self.home = Path(home).absolute()
        self.raw_path = self.home / "raw"
        self.path = Path(path).absolute() if path else self.home / "warehouse" / "warehouse.duckdb"
        self.snapshot_path = self.path.with_name("published.duckdb")
        self.settings = settings or Settings(temp_directory=self.path.with_name(self.path.name + ".spill"))
        self._seen = seen
        self._ops = ops
        self._policy = policy
        self._project = Path(project).absolute() if project else None
        self._wait_seconds = wait_seconds
        self._lock = FairLock(
            lock_path or self.path.with_name(self.path.name + ".lock"),
            what=f"the warehouse {self.path}",
            wait_seconds=wait_seconds,
        )
        self._open = threading.local()

    # Connections

    @contextmanager
    def connect(self, purpose: str, wait_seconds: float | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
        """The live file for reading and writing, under the lock; closed at the end of the block.

        The default database is `warehouse`, so `raw.x` and `warehouse.raw.x` are the same; the session's zone is UTC; schemas
        raw and ops exist. Within a thread a nested call gets the same connection. `purpose` is what others read who wait in
        vain. Raises `WarehouseBusy`.
        """
        con = getattr(self._open, "con", None)
        if con is not None:
            yield con
            return
        with self._lock.hold(purpose, wait_seconds), closing(open_live(self.path, self.settings)) as con:
            raw.ensure_schema(con)
            self._open.con = con
            try:
                yield con
            finally:
                self._open.con = None

    @contextmanager
    def read_snapshot(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """The published snapshot, read-only, without any lock; the same file to the end of the block, even if another is
        published meanwhile. Raises `SnapshotMissing`."""
        with closing(publish.open_snapshot(self.snapshot_path, self.settings)) as con:
            yield con

    # Landing and loading

    def landing_turn(self, system: str, entity: str) -> AbstractContextManager[None]:
        """Only one process at a time reads and lands an entity. Take it around reading the cursor, if that is read before
        `land` is called: else two pulls from one cursor could land an older version after a newer one."""
        path = self.home / "locks" / f"landing-{system}__{entity}.lock"
        lock = FairLock(path, what=f"the landing of {system} {entity}", wait_seconds=self._wait_seconds)
        return lock.hold(f"landing {system} {entity}")

    def land(
        self,
        system: str,
        entity: str,
        records: Iterable[Record],
        *,
        run_id: str | None = None,
        watermark: str | Callable[[], str | None] | None = None,
        extra: Mapping[str, Any] | Callable[[], Mapping[str, Any] | None] | None = None,
    ) -> Landing:
        """Write the versions of `records` that were not landed before into one immutable file, and move the cursor.

        Does not open the warehouse. `records` is read lazily (at most 5,000 in memory); give a generator, so that
        `extracted_at` is from before the pull. `watermark` and `extra` are the cursor's new values, or functions that give
        them after the last record; a watermark of None leaves the cursor. Nothing new: no file.

        Raises `LandingRefused` for a record without a key or with a float, and whatever reading the records raises;
        nothing is landed then and the cursor stays.
        """
        if self._seen is None:
            raise WarehouseError(
                "this warehouse was made without the memory of landings (seen=); it cannot land"
            )
        with self.landing_turn(system, entity):
            return landing.land(
                self.raw_path,
                system,
                entity,
                records,
                seen=self._seen,
                run_id=run_id,
                watermark=watermark,
                extra=extra,
            )

    def load_pending(self, con: duckdb.DuckDBPyConnection | None = None) -> Loaded:
        """Load the landing files that are not in the raw tables yet. Idempotent. Raises `UnreadableLanding`."""
        if con is None:
            with self.connect("loading raw data") as con:
                return self.load_pending(con)
        return raw.load_pending(con, self.raw_path, builds.next_generation(con))

    def rebuild(self) -> Loaded:
        """Make the raw tables anew from the landing files. The result is the same but for `load_generation`.

        The next build is a full one, and nothing can be delivered or published before it. Raises `UnreadableLanding`; the
        raw tables are then empty until the file is restored.
        """
        with self.connect("loading all raw data anew") as con:
            generation = builds.next_generation(con)
            builds.note_reload(con, generation)
            raw.forget(con)
            ops.forget(con)
            return raw.load_pending(con, self.raw_path, generation)

    # dbt

    def run_dbt(
        self,
        select: Sequence[str] | None = None,
        full: bool = False,
        tests: bool = True,
        unit_tests: bool = False,
        reports: bool | None = None,
    ) -> DbtReport:
        """Load what was landed, copy what the operational store changed, run dbt, and say what became of each node.

        `select`: dbt selectors; None for everything that what changed since the last complete build can reach, with its
        tests (the rest of the project stands as it is). `full`: build everything anew; also done without being asked when
        the project, the policy or the raw tables were replaced since the last complete build. A build that leaves out nodes or
        tests is not complete: nothing is delivered from it. `unit_tests`: also dbt's unit tests of the models (for a release).
        `reports`: whether the report models are built behind it, if it is complete; None for "if everything is built anew".
        They are never part of the build itself.

        A failing model or test is in the report, not an exception. Raises `WarehouseBusy`, `UnreadableLanding`,
        `OpsCopyRefused`, `DbtBroken`, and `WarehouseInUse` when this thread has a connection open. When it returns or
        raises, nothing of this process has the file open.
        """
        if getattr(self._open, "con", None) is not None:
            raise WarehouseInUse(
                "run_dbt was called inside connect(): close that connection first, dbt opens the file itself"
            )
        started = time.monotonic()
        runner = self._runner()
        manifest = runner.warm()
        project_sha = runner.project_sha()
        with self._lock.hold("a dbt build"):
            with self.connect("preparing a dbt build") as con:
                generation = builds.next_generation(con)
                loaded = raw.load_pending(con, self.raw_path, generation)
                copied = ops.copy(con, self._ops, generation) if self._ops is not None else 0
                if self._policy is not None:
                    ops.set_policy(con, self._policy)
                policy_sha = ops.policy_sha(dict(con.execute("select key, value from ops.policy").fetchall()))
                full_because = "it was asked for" if full else builds.why_full(con, project_sha, policy_sha)
                since = builds.begin(
                    con,
                    generation,
                    full=full_because is not None,
                    project_sha=project_sha,
                    policy_sha=policy_sha,
                )
                complete = builds.last(con, builds.COMPLETE)
                required = runner.required(manifest)
                if select is None and full_because is None:
                    changed = builds.changed_sources(con, since)
                    select = [f"source:{schema}.{table}+" for schema, table in changed]
                    required = runner.reached(manifest, required, changed)
            seeds_stand = complete is not None and complete.project_sha == project_sha
            dbt_started = time.monotonic()
            status, detail, results = "failed", "dbt was interrupted", []
            try:
                # An empty selection is a build in which nothing has to be done; dbt would take it for everything.
                results = (
                    []
                    if select == []
                    else runner.build(
                        manifest,
                        select=select,
                        full=full_because is not None,
                        tests=tests,
                        unit_tests=unit_tests,
                    )
                )
                failpoint("after_dbt")
                status, detail = _worth(results, required, tests=tests, seeds_stand=seeds_stand)
            except Exception as error:
                detail = str(error)
                raise
            finally:
                dbt_seconds = time.monotonic() - dbt_started
                with self.connect("closing a dbt build") as con:
                    builds.finish(con, generation, status, detail)
                    results = [_counted(con, result, generation) for result in results]
            wanted = full_because is not None and select is None if reports is None else reports
            shown = self.run_reports(tests=tests) if wanted and status == builds.COMPLETE else []
        return DbtReport(
            generation=generation,
            since=since,
            status=status,
            detail=detail,
            full_because=full_because,
            results=results,
            loaded=loaded,
            copied=copied,
            seconds=time.monotonic() - started,
            dbt_seconds=dbt_seconds,
            reports=shown,
        )

    def run_reports(self, select: Sequence[str] | None = None, tests: bool = True) -> list[NodeResult]:
        """Build the models tagged `reports` whole, over the last build, and say what became of each node.

        No generation begins: what can be delivered stays what it was, whatever becomes of a report. Their rows carry the
        generation of the build that they show. `select`: names of report models, None for all of them.

        A failing model or test is in the results, not an exception. Raises `BuildNotComplete` unless the last build stands
        for all that is loaded, and otherwise as `run_dbt`.
        """
        if getattr(self._open, "con", None) is not None:
            raise WarehouseInUse("run_reports was called inside connect(): close that connection first")
        runner = self._runner()
        manifest = runner.warm()
        with self._lock.hold("building the reports"):
            with self.connect("preparing the reports") as con:
                reason = builds.why_not_deliverable(con)
                if reason is not None:
                    raise BuildNotComplete(f"there is nothing whole to report on: {reason}")
                build = builds.last(con)
                assert build is not None  # why_not_deliverable has refused already
            results = runner.build(manifest, select=select, full=True, tests=tests, reports=True)
            with self.connect("counting the reports") as con:
                return [_counted(con, result, build.generation) for result in results]

    def write_docs(self) -> Path:
        """Write the documentation of every source, model, column, test and exposure into docs/index.html below the home; the
        file. It needs no data: an empty warehouse is documented by its descriptions. Raises `DbtBroken`, `WarehouseBusy`."""
        if getattr(self._open, "con", None) is not None:
            raise WarehouseInUse("write_docs was called inside connect(): close that connection first")
        target = self.home / "docs" / "index.html"
        with self._lock.hold("documenting the models"):
            with self.connect("preparing the documentation"):
                pass  # the sources are there from now on
            page = self._runner().docs()
            target.parent.mkdir(parents=True, exist_ok=True)
            fresh = target.with_suffix(f".{os.getpid()}.tmp")
            shutil.copyfile(page, fresh)
            os.replace(fresh, target)
        return target

    def manifest(self) -> dict[str, Any]:
        """The dbt manifest for dagster-dbt; parsed only when the project changed, nothing is run. Raises `DbtBroken`."""
        return self._runner().manifest()

    def manifest_path(self) -> Path:
        """The same as a JSON file."""
        return self._runner().manifest_path()

    def last_build(self, status: str | None = None) -> Build | None:
        """The newest build, or the newest of that status (e.g. `complete`)."""
        with self.connect("reading the last build") as con:
            return builds.last(con, status)

    # Reading

    def outbound_rows(
        self, object_name: str, operations: Sequence[str] = ("create", "update")
    ) -> list[dict[str, Any]]:
        """What should be written for an outbound object (e.g. `m3__orders`), oldest document first; see outbound.rows.

        Raises `BuildNotComplete` if the last build is not complete or older than the loaded raw data, `UnknownObject`.
        """
        with self.connect(f"reading outbound {object_name}") as con:
            return outbound.rows(con, object_name, operations)

    def outbound_count(self, object_name: str) -> int:
        """How many rows should be written for an outbound object. Raises what `outbound_rows` raises."""
        with self.connect(f"counting outbound {object_name}") as con:
            return outbound.count(con, object_name)

    def publish(self, min_age_seconds: float = 30.0, force: bool = False) -> Published:
        """Replace the published snapshot by a copy of the live file.

        Does nothing (and says why in `skipped`) if the snapshot is younger than `min_age_seconds`, or if the last build is not
        complete: analysts never see half a build. `force` does it in any case. Raises `PublishFailed`.
        """
        if getattr(self._open, "con", None) is not None:
            raise WarehouseInUse("publish was called inside connect(): close that connection first")
        with self._lock.hold("publishing"):
            age = publish.age_seconds(self.snapshot_path)
            if not force and age is not None and 0 <= age < min_age_seconds:
                return publish.in_place(self.snapshot_path, f"the snapshot is only {age:.0f} s old")
            with self.connect("publishing") as con:
                reason = builds.why_not_deliverable(con)
                if reason is not None and not force:
                    return publish.in_place(self.snapshot_path, reason)
                con.execute("checkpoint warehouse")
                tables = publish.count_tables(con)
            return publish.replace_snapshot(self.path, self.snapshot_path, tables, self.settings)

    @contextmanager
    def question(self, text: str) -> Iterator[Question]:
        """One SELECT over the published snapshot, checked and not yet run. Raises `SnapshotMissing`, `SnapshotRefused`."""
        with self.read_snapshot() as con:
            yield Question(con, text)

    def sql(
        self, query: str, limit: int | None = 1_000, parameters: Mapping[str, Any] | None = None
    ) -> QueryResult:
        """Run one reading statement on the published snapshot. Raises `SnapshotMissing`, `SnapshotRefused`."""
        with self.question(query) as question:
            return question.run(parameters).rows(limit)

    def _runner(self) -> DbtRunner:
        if self._project is None:
            raise WarehouseError("this warehouse was made without a dbt project (project=); it cannot build")
        return DbtRunner(self._project, self.path, self.home / "dbt")


def _worth(
    results: list[NodeResult], required: Mapping[str, str], *, tests: bool, seeds_stand: bool
) -> tuple[str, str | None]:
    """The status of a build and, if it is not complete, the reason in a phrase."""
    failed = [result for result in results if result.status not in {"skipped"} and not result.ok]
    if failed:
        first = failed[0]
        more = f" and {len(failed) - 1} more" if len(failed) > 1 else ""
        said = " ".join((first.message or "no message").split())
        return "failed", f"{first.unique_id}: {first.status}, {said}{more}"
    skipped = [result.unique_id for result in results if not result.ok]
    if skipped:
        return "failed", f"{skipped[0]} was skipped"
    built = {result.unique_id for result in results}
    left_out = [
        unique_id
        for unique_id, kind in required.items()
        if unique_id not in built and not (kind == "seed" and seeds_stand)
    ]
    if left_out:
        return "partial", f"{len(left_out)} nodes were not selected, e.g. {left_out[0]}"
    if not tests:
        return "untested", "its tests were left out"
    return builds.COMPLETE, None


def _counted(con: duckdb.DuckDBPyConnection, result: NodeResult, generation: int) -> NodeResult:
    if result.status != "success" or not result.relation:
        return result
    columns = {row[0] for row in con.execute(f"describe {result.relation}").fetchall()}
    written = (
        f"count(*) filter (where _generation = {int(generation)})" if "_generation" in columns else "null"
    )
    rows, of_this_build = con.execute(f"select count(*), {written} from {result.relation}").fetchone() or (
        None,
        None,
    )
    return replace(result, rows=rows, written=of_this_build)
