"""The control: read the shop, FreshBooks and M3 anew and compare them, without a look into our own tables.

Belongs here: turning what the vendors answer into the figures that `domain/reconciliation.py` compares.
Does not belong here: the comparison and its causes (domain), the staged view of it (dbt reports).

Lines are added up by class while they are read and never kept: a year of half a million lines needs no more memory than
its documents. Only the *reasons* of what we hold back come from our side (`pending`): an intent or a dead letter by its id.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import islice
from typing import Any, TypeVar

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
    ShopLines,
    check_free_goods,
    reconcile,
)
from fbinfor_assets.domain.tie_out import class_of_code, tie_out

#: Told how far reading is: what is read, how many so far, and how many in all (None while nobody knows).
Progress = Callable[[str, int, int | None], None]

_OURS = re.compile(r"^FB(C?)-[^-]+-(\d+)$")
_FREE_GOODS = "SHOP-"
# Lowest status of an order (infor-api 2.6): from 66 nothing is left to deliver, 90 is deleted, 99 closed undelivered.
_DELIVERED, _DELETED = "66", "90"
_RECEIPT = re.compile(r"^FB([PA])(\d+)$")


_T = TypeVar("_T")
_TELL_EVERY = 100


def _counted(rows: Iterable[_T], what: str, progress: Progress | None) -> Iterator[_T]:
    """The same rows, with `progress` told now and then, and at the end how many they were."""
    count = 0
    for row in rows:
        yield row
        count += 1
        if progress and count % _TELL_EVERY == 0:
            progress(what, count, None)
    if progress:
        progress(what, count, count)


def _add(sums: dict[str, Decimal], code: str, amount: Decimal) -> None:
    line_class = class_of_code(code)
    sums[line_class] = sums.get(line_class, ZERO) + amount


def _shop_lines(order: Mapping[str, Any]) -> list[Line]:
    """The lines of a shop order; freight and fees that stand beside the items are lines like the others."""
    lines = [
        Line(str(item.get("sku") or ""), Decimal(str(item["quantity"])), Decimal(str(item["price"])))
        for item in order["line_items"]
    ]
    for part, code in (("shipping_lines", "SHIPPING"), ("fee_lines", "FEE")):
        lines += [Line(code, Decimal(1), Decimal(one["total"])) for one in order.get(part, ())]
    return lines


def read_shop(shop: ShopClient, progress: Progress | None = None) -> list[ShopDocument]:
    """Every document that the shop serves, classified; amounts in the order's currency, negative for credits.

    Prices are JSON numbers that the client gives as Decimals with the digits they were sent with.
    """
    documents = []
    for order in _counted(shop.orders(), "shop documents", progress):
        lines = _shop_lines(order)
        by_class: dict[str, ShopLines] = {}
        for line in lines:
            line_class = class_of_code(line.code)
            before = by_class.get(line_class, ShopLines(0, ZERO))
            by_class[line_class] = ShopLines(before.lines + 1, before.net + line.quantity * line.unit_price)
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
                by_class=by_class,
            )
        )
    return documents


def _net_by_class(document: Mapping[str, Any]) -> dict[str, Decimal]:
    """Net of a FreshBooks document's lines, by class of line."""
    sums: dict[str, Decimal] = {}
    for line in document["lines"]:
        _add(sums, line.get("name") or "", Decimal(line["amount"]["amount"]))
    return sums


def read_freshbooks(
    client: FreshBooksClient, progress: Progress | None = None
) -> tuple[list[FreshBooksDocument], list[FreshBooksPayment]]:
    """Invoices, goodwill credit notes and payments that are not deleted. State is derived from v3_status (freshbooks-api 7.2)."""
    documents = []
    for invoice in _counted(client.list("invoices"), "FreshBooks invoices", progress):
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
                by_class=_net_by_class(invoice),
            )
        )
    excess: dict[str, Decimal] = {}
    for note in _counted(client.list("credit_notes"), "FreshBooks credit notes", progress):
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
                by_class=_net_by_class(note),
            )
        )
    payments = []
    for payment in _counted(client.list("payments"), "FreshBooks payments", progress):
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


def read_m3(
    client: M3Client, progress: Progress | None = None
) -> tuple[list[M3Order], list[M3Invoice], list[M3Receipt]]:
    """Orders with our reference, all invoices of them with what is open, and the ledger's postings of our payments.

    Tables through EXPORTMI (infor-api 2.6); the gross total of an order through GetHead, as M3 calculated it; the lines
    of an invoice through LstInvLiAdnlInf, as M3 invoiced them.
    """
    heads = _heads(client)
    waiting = _open_lines(client, heads)
    orders = []
    asked = ("OIS100MI", "GetHead", [{"ORNO": number} for number in heads])
    for number, records in zip(heads, _counted(_bulk(client, *asked), "M3 orders", progress), strict=True):
        credit, source, day, currency = heads[number]
        total = to_cents(Decimal(records[0]["TOAM"]))
        orders.append(M3Order(number, source, credit, day, currency, total, waiting.get(number, {})))
    open_amounts, receipts = _ledger(client, progress)
    return orders, list(_invoices(client, heads, open_amounts, progress)), receipts


_Heads = dict[str, tuple[bool, str, date, str]]


