"""The shop client against the running shop simulator."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from pydantic import SecretStr

from fbinfor_assets.clients import AuthorisationError, NotFound
from fbinfor_assets.clients.shop import ShopClient


@pytest.fixture(autouse=True)
def arrived(world):
    """All orders of the sandbox's days have arrived."""
    world.control("shop", "POST", "/clock", {"to": "2010-12-04"})


def test_every_order_comes_once_and_in_order_of_its_id(shop):
    ids = [order["id"] for order in shop.orders()]
    assert len(ids) > 100
    assert ids == sorted(set(ids))


def test_prices_keep_their_digits(shop):
    order = next(order for order in shop.orders() if order["line_items"])
    for line in order["line_items"]:
        assert isinstance(line["price"], Decimal | int)
        assert isinstance(line["total"], str)


def test_only_what_changed_after_a_moment_is_listed(shop):
    orders = list(shop.orders())
    stamps = sorted(
        datetime.fromisoformat(order["date_modified_gmt"]).replace(tzinfo=UTC) for order in orders
    )
    middle = stamps[len(stamps) // 2]
    later = list(shop.orders(middle))
    assert {o["id"] for o in later} == {
        o["id"] for o in orders if datetime.fromisoformat(o["date_modified_gmt"]).replace(tzinfo=UTC) > middle
    }
    assert list(shop.orders(stamps[-1] + timedelta(seconds=1))) == []


def test_one_order_and_one_customer_can_be_fetched(shop):
    order = next(order for order in shop.orders() if order["customer_id"])
    assert shop.order(order["id"])["number"] == order["number"]
    assert shop.customer(order["customer_id"])["id"] == order["customer_id"]
    assert order["customer_id"] in {customer["id"] for customer in shop.customers()}


def test_an_order_that_does_not_exist_is_not_found(shop):
    with pytest.raises(NotFound, match="999999999"):
        shop.order(999_999_999)


def test_a_wrong_key_says_what_to_check(world):
    settings = world.connections.shop.model_copy(update={"consumer_secret": SecretStr("wrong-secret")})
    with ShopClient(settings) as client, pytest.raises(AuthorisationError, match="consumer key") as caught:
        client.order(1)
    assert "wrong-secret" not in str(caught.value)
