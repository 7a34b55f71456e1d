"""Real sandbox processes for the tests of this folder.

Belongs here: starting and stopping, the order files. Does not belong here: what a test expects.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[2]
FIXTURE_FILE = HERE / "orders.csv"
REAL_FILE = (
    Path(os.environ.get("FBINFOR_SHARED", REPOSITORY.parent / "shared")) / "data" / "online_retail.parquet"
)

API = "/wp-json/wc/v3"


@dataclass(frozen=True)
class Source:
    """An order file and what it holds on its days."""

    orders: Path
    first: date
    last: date
    documents: int
    lines: int
    net: str


FIXTURE = Source(FIXTURE_FILE, date(2010, 12, 1), date(2010, 12, 3), 8, 14, "-11016.486")
REAL = Source(REAL_FILE, date(2010, 12, 1), date(2010, 12, 3), 418, 7419, "150463.300")
# The real file is not part of the product: where it is not, the committed one stands for it.
SOURCES = [FIXTURE, REAL] if REAL_FILE.is_file() else [FIXTURE]


@dataclass
class Shop:
    """A running shop: its control plane by `control`, its API, with credentials, by `api`."""

    process: subprocess.Popen[str]
    control: httpx.Client
    api: httpx.Client

    def reach(self, instant: str) -> None:
        """Move the shop's clock."""
        self.control.post("/_sandbox/clock", json={"to": instant}).raise_for_status()


def start_shop(state: Path, *arguments: str) -> Shop:
    """Start `python -m fbinfor_assets.sandbox.shop` and wait until it is ready."""
    command = [sys.executable, "-m", "fbinfor_assets.sandbox.shop", "--port", "0", "--state", str(state)]
    process = subprocess.Popen([*command, *arguments], stdout=subprocess.PIPE, text=True, cwd=REPOSITORY)
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, f"the shop did not start (exit code {process.wait()})"
    url = f"http://127.0.0.1:{json.loads(line)['port']}"
    control = httpx.Client(base_url=url)
    known = control.get("/_sandbox/connection").json()
    api = httpx.Client(base_url=url + API, auth=(known["consumer_key"], known["consumer_secret"]), timeout=30)
    return Shop(process, control, api)


def stop_shop(shop: Shop) -> int:
    """Stop it as `serve` does; its exit code."""
    for client in (shop.control, shop.api):
        client.close()
    shop.process.terminate()
    code = shop.process.wait(10)
    assert shop.process.stdout is not None
    shop.process.stdout.close()
    return code


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A shop with the committed order file, its clock past the last order. Only for tests that move nothing."""
    running = start_shop(tmp_path_factory.mktemp("shop"), "--orders", str(FIXTURE_FILE))
    running.reach("2010-12-03T21:00:00Z")
    yield running
    stop_shop(running)


@pytest.fixture
def run_shop(tmp_path: Path) -> Iterator[Callable[..., Shop]]:
    """Start shops of one test's own; all are stopped at its end."""
    started: list[Shop] = []

    def start(*arguments: str, state: Path | None = None) -> Shop:
        started.append(start_shop(state or tmp_path / "state", *arguments))
        return started[-1]

    yield start
    for running in started:
        if running.process.poll() is None:
            stop_shop(running)


def rows(response: httpx.Response) -> list[dict[str, Any]]:
    """The list a successful answer holds."""
    assert response.status_code == 200, response.text
    return response.json()
