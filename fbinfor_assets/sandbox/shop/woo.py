"""Orders and customers in the shape of WooCommerce's REST API v3.

Belongs here: the fields of a document, its totals and tax.
Does not belong here: paths, filters, paging (`app`); where the orders come from (`book`).

Money is decimal text in GBP. Net of a line = quantity x price, half up to two decimals (away from zero, so a return
mirrors its sale). Tax = 20 % where the order is delivered to GB, else none, on top of the prices; half up once per
order over the sum of line nets (`tax_rounding: document`, WooCommerce's "round tax at subtotal level": the lines then
show their tax unrounded), or once per line (`line`).

Deviations from WooCommerce, all because the order file is served as it is: a cancellation is an order of its own, of
status `refunded`, with negative quantities; a walk-in (customer_id 0) has an address of nothing but a country; freight
and discounts are lines like any other. `price` is a JSON number, as there, but written from the decimal's own text.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import orjson

from fbinfor_assets.sandbox.habits import habit
from fbinfor_assets.sandbox.profiles import VAT_PERCENT, Profile, country_iso2, profile
from fbinfor_assets.sandbox.shop.book import Customer, Order

CURRENCY, CURRENCY_SYMBOL = "GBP", "£"
VERSION = "9.4.3"
"""The WooCommerce the shop says it is."""
VAT_META = "_billing_vat_number"
"""Key of the meta_data entry with a company's VAT number, on orders and customers (a plugin's habit in WooCommerce)."""

NO_IMAGE = {"id": "", "src": ""}
CENT = Decimal("0.01")
_TITLES = {
    "Bank Transfer": ("bacs", "Direct bank transfer"),
    "Credit Card": ("card", "Credit card"),
    "PayPal": ("paypal", "PayPal"),
    "Check": ("cheque", "Check payments"),
}

if TYPE_CHECKING:
    from fbinfor_assets.sandbox.shop.world import World

Json = dict[str, Any]


def status(number: str) -> str:
    """`refunded` for a cancellation (number C...), else `processing`; what a document means is the reader's question."""
    return "refunded" if number.startswith("C") else "processing"


def order_json(order: Order, seed: int, tax_rounding: str, products: Mapping[str, int]) -> Json:
    """One order of the book as the shop serves it, but for what `finished` adds. `products`: ids by stock code."""
    iso2 = country_iso2(order.country)
    percent = VAT_PERCENT.get(iso2, 0)
    lines, net, tax = _lines(order, percent, tax_rounding, products)
    billing, shipping, vat = _addresses(order, seed)
    paying = habit(order.number)
    method, title = _TITLES[paying.method]
    paid = paying.prepaid and net > 0
    tax_text = f"{tax:f}"
    return {
        "id": order.id,
        "parent_id": 0,
        "number": order.number,
        "order_key": f"wc_order_{order.id}",
        "created_via": "checkout",
        "version": VERSION,
        "status": status(order.number),
        "currency": CURRENCY,
        "date_created": order.placed_local,
        "date_created_gmt": order.placed_at,
        "date_modified": order.placed_local,
        "date_modified_gmt": order.placed_at,
        "discount_total": "0.00",
        "discount_tax": "0.00",
        "shipping_total": "0.00",
        "shipping_tax": "0.00",
        "cart_tax": tax_text,
        "total": f"{net + tax:f}",
        "total_tax": tax_text,
        "prices_include_tax": False,
        "customer_id": order.customer_id or 0,
        "customer_ip_address": "",
        "customer_user_agent": "",
        "customer_note": "",
        "billing": billing,
        "shipping": shipping,
        "payment_method": method,
        "payment_method_title": title,
        "transaction_id": f"sandbox-{order.id}" if paid else "",
        "date_paid": order.placed_local if paid else None,
        "date_paid_gmt": order.placed_at if paid else None,
        "date_completed": None,
        "date_completed_gmt": None,
        "cart_hash": "",
        "meta_data": _vat_meta(order.id, vat),
        "line_items": lines,
        "tax_lines": [tax_line(percent, iso2, tax_text, "0.00")] if percent else [],
        "shipping_lines": [],
        "fee_lines": [],
        "coupon_lines": [],
    }


def finished(order: Json, refunds: list[Json], world: World) -> Json:
    """An order with the fields that follow from the others, from its refunds and from the shop's address."""
    state, owner = order["status"], order["customer_id"]
    unpaid = (
        state in ("pending", "failed") and not order["total"].startswith("-") and order["total"] != "0.00"
    )
    key = f"order-pay/{order['id']}/?pay_for_order=true&key={order['order_key']}"
    more = {"customer": f"/customers/{owner}"} if owner else {}
    return order | {
        "refunds": refunds,
        "payment_url": f"{world.home}/checkout/{key}",
        "is_editable": state in ("pending", "on-hold", "auto-draft"),
        "needs_payment": unpaid,
        "needs_processing": bool(order["line_items"]),
        "currency_symbol": CURRENCY_SYMBOL,
        "_links": world.links("/orders", order["id"], **more),
    }


