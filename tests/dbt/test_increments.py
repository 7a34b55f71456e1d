"""A build writes what changed and nothing else, and many small builds come to the same as one of everything."""

from __future__ import annotations

import random

import vendor_rows as v
import world
from conftest import Staged


def everything(staged: Staged) -> dict[str, list[tuple[object, ...]]]:
    return {table: staged.table(table) for table in staged.tables()}


def test_a_build_without_news_writes_nothing_and_one_change_only_its_keys(started: Staged) -> None:
    before = everything(started)
    nothing = started.build()
    assert nothing.broken == []
    assert nothing.changed == {}
    assert everything(started) == before

    # One line more on one order: its document, its lines, its sale.
    order = dict(world.split_sale()[0][3])
    changed = v.shop_order(
        "536400", [("85123a", 10, "1.00"), ("71053", 4, "5.00"), ("POST", 1, "2.00")], customer=17850
    )
    started.land([("shop", "orders", str(order["id"]), changed | {"billing": order["billing"]})])
    build = started.build()
    assert build.broken == []
    assert build.changed == {
        "staging.stg_shop__orders": 1,
        "staging.stg_shop__order_lines": 3,
        "canonical.documents": 1,
        "canonical.document_lines": 3,
        "matched.sale_documents": 5,
        "matched.sales": 1,
    }
    assert started.rows(
        f"select doc_uid from canonical.documents where _generation = {build.generation}"
    ) == [("shop:order:1536400",)]
    assert started.rows(
        f"select distinct sale_key from matched.sale_documents where _generation = {build.generation}"
    ) == [("536400",)]

    # A payment in M3's ledger moves what is open on its invoice.
    started.land(
        [
            (
                "m3",
                "ledger",
                "AAA/2010/1000020/1",
                v.m3_ledger("1000020", "FB00000101", "10000002", "20", "-12.00", ESCKNO="FBP7009"),
            )
        ]
    )
    build = started.build()
    assert started.rows(
        f"select doc_uid, outstanding from canonical.documents where _generation = {build.generation}"
    ) == [("m3:invoice:2010/10000002", 0)]
    assert started.rows(
        f"select our_ref, kind from canonical.payments where _generation = {build.generation}"
    ) == [("FBP7009", "receipt")]


def test_lines_that_are_gone_are_gone(started: Staged) -> None:
    started.land([("freshbooks", "invoices", "9100", v.invoice(9100, "2024-17", 103, [], "0.00"))])
    build = started.build(tests=True)
    assert build.broken == []
    assert started.rows("select * from staging.stg_freshbooks__invoice_lines where invoice_id = '9100'") == []
    assert (
        started.rows("select * from canonical.document_lines where doc_uid = 'freshbooks:invoice:9100'") == []
    )


def test_a_key_that_is_gone_is_gone_behind_it_too(started: Staged) -> None:
    # The hand-made invoice 2024-17 turns out to belong to an order 2024 that arrives late; client 103 gets our token of
    # another customer, so 12361 loses it.
    client = dict(world.parties()[7][3]) | {"note": "[fbinfor SHOP-12360]"}
    started.land(
        [
            ("shop", "orders", "99", v.shop_order("2024", [("85123A", 1, "100.00")], customer=12360, id=99)),
            ("freshbooks", "clients", "103", client),
        ]
    )
    assert started.build(tests=True).broken == []
    assert started.rows(
        "select sale_key, role, seq from matched.sale_documents where doc_uid = 'freshbooks:invoice:9100'"
    ) == [("2024", "freshbooks_invoice", 17)]
    assert started.rows("select sale_key from matched.sales where sale_key = 'FB-9100'") == []
    assert started.rows(
        "select party_key, freshbooks_id from matched.party_links where party_key in ('SHOP-12360', 'SHOP-12361') order by 1"
    ) == [
        ("SHOP-12360", "103"),
        ("SHOP-12361", None),
    ]
    # The note of what vanished is kept for the next build only.
    assert started.rows("select model, key from changes.vanished order by 1") == [
        ("sale_documents", "FB-9100"),
        ("sales", "FB-9100"),
    ]
    assert started.build().changed == {}
    assert started.rows("select * from changes.vanished") == []


def test_a_build_that_did_not_complete_is_made_good_by_the_next(started: Staged) -> None:
    started.land([("freshbooks", "payments", "7003", v.payment(7003, 9010, 101, "12.00"))])
    started.build(complete=False)
    again = started.build()
    assert again.changed == {"staging.stg_freshbooks__payments": 1, "canonical.payments": 1}
    assert started.build().changed == {}


def test_the_crosswalk_wins_over_everything_else(started: Staged) -> None:
    started.link("party", ("shop", "12362"), ("freshbooks", "103"))
    started.link("document", ("shop", "536600"), ("freshbooks", "9100"))
    assert started.build(tests=True).broken == []
    assert started.rows(
        "select party_key, freshbooks_id, freshbooks_method from matched.party_links where freshbooks_id = '103'"
    ) == [("SHOP-12362", "103", "crosswalk")]
    assert started.rows(
        "select sale_key, seq from matched.sale_documents where doc_uid = 'freshbooks:invoice:9100'"
    ) == [("536600", 1)]


def test_many_small_builds_come_to_the_same_as_one_of_everything(staged: Staged) -> None:
    """Rows in any order, edits and removals: incremental and full agree in every table. Seed printed on failure."""
    seed = 20101201
    rows = world.everything()
    random.Random(seed).shuffle(rows)
    edits = [
        (
            "freshbooks",
            "invoices",
            "9011",
            v.invoice(9011, "536400-3", 101, [v.fb_line(1, "71053", "4", "5.00")], "24.00", state="draft"),
        ),
        (
            "freshbooks",
            "invoices",
            "9010",
            v.invoice(9010, "renamed", 101, [v.fb_line(1, "85123a", "10", "1.00")], "12.00"),
        ),
        ("freshbooks", "clients", "101", v.client(101, organization="Hartley Gifts Ltd", note=None)),
        ("m3", "customers", "C0012", v.m3_customer("C0012", "SOMEBODY ELSE", VRNO="GB000000001")),
        (
            "shop",
            "customers",
            "12361",
            v.shop_customer(12361, first_name="Robert", last_name="Ashworth", country="GB"),
        ),
    ]
    half = len(rows) // 2
    for part in (rows[:half], rows[half:], edits):
        staged.land(part)
        assert staged.build(full=not staged.tables()).broken == []
    staged.land([("freshbooks", "clients", "103", {**world.parties()[7][3], "vis_state": 1})], deleted=True)
    staged.link("party", ("shop", "17850"), ("freshbooks", "101"))
    assert staged.build(tests=True).broken == []
    step_by_step = everything(staged)
    assert staged.build(full=True).broken == []
    assert everything(staged) == step_by_step, f"seed {seed}"
