"""What a simulator acknowledged is there, whatever happened to it: SIGKILL under load, a reset, a second sandbox.

Belongs here: durability of the simulators as processes, over real HTTP.
Does not belong here: what a vendor answers; what the product does about it.

The moments of the kills are random; the seed is in every message, and FBINFOR_SEED repeats it.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

SEED = int(os.environ.get("FBINFOR_SEED") or random.SystemRandom().randrange(10**6))
WRITERS, KILLS = 4, 4

Row = dict[str, Any]


class Process:
    """One simulator over a state folder, to be killed and started again."""

    def __init__(self, module: str, folder: Path) -> None:
        self.module, self.folder = module, folder
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", f"fbinfor_assets.sandbox.{self.module}", "--port", "0"]
        command += ["--state", str(self.folder), "--seed", "7", "--from", "2026-10-01"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.url = f"http://127.0.0.1:{json.loads(self.process.stdout.readline())['port']}"
        self.http = httpx.Client(base_url=self.url, timeout=30)
        self.known = self.control("connection")

    def control(self, path: str, **query: Any) -> Any:
        return self.http.get(f"/_sandbox/{path}", params=query).raise_for_status().json()

    def end(self, how: signal.Signals) -> None:
        self.process.send_signal(how)
        self.process.wait(10)
        self.http.close()
        assert self.process.stdout is not None
        self.process.stdout.close()

    def rows(self, table: str) -> list[Row]:
        return self.control("state", table=table)["rows"]

    def log(self) -> list[Row]:
        found: list[Row] = []
        while page := self.control("writes", after=len(found))["writes"]:
            found += page
        return found


# --------------------------------------------------------------------------------------- two trades


class Books:
    """A trade of FreshBooks: a client, an invoice of it that is sent, a payment of half of it, a change."""

    module = "freshbooks"

    def __init__(self, process: Process) -> None:
        self._process = process
        self._account = "/accounting/account/" + process.known["account_id"]

    def client(self) -> httpx.Client:
        token = self._process.known["access_token"]
        return httpx.Client(
            base_url=self._process.url, headers={"Authorization": f"Bearer {token}"}, timeout=30
        )

    def work(self, http: httpx.Client, number: int, acknowledged: list[tuple[str, Any, Row]]) -> None:
        def write(method: str, path: str, name: str, given: Row, kept: Row) -> int:
            answer = http.request(method, self._account + path, json={name: given})
            id_ = answer.raise_for_status().json()["response"]["result"][name]["id"]
            acknowledged.append((name, id_, kept))
            return id_

        line = {"type": 0, "name": "L", "qty": "2", "unit_cost": {"amount": "12.50", "code": "GBP"}}
        line |= {"taxName1": "VAT", "taxAmount1": "20"}
        who = {"organization": f"W{number} Ltd"}
        client = write("POST", "/users/clients", "client", who, who)
        bill = {"customerid": client, "create_date": "2026-10-01", "lines": [line], "status": 2}
        invoice = write(
            "POST", "/invoices/invoices", "invoice", bill, {"customerid": client, "amount": "30.00"}
        )
        paid = {"invoiceid": invoice, "amount": {"amount": "15.00"}, "date": "2026-10-01"}
        write("POST", "/payments/payments", "payment", paid, {"invoiceid": invoice, "amount": "15.00"})
        write("PUT", f"/users/clients/{client}", "client", {"p_city": f"T{number}"}, {"p_city": f"T{number}"})

    def stored(self) -> dict[tuple[str, Any], Row]:
        names = ("client", "invoice", "payment")
        return {(name, row["id"]): row for name in names for row in self._process.rows(name)}

    def made(self, log: list[Row]) -> list[tuple[str, Any]]:
        return [(line["object"], int(line["key"])) for line in log if line["operation"] == "api.create"]

    def agrees(self) -> None:
        """The ledger says what the documents say."""
        rows = self.stored()
        for (name, id_), row in rows.items():
            if name == "invoice":
                paid = [r["amount"] for (n, _), r in rows.items() if n == "payment" and r["invoiceid"] == id_]
                assert Decimal(row["paid"]) == sum(map(Decimal, paid))
        open_ = sum(Decimal(r["amount"]) - Decimal(r["paid"]) for (n, _), r in rows.items() if n == "invoice")
        balance = {
            row["account"]: row["balance"] for row in self._process.control("trial-balance")["accounts"]
        }
        assert Decimal(balance["1200"]) == open_


class Orders:
    """A trade of M3: a customer, a batch order with lines in one bulk, confirmed; a receipt on account."""

    module = "m3"

    def __init__(self, process: Process) -> None:
        self._process = process
        app = process.known["ionapi"]
        self._path = f"/{app['ti']}/M3/m3api-rest/v2/execute"
        self._item_is_there = False

    def client(self) -> httpx.Client:
        app = self._process.known["ionapi"]
        form = {"grant_type": "password", "username": app["saak"], "password": app["sask"]}
        form |= {"client_id": app["ci"], "client_secret": app["cs"]}
        token = (
            httpx.post(app["pu"] + app["ot"], data=form, timeout=30).raise_for_status().json()["access_token"]
        )
        return httpx.Client(
            base_url=self._process.url, headers={"Authorization": f"Bearer {token}"}, timeout=30
        )

    def work(self, http: httpx.Client, number: int, acknowledged: list[tuple[str, Any, Row]]) -> None:
        def bulk(program: str, *calls: tuple[str, Row]) -> list[Row]:
            sent = [{"transaction": name, "record": record} for name, record in calls]
            answer = http.post(self._path, json={"program": program, "transactions": sent}).raise_for_status()
            assert answer.json()["nrOfFailedTransactions"] == 0, answer.text
            return [result["records"][0] if result["records"] else {} for result in answer.json()["results"]]

        cuno, item = f"K{number:08d}", f"I{number}"
        who = {"CUTM": "FBTPL", "CUNM": f"W{number}", "CUA1": "1 Main St", "CSCD": "GB", "CUNO": cuno}
        bulk("CRS610MI", ("Add", who))
        acknowledged.append(("OCUSMA", cuno, {"CUNM": f"W{number}"}))
        bulk("MMS200MI", ("AddItmViaItmTyp", {"ITTY": "SHG", "ITNO": item, "ITDS": "Thing"}))
        acknowledged.append(("MITMAS", item, {"ITDS": "Thing"}))
        (head,) = bulk("OIS100MI", ("AddBatchHead", {"CUNO": cuno, "ORTP": "F01"}))
        line = {"ORNO": head["ORNO"], "ITNO": item, "ORQT": "2", "SAPR": "12.50"}
        bulk("OIS100MI", *[("AddBatchLine", line)] * 20)
        (order,) = bulk("OIS100MI", ("Confirm", {"ORNO": head["ORNO"]}))
        acknowledged.append(("OOHEAD", order["ORNO"], {"CUNO": cuno}))
        receipt = {"PBID": str(number), "TRNO": "1", "CINO": f"P{number}", "INYR": "2026", "CUNO": cuno}
        receipt |= {"PYAM": "5.00", "PYTP": "OA", "CKNO": f"F{number}"}
        batch = {"PBID": str(number), "BOPE": "BNK", "ACDT": "20261001"}
        bulk(
            "ARS040MI",
            ("AddBatchHead", batch),
            ("AddBatchLine", receipt),
            ("ControlBatch", {"PBID": str(number)}),
        )
        acknowledged.append(("ARPBHD", str(number), {}))

    def stored(self) -> dict[tuple[str, Any], Row]:
        keys = {"OCUSMA": "CUNO", "MITMAS": "ITNO", "OOHEAD": "ORNO", "ARPBHD": "PBID"}
        return {(kind, str(row[key])): row for kind, key in keys.items() for row in self._process.rows(kind)}

    def made(self, log: list[Row]) -> list[tuple[str, Any]]:
        kinds = {"CRS610MI/Add": "OCUSMA", "MMS200MI/AddItmViaItmTyp": "MITMAS"}
        return [(kinds[line["operation"]], line["key"]) for line in log if line["operation"] in kinds]

    def agrees(self) -> None:
        """Every order has all its lines or none of them was made; the receipts are in the bank, once each."""
        for (kind, _), row in self.stored().items():
            if kind == "OOHEAD":
                assert len(row["lines"]) == 20
        receipts = [row for row in self._process.rows("FSLEDG") if row["CKNO"]]
        assert len({row["CKNO"] for row in receipts}) == len(receipts)
        balance = {
            row["account"]: row["balance"] for row in self._process.control("trial-balance")["accounts"]
        }
        assert Decimal(balance["1000"]) == 5 * len(receipts)


@pytest.mark.parametrize("trade", [Books, Orders])
def test_everything_acknowledged_survives_sigkill_at_random_moments_under_concurrent_writes(
    trade: Callable[[Process], Any], tmp_path: Path
) -> None:
    chance = random.Random(SEED)
    process = Process(trade.module, tmp_path / "state")
    numbers, acknowledged = itertools.count(1), []
    try:
        for round_ in range(KILLS):
            say = f"FBINFOR_SEED={SEED}, kill {round_ + 1}"
            mistakes = _write_until_killed(
                trade(process), process, chance.uniform(0.05, 0.6), numbers, acknowledged
            )
            assert not mistakes, f"{say}: {mistakes[0]!r}"
            process.start()
            _check(trade(process), process, acknowledged, say)
        assert len(acknowledged) > 20, "the writers hardly came to write"
    finally:
        process.end(signal.SIGTERM)


def _write_until_killed(
    trade: Any, process: Process, seconds: float, numbers: Iterator[int], acknowledged: list[Any]
) -> list[BaseException]:
    mistakes: list[BaseException] = []
    ready = threading.Barrier(WRITERS + 1)

    def write() -> None:
        with trade.client() as http:
            ready.wait(30)
            try:
                while True:
                    trade.work(http, next(numbers), acknowledged)
            except httpx.TransportError:
                pass  # killed
            except Exception as error:  # noqa: BLE001  told by the test, not by the thread
                mistakes.append(error)

    writers = [threading.Thread(target=write) for _ in range(WRITERS)]
    for writer in writers:
        writer.start()
    ready.wait(30)
    time.sleep(seconds)
    process.end(signal.SIGKILL)
    for writer in writers:
        writer.join(30)
    return mistakes


def _check(trade: Any, process: Process, acknowledged: list[tuple[str, Any, Row]], say: str) -> None:
    log, stored = process.log(), trade.stored()
    assert [line["sequence"] for line in log] == list(range(1, len(log) + 1)), f"{say}: the log has holes"
    for kind, key, kept in acknowledged:
        row = stored.get((kind, key))
        assert row is not None, f"{say}: {kind} {key} was acknowledged and is gone"
        assert {name: row[name] for name in kept} == kept, f"{say}: {kind} {key} lost a change"
    made = trade.made(log)
    assert len(set(made)) == len(made), f"{say}: one key was made twice"
    assert set(made) <= set(stored), f"{say}: the log tells of something that is not there"
    sheet = process.control("trial-balance")
    assert sheet["debit"] == sheet["credit"], say
    trade.agrees()


# ------------------------------------------------------------------------- a reset, and a neighbour


class Sandbox:
    """A whole sandbox by `serve`."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        command = [sys.executable, "-m", "fbinfor_assets.sandbox.serve", "--state", str(folder), *arguments]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.line = json.loads(self.process.stdout.readline())
        self.http = httpx.Client(timeout=30)

    def url(self, name: str) -> str:
        return self.line[name]["control_url"]

    def whole(self) -> dict[str, bytes]:
        """All there is in all tables of all three, but for the wall-clock begin and end of the tokens' life."""
        found = {}
        for name in ("freshbooks", "infor", "shop"):
            tables = self.http.get(self.url(name) + "/state").json()["tables"]
            for table in sorted(tables):
                raw = self.http.get(self.url(name) + "/state", params={"table": table}).content
                found[f"{name} {table}"] = re.sub(rb'"(expires|created_at)":\d+', b'"at":0', raw)
            found[f"{name} counts"] = json.dumps(tables).encode()
            found[f"{name} writes"] = self.http.get(self.url(name) + "/writes").content
            known = self.http.get(self.url(name) + "/connection").content
            found[f"{name} connection"] = re.sub(rb"127\.0\.0\.1:\d+", b"", known)
        return found

    def live(self) -> None:
        """Something happens everywhere."""
        post = self.http.post
        for n in range(3):
            client = post(self.url("freshbooks") + "/people/client", json={"organization": f"Lived {n}"})
            bill = {"customerid": client.json()["client"]["id"], "create_date": "2010-12-01", "status": 2}
            bill["lines"] = [{"name": "L", "qty": "1", "unit_cost": {"amount": "5.00"}}]
            post(self.url("freshbooks") + "/people/invoice", json=bill).raise_for_status()
            who = {"CUNM": f"Lived {n}", "CUA1": "1 High Street", "CSCD": "GB"}
            post(self.url("infor") + "/people/customer", json=who).raise_for_status()
        sum_ = [{"account": "1000", "amount": "5.00"}, {"account": "6000", "amount": "-5.00"}]
        post(self.url("infor") + "/people/voucher", json={"lines": sum_}).raise_for_status()
        for name in ("freshbooks", "infor", "shop"):
            post(self.url(name) + "/clock", json={"advance_days": 40}).raise_for_status()
            post(self.url(name) + "/faults", json={"do": "lag", "seconds": 60}).raise_for_status()
            post(self.url(name) + "/faults", json={"do": "clock", "seconds": -600}).raise_for_status()

    def end(self) -> None:
        self.http.close()
        self.process.terminate()
        self.process.wait(20)
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Sandbox]]:
    started: list[Sandbox] = []

    def start(*arguments: str) -> Sandbox:
        started.append(Sandbox(tmp_path / f"sandbox{len(started)}", *arguments))
        return started[-1]

    yield start
    for sandbox in started:
        sandbox.end()


