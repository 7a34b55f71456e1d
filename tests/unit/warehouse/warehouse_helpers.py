"""What the tests of the warehouse share: a memory of landings over the real store, child processes.

Belongs here: helpers that also run in the child processes of crash tests. Does not belong here: tests.
"""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from fbinfor_assets.store import Store, cursors, landings, open_store
from fbinfor_assets.warehouse import Landing, Record, Version, Warehouse

HERE = Path(__file__).parent


class StoreSeen:
    """`SeenIndex` over the operational store: versions and cursor in one transaction."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def known(self, system: str, entity: str, keys: Sequence[str]) -> Mapping[str, str]:
        with self.store.read() as tx:
            return {
                key: found.payload_hash for key, found in landings.known(tx, system, entity, keys).items()
            }

    def mark(
        self,
        landing: Landing,
        versions: Iterable[Version],
        watermark: str | None,
        extra: Mapping[str, Any] | None,
    ) -> None:
        with self.store.write() as tx:
            landings.record(
                tx,
                landing_id=landing.landing_id,
                system=landing.system,
                entity=landing.entity,
                file=landing.file,
                rows=landing.rows,
                run_id=landing.run_id,
                versions=[landings.Landed(v.key, v.hash, v.deleted) for v in versions],
            )
            if watermark is not None:
                cursors.put(tx, landing.system, landing.entity, watermark, dict(extra) if extra else None)


def warehouse_at(home: Path, **settings: Any) -> Warehouse:
    """A warehouse below `home` whose memory of landings is a real store there."""
    return Warehouse(home, seen=StoreSeen(open_store(home / "store.sqlite")), wait_seconds=20, **settings)


def order(number: int, total: str = "12.50") -> Record:
    return Record(str(number), {"id": number, "total": Decimal(total)}, "2011-01-04T10:00:00")


def python(script: str, *arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a script in a process of its own that can import this module."""
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), *map(str, arguments)],
        env=child_environment(**environment),
        capture_output=True,
        text=True,
        timeout=120,
    )


def start_python(script: str, *arguments: object, **environment: str) -> subprocess.Popen[str]:
    """The same, without waiting; its standard output is a pipe."""
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script), *map(str, arguments)],
        env=child_environment(**environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def child_environment(**environment: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(HERE), **environment}
