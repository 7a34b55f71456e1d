"""dbt's models as assets, built in this process by the warehouse, and the snapshot that analysts read.

Belongs here: the step that builds, the one that makes the reports over a build, and publishing. dbt's tests are its asset checks (`specs.py`).
Does not belong here: how dbt is called (warehouse/dbt_runner.py; nobody else calls it), the SQL (dbt_project).
"""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from fbinfor_assets.app import App
from fbinfor_assets.defs.automation import Automation
from fbinfor_assets.defs.landing import acting
from fbinfor_assets.defs.naming import BUILT, OBJECTS, OWNERS, PUBLISHED, diff_key, tags
from fbinfor_assets.defs.warehouse.specs import DbtSpecs, Manifest, model_names
from fbinfor_assets.delivery.intents import State
from fbinfor_assets.store import dead_letters, intents
from fbinfor_assets.warehouse import DbtReport, NodeResult

BUILD = "dbt_build"
SHOW = "dbt_reports"
PUBLISH = "warehouse__published"
# Metadata of `warehouse/build`: how many dbt nodes ran in it, 0 if nothing had changed.
NODES = "dbt_nodes"

Event = dg.MaterializeResult | dg.AssetCheckResult


def dbt_assets(manifest: Manifest, specs: DbtSpecs) -> dg.AssetsDefinition:
    """The step `dbt_build` over all models and seeds but the reports, and their tests. It ends with `warehouse/build`."""

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
            report = app.warehouse.run_dbt(select=select, full=config["full"], tests=tests, reports=False)
        _tell(context, report)
        yield from _events(report, specs, context)
        _stop_on_failure(report.results, specs, report.generation, "Nothing is delivered from this build")

    return dbt_build


def report_assets(manifest: Manifest, specs: DbtSpecs) -> dg.AssetsDefinition:
    """The step `dbt_reports` over the report models and their tests. It begins no build, so a pass never waits for it."""

    @dg.multi_asset(
        name=SHOW,
        specs=specs.reports,
        check_specs=specs.report_checks,
        can_subset=True,
        required_resource_keys={"app", "progress"},
    )
    def dbt_reports(context: dg.AssetExecutionContext) -> Iterator[Event]:
        app: App = context.resources.app
        context.resources.progress("reports", 0, 0)
        wanted = set(context.selected_asset_keys)
        with acting("the reports"):
            results = app.warehouse.run_reports(
                model_names(manifest, specs, wanted) if context.is_subset else None,
                tests=bool(context.selected_asset_check_keys),
            )
            build = app.warehouse.last_build()
        assert build is not None  # run_reports refuses without one
        by_key = {specs.key_of[r.unique_id]: r for r in results if r.unique_id in specs.key_of}
        for key in (spec.key for spec in specs.reports if spec.key in wanted):
            if key in by_key and by_key[key].status == "success":
                yield dg.MaterializeResult(
                    asset_key=key, metadata=_about_model(by_key[key], build.generation)
                )
        yield from _check_results(results, specs, context)
        _stop_on_failure(
            results, specs, build.generation, "The other reports and what is delivered are not touched"
        )

    return dbt_reports


def _events(report: DbtReport, specs: DbtSpecs, context: dg.AssetExecutionContext) -> Iterator[Event]:
    """One event per node that ran, and an output for every asset behind which the run goes on.

    Gates and outbound assets follow only where there is something to write, to finish or to look at, and there they follow
    also when nothing reached the model: after a crash behind the last build, for a row held by the gate, for an intent in
    doubt. A step without outputs costs nothing; sixteen that find nothing to do cost a second.
    """
    wanted = set(context.selected_asset_keys)
    results = {specs.key_of[r.unique_id]: r for r in report.results if r.unique_id in specs.key_of}
    going_on = _going_on(context, specs, wanted) if report.complete else set()
    # Dagster wants outputs in the order in which they read each other; the build itself comes last.
    for key in (spec.key for spec in specs.assets if spec.key in wanted and spec.key != BUILT):
        result = results.get(key)
        built = result is not None and result.status == "success"
        about = (
            _about_model(result, report.generation)
            if built
            else {"generation": report.generation, "note": _STANDS}
        )
        if key in going_on or (built and key not in _OBJECT_OF):
            yield dg.MaterializeResult(asset_key=key, metadata=about)
        elif built:
            context.log_event(dg.AssetMaterialization(asset_key=key, metadata=about))
    yield from _check_results(report.results, specs, context)
    if BUILT in wanted and report.complete:
        yield dg.MaterializeResult(asset_key=BUILT, metadata=_about_build(report))


