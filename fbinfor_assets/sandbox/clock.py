"""Simulated time.

Belongs here: a clock that runs, jumps forward, and is kept in the state; reading instants.
Does not belong here: what happens when time passes (the listeners of each simulator).
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day

from fbinfor_assets.sandbox.state import State


class Clock:
    """Simulated time: it runs at the wall clock's speed from where it was last set, and never goes back.

    Kept in the state as one pair (simulated instant, wall instant), so time also passes while no process
    serves the state. `listeners` are called with the new instant after each jump, before the commit.

    The clock of a new state stands still until `go`: what a simulator is seeded with does not depend on how long the
    seeding takes. `skew` is how far the vendor's clock is off (fault `clock`): `now` and what derives from it tells
    the vendor's time, `true_now` the simulated one.
    """

    def __init__(self, state: State, start: date | datetime | None = None) -> None:
        self._state = state
        self._latest = datetime.min.replace(tzinfo=UTC)
        self._still = False
        # What jumps replaced, oldest first, for those who read the past: (when, simulated, wall).
        self._jumps: deque[tuple[float, datetime, datetime]] = deque(maxlen=100)
        self.skew = timedelta()
        self.start = _instant(start) if start is not None else None
        self.listeners: list[Callable[[datetime], None]] = []
        if "clock" in state.meta:
            self._read()
        else:
            self._anchor(self.start or datetime.now(UTC))
            self._still = True
            state.commit()
        state.now = self.true_now

    def _read(self) -> None:
        kept = self._state.meta["clock"]
        self._simulated = datetime.fromisoformat(kept["simulated"])
        self._wall = datetime.fromisoformat(kept["wall"])

    def _anchor(self, simulated: datetime) -> None:
        if self._state.history.keep:
            self._jumps.append((time.monotonic(), self._simulated, self._wall))
        self._simulated, self._wall = simulated, datetime.now(UTC)
        self._state.set_meta("clock", {"simulated": simulated.isoformat(), "wall": self._wall.isoformat()})

    def now(self) -> datetime:
        """What the vendor's clock says, UTC: the simulated instant, unless the clock is off."""
        return self.true_now() + self.skew

    def true_now(self) -> datetime:
        """The simulated instant, UTC."""
        if self._still:
            return self._simulated
        if back := self._state.history.turned_back:
            return self._then(back)
        now = self._simulated + (datetime.now(UTC) - self._wall)
        # The wall clock itself may be set back by the host; simulated time then stands still.
        self._latest = max(now, self._latest)
        return self._latest

    def _then(self, back: float) -> datetime:
        """The simulated instant of so many wall-clock seconds ago, jumps of the clock included."""
        moment = time.monotonic() - back
        held = next((jump[1:] for jump in self._jumps if jump[0] > moment), (self._simulated, self._wall))
        simulated, wall = held
        return simulated + (datetime.now(UTC) - timedelta(seconds=back) - wall)

    def today(self) -> date:
        """The simulated day in UTC."""
        return self.now().date()

    def set(self, to: date | datetime) -> bool:
        """Jump to an instant (a date means its first moment, UTC). False, and no jump, if that is in the past."""
        target = _instant(to)
        if target <= self.true_now():
            return False
        self._anchor(target)
        for listener in self.listeners:
            listener(target)
        self._state.commit()
        return True

    def advance(self, days: int = 0, **more: float) -> bool:
        """Jump forward by days (or hours=, minutes=, seconds=)."""
        return self.set(self.true_now() + timedelta(days=days, **more))

    def stamp_ms(self) -> int:
        """A strictly increasing stamp in epoch milliseconds, not before now; kept with the next commit."""
        now = int(self.now().timestamp() * 1000)
        stamp = max(now, self._state.meta.get("stamp", 0) + 1)
        self._state.set_meta("stamp", stamp)
        return stamp

    def restart(self) -> None:
        """Begin again at the start and stand still, after `State.clear`: the only way back."""
        self._latest = datetime.min.replace(tzinfo=UTC)
        self._anchor(self.start or datetime.now(UTC))
        self._jumps.clear()
        self._still = True

    def go(self) -> None:
        """Let time pass, if it stands still."""
        if self._still:
            self._still = False
            self._anchor(self._simulated)
            self._state.commit()


def _instant(value: date | datetime) -> datetime:
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    return datetime.combine(value, time_of_day(), UTC)


def parse_instant(text: str) -> datetime:
    """`YYYY-MM-DD` (its first moment) or an ISO instant (UTC if it names no zone). Raises ValueError."""
    return _instant(datetime.fromisoformat(text))
