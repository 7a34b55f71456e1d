"""EXPORTMI: M3's tables through a small query language.

Belongs here: the parser of QERY, the plan (which index answers), the transactions.
Does not belong here: the tables and their columns (`export_tables.py`), the records and their meaning.

``COL,COL from TABLE [where COND [and|or COND ...]] [order by COL[,COL]]`` with operators = <> > >= < <= and
literals 'x', numbers or bare words (all seen in public callers; infor-api 2.6). `and` binds before `or`,
there are no brackets. `order by` is a guess (switch). Without an order rows come by primary key.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from dataclasses import field as attribute
from decimal import Decimal, InvalidOperation
from operator import itemgetter
from typing import Any
from weakref import WeakKeyDictionary

from fbinfor_assets.sandbox.m3.catalogue import field_names
from fbinfor_assets.sandbox.m3.export_tables import Table
from fbinfor_assets.sandbox.m3.mi import Nok
from fbinfor_assets.sandbox.m3.world import Call, Ref, Row, World, transaction

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


@dataclass(frozen=True, slots=True)
class _Listing:
    """References in the order of their keys."""

    keys: list[tuple[Any, ...]]
    refs: list[Ref]


@dataclass(slots=True)
class _Listings:
    """What was sorted while nothing changed: a reader asks page after page of the same."""

    revision: int
    by_name: dict[tuple[str, int, tuple[str, ...]], _Listing] = attribute(default_factory=dict)


_LISTINGS = 4  # heads and their lines are read side by side
_listings: WeakKeyDictionary[World, _Listings] = WeakKeyDictionary()


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
            for name, numeric, test, literal in part:
                value = row.get(name, "")
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
        lowest = 0
        if len(self.query.any_of) == 1:
            for condition in self.query.any_of[0]:
                field = condition.column[self._cut :]
                if condition.operator == "=" and field in self.table.equal:
                    return self.table.equal[field](world, condition.literal.strip()), False
                if field == "LMTS" and condition.operator in (">", ">=") and condition.literal.isdigit():
                    lowest = max(lowest, int(condition.literal))
        if self.order[:1] == ["LMTS"]:  # stamps never repeat: whatever follows in `order by` is moot
            return self._changed(world, lowest), True
        if self.order:
            return self._page(self._listing(world, lowest)), True
        return self._changed(world, lowest), False

    def _changed(self, world: World, lowest: int) -> Iterable[Ref]:
        return self._parts(world, world.changes[self.table.changes].after(lowest, inclusive=True))

    def _listing(self, world: World, lowest: int) -> _Listing:
        """The rows changed from `lowest` on, in the asked order: sorted once for all the pages of a reader."""
        name = (self.table.name, lowest, tuple(self.order))
        kept = _listings.get(world)
        if kept is None or kept.revision != world.state.revision:
            kept = _listings[world] = _Listings(world.state.revision)
        if name not in kept.by_name:
            found = ((ref, self.table.fetch(world, ref)) for ref in self._changed(world, lowest))
            pairs = [(self.sort_key(row), ref) for ref, row in found if row is not None]
            pairs.sort(key=itemgetter(0))
            while len(kept.by_name) >= _LISTINGS:
                del kept.by_name[next(iter(kept.by_name))]
            kept.by_name[name] = _Listing([key for key, _ in pairs], [ref for _, ref in pairs])
        return kept.by_name[name]

    def _page(self, listing: _Listing) -> Iterator[Ref]:
        """The part of a listing that the conditions on the first columns of the order leave."""
        prefix: list[Any] = []
        first, last = 0, len(listing.keys)
        tests = self._tests[0] if len(self._tests) == 1 else []
        for name in self.order:
            mine = {test: literal for field, _, test, literal in tests if field == name}
            if _TESTS["="] in mine:
                prefix.append(mine[_TESTS["="]])
                continue
            for test, side in ((_TESTS[">"], bisect_right), (_TESTS[">="], bisect_left)):
                if test in mine:
                    at = (*prefix, mine[test])
                    first = max(first, side(listing.keys, at, key=lambda key: key[: len(at)]))
            break
        if prefix:
            at = tuple(prefix)
            first = max(first, bisect_left(listing.keys, at, key=lambda key: key[: len(at)]))
            last = bisect_right(listing.keys, at, key=lambda key: key[: len(at)])
        return (listing.refs[position] for position in range(first, last))

    def _parts(self, world: World, found: Iterable[Ref]) -> Iterable[Ref]:
        parts = self.table.parts
        return found if parts is None else (part for ref in found for part in parts(world, ref))

    def rows(self, world: World) -> Iterator[Row]:
        found, ordered = self.references(world)
        fetched = (self.table.fetch(world, ref) for ref in found)
        kept = (row for row in fetched if row is not None and self.keeps(row))
        return kept if ordered else iter(sorted(kept, key=self.sort_key))


@transaction("EXPORTMI", "Select")
def select(call: Call) -> Iterator[Row]:
    """Rows as one text each (REPL): values trimmed and joined by SEPC, or padded to their length without
    one."""
    return _selected(call, padded=not call.text("SEPC"))


@transaction("EXPORTMI", "SelectPad")
def select_padded(call: Call) -> Iterator[Row]:
    """The same with every value padded to its length, SEPC between them or not."""
    return _selected(call, padded=True)


def _selected(call: Call, *, padded: bool) -> Iterator[Row]:
    world = call.world
    query = parse(call.record["QERY"])
    if query.order and world.switches["export_order_by"] == "refused":
        raise _bad("'order by' is not supported")
    table = world.tables.get(query.table)
    if table is None:
        raise _bad(f"there is no table {query.table}")
    plan = _Plan(query, table)
    separator = call.text("SEPC")
    widths = [table.columns[column][1] if padded else 0 for column in query.columns]

    def answer() -> Iterator[Row]:
        if call.text("HDRS") == "1":
            yield {"REPL": _joined(list(query.columns), separator, widths), "header": True}
        for row in plan.rows(world):
            values = [str(row.get(field, "")) for field in plan.fields]
            yield {"REPL": _joined(values, separator, widths)}

    return answer()


def _joined(values: list[str], separator: str, widths: list[int]) -> str:
    return separator.join(value.ljust(width) for value, width in zip(values, widths, strict=True))


@transaction("EXPORTMI", "LstFields")
def list_fields(call: Call) -> list[Row]:
    table = call.world.tables.get(call.record["FILE"].upper())
    if table is None:
        raise Nok("XRE0103", "FILE")
    cut = len(table.prefix)
    return [
        {
            **{"FLDN": name, "FLTY": kind, "FLLE": str(length), "FLDP": str(decimals)},
            "FLDS": field_names().get(name[cut:], name[cut:])[:15],
        }
        for name, (kind, length, decimals) in table.columns.items()
    ]
