"""When freshbooks is looked at.

Belongs here: its polling sensor. Does not belong here: how a poll works (`defs/polling.py`).
"""

from __future__ import annotations

import dagster as dg

from fbinfor_assets.defs.freshbooks.assets import ENTITIES
from fbinfor_assets.defs.polling import polling_sensor


def sensors(*, running: bool) -> list[dg.SensorDefinition]:
    """The polling sensor; `running`: whether it is on without a person switching it on."""
    return [polling_sensor("freshbooks", ENTITIES, running=running)]
