"""What becomes of a batch supplier invoice: its checks, its matching to receipts, the update of payables.

Belongs here: the rules of validation (APS455), of matching to a purchase order, the voucher and the AP item.
Does not belong here: entering an invoice (`supplier_invoices.py`), paying it (`payables.py`).

Where the amounts go (accounting rules of AP50, Infor's guide to batch supplier invoices): payables credit, VAT
receivable debit, accounting lines to their own account, matched item lines against "goods received, not invoiced",
what no receipt covers yet to the clearing account, from where a later receipt takes it by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from fbinfor_assets.sandbox.m3 import periods
from fbinfor_assets.sandbox.m3.mi import Nok, money, plain, to_day
from fbinfor_assets.sandbox.m3.purchase_lines import order_line, price, purchase_order, save_order
from fbinfor_assets.sandbox.m3.suppliers import ACTIVE, VAT_RATES, supplier
from fbinfor_assets.sandbox.m3.world import (
    ACCOUNTS,
    CURRENCY,
    DIVISION,
    EXPENSES,
    GOODS_RECEIVED,
    INVOICE_CLEARING,
    PAYABLE,
    PAYMENT_DAYS,
    STOCK_DIFFERENCES,
    VAT_RECOVERABLE,
    Row,
    World,
    half_up,
)

ROUNDING = "3900"
NEW, WITH_ERRORS, VALIDATED, NOT_APPROVED, ADJUSTED, APPROVED, MATCHING_FAILED, UPDATED = (
    "10",
    "15",
    "20",
    "40",
    "43",
    "50",
    "79",
    "90",
)  # SUPA, M3's own list
ITEM, ORDER_CHARGE, LINE_CHARGE, ACCOUNTING = "1", "2", "5", "8"  # RDTP, M3's own; VAT is a switch
INVOICE, PAYMENT = "40", "50"  # TRCD of payables
_DIMENSIONS = tuple(f"AO0{n}" for n in range(2, 8))


class MatchError(Nok):
    """A line that does not fit its purchase order."""


# ------------------------------------------------------------------------------------ values of lines


def is_vat(world: World, line: Row) -> bool:
    return line["RDTP"] == world.switches["ap_line_type_vat"]


def _amount(line: Row, name: str) -> Decimal:
    return Decimal(line.get(name) or "0")


def line_vat(line: Row) -> Decimal:
    return _amount(line, "VTA1") + _amount(line, "VTA2")


def line_net(batch: Row, line: Row) -> Decimal:
    """Net amount of a cost line: NLAM, else quantity by price; less its VAT when amounts include tax (TXIN)."""
    amount = _amount(line, "NLAM")
    if not line.get("NLAM"):
        unit = _amount(line, "NEPR") or _amount(line, "GRPR")
        amount = half_up(_amount(line, "IVQA") * unit / (_amount(line, "PUCD") or 1))
    return amount - line_vat(line) if batch.get("TXIN") == "1" else amount


def totals(world: World, batch: Row) -> tuple[Decimal, Decimal, list[Row]]:
    """VAT, net of the cost lines, and the cost lines of a batch; without VAT lines the head's VAT counts."""
    costs = [line for line in batch["lines"] if not is_vat(world, line)]
    nets = sum((line_net(batch, line) for line in costs), Decimal("0.00"))
    tax = sum((line_vat(line) for line in batch["lines"]), Decimal("0.00"))
    return tax or _amount(batch, "VTAM"), nets, costs


# -------------------------------------------------------------------------------------------- checks


@dataclass(frozen=True, slots=True)
class Finding:
    """One error: of the head, or of the line TRNO."""

    code: str
    text: str
    trno: str = ""
    matching: bool = False


def duplicate_of(world: World, batch: Row) -> str:
    """What already carries this payee, supplier, invoice number and year: a batch or an AP item; "" for none."""
    key = (batch["SPYN"], batch["SUNO"], batch["SINO"], batch["INYR"])
    if world.purchases.payables_of_item.ids(key):
        return f"in accounts payable since year {batch['INYR']}"
    for inbn in world.purchases.batches_of_supplier_invoice.ids(key[:3]):
        other = world.state.tables("FAPIBH")[inbn]
        alive = other["INYR"] == batch["INYR"] and other["SUPA"] != NOT_APPROVED
        if alive and int(other["INBN"]) < int(batch["INBN"] or 10**10):
            return f"in invoice batch {other['INBN']}"
    return ""


def findings(world: World, batch: Row) -> list[Finding]:
    """Everything wrong with a batch, head first."""
    return [*_head_findings(world, batch), *_line_findings(world, batch)]


def check_still_valid(world: World, batch: Row) -> None:
    """Refuse to update payables from a batch that was validated, when it would not be any more. Raises Nok."""
    found = findings(world, batch)
    if found:
        raise Nok("XST0020", "INBN", text=f"Invoice batch {batch['INBN']}: {found[0].text}")


