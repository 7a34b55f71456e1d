"""Online payment options (payments family): which gateway and means an invoice or recurring template accepts.

Belongs here: the options of a document and the account's defaults.
Does not belong here: payments received (`payments`), the list of connected gateways (`systems`).

Facts (the vendor's page on online payments; the SDKs' fixtures): bodies are bare, without a wrapper in the request;
gateway names are fbpay, stripe and paypal; entity_id is a text in answers; the defaults are not applied to a new
invoice by themselves. Setting options makes the gateway one of the document's allowed gateways.

Assumed: a document without options answers not found (switch payment_options_unset); the answer to a POST is 200.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fbinfor_assets.sandbox.freshbooks import fields
from fbinfor_assets.sandbox.freshbooks.errors import invalid, not_found, required
from fbinfor_assets.sandbox.freshbooks.extras import GATEWAYS
from fbinfor_assets.sandbox.freshbooks.resource import Resource
from fbinfor_assets.sandbox.freshbooks.world import World
from fbinfor_assets.sandbox.state import Row

if TYPE_CHECKING:
    from fbinfor_assets.sandbox.freshbooks.account import Account

OBJECT = "payment_options"
SCOPE = "online_payments"

FLAGS = {
    "has_credit_card": False,
    "has_ach_transfer": False,
    "has_bacs_debit": False,
    "has_sepa_debit": False,
    "has_acss_debit": False,
    "has_paypal_smart_checkout": False,
    "allow_partial_payments": False,
}

GATEWAY_IDS = {name: number for number, name in GATEWAYS.items()}


class PaymentOptions:
    """Table `payment_options` by "invoice:12": {gateway_name and the flags that were given}."""

    def __init__(self, world: World, account: Account) -> None:
        self.world, self._account = world, account

    def _entities(self, entity_type: str) -> Resource:
        known = {"invoice": self._account.invoices, "invoice_profile": self._account.invoice_profiles}
        if entity_type not in known:
            raise not_found(OBJECT, "Resource", "entity_type", entity_type)
        return known[entity_type]

    def defaults(self, entity_type: str) -> dict[str, Any]:
        """The account's own options: the first connected gateway, by card."""
        self._entities(entity_type)
        return self._view(
            {**FLAGS, "gateway_name": self._connected(), "has_credit_card": True}, entity_type, None
        )

    def _connected(self) -> str | None:
        first = next(iter(self._account.gateways.rows.values()), None)
        return None if first is None else GATEWAYS[first["gatewayid"]]

    def get(self, entity_type: str, id_text: str) -> dict[str, Any]:
        """The options of one document. 404/1012 if it or they do not exist."""
        id_ = self._entities(entity_type).get(id_text)["id"]
        row = self.world.state.get(OBJECT, f"{entity_type}:{id_}")
        if row is None:
            if self.world.switches["payment_options_unset"] == "not_found":
                raise not_found(OBJECT, "Resource", "entity_id", id_text)
            return self.defaults(entity_type) | {"entity_id": str(id_)}
        return self._view(row, entity_type, id_)

    def create(self, entity_type: str, id_text: str, given: fields.Given) -> dict[str, Any]:
        """Set the options of one document; what is left out stays as it is."""
        entities = self._entities(entity_type)
        entity = entities.get(id_text)
        if not given.get("gateway_name"):
            raise required(OBJECT, "gateway_name")
        name = (fields.text(given, "gateway_name", OBJECT) or "").casefold()
        if name not in GATEWAY_IDS:
            raise invalid(OBJECT, "gateway_name", given["gateway_name"])
        key = f"{entity_type}:{entity['id']}"
        row: Row = {**FLAGS, **(self.world.state.get(OBJECT, key) or {}), "gateway_name": name}
        row |= {flag: fields.flag(given, flag, OBJECT) for flag in FLAGS if given.get(flag) is not None}
        self.world.state.put(OBJECT, key, row)
        gateways = [number for number in entity.get("gateways", ()) if number != GATEWAY_IDS[name]]
        entities.put(entities.touched({**entity, "gateways": [*gateways, GATEWAY_IDS[name]]}))
        self.world.state.log("api.create", OBJECT, key, {"given": dict(given), "result": row})
        return self._view(row, entity_type, entity["id"])

    def _view(self, row: Row, entity_type: str, entity_id: int | None) -> dict[str, Any]:
        name = row["gateway_name"]
        info = None
        if name is not None:
            info = {
                "id": self.world.uuid("connection", GATEWAY_IDS[name]).replace("-", ""),
                "account_id": str(210_000_000 + GATEWAY_IDS[name]),
                "country": "GB",
                "user_publishable_key": None,
                "currencies": [self.world.currency],
                "bank_transfer_enabled": False,
                "gateway_name": name,
                "can_process_payments": True,
            }
        return {
            **row,
            "stripe_acss_payment_options": None,
            "entity_type": entity_type,
            "entity_id": None if entity_id is None else str(entity_id),
            "gateway_info": info,
        }

    def connections(self) -> list[dict[str, Any]]:
        """GET /payments/.../gateway: one object with each gateway, null where none is connected."""
        connected = {row["gatewayid"] for row in self._account.gateways.rows.values()}
        return [
            {
                name: {
                    "id": self.world.uuid("connection", number).replace("-", ""),
                    "email": "owner@sandbox.example",
                    "country": "GB",
                    "currencies": [self.world.currency],
                    "bank_transfer_enabled": False,
                }
                if number in connected
                else None
                for number, name in GATEWAYS.items()
            }
        ]
