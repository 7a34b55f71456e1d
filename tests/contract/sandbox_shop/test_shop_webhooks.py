"""The shop's webhooks at a real receiver: who is told what and when, the signature, failures.

Belongs here: what WooCommerce's webhooks promise. Does not belong here: the sender (test_sandbox_webhooks).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from shop_lab import FIXTURE_FILE, Shop, rows, stop_shop
from webhook_lab import Caught, Receiver

SECRET = "a secret & more <\"'>"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A listening web server."""
    listening = Receiver()
    yield listening
    listening.close()


@pytest.fixture
def shop(run_shop: Callable[..., Shop]) -> Shop:
    """A shop of the committed order file, before its first order."""
    return run_shop("--orders", str(FIXTURE_FILE))


def hook(shop: Shop, receiver: Receiver, topic: str, **fields: Any) -> dict[str, Any]:
    """Register a webhook and let its ping pass."""
    before = len(receiver.caught)
    wanted = {"topic": topic, "delivery_url": f"{receiver.url}/{topic}", "secret": SECRET, **fields}
    made = shop.api.post("/webhooks", json=wanted)
    assert made.status_code == 201, made.text
    receiver.wait(before + 1)
    return made.json()


def deliveries(receiver: Receiver, count: int, seconds: float = 10) -> list[Caught]:
    """What arrived and is no ping, once there are so many."""
    until = time.monotonic() + seconds
    while len(found := [got for got in receiver.caught if "x-wc-webhook-topic" in got.headers]) < count:
        assert time.monotonic() < until, f"{len(found)} of {count} deliveries"
        time.sleep(0.01)
    return found


def settled(shop: Shop, seconds: float = 20) -> dict[str, Any]:
    """What the sender did, once nothing waits."""
    until = time.monotonic() + seconds
    while (seen := shop.control.get("/_sandbox/webhooks").json())["waiting"]:
        assert time.monotonic() < until
        time.sleep(0.02)
    return seen


# -------------------------------------------------------------------------------------------- registration


def test_a_new_webhook_pings_its_address_unsigned_with_its_number(shop: Shop, receiver: Receiver) -> None:
    made = hook(shop, receiver, "order.created")
    ping = receiver.caught[0]
    assert ping.body == f"webhook_id={made['id']}".encode()
    assert ping.headers["content-type"] == "application/x-www-form-urlencoded"
    assert not any(name.startswith("x-wc-") for name in ping.headers)


def test_a_webhook_shows_everything_but_its_secret(shop: Shop, receiver: Receiver) -> None:
    made = hook(shop, receiver, "order.updated")
    assert (made["status"], made["resource"], made["event"]) == ("active", "order", "updated")
    assert "woocommerce_update_order" in made["hooks"]
    assert SECRET not in json.dumps(made)
    assert rows(shop.api.get("/webhooks")) == [made] == [shop.api.get(f"/webhooks/{made['id']}").json()]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "rest_missing_callback_param"),
        ({"topic": "order.created"}, "rest_missing_callback_param"),
        (
            {"topic": "order.eaten", "delivery_url": "http://127.0.0.1/"},
            "woocommerce_rest_shop_webhook_invalid_topic",
        ),
        (
            {"topic": "order.created", "delivery_url": "ftp://x"},
            "woocommerce_rest_shop_webhook_invalid_delivery_url",
        ),
        (
            {"topic": "order.created", "delivery_url": "http://127.0.0.1/", "status": "gone"},
            "rest_invalid_param",
        ),
    ],
)
def test_a_bad_webhook_is_refused(shop: Shop, body: dict[str, str], code: str) -> None:
    refused = shop.api.post("/webhooks", json=body)
    assert (refused.status_code, refused.json()["code"]) == (400, code)
    assert rows(shop.api.get("/webhooks")) == []


def test_unknown_webhooks_and_the_missing_trash(shop: Shop, receiver: Receiver) -> None:
    made = hook(shop, receiver, "order.created")
    assert shop.api.get("/webhooks/99").status_code == 400, "as WooCommerce, not 404"
    assert shop.api.delete(f"/webhooks/{made['id']}").status_code == 501
    assert shop.api.delete(f"/webhooks/{made['id']}", params={"force": "true"}).json()["id"] == made["id"]
    assert shop.api.delete("/webhooks/1", params={"force": "true"}).status_code == 404


# ---------------------------------------------------------------------------------------------- deliveries


