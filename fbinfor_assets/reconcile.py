"""The control: read the shop, FreshBooks and M3 anew and compare them, without a look into our own tables.

Belongs here: turning what the vendors answer into the figures that `domain/reconciliation.py` compares.
Does not belong here: the comparison and its causes (domain), the staged view of it (dbt reports).

Only the *reasons* of what we hold back come from our side (`pending`): an intent or a dead letter by its id.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from fbinfor_assets.clients.freshbooks import FreshBooksClient
from fbinfor_assets.clients.infor import M3Client
from fbinfor_assets.clients.shop import ShopClient
from fbinfor_assets.domain.classification import Line, classify
from fbinfor_assets.domain.money import to_cents
from fbinfor_assets.domain.policy import Policy
from fbinfor_assets.domain.reconciliation import (
    ZERO,
    FreeGoodsOrder,
    FreshBooksDocument,
    FreshBooksPayment,
    M3Invoice,
    M3Order,
    M3Receipt,
    Pending,
    Reconciliation,
    ShopDocument,
    check_free_goods,
    reconcile,
)

_OURS = re.compile(r"^FB(C?)-[^-]+-(\d+)$")
_FREE_GOODS = "SHOP-"
# Lowest status of an order (infor-api 2.6): from 66 nothing is left to deliver, 90 is deleted, 99 closed undelivered.
_DELIVERED, _DELETED = "66", "90"
_RECEIPT = re.compile(r"^FB([PA])(\d+)$")


def read_shop(shop: ShopClient) -> list[ShopDocument]:
    """Every document that the shop serves, classified; amounts in the order's currency, negative for credits."""
    documents = []
    for order in shop.orders():
        lines = _lines(order)
        total = Decimal(order["total"])
        tax = Decimal(order["total_tax"])
        documents.append(
            ShopDocument(
                number=str(order["number"]),
                document_class=classify(str(order["number"]), lines),
                day=datetime.fromisoformat(order["date_created"]).date(),
                currency=order["currency"],
                net=total - tax,
                tax=tax,
                total=total,
                lines=len(lines),
            )
        )
    return documents


def _lines(order: Mapping[str, Any]) -> list[Line]:
    """Items, then freight and fees, which WooCommerce keeps beside the items."""
    items = [
        Line(str(item.get("sku") or ""), Decimal(str(item["quantity"])), Decimal(str(item["price"])))
        for item in order["line_items"]
    ]
    others = [("SHIPPING", "shipping_lines"), ("FEE", "fee_lines")]
    return items + [
        Line(code, Decimal(1), Decimal(line["total"]))
        for code, name in others
        for line in order.get(name, [])
    ]


def read_freshbooks(client: FreshBooksClient) -> tuple[list[FreshBooksDocument], list[FreshBooksPayment]]:
    """Invoices, goodwill credit notes and payments that are not deleted. State is derived from v3_status (freshbooks-api 7.2)."""
    documents = []
    for invoice in client.list("invoices"):
        documents.append(
            FreshBooksDocument(
                id=str(invoice["id"]),
                number=invoice["invoice_number"],
                kind="invoice",
                state="draft" if invoice["v3_status"] in ("draft", "created") else "sent",
                day=date.fromisoformat(invoice["create_date"]),
                currency=invoice["currency_code"],
                total=Decimal(invoice["amount"]["amount"]),
                paid=Decimal(invoice["paid"]["amount"]),
                outstanding=Decimal(invoice["outstanding"]["amount"]),
            )
        )
    excess: dict[str, Decimal] = {}
    for note in client.list("credit_notes"):
        amount = Decimal(note["amount"]["amount"])
        if note["credit_type"] != "goodwill":
            # An overpayment is a liability, not a credit (POLICY, Sale 7).
            excess[str(note["id"])] = amount
            continue
        documents.append(
            FreshBooksDocument(
                id=str(note["id"]),
                number=note["credit_number"],
                kind="credit_note",
                state="sent",
                day=date.fromisoformat(note["create_date"]),
                currency=note["currency_code"],
                total=amount,
                paid=ZERO,
                outstanding=amount,
            )
        )
    payments = []
    for payment in client.list("payments"):
        if payment.get("type") == "Credit" or payment.get("from_credit"):
            continue
        applied = Decimal(payment["amount"]["amount"])
        payments.append(
            FreshBooksPayment(
                id=str(payment["id"]),
                invoice_id=str(payment["invoiceid"]),
                day=date.fromisoformat(payment["date"]),
                currency=payment["amount"]["code"],
                amount=applied + excess.get(str(payment.get("overpaymentid")), ZERO),
                applied=applied,
            )
        )
    return documents, payments


def _day(text: str) -> date:
    return date(int(text[:4]), int(text[4:6]), int(text[6:8]))  # M3's dates are days without a zone


