"""OIS350MI: customer order invoices and the deliveries they bill.

Belongs here: the OIS350MI transactions.
Does not belong here: how an invoice is made and posted (`deliveries.py`), what is paid of it
(`receivables.py`).

One currency, one payer and one delivery per invoice, so the amounts in order, invoice and local currency are one.
Information types IVTP: 31 order lines (so in public queries of OINVOL), 50 order discount, 60 charge, 90 VAT: only
31 has a source, the others are a guess.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from fbinfor_assets.sandbox.m3 import deliveries
from fbinfor_assets.sandbox.m3.delivery_lines import delivery_line
from fbinfor_assets.sandbox.m3.mi import Nok, money
from fbinfor_assets.sandbox.m3.world import (
    CASH_DISCOUNTS,
    COMPANY,
    FACILITY,
    Call,
    Row,
    World,
    transaction,
)

_EXEMPT = "00"  # VTCD without VAT
_EXEMPTION = {
    "GB": ("Outside the scope of VAT: goods delivered", "to a country where no VAT is charged here."),
    "DE": ("Steuerfreie Lieferung: hierfür wird", "keine Umsatzsteuer berechnet."),
}


# ---------------------------------------------------------------------------------------------- heads


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
        "CUN2": payer.get("CUNM", ""),
        "INR1": payer.get("CUNM", ""),
        "IVT1": "Invoice" if head["IVTP"] == "31" else "Credit invoice",
        **dict.fromkeys(("IVAV", "IVLA"), head["IVAM"]),
        **dict.fromkeys(("RAFC", "RALC"), money(left)),
        "IVDT": head["IDAT"],
        "FACI": FACILITY,
        "FAC2": FACILITY,
        "CASH": head.get("CASH", "0"),
        "VSER": "100",
        "RAIN": "1",
        "UPAC": "1",
        "CRTP": "1",
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
            if call.text("OOIN") == "1" and not Decimal(_head(call.world, head)["RAFC"]):
                continue
            rows.append({**_head(call.world, head), **_delivery_amounts(call.world, head)})
    return rows


@transaction("OIS350MI", "GetInvHead")
def get_invoice_head(call: Call) -> list[Row]:
    head = _invoice_of(call)
    return [_amounts(_head(call.world, head))]


def _amounts(row: Row) -> Row:
    return {**row, "AMT1": row["IVAM"], "CUC1": row["CUCD"], "AMT2": row["IVAM"], "CUC2": row["CUCD"]}


def _delivery_amounts(world: World, head: Row) -> Row:
    """What the list of an order's deliveries adds: dates and amounts of the delivery (net order value)."""
    delivery = world.state.tables("ODHEAD")[int(head["DLIX"])]
    names = ("ORST", "DLDT", "MODL", "TEDL", "CONN")
    amounts = {"AMT1": head["NTAM"], "AMT2": head["NTAM"], "AICD": "0", "UPST": "1"}
    return {**{name: delivery.get(name, "") for name in names}, **amounts, "PITP": head["IVTP"]}


@transaction("OIS350MI", "LstInvHead")
def list_heads_of_year(call: Call) -> Iterator[Row]:
    """Invoices of a year, from a number on if one is sent."""
    world = call.world
    ids = world.invoices_of_year.ids(call.record["YEA4"])
    return _from_number(call, (world.state.tables("OINVOH")[id_] for id_ in ids))


@transaction("OIS350MI", "LstInvHeadByPay")
def list_heads_of_payer(call: Call) -> Iterator[Row]:
    """Invoices of a payer in a year; OOIN 1: only those not paid."""
    world = call.world
    payer = world.customer(call.record["PYNO"], "PYNO")["CUNO"]
    heads = (world.state.tables("OINVOH")[id_] for id_ in world.invoices_of_payer.ids(payer))
    rows = _from_number(call, (head for head in heads if head["YEA4"] == call.record["YEA4"]))
    only_open = call.text("OOIN") == "1"
    return (row for row in rows if not only_open or Decimal(row["RAFC"]))


