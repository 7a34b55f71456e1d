"""Items of the FreshBooks simulator, and what a plan may lack (freshbooks-api 4 and 7.6)."""

from __future__ import annotations

import pytest


def item(simulator, tools, **given):
    return tools.one(simulator.post("/items/items", {"item": {"name": "White hanging heart"} | given}))


def vat_id(simulator) -> int:
    return simulator.get("/taxes/taxes").json()["response"]["result"]["taxes"][0]["id"]


def test_an_item_needs_only_a_name_and_every_field_reads_as_a_client_expects(simulator, tools):
    made = item(simulator, tools)
    assert made["id"] == made["itemid"]
    assert {
        name: made[name] for name in ("description", "sku", "inventory", "tax1", "tax2", "vis_state")
    } == {
        "description": "",
        "sku": "",
        "inventory": None,
        "tax1": 0,
        "tax2": 0,
        "vis_state": 0,
    }
    assert made["unit_cost"] == {"amount": "0.00", "code": "GBP"}
    assert tools.error(simulator.post("/items/items", {"item": {"sku": "85123A"}})) == (422, 1001, "name")


def test_numbers_of_an_item_are_texts_and_unknown_fields_are_dropped_without_a_word(simulator, tools):
    given = {
        "qty": 20,
        "inventory": 55,
        "unit_cost": {"amount": "2.555", "code": "GBP"},
        "rate": 9,
        "quantity": 9,
    }
    made = item(simulator, tools, **given)
    assert (made["qty"], made["inventory"], made["unit_cost"]["amount"]) == ("20", "55", "2.555")
    assert not {"rate", "quantity"} & made.keys()


def test_taxes_of_an_item_are_ids_of_taxes_and_not_the_same_twice(simulator, tools):
    vat = vat_id(simulator)
    assert item(simulator, tools, tax1=vat)["tax1"] == vat
    refused = {"tax1": 999}, {"tax1": "VAT"}, {"tax1": vat, "tax2": vat}
    errors = [simulator.post("/items/items", {"item": {"name": "X"} | given}) for given in refused]
    assert [tools.error(answer) for answer in errors] == [
        (422, 1004, "tax1"),
        (422, 1015, "tax1"),
        (422, 1019, "tax2"),
    ]


def test_items_are_found_by_sku_and_by_nothing_else(simulator, tools):
    made = item(simulator, tools, sku="SKU-7")
    item(simulator, tools, sku="SKU-8")
    assert simulator.listed("/items/items", "search[sku]=SKU-7") == [made["id"]]
    everything = simulator.listed("/items/items")
    assert simulator.listed("/items/items", "search[name]=nothing") == everything
    simulator.put(f"/items/items/{made['id']}", {"item": {"vis_state": 1}})
    assert simulator.listed("/items/items", "search[sku]=SKU-7") == []


@pytest.mark.parametrize("status", [200, 403])
@pytest.mark.parametrize(
    ("feature", "path", "errno", "message"),
    [
        ("items_feature", "/items/items", 12001, "You do not have access to items."),
        ("bills_feature", "/bills/bills", 41001, "You do not have access to bills."),
        ("bills_feature", "/bill_vendors/bill_vendors", 31001, "You do not have access to bill vendors."),
        ("bills_feature", "/bill_payments/bill_payments", 41101, "You do not have access to bill payments."),
    ],
)
def test_what_the_plan_does_not_have_is_refused_even_with_http_200(
    own, status, feature, path, errno, message
):
    simulator = own(**{feature: False}, plan_gate_status=status)
    single = path.rpartition("/")[2].removesuffix("s")
    for answer in (
        simulator.get(path),
        simulator.get(path + "/1"),
        simulator.post(path, {single: {"name": "X"}}),
    ):
        assert answer.status_code == status
        (detail,) = answer.json()["response"]["errors"]
        assert (detail["errno"], detail["message"]) == (errno, message)
    assert simulator.http.get("/_sandbox/writes").json()["writes"] == []
    assert simulator.get("/expenses/expenses").json()["response"]["result"]["total"] == 0
