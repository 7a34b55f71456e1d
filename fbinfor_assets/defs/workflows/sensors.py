"""What starts a pass without an event.

Belongs here: the sweep. Does not belong here: polling one system (its own folder).
"""

import dagster as dg

from fbinfor_assets.defs.automation import Automation
from fbinfor_assets.defs.naming import TURN
from fbinfor_assets.defs.polling import SYNC, sync_waits


def schedules(automation: Automation) -> list[dg.ScheduleDefinition]:
    """`sweep`: a pass every so often, whatever polls and events said."""
    trigger = automation.schedules["sweep"]

    @dg.schedule(
        name=trigger.name,
        job_name=SYNC,
        cron_schedule=trigger.cron,
        execution_timezone=automation.time_zone,
        default_status=trigger.schedule_status,
        description="A pass for whatever polls and events missed.",
    )
    def sweep(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        if trigger.off_because:
            return dg.SkipReason(trigger.off_because)
        if sync_waits(context.instance):
            return dg.SkipReason("a sync is queued already")
        return dg.RunRequest(tags={**TURN, "fbinfor/because": "the sweep"})

    return [sweep]
