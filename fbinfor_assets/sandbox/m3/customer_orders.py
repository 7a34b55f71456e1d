"""OIS100MI: customer orders that stand: reading them, adding, closing and deleting lines.

Belongs here: the order reads, what is available and promised, and changes of an order after Confirm.
Does not belong here: batch orders (`batches.py`, `orders.py`), shipping and invoicing (`deliveries.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

from fbinfor_assets.sandbox.m3 import batches, deliveries, lines, search, stock
from fbinfor_assets.sandbox.m3.customers import credit_left
from fbinfor_assets.sandbox.m3.delivery_lines import dispatch_line
from fbinfor_assets.sandbox.m3.mi import Nok, money, parse_decimal, plain, to_day
from fbinfor_assets.sandbox.m3.orders import CREATED, line_errors, order_line
from fbinfor_assets.sandbox.m3.world import (
    COMPANY,
    CURRENCY,
    DIVISION,
    WAREHOUSE,
    Call,
    Row,
    World,
    transaction,
)

LEAD_DAYS = 7  # until goods that are not there are promised


# ----------------------------------------------------------------------------------- reading orders


def _order_values(world: World, order: Row) -> Row:
    """Order totals, and the same of what is invoiced (infor-api 2.6, GetHead and GetOrderValue)."""
    sums = lines.order_totals(world, order)
    gross = sum((lines.gross(line) for line in lines.live(order)), Decimal("0.00"))
    heads = [world.state.tables("OINVOH")[id_] for id_ in world.invoices_of_order.ids(order["ORNO"])]
    billed = {
        name: sum((Decimal(head.get(name, "0")) for head in heads), Decimal("0.00"))
        for name in ("NTAM", "VTAM", "IVAM", "ODAM", "EXAM")
    }
    net = billed["NTAM"] + billed["ODAM"] - billed["EXAM"]
    values = {
        "NTAM": sums.net,
        "ODAM": sums.discount,
        "ONET": sums.net - sums.discount,
        "EXAM": sums.charges,
        "ORVA": sums.before_tax,
        "VTAM": sums.tax,
        **dict.fromkeys(("TOAM", "TOPY"), sums.total),
        "BRAM": gross,
        **dict.fromkeys(("INTA", "IRAM"), net),
        "IDAM": billed["ODAM"],
        "INET": net - billed["ODAM"],
        "IXAM": billed["EXAM"],
        "IRVA": billed["NTAM"],
        "IVTA": billed["VTAM"],
        **dict.fromkeys(("ITOA", "ITOP"), billed["IVAM"]),
        **dict.fromkeys(("EFAM", "ROAM", "IFAM", "IROA"), Decimal(0)),
    }
    return {name: money(value) for name, value in values.items()}


@transaction("OIS100MI", "GetHead")
def get_head(call: Call) -> list[Row]:
    world = call.world
    order = world.order(call.record["ORNO"])
    context = {"CONO": COMPANY, "DIVI": DIVISION, "STAT": order["ORST"], "TXAP": "1"}
    charges = order.get("charges", ())
    context |= {"PRT2": order.get("PRTX", ""), "EXTX": charges[0]["CRD0"][:30] if charges else ""}
    return [{**order, **_order_values(world, order), **context}]


@transaction("OIS100MI", "GetOrderValue")
def get_order_value(call: Call) -> list[Row]:
    order = call.world.order(call.record["ORNO"])
    return [{**_order_values(call.world, order), "CUCD": order["CUCD"]}]


@transaction("OIS100MI", "LstHead")
def list_heads(call: Call) -> list[Row]:
    """Orders of a customer; ORSL and ORST bound the lowest status from below and the highest from above."""
    world, cuno = call.world, call.record["CUNO"].upper()
    low, high = call.text("ORSL"), call.text("ORST", "99")
    orders = (world.order(orno) for orno in world.orders_of_customer.ids(cuno))
    return [
        {**order, "STAT": order["ORST"]} for order in orders if order["ORSL"] >= low and order["ORST"] <= high
    ]


def _shown(world: World, order: Row, line: Row) -> Row:
    item = world.state.get("MITMAS", line["ITNO"]) or {}
    description = line.get("ITDS") or item.get("ITDS", "")
    return {"TEDS": description, **lines.shown(order, line), "ITDS": description[:30], "ORCO": "GB"}


@transaction("OIS100MI", "LstLine")
def list_lines(call: Call) -> Iterator[Row]:
    """Lines of an order; ORST and ITNO select."""
    world = call.world
    order = world.order(call.record["ORNO"])
    status, itno = call.text("ORST"), call.text("ITNO").upper()
    return (
        _shown(world, order, line)
        for line in lines.live(order)
        if (not status or line["ORST"] == status) and (not itno or line["ITNO"] == itno)
    )


def _line(call: Call) -> tuple[Row, Row]:
    order = call.world.order(call.record["ORNO"])
    ponr = call.record["PONR"]
    found = order["lines"][int(ponr) - 1] if ponr.isdigit() and 0 < int(ponr) <= len(order["lines"]) else None
    if found is None or "DELD" in found:
        raise Nok("WPO0303", "PONR", ponr)
    return order, found


@transaction("OIS100MI", "GetLine")
def get_line(call: Call) -> list[Row]:
    order, line = _line(call)
    return [_shown(call.world, order, line)]


@transaction("OIS100MI", "LstLineBOD")
def list_lines_in_full(call: Call) -> Iterator[Row]:
    """Lines with the quantities of every step, as a SalesOrder document needs them."""
    for row in list_lines(call):
        more = {
            "LOCD": CURRENCY,
            "DWDZ": row["DWDT"],
            "CODZ": row["CODT"],
            "CONQ": row["ORQT"],
            "ITDS": row["TEDS"],
        }
        yield {**row, **more}


@transaction("OIS100MI", "SearchHead")
def search_heads(call: Call) -> Iterator[Row]:
    """Orders found by SQRY; NTAM is their net value."""
    world = call.world
    known = {
        "ORNO": lambda value: [value] if world.state.get("OOHEAD", value) else [],
        "PYRE": world.orders_of_reference.ids,
        "CUNO": world.orders_of_customer.ids,
    }
    found = search.rows(call.record["SQRY"], world.state.tables("OOHEAD"), known)
    return (_searched(world, order) for order in found)


def _searched(world: World, order: Row) -> Row:
    key = {"PGNM": "OIS100", "FILE": "OOHEAD", "KSTR": f"{COMPANY} {order['ORNO']}", "RLDZ": order["RLDT"]}
    return {**order, **key, "NTAM": money(lines.order_totals(world, order).net), "OBLC": "0"}


@transaction("OIS100MI", "LstDelLineByCO")
def list_deliveries_of_line(call: Call) -> list[Row]:
    """Deliveries, and picking lists not reported yet, of one order line."""
    world = call.world
    order, line = _line(call)
    rows = []
    for dlix in world.deliveries_of_order.ids(order["ORNO"]):
        delivery = world.state.tables("ODHEAD")[dlix]
        found = (entry for entry in delivery["lines"] if entry["PONR"] == line["PONR"])
        rows += [dispatch_line(world, order, delivery, entry) for entry in found]
    return rows


# --------------------------------------------------------------------------------- what is available


def _free(world: World, whlo: str, itno: str) -> Decimal | None:
    """What is on hand and not allocated; None for an item nobody received or counted while stock has no end
    (switch `negative_stock`)."""
    free = stock.free(world, whlo, itno)
    balance = world.state.get("MITBAL", f"{whlo}/{itno}") or {}
    real = stock.is_valued(world, itno) or balance.get("INDT")
    return free if real or world.switches["negative_stock"] == "refused" else None


@transaction("OIS100MI", "GetOrderPromise")
def get_order_promise(call: Call) -> list[Row]:
    """On the asked day what is free in stock; the rest a week later. Of an item never received all is there."""
    world, itno = call.world, call.record["ITNO"].upper()
    item = world.state.get("MITMAS", itno)
    if item is None:
        raise Nok("WIT0103", "ITNO", itno)
    factor = lines.units(call.text("ALUN"), item["UNMS"])
    if factor is None:
        raise Nok("XRE0103", "ALUN")
    wanted = parse_decimal(call.record["ORQT"], "ORQT") * factor
    asked = max(call.day("DWDT", world.today()), world.today())
    free = _free(world, call.text("WHLO", WAREHOUSE), itno)
    if free is None or wanted <= free:
        return [{"AVTQ": plain(wanted), "UNMS": item["UNMS"], "AVDT": asked}]
    later = (to_day(asked) + timedelta(days=LEAD_DAYS)).strftime("%Y%m%d")
    now = {"AVTQ": plain(max(free, Decimal(0))), "UNMS": item["UNMS"], "AVDT": asked}
    rest = {"AVTQ": plain(wanted - max(free, Decimal(0))), "UNMS": item["UNMS"], "AVDT": later}
    return [now, rest] if free > 0 else [rest]


@transaction("OIS100MI", "LstNewBalances")
def list_new_balances(call: Call) -> Iterator[Row]:
    """Balances changed at or after LMTS: on hand less what orders hold."""
    world = call.world
    since = call.number("LMTS")
    stock.settle(world)
    table = world.state.tables("MITBAL")
    changed = (table[ref[0]] for ref in world.changes["MITBAL"].after(since, inclusive=True))
    return (_available(world, row["WHLO"], row["ITNO"]) for row in changed)


def _available(world: World, whlo: str, itno: str) -> Row:
    free = plain(stock.free(world, whlo, itno))
    return {"WHLO": whlo, "ITNO": itno, "AV01": free, "AV02": free}


@transaction("OIS100MI", "CheckCredit")
def check_credit(call: Call) -> list[Row]:
    """Would an amount pass the payer's credit limit? NOK with the code of a credit stop if not."""
    world = call.world
    payer = world.customer(world.customer(call.record["CUNO"])["PYNO"])
    if call.text("CUCD", CURRENCY) != CURRENCY:
        raise Nok("XRE0103", "CUCD")
    amount, left = parse_decimal(call.text("AMNT", "0"), "AMNT"), credit_left(world, payer["CUNO"])
    if payer.get("BLCD", "0") not in ("", "0"):
        text = f"Customer {payer['CUNO']} is stopped (code {payer['BLCD']})"
        raise Nok(world.switches["code_credit_stop"], "CUNO", text=text)
    if left is not None and amount > left:
        text = f"Credit limit {payer['CRLM']} exceeded: {money(left)} left, {money(amount)} asked"
        raise Nok(world.switches["code_credit_stop"], "AMNT", text=text)
    return []