def test_a_reset_is_complete_it_equals_a_new_sandbox_of_the_same_seed_byte_for_byte(serve) -> None:
    lived, fresh = serve("--seed", "5"), serve("--seed", "5")
    new = fresh.whole()
    assert any(b"rows" in rows and len(rows) > 500 for rows in new.values()), "there is something to compare"
    assert lived.whole() == new
    lived.live()
    changed = lived.whole()
    assert {name for name in changed if changed[name] != new.get(name)} >= {
        "freshbooks client",
        "freshbooks ledger",
        "infor OCUSMA",
        "infor ledger",
        "infor writes",
    }
    for name in ("freshbooks", "infor", "shop"):
        lived.http.post(lived.url(name) + "/reset").raise_for_status()
    assert lived.whole() == new
    for name in ("freshbooks", "infor", "shop"):
        told = lived.http.get(lived.url(name) + "/faults").json()
        assert (told["faults"], told["hits"]) == ([], {})
        now = lived.http.get(lived.url(name) + "/clock").json()["now"]
        assert now.startswith("2010-12-01T00:0")


def test_two_sandboxes_side_by_side_do_not_touch_each_other(serve) -> None:
    first, second = serve("--seed", "1"), serve("--seed", "2")
    assert not set(first.line["ports"].values()) & set(second.line["ports"].values())
    before = second.whole()
    first.live()
    for name in ("freshbooks", "infor"):
        first.http.post(first.url(name) + "/faults", json={"do": "refuse", "seconds": 0}).raise_for_status()
    assert second.whole() == before
    books, token = second.line["freshbooks"], first.line["freshbooks"]["access_token"]
    url = f"{books['base_url']}/accounting/account/{books['account_id']}/users/clients"
    assert httpx.get(url, headers={"Authorization": f"Bearer {token}"}).status_code == 401
    os.kill(first.line["pids"]["shop"], signal.SIGKILL)
    first.process.wait(20)
    assert httpx.get(url, headers={"Authorization": f"Bearer {books['access_token']}"}).status_code == 200
    assert second.whole() == before
