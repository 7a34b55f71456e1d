"""Faults on order: what a network or a vendor does to requests, planned at start (`--faults FILE`) or as it runs.

Belongs here: the plan: which fault meets which request, by order or by seeded chance, and the record of it.
Does not belong here: what a fault does to a request (`breakage`), how the past is read (`history`), how a port is
closed (`gate`), the language of the file (`fault_file`); refusals a vendor decides on (each simulator).

    POST   /_sandbox/faults   one fault {"do": kind, ...}, or {"seed": N, "faults": [fault, ...]}
    GET    /_sandbox/faults   {"seed", "faults": still planned, "done": used up, "hits": {kind: count},
                              "record": the last hits, oldest first}; ?after=HIT&limit=N (100)
    DELETE /_sandbox/faults   end them all; the record stays until a reset

Kinds (F1 to F13 of the reliability reference), with their own fields and defaults:

    refuse        F1  connections to the port are refused for {"seconds": 5}, or until DELETE with 0. What meets it is cut.
                      It begins at once, unless it says which request begins it. The control plane answers meanwhile
                      at the `control_url` of the POST's answer, and on connections that are open already
    slow          F2  waits before the request is applied: log-normal with {"p99": 10} and {"median": p99 / 50} seconds,
                      never more than 3 x p99; {"after": true} waits before the answer instead
    delay         F2  {"seconds": 0.5} before; a client that hung up meanwhile is not served at all
    slow_answer   F2  applied and logged at once, answered after {"seconds": 0.5}
    reset         F3  the connection is reset {"when": "request"}: nothing is applied; or {"when": "answer"}: after
                      {"bytes": 20} of the answer's body
    lose_request  F3  the connection closes before anything is applied
    lose_answer   F4  the request is applied and logged, then the connection closes: `delivered` stays false
    answer        F5  {"status": 503, "headers": {}, "body": {}} instead of applying the request, or with
                  F6  {"apply": true} after it was; {"retry_after": seconds} adds that header, as a number or, with
                      {"retry_after_form": "date"}, as an HTTP date. A body that is text goes out as it is
    truncate      F7  applied; the body ends after {"share": 0.5} of it, Content-Length agreeing
    invalid_json  F7  applied; a line of HTML stands before the JSON
    content_type  F7  applied (unless {"apply": false}); a page of HTML answers with {"status": 200}
    unauthorised  F8  the request arrives without its credentials; with {"rotated": true} because somebody else used
                      the refresh token up: all tokens are new (`/_sandbox/connection` tells them)
    lose_refresh  F9  `lose_answer` of the token endpoint
    lag           F11 a read shows the rows as they were {"seconds": 2} ago, or [low, high]: by chance between
    page_shift    F12 a list passes over a row ({"by": 1}) or repeats one (-1) where a page begins
    clock         F13 the vendor's clock is {"seconds": n} off: Date header, stamps and days; LMTS still only grows

and those a simulator adds (`webhooks`, F10, where there are any).

Which requests: `method`, `path` (a part of it), `transaction` (M3: one name or several, `Confirm` or
`OIS100MI/Confirm`; any of a bulk), `writes` (true: only what changes something, false: only what does not). Left out,
they match everything but the control plane. Of the requests that match, in their order: `skip` lets the first n
through, `at: [3, 7]` are the third and seventh, `rate` is the share that is hit. `count` is how many are hit in all: 1,
or without end if there is a `rate` and for lag, page_shift and clock; with `at`, each of them. `until` ends it: seconds
from now, or an instant in wall-clock time.

A request goes through the plan in order. Each fault that matches counts it; the first that hits takes it, and those
after it do not see it. `lag` and `page_shift` come on top. Chance is a generator per fault, of the plan's `seed` (or
the fault's own) and its number: the same plan meets the same requests at the same places.
"""

from __future__ import annotations

import random
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fbinfor_assets.sandbox.fault_kinds import (
    KINDS,
    LASTING,
    WHEN,
    FaultError,
    checked,
)

