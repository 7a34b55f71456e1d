"""Shipping and invoicing.

Belongs here: picking lists, deliveries (ODHEAD with their lines), invoices (OINVOH), their voucher and ledger
item, the fulfilment clock.
Does not belong here: how an order comes to be (`orders.py`), the reads of deliveries (`dispatching.py`) and
invoices (`invoices.py`), payments (`receivables.py`).

Each delivery has at most one invoice and each invoice one delivery. An invoice computes its own VAT over its
own lines, so partial shipments need not add up to the order's VAT. CINO = EXIN = the invoice number, INYR =
its year. A charge of the order is billed with the first invoice, one of a line with the first of that line.

ORST of a delivery (infor-api 2.6): 05 on a picking list, 60 to be invoiced, 70 invoiced, 80 in AR and GL too. An
invoice posts at once, so 70 is left to invoices of nothing. Its lines stand at 44, 66, 77 like the order's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from zlib import crc32

from fbinfor_assets.sandbox.m3 import periods, stock
from fbinfor_assets.sandbox.m3.delivery_lines import INVOICED, PICKED, POSTED, TO_INVOICE
from fbinfor_assets.sandbox.m3.items import revenue_account
from fbinfor_assets.sandbox.m3.lines import (
    Totals,
    amount,
    free,
    head_status,
    live,
    picked,
    remaining,
    status,
    totals,
)
from fbinfor_assets.sandbox.m3.mi import Nok, money, plain, to_day
from fbinfor_assets.sandbox.m3.world import (
    CASH_DISCOUNTS,
    CHARGES,
    CURRENCY,
    DISCOUNTS,
    DIVISION,
    PAYMENT_DAYS,
    RECEIVABLE,
    VAT_PAYABLE,
    Row,
    World,
)

RELEASED, REPORTED = "40", "90"  # PISS of a picking list
# What people may say about a delivery: M3 field -> most characters.
DETAILS = {"MODL": 3, "TEDL": 3, "ETRN": 30, "CONN": 7, "FWNO": 10}


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
    """Quantity to ship by PONR; None means everything that is left and on no picking list."""
    if wanted is None:
        chosen = {line["PONR"]: free(line) for line in live(order)}
        return {ponr: quantity for ponr, quantity in chosen.items() if quantity}
    for ponr, quantity in wanted.items():
        left = free(_line(order, ponr))
        if not quantity or quantity * left <= 0 or abs(quantity) > abs(left):
            raise FulfilmentError(
                f"order {order['ORNO']} line {ponr}: {quantity} asked, {left} left to deliver"
            )
    return dict(wanted)


def _found(world: World, orno: str) -> Row:
    order = world.state.get("OOHEAD", orno)
    if order is None:
        raise FulfilmentError(f"there is no order {orno}")
    return order


def _to_deliver(
    world: World, orno: str, wanted: Mapping[str, Decimal] | None
) -> tuple[Row, dict[str, Decimal]]:
    order = _found(world, orno)
    quantities = _quantities(order, wanted)
    if not quantities:
        raise FulfilmentError(f"order {orno} has nothing left to deliver (status {order['ORSL']})")
    return order, quantities


def _head(world: World, order: Row, day: str, details: Row) -> Row:
    """A delivery of an order, not stored yet; a shipment number is given when it has a carrier or tracking."""
    dlix = world.state.next_number("DLIX", 7000001)
    made = {
        "ORNO": order["ORNO"],
        "DLIX": str(dlix),
        "WHLO": order["WHLO"],
        "CUNO": order["CUNO"],
        "DLDT": day,
        "YEA4": "",
        "IVNO": "",
        **{name: order[name] for name in ("MODL", "TEDL") if order.get(name)},
        **details,
    }
    if (details.get("ETRN") or details.get("FWNO")) and not details.get("CONN"):
        made["CONN"] = str(world.state.next_number("CONN", 100001))
    return made


def ship(
    world: World,
    orno: str,
    day: str,
    wanted: Mapping[str, Decimal] | None = None,
    *,
    invoice: bool = True,
    details: Row | None = None,
) -> Shipment:
    """Deliver an order's lines on a day (YYYYMMDD) and invoice the delivery on the same day.

    `wanted` gives quantities by line number PONR, None ships all that is left; `details` what there is to say of
    the delivery (DETAILS, packages). Raises FulfilmentError, or Nok when the day's period is closed or the goods are
    not on hand (nothing is changed then).
    """
    order, quantities = _to_deliver(world, orno, wanted)
    _check_issue(world, order, quantities, day, invoice)
    delivery = _head(world, order, day, details or {})
    return _issue(world, order, delivery, quantities, day, invoice)


def pick(
    world: World, orno: str, day: str, wanted: Mapping[str, Decimal] | None = None, details: Row | None = None
) -> Row:
    """Put an order's lines on a picking list: a delivery at 05, nothing is delivered yet.

    Raises FulfilmentError (nothing is changed then).
    """
    order, quantities = _to_deliver(world, orno, wanted)
    delivery = _head(world, order, max(day, order["RLDT"]), details or {})
    lines = list(order["lines"])
    entries = []
    for ponr, quantity in quantities.items():
        entries.append({"PONR": ponr, "DLQT": "0", "IVQT": "0", "LNAM": "0.00", "PLQT": plain(quantity)})
        lines[int(ponr) - 1] = _moved(lines[int(ponr) - 1], Decimal(0), Decimal(0), quantity)
    head = {**delivery, "ORST": PICKED, "PLSX": "1", "PISS": RELEASED, "lines": entries}
    stored = world.save("ODHEAD", int(delivery["DLIX"]), head)
    save_order(world, order, lines)
    return stored


def issue(world: World, dlix: int, day: str, *, invoice: bool) -> Shipment:
    """Report a picking list: what is on it leaves the house. Raises FulfilmentError, or Nok as `ship` does."""
    delivery = world.state.get("ODHEAD", dlix)
    if delivery is None or delivery["ORST"] != PICKED:
        raise FulfilmentError(f"delivery {dlix} has no picking list that waits to be reported")
    order = _found(world, delivery["ORNO"])
    quantities = {entry["PONR"]: Decimal(entry["PLQT"]) for entry in delivery["lines"]}
    _check_issue(world, order, quantities, day, invoice)
    return _issue(world, order, {**delivery, "DLDT": day, "PISS": REPORTED}, quantities, day, invoice)


def _check_issue(
    world: World, order: Row, quantities: Mapping[str, Decimal], day: str, invoice: bool
) -> None:
    """Refuse goods that are not on hand (switch) and days in closed periods. Raises Nok."""
    periods.check(world, periods.STOCK, day, "DLDT")
    if invoice:
        periods.check(world, periods.RECEIVABLES, day, "IDAT")
    stock.check_available(world, order, quantities)


def _issue(
    world: World, order: Row, delivery: Row, quantities: Mapping[str, Decimal], day: str, invoice: bool
) -> Shipment:
    """Goods of a delivery leave the house, from a picking list (it has one already) or without."""
    invoice = invoice and not _left_out(world, order, quantities)
    listed = "PLSX" in delivery
    lines, delivered = list(order["lines"]), []
    for ponr, quantity in quantities.items():
        line = lines[int(ponr) - 1]
        entry = {"PONR": ponr, "DLQT": plain(quantity), "IVQT": "0", "LNAM": money(amount(line, quantity))}
        delivered.append({**entry, "IVQT": entry["DLQT"]} if invoice else entry)
        off_list = -quantity if listed else Decimal(0)
        lines[int(ponr) - 1] = _moved(line, quantity, quantity if invoice else Decimal(0), off_list)
    delivery = {**delivery, "DSDT": day, "ORST": TO_INVOICE, "lines": delivered}
    head = None
    if invoice:
        head, delivery, order = _invoice(world, order, delivery, day)
    dlix = int(delivery["DLIX"])
    world.save("ODHEAD", dlix, delivery)
    save_order(world, order, lines)
    stock.issued(world, order, delivered, dlix, day)
    return Shipment(order["ORNO"], dlix, head)


def _left_out(world: World, order: Row, quantities: Mapping[str, Decimal]) -> bool:
    """Whether these goods are worth nothing and the tenant makes no invoice of nothing (switch `zero_invoices`)."""
    if world.switches["zero_invoices"] == "made" or order.get("charges"):
        return False
    nets = [amount(order["lines"][int(ponr) - 1], quantity) for ponr, quantity in quantities.items()]
    return not totals(world, order, nets, []).total


def invoice_deliveries(world: World, orno: str, day: str, dlix: int | None = None) -> list[Row]:
    """Invoice what was delivered without an invoice (or one delivery of it), one invoice per delivery.

    Raises FulfilmentError.
    """
    order = _found(world, orno)
    periods.check(world, periods.RECEIVABLES, day, "IDAT")
    heads, lines = [], list(order["lines"])
    for number in world.deliveries_of_order.ids(orno):
        delivery = world.state.tables("ODHEAD")[number]
        if delivery["IVNO"] or delivery["ORST"] == PICKED or dlix not in (None, number):
            continue
        head, done, order = _invoice(world, order, delivery, day)
        billed = []
        for entry in delivery["lines"]:
            at = int(entry["PONR"]) - 1
            lines[at] = _moved(lines[at], Decimal(0), Decimal(entry["DLQT"]))
            billed.append({**_unstamped(entry), "IVQT": entry["DLQT"]})
        world.save("ODHEAD", number, {**done, "lines": billed})
        heads.append(head)
    if not heads:
        raise FulfilmentError(f"order {orno} has no delivery that waits for its invoice")
    save_order(world, order, lines)
    return heads


def close_line(world: World, orno: str, ponr: str) -> Row:
    """Close what a line has left to deliver; a line never delivered gets status 99. Raises
    FulfilmentError."""
    order = _found(world, orno)
    line = _line(order, ponr)
    if picked(line):
        raise FulfilmentError(f"order {orno} line {ponr} is on a picking list")
    if not remaining(line):
        raise FulfilmentError(f"order {orno} line {ponr} has nothing left to deliver (status {line['ORST']})")
    closed = {**_unstamped(line), "CLSD": "1"}
    closed["ORST"] = status(closed, True)
    lines = list(order["lines"])
    lines[int(ponr) - 1] = closed
    return save_order(world, order, lines)


def delete_line(world: World, order: Row, ponr: str) -> Row:
    """Take an undelivered line out of the order; it keeps its place, nobody sees it any more."""
    lines = list(order["lines"])
    lines[int(ponr) - 1] = {**_unstamped(lines[int(ponr) - 1]), "DELD": "1"}
    return save_order(world, order, lines)


def _unstamped(line: Row) -> Row:
    """A copy that `World.save` will stamp anew."""
    return {name: value for name, value in line.items() if name != "LMTS"}


def _moved(line: Row, delivered: Decimal, invoiced: Decimal, listed: Decimal = Decimal(0)) -> Row:
    """A line after so much more of it was delivered, invoiced and put on (or taken off) a picking list."""
    moved = _unstamped(line)
    moved["DLQT"] = plain(Decimal(line["DLQT"]) + delivered)
    moved["IVQT"] = plain(Decimal(line["IVQT"]) + invoiced)
    if listed:
        moved["PLQT"] = plain(picked(line) + listed)
    moved["ORST"] = status(moved, True)
    return moved


def save_order(world: World, order: Row, lines: list[Row]) -> Row:
    """Store an order with these lines and the statuses that follow from them."""
    lowest, highest = head_status(lines)
    return world.save("OOHEAD", order["ORNO"], {**order, "lines": lines, "ORSL": lowest, "ORST": highest})


def _charges_due(order: Row, delivery: Row) -> list[Row]:
    """Charges of the order, and of the delivery's lines, that no invoice has yet."""
    ponrs = {"", *(entry["PONR"] for entry in delivery["lines"])}
    return [c for c in order.get("charges", ()) if not c["DLIX"] and c["PONR"] in ponrs]


