"""The authorization server of the tenant: apps and their `.ionapi` files, tokens, the page where a user agrees.

Belongs here: infor-api 1.1 and 1.2.
Does not belong here: what a token opens (`gateway.py`).

Three apps exist at once: a backend service with a service account (grant `password`), a backend service without
one (`client_credentials`) and an interactive one (`authorization_code`, `implicit`). Error bodies follow RFC
6749, revocation RFC 7009: the vendor documents neither. An access token looks like the JWT it is in the vendor's
cloud, but nobody outside can check its signature. Tokens live by the wall clock: simulated time may jump by days.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
import time
from html import escape
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import orjson
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from fbinfor_assets.sandbox.kernel import json_response, secret
from fbinfor_assets.sandbox.m3.world import TENANT, USER, World
from fbinfor_assets.sandbox.state import Row, State

# Grant an app is made for -> (type code `dt`, further grants it takes). Only 12 (backend service) has a source.
_APPS = {
    "password": ("12", ("refresh_token",)),
    "client_credentials": ("12", ("refresh_token",)),
    "authorization_code": ("1", ("refresh_token", "implicit")),
}
_GRANTS = frozenset((*_APPS, "refresh_token"))
_CODE_SECONDS = 300
_PRUNE_ABOVE = 500


def ionapi(seed: int, port: int, grant: str) -> dict[str, str]:
    """The content of an app's `.ionapi` file (infor-api 1.1), the same for the same seed and port.

    Only the app with a service account has saak and sask, as in the vendor's files; the interactive one has `ru`.
    """
    base = f"http://127.0.0.1:{port}"
    own = () if grant == "password" else (grant,)
    document = {
        "ti": TENANT,
        "cn": "fbinfor sandbox" if grant == "password" else f"fbinfor sandbox, {grant}",
        "dt": _APPS[grant][0],
        "ci": f"{TENANT}~{secret(seed, 'm3', 'ci', *own, length=43)}",
        "cs": secret(seed, "m3", "cs", *own, length=86),
        "iu": base,
        "pu": f"{base}/{TENANT}/as/",
        "oa": "authorization.oauth2",
        "ot": "token.oauth2",
        "or": "revoke_token.oauth2",
        "ev": "sandbox",
        "v": "1.1",
    }
    if grant == "password":
        document["saak"] = f"{TENANT}#{secret(seed, 'm3', 'saak', length=60)}"
        document["sask"] = secret(seed, "m3", "sask", length=60)
    if grant == "authorization_code":
        document["ru"] = "http://localhost/"
    return document


def direct_account(seed: int) -> tuple[str, str]:
    """User and password for m3api-rest without the gateway (HTTP Basic)."""
    return USER, secret(seed, "m3", "direct", length=24)


def basic(request: Request) -> tuple[str, str] | None:
    """User and password of HTTP Basic; None if the request has none or they cannot be read."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return name, password


class _RefusedError(Exception):
    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.error, self.description, self.status = error, description, status

    def answer(self) -> Response:
        headers = {"WWW-Authenticate": "Basic"} if self.status == 401 else None
        body = {"error": self.error, "error_description": self.description}
        return json_response(body, self.status, {"Cache-Control": "no-store", **(headers or {})})


async def _form(request: Request) -> dict[str, str]:
    return dict(parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True))


