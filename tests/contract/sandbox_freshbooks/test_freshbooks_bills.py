"""Bills, their vendors and payments in the FreshBooks simulator (freshbooks-api 5, 6 and 7.5)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

BILLS, VENDORS, PAYMENTS = "/bills/bills", "/bill_vendors/bill_vendors", "/bill_payments/bill_payments"


def category(simulator, name: str = "Office Supplies") -> int:
    result = simulator.get("/expenses/categories", per_page=100).json()["response"]["result"]
    return next(row["id"] for row in result["categories"] if row["category"] == name)


def line(category_id: int, price: str = "100.00", quantity: object = 1, **given: object) -> dict:
    unit_cost = {"amount": price, "code": "GBP"}
    return {"categoryid": category_id, "quantity": quantity, "unit_cost": unit_cost} | given


def vendor(simulator, tools, **given: object) -> dict:
    body = {"vendor_name": "Staples", "currency_code": "GBP", "language": "en"} | given
    return tools.one(simulator.post(VENDORS, {"bill_vendor": body}))


def fields(vendor_id: int, lines: list[dict], **given: object) -> dict:
    return {
        "vendorid": vendor_id,
        "issue_date": "2011-03-01",
        "due_offset_days": 30,
        "currency_code": "GBP",
        "language": "en",
        "lines": lines,
    } | given


def bill(simulator, tools, seller: dict | None = None, lines: list | None = None, **given: object) -> dict:
    seller = seller or vendor(simulator, tools)
    found = lines if lines is not None else [line(category(simulator), tax_name1="VAT", tax_percent1=20)]
    return tools.one(simulator.post(BILLS, {"bill": fields(seller["vendorid"], found, **given)}))


def pay(simulator, made: dict, worth: str = "120.00", **given: object):
    body = {
        "billid": made["id"],
        "amount": {"amount": worth},
        "payment_type": "Check",
        "paid_date": "2011-03-09",
    }
    return simulator.post(PAYMENTS, {"bill_payment": body | given})


def read(simulator, tools, made: dict) -> dict:
    return tools.one(simulator.get(f"{BILLS}/{made['id']}"))


def change(simulator, made: dict, **given: object):
    return simulator.put(f"{BILLS}/{made['id']}", {"bill": given})


# ------------------------------------------------------------------------------------------ vendors


def test_a_vendor_is_known_by_its_vendorid_alone(simulator, tools):
    made = vendor(simulator, tools, website="staples.example")
    assert "id" not in made
    assert tools.one(simulator.get(f"{VENDORS}/{made['vendorid']}")) == made
    assert (made["is_1099"], made["tax_defaults"], made["outstanding_balance"], made["city"]) == (
        False,
        [],
        [],
        None,
    )


@pytest.mark.parametrize("missing", ["vendor_name", "currency_code", "language"])
def test_a_vendor_needs_a_name_a_currency_and_a_language(simulator, tools, missing):
    body = {"vendor_name": "S", "currency_code": "GBP", "language": "en"}
    del body[missing]
    assert tools.error(simulator.post(VENDORS, {"bill_vendor": body})) == (422, 1001, missing)


def test_default_taxes_read_the_name_and_per_cent_of_the_tax_they_point_to(own, tools):
    simulator = own()
    (vat,) = simulator.get("/taxes/taxes").json()["response"]["result"]["taxes"]
    made = vendor(simulator, tools, tax_defaults=[{"system_taxid": vat["id"], "enabled": True}])
    (default,) = made["tax_defaults"]
    assert (default["name"], default["amount"], default["vendorid"]) == ("VAT", "20", made["vendorid"])
    simulator.put(f"/taxes/taxes/{vat['id']}", {"tax": {"amount": "17.5"}})
    path = f"{VENDORS}/{made['vendorid']}"
    (again,) = tools.one(simulator.get(path))["tax_defaults"]
    assert (again["amount"], again["taxid"]) == ("17.5", default["taxid"])
    body = {"bill_vendor": {"tax_defaults": [{"system_taxid": vat["id"], "enabled": False}]}}
    (kept,) = tools.one(simulator.put(path, body))["tax_defaults"]
    assert (kept["taxid"], kept["enabled"]) == (default["taxid"], False)
    assert tools.one(simulator.put(path, {"bill_vendor": {"tax_defaults": []}}))["tax_defaults"] == []
    unknown = {"bill_vendor": {"tax_defaults": [{"system_taxid": 1}]}}
    assert tools.error(simulator.put(path, unknown)) == (422, 1004, "system_taxid")


def test_balances_of_a_vendor_are_by_currency_and_count_archived_bills_but_no_deleted_ones(own, tools):
    simulator = own()
    seller, supplies = vendor(simulator, tools), category(simulator)
    archived = bill(simulator, tools, seller, [line(supplies, "10.00")])
    change(simulator, archived, vis_state=2)
    deleted = bill(simulator, tools, seller, [line(supplies, "5.00")])
    change(simulator, deleted, vis_state=1)
    euros = {"amount": "7.00", "code": "EUR"}
    bill(simulator, tools, seller, [line(supplies, unit_cost=euros)], currency_code="EUR", due_offset_days=90)
    simulator.clock("2011-04-15T12:00:00Z")
    seen = tools.one(simulator.get(f"{VENDORS}/{seller['vendorid']}"))
    assert seen["outstanding_balance"] == [
        {"amount": {"amount": "7.00", "code": "EUR"}},
        {"amount": {"amount": "10.00", "code": "GBP"}},
    ]
    assert seen["overdue_balance"] == [{"amount": {"amount": "10.00", "code": "GBP"}}]


@pytest.mark.parametrize("query", ["search[vendor_name]=X", "search[vendor_name_like]=X", "search[email]=X"])
def test_no_filter_on_vendors_works(simulator, tools, query):
    vendor(simulator, tools)
    pages = [
        simulator.http.get(f"{simulator.account}{VENDORS}?{q}").json()["response"]["result"]
        for q in ("", query)
    ]
    assert pages[0]["total"] == pages[1]["total"] > 0


@pytest.mark.parametrize(("zone", "hours"), [("utc", 0), ("eastern", 5)])
def test_a_bill_is_stamped_in_utc_and_a_vendor_by_a_switch(own, tools, zone, hours):
    simulator = own(bill_vendor_stamps=zone)
    made = bill(simulator, tools, seller := vendor(simulator, tools))
    stamps = [datetime.fromisoformat(row["created_at"]) for row in (made, seller)]
    assert abs(stamps[0] - stamps[1] - timedelta(hours=hours)) < timedelta(minutes=1)
    assert made["created_at"].startswith("2011-03-01 00:")


# -------------------------------------------------------------------------------------------- bills


@pytest.mark.parametrize(
    "missing", ["vendorid", "issue_date", "due_offset_days", "currency_code", "language"]
)
def test_what_a_bill_must_have(simulator, own, tools, missing):
    body = fields(vendor(simulator, tools)["vendorid"], [line(category(simulator))])
    del body[missing]
    assert tools.error(simulator.post(BILLS, {"bill": body})) == (422, 1001, missing)
    if missing in ("due_offset_days", "currency_code", "language"):
        lenient = own(bill_required_fields="vendor_and_date")
        body |= {"vendorid": vendor(lenient, tools)["vendorid"], "lines": [line(category(lenient))]}
        made = tools.one(lenient.post(BILLS, {"bill": body}))
        assert (made["currency_code"], made["language"]) == ("GBP", "en")


def test_each_line_needs_a_category_that_exists(simulator, tools):
    seller = vendor(simulator, tools)["vendorid"]
    for lines, error in (
        ([{"unit_cost": {"amount": "1"}}], (422, 1001, "categoryid")),
        ([line(1918390)], (422, 1004, "categoryid")),
        ("two", (422, 1004, "lines")),
    ):
        assert tools.error(simulator.post(BILLS, {"bill": fields(seller, lines)})) == error


def test_a_line_reads_with_its_category_and_its_own_tax_as_captured(simulator, tools):
    supplies = category(simulator)
    given = line(str(supplies), "125", 2, description="Malm", tax_name1="VAT", tax_authorityid1="GB1")
    (seen,) = bill(simulator, tools, lines=[given])["lines"]
    assert seen["category"]["category"] == "Office Supplies"
    assert seen["category"]["categoryid"] == supplies
    plain = (
        "quantity",
        "list_index",
        "description",
        "tax_name1",
        "tax_percent1",
        "tax_authorityid1",
        "tax_name2",
    )
    assert [seen[name] for name in plain] == ["2", 1, "Malm", "VAT", "20", "GB1", None]
    amounts = {name: seen[name]["amount"] for name in ("unit_cost", "amount", "tax_amount1", "total_amount")}
    assert amounts == {
        "unit_cost": "125.00",
        "amount": "250.00",
        "tax_amount1": "50.00",
        "total_amount": "300.00",
    }
    assert seen["tax_amount2"] is None


def test_amounts_come_from_the_lines_before_and_with_tax(simulator, tools):
    supplies, fees = category(simulator), category(simulator, "Bank Fees")
    two = {
        "tax_name1": "A",
        "tax_percent1": 10,
        "tax_name2": "B",
        "tax_percent2": "5",
        "compounded_tax": True,
    }
    made = bill(
        simulator,
        tools,
        lines=[line(supplies, "3.33", 3, description=None, **two), line(fees, "1.00", description="fee")],
    )
    amounts = {
        name: made[name]["amount"] for name in ("amount", "tax_amount", "total_amount", "outstanding", "paid")
    }
    assert amounts == {
        "amount": "10.99",
        "tax_amount": "1.55",
        "total_amount": "12.54",
        "outstanding": "12.54",
        "paid": "0.00",
    }
    assert (made["overall_category"], made["overall_description"]) == ("Split", "fee")
    assert (made["due_date"], made["status"], made["bill_payments"]) == ("2011-03-31", "unpaid", [])
    (one,) = tools.one(change(simulator, made, lines=[line(supplies, "2.00", id=made["lines"][0]["id"])]))[
        "lines"
    ]
    assert one["id"] == made["lines"][0]["id"]
    again = read(simulator, tools, made)
    assert (again["total_amount"]["amount"], again["overall_category"]) == ("2.00", "Office Supplies")


def test_lines_as_they_were_read_can_be_written_back(simulator, tools):
    made = bill(
        simulator, tools, lines=[line(category(simulator), "9.99", 3, tax_name1="VAT", description="D")]
    )
    again = tools.one(change(simulator, made, lines=made["lines"]))
    assert again["lines"] == made["lines"]
    assert again["total_amount"] == made["total_amount"]


def test_computed_fields_are_read_only(simulator, own, tools):
    made = bill(simulator, tools)
    for name in ("amount", "overall_description", "total_amount", "due_date", "status", "tax_amount"):
        assert tools.error(change(simulator, made, **{name: "1"})) == (403, 1038, name)
    lenient = own(read_only_fields="ignore")
    made = bill(lenient, tools)
    assert tools.one(change(lenient, made, status="paid", due_date="2012-01-01"))["status"] == "unpaid"
    assert tools.error(change(lenient, made, amount={"amount": "1.00"})) == (403, 1038, "amount")


def test_lines_may_be_read_only_when_included_by_a_switch(own, tools):
    simulator = own(bill_lines="include")
    made = bill(simulator, tools)
    assert "lines" not in made
    full = tools.one(simulator.get(f"{BILLS}/{made['id']}", **{"include[]": ["lines", "vendor"]}))
    assert (len(full["lines"]), full["vendor"]["vendor_name"]) == (1, "Staples")


def test_overdue_beats_partial_and_paid_beats_all(own, tools):
    simulator = own()
    made = bill(simulator, tools)
    assert read(simulator, tools, made)["status"] == "unpaid"
    first = tools.one(pay(simulator, made, "20.00"))
    assert read(simulator, tools, made)["status"] == "partial"
    simulator.clock("2011-04-01T12:00:00Z")
    assert read(simulator, tools, made)["status"] == "overdue"
    tools.one(pay(simulator, made, "100.00"))
    assert read(simulator, tools, made)["status"] == "paid"
    simulator.delete(f"{PAYMENTS}/{first['id']}")
    again = read(simulator, tools, made)
    assert (again["status"], again["outstanding"]["amount"], len(again["bill_payments"])) == (
        "overdue",
        "20.00",
        1,
    )


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("search[vendorid]={vendor}", "a"),
        ("search[statuses][]=paid", "b"),
        ("search[statuses][]=paid&search[statuses][]=unpaid", "ab"),
        ("search[ids][]={id}", "a"),
        ("search[currency_code]=EUR", ""),
        ("search[issue_date_min]=2011-03-02", "b"),
        ("search[issue_date_max]=2011-03-01", "a"),
        ("search[vendor_id]={vendor}", "ab"),
        ("search[status]=paid", "ab"),
        ("search[bill_number]=7", "ab"),
        ("search[vis_state]=1", "c"),
    ],
)
def test_filters_on_bills_that_work_and_that_are_ignored(own, tools, query, found):
    simulator = own()
    made = {
        "a": bill(simulator, tools),
        "b": bill(simulator, tools, issue_date="2011-03-02"),
        "c": bill(simulator, tools),
    }
    tools.one(pay(simulator, made["b"]))
    change(simulator, made["c"], vis_state=1)
    ids = simulator.listed(BILLS, query.format(vendor=made["a"]["vendorid"], id=made["a"]["id"]))
    assert {letter for letter, row in made.items() if row["id"] in ids} == set(found)


def test_the_date_filters_of_bills_may_be_ignored_by_a_switch(own, tools):
    simulator = own(bill_date_filters="ignored")
    made = bill(simulator, tools)
    assert simulator.listed(BILLS, "search[issue_date_min]=2099-01-01") == [made["id"]]
    assert simulator.listed(BILLS, "search[issue_date_min]=soon") == [made["id"]]


def test_an_archived_bill_stays_listed_and_one_with_payments_is_not_deleted(own, tools):
    simulator = own()
    made = bill(simulator, tools)
    assert tools.one(change(simulator, made, vis_state=2))["vis_state"] == 2
    assert simulator.listed(BILLS) == [made["id"]]
    tools.one(pay(simulator, made))
    assert tools.error(change(simulator, made, vis_state=1)) == (422, 1004, "vis_state")


# ----------------------------------------------------------------------------------------- payments


def test_a_bill_payment_has_no_stamp_and_its_type_is_put_right(simulator, tools):
    made = bill(simulator, tools)
    paid = tools.one(pay(simulator, made, payment_type="bank transfer"))
    assert paid == {
        "amount": {"amount": "120.00", "code": "GBP"},
        "billid": made["id"],
        "id": paid["id"],
        "matched_with_expense": False,
        "note": "",
        "paid_date": "2011-03-09",
        "payment_type": "Bank Transfer",
        "vis_state": 0,
    }
    assert read(simulator, tools, made)["bill_payments"] == [paid]


@pytest.mark.parametrize("missing", ["billid", "amount", "payment_type"])
def test_what_a_bill_payment_must_have(simulator, tools, missing):
    assert tools.error(pay(simulator, bill(simulator, tools), **{missing: None})) == (422, 1001, missing)


def test_a_payment_must_fit_its_bill(simulator, own, tools):
    made = bill(simulator, tools)
    for given, error in (
        ({"amount": {"amount": "0.00"}}, (422, 1025, "amount")),
        ({"amount": {"amount": "1.00", "code": "EUR"}}, (422, 1004, "code")),
        ({"amount": {"amount": "120.01"}}, (422, 1004, "amount")),
        ({"billid": 1}, (422, 1004, "billid")),
        ({"payment_type": "Stripe"}, (422, 1004, "payment_type")),
    ):
        assert tools.error(pay(simulator, made, **given)) == error
    paid = tools.one(pay(simulator, made))
    path = f"{PAYMENTS}/{paid['id']}"
    body = {"bill_payment": {"billid": str(made["id"]), "amount": {"amount": "119.00"}, "bill": "7"}}
    assert tools.one(simulator.put(path, body))["amount"]["amount"] == "119.00"
    assert read(simulator, tools, made)["status"] == "partial"
    generous = own(bill_overpayment="allow")
    made = bill(generous, tools)
    tools.one(pay(generous, made, "150.00"))
    assert read(generous, tools, made)["outstanding"]["amount"] == "-30.00"


def test_a_deleted_payment_comes_back_only_while_its_bill_still_takes_it(own, tools):
    simulator = own()
    made = bill(simulator, tools)
    first = tools.one(pay(simulator, made))
    path = f"{PAYMENTS}/{first['id']}"
    tools.one(simulator.put(path, {"bill_payment": {"vis_state": 1}}))
    assert simulator.listed(PAYMENTS) == []
    second = tools.one(pay(simulator, made))
    restore = {"bill_payment": {"vis_state": 0}}
    assert tools.error(simulator.put(path, restore)) == (422, 1004, "amount")
    assert read(simulator, tools, made)["paid"]["amount"] == "120.00"
    simulator.delete(f"{PAYMENTS}/{second['id']}")
    assert tools.one(simulator.put(path, restore))["vis_state"] == 0


def test_payments_of_bills_know_no_filter(own, tools):
    simulator = own()
    made = bill(simulator, tools)
    paid = tools.one(pay(simulator, made))
    for query in ("search[billid]=1", "search[paid_date]=2099-01-01", "search[updated_min]=2099-01-01"):
        assert simulator.listed(PAYMENTS, query) == [paid["id"]]


def test_people_match_a_payment_with_an_expense_from_the_bank_which_is_then_deleted(own, tools):
    simulator = own()
    made = bill(simulator, tools)
    money = {"amount": "120.00", "code": "GBP"}
    given = {"categoryid": category(simulator), "staffid": 1, "amount": money, "date": "2011-03-09"}
    typed, banked = (
        tools.one(simulator.post("/expenses/expenses", {"expense": given | {"transactionid": number}}))
        for number in (None, 71)
    )
    assert (typed["potential_bill_payment"], banked["potential_bill_payment"]) == (False, True)
    body = {"billid": made["id"], "amount": "120.00", "payment_type": "Check", "expenseid": banked["id"]}
    paid = simulator.http.post("/_sandbox/people/bill_payment", json=body).json()["bill_payment"]
    assert paid["matched_with_expense"] is True
    expense = tools.one(simulator.get(f"/expenses/expenses/{banked['id']}"))
    assert (expense["vis_state"], expense["potential_bill_payment"]) == (1, False)
    assert read(simulator, tools, made)["status"] == "paid"


# ------------------------------------------------------------------------------------------- ledger


def test_a_bill_is_cost_and_tax_against_payables_and_its_payment_payables_against_cash(own, tools):
    simulator = own()
    supplies, fees = category(simulator), category(simulator, "Bank Fees")
    made = bill(simulator, tools, lines=[line(supplies, tax_name1="VAT"), line(fees, "5.00")])
    balances = simulator.balances()
    expected = {"6006": "100.00", "6015": "5.00", "2005": "20.00", "2000": "-125.00", "1000": "0.00"}
    assert {account: balances[account] for account in expected} == expected
    paid = tools.one(pay(simulator, made, "125.00"))
    assert simulator.balances(to="2011-03-08")["2000"] == "-125.00"
    balances = simulator.balances()
    assert (balances.get("2000", "0.00"), balances["1000"]) == ("0.00", "-125.00")
    simulator.delete(f"{PAYMENTS}/{paid['id']}")
    simulator.delete(f"{BILLS}/{made['id']}")
    assert set(simulator.balances().values()) == {"0.00"}


def test_every_posting_is_kept_under_the_name_and_id_of_its_document(own, tools):
    simulator = own()
    made = bill(simulator, tools)
    paid = tools.one(pay(simulator, made))
    entries = simulator.http.get("/_sandbox/state?table=ledger").json()["rows"]
    assert [entry["voucher"] for entry in entries] == [f"bill:{made['id']}", f"bill_payment:{paid['id']}"]


def test_a_bill_in_another_currency_posts_nothing(own, tools):
    simulator = own()
    euros = line(category(simulator), unit_cost={"amount": "7.00", "code": "EUR"})
    made = bill(simulator, tools, lines=[euros], currency_code="EUR")
    tools.one(pay(simulator, made, "7.00"))
    assert set(simulator.balances().values()) == {"0.00"}


def test_bills_can_be_entered_by_people_and_the_write_log_tells_of_each(own, tools):
    simulator = own()
    people = "/_sandbox/people/"
    body = {"vendor_name": "S", "currency_code": "GBP", "language": "en"}
    seller = simulator.http.post(people + "bill_vendor", json=body).json()["bill_vendor"]
    body = fields(seller["vendorid"], [line(category(simulator))])
    made = simulator.http.post(people + "bill", json=body).json()["bill"]
    body = {"billid": made["id"], "amount": "100.00", "payment_type": "Cash"}
    assert simulator.http.post(people + "bill_payment", json=body).status_code == 200
    writes = simulator.http.get("/_sandbox/writes").json()["writes"]
    assert [(write["operation"], write["object"]) for write in writes] == [
        ("people.create", "bill_vendor"),
        ("people.create", "bill"),
        ("people.create", "bill_payment"),
    ]
    assert writes[1]["body"]["result"]["total"] == "100.00"
