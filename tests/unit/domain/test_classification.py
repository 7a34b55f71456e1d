"""Every shop document is of exactly one class, and every line of it has a fate; the sentences are those of the seed."""

from __future__ import annotations

import csv
from decimal import Decimal as D
from pathlib import Path

import pytest

from fbinfor_assets.domain.classification import (
    CLASSES,
    COST_CODES,
    FATE,
    LINE_CLASSES,
    Line,
    classify,
    fate_of_line,
)

SEEDS = Path(__file__).parents[3] / "dbt_project" / "seeds"


def lines(*given: tuple[str, int, str]) -> list[Line]:
    return [Line(code, D(quantity), D(price)) for code, quantity, price in given]


def seed(name: str) -> list[dict[str, str]]:
    with (SEEDS / f"{name}.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(
    ("number", "given", "expected"),
    [
        ("536365", [("85123A", 6, "2.55")], "sale"),
        ("C536379", [("D", -1, "27.50")], "credit"),
        ("536380", [("85123A", 1, "1.00"), ("M", -1, "3.00")], "credit"),
        ("536414", [("22139", 56, "0")], "free_goods"),
        ("536415", [("85123A", 10, "1.00"), ("D", -1, "10.00")], "free_goods"),
        ("536996", [("22712", -20, "0")], "stock_adjustment"),
        ("A563186", [("B", 1, "-11062.06")], "cost"),
        ("C537600", [("AMAZONFEE", -1, "1.00")], "cost"),
        ("536779", [("bank charges", 1, "15.00")], "cost"),
    ],
    ids=[
        "goods at a price",
        "a cancellation by its number",
        "a document that nets below zero without a C",
        "goods at price 0",
        "goods that a discount makes worth nothing",
        "goods taken out at price 0",
        "bad debt although negative",
        "a fee although numbered C",
        "costs in any spelling",
    ],
)
def test_a_document_has_the_class_that_the_policy_says(number, given, expected):
    assert classify(number, lines(*given)) == expected


def test_a_document_is_worth_its_cents():
    # PADS at 0.001: FreshBooks and M3 would invoice 0.00.
    assert classify("550193", lines(("PADS", 1, "0.001"))) == "free_goods"
    assert classify("550194", lines(("PADS", 5, "0.001"))) == "sale"


def test_a_document_without_lines_is_refused_by_number():
    with pytest.raises(ValueError, match="536365"):
        classify("536365", [])


def test_each_class_of_lines_in_each_class_of_documents_has_a_fate():
    fates = {(of, line): fate_of_line(of, line) for of in CLASSES for line in LINE_CLASSES}
    assert all(fate.sentence for fate in fates.values())
    posting = {pair for pair, fate in fates.items() if fate.posts}
    assert {of for of, _ in posting} == {"sale", "credit"}
    assert not {line for _, line in posting} & {"cost", "unknown"}, "a cost is never revenue"


def test_a_class_that_nobody_knows_is_refused():
    for of, line in (("sale", "surcharge"), ("order", "goods")):
        with pytest.raises(ValueError, match="no class"):
            fate_of_line(of, line)


def test_the_seed_of_the_warehouse_says_the_same():
    rows = {(row["document_class"], row["line_class"]): row for row in seed("class_fates")}
    assert {of: row["fate"] for (of, line), row in rows.items() if not line} == FATE
    for of in CLASSES:
        for line in LINE_CLASSES:
            row = rows.get((of, line)) or rows[(of, "*")]
            fate = fate_of_line(of, line)
            assert (row["posts"] == "true", row["fate"]) == (fate.posts, fate.sentence), (of, line)
    assert {line for _, line in rows} <= {*LINE_CLASSES, "*", ""}


def test_the_cost_codes_are_the_same_everywhere():
    by_rule = {row["pattern"] for row in seed("line_rules") if row["line_class"] == "cost"}
    assert {row["code"] for row in seed("cost_codes")} == by_rule == COST_CODES
