"""What the project says of each column is true: every one is there, described, and of the type it is said to be.

The types are accepted anew (written into the .yml files) by

    FBINFOR_UPDATE_SNAPSHOTS=1 .venv/bin/python -m pytest tests/dbt/test_columns.py

and reviewed as a diff. dbt's docs, Dagster's pages and the tag of amounts go by them.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import duckdb
import pytest
import world
from conftest import PROJECT, Staged

from fbinfor_assets.warehouse import raw
from fbinfor_assets.warehouse.dbt_runner import DbtRunner

Columns = dict[str, dict[str, str]]
BUILT_SCHEMAS = ("staging", "canonical", "matched", "outbound", "reports", "lookups")


@pytest.fixture(scope="module")
def relations(tmp_path_factory: pytest.TempPathFactory, runner_work: Path) -> Columns:
    """Every table that dbt makes of the world, the reports among them: `schema.table` -> column -> type, in order."""
    made = Staged(tmp_path_factory.mktemp("columns"), runner_work)
    made.select = None
    made.land(world.everything())
    assert made.build(full=True).broken == []
    manifest = DbtRunner(PROJECT, runner_work / "none.duckdb", runner_work).warm()
    shown = made._runner.build(manifest, full=True, tests=False, reports=True)
    assert [node.message for node in shown if not node.ok] == []
    with made.open() as con:
        return columns(con, BUILT_SCHEMAS)


@pytest.fixture(scope="module")
def manifest(runner_work: Path) -> dict[str, Any]:
    return DbtRunner(PROJECT, runner_work / "none.duckdb", runner_work).manifest()


@pytest.fixture(scope="module")
def nodes(manifest: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Models and seeds of the manifest by `schema.name`."""
    return {
        f"{node['schema']}.{node['name']}": node
        for node in manifest["nodes"].values()
        if node["resource_type"] in ("model", "seed")
    }


def columns(con: duckdb.DuckDBPyConnection, schemas: tuple[str, ...]) -> Columns:
    found: Columns = {}
    for table, column, kind in con.execute(
        "select schema_name || '.' || table_name, column_name, data_type from duckdb_columns() "
        "where database_name = 'warehouse' and list_contains($1, schema_name) and not internal "
        "order by schema_name, table_name, column_index",
        [list(schemas)],
    ).fetchall():
        found.setdefault(table, {})[column] = kind.lower().replace("timestamp with time zone", "timestamptz")
    return found


def described(node: dict[str, Any]) -> dict[str, str]:
    return {name: column["data_type"] for name, column in node["columns"].items()}


def write_types(file: Path, table: str, types: dict[str, str]) -> None:
    """Put each column's type behind its name in the .yml of its table, in either way of writing a mapping."""
    lines, inside, written = file.read_text("utf-8").splitlines(), False, []
    for line in lines:
        if start := re.match(r"  - name: (\S+)\s*$", line):
            inside = start[1] == table
        if inside and re.match(r"\s{8}data_type: ", line):
            continue
        if inside and (column := re.match(r"      - name: (\S+)\s*$", line)) and column[1] in types:
            written += [line, f"        data_type: {types[column[1]]}"]
        elif inside and (
            column := re.match(r"(      - \{name: (\w+)), (?:data_type: (?:\"[^\"]*\"|\w+), )?(.*)", line)
        ):
            kind = types.get(column[2], "")
            spelt = f'"{kind}"' if "," in kind else kind
            written.append(f"{column[1]}, data_type: {spelt}, {column[3]}" if kind else line)
        else:
            written.append(line)
    file.write_text("\n".join(written) + "\n", "utf-8")


def test_every_column_of_every_table_is_described_and_nothing_else_is(
    relations: Columns, nodes: dict
) -> None:
    assert {name: list(described(node)) for name, node in nodes.items()} == {
        name: list(types) for name, types in relations.items()
    }


def test_every_description_says_something(nodes: dict, manifest: dict) -> None:
    for node in (*nodes.values(), *manifest["sources"].values()):
        assert len(node["description"]) > 15, node["name"]
        for name, column in node["columns"].items():
            assert column["description"].strip(), f"{node['name']}.{name} says nothing"


def test_every_type_is_as_it_is_said(relations: Columns, nodes: dict) -> None:
    if os.environ.get("FBINFOR_UPDATE_SNAPSHOTS"):
        for name, node in nodes.items():
            write_types(PROJECT / node["patch_path"].partition("://")[2], node["name"], relations[name])
        return  # written into the .yml files; the next run compares
    wrong = {
        f"{name}.{column}": (kind, described(nodes[name]).get(column))
        for name, types in relations.items()
        for column, kind in types.items()
        if described(nodes[name]).get(column) != kind
    }
    assert wrong == {}, f"(is, said): accept them as {Path(__file__).name} says"


def test_every_column_of_the_sources_is_described_with_its_type(manifest: dict) -> None:
    with duckdb.connect() as con:
        con.execute("attach ':memory:' as warehouse; use warehouse")
        raw.ensure_schema(con)
        there = columns(con, ("raw", "ops"))
    said = {f"{node['source_name']}.{node['name']}": described(node) for node in manifest["sources"].values()}
    assert said == {name: there[name] for name in said}
    assert {name for name in there if name.startswith("raw.") and not name.endswith("_current")} <= set(said)


def test_what_names_a_person_is_tagged_as_personal(nodes: dict) -> None:
    names = {
        "given_name",
        "family_name",
        "organization",
        "company",
        "email",
        "phone",
        "street1",
        "address1",
        "vat_number",
    }
    open_ = {
        f"{name}.{column}"
        for name, node in nodes.items()
        for column, about in node["columns"].items()
        if column in names and "pii" not in about["tags"]
    }
    assert open_ == set()


def test_everything_that_leaves_the_warehouse_is_read_by_an_exposure(manifest: dict, nodes: dict) -> None:
    read = {node for exposure in manifest["exposures"].values() for node in exposure["depends_on"]["nodes"]}
    behind = {name: manifest["child_map"][node["unique_id"]] for name, node in nodes.items()}
    leaving = {
        node["unique_id"]
        for name, node in nodes.items()
        if name.startswith("outbound.diff_")
        or (name.startswith("reports.") and not any(child.startswith("model.") for child in behind[name]))
    }
    assert leaving - read == set(), "name it in models/exposures.yml"
