"""The FreshBooks simulator as a process: control plane, people, faults, durability (contract of the sandbox, 2)."""

from __future__ import annotations

import json
import signal
import subprocess
import sys

import httpx
import pytest


def writes(simulator, after: int = 0) -> list[dict]:
    return simulator.http.get("/_sandbox/writes", params={"after": after}).json()["writes"]


def test_every_applied_mutation_is_logged_once_with_who_did_it(own, tools):
    simulator = own()
    client = simulator.client(note="[fbinfor SHOP-1]")
    invoice = simulator.sent(client)
    people = {"invoiceid": invoice["id"], "amount": "200.00", "date": "2011-03-02", "type": "Check"}
    simulator.http.post("/_sandbox/people/payment", json=people)
    simulator.delete(f"/users/clients/{client['id']}")
    simulator.post("/invoices/invoices", {"invoice": {}})
    log = writes(simulator)
    assert [(line["operation"], line["object"]) for line in log] == [
        ("api.create", "client"),
        ("api.create", "invoice"),
        ("api.update", "invoice"),
        ("system.split", "credit_note"),
        ("people.create", "payment"),
        ("api.delete", "client"),
    ]
    assert [line["sequence"] for line in log] == [1, 2, 3, 4, 5, 6]
    assert log[1]["body"]["given"]["invoice"]["customerid"] == client["id"]
    assert log[1]["body"]["result"]["amount"] == "144.00"
    assert log[1]["key"] == str(invoice["id"])
    assert all(line["delivered"] for line in log)


def test_the_write_log_is_read_in_steps(own):
    simulator = own()
    for _ in range(5):
        simulator.client()
    page = simulator.http.get("/_sandbox/writes", params={"after": 1, "limit": 3}).json()
    assert ([line["sequence"] for line in page["writes"]], page["next"]) == ([2, 3, 4], 4)
    assert simulator.http.get("/_sandbox/writes", params={"after": 5}).json() == {"writes": [], "next": 5}


@pytest.mark.parametrize("kind", ["client", "invoice", "payment", "credit_note"])
def test_people_enter_and_change_things_by_hand(simulator, tools, kind):
    client = simulator.client()
    base = {
        "client": {"organization": "By Hand Ltd", "p_city": "York"},
        "invoice": {"customerid": client["id"], "create_date": "2011-03-04", "lines": [tools.line()]},
        "payment": {"invoiceid": simulator.sent(client)["id"], "amount": "1.00", "date": "2011-03-02"},
        "credit_note": {"clientid": client["id"], "create_date": "2011-03-04", "lines": [tools.line()]},
    }[kind]
    change = {"client": "p_city", "invoice": "notes", "payment": "note", "credit_note": "notes"}[kind]
    url = f"/_sandbox/people/{kind}"
    made = simulator.http.post(url, json=base).json()[kind]
    changed = simulator.http.post(url, json={"id": made["id"], change: "Leeds"}).json()[kind]
    assert (changed["id"], changed[change]) == (made["id"], "Leeds")


def test_a_wrong_entry_by_people_is_refused_like_the_apis(simulator, tools):
    answer = simulator.http.post("/_sandbox/people/payment", json={"amount": "1.00", "date": "2011-03-02"})
    assert tools.error(answer) == (422, 1001, "invoiceid")
    assert simulator.http.post("/_sandbox/people/order", json={}).status_code == 404
    assert simulator.http.post("/_sandbox/people/client", content=b"[").status_code == 400


def test_what_was_answered_survives_sigkill(fresh):
    simulator = fresh()
    client = simulator.client(email="kept@example.com")
    invoice = simulator.sent(client)
    simulator.pay(invoice, "100.00")
    simulator.clock("2011-08-01")
    log, balances, connection = writes(simulator), simulator.balances(), simulator.connection
    shfresh = simulator.read(invoice, "lines")
    assert simulator.end(signal.SIGKILL) == -signal.SIGKILL
    simulator.arguments = ()
    simulator.start()
    assert writes(simulator) == log
    assert simulator.balances() == balances
    assert simulator.read(invoice, "lines") == shfresh
    now = simulator.http.get("/_sandbox/clock").json()["now"]
    assert now.startswith("2011-08-01T00:0")
    same = ("client_id", "client_secret", "access_token", "refresh_token", "account_id", "business_id")
    assert [simulator.connection[name] for name in same] == [connection[name] for name in same]
    assert simulator.client()["id"] == client["id"] + 1
    assert writes(simulator)[-1]["sequence"] == log[-1]["sequence"] + 1


