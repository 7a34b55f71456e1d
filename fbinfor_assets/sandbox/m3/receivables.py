"""ARS200MI and ARS040MI: the customer ledger, and payments that come in.

Belongs here: open items, payment batches, what a batch posts when AR is updated.
Does not belong here: how an invoice gets into the ledger (`deliveries.py`).

An item is (PYNO, CINO, INYR); what is open on it is the sum of its signed CUAM. TRCD 10 is an invoice, 20 a
payment or an allocation, 30 (switch) money on account. PYAM takes from an item in the item's own sign:
positive pays an invoice, negative uses up on-account money or settles a credit invoice. Whether ARS040
updates AR by itself is not verified (infor-api 9): switch `ar_update`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from fbinfor_assets.sandbox.m3 import periods
from fbinfor_assets.sandbox.m3.deliveries import ledger_entry
from fbinfor_assets.sandbox.m3.mi import Nok, Record, money, parse_decimal, plain
from fbinfor_assets.sandbox.m3.world import (
    COMPANY,
    CURRENCY,
    DIVISION,
    PAYMENT_ACCOUNTS,
    PREPAYMENTS,
    RECEIVABLE,
    Call,
    Ref,
    Row,
    World,
    item_key,
    transaction,
)

ENTERED, CONTROLLED, UPDATED = "10", "20", "90"  # guess: PHSTAT of a payment batch


# ------------------------------------------------------------------------------------------- items


def item_rows(world: World, key: Ref) -> list[Row]:
    """The ledger rows of one item, oldest first."""
    table = world.state.tables("FSLEDG")
    return [table[id_] for id_ in world.ledger_of_item.ids(key)]


def _opening(rows: list[Row]) -> Row:
    """The row an item began with: its invoice, or the on-account receipt."""
    return rows[0]


def _shown(row: Row) -> Row:
    return {**row, "CONO": COMPANY, "VSER": "100", "DCAM": "2", "ARAT": "1", "CRTP": "1", "ACAM": row["CUAM"]}


def _opening_rows(world: World, ids: list[str]) -> Iterator[Row]:
    table = world.state.tables("FSLEDG")
    for id_ in ids:
        row = table[id_]
        if _opening(item_rows(world, item_key(row))) is row:
            yield row


def _selected(call: Call, rows: Iterator[Row]) -> list[Row]:
    """AAC0 = 1: only open items; IVDT: from that invoice date on."""
    only_open, first = call.text("AAC0") == "1", call.day("IVDT")
    return [_shown(row) for row in rows if (not only_open or row["RECO"] != "9") and row["IVDT"] >= first]


@transaction("ARS200MI", "LstInvoices")
def list_invoices(call: Call) -> list[Row]:
    """Items of a customer, on-account receipts included (TRCD tells them apart)."""
    world = call.world
    cuno = world.customer(call.record["CUNO"])["CUNO"]
    return _selected(call, _opening_rows(world, [str(id_) for id_ in world.items_of_customer.ids(cuno)]))


@transaction("ARS200MI", "LstInvByDivi")
def list_by_division(call: Call) -> list[Row]:
    world = call.world
    if not call.text("FDIV") <= DIVISION <= call.text("TDIV", "\uffff"):
        return []
    wanted = {name: call.text(name).upper() for name in ("PYNO", "CUNO") if call.text(name)}
    rows = _opening_rows(world, [str(id_) for id_ in world.state.tables("FSLEDG")])
    return _selected(call, (r for r in rows if all(r[name] == value for name, value in wanted.items())))


def _item(call: Call) -> tuple[Ref, list[Row]]:
    key = (call.record["PYNO"].upper(), call.record["CINO"], call.record["INYR"])
    rows = item_rows(call.world, key)
    if not rows or _opening(rows)["CUNO"] != call.record["CUNO"].upper():
        raise Nok("XRE0103", "CINO")
    return key, rows


@transaction("ARS200MI", "GetInvTotInfo")
def get_totals(call: Call) -> list[Row]:
    """One item: CUAM as invoiced, PCUA paid so far, OCUA outstanding (order and local currency are one
    here)."""
    key, rows = _item(call)
    first, left = _opening(rows), call.world.open_amount(key)
    paid = money(Decimal(first["CUAM"]) - left)
    none = dict.fromkeys(
        ("CDCU", "CDAM", "WRCU", "WRAM", "ROCU", "ROAM", "BBCU", "BBAM", "DNCU", "DNAM"), "0.00"
    )
    sums = {"PCUA": paid, "PAMT": paid, "OCUA": money(left), "OAMT": money(left), "LOCD": CURRENCY}
    tax = {"TXCU": first["VTAM"], "TXAM": first["VTAM"]}
    return [{**_shown(first), **none, **sums, **tax}]


@transaction("ARS200MI", "LstInvoiceTrans")
def list_transactions(call: Call) -> list[Row]:
    """Every ledger row of one item, or only those of one TRCD."""
    _, rows = _item(call)
    wanted = call.text("TRCD")
    return [_shown(row) for row in rows if not wanted or row["TRCD"] == wanted]


# ---------------------------------------------------------------------------------------- payments


def _batch(call: Call) -> Row:
    pbid = call.text("PBID")
    batch = call.world.state.get("ARPBHD", int(pbid)) if pbid.isdigit() else None
    if batch is None:
        raise Nok("XRE0103", "PBID")
    return batch


@transaction("ARS040MI", "AddBatchHead")
def add_batch_head(call: Call) -> list[Row]:
    """Begin a payment batch under the caller's own PBID (switch `pbid`); BOPE decides where the cash goes."""
    world = call.world
    bope = call.record["BOPE"].upper()
    if bope not in PAYMENT_ACCOUNTS:
        raise Nok("XRE0103", "BOPE")
    if world.switches["pbid"] == "series":
        pbid = world.state.next_number("PBID", 100001)
    elif not call.record["PBID"].isdigit() or not int(call.record["PBID"]):
        raise Nok("XNU0000", "PBID")
    else:
        pbid = int(call.record["PBID"])
    if world.state.get("ARPBHD", pbid) is not None:
        raise Nok(world.switches["code_duplicate_batch"], "PBID")
    day = call.day("ACDT", world.today())
    head = {"PBID": str(pbid), "BOPE": bope, "ACDT": day, "STAT": ENTERED, "VONO": "", "CUAM": "0.00"}
    kept = {name: call.text(name) for name in ("BAAN", "NADO") if call.text(name)}
    world.save("ARPBHD", pbid, {**kept, **head, "lines": [], **world.born()})
    call.wrote("payment", pbid)
    return [{"PBID": str(pbid)}]


