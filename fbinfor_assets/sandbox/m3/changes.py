"""SES120MI, EVS002MI, CEVENTMI: what was deleted, who subscribes to changes, the events of subscribed tables.

Belongs here: how other systems learn that something changed (infor-api 2.7), apart from LMTS and EXPORTMI.
Does not belong here: deleting (`World.remove` keeps what is told here), sending events anywhere: ION is not
simulated, the event store is read.

An event is a line of the write log about a table that somebody active subscribes to, from the moment of the
subscription on; so there is one for whatever was really changed, by an API or by people, and in its order.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from fbinfor_assets.sandbox.m3.mi import Nok, parse_decimal
from fbinfor_assets.sandbox.m3.world import COMPANY, DIVISION, USER, Call, Row, World, transaction

# What the write log calls a thing -> M3's table and the field that is its key.
_TABLES = {
    "customer": ("OCUSMA", "CUNO"),
    "item": ("MITMAS", "ITNO"),
    "order": ("OOHEAD", "ORNO"),
    "delivery": ("ODHEAD", "DLIX"),
    "invoice": ("OINVOH", "IVNO"),
    "payment": ("ARPBHD", "PBID"),
    "supplier": ("CIDMAS", "SUNO"),
    "purchase order": ("MPHEAD", "PUNO"),
}
_ACTIVE = "20"
_PUBLISHED = "1"  # guess at the value of an event's status


# --------------------------------------------------------------------------------------- deletions


@transaction("SES120MI", "LstDeleted")
def list_deleted(call: Call) -> Iterator[Row]:
    """Deletions in table FILE at or after LMTS: their keys in the order of the table's key, company first."""
    world, since = call.world, parse_decimal(call.record["LMTS"], "LMTS")
    rows = world.state.tables("deleted")
    for id_ in world.deletions_of_table.ids(call.record["FILE"].upper()):
        row = rows[id_]
        if row["LMTS"] >= since:
            keys = {_key_name(number): key for number, key in enumerate(row["KEYS"], 1)}
            yield {**{name: row[name] for name in ("RGDT", "RGTM", "USID")}, **keys}


def _key_name(number: int) -> str:
    return f"KEY{number}" if number < 10 else f"KE{number}"


# ------------------------------------------------------------------------------------ subscribers


@transaction("EVS002MI", "AddSubscriber")
def add_subscriber(call: Call) -> list[Row]:
    """Subscribe a server (RSID) to a table (PTNM); active unless SSBS says otherwise."""
    world, table, server = call.world, call.record["PTNM"].upper(), call.record["RSID"].upper()
    key = f"{table} {server}"
    if world.state.get("CEVSUB", key) is not None:
        raise Nok("XRE0104", "PTNM")
    if call.text("SSBS", _ACTIVE) not in ("10", _ACTIVE):
        raise Nok("WST0301", "SSBS", call.record["SSBS"])
    given = {name: value for name, value in call.record.items() if value}
    row = {"SSBS": _ACTIVE, "DIVI": DIVISION, **given, "PTNM": table, "RSID": server, "CONO": COMPANY}
    row |= {**world.born(), "LMDT": world.today(), "CHID": USER, "since": world.state.last_sequence}
    world.state.put("CEVSUB", key, row)
    call.wrote("subscriber", key)
    return []


@transaction("EVS002MI", "LstSubscribers")
def list_subscribers(call: Call) -> Iterator[Row]:
    """Subscribers of programs and tables from PTNM on."""
    first = call.text("PTNM").upper()
    rows = sorted(call.world.state.tables("CEVSUB").items())
    return (row for _, row in rows if row["PTNM"] >= first)


@transaction("EVS002MI", "Initiate")
def initiate(call: Call) -> list[Row]:
    """Give the number of the job that would send a table's rows; nothing is sent, for there is nobody to."""
    known = {table for table, _ in _TABLES.values()} | set(call.world.tables)
    if call.record["FILE"].upper() not in known:
        raise Nok("XRE0103", "FILE")
    for name in ("FRDT", "TODT"):
        call.day(name)
    job = call.world.state.next_number("BJNO", 100000001)
    call.wrote("job", job)
    return [{"BJNO": str(job)}]


# ------------------------------------------------------------------------------------------ events


def _since(world: World) -> dict[str, int]:
    # table -> the log sequence from which on its changes are events
    since: dict[str, int] = {}
    for row in world.state.tables("CEVSUB").values():
        if row["SSBS"] == _ACTIVE:
            since[row["PTNM"]] = min(row["since"], since.get(row["PTNM"], row["since"]))
    return since


def _events(world: World, after: int) -> Iterator[Row]:
    since = _since(world)
    if not since:
        return
    after = max(after, min(since.values()))
    while True:
        lines = list(world.state.writes(after, 1000))
        for line in lines:
            table, key = _TABLES.get(line["object"], ("", ""))
            if table in since and line["sequence"] > since[table]:
                yield _event(line, table, key)
        if not lines:
            return
        after = lines[-1]["sequence"]


def _event(line: Row, table: str, key: str) -> Row:
    at = datetime.fromisoformat(line["time"])
    verb = line["operation"].rpartition("/")[2].rpartition(".")[2].lower()
    kind = "create" if verb.startswith("add") else "delete" if verb.startswith("del") else "update"
    day, moment = at.strftime("%Y%m%d"), at.strftime("%H%M%S")
    return {
        **{"EVID": str(line["sequence"]), "CNID": "1", "EVPR": "5", "BONM": table, "BOVB": kind},
        **{"BOKY": f"{key}={line['key']}", "ESTS": _PUBLISHED, "RGDT": day, "RGTM": moment},
        **{"PEDT": day, "PETM": moment[:4], "CHNO": "1", "CHID": USER},
    }


@transaction("CEVENTMI", "Lst")
def list_events(call: Call) -> Iterator[Row]:
    """Events with status ESTS (and connector CNID), oldest first."""
    if Decimal(call.record["ESTS"]) == int(_PUBLISHED) and Decimal(call.text("CNID", "1")) == 1:
        yield from _events(call.world, 0)


@transaction("CEVENTMI", "Get")
def get_event(call: Call) -> list[Row]:
    wanted = call.record["EVID"]
    event = next(_events(call.world, int(wanted) - 1), None) if wanted.isdigit() and int(wanted) else None
    if event is None or event["EVID"] != wanted:
        raise Nok("XRE0103", "EVID")
    return [event]
