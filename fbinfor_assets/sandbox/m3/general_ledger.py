"""GLS200MI and GLS840MI: reading the general ledger, and vouchers that come in through the generic interface.

Belongs here: ledger entries as FGLEDG rows, the interface's batches (FGLINH with their lines).
Does not belong here: what other programs post (they do it themselves, through `World.post`).

A batch's KEY1 is unique: the guard against entering it twice. AddBatchLineFld (interfaces of usage type 2) takes
typed fields. AddBatchLine takes one text cut by positions that are set up per interface (GLS850); the layout of a
tenant is in switch `gl_parm_layout`, without one those lines are refused. CtrlBatch checks, UpdBatch posts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from fbinfor_assets.sandbox.m3 import periods, search
from fbinfor_assets.sandbox.m3.mi import Nok, Record, money, parse_date, parse_decimal
from fbinfor_assets.sandbox.m3.world import (
    ACCOUNTS,
    COMPANY,
    CURRENCY,
    DIVISION,
    Call,
    Row,
    World,
    transaction,
)

VOUCHER_SERIES = "100"
# What posted an entry, by what its references name: FAM function and description (FEID; AP50 is M3's own for batch
# supplier invoices, the others are M3's usual ones).
_ORIGINS = (
    ("supplier_invoice", "AP50", "Suppl inv"),
    ("supplier_payment", "AP30", "Suppl paym"),
    ("payment", "AR30", "Cust paym"),
    ("invoice", "OI20", "Cust inv"),
    ("stock", "PP10", "Goods rec"),
    ("cost", "OI10", "Delivery"),
    ("count", "MM10", "Phys inv"),
    ("batch", "GL40", "Interface"),
)


# ------------------------------------------------------------------------------------- ledger entries


def gl_row(entry: Row, at: int) -> Row:
    """One line of a ledger entry as FGLEDG has it: ACAM positive for debit."""
    account, debit, credit = entry["lines"][at]
    refs, day = entry["refs"], entry["date"].replace("-", "")
    amount = money(Decimal(debit) - Decimal(credit))
    details = refs.get("details") or []
    detail = details[at] if at < len(details) else {}
    function, description = next(((f, d) for key, f, d in _ORIGINS if key in refs), ("GL10", "Voucher"))
    return {
        **{
            "CONO": COMPANY,
            "DIVI": DIVISION,
            "YEA4": day[:4],
            "JRNO": str(entry["number"]),
            "JSNO": str(at + 1),
        },
        **{"VONO": entry["voucher"], "VSER": VOUCHER_SERIES, "ACDT": day, "OCDT": day, "VATD": day},
        **{"ACYP": day[:6], "CYP6": day[:6], "FEID": function, "FNCN": "1", "TDSC": description},
        **{
            "AIT1": account,
            "ACAM": amount,
            "CUAM": amount,
            "CUCD": entry["currency"],
            "ARAT": "1",
            "CRTP": "1",
        },
        **{"DCAM": "2", "DBCR": "D" if Decimal(debit) else "C", "EICD": "1", "TRCD": "00", "VTCD": ""},
        **{"VTXT": entry["text"][:40], "RGDT": refs.get("RGDT", day), "RGTM": refs.get("RGTM", "")},
        **{"LMDT": refs.get("RGDT", day), "LMTS": refs.get("LMTS", 0), "CHNO": "1", "VSNO": str(at + 1)},
        **{name: value for name, value in detail.items() if value},
    }


def gl_rows(world: World, numbers: Iterable[int | str]) -> Iterator[Row]:
    """The lines of some ledger entries."""
    table = world.state.tables("ledger")
    for number in numbers:
        entry = table[number]
        yield from (gl_row(entry, at) for at in range(len(entry["lines"])))


def entries_between(world: World, first: str, last: str) -> Iterator[int | str]:
    """Numbers of the entries dated first to last (YYYYMMDD), in order of day."""
    index = world.purchases.entries_of_day
    days = index.keys()
    for day in sorted(day for day in days if first <= day.replace("-", "") <= last):
        yield from index.ids(day)


@transaction("GLS200MI", "LstVouchersByDt")
def list_by_date(call: Call) -> Iterator[Row]:
    """Ledger lines by accounting date."""
    first, last = call.day("FRDT"), call.day("TODT", "99999999")
    return gl_rows(call.world, entries_between(call.world, first, last))


def _voucher(call: Call) -> list[Row]:
    """The lines of a voucher. Raises Nok XRE0103."""
    numbers = call.world.purchases.entries_of_voucher.ids(call.record["VONO"].lstrip("0"))
    wanted = {name: call.text(name).lstrip("0") for name in ("YEA4", "JRNO") if call.text(name)}
    rows = [
        r for r in gl_rows(call.world, numbers) if all(r[name] == value for name, value in wanted.items())
    ]
    if not rows:
        raise Nok("XRE0103", "VONO")
    return rows


@transaction("GLS200MI", "LstVoucherLines")
def list_voucher_lines(call: Call) -> list[Row]:
    return _voucher(call)


@transaction("GLS200MI", "GetVoucherLine")
def get_voucher_line(call: Call) -> list[Row]:
    for row in _voucher(call):
        if row["JSNO"] == call.record["JSNO"].lstrip("0"):
            return [row]
    raise Nok("XRE0103", "JSNO")


@transaction("GLS200MI", "GetVoucherHead")
def get_voucher_head(call: Call) -> list[Row]:
    rows = _voucher(call)
    amounts = [Decimal(row["ACAM"]) for row in rows]
    debit = money(sum((amount for amount in amounts if amount > 0), Decimal(0)))
    credit = money(-sum((amount for amount in amounts if amount < 0), Decimal(0)))
    return [{**rows[0], "DSUM": debit, "CSUM": credit, "CUAD": debit, "CUAC": credit}]


@transaction("GLS200MI", "SearchGenLedger")
def search_ledger(call: Call) -> Iterator[Row]:
    """Ledger lines that answer a query; a voucher number or an accounting date in it is found by index."""
    world, any_of = call.world, search.parse(call.record["SQRY"])
    known = {
        "VONO": world.purchases.entries_of_voucher.ids,
        "ACDT": lambda day: entries_between(world, day, day),
    }
    numbers: Iterable[int | str] = world.state.tables("ledger")
    for term in any_of[0] if len(any_of) == 1 else ():
        if term.exact is not None and term.field in known:
            numbers = known[term.field](term.exact)
            break
    rows = gl_rows(world, numbers)
    found = (row for row in rows if any(all(term.keeps(row) for term in terms) for terms in any_of))
    keys = ("YEA4", "JRNO", "JSNO")
    return (
        {
            **row,
            "PGNM": "GLS200",
            "FILE": "FGLEDG",
            "KSTR": COMPANY + DIVISION + "".join(f"{row[k]:>7}" for k in keys),
        }
        for row in found
    )


# --------------------------------------------------------------------------------- generic interface

ENTERED, CONTROLLED, UPDATED = "10", "20", "90"  # guess: status of a batch in FGLINH


def _batch(call: Call) -> Row:
    """A batch that is not posted yet. Raises Nok."""
    row = call.world.state.get("FGLINH", call.record["KEY1"])
    if row is None:
        raise Nok("XRE0103", "KEY1")
    if row["STAT"] == UPDATED:
        raise Nok("XST0020", "KEY1")
    return row


@transaction("GLS840MI", "AddBatchHead")
def add_batch_head(call: Call) -> list[Row]:
    """Begin a batch under the caller's own key; a key is never used twice."""
    world, key = call.world, call.record["KEY1"]
    if world.state.get("FGLINH", key) is not None:
        raise Nok("XRE0104", "KEY1")
    interfaces = world.switches["gl_interfaces"].split()
    if interfaces and call.record["INTN"] not in interfaces:
        raise Nok("XRE0103", "INTN")
    given = {name: call.record[name] for name in ("KEY1", "INTN", "DESC")}
    head = {**given, "USID": call.text("USID"), "STAT": ENTERED, "VONO": "", "lines": [], **world.born()}
    world.state.put("FGLINH", key, head)
    call.wrote("voucher batch", key)
    return [{"CONO": COMPANY}]


