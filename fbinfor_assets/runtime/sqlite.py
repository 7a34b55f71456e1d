"""One SQLite in the process: the fixed one, also for Dagster's own storage.

Belongs here: putting `pysqlite3` in the place of the standard library's `sqlite3`.
Does not belong here: our own store (it names pysqlite3 itself), Dagster.

The standard library carries an SQLite with the WAL-reset bug (DESIGN 3), and Dagster, SQLAlchemy and alembic import it
by its name. The swap must come before the first of them does.
"""

from __future__ import annotations

import sys
import warnings


class SqliteAlreadyLoaded(RuntimeError):
    """Something imported the standard library's SQLite before the swap."""


def use_fixed_sqlite(*, required: bool = True) -> str:
    """Let every later `import sqlite3` in this process get pysqlite3; returns the version of its SQLite library.

    Doing it again does nothing. If the standard library's own module is in use already, raises `SqliteAlreadyLoaded`, or
    with `required=False` warns and leaves it: two SQLite libraries in one process are a danger to files that both open.
    """
    import pysqlite3
    from pysqlite3 import dbapi2

    if sys.modules.get("_sqlite3") is not None:
        loaded = sys.modules["_sqlite3"].sqlite_version  # type: ignore[attr-defined]
        text = (
            f"the standard library's SQLite {loaded} was loaded before fbinfor could put {dbapi2.sqlite_version} in its "
            "place, so Dagster's own storage runs on it; start Dagster by `fbinfor up`, or by "
            "`python -m fbinfor_assets.runtime.dagster_process`"
        )
        if required:
            raise SqliteAlreadyLoaded(text)
        warnings.warn(text, RuntimeWarning, stacklevel=2)
        return str(loaded)
    sys.modules["sqlite3"] = pysqlite3
    sys.modules["sqlite3.dbapi2"] = dbapi2
    return str(dbapi2.sqlite_version)
