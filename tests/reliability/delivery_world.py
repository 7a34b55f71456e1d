"""What the delivery tests stand on: simulators as processes, outbound rows to send, and the simulators' own write logs.

Belongs here: starting and asking the simulators, building rows and verdicts.
Does not belong here: assertions; anything that reads our own tables to judge delivery (DESIGN 6.10).
"""

from __future__ import annotations

import json
import os
import random
import socket
import struct
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import ROUND_HALF_UP, Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import yaml

from fbinfor_assets.clients.freshbooks import FreshBooksClient, FreshBooksSettings
from fbinfor_assets.clients.infor import InforSettings, M3Client
from fbinfor_assets.delivery import Clients, DeliverySettings, OutboundRow, deliver
from fbinfor_assets.domain import references
from fbinfor_assets.domain.canonical import payload_sha
from fbinfor_assets.store import Store, verdicts

SEED = int(os.environ.get("FBINFOR_TEST_SEED", random.randrange(1_000_000)))
CHILD = Path(__file__).with_name("deliver_child.py")
CODES = ["ITEM1", "ITEM2", "ITEM3"]
VAT = Decimal("0.20")
CENT = Decimal("0.01")


def open_clients(connection: dict[str, Any]) -> Clients:
    """Clients for what `Vendors.connection` says."""
    freshbooks = FreshBooksSettings.model_validate(connection["freshbooks"])
    infor = InforSettings.model_validate(connection["infor"])
    return Clients(freshbooks=FreshBooksClient(freshbooks), m3=M3Client.from_settings(infor))


def close_clients(clients: Clients) -> None:
    clients.freshbooks.close()
    clients.m3.close()


