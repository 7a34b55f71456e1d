"""A supplier invoice matched to a purchase order as a whole (IMCD 2): which order lines it bills.

Belongs here: making item lines of an invoice that names an order and a net amount and nothing else.
Does not belong here: the checks and postings of item lines (`supplier_matching.py`).

Infor's guide to automatic matching knows invoice matching on lines (IMCD 1) and on the order's head (2). A head
fits an order when its net is worth what was received and not invoiced, or what was ordered and not invoiced.
"""

from __future__ import annotations

from decimal import Decimal

from fbinfor_assets.sandbox.m3.mi import money, plain
from fbinfor_assets.sandbox.m3.purchase_lines import live, price, purchase_order
from fbinfor_assets.sandbox.m3.supplier_matching import ITEM, Finding, totals
from fbinfor_assets.sandbox.m3.world import Row, World, half_up

ORDER_LEVEL = "2"


def applies(world: World, batch: Row) -> bool:
    """Whether a batch is to be matched by its head: it says so, names an order that stands, and has no cost line."""
    known = bool(batch.get("PUNO")) and world.state.get("MPHEAD", batch["PUNO"].upper()) is not None
    return batch.get("IMCD") == ORDER_LEVEL and known and not totals(world, batch)[2]


def item_lines(world: World, batch: Row) -> tuple[list[Row], Finding | None]:
    """The item lines a head stands for, or why it fits neither what came nor what was ordered."""
    order = purchase_order(world, batch["PUNO"])
    net = Decimal(batch["CUAM"]) - totals(world, batch)[0]
    received = _billable(order, "RVQA", "MAQA")
    ordered = _billable(order, "ORQA", "IVQA")
    for chosen in (received, ordered):
        if chosen and _worth(chosen) == net:
            return _lines(batch, order, chosen), None
    if received and world.switches["ap_price_variance"] == "posted":
        lines = _lines(batch, order, received)
        # The whole variance goes with the last line.
        lines[-1]["NLAM"] = money(Decimal(lines[-1]["NLAM"]) + net - _worth(received))
        return lines, None
    text = f"Net {money(net)} fits neither what was received ({money(_worth(received))}) nor what is left of "
    text += f"purchase order {order['PUNO']} ({money(_worth(ordered))})"
    return [], Finding("XOPC001", text, matching=True)


def _billable(order: Row, more: str, less: str) -> list[tuple[Row, Decimal]]:
    rows = ((line, Decimal(line[more]) - Decimal(line[less])) for line in live(order))
    return [(line, quantity) for line, quantity in rows if quantity > 0]


def _worth(chosen: list[tuple[Row, Decimal]]) -> Decimal:
    return sum((half_up(quantity * price(line)) for line, quantity in chosen), Decimal("0.00"))


def _lines(batch: Row, order: Row, chosen: list[tuple[Row, Decimal]]) -> list[Row]:
    first = len(batch["lines"]) + 1
    return [
        {
            **{"TRNO": str(trno), "RDTP": ITEM, "IBLE": "0", "RGDT": batch["RGDT"], "PUNO": order["PUNO"]},
            **{"PNLI": line["PNLI"], "PNLS": "0", "ITNO": line["ITNO"], "IVQA": plain(quantity)},
            **{"NLAM": money(quantity * price(line)), "NEPR": plain(price(line))},
        }
        for trno, (line, quantity) in enumerate(chosen, first)
    ]
