"""Everything the vendor's Python SDK can call beyond clients, invoices and payments, called with the SDK itself.

Belongs here: that each call of each resource is understood by both sides. Does not belong here: rules of a resource
(its own file). The SDK reads FRESHBOOKS_API_URL when a client is made.
"""

from __future__ import annotations

import io

import pytest

freshbooks = pytest.importorskip("freshbooks")

DATE = "2011-03-31"


@pytest.fixture
def sdk(own, monkeypatch):
    simulator = own()
    monkeypatch.setenv("FRESHBOOKS_API_URL", simulator.base_url)
    monkeypatch.setenv("FRESHBOOKS_AUTH_URL", simulator.base_url)
    return freshbooks.Client(
        simulator.connection["client_id"], access_token=simulator.connection["access_token"], auto_retry=False
    )


@pytest.fixture
def ids(sdk):
    """(account_id, business_id, business_uuid) as the SDK finds them."""
    business = sdk.current_user().business_memberships[0].business
    return business.account_id, business.id, business.business_uuid


def client_id(sdk, account):
    return sdk.clients.create(account, {"organization": "Hartley Gifts Ltd"}).userid


LINE = {"name": "85123A", "qty": 2, "unit_cost": {"amount": "10.00", "code": "GBP"}}

# name of the SDK's resource -> (what to create it with, what to change, field to look at)
ACCOUNTING = {
    "estimates": ({"create_date": DATE, "lines": [LINE]}, {"notes": "changed"}, "notes"),
    "invoice_profiles": (
        {"create_date": DATE, "frequency": "m", "numberRecurring": 3, "lines": [LINE]},
        {"notes": "changed"},
        "notes",
    ),
    "tasks": ({"name": "Painting"}, {"description": "changed"}, "description"),
}


@pytest.mark.parametrize("name", ACCOUNTING)
def test_accounting_resources_are_created_read_listed_changed_and_deleted(sdk, ids, name):
    account = ids[0]
    resource = getattr(sdk, name)
    body, change, field = ACCOUNTING[name]
    made = resource.create(account, body | {"customerid": client_id(sdk, account)})
    assert resource.get(account, made.id).data == made.data
    changed = resource.update(account, made.id, change)
    assert changed.data[field] == "changed"
    pages = resource.list(account, [freshbooks.PaginateBuilder(1, 5)]).pages
    assert (pages.page, pages.pages, pages.per_page, pages.total) == (1, 1, 5, 1)
    resource.delete(account, made.id)
    assert len(resource.list(account)) == 0
    assert resource.get(account, made.id).vis_state == freshbooks.VisState.DELETED


def test_includes_reach_the_document(sdk, ids):
    account = ids[0]
    include = freshbooks.IncludesBuilder().include("lines").include("owner").include("contacts")
    body = {"customerid": client_id(sdk, account), "create_date": DATE, "lines": [LINE]}
    made = sdk.estimates.create(account, body, include)
    assert made.lines[0].name == "85123A"
    assert made.owner.userid == 1


def test_staff_systems_and_gateways_offer_what_the_sdk_offers(sdk, ids):
    account, business, _ = ids
    staff = sdk.staff.list(account)
    assert sdk.staff.get(account, staff[1].userid).email == staff[1].email
    assert sdk.staff.update(account, staff[1].userid, {"note": "painter"}).note == "painter"
    sdk.staff.delete(account, staff[1].userid)
    with pytest.raises(freshbooks.FreshBooksError) as refused:
        sdk.staff.delete(account, 1)
    assert (refused.value.status_code, refused.value.error_code) == (403, 1003)
    assert sdk.systems.get(account, business).currency_code == "GBP"
    gateways = sdk.gateways.list(account)
    sdk.gateways.delete(account, gateways[0].id)
    assert len(sdk.gateways.list(account)) == 0


def test_ledger_accounts_are_created_read_listed_and_changed(sdk, ids):
    uuid = ids[2]
    cash = sdk.ledger_accounts.list(uuid)[0]
    body = {"name": "Till", "sub_type": "Cash & Bank", "parent_account": cash.uuid}
    made = sdk.ledger_accounts.create(uuid, body)
    assert sdk.ledger_accounts.get(uuid, made.uuid).data == made.data
    assert sdk.ledger_accounts.update(uuid, made.uuid, {"name": "Shop till"}).name == "Shop till"
    with pytest.raises(freshbooks.FreshBooksError) as refused:
        sdk.ledger_accounts.create(uuid, {"sub_type": "Cash & Bank", "parent_account": None})
    assert refused.value.status_code == 422
    assert refused.value.error_details == [{"field": "name", "message": "'name' is a required field."}]