def _head_findings(world: World, batch: Row) -> Iterator[Finding]:
    for name in ("SUNO", "SPYN"):
        row = world.state.get("CIDMAS", batch[name])
        if row is None:
            yield Finding("WSU0103", f"Supplier {batch[name]} does not exist")
        elif row["STAT"] != ACTIVE:
            yield Finding("WST0301", f"Supplier {batch[name]} has status {row['STAT']}")
    if not batch["SINO"]:
        yield Finding("XRE0103", "Supplier invoice number must be entered")
    elif (other := duplicate_of(world, batch)) != "":
        yield Finding("XRE0104", f"Supplier invoice number {batch['SINO']} is already {other}")
    if batch["CUCD"] != CURRENCY:
        yield Finding("XRE0103", f"Currency {batch['CUCD']} does not exist")
    if batch["TEPY"] not in PAYMENT_DAYS:
        yield Finding("XRE0103", f"Payment terms {batch['TEPY']} do not exist")
    try:
        periods.check(world, periods.PAYABLES, batch["ACDT"])
        if batch.get("PUNO"):
            purchase_order(world, batch["PUNO"])
    except Nok as nok:
        yield Finding(nok.code, nok.text)
    yield from _sum_findings(world, batch)


def _sum_findings(world: World, batch: Row) -> Iterator[Finding]:
    gross, stated = _amount(batch, "CUAM"), _amount(batch, "VTAM")
    if not gross:
        yield Finding("XNU0000", "Invoice amount must be entered")
    tax, nets, costs = totals(world, batch)
    if batch.get("VTAM") and tax != stated:
        yield Finding("XOPC001", f"VAT lines sum to {money(tax)}, the head has {money(stated)}")
    difference = gross - tax - nets
    if costs and abs(difference) > Decimal(world.switches["ap_rounding"]):
        text = (
            f"Lines {money(nets)} and VAT {money(tax)} differ from the invoice amount by {money(difference)}"
        )
        yield Finding("XOPC001", text)


def _line_findings(world: World, batch: Row) -> Iterator[Finding]:
    taken: dict[tuple[str, str], Decimal] = {}
    for line in batch["lines"]:
        try:
            _check_line(world, batch, line, taken)
        except MatchError as nok:
            yield Finding(nok.code, nok.text, line["TRNO"], matching=True)
        except Nok as nok:
            yield Finding(nok.code, nok.text, line["TRNO"])


def _check_line(world: World, batch: Row, line: Row, taken: dict[tuple[str, str], Decimal]) -> None:
    code = line.get("VTCD", "").zfill(2)
    if line.get("VTCD") and code not in VAT_RATES:
        raise Nok("XRE0103", "VTCD", text=f"VAT code {line['VTCD']} does not exist")
    account = line.get("AO01", "")
    if (account and account not in ACCOUNTS) or (line["RDTP"] == ACCOUNTING and not account):
        raise Nok("XRE0103", "AO01", text=f"Account {account or '(blank)'} does not exist")
    if line["RDTP"] != ITEM:
        return
    order, at = ordered(world, batch, line)
    if order["SUNO"] != batch["SUNO"]:
        raise MatchError("WPU0803", text=f"Purchase order {order['PUNO']} is of supplier {order['SUNO']}")
    bought, quantity = order["lines"][at], _amount(line, "IVQA")
    key = (order["PUNO"], bought["PNLI"])
    taken[key] = taken.get(key, Decimal(0)) + quantity
    left = Decimal(bought["ORQA"]) - Decimal(bought["IVQA"])
    if taken[key] > left:
        text = f"{plain(taken[key])} invoiced, {plain(left)} ordered and not invoiced yet"
        raise MatchError("XOPC001", text=text)
    there = Decimal(bought["RVQA"]) - Decimal(bought["MAQA"])
    if taken[key] > there and world.switches["ap_quantity_variance"] == "error":
        raise MatchError("XOPC001", text=f"{plain(taken[key])} invoiced, {plain(there)} received")
    variance = line_net(batch, line) - half_up(quantity * price(bought))
    if variance and world.switches["ap_price_variance"] == "error":
        raise MatchError("XOPC001", text=f"Net amount differs from the order's price by {money(variance)}")


def ordered(world: World, batch: Row, line: Row) -> tuple[Row, int]:
    """The purchase order line an item line bills: by PUNO and PNLI, or by the item within the order. Raises Nok."""
    puno = line.get("PUNO") or batch.get("PUNO", "")
    order = purchase_order(world, puno)
    if line.get("PNLI", "0").strip("0"):
        return order, order_line(order, line["PNLI"])
    for at, bought in enumerate(order["lines"]):
        if bought["ITNO"] == line.get("ITNO", "").upper():
            return order, at
    raise MatchError("XRE0103", text=f"Purchase order {puno} has no line for item {line.get('ITNO', '')}")


