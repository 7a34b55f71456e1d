"""Refunds of orders, in part or in full, by amount or by lines.

Belongs here: `/orders/{order_id}/refunds`. Does not belong here: the cancellations of the order file, which are orders.

Facts (WooCommerce's refunds controller, wc_create_refund, RestApiUtil): the amount, or else the sum of its lines'
refund_total and refund_tax, may not be above what is left of the order's total; a refund of all of it makes the order
`refunded`; the order's own total stays, `refunds` lists what was given back. The lines of a refund are negative and
name the line they refund in `_refunded_item_id`. api_refund (true by default) asks the payment gateway, and bank
transfers and cheques have none that can; api_restock (true by default) puts the goods back into the stock. A refund
cannot be changed, and has no trash. Refused amounts are answered 500, as there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import orjson

from fbinfor_assets.sandbox.shop.errors import Refused, RefusedBare, already_there, invalid_id, not_of_type
from fbinfor_assets.sandbox.shop.lines import meta_data, money
from fbinfor_assets.sandbox.shop.products import Products
from fbinfor_assets.sandbox.shop.query import Json, Query
from fbinfor_assets.sandbox.shop.resource import Resource, flag, text
from fbinfor_assets.sandbox.shop.sales import Orders
from fbinfor_assets.sandbox.shop.store import GATEWAYS
from fbinfor_assets.sandbox.shop.world import World

_CANNOT = "woocommerce_rest_cannot_create_order_refund"
_MANAGER = 1
"""Id of the user whose key makes refunds: the shop's manager."""


class Refunds(Resource):
    """`/orders/{order_id}/refunds`."""

    path, name = "/orders/{order_id:int}/refunds", "refund"
    verbs = frozenset(("list", "get", "create", "delete"))

    def __init__(
        self,
        world: World,
        orders: Orders,
        products: Products,
        status_changed: Callable[[int, str, str], None],
    ) -> None:
        super().__init__(world)
        self._orders, self._products, self._status_changed = orders, products, status_changed
        self._by_order = self.state.index("refund", lambda row: row["order_id"])

    def list(self, query: Query, owner: Mapping[str, int]) -> tuple[int, list[Json]]:
        # An unknown order simply has none.
        rows = [self.state.tables("refund")[id_] for id_ in self._by_order.ids(owner["order_id"])]
        _, direction = query.sorting(("date", "id", "include", "modified", "title", "slug"), "date", "desc")
        total, page = query.slice(rows if direction == "asc" else rows[::-1])
        return total, [self._document(row) for row in page]

    def get(self, id_: int, owner: Mapping[str, int]) -> Json:
        return self._document(self._row(id_, owner))

    def create(self, body: Json, owner: Mapping[str, int], by: str) -> Json:
        if body.get("id"):
            raise already_there("shop_order_refund")
        order_id = owner["order_id"]
        if not self._orders.exists(order_id):
            raise RefusedBare(404, "woocommerce_rest_invalid_order_id", "Invalid order ID.")
        order = self._orders.kept(order_id)
        wanted = _wanted(body.get("line_items"))
        amount = _amount(body, wanted)
        if amount < 0:
            message = "Refund amount must be greater than zero."
            raise RefusedBare(400, "woocommerce_rest_invalid_order_refund", message)
        left = Decimal(order["total"]) - self._refunded(order_id)
        if amount > left:
            raise RefusedBare(500, _CANNOT, "Invalid refund amount.")
        paid_back = flag(body, "api_refund") is not False and amount > 0
        if paid_back:
            paid_back = self._gateway_can(order["payment_method"])
        lines = [self._line(line, wanted[line["id"]]) for line in order["line_items"] if line["id"] in wanted]
        id_ = self.world.next_id("post")
        row = {
            "id": id_,
            "order_id": order_id,
            **self.world.stamps("date_created"),
            "amount": f"{amount:f}",
            "reason": text(body, "reason") or "",
            "refunded_by": _MANAGER,
            "refunded_payment": paid_back,
            "meta_data": meta_data([], body.get("meta_data"), self.world.next_id),
            "line_items": lines,
        }
        self.state.put("refund", id_, row)
        if flag(body, "api_restock") is not False:
            for line in lines:
                self._products.move_stock(line["product_id"], -line["quantity"])
        if amount == left and order["status"] != "refunded":
            self._orders.change(order_id, {"status": "refunded"})
            self._status_changed(order_id, order["status"], "refunded")
        else:
            self._orders.change(order_id, {})
        return self._done(row, "create", by)

    def delete(self, id_: int, force: bool | None, owner: Mapping[str, int], by: str) -> Json:
        row = self._row(id_, owner)
        if force is False:
            message = "The shop_order_refund does not support trashing."
            raise Refused(501, "woocommerce_rest_trash_not_supported", message)
        self.state.delete("refund", id_)
        self._orders.change(row["order_id"], {})
        return self._done(row, "delete", by)

    def _row(self, id_: int, owner: Mapping[str, int]) -> Json:
        row = self.state.get("refund", id_)
        if row is None:
            raise invalid_id("shop_order_refund")
        if row["order_id"] != owner["order_id"]:
            raise RefusedBare(404, "woocommerce_rest_invalid_order_refund_id", "Invalid order refund ID.")
        return row

    def _refunded(self, order_id: int) -> Decimal:
        rows = (self.state.tables("refund")[id_] for id_ in self._by_order.ids(order_id))
        return sum((Decimal(row["amount"]) for row in rows), Decimal("0.00"))

    def _gateway_can(self, method: str) -> bool:
        gateway = GATEWAYS.get(method)
        if gateway is not None and gateway.refunds:
            return True
        if self.world.switches["refund_without_gateway"] == "ignore":
            return False
        message = (
            "The payment gateway for this order does not exist."
            if gateway is None
            else "The payment gateway for this order does not support automatic refunds."
        )
        raise RefusedBare(500, _CANNOT, message)

    def _line(self, line: Json, wanted: Json) -> Json:
        total, taxes = wanted["total"], wanted["taxes"]
        quantity = -wanted["quantity"]
        tax = sum(taxes.values(), Decimal("0.00"))
        price = Decimal(line["price"]) if not quantity else (-total / quantity)
        return {
            "id": self.world.next_id("item"),
            "name": line["name"],
            "product_id": line["product_id"],
            "variation_id": line["variation_id"],
            "quantity": quantity,
            "tax_class": line["tax_class"],
            "subtotal": f"{-total + 0:f}",
            "subtotal_tax": f"{-tax + 0:f}",
            "total": f"{-total + 0:f}",
            "total_tax": f"{-tax + 0:f}",
            "taxes": [
                {"id": rate, "total": f"{-amount + 0:f}", "subtotal": f"{-amount + 0:f}"}
                for rate, amount in taxes.items()
            ],
            "meta_data": [
                {
                    "id": self.world.next_id("meta"),
                    "key": "_refunded_item_id",
                    "value": str(line["id"]),
                    "display_key": "_refunded_item_id",
                    "display_value": str(line["id"]),
                }
            ],
            "image": line["image"],
            "parent_name": None,
            "sku": line["sku"],
            "price": f"{price.normalize():f}",
        }

    def _done(self, row: Json, verb: str, by: str) -> Json:
        document = self._document(row)
        self.world.notify("order", "updated", row["order_id"])
        self.log(by, verb, row["id"], document)
        return document

    def _document(self, row: Json) -> Json:
        path = f"/orders/{row['order_id']}/refunds"
        lines = [line | {"price": orjson.Fragment(line["price"].encode())} for line in row["line_items"]]
        fields = {name: value for name, value in row.items() if name != "order_id"}
        return fields | {
            "line_items": lines,
            "shipping_lines": [],
            "tax_lines": [],
            "fee_lines": [],
            "_links": self.world.links(path, row["id"], up=f"/orders/{row['order_id']}"),
        }


