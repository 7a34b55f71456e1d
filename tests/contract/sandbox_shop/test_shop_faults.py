"""Faults on the shop, and the file of faults of a whole sandbox."""

from __future__ import annotations

import subprocess
import sys
import time

import httpx
import pytest
from shop_lab import FIXTURE_FILE, Shop, rows


@pytest.fixture
def faulty(shop: Shop):
    yield shop
    shop.control.delete("/_sandbox/faults")


def plan(shop: Shop, **fault: object) -> None:
    shop.control.post("/_sandbox/faults", json=fault).raise_for_status()


def ids(shop: Shop, page: int) -> list[int]:
    asked = {"per_page": 2, "page": page, "orderby": "id", "order": "asc"}
    return [order["id"] for order in rows(shop.api.get("/orders", params=asked))]


@pytest.mark.parametrize(("by", "second"), [(1, [4, 5]), (-1, [2, 3])])
def test_a_page_of_orders_passes_over_one_or_repeats_one(faulty: Shop, by: int, second: list[int]) -> None:
    plan(faulty, do="page_shift", by=by, path="/orders")
    assert [ids(faulty, 1), ids(faulty, 2)] == [[1, 2], second]
    faulty.control.delete("/_sandbox/faults")
    assert ids(faulty, 2) == [3, 4]


def test_an_order_that_just_arrived_is_not_shown_before_the_lag_is_over(run_shop) -> None:
    shop = run_shop("--orders", str(FIXTURE_FILE))
    shop.reach("2010-12-01T21:00:00Z")
    before = [order["id"] for order in rows(shop.api.get("/orders"))]
    plan(shop, do="lag", seconds=0.7)
    shop.reach("2010-12-03T21:00:00Z")
    assert [order["id"] for order in rows(shop.api.get("/orders"))] == before
    time.sleep(0.8)
    assert len(rows(shop.api.get("/orders"))) > len(before)


@pytest.mark.parametrize("seconds", [-86_400, 86_400])
def test_a_shop_whose_clock_is_off_has_the_same_orders(run_shop, seconds: int) -> None:
    shop = run_shop("--orders", str(FIXTURE_FILE))
    shop.reach("2010-12-02T21:00:00Z")
    before = rows(shop.api.get("/orders"))
    plan(shop, do="clock", seconds=seconds)
    assert rows(shop.api.get("/orders")) == before


@pytest.mark.parametrize("way", ["header", "query"])
def test_an_unauthorised_request_has_lost_its_credentials_wherever_they_were(faulty: Shop, way: str) -> None:
    plan(faulty, do="unauthorised")
    if way == "header":
        answer = faulty.api.get("/orders")
    else:
        known = faulty.control.get("/_sandbox/connection").json()
        keys = {name: known[name] for name in ("consumer_key", "consumer_secret")}
        answer = faulty.control.get("/wp-json/wc/v3/orders", params=keys | {"per_page": 1})
    assert answer.status_code == 401
    assert answer.json()["code"].startswith("woocommerce_rest_")
    assert faulty.api.get("/orders").status_code == 200


def test_a_page_of_html_stands_where_json_should_be(faulty: Shop) -> None:
    plan(faulty, do="content_type", status=503, path="/orders")
    answer = faulty.api.get("/orders")
    assert (answer.status_code, answer.headers["Content-Type"]) == (503, "text/html; charset=utf-8")
    assert "X-WP-Total" not in answer.headers


def test_a_sandbox_begins_with_the_faults_of_its_file_each_simulator_with_its_own(
    run_sandbox, tmp_path
) -> None:
    file = tmp_path / "faults.yml"
    file.write_text(
        "seed: 11\n"
        "freshbooks:\n  - {do: answer, status: 500, rate: 0.2}\n"
        "m3:\n  - {do: lag, seconds: 3}\n  - {do: slow, p99: 0.01, rate: 0.5}\n"
    )
    line = run_sandbox("--orders", str(FIXTURE_FILE), "--faults", str(file)).line
    told = {
        name: httpx.get(f"{line[name]['control_url']}/faults").json()
        for name in ("freshbooks", "infor", "shop")
    }
    assert [told[name]["seed"] for name in told] == [11, 11, 11]
    assert {name: [fault["do"] for fault in plan["faults"]] for name, plan in told.items()} == {
        "freshbooks": ["answer"],
        "infor": ["lag", "slow"],
        "shop": [],
    }
    books = line["freshbooks"]
    with httpx.Client(headers={"Authorization": f"Bearer {books['access_token']}"}) as http:
        url = f"{books['base_url']}/accounting/account/{books['account_id']}/users/clients"
        got = [http.get(url).status_code for _ in range(60)]
    assert set(got) == {200, 500}


def test_a_sandbox_with_a_mistake_in_its_file_does_not_start_and_says_where(tmp_path) -> None:
    file = tmp_path / "faults.yml"
    file.write_text("m3:\n  - {do: lag, second: 3}\n")
    command = [sys.executable, "-m", "fbinfor_assets.sandbox.serve", "--state", str(tmp_path / "s")]
    done = subprocess.run([*command, "--faults", str(file)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "line 2: m3, fault 1: second: lag has no such field" in done.stderr
    missing = subprocess.run(
        [*command, "--faults", "nowhere.yml"], capture_output=True, text=True, timeout=60
    )
    assert (missing.returncode, "--faults" in missing.stderr) == (2, True)