# ------------------------------------------------------------------------------------------ matching


@dataclass(frozen=True, slots=True)
class _Match:
    """How much of a billed quantity receipts cover: quantity, what it clears of them, its share of the bill."""

    quantity: Decimal
    cleared: Decimal
    billed: Decimal


def _match(bought: Row, quantity: Decimal, amount: Decimal) -> _Match:
    received, matched = Decimal(bought["RVQA"]), Decimal(bought["MAQA"])
    covered = min(quantity, received - matched) if quantity > 0 else max(quantity, -matched)
    if not covered:
        return _Match(covered, Decimal(0), Decimal(0))
    billed = amount if covered == quantity else half_up(amount * covered / quantity)
    cleared = half_up(covered * price(bought))
    if matched + covered == received:
        # The last one clears to the cent what the receipts posted.
        cleared = _amount(bought, "RVAM") - _amount(bought, "MAAM")
    return _Match(covered, cleared, billed)


def _matched_line(bought: Row, match: _Match) -> Row:
    """The order line after a match (not stamped)."""
    line = {name: value for name, value in bought.items() if name != "LMTS"}
    line["MAQA"] = plain(Decimal(bought["MAQA"]) + match.quantity)
    line["MAAM"] = money(_amount(bought, "MAAM") + match.cleared)
    return line


def _match_item(world: World, batch: Row, line: Row) -> tuple[Row, list[tuple[str, Decimal]]]:
    """Match one item line as far as goods were received: the line as it stands then, and its postings."""
    order, at = ordered(world, batch, line)
    bought, quantity, amount = order["lines"][at], _amount(line, "IVQA"), line_net(batch, line)
    match = _match(bought, quantity, amount)
    changed = _matched_line(bought, match)
    changed["IVQA"] = plain(Decimal(bought["IVQA"]) + quantity)
    changed["IDAT"] = batch["IVDT"]
    waits = quantity != match.quantity
    if waits:
        changed["WAIT"] = [*bought.get("WAIT", []), [batch["INBN"], line["TRNO"]]]
    lines = list(order["lines"])
    lines[at] = changed
    save_order(world, {**order, "lines": lines})
    open_amount = amount - match.billed
    done = {"PUNO": order["PUNO"], "PNLI": bought["PNLI"], "ITNO": bought["ITNO"]}
    done |= {"UMQA": plain(quantity - match.quantity), "UMAM": money(open_amount)}
    postings = [
        (GOODS_RECEIVED, match.cleared),
        (STOCK_DIFFERENCES, match.billed - match.cleared),
        (INVOICE_CLEARING, open_amount),
    ]
    return done, postings


def match_waiting(world: World, puno: str, pnli: str, day: str) -> None:
    """Goods came for which an invoice waits in the clearing account: match as much of it as there is."""
    order = purchase_order(world, puno)
    at = order_line(order, pnli)
    bought = order["lines"][at]
    waiting = []
    for inbn, trno in bought.get("WAIT", []):
        batch = world.state.tables("FAPIBH")[int(inbn)]
        here = int(trno) - 1
        line = batch["lines"][here]
        match = _match(bought, _amount(line, "UMQA"), _amount(line, "UMAM"))
        if match.quantity:
            bought = _matched_line(bought, match)
            postings = [
                (GOODS_RECEIVED, match.cleared),
                (STOCK_DIFFERENCES, match.billed - match.cleared),
                (INVOICE_CLEARING, -match.billed),
            ]
            refs = {"supplier_invoice": batch["SINO"], "matched": f"{puno}/{pnli}"}
            posting_day = periods.first_open(world, periods.PAYABLES, day)
            world.post(posting_day, f"Matched {batch['SINO']}", postings, refs)
            line = {name: value for name, value in line.items() if name != "LMTS"}
            line["UMQA"] = plain(_amount(line, "UMQA") - match.quantity)
            line["UMAM"] = money(_amount(line, "UMAM") - match.billed)
            lines = list(batch["lines"])
            lines[here] = line
            batch = world.save("FAPIBH", int(inbn), {**batch, "lines": lines})
            _approve_matched(world, batch)
        if Decimal(line["UMQA"]):
            waiting.append([inbn, trno])
    if bought is not order["lines"][at]:
        lines = list(order["lines"])
        lines[at] = {**bought, "WAIT": waiting}
        save_order(world, {**order, "lines": lines})


def unmatched(batch: Row) -> Decimal:
    """Net amount of a batch that no receipt covers yet."""
    return sum((_amount(line, "UMAM") for line in batch["lines"]), Decimal("0.00"))


# ------------------------------------------------------------------------------------ accounts payable


