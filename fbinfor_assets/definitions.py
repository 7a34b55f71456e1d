"""The Dagster definitions: `build_defs(…)` and `defs`, nothing else.

Belongs here: the names under which Dagster and others find them. Does not belong here: any asset, job or sensor, and how
they are put together (`defs/assemble.py`).
"""

from fbinfor_assets.defs.assemble import build_defs

__all__ = ["build_defs", "defs"]

defs = build_defs()
