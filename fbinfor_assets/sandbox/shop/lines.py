"""What people and programs put into an order: line items, freight, fees, and the totals over them.

Belongs here: reading the lines of a request, changing those there are, adding an order up.
Does not belong here: lines of the order file (`woo`), everything else of an order (`sales`).

Facts (WooCommerce's orders controller): a line is made with a product_id or the sku of a product, and its total is
price x quantity unless the request says one; a line is changed by its id, and a new quantity alone does not change
its total; a null name or product_id, or quantity 0, removes it. Totals are added up anew when a request touches
lines or addresses. Tax follows the country of delivery, else of the bill, else the shop's own.

Stored lines have `price` as decimal text; `served` makes it the JSON number it is in WooCommerce.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

import orjson

from fbinfor_assets.sandbox.profiles import VAT_PERCENT
from fbinfor_assets.sandbox.shop.errors import Refused, not_of_type
from fbinfor_assets.sandbox.shop.woo import CENT, NO_IMAGE, Json, tax_line

HOME_COUNTRY = "GB"

KINDS = ("line_items", "shipping_lines", "fee_lines")
_NULLABLE = ("product_id", "method_id", "method_title", "name", "code")
_KEPT = {
    "line_items": ("name", "quantity", "total", "subtotal", "tax_class"),
    "shipping_lines": ("method_title", "method_id", "instance_id", "total"),
    "fee_lines": ("name", "tax_class", "tax_status", "total"),
}
_MONEY = ("total", "subtotal")

_MOST = Decimal(10) ** 15

FindProduct = Callable[[Json], Json | None]
NextId = Callable[[str], int]


def money(name: str, value: Any) -> Decimal:
    """An amount as text or number, to two decimals. Raises Refused."""
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        amount = Decimal("nan")
    if isinstance(value, bool) or not amount.is_finite() or abs(amount) >= _MOST:
        raise not_of_type(name, "number")
    return amount.quantize(CENT, ROUND_HALF_UP) + 0


def stored_lines(lines: list[Json]) -> list[Json]:
    """Lines of the order book as the state keeps them."""
    return [line | {"price": _text(line["price"])} for line in lines]


def _text(price: Any) -> str:
    return price if isinstance(price, str) else orjson.dumps(price).decode()


def served(order: Json) -> Json:
    """A kept order with its prices as JSON numbers."""
    lines = [line | {"price": orjson.Fragment(line["price"].encode())} for line in order["line_items"]]
    return order | {"line_items": lines}


def changed_lines(kind: str, lines: list[Json], given: Any, find: FindProduct, next_id: NextId) -> list[Json]:
    """The lines of one kind after a request's. Raises Refused."""
    if not isinstance(given, list):
        raise not_of_type(kind, "array")
    by_id = {line["id"]: line for line in lines}
    for at, item in enumerate(given):
        if not isinstance(item, dict):
            raise not_of_type(f"{kind}[{at}]", "object")
        known = by_id.get(int(item["id"])) if str(item.get("id", "")).isdecimal() else None
        if known is None and item.get("id"):
            message = "Order item ID provided is not associated with order."
            raise Refused(400, "woocommerce_rest_invalid_item_id", message)
        if any(name in item and item[name] is None for name in _NULLABLE) or item.get("quantity") == 0:
            if known is not None:
                del by_id[known["id"]]
            continue
        line = _MAKE[kind](item, known, find) | {"id": known["id"] if known else next_id("item")}
        line["meta_data"] = meta_data(line.get("meta_data", []), item.get("meta_data"), next_id, shown=True)
        by_id[line["id"]] = line
    return list(by_id.values())


def meta_data(entries: list[Json], given: Any, next_id: NextId, *, shown: bool = False) -> list[Json]:
    """Meta data after a request's: by id, else by key; a null value removes. `shown`: with display_* as on lines."""
    if not isinstance(given or [], list):
        raise not_of_type("meta_data", "array")
    by_id = {entry["id"]: entry for entry in entries}
    for item in given or []:
        if not isinstance(item, dict) or "key" not in item:
            continue
        same = [entry["id"] for entry in by_id.values() if entry["key"] == item["key"]]
        id_ = item.get("id") if item.get("id") in list(by_id) else next(iter(same), None)
        if item.get("value") is None:
            by_id.pop(id_, None)
            continue
        entry = {"id": id_ or next_id("meta"), "key": item["key"], "value": item["value"]}
        if shown:
            entry |= {"display_key": item["key"], "display_value": item["value"]}
        by_id[entry["id"]] = entry
    return list(by_id.values())


def _given(kind: str, item: Json) -> Json:
    """The fields of a request's line that its kind has, amounts as text."""
    fields = {name: item[name] for name in _KEPT[kind] if item.get(name) is not None}
    fields |= {name: f"{money(name, fields[name]):f}" for name in _MONEY if name in fields}
    quantity = fields.get("quantity", 1)
    if isinstance(quantity, str) and quantity.lstrip("-").isdecimal():
        fields["quantity"] = int(quantity)
    elif isinstance(quantity, bool) or not isinstance(quantity, int):
        raise not_of_type("line_items[quantity]", "integer")
    if abs(fields.get("quantity", 1)) >= 10**9:
        raise not_of_type("line_items[quantity]", "integer")
    return fields


