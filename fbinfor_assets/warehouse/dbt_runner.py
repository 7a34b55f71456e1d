"""The only code that calls dbt: parse, build and document, in this process, with everything released at the end.

Belongs here: how dbt is invoked, its manifest and when it is parsed anew, turning its results into ours.
Does not belong here: the lock, loading and the bookkeeping around a build (Warehouse.run_dbt), and the models.

Facts relied on, read in dbt-core 1.11 and dbt-duckdb 1.11: an invocation leaves `DuckDBConnectionManager._ENV` with the
warehouse attached, whether it succeeded or not, because a profile with path ":memory:" is always kept open; a build given a
manifest parses nothing; tasks may change the working directory.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from fbinfor_assets.warehouse.errors import DbtBroken
from fbinfor_assets.warehouse.lock import FairLock

WAREHOUSE_VARIABLE = "FBINFOR_WAREHOUSE"

# Models with this tag show what was built and are read by no other model: they are built apart from builds.
REPORTS = "reports"

# Never part of what a model is: what dbt or an editor writes beside the project, and the questions to what was built.
_NOT_PROJECT = {"target", "logs", "dbt_packages", "__pycache__", "analyses"}
_KEPT_MANIFESTS = 3
_QUIET = (
    "--quiet",
    "--log-level=none",
    "--log-level-file=info",
    "--no-print",
    "--no-use-colors",
    "--no-use-colors-file",
    "--no-version-check",
    "--no-send-anonymous-usage-stats",
)


@dataclass(frozen=True)
class NodeResult:
    """What became of one node of the project.

    `status` is dbt's: success, error, skipped, pass, fail, warn, no-op. `seconds` of wall clock. `rows`: in the model's
    table after the build, `written`: those of this build's generation (None where it cannot be said). `failures`: of a
    test, how many rows or cases broke it. `message` is dbt's, e.g. the database's error.
    """

    unique_id: str
    status: str
    seconds: float
    rows: int | None
    message: str | None
    failures: int | None
    written: int | None = None
    relation: str | None = None

    @property
    def ok(self) -> bool:
        return self.status in {"success", "pass", "warn", "no-op"}


class DbtRunner:
    """One dbt project against one warehouse file.

    `project`: the folder with dbt_project.yml and profiles.yml (nothing is written into it). `warehouse`: the live file,
    handed to the profile as FBINFOR_WAREHOUSE. `work`: a folder for what dbt writes (target/, logs/, manifests/).
    """

    def __init__(self, project: Path, warehouse: Path, work: Path) -> None:
        self.project = Path(project).absolute()
        self.warehouse = Path(warehouse).absolute()
        self.work = Path(work).absolute()
        self._lock = FairLock(self.work / "parse.lock", what="the parsing of the dbt project")

    def project_sha(self) -> str:
        """A hash of every file that a build depends on and of the versions that read them. Cheap while nothing changes."""
        signature = self._signature()
        key = (self.project, signature)
        if key not in _shas:
            digest = hashlib.sha256()
            for name, *_ in signature:
                content = (self.project / name).read_bytes()
                digest.update(f"{name}\0{len(content)}\0".encode() + content)
            digest.update(repr(_versions()).encode())
            _shas[key] = digest.hexdigest()
        return _shas[key]

    def manifest_path(self) -> Path:
        """The parsed manifest as a JSON file, for dagster-dbt. Parsed once per content of the project, nothing is run.

        Raises `DbtBroken` with dbt's own words if the project does not parse.
        """
        path = self._cached()
        if not path.exists():
            self._parse()
        return path

    def manifest(self) -> dict[str, Any]:
        """The parsed manifest, as dagster-dbt takes it."""
        return json.loads(self.manifest_path().read_bytes())

    def warm(self) -> Any:
        """dbt's own Manifest of the project as it is now; parsed again only when a file changed."""
        key = (self.project, self.warehouse, self.work)
        signature = self._signature()
        with _guard:
            found = _manifests.get(key)
        if found is None or found[0] != signature:
            found = (signature, self._parse())
            with _guard:
                _manifests[key] = found
        return found[1]

    def build(
        self,
        manifest: Any,
        *,
        select: Sequence[str] | None = None,
        full: bool = False,
        tests: bool = True,
        unit_tests: bool = False,
        reports: bool = False,
    ) -> list[NodeResult]:
        """Run `dbt build` and return what became of each node; a failing node is a result, not an exception.

        `manifest`: from `warm()`. `select`: dbt selectors, None for everything. `reports`: only the models tagged so, else all
        but these. `unit_tests`: with each selected model also dbt's unit tests of it; they need no data, so they are for a
        release and not for each run.
        The caller holds the warehouse's lock and has no connection open. When this returns or raises, dbt has closed the
        file. Raises `DbtBroken` if dbt could not start.
        """
        # What reads our tables from outside (exposures) has nothing to run.
        arguments = ["--no-write-json", "--exclude-resource-type", "exposure"]
        tagged = f"tag:{REPORTS}"
        if reports:
            # A comma is dbt's intersection: of what was asked for, the reports.
            arguments += [
                "--select",
                *([tagged] if select is None else [f"{one},{tagged}" for one in select]),
            ]
        else:
            arguments += ["--exclude", tagged]
            if select is not None:
                arguments += ["--select", *select]
        for kind, wanted in (("test", tests), ("unit_test", unit_tests)):
            if not wanted:
                arguments += ["--exclude-resource-type", kind]
        if full:
            arguments.append("--full-refresh")
        outcome = self._invoke("build", arguments, manifest)
        results = getattr(outcome.result, "results", None)
        if results is None:
            raise DbtBroken(
                f"dbt could not run the project {self.project}: {outcome.exception or 'no reason given'}. "
                f"Its log is {self.work / 'logs' / 'dbt.log'}"
            )
        return [_converted(result) for result in results]

    def docs(self) -> Path:
        """Write dbt's documentation of the project, with the warehouse's columns as they are, as one HTML page without anything
        beside it; the page. The caller holds the warehouse's lock and has no connection open. Raises `DbtBroken`."""
        outcome = self._invoke("docs generate", ["--static"], self.warm())
        page = self.work / "target" / "static_index.html"
        if not outcome.success or not page.is_file():
            raise DbtBroken(
                f"dbt could not document the project {self.project}: {outcome.exception or 'no reason given'}. "
                f"Its log is {self.work / 'logs' / 'dbt.log'}"
            )
        return page

    def required(self, manifest: Any) -> dict[str, str]:
        """The nodes that make a build whole: unique id -> resource type (model, seed, snapshot); no ephemeral ones, no reports."""
        return {
            unique_id: str(node.resource_type)
            for unique_id, node in manifest.nodes.items()
            if str(node.resource_type) in {"model", "seed", "snapshot"}
            and node.config.enabled
            and node.config.materialized != "ephemeral"
            and REPORTS not in node.tags
        }

    def reached(
        self, manifest: Any, nodes: Mapping[str, str], sources: Sequence[tuple[str, str]]
    ) -> dict[str, str]:
        """Those of `nodes` that depend, however far, on one of the sources (source name, table)."""
        children = manifest.build_parent_and_child_maps() or manifest.child_map
        wanted = set(sources)
        todo = [
            unique_id
            for unique_id, source in manifest.sources.items()
            if (source.source_name, source.name) in wanted
        ]
        seen = set(todo)
        while todo:
            for child in children.get(todo.pop(), ()):
                if child not in seen:
                    seen.add(child)
                    todo.append(child)
        return {unique_id: kind for unique_id, kind in nodes.items() if unique_id in seen}

    def _signature(self) -> tuple[tuple[str, int, int], ...]:
        """Name, size and time of change of every file of the project."""
        found = []
        for folder, folders, files in os.walk(self.project):
            folders[:] = sorted(
                name for name in folders if name not in _NOT_PROJECT and not name.startswith(".")
            )
            for name in sorted(files):
                if not name.startswith("."):
                    path = os.path.join(folder, name)
                    status = os.stat(path)
                    found.append((os.path.relpath(path, self.project), status.st_size, status.st_mtime_ns))
        return tuple(found)

    def _cached(self) -> Path:
        return self.work / "manifests" / f"{self.project_sha()[:20]}.json"

    def _parse(self) -> Any:
        """Parse (partially, where dbt remembers) and keep the JSON beside; return dbt's Manifest."""
        if not (self.project / "dbt_project.yml").is_file():
            raise DbtBroken(f"there is no dbt project in {self.project} (no dbt_project.yml)")
        path = self._cached()
        # Several processes start at once and share the files of the partial parse.
        with self._lock.hold("parsing the dbt project"):
            outcome = self._invoke("parse", [], None)
            if not outcome.success:
                raise DbtBroken(
                    f"the dbt project {self.project} cannot be parsed: {outcome.exception or 'no reason given'}. "
                    f"dbt's log is {self.work / 'logs' / 'dbt.log'}"
                )
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                fresh = path.with_suffix(f".{os.getpid()}.tmp")
                shutil.copyfile(self.work / "target" / "manifest.json", fresh)
                os.replace(fresh, path)
                by_age = sorted(
                    path.parent.glob("*.json"), key=lambda old: old.stat().st_mtime_ns, reverse=True
                )
                for old in by_age[_KEPT_MANIFESTS:]:
                    old.unlink(missing_ok=True)
        return outcome.result

    def _invoke(self, command: str, arguments: list[str], manifest: Any) -> Any:
        _silence()
        from dbt.cli.main import dbtRunner

        self.work.mkdir(parents=True, exist_ok=True)
        places = [
            f"--project-dir={self.project}",
            f"--profiles-dir={self.project}",
            f"--target-path={self.work / 'target'}",
            f"--log-path={self.work / 'logs'}",
        ]
        # dbt keeps its settings, its adapter and its connections in globals: one invocation at a time.
        with _invoking, _surroundings(self.warehouse):
            try:
                outcome = dbtRunner(manifest=manifest).invoke(
                    [*command.split(), *places, *_QUIET, *arguments]
                )
            finally:
                _release()
        if outcome.exception is not None and not isinstance(outcome.exception, Exception):
            # dbt catches even an interrupt; a cancelled run must end.
            raise outcome.exception
        return outcome