def _wanted(given: Any) -> dict[int, Json]:
    """The lines of a request by the ids of the order's lines: quantity, total, taxes by rate."""
    found: dict[int, Json] = {}
    if not isinstance(given or [], list | dict):
        raise not_of_type("line_items", "array")
    items = list(given.items()) if isinstance(given, dict) else [(None, item) for item in given or []]
    for key, item in items:
        # WooCommerce also takes its own inner form: {"<line id>": {"qty", "refund_total", "refund_tax"}}.
        id_ = item.get("id", key) if isinstance(item, dict) else None
        if id_ is None or not str(id_).isdecimal():
            continue
        quantity = item.get("quantity", item.get("qty", 0))
        total = money("refund_total", item.get("refund_total") or 0)
        taxes = item.get("refund_tax") or {}
        if isinstance(taxes, list):
            taxes = {tax.get("id", 1): tax.get("refund_total", 0) for tax in taxes if isinstance(tax, dict)}
        if not isinstance(taxes, dict) or not all(str(rate).isdecimal() for rate in taxes):
            raise not_of_type("refund_tax", "array")
        by_rate = {int(rate): money("refund_tax", amount) for rate, amount in taxes.items()}
        if not re.fullmatch(r"-?[0-9]{1,9}", str(quantity)):
            raise not_of_type("line_items", "object")
        if int(quantity) or total or by_rate:
            found[int(id_)] = {"quantity": int(quantity), "total": total, "taxes": by_rate}
    return found


def _amount(body: Json, wanted: dict[int, Json]) -> Decimal:
    if body.get("amount") is not None:
        return money("amount", body["amount"])
    parts = (line["total"] + sum(line["taxes"].values(), Decimal(0)) for line in wanted.values())
    return sum(parts, Decimal("0.00"))
