"""Products, categories, customers and what the shop says of itself, over a real process.

Belongs here: what WooCommerce promises of them. Does not belong here: orders, webhooks, credentials.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from shop_lab import FIXTURE_FILE, Shop, rows


@pytest.fixture
def desk(run_shop: Callable[..., Shop]) -> Shop:
    """A shop of one's own, its clock past the last order."""
    running = run_shop("--orders", str(FIXTURE_FILE))
    running.reach("2010-12-03T21:00:00Z")
    return running


def ok(response: httpx.Response, status: int = 200) -> dict[str, Any]:
    assert response.status_code == status, response.text
    return response.json()


def code(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


# ------------------------------------------------------------------------------------------------ products


def test_every_stock_code_of_the_file_is_a_product_in_its_own_spelling(shop: Shop) -> None:
    skus = {product["sku"] for product in rows(shop.api.get("/products", params={"per_page": 100}))}
    lines = [line.split(",")[1] for line in FIXTURE_FILE.read_text(encoding="utf-8").splitlines()[1:]]
    assert skus == set(lines) >= {"10001A", "10001a"}


def test_a_line_of_an_order_leads_to_its_product(shop: Shop) -> None:
    line = ok(shop.api.get("/orders/1"))["line_items"][0]
    product = ok(shop.api.get(f"/products/{line['product_id']}"))
    assert (product["sku"], product["name"], product["price"]) == ("10001A", "RED TIN LANTERN", "2.55")
    assert (product["type"], product["status"], product["manage_stock"]) == ("simple", "publish", True)
    assert product["categories"] == [{"id": 15, "name": "Uncategorized", "slug": "uncategorized"}]


def test_products_are_searched_by_sku_name_and_price(shop: Shop) -> None:
    def found(**params: str) -> list[str]:
        return [product["sku"] for product in rows(shop.api.get("/products", params=params))]

    assert found(sku="10001A") == ["10001A"]
    assert sorted(found(sku="10001A,10002")) == ["10001A", "10002"]
    assert "10001A" in found(search="lantern")
    assert found(min_price="2.55", max_price="2.55") == ["10001A"]
    assert found(sku="none such") == []
    assert found(category="99") == []


def test_products_are_there_before_the_first_order(run_shop: Callable[..., Shop]) -> None:
    early = run_shop("--orders", str(FIXTURE_FILE))
    assert int(early.api.get("/products").headers["X-WP-Total"]) > 0
    assert rows(early.api.get("/orders")) == []


def test_a_product_is_made_changed_and_sold(desk: Shop) -> None:
    body = {"name": "Lamp", "sku": "LAMP", "regular_price": "9.99", "manage_stock": True, "stock_quantity": 4}
    made = ok(desk.api.post("/products", json=body), 201)
    assert (made["price"], made["stock_status"], made["slug"]) == ("9.99", "instock", "lamp")
    path = f"/products/{made['id']}"
    sale = ok(desk.api.put(path, json={"sale_price": "5.00", "stock_quantity": 0}))
    assert (sale["price"], sale["on_sale"], sale["stock_status"]) == ("5.00", True, "outofstock")
    order = ok(
        desk.api.post("/orders", json={"line_items": [{"product_id": made["id"], "quantity": 3}]}), 201
    )
    assert order["line_items"][0]["total"] == "15.00"
    assert [product["id"] for product in rows(desk.api.get("/products", params={"search": "LAM"}))] == [
        made["id"]
    ]


def test_a_sku_belongs_to_one_product(desk: Shop) -> None:
    refused = desk.api.post("/products", json={"sku": "10001A"})
    assert code(refused) == (400, "product_invalid_sku")
    assert (
        refused.json()["data"]["resource_id"]
        == rows(desk.api.get("/products", params={"sku": "10001A"}))[0]["id"]
    )
    ok(desk.api.delete(f"/products/{refused.json()['data']['resource_id']}", params={"force": "true"}))
    ok(desk.api.post("/products", json={"sku": "10001A"}), 201)


@pytest.mark.parametrize(
    "body",
    [{"status": "gone"}, {"regular_price": "cheap"}, {"stock_quantity": "many"}, {"manage_stock": "perhaps"}],
)
def test_a_bad_product_is_refused(desk: Shop, body: dict[str, str]) -> None:
    assert code(desk.api.post("/products", json=body)) == (400, "rest_invalid_param")
    assert desk.control.get("/_sandbox/writes").json()["writes"] == []


def test_categories_take_products(desk: Shop) -> None:
    made = ok(desk.api.post("/products/categories", json={"name": "Garden & Home"}), 201)
    assert made["slug"] == "garden-home"
    assert code(desk.api.post("/products/categories", json={"name": "garden & home"})) == (400, "term_exists")
    product = rows(desk.api.get("/products", params={"sku": "10002"}))[0]
    ok(desk.api.put(f"/products/{product['id']}", json={"categories": [{"id": made["id"]}]}))
    found = rows(desk.api.get("/products", params={"category": str(made["id"])}))
    assert [(row["sku"], row["categories"][0]["name"]) for row in found] == [("10002", "Garden & Home")]
    names = [row["name"] for row in rows(desk.api.get("/products/categories"))]
    assert names == ["Garden & Home", "Uncategorized"]


# ----------------------------------------------------------------------------------------------- customers


def test_a_customer_is_made_found_changed_and_deleted(desk: Shop) -> None:
    body = {"email": "Jo.Bloggs@mail.example", "first_name": "Jo", "billing": {"city": "York"}}
    made = ok(desk.api.post("/customers", json=body), 201)
    assert (made["username"], made["role"], made["billing"]["city"]) == ("jo.bloggs", "customer", "York")
    assert set(made) == set(ok(desk.api.get("/customers/17840")))

    def found(**params: str) -> list[int]:
        return [row["id"] for row in rows(desk.api.get("/customers", params=params))]

    assert found(email="jo.bloggs@MAIL.example") == found(search="bloggs") == [made["id"]]
    ok(desk.api.put(f"/customers/{made['id']}", json={"email": "jo@mail.example"}))
    assert (found(email="jo.bloggs@mail.example"), found(email="jo@mail.example")) == ([], [made["id"]])
    assert code(desk.api.delete(f"/customers/{made['id']}")) == (501, "woocommerce_rest_trash_not_supported")
    ok(desk.api.delete(f"/customers/{made['id']}", params={"force": "true"}))
    assert code(desk.api.get(f"/customers/{made['id']}")) == (404, "woocommerce_rest_invalid_id")
    ok(desk.api.post("/customers", json=body), 201)


def test_a_customer_of_the_file_is_found_by_its_made_up_address(desk: Shop) -> None:
    customer = ok(desk.api.get("/customers/17840"))
    assert rows(desk.api.get("/customers", params={"email": customer["email"].upper()})) == [customer]
    moved = ok(desk.api.put("/customers/17840", json={"email": "new@mail.example"}))
    assert moved["billing"] == customer["billing"], "the account's address is not the bill's"
    assert rows(desk.api.get("/customers", params={"email": customer["email"]})) == []
    assert rows(desk.api.get("/customers", params={"email": "new@mail.example"})) == [moved]


def test_customers_are_told_apart_by_address_and_name(desk: Shop) -> None:
    email = ok(desk.api.get("/customers/17840"))["email"]
    assert code(desk.api.post("/customers", json={"email": email})) == (
        400,
        "registration-error-email-exists",
    )
    taken = desk.api.post("/customers", json={"email": "x@mail.example", "username": "customer17840"})
    assert code(taken) == (400, "registration-error-username-exists")
    assert code(desk.api.post("/customers", json={})) == (400, "rest_missing_callback_param")
    assert code(desk.api.post("/customers", json={"email": "nonsense"})) == (400, "rest_invalid_param")
    rename = desk.api.put("/customers/17840", json={"username": "other"})
    assert code(rename) == (400, "woocommerce_rest_customer_invalid_argument")


def test_a_deleted_customers_orders_belong_to_nobody_and_do_not_count_as_changed(desk: Shop) -> None:
    before = [order["id"] for order in rows(desk.api.get("/orders", params={"customer": 17840}))]
    stamps = {id_: ok(desk.api.get(f"/orders/{id_}"))["date_modified_gmt"] for id_ in before}
    ok(desk.api.delete("/customers/17840", params={"force": "true"}))
    assert rows(desk.api.get("/orders", params={"customer": 17840})) == []
    for id_ in before:
        order = ok(desk.api.get(f"/orders/{id_}"))
        assert (order["customer_id"], order["date_modified_gmt"]) == (0, stamps[id_])


def test_roles(shop: Shop) -> None:
    total = shop.api.get("/customers").headers["X-WP-Total"]
    assert shop.api.get("/customers", params={"role": "all"}).headers["X-WP-Total"] == total
    assert rows(shop.api.get("/customers", params={"role": "administrator"})) == []
    assert code(shop.api.get("/customers", params={"role": "king"})) == (400, "rest_invalid_param")


# ------------------------------------------------------------------------------------------------ the rest


def test_fields_narrow_an_answer(shop: Shop) -> None:
    (order,) = rows(
        shop.api.get("/orders", params={"include": "1", "_fields": "id,billing.country,nonsense"})
    )
    assert order == {"id": 1, "billing": {"country": "GB"}}
    assert ok(shop.api.get("/orders/1", params={"_fields": "total"})) == {"total": "18.47"}


def test_include_may_give_the_order_of_the_answer(shop: Shop) -> None:
    params = {"include": "3,1,99,2", "orderby": "include"}
    assert [order["id"] for order in rows(shop.api.get("/orders", params=params))] == [3, 1, 2]


def test_every_object_says_where_it_is(shop: Shop) -> None:
    base = shop.control.get("/_sandbox/connection").json()["base_url"]
    for path in ("orders", "customers", "products", "products/categories", "taxes", "payment_gateways"):
        row = rows(shop.api.get(f"/{path}"))[0]
        place = row["_links"]["self"][0]["href"]
        assert place == f"{base}/wp-json/wc/v3/{path}/{row['id']}"
        assert ok(shop.api.get(place.removeprefix(base + "/wp-json/wc/v3"))) == row


def test_the_shop_describes_itself(shop: Shop) -> None:
    base = shop.control.get("/_sandbox/connection").json()["base_url"]
    assert "wc/v3" in httpx.get(f"{base}/wp-json/").json()["namespaces"]
    routes = httpx.get(f"{base}/wp-json/wc/v3").json()["routes"]
    assert routes["/wc/v3/orders/(?P<id>[\\d]+)"]["methods"] == ["GET", "POST", "PUT", "PATCH", "DELETE"]
    assert ok(shop.api.get("/system_status"))["settings"]["currency"] == "GBP"
    assert [row["rate"] for row in rows(shop.api.get("/taxes"))] == ["20.0000"]
    assert ok(shop.api.get("/data/countries/ie"))["code"] == "IE"
    refunding = {
        row["id"] for row in rows(shop.api.get("/payment_gateways")) if "refunds" in row["method_supports"]
    }
    assert refunding == {"card", "paypal"}
    assert shop.api.options("/orders").headers["allow"] == "GET, POST"


def test_switches_are_read_and_set_by_the_control_plane(run_shop: Callable[..., Shop]) -> None:
    shop = run_shop("--orders", str(FIXTURE_FILE))
    assert shop.control.get("/_sandbox/switches").json()["unique_webhooks"] is True
    assert shop.control.post("/_sandbox/switches", json={"unique_webhooks": "maybe"}).status_code == 400
