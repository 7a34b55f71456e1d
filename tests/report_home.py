"""A home whose published snapshot holds the report tables of report_tables.sql.

Belongs here: making it. Does not belong here: what the pages must show of it (the tests).
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from fbinfor_assets.config import Paths

TABLES = Path(__file__).with_name("report_tables.sql")


def report_home(home: Path, *changes: str) -> Paths:
    """The snapshot of a small company below `home`; `changes` are statements done to it afterwards."""
    paths = Paths(home)
    paths.published.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(paths.published) as con:
        con.execute("set TimeZone = 'UTC'")
        for statement in (TABLES.read_text("utf-8"), *changes):
            con.execute(statement)
    return paths
