"""The account's own record (systems/systems) and its payment gateways (systems/gateways).

Belongs here: what the account says of itself, which gateways are connected.
Does not belong here: which gateways a document accepts (`extras`, `payment_options`).

Facts (the SDK's calls, the vendor's published captures): a system is only read, one at a time; a path may name it by
the business id; gateways are listed and deleted, and deleting is HTTP DELETE and final. Money fields are objects.
Assumed: the fields of a gateway (those of an invoice's allowed gateway), and that Stripe is connected.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, ClassVar

from fbinfor_assets.sandbox.freshbooks.amounts import money
from fbinfor_assets.sandbox.freshbooks.extras import GATEWAYS
from fbinfor_assets.sandbox.freshbooks.resource import Resource
from fbinfor_assets.sandbox.state import Row

# Fields of a system the captures show as null or as one fixed value.
UNSET: Row = {
    "business_type": None,
    "street2": None,
    "discountid": None,
    "referring_url": None,
    "landing_url": None,
    "heard_about_us_via": None,
    "salutation": None,
    "num_clients": None,
    "num_staff": None,
    "size_limit": None,
    "split_token": None,
    "vat_name": None,
    "vat_number": None,
    "migrated_to_smux_at": None,
    "referralid": "",
    "mob_phone": "",
    "fax": "",
    "active": True,
    "auto_bill": 0,
    "billing_status": "active",
    "dst": True,
    "duration": 30,
    "masterlock_billing": False,
    "modern_system": True,
    "payment_frequency": 1,
    "test_system": False,
}


class Systems(Resource):
    """Stored row: id and the day the account was opened; all else follows from the world."""

    single, plural, path = "system", "systems", "systems/systems"
    id_field, title, scope = "systemid", "System", "business"
    has_vis_state = False
    verbs: ClassVar[frozenset[str]] = frozenset({"get"})

    def furnish(self) -> None:
        """Make the one system of the account, if it is not there yet."""
        if not self.rows:
            self.put({"id": self.world.system_id, "date": self.world.stamps()[0]})

    def get(self, id_text: str | int) -> Row:
        if str(id_text) == str(self.world.business_id):
            return self.rows[self.world.system_id]
        return super().get(id_text)

    def view(self, row: Row, include: Collection[str] = ()) -> dict[str, Any]:
        world = self.world
        return {
            **UNSET,
            "accountid": world.account_id,
            "bus_phone": "",
            "business_uuid": world.business_uuid,
            "city": "Leeds",
            "code": "LS1 1AA",
            "country": world.country,
            "currency_code": world.currency,
            "date": row["date"],
            "email": "owner@sandbox.example",
            "gst_amount": money("0.00", world.currency),
            "id": row["id"],
            "info_email": "owner@sandbox.example",
            "ip": "127.0.0.1",
            "name": world.business_name,
            "payment_amount": money("0.00", world.currency),
            "province": "",
            "street": "1 Mill Lane",
            "systemid": row["id"],
            "timezone": "Europe/London",
            "timezoneid": 31,
        }


class Gateways(Resource):
    """Stored row: id and gatewayid (see `extras.GATEWAYS`)."""

    single, plural, path = "gateway", "gateways", "systems/gateways"
    id_field, title, scope = "gatewayid", "Gateway", "online_payments"
    has_vis_state = False
    verbs: ClassVar[frozenset[str]] = frozenset({"list", "delete"})

    def furnish(self) -> None:
        """Connect Stripe, unless this account's gateways were made before."""
        if "gateways" not in self.world.state.meta:
            self.world.state.set_meta("gateways", True)
            self.put({"id": self.world.next_id(self.single), "gatewayid": 26})

    def delete(self, id_text: str | int, actor: str = "api") -> None:
        row = self.get(id_text)
        self.world.state.delete(self.single, row["id"])
        self.log(f"{actor}.delete", row, {})

    def connection(self, row: Row) -> str:
        """The id of the gateway's connection, as invoices show it too."""
        return self.world.uuid("connection", row["gatewayid"]).replace("-", "")

    def view(self, row: Row, include: Collection[str] = ()) -> dict[str, Any]:
        return {
            "accounting_systemid": self.world.account_id,
            "connectionid": self.connection(row),
            "gateway_name": GATEWAYS[row["gatewayid"]],
            **row,
        }

    def summary(self, row: Row) -> dict[str, Any]:
        return dict(row)
