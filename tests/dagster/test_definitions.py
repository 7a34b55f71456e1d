"""What the definitions contain: every key and job by snapshot, lineage, defaults.

The snapshots are accepted anew by

    FBINFOR_UPDATE_SNAPSHOTS=1 .venv/bin/python -m pytest tests/dagster/test_definitions.py

and reviewed as a diff: a key that disappears takes its history in Dagster with it.
"""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import dagster as dg
import pytest

from fbinfor_assets.defs.assemble import build_defs
from fbinfor_assets.defs.gates.assets import CHECK as SUITE_PASSED
from fbinfor_assets.defs.naming import (
    BUILT,
    OBJECTS,
    PUBLISHED,
    REPORTS,
    diff_key,
    gate_key,
    outbound_key,
    raw_key,
)

SNAPSHOTS = Path(__file__).parent / "snapshots"


@pytest.fixture(scope="module")
def definitions(manifest):
    return build_defs(manifest=manifest)


@pytest.fixture(scope="module")
def graph(definitions):
    return definitions.resolve_asset_graph()


def compare(name: str, lines: list[str]) -> None:
    path = SNAPSHOTS / name
    text = "".join(f"{line}\n" for line in sorted(lines))
    if os.environ.get("FBINFOR_UPDATE_SNAPSHOTS"):
        path.write_text(text, "utf-8")
    assert text == path.read_text("utf-8"), f"{name} changed; see the top of {Path(__file__).name}"


def test_asset_keys_are_those_of_the_snapshot(graph):
    compare("asset_keys.txt", [key.to_user_string() for key in graph.get_all_asset_keys()])


def test_jobs_sensors_and_schedules_are_those_of_the_snapshot(definitions):
    repository = definitions.get_repository_def()
    names = [f"job {job.name}" for job in repository.get_all_jobs() if not job.name.startswith("__")]
    names += [f"sensor {sensor.name}" for sensor in repository.sensor_defs]
    names += [f"schedule {schedule.name}" for schedule in repository.schedule_defs]
    compare("jobs.txt", names)


def upstream(graph, key: dg.AssetKey) -> set[dg.AssetKey]:
    found: set[dg.AssetKey] = set()
    todo = [key]
    while todo:
        for parent in graph.get(todo.pop()).parent_keys - found:
            found.add(parent)
            todo.append(parent)
    return found


def test_lineage_runs_from_what_the_vendors_hold_to_what_is_written(graph):
    before = upstream(graph, outbound_key("m3__orders"))
    assert {gate_key("m3__orders"), diff_key("m3__orders")} <= before
    assert {raw_key("shop", "orders"), raw_key("freshbooks", "invoices"), raw_key("m3", "orders")} <= before
    layers = {key.path[0] for key in before}
    assert {"raw", "staging", "canonical", "matched", "outbound", "gates", "lookups"} <= layers


@pytest.mark.parametrize("object_", OBJECTS)
def test_every_object_is_judged_before_it_is_written(graph, object_):
    assert graph.get(gate_key(object_)).parent_keys == {diff_key(object_)}
    assert graph.get(outbound_key(object_)).parent_keys == {gate_key(object_)}
    assert SUITE_PASSED in {key.name for key in graph.get_check_keys_for_assets({gate_key(object_)})}


def test_every_dbt_source_in_raw_is_landed_by_an_asset_of_ours(graph, manifest):
    sources = {node["name"] for node in manifest["sources"].values() if node["source_name"] == "raw"}
    landed = {key.path[1] for key in graph.executable_asset_keys if key.path[0] == "raw"}
    assert landed == sources


def test_every_model_and_seed_of_dbt_is_an_asset(graph, manifest):
    nodes = [n for n in manifest["nodes"].values() if n["resource_type"] in ("model", "seed")]
    keys = {
        dg.AssetKey([n["schema"], n["name"]]) for n in nodes if n["config"]["materialized"] != "ephemeral"
    }
    assert keys <= graph.executable_asset_keys


def test_every_dbt_test_that_belongs_to_a_model_is_a_check(graph, manifest):
    generic = {
        n["name"]
        for n in manifest["nodes"].values()
        if n.get("attached_node") and n["resource_type"] == "test"
    }
    assert generic <= {key.name for key in graph.asset_check_keys}


def test_every_asset_says_what_it_is_and_whose(graph):
    for key in graph.get_all_asset_keys():
        node = graph.get(key)
        assert node.owners and node.group_name != "default", key
        assert node.description and len(node.description) > 20, key
        assert node.kinds, key
        assert "layer" in node.tags, key


