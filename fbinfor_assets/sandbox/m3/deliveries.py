"""Shipping and invoicing, and OIS350MI, which reads both.

Belongs here: deliveries (ODHEAD with their lines), invoices (OINVOH), their voucher and ledger item, the
fulfilment clock, the OIS350MI transactions.
Does not belong here: how an order comes to be (`orders.py`), payments (`receivables.py`).

Each delivery has at most one invoice and each invoice one delivery. An invoice computes its own VAT over its
own lines, so partial shipments need not add up to the order's VAT. CINO = EXIN = the invoice number, INYR =
its year.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from fbinfor_assets.sandbox.m3 import periods, stock
from fbinfor_assets.sandbox.m3.items import revenue_account
from fbinfor_assets.sandbox.m3.lines import head_status, live, net_price, remaining, status
from fbinfor_assets.sandbox.m3.mi import Nok, money, plain, to_day
from fbinfor_assets.sandbox.m3.world import (
    COMPANY,
    CURRENCY,
    DIVISION,
    PAYMENT_DAYS,
    RECEIVABLE,
    VAT_PAYABLE,
    Call,
    Row,
    World,
    half_up,
    transaction,
)


class FulfilmentError(ValueError):
    """What people asked for cannot be shipped or invoiced; the text says which order and why."""


@dataclass(frozen=True, slots=True)
class Shipment:
    """What one fulfilment made: the delivery and, unless only shipped, its invoice."""

    orno: str
    dlix: int
    invoice: Row | None


def _line(order: Row, ponr: str | int) -> Row:
    text = str(ponr)
    if not text.isdigit() or not 0 < int(text) <= len(order["lines"]):
        raise FulfilmentError(f"order {order['ORNO']} has no line {ponr}")
    line = order["lines"][int(text) - 1]
    if "DELD" in line:
        raise FulfilmentError(f"order {order['ORNO']} has no line {ponr}: it was deleted")
    return line


def _quantities(order: Row, wanted: Mapping[str, Decimal] | None) -> dict[str, Decimal]:
    """Quantity to ship by PONR; None means everything that is left."""
    if wanted is None:
        chosen = {line["PONR"]: remaining(line) for line in live(order)}
        return {ponr: quantity for ponr, quantity in chosen.items() if quantity}
    for ponr, quantity in wanted.items():
        left = remaining(_line(order, ponr))
        if not quantity or quantity * left <= 0 or abs(quantity) > abs(left):
            raise FulfilmentError(
                f"order {order['ORNO']} line {ponr}: {quantity} asked, {left} left to deliver"
            )
    return dict(wanted)


def ship(
    world: World, orno: str, day: str, wanted: Mapping[str, Decimal] | None = None, *, invoice: bool = True
) -> Shipment:
    """Deliver an order's lines on a day (YYYYMMDD) and invoice the delivery on the same day.

    `wanted` gives quantities by line number PONR, None ships all that is left. Raises FulfilmentError
    (nothing is changed then).
    """
    order = world.state.get("OOHEAD", orno)
    if order is None:
        raise FulfilmentError(f"there is no order {orno}")
    quantities = _quantities(order, wanted)
    if not quantities:
        raise FulfilmentError(f"order {orno} has nothing left to deliver (status {order['ORSL']})")
    for ledger in (periods.STOCK, periods.RECEIVABLES) if invoice else (periods.STOCK,):
        periods.check(world, ledger, day, "DLDT")
    stock.check_available(world, order, quantities)
    dlix = world.state.next_number("DLIX", 7000001)
    lines, delivered = list(order["lines"]), []
    for ponr, quantity in quantities.items():
        line = lines[int(ponr) - 1]
        amount = half_up(quantity * net_price(line))
        entry = {"PONR": ponr, "DLQT": plain(quantity), "IVQT": "0", "LNAM": money(amount)}
        delivered.append({**entry, "IVQT": entry["DLQT"]} if invoice else entry)
        lines[int(ponr) - 1] = _moved(line, quantity, quantity if invoice else Decimal(0))
    delivery = {
        "ORNO": orno,
        "DLIX": str(dlix),
        "WHLO": order["WHLO"],
        "CUNO": order["CUNO"],
        "DLDT": day,
        "YEA4": "",
        "IVNO": "",
        "ORST": "66",
        "lines": delivered,
    }
    head = _invoice(world, order, delivery, day) if invoice else None
    if head is not None:
        delivery |= {"YEA4": head["YEA4"], "IVNO": head["IVNO"], "ORST": "77"}
    world.save("ODHEAD", dlix, delivery)
    _save_order(world, order, lines)
    stock.issued(world, order, delivered, dlix, day)
    return Shipment(orno, dlix, head)


def invoice_deliveries(world: World, orno: str, day: str) -> list[Row]:
    """Invoice what was delivered without an invoice, one invoice per delivery. Raises FulfilmentError."""
    order = world.state.get("OOHEAD", orno)
    if order is None:
        raise FulfilmentError(f"there is no order {orno}")
    periods.check(world, periods.RECEIVABLES, day, "IDAT")
    heads, lines = [], list(order["lines"])
    for dlix in world.deliveries_of_order.ids(orno):
        delivery = world.state.tables("ODHEAD")[dlix]
        if delivery["IVNO"]:
            continue
        head = _invoice(world, order, delivery, day)
        billed = []
        for entry in delivery["lines"]:
            at = int(entry["PONR"]) - 1
            lines[at] = _moved(lines[at], Decimal(0), Decimal(entry["DLQT"]))
            billed.append({**_unstamped(entry), "IVQT": entry["DLQT"]})
        done = {"YEA4": head["YEA4"], "IVNO": head["IVNO"], "ORST": "77", "lines": billed}
        world.save("ODHEAD", dlix, {**delivery, **done})
        heads.append(head)
    if not heads:
        raise FulfilmentError(f"order {orno} has no delivery that waits for its invoice")
    _save_order(world, order, lines)
    return heads


def close_line(world: World, orno: str, ponr: str) -> Row:
    """Close what a line has left to deliver; a line never delivered gets status 99. Raises
    FulfilmentError."""
    order = world.state.get("OOHEAD", orno)
    if order is None:
        raise FulfilmentError(f"there is no order {orno}")
    line = _line(order, ponr)
    if not remaining(line):
        raise FulfilmentError(f"order {orno} line {ponr} has nothing left to deliver (status {line['ORST']})")
    closed = {**_unstamped(line), "CLSD": "1"}
    closed["ORST"] = status(closed, True)
    lines = list(order["lines"])
    lines[int(ponr) - 1] = closed
    return _save_order(world, order, lines)


def delete_line(world: World, order: Row, ponr: str) -> Row:
    """Take an undelivered line out of the order; it keeps its place, nobody sees it any more."""
    lines = list(order["lines"])
    lines[int(ponr) - 1] = {**_unstamped(lines[int(ponr) - 1]), "DELD": "1"}
    return _save_order(world, order, lines)


def _unstamped(line: Row) -> Row:
    """A copy that `World.save` will stamp anew."""
    return {name: value for name, value in line.items() if name != "LMTS"}


def _moved(line: Row, delivered: Decimal, invoiced: Decimal) -> Row:
    moved = _unstamped(line)
    moved["DLQT"] = plain(Decimal(line["DLQT"]) + delivered)
    moved["IVQT"] = plain(Decimal(line["IVQT"]) + invoiced)
    moved["ORST"] = status(moved, True)
    return moved


def _save_order(world: World, order: Row, lines: list[Row]) -> Row:
    lowest, highest = head_status(lines)
    return world.save("OOHEAD", order["ORNO"], {**order, "lines": lines, "ORSL": lowest, "ORST": highest})


def _invoice(world: World, order: Row, delivery: Row, day: str) -> Row:
    """Make the invoice of a delivery: head, voucher, ledger item."""
    nets = [Decimal(entry["LNAM"]) for entry in delivery["lines"]]
    net, tax = sum(nets, Decimal("0.00")), world.vat(nets, Decimal(order["VTRT"]))
    total = net + tax
    number, year = str(world.state.next_number("IVNO", 10000001)), day[:4]
    due = (to_day(day) + timedelta(days=PAYMENT_DAYS[order["TEPY"]])).strftime("%Y%m%d")
    credits: dict[str, Decimal] = {}
    for entry, amount in zip(delivery["lines"], nets, strict=True):
        account = revenue_account(order["lines"][int(entry["PONR"]) - 1]["ITNO"])
        credits[account] = credits.get(account, Decimal(0)) - amount
    refs = {"order": order["ORNO"], "invoice": f"{year}/{number}"}
    postings = [(RECEIVABLE, total), *credits.items(), (VAT_PAYABLE, -tax)]
    vono = world.post(day, f"Invoice {number}", postings, refs)
    head = {
        "DIVI": DIVISION,
        "YEA4": year,
        "IVNO": number,
        "EXIN": number,
        "CINO": number,
        "IVTP": "31" if total >= 0 else "32",
        "ORNO": order["ORNO"],
        "CUNO": order["CUNO"],
        "PYNO": order["PYNO"],
        "IDAT": day,
        "ACDT": day,
        "DUDT": due,
        "TEPY": order["TEPY"],
        "CUCD": order["CUCD"],
        "NTAM": money(net),
        "IVAM": money(total),
        "VTAM": money(tax),
        "VTRT": order["VTRT"],
        "VTCD": order["VTCD"],
        "CSCD": order["CSCD"],
        "DLIX": delivery["DLIX"],
        "WHLO": delivery["WHLO"],
        "VONO": vono,
        "INST": "70",
        **world.born(),
    }
    head = world.save("OINVOH", f"{year}/{number}", head)
    if total:
        ledger_entry(
            world,
            {
                "PYNO": head["PYNO"],
                "CUNO": head["CUNO"],
                "CINO": number,
                "INYR": year,
                "TRCD": "10",
                "CUAM": head["IVAM"],
                "VTAM": head["VTAM"],
                "IVDT": day,
                "DUDT": due,
                "ACDT": day,
                "VONO": vono,
                "TEPY": head["TEPY"],
            },
        )
    return head


def ledger_entry(world: World, values: Row) -> Row:
    """Store one AR ledger row (FSLEDG): signed CUAM in CURRENCY, year of its accounting date, open (RECO
    0)."""
    year = values["ACDT"][:4]
    jrno, jsno = str(world.state.next_number("JRNO", 1000001)), "1"
    row = {
        "DIVI": DIVISION,
        "YEA4": year,
        "JRNO": jrno,
        "JSNO": jsno,
        "CUCD": CURRENCY,
        "VTAM": "0.00",
        "RECO": "0",
        "REDE": "",
        "PYTP": "",
        "CKNO": "",
        **values,
        **world.born(),
    }
    return world.save("FSLEDG", f"{DIVISION}/{year}/{jrno}/{jsno}", row)


def run_clock(world: World) -> list[Shipment]:
    """Switch `fulfilment: auto`: ship and invoice every order whose day has come, dated that day."""
    today = world.last_day = world.today()
    if world.switches["fulfilment"] != "auto":
        return []
    wait = timedelta(days=world.switches["ship_after_days"])
    due = []
    for order in world.unfinished():
        day = max((to_day(order["RLDT"]) + wait).strftime("%Y%m%d"), order["RGDT"])
        day = periods.first_open(world, periods.STOCK, periods.first_open(world, periods.RECEIVABLES, day))
        if day <= today:
            due.append((day, order["ORNO"]))
    shipments = []
    for day, orno in sorted(due):
        shipment = ship(world, orno, day)
        log_shipment(world, "clock.fulfil", shipment)
        shipments.append(shipment)
    return shipments


def log_shipment(world: World, operation: str, shipment: Shipment) -> None:
    """Enter a delivery and its invoice in the write log."""
    delivery = world.state.tables("ODHEAD")[shipment.dlix]
    world.state.log(operation, "delivery", shipment.dlix, delivery)
    if shipment.invoice is not None:
        log_invoice(world, operation, shipment.invoice)


def log_invoice(world: World, operation: str, head: Row) -> None:
    world.state.log(operation, "invoice", f"{head['YEA4']}/{head['IVNO']}", head)


# ------------------------------------------------------------------------------------------ OIS350MI


def _head(world: World, head: Row) -> Row:
    customer = world.state.get("OCUSMA", head["CUNO"]) or {}
    payer = world.state.get("OCUSMA", head["PYNO"]) or {}
    left = world.open_amount((head["PYNO"], head["CINO"], head["YEA4"]))
    return {
        **head,
        "CONO": COMPANY,
        "CUN1": customer.get("CUNM", ""),
        "CUNM": payer.get("CUNM", ""),
        "PYN1": payer.get("CUNM", ""),
        "IVAV": head["IVAM"],
        "RAFC": money(left),
        "IVDT": head["IDAT"],
        "FACI": "F01",
        "CASH": "0",
    }


def _invoices(call: Call) -> list[Row]:
    world = call.world
    orno = call.record["ORNO"].upper()
    if world.state.get("OOHEAD", orno) is None:
        raise Nok("WOR0303", "ORNO", orno)
    return [world.state.tables("OINVOH")[id_] for id_ in world.invoices_of_order.ids(orno)]


def _invoice_of(call: Call) -> Row:
    number = call.text("IVNO") or call.text("EXIN")
    head = call.world.state.get("OINVOH", f"{call.record['YEA4']}/{number}")
    if head is None:
        raise Nok("XRE0103", "IVNO")
    return head


@transaction("OIS350MI", "LstAllInvByCO")
def list_invoices_of_order(call: Call) -> list[Row]:
    return [_head(call.world, head) for head in _invoices(call)]


@transaction("OIS350MI", "LstInvHeadByCo")
def list_invoice_heads(call: Call) -> list[Row]:
    """Invoices with their deliveries; AMT1 and AMT2 are the gross and net order value of the delivery."""
    wanted = {name: call.text(name) for name in ("WHLO", "DLIX", "TEPY") if call.text(name)}
    rows = []
    for head in _invoices(call):
        if all(head[name] == value for name, value in wanted.items()):
            amounts = {"AMT1": head["NTAM"], "AMT2": head["NTAM"], "ORST": "77", "AICD": "0"}
            rows.append({**_head(call.world, head), **amounts})
    return rows


@transaction("OIS350MI", "GetInvHead")
def get_invoice_head(call: Call) -> list[Row]:
    head = _invoice_of(call)
    amounts = {"AMT1": head["IVAM"], "CUC1": head["CUCD"], "AMT2": head["IVAM"], "CUC2": head["CUCD"]}
    return [{**_head(call.world, head), **amounts, "RAIN": "1", "UPAC": "1", "FAC2": "F01"}]


@transaction("OIS350MI", "LstInvLine")
def list_invoice_lines(call: Call) -> list[Row]:
    """Information lines of an invoice: the order's net, then its VAT (information type IVTP)."""
    head = _invoice_of(call)
    payer = call.world.state.get("OCUSMA", head["PYNO"]) or {}
    shared = {name: head[name] for name in ("ORNO", "DLIX", "WHLO", "PYNO", "VTCD")}
    shared |= {"CUNM": payer.get("CUNM", ""), "BSCD": "GB", "FTCO": head["CSCD"], "VTP1": head["VTRT"]}
    rows = [
        {
            "IVTP": head["IVTP"],
            "AMT1": head["NTAM"],
            "AMT2": head["NTAM"],
            "AMT3": head["NTAM"],
            "VTAM": "0.00",
        },
        {
            "IVTP": "90",
            "AMT1": head["VTAM"],
            "AMT2": head["VTAM"],
            "VTAM": head["VTAM"],
            "CVBA": head["NTAM"],
        },
    ]
    return [{**shared, **row, "IVRF": head["EXIN"]} for row in rows]


