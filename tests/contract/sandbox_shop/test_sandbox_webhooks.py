"""The kernel's webhook sender on the wire: order, repetition, survival, and the vices it has on order.

Belongs here: what every simulator's webhooks have in common. Does not belong here: any vendor's webhook.
"""

from __future__ import annotations

import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from webhook_lab import Receiver, Teller

from fbinfor_assets.sandbox.webhooks import forged_body, is_loopback


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A listening web server."""
    listening = Receiver()
    yield listening
    listening.close()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[], Teller]]:
    """Start the teller on this test's state, again and again."""
    started: list[Teller] = []

    def begin() -> Teller:
        started.append(Teller(tmp_path / "state"))
        return started[-1]

    yield begin
    for teller in started:
        if teller.process.poll() is None:
            teller.stop()


@pytest.fixture
def teller(start: Callable[[], Teller]) -> Teller:
    """A running teller."""
    return start()


def bodies(receiver: Receiver, count: int) -> list[str]:
    return [got.body.decode() for got in receiver.wait(count)]


def test_messages_of_a_hook_arrive_once_and_in_order(teller: Teller, receiver: Receiver) -> None:
    said = [f"message {number}" for number in range(50)]
    teller.tell(receiver.url + "/here", *said)
    assert bodies(receiver, 50) == said
    first = receiver.caught[0]
    assert (first.path, first.headers["content-type"], first.headers["x-signature"]) == (
        "/here",
        "text/plain",
        "true",
    )
    assert teller.settle()["counts"] == {"delivered": 50}
    assert len(receiver.caught) == 50


def test_a_refused_request_sends_nothing(teller: Teller, receiver: Receiver) -> None:
    assert teller.tell(receiver.url, "never", refuse=True).status_code == 400
    teller.tell(receiver.url, "said")
    assert bodies(receiver, 1) == ["said"]
    seen = teller.settle()
    assert [row["number"] for row in seen["deliveries"]] == [1], "the refused number was given back"


def test_a_request_does_not_wait_for_its_receiver(teller: Teller, receiver: Receiver) -> None:
    def slow(_: object) -> int:
        time.sleep(4)
        return 200

    receiver.answer = slow
    began = time.monotonic()
    teller.tell(receiver.url, "one")
    receiver.wait(1)
    teller.look()
    assert time.monotonic() - began < 3.5


def test_a_hook_that_is_down_does_not_hold_up_another(teller: Teller, receiver: Receiver) -> None:
    receiver.answer = lambda caught: 500 if caught.path == "/down" else 200
    teller.set(retries=[60])
    teller.tell(receiver.url + "/down", "lost", hook="down")
    teller.tell(receiver.url + "/up", "got")
    assert [got.body for got in receiver.wait(1, path="/up")] == [b"got"]


def test_what_failed_is_tried_again_after_its_pauses_and_then_given_up(
    teller: Teller, receiver: Receiver
) -> None:
    receiver.answer = lambda caught: 503
    teller.set(retries=[0.2, 0.4])
    teller.tell(receiver.url, "x")
    times = [got.at for got in receiver.wait(3)]
    assert 0.2 <= times[1] - times[0] < times[2] - times[1]
    (ended,) = teller.settle()["deliveries"]
    assert ended["outcome"] == "failed"
    assert [attempt["status"] for attempt in ended["attempts"]] == [503, 503, 503]


def test_a_failure_does_not_hold_up_what_comes_after_it(teller: Teller, receiver: Receiver) -> None:
    receiver.answer = lambda caught: 500 if len(receiver.caught) == 1 else 200
    teller.set(retries=[0.3])
    teller.tell(receiver.url, "one", "two", "three")
    assert bodies(receiver, 4) == ["one", "two", "three", "one"]
    assert teller.settle()["counts"] == {"delivered": 3}


