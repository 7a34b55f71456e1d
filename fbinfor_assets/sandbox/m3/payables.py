"""APS200MI and APS130MI: the supplier ledger, and proposals to pay what is in it.

Belongs here: reads of payables (FPLEDG), an invoice's log, payment proposals, what a payment posts.
Does not belong here: how an invoice gets into the ledger (`supplier_matching.py`).

An item is (SPYN, SUNO, SINO, INYR). TRCD 40 is an invoice (a credit note is a negative one), 50 a payment; what is
open on an item is the sum of its signed CUAM. An item may be paid once it is approved (APRV 1).
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from fbinfor_assets.sandbox.m3 import periods, search
from fbinfor_assets.sandbox.m3.mi import Nok, money, parse_decimal
from fbinfor_assets.sandbox.m3.purchase_indexes import payable_key
from fbinfor_assets.sandbox.m3.supplier_matching import INVOICE, PAYMENT, payables_entry
from fbinfor_assets.sandbox.m3.world import (
    COMPANY,
    CURRENCY,
    DIVISION,
    PAYABLE,
    Call,
    Row,
    World,
    transaction,
)

BANK = "1000"
_NOTHING = (
    "CDCU",
    "CDAM",
    "WRCU",
    "WRAM",
    "ROCU",
    "ROAM",
    "LDAM",
    "CDA1",
    "CDA2",
    "CDA3",
    "LDA1",
    "LDA2",
    "LDA3",
)


def item_rows(world: World, key: tuple[str, ...]) -> list[Row]:
    """The rows of one item, its invoice first."""
    table = world.state.tables("FPLEDG")
    return [table[id_] for id_ in world.purchases.payables_of_item.ids(key)]


def open_amount(world: World, key: tuple[str, ...]) -> Decimal:
    """What is still owed on one item."""
    return sum((Decimal(row["CUAM"]) for row in item_rows(world, key)), Decimal("0.00"))


def _shown(world: World, row: Row) -> Row:
    seller = world.state.get("CIDMAS", row["SUNO"]) or {}
    facts = {"CONO": COMPANY, "DCAM": "2", "ARAT": "1", "CRTP": "1", "ACAM": row["CUAM"], "ENME": "1"}
    text = {INVOICE: "Invoice", PAYMENT: "Payment"}[row["TRCD"]]
    return {**facts, "SUCL": seller.get("SUCL", ""), "TDSC": text, "TDS1": text, **row}


# --------------------------------------------------------------------------------------------- reads


def _by_journal(call: Call) -> Row:
    """The row a journal key names. Raises Nok XRE0103."""
    key = (DIVISION, call.record["YEA4"], call.record["JRNO"].lstrip("0"), call.record["JSNO"].lstrip("0"))
    row = call.world.state.get("FPLEDG", "/".join(key))
    if row is None:
        raise Nok("XRE0103", "JRNO")
    return row


def _item(call: Call) -> tuple[tuple[str, ...], list[Row]]:
    key = tuple(call.record[name].upper() for name in ("SPYN", "SUNO", "SINO", "INYR"))
    rows = item_rows(call.world, key)
    if not rows:
        raise Nok("XRE0103", "SINO")
    return key, rows


@transaction("APS200MI", "GetInvoice")
def get_invoice(call: Call) -> list[Row]:
    return [_shown(call.world, _by_journal(call))]


@transaction("APS200MI", "GetInvTotInfo")
def get_totals(call: Call) -> list[Row]:
    """One item: CUAM as invoiced, PCUA paid so far, OCUA outstanding (one currency here)."""
    key, rows = _item(call)
    first, left = rows[0], open_amount(call.world, key)
    total, tax = Decimal(first["CUAM"]), Decimal(first["VTAM"] or 0)
    paid, net = money(total - left), money(total - tax)
    sums = {"PCUA": paid, "PAMT": paid, "OCUA": money(left), "OAMT": money(left), "LOCD": CURRENCY}
    taxes = {"TXCU": first["VTAM"], "TXAM": first["VTAM"], "TBCU": net, "TBAM": net}
    return [{**_shown(call.world, first), **dict.fromkeys(_NOTHING, "0.00"), **sums, **taxes}]


@transaction("APS200MI", "LstInvoiceTrans")
def list_transactions(call: Call) -> list[Row]:
    _, rows = _item(call)
    wanted = call.text("TRCD")
    return [_shown(call.world, row) for row in rows if not wanted or row["TRCD"] == wanted]


@transaction("APS200MI", "GetUniqueKey")
def get_unique_key(call: Call) -> list[Row]:
    """The journal key of a supplier's invoice by its number, date and transaction code."""
    world, day = call.world, call.day("IVDT")
    wanted = {name: call.record[name].upper() for name in ("SINO", "INYR", "TRCD")} | {"IVDT": day}
    table = world.state.tables("FPLEDG")
    for id_ in world.purchases.payables_of_supplier.ids(call.record["SUNO"].upper()):
        if all(table[id_][name] == value for name, value in wanted.items()):
            return [_shown(world, table[id_])]
    raise Nok("XRE0103", "SINO")


