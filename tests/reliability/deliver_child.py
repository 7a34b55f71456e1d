"""One delivery in a process that may be killed: `deliver_child.py REQUEST.json SETTINGS-JSON`, prints the report."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from fbinfor_assets.clients.freshbooks import FreshBooksClient, FreshBooksSettings
from fbinfor_assets.clients.infor import InforSettings, M3Client
from fbinfor_assets.delivery import Clients, DeliverySettings, deliver
from fbinfor_assets.store import open_store

request = json.loads(Path(sys.argv[1]).read_text())
settings = DeliverySettings(**({"backoff_seconds": 0.01} | json.loads(sys.argv[2])))
clients = Clients(
    freshbooks=FreshBooksClient(FreshBooksSettings.model_validate(request["connection"]["freshbooks"])),
    m3=M3Client.from_settings(InforSettings.model_validate(request["connection"]["infor"])),
)
report = deliver(
    open_store(request["store"]),
    clients,
    request["object"],
    request["rows"],
    request["verdict_id"],
    "child",
    settings=settings,
)
print(json.dumps(report.as_dict()))
