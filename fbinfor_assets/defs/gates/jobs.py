"""Jobs of the gates alone.

Belongs here: judging without sending. Does not belong here: sending (`defs/outbound`).
"""

from __future__ import annotations

import dagster as dg

JOBS = [
    dg.define_asset_job(
        "judge_outbound",
        selection=dg.AssetSelection.groups("gates"),
        description="Judge what the last build wants to write; nothing is sent.",
    )
]
