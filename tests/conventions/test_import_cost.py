"""What loading the product costs: `--help` must not load what only a run needs.

The code location's own cost is looked at in tests/dagster/test_code_location.py, where a parsed dbt project is at hand.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys


def loaded_by(code: str, tmp_path, *watched: str) -> dict[str, bool]:
    """Run code in a process of its own; which of these modules it has loaded at the end."""
    tail = f"\nimport json, sys; print(json.dumps({{m: m in sys.modules for m in {list(watched)!r}}}))"
    ended = subprocess.run(
        [sys.executable, "-c", code + tail],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "FBINFOR_HOME": str(tmp_path)},
    )
    return json.loads(ended.stdout.strip().splitlines()[-1])


def test_the_command_line_loads_neither_dagster_nor_dbt_nor_great_expectations(tmp_path):
    watched = ("dagster", "dbt", "great_expectations", "duckdb", "pandas")
    found = loaded_by("import fbinfor_assets.cli", tmp_path, *watched)
    assert found == dict.fromkeys(watched, False)


def test_the_gate_is_loaded_without_great_expectations(tmp_path):
    found = loaded_by("import fbinfor_assets.quality", tmp_path, "great_expectations", "pandas")
    assert found == {"great_expectations": False, "pandas": False}
