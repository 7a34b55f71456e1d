"""What the reports say of sales that agree, and of each way in which they do not. The company's day is 20 December 2010."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
import report_rows as r
import vendor_rows as v
from conftest import Staged

HARTLEY, ASHWORTH, OKAFOR = 17850, 17851, 17852
OWED = Decimal("0.00")


def rows() -> list[r.Row]:
    """One sale for each thing that a test is about; the number says which."""
    return [
        *r.customer(HARTLEY, "Hartley Gifts Ltd"),
        *r.customer(ASHWORTH, "Ashworth and Sons"),
        *r.customer(OKAFOR, "Okafor Crafts"),
        *r.item(),
        # agrees: invoiced on the 2nd, paid on the 20th
        *r.sale("600001", "120.00", HARTLEY, "2010-12-02", "10000001")[:1],
        r.freshbooks("600001", "120.00", HARTLEY, "2010-12-02", paid="120.00", state="paid"),
        *r.sale("600001", "120.00", HARTLEY, "2010-12-02", "10000001")[2:],
        r.freshbooks_payment(7001, "600001", "120.00", HARTLEY, "2010-12-20"),
        r.m3_receipt(7001, "120.00", HARTLEY, "2010-12-20", "10000001"),
        # not delivered for two days, and for twelve
        *not_delivered("600002", "60.00", "2010-12-18"),
        *not_delivered("600003", "36.00", "2010-12-08"),
        # M3's document is two cents less
        r.shop("600004", "100.02", HARTLEY, "2010-12-02"),
        r.freshbooks("600004", "100.02", HARTLEY, "2010-12-02"),
        r.m3_order("600004", "100.00", HARTLEY, "2010-12-02"),
        *r.m3_invoice("600004", "100.00", HARTLEY, "2010-12-02", "10000002"),
        # invoiced in M3 two days ago, in FreshBooks still a draft
        r.shop("600005", "72.00", ASHWORTH, "2010-12-17"),
        r.freshbooks("600005", "72.00", ASHWORTH, "2010-12-17", state="draft"),
        r.m3_order("600005", "72.00", ASHWORTH, "2010-12-17"),
        *r.m3_invoice("600005", "72.00", ASHWORTH, "2010-12-18", "10000003"),
        # paid ahead
        r.shop("600006", "24.00", ASHWORTH, "2010-12-19"),
        r.freshbooks("600006", "24.00", ASHWORTH, "2010-12-19", paid="24.00", state="draft"),
        r.m3_order("600006", "24.00", ASHWORTH, "2010-12-19", invoiced=False),
        r.freshbooks_payment(7006, "600006", "24.00", ASHWORTH, "2010-12-19"),
        r.m3_receipt(7006, "24.00", ASHWORTH, "2010-12-19", "P7006", ESPYTP="OA"),
        # paid in FreshBooks, no receipt in M3: since yesterday, and since fifteen days
        *paid_in_freshbooks("600007", "48.00", "2010-12-19", "10000004", 7007),
        *paid_in_freshbooks("600008", "84.00", "2010-12-05", "10000005", 7008),
        # made by hand in M3
        *r.m3_invoice("-", "50.00", OKAFOR, "2010-12-03", "10000006", order="HAND1"),
        # before the day from which we write
        r.freshbooks("2010-17", "66.00", OKAFOR, "2010-11-15", id=9017),
        # credited
        *credited("600011", "12.00", "2010-12-09", "10000007"),
        # no documents
        *free_goods("600012", "10000010"),
        ("shop", "orders", "2600013", v.shop_order("C600013", [("AMAZONFEE", -1, "500.00")])),
        # a code that nobody has a rule for
        r.shop("600014", "30.00", HARTLEY, "2010-12-19", sku="NEW-CODE"),
        r.freshbooks("600014", "30.00", HARTLEY, "2010-12-19", sku="NEW-CODE", state="draft"),
        # FreshBooks has it in euros
        *r.sale("600015", "42.00", HARTLEY, "2010-12-02", "10000008")[:1],
        *in_euros("600015", "42.00", "2010-12-02"),
        *r.sale("600015", "42.00", HARTLEY, "2010-12-02", "10000008")[2:],
        # paid 15.00 on an invoice of 10.20
        *overpaid("600016", "10.20", "4.80", "2010-12-10", "10000009", 7016),
        # deleted in FreshBooks, nothing else happened
        r.shop("600017", "18.00", HARTLEY, "2010-12-19"),
        r.freshbooks("600017", "18.00", HARTLEY, "2010-12-19", state="draft", vis_state=1),
    ]


def free_goods(number: str, invoice: str) -> list[r.Row]:
    """Delivered by an M3 order that names the shop's, and invoiced at nothing."""
    line = v.m3_order_line(1, r.ITEM, "3", "0", delivered="3", invoiced="3", status="77")
    return [
        ("shop", "orders", f"1{number}", v.shop_order(number, [(r.ITEM, 3, "0.00")], customer=HARTLEY)),
        (
            "m3",
            "orders",
            f"5{number}",
            v.m3_order(f"5{number}", r.cuno(HARTLEY), f"SHOP-{number}", [line], "0"),
        ),
        *r.m3_invoice(number, "0.00", HARTLEY, "2010-12-02", invoice),
    ]


