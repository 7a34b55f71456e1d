"""The whole order file (made-up orders where it is not there): every line in one class, and the classes add up to it.

The orders are landed as the shop serves them as far as the models read them; amounts are checked against sums over the
file itself, and the class of each document against the rule in Python.
"""

from __future__ import annotations

import os
from collections import defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from conftest import Staged

from fbinfor_assets.domain.classification import FATE, Line, classify, fate_of_line
from fbinfor_assets.sandbox.shop.generator import generate

ROOT = Path(__file__).parents[2]
FILE = Path(os.environ.get("FBINFOR_SHARED") or ROOT.parent / "shared") / "data" / "online_retail.parquet"
WHOLE = FILE.is_file()

# What the file holds, counted once by hand: net by class of lines; documents and lines by class of documents.
FILE_BY_LINE_CLASS = {
    "goods": "9792708.883",
    "freight": "279462.120",
    "manual": "-71721.030",
    "discount": "-5696.220",
    "voucher": "685.810",
    "cost": "-247691.629",
}
FILE_BY_DOCUMENT_CLASS = {
    "sale": (19_946, 530_489),
    "credit": (3_763, 9_215),
    "free_goods": (766, 779),
    "stock_adjustment": (1_336, 1_336),
    "cost": (89, 90),
}

_SOURCE = """
create table source as
select
    row_number() over () as place, invoice_no, stock_code, description, quantity::integer as quantity, invoice_date,
    unit_price::decimal(12, 3) as unit_price, customer_id, country
from {0}
"""

# What stg_shop__orders and stg_shop__order_lines read of a WooCommerce order.
_ORDERS = """
insert into warehouse.raw.shop__orders by name
with line as (
    select *, round(quantity * unit_price, 2)::decimal(18, 2) as total from source
),
document as (
    select
        invoice_no,
        row_number() over (order by min(place)) as id,
        min(invoice_date) as placed,
        any_value(country) as country,
        any_value(customer_id) as customer_id,
        sum(total) as net,
        round(sum(total) * if(any_value(country) = 'United Kingdom', 0.20, 0.00), 2)::decimal(18, 2) as tax,
        list({'id': place, 'sku': stock_code, 'name': description, 'quantity': quantity, 'price': unit_price::varchar,
              'total': total::varchar} order by place) as items
    from line
    group by invoice_no
)
select
    id::varchar as key,
    to_json({
        'number': invoice_no, 'status': 'processing', 'currency': 'GBP', 'customer_id': coalesce(customer_id, 0),
        'date_created': strftime(placed, '%Y-%m-%dT%H:%M:%S'), 'billing': {'country': country},
        'shipping': {'country': country}, 'total': (net + tax)::varchar, 'total_tax': tax::varchar,
        'line_items': items
    })::varchar as payload,
    md5(id::varchar) as payload_hash,
    now() as extracted_at, 'test' as run_id, 'landing' as landing_id, id as ordinal, false as deleted,
    1 as load_generation, true as is_current
from document
"""


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory, runner_work: Path) -> Staged:
    """All orders landed, and the models up to the classes built on them."""
    made = Staged(tmp_path_factory.mktemp("year"), runner_work)
    with made.open() as con:
        if WHOLE:
            con.execute(_SOURCE.format(f"'{FILE}'"))
        else:
            rows = list(generate(1, date(2010, 12, 1), date(2010, 12, 3)))
            made_up = pa.table({name: [getattr(row, name) for row in rows] for name in rows[0]._fields})
            con.register("made_up", made_up)
            con.execute(_SOURCE.format("made_up"))
        con.execute(_ORDERS)
    reports = ("document_classes", "line_classes", "costs_by_code", "stock_corrections")
    made.select = ("path:seeds", *(f"+{name}" for name in reports))
    assert made.build(full=True).broken == []
    made.make_reports(reports)
    return made


def source(year: Staged, query: str) -> list[tuple[object, ...]]:
    return year.rows(query.replace("@source", "warehouse.source"))


def test_every_line_is_in_exactly_one_class_and_none_is_unknown(year: Staged) -> None:
    ((lines, unknown),) = year.rows(
        "select sum(lines), coalesce(sum(lines) filter (where line_class = 'unknown'), 0) from reports.line_classes"
    )
    ((in_file,),) = source(year, "select count(*) from @source")
    assert (lines, unknown) == (in_file, 0)


def test_the_classes_add_up_to_the_file_to_the_third_decimal(year: Staged) -> None:
    ((net, rounding, in_cents),) = year.rows(
        "select sum(net), sum(rounding), sum(document_net) from reports.line_classes"
    )
    ((in_file,),) = source(year, "select sum(quantity * unit_price) from @source")
    assert net == in_file
    assert net + rounding == in_cents == year.rows("select sum(net) from reports.document_classes")[0][0]
    if WHOLE:
        assert net == Decimal("9747747.934")


