"""A write whose answer is lost, or that is lost itself, is looked up and ends as exactly one document.

Faults F3 (reset mid-request) and F4 (applied, response lost) of the reference, over real HTTP through a proxy.
"""

from __future__ import annotations

import pytest
from delivery_world import (
    CODES,
    LossyWorld,
    Vendors,
    close_clients,
    documents,
    free_goods_row,
    invoice_row,
    judge,
    lose,
    open_clients,
    quick,
    reference_in,
    rows_for,
)

from fbinfor_assets.delivery import deliver
from fbinfor_assets.delivery.settings import M3Names
from fbinfor_assets.store import Store, intents

# Each write of each object: what the request contains.
WRITES = [
    ("freshbooks__clients", ("POST", "users/clients")),
    ("freshbooks__invoices", ("POST", "invoices/invoices")),
    ("freshbooks__invoices", ("PUT", "invoices/invoices", "action_mark_as_sent")),
    ("freshbooks__credit_notes", ("POST", "credit_notes/credit_notes")),
    ("m3__items", ("AddItmViaItmTyp",)),
    ("m3__customers", ("CRS610MI", '"Add"')),
    ("m3__customers", ("ChgFinancial",)),
    ("m3__customers", ("ChgOrderInfo",)),
    ("m3__orders", ("OIS100MI", "AddBatchHead")),
    ("m3__orders", ("OIS100MI", "AddBatchLine")),
    ("m3__orders", ("OIS100MI", '"Confirm"')),
    ("m3__receipts", ("ARS040MI", "AddBatchHead")),
    ("m3__receipts", ("ARS040MI", "AddBatchLine")),
    ("m3__receipts", ("ControlBatch",)),
]


@pytest.mark.parametrize("what", ["lose_answer", "lose_request"])
@pytest.mark.parametrize(
    ("object", "marks"), WRITES, ids=lambda value: value if isinstance(value, str) else value[-1]
)
def test_each_write_may_be_lost_once_and_still_makes_one_document(
    object: str,
    marks: tuple[str, ...],
    what: str,
    vendors: Vendors,
    lossy: LossyWorld,
    store: Store,
    base: int,
) -> None:
    rows = rows_for(object, vendors, store, base, 4)
    system = object.split("__")[0]
    start = vendors.mark(system)
    with lossy.losing(system, lose(what, *marks)) as (clients, proxy):
        report = deliver(store, clients, object, rows, judge(store, object, rows), "r", settings=quick())
    assert [one[4] for one in proxy.seen].count(what) == 1
    assert documents(vendors, object, rows, start) == {reference_in(row): 1 for row in rows}
    assert (report.sent, report.confirmed, report.finished) == (4, 4, True), report


@pytest.mark.parametrize("what", ["lose_answer", "lose_request"])
@pytest.mark.parametrize("step", ["AddBatchHead", "AddBatchLine", '"Confirm"'])
def test_free_goods_are_ordered_once_and_are_worth_nothing_whatever_is_lost(
    step: str, what: str, vendors: Vendors, lossy: LossyWorld, store: Store, base: int
) -> None:
    rows = [free_goods_row(n, "FB00000001", CODES) for n in range(base, base + 3)]
    start = vendors.mark("m3")
    verdict_id = judge(store, "m3__orders", rows)
    with lossy.losing("m3", lose(what, "OIS100MI", step)) as (clients, proxy):
        report = deliver(store, clients, "m3__orders", rows, verdict_id, "r", settings=quick())
    assert [one[4] for one in proxy.seen].count(what) == 1
    assert documents(vendors, "m3__orders", rows, start) == {reference_in(row): 1 for row in rows}
    assert (report.confirmed, report.finished) == (3, True), report
    wanted = {reference_in(row) for row in rows}
    orders = [order for order in vendors.table("m3", "OOHEAD") if order["PYRE"] in wanted]
    assert {line["SAPR"] for order in orders for line in order["lines"]} <= {"0", "0.00"}


@pytest.mark.parametrize("what", ["lose_answer", "lose_request"])
@pytest.mark.parametrize("step", ["AddBatchHead", "AddBatchLine", "ControlBatch"])
def test_a_receipt_needs_no_table_of_payment_batches_to_be_finished_once(
    step: str, what: str, vendors: Vendors, lossy: LossyWorld, store: Store, base: int
) -> None:
    # The names of those tables are a guess; a tenant may not let us read them.
    rows = rows_for("m3__receipts", vendors, store, base, 2)
    start = vendors.mark("m3")
    settings = quick(m3=M3Names(payment_head=""))
    verdict_id = judge(store, "m3__receipts", rows)
    with lossy.losing("m3", lose(what, "ARS040MI", step)) as (clients, _):
        report = deliver(store, clients, "m3__receipts", rows, verdict_id, "r", settings=settings)
    assert documents(vendors, "m3__receipts", rows, start) == {reference_in(row): 1 for row in rows}
    assert (report.confirmed, report.finished) == (2, True), report


def test_the_doubt_is_kept_with_its_attempt(
    vendors: Vendors, lossy: LossyWorld, store: Store, base: int
) -> None:
    rows = rows_for("freshbooks__clients", vendors, store, base, 1)
    with lossy.losing("freshbooks", lose("lose_request", "POST")) as (clients, _):
        deliver(
            store, clients, rows[0].object, rows, judge(store, rows[0].object, rows), "r", settings=quick()
        )
    with store.read() as tx:
        (intent,) = intents.in_state(tx, rows[0].object, "confirmed")
        attempts = intents.attempts_of(tx, intent.id)
    assert [attempt.outcome for attempt in attempts] == ["in_doubt", "acknowledged"]