def test_projects_and_time_entries_are_created_read_listed_changed_and_deleted(sdk, ids):
    account, business, _ = ids
    client = client_id(sdk, account)
    project = sdk.projects.create(business, {"title": "Mill", "client_id": client, "rate": "40.00"})
    entry = sdk.time_entries.create(
        business,
        {
            "is_logged": True,
            "duration": 90,
            "started_at": "2011-02-01T09:00:00Z",
            "client_id": client,
            "project_id": project.id,
        },
    )
    assert sdk.time_entries.get(business, entry.id).started_at.isoformat() == "2011-02-01T09:00:00+00:00"
    logged = freshbooks.IncludesBuilder().include("include_logged_duration")
    assert sdk.projects.get(business, project.id, logged).logged_duration == 90
    found = sdk.time_entries.list(
        business,
        [
            freshbooks.FilterBuilder().equals("client_id", client).boolean("billable", True),
            freshbooks.FilterBuilder().date_time("updated_since", "2011-02-01T00:00:00"),
        ],
    )
    assert [one.id for one in found] == [entry.id]
    assert sdk.projects.update(business, project.id, {"title": "Old mill"}).title == "Old mill"
    pages = sdk.projects.list(business, [freshbooks.SortBuilder().descending("title")]).pages
    assert (pages.per_page, pages.total) == (30, 1)
    whole = {"is_logged": True, "duration": 30, "started_at": "2011-02-01T09:00:00Z"}
    assert sdk.time_entries.update(business, entry.id, whole).duration == 30
    sdk.time_entries.delete(business, entry.id)
    sdk.projects.delete(business, project.id)
    with pytest.raises(freshbooks.FreshBooksError) as gone:
        sdk.projects.get(business, project.id)
    assert (gone.value.status_code, str(gone.value)) == (404, "Requested resource could not be found.")
    with pytest.raises(freshbooks.FreshBooksError) as refused:
        sdk.projects.create(business, {"description": "untitled"})
    assert (refused.value.error_code, refused.value.error_details) == (2001, [{"title": "field required"}])


def test_services_and_their_rates_are_created_read_listed_and_changed(sdk, ids):
    business = ids[1]
    service = sdk.services.create(business, {"name": "Painting"})
    assert sdk.service_rates.create(business, service.id, {"rate": "40"}).rate == "40.00"
    assert sdk.service_rates.update(business, service.id, {"rate": "45"}).rate == "45.00"
    assert sdk.service_rates.get(business, service.id).rate == "45.00"
    assert [rate.service_id for rate in sdk.service_rates.list(business)] == [service.id]
    assert sdk.services.update(business, service.id, {"name": "Priming"}).name == "Priming"
    assert [one.name for one in sdk.services.list(business)] == ["Priming"]
    sdk.services.delete(business, service.id)
    assert len(sdk.services.list(business)) == 0


def test_payment_options_are_set_and_read(sdk, ids):
    account = ids[0]
    invoice = sdk.invoices.create(account, {"customerid": client_id(sdk, account), "create_date": DATE})
    assert sdk.invoice_payment_options.defaults(account).gateway_name == "stripe"
    with pytest.raises(freshbooks.FreshBooksError) as missing:
        sdk.invoice_payment_options.get(account, invoice.id)
    assert missing.value.status_code == 404
    options = {
        "gateway_name": "stripe",
        "entity_id": invoice.id,
        "entity_type": "invoice",
        "has_credit_card": True,
    }
    assert sdk.invoice_payment_options.create(account, invoice.id, options).has_credit_card is True
    assert sdk.invoice_payment_options.get(account, invoice.id).entity_id == str(invoice.id)


@pytest.mark.parametrize("name", ["images", "attachments"])
def test_files_are_uploaded_and_read_back(sdk, ids, name):
    resource = getattr(sdk, name)
    content = bytes(range(256)) * 3
    stored = resource.upload(ids[0], file_stream=io.BytesIO(content))
    assert stored.link.endswith(f"/uploads/{name}/{stored.jwt}")
    assert resource.get(stored.jwt).content == content
    with pytest.raises(freshbooks.FreshBooksError) as missing:
        resource.get("unknown")
    assert str(missing.value) == "File not found."
