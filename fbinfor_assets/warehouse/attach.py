"""Opening the warehouse: always an in-memory DuckDB that attaches the file under the name `warehouse`.

Belongs here: the settings of a connection, and turning DuckDB's refusal to open a file into a sentence.
Does not belong here: the lock (lock.py), and any statement about tables.

A DuckDB file that is open for writing cannot be opened by another process, not even for reading (DESIGN 3). So the live
file is opened late, under the lock, and closed early; whoever only reads takes the published snapshot.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from fbinfor_assets.warehouse.errors import WarehouseBusy, WarehouseError

# A process that was killed gives up its locks one after the other, within milliseconds: ours first, DuckDB's later.
_RELEASE_SECONDS = 3.0


# The oldest that compresses long texts (zstd): without it the payloads, kept as received, make the file thirty times as large.
STORAGE_VERSION = "v1.2.0"


@dataclass(frozen=True)
class Settings:
    """How much of the machine one connection may take; what is more goes to `temp_directory`.

    dbt's own connections take the same (dbt_project/profiles.yml).
    """

    memory_limit: str = "6GB"
    threads: int = 2
    temp_directory: Path | None = None


def quoted(text: str) -> str:
    """`text` as an SQL literal, for the statements that take no parameters (ATTACH, SET)."""
    return "'" + text.replace("'", "''") + "'"


def open_live(path: Path, settings: Settings) -> duckdb.DuckDBPyConnection:
    """The live file, for writing; the caller holds the lock and closes the connection.

    The default database is `warehouse`, the session's time zone UTC. The file and its folder are made on first use.
    Raises `WarehouseBusy` if a program that does not know the lock has the file open, `WarehouseError` if the file
    cannot be read.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + _RELEASE_SECONDS
    while True:
        try:
            return _open(path, settings, f" (storage_version '{STORAGE_VERSION}')")
        except duckdb.IOException as error:
            if "lock" not in str(error).lower():
                raise _unreadable(path, error) from error
            if time.monotonic() >= deadline:
                raise WarehouseBusy(
                    f"{path} is open in a program that does not take fbinfor's lock ({_first_line(error)}): close it "
                    "there and read the published snapshot instead"
                ) from error
            time.sleep(0.05)
        except duckdb.Error as error:
            raise _unreadable(path, error) from error


def open_read_only(path: Path, settings: Settings) -> duckdb.DuckDBPyConnection:
    """A file that nobody writes (a snapshot), read-only. Raises `WarehouseError` if it is no DuckDB file."""
    try:
        return _open(path, settings, " (read_only)")
    except duckdb.Error as error:
        raise _unreadable(path, error) from error


@contextmanager
def closing(con: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    """Close the connection at the end of the block, whatever happens in it."""
    try:
        yield con
    finally:
        con.close()


def _open(path: Path, settings: Settings, how: str) -> duckdb.DuckDBPyConnection:
    config = {
        "memory_limit": settings.memory_limit,
        "threads": str(settings.threads),
        # Nothing is fetched from outside: an extension that is not installed is an error, not a download.
        "autoinstall_known_extensions": "false",
    }
    if settings.temp_directory is not None:
        config["temp_directory"] = str(settings.temp_directory)
    con = duckdb.connect(":memory:", config=config)
    try:
        con.execute("set TimeZone = 'UTC'")
        con.execute(f"attach {quoted(str(path))} as warehouse{how}")
        con.execute("use warehouse")
    except BaseException:
        con.close()
        raise
    return con


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]


def _unreadable(path: Path, error: Exception) -> WarehouseError:
    return WarehouseError(
        f"{path} cannot be opened ({_first_line(error)}). The warehouse can always be made again: move the file away "
        "and run the next build; raw data is loaded from var/raw"
    )
