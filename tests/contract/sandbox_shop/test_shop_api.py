"""The shop on the wire: WooCommerce's REST shapes over a real process.

Belongs here: what a client of the shop sees. Does not belong here: order files themselves (unit/sandbox_shop).
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from shop_lab import API, FIXTURE_FILE, REPOSITORY, SOURCES, Shop, Source, rows, stop_shop


def by_number(shop: Shop, number: str) -> dict[str, Any]:
    found = rows(shop.api.get("/orders", params={"per_page": 100}))
    return next(order for order in found if order["number"] == number)


# ------------------------------------------------------------------------------------------ the documents


def test_an_order_has_woocommerces_fields_and_all_money_is_text(shop: Shop) -> None:
    order = by_number(shop, "900001")
    assert order["id"] == 1
    assert order["status"] == "processing"
    assert order["currency"] == "GBP"
    assert order["prices_include_tax"] is False
    assert order["date_created"] == order["date_created_gmt"] == "2010-12-01T08:26:00"
    assert order["date_modified_gmt"] == order["date_created_gmt"]
    assert order["customer_id"] == 17840
    assert set(order["billing"]) == set(order["shipping"]) | {"email"}
    assert order["shipping_lines"] == order["fee_lines"] == []
    line = order["line_items"][0]
    assert (line["sku"], line["name"], line["quantity"]) == ("10001A", "RED TIN LANTERN", 6)
    for money in (order["total"], order["total_tax"], line["total"], line["subtotal"], line["total_tax"]):
        assert isinstance(money, str)


def test_a_price_is_a_json_number_with_the_decimals_own_text(shop: Shop) -> None:
    text = shop.api.get("/orders/2").text
    assert '"price":1.005}' in text
    order = json.loads(text, parse_float=Decimal)
    assert order["line_items"][0]["price"] == Decimal("1.005")
    # 2 x 1.005 = 2.01; binary floating point would make 2.00 or 2.01 by luck.
    assert order["line_items"][0]["total"] == "2.01"


def test_tax_is_rounded_once_per_order(shop: Shop) -> None:
    # 15.30 + 0.03 + 0.03 + 0.03 = 15.39 net, 20 % of it 3.078; line by line it would be 3.06 + 3 x 0.01 = 3.09.
    order = by_number(shop, "900001")
    assert (order["total"], order["total_tax"], order["tax_lines"][0]["tax_total"]) == (
        "18.47",
        "3.08",
        "3.08",
    )
    assert [line["total_tax"] for line in order["line_items"]] == ["3.060", "0.006", "0.006", "0.006"]


def test_tax_is_rounded_line_by_line_where_the_shop_is_set_so(
    run_shop: Callable[..., Shop], tmp_path: Path
) -> None:
    config = tmp_path / "switches.yml"
    config.write_text("shop: {tax_rounding: line}\n", encoding="utf-8")
    shop = run_shop("--orders", str(FIXTURE_FILE), "--config", str(config))
    shop.reach("2010-12-03T21:00:00Z")
    order = by_number(shop, "900001")
    assert (order["total"], order["total_tax"]) == ("18.48", "3.09")
    assert [line["total_tax"] for line in order["line_items"]] == ["3.06", "0.01", "0.01", "0.01"]


def test_only_deliveries_to_the_united_kingdom_bear_tax(shop: Shop) -> None:
    abroad, home = by_number(shop, "900002"), by_number(shop, "900006")
    assert (abroad["shipping"]["country"], abroad["total_tax"], abroad["tax_lines"]) == ("IE", "0.00", [])
    assert (home["shipping"]["country"], home["total_tax"]) == ("GB", "2.97")


def test_a_customer_of_two_countries_keeps_one_billing_address(shop: Shop) -> None:
    abroad, home = by_number(shop, "900002"), by_number(shop, "900006")
    assert abroad["customer_id"] == home["customer_id"]
    assert abroad["billing"] == home["billing"]
    assert home["billing"]["country"] == "IE", "that of the first order"
    assert home["shipping"]["address_1"] != home["billing"]["address_1"]


def test_a_cancellation_is_a_refunded_order_of_negative_quantities(shop: Shop) -> None:
    order = by_number(shop, "C900004")
    assert order["status"] == "refunded"
    assert [line["quantity"] for line in order["line_items"]] == [-2, -1]
    # -5.10 - 0.45 = -5.55, tax -1.11
    assert (order["total"], order["total_tax"]) == ("-6.66", "-1.11")


def test_dirty_documents_are_served_as_the_file_has_them(shop: Shop) -> None:
    adjustment, adjusted = by_number(shop, "900003"), by_number(shop, "A900008")
    assert adjustment["status"] == "processing"
    assert adjustment["total"] == "0.00"
    assert (adjustment["line_items"][0]["name"], adjustment["line_items"][0]["quantity"]) == ("", -10)
    assert adjusted["line_items"][0]["total"] == "-11062.06"


def test_repeated_lines_stay_and_have_their_own_ids(shop: Shop) -> None:
    lines = by_number(shop, "900001")["line_items"]
    assert [line["sku"] for line in lines] == ["10001A", "10002", "10002", "10003"]
    assert len({line["id"] for line in lines}) == 4


def test_a_document_the_file_returns_to_is_one_order_with_its_lines_in_file_order(shop: Shop) -> None:
    assert [line["sku"] for line in by_number(shop, "900002")["line_items"]] == ["10001a", "POST", "10003"]


def test_a_walk_in_is_nobody_in_a_country(shop: Shop) -> None:
    order = by_number(shop, "900005")
    assert order["customer_id"] == 0
    assert order["billing"]["country"] == order["shipping"]["country"] == "HK"
    assert not any(value for name, value in order["billing"].items() if name != "country")


def test_a_company_shows_its_vat_number_in_the_meta_data(shop: Shop) -> None:
    found = rows(shop.api.get("/customers"))
    for customer in found:
        keys = [entry["key"] for entry in customer["meta_data"]]
        assert bool(customer["billing"]["company"]) == ("_billing_vat_number" in keys)


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.orders.name)
def test_the_served_lines_add_up_to_the_files_net(run_shop: Callable[..., Shop], source: Source) -> None:
    shop = run_shop("--orders", str(source.orders), "--from", str(source.first), "--to", str(source.last))
    shop.reach(f"{source.last}T21:00:00Z")
    net, documents, lines, page = Decimal(0), 0, 0, 1
    while True:
        response = shop.api.get(
            "/orders", params={"per_page": 100, "page": page, "orderby": "id", "order": "asc"}
        )
        found = json.loads(response.text, parse_float=Decimal)
        for order in found:
            items = order["line_items"]
            documents, lines = documents + 1, lines + len(items)
            net += sum(item["quantity"] * item["price"] for item in items)
            assert Decimal(order["total"]) == sum(Decimal(item["total"]) for item in items) + Decimal(
                order["total_tax"]
            )
        if page == int(response.headers["X-WP-TotalPages"]):
            break
        page += 1
    assert (documents, lines, net) == (source.documents, source.lines, Decimal(source.net))


# ------------------------------------------------------------------------------- time, pages, filters, errors


def test_an_order_appears_when_the_clock_reaches_it(run_shop: Callable[..., Shop]) -> None:
    shop = run_shop("--orders", str(FIXTURE_FILE))
    assert rows(shop.api.get("/orders")) == []
    assert rows(shop.api.get("/customers")) == []
    shop.reach("2010-12-01T08:25:00Z")
    assert shop.api.get("/orders/1").status_code == 404
    shop.reach("2010-12-01T08:26:00Z")
    assert [order["number"] for order in rows(shop.api.get("/orders"))] == ["900001"]
    assert [customer["id"] for customer in rows(shop.api.get("/customers"))] == [17840]
    assert shop.api.get("/customers/12361").status_code == 404
    shop.reach("2010-12-02T21:00:00Z")
    assert len(rows(shop.api.get("/orders"))) == 5


def test_summer_orders_show_local_and_universal_time(run_shop: Callable[..., Shop], tmp_path: Path) -> None:
    orders = tmp_path / "summer.csv"
    head = FIXTURE_FILE.read_text(encoding="utf-8").splitlines()[0]
    orders.write_text(f"{head}\n1,A,a,1,2011-07-01 09:30:00,1.00,,GB\n", encoding="utf-8")
    shop = run_shop("--orders", str(orders))
    shop.reach("2011-07-01T08:30:00Z")
    (order,) = rows(shop.api.get("/orders"))
    assert (order["date_created"], order["date_created_gmt"]) == (
        "2011-07-01T09:30:00",
        "2011-07-01T08:30:00",
    )
    after = {"modified_after": "2011-07-01T09:00:00"}
    assert len(rows(shop.api.get("/orders", params=after))) == 1, "a bound without zone is local time"
    assert rows(shop.api.get("/orders", params=after | {"dates_are_gmt": "true"})) == []


def test_pages_cover_every_order_once_and_say_how_many_there_are(shop: Shop) -> None:
    seen = []
    for page in (1, 2, 3):
        response = shop.api.get("/orders", params={"per_page": 3, "page": page, "order": "asc"})
        assert (response.headers["X-WP-Total"], response.headers["X-WP-TotalPages"]) == ("8", "3")
        seen += [order["id"] for order in rows(response)]
        assert ('rel="next"' in response.headers["Link"]) == (page < 3)
    assert sorted(seen) == list(range(1, 9))
    assert rows(shop.api.get("/orders", params={"per_page": 3, "page": 4})) == []


def test_orders_are_newest_first_unless_asked_otherwise(shop: Shop) -> None:
    newest = [order["date_created"] for order in rows(shop.api.get("/orders"))]
    assert newest == sorted(newest, reverse=True)
    ids = [order["id"] for order in rows(shop.api.get("/orders", params={"orderby": "id", "order": "asc"}))]
    assert ids == sorted(ids)


def test_modified_after_excludes_the_instant_itself(shop: Shop) -> None:
    def numbers(**params: str) -> list[str]:
        found = rows(shop.api.get("/orders", params={"order": "asc", "dates_are_gmt": "true", **params}))
        return [order["number"] for order in found]

    assert numbers(modified_after="2010-12-03T09:30:00") == ["900007", "A900008"]
    assert numbers(modified_after="2010-12-03T09:29:59") == ["900006", "900007", "A900008"]
    assert numbers(modified_after="2010-12-03T10:30:00+01:00") == ["900007", "A900008"]
    assert numbers(after="2010-12-02T12:00:00", before="2010-12-03T17:59:00") == ["900006"]


def test_status_customer_and_id_filters(shop: Shop) -> None:
    def count(**params: Any) -> int:
        return int(shop.api.get("/orders", params=params).headers["X-WP-Total"])

    assert count(status="refunded") == 1
    assert count(status="processing,refunded") == count(status="any") == 8
    assert count(status="completed") == 0
    assert count(customer=17840) == 2
    assert count(include="1,2,99") == 2
    assert count(nonsense="ignored") == 8


@pytest.mark.parametrize(
    ("params", "name"),
    [
        ({"per_page": "101"}, "per_page"),
        ({"per_page": "0"}, "per_page"),
        ({"page": "0"}, "page"),
        ({"page": "x"}, "page"),
        ({"orderby": "colour"}, "orderby"),
        ({"order": "up"}, "order"),
        ({"status": "lost"}, "status"),
        ({"modified_after": "yesterday"}, "modified_after"),
    ],
)
def test_a_bad_parameter_is_named(shop: Shop, params: dict[str, str], name: str) -> None:
    response = shop.api.get("/orders", params=params)
    assert response.status_code == 400
    assert response.json()["code"] == "rest_invalid_param"
    assert list(response.json()["data"]["params"]) == [name]


def test_who_is_not_known_sees_nothing(shop: Shop) -> None:
    url = str(shop.control.base_url).rstrip("/") + API
    assert httpx.get(f"{url}/orders").json()["code"] == "woocommerce_rest_cannot_view"
    unknown = httpx.get(f"{url}/orders", auth=("ck_x", "cs_x"))
    assert (unknown.status_code, unknown.json()["code"]) == (401, "woocommerce_rest_cannot_view")
    known = shop.control.get("/_sandbox/connection").json()["consumer_key"]
    wrong = httpx.get(f"{url}/orders", auth=(known, "cs_x"))
    assert (wrong.status_code, wrong.json()["code"]) == (401, "woocommerce_rest_authentication_error")


def test_unknown_ids_and_paths_are_not_found(shop: Shop) -> None:
    assert shop.api.get("/orders/99").json()["code"] == "woocommerce_rest_shop_order_invalid_id"
    assert shop.api.get("/customers/99").json()["code"] == "woocommerce_rest_invalid_id"
    assert shop.api.get("/refunds").json()["code"] == "rest_no_route"
    assert shop.api.put("/orders", json={}).json()["code"] == "rest_no_route"
    assert shop.api.put("/orders/1/refunds/1", json={}).json()["code"] == "rest_no_route"


# ----------------------------------------------------------------------------------------------- the process


def test_a_reopened_shop_needs_no_file_and_keeps_its_time_orders_and_credentials(
    run_shop: Callable[..., Shop],
) -> None:
    first = run_shop("--orders", str(FIXTURE_FILE), "--seed", "5")
    first.reach("2010-12-02T21:00:00Z")
    before = first.control.get("/_sandbox/connection").json()
    orders = first.api.get("/orders").text.replace(before["base_url"], "")
    assert stop_shop(first) in (0, -15)
    second = run_shop()
    after = second.control.get("/_sandbox/connection").json()
    assert {**after, "base_url": ""} == {**before, "base_url": ""}
    assert second.api.get("/orders").text.replace(after["base_url"], "") == orders


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--orders", "nowhere.csv"), "no such file"),
        (("--from", "2010-12-05", "--to", "2010-12-01"), "backwards"),
    ],
)
def test_a_shop_that_cannot_start_says_why_and_leaves_nothing(
    tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    state = tmp_path / "state"
    command = [
        sys.executable,
        "-m",
        "fbinfor_assets.sandbox.shop",
        "--port",
        "0",
        "--state",
        str(state),
        *arguments,
    ]
    done = subprocess.run(command, capture_output=True, text=True, cwd=REPOSITORY)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not state.exists()
