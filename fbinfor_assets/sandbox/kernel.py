"""What every simulator stands on: the transaction around a request, the control plane, the process.

Belongs here: what the FreshBooks, M3 and shop simulators share and no vendor would recognise as its own.
Does not belong here: any vendor's behaviour, path or word; the durable tables (`state`), simulated time (`clock`),
switches (`switch`), faults (`faults`), bookkeeping (`ledger`).

How a simulator uses it::

    parser = argparse.ArgumentParser(); common_arguments(parser); args = parser.parse_args()
    state = State(args.state / "m3.db")                  # loads everything into memory
    clock = Clock(state, start=args.from_day)            # simulated time, kept in the state
    switches = load_switches(state, args.config, "m3", SWITCHES)
    app = create_app(state, clock, routes, name="m3", ledger=ledger, describe=..., reset=...)
    run(app, args.port)

The rules of a request handler (`async def`, always; a plain `def` would run in a thread):

1. read the body first (`await request.body()`), then do everything else without another `await`: that makes
   the handler atomic, for there is one event loop and one process;
2. never change a stored row in place: build a new dict and `state.put(kind, id, row)`;
3. `state.log(...)` each applied mutation, once, then `state.commit()` once, then answer.

What is not committed when the answer starts is rolled back if the status is 400 or more, or if the handler
raised, and committed otherwise. A vendor that refuses with HTTP 200 calls `state.rollback()` itself.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import hashlib
import os
import signal
import socket
import sys
import time
import traceback
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Coroutine,
    Iterable,
    Mapping,
    Sequence,
)
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from fbinfor_assets.sandbox import breakage, fault_file, faults
from fbinfor_assets.sandbox.clock import Clock, parse_instant
from fbinfor_assets.sandbox.gate import Gate
from fbinfor_assets.sandbox.history import ReadWrote
from fbinfor_assets.sandbox.state import Row, SandboxError, State, request_writes
from fbinfor_assets.sandbox.switch import Switch, check_switch

if TYPE_CHECKING:
    from fbinfor_assets.sandbox.ledger import Ledger
    from fbinfor_assets.sandbox.webhooks import Sender

# ------------------------------------------------------------------------------------- small helpers


def secret(seed: int, *labels: str, length: int = 32) -> str:
    """A hexadecimal text that depends on nothing but the seed and the labels: credentials, ids, uuids."""
    text = ""
    while len(text) < length:
        text += hashlib.sha256("|".join([str(seed), *labels, str(len(text))]).encode()).hexdigest()
    return text[:length]


def json_response(content: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """An answer of JSON (orjson; floats never occur because the tables hold decimal text)."""
    return Response(orjson.dumps(content), status, headers, "application/json")


def common_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line every simulator has: --port --state --seed --from --to --orders --config --faults.

    Attributes: port int, state Path, seed int, from_day date|None, to_day date|None, orders Path|None,
    config Path|None, faults Path|None.
    """
    parser.add_argument("--port", type=int, required=True, help="loopback port; 0 takes a free one")
    parser.add_argument("--state", type=Path, required=True, help="folder of the simulator's state")
    parser.add_argument(
        "--seed", type=int, default=1, help="credentials, ids and generated data derive from it"
    )
    parser.add_argument("--from", dest="from_day", type=date.fromisoformat, help="first simulated day")
    parser.add_argument("--to", dest="to_day", type=date.fromisoformat, help="last day of the orders")
    parser.add_argument("--orders", type=Path, help="order file, parquet or csv")
    parser.add_argument("--config", type=Path, help="YAML of switches, one section per simulator")
    parser.add_argument("--faults", type=Path, help="YAML of faults to begin with, one section per simulator")


# --------------------------------------------------------------------------------- the application


