"""Runs a simulator on a leash: it ends when the process that started it ends, however that one ended.

Belongs here: the leash. Does not belong here: starting simulators (`serve`), what they do.

`python -m fbinfor_assets.sandbox.leash MODULE [arguments]` runs `python -m MODULE [arguments]` and holds on to its own
standard input. The parent keeps the other end of that pipe and never writes to it: when the parent is gone, be it by
SIGKILL, the system closes the pipe and the simulator stops as on SIGTERM. A pipe, not PR_SET_PDEATHSIG: it works on
every system, and does not mistake the end of the parent's *thread* for the end of the parent.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading
import time

_GRACE_SECONDS = 5


def _hold() -> None:
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_GRACE_SECONDS)
    os._exit(1)


if __name__ == "__main__":
    threading.Thread(target=_hold, daemon=True, name="leash").start()
    module = sys.argv[1]
    sys.argv = sys.argv[1:]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