def customer_json(customer: Customer, seed: int) -> Json:
    """One customer of the book as the shop serves it, with the address in the country of the first order."""
    party = profile(customer.customer_id, customer.country, seed)
    address = _address(party)
    return {
        "id": customer.customer_id,
        "date_created": customer.since_local,
        "date_created_gmt": customer.since,
        "date_modified": customer.since_local,
        "date_modified_gmt": customer.since,
        "email": party.email,
        "first_name": party.first_name,
        "last_name": party.last_name,
        "role": "customer",
        "username": f"customer{customer.customer_id}",
        "billing": address | {"email": party.email, "phone": party.phone},
        "shipping": address,
        "is_paying_customer": True,
        "avatar_url": "",
        "meta_data": _vat_meta(customer.customer_id, party.vat_number),
    }


def _lines(
    order: Order, percent: int, tax_rounding: str, products: Mapping[str, int]
) -> tuple[list[Json], Decimal, Decimal]:
    """The line items, the order's net and its tax."""
    rate = Decimal(percent) / 100
    total = tax = Decimal("0.00")
    items = []
    for ordinal, line in enumerate(order.lines, 1):
        net = (line.quantity * Decimal(line.price)).quantize(CENT, ROUND_HALF_UP) + 0  # + 0: never -0.00
        line_tax = net * rate + 0
        if tax_rounding == "line" or not percent:
            line_tax = line_tax.quantize(CENT, ROUND_HALF_UP)
        total += net
        tax += line_tax
        net_text, tax_text = f"{net:f}", f"{line_tax:f}"
        items.append(
            {
                # Unique in the shop and stable: the line's key is its place in its order, never its content.
                "id": order.id * 100_000 + ordinal,
                "name": line.description or "",
                "product_id": products.get(line.sku, 0),
                "variation_id": 0,
                "quantity": line.quantity,
                "tax_class": "",
                "subtotal": net_text,
                "subtotal_tax": tax_text,
                "total": net_text,
                "total_tax": tax_text,
                "taxes": [{"id": 1, "total": tax_text, "subtotal": tax_text}] if percent else [],
                "meta_data": [],
                "image": NO_IMAGE,
                "parent_name": None,
                "sku": line.sku,
                "price": orjson.Fragment(line.price.encode()),
            }
        )
    return items, total, tax.quantize(CENT, ROUND_HALF_UP) + 0


def tax_line(percent: int, iso2: str, tax: str, shipping_tax: str) -> Json:
    """The one tax line of an order that bears tax."""
    return {
        "id": 1,
        "rate_code": f"{iso2}-VAT-1",
        "rate_id": 1,
        "label": "VAT",
        "compound": False,
        "tax_total": tax,
        "shipping_tax_total": shipping_tax,
        "rate_percent": percent,
        "meta_data": [],
    }


@lru_cache(maxsize=16_384)
def _known_addresses(customer_id: int, home: str, country: str, seed: int) -> tuple[Json, Json, str]:
    at_home = profile(customer_id, home, seed)
    billing = _address(at_home) | {"email": at_home.email, "phone": at_home.phone}
    # Who orders to two countries keeps one billing address; only the delivery follows the order.
    delivery = _address(profile(customer_id, country, seed)) if country != home else _address(at_home)
    delivery |= {"company": at_home.company, "phone": at_home.phone}
    return billing, delivery, at_home.vat_number


def _addresses(order: Order, seed: int) -> tuple[Json, Json, str]:
    if order.customer_id is not None:
        return _known_addresses(order.customer_id, order.home_country, order.country, seed)
    nobody = dict.fromkeys(ADDRESS, "") | {"country": country_iso2(order.country)}
    return nobody | {"email": "", "phone": ""}, nobody | {"phone": ""}, ""


ADDRESS = (
    "first_name",
    "last_name",
    "company",
    "address_1",
    "address_2",
    "city",
    "state",
    "postcode",
    "country",
)


def _address(party: Profile) -> Json:
    values = (
        party.first_name,
        party.last_name,
        party.company,
        party.street,
        "",
        party.city,
        "",
        party.postcode,
    )
    return dict(zip(ADDRESS, (*values, party.country), strict=True))


def _vat_meta(owner: int, vat_number: str) -> list[Json]:
    return [{"id": owner, "key": VAT_META, "value": vat_number}] if vat_number else []
