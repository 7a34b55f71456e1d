"""Consent page, PKCE, codes, applications and both sets of OAuth addresses (freshbooks-api 1, 2)."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

VERIFIER = "a-verifier-that-is-long-enough-for-the-standard-0123456789"
S256 = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
AUTHORIZE = ("/oauth/authorize", "/oauth/authorize/", "/service/auth/oauth/authorize")


class Form(HTMLParser):
    """The one form of a page: its hidden fields and the values of its buttons."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self.buttons: list[str] = []
        self.method = ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        if tag == "form":
            self.method = found["method"]
        elif tag == "input":
            self.fields[found["name"]] = found["value"]
        elif tag == "button":
            self.buttons.append(found["value"])


def request_of(simulator, **more: str) -> dict[str, str]:
    connection = simulator.connection
    return {
        "client_id": connection["client_id"],
        "response_type": "code",
        "redirect_uri": connection["redirect_uri"],
    } | more


def page(simulator, path: str = AUTHORIZE[0], **more: str) -> httpx.Response:
    return httpx.get(simulator.base_url + path, params=request_of(simulator, **more))


def press(simulator, button: str, path: str = AUTHORIZE[0], **more: str) -> dict[str, str]:
    """Open the page, press a button; the query of the address the browser is sent to."""
    form = Form(page(simulator, path, **more).text)
    answer = httpx.post(simulator.base_url + path, data={**form.fields, "decision": button})
    assert answer.status_code == 302
    location = urlsplit(answer.headers["location"])
    assert answer.headers["location"].startswith(simulator.connection["redirect_uri"] + "?")
    return dict(parse_qsl(location.query))


def exchange(simulator, code: str, path: str = "/auth/oauth/token", **more: str) -> httpx.Response:
    connection = simulator.connection
    names = ("client_id", "client_secret", "redirect_uri")
    body = {name: connection[name] for name in names} | {"grant_type": "authorization_code", "code": code}
    return httpx.post(simulator.base_url + path, data=body | more)


# -- the page


def test_the_page_names_the_application_and_the_scopes_and_asks(simulator):
    answer = page(simulator, scope="user:invoices:read user:invoices:write user:clients:read")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert "fbinfor" in answer.text
    assert "<li>invoices: see and change</li>" in answer.text
    assert "<li>clients: see</li>" in answer.text
    assert "src=" not in answer.text  # nothing is loaded from elsewhere
    assert Form(answer.text).buttons == ["allow", "deny"]
    assert Form(answer.text).method == "post"


@pytest.mark.parametrize("path", AUTHORIZE)
def test_allow_leads_back_with_a_code_and_the_state(simulator, path):
    query = press(simulator, "allow", path, state="a b&c")
    assert query["state"] == "a b&c"
    assert exchange(simulator, query["code"]).status_code == 200


def test_deny_leads_back_with_access_denied_and_no_code(simulator):
    query = press(simulator, "deny", state="s")
    assert (query["error"], query["state"]) == ("access_denied", "s")
    assert "code" not in query


def test_a_consent_that_was_only_looked_at_gives_no_code(simulator):
    before = len(simulator.http.get("/_sandbox/state?table=code").json()["rows"])
    page(simulator)
    assert len(simulator.http.get("/_sandbox/state?table=code").json()["rows"]) == before


def test_a_caller_without_a_browser_can_have_allow_pressed_at_once(own):
    answer = page(own(consent="at_once"), state="s")
    assert answer.status_code == 302
    assert "code=" in answer.headers["location"]


@settings(max_examples=25, deadline=None)
@given(state=st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), min_size=1))
def test_any_state_comes_back_as_it_was_and_cannot_break_the_page(simulator, state):
    form = Form(page(simulator, state=state).text)
    assert form.fields["state"] == state
    assert form.buttons == ["allow", "deny"]
    assert press(simulator, "deny", state=state)["state"] == state


def test_an_unknown_client_is_500_and_a_wrong_redirect_uri_stays_on_the_page(simulator):
    unknown = page(simulator, client_id="nobody")
    wrong = page(simulator, redirect_uri="https://elsewhere.example/callback")
    assert (unknown.status_code, wrong.status_code) == (500, 400)
    assert "redirect" in wrong.text
    assert Form(wrong.text).buttons == []


@pytest.mark.parametrize("scope", ["user:reports:write", "user:invoices:read user:nothing:read", "mcp:all"])
def test_one_unknown_scope_spoils_the_whole_consent(own, scope):
    simulator = own()
    answer = page(simulator, scope=scope)
    assert answer.status_code == 400
    assert "The requested scope is invalid, unknown, or malformed" in answer.text
    answer = page(own(scope_refusal="redirect"), scope=scope)
    assert "error=invalid_scope" in answer.headers["location"]


def test_a_scope_the_application_is_not_registered_for_spoils_it_too(simulator):
    assert page(simulator, scope="user:riskhub:read").status_code == 400


def test_profile_read_is_granted_whatever_was_asked(simulator):
    code = press(simulator, "allow", scope="user:clients:read")["code"]
    assert exchange(simulator, code).json()["scope"] == "user:profile:read user:clients:read"


