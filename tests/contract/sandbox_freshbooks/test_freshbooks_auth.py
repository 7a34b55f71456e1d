"""OAuth and identity of the FreshBooks simulator (freshbooks-api 1 and 2)."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

UNAUTHENTICATED = {
    "error": "unauthenticated",
    "error_description": "This action requires authentication to continue.",
}


def credentials(simulator) -> dict:
    return {name: simulator.connection[name] for name in ("client_id", "client_secret", "redirect_uri")}


def allow(simulator, **asked: str) -> dict[str, str]:
    """The query of the redirect after a person pressed Allow, without the page."""
    location = simulator.http.post("/_sandbox/consent", json=asked).json()["location"]
    return dict(parse_qsl(urlsplit(location).query))


def consent(simulator, scope: str = "") -> dict:
    """A new grant through a person's consent and the code."""
    query = allow(simulator, state="xyz", **({"scope": scope} if scope else {}))
    assert query["state"] == "xyz"
    body = {**credentials(simulator), "grant_type": "authorization_code", "code": query["code"]}
    answer = httpx.post(simulator.base_url + "/auth/oauth/token", json=body)
    assert answer.status_code == 200
    return answer.json()


def refresh(simulator, token: str, **send) -> httpx.Response:
    body = {**credentials(simulator), "grant_type": "refresh_token", "refresh_token": token}
    return httpx.post(simulator.base_url + "/auth/oauth/token", **(send or {"data": body}))


def test_a_code_gives_a_token_that_lives_twelve_hours_from_created_at(simulator):
    token = consent(simulator)
    assert token["token_type"] == "Bearer"
    assert token["expires_in"] == 43_200
    assert len(token["refresh_token"]) == 64
    assert "user:profile:read" in token["scope"]
    assert token["direct_buy_tokens"] == {}


def test_a_code_is_used_once(simulator):
    code = allow(simulator)["code"]
    body = {**credentials(simulator), "grant_type": "authorization_code", "code": code}
    url = simulator.base_url + "/auth/oauth/token"
    assert [httpx.post(url, data=body).status_code for _ in range(2)] == [200, 400]


@pytest.mark.parametrize("encoding", ["data", "json"])
def test_the_token_endpoint_takes_a_form_and_json(simulator, encoding):
    token = consent(simulator)
    body = {**credentials(simulator), "grant_type": "refresh_token", "refresh_token": token["refresh_token"]}
    assert refresh(simulator, "", **{encoding: body}).status_code == 200


def test_a_refresh_token_is_replaced_by_its_use_and_its_reuse_is_invalid_grant(simulator):
    token = consent(simulator)
    renewed = refresh(simulator, token["refresh_token"]).json()
    assert renewed["refresh_token"] != token["refresh_token"]
    again = refresh(simulator, token["refresh_token"])
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert refresh(simulator, renewed["refresh_token"]).status_code == 200


def test_an_unknown_client_is_invalid_client(simulator):
    body = {
        **credentials(simulator),
        "client_secret": "wrong",
        "grant_type": "refresh_token",
        "refresh_token": "x",
    }
    answer = refresh(simulator, "", data=body)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_a_revoked_token_is_dead_at_once(simulator):
    token = consent(simulator)["access_token"]
    url, headers = simulator.base_url + "/auth/api/v1/users/me", {"Authorization": "Bearer " + token}
    assert httpx.get(url, headers=headers).status_code == 200
    body = {**credentials(simulator), "token": token}
    answer = httpx.post(simulator.base_url + "/auth/oauth/revoke", data=body)
    assert (answer.status_code, answer.json()) == (200, {})
    assert httpx.get(url, headers=headers).status_code == 401


@pytest.mark.parametrize("path", ["/auth/api/v1/users/me", "{account}/users/clients"])
@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}])
def test_a_bad_bearer_token_is_the_auth_familys_401_on_accounting_as_well(simulator, path, headers):
    answer = httpx.get(simulator.base_url + path.format(account=simulator.account), headers=headers)
    assert (answer.status_code, answer.json()) == (401, UNAUTHENTICATED)


def test_an_expired_access_token_is_401_and_its_refresh_token_still_works(own):
    simulator = own()
    simulator.http.post("/_sandbox/expire-tokens")
    assert simulator.get("/users/clients").status_code == 401
    token = refresh(simulator, simulator.connection["refresh_token"]).json()["access_token"]
    simulator.http.headers["Authorization"] = "Bearer " + token
    assert simulator.get("/users/clients").status_code == 200


def test_a_token_without_the_scope_is_403(simulator):
    token = consent(simulator, "user:profile:read user:clients:read")["access_token"]
    with httpx.Client(base_url=simulator.base_url, headers={"Authorization": "Bearer " + token}) as http:
        assert http.get(simulator.account + "/users/clients").status_code == 200
        assert http.get(simulator.account + "/invoices/invoices").status_code == 403
        assert (
            http.post(simulator.account + "/users/clients", json={"client": {"email": "a@b"}}).status_code
            == 403
        )


def test_identity_has_no_result_layer_and_names_the_account(simulator):
    body = simulator.http.get("/auth/api/v1/users/me").json()["response"]
    (membership,) = body["business_memberships"]
    assert membership["business"]["account_id"] == simulator.connection["account_id"]
    assert membership["business"]["id"] == simulator.connection["business_id"]
    assert membership["id"] != membership["business"]["id"]
    assert body["roles"][0]["accountid"] == simulator.connection["account_id"]


def test_a_second_business_as_a_client_has_no_account_id(own):
    memberships = own(second_business=True).http.get("/auth/api/v1/users/me").json()["response"]
    found = [(m["role"], m["business"]["account_id"] is None) for m in memberships["business_memberships"]]
    assert found == [("client", True), ("owner", False)]


def test_another_account_is_permission_denied(simulator, tools):
    answer = simulator.http.get("/accounting/account/OTHER1/users/clients")
    assert tools.error(answer) == (403, 1003, "accountid")
