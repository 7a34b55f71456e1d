"""The shop client: paging, moments as UTC, and errors that tell a wrong address from a missing order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from urllib.parse import parse_qsl

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fbinfor_assets.clients import (
    AuthorisationError,
    NotFound,
    ParseError,
    ServerError,
    Unsupported,
    ValidationError,
)
from fbinfor_assets.clients.shop import ShopSettings
from fbinfor_assets.clients.shop.client import refusals


def page(pages, *ids):
    rows = ",".join(f'{{"id":{i},"line_items":[{{"price":2.50}}]}}' for i in ids)
    return httpx.Response(
        200, content=f"[{rows}]".encode(), headers={"X-WP-Total": "9", "X-WP-TotalPages": str(pages)}
    )


def test_orders_come_by_id_in_pages_of_100_with_moments_as_utc(make_shop):
    shop, vendor = make_shop(page(2, 1, 2), page(2, 2, 3))
    rows = list(shop.orders(datetime(2011, 1, 1, 1, 0, tzinfo=timezone(timedelta(hours=1)))))
    assert [row["id"] for row in rows] == [1, 2, 3]
    assert rows[0]["line_items"][0]["price"] == Decimal("2.50")
    assert str(rows[0]["line_items"][0]["price"]) == "2.50"
    assert vendor.requests[0].url.path == "/wp-json/wc/v3/orders"
    assert parse_qsl(vendor.requests[0].url.query.decode()) == [
        ("modified_after", "2011-01-01T00:00:00"),
        ("dates_are_gmt", "true"),
        ("orderby", "id"),
        ("order", "asc"),
        ("per_page", "100"),
        ("page", "1"),
    ]
    assert vendor.requests[0].headers["Authorization"].startswith("Basic ")


def test_a_moment_without_a_zone_is_refused(make_shop):
    shop, _ = make_shop(page(1))
    with pytest.raises(ValueError, match="time zone"):
        shop.orders(datetime(2011, 1, 1))  # noqa: DTZ001 - a naive moment is the case


def test_an_empty_shop_has_no_orders(make_shop):
    shop, vendor = make_shop(page(0))
    assert list(shop.orders(after=datetime(2011, 1, 1, tzinfo=UTC))) == []
    assert len(vendor.requests) == 1


def test_a_page_without_a_count_of_pages_is_an_error_and_not_the_end(make_shop):
    shop, _ = make_shop(httpx.Response(200, json=[{"id": 1}]))
    with pytest.raises(ParseError, match="X-WP-TotalPages"):
        list(shop.orders())


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (404, {"code": "woocommerce_rest_shop_order_invalid_id", "message": "Invalid ID."}, NotFound),
        (404, {"code": "rest_no_route", "message": "No route was found"}, Unsupported),
        (404, b"<html>", Unsupported),
        (401, {"code": "woocommerce_rest_cannot_view", "message": "Sorry"}, AuthorisationError),
        (403, {"code": "rest_forbidden", "message": "Sorry"}, AuthorisationError),
        (400, {"code": "rest_invalid_param", "message": "Invalid parameter(s): after"}, ValidationError),
        (503, b"maintenance", ServerError),
        (200, b"<html>login</html>", ParseError),
        (200, [], ParseError),
    ],
)
def test_each_failure_becomes_the_error_of_its_class(make_shop, status, body, kind):
    shop, _ = make_shop((status, body))
    with pytest.raises(kind) as caught:
        shop.order(536365)
    assert "shop: get order 536365" in str(caught.value)


def test_the_address_may_be_given_with_or_without_the_path_of_the_interface():
    settings = {"consumer_key": "k", "consumer_secret": "s"}
    for url in ("https://shop.example", "https://shop.example/", "https://shop.example/wp-json/wc/v3"):
        assert ShopSettings(base_url=url, **settings).base_url == "https://shop.example"


@given(
    st.recursive(st.none() | st.text() | st.integers(), lambda i: st.lists(i) | st.dictionaries(st.text(), i))
)
def test_any_json_can_be_read_as_an_error_body(body):
    refusals(body)
