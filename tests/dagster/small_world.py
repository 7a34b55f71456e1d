"""The simulators as processes, and what tests do to them: customers pay, people edit, somebody reads the write logs.

Belongs here: starting, stopping, and verbs of people through the control planes.
Does not belong here: assertions; anything of the product but the app under test.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dagster as dg
import httpx

from fbinfor_assets.app import CONFIG, App
from fbinfor_assets.config import Paths, connections_from_sandbox, load_policy
from fbinfor_assets.defs.workflows.cycle import Cycle, SettledReport
from fbinfor_assets.runtime.sync import open_instance

ORDERS = """\
invoice_no,stock_code,description,quantity,invoice_date,unit_price,customer_id,country
536365,85123A,WHITE HANGING HEART T-LIGHT HOLDER,6,2010-12-01 08:26:00,2.55,17850,United Kingdom
536365,71053,WHITE METAL LANTERN,6,2010-12-01 08:26:00,3.39,17850,United Kingdom
536366,22633,HAND WARMER UNION JACK,6,2010-12-01 08:28:00,1.85,17850,United Kingdom
536367,84879,ASSORTED COLOUR BIRD ORNAMENT,32,2010-12-01 08:34:00,1.69,13047,United Kingdom
536368,22960,JAM MAKING SET WITH JARS,6,2010-12-01 08:34:00,4.25,13047,United Kingdom
536369,21756,BATH BUILDING BLOCK WORD,3,2010-12-01 08:35:00,5.95,13047,United Kingdom
536370,22728,ALARM CLOCK BAKELIKE PINK,24,2010-12-01 08:45:00,3.75,12583,France
536371,22086,PAPER CHAIN KIT 50'S CHRISTMAS,80,2010-12-01 09:00:00,2.55,13748,United Kingdom
536372,22086,PAPER CHAIN KIT 50'S CHRISTMAS,1,2010-12-01 09:10:00,2.55,13748,United Kingdom
536373,22086,PAPER CHAIN KIT 50'S CHRISTMAS,2,2010-12-01 09:11:00,2.55,13748,United Kingdom
536374,22086,PAPER CHAIN KIT 50'S CHRISTMAS,3,2010-12-01 09:12:00,2.55,13748,United Kingdom
536375,22086,PAPER CHAIN KIT 50'S CHRISTMAS,4,2010-12-01 09:13:00,2.55,13748,United Kingdom
536376,22086,PAPER CHAIN KIT 50'S CHRISTMAS,5,2010-12-01 09:14:00,2.55,13748,United Kingdom
536377,22086,PAPER CHAIN KIT 50'S CHRISTMAS,6,2010-12-01 09:15:00,2.55,13748,United Kingdom
C536379,85123A,WHITE HANGING HEART T-LIGHT HOLDER,-1,2010-12-01 09:41:00,2.55,17850,United Kingdom
536400,22633,HAND WARMER UNION JACK,2,2010-12-02 10:00:00,1.85,13047,United Kingdom
"""
DRAFTS = tuple(str(number) for number in range(536365, 536378))


@dataclass
class World:
    """One sandbox and one home over it."""

    app: App
    instance: dg.DagsterInstance
    cycle: Cycle
    sandbox: dict[str, Any]
    first: SettledReport | None = None
    _paid: list[str] = field(default_factory=list)
    _changed: bool = True

    def settle(self) -> SettledReport | None:
        """Passes until nothing is sent, if anybody changed anything since the last time."""
        if not self._changed:
            return None
        report = self.cycle.run_until_settled()
        assert report.ok, report.errors
        self._changed = False
        return report

    def land(self) -> None:
        """Read all systems: afterwards nothing is new."""
        report = self.cycle.run(job="land_all")
        assert report.ok, report.errors

    def run(self, *keys: dg.AssetKey) -> dg.ExecuteInProcessResult:
        """Materialise these assets alone, as a person does in the UI."""
        selection = dg.AssetSelection.assets(*keys)
        definitions = self.cycle.definitions
        job = dg.define_asset_job("by_hand", selection=selection)
        repository = dg.Definitions(
            assets=list(definitions.assets or ()),
            jobs=[job],
            resources=definitions.resources,
            executor=dg.in_process_executor,
        )
        return repository.resolve_job_def("by_hand").execute_in_process(
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
            instance=self.instance,
            raise_on_error=False,
        )

    # ---- what people do ----

    def pay(self) -> str:
        """A customer pays a draft that nobody has paid yet: a receipt on account is due in M3.

        Returns the business key of the receipt.
        """
        invoices = self.freshbooks("invoice")
        free = next(
            row for row in invoices if row["invoice_number"] in DRAFTS and str(row["id"]) not in self._paid
        )
        self._paid.append(str(free["id"]))
        paid = self.people(
            "payment",
            {
                "invoiceid": free["id"],
                "amount": "1.23",
                "date": "2010-12-01",
                "type": "Credit Card",
                "note": "test",
            },
        )
        return f"payment:{paid['id']}"

    def freshbooks(self, table: str) -> list[dict[str, Any]]:
        """Rows of a table of the FreshBooks simulator."""
        return self.get("freshbooks", "state", table=table)["rows"]

    def written(self) -> list[dict[str, Any]]:
        """Everything the product ever wrote, from the simulators' logs (writes of people left out)."""
        found = []
        for system in ("freshbooks", "infor"):
            found += [
                {**write, "system": system}
                for write in self.get(system, "writes", limit=100_000)["writes"]
                if not write["operation"].startswith(("people.", "system.", "clock"))
            ]
        return found

    def get(self, system: str, path: str, **query: Any) -> Any:
        answer = httpx.get(f"{self.sandbox[system]['control_url']}/{path}", params=query, timeout=30)
        answer.raise_for_status()
        return answer.json()

    def people(self, object_: str, fields: dict[str, Any]) -> dict[str, Any]:
        """What a person enters by hand in FreshBooks; with "id" it changes that record."""
        return self.post("freshbooks", f"people/{object_}", fields)[object_]

    def post(self, system: str, path: str, body: dict[str, Any]) -> Any:
        self._changed = True
        answer = httpx.post(f"{self.sandbox[system]['control_url']}/{path}", json=body, timeout=30)
        assert answer.status_code < 400, answer.text
        return answer.json()


@contextmanager
def begin(folder: Path) -> Iterator[World]:
    """Start the simulators over the few orders, open a home and synchronise it until nothing is left."""
    orders = folder / "orders.csv"
    orders.write_text(ORDERS, "utf-8")
    command = [sys.executable, "-m", "fbinfor_assets.sandbox.serve", "--state", str(folder / "sandbox")]
    command += ["--orders", str(orders), "--from", "2010-12-01", "--to", "2010-12-02", "--seed", "7"]
    with (
        (folder / "sandbox.log").open("w") as log,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True) as process,
    ):
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line, (folder / "sandbox.log").read_text()
            with _world(folder / "home", json.loads(line)) as world:
                yield world
        finally:
            process.send_signal(signal.SIGTERM)


@contextmanager
def _world(home: Path, sandbox: dict[str, Any]) -> Iterator[World]:
    paths = Paths(home)
    policy = load_policy(CONFIG / "policy.sandbox.yml")
    with App(paths, connections_from_sandbox(sandbox, paths), policy) as app, open_instance(app) as instance:
        world = World(app, instance, Cycle(app, instance=instance), sandbox)
        for system in ("freshbooks", "infor", "shop"):
            world.post(system, "clock", {"to": "2010-12-01T21:00:00Z"})
        world.first = world.settle()
        yield world
