"""What each side should be sent: the policy's sale, steps 1 to 7, decided from staged rows alone.

The world is that of world.py (docstrings there say what stands where); each test lands the one thing that it is about.
"""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import vendor_rows as v
import world
import yaml
from conftest import SELECT, Staged

from fbinfor_assets.domain import references
from fbinfor_assets.domain.policy import Policy

ROOT = Path(__file__).parents[2]
POLICY = Policy.from_document(yaml.safe_load((ROOT / "config" / "policy.sandbox.yml").read_text()))


def set_policy(staged: Staged, **changes: str) -> None:
    """The sandbox's policy, with some settings as a test wants them."""
    settings = POLICY.for_warehouse(world.ACCOUNT) | changes
    with staged.open() as con:
        con.execute("delete from ops.policy")
        con.executemany("insert into ops.policy values (?, ?)", list(settings.items()))


@pytest.fixture(scope="module")
def decided(tmp_path_factory: pytest.TempPathFactory, runner_work: Path) -> Staged:
    """The world with the outbound layer built on it."""
    made = Staged(tmp_path_factory.mktemp("decided"), runner_work)
    made.select = (*SELECT, "path:models/outbound")
    set_policy(made)
    made.land([invoiced_on_the_day_of_m3(row) for row in world.everything()])
    assert made.build(full=True).broken == []
    return made


def invoiced_on_the_day_of_m3(row: world.Row) -> world.Row:
    """Sent FreshBooks invoices carry the day of their M3 invoice once they agree."""
    system, entity, key, payload = row
    if (system, entity) == ("freshbooks", "invoices") and payload["v3_status"] != "draft":
        payload = payload | {"create_date": "2010-12-02"}
    return system, entity, key, payload


@pytest.fixture
def world_goes_on(decided: Staged, tmp_path: Path) -> Staged:
    """The same in a file of its own."""
    return decided.copy(tmp_path)


def built(staged: Staged, *rows: Any, full: bool = False) -> Staged:
    staged.land(list(rows))
    assert staged.build(full=full).broken == []
    return staged


def diff(staged: Staged, object_: str, key: str) -> dict[str, Any] | None:
    """The outbound row of a business key, JSON columns parsed; None if there is none."""
    with staged.open() as con:
        result = con.execute(f"select * from outbound.diff_{object_} where business_key = ?", [key])
        columns = [column[0] for column in result.description]
        rows = result.fetchall()
    assert len(rows) <= 1
    if not rows:
        return None
    row = dict(zip(columns, rows[0], strict=True))
    for name in ("payload", "diff", "agreed", "links"):
        row[name] = json.loads(row[name]) if row[name] else None
    return row


def standing_intent(staged: Staged, object_: str, key: str, ref: str, state: str = "acknowledged") -> None:
    """An intent as the operational store's copy would show it."""
    with staged.open() as con:
        con.execute(
            "insert into ops.intents by name select ? as id, 'vendor' as target, 'create' as operation, 'sha' as payload_sha, ? as object, ? as business_key, ? as target_ref, ? as state, "
            "now() as created_at, now() as updated_at, ? as load_generation",
            [f"{object_}/{ref}", object_, key, ref, state, staged._generation + 1],
        )


def agree(staged: Staged, key: str, **values: str) -> None:
    with staged.open() as con:
        for field, value in values.items():
            con.execute(
                "insert into ops.agreed by name select 'party' as entity, ? as key, ? as field, ? as value, now() as agreed_at, "
                "? as load_generation",
                [key, field, value, staged._generation + 1],
            )


ORDER = ("shop", "orders", str(v.order_id("537001")))


def new_order(**fields: Any) -> tuple[str, str, str, dict[str, Any]]:
    """Ten of 85123A at 12.00 and freight of 10.00, for a customer who is in FreshBooks and M3: the policy's example 1."""
    lines = fields.pop("lines", [("85123A", 10, "12.00"), ("POST", 1, "10.00")])
    return (*ORDER, v.shop_order("537001", lines, customer=17850, billing=v.address(**world.FIRE), **fields))


