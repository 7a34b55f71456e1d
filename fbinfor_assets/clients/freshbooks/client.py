"""The FreshBooks client: list, get, create, update, delete, and who we are.

Belongs here: requests and envelopes of the accounting family, lazy paging.
Does not belong here: what to send (`dbt_project`, `delivery`), error shapes (`faults.py`), filter keys (`resources.py`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from fbinfor_assets.clients.auth import BearerAuth, TokenStore
from fbinfor_assets.clients.errors import (
    AuthorisationError,
    Call,
    InDoubt,
    NotFound,
    ParseError,
    UnknownFilter,
    Unsupported,
)
from fbinfor_assets.clients.freshbooks.faults import judge, refusals
from fbinfor_assets.clients.freshbooks.oauth import FreshBooksTokens
from fbinfor_assets.clients.freshbooks.resources import RESOURCES, Resource, filter_query, row_obeys
from fbinfor_assets.clients.freshbooks.settings import FreshBooksSettings
from fbinfor_assets.clients.retry import RetryPolicy
from fbinfor_assets.clients.wire import Wire

EASTERN = ZoneInfo("America/New_York")
_MOST_PASSES = 3


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose token this is: `account_id` is null for some memberships (freshbooks-api 2), then a role names it."""

    identity_id: str
    email: str
    accounts: tuple[str, ...]
    business_ids: tuple[str, ...]
    roles: Mapping[str, str]  # account_id -> owner, business_partner, client, ...


def updated_min(watermark: datetime) -> str:
    """The `updated_min` that misses nothing changed since `watermark` (any zone): the day before, in US/Eastern.

    FreshBooks' filter has the granularity of a day and its stamps are Eastern wall clock (freshbooks-api 5).
    """
    if watermark.tzinfo is None:
        raise ValueError("a watermark without a time zone means nothing")
    return (watermark.astimezone(EASTERN).date() - timedelta(days=1)).isoformat()


