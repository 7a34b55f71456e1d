"""Raw tables: every landed version of every vendor object, made from the Parquet files and from nothing else.

Belongs here: which entities there are, loading pending files, loading everything anew.
Does not belong here: writing the files (landing.py), the SQL itself (sql/*.sql), what is in a payload (dbt staging).

Per entity a table `raw.<system>__<entity>` with all versions and a view `raw.<system>__<entity>_current` with the newest of
each key. Columns: key, payload (JSON text), payload_hash, vendor_stamp, extracted_at (UTC), run_id, landing_id, ordinal,
deleted, load_generation.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from fbinfor_assets.warehouse import landing
from fbinfor_assets.warehouse.errors import UnreadableLanding

# What the dbt project reads as sources; their tables exist before anything was landed.
ENTITIES: dict[str, tuple[str, ...]] = {
    "freshbooks": ("clients", "invoices", "payments", "credit_notes"),
    "m3": ("customers", "items", "orders", "invoices", "ledger"),
    "shop": ("orders", "customers"),
}

# Raised when a table of schema raw or ops changes its shape; the next opening makes both anew.
SCHEMA_VERSION = 2


@dataclass(frozen=True)
class Loaded:
    """What a load did. `rows` came in; `repeated` were in the files but had been landed before; `generation` they carry."""

    files: int
    rows: int
    repeated: int
    generation: int


@cache
def sql(name: str) -> str:
    """The text of sql/<name>.sql."""
    return resources.files("fbinfor_assets.warehouse").joinpath("sql", f"{name}.sql").read_text()


def ensure_schema(con: duckdb.DuckDBPyConnection) -> None:
    """Make schemas raw and ops where they are missing, and anew where they are of another version."""
    is_there = _exists(con, "ops", "schema_version")
    if is_there:
        found = con.execute("select max(version) from ops.schema_version").fetchone()
        if found == (SCHEMA_VERSION,):
            return
    con.execute("begin")
    if is_there:
        # Nothing is lost: the landing files and the operational store have it all, and the next build is a full one.
        con.execute("drop schema if exists raw cascade")
        con.execute("drop schema ops cascade")
    con.execute(sql("schema"))
    for system, entities in ENTITIES.items():
        for entity in entities:
            con.execute(sql("raw_table").format(table=f"{system}__{entity}"))
    con.execute("insert into ops.schema_version values (?)", [SCHEMA_VERSION])
    con.execute("commit")


def load_pending(con: duckdb.DuckDBPyConnection, raw: Path, generation: int) -> Loaded:
    """Load the landing files that are not in `ops.loaded_files` yet, in the order they were landed; all or nothing.

    `raw`: the folder var/raw. Rows get `load_generation = generation`. Calling it again loads nothing. Of versions that
    were landed twice one row comes in. Raises `UnreadableLanding` naming the file; then nothing was loaded.
    """
    done = {file for (file,) in con.execute("select file from ops.loaded_files").fetchall()}
    files = rows_in = 0
    con.execute("begin")
    try:
        for system, entity, names in _landed(raw):
            pending = [name for name in names if f"{system}/{entity}/{name}" not in done]
            if pending:
                files += len(pending)
                rows_in += _load(con, raw, system, entity, pending, generation)
        now = con.execute("select file, rows_loaded from ops.loaded_files").fetchall()
        rows = sum(count for file, count in now if file not in done)
        con.execute("commit")
    except BaseException:
        con.execute("rollback")
        raise
    return Loaded(files, rows, rows_in - rows, generation)


def forget(con: duckdb.DuckDBPyConnection) -> None:
    """Empty the raw tables and what says that files were loaded, so that the next load takes everything."""
    tables = con.execute(
        "select table_name from duckdb_tables() where database_name = 'warehouse' and schema_name = 'raw'"
    ).fetchall()
    con.execute("begin")
    for (table,) in tables:
        con.execute(f'drop table raw."{table}" cascade')
        con.execute(sql("raw_table").format(table=table))
    con.execute("delete from ops.loaded_files")
    con.execute("commit")


def _exists(con: duckdb.DuckDBPyConnection, schema: str, table: str) -> bool:
    found = con.execute(
        "select 1 from duckdb_tables() where database_name = 'warehouse' and schema_name = ? and table_name = ?",
        [schema, table],
    ).fetchone()
    return found is not None


def _landed(raw: Path) -> Iterator[tuple[str, str, list[str]]]:
    """The landing files: (system, entity, names), names in the order of landing."""
    if not raw.is_dir():
        return
    for system in sorted(os.listdir(raw)):
        if system.startswith(".") or not (raw / system).is_dir():
            continue
        for entity in sorted(os.listdir(raw / system)):
            folder = raw / system / entity
            if folder.is_dir():
                yield (
                    system,
                    entity,
                    sorted(
                        name
                        for name in os.listdir(folder)
                        if name.endswith(".parquet") and not name.startswith(".")
                    ),
                )


def _load(
    con: duckdb.DuckDBPyConnection, raw: Path, system: str, entity: str, names: list[str], generation: int
) -> int:
    table = f"{system}__{entity}"
    con.execute(sql("raw_table").format(table=table))
    counts: list[int] = []
    broken: list[UnreadableLanding] = []
    reader = pa.RecordBatchReader.from_batches(
        landing.SCHEMA, _read(raw, system, entity, names, counts, broken)
    )
    con.register("landing_reader", reader)
    try:
        con.execute("create or replace temp table incoming as select * from landing_reader")
    except duckdb.Error:
        # DuckDB wraps what the reader raised; ours names the file.
        if broken:
            raise broken[0] from broken[0].__cause__
        raise
    finally:
        con.unregister("landing_reader")
    files = pa.table(
        {
            "file": [f"{system}/{entity}/{name}" for name in names],
            "system": [system] * len(names),
            "entity": [entity] * len(names),
            "landing_id": [name.removesuffix(".parquet") for name in names],
            "rows_in_file": pa.array(counts, pa.int64()),
        }
    )
    con.register("landing_files", files)
    try:
        con.execute("create or replace temp table files as select * from landing_files")
    finally:
        con.unregister("landing_files")
    con.execute(sql("raw_load").format(table=table, generation=int(generation)))
    return sum(counts)


def _read(
    raw: Path, system: str, entity: str, names: list[str], counts: list[int], broken: list[UnreadableLanding]
) -> Iterator[pa.RecordBatch]:
    """The rows of the files, one after the other, each page checked against its checksum. Fills `counts` and `broken`."""
    for name in names:
        path = raw / system / entity / name
        landing_id = name.removesuffix(".parquet")
        try:
            with pq.ParquetFile(path, page_checksum_verification=True) as file:
                if file.schema_arrow != landing.SCHEMA:
                    raise ValueError(
                        f"its columns are {', '.join(file.schema_arrow.names)}, not those of a landing"
                    )
                for batch in file.iter_batches(landing.BATCH):
                    if batch.column("landing_id")[0].as_py() != landing_id:
                        raise ValueError("its rows belong to another landing: the file was renamed or copied")
                    yield batch
                counts.append(file.metadata.num_rows)
        except (pa.ArrowException, OSError, ValueError) as error:
            broken.append(_unreadable(path, system, entity, landing_id, error))
            broken[-1].__cause__ = error
            raise broken[-1] from error


def _unreadable(path: Path, system: str, entity: str, landing_id: str, error: Exception) -> UnreadableLanding:
    return UnreadableLanding(
        f"the landing file {path} cannot be read ({str(error).splitlines()[0]}); nothing was loaded. "
        f"Restore it from a backup. If there is none, delete it together with the rows of landing {landing_id} in the "
        f"operational store's table `landed` and the cursor of {system} {entity}: the next extraction reads and lands "
        "these records again"
    )
