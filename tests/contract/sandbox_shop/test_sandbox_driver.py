"""What people do in the sandbox: the driver against real simulators, with documents a clerk made by API.

Belongs here: the driver's stated rule as seen in both systems. Does not belong here: shares of habits (unit tests).
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from shop_lab import FIXTURE_FILE, REPOSITORY, Clerk, Sandbox

from fbinfor_assets.sandbox.driver import Driver, DriverError
from fbinfor_assets.sandbox.habits import Habit, habit

DAY = date(2010, 12, 1)
LINES = 3
TOTAL = Decimal("36.00")  # 3 x 10.00 and VAT 20 %


def number_with(wanted: Any) -> str:
    return next(str(number) for number in range(536365, 999999) if wanted(habit(str(number))))


def plain(ways: Habit) -> bool:
    return not ways.prepaid and not ways.splits


NUMBERS = {
    "prepaid": number_with(lambda ways: ways.prepaid),
    "full": number_with(lambda ways: plain(ways) and ways.pays == "full"),
    "half": number_with(lambda ways: plain(ways) and ways.pays == "half"),
    "nothing": number_with(lambda ways: plain(ways) and ways.pays == "nothing"),
    "split": number_with(lambda ways: ways.splits and not ways.rest_late and ways.pays == "full"),
    "rest late": number_with(lambda ways: ways.rest_late),
}


@dataclass
class World:
    """A sandbox of its own per test of this module would be slow: one, and one story told in order."""

    sandbox: Sandbox
    clerk: Clerk
    driver: Driver
    invoices: dict[str, int]

    def rows(self, system: str, table: str) -> list[dict[str, Any]]:
        url = f"{self.sandbox.line[system]['control_url']}/state"
        return httpx.get(url, params={"table": table}).json()["rows"]

    def paid(self) -> dict[str, Decimal]:
        names = {id_: name for name, id_ in self.invoices.items()}
        rows = self.rows("freshbooks", "invoice")
        return {names[row["id"]]: Decimal(row["paid"]) for row in rows if Decimal(row["paid"])}

    def shipped(self) -> list[tuple[str, str, int]]:
        """(order, day, lines) of every delivery."""
        orders = {row["ORNO"]: row["PYRE"] for row in self.rows("infor", "OOHEAD")}
        names = {f"FB-{self.clerk.account}-{id_}": name for name, id_ in self.invoices.items()}
        deliveries = self.rows("infor", "ODHEAD")
        return sorted((names[orders[row["ORNO"]]], row["DLDT"], len(row["lines"])) for row in deliveries)


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    sandbox = Sandbox("--orders", str(FIXTURE_FILE))
    clerk, driver = Clerk(sandbox.line), Driver(sandbox.text)
    driver.arrive(DAY)
    invoices = {name: clerk.draft(number, DAY, LINES) for name, number in NUMBERS.items()}
    clerk.orders([(id_, DAY, LINES) for id_ in invoices.values()])
    yield World(sandbox, clerk, driver, invoices)
    driver.close()
    clerk.close()
    sandbox.stop()


@pytest.fixture(scope="module")
def story(world: World) -> dict[str, Any]:
    """Three days lived once; each chapter holds what the driver said and what the systems then held."""
    told: dict[str, Any] = {}

    def chapter(name: str, said: Any) -> None:
        told[name] = {"said": said, "paid": world.paid(), "shipped": world.shipped()}

    driver = world.driver
    chapter("pay 1", driver.pay(DAY))
    chapter("pay 1 again", driver.pay(DAY))
    chapter("ship 1", driver.ship(DAY))
    second = DAY + timedelta(days=1)
    chapter("ship 2", driver.ship(second))
    chapter("ship 2 again", driver.ship(second))
    with Driver(world.sandbox.line) as stranger:
        chapter("ship 2 by another", stranger.ship(second))
    for id_ in world.invoices.values():
        world.clerk.send(id_)
    chapter("pay 2", driver.pay(second))
    with Driver(world.sandbox.line) as stranger:
        chapter("pay 2 by another", stranger.pay(second))
    third = DAY + timedelta(days=2)
    chapter("ship 3", driver.ship(third))
    chapter("ship 4", driver.ship(DAY + timedelta(days=3)))
    chapter("pay 4", driver.pay(DAY + timedelta(days=3)))
    return told


def test_arriving_brings_all_three_clocks_to_the_end_of_the_day_and_never_back(
    world: World, story: Any
) -> None:
    before = world.driver.arrive(date(2010, 12, 4))
    assert before == {"date": "2010-12-04", "moved": False, "arrived": 8, "new": 0}
    for name in ("freshbooks", "infor", "shop"):
        now = httpx.get(f"{world.sandbox.line[name]['control_url']}/clock").json()["now"]
        assert now.startswith("2010-12-04T21:0")
    assert world.driver.arrive(date(2010, 12, 3))["moved"] is False


def test_a_prepaid_order_is_paid_in_full_on_its_day_while_its_invoice_is_a_draft(
    story: dict[str, Any],
) -> None:
    said = story["pay 1"]["said"]
    assert (said["payments"], said["prepayments"], said["amount"]) == (1, 1, "36.00")
    assert said["by_type"] == {"Credit Card": "36.00"}
    assert story["pay 1"]["paid"] == {"prepaid": TOTAL}


def test_what_was_paid_is_not_paid_again(story: dict[str, Any]) -> None:
    assert story["pay 1 again"]["said"]["payments"] == 0
    assert story["pay 2 by another"]["said"]["payments"] == 0
    assert story["pay 4"]["said"]["payments"] == 0


def test_others_pay_once_their_invoice_is_sent_in_full_by_half_or_not_at_all(
    world: World, story: dict[str, Any]
) -> None:
    paid = dict(story["pay 2"]["paid"])
    stays = {"full": TOTAL, "half": TOTAL / 2}.get(habit(NUMBERS["rest late"]).pays)
    assert paid.pop("rest late", None) == stays
    assert paid == {"prepaid": TOTAL, "full": TOTAL, "half": TOTAL / 2, "split": TOTAL}
    by_invoice = {payment["invoiceid"]: payment for payment in world.clerk.payments()}
    full = by_invoice[world.invoices["full"]]
    assert (full["date"], full["type"]) == ("2010-12-02", habit(NUMBERS["full"]).method)
    assert by_invoice[world.invoices["prepaid"]]["date"] == "2010-12-01"


def test_nothing_ships_on_the_day_of_the_order(story: dict[str, Any]) -> None:
    assert story["ship 1"]["said"]["shipments"] == 0


def test_the_day_after_whole_orders_ship_whole_and_split_ones_their_first_half(story: dict[str, Any]) -> None:
    said = story["ship 2"]["said"]
    assert (said["shipments"], said["whole"], said["first_parts"], said["rests"]) == (6, 4, 2, 0)
    # 4 x 30.00 + 2 x 20.00 net
    assert (said["net"], said["total"], said["refused"]) == ("160.00", "192.00", [])
    assert story["ship 2"]["shipped"] == sorted(
        (name, "20101202", 2 if name in ("split", "rest late") else 3) for name in NUMBERS
    )


def test_shipping_twice_on_a_day_does_nothing_the_second_time_whoever_asks(story: dict[str, Any]) -> None:
    for chapter in ("ship 2 again", "ship 2 by another"):
        assert story[chapter]["said"]["shipments"] == 0
        assert story[chapter]["shipped"] == story["ship 2"]["shipped"]


def test_the_rest_follows_one_day_later_except_where_it_is_late(story: dict[str, Any]) -> None:
    said = story["ship 3"]["said"]
    assert (said["rests"], said["shipments"], said["net"]) == (1, 1, "10.00")
    assert ("split", "20101203", 1) in story["ship 3"]["shipped"]
    assert story["ship 4"]["said"]["shipments"] == 0, "four days after the order at the earliest"
    assert [entry for entry in story["ship 4"]["shipped"] if entry[0] == "rest late"] == [
        ("rest late", "20101202", 2)
    ]


def test_three_m3_customers_get_another_contact_once(world: World, story: dict[str, Any]) -> None:
    first = world.driver.edit_master_data(date(2010, 12, 4))["edited"]
    # The fixture's sandbox has two customers with an address of their own; no more can be edited.
    assert 1 <= len(first) <= 3
    customers = {row["CUNO"]: row for row in world.rows("infor", "OCUSMA")}
    for edit in first:
        assert (customers[edit["cuno"]]["PHNO"], customers[edit["cuno"]]["TOWN"]) == (
            edit["PHNO"],
            edit["TOWN"],
        )
    assert world.driver.edit_master_data(date(2010, 12, 4))["edited"] == []


def test_everything_is_done_through_the_control_planes_and_logged_as_people(
    world: World, story: dict[str, Any]
) -> None:
    for name, verb in (("freshbooks", "people.create"), ("infor", "people.fulfil")):
        url = f"{world.sandbox.line[name]['control_url']}/writes"
        operations = [
            write["operation"] for write in httpx.get(url, params={"limit": 10000}).json()["writes"]
        ]
        assert verb in operations


def test_the_summary_shows_both_books_and_the_command_line_speaks_json(
    world: World, story: dict[str, Any]
) -> None:
    kept = Path(world.sandbox.line["state"]) / "sandbox.json"
    command = [sys.executable, "-m", "fbinfor_assets.sandbox.driver", "--sandbox", f"@{kept}", "summary"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=REPOSITORY, check=True)
    summary = json.loads(done.stdout)
    assert summary["shop"]["documents"] == 8
    assert summary["infor"]["open_orders"] == 1, "the one whose rest late"
    revenue = next(
        balance for name, balance in summary["infor"]["balances"].items() if name.startswith("3000")
    )
    assert abs(Decimal(revenue)) == Decimal("170.00")


def test_a_sandbox_that_is_not_there_is_said_to_be_missing(world: World) -> None:
    line = json.loads(world.sandbox.text)
    line["shop"]["control_url"] = "http://127.0.0.1:9/_sandbox"
    with pytest.raises(DriverError, match="shop does not answer"):
        Driver(line).arrive(DAY)
    command = [sys.executable, "-m", "fbinfor_assets.sandbox.driver", "--sandbox", "@nowhere.json", "summary"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=REPOSITORY)
    assert (done.returncode, done.stdout) == (1, "")
    assert "Traceback" not in done.stderr
