"""The journal of the FreshBooks simulator: entries, accounts, and a detail of every posting (freshbooks-api 7.9)."""

from __future__ import annotations

import signal
from decimal import Decimal

import pytest

ENTRIES = "/journal_entries/journal_entries"
DETAILS = "/journal_entries/journal_entry_details"
ACCOUNTS = "/journal_entry_accounts/journal_entry_accounts"


def details(simulator, query="per_page=100"):
    answer = simulator.http.get(f"{simulator.account}{DETAILS}?{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()["response"]["result"]


def rows(simulator, query="per_page=100"):
    return details(simulator, query)["journal_entry_details"]


def accounts(simulator):
    result = simulator.get(ACCOUNTS, per_page=100).json()["response"]["result"]
    return {account["account_number"]: account for account in result["journal_entry_accounts"]}


def sub_account(simulator, number, name=None):
    subs = accounts(simulator)[number]["sub_accounts"]
    return next(sub["id"] for sub in subs if name in (None, sub["account_sub_name"]))


def entry(simulator, debit="200", credit="200", **given):
    body = {
        "name": "Accrual",
        "description": "Rent of March",
        "currency_code": "GBP",
        "user_entered_date": "2011-03-31",
        "details": [
            {"sub_accountid": sub_account(simulator, "6000", "Rent or Lease"), "debit": debit},
            {"sub_accountid": sub_account(simulator, "1000"), "credit": credit},
        ],
    }
    return simulator.post(ENTRIES, {"journal_entry": body | given})


# -------------------------------------------------------------------------------------------- entries


def test_an_entry_posts_to_the_ledger_and_its_description_stands_on_every_line(own, tools):
    simulator = own()
    made = tools.one(entry(simulator))
    assert made["id"] == made["entryid"]
    assert [(line["debit"], line["credit"]) for line in made["details"]] == [("200", None), (None, "200")]
    assert {line["description"] for line in made["details"]} == {"Rent of March"}
    assert simulator.balances("2011-03-30") == dict.fromkeys(("1000", "1200", "2005", "2100", "4000"), "0.00")
    assert simulator.balances()["1000"] == "-200.00"
    listed = rows(simulator)
    assert [line["detailid"] for line in listed] == [line["detailid"] for line in made["details"]]
    assert {line["detail_type"] for line in listed} == {"adjustment"}
    assert {line["name"] for line in listed} == {"Accrual"}


def test_an_entry_without_a_currency_is_an_opaque_500(simulator):
    answer = entry(simulator, currency_code=None)
    assert answer.status_code == 500
    message = answer.json()["response"]["errors"][0]["message"]
    assert message == "There was an error accessing your account data."


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"credit": "199.99"}, "details"),
        ({"debit": "-200", "credit": "-200"}, "debit"),
        ({"details": [{"sub_accountid": 1, "debit": "1"}]}, "sub_accountid"),
        ({"details": []}, "details"),
        ({"user_entered_date": "31/03/2011"}, "user_entered_date"),
        ({"name": None}, "name"),
    ],
)
def test_a_wrong_entry_is_refused_and_posts_nothing(own, tools, given, field):
    simulator = own()
    answer = entry(simulator, **given)
    assert (answer.status_code, tools.error(answer)[2]) == (422, field)
    assert rows(simulator) == []


def test_entries_are_only_made_never_changed(simulator, tools):
    made = tools.one(entry(simulator))
    path = f"{ENTRIES}/{made['id']}"
    assert simulator.put(path, {"journal_entry": {"name": "x"}}).status_code == 405
    assert simulator.delete(path).status_code == 405
    assert tools.one(simulator.get(path)) == made


# ------------------------------------------------------------------------------------------- accounts


def test_every_account_has_sub_accounts_and_expenses_stand_under_one_heading(own):
    chart = accounts(own())
    assert chart["4000"]["account_name"] == "Revenue"
    assert chart["4000"]["sub_accounts"][0]["account_sub_name"] == "Sales"
    assert "Rent or Lease" in [sub["account_sub_name"] for sub in chart["6000"]["sub_accounts"]]
    assert "6011" not in chart
    for account in chart.values():
        assert account["sub_accounts"], account["account_name"]
        assert {sub["parentid"] for sub in account["sub_accounts"]} == {account["accountid"]}


def test_balances_have_the_sign_of_their_account(own, tools):
    simulator = own()
    invoice = simulator.sent()
    simulator.pay(invoice, "44.00")
    chart = accounts(simulator)
    shown = {number: chart[number]["balance"] for number in ("1000", "1200", "2005", "4000", "6000")}
    assert shown == {"1000": "44", "1200": "100", "2005": "24", "4000": "120", "6000": "0"}


