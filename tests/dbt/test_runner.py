"""Running dbt: in this process, quietly, and with the file given back whatever happened.

The project here is a small one of its own; the real one is tested beside this file.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from fbinfor_assets.warehouse import (
    BuildNotComplete,
    DbtBroken,
    DbtReport,
    Record,
    UnreadableLanding,
    Warehouse,
    WarehouseInUse,
)

MODELS = 4

PROJECT = """
name: small
version: "1.0"
profile: small
model-paths: [models]
seed-paths: [seeds]
test-paths: [data-tests]
macro-paths: [macros]
on-run-start: ["create schema if not exists warehouse.changes"]
models:
  small: {+materialized: incremental, +incremental_strategy: delete+insert, +unique_key: key}
"""
PROFILE = """
small:
  target: warehouse
  outputs:
    warehouse:
      type: duckdb
      path: ":memory:"
      attach: [{path: "{{ env_var('FBINFOR_WAREHOUSE') }}", alias: warehouse}]
      database: warehouse
      schema: main
      threads: 2
      settings: {TimeZone: UTC}
"""
SOURCES = """
version: 2
sources:
  - {name: raw, database: warehouse, schema: raw, tables: [{name: shop__orders, identifier: shop__orders_current}, {name: shop__customers}]}
"""
FIRST = """
select key, (payload ->> '$.total')::decimal(18, 2) as total, (select generation from warehouse.ops.current_build) as _generation
from {{ source('raw', 'shop__orders') }}
{% if is_incremental() %} where load_generation > (select since from warehouse.ops.current_build) {% endif %}
"""
ASIDE = """
select key, (select generation from warehouse.ops.current_build) as _generation
from {{ source('raw', 'shop__customers') }}
{% if is_incremental() %} where load_generation > (select since from warehouse.ops.current_build) {% endif %}
"""
NEXT = """
select key, total, (select generation from warehouse.ops.current_build) as _generation from {{ ref('m%d') }}
{%% if is_incremental() %%} where _generation > (select since from warehouse.ops.current_build) {%% endif %%}
"""
TESTED = """
version: 2
models:
  - name: m0
    columns: [{name: key, data_tests: [not_null, unique]}]
"""
REPORT = """
{{ config(materialized='table', tags=['reports']) }}
select count(*) as documents, sum(total) as total, (select generation from warehouse.ops.current_build) as _generation
from {{ ref('m0') }}
"""
REPORTED = """
version: 2
models:
  - name: shown
    columns: [{name: documents, data_tests: [not_null]}]
"""
POSITIVE = "select * from {{ ref('m0') }} where total < 0"
UNIT_TEST = """
version: 2
unit_tests:
  - name: adds_nothing
    model: m1
    overrides: {macros: {is_incremental: false}}
    given: [{input: ref('m0'), rows: [{key: a, total: 1}]}]
    expect: {rows: [{key: a, total: 1}]}
"""


class Seen:
    """A memory of landings for tests that land each version once."""

    def known(self, system: str, entity: str, keys: Any) -> dict[str, str]:
        return {}

    def mark(self, landing: Any, versions: Any, watermark: Any, extra: Any) -> None:
        list(versions)


@dataclass
class Changes:
    rows: list[dict[str, Any]] = field(default_factory=list)
    upto: int = 0


class Store:
    """An operational store with one agreed value."""

    def changes_since(self, table: str, seq: int) -> Changes:
        row = {
            "entity": "party",
            "key": "1",
            "field": "phone",
            "value": "1",
            "agreed_at": "2026-01-01T00:00:00+00:00",
        }
        return Changes([row] if table == "agreed" and seq < 1 else [], 1)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all tests here, so that dbt's partial parse stays warm; what a test could see is wiped before each."""
    return tmp_path_factory.mktemp("runner")


@pytest.fixture
def project(place: Path) -> Path:
    folder = place / "project"
    shutil.rmtree(folder, ignore_errors=True)
    texts = {
        "dbt_project.yml": PROJECT,
        "profiles.yml": PROFILE,
        "models/sources.yml": SOURCES,
        "models/m0.sql": FIRST,
        "models/aside.sql": ASIDE,
        "models/m0.yml": TESTED,
        "models/unit.yml": UNIT_TEST,
        "models/shown.sql": REPORT,
        "models/shown.yml": REPORTED,
        "data-tests/totals_are_positive.sql": POSITIVE,
        "seeds/countries.csv": "code,name\nGB,United Kingdom\n",
        "macros/nothing.sql": "{% macro nothing() %}{% endmacro %}",
    }
    texts |= {f"models/m{n}.sql": NEXT % (n - 1) for n in range(1, MODELS)}
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


