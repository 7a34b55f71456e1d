"""Lists over two stores at once: the order book, which never changes, and what was changed or made since.

Belongs here: selecting, counting and paging ids over both, at the cost of neither's size.
Does not belong here: what a row means; parameters of a request (`query`).

A changed row hides the book's row of the same id. What a list needs of the changed rows is mirrored into a table in
memory beside the book, so that one SQL statement sees both; the mirror follows every put, delete and rollback of the
state, being one of its indexes. As long as nothing has changed, only the book is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from fbinfor_assets.sandbox.state import Id, Index, Row, State

_COUNTS = 1_000


class Column(NamedTuple):
    """One column a list can select or sort by: its SQL in the book, and its value in a changed row."""

    sql: str
    value: Callable[[Row], Any]


class Selection(NamedTuple):
    """Which rows: conditions over `{column}` names, with their values in order."""

    where: list[str]
    values: list[Any]


class Table(Index):
    """Ids of one kind, from the book's `source` and the state's table `kind`.

    A changed row with `"hidden": true` stands for a row that is gone. `columns` must have `id`.
    """

    def __init__(
        self, connection: Any, state: State, kind: str, source: str, columns: Mapping[str, Column]
    ) -> None:
        super().__init__(lambda row: None)
        self._con, self._kind, self._source, self._columns = connection, kind, source, columns
        attached = {row[1] for row in connection.execute("pragma database_list")}
        if "changed" not in attached:
            connection.execute("attach ':memory:' as changed")
        names = [name for name in columns if name != "id"]
        connection.execute(f"create table changed.{kind}_rows (id integer primary key, {', '.join(names)})")
        for name in names:
            connection.execute(f"create index changed.{kind}_{name} on {kind}_rows ({name}, id)")
        self._put = f"insert or replace into changed.{kind}_rows values ({', '.join('?' * len(columns))})"
        # Rows of the book that a changed or removed row stands for.
        connection.execute(f"create table changed.{kind}_hides (id integer primary key)")
        self._book = {name: column.sql for name, column in columns.items()}
        self._changed = {name: f"c.{name}" for name in columns}
        self._rows = 0
        # The book never changes, so what was counted in it once is known; a change forgets only the other counts.
        self._book_counts: dict[Any, int] = {}
        self._changed_counts: dict[Any, int] = {}
        state.attach(kind, self)

    # -- an index of the state

    def _fill(self, table: Mapping[Id, Row]) -> None:
        self._con.execute(f"delete from changed.{self._kind}_rows")
        self._con.execute(f"delete from changed.{self._kind}_hides")
        self._rows = 0
        self._changed_counts.clear()
        for id_, row in table.items():
            self._change(id_, None, row)

    def _change(self, id_: Id, old: Row | None, new: Row | None) -> None:
        self._rows += (new is not None) - (old is not None)
        self._changed_counts.clear()
        if new is None or new.get("hidden"):
            self._con.execute(f"delete from changed.{self._kind}_rows where id = ?", (id_,))
        else:
            values = [id_, *(c.value(new) for name, c in self._columns.items() if name != "id")]
            self._con.execute(self._put, values)
        if new is None:
            self._con.execute(f"delete from changed.{self._kind}_hides where id = ?", (id_,))
        elif old is None:
            self._con.execute(f"insert or ignore into changed.{self._kind}_hides values (?)", (id_,))

    # -- lists

    def page(
        self, selection: Selection, order_by: str, direction: str, limit: int, offset: int
    ) -> tuple[int, list[int]]:
        """How many rows satisfy all conditions, and the ids of one page of them, sorted by a column, then by id."""
        values, where = selection.values, " and ".join(selection.where) or "true"
        in_book = where.format_map(self._book)
        id_, key = self._book["id"], self._book[order_by]
        total = self._count(self._book_counts, f"{self._source} where {in_book}", values)
        if not self._rows:
            query = (
                f"select {id_} from {self._source} where {in_book}"
                f" order by {key} {direction}, {id_} {direction} limit ? offset ?"
            )
            return total, [row[0] for row in self._con.execute(query, (*values, limit, offset))]
        hides, changed = f"select id from changed.{self._kind}_hides", where.format_map(self._changed)
        counts = self._changed_counts
        total -= self._count(counts, f"{self._source} where {id_} in ({hides}) and {in_book}", values)
        total += self._count(counts, f"changed.{self._kind}_rows c where {changed}", values)
        # Each half is sorted by its own index; SQLite merges them and stops after the page.
        query = (
            f"select {id_} as id, {key} as sorted from {self._source}"
            f" where {in_book} and {id_} not in ({hides})"
            f" union all select c.id, {self._changed[order_by]} from changed.{self._kind}_rows c where {changed}"
            f" order by sorted {direction}, id {direction} limit ? offset ?"
        )
        found = self._con.execute(query, (*values, *values, limit, offset))
        return total, [row[0] for row in found]

    def all(self, selection: Selection) -> list[int]:
        """The ids of every row that satisfies the conditions."""
        total, ids = self.page(selection, "id", "asc", -1, 0)
        assert total == len(ids)
        return ids

    def has(self, id_: int, selection: Selection) -> bool:
        """Whether one row satisfies the conditions."""
        one = Selection([*selection.where, "{id} = ?"], [*selection.values, id_])
        return bool(self.page(one, "id", "asc", 1, 0)[1])

    def _count(self, known: dict[Any, int], what: str, values: Sequence[Any]) -> int:
        key = (what, *values)
        if key not in known:
            if len(known) >= _COUNTS:
                known.clear()
            known[key] = self._con.execute(f"select count(*) from {what}", values).fetchone()[0]
        return known[key]