if TYPE_CHECKING:
    from fbinfor_assets.sandbox.clock import Clock
    from fbinfor_assets.sandbox.gate import Gate
    from fbinfor_assets.sandbox.state import State

Extension = Callable[[Mapping[str, Any]], None]
"""Takes the fields of a fault of a simulator's own kind; an empty mapping ends it. Raises ValueError."""

Operation = tuple[str, bool]
"""Name of what a request does, and whether that changes something."""

Operations = Callable[[Mapping[str, Any], bytes], list[Operation]]
"""What a request does, from its ASGI scope and its body. A vendor whose method tells says nothing of its own."""

_RECORD = 10_000
_SAFE = ("GET", "HEAD", "OPTIONS")

_shift: ContextVar[int] = ContextVar("page_shift", default=0)


def page_shift() -> int:
    """By how many rows the list that is being answered is off where its page begins: 0 but for fault `page_shift`."""
    return _shift.get()


def by_method(scope: Mapping[str, Any], body: bytes) -> list[Operation]:
    """The operation of a request whose method tells whether it writes. Tokens are no data: asking for one does neither
    read nor write."""
    return [] if "/token" in scope["path"] else [(scope["path"], scope["method"] not in _SAFE)]


def _writes(operations: Sequence[Operation]) -> bool:
    return any(writes for _, writes in operations)


@dataclass(slots=True)
class Fault:
    """One planned fault and how far it got."""

    number: int
    given: dict[str, Any]
    fields: dict[str, Any]
    chance: random.Random
    ends: float | None
    left: int | None
    matched: int = 0
    hits: int = 0
    names: frozenset[str] = field(default_factory=frozenset)

    @property
    def kind(self) -> str:
        return self.fields["do"]

    def over(self) -> bool:
        return self.left == 0 or (self.ends is not None and time.monotonic() >= self.ends)

    def matches(self, scope: Mapping[str, Any], operations: Sequence[Operation]) -> bool:
        fields = self.fields
        if fields["path"] not in scope["path"] or fields["method"] not in ("", scope["method"]):
            return False
        if fields["writes"] is not None and (not operations or fields["writes"] is not _writes(operations)):
            return False
        return not self.names or any(
            name.upper() in self.names or name.rpartition("/")[2].upper() in self.names
            for name, _ in operations
        )

    def meets(self) -> bool:
        """Count one more matching request, and say whether it is hit."""
        self.matched += 1
        fields = self.fields
        # Drawn for every request, so that `skip` and `at` do not move the chances of those after them.
        lucky = fields["rate"] is None or self.chance.random() < fields["rate"]
        if self.matched <= fields["skip"] or (fields["at"] and self.matched not in fields["at"]) or not lucky:
            return False
        self.hits += 1
        if self.left is not None:
            self.left -= 1
        return True

    def shown(self) -> dict[str, Any]:
        return {
            "number": self.number,
            **self.given,
            "matched": self.matched,
            "hit": self.hits,
            "left": self.left,
        }


@dataclass(slots=True)
class Hit:
    """What one request meets: at most one fault that does something to it, and the state it reads."""

    fault: Fault | None = None
    lag: float = 0.0

    @property
    def kind(self) -> str:
        return self.fault.kind if self.fault is not None else ""


