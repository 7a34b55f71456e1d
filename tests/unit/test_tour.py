"""The tour's files: headers that teach, parameters that are values, dbt's descriptions made from the same headers."""

from __future__ import annotations

import os
import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from fbinfor_assets.tour import TourError, find, queries
from fbinfor_assets.tour.guide import dbt_descriptions
from fbinfor_assets.tour.queries import ANALYSES, read

HEADER = """/*
title: A title
question: What is asked?
parameters:
  day: {type: date, default: null, about: A day.}
  amount: {type: number, default: "1.50", about: An amount.}
columns:
  x: A number.
*/
select $amount as x where $day::date is null
"""


@pytest.mark.parametrize("query", queries().values(), ids=lambda query: query.name)
def test_a_question_is_plain_sql_with_a_header_that_says_all_there_is_to_know(query):
    assert query.question.endswith("?")
    assert query.reading.endswith(".")
    assert all(query.columns.values())
    assert all(one.about for one in query.parameters)
    text = query.path.read_text("utf-8")
    assert not re.search(r"\{\{|\{%|\{#", text), "dbt would take it for Jinja"
    assert {one.name for one in query.parameters} == set(re.findall(r"\$(\w+)", query.sql))


def test_the_tour_has_an_order():
    stops = [query.stop for query in queries().values()]
    assert stops == sorted(set(stops))


def test_dbts_descriptions_are_those_of_the_headers():
    path = ANALYSES / "tour.yml"
    if os.environ.get("FBINFOR_UPDATE_SNAPSHOTS"):
        path.write_text(dbt_descriptions(), "utf-8")
    assert path.read_text("utf-8") == dbt_descriptions(), (
        "make it anew: FBINFOR_UPDATE_SNAPSHOTS=1 .venv/bin/python -m pytest -n 0 tests/unit/test_tour.py"
    )


def test_a_mistyped_name_gets_the_nearest_question():
    with pytest.raises(TourError, match="no question 'agein'; did you mean ageing"):
        find("agein")


def test_a_parameter_is_typed_by_its_declaration(tmp_path: Path):
    path = tmp_path / "mine.sql"
    path.write_text(HEADER)
    query = read(path)
    assert query.values({}) == {"day": None, "amount": Decimal("1.50")}
    assert query.values({"day": "2010-12-31", "amount": "2"}) == {
        "day": date(2010, 12, 31),
        "amount": Decimal(2),
    }
    with pytest.raises(TourError, match="day takes a day as 2010-12-31, not 'yesterday'"):
        query.values({"day": "yesterday"})
    with pytest.raises(TourError, match="amount takes a number, not '1,50'"):
        query.values({"amount": "1,50"})
    with pytest.raises(TourError, match="no parameter 'dya'; its parameters: day, amount"):
        query.values({"dya": "2010-12-31"})


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("select 1", "does not begin with a header"),
        ("/*\ntitle: [\n*/\nselect 1", "is not YAML"),
        ("/*\ntitle: A title\n*/\nselect 1", "needs title, question, columns"),
        (HEADER.replace("type: date", "type: day"), "the type of day is one of text, date, number, count"),
    ],
)
def test_a_header_that_cannot_be_used_is_named(tmp_path: Path, text: str, says: str):
    path = tmp_path / "mine.sql"
    path.write_text(text)
    with pytest.raises(TourError, match=re.escape(says)) as refused:
        read(path)
    assert "mine.sql" in str(refused.value)
