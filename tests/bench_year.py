"""`make bench-year`: a whole year of orders through everything, measured stage by stage, and tied out to the cent.

Belongs here: living the year month by month, measuring, the verdict in figures. Does not belong here: tests (nothing fails
on a clock), how anything is synchronised or compared.

The year is the shared order file, `--orders FILE`, or made-up orders. The simulators are processes of their own; no
limiter is on. Leaves the home for reopening below var/bench/year and the figures in var/bench/year.json.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx

from fbinfor_assets import demo
from fbinfor_assets.app import CONFIG, App
from fbinfor_assets.config import Paths, connections_from_sandbox, load_policy, write_connections
from fbinfor_assets.runtime.reopened import supervised
from fbinfor_assets.runtime.sync import open_instance, preload
from fbinfor_assets.runtime.up import Supervisor, start_sandbox

HOME = Path("var/bench/year")
OUT = Path("var/bench/year.json")
FIRST, LAST = date(2010, 12, 1), date(2011, 12, 9)
MINUTES, MEGABYTES, REQUESTS_PER_SECOND = 45, 4096, 5


class Meter:
    """Seconds and memory by stage. Memory is what the product and the simulators hold together, sampled."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor
        self._stage = "start"
        self._stopped = threading.Event()
        self.seconds: dict[str, float] = defaultdict(float)
        self.megabytes: dict[str, int] = defaultdict(int)
        self.most: dict[str, int] = defaultdict(int)
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """What happens in the block is of this stage."""
        before, self._stage = self._stage, name
        began = time.monotonic()
        try:
            yield
        finally:
            self.seconds[name] += time.monotonic() - began
            self._stage = before

    def inside(self, what: str, _done: int = 0, _total: int = 0) -> None:
        """Progress of a pass: "land shop__orders", "build", "gate m3__orders", "send m3__orders"."""
        self._stage = STAGES.get(what.split()[0], "pass")

    def close(self) -> None:
        """Stop sampling."""
        self._stopped.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stopped.wait(0.25):
            held = {"product": resident(os.getpid())}
            for child in self._supervisor.children:
                held["simulators"] = held.get("simulators", 0) + sum(map(resident, family(child.process.pid)))
            held["together"] = sum(held.values())
            for name, value in held.items():
                self.most[name] = max(self.most[name], value)
            self.megabytes[self._stage] = max(self.megabytes[self._stage], held["together"])


STAGES = {
    "land": "land",
    "build": "build (dbt)",
    "gate": "gate (Great Expectations)",
    "send": "deliver",
    "confirm": "deliver",
    "publish": "publish",
}


def resident(pid: int) -> int:
    """Megabytes of memory a process holds, 0 once it is gone."""
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) // 1024
    except OSError:
        pass
    return 0


def family(pid: int) -> list[int]:
    """A process and all below it."""
    try:
        below = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [pid, *(one for child in below for one in family(int(child)))]


def by_step(instance: Any, run_id: str) -> dict[str, float]:
    """Seconds of a pass by stage, from Dagster's own record of its steps."""
    kinds = {"raw": "land", "dbt": "build (dbt)", "gates": "gate (Great Expectations)", "outbound": "deliver"}
    found: dict[str, float] = defaultdict(float)
    for step in instance.get_run_step_stats(run_id):
        if step.start_time and step.end_time:
            kind = step.step_key.split("__")[0].split("_")[0]
            found[kinds.get(kind, "publish")] += step.end_time - step.start_time
    return found


