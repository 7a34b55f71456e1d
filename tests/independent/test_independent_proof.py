"""A small world is proved from its write logs alone, agrees with `fbinfor reconcile --json` figure by figure, and a
changed, lost or doubled write is seen by both.

`orders.csv` holds one document or more of every class, worked out by hand below. This folder imports nothing of the
product: the demo and the reconciliation run as commands.
"""

from __future__ import annotations

import ast
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import prove
import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
ORDERS = HERE / "orders.csv"
THE_YEAR = Path(os.environ.get("FBINFOR_SHARED", ROOT.parent / "shared")) / "data" / "online_retail.parquet"

pytestmark = pytest.mark.timeout(900)

#: (class of document, class of line) -> documents, lines, exact net: by hand from orders.csv.
CLASSES = {
    ("sale", "goods"): (10, 16, "534.146"),
    ("sale", "freight"): (3, 3, "79.170"),
    ("sale", "manual"): (2, 2, "19.950"),
    ("sale", "voucher"): (1, 1, "16.670"),
    ("credit", "goods"): (1, 1, "-2.550"),
    ("credit", "discount"): (1, 1, "-27.500"),
    ("credit", "freight"): (1, 1, "-18.000"),
    ("free_goods", "goods"): (1, 1, "0.000"),
    ("stock_adjustment", "goods"): (1, 1, "0.000"),
    ("cost", "cost AMAZONFEE"): (1, 1, "-13541.330"),
    ("cost", "cost B"): (1, 1, "-11062.060"),
    ("cost", "cost BANK CHARGES"): (1, 1, "-12.005"),
    ("cost", "cost CRUK"): (1, 1, "-52.240"),
}
#: 3 × 2.345 = 7.035 and 1 × 0.001 are invoiced as 7.04 and 0.00.
ROUNDING = [("536368", "goods", "-0.004")]


def fbinfor(*arguments: str, seconds: int = 600) -> subprocess.CompletedProcess[str]:
    """The product as a command."""
    return subprocess.run(
        [sys.executable, "-m", "fbinfor_assets.cli", *arguments],
        capture_output=True, text=True, cwd=ROOT, check=False, timeout=seconds,
    )  # fmt: skip


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demo of one day over orders.csv; its sandbox is stopped."""
    folder = tmp_path_factory.mktemp("proof") / "home"
    days = ("--from", "2010-12-01", "--to", "2010-12-01")
    done = fbinfor("demo", "--json", "--orders", str(ORDERS), *days, "--home", str(folder))
    assert done.returncode == 0, done.stderr[-3000:]
    return folder


@pytest.fixture(scope="module")
def reconciled(home: Path) -> dict[str, Any]:
    """What `fbinfor reconcile --json` says of the world, opened again."""
    said = fbinfor("reconcile", "--json", "--sandbox", str(home / "sandbox"))
    assert said.returncode == 0, said.stderr
    return json.loads(said.stdout)


@pytest.fixture(scope="module")
def proof(home: Path) -> dict[str, Any]:
    return prove.prove(prove.Stopped(home / "sandbox"), ORDERS)


def test_the_folder_imports_nothing_of_the_product() -> None:
    allowed = {*sys.stdlib_module_names, "duckdb", "pytest", "prove"}
    for path in HERE.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                assert node.level == 0, path
                names = [node.module or ""]
            assert {name.split(".")[0] for name in names} <= allowed, path


def test_everything_holds_and_every_class_has_the_net_worked_out_by_hand(proof: dict[str, Any]) -> None:
    assert proof["broken"] == []
    assert proof["ok"]
    found = {
        (row["document_class"], row["line_class"]): (row["documents"], row["lines"], row["shop_net"])
        for row in proof["classes"]["rows"]
    }
    assert found == CLASSES
    total = sum(Decimal(net) for _, _, net in CLASSES.values())
    assert proof["classes"]["totals"][0]["shop_net"] == str(total) == "-24065.749"
    rounding = proof["classes"]["rounding"]
    assert [(part["document"], part["line_class"], part["amount"]) for part in rounding] == ROUNDING


def test_the_small_world_is_not_too_easy(proof: dict[str, Any]) -> None:
    """Something is not delivered yet, something was paid before it was invoiced, and something is left open."""
    assert Decimal(proof["classes"]["totals"][0]["not_delivered"]) > 0
    pairs = {row["pair"]: row for row in proof["pairs"]}
    assert Decimal(pairs["freshbooks-m3 open"]["left"]) > 0
    assert pairs["freshbooks-m3"]["documents"] > len([row for row in CLASSES if row[0] == "sale"])


def test_the_reconciliation_agrees_with_the_proof_figure_by_figure(
    proof: dict[str, Any], reconciled: dict[str, Any]
) -> None:
    assert reconciled["ok"]
    assert prove.differences(proof, reconciled) == []


def test_the_command_writes_the_proof_and_says_so(
    home: Path, reconciled: dict[str, Any], tmp_path: Path
) -> None:
    against, out = tmp_path / "reconcile.json", tmp_path / "proof.json"
    against.write_text(json.dumps(reconciled))
    arguments = ["--sandbox", str(home / "sandbox"), "--orders", str(ORDERS), "--out", str(out)]
    done = subprocess.run(
        [sys.executable, str(HERE / "prove.py"), *arguments, "--against", str(against)],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(out.read_text())["differences"] == []


def test_a_running_sandbox_is_proved_through_its_control_planes(home: Path, proof: dict[str, Any]) -> None:
    command = [
        sys.executable,
        "-m",
        "fbinfor_assets.cli",
        "sandbox",
        "serve",
        "--state",
        str(home / "sandbox"),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as serving:
        try:
            line = json.loads(serving.stdout.readline())
            urls = f"{line['freshbooks']['control_url']},{line['infor']['control_url']}"
            assert prove.prove(prove.Running(urls), ORDERS) == proof
        finally:
            serving.terminate()
            serving.wait(30)


def test_unusable_input_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert prove.main(["--sandbox", str(tmp_path), "--orders", str(ORDERS)]) == 2
    assert "freshbooks.db is not there" in capsys.readouterr().err


# ------------------------------------------------------------------------------------------------ tampering


class Log:
    """The write log of one simulator in a copy of the state, to be tampered with."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def _run(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.path)) as connection, connection:
            return connection.execute(query, values).fetchall()

    def last(self, operation: str, object_: str, text: str = "") -> int:
        """The sequence of the newest such write whose body holds a text."""
        query = "select max(sequence) from writes where operation = ? and object = ? and instr(body, ?)"
        return self._run(query, operation, object_, text)[0][0]

    def change(self, sequence: int, change: Callable[[dict[str, Any]], None]) -> None:
        body = json.loads(self._run("select body from writes where sequence = ?", sequence)[0][0])
        before = json.dumps(body)
        change(body)
        assert json.dumps(body) != before
        self._run("update writes set body = ? where sequence = ?", json.dumps(body).encode(), sequence)

    def drop(self, sequence: int) -> None:
        """Take one write out and close the gap that would tell of it."""
        self._run("delete from writes where sequence = ?", sequence)
        self._run("update writes set sequence = -(sequence - 1) where sequence > ?", sequence)
        self._run("update writes set sequence = -sequence where sequence < 0")

    def double(self, sequence: int) -> None:
        """Write one again, as the newest."""
        columns = "time, operation, object, key, body, delivered"
        self._run(
            f"insert into writes select (select max(sequence) + 1 from writes), {columns} from writes"
            " where sequence = ?",
            sequence,
        )


