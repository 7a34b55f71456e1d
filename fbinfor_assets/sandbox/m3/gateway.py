"""The API gateway in front of M3: tokens, statuses, and m3api-rest v2 over HTTP.

Belongs here: infor-api 1 (the .ionapi, the token endpoint, gateway errors) and the HTTP side of 2.1 and 2.2.
Does not belong here: what an MI call does (`dispatch.py`).

Error bodies of gateway and token endpoint are not documented: RFC 6749 for the latter, a small JSON for the
former; clients can rely on the status only. Nothing is routed by the Host header (one real client sends a
fixed one). Tokens live by the wall clock: simulated time may jump by days.
"""

from __future__ import annotations

import base64
import binascii
import secrets
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fbinfor_assets.sandbox.faults import by_method
from fbinfor_assets.sandbox.kernel import json_response, secret
from fbinfor_assets.sandbox.m3.deliveries import run_clock
from fbinfor_assets.sandbox.m3.dispatch import execute, is_read
from fbinfor_assets.sandbox.m3.mi import envelope, parse_bulk, parse_options, split_matrix
from fbinfor_assets.sandbox.m3.world import World

TENANT = "FBINFOR_SBX"


def ionapi(seed: int, port: int, grant: str) -> dict[str, str]:
    """The content of the `.ionapi` file (infor-api 1.1), the same for the same seed and port.

    Without saak and sask when the app's grant is `client_credentials`, as vendors' files are.
    """
    base = f"http://127.0.0.1:{port}"
    document = {
        "ti": TENANT,
        "cn": "fbinfor sandbox",
        "dt": "12",
        "ci": f"{TENANT}~{secret(seed, 'm3', 'ci', length=43)}",
        "cs": secret(seed, "m3", "cs", length=86),
        "iu": base,
        "pu": f"{base}/{TENANT}/as/",
        "oa": "authorization.oauth2",
        "ot": "token.oauth2",
        "or": "revoke_token.oauth2",
        "ev": "sandbox",
        "v": "1.1",
    }
    if grant == "password":
        document["saak"] = f"{TENANT}#{secret(seed, 'm3', 'saak', length=60)}"
        document["sask"] = secret(seed, "m3", "sask", length=60)
    return document


def _gateway_error(status: int, code: str, message: str) -> Response:
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else None
    return json_response({"error": {"code": code, "message": message}}, status, headers)


