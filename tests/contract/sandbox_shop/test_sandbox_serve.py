"""Starting, stopping and reopening the whole sandbox.

Belongs here: `serve` as a process. Does not belong here: what the simulators answer (their own folders).
"""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from shop_lab import FIXTURE_FILE, REPOSITORY, Clerk, Sandbox, alive

from fbinfor_assets.sandbox.serve import main


def gone(pids: list[int], seconds: float = 15) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if not any(alive(pid) for pid in pids):
            return True
        time.sleep(0.05)
    return False


def run_serve(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "fbinfor_assets.sandbox.serve", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=REPOSITORY, timeout=60)


def free_ports() -> int:
    """The first of three free ports in a row."""
    while True:
        with socket.socket() as one, socket.socket() as two, socket.socket() as three:
            one.bind(("127.0.0.1", 0))
            base = one.getsockname()[1]
            try:
                two.bind(("127.0.0.1", base + 1))
                three.bind(("127.0.0.1", base + 2))
            except (OSError, OverflowError):
                continue
            return base


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """One sandbox for all tests that only look."""
    state = tmp_path_factory.mktemp("sandbox") / "state"
    arguments = ("--state", str(state), "--seed", "4", "--port", str(free_ports()))
    running = Sandbox("--orders", str(FIXTURE_FILE), *arguments)
    yield running
    code, more, errors = running.stop()
    assert (code, more, errors) == (0, "", ""), "SIGTERM is no failure; one line on stdout, nothing else"
    assert gone(list(running.children.values()), 1)


# ------------------------------------------------------------------------------------------- while it runs


def test_the_line_has_all_a_product_needs(sandbox: Sandbox) -> None:
    line = sandbox.line
    assert set(line) == {"freshbooks", "infor", "shop", "pids", "ports", "state", "from", "to", "seed"}
    assert set(line["freshbooks"]) >= {
        *(
            "base_url",
            "auth_url",
            "control_url",
            "client_id",
            "client_secret",
            "access_token",
            "refresh_token",
        ),
        *("account_id", "business_id", "redirect_uri"),
    }
    assert set(line["infor"]) >= {"ionapi", "control_url", "company", "division"}
    assert set(line["infor"]["ionapi"]) >= {"ti", "ci", "cs", "iu", "pu", "ot", "or", "saak", "sask"}
    assert set(line["shop"]) >= {"base_url", "consumer_key", "consumer_secret", "control_url"}
    assert (line["infor"]["company"], line["infor"]["division"]) == ("100", "AAA")
    assert (line["from"], line["to"], line["seed"]) == ("2010-12-01", "2010-12-03", 4)
    assert line["pids"]["serve"] == sandbox.process.pid


def test_every_simulator_answers_and_time_begins_with_the_first_day_of_the_orders(sandbox: Sandbox) -> None:
    for name in ("freshbooks", "infor", "shop"):
        health = httpx.get(f"{sandbox.line[name]['control_url']}/health").json()
        assert health["ok"] is True
        assert health["now"].startswith("2010-12-01T00:0")


def test_the_line_is_kept_in_the_state_folder_for_its_owner_only(sandbox: Sandbox) -> None:
    kept = Path(sandbox.line["state"]) / "sandbox.json"
    assert json.loads(kept.read_text(encoding="utf-8")) == sandbox.line
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_a_base_port_places_the_three_side_by_side(sandbox: Sandbox) -> None:
    base = sandbox.line["ports"]["freshbooks"]
    assert sandbox.line["ports"] == {"freshbooks": base, "infor": base + 1, "shop": base + 2}
    taken = run_serve("--orders", str(FIXTURE_FILE), "--port", str(base))
    assert (taken.returncode, taken.stdout) == (2, "")
    assert f"port {base}" in taken.stderr


def test_one_state_is_served_once(sandbox: Sandbox) -> None:
    second = run_serve("--state", sandbox.line["state"])
    assert (second.returncode, second.stdout) == (2, "")
    assert "served by another process" in second.stderr
    assert httpx.get(f"{sandbox.line['shop']['control_url']}/health").json()["ok"] is True


@pytest.mark.parametrize(
    "other", [("--orders", "{tmp}/other.csv"), ("--seed", "2"), ("--from", "2010-12-02")]
)
def test_a_state_made_with_other_orders_is_not_reopened_under_them(
    sandbox: Sandbox, tmp_path: Path, capfd: pytest.CaptureFixture[str], other: tuple[str, str]
) -> None:
    lines = FIXTURE_FILE.read_text(encoding="utf-8").splitlines(keepends=True)
    (tmp_path / "other.csv").write_text("".join(lines[:4]), encoding="utf-8")
    code = main(["--state", sandbox.line["state"], other[0], other[1].format(tmp=tmp_path)])
    out, err = capfd.readouterr()
    assert (code, out) == (2, "")
    assert "was made with" in err


