"""Vendors bills come from (bill_vendors/bill_vendors).

Belongs here: a vendor's fields, its default taxes, what is owed to it.
Does not belong here: bills (`bills`), the free names of expenses' vendors (`expenses`).

Facts (freshbooks-api 7.5): the id is `vendorid` alone; vendor_name, currency_code and language are required (422
without language was seen); there is no tax number; balances are lists by currency; a default tax names a tax of the
account by system_taxid and reads that tax's name and per cent. No filter works, neither name nor e-mail. Stamps are
UTC or US/Eastern (switch bill_vendor_stamps). Plan gated, errno 31001 (freshbooks-api 4).

Assumed: a PUT of tax_defaults replaces them, one that names the same tax keeps its id; names may repeat.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from fbinfor_assets.sandbox.freshbooks import fields
from fbinfor_assets.sandbox.freshbooks.amounts import ZERO, money
from fbinfor_assets.sandbox.freshbooks.bills import outstanding
from fbinfor_assets.sandbox.freshbooks.errors import invalid, required
from fbinfor_assets.sandbox.freshbooks.resource import ACTIVE, Feature, Resource
from fbinfor_assets.sandbox.freshbooks.world import World
from fbinfor_assets.sandbox.state import Row

if TYPE_CHECKING:
    from fbinfor_assets.sandbox.freshbooks.account import Account

REQUIRED = ("vendor_name", "currency_code", "language")

TEXTS = (
    *REQUIRED,
    "account_number",
    "city",
    "country",
    "note",
    "phone",
    "postal_code",
    "primary_contact_email",
    "primary_contact_first_name",
    "primary_contact_last_name",
    "province",
    "street",
    "street2",
    "website",
)


class BillVendors(Resource):
    """Stored row: id, the texts above, is_1099, tax_defaults, created_at, updated_at, vis_state."""

    single, plural, path = "bill_vendor", "bill_vendors", "bill_vendors/bill_vendors"
    id_field, title, scope = "vendorid", "Vendor", "bill_vendors"
    feature = Feature("bills_feature", 31001, "bill vendors")

    def __init__(self, world: World, account: Account) -> None:
        super().__init__(world)
        self._account = account

    # -- writing

    def create_row(self, given: fields.Given) -> Row:
        for name in REQUIRED:
            if not given.get(name):
                raise required("bill_vendor", name)
        stamp = self.stamp()
        row: Row = {
            "id": 0,
            **dict.fromkeys(TEXTS),
            "is_1099": False,
            "tax_defaults": [],
            "created_at": stamp,
            "updated_at": stamp,
            "vis_state": ACTIVE,
        }
        row["id"] = self.world.next_id(self.single)
        return self.put(self._changed(row, given))

    def update_row(self, row: Row, given: fields.Given) -> Row:
        for name in REQUIRED:
            if name in given and not given[name]:
                raise required("bill_vendor", name)
        return self.put(self.touched(self._changed(row, given)))

    def _changed(self, row: Row, given: Mapping[str, Any]) -> Row:
        changed = dict(row)
        for name in TEXTS:
            if name in given:
                changed[name] = fields.text(given, name, "bill_vendor")
        if given.get("is_1099") is not None:
            changed["is_1099"] = fields.flag(given, "is_1099", "bill_vendor")
        if given.get("tax_defaults") is not None:
            changed["tax_defaults"] = self._tax_defaults(given["tax_defaults"], row)
        return changed

    def _tax_defaults(self, given: Any, row: Row) -> list[Row]:
        if not isinstance(given, list) or not all(isinstance(default, dict) for default in given):
            raise invalid("bill_vendor", "tax_defaults", given)
        kept = {default["system_taxid"]: default for default in row["tax_defaults"]}
        stamp = self.stamp()
        defaults = []
        for told in given:
            if not told.get("system_taxid"):
                raise required("tax_default", "system_taxid")
            tax = self._account.taxes.live(told, "system_taxid", "tax_default")
            old = kept.get(tax["id"]) or {"taxid": self.world.next_id("tax_default"), "created_at": stamp}
            authority = (
                fields.text(told, "tax_authorityid", "tax_default") if "tax_authorityid" in told else None
            )
            enabled = told.get("enabled") is None or fields.flag(told, "enabled", "tax_default")
            changed = {"system_taxid": tax["id"], "enabled": enabled, "tax_authorityid": authority}
            defaults.append({**old, **changed, "vendorid": row["id"], "updated_at": stamp})
        return defaults

    def stamp(self) -> str:
        if self.world.switches["bill_vendor_stamps"] == "eastern":
            return super().stamp()
        return self.world.utc_stamp()

    # -- reading

    def view(self, row: Row, include: Collection[str] = ()) -> dict[str, Any]:
        bills = self._account.bills
        owed: dict[str, Decimal] = {}
        overdue: dict[str, Decimal] = {}
        for bill in bills.of_vendor(row["id"]):
            code, amount = bill["currency_code"], outstanding(bill)
            owed[code] = owed.get(code, ZERO) + amount
            if bills.overdue(bill):
                overdue[code] = overdue.get(code, ZERO) + amount
        view = {
            **row,
            "outstanding_balance": _balances(owed),
            "overdue_balance": _balances(overdue),
            "tax_defaults": [self._tax_default_view(default) for default in row["tax_defaults"]],
            "vendorid": row["id"],
        }
        del view["id"]
        return view

    def _tax_default_view(self, default: Row) -> dict[str, Any]:
        # A tax that was deleted since has no name any more.
        tax = self._account.taxes.rows.get(default["system_taxid"]) or {"name": None, "amount": None}
        return {**default, "name": tax["name"], "amount": tax["amount"]}

    def summary(self, row: Row) -> dict[str, Any]:
        return {name: row[name] for name in ("vendor_name", "currency_code", "account_number", "vis_state")}


def _balances(amounts: Mapping[str, Decimal]) -> list[dict[str, Any]]:
    return [{"amount": money(str(amount), code)} for code, amount in sorted(amounts.items())]
