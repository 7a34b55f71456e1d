"""Jobs for people: making the warehouse anew.

Belongs here: what is run by hand. Does not belong here: what runs by itself.
"""

from __future__ import annotations

import dagster as dg

from fbinfor_assets.defs.naming import TURN
from fbinfor_assets.defs.warehouse.assets import BUILD
from fbinfor_assets.defs.warehouse.jobs import dbt_selection


def jobs(dbt: dg.AssetsDefinition) -> list:
    """`full_rebuild`: nothing of the warehouse is needed for it but var/raw and the operational store."""
    return [
        dg.define_asset_job(
            "full_rebuild",
            selection=dbt_selection(dbt),
            config={"ops": {BUILD: {"config": {"full": True, "reload": True}}}},
            tags=TURN,
            description="Load the raw tables anew from var/raw, then build every model anew. Nothing is sent.",
        )
    ]
