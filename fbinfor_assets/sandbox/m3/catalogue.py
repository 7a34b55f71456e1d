"""The field catalogue of the MI programs this simulator answers.

Belongs here: reading `catalogue.json` (names, types, lengths, mandatory flags: facts from
infor-m3-catalogue).
Does not belong here: what a transaction does.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Transaction:
    """One MI transaction: input field -> (type A|N, length), mandatory inputs, output field -> length."""

    program: str
    name: str
    inputs: dict[str, tuple[str, int]]
    mandatory: tuple[str, ...]
    outputs: dict[str, int]


def _transaction(program: str, name: str, facts: dict[str, str]) -> Transaction:
    inputs, mandatory = {}, []
    for text in facts["in"].split():
        field, kind = text.lstrip("*").split(":")
        inputs[field] = (kind[0], int(kind[1:]))
        if text.startswith("*"):
            mandatory.append(field)
    outputs = {field: int(length) for field, length in (text.split(":") for text in facts["out"].split())}
    return Transaction(program, name, inputs, tuple(mandatory), outputs)


@lru_cache(maxsize=1)
def load() -> dict[str, dict[str, Transaction]]:
    """Program -> transaction -> its fields."""
    facts = json.loads((Path(__file__).parent / "catalogue.json").read_text(encoding="utf-8"))
    return {
        program: {name: _transaction(program, name, fields) for name, fields in transactions.items()}
        for program, transactions in facts["programs"].items()
    }


@lru_cache(maxsize=1)
def countries() -> dict[str, str]:
    """ISO 3166 alpha-2 code -> name, and the two codes of the order file that are no countries (EU, XX)."""
    return json.loads((Path(__file__).parent / "countries.json").read_text(encoding="utf-8"))
