"""`make bench-sandbox`: how many requests a second each simulator answers on one core, and how long a bulk takes.

Belongs here: the load, measuring, the table. Does not belong here: tests; nothing here fails on a clock.

The simulators are processes of their own, each pinned to a core the load does not use, where there are two. A rate is
requests per second of the wall clock; next to it stands the rate per second of the simulator's own processor time,
which does not change with what else the machine does, and by which the floors are judged. The load is raw sockets with
keep-alive: it costs a fraction of an answer. Writes var/bench/sandbox.json.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx

OUT = Path("var/bench/sandbox.json")
FLOOR, BULK_MILLISECONDS = 500, 100
CONNECTIONS = 8
SECONDS = float(os.environ.get("BENCH_SECONDS", "3"))
ROWS, BULKS = 1000, 30

Make = Callable[[int], bytes]
"""The n-th request of a load, as bytes."""


@dataclass(frozen=True, slots=True)
class Load:
    """One measured kind of request to one simulator."""

    simulator: str
    name: str
    make: Make


@dataclass(frozen=True, slots=True)
class Rate:
    """What came out: answers, seconds of the wall clock, seconds of the simulator's processor."""

    answers: int
    wall: float
    processor: float


# ---------------------------------------------------------------------------------------------- the load


def request(method: str, path: str, headers: dict[str, str], body: Any = None) -> bytes:
    """A request as it goes over the wire."""
    content = b"" if body is None else json.dumps(body).encode()
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *(f"{k}: {v}" for k, v in headers.items())]
    if content:
        lines += ["Content-Type: application/json", f"Content-Length: {len(content)}"]
    return "\r\n".join([*lines, "", ""]).encode() + content