def not_delivered(number: str, total: str, day: str) -> list[r.Row]:
    return [
        r.shop(number, total, HARTLEY, day),
        r.freshbooks(number, total, HARTLEY, day, state="draft"),
        r.m3_order(number, total, HARTLEY, day, invoiced=False),
    ]


def paid_in_freshbooks(number: str, total: str, day: str, invoice: str, payment: int) -> list[r.Row]:
    sold = r.sale(number, total, ASHWORTH, "2010-12-02", invoice)
    sold[1] = r.freshbooks(number, total, ASHWORTH, "2010-12-02", paid=total, state="paid")
    return [*sold, r.freshbooks_payment(payment, number, total, ASHWORTH, day)]


def credited(number: str, total: str, day: str, invoice: str) -> list[r.Row]:
    order = v.shop_order(f"C{number}", [(r.ITEM, -1, "10.00")], customer=HARTLEY, day=day)
    line = v.m3_order_line(1, r.ITEM, "-1", "10.00", delivered="-1", invoiced="-1", status="77")
    note = v.credit_note(
        301, f"C{number}", HARTLEY - 10000, [v.fb_line(1, r.ITEM, "1", "10.00")], total, create_date=day
    )
    return [
        ("shop", "orders", str(order["id"]), order),
        ("freshbooks", "credit_notes", "301", note),
        (
            "m3",
            "orders",
            "5000301",
            v.m3_order(
                "5000301",
                r.cuno(HARTLEY),
                f"FBC-{v.ACCOUNT}-301",
                [line],
                "-2.00",
                kind="F02",
                day="20101209",
            ),
        ),
        (
            "m3",
            "invoices",
            f"AAA/2010/{invoice}",
            v.m3_invoice(
                invoice, "5000301", r.cuno(HARTLEY), [(1, r.ITEM, "-1", "10.00")], "-2.00", day="20101209"
            ),
        ),
        (
            "m3",
            "ledger",
            f"AAA/2010/1{invoice}/1",
            v.m3_ledger(f"1{invoice}", r.cuno(HARTLEY), invoice, "10", f"-{total}", day="20101209"),
        ),
    ]


def in_euros(number: str, total: str, day: str) -> list[r.Row]:
    system, entity, key, invoice = r.freshbooks(number, total, HARTLEY, day)
    for field in ("amount", "paid", "outstanding", "discount_total"):
        invoice[field] = invoice[field] | {"code": "EUR"}
    return [(system, entity, key, invoice | {"currency_code": "EUR"})]


