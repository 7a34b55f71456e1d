"""Crash points for the reliability tests: the process kills itself at a named place.

Belongs here: the names and the killing.
Does not belong here: anything that softens a crash; SIGKILL is the point.

`FBINFOR_FAILPOINT=<name>[:n]` kills at the n-th time the place is reached (1 if not given). Unset in production.
"""

from __future__ import annotations

import os
import signal
import threading

ENVIRONMENT = "FBINFOR_FAILPOINT"
NAMES = (
    "after_ready",  # intents are ready and durable, nothing is sent (reliability CP1)
    "mid_order",  # a part of one chunk is in the target: heads without lines, one record of several (CP5)
    "after_sent",  # the vendor answered, the answer is not durable yet (CP4)
    "before_confirm",  # before M3's own Confirm or ControlBatch, and before the read-back (CP6)
)

_lock = threading.Lock()
_seen = 0


def failpoint(name: str) -> None:
    """Kill this process with SIGKILL if the environment says so. Raises ValueError for a name that is not a place."""
    wanted = os.environ.get(ENVIRONMENT)
    if not wanted:
        return
    place, _, nth = wanted.partition(":")
    if place not in NAMES:
        raise ValueError(f"{ENVIRONMENT}={wanted}: known places are {', '.join(NAMES)}")
    if place != name:
        return
    global _seen
    with _lock:
        _seen += 1
        if _seen < int(nth or 1):
            return
        os.kill(os.getpid(), signal.SIGKILL)