@transaction("ARS040MI", "AddBatchLine")
def add_batch_line(call: Call) -> list[Row]:
    """Add a line: which item, how much. An item that does not exist is accepted only as on-account money."""
    world, batch = call.world, _batch(call)
    if batch["STAT"] == UPDATED:
        raise Nok("XST0020", "PBID")
    trno = call.record["TRNO"].lstrip("0") or "0"
    if any(line["TRNO"] == trno for line in batch["lines"]):
        raise Nok("XRE0104", "TRNO")
    customer = world.customer(call.record["CUNO"])
    payer = world.customer(call.text("PYNO", customer["PYNO"]), "PYNO")
    amount = parse_decimal(call.record["PYAM"], "PYAM", 2)
    if not amount:
        raise Nok("XNU0000", "PYAM")
    if call.text("CUCD", CURRENCY) != CURRENCY:
        raise Nok("XRE0103", "CUCD")
    line: Record = {
        "TRNO": trno,
        "CINO": call.record["CINO"],
        "INYR": call.record["INYR"],
        "CUNO": customer["CUNO"],
        "PYNO": payer["CUNO"],
        "PYAM": money(amount),
        "PYTP": call.text("PYTP").upper(),
        "CKNO": call.text("CKNO"),
        "LPDT": call.day("LPDT", batch["ACDT"]),
    }
    _settlement(world, line, Decimal(0))
    lines = [*batch["lines"], line]
    total = money(sum((Decimal(entry["PYAM"]) for entry in lines), Decimal(0)))
    world.save("ARPBHD", int(batch["PBID"]), {**batch, "STAT": ENTERED, "lines": lines, "CUAM": total})
    call.wrote("payment", batch["PBID"])
    return []


@dataclass(frozen=True, slots=True)
class _Settlement:
    """What one line does: to which item, in which account, and whether it opens an on-account item."""

    line: Row
    account: str
    opening: Row | None


