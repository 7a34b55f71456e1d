"""A home whose sandbox was stopped, or answers elsewhere by now: the reconciliation says what to do, or does it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from fbinfor_assets.app import App
from fbinfor_assets.config import Paths, connections_from_sandbox, write_connections
from fbinfor_assets.sandbox.driver import Driver

ROOT = Path(__file__).parents[2]
ORDERS = """\
invoice_no,stock_code,description,quantity,invoice_date,unit_price,customer_id,country
536365,85123A,WHITE HANGING HEART T-LIGHT HOLDER,6,2010-12-01 08:26:00,2.55,17850,United Kingdom
C536381,AMAZONFEE,AMAZON FEE,-1,2010-12-01 09:50:00,13541.33,,United Kingdom
"""


@contextmanager
def serving(state: Path, *arguments: str) -> Iterator[dict[str, Any]]:
    """The sandbox as a command; the line that it prints."""
    command = [
        sys.executable,
        "-m",
        "fbinfor_assets.cli",
        "sandbox",
        "serve",
        "--state",
        str(state),
        *arguments,
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()
            process.wait(30)


def reconcile(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "fbinfor_assets.cli", "reconcile", *arguments],
        capture_output=True, text=True, cwd=ROOT, check=False, timeout=120,
        env={**os.environ, "COLUMNS": "60", "NO_COLOR": "1"},
    )  # fmt: skip


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home over a sandbox in which two orders have arrived and nobody synchronised anything."""
    home = tmp_path_factory.mktemp("reopened") / "home"
    home.mkdir()
    orders = home / "orders.csv"
    orders.write_text(ORDERS)
    days = ("--from", "2010-12-01", "--to", "2010-12-01")
    with serving(home / "sandbox", "--orders", str(orders), *days) as line:
        paths = Paths(home)
        write_connections(connections_from_sandbox(line, paths), paths.connections)
        with Driver(line) as world:
            world.arrive(date(2010, 12, 1))
    return home


@pytest.fixture
def home(stopped: Path, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    return Path(shutil.copytree(stopped, tmp_path / "home"))


def test_a_sandbox_that_does_not_run_is_named_with_the_command_that_starts_it(home: Path) -> None:
    said = reconcile("--home", str(home))
    assert said.returncode != 0
    assert "its sandbox is not running" in said.stderr
    # In one line, so that it can be copied.
    assert re.search(rf"`fbinfor sandbox serve --state {re.escape(str(home / 'sandbox'))}`", said.stderr)


def test_the_reconciliation_serves_a_stopped_sandbox_for_its_own_time(home: Path) -> None:
    said = reconcile("--sandbox", str(home / "sandbox"), "--json")
    document = json.loads(said.stdout)
    # One order is nowhere yet, the fee belongs nowhere: the first is a difference, the second has its fate.
    assert said.returncode == 1
    assert [part["document"] for part in document["classes"]["unexplained"]] == ["536365"]
    amounts = {row["line_class"]: row["not_posted"] for row in document["classes"]["rows"]}
    assert amounts == {"goods": "0.000", "cost AMAZONFEE": "-13541.330"}
    # It is stopped again: somebody else can open it.
    with serving(home / "sandbox") as line:
        assert line["state"] == str(home / "sandbox")


def test_a_folder_without_a_sandbox_is_refused_before_anything_starts(tmp_path: Path) -> None:
    said = reconcile("--sandbox", str(tmp_path))
    assert said.returncode == 2
    assert "there is no sandbox in it" in said.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_home_follows_its_sandbox_to_other_ports(home: Path) -> None:
    with App.open(home) as before:
        old = before.connections.shop.base_url
    kept = home / "sandbox" / "sandbox.json"
    line = json.loads(kept.read_text())
    kept.write_text(json.dumps({**line, "ports": dict.fromkeys(line["ports"], 0)}))
    with serving(home / "sandbox") as opened:
        assert opened["shop"]["base_url"] != old
        with App.open(home) as after:
            assert after.connections.shop.base_url == opened["shop"]["base_url"]
            assert [order["number"] for order in after.shop.orders()] == ["536365", "C536381"]
        # The file says so too, for who reads it without us.
        assert opened["shop"]["base_url"] in Paths(home).connections.read_text()
