"""EXPORTMI: M3's tables through a small query language.

Belongs here: the parser of QERY, the plan (which index answers), the tables as M3 names their columns.
Does not belong here: the records themselves and their meaning.

``COL,COL from TABLE [where COND [and|or COND ...]] [order by COL[,COL]]`` with operators = <> > >= < <= and
literals 'x', numbers or bare words (all seen in public callers; infor-api 2.6). `and` binds before `or`,
there are no brackets. `order by` is a guess (switch). Without an order rows come by primary key.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from fbinfor_assets.sandbox.m3 import export_purchase_tables
from fbinfor_assets.sandbox.m3.deliveries import delivery_line
from fbinfor_assets.sandbox.m3.lines import shown
from fbinfor_assets.sandbox.m3.mi import Nok
from fbinfor_assets.sandbox.m3.world import COMPANY, DIVISION, Call, Ref, Row, World, transaction

# ------------------------------------------------------------------------------------------ parsing


@dataclass(frozen=True, slots=True)
class Condition:
    """`column operator literal`, as written (the literal without its quotes)."""

    column: str
    operator: str
    literal: str


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed QERY; `any_of` is a disjunction of conjunctions, empty for no condition."""

    columns: tuple[str, ...]
    table: str
    any_of: tuple[tuple[Condition, ...], ...]
    order: tuple[str, ...]


_TOKEN = re.compile(r"\s*(?:('(?:[^']|'')*')|(<>|>=|<=|=|<|>)|(,)|([^\s,'<>=]+))")


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    position = 0
    text = text.rstrip()
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None:
            raise _bad(f"cannot read {text[position : position + 20]!r}")
        position = found.end()
        literal, operator, comma, word = found.groups()
        if literal is not None:
            yield "literal", literal[1:-1].replace("''", "'")
        elif operator is not None:
            yield "operator", operator
        elif comma is not None:
            yield "comma", ","
        else:
            yield "word", word


def _bad(what: str) -> Nok:
    return Nok("XOPC001", "QERY", text=f"Query not valid: {what}")


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens = [*_tokens(text), ("end", "")]
        self._at = 0

    def _next(self, *kinds: str) -> tuple[str, str]:
        kind, value = self._tokens[self._at]
        if kind not in kinds:
            raise _bad(f"{value or 'the end'!r} where {' or '.join(kinds)} was expected")
        self._at += 1
        return kind, value

    def _word(self, expected: str) -> bool:
        kind, value = self._tokens[self._at]
        if kind == "word" and value.lower() == expected:
            self._at += 1
            return True
        return False

    def _names(self) -> tuple[str, ...]:
        names = [self._next("word")[1].upper()]
        while self._tokens[self._at][0] == "comma":
            self._at += 1
            names.append(self._next("word")[1].upper())
        return tuple(names)

    def query(self) -> Query:
        columns = self._names()
        if not self._word("from"):
            raise _bad("'from' is missing after the columns")
        table = self._next("word")[1].upper()
        any_of: list[tuple[Condition, ...]] = []
        if self._word("where"):
            all_of = [self._condition()]
            while True:
                if self._word("and"):
                    all_of.append(self._condition())
                elif self._word("or"):
                    any_of.append(tuple(all_of))
                    all_of = [self._condition()]
                else:
                    break
            any_of.append(tuple(all_of))
        order: tuple[str, ...] = ()
        if self._word("order"):
            if not self._word("by"):
                raise _bad("'by' is missing after 'order'")
            order = self._names()
        self._next("end")
        return Query(columns, table, tuple(any_of), order)

    def _condition(self) -> Condition:
        column = self._next("word")[1].upper()
        operator = self._next("operator")[1]
        return Condition(column, operator, self._next("literal", "word")[1])


def parse(text: str) -> Query:
    """Read a QERY. Raises Nok XOPC001 (a guess at the code) that says what is wrong with it."""
    return _Parser(text).query()


# ------------------------------------------------------------------------------------------- tables


