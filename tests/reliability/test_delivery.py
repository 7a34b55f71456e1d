"""What deliver() promises on an ordinary day: the gate, the crosswalk, refusals, conflicts, order, limits.

Real HTTP against the simulators; what was written is judged by their write logs.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from delivery_world import (
    CODES,
    LossyWorld,
    Vendors,
    billed_invoices,
    client_row,
    customer_row,
    documents,
    invoice_row,
    item_row,
    judge,
    link,
    order_row,
    quick,
    receipt_row,
    reference_in,
    row,
    rows_for,
    totals,
    with_payload,
)
from sqlalchemy import update

from fbinfor_assets.delivery import Forbidden, OutboundRow, RefusedByGate, Report, RowError, deliver
from fbinfor_assets.domain import references
from fbinfor_assets.store import Store, agreed, crosswalk, dead_letters, intents, schema

OBJECTS = [
    "freshbooks__clients",
    "freshbooks__invoices",
    "freshbooks__credit_notes",
    "m3__items",
    "m3__customers",
    "m3__orders",
    "m3__credit_orders",
    "m3__receipts",
]


def send(vendors: Vendors, store: Store, rows: list[OutboundRow], **settings: Any) -> Report:
    """Judge and deliver."""
    verdict_id = judge(store, rows[0].object, rows)
    return deliver(
        store, vendors.clients, rows[0].object, rows, verdict_id, "run", settings=quick(**settings)
    )


def rest(vendors: Vendors, store: Store, object: str) -> Report:
    """Deliver only what is left."""
    return deliver(store, vendors.clients, object, [], None, "rest", settings=quick())


# ------------------------------------------------------------------------------------ the way of a row


@pytest.mark.parametrize("object", OBJECTS)
def test_rows_are_written_once_read_back_linked_and_agreed(
    object: str, vendors: Vendors, store: Store, base: int
) -> None:
    rows = rows_for(object, vendors, store, base, 3)
    start = vendors.mark(rows[0].target)
    told: list[tuple[str, int, int]] = []
    verdict_id = judge(store, object, rows)
    report = deliver(
        store,
        vendors.clients,
        object,
        rows,
        verdict_id,
        "run",
        lambda *step: told.append(step),
        settings=quick(chunk=2),
    )
    assert (report.sent, report.confirmed, report.finished, report.messages) == (3, 3, True, [])
    assert documents(vendors, object, rows, start) == {reference_in(one): 1 for one in rows}
    assert told == [("send", 2, 3), ("send", 3, 3), ("confirm", 2, 3), ("confirm", 3, 3)]
    with store.read() as tx:
        kept = {one.business_key: one for one in intents.in_state(tx, object, "confirmed")}
        for one in rows:
            (due,) = one.links
            left = (due["entity"], due["left_system"], due["left_id"], due["right_system"])
            assert crosswalk.right_of(tx, *left) == kept[one.business_key].remote_id
            if one.agreed:
                assert agreed.of(tx, due["entity"], one.business_key) == one.agreed


@pytest.mark.parametrize("object", OBJECTS)
def test_the_same_rows_again_write_nothing(object: str, vendors: Vendors, store: Store, base: int) -> None:
    rows = rows_for(object, vendors, store, base, 2)
    send(vendors, store, rows)
    mark, changes = vendors.mark(rows[0].target), store.changes_since("intent", 0).upto
    report = send(vendors, store, rows)
    assert (report.skipped, report.sent, vendors.mark(rows[0].target)) == (2, 0, mark)
    assert store.changes_since("intent", changes).rows == []


def test_why_a_row_was_sent_stays_with_its_intent(vendors: Vendors, store: Store, base: int) -> None:
    because = {
        "reason": "the telephone number changed in the shop",
        "changes": [{"field": "phone", "old": None, "new": "020 1"}],
    }
    send(vendors, store, [replace(client_row(base), **because)])
    with store.read() as tx:
        (kept,) = intents.in_state(tx, "freshbooks__clients", "confirmed")
    assert {"reason": kept.reason, "changes": kept.changes} == because


def test_rows_of_one_key_arrive_in_their_order(vendors: Vendors, store: Store, base: int) -> None:
    (client,) = [client_row(base)]
    send(vendors, store, [client])
    with store.read() as tx:
        remote_id = crosswalk.right_of(tx, "party", "shop", str(base), "freshbooks")
    start = vendors.mark("freshbooks")
    changes = [
        row(
            client.object,
            client.business_key,
            f"{client.target_ref}@{n}",
            {"client": {"bus_phone": str(n)}},
            operation="update",
            remote_id=remote_id,
        )
        for n in range(8)
    ]
    report = send(vendors, store, changes)
    assert report.sent == 8
    written = [write["body"]["given"] for write in vendors.writes("freshbooks", start)]
    assert [(given.get("client") or given)["bus_phone"] for given in written] == [str(n) for n in range(8)]


def test_a_later_change_stands_in_for_one_that_was_never_sent(
    vendors: Vendors, store: Store, base: int
) -> None:
    client = client_row(base)
    send(vendors, store, [client])
    with store.read() as tx:
        remote_id = crosswalk.right_of(tx, "party", "shop", str(base), "freshbooks")

    def change(phone: str) -> OutboundRow:
        payload = {"client": {"bus_phone": phone}}
        reference = f"{client.target_ref}@{phone}"
        more = {"operation": "update", "remote_id": remote_id}
        return row(client.object, client.business_key, reference, payload, **more)

    old, new = change("1"), change("2")
    verdict_id = judge(store, client.object, [old])
    with pytest.raises(KeyboardInterrupt):  # broken off when everything is planned and nothing is sent
        deliver(store, vendors.clients, client.object, [old], verdict_id, "run", settings=_Interrupted())
    start = vendors.mark("freshbooks")
    report = send(vendors, store, [new])
    assert (report.superseded, report.sent, report.confirmed) == (1, 1, 1)
    assert [
        (w["body"]["given"].get("client") or w["body"]["given"]) for w in vendors.writes("freshbooks", start)
    ] == [{"bus_phone": "2"}]


class _Interrupted:
    """Settings whose first use after planning is a person's Ctrl-C."""

    def __init__(self) -> None:
        self._plain = quick()

    def __getattr__(self, name: str) -> Any:
        if name == "rounds":
            raise KeyboardInterrupt
        return getattr(self._plain, name)


