"""Passes over real simulators: they settle, they are level-triggered, and the gate cannot be walked around."""

from __future__ import annotations

import dataclasses
import json
import shutil
import signal

import dagster as dg
import pytest
from small_world import DRAFTS

from fbinfor_assets.app import SUITES
from fbinfor_assets.clients.shop import ShopClient
from fbinfor_assets.defs.gates.judge import gate_and_record
from fbinfor_assets.defs.naming import gate_key, outbound_key
from fbinfor_assets.defs.workflows.cycle import Cycle, run_cycle
from fbinfor_assets.store import dead_letters, intents, verdicts

RECEIPTS = "m3__receipts"


def failure(result: dg.ExecuteInProcessResult, step: str) -> str:
    """What a failed step said to people."""
    (event,) = [e for e in result.filter_events(lambda e: e.is_step_failure) if e.step_key == step]
    said = event.step_failure_data.user_failure_data
    assert said is not None, event.step_failure_data.error_display_string
    return said.description


@pytest.fixture
def due(world):
    """The business key of a receipt that is due as of a build without a verdict."""
    assert world.cycle.run(job="land_and_build").ok
    if not world.app.warehouse.outbound_rows(RECEIPTS):
        world.pay()
        assert world.cycle.run(job="land_and_build").ok
    return world.app.warehouse.outbound_rows(RECEIPTS)[0]["business_key"]


def test_the_world_settles_with_a_draft_and_an_order_for_each_shop_order(world):
    assert world.first is not None and world.first.settled
    assert {row["invoice_number"] for row in world.freshbooks("invoice")} >= set(DRAFTS)
    confirmed = world.first.total("confirmed")
    assert confirmed["m3__orders"] == len(DRAFTS) and confirmed["m3__credit_orders"] == 1
    assert sum(confirmed.values()) == sum(world.first.total("sent").values())


def test_a_further_pass_writes_nothing(world):
    world.settle()
    before = world.written()
    report = run_cycle(world.app, instance=world.instance)
    assert report.ok and report.settled and report.sent_in_all == 0
    assert world.written() == before


def test_an_interruption_ends_the_passes_and_not_only_the_step(world):
    def interrupt(what: str, _done: int, _total: int) -> None:
        if what == "build":
            signal.raise_signal(signal.SIGINT)

    cycle = Cycle(world.app, instance=world.instance, progress=interrupt)
    with pytest.raises(KeyboardInterrupt):
        cycle.run_until_settled()
    world.settle()


def test_each_pass_is_a_run_that_dagster_shows(world):
    assert world.first is not None
    run = world.instance.get_run_by_id(world.first.passes[0].run_id)
    assert run is not None and run.status is dg.DagsterRunStatus.SUCCESS and run.job_name == "sync_cycle"


def test_what_was_built_but_not_sent_leaves_in_the_next_pass_though_nothing_is_new(world, due):
    # As after a crash between the build and the delivery.
    report = world.cycle.run()
    assert report.landed_in_all == 0 and report.sent[RECEIPTS] >= 1
    with world.app.store.read() as tx:
        (intent,) = [each for each in intents.in_state(tx, RECEIPTS, "confirmed") if each.business_key == due]
    assert intent.remote_id


def test_an_outbound_asset_alone_sends_nothing_without_a_verdict_over_this_build(world, due):
    before = world.written()
    result = world.run(outbound_key(RECEIPTS))
    assert not result.success and "Run the gate first" in failure(result, f"outbound__{RECEIPTS}")
    assert world.written() == before


def test_an_outbound_asset_alone_sends_nothing_after_a_gate_that_failed(world, due):
    before = world.written()
    world.app.policy = dataclasses.replace(world.app.policy, guard_creates=0)
    try:
        judged = world.run(gate_key(RECEIPTS))
    finally:
        world.app.policy = dataclasses.replace(world.app.policy, guard_creates=100_000)
    assert not judged.success, "a blocking check that fails fails its run"
    result = world.run(outbound_key(RECEIPTS))
    said = failure(result, f"outbound__{RECEIPTS}")
    assert not result.success and "stopped this batch" in said and "guard_creates" in said
    assert world.written() == before


def test_one_cent_flipped_between_the_gate_and_the_sending_sends_nothing(world, due):
    assert world.run(gate_key(RECEIPTS)).success
    before = world.written()
    flip = "update outbound.diff_m3__receipts set payload = replace(payload, $old, $new) where business_key = $key"
    with world.app.warehouse.connect("flipping a cent") as con:
        con.execute(flip, {"old": '"1.23"', "new": '"1.24"', "key": due})
    try:
        result = world.run(outbound_key(RECEIPTS))
        said = failure(result, f"outbound__{RECEIPTS}")
        assert not result.success and due in said and "changed after the gate" in said
        assert world.written() == before
    finally:
        with world.app.warehouse.connect("flipping it back") as con:
            con.execute(flip, {"old": '"1.24"', "new": '"1.23"', "key": due})


