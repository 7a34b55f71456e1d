"""OIS100MI: customer orders, from the batch that is entered to the order that stands.

Belongs here: batch orders (OXHEAD), Confirm with its statuses and messages, order reads, closing and deleting
lines.
Does not belong here: shipping and invoicing (`deliveries.py`), which Confirm calls for types invoiced at
once.

A batch order is entered under a temporary number, changes nothing else, and becomes an order only by Confirm:
90 created, 15 error in the head, 20 no lines, 25 error in a line, 30 credit stop (infor-api 2.6). Confirm
itself succeeds in all of these; LstErrMsgOrder says why. A batch not yet confirmed has status 10 here (a
guess).
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from fbinfor_assets.sandbox.m3 import deliveries, lines, periods
from fbinfor_assets.sandbox.m3.customers import ACTIVE, check_values, open_orders, open_receivables
from fbinfor_assets.sandbox.m3.items import is_service
from fbinfor_assets.sandbox.m3.mi import Nok, money, parse_decimal, plain
from fbinfor_assets.sandbox.m3.world import (
    COMPANY,
    CURRENCY,
    DIVISION,
    FACILITY,
    ORDER_TYPES,
    PAYMENT_DAYS,
    VAT_CODE,
    WAREHOUSE,
    Call,
    Row,
    World,
    transaction,
)

ENTERED, HEAD_ERROR, NO_LINES, LINE_ERROR, CREDIT_STOP, CREATED = "10", "15", "20", "25", "30", "90"
DELIVERY_ADDRESS = "1"  # ADRT
_REFUSED_ON_LINES = tuple(f"{kind}{n}" for kind in ("DIA", "DIP") for n in range(1, 7))


# --------------------------------------------------------------------------------------- entering


def _open_batch(call: Call) -> Row:
    batch = call.world.batch(call.record["ORNO"])
    if batch["STAT"] == CREATED:
        raise Nok("XST0020", "ORNO")
    return batch


@transaction("OIS100MI", "AddBatchHead")
def add_batch_head(call: Call) -> list[Row]:
    """Begin a batch order; what the head leaves open comes from the customer."""
    world = call.world
    customer = world.customer(call.record["CUNO"])
    payer = world.customer(call.text("PYNO", customer["PYNO"]), "PYNO")
    days = {name: call.day(name, world.today()) for name in ("RLDT", "ORDT")}
    days |= {name: call.day(name) for name in ("CUDT", "DWDT") if call.text(name)}
    orno = f"T{world.state.next_number('ORNO batch', 1):09d}"
    given = {name: value for name, value in call.record.items() if name != "CONO" and value}
    head = {
        **{name: customer.get(name, "") for name in ("ORTP", "FACI", "WHLO", "TEPY", "CUCD", "LNCD")},
        **{"CUOR": "", "PYRE": "", "YREF": "", "OREF": ""},
        **given,
        **days,
        "ORNO": orno,
        "ORNR": "",
        "STAT": ENTERED,
        "CUNO": customer["CUNO"],
        "PYNO": payer["CUNO"],
        "INRC": call.text("INRC", payer["CUNO"]),
        "lines": [],
        "addresses": {},
        "texts": [],
        "errors": [],
        **world.born(),
    }
    world.save("OXHEAD", orno, head)
    call.wrote("order", orno)
    return [{"ORNO": orno}]


@transaction("OIS100MI", "AddBatchLine")
def add_batch_line(call: Call) -> list[Row]:
    """Add a line; PONR 1, 2, 3 ... in order of arrival. An unknown item is found out at Confirm (switch)."""
    world, batch = call.world, _open_batch(call)
    itno = call.record["ITNO"].upper()
    if world.switches["batch_item_check"] == "on_entry" and world.state.get("MITMAS", itno) is None:
        raise Nok("WIT0103", "ITNO", itno)
    for name in _REFUSED_ON_LINES:
        if call.text(name):
            # Ignoring a discount would silently bill another amount than the caller meant.
            raise Nok(
                "", name, text=f"{name}: discounts per line are not simulated; send the net price in SAPR"
            )
    quantity = parse_decimal(call.text("ORQT", "0"), "ORQT")
    line = {"PONR": str(len(batch["lines"]) + 1), "ITNO": itno, "ORQT": plain(quantity)}
    if call.text("SAPR"):
        price = parse_decimal(call.text("SAPR"), "SAPR", world.switches["price_decimals"])
        if price < 0 and world.switches["negative_prices"] == "refused":
            raise Nok("XNU0003", "SAPR")
        line["SAPR"] = plain(price)
    for name in ("DWDT", "CODT"):
        call.day(name)
    line |= {name: call.text(name) for name in ("ITDS", "CUPO", "WHLO") if call.text(name)}
    world.save("OXHEAD", batch["ORNO"], {**batch, "lines": [*batch["lines"], line]})
    call.wrote("order", batch["ORNO"])
    return [{"PONR": line["PONR"], "POSX": "0", "ATNR": "0"}]


@transaction("OIS100MI", "AddBatchAddress")
def add_batch_address(call: Call) -> list[Row]:
    """Give the order an address of its own; ADRT 1 is where it is delivered, its CSCD decides the VAT."""
    world, batch = call.world, _open_batch(call)
    kind = call.record["ADRT"].lstrip("0")
    if kind in batch["addresses"]:
        raise Nok("XRE0104", "ADRT")
    address = {name: value for name, value in call.record.items() if name not in ("CONO", "ORNO") and value}
    world.save("OXHEAD", batch["ORNO"], {**batch, "addresses": {**batch["addresses"], kind: address}})
    call.wrote("order", batch["ORNO"])
    return []


@transaction("OIS100MI", "AddBatchText")
def add_batch_text(call: Call) -> list[Row]:
    """Add a text line: TYPE 1 head, 2 line (with PONR); TYTR 1 before, 2 after."""
    world, batch = call.world, _open_batch(call)
    if call.record["TYPE"] not in ("1", "2"):
        raise Nok("XOPC001", "TYPE")
    if call.record["TYTR"] not in ("1", "2"):
        raise Nok("XOPC001", "TYTR")
    ponr = call.text("PONR")
    if call.record["TYPE"] == "2" and (not ponr.isdigit() or not 0 < int(ponr) <= len(batch["lines"])):
        raise Nok("WPO0303", "PONR", ponr)
    text = {name: call.record[name] for name in ("TYPE", "TYTR", "PARM")} | {"PONR": ponr}
    world.save("OXHEAD", batch["ORNO"], {**batch, "texts": [*batch["texts"], text]})
    call.wrote("order", batch["ORNO"])
    return []


@transaction("OIS100MI", "DelBatchHead")
def delete_batch_head(call: Call) -> list[Row]:
    """Forget a batch order with its lines; not possible once the order is created."""
    batch = _open_batch(call)
    call.world.state.delete("OXHEAD", batch["ORNO"])
    call.wrote("order", batch["ORNO"])
    return []


# ------------------------------------------------------------------------------------- confirming


def _error(level: str, code: str, *values: object, text: str = "") -> Row:
    message = Nok(code, "", *values, text=text).text
    return {"LEVL": level, "MSID": code, "TX60": message[:60], "MDTA": message[:132]}


def _head_errors(world: World, batch: Row) -> Iterator[Row]:
    customer = world.state.get("OCUSMA", batch["CUNO"])
    if customer is None:
        yield _error("1", "WCU0203", batch["CUNO"])
    elif customer["STAT"] != ACTIVE:
        yield _error(
            "1", "WST0301", customer["STAT"], text=f"Customer {batch['CUNO']} has status {customer['STAT']}"
        )
    if batch["ORTP"] not in ORDER_TYPES:
        yield _error("1", "WTT0403", batch["ORTP"])
    if batch["FACI"] != FACILITY:
        yield _error("1", "WFAC303", batch["FACI"])
    if batch["WHLO"] != WAREHOUSE:
        yield _error("1", "WWH0103", batch["WHLO"])
    if batch["CUCD"] != CURRENCY:
        yield _error("1", "XRE0103", text=f"Currency {batch['CUCD']} does not exist")
    if batch["TEPY"] not in PAYMENT_DAYS:
        yield _error("1", "XRE0103", text=f"Payment terms {batch['TEPY']} do not exist")
    country = batch["addresses"].get(DELIVERY_ADDRESS, {}).get("CSCD", "")
    if country:
        try:
            check_values(world, {"CSCD": country})
        except Nok as nok:
            yield _error("1", nok.code, text=nok.text)


def _line_errors(world: World, batch: Row) -> Iterator[Row]:
    negatives = batch["ORTP"] == "F02" or world.switches["negative_quantities"] == "any"
    for line in batch["lines"]:
        item = world.state.get("MITMAS", line["ITNO"])
        where = f"Line {line['PONR']}: "
        if item is None:
            yield _error("2", "WIT0103", text=f"{where}Item number {line['ITNO']} does not exist")
            continue
        if item["STAT"] != "20":
            yield _error("2", "XIT0107", text=f"{where}Item not permitted - status is {item['STAT']}")
        if line.get("WHLO", WAREHOUSE) != WAREHOUSE:
            yield _error("2", "WWH0103", text=f"{where}Warehouse {line['WHLO']} does not exist")
        quantity = Decimal(line["ORQT"])
        if not quantity:
            yield _error("2", "XNU0000", text=f"{where}Ordered quantity must be entered")
        elif quantity < 0 and not negatives and not is_service(world, line["ITNO"]):
            yield _error("2", "XNU0003", text=f"{where}Negative value is not permitted")


def _order_lines(world: World, batch: Row) -> list[Row]:
    """The batch's lines as order lines (not stamped yet), prices of unpriced lines from the item."""
    allocated = world.switches["allocation"] == "on_confirm"
    made = []
    for line in batch["lines"]:
        price = line.get("SAPR") or world.state.tables("MITMAS")[line["ITNO"]]["SAPR"]
        row = {
            **{name: line[name] for name in ("PONR", "ITNO", "ORQT")},
            **{"SAPR": price, "DLQT": "0", "IVQT": "0", "ORST": "", "CUPO": line.get("CUPO", "")},
        }
        if "ITDS" in line:
            row["ITDS"] = line["ITDS"]
        row["ORST"] = lines.status(row, allocated)
        made.append(row)
    return made


