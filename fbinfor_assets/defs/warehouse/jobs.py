"""Jobs of the warehouse alone.

Belongs here: building and publishing. Does not belong here: passes over everything (`defs/workflows`).
"""

from __future__ import annotations

import dagster as dg

from fbinfor_assets.defs.naming import PUBLISHED


def dbt_selection(dbt: dg.AssetsDefinition) -> dg.AssetSelection:
    """Everything that dbt makes."""
    return dg.AssetSelection.assets(*dbt.keys)


def jobs(dbt: dg.AssetsDefinition) -> list:
    """`build_warehouse` and `publish_warehouse`."""
    return [
        dg.define_asset_job(
            "build_warehouse",
            selection=dbt_selection(dbt),
            description="Load what was landed and build what changed; nothing is read from a vendor, nothing is sent.",
        ),
        dg.define_asset_job(
            "publish_warehouse",
            selection=dg.AssetSelection.assets(PUBLISHED),
            description="Publish the snapshot that analysts read.",
        ),
    ]