def _check_results(
    results: list[NodeResult], specs: DbtSpecs, context: dg.AssetExecutionContext
) -> Iterator[dg.AssetCheckResult]:
    wanted = set(context.selected_asset_check_keys)
    for result in results:
        check = specs.check_of.get(result.unique_id)
        if check in wanted and result.status != "skipped":
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


def _going_on(context: dg.AssetExecutionContext, specs: DbtSpecs, keys: set[dg.AssetKey]) -> set[dg.AssetKey]:
    """Of these assets, those behind which the run goes on: differences with work are written.

    A run that also makes reports goes on behind all of them: a report reads most of the models and is not to be left out
    because one of them stands as it was.
    """
    run = context.op_execution_context.job_def.asset_layer.executable_asset_keys
    if any(spec.key in run for spec in specs.reports):
        return keys
    app: App = context.resources.app
    going_on: set[dg.AssetKey] = set()
    with app.warehouse.connect("looking for what is still to be written"), app.store.read() as tx:
        letters = {letter.object for letter in dead_letters.open_letters(tx)}
        for key in keys & set(_OBJECT_OF):
            object_ = _OBJECT_OF[key]
            is_open = object_ in letters or any(intents.count(tx, object_, state) for state in _OPEN)
            if is_open or app.warehouse.outbound_count(object_):
                going_on.add(key)
    return going_on


def _about_build(report: DbtReport) -> dict[str, Any]:
    return {
        "generation": report.generation,
        "how": f"full: {report.full_because}"
        if report.full_because
        else f"changes since build {report.since}",
        "raw_rows_loaded": report.loaded.rows,
        "store_rows_copied": report.copied,
        NODES: len(report.results),
        "rows_written": sum(result.written or 0 for result in report.results),
        "seconds": round(report.seconds, 3),
        "dbt_seconds": round(report.dbt_seconds, 3),
    }


def _about_model(result: NodeResult, generation: int) -> dict[str, Any]:
    about: dict[str, Any] = {"generation": generation, "seconds": round(result.seconds, 3)}
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


def _stop_on_failure(results: list[NodeResult], specs: DbtSpecs, generation: int, then: str) -> None:
    """A failed model stops the run. A failed test that is a check stops it as a blocking check; any other stops it here."""
    broken = [
        result
        for result in results
        if not result.ok
        and result.status != "skipped"
        and (result.unique_id in specs.key_of or result.unique_id not in specs.check_of)
    ]
    if broken:
        raise dg.Failure(
            description="; ".join(
                f"{result.unique_id}: {result.message or result.status}" for result in broken[:5]
            )
            + f". {then}",
            metadata={"generation": generation, "failed": len(broken)},
            allow_retries=False,
        )


def published_asset(specs: DbtSpecs, automation: Automation) -> dg.AssetsDefinition:
    """`warehouse/published`: the snapshot that analysts and the console read; replaced at once, never half a build.

    It follows every build, so that a snapshot left out once is made later; and the report models, where a run makes them.
    """

    @dg.asset(
        key=PUBLISHED,
        deps=[BUILT, *(spec.key for spec in specs.reports)],
        group_name="warehouse",
        description="The published snapshot of the warehouse: a checked copy that readers open without any lock.",
        owners=OWNERS,
        kinds={"duckdb"},
        tags=tags("warehouse", pii=True, money=True),
        freshness_policy=automation.freshness["warehouse"],
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
                "path": dg.MetadataValue.path(str(outcome.path)),
                "published": outcome.skipped is None,
                "note": outcome.skipped or f"{outcome.tables} tables, {outcome.bytes} bytes",
            }
        )

    return published
