"""Products: the stock codes of the order file, and what is changed, made and deleted by API or by people.

Belongs here: `/products`, stock. Does not belong here: categories (`terms`).

The catalogue is there from the shop's first day. Each stock code is a product of its own in the file's spelling
(WooCommerce's database would hold 84997B and 84997b for one sku and refuse the second). Name and price are those of
the first line that has one; the stock at the beginning is what the file sells of it, and the file's own orders do not
move it: orders made here do.

Table `product`: one row for each product that differs from the book, as the orders' (`sales`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from fbinfor_assets.sandbox.shop.book import Product
from fbinfor_assets.sandbox.shop.errors import (
    Refused,
    already_there,
    invalid_id,
    invalid_parameter,
    not_of_type,
    not_one_of,
)
from fbinfor_assets.sandbox.shop.lines import meta_data, money
from fbinfor_assets.sandbox.shop.query import Json, Query
from fbinfor_assets.sandbox.shop.resource import Resource, flag, text
from fbinfor_assets.sandbox.shop.table import Column, Selection, Table
from fbinfor_assets.sandbox.shop.terms import Terms, slug
from fbinfor_assets.sandbox.shop.world import World, stamps
from fbinfor_assets.sandbox.state import Row

_STATUSES = ("draft", "pending", "private", "publish")
_LISTED = ("any", *_STATUSES, "future", "trash")
_TYPES = ("simple", "grouped", "external", "variable")
_ENUMS = {
    "status": _STATUSES,
    "type": _TYPES,
    "catalog_visibility": ("visible", "catalog", "search", "hidden"),
    "stock_status": ("instock", "outofstock", "onbackorder"),
    "backorders": ("no", "notify", "yes"),
    "tax_status": ("taxable", "shipping", "none"),
}
_TEXTS = (
    "name",
    "slug",
    "description",
    "short_description",
    "tax_class",
    "weight",
    "purchase_note",
    "external_url",
)
_FLAGS = ("featured", "virtual", "downloadable", "manage_stock", "sold_individually", "reviews_allowed")

# What every product has besides what is its own: the fields of a simple product in WooCommerce's schema.
_REST: Json = {
    "type": "simple",
    "status": "publish",
    "featured": False,
    "catalog_visibility": "visible",
    "description": "",
    "short_description": "",
    "sale_price": "",
    "date_on_sale_from": None,
    "date_on_sale_from_gmt": None,
    "date_on_sale_to": None,
    "date_on_sale_to_gmt": None,
    "on_sale": False,
    "purchasable": True,
    "total_sales": 0,
    "virtual": False,
    "downloadable": False,
    "downloads": [],
    "download_limit": -1,
    "download_expiry": -1,
    "external_url": "",
    "button_text": "",
    "tax_status": "taxable",
    "tax_class": "",
    "manage_stock": False,
    "stock_quantity": None,
    "backorders": "no",
    "backorders_allowed": False,
    "backordered": False,
    "low_stock_amount": None,
    "sold_individually": False,
    "weight": "",
    "dimensions": {"length": "", "width": "", "height": ""},
    "shipping_required": True,
    "shipping_taxable": True,
    "shipping_class": "",
    "shipping_class_id": 0,
    "reviews_allowed": True,
    "average_rating": "0.00",
    "rating_count": 0,
    "upsell_ids": [],
    "cross_sell_ids": [],
    "parent_id": 0,
    "purchase_note": "",
    "tags": [],
    "images": [],
    "attributes": [],
    "default_attributes": [],
    "variations": [],
    "grouped_products": [],
    "menu_order": 0,
    "related_ids": [],
    "meta_data": [],
    "stock_status": "instock",
    "has_options": False,
    "post_password": "",
    "global_unique_id": "",
    "brands": [],
}
_SORTS = {
    "date": "created_at",
    "modified": "modified_at",
    "id": "id",
    "title": "name",
    "slug": "slug",
    "price": "price",
}


class Products(Resource):
    """`/products`."""

    path, name = "/products", "product"

    def __init__(self, world: World, terms: Terms) -> None:
        super().__init__(world)
        self._terms = terms
        day = f"'{world.opened}'"
        self._dates = stamps("date_created", world.opened) | stamps("date_modified", world.opened)
        columns = {
            "id": Column("p.id", lambda row: row["id"]),
            "created_at": Column(day, lambda row: row["fields"]["date_created_gmt"]),
            "modified_at": Column(day, lambda row: row["fields"]["date_modified_gmt"]),
            "status": Column("'publish'", lambda row: row["fields"]["status"]),
            "type": Column("'simple'", lambda row: row["fields"]["type"]),
            "sku": Column("p.sku", lambda row: row["fields"]["sku"]),
            "name": Column("p.name", lambda row: row["fields"]["name"]),
            "slug": Column("p.id", lambda row: row["id"]),
            "categories": Column(
                f"',{terms.default},'", lambda row: "".join(f",{id_}," for id_ in row["fields"]["categories"])
            ),
            "price": Column("cast(p.price as real)", lambda row: float(row["fields"]["price"] or 0)),
            "stock_status": Column(
                "case when p.sold > 0 then 'instock' else 'outofstock' end",
                lambda row: row["fields"]["stock_status"],
            ),
        }
        self._table = Table(world.book.connection, self.state, "product", "products p", columns)

    # -- reading

    def list(self, query: Query, owner: Mapping[str, int]) -> tuple[int, list[Json]]:
        statuses = query.one_of("status", _LISTED)
        if statuses and "any" not in statuses:
            query.texts("status", "status")
        else:
            query.where("{status} <> 'trash'")
        for name, allowed in (("type", _TYPES), ("stock_status", _ENUMS["stock_status"])):
            query.one_of(name, allowed)
            query.texts(name, name)
        query.integers("include", "id")
        query.integers("exclude", "id", other_than=True)
        query.texts("sku", "sku")
        query.bounds("created_at", "after", "before")
        query.bounds("modified_at", "modified_after", "modified_before")
        if query.text("search"):
            # In names and descriptions, as WordPress searches; the skus too, as newer WooCommerce does.
            query.where(
                "(instr(lower({name}), ?) or instr(lower({sku}), ?))", *[query.text("search").lower()] * 2
            )
        for name, sign in (("min_price", ">="), ("max_price", "<=")):
            if query.text(name):
                query.where(f"{{price}} {sign} ?", float(money(name, query.text(name))))
        if query.text("category"):
            query.where("instr({categories}, ?)", f",{query.text('category')},")
        total, ids = query.page(self._table, _SORTS)
        return total, self._documents(ids)

    def get(self, id_: int, owner: Mapping[str, int]) -> Json:
        document = self._documents([id_])
        if not document:
            raise invalid_id("product")
        return document[0]

    def find(self, item: Json) -> Json | None:
        """The product an order's line names by sku or product_id, None if there is none."""
        if item.get("sku"):
            selection = Selection(["{sku} = ?", "{status} <> 'trash'"], [str(item["sku"])])
            _, ids = self._table.page(selection, "id", "asc", 1, 0)
        else:
            given = str(item.get("product_id", ""))
            ids = [int(given)] if given.isdecimal() and len(given) < 16 else []
        documents = self._documents(ids)
        return documents[0] if documents else None

    def _documents(self, ids: list[int]) -> list[Json]:
        rows = {id_: self.state.get("product", id_) for id_ in ids}
        book = self.world.book.products([id_ for id_, row in rows.items() if row is None])
        documents = []
        for id_, row in rows.items():
            if row is not None and row["hidden"]:
                continue
            fields = row["fields"] if row is not None else self._fields(book.get(id_))
            if fields:
                documents.append(self._document(id_, fields))
        return documents

    def _fields(self, product: Product | None) -> Json:
        """A product of the file as the state would keep it; {} for none."""
        if product is None:
            return {}
        name = product.name or product.sku
        return (
            _REST
            | {
                "id": product.id,
                "name": name,
                "slug": slug(f"{name} {product.sku}"),
                "sku": product.sku,
                "price": product.price,
                "regular_price": product.price,
                "manage_stock": True,
                "stock_quantity": product.sold,
                "stock_status": "instock" if product.sold else "outofstock",
                "categories": [self._terms.default],
            }
            | self._dates
        )

    def _document(self, id_: int, fields: Json) -> Json:
        home = self.world.home
        price = f"{Decimal(fields['price']):.2f}" if fields["price"] else ""
        return fields | {
            "permalink": f"{home}/product/{fields['slug']}/",
            "price_html": f"&pound;{price}" if price else "",
            "categories": self._terms.shown(fields["categories"]),
            "_links": self.world.links(self.path, id_),
        }

    # -- writing

    def create(self, body: Json, owner: Mapping[str, int], by: str) -> Json:
        if body.get("id"):
            raise already_there("product")
        fields = _REST | {"name": "Product", "slug": "", "sku": "", "price": "", "regular_price": ""}
        fields |= {"categories": [self._terms.default]} | self.world.stamps("date_created")
        fields = self._changed(0, fields, body)
        id_ = self.world.next_id("post")
        fields |= {"id": id_, "slug": fields["slug"] or slug(fields["name"])}
        self.state.put("product", id_, {"id": id_, "hidden": False, "fields": fields})
        return self._done(id_, "create", "created", by)

    def update(self, id_: int, body: Json, owner: Mapping[str, int], by: str) -> Json:
        fields = self._kept(id_)
        if not fields:
            raise invalid_id("product", 400)
        self._put(id_, self._changed(id_, fields, body))
        return self._done(id_, "update", "updated", by)

    def delete(self, id_: int, force: bool | None, owner: Mapping[str, int], by: str) -> Json:
        document = self.get(id_, owner)
        raised = True
        if force:
            self.state.put("product", id_, {"id": id_, "hidden": True, "fields": {}})
            raised = self.world.switches["forced_delete_raises"]
        elif document["status"] == "trash":
            raise Refused(410, "woocommerce_rest_already_trashed", "The product has already been deleted.")
        else:
            self._put(id_, self._kept(id_) | {"status": "trash"})
            document = self.get(id_, owner)
        if raised:
            self.world.notify("product", "deleted", id_)
        self.log(by, "delete", id_, {"force": bool(force)})
        return document

    def move_stock(self, id_: int, by: int) -> None:
        """Put so many pieces into the stock of a product, or take them out, if its stock is managed."""
        fields = self._kept(id_)
        if not by or not fields or not fields["manage_stock"] or fields["stock_quantity"] is None:
            return
        quantity = fields["stock_quantity"] + by
        self._put(id_, fields | {"stock_quantity": quantity, "stock_status": _stock_status(fields, quantity)})
        self.world.notify("product", "updated", id_)

    def _kept(self, id_: int) -> Json:
        row: Row | None = self.state.get("product", id_)
        if row is not None:
            return {} if row["hidden"] else row["fields"]
        return self._fields(self.world.book.products([id_]).get(id_))

    def _put(self, id_: int, fields: Json) -> None:
        fields = fields | self.world.stamps("date_modified")
        self.state.put("product", id_, {"id": id_, "hidden": False, "fields": fields})

    def _done(self, id_: int, verb: str, event: str, by: str) -> Json:
        document = self._documents([id_])[0]
        self.world.notify("product", event, id_)
        self.log(by, verb, id_, document)
        return document

    def _changed(self, id_: int, fields: Json, body: Json) -> Json:
        """A product's fields after a request's. Raises Refused."""
        changes: Json = {}
        for name, allowed in _ENUMS.items():
            if body.get(name) is not None:
                if body[name] not in allowed:
                    raise not_one_of(name, allowed)
                changes[name] = body[name]
        changes |= {name: value for name in _TEXTS if (value := text(body, name)) is not None}
        changes |= {name: value for name in _FLAGS if (value := flag(body, name)) is not None}
        for name in ("regular_price", "sale_price"):
            if (value := text(body, name)) is not None:
                changes[name] = _price(name, value)
        if (sku := text(body, "sku")) is not None:
            self._check_sku(id_, sku)
            changes["sku"] = sku
        if body.get("stock_quantity") is not None:
            changes["stock_quantity"] = _whole("stock_quantity", body["stock_quantity"])
        if body.get("categories") is not None:
            changes["categories"] = self._terms.chosen(body["categories"])
        if body.get("meta_data") is not None:
            changes["meta_data"] = meta_data(fields["meta_data"], body["meta_data"], self.world.next_id)
        fields = fields | changes | self.world.stamps("date_modified")
        fields["on_sale"] = fields["sale_price"] != ""
        fields["price"] = fields["sale_price"] or fields["regular_price"]
        fields["purchasable"] = fields["price"] != ""
        fields["backorders_allowed"] = fields["backorders"] != "no"
        if not fields["manage_stock"]:
            fields["stock_quantity"] = None
        elif fields["stock_quantity"] is None:
            fields["stock_quantity"] = 0
        if fields["manage_stock"]:
            fields["stock_status"] = _stock_status(fields, fields["stock_quantity"])
        return fields

    def _check_sku(self, id_: int, sku: str) -> None:
        found = self.find({"sku": sku}) if sku else None
        if found is not None and found["id"] != id_:
            message = "Invalid or duplicated SKU."
            raise Refused(400, "product_invalid_sku", message, resource_id=found["id"], unique_sku=f"{sku}-1")


def _price(name: str, value: str) -> str:
    if value and not re.fullmatch(r"[0-9]+([.][0-9]+)?", value):
        raise invalid_parameter(name, f"{name} is not a price.")
    return value


def _whole(name: str, value: Any) -> int:
    if isinstance(value, bool) or not re.fullmatch(r"-?[0-9]+", str(value)):
        raise not_of_type(name, "integer")
    return int(value)


def _stock_status(fields: Json, quantity: int) -> str:
    if quantity > 0:
        return "instock"
    return "outofstock" if fields["backorders"] == "no" else "onbackorder"
