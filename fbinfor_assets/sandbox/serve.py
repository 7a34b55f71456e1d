"""Starts the whole sandbox: FreshBooks, M3 and the shop, each a process of its own, and tells where they are.

Belongs here: the order of starting, the state folder, the one line of JSON that configures a product against the
sandbox, stopping everything.
Does not belong here: what a simulator does; what people do (`driver`).

The line (also kept in the state folder as `sandbox.json`, readable by its owner only)::

    {"freshbooks": {base_url, auth_url, control_url, client_id, client_secret, access_token, refresh_token, account_id,
                    business_id, redirect_uri},
     "infor": {"ionapi": {...}, control_url, company, division},
     "shop": {base_url, consumer_key, consumer_secret, control_url},
     "pids": {"serve", "freshbooks", "infor", "shop"}, "ports": {"freshbooks", "infor", "shop"},
     "state": folder, "from": day, "to": day, "seed": n}

Simulated time starts with the first day of the orders, at midnight UTC, and none has arrived then: the driver (or a
POST to each `control_url` + `/clock`) moves it. A `control_url` ends in `/_sandbox`.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import queue
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import FrameType
from typing import Any

import httpx
from filelock import FileLock, Timeout

from fbinfor_assets.sandbox.profiles import SEED_CUSTOMERS_FILE, write_seed_customers
from fbinfor_assets.sandbox.shop.book import OrderBook, prepare
from fbinfor_assets.sandbox.state import SandboxError

FILE = "sandbox.json"
"""The line, inside the state folder."""

# Key in the line -> (package, offset from --port).
_SIMULATORS = {"freshbooks": ("freshbooks", 0), "infor": ("m3", 1), "shop": ("shop", 2)}
_TITLES = {"freshbooks": "FreshBooks simulator", "infor": "M3 simulator", "shop": "shop simulator"}

_START_SECONDS = 90
_STOP_SECONDS = 8


def serve(
    orders: Path | None = None,
    from_: date | None = None,
    to: date | None = None,
    seed: int | None = None,
    state: Path | None = None,
    port: int = 0,
    config: Path | None = None,
    faults: Path | None = None,
) -> int:
    """Run the sandbox until SIGINT, SIGTERM or SIGHUP; print the line (module docstring) once everything answers.

    orders: parquet or csv with the columns of the order file; without it, made-up orders. from_, to: local days,
    inclusive; without a file 2010-12-01 to 2010-12-03. seed: credentials, ids, people and made-up orders derive from
    it (1). state: folder that survives; one that exists is reopened with its own orders, credentials and, if they are
    free, ports. Without it, a temporary folder that is removed at the end. port: freshbooks there, infor and shop on
    the next two; 0 takes free ones. config: YAML of switches, sections freshbooks, m3, shop. faults: YAML of faults to
    begin with, of the same sections (`fault_file`).

    Returns the exit code: 0 after a signal, 1 if a simulator died, 2 if the sandbox cannot start (the reason is on
    stderr; nothing was created by a bad order file). Prints nothing but the line on stdout.
    """
    temporary = state is None
    folder = Path(tempfile.mkdtemp(prefix="fbinfor-sandbox-")) if state is None else Path(state)
    try:
        with _Signals() as stop:
            files = {"--config": config, "--faults": faults}
            return _serve(folder.absolute(), orders, from_, to, seed, port, files, stop)
    except SandboxError as error:
        print(f"sandbox: {error}", file=sys.stderr)
        return 2
    except httpx.HTTPError as error:
        print(
            f"sandbox: a simulator stopped answering while starting ({error}); start again", file=sys.stderr
        )
        return 1
    finally:
        if temporary:
            shutil.rmtree(folder, ignore_errors=True)


def _serve(
    folder: Path,
    orders: Path | None,
    from_: date | None,
    to: date | None,
    seed: int | None,
    port: int,
    files: dict[str, Path | None],
    stop: threading.Event,
) -> int:
    for option, path in files.items():
        if path is not None and not path.is_file():
            raise SandboxError(f"{path}: there is no such file; check the path given to {option}")
    if folder.exists() and not folder.is_dir():
        raise SandboxError(f"{folder} is a file; give a folder to --state")
    source = prepare(folder, orders, from_, to, seed)
    with _alone(folder):
        return _run(folder, source, port, files, stop)


def _run(
    folder: Path, source: dict[str, str], port: int, files: dict[str, Path | None], stop: threading.Event
) -> int:
    if not (folder / SEED_CUSTOMERS_FILE).exists():
        with OrderBook(folder) as book:
            write_seed_customers(folder, book.seed_customers(), int(source["seed"]))
    arguments = [
        "--state",
        str(folder),
        "--seed",
        source["seed"],
        "--from",
        source["from"],
        "--to",
        source["to"],
    ]
    for option, path in files.items():
        if path is not None:
            arguments += [option, str(path)]
    children: list[_Child] = []
    try:
        for name, at in _ports(folder, port).items():
            children.append(_Child.start(name, [*arguments, "--port", str(at)]))
        failed = _wait_ready(children, stop)
        if stop.is_set():
            return 0
        if failed is not None:
            code = failed.process.poll()
            how = "did not answer in time" if code is None else f"ended while starting (exit code {code})"
            print(f"sandbox: the {_TITLES[failed.name]} {how}; its own message is above", file=sys.stderr)
            return 2 if code == 2 else 1
        line = _line(folder, source, children)
        _keep(folder / FILE, line)
        print(line, flush=True)
        return _watch(children, stop)
    finally:
        _stop(children)


# ---------------------------------------------------------------------------------------------- the processes


@dataclass(slots=True)
class _Child:
    name: str
    process: subprocess.Popen[bytes]
    said: queue.Queue[bytes]
    port: int = 0

    @classmethod
    def start(cls, name: str, arguments: list[str]) -> _Child:
        module = f"fbinfor_assets.sandbox.{_SIMULATORS[name][0]}"
        process = subprocess.Popen(
            [sys.executable, "-m", "fbinfor_assets.sandbox.leash", module, *arguments],
            stdin=subprocess.PIPE,  # the leash: see there
            stdout=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C reaches us alone; we stop the children, in order
        )
        child = cls(name, process, queue.Queue())
        threading.Thread(target=child._listen, daemon=True).start()
        return child

    def _listen(self) -> None:
        """The first line is the ready line; whatever else a simulator prints goes to stderr."""
        assert self.process.stdout is not None
        with contextlib.suppress(ValueError):  # closed while reading: we are stopping
            for place, line in enumerate(self.process.stdout):
                if place == 0:
                    self.said.put(line)
                else:
                    sys.stderr.buffer.write(line)
        self.said.put(b"")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def _wait_ready(children: list[_Child], stop: threading.Event) -> _Child | None:
    """Wait until every simulator answers its health path; the one that failed to, or None."""
    until = time.monotonic() + _START_SECONDS
    for child in children:
        while not stop.is_set():
            try:
                said = child.said.get(timeout=0.1)
            except queue.Empty:
                if time.monotonic() > until:
                    return child
                continue
            if not said:
                child.process.wait()
                return child
            child.port = json.loads(said)["port"]
            break
        while not stop.is_set():
            with contextlib.suppress(httpx.HTTPError):
                if httpx.get(f"{child.url}/_sandbox/health", timeout=5, trust_env=False).status_code == 200:
                    break
            if child.process.poll() is not None or time.monotonic() > until:
                return child
            stop.wait(0.05)
    return None


def _watch(children: list[_Child], stop: threading.Event) -> int:
    while not stop.wait(0.2):
        for child in children:
            code = child.process.poll()
            if code is not None:
                print(
                    f"sandbox: the {_TITLES[child.name]} (pid {child.process.pid}) ended by itself with exit code"
                    f" {code}; the others were stopped. Start again with the same --state to go on",
                    file=sys.stderr,
                )
                return 1
    return 0


def _stop(children: list[_Child]) -> None:
    for child in children:
        if child.process.poll() is None:
            child.process.terminate()
    until = time.monotonic() + _STOP_SECONDS
    for child in children:
        try:
            child.process.wait(max(0.1, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.process.kill()
            child.process.wait()
        for pipe in (child.process.stdin, child.process.stdout):
            with contextlib.suppress(OSError, ValueError):
                if pipe is not None:
                    pipe.close()


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the state folder. The simulators lock their own files too, but say so only after seconds of trying."""
    lock = FileLock(folder / "serve.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise SandboxError(
            f"the state folder {folder} is served by another process; stop that one first or give another --state"
        ) from None
    try:
        yield
    finally:
        lock.release()


