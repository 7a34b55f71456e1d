"""A warehouse with landed rows, and the project built on it: what the tests of the models start from.

Belongs here: landing rows without a vendor, building, reading. Does not belong here: the rows themselves
(vendor_rows.py), the world they make up (world.py).

Only the layers staging, canonical and matched are built: each layer is tested where it is written.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
import world

from fbinfor_assets.warehouse import raw
from fbinfor_assets.warehouse.dbt_runner import DbtRunner, NodeResult

PROJECT = Path(__file__).parents[2] / "dbt_project"
LAYERS = ("staging", "canonical", "matched")
SELECT = ("path:seeds", *(f"path:models/{layer}" for layer in LAYERS))


def _plain(value: Any) -> Any:
    """Numbers keep their text: a Decimal becomes a JSON number without going through float."""
    if isinstance(value, Decimal):
        return _Number(value)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value


class _Number(float):
    def __new__(cls, value: Decimal) -> _Number:
        made = super().__new__(cls, value)
        made.text = str(value)
        return made

    def __repr__(self) -> str:
        return self.text


@dataclass
class Build:
    """What a build did: nodes by unique id, and the rows that each table got in it."""

    generation: int
    nodes: list[NodeResult]
    written: dict[str, int] = field(default_factory=dict)

    @property
    def changed(self) -> dict[str, int]:
        """Rows written, of the tables that got any."""
        return {table: count for table, count in self.written.items() if count}

    @property
    def broken(self) -> list[str]:
        return [f"{node.unique_id}: {node.status} {node.message}" for node in self.nodes if not node.ok]


class Staged:
    """A warehouse file, rows landed into it, and builds of the project."""

    #: What `build` builds; the tests of the outbound models add their layer.
    select: tuple[str, ...] = SELECT

    def __init__(self, folder: Path, runner_work: Path) -> None:
        self.path = folder / "warehouse.duckdb"
        self._work = runner_work
        self._generation = 0
        self._complete = 0
        self._ordinal = 0
        self.first: Build | None = None
        with self.open() as con:
            raw.ensure_schema(con)
            con.execute("insert into ops.current_build values (0, 0)")
            con.execute("insert into ops.policy values ('freshbooks_account', ?)", [world.ACCOUNT])

    @property
    def _runner(self) -> DbtRunner:
        return DbtRunner(PROJECT, self.path, self._work)

    def copy(self, folder: Path) -> Staged:
        """The warehouse as it is, in another folder."""
        twin = copy(self)
        twin.path = folder / self.path.name
        shutil.copyfile(self.path, twin.path)
        return twin

    def open(self) -> duckdb.DuckDBPyConnection:
        con = duckdb.connect()
        con.execute(f"attach '{self.path}' as warehouse; use warehouse; set timezone = 'UTC'")
        return con

    def land(self, rows: list[tuple[str, str, str, dict[str, Any]]], *, deleted: bool = False) -> None:
        """Land (system, entity, key, payload) as the newest versions."""
        with self.open() as con:
            for system, entity, key, payload in rows:
                self._ordinal += 1
                table = f"raw.{system}__{entity}"
                text = json.dumps(_plain(payload))
                con.execute(f"update {table} set is_current = false where key = ?", [key])
                con.execute(
                    f"""
                    insert into {table} by name
                    select ? as key, ? as payload, md5(?) as payload_hash, null as vendor_stamp,
                        timestamptz '2011-01-01 00:00:00+00' + to_seconds(?) as extracted_at, 'test' as run_id,
                        'landing' as landing_id, ? as ordinal, ? as deleted, ? as load_generation, true as is_current
                    """,
                    [key, text, text, self._ordinal, self._ordinal, deleted, self._generation + 1],
                )

    def link(self, entity: str, left: tuple[str, str], right: tuple[str, str]) -> None:
        """Enter a crosswalk row, as the operational store's copy would."""
        with self.open() as con:
            con.execute(
                "insert into ops.crosswalk values (?, ?, ?, ?, ?, 'created', now(), ?)",
                [entity, *left, *right, self._generation + 1],
            )

    def build(
        self, *, full: bool = False, complete: bool = True, tests: bool = False, unit_tests: bool = False
    ) -> Build:
        """Build; by default the build counts as complete, so that the next one starts from it."""
        self._generation += 1
        with self.open() as con:
            con.execute(
                "update ops.current_build set generation = ?, since = ?",
                [self._generation, 0 if full else self._complete],
            )
        # Nothing in the parsed project depends on the file that is built: one parse serves all tests.
        manifest = DbtRunner(PROJECT, self._work / "none.duckdb", self._work).warm()
        nodes = self._runner.build(
            manifest, select=self.select, full=full, tests=tests, unit_tests=unit_tests
        )
        build = Build(self._generation, nodes)
        counts = " union all ".join(
            f"select '{table}', count(*) from {table} where _generation = {self._generation}"
            for table in self.tables()
        )
        build.written = dict(self.rows(counts)) if counts else {}
        if complete and not build.broken:
            self._complete = self._generation
        return build

    def make_reports(self, select: Sequence[str] | None = None) -> None:
        """Make the reports, or the selected ones, over what was built: apart from builds, as the product does it."""
        manifest = DbtRunner(PROJECT, self._work / "none.duckdb", self._work).warm()
        nodes = self._runner.build(manifest, select=select, full=True, reports=True)
        assert [f"{node.unique_id}: {node.message}" for node in nodes if not node.ok] == []

    def tables(self) -> list[str]:
        """The tables of the layers, as `schema.table`."""
        found = self.rows(
            "select schema_name || '.' || table_name from duckdb_tables() where database_name = 'warehouse' "
            f"and schema_name in {LAYERS} order by all"
        )
        return [name for (name,) in found]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with self.open() as con:
            return con.execute(query).fetchall()

    def table(self, name: str) -> list[tuple[Any, ...]]:
        """All rows of a table but for the generation, in a fixed order."""
        return self.rows(f"select * exclude (_generation) from {name} order by all")


@pytest.fixture(scope="session")
def runner_work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where dbt works, and where it keeps the parsed project for all tests."""
    return tmp_path_factory.mktemp("dbt-work")


@pytest.fixture
def staged(tmp_path: Path, runner_work: Path) -> Staged:
    """An empty warehouse."""
    return Staged(tmp_path, runner_work)


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory, runner_work: Path) -> Staged:
    """The world of world.py, built once with all checks. Tests read it and change nothing."""
    made = Staged(tmp_path_factory.mktemp("built"), runner_work)
    made.land(world.everything())
    made.first = made.build(full=True, tests=True, unit_tests=True)
    return made


@pytest.fixture
def started(built: Staged, tmp_path: Path) -> Staged:
    """The same world in a file of its own, to go on from."""
    return built.copy(tmp_path)
