"""`fbinfor sync`: passes until one sends nothing, each a Dagster run of this home's own instance.

Belongs here: the instance, progress on the screen, the report for the command line.
Does not belong here: what a pass does (defs/workflows/cycle.py), other commands.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from fbinfor_assets.app import App
from fbinfor_assets.config import Paths
from fbinfor_assets.runtime.sqlite import use_fixed_sqlite

if TYPE_CHECKING:
    import dagster as dg

    from fbinfor_assets.defs.workflows.cycle import Cycle, SettledReport


@dataclass(frozen=True)
class SyncReport:
    """What a sync did, for people and as JSON.

    `ok` is false when a pass failed, or when something was left unsettled although more than one pass was allowed.
    """

    settled: SettledReport
    once: bool = False

    @property
    def ok(self) -> bool:
        return all(one.ok for one in self.settled.runs) if self.once else self.settled.ok

    @property
    def passes(self) -> int:
        return len(self.settled.passes)

    @property
    def seconds(self) -> float:
        return self.settled.seconds

    def rows(self) -> list[list[Any]]:
        """Per outbound object: sent and confirmed over all passes; in doubt, conflict, dead letters as left by the last."""
        sent, confirmed = self.settled.total("sent"), self.settled.total("confirmed")
        rows = []
        for name in sent:
            last = self.settled.last(name)
            rows.append(
                [
                    name,
                    sent[name],
                    confirmed[name],
                    last.in_doubt,
                    last.conflicts,
                    last.dead + last.quarantined,
                ]
            )
        return rows

    def to_json(self) -> dict[str, Any]:
        names = ("sent", "confirmed", "in_doubt", "conflicts", "dead_letters")
        return {
            "ok": self.ok,
            "settled": self.settled.settled,
            "passes": [
                {
                    "run_id": one.run_id,
                    "ok": one.ok,
                    "seconds": one.seconds,
                    "landed": one.landed,
                    "sent": one.sent,
                }
                for one in self.settled.passes
            ],
            "objects": {row[0]: dict(zip(names, row[1:], strict=True)) for row in self.rows()},
            "errors": self.settled.errors,
        }


def open_instance(app: App) -> dg.DagsterInstance:
    """This home's Dagster instance, on the fixed SQLite; made when it is not there yet."""
    use_fixed_sqlite()
    import dagster as dg

    from fbinfor_assets.runtime.up import write_instance

    return dg.DagsterInstance.from_config(str(write_instance(app.paths.dagster)))


@contextmanager
def cycle(app: App, console: Console | None) -> Iterator[Cycle]:
    """Passes over `app`, recorded in its instance, with progress bars on `console` (None: silent)."""
    with open_instance(app) as instance, bars(console) as advance:
        from fbinfor_assets.defs.workflows.cycle import Cycle

        yield Cycle(app, instance=instance, progress=advance)


def preload(home: Path) -> None:
    """Pay for the heavy imports and for dbt's parse now, e.g. while other processes start."""
    use_fixed_sqlite()
    from fbinfor_assets import quality
    from fbinfor_assets.app import DBT_PROJECT
    from fbinfor_assets.warehouse.dbt_runner import DbtRunner

    paths = Paths(home)
    DbtRunner(DBT_PROJECT, paths.warehouse, paths.home / "dbt").warm()
    quality.preload()


@contextmanager
def bars(console: Console | None) -> Iterator[Any]:
    """A function `advance(what, done, total)` that draws one bar per `what`; a finished bar disappears.

    A total of None is one that nobody knows yet.
    """
    if console is None:
        yield None
        return
    columns = (
        TextColumn("  {task.description}"),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        tasks: dict[str, Any] = {}

        def advance(what: str, done: int, total: int | None) -> None:
            if what not in tasks:
                tasks[what] = progress.add_task(what, total=total)
            progress.update(tasks[what], completed=done, total=total)
            if total is not None and done >= total:
                progress.remove_task(tasks.pop(what))

        yield advance


def run_sync(app: App, *, once: bool, full: bool, console: Console | None) -> SyncReport:
    """One pass (`once`) or passes until one sends nothing. Errors of single steps are in the report."""
    with cycle(app, console) as passes:
        return SyncReport(passes.run_until_settled(1 if once else 12, full=full), once)


def land_and_build(app: App, console: Console | None) -> None:
    """Land and build, send nothing. Raises `WarehouseError` when the build did not get through."""
    from fbinfor_assets.warehouse import WarehouseError

    with cycle(app, console) as passes:
        report = passes.run(job="land_and_build")
    if not report.ok:
        raise WarehouseError("; ".join(report.errors) or "the build failed; see the run in Dagster")
