"""The shop client: orders and customers of a WooCommerce REST v3 shop. It only reads.

Belongs here: paging, filters and error bodies of that API.
Does not belong here: what a negative order or a missing customer means (`dbt_project`).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import httpx

from fbinfor_assets.clients.errors import (
    Call,
    ClientError,
    NotFound,
    ParseError,
    Refusal,
    Unsupported,
    ValidationError,
)
from fbinfor_assets.clients.retry import RetryPolicy
from fbinfor_assets.clients.shop.settings import API, ShopSettings
from fbinfor_assets.clients.wire import Answer, Wire


def refusals(body: Any) -> list[Refusal]:
    """The reason in `{"code", "message", "data"}`; [] if there is none. Takes any JSON, never raises."""
    if not isinstance(body, dict) or not isinstance(body.get("message"), str):
        return []
    return [Refusal(str(body["code"]) if "code" in body else None, None, body["message"], None)]


def _judge(call: Call, answer: Answer) -> ClientError | None:
    if 200 <= answer.status < 300 or answer.status in (403, 413):
        return None
    reasons = refusals(answer.body)
    text = "; ".join(f"{reason.message} [{reason.code}]" for reason in reasons)
    if answer.status == 404:
        # "rest_no_route" or a web page: the address is wrong, which must not look like a missing order.
        if not reasons or reasons[0].code == "rest_no_route":
            return call.error(
                Unsupported,
                text or "the shop knows no such address",
                status=404,
                errors=reasons,
                next_step="check shop.base_url and that its REST API and pretty permalinks are switched on",
            )
        return call.error(NotFound, text, status=404, errors=reasons)
    if reasons:
        return call.error(ValidationError, text, status=answer.status, errors=reasons)
    return None


class ShopClient:
    """One shop. Thread-safe; close it, or use it as a context manager.

    Rows are the shop's dicts; money is text, JSON numbers with a point (`price`) are `Decimal` with their digits as
    sent. Every method raises a `ClientError`; everything is retried, for everything only reads.
    """

    system = "shop"

    def __init__(
        self,
        settings: ShopSettings,
        transport: httpx.BaseTransport | None = None,
        *,
        retry: RetryPolicy | None = None,
    ) -> None:
        self.settings = settings
        self._wire = Wire(
            base_url=settings.base_url + API,
            judge=_judge,
            unauthorised="check the consumer key and secret; the key needs permission to read",
            describe=refusals,
            auth=httpx.BasicAuth(
                settings.consumer_key.get_secret_value(), settings.consumer_secret.get_secret_value()
            ),
            timeout=settings.timeout_seconds,
            retry=retry,
            transport=transport,
        )

    def __enter__(self) -> ShopClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._wire.close()

    def orders(
        self,
        modified_after: datetime | None = None,
        *,
        after: datetime | None = None,
        before: datetime | None = None,
        status: str | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Orders by ascending id, each once, pages fetched as needed.

        `modified_after`, `after` and `before` (creation) are moments with a zone; they are sent as UTC with
        `dates_are_gmt=true`, since the shop's own zone is not ours to know.
        """
        query = [
            (name, _gmt(moment))
            for name, moment in (("modified_after", modified_after), ("after", after), ("before", before))
            if moment is not None
        ]
        if query:
            query.append(("dates_are_gmt", "true"))
        if status is not None:
            query.append(("status", status))
        return self._rows("orders", query)

    def order(self, id_: int | str) -> dict[str, Any]:
        """One order. Raises `NotFound`."""
        return self._one("order", "orders", id_)

    def customers(self) -> Iterator[dict[str, Any]]:
        """All registered customers by ascending id, each once (WooCommerce has no changed-since filter for them)."""
        return self._rows("customers", [("role", "all")])

    def customer(self, id_: int | str) -> dict[str, Any]:
        """One customer. Raises `NotFound`."""
        return self._one("customer", "customers", id_)

    def _one(self, what: str, path: str, id_: int | str) -> dict[str, Any]:
        call = Call(self.system, f"get {what}", str(id_))
        body = self._wire.send(call, "GET", f"/{path}/{id_}").body
        if not isinstance(body, dict):
            raise call.error(ParseError, "the answer is not an object")
        return body

    def _rows(self, path: str, query: list[tuple[str, str]]) -> Iterator[dict[str, Any]]:
        call = Call(self.system, f"list {path}")
        seen: set[str] = set()
        page = 1
        while True:
            # By id: new orders arrive at the end and cannot push others over a page's edge.
            paging = [
                ("orderby", "id"),
                ("order", "asc"),
                ("per_page", str(self.settings.per_page)),
                ("page", str(page)),
            ]
            answer = self._wire.send(call, "GET", f"/{path}", query=[*query, *paging])
            rows = answer.body
            if not isinstance(rows, list) or not all(isinstance(row, dict) and "id" in row for row in rows):
                raise call.error(ParseError, f"page {page} is not a list of records with an id")
            for row in rows:
                if str(row["id"]) not in seen:
                    seen.add(str(row["id"]))
                    yield row
            pages = answer.headers.get("x-wp-totalpages", "")
            if not rows or not pages.isdigit() or page >= int(pages):
                if rows and not pages.isdigit():
                    raise call.error(
                        ParseError, "the answer has no X-WP-TotalPages, so its end cannot be told"
                    )
                return
            page += 1


def _gmt(moment: datetime) -> str:
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone means nothing")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