def draft(**fields: Any) -> tuple[str, str, str, dict[str, Any]]:
    lines = [v.fb_line(1, "85123A", "10", "12.00"), v.fb_line(2, "POST", "1", "10.00")]
    return (
        "freshbooks",
        "invoices",
        "9100",
        v.invoice(9100, "537001", 101, lines, "156.00", **{"state": "draft"} | fields),
    )


def m3_order(invoiced: str = "0") -> tuple[str, str, str, dict[str, Any]]:
    done = {"delivered": invoiced, "invoiced": invoiced, "status": "77" if invoiced != "0" else "33"}
    freight = {"delivered": "1", "invoiced": "1", "status": "77"} if invoiced != "0" else {}
    lines = [
        v.m3_order_line(1, "85123A", "10", "12.00", **done),
        v.m3_order_line(2, "FREIGHT", "1", "10.00", **freight),
    ]
    return (
        "m3",
        "orders",
        "5000100",
        v.m3_order("5000100", "FB00000101", f"FB-{world.ACCOUNT}-9100", lines, "26.00"),
    )


def m3_invoice(
    number: str, lines: list[tuple[int, str, str, str]], tax: str, total: str, day: str
) -> list[Any]:
    return [
        (
            "m3",
            "invoices",
            f"AAA/2010/{number}",
            v.m3_invoice(number, "5000100", "FB00000101", lines, tax, day=day),
        ),
        (
            "m3",
            "ledger",
            f"AAA/2010/9{number}/1",
            v.m3_ledger(f"9{number}", "FB00000101", number, "10", total, day=day, ESVTAM=tax),
        ),
    ]


WHOLE = [(1, "85123A", "10", "12.00"), (2, "FREIGHT", "1", "10.00")]

# ------------------------------------------------------------------------------------------- FreshBooks drafts


def test_a_shop_order_becomes_a_draft_with_its_own_number_lines_and_tax(world_goes_on: Staged) -> None:
    row = diff(built(world_goes_on, new_order()), "freshbooks__invoices", "537001")
    assert (row["operation"], row["target_ref"], row["amount"]) == ("create", "537001", Decimal("156.00"))
    invoice = row["payload"]["invoice"]
    assert row["payload"]["expected"] == {"net": "130.00", "tax": "26.00", "total": "156.00"}
    assert row["payload"]["action"] is None
    assert invoice["customerid"] == "101"
    assert [(line["name"], line["qty"], line["unit_cost"]["amount"]) for line in invoice["lines"]] == [
        ("85123A", "10", "12.00"),
        ("POST", "1", "10.00"),
    ]
    assert {(line["taxName1"], line["taxAmount1"]) for line in invoice["lines"]} == {("VAT", "20")}


def test_an_order_that_stands_everywhere_asks_for_nothing(decided: Staged) -> None:
    for object_ in ("freshbooks__invoices", "m3__orders"):
        assert diff(decided, object_, "536365")["operation"] == "none"
    assert diff(decided, "m3__receipts", "payment:7001")["operation"] == "none"


def test_an_order_on_its_way_is_not_sent_again(world_goes_on: Staged) -> None:
    standing_intent(world_goes_on, "freshbooks__invoices", "537001", "537001")
    row = diff(built(world_goes_on, new_order()), "freshbooks__invoices", "537001")
    assert row["operation"] == "none"
    assert "on its way" in row["reason"]


def test_an_order_before_go_live_is_never_written(world_goes_on: Staged) -> None:
    set_policy(world_goes_on, go_live_sale="2010-12-02")
    row = diff(built(world_goes_on, new_order(), full=True), "freshbooks__invoices", "537001")
    assert (row["operation"], row["cause"]) == ("none", "before go-live")


def test_free_goods_stock_corrections_and_costs_become_no_document(decided: Staged) -> None:
    with decided.open() as con:
        kept = con.execute(
            "select distinct s.class from outbound.diff_freshbooks__invoices d join matched.sales s using (sale_key)"
        ).fetchall()
    assert kept == [("sale",)]


