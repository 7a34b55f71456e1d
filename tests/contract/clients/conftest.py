"""Belongs here: the running simulators, and the clients configured by what they print; not the cases."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import yaml

from fbinfor_assets.clients import FileTokenStore, RetryPolicy
from fbinfor_assets.clients.freshbooks import FreshBooksClient
from fbinfor_assets.clients.infor import M3Client
from fbinfor_assets.clients.shop import ShopClient
from fbinfor_assets.config import Connections, Paths, connections_from_sandbox

ONCE = RetryPolicy(attempts=1)
# Every guess that a client could depend on, the other way round (the switches of the two simulators).
OTHERWISE = {
    "freshbooks": {
        "error_shape": "new",
        "list_order": "descending",
        "vis_state_filter": "clients",
        "items_feature": False,
    },
    "m3": {
        "export_order_by": "refused",
        "refresh_tokens": "none",
        "grant": "client_credentials",
        "error_records": "omitted",
        "empty_list": "no_records",
    },
}


class World:
    """A running sandbox: its JSON line, and the connections made from it."""

    def __init__(self, line: dict[str, Any], home: Path) -> None:
        self.line = line
        self.paths = Paths(home)
        self.connections: Connections = connections_from_sandbox(line, self.paths)
        self.store = FileTokenStore(self.paths.tokens / "freshbooks.json")

    def control(self, system: str, method: str, path: str, body: Any = None, **query: Any) -> Any:
        url = f"{self.line[system]['control_url'].removesuffix('/_sandbox')}/_sandbox{path}"
        answer = httpx.request(method, url, json=body, params=query, timeout=30, trust_env=False)
        return answer.raise_for_status().json()

    def writes(self, system: str, after: int = 0) -> list[dict[str, Any]]:
        return self.control(system, "GET", "/writes", after=after, limit=10_000)["writes"]


@contextlib.contextmanager
def running(home: Path, switches: dict[str, Any] | None = None) -> Iterator[World]:
    home.mkdir(parents=True, exist_ok=True)
    command = [
        sys.executable,
        "-m",
        "fbinfor_assets.sandbox.serve",
        "--state",
        str(home / "sandbox"),
        "--seed",
        "7",
    ]
    if switches:
        (home / "switches.yml").write_text(yaml.safe_dump(switches))
        command += ["--config", str(home / "switches.yml")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, "PYTHONUNBUFFERED": "1"})
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, f"the sandbox ended with exit code {process.wait(30)}"
        yield World(json.loads(line), home)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


@pytest.fixture(scope="session")
def world(tmp_path_factory) -> Iterator[World]:
    with running(tmp_path_factory.mktemp("world")) as started:
        yield started


@pytest.fixture(scope="session")
def otherwise(tmp_path_factory) -> Iterator[World]:
    with running(tmp_path_factory.mktemp("otherwise"), OTHERWISE) as started:
        yield started


@pytest.fixture
def freshbooks(world) -> Iterator[FreshBooksClient]:
    with FreshBooksClient(world.connections.freshbooks, token_store=world.store, retry=ONCE) as client:
        yield client


@pytest.fixture
def m3(world) -> Iterator[M3Client]:
    with M3Client.from_settings(world.connections.infor, retry=ONCE) as client:
        yield client


@pytest.fixture
def shop(world) -> Iterator[ShopClient]:
    with ShopClient(world.connections.shop, retry=ONCE) as client:
        yield client


@pytest.fixture
def losing() -> Iterator[Callable[[str], str]]:
    """Gives the address of a line to a server that lets requests through and breaks off when the answer begins."""
    listeners: list[socket.socket] = []

    def lose(connection: socket.socket, upstream: tuple[str, int]) -> None:
        with connection, socket.create_connection(upstream) as server:

            def forward() -> None:
                with contextlib.suppress(OSError):
                    while sent := connection.recv(65536):
                        server.sendall(sent)

            threading.Thread(target=forward, daemon=True).start()
            server.recv(1)
            connection.shutdown(socket.SHUT_RDWR)

    def start(url: str) -> str:
        upstream = (str(urlsplit(url).hostname), int(urlsplit(url).port or 80))
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    threading.Thread(target=lose, args=(listener.accept()[0], upstream), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield start
    for listener in listeners:
        listener.close()


@pytest.fixture
def a_client(freshbooks) -> Callable[..., dict[str, Any]]:
    """Creates a FreshBooks client whose note carries a reference of ours."""

    def create(reference: str, **fields: Any) -> dict[str, Any]:
        values = {
            "organization": f"Firm {reference}",
            "note": f"[fbinfor SHOP-{reference}]",
            "currency_code": "GBP",
        }
        return freshbooks.create("clients", values | fields)

    return create


@pytest.fixture
def an_invoice(freshbooks) -> Callable[..., dict[str, Any]]:
    def create(client: dict[str, Any], number: str, **fields: Any) -> dict[str, Any]:
        line = {
            "type": 0,
            "name": "85123A",
            "description": "WHITE HANGING HEART",
            "qty": "6",
            "unit_cost": {"amount": "2.55", "code": "GBP"},
            "taxName1": "VAT",
            "taxAmount1": "20",
        }
        values = {
            "customerid": client["id"],
            "invoice_number": number,
            "create_date": "2010-12-01",
            "currency_code": "GBP",
            "language": "en",
            "lines": [line],
        }
        return freshbooks.create("invoices", values | fields)

    return create
