"""What a planned fault does to a request and to its answer, at the level of ASGI and of the connection.

Belongs here: cutting connections, waiting, changing answers on their way out, serving a read from the past.
Does not belong here: which request is hit (`faults`), what the request means.
"""

from __future__ import annotations

import asyncio
import email.utils
import math
import socket
import struct
import time
from collections.abc import Awaitable, Callable, Generator, MutableMapping
from contextlib import AbstractContextManager
from typing import Any
from urllib.parse import parse_qsl, urlencode

import orjson

from fbinfor_assets.sandbox.fault_kinds import FOLLOWING
from fbinfor_assets.sandbox.faults import Fault

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
Receive = Callable[[], Awaitable[Message]]

_PAGE = (
    b"<!DOCTYPE html>\n<html><head><title>Please wait</title></head>\n"
    b"<body><h1>This page is being prepared</h1></body></html>\n"
)
_NOTICE = b"<b>Notice</b>: something was printed before the answer<br />\n"
_FLUSH = 0.02  # the event loop writes what it was given a moment later
_CREDENTIALS = ("consumer_key", "consumer_secret", "oauth_consumer_key", "oauth_signature", "access_token")


async def before(
    fault: Fault, scope: MutableMapping[str, Any], receive: Receive, send: Send, date: bytes
) -> bool:
    """Do what the fault does before the request is applied; False if the request ends here."""
    fields = fault.fields
    match fault.kind:
        case "delay":
            await asyncio.sleep(fields["seconds"])
        case "slow" if not fields["after"]:
            await asyncio.sleep(_slow(fault))
        case "lose_request" | "refuse":
            await cut(receive, send)
            return False
        case "reset" if fields["when"] == "request":
            reset(send)
            await _gone(receive)
            return False
        case "answer" | "content_type" if not fields["apply"]:
            for message in _replaced(fault, {"status": 200, "headers": [(b"date", date)]}, b""):
                await send(message)
            return False
        case "unauthorised":
            _without_credentials(scope)
    return True


def breaks_answer(fault: Fault) -> bool:
    """Whether the client never gets the answer the vendor gave."""
    kind = fault.kind
    return kind in FOLLOWING or kind == "answer" or (kind == "reset" and fault.fields["when"] == "answer")


def after(fault: Fault, receive: Receive, send: Send) -> Send:
    """The `send` of a request that was applied, for an answer that meets the fault."""
    fields = fault.fields
    if fault.kind in ("lose_answer", "lose_refresh"):
        return _whole(lambda start, body: cut(receive, send))
    if fault.kind == "slow_answer" or (fault.kind == "slow" and fields["after"]):

        async def late(message: Message) -> None:
            if message["type"] == "http.response.start":
                await asyncio.sleep(fields["seconds"] if fault.kind == "slow_answer" else _slow(fault))
            await send(message)

        return late
    if not breaks_answer(fault):
        return send

    async def broken(start: Message, body: bytes) -> None:
        if fault.kind == "reset":
            await send(start)
            await send(
                {"type": "http.response.body", "body": body[: fields["bytes"]], "more_body": len(body) > 0}
            )
            await asyncio.sleep(_FLUSH)
            reset(send)
            await _gone(receive)
            return
        for message in _replaced(fault, start, body):
            await send(message)

    return _whole(broken)


def _whole(act: Callable[[Message, bytes], Awaitable[None]]) -> Send:
    """A `send` that waits for the whole answer and then acts on it."""
    start: Message = {}
    parts: list[bytes] = []

    async def collect(message: Message) -> None:
        nonlocal start
        if message["type"] == "http.response.start":
            start = message
            return
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            await act(start, b"".join(parts))

    return collect


