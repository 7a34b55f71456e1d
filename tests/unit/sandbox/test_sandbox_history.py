"""Reading the past: a rewound state is the state of then, and afterwards everything is as if nobody had looked."""

from __future__ import annotations

import copy
import itertools
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fbinfor_assets.sandbox import history
from fbinfor_assets.sandbox.history import ReadWrote
from fbinfor_assets.sandbox.state import State

KINDS, IDS, COLOURS = ("client", "invoice"), (1, 2, 3, 4), ("red", "blue", None)

changes = st.tuples(
    st.sampled_from(["put", "put", "put", "delete", "rollback"]),
    st.sampled_from(KINDS),
    st.sampled_from(IDS),
    st.sampled_from(COLOURS),
)
histories = st.lists(st.lists(changes, max_size=5), min_size=1, max_size=12)


class World:
    """A state with indexes, and a wall clock that moves one second per commit."""

    def __init__(self, folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.second = 0.0
        monkeypatch.setattr(history.time, "monotonic", lambda: self.second)
        self.state = State(Path(folder) / "x.db")
        self.state.history.keep = 1000
        self.indexes = [self.state.index(kind, lambda row: row["colour"]) for kind in KINDS]

    def live(self, some: list[tuple]) -> None:
        for verb, kind, id_, colour in some:
            if verb == "put":
                self.state.put(kind, id_, {"colour": colour})
                self.state.log("api.put", kind, id_, {})
            elif verb == "delete" and self.state.get(kind, id_) is not None:
                self.state.delete(kind, id_)
            elif verb == "rollback":
                self.state.rollback()
        self.state.commit()
        self.second += 1

    def seen(self) -> tuple:
        """Everything a reader can see, but for the order of rows."""
        state = self.state
        tables = {kind: dict(state.tables(kind)) for kind in KINDS}
        indexed = [{key: set(index.ids(key)) for key in COLOURS} for index in self.indexes]
        return copy.deepcopy((tables, indexed, state.last_sequence))

    def exactly(self) -> tuple:
        """Everything, with the order of rows and of ids."""
        tables = [list(self.state.tables(kind).items()) for kind in KINDS]
        indexed = [[(key, index.ids(key)) for key in list(index.keys())] for index in self.indexes]
        return copy.deepcopy((tables, indexed, self.state.last_sequence, dict(self.state.meta)))


@pytest.fixture
def patched():
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield monkeypatch


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(histories)
def test_every_moment_of_a_history_can_be_seen_again_and_looking_changes_nothing(patched, commits):
    with tempfile.TemporaryDirectory() as folder:
        world = World(folder, patched)
        moments = [world.seen()]
        for some in commits:
            world.live(some)
            moments.append(world.seen())
        present = world.exactly()
        for ago, moment in enumerate(reversed(moments)):
            # Half a second is over since the last commit; each was a second after the one before it.
            with world.state.rewound(ago + 0.5 if ago else 0):
                assert world.seen() == moment
            # A rollback may leave rows in another order than they came in; turning forward puts them back in it.
            assert world.seen() == moments[-1]
            assert world.exactly() == present or any(change[0] == "rollback" for c in commits for change in c)
            assert not world.state.uncommitted
        world.state.close()


def test_what_is_older_than_anybody_looks_back_is_forgotten(patched, tmp_path):
    world = World(str(tmp_path), patched)
    world.state.history.keep = 2
    for number in itertools.count(1):
        world.live([("put", "client", number, "red")])
        if number == 10:
            break
    with world.state.rewound(1000):
        assert len(world.state.tables("client")) == 7
    world.state.close()


def test_tables_that_never_lag_and_single_values_stay_in_the_present(patched, tmp_path):
    world = World(str(tmp_path), patched)
    world.state.never_lags.add("token")
    world.state.put("token", "t", {"until": 1})
    world.state.next_number("series")
    world.live([("put", "client", 1, "red")])
    with world.state.rewound(5):
        assert world.state.get("client", 1) is None
        assert world.state.get("token", "t") == {"until": 1}
        assert world.state.meta["series:series"] == 2
    world.state.close()


@pytest.mark.parametrize("write", ["put", "delete", "number", "log"])
def test_nothing_can_be_written_in_the_past(patched, tmp_path, write):
    world = World(str(tmp_path), patched)
    world.live([("put", "client", 1, "red")])
    world.live([("put", "client", 1, "blue")])
    before = world.exactly()
    writes = {
        "put": lambda: world.state.put("client", 2, {"colour": "red"}),
        "delete": lambda: world.state.delete("client", 1),
        "number": lambda: world.state.next_number("id"),
        "log": lambda: world.state.log("api.put", "client", 1, {}),
    }
    with pytest.raises(ReadWrote), world.state.rewound(1.5):
        writes[write]()
    assert world.exactly() == before
    assert not world.state.uncommitted
    world.state.close()


def test_the_past_is_not_read_in_the_middle_of_a_change(patched, tmp_path):
    world = World(str(tmp_path), patched)
    world.state.put("client", 1, {"colour": "red"})
    with pytest.raises(RuntimeError), world.state.rewound(1):
        pass
    world.state.close()