class Faults:
    """The plan of one simulator. Kept in memory: a restarted simulator has that of its `--faults FILE`, or none.

    `extensions` are the simulator's own kinds. `rotate` changes all tokens as a second holder of them does.
    """

    def __init__(
        self,
        state: State,
        clock: Clock,
        extensions: Mapping[str, Extension] | None = None,
        operations: Operations = by_method,
        rotate: Callable[[], None] | None = None,
    ) -> None:
        self._state, self._clock = state, clock
        self._extensions = dict(extensions or {})
        self._operations = operations
        self.rotate = rotate
        self.gate: Gate | None = None
        self._file: tuple[int, list[dict[str, Any]]] = (0, [])
        self._begin(0, [])

    @property
    def routes(self) -> list[Route]:
        """The control plane's verbs."""
        return [Route("/_sandbox/faults", self._serve, methods=["GET", "POST", "DELETE"])]

    # -- the plan

    def check(self, given: Any) -> dict[str, Any]:
        """The fields of a fault with their defaults. Raises FaultError, which names the field."""
        return checked(given, self._extensions)

    def from_file(self, seed: int, faults: list[dict[str, Any]]) -> None:
        """The plan the simulator starts with, and starts with again after a reset. Raises FaultError."""
        self._file = (seed, faults)
        self._begin(seed, faults)

    def reset(self) -> None:
        """Begin again with the plan of the file, or with none: nothing is left of the record either."""
        self.end()
        self._begin(*self._file)

    def _begin(self, seed: int, faults: list[dict[str, Any]]) -> None:
        self.seed = seed
        self._plan: list[Fault] = []
        self._done: list[Fault] = []
        self._count: Counter[str] = Counter()
        self._record: deque[dict[str, Any]] = deque(maxlen=_RECORD)
        self._numbers = 0
        for given in faults:
            self._add(given, self.check(given))

    def _add(self, given: dict[str, Any], fields: dict[str, Any]) -> Fault:
        self._numbers += 1
        at_once = fields["do"] == "refuse" and not any(name in given for name in WHEN)
        if at_once and self.gate is None:
            text = "say which request it begins with (skip, at, rate, method, path)"
            raise FaultError("do", f"refuse cannot begin with the start: {text}")
        fault = Fault(
            number=self._numbers,
            given=given,
            fields=fields,
            chance=random.Random(f"{fields.get('seed', self.seed)}/{self._numbers}"),
            ends=_end(fields["until"]),
            left=_hits(given, fields),
            names=frozenset(name.upper() for name in fields["transaction"]),
        )
        self._lasting(fault, fields)
        self._plan.append(fault)
        if at_once:
            fault.meets()
            self._note(fault, {"method": "", "path": ""}, {})
            self._shut(fault)
        self._tick()
        return fault

    def _lasting(self, fault: Fault, fields: Mapping[str, Any]) -> None:
        """What holds from now on, whatever is requested."""
        if fault.kind in self._extensions:
            self._extensions[fault.kind](fields["fields"])
        elif fault.kind == "clock":
            self._clock.skew = timedelta(seconds=fields["seconds"])
        elif fault.kind == "lag":
            seconds = fields["seconds"]
            longest = max(seconds) if isinstance(seconds, list) else seconds
            self._state.history.keep = max(self._state.history.keep, longest)

    def _ended(self, fault: Fault) -> None:
        if fault.kind in self._extensions:
            self._extensions[fault.kind]({})
        elif fault.kind == "clock":
            self._clock.skew = timedelta()

    def _tick(self) -> None:
        over = [fault for fault in self._plan if fault.over()]
        for fault in over:
            self._plan.remove(fault)
            self._done.append(fault)
            self._ended(fault)
        if not any(fault.kind == "lag" for fault in self._plan):
            self._state.history.keep = 0
            self._state.history.forget()

    def end(self) -> None:
        """End every fault, and open the port."""
        for fault in self._plan:
            self._ended(fault)
        self._done += self._plan
        self._plan.clear()
        self._tick()
        if self.gate is not None:
            self.gate.open()

    # -- the requests

    @property
    def planned(self) -> bool:
        """Whether a request may meet anything at all."""
        return bool(self._plan) or self._closed is not None

    @property
    def _closed(self) -> Fault | None:
        return self.gate.shut if self.gate is not None else None

    @property
    def needs_body(self) -> bool:
        """Whether a fault looks at what a request does: its body must be read before it can be judged."""
        return any(
            fault.names or fault.kind == "lag" or fault.fields["writes"] is not None for fault in self._plan
        )

    def hit(self, scope: Mapping[str, Any], body: bytes = b"") -> Hit | None:
        """What this request meets, if anything; it counts as used."""
        _shift.set(0)
        if scope["path"].startswith("/_sandbox/"):
            return None
        self._tick()
        operations = self._operations(scope, body)
        # Who was connected before the port was closed is cut off like everybody else.
        met = Hit(self._closed)
        for fault in list(self._plan):
            if fault.kind in self._extensions or fault.kind == "clock":
                continue
            if fault.kind == "lag":
                if operations and not _writes(operations) and fault.matches(scope, operations):
                    self._lag(fault, met, scope)
            elif fault.kind == "page_shift":
                if fault.matches(scope, operations) and fault.meets():
                    _shift.set(fault.fields["by"])
                    self._note(fault, scope, {"by": fault.fields["by"]})
            elif met.fault is None and fault.matches(scope, operations) and fault.meets():
                met.fault = fault
                self._note(fault, scope, {})
                if fault.kind == "refuse":
                    self._shut(fault)
        self._tick()
        return met if met.fault is not None or met.lag else None

    def _lag(self, fault: Fault, met: Hit, scope: Mapping[str, Any]) -> None:
        if fault.meets():
            seconds = fault.fields["seconds"]
            if isinstance(seconds, list):
                seconds = round(fault.chance.uniform(*seconds), 3)
            met.lag = max(met.lag, seconds)
            self._note(fault, scope, {"seconds": seconds})

    def _shut(self, fault: Fault) -> None:
        assert self.gate is not None
        self.gate.close(fault, fault.fields["seconds"])

    def _note(self, fault: Fault, scope: Mapping[str, Any], more: Mapping[str, Any]) -> None:
        self._count[fault.kind] += 1
        self._record.append(
            {
                "hit": self._count.total(),
                "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
                "fault": fault.number,
                "do": fault.kind,
                "call": fault.matched,
                "method": scope["method"],
                "path": scope["path"],
                **more,
            }
        )

    # -- the control plane

    async def _serve(self, request: Request) -> Response:
        try:
            if request.method == "POST":
                await self._plan_more(orjson.loads(await request.body()))
            elif request.method == "DELETE":
                self.end()
        except ValueError as error:
            return _json({"error": str(error)}, 400)
        self._tick()
        query = request.query_params
        after, limit = (int(query.get(name, word)) for name, word in (("after", "0"), ("limit", "100")))
        answer: dict[str, Any] = {
            "seed": self.seed,
            "faults": [fault.shown() for fault in self._plan],
            "done": [fault.shown() for fault in self._done],
            "hits": dict(self._count),
            "record": [hit for hit in self._record if hit["hit"] > after][:limit]
            if "after" in query
            else list(self._record)[-limit:],
        }
        if self.gate is not None and self._closed is not None:
            answer["control_url"] = await self.gate.control_url()
        return _json(answer)

    async def _plan_more(self, body: Any) -> None:
        given = body
        if isinstance(body, dict) and "faults" in body:
            given = body["faults"]
            seed = body.get("seed", self.seed)
            if not isinstance(given, list) or type(seed) is not int or set(body) - {"faults", "seed"}:
                raise FaultError("faults", 'expected {"seed": whole number, "faults": [fault, ...]}')
        # All are checked before any is planned.
        fields = [(one, self.check(one)) for one in (given if isinstance(given, list) else [given])]
        if given is not body:
            self.seed = seed
        for one, its in fields:
            self._add(one, its)


def _end(until: Any) -> float | None:
    if until is None:
        return None
    if isinstance(until, datetime):
        return time.monotonic() + (until - datetime.now(UTC)).total_seconds()
    return time.monotonic() + until


def _hits(given: Mapping[str, Any], fields: Mapping[str, Any]) -> int | None:
    if "count" in given:
        return fields["count"]
    if fields["at"]:
        return len(set(fields["at"]))
    lasting = fields["do"] in LASTING or fields["do"] not in KINDS
    return None if fields["rate"] is not None or lasting else 1


def _json(content: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(content), status, media_type="application/json")
