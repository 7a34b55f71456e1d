"""A FreshBooks simulator as a process of its own, and a plain HTTP client to it.

Belongs here: starting, stopping, killing, and shorthand for requests. Does not belong here: expectations.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from fbinfor_assets.sandbox.freshbooks.switches import SWITCHES


class Simulator:
    """One simulator process over a state folder; `get`, `post`, `put`, `delete` go to the account's paths."""

    def __init__(self, folder: Path, *arguments: str, seed: int = 7) -> None:
        self.folder = folder
        self.arguments = arguments
        self.seed = seed
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "fbinfor_assets.sandbox.freshbooks", "--port", "0"]
        command += ["--state", str(self.folder), "--seed", str(self.seed), *self.arguments]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        ready = json.loads(self.process.stdout.readline())
        self.base_url = f"http://127.0.0.1:{ready['port']}"
        self.http = httpx.Client(base_url=self.base_url, timeout=30)
        self.sign_in()

    def sign_in(self) -> None:
        self.connection = self.http.get("/_sandbox/connection").json()
        self.account = "/accounting/account/" + self.connection["account_id"]
        self.http.headers["Authorization"] = "Bearer " + self.connection["access_token"]

    def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        self.http.close()
        os.kill(self.process.pid, how)
        code = self.process.wait(10)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code

    def get(self, path: str, **query: object) -> httpx.Response:
        return self.http.get(self.account + path, params=query or None)

    def post(self, path: str, body: object) -> httpx.Response:
        return self.http.post(self.account + path, json=body)

    def put(self, path: str, body: object) -> httpx.Response:
        return self.http.put(self.account + path, json=body)

    def delete(self, path: str) -> httpx.Response:
        return self.http.delete(self.account + path)

    def listed(self, path: str, query: str = "") -> list[int]:
        """Ids of a list of up to 100, by a literal query string."""
        answer = self.http.get(f"{self.account}{path}?per_page=100&{query}")
        assert answer.status_code == 200, answer.text
        result = answer.json()["response"]["result"]
        return [row["id"] for row in next(value for value in result.values() if isinstance(value, list))]

    def client(self, **given: object) -> dict:
        body = {"client": {"organization": "Hartley Gifts Ltd"} | given}
        return one(self.post("/users/clients", body))

    def invoice(self, client: dict | None = None, *, lines: list | None = None, **given: object) -> dict:
        customer = (client or self.client())["id"]
        body = {"customerid": customer, "create_date": "2011-03-01", "lines": lines or [line()]} | given
        return one(self.post("/invoices/invoices", {"invoice": body}))

    def sent(self, client: dict | None = None, **given: object) -> dict:
        invoice = self.invoice(client, **given)
        return self.change(invoice, action_mark_as_sent=True)

    def change(self, invoice: dict, **given: object) -> dict:
        return one(self.put(f"/invoices/invoices/{invoice['id']}", {"invoice": given}))

    def read(self, invoice: dict, include: str = "") -> dict:
        query = {"include[]": include} if include else {}
        return one(self.get(f"/invoices/invoices/{invoice['id']}", **query))

    def pay(self, invoice: dict, amount: str, **given: object) -> dict:
        body = {
            "invoiceid": invoice["id"],
            "amount": {"amount": amount},
            "date": "2011-03-02",
            "type": "Check",
        }
        return one(self.post("/payments/payments", {"payment": body | given}))

    def balances(self, to: str = "") -> dict[str, str]:
        """Balance by account: cash, receivables, taxes, money in advance, sales, and whatever else is not zero."""
        answer = self.http.get("/_sandbox/trial-balance", params={"to": to} if to else None).json()
        always = ("1000", "1200", "2005", "2100", "4000")
        return {
            row["account"]: row["balance"]
            for row in answer["accounts"]
            if row["account"] in always or row["balance"] != "0.00"
        }

    def clock(self, to: str) -> None:
        assert self.http.post("/_sandbox/clock", json={"to": to}).json()["moved"]


def one(answer: httpx.Response) -> dict:
    """The single object of an answer that must be a success."""
    assert answer.status_code == 200, answer.text
    (value,) = answer.json()["response"]["result"].values()
    return value


def line(price: str = "12.00", qty: object = "10", tax: str | None = "20", name: str = "85123A") -> dict:
    """An invoice line as a request writes it."""
    taxes = {"taxName1": "VAT", "taxAmount1": tax} if tax is not None else {}
    return {"type": 0, "name": name, "qty": qty, "unit_cost": {"amount": price, "code": "GBP"}, **taxes}


def error(answer: httpx.Response) -> tuple[int, int, str]:
    """(HTTP status, errno, field) of an old-style accounting error."""
    (detail,) = answer.json()["response"]["errors"]
    return answer.status_code, detail["errno"], detail["field"]


@pytest.fixture(scope="session")
def simulator(tmp_path_factory):
    """The one most tests share: each makes its own clients, none moves the clock."""
    simulator = Simulator(tmp_path_factory.mktemp("freshbooks"), "--from", "2011-03-01")
    yield simulator
    simulator.end()


@pytest.fixture
def fresh(tmp_path):
    """Start simulator processes of a test's own, which it may kill: fresh() or fresh(seed=8)."""
    started = []

    def start(*arguments: str, seed: int = 7) -> Simulator:
        folder = tmp_path / f"state{len(started)}"
        started.append(Simulator(folder, "--from", "2011-03-01", *arguments, seed=seed))
        return started[-1]

    yield start
    for simulator in started:
        if simulator.process.poll() is None:
            simulator.end()


@pytest.fixture(scope="session")
def _empty(tmp_path_factory):
    simulator = Simulator(tmp_path_factory.mktemp("empty"), "--from", "2011-03-01")
    yield simulator
    simulator.end()


@pytest.fixture
def own(_empty):
    """A simulator to oneself, emptied and with switches: own(tax_rounding="line"). One process serves all tests."""

    def start(**switches: object) -> Simulator:
        defaults = {name: switch.default for name, switch in SWITCHES.items()}
        _empty.http.delete("/_sandbox/faults")
        assert _empty.http.post("/_sandbox/switches", json=defaults | switches).status_code == 200
        _empty.http.post("/_sandbox/reset")
        _empty.sign_in()
        return _empty

    return start


@pytest.fixture(scope="session")
def tools():
    """The helpers of this file: one, line, error."""

    class Tools:
        pass

    Tools.one, Tools.line, Tools.error = staticmethod(one), staticmethod(line), staticmethod(error)
    return Tools
