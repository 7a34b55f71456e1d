"""OIS100MI: entering a batch order: its head, lines, addresses, texts and charges, and changing them.

Belongs here: what may be entered, and what is said at once about it.
Does not belong here: Confirm and what it finds out (`orders.py`), orders that stand (`customer_orders.py`).

Nothing entered here changes anything else. An order as a whole may have a discount in per cent (OTDP); a
discount amount for the whole order (OTBA) and calculation factors of charges (CRFA, CHPD) are refused, because
ignoring them would bill another amount than the caller meant.
"""

from __future__ import annotations

from fbinfor_assets.sandbox.m3 import lines, text_blocks
from fbinfor_assets.sandbox.m3.customers import given_changes
from fbinfor_assets.sandbox.m3.mi import Nok, parse_decimal, plain
from fbinfor_assets.sandbox.m3.orders import CREATED, ENTERED, batch_total
from fbinfor_assets.sandbox.m3.world import CASH_DISCOUNTS, CHARGES, Call, Row, World, transaction

# What is kept of an entered line as it was sent; everything else of it is understood or not simulated.
_DETAILS = (
    "ITDS TEDS CUPO WHLO CUOR ALUN SPUN ADID MODL TEPY LTYP POPN ALWT ALWQ PROJ ELNO RSCD DLSP DLSX JDCD TEPA "
    "PACT AGNO CAMU CUPA CMNO EXHE EXCN DWHM COHM"
)


def open_batch(call: Call) -> Row:
    """The batch order of a call, as long as no order was made of it. Raises Nok XRE0103, XST0020."""
    batch = call.world.batch(call.record["ORNO"])
    if batch["STAT"] == CREATED:
        raise Nok("XST0020", "ORNO")
    return batch


def _save(call: Call, batch: Row, **changed: object) -> None:
    call.world.save("OXHEAD", batch["ORNO"], {**batch, **changed})
    call.wrote("order", batch["ORNO"])


# ---------------------------------------------------------------------------------------------- head


def _check_head(world: World, values: Row) -> None:
    if parse_decimal(values.get("OTBA") or "0", "OTBA"):
        raise Nok("", "OTBA", text="OTBA: order discount amounts are not simulated; send OTDP or DIA1")
    if values.get("OTDP") and not 0 <= parse_decimal(values["OTDP"], "OTDP", 2) <= 100:
        raise Nok("XNU0000", "OTDP")
    if values.get("TECD") and values["TECD"] not in CASH_DISCOUNTS:
        raise Nok("XRE0103", "TECD")
    for name in ("PYNO", "INRC"):
        if values.get(name):
            world.customer(values[name], name)


@transaction("OIS100MI", "AddBatchHead")
def add_batch_head(call: Call) -> list[Row]:
    """Begin a batch order; what the head leaves open comes from the customer."""
    world = call.world
    customer = world.customer(call.record["CUNO"])
    payer = world.customer(call.text("PYNO", customer["PYNO"]), "PYNO")
    _check_head(world, call.record)
    days = {name: call.day(name, world.today()) for name in ("RLDT", "ORDT")}
    days |= {name: call.day(name) for name in ("CUDT", "DWDT", "FDED", "LDED") if call.text(name)}
    orno = f"T{world.state.next_number('ORNO batch', 1):09d}"
    given = {name: value for name, value in call.record.items() if name != "CONO" and value}
    defaults = ("ORTP", "FACI", "WHLO", "TEPY", "CUCD", "LNCD", "MODL", "TEDL", "TECD", "SMCD")
    head = {
        **{name: customer.get(name, "") for name in defaults},
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
        "charges": [],
        "errors": [],
        **world.born(),
    }
    world.save("OXHEAD", orno, head)
    call.wrote("order", orno)
    return [{"ORNO": orno}]


@transaction("OIS100MI", "ChgBatchHead")
def change_batch_head(call: Call) -> list[Row]:
    """Change the head of a batch order; order type and facility must always be said."""
    batch = open_batch(call)
    changed = given_changes(call.world, call.record, frozenset(("CONO", "ORNO")))
    _check_head(call.world, changed)
    for name in ("RLDT", "FDED", "LDED"):
        if changed.get(name):
            changed[name] = call.day(name)
    if changed.get("RLDT") == "":
        raise Nok("XDT0001", "RLDT")
    for name in ("PYNO", "INRC"):
        if name in changed:
            # Cleared, it is again what a new order would have.
            changed[name] = changed[name].upper() or call.world.customer(batch["CUNO"])["PYNO"]
    _save(call, batch, **changed, CHNO=call.world.next_change(batch))
    return []


