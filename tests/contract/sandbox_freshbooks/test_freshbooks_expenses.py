"""Expenses, their categories and vendors, and the rebilling of expenses (freshbooks-api 5 and 7.4)."""

from __future__ import annotations

import pytest

PATH = "/expenses/expenses"


def categories(simulator) -> dict[str, dict]:
    result = simulator.get("/expenses/categories", per_page=100).json()["response"]["result"]
    return {row["category"]: row for row in result["categories"]}


@pytest.fixture(scope="module")
def gas(simulator) -> int:
    return categories(simulator)["Gas"]["id"]


def given(category_id: int, amount: str = "79.73", **fields: object) -> dict:
    money = {"amount": amount, "code": "GBP"}
    return {"categoryid": category_id, "staffid": 1, "amount": money, "date": "2011-04-24"} | fields


def expense(simulator, tools, category_id: int, amount: str = "79.73", **fields: object) -> dict:
    return tools.one(simulator.post(PATH, {"expense": given(category_id, amount, **fields)}))


def refused(simulator, tools, category_id: int, **fields: object) -> tuple[int, int, str]:
    return tools.error(simulator.post(PATH, {"expense": given(category_id, **fields)}))


def read(simulator, tools, made: dict, *include: str) -> dict:
    return tools.one(
        simulator.get(f"{PATH}/{made['id']}", **({"include[]": list(include)} if include else {}))
    )


# ------------------------------------------------------------------------------------------- fields


@pytest.mark.parametrize("missing", ["categoryid", "staffid", "amount", "date"])
def test_each_of_four_fields_is_required(simulator, tools, gas, missing):
    body = {name: value for name, value in given(gas).items() if name != missing}
    assert tools.error(simulator.post(PATH, {"expense": body})) == (422, 1001, missing)


def test_links_that_are_not_set_read_as_0_or_null_as_captured(simulator, tools, gas):
    made = expense(simulator, tools, gas)
    assert made["id"] == made["expenseid"]
    unset = {"clientid": 0, "projectid": 0, "ext_invoiceid": 0, "ext_systemid": 0}
    nothing = (
        "invoiceid",
        "transactionid",
        "profileid",
        "modern_projectid",
        "vendor",
        "taxName1",
        "taxAmount1",
    )
    assert {name: made[name] for name in unset} == unset
    assert {name: made[name] for name in nothing} == dict.fromkeys(nothing)
    assert (made["markup_percent"], made["bill_matches"], made["has_receipt"]) == ("0", [], False)


def test_a_category_may_be_named_by_text_and_an_unknown_one_is_1004(simulator, tools, gas):
    assert expense(simulator, tools, gas, categoryid=str(gas))["categoryid"] == gas
    assert refused(simulator, tools, gas, categoryid=1918390) == (422, 1004, "categoryid")
    assert refused(simulator, tools, gas, clientid=1918390) == (422, 1004, "clientid")


def test_tax_is_money_and_follows_from_the_per_cent_within_the_amount(simulator, tools, gas):
    captured = expense(simulator, tools, gas, taxName1="other tax", taxPercent1=13)
    assert captured["taxAmount1"] == {"amount": "9.17", "code": "GBP"}
    assert captured["taxPercent1"] == "13"
    told = expense(simulator, tools, gas, taxName1="HST", taxAmount1={"amount": "9.00"})
    assert (told["taxAmount1"]["amount"], told["taxPercent1"]) == ("9.00", None)
    named = expense(simulator, tools, gas, "120.00", taxName1="VAT")
    assert (named["taxAmount1"]["amount"], named["taxPercent1"]) == ("20.00", "20")


def test_two_taxes_share_the_amount_and_a_compounded_one_is_taken_on_the_other(simulator, tools, gas):
    two = {"taxName1": "A", "taxPercent1": "10", "taxName2": "B", "taxPercent2": "5"}
    side_by_side = expense(simulator, tools, gas, "115.00", **two)
    assert [side_by_side[f"taxAmount{n}"]["amount"] for n in (1, 2)] == ["10.00", "5.00"]
    compounded = expense(simulator, tools, gas, "115.50", compounded_tax=True, **two)
    assert [compounded[f"taxAmount{n}"]["amount"] for n in (1, 2)] == ["10.00", "5.50"]


