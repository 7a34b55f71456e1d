"""OAuth and identity: tokens, their check, users/me.

Belongs here: the auth family of paths and the bearer check of all others.
Does not belong here: accounting resources.

Facts (freshbooks-api 1, 2): the token endpoint takes a form or JSON; grants are authorization_code and
refresh_token; a refresh token is used once, its reuse is 400 invalid_grant; an unknown client is 401
invalid_client; an access token lives 12 h, `created_at + expires_in`; revoking answers 200 {}. users/me has no
`result` layer. A bad bearer token is the auth family's 401 body, on accounting as well.

Tokens live by the *wall clock*, not by the simulated one: the party that holds them reckons with its own clock.
Assumed: the body of a missing scope's 403 and of a 429.
"""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import urlencode

from fbinfor_assets.sandbox.freshbooks.world import World
from fbinfor_assets.sandbox.kernel import Row, secret

# The objects of the scopes page (freshbooks-api 1); "mcp:*" and the like are not simulated.
READ_WRITE = (
    "bill_payments",
    "bill_vendors",
    "billable_items",
    "bills",
    "business",
    "clients",
    "credit_notes",
    "estimates",
    "expenses",
    "invoices",
    "journal_entries",
    "online_payments",
    "other_income",
    "payments",
    "projects",
    "retainers",
    "taxes",
    "teams",
    "time_entries",
    "uploads",
)
# Asking for their :write, or for anything unknown, spoils the whole consent (freshbooks-api 1).
READ_ONLY = ("notifications", "profile", "reports")

SCOPES = tuple(f"user:{name}:read" for name in (*READ_ONLY, *READ_WRITE)) + tuple(
    f"user:{name}:write" for name in READ_WRITE
)

DEFAULT_SCOPE = " ".join(SCOPES)

UNAUTHENTICATED = {
    "error": "unauthenticated",
    "error_description": "This action requires authentication to continue.",
}


