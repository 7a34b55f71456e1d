"""The command line teaches, reports for machines, and answers wrong input with a sentence and a code, never a traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COMMANDS = (
    ["demo"],
    ["up"],
    ["sync"],
    ["status"],
    ["plan"],
    ["reconcile"],
    ["doctor"],
    ["report"],
    ["sql"],
    ["sandbox", "serve"],
)
REPORTING = (["demo"], ["up"], ["sync"], ["status"], ["plan"], ["reconcile"], ["doctor"], ["report"], ["sql"])


def fbinfor(*arguments: str, home: Path, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "FBINFOR_HOME": str(home), "COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"}
    command = [sys.executable, "-m", "fbinfor_assets.cli", *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, env=env, cwd=ROOT, input=stdin, check=False, timeout=120
    )


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_each_command_explains_itself(command: list[str], tmp_path: Path) -> None:
    answer = fbinfor(*command, "--help", home=tmp_path)
    assert answer.returncode == 0, answer.stderr
    assert len(answer.stdout.split()) > 30


def test_a_page_that_does_not_exist_is_answered_with_those_that_do(tmp_path: Path) -> None:
    answer = fbinfor("report", "agein", home=tmp_path)
    assert answer.returncode == 2 and "reconciliation, sent, ageing" in answer.stderr


@pytest.mark.parametrize("command", REPORTING, ids=" ".join)
def test_each_command_that_reports_takes_json(command: list[str], tmp_path: Path) -> None:
    assert "--json" in fbinfor(*command, "--help", home=tmp_path).stdout


def test_help_loads_neither_dagster_nor_dbt_nor_great_expectations(tmp_path: Path) -> None:
    said = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; from fbinfor_assets import cli; "
            "print([name for name in ('dagster', 'dbt', 'great_expectations', 'polars', 'duckdb') if name in sys.modules])",
        ],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )
    assert said.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["demo", "--from", "yesterday"], 2, "yesterday"),
        (["demo", "--from", "2010-12-03", "--to", "2010-12-01"], 2, "before"),
        (["sync"], 1, "connections.yml"),
        (["plan", "--connections", "nowhere.yml"], 1, "nowhere.yml"),
        (["sql", "select 1"], 1, "snapshot"),
        (["sandbox", "serve", "--orders", "nowhere.parquet"], 2, "nowhere.parquet"),
        (["fly"], 2, "fly"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else str(value),
)
def test_wrong_input_is_named_in_one_sentence_with_an_exit_code(
    arguments: list[str], code: int, says: str, tmp_path: Path
) -> None:
    answer = fbinfor(*arguments, home=tmp_path / "home")
    assert answer.returncode == code, answer.stdout + answer.stderr
    assert says in answer.stderr
    assert "Traceback" not in answer.stderr


def test_sql_without_sql_says_so(tmp_path: Path) -> None:
    answer = fbinfor("sql", home=tmp_path, stdin="")
    assert answer.returncode == 2
    assert "no SQL" in answer.stderr


BAD_FILES = {
    "empty.csv": b"",
    "truncated.parquet": b"PAR1\x15\x04",
    "bad_row.csv": b"invoice_no,stock_code,description,quantity,invoice_date,unit_price,customer_id,country\n"
    b"1,A,x,many,2010-12-01 08:26:00,1.00,1,United Kingdom\n",
}


@pytest.mark.parametrize("name", [*BAD_FILES, "missing.parquet"])
def test_an_order_file_that_cannot_be_used_is_named_and_changes_nothing(name: str, tmp_path: Path) -> None:
    file = tmp_path / name
    if name in BAD_FILES:
        file.write_bytes(BAD_FILES[name])
    home = tmp_path / "demo"
    home.mkdir()
    (home / ".fbinfor-demo").write_text("an earlier demo\n")
    (home / "summary.json").write_text(json.dumps({"ok": True}))
    answer = fbinfor("demo", "--orders", str(file), "--home", str(home), home=tmp_path)
    assert answer.returncode == 2
    assert name in answer.stderr
    assert "Traceback" not in answer.stderr
    assert sorted(path.name for path in home.iterdir()) == [".fbinfor-demo", "summary.json"]
    assert json.loads((home / "summary.json").read_text()) == {"ok": True}


def test_a_folder_that_is_not_a_demos_is_never_emptied(tmp_path: Path) -> None:
    home = tmp_path / "papers"
    home.mkdir()
    (home / "thesis.txt").write_text("years of work")
    answer = fbinfor("demo", "--home", str(home), home=tmp_path)
    assert answer.returncode == 2
    assert "not a demo" in answer.stderr
    assert (home / "thesis.txt").read_text() == "years of work"
