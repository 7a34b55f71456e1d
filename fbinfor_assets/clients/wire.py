"""One HTTP exchange with a vendor, and the first judgement of what came of it.

Belongs here: sending, decoding JSON without floats, and sorting transport failures and HTTP statuses into the error
tree, in particular the difference between "never sent" and "may have been applied".
Does not belong here: a vendor's paths, envelopes and error bodies (each client's own package).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from typing import Any, NoReturn
from urllib.parse import quote, urlencode, urlsplit

import httpx

from fbinfor_assets.clients.errors import (
    AuthorisationError,
    Call,
    ClientError,
    ConnectError,
    ErrorClass,
    InDoubt,
    Interrupted,
    ParseError,
    RateLimited,
    Refusal,
    ServerError,
    Unsupported,
    ValidationError,
    request_id,
)
from fbinfor_assets.clients.retry import RetryPolicy

USER_AGENT = "fbinfor/0.1"

# Raised before the first byte of the request is written.
_NOT_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
)


@dataclass(frozen=True, slots=True)
class Answer:
    """A usable answer: status, headers and the parsed JSON body (None if the body was empty)."""

    status: int
    headers: httpx.Headers
    body: Any


Judge = Callable[[Call, Answer], ClientError | None]
Describe = Callable[[Any], Iterable[Refusal]]


def _constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a number")


def parse_json(raw: bytes | str) -> Any:
    """JSON with every non-integer as `Decimal`, digits as written. Raises ValueError for anything else."""
    try:
        return json.loads(raw, parse_float=Decimal, parse_constant=_constant)
    except (RecursionError, InvalidOperation) as error:
        raise ValueError(f"not usable JSON: {error}") from None


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        raise TypeError(f"{value!r} is a float: amounts and quantities are sent as decimal text")
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def dump_json(value: Any) -> bytes:
    """`value` as UTF-8 JSON in the given order of keys; Decimals become text, floats are refused (TypeError)."""
    return json.dumps(_plain(value), ensure_ascii=False, separators=(",", ":")).encode()


def query_string(pairs: Iterable[tuple[str, str]]) -> str:
    """Percent-encoded query; a blank is %20, never "+", which not every server takes for a blank."""
    return urlencode(list(pairs), quote_via=quote, safe="")


def is_loopback(url: str) -> bool:
    """Whether `url` names this machine."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """Retry-After in seconds from now, None if absent or unreadable. Takes seconds and HTTP dates.

    A date is measured against the answer's own `Date`, so that a wrong clock on either side does no harm.
    """
    raw = headers.get("retry-after", "").strip()
    if not raw:
        return None
    if raw.isascii() and raw.isdigit():
        return float(min(int(raw[:9]), 10**8))
    try:
        until = _utc(parsedate_to_datetime(raw))
        sent = headers.get("date")
        now = _utc(parsedate_to_datetime(sent)) if sent else datetime.now(UTC)
    except (ValueError, TypeError, OverflowError):
        return None
    return max(0.0, (until - now).total_seconds())


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _reasons(refusals: Iterable[Refusal]) -> str:
    return "; ".join(
        refusal.message + (f" (field {refusal.field})" if refusal.field else "")
        for refusal in refusals
        if refusal
    )


class Wire:
    """An HTTP connection to one vendor. Thread-safe; close it, or use it as a context manager.

    `judge(call, answer)` reads 2xx and 4xx answers the vendor's way and returns an error or None; `describe(body)`
    lists the reasons in an error body and must take any JSON. Both never raise. `unauthorised` is the next step after
    a 401, which never reaches `judge`.
    """

    def __init__(
        self,
        *,
        base_url: str,
        judge: Judge,
        describe: Describe,
        unauthorised: str | None = None,
        auth: httpx.Auth | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float,
        retry: RetryPolicy | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self._judge = judge
        self._describe = describe
        self._unauthorised = unauthorised
        self._retry = retry or RetryPolicy()
        self._client = httpx.Client(
            auth=auth,
            headers={"User-Agent": USER_AGENT, "Accept": "application/json", **(headers or {})},
            timeout=httpx.Timeout(timeout, connect=min(10.0, timeout)),
            # Short: a server that closes an idle connection just as a write goes out leaves that write in doubt.
            limits=httpx.Limits(max_connections=8, max_keepalive_connections=8, keepalive_expiry=2.0),
            transport=transport,
            follow_redirects=False,
            trust_env=not is_loopback(base_url),
        )

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    def send(
        self,
        call: Call,
        method: str,
        path: str,
        *,
        query: Iterable[tuple[str, str]] = (),
        body: Any = None,
        form: Mapping[str, str] | None = None,
    ) -> Answer:
        """Ask `path` (below the base URL, or absolute). Reads are repeated by the retry policy, writes never.

        Raises a `ClientError`; for a call with `writes` only `InDoubt` leaves the outcome unknown.
        """
        url = path if "://" in path else self.base_url + path
        encoded = query_string(query)
        if encoded:
            url = f"{url}?{encoded}"
        headers = {}
        content: bytes | None = None
        if body is not None:
            try:
                content = dump_json(body)
            except UnicodeEncodeError as error:  # half of a surrogate pair, out of somebody's broken export
                raise call.error(ValidationError, f"text that is not valid Unicode: {error.reason}") from None
            headers["Content-Type"] = "application/json"
        elif form is not None:
            content = query_string(form.items()).encode()
            headers["Content-Type"] = "application/x-www-form-urlencoded"

        def once() -> Answer:
            try:
                response = self._client.request(method, url, content=content, headers=headers)
            except httpx.InvalidURL as error:
                raise call.error(
                    Unsupported,
                    f"the address is not valid: {error}",
                    next_step="correct the connection's base URL",
                ) from None
            except httpx.HTTPError as error:
                raise self._broken(call, error) from error
            return self._read(call, response)

        return once() if call.writes else self._retry.run(once)

    def _broken(self, call: Call, error: httpx.HTTPError) -> ClientError:
        what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        host = urlsplit(self.base_url).netloc.rpartition("@")[2]
        if isinstance(error, _NOT_SENT):
            return call.error(ConnectError, f"no connection to {host}, nothing was sent ({what})")
        if call.writes:
            return call.error(InDoubt, f"the answer never came ({what}); it may have been applied")
        return call.error(Interrupted, f"the answer broke off ({what})")

    def _read(self, call: Call, response: httpx.Response) -> Answer:
        status = response.status_code
        facts = {"status": status, "request_id": request_id(response.headers)}
        try:
            body = parse_json(response.content) if response.content.strip() else None
            problem = None
        except ValueError as error:
            body, problem = None, error
        answer = Answer(status, response.headers, body)
        if 200 <= status < 300:
            if problem is not None:
                kind = response.headers.get("content-type", "no content type")
                text = f"the answer is not JSON ({kind}, {len(response.content)} bytes): {problem}"
                if call.writes:
                    raise call.error(InDoubt, text + "; the write was probably applied", **facts)
                raise call.error(ParseError, text, transient=True, **facts)
            fault = self._judge(call, answer)
            if fault is not None:
                raise fault
            return answer
        raise self._refused(call, answer, facts)

    def _refused(self, call: Call, answer: Answer, facts: dict[str, Any]) -> ClientError:
        status = answer.status
        refusals = list(self._describe(answer.body))
        reasons = _reasons(refusals)
        if status == 401:
            return call.error(
                AuthorisationError,
                reasons or "the credentials are not accepted",
                errors=refusals,
                next_step=self._unauthorised,
                **facts,
            )
        if status == 429:
            return call.error(
                RateLimited,
                reasons or "too many requests",
                retry_after=retry_after_seconds(answer.headers),
                errors=refusals,
                **facts,
            )
        if status >= 500 or status == 408:
            if call.writes:
                return call.error(
                    InDoubt,
                    (reasons or "the server failed") + "; the write may have been applied all the same",
                    errors=refusals,
                    **facts,
                )
            return call.error(
                ServerError,
                reasons or "the server failed",
                retry_after=retry_after_seconds(answer.headers),
                errors=refusals,
                **facts,
            )
        fault = self._judge(call, answer)
        if fault is not None:
            return fault
        if status == 413:
            return call.error(
                ValidationError,
                reasons or "the request is too large",
                error_class=ErrorClass.TOO_LARGE,
                next_step="send it in smaller pieces",
                errors=refusals,
                **facts,
            )
        if status == 403:
            return call.error(AuthorisationError, reasons or "not permitted", errors=refusals, **facts)
        return call.error(
            Unsupported,
            reasons or f"unexpected HTTP status {status}, no reason given",
            errors=refusals,
            next_step="check the connection's base URL and account or tenant id",
            **facts,
        )