def _add_line(call: Call, values: Record) -> None:
    world, batch = call.world, _batch(call)
    number = call.record["LINE"].lstrip("0") or "0"
    if any(line["LINE"] == number for line in batch["lines"]):
        raise Nok("XRE0104", "LINE")
    lines = [*batch["lines"], {**values, "LINE": number}]
    world.state.put("FGLINH", batch["KEY1"], {**batch, "STAT": ENTERED, "lines": lines})
    call.wrote("voucher batch", batch["KEY1"])


@transaction("GLS840MI", "AddBatchLineFld")
def add_typed_line(call: Call) -> list[Row]:
    """Add a line of typed fields; they are checked by CtrlBatch."""
    _add_line(call, {name: value for name, value in call.record.items() if name != "KEY1" and value})
    return []


def parameter_values(layout: str, text: str) -> Record:
    """Cut a PARM text by a layout "AIT1:3-12 CUAM:13-29 ..." (positions from 1, both ends included)."""
    values = {}
    for part in layout.split():
        name, _, positions = part.partition(":")
        first, _, last = positions.partition("-")
        value = text[int(first) - 1 : int(last)].strip()
        if value:
            values[name] = value
    return values


@transaction("GLS840MI", "AddBatchLine")
def add_text_line(call: Call) -> list[Row]:
    layout = call.world.switches["gl_parm_layout"]
    if not layout:
        text = f"Interface {_batch(call)['INTN']} is not position-based: use AddBatchLineFld"
        raise Nok("XOPC001", "PARM", text=text)
    _add_line(call, parameter_values(layout, call.record["PARM"]))
    return [{"CONO": COMPANY}]


