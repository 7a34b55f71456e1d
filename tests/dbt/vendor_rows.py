"""Objects in the shape in which the vendors return them, for landing without a vendor.

Belongs here: one function per vendor object; arguments are what a test cares about, the rest is filled in.
Does not belong here: what the product makes of them (the models), how they get into the warehouse (conftest.py).

Shapes: freshbooks-api 7 (money as {"amount", "code"}), infor-api 2.6 (every value a string), WooCommerce REST v3 (money as
strings, `price` a number). Amounts are in GBP.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

ACCOUNT = "ABC123"


def money(amount: str | Decimal) -> dict[str, str]:
    return {"amount": f"{Decimal(amount):.2f}", "code": "GBP"}


def client(client_id: int, **fields: Any) -> dict[str, Any]:
    values = {
        "id": client_id,
        "userid": client_id,
        "organization": "",
        "fname": "",
        "lname": "",
        "email": "",
        "bus_phone": "",
        "p_street": "",
        "p_street2": "",
        "p_city": "",
        "p_province": "",
        "p_code": "",
        "p_country": "United Kingdom",
        "vat_number": None,
        "currency_code": "GBP",
        "language": "en",
        "note": None,
        "vis_state": 0,
        "updated": "2010-12-01 09:00:00",
        "signup_date": "2010-12-01 14:00:00",
    }
    return values | fields


def fb_line(lineid: int, name: str, qty: str, price: str, tax: str | None = "20") -> dict[str, Any]:
    net = (Decimal(qty) * Decimal(price)).quantize(Decimal("0.01"), "ROUND_HALF_UP")
    return {
        "lineid": lineid,
        "type": 0,
        "name": name,
        "description": name.title(),
        "qty": qty,
        "unit_cost": {"amount": price, "code": "GBP"},
        "amount": money(net),
        "taxName1": "VAT" if tax else None,
        "taxAmount1": tax,
    }


def invoice(
    invoice_id: int,
    number: str,
    client_id: int,
    lines: list[dict[str, Any]],
    total: str,
    *,
    paid: str = "0.00",
    state: str = "sent",
    day: str = "2010-12-01",
    **fields: Any,
) -> dict[str, Any]:
    values = {
        "id": invoice_id,
        "invoiceid": invoice_id,
        "customerid": client_id,
        "invoice_number": number,
        "currency_code": "GBP",
        "create_date": day,
        "due_date": day,
        "due_offset_days": 0,
        "amount": money(total),
        "paid": money(paid),
        "outstanding": money(Decimal(total) - Decimal(paid)),
        "discount_total": money("0"),
        "v3_status": state,
        "status": 1 if state == "draft" else 2,
        "payment_status": "unpaid",
        "notes": "",
        "po_number": None,
        "vis_state": 0,
        "created_at": f"{day} 07:00:00",
        "updated": f"{day} 07:30:00",
        "lines": lines,
    }
    return values | fields


def credit_note(
    credit_id: int, number: str, client_id: int, lines: list[dict[str, Any]], total: str, **fields: Any
) -> dict[str, Any]:
    values = {
        "id": credit_id,
        "creditid": credit_id,
        "clientid": client_id,
        "credit_number": number,
        "credit_type": "goodwill",
        "currency_code": "GBP",
        "create_date": "2010-12-01",
        "amount": money(total),
        "paid": money("0"),
        "display_status": "sent",
        "payment_status": "unpaid",
        "notes": "",
        "vis_state": 0,
        "lines": lines,
    }
    return values | fields


def payment(payment_id: int, invoice_id: int, client_id: int, amount: str, **fields: Any) -> dict[str, Any]:
    values = {
        "id": payment_id,
        "logid": payment_id,
        "invoiceid": invoice_id,
        "clientid": client_id,
        "creditid": None,
        "overpaymentid": None,
        "amount": money(amount),
        "date": "2010-12-20",
        "type": "Bank Transfer",
        "from_credit": False,
        "gateway": None,
        "note": "",
        "transactionid": None,
        "vis_state": 0,
        "updated": "2010-12-20 08:00:00",
    }
    return values | fields


def m3_customer(number: str, name: str, **fields: str) -> dict[str, str]:
    values = {
        "CONO": "100",
        "CUNO": number,
        "CUNM": name,
        "CUA1": "",
        "CUA2": "",
        "CUA3": "",
        "CUA4": "",
        "PONO": "",
        "TOWN": "",
        "CSCD": "GB",
        "PHNO": "",
        "MAIL": "",
        "VRNO": "",
        "CUCD": "GBP",
        "STAT": "20",
        "YREF": "",
    }
    return values | fields


def m3_item(number: str, name: str, kind: str = "SHG") -> dict[str, str]:
    return {"ITNO": number, "ITDS": name, "FUDS": name, "STAT": "20", "UNMS": "EA", "ITTY": kind, "SAPR": "0"}


def m3_order_line(
    number: int,
    item: str,
    quantity: str,
    price: str,
    *,
    delivered: str = "0",
    invoiced: str = "0",
    status: str = "33",
) -> dict[str, str]:
    net = (Decimal(quantity) * Decimal(price)).quantize(Decimal("0.01"), "ROUND_HALF_UP")
    return {
        "PONR": str(number),
        "POSX": "0",
        "ITNO": item,
        "ITDS": item.title(),
        "ORQT": quantity,
        "ALQT": quantity,
        "DLQT": delivered,
        "IVQT": invoiced,
        "SAPR": price,
        "NEPR": price,
        "NLAM": str(net),
        "ORST": status,
        "CUPO": str(number),
    }


def m3_order(
    number: str,
    customer: str,
    our_ref: str,
    lines: list[dict[str, str]],
    tax: str,
    *,
    kind: str = "F01",
    day: str = "20101201",
) -> dict[str, Any]:
    net = sum(Decimal(line["NLAM"]) for line in lines)
    statuses = [line["ORST"] for line in lines]
    return {
        "head": {
            "ORNO": number,
            "ORTP": kind,
            "CUNO": customer,
            "PYNO": customer,
            "PYRE": our_ref,
            "CUOR": "",
            "YREF": "",
            "CUCD": "GBP",
            "ORDT": day,
            "RLDT": day,
            "NTAM": str(net),
            "VTAM": tax,
            "TOAM": str(net + Decimal(tax)),
            "ORSL": min(statuses),
            "ORST": max(statuses),
            "DIVI": "AAA",
            "FACI": "F01",
            "WHLO": "001",
        },
        "lines": lines,
    }


def m3_invoice(
    number: str,
    order: str,
    customer: str,
    lines: list[tuple[int, str, str, str]],
    tax: str,
    *,
    day: str = "20101202",
) -> dict[str, Any]:
    rows = []
    for order_line, item, quantity, price in lines:
        net = (Decimal(quantity) * Decimal(price)).quantize(Decimal("0.01"), "ROUND_HALF_UP")
        rows.append(
            {
                "UBORNO": order,
                "UBDLIX": "700001",
                "UBPONR": str(order_line),
                "UBPOSX": "0",
                "UBITNO": item,
                "UBIVQT": quantity,
                "UBNEPR": price,
                "UBLNAM": str(net),
                "UBYEA4": day[:4],
                "UBIVNO": number,
            }
        )
    total = sum(Decimal(row["UBLNAM"]) for row in rows) + Decimal(tax)
    head = {
        "UHDIVI": "AAA",
        "UHYEA4": day[:4],
        "UHIVNO": number,
        "UHEXIN": number,
        "UHORNO": order,
        "UHCUNO": customer,
        "UHPYNO": customer,
        "UHIDAT": day,
        "UHDUDT": day,
        "UHCUCD": "GBP",
        "UHIVAM": str(total),
        "UHVTAM": tax,
        "UHLMTS": "1291280400000",
    }
    return {"head": head, "lines": rows, "order": order}


def m3_ledger(
    journal: str, customer: str, item: str, code: str, amount: str, *, day: str = "20101202", **fields: str
) -> dict[str, str]:
    values = {
        "ESDIVI": "AAA",
        "ESYEA4": day[:4],
        "ESJRNO": journal,
        "ESJSNO": "1",
        "ESPYNO": customer,
        "ESCUNO": customer,
        "ESCINO": item,
        "ESINYR": day[:4],
        "ESTRCD": code,
        "ESCUCD": "GBP",
        "ESCUAM": amount,
        "ESVTAM": "0.00",
        "ESIVDT": day,
        "ESDUDT": day,
        "ESACDT": day,
        "ESVONO": "30001",
        "ESRECO": "0",
        "ESREDE": "",
        "ESPYTP": "",
        "ESCKNO": "",
        "ESLMTS": "1291280400000",
    }
    return values | fields


def address(**fields: str) -> dict[str, str]:
    values = dict.fromkeys(
        (
            "first_name",
            "last_name",
            "company",
            "address_1",
            "address_2",
            "city",
            "state",
            "postcode",
            "country",
            "email",
            "phone",
        ),
        "",
    )
    return values | fields


def shop_order(
    number: str,
    lines: list[tuple[str, int, str]],
    *,
    customer: int = 0,
    country: str = "GB",
    day: str = "2010-12-01",
    billing: dict[str, str] | None = None,
    **fields: Any,
) -> dict[str, Any]:
    """`lines`: (stock code, quantity, price). Tax: 20 % to GB, half up per document over the sum of line nets."""
    items = []
    net = Decimal("0.00")
    for ordinal, (sku, quantity, price) in enumerate(lines, 1):
        line_net = (quantity * Decimal(price)).quantize(Decimal("0.01"), "ROUND_HALF_UP")
        net += line_net
        items.append(
            {
                "id": ordinal,
                "sku": sku,
                "name": f"ITEM {sku}",
                "quantity": quantity,
                "price": Decimal(price),
                "total": str(line_net),
                "total_tax": "0.00",
            }
        )
    rate = Decimal("0.2") if country == "GB" else Decimal(0)
    tax = (net * rate).quantize(Decimal("0.01"), "ROUND_HALF_UP")
    values = {
        "id": order_id(number),
        "number": number,
        "status": "refunded" if number.startswith("C") else "processing",
        "currency": "GBP",
        "customer_id": customer,
        "date_created": f"{day}T08:26:00",
        "date_created_gmt": f"{day}T08:26:00",
        "date_modified_gmt": f"{day}T08:26:00",
        "billing": billing or address(country=country),
        "shipping": address(country=country),
        "payment_method": "bacs",
        "transaction_id": "",
        "total": str(net + tax),
        "total_tax": str(tax),
        "line_items": items,
        "shipping_lines": [],
        "fee_lines": [],
        "meta_data": [],
    }
    return values | fields


def order_id(number: str) -> int:
    """The shop's own id of an order: never its number."""
    return int(number.lstrip("CA")) + (2_000_000 if number[0] in "CA" else 1_000_000)


def shop_customer(customer_id: int, **billing: str) -> dict[str, Any]:
    vat = billing.pop("vat_number", "")
    return {
        "id": customer_id,
        "email": billing.get("email", ""),
        "first_name": billing.get("first_name", ""),
        "last_name": billing.get("last_name", ""),
        "date_modified_gmt": "2010-11-30T10:00:00",
        "billing": address(**billing),
        "meta_data": [{"key": "_billing_vat_number", "value": vat}] if vat else [],
    }