def _credits(order: Row, delivery: Row, nets: list[Decimal], sums: Totals, charges: list[Row]) -> list[tuple]:
    """What an invoice credits: revenue by account, less the order's discount, and the VAT."""
    credits: dict[str, Decimal] = {}
    for entry, net in zip(delivery["lines"], nets, strict=True):
        account = revenue_account(order["lines"][int(entry["PONR"]) - 1]["ITNO"])
        credits[account] = credits.get(account, Decimal(0)) - net
    for charge in charges:
        account = CHARGES[charge["CRID"]][1]
        credits[account] = credits.get(account, Decimal(0)) - Decimal(charge["CRAM"])
    if sums.discount:
        credits[DISCOUNTS] = credits.get(DISCOUNTS, Decimal(0)) + sums.discount
    return [*credits.items(), (VAT_PAYABLE, -sums.tax)]


def _invoice(world: World, order: Row, delivery: Row, day: str) -> tuple[Row, Row, Row]:
    """Make the invoice of a delivery: head, voucher, ledger item. Gives the invoice, the delivery as it then
    stands and the order with the charges that were billed, both to be stored by the caller."""
    nets = [Decimal(entry["LNAM"]) for entry in delivery["lines"]]
    charges = _charges_due(order, delivery)
    sums = totals(world, order, nets, [Decimal(charge["CRAM"]) for charge in charges])
    number, year = str(world.state.next_number("IVNO", 10000001)), day[:4]
    due = (to_day(day) + timedelta(days=PAYMENT_DAYS[order["TEPY"]])).strftime("%Y%m%d")
    refs = {"order": order["ORNO"], "invoice": f"{year}/{number}"}
    postings = [(RECEIVABLE, sums.total), *_credits(order, delivery, nets, sums, charges)]
    vono = world.post(day, f"Invoice {number}", postings, refs)
    head = {
        "DIVI": DIVISION,
        "YEA4": year,
        "IVNO": number,
        "EXIN": number,
        "CINO": number,
        "IVTP": "31" if sums.total >= 0 else "32",
        "ORNO": order["ORNO"],
        "CUNO": order["CUNO"],
        "PYNO": order["PYNO"],
        "INRC": order.get("INRC", order["PYNO"]),
        "IDAT": day,
        "ACDT": day,
        "DUDT": due,
        "TEPY": order["TEPY"],
        "CUCD": order["CUCD"],
        "NTAM": money(sums.before_tax),
        "IVAM": money(sums.total),
        "VTAM": money(sums.tax),
        "VTRT": order["VTRT"],
        "VTCD": order["VTCD"],
        "CSCD": order["CSCD"],
        "DLIX": delivery["DLIX"],
        "WHLO": delivery["WHLO"],
        "VONO": vono,
        "INST": "70",
        **({"ODAM": money(sums.discount)} if sums.discount else {}),
        **({"EXAM": money(sums.charges)} if charges else {}),
        **_cash_discount(order.get("TECD", ""), sums.total, day),
        **world.born(),
    }
    head = world.save("OINVOH", f"{year}/{number}", head)
    if sums.total:
        shared = (
            "PYNO",
            "CUNO",
            "IVDT",
            "DUDT",
            "ACDT",
            "VONO",
            "TEPY",
            "VTAM",
            "TECD",
            "CDAM",
            "CDT1",
            "CDP1",
        )
        item = {**head, "IVDT": day, "ACDT": day}
        values = {name: item[name] for name in shared if name in item}
        values |= {"CINO": number, "INYR": year, "TRCD": "10", "CUAM": head["IVAM"]}
        ledger_entry(world, values)
    done = {"YEA4": year, "IVNO": number, "ORST": POSTED if sums.total else INVOICED}
    if charges:
        billed = [{**c, "DLIX": delivery["DLIX"]} if c in charges else c for c in order["charges"]]
        order = {**order, "charges": billed}
    return head, {**delivery, **done}, order


