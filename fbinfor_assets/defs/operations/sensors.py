"""What starts the upkeep without a person.

Belongs here: the schedule of the purge. Does not belong here: what is purged (`retention.py`).
"""

import dagster as dg

from fbinfor_assets.defs.automation import Automation
from fbinfor_assets.defs.operations.jobs import PURGE


def schedules(automation: Automation) -> list[dg.ScheduleDefinition]:
    """`purge_old_runs_every_night`."""
    trigger = automation.schedules["purge_old_runs_every_night"]

    @dg.schedule(
        name=trigger.name,
        job_name=PURGE,
        cron_schedule=trigger.cron,
        execution_timezone=automation.time_zone,
        default_status=trigger.schedule_status,
        description="Deletes runs that are older than config/automation.yml keeps them.",
    )
    def purge_old_runs_every_night() -> dg.RunRequest | dg.SkipReason:
        if trigger.off_because:
            return dg.SkipReason(trigger.off_because)
        return dg.RunRequest(tags={"fbinfor/because": "the nightly upkeep"})

    return [purge_old_runs_every_night]
