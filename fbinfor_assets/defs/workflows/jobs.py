"""The jobs that go over all systems.

Belongs here: `sync_cycle` and its first half. Does not belong here: jobs of one step (its own folder).
"""

from __future__ import annotations

import dagster as dg

from fbinfor_assets.defs.naming import REPORTS, TURN, does
from fbinfor_assets.defs.polling import SYNC

SYSTEMS = ("freshbooks", "infor", "shop")

JOBS = [
    dg.define_asset_job(
        SYNC,
        selection=dg.AssetSelection.all() - dg.AssetSelection.groups(REPORTS),
        tags={**TURN, **does("pass")},
        description="One pass: land what is new, build what changed, judge what should be written, write it, read it back, "
        "publish. The reports are made apart from it (refresh_reports).",
    ),
    dg.define_asset_job(
        "land_all",
        selection=dg.AssetSelection.groups(*SYSTEMS),
        tags=does("landing"),
        description="Read all systems and land what is new; nothing is built and nothing is sent.",
    ),
]


def plan_job(dbt: dg.AssetsDefinition) -> object:
    """`land_and_build`: what `fbinfor plan --refresh` runs: everything up to the differences, nothing sent."""
    return dg.define_asset_job(
        "land_and_build",
        selection=dg.AssetSelection.groups(*SYSTEMS) | dg.AssetSelection.assets(*dbt.keys),
        tags={**TURN, **does("building")},
        description="Read all systems, land what is new, build what changed; nothing is judged and nothing is sent.",
    )
