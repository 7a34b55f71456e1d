"""The tour asked of a small company: what the headers promise, sums that must agree, and the page that shows it.

docs/tour.md is made by these tests:

    FBINFOR_UPDATE_SNAPSHOTS=1 .venv/bin/python -m pytest -n 0 tests/dbt/test_tour_answers.py
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from decimal import Decimal
from pathlib import Path

import polars
import pytest
import tour_world
from conftest import PROJECT

from fbinfor_assets.tour import TourQuery, frame, queries
from fbinfor_assets.tour.ask import prepared
from fbinfor_assets.tour.guide import guide
from fbinfor_assets.tour.tables import tables
from fbinfor_assets.warehouse import QueryResult

PAGE = PROJECT.parent / "docs" / "tour.md"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, runner_work: Path) -> Path:
    return tour_world.publish(tmp_path_factory.mktemp("company"), runner_work, tour_world.everything())


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory, runner_work: Path) -> Path:
    return tour_world.publish(tmp_path_factory.mktemp("empty"), runner_work, [])


def ask(home: Path, query: TourQuery, **given: str) -> QueryResult:
    with prepared(home, query, given) as (question, values):
        return question.run(values).rows()


def total(frame: polars.DataFrame, column: str) -> Decimal:
    return sum((value for value in frame[column].to_list() if value is not None), Decimal(0))


@pytest.mark.parametrize("query", queries().values(), ids=lambda query: query.name)
def test_a_question_answers_with_the_columns_that_its_header_describes(home: Path, query: TourQuery):
    result = ask(home, query)
    assert list(result.columns) == list(query.columns)
    assert result.rows, "the small company has nothing of the kind, so nothing is shown of it"
    assert not [kind for kind in result.types if kind in ("DOUBLE", "FLOAT")]


@pytest.mark.parametrize("query", queries().values(), ids=lambda query: query.name)
def test_an_empty_warehouse_gives_no_rows_and_no_error(empty: Path, query: TourQuery):
    result = ask(empty, query)
    assert result.rows == []
    assert list(result.columns) == list(query.columns)


@pytest.mark.parametrize(
    ("name", "given", "column"),
    [
        ("ageing", {"party": "SHOP-17850"}, "party_key"),
        ("revenue", {"class": "freight"}, "line_class"),
        ("versions", {"entity": "m3__orders"}, "entity"),
        ("anomalies", {"rule": "sequence_gap"}, "rule"),
        ("differences", {"cause": "not delivered yet"}, "cause"),
    ],
)
def test_a_parameter_narrows_the_answer(home: Path, name: str, given: dict[str, str], column: str):
    (value,) = given.values()
    found = set(frame(name, home, **given)[column].to_list())
    assert found <= {value}
    assert len(frame(name, home, **given)) <= len(frame(name, home)) or name == "versions"


def test_the_ages_add_up_to_what_is_open(home: Path):
    owed = frame("ageing", home)
    parts = ["not_due", "days_1_30", "days_31_60", "days_61_90", "over_90", "on_account"]
    assert sum(total(owed, part) for part in parts) == total(owed, "total_open")


def test_the_classes_and_the_months_add_up_to_the_same_net(home: Path):
    classes, revenue = frame("classes", home), frame("revenue", home)
    assert total(classes, "net") == total(revenue, "shop_net") == classes["net_of_all"][0]
    assert total(classes, "net") * 100 % 1 != 0, "three decimals come through"


def test_what_waits_on_account_is_the_same_among_payments_and_prepayments(home: Path):
    assert total(frame("prepayments", home), "waiting") == total(frame("payments", home), "on_account") == 10


def test_an_order_shows_its_documents_its_money_and_its_writes(home: Path):
    steps = frame("order", home, order="536365")
    assert steps.select("part", "system", "what", "total").rows()[:6] == [
        ("document", "shop", "order", Decimal("64.37")),
        ("document", "freshbooks", "invoice", Decimal("64.37")),
        ("document", "m3", "order", Decimal("64.37")),
        ("document", "m3", "invoice", Decimal("64.37")),
        ("payment", "freshbooks", "receipt", Decimal("64.37")),
        ("payment", "m3", "receipt", Decimal("64.37")),
    ]
    assert steps.filter(polars.col("part") == "write")["what"].to_list() == [
        "freshbooks__invoices create",
        "m3__orders create",
        "m3__receipts create",
    ]
    assert frame("order", home, order="no such").is_empty()


def test_versions_show_the_one_field_that_a_person_changed(home: Path):
    changed = frame("versions", home, key="9001").filter(polars.col("version") == 2)
    assert changed.select("field", "after").rows() == [
        ("notes", '"Left with the neighbour"'),
        ("updated", '"2010-12-21 10:00:00"'),
    ]


def test_rounding_names_the_half_cent_and_the_document(home: Path):
    rows = frame("rounding", home).filter(polars.col("sale_key") == "536700")
    assert rows.select("exact_net", "shop_net", "net_rounding").rows() == [
        (Decimal("3.625"), Decimal("3.63"), Decimal("0.005"))
    ]


def test_every_table_of_the_snapshot_says_what_it_is_and_what_its_columns_are(home: Path):
    silent = [
        f"{table.full_name}.{column.name}"
        for table in tables(home)
        if table.schema in ("reports", "canonical", "matched", "outbound", "lookups", "staging", "raw", "ops")
        for column in table.columns
        if not column.about or not table.about
    ]
    assert silent == []


def test_the_page_shows_what_the_questions_answer(home: Path):
    now = guide(lambda query: ask(home, query))
    if os.environ.get("FBINFOR_UPDATE_SNAPSHOTS"):
        PAGE.write_text(now, "utf-8")
    assert PAGE.read_text("utf-8") == now, (
        "docs/tour.md is not what the questions answer now; make it anew: "
        "FBINFOR_UPDATE_SNAPSHOTS=1 .venv/bin/python -m pytest -n 0 tests/dbt/test_tour_answers.py"
    )


def test_dbt_knows_every_question_and_its_columns(runner_work: Path):
    from fbinfor_assets.warehouse.dbt_runner import DbtRunner

    runner = DbtRunner(PROJECT, runner_work / "none.duckdb", runner_work)
    runner.warm()
    nodes = json.loads((runner_work / "target" / "manifest.json").read_text())["nodes"]
    for query in queries().values():
        node = nodes[f"analysis.fbinfor.{query.name}"]
        assert list(node["columns"]) == list(query.columns)
        assert query.question in node["description"]


def command(home: Path, *arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "fbinfor_assets.cli", "sql", "--home", str(home), *arguments],
        capture_output=True,
        text=True,
        cwd=PROJECT.parent,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_whole_tour_goes_into_a_folder(home: Path, tmp_path: Path):
    command(home, "--all", "--format", "parquet", "--out", str(tmp_path / "tour"))
    assert {path.name for path in (tmp_path / "tour").iterdir()} == {f"{name}.parquet" for name in queries()}
    owed = polars.read_parquet(tmp_path / "tour" / "ageing.parquet")
    assert owed.schema["total_open"] == polars.Decimal(18, 2)
    assert owed.equals(frame("ageing", home))


def test_the_whole_tour_goes_into_one_workbook(home: Path, tmp_path: Path):
    command(home, "--all", "--out", str(tmp_path / "tour.xlsx"))
    with zipfile.ZipFile(tmp_path / "tour.xlsx") as book:
        names = re.findall(r'<sheet name="(\w+)"', book.read("xl/workbook.xml").decode())
    assert names == ["tour", *queries()]
