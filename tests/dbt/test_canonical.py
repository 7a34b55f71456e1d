"""The documents, lines, payments and parties of the world, as all three systems say them."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest
from conftest import Staged

from fbinfor_assets.domain.classification import Line, classify


def test_each_document_is_known_by_system_kind_and_id(built: Staged) -> None:
    assert built.rows(
        "select system, doc_type, count(*) from canonical.documents group by all order by all"
    ) == [
        ("freshbooks", "credit_note", 2),
        ("freshbooks", "invoice", 5),
        ("m3", "credit_invoice", 1),
        ("m3", "credit_order", 1),
        ("m3", "invoice", 3),
        ("m3", "order", 3),
        ("shop", "order", 13),
    ]


def test_one_sale_says_the_same_in_three_systems(built: Staged) -> None:
    totals = built.rows(
        "select role, net, tax, total from matched.sale_documents inner join canonical.documents using (doc_uid) "
        "where sale_key = '536365' order by role"
    )
    amounts = (Decimal("53.64"), Decimal("10.73"), Decimal("64.37"))
    assert totals == [
        (role, *amounts) for role in ("freshbooks_invoice", "m3_invoice", "m3_order", "shop_order")
    ]


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("536365", "sale"),
        ("C536379", "credit"),
        ("C536999", "cost"),
        ("A563185", "cost"),
        ("536700", "stock_adjustment"),
        ("536710", "free_goods"),
    ],
)
def test_every_shop_document_has_its_class(built: Staged, number: str, expected: str) -> None:
    assert built.rows(
        f"select class from canonical.documents where system = 'shop' and number = '{number}'"
    ) == [(expected,)]


def test_the_class_is_the_one_of_the_rule_in_python(built: Staged) -> None:
    lines: dict[tuple[str, str], list[Line]] = {}
    for number, found, sku, quantity, price in built.rows(
        "select number, class, sku, quantity, unit_price from canonical.documents "
        "inner join canonical.document_lines using (doc_uid) where system = 'shop'"
    ):
        lines.setdefault((number, found), []).append(Line(sku, quantity, price))
    assert len(lines) == 13
    for (number, found), given in lines.items():
        random.Random(number).shuffle(given)
        assert classify(number, given) == found, number


def test_tax_follows_the_country_of_delivery(built: Staged) -> None:
    assert built.rows(
        "select number, ship_country, tax_rate from canonical.documents inner join canonical.document_lines using (doc_uid) "
        "where number in ('536365', '536600', '536611') and system = 'shop' and line_no = 1 order by 1"
    ) == [("536365", "GB", Decimal(20)), ("536600", "FR", Decimal(0)), ("536611", "BE", Decimal(0))]


def test_who_orders_to_two_countries_is_one_party_with_two_deliveries(built: Staged) -> None:
    assert built.rows(
        "select party_uid, country_code, list(ship_country order by number) from canonical.documents "
        "inner join canonical.parties using (party_uid) where party_uid = 'shop:12431' group by all"
    ) == [("shop:12431", "AU", ["AU", "BE"])]


def test_guests_of_a_country_are_one_party_without_an_identity(built: Staged) -> None:
    assert built.rows(
        "select party_uid, country_code, email, postcode from canonical.parties where is_walk_in order by 1"
    ) == [
        ("shop:WALKIN-FR", "FR", None, None),
        ("shop:WALKIN-GB", "GB", None, None),
        ("shop:WALKIN-XX", "XX", None, None),
    ]


def test_what_is_open_on_an_m3_invoice_comes_from_the_ledger(built: Staged) -> None:
    assert built.rows(
        "select source_id, paid, outstanding, reco, state from canonical.documents where doc_type = 'invoice' and system = 'm3' "
        "order by 1"
    ) == [
        ("2010/10000001", Decimal("64.37"), Decimal("0.00"), "9", "paid"),
        ("2010/10000002", Decimal("0.00"), Decimal("12.00"), "0", "sent"),
        ("2010/10000003", Decimal("14.00"), Decimal("10.00"), "0", "partial"),
    ]


def test_a_half_delivered_order_is_partly_invoiced(built: Staged) -> None:
    assert built.rows("select state from canonical.documents where doc_uid = 'm3:order:5000002'") == [
        ("partly_invoiced",)
    ]
    assert built.rows(
        "select line_no, line_state, quantity, quantity_invoiced from canonical.document_lines where doc_uid = 'm3:order:5000002' "
        "order by 1"
    ) == [(1, "invoiced", Decimal(10), Decimal(10)), (2, "open", Decimal(4), Decimal(0))]


def test_a_prepayment_is_received_once_and_allocated_without_cash(built: Staged) -> None:
    assert built.rows(
        "select system, kind, is_allocation, sum(amount) from canonical.payments where our_ref like '%7002' group by all order by all"
    ) == [
        ("freshbooks", "receipt", False, Decimal("24.00")),
        ("m3", "allocation", True, Decimal("14.00")),
        ("m3", "on_account", False, Decimal("24.00")),
        ("m3", "on_account_used", True, Decimal("-14.00")),
    ]


def test_credits_keep_the_sign_of_their_system(built: Staged) -> None:
    assert built.rows(
        "select role, total from matched.sale_documents inner join canonical.documents using (doc_uid) "
        "where sale_key = 'C536379' order by role"
    ) == [
        ("freshbooks_credit_note", Decimal("8.14")),
        ("m3_invoice", Decimal("-8.14")),
        ("m3_order", Decimal("-8.14")),
        ("shop_order", Decimal("-8.14")),
    ]


def test_line_classes_come_from_the_rules(built: Staged) -> None:
    assert built.rows(
        "select distinct upper(sku), line_class from canonical.document_lines where doc_uid like 'shop:%' order by 1"
    ) == [
        ("71053", "goods"),
        ("85123A", "goods"),
        ("AMAZONFEE", "cost"),
        ("B", "cost"),
        ("D", "discount"),
        ("GIFT_0001_20", "voucher"),
        ("NEW-CODE", "unknown"),
        ("POST", "freight"),
    ]
