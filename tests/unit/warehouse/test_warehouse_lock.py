"""The lock: one holder, first come first served, no wait for the dead."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import pytest
from warehouse_helpers import start_python

from fbinfor_assets.warehouse import WarehouseBusy
from fbinfor_assets.warehouse.lock import FairLock

TAKE_AND_NOTE = """
    import sys
    from pathlib import Path
    from fbinfor_assets.warehouse.lock import FairLock
    print("ready", flush=True)
    with FairLock(Path(sys.argv[1]), what="it").hold("note"):
        with open(sys.argv[2], "a") as notes:
            notes.write(sys.argv[3])
"""

TAKE_AND_STAY = """
    import sys, time
    from pathlib import Path
    from fbinfor_assets.warehouse.lock import FairLock
    with FairLock(Path(sys.argv[1]), what="it").hold("staying"):
        print("held", flush=True)
        time.sleep(60)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "it.lock"


def lock(path: Path, wait_seconds: float = 20) -> FairLock:
    return FairLock(path, what="the warehouse", wait_seconds=wait_seconds)


def until(condition) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_those_who_wait_get_the_lock_in_the_order_they_came(path: Path, tmp_path: Path):
    notes = tmp_path / "notes"
    queue = path.with_name(path.name + ".queue")
    children = []
    with lock(path).hold("first"):
        for name in "abcd":
            children.append(start_python(TAKE_AND_NOTE, path, notes, name))
            until(lambda: len(list(queue.iterdir())) == len(children))
    for child in children:
        child.communicate(timeout=20)
    assert notes.read_text() == "abcd"


def test_the_wait_is_bounded_and_says_who_holds_it_since_when_and_what_for(path: Path):
    child = start_python(TAKE_AND_STAY, path)
    try:
        assert child.stdout is not None and child.stdout.readline() == "held\n"
        with pytest.raises(WarehouseBusy) as refused, lock(path).hold("mine", wait_seconds=0.1):
            pass
    finally:
        child.kill()
        child.communicate()
    text = str(refused.value)
    assert f"process {child.pid}" in text
    assert "(staying)" in text
    assert " UTC" in text
    assert "waited 0.1 s for the warehouse" in text


def test_a_killed_holder_blocks_nobody(path: Path):
    child = start_python(TAKE_AND_STAY, path)
    assert child.stdout is not None and child.stdout.readline() == "held\n"
    child.kill()
    child.communicate()
    with lock(path).hold("mine", wait_seconds=2):
        pass


def test_a_killed_waiter_blocks_nobody(path: Path):
    queue = path.with_name(path.name + ".queue")
    with lock(path).hold("first"):
        child = start_python(TAKE_AND_STAY, path)
        until(lambda: list(queue.iterdir()))
        child.kill()
        child.communicate()
        assert list(queue.iterdir())
    with lock(path).hold("mine", wait_seconds=2):
        pass
    assert not list(queue.iterdir())


def test_a_forked_child_that_outlives_the_holder_does_not_keep_the_lock(path: Path):
    holder = start_python(
        """
        import os, signal, sys, time
        from pathlib import Path
        from fbinfor_assets.warehouse.lock import FairLock
        with FairLock(Path(sys.argv[1]), what="it").hold("forking"):
            child = os.fork()
            if child == 0:
                time.sleep(60)
                os._exit(0)
            print(child, flush=True)
            time.sleep(0.2)
            os.kill(os.getpid(), signal.SIGKILL)
        """,
        path,
    )
    assert holder.stdout is not None
    orphan = int(holder.stdout.readline())
    holder.wait(timeout=20)
    try:
        with lock(path).hold("mine", wait_seconds=2):
            pass
    finally:
        os.kill(orphan, signal.SIGKILL)
        holder.communicate()


def test_the_same_thread_may_take_it_again_and_keeps_it_until_the_outermost_block_ends(path: Path):
    one, same = lock(path), lock(path)
    with one.hold("outer"):
        with same.hold("inner"):
            pass
        assert one.held_here
        taken = []
        thread = threading.Thread(target=lambda: taken.append(try_once(path)))
        thread.start()
        thread.join()
        assert taken == [False]
    assert not one.held_here
    assert try_once(path)


def test_an_exception_in_the_block_releases_it(path: Path):
    with pytest.raises(ZeroDivisionError), lock(path).hold("mine"):
        _ = 1 / 0
    assert try_once(path)


def try_once(path: Path) -> bool:
    try:
        with lock(path).hold("trying", wait_seconds=0):
            return True
    except WarehouseBusy:
        return False