class AuthorizationServer:
    """Gives, takes back and knows tokens. Stored rows: `token` (access and refresh) and `code`."""

    def __init__(self, world: World, seed: int) -> None:
        self._state: State = world.state
        self._switches = world.switches
        self._key = secret(seed, "m3", "signature").encode()
        self._apps = {app["ci"]: (grant, app) for grant, app in ((g, ionapi(seed, 0, g)) for g in _APPS)}
        self._tokens_of_grant = world.state.index("token", lambda row: row.get("grant"))

    def routes(self) -> list[Route]:
        base = f"/{TENANT}/as"
        return [
            Route(f"{base}/token.oauth2", self.token, methods=["POST"]),
            Route(f"{base}/revoke_token.oauth2", self.revoke, methods=["POST"]),
            Route(f"{base}/authorization.oauth2", self.ask, methods=["GET"]),
            Route(f"{base}/authorization.oauth2", self.decide, methods=["POST"]),
        ]

    def bearer(self, request: Request) -> Row | None:
        """The stored row of the request's access token, or None if it has no valid one."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        kept = self._state.get("token", token.strip()) if scheme.lower() == "bearer" else None
        if kept is None or kept["kind"] != "access" or kept["until"] <= time.time():
            return None
        return kept

    # -- the token endpoint

    async def token(self, request: Request) -> Response:
        """Grants password, client_credentials, authorization_code, refresh_token; unknown fields are ignored."""
        form = await _form(request)
        try:
            grant, app = self._client(request, form)
            wanted = form.get("grant_type", "")
            if wanted not in _GRANTS:
                raise _RefusedError("unsupported_grant_type", f"there is no grant {wanted!r}")
            if wanted != grant and wanted not in _APPS[grant][1]:
                raise _RefusedError("unauthorized_client", f"this app does not take {wanted!r}")
            if wanted == "refresh_token":
                kept = self._state.get("token", form.get("refresh_token", ""))
                if kept is None or kept["kind"] != "refresh" or kept.get("client", app["ci"]) != app["ci"]:
                    raise _RefusedError("invalid_grant", "the refresh token is not known")
                answer = self._issue(app, form["refresh_token"], kept.get("user", ""))
            elif wanted == "password":
                if (form.get("username"), form.get("password")) != (app["saak"], app["sask"]):
                    raise _RefusedError("invalid_grant", "username and password are not a service account")
                answer = self._issue(app)
            elif wanted == "authorization_code":
                answer = self._issue(app, user=self._redeem(app, form))
            else:
                answer = self._issue(app)
        except _RefusedError as refused:
            return refused.answer()
        self._state.commit()
        return json_response(answer, headers={"Cache-Control": "no-store"})

    def _client(self, request: Request, form: dict[str, str]) -> tuple[str, dict[str, str]]:
        name, password = basic(request) or (form.get("client_id", ""), form.get("client_secret", ""))
        grant, app = self._apps.get(name, ("", {}))
        if not app or not hmac.compare_digest(password.encode(), app["cs"].encode()):
            raise _RefusedError("invalid_client", "client_id and client_secret are not those of an app", 401)
        return grant, app

    def _issue(self, app: dict[str, str], refresh: str | None = None, user: str = "") -> Row:
        now, lifetime = int(time.time()), self._switches["token_seconds"]
        if len(self._state.tables("token")) > _PRUNE_ABOVE:
            for token in [t for t, row in self._state.tables("token").items() if row.get("until", now) < now]:
                self._state.delete("token", token)
        renewed = self._state.get("token", refresh) if refresh else None
        grant = renewed["grant"] if renewed and "grant" in renewed else secrets.token_hex(8)
        access = self._signed(app, user, now + lifetime)
        # Whole seconds as an int: a stored row holds no float.
        kept = {"client": app["ci"], "user": user or USER, "grant": grant}
        self._state.put("token", access, {"kind": "access", "until": now + lifetime, **kept})
        seconds = str(lifetime) if self._switches["expires_in"] == "text" else lifetime
        answer: Row = {"access_token": access, "token_type": "Bearer", "expires_in": seconds}
        if self._switches["refresh_tokens"] == "issued":
            refresh = refresh or secrets.token_urlsafe(48)
            self._state.put("token", refresh, {"kind": "refresh", **kept})
            answer["refresh_token"] = refresh
        return answer

    def _signed(self, app: dict[str, str], user: str, until: int) -> str:
        claims = {"client_id": app["ci"], "Tenant": TENANT, "jti": secrets.token_hex(16), "exp": until}
        claims |= {"ServiceAccount": app["saak"]} if "saak" in app else {"Identity2": user or USER}
        parts = [{"alg": "HS256", "typ": "JWT"}, claims]
        body = b".".join(base64.urlsafe_b64encode(orjson.dumps(part)).rstrip(b"=") for part in parts)
        signature = base64.urlsafe_b64encode(hmac.digest(self._key, body, "sha256")).rstrip(b"=")
        return (body + b"." + signature).decode()

    async def revoke(self, request: Request) -> Response:
        """Take a token back (RFC 7009); a refresh token takes its access tokens along, an unknown one is no
        error. The hint is not needed to find it."""
        form = await _form(request)
        try:
            _, app = self._client(request, form)
            if not form.get("token"):
                raise _RefusedError("invalid_request", "token is missing")
            kept = self._state.get("token", form["token"])
            if kept is not None and kept.get("client", app["ci"]) != app["ci"]:
                raise _RefusedError("unauthorized_client", "the token was given to another app")
        except _RefusedError as refused:
            return refused.answer()
        if kept is not None:
            gone = {form["token"]: None}
            if kept["kind"] == "refresh" and "grant" in kept:
                gone |= dict.fromkeys(map(str, self._tokens_of_grant.ids(kept["grant"])))
            for token in gone:
                self._state.delete("token", token)
            self._state.commit()
        return json_response({})

    # -- interactive apps

    async def ask(self, request: Request) -> Response:
        """The page where a user lets an interactive app work in the user's name."""
        asked = dict(request.query_params)
        try:
            app = self._interactive(asked)
        except _RefusedError as refused:
            return HTMLResponse(f"<h1>Not possible</h1><p>{escape(refused.description)}</p>", 400)
        kept = "".join(
            f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
            for name, value in asked.items()
        )
        return HTMLResponse(
            f"<!doctype html><title>Sign in</title><h1>{escape(TENANT)}</h1>"
            f"<p>{escape(app['cn'])} asks to work as {escape(USER)}.</p><form method='post'>{kept}"
            "<button name='decision' value='allow'>Allow</button>"
            "<button name='decision' value='deny'>Deny</button></form>"
        )

    async def decide(self, request: Request) -> Response:
        """The user's answer: back to the app with a code (or a token), or with access_denied."""
        asked = await _form(request)
        try:
            app = self._interactive(asked)
        except _RefusedError as refused:
            return refused.answer()
        answer = {"state": asked["state"]} if asked.get("state") else {}
        if asked.get("decision") != "allow":
            answer["error"] = "access_denied"
        elif asked["response_type"] == "token":
            answer |= {
                name: str(value) for name, value in self._issue(app).items() if name != "refresh_token"
            }
        else:
            answer["code"] = secrets.token_urlsafe(32)
            code = {"client": app["ci"], "redirect_uri": asked["redirect_uri"], "user": USER}
            code |= {"challenge": asked.get("code_challenge", ""), "until": int(time.time()) + _CODE_SECONDS}
            self._state.put("code", answer["code"], code)
        self._state.commit()
        target, separator = asked["redirect_uri"], "&" if "?" in asked["redirect_uri"] else "?"
        return RedirectResponse(
            f"{target}{'#' if asked['response_type'] == 'token' else separator}{urlencode(answer)}", 302
        )

    def _interactive(self, asked: dict[str, str]) -> dict[str, str]:
        grant, app = self._apps.get(asked.get("client_id", ""), ("", {}))
        if grant != "authorization_code":
            raise _RefusedError("unauthorized_client", "client_id is not that of an interactive app")
        target = urlsplit(asked.get("redirect_uri", ""))
        if target.hostname not in ("localhost", "127.0.0.1") and target.geturl() != app["ru"]:
            raise _RefusedError(
                "invalid_request", "redirect_uri is neither the app's own nor on this machine"
            )
        if asked.get("response_type") not in ("code", "token"):
            raise _RefusedError("unsupported_response_type", "response_type must be code or token")
        if asked.get("code_challenge_method", "S256") != "S256":
            raise _RefusedError("invalid_request", "code_challenge_method must be S256")
        return app

    def _redeem(self, app: dict[str, str], form: dict[str, str]) -> str:
        code = self._state.get("code", form.get("code", ""))
        if code is None or code["client"] != app["ci"] or code["until"] <= time.time():
            raise _RefusedError("invalid_grant", "the code is not known, used or too old")
        if form.get("redirect_uri", code["redirect_uri"]) != code["redirect_uri"]:
            raise _RefusedError("invalid_grant", "redirect_uri is another than the code was given for")
        if code["challenge"]:
            digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
            if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != code["challenge"]:
                raise _RefusedError("invalid_grant", "code_verifier does not fit the challenge")
        self._state.delete("code", form["code"])
        return str(code["user"])


def describe(seed: int, port: int, switches: Any) -> Row:
    """What `serve` tells of this simulator's access: the default app, and the account for direct calls."""
    user, password = direct_account(seed)
    return {"ionapi": ionapi(seed, port, switches["grant"]), "direct": {"user": user, "password": password}}