def read_m3(client: M3Client) -> tuple[list[M3Order], list[M3Invoice], list[M3Receipt]]:
    """Orders with our reference, all invoices of them with what is open, and the ledger's postings of our payments.

    Tables through EXPORTMI (infor-api 2.6); the gross total of an order through GetHead, as M3 calculated it.
    """
    heads = {}
    for row in client.export("OOHEAD", ["OAORNO", "OAPYRE", "OAORDT", "OACUCD"], order_by=["OAORNO"]):
        ours = _OURS.match(row["OAPYRE"])
        if ours:
            heads[row["OAORNO"]] = (ours.group(1) == "C", ours.group(2), _day(row["OAORDT"]), row["OACUCD"])
    totals = {}
    for number, result in zip(
        heads, client.bulk("OIS100MI", [("GetHead", {"ORNO": number}) for number in heads]), strict=True
    ):
        if result.error:
            raise result.error
        totals[number] = Decimal(result.records[0]["TOAM"])
    orders = [
        M3Order(number, source, credit, day, currency, to_cents(totals[number]))
        for number, (credit, source, day, currency) in heads.items()
    ]

    open_amounts: dict[tuple[str, str, str], Decimal] = defaultdict(lambda: ZERO)
    receipts = []
    columns = [
        "ESDIVI",
        "ESYEA4",
        "ESJRNO",
        "ESJSNO",
        "ESPYNO",
        "ESCINO",
        "ESINYR",
        "ESTRCD",
        "ESCUCD",
        "ESCUAM",
    ]
    for row in client.export(
        "FSLEDG", [*columns, "ESACDT", "ESCKNO"], order_by=["ESDIVI", "ESYEA4", "ESJRNO", "ESJSNO"]
    ):
        amount = Decimal(row["ESCUAM"])
        open_amounts[(row["ESPYNO"], row["ESCINO"], row["ESINYR"])] += amount
        ours = _RECEIPT.match(row["ESCKNO"])
        if not ours:
            continue
        letter, payment = ours.groups()
        on_account = row["ESCINO"] == f"P{payment}"
        if letter == "A" and on_account:
            continue  # the other side of the allocation
        kind = "allocation" if letter == "A" else "on_account" if on_account else "receipt"
        receipts.append(M3Receipt(payment, kind, _day(row["ESACDT"]), row["ESCUCD"], -amount))

    invoices = []
    columns = [
        "UHDIVI",
        "UHYEA4",
        "UHIVNO",
        "UHCINO",
        "UHORNO",
        "UHPYNO",
        "UHIDAT",
        "UHCUCD",
        "UHIVAM",
        "UHVTAM",
    ]
    for row in client.export("OINVOH", columns, order_by=["UHDIVI", "UHYEA4", "UHIVNO"]):
        if row["UHORNO"] in heads:
            invoices.append(
                M3Invoice(
                    number=f"{row['UHYEA4']}/{row['UHIVNO']}",
                    order_number=row["UHORNO"],
                    day=_day(row["UHIDAT"]),
                    currency=row["UHCUCD"],
                    total=Decimal(row["UHIVAM"]),
                    tax=Decimal(row["UHVTAM"]),
                    open=open_amounts[(row["UHPYNO"], row["UHCINO"], row["UHYEA4"])],
                )
            )
    return orders, invoices, receipts


def read_free_goods(client: M3Client) -> list[FreeGoodsOrder]:
    """Orders whose PYRE names a shop order: free goods, which FreshBooks has no document of (deleted ones left out)."""
    columns = ["OAORNO", "OAPYRE", "OAORDT", "OACUCD", "OAORSL"]
    # '.' is the character after '-': the range holds what begins with SHOP-.
    named = [("OAPYRE", ">=", _FREE_GOODS), ("OAPYRE", "<", "SHOP.")]
    rows = [
        row
        for row in client.export("OOHEAD", columns, where=named, order_by=["OAORNO"])
        if row["OAPYRE"].startswith(_FREE_GOODS) and row["OAORSL"] != _DELETED
    ]
    heads = client.bulk("OIS100MI", [("GetHead", {"ORNO": row["OAORNO"]}) for row in rows])
    orders = []
    for row, head in zip(rows, heads, strict=True):
        if head.error:
            raise head.error
        orders.append(
            FreeGoodsOrder(
                number=row["OAORNO"],
                shop_number=row["OAPYRE"].removeprefix(_FREE_GOODS),
                day=_day(row["OAORDT"]),
                currency=row["OACUCD"],
                total=to_cents(Decimal(head.records[0]["TOAM"])),
                delivered=_DELIVERED <= row["OAORSL"] < _DELETED,
            )
        )
    return orders


def read_and_reconcile(
    *,
    shop: ShopClient,
    freshbooks: FreshBooksClient,
    m3: M3Client,
    policy: Policy,
    pending: Mapping[str, Pending] | None = None,
) -> tuple[Reconciliation, dict[str, Any]]:
    """The comparison, and what was read: `read_at` (M3's clock, UTC), counts, and the shop's documents.

    Raises the clients' errors; a half-read system is never compared.
    """
    moment, _ = m3.server_time()
    documents = read_shop(shop)
    books, payments = read_freshbooks(freshbooks)
    orders, invoices, receipts = read_m3(m3)
    result = reconcile(
        shop=documents,
        freshbooks=books,
        payments=payments,
        orders=orders,
        invoices=invoices,
        receipts=receipts,
        today=moment.date(),
        go_live=policy.flows["sale"].go_live,
        timing_max_days=policy.timing_max_days,
        pending=pending,
    )
    if policy.free_goods == "deliver":
        result.free_goods = check_free_goods(
            documents,
            read_free_goods(m3),
            today=moment.date(),
            go_live=policy.flows["sale"].go_live,
            timing_max_days=policy.timing_max_days,
            pending=pending,
        )
    return result, {
        "read_at": moment,
        "shop": documents,
        "freshbooks": books,
        "payments": payments,
        "orders": orders,
        "invoices": invoices,
        "receipts": receipts,
    }