def test_a_delivery_is_the_rest_document_signed_over_its_raw_body(shop: Shop, receiver: Receiver) -> None:
    made = hook(shop, receiver, "order.created")
    shop.reach("2010-12-01T08:26:00Z")
    (got,) = deliveries(receiver, 1)
    expected = base64.b64encode(hmac.new(SECRET.encode(), got.body, hashlib.sha256).digest()).decode()
    assert got.headers["x-wc-webhook-signature"] == expected
    names = ("topic", "resource", "event", "id")
    assert [got.headers[f"x-wc-webhook-{name}"] for name in names] == [
        "order.created",
        "order",
        "created",
        str(made["id"]),
    ]
    home = shop.control.get("/_sandbox/connection").json()["base_url"]
    assert got.headers["x-wc-webhook-source"] == home + "/"
    assert len(got.headers["x-wc-webhook-delivery-id"]) == 32
    assert "Hookshot" in got.headers["user-agent"]
    assert json.loads(got.body) == shop.api.get("/orders/1").json()


def test_every_order_a_jump_passes_is_told_once_in_order_of_time(shop: Shop, receiver: Receiver) -> None:
    hook(shop, receiver, "order.created")
    hook(shop, receiver, "customer.created")
    shop.reach("2010-12-02T21:00:00Z")
    shop.reach("2010-12-03T21:00:00Z")
    settled(shop)
    told = [json.loads(got.body) for got in deliveries(receiver, 8)]
    orders = [document for document in told if "line_items" in document]
    assert [order["id"] for order in orders] == [1, 2, 3, 4, 5, 6, 7, 8]
    customers = {document["id"] for document in told if "line_items" not in document}
    assert customers == {customer["id"] for customer in rows(shop.api.get("/customers"))}


def test_orders_from_before_a_webhook_are_no_news_to_it(shop: Shop, receiver: Receiver) -> None:
    shop.reach("2010-12-02T21:00:00Z")
    hook(shop, receiver, "order.created")
    shop.reach("2010-12-03T21:00:00Z")
    settled(shop)
    assert [json.loads(got.body)["id"] for got in deliveries(receiver, 3)] == [6, 7, 8]


def test_the_running_clock_tells_as_well(shop: Shop, receiver: Receiver) -> None:
    hook(shop, receiver, "order.created")
    shop.reach("2010-12-01T08:25:59Z")
    assert json.loads(deliveries(receiver, 1, seconds=5)[0].body)["id"] == 1


def test_changes_are_told_by_their_topics(shop: Shop, receiver: Receiver) -> None:
    shop.reach("2010-12-03T21:00:00Z")
    for topic in ("order.created", "order.updated", "order.deleted", "customer.updated", "product.created"):
        hook(shop, receiver, topic)
    made = shop.api.post("/orders", json={"line_items": [{"sku": "10002"}]}).json()["id"]
    shop.api.put("/orders/1", json={"status": "completed"})
    shop.api.post("/orders/2/notes", json={"note": "no news"})
    shop.api.post("/orders/6/refunds", json={"amount": "1.00", "api_refund": False})
    shop.api.delete("/orders/3")
    shop.api.put("/customers/17840", json={"first_name": "Ann"})
    product = shop.api.post("/products", json={"name": "Lamp"}).json()["id"]
    settled(shop)
    told = sorted(
        (got.headers["x-wc-webhook-topic"], json.loads(got.body)["id"]) for got in deliveries(receiver, 6)
    )
    assert told == [
        ("customer.updated", 17840),
        ("order.created", made),
        ("order.deleted", 3),
        ("order.updated", 1),
        ("order.updated", 6),
        ("product.created", product),
    ]
    gone = next(got for got in receiver.caught if got.headers.get("x-wc-webhook-topic") == "order.deleted")
    assert json.loads(gone.body) == {"id": 3}


def test_a_refused_change_tells_nobody(shop: Shop, receiver: Receiver) -> None:
    shop.reach("2010-12-03T21:00:00Z")
    hook(shop, receiver, "order.updated")
    assert shop.api.put("/orders/1", json={"status": "eaten"}).status_code == 400
    assert shop.api.post("/orders/1/refunds", json={"amount": "99999"}).status_code == 500
    settled(shop)
    assert len(receiver.caught) == 1, "the ping alone"


def test_an_object_waits_once_and_is_sent_as_it_is_when_its_turn_comes(
    shop: Shop, receiver: Receiver
) -> None:
    shop.reach("2010-12-03T21:00:00Z")
    hook(shop, receiver, "order.updated")
    shop.control.post("/_sandbox/webhooks", json={"hold": True})
    for status in ("on-hold", "processing", "completed"):
        shop.api.put("/orders/1", json={"status": status})
    shop.control.post("/_sandbox/webhooks", json={"hold": False})
    settled(shop)
    assert [json.loads(got.body)["status"] for got in deliveries(receiver, 1)] == ["completed"]


