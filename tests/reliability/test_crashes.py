"""A delivery that is killed at any point, and run again, leaves exactly one document per reference.

Judged by the simulators' write logs, never by our tables (DESIGN 6.10). Processes are real and die by SIGKILL.
FBINFOR_TEST_SEED replays a run's choices.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import time

import pytest
from delivery_world import SEED, Nursery, Vendors, documents, judge, quick, reference_in, rows_for

from fbinfor_assets.delivery import deliver
from fbinfor_assets.delivery.failpoints import NAMES
from fbinfor_assets.store import Store

OBJECTS = ["freshbooks__clients", "freshbooks__invoices", "m3__customers", "m3__orders", "m3__receipts"]
ROWS, CHUNK = 6, 3

# How often each place is reached in a run of 6 rows in chunks of 3: a place is also tried in the middle of the run.
REACHED = {
    "after_ready": 1,
    "mid_order": 2,
    "after_sent": 2,
    "before_confirm": 1,
}


@pytest.mark.parametrize("object", OBJECTS)
@pytest.mark.parametrize("place", NAMES)
def test_killed_and_run_again_each_reference_has_one_document(
    place: str, object: str, vendors: Vendors, store: Store, nursery: Nursery, base: int
) -> None:
    choose = random.Random(f"{SEED}/{place}/{object}")
    reached = 3 if place == "before_confirm" and object in ("m3__orders", "m3__receipts") else REACHED[place]
    failpoint = f"{place}:{choose.randint(1, reached)}"
    rows = rows_for(object, vendors, store, base, ROWS)
    system = object.split("__")[0]
    start = vendors.mark(system)
    verdict_id = judge(store, object, rows)

    nursery.start(vendors, store, rows, verdict_id, failpoint, chunk=CHUNK, workers=1)
    assert nursery.wait() == -signal.SIGKILL, f"{failpoint} was not reached"
    report = deliver(store, vendors.clients, object, rows, verdict_id, "again", settings=quick(chunk=CHUNK))

    assert documents(vendors, object, rows, start) == {reference_in(row): 1 for row in rows}, failpoint
    assert report.finished and not report.conflicts, (failpoint, report)
    assert not leftovers(vendors, rows), failpoint
    mark = vendors.mark(system)
    again = deliver(store, vendors.clients, object, rows, verdict_id, "fixpoint", settings=quick())
    assert (vendors.mark(system), again.skipped) == (mark, ROWS)


def leftovers(vendors: Vendors, rows: list) -> list:
    """What a broken delivery must not leave: batch orders without an order, payment batches not posted, half customers."""
    references = {reference_in(row) for row in rows}
    match rows[0].object:
        case "m3__orders":
            return [x for x in vendors.table("m3", "OXHEAD") if x["PYRE"] in references and not x["ORNR"]]
        case "m3__receipts":
            return [x for x in vendors.table("m3", "ARPBHD") if x["PBID"] in references and x["STAT"] != "90"]
        case "m3__customers":
            return [x for x in vendors.table("m3", "OCUSMA") if x["CUNO"] in references and not x.get("VRNO")]
        case "freshbooks__invoices":
            sent = {reference_in(row) for row in rows if row.payload["action"]}
            drafts = (x for x in vendors.table("freshbooks", "invoice") if x["status"] == 1)
            return [x for x in drafts if x["invoice_number"] in sent]
    return []


@pytest.mark.parametrize("object", ["freshbooks__invoices", "m3__orders", "m3__receipts"])
def test_killed_at_any_moment_several_times_each_reference_has_one_document(
    object: str, vendors: Vendors, store: Store, nursery: Nursery, base: int
) -> None:
    choose = random.Random(f"{SEED}/{object}")
    rows = rows_for(object, vendors, store, base, 40)
    start = vendors.mark(object.split("__")[0])
    verdict_id = judge(store, object, rows)
    for _ in range(3):
        process = nursery.start(vendors, store, rows, verdict_id, chunk=5)
        time.sleep(choose.uniform(0, 0.25))
        with contextlib.suppress(ProcessLookupError):  # it was quicker than that
            os.kill(process, signal.SIGKILL)
        nursery.wait()
    report = deliver(store, vendors.clients, object, rows, verdict_id, "again", settings=quick())
    assert documents(vendors, object, rows, start) == {reference_in(row): 1 for row in rows}
    assert report.finished and not report.conflicts and not leftovers(vendors, rows), report


@pytest.mark.parametrize("object", ["freshbooks__clients", "freshbooks__invoices", "m3__orders"])
def test_without_the_look_up_the_same_crash_makes_doubles(
    object: str, vendors: Vendors, store: Store, nursery: Nursery, base: int
) -> None:
    # Proves that the test above bites: where no number of ours is unique in the target, only the look-up protects.
    rows = rows_for(object, vendors, store, base, ROWS)
    start = vendors.mark(object.split("__")[0])
    verdict_id = judge(store, object, rows)
    nursery.start(vendors, store, rows, verdict_id, "after_sent")
    assert nursery.wait() == -signal.SIGKILL
    settings = quick(look_up_in_doubt=False)
    deliver(store, vendors.clients, object, rows, verdict_id, "again", settings=settings)
    assert documents(vendors, object, rows, start) == {reference_in(row): 2 for row in rows}


def test_two_processes_that_deliver_the_same_rows_make_each_document_once(
    vendors: Vendors, store: Store, nursery: Nursery, base: int
) -> None:
    rows = rows_for("m3__orders", vendors, store, base, 60)
    start = vendors.mark("m3")
    verdict_id = judge(store, "m3__orders", rows)
    other = Nursery()
    for one in (nursery, other):
        one.start(vendors, store, rows, verdict_id, chunk=10)
    assert (nursery.wait(), other.wait()) == (0, 0)
    other.close()
    report = deliver(store, vendors.clients, "m3__orders", [], None, "rest", settings=quick())
    assert documents(vendors, "m3__orders", rows, start) == {reference_in(row): 1 for row in rows}
    assert report.finished and not report.conflicts