def test_the_balances_of_the_accounts_are_those_of_the_trial_balance_after_every_kind_of_change(own, tools):
    simulator = own()
    client = simulator.client()
    paid = simulator.sent(client)
    accounts(simulator)
    simulator.pay(paid, "200.00")
    lowered = simulator.sent(client, lines=[tools.line(), tools.line("3.00", 2)])
    simulator.change(lowered, lines=[tools.line("1.00", 1)])
    deleted = simulator.sent(client)
    simulator.delete(f"/invoices/invoices/{deleted['id']}")
    tools.one(entry(simulator))
    trial = simulator.http.get("/_sandbox/trial-balance").json()["accounts"]
    debit_less_credit = sum(Decimal(row["balance"]) for row in trial if row["account"][0] in "156")
    chart = accounts(simulator)
    assert debit_less_credit == sum(Decimal(a["balance"]) for n, a in chart.items() if n[0] in "156")
    details_ = rows(simulator)
    assert {line["user_entered_date"] for line in details_} >= {"2011-03-31"}
    for number, account in chart.items():
        of_account = [line for line in details_ if line["account"]["account_number"] == number]
        total = sum(Decimal(line["balance"]["amount"]) for line in of_account)
        assert total == Decimal(account["balance"]), number


# -------------------------------------------------------------------------------------------- details


def test_an_invoice_posts_its_total_its_sales_line_by_line_and_its_tax(own, tools):
    simulator = own()
    client = simulator.client()
    lines = [tools.line("10.00", 2, name="A"), tools.line("5.00", 1, None, name="B")]
    invoice = simulator.sent(client, lines=lines)
    shown = [
        (line["detail_type"], line["description"], (line["debit"] or line["credit"])["amount"])
        for line in rows(simulator)
    ]
    assert shown == [
        ("total", "", "29.00"),
        ("sales", "A", "20.00"),
        ("sales", "B", "5.00"),
        ("tax", None, "4.00"),
    ]
    assert {line["name"] for line in rows(simulator)} == {f"Invoice {invoice['invoice_number']}"}
    for line in rows(simulator):
        assert (line["entry"]["invoiceid"], line["entry"]["clientid"]) == (invoice["id"], client["id"])
        assert line["entry"]["paymentid"] is None


def test_a_discount_is_spread_over_the_sales_lines(own, tools):
    simulator = own()
    lines = [tools.line("3.33", 1, None)] * 3
    invoice = simulator.sent(lines=lines, discount_value="15")
    sales = [line for line in rows(simulator) if line["detail_type"] == "sales"]
    assert sum(Decimal(line["credit"]["amount"]) for line in sales) == Decimal(invoice["amount"]["amount"])


def test_one_sales_detail_a_document_is_a_switch(own, tools):
    simulator = own(journal_sales_details="document")
    simulator.sent(lines=[tools.line(), tools.line()])
    assert [line["detail_type"] for line in rows(simulator)] == ["total", "sales", "tax"]
    assert details(simulator)["total"] == 3


def test_a_detail_links_to_the_document_it_comes_from(own, tools):
    simulator = own()
    client = simulator.client()
    payment = simulator.pay(simulator.sent(client), "10.00")
    body = {"clientid": client["id"], "create_date": "2011-03-03", "lines": [tools.line("1.00", 1)]}
    credit = tools.one(simulator.post("/credit_notes/credit_notes", {"credit_note": body}))
    entries = [line["entry"] for line in rows(simulator)]
    assert {e["paymentid"] for e in entries} == {None, payment["id"]}
    assert {e["creditid"] for e in entries} == {None, credit["id"]}


def test_purchases_and_other_income_stand_in_the_journal_too(own, tools):
    simulator = own()
    category = simulator.get("/expenses/categories").json()["response"]["result"]["categories"][0]["id"]
    money = {"amount": "79.73", "code": "GBP"}
    expense = {"categoryid": category, "staffid": 1, "amount": money, "date": "2011-03-04", "notes": "Petrol"}
    expense |= {"taxName1": "VAT", "taxPercent1": "13"}
    made = tools.one(simulator.post("/expenses/expenses", {"expense": expense}))
    # As captured: 70.56 of cost, 9.17 of tax, 79.73 of cash.
    shown = [(line["name"], line["detail_type"], line["description"]) for line in rows(simulator)]
    assert shown == [
        ("Expense", "expense", "Petrol"),
        ("Expense", "tax", None),
        ("Expense", "expense", "Petrol"),
    ]
    balances = [line["balance"]["amount"] for line in rows(simulator)]
    assert (balances[0], balances[2]) == ("70.56", "-79.73")
    assert {line["entry"]["expenseid"] for line in rows(simulator)} == {made["id"]}
    vendor = {"vendor_name": "Shell", "currency_code": "GBP", "language": "en"}
    vendor_id = tools.one(simulator.post("/bill_vendors/bill_vendors", {"bill_vendor": vendor}))["vendorid"]
    bill = {"vendorid": vendor_id, "issue_date": "2011-03-03", "due_offset_days": 30, "currency_code": "GBP"}
    bill |= {"language": "en", "lines": [{"categoryid": category, "quantity": 1, "unit_cost": money}]}
    bill_id = tools.one(simulator.post("/bills/bills", {"bill": bill}))["id"]
    payment = {"billid": bill_id, "amount": money, "payment_type": "Check", "paid_date": "2011-03-02"}
    tools.one(simulator.post("/bill_payments/bill_payments", {"bill_payment": payment}))
    income = {"amount": money, "category_name": "rentals", "date": "2011-03-01", "payment_type": "Cash"}
    income = tools.one(
        simulator.post("/other_incomes/other_incomes", {"other_income": income | {"source": "Shed"}})
    )
    names = [line["name"] for line in rows(simulator)]
    assert list(dict.fromkeys(names)) == ["Expense", "Bill", "Bill payment", "Other income"]
    assert rows(simulator)[-1]["entry"]["incomeid"] == income["incomeid"]