def overpaid(number: str, total: str, excess: str, day: str, invoice: str, payment: int) -> list[r.Row]:
    """FreshBooks splits the excess off as a credit note; M3 puts it on account."""
    sold = r.sale(number, total, ASHWORTH, "2010-12-02", invoice)
    sold[1] = r.freshbooks(number, total, ASHWORTH, "2010-12-02", paid=total, state="paid")
    note = v.credit_note(
        316,
        "0000316",
        ASHWORTH - 10000,
        [v.fb_line(1, "", "1", excess, None)],
        excess,
        credit_type="overpayment",
    )
    on_account = v.m3_ledger(
        f"3{payment}",
        r.cuno(ASHWORTH),
        f"P{payment}",
        "30",
        f"-{excess}",
        day=day.replace("-", ""),
        ESPYTP="OA",
        ESCKNO=f"FBP{payment}",
    )
    return [
        *sold,
        ("freshbooks", "credit_notes", "316", note),
        r.freshbooks_payment(payment, number, total, ASHWORTH, day, overpaymentid=316),
        r.m3_receipt(payment, total, ASHWORTH, day, invoice),
        ("m3", "ledger", f"AAA/2010/3{payment}/1", on_account),
    ]


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory, runner_work: Path) -> Staged:
    return r.reported(Staged(tmp_path_factory.mktemp("reconciled"), runner_work), rows())


def document(books: Staged, sale_key: str) -> dict:
    return r.one(books, "reconciliation_documents", f"sale_key = '{sale_key}'")


def pair(books: Staged, sale_key: str, name: str) -> dict:
    return r.one(books, "reconciliation_pairs", f"sale_key = '{sale_key}' and pair = '{name}'")


# ----------------------------------------------------------------------------------------- one document


def test_a_sale_that_is_the_same_everywhere_agrees(books: Staged) -> None:
    row = document(books, "600001")
    assert (row["status"], row["cause"], row["unexplained"]) == ("agrees", None, OWED)
    assert (row["difference"], row["cash_difference"], row["open_difference"]) == (OWED, OWED, OWED)
    assert (row["party_name"], row["m3_invoice_numbers"], row["payment_ids"]) == (
        "Hartley Gifts Ltd",
        "10000001",
        "7001",
    )


def test_what_m3_did_not_deliver_is_explained_by_its_order_for_five_days(books: Staged) -> None:
    row = document(books, "600002")
    assert (row["status"], row["cause"], row["counterpart"]) == (
        "not delivered yet",
        "not delivered yet",
        "5600002",
    )
    assert (row["age_days"], row["max_age_days"], row["owner"]) == (2, 5, "warehouse")
    assert pair(books, "600002", "shop-m3")["explained"] == Decimal("60.00")
    assert (row["difference"], row["unexplained"]) == (OWED, OWED)  # a draft is not sent


def test_after_five_days_nothing_explains_it_any_more(books: Staged) -> None:
    row = document(books, "600003")
    assert (row["status"], row["cause"], row["unexplained"]) == (
        "unexplained",
        "not delivered yet",
        Decimal("36.00"),
    )
    assert row["note"] == "not delivered yet since 2010-12-08, 12 days: longer than 5"


def test_two_cents_on_a_document_of_one_line_are_rounding(books: Staged) -> None:
    row = document(books, "600004")
    assert (row["status"], row["difference"], row["unexplained"]) == ("rounding", Decimal("0.02"), OWED)


def test_an_m3_invoice_that_freshbooks_has_not_sent_is_in_transit(books: Staged) -> None:
    row = document(books, "600005")
    assert (row["status"], row["difference"], row["open_difference"]) == (
        "in transit",
        Decimal("-72.00"),
        Decimal("-72.00"),
    )
    assert (row["age_days"], row["unexplained"]) == (2, OWED)


def test_money_paid_ahead_is_prepaid_and_its_cash_agrees(books: Staged) -> None:
    row = document(books, "600006")
    assert (row["freshbooks_received"], row["m3_received"], row["m3_on_account"]) == (Decimal("24.00"),) * 3
    settled = pair(books, "600006", "freshbooks-m3 settled")
    assert (settled["cause"], settled["counterpart"], settled["explained"]) == (
        "prepaid",
        "P7006",
        Decimal("24.00"),
    )
    assert row["unexplained"] == OWED


