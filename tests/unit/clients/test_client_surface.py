"""What may be imported from the clients, and what importing them must not cost."""

from __future__ import annotations

import subprocess
import sys

import fbinfor_assets.clients as clients
import fbinfor_assets.clients.freshbooks as freshbooks
import fbinfor_assets.clients.infor as infor
import fbinfor_assets.clients.shop as shop


def test_the_public_names_of_the_clients_are_these():
    assert sorted(clients.__all__) == [
        "AuthorisationError",
        "ClientError",
        "ConnectError",
        "ErrorClass",
        "FileTokenStore",
        "InDoubt",
        "Interrupted",
        "MemoryTokenStore",
        "NO_RETRY",
        "NotFound",
        "ParseError",
        "RateLimited",
        "Refusal",
        "RetryPolicy",
        "ServerError",
        "TokenStore",
        "TransportError",
        "UnknownFilter",
        "UnsortedExport",
        "Unsupported",
        "ValidationError",
        "redact",
    ]
    assert sorted(freshbooks.__all__) == [
        "EASTERN",
        "FreshBooksClient",
        "FreshBooksSettings",
        "FreshBooksTokens",
        "Identity",
        "RESOURCES",
        "consent_url",
        "updated_min",
    ]
    assert sorted(infor.__all__) == [
        "ExportSettings",
        "InforGateway",
        "InforSettings",
        "IonApi",
        "M3Client",
        "M3Result",
        "is_read",
    ]
    assert sorted(shop.__all__) == ["ShopClient", "ShopSettings"]


def test_every_public_name_exists():
    for module in (clients, freshbooks, infor, shop):
        for name in module.__all__:
            assert hasattr(module, name), f"{module.__name__}.{name}"


def test_importing_the_clients_imports_neither_dagster_dbt_nor_great_expectations():
    code = (
        "import sys, fbinfor_assets.clients.freshbooks, fbinfor_assets.clients.infor, fbinfor_assets.clients.shop;"
        "print([m for m in ('dagster','dbt','great_expectations','duckdb','sqlalchemy') if m in sys.modules])"
    )
    seen = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert seen.stdout.strip() == "[]"
