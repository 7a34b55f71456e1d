"""Orders as people and programs change, make, refund and delete them, over a real process.

Belongs here: what WooCommerce promises of orders, notes and refunds. Does not belong here: reading unchanged orders
(test_shop_api), webhooks.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shop_lab import FIXTURE_FILE, Shop, rows, stop_shop


@pytest.fixture
def shop(run_shop: Callable[..., Shop]) -> Shop:
    """A shop of one's own, its clock past the last order."""
    running = run_shop("--orders", str(FIXTURE_FILE))
    running.reach("2010-12-03T21:00:00Z")
    return running


def ok(response: httpx.Response, status: int = 200) -> dict[str, Any]:
    assert response.status_code == status, response.text
    return response.json()


def code(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


def order_of(shop: Shop, **fields: Any) -> dict[str, Any]:
    """A new order of 2 lanterns at 2.55 to GB."""
    lines = [{"sku": "10001A", "quantity": 2}]
    body = {"line_items": lines, "shipping": {"country": "GB"}, "payment_method": "card", **fields}
    return ok(shop.api.post("/orders", json=body), 201)


# ---------------------------------------------------------------------------------------------- changing


def test_an_untouched_order_stays_byte_for_byte_while_others_change(shop: Shop) -> None:
    before = {id_: shop.api.get(f"/orders/{id_}").text for id_ in (1, 2, 5)}
    listed = shop.api.get("/orders", params={"include": "1,2,5"}).text
    shop.api.put("/orders/3", json={"status": "completed", "line_items": [{"sku": "10002"}]})
    shop.api.delete("/orders/6")
    order_of(shop)
    assert {id_: shop.api.get(f"/orders/{id_}").text for id_ in before} == before
    assert shop.api.get("/orders", params={"include": "1,2,5"}).text == listed


def test_completing_an_order_sets_its_dates_and_writes_a_note(shop: Shop) -> None:
    before = ok(shop.api.get("/orders/6"))
    after = ok(shop.api.put("/orders/6", json={"status": "completed"}))
    assert (after["status"], after["date_completed_gmt"]) == ("completed", "2010-12-03T21:00:00")
    assert after["date_modified_gmt"] == "2010-12-03T21:00:00"
    assert after["date_paid"] is not None, "a completed order counts as paid"
    assert (after["needs_payment"], after["is_editable"]) == (False, False)
    changed = {name for name in after if after[name] != before[name]}
    paid = {"date_paid", "date_paid_gmt"} if before["date_paid"] is None else set()
    dates = {"date_modified", "date_modified_gmt", "date_completed", "date_completed_gmt"}
    assert changed == {"status"} | dates | paid
    (note,) = rows(shop.api.get("/orders/6/notes"))
    assert (note["author"], note["note"]) == ("system", "Order status changed from Processing to Completed.")


def test_a_changed_order_is_found_by_its_change_in_every_list(shop: Shop) -> None:
    def found(**params: Any) -> list[int]:
        return [order["id"] for order in rows(shop.api.get("/orders", params=params))]

    since = {"modified_after": "2010-12-03T20:59:59", "dates_are_gmt": "true"}
    assert found(**since) == []
    shop.api.put("/orders/2", json={"customer_note": "ring twice"})
    shop.api.put("/orders/5", json={"status": "cancelled"})
    assert sorted(found(**since)) == [2, 5]
    assert found(status="cancelled") == [5]
    assert found(status="processing", orderby="id", order="asc") == [1, 2, 3, 6, 7, 8]
    assert set(found(orderby="modified")[:2]) == {2, 5}
    assert shop.api.get("/orders").headers["X-WP-Total"] == "8"


def test_orders_are_searched_by_number_name_and_address(shop: Shop) -> None:
    def found(word: str) -> set[int]:
        return {order["id"] for order in rows(shop.api.get("/orders", params={"search": word}))}

    bill = ok(shop.api.get("/orders/1"))["billing"]
    mine = {order["id"] for order in rows(shop.api.get("/orders", params={"customer": 17840}))}
    made = order_of(shop, billing={"first_name": "Zebedee", "email": "zeb@mail.example"})
    assert found("900003") == {3}
    assert found(bill["email"].upper()) == mine
    assert found("zebed") == found("zeb@mail.example") == {made["id"]}
    assert found("nobody at all") == set()


def test_meta_data_is_changed_by_id_or_key_and_removed_by_null(shop: Shop) -> None:
    first = ok(shop.api.put("/orders/1", json={"meta_data": [{"key": "erp", "value": "M3-1"}]}))
    erp = next(entry for entry in first["meta_data"] if entry["key"] == "erp")
    others = [entry for entry in first["meta_data"] if entry["key"] != "erp"]
    second = ok(shop.api.put("/orders/1", json={"meta_data": [{"key": "erp", "value": {"order": ["M3-2"]}}]}))
    assert second["meta_data"] == [*others, {**erp, "value": {"order": ["M3-2"]}}]
    gone = ok(shop.api.put("/orders/1", json={"meta_data": [{"id": erp["id"], "key": "erp", "value": None}]}))
    assert gone["meta_data"] == others


def test_an_address_elsewhere_changes_the_tax(shop: Shop) -> None:
    before = ok(shop.api.get("/orders/1"))
    same = ok(shop.api.put("/orders/1", json={"billing": {"phone": "1"}}))
    assert {n: same[n] for n in ("total", "total_tax")} == {n: before[n] for n in ("total", "total_tax")}
    assert [line["total_tax"] for line in same["line_items"]] == [
        line["total_tax"] for line in before["line_items"]
    ]
    abroad = ok(shop.api.put("/orders/1", json={"shipping": {"country": "IE"}}))
    assert (abroad["total"], abroad["total_tax"], abroad["tax_lines"]) == ("15.39", "0.00", [])


def test_lines_are_changed_added_and_removed_by_id(shop: Shop) -> None:
    first, second, *_ = ok(shop.api.get("/orders/1"))["line_items"]
    body = {
        "line_items": [
            {"id": first["id"], "quantity": 3, "total": "7.65"},
            {"id": second["id"], "quantity": 0},
            {"product_id": first["product_id"], "quantity": 1},
        ]
    }
    lines = ok(shop.api.put("/orders/1", json=body))["line_items"]
    assert [line["sku"] for line in lines] == ["10001A", "10002", "10003", "10001A"]
    assert (lines[0]["quantity"], lines[0]["total"], lines[0]["price"]) == (3, "7.65", 2.55)
    assert (lines[3]["total"], lines[3]["name"]) == ("2.55", "RED TIN LANTERN")
    # 7.65 + 0.03 + 0.03 + 2.55 = 10.26, and 20 %
    assert ok(shop.api.get("/orders/1"))["total"] == "12.31"
    stranger = shop.api.put("/orders/1", json={"line_items": [{"id": 7, "quantity": 1}]})
    assert code(stranger) == (400, "woocommerce_rest_invalid_item_id")


def test_a_quantity_alone_does_not_change_a_lines_total(shop: Shop) -> None:
    line = ok(shop.api.get("/orders/1"))["line_items"][0]
    changed = ok(shop.api.put("/orders/1", json={"line_items": [{"id": line["id"], "quantity": 60}]}))
    assert (changed["line_items"][0]["quantity"], changed["line_items"][0]["total"]) == (60, line["total"])


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"status": "eaten"}, "rest_invalid_param"),
        ({"customer_id": 4242}, "woocommerce_rest_invalid_customer_id"),
        ({"customer_id": "x"}, "rest_invalid_param"),
        ({"billing": "Mr. X"}, "rest_invalid_param"),
        ({"billing": {"email": "nonsense"}}, "rest_invalid_param"),
        ({"line_items": [{"quantity": 1}]}, "woocommerce_rest_required_product_reference"),
        ({"line_items": [{"sku": "10002", "total": "abc"}]}, "rest_invalid_param"),
        ({"shipping_lines": [{"total": "1"}]}, "woocommerce_rest_invalid_shipping_item"),
        ({"fee_lines": [{"total": "1"}]}, "woocommerce_rest_invalid_fee_item"),
    ],
)
def test_a_bad_change_is_refused_and_leaves_no_trace(shop: Shop, body: dict[str, Any], expected: str) -> None:
    before = shop.api.get("/orders/1").text
    assert code(shop.api.put("/orders/1", json=body)) == (400, expected)
    assert shop.api.get("/orders/1").text == before
    assert shop.control.get("/_sandbox/writes").json()["writes"] == []


