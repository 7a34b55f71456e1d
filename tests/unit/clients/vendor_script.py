"""A scripted vendor and minimal settings. Belongs here: what the tests of the clients share; not the fixtures."""

from __future__ import annotations

import json
from typing import Any

import httpx

from fbinfor_assets.clients import RetryPolicy
from fbinfor_assets.clients.freshbooks import FreshBooksSettings
from fbinfor_assets.clients.infor import InforSettings

AT_ONCE = RetryPolicy(attempts=4, base=0.0)


class Script:
    """Answers requests one after the other (the last answer repeats) and keeps what was asked."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith(("/auth/oauth/token", "token.oauth2")):
            return httpx.Response(
                200, json={"access_token": "tok", "refresh_token": "next", "expires_in": 7200}
            )
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if callable(answer):
            answer = answer(request)
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, httpx.Response):
            return answer
        status, body = answer if isinstance(answer, tuple) else (200, answer)
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return httpx.Response(status, content=content, headers={"Content-Type": "application/json"})

    @property
    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self)


def freshbooks_settings(**changes: Any) -> FreshBooksSettings:
    values = {
        "base_url": "http://127.0.0.1:9",
        "auth_url": "http://127.0.0.1:9",
        "client_id": "app",
        "client_secret": "app-secret-value",
        "redirect_uri": "https://example.test/back",
        "account_id": "ABC123",
        "access_token": "first-access-token",
        "refresh_token": "first-refresh-token",
    }
    return FreshBooksSettings.model_validate(values | changes)


def infor_settings(**changes: Any) -> InforSettings:
    ionapi = {
        "ti": "ACME_TST",
        "cn": "sbx",
        "ci": "ACME_TST~app",
        "cs": "gateway-secret",
        "iu": "http://127.0.0.1:9",
        "pu": "http://127.0.0.1:9/ACME_TST/as/",
        "oa": "authorization.oauth2",
        "ot": "token.oauth2",
        "saak": "ACME_TST#key",
        "sask": "service-secret",
    }
    return InforSettings.model_validate({"ionapi": ionapi, "company": "100", "division": "AAA"} | changes)
