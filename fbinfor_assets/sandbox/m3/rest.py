"""m3api-rest over HTTP: v2 single and bulk, v1, the CSRF token.

Belongs here: reading a request into MI calls and writing what they came to (infor-api 2.1, 2.2, 2.4).
Does not belong here: who may call (`gateway.py`), the bodies' shapes (`answers.py`), the calls (`dispatch.py`).

Every method takes a request whose body has been read and answers without awaiting. What cannot be read at all is
HTTP 400 with an envelope that `wasTerminated` (a public bulk client reads 200 and 400 alike); its words for
`terminationErrorType` are a guess.
"""

from __future__ import annotations

import json
import secrets
import time
from dataclasses import replace
from decimal import Decimal
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from fbinfor_assets.sandbox.kernel import json_response
from fbinfor_assets.sandbox.m3.answers import Outcome, envelope, old_answer, old_answer_xml, result
from fbinfor_assets.sandbox.m3.dispatch import execute, not_executed, read_position_key
from fbinfor_assets.sandbox.m3.mi import Options, Record, parse_bulk, parse_options, plain, split_matrix
from fbinfor_assets.sandbox.m3.world import World

_JSON = "application/json; charset=UTF-8"  # as the vendor's own description of the interface has it
_TOKEN_SECONDS = 60  # public callers take a new one after 30 s, some after 59 s


def _number(text: str) -> str:
    return plain(Decimal(text)) if "e" in text.lower() else text


def _no_constant(text: str) -> str:
    raise ValueError(f"{text} is no JSON")


def read_json(raw: bytes) -> Any:
    """A JSON body with its numbers as their own text: a price of 1.10 stays 1.10. Raises ValueError."""
    return json.loads(raw, parse_float=_number, parse_int=str, parse_constant=_no_constant)


class Rest:
    """m3api-rest over one world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._csrf_tokens: dict[str, float] = {}

    # -- v2

    def single(self, request: Request, raw: bytes) -> Response:
        """GET execute/PROGRAM/TRANSACTION, also of writes; options as query or matrix parameters."""
        try:
            program, name, options, record = self._called(request)
        except ValueError as error:
            return _terminated(str(error))
        outcome = execute(self._world, program, name, record, options)
        return _in_format(envelope([result(outcome, self._world.switches)]), options.format)

    def bulk(self, request: Request, raw: bytes) -> Response:
        """POST execute: up to `bulk_maximum` transactions of one program, done in order, not atomic."""
        switches = self._world.switches
        declared = request.headers.get("content-type", "application/json").lower()
        if "json" not in declared and switches["bulk_content_type"] == "checked":
            return _terminated(f"the body must be application/json, not {declared}", 415)
        try:
            query, _ = parse_options(request.query_params.multi_items())
            program, calls = parse_bulk(read_json(raw), query)
        except ValueError as error:
            return _terminated(str(error))
        maximum, patience = switches["bulk_maximum"], switches["bulk_stops_after"]
        if len(calls) > maximum:
            return _terminated(f"{len(calls)} transactions, at most {maximum} are taken")
        results: list[dict[str, Any]] = []
        failed = 0
        for call in calls:
            do = not_executed if patience and failed >= patience else self._execute
            outcome = do(program, call.transaction, call.record, call.options)
            failed += outcome.nok is not None
            results.append(result(outcome, switches))
        stopped = any(entry["notProcessed"] for entry in results)
        why = f"{failed} transactions failed" if stopped else ""
        kind = "TooManyErrors" if stopped else ""
        return _in_format(envelope(results, terminated=why, termination_type=kind), query.format)

    def _execute(self, program: str, name: str, record: Record, options: Options) -> Outcome:
        return execute(self._world, program, name, record, options)

    def _called(self, request: Request) -> tuple[str, str, Options, Record]:
        # The decoded path has lost the difference between a separator and a value's own semicolon.
        program, transaction = request.scope["raw_path"].decode("ascii").split("?")[0].rsplit("/", 2)[1:]
        encoded_too = self._world.switches["encoded_semicolon"] == "separates"
        program_name, first = split_matrix(program, encoded_too=encoded_too)
        name, second = split_matrix(transaction, encoded_too=encoded_too)
        options, record = parse_options([*first, *second, *request.query_params.multi_items()])
        position = read_position_key(request.headers.get("positionkey", ""))
        return program_name, name, replace(options, position=position) if position else options, record

    # -- v1

    def old_single(self, request: Request, raw: bytes) -> Response:
        """GET execute/PROGRAM/TRANSACTION of v1, as JSON or XML by what the caller accepts."""
        switches = self._world.switches
        try:
            program, name, options, record = self._called(request)
        except ValueError as error:
            return _terminated(str(error))
        options = replace(options, righttrim=switches["v1_values"] == "trimmed")
        answer = old_answer(execute(self._world, program, name, record, options), switches)
        accepted = request.headers.get("accept", "").lower()
        as_json = "json" in accepted or ("xml" not in accepted and switches["v1_without_accept"] == "json")
        if as_json:
            return json_response(answer)
        return Response(old_answer_xml(answer), media_type="application/xml")

    # -- CSRF

    def csrf_token(self, request: Request, raw: bytes) -> Response:
        """A token as plain text, for the header `fnd-csrf-token`."""
        if self._world.switches["csrf"] == "missing":
            return json_response({"error": {"code": "not_found", "message": request.url.path}}, 404)
        now = time.monotonic()
        self._csrf_tokens = {token: until for token, until in self._csrf_tokens.items() if until > now}
        token = secrets.token_urlsafe(24)
        self._csrf_tokens[token] = now + _TOKEN_SECONDS
        return PlainTextResponse(token)

    def check_csrf(self, request: Request) -> str:
        """Why the request's token does not do; "" if it does."""
        until = self._csrf_tokens.get(request.headers.get("fnd-csrf-token", ""), 0.0)
        return "" if until > time.monotonic() else "fnd-csrf-token is missing or too old"


def _terminated(reason: str, status: int = 400) -> Response:
    return json_response(envelope([], terminated=reason, termination_type="BadRequest"), status)


def _in_format(content: Any, style: str) -> Response:
    option = orjson.OPT_INDENT_2 if style == "PRETTY" else 0
    return Response(orjson.dumps(content, option=option), media_type=_JSON)
