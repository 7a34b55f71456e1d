"""What starts a refresh of the reports, and a full build, without a person.

Belongs here: their schedules. Does not belong here: what they make (`jobs.py`), when they are on (config/automation.yml).
"""

import dagster as dg

from fbinfor_assets.defs.automation import Automation, Trigger
from fbinfor_assets.defs.naming import BUILT, TURN
from fbinfor_assets.defs.warehouse.assets import NODES
from fbinfor_assets.defs.warehouse.jobs import FULL_BUILD, REFRESH_REPORTS
from fbinfor_assets.defs.warehouse.specs import DbtSpecs

_LOOK = 1_000


def schedules(automation: Automation, specs: DbtSpecs) -> list[dg.ScheduleDefinition]:
    """`refresh_reports_every_quarter_hour` and `full_build_every_night`."""
    return [
        _refresh_reports(automation.schedules["refresh_reports_every_quarter_hour"], automation, specs),
        _full_build(automation.schedules["full_build_every_night"], automation),
    ]


def _refresh_reports(trigger: Trigger, automation: Automation, specs: DbtSpecs) -> dg.ScheduleDefinition:
    reports = [spec.key for spec in specs.reports]

    @dg.schedule(
        name=trigger.name,
        job_name=REFRESH_REPORTS,
        cron_schedule=trigger.cron,
        execution_timezone=automation.time_zone,
        default_status=trigger.schedule_status,
        description="Makes the reports over the last complete build; skipped while they show it already.",
    )
    def refresh(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        if trigger.off_because:
            return dg.SkipReason(trigger.off_because)
        why_not = nothing_new_to_show(context.instance, reports)
        if why_not is not None:
            return dg.SkipReason(why_not)
        return dg.RunRequest(tags={"fbinfor/because": "a build since the last refresh changed something"})

    return refresh


def _full_build(trigger: Trigger, automation: Automation) -> dg.ScheduleDefinition:
    @dg.schedule(
        name=trigger.name,
        job_name=FULL_BUILD,
        cron_schedule=trigger.cron,
        execution_timezone=automation.time_zone,
        default_status=trigger.schedule_status,
        description="Builds every model anew and tests every row of it, when nobody waits for it.",
    )
    def full_build(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        if trigger.off_because:
            return dg.SkipReason(trigger.off_because)
        return dg.RunRequest(tags={**TURN, "fbinfor/because": "the nightly full build"})

    return full_build


def nothing_new_to_show(instance: dg.DagsterInstance, reports: list[dg.AssetKey]) -> str | None:
    """Why the reports need no refresh, as a sentence; None if they do.

    Read from what Dagster recorded of builds and reports, not from the warehouse: a tick opens no database and waits for
    no lock.
    """
    latest = instance.get_latest_materialization_events([BUILT, *reports])
    build = latest.get(BUILT)
    if build is None:
        return "there is no complete build yet"
    made = [latest.get(key) for key in reports]
    if any(event is None for event in made):
        return None
    shown = min(_generation(event) for event in made)
    newest = _generation(build)
    if shown >= newest:
        return f"the reports show build {newest}, the last complete one"
    since = dg.AssetRecordsFilter(asset_key=BUILT, after_timestamp=min(event.timestamp for event in made))
    later = instance.fetch_materializations(since, limit=_LOOK).records
    if len(later) < _LOOK and not any(_value(record.event_log_entry, NODES) for record in later):
        return f"the reports show build {shown}; the builds since then, up to {newest}, found nothing changed"
    return None


def _generation(event: dg.EventLogEntry) -> int:
    return int(_value(event, "generation") or 0)


def _value(event: dg.EventLogEntry, name: str) -> object:
    found = event.asset_materialization.metadata.get(name)
    return found.value if found is not None else None
