"""What a delivery and its lines say about themselves, to the invoicing and to the warehouse.

Belongs here: pure functions of a stored delivery and its order.
Does not belong here: making a delivery (`deliveries.py`), the transactions that list them.
"""

from __future__ import annotations

from fbinfor_assets.sandbox.m3.lines import UNIT, net_price
from fbinfor_assets.sandbox.m3.mi import plain
from fbinfor_assets.sandbox.m3.world import Row, World

PICKED, TO_INVOICE, INVOICED, POSTED = "05", "60", "70", "80"  # ORST of a delivery


def delivery_line(order: Row, delivery: Row, entry: Row) -> Row:
    """A delivery line with what it takes from its order line; quantities in the basic unit."""
    line = order["lines"][int(entry["PONR"]) - 1]
    delivered, invoiced = entry["DLQT"], entry["IVQT"]
    return {
        **{name: delivery[name] for name in ("ORNO", "DLIX", "WHLO", "CUNO", "YEA4", "IVNO")},
        "ORST": line_status(delivery),
        **entry,
        "POSX": "0",
        "ITNO": line["ITNO"],
        "ITDS": line.get("ITDS", ""),
        "SAPR": line["SAPR"],
        "SACD": line.get("SACD", "1"),
        "NEPR": plain(net_price(line)),
        **dict.fromkeys(("UNMS", "ALUN"), line.get("UNMS", UNIT)),
        "SPUN": line.get("SPUN", line.get("UNMS", UNIT)),
        "CUPO": line["CUPO"],
        **{"QTY1": delivered, "QTY2": delivered, "QTY3": delivered},
        **{"QTY4": invoiced, "QTY5": invoiced, "QTY6": invoiced},
    }


def line_status(delivery: Row) -> str:
    """Status of the lines of a delivery."""
    return "44" if delivery["ORST"] == PICKED else "77" if delivery["IVNO"] else "66"


def dispatch_status(world: World, delivery: Row) -> str:
    """PGRS of a delivery: 50 once it has a picking list and 90 once that is reported, or (switch) its ORST."""
    if world.switches["dispatch_status"] == "order":
        return delivery["ORST"]
    return "50" if delivery["ORST"] == PICKED else "90"


def dispatch_line(world: World, order: Row, delivery: Row, entry: Row) -> Row:
    """A line of a delivery as the warehouse sees it (MHDISL)."""
    line = order["lines"][int(entry["PONR"]) - 1]
    item = world.state.get("MITMAS", line["ITNO"]) or {}
    quantity = entry["DLQT"] if delivery["ORST"] != PICKED else entry["PLQT"]
    return {
        **delivery,
        "RORC": world.switches["order_category"],
        "RIDN": delivery["ORNO"],
        "RIDL": entry["PONR"],
        "RIDX": "0",
        "ITNO": line["ITNO"],
        "ITDS": line.get("ITDS") or item.get("ITDS", ""),
        "FACI": order["FACI"],
        "PRNO": line["ITNO"],
        **dict.fromkeys(("TRQT", "TRQA", "PLQT", "PLQA"), quantity),
        "ALUN": item.get("UNMS", "PCS"),
        "PGRS": dispatch_status(world, delivery),
        "PLSX": delivery.get("PLSX", "1"),
        "BLOP": "0",
        "LMTS": entry["LMTS"],
    }
