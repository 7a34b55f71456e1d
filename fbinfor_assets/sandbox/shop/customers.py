"""Customers: those of the order file from their first order on, and what is changed, made and deleted.

Belongs here: `/customers`. Does not belong here: who a customer of the file is (`sandbox.profiles`).

Facts (WooCommerce's customers controller): an e-mail address belongs to one customer; a username never changes; a
customer has no trash; who deletes one leaves its orders without a customer, or gives them to `reassign`.

Table `customer`: one row for each customer that differs from the book, as the orders' (`sales`).
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import orjson

from fbinfor_assets.sandbox.shop.errors import (
    Refused,
    invalid_parameter,
    invalid_resource,
    missing_parameters,
    no_trash,
)
from fbinfor_assets.sandbox.shop.lines import meta_data
from fbinfor_assets.sandbox.shop.query import Json, Query
from fbinfor_assets.sandbox.shop.resource import Resource, text
from fbinfor_assets.sandbox.shop.sales import Orders, address, is_email
from fbinfor_assets.sandbox.shop.table import Column, Selection, Table
from fbinfor_assets.sandbox.shop.woo import ADDRESS, customer_json
from fbinfor_assets.sandbox.shop.world import World

_SORTS = {"registered_date": "since", "id": "id", "name": "id"}
_ROLES = (
    "all",
    "administrator",
    "editor",
    "author",
    "contributor",
    "subscriber",
    "customer",
    "shop_manager",
)
_COLUMNS = {
    "id": Column("u.customer_id", lambda row: row["id"]),
    "since": Column("u.since", lambda row: row["fields"]["date_created_gmt"]),
    "arrives": Column("u.since", lambda row: ""),
}


class Customers(Resource):
    """`/customers`."""

    path, name = "/customers", "customer"

    def __init__(self, world: World, orders: Orders) -> None:
        super().__init__(world)
        self._orders = orders
        self._table = Table(world.book.connection, self.state, "customer", "customers u", _COLUMNS)
        self._by_email = self.state.index("customer", lambda row: _folded(row, "email"))
        self._by_username = self.state.index("customer", lambda row: _folded(row, "username"))

    # -- reading

    def list(self, query: Query, owner: Mapping[str, int]) -> tuple[int, list[Json]]:
        query.where("{arrives} <= ?", self.world.reached())
        query.integers("include", "id")
        query.integers("exclude", "id", other_than=True)
        role = (query.one_of("role", _ROLES) or ["customer"])[0]
        if role not in ("all", "customer"):
            query.where("false")
        if query.text("email"):
            self._only(query, self._with_email(query.text("email")))
        elif query.text("search"):
            self._only(query, self.matching(query.text("search").lower()))
        total, ids = query.page(self._table, _SORTS, "name", "asc")
        return total, self._documents(ids)

    def get(self, id_: int, owner: Mapping[str, int]) -> Json:
        if not self.exists(id_):
            raise invalid_resource()
        return self._documents([id_])[0]

    def exists(self, id_: int) -> bool:
        """Whether a customer has come or was made, and was not deleted."""
        return self._table.has(id_, Selection(["{arrives} <= ?"], [self.world.reached()]))

    def _documents(self, ids: list[int]) -> list[Json]:
        return [fields | {"_links": self.world.links(self.path, fields["id"])} for fields in self._kept(ids)]

    def _kept(self, ids: list[int]) -> list[Json]:
        rows = {id_: self.state.get("customer", id_) for id_ in ids}
        book = self.world.book.customers([id_ for id_, row in rows.items() if row is None])
        return [
            row["fields"] if row is not None else customer_json(book[id_], self.world.seed)
            for id_, row in rows.items()
        ]

    @staticmethod
    def _only(query: Query, ids: list[int]) -> None:
        query.where("{id} in (select value from json_each(?))", orjson.dumps(ids).decode())

    @cached_property
    def _known(self) -> dict[int, tuple[str, str]]:
        """(e-mail, searchable text) of every customer of the file: made up, hence found nowhere in the book."""
        numbers = [number for number, _ in self.world.book.seed_customers()]
        found = {}
        for start in range(0, len(numbers), 500):
            for customer in self.world.book.customers(numbers[start : start + 500]).values():
                fields = customer_json(customer, self.world.seed)
                found[fields["id"]] = (fields["email"].lower(), _haystack(fields))
        return found

    @cached_property
    def _known_emails(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for id_, (email, _) in self._known.items():
            found.setdefault(email, []).append(id_)
        return found

    def _unchanged(self, id_: int) -> bool:
        return self.state.get("customer", id_) is None

    def _with_email(self, email: str) -> list[int]:
        wanted = email.lower()
        ids = [id_ for id_ in self._known_emails.get(wanted, ()) if self._unchanged(id_)]
        return [*ids, *(int(id_) for id_ in self._by_email.ids(wanted))]

    def matching(self, word: str) -> list[int]:
        """Customers with a word, in small letters, in username, e-mail address or name."""
        ids = [id_ for id_, (_, hay) in self._known.items() if word in hay and self._unchanged(id_)]
        rows = self.state.tables("customer").values()
        return [*ids, *(row["id"] for row in rows if not row["hidden"] and word in _haystack(row["fields"]))]

    # -- writing

    def create(self, body: Json, owner: Mapping[str, int], by: str) -> Json:
        if body.get("id"):
            raise Refused(400, "woocommerce_rest_customer_exists", "Cannot create existing resource.")
        email = text(body, "email")
        if not email:
            raise missing_parameters(["email"])
        blank = dict.fromkeys(ADDRESS, "")
        fields: Json = {
            "id": 0,
            "email": "",
            "first_name": "",
            "last_name": "",
            "role": "customer",
            "username": "",
            "billing": blank | {"email": "", "phone": ""},
            "shipping": blank | {"phone": ""},
            "is_paying_customer": False,
            "avatar_url": "",
            "meta_data": [],
        }
        if is_email(email) and self._taken(0, email):
            message = "An account is already registered with your email address."
            raise Refused(400, "registration-error-email-exists", message)
        fields |= self._changes(0, fields, body) | self.world.stamps("date_created")
        fields["username"] = self._username(text(body, "username"), email)
        id_ = self.world.next_id("user")
        self._put(id_, fields | {"id": id_})
        return self._done(id_, "create", "created", by)

    def update(self, id_: int, body: Json, owner: Mapping[str, int], by: str) -> Json:
        if not self.exists(id_):
            raise invalid_resource(400)
        fields = self._kept([id_])[0]
        if body.get("username") and body["username"] != fields["username"]:
            message = "Username isn't editable."
            raise Refused(400, "woocommerce_rest_customer_invalid_argument", message)
        self._put(id_, fields | self._changes(id_, fields, body))
        return self._done(id_, "update", "updated", by)

    def delete(self, id_: int, force: bool | None, owner: Mapping[str, int], by: str) -> Json:
        reassign = owner.get("reassign", 0)
        if not force:
            raise no_trash("Customers")
        document = self.get(id_, owner)
        if reassign and (reassign == id_ or not self.exists(reassign)):
            message = "Invalid resource id for reassignment."
            raise Refused(400, "woocommerce_rest_customer_invalid_reassign", message)
        for order in self._orders.of_customer(id_):
            self._orders.change(order, {"customer_id": reassign}, touch=False)
        self.state.put("customer", id_, {"id": id_, "hidden": True, "fields": {}})
        self.world.notify("customer", "deleted", id_)
        self.log(by, "delete", id_, {"reassign": reassign})
        return document

    def _put(self, id_: int, fields: Json) -> None:
        fields = fields | self.world.stamps("date_modified")
        self.state.put("customer", id_, {"id": id_, "hidden": False, "fields": fields})

    def _done(self, id_: int, verb: str, event: str, by: str) -> Json:
        document = self._documents([id_])[0]
        self.world.notify("customer", event, id_)
        self.log(by, verb, id_, document)
        return document

    def _changes(self, id_: int, fields: Json, body: Json) -> Json:
        changes: Json = {}
        for name in ("email", "first_name", "last_name"):
            if (value := text(body, name)) is not None:
                changes[name] = value
        email = changes.get("email", fields["email"])
        if not is_email(email):
            raise invalid_parameter("email", "Invalid email address.")
        if email.lower() != fields["email"].lower() and self._taken(id_, email):
            raise Refused(400, "woocommerce_rest_customer_invalid_email", "Email address is invalid.")
        for name in ("billing", "shipping"):
            if body.get(name) is not None:
                changes[name] = address(fields[name], body[name], name)
        if body.get("meta_data") is not None:
            changes["meta_data"] = meta_data(fields["meta_data"], body["meta_data"], self.world.next_id)
        return changes

    def _taken(self, id_: int, email: str) -> bool:
        return any(other != id_ and self.exists(other) for other in self._with_email(email))

    def _username(self, wanted: str | None, email: str) -> str:
        if wanted:
            if self._named(wanted):
                message = "An account is already registered with that username. Please choose another."
                raise Refused(400, "registration-error-username-exists", message)
            return wanted
        base = email.partition("@")[0].lower()
        names = itertools.chain([base], (f"{base}{number}" for number in itertools.count(1)))
        return next(name for name in names if not self._named(name))

    def _named(self, username: str) -> bool:
        number = username.removeprefix("customer")
        of_file = username.startswith("customer") and number.isdecimal() and int(number) in self._known
        return of_file or self._by_username.first(username.lower()) is not None


def _folded(row: Json, name: str) -> Any:
    return None if row["hidden"] else row["fields"][name].lower()


def _haystack(fields: Json) -> str:
    words = (fields["username"], fields["email"], fields["first_name"], fields["last_name"])
    return " ".join(words).lower()