def test_broken_json_and_unknown_orders_are_refused(shop: Shop) -> None:
    headers = {"content-type": "application/json"}
    assert code(shop.api.put("/orders/1", content=b"{", headers=headers)) == (400, "rest_invalid_json")
    assert code(shop.api.put("/orders/99", json={})) == (400, "woocommerce_rest_shop_order_invalid_id")
    assert code(shop.api.delete("/orders/99")) == (404, "woocommerce_rest_shop_order_invalid_id")


def test_an_order_that_has_not_arrived_cannot_be_changed(run_shop: Callable[..., Shop]) -> None:
    early = run_shop("--orders", str(FIXTURE_FILE))
    assert code(early.api.put("/orders/1", json={"status": "completed"}))[0] == 400
    assert rows(early.api.get("/orders")) == []


# ------------------------------------------------------------------------------------- making and deleting


def test_a_new_order_is_added_up_like_one_of_the_file(shop: Shop) -> None:
    made = order_of(
        shop,
        shipping_lines=[{"method_id": "flat_rate", "method_title": "Post", "total": "10.00"}],
        fee_lines=[{"name": "Gift wrap", "total": "1.00"}],
        customer_id=17840,
    )
    # 5.10 + 10.00 + 1.00 = 16.10 net
    assert (made["total"], made["total_tax"], made["shipping_tax"], made["cart_tax"]) == (
        "19.32",
        "3.22",
        "2.00",
        "1.22",
    )
    assert (made["status"], made["created_via"], made["number"]) == ("pending", "rest-api", str(made["id"]))
    assert made["needs_payment"] is True
    assert set(made) == set(ok(shop.api.get("/orders/1")))
    assert made["_links"]["customer"][0]["href"].endswith("/wp-json/wc/v3/customers/17840")
    assert ok(shop.api.get(f"/orders/{made['id']}")) == made
    assert rows(shop.api.get("/orders"))[0]["id"] == made["id"]


