"""The purge of old runs: what goes, what stays, and that nothing of a run that went is left."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from fbinfor_assets.defs.automation import Automation, Keeping, load_automation
from fbinfor_assets.defs.operations.jobs import purge_job
from fbinfor_assets.defs.operations.retention import Purged, purge

SETTINGS = Path(__file__).parents[2] / "fbinfor_assets" / "runtime" / "dagster.yaml"
KEY = dg.AssetKey(["raw", "shop__orders"])
LATER = datetime.now(UTC) + timedelta(days=40)
"""40 days from now everything that succeeded is past 30 days, nothing that failed is past 90."""


@dg.asset(key=KEY)
def shop_orders() -> None: ...


@dg.op(config_schema={"fails": dg.Field(bool, default_value=False)})
def work(context) -> None:
    print("written to the run's output")
    if context.op_config["fails"]:
        raise dg.Failure("as asked", allow_retries=False)


@dg.job(executor_def=dg.in_process_executor)
def sync_cycle() -> None:
    work()


@dg.job(executor_def=dg.in_process_executor)
def another() -> None:
    work()


@pytest.fixture
def instance(tmp_path: Path):
    (tmp_path / "dagster.yaml").write_text(SETTINGS.read_text())
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        yield instance


@pytest.fixture
def automation() -> Automation:
    thirty, ninety = timedelta(days=30), timedelta(days=90)
    return dataclasses.replace(
        load_automation(),
        retention={"": Keeping(thirty, ninety, 0), "another": Keeping(ninety, ninety, 0)},
        batch=2,
    )


def run(instance: dg.DagsterInstance, job: dg.JobDefinition = sync_cycle, fails: bool = False) -> str:
    config = {
        "ops": {"work": {"config": {"fails": fails}}},
        "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
    }
    return job.execute_in_process(run_config=config, instance=instance, raise_on_error=False).run_id


def purged(instance, automation, *, now: datetime = LATER, dry_run: bool = False) -> tuple[Purged, list[str]]:
    said: list[str] = []
    assets = instance.all_asset_keys()
    return purge(instance, automation, assets, dry_run=dry_run, say=said.append, now=now), said


def there(instance: dg.DagsterInstance) -> set[str]:
    return {one.run_id for one in instance.get_runs()}


def test_a_run_goes_when_it_is_older_than_its_job_is_kept(instance, automation):
    old, other = run(instance), run(instance, another)
    done, _ = purged(instance, automation, now=datetime.now(UTC) + timedelta(days=29))
    assert done.gone.total() == 0 and there(instance) == {old, other}
    done, _ = purged(instance, automation)
    assert done.gone == {"sync_cycle": 1} and there(instance) == {other}


def test_a_run_that_failed_is_kept_longer(instance, automation):
    failed, _ = run(instance, fails=True), run(instance)
    purged(instance, automation)
    assert there(instance) == {failed}
    purged(instance, automation, now=datetime.now(UTC) + timedelta(days=91))
    assert there(instance) == set()


def test_a_run_that_has_not_ended_is_never_touched(instance, automation):
    busy = {
        instance.create_run_for_job(sync_cycle, status=status).run_id
        for status in (
            dg.DagsterRunStatus.NOT_STARTED,
            dg.DagsterRunStatus.STARTED,
            dg.DagsterRunStatus.CANCELING,
        )
    }
    purged(instance, automation, now=LATER + timedelta(days=1_000))
    assert there(instance) == busy


def test_the_newest_of_a_job_stay_whatever_their_age(instance, automation):
    runs = [run(instance) for _ in range(4)]
    two = dataclasses.replace(automation, retention={"": Keeping(timedelta(days=30), timedelta(days=90), 2)})
    purged(instance, two)
    assert there(instance) == set(runs[2:])


def test_a_run_in_which_an_asset_was_last_made_stays_and_is_counted(instance, automation):
    first, second = (dg.materialize([shop_orders], instance=instance).run_id for _ in range(2))
    done, _ = purged(instance, automation)
    assert there(instance) == {second} and first != second
    assert done.kept_for_assets.total() == 1
    assert instance.get_latest_materialization_event(KEY).run_id == second


def test_events_and_output_go_with_a_run_and_so_do_its_files(instance, automation):
    gone = run(instance)
    root = Path(instance.root_directory)
    assert [path for path in root.rglob(f"*{gone}*")]
    purged(instance, automation)
    assert [str(path) for path in root.rglob(f"*{gone}*")] == []
    assert instance.all_logs(gone) == []


def test_a_dry_run_counts_and_deletes_nothing(instance, automation):
    runs = {run(instance) for _ in range(3)}
    done, said = purged(instance, automation, dry_run=True)
    assert done.gone == {"sync_cycle": 3} and there(instance) == runs
    assert said == ["2 of 3 old runs would be deleted", "3 of 3 old runs would be deleted"]


def test_it_works_in_batches_and_says_so(instance, automation):
    for _ in range(5):
        run(instance)
    _, said = purged(instance, automation)
    assert said[-1] == "5 of 5 old runs are deleted" and len(said) == 3


def test_the_job_tells_what_it_did_and_survives_its_own_purge(instance, automation):
    run(instance)
    result = purge_job(automation).execute_in_process(
        instance=instance, run_config={"ops": {"purge": {"config": {"dry_run": True}}}}
    )
    assert result.success
    about = result.filter_events(lambda event: event.is_successful_output)[0].step_output_data.metadata
    assert about["dry_run"].value is True and about["deleted"].value == 0
    assert instance.get_run_by_id(result.run_id) is not None
