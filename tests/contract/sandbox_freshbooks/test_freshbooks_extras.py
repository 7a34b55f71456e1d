"""What a document or client carries beside its fields: includes, deposits, links, contacts, staff (freshbooks-api 5, 7)."""

from __future__ import annotations

from decimal import Decimal

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fbinfor_assets.sandbox.freshbooks import pdf

# ------------------------------------------------------------------------------------------- includes


def test_nothing_that_can_be_included_is_read_without_asking(simulator):
    style = {"theme_layout": "modern"}
    invoice = simulator.invoice(presentation=style, allowed_gatewayids=[26], late_fee={"enabled": True})
    names = {
        "presentation",
        "allowed_gateways",
        "late_fee",
        "late_reminders",
        "owner",
        "contacts",
        "audit_logs",
    }
    assert not names & set(simulator.read(invoice))
    assert names <= set(simulator.read(invoice, ",".join(sorted(names))))


def test_several_includes_come_one_by_one_or_with_commas(simulator):
    invoice = simulator.invoice()
    base = f"{simulator.account}/invoices/invoices/{invoice['id']}"
    for query in ("include[]=lines&include[]=owner", "include[]=lines,owner"):
        shown = simulator.http.get(f"{base}?{query}").json()["response"]["result"]["invoice"]
        assert {"lines", "owner"} <= set(shown)


def test_the_owner_and_the_contacts_of_the_client_are_shown(simulator):
    client = simulator.client(contacts=[{"email": "books@example.com", "fname": "Book"}])
    shown = simulator.read(simulator.invoice(client), "owner,contacts")
    assert (shown["owner"]["userid"], shown["ownerid"]) == (1, 1)
    assert [contact["email"] for contact in shown["contacts"]] == ["books@example.com"]


def test_a_late_fee_and_reminders_are_kept_as_given_with_defaults_for_the_rest(simulator, tools):
    fee = {"enabled": True, "days": 30, "type": "percent", "value": 10, "first_tax_name": "VAT"}
    reminder = {"delay": 7, "enabled": True, "body": "Please pay"}
    invoice = simulator.invoice(late_fee=fee, late_reminders=[reminder])
    shown = simulator.read(invoice, "late_fee,late_reminders")
    assert shown["late_fee"] == fee | {
        "value": "10",
        "compounded_taxes": False,
        "first_tax_percent": None,
        "repeat": False,
        "second_tax_name": None,
        "second_tax_percent": None,
    }
    assert shown["late_reminders"] == [reminder | {"position": 1}]
    body = {"invoice": {"late_fee": {"type": "daily"}}}
    assert tools.error(simulator.put(f"/invoices/invoices/{invoice['id']}", body)) == (422, 1004, "type")


def test_a_client_has_late_fee_and_reminders_of_its_own(simulator, tools):
    client = simulator.client(late_reminders=[{"delay": 3}], late_fee={"enabled": True, "days": 5})
    path = f"/users/clients/{client['id']}"
    assert "late_reminders" not in client
    shown = tools.one(simulator.get(path, **{"include[]": "late_reminders,late_fee"}))
    assert (shown["late_reminders"][0]["delay"], shown["late_fee"]["days"]) == (3, 5)


def test_allowed_gateways_are_named_by_their_number(simulator, tools):
    invoice = simulator.invoice()
    assert simulator.read(invoice, "allowed_gateways")["allowed_gateways"] == []
    simulator.change(invoice, allowed_gatewayids=[30, 26])
    shown = simulator.read(invoice, "allowed_gateways")["allowed_gateways"]
    assert [gateway["gateway_name"] for gateway in shown] == ["fbpay", "stripe"]
    body = {"invoice": {"allowed_gatewayids": [99]}}
    assert tools.error(simulator.put(f"/invoices/invoices/{invoice['id']}", body))[2] == "allowed_gatewayids"


def test_sending_stands_in_the_audit_log(simulator):
    invoice = simulator.invoice()
    simulator.change(invoice, action_email=True, email_recipients=["a@b.example"], email_include_pdf=False)
    simulator.change(invoice, action_mark_as_sent=True)
    log = simulator.read(invoice, "audit_logs")["audit_logs"]
    assert [line["action"] for line in log] == ["created", "emailed", "sent"]
    assert {line["invoiceid"] for line in log} == {invoice["id"]}


# -------------------------------------------------------------------------------------- presentation


