"""What people do in sales, warehouse and receivables beside what `control.py` has: more verbs of the control plane.

Belongs here: picking lists, interrupted batch orders, manual invoices, write-offs, what is said of a delivery.
Does not belong here: the routes and how wrong input is answered (`control.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from fbinfor_assets.sandbox.m3 import deliveries, manual_invoices, orders, receivables
from fbinfor_assets.sandbox.m3.world import World
from fbinfor_assets.sandbox.state import Row

# What the verbs call the fields of a delivery and of a package -> (M3 field, most characters).
_DELIVERY = {
    "method": ("MODL", 3),
    "terms": ("TEDL", 3),
    "tracking": ("ETRN", 30),
    "shipment": ("CONN", 7),
    "carrier": ("FWNO", 10),
}
_PACKAGE = {
    "number": ("PANR", 20),
    "sscc": ("SSCC", 18),
    "kind": ("PACT", 6),
    "tracking": ("ETRN", 30),
    "weight": ("GRWE", 11),
    "volume": ("VOL3", 11),
}


def _day(world: World, body: Row) -> str:
    text = body.get("date")
    return date.fromisoformat(text).strftime("%Y%m%d") if text else world.today()


def _text(body: Row, name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str | int) or isinstance(value, bool) or not str(value).strip():
        raise ValueError(f'"{name}" is missing')
    return str(value).strip()


def _amount(value: Any, what: str) -> Decimal:
    if not isinstance(value, str | int) or isinstance(value, bool):
        raise ValueError(f"{what} is {value!r}; give a decimal as text")
    try:
        return Decimal(value)
    except InvalidOperation:
        raise ValueError(f"{what} is {value!r}; give a decimal as text") from None


def _fields(body: Row, names: dict[str, tuple[str, int]]) -> Row:
    found = {}
    for name, (field, length) in names.items():
        if body.get(name) in (None, ""):
            continue
        value = _text(body, name)
        if len(value) > length:
            raise ValueError(f"{name} is {len(value)} characters long, at most {length} fit into {field}")
        found[field] = value
    return found


def details(body: Row) -> Row:
    """What a fulfil or pick verb says of its delivery: carrier, tracking, shipment (given with them if not said),
    method, terms, and "packages": [{number?, sscc?, kind?, tracking?, weight?, volume?}]."""
    found = _fields(body, _DELIVERY)
    if "CONN" in found and not found["CONN"].isdigit():
        raise ValueError(f"shipment is {found['CONN']!r}; it must be a number")
    packages = [_fields(package, _PACKAGE) for package in body.get("packages", [])]
    for package in packages:
        for name in ("GRWE", "VOL3"):
            _amount(package.get(name, "0"), name)
    if packages:
        named = (
            package if "PANR" in package else {**package, "PANR": f"{at}"}
            for at, package in enumerate(packages, 1)
        )
        found["packages"] = list(named)
    return found


def pick(world: World, body: Row) -> Any:
    """{"orno", "date"?, "lines"?: "all" | [{"ponr", "quantity"}], ...}: put lines on a picking list, to be reported
    by MWS420MI Confirm or the verb issue."""
    wanted = None
    if body.get("lines", "all") != "all":
        wanted = {_text(line, "ponr"): _amount(line.get("quantity"), "quantity") for line in body["lines"]}
    delivery = deliveries.pick(world, _text(body, "orno"), _day(world, body), wanted, details(body))
    world.state.log("people.pick", "delivery", delivery["DLIX"], delivery)
    return {"orno": delivery["ORNO"], "delivery": delivery["DLIX"], "suffix": delivery["PLSX"]}


def issue(world: World, body: Row) -> Any:
    """{"delivery", "date"?, "invoice"?: true}: report a picking list, as MWS420MI Confirm does."""
    dlix = _text(body, "delivery")
    if not dlix.isdigit():
        raise ValueError(f"delivery is {dlix!r}; it must be a number")
    bill = body.get("invoice", True) is not False
    shipment = deliveries.issue(world, int(dlix), _day(world, body), invoice=bill)
    deliveries.log_shipment(world, "people.issue", shipment)
    return {"orno": shipment.orno, "delivery": dlix, "invoice": shipment.invoice and shipment.invoice["IVNO"]}


def interrupt(world: World, body: Row) -> Any:
    """{"count"?: 1}: the next Confirms of batch orders are interrupted (status 55)."""
    count = int(_amount(body.get("count", 1), "count"))
    if count < 0:
        raise ValueError(f"count is {count}; it must not be negative")
    orders.interrupt_next(world, count)
    return {"count": count}


def resume_batch(world: World, body: Row) -> Any:
    """{"orno": temporary number}: go on with a batch order at 55."""
    batch = world.batch(_text(body, "orno"))
    if batch["STAT"] != orders.INTERRUPTED:
        raise ValueError(f"batch order {batch['ORNO']} has status {batch['STAT']}, not {orders.INTERRUPTED}")
    done = orders.confirm(world, batch)
    world.state.log("people.resume-batch", "order", done["ORNR"] or done["ORNO"], body)
    return {"orno": done["ORNR"], "stat": done["STAT"]}


def manual_invoice(world: World, body: Row) -> Any:
    """{"cuno", "date"?, "lines": [{"text", "amount", "account"?}]}: an invoice (a credit if negative) without an
    order; amounts before VAT."""
    lines = [
        (_text(line, "text"), _amount(line.get("amount"), "amount"), str(line.get("account", "")))
        for line in body.get("lines", [])
    ]
    head = manual_invoices.enter(world, _text(body, "cuno"), lines, _day(world, body))
    world.state.log("people.manual-invoice", "invoice", f"{head['INYR']}/{head['CINO']}", body)
    return {"year": head["INYR"], "number": head["CINO"], "tax": head["VTAM"], "total": head["ITAM"]}


def write_off(world: World, body: Row) -> Any:
    """{"pyno", "cino", "inyr", "amount"?, "date"?}: write off what is open on an item, or a part of it."""
    key = tuple(_text(body, name).upper() for name in ("pyno", "cino", "inyr"))
    amount = _amount(body["amount"], "amount") if "amount" in body else None
    row = receivables.write_off(world, key, amount, _day(world, body))
    world.state.log("people.write-off", "ledger item", f"{key[2]}/{key[1]}", body)
    return {"cino": row["CINO"], "amount": row["CUAM"], "vono": row["VONO"]}


VERBS: dict[str, Callable[[World, Row], Any]] = {
    "/_sandbox/people/pick": pick,
    "/_sandbox/people/issue": issue,
    "/_sandbox/people/interrupt": interrupt,
    "/_sandbox/people/resume-batch": resume_batch,
    "/_sandbox/people/manual-invoice": manual_invoice,
    "/_sandbox/people/write-off": write_off,
}
