"""The API gateway in front of M3: who may come in, how fast, and how long it waits for M3.

Belongs here: the gateway's statuses and policies (infor-api 1.3, 1.4), and m3api-rest's two addresses.
Does not belong here: tokens (`tokens.py`), what m3api-rest answers (`rest.py`), what an MI call does
(`dispatch.py`).

The gateway's error bodies are not documented: a small JSON; clients can rely on the status only. Nothing is
routed by the Host header (one real client sends a fixed one). Directly, without a gateway, m3api-rest takes a
Bearer token or the HTTP Basic account of /_sandbox/connection, and no policy holds.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fbinfor_assets.sandbox.faults import by_method
from fbinfor_assets.sandbox.kernel import json_response
from fbinfor_assets.sandbox.m3.catalogue import reads
from fbinfor_assets.sandbox.m3.deliveries import run_clock
from fbinfor_assets.sandbox.m3.policies import Policies
from fbinfor_assets.sandbox.m3.rest import Rest
from fbinfor_assets.sandbox.m3.tokens import AuthorizationServer, basic, direct_account, ionapi
from fbinfor_assets.sandbox.m3.world import TENANT, World

Answer = Callable[[Request, bytes], Response]
Endpoint = Callable[[Request], Awaitable[Response]]

_CODES = {404: "not_found", 405: "method_not_allowed"}


def _error(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> Response:
    return json_response({"error": {"code": code, "message": message}}, status, headers)


async def http_error(request: Request, error: Exception) -> Response:
    """404 and 405 in the gateway's own shape."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else None
    return _error(status, _CODES.get(status, "error"), f"{request.method} {request.url.path}", headers)


def operations(scope: Mapping[str, Any], body: bytes) -> list[tuple[str, bool]]:
    """What a request does, for the faults: PROGRAM/TRANSACTION, and whether it writes, which the method does not
    tell: writes go over GET too, and a bulk may only read."""
    path = scope["path"]
    if "/m3api-rest/" not in path:
        return by_method(scope, body)
    _, _, called = path.partition("/execute/")
    names = [part.partition(";")[0] for part in called.split("/")]
    if len(names) < 2:
        try:
            bulk = orjson.loads(body)
            names = [bulk["program"], *(call["transaction"] for call in bulk["transactions"])]
        except (ValueError, TypeError, KeyError):
            return by_method(scope, body)
    return [(f"{names[0]}/{name}", not reads(name)) for name in names[1:]]


class Gateway:
    """The gateway's routes over one world."""

    def __init__(self, world: World, seed: int) -> None:
        self._world, self._seed = world, seed
        self._authorization = AuthorizationServer(world, seed)
        self._policies = Policies(world.switches)
        self._rest = Rest(world)

    def routes(self) -> list[Route]:
        routes = [
            *self._authorization.routes(),
            Route("/_sandbox/ionapi", self.show_ionapi, methods=["GET"]),
        ]
        for base, guard in ((f"/{TENANT}/M3/m3api-rest", self._through), ("/m3api-rest", self._direct)):
            rest = self._rest
            routes += [
                Route(base + "/v2/execute/{program}/{transaction}", guard(rest.single), methods=["GET"]),
                Route(base + "/v2/execute", guard(rest.bulk), methods=["POST"]),
                Route(base + "/execute/{program}/{transaction}", guard(rest.old_single), methods=["GET"]),
                Route(base + "/csrf", guard(rest.csrf_token), methods=["GET"]),
            ]
        return routes

    async def show_ionapi(self, request: Request) -> Response:
        """GET /_sandbox/ionapi?grant=password|client_credentials|authorization_code: that app's file."""
        grant = request.query_params.get("grant", self._world.switches["grant"])
        try:
            return json_response(ionapi(self._seed, request.app.state.port, grant))
        except KeyError:
            return json_response({"error": f"there is no app with grant {grant!r}"}, 400)

    # -- the two ways to m3api-rest

    def _through(self, answer: Answer) -> Endpoint:
        async def endpoint(request: Request) -> Response:
            raw = await request.body()
            token = self._authorization.bearer(request)
            if token is None:
                return _unauthorised(request, "Bearer")
            verdict = self._policies.arrive(token["client"], token["user"], time.monotonic())
            if verdict.refused:
                headers = {"Retry-After": str(verdict.retry_after)}
                told = self._world.switches["retry_after"] == "seconds"
                return _error(429, "too_many_requests", verdict.refused, headers if told else None)
            if self._world.switches["entitlement"] == "missing":
                return _error(403, "forbidden", "the user has no right to this API")
            if verdict.delay:
                await asyncio.sleep(verdict.delay)
            # From here to the answer nothing awaits: that makes the call atomic.
            response = self._answered(answer, request, raw)
            taken, allowed = (
                self._world.switches[name] for name in ("target_milliseconds", "gateway_timeout_milliseconds")
            )
            if taken:
                await asyncio.sleep(min(taken, allowed) / 1000)
            if taken > allowed:
                return _error(504, "gateway_timeout", f"M3 did not answer within {allowed} ms")
            return response

        return endpoint

    def _direct(self, answer: Answer) -> Endpoint:
        async def endpoint(request: Request) -> Response:
            raw = await request.body()
            if basic(request) != direct_account(self._seed) and self._authorization.bearer(request) is None:
                return _unauthorised(request, "Basic")
            if self._world.switches["csrf"] == "checked" and answer != self._rest.csrf_token:
                refusal = self._rest.check_csrf(request)
                if refusal:
                    return _error(403, "forbidden", refusal)
            return self._answered(answer, request, raw)

        return endpoint

    def forget_tokens(self) -> None:
        """Every token was revoked by somebody else."""
        for token in list(self._world.state.tables("token")):
            self._world.state.delete("token", token)

    def _answered(self, answer: Answer, request: Request, raw: bytes) -> Response:
        if self._world.today() != self._world.last_day:
            run_clock(self._world)  # a new day began while nobody moved the clock
        response = answer(request, raw)
        self._world.state.commit()
        return response


def _unauthorised(request: Request, scheme: str) -> Response:
    told = bool(request.headers.get("authorization"))
    challenge = (
        f'{scheme} realm="m3", error="invalid_token"'
        if told and scheme == "Bearer"
        else f'{scheme} realm="m3"'
    )
    text = (
        "the access token is missing, unknown or expired" if scheme == "Bearer" else "wrong user or password"
    )
    return _error(401, "unauthorized", text, {"WWW-Authenticate": challenge})