def test_tables_with_personal_data_or_amounts_are_found_by_tag(graph):
    def tagged(tag: str) -> set[str]:
        return {key.to_user_string() for key in graph.get_all_asset_keys() if tag in graph.get(key).tags}

    assert {
        "raw/freshbooks__clients", "raw/m3__customers", "raw/shop__orders", "staging/stg_shop__customers",
        "canonical/parties", "outbound/diff_freshbooks__clients", "outbound/freshbooks__clients",
    } <= tagged("pii")  # fmt: skip
    assert not {"raw/m3__items", "canonical/items", "lookups/tax_rules", "canonical/document_lines"} & tagged(
        "pii"
    )
    assert {"canonical/documents", "canonical/payments", "raw/m3__ledger", "outbound/m3__receipts"} <= tagged(
        "money"
    )
    assert not {"canonical/parties", "raw/m3__items", "outbound/m3__customers"} & tagged("money")


def test_an_asset_of_one_system_carries_its_name(graph):
    for key, system in (
        ("raw/m3__orders", "m3"),
        ("staging/stg_shop__orders", "shop"),
        ("outbound/m3__orders", "m3"),
    ):
        assert graph.get(dg.AssetKey(key.split("/"))).tags["system"] == system


def test_what_a_pass_or_a_full_build_makes_has_to_be_fresh_and_what_is_written_on_demand_has_not(graph):
    for key in graph.executable_asset_keys:
        policy = graph.get(key).freshness_policy
        if key.path[0] == "gates" or key in {outbound_key(object_) for object_ in OBJECTS}:
            assert policy is None, f"{key}: nothing to write is no reason to call it stale"
        else:
            assert policy is not None, key
    assert graph.get(raw_key("shop", "orders")).freshness_policy.fail_window.to_timedelta() == timedelta(
        hours=2
    )


def test_nothing_materializes_itself(graph):
    assert {graph.get(key).automation_condition for key in graph.get_all_asset_keys()} == {None}


def test_every_table_shows_its_columns_with_what_each_is(graph):
    for key in graph.get_all_asset_keys():
        if key.path[0] in ("gates", "warehouse", "report_pages") or key in {
            outbound_key(object_) for object_ in OBJECTS
        }:
            continue
        about = graph.get(key).metadata
        columns = about["dagster/column_schema"].columns
        assert columns and all(column.description for column in columns), key
        assert about["dagster/table_name"] == f"warehouse.{key.path[0]}.{key.path[1]}"
        assert about["file"].startswith("dbt_project/"), key


def test_a_key_is_shown_as_one(graph):
    columns = graph.get(dg.AssetKey(["canonical", "documents"])).metadata["dagster/column_schema"].columns
    limits = {column.name: column.constraints for column in columns}
    assert limits["doc_uid"].unique and not limits["doc_uid"].nullable
    assert limits["doc_type"].other == ["one of order, invoice, credit_note, credit_order, credit_invoice"]


def test_every_job_sensor_and_schedule_says_what_it_does(definitions):
    repository = definitions.get_repository_def()
    for job in repository.get_all_jobs():
        if not job.name.startswith("__"):
            assert job.description and "fbinfor/does" in job.tags, job.name
    for trigger in (*repository.sensor_defs, *repository.schedule_defs):
        assert trigger.description, trigger.name


def assets_of(definitions, job: str) -> set[dg.AssetKey]:
    return set(definitions.resolve_job_def(job).asset_layer.executable_asset_keys)


def test_a_pass_covers_every_asset_that_can_run_but_the_reports(definitions, graph):
    reports = {key for key in graph.executable_asset_keys if graph.get(key).group_name == REPORTS}
    assert reports and assets_of(definitions, "sync_cycle") == set(graph.executable_asset_keys) - reports
    assert assets_of(definitions, "refresh_reports") == reports | {PUBLISHED}
    assert reports < assets_of(definitions, "full_build") and reports < assets_of(definitions, "full_rebuild")


def test_the_snapshot_follows_every_build_and_the_reports_where_a_run_makes_them(graph):
    parents = graph.get(PUBLISHED).parent_keys
    assert BUILT in parents and {key.path[0] for key in parents - {BUILT}} == {"reports"}
    assert {diff_key(object_) for object_ in OBJECTS} <= graph.get(BUILT).parent_keys


def test_every_job_runs_in_one_process(definitions):
    jobs = [job for job in definitions.resolve_all_job_defs() if not job.name.startswith("__")]
    assert {job.executor_def.name for job in jobs} == {"in_process"}


def test_resources_can_be_replaced_without_patching(manifest):
    mine = object()
    definitions = build_defs(manifest=manifest, resource_overrides={"app": mine})
    assert definitions.resources["app"].resource_fn(None) is mine
    assert build_defs(manifest=manifest).resources["app"] is not definitions.resources["app"]