def test_a_change_of_the_amount_moves_its_computed_tax_and_a_name_of_null_removes_it(simulator, tools, gas):
    made = expense(simulator, tools, gas, taxName1="VAT", taxPercent1="20")
    path = f"{PATH}/{made['id']}"
    changed = tools.one(simulator.put(path, {"expense": {"amount": {"amount": "60.00"}}}))
    assert changed["taxAmount1"]["amount"] == "10.00"
    changed = tools.one(simulator.put(path, {"expense": {"taxName1": None}}))
    assert (changed["taxAmount1"], changed["taxPercent1"]) == (None, None)
    assert refused(simulator, tools, gas, taxName1="VAT", taxAmount1={"amount": "80.00"})[:2] == (422, 1004)


def test_status_can_be_given_when_it_is_made_and_not_changed(simulator, own, tools, gas):
    client = simulator.client()
    assert expense(simulator, tools, gas)["status"] == 0
    assert expense(simulator, tools, gas, clientid=client["id"], status=None)["status"] == 1
    made = expense(simulator, tools, gas, status=4)
    assert made["status"] == 4
    path = f"{PATH}/{made['id']}"
    assert tools.error(simulator.put(path, {"expense": {"status": 2}})) == (403, 1038, "status")
    assert tools.one(simulator.put(path, {"expense": {"status": 4, "vendor": "W"}}))["vendor"] == "W"
    assert refused(simulator, tools, gas, status=3) == (422, 1004, "status")
    lenient = own(read_only_fields="ignore")
    made = expense(lenient, tools, categories(lenient)["Gas"]["id"])
    assert tools.one(lenient.put(f"{PATH}/{made['id']}", {"expense": {"status": 2}}))["status"] == 0


def test_attachment_and_category_are_read_only_when_included(simulator, tools, gas):
    file = {"jwt": "eyJ0eXAi", "media_type": "image/png"}
    made = expense(simulator, tools, gas, attachment=file, has_receipt=False)
    assert made["has_receipt"] is True
    assert not {"attachment", "category"} & made.keys()
    full = read(simulator, tools, made, "attachment", "category", "expense_profile")
    assert full["attachment"] == file | {
        "id": full["attachment"]["id"],
        "attachmentid": full["attachment"]["id"],
    }
    assert (full["category"]["category"], full["expense_profile"]) == ("Gas", None)
    tools.one(simulator.put(f"{PATH}/{made['id']}", {"expense": {"attachment": None}}))
    assert read(simulator, tools, made, "attachment")["attachment"] is None


def test_expenses_of_one_day_and_amount_are_duplicates_whoever_the_vendor_is(own, tools):
    simulator = own()
    gas = categories(simulator)["Gas"]["id"]
    first = expense(simulator, tools, gas, vendor="Shell Gas Station")
    assert first["isduplicate"] is False
    second = expense(simulator, tools, gas, vendor="WestJet")
    assert [read(simulator, tools, made)["isduplicate"] for made in (first, second)] == [True, True]
    simulator.delete(f"{PATH}/{second['id']}")
    assert [read(simulator, tools, made)["isduplicate"] for made in (first, second)] == [False, False]


def test_an_update_is_partial_and_moves_the_stamps(own, tools):
    simulator = own()
    made = expense(simulator, tools, categories(simulator)["Gas"]["id"], vendor="Shell", notes="Van")
    simulator.clock("2011-03-05T12:00:00Z")
    changed = tools.one(simulator.put(f"{PATH}/{made['id']}", {"expense": {"vendor": "WestJet"}}))
    assert (changed["vendor"], changed["notes"], changed["amount"]) == ("WestJet", "Van", made["amount"])
    assert changed["updated"].startswith("2011-03-05 07:00:00")
    assert changed["version"].startswith(changed["updated"] + ".")


# -------------------------------------------------------------------------------------------- lists