def test_another_response_type_goes_back_as_an_error(simulator):
    answer = page(simulator, response_type="token")
    assert "error=unsupported_response_type" in answer.headers["location"]


# -- codes and PKCE


def test_a_code_belongs_to_its_redirect_uri(simulator):
    code = press(simulator, "allow")["code"]
    answer = exchange(simulator, code, redirect_uri="https://elsewhere.example/callback")
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


def test_a_code_expires(own):
    simulator = own(authorization_code_seconds=1)
    code = press(simulator, "allow")["code"]
    time.sleep(1.1)
    assert exchange(simulator, code).json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("challenge", "method"), [(S256, "S256"), (VERIFIER, "plain"), (VERIFIER, "")], ids=str
)
def test_a_challenge_must_be_met_by_its_verifier(simulator, challenge, method):
    asked = {"code_challenge": challenge} | ({"code_challenge_method": method} if method else {})
    refused = [exchange(simulator, press(simulator, "allow", **asked)["code"], **more)
               for more in ({}, {"code_verifier": "guessed"})]  # fmt: skip
    assert [answer.json()["error"] for answer in refused] == ["invalid_grant"] * 2
    met = exchange(simulator, press(simulator, "allow", **asked)["code"], code_verifier=VERIFIER)
    assert met.status_code == 200


def test_a_verifier_nobody_asked_for_is_ignored_and_pkce_can_be_switched_off(own):
    simulator = own()
    assert exchange(simulator, press(simulator, "allow")["code"], code_verifier="x").status_code == 200
    simulator = own(pkce="ignored")
    code = press(simulator, "allow", code_challenge=S256, code_challenge_method="S256")["code"]
    assert exchange(simulator, code).status_code == 200


# -- the token endpoints


def test_http_basic_and_multipart_are_read_as_well_as_a_form(simulator):
    connection = simulator.connection
    grant = {"grant_type": "authorization_code", "redirect_uri": connection["redirect_uri"]}
    url = simulator.base_url + "/auth/oauth/token"
    basic = (connection["client_id"], connection["client_secret"])
    code = press(simulator, "allow")["code"]
    assert httpx.post(url, data={**grant, "code": code}, auth=basic).status_code == 200
    code = press(simulator, "allow")["code"]
    fields = {**grant, "code": code, "client_id": basic[0], "client_secret": basic[1]}
    parts = {name: (None, value) for name, value in fields.items()}
    assert httpx.post(url, files=parts).status_code == 200
    assert httpx.post(url, data=grant, auth=("x", "y")).json()["error"] == "invalid_client"


@pytest.mark.parametrize(
    ("body", "error"),
    [({}, "invalid_request"), ({"grant_type": "client_credentials"}, "unsupported_grant_type"),
     ({"grant_type": "refresh_token"}, "invalid_request")],
)  # fmt: skip
def test_a_token_request_that_lacks_something_says_what(simulator, body, error):
    connection = simulator.connection
    who = {name: connection[name] for name in ("client_id", "client_secret")}
    answer = httpx.post(simulator.base_url + "/auth/oauth/token", data=who | body)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


def test_json_that_is_none_is_invalid_request(simulator):
    answer = httpx.post(
        simulator.base_url + "/auth/oauth/token",
        content=b"{",
        headers={"content-type": "application/json"},
    )
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_the_metadata_leads_to_endpoints_that_behave_like_the_documented_ones(simulator):
    found = httpx.get(simulator.base_url + "/.well-known/oauth-authorization-server").json()
    assert found["issuer"] == simulator.base_url
    assert found["code_challenge_methods_supported"] == ["S256"]
    assert set(found["token_endpoint_auth_methods_supported"]) == {
        "client_secret_basic",
        "client_secret_post",
    }
    code = press(simulator, "allow", urlsplit(found["authorization_endpoint"]).path)["code"]
    token = exchange(simulator, code, urlsplit(found["token_endpoint"]).path).json()
    who = (simulator.connection["client_id"], simulator.connection["client_secret"])
    given_token = {"token": token["access_token"]}
    active = httpx.post(found["introspection_endpoint"], data=given_token, auth=who).json()
    assert (active["active"], active["scope"]) == (True, token["scope"])
    assert httpx.post(found["revocation_endpoint"], data=given_token, auth=who).json() == {}
    assert httpx.post(found["introspection_endpoint"], data=given_token, auth=who).json() == {"active": False}


def test_an_access_token_is_a_jwt_that_tells_its_scope(simulator):
    token = exchange(simulator, press(simulator, "allow", scope="user:clients:read")["code"]).json()
    _, claims, _ = token["access_token"].split(".")
    padded = claims + "=" * (-len(claims) % 4)
    assert json.loads(base64.urlsafe_b64decode(padded))["scope"] == token["scope"]


def test_token_info_tells_the_bearer_and_refuses_another_in_its_own_words(simulator):
    url = simulator.base_url + "/auth/oauth/token/info"
    info = simulator.http.get(url).json()
    assert info["application"] == {"uid": simulator.connection["client_id"]}
    refused = httpx.get(url, headers={"Authorization": "Bearer x"})
    assert refused.status_code == 401
    assert refused.json() == {
        "error": "invalid_token",
        "error_description": "The access token is invalid",
        "state": "unauthorized",
    }


