"""Free goods, costs and unknown codes as the outbound models decide: what is delivered for nothing, what is held.

The world is that of world.py; order 536414 is the order file's own way of giving 56 pieces away.
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
FREE = "536414"


def set_policy(staged: Staged, **changes: str) -> None:
    settings = POLICY.for_warehouse(world.ACCOUNT) | changes
    with staged.open() as con:
        con.execute("delete from ops.policy")
        con.executemany("insert into ops.policy values (?, ?)", list(settings.items()))


def order(number: str, lines: list[tuple[str, int, str]], **fields: Any) -> world.Row:
    """A shop order of the customer who is in FreshBooks and M3 already."""
    fields = {"customer": 17850, "billing": v.address(**world.FIRE)} | fields
    return ("shop", "orders", str(v.order_id(number)), v.shop_order(number, lines, **fields))


def free_order(**fields: Any) -> world.Row:
    return order(FREE, [("85123a", 56, "0.00")], **fields)


def in_m3(reference: str = f"SHOP-{FREE}", *, delivered: bool = False) -> world.Row:
    """The M3 order of it, as M3 shows it before or after it was shipped."""
    done = {"delivered": "56", "invoiced": "56", "status": "77"} if delivered else {}
    lines = [v.m3_order_line(1, "85123A", "56", "0.00", **done)]
    return ("m3", "orders", "5000700", v.m3_order("5000700", "FB00000101", reference, lines, "0.00"))


def zero_invoice() -> world.Row:
    lines = [(1, "85123A", "56", "0.00")]
    row = v.m3_invoice("10000700", "5000700", "FB00000101", lines, "0.00")
    return ("m3", "invoices", "AAA/2010/10000700", row)


@pytest.fixture(scope="module")
def decided(tmp_path_factory: pytest.TempPathFactory, runner_work: Path) -> Staged:
    """The world with the outbound layer built on it."""
    made = Staged(tmp_path_factory.mktemp("decided"), runner_work)
    made.select = (*SELECT, "path:models/outbound")
    set_policy(made)
    made.land(world.everything())
    assert made.build(full=True).broken == []
    return made


@pytest.fixture
def world_goes_on(decided: Staged, tmp_path: Path) -> Staged:
    """The same in a file of its own."""
    return decided.copy(tmp_path)


def built(staged: Staged, *rows: world.Row, full: bool = False) -> Staged:
    staged.land(list(rows))
    assert staged.build(full=full).broken == []
    return staged


def planned(staged: Staged, object_: str, key: str) -> dict[str, Any] | None:
    """The outbound row of a business key with its payload parsed; None if there is none."""
    with staged.open() as con:
        found = con.execute(f"select * from outbound.diff_{object_} where business_key = ?", [key])
        names = [column[0] for column in found.description]
        rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    assert len(rows) <= 1
    return rows[0] | {"payload": json.loads(rows[0]["payload"] or "null")} if rows else None


# ------------------------------------------------------------------------------------------- free goods


def test_free_goods_become_an_m3_order_at_price_0_that_names_the_shop_order(world_goes_on: Staged) -> None:
    row = planned(built(world_goes_on, free_order()), "m3__orders", FREE)
    assert (row["operation"], row["amount"], row["sale_key"]) == ("create", Decimal("0.00"), FREE)
    assert row["target_ref"] == references.m3_free_goods_reference(FREE)
    head, (line,) = row["payload"]["head"], row["payload"]["lines"]
    assert (head["PYRE"], head["CUNO"], head["ORTP"]) == (f"SHOP-{FREE}", "FB00000101", "F01")
    assert (line["ITNO"], line["ORQT"], line["SAPR"]) == ("85123A", "56", "0.00")
    assert row["payload"]["expected"] == {"net": "0.00", "tax": "0.00", "total": "0.00"}
    assert json.loads(row["links"]) == [
        {"entity": "document", "left_system": "shop", "left_id": FREE, "right_system": "m3", "right_id": None}
    ]


def test_freshbooks_gets_no_document_of_free_goods(world_goes_on: Staged) -> None:
    staged = built(world_goes_on, free_order(), in_m3(delivered=True), zero_invoice())
    for object_ in ("freshbooks__invoices", "freshbooks__credit_notes"):
        assert planned(staged, object_, FREE) is None


def test_free_goods_ask_for_their_customer_and_their_item(world_goes_on: Staged) -> None:
    stranger = order("536415", [("22139", 5, "0.00")], customer=17999)
    staged = built(world_goes_on, stranger)
    assert planned(staged, "freshbooks__clients", "SHOP-17999")["operation"] == "create"
    assert planned(staged, "m3__items", "22139")["operation"] == "create"
    held = planned(staged, "m3__orders", "536415")
    assert (held["operation"], held["cause"]) == ("blocked", "held")
    assert "waits for its M3 customer" in held["reason"]


def test_a_walk_ins_free_goods_go_to_the_walk_in_customer(world_goes_on: Staged) -> None:
    guest = order("536416", [("85123A", 5, "0.00")], customer=0)
    row = planned(built(world_goes_on, guest), "m3__orders", "536416")
    assert row["payload"]["head"]["CUNO"] == "FB00000102"


def test_the_m3_order_is_found_by_its_reference_and_not_made_again(world_goes_on: Staged) -> None:
    staged = built(built(world_goes_on, free_order()), in_m3())
    assert planned(staged, "m3__orders", FREE)["reason"] == "agrees"
    roles = staged.rows(
        f"select role, doc_uid from matched.sale_documents where sale_key = '{FREE}' order by 1"
    )
    assert roles == [("m3_order", "m3:order:5000700"), ("shop_order", f"shop:order:{v.order_id(FREE)}")]


def test_the_m3_order_is_found_by_the_crosswalk_where_somebody_changed_its_reference(
    world_goes_on: Staged,
) -> None:
    built(world_goes_on, free_order())
    world_goes_on.link("document", ("shop", FREE), ("m3", "5000700"))
    assert planned(built(world_goes_on, in_m3("PO 17")), "m3__orders", FREE)["reason"] == "agrees"


@pytest.mark.parametrize("together", [True, False], ids=["in one build", "one after the other"])
def test_m3s_zero_invoice_belongs_to_the_free_goods(world_goes_on: Staged, together: bool) -> None:
    rows = [free_order(), in_m3(delivered=True), zero_invoice()]
    for landed in [rows] if together else [[row] for row in reversed(rows)]:
        built(world_goes_on, *landed)
    assert world_goes_on.rows(
        f"select m3_order_count, m3_invoice_count, freshbooks_document_count from matched.sales where sale_key = '{FREE}'"
    ) == [(1, 1, 0)]
    assert world_goes_on.rows(
        "select state, outstanding from canonical.documents where system = 'm3' and number = '10000700'"
    ) == [("paid", Decimal("0.00"))]


def test_an_order_on_its_way_is_not_made_again(world_goes_on: Staged) -> None:
    with world_goes_on.open() as con:
        con.execute(
            "insert into ops.intents by name select 'i1' as id, 'm3' as target, 'm3__orders' as object, "
            "'create' as operation, ? as business_key, ? as target_ref, 'in_doubt' as state, now() as created_at, "
            "now() as updated_at, ? as load_generation",
            [FREE, f"SHOP-{FREE}", world_goes_on._generation + 1],
        )
    row = planned(built(world_goes_on, free_order()), "m3__orders", FREE)
    assert (row["operation"], row["reason"]) == ("none", "on its way: intent is in_doubt")


def test_free_goods_before_go_live_are_never_delivered_by_us(world_goes_on: Staged) -> None:
    set_policy(world_goes_on, go_live_sale="2010-12-02")
    row = planned(built(world_goes_on, free_order(), full=True), "m3__orders", FREE)
    assert (row["operation"], row["cause"]) == ("none", "before go-live")


def test_where_the_policy_only_records_free_goods_nothing_is_planned_for_them(world_goes_on: Staged) -> None:
    set_policy(world_goes_on, free_goods="record")
    stranger = order("536415", [("22139", 5, "0.00")], customer=17999)
    staged = built(world_goes_on, free_order(), stranger, full=True)
    assert planned(staged, "m3__orders", FREE) is None
    assert planned(staged, "freshbooks__clients", "SHOP-17999") is None
    assert planned(staged, "m3__items", "22139") is None


def test_stock_corrections_and_costs_make_no_document_anywhere(decided: Staged) -> None:
    classes = decided.rows(
        "select distinct sales.class from matched.sales inner join (select sale_key from outbound.diff_m3__orders "
        "union select sale_key from outbound.diff_m3__credit_orders union select sale_key from "
        "outbound.diff_freshbooks__invoices union select sale_key from outbound.diff_freshbooks__credit_notes) "
        "using (sale_key) order by 1"
    )
    assert classes == [("credit",), ("free_goods",), ("sale",)]


# ------------------------------------------------------------------------------------------- what is held


@pytest.mark.parametrize(
    ("code", "said"),
    [("CRUK", "a cost is never invoiced"), ("NEW-CODE", "no rule says what these lines are")],
    ids=["a cost among sold lines", "a code without a rule"],
)
@pytest.mark.parametrize(
    ("number", "quantity", "object_"),
    [("537001", 1, "freshbooks__invoices"), ("C537001", -1, "freshbooks__credit_notes")],
    ids=["sale", "credit"],
)
def test_a_line_that_nobody_may_bill_holds_its_document_and_says_which(
    world_goes_on: Staged, code: str, said: str, number: str, quantity: int, object_: str
) -> None:
    mixed = order(number, [("85123A", quantity, "12.00"), (code, quantity, "5.00")])
    row = planned(built(world_goes_on, mixed), object_, number)
    assert (row["operation"], row["cause"], row["payload"]) == ("blocked", "held", None)
    assert said in row["reason"] and code in row["reason"]


def test_a_cost_that_stands_in_freshbooks_already_goes_no_further(world_goes_on: Staged) -> None:
    mixed = order("537001", [("85123A", 10, "12.00"), ("CRUK", 1, "5.00")])
    lines = [v.fb_line(1, "85123A", "10", "12.00"), v.fb_line(2, "CRUK", "1", "5.00")]
    invoice = v.invoice(9100, "537001", 101, lines, "150.00", state="draft")
    row = planned(
        built(world_goes_on, mixed, ("freshbooks", "invoices", "9100", invoice)), "m3__orders", "537001"
    )
    assert (row["operation"], row["cause"]) == ("blocked", "held")
    assert row["reason"] == "a cost is never invoiced: take it out of the order: CRUK"