def test_lists_come_newest_date_first(own, tools):
    simulator = own()
    gas = categories(simulator)["Gas"]["id"]
    days = ("2011-04-18", "2011-04-24", "2010-06-20", "2011-04-24")
    ids = [expense(simulator, tools, gas, date=day)["id"] for day in days]
    assert simulator.listed(PATH) == [ids[1], ids[3], ids[0], ids[2]]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("search[clientid]={client}", "b"),
        ("search[clientids][]={client}&search[clientids][]=0", "abc"),
        ("search[projectid]=77", "c"),
        ("search[categoryids][]={other}", "a"),
        ("search[vendor]=Shell", "a"),
        ("search[amount_min]=20&search[amount_max]=30", "b"),
        ("search[date_min]=2011-04-02&search[date_max]=2011-04-02", "b"),
        ("search[updated_max]=2011-01-01", ""),
        ("has_receipt=True", "c"),
        ("has_receipt=False", "ab"),
        ("search[status]=4", "abc"),
        ("search[notes]=Nothing", "abc"),
    ],
)
def test_filters_that_work_and_filters_that_are_ignored(own, tools, query, found):
    simulator = own()
    names = categories(simulator)
    client = simulator.client()["id"]
    gas, other = names["Gas"]["id"], names["Airfare"]["id"]
    made = {
        "a": expense(simulator, tools, other, "10.00", vendor="Shell", date="2011-04-01"),
        "b": expense(simulator, tools, gas, "20.00", clientid=client, vendor="Shell Gas", date="2011-04-02"),
        "c": expense(simulator, tools, gas, "30.01", projectid=77, has_receipt=True, date="2011-04-03"),
    }
    ids = simulator.listed(PATH, query.format(client=client, other=other))
    assert {letter for letter, row in made.items() if row["id"] in ids} == set(found)


def test_vendors_are_the_distinct_names_fifteen_to_a_page(own, tools):
    simulator = own()
    gas = categories(simulator)["Gas"]["id"]
    for n in range(17):
        expense(simulator, tools, gas, vendor=f"Vendor {n:02}")
    expense(simulator, tools, gas, vendor="Vendor 03")
    expense(simulator, tools, gas, vendor=None)
    gone = expense(simulator, tools, gas, vendor="Zenith")
    simulator.put(f"{PATH}/{gone['id']}", {"expense": {"vis_state": 1}})
    first = simulator.get("/expenses/vendors").json()["response"]["result"]
    assert {name: first[name] for name in ("page", "pages", "per_page", "total")} == {
        "page": 1,
        "pages": 2,
        "per_page": 15,
        "total": 17,
    }
    assert first["vendors"][3] == {"vendor": "Vendor 03"}
    second = simulator.get("/expenses/vendors", page=2).json()["response"]["result"]
    assert [row["vendor"] for row in second["vendors"]] == ["Vendor 15", "Vendor 16"]


def test_summaries_count_archived_expenses_apart_and_deleted_ones_not_at_all(own, tools):
    simulator = own()
    gas = categories(simulator)["Gas"]["id"]
    for vis_state, amount in ((0, "10.00"), (2, "5.00"), (1, "1.00")):
        made = expense(simulator, tools, gas, amount)
        simulator.put(f"{PATH}/{made['id']}", {"expense": {"vis_state": vis_state}})
    result = simulator.get("/expenses/summaries").json()["response"]["result"]["summaries"]
    assert {
        row["id"]: (row["counts"], [amount["amount"] for amount in row["amounts"]]) for row in result
    } == {
        "grand_total": (2, ["15.00"]),
        "archived": (1, ["5.00"]),
        "active": (1, ["10.00"]),
    }


# --------------------------------------------------------------------------------------- categories


def test_a_new_account_has_a_tree_of_categories_listed_by_name(simulator, tools):
    result = simulator.get("/expenses/categories").json()["response"]["result"]
    assert (result["per_page"], len(result["categories"])) == (15, 15)
    names = [row["category"] for row in result["categories"]]
    assert names == sorted(names)
    assert names[:3] == ["Accident Insurance", "Accounting", "Advertising"]
    tree = categories(simulator)
    assert tree["Gas"]["parentid"] == tree["Car & Truck Expenses"]["id"]
    assert tree["Car & Truck Expenses"]["parentid"] is None
    gas = tools.one(simulator.get(f"/expenses/categories/{tree['Gas']['id']}"))
    assert (gas["id"], gas["is_editable"], gas["is_cogs"]) == (gas["categoryid"], False, False)


