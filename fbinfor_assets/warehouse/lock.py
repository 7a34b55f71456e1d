"""A lock between processes that is fair, tells who holds it, and never outlives its holder.

Belongs here: mutual exclusion by a file on one host.
Does not belong here: what is protected (attach.py, landing.py, dbt_runner.py).

Each waiter draws a numbered ticket, a file it keeps flock'ed; only the first living ticket may try the lock itself.
The operating system releases both when a process dies, so a dead holder or waiter is simply not there any more.
"""

from __future__ import annotations

import fcntl
import itertools
import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from fbinfor_assets.warehouse.errors import WarehouseBusy

_POLL_FIRST_SECONDS = 0.001
_POLL_LONGEST_SECONDS = 0.02


@dataclass
class _Held:
    fd: int
    depth: int = 1


# What this process holds, by lock file and thread; and every descriptor that stands for a lock or a ticket.
_held: dict[tuple[str, int], _Held] = {}
_descriptors: set[int] = set()
_counter = itertools.count()


def _forget_in_child() -> None:
    # A flock belongs to the open file, which a forked child shares: without this, a child that outlives its parent
    # would keep the parent's lock. Closing does not release it for the parent; LOCK_UN would.
    for fd in _descriptors:
        with suppress(OSError):
            os.close(fd)
    _descriptors.clear()
    _held.clear()


os.register_at_fork(after_in_child=_forget_in_child)


class FairLock:
    """First come, first served between processes and threads; re-entrant within a thread.

    `path`: the lock file (its folder is made). It holds who has the lock, as JSON; a folder `<path>.queue` beside it
    holds the tickets of those who wait.
    """

    def __init__(self, path: Path, *, what: str, wait_seconds: float = 300.0) -> None:
        self.path = Path(path).absolute()
        self.what = what
        self.wait_seconds = wait_seconds
        self._queue = self.path.with_name(self.path.name + ".queue")

    @property
    def held_here(self) -> bool:
        """Whether the calling thread holds it."""
        return self._key() in _held

    @contextmanager
    def hold(self, purpose: str, wait_seconds: float | None = None) -> Iterator[None]:
        """Hold the lock for the length of the block.

        `purpose`: what others read when they wait in vain, e.g. "dbt build". `wait_seconds`: the longest wait (default:
        the lock's). Raises `WarehouseBusy`, naming the holder, when the wait is over.
        """
        key = self._key()
        mine = _held.get(key)
        if mine is not None:
            mine.depth += 1
        else:
            mine = _held[key] = _Held(
                self._acquire(self.wait_seconds if wait_seconds is None else wait_seconds)
            )
            self._sign(mine.fd, purpose)
        try:
            yield
        finally:
            mine.depth -= 1
            # In a forked child the descriptor is already closed and the entry gone: nothing of it is ours there.
            if mine.depth == 0 and _held.pop(key, None) is mine:
                os.ftruncate(mine.fd, 0)
                fcntl.flock(mine.fd, fcntl.LOCK_UN)
                _close(mine.fd)

    def holder(self) -> str:
        """A phrase that names the holder, for messages; e.g. "process 4711 since 2026-01-05 10:00:00 UTC (dbt build)"."""
        try:
            note = json.loads(self.path.read_text())
            return f"process {note['pid']} since {note['since']} ({note['purpose']})"
        except (OSError, ValueError, KeyError):
            return "another process (it has left no note of itself)"

    def _key(self) -> tuple[str, int]:
        return (str(self.path), threading.get_ident())

    def _acquire(self, wait_seconds: float) -> int:
        deadline = time.monotonic() + wait_seconds
        self._queue.mkdir(parents=True, exist_ok=True)
        fd = _open(self.path)
        ticket_fd, ticket = self._draw()
        delay = _POLL_FIRST_SECONDS
        try:
            while True:
                if self._is_first(ticket) and _try_flock(fd):
                    return fd
                if time.monotonic() >= deadline:
                    raise WarehouseBusy(
                        f"waited {wait_seconds:g} s for {self.what}: it is held by {self.holder()}; "
                        "try again when that has ended, or end that process if it hangs"
                    )
                time.sleep(delay)
                delay = min(delay * 2, _POLL_LONGEST_SECONDS)
        except BaseException:
            _close(fd)
            raise
        finally:
            with suppress(FileNotFoundError):
                (self._queue / ticket).unlink()
            _close(ticket_fd)

    def _draw(self) -> tuple[int, str]:
        while True:
            # The monotonic clock is one for all processes of a host and never goes back.
            name = f"{time.monotonic_ns():020d}-{os.getpid()}-{next(_counter)}"
            path = self._queue / name
            fd = _open(path)
            # Between making the file and locking it, another waiter may have taken it for a dead one's and removed it.
            if _try_flock(fd) and path.exists():
                return fd, name
            _close(fd)

    def _is_first(self, ticket: str) -> bool:
        for name in sorted(os.listdir(self._queue)):
            if name == ticket:
                return True
            if self._alive(self._queue / name):
                return False
        # Removed by a person or a clean-up: the lock itself still excludes, only the order is lost.
        return True

    @staticmethod
    def _alive(path: Path) -> bool:
        try:
            fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            if not _try_flock(fd):
                return True
            with suppress(FileNotFoundError):
                path.unlink()
            return False
        finally:
            os.close(fd)

    @staticmethod
    def _sign(fd: int, purpose: str) -> None:
        since = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        note = json.dumps({"pid": os.getpid(), "since": since, "purpose": purpose}).encode()
        os.ftruncate(fd, 0)
        os.pwrite(fd, note, 0)


def _open(path: Path) -> int:
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    _descriptors.add(fd)
    return fd


def _close(fd: int) -> None:
    _descriptors.discard(fd)
    os.close(fd)


def _try_flock(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
