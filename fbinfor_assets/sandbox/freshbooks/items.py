"""Items of the account (items/items): what a company sells, as invoice lines are filled from it.

Belongs here: an item's fields.
Does not belong here: lines (they carry no item id), stock movements (FreshBooks' inventory is a number people keep).

Facts (freshbooks-api 7.6): only `name` is required; tax1 and tax2 are tax *ids*, 0 for none; qty and inventory are
decimal texts; `rate`, `quantity` and anything else unknown is dropped without a word; lists filter by `sku` alone.
Items are plan gated, errno 12001 (freshbooks-api 4).

Assumed: an item without qty has "1", without unit_cost costs nothing; names and skus may repeat.
"""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from fbinfor_assets.sandbox.freshbooks import fields, listing
from fbinfor_assets.sandbox.freshbooks.amounts import money, plain, price_text
from fbinfor_assets.sandbox.freshbooks.errors import FreshBooksError, invalid, required
from fbinfor_assets.sandbox.freshbooks.resource import ACTIVE, Feature, Resource
from fbinfor_assets.sandbox.freshbooks.world import World
from fbinfor_assets.sandbox.state import Row

if TYPE_CHECKING:
    from fbinfor_assets.sandbox.freshbooks.account import Account


class Items(Resource):
    """Stored row: id, name, description, sku, qty, inventory, tax1, tax2, unit_cost (decimal text in
    currency_code), updated, vis_state."""

    single, plural, path = "item", "items", "items/items"
    id_field, title, scope = "itemid", "Item", "billable_items"
    feature = Feature("items_feature", 12001, "items")

    def __init__(self, world: World, account: Account) -> None:
        super().__init__(world)
        self._account = account
        self.filters = {
            "sku": listing.by_text(world.state.index(self.single, lambda row: row["sku"])),
        }

    # -- writing

    def create_row(self, given: fields.Given) -> Row:
        if not given.get("name"):
            raise required("item", "name")
        row: Row = {
            "id": 0,
            "name": "",
            "description": "",
            "sku": "",
            "qty": "1",
            "inventory": None,
            "tax1": 0,
            "tax2": 0,
            "unit_cost": "0.00",
            "currency_code": self.world.currency,
            "updated": self.world.stamps()[0],
            "vis_state": ACTIVE,
        }
        row = self._changed(row, given)
        row["id"] = self.world.next_id(self.single)
        return self.put(row)

    def update_row(self, row: Row, given: fields.Given) -> Row:
        if "name" in given and not given["name"]:
            raise required("item", "name")
        return self.put(self.touched(self._changed(row, given)))

    def _changed(self, row: Row, given: fields.Given) -> Row:
        changed = dict(row)
        for name in ("name", "description", "sku"):
            if name in given:
                changed[name] = fields.text(given, name, "item") or ""
        if given.get("qty") is not None:
            changed["qty"] = plain(fields.number(given, "qty", "item"))
        if "inventory" in given:
            # null means that the item is not counted.
            counted = given["inventory"] is not None
            changed["inventory"] = plain(fields.number(given, "inventory", "item")) if counted else None
        if given.get("unit_cost") is not None:
            changed["unit_cost"], changed["currency_code"] = self._price(given, row["currency_code"])
        for name in ("tax1", "tax2"):
            if name in given:
                changed[name] = self._tax(given, name)
        if changed["tax1"] and changed["tax1"] == changed["tax2"]:
            message = "An item cannot have the same tax twice."
            raise FreshBooksError(422, 1019, message, "item", "tax2", changed["tax2"])
        return changed

    def _price(self, given: fields.Given, currency: str) -> tuple[str, str]:
        _, code = fields.money_and_code(given, "unit_cost", "item", currency)
        price: Decimal = fields.number(given["unit_cost"], "amount", "item")
        return price_text(price, self.world.switches["unit_cost_decimals"]), code

    def _tax(self, given: fields.Given, name: str) -> int:
        tax_id = fields.integer(given, name, "item") if given[name] else 0
        if tax_id and tax_id not in self._account.taxes.rows:
            raise invalid("item", name, given[name])
        return tax_id

    # -- reading

    def view(self, row: Row, include: Collection[str] = ()) -> dict[str, Any]:
        view = {
            "accounting_systemid": self.world.account_id,
            "itemid": row["id"],
            **row,
            "unit_cost": money(row["unit_cost"], row["currency_code"]),
        }
        del view["currency_code"]
        return view

    def summary(self, row: Row) -> dict[str, Any]:
        return {name: row[name] for name in ("name", "sku", "unit_cost", "inventory", "vis_state")}