def confirm(world: World, batch: Row, *, release_credit: bool = False) -> Row:
    """Check a batch order and create its order if nothing is wrong; gives the batch as it then stands.

    `release_credit` is a person's decision to let it pass the credit limit.
    """
    errors = list(_head_errors(world, batch))
    stat = HEAD_ERROR if errors else ENTERED
    if not errors and not batch["lines"]:
        stat, errors = NO_LINES, [_error("1", "WPO0303", text="The order has no lines")]
    elif not errors:
        errors = list(_line_errors(world, batch))
        stat = LINE_ERROR if errors else ENTERED
    if errors:
        return world.save("OXHEAD", batch["ORNO"], {**batch, "STAT": stat, "errors": errors})

    country = batch["addresses"].get(DELIVERY_ADDRESS, {}).get("CSCD", "")
    country = country or world.customer(batch["CUNO"])["CSCD"]
    percent = world.vat_percent(country)
    order_lines = _order_lines(world, batch)
    _, _, total = lines.totals(world, order_lines, percent)
    stop = None if release_credit else _credit_stop(world, batch, total)
    if stop is not None:
        return world.save("OXHEAD", batch["ORNO"], {**batch, "STAT": CREDIT_STOP, "errors": [stop]})

    orno = f"{world.state.next_number('ORNO', 1000001):010d}"
    lowest, highest = lines.head_status(order_lines)
    kept = {name: value for name, value in batch.items() if name not in _BATCH_ONLY}
    order = {
        **kept,
        "ORNO": orno,
        "ORSL": lowest,
        "ORST": highest,
        "VTRT": plain(percent),
        "VTCD": VAT_CODE.get(country, "00"),
        "CSCD": country,
        "lines": order_lines,
        **world.born(),
    }
    world.save("OOHEAD", orno, order)
    # The lines now live in the order alone: a batch of 1,100 lines is not kept twice.
    done = {**batch, "STAT": CREATED, "ORNR": orno, "lines": [], "texts": [], "errors": []}
    saved = world.save("OXHEAD", batch["ORNO"], done)
    at_once = {"F02": "credit_invoicing", "F03": "service_invoicing"}.get(batch["ORTP"])
    if at_once and world.switches[at_once] == "on_confirm":
        day = periods.first_open(
            world, periods.STOCK, periods.first_open(world, periods.RECEIVABLES, world.today())
        )
        deliveries.log_shipment(world, "job.invoice", deliveries.ship(world, orno, day))
    return saved


