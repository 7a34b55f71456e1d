"""Which runs are old enough to go, and letting them go.

Belongs here: the choice by age and number, the deletion in batches through the instance. Does not belong here: when it is
done (`sensors.py`), how long runs are kept (config/automation.yml), Dagster's ticks (runtime/dagster.yaml).

A run's materialisations go with it. A run that made the newest version of an asset stays, so that no asset forgets when it
was last made and with what.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import dagster as dg

from fbinfor_assets.defs.automation import Automation

_FAILED = {dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED}


@dataclass
class Purged:
    """What a purge did, in runs by job: gone (or, in a dry run, due to go), and old but kept for an asset's sake."""

    gone: Counter[str] = field(default_factory=Counter)
    kept_for_assets: Counter[str] = field(default_factory=Counter)


def purge(
    instance: dg.DagsterInstance,
    automation: Automation,
    assets: Collection[dg.AssetKey],
    *,
    dry_run: bool,
    say: Callable[[str], object],
    now: datetime | None = None,
) -> Purged:
    """Delete finished runs older than their job's age (counted from `now`, aware; the wall clock by default).

    The newest few of each job stay, and those in which one of `assets` was last made. A run that is queued or in progress is
    never touched. `say` gets a line per batch.
    """
    newest = instance.get_latest_materialization_events(list(assets)).values()
    protected = {event.run_id for event in newest if event is not None}
    done = Purged()
    going: list[tuple[str, str]] = []
    for job, run_id in _old(instance, automation, now or datetime.now(UTC)):
        if run_id in protected:
            done.kept_for_assets[job] += 1
        else:
            going.append((job, run_id))
    for batch in _batched(going, automation.batch):
        for job, run_id in batch:
            if not dry_run:
                instance.delete_run(run_id)
                instance.compute_log_manager.delete_logs(prefix=[run_id])
            done.gone[job] += 1
        say(f"{done.gone.total()} of {len(going)} old runs {'would be' if dry_run else 'are'} deleted")
    return done


def _old(instance: dg.DagsterInstance, automation: Automation, now: datetime) -> list[tuple[str, str]]:
    """(job, run id) of the finished runs that are past their age, newest first."""
    seen: Counter[str] = Counter()
    old = []
    for record in _records(instance, automation.batch):
        run = record.dagster_run
        keeping = automation.keeping(run.job_name)
        seen[run.job_name] += 1
        age = keeping.failed_age if run.status in _FAILED else keeping.age
        if (
            run.is_finished
            and seen[run.job_name] > keeping.keep_newest
            and now - record.create_timestamp > age
        ):
            old.append((run.job_name, run.run_id))
    return old


def _records(instance: dg.DagsterInstance, size: int) -> Iterator[dg.RunRecord]:
    """All runs, newest first. The cursor is a run, so none may be deleted meanwhile."""
    cursor = None
    while records := instance.get_run_records(limit=size, cursor=cursor):
        yield from records
        cursor = records[-1].dagster_run.run_id


def _batched(items: list[tuple[str, str]], size: int) -> Iterator[list[tuple[str, str]]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