@transaction("OIS350MI", "LstInvByCOLine")
def list_invoices_of_line(call: Call) -> list[Row]:
    world = call.world
    order = world.order(call.record["ORNO"])
    rows = []
    for dlix in world.deliveries_of_order.ids(order["ORNO"]):
        delivery = world.state.tables("ODHEAD")[dlix]
        if not delivery["IVNO"] or not any(e["PONR"] == call.record["PONR"] for e in delivery["lines"]):
            continue
        head = _head(world, world.state.tables("OINVOH")[f"{delivery['YEA4']}/{delivery['IVNO']}"])
        rows.append({**head, "IVLA": head["IVAM"], "RALC": head["RAFC"], "RAIN": "1"})
    return rows


@transaction("OIS350MI", "LstDelHeadByInv")
def list_delivery_heads(call: Call) -> list[Row]:
    """Deliveries of an invoice, or of a whole year when no invoice is named."""
    world = call.world
    if call.text("IVNO") or call.text("EXIN"):
        heads: Iterator[Row] = iter([_invoice_of(call)])
    else:
        heads = (h for h in world.state.tables("OINVOH").values() if h["YEA4"] == call.record["YEA4"])
    rows = []
    for head in heads:
        shown = _head(world, head)
        rows.append({**shown, "ORST": "77", "CUN2": shown["CUN1"], "MODL": "", "TEDL": ""})
    return rows


