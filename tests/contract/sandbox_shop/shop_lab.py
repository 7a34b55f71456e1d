"""Real sandbox processes for the tests of this folder, and a clerk who does by API what a product would.

Belongs here: starting and stopping, the order files, short ways to make documents.
Does not belong here: what a test expects; fixtures (`conftest`). A module of its own, because every folder of tests
has a `conftest` and only one of them can be imported by that name.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import httpx

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[2]
FIXTURE_FILE = HERE / "orders.csv"
REAL_FILE = (
    Path(os.environ.get("FBINFOR_SHARED", REPOSITORY.parent / "shared")) / "data" / "online_retail.parquet"
)

API = "/wp-json/wc/v3"


@dataclass(frozen=True)
class Source:
    """An order file and what it holds on its days."""

    orders: Path
    first: date
    last: date
    documents: int
    lines: int
    net: str


FIXTURE = Source(FIXTURE_FILE, date(2010, 12, 1), date(2010, 12, 3), 8, 14, "-11016.486")
REAL = Source(REAL_FILE, date(2010, 12, 1), date(2010, 12, 3), 418, 7419, "150463.300")
# The real file is not part of the product: where it is not, the committed one stands for it.
SOURCES = [FIXTURE, REAL] if REAL_FILE.is_file() else [FIXTURE]


def rows(response: httpx.Response) -> list[dict[str, Any]]:
    """The list a successful answer holds."""
    assert response.status_code == 200, response.text
    return response.json()


# ------------------------------------------------------------------------------------------------ the shop


@dataclass
class Shop:
    """A running shop: its control plane by `control`, its API, with credentials, by `api`."""

    process: subprocess.Popen[str]
    control: httpx.Client
    api: httpx.Client

    def reach(self, instant: str) -> None:
        """Move the shop's clock."""
        self.control.post("/_sandbox/clock", json={"to": instant}).raise_for_status()


def start_shop(state: Path, *arguments: str) -> Shop:
    """Start `python -m fbinfor_assets.sandbox.shop` and wait until it is ready."""
    command = [sys.executable, "-m", "fbinfor_assets.sandbox.shop", "--port", "0", "--state", str(state)]
    process = subprocess.Popen([*command, *arguments], stdout=subprocess.PIPE, text=True, cwd=REPOSITORY)
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, f"the shop did not start (exit code {process.wait()})"
    url = f"http://127.0.0.1:{json.loads(line)['port']}"
    control = httpx.Client(base_url=url)
    known = control.get("/_sandbox/connection").json()
    api = httpx.Client(base_url=url + API, auth=(known["consumer_key"], known["consumer_secret"]), timeout=30)
    return Shop(process, control, api)


def stop_shop(shop: Shop) -> int:
    """Stop it as `serve` does; its exit code."""
    for client in (shop.control, shop.api):
        client.close()
    shop.process.terminate()
    code = shop.process.wait(10)
    assert shop.process.stdout is not None
    shop.process.stdout.close()
    return code


# --------------------------------------------------------------------------------------------- the sandbox


class Sandbox:
    """A running `serve`: `line` as it printed it."""

    def __init__(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "fbinfor_assets.sandbox.serve", *arguments]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=REPOSITORY
        )
        assert self.process.stdout is not None
        self.text = self.process.stdout.readline()
        if not self.text:
            raise AssertionError(f"serve did not start: {self.finish()}")
        self.line: dict[str, Any] = json.loads(self.text)

    @property
    def children(self) -> dict[str, int]:
        """Process ids of the three simulators."""
        return {name: pid for name, pid in self.line["pids"].items() if name != "serve"}

    def finish(self) -> tuple[int, str, str]:
        """Wait for the end: exit code, what else came on stdout, stderr."""
        out, err = self.process.communicate(timeout=20)
        return self.process.returncode, out, err

    def stop(self) -> tuple[int, str, str]:
        """SIGTERM, then `finish`."""
        if self.process.poll() is None:
            self.process.terminate()
        return self.finish()


def alive(pid: int) -> bool:
    """Whether a process still runs (a zombie nobody waits for does not)."""
    try:
        os.kill(pid, 0)
        status = Path(f"/proc/{pid}/stat")
        return not status.exists() or status.read_text().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


# ----------------------------------------------------------------------------------------------- the clerk


