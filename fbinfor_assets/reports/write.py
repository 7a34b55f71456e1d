"""Pages into files: read from one snapshot, each file replaced at once.

Belongs here: the folder's files, and having the report tables built where they are missing or older than the last build.
Does not belong here: building them (`Warehouse.run_reports`), HTML (render.py).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from fbinfor_assets.reports import read
from fbinfor_assets.reports.content import Page
from fbinfor_assets.reports.pages import NAMES, READS, read_pages
from fbinfor_assets.reports.render import html
from fbinfor_assets.warehouse import SnapshotMissing, Warehouse, WarehouseError

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


class ReportsNotBuilt(WarehouseError):
    """A report model or one of its tests failed. The pages in place are untouched."""


@dataclass(frozen=True)
class Written:
    """One file that was written, and the page in it."""

    path: Path
    bytes: int
    page: Page

    def to_json(self) -> dict[str, Any]:
        """Name, path, size, and the page's answer with the build and the day that it shows."""
        return {
            "name": self.page.name,
            "path": str(self.path),
            "bytes": self.bytes,
            "state": self.page.answer.state,
            "sentence": self.page.answer.sentence,
            "generation": self.page.standing.generation,
            "as_of": self.page.standing.as_of,
        }


def make_pages(
    warehouse: Warehouse, folder: Path, names: Sequence[str] = NAMES, refresh: bool = False
) -> list[Written]:
    """Write these pages from the published snapshot.

    Where a report table is missing there or older than the last complete build (or with `refresh`), the report models are
    built and the snapshot is published first. Raises `SnapshotMissing` where nothing was built yet, `ReportsNotBuilt`, and
    what `Warehouse.run_reports` and `publish` raise.
    """
    if not warehouse.path.exists() and not warehouse.snapshot_path.exists():
        raise SnapshotMissing(
            f"there is nothing to report on in {warehouse.home} yet: run `fbinfor sync` first"
        )
    if refresh or not _stands(warehouse):
        failed = [
            result for result in warehouse.run_reports() if not result.ok and result.status != "skipped"
        ]
        if failed:
            said = "; ".join(
                f"{result.unique_id}: {result.message or result.status}" for result in failed[:3]
            )
            raise ReportsNotBuilt(f"the report tables were not built, so no page was written: {said}")
        warehouse.publish(min_age_seconds=0)
    with warehouse.read_snapshot() as con:
        pages = read_pages(con, names)
    return [write_page(page, folder) for page in pages]


def _stands(warehouse: Warehouse) -> bool:
    if not warehouse.snapshot_path.exists():
        return False
    with warehouse.read_snapshot() as con:
        return report_tables_stand(con)


def report_tables_stand(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether all report tables are there and show the last complete build."""
    found = {
        table
        for (table,) in con.execute(
            "select table_name from duckdb_tables() where database_name = 'warehouse' and schema_name = 'reports'"
        ).fetchall()
    }
    return found.issuperset(REPORT_TABLES) and bool(read.rows(con, "stands")[0]["stands"])


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
    return Written(path, path.stat().st_size, page)
