"""config/automation.yml: what is on, how often, how long things are kept; and FBINFOR_SENSORS over it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import dagster as dg
import pytest

from fbinfor_assets.app import CONFIG
from fbinfor_assets.config import ConfigError
from fbinfor_assets.defs.assemble import build_defs
from fbinfor_assets.defs.automation import load_automation
from fbinfor_assets.defs.operations.sensors import schedules as operations_schedules
from fbinfor_assets.defs.shop.sensors import sensors as shop_sensors
from fbinfor_assets.defs.workflows.sensors import schedules as workflows_schedules

SHIPPED = (CONFIG / "automation.yml").read_text()


@pytest.fixture
def edited(tmp_path: Path):
    """The shipped file with some of its text replaced."""

    def edit(*pairs: tuple[str, str]) -> Path:
        text = SHIPPED
        for old, new in pairs:
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        path = tmp_path / "automation.yml"
        path.write_text(text)
        return path

    return edit


def test_the_shipped_file_says_of_each_sensor_and_schedule_whether_it_is_on(manifest):
    automation = load_automation()
    repository = build_defs(manifest=manifest, automation=automation).get_repository_def()
    assert {sensor.name for sensor in repository.sensor_defs} == set(automation.sensors)
    assert {schedule.name for schedule in repository.schedule_defs} == set(automation.schedules)
    assert {each.default_status.value for each in (*repository.sensor_defs, *repository.schedule_defs)} == {
        "RUNNING"
    }


def test_an_interval_and_a_time_of_day_are_as_configured(edited):
    path = edited(
        ("poll_shop: {enabled: true, every_seconds: 30}", "poll_shop: {enabled: true, every_seconds: 10}"),
        ('cron: "45 3 * * *"', 'cron: "30 1 * * 7"'),
        ("time_zone: UTC", "time_zone: Europe/London"),
    )
    automation = load_automation(path)
    assert shop_sensors(automation)[0].minimum_interval_seconds == 10
    (purge,) = operations_schedules(automation)
    assert (purge.cron_schedule, purge.execution_timezone) == ("30 1 * * 7", "Europe/London")


def test_what_is_off_by_the_file_is_stopped_and_its_tick_names_the_setting(edited):
    automation = load_automation(
        edited(
            ("poll_shop: {enabled: true", "poll_shop: {enabled: false"),
            ("sweep: {enabled: true", "sweep: {enabled: false"),
        )
    )
    (poll,), (sweep,) = shop_sensors(automation), workflows_schedules(automation)
    assert poll.default_status is dg.DefaultSensorStatus.STOPPED
    assert sweep.default_status is dg.DefaultScheduleStatus.STOPPED
    with dg.DagsterInstance.ephemeral(settings={"telemetry": {"enabled": False}}) as instance:
        with dg.build_sensor_context(instance, resources={"app": None}, sensor_name=poll.name) as context:
            said = poll.evaluate_tick(context).skip_message
        assert said == "poll_shop is off: sensors.poll_shop.enabled is false in automation.yml"
        said = sweep.evaluate_tick(dg.build_schedule_context(instance)).skip_message
        assert said == "sweep is off: schedules.sweep.enabled is false in automation.yml"


@pytest.mark.parametrize(
    ("value", "off"), [("running", None), ("stopped", "sweep is off: FBINFOR_SENSORS=stopped is set")]
)
def test_the_variable_decides_over_the_file(edited, monkeypatch, value, off):
    path = edited(("sweep: {enabled: true", "sweep: {enabled: false"))
    monkeypatch.setenv("FBINFOR_SENSORS", value)
    automation = load_automation(path)
    assert {one.off_because is None for one in automation.sensors.values()} == {value == "running"}
    assert automation.schedules["sweep"].off_because == off


def test_another_value_of_the_variable_is_refused(monkeypatch):
    monkeypatch.setenv("FBINFOR_SENSORS", "off")
    with pytest.raises(ConfigError, match="'off' is not one of running, stopped"):
        load_automation()


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("poll_shop: {enabled: true,", "poll_shop: {enable: true,", "sensors.poll_shop"),
        ("sweep: {", "sweeep: {", "'sweeep' was unexpected"),
        ("time_zone: UTC", "time_zone: Utopia", "'Utopia' is not a time zone"),
        (
            'cron: "45 3 * * *"',
            'cron: "every night"',
            "schedules.purge_old_runs_every_night.cron: 'every night'",
        ),
        ("batch: 100", "batch: 0", "retention.batch"),
        (
            "raw: {warn_after_minutes: 30",
            "raw: {warn_after_minutes: 300",
            "freshness.raw: fail_after_minutes",
        ),
        (
            "default: {days: 30, failed_days: 90",
            "default: {days: 30, failed_days: 9",
            "retention.default: failed_days",
        ),
    ],
)
def test_a_mistake_is_refused_by_its_name(edited, old, new, problem):
    with pytest.raises(ConfigError) as refused:
        load_automation(edited((old, new)))
    assert problem in str(refused.value) and "automation.yml" in str(refused.value)


def test_a_job_that_is_not_named_is_kept_by_the_default(edited):
    automation = load_automation()
    assert automation.keeping("land_shop").age == timedelta(days=30)
    assert automation.keeping("sync_cycle").age == timedelta(days=7)
    assert automation.keeping("sync_cycle").failed_age == timedelta(days=90)