def test_creation_answers_where_the_order_is(shop: Shop) -> None:
    made = shop.api.post("/orders", json={})
    assert made.headers["location"].endswith(f"/wp-json/wc/v3/orders/{made.json()['id']}")
    assert code(shop.api.post("/orders", json={"id": 5})) == (400, "woocommerce_rest_shop_order_exists")


def test_a_paid_order_is_processing_and_takes_goods_from_the_stock(shop: Shop) -> None:
    def stock() -> int:
        return rows(shop.api.get("/products", params={"sku": "10001A"}))[0]["stock_quantity"]

    before = stock()
    made = order_of(shop, set_paid=True)
    assert (made["status"], made["date_paid_gmt"]) == ("processing", "2010-12-03T21:00:00")
    assert stock() == before - 2
    ok(shop.api.put(f"/orders/{made['id']}", json={"status": "cancelled"}))
    assert stock() == before


def test_the_trash_hides_and_force_removes(shop: Shop) -> None:
    assert ok(shop.api.delete("/orders/1"))["status"] == "trash"
    assert 1 not in {order["id"] for order in rows(shop.api.get("/orders"))}
    assert [order["id"] for order in rows(shop.api.get("/orders", params={"status": "trash"}))] == [1]
    assert ok(shop.api.get("/orders/1"))["status"] == "trash"
    assert code(shop.api.delete("/orders/1")) == (410, "woocommerce_rest_already_trashed")
    assert ok(shop.api.delete("/orders/1", params={"force": "true"}))["id"] == 1
    assert code(shop.api.get("/orders/1"))[0] == 404
    assert shop.api.get("/orders").headers["X-WP-Total"] == "7"


def test_a_batch_does_each_part_by_itself(shop: Shop) -> None:
    body = {
        "create": [{"line_items": [{"sku": "10002"}]}, {"line_items": [{}]}],
        "update": [{"id": 1, "status": "completed"}, {"id": 99, "status": "completed"}],
        "delete": [2],
    }
    done = ok(shop.api.post("/orders/batch", json=body))
    assert done["create"][0]["line_items"][0]["sku"] == "10002"
    assert done["create"][1]["error"]["code"] == "woocommerce_rest_required_product_reference"
    assert done["update"][0]["status"] == "completed"
    assert done["update"][1] == {
        "id": 99,
        "error": {
            "code": "woocommerce_rest_shop_order_invalid_id",
            "message": "Invalid ID.",
            "data": {"status": 400},
        },
    }
    assert code(shop.api.get("/orders/2"))[0] == 404
    assert shop.api.get("/orders").headers["X-WP-Total"] == "8"
    assert code(shop.api.post("/orders/batch", json={"update": [{"id": 1}] * 101}))[0] == 413


