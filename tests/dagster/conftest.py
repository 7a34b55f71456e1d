"""A small world for the tests of the Dagster layer: real simulators, one home, everything synchronised once.

Belongs here: fixtures. Does not belong here: what is asked of the simulators (small_world.py), assertions.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from small_world import World, begin


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Seven shop orders and a cancellation, each with its FreshBooks draft and M3 order, nothing left to send.

    Shared by all tests of the folder: each makes its own change (see `World`) and relies on no other.
    """
    with begin(tmp_path_factory.mktemp("small-world")) as world:
        yield world


@pytest.fixture(scope="session")
def manifest(world: World) -> dict:
    """dbt's manifest, parsed once."""
    return world.app.warehouse.manifest()
