"""What a shop says of itself: gateways, taxes, countries, versions.

Belongs here: the paths whose answers do not change. Does not belong here: anything that can be written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from fbinfor_assets.sandbox.profiles import COUNTRIES, VAT_PERCENT
from fbinfor_assets.sandbox.shop.errors import Refused
from fbinfor_assets.sandbox.shop.query import Json
from fbinfor_assets.sandbox.shop.woo import CURRENCY, CURRENCY_SYMBOL, VERSION
from fbinfor_assets.sandbox.shop.world import API, World

NAMESPACES = ("wc/v3",)


class Gateway(NamedTuple):
    """A payment method; `refunds`: whether it can give money back by itself."""

    title: str
    refunds: bool


# bacs and cheque are WooCommerce's own and cannot refund; card and paypal stand for the common ones that can.
GATEWAYS = {
    "bacs": Gateway("Direct bank transfer", False),
    "cheque": Gateway("Check payments", False),
    "cod": Gateway("Cash on delivery", False),
    "card": Gateway("Credit card", True),
    "paypal": Gateway("PayPal", True),
}


class Store:
    """Answers by path below the API; `{id}` paths give one object of the list before them."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.lists: dict[str, Callable[[], list[Json]]] = {
            "/taxes": self._taxes,
            "/taxes/classes": self._tax_classes,
            "/payment_gateways": self._gateways,
            "/shipping/zones": self._zones,
            "/shipping_methods": self._shipping_methods,
            "/data/countries": self._countries,
        }
        self.objects: dict[str, Callable[[], Json]] = {
            "/data/currencies/current": lambda: {
                "code": CURRENCY,
                "name": "Pound sterling",
                "symbol": "&pound;",
            },
            "/system_status": self._system_status,
        }

    def one(self, path: str, id_: str) -> Json:
        """One object of a list by its id, code or slug. Raises Refused."""
        for row in self.lists[path]():
            if id_.lower() in {str(row.get(name, "")).lower() for name in ("id", "code", "slug")} - {""}:
                return row
        raise Refused(404, "woocommerce_rest_invalid_id", "Invalid resource ID.")

    def index(self) -> Json:
        """The API's front door, which names its namespaces."""
        home = self._world.home
        return {
            "name": "Sandbox Gifts",
            "description": "",
            "url": home,
            "home": home,
            "gmt_offset": "0",
            "timezone_string": "Europe/London",
            "namespaces": list(NAMESPACES),
            "authentication": [],
            "_links": {"help": [{"href": "https://developer.wordpress.org/rest-api/"}]},
        }

    def namespace(self, methods: Mapping[str, list[str]]) -> Json:
        """The namespace and its routes, as WordPress writes their patterns."""
        routes = {}
        for path, allowed in methods.items():
            pattern = re.sub(r"{(\w+):int}", r"(?P<\1>[\\d]+)", path).removeprefix("/wp-json")
            routes[pattern] = {"namespace": NAMESPACES[0], "methods": allowed}
        return {"namespace": NAMESPACES[0], "routes": routes}

    def _taxes(self) -> list[Json]:
        return [
            {
                "id": at,
                "country": country,
                "state": "",
                "postcode": "",
                "city": "",
                "postcodes": [],
                "cities": [],
                "rate": f"{percent}.0000",
                "name": "VAT",
                "priority": 1,
                "compound": False,
                "shipping": True,
                "order": at - 1,
                "class": "standard",
                "_links": self._world.links("/taxes", at),
            }
            for at, (country, percent) in enumerate(VAT_PERCENT.items(), 1)
        ]

    def _tax_classes(self) -> list[Json]:
        names = {"standard": "Standard rate", "reduced-rate": "Reduced rate", "zero-rate": "Zero rate"}
        link = {"collection": [{"href": f"{self._world.home}{API}/taxes/classes"}]}
        return [{"slug": slug, "name": name, "_links": link} for slug, name in names.items()]

    def _gateways(self) -> list[Json]:
        return [
            {
                "id": id_,
                "title": gateway.title,
                "description": "",
                "order": at,
                "enabled": True,
                "method_title": gateway.title,
                "method_description": "",
                "method_supports": ["products", *(["refunds"] if gateway.refunds else [])],
                "settings": {},
                "_links": self._world.links("/payment_gateways", id_),
            }
            for at, (id_, gateway) in enumerate(GATEWAYS.items())
        ]

    def _zones(self) -> list[Json]:
        name = "Locations not covered by your other zones"
        return [{"id": 0, "name": name, "order": 0, "_links": self._world.links("/shipping/zones", 0)}]

    def _shipping_methods(self) -> list[Json]:
        titles = {"flat_rate": "Flat rate", "free_shipping": "Free shipping", "local_pickup": "Local pickup"}
        return [
            {
                "id": id_,
                "title": title,
                "description": "",
                "_links": self._world.links("/shipping_methods", id_),
            }
            for id_, title in titles.items()
        ]

    def _countries(self) -> list[Json]:
        codes = sorted({(land.iso2, land.file_name) for land in COUNTRIES.values()})
        return [
            {"code": code, "name": name, "states": [], "_links": self._world.links("/data/countries", code)}
            for code, name in codes
        ]

    def _system_status(self) -> Json:
        home = self._world.home
        environment: dict[str, Any] = {
            "home_url": home,
            "site_url": home,
            "version": VERSION,
            "wp_version": "6.7.1",
            "wp_multisite": False,
            "wp_debug_mode": False,
            "default_timezone": "UTC",
            "secure_connection": False,
        }
        settings = {
            "api_enabled": True,
            "currency": CURRENCY,
            "currency_symbol": CURRENCY_SYMBOL,
            "number_of_decimals": 2,
            "thousand_separator": ",",
            "decimal_separator": ".",
        }
        return {"environment": environment, "settings": settings, "active_plugins": []}