def test_nothing_is_looked_up_before_the_visibility_lag_is_over(
    vendors: Vendors, lossy: LossyWorld, store: Store, base: int
) -> None:
    rows = rows_for("freshbooks__clients", vendors, store, base, 1)
    verdict_id = judge(store, rows[0].object, rows)
    with lossy.losing("freshbooks", lose("lose_answer", "POST")) as (clients, proxy):
        settings = quick(visibility_lag_seconds=0.6)
        report = deliver(store, clients, rows[0].object, rows, verdict_id, "r", settings=settings)
    lost, looked_up = proxy.seen[0], proxy.seen[1]
    assert "note_like" in looked_up[2]
    assert looked_up[0] - lost[0] >= 0.6
    assert report.confirmed == 1


def test_a_lag_beyond_our_patience_leaves_the_doubt_to_a_later_delivery(
    vendors: Vendors, lossy: LossyWorld, store: Store, base: int
) -> None:
    rows = rows_for("freshbooks__clients", vendors, store, base, 1)
    verdict_id = judge(store, rows[0].object, rows)
    start = vendors.mark("freshbooks")
    with lossy.losing("freshbooks", lose("lose_answer", "POST")) as (clients, proxy):
        settings = quick(visibility_lag_seconds=600, patience_seconds=1)
        report = deliver(store, clients, rows[0].object, rows, verdict_id, "r", settings=settings)
        assert (report.in_doubt, len(proxy.seen), report.finished) == (1, 1, False)
        again = deliver(store, clients, rows[0].object, rows, verdict_id, "r", settings=settings)
    assert (again.in_doubt, again.sent) == (1, 0)
    assert documents(vendors, rows[0].object, rows, start) == {reference_in(rows[0]): 1}


def test_a_look_up_that_fails_leaves_the_doubt_and_sends_nothing(
    vendors: Vendors, lossy: LossyWorld, store: Store, base: int
) -> None:
    rows = rows_for("freshbooks__clients", vendors, store, base, 1)
    verdict_id = judge(store, rows[0].object, rows)
    start = vendors.mark("freshbooks")

    def rule(method: str, path: str, body: str) -> str:
        return "lose_answer" if method == "POST" or "note_like" in path else "pass"

    with lossy.losing("freshbooks", rule) as (clients, _):
        report = deliver(store, clients, rows[0].object, rows, verdict_id, "r", settings=quick(rounds=1))
    assert (report.in_doubt, report.sent) == (1, 0)
    assert "is in doubt and cannot be looked up" in " ".join(report.messages)
    later = deliver(store, vendors.clients, rows[0].object, [], None, "r", settings=quick())
    assert (later.sent, later.confirmed) == (1, 1)
    assert documents(vendors, rows[0].object, rows, start) == {reference_in(rows[0]): 1}


def test_a_vendor_that_cannot_be_reached_loses_nothing(
    vendors: Vendors, lossy: LossyWorld, store: Store, base: int
) -> None:
    connection = dict(vendors.connection)
    # A port on which nobody listens: refused before a byte is sent.
    connection["freshbooks"] = connection["freshbooks"] | {"base_url": "http://127.0.0.1:9"}
    rows = rows_for("freshbooks__clients", vendors, store, base, 3)
    verdict_id = judge(store, rows[0].object, rows)
    start = vendors.mark("freshbooks")
    nowhere = open_clients(connection)
    report = deliver(store, nowhere, rows[0].object, rows, verdict_id, "r", settings=quick())
    close_clients(nowhere)
    assert (report.waiting, report.in_doubt, report.refused) == (3, 0, 0)
    assert (
        len(report.messages) < 4
        and "freshbooks__clients waits: freshbooks: create client" in report.messages[0]
    )
    report = deliver(store, vendors.clients, rows[0].object, rows, verdict_id, "r", settings=quick())
    assert report.confirmed == 3
    assert documents(vendors, rows[0].object, rows, start) == {reference_in(row): 1 for row in rows}


def test_a_record_of_others_under_our_reference_is_a_conflict_and_not_a_second_document(
    vendors: Vendors, lossy: LossyWorld, store: Store, base: int
) -> None:
    customer = vendors.clients.freshbooks.create("clients", {"email": f"x{base}@example.com"})
    row = invoice_row(str(base), str(customer["id"]))
    theirs = row.payload["invoice"] | {
        "notes": "typed by a person",
        "lines": row.payload["invoice"]["lines"][:1],
    }
    in_the_way = vendors.clients.freshbooks.create("invoices", theirs)
    start = vendors.mark("freshbooks")
    verdict_id = judge(store, row.object, [row])
    with lossy.losing("freshbooks", lose("lose_request", "POST")) as (clients, _):
        report = deliver(store, clients, row.object, [row], verdict_id, "r", settings=quick())
    assert (report.conflicts, report.sent) == (1, 0)
    assert f"reference {base} is taken" in report.messages[0]
    assert vendors.mark("freshbooks") == start

    vendors.clients.freshbooks.delete("invoices", in_the_way["id"])
    later = deliver(store, vendors.clients, row.object, [], None, "r", settings=quick())
    assert (later.conflicts, later.sent, later.confirmed) == (0, 1, 1)
