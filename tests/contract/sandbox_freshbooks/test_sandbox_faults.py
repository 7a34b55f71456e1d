"""The plan of faults over real HTTP, on the FreshBooks simulator: which request is hit, what it meets, what is told.

Belongs here: faults of the transport that every simulator has. Does not belong here: M3's transactions
(`test_m3_faults`), the shop and the file of faults (`test_shop_faults`), reading the past itself
(`test_sandbox_history`).
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx
import pytest


def plan(simulator, *faults: dict, seed: int | None = None) -> dict:
    body: object = {"faults": list(faults)} | ({"seed": seed} if seed is not None else {})
    answer = simulator.http.post("/_sandbox/faults", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def told(simulator) -> dict:
    return simulator.http.get("/_sandbox/faults", params={"after": 0, "limit": 10_000}).json()


def writes(simulator) -> list[dict]:
    return simulator.http.get("/_sandbox/writes").json()["writes"]


def statuses(simulator, count: int, path: str = "/users/clients") -> list[int]:
    return [simulator.get(path).status_code for _ in range(count)]


# ------------------------------------------------------------------------------------- which request


def test_a_rate_hits_its_share_and_the_same_seed_hits_the_same_requests_again(own):
    seen = []
    for seed in (5, 5, 6):
        simulator = own()
        plan(simulator, {"do": "answer", "status": 500, "rate": 0.3}, seed=seed)
        seen.append(statuses(simulator, 200))
    assert seen[0] == seen[1] != seen[2]
    assert 35 <= seen[0].count(500) <= 85
    assert set(seen[0]) == {200, 500}


def test_places_are_counted_among_the_requests_that_match(own):
    simulator = own()
    plan(simulator, {"do": "answer", "status": 502, "method": "GET", "path": "/invoices", "at": [2, 4]})
    assert statuses(simulator, 2) == [200, 200]
    assert statuses(simulator, 5, "/invoices/invoices") == [200, 502, 200, 502, 200]
    assert told(simulator)["faults"] == []


def test_count_and_until_end_a_rate(own):
    simulator = own()
    plan(
        simulator,
        {"do": "answer", "rate": 1, "count": 3},
        {"do": "answer", "status": 504, "until": 0.3, "rate": 1},
    )
    assert statuses(simulator, 4) == [503, 503, 503, 504]
    time.sleep(0.35)
    assert statuses(simulator, 2) == [200, 200]


def test_a_fault_can_choose_what_changes_something_and_what_does_not(own, tools):
    simulator = own()
    plan(simulator, {"do": "answer", "status": 503, "writes": True, "rate": 1})
    assert statuses(simulator, 2) == [200, 200]
    assert simulator.post("/users/clients", {"client": {"email": "a@b.example"}}).status_code == 503
    simulator.http.delete("/_sandbox/faults")
    plan(simulator, {"do": "answer", "status": 503, "writes": False, "rate": 1})
    assert simulator.post("/users/clients", {"client": {"email": "a@b.example"}}).status_code == 200
    assert statuses(simulator, 1) == [503]


def test_every_hit_is_told_with_its_place_so_that_a_run_can_be_explained(own):
    simulator = own()
    plan(
        simulator,
        {"do": "answer", "status": 500, "rate": 0.5, "path": "/invoices"},
        {"do": "delay", "at": [2]},
        seed=3,
    )
    got = statuses(simulator, 6, "/invoices/invoices")
    report = told(simulator)
    assert report["seed"] == 3
    hit = [line["call"] for line in report["record"] if line["fault"] == 1]
    assert [place for place, status in enumerate(got, 1) if status == 500] == hit
    assert report["hits"] == {"answer": got.count(500)} | ({"delay": 1} if got.count(200) > 1 else {})
    assert {(line["method"], line["path"]) for line in report["record"]} == {
        ("GET", f"{simulator.account}/invoices/invoices")
    }
    (rate,) = report["faults"]
    assert (rate["matched"], rate["hit"]) == (6, got.count(500))


def test_the_first_fault_that_hits_takes_the_request(own):
    simulator = own()
    plan(simulator, {"do": "answer", "status": 500, "at": [2]}, {"do": "answer", "status": 502, "at": [1, 2]})
    assert statuses(simulator, 4) == [502, 500, 502, 200]


@pytest.mark.parametrize(
    ("fault", "field"),
    [
        ({"do": "explode"}, "do"),
        ({}, "do"),
        ([[]], "do"),
        ({"do": "delay", "second": 1}, "second"),
        ({"do": "delay", "seconds": "1"}, "seconds"),
        ({"do": "delay", "rate": 1.5}, "rate"),
        ({"do": "delay", "at": [0]}, "at"),
        ({"do": "delay", "until": "tomorrow"}, "until"),
        ({"do": "delay", "method": "get"}, "method"),
        ({"do": "answer", "status": 99}, "status"),
        ({"do": "lag", "seconds": [3, 1]}, "seconds"),
        ({"do": "page_shift", "by": 2}, "by"),
        ({"do": "slow", "p99": 1, "median": 2}, "median"),
    ],
)
def test_a_mistake_in_a_fault_is_refused_by_its_field_and_nothing_is_planned(own, fault, field):
    simulator = own()
    answer = simulator.http.post("/_sandbox/faults", json={"faults": [{"do": "delay"}, fault]})
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(f"{field}: ")
    assert told(simulator)["faults"] == []


def test_delete_ends_everything_and_keeps_the_record_and_a_reset_forgets_that_too(own):
    simulator = own()
    plan(
        simulator, {"do": "answer", "rate": 1}, {"do": "clock", "seconds": 600}, {"do": "lag", "seconds": 60}
    )
    statuses(simulator, 3)
    simulator.http.delete("/_sandbox/faults")
    simulator.client()
    assert simulator.get("/users/clients").json()["response"]["result"]["total"] == 1
    assert told(simulator)["hits"]["answer"] == 3
    simulator.http.post("/_sandbox/reset")
    report = told(simulator)
    assert (report["faults"], report["done"], report["hits"], report["record"]) == ([], [], {}, [])


# ---------------------------------------------------------------------------------- what it meets


def new_client(simulator, **more: object) -> httpx.Response:
    return simulator.post("/users/clients", {"client": {"organization": "Met Ltd"} | more})


@pytest.mark.parametrize(
    ("fault", "applied"),
    [
        ({"do": "reset"}, 0),
        ({"do": "lose_request"}, 0),
        ({"do": "reset", "when": "answer", "bytes": 10}, 1),
        ({"do": "reset", "when": "answer", "bytes": 0}, 1),
        ({"do": "lose_answer"}, 1),
    ],
)
def test_a_broken_connection_before_and_after_the_request_is_applied(own, fault, applied):
    simulator = own()
    plan(simulator, fault)
    with pytest.raises(httpx.TransportError):
        new_client(simulator)
    assert [line["delivered"] for line in writes(simulator)] == [False] * applied
    assert new_client(simulator).status_code == 200


def test_a_reset_in_the_middle_of_an_answer_is_a_reset_and_comes_after_some_of_it(own):
    simulator = own()
    plan(simulator, {"do": "reset", "when": "answer", "bytes": 25, "path": "/users/clients"})
    host, _, port = simulator.base_url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        token = simulator.http.headers["Authorization"]
        head = f"GET {simulator.account}/users/clients HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\n\r\n"
        connection.sendall(head.encode())
        got = b""
        with pytest.raises(ConnectionResetError):
            while part := connection.recv(4096):
                got += part
    headers, _, body = got.partition(b"\r\n\r\n")
    assert b"200 OK" in headers
    assert body == b'{"response":{"result":{"clients":[]'[:25]


@pytest.mark.parametrize("status", [500, 502, 503, 504, 429])
@pytest.mark.parametrize("applied", [False, True])
def test_a_server_error_before_or_after_the_request_was_applied(own, status, applied):
    simulator = own()
    plan(simulator, {"do": "answer", "status": status, "apply": applied})
    assert new_client(simulator).status_code == status
    assert [line["delivered"] for line in writes(simulator)] == [False] * applied


def test_retry_after_comes_as_seconds_as_a_date_or_not_at_all(own):
    simulator = own()
    busy = {"do": "answer", "status": 429}
    plan(simulator, busy | {"retry_after": 7}, busy | {"retry_after": 90, "retry_after_form": "date"}, busy)
    seconds, dated, none = (simulator.get("/users/clients") for _ in range(3))
    assert seconds.headers["Retry-After"] == "7"
    wait = parsedate_to_datetime(dated.headers["Retry-After"]) - datetime.now(UTC)
    assert 85 <= wait.total_seconds() <= 91
    assert dated.headers["Retry-After"].endswith("GMT")
    assert "Retry-After" not in none.headers


@pytest.mark.parametrize("kind", ["truncate", "invalid_json", "content_type"])
def test_an_answer_nobody_can_read_is_complete_http_and_the_write_is_applied(own, kind):
    simulator = own()
    plan(simulator, {"do": kind})
    answer = new_client(simulator)
    assert answer.status_code == 200
    assert int(answer.headers["Content-Length"]) == len(answer.content)
    with pytest.raises(json.JSONDecodeError):
        answer.json()
    assert answer.headers["Content-Type"].startswith(
        "text/html" if kind == "content_type" else "application/json"
    )
    assert [line["delivered"] for line in writes(simulator)] == [False]
    assert simulator.listed("/users/clients") == [int(writes(simulator)[0]["key"])]


def test_slow_answers_follow_a_distribution_with_the_99th_percentile_that_was_asked_for(own):
    simulator = own()
    plan(simulator, {"do": "slow", "p99": 0.05, "rate": 1}, seed=1)
    took = []
    for _ in range(200):
        began = time.perf_counter()
        simulator.get("/users/clients")
        took.append(time.perf_counter() - began)
    took.sort()
    # Median p99 / 50 and a tail: no more than 3 x p99, whatever the machine adds.
    assert sum(second > 0.02 for second in took) >= 3
    assert took[100] < 0.04
    assert simulator.http.get("/_sandbox/faults").json()["hits"] == {"slow": 200}


# ------------------------------------------------------------------------------------ connections


def refused(simulator) -> bool:
    port = int(simulator.base_url.rpartition(":")[2])
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def until(condition, seconds: float = 5) -> bool:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


def test_the_port_refuses_connections_for_a_while_and_comes_back_by_itself(own):
    simulator = own()
    plan(simulator, {"do": "refuse", "seconds": 0.5})
    assert until(lambda: refused(simulator))
    with pytest.raises(httpx.TransportError):
        simulator.get("/users/clients")
    assert until(lambda: not refused(simulator))
    assert new_client(simulator).status_code == 200


def test_the_control_plane_stays_reachable_and_can_end_a_closed_port(own):
    simulator = own()
    for _ in range(3):
        plane = plan(simulator, {"do": "refuse", "seconds": 0})["control_url"]
        assert until(lambda: refused(simulator))
        with httpx.Client() as other:
            assert other.get(plane + "/health").json()["ok"]
            assert other.get(plane + "/faults").json()["hits"]["refuse"] > 0
            assert other.delete(plane + "/faults").status_code == 200
        assert until(lambda: not refused(simulator))
        assert new_client(simulator).status_code == 200


def test_a_port_can_close_at_a_certain_request_which_is_cut(own):
    simulator = own()
    plan(simulator, {"do": "refuse", "seconds": 0.3, "method": "POST", "skip": 1})
    new_client(simulator)
    with pytest.raises(httpx.TransportError):
        new_client(simulator)
    assert until(lambda: refused(simulator))
    assert until(lambda: not refused(simulator))
    assert len(writes(simulator)) == 1


def test_a_simulator_with_a_closed_port_ends_on_sigterm(fresh):
    simulator = fresh()
    plan(simulator, {"do": "refuse", "seconds": 0})
    assert simulator.end() == 0


# ------------------------------------------------------------------------------------------ tokens


def test_an_unauthorised_request_is_refused_in_the_vendors_own_words_and_changes_nothing(own):
    simulator = own()
    plan(simulator, {"do": "unauthorised"})
    answer = new_client(simulator)
    assert (answer.status_code, answer.json()["error"]) == (401, "unauthenticated")
    assert new_client(simulator).status_code == 200


def refresh(simulator, connection: dict) -> httpx.Response:
    names = ("client_id", "client_secret", "refresh_token", "redirect_uri")
    form = {"grant_type": "refresh_token"} | {name: connection[name] for name in names}
    return simulator.http.post("/auth/oauth/token", data=form)


def test_tokens_rotated_elsewhere_are_good_for_nothing_until_somebody_fetches_the_new_ones(own):
    simulator = own()
    before = simulator.connection
    plan(simulator, {"do": "unauthorised", "rotated": True, "at": [2]})
    assert statuses(simulator, 3) == [200, 401, 401]
    answer = refresh(simulator, before)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    simulator.sign_in()
    assert simulator.connection["refresh_token"] != before["refresh_token"]
    assert statuses(simulator, 1) == [200]
    assert refresh(simulator, simulator.connection).status_code == 200


def test_a_lost_answer_of_the_token_endpoint_uses_the_refresh_token_up(own):
    simulator = own()
    plan(simulator, {"do": "lose_refresh"})
    assert statuses(simulator, 1) == [200]
    with pytest.raises(httpx.TransportError):
        refresh(simulator, simulator.connection)
    assert refresh(simulator, simulator.connection).json()["error"] == "invalid_grant"


# ----------------------------------------------------------------------------------- time and pages


def test_a_read_lags_behind_the_writes_whose_own_answers_do_not(own, tools):
    simulator = own()
    old = simulator.client(organization="Old Ltd")
    plan(simulator, {"do": "lag", "seconds": 0.6})
    new = simulator.client(organization="New Ltd")
    answer = simulator.put(f"/users/clients/{old['id']}", {"client": {"organization": "Renamed Ltd"}})
    assert tools.one(answer)["organization"] == "Renamed Ltd"
    assert simulator.listed("/users/clients") == [old["id"]]
    assert simulator.listed("/users/clients", "search[organization_like]=renamed") == []
    assert simulator.get(f"/users/clients/{new['id']}").status_code == 404
    assert tools.one(simulator.get(f"/users/clients/{old['id']}"))["organization"] == "Old Ltd"
    time.sleep(0.7)
    assert simulator.listed("/users/clients") == [old["id"], new["id"]]
    assert simulator.listed("/users/clients", "search[organization_like]=renamed") == [old["id"]]


def test_writes_under_lag_see_the_present_and_nothing_is_lost(own, tools):
    simulator = own()
    plan(simulator, {"do": "lag", "seconds": 30})
    client = simulator.client()
    invoice = simulator.sent(client)
    simulator.pay(invoice, "44.00")
    simulator.pay(invoice, "100.00")
    assert simulator.listed("/invoices/invoices") == []
    assert simulator.get(f"/invoices/invoices/{invoice['id']}").status_code == 404
    simulator.http.delete("/_sandbox/faults")
    assert simulator.read(invoice)["outstanding"]["amount"] == "0.00"
    assert [line["sequence"] for line in writes(simulator)] == [1, 2, 3, 4, 5]


def test_a_token_just_issued_is_good_at_once_whatever_the_lists_show(own):
    simulator = own()
    plan(simulator, {"do": "lag", "seconds": 30})
    token = refresh(simulator, simulator.connection).json()["access_token"]
    answer = simulator.http.get(
        simulator.account + "/users/clients", headers={"Authorization": f"Bearer {token}"}
    )
    assert answer.status_code == 200


def test_a_lag_by_chance_is_told_read_by_read(own):
    simulator = own()
    plan(simulator, {"do": "lag", "seconds": [0, 2], "rate": 0.5}, seed=9)
    statuses(simulator, 40)
    lags = [line["seconds"] for line in told(simulator)["record"]]
    assert 8 <= len(lags) <= 32
    assert all(0 <= lag <= 2 for lag in lags)
    assert len(set(lags)) > 3


@pytest.mark.parametrize(("by", "second"), [(1, [3, 4]), (-1, [1, 2])])
def test_a_page_passes_over_a_row_or_repeats_one(own, by, second):
    simulator = own()
    ids = [simulator.client(email=f"{n}@b.example")["id"] for n in range(5)]
    plan(simulator, {"do": "page_shift", "by": by})

    def page(number: int) -> list[int]:
        result = simulator.get("/users/clients", per_page=2, page=number).json()["response"]["result"]
        assert result["total"] == 5
        return [ids.index(client["id"]) for client in result["clients"]]

    assert [page(1), page(2)] == [[0, 1], second]
    simulator.http.delete("/_sandbox/faults")
    assert page(2) == [2, 3]


@pytest.mark.parametrize("seconds", [600, -600])
def test_the_vendors_clock_is_off_in_headers_and_stamps_but_simulated_time_is_not(own, seconds):
    simulator = own()
    plan(simulator, {"do": "clock", "seconds": seconds})
    answer = simulator.get("/users/clients")
    off = parsedate_to_datetime(answer.headers["Date"]) - datetime.now(UTC)
    assert abs(off.total_seconds() - seconds) < 5
    assert len(answer.headers.get_list("Date")) == 1
    now = datetime.fromisoformat(simulator.http.get("/_sandbox/clock").json()["now"])
    stamp = datetime.fromisoformat(simulator.client()["signup_date"]).replace(tzinfo=UTC)
    assert abs((stamp - now).total_seconds() - seconds) < 5
    assert abs((datetime.fromisoformat(writes(simulator)[-1]["time"]) - now).total_seconds()) < 5
    simulator.http.delete("/_sandbox/faults")
    later = simulator.get("/users/clients").headers["Date"]
    assert abs((parsedate_to_datetime(later) - datetime.now(UTC)).total_seconds()) < 5


# ------------------------------------------------------------------------------------ from a file


def test_a_file_of_faults_is_there_from_the_start_and_again_after_a_reset(fresh, tmp_path):
    file = tmp_path / "faults.yml"
    file.write_text("seed: 4\nfreshbooks:\n  - {do: answer, status: 503, at: [1]}\nm3:\n  - {do: lag}\n")
    simulator = fresh("--faults", str(file))
    assert told(simulator)["seed"] == 4
    assert statuses(simulator, 2) == [503, 200]
    simulator.http.post("/_sandbox/reset")
    simulator.sign_in()
    assert statuses(simulator, 2) == [503, 200]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "seed: 1\nfreshbooks:\n  - do: delay\n    seconds: long\n",
            "line 4: freshbooks, fault 1: seconds: is 'long'",
        ),
        (
            "freshbooks:\n  - do: delay\n  - do: delay\n    speed: 1\n",
            "line 4: freshbooks, fault 2: speed: delay has no",
        ),
        ("freshbooks:\n  - {do: vanish}\n", "line 2: freshbooks, fault 1: do: is 'vanish'; known are refuse"),
        ("sage:\n  - {do: delay}\n", "line 2: sage is no section"),
        ("seed: soon\n", "line 1: seed: is 'soon'"),
        ("freshbooks:\n  do: delay\n", "line 2: freshbooks: a section is a list"),
        ("freshbooks: [\n", "is not YAML"),
        ("freshbooks:\n  - {do: refuse}\n", "refuse cannot begin with the start"),
        (None, "cannot be read"),
    ],
)
def test_a_mistake_in_the_file_is_one_line_with_its_place_and_exit_code_2(tmp_path, text, says):
    file = tmp_path / "faults.yml"
    if text is not None:
        file.write_text(text)
    command = [sys.executable, "-m", "fbinfor_assets.sandbox.freshbooks", "--port", "0"]
    command += ["--state", str(tmp_path / "s"), "--faults", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert says in done.stderr