class FreshBooksClient:
    """One FreshBooks account over HTTP. Thread-safe; close it, or use it as a context manager.

    `resource` is one of `clients`, `invoices`, `payments`, `credit_notes`, `taxes`. Rows are the vendor's dicts: money
    as `{"amount": "12.00", "code": "GBP"}` text, JSON numbers with a point as `Decimal`, stamps untouched (US/Eastern
    wall clock except `client.signup_date`, UTC). Reads are retried, writes are sent once. Every method raises a
    `ClientError`; of a write only `InDoubt` leaves open whether it was applied.
    """

    system = "freshbooks"

    def __init__(
        self,
        settings: FreshBooksSettings,
        transport: httpx.BaseTransport | None = None,
        token_store: TokenStore | None = None,
        *,
        retry: RetryPolicy | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.settings = settings
        self.tokens = FreshBooksTokens(settings, store=token_store, transport=transport, retry=retry, now=now)
        self._wire = Wire(
            base_url=settings.base_url,
            judge=judge,
            describe=refusals,
            auth=BearerAuth(self.tokens.source),
            headers={"X-API-VERSION": settings.api_version} if settings.api_version else None,
            timeout=settings.timeout_seconds,
            retry=retry,
            transport=transport,
        )

    def __enter__(self) -> FreshBooksClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._wire.close()
        self.tokens.close()

    def list(
        self,
        resource: str,
        filters: Mapping[str, Any] | None = None,
        *,
        include: Iterable[str] = (),
        sort: str | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Each row once, pages fetched as they are needed. Lines are always included where a document has them.

        `filters` takes the keys of `resources.py` (values: text, int, date, or a list for the plural ones); another
        key raises `UnknownFilter` at once. Deleted rows are left out by FreshBooks unless `vis_state` asks for them.

        Rows may move between pages while they are read: a row met twice comes once, and if the number of rows changed
        or a row was met twice, the pages are read again for what slipped through.
        """
        kind = self._kind(resource)
        call = Call(self.system, f"list {resource}")
        wanted = dict(filters or {})
        query = filter_query(resource, wanted, call) + self._include(kind, include)
        if sort is not None:
            if sort.rpartition("_")[0] not in kind.sorts:
                raise call.error(
                    UnknownFilter, f"FreshBooks does not sort {resource} by {sort!r} and would not say so"
                )
            query.append(("sort", sort))
        return self._rows(resource, call, query, wanted)

    def get(self, resource: str, id_: str | int, *, include: Iterable[str] = ()) -> dict[str, Any]:
        """One record, also a deleted one (`vis_state` 1). Raises `NotFound`."""
        kind = self._kind(resource)
        call = Call(self.system, f"get {kind.single}", str(id_))
        answer = self._wire.send(call, "GET", self._path(kind, id_), query=self._include(kind, include))
        return self._single(call, kind, answer.body)

    def find(self, resource: str, id_: str | int, *, include: Iterable[str] = ()) -> dict[str, Any] | None:
        """Like `get`, with None for a record that does not exist."""
        try:
            return self.get(resource, id_, include=include)
        except NotFound:
            return None

    def create(
        self, resource: str, fields: Mapping[str, Any], *, record: str | None = None
    ) -> dict[str, Any]:
        """The new record as FreshBooks stored it. `fields` without the wrapper; money as text, never float.

        `record` names it in errors (else the document's own number or e-mail does). FreshBooks has no idempotency
        key: after `InDoubt` look it up first.
        """
        kind = self._kind(resource)
        call = Call(self.system, f"create {kind.single}", record or _named(fields), writes=True)
        answer = self._wire.send(
            call, "POST", self._path(kind), query=self._include(kind, ()), body={kind.single: dict(fields)}
        )
        return self._single(call, kind, answer.body)

    def update(self, resource: str, id_: str | int, fields: Mapping[str, Any]) -> dict[str, Any]:
        """The record after changing `fields` only; `lines`, if given, replace all lines (freshbooks-api 7.2)."""
        kind = self._kind(resource)
        call = Call(self.system, f"update {kind.single}", str(id_), writes=True)
        answer = self._wire.send(
            call,
            "PUT",
            self._path(kind, id_),
            query=self._include(kind, ()),
            body={kind.single: dict(fields)},
        )
        return self._single(call, kind, answer.body)

    def delete(self, resource: str, id_: str | int) -> None:
        """Delete by the resource's own way: HTTP DELETE, or `vis_state` 1 (freshbooks-api 6)."""
        kind = self._kind(resource)
        call = Call(self.system, f"delete {kind.single}", str(id_), writes=True)
        if kind.deleted_by_verb:
            self._wire.send(call, "DELETE", self._path(kind, id_))
        else:
            self._wire.send(call, "PUT", self._path(kind, id_), body={kind.single: {"vis_state": 1}})

    def identity(self) -> Identity:
        """Whose token this is and which accounts it reaches (freshbooks-api 2). Raises `ParseError`."""
        call = Call(self.system, "read identity")
        body = self._wire.send(call, "GET", "/auth/api/v1/users/me").body
        me = body.get("response") if isinstance(body, dict) else None
        if not isinstance(me, dict):
            raise call.error(ParseError, "the answer has no `response`")
        roles: dict[str, str] = {}
        businesses: list[str] = []
        for membership in _dicts(me.get("business_memberships")):
            business = membership.get("business")
            if isinstance(business, dict):
                if business.get("account_id"):
                    roles[str(business["account_id"])] = str(membership.get("role") or "")
                if business.get("id") is not None:
                    businesses.append(str(business["id"]))
        for role in _dicts(me.get("roles")):
            if role.get("accountid"):
                roles.setdefault(str(role["accountid"]), str(role.get("role") or ""))
        return Identity(
            identity_id=str(me.get("identity_id") or me.get("id") or ""),
            email=str(me.get("email") or ""),
            accounts=tuple(roles),
            business_ids=tuple(businesses),
            roles=roles,
        )

    def check_account(self) -> Identity:
        """`identity()`, checked: the configured account is one of its own and not as a mere client.

        Raises `AuthorisationError`: every write of a `client` role is refused whatever its scopes (freshbooks-api 2).
        """
        me = self.identity()
        call = Call(self.system, "check account", self.settings.account_id)
        role = me.roles.get(self.settings.account_id)
        if role is None:
            raise call.error(
                AuthorisationError,
                f"the token of {me.email or me.identity_id} does not reach this account",
                next_step=f"set account_id to one of: {', '.join(me.accounts) or 'none (consent with another login)'}",
            )
        if role == "client":
            raise call.error(
                AuthorisationError,
                f"{me.email or me.identity_id} is only a client of this account and may not write",
                next_step="consent with the login of an owner or manager",
            )
        return me

    def _kind(self, resource: str) -> Resource:
        try:
            return RESOURCES[resource]
        except KeyError:
            raise Call(self.system, f"use {resource}").error(
                Unsupported, "no such resource", next_step=f"use one of: {', '.join(RESOURCES)}"
            ) from None

    def _path(self, kind: Resource, id_: str | int | None = None) -> str:
        path = f"/accounting/account/{self.settings.account_id}/{kind.path}"
        return path if id_ is None else f"{path}/{id_}"

    def _include(self, kind: Resource, more: Iterable[str]) -> list[tuple[str, str]]:
        return [("include[]", name) for name in dict.fromkeys((*kind.include, *more))]

    def _single(self, call: Call, kind: Resource, body: Any) -> dict[str, Any]:
        try:
            record = body["response"]["result"][kind.single]
        except (KeyError, TypeError):
            record = None
        if not isinstance(record, dict):
            raise _unexpected(call, f"the answer has no `response.result.{kind.single}`")
        return record

    def _rows(
        self, resource: str, call: Call, query: list[tuple[str, str]], filters: Mapping[str, Any]
    ) -> Iterator[dict[str, Any]]:
        kind = RESOURCES[resource]
        seen: set[str] = set()
        for _ in range(_MOST_PASSES):
            total: int | None = None
            moved = False
            met: set[str] = set()
            for rows, of_all in self._pages(call, kind, query):
                moved = moved or (total is not None and of_all != total)
                total = of_all
                for row in rows:
                    id_ = str(row.get(kind.id_field, row.get("id")))
                    moved = moved or id_ in met
                    met.add(id_)
                    if id_ not in seen and row_obeys(resource, row, filters):
                        seen.add(id_)
                        yield row
            if not moved:
                return

    def _pages(
        self, call: Call, kind: Resource, query: list[tuple[str, str]]
    ) -> Iterator[tuple[list[dict[str, Any]], int | None]]:
        page = 1
        previous: list[Any] = []
        while True:
            paging = [("page", str(page)), ("per_page", str(self.settings.per_page))]
            body = self._wire.send(call, "GET", self._path(kind), query=query + paging).body
            try:
                result = body["response"]["result"]
                rows = result[kind.plural]
            except (KeyError, TypeError):
                raise call.error(ParseError, f"the answer has no `response.result.{kind.plural}`") from None
            if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
                raise call.error(ParseError, f"`{kind.plural}` is not a list of records")
            if not rows:
                return  # a page past the end is empty with the same total (freshbooks-api 5)
            ids = [row.get(kind.id_field, row.get("id")) for row in rows]
            if None in ids:
                raise call.error(ParseError, f"a row on page {page} has no `{kind.id_field}`")
            total, pages = result.get("total"), result.get("pages")
            if not isinstance(pages, int) and ids == previous:
                raise call.error(
                    ParseError, f"page {page} is page {page - 1} again and no `pages` says where it ends"
                )
            yield rows, total if isinstance(total, int) else None
            # The server may have capped per_page, so only its own count of pages tells the end.
            if isinstance(pages, int) and page >= pages:
                return
            previous, page = ids, page + 1


def _unexpected(call: Call, text: str) -> Exception:
    if call.writes:
        return call.error(InDoubt, text + "; the write was probably applied")
    return call.error(ParseError, text)


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _named(fields: Mapping[str, Any]) -> str | None:
    for key in ("invoice_number", "credit_number", "organization", "email", "invoiceid", "name"):
        if fields.get(key):
            return str(fields[key])
    return None