@dataclass(frozen=True, slots=True)
class Table:
    """One table as EXPORTMI shows it.

    `columns`: full column name -> (type A|N, length, decimals); `changes` names its change order; `fetch`
    gives a row by bare field name, or None when it is gone; `equal`: bare field -> references with that
    value; `key` orders rows when nothing else does.
    """

    name: str
    prefix: str
    columns: Mapping[str, tuple[str, int, int]]
    changes: str
    fetch: Callable[[World, Ref], Row | None]
    equal: Mapping[str, Callable[[World, str], Iterable[Ref]]]
    key: tuple[str, ...]


def _columns(prefix: str, text: str) -> dict[str, tuple[str, int, int]]:
    """`CUNO:A10 ORQT:N15.6` -> {prefix + name: (type, length, decimals)}; CONO and LMTS belong to every
    table."""
    columns = {}
    for field in f"CONO:N3 {text} RGDT:N8 RGTM:N6 LMDT:N8 CHNO:N3 LMTS:N18".split():
        name, kind = field.split(":")
        length, _, decimals = kind[1:].partition(".")
        columns[prefix + name] = (kind[0], int(length), int(decimals or 0))
    return columns


def _stored(kind: str) -> Callable[[World, Ref], Row | None]:
    def fetch(world: World, ref: Ref) -> Row | None:
        row = world.state.get(kind, ref[0])
        return None if row is None else {**row, "CONO": COMPANY}

    return fetch


def _order_line(world: World, ref: Ref) -> Row | None:
    order = world.state.get("OOHEAD", ref[0])
    if order is None or "DELD" in order["lines"][ref[1]]:
        return None
    row = shown(order, order["lines"][ref[1]])
    return {**row, "CONO": COMPANY, "ORNO": order["ORNO"], "CUNO": order["CUNO"], "LNAM": row["NLAM"]}


def _delivery_line(world: World, ref: Ref) -> Row | None:
    delivery = world.state.get("ODHEAD", ref[0])
    order = None if delivery is None else world.state.get("OOHEAD", delivery["ORNO"])
    if delivery is None or order is None:
        return None
    return {**delivery_line(order, delivery, delivery["lines"][ref[1]]), "CONO": COMPANY, "DIVI": DIVISION}


def _payment_line(world: World, ref: Ref) -> Row | None:
    batch = world.state.get("ARPBHD", ref[0])
    return None if batch is None else {**batch["lines"][ref[1]], "CONO": COMPANY, "PBID": batch["PBID"]}


def _by_id(world: World, value: str) -> list[Ref]:
    return [(value,)]


def _by_number(world: World, value: str) -> list[Ref]:
    return [(int(value),)] if value.isdigit() else []


def _nested(kind: str, ids: Callable[[World, str], Iterable[Any]]) -> Callable[[World, str], Iterator[Ref]]:
    def refs(world: World, value: str) -> Iterator[Ref]:
        for id_ in ids(world, value):
            row = world.state.get(kind, id_)
            yield from ((id_, at) for at in range(len(row["lines"]) if row else 0))

    return refs


def _singles(ids: Callable[[World, str], Iterable[Any]]) -> Callable[[World, str], Iterator[Ref]]:
    return lambda world, value: ((id_,) for id_ in ids(world, value))


