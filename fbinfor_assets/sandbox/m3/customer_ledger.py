"""ARS200MI and ARS201MI: the customer ledger: open items, and what is noted on them.

Belongs here: reading FSLEDG by item, transaction or search; reminders, stops and cash discount noted on an item.
Does not belong here: payments (`receivables.py`), how an invoice gets into the ledger (`deliveries.py`).

An item is (PYNO, CINO, INYR) and begins with its first row (TRCD 10 an invoice, 30 on-account money: switch); a
row is (DIVI, YEA4, JRNO, JSNO). Notes are kept on the first row. TDSC names the rows that are neither invoice
nor payment.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from fbinfor_assets.sandbox.m3 import search
from fbinfor_assets.sandbox.m3.mi import Nok, money, parse_decimal
from fbinfor_assets.sandbox.m3.world import (
    COMPANY,
    CURRENCY,
    DIVISION,
    Call,
    Ref,
    Row,
    World,
    item_key,
    transaction,
)

CASH_DISCOUNT, WRITE_OFF = "CASHDISC", "WRITEOFF"  # TDSC
_NO_NOTES = {"RMQT": "0", "RMBL": "0", "CLCD": "0", "IICD": "0"}


def item_rows(world: World, key: Ref) -> list[Row]:
    """The ledger rows of one item, oldest first."""
    table = world.state.tables("FSLEDG")
    return [table[id_] for id_ in world.ledger_of_item.ids(key)]


def opening(rows: list[Row]) -> Row:
    """The row an item began with: its invoice, or the on-account receipt."""
    return rows[0]


def row_id(row: Row) -> str:
    """Key of a ledger row."""
    return f"{row['DIVI']}/{row['YEA4']}/{row['JRNO']}/{row['JSNO']}"


def close_if_settled(world: World, key: Ref, day: str) -> None:
    """RECO 9 on every row of an item that has nothing open."""
    if world.open_amount(key) == 0:
        for row in item_rows(world, key):
            world.save("FSLEDG", row_id(row), {**row, "RECO": "9", "REDE": day})


def _shown(row: Row) -> Row:
    context = {"CONO": COMPANY, "VSER": "100", "DCAM": "2", "ARAT": "1", "CRTP": "1", "ACAM": row["CUAM"]}
    return {**_NO_NOTES, "IVTP": "31" if row["TRCD"] == "10" else "", **row, **context}


def _openings(world: World, ids: Iterable[object]) -> Iterator[Row]:
    table = world.state.tables("FSLEDG")
    for id_ in ids:
        row = table[str(id_)]
        if world.ledger_of_item.first(item_key(row)) == id_:
            yield row


def _selected(call: Call, rows: Iterator[Row]) -> Iterator[Row]:
    """AAC0 = 1: only open items; IVDT: from that invoice date on."""
    only_open, first = call.text("AAC0") == "1", call.day("IVDT")
    return (_shown(row) for row in rows if (not only_open or row["RECO"] != "9") and row["IVDT"] >= first)


# ------------------------------------------------------------------------------------------- ARS200MI


@transaction("ARS200MI", "LstInvoices")
def list_invoices(call: Call) -> Iterator[Row]:
    """Items of a customer, on-account receipts included (TRCD tells them apart)."""
    world = call.world
    cuno = world.customer(call.record["CUNO"])["CUNO"]
    return _selected(call, _openings(world, world.items_of_customer.ids(cuno)))


@transaction("ARS200MI", "LstInvByDivi")
def list_by_division(call: Call) -> Iterator[Row]:
    """Items of a division, of one payer or customer if sent."""
    world = call.world
    if not call.text("FDIV") <= DIVISION <= call.text("TDIV", "\uffff"):
        return iter(())
    payer, cuno = call.text("PYNO").upper(), call.text("CUNO").upper()
    ids: Iterable[object] = list(world.state.tables("FSLEDG"))
    if payer:
        ids = world.ledger_of_payer.ids(payer)
    elif cuno:
        ids = world.items_of_customer.ids(cuno)
    return _selected(call, (row for row in _openings(world, ids) if not cuno or row["CUNO"] == cuno))


@transaction("ARS200MI", "SearchInvoices")
def search_invoices(call: Call) -> Iterator[Row]:
    """Items found by SQRY."""
    world = call.world
    known = {
        "CINO": world.ledger_of_number.ids,
        "PYNO": world.ledger_of_payer.ids,
        "CUNO": world.items_of_customer.ids,
    }
    for row in search.rows(call.record["SQRY"], world.state.tables("FSLEDG"), known):
        if world.ledger_of_item.first(item_key(row)) == row_id(row):
            key = f"{COMPANY} {row['DIVI']} {row['YEA4']} {row['JRNO']} {row['JSNO']}"
            yield {**_shown(row), "PGNM": "ARS200", "FILE": "FSLEDG", "KSTR": key}


def _item(call: Call) -> tuple[Ref, list[Row]]:
    key = (call.record["PYNO"].upper(), call.record["CINO"], call.record["INYR"])
    rows = item_rows(call.world, key)
    if not rows or opening(rows)["CUNO"] != call.text("CUNO", opening(rows)["CUNO"]).upper():
        raise Nok("XRE0103", "CINO")
    return key, rows


@transaction("ARS200MI", "GetInvTotInfo")
def get_totals(call: Call) -> list[Row]:
    """One item: CUAM as invoiced, PCUA paid, CDCU taken as cash discount, WRCU written off, OCUA outstanding
    (order and local currency are one here)."""
    key, rows = _item(call)
    first, left = opening(rows), call.world.open_amount(key)
    discount, written = (_sum_of(rows, kind) for kind in (CASH_DISCOUNT, WRITE_OFF))
    paid = Decimal(first["CUAM"]) - left - discount - written
    net = Decimal(first["CUAM"]) - Decimal(first["VTAM"])
    sums = {"P": paid, "O": left, "CD": discount, "WR": written, "TB": net, "TX": Decimal(first["VTAM"])}
    sums |= dict.fromkeys(("RO", "BB", "DN"), Decimal(0))
    amounts = {}
    for name, value in sums.items():
        currency, local = {"P": ("PCUA", "PAMT"), "O": ("OCUA", "OAMT")}.get(name, (f"{name}CU", f"{name}AM"))
        amounts |= dict.fromkeys((currency, local), money(value))
    return [{**_shown(first), **amounts, "LOCD": CURRENCY}]


def _sum_of(rows: list[Row], kind: str) -> Decimal:
    return -sum((Decimal(row["CUAM"]) for row in rows if row.get("TDSC") == kind), Decimal(0))


@transaction("ARS200MI", "LstInvoiceTrans")
def list_transactions(call: Call) -> list[Row]:
    """Every ledger row of one item, or only those of one TRCD."""
    _, rows = _item(call)
    wanted = call.text("TRCD")
    return [_shown(row) for row in rows if not wanted or row["TRCD"] == wanted]


def _row(call: Call) -> Row:
    key = f"{call.text('DIVI', DIVISION)}/{call.record['YEA4']}/{call.record['JRNO']}/{call.record['JSNO']}"
    row = call.world.state.get("FSLEDG", key)
    if row is None:
        raise Nok("XRE0103", "JRNO")
    return row


@transaction("ARS200MI", "GetInvoice")
def get_row(call: Call) -> list[Row]:
    """One ledger row by its key."""
    return [_shown(_row(call))]


@transaction("ARS200MI", "GetUniqueKey")
def get_key(call: Call) -> list[Row]:
    """Key of the ledger row of a customer's invoice, of that date and transaction code."""
    world, day = call.world, call.day("IVDT")
    wanted = {name: call.record[name].upper() for name in ("CUNO", "INYR", "TRCD")} | {"IVDT": day}
    table = world.state.tables("FSLEDG")
    for id_ in world.ledger_of_number.ids(call.record["CINO"]):
        if all(table[str(id_)][name] == value for name, value in wanted.items()):
            return [_shown(table[str(id_)])]
    raise Nok("XRE0103", "CINO")


