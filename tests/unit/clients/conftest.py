"""Belongs here: a scripted vendor for cases of shape, and a socket that misbehaves for cases of transport."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from fbinfor_assets.clients import MemoryTokenStore, RetryPolicy
from fbinfor_assets.clients.freshbooks import FreshBooksClient, FreshBooksSettings
from fbinfor_assets.clients.infor import InforSettings, M3Client
from fbinfor_assets.clients.shop import ShopClient, ShopSettings

AT_ONCE = RetryPolicy(attempts=4, base=0.0)


class Script:
    """Answers requests one after the other (the last answer repeats) and keeps what was asked."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith(("/auth/oauth/token", "token.oauth2")):
            return httpx.Response(200, json={"access_token": "tok", "refresh_token": "next", "expires_in": 7200})
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if callable(answer):
            answer = answer(request)
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, httpx.Response):
            return answer
        status, body = answer if isinstance(answer, tuple) else (200, answer)
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return httpx.Response(status, content=content, headers={"Content-Type": "application/json"})

    @property
    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self)


def freshbooks_settings(**changes: Any) -> FreshBooksSettings:
    values = {
        "base_url": "http://127.0.0.1:9",
        "auth_url": "http://127.0.0.1:9",
        "client_id": "app",
        "client_secret": "app-secret-value",
        "redirect_uri": "https://example.test/back",
        "account_id": "ABC123",
        "access_token": "first-access-token",
        "refresh_token": "first-refresh-token",
    }
    return FreshBooksSettings.model_validate(values | changes)


def infor_settings(**changes: Any) -> InforSettings:
    ionapi = {
        "ti": "ACME_TST",
        "cn": "sbx",
        "ci": "ACME_TST~app",
        "cs": "gateway-secret",
        "iu": "http://127.0.0.1:9",
        "pu": "http://127.0.0.1:9/ACME_TST/as/",
        "oa": "authorization.oauth2",
        "ot": "token.oauth2",
        "saak": "ACME_TST#key",
        "sask": "service-secret",
    }
    return InforSettings.model_validate({"ionapi": ionapi, "company": "100", "division": "AAA"} | changes)


@pytest.fixture
def script() -> type[Script]:
    return Script


@pytest.fixture
def make_freshbooks() -> Iterator[Callable[..., tuple[FreshBooksClient, Script]]]:
    made: list[FreshBooksClient] = []

    def make(*answers: Any, store: MemoryTokenStore | None = None, **changes: Any) -> tuple[FreshBooksClient, Script]:
        vendor = Script(*answers)
        client = FreshBooksClient(
            freshbooks_settings(**changes), transport=vendor.transport, token_store=store, retry=AT_ONCE
        )
        made.append(client)
        return client, vendor

    yield make
    for client in made:
        client.close()


@pytest.fixture
def make_m3() -> Iterator[Callable[..., tuple[M3Client, Script]]]:
    made: list[M3Client] = []

    def make(*answers: Any, **changes: Any) -> tuple[M3Client, Script]:
        vendor = Script(*answers)
        client = M3Client.from_settings(infor_settings(**changes), transport=vendor.transport, retry=AT_ONCE)
        made.append(client)
        return client, vendor

    yield make
    for client in made:
        client.close()


@pytest.fixture
def make_shop() -> Iterator[Callable[..., tuple[ShopClient, Script]]]:
    made: list[ShopClient] = []

    def make(*answers: Any, **changes: Any) -> tuple[ShopClient, Script]:
        vendor = Script(*answers)
        settings = {"base_url": "http://127.0.0.1:9", "consumer_key": "ck_x", "consumer_secret": "cs_x"} | changes
        client = ShopClient(ShopSettings.model_validate(settings), transport=vendor.transport, retry=AT_ONCE)
        made.append(client)
        return client, vendor

    yield make
    for client in made:
        client.close()


@pytest.fixture
def misbehaving() -> Iterator[Callable[[Callable[[socket.socket], None]], str]]:
    """A real listener whose connections are treated by the given function; gives its address and counts calls."""
    listeners: list[socket.socket] = []

    def start(behaviour: Callable[[socket.socket], None]) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def accept() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    behaviour(connection)

        threading.Thread(target=accept, daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield start
    for listener in listeners:
        listener.close()
