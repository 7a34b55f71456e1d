"""The webhook sender every simulator shares: a durable queue, posted in the background, with vices on order.

Belongs here: keeping what must be sent, sending it, repeating it, and spoiling it as a network or a vendor would:
late, doubled, out of order, lost, forged (F10 of reliability).
Does not belong here: what a webhook says, who is told, how it is signed (each simulator).

A simulator makes one and hands it to the kernel, which runs it beside the requests::

    sender = Sender(state, seed=seed)
    app = create_app(state, clock, routes, name=..., sender=sender)
    sender.send("callback 7", url, headers, body, forged={"X-Signature": wrong})     # inside a request

`send` adds a row to the table `webhook`, durable with the request's commit and gone with its rollback. A row leaves
the table when its delivery ended, so that what a killed process had not finished is sent by the next one: at least
once. Each hook is sent in the order of its rows, one at a time; hooks do not wait for each other. A delivery that
failed is tried again after the pauses of `retries` and does not hold up those behind it. All times are wall clock.

Instead of a message, `later` takes the name of one of `builders` and an argument: the message is then built at the
moment of sending, from the state of that moment (None: nothing is sent any more).

Control plane:
    GET    /_sandbox/webhooks   {"settings", "counts", "waiting", "deliveries"}: the newest `KEPT` deliveries that
                                ended, oldest first, with what was done to each; ?after=NUMBER&limit=N
    POST   /_sandbox/webhooks   changes settings (see `SETTINGS`) for what is sent from now on
    DELETE /_sandbox/webhooks   back to the settings the simulator began with
"""

from __future__ import annotations

import asyncio
import heapq
import ipaddress
import itertools
import random
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import httpx
import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fbinfor_assets.sandbox.state import Row, State

TABLE, ENDED = "webhook", "webhook_ended"
KEPT = 5_000
"""How many ended deliveries the state remembers."""

SETTINGS: dict[str, Any] = {
    "drop": 0.0,  # probability that a message is never sent
    "duplicate": 0.0,  # probability that it is sent `times` times, each with the same headers and body
    "times": 2,
    "reorder": 0.0,  # probability that the hook's next message overtakes it
    "delay": 0,  # seconds before it is sent, or [least, most]; the hook's later messages wait behind it
    "forge": 0.0,  # probability of one more message with a changed body and the `forged` headers
    "retries": [],  # seconds before the second, the third, ... attempt of a delivery that failed
    "timeout": 5,  # seconds the receiver has to answer
    "hold": False,  # send nothing until this is false again
    "targets": "loopback",  # "any" lets the simulator call other hosts than this machine
    "seed": 1,  # decides, with the number of the message, what happens to it
}
_CHANCES = ("drop", "duplicate", "reorder", "forge")
_OVERTAKING_SECONDS = 2
"""How long a message waits for another to overtake it."""


class Message(NamedTuple):
    """What is posted; `forged` are the headers of a forger, who does not know the secret."""

    url: str
    headers: Mapping[str, str]
    body: bytes
    forged: Mapping[str, str] | None = None
    about: str = ""


class Attempt(NamedTuple):
    """One try to deliver: the status that came back, or why none did."""

    status: int | None
    error: str
    milliseconds: int


Builder = Callable[[Any, int], Message | None]


