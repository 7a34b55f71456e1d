"""The field catalogue of the MI programs.

Belongs here: reading `catalogue.json` (names, types, lengths, mandatory flags: facts from
infor-m3-catalogue).
Does not belong here: what a transaction does.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

_LISTS = ("Lst", "Sel", "Search", "List")


@dataclass(frozen=True, slots=True)
class Transaction:
    """One MI transaction: input field -> (type A|N, length), mandatory inputs, output field -> length.

    `kinds`: output field -> A, N or D (date). The reference knows the types of inputs only; an output is what
    most inputs of its name are, else what its description and length suggest. `whole`: numeric inputs that count
    or identify something (a line number, a year) and so have no decimals, by their description.
    """

    program: str
    name: str
    inputs: dict[str, tuple[str, int]]
    mandatory: tuple[str, ...]
    outputs: dict[str, int]
    kinds: dict[str, str]
    whole: frozenset[str]

    @property
    def lists(self) -> bool:
        """Whether it gives many records; a Get gives one, a write the keys of what it wrote, or nothing."""
        return self.name.startswith(_LISTS)

    @property
    def reads(self) -> bool:
        return reads(self.name)


def reads(name: str) -> bool:
    """Whether a transaction of this name changes nothing."""
    return name.startswith((*_LISTS, "Get"))


def _transaction(program: str, name: str, facts: dict[str, str]) -> Transaction:
    inputs, mandatory = {}, []
    for text in facts["in"].split():
        field, kind = text.lstrip("*").split(":")
        inputs[field] = (kind[0], int(kind[1:]))
        if text.startswith("*"):
            mandatory.append(field)
    outputs = {field: int(length) for field, length in (text.split(":") for text in facts["out"].split())}
    kinds = {field: _output_kind(program, name, field, length) for field, length in outputs.items()}
    numeric = [field for field, (kind, _) in inputs.items() if kind == "N"]
    texts = {field: description(program, name, field) for field in numeric}
    whole = frozenset(f for f, text in texts.items() if _COUNTS.search(text) and not _NUMERIC.search(text))
    return Transaction(program, name, inputs, tuple(mandatory), outputs, kinds, whole)


_DATE = re.compile(r"\bdates?\b", re.IGNORECASE)
_NUMERIC = re.compile(
    r"\b(amount|amt|quantity|price|rate|value|sum|total|net|numeric|milliseconds)\b", re.IGNORECASE
)

_COUNTS = re.compile(
    r"\b(number|line|year|sequence|batch|proposal|identity|timestamp|company|job)\b", re.IGNORECASE
)


def _output_kind(program: str, name: str, field: str, length: int) -> str:
    text = description(program, name, field)
    if length in (8, 10) and _DATE.search(text):
        return "D"
    as_input = _input_kinds().get(field)
    if as_input:
        return as_input
    measured = _NUMERIC.search(text) or field[-2:] in ("AM", "QT", "PR")
    return "N" if 11 <= length <= 23 and measured else "A"


@lru_cache(maxsize=1)
def _input_kinds() -> dict[str, str]:
    found: dict[str, Counter[str]] = {}
    for facts in _facts()["programs"].values():
        for fields in facts["transactions"].values():
            for text in fields["in"].split():
                field, kind = text.lstrip("*").split(":")
                found.setdefault(field, Counter())[kind[0]] += 1
    return {field: kinds.most_common(1)[0][0] for field, kinds in found.items()}


@lru_cache(maxsize=1)
def _facts() -> dict[str, Any]:
    return json.loads((Path(__file__).parent / "catalogue.json").read_text(encoding="utf-8"))


@lru_cache(maxsize=1)
def field_names() -> dict[str, str]:
    """What fields are called ("Customer number"), by name; where transactions differ, the commonest."""
    return _facts()["descriptions"]


@lru_cache(maxsize=1)
def load() -> dict[str, dict[str, Transaction]]:
    """Program -> transaction -> its fields; every transaction of the reference, answered or not."""
    return {
        program: {name: _transaction(program, name, fields) for name, fields in facts["transactions"].items()}
        for program, facts in _facts()["programs"].items()
    }


def title(program: str) -> str:
    """What a program calls itself ("Customer interface"); "" for one the catalogue does not have."""
    return str(_facts()["programs"].get(program, {}).get("title", ""))


def about(program: str, transaction: str) -> str:
    """What a transaction does, in a few words ("Confirm order (release batch order)")."""
    facts = _facts()["programs"].get(program, {}).get("transactions", {}).get(transaction, {})
    return str(facts.get("about", ""))


def version(program: str) -> str:
    """The program's version in the tenant the catalogue was taken from ("640K")."""
    return str(_facts()["programs"].get(program, {}).get("version", ""))


def description(program: str, transaction: str, field: str) -> str:
    """What a field is called in a transaction ("Customer number")."""
    own = _facts()["descriptions_in"].get(f"{program}/{transaction}", {})
    return str(own.get(field, _facts()["descriptions"].get(field, "")))


@lru_cache(maxsize=1)
def countries() -> dict[str, str]:
    """ISO 3166 alpha-2 code -> name, and the two codes of the order file that are no countries (EU, XX)."""
    return json.loads((Path(__file__).parent / "countries.json").read_text(encoding="utf-8"))
