"""What the definitions contain: every key and job by snapshot, lineage, defaults.

The snapshots are accepted anew by

    FBINFOR_UPDATE_SNAPSHOTS=1 .venv/bin/python -m pytest tests/dagster/test_definitions.py

and reviewed as a diff: a key that disappears takes its history in Dagster with it.
"""

from __future__ import annotations

import os
from pathlib import Path

import dagster as dg
import pytest

from fbinfor_assets.defs.assemble import build_defs
from fbinfor_assets.defs.gates.assets import CHECK as SUITE_PASSED
from fbinfor_assets.defs.naming import OBJECTS, PUBLISHED, diff_key, gate_key, outbound_key, raw_key

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


def test_every_asset_of_ours_has_an_owner_a_group_and_a_description(graph):
    for key in graph.executable_asset_keys:
        node = graph.get(key)
        assert node.owners and node.group_name != "default", key
        assert node.description, key


def test_a_pass_covers_every_asset_that_can_run(definitions, graph):
    job = definitions.resolve_job_def("sync_cycle")
    assert set(job.asset_layer.executable_asset_keys) == set(graph.executable_asset_keys)
    assert PUBLISHED in job.asset_layer.executable_asset_keys


def test_every_job_runs_in_one_process(definitions):
    jobs = [job for job in definitions.resolve_all_job_defs() if not job.name.startswith("__")]
    assert {job.executor_def.name for job in jobs} == {"in_process"}


def statuses(definitions) -> set[str]:
    repository = definitions.get_repository_def()
    return {each.default_status.value for each in (*repository.sensor_defs, *repository.schedule_defs)}


def test_sensors_and_the_sweep_are_off_unless_somebody_switches_them_on(manifest, monkeypatch):
    monkeypatch.delenv("FBINFOR_SENSORS", raising=False)
    assert statuses(build_defs(manifest=manifest)) == {"STOPPED"}
    monkeypatch.setenv("FBINFOR_SENSORS", "running")
    assert statuses(build_defs(manifest=manifest)) == {"RUNNING"}
    assert statuses(build_defs(manifest=manifest, sensors_running=False)) == {"STOPPED"}


def test_resources_can_be_replaced_without_patching(manifest):
    mine = object()
    definitions = build_defs(manifest=manifest, resource_overrides={"app": mine})
    assert definitions.resources["app"].resource_fn(None) is mine
    assert build_defs(manifest=manifest).resources["app"] is not definitions.resources["app"]
