"""One SQLite in the process: the fixed one, also for Dagster's own storage.

Belongs here: putting `pysqlite3` in the place of the standard library's `sqlite3`.
Does not belong here: our own store (it names pysqlite3 itself), Dagster.

The standard library carries an SQLite with the WAL-reset bug (DESIGN 3), and Dagster, SQLAlchemy and alembic import it
by its name. The swap must come before the first of them does.
"""

from __future__ import annotations

import sys


class SqliteAlreadyLoaded(RuntimeError):
    """Something imported the standard library's SQLite before the swap."""


def use_fixed_sqlite() -> str:
    """Let every later `import sqlite3` in this process get pysqlite3; returns the version of its SQLite library.

    Doing it again does nothing. Raises `SqliteAlreadyLoaded` if the standard library's own module is in use already:
    two SQLite libraries in one process break each other's file locks.
    """
    import pysqlite3
    from pysqlite3 import dbapi2

    loaded = sys.modules.get("_sqlite3")
    if loaded is not None:
        raise SqliteAlreadyLoaded(
            "the standard library's sqlite3 was imported before fbinfor could replace it; import "
            "fbinfor_assets.definitions (or call use_fixed_sqlite) before whatever imports sqlite3"
        )
    sys.modules["sqlite3"] = pysqlite3
    sys.modules["sqlite3.dbapi2"] = dbapi2
    return str(dbapi2.sqlite_version)