class Vendors:
    """The FreshBooks and the M3 simulator, each a process of its own with a state folder."""

    def __init__(self, folder: Path, switches: dict[str, Any] | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        config = folder / "switches.yml"
        config.write_text(yaml.safe_dump(switches or {}))
        self.urls: dict[str, str] = {}
        self._processes = []
        for name in ("freshbooks", "m3"):
            command = [sys.executable, "-m", "fbinfor_assets.sandbox.leash", f"fbinfor_assets.sandbox.{name}"]
            command += ["--port", "0", "--state", str(folder), "--seed", "7", "--config", str(config)]
            # The leash ends the simulator with us, also when we are killed.
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            self._processes.append((name, process))
        for name, process in self._processes:
            ready = json.loads(process.stdout.readline())
            self.urls[name] = f"http://127.0.0.1:{ready['port']}"
        self.http = httpx.Client(trust_env=False, timeout=30)
        self.connection = {
            "freshbooks": self._ask("freshbooks", "connection"),
            "infor": self._ask("m3", "connection"),
        }
        self.connection["infor"].pop(
            "direct"
        )  # how to reach M3 without its gateway is nothing for the product
        self.clients = open_clients(self.connection)

    def close(self) -> None:
        close_clients(self.clients)
        self.http.close()
        for _, process in self._processes:
            process.terminate()
        for _, process in self._processes:
            process.wait(10)
            process.stdin.close()
            process.stdout.close()

    def _ask(self, name: str, path: str, **query: Any) -> Any:
        answer = self.http.get(f"{self.urls[name]}/_sandbox/{path}", params=query)
        answer.raise_for_status()
        return answer.json()

    def people(self, name: str, path: str, body: dict[str, Any]) -> Any:
        """Something people do in the vendor's own screens."""
        answer = self.http.post(f"{self.urls[name]}/_sandbox/{path}", json=body)
        if answer.status_code != 200:
            raise AssertionError(f"{path} {body}: {answer.text}")
        return answer.json()

    def mark(self, name: str) -> int:
        """Where the write log ends now."""
        return self._ask(name, "state")["writes"]

    def writes(self, name: str, after: int) -> list[dict[str, Any]]:
        """Every mutation applied since `after`, also those whose answer was never delivered."""
        found: list[dict[str, Any]] = []
        while True:
            page = self._ask(name, "writes", after=after, limit=1000)
            if not page["writes"]:
                return found
            found += page["writes"]
            after = page["next"]

    def table(self, name: str, table: str) -> list[dict[str, Any]]:
        """The rows that a simulator holds now."""
        return self._ask(name, "state", table=table)["rows"]

    @property
    def account(self) -> str:
        return self.connection["freshbooks"]["account_id"]


class Lossy:
    """A proxy before one simulator that loses answers, or requests, on the way: faults F3 and F4 of the reference.

    `rule(method, path, body)` says of each request: "pass", "lose_answer" (applied, then the connection is reset) or
    "lose_request" (reset before anything reaches the vendor). `seen` keeps (moment, method, path, body, what was done).
    """

    def __init__(self, upstream: str) -> None:
        self.rule: Callable[[str, str, str], str] = lambda *_: "pass"
        self.seen: list[tuple[float, str, str, str, str]] = []
        lossy = self
        # Plain HTTP on loopback: no certificates to load.
        self._to_vendor = to_vendor = httpx.Client(
            base_url=upstream, trust_env=False, verify=False, timeout=30
        )

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _any(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                what = lossy.rule(self.command, self.path, body.decode())
                lossy.seen.append((time.monotonic(), self.command, self.path, body.decode(), what))
                if what != "lose_request":
                    kept = {
                        k: v
                        for k, v in self.headers.items()
                        if k.lower() in ("authorization", "content-type")
                    }
                    answer = to_vendor.request(self.command, self.path, content=body, headers=kept)
                if what != "pass":
                    self.close_connection = True
                    # Zero linger: the client sees a reset, not an orderly end.
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    self.connection.close()
                    return
                self.send_response(answer.status_code)
                self.send_header("Content-Type", answer.headers.get("content-type", "application/json"))
                self.send_header("Content-Length", str(len(answer.content)))
                self.end_headers()
                self.wfile.write(answer.content)

            do_GET = do_POST = do_PUT = do_DELETE = _any

            def log_message(self, *_: object) -> None: ...

        class Server(ThreadingHTTPServer):
            def handle_error(self, *_: object) -> None: ...

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._to_vendor.close()


class LossyWorld:
    """Clients whose ways to both vendors lead through proxies, which pass everything unless told otherwise."""

    def __init__(self, vendors: Vendors) -> None:
        self.proxies = {system: Lossy(url) for system, url in vendors.urls.items()}
        connection = json.loads(json.dumps(vendors.connection))
        connection["freshbooks"]["base_url"] = self.proxies["freshbooks"].url
        connection["infor"]["ionapi"]["iu"] = self.proxies["m3"].url
        self.clients = open_clients(connection)

    def close(self) -> None:
        close_clients(self.clients)
        for proxy in self.proxies.values():
            proxy.close()

    @contextmanager
    def losing(self, system: str, rule: Callable[[str, str, str], str]) -> Iterator[tuple[Clients, Lossy]]:
        """The clients, and the proxy that follows the rule within the block and begins to remember anew."""
        proxy = self.proxies[system]
        proxy.seen.clear()
        proxy.rule = rule
        try:
            yield self.clients, proxy
        finally:
            proxy.rule = lambda *_: "pass"


def lose(what: str, *marks: str, times: int = 1) -> Callable[[str, str, str], str]:
    """A rule: do `what` to the first requests that contain all marks in `METHOD path body`."""
    left = [times]

    def rule(method: str, path: str, body: str) -> str:
        if left[0] and all(mark in f"{method} {path} {body}" for mark in marks):
            left[0] -= 1
            return what
        return "pass"

    return rule


# --------------------------------------------------------------------------------------------- rows


def row(object: str, key: str, reference: str, payload: dict[str, Any], **more: Any) -> OutboundRow:
    """An outbound row as `Warehouse.outbound_rows` would give it."""
    return OutboundRow.from_dict(
        {
            "business_key": key,
            "target": object.split("__")[0],
            "object": object,
            "operation": "create",
            "target_ref": reference,
            "payload": payload,
            "currency": "GBP",
        }
        | more
    )


def with_payload(old: OutboundRow, payload: dict[str, Any]) -> OutboundRow:
    """The row with another payload and its hash, as after a correction."""
    return OutboundRow.from_dict(vars(old) | {"payload": payload, "payload_sha": payload_sha(payload)})


def client_row(number: int) -> OutboundRow:
    key = f"SHOP-{number}"
    fields = {
        "organization": f"Company {number} Ltd",
        "fname": "Ann",
        "lname": f"Buyer{number}",
        "email": f"buyer{number}@example.com",
        "bus_phone": "020 7946 0000",
        "p_street": f"{number} High Street",
        "p_city": "London",
        "p_code": "N1 7AA",
        "p_country": "United Kingdom",
        "vat_number": "",
        "currency_code": "GBP",
        "language": "en",
        "note": references.freshbooks_client_token(str(number)),
    }
    return row(
        "freshbooks__clients",
        key,
        f"SHOP:{key}",
        {"client": fields},
        agreed={"email": f"buyer{number}@example.com"},
        links=[link("party", "shop", str(number), "freshbooks", None)],
    )


def link(
    entity: str, left_system: str, left_id: str, right_system: str, right_id: str | None
) -> dict[str, Any]:
    return {
        "entity": entity,
        "left_system": left_system,
        "left_id": left_id,
        "right_system": right_system,
        "right_id": right_id,
    }


def totals(lines: list[tuple[int, str]]) -> dict[str, str]:
    """Net, tax and total of (quantity, unit price) lines with VAT 20 % rounded once per document."""
    net = sum(((q * Decimal(p)).quantize(CENT, ROUND_HALF_UP) for q, p in lines), Decimal("0.00"))
    tax = (net * VAT).quantize(CENT, ROUND_HALF_UP)
    return {"net": str(net), "tax": str(tax), "total": str(net + tax)}


LINES = [(2, "2.55"), (3, "3.39"), (1, "0.125")]


def invoice_row(number: str, client_id: str, *, action: str | None = None) -> OutboundRow:
    invoice = {
        "customerid": int(client_id),
        "invoice_number": number,
        "create_date": "2011-01-05",
        "currency_code": "GBP",
        "language": "en",
        "due_offset_days": 30,
        "notes": f"Order {number}",
        "lines": [
            {
                "type": 0,
                "name": f"ITEM{n}",
                "description": f"Thing {n}",
                "qty": str(quantity),
                "unit_cost": {"amount": price, "code": "GBP"},
                "taxName1": "VAT",
                "taxAmount1": "20",
            }
            for n, (quantity, price) in enumerate(LINES, 1)
        ],
    }
    payload = {"invoice": invoice, "action": action, "expected": totals(LINES), "m3_invoice": None}
    return row(
        "freshbooks__invoices",
        number,
        f"INVOICE:{number}",
        payload,
        document_date="2011-01-05",
        amount=totals(LINES)["total"],
        links=[link("document", "shop", number, "freshbooks", None)],
    )


def credit_note_row(number: str, client_id: str) -> OutboundRow:
    lines = [
        {
            "type": 0,
            "name": "ITEM1",
            "description": "Returned",
            "qty": "2",
            "unit_cost": {"amount": "2.55", "code": "GBP"},
            "taxName1": "VAT",
            "taxAmount1": "20",
        }
    ]
    note = {
        "clientid": int(client_id),
        "create_date": "2011-01-06",
        "credit_type": "goodwill",
        "currency_code": "GBP",
        "language": "en",
        "notes": "",
        "credit_number": number,
        "lines": lines,
    }
    payload = {"credit_note": note, "expected": totals([(2, "2.55")])}
    links = [link("document", "shop", number, "freshbooks", None)]
    more = {"document_date": "2011-01-06", "links": links}
    return row("freshbooks__credit_notes", number, f"CREDIT:{number}", payload, **more)


def item_row(code: str) -> OutboundRow:
    record = {
        "ITTY": "SHG",
        "ITDS": f"A thing called {code} with a long name",
        "ITNO": code,
        "FUDS": f"Thing {code}",
    }
    payload = {"program": "MMS200MI", "transaction": "AddItmViaItmTyp", "record": record, "template": "goods"}
    return row(
        "m3__items", code, f"ITEM:{code}", payload, links=[link("item", "shop", code.lower(), "m3", None)]
    )


def customer_row(number: int, account: str) -> OutboundRow:
    cuno = references.m3_customer_number(number)
    add = {
        "CUTM": "FBTPL",
        "CUNO": cuno,
        "CUNM": f"Company {number} Ltd",
        "CUA1": f"{number} High Street",
        "TOWN": "London",
        "PONO": "N1 7AA",
        "CSCD": "GB",
        "PHNO": "02079460000",
        "MAIL": f"buyer{number}@example.com",
        "YREF": f"FB-{account}-{number}",
    }
    payload = {
        "add": add,
        "financial": {"VRNO": f"GB{number:09d}", "CUCD": "GBP"},
        "order_info": {"TEPY": "T30"},
    }
    return row(
        "m3__customers",
        f"FB-{number}",
        f"CUSTOMER:{cuno}",
        payload,
        agreed={"phone": "02079460000"},
        links=[link("party", "freshbooks", str(number), "m3", None)],
    )


def order_row(invoice_id: int, cuno: str, account: str, codes: list[str]) -> OutboundRow:
    reference = references.m3_order_reference(account, invoice_id)
    head = {
        "CUNO": cuno,
        "ORTP": "F01",
        "RLDT": "20110106",
        "ORDT": "20110105",
        "CUOR": f"PO{invoice_id}",
        "PYRE": reference,
        "CUCD": "GBP",
        "FACI": "F01",
        "WHLO": "001",
    }
    lines = [
        {"ITNO": code, "ORQT": str(quantity), "SAPR": price, "CUPO": str(n)}
        for n, (code, (quantity, price)) in enumerate(zip(codes, LINES, strict=True), 1)
    ]
    address = {
        "ADRT": "1",
        "CUNM": "Goods in",
        "CUA1": "2 Side Street",
        "TOWN": "Leeds",
        "PONO": "LS1",
        "CSCD": "GB",
    }
    payload = {
        "head": head,
        "address": address,
        "lines": lines,
        "expected": totals(LINES),
        "tolerance": "0.05",
    }
    return row(
        "m3__orders",
        str(invoice_id),
        f"ORDER:{reference}",
        payload,
        document_date="2011-01-05",
        amount=totals(LINES)["total"],
        links=[link("document", "freshbooks", str(invoice_id), "m3", None)],
    )


def free_goods_row(number: int, cuno: str, codes: list[str]) -> OutboundRow:
    """An order at price 0 that names the shop order: free goods have no FreshBooks document."""
    order = order_row(number, cuno, "-", codes)
    reference = references.m3_free_goods_reference(str(number))
    nothing = dict.fromkeys(("net", "tax", "total"), "0.00")
    payload = order.payload | {
        "head": order.payload["head"] | {"PYRE": reference},
        "lines": [line | {"SAPR": "0.00"} for line in order.payload["lines"]],
        "expected": nothing,
    }
    links = [link("document", "shop", str(number), "m3", None)]
    return row("m3__orders", str(number), reference, payload, links=links, amount="0.00")


def credit_order_row(credit_id: int, cuno: str, account: str, codes: list[str]) -> OutboundRow:
    """An order of the credit type: negative quantities, and totals with M3's signs."""
    order = order_row(credit_id, cuno, account, codes)
    reference = references.m3_credit_reference(account, credit_id)
    payload = order.payload | {
        "head": order.payload["head"] | {"ORTP": "F02", "PYRE": reference},
        "lines": [line | {"ORQT": f"-{line['ORQT']}"} for line in order.payload["lines"]],
        "expected": {name: f"-{amount}" for name, amount in order.payload["expected"].items()},
    }
    links = [link("document", "freshbooks", f"C{credit_id}", "m3", None)]
    return row("m3__credit_orders", f"C{credit_id}", reference, payload, links=links)


def receipt_row(
    payment_id: int, cuno: str, cino: str, year: str, amount: str, *, bope: str = "BNK"
) -> OutboundRow:
    line = {
        "TRNO": "1",
        "CINO": cino,
        "INYR": year,
        "CUNO": cuno,
        "PYNO": cuno,
        "PYAM": amount,
        "CUCD": "GBP",
        "CKNO": f"FBP{payment_id}",
        "LPDT": "20110110",
    }
    head = {"PBID": str(references.receipt_batch(payment_id)), "BOPE": bope, "ACDT": "20110110"}
    payload = {"head": head, "lines": [line], "kind": "receipt"}
    return row(
        "m3__receipts",
        f"payment:{payment_id}",
        f"RECEIPT:{payment_id}",
        payload,
        document_date="2011-01-10",
        amount=amount,
        links=[link("payment", "freshbooks", str(payment_id), "m3", None)],
    )


# ------------------------------------------------------------------------------------------ sending


def judge(store: Store, object: str, rows: list[OutboundRow], *, passed: bool = True) -> str:
    """A verdict over these rows, as the gate would keep it."""
    with store.write() as tx:
        return verdicts.add(
            tx,
            object=object,
            generation=1,
            suite_sha="suite",
            mapping_version="mapping",
            passed=passed,
            rows_in=len(rows),
            rows_quarantined=0,
            payloads=[(one.business_key, one.payload_sha) for one in rows],
            run_id="test",
        )


class Nursery:
    """Runs deliveries in processes of their own, one at a time; see deliver_child.py."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(CHILD)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()

    def start(
        self,
        vendors: Vendors,
        store: Store,
        rows: list[OutboundRow],
        verdict_id: str,
        failpoint: str | None = None,
        **settings: Any,
    ) -> int:
        """Begin a delivery; returns the id of its process, which has everything open and delivers now."""
        path = store.engine.url.database
        request = {
            "store": path,
            "connection": vendors.connection,
            "object": rows[0].object,
            "rows": [vars(one) | {"amount": str(one.amount) if one.amount else None} for one in rows],
            "verdict_id": verdict_id,
            "settings": {"backoff_seconds": 0.01} | settings,
            "failpoint": failpoint,
            "report": path + ".report",
        }
        self._process.stdin.write(json.dumps(request).encode() + b"\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())["pid"]

    def wait(self) -> int:
        """The exit code of the delivery that was begun; negative: the signal that ended it."""
        return json.loads(self._process.stdout.readline())["code"]


def billed_invoices(vendors: Vendors, store: Store, base: int, count: int) -> list[dict[str, str]]:
    """M3 invoices of customer FB00000001 that nobody has paid: made by orders that people shipped."""
    rows = [order_row(base + n, "FB00000001", vendors.account, CODES) for n in range(count)]
    report = deliver(store, vendors.clients, "m3__orders", rows, judge(store, "m3__orders", rows), "setup")
    assert report.confirmed == count, report
    wanted = {one.payload["head"]["PYRE"] for one in rows}
    orders = [order["ORNO"] for order in vendors.table("m3", "OOHEAD") if order["PYRE"] in wanted]
    ship = {"date": "2011-01-07", "lines": "all"}
    return [vendors.people("m3", "fulfil", {"orno": orno} | ship)["invoice"] for orno in orders]


def rows_for(object: str, vendors: Vendors, store: Store, base: int, count: int) -> list[OutboundRow]:
    """Rows of an object that can be sent now, with what they depend on already there."""
    numbers = range(base, base + count)
    match object:
        case "freshbooks__clients":
            return [client_row(n) for n in numbers]
        case "freshbooks__invoices":
            customer = vendors.clients.freshbooks.create("clients", {"email": f"payer{base}@example.com"})
            actions = [None, "mark_as_sent"]
            return [invoice_row(str(n), str(customer["id"]), action=actions[n % 2]) for n in numbers]
        case "freshbooks__credit_notes":
            customer = vendors.clients.freshbooks.create("clients", {"email": f"payer{base}@example.com"})
            return [credit_note_row(f"C{n}", str(customer["id"])) for n in numbers]
        case "m3__items":
            return [item_row(f"CODE{n}") for n in numbers]
        case "m3__customers":
            return [customer_row(n, vendors.account) for n in numbers]
        case "m3__orders":
            return [order_row(n, "FB00000001", vendors.account, CODES) for n in numbers]
        case "m3__credit_orders":
            return [credit_order_row(n, "FB00000001", vendors.account, CODES) for n in numbers]
    invoices = billed_invoices(vendors, store, base, count)
    return [
        receipt_row(
            n, "FB00000001", invoice["number"], invoice["year"], invoice["total"] if n % 2 else "5.00"
        )
        for n, invoice in zip(numbers, invoices, strict=True)
    ]


def quick(**settings: Any) -> DeliverySettings:
    """Settings without long waits."""
    return DeliverySettings(**({"backoff_seconds": 0.01} | settings))


def documents(vendors: Vendors, object: str, rows: list[OutboundRow], after: int) -> Counter[str]:
    """How many documents the simulator's write log has per reference of these rows.

    Counted are the mutations that make a document: FreshBooks creates, M3 Add, Confirm and ControlBatch. A batch order is
    a document only once it is confirmed, so its reference is taken from the order that the confirmation made.
    """
    found: Counter[str] = Counter({reference_in(one): 0 for one in rows})
    if object.startswith("freshbooks"):
        for write in vendors.writes("freshbooks", after):
            if write["operation"] == "api.create":
                given = write["body"]["given"]
                given = given.get("client") or given.get("invoice") or given.get("credit_note") or given
                found[given.get("invoice_number") or given.get("credit_number") or given.get("note")] += 1
        return found
    orders = {order["ORNO"]: order["PYRE"] for order in vendors.table("m3", "OOHEAD")}
    for write in vendors.writes("m3", after):
        operation = write["operation"].rpartition("/")[2]
        if operation in ("Add", "AddItmViaItmTyp", "ControlBatch"):
            found[write["key"]] += 1
        elif operation == "Confirm":
            found[orders[write["key"]]] += 1
    return found


def reference_in(one: OutboundRow) -> str:
    """Our reference as the target holds it."""
    payload = one.payload
    match one.object:
        case "freshbooks__clients":
            return payload["client"]["note"]
        case "freshbooks__invoices":
            return payload["invoice"]["invoice_number"]
        case "freshbooks__credit_notes":
            return payload["credit_note"]["credit_number"]
        case "m3__items":
            return payload["record"]["ITNO"]
        case "m3__customers":
            return payload["add"]["CUNO"]
        case "m3__receipts":
            return payload["head"]["PBID"]
    return payload["head"]["PYRE"]
