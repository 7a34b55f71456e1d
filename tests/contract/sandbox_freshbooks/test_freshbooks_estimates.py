"""Estimates of the FreshBooks simulator (freshbooks-api 7.8)."""

from __future__ import annotations

import pytest


@pytest.fixture
def estimate(simulator, tools):
    """Make an estimate: estimate(**fields)."""

    def make(**given: object) -> dict:
        body = {"customerid": simulator.client()["id"], "create_date": "2011-03-01", "lines": [tools.line()]}
        return tools.one(simulator.post("/estimates/estimates", {"estimate": body | given}))

    return make


def read(simulator, tools, estimate, include=""):
    query = {"include[]": include} if include else {}
    return tools.one(simulator.get(f"/estimates/estimates/{estimate['id']}", **query))


def change(simulator, tools, estimate, **given):
    return tools.one(simulator.put(f"/estimates/estimates/{estimate['id']}", {"estimate": given}))


def test_an_estimate_is_worth_what_an_invoice_of_its_lines_is_worth(simulator, estimate, tools):
    lines = [tools.line("5.00", 4, "13"), tools.line("24.00", 1, None)]
    offer = estimate(lines=lines, discount_value="10")
    invoice = simulator.invoice(lines=lines, discount_value="10")
    for name in ("amount", "discount_total"):
        assert offer[name] == invoice[name]
    assert offer["amount"] == {"amount": "41.94", "code": "GBP"}


def test_lines_are_read_only_when_included_and_name_their_estimate(simulator, tools, estimate):
    offer = estimate()
    assert "lines" not in offer
    (line,) = read(simulator, tools, offer, "lines")["lines"]
    assert (line["estimateid"], line["qty"]) == (offer["estimateid"], "10")


def test_a_new_estimate_is_a_numbered_draft(estimate):
    first, second = estimate(), estimate()
    assert (first["status"], first["display_status"], first["ui_status"]) == (1, "draft", "draft")
    assert (first["accepted"], first["invoiced"]) == (False, False)
    assert int(second["estimate_number"]) == int(first["estimate_number"]) + 1
    assert len(first["estimate_number"]) == 7


def test_the_states_are_computed_and_writing_them_changes_nothing(simulator, tools, estimate):
    offer = change(simulator, tools, estimate(), status=5, display_status="accepted", ui_status="accepted")
    assert (offer["status"], offer["display_status"]) == (1, "draft")


def test_an_estimate_is_sent_by_email_and_accepted_by_an_action(simulator, tools, estimate):
    offer = estimate()
    email = {"subject": "An offer", "body": "See there"}
    sent = change(
        simulator,
        tools,
        offer,
        action_email=True,
        email_recipients=["a@b.example"],
        estimate_customized_email=email,
    )
    assert (sent["status"], sent["display_status"], sent["ui_status"]) == (2, "sent", "open")
    accepted = change(simulator, tools, offer, action_accept=True)
    assert (accepted["status"], accepted["accepted"], accepted["ui_status"]) == (5, True, "accepted")
    actions = [line["action"] for line in read(simulator, tools, offer, "audit_logs")["audit_logs"]]
    assert actions == ["created", "emailed", "accepted"]


def test_an_email_to_something_that_is_no_list_of_addresses_is_refused(simulator, tools, estimate):
    offer = estimate()
    body = {"estimate": {"action_email": True, "email_recipients": "a@b.example"}}
    answer = simulator.put(f"/estimates/estimates/{offer['id']}", body)
    assert tools.error(answer) == (422, 1004, "email_recipients")
    assert read(simulator, tools, offer)["status"] == 1


def test_an_invoice_made_from_it_accepts_an_estimate_and_once_sent_invoices_it(simulator, tools, estimate):
    client = simulator.client()
    offer = estimate(customerid=client["id"])
    invoice = simulator.invoice(client, estimateid=offer["id"])
    assert invoice["estimateid"] == offer["id"]
    accepted = read(simulator, tools, offer)
    assert (accepted["status"], accepted["accepted"], accepted["invoiced"]) == (5, True, False)
    simulator.change(invoice, action_mark_as_sent=True)
    invoiced = read(simulator, tools, offer, "invoices")
    assert (invoiced["status"], invoiced["invoiced"]) == (6, True)
    assert [made["id"] for made in invoiced["invoices"]] == [invoice["id"]]


def test_estimates_post_nothing(own, tools):
    simulator = own()
    body = {"customerid": simulator.client()["id"], "create_date": "2011-03-01", "lines": [tools.line()]}
    offer = tools.one(simulator.post("/estimates/estimates", {"estimate": body}))
    change(simulator, tools, offer, action_accept=True)
    assert set(simulator.balances().values()) == {"0.00"}


def test_the_documented_filters_find_estimates_and_unknown_ones_are_ignored(simulator, tools, estimate):
    client = simulator.client()
    draft = estimate(customerid=client["id"], estimate_number="EST-777", notes="blue paint")
    accepted = change(simulator, tools, estimate(customerid=client["id"]), action_accept=True)
    mine = f"search[customerid]={client['id']}&"
    path = "/estimates/estimates"
    assert simulator.listed(path, mine + "search[estimate_number]=EST-777") == [draft["id"]]
    assert simulator.listed(path, mine + "search[estimate_number_like]=777") == [draft["id"]]
    assert simulator.listed(path, mine + "search[notes]=BLUE") == [draft["id"]]
    assert simulator.listed(path, mine + "search[statusid]=5") == [accepted["id"]]
    both = [draft["id"], accepted["id"]]
    assert simulator.listed(path, mine + "search[statusids][]=1&search[statusids][]=5") == both
    assert simulator.listed(path, mine + "search[display_status]=accepted") == both


def test_the_words_of_ui_status_are_a_switch(own, tools):
    simulator = own(estimate_ui_status="status")
    body = {"customerid": simulator.client()["id"], "create_date": "2011-03-01"}
    offer = tools.one(simulator.post("/estimates/estimates", {"estimate": body}))
    assert change(simulator, tools, offer, action_email=True)["ui_status"] == "sent"


@pytest.mark.parametrize("missing", ["customerid", "create_date"])
def test_customer_and_date_are_required(simulator, tools, missing):
    body = {"customerid": simulator.client()["id"], "create_date": "2011-03-01"}
    del body[missing]
    answer = simulator.post("/estimates/estimates", {"estimate": body})
    assert tools.error(answer) == (422, 1001, missing)


def test_delete_answers_a_body_and_the_estimate_can_be_restored(simulator, tools, estimate):
    offer = estimate()
    answer = simulator.delete(f"/estimates/estimates/{offer['id']}")
    assert (answer.status_code, answer.json()) == (200, {"response": {}})
    assert read(simulator, tools, offer)["vis_state"] == 1
    assert change(simulator, tools, offer, vis_state=0)["vis_state"] == 0
