"""MRS001MI: which programs, transactions and fields there are.

Belongs here: the catalogue (and the tables of EXPORTMI) as M3's own repository of MI programs shows them.
Does not belong here: reading the catalogue (`catalogue.py`).

A tenant lists every program it has, so the whole catalogue is listed, whether answered here or not (switch
`self_description`). Descriptions of transactions are in no source: their names are spelt out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from fbinfor_assets.sandbox.m3.catalogue import (
    Transaction,
    about,
    description,
    field_names,
    load,
    title,
    version,
)
from fbinfor_assets.sandbox.m3.mi import Nok
from fbinfor_assets.sandbox.m3.world import HANDLERS, USER, Call, Row, transaction

_RECORDED = {"RGDT": "20200601", "RGTM": "000000", "LMDT": "20200601", "CHNO": "1", "CHID": USER}
# In MI's fixed layout a name of 15 characters (input) or the answer's word and blanks (output) come first.
_FIRST_POSITION = 16


def _offered(call: Call) -> dict[str, dict[str, Transaction]]:
    if call.world.switches["self_description"] == "all":
        return load()
    offered = {
        program: {name: t for name, t in transactions.items() if (program, name) in HANDLERS}
        for program, transactions in load().items()
    }
    return {program: transactions for program, transactions in offered.items() if transactions}


def _transactions(call: Call) -> dict[str, Transaction]:
    found = _offered(call).get(call.record["MINM"].upper())
    if found is None:
        raise Nok("XRE0103", "MINM")
    return found


@transaction("MRS001MI", "LstPrograms")
def list_programs(call: Call) -> Iterator[Row]:
    for program in sorted(_offered(call)):
        name = title(program)
        component = re.sub(r"(?i)\binterfaces?\b|\bapi *:", "", name).strip() or program
        yield {
            **{"MINM": program, "OBNM": component[:30], "MIDS": name[:60], "VERS": version(program)[:4]},
            **{"MNID": "", **_RECORDED},
        }


@transaction("MRS001MI", "LstTransactions")
def list_transactions(call: Call) -> Iterator[Row]:
    """Transactions of MINM; with INCG 1 also those that GENERAL gives every program."""
    found = list(_transactions(call).values())
    if call.text("INCG") == "1" and call.record["MINM"].upper() != "GENERAL":
        found += _offered(call).get("GENERAL", {}).values()
    for one in found:
        yield {
            **{
                "MINM": call.record["MINM"].upper(),
                "TRNM": one.name,
                "TRDS": about(one.program, one.name)[:60],
            },
            **{
                "VERS": version(one.program)[:4],
                "STAT": "20",
                "SIMU": "M" if one.lists else "S",
                **_RECORDED,
            },
        }


@transaction("MRS001MI", "LstFields")
def list_fields(call: Call) -> Iterator[Row]:
    """Input (TRTP I) or output (O) fields of a transaction with their place in the fixed layout."""
    transactions, wanted = _transactions(call), call.record["TRNM"]
    one = transactions.get(wanted) or _offered(call).get("GENERAL", {}).get(wanted)
    if one is None:
        raise Nok("XRE0103", "TRNM")
    way = call.record["TRTP"].upper()
    if way not in ("I", "O"):
        raise Nok("XOPC001", "TRTP")
    fields = one.inputs
    if way == "O":
        kinds = one.kinds
        fields = {name: ("N" if kinds[name] == "N" else "A", length) for name, length in one.outputs.items()}
    position = _FIRST_POSITION
    for name, (kind, length) in fields.items():
        yield {
            **{"MINM": call.record["MINM"].upper(), "TRNM": one.name, "TRTP": way, "FLNM": name},
            **{"FLDS": description(one.program, one.name, name)[:60], "LENG": str(length), "TYPE": kind},
            **{"FRPO": str(position), "TOPO": str(position + length - 1)},
            **{"MAND": "1" if way == "I" and name in one.mandatory else "0", **_RECORDED},
        }
        position += length


@transaction("MRS001MI", "LstFieldInfo")
def list_table_fields(call: Call) -> list[Row]:
    """Columns of a table; the same tables as EXPORTMI's."""
    table = call.world.tables.get(call.record["FILE"].upper())
    if table is None:
        raise Nok("XRE0103", "FILE")
    cut = len(table.prefix)
    return [
        {
            **{"FLNA": name, "FLTY": kind, "FLLE": str(length), "FLDP": str(decimals)},
            "FRL1": field_names().get(name[cut:], name[cut:])[:15],
        }
        for name, (kind, length, decimals) in table.columns.items()
    ]
