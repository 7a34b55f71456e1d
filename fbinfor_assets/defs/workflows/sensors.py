"""What starts a pass without an event.

Belongs here: the sweep. Does not belong here: polling one system (its own folder).
"""

import dagster as dg

from fbinfor_assets.defs.naming import TURN
from fbinfor_assets.defs.polling import SYNC, sync_waits

EVERY_QUARTER_OF_AN_HOUR = "*/15 * * * *"


def schedules(*, running: bool) -> list[dg.ScheduleDefinition]:
    """`sweep`: a pass every 15 minutes (UTC) for whatever polls and events missed."""

    @dg.schedule(
        name="sweep",
        job_name=SYNC,
        cron_schedule=EVERY_QUARTER_OF_AN_HOUR,
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING if running else dg.DefaultScheduleStatus.STOPPED,
        description="A pass every 15 minutes, for whatever polls and events missed.",
    )
    def sweep(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        if sync_waits(context.instance):
            return dg.SkipReason("a sync is queued already")
        return dg.RunRequest(tags={**TURN, "fbinfor/because": "the sweep"})

    return [sweep]
