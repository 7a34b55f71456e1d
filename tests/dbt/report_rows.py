"""Sales as all three systems show them, for the tests of the reports: everything agrees unless a test says otherwise.

Belongs here: rows of a sale, its payment and its customer, and building the report layer on them.
Does not belong here: shapes of vendor objects (vendor_rows.py), expectations (the tests).

Each sale is one line at a tax of 20 %; `total` is gross. Days are ISO; the newest one is the company's day of the reports.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

import vendor_rows as v
import yaml
from conftest import SELECT, Staged

from fbinfor_assets.domain.policy import Policy

Row = tuple[str, str, str, dict[str, Any]]
ROOT = Path(__file__).parents[2]
POLICY = Policy.from_document(yaml.safe_load((ROOT / "config" / "policy.sandbox.yml").read_text()))
ITEM = "85123A"


def reported(staged: Staged, rows: Iterable[Row], **settings: str) -> Staged:
    """The rows landed, built and reported, with the sandbox's policy and these settings changed in it."""
    staged.select = (*SELECT, "path:models/outbound")
    with staged.open() as con:
        con.execute("delete from ops.policy")
        policy = POLICY.for_warehouse(v.ACCOUNT) | settings
        con.executemany("insert into ops.policy values (?, ?)", list(policy.items()))
    staged.land(list(rows))
    assert staged.build(full=True).broken == []
    staged.make_reports()
    return staged


def table(staged: Staged, name: str, where: str = "true") -> list[dict[str, Any]]:
    """Rows of a report as dicts."""
    with staged.open() as con:
        result = con.execute(f"select * exclude (_generation) from reports.{name} where {where} order by all")
        columns = [column[0] for column in result.description]
        return [dict(zip(columns, row, strict=True)) for row in result.fetchall()]


def one(staged: Staged, name: str, where: str) -> dict[str, Any]:
    """The one row of a report of which this is true."""
    rows = table(staged, name, where)
    assert len(rows) == 1, f"{len(rows)} rows of {name} where {where}"
    return rows[0]


def customer(number: int, name: str) -> list[Row]:
    """Shop customer 17850 is FreshBooks client 7850 and M3 customer FB00007850."""
    client = number - 10000
    return [
        ("shop", "customers", str(number), v.shop_customer(number, company=name)),
        (
            "freshbooks",
            "clients",
            str(client),
            v.client(client, organization=name, note=f"[fbinfor SHOP-{number}]"),
        ),
        (
            "m3",
            "customers",
            cuno(number),
            v.m3_customer(cuno(number), name.upper(), YREF=f"FB-{v.ACCOUNT}-{client}"),
        ),
    ]


def cuno(number: int) -> str:
    return f"FB{number - 10000:08d}"


def item() -> list[Row]:
    return [("m3", "items", ITEM, v.m3_item(ITEM, "WHITE HANGING HEART T-LIGHT HOLDER"))]


def shop(number: str, total: str, who: int, day: str, *, sku: str = ITEM, quantity: int = 1) -> Row:
    price = str(_net(total) / quantity)
    order = v.shop_order(number, [(sku, quantity, price)], customer=who, day=day)
    return ("shop", "orders", str(order["id"]), order)


def freshbooks(
    number: str, total: str, who: int, day: str, *, id: int | None = None, sku: str = ITEM, **fields: Any
) -> Row:
    invoice_id = id or int(number.split("-")[0])
    lines = [v.fb_line(1, sku, "1", str(_net(total)))]
    invoice = v.invoice(invoice_id, number, who - 10000, lines, total, day=day, **fields)
    return ("freshbooks", "invoices", str(invoice_id), invoice)


def m3_order(number: str, total: str, who: int, day: str, *, invoiced: bool = True) -> Row:
    done = {"delivered": "1", "invoiced": "1", "status": "77"} if invoiced else {}
    lines = [v.m3_order_line(1, ITEM, "1", str(_net(total)), **done)]
    tax = str(Decimal(total) - _net(total))
    order = v.m3_order(f"5{number}", cuno(who), f"FB-{v.ACCOUNT}-{number}", lines, tax, day=_m3(day))
    return ("m3", "orders", f"5{number}", order)


def m3_invoice(number: str, total: str, who: int, day: str, invoice: str, *, order: str = "") -> list[Row]:
    """The invoice and its entry in the receivables ledger; `order` where it is not that of the sale."""
    tax = str(Decimal(total) - _net(total))
    lines = [(1, ITEM, "1", str(_net(total)))]
    head = v.m3_invoice(invoice, order or f"5{number}", cuno(who), lines, tax, day=_m3(day))
    entry = v.m3_ledger(f"1{invoice}", cuno(who), invoice, "10", total, day=_m3(day), ESVTAM=tax)
    return [
        ("m3", "invoices", f"AAA/2010/{invoice}", head),
        ("m3", "ledger", f"AAA/2010/1{invoice}/1", entry),
    ]


def freshbooks_payment(payment: int, number: str, total: str, who: int, day: str, **fields: Any) -> Row:
    made = v.payment(payment, int(number), who - 10000, total, date=day, **fields)
    return ("freshbooks", "payments", str(payment), made)


def m3_receipt(payment: int | str, total: str, who: int, day: str, invoice: str, **fields: str) -> Row:
    """`payment`: the FreshBooks payment, or a text for a receipt with another reference; `invoice`: CINO."""
    reference = f"FBP{payment}" if isinstance(payment, int) else payment
    entry = v.m3_ledger(
        f"2{payment}", cuno(who), invoice, "20", f"-{total}", day=_m3(day), ESCKNO=reference, **fields
    )
    return ("m3", "ledger", f"AAA/2010/2{payment}/1", entry)


def sale(number: str, total: str, who: int, day: str, invoice: str, *, sku: str = ITEM) -> list[Row]:
    """Ordered, delivered and invoiced on one day, the same everywhere, not paid."""
    return [
        shop(number, total, who, day, sku=sku),
        freshbooks(number, total, who, day, sku=sku),
        m3_order(number, total, who, day),
        *m3_invoice(number, total, who, day, invoice),
    ]


def paid_sale(number: str, total: str, who: int, day: str, invoice: str, *, payment: int) -> list[Row]:
    """The same, paid on the same day in full."""
    return [
        shop(number, total, who, day),
        freshbooks(number, total, who, day, paid=total, state="paid"),
        m3_order(number, total, who, day),
        *m3_invoice(number, total, who, day, invoice),
        freshbooks_payment(payment, number, total, who, day),
        m3_receipt(payment, total, who, day, invoice),
    ]


def evidence(finding: dict[str, Any]) -> list[dict[str, Any]]:
    return json.loads(finding["evidence"])


def _net(total: str) -> Decimal:
    return (Decimal(total) / Decimal("1.2")).quantize(Decimal("0.01"), "ROUND_HALF_UP")


def _m3(day: str) -> str:
    return day.replace("-", "")
