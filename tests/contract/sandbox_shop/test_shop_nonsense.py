"""Nonsense from any client: always an answer in WordPress' shape, never a crash, never a half-done change.

Belongs here: what holds for every path and body. Does not belong here: which refusal a mistake gets.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shop_lab import FIXTURE_FILE, Shop, start_shop, stop_shop

FIELDS = [
    "status",
    "customer_id",
    "billing",
    "shipping",
    "line_items",
    "shipping_lines",
    "fee_lines",
    "meta_data",
    "set_paid",
    "parent_id",
    "email",
    "name",
    "sku",
    "regular_price",
    "stock_quantity",
    "categories",
    "manage_stock",
    "topic",
    "delivery_url",
    "amount",
    "reason",
    "api_refund",
    "note",
    "username",
    "create",
    "update",
    "delete",
    "id",
    "force",
]
PATHS = [
    "orders",
    "orders/1",
    "orders/batch",
    "orders/1/refunds",
    "orders/1/notes",
    "orders/99999999999999999999",
    "customers",
    "customers/17840",
    "customers/batch",
    "products",
    "products/1000001",
    "products/categories",
    "products/categories/15",
    "webhooks",
    "webhooks/1",
]
QUERY = "page per_page offset include exclude status after modified_after orderby order search sku email role _fields"

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 10**20),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
    st.sampled_from(["10001A", "1", "-1", "0", "completed", "1e400", "²", "NaN", "2010-12-01T00:00:00"]),
)
inner = st.sampled_from(
    [
        "id",
        "key",
        "value",
        "sku",
        "product_id",
        "quantity",
        "total",
        "subtotal",
        "refund_total",
        "refund_tax",
        "method_id",
        "name",
        "country",
        "email",
    ]
)
values = st.recursive(
    scalars, lambda some: st.lists(some, max_size=3) | st.dictionaries(inner, some, max_size=4), max_leaves=8
)
bodies = st.dictionaries(st.sampled_from(FIELDS), values, max_size=5) | values


@pytest.fixture(scope="module")
def shop_for_all() -> Iterator[Shop]:
    """One shop for all examples."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        running = start_shop(Path(folder) / "state", "--orders", str(FIXTURE_FILE))
        running.reach("2010-12-03T21:00:00Z")
        yield running
        stop_shop(running)


@settings(max_examples=250, deadline=None)
@given(st.sampled_from(["POST", "PUT", "DELETE"]), st.sampled_from(PATHS), bodies)
def test_any_body_is_answered_and_a_refusal_changes_nothing(
    shop_for_all: Shop, method: str, path: str, body: Any
) -> None:
    def written() -> int:
        return shop_for_all.control.get("/_sandbox/state").json()["writes"]

    before = written()
    answer = shop_for_all.api.request(method, f"/{path}", json=body)
    document = answer.json()
    if answer.status_code >= 400:
        assert {"code", "message", "data"} <= set(document)
        assert written() == before
    else:
        assert written() >= before


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(["orders", "customers", "products", "webhooks", "orders/1/refunds"]),
    st.dictionaries(st.sampled_from(QUERY.split()), st.text(max_size=6) | scalars.map(str), max_size=4),
)
def test_any_query_is_answered(shop_for_all: Shop, path: str, query: dict[str, str]) -> None:
    answer = shop_for_all.api.get(f"/{path}", params=query)
    assert answer.status_code in (200, 400)
    assert isinstance(answer.json(), list if answer.status_code == 200 else dict)