def test_a_new_invoice_has_the_style_of_the_last_one_unless_it_says_otherwise(own):
    simulator = own()

    def layout(invoice):
        return simulator.read(invoice, "presentation")["presentation"]["theme_layout"]

    assert layout(simulator.invoice()) == "simple"
    styled = simulator.invoice(presentation={"theme_layout": "modern", "theme_primary_color": "#345beb"})
    assert layout(simulator.invoice()) == layout(styled) == "modern"
    assert layout(simulator.invoice(use_default_presentation=False)) == "simple"
    shown = simulator.get("/invoices/presentations").json()["response"]["result"]["presentation"]
    assert (shown["theme_layout"], shown["theme_primary_color"]) == ("modern", "#345beb")
    simulator.change(styled, presentation={"theme_font_name": "classic"})
    assert simulator.read(styled, "presentation")["presentation"]["theme_font_name"] == "classic"
    assert layout(styled) == "modern"


def test_an_unknown_layout_is_refused(simulator, tools):
    body = {"customerid": simulator.client()["id"], "create_date": "2011-03-01"}
    body |= {"presentation": {"theme_layout": "baroque"}}
    answer = simulator.post("/invoices/invoices", {"invoice": body})
    assert tools.error(answer) == (422, 1004, "theme_layout")


# ------------------------------------------------------------------------------------------ deposits


def test_a_deposit_follows_what_is_paid(simulator):
    invoice = simulator.sent(due_offset_days=60, deposit_percentage="50")
    assert (invoice["deposit_amount"]["amount"], invoice["deposit_percentage"]) == ("72.00", "50")

    def states():
        shown = simulator.read(invoice)
        return shown["deposit_status"], shown["v3_status"], shown["payment_status"]

    assert states() == ("unpaid", "sent", "unpaid")
    simulator.pay(invoice, "10.00")
    assert states() == ("partial", "deposit-partial", "partial")
    simulator.pay(invoice, "62.00")
    assert states() == ("paid", "deposit-paid", "partial")
    simulator.pay(invoice, "72.00")
    assert states() == ("paid", "paid", "paid")


def test_without_a_deposit_the_words_are_those_of_any_invoice(simulator):
    invoice = simulator.sent(due_offset_days=60)
    assert (invoice["deposit_amount"], invoice["deposit_status"]) == (None, "none")
    simulator.pay(invoice, "10.00")
    assert simulator.read(invoice)["v3_status"] == "partial"


def test_a_deposit_may_be_an_amount_and_follows_no_change_of_lines(simulator, tools):
    invoice = simulator.invoice(deposit_amount={"amount": "30"})
    simulator.change(invoice, lines=[tools.line("1.00", 1)])
    assert simulator.read(invoice)["deposit_amount"] == {"amount": "30.00", "code": "GBP"}
    simulator.change(invoice, deposit_percentage=25)
    assert simulator.read(invoice)["deposit_amount"] == {"amount": "0.30", "code": "GBP"}


@pytest.mark.parametrize("percentage", ["101", "-1", "some"])
def test_a_deposit_is_a_per_cent_of_the_whole(simulator, tools, percentage):
    invoice = simulator.invoice()
    body = {"invoice": {"deposit_percentage": percentage}}
    answer = simulator.put(f"/invoices/invoices/{invoice['id']}", body)
    assert tools.error(answer)[::2] == (422, "deposit_percentage")


def test_what_is_writable_on_creation_only_is_ignored_later_or_refused_by_a_switch(own, tools):
    simulator = own()
    invoice = simulator.invoice(auto_bill=True, last_order_status="pending")
    assert (invoice["auto_bill"], invoice["last_order_status"]) == (True, "pending")
    assert simulator.change(invoice, auto_bill=False)["auto_bill"] is True
    simulator.http.post("/_sandbox/switches", json={"creation_only_fields": "refuse"})
    answer = simulator.put(f"/invoices/invoices/{invoice['id']}", {"invoice": {"auto_bill": False}})
    assert tools.error(answer) == (403, 1038, "auto_bill")


# -------------------------------------------------------------------------------------- links and PDF