# ------------------------------------------------------------------------------------------- M3 orders


def test_a_draft_becomes_an_m3_order_under_our_reference(world_goes_on: Staged) -> None:
    row = diff(built(world_goes_on, new_order(), draft()), "m3__orders", "537001")
    assert (row["operation"], row["target_ref"]) == (
        "create",
        references.m3_order_reference(world.ACCOUNT, 9100),
    )
    payload = row["payload"]
    assert payload["head"]["CUNO"] == "FB00000101"
    assert payload["head"]["PYRE"] == row["target_ref"]
    assert [(line["ITNO"], line["ORQT"], line["SAPR"], line["CUPO"]) for line in payload["lines"]] == [
        ("85123A", "10", "12.00", "1"),
        ("FREIGHT", "1", "10.00", "2"),
    ]
    assert payload["expected"] == {"net": "130.00", "tax": "26.00", "total": "156.00"}


def test_an_order_of_services_only_is_of_the_type_that_is_invoiced_at_once(world_goes_on: Staged) -> None:
    only = [v.fb_line(1, "POST", "1", "130.00")]
    invoice = (
        "freshbooks",
        "invoices",
        "9100",
        v.invoice(9100, "537001", 101, only, "156.00", state="draft"),
    )
    row = diff(
        built(world_goes_on, new_order(lines=[("POST", 1, "130.00")]), invoice), "m3__orders", "537001"
    )
    assert row["payload"]["head"]["ORTP"] == "F03"


def test_an_unknown_line_holds_the_order_and_says_which(world_goes_on: Staged) -> None:
    lines = [("NEW-CODE", 1, "130.00")]
    only = [v.fb_line(1, "NEW-CODE", "1", "130.00")]
    invoice = (
        "freshbooks",
        "invoices",
        "9100",
        v.invoice(9100, "537001", 101, only, "156.00", state="draft"),
    )
    row = diff(built(world_goes_on, new_order(lines=lines), invoice), "m3__orders", "537001")
    assert (row["operation"], row["cause"]) == ("blocked", "held")
    assert "NEW-CODE" in row["reason"]


def test_an_order_waits_for_items_that_m3_does_not_have_yet(world_goes_on: Staged) -> None:
    only = [v.fb_line(1, "22423", "1", "130.00")]
    invoice = (
        "freshbooks",
        "invoices",
        "9100",
        v.invoice(9100, "537001", 101, only, "156.00", state="draft"),
    )
    staged = built(world_goes_on, new_order(lines=[("22423", 1, "130.00")]), invoice)
    assert "22423" in diff(staged, "m3__orders", "537001")["reason"]
    item = diff(staged, "m3__items", "22423")
    assert (item["operation"], item["payload"]["template"]) == ("create", "shop_goods")


def test_goods_for_another_country_carry_its_address(world_goes_on: Staged) -> None:
    row = diff(built(world_goes_on, new_order(country="FR"), draft()), "m3__orders", "537001")
    assert row["payload"]["address"] == {"ADRT": "1", "CSCD": "FR"}


# ------------------------------------------------------------------------------------------- M3 invoices come back


def test_the_draft_takes_the_m3_invoice_and_its_day_and_is_marked_sent(world_goes_on: Staged) -> None:
    staged = built(
        world_goes_on,
        new_order(),
        draft(),
        m3_order("10"),
        *m3_invoice("10000100", WHOLE, "26.00", "156.00", "20101203"),
    )
    row = diff(staged, "freshbooks__invoices", "537001")
    assert (row["operation"], row["remote_id"]) == ("update", "9100")
    assert row["payload"]["action"] == "mark_as_sent"
    assert row["payload"]["invoice"]["create_date"] == "2010-12-03"
    # The lines keep the shop's codes, not M3's service items.
    assert [line["name"] for line in row["payload"]["invoice"]["lines"]] == ["85123A", "POST"]
    assert {change["field"]: (change["old"], change["new"]) for change in row["diff"]} == {
        "date": ("2010-12-01", "2010-12-03"),
        "state": ("draft", "sent"),
    }


