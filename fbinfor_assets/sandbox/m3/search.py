"""SQRY, the query of the Search transactions: a small part of what M3's enterprise search understands.

Belongs here: the parser, and finding the rows of a table that match.
Does not belong here: which transaction shows what of a row.

``CUNM:Acme* CSCD:GB`` (terms are joined by AND, said or not), ``A:1 OR A:2``, ``NOT A:1`` or ``-A:1``, phrases in
quotes, ranges ``RGDT:[20261001 TO 20261031]`` (either end may be *), wildcards * and ?. A word without a field
is looked for in every field. AND binds before OR; brackets around terms are refused. Public callers show only
blanks between terms and the wildcard *; the rest is Lucene's own and a guess. An unknown field finds nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import translate
from typing import Any

from fbinfor_assets.sandbox.m3.mi import Nok
from fbinfor_assets.sandbox.m3.world import Row

Known = Mapping[str, Callable[[str], Iterable[Any]]]

_TOKEN = re.compile(
    r"""\s*(?:(?P<minus>-)?(?:(?P<field>[A-Za-z0-9]{1,10}):)?
    (?:"(?P<phrase>[^"]*)"|\[(?P<low>\S+)\s+TO\s+(?P<high>\S+)\]|(?P<word>[^\s"\[\]()]+)))""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Term:
    """One condition: a row matches if `test` holds for the field (or any field), or does not if `negated`."""

    field: str
    test: Callable[[str], bool]
    negated: bool
    exact: str | None  # the value, where only this one value matches

    def keeps(self, row: Row) -> bool:
        if self.field:
            found = self.field in row and self.test(str(row[self.field]))
        else:
            found = any(self.test(value) for value in row.values() if isinstance(value, str))
        return found is not self.negated


def parse(query: str) -> list[list[Term]]:
    """A SQRY as alternatives of terms. Raises Nok XOPC001 (a guess at the code) saying what cannot be read."""
    any_of: list[list[Term]] = [[]]
    position, negated = 0, False
    query = query.strip()
    while position < len(query):
        found = _TOKEN.match(query, position)
        if found is None or found.end() == position:
            raise Nok(
                "XOPC001", "SQRY", text=f"Query not valid: cannot read {query[position : position + 20]!r}"
            )
        position = found.end()
        word = found["word"]
        if word in ("AND", "OR", "NOT") and not found["field"]:
            if word == "OR":
                any_of.append([])
            negated = word == "NOT"
            continue
        any_of[-1].append(_term(found, negated or bool(found["minus"])))
        negated = False
    if not all(any_of) or negated:
        raise Nok("XOPC001", "SQRY", text="Query not valid: a term is missing")
    return any_of


def _term(found: re.Match[str], negated: bool) -> Term:
    field = (found["field"] or "").upper()
    if found["low"] is not None:
        low, high = found["low"].lower(), found["high"].lower()
        return Term(field, _range(low, high), negated, None)
    value = (found["word"] if found["phrase"] is None else found["phrase"]).lower()
    if found["phrase"] is None and ("*" in value or "?" in value):
        pattern = re.compile(translate(value.replace("[", "[[]")))
        return Term(field, _words(lambda text: pattern.match(text) is not None), negated, None)
    if field:
        return Term(field, _words(value.__eq__), negated, None if negated else value)
    return Term(field, lambda text: value in text.lower(), negated, None)


def _words(test: Callable[[str], bool]) -> Callable[[str], bool]:
    """True if the whole value or one of its words passes, in whatever case."""

    def passes(text: str) -> bool:
        text = text.lower()
        return test(text) or any(map(test, text.split()))

    return passes


def _range(low: str, high: str) -> Callable[[str], bool]:
    def within(text: str) -> bool:
        text = text.lower()
        return bool(text) and (low == "*" or text >= low) and (high == "*" or text <= high)

    return within


def rows(query: str, table: Mapping[Any, Row], known: Known) -> Iterator[Row]:
    """The rows of a table that match, by the table's order.

    `known` gives, for fields with an index, the ids of the rows with one value (upper case).
    """
    any_of = parse(query)
    ids: Iterable[Any] = list(table)
    if len(any_of) == 1:
        for term in any_of[0]:
            if term.exact is not None and term.field in known:
                ids = known[term.field](term.exact.upper())
                break
    for id_ in ids:
        row = table.get(id_)
        if row is not None and any(all(term.keeps(row) for term in terms) for terms in any_of):
            yield row
