"""What the anomaly rules find and, as much, what they leave alone. The company's day is 20 December 2010.

Planted are fifteen kinds of mistakes among ordinary sales, and beside most of them its hard negative: something that
looks alike and is right. A finding that no test expects fails the last test.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import count
from pathlib import Path

import pytest
import report_rows as r
import vendor_rows as v
from conftest import Staged

REGULAR, STEADY, LARGE, OTHER, NEW = 17850, 17851, 17852, 17853, 17854
GUEST = 0
NAMES = {
    REGULAR: "Hartley Gifts Ltd",
    STEADY: "Ashworth and Sons",
    LARGE: "Castellan Trading",
    OTHER: "Okafor Crafts",
    NEW: "Montague Interiors",
}


class Planted:
    """Rows of the world; `invoice()` gives M3's next number, so that only what is planted leaves a gap."""

    def __init__(self) -> None:
        self._numbers = (str(number) for number in count(10000001))
        self.rows: list[r.Row] = [*r.item()]
        for number, name in NAMES.items():
            self.rows += r.customer(number, name)

    def invoice(self) -> str:
        return next(self._numbers)

    def sale(self, number: str, total: str, who: int, day: str, **fields: str) -> str:
        invoice = self.invoice()
        self.rows += r.sale(number, total, who, day, invoice, **fields)
        return invoice

    def credit(self, number: str, total: str, who: int, day: str) -> None:
        order = v.shop_order(f"C{number}", [(r.ITEM, -1, str(r._net(total)))], customer=who, day=day)
        self.rows.append(("shop", "orders", str(order["id"]), order))


def world() -> list[r.Row]:
    made = Planted()
    # Habits: small orders, orders that are always alike, large orders.
    for nth, total in enumerate(
        ("180.00", "192.00", "204.00", "210.00", "222.00", "234.00", "246.00", "258.00", "264.00")
    ):
        made.sale(f"60010{nth}", total, REGULAR, f"2010-12-0{nth + 1}")
    for nth, total in enumerate(
        ("300.00", "306.00", "312.00", "318.00", "324.00", "330.00", "336.00", "342.00", "348.00")
    ):
        made.sale(f"60011{nth}", total, STEADY, f"2010-12-0{nth + 1}")
    for nth, total in enumerate(
        (
            "2400.00",
            "3000.00",
            "3600.00",
            "4200.00",
            "4800.00",
            "5400.00",
            "6000.00",
            "6600.00",
            "7200.00",
        )
    ):
        made.sale(f"60012{nth}", total, LARGE, f"2010-12-0{nth + 1}")
    _duplicates(made)
    _payments(made)
    _amounts(made)
    _sequences(made)
    return made.rows


def _duplicates(made: Planted) -> None:
    # The same lines under two numbers, on one day and on the day after the next.
    made.sale("600201", "120.00", OTHER, "2010-12-06")
    made.sale("600202", "120.00", OTHER, "2010-12-06")
    made.sale("600203", "126.00", OTHER, "2010-12-06")
    made.sale("600204", "126.00", OTHER, "2010-12-08")
    # Keyed in again by hand, in FreshBooks with another number and in M3 without a reference.
    made.sale("600205", "132.00", OTHER, "2010-12-07")
    made.rows.append(r.freshbooks("INV-88", "132.00", OTHER, "2010-12-07", id=9088))
    made.sale("600206", "138.00", OTHER, "2010-12-07")
    made.rows += r.m3_invoice("-", "138.00", OTHER, "2010-12-07", made.invoice(), order="HAND2")
    # Two FreshBooks invoices under one number, of one amount and of two.
    made.sale("600207", "144.00", OTHER, "2010-12-09")
    made.rows.append(r.freshbooks("600207", "144.00", OTHER, "2010-12-15", id=9207))
    made.sale("600208", "150.00", OTHER, "2010-12-09")
    made.rows.append(r.freshbooks("600208", "15.00", OTHER, "2010-12-15", id=9208))
    # Right: a standing order, one article again after a week, credited and billed again, two guests, two parts of an order.
    for nth, day in enumerate(("2010-12-02", "2010-12-09", "2010-12-16")):
        made.sale(f"60021{nth}", "156.00", OTHER, day)
    made.sale("600213", "162.00", OTHER, "2010-12-02")
    made.sale("600214", "162.00", OTHER, "2010-12-09")
    made.sale("600215", "168.00", OTHER, "2010-12-10")
    made.credit("600216", "168.00", OTHER, "2010-12-10")
    made.sale("600217", "168.00", OTHER, "2010-12-11")
    for number in ("600218", "600219"):
        order = v.shop_order(number, [(r.ITEM, 1, "2.50")], day="2010-12-09")
        made.rows.append(("shop", "orders", str(order["id"]), order))
    made.rows.append(r.shop("600220", "24.00", OTHER, "2010-12-19", quantity=2))
    made.rows.append(r.freshbooks("600220", "12.00", OTHER, "2010-12-19", state="draft"))
    made.rows.append(r.freshbooks("600220-2", "12.00", OTHER, "2010-12-19", id=9220, state="draft"))


