"""What a build's results become in Dagster: materialisations, checks, and a run that stops."""

from __future__ import annotations

from contextlib import nullcontext
from types import SimpleNamespace

import dagster as dg
import pytest

from fbinfor_assets.defs.assemble import build_defs
from fbinfor_assets.defs.automation import load_automation
from fbinfor_assets.defs.warehouse.specs import dbt_specs
from fbinfor_assets.warehouse import DbtReport, Loaded, NodeResult

MODEL = "model.fbinfor.stg_shop__orders"
KEY = dg.AssetKey(["staging", "stg_shop__orders"])


@pytest.fixture
def build(world, manifest):
    """Runs `build_warehouse` over a warehouse that reports these results instead of running dbt."""

    def run(status: str, *results: NodeResult) -> dg.ExecuteInProcessResult:
        report = DbtReport(7, 6, status, None, None, list(results), Loaded(0, 0, 0, 7), 0, 1.0, 0.9)
        warehouse = SimpleNamespace(
            run_dbt=lambda **_: report,
            connect=lambda purpose: nullcontext(),
            outbound_count=lambda object_: 0,
        )
        app = SimpleNamespace(warehouse=warehouse, store=world.app.store)
        definitions = build_defs(manifest=manifest, resource_overrides={"app": app})
        with dg.DagsterInstance.ephemeral(settings={"telemetry": {"enabled": False}}) as instance:
            return definitions.resolve_job_def("build_warehouse").execute_in_process(
                run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
                instance=instance,
                raise_on_error=False,
            )

    return run


def node(unique_id: str, status: str, message: str | None = None, failures: int | None = None) -> NodeResult:
    return NodeResult(unique_id, status, 0.1, 12, message, failures, written=3)


@pytest.fixture(scope="module")
def a_test(manifest) -> str:
    """A test of the model whose severity is error."""
    specs = dbt_specs(manifest, load_automation())
    return next(unique_id for unique_id, check in specs.check_of.items() if check.asset_key == KEY)


def test_a_model_that_was_built_is_a_materialisation_with_its_rows(build):
    result = build("failed", node(MODEL, "success"))
    (made,) = [
        event.step_materialization_data.materialization for event in result.get_asset_materialization_events()
    ]
    assert made.asset_key == KEY
    about = {name: value.value for name, value in made.metadata.items()}
    assert (about["generation"], about["dagster/row_count"], about["rows_written"]) == (7, 12, 3)


def test_a_model_that_was_skipped_is_not_materialised(build):
    assert build("failed", node(MODEL, "skipped")).get_asset_materialization_events() == []


def test_a_model_that_failed_fails_the_run_with_its_message(build):
    result = build("failed", node(MODEL, "error", "Binder Error: no column named netto"))
    (failure,) = [
        event.step_failure_data for event in result.filter_events(lambda event: event.is_step_failure)
    ]
    assert not result.success
    assert "no column named netto" in failure.user_failure_data.description
    assert "Nothing is delivered" in failure.user_failure_data.description


@pytest.mark.parametrize("status", ["pass", "fail", "error"])
def test_a_test_is_the_check_of_its_model_and_stops_the_run_unless_it_passed(build, a_test, status):
    result = build(
        "complete" if status == "pass" else "failed", node(MODEL, "success"), node(a_test, status, failures=2)
    )
    (check,) = [each for each in _checks(result) if each.asset_key == KEY]
    assert check.passed is (status == "pass") and check.severity is dg.AssetCheckSeverity.ERROR
    assert result.success is (status == "pass")


def test_a_test_that_only_warns_shows_and_does_not_stop_the_run(build, a_test):
    result = build("complete", node(MODEL, "success"), node(a_test, "warn", failures=1))
    (check,) = _checks(result)
    assert not check.passed and check.severity is dg.AssetCheckSeverity.WARN and result.success


def test_a_test_that_was_skipped_says_nothing(build, a_test):
    assert _checks(build("failed", node(MODEL, "skipped"), node(a_test, "skipped"))) == []


def test_a_failed_test_that_belongs_to_no_model_stops_the_run_too(build):
    result = build(
        "failed", node(MODEL, "success"), node("test.fbinfor.of_several_models", "fail", "3 rows differ", 3)
    )
    (failure,) = [
        event.step_failure_data for event in result.filter_events(lambda event: event.is_step_failure)
    ]
    assert not result.success and "3 rows differ" in failure.user_failure_data.description


def _checks(result: dg.ExecuteInProcessResult) -> list:
    found = result.filter_events(lambda e: e.event_type is dg.DagsterEventType.ASSET_CHECK_EVALUATION)
    return [event.asset_check_evaluation_data for event in found]