_CUSTOMER = (
    "STAT:A2 CUNO:A10 CUNM:A36 CUA1:A36 CUA2:A36 CUA3:A36 CUA4:A36 PONO:A10 TOWN:A20 CSCD:A3 ECAR:A2 "
    "PHNO:A16 PHN2:A16 TFNO:A16 MAIL:A50 CUTP:N1 ALCU:A10 YREF:A30 YRE2:A30 LNCD:A2 CUCD:A3 VRNO:A16 "
    "VTCD:N2 TEPY:A3 PYNO:A10 CRLM:N15 BLCD:N1 ORTP:A3 FACI:A3 WHLO:A3 CFC1:A10 CFC6:A10"
)
_ITEM = "STAT:A2 ITNO:A15 ITDS:A60 FUDS:A120 ITTY:A3 UNMS:A3 RESP:A10 ITGR:A8 ITCL:A5 SAPR:N17.6"
_BATCH = (
    "ORNO:A10 ORNR:A10 STAT:A2 CUNO:A10 ORTP:A3 FACI:A3 WHLO:A3 PYRE:A25 CUOR:A20 YREF:A30 OREF:A30 CUCD:A3 "
    "TEPY:A3 PYNO:A10 ORDT:N8 RLDT:N8"
)
_ORDER = (
    "DIVI:A3 ORNO:A10 CUNO:A10 ORTP:A3 ORST:A2 ORSL:A2 FACI:A3 WHLO:A3 PYRE:A25 CUOR:A20 YREF:A30 OREF:A30 "
    "CUCD:A3 TEPY:A3 PYNO:A10 ORDT:N8 RLDT:N8 VTCD:N2"
)
_ORDER_LINE = (
    "ORNO:A10 PONR:N5 POSX:N3 ITNO:A15 ITDS:A60 WHLO:A3 CUNO:A10 ORQT:N15.6 ALQT:N15.6 DLQT:N15.6 IVQT:N15.6 "
    "SAPR:N17.6 NEPR:N17.6 LNAM:N15.2 ORST:A2 CUPO:A7 VTCD:N2"
)
_DELIVERY = "ORNO:A10 DLIX:N11 WHLO:A3 CUNO:A10 DLDT:N8 ORST:A2 YEA4:N4 IVNO:N9"
_DELIVERY_LINE = (
    "DIVI:A3 ORNO:A10 DLIX:N11 WHLO:A3 PONR:N5 POSX:N3 ITNO:A15 CUNO:A10 DLQT:N15.6 IVQT:N15.6 SAPR:N17.6 "
    "NEPR:N17.6 LNAM:N15.2 ORST:A2 CUPO:A7 YEA4:N4 IVNO:N9"
)
_INVOICE = (
    "DIVI:A3 YEA4:N4 IVNO:N9 EXIN:A15 CINO:A15 IVTP:A2 INST:A2 ORNO:A10 CUNO:A10 PYNO:A10 IDAT:N8 DUDT:N8 "
    "ACDT:N8 TEPY:A3 CUCD:A3 NTAM:N15.2 VTAM:N15.2 IVAM:N15.2 VTCD:N2 DLIX:N11 WHLO:A3 VONO:N8"
)
_LEDGER = (
    "DIVI:A3 YEA4:N4 JRNO:N7 JSNO:N7 PYNO:A10 CUNO:A10 CINO:A15 INYR:N4 TRCD:N2 CUCD:A3 CUAM:N15.2 "
    "VTAM:N15.2 IVDT:N8 DUDT:N8 ACDT:N8 VONO:N8 RECO:N1 REDE:N8 PYTP:A2 CKNO:A15 TEPY:A3"
)
_PAYMENT = "PBID:N10 STAT:A2 BOPE:A3 ACDT:N8 CUAM:N15.2 VONO:N8"
_PAYMENT_LINE = "PBID:N10 TRNO:N7 CINO:A15 INYR:N4 CUNO:A10 PYNO:A10 PYAM:N15.2 PYTP:A2 CKNO:A15 LPDT:N8"


