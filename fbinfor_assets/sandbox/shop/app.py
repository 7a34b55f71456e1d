"""The shop's paths: orders and customers, read only, with WooCommerce's paging, filters and errors.

Belongs here: authentication, parameters, headers, error bodies.
Does not belong here: what an order looks like (`woo`), how it is stored (`book`).

What WooCommerce and this shop do alike: per_page 1..100 (10), page from 1, X-WP-Total and X-WP-TotalPages and a Link
header; a page past the end is an empty list; `after`, `before`, `modified_after`, `modified_before` exclude the bound
itself and are local time of the shop (Europe/London) unless they name a zone or `dates_are_gmt=true`; unknown
parameters are ignored, bad values of known ones are 400. An order exists from its own time on: before the simulated
clock reaches it, no list shows it and its id is unknown. Deviation: basic authentication works without TLS.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import math
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fbinfor_assets.sandbox.faults import page_shift
from fbinfor_assets.sandbox.kernel import Clock, State, create_app, json_response, secret
from fbinfor_assets.sandbox.shop.book import ZONE, OrderBook
from fbinfor_assets.sandbox.shop.woo import customer_json, order_json

API = "/wp-json/wc/v3"

SWITCHES: dict[str, tuple[Any, ...]] = {
    # Where the shop rounds tax: WooCommerce has both as a setting ("round tax at subtotal level").
    "tax_rounding": ("document", "line"),
}

_STATUSES = frozenset(
    [
        "any",
        "trash",
        "pending",
        "processing",
        "on-hold",
        "completed",
        "cancelled",
        "refunded",
        "failed",
        "checkout-draft",
    ]
)
_MAXIMUM = 100


class _Refused(Exception):
    """A request WordPress answers with an error body."""

    def __init__(self, status: int, code: str, message: str, **data: Any) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"code": code, "message": message, "data": {"status": status, **data}}


def build(state: State, clock: Clock, book: OrderBook, switches: dict[str, Any]) -> Any:
    """The shop's application over loaded orders."""
    seed = int(book.source["seed"])
    key, password = (
        "ck_" + secret(seed, "shop", "key", length=40),
        "cs_" + secret(seed, "shop", "secret", length=40),
    )

    def now() -> str:
        return _stored(clock.now())

    def guarded(handler: Callable[[Request], Response]) -> Callable[[Request], Any]:
        async def answer(request: Request) -> Response:
            try:
                _authenticate(request, key, password)
                return handler(request)
            except _Refused as refused:
                return json_response(refused.body, refused.status)

        return answer

    def orders(request: Request) -> Response:
        query = _Query(request)
        query.where("placed_at <= ?", now())
        query.bounds("placed_at", "after", "before")
        query.bounds("placed_at", "modified_after", "modified_before")
        query.statuses()
        query.integers("include", "o.id")
        query.integers("customer", "coalesce(o.customer_id, 0)")
        order_by = query.order_by({"date": "placed_at", "modified": "placed_at", "id": "o.id"}, "o.id")
        total, found = book.orders(query.conditions, query.values, order_by, query.per_page, query.offset)
        return query.page(total, [order_json(order, seed, switches["tax_rounding"]) for order in found])

    def order(request: Request) -> Response:
        conditions = ["o.id = ?", "placed_at <= ?"]
        _, found = book.orders(conditions, [request.path_params["id"], now()], "o.id", 1, 0)
        if not found:
            raise _Refused(404, "woocommerce_rest_shop_order_invalid_id", "Invalid ID.")
        return json_response(order_json(found[0], seed, switches["tax_rounding"]))

    def customers(request: Request) -> Response:
        query = _Query(request)
        query.where("since <= ?", now())
        query.integers("include", "customer_id")
        columns = {"registered_date": "since", "id": "customer_id", "name": "customer_id"}
        order_by = query.order_by(columns, "customer_id", default="name", direction="asc")
        total, found = book.customers(query.conditions, query.values, order_by, query.per_page, query.offset)
        return query.page(total, [customer_json(customer, seed) for customer in found])

    def customer(request: Request) -> Response:
        conditions = ["customer_id = ?", "since <= ?"]
        _, found = book.customers(conditions, [request.path_params["id"], now()], "customer_id", 1, 0)
        if not found:
            raise _Refused(404, "woocommerce_rest_invalid_id", "Invalid resource ID.")
        return json_response(customer_json(found[0], seed))

    async def loaded(request: Request) -> Response:
        return json_response(
            {"source": book.source, "now": clock.now().isoformat(), "arrived": book.arrived(now())}
        )

    async def no_route(request: Request, _: Exception) -> Response:
        message = "No route was found matching the URL and request method."
        return json_response({"code": "rest_no_route", "message": message, "data": {"status": 404}}, 404)

    def describe() -> dict[str, Any]:
        return {
            "base_url": f"http://127.0.0.1:{app.state.port}",
            "consumer_key": key,
            "consumer_secret": password,
            "seed": seed,
            "from": book.source["from"],
            "to": book.source["to"],
        }

    routes = [
        Route(f"{API}/orders", guarded(orders)),
        Route(f"{API}/orders/{{id:int}}", guarded(order)),
        Route(f"{API}/customers", guarded(customers)),
        Route(f"{API}/customers/{{id:int}}", guarded(customer)),
        # What was loaded and how much of it the clock has reached: counts and the file's net, for people and tests.
        Route("/_sandbox/orders", loaded),
    ]
    app = create_app(
        state,
        clock,
        routes,
        name="shop",
        describe=describe,
        exception_handlers={404: no_route, 405: no_route},
    )
    return app


