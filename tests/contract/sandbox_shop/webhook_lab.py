"""A receiver of webhooks, and a simulator with nothing but the kernel's sender, for the tests of this folder.

Belongs here: what catches webhooks over real HTTP; the smallest process that sends some (run as a script).
Does not belong here: what a test expects.
"""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx

REPOSITORY = Path(__file__).parents[3]


@dataclass(frozen=True)
class Caught:
    """One request as it arrived."""

    path: str
    headers: dict[str, str]
    body: bytes
    at: float


@dataclass
class Receiver:
    """A web server of the test: keeps what it gets, answers what the test wants (200)."""

    caught: list[Caught] = field(default_factory=list)
    answer: Callable[[Caught], int] = lambda caught: 200

    def __post_init__(self) -> None:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                length = int(self.headers.get("content-length") or 0)
                body = self.rfile.read(length)
                if len(body) < length:
                    return  # the sender died in the middle: nothing was delivered
                headers = {name.lower(): value for name, value in self.headers.items()}
                got = Caught(self.path, headers, body, time.time())
                receiver.caught.append(got)
                self.send_response(receiver.answer(got))
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def wait(self, count: int, seconds: float = 10, path: str = "") -> list[Caught]:
        """What arrived on paths that begin with `path`, once there are `count` of them."""
        until = time.monotonic() + seconds
        while len(found := [got for got in self.caught if got.path.startswith(path)]) < count:
            assert time.monotonic() < until, f"{len(found)} of {count} arrived in {seconds} s"
            time.sleep(0.01)
        return found

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()


class Teller:
    """A running simulator that sends what it is told to: `tell`."""

    def __init__(self, state: Path) -> None:
        command = [sys.executable, __file__, "--port", "0", "--state", str(state)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY)
        assert self.process.stdout is not None
        self.control = httpx.Client(
            base_url=f"http://127.0.0.1:{json.loads(self.process.stdout.readline())['port']}", timeout=30
        )

    def tell(self, url: str, *bodies: str, hook: str = "a", refuse: bool = False) -> httpx.Response:
        """Have these bodies sent to `url` within one request, which is refused at its end if so wished."""
        return self.control.post("/tell", json={"hook": hook, "url": url, "bodies": bodies, "refuse": refuse})

    def set(self, **settings: Any) -> None:
        """Change the sender's settings."""
        self.control.post("/_sandbox/webhooks", json=settings).raise_for_status()

    def look(self, **params: int) -> dict[str, Any]:
        """What the control plane tells."""
        return self.control.get("/_sandbox/webhooks", params=params).raise_for_status().json()

    def settle(self, seconds: float = 10) -> dict[str, Any]:
        """`look`, once nothing waits any more."""
        until = time.monotonic() + seconds
        while (seen := self.look())["waiting"]:
            assert time.monotonic() < until, f"{seen['waiting']} still wait after {seconds} s"
            time.sleep(0.02)
        return seen

    def stop(self, how: int = signal.SIGTERM) -> None:
        """End the process."""
        self.control.close()
        self.process.send_signal(how)
        self.process.wait(10)
        assert self.process.stdout is not None
        self.process.stdout.close()


def _serve() -> None:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    from fbinfor_assets.sandbox.clock import Clock
    from fbinfor_assets.sandbox.kernel import common_arguments, create_app, json_response, run
    from fbinfor_assets.sandbox.state import State
    from fbinfor_assets.sandbox.webhooks import Sender

    parser = argparse.ArgumentParser()
    common_arguments(parser)
    args = parser.parse_args()
    state = State(args.state / "teller.db")
    sender = Sender(state, seed=args.seed)

    async def tell(request: Request) -> Response:
        given = json.loads(await request.body())
        for body in given["bodies"]:
            headers = {"content-type": "text/plain", "x-signature": "true"}
            sender.send(given["hook"], given["url"], headers, body.encode(), {"x-signature": "false"})
        return json_response({}, 400 if given["refuse"] else 200)

    routes = [Route("/tell", tell, methods=["POST"])]
    run(create_app(state, Clock(state), routes, name="teller", sender=sender), args.port)


if __name__ == "__main__":
    _serve()