def test_a_category_can_be_added_by_the_api_or_not_by_a_switch(own, tools):
    body = {"category": {"category": "catstuff", "is_cogs": False, "parentid": None, "subcategories": []}}
    assert tools.error(own(category_writes="refuse").post("/expenses/categories", body))[:2] == (403, 1003)
    simulator = own()
    body["category"]["parentid"] = categories(simulator)["Travel"]["id"]
    made = tools.one(simulator.post("/expenses/categories", body))
    assert (made["is_editable"], made["parentid"]) == (True, body["category"]["parentid"])
    for answer in (
        simulator.put(f"/expenses/categories/{made['id']}", {"category": {"category": "X"}}),
        simulator.delete(f"/expenses/categories/{made['id']}"),
    ):
        assert tools.error(answer)[:2] == (403, 1003)


def test_people_rename_and_remove_the_categories_they_added_and_no_other(own, tools):
    simulator = own()
    made = tools.one(simulator.post("/expenses/categories", {"category": {"category": "catstuff"}}))
    people = "/_sandbox/people/category"
    renamed = simulator.http.post(people, json={"id": made["id"], "category": "Stuff"}).json()["category"]
    assert renamed["category"] == "Stuff"
    assert simulator.http.post(people, json={"id": made["id"], "vis_state": 1}).status_code == 200
    assert "Stuff" not in categories(simulator)
    builtin = categories(simulator)["Gas"]["id"]
    assert simulator.http.post(people, json={"id": builtin, "category": "Fuel"}).status_code == 403


# ---------------------------------------------------------------------------------------- rebilling


def rebill(simulator, tools, client: dict, made: dict, **line: object) -> dict:
    lines = [{"type": 1, "expenseid": made["id"], **line}, tools.line()]
    return simulator.sent(client, lines=lines)


def test_an_expense_on_an_invoice_is_invoiced_then_recouped(simulator, tools, gas):
    client = simulator.client()
    made = expense(simulator, tools, gas, "100.00", clientid=client["id"], markup_percent=20)
    invoice = rebill(simulator, tools, client, made)
    (line, _) = simulator.read(invoice, "lines")["lines"]
    assert (line["type"], line["expenseid"], line["name"]) == (1, made["id"], "Gas")
    assert line["amount"]["amount"] == "120.00"
    now = read(simulator, tools, made)
    assert (now["status"], now["invoiceid"]) == (2, invoice["id"])
    simulator.pay(invoice, invoice["amount"]["amount"])
    assert read(simulator, tools, made)["status"] == 4


def test_an_expense_is_outstanding_again_when_the_invoice_loses_it(simulator, tools, gas):
    client = simulator.client()
    made = expense(simulator, tools, gas, clientid=client["id"])
    invoice = rebill(simulator, tools, client, made, unit_cost={"amount": "1.00"})
    simulator.change(invoice, lines=[tools.line()])
    assert [read(simulator, tools, made)[name] for name in ("status", "invoiceid")] == [1, None]
    invoice = rebill(simulator, tools, client, made)
    simulator.delete(f"/invoices/invoices/{invoice['id']}")
    assert read(simulator, tools, made)["status"] == 1
    simulator.change(invoice, vis_state=0)
    assert read(simulator, tools, made)["status"] == 2


