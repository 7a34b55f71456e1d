"""Lists of the FreshBooks simulator: paging, filters that work, filters that are silently ignored (freshbooks-api 5)."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="module")
def world(simulator):
    """Twenty invoices of one client, dated 1 to 20 May 2011, the odd ones sent."""
    client = simulator.client(
        organization="Listed Ltd", email="Listed@Example.com", note="[fbinfor SHOP-777]"
    )
    invoices = []
    for day in range(1, 21):
        given = {"create_date": f"2011-05-{day:02}", "invoice_number": f"L{day}"}
        invoices.append(simulator.sent(client, **given) if day % 2 else simulator.invoice(client, **given))
    return client, invoices


def result(simulator, path, query):
    return simulator.http.get(f"{simulator.account}{path}?{query}").json()["response"]["result"]


def test_a_page_has_15_rows_unless_asked_and_never_more_than_100(simulator, world):
    for _ in range(85):
        simulator.invoice(world[0], create_date="2011-06-01")
    asked = {"": 15, "per_page=7": 7, "per_page=100": 100, "per_page=500": 100}
    for query, rows in asked.items():
        page = result(simulator, "/invoices/invoices", query)
        assert (len(page["invoices"]), page["per_page"]) == (rows, rows)


def test_pages_are_flat_in_result_ordered_by_id_and_without_gaps(simulator, world):
    search = f"search[customerid]={world[0]['id']}&search[date_max]=2011-05-31&per_page=6"
    pages = [result(simulator, "/invoices/invoices", f"{search}&page={n}") for n in (1, 2, 3, 4)]
    assert [(p["page"], p["pages"], p["per_page"], p["total"]) for p in pages] == [
        (n, 4, 6, 20) for n in range(1, 5)
    ]
    seen = [row["id"] for page in pages for row in page["invoices"]]
    assert seen == [row["id"] for row in world[1]]


def test_a_page_beyond_the_end_is_empty_with_the_same_total(simulator, world):
    page = result(simulator, "/invoices/invoices", f"search[customerid]={world[0]['id']}&page=99")
    assert page["invoices"] == []
    assert page["total"] >= 20


@pytest.mark.parametrize("query", ["page=0", "page=x", "per_page=0", "per_page=-1"])
def test_a_page_that_is_no_positive_number_is_refused(simulator, query):
    assert simulator.http.get(f"{simulator.account}/invoices/invoices?{query}").status_code == 422


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/invoices/invoices", "search[create_date_min]=2099-01-01"),
        ("/invoices/invoices", "search[status]=4"),
        ("/invoices/invoices", "search[payment_status]=paid"),
        ("/users/clients", "search[organization]=Nobody"),
        ("/users/clients", "search[fname]=Nobody"),
        ("/payments/payments", "search[note_like]=Nobody"),
        ("/payments/payments", "search[transactionid]=Nobody"),
        ("/credit_notes/credit_notes", "search[credit_number]=Nobody"),
        ("/credit_notes/credit_notes", "search[updated_min]=2099-01-01"),
        ("/credit_notes/credit_notes", "search[client_id]=1"),
        ("/invoices/invoices", "search[nonsense]=1"),
        ("/invoices/invoices", "date_min=2099-01-01"),
    ],
)
def test_an_unknown_filter_is_silently_ignored_and_everything_comes_back(simulator, world, path, query):
    assert result(simulator, path, query)["total"] == result(simulator, path, "")["total"]


def test_an_unknown_sort_is_silently_ignored(simulator, world):
    search = f"search[customerid]={world[0]['id']}&search[date_max]=2011-05-31&"
    plain = simulator.listed("/invoices/invoices", search)
    assert simulator.listed("/invoices/invoices", search + "sort=due_date_desc") == plain
    assert simulator.listed("/invoices/invoices", search + "sort=invoice_date_desc") == plain[::-1]


@pytest.mark.parametrize(
    ("query", "days"),
    [
        ("search[date_min]=2011-05-18", [18, 19, 20]),
        ("search[date_max]=2011-05-02", [1, 2]),
        ("search[date_min]=2011-05-03&search[date_max]=2011-05-03", [3]),
        ("search[v3_status]=draft&search[date_min]=2011-05-17", [18, 20]),
        ("outstanding=True&search[date_min]=2011-05-17", [17, 19]),
        ("search%5Bdate_max%5D=2011-05-01", [1]),
    ],
)
def test_invoice_filters_that_work(simulator, world, query, days):
    client, invoices = world
    search = f"search[customerid]={client['id']}&search[date_max]=2011-05-31&{query}"
    assert simulator.listed("/invoices/invoices", search) == [invoices[day - 1]["id"] for day in days]


def test_an_invoice_is_found_by_its_number_exactly(simulator, world):
    assert simulator.listed("/invoices/invoices", "search[invoice_number]=L1") == [world[1][0]["id"]]
    assert simulator.listed("/invoices/invoices", "search[invoice_number]=L") == []


def test_a_list_of_ids_is_asked_with_the_plural_key(simulator, world):
    ids = [world[1][4]["id"], world[1][2]["id"]]
    query = "&".join(f"search[invoiceids][]={id_}" for id_ in ids)
    assert simulator.listed("/invoices/invoices", query) == sorted(ids)


@pytest.mark.parametrize(
    "query", ["search[customerid]=abc", "search[date_min]=soon", "search[invoiceids][]=x"]
)
def test_a_known_filter_with_a_value_of_the_wrong_type_is_refused(simulator, query):
    assert simulator.http.get(f"{simulator.account}/invoices/invoices?{query}").status_code == 422


@pytest.mark.parametrize(
    "query",
    [
        "search[email]=listed@example.com",
        "search[email_like]=LISTED@",
        "search[note_like]=SHOP-777]",
        "search[organization_like]=listed",
        "search[user_like]=listed ltd",
        "search[userid]={id}",
        "search[userids][]={id}",
    ],
)
def test_client_filters_that_work(simulator, world, query):
    found = simulator.listed("/users/clients", query.format(id=world[0]["id"]))
    assert found == [world[0]["id"]]


def test_clients_are_asked_for_by_what_they_owe_with_bare_booleans(simulator, world):
    other = simulator.client(organization="Owes Nothing Ltd")
    query = f"search[userids][]={world[0]['id']}&search[userids][]={other['id']}&"
    assert simulator.listed("/users/clients", query + "has_outstanding=True") == [world[0]["id"]]
    assert simulator.listed("/users/clients", query + "has_draft=False") == [other["id"]]


def test_payments_are_found_by_invoice_and_by_amount(simulator, world):
    invoice = world[1][0]
    payments = [simulator.pay(invoice, amount)["id"] for amount in ("1.00", "2.50", "3.00")]
    search = f"search[invoiceid]={invoice['id']}&"
    assert simulator.listed("/payments/payments", search) == payments
    assert simulator.listed("/payments/payments", search + "search[amount_min]=2.5") == payments[1:]


def test_updated_min_is_as_fine_as_a_day_in_us_eastern(own):
    simulator = own()
    simulator.clock("2011-06-10T02:00:00Z")
    # Two in the morning in UTC is still the day before in New York.
    late = simulator.client(organization="Late Ltd")
    assert late["updated"].startswith("2011-06-09 22:00")
    assert simulator.listed("/users/clients", "search[updated_min]=2011-06-09") == [late["id"]]
    assert simulator.listed("/users/clients", "search[updated_min]=2011-06-10") == []
    assert simulator.listed("/users/clients", "search[updated_min]=2011-06-09 23:59:59") == [late["id"]]


def test_a_change_after_a_page_was_read_is_in_the_next_page(simulator, tools):
    client = simulator.client()
    search = f"search[customerid]={client['id']}"
    assert simulator.listed("/invoices/invoices", search) == []
    invoice = simulator.invoice(client)
    assert simulator.listed("/invoices/invoices", search) == [invoice["id"]]


def test_lists_may_be_ordered_from_the_newest_by_a_switch(own):
    simulator = own(list_order="descending")
    ids = [simulator.client()["id"] for _ in range(3)]
    assert simulator.listed("/users/clients") == ids[::-1]