def _payments(made: Planted) -> None:
    def paid(number: str, total: str, payment: int, day: str) -> str:
        invoice = made.invoice()
        sold = r.sale(number, total, OTHER, "2010-12-02", invoice)
        sold[1] = r.freshbooks(number, total, OTHER, "2010-12-02", paid=total, state="paid")
        made.rows += [*sold, r.freshbooks_payment(payment, number, total, OTHER, day)]
        return invoice

    # M3 does not have it after ten days; or has less of it; or has it only since yesterday (right).
    paid("600301", "61.20", 7301, "2010-12-10")
    invoice = paid("600302", "62.40", 7302, "2010-12-10")
    made.rows.append(r.m3_receipt(7302, "60.00", OTHER, "2010-12-10", invoice))
    paid("600303", "63.60", 7303, "2010-12-18")
    # A receipt in M3 that FreshBooks does not know.
    invoice = made.sale("600304", "64.80", OTHER, "2010-12-02")
    made.rows.append(r.m3_receipt("BANK17", "64.80", OTHER, "2010-12-09", invoice))
    # On account in M3 without any payment behind it; and paid ahead ten days ago for goods to come (right).
    made.rows.append(r.m3_receipt("BANK18", "66.00", OTHER, "2010-12-04", "UNKNOWN1", ESPYTP="OA"))
    made.rows += [
        r.shop("600306", "67.20", OTHER, "2010-12-10"),
        r.freshbooks("600306", "67.20", OTHER, "2010-12-10", paid="67.20", state="draft"),
        r.m3_order("600306", "67.20", OTHER, "2010-12-10", invoiced=False),
        r.freshbooks_payment(7306, "600306", "67.20", OTHER, "2010-12-10"),
        r.m3_receipt(7306, "67.20", OTHER, "2010-12-10", "P7306", ESPYTP="OA"),
    ]
    # Paid too much and left.
    invoice = made.invoice()
    sold = r.sale("600307", "68.40", OTHER, "2010-12-02", invoice)
    sold[1] = r.freshbooks("600307", "68.40", OTHER, "2010-12-02", paid="68.40", state="paid")
    excess = v.credit_note(
        317,
        "0000317",
        OTHER - 10000,
        [v.fb_line(1, "", "1", "31.60", None)],
        "31.60",
        credit_type="overpayment",
    )
    on_account = r.m3_receipt(7307, "31.60", OTHER, "2010-12-08", "P7307", ESPYTP="OA")
    made.rows += [
        *sold,
        ("freshbooks", "credit_notes", "317", excess),
        r.freshbooks_payment(7307, "600307", "68.40", OTHER, "2010-12-08", overpaymentid=317),
        r.m3_receipt(7307, "68.40", OTHER, "2010-12-08", invoice),
        (on_account[0], on_account[1], "AAA/2010/97307/1", on_account[3] | {"ESJRNO": "97307"}),
    ]
    # The newest day of the world.
    made.rows += r.paid_sale("600308", "69.60", OTHER, "2010-12-20", made.invoice(), payment=7308)


