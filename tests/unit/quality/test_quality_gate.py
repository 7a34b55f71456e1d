"""The gate: which rows it lets out, which it holds, when it stops everything."""

from __future__ import annotations

import dataclasses
import functools
import subprocess
import sys
from decimal import Decimal

import pytest
from quality_rows import SETTINGS, SUITES, good, judged, numbered, put, rules, signed, with_value

from fbinfor_assets.domain.canonical import payload_sha
from fbinfor_assets.quality import gate
from fbinfor_assets.quality.frames import OBJECTS


@pytest.mark.parametrize("object_", OBJECTS)
def test_an_empty_batch_passes_and_names_no_payload(object_):
    result = judged(object_)
    assert result.passed and result.payload_shas == {} and result.rows_in == 0


def test_an_empty_batch_does_not_load_great_expectations():
    code = (
        "import sys; from pathlib import Path; from decimal import Decimal\n"
        "from fbinfor_assets.quality import gate, GateSettings\n"
        "s = GateSettings('GBP', '2010-12-01', 1, Decimal(1))\n"
        f"gate('m3__items', [], suite_dir=Path({str(SUITES)!r}), mapping_version='x', settings=s)\n"
        "sys.exit('great_expectations' in sys.modules or 'pandas' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


ONE_CENT = [
    ("freshbooks__invoices", "expected.net", "25.32", "invoice.net_is_sum_of_lines"),
    ("freshbooks__invoices", "expected.tax", "5.07", "invoice.tax_is_rate_of_net"),
    ("freshbooks__invoices", "expected.total", "30.38", "invoice.total_is_net_plus_tax"),
    ("freshbooks__invoices", "invoice.lines.0.unit_cost.amount", "2.56", "invoice.net_is_sum_of_lines"),
    ("freshbooks__credit_notes", "expected.net", "25.30", "credit_note.net_is_sum_of_lines"),
    ("m3__orders", "expected.net", "25.30", "order.net_is_sum_of_lines"),
    ("m3__orders", "expected.tax", "5.05", "order.tax_is_rate_of_net"),
    ("m3__orders", "lines.0.SAPR", "2.54", "order.net_is_sum_of_lines"),
    ("m3__credit_orders", "expected.total", "-12.01", "credit_order.total_is_net_plus_tax"),
    ("m3__receipts", "lines.0.PYAM", "30.38", "receipt.receipt_sum_is_amount"),
]


def test_sums_are_exact_where_floats_are_not():
    # 0.1 + 0.2 three hundred times over: a float sum misses 90.00 by 1e-12 and would hold a good invoice.
    row = good("freshbooks__invoices")
    line = row["payload"]["invoice"]["lines"][0]
    row["payload"]["invoice"]["lines"] = [
        {**line, "qty": "1", "unit_cost": {"amount": price, "code": "GBP"}}
        for price in ("0.10", "0.20") * 300
    ]
    row["payload"]["expected"] = {"net": "90.00", "tax": "18.00", "total": "108.00"}
    row["amount"] = Decimal("108.00")
    assert judged("freshbooks__invoices", signed(row)).quarantined == []


def test_tax_is_rounded_per_line_where_the_policy_says_so():
    row = good("freshbooks__invoices")
    line = row["payload"]["invoice"]["lines"][0]
    # Three times 3.33: 20 % of 9.99 is 2.00 per document, 3 x 0.67 = 2.01 per line (POLICY example 3).
    row["payload"]["invoice"]["lines"] = [
        {**line, "qty": "1", "unit_cost": {"amount": "3.33", "code": "GBP"}} for _ in range(3)
    ]
    row["payload"]["expected"] = {"net": "9.99", "tax": "2.01", "total": "12.00"}
    row = signed({**row, "amount": Decimal("12.00")})
    per_line = dataclasses.replace(SETTINGS, tax_rounding="line")
    assert judged("freshbooks__invoices", row, settings=per_line).quarantined == []
    assert rules(judged("freshbooks__invoices", row)) == {"invoice.tax_is_rate_of_net"}


BROKEN = [
    ("freshbooks__clients", "client.email", "ann at hart", "client.email_shape"),
    ("freshbooks__clients", "client.p_country", "Ruritania", "client.country_known"),
    ("freshbooks__clients", "client.note", "", "client.token_shape"),
    ("freshbooks__clients", "client.currency_code", "EUR", "client.currency_known"),
    ("freshbooks__clients", "client.bank_account", "DE00", "client.no_unknown_field"),
    ("freshbooks__invoices", "invoice.customerid", None, "invoice.customer_present"),
    ("freshbooks__invoices", "invoice.create_date", "2010-11-30", "invoice.after_go_live"),
    ("freshbooks__invoices", "invoice.invoice_number", "536365-1", "invoice.number_shape"),
    ("freshbooks__invoices", "invoice.lines", [], "invoice.has_lines"),
    ("freshbooks__invoices", "invoice.lines.1.qty", "0", "invoice.line_quantity_not_zero"),
    ("freshbooks__invoices", "invoice.lines.1.qty", 3, "invoice.payload_readable"),
    ("freshbooks__invoices", "invoice.lines.1.unit_cost.code", "EUR", "invoice.currency_of_lines"),
    ("freshbooks__invoices", "invoice.lines.1.taxName1", "Sales tax", "invoice.line_tax_known"),
    ("freshbooks__invoices", "invoice.lines.1.taxAmount1", None, "invoice.line_tax_complete"),
    ("freshbooks__invoices", "action", "mark_as_sent", "invoice.sent_only_after_m3"),
    ("freshbooks__invoices", "m3_total", "30.43", "invoice.agrees_with_m3"),
    ("freshbooks__credit_notes", "credit_note.credit_type", "overpayment", "credit_note.type_goodwill"),
    ("m3__items", "template", "anything", "item.template_approved"),
    ("m3__items", "record.ITNO", "85123a", "item.itno_upper"),
    ("m3__items", "record.ITNO", "X" * 16, "item.itno_width"),
    ("m3__items", "transaction", "AddItmBasic", "item.transaction"),
    ("m3__customers", "add.CUNO", "FB4001", "customer.number_shape"),
    ("m3__customers", "add.CUNM", "N" * 37, "customer.add_cunm_width"),
    ("m3__customers", "add.CUNM", " ", "customer.add_name_says_something"),
    ("m3__customers", "add.PONO", "P" * 11, "customer.add_pono_width"),
    ("m3__customers", "add.TOWN", "T" * 21, "customer.add_town_width"),
    ("m3__customers", "add.CSCD", "ZZ", "customer.add_country_known"),
    ("m3__customers", "add.CUTM", "OTHER", "customer.template_known"),
    ("m3__customers", "add.BKID", "BANK", "customer.no_unknown_field"),
    ("m3__orders", "head.CUNO", "FB0000400199", "order.cuno_width"),
    ("m3__orders", "head.PYRE", "7001", "order.pyre_shape"),
    ("m3__orders", "head.ORTP", "F02", "order.order_type"),
    ("m3__orders", "lines.1.CUPO", "1", "order.line_reference_once"),
    ("m3__orders", "lines.1.ORQT", "0.00", "order.line_quantity_not_zero"),
    ("m3__orders", "lines.1.SAPR", "-3.335", "order.line_price_not_negative"),
    ("m3__orders", "lines.1.SAPR", "3.33501", "order.line_price_decimals"),
    ("m3__orders", "lines.1.ITNO", "71053X0123456789", "order.line_item_width"),
    ("m3__orders", "address.CSCD", "ZZ", "order.address_country_known"),
    ("m3__orders", "tolerance", "0.06", "order.tolerance_is_rounding"),
    ("m3__credit_orders", "lines.0.ORQT", "2", "credit_order.net_negative"),
    ("m3__receipts", "head.BOPE", "XXX", "receipt.bope_known"),
    ("m3__receipts", "head.BOPE", "ALC", "receipt.bope_of_receipt"),
    ("m3__receipts", "head.PBID", "5000005010", "receipt.receipt_number_range"),
    ("m3__receipts", "lines.0.PYAM", "-30.37", "receipt.receipt_positive"),
    ("m3__receipts", "lines.0.CKNO", "501", "receipt.line_ckno_shape"),
]


CASES = [*ONE_CENT, *BROKEN]


def free_goods(price: str, total: str):
    """An M3 order that names a shop order instead of a FreshBooks invoice."""
    row = good("m3__orders", target_ref="SHOP-536414", amount=Decimal(total))
    row["payload"]["head"]["PYRE"] = "SHOP-536414"
    row["payload"]["address"] = None
    row["payload"]["lines"] = [{"ITNO": "22139", "ORQT": "56", "SAPR": price, "CUPO": "1", "ITDS": ""}]
    row["payload"]["expected"] = {"net": total, "tax": "0.00", "total": total}
    return signed(row)


def test_free_goods_leave_without_an_invoice_only_if_they_are_worth_nothing():
    assert judged("m3__orders", free_goods("0.00", "0.00")).quarantined == []
    assert rules(judged("m3__orders", free_goods("0.01", "0.56"))) == {"order.free_goods_are_worth_nothing"}


@functools.cache
def verdict(object_: str):
    """One batch per object: a good row, and one row per case (a run of Great Expectations costs half a second)."""
    rows = [numbered(object_, 1)]
    for n, (its_object, path, value, _) in enumerate(CASES, start=2):
        if its_object == object_:
            row = numbered(object_, n)
            put(row["payload"], path, value)
            rows.append(signed(row))
    return judged(object_, *rows)


@pytest.mark.parametrize("object_", OBJECTS)
def test_a_good_row_passes_and_is_named_by_the_hash_of_its_payload(object_):
    result = verdict(object_)
    assert result.passed and result.batch_errors == []
    assert result.payload_shas == {"row 1": payload_sha(numbered(object_, 1)["payload"])}


@pytest.mark.parametrize("n", range(2, len(CASES) + 2), ids=[f"{o}-{p}-{v!s:.20}" for o, p, v, _ in CASES])
def test_a_row_that_breaks_a_rule_is_quarantined_under_that_rule_and_no_other_row_is(n):
    object_, _, _, rule = CASES[n - 2]
    result = verdict(object_)
    assert rule in {entry.rule for entry in result.quarantined if entry.business_key == f"row {n}"}
    assert f"row {n}" not in result.payload_shas
    assert result.passed and list(result.payload_shas) == ["row 1"]


def test_only_the_bad_row_is_held_and_the_others_leave():
    bad = with_value("m3__orders", "lines.0.ORQT", "0", business_key="536366", target_ref="FB-ABC123-7002")
    result = judged("m3__orders", good("m3__orders"), bad)
    assert set(result.payload_shas) == {"536365"} and result.quarantined_keys == {"536366"}


def test_a_dead_letter_says_which_line_which_value_and_what_to_do():
    result = judged("m3__orders", with_value("m3__orders", "lines.1.SAPR", "-3.335"))
    entry = next(e for e in result.quarantined if e.rule == "order.line_price_not_negative")
    assert (entry.field, entry.value) == ("SAPR", "-3.335")
    assert entry.message.startswith("line 2: price -3.335 is negative") and "Next:" in entry.message


def test_a_payload_with_a_float_is_held_and_not_an_exception():
    row = good("freshbooks__invoices")
    row["payload"]["expected"]["net"] = 25.31
    assert "invoice.payload_readable" in rules(judged("freshbooks__invoices", row))


def test_a_payload_that_is_not_the_planned_one_is_held():
    row = good("m3__orders")
    row["payload"]["head"]["YREF"] = "changed after it was planned"
    assert rules(judged("m3__orders", row)) == {"order.sha_is_of_payload"}


def test_a_change_carries_only_changed_fields_and_must_know_its_record():
    change = signed(
        good("m3__customers", operation="update", remote_id="OLD01", target_ref="OLD01@0-12345678")
        | {"payload": {"change": {"CUNO": "OLD01", "PHNO": "020 7946 0999"}}}
    )
    assert judged("m3__customers", change).quarantined == []
    assert rules(judged("m3__customers", {**change, "remote_id": None})) == {"customer.update_knows_record"}
    nothing = signed({**change, "payload": {"change": {"CUNO": "OLD01"}}})
    assert rules(judged("m3__customers", nothing)) == {"customer.change_changes"}


def test_an_allocation_must_sum_to_zero_and_move_no_cash():
    row = good("m3__receipts", business_key="allocation:501:0", target_ref="5000005010")
    first = {**row["payload"]["lines"][0], "CINO": "P501", "PYAM": "-30.37", "PYTP": "OA", "CKNO": "FBA501"}
    second = {**row["payload"]["lines"][0], "TRNO": "2", "CKNO": "FBA501"}
    row["payload"] = {
        "head": {"PBID": "5000005010", "BOPE": "ALC", "ACDT": "20101220"},
        "lines": [first, second],
        "kind": "allocation",
    }
    assert judged("m3__receipts", signed(row)).quarantined == []
    second["PYAM"] = "30.36"
    assert "receipt.allocation_sums_to_zero" in rules(judged("m3__receipts", signed(row)))
    second["PYAM"] = "30.37"
    row["payload"]["head"]["BOPE"] = "CRD"
    assert "receipt.bope_of_allocation" in rules(judged("m3__receipts", signed(row)))


# ---- what stops everything ------------------------------------------------------------------------------------------


def stops(result) -> set[str]:
    return {error.rule for error in result.batch_errors}


def test_a_business_key_or_reference_twice_stops_the_batch():
    result = judged("m3__orders", good("m3__orders"), good("m3__orders"))
    assert not result.passed and result.payload_shas == {}
    assert stops(result) == {"batch.keys_once", "batch.references_once"}
    assert "536365" in str(result.batch_errors[0])


def test_more_creates_than_the_guard_allows_stop_the_batch():
    rows = [numbered("m3__items", n) for n in range(51)]
    assert judged("m3__items", *rows[:50]).passed
    assert stops(judged("m3__items", *rows)) == {"batch.guard_creates"}


def test_a_batch_one_cent_above_the_guard_amount_stops():
    at = dataclasses.replace(SETTINGS, guard_amount=Decimal("30.37"))
    below = dataclasses.replace(SETTINGS, guard_amount=Decimal("30.36"))
    assert judged("m3__orders", good("m3__orders"), settings=at).passed
    assert stops(judged("m3__orders", good("m3__orders"), settings=below)) == {"batch.guard_amount"}


def test_credits_count_towards_the_guard_like_sales():
    below = dataclasses.replace(SETTINGS, guard_amount=Decimal("11.99"))
    assert stops(judged("m3__credit_orders", good("m3__credit_orders"), settings=below)) == {
        "batch.guard_amount"
    }


def test_a_currency_that_the_policy_does_not_name_stops_the_batch():
    assert stops(judged("m3__orders", good("m3__orders", currency="EUR"), good("m3__orders"))) >= {
        "batch.currency_known"
    }


def test_an_unknown_object_is_refused():
    with pytest.raises(ValueError, match="not an outbound object"):
        gate("m3__suppliers", [], suite_dir=SUITES, mapping_version="x", settings=SETTINGS)