@pytest.fixture
def tampered(home: Path, tmp_path: Path) -> Iterator[tuple[Log, Log, Callable[[], dict[str, Any]]]]:
    """A copy of the state: FreshBooks' log, M3's log, and the proof of it."""
    copy = tmp_path / "sandbox"
    shutil.copytree(home / "sandbox", copy)
    yield (
        Log(copy / "freshbooks.db"),
        Log(copy / "m3.db"),
        lambda: prove.prove(prove.Stopped(copy), ORDERS),
    )


def a_cent_more(*path: Any) -> Callable[[dict[str, Any]], None]:
    """Add 0.01 to the amount at a path of keys."""

    def change(body: dict[str, Any]) -> None:
        *way, name = path
        for key in way:
            body = body[key]
        body[name] = str(Decimal(body[name]) + Decimal("0.01"))

    return change


CHANGES = {
    "a FreshBooks invoice's total": (0, "api.update", "invoice", ("result", "amount")),
    "a FreshBooks credit note's total": (0, "api.create", "credit_note", ("result", "amount")),
    "a FreshBooks payment": (0, "people.create", "payment", ("result", "amount")),
    "a line of an M3 order": (1, "OIS100MI/AddBatchLine", "order", ("SAPR",)),
    "an invoiced line in M3": (1, "people.fulfil", "delivery", ("lines", 0, "LNAM")),
    "an M3 invoice's net": (1, "people.fulfil", "invoice", ("NTAM",)),
    "an M3 invoice's VAT": (1, "people.fulfil", "invoice", ("VTAM",)),
    "an M3 invoice's total": (1, "people.fulfil", "invoice", ("IVAM",)),
    "an M3 credit invoice's total": (1, "job.invoice", "invoice", ("IVAM",)),
    "a receipt in M3": (1, "ARS040MI/AddBatchLine", "payment", ("PYAM",)),
}
# These change no figure that the reconciliation compares: the proof alone sees them.
INSIDE = {"an M3 invoice's net", "an M3 invoice's VAT", "a line of an M3 order"}


