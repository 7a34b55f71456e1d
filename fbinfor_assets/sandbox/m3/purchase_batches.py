"""PPS370MI: purchase orders entered as a batch.

Belongs here: message numbers, batch heads (MXHEAD) with their lines, texts, charges and addresses, and how
finishing an entry makes orders of them.
Does not belong here: orders that stand (`purchasing.py`).

Statuses (Infor's guide to purchase order batch entry): 10 entry in progress, 20 entered, 25 errors, 90 transferred.
Nothing is checked while a batch is entered; the whole message is checked when it is finished, and with the batch
origin's automation level "process" it becomes orders at once (switch `po_batch_level`).
"""

from __future__ import annotations

from fbinfor_assets.sandbox.m3.mi import Nok
from fbinfor_assets.sandbox.m3.purchase_lines import new_line, save_order
from fbinfor_assets.sandbox.m3.suppliers import ACTIVE, ORDER_TYPE, ORDER_TYPES, supplier
from fbinfor_assets.sandbox.m3.world import (
    COMPANY,
    CURRENCY,
    DIVISION,
    FACILITY,
    PAYMENT_DAYS,
    WAREHOUSE,
    Call,
    Row,
    World,
    transaction,
)

ENTERING, ENTERED, ERROR, TRANSFERRED = "10", "20", "25", "90"
_FROM_SUPPLIER = ("LNCD", "CUCD", "TEPY", "PYME", "MODL", "TEDL", "TEAF", "TEPA", "ORTY", "BUYE")


def _entry(call: Call) -> Row:
    """The message under way. Raises Nok."""
    entry = call.world.state.get("MXMSGN", call.record["MSGN"].upper())
    if entry is None:
        raise Nok("XRE0103", "MSGN")
    if entry["STAT"] != ENTERING:
        raise Nok("XST0020", "MSGN")
    return entry


def _heads(world: World, msgn: str) -> list[Row]:
    table = world.state.tables("MXHEAD")
    return [table[id_] for id_ in world.purchases.entry_lines.ids(msgn)]


def _head(call: Call, msgn: str) -> Row:
    """The head a line or text belongs to: by PUNO, by HREF, else the message's latest. Raises Nok."""
    wanted = {name: call.text(name) for name in ("PUNO", "HREF") if call.text(name)}
    heads = _heads(call.world, msgn)
    for head in reversed(heads):
        if all(head.get(name, "") == value for name, value in wanted.items()):
            return head
    raise Nok("WPU0803", "PUNO", text=f"Message {msgn} has no such order head")


@transaction("PPS370MI", "StartEntry")
def start_entry(call: Call) -> list[Row]:
    """A message number under which heads and lines are entered."""
    world = call.world
    origins = world.switches["po_batch_origins"].split()
    if origins and call.record["BAOR"] not in origins:
        raise Nok("XRE0103", "BAOR")
    msgn = f"PE{world.state.next_number('MSGN', 1):08d}"
    world.state.put("MXMSGN", msgn, {"MSGN": msgn, "BAOR": call.record["BAOR"], "STAT": ENTERING})
    call.wrote("purchase batch", msgn)
    return [{"MSGN": msgn}]


@transaction("PPS370MI", "AddHead")
def add_head(call: Call) -> list[Row]:
    """Begin an order; the number is given, or comes from the series and stays the order's."""
    world, entry = call.world, _entry(call)
    puno = call.text("PUNO").upper()
    if puno and (world.state.get("MXHEAD", puno) or world.state.get("MPHEAD", puno)):
        raise Nok("XRE0104", "PUNO")
    days = {"DWDT": call.day("DWDT"), "PUDT": call.day("PUDT", world.today())}
    days |= {name: call.day(name) for name in ("LRED", "DUDT") if call.text(name)}
    puno = puno or str(world.state.next_number("PUNO", 2000001))
    given = {name: value for name, value in call.record.items() if name != "CONO" and value}
    parts: Row = {"lines": [], "texts": [], "charges": [], "addresses": [], "accounting": []}
    own = {"PUNO": puno, "MSGN": entry["MSGN"], "STAT": ENTERING, "MSID": "", "MSGD": ""}
    world.state.put("MXHEAD", puno, {**given, **days, **own, **parts, **world.born()})
    call.wrote("purchase batch", puno)
    return [{"PUNO": puno}]


