"""The field catalogue of the MI programs.

Belongs here: reading `catalogue.json` (names, types, lengths, mandatory flags: facts from
infor-m3-catalogue).
Does not belong here: what a transaction does.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any


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
def _facts() -> dict[str, Any]:
    return json.loads((Path(__file__).parent / "catalogue.json").read_text(encoding="utf-8"))


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