def test_some_customers_of_the_orders_exist_in_both_systems_before_the_first_order(sandbox: Sandbox) -> None:
    # 17840 is divisible by 40: known to M3; 12361 leaves 1: known to FreshBooks.
    m3 = httpx.get(f"{sandbox.line['infor']['control_url']}/state", params={"table": "OCUSMA"}).json()["rows"]
    books = httpx.get(
        f"{sandbox.line['freshbooks']['control_url']}/state", params={"table": "client"}
    ).json()["rows"]
    known = [row["MAIL"] for row in m3 if row.get("MAIL")]
    assert len(known) == len(books) == 1
    assert "17840" in known[0]
    assert "12361" in books[0]["email"]


# ------------------------------------------------------------------------------------ starting and stopping


def test_without_a_file_the_built_in_orders_run_in_a_folder_that_goes_away(
    run_sandbox: Callable[..., Sandbox],
) -> None:
    sandbox = run_sandbox("--from", "2011-02-01", "--to", "2011-02-01")
    loaded = httpx.get(f"{sandbox.line['shop']['control_url']}/orders").json()
    assert loaded["source"]["kind"] == "generator"
    assert 120 <= int(loaded["source"]["documents"]) <= 165
    assert sandbox.stop()[0] == 0
    assert not Path(sandbox.line["state"]).exists()


def test_a_reopened_state_needs_no_orders_and_keeps_credentials_addresses_and_documents(
    run_sandbox: Callable[..., Sandbox], tmp_path: Path
) -> None:
    state = str(tmp_path / "state")
    first = run_sandbox("--orders", str(FIXTURE_FILE), "--state", state, "--seed", "9")
    clerk = Clerk(first.line)
    clerk.close()
    for name in ("freshbooks", "infor", "shop"):
        httpx.post(f"{first.line[name]['control_url']}/clock", json={"to": "2010-12-02T21:00:00Z"})
    assert first.stop()[0] == 0
    second = run_sandbox("--state", state)
    changing = {"pids", "freshbooks"}
    assert {k: v for k, v in second.line.items() if k not in changing} == {
        k: v for k, v in first.line.items() if k not in changing
    }
    tokens = {"access_token", "refresh_token"}
    for name in set(first.line["freshbooks"]) - tokens:
        assert second.line["freshbooks"][name] == first.line["freshbooks"][name]
    m3 = httpx.get(f"{second.line['infor']['control_url']}/state", params={"table": "OCUSMA"}).json()["rows"]
    assert clerk.customer in [row["CUNO"] for row in m3]
    loaded = httpx.get(f"{second.line['shop']['control_url']}/orders").json()
    assert loaded["arrived"]["documents"] == 5


BAD_STARTS = {
    "no such order file": (("--orders", "{tmp}/nowhere.parquet"), "no such file"),
    "bad row": (("--orders", "{tmp}/bad.csv"), "row 1, column quantity: the value is 'six'"),
    "days without orders": (
        ("--orders", str(FIXTURE_FILE), "--from", "2012-01-01"),
        "the file covers 2010-12-01",
    ),
    "no such switches": (("--config", "{tmp}/nowhere.yml"), "--config"),
}


@pytest.mark.parametrize("case", BAD_STARTS)
def test_what_cannot_start_says_why_in_one_line_and_creates_nothing(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], case: str
) -> None:
    header, good, *_ = FIXTURE_FILE.read_text(encoding="utf-8").splitlines()
    (tmp_path / "bad.csv").write_text(f"{header}\n{good.replace(',6,', ',six,')}\n", encoding="utf-8")
    arguments, said = BAD_STARTS[case]
    state = tmp_path / "state"
    code = main(["--state", str(state), *(argument.format(tmp=tmp_path) for argument in arguments)])
    out, err = capfd.readouterr()
    assert (code, out) == (2, "")
    assert said in err
    assert len(err.splitlines()) == 1
    assert not state.exists()


def test_a_bad_switch_stops_the_start_with_the_simulators_own_words(tmp_path: Path) -> None:
    config = tmp_path / "switches.yml"
    config.write_text("shop: {tax_rounding: never}\n", encoding="utf-8")
    done = run_serve("--orders", str(FIXTURE_FILE), "--config", str(config))
    assert (done.returncode, done.stdout) == (2, "")
    assert "shop.tax_rounding is 'never'" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_a_signal_stops_everything_and_is_no_failure(
    run_sandbox: Callable[..., Sandbox], number: int
) -> None:
    sandbox = run_sandbox("--orders", str(FIXTURE_FILE))
    sandbox.process.send_signal(number)
    code, _, errors = sandbox.finish()
    assert (code, errors) == (0, "")
    assert gone(list(sandbox.children.values()), 1)


def test_no_simulator_outlives_a_serve_that_was_killed(run_sandbox: Callable[..., Sandbox]) -> None:
    sandbox = run_sandbox("--orders", str(FIXTURE_FILE))
    sandbox.process.kill()
    sandbox.finish()
    assert gone(list(sandbox.children.values()))


def test_a_simulator_that_dies_takes_the_others_along_and_is_named(
    run_sandbox: Callable[..., Sandbox],
) -> None:
    sandbox = run_sandbox("--orders", str(FIXTURE_FILE))
    os.kill(sandbox.children["infor"], signal.SIGKILL)
    code, _, errors = sandbox.finish()
    assert code == 1
    assert "M3 simulator" in errors
    assert gone(list(sandbox.children.values()), 1)
