"""What the resources of the accounting family have in common: get, create, update, delete, the write log.

Belongs here: the life of a row and its envelope names.
Does not belong here: fields of any one resource, HTTP, lists (`listing`).

Facts (freshbooks-api 6, 7): an update is partial; deleting is `vis_state` 1 by PUT, or DELETE, whatever the SDKs
use per resource; a deleted row can still be read by id and restored by `vis_state` 0.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, ClassVar, NamedTuple

import orjson

from fbinfor_assets.sandbox.freshbooks import errors, fields
from fbinfor_assets.sandbox.freshbooks.listing import Filter, Flag, Lister, Query, Sort
from fbinfor_assets.sandbox.freshbooks.world import World
from fbinfor_assets.sandbox.state import Row

ACTIVE, DELETED, ARCHIVED = 0, 1, 2

EVERY_VERB = frozenset({"list", "get", "create", "update", "delete"})


class Feature(NamedTuple):
    """What a plan must have for a resource to be reached: the switch, and the refusal without it."""

    switch: str
    errno: int
    words: str
    """The resource in FreshBooks' sentence "You do not have access to ...."."""


# The `result` of a list that is computed from the rows.
Answer = Callable[[Query], dict[str, Any]]


class Resource:
    """One kind of object of the account. A row is stored under its int id, `row["id"]`."""

    single: ClassVar[str]
    """Wrapper key and table name, such as `credit_note`."""
    plural: ClassVar[str]
    path: ClassVar[str]
    """Below /accounting/account/{account_id}/."""
    id_field: ClassVar[str]
    title: ClassVar[str]
    scope: ClassVar[str]
    has_vis_state: ClassVar[bool] = True
    vis_state_verified: ClassVar[bool] = False
    feature: ClassVar[Feature | None] = None
    verbs: ClassVar[frozenset[str]] = EVERY_VERB
    """What the API offers for this kind of object; anything else is HTTP 405 (assumed)."""
    money_amount: ClassVar[bool] = False
    """Whether `amount` is written as money, so that people may enter it as plain text."""
    order: ClassVar[tuple[str, bool] | None] = None
    """The field a list without `sort` is ordered by, and whether descending; None: by id."""

    filters: Mapping[str, Filter]
    flags: Mapping[str, Flag]
    sorts: Mapping[str, Sort]
    answers: Mapping[str, Answer]
    """Read-only answers besides the list, by their path below the account."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.rows = world.state.tables(self.single)
        self.by_vis_state = world.state.index(self.single, lambda row: row.get("vis_state"))
        self.filters, self.flags, self.sorts, self.answers = {}, {}, {}, {}

    # -- what each resource fills in

    def create_row(self, given: fields.Given) -> Row:
        """Check and store a new row; give it back. Raises FreshBooksError."""
        raise errors.not_allowed(self.single)

    def update_row(self, row: Row, given: fields.Given) -> Row:
        """Check and store a changed row (without vis_state); give it back. Raises FreshBooksError."""
        raise errors.not_allowed(self.single)

    def visibility_changed(self, row: Row) -> Row:
        """What else follows from a delete or restore already stored in `row`; give the final row back."""
        return row

    def before_delete(self, row: Row) -> None:
        """Refuse a deletion by raising FreshBooksError."""

    def view(self, row: Row, include: Collection[str] = ()) -> dict[str, Any]:
        """The row as the API reads it."""
        raise TypeError(f"{self.single} has no view")

    def summary(self, row: Row) -> dict[str, Any]:
        """What the write log says of the row after a write, besides what was given."""
        return {"vis_state": row["vis_state"]}

    # -- lists

    def page(self, lister: Lister, query: Query) -> dict[str, Any]:
        """The `result` of a list request."""
        return lister.page(self, query)

    # -- the life of a row

    def get(self, id_text: str | int) -> Row:
        """The row, deleted or not. 404/1012 else."""
        row = self.rows.get(int(id_text)) if str(id_text).isdigit() else None
        if row is None:
            raise errors.not_found(self.single, self.title, self.id_field, id_text)
        return row

    def live(self, given: fields.Given, name: str, object: str) -> Row:
        """The row another object refers to by `given[name]`: 422/1004 if there is none, 1011 if it is deleted."""
        row = self.rows.get(fields.integer(given, name, object))
        if row is None:
            raise errors.invalid(object, name, given[name])
        if row.get("vis_state") == DELETED and self.world.switches["write_to_deleted"] == "refuse":
            raise errors.deleted(self.single, self.title, self.id_field, given[name])
        return row

    def put(self, row: Row) -> Row:
        """Store a row."""
        self.world.state.put(self.single, row["id"], row)
        return row

    def create(self, given: fields.Given, raw: bytes | None = None, actor: str = "api") -> Row:
        """Create and log. `raw` is the request's body, kept in the log as it came."""
        row = self.create_row(given)
        self.log(f"{actor}.create", row, given, raw)
        return self.rows[row["id"]]

    def update(
        self, id_text: str | int, given: fields.Given, raw: bytes | None = None, actor: str = "api"
    ) -> Row:
        """Update, delete (vis_state 1) or restore (vis_state 0, 2), and log."""
        row = self.get(id_text)
        rest = dict(given)
        vis_state = row.get("vis_state", ACTIVE)
        if self.has_vis_state and rest.get("vis_state") is not None:
            wanted = {"vis_state": fields.integer(rest, "vis_state", self.single)}
            vis_state = fields.choice(wanted, "vis_state", self.single, (ACTIVE, DELETED, ARCHIVED))
        rest.pop("vis_state", None)
        refuse = self.world.switches["write_to_deleted"] == "refuse"
        if row.get("vis_state") == DELETED and vis_state == DELETED and rest and refuse:
            raise errors.deleted(self.single, self.title, self.id_field, id_text)
        operation = "update"
        if vis_state == DELETED and row.get("vis_state") != DELETED:
            operation = "delete"
            self.before_delete(row)
        if rest or vis_state == row.get("vis_state", ACTIVE):
            row = self.update_row(row, rest)
        if vis_state != row.get("vis_state", ACTIVE):
            row = self.visibility_changed(self.put(self.touched({**row, "vis_state": vis_state})))
        self.log(f"{actor}.{operation}", row, given, raw)
        return self.rows[row["id"]]

    def delete(self, id_text: str | int, actor: str = "api") -> None:
        """HTTP DELETE: the same as vis_state 1; a second one changes nothing."""
        if self.get(id_text)["vis_state"] != DELETED:
            self.update(id_text, {"vis_state": DELETED}, None, actor)

    def refuse_used(self, message: str) -> None:
        """422/1004 (assumed) for the deletion of something in use, unless a switch allows it."""
        if self.world.switches["delete_used_document"] == "refuse":
            raise errors.FreshBooksError(422, 1004, message, self.single, "vis_state", DELETED)

    def touched(self, row: Row) -> Row:
        """The row with a new `updated` (US/Eastern) or `updated_at` stamp, if it has one."""
        if "updated_at" in row:
            return {**row, "updated_at": self.stamp()}
        if "updated" not in row:
            return row
        stamp, version = self.world.stamps()
        return {**row, "updated": stamp} | ({"version": version} if "version" in row else {})

    def stamp(self) -> str:
        """This instant as `created_at` and `updated_at` are written: US/Eastern, but for some resources."""
        return self.world.stamps()[0]

    def log(self, operation: str, row: Row, given: fields.Given, raw: bytes | None = None) -> None:
        """One line of the write log: {"given": what came, "result": the summary}."""
        told: Any = orjson.Fragment(raw) if raw else dict(given)
        self.world.state.log(operation, self.single, row["id"], {"given": told, "result": self.summary(row)})
