"""The FreshBooks client: what goes out, and what every shape of answer becomes."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from urllib.parse import parse_qs, parse_qsl

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from vendor_script import Script, freshbooks_settings

from fbinfor_assets.clients import (
    AuthorisationError,
    InDoubt,
    NotFound,
    ParseError,
    RateLimited,
    ServerError,
    UnknownFilter,
    Unsupported,
    ValidationError,
)
from fbinfor_assets.clients.errors import Call
from fbinfor_assets.clients.freshbooks import FreshBooksTokens, consent_url, updated_min
from fbinfor_assets.clients.freshbooks.faults import judge, refusals
from fbinfor_assets.clients.wire import Answer

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "response",
                    "errors",
                    "errno",
                    "field",
                    "message",
                    "object",
                    "value",
                    "code",
                    "details",
                    "metadata",
                    "error",
                    "error_type",
                    "error_description",
                    "fieldViolations",
                    "@type",
                    "reason",
                    "description",
                    "x",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=25,
)


def page(rows, page=1, pages=1, total=None, name="invoices", per_page=100):
    result = {name: rows, "page": page, "pages": pages, "per_page": per_page}
    result["total"] = len(rows) if total is None else total
    return {"response": {"result": result}}


def invoices(*ids, **more):
    return [{"id": i, "invoiceid": i, **more} for i in ids]


def old(errno, message, field="", value=""):
    return {"response": {"errors": [{"errno": errno, "field": field, "message": message, "value": value}]}}


# ------------------------------------------------------------------------------------------------- requests


def test_a_list_asks_for_100_per_page_and_always_for_the_lines_of_invoices(make_freshbooks):
    client, vendor = make_freshbooks(page(invoices(1)))
    assert [
        row["id"] for row in client.list("invoices", {"invoice_number": "536365"}, sort="invoice_date_asc")
    ] == [1]
    request = vendor.requests[0]
    assert request.url.path == "/accounting/account/ABC123/invoices/invoices"
    assert parse_qsl(request.url.query.decode()) == [
        ("search[invoice_number]", "536365"),
        ("include[]", "lines"),
        ("sort", "invoice_date_asc"),
        ("page", "1"),
        ("per_page", "100"),
    ]
    assert request.headers["Authorization"] == "Bearer first-access-token"
    assert "Content-Type" not in request.headers


def test_filters_are_spelt_as_each_kind_needs(make_freshbooks):
    client, vendor = make_freshbooks(page([], name="clients"))
    list(client.list("clients", {"userids": [1, 2], "note_like": "[fbinfor S&P]", "has_credit": True}))
    assert parse_qs(vendor.requests[0].url.query.decode()) == {
        "search[userids][]": ["1", "2"],
        "search[note_like]": ["[fbinfor S&P]"],
        "has_credit": ["True"],
        "page": ["1"],
        "per_page": ["100"],
    }


@pytest.mark.parametrize(
    ("resource", "key"),
    [
        ("invoices", "create_date_min"),
        ("invoices", "status"),
        ("clients", "organization"),
        ("credit_notes", "updated_min"),
        ("credit_notes", "client_id"),
        ("payments", "note"),
    ],
)
def test_a_filter_that_freshbooks_would_ignore_is_refused_before_anything_is_sent(
    make_freshbooks, resource, key
):
    client, vendor = make_freshbooks(page([]))
    with pytest.raises(UnknownFilter, match=key):
        client.list(resource, {key: "x"})
    assert vendor.requests == []


def test_a_sort_that_freshbooks_would_ignore_is_refused(make_freshbooks):
    client, _ = make_freshbooks(page([]))
    with pytest.raises(UnknownFilter):
        client.list("invoices", sort="updated_desc")


def test_an_unknown_resource_is_refused_with_the_known_ones(make_freshbooks):
    client, _ = make_freshbooks(page([]))
    with pytest.raises(Unsupported, match="clients, invoices"):
        client.list("projects")


def test_a_create_wraps_the_fields_and_asks_for_the_lines(make_freshbooks):
    client, vendor = make_freshbooks({"response": {"result": {"invoice": {"id": 7}}}})
    assert client.create(
        "invoices", {"customerid": 5, "lines": [{"unit_cost": {"amount": Decimal("2.50")}}]}
    ) == {"id": 7}
    request = vendor.requests[0]
    assert request.method == "POST"
    assert request.url.query == b"include%5B%5D=lines"
    assert json.loads(request.content) == {
        "invoice": {"customerid": 5, "lines": [{"unit_cost": {"amount": "2.50"}}]}
    }


def test_an_update_sends_only_the_changed_fields(make_freshbooks):
    client, vendor = make_freshbooks({"response": {"result": {"client": {"id": 7}}}})
    client.update("clients", 7, {"p_city": "Leeds"})
    assert (vendor.requests[0].method, json.loads(vendor.requests[0].content)) == (
        "PUT",
        {"client": {"p_city": "Leeds"}},
    )
    assert vendor.requests[0].url.path == "/accounting/account/ABC123/users/clients/7"


def test_each_resource_is_deleted_its_own_way(make_freshbooks):
    client, vendor = make_freshbooks({"response": {}})
    client.delete("invoices", 7)
    client.delete("payments", 8)
    assert [(r.method, r.content) for r in vendor.requests] == [
        ("DELETE", b""),
        ("PUT", b'{"payment":{"vis_state":1}}'),
    ]


def test_the_day_before_in_new_york_misses_nothing():
    assert updated_min(datetime(2011, 1, 2, 3, 0, tzinfo=UTC)) == "2010-12-31"  # there it is still 1 January
    assert updated_min(datetime(2011, 1, 2, 12, 0, tzinfo=UTC)) == "2011-01-01"
    with pytest.raises(ValueError, match="time zone"):
        updated_min(datetime(2011, 1, 2))  # noqa: DTZ001 - a naive watermark is the case


# ---------------------------------------------------------------------------------------------------- paging


def test_pages_are_fetched_only_as_they_are_needed(make_freshbooks):
    client, vendor = make_freshbooks(page(invoices(1, 2), 1, 3, 6), page(invoices(3, 4), 2, 3, 6))
    rows = client.list("invoices")
    assert vendor.requests == []
    assert [next(rows)["id"], next(rows)["id"]] == [1, 2]
    assert len(vendor.requests) == 1


def test_the_servers_own_count_of_pages_ends_a_list_not_the_size_of_a_page(make_freshbooks):
    # A server that caps per_page at 15 still has more pages (freshbooks-api 12, the Airbyte trap).
    client, _ = make_freshbooks(
        page(invoices(1), 1, 3, 3), page(invoices(2), 2, 3, 3), page(invoices(3), 3, 3, 3)
    )
    assert [row["id"] for row in client.list("invoices")] == [1, 2, 3]


def test_an_empty_page_ends_a_list_whatever_total_says(make_freshbooks):
    # `total` may count rows that we cannot read (freshbooks-api 3).
    client, vendor = make_freshbooks(page([], 1, 2, 16))
    assert list(client.list("invoices")) == []
    assert len(vendor.requests) == 1


class Moving:
    """A list that changes while it is read; per_page 2."""

    def __init__(self, ids, changes):
        self.ids, self.changes, self.calls = list(ids), dict(changes), 0

    def __call__(self, request):
        change = self.changes.get(self.calls)
        if change:
            change(self.ids)
        self.calls += 1
        number = int(dict(parse_qsl(request.url.query.decode()))["page"])
        rows = self.ids[(number - 1) * 2 : number * 2]
        pages = (len(self.ids) + 1) // 2
        return httpx.Response(200, json=page(invoices(*rows), number, pages, len(self.ids), per_page=2))


def test_a_row_that_moves_to_the_next_page_comes_once(make_freshbooks):
    client, _ = make_freshbooks(Moving([1, 2, 3, 4], {1: lambda ids: ids.insert(0, 9)}), per_page=2)
    assert sorted(row["id"] for row in client.list("invoices")) == [1, 2, 3, 4, 9]


def test_a_row_that_slips_to_a_page_already_read_is_fetched_after_all(make_freshbooks):
    client, _ = make_freshbooks(Moving([1, 2, 3, 4, 5], {1: lambda ids: ids.remove(1)}), per_page=2)
    assert sorted(row["id"] for row in client.list("invoices")) == [1, 2, 3, 4, 5]


def test_a_list_that_never_stands_still_ends_all_the_same(make_freshbooks):
    changes = {n: (lambda ids, n=n: ids.insert(0, 100 + n)) for n in range(1, 200, 2)}
    client, _ = make_freshbooks(Moving([1, 2, 3, 4], changes), per_page=2)
    ids = [row["id"] for row in client.list("invoices")]
    assert {1, 2, 3, 4} <= set(ids)
    assert len(ids) == len(set(ids))


@given(st.data())
def test_every_row_that_stays_comes_exactly_once(data):
    from fbinfor_assets.clients import RetryPolicy
    from fbinfor_assets.clients.freshbooks import FreshBooksClient

    ids = data.draw(st.lists(st.integers(1, 60), unique=True, min_size=1, max_size=14))
    new = data.draw(st.lists(st.integers(100, 160), unique=True, max_size=4))
    at = data.draw(st.lists(st.integers(1, 6), min_size=len(new), max_size=len(new), unique=True))
    moving = Moving(
        ids, {when: (lambda rows, i=i: rows.insert(0, i)) for when, i in zip(at, new, strict=True)}
    )
    client = FreshBooksClient(
        freshbooks_settings(per_page=2), transport=Script(moving).transport, retry=RetryPolicy(attempts=1)
    )
    listed = [row["id"] for row in client.list("invoices")]
    assert len(listed) == len(set(listed))
    assert set(ids) <= set(listed)


def test_rows_that_contradict_the_filter_are_dropped(make_freshbooks):
    # A filter that the vendor ignores brings everything; the rows themselves tell.
    rows = [*invoices(1, customerid=5), *invoices(2, customerid=6)]
    client, _ = make_freshbooks(page(rows))
    assert [row["id"] for row in client.list("invoices", {"customerid": "5"})] == [1]


def test_numbers_keep_their_digits(make_freshbooks):
    client, _ = make_freshbooks(b'{"response":{"result":{"client":{"id":1,"rate":0.10}}}}')
    assert client.get("clients", 1)["rate"] == Decimal("0.10")


# ---------------------------------------------------------------------------------------------------- errors


@pytest.mark.parametrize(
    ("status", "body", "kind", "error_class"),
    [
        (404, old(1012, "Client not found.", "userid", "5"), NotFound, "missing"),
        (422, old(1001, "'clientid' is a required field."), ValidationError, "missing"),
        (422, old(1004, "Invalid value"), ValidationError, "value"),
        (422, old(13002, "The tax name 'X' is already in use."), ValidationError, "duplicate"),
        (422, old(9999, "Invoice number already exists"), ValidationError, "duplicate"),
        (403, old(1038, "Write access denied", "due_date"), ValidationError, "value"),
        (403, old(1003, "Permission Denied."), AuthorisationError, "authorisation"),
        (403, {"message": "missing scope"}, AuthorisationError, "authorisation"),
        (402, old(7005, "Client limit of 50 reached"), Unsupported, "authorisation"),
        (200, old(12001, "You do not have access to items."), Unsupported, "authorisation"),
        (200, old(1004, "Invalid value"), ValidationError, "value"),
        (409, old(409, "Conflict"), ServerError, "intermittent"),
        (400, old(1005, "not JSON"), ValidationError, "value"),
        (
            401,
            {"error": "unauthenticated", "error_description": "needs auth"},
            AuthorisationError,
            "authorisation",
        ),
        (429, {}, RateLimited, "rate_limit"),
    ],
)
def test_each_refusal_of_a_write_becomes_the_error_of_its_class(
    make_freshbooks, status, body, kind, error_class
):
    client, vendor = make_freshbooks((status, body))
    with pytest.raises(kind) as caught:
        client.create("invoices", {"invoice_number": "536365"})
    assert caught.value.error_class == error_class
    assert "freshbooks: create invoice 536365" in str(caught.value)
    assert len(vendor.requests) == (2 if status == 401 else 1)


def test_both_error_shapes_say_the_same(make_freshbooks):
    new = {
        "code": 5,
        "message": "Request failed with status_code: 404",
        "details": [
            {
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": "1012",
                "domain": "accounting.api.freshbooks.com",
                "metadata": {
                    "object": "client",
                    "message": "Client not found.",
                    "value": "5",
                    "field": "userid",
                },
            }
        ],
    }
    client, _ = make_freshbooks((404, old(1012, "Client not found.", "userid", "5")), (404, new))
    found = []
    for _ in range(2):
        with pytest.raises(NotFound) as caught:
            client.get("clients", 5)
        found.append(caught.value.errors)
    assert found[0] == found[1] == (("1012", "userid", "Client not found.", "5"),)


def test_a_404_that_is_no_answer_of_the_interface_is_not_a_missing_record(make_freshbooks):
    client, _ = make_freshbooks((404, b"<html>nothing here</html>"))
    with pytest.raises(Unsupported, match="base URL"):
        client.find("clients", 5)


def test_find_gives_none_for_a_record_that_does_not_exist(make_freshbooks):
    client, _ = make_freshbooks((404, old(1012, "Client not found.")))
    assert client.find("clients", 5) is None


@pytest.mark.parametrize("body", [{}, [], "x", {"response": {}}, {"response": {"result": {"invoice": None}}}])
def test_an_answer_without_the_record_leaves_a_write_in_doubt(make_freshbooks, body):
    client, _ = make_freshbooks(body)
    with pytest.raises(InDoubt):
        client.create("invoices", {"invoice_number": "1"})
    with pytest.raises(ParseError):
        client.get("invoices", 1)


def test_a_read_survives_three_failures_and_a_write_none(make_freshbooks):
    client, vendor = make_freshbooks((503, {}), (500, {}), httpx.ReadTimeout("slow"), page(invoices(1)))
    assert len(list(client.list("invoices"))) == 1
    assert len(vendor.requests) == 4
    client, vendor = make_freshbooks((503, {}), {"response": {"result": {"invoice": {"id": 1}}}})
    with pytest.raises(InDoubt):
        client.create("invoices", {"invoice_number": "1"})
    assert len(vendor.requests) == 1


@given(JSON, st.sampled_from([200, 201, 400, 403, 404, 409, 422, 499]))
def test_any_json_can_be_judged(body, status):
    refusals(body)
    judge(Call("freshbooks", "x"), Answer(status, httpx.Headers(), body))


@given(st.dictionaries(st.sampled_from(["message", "code", "errno", "error", "id"]), st.text(), max_size=4))
def test_a_record_with_suspicious_fields_is_no_error(record):
    body = {"response": {"result": {"client": record}}, **record}
    assert judge(Call("freshbooks", "x"), Answer(200, httpx.Headers(), body)) is None


# -------------------------------------------------------------------------------------------------- identity


def me(**response):
    return {"response": {"identity_id": 12345, "email": "s@x.com", **response}}


def test_an_account_that_a_membership_does_not_name_is_found_in_the_roles(make_freshbooks):
    client, _ = make_freshbooks(
        me(
            business_memberships=[{"id": 1, "role": "owner", "business": {"id": 439000, "account_id": None}}],
            roles=[{"role": "admin", "accountid": "ABC123"}],
        )
    )
    found = client.check_account()
    assert (found.accounts, found.business_ids, found.roles["ABC123"]) == (("ABC123",), ("439000",), "admin")


@pytest.mark.parametrize(
    ("membership", "text"),
    [
        ({"role": "owner", "business": {"id": 1, "account_id": "OTHER"}}, "set account_id to one of: OTHER"),
        ({"role": "client", "business": {"id": 1, "account_id": "ABC123"}}, "only a client"),
    ],
)
def test_a_token_that_cannot_write_to_the_account_is_found_out(make_freshbooks, membership, text):
    client, _ = make_freshbooks(me(business_memberships=[membership]))
    with pytest.raises(AuthorisationError, match=text):
        client.check_account()


# ----------------------------------------------------------------------------------------------------- OAuth


def token_server(*answers):
    asked = []
    todo = list(answers)

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(dict(parse_qsl(request.content.decode())))
        status, body = todo.pop(0)
        return httpx.Response(status, json=body)

    return httpx.MockTransport(answer), asked


def test_a_refresh_sends_the_secret_and_the_redirect_uri_as_a_form():
    transport, asked = token_server((200, {"access_token": "a", "refresh_token": "r", "expires_in": 43200}))
    tokens = FreshBooksTokens(freshbooks_settings(), transport=transport)
    assert tokens.source.renew("first-access-token") == "a"
    assert asked == [
        {
            "client_id": "app",
            "client_secret": "app-secret-value",
            "redirect_uri": "https://example.test/back",
            "grant_type": "refresh_token",
            "refresh_token": "first-refresh-token",
        }
    ]


def test_invalid_grant_asks_a_person_to_consent_again():
    transport, _ = token_server(
        (400, {"error": "invalid_grant", "error_description": "The grant is invalid."})
    )
    with pytest.raises(AuthorisationError, match="re-consent"):
        FreshBooksTokens(freshbooks_settings(), transport=transport).source.renew("first-access-token")


def test_without_any_pair_a_person_is_asked_to_consent():
    tokens = FreshBooksTokens(freshbooks_settings(access_token=None, refresh_token=None))
    with pytest.raises(AuthorisationError, match="re-consent"):
        tokens.source.current()


def test_a_token_request_that_fails_during_a_write_does_not_put_the_write_in_doubt(make_freshbooks):
    def down(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/auth/oauth/token"):
            raise httpx.ReadTimeout("slow")
        return httpx.Response(401, json={"error": "unauthenticated"})

    from fbinfor_assets.clients import Interrupted, RetryPolicy
    from fbinfor_assets.clients.freshbooks import FreshBooksClient

    client = FreshBooksClient(
        freshbooks_settings(), transport=httpx.MockTransport(down), retry=RetryPolicy(attempts=2, base=0.0)
    )
    with pytest.raises(Interrupted, match="renew access token"):
        client.create("invoices", {"invoice_number": "1"})


def test_a_consent_code_becomes_the_first_pair():
    transport, asked = token_server((200, {"access_token": "a", "refresh_token": "r", "expires_in": 43200}))
    tokens = FreshBooksTokens(freshbooks_settings(access_token=None, refresh_token=None), transport=transport)
    tokens.exchange("the-code")
    assert (asked[0]["grant_type"], asked[0]["code"]) == ("authorization_code", "the-code")
    assert tokens.source.current() == "a"


def test_the_consent_page_carries_our_state():
    url = httpx.URL(consent_url(freshbooks_settings(), "s t", ("user:invoices:write",)))
    assert (url.path, dict(url.params)) == (
        "/oauth/authorize",
        {
            "client_id": "app",
            "response_type": "code",
            "redirect_uri": "https://example.test/back",
            "state": "s t",
            "scope": "user:invoices:write",
        },
    )