def test_a_payment_is_in_transit_while_it_is_young_and_unexplained_when_it_is_old(books: Staged) -> None:
    young, old = (pair(books, number, "freshbooks-m3 cash") for number in ("600007", "600008"))
    assert (young["cause"], young["explained"], young["unexplained"]) == (
        "in transit",
        Decimal("48.00"),
        OWED,
    )
    assert (old["cause"], old["age_days"], old["unexplained"]) == ("in transit", 15, Decimal("84.00"))
    assert pair(books, "600007", "freshbooks-m3 open")["explained"] == Decimal("-48.00")


def test_an_m3_invoice_made_by_hand_is_seen_and_named(books: Staged) -> None:
    row = document(books, "M3-2010/10000006")
    assert (row["status"], row["difference"], row["counterpart"], row["party_name"]) == (
        "made by hand",
        Decimal("-50.00"),
        "10000006",
        "Okafor Crafts",
    )


def test_what_is_older_than_go_live_says_so(books: Staged) -> None:
    row = document(books, "FB-9017")
    assert (row["status"], row["difference"], row["unexplained"]) == (
        "before go-live",
        Decimal("66.00"),
        OWED,
    )


def test_a_credit_is_negative_on_every_side(books: Staged) -> None:
    row = document(books, "C600011")
    assert (row["status"], row["shop_total"], row["freshbooks_sent"], row["m3_invoiced"], row["m3_open"]) == (
        "agrees",
        *(Decimal("-12.00"),) * 4,
    )


def test_free_goods_and_costs_are_no_documents_and_no_differences(books: Staged) -> None:
    for key in ("600012", "C600013"):
        assert document(books, key)["status"] == "not a document"
        assert r.table(books, "reconciliation_pairs", f"sale_key = '{key}'") == []


def test_what_is_held_names_what_holds_it(books: Staged) -> None:
    row = document(books, "600014")
    assert (row["status"], row["cause"]) == ("held", "held")
    assert "NEW-CODE" in row["note"]


def test_amounts_of_two_currencies_are_two_rows(books: Staged) -> None:
    found = r.table(books, "reconciliation_documents", "sale_key = '600015'")
    assert {(row["comparison_key"], row["currency"], row["difference"]) for row in found} == {
        ("600015", "GBP", Decimal("-42.00")),
        ("600015 EUR", "EUR", Decimal("42.00")),
    }


def test_the_excess_of_a_payment_is_received_on_both_sides(books: Staged) -> None:
    row = document(books, "600016")
    assert (row["freshbooks_received"], row["m3_received"], row["status"]) == (
        Decimal("15.00"),
        Decimal("15.00"),
        "agrees",
    )
    assert row["m3_on_account"] == Decimal("4.80")


def test_a_deleted_document_counts_nowhere(books: Staged) -> None:
    row = document(books, "600017")
    assert (row["freshbooks_total"], row["freshbooks_numbers"]) == (OWED, None)
    assert row["status"] != "agrees"


# ------------------------------------------------------------------------------- parties, periods, the whole


def test_parties_and_currencies_are_the_sums_of_their_documents(books: Staged) -> None:
    with books.open() as con:
        assert (
            con.execute(
                """
            select party_key, currency, sum(difference), sum(open_difference), sum(unexplained),
                count(*) filter (where status not in ('agrees', 'not a document'))
            from reports.reconciliation_documents where status <> 'not a document' group by all
            except
            select party_key, currency, difference, open_difference, unexplained, disagreeing
            from reports.reconciliation_parties
            """
            ).fetchall()
            == []
        )
        by_pair = con.execute(
            "select pair, currency, sum(difference), sum(explained), sum(unexplained) "
            "from reports.reconciliation_pairs group by all order by all"
        ).fetchall()
    found = r.table(books, "reconciliation_currencies")
    columns = ("pair", "currency", "difference", "explained", "unexplained")
    assert by_pair == sorted(tuple(row[column] for column in columns) for row in found)


