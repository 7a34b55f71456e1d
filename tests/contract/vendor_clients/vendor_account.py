"""The vendor's own client, unmodified, signed in to a FreshBooks simulator.

Belongs here: the client and the documents that other documents need. Does not belong here: expectations, fixtures.
Nothing of the product's own clients is used.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import freshbooks

DAY = "2026-11-02"


@dataclass
class Account:
    """One signed-in client of the official SDK, with the ids its calls need."""

    base_url: str
    sdk: freshbooks.Client
    connection: dict[str, Any]
    id: str
    business_id: int
    business_uuid: str
    made: dict[str, Any] = field(default_factory=dict)

    def once(self, name: str, data: dict[str, Any]) -> dict[str, Any]:
        """An object that others refer to, made the first time it is asked for."""
        if name not in self.made:
            self.made[name] = getattr(self.sdk, name).create(self.id, data).data
        return self.made[name]

    @property
    def client_id(self) -> int:
        return self.once("clients", {"organization": "Harbour Books", "email": "desk@harbour.example"})["id"]

    @property
    def invoice_id(self) -> int:
        line = {
            "name": "Lamp",
            "qty": 4,
            "unit_cost": {"amount": "25.00"},
            "taxName1": "VAT",
            "taxAmount1": "20",
        }
        invoice = {"customerid": self.client_id, "create_date": DAY, "lines": [line], "status": 2}
        return self.once("invoices", invoice)["id"]

    @property
    def vendor_id(self) -> int:
        vendor = {"vendor_name": "Lantern Works", "currency_code": "GBP", "language": "en"}
        return self.once("bill_vendors", vendor)["vendorid"]

    @property
    def category_id(self) -> int:
        return self.sdk.expenses_categories.list(self.id)[0].data["id"]

    @property
    def bill_id(self) -> int:
        return self.once("bills", bill(self))["id"]


def bill(account: Account) -> dict[str, Any]:
    line = {"categoryid": account.category_id, "description": "Brass", "quantity": 2}
    return {
        "vendorid": account.vendor_id,
        "issue_date": DAY,
        "due_offset_days": 30,
        "currency_code": "GBP",
        "language": "en",
        "lines": [line | {"unit_cost": {"amount": "62.50", "code": "GBP"}}],
    }


def client_of(base_url: str, connection: dict[str, Any], **more: Any) -> freshbooks.Client:
    """The official client with nothing changed but the host it talks to."""
    client = freshbooks.Client(
        connection["client_id"],
        connection["client_secret"],
        connection["redirect_uri"],
        auto_retry=False,
        **more,
    )
    client.base_url = base_url
    client.authorization_url = f"{base_url}/oauth/authorize"
    client.token_url = f"{base_url}/auth/oauth/token"
    return client
