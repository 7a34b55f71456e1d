"""Contract: what the gateway refuses, holds back or gives up on (infor-api 1.3, 1.4)."""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fbinfor_assets.sandbox.m3.policies import Policies
from fbinfor_assets.sandbox.m3.switches import SWITCHES

from .simulator import Simulator

DEFAULTS = {name: switch.default for name, switch in SWITCHES.items()}


@pytest.fixture
def gateway(m3: Simulator) -> Iterator[Simulator]:
    """The shared simulator; its switches go back to their defaults for the next test."""
    m3.people("switches", **DEFAULTS)
    yield m3
    m3.people("switches", **DEFAULTS)


def ask(m3: Simulator, **headers: str) -> httpx.Response:
    return m3.http.get(f"{m3.path}/GENERAL/GetServerTime", headers=headers)


# ------------------------------------------------------------------------------------- admission


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", "Bearer nobody", "Basic eDp5", "Token x", "Bearer " + "x" * 5000],
    ids=["none", "no token", "unknown", "basic", "other scheme", "very long"],
)
def test_without_a_valid_token_nothing_is_opened(m3: Simulator, authorization: str) -> None:
    answer = ask(m3, Authorization=authorization)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_expired_token_is_refused(gateway: Simulator) -> None:
    gateway.people("switches", token_seconds=1)
    token = gateway.token().json()["access_token"]
    assert ask(gateway, Authorization=f"Bearer {token}").status_code == 200
    time.sleep(1.1)
    assert ask(gateway, Authorization=f"Bearer {token}").status_code == 401


def test_a_refresh_token_is_no_access_token(m3: Simulator) -> None:
    refresh = m3.token().json()["refresh_token"]
    assert ask(m3, Authorization=f"Bearer {refresh}").status_code == 401


def test_headers_of_real_clients_are_tolerated(m3: Simulator) -> None:
    answer = ask(
        m3,
        **{"Host": "mingle-ionapi.eu1.example", "X-TenantId": m3.ionapi["ti"], "X-ClientId": m3.ionapi["ci"]},
    )
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/NOBODY_TST/M3/m3api-rest/v2/execute/GENERAL/GetServerTime",
        "/FBINFOR_SBX/LN/lnapi/odata/tdapi.slsSalesOrder/Orders",
        "/FBINFOR_SBX/M3/m3api-rest/v3/execute/GENERAL/GetServerTime",
        "/FBINFOR_SBX/M3/m3api-rest/v2/execute/GENERAL",
    ],
    ids=["tenant", "suite", "version", "half a path"],
)
def test_unknown_paths_are_404(m3: Simulator, path: str) -> None:
    assert m3.http.get(path).status_code == 404


def test_another_method_is_405_and_names_the_right_one(m3: Simulator) -> None:
    answer = m3.http.delete(f"{m3.path}/GENERAL/GetServerTime")
    assert answer.status_code == 405 and "GET" in answer.headers["Allow"]


def test_missing_entitlement_is_403_even_with_a_new_token(gateway: Simulator) -> None:
    gateway.people("switches", entitlement="missing")
    gateway.sign_in()
    assert ask(gateway).status_code == 403


# -------------------------------------------------------------------------------------- policies


def test_spike_arrest_is_429_and_says_when_if_switched_on(gateway: Simulator) -> None:
    gateway.people("switches", throttling=True, throttling_delay_after=0, throttling_maximum=3)
    statuses = [ask(gateway).status_code for _ in range(5)]
    assert statuses == [200, 200, 200, 429, 429]
    assert "Retry-After" not in ask(gateway).headers
    gateway.people("switches", retry_after="seconds")
    assert 0 < int(ask(gateway).headers["Retry-After"]) <= 60
    assert gateway.token().status_code == 200, "the policy is on M3's endpoint, not on the token server"