def test_what_was_not_shipped_becomes_a_draft_of_its_own(world_goes_on: Staged) -> None:
    staged = built(
        world_goes_on,
        new_order(),
        draft(),
        m3_order("6"),
        *m3_invoice(
            "10000100",
            [(1, "85123A", "6", "12.00"), (2, "FREIGHT", "1", "10.00")],
            "16.40",
            "98.40",
            "20101203",
        ),
    )
    first, rest = (diff(staged, "freshbooks__invoices", key) for key in ("537001", "537001-2"))
    assert (first["operation"], first["amount"]) == ("update", Decimal("98.40"))
    assert (rest["operation"], rest["amount"]) == ("create", Decimal("57.60"))
    assert [(line["name"], line["qty"]) for line in rest["payload"]["invoice"]["lines"]] == [("85123A", "4")]
    assert rest["payload"]["action"] is None


def test_a_sent_invoice_that_differs_from_m3_is_a_conflict_and_is_not_written(world_goes_on: Staged) -> None:
    staged = built(
        world_goes_on,
        new_order(),
        draft(state="sent"),
        m3_order("6"),
        *m3_invoice(
            "10000100",
            [(1, "85123A", "6", "12.00"), (2, "FREIGHT", "1", "10.00")],
            "16.40",
            "98.40",
            "20101203",
        ),
    )
    row = diff(staged, "freshbooks__invoices", "537001")
    assert (row["operation"], row["payload"]) == ("conflict", None)


def test_totals_that_differ_by_more_than_rounding_hold_the_invoice(world_goes_on: Staged) -> None:
    staged = built(
        world_goes_on,
        new_order(),
        draft(),
        m3_order("10"),
        *m3_invoice("10000100", WHOLE, "26.07", "156.07", "20101203"),
    )
    row = diff(staged, "freshbooks__invoices", "537001")
    assert (row["operation"], row["cause"]) == ("blocked", "held")


def test_a_cent_of_rounding_does_not_hold_the_invoice(world_goes_on: Staged) -> None:
    staged = built(
        world_goes_on,
        new_order(),
        draft(),
        m3_order("10"),
        *m3_invoice("10000100", WHOLE, "26.01", "156.01", "20101203"),
    )
    assert diff(staged, "freshbooks__invoices", "537001")["operation"] == "update"


# ------------------------------------------------------------------------------------------- payments


def pay(amount: str = "156.00", **fields: Any) -> tuple[str, str, str, dict[str, Any]]:
    return ("freshbooks", "payments", "7100", v.payment(7100, 9100, 101, amount, **fields))


def invoiced() -> list[Any]:
    return [
        new_order(),
        draft(state="sent", day="2010-12-03"),
        m3_order("10"),
        *m3_invoice("10000100", WHOLE, "26.00", "156.00", "20101203"),
    ]


def test_a_payment_of_an_invoiced_sale_is_a_receipt_on_that_invoice(world_goes_on: Staged) -> None:
    row = diff(built(world_goes_on, *invoiced(), pay()), "m3__receipts", "payment:7100")
    assert (row["operation"], row["target_ref"]) == ("create", str(references.receipt_batch(7100)))
    assert row["payload"]["kind"] == "receipt"
    assert row["payload"]["head"] == {"PBID": "7100", "BOPE": "BNK", "ACDT": "20101220"}
    [line] = row["payload"]["lines"]
    assert (line["CINO"], line["INYR"], line["PYAM"], line["CKNO"]) == (
        "10000100",
        "2010",
        "156.00",
        "FBP7100",
    )


