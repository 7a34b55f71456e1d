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
from fbinfor_assets.sandbox.freshbooks.chart import Chart
from fbinfor_assets.sandbox.freshbooks.clients import Clients
from fbinfor_assets.sandbox.freshbooks.contacts import Contacts
from fbinfor_assets.sandbox.freshbooks.credit_notes import CreditNotes
from fbinfor_assets.sandbox.freshbooks.estimates import Estimates
from fbinfor_assets.sandbox.freshbooks.expenses import Expenses
from fbinfor_assets.sandbox.freshbooks.invoice_profiles import InvoiceProfiles
from fbinfor_assets.sandbox.freshbooks.invoices import DRAFT, Invoices
from fbinfor_assets.sandbox.freshbooks.items import Items
from fbinfor_assets.sandbox.freshbooks.journal import (
    JournalEntries,
    JournalEntryAccounts,
    JournalEntryDetails,
)
from fbinfor_assets.sandbox.freshbooks.other_income import OtherIncome
from fbinfor_assets.sandbox.freshbooks.payment_options import PaymentOptions
from fbinfor_assets.sandbox.freshbooks.payments import Payments
from fbinfor_assets.sandbox.freshbooks.projects import Projects
from fbinfor_assets.sandbox.freshbooks.resource import Resource
from fbinfor_assets.sandbox.freshbooks.staff import Staff
from fbinfor_assets.sandbox.freshbooks.systems import Gateways, Systems
from fbinfor_assets.sandbox.freshbooks.tasks import Services, Tasks
from fbinfor_assets.sandbox.freshbooks.taxes import Taxes
from fbinfor_assets.sandbox.freshbooks.time_entries import TimeEntries
from fbinfor_assets.sandbox.freshbooks.uploads import Uploads
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
        self.contacts = Contacts(world, self)
        self.estimates = Estimates(world, self)
        self.invoice_profiles = InvoiceProfiles(world, self)
        self.staff = Staff(world)
        self.systems = Systems(world)
        self.gateways = Gateways(world)
        self.tasks = Tasks(world)
        self.chart = Chart(world)
        self.journal_entries = JournalEntries(world, self.chart)
        self.journal_entry_accounts = JournalEntryAccounts(world, self.chart)
        self.journal_entry_details = JournalEntryDetails(world, self.chart)
        # Families other than accounting.
        self.services = Services(world, self.tasks)
        self.projects = Projects(world, self)
        self.time_entries = TimeEntries(world, self)
        self.payment_options = PaymentOptions(world, self)
        self.uploads = Uploads(world)

    @property
    def resources(self) -> list[Resource]:
        """All resources of the accounting family, the busiest first."""
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
            self.contacts,
            self.estimates,
            self.invoice_profiles,
            self.staff,
            self.systems,
            self.gateways,
            self.tasks,
            self.journal_entries,
            self.journal_entry_accounts,
            self.journal_entry_details,
        ]

    def furnish(self) -> None:
        """What every account has: its chart, its people, its own record, a gateway. Made where it is missing."""
        self.chart.furnish()
        self.staff.furnish()
        self.systems.furnish()
        self.gateways.furnish()

    def seed(self, profiles: list[Mapping[str, Any]]) -> None:
        """What a new account holds: the tax VAT 20 %, FreshBooks' expense categories, and clients people entered
        before (not in the log)."""
        self.furnish()
        self.journal_entry_details.forget()
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
