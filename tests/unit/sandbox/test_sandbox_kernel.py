"""The simulators' state: durable at commit, whole or not at all, with indexes that follow."""

from __future__ import annotations

import itertools
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from fbinfor_assets.sandbox.clock import Clock
from fbinfor_assets.sandbox.kernel import secret
from fbinfor_assets.sandbox.state import SandboxError, State
from fbinfor_assets.sandbox.switch import Switch, load_switches


@pytest.fixture
def state(tmp_path):
    state = State(tmp_path / "a.db")
    yield state
    state.close()


def reopened(state: State) -> State:
    state.close()
    return State(state.path)


def test_what_was_committed_is_there_after_reopening_with_the_type_of_its_id(state):
    state.put("order", 7, {"n": "seven"})
    state.put("order", "7", {"n": "text"})
    state.log("api.create", "order", 7, {"n": "seven"})
    state.set_meta("x", [1])
    state.commit()
    again = reopened(state)
    assert dict(again.tables("order")) == {7: {"n": "seven"}, "7": {"n": "text"}}
    assert again.meta["x"] == [1]
    (line,) = again.writes()
    assert (line["sequence"], line["operation"], line["key"], line["delivered"]) == (
        1,
        "api.create",
        "7",
        False,
    )
    again.close()


def test_what_was_not_committed_is_gone_after_reopening(state):
    state.put("order", 1, {})
    again = reopened(state)
    assert not again.tables("order")
    again.close()


def test_a_rollback_restores_rows_numbers_indexes_and_the_log(state):
    by_name = state.index("order", lambda row: row["name"])
    state.put("order", state.next_number("order"), {"name": "a"})
    state.put("order", state.next_number("order"), {"name": "b"})
    state.log("api.create", "order", 1, {})
    state.commit()
    state.put("order", 1, {"name": "b"})
    state.delete("order", 2)
    state.put("order", state.next_number("order"), {"name": "c"})
    state.log("api.update", "order", 1, {})
    state.rollback()
    assert [by_name.ids(name) for name in "abc"] == [[1], [2], []]
    assert dict(state.tables("order")) == {1: {"name": "a"}, 2: {"name": "b"}}
    assert state.next_number("order") == 3
    assert state.log("api.update", "order", 1, {}) == 2


def test_an_index_holds_only_rows_that_have_the_key_and_survives_a_clear(state):
    index = state.index("order", lambda row: row.get("ref"))
    state.put("order", 1, {"ref": "x"})
    state.put("order", 2, {})
    assert (index.first("x"), index.first(None)) == (1, None)
    state.put("order", 1, {})
    assert index.first("x") is None
    state.clear()
    state.put("order", 3, {"ref": "x"})
    assert index.ids("x") == [3]


def test_a_decimal_in_a_row_is_refused_at_commit_and_nothing_is_written(state):
    state.put("order", 1, {"amount": "1.00"})
    state.put("order", 2, {"amount": Decimal("1.00")})
    with pytest.raises(TypeError):
        state.commit()
    again = reopened(state)
    assert not again.tables("order")
    again.close()


def test_a_state_is_served_by_one_process_only(state):
    code = (
        "import sys; from pathlib import Path; from fbinfor_assets.sandbox.kernel import State, SandboxError\n"
        "try: State(Path(sys.argv[1]))\nexcept SandboxError as error: print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(state.path)], capture_output=True, text=True, check=True
    )
    assert "another process serves it" in done.stdout


def test_the_clock_starts_where_told_jumps_forward_and_never_back(state):
    clock = Clock(state, start=date(2011, 3, 1))
    assert clock.today() == date(2011, 3, 1)
    heard = []
    clock.listeners.append(heard.append)
    assert clock.set(date(2011, 3, 5))
    assert not clock.set(date(2011, 3, 2))
    assert clock.advance(days=1)
    assert clock.today() == date(2011, 3, 6)
    assert [instant.date() for instant in heard] == [date(2011, 3, 5), date(2011, 3, 6)]
    assert clock.now() < datetime(2011, 3, 6, 1, tzinfo=UTC)


def test_the_clock_is_kept_by_the_state_and_overrides_the_start(state):
    Clock(state, start=date(2011, 3, 1)).advance(days=10)
    again = reopened(state)
    assert Clock(again, start=date(2011, 3, 1)).today() == date(2011, 3, 11)
    again.close()


def test_stamps_in_milliseconds_strictly_increase_even_within_one_millisecond_and_after_reopening(state):
    clock = Clock(state, start=date(2011, 3, 1))
    stamps = [clock.stamp_ms() for _ in range(5000)]
    assert all(a < b for a, b in itertools.pairwise(stamps))
    state.commit()
    again = reopened(state)
    assert Clock(again).stamp_ms() > stamps[-1]
    again.close()


def test_a_clear_and_restart_begins_again_at_the_start(state):
    clock = Clock(state, start=date(2011, 3, 1))
    clock.advance(days=300)
    state.clear()
    clock.restart()
    assert clock.now() - datetime(2011, 3, 1, tzinfo=UTC) < timedelta(minutes=5)


def test_secrets_depend_on_seed_and_label_only():
    assert secret(1, "a", length=100) == secret(1, "a", length=100)
    assert len({secret(1, "a"), secret(2, "a"), secret(1, "b")}) == 3
    assert len(secret(1, "a", length=100)) == 100


def test_switches_come_from_the_file_then_from_the_state_then_from_the_default(state, tmp_path):
    known = {"tax_rounding": Switch(("document", "line"), "where"), "port_days": Switch((1,), "how long")}
    config = tmp_path / "switches.yml"
    config.write_text("m3:\n  tax_rounding: line\n  port_days: 5\n")
    assert load_switches(state, None, "m3", known) == {"tax_rounding": "document", "port_days": 1}
    assert load_switches(state, config, "m3", known) == {"tax_rounding": "line", "port_days": 5}
    assert load_switches(state, None, "m3", known) == {"tax_rounding": "line", "port_days": 5}


@pytest.mark.parametrize("text", ["m3:\n  wrong: 1\n", "m3:\n  tax_rounding: none\n", "m3: [\n"])
def test_an_unknown_switch_or_value_is_refused_with_its_name(state, tmp_path, text):
    config = tmp_path / "switches.yml"
    config.write_text(text)
    with pytest.raises(SandboxError, match=r"switches\.yml"):
        load_switches(state, config, "m3", {"tax_rounding": Switch(("document", "line"), "where")})