def test_a_refused_write_was_not_applied(gateway: Simulator) -> None:
    gateway.people("switches", quota=True, quota_allow=1, quota_seconds=3600)
    gateway.ok("GENERAL", "GetServerTime")
    answer = gateway.http.get(
        f"{gateway.path}/MMS200MI/AddItmViaItmTyp", params={"ITTY": "SHG", "ITDS": "Mug"}
    )
    assert answer.status_code == 429
    gateway.people("switches", quota=False)
    assert gateway.http.get("/_sandbox/writes").json()["writes"][-1]["operation"] == "seed"


def test_rate_smoothing_holds_requests_back_longer_and_longer(gateway: Simulator) -> None:
    gateway.people("switches", throttling=True, throttling_delay_after=2, throttling_delay_milliseconds=150)
    taken = []
    for _ in range(4):
        began = time.perf_counter()
        assert ask(gateway).status_code == 200
        taken.append(time.perf_counter() - began)
    assert taken[0] < 0.15 and taken[2] >= 0.15 and taken[3] >= 0.3


@given(
    arrivals=st.lists(st.integers(0, 30), min_size=1, max_size=80),
    maximum=st.integers(1, 20),
    seconds=st.integers(1, 600),
    after=st.integers(0, 20),
)
def test_no_period_lets_more_through_than_the_policy_allows(
    arrivals: list[int], maximum: int, seconds: int, after: int
) -> None:
    switches = DEFAULTS | {
        "throttling": True,
        "throttling_maximum": maximum,
        "throttling_delay_after": after,
        "throttling_period_milliseconds": seconds * 1000,
    }
    policies, now, let_through = Policies(switches), 0.0, []
    for pause in arrivals:
        now += pause
        verdict = policies.arrive("app", "user", now)
        if not verdict.refused:
            let_through.append(now)
            assert (verdict.delay > 0) <= (after > 0)
        else:
            assert 1 <= verdict.retry_after <= seconds
            later = copy.deepcopy(policies)
            assert not later.arrive("app", "user", now + verdict.retry_after).refused
    first = let_through[0]
    assert sum(first <= at < first + seconds for at in let_through) <= maximum


def test_quotas_are_counted_per_app_or_per_user() -> None:
    switches = DEFAULTS | {"quota": True, "quota_allow": 1}
    per_app = Policies(switches)
    assert [bool(per_app.arrive("app", user, 0).refused) for user in "ab"] == [False, True]
    assert not per_app.arrive("other app", "a", 0).refused
    per_user = Policies(switches | {"quota_user_level": True})
    assert [bool(per_user.arrive("app", user, 0).refused) for user in "aba"] == [False, False, True]


# -------------------------------------------------------------------------------------- time-outs


def test_a_call_slower_than_the_gateway_is_applied_and_answered_with_504(gateway: Simulator) -> None:
    gateway.people("switches", target_milliseconds=400, gateway_timeout_milliseconds=200)
    before = gateway.http.get("/_sandbox/writes").json()["next"]
    record = {"CUTM": "FBTPL", "CUNM": "Acme", "CUA1": "1 Main St", "CSCD": "GB", "CUNO": "SLOW"}
    answer = gateway.http.get(f"{gateway.path}/CRS610MI/Add", params=record)
    assert answer.status_code == 504
    gateway.people("switches", target_milliseconds=0)
    assert gateway.one("CRS610MI", "GetBasicData", CUNO="SLOW")["CUNM"] == "Acme"
    (write,) = gateway.http.get("/_sandbox/writes", params={"after": before}).json()["writes"]
    assert write["key"] == "SLOW" and write["delivered"] is False


def test_a_slow_call_within_the_time_out_is_answered(gateway: Simulator) -> None:
    gateway.people("switches", target_milliseconds=200)
    began = time.perf_counter()
    assert ask(gateway).status_code == 200 and time.perf_counter() - began >= 0.2


def test_while_one_call_waits_others_are_served(gateway: Simulator) -> None:
    gateway.people("switches", target_milliseconds=1000)
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(ask, gateway)
        time.sleep(0.2)
        assert httpx.get(f"{gateway.ionapi['iu']}/_sandbox/health").status_code == 200
        assert not waiting.done()
        assert waiting.result().status_code == 200
