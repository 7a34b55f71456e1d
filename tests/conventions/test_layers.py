"""Who may import whom (DESIGN 5), and what may only be imported late."""

from __future__ import annotations

import ast
import functools
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "fbinfor_assets"

# Package -> the other parts of ours that it may import. Modules beside the packages (app, cli, …) may import all but the
# sandbox, which only cli and demo reach.
MAY_IMPORT = {
    "domain": set(),
    "clients": {"domain"},
    "mapping": {"domain"},
    "store": {"domain"},
    "warehouse": {"domain"},
    "quality": {"domain"},
    "security": {"domain"},
    "reports": {"warehouse"},
    "delivery": {"clients", "store", "domain"},
    "sandbox": set(),
}
MAY_IMPORT_SANDBOX = {"cli", "demo", "sandbox"}
MAY_IMPORT_DAGSTER = {"defs", "definitions", "runtime"}
# Nothing of domain may touch the world outside its arguments.
NOT_IN_DOMAIN = {
    "os", "pathlib", "io", "socket", "subprocess", "shutil", "tempfile", "time", "random", "sqlite3", "pysqlite3",
    "sqlalchemy", "duckdb", "httpx", "requests", "urllib", "pandas", "polars", "pyarrow", "yaml", "logging", "threading",
}  # fmt: skip
# Seconds each to import, so only where they are used (DESIGN 4).
ONLY_INSIDE_FUNCTIONS = {"great_expectations", "dbt", "jinja2", "markupsafe", "vl_convert"}

MODULES = sorted(PACKAGE.rglob("*.py"))


@functools.cache
def imports(path: Path) -> list[tuple[str, bool]]:
    """Absolute names imported by a module, each with whether the import runs when the module is loaded."""
    found: list[tuple[str, bool]] = []

    def walk(node: ast.AST, at_load: bool) -> Iterator[tuple[str, bool]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                yield from ((alias.name, at_load) for alias in child.names)
            elif isinstance(child, ast.ImportFrom):
                base = child.module or ""
                if child.level:
                    package = path.relative_to(ROOT).with_suffix("").parts[: -child.level]
                    base = ".".join([*package, *filter(None, [base])])
                yield from ((f"{base}.{alias.name}", at_load) for alias in child.names)
            elif isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test):
                continue
            else:
                inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
                yield from walk(child, at_load and not inside)

    found.extend(walk(ast.parse(path.read_text("utf-8")), True))
    return found


def part(path: Path) -> str:
    """The part of the product that a module belongs to: its package, or its own name beside the packages."""
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def ours(path: Path) -> set[str]:
    """The other parts of the product that a module imports."""
    named = [name.split(".") for name, _ in imports(path)]
    return {names[1] for names in named if names[0] == "fbinfor_assets" and len(names) > 1} - {part(path)}


def breaches(wrong: Callable[[Path], Iterable[str]]) -> dict[str, list[str]]:
    """What each module imports against a rule, for the modules that do."""
    found = {str(path.relative_to(ROOT)): sorted(wrong(path)) for path in MODULES}
    return {path: names for path, names in found.items() if names}


def libraries(path: Path, *, at_load_only: bool = False) -> set[str]:
    """Top-level names of all that a module imports."""
    return {name.split(".")[0] for name, at_load in imports(path) if at_load or not at_load_only}


def test_a_package_imports_only_what_lies_below_it():
    assert breaches(lambda m: ours(m) - MAY_IMPORT[part(m)] if part(m) in MAY_IMPORT else ()) == {}


def test_only_the_command_line_and_the_demo_reach_into_the_sandbox():
    assert breaches(lambda m: ours(m) & {"sandbox"} if part(m) not in MAY_IMPORT_SANDBOX else ()) == {}


def test_dagster_stays_at_the_edge():
    def wrong(module: Path) -> Iterable[str]:
        found = {name for name in libraries(module) if name.startswith("dagster")}
        return found if part(module) not in MAY_IMPORT_DAGSTER else ()

    assert breaches(wrong) == {}


def test_the_domain_does_no_input_or_output():
    assert breaches(lambda m: libraries(m) & NOT_IN_DOMAIN if part(m) == "domain" else ()) == {}


def test_slow_libraries_are_imported_inside_functions_only():
    assert breaches(lambda m: libraries(m, at_load_only=True) & ONLY_INSIDE_FUNCTIONS) == {}


def test_nobody_names_the_standard_librarys_sqlite():
    assert breaches(lambda m: libraries(m) & {"sqlite3"}) == {}