@pytest.fixture
def warehouse(place: Path, project: Path) -> Warehouse:
    for made in ("raw", "warehouse", "locks", "dbt/manifests", "dbt/logs"):
        shutil.rmtree(place / "var" / made, ignore_errors=True)
    return Warehouse(
        place / "var", project, seen=Seen(), ops=Store(), policy={"currency": "GBP"}, wait_seconds=20
    )


def land(warehouse: Warehouse, **totals: str) -> None:
    warehouse.land("shop", "orders", [Record(key, {"total": total}) for key, total in totals.items()])


def rows(warehouse: Warehouse, query: str) -> list[tuple]:
    with warehouse.connect("test") as con:
        return con.execute(query).fetchall()


def by_name(report: DbtReport) -> dict[str, Any]:
    return {result.unique_id.split(".")[2]: result for result in report.results}


def others_can_open(warehouse: Warehouse) -> bool:
    script = "import duckdb, sys; duckdb.connect(sys.argv[1]).execute('create or replace table raw.opened as select 1')"
    return (
        subprocess.run([sys.executable, "-c", script, str(warehouse.path)], capture_output=True).returncode
        == 0
    )


def fingerprint(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_build_loads_copies_builds_reports_every_node_and_gives_the_file_back(warehouse: Warehouse):
    land(warehouse, a="1.10", b="2.20")
    report = warehouse.run_dbt()
    assert (report.status, report.detail, report.generation, report.since) == ("complete", None, 1, 0)
    assert report.full_because == "there is no complete build yet"
    assert (report.loaded.rows, report.copied) == (2, 1)
    found = by_name(report)
    assert (found["m3"].status, found["m3"].rows, found["m3"].written) == ("success", 2, 2)
    assert found["m3"].unique_id == "model.small.m3"
    assert (found["countries"].status, found["countries"].rows) == ("success", 1)
    assert found["unique_m0_key"].status == "pass"
    assert found["m3"].seconds > 0
    assert not [name for name in found if "adds_nothing" in name]
    assert others_can_open(warehouse)
    assert rows(warehouse, "select value, load_generation from ops.agreed") == [("1", 1)]
    assert rows(warehouse, "select value from ops.policy where key = 'currency'") == [("GBP",)]
    assert rows(warehouse, "select generation, status, finished_at > started_at from ops.builds") == [
        (1, "complete", True)
    ]


def test_the_next_build_writes_only_what_changed(warehouse: Warehouse):
    land(warehouse, a="1.10", b="2.20")
    warehouse.run_dbt()
    land(warehouse, b="3.30")
    report = warehouse.run_dbt()
    assert (report.full_because, report.generation, report.since) == (None, 2, 1)
    assert (by_name(report)["m3"].rows, by_name(report)["m3"].written) == (2, 1)
    assert [(key, str(total), g) for key, total, g in rows(warehouse, "select * from m3 order by key")] == [
        ("a", "1.10", 1),
        ("b", "3.30", 2),
    ]


def test_only_what_the_changed_data_can_reach_is_run_and_the_build_is_whole(warehouse: Warehouse):
    land(warehouse, a="1.10")
    warehouse.run_dbt()
    land(warehouse, a="1.20")
    report = warehouse.run_dbt()
    assert {name for name in by_name(report) if name in {"aside", "countries", "m0", "m3"}} == {"m0", "m3"}
    assert by_name(report)["totals_are_positive"].status == "pass"
    assert report.status == "complete"
    warehouse.land("shop", "customers", [Record("c", {})])
    report = warehouse.run_dbt()
    assert (report.status, set(by_name(report)) & {"aside", "m0"}) == ("complete", {"aside"})


def test_a_build_with_nothing_to_do_is_complete_and_runs_nothing(warehouse: Warehouse):
    land(warehouse, a="1.10")
    warehouse.run_dbt()
    report = warehouse.run_dbt()
    assert (report.status, report.generation, report.results) == ("complete", 2, [])
    assert rows(warehouse, "select key, _generation from m3") == [("a", 1)]
    warehouse.land("m3", "items", [Record("read by no model", {})])
    report = warehouse.run_dbt()
    assert (report.status, report.loaded.rows, report.results) == ("complete", 1, [])
    land(warehouse, b="2.20")
    assert by_name(warehouse.run_dbt())["m3"].written == 1


def test_after_a_failing_model_the_file_is_given_back_too_and_the_report_says_what_failed(
    warehouse: Warehouse, project: Path
):
    (project / "models" / "m1.sql").write_text("select 1 / 0 as key, no_such_column from {{ ref('m0') }}")
    land(warehouse, a="1.10")
    report = warehouse.run_dbt()
    assert others_can_open(warehouse)
    assert report.status == "failed" and not report.complete
    assert "model.small.m1" in report.detail
    found = by_name(report)
    assert found["m1"].status == "error"
    assert "no_such_column" in found["m1"].message
    assert (found["m2"].status, found["m0"].status) == ("skipped", "success")
    assert {result.unique_id.split(".")[2] for result in report.failed} == {f"m{n}" for n in range(1, MODELS)}


def test_a_failing_test_makes_the_build_fail_with_its_count_and_message(warehouse: Warehouse):
    land(warehouse, a="-1.10", b="-2.20")
    report = warehouse.run_dbt()
    result = by_name(report)["totals_are_positive"]
    assert (result.status, result.failures) == ("fail", 2)
    assert "Got 2 results" in result.message
    assert report.status == "failed"
    assert "totals_are_positive" in report.detail


def test_what_a_failed_build_did_not_finish_is_done_by_the_next(warehouse: Warehouse):
    land(warehouse, a="1.10")
    warehouse.run_dbt()
    land(warehouse, b="-2.20")
    assert warehouse.run_dbt().status == "failed"
    land(warehouse, b="2.20")
    report = warehouse.run_dbt()
    assert (report.status, report.generation, report.since) == ("complete", 3, 1)
    assert [key for (key,) in rows(warehouse, "select key from m3 order by 1")] == ["a", "b"]


def test_a_build_of_some_models_is_partial_and_moves_nothing_forward(warehouse: Warehouse):
    land(warehouse, a="1.10")
    warehouse.run_dbt()
    land(warehouse, b="2.20")
    part = warehouse.run_dbt(select=["m0", "m1"])
    assert part.status == "partial"
    assert {result.unique_id for result in part.results if result.unique_id.startswith("model")} == {
        "model.small.m0",
        "model.small.m1",
    }
    whole = warehouse.run_dbt()
    assert (whole.status, whole.since) == ("complete", 1)
    assert by_name(whole)["m3"].rows == 2


def test_every_model_selected_is_a_whole_build_once_the_seeds_stand(warehouse: Warehouse):
    land(warehouse, a="1.10")
    warehouse.run_dbt()
    assert warehouse.run_dbt(select=["resource_type:model", "resource_type:test"]).status == "complete"


def test_a_build_without_its_tests_is_untested(warehouse: Warehouse):
    land(warehouse, a="-1.10")
    report = warehouse.run_dbt(tests=False)
    assert report.status == "untested"
    assert not [result for result in report.results if result.unique_id.startswith(("test", "unit_test"))]


def test_a_build_leaves_the_reports_as_they_were_and_is_complete_without_them(warehouse: Warehouse):
    land(warehouse, a="1.10")
    warehouse.run_dbt()
    land(warehouse, b="2.20")
    report = warehouse.run_dbt()
    assert report.status == "complete"
    assert not [name for name in by_name(report) if "shown" in name]
    assert rows(warehouse, "select documents, _generation from shown") == [(1, 1)]


def test_a_full_build_has_the_reports_behind_it_unless_they_are_not_wanted(warehouse: Warehouse):
    land(warehouse, a="1.10")
    first = warehouse.run_dbt(reports=False)
    assert first.full_because and first.complete and first.reports == []
    full = warehouse.run_dbt(full=True)
    built = {
        result.unique_id.split(".")[2]
        for result in full.reports
        if result.relation or result.status == "pass"
    }
    assert built == {"shown", "not_null_shown_documents"}
    assert rows(warehouse, "select documents, _generation from shown") == [(1, full.generation)]


def test_reports_are_built_over_the_last_build_without_beginning_another(warehouse: Warehouse):
    land(warehouse, a="1.10", b="2.20")
    warehouse.run_dbt()
    land(warehouse, c="3.30")
    built = warehouse.run_dbt()
    results = {result.unique_id.split(".")[2]: result for result in warehouse.run_reports()}
    assert (results["shown"].status, results["shown"].rows, results["shown"].written) == ("success", 1, 1)
    assert results["not_null_shown_documents"].status == "pass"
    assert rows(warehouse, "select documents, _generation from shown") == [(3, built.generation)]
    assert (warehouse.last_build().generation, warehouse.last_build().status) == (
        built.generation,
        "complete",
    )
    assert [result.unique_id for result in warehouse.run_reports(["m0"])] == []
    assert others_can_open(warehouse)


@pytest.mark.parametrize("state", ["nothing built", "partial", "reloaded"])
def test_reports_over_a_build_that_does_not_stand_are_refused(warehouse: Warehouse, state: str):
    land(warehouse, a="1.10")
    if state != "nothing built":
        warehouse.run_dbt()
    if state == "partial":
        warehouse.run_dbt(select=["m0"])
    if state == "reloaded":
        warehouse.rebuild()
    with pytest.raises(BuildNotComplete, match="nothing whole to report on"):
        warehouse.run_reports()


def test_a_report_that_fails_does_not_touch_what_the_build_is_worth(warehouse: Warehouse, project: Path):
    (project / "models" / "shown.sql").write_text(
        REPORT.replace("ref('m0')", "ref('m1')").replace("total)", "nowhere)")
    )
    land(warehouse, a="1.10")
    report = warehouse.run_dbt()
    assert report.complete and not report.failed
    assert [result.status for result in report.reports if result.unique_id.startswith("model")] == ["error"]
    assert warehouse.last_build().status == "complete"
    assert warehouse.run_dbt().full_because is None


def test_unit_tests_run_where_they_are_asked_for(warehouse: Warehouse):
    land(warehouse, a="1.10")
    report = warehouse.run_dbt(select=["m0", "m1"], unit_tests=True)
    assert [result.status for result in report.results if "adds_nothing" in result.unique_id] == ["pass"]


@pytest.mark.parametrize("cause", ["asked", "project", "policy", "raw"])
def test_everything_is_built_anew_when_old_rows_could_be_wrong(
    warehouse: Warehouse, project: Path, cause: str
):
    land(warehouse, a="1.10")
    warehouse.run_dbt()
    if cause == "project":
        (project / "macros" / "nothing.sql").write_text("{% macro nothing() %}1{% endmacro %}")
    if cause == "policy":
        warehouse._policy = {"currency": "EUR"}
    if cause == "raw":
        warehouse.rebuild()
    report = warehouse.run_dbt(full=cause == "asked")
    assert cause in report.full_because
    assert report.since == 0
    assert (report.status, by_name(report)["m3"].written) == ("complete", 1)
    assert warehouse.run_dbt().full_because is None


def test_a_build_that_was_killed_is_not_complete_and_the_next_one_makes_up_for_it(
    warehouse: Warehouse, project: Path
):
    land(warehouse, a="1.10")
    warehouse.run_dbt()
    land(warehouse, b="2.20")
    script = "import sys; from fbinfor_assets.warehouse import Warehouse; Warehouse(sys.argv[1], sys.argv[2]).run_dbt()"
    child = subprocess.run(
        [sys.executable, "-c", script, str(warehouse.home), str(project)],
        env={**os.environ, "FBINFOR_FAILPOINT": "after_dbt"},
        capture_output=True,
        text=True,
    )
    assert child.returncode == -9, child.stderr
    assert warehouse.last_build().status == "running"
    report = warehouse.run_dbt()
    assert (report.status, report.generation, report.since) == ("complete", 3, 1)
    assert by_name(report)["m3"].rows == 2


def test_a_project_that_does_not_parse_is_reported_before_anything_is_touched(
    warehouse: Warehouse, project: Path
):
    (project / "models" / "m2.sql").write_text("select * from {{ ref('nowhere') }}")
    land(warehouse, a="1.10")
    with pytest.raises(DbtBroken, match="nowhere"):
        warehouse.run_dbt()
    assert warehouse.last_build() is None
    assert others_can_open(warehouse)


def test_a_failing_hook_fails_the_build(warehouse: Warehouse, project: Path):
    text = (project / "dbt_project.yml").read_text()
    (project / "dbt_project.yml").write_text(text.replace("create schema if not exists", "create nonsense"))
    land(warehouse, a="1.10")
    report = warehouse.run_dbt()
    assert report.status == "failed"
    assert others_can_open(warehouse)


def test_an_unreadable_landing_stops_the_build_before_dbt(warehouse: Warehouse):
    land(warehouse, a="1.10")
    [file] = (warehouse.raw_path / "shop" / "orders").iterdir()
    file.write_bytes(b"")
    with pytest.raises(UnreadableLanding, match=str(file)):
        warehouse.run_dbt()
    assert warehouse.last_build() is None


def test_an_interrupt_ends_the_run_and_gives_the_file_back(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
):
    land(warehouse, a="1.10")
    warehouse.manifest()
    import dbt.task.build

    def interrupted(self: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(dbt.task.build.BuildTask, "run", interrupted)
    with pytest.raises(KeyboardInterrupt):
        warehouse.run_dbt()
    assert warehouse.last_build().status == "failed"
    assert others_can_open(warehouse)


def test_inside_an_open_connection_it_is_refused(warehouse: Warehouse):
    with warehouse.connect("test"), pytest.raises(WarehouseInUse, match="close that connection first"):
        warehouse.run_dbt()


def test_a_build_waits_for_the_one_who_has_the_warehouse(warehouse: Warehouse):
    land(warehouse, a="1.10")
    warehouse.run_dbt()
    statuses = []
    with warehouse.connect("somebody"):
        thread = threading.Thread(target=lambda: statuses.append(warehouse.run_dbt().status))
        thread.start()
        time.sleep(0.3)
        assert statuses == []
    thread.join(timeout=60)
    assert statuses == ["complete"]


def test_a_run_is_quiet_writes_nothing_into_the_project_and_stays_where_it_is(
    warehouse: Warehouse, project: Path, capfd: pytest.CaptureFixture[str], place: Path
):
    before, here, variable = fingerprint(project), os.getcwd(), os.environ.get("FBINFOR_WAREHOUSE")
    land(warehouse, a="-1.10")
    warehouse.run_dbt()
    warehouse.run_dbt(full=True)
    out, err = capfd.readouterr()
    assert (out, err) == ("", "")
    assert fingerprint(project) == before
    assert (os.getcwd(), os.environ.get("FBINFOR_WAREHOUSE")) == (here, variable)
    assert "totals_are_positive" in (warehouse.home / "dbt" / "logs" / "dbt.log").read_text()
    assert {path.name for path in place.iterdir()} == {"project", "var"}


def test_the_manifest_names_the_nodes_without_a_warehouse_and_is_parsed_once(
    warehouse: Warehouse, project: Path
):
    manifest = warehouse.manifest()
    assert {"model.small.m3", "seed.small.countries"} <= set(manifest["nodes"])
    assert manifest["child_map"]["model.small.m2"] == ["model.small.m3"]
    assert not warehouse.path.exists()
    path = warehouse.manifest_path()
    made = path.stat().st_mtime_ns
    assert warehouse.manifest_path().stat().st_mtime_ns == made
    (project / "models" / "m3.sql").write_text(NEXT % 1)
    assert warehouse.manifest_path() != path
    assert warehouse.manifest()["child_map"]["model.small.m2"] == []


def test_a_later_process_reads_the_manifest_without_dbt(warehouse: Warehouse, project: Path):
    warehouse.manifest()
    script = (
        "import sys; from fbinfor_assets.warehouse import Warehouse\n"
        "found = Warehouse(sys.argv[1], sys.argv[2]).manifest()['nodes']\n"
        "print(len(found) > 4, 'dbt.cli' in sys.modules)"
    )
    child = subprocess.run(
        [sys.executable, "-c", script, str(warehouse.home), str(project)], capture_output=True, text=True
    )
    assert child.stdout == "True False\n", child.stderr


def test_importing_the_warehouse_does_not_import_dbt():
    script = (
        "import sys, fbinfor_assets.warehouse; print([m for m in sys.modules if m.split('.')[0] == 'dbt'])"
    )
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True).stdout == "[]\n"
