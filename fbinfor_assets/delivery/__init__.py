"""Delivery: the only code that writes to a vendor.

Belongs here: the life of an intent, the binding to the gate's verdict, the sender, one writer per outbound object,
what may never be written, the crash points of the tests.
Does not belong here: what should be written (dbt's outbound models), whether it is good (quality/), when (defs/).
"""

from fbinfor_assets.delivery.gate import RefusedByGate
from fbinfor_assets.delivery.refusals import Forbidden
from fbinfor_assets.delivery.rows import OutboundRow, RowError
from fbinfor_assets.delivery.sender import Report, deliver
from fbinfor_assets.delivery.settings import Clients, DeliverySettings

__all__ = [
    "Clients",
    "DeliverySettings",
    "Forbidden",
    "OutboundRow",
    "RefusedByGate",
    "Report",
    "RowError",
    "deliver",
]
