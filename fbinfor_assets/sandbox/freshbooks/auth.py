"""Applications, the grants people gave them, tokens and their check.

Belongs here: who may ask for a token, what a token is worth, how long.
Does not belong here: paths and the consent page (`oauth`, `consent`); who the person is (`identity`); the bodies of
refusals outside the token endpoints (`families`); the request limit (`limits`).

Facts (freshbooks-api 1, 2): grants are authorization_code and refresh_token; an application names itself in the body
or by HTTP Basic, always with its secret; a refresh token is used once, its reuse is 400 invalid_grant; an unknown
client is 401 invalid_client; an access token lives 12 h, `created_at + expires_in`, and is a JWT that can be decoded
for its scope; revoking answers 200 {}; PKCE is accepted. FreshBooks' authentication page says that a code lives 5
minutes. The error texts are RFC 6749's, in the shorter form the vendor's own server gives them.

Tokens live by the *wall clock*, not by the simulated one: the party that holds them reckons with its own clock. A
JWT here therefore names no times: it depends on the seed alone.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

import orjson

from fbinfor_assets.sandbox.freshbooks import families, scopes
from fbinfor_assets.sandbox.freshbooks.world import World
from fbinfor_assets.sandbox.kernel import secret
from fbinfor_assets.sandbox.state import Row

LOOPBACK = ("127.0.0.1", "localhost", "::1")
GRANT_TYPES = ("authorization_code", "refresh_token")


class AuthError(Exception):
    """A refusal of the token endpoints, answered with `status` and `body`."""

    def __init__(self, status: int, error: str, description: str) -> None:
        super().__init__(description)
        self.status = status
        self.body = {"error": error, "error_description": description}


class Refused(Exception):
    """A refusal before any resource is asked; its body depends on the family of the path (`families`)."""

    def __init__(self, reason: families.Reason, scope: str = "") -> None:
        super().__init__(reason)
        self.reason: families.Reason = reason
        self.scope = scope


def _invalid_grant() -> AuthError:
    text = "The provided authorization grant is invalid, expired, revoked, or was issued to another client."
    return AuthError(400, "invalid_grant", text)


class Auth:
    """The registered applications and their grants.

    Tables: `app` see `register`; `code` {client_id, redirect_uri, scope, expires, challenge, method};
    `access_token` {expires, created_at, scope, grant, pair, client_id, role}; `refresh_token` the same without
    `expires`. `pair` ties the two tokens of one answer together.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        seed = world.seed
        self.client_id = secret(seed, "freshbooks", "client_id", length=64)
        self.client_secret = secret(seed, "freshbooks", "client_secret", length=64)
        self.redirect_uri = "https://fbinfor.example/oauth/callback"

    # -- applications

    def app(self, client_id: str) -> Row | None:
        """{name, client_id, client_secret, redirect_uris, scopes, role} of a registered application."""
        if client_id != self.client_id:
            return self.world.state.get("app", client_id)
        return {
            "name": "fbinfor",
            "client_id": client_id,
            "client_secret": self.client_secret,
            "redirect_uris": [self.redirect_uri],
            "scopes": list(scopes.DEFAULT),
            "role": None,
        }

    def register(self, given: Mapping[str, Any]) -> Row:
        """A further application, as the developer portal registers one: {name, redirect_uris, scopes}.

        role: "client" if the person who will consent is only a client of the account, None for the switch
        `identity_role`. Raises ValueError with what the portal would object to.
        """
        uris = list(given.get("redirect_uris") or [])
        if not uris:
            raise ValueError("redirect_uris must name at least one address")
        for uri in uris:
            self._check_redirect_uri(str(uri))
        wanted = list(given.get("scopes") or scopes.DEFAULT)
        unknown = [name for name in wanted if name not in scopes.ALL]
        if unknown:
            raise ValueError(f"no such scope: {', '.join(map(str, unknown))}")
        if given.get("role") not in (None, "owner", "client"):
            raise ValueError("role must be owner or client")
        number = str(self.world.state.next_number("app"))
        client_id, client_secret = (
            secret(self.world.seed, "app", number, kind, length=64) for kind in ("id", "secret")
        )
        row = {
            "name": str(given.get("name") or f"Application {number}"),
            "client_id": client_id,
            "client_secret": client_secret,
            "redirect_uris": uris,
            "scopes": wanted,
            "role": given.get("role"),
        }
        self.world.state.put("app", client_id, row)
        return row

    def _check_redirect_uri(self, uri: str) -> None:
        parts = urlsplit(uri)
        local = parts.scheme == "http" and parts.hostname in LOOPBACK
        if parts.scheme != "https" and not (local and self.world.switches["loopback_redirect_uris"]):
            raise ValueError(f"{uri}: a redirect URI must be https")
        if not parts.hostname or parts.query or parts.fragment:
            raise ValueError(f"{uri}: a redirect URI has a host and no query")

    def role(self, row: Row) -> str:
        """The role of the person behind a token: owner or client."""
        return row.get("role") or self.world.switches["identity_role"]

    # -- the token endpoints

    def token(self, given: Mapping[str, Any], basic: str = "") -> Row:
        """Exchange a code or a refresh token. `basic`: the Authorization header. Raises AuthError."""
        app = self._client(given, basic)
        grant_type = given.get("grant_type")
        if not grant_type:
            raise AuthError(400, "invalid_request", "Missing required parameter: grant_type.")
        if grant_type not in GRANT_TYPES:
            raise AuthError(400, "unsupported_grant_type", "The authorization grant type is not supported.")
        name = "code" if grant_type == "authorization_code" else "refresh_token"
        if not given.get(name):
            raise AuthError(400, "invalid_request", f"Missing required parameter: {name}.")
        value = str(given[name])
        row = self.world.state.get(name, value)
        if row is None or row.get("client_id", self.client_id) != app["client_id"]:
            raise _invalid_grant()
        if name == "code":
            self._check_code(row, given)
        # A refresh sends redirect_uri too; whether its absence is refused there is unknown, so it is not.
        elif given.get("redirect_uri", app["redirect_uris"][0]) not in app["redirect_uris"]:
            raise _invalid_grant()
        self.world.state.delete(name, value)
        if name == "code":
            return self._issue(app, row["scope"], self.world.state.next_number("grant"))
        return self._issue(app, row["scope"], row["grant"], since=row.get("created_at"))

    def _check_code(self, row: Row, given: Mapping[str, Any]) -> None:
        if row["expires"] <= time.time() or given.get("redirect_uri") != row["redirect_uri"]:
            raise _invalid_grant()
        if row["challenge"] and self.world.switches["pkce"] == "enforced":
            answer = str(given.get("code_verifier") or "")
            if row["method"] == "S256":
                digest = hashlib.sha256(answer.encode()).digest()
                answer = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
            if not hmac.compare_digest(answer.encode(), row["challenge"].encode()):
                raise _invalid_grant()

    def revoke(self, given: Mapping[str, Any], basic: str = "") -> None:
        """Revoke an access or refresh token; an unknown one changes nothing. Raises AuthError."""
        app = self._client(given, basic)
        state, value = self.world.state, str(given.get("token", ""))
        for table in ("access_token", "refresh_token"):
            row = state.get(table, value)
            if row is None or row.get("client_id", self.client_id) != app["client_id"]:
                continue
            state.delete(table, value)
            if self.world.switches["revoke"] == "pair":
                self._delete_pair(row.get("pair"))

    def _delete_pair(self, pair: int | None) -> None:
        for table in ("access_token", "refresh_token"):
            for token, row in list(self.world.state.tables(table).items()):
                if pair is not None and row.get("pair") == pair:
                    self.world.state.delete(table, token)

    def introspect(self, given: Mapping[str, Any], basic: str = "") -> Row:
        """RFC 7662 (the endpoint is advertised; its body is assumed to be the standard's). Raises AuthError."""
        app = self._client(given, basic)
        for table in ("access_token", "refresh_token"):
            row = self.world.state.get(table, str(given.get("token", "")))
            if row is None or row.get("client_id", self.client_id) != app["client_id"]:
                continue
            answer = {"active": True, "scope": row["scope"], "client_id": app["client_id"]}
            if table == "refresh_token":
                return answer
            if row["expires"] > time.time():
                times = {"exp": row["expires"], "iat": row.get("created_at", row["expires"])}
                return {**answer, "token_type": "Bearer", **times}
        return {"active": False}

    def token_info(self, authorization: str) -> Row | None:
        """What the bearer of an access token may know of it; None if it is no valid one (shape assumed)."""
        row = self.bearer(authorization)
        if row is None:
            return None
        return {
            "resource_owner_id": self.world.identity_id,
            "scope": row["scope"].split(),
            "expires_in": int(row["expires"] - time.time()),
            "application": {"uid": row.get("client_id", self.client_id)},
            "created_at": row.get("created_at", int(time.time())),
        }

    def _client(self, given: Mapping[str, Any], basic: str) -> Row:
        client_id, client_secret = given.get("client_id"), given.get("client_secret")
        if basic[:6].lower() == "basic ":
            try:
                text = base64.b64decode(basic[6:]).decode()
            except ValueError:
                text = ""
            client_id, _, client_secret = (unquote(part) for part in text.partition(":"))
        app = self.app(str(client_id))
        if app is None or not hmac.compare_digest(str(client_secret).encode(), app["client_secret"].encode()):
            raise AuthError(401, "invalid_client", "Client authentication failed due to unknown client.")
        return app

    # -- tokens

    def code(self, app: Row, redirect_uri: str, scope: str, challenge: str, method: str) -> str:
        """A code for a person's consent, to be exchanged once."""
        state = self.world.state
        code = secret(self.world.seed, "code", str(state.next_number("code")), length=64)
        row = {
            "client_id": app["client_id"],
            "redirect_uri": redirect_uri,
            "scope": scope,
            "expires": int(time.time()) + self.world.switches["authorization_code_seconds"],
            "challenge": challenge,
            "method": method,
        }
        state.put("code", code, row)
        return code

    def _issue(
        self, app: Row, scope: str, grant: int, *, since: int | None = None, refresh: bool = True
    ) -> Row:
        state = self.world.state
        created = now = int(time.time())
        for token, row in list(state.tables("access_token").items()):
            if row["expires"] < now:
                state.delete("access_token", token)
        life = self.world.switches["access_token_seconds"]
        if self.world.switches["refresh_created_at"] == "original" and since and since + life > now:
            created = since  # the time of the exchange goes on
        pair = state.next_number("token")
        access = self._jwt(app, scope, pair)
        about = {"scope": scope, "grant": grant, "pair": pair, "created_at": created}
        about |= {"client_id": app["client_id"], "role": app["role"]}
        state.put("access_token", access, {**about, "expires": created + life})
        answer = {
            "access_token": access,
            "token_type": "Bearer",
            "expires_in": created + life - now,
            "scope": scope,
            "created_at": created,
            "direct_buy_tokens": {},
        }
        if refresh:
            answer["refresh_token"] = secret(self.world.seed, "refresh", str(pair), length=64)
            state.put("refresh_token", answer["refresh_token"], about)
        return answer

    def _jwt(self, app: Row, scope: str, pair: int) -> str:
        # The signature is of no key: only the vendor could check it.
        number = secret(self.world.seed, "access", str(pair), length=32)
        claims = {"jti": number, "sub": str(self.world.identity_id), "aud": app["client_id"], "scope": scope}
        parts = [orjson.dumps({"typ": "JWT", "alg": "RS256"}), orjson.dumps(claims)]
        parts.append(bytes.fromhex(secret(self.world.seed, "sign", str(pair), length=512)))
        return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)

    def tokens(self) -> tuple[str, str]:
        """(access token, refresh token) of the sandbox' first grant, as they are now.

        A new access token if none is valid, a new grant if its refresh token was revoked.
        """
        state, app = self.world.state, self.app(self.client_id)
        assert app is not None
        refresh = next((t for t, row in state.tables("refresh_token").items() if row["grant"] == 1), None)
        scope = " ".join(scopes.DEFAULT)
        if refresh is None:
            issued = self._issue(app, scope, 1)
            return issued["access_token"], issued["refresh_token"]
        now = time.time() + 60
        for token, row in state.tables("access_token").items():
            if row["grant"] == 1 and row["expires"] > now:
                return str(token), str(refresh)
        return self._issue(app, scope, 1, refresh=False)["access_token"], str(refresh)

    def seed(self) -> None:
        """The consent that exists from the start (grant 1)."""
        self.world.state.next_number("grant")
        self.tokens()

    def expire(self) -> None:
        """Let every access token expire now (a test's shortcut for waiting 12 h)."""
        state = self.world.state
        for token, row in list(state.tables("access_token").items()):
            state.put("access_token", token, {**row, "expires": 0})

    def rotate(self) -> None:
        """Somebody else refreshed every grant: who held the old tokens has none that is good for anything."""
        state = self.world.state
        kept = {row["grant"]: row for row in state.tables("refresh_token").values()}
        for table in ("access_token", "refresh_token"):
            for token in list(state.tables(table)):
                state.delete(table, token)
        for grant, row in kept.items():
            app = self.app(row["client_id"])
            if app is not None:
                self._issue(app, row["scope"], grant)

    # -- the check of every other request

    def bearer(self, authorization: str) -> Row | None:
        """The row of the access token in an Authorization header, None if it is not (or no longer) valid."""
        token = authorization[7:] if authorization[:7].lower() == "bearer " else ""
        row = self.world.state.get("access_token", token)
        return None if row is None or row["expires"] <= time.time() else row

    def check(self, authorization: str, object: str, method: str) -> Row:
        """The token's row, or Refused: without a valid bearer token (401), a scope of `object`, or the role (403)."""
        row = self.bearer(authorization)
        if row is None:
            raise Refused("unauthenticated")
        self.permit(row, scopes.needed(object, method), method)
        return row

    def permit(self, row: Row, scope: str, method: str) -> None:
        """Refuse a request of a valid token for want of a scope, or of the role."""
        if scope not in row["scope"].split():
            raise Refused("scope", scope)
        # A client of the account reads whatever its scopes allow and writes nothing (freshbooks-api 2).
        if method not in ("GET", "HEAD") and self.role(row) == "client":
            raise Refused("role")
