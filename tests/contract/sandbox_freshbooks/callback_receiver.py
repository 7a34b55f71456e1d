"""A web server that receives callbacks as an integration would, for the tests of this folder.

Belongs here: catching posts, reading their form, checking a signature. It follows the vendor's description and uses
nothing of the simulator. Does not belong here: what a test expects.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

import httpx


@dataclass(frozen=True)
class Post:
    """One callback as it arrived."""

    path: str
    headers: dict[str, str]
    body: str

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body, keep_blank_values=True))

    @property
    def told(self) -> tuple[str, str]:
        """(event, object id)."""
        return self.form["name"], self.form["object_id"]

    def signed_by(self, verifier: str) -> bool:
        """Whether the signature is that of the form's fields, in their order, under this verifier."""
        text = json.dumps(self.form).encode()
        digest = hmac.new(verifier.encode(), text, hashlib.sha256).digest()
        return self.headers.get("x-freshbooks-hmac-sha256") == base64.b64encode(digest).decode()


@dataclass
class Receiver:
    """Listens on a free port; `posts` is what came, `status` what it answers."""

    posts: list[Post] = field(default_factory=list)
    status: int = 200

    def __post_init__(self) -> None:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"])).decode()
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver.posts.append(Post(self.path, headers, body))
                self.send_response(receiver.status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def got(self, path: str, count: int = 1, seconds: float = 10) -> list[Post]:
        """The posts to a path, once there are `count`."""
        until = time.monotonic() + seconds
        while len(found := [post for post in self.posts if post.path == path]) < count:
            assert time.monotonic() < until, f"{len(found)} of {count} posts to {path} in {seconds} s"
            time.sleep(0.01)
        return found

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@dataclass
class Watcher:
    """An integration that registers callbacks at a simulator and listens for them."""

    simulator: Any
    receiver: Receiver

    @property
    def path(self) -> str:
        return f"/events/account/{self.simulator.connection['account_id']}/events/callbacks"

    def register(self, event: str, path: str = "/hook") -> dict[str, Any]:
        """An unverified callback."""
        body = {"callback": {"event": event, "uri": self.receiver.url + path}}
        answer = self.simulator.http.post(self.path, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()["response"]["result"]["callback"]

    def put(self, callback: dict[str, Any], **given: Any) -> httpx.Response:
        return self.simulator.http.put(f"{self.path}/{callback['callbackid']}", json={"callback": given})

    def watch(self, event: str, path: str = "/hook") -> tuple[dict[str, Any], str]:
        """A verified callback and its verifier; the verification message is forgotten."""
        callback = self.register(event, path)
        post = self.receiver.got(path)[-1]
        self.receiver.posts.remove(post)
        answer = self.put(callback, verifier=post.form["verifier"])
        assert answer.json()["response"]["result"]["callback"]["verified"] is True
        return callback, post.form["verifier"]

    def settle(self) -> list[Post]:
        """All posts so far, once nothing waits to be sent."""
        until = time.monotonic() + 10
        while self.simulator.http.get("/_sandbox/webhooks").json()["waiting"]:
            assert time.monotonic() < until, "callbacks still wait to be sent"
            time.sleep(0.01)
        return self.receiver.posts