@transaction("OIS100MI", "DelBatchHead")
def delete_batch_head(call: Call) -> list[Row]:
    """Forget a batch order with its lines; not possible once the order is created."""
    batch = open_batch(call)
    call.world.remove("OXHEAD", batch["ORNO"])
    call.wrote("order", batch["ORNO"])
    return []


@transaction("OIS100MI", "AddBatchAddress")
def add_batch_address(call: Call) -> list[Row]:
    """Give the order an address of its own; ADRT 1 is where it is delivered, its CSCD decides the VAT.

    With ADID it begins as that address of the customer.
    """
    world, batch = call.world, open_batch(call)
    kind = call.record["ADRT"].lstrip("0")
    if kind in batch["addresses"]:
        raise Nok("XRE0104", "ADRT")
    address = {name: value for name, value in call.record.items() if name not in ("CONO", "ORNO") and value}
    adid = call.text("ADID")
    known = world.address(batch["CUNO"], kind, adid) if adid else None
    if known is not None:
        address = {**text_blocks.address_of(known), **address}
    elif adid and not call.text("CUA1"):
        raise Nok("WAD1003", "ADID", adid)
    _save(call, batch, addresses={**batch["addresses"], kind: address})
    return []


@transaction("OIS100MI", "AddBatchHeadChg")
def add_head_charge(call: Call) -> list[Row]:
    """Add a charge to the order; it is billed with the order's first invoice."""
    _add_charge(call, "")
    return []


@transaction("OIS100MI", "AddBatchLineChg")
def add_line_charge(call: Call) -> list[Row]:
    """Add a charge to a line; it is billed with the first invoice of that line."""
    ponr = call.record["PONR"].lstrip("0")
    _line(open_batch(call), ponr)
    _add_charge(call, ponr)
    return []


def _add_charge(call: Call, ponr: str) -> None:
    world, batch = call.world, open_batch(call)
    crid = call.record["CRID"].upper()
    if crid not in CHARGES:
        raise Nok("XRE0103", "CRID")
    for name in ("CRFA", "CHPD"):
        if parse_decimal(call.text(name, "0"), name):
            raise Nok("", name, text=f"{name}: calculated charges are not simulated; send CRAM alone")
    if call.text("CUCD", batch["CUCD"]) != batch["CUCD"]:
        raise Nok("XRE0103", "CUCD")
    if any((charge["CRID"], charge["PONR"]) == (crid, ponr) for charge in batch["charges"]):
        raise Nok("XRE0104", "CRID")
    amount = parse_decimal(call.text("CRAM", "0"), "CRAM", 2)
    if not amount:
        raise Nok("XNU0000", "CRAM")
    if amount < 0 and batch["ORTP"] != "F02" and world.switches["negative_prices"] == "refused":
        raise Nok("XNU0003", "CRAM")
    charge = {"CRID": crid, "CRD0": call.text("CRD0", CHARGES[crid][0]), "CRAM": f"{amount:.2f}"}
    _save(call, batch, charges=[*batch["charges"], {**charge, "PONR": ponr, "DLIX": ""}])


# --------------------------------------------------------------------------------------------- lines


def _line(batch: Row, ponr: str) -> Row:
    if not ponr.isdigit() or not 0 < int(ponr) <= len(batch["lines"]):
        raise Nok("WPO0303", "PONR", ponr)
    return batch["lines"][int(ponr) - 1]


