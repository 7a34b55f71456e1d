"""Expense categories (expenses/categories): the tree every expense and bill line is filed under.

Belongs here: the categories a new account has, those people add, and the account of the chart each posts to.
Does not belong here: expenses and bills.

Facts (freshbooks-api 7.4, and the list Postman captured there): a category is a main one (`parentid` null) or the
child of one; those FreshBooks made are not editable; lists come by name; stamps are US/Eastern. The documentation
calls categories read only, Postman has a POST that works: switch category_writes. PUT and DELETE by the API are in
no source and refused with 403/1003 (assumed); people change what is editable.

Assumed: the children beyond the fifteen names captured; the main category Cost of Goods Sold; a child posts to its
parent's account, a new main category to Other Expenses, and keeps that account when people move it;
`transaction_posted` stays once it is true.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from fbinfor_assets.sandbox.freshbooks import books, fields
from fbinfor_assets.sandbox.freshbooks.errors import FreshBooksError, invalid, required
from fbinfor_assets.sandbox.freshbooks.resource import ACTIVE, Resource
from fbinfor_assets.sandbox.state import Row

OTHER_EXPENSES, BANK_CHARGES = "6007", "6015"

# Main categories by the account of the chart that has their name, in the order a new account gets them, with their
# children: the ids of the captured account show both.
TREE: dict[str, tuple[str, ...]] = {
    OTHER_EXPENSES: (
        "Business Insurance",
        "Bank Fees",
        "Interest - Mortgage",
        "Interest - Other",
        "Online Services",
        "Reference Materials",
        "Repairs & Maintenance",
        "Subscriptions/Dues/Memberships",
        "Depreciation",
        "Taxes & Licenses",
        "Commissions",
        "Wages",
    ),
    "6000": (),
    "6001": ("Mileage", "Gas", "Repairs", "Vehicle Insurance", "Vehicle Licensing"),
    "6002": (),
    "6003": (),
    "6004": ("Health Insurance", "Life Insurance", "Accident Insurance"),
    "6009": ("Legal Fees", "Accounting"),
    "6005": ("Restaurants/Dining", "Entertainment"),
    "6006": (
        "Hardware",
        "Office Supplies",
        "Packaging",
        "Postage",
        "Printing",
        "Shipping & Couriers",
        "Software",
        "Stationery",
    ),
    "6008": (),
    "6010": ("Machinery", "Office Space", "Equipment", "Vehicles"),
    "6011": (),
    "6012": ("Hotel/Lodging/Accommodation", "Airfare", "Taxi & Parking"),
    "6013": ("Gas & Electrical", "Phone"),
    books.UNCATEGORISED: (),
    books.COST_OF_GOODS: (),
}

# Children that have an account of their own.
ACCOUNT_OF_CHILD = {"Bank Fees": BANK_CHARGES}


class Categories(Resource):
    """Stored row: id, category (its name), parentid, is_cogs, is_editable, account (of the chart), created_at,
    updated_at, transaction_posted, vis_state."""

    single, plural, path = "category", "categories", "expenses/categories"
    id_field, title, scope = "categoryid", "Category", "expenses"
    order = ("category", False)

    def furnish(self) -> None:
        """The categories every account has, made where they are missing (not in the log)."""
        if self.rows:
            return
        for account, children in TREE.items():
            cogs = account == books.COST_OF_GOODS
            parent = self._new(books.CHART[account], None, account, cogs, editable=False)
            for name in children:
                self._new(name, parent["id"], ACCOUNT_OF_CHILD.get(name, account), cogs, editable=False)

    def _new(self, name: str, parent_id: int | None, account: str, cogs: bool, *, editable: bool) -> Row:
        stamp = self.stamp()
        return self.put(
            {
                "id": self.world.next_id(self.single),
                "category": name,
                "parentid": parent_id,
                "is_cogs": cogs,
                "is_editable": editable,
                "account": account,
                "created_at": stamp,
                "updated_at": stamp,
                "transaction_posted": False,
                "vis_state": ACTIVE,
            }
        )

    # -- writing

    def create(self, given: fields.Given, raw: bytes | None = None, actor: str = "api") -> Row:
        if actor == "api" and self.world.switches["category_writes"] == "refuse":
            raise _denied()
        return super().create(given, raw, actor)

    def update(
        self, id_text: str | int, given: fields.Given, raw: bytes | None = None, actor: str = "api"
    ) -> Row:
        if actor == "api" or not self.get(id_text)["is_editable"]:
            raise _denied()
        return super().update(id_text, given, raw, actor)

    def create_row(self, given: fields.Given) -> Row:
        if not given.get("category"):
            raise required("category", "category")
        parent = self.live(given, "parentid", "category") if given.get("parentid") else None
        cogs = bool(given.get("is_cogs")) and fields.flag(given, "is_cogs", "category")
        account = parent["account"] if parent else books.COST_OF_GOODS if cogs else OTHER_EXPENSES
        name = fields.text(given, "category", "category") or ""
        return self._new(name, parent["id"] if parent else None, account, cogs, editable=True)

    def update_row(self, row: Row, given: fields.Given) -> Row:
        changed = dict(row)
        if given.get("category"):
            changed["category"] = fields.text(given, "category", "category")
        if given.get("parentid"):
            parent = self.live(given, "parentid", "category")
            if parent["id"] == row["id"]:
                raise invalid("category", "parentid", given["parentid"])
            changed["parentid"] = parent["id"]
        return self.put(self.touched(changed))

    def used(self, category_id: int) -> None:
        """A document posted under this category."""
        row = self.rows[category_id]
        if not row["transaction_posted"]:
            self.put({**row, "transaction_posted": True})

    # -- reading

    def account(self, category_id: int) -> str:
        """The account of the chart that costs of this category are posted to."""
        row = self.rows[category_id]
        return books.COST_OF_GOODS if row["is_cogs"] else row["account"]

    def view(self, row: Row, include: Collection[str] = ()) -> dict[str, Any]:
        view = {"categoryid": row["id"], **row}
        del view["account"]
        return view

    def summary(self, row: Row) -> dict[str, Any]:
        return {name: row[name] for name in ("category", "parentid", "account", "vis_state")}


def _denied() -> FreshBooksError:
    return FreshBooksError(403, 1003, "Permission Denied.", "category")
