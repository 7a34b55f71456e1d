"""The bookkeeping of builds: which generation is next, what the last build was worth.

Belongs here: rows of ops.builds and ops.current_build, and what they allow.
Does not belong here: running dbt (dbt_runner.py), the order of a build (Warehouse.run_dbt).

A generation is the number of a build. Raw and ops rows carry the generation of the build that first sees them, model rows
that of the build that wrote them. `since` is the newest complete build before: what is above it must be computed anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import duckdb

COMPLETE = "complete"
RELOADED = "reloaded"


@dataclass(frozen=True)
class Build:
    """One row of ops.builds; instants in UTC. `status`: see sql/schema.sql."""

    generation: int
    since: int
    started_at: datetime
    finished_at: datetime | None
    status: str
    full_refresh: bool
    project_sha: str | None
    policy_sha: str | None
    detail: str | None


def last(con: duckdb.DuckDBPyConnection, status: str | None = None) -> Build | None:
    """The newest build, or the newest of a status."""
    row = con.execute(
        "select generation, since, started_at, finished_at, status, full_refresh, project_sha, policy_sha, detail "
        "from warehouse.ops.builds where $status is null or status = $status order by generation desc limit 1",
        {"status": status},
    ).fetchone()
    return Build(*row) if row else None


def next_generation(con: duckdb.DuckDBPyConnection) -> int:
    """The generation of the next build; rows loaded before it carry this number."""
    newest = last(con)
    return newest.generation + 1 if newest else 1


def begin(
    con: duckdb.DuckDBPyConnection, generation: int, *, full: bool, project_sha: str, policy_sha: str
) -> int:
    """Note that a build starts, tell the models, and return its `since` (0 for a full build: everything is new)."""
    complete = last(con, COMPLETE)
    since = 0 if full or complete is None else complete.generation
    con.execute("begin")
    con.execute(
        "insert into ops.builds values (?, ?, now(), null, 'running', ?, ?, ?, null)",
        [generation, since, full, project_sha, policy_sha],
    )
    con.execute("delete from ops.current_build")
    con.execute("insert into ops.current_build values (?, ?)", [generation, since])
    con.execute("commit")
    return since


def finish(con: duckdb.DuckDBPyConnection, generation: int, status: str, detail: str | None) -> None:
    """Note how a build ended."""
    con.execute(
        "update ops.builds set finished_at = now(), status = ?, detail = ? where generation = ?",
        [status, detail, generation],
    )


def changed_sources(con: duckdb.DuckDBPyConnection, since: int) -> list[tuple[str, str]]:
    """The (schema, table) of raw and ops that have rows loaded after generation `since`: what this build must reach from."""
    tables = con.execute(
        "select schema_name, table_name from duckdb_columns() "
        "where database_name = 'warehouse' and schema_name in ('raw', 'ops') and column_name = 'load_generation' "
        "and table_name in (select table_name from duckdb_tables() where database_name = 'warehouse') order by all"
    ).fetchall()
    return [
        (schema, table)
        for schema, table in tables
        if table != "loaded_files"
        and con.execute(
            f'select 1 from {schema}."{table}" where load_generation > ? limit 1', [since]
        ).fetchone()
    ]


def note_reload(con: duckdb.DuckDBPyConnection, generation: int) -> None:
    """Note that the raw tables were made anew: the next build must be a full one, and nothing is delivered before it."""
    con.execute(
        "insert into ops.builds values (?, 0, now(), now(), ?, false, null, null, 'raw tables were loaded anew')",
        [generation, RELOADED],
    )


def why_full(con: duckdb.DuckDBPyConnection, project_sha: str, policy_sha: str) -> str | None:
    """Why an incremental build would leave wrong rows standing, or None if it would not."""
    complete = last(con, COMPLETE)
    if complete is None:
        return "there is no complete build yet"
    reloaded = last(con, RELOADED)
    if reloaded is not None and reloaded.generation > complete.generation:
        return "the raw tables were loaded anew"
    if complete.project_sha != project_sha:
        return "the dbt project has changed"
    if complete.policy_sha != policy_sha:
        return "the policy has changed"
    return None


def why_not_deliverable(con: duckdb.DuckDBPyConnection) -> str | None:
    """Why outbound rows must not be used now, as a sentence; None if the last build stands for all that is loaded."""
    build = last(con)
    if build is None:
        return "nothing was built yet; run a build first"
    if build.status == RELOADED:
        return "the raw tables were loaded anew and not built since; run a build first"
    if build.status != COMPLETE:
        said = f": {build.detail}" if build.detail else ""
        return (
            f"the last build (generation {build.generation}) is {build.status}{said}; run a whole build first"
        )
    (loaded,) = con.execute(
        "select coalesce(max(load_generation), 0) from ops.loaded_files where rows_loaded > 0"
    ).fetchone() or (0,)
    if loaded > build.generation:
        return (
            f"raw data of generation {loaded} is loaded and the last build is of generation {build.generation}; "
            "run a build first"
        )
    return None
