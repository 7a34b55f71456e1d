"""What runs by itself, how fresh data has to be, how long runs are kept: `config/automation.yml` as the definitions use it.

Belongs here: reading and checking that file, the override FBINFOR_SENSORS, why something is off.
Does not belong here: the sensors, schedules and jobs themselves (their folders).
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import dagster as dg

from fbinfor_assets.app import CONFIG
from fbinfor_assets.config import ConfigError, read_yaml

SENSORS_VARIABLE = "FBINFOR_SENSORS"
AUTOMATION_VARIABLE = "FBINFOR_AUTOMATION"
_OVERRIDES = {"running": True, "stopped": False}


@dataclass(frozen=True)
class Trigger:
    """One sensor or schedule. `off_because`: None if it is on, else a sentence that names the setting.

    `every_seconds` of a sensor, `cron` (in `Automation.time_zone`) of a schedule.
    """

    name: str
    off_because: str | None
    every_seconds: int = 30
    cron: str = ""

    @property
    def sensor_status(self) -> dg.DefaultSensorStatus:
        return dg.DefaultSensorStatus.STOPPED if self.off_because else dg.DefaultSensorStatus.RUNNING

    @property
    def schedule_status(self) -> dg.DefaultScheduleStatus:
        return dg.DefaultScheduleStatus.STOPPED if self.off_because else dg.DefaultScheduleStatus.RUNNING


@dataclass(frozen=True)
class Keeping:
    """How long runs of a job are kept: `age` of those that succeeded, `failed_age` of the others, never the newest few."""

    age: timedelta
    failed_age: timedelta
    keep_newest: int


@dataclass(frozen=True)
class Automation:
    """The whole file. `freshness` by layer: raw, warehouse, reports, models. `retention` by job name, "" for all others."""

    time_zone: str
    sensors: Mapping[str, Trigger]
    schedules: Mapping[str, Trigger]
    freshness: Mapping[str, dg.FreshnessPolicy]
    retention: Mapping[str, Keeping]
    dry_run: bool
    batch: int

    def keeping(self, job: str) -> Keeping:
        """How long runs of this job are kept."""
        return self.retention.get(job) or self.retention[""]


def load_automation(path: Path | None = None) -> Automation:
    """`path`, else the file named by FBINFOR_AUTOMATION, else config/automation.yml.

    Raises `ConfigError` listing everything that is wrong with it, or with FBINFOR_SENSORS.
    """
    import jsonschema

    path = path or Path(os.environ.get(AUTOMATION_VARIABLE) or CONFIG / "automation.yml")
    document = read_yaml(path)
    rules = json.loads((CONFIG / "automation.schema.json").read_text("utf-8"))
    found = jsonschema.Draft202012Validator(rules).iter_errors(document)
    problems = [f"{'.'.join(map(str, error.path)) or 'top level'}: {error.message}" for error in found]
    if not problems:
        problems = _contradictions(document)
    if problems:
        raise ConfigError(str(path), sorted(problems), "correct the named settings")
    override = _override()
    return Automation(
        time_zone=document["time_zone"],
        sensors=_triggers(document, "sensors", path, override),
        schedules=_triggers(document, "schedules", path, override),
        freshness={layer: _window(setting) for layer, setting in document["freshness"].items()},
        retention={
            "": _keeping(document["retention"]["default"]),
            **{job: _keeping(setting) for job, setting in document["retention"].get("jobs", {}).items()},
        },
        dry_run=document["retention"]["dry_run"],
        batch=document["retention"]["batch"],
    )


def _contradictions(document: Mapping[str, Any]) -> list[str]:
    from dagster._utils.schedules import is_valid_cron_string

    found = []
    try:
        ZoneInfo(document["time_zone"])
    except (ZoneInfoNotFoundError, ValueError):
        found.append(f"time_zone: {document['time_zone']!r} is not a time zone, e.g. Europe/London")
    for name, setting in document["schedules"].items():
        if not is_valid_cron_string(setting["cron"]):
            found.append(
                f"schedules.{name}.cron: {setting['cron']!r} is not a cron expression, e.g. */15 * * * *"
            )
    for layer, setting in document["freshness"].items():
        if setting["fail_after_minutes"] <= setting["warn_after_minutes"]:
            found.append(f"freshness.{layer}: fail_after_minutes must be more than warn_after_minutes")
    retention = document["retention"]
    for where, setting in (("default", retention["default"]), *retention.get("jobs", {}).items()):
        if setting["failed_days"] < setting["days"]:
            found.append(
                f"retention.{where}: failed_days is less than days; failures are kept longer, not shorter"
            )
    return found


def _override() -> tuple[bool, str] | None:
    text = os.environ.get(SENSORS_VARIABLE, "").strip().lower()
    if not text:
        return None
    if text not in _OVERRIDES:
        raise ConfigError(
            SENSORS_VARIABLE,
            [f"{text!r} is not one of {', '.join(_OVERRIDES)}"],
            "unset it to follow config/automation.yml",
        )
    return _OVERRIDES[text], f"{SENSORS_VARIABLE}={text}"


def _triggers(
    document: Mapping[str, Any], kind: str, path: Path, override: tuple[bool, str] | None
) -> dict[str, Trigger]:
    found = {}
    for name, setting in document[kind].items():
        if override is not None:
            off = None if override[0] else f"{name} is off: {override[1]} is set"
        else:
            off = (
                None
                if setting["enabled"]
                else f"{name} is off: {kind}.{name}.enabled is false in {path.name}"
            )
        rest = {key: value for key, value in setting.items() if key != "enabled"}
        found[name] = Trigger(name, off, **rest)
    return found


def _window(setting: Mapping[str, int]) -> dg.FreshnessPolicy:
    return dg.FreshnessPolicy.time_window(
        fail_window=timedelta(minutes=setting["fail_after_minutes"]),
        warn_window=timedelta(minutes=setting["warn_after_minutes"]),
    )


def _keeping(setting: Mapping[str, int]) -> Keeping:
    return Keeping(
        timedelta(days=setting["days"]), timedelta(days=setting["failed_days"]), setting["keep_newest"]
    )
