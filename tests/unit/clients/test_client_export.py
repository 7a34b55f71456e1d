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
    assert list(rows) == []
    assert table.queries == [
        "OBORNO,OBSAPR,OBPONR from OOLINE where OBCONO = 100 and OBLMTS >= 123 and OBITNO = '85123A' "
        "and OBSAPR > 2.10 order by OBORNO,OBPONR"
    ]


def test_the_next_page_is_asked_for_behind_the_last_key_without_or():
    table = Table([{"OBORNO": o, "OBPONR": str(n)} for o in "AB" for n in (1, 2, 10)])
    rows = list(export(table, ["OBORNO", "OBPONR"], ["OBORNO", "OBPONR"], page=2).rows())
    assert [(row["OBORNO"], row["OBPONR"]) for row in rows] == [
        (o, n) for o in "AB" for n in ("1", "2", "10")
    ]
    assert [query.partition(" where ")[2].partition(" order by")[0] for query in table.queries] == [
        "",
        "OBORNO = 'A' and OBPONR > 2",
        "OBORNO > 'A'",
        "OBORNO = 'B' and OBPONR > 2",
        "OBORNO > 'B'",
    ]


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.text("AB0", max_size=2), st.integers(-3, 12)), unique=True, max_size=25),
    st.integers(1, 6),
    st.booleans(),
)
def test_every_row_comes_once_and_in_order_whatever_the_page(keys, page, numeric_first):
    order = ["OBLMTS", "OBORNO"] if numeric_first else ["OBORNO", "OBLMTS"]
    table = Table([{"OBORNO": text, "OBLMTS": str(number)} for text, number in keys])
    rows = [
        (row["OBORNO"], int(row["OBLMTS"]))
        for row in export(table, ["OBORNO", "OBLMTS"], order, page=page).rows()
    ]
    assert rows == sorted(keys, key=lambda key: key[::-1] if numeric_first else key)


@given(
    st.lists(
        st.text(st.characters(blacklist_characters="^", blacklist_categories=["Cs", "Cc", "Z"])),
        min_size=3,
        max_size=3,
    )
)
def test_any_row_without_the_separator_survives_the_round_trip(values):
    row = dict(zip(["OBORNO", "OBITDS", "OBCUPO"], values, strict=True))
    assert list(export(Table([row]), list(row), ["OBORNO"]).rows()) == [row]


def test_values_are_trimmed():
    table = Table([{"OBORNO": "A  ", "OBITNO": " x "}])
    assert list(export(table, ["OBORNO", "OBITNO"], ["OBORNO"]).rows()) == [{"OBORNO": "A", "OBITNO": "x"}]


def test_a_value_that_holds_the_separator_is_found_and_its_row_named():
    table = Table([{"OBORNO": "A", "OBITDS": "fine"}, {"OBORNO": "B", "OBITDS": "5^6 cm"}])
    with pytest.raises(ParseError, match=r"row 2 has 3 columns instead of 2: 'B\^5\^6 cm'") as caught:
        list(export(table, ["OBORNO", "OBITDS"], ["OBORNO"]).rows())
    assert "separator" in caught.value.next_step


def test_another_separator_reads_the_same_row():
    table = Table([{"OBORNO": "B", "OBITDS": "5^6 cm"}], separator="|")
    assert (
        next(iter(export(table, ["OBORNO", "OBITDS"], ["OBORNO"], separator="|").rows()))["OBITDS"]
        == "5^6 cm"
    )


@pytest.mark.parametrize("separator", ["a", "7", " ", ".", "-", "'", "", "^^"])
def test_a_separator_that_values_contain_is_refused(separator):
    with pytest.raises(ValueError, match="separator"):
        ExportSettings(separator=separator)


def test_a_row_that_may_have_been_cut_is_an_error():
    table = Table([{"OBORNO": "A", "OBITDS": "x" * 200}])
    with pytest.raises(ParseError, match="may be cut"):
        list(export(table, ["OBORNO", "OBITDS"], ["OBORNO"], row_limit=150).rows())