async def answered(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Status and body of the next answer."""
    head = await reader.readuntil(b"\r\n\r\n")
    lowered = head.lower()
    at = lowered.index(b"content-length:") + 15
    body = await reader.readexactly(int(lowered[at : lowered.index(b"\r\n", at)]))
    return int(head[9:12]), body


async def press(port: int, make: Make, seconds: float, first: int) -> int:
    """Ask over some connections at once for so long; the number of answers. Any status but 200 and 201 is an error."""
    number = first
    end = time.perf_counter() + seconds

    async def one() -> None:
        nonlocal number
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while time.perf_counter() < end:
            number += 1
            writer.write(make(number))
            status, body = await answered(reader)
            if status not in (200, 201) or b"errorMessage" in body:
                raise SystemExit(f"the benchmark is wrong: {status} {body[:300]!r} to {make(number)[:200]!r}")
        writer.close()

    await asyncio.gather(*(one() for _ in range(CONNECTIONS)))
    return number - first


def processor_seconds(pid: int) -> float | None:
    """Processor time of a process so far, where the system tells."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(port: int, pid: int, make: Make) -> Rate:
    """Warm up, then press for a while."""
    warm = asyncio.run(press(port, make, SECONDS / 10, 0))
    before, began = processor_seconds(pid), time.perf_counter()
    answers = asyncio.run(press(port, make, SECONDS, warm))
    wall, after = time.perf_counter() - began, processor_seconds(pid)
    return Rate(answers, wall, wall if before is None or after is None else after - before)


# --------------------------------------------------------------------------------------------- the sandbox


@contextmanager
def sandbox() -> Iterator[dict[str, Any]]:
    """A whole sandbox of a folder of its own; its line."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "fbinfor_assets.sandbox.serve", "--state", f"{folder}/state"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout is not None
            line = json.loads(process.stdout.readline())
            pin(line["pids"])
            yield line
        finally:
            process.terminate()
            process.wait(20)


def pin(pids: dict[str, int]) -> None:
    """Simulators on one core, the load on another, where there are two."""
    if hasattr(os, "sched_setaffinity") and len(cores := sorted(os.sched_getaffinity(0))) > 1:
        for name in ("freshbooks", "infor", "shop"):
            os.sched_setaffinity(pids[name], {cores[1]})
        os.sched_setaffinity(0, {cores[0]})


def freshbooks(line: dict[str, Any]) -> list[Load]:
    """Loads on FreshBooks, over an account of a thousand clients and a hundred invoices."""
    books = line["freshbooks"]
    account = "/accounting/account/" + books["account_id"]
    headers = {"Authorization": "Bearer " + books["access_token"]}
    http = httpx.Client(base_url=books["base_url"] + account, headers=headers, timeout=30)

    def client(n: int) -> dict[str, Any]:
        return {"client": {"organization": f"Bench {n} Ltd", "email": f"{n}@bench.example", "p_city": "York"}}

    def invoice(n: int) -> dict[str, Any]:
        row = {"type": 0, "name": "Lantern", "qty": "3", "unit_cost": {"amount": "4.25", "code": "GBP"}}
        row |= {"taxName1": "VAT", "taxAmount1": "20"}
        head = {"customerid": clients[n % ROWS], "create_date": "2010-12-01", "invoice_number": f"B-{n}"}
        return {"invoice": head | {"lines": [row] * 3}}

    def made(answer: httpx.Response, name: str) -> int:
        return answer.raise_for_status().json()["response"]["result"][name]["id"]

    clients = [made(http.post("/users/clients", json=client(n)), "client") for n in range(ROWS)]
    invoices = [made(http.post("/invoices/invoices", json=invoice(n)), "invoice") for n in range(100)]
    http.close()

    def load(name: str, make: Callable[[int], tuple[Any, ...]]) -> Load:
        return Load("freshbooks", name, lambda n: request(*_with(headers, account, make(n))))

    return [
        load("list 25 clients", lambda n: ("GET", f"/users/clients?per_page=25&page={n % 40 + 1}")),
        load(
            "search a client by e-mail",
            lambda n: ("GET", f"/users/clients?search[email]={n % ROWS}@bench.example"),
        ),
        load("get an invoice", lambda n: ("GET", f"/invoices/invoices/{invoices[n % 100]}?include[]=lines")),
        load("create a client", lambda n: ("POST", "/users/clients", client(n + ROWS))),
        load("create an invoice of 3 lines", lambda n: ("POST", "/invoices/invoices", invoice(n + ROWS))),
        # A list after a write selects anew: the worst case of paging.
        load(
            "update one, list 25, in turn",
            lambda n: (
                ("PUT", f"/users/clients/{clients[n % ROWS]}", client(n))
                if n % 2
                else ("GET", "/users/clients?per_page=25")
            ),
        ),
        load("update a client", lambda n: ("PUT", f"/users/clients/{clients[n % ROWS]}", client(n + 7))),
    ]


def _with(headers: dict[str, str], base: str, parts: tuple[Any, ...]) -> tuple[Any, ...]:
    method, path, *body = parts
    return (method, base + path.replace("[", "%5B").replace("]", "%5D"), headers, *body)


class M3:
    """M3 with a thousand customers, an item and batch orders to add lines to."""

    def __init__(self, line: dict[str, Any]) -> None:
        app = line["infor"]["ionapi"]
        form = {"grant_type": "password", "username": app["saak"], "password": app["sask"]}
        form |= {"client_id": app["ci"], "client_secret": app["cs"]}
        token = httpx.post(app["pu"] + app["ot"], data=form).raise_for_status().json()["access_token"]
        self.headers = {"Authorization": f"Bearer {token}"}
        self.path = f"/{app['ti']}/M3/m3api-rest/v2/execute"
        self.http = httpx.Client(base_url=app["iu"], headers=self.headers, timeout=30)
        who = {"CUTM": "FBTPL", "CUNM": "Bench Ltd", "CUA1": "1 Main St", "TOWN": "Leeds", "CSCD": "GB"}
        for at in range(0, ROWS, 100):
            self.bulk("CRS610MI", [("Add", {**who, "CUNO": f"B{n:07d}"}) for n in range(at, at + 100)])
        self.bulk("MMS200MI", [("AddItmViaItmTyp", {"ITTY": "SHG", "ITNO": "LANTERN", "ITDS": "Lantern"})])
        heads = self.bulk(
            "OIS100MI", [("AddBatchHead", {"CUNO": f"B{n:07d}", "ORTP": "F01"}) for n in range(100)]
        )
        self.orders = [result["records"][0]["ORNO"] for result in heads["results"]]

    def bulk(self, program: str, calls: list[tuple[str, dict[str, str]]]) -> dict[str, Any]:
        transactions = [{"transaction": name, "record": record} for name, record in calls]
        body = {"program": program, "cono": 100, "divi": "AAA", "transactions": transactions}
        answer = self.http.post(self.path, json=body).raise_for_status().json()
        assert answer["nrOfFailedTransactions"] == 0, answer
        return answer

    def loads(self) -> list[Load]:
        """Single calls, as GET each."""

        def load(name: str, transaction: str, fields: Callable[[int], dict[str, str]]) -> Load:
            def make(n: int) -> bytes:
                return request("GET", f"{self.path}/{transaction}?{urlencode(fields(n))}", self.headers)

            return Load("infor", name, make)

        def line(n: int) -> dict[str, str]:
            # A batch of a few hundred lines is a long one: spread them.
            return {"ORNO": self.orders[n % 100], "ITNO": "LANTERN", "ORQT": "1", "SAPR": "4.25"}

        customer: Callable[[int], dict[str, str]] = lambda n: {"CUNO": f"B{n % ROWS:07d}"}  # noqa: E731
        return [
            load("GetBasicData", "CRS610MI/GetBasicData", customer),
            load(
                "LstByNumber, 25 records",
                "CRS610MI/LstByNumber",
                lambda n: customer(n % 900) | {"maxrecs": "25"},
            ),
            load("ChgBasicData", "CRS610MI/ChgBasicData", lambda n: customer(n) | {"TOWN": f"Town {n}"}),
            load("AddBatchHead", "OIS100MI/AddBatchHead", lambda n: customer(n) | {"ORTP": "F01"}),
            load("AddBatchLine", "OIS100MI/AddBatchLine", line),
        ]

    def bulk_milliseconds(self) -> list[float]:
        """How long bulks of 100 order lines take, ascending."""
        took = []
        for n in range(BULKS):
            orno = self.bulk("OIS100MI", [("AddBatchHead", {"CUNO": "B0000001", "ORTP": "F01"})])
            record = {"ORNO": orno["results"][0]["records"][0]["ORNO"], "ITNO": "LANTERN", "SAPR": "4.25"}
            calls = [("AddBatchLine", {**record, "ORQT": str(n + 1)})] * 100
            began = time.perf_counter()
            self.bulk("OIS100MI", calls)
            took.append((time.perf_counter() - began) * 1000)
        return sorted(took)


def shop(line: dict[str, Any]) -> list[Load]:
    """Loads on the shop, with the made-up orders of three days."""
    known = line["shop"]
    word = base64.b64encode(f"{known['consumer_key']}:{known['consumer_secret']}".encode()).decode()
    headers = {"Authorization": f"Basic {word}"}
    control = httpx.Client(base_url=known["control_url"])
    control.post("/clock", json={"to": "2010-12-31"}).raise_for_status()
    control.close()
    base = "/wp-json/wc/v3"
    return [
        Load("shop", "list 10 orders", lambda n: request("GET", f"{base}/orders?page={n % 5 + 1}", headers)),
        Load("shop", "get an order", lambda n: request("GET", f"{base}/orders/{n % 50 + 1}", headers)),
        Load(
            "shop", "list customers", lambda n: request("GET", f"{base}/customers?page={n % 3 + 1}", headers)
        ),
    ]


# ---------------------------------------------------------------------------------------------- the report


def main() -> int:
    """Measure everything, print the table, write the file."""
    with sandbox() as line:
        m3 = M3(line)
        rows = []
        for load in [*freshbooks(line), *m3.loads(), *shop(line)]:
            pid = line["pids"][load.simulator]
            rate = measure(line["ports"][load.simulator], pid, load.make)
            rows.append(
                {
                    "simulator": load.simulator,
                    "request": load.name,
                    "per second": round(rate.answers / rate.wall),
                    "per second of a core": round(rate.answers / rate.processor),
                }
            )
            print(
                f"{load.simulator:10} {load.name:30} {rows[-1]['per second']:6} /s"
                f"  {rows[-1]['per second of a core']:6} /s of a core",
                flush=True,
            )
        took = m3.bulk_milliseconds()
    bulk = {"p50": round(took[len(took) // 2], 1), "max": round(took[-1], 1)}
    slowest = min(rows, key=lambda row: row["per second of a core"])
    report = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "requests": rows,
        "bulk of 100, milliseconds": bulk,
        "holds": {
            f"{FLOOR} a second": slowest["per second of a core"] >= FLOOR,
            f"bulk of 100 under {BULK_MILLISECONDS} ms": bulk["p50"] < BULK_MILLISECONDS,
        },
    }
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(report, indent=2) + "\n")
    print(f"{'infor':10} {'bulk of 100 AddBatchLine':30} {bulk['p50']:6.1f} ms, {bulk['max']:.1f} ms at most")
    for what, holds in report["holds"].items():
        print(f"{what}: {'holds' if holds else 'DOES NOT HOLD'}")
    print(f"the slowest is {slowest['simulator']}: {slowest['request']}; written to {OUT}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
