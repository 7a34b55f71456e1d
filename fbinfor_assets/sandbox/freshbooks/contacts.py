"""Secondary contacts of clients, one by one (users/contacts/{id}).

Belongs here: changing and removing a single contact. Does not belong here: how a client lists its contacts and
replaces all of them (`clients`).

Facts (freshbooks-api 7, 7.1): only PUT and DELETE exist, the wrapper is `contact`; DELETE is final.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any, ClassVar

from fbinfor_assets.sandbox.freshbooks import fields
from fbinfor_assets.sandbox.freshbooks.resource import Resource
from fbinfor_assets.sandbox.freshbooks.world import World
from fbinfor_assets.sandbox.state import Row

if TYPE_CHECKING:
    from fbinfor_assets.sandbox.freshbooks.account import Account

TEXTS = ("email", "fname", "lname", "phone1", "phone2")


class Contacts(Resource):
    """Stored row: id and the client's id; the contact itself is in the client's row."""

    single, plural, path = "contact", "contacts", "users/contacts"
    id_field, title, scope = "contactid", "Contact", "clients"
    has_vis_state = False
    verbs: ClassVar[frozenset[str]] = frozenset({"update", "delete"})

    def __init__(self, world: World, account: Account) -> None:
        super().__init__(world)
        self._account = account

    def follow(self, before: list[Row], client: Row) -> None:
        """The contacts of a client were replaced: remember whose they are."""
        kept = {contact["contactid"] for contact in client["contacts"]}
        for contact in before:
            if contact["contactid"] not in kept and contact["contactid"] in self.rows:
                self.world.state.delete(self.single, contact["contactid"])
        for id_ in kept:
            if id_ not in self.rows:
                self.put({"id": id_, "clientid": client["id"]})

    def _contact(self, row: Row) -> Row:
        contacts = self._account.clients.rows[row["clientid"]]["contacts"]
        return next(contact for contact in contacts if contact["contactid"] == row["id"])

    def _replace(self, row: Row, contact: Row | None) -> None:
        clients = self._account.clients
        client = clients.rows[row["clientid"]]
        contacts = [
            contact if kept["contactid"] == row["id"] else kept
            for kept in client["contacts"]
            if contact is not None or kept["contactid"] != row["id"]
        ]
        clients.put(clients.touched({**client, "contacts": contacts}))

    def update_row(self, row: Row, given: fields.Given) -> Row:
        contact = dict(self._contact(row))
        for name in TEXTS:
            if name in given:
                contact[name] = fields.text(given, name, self.single)
        self._replace(row, contact)
        return row

    def delete(self, id_text: str | int, actor: str = "api") -> None:
        row = self.get(id_text)
        self._replace(row, None)
        self.world.state.delete(self.single, row["id"])
        self.log(f"{actor}.delete", row, {})

    def view(self, row: Row, include: Collection[str] = ()) -> dict[str, Any]:
        return {"id": row["id"], "userid": row["clientid"], **self._contact(row)}

    def summary(self, row: Row) -> dict[str, Any]:
        return {"clientid": row["clientid"]}
