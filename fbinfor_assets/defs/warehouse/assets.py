"""dbt's models as assets, built in this process by the warehouse, and the snapshot that analysts read.

Belongs here: the one step that builds, and publishing. dbt's tests are its asset checks (`specs.py`).
Does not belong here: how dbt is called (warehouse/dbt_runner.py; nobody else calls it), the SQL (dbt_project).
"""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from fbinfor_assets.app import App
from fbinfor_assets.defs.landing import acting
from fbinfor_assets.defs.naming import OBJECTS, OWNERS, PUBLISHED, diff_key
from fbinfor_assets.defs.warehouse.specs import DbtSpecs, Manifest, dbt_specs, model_names
from fbinfor_assets.delivery.intents import State
from fbinfor_assets.store import dead_letters, intents
from fbinfor_assets.warehouse import DbtReport, NodeResult

BUILD = "dbt_build"
PUBLISH = "warehouse__published"

Event = dg.MaterializeResult | dg.AssetCheckResult


def dbt_assets(manifest: Manifest) -> tuple[dg.AssetsDefinition, list[dg.AssetSpec]]:
    """The step `dbt_build` over all models, seeds and tests, and the specs of what it reads besides raw."""
    specs = dbt_specs(manifest)

    @dg.multi_asset(
        name=BUILD,
        specs=specs.assets,
        check_specs=specs.checks,
        can_subset=True,
        required_resource_keys={"app", "progress"},
        config_schema={
            "full": dg.Field(
                bool, default_value=False, description="Build everything anew, not only changed keys."
            ),
            "reload": dg.Field(
                bool, default_value=False, description="Load the raw tables anew from var/raw first."
            ),
        },
    )
    def dbt_build(context: dg.AssetExecutionContext) -> Iterator[Event]:
        app: App = context.resources.app
        context.resources.progress("build", 0, 0)
        config: dict[str, Any] = context.op_execution_context.op_config
        select, tests = None, True
        if context.is_subset:
            select = model_names(manifest, specs, set(context.selected_asset_keys))
            tests = bool(context.selected_asset_check_keys)
        with acting("the dbt build"):
            if config["reload"]:
                app.warehouse.rebuild()
            report = app.warehouse.run_dbt(select=select, full=config["full"], tests=tests)
        _tell(context, report)
        yield from _events(report, specs, context)
        _stop_on_failure(report, specs)

    return dbt_build, specs.external


def _events(report: DbtReport, specs: DbtSpecs, context: dg.AssetExecutionContext) -> Iterator[Event]:
    """One event per node that ran, and an output for every asset behind which the pass goes on.

    Gates and outbound assets follow only where there is something to write, to finish or to look at, and there they follow
    also when nothing reached the model: after a crash behind the last build, for a row held by the gate, for an intent in
    doubt. A step without outputs costs nothing; sixteen that find nothing to do cost a second.
    """
    wanted = set(context.selected_asset_keys)
    wanted_checks = set(context.selected_asset_check_keys)
    results = {specs.key_of[r.unique_id]: r for r in report.results if r.unique_id in specs.key_of}
    going_on = _going_on(context.resources.app, wanted) if report.complete else set()
    # Dagster wants outputs in the order in which they read each other.
    for key in (spec.key for spec in specs.assets if spec.key in wanted):
        result = results.get(key)
        built = result is not None and result.status == "success"
        about = _about_model(result, report) if built else {"generation": report.generation, "note": _STANDS}
        if key in going_on or (built and key not in _OBJECT_OF):
            yield dg.MaterializeResult(asset_key=key, metadata=about)
        elif built:
            context.log_event(dg.AssetMaterialization(asset_key=key, metadata=about))
    for result in report.results:
        check = specs.check_of.get(result.unique_id)
        if check in wanted_checks and result.status != "skipped":
            yield dg.AssetCheckResult(
                asset_key=check.asset_key,
                check_name=check.name,
                passed=result.status == "pass",
                severity=dg.AssetCheckSeverity.WARN
                if result.status == "warn"
                else dg.AssetCheckSeverity.ERROR,
                metadata=_about_test(result),
            )


