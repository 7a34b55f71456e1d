"""Pages as files: which tables they need, when these are built first, how large a page of a year is."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
import yaml
from report_home import report_home

from fbinfor_assets.reports import NAMES, READS, ReportsNotBuilt, make_pages
from fbinfor_assets.warehouse import NodeResult, SnapshotMissing, Warehouse

MODELS = Path(__file__).parents[3] / "dbt_project" / "models" / "reports"


class Counted(Warehouse):
    """A warehouse that notes when the report models would be built."""

    results: tuple[NodeResult, ...] = ()
    built = 0

    def run_reports(self, *_: object, **__: object) -> list[NodeResult]:
        self.built += 1
        return list(self.results)

    def publish(self, *_: object, **__: object) -> None:  # type: ignore[override]
        """There is no live file to copy."""


def test_pages_of_the_last_build_are_written_without_building_anything(tmp_path: Path):
    paths = report_home(tmp_path)
    warehouse = Counted(paths.home)
    written = make_pages(warehouse, paths.reports)
    assert [page.path.name for page in written] == [f"{name}.html" for name in NAMES]
    assert warehouse.built == 0
    assert sorted(path.name for path in paths.reports.iterdir()) == sorted(f"{name}.html" for name in NAMES)


def test_tables_older_than_the_last_complete_build_are_built_first(tmp_path: Path):
    paths = report_home(tmp_path, "insert into ops.builds values (8, now(), 'complete')")
    warehouse = Counted(paths.home)
    make_pages(warehouse, paths.reports, ["sent"])
    assert warehouse.built == 1


def test_a_build_that_is_not_complete_makes_nothing_older(tmp_path: Path):
    paths = report_home(tmp_path, "insert into ops.builds values (8, now(), 'failed')")
    warehouse = Counted(paths.home)
    make_pages(warehouse, paths.reports, ["sent"])
    assert warehouse.built == 0


def test_a_report_model_that_fails_leaves_the_pages_in_place(tmp_path: Path):
    paths = report_home(tmp_path)
    make_pages(Counted(paths.home), paths.reports, ["sent"])
    before = (paths.reports / "sent.html").read_bytes()
    warehouse = Counted(paths.home)
    warehouse.results = (NodeResult("model.fbinfor.sent", "error", 0.1, None, "no such column", None),)
    with pytest.raises(ReportsNotBuilt, match="no such column"):
        make_pages(warehouse, paths.reports, ["sent"], refresh=True)
    assert (paths.reports / "sent.html").read_bytes() == before


def test_a_home_without_a_build_is_told_what_to_do(tmp_path: Path):
    with pytest.raises(SnapshotMissing, match="fbinfor sync"):
        make_pages(Warehouse(tmp_path), tmp_path / "reports")
    assert list(tmp_path.iterdir()) == []


def test_the_small_company_has_the_columns_of_the_models(tmp_path: Path):
    paths = report_home(tmp_path)
    tables = {table for names in READS.values() for table in names}
    with duckdb.connect(paths.published, read_only=True) as con:
        for table in sorted(tables):
            ours = {row[0] for row in con.execute(f"describe reports.{table}").fetchall()}
            (model,) = yaml.safe_load((MODELS / f"{table}.yml").read_text())["models"]
            assert ours <= {column["name"] for column in model["columns"]}, table


def test_a_page_of_a_year_stays_below_five_megabytes(tmp_path: Path):
    documents = "reports.reconciliation_documents"
    paths = report_home(
        tmp_path,
        # 25,900 documents of 4,300 parties over thirteen months, each tenth with a cause.
        f"""create or replace table {documents} as
            select document.* replace (
                document.comparison_key || '-' || n as comparison_key, 'SHOP-' || (n % 4300) as party_key,
                date '2010-12-01' + (n % 373)::integer as document_date,
                if(n % 10 = 0, 'in transit', 'agrees') as status
            )
            from {documents} as document, range(2590) as year(n) where status <> 'not a document'""",
        """create or replace table reports.reconciliation_parties as
            select party.* replace (party_key || n as party_key) from reports.reconciliation_parties as party, range(1100) as t(n)""",
        """create or replace table reports.receivables_ageing as
            select owed.* replace (party_key || n as party_key) from reports.receivables_ageing as owed, range(1100) as t(n)""",
        """create or replace table reports.sent as
            select write.* replace (intent_id || n as intent_id) from reports.sent as write, range(30000) as t(n)""",
        """create or replace table reports.anomalies as
            select finding.* replace (finding_id || n as finding_id) from reports.anomalies as finding, range(400) as t(n)""",
    )
    written = make_pages(Counted(paths.home), paths.reports)
    sizes = {page.page.name: page.bytes for page in written}
    assert max(sizes.values()) < 5_000_000, sizes
    text = (paths.reports / "reconciliation.html").read_text()
    assert "1,000 of 25,900 rows" in text and "24,900 are not shown here" in text
