"""Who is who, and which documents belong together, in the world."""

from __future__ import annotations

import json

from conftest import Staged


def link(built: Staged, party_key: str) -> tuple[object, ...]:
    (found,) = built.rows(
        "select freshbooks_id, freshbooks_method, freshbooks_band, m3_cuno, m3_method, m3_band from matched.party_links "
        f"where party_key = '{party_key}'"
    )
    return found


def test_our_own_records_are_found_by_our_references(built: Staged) -> None:
    assert link(built, "SHOP-17850") == ("101", "reference", "auto", "FB00000101", "reference", "auto")
    assert link(built, "SHOP-WALKIN-GB") == ("102", "reference", "auto", "FB00000102", "reference", "auto")


def test_who_was_in_m3_before_us_is_found_by_vat_number(built: Staged) -> None:
    assert link(built, "SHOP-12360") == (None, None, "none", "C0012", "identifier", "auto")


def test_who_was_in_freshbooks_before_us_is_found_by_mail_and_postcode(built: Staged) -> None:
    assert link(built, "SHOP-12361") == ("103", "identifier", "auto", None, None, "none")


def test_a_namesake_is_not_taken_for_the_customer(built: Staged) -> None:
    assert link(built, "SHOP-12362") == (None, None, "none", None, None, "none")


def test_the_evidence_against_a_namesake_is_kept(built: Staged) -> None:
    ((band, text),) = built.rows(
        "select band, evidence from matched.party_candidates where pair_key = 'shop:12362|m3:C0013'"
    )
    weights = {entry["feature"]: entry["weight"] for entry in json.loads(text)}
    assert band == "none"
    assert (
        weights["name"]
        > 0
        > max(weights["vat_number"], weights["email"], weights["phone"], weights["postcode"])
    )


def test_a_link_carries_its_evidence(built: Staged) -> None:
    ((text,),) = built.rows("select evidence from matched.party_links where party_key = 'SHOP-12360'")
    (found,) = json.loads(text)["m3"]
    assert found["candidate"] == "m3:C0012"
    assert {"vat_number", "email", "name"} <= {entry["feature"] for entry in json.loads(found["evidence"])}


def test_the_documents_of_a_split_sale_keep_their_order(built: Staged) -> None:
    assert built.rows(
        "select role, seq, doc_uid from matched.sale_documents where sale_key = '536400' order by 1, 2"
    ) == [
        ("freshbooks_invoice", 1, "freshbooks:invoice:9010"),
        ("freshbooks_invoice", 2, "freshbooks:invoice:9011"),
        ("m3_invoice", 1, "m3:invoice:2010/10000002"),
        ("m3_order", 1, "m3:order:5000002"),
        ("shop_order", 1, "shop:order:1536400"),
    ]


def test_an_invoice_without_order_is_a_sale_of_its_clients_party(built: Staged) -> None:
    assert built.rows(
        "select sale_key, party_key, class, shop_doc_uid from matched.sales where freshbooks_first_doc_uid = 'freshbooks:invoice:9100'"
    ) == [("FB-9100", "SHOP-12361", "sale", None)]


def test_an_overpayment_belongs_to_no_sale(built: Staged) -> None:
    assert (
        built.rows("select * from matched.sale_documents where doc_uid = 'freshbooks:credit_note:302'") == []
    )


def test_codes_that_differ_in_case_are_one_item_of_m3(built: Staged) -> None:
    assert built.rows(
        "select code_upper, m3_item, exists_in_m3 from matched.item_links where code_upper = '85123A'"
    ) == [("85123A", "85123A", True)]
