"""Reports of the FreshBooks simulator: bare dates, today by default, sums that agree with documents and ledger.

Belongs here: what the report paths answer. Does not belong here: documents themselves.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

LINE = {"name": "Lamp", "qty": 2, "unit_cost": {"amount": "50.00"}, "taxName1": "VAT", "taxAmount1": "20"}


@pytest.fixture(scope="module")
def books(simulator: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A client, two sent invoices of 120.00 on 1 and 5 October, 70.00 paid on 6 October, a draft."""
    sim = type(simulator)(tmp_path_factory.mktemp("reports"), "--from", "2011-03-01")
    client = sim.client(organization="Harbour")
    sent = [sim.sent(client, create_date=day, lines=[LINE]) for day in ("2010-10-01", "2010-10-05")]
    sim.invoice(client, create_date="2010-10-05", lines=[LINE])
    sim.pay(sent[0], "70.00", date="2010-10-06", type="Cash")
    yield sim
    sim.end()


def _report(sim: Any, name: str, **query: str) -> dict[str, Any]:
    answer = sim.get(f"/reports/accounting/{name}", **query)
    assert answer.status_code == 200, answer.text
    (report,) = answer.json()["response"]["result"].values()
    return report


OCTOBER = {"start_date": "2010-10-01", "end_date": "2010-10-31"}


def test_profit_and_loss_is_sales_without_tax_and_without_drafts(books: Any) -> None:
    report = _report(books, "profitloss_entity", **OCTOBER)
    assert report["total_income"]["total"] == {"amount": "200.00", "code": "GBP"}
    assert report["net_profit"]["total"]["amount"] == "200.00"
    assert [entry["description"] for entry in report["income"]] == ["Sales"]


def test_payments_collected_lists_each_payment_once(books: Any) -> None:
    report = _report(books, "payments_collected", **OCTOBER)
    (payment,) = report["payments"]
    assert (payment["amount"]["amount"], payment["method"], payment["client"]) == ("70.00", "Cash", "Harbour")
    assert report["totals"] == [{"amount": "70.00", "code": "GBP"}]


def test_the_tax_summary_adds_what_sent_invoices_charged(books: Any) -> None:
    report = _report(books, "taxsummary", **OCTOBER)
    (vat,) = report["taxes"]
    assert (vat["tax_name"], vat["tax_collected"]["amount"]) == ("VAT", "40.00")
    assert vat["taxable_amount_collected"]["amount"] == "200.00"
    assert report["total_invoiced"]["amount"] == "240.00"


def test_ageing_counts_from_the_due_date(books: Any) -> None:
    (row,) = _report(books, "accounts_aging", start_date="2010-10-01", end_date="2010-11-02")["accounts"]
    ages = {name: row[name]["amount"] for name in ("0-30", "31-60", "total")}
    assert ages == {"0-30": "120.00", "31-60": "50.00", "total": "170.00"}


def test_the_trial_balance_is_that_of_the_ledger(books: Any) -> None:
    rows = _report(books, "trial_balance", start_date="2000-01-01", end_date="2010-12-31")["data"]
    told = {
        row["account_number"]: Decimal(row["debit"]["amount"]) - Decimal(row["credit"]["amount"])
        for row in rows
    }
    assert {number: f"{amount:.2f}" for number, amount in told.items() if amount} == {
        number: balance for number, balance in books.balances("2010-12-31").items() if balance != "0.00"
    }


def test_without_dates_a_report_covers_today_only_and_search_is_ignored(books: Any) -> None:
    today = _report(books, "payments_collected")
    assert today["start_date"] == today["end_date"] and today["payments"] == []
    ignored = _report(books, "payments_collected", **{"search[date_min]": "2010-10-01"})
    assert ignored == today


@pytest.mark.parametrize(
    ("query", "errno"),
    [
        ({"start_date": "soon"}, 1033),
        ({"start_date": "2010-10-31", "end_date": "2010-10-01"}, 1007),
    ],
)
def test_bad_dates_are_refused(books: Any, query: dict[str, str], errno: int) -> None:
    refused = books.get("/reports/accounting/profitloss_entity", **query)
    assert refused.status_code == 422
    assert refused.json()["response"]["errors"][0]["errno"] == errno


def test_an_unknown_report_is_not_found(books: Any) -> None:
    assert books.get("/reports/accounting/weather").status_code == 404


def test_tax_paid_on_expenses_and_bills_is_deducted(books: Any) -> None:
    category = books.get("/expenses/categories").json()["response"]["result"]["categories"][0]["id"]
    expense = {"categoryid": category, "staffid": 1, "date": "2010-12-06", "amount": {"amount": "12.00"}}
    made = books.post("/expenses/expenses", {"expense": expense | {"taxName1": "VAT", "taxPercent1": "20"}})
    assert made.status_code == 200, made.text
    vendor = {"vendor_name": "Mill", "currency_code": "GBP", "language": "en"}
    vendor_id = books.post("/bill_vendors/bill_vendors", {"bill_vendor": vendor}).json()["response"]["result"]
    line = {"categoryid": category, "quantity": 1, "unit_cost": {"amount": "50.00"}, "tax_name1": "VAT"}
    bill = {
        "vendorid": vendor_id["bill_vendor"]["vendorid"],
        "issue_date": "2010-12-07",
        "due_offset_days": 30,
    }
    bill |= {"currency_code": "GBP", "language": "en", "lines": [line | {"tax_percent1": "20"}]}
    assert books.post("/bills/bills", {"bill": bill}).status_code == 200
    (vat,) = _report(books, "taxsummary", start_date="2010-12-01", end_date="2010-12-31")["taxes"]
    assert (vat["tax_paid"]["amount"], vat["taxable_amount_paid"]["amount"]) == ("12.00", "60.00")
    assert vat["net_tax"]["amount"] == "-12.00"