class _Signals:
    """Within the block, SIGINT, SIGTERM and SIGHUP set the event instead of ending the process.

    Outside the main thread Python takes no signals: there the event is never set by one.
    """

    _NAMES = ("SIGINT", "SIGTERM", "SIGHUP")

    def __enter__(self) -> threading.Event:
        self._event = threading.Event()
        self._before: dict[int, Any] = {}
        if threading.current_thread() is threading.main_thread():
            for number in (getattr(signal, name) for name in self._NAMES if hasattr(signal, name)):
                self._before[number] = signal.signal(number, self._received)
        return self._event

    def _received(self, _number: int, _frame: FrameType | None) -> None:
        self._event.set()

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)


# ---------------------------------------------------------------------------------------- ports and the line


def _ports(folder: Path, base: int) -> dict[str, int]:
    if base:
        return {name: base + offset for name, (_, offset) in _SIMULATORS.items()}
    with contextlib.suppress(OSError, ValueError, KeyError):
        # Reopened: who was configured against these addresses finds the sandbox there again.
        kept = json.loads((folder / FILE).read_text(encoding="utf-8"))["ports"]
        return {name: int(kept[name]) if _free(int(kept[name])) else 0 for name in _SIMULATORS}
    return dict.fromkeys(_SIMULATORS, 0)


