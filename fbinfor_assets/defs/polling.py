"""Polling, the same for every system: a cheap look, and a run of `sync_cycle` if something is new.

Belongs here: the factory of polling sensors, and whether a run is waiting already.
Does not belong here: what is looked at (`<system>/assets.py`), how (`landing.first_change`).

Level-triggered: a poll decides only when a run starts, never what it does. A change that a poll misses is found by the
sweep (`workflows/sensors.py`).
"""

import os
from collections.abc import Sequence

import dagster as dg

from fbinfor_assets.app import App
from fbinfor_assets.clients.errors import ClientError
from fbinfor_assets.config import ConfigError
from fbinfor_assets.defs.landing import Entity, first_change
from fbinfor_assets.defs.naming import TURN

SENSORS_VARIABLE = "FBINFOR_SENSORS"
POLL_SECONDS = 30
SYNC = "sync_cycle"

_WAITING = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
]


def running_by_default() -> bool:
    """Sensors and the sweep are on by themselves where FBINFOR_SENSORS=running, as `fbinfor up` sets it."""
    return os.environ.get(SENSORS_VARIABLE, "").strip().lower() == "running"


def sync_waits(instance: dg.DagsterInstance) -> bool:
    """Whether a pass is queued and has not begun: it will see whatever is new now."""
    waiting = dg.RunsFilter(job_name=SYNC, statuses=_WAITING)
    return bool(instance.get_runs(waiting, limit=1))


def polling_sensor(system: str, entities: Sequence[Entity], *, running: bool) -> dg.SensorDefinition:
    """`poll_<system>`: launches `sync_cycle` if one of the polled entities has something that was not landed yet."""
    polled = [entity for entity in entities if entity.polled]

    @dg.sensor(
        name=f"poll_{system}",
        job_name=SYNC,
        minimum_interval_seconds=POLL_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING if running else dg.DefaultSensorStatus.STOPPED,
        description=f"Asks {system} whether {', '.join(entity.name for entity in polled)} changed since the last landing.",
        required_resource_keys={"app"},
    )
    def poll(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
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
