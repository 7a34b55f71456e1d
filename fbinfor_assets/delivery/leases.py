"""Who is sending what: names of deliveries, and whether one still lives.

Belongs here: the owner's name of a lease and the test for its life.
Does not belong here: keeping leases (store/intents.py), deciding what follows (sender.py).
"""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

_living: set[str] = set()


def _started(pid: int) -> str | None:
    # A process id alone is not a name: it is given again. With the start time (field 22) it is.
    try:
        with open(f"/proc/{pid}/stat", "rb") as stat:
            return stat.read().rpartition(b")")[2].split()[19].decode()
    except FileNotFoundError:
        if os.path.isdir("/proc/self"):
            return None
    except (OSError, IndexError):
        return None
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        pass
    return "0"


@contextmanager
def owner() -> Iterator[str]:
    """The name of a delivery while it runs: host, process, its start, and a random part."""
    pid = os.getpid()
    name = f"{socket.gethostname()}|{pid}|{_started(pid)}|{secrets.token_hex(4)}"
    _living.add(name)
    try:
        yield name
    finally:
        _living.discard(name)


def is_over(name: str | None, until: datetime | None, now: datetime) -> bool:
    """Whether nobody holds this lease any more.

    On this host the life of the owner decides (a slow delivery is not a dead one), elsewhere the time of the lease.
    """
    if name is None or name.count("|") != 3:
        return True
    host, pid, started, _ = name.split("|")
    if host != socket.gethostname():
        return until is None or until <= now
    if int(pid) == os.getpid():
        return name not in _living
    return _started(int(pid)) != started