def _free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _line(folder: Path, source: dict[str, str], children: list[_Child]) -> str:
    line: dict[str, Any] = {}
    for child in children:
        answer = httpx.get(f"{child.url}/_sandbox/connection", timeout=10, trust_env=False)
        line[child.name] = {**answer.raise_for_status().json(), "control_url": f"{child.url}/_sandbox"}
    line["pids"] = {"serve": os.getpid(), **{child.name: child.process.pid for child in children}}
    line["ports"] = {child.name: child.port for child in children}
    line |= {"state": str(folder), "from": source["from"], "to": source["to"], "seed": int(source["seed"])}
    return json.dumps(line)


def _keep(path: Path, line: str) -> None:
    part = path.with_suffix(".part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(line + "\n")
    part.replace(path)


def main(argv: list[str] | None = None) -> int:
    """The command line of `python -m fbinfor_assets.sandbox.serve`; gives the exit code of `serve`."""
    parser = argparse.ArgumentParser(
        prog="python -m fbinfor_assets.sandbox.serve", description="Run the sandbox."
    )
    add = parser.add_argument
    add("--orders", type=Path, help="order file, parquet or csv; without it, made-up orders")
    add("--from", dest="from_", type=date.fromisoformat, help="first day of the orders (local)")
    add("--to", type=date.fromisoformat, help="last day of the orders, inclusive")
    add("--seed", type=int, help="everything made up derives from it (1)")
    add("--state", type=Path, help="folder that survives; reopened if it exists")
    add("--port", type=int, default=0, help="freshbooks N, infor N+1, shop N+2; 0 takes free ones")
    add("--config", type=Path, help="YAML of switches: sections freshbooks, m3, shop")
    add("--faults", type=Path, help="YAML of faults to begin with: seed, sections freshbooks, m3, shop")
    return serve(**vars(parser.parse_args(argv)))


if __name__ == "__main__":
    raise SystemExit(main())
