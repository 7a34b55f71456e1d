"""Polling: a look costs no run, a change costs one."""

from __future__ import annotations

import dagster as dg
import pytest

from fbinfor_assets.defs.automation import load_automation
from fbinfor_assets.defs.freshbooks.sensors import sensors as freshbooks_sensors
from fbinfor_assets.defs.infor.sensors import sensors as infor_sensors
from fbinfor_assets.defs.naming import TURN
from fbinfor_assets.defs.shop.sensors import sensors as shop_sensors
from fbinfor_assets.defs.workflows.sensors import schedules

AUTOMATION = load_automation()
POLLS = {
    "freshbooks": freshbooks_sensors(AUTOMATION)[0],
    "infor": infor_sensors(AUTOMATION)[0],
    "shop": shop_sensors(AUTOMATION)[0],
}


def tick(world, system: str, instance: dg.DagsterInstance | None = None) -> dg.SensorExecutionData:
    with dg.build_sensor_context(
        instance=instance or world.instance, resources={"app": world.app}, sensor_name=f"poll_{system}"
    ) as context:
        return POLLS[system].evaluate_tick(context)


@pytest.mark.parametrize("system", POLLS)
def test_a_poll_skips_with_a_reason_when_nothing_is_new(world, system):
    world.land()
    found = tick(world, system)
    assert not found.run_requests and found.skip_message == f"nothing new in {system}"


@pytest.fixture
def news(world):
    """A payment that no landing has seen."""
    world.land()
    world.pay()


def test_a_poll_launches_a_pass_and_says_why_when_something_is_new(world, news):
    (request,) = tick(world, "freshbooks").run_requests
    assert request.tags["fbinfor/because"].startswith("freshbooks invoices")
    assert TURN.items() <= request.tags.items()


def test_a_poll_leaves_no_trace_so_that_the_landing_still_finds_the_change(world, news):
    assert tick(world, "freshbooks").run_requests and tick(world, "freshbooks").run_requests
    assert world.cycle.run(job="land_freshbooks").landed["freshbooks__payments"] == 1


def test_a_poll_skips_while_a_pass_waits_in_the_queue(world, tmp_path):
    job = world.cycle.definitions.resolve_job_def("sync_cycle")
    with dg.DagsterInstance.ephemeral(settings={"telemetry": {"enabled": False}}) as instance:
        instance.create_run_for_job(job, status=dg.DagsterRunStatus.NOT_STARTED)
        assert "queued already" in tick(world, "shop", instance).skip_message


def test_a_system_that_cannot_be_asked_is_a_reason_not_an_error(world):
    from fbinfor_assets.clients.shop import ShopClient

    settings = world.app.connections.shop.model_copy(update={"base_url": "http://127.0.0.1:9"})
    real, world.app.shop = world.app.shop, ShopClient(settings)
    try:
        found = tick(world, "shop")
    finally:
        world.app.shop.close()
        world.app.shop = real
    assert not found.run_requests and found.skip_message.startswith("shop could not be asked")


def test_the_sweep_asks_for_a_pass_every_quarter_of_an_hour(world):
    (sweep,) = schedules(AUTOMATION)
    assert sweep.cron_schedule == "*/15 * * * *" and sweep.execution_timezone == "UTC"
    found = sweep.evaluate_tick(dg.build_schedule_context(instance=world.instance))
    assert [request.tags["fbinfor/because"] for request in found.run_requests] == ["the sweep"]
