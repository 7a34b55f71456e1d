"""Clients, invoices, credit notes and taxes of the FreshBooks simulator (freshbooks-api 6 and 7)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

# ------------------------------------------------------------------------------------------- clients


def test_a_client_made_of_an_email_gets_it_as_organization(simulator, tools):
    client = tools.one(simulator.post("/users/clients", {"client": {"email": "a@b.example"}}))
    assert client["organization"] == "a@b.example"
    assert client["id"] == client["userid"]
    assert client["username"]


def test_two_clients_may_have_the_same_email(simulator):
    ids = [simulator.client(email="twin@example.com")["id"] for _ in range(2)]
    assert simulator.listed("/users/clients", "search[email]=twin@example.com") == ids


def test_signup_date_is_utc_while_updated_is_eastern_wall_clock(own):
    simulator = own()
    for instant, hours in (("2011-07-01T12:00:00Z", 4), ("2011-12-01T12:00:00Z", 5)):
        simulator.clock(instant)
        client = simulator.client()
        signup, updated = (datetime.fromisoformat(client[name]) for name in ("signup_date", "updated"))
        assert signup - updated == timedelta(hours=hours)


def test_an_update_is_partial_and_unknown_fields_are_dropped_without_a_word(simulator, tools):
    client = simulator.client(email="keep@example.com")
    body = {"client": {"p_city": "Leeds", "shoe_size": 43}}
    changed = tools.one(simulator.put(f"/users/clients/{client['id']}", body))
    assert (changed["p_city"], changed["email"]) == ("Leeds", "keep@example.com")
    assert "shoe_size" not in changed


def test_contacts_are_read_only_when_included_and_an_empty_list_removes_them(simulator, tools):
    client = simulator.client(contacts=[{"email": "c@example.com", "fname": "C"}])
    assert "contacts" not in client
    path = f"/users/clients/{client['id']}"
    assert [c["email"] for c in tools.one(simulator.get(path, **{"include[]": "contacts"}))["contacts"]] == [
        "c@example.com"
    ]
    simulator.put(path, {"client": {"contacts": []}})
    assert tools.one(simulator.get(path, **{"include[]": "contacts"}))["contacts"] == []


def test_the_outstanding_balance_is_a_list_by_currency(simulator, tools):
    client = simulator.client()
    simulator.sent(client)
    path = f"/users/clients/{client['id']}"
    shown = tools.one(simulator.get(path, **{"include[]": "outstanding_balance"}))
    assert shown["outstanding_balance"] == [{"amount": {"amount": "144.00", "code": "GBP"}}]


def test_an_unknown_client_is_404_with_errno_1012(simulator):
    answer = simulator.get("/users/clients/12345")
    assert answer.status_code == 404
    assert answer.json() == {
        "response": {
            "errors": [
                {
                    "errno": 1012,
                    "field": "userid",
                    "message": "Client not found.",
                    "object": "client",
                    "value": "12345",
                }
            ]
        }
    }


def test_the_plan_may_limit_clients(own, tools):
    simulator = own(client_limit=1)
    simulator.client()
    answer = simulator.post("/users/clients", {"client": {"email": "two@example.com"}})
    assert answer.status_code == 402
    assert answer.json()["response"]["errors"][0]["message"] == "Client limit of 1 reached"


# ---------------------------------------------------------------------------------- deleting, hiding


@pytest.mark.parametrize("way", ["DELETE", "PUT"])
@pytest.mark.parametrize("kind", ["client", "invoice", "payment", "credit_note"])
def test_both_ways_of_deleting_hide_the_row_which_can_still_be_read_and_restored(simulator, tools, way, kind):
    client = simulator.client()
    invoice = simulator.invoice(client)
    paths = {
        "client": lambda: f"/users/clients/{client['id']}",
        "invoice": lambda: f"/invoices/invoices/{invoice['id']}",
        "payment": lambda: f"/payments/payments/{simulator.pay(invoice, '1.00')['id']}",
        "credit_note": lambda: f"/credit_notes/credit_notes/{credit(simulator, tools, client)['id']}",
    }
    path = paths[kind]()
    collection, _, id_ = path.rpartition("/")
    if way == "DELETE":
        answer = simulator.delete(path)
        assert (answer.status_code, answer.json()) == (200, {"response": {}})
    else:
        assert tools.one(simulator.put(path, {kind: {"vis_state": 1}}))["vis_state"] == 1
    every = (
        f"search[clientid]={client['id']}&search[customerid]={client['id']}&search[userid]={client['id']}&"
    )
    assert int(id_) not in simulator.listed(collection, every)
    assert int(id_) in simulator.listed(collection, every + "search[vis_state]=1")
    assert tools.one(simulator.get(path))["vis_state"] == 1
    tools.one(simulator.put(path, {kind: {"vis_state": 0}}))
    assert int(id_) in simulator.listed(collection, every)


def test_an_archived_row_stays_in_the_list(simulator, tools):
    client = simulator.client()
    tools.one(simulator.put(f"/users/clients/{client['id']}", {"client": {"vis_state": 2}}))
    assert simulator.listed("/users/clients", f"search[userid]={client['id']}") == [client["id"]]


def test_writing_to_a_deleted_row_is_refused(simulator, tools):
    client = simulator.client()
    path = f"/users/clients/{client['id']}"
    simulator.delete(path)
    assert tools.error(simulator.put(path, {"client": {"p_city": "Leeds"}})) == (422, 1011, "userid")


# ------------------------------------------------------------------------------------------- invoices


def test_lines_are_read_only_when_included(simulator):
    invoice = simulator.invoice()
    assert "lines" not in invoice
    assert "lines" not in simulator.read(invoice)
    (line,) = simulator.read(invoice, "lines")["lines"]
    assert {name: line[name] for name in ("lineid", "qty", "taxName1", "taxAmount1", "type")} == {
        "lineid": 1,
        "qty": "10",
        "taxName1": "VAT",
        "taxAmount1": "20",
        "type": 0,
    }
    assert line["amount"] == {"amount": "120.00", "code": "GBP"}


def test_amounts_are_texts_and_tax_is_a_per_cent_of_the_line(simulator, tools):
    invoice = simulator.invoice(lines=[tools.line(), tools.line("10.00", 1, name="POST")])
    assert invoice["amount"] == {"amount": "156.00", "code": "GBP"}
    assert invoice["outstanding"] == {"amount": "156.00", "code": "GBP"}
    assert invoice["paid"] == {"amount": "0.00", "code": "GBP"}


def test_a_discount_is_a_per_cent_and_tax_is_taken_of_the_discounted_line(simulator, tools):
    lines = [tools.line("5.00", 4, "13"), tools.line("24.00", 1, None)]
    invoice = simulator.invoice(lines=lines, discount_value="10")
    assert invoice["discount_total"]["amount"] == "-4.40"
    assert invoice["amount"]["amount"] == "41.94"


@pytest.mark.parametrize(("rounding", "total"), [("document", "11.99"), ("line", "12.00")])
def test_tax_is_rounded_per_document_or_per_line_by_a_switch(own, tools, rounding, total):
    simulator = own(tax_rounding=rounding)
    invoice = simulator.invoice(lines=[tools.line("3.33", 1)] * 3)
    assert invoice["amount"]["amount"] == total


def test_a_unit_cost_keeps_more_than_two_decimals_and_the_line_is_rounded_half_up(simulator, tools):
    invoice = simulator.invoice(lines=[tools.line("0.125", 1, None), tools.line("-0.125", 1, None)])
    lines = simulator.read(invoice, "lines")["lines"]
    assert [line["unit_cost"]["amount"] for line in lines] == ["0.125", "-0.125"]
    assert [line["amount"]["amount"] for line in lines] == ["0.13", "-0.13"]


def test_a_put_of_lines_replaces_all_of_them(simulator, tools):
    invoice = simulator.invoice(lines=[tools.line(), tools.line(), tools.line()])
    changed = simulator.change(invoice, lines=[tools.line("100.00", 1, name="OTHER")])
    assert changed["amount"]["amount"] == "120.00"
    assert [line["name"] for line in simulator.read(invoice, "lines")["lines"]] == ["OTHER"]


def test_a_put_without_lines_keeps_them(simulator):
    invoice = simulator.invoice()
    assert simulator.change(invoice, notes="Carrier 12")["amount"]["amount"] == "144.00"
    assert len(simulator.read(invoice, "lines")["lines"]) == 1


def test_due_date_cannot_be_written_and_follows_from_the_offset(simulator, tools):
    invoice = simulator.invoice(due_offset_days=30)
    assert invoice["due_date"] == "2011-03-31"
    path = f"/invoices/invoices/{invoice['id']}"
    assert tools.error(simulator.put(path, {"invoice": {"due_date": "2011-04-30"}})) == (
        403,
        1038,
        "due_date",
    )
    assert simulator.change(invoice, create_date="2011-04-01")["due_date"] == "2011-05-01"
    assert simulator.invoice()["due_date"] == "2011-03-01"


@pytest.mark.parametrize("field", ["amount", "outstanding", "paid", "v3_status", "payment_status"])
def test_computed_fields_cannot_be_written(simulator, tools, field):
    path = f"/invoices/invoices/{simulator.invoice()['id']}"
    assert tools.error(simulator.put(path, {"invoice": {field: "x"}})) == (403, 1038, field)


@pytest.mark.parametrize("status", [0, 1, 2, 3])
def test_status_zero_to_three_can_be_set(simulator, status):
    assert simulator.change(simulator.invoice(), status=status)["status"] == status


@pytest.mark.parametrize(("status", "errno"), [(4, 1004), (8, 1004), ("sent", 1015), ("2", 1015)])
def test_another_status_or_a_text_is_refused(simulator, tools, status, errno):
    path = f"/invoices/invoices/{simulator.invoice()['id']}"
    assert tools.error(simulator.put(path, {"invoice": {"status": status}})) == (422, errno, "status")


@pytest.mark.parametrize("field", ["customerid", "create_date"])
def test_customer_and_date_are_required(simulator, field):
    body = {"customerid": simulator.client()["id"], "create_date": "2011-03-01"}
    del body[field]
    answer = simulator.post("/invoices/invoices", {"invoice": body})
    assert answer.status_code == 422
    assert answer.json()["response"]["errors"][0]["message"] == f"'{field}' is a required field."


def test_an_invoice_number_is_kept_or_made_up_of_seven_digits(simulator):
    assert simulator.invoice(invoice_number="536365-2")["invoice_number"] == "536365-2"
    numbers = [simulator.invoice()["invoice_number"] for _ in range(2)]
    assert all(len(number) == 7 for number in numbers)
    assert int(numbers[1]) == int(numbers[0]) + 1


def test_a_second_invoice_of_the_same_number_is_allowed_or_refused_by_a_switch(simulator, own, tools):
    client = simulator.client()
    assert len({simulator.invoice(client, invoice_number="DUP")["id"] for _ in range(2)}) == 2
    strict = own(duplicate_invoice_number="refuse")
    first = strict.invoice(invoice_number="DUP")
    body = {"customerid": first["customerid"], "create_date": "2011-03-01", "invoice_number": "DUP"}
    answer = strict.post("/invoices/invoices", {"invoice": body})
    assert tools.error(answer) == (422, 1029, "invoice_number")
    strict.delete(f"/invoices/invoices/{first['id']}")
    assert strict.invoice(invoice_number="DUP")["invoice_number"] == "DUP"


def test_the_clients_address_is_a_copy_made_at_creation(simulator):
    client = simulator.client(organization="Old Ltd", p_city="Leeds")
    invoice = simulator.invoice(client)
    simulator.put(f"/users/clients/{client['id']}", {"client": {"organization": "New Ltd", "p_city": "York"}})
    shown = simulator.read(invoice)
    assert (shown["organization"], shown["city"], shown["current_organization"]) == (
        "Old Ltd",
        "Leeds",
        "New Ltd",
    )


def test_an_invoice_is_a_draft_until_it_is_marked_as_sent(simulator):
    draft = simulator.invoice()
    assert (draft["status"], draft["v3_status"], draft["fulfillment_date"]) == (1, "draft", None)
    sent = simulator.change(draft, action_mark_as_sent=True)
    assert (sent["status"], sent["display_status"]) == (2, "sent")
    assert sent["fulfillment_date"] is not None


def test_lines_date_and_sending_may_come_in_one_put(simulator, tools):
    sent = simulator.change(
        simulator.invoice(), lines=[tools.line("1.00", 1)], create_date="2011-03-05", action_mark_as_sent=True
    )
    assert (sent["amount"]["amount"], sent["create_date"], sent["status"]) == ("1.20", "2011-03-05", 2)


def test_states_follow_amounts_and_the_day_in_us_eastern(own, tools):
    simulator = own()
    client = simulator.client()

    def state(invoice):
        shown = simulator.read(invoice)
        return shown["status"], shown["v3_status"], shown["payment_status"]

    draft = simulator.invoice(client)
    sent = simulator.sent(client, due_offset_days=30)
    viewed = simulator.change(simulator.invoice(client, due_offset_days=30), status=3)
    partial = simulator.sent(client, due_offset_days=30)
    paid = simulator.sent(client, due_offset_days=30)
    nothing = simulator.sent(client, lines=[tools.line("0.00", 1)], due_offset_days=30)
    simulator.pay(partial, "1.00")
    simulator.pay(paid, "144.00")
    every = (draft, sent, viewed, partial, paid, nothing)
    assert [state(invoice) for invoice in every] == [
        (1, "draft", "unpaid"),
        (2, "sent", "unpaid"),
        (3, "viewed", "unpaid"),
        (2, "partial", "partial"),
        (4, "paid", "paid"),
        (2, "sent", "unpaid"),
    ]
    # Due on 31 March; at 02:00 UTC on 1 April it is still 31 March in New York.
    simulator.clock("2011-04-01T02:00:00Z")
    assert state(sent) == (2, "sent", "unpaid")
    simulator.clock("2011-04-01T12:00:00Z")
    assert [state(invoice) for invoice in every] == [
        (1, "draft", "unpaid"),
        (2, "overdue", "unpaid"),
        (3, "overdue", "unpaid"),
        (2, "overdue", "partial"),
        (4, "paid", "paid"),
        (2, "overdue", "unpaid"),
    ]


def test_an_unknown_or_deleted_customer_is_refused(simulator, tools):
    gone = simulator.client()
    simulator.delete(f"/users/clients/{gone['id']}")
    for customer, errno in ((1, 1004), (gone["id"], 1011)):
        answer = simulator.post(
            "/invoices/invoices", {"invoice": {"customerid": customer, "create_date": "2011-03-01"}}
        )
        assert tools.error(answer)[:2] == (422, errno)


@pytest.mark.parametrize(
    "given",
    [
        {"lines": "none"},
        {"lines": [{"qty": "many"}]},
        {"lines": [{"qty": 1, "unit_cost": {"amount": "1", "code": "EUR"}}]},
        {"lines": [{"type": 1}]},
        {"create_date": "01/03/2011"},
        {"due_offset_days": "soon"},
    ],
)
def test_a_refused_update_changes_nothing(simulator, given):
    invoice = simulator.invoice()
    before = simulator.read(invoice, "lines")
    assert simulator.put(f"/invoices/invoices/{invoice['id']}", {"invoice": given}).status_code == 422
    assert simulator.read(invoice, "lines") == before


def test_a_body_that_is_no_json_is_400_with_errno_1005(simulator, tools):
    answer = simulator.http.post(simulator.account + "/invoices/invoices", content=b'{"invoice": ')
    assert tools.error(answer)[:2] == (400, 1005)


def test_the_wrapper_is_the_singular_name(simulator):
    body = {"clientid": simulator.client()["id"], "create_date": "2011-03-01"}
    assert simulator.post("/credit_notes/credit_notes", {"credit_notes": body}).status_code == 422


def test_errors_may_come_in_the_new_shape_or_with_http_200(own):
    answer = own(error_shape="new").get("/users/clients/12345")
    assert (answer.status_code, answer.json()["code"]) == (404, 5)
    detail = answer.json()["details"][0]
    assert (detail["reason"], detail["metadata"]["message"]) == ("1012", "Client not found.")
    answer = own(items_feature=False).get("/items/items")
    assert answer.status_code == 200
    assert answer.json()["response"]["errors"][0]["errno"] == 12001


# ------------------------------------------------------------------------------ credit notes and taxes


def credit(simulator, tools, client, amount="12.00", **given):
    body = {"clientid": client["id"], "create_date": "2011-03-03", "lines": [tools.line(amount, 1)]} | given
    return tools.one(simulator.post("/credit_notes/credit_notes", {"credit_note": body}))


def test_a_credit_note_has_texts_as_status_and_no_updated(simulator, tools):
    client = simulator.client()
    note = credit(simulator, tools, client, credit_number="C536379")
    assert note["amount"] == {"amount": "14.40", "code": "GBP"}
    assert (note["credit_number"], note["credit_type"], note["status"]) == ("C536379", "goodwill", "created")
    assert "updated" not in note
    assert "lines" not in note
    assert simulator.listed("/credit_notes/credit_notes", f"search[clientid]={client['id']}") == [note["id"]]
    shown = tools.one(simulator.get(f"/credit_notes/credit_notes/{note['id']}", **{"include[]": "lines"}))
    assert shown["lines"][0]["creditid"] == note["id"]


def test_goodwill_takes_back_revenue_and_tax(own, tools):
    simulator = own()
    client = simulator.client()
    simulator.sent(client)
    credit(simulator, tools, client)
    assert simulator.balances() == {
        "1000": "0.00",
        "1200": "129.60",
        "2005": "-21.60",
        "2100": "0.00",
        "4000": "-108.00",
    }


def test_an_unknown_credit_type_is_refused(simulator, tools):
    body = {"clientid": simulator.client()["id"], "create_date": "2011-03-03", "credit_type": "gift"}
    answer = simulator.post("/credit_notes/credit_notes", {"credit_note": body})
    assert tools.error(answer) == (422, 1004, "credit_type")


def test_the_account_has_vat_and_a_tax_name_is_used_once(simulator, tools):
    (vat,) = simulator.get("/taxes/taxes").json()["response"]["result"]["taxes"]
    assert (vat["name"], vat["amount"], vat["id"] == vat["taxid"]) == ("VAT", "20", True)
    assert tools.error(simulator.post("/taxes/taxes", {"tax": {"name": "VAT"}}))[:2] == (422, 13002)
    path = f"/taxes/taxes/{tools.one(simulator.post('/taxes/taxes', {'tax': {'name': 'X', 'amount': '5'}}))['id']}"
    assert simulator.delete(path).json() == {"response": {}}
    assert simulator.get(path).status_code == 404