def _delivery(call: Call) -> tuple[Row, Row]:
    """The delivery named by ORNO, DLIX and WHLO, and its order."""
    world, dlix = call.world, call.record["DLIX"]
    delivery = world.state.get("ODHEAD", int(dlix)) if dlix.isdigit() else None
    if delivery is None or delivery["ORNO"] != call.record["ORNO"] or delivery["WHLO"] != call.record["WHLO"]:
        raise Nok("XRE0103", "DLIX")
    return delivery, world.order(delivery["ORNO"])


def delivery_line(order: Row, delivery: Row, entry: Row) -> Row:
    """A delivery line with what it takes from its order line; quantities in the basic unit."""
    line = order["lines"][int(entry["PONR"]) - 1]
    delivered, invoiced = entry["DLQT"], entry["IVQT"]
    return {
        **{name: delivery[name] for name in ("ORNO", "DLIX", "WHLO", "CUNO", "YEA4", "IVNO", "ORST")},
        **entry,
        "POSX": "0",
        "ITNO": line["ITNO"],
        "ITDS": line.get("ITDS", ""),
        "SAPR": line["SAPR"],
        "NEPR": line["SAPR"],
        "CUPO": line["CUPO"],
        **{"QTY1": delivered, "QTY2": delivered, "QTY3": delivered},
        **{"QTY4": invoiced, "QTY5": invoiced, "QTY6": invoiced},
    }


@transaction("OIS350MI", "LstDelLine")
def list_delivery_lines(call: Call) -> list[Row]:
    """Lines of a delivery from PONR on; QTY1 is delivered, QTY2 invoiced (alternate unit = basic unit
    here)."""
    delivery, order = _delivery(call)
    first = int(call.text("PONR", "0"))
    rows = []
    for entry in delivery["lines"]:
        if int(entry["PONR"]) >= first:
            rows.append({**delivery_line(order, delivery, entry), "QTY2": entry["IVQT"], "ALUN": "PCS"})
    return rows


@transaction("OIS350MI", "GetDelLine")
def get_delivery_line(call: Call) -> list[Row]:
    delivery, order = _delivery(call)
    for entry in delivery["lines"]:
        if entry["PONR"] == call.record["PONR"]:
            return [
                {**delivery_line(order, delivery, entry), "PYNO": order["PYNO"], "UNMS": "PCS", "SACD": "1"}
            ]
    raise Nok("XRE0103", "PONR")
