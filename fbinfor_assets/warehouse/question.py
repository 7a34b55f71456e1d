"""One reading question to the published snapshot: what may be asked, how it is answered, how a refusal reads.

Belongs here: the checks before a statement runs, its rows or its frame, DuckDB's errors with their line and a caret.
Does not belong here: the snapshot's file (publish.py), the documented questions and how answers look (tour/).

Three walls, each enough for most of what could go wrong: the snapshot is attached read-only; the connection reaches no
other file and its settings are locked; only one SELECT runs, and of the table functions only those that read nothing from
outside (`json_serialize_sql` gives the parsed statement, so no text is searched). The third is needed because a SELECT may
call functions that act, e.g. one that logs queries into a file, and because the snapshot's own file stays readable.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import duckdb

from fbinfor_assets.warehouse.errors import SnapshotRefused

if TYPE_CHECKING:
    import polars

#: Table functions that only compute, or that say what is in the snapshot.
_HARMLESS = {
    "duckdb_columns", "duckdb_constraints", "duckdb_functions", "duckdb_keywords", "duckdb_tables", "duckdb_types",
    "duckdb_views", "generate_series", "json_each", "json_tree", "pragma_table_info", "pragma_version", "range",
    "repeat", "unnest",
}  # fmt: skip
_LISTENING_SECONDS = 0.2
_WRONG_QUESTION = (
    duckdb.BinderException,
    duckdb.CatalogException,
    duckdb.NotImplementedException,
    duckdb.ParserException,
    duckdb.PermissionException,
    duckdb.SyntaxException,
)


@dataclass(frozen=True)
class QueryResult:
    """Rows of a query with DuckDB's own Python values: DECIMAL as Decimal, DATE as date, TIMESTAMPTZ aware in UTC.

    `truncated`: there are more rows than were asked for.
    """

    columns: tuple[str, ...]
    types: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    truncated: bool


class Question:
    """A checked statement on a connection to the snapshot. `run` it once, then take `rows` or the `frame`."""

    def __init__(self, con: duckdb.DuckDBPyConnection, text: str) -> None:
        """`con`: from publish.open_snapshot. Raises `SnapshotRefused` for anything but one SELECT that only reads."""
        self._con = con
        self._text = text
        con.execute("set errors_as_json = true")
        con.execute("set lock_configuration = true")
        self._statement = self._only(text)
        self._checked()

    @property
    def parameters(self) -> frozenset[str]:
        """The names (without `$`) of the parameters that the statement needs."""
        return frozenset(self._statement.named_parameters)

    def run(self, parameters: Mapping[str, Any] | None = None) -> Question:
        """Compute the answer. `parameters`: a value for each of the statement's, as Python values, never as SQL text.

        Raises `SnapshotRefused` with line, column and caret; `KeyboardInterrupt` when it was stopped.
        """
        given = dict(parameters or {})
        if missing := sorted(self.parameters - given.keys()):
            raise SnapshotRefused(
                f"the parameter ${missing[0]} has no value: give one with --param {missing[0]}=VALUE"
            )
        if unknown := sorted(given.keys() - self.parameters):
            known = ", ".join(f"${name}" for name in sorted(self.parameters)) or "none"
            raise SnapshotRefused(f"the query has no parameter ${unknown[0]}; its parameters: {known}")
        self._execute(self._statement, given)
        return self

    def explain(self, parameters: Mapping[str, Any] | None = None) -> str:
        """DuckDB's plan of the statement, which is not run. Raises as `run` does."""
        prefix = "explain "
        (statement,) = self._con.extract_statements(prefix + self._text)
        self._execute(statement, dict(parameters or {}), before=len(prefix))
        return "\n".join(str(row[-1]) for row in self._con.fetchall())

    def rows(self, limit: int | None = None) -> QueryResult:
        """The answer; at most `limit` rows (None: all)."""
        described = self._con.description or []
        rows = self._con.fetchall() if limit is None else self._con.fetchmany(limit + 1)
        truncated = limit is not None and len(rows) > limit
        return QueryResult(
            tuple(str(column[0]) for column in described),
            tuple(str(column[1]) for column in described),
            rows[:limit] if truncated else rows,
            truncated,
        )

    def frame(self) -> polars.DataFrame:
        """The answer as a polars frame: DECIMAL as Decimal of the same scale, HUGEINT as Decimal of scale 0."""
        return self._con.pl()

    def _execute(self, statement: Any, parameters: dict[str, Any], before: int = 0) -> None:
        # In a thread of its own, because DuckDB's loop does not always notice a signal (measured). Values that the
        # statement does not name are an error in DuckDB, none at all are not.
        with ThreadPoolExecutor(1) as aside:
            running = aside.submit(self._con.execute, statement, *([parameters] if parameters else []))
            try:
                while not wait({running}, _LISTENING_SECONDS).done:
                    pass
                running.result()
            except KeyboardInterrupt:
                self._con.interrupt()
                while not wait({running}, _LISTENING_SECONDS).done:
                    self._con.interrupt()  # what comes while a statement is still planned is forgotten
                raise
            except duckdb.Error as error:
                raise self._refused(error, before) from error

    def _only(self, text: str) -> Any:
        """The one statement of `text`."""
        try:
            statements = self._con.extract_statements(text)
        except duckdb.Error as error:
            raise self._refused(error) from error
        kinds = [statement.type.name for statement in statements]
        if not kinds:
            raise SnapshotRefused("there is no statement to run")
        if kinds == ["CREATE", "SELECT"] and re.search(r"\bpivot\b", text, re.IGNORECASE):
            raise SnapshotRefused(
                "a PIVOT must name its values here, for without them DuckDB creates a type first: "
                "pivot … on class in ('sale', 'credit') using …"
            )
        refused = next((kind for kind in kinds if kind != "SELECT"), None)
        if refused == "EXPLAIN":
            raise SnapshotRefused("to see the plan of a query leave EXPLAIN out and use --explain")
        if refused is not None:
            raise SnapshotRefused(
                f"{refused.replace('_', ' ')} is not possible here: the published snapshot is for reading only. What it "
                "shows is changed in FreshBooks, in M3 or in config/, and then built anew"
            )
        if len(kinds) > 1:
            raise SnapshotRefused(f"one statement at a time, please: these are {len(kinds)}")
        return statements[0]

    def _checked(self) -> None:
        """Refuse table functions that act or that read other than the snapshot's tables."""
        (parsed,) = self._con.execute("select json_serialize_sql($1::varchar)", [self._text]).fetchone() or (
            "",
        )
        tree = json.loads(parsed)
        if tree.get("error"):
            raise SnapshotRefused(
                f"the query cannot be checked: {tree.get('error_message', 'no reason given')}"
            )
        for name in _table_functions(tree):
            if name not in _HARMLESS:
                raise SnapshotRefused(
                    f"the function {name} is not possible here: a query reads the tables of the published snapshot and "
                    "nothing else (`fbinfor sql --tables` lists them)"
                )

    def _refused(self, error: duckdb.Error, before: int = 0) -> SnapshotRefused:
        """DuckDB's error as sentences: what is wrong, where, and what may have been meant."""
        said = _said(error)
        what = (
            str(said["exception_message"])
            .split("\nCandidate bindings:")[0]
            .split("\nDid you mean")[0]
            .strip()
        )
        unreadable = isinstance(error, duckdb.ParserException)
        begins = "this is not SQL that DuckDB understands" if unreadable else "the query failed"
        parts = [f"{begins}: {what[:1].lower()}{what[1:]}"]
        position = int(said["position"]) - before if str(said.get("position", "")).isdigit() else None
        if position is not None and 0 <= position <= len(self._text.encode()):
            parts.append(_pointed(self._text, position))
        if meant := self._meant(said):
            parts.append(f"did you mean {' or '.join(meant)}?")
        return SnapshotRefused("\n".join(parts), exit_code=2 if isinstance(error, _WRONG_QUESTION) else 1)

    def _meant(self, said: Mapping[str, Any]) -> list[str]:
        name, candidates = (
            str(said.get("name", "")),
            [c for c in str(said.get("candidates", "")).split(",") if c],
        )
        if said.get("error_subtype") == "MISSING_ENTRY" and said.get("type") == "Table":
            tables = [
                f"{schema}.{table}"
                for schema, table in self._con.execute(
                    "select schema_name, table_name from duckdb_tables() where database_name = 'warehouse'"
                ).fetchall()
            ]
            return nearest(name, tables)
        return get_close_matches(name, candidates, 3, 0.5) or candidates[:3]


