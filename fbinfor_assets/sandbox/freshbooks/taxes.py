"""Taxes of the account (taxes/taxes).

Belongs here: the tax list. Does not belong here: what a tax is worth on a line (`amounts`).

Facts (freshbooks-api 6, 7.6): `amount` is a per cent; a second tax of the same name is 422/13002; taxes have no
vis_state, DELETE removes for good and answers 200 {"response": {}}.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from fbinfor_assets.sandbox.freshbooks import fields
from fbinfor_assets.sandbox.freshbooks.amounts import plain
from fbinfor_assets.sandbox.freshbooks.errors import FreshBooksError, required
from fbinfor_assets.sandbox.freshbooks.resource import Resource
from fbinfor_assets.sandbox.state import Row


class Taxes(Resource):
    """Stored row: id, name, amount (per cent as text), number, compound, updated."""

    single, plural, path = "tax", "taxes", "taxes/taxes"
    id_field, title, scope = "taxid", "Tax", "taxes"
    has_vis_state = False

    def percents(self) -> dict[str, str]:
        """Per cent by name."""
        return {row["name"]: row["amount"] for row in self.rows.values()}

    def create_row(self, given: fields.Given) -> Row:
        if not given.get("name"):
            raise required("tax", "name")
        row: Row = {"id": 0, "name": "", "amount": "0", "number": None, "compound": False, "updated": ""}
        row = self._changed(row, given)
        row["id"] = self.world.next_id(self.single)
        row["updated"] = self.world.stamps()[0]
        return self.put(row)

    def update_row(self, row: Row, given: fields.Given) -> Row:
        return self.put(self.touched(self._changed(row, given)))

    def _changed(self, row: Row, given: fields.Given) -> Row:
        changed = dict(row)
        for name in ("name", "number"):
            if given.get(name) is not None:
                changed[name] = fields.text(given, name, "tax")
        if given.get("amount") is not None:
            changed["amount"] = plain(fields.number(given, "amount", "tax"))
        if given.get("compound") is not None:
            changed["compound"] = fields.flag(given, "compound", "tax")
        if any(other["name"] == changed["name"] and other["id"] != row["id"] for other in self.rows.values()):
            message = f"The tax name '{changed['name']}' is already in use."
            raise FreshBooksError(422, 13002, message, "tax", "name", changed["name"])
        return changed

    def delete(self, id_text: str | int, actor: str = "api") -> None:
        row = self.get(id_text)
        self.world.state.delete(self.single, row["id"])
        self.log(f"{actor}.delete", row, {})

    def view(self, row: Row, include: Collection[str] = ()) -> dict[str, Any]:
        return {"accounting_systemid": self.world.account_id, "taxid": row["id"], **row}

    def summary(self, row: Row) -> dict[str, Any]:
        return {"name": row["name"], "amount": row["amount"]}
