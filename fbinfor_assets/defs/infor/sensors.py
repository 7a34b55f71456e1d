"""When infor is looked at.

Belongs here: its polling sensor. Does not belong here: how a poll works (`defs/polling.py`).
"""

from __future__ import annotations

import dagster as dg

from fbinfor_assets.defs.automation import Automation
from fbinfor_assets.defs.infor.assets import ENTITIES
from fbinfor_assets.defs.polling import polling_sensor


def sensors(automation: Automation) -> list[dg.SensorDefinition]:
    """The polling sensor, on or off as configured."""
    return [polling_sensor("infor", ENTITIES, automation.sensors["poll_infor"])]
