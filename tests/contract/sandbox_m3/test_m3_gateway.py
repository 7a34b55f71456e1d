"""Contract: the gateway in front of M3 (infor-api 1): tokens and HTTP statuses."""

from __future__ import annotations

import httpx
import pytest

from .simulator import Simulator


def test_password_grant_gives_a_bearer_token_that_opens_m3(m3: Simulator) -> None:
    answer = m3.token()
    body = answer.json()
    assert answer.status_code == 200
    assert body["token_type"] == "Bearer" and body["expires_in"] == 7200 and body["refresh_token"]
    headers = {"Authorization": f"Bearer {body['access_token']}"}
    assert m3.http.get(f"{m3.path}/GENERAL/GetServerTime", headers=headers).status_code == 200


def test_refresh_token_gives_a_new_access_token(m3: Simulator) -> None:
    first = m3.token().json()
    second = m3.token(grant_type="refresh_token", refresh_token=first["refresh_token"]).json()
    assert second["access_token"] != first["access_token"]


@pytest.mark.parametrize(
    ("changed", "status", "error"),
    [
        ({"password": "wrong"}, 400, "invalid_grant"),
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"grant_type": "authorization_code"}, 400, "unauthorized_client"),
        ({"grant_type": "magic"}, 400, "unsupported_grant_type"),
        ({"grant_type": "refresh_token", "refresh_token": "wrong"}, 400, "invalid_grant"),
    ],
)
def test_wrong_credentials_are_refused(
    m3: Simulator, changed: dict[str, str], status: int, error: str
) -> None:
    answer = m3.token(**changed)
    assert (answer.status_code, answer.json()["error"]) == (status, error)


def test_client_credentials_by_http_basic_are_accepted(m3: Simulator) -> None:
    app = m3.ionapi
    form = {"grant_type": "password", "username": app["saak"], "password": app["sask"]}
    answer = httpx.post(app["pu"] + app["ot"], data=form, auth=(app["ci"], app["cs"]))
    assert answer.status_code == 200


def test_revoked_token_is_refused(m3: Simulator) -> None:
    app, token = m3.ionapi, m3.token().json()["access_token"]
    form = {"token": token, "client_id": app["ci"], "client_secret": app["cs"]}
    assert httpx.post(app["pu"] + app["or"], data=form).status_code == 200
    headers = {"Authorization": f"Bearer {token}"}
    assert m3.http.get(f"{m3.path}/GENERAL/GetServerTime", headers=headers).status_code == 401


def test_statuses_of_the_gateway(m3: Simulator) -> None:
    assert (
        m3.http.get(f"{m3.path}/GENERAL/GetServerTime", headers={"Authorization": "Bearer x"}).status_code
        == 401
    )
    assert m3.http.post(m3.path, json={}, headers={"Authorization": ""}).status_code == 401
    assert m3.http.get("/OTHER/M3/m3api-rest/v2/execute/GENERAL/GetServerTime").status_code == 404
    assert m3.http.put(f"{m3.path}/GENERAL/GetServerTime").status_code == 405
    assert m3.http.get(m3.path).status_code == 405


def test_credentials_survive_a_restart_with_the_same_seed(switched) -> None:
    simulator = switched()
    token = simulator.http.headers["Authorization"]
    before = {name: simulator.ionapi[name] for name in ("ci", "cs", "saak", "sask", "ti")}
    simulator.stop()
    simulator.start()
    assert {name: simulator.ionapi[name] for name in before} == before
    simulator.http.headers["Authorization"] = token
    assert simulator.call("GENERAL", "GetServerTime")["records"]


def test_client_credentials_app_has_no_service_account(switched) -> None:
    simulator = switched(grant="client_credentials", refresh_tokens="none")
    assert "saak" not in simulator.ionapi
    assert simulator.token(grant_type="password").json()["error"] == "unauthorized_client"
    body = simulator.token().json()
    assert "refresh_token" not in body and body["access_token"]