def test_each_difference_is_explained_up_to_what_is_left_unexplained(books: Staged) -> None:
    rows = r.table(books, "reconciliation_pairs")
    assert {abs(row["difference"] - row["explained"]) - row["unexplained"] for row in rows} == {OWED}
    assert all(row["cause"] is None and row["unexplained"] == 0 for row in rows if row["difference"] == 0)


def test_a_mistake_that_shows_in_several_pairs_is_one_amount(books: Staged) -> None:
    """84.00 paid in FreshBooks and not in M3 is 84.00 of cash, 84.00 not settled and 84.00 still open."""
    pairs = r.table(books, "reconciliation_pairs", "sale_key = '600008' and unexplained > 0")
    assert [row["unexplained"] for row in pairs] == [Decimal("84.00")] * 3
    assert document(books, "600008")["unexplained"] == Decimal("84.00")


def test_a_month_counts_all_that_is_posted_also_what_was_made_by_hand(books: Staged) -> None:
    with books.open() as con:
        (invoiced, received) = con.execute(
            "select sum(amount) filter (where transaction_code = '10' and amount > 0), "
            "-sum(amount) filter (where transaction_code <> '10') from staging.stg_m3__ledger"
        ).fetchall()[0]
    december = r.one(books, "reconciliation_periods", "period = '2010-12-01' and currency = 'GBP'")
    assert (december["m3_invoiced"], december["m3_received"], december["credited"]) == (
        invoiced,
        received,
        Decimal("12.00"),
    )
    november = r.one(books, "reconciliation_periods", "period = '2010-11-01'")
    assert (november["freshbooks_invoiced"], november["m3_invoiced"]) == (Decimal("66.00"), OWED)


# ---------------------------------------------------------------------------------------------- ageing


def test_what_is_owed_is_what_m3s_ledger_says(books: Staged) -> None:
    with books.open() as con:
        owed = dict(
            con.execute(
                "select party_name, sum(amount) from staging.stg_m3__ledger "
                "join reports.party_names on m3_cuno = payer_number group by 1"
            ).fetchall()
        )
    found = r.table(books, "receivables_ageing", "currency = 'GBP'")
    assert {row["party_name"]: row["total_open"] for row in found} == owed
    for row in found:
        buckets = ("not_due", "days_1_30", "days_31_60", "days_61_90", "over_90", "on_account")
        assert sum(row[bucket] for bucket in buckets) == row["total_open"]


def test_days_overdue_count_to_the_companys_day(books: Staged) -> None:
    row = r.one(books, "receivables_ageing", "party_name = 'Okafor Crafts'")
    assert str(row["as_of"]) == "2010-12-20"
    assert (row["days_1_30"], str(row["oldest_due_date"])) == (Decimal("50.00"), "2010-12-03")


def test_money_on_account_and_open_credits_lower_what_is_owed(books: Staged) -> None:
    hartley = r.one(books, "receivables_ageing", "party_name = 'Hartley Gifts Ltd' and currency = 'GBP'")
    assert (hartley["on_account"], hartley["open_credits"]) == (Decimal("-12.00"), Decimal("-12.00"))
    ashworth = r.one(books, "receivables_ageing", "party_name = 'Ashworth and Sons'")
    assert (ashworth["on_account"], ashworth["open_credits"]) == (Decimal("-28.80"), OWED)


def test_freshbooks_ties_out_with_drafts_paid_ahead_and_excess_not_used(books: Staged) -> None:
    """72.00 stands in M3 and is a draft in FreshBooks; 48.00 and 84.00 were paid in FreshBooks and not yet in M3."""
    row = r.one(books, "receivables_ageing", "party_name = 'Ashworth and Sons'")
    assert row["difference"] == Decimal("72.00") + Decimal("48.00") + Decimal("84.00")
