"""Ledger accounts of the FreshBooks simulator (freshbooks-api 3, 7.9)."""

from __future__ import annotations

import pytest

from fbinfor_assets.sandbox.freshbooks import books
from fbinfor_assets.sandbox.freshbooks.chart import SUB_TYPES


@pytest.fixture
def ledger(own):
    """Requests to the ledger accounts of a business of one's own: ledger(method, path, body), a switch by keyword."""

    def start(**switches):
        simulator = own(**switches)
        me = simulator.http.get("/auth/api/v1/users/me").json()["response"]
        uuid = me["business_memberships"][-1]["business"]["business_uuid"]
        base = f"/accounting/businesses/{uuid}/ledger_accounts/accounts"
        call = lambda method, path="", body=None: simulator.http.request(method, base + path, json=body)  # noqa: E731
        return simulator, call

    return start


def by_number(call):
    return {account["number"]: account for account in call("GET").json()["data"]}


def test_a_new_account_has_the_default_chart(ledger):
    _, call = ledger()
    chart = by_number(call)
    assert set(chart) == set(books.ACCOUNTS)
    cash = chart["1000"]
    assert (cash["name"], cash["type"], cash["sub_type"]) == ("Cash", "asset", "Cash & Bank")
    assert (cash["system_account_name"], cash["parent_account"], cash["sub_accounts"]) == ("Cash", None, [])
    assert cash["updated_at"].endswith("Z")
    assert len(cash["updated_at"]) == len("2022-09-22T08:47:04.668685Z")
    assert call("GET", "/" + cash["uuid"]).json() == {"data": cash}


def test_every_account_of_the_default_chart_has_a_known_sub_type():
    known = {(type_, name) for type_, name, _ in SUB_TYPES}
    assert {(type_, sub_type) for _, type_, sub_type in books.ACCOUNTS.values()} <= known


def test_types_and_sub_types_are_named(ledger):
    simulator, _ = ledger()
    types = simulator.http.get("/accounting/ledger_accounts/types").json()["data"]
    assert [type_["name"] for type_ in types] == ["asset", "equity", "expense", "income", "liability"]
    sub_types = simulator.http.get("/accounting/ledger_accounts/sub_types").json()["data"]
    assert sub_types[0] == {"id": 1, "type": "asset", "name": "Cash & Bank", "base_number": "1000"}
    one = simulator.http.get("/accounting/ledger_accounts/sub_types/10")
    assert one.json() == {"data": sub_types[9]}
    assert simulator.http.get("/accounting/ledger_accounts/sub_types/11").status_code == 404


def test_a_created_sub_account_is_named_by_its_parent_and_can_be_posted_to(ledger, tools):
    simulator, call = ledger()
    parent = by_number(call)["6011"]
    body = {"name": "Workshop rent", "sub_type": "Operating Expense", "parent_account": parent["uuid"]}
    answer = call("POST", body=body | {"description": "Mill Lane"})
    assert answer.status_code == 201
    made = answer.json()["data"]
    assert (made["number"], made["type"], made["auto_created"]) == ("6011-1", "expense", False)
    assert "system_account_name" not in made
    assert by_number(call)["6011"]["sub_accounts"] == [made["uuid"]]
    cash = by_number(call)["1000"]
    entry = {
        "name": "Rent",
        "currency_code": "GBP",
        "user_entered_date": "2011-03-01",
        "details": [
            {"sub_accountid": made["jesa_id"], "debit": "70.56"},
            {"sub_accountid": cash["jesa_id"], "credit": "70.56"},
        ],
    }
    tools.one(simulator.post("/journal_entries/journal_entries", {"journal_entry": entry}))
    assert simulator.balances()["6011-1"] == "70.56"
    details = simulator.get("/journal_entries/journal_entry_details").json()["response"]["result"]
    first = details["journal_entry_details"][0]
    assert first["sub_account"]["account_sub_name"] == "Workshop rent"
    assert first["account"]["account_name"] == "Operating Expenses"


def test_an_account_is_renamed_and_renumbered_without_touching_what_was_posted(ledger, tools):
    simulator, call = ledger()
    simulator.sent()
    sales = by_number(call)["4000"]
    changed = call("PUT", "/" + sales["uuid"], {"name": "Turnover", "number": "4001"}).json()["data"]
    assert (changed["name"], changed["number"], changed["type"]) == ("Turnover", "4001", "income")
    assert simulator.balances()["4000"] == "-120.00"
    simulator.sent()
    assert simulator.balances()["4000"] == "-240.00"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": ""}, "name"),
        ({"sub_type": "Pocket money"}, "sub_type"),
        ({"parent_account": "nobody"}, "parent_account"),
        ({"number": "1000"}, "number"),
    ],
)
def test_a_wrong_account_is_refused_in_the_families_own_shape(ledger, given, field):
    _, call = ledger()
    body = {"name": "Till", "sub_type": "Cash & Bank", "parent_account": None} | given
    answer = call("POST", body=body)
    assert answer.status_code == 422
    errors = answer.json()["errors"]
    assert errors["message"]
    assert [detail["metadata"]["field"] for detail in errors["details"]] == [field]
    assert len(by_number(call)) == len(books.ACCOUNTS)


def test_the_parent_must_be_named_if_only_as_null_unless_a_switch_says_otherwise(ledger):
    body = {"name": "Till", "sub_type": "Cash & Bank"}
    _, call = ledger()
    assert call("POST", body=body).status_code == 422
    answer = call("POST", body=body | {"parent_account": None})
    assert (answer.status_code, answer.json()["data"]["number"]) == (201, "1001")
    _, call = ledger(ledger_parent_account="optional")
    assert call("POST", body=body).status_code == 201


def test_an_unknown_account_is_not_found_and_none_can_be_deleted(ledger):
    _, call = ledger()
    answer = call("GET", "/nobody")
    assert (answer.status_code, answer.json()["errors"]["message"]) == (404, "Account not found.")
    assert call("DELETE", "/" + by_number(call)["1000"]["uuid"]).status_code == 405


def test_accounts_of_ones_own_survive_a_restart_and_can_still_be_posted_to(fresh, tools):
    simulator = fresh()
    me = simulator.http.get("/auth/api/v1/users/me").json()["response"]
    uuid = me["business_memberships"][-1]["business"]["business_uuid"]
    path = f"/accounting/businesses/{uuid}/ledger_accounts/accounts"
    body = {"name": "Till", "sub_type": "Cash & Bank", "parent_account": None}
    made = simulator.http.post(path, json=body).json()["data"]
    simulator.end()
    simulator.arguments = ()
    simulator.start()
    assert simulator.http.get(f"{path}/{made['uuid']}").json()["data"] == made
    cash = next(a for a in simulator.http.get(path).json()["data"] if a["number"] == "1000")
    entry = {
        "name": "Float",
        "currency_code": "GBP",
        "user_entered_date": "2011-03-01",
        "details": [
            {"sub_accountid": made["jesa_id"], "debit": "50"},
            {"sub_accountid": cash["jesa_id"], "credit": "50"},
        ],
    }
    tools.one(simulator.post("/journal_entries/journal_entries", {"journal_entry": entry}))
    assert simulator.balances()["1001"] == "50.00"
