"""Every class of the shop's net is accounted for, part by part, to its last decimal; what is not is unexplained."""

from dataclasses import replace
from datetime import date
from decimal import Decimal as D

import pytest

from fbinfor_assets.domain.reconciliation import (
    FreshBooksDocument,
    M3Invoice,
    M3Order,
    Pending,
    ShopDocument,
    ShopLines,
)
from fbinfor_assets.domain.tie_out import class_of_code, exact_text, tie_out

DAY = date(2010, 12, 1)
GOODS, FREIGHT = ShopLines(6, D("120.000")), ShopLines(1, D("10.000"))
SHOP = ShopDocument(
    "536365",
    "sale",
    DAY,
    "GBP",
    D("130.00"),
    D("26.00"),
    D("156.00"),
    7,
    {"goods": GOODS, "freight": FREIGHT},
)
BY_CLASS = {"goods": D("120.00"), "freight": D("10.00")}
INVOICE = FreshBooksDocument(
    "11", "536365", "invoice", "sent", DAY, "GBP", D("156.00"), D("0.00"), D("156.00"), BY_CLASS
)
ORDER = M3Order("0010000001", "11", False, DAY, "GBP", D("156.00"))
POSTED = M3Invoice(
    "2010/1", "0010000001", DAY, "GBP", D("156.00"), D("26.00"), D("156.00"), by_class=BY_CLASS
)


def tied(**parts):
    given = {
        "shop": [SHOP],
        "freshbooks": [INVOICE],
        "orders": [ORDER],
        "invoices": [POSTED],
        "go_live": date(2010, 1, 1),
    }
    return tie_out(**{**given, **parts})


def rows(result):
    return {(row.document_class, row.line_class): row for row in result.rows()}


def identity_holds(result):
    return all(
        row.shop_net
        == row.m3_net + row.rounding + row.not_delivered + row.held + row.not_posted + row.by_hand
        for row in [*result.rows(), *result.totals.values()]
    )


def test_a_sale_that_stands_alike_everywhere_leaves_nothing():
    result = tied()
    assert result.ok
    assert identity_holds(result)
    freight = rows(result)[("sale", "freight")]
    assert (freight.documents, freight.lines) == (1, 1)
    assert (freight.shop_net, freight.freshbooks_net, freight.m3_net) == (D("10.000"), D("10.00"), D("10.00"))
    assert result.totals["GBP"].documents == 1
    assert result.totals["GBP"].lines == 7


def test_a_thousandth_of_a_pound_is_rounding_and_is_itemised():
    exact = replace(SHOP, by_class={"goods": ShopLines(6, D("120.001")), "freight": FREIGHT})
    result = tied(shop=[exact])
    assert result.ok
    assert identity_holds(result)
    assert [(part.document, part.line_class, part.amount) for part in result.rounding] == [
        ("536365", "goods", D("0.001"))
    ]
    assert result.totals["GBP"].rounding == D("0.001")


def test_more_than_the_tolerance_is_unexplained_and_summed_without_its_sign():
    swapped = replace(POSTED, by_class={"goods": D("110.00"), "freight": D("20.00")})
    result = tied(invoices=[swapped])
    assert not result.ok
    # The document's total is right; the classes are not, on both sides.
    assert {(part.pair, part.line_class, part.amount) for part in result.unexplained} == {
        ("shop-m3", "goods", D("10.000")),
        ("shop-m3", "freight", D("-10.000")),
        ("freshbooks-m3", "goods", D("10.00")),
        ("freshbooks-m3", "freight", D("-10.00")),
    }
    assert result.totals["GBP"].unexplained == D("40.00")


def test_what_m3_still_has_to_deliver_is_not_delivered():
    draft = replace(INVOICE, state="draft")
    result = tied(freshbooks=[draft], orders=[replace(ORDER, open_by_class=BY_CLASS)], invoices=[])
    assert result.ok
    assert identity_holds(result)
    goods = rows(result)[("sale", "goods")]
    assert (goods.not_delivered, goods.m3_net, goods.freshbooks_net) == (D("120.00"), D("0.00"), D("0.00"))


