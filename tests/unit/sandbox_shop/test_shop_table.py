"""Lists over the book and over what changed since: always as if both were one table.

Belongs here: the merge. Does not belong here: parameters of requests (contract/sandbox_shop).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pysqlite3 import dbapi2 as sqlite

from fbinfor_assets.sandbox.shop.table import Column, Selection, Table
from fbinfor_assets.sandbox.state import State

BOOK = {id_: {"id": id_, "at": f"t{id_ % 4}", "colour": "red" if id_ % 3 else "blue"} for id_ in range(1, 12)}
_numbers = itertools.count()


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    """An empty state."""
    fresh = State(tmp_path / f"{next(_numbers)}.db")
    yield fresh
    fresh.close()


def make(state: State) -> Table:
    con = sqlite.connect(":memory:", isolation_level=None)
    con.execute("create table things (id integer primary key, at text, colour text)")
    con.executemany("insert into things values (:id, :at, :colour)", BOOK.values())
    columns = {"id": Column("x.id", lambda row: row["id"])}
    columns |= {name: Column(f"x.{name}", lambda row, name=name: row[name]) for name in ("at", "colour")}
    return Table(con, state, "thing", "things x", columns)


def expected(rows: dict[int, dict[str, Any]], colour: str | None, sort: str, direction: str) -> list[int]:
    found = [row for row in rows.values() if colour is None or row["colour"] == colour]
    found.sort(key=lambda row: (row[sort], row["id"]), reverse=direction == "desc")
    return [row["id"] for row in found]


steps = st.lists(
    st.one_of(
        st.tuples(
            st.just("put"),
            st.integers(1, 20),
            st.sampled_from(["t0", "t2", "t9"]),
            st.sampled_from(["red", "blue"]),
        ),
        st.tuples(st.just("hide"), st.integers(1, 20)),
        st.tuples(st.just("forget"), st.integers(1, 20)),
        st.tuples(st.sampled_from(["commit", "rollback"])),
    ),
    max_size=25,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps, st.sampled_from(["id", "at", "colour"]), st.sampled_from(["asc", "desc"]))
def test_a_list_is_that_of_one_table_whatever_was_changed_hidden_or_rolled_back(
    state: State, history: list[tuple[Any, ...]], sort: str, direction: str
) -> None:
    state.clear()
    table = make(state)
    rows, committed = dict(BOOK), dict(BOOK)
    for verb, *rest in history:
        if verb == "put":
            id_, at, colour = rest
            rows[id_] = {"id": id_, "at": at, "colour": colour}
            state.put("thing", id_, rows[id_])
        elif verb == "hide":
            rows.pop(rest[0], None)
            state.put("thing", rest[0], {"id": rest[0], "hidden": True})
        elif verb == "forget":
            if state.get("thing", rest[0]) is not None:
                state.delete("thing", rest[0])
                rows.pop(rest[0], None)
                if rest[0] in BOOK:
                    rows[rest[0]] = BOOK[rest[0]]
        elif verb == "commit":
            state.commit()
            committed = dict(rows)
        else:
            state.rollback()
            rows = dict(committed)
        for colour in (None, "blue"):
            where = Selection([] if colour is None else ["{colour} = ?"], [] if colour is None else [colour])
            wanted = expected(rows, colour, sort, direction)
            pages = [table.page(where, sort, direction, 3, offset) for offset in range(0, len(wanted) + 1, 3)]
            assert {total for total, _ in pages} == {len(wanted)}
            assert [id_ for _, ids in pages for id_ in ids] == wanted
