"""The shop against WooCommerce's own Python client, unmodified: OAuth 1.0a signatures over plain http and all.

Belongs here: what a client of the WooCommerce REST API v3 does with orders, customers, products, refunds, webhooks.
Does not belong here: paging and filters in detail, deliveries of webhooks (`sandbox_shop`).
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from woocommerce import API


@dataclass
class Shop:
    """A running shop: its address, its keys, the official client."""

    base_url: str
    keys: dict[str, str]
    api: API


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder: Path = tmp_path_factory.mktemp("woo")
    command = [sys.executable, "-m", "fbinfor_assets.sandbox.shop", "--port", "0", "--seed", "5"]
    process = subprocess.Popen([*command, "--state", str(folder)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    base_url = f"http://127.0.0.1:{json.loads(process.stdout.readline())['port']}"
    try:
        keys = httpx.get(f"{base_url}/_sandbox/connection").json()
        httpx.post(f"{base_url}/_sandbox/clock", json={"to": "2010-12-02T21:00:00Z"}).raise_for_status()
        yield Shop(base_url, keys, _client(base_url, keys["consumer_key"], keys["consumer_secret"]))
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()


def _client(base_url: str, key: str, secret: str) -> API:
    return API(url=base_url, consumer_key=key, consumer_secret=secret, version="wc/v3", timeout=20)


def _ok(answer: Any, status: int = 200) -> Any:
    assert answer.status_code == status, answer.text
    return answer.json()


def test_a_signed_request_is_let_in_and_a_wrong_signature_is_not(shop: Shop) -> None:
    assert _ok(shop.api.get("orders", params={"per_page": 3, "orderby": "id", "order": "asc"}))
    forger = _client(shop.base_url, shop.keys["consumer_key"], "cs_" + "0" * 40)
    refused = forger.get("orders")
    assert refused.status_code == 401
    assert refused.json()["code"].startswith("woocommerce_rest_authentication")


@pytest.mark.parametrize("name", ["orders", "customers", "products"])
def test_lists_page_with_wordpress_headers(shop: Shop, name: str) -> None:
    first = shop.api.get(name, params={"per_page": 2, "page": 1, "orderby": "id", "order": "asc"})
    total, pages = int(first.headers["X-WP-Total"]), int(first.headers["X-WP-TotalPages"])
    assert pages == -(-total // 2) and 'rel="next"' in first.headers["Link"]
    ids = [row["id"] for row in first.json()]
    for page in (2, 3):
        ids += [
            row["id"]
            for row in _ok(
                shop.api.get(name, params={"per_page": 2, "page": page, "orderby": "id", "order": "asc"})
            )
        ]
    assert len(set(ids)) == len(ids) == min(6, total) and ids == sorted(ids)


@pytest.mark.parametrize("name", ["orders", "customers", "products"])
def test_an_unknown_id_is_wordpress_404(shop: Shop, name: str) -> None:
    refused = shop.api.get(f"{name}/99999999")
    assert refused.status_code == 404
    assert refused.json()["data"]["status"] == 404 and refused.json()["code"].startswith("woocommerce_rest_")


def test_an_order_is_completed_and_found_as_modified(shop: Shop) -> None:
    order = _ok(shop.api.get("orders", params={"status": "processing", "per_page": 1}))[0]
    done = _ok(shop.api.put(f"orders/{order['id']}", {"status": "completed"}))
    assert done["status"] == "completed" and done["date_modified_gmt"] > order["date_modified_gmt"]
    assert {name: done[name] for name in ("total", "line_items")} == {
        name: order[name] for name in ("total", "line_items")
    }
    completed = _ok(shop.api.get("orders", params={"status": "completed"}))
    assert [row["id"] for row in completed] == [order["id"]]


def test_a_refund_is_made_listed_and_counted(shop: Shop) -> None:
    order = next(
        row
        for row in _ok(shop.api.get("orders", params={"status": "processing", "per_page": 20}))
        if float(row["total"]) > 5
    )
    # By hand: without api_refund false the shop asks the payment's gateway, which refunds nothing by itself.
    given = {"amount": "1.50", "reason": "late", "api_refund": False}
    refund = _ok(shop.api.post(f"orders/{order['id']}/refunds", given), 201)
    assert refund["amount"] == "1.50" and refund["reason"] == "late"
    assert [row["id"] for row in _ok(shop.api.get(f"orders/{order['id']}/refunds"))] == [refund["id"]]
    assert _ok(shop.api.get(f"orders/{order['id']}"))["refunds"][0]["total"] == "-1.50"
    too_much = shop.api.post(f"orders/{order['id']}/refunds", {"amount": order["total"], "api_refund": False})
    assert (
        too_much.status_code == 500 and "amount" in too_much.json()["message"].lower()
    )  # as WooCommerce does


def test_customers_are_made_found_by_mail_changed_and_removed(shop: Shop) -> None:
    made = _ok(shop.api.post("customers", {"email": "quay@example.net", "first_name": "Quay"}), 201)
    found = _ok(shop.api.get("customers", params={"email": "quay@example.net"}))
    assert [row["id"] for row in found] == [made["id"]]
    assert _ok(shop.api.put(f"customers/{made['id']}", {"last_name": "Side"}))["last_name"] == "Side"
    again = shop.api.post("customers", {"email": "quay@example.net"})
    assert again.status_code == 400 and again.json()["code"] == "registration-error-email-exists"
    _ok(shop.api.delete(f"customers/{made['id']}", params={"force": True}))
    assert shop.api.get(f"customers/{made['id']}").status_code == 404


def test_products_are_the_shops_stock_codes_and_can_be_changed(shop: Shop) -> None:
    sku = _ok(shop.api.get("orders", params={"per_page": 1}))[0]["line_items"][0]["sku"]
    (product,) = _ok(shop.api.get("products", params={"sku": sku}))
    assert product["sku"] == sku and product["name"]
    made = _ok(shop.api.post("products", {"name": "Lamp", "sku": "LAMP-1", "regular_price": "9.99"}), 201)
    assert made["price"] == "9.99"
    changed = _ok(shop.api.put(f"products/{made['id']}", {"stock_quantity": 4, "manage_stock": True}))
    assert changed["stock_quantity"] == 4
    twin = shop.api.post("products", {"name": "Lamp", "sku": "LAMP-1"})
    assert twin.status_code == 400 and twin.json()["code"] == "product_invalid_sku"


def test_webhooks_are_made_read_paused_and_removed(shop: Shop) -> None:
    given = {
        "name": "orders",
        "topic": "order.created",
        "delivery_url": "http://127.0.0.1:9/hook",
        "secret": "s",
    }
    made = _ok(shop.api.post("webhooks", given), 201)
    assert (made["status"], made["resource"], made["event"]) == ("active", "order", "created")
    assert "secret" not in made
    assert _ok(shop.api.put(f"webhooks/{made['id']}", {"status": "paused"}))["status"] == "paused"
    assert made["id"] in [row["id"] for row in _ok(shop.api.get("webhooks"))]
    _ok(shop.api.delete(f"webhooks/{made['id']}", params={"force": True}))
    gone = shop.api.get(f"webhooks/{made['id']}")
    assert gone.status_code in (400, 404) and gone.json()["code"].endswith("invalid_id")
