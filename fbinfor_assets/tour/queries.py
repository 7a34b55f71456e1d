"""The questions of the tour: one SQL file each, with a header that says what is asked and how to read the answer.

Belongs here: finding the files, reading and checking their headers, values of parameters.
Does not belong here: running them (ask.py). The files lie in dbt_project/analyses, dbt's own place for such queries.

A header is a comment of YAML at the top of the file:

    /*
    stop: 40
    title: Where is an order
    question: What became of an order in the shop, in FreshBooks and in M3?
    parameters:
      order: {type: text, default: "536365", about: Number of the shop order.}
    columns:
      day: Day of the document.
    reading: How to read the answer.
    */

`stop` is the place in the tour. A parameter is `$order` in the SQL and always a typed value: text, date, number (DECIMAL) or count (a whole number).
A default of null is a value too: the question then says what it means.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from fbinfor_assets.app import DBT_PROJECT
from fbinfor_assets.warehouse.question import nearest

ANALYSES = DBT_PROJECT / "analyses"

_HEADER = re.compile(r"\s*/\*\n(?P<header>.*?)\*/\s*(?P<sql>.*)", re.DOTALL)
_KEYS = {"stop", "title", "question", "parameters", "columns", "reading"}
_TYPES = {"text": "a text", "date": "a day as 2010-12-31", "number": "a number", "count": "a whole number"}


class TourError(Exception):
    """A question that does not exist, a value that does not fit, or a file that cannot be used. Wrong usage."""

    exit_code = 2


@dataclass(frozen=True)
class Parameter:
    """`type`: text, date, number or count. `default`: what holds without --param; None is a value."""

    name: str
    type: str
    default: str | None
    about: str

    def value(self, text: str | None) -> Any:
        """`text` as str, date, Decimal or int. Raises `TourError` naming the parameter and what it takes."""
        if text is None:
            return None
        try:
            match self.type:
                case "date":
                    return date.fromisoformat(text)
                case "number":
                    return Decimal(text)
                case "count":
                    return int(text)
        except (ValueError, InvalidOperation):
            raise TourError(f"{self.name} takes {_TYPES[self.type]}, not {text!r}") from None
        return text


@dataclass(frozen=True)
class TourQuery:
    """One question. `columns`: name -> meaning, in the order of the answer. `sql`: the file without its header."""

    name: str
    path: Path
    stop: int
    title: str
    question: str
    reading: str
    parameters: tuple[Parameter, ...]
    columns: Mapping[str, str]
    sql: str

    def values(self, given: Mapping[str, str]) -> dict[str, Any]:
        """A typed value for every parameter: the given text, else the default. Raises `TourError`."""
        known = {parameter.name: parameter for parameter in self.parameters}
        if unknown := sorted(given.keys() - known.keys()):
            takes = ", ".join(known) or "none"
            raise TourError(f"{self.name} has no parameter {unknown[0]!r}; its parameters: {takes}")
        return {name: one.value(given.get(name, one.default)) for name, one in known.items()}


@cache
def queries() -> Mapping[str, TourQuery]:
    """Every question by its name, in the order of the tour. Raises `TourError` for a header that cannot be used."""
    found = sorted(
        (read(path) for path in ANALYSES.glob("*.sql")), key=lambda query: (query.stop, query.name)
    )
    return {query.name: query for query in found}


def find(name: str) -> TourQuery:
    """The question of that name. Raises `TourError` with the nearest ones."""
    known = queries()
    if name not in known:
        alike = nearest(name, list(known))
        meant = f"did you mean {' or '.join(alike)}?" if alike else "`fbinfor sql --list` shows them all"
        raise TourError(f"the tour has no question {name!r}; {meant}")
    return known[name]


def has_header(path: Path) -> bool:
    """Whether a file with SQL begins as a question of the tour does."""
    matched = _HEADER.fullmatch(path.read_text("utf-8"))
    return matched is not None and "\ntitle:" in "\n" + matched["header"]


def read(path: Path) -> TourQuery:
    """A file with a header. Raises `TourError` naming the file and what is wrong with its header."""
    matched = _HEADER.fullmatch(path.read_text("utf-8"))
    if matched is None:
        raise TourError(f"{path} does not begin with a header (/* … */)")
    try:
        header = yaml.safe_load(matched["header"])
    except yaml.YAMLError as error:
        raise TourError(f"the header of {path} is not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(header, dict) or not {"title", "question", "columns"} <= header.keys() <= _KEYS:
        raise TourError(
            f"the header of {path} needs title, question, columns; it may have parameters, reading"
        )
    parameters = []
    for name, about in (header.get("parameters") or {}).items():
        if about.get("type") not in _TYPES:
            raise TourError(f"{path}: the type of {name} is one of {', '.join(_TYPES)}")
        default = about.get("default")
        parameters.append(
            Parameter(name, about["type"], None if default is None else str(default), about["about"])
        )
    return TourQuery(
        name=path.stem,
        path=path,
        stop=header.get("stop", 0),
        title=header["title"],
        question=" ".join(header["question"].split()),
        reading=" ".join((header.get("reading") or "").split()),
        parameters=tuple(parameters),
        columns=header["columns"],
        sql=matched["sql"].strip() + "\n",
    )