def test_nobody_listening_is_a_failure_with_its_reason(teller: Teller, receiver: Receiver) -> None:
    receiver.close()
    teller.tell(receiver.url, "x")
    (ended,) = teller.settle()["deliveries"]
    assert (ended["outcome"], ended["attempts"][0]["status"]) == ("failed", None)
    assert "ConnectError" in ended["attempts"][0]["error"]


def test_what_was_not_delivered_is_sent_after_a_kill(start: Callable[[], Teller], receiver: Receiver) -> None:
    first = start()
    first.set(hold=True)
    said = [str(number) for number in range(20)]
    first.tell(receiver.url, *said)
    first.stop(signal.SIGKILL)
    assert receiver.caught == []
    second = start()
    assert second.look()["waiting"] == 20, "settings survive as well: they are still held"
    second.set(hold=False)
    assert bodies(receiver, 20) == said


def test_killed_in_the_middle_everything_arrives_at_least_once(
    start: Callable[[], Teller], receiver: Receiver
) -> None:
    said = [str(number) for number in range(300)]
    teller = start()
    teller.tell(receiver.url, *said)
    for count in (20, 60, 120):
        receiver.wait(count)
        teller.stop(signal.SIGKILL)
        teller = start()
    teller.settle(30)
    got = Counter(caught.body.decode() for caught in receiver.caught)
    assert set(got) == set(said)
    assert sum(got.values()) <= 303, "only what was under way at a kill is sent twice"


def test_only_this_machine_is_called_unless_it_is_allowed(teller: Teller) -> None:
    teller.tell("http://192.0.2.1/hook", "x")
    (ended,) = teller.settle()["deliveries"]
    assert (ended["outcome"], ended["attempts"][0]["milliseconds"]) == ("failed", 0)
    assert "not this machine" in ended["attempts"][0]["error"]


# ------------------------------------------------------------------------------------------------- vices


def test_lost_messages_are_named(teller: Teller, receiver: Receiver) -> None:
    teller.set(drop=0.3, seed=7)
    said = [str(number) for number in range(200)]
    teller.tell(receiver.url, *said)
    seen = teller.settle()
    lost = [row["about"] for row in seen["deliveries"] if row["outcome"] == "dropped"]
    assert 30 < len(lost) < 90
    assert sorted([*lost, *(got.body.decode() for got in receiver.caught)]) == sorted(said)


def test_the_same_seed_does_the_same(start: Callable[[], Teller], receiver: Receiver) -> None:
    teller = start()
    fates = []
    for _ in range(2):
        teller.control.post("/_sandbox/reset").raise_for_status()
        teller.set(drop=0.3, duplicate=0.2, times=3, seed=11)
        teller.tell(receiver.url, *"abcdefghijklmnop")
        ended = sorted(teller.settle()["deliveries"], key=lambda row: row["number"])
        fates.append([(row["about"], row["outcome"], row["done"]) for row in ended])
    assert fates[0] == fates[1]
    assert {"dropped", "delivered"} == {outcome for _, outcome, _ in fates[0]}


def test_doubled_messages_are_the_same_to_the_letter(teller: Teller, receiver: Receiver) -> None:
    teller.set(duplicate=1, times=5)
    teller.tell(receiver.url, "x")
    assert bodies(receiver, 5) == ["x"] * 5
    assert teller.settle()["counts"] == {"delivered": 5, "doubled": 1, "double": 4}


def test_a_reordered_message_is_overtaken_by_the_next(teller: Teller, receiver: Receiver) -> None:
    teller.set(reorder=0.4, seed=3)
    said = [str(number) for number in range(60)]
    teller.tell(receiver.url, *said)
    got = bodies(receiver, 60)
    assert sorted(got) == sorted(said)
    assert got != said
    moved = {row["about"] for row in teller.settle()["deliveries"] if "reordered" in row["done"]}
    kept = [one for one in got if one not in moved]
    assert kept == [one for one in said if one not in moved], "the others keep their order"


def test_a_reordered_message_without_a_successor_is_only_late(teller: Teller, receiver: Receiver) -> None:
    teller.set(reorder=1)
    teller.tell(receiver.url, "alone")
    assert bodies(receiver, 1) == ["alone"]


