"""Orders: those of the order book as they arrive, and what is changed, made and deleted by API or by people.

Belongs here: the rules of an order's fields, its status and its stamps.
Does not belong here: lines and totals (`lines`), refunds and notes (`refunds`, `notes`), the shape (`woo`).

Table `order`: one row for each order that differs from the book, with what a list needs of it and, in `fields`, what
differs. An order nobody touched is served from the book alone, always the same.

Facts (WooCommerce's orders controller and data store): a change of any field moves date_modified; `completed` sets
date_completed, becoming `processing` or `completed` sets date_paid if there is none; set_paid pays an order that is
new or waits for payment; totals are added up anew when lines or addresses are given. DELETE trashes, with force it
removes; an order in the trash is listed only under status=trash.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import orjson

from fbinfor_assets.sandbox.shop.errors import (
    Refused,
    already_there,
    invalid_id,
    invalid_parameter,
    not_of_type,
    not_one_of,
)
from fbinfor_assets.sandbox.shop.lines import KINDS, added_up, changed_lines, meta_data, served, stored_lines
from fbinfor_assets.sandbox.shop.notes import Notes
from fbinfor_assets.sandbox.shop.products import Products
from fbinfor_assets.sandbox.shop.query import MOST, Json, Query
from fbinfor_assets.sandbox.shop.resource import Resource, flag, text
from fbinfor_assets.sandbox.shop.table import Column, Selection, Table
from fbinfor_assets.sandbox.shop.woo import ADDRESS, CURRENCY, VERSION, finished, order_json
from fbinfor_assets.sandbox.shop.world import World
from fbinfor_assets.sandbox.state import Row

if TYPE_CHECKING:
    from fbinfor_assets.sandbox.shop.customers import Customers

STATUSES = {
    "pending": "Pending payment",
    "processing": "Processing",
    "on-hold": "On hold",
    "completed": "Completed",
    "cancelled": "Cancelled",
    "refunded": "Refunded",
    "failed": "Failed",
    "checkout-draft": "Draft",
}
_PAID = ("processing", "completed")
_HOLDS_STOCK = ("processing", "completed", "on-hold")
_TEXTS = ("customer_note", "payment_method", "payment_method_title", "transaction_id", "currency")
_KNOWN = 4_096
"""How many unchanged orders are kept as JSON: some tens of megabytes."""
_SORTS = {"date": "placed_at", "modified": "modified_at", "id": "id", "title": "id", "slug": "id"}

_COLUMNS = {
    "id": Column("o.id", lambda row: row["id"]),
    "placed_at": Column("o.placed_at", lambda row: row["placed_at"]),
    "modified_at": Column("o.placed_at", lambda row: row["modified_at"]),
    # A status follows from the number alone in the book (see woo.status).
    "status": Column(
        "case when o.number like 'C%' then 'refunded' else 'processing' end", lambda row: row["status"]
    ),
    "customer": Column("coalesce(o.customer_id, 0)", lambda row: row["customer"]),
    "number": Column("o.number", lambda row: row["number"]),
    "bill": Column("''", lambda row: _bill(row["fields"].get("billing", {}))),
    # What the clock has not reached is not there; what was changed or made is.
    "arrives": Column("o.placed_at", lambda row: ""),
}


def _bill(billing: Json) -> str:
    return " ".join(billing.get(name, "") for name in ("first_name", "last_name", "company", "email")).lower()


class Orders(Resource):
    """`/orders`."""

    path, name = "/orders", "order"

    def __init__(self, world: World, products: Products, notes: Notes) -> None:
        super().__init__(world)
        self._products, self._notes = products, notes
        self._book_products = world.book.product_ids()
        self._table = Table(world.book.connection, self.state, "order", "orders o", _COLUMNS)
        self._refunds = self.state.index("refund", lambda row: row["order_id"])
        self._known: dict[int, orjson.Fragment] = {}
        self._known_rounding = ""
        self.customers: Customers | None = None

    # -- reading

    def list(self, query: Query, owner: Mapping[str, int]) -> tuple[int, list[Json]]:
        query.where("{arrives} <= ?", self.world.reached())
        query.bounds("placed_at", "after", "before")
        query.bounds("modified_at", "modified_after", "modified_before")
        statuses = query.one_of("status", ["any", "trash", "auto-draft", *STATUSES])
        if statuses and "any" not in statuses:
            query.texts("status", "status")
        else:
            query.where("{status} <> 'trash'")
        query.integers("include", "id")
        query.integers("exclude", "id", other_than=True)
        query.integers("customer", "customer")
        if query.text("search"):
            self._search(query, query.text("search"))
        total, ids = query.page(self._table, _SORTS)
        return total, self.documents(ids) if query.text("_fields") else self._written(ids)

    def _search(self, query: Query, word: str) -> None:
        """By number, id, and the names and e-mail address of the bill, which in the book are the customer's."""
        known = self.customers.matching(word.lower()) if self.customers is not None else []
        query.where(
            "({number} = ? or {id} = cast(? as integer) or instr({bill}, ?)"
            " or {customer} in (select value from json_each(?)))",
            *(word, word, word.lower(), orjson.dumps(known).decode()),
        )

    def get(self, id_: int, owner: Mapping[str, int]) -> Json:
        if not self.exists(id_):
            raise invalid_id("shop_order")
        return self.documents([id_])[0]

    def exists(self, id_: int) -> bool:
        """Whether an order has arrived or was made, and was not removed."""
        row = self.state.get("order", id_)
        if row is not None:
            return not row["hidden"]
        return self._table.has(id_, Selection(["{arrives} <= ?"], [self.world.reached()]))

    def documents(self, ids: list[int]) -> list[Json]:
        """Orders as they are served, in this order."""
        rows = {id_: self.state.get("order", id_) for id_ in ids}
        book = self.world.book.orders([id_ for id_, row in rows.items() if row is None or row["book"]])
        return [self._document(id_, row, book.get(id_)) for id_, row in rows.items()]

    def _written(self, ids: list[int]) -> list[Any]:
        """The same, already JSON where the order is still as in the book: it is always the same there."""
        rounding = self.world.switches["tax_rounding"]
        if rounding != self._known_rounding or len(self._known) > _KNOWN:
            self._known_rounding = rounding
            self._known.clear()
        unknown = [id_ for id_ in ids if id_ not in self._known or self.state.get("order", id_) is not None]
        found = {document["id"]: document for document in self.documents(unknown)}
        for id_, document in found.items():
            if self.state.get("order", id_) is None:
                self._known[id_] = orjson.Fragment(orjson.dumps(document))
        return [found[id_] if id_ in found else self._known[id_] for id_ in ids]

    def _document(self, id_: int, row: Row | None, found: Any) -> Json:
        document: Json = {}
        if found is not None:
            document = order_json(
                found, self.world.seed, self.world.switches["tax_rounding"], self._book_products
            )
        if row is not None:
            document |= row["fields"]
            if "line_items" in row["fields"]:
                document = served(document)
        refunds = [
            {"id": refund, "reason": kept["reason"] or "", "total": f"-{kept['amount']}"}
            for refund in reversed(self._refunds.ids(id_))
            if (kept := self.state.get("refund", refund)) is not None
        ]
        return finished(document, refunds, self.world)

    def kept(self, id_: int) -> Json:
        """An order's own fields as the state keeps them (prices as text)."""
        row = self.state.get("order", id_)
        if row is not None and not row["book"]:
            return row["fields"]
        found = self.world.book.orders([id_])[id_]
        base = order_json(found, self.world.seed, self.world.switches["tax_rounding"], self._book_products)
        base["line_items"] = stored_lines(base["line_items"])
        return base | (row["fields"] if row is not None else {})

    def of_customer(self, id_: int) -> list[int]:
        """Ids of a customer's orders."""
        selection = Selection(["{arrives} <= ?", "{customer} = ?"], [self.world.reached(), id_])
        return self._table.all(selection)

    # -- writing

    def create(self, body: Json, owner: Mapping[str, int], by: str) -> Json:
        if body.get("id"):
            raise already_there("shop_order")
        blank = dict.fromkeys(ADDRESS, "")
        order: Json = {
            "id": 0,
            "parent_id": 0,
            "number": "",
            "order_key": "",
            "created_via": "rest-api" if by == "api" else "admin",
            "version": VERSION,
            "status": "pending",
            "currency": CURRENCY,
            "prices_include_tax": False,
            "customer_id": 0,
            "customer_ip_address": "",
            "customer_user_agent": "",
            "customer_note": "",
            "billing": blank | {"email": "", "phone": ""},
            "shipping": blank | {"phone": ""},
            "payment_method": "",
            "payment_method_title": "",
            "transaction_id": "",
            **dict.fromkeys(("date_paid", "date_paid_gmt", "date_completed", "date_completed_gmt")),
            "cart_hash": "",
            "meta_data": [],
            **{kind: [] for kind in KINDS},
            "coupon_lines": [],
        }
        changes = self._changes(order, body)
        order |= changes
        order |= added_up(order, self.world.switches["tax_rounding"])
        order |= self._settled("", order, body, new=True)
        id_ = self.world.next_id("post")
        order |= {"id": id_, "number": str(id_), "order_key": f"wc_order_{id_}"}
        order |= self.world.stamps("date_created") | self.world.stamps("date_modified")
        self._put(id_, False, order)
        self._move_stock("", order)
        if order["status"] != "pending":
            self._notes.status_changed(id_, "pending", order["status"])
        return self._done(id_, "create", "created", by)

    def update(self, id_: int, body: Json, owner: Mapping[str, int], by: str) -> Json:
        if not self.exists(id_):
            raise invalid_id("shop_order", 400)
        order = self.kept(id_)
        changes = self._changes(order, body)
        if any(body.get(name) is not None for name in ("billing", "shipping", *KINDS)):
            changes |= added_up(order | changes, self.world.switches["tax_rounding"])
        changes |= self._settled(order["status"], order | changes, body, new=False)
        self.change(id_, changes)
        after = order | changes
        if after["status"] != order["status"]:
            self._move_stock(order["status"], after)
            self._notes.status_changed(id_, order["status"], after["status"])
        return self._done(id_, "update", "updated", by)

    def delete(self, id_: int, force: bool | None, owner: Mapping[str, int], by: str) -> Json:
        if not self.exists(id_):
            raise invalid_id("shop_order")
        document = self.documents([id_])[0]
        if force:
            book = id_ in self.world.book.orders([id_])
            self.state.put("order", id_, {"id": id_, "book": book, "hidden": True, "fields": {}})
            for refund in self._refunds.ids(id_):
                self.state.delete("refund", refund)
            raised = self.world.switches["forced_delete_raises"]
        else:
            if document["status"] == "trash":
                message = "The shop_order has already been deleted."
                raise Refused(410, "woocommerce_rest_already_trashed", message)
            self.change(id_, {"status": "trash"})
            document = self.documents([id_])[0]
            raised = True
        if raised:
            self.world.notify("order", "deleted", id_)
        self.log(by, "delete", id_, {"force": bool(force)})
        return document

    def change(self, id_: int, changes: Json, *, touch: bool = True) -> None:
        """Keep changed fields of an order; `touch` moves date_modified."""
        row = self.state.get("order", id_)
        stamps = self.world.stamps("date_modified") if touch else {}
        if row is not None:
            self._put(id_, row["book"], row["fields"] | changes | stamps)
        else:
            self._put(id_, True, changes | stamps)

    def _put(self, id_: int, book: bool, fields: Json) -> None:
        base: Json = fields
        if book:
            found = self.world.book.orders([id_])[id_]
            base = {
                "date_created_gmt": found.placed_at,
                "date_modified_gmt": found.placed_at,
                "customer_id": found.customer_id or 0,
                "number": found.number,
                "status": "refunded" if found.number.startswith("C") else "processing",
                **fields,
            }
        columns = {
            "placed_at": base["date_created_gmt"],
            "modified_at": base["date_modified_gmt"],
            "status": base["status"],
            "customer": base["customer_id"],
            "number": base["number"],
        }
        self.state.put("order", id_, {"id": id_, "book": book, "hidden": False, **columns, "fields": fields})

    def _done(self, id_: int, verb: str, event: str, by: str) -> Json:
        document = self.documents([id_])[0]
        self.world.notify("order", event, id_)
        self.log(by, verb, id_, document)
        return document

    # -- the fields

    def _changes(self, order: Json, body: Json) -> Json:
        """The fields a request sets, checked, but for the status. Raises Refused."""
        changes: Json = {}
        for name in _TEXTS:
            if (value := text(body, name)) is not None:
                changes[name] = value
        if body.get("status") is not None and body["status"] not in list(STATUSES):
            raise not_one_of("status", ["auto-draft", *STATUSES])
        for name in ("parent_id", "customer_id"):
            if body.get(name) is not None:
                changes[name] = _integer(name, body[name])
        customer = changes.get("customer_id", 0)
        if customer and self.customers is not None and not self.customers.exists(customer):
            raise Refused(400, "woocommerce_rest_invalid_customer_id", "Customer ID is invalid.")
        for name in ("billing", "shipping"):
            if body.get(name) is not None:
                changes[name] = address(order[name], body[name], name)
        for kind in KINDS:
            if body.get(kind) is not None:
                changes[kind] = changed_lines(
                    kind, order[kind], body[kind], self._products.find, self.world.next_id
                )
        if body.get("meta_data") is not None:
            changes["meta_data"] = meta_data(order["meta_data"], body["meta_data"], self.world.next_id)
        flag(body, "set_paid")
        return changes

    def _settled(self, before: str, order: Json, body: Json, *, new: bool) -> Json:
        """Status and its dates after a request; `order` has every other change already."""
        status = body.get("status") or order["status"]
        payable = order["total"] != "0.00" and status in ("pending", "failed", "on-hold")
        if flag(body, "set_paid") and (new or payable):
            if status in ("pending", "failed", "on-hold", "cancelled"):
                status = "processing" if order["line_items"] else "completed"
            if not order["date_paid"]:
                order = order | self.world.stamps("date_paid")
        changes: Json = {"status": status}
        if status != before:
            if status == "completed":
                changes |= self.world.stamps("date_completed")
            if status in _PAID and not order["date_paid"]:
                order = order | self.world.stamps("date_paid")
        return changes | {name: order[name] for name in ("date_paid", "date_paid_gmt")}

    def _move_stock(self, before: str, order: Json) -> None:
        """Goods leave the stock with an order made here, and come back when it is cancelled."""
        if order["created_via"] == "checkout":
            return
        held, holds = before in _HOLDS_STOCK, order["status"] in _HOLDS_STOCK
        back = held and order["status"] in ("pending", "cancelled", "failed")
        if (holds and not held) or back:
            for line in order["line_items"]:
                self._products.move_stock(line["product_id"], line["quantity"] * (1 if back else -1))


def _integer(name: str, value: Any) -> int:
    if isinstance(value, bool) or not str(value).isdecimal():
        raise not_of_type(name, "integer")
    return min(int(value), MOST)


def address(before: Json, given: Any, name: str) -> Json:
    """An address after a request's fields; unknown fields are ignored. Raises Refused."""
    if not isinstance(given, dict):
        raise not_of_type(name, "object")
    fields = {field: "" if given[field] is None else text(given, field) for field in before if field in given}
    email = fields.get("email")
    if email and not is_email(email):
        raise invalid_parameter(name, f"{name}[email] Invalid email address.")
    return before | fields


def is_email(value: str) -> bool:
    """As much of WordPress' check as decides ordinary cases."""
    local, at, domain = value.partition("@")
    return bool(local and at and "." in domain.strip(".")) and "@" not in domain and " " not in value
