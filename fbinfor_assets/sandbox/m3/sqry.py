"""The query of the Search transactions (SQRY).

Belongs here: reading a query, and whether a row answers it.
Does not belong here: which rows there are, and which fields a search shows.

M3's enterprise search takes a Lucene-like text (infor-api 2.6, customers). What is read here: `FIELD:value`,
`FIELD:"two words"`, `FIELD:[from TO to]`, `*` as the rest of a value, bare words (any field), terms joined by
AND (also when nothing stands between them) or OR; AND binds before OR.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from fbinfor_assets.sandbox.m3.mi import Nok

_TERM = re.compile(r'\s*(?:([A-Za-z0-9]{4}):)?(?:"([^"]*)"|\[\s*(\S+)\s+TO\s+(\S+)\s*\]|([^\s"\[\]]+))')


@dataclass(frozen=True, slots=True)
class Term:
    """One condition; `field` "" means any field. A range has `until`."""

    field: str
    value: str
    until: str = ""

    def answers(self, row: Mapping[str, Any], fields: Iterable[str]) -> bool:
        names = (self.field,) if self.field else fields
        return any(self._matches(str(row.get(name, ""))) for name in names)

    def _matches(self, value: str) -> bool:
        text = value.upper()
        if self.until:
            return self.value <= text and (self.until == "*" or text <= self.until)
        if "*" in self.value:
            return fnmatchcase(text, self.value)
        return text == self.value if self.field else self.value in text


def parse(query: str) -> list[list[Term]]:
    """A query as a disjunction of conjunctions. Raises Nok XOPC001 (a guess at the code) if it cannot be read."""
    any_of: list[list[Term]] = [[]]
    position, query = 0, query.rstrip()
    while position < len(query):
        found = _TERM.match(query, position)
        if found is None:
            raise Nok(
                "XOPC001", "SQRY", text=f"Query not valid: cannot read {query[position : position + 20]!r}"
            )
        position = found.end()
        field, quoted, low, high, word = found.groups()
        if word == "OR" and not field:
            any_of.append([])
        elif word != "AND" or field:
            value = (low or quoted or word or "").upper()
            any_of[-1].append(Term((field or "").upper(), value, (high or "").upper()))
    return [terms for terms in any_of if terms]


def exact(any_of: list[list[Term]], field: str) -> str | None:
    """The one value a field must have for any row to answer, or None: what an index can start from."""
    if len(any_of) != 1:
        return None
    values = [t.value for t in any_of[0] if t.field == field and not t.until and "*" not in t.value]
    return values[0] if values else None


def search(query: str, rows: Iterable[Mapping[str, Any]], fields: tuple[str, ...]) -> Iterator[Any]:
    """The rows that answer a query; bare words look into `fields`. An empty query finds everything."""
    any_of = parse(query)
    return (
        row
        for row in rows
        if not any_of or any(all(term.answers(row, fields) for term in terms) for terms in any_of)
    )
