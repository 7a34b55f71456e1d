"""What a state looked like a moment ago: for reads from a replica that lags behind.

Belongs here: keeping what recent commits replaced, turning tables and indexes back, and forward again.
Does not belong here: who reads late, and by how much (`faults`); anything durable.

Rows and the clock are turned back. Single values (number series, switches) stay as they are, and so do the tables a
vendor does not replicate (tokens): a token that was just issued is valid at once, whatever the lists show.

Turning back puts each replaced row into its table again, so that every reader and every index sees the past without
knowing of it; turning forward repeats the changes in their order. In between nothing may be written (`ReadWrote`).
A row that was deleted meanwhile is seen at the end of its table, not at its old place.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

Change = tuple[str, Any, dict[str, Any] | None]
"""Table, id, row (None: there is none)."""

Apply = Callable[[Change], dict[str, Any] | None]
"""Make a table and its indexes say so; gives the row that was there before."""


class ReadWrote(BaseException):
    """A request that was served from the past is about to write: it must be served anew, from the present.

    Not an Exception, so that no handler in between takes it for an error of its own.
    """


class History:
    """The changes of the commits of the last `keep` seconds; nothing is kept, and nothing lags, while it is 0."""

    def __init__(self, apply: Apply) -> None:
        self._apply = apply
        self._commits: deque[tuple[float, int, list[Change]]] = deque()
        self.keep = 0.0
        self.turned_back = 0.0
        """By how many seconds the tables are turned back just now; 0 in the present."""

    def add(self, sequence: int, replaced: list[Change]) -> None:
        """Remember a commit: the last log sequence before it, and the rows it replaced, in order."""
        if not self.keep:
            return
        now = time.monotonic()
        while self._commits and self._commits[0][0] < now - self.keep:
            self._commits.popleft()
        self._commits.append((now, sequence, replaced))

    def forget(self) -> None:
        """There is no past any more: the state was loaded or cleared."""
        self._commits.clear()

    @contextmanager
    def rewound(self, seconds: float) -> Iterator[int | None]:
        """Within the block the tables are as they were. Gives the last log sequence of then, None if it is today's."""
        if not seconds:
            yield None
            return
        since = time.monotonic() - seconds
        late = [commit for commit in self._commits if commit[0] > since]
        again: list[Change] = []
        for _, _, replaced in reversed(late):
            for kind, id_, row in reversed(replaced):
                again.append((kind, id_, self._apply((kind, id_, row))))
        self.turned_back = seconds
        try:
            yield late[0][1] if late else None
        finally:
            self.turned_back = 0.0
            for change in reversed(again):
                self._apply(change)
