"""The plan of faults without a network: kinds of a simulator's own, chances, what is told."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fbinfor_assets.sandbox.clock import Clock
from fbinfor_assets.sandbox.fault_kinds import KINDS, checked
from fbinfor_assets.sandbox.faults import Faults
from fbinfor_assets.sandbox.kernel import create_app
from fbinfor_assets.sandbox.state import State


class Caller:
    """Calls an application without a network."""

    def __init__(self, app: Any) -> None:
        self._app = app

    def request(self, method: str, path: str, body: Any = None) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(app=self._app)
            async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as client:
                return await client.request(method, path, json=body)

        return asyncio.run(ask())

    def get(self, path: str) -> httpx.Response:
        return self.request("GET", path)

    def post(self, path: str, json: Any = None) -> httpx.Response:
        return self.request("POST", path, json)

    def delete(self, path: str) -> httpx.Response:
        return self.request("DELETE", path)


@pytest.fixture
def state(tmp_path) -> Iterator[State]:
    state = State(tmp_path / "x.db")
    yield state
    state.close()


@pytest.fixture
def webhooks(state: State) -> tuple[Caller, list[dict[str, Any]]]:
    """A simulator with a kind of its own, and what that was told."""
    told: list[dict[str, Any]] = []

    def take(fields: Mapping[str, Any]) -> None:
        if "explode" in fields:
            raise ValueError("explode is no field of webhooks")
        told.append(dict(fields))

    app = create_app(state, Clock(state), [], name="x", fault_kinds={"webhooks": take})
    return Caller(app), told


def test_a_kind_of_the_simulators_own_gets_its_fields_and_an_end(webhooks) -> None:
    client, told = webhooks
    vices = {"drop": 0.3, "times": 5, "reorder": True}
    assert client.post("/_sandbox/faults", json={"do": "webhooks", **vices}).status_code == 200
    assert told == [vices]
    assert [fault["do"] for fault in client.get("/_sandbox/faults").json()["faults"]] == ["webhooks"]
    client.delete("/_sandbox/faults")
    assert told == [vices, {}]
    client.post("/_sandbox/faults", json={"do": "webhooks", "drop": 1})
    client.post("/_sandbox/reset")
    assert told[2:] == [{"drop": 1}, {}]


def test_a_kind_of_the_simulators_own_checks_its_fields_itself(webhooks) -> None:
    client, told = webhooks
    answer = client.post("/_sandbox/faults", json={"do": "webhooks", "explode": 1})
    assert (answer.status_code, answer.json()["error"]) == (400, "explode is no field of webhooks")
    assert client.get("/_sandbox/faults").json()["faults"] == []
    assert told == []


def test_without_the_kind_it_is_unknown_and_the_known_ones_are_named(state: State) -> None:
    client = Caller(create_app(state, Clock(state), [], name="x"))
    error = client.post("/_sandbox/faults", json={"do": "webhooks"}).json()["error"]
    assert all(kind in error for kind in KINDS)


def calls(plan: list[dict[str, Any]], paths: list[str], state: State, seed: int) -> list[str]:
    faults = Faults(state, Clock(state))
    faults.from_file(seed, plan)
    hits = (faults.hit({"path": path, "method": "GET"}) for path in paths)
    return [f"{hit.fault.number}" if hit and hit.fault else "-" for hit in hits]


rates = st.lists(
    st.fixed_dictionaries(
        {"do": st.just("delay"), "rate": st.floats(0, 1), "path": st.sampled_from(["", "/a", "/b"])},
        optional={"skip": st.integers(0, 3), "count": st.integers(1, 4), "at": st.just([1, 2, 5])},
    ),
    max_size=4,
)


@settings(max_examples=80, deadline=None)
@given(rates, st.lists(st.sampled_from(["/a", "/b", "/a/b"]), max_size=40), st.integers(0, 9))
def test_the_same_plan_meets_the_same_requests_and_another_path_changes_nothing_for_them(
    plan, paths, seed
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        state = State(Path(folder) / "x.db")
        met = calls(plan, paths, state, seed)
        assert calls(plan, paths, state, seed) == met
        # Requests that no fault matches do not move the chances of those that one does.
        only_b = [{**fault, "path": "/b"} for fault in plan]
        mixed = calls(only_b, [path for at in paths for path in ("/c", at)], state, seed)
        assert mixed[1::2] == calls(only_b, paths, state, seed)
        for fault, number in zip(plan, range(1, 9), strict=False):
            at = [path for path, hit in zip(paths, met, strict=True) if hit == str(number)]
            assert all(fault["path"] in path for path in at)
            assert len(at) <= fault.get("count", len(paths))
        state.close()


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_can_be_planned_with_nothing_said(kind: str) -> None:
    fields = checked({"do": kind}, {})
    assert set(KINDS[kind]) <= set(fields)
    for name, (default, check, may_be) in KINDS[kind].items():
        assert default is None or check(default), (
            f"{kind}.{name} is {default!r} by default; it must be {may_be}"
        )