class Sender:
    """The queue of one simulator.

    `settings` are the simulator's own defaults over `SETTINGS`; `accepts` says which answers count as delivered.
    `attempted` are called with (hook, delivered, row, attempt) after each attempt that was no forgery, before the
    commit that ends it.
    """

    def __init__(
        self,
        state: State,
        *,
        seed: int,
        settings: Mapping[str, Any] | None = None,
        accepts: Callable[[int], bool] = lambda status: 200 <= status < 300,
    ) -> None:
        self._state = state
        self._defaults = {**SETTINGS, "seed": seed, **(settings or {})}
        self._accepts = accepts
        self.builders: dict[str, Builder] = {}
        self.attempted: list[Callable[[str, bool, Row, Attempt], None]] = []
        self._wake = asyncio.Event()
        self._flying: set[int] = set()
        self._built = state.index(
            TABLE, lambda row: orjson.dumps([row["hook"], row["build"]]) if "build" in row else None
        )
        self.forget_all()

    def forget_all(self) -> None:
        """Begin anew with what the state holds: after it was loaded, or cleared."""
        self._life = object()  # what was under way before belongs to another life
        self._queues: dict[str, deque[int]] = {}
        self._retries: list[tuple[int, int]] = []
        self._overtaken: set[int] = set()
        self._busy: set[str] = set()
        self._flying = set()
        self._seen = 0
        for number, row in self._state.tables(TABLE).items():
            self._seen = max(self._seen, int(number))
            self._enqueue(int(number), row)
        self._wake.set()

    # -- settings

    @property
    def settings(self) -> dict[str, Any]:
        """The settings in force."""
        return {**self._defaults, **self._state.meta.get("webhook_settings", {})}

    def configure(self, given: Mapping[str, Any]) -> None:
        """Change settings; the caller commits. Raises ValueError, and changes nothing, for one that makes no sense."""
        for name, value in given.items():
            _check(name, value)
        kept = self._state.meta.get("webhook_settings", {})
        self._state.set_meta("webhook_settings", {**kept, **given})
        self._wake.set()

    def fault(self, given: Mapping[str, Any]) -> None:
        """The fields of a planned fault of kind `webhooks` as settings, kept at once; an empty one ends the vices.

        Raises ValueError like `configure`.
        """
        self.configure(given or self._defaults)
        self._state.commit()  # a plan from a file begins, and any plan ends, outside the request that would commit

    # -- what simulators call

    def send(
        self,
        hook: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
        forged: Mapping[str, str] | None = None,
        about: str = "",
    ) -> int:
        """Queue one message of a hook within the running transaction; its number.

        about: what the control plane calls it (the body, if that is short).
        """
        message = Message(url, headers, body, forged, about)
        return self._add(hook, _written(message), about=about, forgeable=forged is not None)

    def later(self, hook: str, build: str, argument: Any, about: str = "") -> int:
        """Queue a message that `builders[build](argument, number)` makes when it is its turn; its number."""
        return self._add(hook, {"build": [build, argument]}, about=about, forgeable=True)

    def waits(self, hook: str, build: str, argument: Any) -> bool:
        """Whether such a message of `later` waits and was not begun to be sent."""
        numbers = self._built.ids(orjson.dumps([hook, [build, argument]]))
        return any(number not in self._flying for number in numbers)

    def withdraw(self, hook: str) -> None:
        """Forget what waits for a hook (it was deleted), within the running transaction."""
        for number, row in list(self._state.tables(TABLE).items()):
            if row["hook"] == hook:
                self._end(int(number), row, "withdrawn")

    def _add(self, hook: str, content: Row, *, about: str, forgeable: bool) -> int:
        settings = self.settings
        number = self._state.next_number("webhook")
        chance = random.Random(f"{settings['seed']}:{number}")
        drop, double, reorder, forge = (chance.random() < settings[name] for name in _CHANCES)
        queued = _milliseconds()
        delay = settings["delay"]
        seconds = chance.uniform(*delay) if isinstance(delay, list) else delay
        done = [name for name, struck in (("late", seconds > 0), ("reordered", reorder)) if struck]
        row = {"hook": hook, "about": about, "queued": queued, "due": queued + int(seconds * 1000), **content}
        row |= {"of": number, "done": done, "attempts": []}
        if drop:
            self._end(number, row | {"done": ["dropped"]}, "dropped")
            return number
        if double:
            row["done"] = [*done, "doubled"]
        self._state.put(TABLE, number, row)
        extra = [row | {"done": [*done, "double"]}] * (settings["times"] - 1 if double else 0)
        if forge and forgeable:
            extra.append(row | {"done": ["forged"]})
        for other in extra:
            self._state.put(TABLE, self._state.next_number("webhook"), other)
        self._wake.set()
        return number

    # -- the task

    async def run(self) -> None:
        """Post what is due until cancelled; the kernel starts it."""
        tasks: set[asyncio.Task[None]] = set()
        limits = httpx.Limits(max_keepalive_connections=32, keepalive_expiry=30)
        # trust_env off: a proxy of the machine has no business with the sandbox.
        async with httpx.AsyncClient(trust_env=False, limits=limits, headers={"accept": "*/*"}) as client:
            try:
                while True:
                    self._wake.clear()
                    self._collect()
                    for hook, number in self._turns():
                        self._busy.add(hook)
                        task = asyncio.create_task(self._deliver(client, hook, number))
                        tasks.add(task)
                        task.add_done_callback(tasks.discard)
                    try:
                        await asyncio.wait_for(self._wake.wait(), self._pause())
                    except TimeoutError:
                        continue
            finally:
                for task in tasks:
                    task.cancel()

    def _collect(self) -> None:
        """Take over the rows committed since last time (a request has always ended when this task runs)."""
        newest = self._state.meta.get("series:webhook", 1) - 1
        for number in range(self._seen + 1, newest + 1):
            row = self._state.get(TABLE, number)
            if row is not None:
                self._enqueue(number, row)
        self._seen = max(newest, self._seen)
        now = _milliseconds()
        while self._retries and self._retries[0][0] <= now:
            _, number = heapq.heappop(self._retries)
            row = self._state.get(TABLE, number)
            if row is not None:
                self._queues.setdefault(row["hook"], deque()).appendleft(number)

    def _enqueue(self, number: int, row: Row) -> None:
        if row["attempts"]:
            heapq.heappush(self._retries, (row["due"], number))
        else:
            self._queues.setdefault(row["hook"], deque()).append(number)

    def _turns(self) -> list[tuple[str, int]]:
        """(hook, number) of what must be posted now, at most one a hook."""
        if self.settings["hold"]:
            return []
        turns = []
        for hook in [hook for hook in self._queues if hook not in self._busy]:
            number = self._head(hook)
            if number is not None and self._due(number) <= _milliseconds():
                self._queues[hook].popleft()
                turns.append((hook, number))
        return turns

    def _head(self, hook: str) -> int | None:
        """The next row of a hook, after those that ended meanwhile and those that let another overtake them."""
        queue = self._queues[hook]
        while queue:
            row = self._state.get(TABLE, queue[0])
            if row is None:
                queue.popleft()
            elif "reordered" in row["done"] and queue[0] not in self._overtaken and len(queue) > 1:
                self._overtaken.add(queue[0])
                queue[0], queue[1] = queue[1], queue[0]
            else:
                return queue[0]
        del self._queues[hook]
        return None

    def _due(self, number: int) -> int:
        row = self._state.tables(TABLE)[number]
        alone = "reordered" in row["done"] and number not in self._overtaken and not row["attempts"]
        return row["due"] + (_OVERTAKING_SECONDS * 1000 if alone else 0)

    def _pause(self) -> float | None:
        """Seconds until something is due; None if only a request or an answer can change that."""
        if self.settings["hold"]:
            return None
        due = [self._due(queue[0]) for hook, queue in self._queues.items() if hook not in self._busy]
        due += [self._retries[0][0]] if self._retries else []
        return max(0.0, (min(due) - _milliseconds()) / 1000) if due else None

    async def _deliver(self, client: httpx.AsyncClient, hook: str, number: int) -> None:
        life = self._life
        self._flying.add(number)
        try:
            row = self._message(number)
            if row is None:
                return
            attempt = await self._post(client, row)
            if life is self._life:
                self._note(hook, number, attempt)
        finally:
            if life is self._life:
                self._busy.discard(hook)
                self._flying.discard(number)
                self._wake.set()

    def _message(self, number: int) -> Row | None:
        """The row with its message. One that is built now is given to its doubles as well, or withdrawn."""
        row = self._state.tables(TABLE)[number]
        if "build" not in row:
            return row
        name, argument = row["build"]
        message = self.builders[name](argument, row["of"])
        if message is None:
            self._end(number, row, "withdrawn")
            self._state.commit()
            return None
        # The doubles and the forgery have the numbers after the first.
        for at in itertools.count(row["of"]):
            other = self._state.get(TABLE, at)
            if at > number and (other is None or other["of"] != row["of"]):
                break
            if other is not None and "build" in other:
                kept = {key: value for key, value in other.items() if key != "build"}
                self._state.put(
                    TABLE, at, kept | _written(message) | {"about": message.about or row["about"]}
                )
        return self._state.tables(TABLE)[number]

    async def _post(self, client: httpx.AsyncClient, row: Row) -> Attempt:
        settings = self.settings
        headers, body = dict(row["headers"]), row["body"].encode()
        if "forged" in row["done"]:
            headers, body = {**headers, **(row["forged"] or {})}, forged_body(body)
        began = time.monotonic()
        status, error = None, ""
        if settings["targets"] == "loopback" and not is_loopback(row["url"]):
            error = "not this machine: the setting targets is loopback"
        else:
            try:
                answer = await client.post(
                    row["url"], content=body, headers=headers, timeout=settings["timeout"]
                )
                status = answer.status_code
            except (httpx.HTTPError, httpx.InvalidURL) as problem:
                error = f"{type(problem).__name__}: {problem}".rstrip(": ")
        return Attempt(status, error, int((time.monotonic() - began) * 1000))

    def _note(self, hook: str, number: int, attempt: Attempt) -> None:
        row = self._state.get(TABLE, number)
        if row is None:
            return  # withdrawn while it was on its way
        delivered = attempt.status is not None and self._accepts(attempt.status)
        row = row | {"attempts": [*row["attempts"], {"at": _milliseconds(), **attempt._asdict()}]}
        pauses = self.settings["retries"]
        forged = "forged" in row["done"]
        if delivered or forged or len(row["attempts"]) > len(pauses):
            self._end(number, row, "delivered" if delivered else "failed")
        else:
            due = _milliseconds() + int(pauses[len(row["attempts"]) - 1] * 1000)
            self._state.put(TABLE, number, row | {"due": due})
            heapq.heappush(self._retries, (due, number))
        if not forged:
            for listener in self.attempted:
                listener(hook, delivered, row, attempt)
        self._state.commit()

    def _end(self, number: int, row: Row, outcome: str) -> None:
        state = self._state
        if state.get(TABLE, number) is not None:
            state.delete(TABLE, number)
        self._overtaken.discard(number)
        about = row["about"] or (row.get("body", "") if len(row.get("body", "")) <= 500 else "")
        entry = {name: row[name] for name in ("hook", "of", "queued", "done", "attempts")}
        entry |= {"number": number, "url": row.get("url", ""), "about": about, "outcome": outcome}
        entry["ended"] = _milliseconds()
        state.put(ENDED, number, entry)
        if len(state.tables(ENDED)) > KEPT:
            state.delete(ENDED, next(iter(state.tables(ENDED))))
        counts = dict(state.meta.get("webhook_counts", {}))
        for name in (outcome, *(vice for vice in row["done"] if vice != outcome)):
            counts[name] = counts.get(name, 0) + 1
        state.set_meta("webhook_counts", counts)

    # -- control plane

    @property
    def routes(self) -> list[Route]:
        """The control plane's verbs."""
        return [Route("/_sandbox/webhooks", self._serve, methods=["GET", "POST", "DELETE"])]

    async def _serve(self, request: Request) -> Response:
        raw = await request.body()
        try:
            after, limit = (int(request.query_params.get(name, 0)) for name in ("after", "limit"))
            if request.method == "POST":
                self.configure(dict(orjson.loads(raw or b"{}")))
            elif request.method == "DELETE":
                self._state.set_meta("webhook_settings", {})
                self._wake.set()
        except (TypeError, ValueError) as error:
            return Response(orjson.dumps({"error": str(error)}), 400, media_type="application/json")
        self._state.commit()
        ended = [row for row in self._state.tables(ENDED).values() if row["number"] > after]
        content = {
            "settings": self.settings,
            "counts": self._state.meta.get("webhook_counts", {}),
            "waiting": len(self._state.tables(TABLE)),
            "deliveries": ended[-limit:] if limit else ended,
        }
        return Response(orjson.dumps(content), media_type="application/json")


