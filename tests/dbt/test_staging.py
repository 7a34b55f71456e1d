"""What staging makes of the vendors' values."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import vendor_rows as v
from conftest import Staged

UTC = ZoneInfo("UTC")


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory, runner_work: Path) -> Staged:
    """Values at the edges, one record each."""
    made = Staged(tmp_path_factory.mktemp("odd"), runner_work)
    lines = [v.fb_line(1, "85123A", "1", "10.00")]
    repeated = [("85123A", 6, "2.55"), ("85123A", 6, "2.55"), ("PADS", 1, "0.001")]
    made.land(
        [
            (
                "freshbooks",
                "clients",
                "1",
                v.client(1, updated="2010-07-01 12:00:00", signup_date="2010-07-01 16:00:00"),
            ),
            (
                "freshbooks",
                "clients",
                "2",
                v.client(2, updated="2010-12-01 12:00:00", fname="  Ann ", email=""),
            ),
            ("freshbooks", "clients", "3", v.client(3, vis_state=1)),
            ("freshbooks", "clients", "4", v.client(4, vis_state=2)),
            ("freshbooks", "invoices", "1", v.invoice(1, "1", 1, lines, "12.00", create_date="not a date")),
            (
                "freshbooks",
                "invoices",
                "2",
                v.invoice(2, "2", 1, lines, "10.80", discount_total={"amount": "-1.00", "code": "GBP"}),
            ),
            ("freshbooks", "invoices", "3", v.invoice(3, "3", 1, [], "0.00")),
            (
                "freshbooks",
                "invoices",
                "4",
                v.invoice(
                    4,
                    "4",
                    1,
                    [
                        {**lines[0], "taxAmount1": "5", "taxAmount2": "9.975"},
                        {
                            **lines[0],
                            "lineid": 2,
                            "taxAmount1": "5",
                            "taxAmount2": "10",
                            "compounded_tax": True,
                        },
                    ],
                    "23.05",
                ),
            ),
            (
                "m3",
                "orders",
                "1",
                v.m3_order("1", "C1", "", [v.m3_order_line(1, "71053", "1", "0")], "0", day="0"),
            ),
            ("m3", "ledger", "a", v.m3_ledger("1", "C1", "1", "20", "-10.50", ESLMTS="1291280400123")),
            ("shop", "orders", "1", v.shop_order("536365", repeated, date_created="2010-12-01T23:59:00")),
            (
                "shop",
                "orders",
                "2",
                v.shop_order(
                    "536366",
                    [("71053", 1, "5.00")],
                    total="13.20",
                    total_tax="2.20",
                    shipping_lines=[{"id": 7, "method_title": "Post", "total": "4.00", "total_tax": "0.80"}],
                    fee_lines=[{"id": 8, "name": "Wrapping", "total": "2.00", "total_tax": "0.40"}],
                ),
            ),
        ]
    )
    assert made.build(full=True, tests=True).broken == []
    return made


def test_freshbooks_wall_clock_is_us_eastern_with_daylight_saving(odd: Staged) -> None:
    found = odd.rows(
        "select client_id, updated_at from staging.stg_freshbooks__clients where client_id in ('1', '2') order by 1"
    )
    assert found == [
        ("1", datetime(2010, 7, 1, 16, tzinfo=UTC)),
        ("2", datetime(2010, 12, 1, 17, tzinfo=UTC)),
    ]


def test_signup_date_is_utc_already(odd: Staged) -> None:
    assert odd.rows("select signup_at from staging.stg_freshbooks__clients where client_id = '1'") == [
        (datetime(2010, 7, 1, 16, tzinfo=UTC),)
    ]


def test_blank_text_is_null_and_other_text_is_trimmed(odd: Staged) -> None:
    assert odd.rows(
        "select given_name, email from staging.stg_freshbooks__clients where client_id = '2'"
    ) == [("Ann", None)]


def test_deleted_is_not_archived(odd: Staged) -> None:
    assert odd.rows(
        "select source_id, status from canonical.parties where source_id in ('3', '4') order by 1"
    ) == [
        ("3", "deleted"),
        ("4", "archived"),
    ]


def test_a_value_that_cannot_be_read_is_null_and_stops_nothing(odd: Staged) -> None:
    assert odd.rows(
        "select invoice_id, create_date from staging.stg_freshbooks__invoices where invoice_id < '3' order by 1"
    ) == [
        ("1", None),
        ("2", date(2010, 12, 1)),
    ]


def test_the_discount_is_taken_off_the_lines_before_tax(odd: Staged) -> None:
    assert odd.rows(
        "select net, tax, total from canonical.documents where doc_uid = 'freshbooks:invoice:2'"
    ) == [(Decimal("9.00"), Decimal("1.80"), Decimal("10.80"))]


def test_two_taxes_of_a_line_are_added_or_compounded(odd: Staged) -> None:
    assert odd.rows(
        "select tax_rate from canonical.document_lines where doc_uid = 'freshbooks:invoice:4' order by line_no"
    ) == [
        (Decimal("14.9750"),),
        (Decimal("15.5000"),),
    ]


def test_an_m3_date_of_zero_is_no_date(odd: Staged) -> None:
    assert odd.rows("select order_date from staging.stg_m3__orders") == [(None,)]


def test_lmts_is_milliseconds_since_1970(odd: Staged) -> None:
    assert odd.rows("select updated_at, amount from staging.stg_m3__ledger") == [
        (datetime(2010, 12, 2, 9, 0, 0, 123000, tzinfo=UTC), Decimal("-10.50"))
    ]


def test_equal_lines_are_two_lines_and_a_price_keeps_its_decimals(odd: Staged) -> None:
    assert odd.rows(
        "select line_no, sku, unit_price, net from staging.stg_shop__order_lines where order_id = '1' order by 1"
    ) == [
        (1, "85123A", Decimal("2.550000"), Decimal("15.30")),
        (2, "85123A", Decimal("2.550000"), Decimal("15.30")),
        (3, "PADS", Decimal("0.001000"), Decimal("0.00")),
    ]


def test_the_day_of_an_order_is_the_shops_own(odd: Staged) -> None:
    assert odd.rows("select order_date from staging.stg_shop__orders where order_id = '1'") == [
        (date(2010, 12, 1),)
    ]


def test_freight_and_fees_beside_the_items_are_lines_after_them(odd: Staged) -> None:
    assert odd.rows(
        "select line_no, sku, line_class, net from canonical.document_lines where doc_uid = 'shop:order:2' order by 1"
    ) == [
        (1, "71053", "goods", Decimal("5.00")),
        (2, "SHIPPING", "freight", Decimal("4.00")),
        (3, "FEE", "manual", Decimal("2.00")),
    ]
