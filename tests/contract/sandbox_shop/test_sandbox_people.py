"""The people who edit both sides: by seed, through control planes, whatever the vendors refuse."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import date

import httpx
import pytest
from shop_lab import FIXTURE_FILE, REPOSITORY, Clerk

DAY = date(2010, 12, 1)
INSTANT = re.compile(r'\d{4}-\d\d-\d\d[ T]\d\d:[\d:.]+|(?<="LMTS":)\d+|(?<="RGTM":")\d+')


def edits(line: dict, *arguments: str) -> list[dict]:
    command = [
        sys.executable,
        "-m",
        "fbinfor_assets.sandbox.people",
        "--sandbox",
        json.dumps(line),
        *arguments,
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=REPOSITORY)
    assert done.returncode == 0, done.stderr
    return [json.loads(text) for text in done.stdout.splitlines()]


def writes(line: dict, name: str) -> list[dict]:
    log = httpx.get(f"{line[name]['control_url']}/writes").json()["writes"]
    return [entry for entry in log if entry["operation"].startswith("people.")]


def tables(line: dict) -> dict[str, list]:
    """What both sides hold, but for the instants at which it came to be."""
    found = {}
    for name, kinds in (("freshbooks", ("client", "invoice", "payment")), ("infor", ("OCUSMA", "OOHEAD"))):
        for kind in kinds:
            text = httpx.get(f"{line[name]['control_url']}/state", params={"table": kind}).text
            found[kind] = json.loads(INSTANT.sub("0", text))["rows"]
    return found


@pytest.fixture
def busy(run_sandbox):
    """Start a sandbox with some documents on both sides."""

    def start() -> dict:
        line = run_sandbox("--orders", str(FIXTURE_FILE), "--seed", "3").line
        clerk = Clerk(line)
        drafts = [clerk.draft(f"N-{number}", DAY, 2) for number in range(6)]
        for invoice in drafts[:3]:
            clerk.send(invoice)
        clerk.orders([(invoice, DAY, 2) for invoice in drafts])
        clerk.close()
        return line

    return start


def test_the_same_seed_on_the_same_state_makes_the_same_edits_and_all_are_in_the_logs(busy):
    first, second = busy(), busy()
    told = edits(first, "--edits", "80", "--seed", "5")
    assert len(told) >= 80
    assert edits(second, "--edits", "80", "--seed", "5") == told
    for kind, rows in tables(first).items():
        assert rows == tables(second)[kind], kind
    done = [edit for edit in told if "done" in edit]
    assert len(done) > 60
    # The clerk's own customer was entered by hand, too.
    assert len(done) + 1 == sum(len(writes(first, name)) for name in ("freshbooks", "infor"))
    assert {edit["where"] for edit in done} == {"freshbooks", "infor"}
    kinds = {edit["what"] for edit in done}
    assert len(kinds) >= 15, kinds
    for edit in told:
        assert ("done" in edit) != ("refused" in edit)
    assert edits(first, "--edits", "5", "--seed", "6") != told[:5]


def test_people_can_be_told_to_keep_to_one_kind_of_thing(busy):
    line = busy()
    told = edits(line, "--edits", "10", "--only", "client")
    assert {edit["path"] for edit in told} == {"/people/client"}
    assert writes(line, "infor") == [] or all(edit["where"] == "freshbooks" for edit in told)
    bought = edits(line, "--edits", "12", "--only", "expense,bill")
    # A bill that was paid stays, whatever people try.
    assert {edit["what"] for edit in bought if "refused" in edit} <= {"bill deleted"}
    assert {"expense entered", "supplier entered", "bill entered"} <= {edit["what"] for edit in bought}
    both = edits(line, "--edits", "4", "--only", "party")
    assert [edit["where"] for edit in both] == ["freshbooks", "infor"] * 2
    named = edits(line, "--edits", "3", "--only", "order")
    assert [edit["what"] for edit in named] == ["order line cancelled"] * 3


def test_a_client_typed_in_again_is_a_second_one_under_nearly_the_same_name(busy):
    line = busy()
    before = {row["id"]: row["organization"] for row in tables(line)["client"]}
    told = edits(line, "--edits", "40", "--only", "client", "--seed", "2")
    again = [edit["done"]["id"] for edit in told if edit["what"] == "client entered again"]
    assert again
    assert not set(again) & set(before)


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["--sandbox", "{}"], 1, "not the line serve prints"),
        (["--sandbox", "@nowhere.json"], 1, "not the line serve prints"),
        (["--sandbox", "{}", "--only", "dragons"], 2, "there are client, invoice"),
        (["--sandbox", "{}", "--per-minute", "0"], 2, "above 0"),
    ],
)
def test_what_people_cannot_start_with_is_said_in_one_line(arguments, code, says):
    command = [sys.executable, "-m", "fbinfor_assets.sandbox.people", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=REPOSITORY)
    assert done.returncode == code
    assert says in done.stderr