def live(
    app: App, instance: Any, sandbox: dict[str, Any], first: date, last: date, meter: Meter
) -> tuple[demo.Passes, list[dict[str, Any]]]:
    """The months go by: orders arrive and go out, customers pay, goods ship, what follows is synchronised."""
    from fbinfor_assets.defs.workflows.cycle import Cycle
    from fbinfor_assets.sandbox.driver import Driver

    passes, log = demo.Passes(), []
    cycle = Cycle(app, instance=instance, progress=meter.inside)

    def sync(most: int) -> None:
        for _ in range(most):
            began = time.monotonic()
            report = cycle.run()
            passes.count += 1
            passes.seconds += report.seconds
            passes.errors += report.errors
            steps = by_step(instance, report.run_id)
            for name, seconds in steps.items():
                meter.seconds[name] += seconds
            meter.seconds["between the steps (Dagster)"] += report.seconds - sum(steps.values())
            sent = {name: count for name, count in report.sent.items() if count}
            log.append({"seconds": round(time.monotonic() - began, 1), "sent": sent, "day": str(day)})
            say(f"    pass {passes.count}: {report.seconds:.0f} s, sent {sum(sent.values())}")
            for error in report.errors:
                say(f"    {error}")
            if report.settled or not report.ok:
                return

    def world(act: Callable[[], Any]) -> Any:
        with meter.stage("the world (driver, simulators)"):
            return act()

    with Driver(sandbox) as people:
        day = first
        while day <= last:
            end = min(_month_end(day), last)
            new = world(lambda: people.arrive(end))["new"]  # noqa: B023
            say(f"{end:%B %Y}: {new} documents")
            sync(3)
            world(lambda: (people.pay(end), people.ship(end)))  # noqa: B023
            sync(1)
            day = end + timedelta(days=1)
        for later in range(6):
            day = last + timedelta(days=later + 1)
            world(lambda: (people.pay(day), people.ship(day)))  # noqa: B023
            sync(12 if later == 5 else 1)
        with meter.stage("reports"):
            cycle.refresh_reports()
    say("once more over unchanged systems")
    before = demo.written(sandbox)
    sync(1)
    passes.second_cycle_writes = demo.written(sandbox) - before
    return passes, log


