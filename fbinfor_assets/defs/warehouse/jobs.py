"""Jobs of the warehouse alone.

Belongs here: building, reporting and publishing. Does not belong here: passes over everything (`defs/workflows`).
"""

from __future__ import annotations

import dagster as dg

from fbinfor_assets.defs.naming import PUBLISHED, REPORTS, TURN, does
from fbinfor_assets.defs.warehouse.assets import BUILD, PUBLISH

REFRESH_REPORTS = "refresh_reports"
FULL_BUILD = "full_build"
# A snapshot of a moment ago is replaced all the same: these jobs are for what it does not show yet.
_PUBLISH_NOW = {PUBLISH: {"config": {"min_age_seconds": 0.0}}}


def dbt_selection(dbt: dg.AssetsDefinition) -> dg.AssetSelection:
    """Everything that a dbt build makes."""
    return dg.AssetSelection.assets(*dbt.keys)


def jobs(dbt: dg.AssetsDefinition) -> list:
    """Building in two ways, the reports, and the snapshot."""
    reports = dg.AssetSelection.groups(REPORTS)
    return [
        dg.define_asset_job(
            "build_warehouse",
            selection=dbt_selection(dbt),
            # It begins a build, and a pass that is between its gate and its delivery would have to refuse.
            tags={**TURN, **does("building")},
            description="Load what was landed and build what changed; nothing is read from a vendor, nothing is sent.",
        ),
        dg.define_asset_job(
            FULL_BUILD,
            selection=dbt_selection(dbt) | reports | dg.AssetSelection.assets(PUBLISHED),
            config={"ops": {BUILD: {"config": {"full": True}}, **_PUBLISH_NOW}},
            tags={**TURN, **does("building")},
            description="Build every model anew, test every row, make the reports and publish them. Nothing is read from a "
            "vendor, nothing is sent.",
        ),
        dg.define_asset_job(
            REFRESH_REPORTS,
            selection=reports | dg.AssetSelection.assets(PUBLISHED),
            config={"ops": _PUBLISH_NOW},
            tags=does("reporting"),
            description="Make the reports over the last complete build, then publish the snapshot that analysts read. Begins "
            "no build, so nothing of it touches what is delivered.",
        ),
        dg.define_asset_job(
            "publish_warehouse",
            selection=dg.AssetSelection.assets(PUBLISHED),
            tags=does("reporting"),
            description="Publish the snapshot that analysts read.",
        ),
    ]
