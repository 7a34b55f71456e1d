"""Callbacks that are lost, doubled or forged on order (fault F10): from a file at the start, and while it runs.

Belongs here: the way of a `webhooks` fault into the sender of a real simulator. Does not belong here: each vice by itself
(`sandbox_shop/test_sandbox_webhooks.py`), the plan of faults (`test_sandbox_faults.py`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


def _settings(simulator: Any) -> dict[str, Any]:
    return simulator.http.get("/_sandbox/webhooks").json()["settings"]


def test_a_file_of_faults_sets_the_vices_and_their_seed(fresh: Any, tmp_path: Path) -> None:
    file = tmp_path / "faults.yml"
    file.write_text("freshbooks:\n  - {do: webhooks, drop: 0.3, duplicate: 0.1, times: 5, seed: 9}\n")
    simulator = fresh("--faults", str(file))
    told = _settings(simulator)
    assert {name: told[name] for name in ("drop", "duplicate", "times", "seed")} == {
        "drop": 0.3,
        "duplicate": 0.1,
        "times": 5,
        "seed": 9,
    }


def test_deleting_the_faults_ends_the_vices(fresh: Any) -> None:
    simulator = fresh()
    usual = _settings(simulator)
    ordered = simulator.http.post("/_sandbox/faults", json={"do": "webhooks", "forge": 0.5, "delay": 600})
    assert ordered.status_code == 200
    assert (_settings(simulator)["forge"], _settings(simulator)["delay"]) == (0.5, 600)
    simulator.http.delete("/_sandbox/faults")
    assert _settings(simulator) == usual


@pytest.mark.parametrize("bad", [{"drop": 7}, {"explode": 1}, {"delay": -1}])
def test_a_vice_that_makes_no_sense_is_refused_and_changes_nothing(fresh: Any, bad: dict[str, Any]) -> None:
    simulator = fresh()
    usual = _settings(simulator)
    assert simulator.http.post("/_sandbox/faults", json={"do": "webhooks", **bad}).status_code == 400
    assert _settings(simulator) == usual