def test_every_event_is_sent_where_the_shop_is_set_so(shop: Shop, receiver: Receiver) -> None:
    shop.control.post("/_sandbox/switches", json={"unique_webhooks": False}).raise_for_status()
    shop.reach("2010-12-03T21:00:00Z")
    hook(shop, receiver, "order.updated")
    shop.control.post("/_sandbox/webhooks", json={"hold": True})
    for status in ("on-hold", "completed"):
        shop.api.put("/orders/1", json={"status": status})
    shop.control.post("/_sandbox/webhooks", json={"hold": False})
    assert [json.loads(got.body)["status"] for got in deliveries(receiver, 2)] == ["completed"] * 2


# ------------------------------------------------------------------------------------- failures and vices


def test_a_webhook_is_disabled_after_more_than_five_failures_in_a_row(shop: Shop, receiver: Receiver) -> None:
    made = hook(shop, receiver, "order.created")
    receiver.answer = lambda caught: 500
    shop.reach("2010-12-03T21:00:00Z")
    settled(shop)
    assert len(receiver.caught) == 1 + 8, "the eighth order waited already, and none is tried twice"
    assert shop.api.get(f"/webhooks/{made['id']}").json()["status"] == "disabled"
    shop.api.post("/orders", json={})
    settled(shop)
    assert len(receiver.caught) == 1 + 8


def test_one_success_forgets_the_failures(shop: Shop, receiver: Receiver) -> None:
    made = hook(shop, receiver, "order.created")
    receiver.answer = lambda caught: 302 if len(receiver.caught) == 5 else 500
    shop.reach("2010-12-03T21:00:00Z")
    settled(shop)
    assert shop.api.get(f"/webhooks/{made['id']}").json()["status"] == "active"


def test_a_paused_webhook_is_told_nothing_and_a_deleted_one_forgets_what_waits(
    shop: Shop, receiver: Receiver
) -> None:
    made = hook(shop, receiver, "order.created")
    shop.api.put(f"/webhooks/{made['id']}", json={"status": "paused"})
    shop.reach("2010-12-01T21:00:00Z")
    shop.api.put(f"/webhooks/{made['id']}", json={"status": "active"})
    shop.control.post("/_sandbox/webhooks", json={"hold": True})
    shop.reach("2010-12-03T21:00:00Z")
    shop.api.delete(f"/webhooks/{made['id']}", params={"force": "true"})
    shop.control.post("/_sandbox/webhooks", json={"hold": False})
    seen = settled(shop)
    assert len(receiver.caught) == 1
    assert seen["counts"]["withdrawn"] == 5


def test_what_was_not_told_before_a_kill_is_told_after_it(
    run_shop: Callable[..., Shop], receiver: Receiver
) -> None:
    first = run_shop("--orders", str(FIXTURE_FILE))
    hook(first, receiver, "order.created")
    first.control.post("/_sandbox/webhooks", json={"hold": True})
    first.reach("2010-12-03T21:00:00Z")
    first.process.kill()
    stop_shop(first)
    second = run_shop()
    second.control.post("/_sandbox/webhooks", json={"hold": False})
    assert [json.loads(got.body)["id"] for got in deliveries(receiver, 8)] == [1, 2, 3, 4, 5, 6, 7, 8]


def test_a_forged_order_does_not_bear_the_secrets_signature(shop: Shop, receiver: Receiver) -> None:
    hook(shop, receiver, "order.created")
    shop.control.post("/_sandbox/webhooks", json={"forge": 1, "duplicate": 1, "times": 3})
    shop.reach("2010-12-01T08:26:00Z")
    settled(shop)
    honest, forged = [], []
    for got in deliveries(receiver, 4):
        expected = base64.b64encode(hmac.new(SECRET.encode(), got.body, hashlib.sha256).digest()).decode()
        (honest if got.headers["x-wc-webhook-signature"] == expected else forged).append(got)
    assert len({(got.body, got.headers["x-wc-webhook-delivery-id"]) for got in honest}) == 1
    assert (len(honest), len(forged)) == (3, 1)
    assert json.loads(forged[0].body)["id"] != 1


def test_a_jump_over_a_thousand_orders_is_quick_and_tells_of_each(
    run_shop: Callable[..., Shop], receiver: Receiver
) -> None:
    shop = run_shop("--from", "2010-12-01", "--to", "2010-12-23")
    hook(shop, receiver, "order.created")
    shop.control.post("/_sandbox/webhooks", json={"hold": True})
    began = time.monotonic()
    shop.reach("2010-12-24T00:00:00Z")
    assert time.monotonic() - began < 3
    waiting = shop.control.get("/_sandbox/webhooks", params={"limit": 1}).json()["waiting"]
    assert waiting == int(shop.api.get("/orders").headers["X-WP-Total"]) > 1_000
