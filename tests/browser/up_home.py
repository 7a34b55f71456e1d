"""A home that `fbinfor up` opens: a small sandbox, everything synchronised, then everything running.

Belongs here: starting and stopping. Does not belong here: what the pages must show.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from fbinfor_assets.config import Paths, connections_from_sandbox, write_connections
from fbinfor_assets.runtime.up import Supervisor, start_sandbox
from fbinfor_assets.sandbox.driver import Driver

ROOT = Path(__file__).parents[2]
DAY = "2010-12-01"
ORDERS = """\
invoice_no,stock_code,description,quantity,invoice_date,unit_price,customer_id,country
536365,85123A,WHITE HANGING HEART T-LIGHT HOLDER,6,2010-12-01 08:26:00,2.55,17850,United Kingdom
536365,71053,WHITE METAL LANTERN,6,2010-12-01 08:26:00,3.39,17850,United Kingdom
536367,84879,ASSORTED COLOUR BIRD ORNAMENT,32,2010-12-01 08:34:00,1.69,13047,United Kingdom
536370,POST,POSTAGE,3,2010-12-01 08:45:00,18.00,12583,France
"""


def fbinfor(*arguments: str, home: Path, **more: object) -> subprocess.Popen[bytes]:
    """`fbinfor …` as a process of its own group."""
    env = {**os.environ, "FBINFOR_HOME": str(home)}
    command = [sys.executable, "-m", "fbinfor_assets.cli", *arguments]
    return subprocess.Popen(command, cwd=ROOT, env=env, start_new_session=True, **more)


def chromium() -> str | None:
    """The system's Chromium; None lets playwright look for its own download (and fail loudly without one)."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def prepare(home: Path) -> None:
    """Orders in the shop and passes over them until one sends nothing, so that there are runs and reports to look at."""
    paths = Paths(home)
    home.mkdir(parents=True, exist_ok=True)
    orders = home / "orders.csv"
    orders.write_text(ORDERS)
    supervisor = Supervisor(paths.logs)
    try:
        line = start_sandbox(supervisor, paths.sandbox, ["--orders", str(orders), "--from", DAY, "--to", DAY])
        write_connections(connections_from_sandbox(line, paths), paths.connections)
        with Driver(line) as world:
            world.arrive(date.fromisoformat(DAY))
        sync = fbinfor("sync", "--json", home=home, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        said, _ = sync.communicate(timeout=240)
        assert sync.returncode == 0, said.decode()[-3000:]
    finally:
        supervisor.stop()


@contextmanager
def running(home: Path) -> Iterator[dict[str, str]]:
    """`fbinfor up` over a prepared home; its addresses. Ended by one Ctrl-C, as a person does."""
    process = fbinfor("up", "--port", "0", "--json", home=home, stdout=subprocess.PIPE)
    try:
        said: list[bytes] = []
        reader = threading.Thread(target=lambda: said.append(process.stdout.readline()), daemon=True)
        reader.start()
        reader.join(180)
        assert said and said[0], f"`fbinfor up` said nothing; its logs are in {home / 'logs'}"
        yield json.loads(said[0])
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
