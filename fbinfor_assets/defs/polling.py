"""Polling, the same for every system: a cheap look, and a run of `sync_cycle` if something is new.

Belongs here: the factory of polling sensors, and whether a run is waiting already.
Does not belong here: what is looked at (`<system>/assets.py`), how (`landing.first_change`).

Level-triggered: a poll decides only when a run starts, never what it does. A change that a poll misses is found by the
sweep (`workflows/sensors.py`).
"""

from collections.abc import Sequence

import dagster as dg

from fbinfor_assets.app import App
from fbinfor_assets.clients.errors import ClientError
from fbinfor_assets.config import ConfigError
from fbinfor_assets.defs.automation import Trigger
from fbinfor_assets.defs.landing import Entity, first_change
from fbinfor_assets.defs.naming import TURN, tags

SYNC = "sync_cycle"

_WAITING = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
]


def sync_waits(instance: dg.DagsterInstance) -> bool:
    """Whether a pass is queued and has not begun: it will see whatever is new now."""
    waiting = dg.RunsFilter(job_name=SYNC, statuses=_WAITING)
    return bool(instance.get_runs(waiting, limit=1))


def polling_sensor(system: str, entities: Sequence[Entity], trigger: Trigger) -> dg.SensorDefinition:
    """`poll_<system>` (the trigger's name): launches `sync_cycle` if one of the polled entities has something that was not landed yet."""
    polled = [entity for entity in entities if entity.polled]

    @dg.sensor(
        name=trigger.name,
        job_name=SYNC,
        minimum_interval_seconds=trigger.every_seconds,
        default_status=trigger.sensor_status,
        description=f"Asks {system} whether {', '.join(entity.name for entity in polled)} changed since the last landing; "
        "a pass starts if so.",
        tags=tags("raw", f"{system}__"),
        required_resource_keys={"app"},
    )
    def poll(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        if trigger.off_because:
            return dg.SkipReason(trigger.off_because)
        if sync_waits(context.instance):
            return dg.SkipReason("a sync is queued already; it will see what is new")
        app: App = context.resources.app
        try:
            found = first_change(app, polled)
        except (ClientError, ConfigError) as error:
            # A vendor that is down is not a defect: the next look, or the sweep, comes anyway.
            return dg.SkipReason(f"{system} could not be asked: {error}")
        if found is None:
            return dg.SkipReason(f"nothing new in {system}")
        context.log.info(found)
        return dg.SensorResult(run_requests=[dg.RunRequest(tags={**TURN, "fbinfor/because": found[:200]})])

    return poll