# -------------------------------------------------------------------------------- changing an order


@transaction("OIS100MI", "AddLineBatchEnt")
def add_line(call: Call) -> list[Row]:
    """Add a line to an order that stands, by way of batch entry: it is there at once, or refused."""
    world = call.world
    order = world.order(call.record["ORNO"])
    ponr = str(len(order["lines"]) + 1)
    if order["ORSL"] >= "77":
        raise Nok("XST0020", "ORNO")
    if call.text("PONR", ponr) != ponr:
        taken = call.record["PONR"].isdigit() and 0 < int(call.record["PONR"]) < int(ponr)
        raise Nok("XRE0104" if taken else "WPO0303", "PONR", call.record["PONR"])
    entered = batches.entered_line(call, order, ponr)
    for error in line_errors(world, order["ORTP"], entered):
        raise Nok(error["MSID"], text=error["MDTA"])
    made = order_line(world, entered)
    left, value = credit_left(world, order["PYNO"]), lines.totals(world, order, [lines.net(made)]).total
    if left is not None and value > max(left, Decimal(0)):
        text = f"Credit limit exceeded: {money(left)} left, {money(value)} added"
        raise Nok(world.switches["code_credit_stop"], text=text)
    deliveries.save_order(world, order, [*order["lines"], made])
    call.wrote("order", order["ORNO"])
    return [{"ORNO": order["ORNO"], "STAT": CREATED, "PONR": ponr, "POSX": "0", "ATNR": "0"}]


@transaction("OIS100MI", "DelLine")
def delete_line(call: Call) -> list[Row]:
    """Delete a line of which nothing was delivered or picked."""
    order, line = _line(call)
    if Decimal(line["DLQT"]) or lines.picked(line) or "CLSD" in line:
        raise Nok("XST0020", "PONR")
    deliveries.delete_line(call.world, order, line["PONR"])
    call.wrote("order", order["ORNO"])
    return []


@transaction("OIS100MI", "CloLine")
def close_line(call: Call) -> list[Row]:
    """Close a line: what is left is not delivered any more."""
    for name in ("ORNO", "PONR"):
        if not call.text(name):
            text = f"Mandatory input field {name} is missing"
            raise Nok("", name, text=text, kind="MandatoryInputFieldNotFound")
    order, line = _line(call)
    if not lines.remaining(line) or lines.picked(line):
        raise Nok("XST0020", "PONR")
    deliveries.close_line(call.world, order["ORNO"], line["PONR"])
    call.wrote("order", order["ORNO"])
    return []
