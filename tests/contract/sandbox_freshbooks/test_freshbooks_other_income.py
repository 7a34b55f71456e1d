"""Other income of the FreshBooks simulator (freshbooks-api 7.8)."""

from __future__ import annotations

import pytest

PATH = "/other_incomes/other_incomes"
GIVEN = {
    "amount": {"amount": "120.00", "code": "GBP"},
    "category_name": "online_sales",
    "date": "2011-04-20",
    "payment_type": "Visa",
    "source": "Etsy",
    "taxes": [{"name": "VAT", "amount": 20}],
}


def income(simulator, tools, **given):
    return tools.one(simulator.post(PATH, {"other_income": GIVEN | given}))


def listed(simulator, query=""):
    result = simulator.http.get(f"{simulator.account}{PATH}?{query}").json()["response"]["result"]
    assert {"page", "pages", "per_page", "total"} < result.keys()
    return [row["incomeid"] for row in result["other_income"]]


def test_it_is_known_by_its_incomeid_alone_and_its_payment_type_is_put_right(simulator, tools):
    made = income(simulator, tools)
    assert "id" not in made
    assert made["payment_type"] == "VISA"
    assert made["taxes"] == [{"name": "VAT", "amount": "20"}]
    assert tools.one(simulator.get(f"{PATH}/{made['incomeid']}")) == made


@pytest.mark.parametrize("missing", ["amount", "category_name", "date", "payment_type", "source"])
def test_each_of_five_fields_is_required(simulator, tools, missing):
    body = {"other_income": {name: value for name, value in GIVEN.items() if name != missing}}
    assert tools.error(simulator.post(PATH, body)) == (422, 1001, missing)


@pytest.mark.parametrize(
    ("field", "value"), [("category_name", "sales"), ("payment_type", "Stripe"), ("taxes", "VAT")]
)
def test_a_value_outside_the_list_is_refused(simulator, tools, field, value):
    assert tools.error(simulator.post(PATH, {"other_income": GIVEN | {field: value}})) == (422, 1004, field)


def test_a_put_must_carry_amount_and_date_and_what_it_leaves_out_stays(simulator, tools):
    made = income(simulator, tools, note="Pouch")
    path = f"{PATH}/{made['incomeid']}"
    full = {"amount": {"amount": "125.00"}, "date": "2011-04-19", "source": "Squarespace"}
    for missing in ("amount", "date"):
        body = {name: value for name, value in full.items() if name != missing}
        assert tools.error(simulator.put(path, {"other_income": body})) == (422, 1001, missing)
    changed = tools.one(simulator.put(path, {"other_income": full}))
    assert (changed["amount"]["amount"], changed["source"]) == ("125.00", "Squarespace")
    kept = ("note", "category_name", "payment_type", "taxes")
    assert {name: changed[name] for name in kept} == {name: made[name] for name in kept}


@pytest.mark.parametrize("way", ["DELETE", "PUT"])
def test_it_is_deleted_by_delete_or_by_vis_state_alone(simulator, tools, way):
    made = income(simulator, tools)
    path = f"{PATH}/{made['incomeid']}"
    if way == "DELETE":
        answer = simulator.delete(path)
        assert (answer.status_code, answer.json()) == (200, {"response": {}})
    else:
        assert tools.one(simulator.put(path, {"other_income": {"vis_state": 1}}))["vis_state"] == 1
    assert listed(simulator, f"search[incomeid]={made['incomeid']}") == []
    assert listed(simulator, f"search[incomeid]={made['incomeid']}&search[vis_state]=1") == [made["incomeid"]]


def test_lists_come_newest_date_first_and_know_three_filters(own, tools):
    simulator = own()
    old, new, middle = (
        income(simulator, tools, date=f"2011-0{month}-01", category_name=name)["incomeid"]
        for month, name in ((1, "rentals"), (3, "other"), (2, "rentals"))
    )
    assert listed(simulator) == [new, middle, old]
    assert listed(simulator, "search[category_name]=rentals") == [middle, old]
    assert listed(simulator, f"search[incomeid]={old}") == [old]
    for ignored in ("search[source]=Nobody", "search[date_min]=2099-01-01", "search[date_max]=2000-01-01"):
        assert listed(simulator, ignored) == [new, middle, old]


@pytest.mark.parametrize(
    ("switch", "cash", "revenue", "tax"),
    [("included", "120.00", "-100.00", "-20.00"), ("added", "144.00", "-120.00", "-24.00")],
)
def test_it_posts_cash_against_income_and_tax_and_a_deletion_takes_it_back(
    own, tools, switch, cash, revenue, tax
):
    simulator = own(other_income_tax=switch)
    made = income(simulator, tools)
    balances = simulator.balances()
    assert (balances["1000"], balances["4010"], balances["2005"]) == (cash, revenue, tax)
    simulator.delete(f"{PATH}/{made['incomeid']}")
    assert set(simulator.balances().values()) == {"0.00"}


def test_another_currency_than_the_accounts_posts_nothing(own, tools):
    simulator = own()
    made = income(simulator, tools, amount={"amount": "120.00", "code": "EUR"})
    assert made["amount"]["code"] == "EUR"
    assert set(simulator.balances().values()) == {"0.00"}