def _month_end(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def requests_of(sandbox: dict[str, Any]) -> dict[str, int]:
    """How many requests each vendor's API has had."""
    urls = {name: sandbox[name]["control_url"] for name in ("freshbooks", "infor", "shop")}
    return {
        name: httpx.get(f"{url}/state", timeout=60, trust_env=False).json()["requests"]
        for name, url in urls.items()
    }


def reopened(orders: Path | None) -> dict[str, Any]:
    """The simulators served anew from their state: what reconciles there, and whether the independent SQL agrees."""
    said = HOME / "reconcile.json"
    command = [sys.executable, "-m", "fbinfor_assets.cli", "reconcile", "--home", str(HOME), "--json"]
    with said.open("wb") as out:
        answer = subprocess.run([*command, "--sandbox", str(HOME / "sandbox")], stdout=out, check=False)
    found = {"reconcile": answer.returncode, "proof": None, "differs": []}
    if orders is not None:
        command = [sys.executable, "tests/independent/prove.py", "--sandbox", str(HOME / "sandbox")]
        command += ["--orders", str(orders), "--against", str(said), "--out", str(HOME / "proof.json")]
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
        found |= {
            "proof": answer.returncode,
            "says": (answer.stdout + answer.stderr).strip().splitlines()[-5:],
        }
    return found


def say(text: str) -> None:
    """One line with the time since the start."""
    print(f"{time.monotonic() - BEGUN:8.1f} s  {text}", flush=True)


BEGUN = time.monotonic()


def main() -> int:
    """Live the year and write the figures; 1 if it does not tie out, 2 for input that cannot be used."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--orders", type=Path, help="order file; else the shared one, else made-up orders")
    parser.add_argument("--from", dest="first", type=date.fromisoformat, default=FIRST)
    parser.add_argument("--to", dest="last", type=date.fromisoformat, default=LAST)
    given = parser.parse_args()
    orders = given.orders or demo.shared_orders()
    try:
        demo.check_orders(orders, given.first, given.last)
        demo.make_anew(HOME)
    except demo.DemoError as error:
        print(error, file=sys.stderr)
        return 2
    paths = Paths(HOME)
    with supervised(paths.logs) as supervisor:
        meter = Meter(supervisor)
        with meter.stage("start (imports, dbt parse, simulators)"):
            arguments = ["--from", str(given.first), "--to", str(given.last), "--seed", "1"]
            arguments += ["--orders", str(orders.resolve())] if orders else []
            sandbox = start_sandbox(supervisor, HOME / "sandbox", arguments)
            preload(HOME)
        connections = connections_from_sandbox(sandbox, paths)
        write_connections(connections, paths.connections)
        with (
            App(paths, connections, load_policy(CONFIG / "policy.sandbox.yml")) as app,
            open_instance(app) as instance,
        ):
            passes, log = live(app, instance, sandbox, given.first, given.last, meter)
            requests = requests_of(sandbox)
            say("reading everything anew and comparing")
            with meter.stage("reconcile (fresh read of all three)"):
                summary = demo.judge(app, sandbox, given.first, given.last, passes)
        supervisor.stop()
        say(
            "reopened: what `fbinfor reconcile` says, and what an SQL of its own finds in the logs and the ledgers"
        )
        with meter.stage("reopened: reconcile, and the independent proof"):
            proof = reopened(orders)
        meter.close()
    seconds = time.monotonic() - BEGUN
    documents = summary["documents_total"]["count"]
    slowly = {name: round(count / REQUESTS_PER_SECOND / 3600, 1) for name, count in requests.items()}
    figures = {
        "ok": summary["ok"] and proof["reconcile"] == 0 and proof["proof"] in (0, None),
        "machine": {"cores": os.cpu_count(), "python": platform.python_version()},
        "orders": orders.name if orders else "made up",
        "documents": documents,
        "lines": sum(row["lines"] for row in summary["classes"]["totals"]),
        "seconds": round(seconds, 1),
        "minutes": round(seconds / 60, 1),
        "documents_per_second": round(documents / seconds, 2),
        "passes": passes.count,
        "stages": [
            {
                "stage": name,
                "seconds": round(value, 1),
                "share": round(value / seconds, 3),
                "peak_mb": meter.megabytes.get(name),
            }
            for name, value in sorted(meter.seconds.items(), key=lambda item: -item[1])
        ],
        "peak_mb": dict(meter.most),
        "requests": requests,
        f"hours_at_{REQUESTS_PER_SECOND}_requests_a_second": slowly
        | {"together": round(sum(slowly.values()), 1)},
        "second_cycle_writes": passes.second_cycle_writes,
        "net": summary["documents_total"]["net"],
        "unexplained": summary["differences"],
        "reopened": proof,
        "summary": summary,
        "log": log,
    }
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(figures, indent=2, ensure_ascii=False) + "\n")
    show(figures)
    return 0 if figures["ok"] else 1


def show(figures: dict[str, Any]) -> None:
    """The figures as a person reads them."""
    print(
        f"\n{figures['documents']} documents in {figures['minutes']} minutes of at most {MINUTES}, ", end=""
    )
    print(f"{figures['documents_per_second']} a second; peak {figures['peak_mb']} MB of at most {MEGABYTES}")
    for row in figures["stages"]:
        peak = f"{row['peak_mb']:6} MB" if row["peak_mb"] else ""
        print(f"  {row['seconds']:8.1f} s  {row['share']:6.1%}  {peak}  {row['stage']}")
    print(f"  the file's net {figures['net']}; unexplained {figures['unexplained']}")
    print(f"  a second cycle wrote {figures['second_cycle_writes']}; reopened: {figures['reopened']}")
    for sentence in figures["summary"]["checks"]["failed"]:
        print(f"FAILS  {sentence}")
    print(f"{'everything agrees' if figures['ok'] else 'it does not agree'}; the figures: {OUT}")


if __name__ == "__main__":
    raise SystemExit(main())
