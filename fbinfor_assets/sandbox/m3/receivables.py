"""ARS040MI: payments that come in, and what people do to an open item.

Belongs here: payment batches with their charges, what a batch posts when AR is updated, write-offs.
Does not belong here: reading the ledger (`customer_ledger.py`), how an invoice gets into it (`deliveries.py`).

An item is (PYNO, CINO, INYR); what is open on it is the sum of its signed CUAM. TRCD 10 is an invoice, 20 a
payment, an allocation, a discount or a write-off, 30 (switch) money on account. PYAM takes from an item in the
item's own sign: positive pays an invoice, negative uses up on-account money or settles a credit invoice. Beside
it a line may take a cash discount (ACDA) and write off a rest (ADAM); the catalogue calls both only "foreign
currency amount" (switch `payment_adjustments`). A charge (CHAM, its VAT inside) is what the bank kept. Whether
ARS040 updates AR by itself is not verified (infor-api 9): switch `ar_update`.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from fbinfor_assets.sandbox.m3 import periods
from fbinfor_assets.sandbox.m3.customer_ledger import (
    CASH_DISCOUNT,
    WRITE_OFF,
    close_if_settled,
    item_rows,
    opening,
)
from fbinfor_assets.sandbox.m3.deliveries import ledger_entry
from fbinfor_assets.sandbox.m3.mi import Nok, Record, money, parse_decimal, plain
from fbinfor_assets.sandbox.m3.world import (
    BAD_DEBTS,
    CURRENCY,
    DISCOUNTS,
    FEES,
    PAYMENT_ACCOUNTS,
    PREPAYMENTS,
    RECEIVABLE,
    VAT_RECOVERABLE,
    Call,
    Ref,
    Row,
    World,
    item_key,
    transaction,
)

ENTERED, CONTROLLED, UPDATED = "10", "20", "90"  # guess: PHSTAT of a payment batch
# What a payment line may take from its item beside the payment: field -> (account, TDSC of its ledger row).
_ADJUSTMENTS = {"ACDA": (DISCOUNTS, CASH_DISCOUNT), "ADAM": (BAD_DEBTS, WRITE_OFF)}


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
    line |= _adjustments(call)
    _settlement(world, line, Decimal(0))
    lines = [*batch["lines"], line]
    total = money(sum((Decimal(entry["PYAM"]) for entry in lines), Decimal(0)))
    world.save("ARPBHD", int(batch["PBID"]), {**batch, "STAT": ENTERED, "lines": lines, "CUAM": total})
    call.wrote("payment", batch["PBID"])
    return []


def _adjustments(call: Call) -> Row:
    """Cash discount and write-off of a payment line. Raises Nok where (switch) this tenant takes none."""
    found = {}
    for name in _ADJUSTMENTS:
        amount = parse_decimal(call.text(name, "0"), name, 2)
        if amount and call.world.switches["payment_adjustments"] == "refused":
            raise Nok("XOPC001", name, text=f"{name}: this tenant takes no differences with a payment")
        if amount:
            found[name] = money(amount)
    return found


def taken_by(line: Row) -> Decimal:
    """All that a payment line takes from its item."""
    return sum((Decimal(line.get(name) or 0) for name in ("PYAM", *_ADJUSTMENTS)), Decimal(0))


@transaction("ARS040MI", "AddBatchCharge")
def add_batch_charge(call: Call) -> list[Row]:
    """Add what the bank kept of a batch: it lowers the cash and is posted to the fees."""
    world, batch = call.world, _batch(call)
    if batch["STAT"] == UPDATED:
        raise Nok("XST0020", "PBID")
    if not PAYMENT_ACCOUNTS[batch["BOPE"]]:
        raise Nok("XOPC001", "CHAM", text="An allocation moves no cash, so nothing can be kept of it")
    if call.text("CUCD", CURRENCY) != CURRENCY:
        raise Nok("XRE0103", "CUCD")
    amount, tax = (parse_decimal(call.text(name, "0"), name, 2) for name in ("CHAM", "VTAM"))
    if not amount:
        raise Nok("XNU0000", "CHAM")
    if amount * tax < 0 or abs(tax) >= abs(amount):
        raise Nok("XOPC001", "VTAM", text=f"{plain(tax)} of VAT is not part of {plain(amount)}")
    charge = {"CHAM": money(amount), "VTAM": money(tax), "CHRI": call.text("CHRI"), "VTCD": call.text("VTCD")}
    charges = [*batch.get("charges", ()), charge]
    world.save("ARPBHD", int(batch["PBID"]), {**batch, "STAT": ENTERED, "charges": charges})
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
    amount = taken_by(line)
    adjusted = any(name in line for name in _ADJUSTMENTS)
    if not rows:
        if line["PYTP"] != on_account or adjusted:
            raise Nok("XRE0103", "CINO")
        if amount < 0:
            raise Nok("XNU0003", "PYAM")
        return _Settlement(line, PREPAYMENTS, None)
    first = opening(rows)
    is_prepayment = first["TRCD"] == world.switches["on_account_trcd"]
    if is_prepayment and (amount > 0 or adjusted):
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
        taken[key] = taken.get(key, Decimal(0)) + taken_by(line)
    return settlements


def update_ledger(world: World, batch: Row) -> Row:
    """Post a batch: one voucher, one ledger row per line, RECO 9 where nothing is left open. Raises Nok."""
    settlements = _control(world, batch)
    day = batch["ACDT"]
    cash = PAYMENT_ACCOUNTS[batch["BOPE"]]
    postings = [(settled.account, -taken_by(settled.line)) for settled in settlements]
    for name, (account, _) in _ADJUSTMENTS.items():
        postings += [(account, Decimal(s.line[name])) for s in settlements if name in s.line]
    kept = Decimal(0)
    for charge in batch.get("charges", ()):
        amount, tax = Decimal(charge["CHAM"]), Decimal(charge["VTAM"])
        postings += [(FEES, amount - tax), (VAT_RECOVERABLE, tax)]
        kept += amount
    if cash:
        postings.insert(0, (cash, Decimal(batch["CUAM"]) - kept))
    vono = world.post(day, f"Payment batch {batch['PBID']}", postings, {"payment": batch["PBID"]})
    for settled in settlements:
        _book(world, settled, day, vono)
    return world.save("ARPBHD", int(batch["PBID"]), {**batch, "STAT": UPDATED, "VONO": vono})


def _book(world: World, settled: _Settlement, day: str, vono: str) -> None:
    """The ledger rows of one line: the payment, and what it took beside."""
    line, first = settled.line, settled.opening
    values = {name: line[name] for name in ("PYNO", "CUNO", "CINO", "INYR", "PYTP", "CKNO")}
    values |= {"ACDT": day, "VONO": vono}
    if first is None:
        values |= {"TRCD": world.switches["on_account_trcd"], "IVDT": day, "DUDT": day}
    else:
        values |= {"TRCD": "20", "IVDT": first["IVDT"], "DUDT": first["DUDT"]}
    ledger_entry(world, {**values, "CUAM": money(-Decimal(line["PYAM"]))})
    for name, (_, kind) in _ADJUSTMENTS.items():
        if name in line:
            ledger_entry(world, {**values, "CUAM": money(-Decimal(line[name])), "TDSC": kind})
    close_if_settled(world, item_key(line), day)


def write_off(world: World, key: Ref, amount: Decimal | None, day: str) -> Row:
    """Write off what is open on an item, or a part of it, to bad debts (a person's doing). Gives the ledger row.

    Raises Nok: XRE0103 no such item, XOPC001 more than is open.
    """
    rows = item_rows(world, key)
    if not rows:
        raise Nok("XRE0103", "CINO")
    left = world.open_amount(key)
    amount = left if amount is None else amount
    if not amount or amount * left <= 0 or abs(amount) > abs(left):
        raise Nok("XOPC001", "CUAM", text=f"{plain(amount)} is more than the {plain(left)} open on {key[1]}")
    periods.check(world, periods.RECEIVABLES, day)
    first = opening(rows)
    account = PREPAYMENTS if first["TRCD"] == world.switches["on_account_trcd"] else RECEIVABLE
    refs = {"write-off": f"{key[2]}/{key[1]}"}
    vono = world.post(day, f"Write-off {key[1]}", [(BAD_DEBTS, amount), (account, -amount)], refs)
    values = {name: first[name] for name in ("PYNO", "CUNO", "CINO", "INYR", "IVDT", "DUDT")}
    values |= {"TRCD": "20", "TDSC": WRITE_OFF, "CUAM": money(-amount), "ACDT": day, "VONO": vono}
    row = ledger_entry(world, values)
    close_if_settled(world, key, day)
    return row


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