def forged_body(body: bytes) -> bytes:
    """A body a forger might send: the digits of the first number in it are others."""
    start = next((at for at, byte in enumerate(body) if 48 <= byte <= 57), None)
    if start is None:
        return body + b" "
    end = next((at for at in range(start, len(body)) if not 48 <= body[at] <= 57), len(body))
    # Never a leading zero, so that the number stays one: 0 -> 1, ... 8 -> 9, 9 -> 1.
    digits = bytes(48 + (byte - 48) % 9 + 1 for byte in body[start:end])
    return body[:start] + digits + body[end:]


def is_loopback(url: str) -> bool:
    """Whether a URL leads to this machine and nowhere else."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _check(name: str, value: Any) -> None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if name not in SETTINGS:
        raise ValueError(f"{name} is no setting; known are {', '.join(SETTINGS)}")
    if name in _CHANCES and not (number and 0 <= value <= 1):
        raise ValueError(f"{name} must be a probability from 0 to 1")
    if name == "times" and not (isinstance(value, int) and 2 <= value <= 100):
        raise ValueError("times must be a whole number from 2 to 100")
    if name == "timeout" and not (number and value > 0):
        raise ValueError("timeout must be a number of seconds above 0")
    if name == "delay" and not (_seconds(value) or (_list_of_seconds(value) and len(value) == 2)):
        raise ValueError("delay must be seconds, or a list of the least and the most")
    if name == "retries" and not _list_of_seconds(value):
        raise ValueError("retries must be a list of pauses in seconds")
    if name == "hold" and not isinstance(value, bool):
        raise ValueError("hold must be true or false")
    if name == "targets" and value not in ("loopback", "any"):
        raise ValueError("targets must be loopback or any")
    if name == "seed" and not isinstance(value, int):
        raise ValueError("seed must be a whole number")


def _seconds(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0


def _list_of_seconds(value: Any) -> bool:
    return isinstance(value, list) and all(_seconds(one) for one in value)


def _written(message: Message) -> Row:
    forged = None if message.forged is None else dict(message.forged)
    return {
        "url": message.url,
        "headers": dict(message.headers),
        "body": message.body.decode(),
        "forged": forged,
    }


def _milliseconds() -> int:
    return int(time.time() * 1000)