class _Transaction:
    """Outermost ASGI layer: end the request's transaction before the answer, note the delivery after it."""

    def __init__(self, app: Any, state: State, clock: Clock, planned: faults.Faults) -> None:
        self._app, self._state, self._clock, self._faults = app, state, clock, planned
        self._second, self._date = 0, b""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if not scope["path"].startswith("/_sandbox/"):
            self._state.requests += 1
        hit = fault = None
        connection = receive
        if self._faults.planned:
            body = b""
            if self._faults.needs_body:
                body, receive = await breakage.read_body(connection)
            hit = self._faults.hit(scope, body)
            fault = hit and hit.fault
        out = send
        if fault is not None:
            if not await breakage.before(fault, scope, receive, send, self._now()):
                return
            if receive is not connection and _client_gone(connection):
                return  # its body was read before it hung up
            if fault.fields.get("rotated") and self._faults.rotate is not None:
                self._faults.rotate()
                self._state.commit()
            out = breakage.after(fault, receive, send)
        lost = fault is not None and breakage.breaks_answer(fault)
        sequences: list[int] = []
        request_writes.set(sequences)
        refused = False

        async def watched(message: Any) -> None:
            nonlocal refused
            if message["type"] == "http.response.start":
                # A gateway may answer 504 for what was applied: that answer delivers nothing.
                refused = message["status"] >= 400
                if self._state.uncommitted:
                    if refused:
                        self._state.rollback()
                    else:
                        self._state.commit()
                message["headers"] = [(b"date", self._now()), *message["headers"]]
            last = message["type"] == "http.response.body" and not message.get("more_body")
            gone = bool(last and sequences) and (lost or _client_gone(connection))
            await out(message)
            if last and sequences and not gone and not refused:
                self._state.delivered(sequences)

        try:
            if hit is not None and hit.lag:
                await self._from_the_past(scope, receive, watched, hit.lag)
            else:
                await self._app(scope, receive, watched)
        except ClientDisconnect:
            pass  # hung up before its body was read: nothing was begun
        except BaseException:
            if self._state.uncommitted:
                self._state.rollback()
            raise

    async def _from_the_past(self, scope: Any, receive: Any, send: Any, seconds: float) -> None:
        body, first = await breakage.read_body(receive)
        try:
            await breakage.Stepped(self._app(scope, first, send), lambda: self._state.rewound(seconds))
        except ReadWrote:
            # Nothing was changed and nothing was answered: a read that writes is served from the present.
            await self._app(scope, breakage.replay(body, receive), send)

    def _now(self) -> bytes:
        """The Date header: the wall clock as the vendor's clock has it."""
        second = int(time.time() + self._clock.skew.total_seconds())
        if second != self._second:
            self._second, self._date = second, breakage.http_date(second)
        return self._date


def _client_gone(receive: Callable[[], Awaitable[Any]]) -> bool:
    # uvicorn drops an answer to a closed connection without a word; asking for the next message tells.
    # One step of the coroutine is enough: an open connection has nothing to say and would wait. A request whose body
    # nobody read says that first.
    for _ in range(2):
        waiting: Any = receive()
        try:
            waiting.send(None)
        except StopIteration as answer:
            if answer.value["type"] == "http.disconnect":
                return True
        else:
            waiting.close()
            return False
    return False


