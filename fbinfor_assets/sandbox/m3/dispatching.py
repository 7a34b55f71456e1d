"""MWS410MI, MWS411MI, MWS420MI, MWS423MI: deliveries as the warehouse sees them, picking lists and packages.

Belongs here: the transactions of these programs.
Does not belong here: picking, shipping and invoicing themselves (`deliveries.py`).

RORC of a customer order is 3 in every public extension that reads MHDISL (switch `order_category`). Delivery
status PGRS is 50 with a picking list and 90 once it is reported, as those extensions read it, or by the switch
`dispatch_status` the delivery's status towards invoicing (05, 60, 70, 80). A delivery on which nobody said
anything of packages travels in one.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from fbinfor_assets.sandbox.m3 import deliveries, search
from fbinfor_assets.sandbox.m3.delivery_lines import PICKED, dispatch_line, dispatch_status
from fbinfor_assets.sandbox.m3.lines import gross, net_price
from fbinfor_assets.sandbox.m3.mi import Nok, money, parse_decimal, plain
from fbinfor_assets.sandbox.m3.text_blocks import address_of
from fbinfor_assets.sandbox.m3.world import (
    COMPANY,
    CURRENCY,
    DIVISION,
    FACILITY,
    Call,
    Row,
    World,
    transaction,
)

_OUTBOUND = "1"  # INOU
_ISSUE_OF_ORDER = "31"  # TTYP


def _delivery(call: Call, number: str) -> Row:
    """A delivery by its number. Raises Nok WDL0203."""
    delivery = call.world.state.get("ODHEAD", int(number)) if number.isdigit() else None
    if delivery is None:
        raise Nok("WDL0203", "DLIX", number)
    return delivery


def _named(call: Call) -> Row:
    return _delivery(call, call.text("DLIX", "0"))


def _packages(delivery: Row) -> list[Row]:
    if delivery["ORST"] == PICKED:
        return []
    return delivery.get("packages") or [{"PANR": f"P{delivery['DLIX']}"}]


def dispatch_head(world: World, delivery: Row) -> Row:
    """A delivery as the warehouse sees it (MHDISH)."""
    order = world.order(delivery["ORNO"])
    to = order["addresses"].get("1") or world.state.get("OCUSMA", order["CUNO"]) or {}
    packages = _packages(delivery)
    weight = sum((Decimal(package.get("GRWE") or 0) for package in packages), Decimal(0))
    left = delivery.get("DSDT", "")
    return {
        **{name: order.get(name, "") for name in ("CUOR", "YREF", "CUCL")},
        **{name: to.get(name, "") for name in ("CSCD", "PONO", "ECAR", "VRNO")},
        **delivery,
        "CONO": COMPANY,
        "INOU": _OUTBOUND,
        "RORC": world.switches["order_category"],
        "RIDN": delivery["ORNO"],
        "CONA": order["CUNO"],
        "COAA": order.get("ADID", ""),
        "PGRS": dispatch_status(world, delivery),
        "PLSX": delivery.get("PLSX", "1"),
        "TTYP": _ISSUE_OF_ORDER,
        "MODF": delivery.get("MODL", ""),
        "TEDF": delivery.get("TEDL", ""),
        **dict.fromkeys(("SHD4", "DTDT"), order["RLDT"]),
        **dict.fromkeys(("TRDT", "DEDA", "DSDT"), left),
        "GEDT": delivery["RGDT"] if "RGDT" in delivery else delivery["DLDT"],
        "IVDT": left if delivery["IVNO"] else "",
        "EXIN": delivery["IVNO"],
        "NRUL": str(len(packages)),
        "GRW2": plain(weight),
        "IRPS": delivery.get("PISS", "90"),
        "IVSS": "9" if delivery["IVNO"] else "0",
        "DVCU": CURRENCY,
        **{"BLOP": "0", "RLFA": "1", "RLTD": "1"},
    }


def _order(world: World, delivery: Row) -> Row:
    return world.order(delivery["ORNO"])


# ------------------------------------------------------------------------------------------- MWS410MI


@transaction("MWS410MI", "GetHead")
def get_head(call: Call) -> list[Row]:
    return [dispatch_head(call.world, _named(call))]


@transaction("MWS410MI", "LstItem")
def list_items(call: Call) -> list[Row]:
    """What a delivery contains, as its papers list it."""
    world, delivery = call.world, _named(call)
    order = _order(world, delivery)
    rows = []
    for entry in delivery["lines"]:
        line = order["lines"][int(entry["PONR"]) - 1]
        item = world.state.get("MITMAS", line["ITNO"]) or {}
        quantity = entry["DLQT"]
        whole = Decimal(line["ORQT"])
        row = {
            **dict.fromkeys(("DLQT", "DLQA", "DLQS"), quantity),
            **dict.fromkeys(("UNMS", "ALUN", "SPUN"), item.get("UNMS", "PCS")),
            "ITNO": line["ITNO"],
            "ITDS": line.get("ITDS") or item.get("ITDS", ""),
            "CUOR": order["CUOR"],
            "SAPR": line["SAPR"],
            "SACD": "1",
            "NEPR": plain(net_price(line)),
            "CUCD": order["CUCD"],
            "ORCO": "GB",
            "GLAM": money(gross({**line, "CLSD": "1", "DLQT": plain(whole)}) * Decimal(quantity) / whole),
            "LNAM": entry["LNAM"],
        }
        rows.append(row)
    return rows


@transaction("MWS410MI", "LstAdr")
def list_addresses(call: Call) -> list[Row]:
    """Where a delivery goes (01), and who pays its invoice (03)."""
    world, delivery = call.world, _named(call)
    order = _order(world, delivery)
    customer = world.state.get("OCUSMA", order["CUNO"]) or {}
    payer = world.state.get("OCUSMA", order["PYNO"]) or {}
    own = order["addresses"].get("1")
    shared = {"CONB": delivery["WHLO"], "DIVI": DIVISION, "FACI": FACILITY, "LNCD": order.get("LNCD", "")}
    return [
        {**shared, "ADRT": kind, "CONA": number, "COAA": adid, **_address(row)}
        for kind, number, adid, row in (
            ("1", order["CUNO"], order.get("ADID", ""), own or customer),
            ("3", order["PYNO"], "", payer),
        )
    ]


def _address(row: Row) -> Row:
    found = address_of(row)
    renamed = {"NAME": "CUNM", "ADR1": "CUA1", "ADR2": "CUA2", "ADR3": "CUA3", "ADR4": "CUA4"}
    return {**found, **{name: found.get(own, "") for name, own in renamed.items()}}


def package_rows(world: World, delivery: Row) -> list[Row]:
    """The packages of a delivery; each has its own tracking number or the delivery's."""
    head = dispatch_head(world, delivery)
    names = ("DLIX", "INOU", "RORC", "TTYP", "CONA", "MODF", "CONN", "PGRS", "PLSX", "DSDT")
    shared = {name: head.get(name, "") for name in names}
    shared |= {"CONO": COMPANY, "NUPA": "1", "GRTP": "1", "PACU": "0", "PACO": "1", "PISS": head["IRPS"]}
    shared |= {"RGDT": head["DLDT"], "ETRN": delivery.get("ETRN", ""), "CHID": "M3SIM"}
    return [{**shared, "PANR": "", **package} for package in _packages(delivery)]