def test_delay_holds_messages_back(teller: Teller, receiver: Receiver) -> None:
    teller.set(delay=[0.4, 0.8])
    began = time.time()
    teller.tell(receiver.url, "1", "2", "3")
    assert bodies(receiver, 3) == ["1", "2", "3"]
    assert receiver.caught[0].at - began >= 0.4


def test_a_forgery_has_another_body_and_a_wrong_signature(teller: Teller, receiver: Receiver) -> None:
    teller.set(forge=1)
    teller.tell(receiver.url, "invoice=1009")
    got = receiver.wait(2)
    assert [(caught.body, caught.headers["x-signature"]) for caught in got] == [
        (b"invoice=1009", "true"),
        (b"invoice=2111", "false"),
    ]
    assert teller.settle()["counts"] == {"delivered": 2, "forged": 1}


@pytest.mark.parametrize(
    "settings",
    [
        {"drop": 2},
        {"times": 1},
        {"delay": [1, 2, 3]},
        {"retries": 5},
        {"hold": 1},
        {"colour": 1},
        {"drop": "x"},
    ],
)
def test_a_senseless_setting_is_refused_and_changes_nothing(
    teller: Teller, settings: dict[str, object]
) -> None:
    before = teller.look()["settings"]
    refused = teller.control.post("/_sandbox/webhooks", json={"duplicate": 0.5, **settings})
    assert (refused.status_code, next(iter(settings)) in refused.json()["error"]) == (400, True)
    assert teller.look()["settings"] == before


def test_settings_go_back_and_a_reset_forgets_what_waits(teller: Teller, receiver: Receiver) -> None:
    before = teller.look()["settings"]
    teller.set(hold=True, drop=0.5)
    teller.control.request("DELETE", "/_sandbox/webhooks").raise_for_status()
    assert teller.look()["settings"] == before
    teller.set(hold=True)
    teller.tell(receiver.url, "old")
    teller.control.post("/_sandbox/reset").raise_for_status()
    teller.tell(receiver.url, "new")
    assert bodies(receiver, 1) == ["new"]
    assert teller.settle()["settings"] == before


def test_a_burst_leaves_at_more_than_two_hundred_a_second(teller: Teller, receiver: Receiver) -> None:
    said = [str(number) for number in range(1000)]
    began = time.monotonic()
    teller.tell(receiver.url, *said)
    receiver.wait(1000, seconds=30)
    assert time.monotonic() - began < 5, "1,000 in 5 s"


# --------------------------------------------------------------------------------------------- its small rules


@given(st.binary(max_size=60))
def test_a_forged_body_is_always_another_one_of_valid_numbers(body: bytes) -> None:
    forged = forged_body(body)
    assert forged != body
    assert len(forged) - len(body) in (0, 1)


@pytest.mark.parametrize(
    ("url", "near"),
    [
        ("http://127.0.0.1:80/x", True),
        ("http://127.9.9.9/", True),
        ("http://[::1]:8/x", True),
        ("http://localhost/x", True),
        ("http://localhost.example/x", False),
        ("http://127.0.0.1.example/", False),
        ("http://0.0.0.0/", False),
        ("http://user@192.0.2.1/", False),
        ("nonsense", False),
    ],
)
def test_loopback_is_told_from_the_rest(url: str, near: bool) -> None:
    assert is_loopback(url) is near


def test_the_control_plane_pages_what_ended(teller: Teller, receiver: Receiver) -> None:
    teller.tell(receiver.url, *"abcde")
    teller.settle()
    assert [row["about"] for row in teller.look(after=2)["deliveries"]] == ["c", "d", "e"]
    assert [row["about"] for row in teller.look(limit=2)["deliveries"]] == ["d", "e"]
    wrong = httpx.get(f"{teller.control.base_url}/_sandbox/webhooks", params={"after": "x"})
    assert wrong.status_code == 400
