"""OIS100MI Confirm: from the batch order that was entered to the order that stands.

Belongs here: what Confirm checks, its statuses and messages, the order it makes, the credit limit.
Does not belong here: entering a batch (`batches.py`), orders that stand (`customer_orders.py`), shipping and
invoicing (`deliveries.py`), which Confirm calls for types invoiced at once.

A batch order is entered under a temporary number, changes nothing else, and becomes an order only by Confirm:
90 created, 15 error in the head, 20 no lines, 25 error in a line, 30 credit stop, 55 interrupted (infor-api
2.6). Confirm itself succeeds in all of these; LstErrMsgOrder says why. A batch not yet confirmed has status 10
here (a guess). M3 is interrupted when the switch `interrupt_every` or a person (people/interrupt) says so; a
further Confirm, or a person (people/resume-batch), then goes on.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal

from fbinfor_assets.sandbox.m3 import deliveries, lines, periods, text_blocks
from fbinfor_assets.sandbox.m3.customers import ACTIVE, check_values, credit_left
from fbinfor_assets.sandbox.m3.items import is_service
from fbinfor_assets.sandbox.m3.mi import Nok, money, plain
from fbinfor_assets.sandbox.m3.world import (
    CURRENCY,
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
INTERRUPTED = "55"
DELIVERY_ADDRESS = "1"  # ADRT
_INTERRUPT_NEXT = "interrupt next"  # how many Confirms a person wants interrupted

# Of an entered line, what is not simply taken over into the order line.
_MADE = frozenset(
    ("ORQT", "SAPR", "WHLO", "LMTS", *(f"{k}{n}" for k in ("DIA", "DIP") for n in lines.DISCOUNTS))
)


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
    adid = batch.get("ADID", "")
    if adid and world.address(batch["CUNO"], DELIVERY_ADDRESS, adid) is None:
        yield _error("1", "WAD1003", adid)


def line_errors(world: World, order_type: str, line: Row) -> Iterator[Row]:
    """What keeps one entered line from becoming an order line."""
    item = world.state.get("MITMAS", line["ITNO"])
    where = f"Line {line['PONR']}: "
    if item is None:
        yield _error("2", "WIT0103", text=f"{where}Item number {line['ITNO']} does not exist")
        return
    if item["STAT"] != "20":
        yield _error("2", "XIT0107", text=f"{where}Item not permitted - status is {item['STAT']}")
    if line.get("WHLO", WAREHOUSE) != WAREHOUSE:
        yield _error("2", "WWH0103", text=f"{where}Warehouse {line['WHLO']} does not exist")
    for name in ("ALUN", "SPUN"):
        if lines.units(line.get(name, ""), item["UNMS"]) is None:
            yield _error("2", "XRE0103", text=f"{where}Unit {line[name]} does not exist for the item")
            return
    quantity = Decimal(line["ORQT"])
    if not quantity:
        yield _error("2", "XNU0000", text=f"{where}Ordered quantity must be entered")
        return
    negatives = order_type == "F02" or world.switches["negative_quantities"] == "any"
    if quantity < 0 and not negatives and not is_service(world, line["ITNO"]):
        yield _error("2", "XNU0003", text=f"{where}Negative value is not permitted")
    try:
        order_line(world, line)
    except Nok as nok:
        yield _error("2", nok.code, text=where + nok.text)


def order_line(world: World, line: Row) -> Row:
    """An entered line as an order line (not stamped yet): in the basic unit, an unpriced one at the item's price,
    every discount as an amount. Raises Nok for discounts above the line's value."""
    item = world.state.tables("MITMAS")[line["ITNO"]]
    kept = {name: value for name, value in line.items() if name not in _MADE}
    made = {**kept, "ORQT": line["ORQT"], "SAPR": line.get("SAPR") or item["SAPR"]}
    if item["UNMS"] != lines.UNIT:
        made["UNMS"] = item["UNMS"]
    factor = lines.units(line.get("ALUN", ""), item["UNMS"])
    if factor and factor != 1:
        made |= {"ORQA": line["ORQT"], "ORQT": plain(Decimal(line["ORQT"]) * factor)}
    made |= {"DLQT": "0", "IVQT": "0", "CUPO": line.get("CUPO", "")}
    made |= lines.discounts(world, {**line, **made})
    made["ORST"] = lines.status(made, world.switches["allocation"] == "on_confirm")
    return made