@transaction("PPS370MI", "AddLine")
def add_line(call: Call) -> list[Row]:
    world, entry = call.world, _entry(call)
    head = _head(call, entry["MSGN"])
    pnli = call.text("PNLI").lstrip("0") or str(
        max((int(line["PNLI"]) for line in head["lines"]), default=0) + 1
    )
    if any(line["PNLI"] == pnli for line in head["lines"]):
        raise Nok("XRE0104", "PNLI")
    given = {
        name: value for name, value in call.record.items() if name not in ("CONO", "MSGN", "PUNO") and value
    }
    if given.get("DWDT"):
        given["DWDT"] = call.day("DWDT")
    line = {**given, "PNLI": pnli, "STAT": ENTERING, "MSID": "", "MSGD": ""}
    world.state.put("MXHEAD", head["PUNO"], {**head, "lines": [*head["lines"], line]})
    call.wrote("purchase batch", head["PUNO"])
    return [{"PUNO": head["PUNO"], "PNLI": pnli}]


def _add_part(call: Call, kind: str) -> list[Row]:
    world, entry = call.world, _entry(call)
    head = _head(call, entry["MSGN"])
    part = {name: value for name, value in call.record.items() if name not in ("CONO", "MSGN") and value}
    world.state.put("MXHEAD", head["PUNO"], {**head, kind: [*head[kind], part]})
    call.wrote("purchase batch", head["PUNO"])
    return []


@transaction("PPS370MI", "AddText")
def add_text(call: Call) -> list[Row]:
    return _add_part(call, "texts")


@transaction("PPS370MI", "AddCharge")
def add_charge(call: Call) -> list[Row]:
    return _add_part(call, "charges")


@transaction("PPS370MI", "AddAddress")
def add_address(call: Call) -> list[Row]:
    return _add_part(call, "addresses")


@transaction("PPS370MI", "AddAccString")
def add_accounting(call: Call) -> list[Row]:
    return _add_part(call, "accounting")


@transaction("PPS370MI", "DeleteEntry")
def delete_entry(call: Call) -> list[Row]:
    """Forget a whole message; not possible once it is finished."""
    world, entry = call.world, _entry(call)
    for head in _heads(world, entry["MSGN"]):
        world.remove("MXHEAD", head["PUNO"])
    world.state.delete("MXMSGN", entry["MSGN"])
    call.wrote("purchase batch", entry["MSGN"])
    return []


@transaction("PPS370MI", "FinishEntry")
def finish_entry(call: Call) -> list[Row]:
    """Check every head of the message and make orders of those without an error (switch `po_batch_level`).

    The call itself succeeds either way: GetBatchHead and LstBatchLine say what became of it.
    """
    world, entry = call.world, _entry(call)
    world.state.put("MXMSGN", entry["MSGN"], {**entry, "STAT": ENTERED})
    for head in _heads(world, entry["MSGN"]):
        if world.switches["po_batch_level"] == "process":
            process(world, head)
        else:
            world.state.put("MXHEAD", head["PUNO"], {**head, "STAT": ENTERED})
    call.wrote("purchase batch", entry["MSGN"])
    return []