_OBJECT_OF = {diff_key(object_): object_ for object_ in OBJECTS}
_OPEN = (State.PLANNED, State.READY, State.SENDING, State.IN_DOUBT, State.ACKNOWLEDGED, State.CONFLICT)
_STANDS = "stands as it was: nothing that it reads has changed"


def _going_on(app: App, keys: set[dg.AssetKey]) -> set[dg.AssetKey]:
    """Of these assets, those behind which the pass goes on: reports are published, differences with work are written."""
    going_on = {key for key in keys if key.path[0] == "reports"}
    with app.warehouse.connect("looking for what is still to be written"), app.store.read() as tx:
        letters = {letter.object for letter in dead_letters.open_letters(tx)}
        for key in keys & set(_OBJECT_OF):
            object_ = _OBJECT_OF[key]
            is_open = object_ in letters or any(intents.count(tx, object_, state) for state in _OPEN)
            if is_open or app.warehouse.outbound_rows(object_):
                going_on.add(key)
    return going_on


def _about_model(result: NodeResult, report: DbtReport) -> dict[str, Any]:
    about: dict[str, Any] = {"generation": report.generation, "seconds": round(result.seconds, 3)}
    if result.rows is not None:
        about["dagster/row_count"] = result.rows
    if result.written is not None:
        about["rows_written"] = result.written
    return about


def _about_test(result: NodeResult) -> dict[str, Any]:
    about: dict[str, Any] = {"failures": result.failures or 0}
    if result.message:
        about["message"] = result.message
    return about


def _tell(context: dg.AssetExecutionContext, report: DbtReport) -> None:
    how = f"full, because {report.full_because}" if report.full_because else f"changes since {report.since}"
    context.log.info(
        f"generation {report.generation} is {report.status} ({how}; {report.loaded.rows} raw rows loaded, "
        f"{report.copied} rows of the store copied; dbt took {report.dbt_seconds:.1f} s)"
    )
    for result in report.failed:
        if result.status != "skipped":
            context.log.error(f"{result.unique_id}: {result.message or result.status}")


def _stop_on_failure(report: DbtReport, specs: DbtSpecs) -> None:
    """A failed model stops the run. A failed test that is a check stops it as a blocking check; any other stops it here."""
    broken = [
        result
        for result in report.failed
        if result.status != "skipped"
        and (result.unique_id in specs.key_of or result.unique_id not in specs.check_of)
    ]
    if broken:
        raise dg.Failure(
            description="; ".join(
                f"{result.unique_id}: {result.message or result.status}" for result in broken[:5]
            )
            + ". Nothing is delivered from this build",
            metadata={"generation": report.generation, "failed": len(broken)},
            allow_retries=False,
        )


def published_asset(reports: list[dg.AssetKey]) -> dg.AssetsDefinition:
    """`warehouse/published`: the snapshot that analysts and the console read; replaced at once, never half a build.

    It follows `reports`, the end of every build; they go on in each pass, so that a snapshot left out once is made later.
    """

    @dg.asset(
        key=PUBLISHED,
        deps=reports,
        group_name="warehouse",
        description="The published snapshot of the warehouse: a checked copy that readers open without any lock.",
        owners=OWNERS,
        kinds={"duckdb"},
        required_resource_keys={"app", "progress"},
        config_schema={
            "min_age_seconds": dg.Field(
                dg.Float, default_value=30.0, description="A younger snapshot is left in place."
            )
        },
    )
    def published(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        app: App = context.resources.app
        context.resources.progress("publish", 0, 0)
        with acting("publishing the warehouse"):
            outcome = app.warehouse.publish(context.op_execution_context.op_config["min_age_seconds"])
        return dg.MaterializeResult(
            metadata={
                "path": str(outcome.path),
                "published": outcome.skipped is None,
                "note": outcome.skipped or f"{outcome.tables} tables, {outcome.bytes} bytes",
            }
        )

    return published