def test_rows_out_of_order_are_an_error_before_the_wrong_row_is_given():
    table = Table([{"OBORNO": o} for o in "ACB"], sort=False)
    rows = export(table, ["OBORNO"], ["OBORNO"]).rows()
    assert [next(rows)["OBORNO"], next(rows)["OBORNO"]] == ["A", "C"]
    with pytest.raises(UnsortedExport, match=r"row 3 \(B\) comes after C"):
        next(rows)


def test_numbers_are_compared_as_numbers():
    table = Table([{"OBPONR": n} for n in ("9", "10", "100")])
    assert [row["OBPONR"] for row in export(table, ["OBPONR"], ["OBPONR"], page=1).rows()] == [
        "9",
        "10",
        "100",
    ]


def test_a_column_of_the_tenant_can_be_declared_a_number():
    table = Table([{"OBZNUM": n} for n in ("9", "10")], sort=False)
    with pytest.raises(UnsortedExport):
        list(export(table, ["OBZNUM"], ["OBZNUM"]).rows())
    assert len(list(export(table, ["OBZNUM"], ["OBZNUM"], numeric_fields=["ZNUM"]).rows())) == 2


def test_two_rows_with_one_key_are_an_error_because_a_page_could_part_them():
    table = Table([{"OBORNO": "A"}, {"OBORNO": "A"}])
    with pytest.raises(UnsortedExport, match="share the key A"):
        list(export(table, ["OBORNO"], ["OBORNO"]).rows())


def unordered(table, page):
    return Export(
        table,
        ExportSettings(company_filter=False, order_by=False),
        company="100",
        table="OOLINE",
        columns=["OBORNO"],
        where=(),
        order_by=["OBORNO"],
        page=page,
    )


def test_without_order_by_a_complete_answer_is_put_in_order_here():
    table = Table([{"OBORNO": o} for o in "CAB"])
    assert [row["OBORNO"] for row in unordered(table, 3).rows()] == ["A", "B", "C"]
    assert table.queries == ["OBORNO from OOLINE"]


def test_without_order_by_a_page_that_happens_to_be_out_of_order_is_an_error():
    with pytest.raises(UnsortedExport, match=r"raise infor\.export\.page"):
        list(unordered(Table([{"OBORNO": o} for o in "CAB"]), 2).rows())


@pytest.mark.parametrize(
    ("columns", "where", "order_by"),
    [
        (["OBORNO"], [], []),
        (["OBORNO; drop"], [], ["OBORNO"]),
        (["oborno"], [], ["OBORNO"]),
        (["OBORNO"], [("OBITNO", "like", "x")], ["OBORNO"]),
        (["OBORNO"], [("OBITNO", "=", "O'Neill")], ["OBORNO"]),
        (["OBORNO"], [("OBITNO", "=", "two\nlines")], ["OBORNO"]),
        (["OBORNO"], [("OB ORNO", "=", "x")], ["OBORNO"]),
        ([f"OB{n:04d}" for n in range(160)], [], ["OBORNO"]),
    ],
    ids=["no key", "injection", "lower case", "operator", "quote", "line break", "blank in name", "too long"],
)
def test_a_query_that_cannot_be_written_safely_is_refused_before_anything_is_sent(columns, where, order_by):
    table = Table([])
    with pytest.raises(ValidationError):
        list(export(table, columns, order_by, where=where).rows())
    assert table.queries == []


def test_a_key_that_is_no_number_where_one_must_be_is_an_error():
    table = Table([{"OBLMTS": "1"}])
    table.rows = [{"OBLMTS": "x"}, {"OBLMTS": "y"}]
    table.sort = False
    with pytest.raises(ParseError, match="not a number"):
        list(export(table, ["OBLMTS"], ["OBLMTS"]).rows())


def test_pages_are_fetched_only_as_they_are_needed():
    table = Table([{"OBORNO": str(n)} for n in range(10)])
    rows = export(table, ["OBORNO"], ["OBORNO"], page=2).rows()
    assert table.queries == []
    next(rows)
    assert len(table.queries) == 1
