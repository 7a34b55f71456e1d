"""`fbinfor sql`: every digit, on the screen and in files; every mistake in a sentence, with code 2."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from rich.console import Console

from fbinfor_assets import cli
from fbinfor_assets.tour.screen import show
from fbinfor_assets.warehouse import QueryResult, Warehouse

MONEY = """
select * from (values
    (1, 12345678901.10::decimal(18, 2), 0.0000001::decimal(18, 7), 'a <b> | "c"', '=1+1', null::varchar),
    (2, -0.05::decimal(18, 2), 0::decimal(18, 7), 'ü', 'http://shop.example/', 'x')
) as t (n, amount, tiny, words, formula, gap) order by n
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    warehouse = Warehouse(tmp_path_factory.mktemp("home"))
    with warehouse.connect("test") as con:
        con.execute(
            "create schema reports; create table reports.document_classes (class varchar, net decimal(18, 2))"
        )
        con.execute("insert into ops.builds values (1, 0, now(), now(), 'complete', true, 'p', 'q', null)")
    warehouse.publish(force=True)
    return warehouse.home


@pytest.fixture
def run(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """`fbinfor sql` in this process: its code, what it said on standard output and on standard error."""

    def call(*arguments: str, stdin: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["fbinfor", "sql", "--home", str(home), *arguments])
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        monkeypatch.setenv("COLUMNS", "300")
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return call


def test_the_list_names_every_question(run):
    code, said, _ = run("--list", "--json")
    assert code == 0
    listed = json.loads(said)
    assert {"ageing", "order", "sent", "classes"} <= {row["name"] for row in listed}
    assert next(row for row in listed if row["name"] == "order")["parameters"] == "order=536365"
    assert "Who owes us what" in run("--list")[1]


def test_the_screen_shows_every_digit_right_aligned_and_null(run):
    code, said, beside = run(MONEY)
    assert code == 0
    assert "│ 12345678901.10 │ 0.0000001 │" in said
    assert "│          -0.05 │ 0.0000000 │" in said
    assert "NULL" in said
    assert "2 rows" in beside and "snapshot of" in beside, "hints stay out of a pipe"


def test_sql_comes_from_the_argument_a_file_or_standard_input(run, tmp_path: Path):
    file = tmp_path / "mine.sql"
    file.write_text("select 41 + 1 as answer")
    for given in (("--csv", file.read_text()), ("--csv", "-f", str(file))):
        assert run(*given)[1] == "answer\n42\n"
    assert run("--csv", stdin=file.read_text())[1] == "answer\n42\n"
    assert run("--csv", "-", stdin=file.read_text())[1] == "answer\n42\n"


def test_a_file_with_a_header_has_typed_parameters(run, tmp_path: Path):
    file = tmp_path / "mine.sql"
    file.write_text(
        "/*\ntitle: Mine\nquestion: What?\ncolumns: {day: A day.}\n"
        "parameters:\n  day: {type: date, default: '2010-12-01', about: A day.}\n*/\nselect $day + 1 as day\n"
    )
    assert run("-f", str(file), "--csv")[1].splitlines()[1].startswith("2010-12-02")
    assert (
        run("-f", str(file), "--csv", "--param", "day=2010-12-31")[1].splitlines()[1].startswith("2011-01-01")
    )
    code, _, said = run("-f", str(file), "--param", "day=tomorrow")
    assert (code, "day takes a day as 2010-12-31, not 'tomorrow'" in said) == (2, True)


def test_a_parameter_is_a_value(run):
    assert run("select $x as x", "--param", "x=1; drop table t", "--csv")[1] == "x\n1; drop table t\n"


def test_text_formats_carry_the_exact_amounts(run):
    rows = json.loads(run(MONEY, "--json")[1])
    assert rows[0]["amount"] == "12345678901.10" and rows[0]["tiny"] == "0.0000001" and rows[0]["gap"] is None
    table = list(csv.DictReader(io.StringIO(run(MONEY, "--csv")[1])))
    assert table[1]["amount"] == "-0.05" and table[1]["tiny"] == "0.0000000" and table[0]["gap"] == ""
    page = run(MONEY, "--format", "html")[1]
    assert '<td class="n">12345678901.10</td>' in page and "a &lt;b&gt;" in page
    assert "<script" not in page and "http" not in page.replace("http://shop.example/", "")
    lines = run(MONEY, "--format", "md")[1].splitlines()
    assert lines[2].startswith('| 1 | 12345678901.10 | 0.0000001 | a &lt;b> \\| "c" | =1+1 | NULL |')


def test_nothing_is_cut_silently(run):
    assert len(run("select * from range(1500)", "--csv")[1].splitlines()) == 1501
    _, said, beside = run("select * from range(1500)")
    assert "cut at 1000 rows; --limit 0 shows all" in beside
    assert len(said.splitlines()) < 1010
    assert len(run("select * from range(1500)", "--limit", "0")[1].splitlines()) > 1500


def test_parquet_keeps_decimals(run, tmp_path: Path):
    file = tmp_path / "money.parquet"
    assert run(MONEY, "--out", str(file))[0] == 0
    described = dict(row[:2] for row in duckdb.sql(f"describe select * from '{file}'").fetchall())
    assert (described["amount"], described["tiny"]) == ("DECIMAL(18,2)", "DECIMAL(18,7)")
    assert duckdb.sql(f"select amount from '{file}' order by n").fetchall() == [
        (Decimal("12345678901.10"),),
        (Decimal("-0.05"),),
    ]


def test_an_excel_cell_is_a_number_of_the_exact_digits_and_a_text_is_never_a_formula(run, tmp_path: Path):
    file = tmp_path / "money.xlsx"
    assert run(MONEY, "--out", str(file))[0] == 0
    with zipfile.ZipFile(file) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
        styles = book.read("xl/styles.xml").decode()
        texts = book.read("xl/sharedStrings.xml").decode()
    assert "<v>12345678901.10</v>" in sheet and "<v>-0.05</v>" in sheet
    assert 'formatCode="#,##0.0000000"' in styles and ('numFmtId="4"' in styles or "#,##0.00" in styles)
    assert "<f>" not in sheet and "hyperlink" not in sheet
    assert "<t>=1+1</t>" in texts


def test_a_zone_and_a_list_go_into_excel_as_what_it_knows(run, tmp_path: Path):
    file = tmp_path / "kinds.xlsx"
    query = "select timestamptz '2010-12-01 08:26:00+00' as at, [1, 2] as list, {'a': 1.10} as pair, 'x'::blob as bytes"
    assert run(query, "--out", str(file))[0] == 0
    with zipfile.ZipFile(file) as book:
        texts = book.read("xl/sharedStrings.xml").decode()
        assert "<v>40513.35138888889</v>" in book.read("xl/worksheets/sheet1.xml").decode()
    assert "<t>[1, 2]</t>" in texts and "1.10" in texts


def test_what_excel_cannot_hold_is_refused_and_the_old_file_stays(run, tmp_path: Path):
    file = tmp_path / "long.xlsx"
    file.write_text("last month's")
    code, _, said = run("select repeat('x', 40000) as words", "--out", str(file))
    assert code == 2
    assert "words of answer has a text longer than a cell of Excel holds" in said and "parquet" in said
    assert file.read_text() == "last month's"
    assert os.listdir(tmp_path) == ["long.xlsx"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["agein"], "did you mean ageing?"),
        (["order", "--param", "oder=1"], "order has no parameter 'oder'; its parameters: order"),
        (["sent", "--param", "day=tuesday"], "day takes a day as 2010-12-31"),
        (["select 1", "--param", "x"], "--param takes NAME=VALUE, not 'x'"),
        (["select $x"], "give one with --param x=VALUE"),
        (["select clas from reports.document_classes"], "did you mean class?"),
        (["select 1 from reports.document_class"], "did you mean reports.document_classes?"),
        (
            ["update reports.document_classes set net = 0"],
            "UPDATE is not possible here: the published snapshot",
        ),
        (["copy reports.document_classes to 'x.csv'"], "COPY is not possible here"),
        (["select * from read_csv('/etc/passwd')"], "the function read_csv is not possible here"),
        (["--describe", "document_clases"], "did you mean reports.document_classes?"),
        (
            ["select 1", "--out", "answer.pdf"],
            "pdf is no format; there are csv, json, md, html, parquet, xlsx",
        ),
        (["select 1", "--out", "no/such/folder/a.csv"], "there is no folder no/such/folder"),
        (["select 1", "--format", "parquet"], "name a file with --out"),
        (["-f", "nowhere.sql"], "there is no file nowhere.sql"),
        (["--all"], "--all needs --out"),
        (["  "], "there is no SQL"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_mistake_is_named_with_the_next_step(run, arguments: list[str], says: str):
    code, said, why = run(*arguments)
    assert (code, said) == (2, "")
    assert says in re.sub(r"\s+", " ", why)
    assert "Traceback" not in why


def test_a_mistake_is_pointed_at(run):
    assert (
        "line 2, column 6:\n  from reports.document_class\n       ^\n"
        in run("select 1\nfrom reports.document_class")[2]
    )


def test_before_anything_was_published_it_is_no_wrong_usage(run, tmp_path: Path):
    code, _, said = run("--home", str(tmp_path), "select 1")
    assert code == 1 and "no published snapshot" in said


def test_tables_and_columns_are_listed_with_their_meaning(run):
    listed = {row["table"]: row for row in json.loads(run("--tables", "--json")[1])}
    assert listed["ops.builds"] == {
        "table": "ops.builds",
        "rows": 1,
        "about": "One row per build, and one per reload of all raw tables.",
    }
    assert listed["raw.m3__orders_current"]["about"] == "The newest version per key of raw.m3__orders."
    described = json.loads(run("--describe", "ops.builds", "--json")[1])
    assert described["columns"][0] == {
        "name": "generation",
        "type": "BIGINT",
        "about": "Number of the build.",
    }
    assert "Hash of the policy that it saw." in run("--describe", "builds")[1]


def test_the_sql_and_the_plan_can_be_shown(run):
    assert "from reports.receivables_ageing" in run("ageing", "--show")[1]
    assert "title: Who owes us what" in run("ageing", "--show")[1]
    assert "SEQ_SCAN" in run("select class from reports.document_classes", "--explain")[1]


def table(width: int, columns: int, **cells: object) -> str:
    """What a terminal of that width shows for rows of `cells`, some columns of numbers before them."""
    names = tuple(f"amount_{n}" for n in range(columns)) + tuple(cells)
    types = ("DECIMAL(18,2)",) * columns + ("VARCHAR",) * len(cells)
    row = (Decimal("1234567.89"),) * columns + tuple(cells.values())
    console = Console(width=width, force_terminal=True, file=io.StringIO(), color_system=None)
    show(QueryResult(names, types, [row, row], False), console)
    return console.file.getvalue()


def test_a_long_text_folds_and_an_amount_does_not():
    shown = table(60, 2, why="it was shipped in parts and each part has a half-cent of its own")
    assert shown.count("1234567.89") == 4
    assert max(map(len, shown.splitlines())) <= 60


def test_what_does_not_fit_is_shown_as_records():
    shown = table(60, 8, why="short")
    assert "1 of 2 ─" in shown and "2 of 2 ─" in shown
    assert re.search(r"^amount_7\s+1234567\.89\s*$", shown, re.MULTILINE)


def test_into_a_pipe_go_whole_rows():
    console = Console(width=40, file=io.StringIO(), color_system=None)
    show(QueryResult(("a", "b"), ("VARCHAR", "VARCHAR"), [("x" * 60, "y" * 60)], False), console)
    assert "x" * 60 in console.file.getvalue() and "y" * 60 in console.file.getvalue()


def test_a_vendors_text_cannot_move_the_cursor():
    assert "\\x1b[2J\\x0a" in table(80, 0, name="\x1b[2J\n")


def test_instants_are_utc():
    at = datetime(2010, 12, 1, 8, 26, 1, 500, tzinfo=UTC)
    console = Console(width=80, file=io.StringIO(), color_system=None)
    show(QueryResult(("at",), ("TIMESTAMP WITH TIME ZONE",), [(at,)], False), console)
    assert "2010-12-01 08:26:01Z" in console.file.getvalue()


def test_ctrl_c_ends_a_long_question_cleanly(home: Path):
    query = "select sum(hash(a.range, b.range)) from range(100000000) a, range(1000000) b"
    command = [sys.executable, "-m", "fbinfor_assets.cli", "sql", "--home", str(home), query]
    asked = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        time.sleep(8)
        for _ in range(
            20
        ):  # a person presses it again, too: one that falls into an import of DuckDB's is lost
            asked.send_signal(signal.SIGINT)
            try:
                said, why = asked.communicate(timeout=15)
                break
            except subprocess.TimeoutExpired:
                continue
    finally:
        asked.kill()
    assert (asked.returncode, said) == (130, "")
    assert "Traceback" not in why
