"""For the whole suite: nobody speaks to another machine, nothing expensive is made twice.

Belongs here: the guard around every test and every process that a test starts, and which tests stay together when they
are spread over workers.
Does not belong here: fixtures of one kind of test (the conftest.py of its folder).
"""

from __future__ import annotations

import importlib.util
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

_GUARD = Path(__file__).parent / "guard"

# The product must switch these off itself, whoever starts it.
for _name in ("DO_NOT_TRACK", "DBT_SEND_ANONYMOUS_USAGE_STATS", "GX_ANALYTICS_ENABLED"):
    os.environ.pop(_name, None)

_spec = importlib.util.spec_from_file_location("outside_guard", _GUARD / "sitecustomize.py")
assert _spec is not None and _spec.loader is not None
outside_guard = importlib.util.module_from_spec(_spec)
sys.modules["outside_guard"] = outside_guard
_spec.loader.exec_module(outside_guard)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Again before each test: pytest-socket, where it is loaded, takes every change of `socket` back after each."""
    outside_guard.install()


# Modules that share one expensive fixture (`world`): their tests stay together in one worker.
_TOGETHER = re.compile(
    r"tests/dagster/test_(code_location|dbt_results|definitions|extract|passes|report_pages_assets|sensors)\.py"
)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """`--dist loadscope` as xdist does it, but with the modules of `_TOGETHER` as one scope."""
    if config.getvalue("dist") != "loadscope":
        return None
    from xdist.scheduler import LoadScopeScheduling

    class Together(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return "together" if _TOGETHER.match(nodeid) else super()._split_scope(nodeid)

    return Together(config, log)


@pytest.fixture(scope="session", autouse=True)
def _outside_calls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    log = tmp_path_factory.mktemp("guard") / "outside-calls.txt"
    log.touch()
    before = {name: os.environ.get(name) for name in (outside_guard.LOG, "PYTHONPATH")}
    os.environ[outside_guard.LOG] = str(log)
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(_GUARD), before["PYTHONPATH"])))
    yield log
    for name, value in before.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


@pytest.fixture(autouse=True)
def _stays_on_this_machine(_outside_calls: Path, request: pytest.FixtureRequest) -> Iterator[None]:
    """Fails the test during which something wanted to reach another machine, also if it swallowed the refusal."""
    seen = _outside_calls.stat().st_size
    yield
    said = _outside_calls.read_text()[seen:]
    if said and "outside_calls_expected" not in request.fixturenames:
        pytest.fail(f"something wanted to reach another machine:\n{said}", pytrace=False)


@pytest.fixture
def outside_calls_expected(_outside_calls: Path) -> Path:
    """For the tests of the guard itself: attempts are written here and do not fail the test."""
    return _outside_calls