def _checked_head(world: World, head: Row) -> Row:
    """The order a batch head asks for, without lines. Raises Nok."""
    seller = supplier(world, head["SUNO"])
    if seller["STAT"] != ACTIVE:
        raise Nok("WST0301", "SUNO", text=f"Supplier {seller['SUNO']} has status {seller['STAT']}")
    values = {**{name: seller.get(name, "") for name in _FROM_SUPPLIER}, **head}
    known = (("FACI", (FACILITY,), "WFAC303"), ("WHLO", (WAREHOUSE,), "WWH0103"))
    known += (
        ("ORTY", ORDER_TYPES, "WTT0403"),
        ("CUCD", (CURRENCY,), "XRE0103"),
        ("TEPY", PAYMENT_DAYS, "XRE0103"),
    )
    values["ORTY"] = values["ORTY"] or ORDER_TYPE
    for name, allowed, code in known:
        if values[name] not in allowed:
            raise Nok(code, name, values[name])
    if not head["lines"]:
        raise Nok("XRE0103", "PNLI", text="The order has no lines")
    dropped = ("STAT", "MSID", "MSGD", "lines")
    kept = {name: value for name, value in values.items() if name not in dropped}
    own = {"SUNO": seller["SUNO"], "PRSU": head.get("PRSU") or seller.get("PRSU", ""), "lines": []}
    return {**kept, **own, "YRE1": head.get("YRE1", ""), "BASE": world.switches["po_status"]}


def process(world: World, head: Row) -> Row:
    """Make the order of a batch head, or note at head and lines why it cannot be; gives the head as it stands."""
    lines, made, wrong = [], [], None
    order = None
    try:
        order = _checked_head(world, head)
    except Nok as nok:
        wrong = nok
    for line in head["lines"]:
        error = None
        try:
            if order is not None:
                made.append(new_line(world, order, line, made))
        except Nok as nok:
            error = wrong = nok
        lines.append({**line, "STAT": ERROR if error else ENTERED, **_message(error)})
    if wrong is None and order is not None:
        # The first save is no change: it makes CHNO 1.
        save_order(world, {**order, "lines": made, **world.born(), "CHNO": "0"})
        lines = [{**line, "STAT": TRANSFERRED} for line in lines]
    status = ERROR if wrong else TRANSFERRED
    done = {**head, "lines": lines, "STAT": status, **_message(wrong)}
    world.state.put("MXHEAD", head["PUNO"], done)
    return done


def _message(nok: Nok | None) -> Row:
    return {"MSID": nok.code, "MSGD": nok.text[:78]} if nok else {"MSID": "", "MSGD": ""}


# --------------------------------------------------------------------------------------------- reads


def _batch(call: Call) -> tuple[Row, Row]:
    """A batch head, and what its order adds to it once there is one. Raises Nok."""
    head = call.world.state.get("MXHEAD", call.record["PUNO"].upper())
    if head is None:
        raise Nok("WPU0803", "PUNO", text=f"Purchase order number {call.record['PUNO']} does not exist")
    order = call.world.state.get("MPHEAD", head["PUNO"]) or {}
    status = {name: order.get(name, "") for name in ("PUSL", "PUST")}
    return head, {"CONO": COMPANY, "DIVI": DIVISION, "POTC": "20", **status}


@transaction("PPS370MI", "GetBatchHead")
def get_batch_head(call: Call) -> list[Row]:
    head, context = _batch(call)
    return [{**head, **context}]


@transaction("PPS370MI", "LstBatchLine")
def list_batch_lines(call: Call) -> list[Row]:
    head, context = _batch(call)
    shared = {name: head.get(name, "") for name in ("PUNO", "SUNO", "FACI", "WHLO", "DWDT", "BUYE")}
    defaults = {"PUUN": "PCS", "PPUN": "PCS", "PUCD": "1"}
    return [{**shared, **defaults, **line, **context} for line in head["lines"]]


@transaction("PPS370MI", "GetBatchLine")
def get_batch_line(call: Call) -> list[Row]:
    wanted = call.record["PNLI"].lstrip("0")
    rows = [row for row in list_batch_lines(call) if row["PNLI"] == wanted]
    if not rows:
        raise Nok("XRE0103", "PNLI")
    return rows