def create_app(
    state: State,
    clock: Clock,
    routes: Sequence[Route],
    *,
    name: str,
    ledger: Ledger | None = None,
    describe: Callable[[], Row] | None = None,
    reset: Callable[[], None] | None = None,
    switches: dict[str, Any] | None = None,
    known_switches: Mapping[str, Switch] | None = None,
    exception_handlers: Mapping[Any, Any] | None = None,
    sender: Sender | None = None,
    background: Sequence[Callable[[], Coroutine[Any, Any, None]]] = (),
    fault_kinds: Mapping[str, faults.Extension] | None = None,
    operations: faults.Operations = faults.by_method,
    rotate_tokens: Callable[[], None] | None = None,
    never_lags: Iterable[str] = (),
) -> Starlette:
    """The simulator's application: the vendor's routes and, under /_sandbox/, the control plane.

    GET  /_sandbox/health         {"name", "ok", "now"}
    GET  /_sandbox/state          {"name", "now", "tables": {kind: count}, "writes", "requests": of this process to the
                                  vendor's own API}; ?table=KIND[&offset&limit] gives {"table", "total", "rows"}
    GET  /_sandbox/writes         ?after=SEQUENCE&limit=N (1000): {"writes": [...], "next": sequence to go on after}
    GET  /_sandbox/trial-balance  ?to=YYYY-MM-DD&by=day, see Ledger.trial_balance (only with a `ledger`)
    GET  /_sandbox/clock          {"now"} (UTC)
    POST /_sandbox/clock          {"to": date or instant} or {"advance_days": n}: {"now", "moved"}
    GET  /_sandbox/connection     what `describe()` gives: credentials and ids for `serve`
    GET|POST /_sandbox/switches   what `load_switches` gave (changed in place by the POST's {name: value}); only if
                                  `switches` and `known_switches` are given
    GET|POST|DELETE /_sandbox/faults  see `faults.py`
    GET|POST|DELETE /_sandbox/webhooks  see `webhooks.py` (only with a `sender`)
    POST /_sandbox/reset          forget everything but the switches, begin again at the clock's start, then `reset()`
                                  seeds anew: as a new simulator of the same seed starts

    `background`: coroutine functions that run beside the requests until the end, as the `sender` does. Between two
    of its awaits such a task is as atomic as a handler; it commits what it changes itself.

    For the faults: `fault_kinds` are kinds of the simulator's own; `operations` names what a request does, where its
    method does not tell; `rotate_tokens` makes all tokens new; the tables in `never_lags` have no replica (tokens).
    """

    async def health(request: Request) -> Response:
        return json_response({"name": name, "ok": True, "now": clock.true_now().isoformat()})

    async def show_state(request: Request) -> Response:
        table = request.query_params.get("table")
        if table is None:
            counts = {kind: len(state.tables(kind)) for kind in state.kinds()}
            return json_response(
                {
                    "name": name,
                    "now": clock.true_now().isoformat(),
                    "tables": counts,
                    "writes": state.last_sequence,
                    "requests": state.requests,
                }
            )
        rows = list(state.tables(table).values()) if table in state.kinds() else []
        offset, limit = _number(request, "offset", 0), _number(request, "limit", len(rows))
        return json_response({"table": table, "total": len(rows), "rows": rows[offset : offset + limit]})

    async def writes(request: Request) -> Response:
        after = _number(request, "after", 0)
        found = list(state.writes(after, _number(request, "limit", 1000)))
        return json_response({"writes": found, "next": found[-1]["sequence"] if found else after})

    async def show_clock(request: Request) -> Response:
        return json_response({"now": clock.true_now().isoformat()})

    async def move_clock(request: Request) -> Response:
        body = await json_body(request)
        try:
            if "to" in body:
                moved = clock.set(parse_instant(body["to"]))
            else:
                moved = clock.advance(days=int(body["advance_days"]))
        except (KeyError, TypeError, ValueError) as error:
            return json_response({"error": f'expected {{"to": date}} or {{"advance_days": n}}: {error}'}, 400)
        return json_response({"now": clock.true_now().isoformat(), "moved": moved})

    async def trial_balance(request: Request) -> Response:
        assert ledger is not None
        try:
            to = request.query_params.get("to")
            day = date.fromisoformat(to) if to else None
        except ValueError as error:
            return json_response({"error": f"to: {error}"}, 400)
        return json_response(ledger.trial_balance(day, by_day=request.query_params.get("by") == "day"))

    async def connection(request: Request) -> Response:
        assert describe is not None
        return json_response(describe())

    async def show_switches(request: Request) -> Response:
        assert switches is not None and known_switches is not None
        if request.method == "POST":
            try:
                given = dict(await json_body(request))
                for switch, value in given.items():
                    check_switch(switch, value, known_switches, switch)
            except (SandboxError, TypeError, ValueError) as error:
                return json_response({"error": str(error)}, 400)
            switches.update(given)
            state.set_meta("switches", dict(switches))
            state.commit()
        return json_response(switches)

    async def start_again(request: Request) -> Response:
        request_writes.set(None)  # what the seeding logs is nobody's answer, here as at the start
        kept = state.meta.get("switches")
        state.clear()
        clock.restart()
        if kept is not None:
            state.set_meta("switches", kept)
        if sender is not None:
            sender.forget_all()
        planned.reset()
        if reset is not None:
            reset()
        state.commit()
        clock.go()
        return json_response({"now": clock.true_now().isoformat()})

    control = [
        Route("/_sandbox/health", health),
        Route("/_sandbox/state", show_state),
        Route("/_sandbox/writes", writes),
        Route("/_sandbox/clock", show_clock, methods=["GET"]),
        Route("/_sandbox/clock", move_clock, methods=["POST"]),
        Route("/_sandbox/reset", start_again, methods=["POST"]),
    ]
    if ledger is not None:
        control.append(Route("/_sandbox/trial-balance", trial_balance))
    if describe is not None:
        control.append(Route("/_sandbox/connection", connection))
    if switches is not None:
        control.append(Route("/_sandbox/switches", show_switches, methods=["GET", "POST"]))
    jobs = list(background)
    kinds = dict(fault_kinds or {})
    if sender is not None:
        control.extend(sender.routes)
        jobs.append(sender.run)
        kinds["webhooks"] = sender.fault
    planned = faults.Faults(state, clock, kinds, operations, rotate_tokens)
    state.never_lags |= set(never_lags)
    clock.go()
    app = Starlette(
        routes=[*routes, *control, *planned.routes],
        exception_handlers=exception_handlers,
        lifespan=lambda _: _beside(jobs),
    )
    app.state.faults = planned
    app.state.sandbox_name, app.state.sandbox, app.state.clock = name, state, clock
    return app


