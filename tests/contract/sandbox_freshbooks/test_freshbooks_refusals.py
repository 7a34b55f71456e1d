"""How each family of paths refuses, and the limit on requests (freshbooks-api 1, 3, 4)."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime
from urllib.parse import quote

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

UNAUTHENTICATED = {
    "error": "unauthenticated",
    "error_description": "This action requires authentication to continue.",
}


def bare(simulator, path: str, method: str = "GET", token: str = "") -> httpx.Response:
    headers = {"Authorization": "Bearer " + token} if token else {}
    return httpx.request(method, simulator.base_url + path, headers=headers)


@pytest.fixture
def paths(simulator) -> dict[str, str]:
    account = simulator.connection["account_id"]
    return {
        "auth": "/auth/api/v1/users/me",
        "accounting": f"/accounting/account/{account}/users/clients",
        "events": f"/events/account/{account}/events/callbacks",
    }


# -- without a valid token


def test_each_family_refuses_a_missing_token_in_its_own_words(simulator, paths):
    refused = {name: bare(simulator, path) for name, path in paths.items()}
    assert {answer.status_code for answer in refused.values()} == {401}
    assert refused["auth"].json() == refused["accounting"].json() == UNAUTHENTICATED
    assert refused["events"].json() == {
        "errno": 401,
        "message": "invalid_token: The request token failed to authenticate or validate.",
    }


def test_a_switch_gives_auths_words_to_all_families(own, paths):
    simulator = own(unauthenticated_body="auth")
    assert bare(simulator, paths["events"], token="wrong").json() == UNAUTHENTICATED


# -- paths and methods


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/nowhere", {"error": "not_found", "error_description": "The requested resource was not found."}),
        ("/projects/nowhere", {"error": "Requested resource could not be found."}),
        ("/timetracking/nowhere", {"error": "Requested resource could not be found."}),
        ("/payments/x", {"error_type": "not_found", "message": "The requested resource was not found."}),
        ("/events/x", {"errno": 404, "message": "Requested resource could not be found.", "details": []}),
    ],
)
def test_an_unknown_path_is_404_in_json_of_its_family(simulator, path, body):
    answer = bare(simulator, path)
    assert (answer.status_code, answer.json()) == (404, body)


def test_an_unknown_accounting_path_is_the_accounting_error(simulator, tools):
    assert tools.error(simulator.http.get("/accounting/nowhere")) == (404, 1012, "")
    assert tools.error(simulator.get("/nothing/nothing")) == (404, 1012, "")


def test_a_business_id_in_the_accounts_place_is_404(simulator, tools):
    path = f"/accounting/account/{simulator.connection['business_id']}/users/clients"
    assert tools.error(simulator.http.get(path)) == (404, 1012, "")


def test_a_wrong_method_is_405_names_the_right_ones_and_is_json(simulator, paths):
    answer = simulator.http.patch(paths["accounting"])
    assert answer.status_code == 405
    assert {"GET", "POST"} <= set(answer.headers["allow"].replace(" ", "").split(","))
    assert answer.json()["response"]["errors"][0]["message"]


def test_options_names_the_methods_and_needs_no_token(simulator, paths):
    answer = bare(simulator, paths["accounting"], "OPTIONS")
    assert (answer.status_code, answer.content) == (204, b"")
    assert "GET" in answer.headers["allow"]


def test_head_is_get_without_a_body(simulator, paths):
    head, get = simulator.http.head(paths["accounting"]), simulator.http.get(paths["accounting"])
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == get.headers["content-length"]


def test_a_slash_at_the_end_makes_no_difference_to_any_method(simulator, paths):
    got = simulator.http.get(paths["accounting"] + "/", params={"per_page": 1})
    assert (got.status_code, got.json()["response"]["result"]["per_page"]) == (200, 1)
    made = simulator.http.post(paths["accounting"] + "/", json={"client": {"email": "a@b.example"}})
    assert made.json()["response"]["result"]["client"]["email"] == "a@b.example"


def test_a_missing_scope_is_named(simulator, paths):
    location = simulator.http.post("/_sandbox/consent", json={"scope": "user:clients:read"}).json()[
        "location"
    ]
    grant = {name: simulator.connection[name] for name in ("client_id", "client_secret", "redirect_uri")}
    grant |= {"grant_type": "authorization_code", "code": httpx.URL(location).params["code"]}
    token = httpx.post(simulator.base_url + "/auth/oauth/token", data=grant).json()["access_token"]
    answer = bare(simulator, paths["accounting"], "POST", token)
    assert (answer.status_code, answer.json()["error"]) == (403, "insufficient_scope")
    assert "user:clients:write" in answer.json()["error_description"]


def test_json_that_is_none_is_400_with_errno_1005(simulator, tools, paths):
    answer = simulator.http.post(paths["accounting"], content=b'{"client": {')
    assert tools.error(answer)[:2] == (400, 1005)


@pytest.mark.parametrize(
    ("headers", "new"),
    [({}, False), ({"Api-Version": "alpha"}, True), ({"X-API-VERSION": "2023-02-20"}, True)],
    ids=str,
)
def test_a_version_header_can_select_the_new_errors(own, headers, new):
    simulator = own(error_shape="by_header")
    path = simulator.account + "/users/clients/999"
    answer = simulator.http.get(path, headers=headers)
    assert answer.status_code == 404
    if new:
        assert answer.json()["details"][0]["reason"] == "1012"
    else:
        assert answer.json()["response"]["errors"][0]["errno"] == 1012


STEPS = st.sampled_from(
    ["accounting", "events", "projects", "timetracking", "comments", "payments", "uploads", "auth", "service",
     "account", "business", "ABC123", "1", "users", "clients", "invoices", "callbacks", "oauth", "é", "..", ""]
)  # fmt: skip
METHODS = st.sampled_from(["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"])


@settings(max_examples=100, deadline=None)
@given(method=METHODS, steps=st.lists(STEPS, max_size=6), body=st.binary(max_size=20))
def test_whatever_a_stranger_asks_is_refused_in_json_and_changes_nothing(simulator, method, steps, body):
    before = simulator.http.get("/_sandbox/state").json()["writes"]
    answer = httpx.request(method, simulator.base_url + "/" + quote("/".join(steps)), content=body)
    assert answer.status_code in (400, 401, 403, 404, 405)
    assert answer.headers["content-type"] == "application/json"
    assert method == "HEAD" or isinstance(answer.json(), dict)
    assert simulator.http.get("/_sandbox/state").json()["writes"] == before


# -- the limit


def of(simulator, count: int) -> list[httpx.Response]:
    """So many answers of one minute."""
    if time.time() % 60 > 57:
        time.sleep(60.05 - time.time() % 60)
    return [simulator.get("/users/clients") for _ in range(count)]


def test_every_answer_tells_the_limit_and_has_an_id_of_its_own(own):
    simulator = own(rate_limit_per_minute=20)
    first, second = of(simulator, 2)
    assert first.headers["x-ratelimit-limit"] == "20"
    assert int(first.headers["x-ratelimit-remaining"]) == int(second.headers["x-ratelimit-remaining"]) + 1
    assert 0 < int(first.headers["x-ratelimit-reset"]) - time.time() <= 60
    assert len(first.headers["x-request-id"]) == 36
    assert first.headers["x-request-id"] != second.headers["x-request-id"]
    refused = bare(simulator, "/nowhere")
    assert "x-request-id" in refused.headers


def test_the_last_allowed_answer_already_says_retry_after_and_the_next_is_429(own):
    simulator = own(rate_limit_per_minute=5)
    answers = of(simulator, 7)
    last, refused = answers[4], answers[5]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 2
    assert "retry-after" not in answers[3].headers
    assert last.headers["x-ratelimit-remaining"] == refused.headers["x-ratelimit-remaining"] == "0"
    assert 0 < int(last.headers["retry-after"]) <= 60
    assert 0 < int(refused.headers["retry-after"]) <= 60
    assert refused.json()["response"]["errors"][0]["errno"] == 429


def test_a_refused_request_changes_nothing(own):
    simulator = own(rate_limit_per_minute=1)
    of(simulator, 1)
    refused = simulator.post("/users/clients", {"client": {"email": "a@b.example"}})
    assert refused.status_code == 429
    assert simulator.http.get("/_sandbox/state?table=client").json()["total"] == 0


def test_tokens_are_counted_apart_and_the_control_plane_not_at_all(own):
    simulator = own(rate_limit_per_minute=3)
    assert of(simulator, 4)[-1].status_code == 429
    assert bare(simulator, "/auth/api/v1/users/me", token="another").status_code == 401
    answer = simulator.http.get("/_sandbox/health")
    assert answer.status_code == 200
    assert "x-ratelimit-limit" not in answer.headers


@pytest.mark.parametrize("form", ["seconds", "date", "none"])
def test_retry_after_comes_in_seconds_as_a_date_or_not_at_all(own, form):
    simulator = own(rate_limit_per_minute=1, retry_after=form)
    refused = of(simulator, 2)[1]
    assert refused.status_code == 429
    text = refused.headers.get("retry-after")
    if form == "none":
        assert text is None
    elif form == "seconds":
        assert 0 < int(text) <= 60
    else:
        at = parsedate_to_datetime(text).timestamp()
        assert at == int(refused.headers["x-ratelimit-reset"])


@pytest.mark.parametrize(
    ("switches", "sent"),
    [
        ({}, True),
        ({"rate_limit_headers": "limited"}, False),
        ({"rate_limit_headers": "limited", "rate_limit_per_minute": 20}, True),
        ({"rate_limit_headers": "never", "rate_limit_per_minute": 20}, False),
    ],
    ids=str,
)
def test_when_the_headers_are_sent_is_a_switch(own, switches, sent):
    (answer,) = of(own(**switches), 1)
    assert ("x-ratelimit-limit" in answer.headers) is sent


def test_without_a_limit_the_headers_never_tell_a_client_to_wait(own):
    answers = of(own(), 310)
    assert min(int(answer.headers["x-ratelimit-remaining"]) for answer in answers) == 1
    assert all("retry-after" not in answer.headers for answer in answers)
