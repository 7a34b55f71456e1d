"""The resources of one account together, and the questions that need more than one of them.

Belongs here: how the resources find each other, balances of a client, what a new account holds.
Does not belong here: HTTP, single resources.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from fbinfor_assets.sandbox.freshbooks import lines
from fbinfor_assets.sandbox.freshbooks.amounts import ZERO, Line
from fbinfor_assets.sandbox.freshbooks.bill_payments import BillPayments
from fbinfor_assets.sandbox.freshbooks.bill_vendors import BillVendors
from fbinfor_assets.sandbox.freshbooks.bills import Bills
from fbinfor_assets.sandbox.freshbooks.categories import Categories
from fbinfor_assets.sandbox.freshbooks.clients import Clients
from fbinfor_assets.sandbox.freshbooks.credit_notes import CreditNotes
from fbinfor_assets.sandbox.freshbooks.expenses import Expenses
from fbinfor_assets.sandbox.freshbooks.invoices import DRAFT, Invoices
from fbinfor_assets.sandbox.freshbooks.items import Items
from fbinfor_assets.sandbox.freshbooks.other_income import OtherIncome
from fbinfor_assets.sandbox.freshbooks.payments import Payments
from fbinfor_assets.sandbox.freshbooks.resource import Resource
from fbinfor_assets.sandbox.freshbooks.taxes import Taxes
from fbinfor_assets.sandbox.freshbooks.world import World


class Account:
    """All resources over one world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.clients = Clients(world, self)
        self.invoices = Invoices(world, self)
        self.payments = Payments(world, self)
        self.credit_notes = CreditNotes(world, self)
        self.taxes = Taxes(world)
        self.items = Items(world, self)
        self.categories = Categories(world)
        self.expenses = Expenses(world, self)
        self.bills = Bills(world, self)
        self.bill_vendors = BillVendors(world, self)
        self.bill_payments = BillPayments(world, self)
        self.other_income = OtherIncome(world)

    @property
    def resources(self) -> list[Resource]:
        """All resources, the busiest first."""
        return [
            self.invoices,
            self.payments,
            self.clients,
            self.credit_notes,
            self.taxes,
            self.items,
            self.categories,
            self.expenses,
            self.bills,
            self.bill_vendors,
            self.bill_payments,
            self.other_income,
        ]

    def seed(self, profiles: list[Mapping[str, Any]]) -> None:
        """What a new account holds: the tax VAT 20 %, FreshBooks' expense categories, and clients people entered
        before (not in the log)."""
        self.taxes.create_row({"name": "VAT", "amount": "20"})
        self.categories.furnish()
        self.clients.seed(profiles)

    def stored_lines(self, given: Any, currency: str, types: tuple[int, ...] = (lines.NORMAL,)) -> list[Line]:
        """Lines of a request, checked against this account's taxes. Raises FreshBooksError."""
        decimals = self.world.switches["unit_cost_decimals"]
        return lines.stored_lines(given, currency, self.taxes.percents(), decimals, types)

    def outstanding(self, client_id: int) -> dict[str, Decimal]:
        """What the client owes on sent invoices, by currency."""
        sums: dict[str, Decimal] = {}
        for row in self.invoices.of_client(client_id):
            amount = self.invoices.outstanding(row)
            if row["status"] != DRAFT and amount:
                sums[row["currency_code"]] = sums.get(row["currency_code"], ZERO) + amount
        return sums

    def open_credit(self, client_id: int) -> dict[str, Decimal]:
        """Credit of the client that is not used yet, by currency."""
        sums: dict[str, Decimal] = {}
        for row in self.credit_notes.of_client(client_id):
            amount = Decimal(row["amount"]) - Decimal(row["paid"])
            if amount:
                sums[row["currency_code"]] = sums.get(row["currency_code"], ZERO) + amount
        return sums
