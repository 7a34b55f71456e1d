"""Jobs of shop alone.

Belongs here: landing it without the rest. Does not belong here: passes over everything (`defs/workflows`).
"""

from __future__ import annotations

import dagster as dg

from fbinfor_assets.defs.naming import does

JOBS = [
    dg.define_asset_job(
        "land_shop",
        selection=dg.AssetSelection.groups("shop"),
        tags=does("landing"),
        description="Read shop and land what is new; nothing is built and nothing is sent.",
    )
]
