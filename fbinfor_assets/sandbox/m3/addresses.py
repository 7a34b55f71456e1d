"""CRS610MI: the addresses of a customer (OCUSAD).

Belongs here: adding, changing and reading addresses; what an address must have.
Does not belong here: which address an order takes (`orders.py`).

An address is (CUNO, ADRT, ADID). Type 01 is where goods are delivered (so Infor's country guides); orders name
it by ADID or take the customer's first one.
"""

from __future__ import annotations

from collections.abc import Iterator

from fbinfor_assets.sandbox.m3.customers import check_values, given_changes
from fbinfor_assets.sandbox.m3.mi import Nok
from fbinfor_assets.sandbox.m3.world import COMPANY, DIVISION, Call, Row, World, transaction

# 01 delivery, 02 final delivery, 03 invoice, 04 quotation and confirmation, 05 payment and so on: names differ
# by source, so only the range is checked.
_TYPES = range(1, 21)
_KEY = frozenset(("CONO", "DIVI", "CUNO", "ADRT", "ADID", "CHNO"))


def _kind(call: Call) -> str:
    kind = call.text("ADRT").lstrip("0")
    if not kind.isdigit() or int(kind) not in _TYPES:
        raise Nok("XOPC001", "ADRT")
    return kind


def _key(cuno: str, kind: str, adid: str) -> str:
    return f"{cuno}/{kind}/{adid}"


def _address(call: Call) -> Row:
    world = call.world
    cuno = world.customer(call.record["CUNO"])["CUNO"]
    row = world.address(cuno, _kind(call), call.record["ADID"])
    if row is None:
        raise Nok("WAD1003", "ADID", call.record["ADID"])
    return row


@transaction("CRS610MI", "AddAddress")
def add_address(call: Call) -> list[Row]:
    """Add an address; its name is the customer's unless one is sent."""
    world, kind, adid = call.world, _kind(call), call.record["ADID"].upper()
    customer = world.customer(call.record["CUNO"])
    if world.address(customer["CUNO"], kind, adid) is not None:
        raise Nok("XRE0104", "ADID")
    values = {name: value for name, value in call.record.items() if name not in _KEY and value}
    check_values(world, values)
    key = {"CUNO": customer["CUNO"], "ADRT": kind, "ADID": adid}
    id_ = _key(customer["CUNO"], kind, adid)
    world.save("OCUSAD", id_, {"CUNM": customer["CUNM"], **values, **key, **world.born()})
    call.wrote("address", id_)
    return [{"CONO": COMPANY, **key}]


@transaction("CRS610MI", "ChgAddress")
def change_address(call: Call) -> list[Row]:
    """Change an address; CHNO, if sent, must be the present one."""
    world, row = call.world, _address(call)
    if call.text("CHNO", row["CHNO"]) != row["CHNO"]:
        raise Nok("XUP0001", "CHNO", "M3SIM")
    changed = given_changes(world, call.record, _KEY)
    check_values(world, changed)
    key = _key(row["CUNO"], row["ADRT"], row["ADID"])
    world.save("OCUSAD", key, {**row, **changed, "CHNO": world.next_change(row)})
    call.wrote("address", key)
    return []


def _shown(row: Row) -> Row:
    return {**row, "CONO": COMPANY, "DIVI": DIVISION}


@transaction("CRS610MI", "GetAddress")
def get_address(call: Call) -> list[Row]:
    return [_shown(_address(call))]


@transaction("CRS610MI", "LstAddresses")
def list_addresses(call: Call) -> Iterator[Row]:
    """Addresses of a customer by type and number; with LMTS only those changed at or after it."""
    world = call.world
    cuno = world.customer(call.record["CUNO"])["CUNO"]
    kind, since = call.text("ADRT").lstrip("0"), call.number("LMTS")
    rows = sorted(of_customer(world, cuno), key=lambda row: (int(row["ADRT"]), row["ADID"]))
    return (_shown(row) for row in rows if (not kind or row["ADRT"] == kind) and row["LMTS"] >= since)


def of_customer(world: World, cuno: str) -> list[Row]:
    """Every address of a customer."""
    table = world.state.tables("OCUSAD")
    return [table[id_] for id_ in world.addresses_of_customer.ids(cuno)]
