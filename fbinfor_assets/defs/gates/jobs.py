"""Jobs of the gates alone.

Belongs here: judging without sending. Does not belong here: sending (`defs/outbound`).
"""

from __future__ import annotations

import dagster as dg

from fbinfor_assets.defs.naming import does

JOBS = [
    dg.define_asset_job(
        "judge_outbound",
        selection=dg.AssetSelection.groups("gates"),
        tags=does("judging"),
        description="Judge what the last build wants to write; nothing is sent.",
    )
]