def _line_item(item: Json, known: Json | None, find: FindProduct) -> Json:
    fields = _given("line_items", item)
    product = find(item)
    if known is None:
        if not item.get("sku") and not item.get("product_id"):
            message = "Product ID or SKU is required."
            raise Refused(400, "woocommerce_rest_required_product_reference", message)
        quantity = fields.get("quantity", 1)
        price = Decimal(product["price"] or 0) if product else Decimal(0)
        total = f"{(price * quantity).quantize(CENT, ROUND_HALF_UP) + 0:f}"
        line = {
            "name": product["name"] if product else "",
            "product_id": 0,
            "variation_id": 0,
            "quantity": quantity,
            "tax_class": "",
            "subtotal": total,
            "total": total,
            "meta_data": [],
            "image": NO_IMAGE,
            "parent_name": None,
            "sku": None,
            "price": "0",
        }
    else:
        line = dict(known)
    if product and product["id"] != line["product_id"]:
        line |= {"product_id": product["id"], "sku": product["sku"], "name": product["name"]}
    line |= fields
    if "total" in fields and Decimal(line["subtotal"]) < Decimal(line["total"]):
        line["subtotal"] = line["total"]
    return line | {"price": price_of(line)}


def price_of(line: Json) -> str:
    """Total by quantity, as text of a JSON number; an unchanged line keeps the price it has."""
    known = Decimal(line["price"])
    total, quantity = Decimal(line["total"]), line["quantity"]
    if (known * quantity).quantize(CENT, ROUND_HALF_UP) == total:
        return line["price"]
    if not quantity:
        return "0"
    price = total / quantity
    return f"{price.quantize(Decimal('1e-14')).normalize():f}"


def _shipping_line(item: Json, known: Json | None, find: FindProduct) -> Json:
    if known is None and not item.get("method_id"):
        raise Refused(400, "woocommerce_rest_invalid_shipping_item", "Shipping method ID is required.")
    blank = {"method_title": "", "method_id": "", "instance_id": "", "total": "0.00", "meta_data": []}
    return (known or blank) | _given("shipping_lines", item)


def _fee_line(item: Json, known: Json | None, find: FindProduct) -> Json:
    if known is None and not item.get("name"):
        raise Refused(400, "woocommerce_rest_invalid_fee_item", "Fee name is required.")
    blank = {
        "name": "",
        "tax_class": "",
        "tax_status": "taxable",
        "amount": "",
        "total": "0.00",
        "meta_data": [],
    }
    return (known or blank) | _given("fee_lines", item)


_MAKE: dict[str, Callable[[Json, Json | None, FindProduct], Json]] = {
    "line_items": _line_item,
    "shipping_lines": _shipping_line,
    "fee_lines": _fee_line,
}


def added_up(order: Json, tax_rounding: str) -> Json:
    """The fields of an order that follow from its lines and addresses: totals, taxes, the taxes of the lines."""
    country = order["shipping"].get("country") or order["billing"].get("country") or HOME_COUNTRY
    percent = VAT_PERCENT.get(country, 0)
    rate = Decimal(percent) / 100

    def tax_of(amount: str, taxable: bool = True) -> Decimal:
        tax = Decimal(amount) * (rate if taxable else 0) + 0
        return tax.quantize(CENT, ROUND_HALF_UP) if tax_rounding == "line" or not percent else tax

    def taxed(line: Json) -> Json:
        tax = f"{tax_of(line['total'], line.get('tax_status') != 'none'):f}"
        fields = {"total_tax": tax, "taxes": [{"id": 1, "total": tax, "subtotal": ""}] if percent else []}
        if "subtotal" in line:
            before = f"{tax_of(line['subtotal']):f}"
            fields["subtotal_tax"] = before
            for entry in fields["taxes"]:
                entry["subtotal"] = before
        return line | fields

    lines = {kind: [taxed(line) for line in order[kind]] for kind in KINDS}

    def total(kind: str, field: str) -> Decimal:
        return sum((Decimal(line[field]) for line in lines[kind]), Decimal("0.00"))

    def rounded(amount: Decimal) -> Decimal:
        return amount.quantize(CENT, ROUND_HALF_UP) + 0

    goods = total("line_items", "total")
    cart_tax = rounded(total("line_items", "total_tax") + total("fee_lines", "total_tax"))
    shipping, shipping_tax = total("shipping_lines", "total"), rounded(total("shipping_lines", "total_tax"))
    tax = cart_tax + shipping_tax
    before = total("line_items", "subtotal")
    texts = {
        "discount_total": rounded(before - goods),
        "discount_tax": rounded(total("line_items", "subtotal_tax") - total("line_items", "total_tax")),
        "shipping_total": shipping,
        "shipping_tax": shipping_tax,
        "cart_tax": cart_tax,
        "total_tax": tax,
        "total": goods + shipping + total("fee_lines", "total") + tax,
    }
    fields: Json = {name: f"{amount:f}" for name, amount in texts.items()}
    taxes = [tax_line(percent, country, f"{cart_tax:f}", f"{shipping_tax:f}")] if percent else []
    return fields | lines | {"tax_lines": taxes}