def tables(switches: Mapping[str, Any]) -> dict[str, Table]:
    """Every table by name; the names of the payment tables are switches (a guess, infor-api 9)."""
    head, line = switches["export_payment_head"], switches["export_payment_line"]
    made = (
        Table(
            "OCUSMA",
            "OK",
            _columns("OK", _CUSTOMER),
            "OCUSMA",
            _stored("OCUSMA"),
            {"CUNO": _by_id},
            ("CUNO",),
        ),
        Table(
            "MITMAS", "MM", _columns("MM", _ITEM), "MITMAS", _stored("MITMAS"), {"ITNO": _by_id}, ("ITNO",)
        ),
        Table(
            "OXHEAD",
            "OX",
            _columns("OX", _BATCH),
            "OXHEAD",
            _stored("OXHEAD"),
            {
                "ORNO": _by_id,
                "PYRE": _singles(lambda w, v: w.batches_of_reference.ids(v) if v else _all(w, "OXHEAD")),
            },
            ("ORNO",),
        ),
        Table(
            "OOHEAD",
            "OA",
            _columns("OA", _ORDER),
            "OOHEAD",
            _with_division("OOHEAD"),
            {
                "ORNO": _by_id,
                "PYRE": _singles(lambda w, v: w.orders_of_reference.ids(v) if v else _all(w, "OOHEAD")),
                "CUNO": _singles(lambda w, v: w.orders_of_customer.ids(v)),
            },
            ("ORNO",),
        ),
        Table(
            "OOLINE",
            "OB",
            _columns("OB", _ORDER_LINE),
            "OOLINE",
            _order_line,
            {"ORNO": _nested("OOHEAD", lambda w, v: [v])},
            ("ORNO", "PONR"),
        ),
        Table(
            "ODHEAD",
            "UA",
            _columns("UA", _DELIVERY),
            "ODHEAD",
            _stored("ODHEAD"),
            {"DLIX": _by_number, "ORNO": _singles(lambda w, v: w.deliveries_of_order.ids(v))},
            ("DLIX",),
        ),
        Table(
            "ODLINE",
            "UB",
            _columns("UB", _DELIVERY_LINE),
            "ODLINE",
            _delivery_line,
            {
                "DLIX": _nested("ODHEAD", lambda w, v: [int(v)] if v.isdigit() else []),
                "ORNO": _nested("ODHEAD", lambda w, v: w.deliveries_of_order.ids(v)),
                "IVNO": _nested("ODHEAD", lambda w, v: w.deliveries_of_invoice.ids(v)),
            },
            ("ORNO", "DLIX", "PONR"),
        ),
        Table(
            "OINVOH",
            "UH",
            _columns("UH", _INVOICE),
            "OINVOH",
            _stored("OINVOH"),
            {
                "ORNO": _singles(lambda w, v: w.invoices_of_order.ids(v)),
                **dict.fromkeys(("IVNO", "EXIN", "CINO"), _singles(lambda w, v: w.invoices_of_number.ids(v))),
            },
            ("YEA4", "IVNO"),
        ),
        Table(
            "FSLEDG",
            "ES",
            _columns("ES", _LEDGER),
            "FSLEDG",
            _stored("FSLEDG"),
            {
                "CUNO": _singles(lambda w, v: w.items_of_customer.ids(v)),
                "CINO": _singles(lambda w, v: w.ledger_of_number.ids(v)),
                "CKNO": _singles(lambda w, v: w.ledger_of_check.ids(v) if v else _all(w, "FSLEDG")),
            },
            ("YEA4", "JRNO", "JSNO"),
        ),
        Table(
            head, "PH", _columns("PH", _PAYMENT), "ARPBHD", _stored("ARPBHD"), {"PBID": _by_number}, ("PBID",)
        ),
        Table(
            line,
            "PL",
            _columns("PL", _PAYMENT_LINE),
            "ARPBLN",
            _payment_line,
            {"PBID": _nested("ARPBHD", lambda w, v: [int(v)] if v.isdigit() else [])},
            ("PBID", "TRNO"),
        ),
    )
    bought = (Table(n, p, _columns(p, c), *rest) for n, p, c, *rest in export_purchase_tables.TABLES)
    return {table.name: table for table in (*made, *bought)}


def _all(world: World, kind: str) -> Iterable[Any]:
    return list(world.state.tables(kind))


def _with_division(kind: str) -> Callable[[World, Ref], Row | None]:
    stored = _stored(kind)

    def fetch(world: World, ref: Ref) -> Row | None:
        row = stored(world, ref)
        return None if row is None else {**row, "DIVI": DIVISION}

    return fetch


# ---------------------------------------------------------------------------------------- answering

_TESTS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: a == b,
    "<>": lambda a, b: a != b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
}


def _number(value: object) -> int | Decimal:
    if type(value) is int:
        return value
    text = str(value) or "0"
    return int(text) if text.isdigit() else Decimal(text)


