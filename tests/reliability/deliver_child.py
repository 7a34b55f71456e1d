"""Deliveries in processes of their own, which may be killed at any point.

Reads one request per line of stdin, forks a process for it (importing everything anew each time would take most of the
tests' time), prints `{"pid": n}` when that process is about to deliver, and `{"code": c}` when it is gone (negative: the
signal that ended it). A request is {"store", "connection", "object", "rows", "verdict_id", "settings", "failpoint",
"report": file for the report}.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from fbinfor_assets.clients.freshbooks import FreshBooksClient, FreshBooksSettings
from fbinfor_assets.clients.infor import InforSettings, M3Client
from fbinfor_assets.delivery import Clients, DeliverySettings, deliver
from fbinfor_assets.delivery.failpoints import ENVIRONMENT
from fbinfor_assets.store import open_store


def run(request: dict[str, Any]) -> None:
    os.environ.pop(ENVIRONMENT, None)
    if request["failpoint"]:
        os.environ[ENVIRONMENT] = request["failpoint"]
    connection = request["connection"]
    clients = Clients(
        freshbooks=FreshBooksClient(FreshBooksSettings.model_validate(connection["freshbooks"])),
        m3=M3Client.from_settings(InforSettings.model_validate(connection["infor"])),
    )
    store = open_store(request["store"])
    print(json.dumps({"pid": os.getpid()}), flush=True)
    settings = DeliverySettings(**request["settings"])
    rows, verdict_id = request["rows"], request["verdict_id"]
    report = deliver(store, clients, request["object"], rows, verdict_id, "child", settings=settings)
    Path(request["report"]).write_text(json.dumps(report.as_dict()))


for line in sys.stdin:
    child = os.fork()
    if child == 0:
        try:
            run(json.loads(line))
        except BaseException:  # noqa: BLE001 - a forked child must never return into the loop of its parent
            sys.excepthook(*sys.exc_info())
            os._exit(1)
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    print(json.dumps({"code": os.waitstatus_to_exitcode(status)}), flush=True)
