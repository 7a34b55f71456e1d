"""What people do in M3: the simulator's own verbs of the control plane.

Belongs here: shipping, invoicing, closing lines, editing customers, releasing credit stops, updating AR,
vouchers.
Does not belong here: the kernel's verbs (clock, state, writes, reset), anything an API client may call.

Every verb is a POST with a JSON body and is logged with the prefix `people.`. Wrong input is HTTP 400 with
{"error": sentence}, and changes nothing. GET /_sandbox/open-orders is the list people ship from.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fbinfor_assets.sandbox.kernel import json_body, json_response
from fbinfor_assets.sandbox.ledger import UnbalancedError
from fbinfor_assets.sandbox.m3 import (
    control_sales,
    customers,
    deliveries,
    jobs,
    lines,
    orders,
    periods,
    purchase_people,
    receivables,
)
from fbinfor_assets.sandbox.m3.deliveries import FulfilmentError, Shipment
from fbinfor_assets.sandbox.m3.mi import Nok, plain
from fbinfor_assets.sandbox.m3.world import ACCOUNTS, World
from fbinfor_assets.sandbox.state import Row

Verb = Callable[[World, Row], Any]


def _day(world: World, body: Row) -> str:
    text = body.get("date")
    return date.fromisoformat(text).strftime("%Y%m%d") if text else world.today()


def _amount(value: Any, what: str) -> Decimal:
    if not isinstance(value, str | int) or isinstance(value, bool):
        raise ValueError(f"{what} is {value!r}; give a decimal as text")
    try:
        return Decimal(value)
    except InvalidOperation:
        raise ValueError(f"{what} is {value!r}; give a decimal as text") from None


def _number(body: Row, name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str | int) or not str(value).strip():
        raise ValueError(f'"{name}" is missing')
    return str(value).strip()


def _shipped(shipment: Shipment) -> Row:
    head = shipment.invoice
    answer: Row = {"orno": shipment.orno, "delivery": str(shipment.dlix), "invoice": None}
    if head is not None:
        answer["invoice"] = _billed(head)
    return answer


def _billed(head: Row) -> Row:
    return {
        "year": head["YEA4"],
        "number": head["IVNO"],
        "date": head["IDAT"],
        "net": head["NTAM"],
        "tax": head["VTAM"],
        "total": head["IVAM"],
    }


def _fulfil_one(world: World, order: Row, day: str) -> Row:
    wanted = None
    if order.get("lines", "all") != "all":
        wanted = {_number(line, "ponr"): _amount(line.get("quantity"), "quantity") for line in order["lines"]}
    bill = order.get("invoice", True) is not False
    details = control_sales.details(order)
    shipment = deliveries.ship(world, _number(order, "orno"), day, wanted, invoice=bill, details=details)
    deliveries.log_shipment(world, "people.fulfil", shipment)
    return _shipped(shipment)


def fulfil(world: World, body: Row) -> Any:
    """{"orno", "date"?, "lines"?: "all" | [{"ponr", "quantity"}], "invoice"?: true, and what is to be said of the
    delivery (`control_sales.details`)}, or {"date"?, "orders": [...]} for many at once: all of them or none.
    Gives delivery and invoice (net, tax, total) per order."""
    if "orders" in body:
        return {
            "fulfilled": [
                _fulfil_one(world, order, _day(world, {**body, **order})) for order in body["orders"]
            ]
        }
    return _fulfil_one(world, body, _day(world, body))


def invoice(world: World, body: Row) -> Any:
    """{"orno", "date"?}: invoice what was shipped with "invoice": false."""
    heads = deliveries.invoice_deliveries(world, _number(body, "orno"), _day(world, body))
    for head in heads:
        deliveries.log_invoice(world, "people.invoice", head)
    return {"invoices": [_billed(head) for head in heads]}


def cancel_line(world: World, body: Row) -> Any:
    """{"orno", "ponr"}: what the line has left is not delivered any more; "ponr": "all" closes every open
    line."""
    orno, ponr = _number(body, "orno"), _number(body, "ponr")
    chosen = [ponr]
    if ponr == "all":
        chosen = [line["PONR"] for line in lines.live(world.order(orno)) if lines.free(line)]
    for each in chosen:
        deliveries.close_line(world, orno, each)
    world.state.log("people.cancel-line", "order", orno, body)
    order = world.order(orno)
    return {"orno": orno, "orsl": order["ORSL"], "orst": order["ORST"]}


def open_orders(world: World, query: Row) -> Any:
    """GET, ?cuno= for one customer: orders with something left to deliver, and how much of each line."""
    wanted = query.get("cuno")
    names = ("ORNO", "PYRE", "CUOR", "CUNO", "ORTP", "ORDT", "RLDT", "ORSL")
    found = []
    for order in world.unfinished():
        if wanted and order["CUNO"] != wanted:
            continue
        rest = [
            {"ponr": line["PONR"], "itno": line["ITNO"], "quantity": plain(lines.free(line))}
            for line in lines.live(order)
            if lines.free(line)
        ]
        if rest:  # else all of it is on picking lists
            found.append({**{name.lower(): order[name] for name in names}, "lines": rest})
    return {"orders": sorted(found, key=lambda order: order["orno"])}


def customer(world: World, body: Row) -> Any:
    """{"cuno", "TOWN": ..., ...} or {"cuno", "fields": {...}}: change a customer by hand; without "cuno" a
    new one is made from the template (number from M3's own series). Field names as in CRS610MI, any case."""
    given = {name: value for name, value in body.items() if name not in ("cuno", "fields")} | body.get(
        "fields", {}
    )
    values = {name.upper(): str(value) for name, value in given.items()}
    unknown = set(values) - customers.fields_of_a_customer()
    if unknown or not values:
        raise ValueError(f"no customer field: {', '.join(sorted(unknown)) or 'none was given'}")
    if body.get("cuno"):
        row = customers.change_customer(world, _number(body, "cuno"), values)
    else:
        row = customers.add_customer(world, values)
    world.state.log("people.customer", "customer", row["CUNO"], body)
    return {"cuno": row["CUNO"], "stat": row["STAT"], "chno": row["CHNO"]}


def release_credit(world: World, body: Row) -> Any:
    """{"orno": temporary number}: let a batch order at 30 pass the credit limit."""
    batch = world.batch(_number(body, "orno"))
    if batch["STAT"] != orders.CREDIT_STOP:
        raise ValueError(f"batch order {batch['ORNO']} has status {batch['STAT']}, not {orders.CREDIT_STOP}")
    done = orders.confirm(world, batch, release_credit=True)
    world.state.log("people.release-credit", "order", done["ORNR"] or done["ORNO"], body)
    return {"orno": done["ORNR"], "stat": done["STAT"]}


def ar_update(world: World, body: Row) -> Any:
    """{"pbid"}: update AR from a controlled payment batch (switch `ar_update: manual`)."""
    pbid = _number(body, "pbid")
    batch = world.state.get("ARPBHD", int(pbid)) if pbid.isdigit() else None
    if batch is None or batch["STAT"] != receivables.CONTROLLED:
        raise ValueError(f"payment batch {pbid} is not there or not controlled")
    done = receivables.update_ledger(world, batch)
    world.state.log("people.ar-update", "payment", pbid, body)
    return {"pbid": pbid, "stat": done["STAT"], "vono": done["VONO"]}


def voucher(world: World, body: Row) -> Any:
    """{"date"?, "text"?, "lines": [{"account", "amount"}]}: post by hand (a payout, say); debit positive,
    sum 0."""
    postings = [
        (_number(line, "account"), _amount(line.get("amount"), "amount")) for line in body.get("lines", [])
    ]
    unknown = [account for account, _ in postings if account not in ACCOUNTS]
    if unknown or not postings or sum(amount for _, amount in postings):
        raise ValueError(
            f"lines must name known accounts and sum to 0 (unknown: {', '.join(unknown) or 'none'})"
        )
    periods.check(world, periods.GENERAL, _day(world, body), "date")
    vono = world.post(_day(world, body), str(body.get("text", "by hand")), postings, {"by": "people"})
    world.state.log("people.voucher", "voucher", vono, body)
    return {"vono": vono}


VERBS: dict[str, Verb] = {
    "/_sandbox/fulfil": fulfil,
    "/_sandbox/invoice": invoice,
    "/_sandbox/cancel-line": cancel_line,
    "/_sandbox/people/customer": customer,
    "/_sandbox/people/release-credit": release_credit,
    "/_sandbox/people/ar-update": ar_update,
    "/_sandbox/people/voucher": voucher,
    **control_sales.VERBS,
    **purchase_people.VERBS,
}


def routes(world: World) -> list[Route]:
    """The verbs as routes, and the list people ship from."""

    async def list_open_orders(request: Request) -> Response:
        return json_response(open_orders(world, dict(request.query_params)))

    verbs = [Route(path, _endpoint(world, verb), methods=["POST"]) for path, verb in VERBS.items()]
    return [*verbs, Route("/_sandbox/open-orders", list_open_orders, methods=["GET"])]


def _endpoint(world: World, verb: Verb) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        try:
            body = await json_body(request)
            if not isinstance(body, dict):
                raise ValueError("the body must be a JSON object")
            jobs.run(world)
            answer = verb(world, body)
        except Nok as nok:
            return json_response({"error": nok.text, "code": nok.code}, 400)
        except (FulfilmentError, UnbalancedError, ValueError, TypeError, KeyError, AttributeError) as error:
            return json_response({"error": str(error)}, 400)
        world.state.commit()
        return json_response(answer)

    return endpoint