def _authenticate(request: Request, key: str, password: str) -> None:
    given = (request.query_params.get("consumer_key", ""), request.query_params.get("consumer_secret", ""))
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            user, _, word = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            user = word = ""
        given = (user, word)
    if not any(given):
        raise _Refused(401, "woocommerce_rest_cannot_view", "Sorry, you cannot list resources.")
    if not hmac.compare_digest(given[0].encode(), key.encode()):
        raise _Refused(401, "woocommerce_rest_authentication_error", "Consumer key is invalid.")
    if not hmac.compare_digest(given[1].encode(), password.encode()):
        raise _Refused(401, "woocommerce_rest_authentication_error", "Consumer secret is invalid.")


class _Query:
    """One list request: its conditions for the book, its page, its answer."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._params = request.query_params
        self.conditions: list[str] = []
        self.values: list[Any] = []
        self.per_page = self._integer("per_page", 10, 1, _MAXIMUM)
        self._page = self._integer("page", 1, 1, None)
        self.offset = self._integer("offset", (self._page - 1) * self.per_page, 0, None)
        if self.offset:
            self.offset = max(self.offset + page_shift(), 0)

    def where(self, condition: str, *values: Any) -> None:
        self.conditions.append(condition)
        self.values.extend(values)

    def bounds(self, column: str, after: str, before: str) -> None:
        for name, sign in ((after, ">"), (before, "<")):
            if self._params.get(name):
                self.where(f"{column} {sign} ?", _stored(self._instant(name)))

    def statuses(self) -> None:
        wanted = self._words("status")
        for word in wanted:
            if word not in _STATUSES:
                raise _invalid("status", f"{word} is not one of {', '.join(sorted(_STATUSES))}.")
        if not wanted or "any" in wanted:
            return
        # A status follows from the number alone (see woo.status), so the book needs no column for it.
        tests = {"refunded": "number like 'C%'", "processing": "number not like 'C%'"}
        self.where("(" + " or ".join(tests.get(word, "false") for word in wanted) + ")")

    def integers(self, name: str, column: str) -> None:
        words = self._words(name)
        if not words:
            return
        if not all(word.isdigit() for word in words):
            raise _invalid(name, f"{name} is not of type integer.")
        self.where(f"{column} in ({', '.join('?' * len(words))})", *map(int, words))

    def order_by(
        self, columns: dict[str, str], tie: str, default: str = "date", direction: str = "desc"
    ) -> str:
        wanted = self._params.get("orderby", default)
        direction = self._params.get("order", direction)
        if wanted not in columns:
            raise _invalid("orderby", f"orderby is not one of {', '.join(sorted(columns))}.")
        if direction not in ("asc", "desc"):
            raise _invalid("order", "order is not one of asc, desc.")
        return f"{columns[wanted]} {direction}, {tie} {direction}"

    def page(self, total: int, rows: list[dict[str, Any]]) -> Response:
        pages = math.ceil(total / self.per_page)
        headers = {"X-WP-Total": str(total), "X-WP-TotalPages": str(pages)}
        links = [
            f'<{self._link(page)}>; rel="{rel}"'
            for rel, page in (("prev", self._page - 1), ("next", self._page + 1))
            if 1 <= page <= pages
        ]
        if links:
            headers["Link"] = ", ".join(links)
        return json_response(rows, headers=headers)

    def _link(self, page: int) -> str:
        params = {**self._params, "page": page}
        return f"{self._request.url.replace(query='')}?{urlencode(params)}"

    def _words(self, name: str) -> list[str]:
        given = [*self._params.getlist(name), *self._params.getlist(f"{name}[]")]
        return [word.strip() for text in given for word in text.split(",") if word.strip()]

    def _integer(self, name: str, default: int, low: int, high: int | None) -> int:
        text = self._params.get(name)
        if text is None:
            return default
        if not text.isdigit():
            raise _invalid(name, f"{name} is not of type integer.")
        value = int(text)
        if high is not None and not low <= value <= high:
            raise _invalid(name, f"{name} must be between {low} (inclusive) and {high} (inclusive)")
        if value < low:
            raise _invalid(name, f"{name} must be greater than or equal to {low}")
        return value

    def _instant(self, name: str) -> datetime:
        try:
            value = datetime.fromisoformat(self._params[name])
        except ValueError:
            raise _invalid(name, "Invalid date.") from None
        if value.tzinfo is None:
            gmt = self._params.get("dates_are_gmt", "").lower() in ("1", "true")
            value = value.replace(tzinfo=UTC if gmt else ZONE)
        return value.astimezone(UTC)


def _invalid(name: str, reason: str) -> _Refused:
    return _Refused(400, "rest_invalid_param", f"Invalid parameter(s): {name}", params={name: reason})


def _stored(at: datetime) -> str:
    """An instant as the book stores it. Seconds are cut off: the shop's stamps have none finer."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