# ------------------------------------------------------------------------------------------- the gate


def one_cent_more(object: str, payload: dict[str, Any]) -> dict[str, Any]:
    changed = json.loads(json.dumps(payload))
    if object == "freshbooks__invoices":
        changed["invoice"]["lines"][0]["unit_cost"]["amount"] = "2.56"
    elif object == "m3__orders":
        changed["lines"][0]["SAPR"] = "2.56"
    else:
        changed["lines"][0]["PYAM"] = "5.01"
    return changed


@pytest.mark.parametrize("object", ["freshbooks__invoices", "m3__orders", "m3__receipts"])
@pytest.mark.parametrize("hashed_anew", [False, True])
def test_one_cent_changed_after_the_verdict_and_nothing_of_the_batch_is_sent(
    hashed_anew: bool, object: str, vendors: Vendors, store: Store, base: int
) -> None:
    rows = rows_for(object, vendors, store, base, 3)
    verdict_id = judge(store, object, rows)
    flipped = one_cent_more(object, rows[1].payload)
    rows[1] = with_payload(rows[1], flipped) if hashed_anew else replace(rows[1], payload=flipped)
    start = vendors.mark(rows[0].target)
    with pytest.raises(RefusedByGate, match=f"{object} {rows[1].business_key} .*nothing was sent"):
        deliver(store, vendors.clients, object, rows, verdict_id, "run", settings=quick())
    assert vendors.mark(rows[0].target) == start
    assert store.changes_since("intent", 0).rows == [] or object == "m3__receipts"