class AuthError(Exception):
    """A refusal in the auth family's shape, answered with `status`, `body` and `headers`."""

    def __init__(
        self, status: int, error: str, description: str, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(description)
        self.status, self.headers = status, headers
        self.body = {"error": error, "error_description": description}


class Auth:
    """One registered application and the grants people gave it.

    Tables: `code` {redirect_uri, scope}, `access_token` {expires, scope, grant}, `refresh_token` {scope, grant}.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        seed = world.seed
        self.client_id = secret(seed, "freshbooks", "client_id", length=64)
        self.client_secret = secret(seed, "freshbooks", "client_secret", length=64)
        self.redirect_uri = "https://fbinfor.example/oauth/callback"
        self._counts: dict[str, tuple[int, int]] = {}

    # -- grants

    def authorize(self, client_id: str, redirect_uri: str, scope: str | None, state: str | None) -> str:
        """The consent page, answered yes at once: the address to send the browser to, with the code.

        Raises AuthError for a wrong client or redirect, and for the whole request if one scope is unknown.
        """
        if client_id != self.client_id or redirect_uri != self.redirect_uri:
            raise AuthError(400, "invalid_request", "The client or its redirect URI is not known.")
        if any(name not in SCOPES for name in (scope or "").split()):
            text = "The requested scope is invalid, unknown, or malformed."
            raise AuthError(400, "invalid_scope", text)
        number = self.world.state.next_number("code")
        code = secret(self.world.seed, "code", str(number), length=64)
        self.world.state.put("code", code, {"redirect_uri": redirect_uri, "scope": scope or DEFAULT_SCOPE})
        return redirect_uri + "?" + urlencode({"code": code} | ({"state": state} if state else {}))

    def token(self, given: dict[str, Any]) -> Row:
        """Exchange a code or a refresh token. Raises AuthError."""
        self._check_client(given)
        state = self.world.state
        grant_type = given.get("grant_type")
        if grant_type not in ("authorization_code", "refresh_token"):
            raise AuthError(400, "unsupported_grant_type", "The authorization grant type is not supported.")
        table, name = (
            ("code", "code") if grant_type == "authorization_code" else ("refresh_token", "refresh_token")
        )
        value = str(given.get(name, ""))
        row = state.get(table, value)
        # A refresh sends redirect_uri too; whether its absence is refused there is unknown, so it is not.
        redirect = given.get("redirect_uri", None if table == "code" else self.redirect_uri)
        if row is None or redirect != row.get("redirect_uri", self.redirect_uri):
            text = "The provided authorization grant is invalid, expired, revoked, or was issued to another client."
            raise AuthError(400, "invalid_grant", text)
        state.delete(table, value)
        return self._issue(row["scope"], row.get("grant") or state.next_number("grant"))

    def revoke(self, given: dict[str, Any]) -> None:
        """Revoke an access or refresh token; an unknown one changes nothing. Raises AuthError."""
        self._check_client(given)
        for table in ("access_token", "refresh_token"):
            if self.world.state.get(table, str(given.get("token", ""))) is not None:
                self.world.state.delete(table, str(given["token"]))

    def _check_client(self, given: dict[str, Any]) -> None:
        if (given.get("client_id"), given.get("client_secret")) != (self.client_id, self.client_secret):
            raise AuthError(401, "invalid_client", "Client authentication failed due to unknown client.")

    def _issue(self, scope: str, grant: int, *, refresh: bool = True) -> Row:
        state, seed = self.world.state, self.world.seed
        now = int(time.time())
        for token, row in list(state.tables("access_token").items()):
            if row["expires"] < now:
                state.delete("access_token", token)
        n = str(state.next_number("token"))
        life = self.world.switches["access_token_seconds"]
        # About as long as the real ones, which are JWTs of some 1000 characters.
        access = f"eyJ0eXAiOiJKV1QifQ.{secret(seed, 'access', n, length=600)}.{secret(seed, 'sign', n, length=340)}"
        state.put("access_token", access, {"expires": now + life, "scope": scope, "grant": grant})
        answer = {
            "access_token": access,
            "token_type": "Bearer",
            "expires_in": life,
            "scope": scope,
            "created_at": now,
            "direct_buy_tokens": {},
        }
        if refresh:
            answer["refresh_token"] = secret(seed, "refresh", n, length=64)
            state.put("refresh_token", answer["refresh_token"], {"scope": scope, "grant": grant})
        return answer

    def tokens(self) -> tuple[str, str]:
        """(access token, refresh token) of the sandbox' first grant, as they are now.

        A new access token if none is valid, a new grant if its refresh token was revoked.
        """
        state = self.world.state
        refresh = next((t for t, row in state.tables("refresh_token").items() if row["grant"] == 1), None)
        if refresh is None:
            issued = self._issue(DEFAULT_SCOPE, 1)
            return issued["access_token"], issued["refresh_token"]
        now = time.time() + 60
        for token, row in state.tables("access_token").items():
            if row["grant"] == 1 and row["expires"] > now:
                return str(token), str(refresh)
        return self._issue(DEFAULT_SCOPE, 1, refresh=False)["access_token"], str(refresh)

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
        kept = {row["grant"]: row["scope"] for row in state.tables("refresh_token").values()}
        for table in ("access_token", "refresh_token"):
            for token in list(state.tables(table)):
                state.delete(table, token)
        for grant, scope in kept.items():
            self._issue(scope, grant)

    # -- the check of every other request

    def check(self, authorization: str, scope: str, method: str) -> None:
        """Refuse a request without a valid bearer token (401), scope (403) or above the limit (429)."""
        token = authorization[7:] if authorization[:7].lower() == "bearer " else ""
        row = self.world.state.get("access_token", token)
        if row is None or row["expires"] <= time.time():
            raise AuthError(401, UNAUTHENTICATED["error"], UNAUTHENTICATED["error_description"])
        needed = f"user:{scope}:{'read' if method in ('GET', 'HEAD') else 'write'}"
        if needed not in row["scope"].split():
            raise AuthError(403, "insufficient_scope", f"The token lacks the scope {needed}.")
        limit = self.world.switches["rate_limit_per_minute"]
        if limit:
            self._count(token, limit)

    def _count(self, token: str, limit: int) -> None:
        now = int(time.time())
        minute, count = self._counts.get(token, (0, 0))
        if minute != now // 60:
            minute, count = now // 60, 0
        self._counts[token] = (minute, count + 1)
        if count >= limit:
            reset = (minute + 1) * 60
            headers = {
                "Retry-After": str(reset - now),
                "X-RateLimit-Limit": str(limit),
                "X-RateLimit-Remaining": "0",
                "X-RateLimit-Reset": str(reset),
            }
            raise AuthError(429, "rate_limited", "Too many requests.", headers)

    # -- identity

    def me(self) -> Row:
        """GET /auth/api/v1/users/me, without the envelope."""
        world = self.world
        membership = {
            "id": world.business_id + 1_000_003,
            "role": "owner",
            "unacknowledged_change": False,
            "business": {
                "id": world.business_id,
                "business_uuid": world.business_uuid,
                "name": world.business_name,
                "account_id": world.account_id,
                "date_format": "dd/mm/yyyy",
                "address": {"id": 1, "street": "1 Mill Lane", "city": "Leeds", "country": world.country},
                "phone_number": None,
                "business_clients": [],
            },
        }
        memberships = [membership]
        if world.switches["second_business"]:
            # A business where this identity is only a client: its account_id is null (freshbooks-api 2).
            other = {
                "id": world.business_id + 7,
                "business_uuid": world.uuid("business", 2),
                "name": "Supplier Ltd",
            }
            other |= {"account_id": None, "date_format": "mm/dd/yyyy", "address": None, "phone_number": None}
            other["business_clients"] = [{"id": 1, "account_id": "ZZZ999", "business_id": other["id"]}]
            memberships.insert(
                0,
                {
                    "id": membership["id"] + 1,
                    "role": "client",
                    "unacknowledged_change": False,
                    "business": other,
                },
            )
        identity = world.identity_id
        return {
            "id": identity,
            "identity_id": identity,
            "identity_uuid": world.uuid("identity", 1),
            "first_name": "Sandbox",
            "last_name": "Owner",
            "email": "owner@sandbox.example",
            "language": "en",
            "confirmed_at": "2010-01-04T09:00:24Z",
            "created_at": "2010-01-04T08:45:42Z",
            "setup_complete": True,
            "profile": {"setup_complete": True, "first_name": "Sandbox", "last_name": "Owner"},
            "profession": None,
            "phone_numbers": [{"title": "", "phone_number": None}],
            "addresses": [None],
            "links": {
                "me": f"/service/auth/api/v1/users?id={identity}",
                "roles": f"/service/auth/api/v1/users/role/{identity}",
            },
            "permissions": {world.account_id: {"client.limit": 1000, "advanced_accounting.access": True}},
            "groups": [
                {
                    "id": 1,
                    "group_id": 7654,
                    "role": "owner",
                    "identity_id": identity,
                    "business_id": world.business_id,
                    "active": True,
                }
            ],
            "subscription_statuses": {world.account_id: "active"},
            "business_memberships": memberships,
            "roles": [
                {
                    "id": 61_270,
                    "role": "admin",
                    "systemid": world.system_id,
                    "userid": 1,
                    "created_at": "2010-01-04T08:45:42Z",
                    "accountid": world.account_id,
                }
            ],
        }
