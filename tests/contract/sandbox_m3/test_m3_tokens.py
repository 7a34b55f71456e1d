"""Contract: the apps of a tenant, their tokens, and the page for interactive ones (infor-api 1.1, 1.2)."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from .simulator import Simulator


def app_of(m3: Simulator, grant: str) -> dict[str, str]:
    answer = m3.http.get("/_sandbox/ionapi", params={"grant": grant})
    assert answer.status_code == 200
    return answer.json()


def ask(app: dict[str, str], **form: str) -> httpx.Response:
    return httpx.post(app["pu"] + app["ot"], data={"client_id": app["ci"], "client_secret": app["cs"]} | form)


def opens(m3: Simulator, token: str) -> bool:
    answer = m3.http.get(f"{m3.path}/GENERAL/GetServerTime", headers={"Authorization": f"Bearer {token}"})
    return answer.status_code == 200


def test_all_kinds_of_apps_exist_at_once(m3: Simulator) -> None:
    apps = {g: app_of(m3, g) for g in ("password", "client_credentials", "authorization_code")}
    assert len({app["ci"] for app in apps.values()}) == 3
    assert {g for g, app in apps.items() if "saak" in app} == {"password"}
    assert m3.http.get("/_sandbox/connection").json()["ionapi"] == apps["password"]
    assert m3.http.get("/_sandbox/ionapi", params={"grant": "magic"}).status_code == 400


def test_each_app_takes_its_own_grant_only(m3: Simulator) -> None:
    service, machine = app_of(m3, "password"), app_of(m3, "client_credentials")
    account = {"username": service["saak"], "password": service["sask"]}
    assert opens(m3, ask(machine, grant_type="client_credentials").json()["access_token"])
    assert opens(m3, ask(service, grant_type="password", **account).json()["access_token"])
    assert ask(machine, grant_type="password", **account).json()["error"] == "unauthorized_client"
    assert ask(service, grant_type="client_credentials").json()["error"] == "unauthorized_client"


def test_http_basic_and_foreign_fields_are_tolerated(m3: Simulator) -> None:
    app = app_of(m3, "client_credentials")
    form = {"grant_type": "client_credentials", "redirect_uri": "https://localhost/", "scope": ""}
    answer = httpx.post(app["pu"] + app["ot"], data=form, auth=(app["ci"], app["cs"]))
    assert answer.status_code == 200 and answer.headers["Cache-Control"] == "no-store"


def test_wrong_secret_is_401_with_a_challenge(m3: Simulator) -> None:
    answer = ask(app_of(m3, "client_credentials"), grant_type="client_credentials", client_secret="x")
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert answer.headers["WWW-Authenticate"] == "Basic"


def test_an_access_token_reads_as_the_jwt_it_is_with_the_vendor(m3: Simulator) -> None:
    header, claims, _ = m3.token().json()["access_token"].split(".")
    padded = claims + "=" * (-len(claims) % 4)
    read = json.loads(base64.urlsafe_b64decode(padded))
    assert (read["Tenant"], read["client_id"]) == (m3.ionapi["ti"], m3.ionapi["ci"])
    assert read["ServiceAccount"] == m3.ionapi["saak"] and read["exp"] > 0 and header


def test_lifetime_comes_as_a_number_or_as_text(m3: Simulator, switched: Callable[..., Simulator]) -> None:
    assert m3.token().json()["expires_in"] == 7200
    assert switched(expires_in="text", token_seconds=60).token().json()["expires_in"] == "60"


def test_a_refresh_token_belongs_to_its_app(m3: Simulator) -> None:
    service, machine = app_of(m3, "password"), app_of(m3, "client_credentials")
    refresh = m3.token().json()["refresh_token"]
    answer = ask(machine, grant_type="refresh_token", refresh_token=refresh)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    # One real client sends the service account along when it refreshes.
    again = ask(service, grant_type="refresh_token", refresh_token=refresh, username=service["saak"])
    assert opens(m3, again.json()["access_token"])


def test_revoking_a_refresh_token_ends_its_access_tokens(m3: Simulator) -> None:
    app, first = m3.ionapi, m3.token().json()
    second = ask(app, grant_type="refresh_token", refresh_token=first["refresh_token"]).json()
    stranger = m3.token().json()
    form = {"client_id": app["ci"], "client_secret": app["cs"], "token_type_hint": "refresh_token"}
    revoke = app["pu"] + app["or"]
    assert httpx.post(revoke, data=form | {"token": first["refresh_token"]}).status_code == 200
    assert not opens(m3, first["access_token"]) and not opens(m3, second["access_token"])
    assert opens(m3, stranger["access_token"])
    gone = ask(app, grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert gone.json()["error"] == "invalid_grant"


def test_what_revocation_refuses(m3: Simulator) -> None:
    app, other = m3.ionapi, app_of(m3, "client_credentials")
    revoke = app["pu"] + app["or"]
    client = {"client_id": app["ci"], "client_secret": app["cs"]}
    assert httpx.post(revoke, data=client | {"token": "unknown"}).status_code == 200
    assert httpx.post(revoke, data=client).json()["error"] == "invalid_request"
    foreign = ask(other, grant_type="client_credentials").json()["access_token"]
    assert httpx.post(revoke, data=client | {"token": foreign}).json()["error"] == "unauthorized_client"
    assert opens(m3, foreign)


# ------------------------------------------------------------------------------ interactive apps


VERIFIER = "a" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


def agree(app: dict[str, str], decision: str = "allow", **more: str) -> httpx.Response:
    asked = {
        "response_type": "code",
        "client_id": app["ci"],
        "redirect_uri": "http://127.0.0.1:9/back",
        **more,
    }
    page = httpx.get(app["pu"] + app["oa"], params=asked)
    assert page.status_code == 200, page.text
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', page.text))
    assert fields["client_id"] == app["ci"]
    return httpx.post(app["pu"] + app["oa"], data={**fields, "decision": decision})


def test_a_user_lets_an_interactive_app_in(m3: Simulator) -> None:
    app = app_of(m3, "authorization_code")
    back = agree(app, state="s1", code_challenge=CHALLENGE, code_challenge_method="S256")
    assert back.status_code == 302
    target = urlsplit(back.headers["Location"])
    query = parse_qs(target.query)
    assert (target.netloc, query["state"]) == ("127.0.0.1:9", ["s1"])
    form = {"grant_type": "authorization_code", "code": query["code"][0]}
    form["redirect_uri"] = "http://127.0.0.1:9/back"
    assert ask(app, **form, code_verifier="wrong").json()["error"] == "invalid_grant"
    given = ask(app, **form, code_verifier=VERIFIER).json()
    assert opens(m3, given["access_token"]) and given["refresh_token"]
    assert ask(app, **form, code_verifier=VERIFIER).json()["error"] == "invalid_grant", "a code is used once"


def test_a_user_can_say_no(m3: Simulator) -> None:
    back = agree(app_of(m3, "authorization_code"), decision="deny", state="s1")
    assert parse_qs(urlsplit(back.headers["Location"]).query) == {"state": ["s1"], "error": ["access_denied"]}


def test_implicit_grant_puts_the_token_into_the_fragment(m3: Simulator) -> None:
    back = agree(app_of(m3, "authorization_code"), response_type="token")
    fragment = parse_qs(urlsplit(back.headers["Location"]).fragment)
    assert opens(m3, fragment["access_token"][0]) and "refresh_token" not in fragment


@pytest.mark.parametrize(
    "wrong",
    [{"client_id": "nobody"}, {"redirect_uri": "https://evil.example/"}, {"response_type": "password"}],
    ids=["client", "redirect", "response type"],
)
def test_the_page_refuses_what_it_must_not_send_back(m3: Simulator, wrong: dict[str, str]) -> None:
    app = app_of(m3, "authorization_code")
    asked = {"response_type": "code", "client_id": app["ci"], "redirect_uri": "http://localhost/x", **wrong}
    assert httpx.get(app["pu"] + app["oa"], params=asked).status_code == 400
    assert httpx.post(app["pu"] + app["oa"], data=asked | {"decision": "allow"}).status_code == 400