def test_a_share_link_exists_once_the_invoice_was_sent(simulator, tools):
    invoice = simulator.invoice()
    path = f"/invoices/invoices/{invoice['id']}/share_link"
    answer = simulator.get(path, share_method="share_link")
    assert tools.error(answer)[:2] == (422, 8034)
    assert "was not marked as sent" in answer.text
    simulator.change(invoice, action_mark_as_sent=True)
    link = tools.one(simulator.get(path, share_method="share_link"))
    assert (link["resourceid"], link["resource_type"]) == (str(invoice["id"]), "invoice")
    assert link["clientid"] == invoice["customerid"]
    assert link["share_link"].endswith("?type=secondary&share_method=share_link")
    assert tools.error(simulator.get(path)) == (422, 1004, "share_method")


def test_an_invoice_is_a_pdf_that_says_what_is_owed(simulator):
    invoice = simulator.sent()
    answer = simulator.get(f"/invoices/invoices/{invoice['id']}/pdf")
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-1.4\n")
    assert invoice["invoice_number"].encode() in answer.content
    assert b"Total 144.00 GBP" in answer.content
    assert simulator.get("/invoices/invoices/1/pdf").status_code == 404


@given(lines=st.lists(st.text(max_size=60), max_size=120))
def test_a_pdf_names_the_place_of_each_of_its_objects(lines):
    content = pdf.render(lines)
    start = int(content.rpartition(b"startxref\n")[2].split(b"\n")[0])
    table = content[start:].split(b"\n")
    assert table[0] == b"xref"
    count = int(table[1].split()[1])
    for number in range(1, count):
        offset = int(table[2 + number][:10])
        assert content[offset:].startswith(f"{number} 0 obj\n".encode())
    assert content.count(b"/Type /Page ") == max(1, -(-len(lines) // pdf.LINES_PER_PAGE))


# --------------------------------------------------------------------- contacts, staff, system, gateways


def test_a_contact_is_changed_and_removed_by_itself(simulator, tools):
    people = [{"email": "one@example.com", "fname": "One"}, {"email": "two@example.com"}]
    client = simulator.client(contacts=people)
    path = f"/users/clients/{client['id']}"

    def contacts():
        return tools.one(simulator.get(path, **{"include[]": "contacts"}))["contacts"]

    first, second = contacts()
    body = {"contact": {"email": "new@example.com"}}
    changed = tools.one(simulator.put(f"/users/contacts/{first['contactid']}", body))
    assert (changed["email"], changed["fname"]) == ("new@example.com", "One")
    assert [contact["email"] for contact in contacts()] == ["new@example.com", "two@example.com"]
    answer = simulator.delete(f"/users/contacts/{first['contactid']}")
    assert (answer.status_code, answer.json()) == (200, {"response": {}})
    assert contacts() == [second]
    assert tools.error(simulator.put(f"/users/contacts/{first['contactid']}", body))[:2] == (404, 1012)


def test_contacts_that_were_replaced_are_gone(simulator, tools):
    client = simulator.client(contacts=[{"email": "one@example.com"}])
    path = f"/users/clients/{client['id']}"
    (contact,) = tools.one(simulator.get(path, **{"include[]": "contacts"}))["contacts"]
    simulator.put(path, {"client": {"contacts": []}})
    assert simulator.delete(f"/users/contacts/{contact['contactid']}").status_code == 404


def test_staff_are_the_owner_and_others_and_are_not_made_here(own, tools):
    simulator = own()
    staff = simulator.get("/users/staffs").json()["response"]["result"]["staffs"]
    assert [(person["userid"] == 1, person["role"]) for person in staff] == [
        (True, "admin"),
        (False, "staff"),
    ]
    assert simulator.post("/users/staffs", {"staff": {"fname": "X"}}).status_code == 405
    other = staff[1]["id"]
    changed = tools.one(simulator.put(f"/users/staffs/{other}", {"staff": {"rate": "12.50"}}))
    assert changed["rate"] == "12.5"
    assert simulator.listed("/users/staffs", "search[user_levels]=staff") == [other]
    assert simulator.listed("/users/staffs", "search[user_like]=sandbox") == [1]


def test_staff_are_invited_by_people_and_what_nobody_makes_is_refused_to_people_too(own):
    simulator = own()
    given = {"fname": "Ada", "lname": "Brook", "email": "ada@example.com"}
    made = simulator.http.post("/_sandbox/people/staff", json=given).json()["staff"]
    assert (made["role"], made["display_name"]) == ("staff", "Ada Brook")
    assert simulator.listed("/users/staffs", "search[email_like]=ada@") == [made["userid"]]
    for kind in ("system", "gateway", "journal_entry_detail"):
        assert simulator.http.post(f"/_sandbox/people/{kind}", json={}).status_code == 405


def test_the_auth_family_lists_the_same_people_with_their_identities(own):
    simulator = own()
    business = simulator.connection["business_id"]
    answer = simulator.http.get(f"/auth/api/v1/users/business/{business}").json()["response"]
    me = simulator.http.get("/auth/api/v1/users/me").json()["response"]
    members = answer["business_group"]["members"]
    assert [member["role"] for member in members] == ["owner", "business_employee"]
    assert members[0]["identity_id"] == me["identity_id"]
    assert (answer["id"], answer["account_id"]) == (business, simulator.connection["account_id"])
    assert simulator.http.get("/auth/api/v1/users/business/1").status_code == 404


def test_the_owner_cannot_be_deleted_but_staff_can(own, tools):
    simulator = own()
    owner, other = simulator.listed("/users/staffs")
    assert tools.error(simulator.put(f"/users/staffs/{owner}", {"staff": {"vis_state": 1}}))[:2] == (
        403,
        1003,
    )
    tools.one(simulator.put(f"/users/staffs/{other}", {"staff": {"vis_state": 1}}))
    assert simulator.listed("/users/staffs") == [owner]


def test_a_system_is_read_by_its_own_id_or_that_of_the_business(simulator, tools):
    by_business = tools.one(simulator.get(f"/systems/systems/{simulator.connection['business_id']}"))
    system = tools.one(simulator.get(f"/systems/systems/{by_business['id']}"))
    assert system == by_business
    assert (system["accountid"], system["currency_code"]) == (simulator.connection["account_id"], "GBP")
    assert tools.error(simulator.get("/systems/systems/1"))[:2] == (404, 1012)
    assert simulator.get("/systems/systems").status_code == 405


def test_gateways_are_listed_and_deleted_for_good(own):
    simulator = own()
    (gateway,) = simulator.get("/systems/gateways").json()["response"]["result"]["gateways"]
    assert (gateway["gateway_name"], gateway["gatewayid"]) == ("stripe", 26)
    assert simulator.delete(f"/systems/gateways/{gateway['id']}").json() == {"response": {}}
    assert simulator.listed("/systems/gateways") == []
    defaults = simulator.http.get(
        f"/payments/account/{simulator.connection['account_id']}/payment_options?entity_type=invoice"
    )
    assert defaults.json()["payment_options"]["gateway_name"] is None


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/users/contacts"),
        ("POST", "/systems/systems"),
        ("PUT", "/systems/gateways/1"),
        ("POST", "/journal_entry_accounts/journal_entry_accounts"),
        ("GET", "/journal_entries/journal_entry_details/1"),
    ],
)
def test_what_the_api_does_not_offer_is_not_allowed(simulator, method, path):
    answer = simulator.http.request(method, simulator.account + path, json={})
    assert answer.status_code == 405
    assert "errors" in answer.json()["response"]