def _from_number(call: Call, heads: Iterable[Row]) -> Iterator[Row]:
    first = call.number("IVNO") or call.number("EXIN")
    return (_amounts(_head(call.world, head)) for head in heads if int(head["IVNO"]) >= first)


@transaction("OIS350MI", "LstInvHeadByDel")
def list_heads_of_delivery(call: Call) -> list[Row]:
    """The invoice of one line of a delivery, none while it is not invoiced."""
    world, (delivery, _) = call.world, _delivery(call)
    if not delivery["IVNO"] or not any(e["PONR"] == call.record["PONR"] for e in delivery["lines"]):
        return []
    return [_head(world, world.state.tables("OINVOH")[f"{delivery['YEA4']}/{delivery['IVNO']}"])]


@transaction("OIS350MI", "UpdInvCDS")
def update_cash_desk(call: Call) -> list[Row]:
    """Mark an invoice as one of cash desk sales."""
    head = _invoice_of(call)
    key = f"{head['YEA4']}/{head['IVNO']}"
    call.world.save("OINVOH", key, {**head, "CASH": "1", "CHNO": call.world.next_change(head)})
    call.wrote("invoice", key)
    return []


@transaction("OIS350MI", "RtvSplitDueDate")
def get_split_due_dates(call: Call) -> list[Row]:
    """Due dates of an invoice with their amounts; payment terms are not split here, so it is one."""
    head = _invoice_of(call)
    return [{"DUDT": head["DUDT"], "IVAM": head["IVAM"]}]


@transaction("OIS350MI", "GetCashDiscount")
def get_cash_discount(call: Call) -> list[Row]:
    """Terms of cash discount of an invoice, and what they make in its currency."""
    head = _invoice_of(call)
    terms = head.get("TECD", "")
    days, per_cent = CASH_DISCOUNTS.get(terms, (0, Decimal(0)))
    text = f"{per_cent} % within {days} days" if terms else ""
    amount = head.get("CDAM", "0.00")
    first = {"CDAM": amount, "CDA1": amount, "CDDY": days, "CDT1": head.get("CDT1", ""), "CDPC": per_cent}
    return [{"TECD": terms, "LNCD": call.text("LNCD", "GB"), "TEL1": text, "TEL2": text, **first}]


# ---------------------------------------------------------------------------------- information lines


def _information(world: World, head: Row) -> list[Row]:
    """What an invoice is made of: order lines, order discount, charges, VAT; they sum to the invoice."""
    payer = world.state.get("OCUSMA", head["PYNO"]) or {}
    order = world.order(head["ORNO"])
    discount, charges = Decimal(head.get("ODAM", "0")), Decimal(head.get("EXAM", "0"))
    lines = Decimal(head["NTAM"]) + discount - charges
    parts = [(head["IVTP"], lines, "")]
    if discount:
        parts.append(("50", -discount, ""))
    billed = [c for c in order.get("charges", ()) if c["DLIX"] == head["DLIX"]]
    parts += [("60", Decimal(charge["CRAM"]), charge["CRID"]) for charge in billed]
    shared = {name: head[name] for name in ("ORNO", "DLIX", "WHLO", "PYNO", "VTCD")}
    shared |= {"CUNM": payer.get("CUNM", ""), "BSCD": "GB", "FTCO": head["CSCD"], "VTP1": head["VTRT"]}
    shared |= {"VRNO": payer.get("VRNO", ""), "VTAM": "0.00"}
    rows = [
        {**shared, "IVTP": kind, **dict.fromkeys(("AMT1", "AMT2", "AMT3"), money(amount)), "CRID": crid}
        for kind, amount, crid in parts
    ]
    tax = {"VTAM": head["VTAM"], "CVTM": head["VTAM"], "CVBA": head["NTAM"], "AMT3": head["NTAM"]}
    rows.append({**shared, "IVTP": "90", "AMT1": head["VTAM"], "AMT2": head["VTAM"], **tax})
    return [{**row, "IVRF": head["EXIN"], "IVFR": row.get("CRID", "")} for row in rows]