@pytest.mark.parametrize("field", ["payload", "payload_sha", "both"])
def test_one_cent_changed_in_the_store_and_nothing_is_sent(
    field: str, vendors: Vendors, store: Store, base: int
) -> None:
    rows = rows_for("m3__orders", vendors, store, base, 2)
    verdict_id = judge(store, "m3__orders", rows)
    with pytest.raises(KeyboardInterrupt):
        deliver(store, vendors.clients, "m3__orders", rows, verdict_id, "run", settings=_Interrupted())
    forged = with_payload(rows[0], one_cent_more("m3__orders", rows[0].payload))
    values = {"payload": forged.canonical_payload, "payload_sha": forged.payload_sha}
    if field != "both":
        values = {field: values[field]}
    with store.write() as tx:
        tx.execute(
            update(schema.intent).where(schema.intent.c.target_ref == rows[0].target_ref).values(**values)
        )
    start = vendors.mark("m3")
    with pytest.raises(RefusedByGate, match=f"m3__orders {rows[0].business_key} .*nothing was sent"):
        rest(vendors, store, "m3__orders")
    assert vendors.mark("m3") == start


def test_a_verdict_that_did_not_pass_lets_nothing_through(vendors: Vendors, store: Store, base: int) -> None:
    rows = [client_row(base)]
    verdict_id = judge(store, rows[0].object, rows, passed=False)
    start = vendors.mark("freshbooks")
    with pytest.raises(RefusedByGate, match="did not pass"):
        deliver(store, vendors.clients, rows[0].object, rows, verdict_id, "run")
    assert vendors.mark("freshbooks") == start


def test_a_verdict_over_another_object_or_none_lets_nothing_through(
    vendors: Vendors, store: Store, base: int
) -> None:
    rows = [client_row(base)]
    others = judge(store, "freshbooks__invoices", rows)
    start = vendors.mark("freshbooks")
    for verdict_id, text in (
        (others, "judges freshbooks__invoices"),
        (None, "there is no verdict"),
        ("x", "no verdict"),
    ):
        with pytest.raises(RefusedByGate, match=text):
            deliver(store, vendors.clients, rows[0].object, rows, verdict_id, "run")
    assert vendors.mark("freshbooks") == start


def test_a_quarantined_row_cannot_slip_in_with_the_rest(vendors: Vendors, store: Store, base: int) -> None:
    good, quarantined = client_row(base), client_row(base + 1)
    verdict_id = judge(store, good.object, [good])
    start = vendors.mark("freshbooks")
    with pytest.raises(RefusedByGate, match=f"SHOP-{base + 1} .*not in verdict"):
        deliver(store, vendors.clients, good.object, [good, quarantined], verdict_id, "run")
    # The payload of one record does not pass under the name of another either.
    with pytest.raises(RefusedByGate, match="not in verdict"):
        deliver(
            store, vendors.clients, good.object, [replace(good, business_key="SHOP-0")], verdict_id, "run"
        )
    assert vendors.mark("freshbooks") == start


@pytest.mark.parametrize(
    ("program", "transaction"),
    [
        ("APS450MI", "ApproveInvoice"),
        ("APS130MI", "CreateProposal"),
        ("PPS200MI", "ApprovePO"),
        ("CRS610MI", "Delete"),
    ],
)
def test_approvals_and_payment_proposals_are_never_sent_even_with_a_verdict(
    program: str, transaction: str, vendors: Vendors, store: Store, base: int
) -> None:
    bad = item_row(f"BAD{base}")
    bad = with_payload(bad, bad.payload | {"program": program, "transaction": transaction})
    start = vendors.mark("m3")
    with pytest.raises(Forbidden, match=f"BAD{base}"):
        send(vendors, store, [item_row(f"GOOD{base}"), bad])
    assert vendors.mark("m3") == start


def test_bank_details_are_never_sent_even_with_a_verdict(vendors: Vendors, store: Store, base: int) -> None:
    customer = customer_row(base, vendors.account)
    customer = with_payload(customer, customer.payload | {"financial": {"AACB": "12345678"}})
    client = client_row(base)
    client = with_payload(client, {"client": client.payload["client"] | {"bank_account": "12345678"}})
    marks = vendors.mark("m3"), vendors.mark("freshbooks")
    for bad in (customer, client):
        with pytest.raises(Forbidden, match="bank detail"):
            send(vendors, store, [bad])
    assert (vendors.mark("m3"), vendors.mark("freshbooks")) == marks


def test_what_carries_no_reference_of_ours_is_not_created(vendors: Vendors, store: Store, base: int) -> None:
    client = client_row(base)
    client = with_payload(client, {"client": client.payload["client"] | {"note": "no token"}})
    with pytest.raises(Forbidden, match="could not be found again"):
        send(vendors, store, [client])