@contextlib.asynccontextmanager
async def _beside(jobs: Sequence[Callable[[], Coroutine[Any, Any, None]]]) -> AsyncIterator[None]:
    """Run the jobs while the application serves."""
    tasks = [asyncio.create_task(job()) for job in jobs]
    for task in tasks:
        task.add_done_callback(_say_why_it_ended)
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _say_why_it_ended(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        traceback.print_exception(error)


async def json_body(request: Request) -> Any:
    """The request's JSON body, {} for an empty one. Raises ValueError for anything that is not JSON."""
    raw = await request.body()
    return orjson.loads(raw) if raw else {}


def _number(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name, "")
    return int(text) if text.isdigit() else default


def run(app: Starlette, port: int, faults_file: Path | None = None) -> None:
    """Serve until SIGTERM or SIGINT, then close the state. Loopback only, one process. `faults_file`: `fault_file`.

    Prints one line of JSON when the port is open: {"ready": name, "port": port, "pid": pid}.
    Raises SandboxError if the port is taken, or for a mistake in the file of faults.
    """
    state: State = app.state.sandbox
    planned: faults.Faults = app.state.faults
    if faults_file is not None:
        try:
            fault_file.load(faults_file, app.state.sandbox_name, planned)
        except fault_file.FaultFileError as error:
            raise SandboxError(str(error)) from error
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError as error:
        raise SandboxError(f"port {port} on 127.0.0.1 cannot be opened: {error.strerror}") from error
    listener.listen(256)
    app.state.port = listener.getsockname()[1]
    config = uvicorn.Config(
        _Transaction(app, state, app.state.clock, planned),
        http="httptools",
        access_log=False,
        log_level="warning",
        lifespan="on",
        proxy_headers=False,
        date_header=False,  # by the vendor's clock: see `_Transaction`
        # Longer than any client keeps an idle connection: the server must not be the one that hangs up.
        timeout_keep_alive=120,
        timeout_graceful_shutdown=3,
    )
    line = {"ready": app.state.sandbox_name, "port": app.state.port, "pid": os.getpid()}
    print(orjson.dumps(line).decode(), flush=True)
    # uvicorn raises the signal again after its clean end; without this the process would die of it then.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        server = uvicorn.Server(config)
        planned.gate = Gate(server, app.state.port)
        server.run(sockets=[listener])
    except KeyboardInterrupt:
        pass
    finally:
        state.close()


def main(start: Callable[[], None]) -> None:
    """Run a simulator's entry; a SandboxError becomes one line on stderr and exit code 2."""
    try:
        start()
    except SandboxError as error:
        print(f"sandbox: {error}", file=sys.stderr)
        raise SystemExit(2) from error