def _posting(world: World, batch: Row, line: Row) -> tuple[str, str, Decimal]:
    """Day, account and signed amount of a line. Raises Nok."""
    where = f"Line {line['LINE']}: "
    account = line.get("AIT1", "")
    if account not in ACCOUNTS:
        raise Nok("XRE0103", "AIT1", text=f"{where}account {account or '(blank)'} does not exist")
    if line.get("CUCD", CURRENCY) != CURRENCY:
        raise Nok("XRE0103", "CUCD", text=f"{where}currency {line['CUCD']} does not exist")
    amount = parse_decimal(line.get("CUAM") or line.get("ACAM") or "", "CUAM", 2)
    side, (debit, credit) = line.get("DBCR", ""), world.switches["gl_debit_credit"].split()
    if side not in ("", debit, credit):
        raise Nok("XOPC001", "DBCR", text=f"{where}debit/credit code {side} is invalid")
    if side:
        # A code beside the amount: the amount itself has no sign.
        if amount < 0:
            raise Nok("XNU0003", "CUAM", text=f"{where}Negative value is not permitted")
        amount = -amount if side == credit else amount
    if not amount:
        raise Nok("XNU0000", "CUAM", text=f"{where}amount must be entered")
    day = parse_date(line.get("ACDT", ""), "ACDT", batch["RGDT"])
    periods.check(world, periods.GENERAL, day)
    return day, account, amount


def _control(world: World, batch: Row) -> dict[str, list[tuple[str, Decimal, Row]]]:
    """The batch's postings per day, each day in balance. Raises Nok for the first thing wrong."""
    if not batch["lines"]:
        raise Nok("XRE0103", "KEY1", text="The batch has no lines")
    days: dict[str, list[tuple[str, Decimal, Row]]] = {}
    for line in batch["lines"]:
        day, account, amount = _posting(world, batch, line)
        days.setdefault(day, []).append((account, amount, line))
    for day, postings in days.items():
        balance = sum((amount for _, amount, _ in postings), Decimal("0.00"))
        if balance:
            text = f"Batch {batch['KEY1']} does not balance on {day}: debit less credit is {money(balance)}"
            raise Nok("XOPC001", "CUAM", text=text)
    return days


@transaction("GLS840MI", "CtrlBatch")
def control_batch(call: Call) -> list[Row]:
    world, batch = call.world, _batch(call)
    _control(world, batch)
    world.state.put("FGLINH", batch["KEY1"], {**batch, "STAT": CONTROLLED})
    call.wrote("voucher batch", batch["KEY1"])
    return [{"CONO": COMPANY}]


@transaction("GLS840MI", "UpdBatch")
def update_batch(call: Call) -> list[Row]:
    """Post a controlled batch: one voucher per accounting date."""
    world, batch = call.world, _batch(call)
    if batch["STAT"] != CONTROLLED:
        raise Nok("XST0020", "KEY1")
    vouchers = []
    for day, postings in _control(world, batch).items():
        details = []
        for _, _, line in postings:
            dimensions = {n: v for n, v in line.items() if n.startswith("AIT") and n != "AIT1"}
            details.append({**dimensions, "VTXT": line.get("VTXT", ""), "VTCD": line.get("VTCD", "")})
        lines = [(account, amount) for account, amount, _ in postings]
        vouchers.append(world.post(day, batch["DESC"], lines, {"batch": batch["KEY1"]}, details))
    world.state.put(
        "FGLINH", batch["KEY1"], {**batch, "STAT": UPDATED, "VONO": vouchers[0], "vouchers": vouchers}
    )
    call.wrote("voucher batch", batch["KEY1"])
    return [{"CONO": COMPANY}]
