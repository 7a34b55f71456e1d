"""Purchase orders and what is received on them: PPS200MI and PPS001MI.

Belongs here: the stored order (MPHEAD with its lines), line values and statuses, goods receipts (MPLIND).
Does not belong here: how an order is entered (`purchase_batches.py`), supplier invoices, stock itself.

Statuses of a line (M3's own list): 12 waits for authorisation, 15 ready to print, 20 printed, 35 confirmed,
75 put away, 80 invoicing begun, 85 invoiced, 99 deleted. PUSL is the lowest and PUST the highest of what applies
to a line, and of the lines for the head. Received goods are put away at once. Only order category 20 exists.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from fbinfor_assets.sandbox.m3 import periods, search, stock, supplier_matching
from fbinfor_assets.sandbox.m3.mi import Nok, Record, money, parse_decimal, plain
from fbinfor_assets.sandbox.m3.purchase_lines import (
    DELETED,
    PRINTED,
    READY,
    WAITING,
    line_net,
    live,
    new_line,
    open_quantity,
    order_line,
    price,
    purchase_order,
    save_order,
)
from fbinfor_assets.sandbox.m3.suppliers import changed_fields, supplier
from fbinfor_assets.sandbox.m3.world import (
    COMPANY,
    CURRENCY,
    DIVISION,
    EXPENSES,
    GOODS_RECEIVED,
    PAYMENT_DAYS,
    WAREHOUSE,
    Call,
    Row,
    World,
    half_up,
    transaction,
)

# --------------------------------------------------------------------------------------------- reads


def _head(world: World, order: Row) -> Row:
    rows = list(live(order))
    net = money(sum((line_net(line) for line in rows), Decimal(0)))
    total = plain(sum((Decimal(line["ORQA"]) for line in rows), Decimal(0)))
    seller = world.state.get("CIDMAS", order["SUNO"]) or {}
    sums = {"NTAM": net, "BRAM": net, "COAM": net, "SAAM": net, "TOQT": total, "NOLN": str(len(rows))}
    context = {"CONO": COMPANY, "DIVI": DIVISION, "LOCD": CURRENCY, "POTC": "20", "DATE": order["RGDT"]}
    names = {"CONM": seller.get("SUNM", ""), "CSCD": seller.get("CSCD", ""), "TXCU": order["CUCD"]}
    return {**order, **context, **names, **sums, "SLDT": order["LMDT"], "SCDT": order["LMDT"]}


def _line(world: World, order: Row, line: Row) -> Row:
    item = world.state.get("MITMAS", line["ITNO"]) or {}
    amount, unit = money(line_net(line)), plain(price(line))
    received = line["RVQA"]
    return {
        **{name: order[name] for name in ("PUNO", "SUNO", "FACI", "BUYE", "CUCD")},
        **line,
        "CONO": COMPANY,
        "POTC": "20",
        "ITDS": item.get("ITDS", "")[:30],
        "PITD": line.get("PITD") or item.get("ITDS", ""),
        **dict.fromkeys(("LNAM", "LNA2", "SAAM"), amount),
        "CUPR": unit,
        **dict.fromkeys(("CAQA", "SDQA", "RVQT"), received),
        "RJQA": "0",
        "ORQT": line["ORQA"],
        "PUQT": line["ORQA"],
        "CFQT": line["CFQA"],
        "UNMS": item.get("UNMS", "PCS"),
        "LOCD": CURRENCY,
    }


@transaction("PPS200MI", "GetHead")
def get_head(call: Call) -> list[Row]:
    return [_head(call.world, purchase_order(call.world, call.record["PUNO"]))]


@transaction("PPS001MI", "GetHeadBasic")
def get_head_basic(call: Call) -> list[Row]:
    return get_head(call)


@transaction("PPS200MI", "LstLine")
def list_lines(call: Call) -> list[Row]:
    order = purchase_order(call.world, call.record["PUNO"])
    return [_line(call.world, order, line) for line in live(order)]


@transaction("PPS200MI", "GetLine")
def get_line(call: Call) -> list[Row]:
    """The named line; without PNLI the order's first."""
    order = purchase_order(call.world, call.record["PUNO"])
    pnli = call.text("PNLI") or next((line["PNLI"] for line in live(order)), "")
    return [_line(call.world, order, order["lines"][order_line(order, pnli)])]


@transaction("PPS001MI", "GetLine")
def get_confirmation_line(call: Call) -> list[Row]:
    return get_line(call)