def _settlement(world: World, line: Row, taken: Decimal) -> _Settlement:
    """Judge one line; `taken` is what earlier lines of the batch already take from the same item. Raises
    Nok."""
    rows = item_rows(world, item_key(line))
    on_account = world.switches["on_account_type"]
    amount = Decimal(line["PYAM"])
    if not rows:
        if line["PYTP"] != on_account:
            raise Nok("XRE0103", "CINO")
        if amount < 0:
            raise Nok("XNU0003", "PYAM")
        return _Settlement(line, PREPAYMENTS, None)
    first = _opening(rows)
    is_prepayment = first["TRCD"] == world.switches["on_account_trcd"]
    if is_prepayment and amount > 0:
        raise Nok("XRE0104", "CINO")
    if first["CUNO"] != line["CUNO"]:
        raise Nok("XIM0002", "CUNO", text=f"Customer number {line['CUNO']} is invalid for {line['CINO']}")
    left = world.open_amount(item_key(line)) - taken
    too_much = amount * left <= 0 or abs(amount) > abs(left)
    if too_much and (is_prepayment or world.switches["overpayment"] == "refused"):
        raise Nok(
            "XOPC001", "PYAM", text=f"{plain(amount)} is more than the {plain(left)} open on {line['CINO']}"
        )
    return _Settlement(line, PREPAYMENTS if is_prepayment else RECEIVABLE, first)


def _control(world: World, batch: Row) -> list[_Settlement]:
    """Check a whole batch. Raises Nok for the first thing wrong with it."""
    if batch["STAT"] == UPDATED:
        raise Nok("XST0020", "PBID")
    if not batch["lines"]:
        raise Nok("XRE0103", "PBID", text="The batch has no lines")
    periods.check(world, periods.RECEIVABLES, batch["ACDT"])
    if batch["BOPE"] == "ALC" and Decimal(batch["CUAM"]):
        text = f"An allocation moves no cash, but the lines of batch {batch['PBID']} sum to {batch['CUAM']}"
        raise Nok("XOPC001", "PYAM", text=text)
    taken: dict[Ref, Decimal] = {}
    settlements = []
    for line in batch["lines"]:
        key = item_key(line)
        settlements.append(_settlement(world, line, taken.get(key, Decimal(0))))
        if settlements[-1].opening is None and key in taken:
            raise Nok("XRE0104", "CINO")
        taken[key] = taken.get(key, Decimal(0)) + Decimal(line["PYAM"])
    return settlements


def update_ledger(world: World, batch: Row) -> Row:
    """Post a batch: one voucher, one ledger row per line, RECO 9 where nothing is left open. Raises Nok."""
    settlements = _control(world, batch)
    day = batch["ACDT"]
    cash = PAYMENT_ACCOUNTS[batch["BOPE"]]
    postings = [(settled.account, -Decimal(settled.line["PYAM"])) for settled in settlements]
    if cash:
        postings.insert(0, (cash, Decimal(batch["CUAM"])))
    vono = world.post(day, f"Payment batch {batch['PBID']}", postings, {"payment": batch["PBID"]})
    for settled in settlements:
        _book(world, settled, day, vono)
    return world.save("ARPBHD", int(batch["PBID"]), {**batch, "STAT": UPDATED, "VONO": vono})


def _book(world: World, settled: _Settlement, day: str, vono: str) -> None:
    line, first = settled.line, settled.opening
    values = {name: line[name] for name in ("PYNO", "CUNO", "CINO", "INYR", "PYTP", "CKNO")}
    values |= {"CUAM": money(-Decimal(line["PYAM"])), "ACDT": day, "VONO": vono}
    if first is None:
        values |= {"TRCD": world.switches["on_account_trcd"], "IVDT": day, "DUDT": day}
    else:
        values |= {"TRCD": "20", "IVDT": first["IVDT"], "DUDT": first["DUDT"]}
    ledger_entry(world, values)
    key = item_key(line)
    if world.open_amount(key) == 0:
        for row in item_rows(world, key):
            id_ = f"{row['DIVI']}/{row['YEA4']}/{row['JRNO']}/{row['JSNO']}"
            world.save("FSLEDG", id_, {**row, "RECO": "9", "REDE": day})


@transaction("ARS040MI", "ControlBatch")
def control_batch(call: Call) -> list[Row]:
    """Check a batch and, with `ar_update: on_control`, update AR and GL at once."""
    world, batch = call.world, _batch(call)
    if world.switches["ar_update"] == "on_control":
        update_ledger(world, batch)
    else:
        _control(world, batch)
        world.save("ARPBHD", int(batch["PBID"]), {**batch, "STAT": CONTROLLED})
    call.wrote("payment", batch["PBID"])
    return []