@transaction("ARS200MI", "GetCashDiscInfo")
def get_cash_discount(call: Call) -> list[Row]:
    """Cash discount of an item, as its terms or people put it; nothing for an item without."""
    row = _row(call)
    amount = row.get("CDAM", "0.00")
    amounts = dict.fromkeys(("CDAM", "LDAM", "CDA1", "LDA1"), amount)
    return [{**_shown(row), **amounts, "LOCD": CURRENCY, "SPLT": "0"}]


# ------------------------------------------------------------------------------------------- ARS201MI


def _note(call: Call, changed: Row) -> list[Row]:
    _, rows = _item(call)
    first = opening(rows)
    world = call.world
    world.save("FSLEDG", row_id(first), {**first, **changed, "CHNO": world.next_change(first)})
    call.wrote("ledger item", row_id(first))
    return []


@transaction("ARS201MI", "UpdCustInv")
def update_item(call: Call) -> list[Row]:
    """Note reminders, collection, the interest stop or the cash discount of an item that is still open."""
    _, rows = _item(call)
    if opening(rows)["RECO"] == "9":
        raise Nok("XST0020", "CINO")
    changed = {name: call.text(name) for name in ("RMQT", "CLCD", "IICD") if call.text(name)}
    if call.text("LRDT"):
        changed["LRDT"] = call.day("LRDT")
    if call.text("CDAM"):
        amount, open_ = parse_decimal(call.text("CDAM"), "CDAM", 2), Decimal(opening(rows)["CUAM"])
        if amount < 0:
            raise Nok("XNU0003", "CDAM")
        if amount > abs(open_):
            raise Nok("XOPC001", "CDAM", text="The cash discount is more than the invoice")
        changed["CDAM"] = money(amount)
    return _note(call, changed)


@transaction("ARS201MI", "UpdPmtReminStop")
def update_reminder_stop(call: Call) -> list[Row]:
    """Stop reminders of an item, or lift the stop (RMBL 0)."""
    stop = call.text("RMBL", "0")
    if stop == "0":
        return _note(call, {"RMBL": "0", "BLBY": "", "BLDT": ""})
    day = call.day("BLDT", call.world.today())
    return _note(call, {"RMBL": stop, "BLBY": call.text("BLBY", "M3SIM"), "BLDT": day})