def test_only_an_expense_of_that_client_and_of_no_other_invoice_can_be_rebilled(simulator, own, tools, gas):
    client, other = simulator.client(), simulator.client()
    nobody = expense(simulator, tools, gas)
    theirs = expense(simulator, tools, gas, clientid=other["id"])
    done = expense(simulator, tools, gas, clientid=client["id"])
    rebill(simulator, tools, client, done)

    def attempt(*lines: dict) -> tuple[int, int, str]:
        body = {"customerid": client["id"], "create_date": "2011-03-01", "lines": list(lines)}
        return tools.error(simulator.post("/invoices/invoices", {"invoice": body}))

    assert attempt({"type": 1, "expenseid": nobody["id"]}) == (422, 8016, "expenseid")
    assert attempt({"type": 1, "expenseid": theirs["id"]}) == (422, 1004, "expenseid")
    assert attempt({"type": 1, "expenseid": done["id"]}) == (422, 1004, "expenseid")
    assert attempt({"type": 1, "expenseid": 1918390}) == (422, 1004, "expenseid")
    assert attempt({"type": 1}) == (422, 1001, "expenseid")
    answer = simulator.delete(f"{PATH}/{done['id']}")
    assert tools.error(answer)[:2] == (422, 1004)
    again = own(rebill_invoiced_expense="allow")
    client = again.client()
    made = expense(again, tools, categories(again)["Gas"]["id"], clientid=client["id"])
    invoices = [rebill(again, tools, client, made) for _ in range(2)]
    assert read(again, tools, made)["invoiceid"] == invoices[1]["id"]


def test_the_refusal_names_the_expense_as_captured(simulator, tools, gas):
    client = simulator.client()
    made = expense(simulator, tools, gas)
    body = {"customerid": client["id"], "create_date": "2011-03-01"}
    body["lines"] = [{"type": 1, "expenseid": made["id"]}]
    answer = simulator.post("/invoices/invoices", {"invoice": body})
    message = answer.json()["response"]["errors"][0]["message"]
    assert message == f"expense_id '{made['id']}' is not assigned to a client."


# ------------------------------------------------------------------------------------------- ledger


def test_an_expense_is_cost_and_recoverable_tax_against_cash(own, tools):
    simulator = own()
    gas = categories(simulator)["Gas"]["id"]
    made = expense(simulator, tools, gas, "120.00", taxName1="VAT", vendor="Shell")
    balances = simulator.balances()
    assert (balances["6001"], balances["2005"], balances["1000"]) == ("100.00", "20.00", "-120.00")
    path = f"{PATH}/{made['id']}"
    simulator.put(path, {"expense": {"is_cogs": True}})
    balances = simulator.balances()
    assert (balances["5000"], balances.get("6001", "0.00")) == ("100.00", "0.00")
    simulator.delete(path)
    assert set(simulator.balances().values()) == {"0.00"}
    simulator.put(path, {"expense": {"vis_state": 0, "date": "2011-05-01"}})
    assert simulator.balances(to="2011-04-30")["1000"] == "0.00"
    assert simulator.balances()["1000"] == "-120.00"


@pytest.mark.parametrize(
    ("name", "account"), [("Airfare", "6012"), ("Bank Fees", "6015"), ("Cost of Goods Sold", "5000")]
)
def test_each_category_posts_to_its_account_of_the_chart(own, tools, name, account):
    simulator = own()
    category = categories(simulator)[name]
    assert category["transaction_posted"] is False
    expense(simulator, tools, category["id"], "10.00")
    assert simulator.balances()[account] == "10.00"
    assert categories(simulator)[name]["transaction_posted"] is True


def test_another_currency_than_the_accounts_posts_nothing(own, tools):
    simulator = own()
    gas = categories(simulator)["Gas"]["id"]
    body = given(gas) | {"amount": {"amount": "10.00", "code": "CAD"}}
    made = tools.one(simulator.post(PATH, {"expense": body}))
    assert made["amount"]["code"] == "CAD"
    assert set(simulator.balances().values()) == {"0.00"}


def test_people_enter_an_expense_by_hand_and_the_write_log_says_so(own):
    simulator = own()
    gas = categories(simulator)["Gas"]["id"]
    body = {"categoryid": gas, "staffid": 1, "amount": "12.50", "date": "2011-03-03", "vendor": "Shell"}
    made = simulator.http.post("/_sandbox/people/expense", json=body).json()["expense"]
    assert made["amount"] == {"amount": "12.50", "code": "GBP"}
    (write,) = simulator.http.get("/_sandbox/writes").json()["writes"]
    assert (write["operation"], write["object"], write["key"]) == (
        "people.create",
        "expense",
        str(made["id"]),
    )
    assert write["body"]["result"]["amount"] == "12.50"