@transaction("MWS410MI", "LstPackages")
def list_packages(call: Call) -> list[Row]:
    return package_rows(call.world, _named(call))


@transaction("MWS410MI", "SearchDelLines")
def search_lines(call: Call) -> Iterator[Row]:
    """Deliveries found by SQRY, by anything their head says."""
    world = call.world
    table = world.state.tables("ODHEAD")
    known = {
        "DLIX": lambda value: [int(value)] if value.isdigit() else [],
        "ORNO": world.deliveries_of_order.ids,
        "IVNO": world.deliveries_of_invoice.ids,
    }
    for row in search.rows(call.record["SQRY"], table, known):
        key = {"PGNM": "OIS350", "FILE": "ODHEAD", "KSTR": f"{COMPANY} {row['ORNO']} {row['DLIX']}"}
        yield {**row, **key, "TEPY": _order(world, row)["TEPY"]}


# ------------------------------------------------------------------------------------------- MWS411MI


def _lines(world: World, delivery: Row) -> Iterator[Row]:
    order = _order(world, delivery)
    for entry in delivery["lines"]:
        stamp = {"RGDT": delivery["DLDT"], "LMDT": delivery["LMDT"], "CHNO": "1", "CHID": "M3SIM"}
        yield {**dispatch_line(world, order, delivery, entry), **stamp}