def test_a_kill_in_the_middle_of_writing_loses_nothing_that_was_answered(fresh, tools):
    simulator = fresh()
    client = simulator.client()
    body = {"customerid": client["id"], "create_date": "2011-03-01", "lines": [tools.line()] * 20}
    answered = []
    with httpx.Client(base_url=simulator.base_url, headers=dict(simulator.http.headers)) as http:
        killer = subprocess.Popen(["sh", "-c", f"sleep 0.2; kill -9 {simulator.process.pid}"])
        try:
            while True:
                answer = http.post(simulator.account + "/invoices/invoices", json={"invoice": body})
                answered.append(tools.one(answer)["id"])
        except httpx.TransportError:
            pass
        killer.wait()
    simulator.http.close()
    simulator.process.wait()
    simulator.process.stdout.close()
    simulator.start()
    log = [line for line in writes(simulator) if line["object"] == "invoice"]
    state = simulator.http.get("/_sandbox/state").json()["tables"]
    assert state["invoice"] == len(log)
    assert {str(id_) for id_ in answered} <= {line["key"] for line in log}
    assert {line["key"] for line in log if line["delivered"]} <= {str(id_) for id_ in answered} | {
        log[-1]["key"]
    }


def test_a_lost_answer_leaves_the_write_applied_and_not_delivered(own):
    simulator = own()
    simulator.http.post(
        "/_sandbox/faults", json={"do": "lose_answer", "method": "POST", "path": "/users/clients"}
    )
    with pytest.raises(httpx.TransportError):
        simulator.client(organization="Lost Ltd")
    (line,) = writes(simulator)
    assert (line["operation"], line["delivered"]) == ("api.create", False)
    assert simulator.listed("/users/clients", "search[organization_like]=Lost") == [int(line["key"])]
    simulator.client()
    assert [line["delivered"] for line in writes(simulator)] == [False, True]


def test_a_lost_request_changes_nothing(own):
    simulator = own()
    simulator.http.post("/_sandbox/faults", json={"do": "lose_request", "skip": 1})
    simulator.client()
    with pytest.raises(httpx.TransportError):
        simulator.client()
    assert len(writes(simulator)) == 1