_guard = threading.Lock()
_invoking = threading.RLock()
_manifests: dict[tuple[Path, Path, Path], tuple[Any, Any]] = {}
_shas: dict[tuple[Path, Any], str] = {}


@cache
def _versions() -> tuple[str, ...]:
    return tuple(version(name) for name in ("dbt-core", "dbt-adapters", "dbt-duckdb"))


@contextmanager
def _surroundings(warehouse: Path) -> Iterator[None]:
    before = os.environ.get(WAREHOUSE_VARIABLE)
    here = os.getcwd()
    os.environ[WAREHOUSE_VARIABLE] = str(warehouse)
    try:
        yield
    finally:
        if before is None:
            del os.environ[WAREHOUSE_VARIABLE]
        else:
            os.environ[WAREHOUSE_VARIABLE] = before
        os.chdir(here)


def _silence() -> None:
    """No usage statistics, whatever the environment says."""
    os.environ["DO_NOT_TRACK"] = "1"
    os.environ["DBT_SEND_ANONYMOUS_USAGE_STATS"] = "false"


def _release() -> None:
    """Close all that dbt keeps open after an invocation: the warehouse, and its log."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.adapters.factory import reset_adapters
    from dbt_common.events.event_manager_client import get_event_manager

    reset_adapters()
    # close_all_connections() only forgets the environment: the file would stay open until it is garbage collected.
    with DuckDBConnectionManager._LOCK:
        environment, DuckDBConnectionManager._ENV = DuckDBConnectionManager._ENV, None
    if environment is not None:
        environment.close()
    for logger in get_event_manager().loggers:
        log = logger._python_logger
        for handler in list(log.handlers) if log is not None else ():
            log.removeHandler(handler)
            handler.close()


def _converted(result: Any) -> NodeResult:
    node = result.node
    status = str(result.status)
    message = result.message
    if status == "skipped" and not message:
        message = "skipped: something it depends on failed"
    return NodeResult(
        unique_id=node.unique_id,
        status=status,
        seconds=float(result.execution_time or 0),
        rows=None,
        message=None if message is None else str(message).strip(),
        failures=result.failures,
        relation=getattr(node, "relation_name", None)
        if str(node.resource_type) in {"model", "seed", "snapshot"}
        else None,
    )