def batch_total(world: World, batch: Row) -> Decimal:
    """Net amount of what was entered so far, as far as it has a price and an item."""
    known = world.state.tables("MITMAS")
    nets = [Decimal(0)]
    for line in batch["lines"]:
        if line["ITNO"] in known and not any(line_errors(world, batch["ORTP"], line)):
            nets.append(lines.net(order_line(world, line)))
        elif "SAPR" in line:
            nets.append(Decimal(line["ORQT"]) * Decimal(line["SAPR"]))
    return sum(nets).quantize(Decimal("0.01"))


# ------------------------------------------------------------------------------------------ the order


def confirm(world: World, batch: Row, *, release_credit: bool = False) -> Row:
    """Check a batch order and create its order if nothing is wrong; gives the batch as it then stands.

    `release_credit` is a person's decision to let it pass the credit limit.
    """
    errors = list(_head_errors(world, batch))
    stat = HEAD_ERROR if errors else ENTERED
    if not errors and not batch["lines"]:
        stat, errors = NO_LINES, [_error("1", "WPO0303", text="The order has no lines")]
    elif not errors:
        errors = [error for line in batch["lines"] for error in line_errors(world, batch["ORTP"], line)]
        stat = LINE_ERROR if errors else ENTERED
    if errors:
        return world.save("OXHEAD", batch["ORNO"], {**batch, "STAT": stat, "errors": errors})

    order = _order(world, batch)
    stop = None if release_credit else _credit_stop(world, order)
    if stop is not None:
        return world.save("OXHEAD", batch["ORNO"], {**batch, "STAT": CREDIT_STOP, "errors": [stop]})

    orno = f"{world.state.next_number('ORNO', 1000001):010d}"
    order = _with_texts(world, {**order, "ORNO": orno}, batch["texts"])
    world.save("OOHEAD", orno, order)
    # The lines now live in the order alone: a batch of 1,100 lines is not kept twice.
    done = {**batch, "STAT": CREATED, "ORNR": orno, "lines": [], "texts": [], "errors": []}
    saved = world.save("OXHEAD", batch["ORNO"], done)
    at_once = {"F02": "credit_invoicing", "F03": "service_invoicing"}.get(batch["ORTP"])
    if at_once and world.switches[at_once] == "on_confirm":
        day = periods.first_open_for_sales(world, world.today())
        with suppress(Nok):  # not on hand: it waits, as an order that stands
            deliveries.log_shipment(world, "job.invoice", deliveries.ship(world, orno, day))
    return saved


_BATCH_ONLY = frozenset(("ORNR", "STAT", "errors", "texts", "LMTS", "LMDT"))


def _order(world: World, batch: Row) -> Row:
    """The order of a batch without errors, not numbered and not stored yet."""
    addresses = {**batch["addresses"]}
    if DELIVERY_ADDRESS not in addresses and (adid := _address_number(world, batch)):
        address = world.address(batch["CUNO"], DELIVERY_ADDRESS, adid)
        addresses[DELIVERY_ADDRESS] = {"ADID": adid, **text_blocks.address_of(address)}
    country = addresses.get(DELIVERY_ADDRESS, {}).get("CSCD", "")
    country = country or world.customer(batch["CUNO"])["CSCD"]
    order_lines = [order_line(world, line) for line in batch["lines"]]
    lowest, highest = lines.head_status(order_lines)
    return {
        **{name: value for name, value in batch.items() if name not in _BATCH_ONLY},
        "ADID": addresses.get(DELIVERY_ADDRESS, {}).get("ADID", ""),
        "addresses": addresses,
        "ORSL": lowest,
        "ORST": highest,
        "VTRT": plain(world.vat_percent(country)),
        "VTCD": VAT_CODE.get(country, "00"),
        "CSCD": country,
        "lines": order_lines,
        **world.born(),
    }