def test_what_m3_invoiced_and_freshbooks_does_not_show_yet_is_in_transit():
    result = tied(freshbooks=[replace(INVOICE, state="draft")])
    assert result.ok
    assert result.totals["GBP"].in_transit == D("130.00")


def test_an_order_that_is_nowhere_is_unexplained_unless_something_of_ours_holds_it():
    nowhere = {"freshbooks": [], "orders": [], "invoices": []}
    assert not tied(**nowhere).ok
    held = tied(**nowhere, pending={"536365": Pending("dead letter 7", "held")})
    assert held.ok
    assert held.totals["GBP"].held == D("130.000")
    assert tied(**nowhere, go_live=date(2011, 1, 1)).totals["GBP"].held == D("130.000")


def test_a_cost_is_not_posted_and_says_so():
    fee = ShopDocument(
        "C1", "cost", DAY, "GBP", D("-50.00"), D("-10.00"), D("-60.00"), 1,
        {"cost AMAZONFEE": ShopLines(1, D("-50.000"))},
    )  # fmt: skip
    result = tied(shop=[SHOP, fee])
    assert result.ok
    assert identity_holds(result)
    row = rows(result)[("cost", "cost AMAZONFEE")].to_json()
    assert (row["not_posted"], row["m3_net"]) == ("-50.000", "0.000")
    assert "never invoiced" in row["fate"]


def test_a_cost_that_was_invoiced_all_the_same_is_unexplained():
    result = tied(shop=[replace(SHOP, document_class="cost")])
    assert {part.pair for part in result.unexplained} == {"shop-m3"}


def test_a_document_made_by_hand_has_its_own_row():
    result = tied(shop=[])
    assert result.ok
    assert identity_holds(result)
    assert rows(result)[("by_hand", "goods")].by_hand == D("-120.00")


def test_credits_are_negative_in_all_three():
    credit = replace(
        SHOP, number="C536379", document_class="credit", by_class={"goods": ShopLines(1, D("-20.000"))}
    )
    note = replace(INVOICE, number="C536379", kind="credit_note", by_class={"goods": D("20.00")})
    posted = replace(POSTED, by_class={"goods": D("-20.00")})
    result = tied(shop=[credit], freshbooks=[note], orders=[replace(ORDER, credit=True)], invoices=[posted])
    assert result.ok
    row = rows(result)[("credit", "goods")]
    assert (row.shop_net, row.freshbooks_net, row.m3_net) == (D("-20.000"), D("-20.00"), D("-20.00"))


def test_two_currencies_are_never_added():
    euros = replace(SHOP, number="7", currency="EUR")
    result = tied(shop=[SHOP, euros], pending={"7": Pending("intent 1", "in transit")})
    assert {currency: total.shop_net for currency, total in result.totals.items()} == {
        "GBP": D("130.000"),
        "EUR": D("130.000"),
    }
    with pytest.raises(ValueError, match="cannot add"):
        result.totals["GBP"].add(result.totals["EUR"])


@pytest.mark.parametrize(
    ("code", "line_class"),
    [
        ("85123a", "goods"), ("DCGS0076", "goods"), ("PADS", "goods"), ("DOT", "freight"), ("FREIGHT", "freight"),
        ("m", "manual"), ("D", "discount"), ("gift_0001_20", "voucher"), ("AMAZONFEE", "cost AMAZONFEE"),
        ("B", "cost B"), ("", "unknown"), ("DOTS", "unknown"),
    ],
)  # fmt: skip
def test_a_code_has_one_class(code, line_class):
    assert class_of_code(code) == line_class


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("0", "0.000"),
        ("1.5", "1.500"),
        ("0.0004", "0.0004"),
        ("-247691.629", "-247691.629"),
        ("1E+2", "100.000"),
    ],
)
def test_amounts_are_written_in_full(amount, text):
    assert exact_text(D(amount)) == text
