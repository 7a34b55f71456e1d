"""EXPORTMI Select: a table of M3, page by page, with every guess about its language in one place.

Belongs here: writing its queries, paging by key, splitting its rows, and refusing what cannot be trusted.
Does not belong here: which tables and columns to read (`defs`), the transaction call itself (`m3.py`).

What is relied on (infor-api 2.6, from third parties): `COL,COL from TABLE where COND and COND order by COL`, literals
quoted unless numeric, SEPC a one-character separator, one row per record in REPL. `or` and parentheses are not used:
a page after a composite key (a, b) is asked for as `A = a and B > b`, then as `A > a`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal, InvalidOperation

from fbinfor_assets.clients.errors import Call, NotFound, ParseError, UnsortedExport, ValidationError
from fbinfor_assets.clients.infor.settings import ExportSettings

Condition = tuple[str, str, "str | int | Decimal"]
Execute = Callable[..., list[dict[str, str]]]

OPERATORS = frozenset({"=", "<>", ">", ">=", "<", "<="})
# M3 columns without their two-letter table prefix that hold numbers (types from the field catalogue of infor-api).
# fmt: off
NUMERIC_FIELDS = frozenset({
    "ACDT", "ALQT", "BPYS", "CHNO", "CONO", "CUAM", "DLIX", "DLQT", "DUDT", "IDAT", "INYR", "IVAM", "IVDT",
    "IVNO", "IVQT", "JRNO", "JSNO", "LMDT", "LMTS", "LNAM", "NEPR", "ORDT", "ORQT", "PBID", "PONR", "POSX",
    "PYAM", "RECO", "REDE", "RGDT", "RGTM", "RLDT", "SAPR", "TRCD", "TRNO", "VONO", "VTAM", "YEA4",
})
# fmt: on


class Export:
    """One listing of one table.

    Guarantees: each row once as long as the rows themselves do not change their key meanwhile (a row whose key is a
    change stamp may come twice, the later version last), in strictly ascending order of `order_by`.

    Raises `UnsortedExport` if rows come in another order or two rows share a key, `ParseError` naming the row if it
    does not have as many columns as were asked for, `ValidationError` for a query that cannot be written safely.
    """

    def __init__(
        self,
        execute: Execute,
        settings: ExportSettings,
        *,
        company: str,
        table: str,
        columns: Sequence[str],
        where: Sequence[Condition],
        order_by: Sequence[str],
        page: int | None,
    ) -> None:
        self._execute = execute
        self._settings = settings
        self._table = table
        self._columns = [*columns, *(key for key in order_by if key not in columns)]
        self._keys = list(order_by)
        self._page = page or settings.page
        self._call = Call("infor", "EXPORTMI Select", table)
        prefix = self._columns[0][:2] if self._columns else ""
        own = [(f"{prefix}CONO", "=", int(company))] if settings.company_filter else []
        self._where: list[Condition] = [*own, *where]
        if not self._keys:
            raise self._call.error(
                ValidationError, "an export needs order_by: the unique key that it is paged by"
            )
        for name in (table, *self._columns, *(column for column, _, _ in self._where)):
            if not (name.isascii() and name.isalnum() and name == name.upper()):
                raise self._call.error(ValidationError, f"{name!r} is not a table or column name")

    def rows(self) -> Iterator[dict[str, str]]:
        """The rows; one call to M3 per page, made when its first row is wanted."""
        last: dict[str, str] | None = None
        ordinal = 0
        questions: list[list[Condition]] = [[]]
        while questions:
            rows = self._read(questions.pop(0), ordinal)
            for row in rows[: self._page]:
                self._check_order(last, row, ordinal)
                ordinal += 1
                last = row
                yield row
            if last is not None and len(rows) > self._page:
                questions = self._after(last)

    def _after(self, row: dict[str, str]) -> list[list[Condition]]:
        """The questions whose answers, one after the other, are all rows behind `row`."""
        questions = []
        for depth in range(len(self._keys), 0, -1):
            *same, beyond = self._keys[:depth]
            questions.append(
                [(key, "=", self._typed(key, row[key])) for key in same]
                + [(beyond, ">", self._typed(beyond, row[beyond]))]
            )
        return questions

    def _read(self, more: Sequence[Condition], ordinal: int) -> list[dict[str, str]]:
        query = self._query(more)
        try:
            answers = self._execute(
                "EXPORTMI",
                "Select",
                {"QERY": query, "SEPC": self._settings.separator, "HDRS": "0"},
                maxrecs=self._page + 1,
            )
        except NotFound as error:
            if error.partial_records:
                raise
            return []
        rows = [self._split(answer, ordinal + offset) for offset, answer in enumerate(answers)]
        if not self._settings.order_by and len(rows) <= self._page:
            rows.sort(key=self._key)  # the whole answer is here, so its order is ours to make
        return rows

    def _query(self, more: Sequence[Condition]) -> str:
        parts = [f"{','.join(self._columns)} from {self._table}"]
        conditions = [self._condition(condition) for condition in (*self._where, *more)]
        if conditions:
            parts.append("where " + " and ".join(conditions))
        if self._settings.order_by:
            parts.append("order by " + ",".join(self._keys))
        query = " ".join(parts)
        if len(query) > self._settings.query_limit:
            raise self._call.error(
                ValidationError,
                f"the query has {len(query)} characters, QERY takes {self._settings.query_limit}",
                next_step="ask for fewer columns or conditions",
            )
        return query

    def _condition(self, condition: Condition) -> str:
        column, operator, value = condition
        if operator not in OPERATORS:
            raise self._call.error(ValidationError, f"{operator!r} is no operator of EXPORTMI")
        if isinstance(value, int | Decimal):
            return (
                f"{column} {operator} {value:f}"
                if isinstance(value, Decimal)
                else f"{column} {operator} {value}"
            )
        if "'" in value or not value.isprintable():
            # How a quote is escaped is not known, and a wrong guess would read other rows than were meant.
            raise self._call.error(ValidationError, f"the value {value!r} cannot be quoted in a query")
        return f"{column} {operator} '{value}'"

    def _numeric(self, column: str) -> bool:
        return column[2:] in NUMERIC_FIELDS or column[2:] in self._settings.numeric_fields

    def _typed(self, column: str, value: str) -> str | int | Decimal:
        if not self._numeric(column):
            return value
        try:
            return int(value) if value.lstrip("-").isdigit() else Decimal(value)
        except InvalidOperation:
            raise self._call.error(ParseError, f"{column} is {value!r}, not a number") from None

    def _key(self, row: dict[str, str]) -> tuple[str | int | Decimal, ...]:
        return tuple(self._typed(key, row[key]) for key in self._keys)

    def _split(self, answer: dict[str, str], ordinal: int) -> dict[str, str]:
        raw = answer.get("REPL", "")
        if len(raw) >= self._settings.row_limit:
            raise self._call.error(
                ParseError,
                f"row {ordinal + 1} fills REPL ({len(raw)} characters) and may be cut",
                next_step="ask for fewer columns",
            )
        values = raw.split(self._settings.separator)
        if len(values) != len(self._columns):
            raise self._call.error(
                ParseError,
                f"row {ordinal + 1} has {len(values)} columns instead of {len(self._columns)}: {raw[:120]!r}",
                next_step=f"choose an export separator other than {self._settings.separator!r} that no value contains",
            )
        return {column: value.strip() for column, value in zip(self._columns, values, strict=True)}

    def _check_order(self, last: dict[str, str] | None, row: dict[str, str], ordinal: int) -> None:
        if last is None or self._key(last) < self._key(row):
            return
        before, here = ("/".join(item[key] for key in self._keys) for item in (last, row))
        if before == here:
            problem = f"rows {ordinal} and {ordinal + 1} share the key {here}"
            next_step = "add columns to order_by until it is unique"
        else:
            problem = (
                f"row {ordinal + 1} ({here}) comes after {before}, against order by {','.join(self._keys)}"
            )
            next_step = "set infor.export.order_by to what the tenant supports, or raise infor.export.page to read at once"
        raise self._call.error(UnsortedExport, problem, next_step=next_step)
