"""What can be asked about: the snapshot's tables and columns with their descriptions.

Belongs here: joining what the snapshot holds with what the dbt project says of it.
Does not belong here: showing it (screen.py), the descriptions themselves (the .yml beside each model, sources.yml).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from fbinfor_assets.app import DBT_PROJECT
from fbinfor_assets.tour.ask import snapshot_of
from fbinfor_assets.tour.queries import TourError
from fbinfor_assets.warehouse.question import nearest

#: In the order in which data passes through them, the most asked first.
SCHEMAS = ("reports", "canonical", "matched", "outbound", "ops", "lookups", "staging", "raw")

#: How the copy of the operational store keeps its place: nothing to ask about.
_INTERNAL = {("ops", "copied"), ("ops", "schema_version")}


@dataclass(frozen=True)
class Column:
    """`type` is DuckDB's; `about` is empty where nothing is written down."""

    name: str
    type: str
    about: str


@dataclass(frozen=True)
class Table:
    """A table or view of the snapshot. `rows`: counted now."""

    schema: str
    name: str
    rows: int
    about: str
    columns: tuple[Column, ...]

    @property
    def full_name(self) -> str:
        return f"{self.schema}.{self.name}"


def tables(home: Path | str | None) -> list[Table]:
    """Every table of the layers, in their order. Raises `SnapshotMissing`."""
    said = _descriptions()
    found: dict[tuple[str, str], list[tuple[str, str]]] = {}
    with snapshot_of(home).read_snapshot() as con:
        for schema, name, column, kind in con.execute(
            "select schema_name, table_name, column_name, data_type from duckdb_columns() "
            "where database_name = 'warehouse' order by table_name, column_index"
        ).fetchall():
            if schema in SCHEMAS and (schema, name) not in _INTERNAL:
                found.setdefault((schema, name), []).append((column, kind))
        counts = " union all ".join(
            f"select '{schema}', '{name}', count(*) from {schema}.{name}" for schema, name in found
        )
        rows = {(schema, name): count for schema, name, count in con.execute(counts).fetchall()}
    made = []
    for key, columns in found.items():
        about, of_columns = said.get((key[0], key[1].removesuffix("_current")), ("", {}))
        if key[1].endswith("_current"):
            about = f"The newest version per key of {key[0]}.{key[1].removesuffix('_current')}."
        described = tuple(Column(name, kind, of_columns.get(name, "")) for name, kind in columns)
        made.append(Table(*key, rows[key], about, described))
    return sorted(made, key=lambda table: (SCHEMAS.index(table.schema), table.name))


def find_table(home: Path | str | None, name: str) -> Table:
    """The table `schema.name`, or the one of that name. Raises `TourError` with the nearest ones."""
    every = tables(home)
    found = [table for table in every if name.lower() in (table.full_name, table.name)]
    if len(found) == 1:
        return found[0]
    meant = [table.full_name for table in found] or nearest(name.lower(), [t.full_name for t in every])
    hint = f"did you mean {' or '.join(meant)}?" if meant else "`fbinfor sql --tables` lists them all"
    raise TourError(f"the snapshot has {'more than one' if found else 'no'} table {name!r}; {hint}")


def _descriptions() -> dict[tuple[str, str], tuple[str, dict[str, str]]]:
    """(schema, table) -> what it is and what its columns are, from the .yml files of the dbt project."""
    return {(schema, name): (_plain(node), _columns(node)) for schema, name, node in _nodes()}


def _nodes() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path in [*DBT_PROJECT.glob("models/**/*.yml"), *DBT_PROJECT.glob("seeds/*.yml")]:
        document = yaml.load(path.read_text("utf-8"), Loader=yaml.CSafeLoader) or {}
        layer = path.relative_to(DBT_PROJECT).parts[1]
        for model in document.get("models", ()):
            yield layer, model["name"], model
        for seed in document.get("seeds", ()):
            yield "lookups", seed["name"], seed
        for source in document.get("sources", ()):
            for table in source["tables"]:
                yield source["schema"], table["name"], table


def _columns(node: dict[str, Any]) -> dict[str, str]:
    return {
        column["name"]: _plain(column) + (" (personal data)" if "pii" in _tags(column) else "")
        for column in node.get("columns", ())
    }


def _tags(node: dict[str, Any]) -> list[str]:
    return (node.get("config") or {}).get("tags") or []


def _plain(node: dict[str, Any]) -> str:
    return " ".join((node.get("description") or "").split())