async def http_error(request: Request, error: Exception) -> Response:
    """404 and 405 in the gateway's own shape."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    code = {404: "not_found", 405: "method_not_allowed"}.get(status, "error")
    return _gateway_error(status, code, f"{request.method} {request.url.path}")


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
    return [(f"{names[0]}/{name}", not is_read(name)) for name in names[1:]]


class Gateway:
    """The gateway's routes over one world."""

    def __init__(self, world: World, seed: int) -> None:
        self._world, self._seed = world, seed

    def routes(self) -> list[Route]:
        execute_path = f"/{TENANT}/M3/m3api-rest/v2/execute"
        return [
            Route(execute_path + "/{program}/{transaction}", self.single, methods=["GET"]),
            Route(execute_path, self.bulk, methods=["POST"]),
            Route(f"/{TENANT}/as/token.oauth2", self.token, methods=["POST"]),
            Route(f"/{TENANT}/as/revoke_token.oauth2", self.revoke, methods=["POST"]),
        ]

    # -- tokens

    async def token(self, request: Request) -> Response:
        """Token grants of infor-api 1.2: password, client_credentials (by switch), refresh_token."""
        form = dict(parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True))
        app = ionapi(self._seed, 0, self._world.switches["grant"])
        if not self._client_known(request, form, app):
            return _token_error(401, "invalid_client", "client_id and client_secret are not those of an app")
        grant = form.get("grant_type", "")
        if grant == "refresh_token":
            kept = self._world.state.get("token", form.get("refresh_token", ""))
            if kept is None or kept["kind"] != "refresh":
                return _token_error(400, "invalid_grant", "the refresh token is not known")
        elif grant != self._world.switches["grant"]:
            return _token_error(400, "unsupported_grant_type", f"this app does not take {grant!r}")
        elif grant == "password" and (form.get("username"), form.get("password")) != (
            app["saak"],
            app["sask"],
        ):
            return _token_error(400, "invalid_grant", "username and password are not a service account")
        return json_response(self._issue(form.get("refresh_token") if grant == "refresh_token" else None))

    def _client_known(self, request: Request, form: dict[str, str], app: dict[str, str]) -> bool:
        given = (form.get("client_id"), form.get("client_secret"))
        scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "basic":
            try:
                name, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
            except (binascii.Error, UnicodeDecodeError):
                return False
            given = (name, password)
        return given == (app["ci"], app["cs"])

    def _issue(self, refresh: str | None) -> dict[str, Any]:
        state, lifetime = self._world.state, self._world.switches["token_seconds"]
        now = time.time()
        for token in [t for t, row in state.tables("token").items() if row.get("until", now) < now]:
            state.delete("token", token)
        access = secrets.token_urlsafe(48)
        # Whole seconds as an int: a stored row holds no float.
        state.put("token", access, {"kind": "access", "until": int(now) + lifetime})
        answer: dict[str, Any] = {"access_token": access, "token_type": "Bearer", "expires_in": lifetime}
        if self._world.switches["refresh_tokens"] == "issued":
            refresh = refresh or secrets.token_urlsafe(48)
            state.put("token", refresh, {"kind": "refresh"})
            answer["refresh_token"] = refresh
        state.commit()
        return answer

    async def revoke(self, request: Request) -> Response:
        """Revoke a token (parameters by RFC 7009, an assumption of infor-api 1.2); an unknown one is no
        error."""
        form = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
        if not self._client_known(request, form, ionapi(self._seed, 0, self._world.switches["grant"])):
            return _token_error(401, "invalid_client", "client_id and client_secret are not those of an app")
        token = form.get("token", "")
        if self._world.state.get("token", token) is not None:
            self._world.state.delete("token", token)
            self._world.state.commit()
        return json_response({})

    def forget_tokens(self) -> None:
        """Every token was revoked by somebody else."""
        for token in list(self._world.state.tables("token")):
            self._world.state.delete("token", token)

    def _admit(self, request: Request) -> Response | None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        kept = self._world.state.get("token", token.strip()) if scheme.lower() == "bearer" else None
        if kept is None or kept["kind"] != "access" or kept["until"] <= time.time():
            return _gateway_error(401, "unauthorized", "the access token is missing, unknown or expired")
        if self._world.today() != self._world.last_day:
            run_clock(self._world)  # a new day began while nobody moved the clock
        return None

    # -- m3api-rest v2

    async def single(self, request: Request) -> Response:
        """GET execute/PROGRAM/TRANSACTION, also of writes; options as query or matrix parameters."""
        refusal = self._admit(request)
        if refusal is not None:
            return refusal
        # The decoded path has lost the difference between a separator and a value's own semicolon.
        program, transaction = request.scope["raw_path"].decode("ascii").split("?")[0].rsplit("/", 2)[1:]
        program_name, first = split_matrix(program)
        name, second = split_matrix(transaction)
        try:
            options, record = parse_options([*first, *second, *request.query_params.multi_items()])
        except ValueError as error:
            return _gateway_error(400, "bad_request", str(error))
        entry = execute(self._world, program_name, name, record, options)
        self._world.state.commit()
        return json_response(envelope([entry]))

    async def bulk(self, request: Request) -> Response:
        """POST execute: up to `bulk_maximum` transactions of one program, done in order, not atomic."""
        raw = await request.body()
        refusal = self._admit(request)
        if refusal is not None:
            return refusal
        try:
            query, _ = parse_options(request.query_params.multi_items())
            program, calls = parse_bulk(orjson.loads(raw), query)
        except ValueError as error:
            return _gateway_error(400, "bad_request", str(error))
        maximum = self._world.switches["bulk_maximum"]
        if len(calls) > maximum:
            return _gateway_error(
                400, "bad_request", f"{len(calls)} transactions, at most {maximum} are taken"
            )
        results = [
            execute(self._world, program, call.transaction, call.record, call.options) for call in calls
        ]
        self._world.state.commit()
        return json_response(envelope(results))


def _token_error(status: int, error: str, description: str) -> Response:
    return json_response({"error": error, "error_description": description}, status)
