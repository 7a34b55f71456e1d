"""`fbinfor up`: everything on loopback, one Ctrl-C ends it all.

Belongs here: starting the sandbox (when no connections are configured), Dagster's webserver and daemon, watching
them and stopping them together.
Does not belong here: what the sensors start (defs) and what the simulators do (sandbox).
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parents[2]


class UpError(RuntimeError):
    """Something that `up` needs did not start; the text says what, why and where its log is."""


@dataclass
class Child:
    """One process of ours: its name, its log file and the process."""

    name: str
    log: Path
    process: subprocess.Popen[bytes]


@dataclass
class Supervisor:
    """Starts processes, notices when one ends, stops them all in reverse order."""

    logs: Path
    children: list[Child] = field(default_factory=list)

    def start(
        self,
        name: str,
        command: Sequence[str],
        env: Mapping[str, str] | None = None,
        *,
        announces: bool = False,
    ) -> Child:
        """Start a process in a group of its own, its output in `<logs>/<name>.log`.

        With `announces` its standard output is a pipe for the caller instead: it says something that no log may keep.
        """
        self.logs.mkdir(parents=True, exist_ok=True)
        log = self.logs / f"{name}.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE if announces else out,
                stderr=out,
                env={**os.environ, **(env or {})},
                cwd=ROOT,
                start_new_session=True,
            )
        child = Child(name, log, process)
        self.children.append(child)
        return child

    def ended(self) -> Child | None:
        """The first child that is no longer running."""
        return next((child for child in self.children if child.process.poll() is not None), None)

    def wait_for(self, child: Child, ready: Callable[[], bool], seconds: float) -> None:
        """Wait until `ready()`; raises `UpError` when the child ends or the time is over."""
        deadline = time.monotonic() + seconds
        while not ready():
            if child.process.poll() is not None:
                raise UpError(
                    f"{child.name} ended with code {child.process.returncode}: {last_line(child.log)} (all of it in {child.log})"
                )
            if time.monotonic() > deadline:
                raise UpError(f"{child.name} did not answer within {seconds:.0f} s; see {child.log}")
            time.sleep(0.2)

    def stop(self, grace: float = 15) -> None:
        """End every child, the last started first: SIGTERM to its group, SIGKILL after `grace` seconds."""
        for child in reversed(self.children):
            if child.process.poll() is None:
                _signal_group(child.process, signal.SIGTERM)
        deadline = time.monotonic() + grace
        for child in reversed(self.children):
            try:
                child.process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                _signal_group(child.process, signal.SIGKILL)
                child.process.wait()
            if child.process.stdout is not None:
                child.process.stdout.close()
        self.children.clear()


def _signal_group(process: subprocess.Popen[bytes], number: int) -> None:
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return


def last_line(path: Path) -> str:
    """The last line of a log that says something, or a word that there is none."""
    lines = [line for line in path.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1].strip() if lines else "it said nothing"


def free_port() -> int:
    """A port that nothing listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(url: str) -> bool:
    """Whether `url` answers with anything below 500."""
    try:
        return httpx.get(url, timeout=2, trust_env=False).status_code < 500
    except httpx.HTTPError:
        return False


def start_sandbox(
    supervisor: Supervisor, state: Path, arguments: Sequence[str] = (), seconds: float = 120
) -> dict[str, Any]:
    """Start the sandbox over the state folder and return the line of JSON that it prints when all of it answers.

    Raises `UpError` with the sandbox's own message if it cannot start.
    """
    command = [sys.executable, "-m", "fbinfor_assets.sandbox.serve", "--state", str(state), *arguments]
    child = supervisor.start("sandbox", command, announces=True)
    said: list[bytes] = []
    reader = threading.Thread(target=lambda: said.append(child.process.stdout.readline()), daemon=True)
    reader.start()
    supervisor.wait_for(child, lambda: bool(said and said[0]), seconds)
    return json.loads(said[0])


