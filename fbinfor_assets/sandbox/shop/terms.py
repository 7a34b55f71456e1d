"""Product categories.

Belongs here: `/products/categories`. Does not belong here: tags and attributes, which this shop has none of.

Every shop begins with one category, Uncategorized, id 15, which takes the products that name no other.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from fbinfor_assets.sandbox.shop.errors import Refused, missing_parameters, no_trash
from fbinfor_assets.sandbox.shop.query import Json, Query
from fbinfor_assets.sandbox.shop.resource import Resource, text

_FIRST: Json = {"id": 15, "name": "Uncategorized", "slug": "uncategorized", "parent": 0, "description": ""}


class Terms(Resource):
    """`/products/categories`."""

    path, name = "/products/categories", "product_cat"
    default = 15

    def list(self, query: Query, owner: Mapping[str, int]) -> tuple[int, list[Json]]:
        rows = sorted(self._rows().values(), key=lambda row: row["name"].lower())
        for name in ("slug", "parent"):
            if query.text(name):
                rows = [row for row in rows if str(row[name]) == query.text(name)]
        if query.text("search"):
            rows = [row for row in rows if query.text("search").lower() in row["name"].lower()]
        _, direction = query.sorting(("id", "include", "name", "slug", "term_group", "count"), "name", "asc")
        total, page = query.slice(rows if direction == "asc" else rows[::-1])
        return total, [self._document(row) for row in page]

    def get(self, id_: int, owner: Mapping[str, int]) -> Json:
        return self._document(self._row(id_))

    def create(self, body: Json, owner: Mapping[str, int], by: str) -> Json:
        name = text(body, "name")
        if not name:
            raise missing_parameters(["name"])
        same = next((row for row in self._rows().values() if row["name"].lower() == name.lower()), None)
        if same is not None:
            message = "A term with the name provided already exists with this parent."
            raise Refused(400, "term_exists", message, resource_id=same["id"])
        id_ = self.world.next_id("term")
        row = {**_FIRST, "id": id_, "name": name, "slug": slug(name)}
        return self._keep(row, body, "create", by)

    def update(self, id_: int, body: Json, owner: Mapping[str, int], by: str) -> Json:
        return self._keep(self._row(id_), body, "update", by)

    def delete(self, id_: int, force: bool | None, owner: Mapping[str, int], by: str) -> Json:
        document = self.get(id_, owner)
        if not force:
            raise no_trash("Terms")
        if id_ == self.default:
            raise Refused(500, "woocommerce_rest_cannot_delete", "The resource cannot be deleted.")
        self.state.delete("term", id_)
        self.log(by, "delete", id_, {})
        return document

    def chosen(self, given: Any) -> list[int]:
        """The ids among a product's `categories`; the default without any. Unknown ids are left out."""
        items = given if isinstance(given, list) else []
        ids = [
            item["id"] for item in items if isinstance(item, dict) and item.get("id") in list(self._rows())
        ]
        return ids or [self.default]

    def shown(self, ids: list[int]) -> list[Json]:
        """A product's `categories`."""
        rows = self._rows()
        return [{name: rows[id_][name] for name in ("id", "name", "slug")} for id_ in ids if id_ in rows]

    def _rows(self) -> dict[Any, Json]:
        return {self.default: _FIRST, **self.state.tables("term")}

    def _row(self, id_: int) -> Json:
        row = self._rows().get(id_)
        if row is None:
            raise Refused(404, "woocommerce_rest_term_invalid", "Resource does not exist.")
        return row

    def _keep(self, row: Json, body: Json, verb: str, by: str) -> Json:
        row = row | {
            n: value for n in ("name", "slug", "description") if (value := text(body, n)) is not None
        }
        if isinstance(body.get("parent"), int) and body["parent"] in self._rows():
            row |= {"parent": body["parent"]}
        self.state.put("term", row["id"], row)
        document = self._document(row)
        self.log(by, verb, row["id"], document)
        return document

    def _document(self, row: Json) -> Json:
        more = {"display": "default", "image": None, "menu_order": 0, "count": 0}
        return {**row, **more, "_links": self.world.links(self.path, row["id"])}


def slug(name: str) -> str:
    """A name as part of an address."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
