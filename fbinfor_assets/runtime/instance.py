"""Dagster's instance of one home: where its runs are recorded.

Belongs here: opening it with our settings, on the fixed SQLite. Does not belong here: what is run.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fbinfor_assets.runtime.sqlite import use_fixed_sqlite

if TYPE_CHECKING:
    import dagster as dg

SETTINGS = Path(__file__).with_name("dagster.yaml")


def open_instance(folder: Path) -> dg.DagsterInstance:
    """The instance in `folder` (`Paths.dagster`), made when it is not there; close it, or use it as a context manager.

    Our `dagster.yaml` is written each time, so that a newer release's settings take effect.
    """
    use_fixed_sqlite()
    import dagster as dg

    folder.mkdir(parents=True, exist_ok=True)
    (folder / "dagster.yaml").write_text(SETTINGS.read_text("utf-8"), "utf-8")
    return dg.DagsterInstance.from_config(str(folder))
