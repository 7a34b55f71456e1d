"""A FreshBooks simulator as a process of its own, for the vendor's own client.

Belongs here: starting and stopping it. Does not belong here: the client (`vendor_account`), expectations.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from vendor_account import Account, client_of


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    folder: Path = tmp_path_factory.mktemp("vendor-client")
    command = [sys.executable, "-m", "fbinfor_assets.sandbox.freshbooks", "--port", "0", "--seed", "11"]
    process = subprocess.Popen(
        [*command, "--state", str(folder), "--from", "2026-11-01"], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    base_url = f"http://127.0.0.1:{json.loads(process.stdout.readline())['port']}"
    try:
        connection = httpx.get(f"{base_url}/_sandbox/connection").json()
        sdk = client_of(base_url, connection, access_token=connection["access_token"])
        business = sdk.current_user().business_memberships[0].data["business"]
        yield Account(
            base_url, sdk, connection, business["account_id"], business["id"], business["business_uuid"]
        )
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()