def _amounts(made: Planted) -> None:
    # Ten times the habit; more than anybody orders, from somebody without a habit.
    made.sale("600401", "2400.00", REGULAR, "2010-12-14")
    made.sale("600402", "90000.00", NEW, "2010-12-14")
    # The same, and credited in full on the next day.
    made.sale("600406", "2500.00", STEADY, "2010-12-14")
    made.credit("600407", "2500.00", STEADY, "2010-12-15")
    # Right: as large, of a customer who orders that much; a small one beside large ones; the first of a new customer.
    made.sale("600403", "7800.00", LARGE, "2010-12-14")
    made.sale("600404", "18.00", LARGE, "2010-12-15")
    made.sale("600405", "360.00", NEW, "2010-12-15")


def _sequences(made: Planted) -> None:
    # M3 left out two numbers; a third is there, cancelled (right).
    made.sale("600501", "71.40", OTHER, "2010-12-16")
    made.invoice(), made.invoice()
    made.sale("600502", "72.60", OTHER, "2010-12-16")
    made.rows += r.m3_invoice("-", "0.00", OTHER, "2010-12-16", made.invoice(), order="VOID")
    made.sale("600503", "73.80", OTHER, "2010-12-16")
    # A third part without a second. (The shop's own numbers have gaps everywhere here: right.)
    made.rows.append(r.shop("600504", "36.00", OTHER, "2010-12-19", quantity=3))
    made.rows.append(r.freshbooks("600504", "12.00", OTHER, "2010-12-19", state="draft"))
    made.rows.append(r.freshbooks("600504-3", "12.60", OTHER, "2010-12-19", id=9504, state="draft"))


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory, runner_work: Path) -> Staged:
    return r.reported(Staged(tmp_path_factory.mktemp("anomalies"), runner_work), world())


def finding(books: Staged, rule: str, document: str) -> dict:
    return r.one(books, "anomalies", f"rule = '{rule}' and document = '{document}'")


# ---------------------------------------------------------------------------------- each kind, in a sentence

DUPLICATES = {
    "600202": "Okafor Crafts was billed 120.00 GBP twice for the same line: 600201 of 6 December 2010, "
    "600202 of 6 December 2010.",
    "600204": "Okafor Crafts was billed 126.00 GBP twice for the same line: 600203 of 6 December 2010, "
    "600204 of 8 December 2010.",
    "INV-88": "Okafor Crafts was billed 132.00 GBP twice for the same line: 600205 of 7 December 2010, "
    "INV-88 of 7 December 2010.",
    "10000034": "Okafor Crafts was billed 138.00 GBP twice for the same line: 600206 of 7 December 2010, "
    "10000034 of 7 December 2010.",
    "600207": "Okafor Crafts was billed 144.00 GBP twice under one number: 600207 of 9 December 2010, "
    "600207 of 15 December 2010.",
}
PAYMENTS = {
    "payment 7301": "FreshBooks shows 61.20 GBP from Okafor Crafts on 10 December 2010 for invoice 600301; "
    "M3 has no receipt of it after 10 days.",
    "payment 7302": "FreshBooks shows 62.40 GBP from Okafor Crafts on 10 December 2010 for invoice 600302; "
    "M3 has 60.00 GBP of it after 10 days.",
    "UNKNOWN1": "66.00 GBP from Okafor Crafts stands on account in M3 since 4 December 2010 and never found an invoice.",
    "P7307": "Okafor Crafts paid 31.60 GBP too much on 8 December 2010; after 12 days it is neither used nor paid back.",
}
AMOUNTS = {
    "600401": "Hartley Gifts Ltd usually orders for 180.00 to 264.00 GBP (9 other orders); 600401 is 2,400.00 GBP.",
    "600406": "Ashworth and Sons usually orders for 300.00 to 348.00 GBP (9 other orders); 600406 is 2,500.00 GBP "
    "and was credited in full since.",
    "600402": "Montague Interiors has one other order; nine in ten orders of all customers are below 4,800.00 GBP; "
    "600402 is 90,000.00 GBP.",
}