@transaction("PPS200MI", "SearchHead")
def search_heads(call: Call) -> Iterator[Row]:
    world = call.world
    known = {"PUNO": lambda puno: [puno], "SUNO": world.purchases.orders_of_supplier.ids}
    found = search.rows(call.record["SQRY"], world.state.tables("MPHEAD"), known)
    return (
        {**_head(world, row), "PGNM": "PPS200", "FILE": "MPHEAD", "KSTR": f"{COMPANY}{row['PUNO']}"}
        for row in found
    )


@transaction("PPS200MI", "LstReceiptsByPO")
def list_receipts(call: Call) -> list[Row]:
    world, wanted = call.world, call.text("PNLI").lstrip("0")
    order = purchase_order(world, call.record["PUNO"])
    table = world.state.tables("MPLIND")
    rows = [table[id_] for id_ in world.purchases.receipts_of_order.ids(order["PUNO"])]
    return [row for row in rows if not wanted or row["PNLI"] == wanted]


# ------------------------------------------------------------------------------------------- changes


def _changeable(call: Call) -> Row:
    order = purchase_order(call.world, call.record["PUNO"])
    if order["PUSL"] >= "85" and list(live(order)):
        raise Nok("XST0020", "PUNO")
    return order


@transaction("PPS200MI", "AddLine")
def add_line(call: Call) -> list[Row]:
    """Add a line to an order that stands."""
    world, order = call.world, _changeable(call)
    line = new_line(world, order, call.record, order["lines"])
    save_order(world, {**order, "lines": [*order["lines"], line]})
    call.wrote("purchase order", order["PUNO"])
    return []


_LINE_DATA = frozenset(("CONO", "PUNO", "PNLI", "PNLS"))


@transaction("PPS200MI", "UpdLine")
def update_line(call: Call) -> list[Row]:
    """Change a line; quantity and price only while nothing of it is received."""
    world, order = call.world, _changeable(call)
    at = order_line(order, call.record["PNLI"])
    line = order["lines"][at]
    data = _numbers(changed_fields(world, call.record, _LINE_DATA))
    if {"ORQA", "PUPR", "PUCD"} & set(data) and (Decimal(line["RVQA"]) or Decimal(line["IVQA"])):
        raise Nok("XST0020", "PNLI")
    lines = list(order["lines"])
    lines[at] = {**_unstamped(line), **data}
    save_order(world, {**order, "lines": lines})
    call.wrote("purchase order", order["PUNO"])
    return []


def _numbers(data: Record) -> Record:
    for name in ("ORQA", "PUPR", "ODI1", "ODI2", "ODI3", "PUCD", "CFQA", "CPPR"):
        if name in data and parse_decimal(data[name] or "0", name) < 0:
            raise Nok("XNU0003", name)
    return data


def _unstamped(line: Row) -> Row:
    """A copy that `World.save` will stamp anew."""
    return {name: value for name, value in line.items() if name != "LMTS"}


@transaction("PPS200MI", "DltLine")
def delete_line(call: Call) -> list[Row]:
    """Delete a line nothing was received or invoiced on."""
    world, order = call.world, _changeable(call)
    at = order_line(order, call.record["PNLI"])
    line = order["lines"][at]
    if Decimal(line["RVQA"]) or Decimal(line["IVQA"]):
        raise Nok("XST0020", "PNLI")
    lines = list(order["lines"])
    lines[at] = {**_unstamped(line), "BASE": DELETED}
    save_order(world, {**order, "lines": lines})
    call.wrote("purchase order", order["PUNO"])
    return []


@transaction("PPS200MI", "UpdHead")
def update_head(call: Call) -> list[Row]:
    world, order = call.world, _changeable(call)
    data = changed_fields(world, call.record, frozenset(("CONO", "PUNO")))
    if data.get("TEPY") and data["TEPY"] not in PAYMENT_DAYS:
        raise Nok("XRE0103", "TEPY")
    if data.get("PRSU"):
        supplier(world, data["PRSU"], "PRSU")
    data |= {name: call.day(name) for name in ("PUDT", "DWDT") if data.get(name)}
    save_order(world, {**order, **data})
    call.wrote("purchase order", order["PUNO"])
    return []


@transaction("PPS200MI", "ApprovePO")
def approve(call: Call) -> list[Row]:
    """Authorise an order that waits for it (12): its lines become ready to print (15)."""
    world, order = call.world, purchase_order(call.world, call.record["PUNO"])
    waiting = [line["BASE"] == WAITING for line in order["lines"]]
    if not any(waiting):
        raise Nok("XST0020", "PUNO")
    lines = [
        {**_unstamped(line), "BASE": READY} if wait else line
        for line, wait in zip(order["lines"], waiting, strict=True)
    ]
    saved = save_order(world, {**order, "lines": lines, "AUTD": call.text("AUTD")})
    call.wrote("purchase order", order["PUNO"])
    return [saved]