def test_two_rows_with_one_reference_are_a_mistake_of_the_batch(
    vendors: Vendors, store: Store, base: int
) -> None:
    one = client_row(base)
    with pytest.raises(RowError, match="same target_ref"):
        send(vendors, store, [one, replace(one, business_key="SHOP-0")])


# ----------------------------------------------------------------------------------- what M3 refuses


def test_an_order_with_a_bad_line_is_deleted_and_dead_lettered_and_the_others_go_on(
    vendors: Vendors, store: Store, base: int
) -> None:
    rows = rows_for("m3__orders", vendors, store, base, 3)
    payload = json.loads(json.dumps(rows[1].payload))
    payload["lines"][1]["ORQT"] = "three"
    rows[1] = with_payload(rows[1], payload)
    report = send(vendors, store, rows)
    assert (report.confirmed, report.refused, report.finished) == (2, 1, True)
    with store.read() as tx:
        (letter,) = dead_letters.open_letters(tx, "m3__orders")
    assert (letter.business_key, letter.rule, letter.field, letter.value) == (
        rows[1].business_key,
        "XNU0000",
        "ORQT",
        "three",
    )
    assert "line CUPO 2 item ITEM2" in letter.message
    assert letter.payload == rows[1].canonical_payload
    reference = reference_in(rows[1])
    assert not [x for x in vendors.table("m3", "OXHEAD") if x["PYRE"] == reference]


def test_an_order_that_m3_confirms_into_an_error_status_is_deleted_and_dead_lettered(
    vendors: Vendors, store: Store, base: int
) -> None:
    good, bad = rows_for("m3__orders", vendors, store, base, 2)
    payload = json.loads(json.dumps(bad.payload))
    payload["lines"][0]["ITNO"] = "NOSUCHITEM"
    bad = with_payload(bad, payload)
    report = send(vendors, store, [good, bad])
    assert (report.confirmed, report.refused) == (1, 1)
    with store.read() as tx:
        (letter,) = dead_letters.open_letters(tx, "m3__orders")
    assert letter.rule == "STAT25" and "NOSUCHITEM does not exist" in letter.message
    assert not [x for x in vendors.table("m3", "OXHEAD") if x["PYRE"] == reference_in(bad)]


def test_a_refused_payload_waits_for_a_correction_or_a_person(
    vendors: Vendors, store: Store, base: int
) -> None:
    bad = item_row(f"CODE{base}")
    good_payload = bad.payload
    bad = with_payload(bad, {**bad.payload, "record": {**bad.payload["record"], "ITTY": "???"}})
    assert send(vendors, store, [bad]).refused == 1
    mark = vendors.mark("m3")

    held = send(vendors, store, [bad])
    assert (held.dead, held.sent, vendors.mark("m3")) == (1, 0, mark)

    with store.write() as tx:
        dead_letters.resolve(tx, "m3__items", [bad.business_key])
    assert send(vendors, store, [bad]).refused == 1

    corrected = send(vendors, store, [with_payload(bad, good_payload)])
    assert (corrected.sent, corrected.confirmed) == (1, 1)
    with store.read() as tx:
        assert dead_letters.open_letters(tx, "m3__items") == []


def test_a_customer_refused_half_way_goes_on_from_there_once_corrected(
    vendors: Vendors, store: Store, base: int
) -> None:
    good = customer_row(base, vendors.account)
    bad = with_payload(good, good.payload | {"order_info": {"TEPY": "XXX"}})
    start = vendors.mark("m3")
    refused = send(vendors, store, [bad])
    assert (refused.refused, refused.sent) == (1, 0)
    with store.read() as tx:
        (letter,) = dead_letters.open_letters(tx, "m3__customers")
    assert "is added, but ChgOrderInfo was refused" in letter.message
    assert send(vendors, store, [good]).confirmed == 1
    assert documents(vendors, "m3__customers", [good], start) == {reference_in(good): 1}


def test_a_customer_number_that_people_took_is_a_conflict(vendors: Vendors, store: Store, base: int) -> None:
    ours = customer_row(base, vendors.account)
    theirs = {**ours.payload["add"], "CUNM": "Somebody else", "YREF": ""}
    vendors.clients.m3.execute("CRS610MI", "Add", theirs)
    report = send(vendors, store, [ours])
    assert (report.conflicts, report.refused, report.sent) == (1, 0, 0)
    assert f"customer {ours.payload['add']['CUNO']} exists otherwise" in report.messages[0]


