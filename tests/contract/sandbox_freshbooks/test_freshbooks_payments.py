"""Payments of the FreshBooks simulator and what they do to invoices, credit and the ledger (freshbooks-api 7.3)."""

from __future__ import annotations

import pytest


def test_a_payment_closes_the_invoice_and_deleting_it_opens_it_again(simulator):
    invoice = simulator.sent()
    payment = simulator.pay(invoice, "144.00", note="FBINFOR-1")
    assert payment["logid"] == payment["id"]
    paid = simulator.read(invoice)
    assert (paid["outstanding"]["amount"], paid["v3_status"], paid["date_paid"]) == (
        "0.00",
        "paid",
        "2011-03-02",
    )
    simulator.delete(f"/payments/payments/{payment['id']}")
    opened = simulator.read(invoice)
    assert (opened["outstanding"]["amount"], opened["payment_status"]) == ("144.00", "unpaid")
    assert opened["date_paid"] is None


def test_paying_too_much_splits_off_an_overpayment_credit(own, tools):
    simulator = own()
    invoice = simulator.sent(lines=[tools.line("150.00", 1)], invoice_number="77")
    payment = simulator.pay(invoice, "3300.00")
    assert payment["amount"] == {"amount": "180.00", "code": "GBP"}
    note = tools.one(simulator.get(f"/credit_notes/credit_notes/{payment['overpaymentid']}"))
    assert (note["credit_type"], note["amount"]["amount"]) == ("overpayment", "3120.00")
    assert note["description"] == "Overpayment: invoice #77"
    assert simulator.balances() == {
        "1000": "3300.00",
        "1200": "0.00",
        "2005": "-30.00",
        "2100": "-3120.00",
        "4000": "-150.00",
    }
    simulator.delete(f"/payments/payments/{payment['id']}")
    assert tools.one(simulator.get(f"/credit_notes/credit_notes/{note['id']}"))["vis_state"] == 1
    assert simulator.balances()["1000"] == "0.00"


def test_credit_is_used_by_a_payment_of_type_credit_and_is_no_cash(own, tools):
    simulator = own()
    client = simulator.client()
    credit = simulator.pay(simulator.sent(client), "644.00")["overpaymentid"]
    used = simulator.pay(simulator.sent(client), "44.00", type="Credit", creditid=credit)
    assert used["from_credit"] is True
    assert simulator.balances()["1000"] == "644.00"
    assert simulator.balances()["2100"] == "-456.00"
    note = tools.one(simulator.get(f"/credit_notes/credit_notes/{credit}"))
    assert (note["paid"]["amount"], note["payment_status"]) == ("44.00", "partial")
    again = simulator.sent(client, lines=[tools.line("9000.00", 1)])
    body = {"invoiceid": again["id"], "amount": {"amount": "456.01"}, "date": "2011-03-02"}
    answer = simulator.post("/payments/payments", {"payment": {**body, "type": "Credit", "creditid": credit}})
    assert tools.error(answer) == (422, 1004, "amount")


def test_a_payment_on_a_draft_is_held_in_advance_until_the_invoice_is_sent(own):
    simulator = own()
    invoice = simulator.invoice(create_date="2010-10-30")
    simulator.pay(invoice, "144.00", date="2010-10-30")
    draft = simulator.read(invoice)
    assert (draft["status"], draft["v3_status"], draft["payment_status"]) == (1, "draft", "paid")
    nothing = {"1200": "0.00", "2005": "0.00", "4000": "0.00"}
    assert simulator.balances() == {"1000": "144.00", "2100": "-144.00", **nothing}
    simulator.change(invoice, create_date="2010-11-02", action_mark_as_sent=True)
    assert simulator.read(invoice)["v3_status"] == "paid"
    assert simulator.balances("2010-10-31") == {"1000": "144.00", "2100": "-144.00", **nothing}
    assert simulator.balances("2010-11-02") == {
        "1000": "144.00",
        "1200": "0.00",
        "2005": "-24.00",
        "2100": "0.00",
        "4000": "-120.00",
    }


def test_lowering_an_invoice_below_what_is_paid_makes_outstanding_negative_or_is_refused(
    simulator, own, tools
):
    invoice = simulator.sent()
    simulator.pay(invoice, "144.00")
    lowered = simulator.change(invoice, lines=[tools.line("12.00", 8)])
    assert (lowered["outstanding"]["amount"], lowered["v3_status"]) == ("-28.80", "paid")
    strict = own(lower_below_paid="refuse")
    invoice = strict.sent()
    strict.pay(invoice, "144.00")
    body = {"invoice": {"lines": [tools.line("12.00", 8)]}}
    assert tools.error(strict.put(f"/invoices/invoices/{invoice['id']}", body)) == (422, 1040, "amount")
    assert strict.read(invoice)["amount"]["amount"] == "144.00"


def test_a_payment_may_shrink_and_the_invoice_follows(simulator, tools):
    invoice = simulator.sent()
    payment = simulator.pay(invoice, "144.00")
    body = {"payment": {"amount": {"amount": "115.20"}}}
    assert tools.one(simulator.put(f"/payments/payments/{payment['id']}", body))["type"] == "Check"
    assert simulator.read(invoice)["outstanding"]["amount"] == "28.80"


@pytest.mark.parametrize(
    ("given", "errno", "field"),
    [
        ({"amount": None}, 1001, "amount"),
        ({"date": None}, 1001, "date"),
        ({"invoiceid": None}, 1001, "invoiceid"),
        ({"invoiceid": 5}, 1004, "invoiceid"),
        ({"amount": {"amount": "-1.00"}}, 1025, "amount"),
        ({"amount": {"amount": "x"}}, 1015, "amount"),
        ({"amount": {"amount": "1.00", "code": "USD"}}, 1004, "code"),
        ({"amount": "1.00"}, 1004, "amount"),
        ({"type": "Cowrie"}, 1004, "type"),
        ({"type": "Credit"}, 1001, "creditid"),
    ],
)
def test_a_payment_that_cannot_be_is_refused(simulator, tools, given, errno, field):
    invoice = simulator.sent()
    body = {"invoiceid": invoice["id"], "amount": {"amount": "1.00"}, "date": "2011-03-02"} | given
    assert tools.error(simulator.post("/payments/payments", {"payment": body})) == (422, errno, field)


def test_the_type_is_written_as_freshbooks_writes_it_and_may_be_left_out(simulator):
    invoice = simulator.sent()
    assert [simulator.pay(invoice, "1.00", type=t)["type"] for t in ("visa", "bank transfer", None)] == [
        "VISA",
        "Bank Transfer",
        "Other",
    ]


def test_an_invoice_with_payments_is_not_deleted(simulator, tools):
    invoice = simulator.sent()
    payment = simulator.pay(invoice, "1.00")
    assert simulator.delete(f"/invoices/invoices/{invoice['id']}").status_code == 422
    simulator.delete(f"/payments/payments/{payment['id']}")
    assert simulator.delete(f"/invoices/invoices/{invoice['id']}").status_code == 200


def test_a_payment_moves_the_stamp_of_its_invoice_unless_switched_off(simulator, own):
    def moves(simulator) -> bool:
        invoice = simulator.sent()
        simulator.pay(invoice, "1.00")
        return simulator.read(invoice)["version"] > invoice["version"]

    assert moves(simulator)
    assert not moves(own(payment_touches_invoice=False))
