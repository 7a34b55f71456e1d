"""A difference counts as explained only with a counterpart, an amount, and an age within the policy."""

from datetime import date
from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fbinfor_assets.domain.reconciliation import (
    CAUSES,
    FreeGoodsOrder,
    FreshBooksDocument,
    FreshBooksPayment,
    M3Invoice,
    M3Order,
    M3Receipt,
    Pending,
    ShopDocument,
    check_free_goods,
    reconcile,
    sale_of,
)

DAY = date(2010, 12, 1)
GO_LIVE = date(2010, 1, 1)


def world(**parts):
    given_parts = {
        "shop": [ShopDocument("536365", "sale", DAY, "GBP", D("130.00"), D("26.00"), D("156.00"), 7)],
        "freshbooks": [
            FreshBooksDocument(
                "11", "536365", "invoice", "sent", DAY, "GBP", D("156.00"), D("0.00"), D("156.00")
            )
        ],
        "payments": [],
        "orders": [M3Order("0010000001", "11", False, DAY, "GBP", D("156.00"))],
        "invoices": [M3Invoice("2010/1", "0010000001", DAY, "GBP", D("156.00"), D("26.00"), D("156.00"))],
        "receipts": [],
        "today": DAY,
        "go_live": GO_LIVE,
        "timing_max_days": 5,
    }
    return reconcile(**{**given_parts, **parts})


def test_a_sale_that_stands_alike_in_all_three_has_no_difference():
    result = world()
    assert result.ok
    assert result.explained == []
    assert {total.left - total.right for total in result.totals.values()} == {D("0.00")}


def test_one_cent_is_rounding_with_the_counterpart_named():
    result = world(
        invoices=[M3Invoice("2010/1", "0010000001", DAY, "GBP", D("156.01"), D("26.00"), D("156.01"))]
    )
    assert result.ok
    assert {part.cause for part in result.explained} == {"rounding"}
    assert all(part.counterpart for part in result.explained)


def test_six_cents_on_seven_lines_are_not_rounding():
    result = world(
        invoices=[M3Invoice("2010/1", "0010000001", DAY, "GBP", D("156.06"), D("26.00"), D("156.06"))]
    )
    assert not result.ok
    assert {part.pair for part in result.unexplained} == {"shop-m3", "freshbooks-m3", "freshbooks-m3 open"}


def test_what_is_not_shipped_is_explained_by_its_order_for_five_days_and_then_no_longer():
    draft = [
        FreshBooksDocument(
            "11", "536365", "invoice", "draft", DAY, "GBP", D("156.00"), D("0.00"), D("156.00")
        )
    ]
    fresh = world(freshbooks=draft, invoices=[], today=date(2010, 12, 6))
    assert fresh.ok
    assert [(part.cause, part.counterpart, part.amount) for part in fresh.explained] == [
        ("not delivered yet", "0010000001", D("156.00"))
    ]
    assert not world(freshbooks=draft, invoices=[], today=date(2010, 12, 7)).ok


def test_an_order_that_no_one_took_over_is_unexplained_unless_something_of_ours_holds_it():
    assert not world(freshbooks=[], orders=[], invoices=[]).ok
    held = world(freshbooks=[], orders=[], invoices=[], pending={"536365": Pending("dead letter 7", "held")})
    assert held.ok
    assert {part.counterpart for part in held.explained} == {"dead letter 7"}


def test_two_opposite_mistakes_do_not_cancel_out():
    shop = [
        ShopDocument("1", "sale", DAY, "GBP", D("10.00"), D("0.00"), D("10.00"), 1),
        ShopDocument("2", "sale", DAY, "GBP", D("20.00"), D("0.00"), D("20.00"), 1),
    ]
    swapped = [
        FreshBooksDocument("11", "1", "invoice", "draft", DAY, "GBP", D("20.00"), D("0.00"), D("20.00")),
        FreshBooksDocument("12", "2", "invoice", "draft", DAY, "GBP", D("10.00"), D("0.00"), D("10.00")),
    ]
    result = world(shop=shop, freshbooks=swapped, orders=[], invoices=[])
    assert result.totals[("shop-freshbooks", "GBP")].unexplained == D("20.00")


def test_a_prepayment_is_cash_at_once_and_settled_later():
    draft = [
        FreshBooksDocument(
            "11", "536365", "invoice", "draft", DAY, "GBP", D("156.00"), D("156.00"), D("0.00")
        )
    ]
    paid = [FreshBooksPayment("5", "11", DAY, "GBP", D("156.00"), D("156.00"))]
    on_account = [M3Receipt("5", "on_account", DAY, "GBP", D("156.00"))]
    result = world(freshbooks=draft, invoices=[], payments=paid, receipts=on_account)
    assert result.ok
    assert {part.cause for part in result.explained} == {"not delivered yet", "prepaid"}
    assert result.totals[("freshbooks-m3 cash", "GBP")].explained == D("0.00")


