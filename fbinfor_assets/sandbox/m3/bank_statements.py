"""ABS100MI: bank statements that come in.

Belongs here: statement heads (FBSTMH) with their lines, and their validation.
Does not belong here: what people make of them (payments are ARS040 and the people's verbs).

A statement is named by the job that entered it: JBNO, JBDT, JBTM. Nothing is posted by entering or validating it.
"""

from __future__ import annotations

from decimal import Decimal

from fbinfor_assets.sandbox.m3.mi import Nok, money, parse_decimal
from fbinfor_assets.sandbox.m3.world import COMPANY, CURRENCY, DIVISION, Call, Row, transaction

ENTERED, VALIDATED = "10", "20"  # guess
_AMOUNTS = ("BSOB", "BSCB", "BSTD", "BSTC")


@transaction("ABS100MI", "AddStatmtHead")
def add_head(call: Call) -> list[Row]:
    """Begin a statement; a bank's statement number is taken only once."""
    world = call.world
    if call.record["CUCD"] != CURRENCY:
        raise Nok("XRE0103", "CUCD")
    if world.purchases.statements_of_bank.ids((call.record["BSID"], call.record["STMN"])):
        raise Nok("XRE0104", "STMN")
    head: Row = {name: value for name, value in call.record.items() if name not in ("CONO", "DIVI") and value}
    for name in _AMOUNTS:
        if head.get(name):
            head[name] = money(parse_decimal(head[name], name, 2))
    for name in ("BSOT", "BSCT"):
        if head.get(name):
            head[name] = call.day(name)
    born = world.born()
    number = world.state.next_number("JBNO statement", 100001)
    job = {"JBNO": str(number), "JBDT": born["RGDT"][2:], "JBTM": born["RGTM"]}
    world.state.put("FBSTMH", number, {**head, **job, "STAT": ENTERED, "lines": [], **born})
    call.wrote("bank statement", number)
    return [{**job, "CONO": COMPANY, "DIVI": DIVISION}]


def _statement(call: Call) -> Row:
    """The statement a job entered. Raises Nok XRE0103."""
    number = call.record["JBNO"]
    row = call.world.state.get("FBSTMH", int(number)) if number.isdigit() else None
    if row is None or any(int(row[name]) != int(call.record[name] or 0) for name in ("JBDT", "JBTM")):
        raise Nok("XRE0103", "JBNO")
    return row


@transaction("ABS100MI", "AddStatmtLine")
def add_line(call: Call) -> list[Row]:
    """Add a line: BLLF is the amount, positive for money that came in."""
    world, statement = call.world, _statement(call)
    if statement["STAT"] == VALIDATED:
        raise Nok("XST0020", "JBNO")
    number = call.record["BLSN"].lstrip("0")
    if any(line["BLSN"] == number for line in statement["lines"]):
        raise Nok("XRE0104", "BLSN")
    skipped = ("CONO", "DIVI", "JBNO", "JBDT", "JBTM")
    line: Row = {name: value for name, value in call.record.items() if name not in skipped and value}
    line |= {"BLSN": number, "BLLF": money(parse_decimal(call.record["BLLF"], "BLLF", 2))}
    line |= {name: call.day(name) for name in ("CURD", "ACDT") if call.text(name)}
    world.state.put("FBSTMH", int(statement["JBNO"]), {**statement, "lines": [*statement["lines"], line]})
    call.wrote("bank statement", statement["JBNO"])
    return [{"CONO": COMPANY, "DIVI": DIVISION, "BLSN": number}]


@transaction("ABS100MI", "ValidateStatmt")
def validate(call: Call) -> list[Row]:
    """Check that the lines lead from the opening to the closing balance, where both are given."""
    world, statement = call.world, _statement(call)
    total = sum((Decimal(line["BLLF"]) for line in statement["lines"]), Decimal("0.00"))
    opening, closing = statement.get("BSOB"), statement.get("BSCB")
    if opening is not None and closing is not None and Decimal(opening) + total != Decimal(closing):
        text = f"Opening {opening} and lines {money(total)} do not give the closing balance {closing}"
        raise Nok("XOPC001", "BSCB", text=text)
    world.state.put("FBSTMH", int(statement["JBNO"]), {**statement, "STAT": VALIDATED})
    call.wrote("bank statement", statement["JBNO"])
    return []