_BATCH_ONLY = frozenset(("ORNR", "STAT", "errors", "LMTS", "LMDT"))


def _credit_stop(world: World, batch: Row, total: Decimal) -> Row | None:
    """The message of a credit stop, if this order takes its payer above the credit limit CRLM (0 = none)."""
    limit = Decimal(world.customer(batch["PYNO"]).get("CRLM") or "0")
    if not limit or total <= 0:
        return None
    used = open_receivables(world, batch["PYNO"])
    if world.switches["credit_includes_orders"]:
        used += open_orders(world, batch["PYNO"])
    if used + total <= limit:
        return None
    text = f"Credit limit {money(limit)} exceeded: {money(used)} used, order {money(total)}"
    return _error("1", "OIS3001", text=text)


@transaction("OIS100MI", "Confirm")
def confirm_batch(call: Call) -> list[Row]:
    """Try to create the order; gives its number, or the temporary one with the status that explains why
    not."""
    batch = confirm(call.world, _open_batch(call))
    call.wrote("order", batch["ORNR"] or batch["ORNO"])
    return [{"ORNO": batch["ORNR"] or batch["ORNO"], "STAT": batch["STAT"]}]


# ---------------------------------------------------------------------------------- reading batches


@transaction("OIS100MI", "GetBatchHead")
def get_batch_head(call: Call) -> list[Row]:
    batch = call.world.batch(call.record["ORNO"])
    status = {"ORSL": "", "ORST": ""}
    if batch["ORNR"]:
        order = call.world.order(batch["ORNR"])
        status = {"ORSL": order["ORSL"], "ORST": order["ORST"]}
    priced = [line for line in batch["lines"] if "SAPR" in line]
    net = sum((Decimal(line["ORQT"]) * Decimal(line["SAPR"]) for line in priced), Decimal(0))
    return [{**batch, **status, "NTAM": money(net)}]