def _is_customer_order(call: Call) -> bool:
    return call.text("RORC", call.world.switches["order_category"]) == call.world.switches["order_category"]


@transaction("MWS411MI", "GetDeliveryLine")
def get_delivery_line(call: Call) -> list[Row]:
    delivery = _named(call)
    wanted = {"RIDN": call.record["RIDN"].upper(), "RIDL": call.record["RIDL"].lstrip("0")}
    for row in _lines(call.world, delivery) if _is_customer_order(call) else ():
        if all(row[name] == value for name, value in wanted.items()):
            return [row]
    raise Nok("XRE0103", "RIDL")


@transaction("MWS411MI", "LstDelLnByOrd")
def list_lines_of_order(call: Call) -> Iterator[Row]:
    """Delivery lines of an order, or of one of its lines; other order categories have none here."""
    world, orno = call.world, call.text("RIDN").upper()
    ponr = call.text("RIDL").lstrip("0")
    if not _is_customer_order(call):
        return
    for dlix in world.deliveries_of_order.ids(orno):
        for row in _lines(world, world.state.tables("ODHEAD")[dlix]):
            if not ponr or row["RIDL"] == ponr:
                yield row


@transaction("MWS411MI", "LstDeliveryLine")
def list_lines_of_delivery(call: Call) -> Iterator[Row]:
    orno = call.text("RIDN").upper()
    delivery = _named(call)
    return (row for row in _lines(call.world, delivery) if not orno or row["RIDN"] == orno)


# -------------------------------------------------------------------------------- MWS420MI, MWS423MI


def _picking_list(call: Call) -> Row:
    delivery = _named(call)
    suffix = call.text("PLSX")
    if "PLSX" not in delivery or (suffix and parse_decimal(suffix, "PLSX") != Decimal(delivery["PLSX"])):
        raise Nok("XRE0103", "PLSX")
    return delivery


@transaction("MWS420MI", "LstPickHeader")
def list_picking_lists(call: Call) -> list[Row]:
    delivery = _picking_list(call)
    return [{"CONO": COMPANY, "DLIX": delivery["DLIX"], "PLSX": delivery["PLSX"]}]


@transaction("MWS420MI", "Confirm")
def confirm_issue(call: Call) -> list[Row]:
    """Report the issue of a picking list: the goods leave; invoiced at once or later (switch
    `issue_invoicing`)."""
    world, delivery = call.world, _picking_list(call)
    if delivery["ORST"] != PICKED:
        raise Nok("XST0020", "PLSX")
    at_once = world.switches["issue_invoicing"] == "at_once"
    shipment = deliveries.issue(world, int(delivery["DLIX"]), world.today(), invoice=at_once)
    deliveries.log_shipment(world, call.operation, shipment)
    return []


@transaction("MWS423MI", "LstPackDel")
def list_packages_of_delivery(call: Call) -> list[Row]:
    """Packages of a delivery, or of a shipment's deliveries by package number."""
    wanted = {name: call.text(name) for name in ("PANR", "PACT", "SSCC") if call.text(name)}
    rows = package_rows(call.world, _named(call))
    return [row for row in rows if all(row.get(name, "") == value for name, value in wanted.items())]
