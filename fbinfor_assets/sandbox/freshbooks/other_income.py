"""Other income (other_incomes/other_incomes): money received without an invoice.

Belongs here: its fields, its taxes, what it posts.
Does not belong here: payments of invoices (`payments`).

Facts (freshbooks-api 7.8 and Postman's captures): amount, category_name, date, payment_type and source are required;
the id is `incomeid` alone and the list key is `other_income`, in the singular; category_name is one of five; the
casing of a payment_type is put right ("Visa" becomes "VISA"); a PUT must carry amount and date, what else it leaves
out stays as it was; a PUT of vis_state alone deletes, DELETE does too. Stamps are US/Eastern. Filters are incomeid,
category_name and vis_state; source and dates are ignored. Lists come newest date first.

Whether the tax is part of the amount is a switch (other_income_tax).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any

from fbinfor_assets.sandbox.freshbooks import books, fields, listing
from fbinfor_assets.sandbox.freshbooks.amounts import ZERO, money, plain, tax_upon, tax_within
from fbinfor_assets.sandbox.freshbooks.errors import invalid, required
from fbinfor_assets.sandbox.freshbooks.payments import payment_type
from fbinfor_assets.sandbox.freshbooks.resource import ACTIVE, DELETED, Resource
from fbinfor_assets.sandbox.freshbooks.world import World
from fbinfor_assets.sandbox.state import Row

CATEGORY_NAMES = ("advertising", "in_person_sales", "online_sales", "rentals", "other")


class OtherIncome(Resource):
    """Stored row: id, amount (decimal text in currency_code), category_name, date, payment_type, source, note,
    taxes [{name, amount (per cent as text)}], created_at, updated_at, vis_state."""

    single, plural, path = "other_income", "other_income", "other_incomes/other_incomes"
    id_field, title, scope = "incomeid", "Other income", "other_income"
    money_amount = True
    order = ("date", True)

    def __init__(self, world: World) -> None:
        super().__init__(world)
        by_category = world.state.index(self.single, lambda row: row["category_name"])
        self.filters = {"incomeid": listing.by_id(), "category_name": listing.by_text(by_category)}

    # -- writing

    def create_row(self, given: fields.Given) -> Row:
        for name in ("amount", "category_name", "date", "payment_type", "source"):
            if given.get(name) in (None, ""):
                raise required("other_income", name)
        stamp = self.stamp()
        row: Row = {
            "id": 0,
            "amount": "0.00",
            "currency_code": self.world.currency,
            "category_name": "",
            "date": "",
            "payment_type": "",
            "source": "",
            "note": None,
            "taxes": [],
            "created_at": stamp,
            "updated_at": stamp,
            "vis_state": ACTIVE,
        }
        row = self._changed(row, given)
        row["id"] = self.world.next_id(self.single)
        return self._stored(row)

    def update_row(self, row: Row, given: fields.Given) -> Row:
        if given:
            for name in ("amount", "date"):
                if given.get(name) in (None, ""):
                    raise required("other_income", name)
        return self._stored(self.touched(self._changed(row, given)))

    def _changed(self, row: Row, given: Mapping[str, Any]) -> Row:
        changed = dict(row)
        if given.get("amount") is not None:
            amount, changed["currency_code"] = fields.money_and_code(
                given, "amount", "other_income", row["currency_code"]
            )
            changed["amount"] = str(amount)
        if given.get("date") is not None:
            changed["date"] = fields.day(given, "date", "other_income")
        if given.get("category_name") is not None:
            changed["category_name"] = fields.choice(given, "category_name", "other_income", CATEGORY_NAMES)
        if given.get("payment_type") is not None:
            changed["payment_type"] = payment_type(given, "payment_type", "other_income")
        if given.get("source") is not None:
            changed["source"] = fields.text(given, "source", "other_income")
        if "note" in given:
            changed["note"] = fields.text(given, "note", "other_income")
        if given.get("taxes") is not None:
            changed["taxes"] = _taxes(given["taxes"])
        return changed

    def _stored(self, row: Row) -> Row:
        self.put(row)
        self.post(row)
        return row

    def visibility_changed(self, row: Row) -> Row:
        self.post(row)
        return row

    # -- the ledger

    def post(self, row: Row) -> None:
        """Cash against other income and the tax it brought, on its day."""
        postings: list[books.Posting] = []
        if row["vis_state"] != DELETED and row["currency_code"] == self.world.currency:
            day, amount = row["date"], Decimal(row["amount"])
            percents = [Decimal(tax["amount"]) for tax in row["taxes"]]
            included = self.world.switches["other_income_tax"] == "included"
            tax = sum(tax_within(amount, percents) if included else tax_upon(amount, percents), ZERO)
            net = amount - tax if included else amount
            postings = [
                (day, books.CASH, net + tax),
                (day, books.OTHER_INCOME, -net),
                (day, books.TAX, -tax),
            ]
        text = f"Other income {row['id']}, {row['source']}"
        self.world.books.sync(f"other_income:{row['id']}", text, postings)

    # -- reading

    def view(self, row: Row, include: Collection[str] = ()) -> dict[str, Any]:
        view = {
            "incomeid": row["id"],
            "sourceid": None,
            "userid": None,
            **row,
            "amount": money(row["amount"], row["currency_code"]),
        }
        del view["id"], view["currency_code"]
        return view

    def summary(self, row: Row) -> dict[str, Any]:
        return {name: row[name] for name in ("amount", "category_name", "date", "source", "vis_state")}


def _taxes(given: Any) -> list[dict[str, str]]:
    if not isinstance(given, list) or not all(isinstance(tax, dict) for tax in given):
        raise invalid("other_income", "taxes", given)
    taxes = []
    for tax in given:
        for name in ("name", "amount"):
            if tax.get(name) in (None, ""):
                raise required("tax", name)
        taxes.append(
            {
                "amount": plain(fields.number(tax, "amount", "tax")),
                "name": fields.text(tax, "name", "tax") or "",
            }
        )
    return taxes
