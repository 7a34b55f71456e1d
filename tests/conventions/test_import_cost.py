"""What loading the product costs: a code location, a tick or `--help` must not load what only a run needs."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest


def loaded_by(code: str, home, *watched: str) -> dict[str, bool]:
    """Run code in a process of its own; which of these modules it has loaded at the end."""
    tail = f"\nimport json, sys; print(json.dumps({{m: m in sys.modules for m in {list(watched)!r}}}))"
    ended = subprocess.run(
        [sys.executable, "-c", code + tail],
        capture_output=True,
        text=True,
        check=True,
        env={**__import__("os").environ, "FBINFOR_HOME": str(home)},
    )
    return json.loads(ended.stdout.strip().splitlines()[-1])


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


def test_definitions_load_neither_dbts_command_line_nor_great_expectations(home):
    watched = ("dbt.cli", "dbt.cli.main", "great_expectations", "pandas", "polars")
    found = loaded_by("import fbinfor_assets.definitions", home, *watched)
    assert found == dict.fromkeys(watched, False)


def test_the_command_line_loads_neither_dagster_nor_dbt_nor_great_expectations(home):
    watched = ("dagster", "dbt", "great_expectations", "duckdb", "pandas")
    found = loaded_by("import fbinfor_assets.cli", home, *watched)
    assert found == dict.fromkeys(watched, False)


def test_the_gate_is_loaded_without_great_expectations(home):
    found = loaded_by("import fbinfor_assets.quality", home, "great_expectations", "pandas")
    assert found == {"great_expectations": False, "pandas": False}


def test_definitions_leave_only_the_fixed_sqlite_in_the_process(home):
    code = "import fbinfor_assets.definitions, sqlite3, sqlalchemy.dialects.sqlite"
    found = loaded_by(code, home, "_sqlite3", "pysqlite3._sqlite3")
    assert found == {"_sqlite3": False, "pysqlite3._sqlite3": True}