# ------------------------------------------------------------------------------------------ conflicts


def test_order_totals_beyond_tolerance_are_a_conflict_with_both_amounts(
    vendors: Vendors, store: Store, base: int
) -> None:
    within, beyond = rows_for("m3__orders", vendors, store, base, 2)
    exact = totals([(2, "2.55"), (3, "3.39"), (1, "0.125")])
    assert exact == {"net": "15.40", "tax": "3.08", "total": "18.48"}
    within = with_payload(
        within, within.payload | {"expected": {"net": "15.40", "tax": "3.13", "total": "18.53"}}
    )
    beyond = with_payload(
        beyond, beyond.payload | {"expected": {"net": "15.40", "tax": "3.14", "total": "18.54"}}
    )
    report = send(vendors, store, [within, beyond])
    assert (report.confirmed, report.conflicts) == (1, 1)
    assert "totals differ by more than 0.05" in report.messages[0]
    assert "total: sent '18.54', the target holds '18.48'" in report.messages[0]
    with store.read() as tx:
        document = crosswalk.right_of(tx, "document", "freshbooks", beyond.business_key, "m3")
    assert document is None


def test_a_credit_stop_is_held_as_a_conflict_until_people_release_it(
    vendors: Vendors, store: Store, base: int
) -> None:
    customer = customer_row(base, vendors.account)
    customer = with_payload(customer, customer.payload | {"financial": {"CRLM": "10", "CUCD": "GBP"}})
    send(vendors, store, [customer])
    order = order_row(base, customer.payload["add"]["CUNO"], vendors.account, CODES)
    start = vendors.mark("m3")
    report = send(vendors, store, [order])
    assert (report.conflicts, report.refused, report.sent) == (1, 0, 0)
    assert (
        "status 30 (credit stop)" in report.messages[0]
        and "Credit limit 10.00 exceeded" in report.messages[0]
    )

    mark, changes = vendors.mark("m3"), store.changes_since("intent", 0).upto
    send(vendors, store, [order])
    assert vendors.mark("m3") == mark, "a held order is not sent again"
    assert store.changes_since("intent", changes).rows == []

    (batch,) = [x for x in vendors.table("m3", "OXHEAD") if x["PYRE"] == reference_in(order)]
    vendors.people("m3", "people/release-credit", {"orno": batch["ORNO"]})
    released = rest(vendors, store, "m3__orders")
    assert (released.confirmed, released.conflicts) == (1, 0)
    assert [x["PYRE"] for x in vendors.table("m3", "OOHEAD")].count(reference_in(order)) == 1
    assert len(vendors.writes("m3", start)) < 10
    with store.read() as tx:
        number = crosswalk.right_of(tx, "document", "freshbooks", order.business_key, "m3")
    assert number in [x["ORNO"] for x in vendors.table("m3", "OOHEAD")]


def test_a_customer_with_errm_is_a_conflict_until_people_complete_it(
    vendors: Vendors, store: Store, base: int
) -> None:
    customer = customer_row(base, vendors.account)
    add = {name: value for name, value in customer.payload["add"].items() if name != "CSCD"}
    customer = with_payload(customer, {"add": add, "financial": None, "order_info": None})
    report = send(vendors, store, [customer])
    assert (report.conflicts, report.confirmed) == (1, 0)
    assert "is not usable yet: Country must be entered" in report.messages[0]
    vendors.people("m3", "people/customer", {"cuno": add["CUNO"], "fields": {"CSCD": "GB"}})
    assert rest(vendors, store, "m3__customers").confirmed == 1


def test_an_id_that_is_linked_otherwise_is_a_conflict_and_the_others_are_confirmed(
    vendors: Vendors, store: Store, base: int
) -> None:
    rows = [client_row(base), client_row(base + 1)]
    with store.write() as tx:
        crosswalk.put(tx, [crosswalk.Link("party", "shop", str(base), "freshbooks", "999999")], "auto")
    report = send(vendors, store, rows)
    assert (report.confirmed, report.conflicts) == (1, 1)
    assert f"the crosswalk links shop {base} to freshbooks 999999" in report.messages[0]