@pytest.mark.parametrize("switch", ["now", "original"])
def test_whether_a_refresh_goes_on_with_the_time_of_the_exchange_is_a_switch(own, switch):
    simulator = own(refresh_created_at=switch)
    first = exchange(simulator, press(simulator, "allow")["code"]).json()
    time.sleep(1.1)
    grant = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    renewed = exchange(simulator, "", **grant).json()
    assert (renewed["created_at"] == first["created_at"]) is (switch == "original")
    # As observed: expires_in counts down while created_at stays, so their sum is on the safe side of the end.
    assert (renewed["expires_in"] == 43_200) is (switch == "now")
    assert renewed["created_at"] + renewed["expires_in"] <= first["created_at"] + 43_200 + 5


@pytest.mark.parametrize(("switch", "status"), [("token", 200), ("pair", 400)])
def test_what_revoking_the_access_token_does_to_its_refresh_token_is_a_switch(own, switch, status):
    simulator = own(revoke=switch)
    token = exchange(simulator, press(simulator, "allow")["code"]).json()
    exchange(simulator, "", "/auth/oauth/revoke", token=token["access_token"])
    grant = {"grant_type": "refresh_token", "refresh_token": token["refresh_token"]}
    assert exchange(simulator, "", **grant).status_code == status


def test_of_many_refreshes_at_once_exactly_one_has_the_new_pair(simulator):
    token = exchange(simulator, press(simulator, "allow")["code"]).json()
    grant = {"grant_type": "refresh_token", "refresh_token": token["refresh_token"]}
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: exchange(simulator, "", **grant), range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 7
    (won,) = [answer.json() for answer in answers if answer.status_code == 200]
    grant["refresh_token"] = won["refresh_token"]
    assert exchange(simulator, "", **grant).status_code == 200


# -- further applications, and people who are only clients


def register(simulator, **given: object) -> httpx.Response:
    return simulator.http.post("/_sandbox/apps", json=given)


def token_of(simulator, app: dict) -> str:
    asked = {"client_id": app["client_id"], "redirect_uri": app["redirect_uris"][0]}
    location = simulator.http.post("/_sandbox/consent", json=asked).json()["location"]
    code = dict(parse_qsl(urlsplit(location).query))["code"]
    return exchange(simulator, code, **asked, client_secret=app["client_secret"]).json()["access_token"]


def test_a_further_application_has_its_own_credentials_and_scopes(simulator):
    app = register(
        simulator, name="Other", redirect_uris=["https://other.example/cb"], scopes=["user:clients:read"]
    ).json()
    token = token_of(simulator, app)
    with httpx.Client(base_url=simulator.base_url, headers={"Authorization": "Bearer " + token}) as http:
        assert http.get(simulator.account + "/users/clients").status_code == 200
        assert http.get(simulator.account + "/invoices/invoices").status_code == 403
    # Its tokens are nothing to the first application.
    exchange(simulator, "", "/auth/oauth/revoke", token=token)
    url = simulator.base_url + "/auth/api/v1/users/me"
    assert httpx.get(url, headers={"Authorization": "Bearer " + token}).status_code == 200


@pytest.mark.parametrize(
    "uri", ["http://app.example/cb", "http://localhost:8765/cb", "https://app.example/cb?x=1", "https:///cb"]
)
def test_a_redirect_uri_is_https_without_a_query(simulator, uri):
    assert register(simulator, redirect_uris=[uri]).status_code == 400


def test_http_on_this_machine_can_be_allowed(own):
    simulator = own(loopback_redirect_uris=True)
    assert register(simulator, redirect_uris=["http://127.0.0.1:8765/cb"]).status_code == 200
    assert register(simulator, redirect_uris=["http://app.example/cb"]).status_code == 400


def test_a_client_of_the_account_reads_and_is_refused_every_write(simulator):
    app = register(simulator, redirect_uris=["https://client.example/cb"], role="client").json()
    headers = {"Authorization": "Bearer " + token_of(simulator, app)}
    with httpx.Client(base_url=simulator.base_url, headers=headers) as http:
        assert http.get(simulator.account + "/users/clients").status_code == 200
        refused = http.post(simulator.account + "/users/clients", json={"client": {"email": "a@b.example"}})
        me = http.get("/auth/api/v1/users/me").json()["response"]
    assert refused.status_code == 403
    assert refused.json()["response"]["errors"][0]["errno"] == 1003
    # The account is not where one looks first.
    assert me["business_memberships"][0]["business"]["account_id"] is None
    assert (
        me["roles"][0] | {"role": "client", "accountid": simulator.connection["account_id"]} == me["roles"][0]
    )


def test_the_role_of_the_first_application_is_a_switch(own):
    simulator = own(identity_role="client")
    assert simulator.get("/users/clients").status_code == 200
    assert simulator.post("/users/clients", {"client": {"email": "a@b.example"}}).status_code == 403