def nearest(name: str, names: list[str], count: int = 3) -> list[str]:
    """The names most like `name`, best first; also where only the part after the last dot is alike."""
    last = {full: full.rsplit(".", 1)[-1] for full in names}
    found = get_close_matches(name, names, count, 0.6)
    alike = get_close_matches(name.rsplit(".", 1)[-1], list(last.values()), count, 0.6)
    found += [full for short in alike for full in names if last[full] == short]
    return list(dict.fromkeys(found))[:count]


def _said(error: duckdb.Error) -> dict[str, Any]:
    """The fields of an error under `errors_as_json`; a text that is not JSON is its message."""
    text = str(error)
    try:
        said = json.loads(text[text.index("{") :])
    except ValueError:
        return {"exception_message": text}
    return said if "exception_message" in said else {"exception_message": text}


def _pointed(text: str, position: int) -> str:
    """The line of the byte `position` with a caret under it, after a line that says where."""
    before = text.encode()[:position].decode(errors="ignore")
    number, column = before.count("\n") + 1, len(before) - (before.rfind("\n") + 1)
    line = text.splitlines()[number - 1] if text.splitlines()[number - 1 :] else ""
    start = max(0, column - 60)
    shown = line[start : start + 100].replace("\t", " ")
    return f"line {number}, column {column + 1}:\n  {shown}\n  {' ' * (column - start)}^"


def _table_functions(node: Any) -> Iterator[str]:
    """The names of all table functions in a parsed statement, in subqueries too."""
    if isinstance(node, dict):
        if node.get("type") == "TABLE_FUNCTION":
            yield str(node.get("function", {}).get("function_name", "")).lower()
        node = list(node.values())
    if isinstance(node, list):
        for child in node:
            yield from _table_functions(child)