def test_a_flow_that_only_observes_sends_nothing_and_says_so(world, due):
    before = world.written()
    flows = world.app.policy.flows
    watching = {name: dataclasses.replace(flow, mode="observe") for name, flow in flows.items()}
    world.app.policy = dataclasses.replace(world.app.policy, flows=watching)
    try:
        report = world.cycle.run()
    finally:
        world.app.policy = dataclasses.replace(world.app.policy, flows=flows)
    assert report.ok and report.pushed[RECEIPTS].messages == [
        "flow sale is in mode observe: 1 rows are planned, none was sent"
    ]
    assert world.written() == before


def test_a_row_that_breaks_a_rule_is_a_dead_letter_until_it_passes(world, due, tmp_path):
    suites = shutil.copytree(SUITES, tmp_path / "suites")
    strict = json.loads((suites / f"{RECEIPTS}.json").read_text())
    rule = next(e for e in strict["expectations"] if e["meta"]["rule"] == "receipt.line_amount_decimals")
    rule["kwargs"]["max_value"] = 1  # 1.23 needs two decimals
    (suites / f"{RECEIPTS}.json").write_text(json.dumps(strict))
    app = world.app

    def judge(suite_dir):
        return gate_and_record(
            app.store, app.warehouse, RECEIPTS, None, "test", policy=app.policy, suite_dir=suite_dir
        )

    held = judge(suites)
    assert held.result.quarantined_keys == {due} and held.new_dead_letters == 1
    assert judge(suites).new_dead_letters == 0, "the same refusal of the same payload is kept once"
    with app.store.read() as tx:
        (letter,) = dead_letters.open_letters(tx, RECEIPTS)
    assert letter.business_key == due and letter.rule == "receipt.line_amount_decimals"
    assert json.loads(letter.payload)["head"]["BOPE"] == "CRD"
    healed = judge(SUITES)
    assert healed.resolved_dead_letters == 1 and due in healed.result.payload_shas


def test_a_verdict_keeps_the_suite_the_mapping_and_the_hash_of_every_payload(world, due):
    app = world.app
    judgement = gate_and_record(app.store, app.warehouse, RECEIPTS, None, "test", policy=app.policy)
    with app.store.read() as tx:
        verdict = verdicts.get(tx, judgement.verdict_id)
        kept = verdicts.payloads(tx, judgement.verdict_id)
    rows = {row["business_key"]: row["payload_sha"] for row in app.warehouse.outbound_rows(RECEIPTS)}
    assert verdict is not None and verdict.passed and verdict.rows_in == len(rows)
    assert kept == set(rows.items())
    build = app.warehouse.last_build()
    assert build is not None and (verdict.generation, verdict.mapping_version) == (
        build.generation,
        build.project_sha,
    )


def test_a_model_that_fails_stops_the_pass_before_anything_is_sent(world):
    world.pay()
    before = world.written()
    rename = "alter table canonical.payments rename column {} to {}"
    with world.app.warehouse.connect("breaking a table") as con:
        con.execute(rename.format("method", "put_aside"))
    try:
        report = world.cycle.run()
    finally:
        with world.app.warehouse.connect("mending it") as con:
            con.execute(rename.format("put_aside", "method"))
    assert not report.ok and any(
        "payments" in error and "Nothing is delivered" in error for error in report.errors
    )
    assert world.written() == before


def test_publishing_shows_analysts_the_last_build(world):
    assert world.cycle.run(job="land_and_build").ok
    assert world.cycle.publish().ok
    generation = world.app.warehouse.last_build().generation
    (seen,) = world.app.warehouse.sql("select max(generation) from ops.builds where status = 'complete'").rows
    assert seen[0] == generation


def test_progress_names_each_step_and_its_object(world):
    heard: list[str] = []
    listening = Cycle(
        world.app, instance=world.instance, progress=lambda what, done, total: heard.append(what)
    )
    assert listening.run(job="land_and_build").ok
    assert {"land shop__orders", "land m3__ledger", "build"} <= set(heard)


def test_what_cannot_be_reached_is_a_sentence_in_the_report_and_nothing_is_sent(world):
    settings = world.app.connections.shop.model_copy(update={"base_url": "http://127.0.0.1:9"})
    real, world.app.shop = world.app.shop, ShopClient(settings)
    before = world.written()
    try:
        report = Cycle(world.app, instance=world.instance).run()
    finally:
        world.app.shop.close()
        world.app.shop = real
    assert not report.ok and world.written() == before
    assert any(error.startswith("shop orders: ") and "Next:" in error for error in report.errors)