def test_a_token_needs_the_scope_of_the_path_below_a_document(simulator):
    invoice = simulator.sent()
    for path in ("share_link", "pdf"):
        url = f"{simulator.base_url}{simulator.account}/invoices/invoices/{invoice['id']}/{path}"
        assert httpx.get(url).status_code == 401


# ----------------------------------------------------------------------------------------- properties

amounts = st.decimals(min_value="0.01", max_value="999.99", places=2).map(str)


@given(prices=st.lists(amounts, min_size=1, max_size=4), discount=st.integers(0, 40), tax=st.booleans())
def test_estimate_template_and_invoice_of_the_same_lines_are_worth_the_same(
    simulator, tools, prices, discount, tax
):
    client = simulator.listed("/users/clients", "search[email]=worth@example.com") or [
        simulator.client(email="worth@example.com")["id"]
    ]
    body = {
        "customerid": client[0],
        "create_date": "2011-03-31",
        "frequency": "m",
        "discount_value": str(discount),
        "lines": [tools.line(price, 3, "20" if tax else None) for price in prices],
    }
    paths = {
        "invoice": "/invoices/invoices",
        "estimate": "/estimates/estimates",
        "invoice_profile": "/invoice_profiles/invoice_profiles",
    }
    made = [tools.one(simulator.post(path, {single: body})) for single, path in paths.items()]
    assert len({Decimal(document["amount"]["amount"]) for document in made}) == 1
    assert len({Decimal(document["discount_total"]["amount"]) for document in made}) == 1
