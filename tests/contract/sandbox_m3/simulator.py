"""A running M3 simulator and a plain HTTP caller of it.

Belongs here: starting the process, calling it the way any client would, short ways to make records.
Does not belong here: expectations, fixtures. Nothing of the product's own clients is used, so that the two
cannot be wrong alike.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import yaml


class Simulator:
    """One running simulator process and an authorised caller of it."""

    def __init__(self, folder: Path, switches: dict[str, Any] | None = None) -> None:
        self.folder = folder
        self.config = folder / "switches.yml"
        self.config.write_text(yaml.safe_dump({"m3": switches or {}}), encoding="utf-8")
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "fbinfor_assets.sandbox.m3", "--port", "0", "--seed", "7"]
        command += ["--state", str(self.folder), "--from", "2026-10-01", "--config", str(self.config)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        ready = self.process.stdout.readline()
        assert ready, "the simulator did not start"
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{json.loads(ready)['port']}", timeout=20)
        self.sign_in()

    def sign_in(self) -> None:
        self.ionapi = self.http.get("/_sandbox/connection").json()["ionapi"]
        self.http.headers["Authorization"] = f"Bearer {self.token().json()['access_token']}"

    def token(self, **changed: str) -> httpx.Response:
        app = self.ionapi
        form = {
            "grant_type": "password" if "saak" in app else "client_credentials",
            "username": app.get("saak", ""),
            "password": app.get("sask", ""),
            "client_id": app["ci"],
            "client_secret": app["cs"],
        }
        return httpx.post(app["pu"] + app["ot"], data=form | changed)

    @property
    def path(self) -> str:
        return f"/{self.ionapi['ti']}/M3/m3api-rest/v2/execute"

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> None:
        self.http.close()
        self.process.send_signal(how)
        self.process.wait(10)
        self.process.stdout.close()

    # -- MI calls

    def call(self, program: str, transaction: str, **values: Any) -> dict[str, Any]:
        """One GET; the entry of `results`. Lower-case names are options."""
        answer = self.http.get(f"{self.path}/{program}/{transaction}", params=values)
        assert answer.status_code == 200, answer.text
        return answer.json()["results"][0]

    def ok(self, program: str, transaction: str, **values: Any) -> list[dict[str, str]]:
        entry = self.call(program, transaction, **values)
        assert "errorMessage" not in entry, entry
        return entry["records"]

    def one(self, program: str, transaction: str, **values: Any) -> dict[str, str]:
        records = self.ok(program, transaction, **values)
        assert len(records) == 1, records
        return records[0]

    def nok(self, program: str, transaction: str, **values: Any) -> str:
        """The error code (or type, where there is no code) of a call that must be refused."""
        entry = self.call(program, transaction, **values)
        assert "errorMessage" in entry, entry
        return entry.get("errorCode") or entry["errorType"]

    def bulk(self, program: str, *calls: tuple[str, dict[str, str]], **options: Any) -> dict[str, Any]:
        transactions = [{"transaction": name, "record": record} for name, record in calls]
        body = {"program": program, "cono": 100, "divi": "AAA", **options, "transactions": transactions}
        answer = self.http.post(self.path, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def rows(self, query: str, **values: Any) -> list[list[str]]:
        entry = self.call("EXPORTMI", "Select", QERY=query, SEPC=";", **values)
        if entry.get("errorCode") == "XRE0103":
            return []
        assert "errorMessage" not in entry, entry
        return [record["REPL"].split(";") for record in entry["records"]]

    # -- people

    def people(self, verb: str, **body: Any) -> dict[str, Any]:
        answer = self.http.post(f"/_sandbox/{verb}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def balance(self, to: str | None = None) -> dict[str, str]:
        """Accounts with a balance other than zero, after checking that the ledger balances."""
        sheet = self.http.get("/_sandbox/trial-balance", params={"to": to} if to else {}).json()
        assert sheet["debit"] == sheet["credit"]
        return {a["account"]: a["balance"] for a in sheet["accounts"] if Decimal(a["balance"])}

    # -- short ways to records

    def customer(self, cuno: str = "FB00000001", **values: str) -> str:
        record = {"CUTM": "FBTPL", "CUNM": "Acme Ltd", "CUA1": "1 Main St", "TOWN": "Leeds", "CSCD": "GB"}
        return self.one("CRS610MI", "Add", CUNO=cuno, **{**record, **values})["CUNO"]

    def item(self, itno: str = "85123A") -> str:
        return self.one("MMS200MI", "AddItmViaItmTyp", ITTY="SHG", ITDS="White mug", ITNO=itno)["ITNO"]

    def batch(self, cuno: str, lines: list[tuple[str, str, str]], kind: str = "F01", **head: str) -> str:
        """A batch order with (item, quantity, price) lines, not confirmed."""
        orno = self.one("OIS100MI", "AddBatchHead", CUNO=cuno, ORTP=kind, **head)["ORNO"]
        for start in range(0, len(lines), 100):
            calls = [
                ("AddBatchLine", {"ORNO": orno, "ITNO": i, "ORQT": q, "SAPR": p, "CUPO": str(n)})
                for n, (i, q, p) in enumerate(lines[start : start + 100], start + 1)
            ]
            assert self.bulk("OIS100MI", *calls)["nrOfFailedTransactions"] == 0
        return orno

    def order(self, cuno: str, lines: list[tuple[str, str, str]], kind: str = "F01", **head: str) -> str:
        """A confirmed order; its number."""
        confirmed = self.one("OIS100MI", "Confirm", ORNO=self.batch(cuno, lines, kind, **head))
        assert confirmed["STAT"] == "90", confirmed
        return confirmed["ORNO"]

    def pay(
        self, pbid: int, bope: str, day: str, *lines: tuple[str, str, str, str], cuno: str = "FB00000001"
    ) -> None:
        """A payment batch of (CINO, INYR, PYAM, PYTP) lines, controlled."""
        calls = [("AddBatchHead", {"PBID": str(pbid), "BOPE": bope, "ACDT": day})]
        for number, (cino, year, amount, kind) in enumerate(lines, 1):
            line = {"PBID": str(pbid), "TRNO": str(number), "CINO": cino, "INYR": year, "CUNO": cuno}
            calls.append(("AddBatchLine", {**line, "PYAM": amount, "PYTP": kind, "CKNO": f"FBP{pbid}"}))
        calls.append(("ControlBatch", {"PBID": str(pbid)}))
        answer = self.bulk("ARS040MI", *calls)
        assert answer["nrOfFailedTransactions"] == 0, answer

    def open_item(self, cino: str, year: str = "2026", cuno: str = "FB00000001") -> tuple[str, str]:
        """What is outstanding on an AR item, and its RECO."""
        item = self.one("ARS200MI", "GetInvTotInfo", PYNO=cuno, CUNO=cuno, CINO=cino, INYR=year)
        return item["OCUA"], item["RECO"]
