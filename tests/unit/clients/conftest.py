"""Belongs here: a scripted vendor for cases of shape, and a socket that misbehaves for cases of transport."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from vendor_script import AT_ONCE, Script, freshbooks_settings, infor_settings

from fbinfor_assets.clients import MemoryTokenStore
from fbinfor_assets.clients.freshbooks import FreshBooksClient
from fbinfor_assets.clients.infor import M3Client
from fbinfor_assets.clients.shop import ShopClient, ShopSettings

# A machine that is busy with something else is no finding about the code.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


@pytest.fixture
def make_freshbooks() -> Iterator[Callable[..., tuple[FreshBooksClient, Script]]]:
    made: list[FreshBooksClient] = []

    def make(
        *answers: Any, store: MemoryTokenStore | None = None, **changes: Any
    ) -> tuple[FreshBooksClient, Script]:
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
        settings = {
            "base_url": "http://127.0.0.1:9",
            "consumer_key": "ck_x",
            "consumer_secret": "cs_x",
        } | changes
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
