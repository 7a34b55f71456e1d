"""The code location as Dagster's own programs load it, and the storage they run on."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage

from fbinfor_assets.runtime.event_log import KeptEventLogStorage

ROOT = Path(__file__).parents[2]
SETTINGS = ROOT / "fbinfor_assets" / "runtime" / "dagster.yaml"


@dg.op
def say_hello() -> None:
    pass


@dg.job(executor_def=dg.in_process_executor)
def hello() -> None:
    say_hello()


@pytest.fixture
def home(tmp_path):
    folder = tmp_path / "dagster"
    folder.mkdir()
    (folder / "dagster.yaml").write_text(SETTINGS.read_text())
    return folder


def test_the_workspace_loads_in_dagsters_own_command_line(world, home):
    # The world's home: its dbt manifest is parsed already.
    env = {**os.environ, "DAGSTER_HOME": str(home), "FBINFOR_HOME": str(world.app.paths.home)}
    ended = subprocess.run(
        [str(Path(sys.executable).parent / "dagster"), "definitions", "validate", "-w", "workspace.yaml"],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "All code locations passed validation" in ended.stdout + ended.stderr


@pytest.fixture(scope="module")
def loaded(world) -> set[str]:
    """The modules in a process that has loaded the definitions."""
    code = "import fbinfor_assets.definitions, sqlite3, sqlalchemy.dialects.sqlite, sys; print(*sys.modules)"
    env = {**os.environ, "FBINFOR_HOME": str(world.app.paths.home)}
    ended = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    return set(ended.stdout.split())


def test_loading_the_definitions_loads_neither_dbts_command_line_nor_great_expectations(loaded):
    assert not loaded & {
        "dbt.cli",
        "dbt.cli.main",
        "dbt.parser.manifest",
        "great_expectations",
        "pandas",
        "polars",
    }


def test_loading_the_definitions_leaves_only_the_fixed_sqlite_in_the_process(loaded):
    assert "_sqlite3" not in loaded and "pysqlite3._sqlite3" in loaded


def test_dagsters_storage_runs_on_the_fixed_sqlite(home):
    with dg.DagsterInstance.from_config(str(home)) as instance:
        assert hello.execute_in_process(instance=instance).success
        for connect in (instance.run_storage.connect, instance.event_log_storage.index_connection):
            with connect() as connection:
                library = connection.connection.dbapi_connection.__class__.__module__
                version = connection.exec_driver_sql("select sqlite_version()").scalar_one()
                assert library.startswith("pysqlite3")
                assert tuple(map(int, version.split("."))) >= (3, 51, 3)


def test_dagsters_telemetry_is_off(home):
    with dg.DagsterInstance.from_config(str(home)) as instance:
        assert instance.telemetry_enabled is False


def test_the_run_queue_looks_every_second(home):
    with dg.DagsterInstance.from_config(str(home)) as instance:
        assert instance.run_coordinator.dequeue_interval_seconds == 1


def test_the_kept_event_log_writes_what_dagsters_own_reads(home):
    with dg.DagsterInstance.from_config(str(home)) as instance:
        assert isinstance(instance.event_log_storage, KeptEventLogStorage)
        run = hello.execute_in_process(instance=instance)
        mine = [entry.message for entry in instance.all_logs(run.run_id)]
    (home / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    with dg.DagsterInstance.from_config(str(home)) as instance:
        assert type(instance.event_log_storage) is SqliteEventLogStorage
        assert [entry.message for entry in instance.all_logs(run.run_id)] == mine != []


def test_a_run_in_a_forked_process_is_seen_by_the_parent(home):
    with dg.DagsterInstance.from_config(str(home)) as instance:
        before = hello.execute_in_process(instance=instance)
        child = os.fork()
        if child == 0:
            code = 1
            try:
                code = 0 if hello.execute_in_process(instance=instance).success else 1
            finally:
                os._exit(code)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert instance.get_runs_count() == 2
        assert instance.all_logs(before.run_id)
        assert hello.execute_in_process(instance=instance).success


def test_dbt_and_great_expectations_are_silent_whoever_starts_them(world):
    # The guard of tests/conftest.py fails the test during which anything looks outside; here it is only said aloud.
    for name in ("DO_NOT_TRACK", "DBT_SEND_ANONYMOUS_USAGE_STATS", "GX_ANALYTICS_ENABLED"):
        assert os.environ[name] in ("1", "false")
    assert world.app.warehouse.manifest()["metadata"]["send_anonymous_usage_stats"] in (False, None)
