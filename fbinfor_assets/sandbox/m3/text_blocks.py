"""Text blocks (OSYTXH with its lines OSYTXL), and the part of an address that other records take over.

Belongs here: storing a text under its TXID in lines of 60, finding an order's texts, OIS100MI AddText.
Does not belong here: who enters a text (`batches.py`), the addresses themselves (`addresses.py`).

Table names and prefixes (TL) are those of public M3 extensions; a text line is TX60 wide.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

from fbinfor_assets.sandbox.m3.mi import Nok
from fbinfor_assets.sandbox.m3.world import Call, Row, World, transaction

WIDTH = 60
_ADDRESS = (
    "CUNM CUA1 CUA2 CUA3 CUA4 PONO TOWN CSCD ECAR PHNO TFNO YREF VRNO FRCO RASN ADVI SPLE MODL TEDL TEL2 ROUT "
    "RODN ULZO TAXC HAFE EDE2"
)


def address_of(row: Mapping[str, Any]) -> Row:
    """The fields of an address that an order or delivery takes over."""
    return {name: row[name] for name in _ADDRESS.split() if row.get(name)}


def add_text(world: World, file: str, key: str, text: str, **details: str) -> Row:
    """Store a text block about a record: broken into lines of 60, at words where there are any."""
    txid = str(world.state.next_number("TXID", 5000001))
    parts = textwrap.wrap(text, WIDTH, break_on_hyphens=False) or [""]
    lines = [{"LINO": str(number), "TX60": part} for number, part in enumerate(parts, 1)]
    row = {"TXID": txid, "FILE": file, "KFLD": key, **details, "lines": lines, **world.born()}
    return world.save("OSYTXH", txid, row)


@transaction("OIS100MI", "AddText")
def add_text_block(call: Call) -> list[Row]:
    """Add a text to a record of a table (FILE and its key KFLD: order number, or order and line number)."""
    world = call.world
    text, file, key = call.text("TEXT"), call.text("FILE").upper(), call.text("KFLD")
    if not text:
        kind = "MandatoryInputFieldNotFound"
        raise Nok("", "TEXT", text="Mandatory input field TEXT is missing", kind=kind)
    orno = key[:10].strip()
    if file[:6] not in ("OOHEAD", "OOLINE") or world.state.get("OOHEAD", orno) is None:
        raise Nok("XRE0103", "KFLD")
    names = ("TXVR", "LNCD", "TX40", "TXCC", "TXEI")
    details = {name: call.text(name) for name in names if call.text(name)}
    row = add_text(world, file, key, text, **details)
    # FLDN says which of the record's texts this is: PRTX before it, anything else after it.
    which = "PRTX" if call.text("FLDN").upper() == "PRTX" else "POTX"
    if file.startswith("OOHEAD"):
        world.save("OOHEAD", orno, {**world.order(orno), which: row["TXID"]})
    call.wrote("text", row["TXID"])
    return [{"TXID": row["TXID"]}]