# ---------------------------------------------------------------------------------- FreshBooks invoices


def a_draft(vendors: Vendors, store: Store, base: int) -> tuple[OutboundRow, str]:
    customer = vendors.clients.freshbooks.create("clients", {"email": f"x{base}@example.com"})
    draft = invoice_row(str(base), str(customer["id"]))
    assert send(vendors, store, [draft]).confirmed == 1
    with store.read() as tx:
        return draft, str(crosswalk.right_of(tx, "document", "shop", str(base), "freshbooks"))


def shipped(draft: OutboundRow, remote_id: str, nth: int = 1) -> OutboundRow:
    """The update that gives a draft the lines and the date of M3's invoice and marks it sent."""
    lines = draft.payload["invoice"]["lines"][:nth]
    invoice = {"create_date": "2011-01-07", "lines": lines}
    sums = totals([(2, "2.55"), (3, "3.39"), (1, "0.125")][:nth])
    payload = {"invoice": invoice, "action": "mark_as_sent", "expected": sums, "m3_invoice": "2011/1"}
    more = {"operation": "update", "remote_id": remote_id}
    return row(draft.object, draft.business_key, f"{draft.target_ref}@{nth}", payload, **more)


def test_a_draft_takes_m3s_lines_and_date_and_is_marked_sent(
    vendors: Vendors, store: Store, base: int
) -> None:
    draft, remote_id = a_draft(vendors, store, base)
    report = send(vendors, store, [shipped(draft, remote_id)])
    assert (report.sent, report.confirmed) == (1, 1)
    invoice = vendors.clients.freshbooks.get("invoices", remote_id)
    assert (invoice["create_date"], len(invoice["lines"]), invoice["amount"]["amount"]) == (
        "2011-01-07",
        1,
        "6.12",
    )
    assert invoice["v3_status"] != "draft"


def test_a_sent_invoice_is_not_edited_but_a_conflict(vendors: Vendors, store: Store, base: int) -> None:
    draft, remote_id = a_draft(vendors, store, base)
    send(vendors, store, [shipped(draft, remote_id)])
    start = vendors.mark("freshbooks")
    report = send(vendors, store, [shipped(draft, remote_id, 2)])
    assert (report.conflicts, report.sent, vendors.mark("freshbooks")) == (1, 0, start)
    assert "corrected only by another document" in report.messages[0]


def test_a_sent_invoice_that_is_as_meant_already_needs_no_write(
    vendors: Vendors, store: Store, base: int
) -> None:
    draft, remote_id = a_draft(vendors, store, base)
    update_ = shipped(draft, remote_id)
    document = dict(update_.payload["invoice"])
    vendors.clients.freshbooks.update("invoices", remote_id, document)
    vendors.clients.freshbooks.update("invoices", remote_id, {"action_mark_as_sent": True})
    start = vendors.mark("freshbooks")
    assert send(vendors, store, [update_]).confirmed == 1
    assert vendors.mark("freshbooks") == start


def test_an_invoice_that_people_deleted_is_a_conflict(vendors: Vendors, store: Store, base: int) -> None:
    draft, remote_id = a_draft(vendors, store, base)
    vendors.clients.freshbooks.delete("invoices", remote_id)
    report = send(vendors, store, [shipped(draft, remote_id)])
    assert (report.conflicts, report.sent) == (1, 0)
    assert "people deleted it" in report.messages[0]


# --------------------------------------------------------------------------------------------- receipts


