"""What surrounds every request to the vendor's paths: the request limit, the request's id, a slash at the end.

Belongs here: counting requests per token and minute, X-RateLimit-*, Retry-After, X-Request-Id; reading a path that
ends in a slash as one without (FreshBooks' own examples have both, and few clients follow a redirect of a POST).
Does not belong here: what a token is worth (`auth`); the body of a 429 (`families`).

Facts (freshbooks-api 3, 4): a captured answer, a 200, had X-RateLimit-Limit: 20, X-RateLimit-Remaining: 0,
X-RateLimit-Reset (epoch seconds), Retry-After: 59 and X-Request-Id. So an answer that leaves nothing for the rest of
the minute is taken to carry Retry-After whatever its status. Today's numbers are unknown; without a limit the headers
name 300 (5 a second, as a third party says) and never run out, so that no client waits for a limit that is not there.

The minute is one of the wall clock. Counting is one dictionary that is emptied as the minute turns; it is not kept in
the state, because a client that waits for a restarted simulator has waited long enough; a reset and a change of
switches begin a new count.
"""

from __future__ import annotations

import itertools
import time
from email.utils import formatdate
from typing import Any

import orjson

from fbinfor_assets.sandbox.freshbooks import families
from fbinfor_assets.sandbox.freshbooks.world import World
from fbinfor_assets.sandbox.kernel import secret

UNLIMITED = 300
"""The limit the headers name when there is none."""

Headers = list[tuple[bytes, bytes]]


class Limits:
    """ASGI middleware around the vendor's paths; the control plane is neither counted nor decorated."""

    def __init__(self, app: Any, world: World) -> None:
        self._app, self._switches = app, world.switches
        text = secret(world.seed, "freshbooks", "request", length=16)
        self._prefix = f"{text[:8]}-{text[8:12]}-4{text[12:15]}-a{text[13:16]}-"
        self._numbers = itertools.count(1)
        self._minute = 0
        self._counts: dict[bytes, int] = {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["path"].startswith("/_sandbox/"):
            if scope.get("path") in ("/_sandbox/reset", "/_sandbox/switches"):
                self._counts.clear()
            await self._app(scope, receive, send)
            return
        if scope["path"].endswith("/"):
            scope = {**scope, "path": scope["path"].rstrip("/") or "/"}
        limit = self._switches["rate_limit_per_minute"]
        token = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
        count = self._count(token)
        headers = self._headers(limit, count)

        async def decorated(message: Any) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], *headers]}
            await send(message)

        if limit and count > limit and scope["method"] != "OPTIONS":
            await self._refuse(scope["path"], decorated)
        else:
            await self._app(scope, receive, decorated)

    def _count(self, token: bytes) -> int:
        minute = int(time.time()) // 60
        if minute != self._minute:
            self._minute = minute
            self._counts.clear()
        count = self._counts[token] = self._counts.get(token, 0) + 1
        return count

    def _headers(self, limit: int, count: int) -> Headers:
        headers = [(b"x-request-id", f"{self._prefix}{next(self._numbers):012x}".encode())]
        wanted = self._switches["rate_limit_headers"]
        reset = (self._minute + 1) * 60
        if wanted == "always" or (wanted == "limited" and limit):
            remaining = max(0, limit - count) if limit else max(1, UNLIMITED - count)
            headers += [
                (b"x-ratelimit-limit", b"%d" % (limit or UNLIMITED)),
                (b"x-ratelimit-remaining", b"%d" % remaining),
                (b"x-ratelimit-reset", b"%d" % reset),
            ]
        if limit and count >= limit:
            headers += self._retry_after(reset)
        return headers

    def _retry_after(self, reset: int) -> Headers:
        form = self._switches["retry_after"]
        if form == "none":
            return []
        text = formatdate(reset, usegmt=True) if form == "date" else str(max(1, reset - int(time.time())))
        return [(b"retry-after", text.encode())]

    async def _refuse(self, path: str, send: Any) -> None:
        body = orjson.dumps(families.refusal(families.family(path), "rate"))
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 429, "headers": headers})
        await send({"type": "http.response.body", "body": body})