class _Plan:
    """A query bound to its table: columns checked, literals typed."""

    def __init__(self, query: Query, table: Table) -> None:
        self.query, self.table = query, table
        cut = len(table.prefix)
        for column in (*query.columns, *query.order, *(c.column for part in query.any_of for c in part)):
            if column not in table.columns:
                raise _bad(f"table {table.name} has no column {column}")
        self.fields = [column[cut:] for column in query.columns]
        self.order = [column[cut:] for column in query.order]
        self._numeric = {column[cut:] for column, (kind, _, _) in table.columns.items() if kind == "N"}
        self._tests = [[self._test(c, cut) for c in part] for part in query.any_of]
        self._cut = cut

    def _test(self, condition: Condition, cut: int) -> tuple[str, bool, Callable[[Any, Any], bool], Any]:
        field = condition.column[cut:]
        literal: Any = condition.literal
        if field in self._numeric:
            try:
                literal = _number(literal.strip())
            except InvalidOperation:
                raise _bad(f"{condition.column} is a number, {condition.literal!r} is not") from None
        else:
            literal = literal.rstrip()
        return field, field in self._numeric, _TESTS[condition.operator], literal

    def keeps(self, row: Row) -> bool:
        if not self._tests:
            return True
        for part in self._tests:
            for field, numeric, test, literal in part:
                value = row.get(field, "")
                if not test(_number(value) if numeric else value, literal):
                    break
            else:
                return True
        return False

    def sort_key(self, row: Row) -> tuple[Any, ...]:
        fields = (*self.order, *self.table.key)
        return tuple(_number(row.get(f, "")) if f in self._numeric else row.get(f, "") for f in fields)

    def references(self, world: World) -> tuple[Iterable[Ref], bool]:
        """Candidate rows, by the best index there is, and whether they already come in the asked order."""
        changes = world.changes[self.table.changes]
        by_stamp = self.order[:1] == ["LMTS"]  # stamps never repeat: whatever follows in `order by` is moot
        if len(self.query.any_of) == 1:
            lowest = 0
            for condition in self.query.any_of[0]:
                field = condition.column[self._cut :]
                if condition.operator == "=" and field in self.table.equal:
                    return self.table.equal[field](world, condition.literal.strip()), False
                if field == "LMTS" and condition.operator in (">", ">=") and condition.literal.isdigit():
                    lowest = max(lowest, int(condition.literal))
            return changes.after(lowest, inclusive=True), by_stamp
        return changes.after(0), by_stamp

    def rows(self, world: World) -> Iterator[Row]:
        found, ordered = self.references(world)
        fetched = (self.table.fetch(world, ref) for ref in found)
        kept = (row for row in fetched if row is not None and self.keeps(row))
        return kept if ordered else iter(sorted(kept, key=self.sort_key))


@transaction("EXPORTMI", "Select")
def select(call: Call) -> Iterator[Row]:
    """Rows as one text each (REPL): values trimmed and joined by SEPC, or padded to their length without
    one."""
    world = call.world
    query = parse(call.record["QERY"])
    if query.order and world.switches["export_order_by"] == "refused":
        raise _bad("'order by' is not supported")
    table = world.tables.get(query.table)
    if table is None:
        raise _bad(f"there is no table {query.table}")
    plan = _Plan(query, table)
    separator = call.text("SEPC")
    widths = [table.columns[column][1] for column in query.columns]

    def answer() -> Iterator[Row]:
        if call.text("HDRS") == "1":
            yield {"REPL": _joined(list(query.columns), separator, widths), "header": True}
        for row in plan.rows(world):
            values = [str(row.get(field, "")) for field in plan.fields]
            yield {"REPL": _joined(values, separator, widths)}

    return answer()


def _joined(values: list[str], separator: str, widths: list[int]) -> str:
    if separator:
        return separator.join(values)
    return "".join(value.ljust(width) for value, width in zip(values, widths, strict=True))


@transaction("EXPORTMI", "LstFields")
def list_fields(call: Call) -> list[Row]:
    table = call.world.tables.get(call.record["FILE"].upper())
    if table is None:
        raise Nok("XRE0103", "FILE")
    return [
        {"FLDN": name, "FLDS": name[2:], "FLTY": kind, "FLLE": str(length), "FLDP": str(decimals)}
        for name, (kind, length, decimals) in table.columns.items()
    ]
