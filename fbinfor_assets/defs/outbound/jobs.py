"""Jobs of delivery alone.

Belongs here: judging and sending what the last build wants to write. Does not belong here: landing and building.
"""

from __future__ import annotations

import dagster as dg

from fbinfor_assets.defs.naming import OBJECTS, TURN, does, gate_key, outbound_key

JOBS = [
    dg.define_asset_job(
        "deliver_outbound",
        selection=dg.AssetSelection.assets(
            *(gate_key(object_) for object_ in OBJECTS), *(outbound_key(object_) for object_ in OBJECTS)
        ),
        tags={**TURN, **does("delivery")},
        description="Judge and send what the last complete build wants to write.",
    )
]