def test_the_source_is_tied_out_class_by_class(year: Staged) -> None:
    by_line = dict(year.rows("select line_class, sum(net) from reports.line_classes group by line_class"))
    by_code = source(
        year,
        """
        select
            case
                when upper(stock_code) in ('AMAZONFEE', 'B', 'CRUK', 'BANK CHARGES') then 'cost'
                when upper(stock_code) in ('POST', 'DOT', 'C2') then 'freight'
                when upper(stock_code) in ('M', 'S') then 'manual'
                when upper(stock_code) = 'D' then 'discount'
                when stock_code ilike 'gift%' then 'voucher'
                else 'goods'
            end,
            sum(quantity * unit_price)
        from @source
        group by 1
        """,
    )
    assert by_line == dict(by_code)
    documents = dict(year.rows("select class, documents from reports.document_classes"))
    lines = dict(year.rows("select document_class, sum(lines) from reports.line_classes group by 1"))
    if WHOLE:
        assert by_line == {name: Decimal(net) for name, net in FILE_BY_LINE_CLASS.items()}
        assert {name: (documents[name], lines[name]) for name in documents} == FILE_BY_DOCUMENT_CLASS


def test_the_traps_of_the_source_are_in_it_and_survive(year: Staged) -> None:
    codes = "select count(distinct {0}), count(distinct upper({0})) from {1}"
    found = year.rows(codes.format("sku", "canonical.document_lines"))
    assert found == source(year, codes.format("stock_code", "@source"))
    assert year.rows("select count(*) from matched.item_links") == [(found[0][1],)], "one item in upper case"
    longest = year.rows("select max(line_count) from canonical.documents")
    assert longest == source(
        year, "select max(n) from (select count(*) as n from @source group by invoice_no)"
    )
    repeats = "select sum(n) from (select count(*) as n from {} group by {} having count(*) > 1)"
    kept = year.rows(
        repeats.format(
            "canonical.document_lines inner join canonical.documents using (doc_uid)",
            "number, sku, description, quantity, unit_price",
        )
    )
    in_source = repeats.format("@source", "invoice_no, stock_code, trim(description), quantity, unit_price")
    assert kept == source(year, in_source), "a line's key is its ordinal, never its content"
    two_countries = "select count(*) from (select 1 from {} group by {} having count(distinct {}) > 1)"
    parties = year.rows(two_countries.format("canonical.documents", "party_uid", "ship_country"))
    assert parties == source(
        year, two_countries.format("@source where customer_id is not null", "customer_id", "country")
    ), "a customer with two countries is one party"
    if WHOLE:
        assert (found, longest, parties) == ([(4_070, 3_958)], [(1_114,)], [(8,)])


def test_each_document_has_the_class_of_the_rule_in_python(year: Staged) -> None:
    lines: dict[str, list[Line]] = defaultdict(list)
    for number, code, quantity, price in source(
        year,
        "select invoice_no, stock_code, quantity::decimal(18, 4), unit_price from @source order by place",
    ):
        lines[str(number)].append(Line(code, quantity, price))
    found = dict(year.rows("select number, class from canonical.documents"))
    assert {number: classify(number, given) for number, given in lines.items()} == found


def test_each_class_says_what_becomes_of_it_as_python_says(year: Staged) -> None:
    for of, line, posts, sentence in year.rows(
        "select document_class, line_class, posts, fate from reports.line_classes"
    ):
        assert (posts, sentence) == (fate_of_line(of, line).posts, fate_of_line(of, line).sentence), (
            of,
            line,
        )
    assert dict(year.rows("select class, fate from reports.document_classes")).items() <= FATE.items()


def test_costs_stand_by_code_under_the_account_they_belong_to(year: Staged) -> None:
    rows = year.rows("select code, kind, ledger_account, net from reports.costs_by_code order by code")
    assert rows and all(kind and account for _, kind, account, _ in rows)
    ((in_classes,),) = year.rows("select sum(net) from reports.line_classes where line_class = 'cost'")
    assert sum(net for *_, net in rows) == in_classes
    if WHOLE:
        assert [(code, net) for code, *_, net in rows] == [
            ("AMAZONFEE", Decimal("-221520.500")),
            ("B", Decimal("-11062.060")),
            ("BANK CHARGES", Decimal("-7175.639")),
            ("CRUK", Decimal("-7933.430")),
        ]


def test_stock_corrections_list_every_piece_that_was_taken_out(year: Staged) -> None:
    ((lines, pieces),) = year.rows("select count(*), sum(quantity) from reports.stock_corrections")
    ((in_file, taken),) = source(
        year, "select count(*), sum(quantity) from @source where unit_price = 0 and quantity < 0"
    )
    assert (lines, pieces) == (in_file, taken)