class Clerk:
    """Makes FreshBooks invoices and M3 orders over the vendors' APIs, with nothing of the product's code."""

    def __init__(self, line: dict[str, Any]) -> None:
        books = line["freshbooks"]
        self.account = books["account_id"]
        self._books = httpx.Client(
            base_url=f"{books['base_url']}/accounting/account/{self.account}",
            headers={"Authorization": f"Bearer {books['access_token']}"},
            timeout=30,
        )
        infor = line["infor"]["ionapi"]
        form = {"grant_type": "password", "username": infor["saak"], "password": infor["sask"]}
        form |= {"client_id": infor["ci"], "client_secret": infor["cs"]}
        token = httpx.post(infor["pu"] + infor["ot"], data=form).json()["access_token"]
        self._execute = f"{infor['iu']}/{infor['ti']}/M3/m3api-rest/v2/execute"
        self._m3 = httpx.Client(
            headers={"Authorization": f"Bearer {token}"},
            timeout=30,
        )
        client = {"client": {"organization": "Whole World Ltd", "email": "buyer@whole-world.example"}}
        self._client = self._book("users/clients", client)["client"]["id"]
        control = httpx.Client(base_url=line["infor"]["control_url"])
        who = {"CUNM": "Whole World Ltd", "CUA1": "1 High Street", "CSCD": "GB"}
        self.customer = control.post("/people/customer", json=who).raise_for_status().json()["cuno"]
        control.close()
        self.m3("MMS200MI", [("AddItmViaItmTyp", {"ITTY": "SHG", "ITNO": "LANTERN", "ITDS": "Lantern"})])

    def _book(self, path: str, body: dict[str, Any], method: str = "POST") -> dict[str, Any]:
        response = self._books.request(method, f"/{path}", json=body)
        assert response.status_code == 200, response.text
        return response.json()["response"]["result"]

    def m3(self, program: str, calls: list[tuple[str, dict[str, str]]]) -> list[dict[str, Any]]:
        """Bulk call; the first record of each result."""
        found: list[dict[str, Any]] = []
        for at in range(0, len(calls), 100):
            some = [{"transaction": name, "record": record} for name, record in calls[at : at + 100]]
            body = {"program": program, "cono": 100, "divi": "AAA", "transactions": some}
            for result in self._m3.post(self._execute, json=body).raise_for_status().json()["results"]:
                assert not result.get("errorMessage"), result
                found.append((result.get("records") or [{}])[0])
        return found

    def draft(self, number: str, day: date, lines: int) -> int:
        """A draft invoice of `lines` lines of 1 x 10.00 and VAT 20 %; its id."""
        line = {"type": 0, "name": "Lantern", "qty": "1", "unit_cost": {"amount": "10.00", "code": "GBP"}}
        taxed = line | {"taxName1": "VAT", "taxAmount1": "20"}
        invoice = {"customerid": self._client, "invoice_number": number, "create_date": day.isoformat()}
        invoice |= {"currency_code": "GBP", "lines": [taxed] * lines}
        return self._book("invoices/invoices", {"invoice": invoice})["invoice"]["id"]

    def send(self, invoice_id: int) -> None:
        """Mark an invoice as sent."""
        self._book(f"invoices/invoices/{invoice_id}", {"invoice": {"action_mark_as_sent": True}}, "PUT")

    def orders(self, orders: list[tuple[int, date, int]]) -> None:
        """Confirmed M3 orders of (FreshBooks invoice id, day, lines of 1 x 10.00)."""
        heads = [
            {
                "CUNO": self.customer,
                "ORTP": "F01",
                "FACI": "F01",
                "ORDT": f"{day:%Y%m%d}",
                "RLDT": f"{day:%Y%m%d}",
                "PYRE": f"FB-{self.account}-{invoice_id}",
            }
            for invoice_id, day, _ in orders
        ]
        batches = [
            record["ORNO"] for record in self.m3("OIS100MI", [("AddBatchHead", head) for head in heads])
        ]
        line = {"ITNO": "LANTERN", "ORQT": "1", "SAPR": "10.00"}
        lines = [
            ("AddBatchLine", {"ORNO": orno, **line})
            for orno, (_, _, count) in zip(batches, orders, strict=True)
            for _ in range(count)
        ]
        self.m3("OIS100MI", lines)
        self.m3("OIS100MI", [("Confirm", {"ORNO": orno}) for orno in batches])

    def payments(self) -> list[dict[str, Any]]:
        """Every payment, as the API lists it (100 at most)."""
        return self._books.get("/payments/payments", params={"per_page": 100}).json()["response"]["result"][
            "payments"
        ]

    def close(self) -> None:
        """Close the connections."""
        self._books.close()
        self._m3.close()
