"""The port of a running simulator: closed for a while, so that connections are refused, and opened again (fault F1).

Belongs here: listening sockets. Does not belong here: when it happens (`faults`), requests.

While the port is closed, a socket that does not listen holds it: the system refuses connections, and gives the port to
nobody else. Whoever must reach the control plane meanwhile does so at a second port (`control_url`).
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

import uvicorn

if TYPE_CHECKING:
    from fbinfor_assets.sandbox.faults import Fault

_TRIES = 200
_PAUSE = 0.005


class Gate:
    """The listening port of one server. Used from within the server's event loop only."""

    def __init__(self, server: uvicorn.Server, port: int) -> None:
        self._server, self._port = server, port
        self.shut: Fault | None = None
        self._held: socket.socket | None = None
        self._second: asyncio.Server | None = None
        self._later: asyncio.TimerHandle | None = None
        self._work: asyncio.Task[None] | None = None

    def close(self, fault: Fault, seconds: float) -> None:
        """Refuse connections for so many seconds, or until `open` with 0; `shut` is the fault meanwhile."""
        self._forget_timer()
        self.shut = fault
        if seconds:
            self._later = asyncio.get_running_loop().call_later(seconds, self.open)
        self._next(self._close)

    def open(self) -> None:
        """Listen again, if the port is closed."""
        self._forget_timer()
        if self.shut is not None:
            self.shut = None
            self._next(self._open)

    async def control_url(self) -> str:
        """The control plane at a second port, which is open for as long as the first is closed."""
        if self._work is not None:
            await self._work
        if self._second is None:
            self._second = await self._listen(_socket(0))
        return f"http://127.0.0.1:{self._second.sockets[0].getsockname()[1]}/_sandbox"

    def _forget_timer(self) -> None:
        if self._later is not None:
            self._later.cancel()
            self._later = None

    def _next(self, step: Callable[[], asyncio.Future[None]]) -> None:
        # One after the other: a port may be closed again while it is being opened.
        before = self._work

        async def work() -> None:
            if before is not None:
                await before
            await step()

        self._work = asyncio.get_running_loop().create_task(work())

    async def _close(self) -> None:
        if self._held is not None:
            return
        for server in self._server.servers:
            server.close()
        self._server.servers.clear()
        self._held = await _bound(self._port)

    async def _open(self) -> None:
        if self.shut is not None or self._held is None:
            return
        held, self._held = self._held, None
        self._server.servers.append(await self._listen(held))
        if self._second is not None:
            self._second.close()
            self._second = None

    async def _listen(self, sock: socket.socket) -> asyncio.Server:
        server, config = self._server, self._server.config
        loop = asyncio.get_running_loop()

        def protocol() -> asyncio.Protocol:
            return config.http_protocol_class(
                config=config,
                server_state=server.server_state,
                app_state=server.lifespan.state,
            )

        return await loop.create_server(protocol, sock=sock, backlog=256)


def _socket(port: int) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind(("127.0.0.1", port))
    except OSError:
        made.close()
        raise
    return made


async def _bound(port: int) -> socket.socket:
    """A socket on a port that is just being given up: the event loop closes it a moment after it was told to."""
    for attempt in range(_TRIES):
        try:
            return _socket(port)
        except OSError:
            if attempt + 1 == _TRIES:
                raise
            await asyncio.sleep(_PAUSE)
    raise AssertionError("unreachable")