@transaction("APS200MI", "GetCashDiscInfo")
def get_cash_discount(call: Call) -> list[Row]:
    """Cash discount terms are not simulated: no discount."""
    return [{**_shown(call.world, _by_journal(call)), **dict.fromkeys(_NOTHING, "0.00"), "LOCD": CURRENCY}]


@transaction("APS200MI", "GetInvImagePath")
def get_image_path(call: Call) -> list[Row]:
    return [{"PATH": _by_journal(call).get("PATH", "")}]


@transaction("APS200MI", "SearchSupInvoic")
def search_invoices(call: Call) -> Iterator[Row]:
    world = call.world
    index = world.purchases
    known = {
        "SINO": index.payables_of_number.ids,
        "SUNO": index.payables_of_supplier.ids,
        "SPYN": index.payables_of_payee.ids,
    }
    found = search.rows(call.record["SQRY"], world.state.tables("FPLEDG"), known)
    return (
        {**_shown(world, row), "PGNM": "APS200", "FILE": "FPLEDG", "KSTR": _key_string(row)} for row in found
    )


def _key_string(row: Row) -> str:
    return f"{COMPANY}{row['DIVI']}{row['YEA4']}{row['JRNO']:>7}{row['JSNO']:>7}"


# ----------------------------------------------------------------------------------------------- log


@transaction("APS200MI", "AddInvoiceLog")
def add_log(call: Call) -> list[Row]:
    row, now = _by_journal(call), call.world.born()
    entry = {name: call.text(name) for name in ("ACTO", "USID", "USI2")}
    entry |= {"ACTD": now["RGDT"], "ACTM": now["RGTM"]}
    _store(call.world, {**row, "log": [*row["log"], entry]})
    call.wrote("payable", row["JRNO"])
    return []


@transaction("APS200MI", "LstInvoiceLog")
def list_log(call: Call) -> list[Row]:
    row, wanted = _by_journal(call), call.text("ACTO")
    named = {name: row[name] for name in ("DIVI", "SPYN", "SUNO", "SINO", "INYR")}
    return [
        {**named, **entry, "CONO": COMPANY} for entry in row["log"] if not wanted or entry["ACTO"] == wanted
    ]


@transaction("APS200MI", "SetInvAsADC")
def set_captured(call: Call) -> list[Row]:
    """Mark an invoice as captured automatically (ENME 2, a guess at the code)."""
    row = _by_journal(call)
    _store(call.world, {**row, "ENME": "2"})
    call.wrote("payable", row["JRNO"])
    return []


def _store(world: World, row: Row) -> Row:
    return world.save("FPLEDG", f"{row['DIVI']}/{row['YEA4']}/{row['JRNO']}/{row['JSNO']}", row)


# ------------------------------------------------------------------------------------------ payments


def pay(world: World, key: tuple[str, ...], amount: Decimal | None, day: str, account: str = BANK) -> Row:
    """People pay an approved item, all of it or a part: bank against payables. Raises Nok."""
    rows = item_rows(world, key)
    if not rows:
        raise Nok("XRE0103", "SINO")
    first, left = rows[0], open_amount(world, key)
    if first["APRV"] != "1" or first["IVBL"] == "1":
        raise Nok("XST0020", "SINO", text=f"Supplier invoice {first['SINO']} is not approved for payment")
    periods.check(world, periods.PAYABLES, day)
    amount = left if amount is None else amount
    if amount * left <= 0 or abs(amount) > abs(left):
        text = f"{money(amount)} is more than the {money(left)} open on {first['SINO']}"
        raise Nok("XOPC001", "PYAM", text=text)
    postings = [(PAYABLE, amount), (account, -amount)]
    vono = world.post(day, f"Payment of {first['SINO']}", postings, {"supplier_payment": first["SINO"]})
    names = ("SPYN", "SUNO", "SINO", "INYR", "CUCD", "IVDT", "DUDT", "TEPY", "PYME", "INBN", "CORI")
    values = {name: first.get(name, "") for name in names}
    own = {"TRCD": PAYMENT, "CUAM": money(-amount), "VTAM": "0.00", "ACDT": day, "VONO": vono, "APRV": "1"}
    row = payables_entry(world, {**values, **own})
    if open_amount(world, key) == 0:
        for each in item_rows(world, key):
            _store(world, {**each, "RECO": "9", "REDE": day, "PYST": "9"})
    return row


