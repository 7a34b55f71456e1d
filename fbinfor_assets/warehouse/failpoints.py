"""Places where a test can kill this process, to prove that a crash there does no harm.

Belongs here: the switch. Does not belong here: what is done after the crash (the tests of each module).
"""

from __future__ import annotations

import os
import signal
from collections import Counter

_reached: Counter[str] = Counter()


def failpoint(name: str) -> None:
    """Kill this process with SIGKILL if the environment says `FBINFOR_FAILPOINT=<name>[:n]` (n-th time, default 1)."""
    wanted, _, nth = os.environ.get("FBINFOR_FAILPOINT", "").partition(":")
    if wanted != name:
        return
    _reached[name] += 1
    if _reached[name] == int(nth or 1):
        os.kill(os.getpid(), signal.SIGKILL)