def _heads(client: M3Client) -> _Heads:
    """Order number -> (credit, FreshBooks id, day, currency) of every order with our reference."""
    heads = {}
    for row in client.export("OOHEAD", ["OAORNO", "OAPYRE", "OAORDT", "OACUCD"], order_by=["OAORNO"]):
        ours = _OURS.match(row["OAPYRE"])
        if ours:
            heads[row["OAORNO"]] = (ours.group(1) == "C", ours.group(2), _day(row["OAORDT"]), row["OACUCD"])
    return heads


def _bulk(
    client: M3Client, program: str, transaction: str, records: Iterable[dict[str, str]], *columns: str
) -> Iterator[list[dict[str, str]]]:
    """The answer to each, a hundred at a time. Raises the error of the first that has one."""
    asked = iter(records)
    while chunk := list(islice(asked, client.bulk_limit)):
        for result in client.bulk(program, [(transaction, record) for record in chunk], returncols=columns):
            if result.error:
                raise result.error
            yield result.records


def _open_lines(client: M3Client, heads: _Heads) -> dict[str, dict[str, Decimal]]:
    """Order number -> exact net by class of line that is not invoiced; 77 and above is invoiced or closed."""
    waiting: dict[str, dict[str, Decimal]] = {}
    key = ["OBORNO", "OBPONR", "OBPOSX"]
    columns = [*key, "OBITNO", "OBORQT", "OBIVQT", "OBNEPR"]
    for row in client.export("OOLINE", columns, where=[("OBORST", "<", "77")], order_by=key):
        if row["OBORNO"] in heads:
            rest = (Decimal(row["OBORQT"]) - Decimal(row["OBIVQT"])) * Decimal(row["OBNEPR"])
            _add(waiting.setdefault(row["OBORNO"], {}), row["OBITNO"], rest)
    return waiting


_Open = Mapping[tuple[str, str, str], Decimal]


def _ledger(client: M3Client, progress: Progress | None) -> tuple[_Open, list[M3Receipt]]:
    """What is open by (payer, number, year of invoice), and the postings of our payments."""
    open_amounts: dict[tuple[str, str, str], Decimal] = defaultdict(lambda: ZERO)
    receipts = []
    key = ["ESDIVI", "ESYEA4", "ESJRNO", "ESJSNO"]
    columns = [*key, "ESPYNO", "ESCINO", "ESINYR", "ESTRCD", "ESCUCD", "ESCUAM", "ESACDT", "ESCKNO"]
    rows = client.export("FSLEDG", columns, order_by=key)
    for row in _counted(rows, "M3 ledger", progress):
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
    return open_amounts, receipts


def _invoices(
    client: M3Client, heads: _Heads, open_amounts: _Open, progress: Progress | None
) -> Iterator[M3Invoice]:
    key = ["UHDIVI", "UHYEA4", "UHIVNO"]
    columns = [*key, "UHEXIN", "UHCINO", "UHORNO", "UHPYNO", "UHIDAT", "UHCUCD", "UHIVAM", "UHVTAM"]
    rows = [row for row in client.export("OINVOH", columns, order_by=key) if row["UHORNO"] in heads]
    asked = ({"YEA4": row["UHYEA4"], "EXIN": row["UHEXIN"]} for row in rows)
    lines = _bulk(client, "OIS350MI", "LstInvLiAdnlInf", asked, "ITNO", "IVAM")
    for row, records in zip(rows, _counted(lines, "M3 invoices", progress), strict=True):
        by_class: dict[str, Decimal] = {}
        for line in records:
            if line["ITNO"]:  # charges, discounts and VAT name no item
                _add(by_class, line["ITNO"], Decimal(line["IVAM"]))
        total, tax = Decimal(row["UHIVAM"]), Decimal(row["UHVTAM"])
        beside = total - tax - sum(by_class.values(), ZERO)
        if beside:
            _add(by_class, "", beside)
        yield M3Invoice(
            number=f"{row['UHYEA4']}/{row['UHIVNO']}",
            order_number=row["UHORNO"],
            day=_day(row["UHIDAT"]),
            currency=row["UHCUCD"],
            total=total,
            tax=tax,
            open=open_amounts[(row["UHPYNO"], row["UHCINO"], row["UHYEA4"])],
            by_class=by_class,
        )


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
    progress: Progress | None = None,
) -> tuple[Reconciliation, dict[str, Any]]:
    """The comparison, and what was read: `read_at` (M3's clock, UTC), the documents of each system, and `tie_out`,
    the shop's net by class.

    Raises the clients' errors; a half-read system is never compared.
    """
    moment, _ = m3.server_time()
    documents = read_shop(shop, progress)
    books, payments = read_freshbooks(freshbooks, progress)
    orders, invoices, receipts = read_m3(m3, progress)
    go_live = policy.flows["sale"].go_live
    result = reconcile(
        shop=documents,
        freshbooks=books,
        payments=payments,
        orders=orders,
        invoices=invoices,
        receipts=receipts,
        today=moment.date(),
        go_live=go_live,
        timing_max_days=policy.timing_max_days,
        pending=pending,
    )
    classes = tie_out(
        shop=documents, freshbooks=books, orders=orders, invoices=invoices, go_live=go_live, pending=pending
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
        "tie_out": classes,
    }


def as_document(result: Reconciliation, read: Mapping[str, Any]) -> dict[str, Any]:
    """Both as `fbinfor reconcile --json` prints them (shape: docs/operations.md); `ok` only if both hold."""
    classes = read["tie_out"]
    return {
        "read_at": read["read_at"].astimezone(UTC).isoformat(),
        **result.to_json(),
        "ok": result.ok and classes.ok,
        "classes": classes.to_json(),
    }