def test_drafts_and_deleted_documents_have_no_details(own):
    simulator = own()
    simulator.invoice()
    deleted = simulator.sent()
    assert details(simulator)["total"] == 3
    simulator.delete(f"/invoices/invoices/{deleted['id']}")
    assert details(simulator)["total"] == 0


def test_pages_cover_all_details_once_newest_day_first(own, tools):
    simulator = own()
    client = simulator.client()
    for day in (5, 2, 9, 2):
        simulator.sent(client, create_date=f"2011-03-{day:02}", lines=[tools.line()] * day)
    everything = rows(simulator)
    assert details(simulator)["total"] == len(everything) == 5 + 2 + 9 + 2 + 4 * 2
    days = [line["user_entered_date"] for line in everything]
    assert days == sorted(days, reverse=True)
    for per_page in (1, 4, 7, 15):
        first = details(simulator, f"per_page={per_page}")
        pages = [rows(simulator, f"per_page={per_page}&page={n}") for n in range(1, first["pages"] + 1)]
        assert [line for page in pages for line in page] == everything
        assert rows(simulator, f"per_page={per_page}&page={first['pages'] + 1}") == []
    assert len({line["detailid"] for line in everything}) == len(everything)


def test_every_entry_balances(own, tools):
    simulator = own()
    client = simulator.client()
    invoice = simulator.invoice(client, create_date="2011-03-20")
    simulator.pay(invoice, "100.00")
    simulator.change(invoice, action_mark_as_sent=True)
    simulator.pay(simulator.sent(client), "500.00")
    tools.one(entry(simulator))
    sums: dict[int, Decimal] = {}
    for line in rows(simulator):
        amount = Decimal((line["debit"] or {"amount": "0"})["amount"])
        amount -= Decimal((line["credit"] or {"amount": "0"})["amount"])
        sums[line["entry"]["entryid"]] = sums.get(line["entry"]["entryid"], Decimal(0)) + amount
    assert len(sums) >= 5
    assert set(sums.values()) == {Decimal(0)}


def test_details_are_found_by_day_and_sub_account(own, tools):
    simulator = own()
    client = simulator.client()
    for day in (1, 2, 3):
        simulator.sent(client, create_date=f"2011-03-{day:02}")
    assert details(simulator, "search[start_date]=2011-03-02&search[end_date]=2011-03-02")["total"] == 3
    assert details(simulator, "search[start_date]=2011-03-02")["total"] == 6
    assert details(simulator, "search[end_date]=2011-02-28")["total"] == 0
    receivable = sub_account(simulator, "1200")
    found = details(simulator, f"search[sub_accountid]={receivable}&search[end_date]=2011-03-02&per_page=1")
    assert (found["total"], found["pages"], len(found["journal_entry_details"])) == (2, 2, 1)
    assert found["journal_entry_details"][0]["sub_account"]["sub_accountid"] == receivable
    assert details(simulator, "search[sub_accountid]=1")["total"] == 0
    assert details(simulator, "search[accountid]=1&search[name]=x")["total"] == 9
    answer = simulator.get(DETAILS, **{"search[start_date]": "soon"})
    assert tools.error(answer) == (422, 1023, "start_date")


def test_the_filters_may_be_ignored_by_a_switch(own):
    simulator = own(journal_filters="ignore")
    simulator.sent()
    assert details(simulator, "search[end_date]=2000-01-01")["total"] == 3


def test_a_balance_is_that_of_the_detail_or_by_a_switch_that_of_the_account_after_it(own):
    simulator = own()
    for day in (1, 2):
        simulator.sent(create_date=f"2011-03-{day:02}")
    receivable = f"search[sub_accountid]={sub_account(simulator, '1200')}"
    assert [line["balance"]["amount"] for line in rows(simulator, receivable)] == ["144.00", "144.00"]
    simulator.http.post("/_sandbox/switches", json={"journal_balance": "running"})
    assert [line["balance"]["amount"] for line in rows(simulator, receivable)] == ["288.00", "144.00"]


def test_the_journal_survives_a_kill(fresh, tools):
    simulator = fresh()
    simulator.sent()
    made = tools.one(entry(simulator))
    before, chart = rows(simulator), accounts(simulator)
    simulator.end(signal.SIGKILL)
    simulator.arguments = ()
    simulator.start()
    assert rows(simulator) == before
    assert accounts(simulator) == chart
    assert tools.one(entry(simulator))["entryid"] == made["entryid"] + 1
