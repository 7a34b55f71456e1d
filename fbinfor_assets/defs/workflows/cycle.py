"""Passes in this process, for the command line and the demo: real Dagster runs, and what they did as one report.

Belongs here: executing `sync_cycle` with given resources, reading its events, repeating it until nothing is sent.
Does not belong here: what a step does (its asset), printing (cli.py).
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import dagster as dg

from fbinfor_assets.app import App
from fbinfor_assets.defs.naming import BUILT, OBJECTS, gate_key, outbound_key
from fbinfor_assets.defs.polling import SYNC
from fbinfor_assets.defs.resources import Progress, no_progress
from fbinfor_assets.defs.warehouse.assets import BUILD, NODES, PUBLISH
from fbinfor_assets.defs.warehouse.jobs import REFRESH_REPORTS

MOST_PASSES = 12
_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
_COUNTS = (
    "sent",
    "confirmed",
    "refused",
    "in_doubt",
    "dead",
    "conflicts",
    "waiting",
    "unconfirmed",
    "skipped",
    "recovered",
)


@dataclass
class Pushed:
    """What a pass did with one outbound object, in rows: judged (`rows`, `quarantined`), delivered (the rest).

    `finished`: nothing of it is left for the next pass to go on with. `stopped_by`: batch-level rules that failed.
    """

    object: str
    rows: int = 0
    quarantined: int = 0
    sent: int = 0
    confirmed: int = 0
    refused: int = 0
    in_doubt: int = 0
    dead: int = 0
    conflicts: int = 0
    waiting: int = 0
    unconfirmed: int = 0
    skipped: int = 0
    recovered: int = 0
    finished: bool = True
    stopped_by: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)


@dataclass
class CycleReport:
    """One pass. `landed`: new rows by `<system>__<entity>`; `pushed`: by outbound object, those that were reached.

    `generation`: of the build, None if it did not get there; `nodes`: of dbt that ran in it.
    `failed_checks`: asset checks that did not pass, as `asset: check`. `errors`: one sentence per step that failed. `seconds`: wall clock. `ok`: the run succeeded.
    """

    run_id: str
    ok: bool
    seconds: float
    landed: dict[str, int] = field(default_factory=dict)
    generation: int | None = None
    nodes: int = 0
    pushed: dict[str, Pushed] = field(default_factory=dict)
    failed_checks: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @property
    def sent(self) -> dict[str, int]:
        """Records accepted by a target in this pass, by object."""
        return {name: pushed.sent for name, pushed in self.pushed.items()}

    @property
    def quarantined(self) -> dict[str, int]:
        """Rows that the gate held, by object."""
        return {name: pushed.quarantined for name, pushed in self.pushed.items()}

    @property
    def sent_in_all(self) -> int:
        return sum(pushed.sent for pushed in self.pushed.values())

    @property
    def landed_in_all(self) -> int:
        return sum(self.landed.values())

    @property
    def settled(self) -> bool:
        """Nothing was sent and nothing is left to go on with: another pass would do the same again."""
        return self.sent_in_all == 0 and all(pushed.finished for pushed in self.pushed.values())


@dataclass
class SettledReport:
    """Several passes, and the publishing behind them, with or without new reports (None: it was left out).

    `settled`: the last pass sent nothing and left nothing; `ok`: so, and every pass and the publishing succeeded.
    """

    passes: list[CycleReport]
    shown: CycleReport | None = None

    @property
    def settled(self) -> bool:
        return bool(self.passes) and self.passes[-1].settled

    @property
    def ok(self) -> bool:
        return self.settled and all(report.ok for report in self.runs)

    @property
    def runs(self) -> list[CycleReport]:
        """The passes, and the publishing behind them if there was one."""
        return [*self.passes, *([self.shown] if self.shown else [])]

    @property
    def seconds(self) -> float:
        return sum(report.seconds for report in self.runs)

    @property
    def errors(self) -> list[str]:
        return list(dict.fromkeys(error for report in self.runs for error in report.errors))

    def total(self, what: str) -> dict[str, int]:
        """Sum over the passes of `sent`, `confirmed`, `refused` or `recovered`, by object."""
        return {
            name: sum(getattr(report.pushed[name], what) for report in self.passes if name in report.pushed)
            for name in OBJECTS
        }

    def last(self, object_: str) -> Pushed:
        """How the last pass that reached an object left it; zeros if none did."""
        for report in reversed(self.passes):
            if object_ in report.pushed:
                return report.pushed[object_]
        return Pushed(object_)


class Cycle:
    """Passes over one app. Building the definitions costs half a second, so they are kept for all passes."""

    def __init__(
        self, app: App, *, instance: dg.DagsterInstance | None = None, progress: Progress | None = None
    ) -> None:
        from fbinfor_assets.defs.assemble import build_defs

        self._own = instance is None
        self.instance = instance or dg.DagsterInstance.ephemeral(settings={"telemetry": {"enabled": False}})
        overrides: dict[str, Any] = {"app": app, "progress": progress or no_progress}
        self.definitions = build_defs(resource_overrides=overrides, manifest=app.warehouse.manifest())

    def run(self, *, full: bool = False, job: str = SYNC) -> CycleReport:
        """One pass as one Dagster run in this process. Never raises for what a step does; it is in the report.

        Raises `KeyboardInterrupt` if a person (or a stopping process) broke a step off: Dagster notes that as a failed step,
        and whoever repeats passes would go on.
        """
        return self._execute(job, {BUILD: {"config": {"full": True}}} if full else {})

    def publish(self) -> CycleReport:
        """Publish the snapshot now, however young the last one is."""
        return self._execute("publish_warehouse", {PUBLISH: {"config": {"min_age_seconds": 0.0}}})

    def refresh_reports(self) -> CycleReport:
        """Make the reports over the last build, and publish the snapshot with them."""
        return self._execute(REFRESH_REPORTS, {PUBLISH: {"config": {"min_age_seconds": 0.0}}})

    def run_until_settled(
        self, max_passes: int = MOST_PASSES, *, full: bool = False, show: bool = True
    ) -> SettledReport:
        """Passes until one sends nothing and leaves nothing to go on with, until one fails, or until `max_passes`.

        Unless `show` is false, the snapshot is then published, with new reports in it if the passes settled, so that what
        readers see is what the last pass left. What goes wrong with that is in the report's errors.
        """
        passes: list[CycleReport] = []
        while len(passes) < max_passes:
            passes.append(self.run(full=full and not passes))
            if passes[-1].settled or not passes[-1].ok:
                break
        shown = None
        if show and passes and passes[-1].ok:
            shown = self.refresh_reports() if passes[-1].settled else self.publish()
        return SettledReport(passes, shown)

    def _execute(self, job: str, ops: Mapping[str, Any]) -> CycleReport:
        begun = time.monotonic()
        result = self.definitions.resolve_job_def(job).execute_in_process(
            run_config={**_QUIET, "ops": dict(ops)}, instance=self.instance, raise_on_error=False
        )
        report = CycleReport(result.run_id, result.success, 0.0)
        for event in result.all_events:
            _read(event, report)
            if event.event_type is dg.DagsterEventType.STEP_FAILURE and _INTERRUPTED in _classes(event):
                raise KeyboardInterrupt
        report.seconds = round(time.monotonic() - begun, 3)
        return report


def run_cycle(
    app: App,
    *,
    instance: dg.DagsterInstance | None = None,
    progress: Progress | None = None,
    full: bool = False,
) -> CycleReport:
    """One pass of `sync_cycle` in this process with `app` as its resources, recorded in `instance` (None: nowhere)."""
    return Cycle(app, instance=instance, progress=progress).run(full=full)


def run_until_settled(
    app: App,
    max_passes: int = MOST_PASSES,
    *,
    instance: dg.DagsterInstance | None = None,
    progress: Progress | None = None,
    full: bool = False,
) -> SettledReport:
    """Passes until one sends nothing: a client made in one is landed in the next, and its invoice leaves in that."""
    return Cycle(app, instance=instance, progress=progress).run_until_settled(max_passes, full=full)


# ---- reading a run's events -----------------------------------------------------------------------------------------

_INTERRUPTED = "DagsterExecutionInterruptedError"
_GATES = {gate_key(object_): object_ for object_ in OBJECTS}
_OUTBOUND = {outbound_key(object_): object_ for object_ in OBJECTS}


def _read(event: dg.DagsterEvent, report: CycleReport) -> None:
    kind = event.event_type
    if kind is dg.DagsterEventType.ASSET_MATERIALIZATION:
        made = event.step_materialization_data.materialization
        _materialized(made.asset_key, {name: _value(value) for name, value in made.metadata.items()}, report)
    elif kind is dg.DagsterEventType.ASSET_CHECK_EVALUATION:
        check = event.asset_check_evaluation_data
        if not check.passed:
            report.failed_checks.append(f"{check.asset_key.to_user_string()}: {check.check_name}")
    elif kind is dg.DagsterEventType.STEP_FAILURE:
        report.errors.append(_sentence(event))
    elif kind is dg.DagsterEventType.RUN_FAILURE and not report.errors:
        report.errors.append(event.message or "the run failed")


def _materialized(key: dg.AssetKey, about: Mapping[str, Any], report: CycleReport) -> None:
    if key.path[0] == "raw":
        report.landed[key.path[-1]] = about["rows"]
    elif key in _GATES:
        pushed = report.pushed.setdefault(_GATES[key], Pushed(_GATES[key]))
        pushed.rows, pushed.quarantined = about["rows"], about["quarantined"]
        pushed.stopped_by = about["stopped_by"]
    elif key in _OUTBOUND:
        pushed = report.pushed.setdefault(_OUTBOUND[key], Pushed(_OUTBOUND[key]))
        for name in _COUNTS:
            setattr(pushed, name, about[name])
        pushed.finished, pushed.messages = about["finished"], about["messages"]
    elif key == BUILT:
        report.generation, report.nodes = about["generation"], about[NODES]


def _classes(event: dg.DagsterEvent) -> set[str | None]:
    """The classes of a failed step's error and of what caused it."""
    found, error = set(), event.step_failure_data.error
    while error is not None:
        found.add(error.cls_name)
        error = error.cause
    return found


def _value(value: dg.MetadataValue) -> Any:
    return getattr(value, "data", None) if isinstance(value, dg.JsonMetadataValue) else value.value


def _sentence(event: dg.DagsterEvent) -> str:
    """What a failed step says: our own `Failure`'s sentence, else the innermost exception's."""
    failure = event.step_failure_data
    said = failure.user_failure_data
    if said is not None and said.description:
        return said.description
    error = failure.error
    if error is not None and error.cls_name == "DagsterAssetCheckFailedError":
        checks = "; ".join(error.message.strip().splitlines()[1:])
        return f"{event.step_key}: checks that must hold failed ({checks}); nothing behind them was sent"
    while error is not None and error.cause is not None:
        error = error.cause
    return f"{event.step_key}: {error.message.strip() if error else 'failed without a message'}"
