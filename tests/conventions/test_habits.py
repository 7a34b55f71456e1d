"""House rules that a machine can check: charters, money, paths, tests that always run."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
MODULES = sorted((ROOT / "fbinfor_assets").rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
TEXTS = {".py", ".md", ".yml", ".yaml", ".toml", ".sql", ".json", ".csv", ".txt", ".sh", ""}


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def files() -> list[Path]:
    """Every text file that git keeps or would keep."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    paths = (ROOT / name for name in listed.stdout.splitlines())
    return [path for path in paths if path.suffix in TEXTS and path.is_file()]


def test_every_module_says_what_belongs_in_it():
    def has_charter(path: Path) -> bool:
        said = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
        return bool(said) if path.name == "__init__.py" else "elong" in said

    # "Belongs here: … Does not belong here: …" at the top of each module; a folder's __init__ may say it in a sentence.
    assert [relative(path) for path in MODULES if not has_charter(path)] == []


def test_money_never_goes_through_a_data_frame_of_floats():
    def frames(path: Path) -> set[str]:
        calls = [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call)]
        return {call.func.attr for call in calls if isinstance(call.func, ast.Attribute)} & {
            "df",
            "fetchdf",
            "fetch_df",
        }

    # DuckDB's .df() makes DECIMAL a float.
    assert [relative(path) for path in MODULES if frames(path)] == []


def test_no_test_is_skipped_or_expected_to_fail():
    marks = re.compile(r"\b(pytest\.skip|mark\.skip|mark\.skipif|mark\.xfail|importorskip|pytest\.xfail)\b")
    others = [path for path in TESTS if path != Path(__file__)]
    assert [relative(path) for path in others if marks.search(path.read_text("utf-8"))] == []


def test_no_file_names_a_path_of_one_machine_or_a_registry():
    hosts = "|".join(["pypi" + r"\.org", "pythonhosted" + r"\.org", "registry" + r"\.npmjs"])
    forbidden = re.compile(rf"(?<![\w.])/(?:work|root|home/[a-z]+|Users)/|{hosts}")
    found = [
        f"{relative(path)}:{number}: {line.strip()[:100]}"
        for path in files()
        for number, line in enumerate(path.read_text("utf-8", errors="replace").splitlines(), start=1)
        if forbidden.search(line)
    ]
    assert found == []
