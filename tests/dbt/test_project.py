"""The project as a whole: it parses quietly, and its own checks pass. What it says of columns: test_columns.py."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import LAYERS, PROJECT, Staged


def test_the_project_parses_without_a_warning(tmp_path: Path) -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-c", "from dbt.cli.main import cli; cli()"),
            *("--warn-error", "--no-send-anonymous-usage-stats", "parse", "--no-partial-parse"),
            *("--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)),
            *("--target-path", str(tmp_path / "target"), "--log-path", str(tmp_path / "logs")),
        ],
        env=os.environ | {"FBINFOR_WAREHOUSE": str(tmp_path / "none.duckdb"), "DO_NOT_TRACK": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_check_of_the_project_passes_on_a_sound_world(built: Staged) -> None:
    assert built.first is not None
    assert built.first.broken == []
    assert [node.unique_id for node in built.first.nodes if node.status == "warn"] == []
    kinds = {node.unique_id.split(".")[0] for node in built.first.nodes}
    assert {"model", "seed", "test", "unit_test"} <= kinds


def test_every_model_has_its_description_beside_it() -> None:
    for layer in LAYERS:
        for path in (PROJECT / "models" / layer).rglob("*.sql"):
            assert path.with_suffix(".yml").exists(), f"{path.name} has no .yml beside it"


def test_no_column_is_a_float(built: Staged) -> None:
    floats = built.rows(
        "select schema_name, table_name, column_name from duckdb_columns() where database_name = 'warehouse' "
        f"and schema_name in {(*LAYERS, 'lookups')} and data_type in ('DOUBLE', 'FLOAT')"
    )
    assert floats == []


@pytest.mark.parametrize("schema", [*LAYERS, "lookups"])
def test_a_layer_is_a_schema_of_that_plain_name(built: Staged, schema: str) -> None:
    assert built.rows(
        f"select 1 from duckdb_tables() where database_name = 'warehouse' and schema_name = '{schema}' limit 1"
    )