def test_a_payment_before_the_m3_invoice_goes_on_account(world_goes_on: Staged) -> None:
    staged = built(world_goes_on, new_order(), draft(), m3_order(), pay(type="Credit Card"))
    row = diff(staged, "m3__receipts", "payment:7100")
    assert row["payload"]["kind"] == "on_account"
    [line] = row["payload"]["lines"]
    assert (line["CINO"], line["PYTP"]) == (references.on_account_number(7100), "OA")
    assert row["payload"]["head"]["BOPE"] == "CRD"


def test_a_payment_before_the_m3_invoice_is_held_where_the_policy_says_so(world_goes_on: Staged) -> None:
    set_policy(world_goes_on, prepayment="hold")
    staged = built(world_goes_on, new_order(), draft(), m3_order(), pay(), full=True)
    row = diff(staged, "m3__receipts", "payment:7100")
    assert (row["operation"], row["cause"]) == ("blocked", "prepaid")


def test_what_stands_on_account_is_allocated_when_the_invoice_is_there(decided: Staged) -> None:
    row = diff(decided, "m3__receipts", "allocation:7002:1")
    assert (row["operation"], row["amount"]) == ("create", Decimal("10.00"))
    assert row["target_ref"] == str(references.allocation_batch(7002, 1))
    assert [line["PYAM"] for line in row["payload"]["lines"]] == ["-10.00", "10.00"]
    assert row["payload"]["head"]["BOPE"] == "ALC"


def test_an_overpayment_is_received_whole_and_its_excess_stands_on_account(world_goes_on: Staged) -> None:
    excess = v.credit_note(
        310, "0000310", 101, [v.fb_line(1, "", "1", "44.00", None)], "44.00", credit_type="overpayment"
    )
    staged = built(
        world_goes_on, *invoiced(), pay(overpaymentid=310), ("freshbooks", "credit_notes", "310", excess)
    )
    row = diff(staged, "m3__receipts", "payment:7100")
    assert row["amount"] == Decimal("200.00")
    assert [(line["CINO"], line["PYAM"]) for line in row["payload"]["lines"]] == [
        ("10000100", "156.00"),
        ("P7100", "44.00"),
    ]


def test_an_overpayment_is_no_credit_note_of_a_sale(world_goes_on: Staged) -> None:
    with world_goes_on.open() as con:
        assert con.execute(
            "select count(*) from outbound.diff_m3__credit_orders where business_key like '%302%'"
        ).fetchone() == (0,)


def test_credit_applied_to_an_invoice_is_no_receipt(world_goes_on: Staged) -> None:
    staged = built(world_goes_on, *invoiced(), pay(type="Credit", from_credit=True))
    assert diff(staged, "m3__receipts", "payment:7100") is None


def test_a_deleted_payment_is_no_receipt(world_goes_on: Staged) -> None:
    assert diff(built(world_goes_on, *invoiced(), pay(vis_state=1)), "m3__receipts", "payment:7100") is None


def test_a_negative_payment_waits_for_a_person(world_goes_on: Staged) -> None:
    row = diff(built(world_goes_on, *invoiced(), pay("-5.00")), "m3__receipts", "payment:7100")
    assert (row["operation"], row["cause"]) == ("blocked", "held")


def test_a_way_of_paying_that_nobody_mapped_is_held_by_name(world_goes_on: Staged) -> None:
    row = diff(built(world_goes_on, *invoiced(), pay(type="Seashells")), "m3__receipts", "payment:7100")
    assert row["operation"] == "blocked"
    assert "Seashells" in row["reason"]


# ------------------------------------------------------------------------------------------- credits


def test_a_cancellation_becomes_a_goodwill_credit_note_with_positive_quantities(
    world_goes_on: Staged,
) -> None:
    order = v.shop_order("C537009", [("71053", -2, "12.00")], customer=17850, billing=v.address(**world.FIRE))
    row = diff(
        built(world_goes_on, ("shop", "orders", str(v.order_id("C537009")), order)),
        "freshbooks__credit_notes",
        "C537009",
    )
    note = row["payload"]["credit_note"]
    assert (row["operation"], note["credit_type"], note["lines"][0]["qty"]) == ("create", "goodwill", "2")
    assert row["payload"]["expected"] == {"net": "24.00", "tax": "4.80", "total": "28.80"}