def _cash_discount(terms: str, total: Decimal, day: str) -> Row:
    """What the terms of cash discount TECD let the payer keep, and until when; nothing on a credit invoice."""
    if not terms or total <= 0:
        return {}
    days, per_cent = CASH_DISCOUNTS[terms]
    until = (to_day(day) + timedelta(days=days)).strftime("%Y%m%d")
    return {"TECD": terms, "CDAM": money(total * per_cent / 100), "CDT1": until, "CDP1": plain(per_cent)}


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


# ------------------------------------------------------------------------------ the fulfilment clock


def _chance(orno: str, what: str) -> int:
    """0 to 99, always the same for an order and a question."""
    return crc32(f"{what}/{orno}".encode()) % 100


def _planned(world: World, order: Row) -> tuple[str, dict[str, Decimal] | None, bool]:
    """When an order ships by the clock, what of it (None: all that is left), and whether the rest is cancelled.

    Shares of the orders are late, ship in two parts, or never ship their rest (switches, in per cent).
    """
    switches, orno = world.switches, order["ORNO"]
    wait = switches["ship_after_days"]
    if _chance(orno, "late") < switches["late_percent"]:
        wait += switches["late_days"]
    open_lines = [line for line in live(order) if free(line)]
    begun = bool(world.deliveries_of_order.ids(orno))
    parts = _chance(orno, "parts") < switches["partial_percent"] and (begun or len(open_lines) > 1)
    if parts and begun:
        wait += switches["rest_after_days"]
    # Not before it is entered, nor is an order that came late dated back.
    day = max((to_day(order["RLDT"]) + timedelta(days=wait)).strftime("%Y%m%d"), order["RGDT"])
    day = periods.first_open_for_sales(world, day)
    if parts and begun and _chance(orno, "cancelled") < switches["cancelled_percent"]:
        return day, None, True
    if parts and not begun:
        first = open_lines[: (len(open_lines) + 1) // 2]
        return day, {line["PONR"]: free(line) for line in first}, False
    return day, None, False


def run_clock(world: World) -> list[Shipment]:
    """Switch `fulfilment: auto`: ship and invoice every order whose day has come, dated that day."""
    today = world.last_day = world.today()
    if world.switches["fulfilment"] != "auto":
        return []
    shipments: list[Shipment] = []
    # A second round ships the rests whose day has come as well, when the clock jumped.
    for _ in range(2):
        due = []
        for order in world.unfinished():
            day, wanted, cancelled = _planned(world, order)
            if day <= today and any(free(line) for line in live(order)):
                due.append((day, order["ORNO"], wanted, cancelled))
        for day, orno, wanted, cancelled in sorted(due, key=lambda each: each[:2]):
            if cancelled:
                _cancel_rest(world, orno)
                continue
            try:
                shipment = ship(world, orno, day, wanted)
            except Nok:
                continue  # not on hand: it waits
            log_shipment(world, "clock.fulfil", shipment)
            shipments.append(shipment)
    return shipments


def _cancel_rest(world: World, orno: str) -> None:
    for line in list(live(world.order(orno))):
        if free(line) and not picked(line):
            close_line(world, orno, line["PONR"])
    world.state.log("clock.cancel", "order", orno, {"orno": orno})


def log_shipment(world: World, operation: str, shipment: Shipment) -> None:
    """Enter a delivery and its invoice in the write log."""
    delivery = world.state.tables("ODHEAD")[shipment.dlix]
    world.state.log(operation, "delivery", shipment.dlix, delivery)
    if shipment.invoice is not None:
        log_invoice(world, operation, shipment.invoice)


def log_invoice(world: World, operation: str, head: Row) -> None:
    world.state.log(operation, "invoice", f"{head['YEA4']}/{head['IVNO']}", head)
