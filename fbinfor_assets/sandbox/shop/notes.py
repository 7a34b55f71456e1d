"""Notes on orders: what people and programs wrote, and what the shop itself notes when a status changes.

Belongs here: `/orders/{order_id}/notes`. Does not belong here: customer_note, which is a field of the order.

Facts: newest first; `type` any, customer or internal; a note has no update; DELETE needs force=true. A note moves
nothing of its order and raises no webhook.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fbinfor_assets.sandbox.shop.errors import Refused, already_there, missing_parameters
from fbinfor_assets.sandbox.shop.query import Json, Query
from fbinfor_assets.sandbox.shop.resource import Resource, flag, text
from fbinfor_assets.sandbox.shop.world import World

_TYPES = ("any", "customer", "internal")


class Notes(Resource):
    """`/orders/{order_id}/notes`; `order_exists` and `labels` (of statuses) are given by the orders."""

    path, name = "/orders/{order_id:int}/notes", "order_note"
    verbs = frozenset(("list", "get", "create", "delete"))

    def __init__(self, world: World, labels: Mapping[str, str]) -> None:
        super().__init__(world)
        self._labels = labels
        self._by_order = self.state.index("note", lambda row: row["order_id"])
        self.order_exists: Callable[[int], bool] = lambda id_: True

    def list(self, query: Query, owner: Mapping[str, int]) -> tuple[int, list[Json]]:
        order = self._order(owner)
        wanted = (query.one_of("type", _TYPES) or ["any"])[0]
        rows = [self.state.tables("note")[id_] for id_ in reversed(self._by_order.ids(order))]
        if wanted != "any":
            rows = [row for row in rows if row["customer_note"] == (wanted == "customer")]
        return len(rows), [self._document(row) for row in rows]

    def get(self, id_: int, owner: Mapping[str, int]) -> Json:
        order = self._order(owner)
        row = self.state.get("note", id_)
        if row is None or row["order_id"] != order:
            raise Refused(404, "woocommerce_rest_invalid_id", "Invalid resource ID.")
        return self._document(row)

    def create(self, body: Json, owner: Mapping[str, int], by: str) -> Json:
        if body.get("id"):
            raise already_there("shop_order")
        order = self._order(owner)
        note = text(body, "note")
        if not note:
            raise missing_parameters(["note"])
        author = "admin" if by == "people" or flag(body, "added_by_user") else "system"
        document = self._add(order, note, author, bool(flag(body, "customer_note")))
        self.log(by, "create", document["id"], document)
        return document

    def delete(self, id_: int, force: bool | None, owner: Mapping[str, int], by: str) -> Json:
        document = self.get(id_, owner)
        if not force:
            message = "Webhooks do not support trashing."  # WooCommerce's own words, here as well
            raise Refused(501, "woocommerce_rest_trash_not_supported", message)
        self.state.delete("note", id_)
        self.log(by, "delete", id_, {})
        return document

    def status_changed(self, order_id: int, before: str, after: str) -> None:
        """The note the shop writes itself."""
        old, new = self._labels.get(before, before), self._labels.get(after, after)
        self._add(order_id, f"Order status changed from {old} to {new}.", "system", False)

    def _order(self, owner: Mapping[str, int]) -> int:
        if not self.order_exists(owner["order_id"]):
            raise Refused(404, "woocommerce_rest_order_invalid_id", "Invalid order ID.")
        return owner["order_id"]

    def _add(self, order_id: int, note: str, author: str, for_customer: bool) -> Json:
        id_ = self.world.next_id("note")
        row = {
            "id": id_,
            "order_id": order_id,
            "author": author,
            **self.world.stamps("date_created"),
            "note": note,
            "customer_note": for_customer,
        }
        self.state.put("note", id_, row)
        return self._document(row)

    def _document(self, row: Json) -> Json:
        path = f"/orders/{row['order_id']}/notes"
        fields = {name: value for name, value in row.items() if name != "order_id"}
        return fields | {"_links": self.world.links(path, row["id"], up=f"/orders/{row['order_id']}")}