def test_people_type_orders_as_well(shop: Shop) -> None:
    made = ok(shop.control.post("/_sandbox/people/order", json={"line_items": [{"sku": "10002"}]}))
    assert made["created_via"] == "admin"
    ok(shop.control.post("/_sandbox/people/order", json={"id": made["id"], "status": "completed"}))
    ok(shop.control.post("/_sandbox/people/order_note", json={"order_id": made["id"], "note": "by hand"}))
    ok(shop.control.post("/_sandbox/people/order", json={"id": 1, "delete": True}))
    writes = shop.control.get("/_sandbox/writes").json()["writes"]
    assert [(line["operation"], line["object"]) for line in writes] == [
        ("people.create", "order"),
        ("people.update", "order"),
        ("people.create", "order_note"),
        ("people.delete", "order"),
    ]
    assert shop.control.post("/_sandbox/people/elephant", json={}).status_code == 400


def test_changes_survive_a_kill(run_shop: Callable[..., Shop]) -> None:
    first = run_shop("--orders", str(FIXTURE_FILE))
    first.reach("2010-12-03T21:00:00Z")
    first.api.put("/orders/1", json={"line_items": [{"sku": "10002", "quantity": 7}]})
    made = order_of(first)
    first.api.delete("/orders/2", params={"force": "true"})
    home = first.control.get("/_sandbox/connection").json()["base_url"]
    before = first.api.get("/orders").text.replace(home, "")
    first.process.kill()
    stop_shop(first)
    second = run_shop()
    home = second.control.get("/_sandbox/connection").json()["base_url"]
    assert second.api.get("/orders").text.replace(home, "") == before
    assert order_of(second)["id"] == made["id"] + 1


# --------------------------------------------------------------------------------------------------- notes


def test_notes_are_newest_first_and_told_apart_by_type(shop: Shop) -> None:
    shop.api.post("/orders/1/notes", json={"note": "for us", "added_by_user": True})
    shop.api.post("/orders/1/notes", json={"note": "for the customer", "customer_note": True})
    found = rows(shop.api.get("/orders/1/notes"))
    assert [(note["note"], note["author"], note["customer_note"]) for note in found] == [
        ("for the customer", "system", True),
        ("for us", "admin", False),
    ]
    (internal,) = rows(shop.api.get("/orders/1/notes", params={"type": "internal"}))
    assert internal["note"] == "for us"
    assert code(shop.api.get(f"/orders/2/notes/{internal['id']}"))[0] == 404
    assert ok(shop.api.delete(f"/orders/1/notes/{internal['id']}", params={"force": "true"})) == internal
    assert code(shop.api.post("/orders/99/notes", json={"note": "x"}))[0] == 404
    assert ok(shop.api.get("/orders/1"))["date_modified_gmt"] == "2010-12-01T08:26:00"


# ------------------------------------------------------------------------------------------------- refunds


def test_a_partial_refund_leaves_total_and_status_but_is_listed(shop: Shop) -> None:
    made = order_of(shop, set_paid=True)
    refund = ok(
        shop.api.post(f"/orders/{made['id']}/refunds", json={"amount": "1.00", "reason": "scratch"}), 201
    )
    assert (refund["amount"], refund["reason"], refund["refunded_payment"]) == ("1.00", "scratch", True)
    after = ok(shop.api.get(f"/orders/{made['id']}"))
    assert (after["total"], after["status"]) == (made["total"], "processing")
    assert after["refunds"] == [{"id": refund["id"], "reason": "scratch", "total": "-1.00"}]
    assert rows(shop.api.get(f"/orders/{made['id']}/refunds")) == [refund]
    assert ok(shop.api.get(f"/orders/{made['id']}/refunds/{refund['id']}")) == refund
    assert code(shop.api.get(f"/orders/{refund['id']}"))[0] == 404, "a refund is no order"


def test_refunding_all_that_is_left_makes_the_order_refunded(shop: Shop) -> None:
    made = order_of(shop, set_paid=True)
    path = f"/orders/{made['id']}/refunds"
    ok(shop.api.post(path, json={"amount": "6.00"}), 201)
    over = shop.api.post(path, json={"amount": "0.13"})
    assert (over.status_code, over.json()) == (
        500,
        {
            "code": "woocommerce_rest_cannot_create_order_refund",
            "message": "Invalid refund amount.",
            "data": 500,
        },
    )
    ok(shop.api.post(path, json={"amount": "0.12"}), 201)
    after = ok(shop.api.get(f"/orders/{made['id']}"))
    assert (after["status"], [refund["total"] for refund in after["refunds"]]) == (
        "refunded",
        ["-0.12", "-6.00"],
    )