@transaction("OIS100MI", "LstBatchLine")
def list_batch_lines(call: Call) -> list[Row]:
    world, batch = call.world, call.world.batch(call.record["ORNO"])
    if batch["ORNR"]:
        order = world.order(batch["ORNR"])
        return [lines.shown(order, line) for line in lines.live(order)]
    rows = []
    for line in batch["lines"]:
        item = world.state.get("MITMAS", line["ITNO"]) or {}
        defaults = {"SAPR": item.get("SAPR", ""), "ITDS": item.get("ITDS", ""), "WHLO": batch["WHLO"]}
        rows.append({**defaults, **line, "POSX": "0", "DWDT": batch["RLDT"]})
    return rows


@transaction("OIS100MI", "LstErrMsgOrder")
def list_error_messages(call: Call) -> list[Row]:
    return call.world.batch(call.record["ORNO"])["errors"]


@transaction("OIS100MI", "GetOrderNo")
def get_order_number(call: Call) -> list[Row]:
    """The order made from a batch; blank while there is none."""
    return [{"ORNR": call.world.batch(call.record["ORNO"])["ORNR"]}]


# ----------------------------------------------------------------------------------- reading orders


def _order_values(world: World, order: Row) -> Row:
    """Order totals, and the same of what is invoiced (infor-api 2.6, GetHead and GetOrderValue)."""
    live = list(lines.live(order))
    net, tax, total = lines.totals(world, live, Decimal(order["VTRT"]))
    heads = [world.state.tables("OINVOH")[id_] for id_ in world.invoices_of_order.ids(order["ORNO"])]
    billed = {
        name: sum((Decimal(head[name]) for head in heads), Decimal("0.00"))
        for name in ("NTAM", "VTAM", "IVAM")
    }
    zero = dict.fromkeys(("ODAM", "EXAM", "EFAM", "ROAM", "IDAM", "IXAM", "IFAM", "IROA"), "0.00")
    return {
        **zero,
        **dict.fromkeys(("NTAM", "ONET", "ORVA", "BRAM"), money(net)),
        "VTAM": money(tax),
        **dict.fromkeys(("TOAM", "TOPY"), money(total)),
        **dict.fromkeys(("INTA", "INET", "IRVA", "IRAM"), money(billed["NTAM"])),
        "IVTA": money(billed["VTAM"]),
        **dict.fromkeys(("ITOA", "ITOP"), money(billed["IVAM"])),
    }


@transaction("OIS100MI", "GetHead")
def get_head(call: Call) -> list[Row]:
    world = call.world
    order = world.order(call.record["ORNO"])
    context = {"CONO": COMPANY, "DIVI": DIVISION, "STAT": order["ORST"], "TXAP": "1"}
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
    return {**lines.shown(order, line), "ITDS": description[:30], "TEDS": description, "ORCO": "GB"}


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


# -------------------------------------------------------------------------------- changing an order


@transaction("OIS100MI", "DelLine")
def delete_line(call: Call) -> list[Row]:
    """Delete a line of which nothing was delivered."""
    order, line = _line(call)
    if Decimal(line["DLQT"]) or "CLSD" in line:
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
    if not lines.remaining(line):
        raise Nok("XST0020", "PONR")
    deliveries.close_line(call.world, order["ORNO"], line["PONR"])
    call.wrote("order", order["ORNO"])
    return []