def _replaced(fault: Fault, start: Message, body: bytes) -> list[Message]:
    """The answer as the fault changes it; Content-Length always agrees with the body."""
    fields = fault.fields
    status, headers = start["status"], {name.lower(): value for name, value in start["headers"]}
    date = {b"date": headers[b"date"]}
    match fault.kind:
        case "truncate":
            body = body[: int(len(body) * fields["share"])]
        case "invalid_json":
            body = _NOTICE + body
        case "content_type":
            status, body, headers = (
                fields["status"],
                _PAGE,
                {**date, b"content-type": b"text/html; charset=utf-8"},
            )
        case "answer":
            given = fields["body"]
            text = isinstance(given, str)
            kind = b"text/html; charset=utf-8" if text else b"application/json"
            status, body = fields["status"], given.encode() if text else orjson.dumps(given)
            headers = {**date, b"content-type": kind, **_retry_after(fields)}
            headers |= {
                name.lower().encode(): str(value).encode() for name, value in fields["headers"].items()
            }
    if b"content-length" not in headers or fault.kind != "answer":
        headers[b"content-length"] = str(len(body)).encode()
    return [
        {"type": "http.response.start", "status": status, "headers": list(headers.items())},
        {"type": "http.response.body", "body": body},
    ]


def _retry_after(fields: dict[str, Any]) -> dict[bytes, bytes]:
    seconds = fields["retry_after"]
    if seconds is None:
        return {}
    if fields["retry_after_form"] == "date":
        return {b"retry-after": http_date(time.time() + seconds)}
    return {b"retry-after": str(seconds).encode()}


def http_date(seconds: float) -> bytes:
    """An instant of the wall clock as HTTP headers write it."""
    return email.utils.formatdate(seconds, usegmt=True).encode()


def _slow(fault: Fault) -> float:
    # 2.326 standard deviations above the median of a normal distribution are its 99th percentile.
    p99, median = fault.fields["p99"], fault.fields["median"]
    drawn = fault.chance.lognormvariate(math.log(median), math.log(p99 / median) / 2.326)
    return min(drawn, 3 * p99)


def _without_credentials(scope: MutableMapping[str, Any]) -> None:
    scope["headers"] = [(name, value) for name, value in scope["headers"] if name != b"authorization"]
    if any(name.encode() in scope["query_string"] for name in _CREDENTIALS):
        pairs = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        scope["query_string"] = urlencode([p for p in pairs if p[0] not in _CREDENTIALS]).encode()


# ------------------------------------------------------------------------------------- the connection


async def cut(receive: Receive, send: Send) -> None:
    """Close the connection. ASGI has no word for that; uvicorn's `send` belongs to the object that holds it."""
    send.__self__.transport.abort()  # type: ignore[attr-defined]
    await _gone(receive)


def reset(send: Send) -> None:
    """Reset the connection (RST) after what was sent so far."""
    transport = send.__self__.transport  # type: ignore[attr-defined]
    linger = struct.pack("ii", 1, 0)
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    transport.abort()


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


# --------------------------------------------------------------------------------------- bodies, the past


async def read_body(receive: Receive) -> tuple[bytes, Receive]:
    """The request's whole body, and a `receive` that gives it once more before it goes on."""
    parts = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            break
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            break
    if message["type"] != "http.request":
        return b"", receive
    body = b"".join(parts)
    return body, replay(body, receive)


def replay(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives a body that was read, and then what comes after it."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


class Stepped:
    """Awaits a coroutine so that all it does happens within `around()`, and all it waits for outside.

    Other requests run while this one waits: they must not see what holds within.
    """

    def __init__(
        self, work: Generator[Any, Any, None], around: Callable[[], AbstractContextManager[None]]
    ) -> None:
        self._work, self._around = work, around

    def __await__(self) -> Generator[Any, Any, None]:
        step, value = self._work.send, None
        while True:
            with self._around():
                try:
                    waits_for = step(value)
                except StopIteration:
                    return
            try:
                value, step = (yield waits_for), self._work.send
            except BaseException as error:  # noqa: BLE001  what it waited for failed, or it is cancelled
                value, step = error, self._work.throw
