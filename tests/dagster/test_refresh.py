"""Reports are made apart from passes: over the last complete build, when it has something that they do not show."""

from __future__ import annotations

import dagster as dg
import pytest

from fbinfor_assets.defs.automation import load_automation
from fbinfor_assets.defs.naming import BUILT, PUBLISHED
from fbinfor_assets.defs.warehouse.sensors import nothing_new_to_show, schedules
from fbinfor_assets.defs.warehouse.specs import dbt_specs


@pytest.fixture(scope="module")
def specs(manifest):
    return dbt_specs(manifest, load_automation())


@pytest.fixture(scope="module")
def reports(specs) -> list[dg.AssetKey]:
    return [spec.key for spec in specs.reports]


@pytest.fixture
def shown(world) -> None:
    """The reports show the last build."""
    assert world.cycle.run().ok
    assert world.cycle.refresh_reports().ok


def tick(world, specs, name: str = "refresh_reports_every_quarter_hour") -> dg.ScheduleExecutionData:
    (schedule,) = [one for one in schedules(load_automation(), specs) if one.name == name]
    return schedule.evaluate_tick(dg.build_schedule_context(instance=world.instance))


def generations(world, schema: str) -> set[int]:
    with world.app.warehouse.connect("test") as con:
        tables = con.execute(
            "select table_name from duckdb_tables() where database_name = 'warehouse' and schema_name = ?",
            [schema],
        ).fetchall()
        return {
            g
            for (t,) in tables
            for (g,) in con.execute(f"select distinct _generation from {schema}.{t}").fetchall()
        }


def published(world, query: str) -> list[tuple]:
    return world.app.warehouse.sql(query).rows


def test_a_pass_leaves_the_reports_as_they_were_and_is_followed_by_the_snapshot(world, shown):
    before = generations(world, "reports")
    world.pay()
    report = world.cycle.run()
    assert report.ok and report.nodes > 0
    assert generations(world, "reports") == before
    made = world.instance.get_latest_materialization_event(PUBLISHED)
    assert made.run_id == report.run_id


def test_a_refresh_shows_the_last_build_begins_none_and_publishes(world, shown):
    world.pay()
    built = world.cycle.run()
    refreshed = world.cycle.refresh_reports()
    assert refreshed.ok and not refreshed.failed_checks
    assert generations(world, "reports") == {built.generation}
    assert world.app.warehouse.last_build().generation == built.generation
    assert published(world, "select distinct _generation from reports.document_classes") == [
        (built.generation,)
    ]


def test_the_schedule_skips_while_the_reports_show_the_last_build(world, shown, specs):
    assert "the last complete one" in tick(world, specs).skip_message


def test_the_schedule_skips_while_later_builds_found_nothing_changed(world, shown, specs):
    world.settle()
    world.cycle.refresh_reports()
    idle = world.cycle.run()
    assert idle.nodes == 0
    assert "found nothing changed" in tick(world, specs).skip_message


def test_the_schedule_asks_for_a_refresh_when_a_build_has_something_new(world, shown, specs):
    world.pay()
    assert world.cycle.run().nodes > 0
    (request,) = tick(world, specs).run_requests
    assert "changed something" in request.tags["fbinfor/because"]


def test_before_the_first_build_there_is_nothing_to_show(reports):
    with dg.DagsterInstance.ephemeral(settings={"telemetry": {"enabled": False}}) as instance:
        assert nothing_new_to_show(instance, reports) == "there is no complete build yet"


def test_over_a_build_that_does_not_stand_no_report_is_made_and_the_reason_is_said(world):
    world.app.warehouse.run_dbt(select=["stg_shop__orders"])
    refused = world.cycle.refresh_reports()
    assert not refused.ok and "nothing whole to report on" in refused.errors[0]
    assert world.cycle.run(full=True).ok


def test_a_report_made_by_hand_leaves_the_others(world, shown, reports):
    key = dg.AssetKey(["reports", "document_classes"])
    result = world.run(key)
    assert result.success
    assert {event.asset_key for event in result.get_asset_materialization_events()} == {key}


def test_a_full_build_makes_every_model_and_report_with_its_rows(world, specs):
    report = world.cycle.run(job="full_build")
    assert report.ok, report.errors
    newest = world.instance.get_latest_materialization_events(
        [*(s.key for s in specs.assets), *(s.key for s in specs.reports)]
    )
    for key, event in newest.items():
        assert event is not None and event.run_id == report.run_id, key
        if key != BUILT:
            assert event.asset_materialization.metadata["dagster/row_count"].value >= 0, key
    assert world.instance.get_latest_materialization_event(PUBLISHED).run_id == report.run_id


def test_everything_at_once_makes_the_reports_too_though_nothing_changed(world, reports):
    """What "Materialize all" does in the Dagster page: no report is left out because a model stands as it was."""
    world.settle()
    graph = world.cycle.definitions.resolve_asset_graph()
    result = world.run(*sorted(graph.executable_asset_keys))
    assert result.success
    assert set(reports) <= {event.asset_key for event in result.get_asset_materialization_events()}