def test_a_credit_note_becomes_an_m3_credit_order_with_negative_quantities(world_goes_on: Staged) -> None:
    order = v.shop_order("C537009", [("71053", -2, "12.00")], customer=17850, billing=v.address(**world.FIRE))
    note = v.credit_note(320, "C537009", 101, [v.fb_line(1, "71053", "2", "12.00")], "28.80")
    staged = built(
        world_goes_on,
        ("shop", "orders", str(v.order_id("C537009")), order),
        ("freshbooks", "credit_notes", "320", note),
    )
    row = diff(staged, "m3__credit_orders", "C537009")
    assert (row["target_ref"], row["amount"]) == (
        references.m3_credit_reference(world.ACCOUNT, 320),
        Decimal("-28.80"),
    )
    assert row["payload"]["head"]["ORTP"] == "F02"
    assert row["payload"]["lines"][0]["ORQT"] == "-2"
    assert row["payload"]["expected"] == {"net": "-24.00", "tax": "-4.80", "total": "-28.80"}


# ------------------------------------------------------------------------------------------- master data


def customer(**fields: str) -> tuple[str, str, str, dict[str, Any]]:
    values = {
        "CUA1": "12 Mill Lane",
        "TOWN": "Leeds",
        "PONO": "LS1 4AB",
        "PHNO": "01632 960111",
        "MAIL": "judith@hartley-gifts.example",
        "YREF": f"FB-{world.ACCOUNT}-101",
    }
    return (
        "m3",
        "customers",
        "FB00000101",
        v.m3_customer("FB00000101", "Hartley Gifts Ltd", **values | fields),
    )


def client(**fields: str) -> tuple[str, str, str, dict[str, Any]]:
    values = {
        "organization": "Hartley Gifts Ltd",
        "email": "judith@hartley-gifts.example",
        "bus_phone": "01632 960111",
        "p_street": "12 Mill Lane",
        "p_city": "Leeds",
        "p_code": "LS1 4AB",
        "note": "[fbinfor SHOP-17850]",
    }
    return ("freshbooks", "clients", "101", v.client(101, **values | fields))


AGREED = {
    "name": "Hartley Gifts Ltd",
    "street": "12 Mill Lane",
    "city": "Leeds",
    "postcode": "LS1 4AB",
    "phone": "01632 960111",
    "email": "judith@hartley-gifts.example",
}


def test_a_change_in_m3_is_written_to_the_client_field_by_field(world_goes_on: Staged) -> None:
    agree(world_goes_on, "SHOP-17850", **AGREED)
    staged = built(world_goes_on, client(), customer(PHNO="01632 999000", TOWN="Ludlow"))
    row = diff(staged, "freshbooks__clients", "SHOP-17850")
    assert (row["operation"], row["remote_id"]) == ("update", "101")
    assert row["payload"] == {"client": {"bus_phone": "01632 999000", "p_city": "Ludlow"}}
    assert row["agreed"] == {"city": "Ludlow", "phone": "01632 999000"}
    assert diff(staged, "m3__customers", "SHOP-17850") is None


def test_a_change_in_freshbooks_is_written_to_the_customer(world_goes_on: Staged) -> None:
    agree(world_goes_on, "SHOP-17850", **AGREED)
    staged = built(world_goes_on, client(bus_phone="01632 999000"), customer())
    row = diff(staged, "m3__customers", "SHOP-17850")
    assert row["payload"] == {"change": {"CUNO": "FB00000101", "PHNO": "01632 999000"}}
    assert diff(staged, "freshbooks__clients", "SHOP-17850") is None