@pytest.mark.parametrize("what", CHANGES)
def test_one_cent_in_a_log_breaks_the_proof_and_the_agreement(what, tampered, reconciled) -> None:
    which, operation, object_, path = CHANGES[what]
    log = tampered[which]
    log.change(log.last(operation, object_), a_cent_more(*path))
    proof = tampered[2]()
    assert not proof["ok"]
    if what not in INSIDE:
        assert prove.differences(proof, reconciled)


def test_one_cent_on_a_freshbooks_line_breaks_the_proof_and_the_agreement(tampered, reconciled) -> None:
    log = tampered[0]
    sequence = log.last("api.update", "invoice", '"lines":')
    log.change(sequence, a_cent_more("given", "invoice", "lines", 0, "unit_cost", "amount"))
    proof = tampered[2]()
    assert "FreshBooks adds its lines up: net, VAT, total" in {row["check"] for row in proof["broken"]}
    assert prove.differences(proof, reconciled)


WRITES = {
    "a FreshBooks credit note": (0, "api.create", "credit_note"),
    "a payment": (0, "people.create", "payment"),
    "a line of an M3 order": (1, "OIS100MI/AddBatchLine", "order"),
    "an M3 order": (1, "OIS100MI/Confirm", "order"),
    "a delivery": (1, "people.fulfil", "delivery"),
    "an M3 invoice": (1, "people.fulfil", "invoice"),
    "a line of a receipt": (1, "ARS040MI/AddBatchLine", "payment"),
    "a receipt": (1, "ARS040MI/ControlBatch", "payment"),
}


@pytest.mark.parametrize("what", WRITES)
def test_a_lost_write_breaks_the_proof_and_the_agreement(what, tampered, reconciled) -> None:
    which, *write = WRITES[what]
    tampered[which].drop(tampered[which].last(*write))
    proof = tampered[2]()
    assert not proof["ok"]
    assert prove.differences(proof, reconciled)


@pytest.mark.parametrize("what", WRITES)
def test_a_doubled_write_breaks_the_proof(what, tampered) -> None:
    which, *write = WRITES[what]
    tampered[which].double(tampered[which].last(*write))
    assert not tampered[2]()["ok"]


def test_a_kind_of_write_that_is_not_understood_is_seen(tampered) -> None:
    with closing(sqlite3.connect(tampered[1].path)) as connection, connection:
        connection.execute(
            "update writes set operation = 'people.write_off' where operation = 'ARS040MI/ControlBatch'"
        )
    assert "every kind of write is understood" in {row["check"] for row in tampered[2]()["broken"]}


def test_a_gap_in_the_log_is_seen(tampered) -> None:
    with closing(sqlite3.connect(tampered[0].path)) as connection, connection:
        connection.execute("delete from writes where sequence = 1")
    assert {row["check"] for row in tampered[2]()["broken"]} == {
        "no write is missing from a log or stands there twice"
    }


def test_a_posting_that_the_log_does_not_tell_of_is_seen_in_the_trial_balance(tampered) -> None:
    with closing(sqlite3.connect(tampered[1].path)) as connection, connection:
        (body,) = connection.execute("select body from rows where kind = 'ledger' and id = 1").fetchone()
        entry = json.loads(body)
        entry["lines"] = [[account, credit, debit] for account, debit, credit in entry["lines"]]
        connection.execute(
            "update rows set body = ? where kind = 'ledger' and id = 1", (json.dumps(entry).encode(),)
        )
    broken = {row["check"] for row in tampered[2]()["broken"]}
    assert "the books stand as the logs say: receivables" in broken


# ------------------------------------------------------------------------------------------------ the whole file


class _Nothing:
    """A world in which nobody has written anything."""

    def log(self, name: str) -> list[Any]:
        return []

    def trial_balance(self, name: str) -> list[Any]:
        return []

    def period(self) -> tuple[str, str]:
        return "2010-12-01", "2011-12-31"


def test_every_line_of_the_file_is_in_one_class_and_the_classes_add_up() -> None:
    """The year's file where it is there, else the small one: documents, lines, net, and what belongs in no sale."""
    there = THE_YEAR.is_file()
    proof = prove.prove(_Nothing(), THE_YEAR if there else ORDERS)
    total = proof["classes"]["totals"][0]
    assert (total["documents"], total["lines"], total["shop_net"], total["not_posted"]) == (
        (25_900, 541_909, "9747747.934", "-247691.629") if there else (18, 31, "-24065.749", "-24667.635")
    )
    rows = proof["classes"]["rows"]
    assert "unknown" not in {row["line_class"] for row in rows}
    assert {row["document_class"] for row in rows} == {
        "sale", "credit", "free_goods", "stock_adjustment", "cost",
    }  # fmt: skip
