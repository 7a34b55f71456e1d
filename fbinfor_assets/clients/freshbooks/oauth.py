"""FreshBooks' OAuth: the consent page, the code exchange and the renewal with a single-use refresh token.

Belongs here: the token requests of freshbooks-api section 1 and what their refusals mean.
Does not belong here: keeping tokens and locking (`clients/auth.py`).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import httpx

from fbinfor_assets.clients.auth import MemoryTokenStore, TokenSource, TokenStore, fingerprint
from fbinfor_assets.clients.errors import AuthorisationError, Call, ClientError, ParseError
from fbinfor_assets.clients.freshbooks.faults import refusals
from fbinfor_assets.clients.freshbooks.settings import FreshBooksSettings
from fbinfor_assets.clients.retry import RetryPolicy
from fbinfor_assets.clients.wire import Answer, Wire, query_string

CREDENTIALS = "check client_id, client_secret and redirect_uri of the FreshBooks app"
RECONSENT = "re-consent: a person allows access on FreshBooks' consent page once more; then put the new pair into the connection"


def consent_url(settings: FreshBooksSettings, state: str, scopes: tuple[str, ...] = ()) -> str:
    """The page on which a person allows access; FreshBooks then redirects with `code` and our `state`."""
    pairs = [
        ("client_id", settings.client_id),
        ("response_type", "code"),
        ("redirect_uri", settings.redirect_uri),
        ("state", state),
    ]
    if scopes:
        pairs.append(("scope", " ".join(scopes)))
    return f"{settings.auth_url}/oauth/authorize?{query_string(pairs)}"


def _judge(call: Call, answer: Answer) -> ClientError | None:
    if 200 <= answer.status < 300:
        if (
            isinstance(answer.body, dict)
            and answer.body.get("access_token")
            and answer.body.get("refresh_token")
        ):
            return None
        return call.error(
            ParseError, "the token answer lacks access_token or refresh_token", status=answer.status
        )
    reasons = refusals(answer.body)
    codes = {reason.code for reason in reasons}
    text = (
        "; ".join(f"{reason.code}: {reason.message}" for reason in reasons) or "the token request was refused"
    )
    next_step = RECONSENT if "invalid_grant" in codes else CREDENTIALS
    return call.error(AuthorisationError, text, errors=reasons, status=answer.status, next_step=next_step)


class FreshBooksTokens:
    """The token pair of one FreshBooks account; `.source` is what `BearerAuth` needs."""

    def __init__(
        self,
        settings: FreshBooksSettings,
        *,
        store: TokenStore | None = None,
        transport: httpx.BaseTransport | None = None,
        retry: RetryPolicy | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._settings = settings
        self._wire = Wire(
            base_url=settings.base_url,
            judge=_judge,
            unauthorised=CREDENTIALS,
            describe=refusals,
            timeout=settings.timeout_seconds,
            retry=retry,
            transport=transport,
        )
        self.source = TokenSource(
            system="freshbooks",
            store=store if store is not None else MemoryTokenStore(),
            grant=self._refresh,
            seed=self._seed(),
            lock_path=settings.token_lock,
            now=now,
        )

    def close(self) -> None:
        """Close the connections to the token endpoint."""
        self._wire.close()

    def exchange(self, code: str) -> None:
        """Trade the code of a consent for the first pair and store it. Raises `AuthorisationError` if refused."""
        self.source.adopt(
            self._ask("exchange consent code", {"grant_type": "authorization_code", "code": code})
        )

    def _seed(self) -> dict[str, Any] | None:
        pair = self._settings
        if pair.refresh_token is None:
            return None
        refresh = pair.refresh_token.get_secret_value()
        access = pair.access_token.get_secret_value() if pair.access_token else None
        # No expires_in: how old a configured access token is, only FreshBooks knows.
        return {"access_token": access, "refresh_token": refresh, "seed": fingerprint(refresh)}

    def _refresh(self, document: dict[str, Any] | None) -> dict[str, Any]:
        refresh = (document or {}).get("refresh_token")
        if not refresh:
            raise Call("freshbooks", "renew access token").error(
                AuthorisationError, "there is no token pair for this account yet", next_step=RECONSENT
            )
        return self._ask("renew access token", {"grant_type": "refresh_token", "refresh_token": refresh})

    def _ask(self, operation: str, grant: dict[str, str]) -> dict[str, Any]:
        # redirect_uri and the secret are sent on a refresh too (freshbooks-api 1, recorded from the official SDK).
        form = {
            "client_id": self._settings.client_id,
            "client_secret": self._settings.client_secret.get_secret_value(),
            "redirect_uri": self._settings.redirect_uri,
            **grant,
        }
        return dict(
            self._wire.send(Call("freshbooks", operation), "POST", "/auth/oauth/token", form=form).body
        )