def write_instance(folder: Path) -> Path:
    """The folder of Dagster's instance with our `dagster.yaml` in it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "dagster.yaml").write_text((Path(__file__).parent / "dagster.yaml").read_text())
    return folder


def start_dagster(
    supervisor: Supervisor, home: Path, port: int, more: Mapping[str, str] | None = None, seconds: float = 180
) -> str:
    """Start Dagster's webserver and daemon over the instance in `home`/dagster; the address of the UI is returned.

    `more` is added to their environment. Sensors and schedules are on as config/automation.yml says.
    """
    instance = write_instance(home / "dagster")
    env = {
        "DAGSTER_HOME": str(instance.resolve()),
        "FBINFOR_HOME": str(home.resolve()),
        **(more or {}),
    }
    run = [sys.executable, "-m", "fbinfor_assets.runtime.dagster_process"]
    workspace = ["-w", str(ROOT / "workspace.yaml")]
    web = supervisor.start(
        "dagster-webserver",
        [*run, "webserver", *workspace, "-h", "127.0.0.1", "-p", str(port), "--log-level", "warning"],
        env,
    )
    supervisor.start("dagster-daemon", [*run, "daemon", "run", *workspace], env)
    url = f"http://127.0.0.1:{port}"
    supervisor.wait_for(web, lambda: answers(f"{url}/server_info"), seconds)
    return url


def wait_for_the_end(supervisor: Supervisor) -> int:
    """Block until Ctrl-C or SIGTERM (returns 0), or until a child ends by itself (says which, returns 1)."""
    stop = threading.Event()
    previous = {
        number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        while not stop.wait(0.5):
            child = supervisor.ended()
            if child is not None:
                print(
                    f"{child.name} ended by itself: {last_line(child.log)} (see {child.log}); stopping everything",
                    file=sys.stderr,
                )
                return 1
        return 0
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def run_up(
    *, home: Path | None, connections: Path | None, policy: Path | None, port: int, as_json: bool
) -> int:
    """Everything of one home until Ctrl-C; the exit code.

    Without a connections file (or with the one that the sandbox itself wrote) the sandbox is started from the home's
    own state. The simulators' clocks are then moved to the last day of their orders, so that there is something to do.
    Raises `UpError`, `ConfigError`.
    """
    from fbinfor_assets.app import connections_file
    from fbinfor_assets.config import (
        ConfigError,
        Paths,
        connections_from_sandbox,
        load_connections,
        write_connections,
    )

    paths = Paths(home)
    supervisor = Supervisor(paths.logs)
    try:
        try:
            chosen: Path | None = connections_file(paths, connections)
            own_sandbox = load_connections(chosen, paths).sandbox and chosen == paths.connections
        except ConfigError:
            if connections is not None:
                raise
            chosen, own_sandbox = None, True
        addresses = {}
        if own_sandbox:
            line = start_sandbox(supervisor, paths.sandbox)
            write_connections(connections_from_sandbox(line, paths), paths.connections)
            chosen = paths.connections
            for name in ("freshbooks", "infor", "shop"):
                addresses[f"{name} simulator"] = line[name]["control_url"].removesuffix("/_sandbox")
            _last_day(line)
        env = {"FBINFOR_CONNECTIONS": str(chosen)}
        if policy is not None:
            env["FBINFOR_POLICY"] = str(policy.resolve())
        addresses["Dagster"] = start_dagster(supervisor, paths.home, port or free_port(), env)
        if as_json:
            print(json.dumps({**addresses, "home": str(paths.home)}), flush=True)
        else:
            for name, url in addresses.items():
                print(f"{name + ':':22} {url}", flush=True)
            print(
                "sensors and schedules run as config/automation.yml says; Ctrl-C ends all of it", flush=True
            )
        return wait_for_the_end(supervisor)
    finally:
        supervisor.stop()


def _last_day(line: Mapping[str, Any]) -> None:
    """Move the simulators' clocks to the evening of the last day of orders, unless they are past it."""
    for name in ("freshbooks", "infor", "shop"):
        url = f"{line[name]['control_url']}/clock"
        httpx.post(
            url, json={"to": f"{line['to']}T21:00:00+00:00"}, timeout=30, trust_env=False
        ).raise_for_status()
