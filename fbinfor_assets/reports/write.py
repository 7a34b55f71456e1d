"""Pages into files: read under one connection, drawn after it is closed, each file replaced at once.

Belongs here: the folder's files, and whether the report tables stand for the newest build.
Does not belong here: building those tables (`Warehouse.run_reports`), HTML (render.py).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from fbinfor_assets.reports.content import Page
from fbinfor_assets.reports.pages import NAMES, READS, read_pages
from fbinfor_assets.reports.render import html

#: Every table of schema reports that a page reads.
REPORT_TABLES: tuple[str, ...] = tuple(dict.fromkeys(table for tables in READS.values() for table in tables))

_TITLES = {
    "index": "Overview",
    "reconciliation": "Reconciliation",
    "sent": "What was sent",
    "ageing": "Ageing",
    "revenue": "Revenue",
    "anomalies": "Anomalies",
}


@dataclass(frozen=True)
class Written:
    """One file. `state` and `sentence` are the page's answer; `generation` and `as_of` what it shows."""

    name: str
    path: Path
    bytes: int
    state: str
    sentence: str
    page: Page


def report_tables_stand(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether all report tables are there and show the last complete build."""
    found = {
        table
        for (table,) in con.execute(
            "select table_name from duckdb_tables() where database_name = 'warehouse' and schema_name = 'reports'"
        ).fetchall()
    }
    if not found.issuperset(REPORT_TABLES):
        return False
    (shown,) = con.execute("select max(_generation) from reports.reconciliation_currencies").fetchone() or (
        None,
    )
    (built,) = con.execute("select max(generation) from ops.builds where status = 'complete'").fetchone() or (
        None,
    )
    return shown == built or shown is None


def write_pages(con: duckdb.DuckDBPyConnection, folder: Path, names: Sequence[str] = NAMES) -> list[Written]:
    """Read and write these pages. Raises `KeyError` for an unknown name, `OSError` if the folder cannot be written."""
    return [write_page(page, folder) for page in read_pages(con, names)]


def write_page(page: Page, folder: Path) -> Written:
    """Write one page as <folder>/<name>.html; a reader sees the old file or the new one, never half of one."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{page.name}.html"
    fresh = folder / f".{page.name}.{os.getpid()}.tmp"
    try:
        fresh.write_text(html(page, _TITLES), "utf-8")
        os.replace(fresh, path)
    finally:
        fresh.unlink(missing_ok=True)
    return Written(page.name, path, path.stat().st_size, page.answer.state, page.answer.sentence, page)