@transaction("PPS001MI", "ConfirmLine")
def confirm_line(call: Call) -> list[Row]:
    """The supplier confirms quantity, price or date: the line stands at 35, or at the PUSL that is given."""
    world, order = call.world, _changeable(call)
    at = order_line(order, call.record["PNLI"])
    line = order["lines"][at]
    if line["BASE"] < READY:
        raise Nok("XST0020", "PNLI")
    base = call.text("PUSL", "35")
    if base not in ("31", "32", "33", "35"):
        raise Nok("WST0301", "PUSL", base)
    names = ("CFQA", "CPPR", "CPUC", "SORN", "OEND", "YRE1", "CIAD", "STWH", "CPRD")
    data = _numbers({name: call.text(name) for name in names if call.text(name)})
    data["CODT"] = call.day("CODT", line["DWDT"])
    data.setdefault("CFQA", line["ORQA"])
    lines = list(order["lines"])
    lines[at] = {**_unstamped(line), **data, "BASE": base}
    save_order(world, {**order, "lines": lines})
    call.wrote("purchase order", order["PUNO"])
    return []


# ------------------------------------------------------------------------------------------ receipts


@transaction("PPS001MI", "Receipt")
def receive(call: Call) -> list[Row]:
    """Receive goods: on hand and inventory up, "goods received, not invoiced" up, waiting invoices matched."""
    world, order = call.world, purchase_order(call.world, call.record["PUNO"])
    line = order["lines"][order_line(order, call.record["PNLI"])]
    if line["BASE"] < READY or call.record["PNLS"].strip("0"):
        raise Nok("XST0020" if line["BASE"] < READY else "XRE0103", "PNLI")
    whlo = call.text("WHLO", order["WHLO"])
    if whlo != WAREHOUSE:
        raise Nok("WWH0103", "WHLO", whlo)
    quantity = parse_decimal(call.record["RVQA"], "RVQA")
    if quantity <= 0:
        raise Nok("XNU0003", "RVQA")
    left = open_quantity(line)
    if quantity > left and world.switches["over_receipt"] == "refused":
        text = f"{plain(quantity)} is more than the {plain(left)} left to receive on line {line['PNLI']}"
        raise Nok("XOPC001", "RVQA", text=text)
    day = call.day("TRDT")
    periods.check(world, periods.STOCK, day, "TRDT")
    number = _receive(call, order, line, quantity, day, whlo)
    call.wrote("receipt", number)
    place = {"WHLO": whlo, "ITNO": line["ITNO"], "WHSL": call.text("WHSL", stock.LOCATION)}
    return [{**place, "REPN": number, "BANO": call.text("BANO"), "CAMU": call.text("CAMU")}]


def _receive(call: Call, order: Row, line: Row, quantity: Decimal, day: str, whlo: str) -> str:
    world = call.world
    number = str(world.state.next_number("REPN", 4000001))
    value, text = half_up(quantity * price(line)), f"Receipt {number}"
    refs = {"REPN": number, "RIDN": order["PUNO"], "RIDL": line["PNLI"]}
    if stock.is_stocked(world, line["ITNO"]):
        vono = stock.received(world, line["ITNO"], quantity, value, day, whlo, refs, text)
    else:
        vono = world.post(day, text, [(EXPENSES, value), (GOODS_RECEIVED, -value)], {"stock": number, **refs})
    kept = {name: call.text(name) for name in ("BANO", "CAMU", "SUDO", "RESP", "BREM") if call.text(name)}
    row = {
        **{name: order[name] for name in ("PUNO", "SUNO")},
        **{"PNLI": line["PNLI"], "PNLS": "0", "PNLX": "0", "PUOS": "75", "REPN": number, "WHLO": whlo},
        **{
            "STWH": whlo,
            "WHSL": call.text("WHSL", stock.LOCATION),
            "TRDT": day,
            "TIHM": world.born()["RGTM"][:4],
        },
        **{"RPQA": plain(quantity), "RPQT": plain(quantity), "ITNO": line["ITNO"], "VONO": vono},
        **kept,
        **world.born(),
    }
    world.state.put("MPLIND", int(number), row)
    at = order_line(order, line["PNLI"])
    lines = list(order["lines"])
    lines[at] = {**_unstamped(line), "RVQA": plain(Decimal(line["RVQA"]) + quantity), "RCDT": day}
    lines[at]["RVAM"] = money(Decimal(line.get("RVAM", "0")) + value)
    if call.text("OEND") == "1":
        lines[at]["OEND"] = "1"
    if lines[at]["BASE"] < PRINTED:
        lines[at]["BASE"] = PRINTED
    save_order(world, {**order, "lines": lines})
    supplier_matching.match_waiting(world, order["PUNO"], line["PNLI"], day)
    return number