def _cost_postings(world: World, batch: Row) -> tuple[list[Row], list[tuple[str, Decimal]], list[Row]]:
    """The batch's lines after matching, and the postings of its cost lines with their details."""
    lines: list[Row] = []
    postings: list[tuple[str, Decimal]] = []
    details: list[Row] = []
    for line in batch["lines"]:
        if is_vat(world, line):
            lines.append(line)
            continue
        detail = {f"AIT{name[3]}": line[name] for name in _DIMENSIONS if line.get(name)}
        detail |= {"VTXT": line.get("CHGT", "")[:40], "VTCD": line.get("VTCD", "")}
        made = [(line.get("AO01") or EXPENSES, line_net(batch, line))]
        if line["RDTP"] == ITEM:
            done, made = _match_item(world, batch, line)
            line = {**{name: value for name, value in line.items() if name != "LMTS"}, **done}
        lines.append(line)
        postings += made
        details += [detail] * len(made)
    return lines, postings, details


def update_payables(world: World, batch: Row) -> Row:
    """Post a validated batch: voucher, AP item, matched order lines. Gives the batch at status 90."""
    gross, (tax, nets, costs) = _amount(batch, "CUAM"), totals(world, batch)
    lines, postings, details = _cost_postings(world, batch)
    # Without cost lines the whole net waits in the clearing account for somebody to code it.
    rest = (ROUNDING if costs else INVOICE_CLEARING, gross - tax - nets)
    postings = [(PAYABLE, -gross), (VAT_RECOVERABLE, tax), rest, *postings]
    details = [{"VTXT": batch["SINO"]}] * 3 + details
    day, refs = batch["ACDT"], {"supplier_invoice": batch["SINO"], "supplier": batch["SUNO"]}
    vono = world.post(day, f"Supplier invoice {batch['SINO']}", postings, refs, details)
    names = ("SPYN", "SUNO", "SINO", "INYR", "CUCD", "IVDT", "DUDT", "ACDT", "TEPY", "PYME", "INBN", "APCD")
    approved = "1" if batch.get("AAPD") else "0"
    item = payables_entry(
        world,
        {
            **{
                name: batch.get(name, "") for name in (*names, "CORI", "PAIN", "DEDA", "TDCD", "BKID", "SERS")
            },
            **{"TRCD": INVOICE, "CUAM": money(gross), "VTAM": money(tax), "VONO": vono, "APRV": approved},
        },
    )
    own = {"SUPA": UPDATED, "BIST": "0", "VONO": vono, "YEA4": item["YEA4"], "JRNO": item["JRNO"]}
    done = world.save("FAPIBH", int(batch["INBN"]), {**batch, **own, "lines": lines})
    _approve_matched(world, done)
    return done


def payables_entry(world: World, values: Row) -> Row:
    """Store one payables row (FPLEDG): CUAM positive for what we owe, negative for what settles it."""
    year, jrno = values["ACDT"][:4], str(world.state.next_number("JRNO AP", 5000001))
    defaults = {"RECO": "0", "REDE": "", "IVBL": "0", "PYTP": "", "PYST": "0", "VSER": "200", "log": []}
    key = {"DIVI": DIVISION, "YEA4": year, "JRNO": jrno, "JSNO": "1"}
    return world.save("FPLEDG", f"{DIVISION}/{year}/{jrno}/1", {**defaults, **values, **key, **world.born()})


def _approve_matched(world: World, batch: Row) -> None:
    """Switch `ap_approval: when_matched`: an invoice whose every item line is matched may be paid."""
    matched = any(line["RDTP"] == ITEM for line in batch["lines"]) and not unmatched(batch)
    if matched and world.switches["ap_approval"] == "when_matched":
        set_approved(world, (batch["SPYN"], batch["SUNO"], batch["SINO"], batch["INYR"]), "M3SIM")


def set_approved(world: World, key: tuple[str, str, str, str], user: str) -> None:
    """Approve an AP item for payment. Raises Nok XRE0103."""
    ids = world.purchases.payables_of_item.ids(key)
    if not ids:
        raise Nok("XRE0103", "SINO")
    row = world.state.tables("FPLEDG")[ids[0]]
    entry = {"ACTO": "10", "USID": user, "USI2": "", "ACTD": world.today(), "ACTM": world.born()["RGTM"]}
    world.save("FPLEDG", ids[0], {**row, "APRV": "1", "log": [*row["log"], entry]})


def due_date(day: str, terms: str) -> str:
    return (to_day(day) + timedelta(days=PAYMENT_DAYS.get(terms, 0))).strftime("%Y%m%d")


def payee_of(world: World, suno: str) -> str:
    """The payee of a supplier: its PRSU, else itself. Raises Nok."""
    row = supplier(world, suno)
    return row.get("PRSU") or row["SUNO"]