@pytest.mark.parametrize(
    ("rule", "document", "sentence"),
    [
        *(("duplicate_invoice", document, sentence) for document, sentence in DUPLICATES.items()),
        *(("unmatched_payment", document, sentence) for document, sentence in PAYMENTS.items()),
        *(("unusual_amount", document, sentence) for document, sentence in AMOUNTS.items()),
        ("sequence_gap", "600208", "The number 600208 stands on 2 FreshBooks invoices."),
        (
            "sequence_gap",
            "600504-3",
            "Order 600504 has the invoice 600504-3 but not the one before it, 600504-2.",
        ),
    ],
)
def test_a_mistake_is_found_and_told_in_a_sentence(
    books: Staged, rule: str, document: str, sentence: str
) -> None:
    assert finding(books, rule, document)["sentence"] == sentence


def test_a_receipt_that_freshbooks_does_not_know_is_found(books: Staged) -> None:
    (found,) = r.table(books, "anomalies", "sentence like 'M3 shows 64.80 GBP%'")
    assert found["sentence"].endswith("FreshBooks knows no such payment and still asks for it.")


def test_numbers_that_m3_left_out_are_found_between_their_neighbours(books: Staged) -> None:
    (found,) = r.table(books, "anomalies", "rule = 'sequence_gap' and system = 'm3'")
    assert found["sentence"].startswith("2 numbers, ")
    assert found["amount_at_risk"] is None
    before, after = (int(piece["document"]) for piece in r.evidence(found))
    assert after - before == 3


# ------------------------------------------------------------------------------------- figures and evidence


def test_what_is_at_risk_is_what_was_billed_too_often_or_lies_above_the_habit(books: Staged) -> None:
    assert finding(books, "duplicate_invoice", "600202")["amount_at_risk"] == Decimal("120.00")
    assert finding(books, "unmatched_payment", "payment 7302")["amount_at_risk"] == Decimal("2.40")
    assert finding(books, "unusual_amount", "600401")["amount_at_risk"] == Decimal("2136.00")
    assert finding(books, "unusual_amount", "600406")["amount_at_risk"] == Decimal("0.00")


def test_evidence_names_documents_that_exist(books: Staged) -> None:
    with books.open() as con:
        known = {uid for (uid,) in con.execute("select doc_uid from canonical.documents").fetchall()}
        known |= {uid for (uid,) in con.execute("select payment_uid from canonical.payments").fetchall()}
    for found in r.table(books, "anomalies"):
        pieces = r.evidence(found)
        assert pieces, found["sentence"]
        for piece in pieces:
            assert piece.keys() == {"system", "document", "doc_uid", "date", "amount", "currency", "says"}
            assert piece["doc_uid"] in known
            assert piece["doc_uid"].startswith(piece["system"])


def test_surer_findings_come_first(books: Staged) -> None:
    same_day, later = (
        finding(books, "duplicate_invoice", number)["score"] for number in ("600202", "600204")
    )
    assert 1 >= same_day > later > 0


def expected() -> Iterator[tuple[str, str]]:
    yield from (("duplicate_invoice", document) for document in DUPLICATES)
    yield from (("unmatched_payment", document) for document in PAYMENTS)
    yield from (("unusual_amount", document) for document in AMOUNTS)
    yield from (("sequence_gap", document) for document in ("600208", "600504-3"))


def test_nothing_else_is_found(books: Staged) -> None:
    """Standing orders, reorders, guests, credits, parts, young payments, large customers, cancelled numbers: all right."""
    found = {
        (row["rule"], row["document"]): row["sentence"]
        for row in r.table(books, "anomalies")
        if not row["sentence"].startswith("M3 shows 64.80")
        and row["system"] + row["rule"] != "m3sequence_gap"
    }
    assert {key: found[key] for key in found.keys() - set(expected())} == {}
    assert set(expected()) - found.keys() == set()