def test_a_payment_that_m3_lacks_is_unexplained():
    result = world(payments=[FreshBooksPayment("5", "11", DAY, "GBP", D("156.00"), D("156.00"))])
    assert {part.pair for part in result.unexplained} == {"freshbooks-m3 cash", "freshbooks-m3 settled"}


def test_a_receipt_that_no_payment_stands_behind_is_unexplained():
    result = world(receipts=[M3Receipt("9", "receipt", DAY, "GBP", D("3.00"))])
    assert [part.document for part in result.unexplained] == ["M3 receipt of payment 9"]


def test_the_same_invoice_number_twice_is_reported_as_a_duplicate():
    one = FreshBooksDocument(
        "11", "536365", "invoice", "sent", DAY, "GBP", D("156.00"), D("0.00"), D("156.00")
    )
    two = FreshBooksDocument(
        "12", "536365", "invoice", "sent", DAY, "GBP", D("156.00"), D("0.00"), D("156.00")
    )
    assert world(freshbooks=[one, two]).duplicates == ["FreshBooks invoice 536365 exists more than once"]


def test_a_sequence_behind_the_number_belongs_to_the_same_sale():
    assert [sale_of(number) for number in ("536365", "536365-2", "536365-13", "SO-1", "A-1")] == [
        "536365",
        "536365",
        "536365",
        "SO-1",
        "A-1",
    ]


money = st.decimals(min_value="0.00", max_value="999.99", places=2)


@given(money, money, money)
def test_what_is_explained_and_what_is_not_add_up_to_the_difference(shop_total, books_total, posted_total):
    result = world(
        shop=[ShopDocument("536365", "sale", DAY, "GBP", shop_total, D("0.00"), shop_total, 7)],
        freshbooks=[
            FreshBooksDocument("11", "536365", "invoice", "sent", DAY, "GBP", books_total, D(0), books_total)
        ],
        orders=[M3Order("0010000001", "11", False, DAY, "GBP", posted_total)],
        invoices=[M3Invoice("2010/1", "0010000001", DAY, "GBP", posted_total, D("26.00"), posted_total)],
    )
    for (pair, _), total in result.totals.items():
        rest = sum((part.amount for part in result.unexplained if part.pair == pair), D(0))
        assert total.left - total.right == total.explained + rest
    assert all(part.cause in CAUSES for part in result.explained)


# ------------------------------------------------------------------------------------------- free goods


def given_away(*orders, today=DAY, go_live=GO_LIVE, pending=None):
    shop = [ShopDocument("536414", "free_goods", DAY, "GBP", D("0.00"), D("0.00"), D("0.00"), 1)]
    return check_free_goods(shop, orders, today=today, go_live=go_live, timing_max_days=5, pending=pending)


def order_of_free_goods(shop_number="536414", total="0.00", delivered=True, number="0010000007"):
    return FreeGoodsOrder(number, shop_number, DAY, "GBP", D(total), delivered)


def test_free_goods_that_m3_delivered_once_for_nothing_are_right():
    found = given_away(order_of_free_goods())
    assert (found.documents, found.delivered, found.waiting, found.problems) == (1, 1, 0, [])


@pytest.mark.parametrize(
    ("orders", "said"),
    [
        ([], "there is no M3 order"),
        ([order_of_free_goods(total="1.20")], "are worth 1.20 GBP in M3 order 0010000007"),
        ([order_of_free_goods(), order_of_free_goods(number="0010000008")], "stand 2 times in M3"),
        ([order_of_free_goods(), order_of_free_goods("536999")], "536999, which is no such document"),
    ],
    ids=["never ordered", "worth something", "delivered twice", "of no such document"],
)
def test_free_goods_that_are_not_delivered_once_for_nothing_are_a_problem(orders, said):
    (problem,) = given_away(*orders).problems
    assert said in problem


def test_free_goods_may_wait_no_longer_than_the_policy_says():
    on_its_way = order_of_free_goods(delivered=False)
    assert given_away(on_its_way, today=date(2010, 12, 6)).waiting == 1
    (problem,) = given_away(on_its_way, today=date(2010, 12, 7)).problems
    assert "M3 order 0010000007 is not delivered" in problem


def test_free_goods_that_our_side_holds_wait_with_a_name():
    found = given_away(pending={"536414": Pending("letter-1", "held")})
    assert (found.waiting, found.problems) == (1, [])


def test_free_goods_before_go_live_are_not_ours_to_deliver():
    assert given_away(go_live=date(2010, 12, 2)).documents == 0


def test_missing_free_goods_make_the_whole_disagree():
    result = world()
    result.free_goods = given_away()
    assert not result.ok and result.to_json()["free_goods"]["problems"]
