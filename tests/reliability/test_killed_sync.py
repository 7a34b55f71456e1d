"""`fbinfor sync` killed while it writes, several times over, and started again: nothing is lost, nothing stands twice.

Judged by the simulators' own write logs and by a fresh read of all three systems, never by our tables.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from delivery_world import SEED

from fbinfor_assets.config import Paths, connections_from_sandbox, write_connections
from fbinfor_assets.demo import api_writes, written
from fbinfor_assets.runtime.up import Supervisor, start_sandbox
from fbinfor_assets.sandbox.driver import Driver

ROOT = Path(__file__).parents[2]

KILLS = 3
DAY = "2010-12-01"


def orders(path: Path) -> Path:
    """24 orders of three lines each, from six customers, and two cancellations."""
    rows = ["invoice_no,stock_code,description,quantity,invoice_date,unit_price,customer_id,country"]
    for n in range(24):
        for code, quantity, price in (("85123A", 6, "2.55"), ("71053", n + 1, "3.39"), ("POST", 1, "18.00")):
            rows.append(
                f"{536365 + n},{code},THING {code},{quantity},{DAY} 08:{n:02d}:00,{price},{17850 + n % 6},United Kingdom"
            )
    rows.append(f"C536391,85123A,THING,-1,{DAY} 09:40:00,2.55,17850,United Kingdom")
    rows.append(f"C536392,71053,THING,-2,{DAY} 09:41:00,3.39,17851,United Kingdom")
    path.write_text("\n".join(rows) + "\n")
    return path


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[dict[str, Any]]:
    supervisor = Supervisor(tmp_path / "logs")
    try:
        arguments = ["--orders", str(orders(tmp_path / "orders.csv")), "--from", DAY, "--to", DAY]
        line = start_sandbox(supervisor, tmp_path / "sandbox", arguments)
        paths = Paths(tmp_path / "home")
        write_connections(connections_from_sandbox(line, paths), paths.connections)

        with Driver(line) as world:
            world.arrive(date.fromisoformat(DAY))
        yield line
    finally:
        supervisor.stop()


def fbinfor(home: Path, *arguments: str) -> subprocess.Popen[bytes]:
    env = {**os.environ, "FBINFOR_HOME": str(home)}
    command = [sys.executable, "-m", "fbinfor_assets.cli", *arguments]
    return subprocess.Popen(
        command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )


def test_a_sync_killed_half_way_and_started_again_leaves_no_duplicate(
    sandbox: dict[str, Any], tmp_path: Path
) -> None:
    print(f"seed {SEED}: replay with FBINFOR_TEST_SEED={SEED}")
    dice = random.Random(SEED)
    home = tmp_path / "home"
    for _ in range(KILLS):
        enough = written(sandbox) + dice.randint(1, 45)
        process = fbinfor(home, "sync")
        while process.poll() is None and written(sandbox) < enough:
            time.sleep(0.01)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()

    process = fbinfor(home, "sync", "--json")
    said, complained = process.communicate(timeout=240)
    assert process.returncode == 0, complained.decode()[-2000:]
    assert json.loads(said)["settled"]

    created = Counter(
        (
            write["object"],
            write["body"]["given"][write["object"]].get("invoice_number")
            or write["body"]["given"][write["object"]].get("note")
            or write["body"]["given"][write["object"]].get("credit_number"),
        )
        for write in api_writes(sandbox["freshbooks"]["control_url"])
        if write["operation"] == "api.create"
    )
    assert len(created) >= 24 + 2 + 6
    assert {key: count for key, count in created.items() if count > 1} == {}
    confirmed = [
        w["key"] for w in api_writes(sandbox["infor"]["control_url"]) if w["operation"] == "OIS100MI/Confirm"
    ]
    assert len(confirmed) == len(set(confirmed)) == 26

    process = fbinfor(home, "reconcile", "--json")
    said, complained = process.communicate(timeout=120)
    found = json.loads(said)
    assert found["duplicates"] == []
    assert found["ok"], found["unexplained"]

    before = written(sandbox)
    process = fbinfor(home, "sync", "--once", "--json")
    process.communicate(timeout=240)
    assert written(sandbox) == before
