"""The Infor API gateway: a token for the tenant, and requests below `{iu}/{ti}`.

Belongs here: everything about the gateway that holds for M3 and for any other suite behind it (infor-api section 1).
Does not belong here: M3's transactions and envelopes (`m3.py`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import httpx

from fbinfor_assets.clients.auth import BearerAuth, MemoryTokenStore, TokenSource, TokenStore
from fbinfor_assets.clients.errors import (
    AuthorisationError,
    Call,
    ClientError,
    ParseError,
    Unsupported,
    ValidationError,
)
from fbinfor_assets.clients.infor.faults import gateway_refusals
from fbinfor_assets.clients.infor.settings import IonApi
from fbinfor_assets.clients.retry import RetryPolicy
from fbinfor_assets.clients.wire import Answer, Wire


def _judge(call: Call, answer: Answer) -> ClientError | None:
    if 200 <= answer.status < 300 or answer.status in (403, 413):
        return None
    reasons = gateway_refusals(answer.body)
    text = "; ".join(reason.message for reason in reasons)
    if answer.status in (404, 405):
        # A path of the gateway, never a record: M3 answers "no such record" with HTTP 200. Kept apart from NotFound,
        # or a wrong tenant id would look like an empty system.
        return call.error(
            Unsupported,
            f"the gateway knows no such address{': ' + text if text else ''}",
            status=answer.status,
            errors=reasons,
            next_step="check iu and ti of the .ionapi file, and that the tenant has this suite and program",
        )
    if answer.status in (400, 415, 422):
        return call.error(
            ValidationError, text or "the gateway refused the request", status=answer.status, errors=reasons
        )
    return None


NEW_CREDENTIALS = "download the .ionapi file of the Backend Service app again and check its grant type"


def _judge_token(call: Call, answer: Answer) -> ClientError | None:
    if 200 <= answer.status < 300:
        if isinstance(answer.body, dict) and answer.body.get("access_token"):
            return None
        return call.error(ParseError, "the token answer has no access_token", status=answer.status)
    reasons = gateway_refusals(answer.body)
    text = (
        "; ".join(f"{reason.code}: {reason.message}" for reason in reasons) or "the token request was refused"
    )
    return call.error(
        AuthorisationError,
        text,
        errors=reasons,
        status=answer.status,
        next_step=NEW_CREDENTIALS,
    )


class InforGateway:
    """One tenant of the gateway. Thread-safe; close it, or use it as a context manager.

    Tokens: grant `password` with the service account, else `client_credentials`; a refresh token is used if the app
    issues them. A token may be had at any time, so it is kept in memory unless a `token_store` is given.
    """

    system = "infor"

    def __init__(
        self,
        ionapi: IonApi,
        *,
        transport: httpx.BaseTransport | None = None,
        token_store: TokenStore | None = None,
        lock_path: Path | None = None,
        timeout_seconds: float = 65.0,
        retry: RetryPolicy | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.ionapi = ionapi
        self._token_wire = Wire(
            base_url=ionapi.token_url,
            judge=_judge_token,
            unauthorised=NEW_CREDENTIALS,
            describe=gateway_refusals,
            timeout=min(30.0, timeout_seconds),
            retry=retry,
            transport=transport,
        )
        self.tokens = TokenSource(
            system=self.system,
            store=token_store if token_store is not None else MemoryTokenStore(),
            grant=self._grant,
            lock_path=lock_path if token_store is not None else None,
            now=now,
        )
        self._wire = Wire(
            base_url=ionapi.base_url,
            judge=_judge,
            describe=gateway_refusals,
            auth=BearerAuth(self.tokens),
            timeout=timeout_seconds,
            retry=retry,
            transport=transport,
        )

    def __enter__(self) -> InforGateway:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._wire.close()
        self._token_wire.close()

    def send(
        self, call: Call, method: str, path: str, *, query: Iterable[tuple[str, str]] = (), body: Any = None
    ) -> Answer:
        """A request to `path` below the tenant's root. Raises a `ClientError`.

        Whether it is repeated depends on `call.writes`, never on the method: M3 executes writes over GET.
        """
        return self._wire.send(call, method, path, query=query, body=body)

    def _grant(self, document: dict[str, Any] | None) -> dict[str, Any]:
        call = Call(self.system, "get access token")
        client = {"client_id": self.ionapi.ci, "client_secret": self.ionapi.cs.get_secret_value()}
        refresh = (document or {}).get("refresh_token")
        if refresh:
            form = {"grant_type": "refresh_token", "refresh_token": str(refresh), **client}
            try:
                return dict(self._token_wire.send(call, "POST", "", form=form).body)
            except AuthorisationError:
                pass  # an expired refresh token is no obstacle: the service account is still there
        if self.ionapi.saak is not None and self.ionapi.sask is not None:
            form = {
                "grant_type": "password",
                "username": self.ionapi.saak.get_secret_value(),
                "password": self.ionapi.sask.get_secret_value(),
                **client,
            }
        else:
            form = {"grant_type": "client_credentials", **client}
        return dict(self._token_wire.send(call, "POST", "", form=form).body)
