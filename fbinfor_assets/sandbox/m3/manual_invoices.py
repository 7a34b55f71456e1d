"""ARS120MI: invoices that people enter by hand in accounts receivable.

Belongs here: entering one (a person's doing: the interface only reads, infor-api 2.6) and reading it.
Does not belong here: invoices of customer orders (`deliveries.py`, `invoices.py`).

A manual invoice has lines of text with an amount before VAT on a revenue account, posts at once, and is an item of
the customer ledger like any other. The lines of one entry share a job (JBNO, JBDT, JBTM).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

from fbinfor_assets.sandbox.m3 import periods
from fbinfor_assets.sandbox.m3.deliveries import ledger_entry
from fbinfor_assets.sandbox.m3.mi import Nok, money, to_day
from fbinfor_assets.sandbox.m3.world import (
    ACCOUNTS,
    COMPANY,
    CURRENCY,
    DIVISION,
    FACILITY,
    MANUAL_REVENUE,
    PAYMENT_DAYS,
    RECEIVABLE,
    VAT_CODE,
    VAT_PAYABLE,
    Call,
    Row,
    World,
    transaction,
)

TABLE = "ARIVHD"


def enter(world: World, cuno: str, lines: Sequence[tuple[str, Decimal, str]], day: str) -> Row:
    """Enter and post an invoice of (text, amount before VAT, revenue account or "") lines; a negative one is a
    credit. Raises Nok for an unknown customer or account, and for an invoice of nothing."""
    periods.check(world, periods.RECEIVABLES, day)
    customer = world.customer(cuno)
    payer = world.customer(customer["PYNO"], "PYNO")
    nets = [amount for _, amount, _ in lines]
    country = customer.get("CSCD", "")
    percent = world.vat_percent(country)
    net, tax = sum(nets, Decimal("0.00")), world.vat(nets, percent)
    if not net + tax:
        raise Nok("XNU0000", "CUAM", text="An invoice of nothing cannot be entered")
    for _, _, account in lines:
        if account and account not in ACCOUNTS:
            raise Nok("XRE0103", "AIT1", text=f"Account {account} does not exist")
    periods.check(world, periods.RECEIVABLES, day)
    cino, year = f"M{world.state.next_number('CINO manual', 1):07d}", day[:4]
    due = (to_day(day) + timedelta(days=PAYMENT_DAYS[payer["TEPY"]])).strftime("%Y%m%d")
    revenue = [(account or MANUAL_REVENUE, -amount) for _, amount, account in lines]
    postings = [(RECEIVABLE, net + tax), *revenue, (VAT_PAYABLE, -tax)]
    vono = world.post(day, f"Manual invoice {cino}", postings, {"invoice": f"{year}/{cino}"})
    number = str(world.state.next_number("JBNO", 1))
    head = {
        "JBNO": number,
        "JBDT": day[2:],
        "JBTM": world.now().strftime("%H%M%S"),
        "CINO": cino,
        "INYR": year,
        "CUNO": customer["CUNO"],
        "PYNO": payer["CUNO"],
        "INST": "90",
        **dict.fromkeys(("IVDT", "ACDT"), day),
        "DUDT": due,
        "TEPY": payer["TEPY"],
        **dict.fromkeys(("ITAM", "CITM"), money(net + tax)),
        **dict.fromkeys(("VTAM", "CVTM"), money(tax)),
        "VTCD": VAT_CODE.get(country, "00"),
        "CUCD": CURRENCY,
        "IVTP": "31" if net + tax > 0 else "32",
        "VONO": vono,
        "lines": [
            {
                "ILNO": str(at),
                "LTXT": text[:50],
                "amount": money(amount),
                "account": account or MANUAL_REVENUE,
            }
            for at, (text, amount, account) in enumerate(lines, 1)
        ],
        **world.born(),
    }
    world.state.put(TABLE, f"{year}/{cino}", {**head, "LMDT": world.today()})
    names = ("PYNO", "CUNO", "CINO", "INYR", "VTAM", "IVDT", "DUDT", "ACDT", "VONO", "TEPY")
    ledger_entry(world, {**{name: head[name] for name in names}, "TRCD": "10", "CUAM": head["ITAM"]})
    return head


def _invoice(call: Call) -> Row:
    row = call.world.state.get(TABLE, f"{call.record['INYR']}/{call.record['CINO'].upper()}")
    if row is None:
        raise Nok("XRE0103", "CINO")
    return row


@transaction("ARS120MI", "GetInvHead")
def get_head(call: Call) -> list[Row]:
    """A manual invoice with the addresses of customer and payer."""
    world, row = call.world, _invoice(call)
    customer, payer = (world.state.get("OCUSMA", row[name]) or {} for name in ("CUNO", "PYNO"))
    own = ("CUNM", "CUA1", "CUA2", "CUA3", "CUA4", "PONO", "TOWN", "ECAR", "CSCD", "YREF", "VRNO", "LNCD")
    theirs = {"PYNM": "CUNM", "PYA1": "CUA1", "PYA2": "CUA2", "PYA3": "CUA3", "PYA4": "CUA4", "PON2": "PONO"}
    theirs |= {"TOW2": "TOWN", "ECA2": "ECAR", "CSC2": "CSCD"}
    context = {"CONO": COMPANY, "DIVI": DIVISION, "FACI": FACILITY, "ARAT": "1", "CRTP": "1", "ROAM": "0.00"}
    return [
        {
            **{name: customer.get(name, "") for name in own},
            **{name: payer.get(field, "") for name, field in theirs.items()},
            **row,
            **context,
        }
    ]


@transaction("ARS120MI", "LstInvLines")
def list_lines(call: Call) -> list[Row]:
    """Lines of a manual invoice from ILNO on, by the whole key of its entry."""
    world, row = call.world, _invoice(call)
    if any(call.record[name].lstrip("0") != row[name].lstrip("0") for name in ("JBNO", "JBDT", "JBTM")):
        raise Nok("XRE0103", "JBNO")
    if call.record["CUNO"].upper() != row["CUNO"]:
        raise Nok("XRE0103", "CUNO")
    open_ = money(world.open_amount((row["PYNO"], row["CINO"], row["INYR"])))
    first = call.number("ILNO")
    return [_line(row, line, open_) for line in row["lines"] if int(line["ILNO"]) >= first]


def _line(row: Row, line: Row, open_: str) -> Row:
    names = ("JBNO", "JBDT", "JBTM", "CINO", "INYR", "CUNO", "PYNO", "VTCD", "RGDT", "RGTM")
    amounts = dict.fromkeys(("CUAM", "CCUM", "IVAM", "CIVM", "PIPR", "CPPR"), line["amount"])
    left = {"OPAM": open_, "COPM": open_}
    side = "C" if Decimal(line["amount"]) > 0 else "D"
    shared = {"CONO": COMPANY, "DIVI": DIVISION, "ACQT": "1", "UNIT": "PCS", "DBCR": side, "LTYP": "1"}
    return {**{name: row[name] for name in names}, **shared, **line, **amounts, **left}