def test_a_field_changed_differently_on_both_sides_is_a_conflict_for_a_person(world_goes_on: Staged) -> None:
    agree(world_goes_on, "SHOP-17850", **AGREED)
    staged = built(world_goes_on, client(bus_phone="01632 111111"), customer(PHNO="01632 222222"))
    row = diff(staged, "freshbooks__clients", "SHOP-17850")
    assert (row["operation"], row["payload"]) == ("conflict", None)
    assert "phone" in row["reason"]
    assert diff(staged, "m3__customers", "SHOP-17850") is None


def test_both_sides_changed_alike_agree(world_goes_on: Staged) -> None:
    agree(world_goes_on, "SHOP-17850", **AGREED)
    staged = built(world_goes_on, client(p_city="Ludlow"), customer(TOWN="LUDLOW "))
    assert diff(staged, "freshbooks__clients", "SHOP-17850") is None
    assert diff(staged, "m3__customers", "SHOP-17850") is None


def test_a_client_without_a_street_is_a_customer_with_a_dash_and_that_is_no_change(
    world_goes_on: Staged,
) -> None:
    agree(world_goes_on, "SHOP-17850", street="")
    staged = built(world_goes_on, client(p_street=""), customer(CUA1="-"))
    assert diff(staged, "m3__customers", "SHOP-17850") is None
    assert diff(staged, "freshbooks__clients", "SHOP-17850") is None


def test_a_street_that_was_emptied_becomes_the_dash_that_m3_asks_for(world_goes_on: Staged) -> None:
    agree(world_goes_on, "SHOP-17850", street="12 Mill Lane")
    row = diff(built(world_goes_on, client(p_street=""), customer()), "m3__customers", "SHOP-17850")
    assert row["payload"]["change"]["CUA1"] == "-"


def test_what_m3_cuts_to_its_width_is_no_change(world_goes_on: Staged) -> None:
    long = "A very long street name that no field of M3 holds whole"
    agree(world_goes_on, "SHOP-17850", **AGREED | {"street": long})
    staged = built(world_goes_on, client(p_street=long), customer(CUA1=long[:36]))
    assert diff(staged, "freshbooks__clients", "SHOP-17850") is None
    assert diff(staged, "m3__customers", "SHOP-17850") is None


# ------------------------------------------------------------------------------------------- references


@pytest.mark.parametrize("number", [7, 123456, 99999999])
def test_sql_and_python_spell_the_references_alike(decided: Staged, number: int) -> None:
    runner = decided._runner
    texts = {
        "client_token": f"'SHOP-{number}'",
        "m3_customer_number": f"'{number}'",
        "m3_customer_reference": f"'{number}'",
        "m3_order_reference": f"'{number}'",
        "m3_credit_reference": f"'{number}'",
    }
    source = (runner.project / "macros" / "references.sql").read_text()
    spelt = {}
    for name, argument in texts.items():
        body = source.split(f"macro {name}(")[1].split("-%}")[1].split("{%- endmacro")[0]
        parameter = source.split(f"macro {name}(")[1].split(")")[0]
        expression = body.replace("{{ " + parameter + " }}", argument).replace(
            "{{ setting('freshbooks_account') }}", f"'{world.ACCOUNT}'"
        )
        spelt[name] = decided.rows(f"select {expression}")[0][0]
    assert spelt == {
        "client_token": references.freshbooks_client_token(str(number)),
        "m3_customer_number": references.m3_customer_number(number),
        "m3_customer_reference": f"FB-{world.ACCOUNT}-{number}",
        "m3_order_reference": references.m3_order_reference(world.ACCOUNT, number),
        "m3_credit_reference": references.m3_credit_reference(world.ACCOUNT, number),
    }


# ------------------------------------------------------------------------------------------- only what changed


def test_only_the_sales_that_a_change_touches_are_decided_anew(world_goes_on: Staged) -> None:
    staged = built(world_goes_on, new_order())
    assert staged.rows("select sale_key from outbound.affected_sales") == [("537001",)]
    rewritten = staged.rows(
        f"select business_key from outbound.diff_freshbooks__invoices where _generation = {staged._generation}"
    )
    assert rewritten == [("537001",)]
