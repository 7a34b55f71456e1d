"""Jobs that keep the house in order: making the warehouse anew, letting old runs go.

Belongs here: what a person starts when something must be made anew, and the upkeep of Dagster's own history.
Does not belong here: what moves documents (the other folders), which runs are old (`retention.py`).
"""

import dagster as dg

from fbinfor_assets.defs.automation import Automation
from fbinfor_assets.defs.naming import REPORTS, TURN, does
from fbinfor_assets.defs.operations.retention import purge
from fbinfor_assets.defs.warehouse.assets import BUILD
from fbinfor_assets.defs.warehouse.jobs import dbt_selection

PURGE = "purge_old_runs"


def jobs(dbt: dg.AssetsDefinition, automation: Automation) -> list:
    """`full_rebuild`: nothing of the warehouse is needed for it but var/raw and the operational store. `purge_old_runs`."""
    return [
        dg.define_asset_job(
            "full_rebuild",
            selection=dbt_selection(dbt) | dg.AssetSelection.groups(REPORTS),
            config={"ops": {BUILD: {"config": {"full": True, "reload": True}}}},
            tags={**TURN, **does("building")},
            description="Load the raw tables anew from var/raw, then build every model and report anew. Nothing is sent.",
        ),
        purge_job(automation),
    ]


def purge_job(automation: Automation) -> dg.JobDefinition:
    """`purge_old_runs`; in a dry run it only counts."""

    @dg.op(
        name="purge",
        description="Counts the finished runs that are past their age, by job, and deletes them.",
        config_schema={
            "dry_run": dg.Field(
                bool, default_value=automation.dry_run, description="Count what would go, delete nothing."
            )
        },
    )
    def purge_op(context: dg.OpExecutionContext) -> None:
        dry_run = context.op_config["dry_run"]
        assets = context.instance.all_asset_keys()
        done = purge(context.instance, automation, assets, dry_run=dry_run, say=context.log.info)
        for job, count in sorted(done.gone.items()):
            context.log.info(f"{job}: {count} runs {'would be' if dry_run else 'were'} deleted")
        context.add_output_metadata(
            {
                "dry_run": dry_run,
                "deleted": 0 if dry_run else done.gone.total(),
                "due": done.gone.total(),
                "by_job": dict(done.gone),
                "kept_because_an_asset_was_last_made_in_them": dict(done.kept_for_assets),
            }
        )

    @dg.job(
        name=PURGE,
        executor_def=dg.in_process_executor,
        tags=does("upkeep"),
        description="Delete finished runs that are older than config/automation.yml keeps them, with their event logs and "
        "outputs. Runs in progress, and those in which an asset was last made, stay.",
    )
    def purge_old_runs() -> None:
        purge_op()

    return purge_old_runs
