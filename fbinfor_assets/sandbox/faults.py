"""Faults on order: what a network or a vendor does to single requests, planned through the control plane.

Belongs here: faults of the transport that look alike on every simulator.
Does not belong here: refusals a vendor decides on (each simulator), chance (a fault hits exactly the requests it was
planned for).

    POST   /_sandbox/faults   {"do": ..., "method": "POST", "path": part of the path, "skip": 0, "count": 1, ...}
             "lose_request"   the connection breaks before anything is applied
             "lose_answer"    the request is applied and logged, then the connection breaks: `delivered` stays false
             "answer"         {"status": 503, "headers": {}, "body": {}} instead of applying the request
             "delay"          {"seconds": 0.5}, then as usual; a client that hung up meanwhile is not served at all
             "slow_answer"    applied and logged at once, answered after {"seconds": 0.5}
    GET    /_sandbox/faults   what is still planned
    DELETE /_sandbox/faults   plan nothing any more

`method` and `path` left out match everything but the control plane; `skip` lets that many matching requests
through first; `count` is how many are hit.
"""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

KINDS = ("lose_request", "lose_answer", "answer", "delay", "slow_answer")


class Faults:
    """The plan; kept in memory only: a restarted simulator has none."""

    def __init__(self) -> None:
        self._plan: list[dict[str, Any]] = []

    @property
    def routes(self) -> list[Route]:
        """The control plane's verbs."""
        return [Route("/_sandbox/faults", self._serve, methods=["GET", "POST", "DELETE"])]

    async def _serve(self, request: Request) -> Response:
        if request.method == "POST":
            fault = {"skip": 0, "count": 1, "method": "", "path": "", **orjson.loads(await request.body())}
            if fault.get("do") not in KINDS:
                text = f"do must be one of {', '.join(KINDS)}"
                return Response(orjson.dumps({"error": text}), 400, media_type="application/json")
            self._plan.append(fault)
        elif request.method == "DELETE":
            self._plan.clear()
        return Response(orjson.dumps({"faults": self._plan}), media_type="application/json")

    def hit(self, scope: Any) -> dict[str, Any] | None:
        """The fault planned for this request, if any; it counts as used."""
        if not self._plan or scope["path"].startswith("/_sandbox/"):
            return None
        for fault in self._plan:
            if fault["path"] in scope["path"] and fault["method"] in ("", scope["method"]):
                if fault["skip"] > 0:
                    fault["skip"] -= 1
                    return None
                fault["count"] -= 1
                if fault["count"] <= 0:
                    self._plan.remove(fault)
                return fault
        return None


async def before(fault: dict[str, Any], receive: Any, send: Any) -> bool:
    """Do what the fault does before the request is applied; False if the request ends here."""
    if fault["do"] == "delay":
        await asyncio.sleep(fault.get("seconds", 0.5))
    elif fault["do"] == "lose_request":
        await cut(receive, send)
        return False
    elif fault["do"] == "answer":
        body = orjson.dumps(fault.get("body", {}))
        headers = {
            "content-type": "application/json",
            "content-length": str(len(body)),
            **fault.get("headers", {}),
        }
        raw = [(name.lower().encode(), str(value).encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": fault.get("status", 503), "headers": raw})
        await send({"type": "http.response.body", "body": body})
        return False
    return True


async def cut(receive: Any, send: Any) -> None:
    """Break the connection. ASGI has no word for that; uvicorn's `send` belongs to the object that holds it."""
    send.__self__.transport.abort()
    while (await receive())["type"] != "http.disconnect":
        pass