_PROPOSAL_RANGES = {"DUDT": ("DUDF", "DUDT"), "IVDT": ("IVDF", "IVDT"), "SPYN": ("SPYF", "SPYT")}
_PROPOSAL_METHODS = tuple(f"PYM{n}" for n in range(1, 8))


def _proposed(call: Call) -> Iterator[Row]:
    """Open, approved items a proposal takes: due by DUDT (else the proposal date), in the given ranges."""
    world, table = call.world, call.world.state.tables("FPLEDG")
    ranges = {}
    for name, (low, high) in _PROPOSAL_RANGES.items():
        if name == "SPYN":
            ranges[name] = (call.text(low).upper(), call.text(high, "\uffff").upper())
        else:
            last = call.day("PRPD") if name == "DUDT" else "99999999"
            ranges[name] = (call.day(low), call.day(high, last))
    methods = [call.text(name) for name in _PROPOSAL_METHODS if call.text(name)]
    lowest, highest = (parse_decimal(call.text(n, d), n) for n, d in (("PYAF", "0"), ("PYAT", "9" * 15)))
    for id_ in world.purchases.open_payables.ids(""):
        row = table[id_]
        left = open_amount(world, payable_key(row))
        inside = all(low <= row[name] <= high for name, (low, high) in ranges.items())
        if (
            row["APRV"] == "1"
            and inside
            and (not methods or row["PYME"] in methods)
            and lowest <= left <= highest
        ):
            yield {**row, "left": money(left)}


@transaction("APS130MI", "CreateProposal")
def create_proposal(call: Call) -> list[Row]:
    """Propose to pay what is approved and due; nothing is paid by it."""
    world = call.world
    for name in ("CUDI", "DIVF", "DIVT"):
        if call.record[name].upper() != DIVISION:
            raise Nok("XRE0103", name)
    day = call.day("PRPD")
    names = ("SPYN", "SUNO", "SINO", "INYR", "IVDT", "DUDT", "CUCD", "PYME", "CUAM", "VTAM", "left")
    lines = [{name: row.get(name, "") for name in names} for row in _proposed(call)]
    if not lines:
        raise Nok("XRE0103", "PRPD", text="No invoice is due and approved for payment")
    number = world.state.next_number("PRPN", 1)
    head = {"PRPN": str(number), "PRPD": day, "BKID": call.text("BKID"), "lines": lines, **world.born()}
    world.state.put("FPPROP", number, head)
    call.wrote("payment proposal", number)
    return [{"PRPN": str(number)}]


def proposal(world: World, prpn: str) -> Row:
    """A payment proposal. Raises Nok XRE0103."""
    row = world.state.get("FPPROP", int(prpn)) if prpn.isdigit() else None
    if row is None:
        raise Nok("XRE0103", "PRPN")
    return row


@transaction("APS130MI", "GetHead")
def get_proposal(call: Call) -> list[Row]:
    """A proposal's only payment order."""
    row = proposal(call.world, call.record["PRPN"])
    total = money(sum((Decimal(line["left"]) for line in row["lines"]), Decimal(0)))
    payees = len({line["SPYN"] for line in row["lines"]})
    sums = {"CUAM": total, "NOPD": str(payees), "NCHL": str(len(row["lines"])), "PYST": row.get("PYST", "1")}
    return [{**row, **sums, "CONO": COMPANY, "DIVI": DIVISION, "PYON": call.record["PYON"], "CUCD": CURRENCY}]


@transaction("APS130MI", "LstInvByPayee")
def list_proposed_invoices(call: Call) -> list[Row]:
    row, wanted = proposal(call.world, call.record["PRPN"]), call.text("SPYN").upper()
    context = {"CONO": COMPANY, "DIVI": DIVISION, "ODIV": DIVISION, "PRPN": row["PRPN"], "PDNB": "1"}
    context |= {"PYON": call.record["PYON"], "PYDT": row["PRPD"], "ARAT": "1"}
    rows = []
    for line in row["lines"]:
        if not wanted or line["SPYN"] == wanted:
            due = dict.fromkeys(("RECU", "REAM", "PRCU", "PRAM", "PYCU", "PYAM"), line["left"])
            rows.append({**context, **line, **due, "IVCU": line["CUAM"], "IVAM": line["CUAM"]})
    return rows