def test_an_ordered_answer_comes_instead_of_the_vendors(own):
    simulator = own()
    fault = {"do": "answer", "status": 503, "headers": {"Retry-After": 2}, "count": 2, "method": "GET"}
    simulator.http.post("/_sandbox/faults", json=fault)
    answers = [simulator.get("/users/clients") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [503, 503, 200]
    assert answers[0].headers["Retry-After"] == "2"


@pytest.mark.parametrize(("kind", "applied"), [("slow_answer", 1), ("delay", 0)])
def test_a_client_that_gave_up_waiting_has_no_delivered_answer(own, kind, applied):
    simulator = own()
    simulator.http.post("/_sandbox/faults", json={"do": kind, "seconds": 0.3, "method": "POST"})
    body = {"client": {"email": "a@b.example"}}
    with pytest.raises(httpx.ReadTimeout):
        simulator.http.post(simulator.account + "/users/clients", json=body, timeout=0.1)
    # The next write waits longer than the first: once it is answered, the first has had its end.
    simulator.http.post("/_sandbox/faults", json={"do": "slow_answer", "seconds": 0.5, "method": "POST"})
    simulator.client()
    assert [line["delivered"] for line in writes(simulator)] == [False] * applied + [True]


def test_the_same_seed_gives_the_same_credentials_and_ids_and_another_seed_others(own, fresh):
    first, second, third = own(), fresh(), fresh(seed=8)
    names = ("client_id", "client_secret", "access_token", "refresh_token", "account_id", "business_id")
    assert [first.connection[n] for n in names] == [second.connection[n] for n in names]
    assert all(first.connection[n] != third.connection[n] for n in names)
    assert first.client()["id"] == second.client()["id"]


def test_clients_people_entered_before_are_there_under_another_spelling(tmp_path, fresh):
    folder = tmp_path / "state0"
    folder.mkdir()
    customers = [
        {"customer_id": 40 * n + rest, "country": "United Kingdom"} for n in range(5) for rest in (0, 1, 2)
    ]
    customers.append({"customer_id": 41, "country": "France"})
    (folder / "seed-customers.json").write_text(json.dumps({"seed": 7, "customers": customers}))
    simulator = fresh()
    result = simulator.get("/users/clients").json()["response"]["result"]
    assert result["total"] == 5
    assert len({client["email"] for client in result["clients"]}) == 5
    assert not any("fbinfor" in (client["note"] or "") for client in result["clients"])
    assert all(client["updated"] < "2011" for client in result["clients"])
    assert writes(simulator) == []


def test_switches_come_from_the_file_and_are_kept_by_the_state(fresh, tmp_path):
    config = tmp_path / "switches.yml"
    config.write_text("freshbooks:\n  tax_rounding: line\nm3:\n  anything: else\n")
    simulator = fresh("--config", str(config))
    assert simulator.http.get("/_sandbox/switches").json()["tax_rounding"] == "line"
    simulator.http.post("/_sandbox/switches", json={"list_order": "descending"})
    simulator.end()
    simulator.arguments = ()
    simulator.start()
    kept = simulator.http.get("/_sandbox/switches").json()
    assert (kept["tax_rounding"], kept["list_order"]) == ("line", "descending")
    assert simulator.http.post("/_sandbox/switches", json={"list_order": "random"}).status_code == 400


def test_the_clock_moves_forward_only(own):
    simulator = own()
    answer = simulator.http.post("/_sandbox/clock", json={"advance_days": 2}).json()
    assert (answer["now"][:10], answer["moved"]) == ("2011-03-03", True)
    answer = simulator.http.post("/_sandbox/clock", json={"to": "2011-03-02"}).json()
    assert (answer["now"][:10], answer["moved"]) == ("2011-03-03", False)
    assert simulator.http.post("/_sandbox/clock", json={"to": "soon"}).status_code == 400


def test_a_reset_begins_again_as_a_new_account_of_the_same_seed(own):
    simulator = own(tax_rounding="line")
    first = simulator.client()
    simulator.clock("2011-06-01")
    simulator.http.post("/_sandbox/reset")
    assert writes(simulator) == []
    assert simulator.http.get("/_sandbox/clock").json()["now"].startswith("2011-03-01")
    assert simulator.http.get("/_sandbox/connection").json() == simulator.connection
    assert simulator.client()["id"] == first["id"]


def test_the_trial_balance_is_shown_by_day(own):
    simulator = own()
    simulator.sent(create_date="2011-03-01")
    simulator.sent(create_date="2011-03-03")
    report = simulator.http.get("/_sandbox/trial-balance", params={"by": "day"}).json()
    assert (report["currency"], report["debit"], report["credit"]) == ("GBP", "288.00", "288.00")
    assert [day["date"] for day in report["days"]] == ["2011-03-01", "2011-03-03"]


def test_sigterm_ends_the_process_cleanly_and_the_state_can_be_served_again(fresh):
    simulator = fresh()
    client = simulator.client()
    assert simulator.end(signal.SIGTERM) == 0
    simulator.start()
    assert simulator.listed("/users/clients") == [client["id"]]


@pytest.mark.parametrize("trouble", ["state in use", "unknown switch", "port taken"])
def test_what_prevents_a_start_is_one_line_and_exit_code_2(simulator, tmp_path, trouble):
    config = tmp_path / "switches.yml"
    config.write_text("freshbooks:\n  speed: high\n")
    port = simulator.base_url.rpartition(":")[2]
    arguments = {
        "state in use": ["--port", "0", "--state", str(simulator.folder)],
        "unknown switch": ["--port", "0", "--state", str(tmp_path / "s"), "--config", str(config)],
        "port taken": ["--port", port, "--state", str(tmp_path / "s")],
    }[trouble]
    command = [sys.executable, "-m", "fbinfor_assets.sandbox.freshbooks", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    says = {"state in use": "another process", "unknown switch": "freshbooks.speed", "port taken": port}[
        trouble
    ]
    assert says in done.stderr