def _address_number(world: World, batch: Row) -> str:
    """The delivery address an order takes: the one it names, else (switch) the customer's first of type 01."""
    if batch.get("ADID") or world.switches["default_address"] == "master":
        return batch.get("ADID", "").upper()
    rows = (world.state.tables("OCUSAD")[id_] for id_ in world.addresses_of_customer.ids(batch["CUNO"]))
    found = [row for row in rows if row["ADRT"] == DELIVERY_ADDRESS]
    return min(found, key=lambda row: (row.get("PRIO") or "9", row["ADID"]))["ADID"] if found else ""


def _with_texts(world: World, order: Row, entered: list[Row]) -> Row:
    """Store the texts entered with a batch; head and lines keep the TXID of the text before and after them."""
    together: dict[tuple[str, str], list[str]] = {}
    for text in entered:
        together.setdefault((text["PONR"], "PRTX" if text["TYTR"] == "1" else "POTX"), []).append(
            text["PARM"]
        )
    for (ponr, which), parts in together.items():
        if not ponr:
            row = text_blocks.add_text(world, "OOHEAD", order["ORNO"], " ".join(parts))
            order[which] = row["TXID"]
        else:
            row = text_blocks.add_text(world, "OOLINE", f"{order['ORNO']:<10}{ponr:>5}", " ".join(parts))
            order["lines"][int(ponr) - 1][which] = row["TXID"]
    return order


def _credit_stop(world: World, order: Row) -> Row | None:
    """The message of a credit stop, if this order takes its payer above the credit limit CRLM (0 = none)."""
    total = lines.order_totals(world, order).total
    payer = world.customer(order["PYNO"])
    if payer.get("BLCD", "0") not in ("", "0"):
        text = f"Customer {payer['CUNO']} is stopped (code {payer['BLCD']})"
        return _error("1", world.switches["code_credit_stop"], text=text)
    left = credit_left(world, order["PYNO"])
    if left is None or total <= 0 or total <= left:
        return None
    limit = Decimal(payer["CRLM"])
    text = f"Credit limit {money(limit)} exceeded: {money(limit - left)} used, order {money(total)}"
    return _error("1", world.switches["code_credit_stop"], text=text)


# ------------------------------------------------------------------------------------------- Confirm


def interrupt_next(world: World, count: int) -> None:
    """Have the next Confirms interrupted (a person's doing)."""
    world.state.set_meta(_INTERRUPT_NEXT, count)


def _interrupted(world: World) -> bool:
    wanted = world.state.meta.get(_INTERRUPT_NEXT, 0)
    if wanted:
        world.state.set_meta(_INTERRUPT_NEXT, wanted - 1)
        return True
    every = world.switches["interrupt_every"]
    return bool(every) and world.state.next_number("confirmed", 1) % every == 0


@transaction("OIS100MI", "Confirm")
def confirm_batch(call: Call) -> list[Row]:
    """Try to create the order; gives its number, or the temporary one with the status that explains why
    not."""
    world, batch = call.world, call.world.batch(call.record["ORNO"])
    if batch["STAT"] == CREATED:
        raise Nok("XST0020", "ORNO")
    if batch["STAT"] != INTERRUPTED and _interrupted(world):
        error = _error("1", "XST0020", text="The creation of the order was interrupted")
        batch = world.save("OXHEAD", batch["ORNO"], {**batch, "STAT": INTERRUPTED, "errors": [error]})
    else:
        batch = confirm(world, batch)
    call.wrote("order", batch["ORNR"] or batch["ORNO"])
    return [{"ORNO": batch["ORNR"] or batch["ORNO"], "STAT": batch["STAT"]}]