def entered_line(call: Call, head: Row, ponr: str) -> Row:
    """The line of a call as it is kept until Confirm. Raises Nok for what can never become a line.

    An unknown item is found out at Confirm (switch `batch_item_check`).
    """
    world, record = call.world, call.record
    itno = record["ITNO"].upper()
    if world.switches["batch_item_check"] == "on_entry" and world.state.get("MITMAS", itno) is None:
        raise Nok("WIT0103", "ITNO", itno)
    quantity = parse_decimal(call.text("ORQT", "0"), "ORQT")
    line = {"PONR": ponr, "ITNO": itno, "ORQT": plain(quantity)}
    if call.text("SAPR"):
        price = parse_decimal(call.text("SAPR"), "SAPR", world.switches["price_decimals"])
        if price < 0 and world.switches["negative_prices"] == "refused":
            raise Nok("XNU0003", "SAPR")
        line["SAPR"] = plain(price)
    if call.text("SACD"):
        per = parse_decimal(call.text("SACD"), "SACD", 0)
        if per <= 0:
            raise Nok("XNU0000", "SACD")
        line["SACD"] = plain(per)
    for name in ("TEPY", "ADID"):
        # M3 would split the delivery: other terms or another address are another invoice.
        if call.text(name) and call.text(name) != head.get(name, ""):
            raise Nok("", name, text=f"{name}: a line's own value is not simulated; enter another order")
    line |= {name: call.day(name) for name in ("DWDT", "CODT") if call.text(name)}
    line |= {name: call.text(name) for name in _DETAILS.split() if call.text(name)}
    return line | lines.entered_discounts(record)


@transaction("OIS100MI", "AddBatchLine")
def add_batch_line(call: Call) -> list[Row]:
    """Add a line; PONR 1, 2, 3 ... in order of arrival."""
    batch = open_batch(call)
    line = entered_line(call, batch, str(len(batch["lines"]) + 1))
    _save(call, batch, lines=[*batch["lines"], line])
    return [{"PONR": line["PONR"], "POSX": "0", "ATNR": "0"}]


@transaction("OIS100MI", "ChgBatchLine")
def change_batch_line(call: Call) -> list[Row]:
    """Change a line: what is not sent stays, ITNO and PONR must always be said."""
    batch = open_batch(call)
    ponr = call.record["PONR"].lstrip("0")
    before = {name: value for name, value in _line(batch, ponr).items() if name != "LMTS"}
    # Kept as YYYYMMDD, whatever format this call has.
    days = {name: before.pop(name) for name in ("DWDT", "CODT") if name in before}
    sent = given_changes(call.world, call.record, frozenset(("CONO", "ORNO", "PONR", "POSX")))
    # What was kept passes through the same checks once more, as if it had been sent together.
    whole = Call(call.world, {**before, **sent}, call.options, call.operation, call.sent)
    changed = list(batch["lines"])
    changed[int(ponr) - 1] = days | entered_line(whole, batch, ponr)
    _save(call, batch, lines=changed)
    return []


@transaction("OIS100MI", "AddBatchText")
def add_batch_text(call: Call) -> list[Row]:
    """Add a text: TYPE 1 head, 2 line (with PONR); TYTR 1 before, 2 after, 3 beside it (F6)."""
    batch = open_batch(call)
    if call.record["TYPE"] not in ("1", "2"):
        raise Nok("XOPC001", "TYPE")
    if call.record["TYTR"] not in ("1", "2", "3"):
        raise Nok("XOPC001", "TYTR")
    ponr = call.text("PONR") if call.record["TYPE"] == "2" else ""
    if call.record["TYPE"] == "2":
        _line(batch, ponr)
    text = {name: call.record[name] for name in ("TYPE", "TYTR", "PARM")} | {"PONR": ponr}
    text |= {name: call.text(name) for name in ("TXHE", "LNCD", "TX40", "TXEI") if call.text(name)}
    _save(call, batch, texts=[*batch["texts"], text])
    return []


# ------------------------------------------------------------------------------------------- reading


@transaction("OIS100MI", "GetBatchHead")
def get_batch_head(call: Call) -> list[Row]:
    world, batch = call.world, call.world.batch(call.record["ORNO"])
    if batch["ORNR"]:
        order = world.order(batch["ORNR"])
        net = lines.order_totals(world, order).net
        return [{**batch, "ORSL": order["ORSL"], "ORST": order["ORST"], "NTAM": str(net)}]
    return [{**batch, "ORSL": "", "ORST": "", "NTAM": str(batch_total(world, batch))}]


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
        rows.append({"DWDT": batch["RLDT"], **defaults, **line, "POSX": "0"})
    return rows


@transaction("OIS100MI", "LstErrMsgOrder")
def list_error_messages(call: Call) -> list[Row]:
    return call.world.batch(call.record["ORNO"])["errors"]


@transaction("OIS100MI", "GetOrderNo")
def get_order_number(call: Call) -> list[Row]:
    """The order made from a batch; blank while there is none."""
    return [{"ORNR": call.world.batch(call.record["ORNO"])["ORNR"]}]