def test_refunded_lines_are_negative_name_their_line_and_go_back_to_the_stock(shop: Shop) -> None:
    made = order_of(shop, set_paid=True)
    line = made["line_items"][0]
    before = ok(shop.api.get(f"/products/{line['product_id']}"))["stock_quantity"]
    wanted = {
        "id": line["id"],
        "quantity": 1,
        "refund_total": 2.55,
        "refund_tax": [{"id": 1, "refund_total": 0.51}],
    }
    refund = ok(shop.api.post(f"/orders/{made['id']}/refunds", json={"line_items": [wanted]}), 201)
    assert refund["amount"] == "3.06", "the sum of its lines"
    (back,) = refund["line_items"]
    assert (back["quantity"], back["total"], back["total_tax"], back["price"]) == (-1, "-2.55", "-0.51", 2.55)
    assert back["meta_data"][0]["key"] == "_refunded_item_id"
    assert back["meta_data"][0]["value"] == str(line["id"])
    assert ok(shop.api.get(f"/products/{line['product_id']}"))["stock_quantity"] == before + 1


def test_a_bank_transfer_cannot_be_refunded_by_its_gateway(shop: Shop) -> None:
    made = order_of(shop, set_paid=True, payment_method="bacs")
    path = f"/orders/{made['id']}/refunds"
    refused = shop.api.post(path, json={"amount": "1.00"})
    assert (refused.status_code, "does not support" in refused.json()["message"]) == (500, True)
    assert rows(shop.api.get(path)) == []
    by_hand = ok(shop.api.post(path, json={"amount": "1.00", "api_refund": False}), 201)
    assert by_hand["refunded_payment"] is False


def test_a_deleted_refund_is_no_longer_counted(shop: Shop) -> None:
    made = order_of(shop, set_paid=True)
    path = f"/orders/{made['id']}/refunds"
    refund = ok(shop.api.post(path, json={"amount": made["total"]}), 201)
    assert code(shop.api.delete(f"{path}/{refund['id']}", params={"force": "false"}))[0] == 501
    ok(shop.api.delete(f"{path}/{refund['id']}", params={"force": "true"}))
    assert ok(shop.api.get(f"/orders/{made['id']}"))["refunds"] == []
    ok(shop.api.post(path, json={"amount": made["total"]}), 201)


def test_nothing_can_be_refunded_of_a_cancellation_of_the_file(shop: Shop) -> None:
    assert code(shop.api.post("/orders/4/refunds", json={"amount": "0.01"}))[0] == 500


# ------------------------------------------------------------------------------------------- always, whatever


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["10001A", "10002", "10003", "POST"]),
            st.integers(1, 30),
            st.decimals("0", "99.99", places=2) | st.none(),
        ),
        min_size=1,
        max_size=6,
    ),
    st.sampled_from(["GB", "IE"]),
)
def test_an_order_always_adds_up_and_can_be_refunded_line_by_line(
    shop_of_many: Shop, wanted: list[tuple[str, int, Decimal | None]], country: str
) -> None:
    lines = [
        {"sku": sku, "quantity": quantity, **({} if total is None else {"total": str(total)})}
        for sku, quantity, total in wanted
    ]
    body = {"line_items": lines, "shipping": {"country": country}, "set_paid": True, "payment_method": "card"}
    made = json.loads(shop_of_many.api.post("/orders", json=body).text, parse_float=Decimal)
    items = made["line_items"]
    net = sum((Decimal(line["total"]) for line in items), Decimal(0))
    assert Decimal(made["total"]) == net + Decimal(made["total_tax"])
    assert abs(Decimal(made["total_tax"]) - net * (20 if country == "GB" else 0) / 100) <= Decimal("0.005")
    left = Decimal(made["total"])
    for line in items:
        amount = min(Decimal(line["total"]), left)
        back = {"line_items": [{"id": line["id"], "quantity": 1, "refund_total": str(amount)}]}
        ok(shop_of_many.api.post(f"/orders/{made['id']}/refunds", json=back), 201)
        left -= amount
    refunds = ok(shop_of_many.api.get(f"/orders/{made['id']}"))["refunds"]
    assert sum(Decimal(refund["total"]) for refund in refunds) == left - Decimal(made["total"])


@pytest.fixture(scope="module")
def shop_of_many(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """One shop for all examples of a property."""
    from shop_lab import start_shop

    running = start_shop(Path(tmp_path_factory.mktemp("many")) / "state", "--orders", str(FIXTURE_FILE))
    running.reach("2010-12-03T21:00:00Z")
    yield running
    stop_shop(running)