@transaction("OIS350MI", "LstInvLine")
def list_invoice_lines(call: Call) -> list[Row]:
    """Information lines of an invoice."""
    return _information(call.world, _invoice_of(call))


@transaction("OIS350MI", "LstInvLineByTyp")
def list_invoice_lines_of_type(call: Call) -> list[Row]:
    rows = _information(call.world, _invoice_of(call))
    return [row for row in rows if row["IVTP"] == call.record["IVTP"]]


@transaction("OIS350MI", "GetInvLine")
def get_invoice_line(call: Call) -> list[Row]:
    """One information line by all of its key."""
    key = ("IVTP", "ORNO", "DLIX", "WHLO", "IVRF")
    for row in _information(call.world, _invoice_of(call)):
        if all(row[name] == call.record[name] for name in key):
            return [row]
    raise Nok("XRE0103", "IVRF")


@transaction("OIS350MI", "LstInvLiAdnlInf")
def list_lines_with_items(call: Call) -> list[Row]:
    """Information lines, each order line, charge and VAT amount on its own, with item, price and quantity."""
    world, head = call.world, _invoice_of(call)
    order, customer = world.order(head["ORNO"]), world.state.get("OCUSMA", head["CUNO"]) or {}
    delivery = world.state.tables("ODHEAD")[int(head["DLIX"])]
    first, *others = _information(world, head)
    shared = {
        "IPDT": head["IDAT"],
        "PONO": customer.get("PONO", ""),
        "CSCD": head["CSCD"],
        "ORDT": order["ORDT"],
    }
    rows = []
    for entry in delivery["lines"]:
        line = delivery_line(order, delivery, entry)
        item = world.state.get("MITMAS", line["ITNO"]) or {}
        amounts = dict.fromkeys(("IVAM", "IVBA", "IVAV"), entry["LNAM"])
        more = {"ITDS": line["ITDS"] or item.get("ITDS", ""), "IVQS": entry["IVQT"], "SPUN": line["UNMS"]}
        rows.append({**first, **line, **more, **amounts, "IVTP": first["IVTP"], **shared})
    names = {charge["CRID"]: charge["CRD0"] for charge in order.get("charges", ())}
    for row in others:
        tax = {"CVT1": row["VTAM"], "IVBA": row["AMT3"]} if row["IVTP"] == "90" else {"IVBA": row["AMT2"]}
        text = {"CRD0": names.get(row.get("CRID", ""), ""), "IVAM": row["AMT2"], "IVAV": row["AMT2"]}
        rows.append({**row, **tax, **text, **shared})
    return [{**row, "SEQN": number} for number, row in enumerate(rows, 1)]


@transaction("OIS350MI", "LstTxExmpTxtVAT")
def list_exemption_texts(call: Call) -> list[Row]:
    """Why an invoice bears no VAT, in lines of 60; nothing for an invoice that does."""
    head = _invoice_of(call)
    if head["VTCD"] != _EXEMPT or call.record["VTCD"].zfill(2) != _EXEMPT:
        return []
    language = call.text("LNCD", "GB").upper()
    lines = _EXEMPTION.get(language, _EXEMPTION["GB"])
    shared = {"CONO": COMPANY, "DIVI": head["DIVI"], "TXID": "1", "TXVR": "VATEXEMPT", "LNCD": language}
    return [{**shared, "LINO": number, "TX60": text} for number, text in enumerate(lines, 1)]


# ---------------------------------------------------------------------------------------- deliveries


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
        rows.append(head)
    return rows