def test_money_before_the_invoice_stands_on_account_and_is_allocated_later(
    vendors: Vendors, store: Store, base: int
) -> None:
    invoice = billed_invoices(vendors, store, base, 1)[0]
    cuno, on_account = "FB00000001", references.on_account_number(base)
    receipt = receipt_row(base, cuno, on_account, "2011", invoice["total"], bope="CRD")
    payload = json.loads(json.dumps(receipt.payload)) | {"kind": "on_account"}
    payload["lines"][0]["PYTP"] = "OA"
    assert send(vendors, store, [with_payload(receipt, payload)]).confirmed == 1

    batch = str(references.allocation_batch(base, 0))
    line = {"CUNO": cuno, "PYNO": cuno, "CUCD": "GBP", "CKNO": f"FBA{base}"}
    lines = [
        line | {"TRNO": "1", "CINO": invoice["number"], "INYR": invoice["year"], "PYAM": invoice["total"]},
        line
        | {"TRNO": "2", "CINO": on_account, "INYR": "2011", "PYAM": f"-{invoice['total']}", "PYTP": "OA"},
    ]
    payload = {
        "head": {"PBID": batch, "BOPE": "ALC", "ACDT": "20110112"},
        "lines": lines,
        "kind": "allocation",
    }
    links = [link("payment", "freshbooks", f"{base}/0", "m3", None)]
    allocation = row("m3__receipts", f"allocation:{base}:0", f"ALLOCATION:{base}:0", payload, links=links)
    assert send(vendors, store, [allocation]).confirmed == 1
    item = {"PYNO": cuno, "CINO": invoice["number"], "INYR": invoice["year"], "CUNO": cuno}
    found = vendors.clients.m3.get("ARS200MI", "GetInvTotInfo", item)
    assert (found["OCUA"], found["RECO"]) == ("0.00", "9")


def test_what_was_paid_too_much_stands_on_account_by_the_same_receipt(
    vendors: Vendors, store: Store, base: int
) -> None:
    invoice = billed_invoices(vendors, store, base, 1)[0]
    receipt = receipt_row(base, "FB00000001", invoice["number"], invoice["year"], invoice["total"])
    (line,) = receipt.payload["lines"]
    excess = line | {"TRNO": "2", "CINO": f"P{base}", "INYR": "2011", "PYAM": "30.00", "PYTP": "OA"}
    receipt = with_payload(receipt, receipt.payload | {"lines": [line, excess]})
    assert send(vendors, store, [receipt]).confirmed == 1


def test_a_receipt_is_confirmed_only_when_the_ledger_has_it(tmp_path: Path, store: Store, base: int) -> None:
    # `ar_update: manual`: ControlBatch accepts, and people update the ledger later (infor-api 2.6).
    vendors = Vendors(tmp_path / "manual", {"m3": {"ar_update": "manual"}})
    try:
        send(vendors, store, [item_row(code) for code in CODES])
        send(vendors, store, [customer_row(1, vendors.account)])
        (receipt,) = rows_for("m3__receipts", vendors, store, base, 1)
        report = send(vendors, store, [receipt])
        assert (report.sent, report.confirmed, report.unconfirmed) == (1, 0, 1)
        assert "not in M3's ledger yet: 5.00 on" in report.messages[0]
        assert send(vendors, store, [receipt]).unconfirmed == 1
        vendors.people("m3", "people/ar-update", {"pbid": receipt.payload["head"]["PBID"]})
        assert rest(vendors, store, "m3__receipts").confirmed == 1
    finally:
        vendors.close()


# ----------------------------------------------------------------------------------------------- limits


@pytest.fixture
def limited(tmp_path: Path) -> Iterator[Vendors]:
    """FreshBooks with six requests a minute."""
    vendors = Vendors(tmp_path / "limited", {"freshbooks": {"rate_limit_per_minute": 6}})
    yield vendors
    vendors.close()


def test_a_long_retry_after_ends_the_delivery_and_is_kept_by_the_next(
    limited: Vendors, store: Store, base: int
) -> None:
    rows = [client_row(base + n) for n in range(10)]
    verdict_id = judge(store, rows[0].object, rows)
    settings = quick(workers=1, patience_seconds=1, chunk=4)
    report = deliver(store, limited.clients, rows[0].object, rows, verdict_id, "run", settings=settings)
    assert (report.sent, report.waiting, report.refused, report.in_doubt) == (6, 4, 0, 0)
    # The vendor's own log of refusals shows calls inside Retry-After; here the wire must stay silent.
    lossy = LossyWorld(limited)
    with lossy.losing("freshbooks", lambda *_: "pass") as (clients, proxy):
        again = deliver(store, clients, rows[0].object, rows, verdict_id, "run", settings=settings)
        assert (again.waiting, proxy.seen) == (4, [])
    lossy.close()
    assert "freshbooks asked to be left alone until" in " ".join(again.messages)