@transaction("OIS350MI", "LstDelHeadByInv")
def list_delivery_heads(call: Call) -> Iterator[Row]:
    """Deliveries of an invoice, or of a whole year when no invoice is named."""
    world = call.world
    if call.text("IVNO") or call.text("EXIN"):
        heads: Iterator[Row] = iter([_invoice_of(call)])
    else:
        ids = world.invoices_of_year.ids(call.record["YEA4"])
        heads = (world.state.tables("OINVOH")[id_] for id_ in ids)
    for head in heads:
        shown = {**_head(world, head), **_delivery_amounts(world, head)}
        yield {**shown, "CUN2": shown["CUN1"]}


def _delivery(call: Call) -> tuple[Row, Row]:
    """The delivery named by ORNO, DLIX and WHLO, and its order."""
    world, dlix = call.world, call.record["DLIX"]
    delivery = world.state.get("ODHEAD", int(dlix)) if dlix.isdigit() else None
    if delivery is None or delivery["ORNO"] != call.record["ORNO"] or delivery["WHLO"] != call.record["WHLO"]:
        raise Nok("XRE0103", "DLIX")
    return delivery, world.order(delivery["ORNO"])


@transaction("OIS350MI", "GetDelHead")
def get_delivery_head(call: Call) -> list[Row]:
    """A delivery, invoiced or not; AMT2 is its net order value."""
    delivery, order = _delivery(call)
    world = call.world
    customer = world.state.get("OCUSMA", order["CUNO"]) or {}
    payer = world.state.get("OCUSMA", order["PYNO"]) or {}
    value = money(sum((Decimal(entry["LNAM"]) for entry in delivery["lines"]), Decimal(0)))
    head = world.state.get("OINVOH", f"{delivery['YEA4']}/{delivery['IVNO']}") or {}
    row = {
        **{name: order[name] for name in ("PYNO", "TEPY", "CUCD")},
        **delivery,
        "CUN1": customer.get("CUNM", ""),
        "CUN2": payer.get("CUNM", ""),
        "IVDT": head.get("IDAT", ""),
        "EXIN": head.get("EXIN", ""),
        **dict.fromkeys(("AMT1", "AMT2"), value),
        **{"AICD": "0", "RAIN": "1", "CRTP": "1", "UPST": "1"},
    }
    return [row]


@transaction("OIS350MI", "LstDelLine")
def list_delivery_lines(call: Call) -> list[Row]:
    """Lines of a delivery from PONR on; QTY1 is delivered, QTY2 invoiced (alternate unit = basic unit
    here)."""
    delivery, order = _delivery(call)
    first = call.number("PONR")
    rows = []
    for entry in delivery["lines"]:
        if int(entry["PONR"]) >= first:
            line = delivery_line(order, delivery, entry)
            rows.append({**line, "QTY2": entry["IVQT"]})
    return rows


@transaction("OIS350MI", "GetDelLine")
def get_delivery_line(call: Call) -> list[Row]:
    delivery, order = _delivery(call)
    for entry in delivery["lines"]:
        if entry["PONR"] == call.record["PONR"]:
            return [{**delivery_line(order, delivery, entry), "PYNO": order["PYNO"]}]
    raise Nok("XRE0103", "PONR")


@transaction("OIS350MI", "PrtInvoice")
def print_invoice(call: Call) -> list[Row]:
    """Have the deliveries of an order invoiced (or the one named), dated IDAT; none left is an error."""
    world, orno = call.world, call.record["ORNO"].upper()
    if world.state.get("OOHEAD", orno) is None:
        raise Nok("WOR0303", "ORNO", orno)
    dlix = call.number("DLIX") or None
    waiting = [
        number
        for number in world.deliveries_of_order.ids(orno)
        if world.state.tables("ODHEAD")[number]["ORST"] == "60" and dlix in (None, number)
    ]
    if not waiting:
        raise Nok("XRE0103", "DLIX", text="There is no delivery that waits for its invoice")
    for head in deliveries.invoice_deliveries(world, orno, call.day("IDAT", world.today()), dlix):
        deliveries.log_invoice(world, call.operation, head)
    return []
