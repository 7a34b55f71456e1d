"""Contract: the options of m3api-rest v2 and the bulk's request (infor-api 2.1, 2.2)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fbinfor_assets.sandbox.m3.mi import DATE_FORMATS, Nok, format_date, parse_date
from fbinfor_assets.sandbox.m3.rest import read_json
from fbinfor_assets.sandbox.m3.switches import SWITCHES

from .simulator import Simulator

DEFAULTS = {name: switch.default for name, switch in SWITCHES.items()}


@pytest.fixture
def tuned(m3: Simulator) -> Iterator[Simulator]:
    """The shared simulator; its switches go back to their defaults afterwards."""
    yield m3
    m3.people("switches", **DEFAULTS)


def post(m3: Simulator, body: Any, **more: Any) -> httpx.Response:
    return m3.http.post(m3.path, json=body, **more)


# ---------------------------------------------------------------------------------------- options


def test_pretty_is_the_default_and_changes_nothing_but_blanks(m3: Simulator) -> None:
    path, asked = f"{m3.path}/CRS045MI/GetBasicData", {"CSCD": "GB"}
    pretty, compact, plain = (
        m3.http.get(path, params=asked | more).text
        for more in ({}, {"format": "COMPACT"}, {"format": "UNFORMATTED"})
    )
    assert pretty.startswith("{\n  ") and "\n" not in compact
    assert json.loads(pretty) == json.loads(compact) == json.loads(plain)


@pytest.mark.parametrize(
    "option",
    [{"format": "LARGE"}, {"dateformat": "ISO"}, {"maxrecs": "-1"}, {"maxrecs": "many"}],
    ids=lambda option: "=".join(*option.items()),
)
def test_an_option_that_cannot_be_read_is_http_400(m3: Simulator, option: dict[str, str]) -> None:
    answer = m3.http.get(f"{m3.path}/GENERAL/GetServerTime", params=option)
    assert answer.status_code == 400 and next(iter(option)) in answer.json()["terminationReason"]


def test_options_of_unknown_effect_are_tolerated(m3: Simulator) -> None:
    more = {"locale": "en-GB", "timeZone": "UTC", "metadata": "true", "returnSystemFields": "false"}
    assert m3.ok("GENERAL", "GetServerTime", **more, _rid="1", **{"$webdav": "false"})


def test_matrix_and_query_parameters_combine(m3: Simulator) -> None:
    m3.customer("FB00000001")
    m3.customer("FB00000002")
    found = m3.ok("CRS610MI", "LstByNumber;maxrecs=0;returncols=CUNO", CUNO="FB00000002", excludeempty="true")
    assert found == [{"CUNO": "FB00000002"}]
    assert m3.ok("CRS610MI;cono=100", "LstByNumber;returncols=CUNO", maxrecs=1) == [{"CUNO": "FB00000001"}]


def test_semicolons_that_were_encoded_separate_too(tuned: Simulator) -> None:
    tuned.customer()
    encoded = f"{tuned.path}/CRS610MI/LstByNumber%3Bmaxrecs%3D1%3Breturncols=CUNO"
    assert tuned.http.get(encoded).json()["results"][0]["records"] == [{"CUNO": "FB00000001"}]
    kept = f"{tuned.path}/EXPORTMI/Select;SEPC=%3B;QERY=OKCUNO%2COKCSCD%20from%20OCUSMA"
    assert tuned.http.get(kept).json()["results"][0]["records"] == [{"REPL": "FB00000001;GB"}]
    tuned.people("switches", encoded_semicolon="is_text")
    assert tuned.http.get(encoded).json()["results"][0]["errorType"] == "TransactionNotFound"


def test_messages_come_in_the_language_asked_for_with_the_same_code(m3: Simulator) -> None:
    texts = {}
    for language in ("", "GB", "DE", "SE", "XX"):
        entry = m3.call("CRS610MI", "ChgBasicData", CUNO="NOBODY", lanc=language)
        assert entry["errorCode"] == "WCU0203"
        texts[language] = " ".join(entry["errorMessage"].split())
    assert texts[""] == texts["GB"] == texts["XX"] == "Customer number NOBODY does not exist CUNO WCU0203"
    assert texts["DE"].startswith("Kundennummer NOBODY ist nicht") and texts["SE"].startswith("Kundnummer")


def test_another_user_of_the_tenant_and_nobody_else(tuned: Simulator) -> None:
    assert tuned.one("GENERAL", "GetUserInfo", m3user="anna")["ZZUSID"] == "ANNA"
    assert tuned.nok("GENERAL", "GetUserInfo", m3user="NOBODY") == "X_01003"
    tuned.people("switches", unknown_user="ignored")
    assert tuned.one("GENERAL", "GetUserInfo", m3user="NOBODY")["ZZUSID"] == "NOBODY"


def test_negative_numbers_lead_or_trail(tuned: Simulator) -> None:
    tuned.customer()
    orno = tuned.batch("FB00000001", [("MANUAL", "-1", "5.00")], kind="F02")
    tuned.ok("OIS100MI", "Confirm", ORNO=orno)
    amount = tuned.one(
        "OIS350MI", "LstAllInvByCO", ORNO=tuned.one("OIS100MI", "GetOrderNo", ORNO=orno)["ORNR"]
    )
    assert amount["IVAV"] == "-6.00"
    tuned.people("switches", negative_numbers="trailing")
    amount = tuned.one(
        "OIS350MI", "LstAllInvByCO", ORNO=tuned.one("OIS100MI", "GetOrderNo", ORNO=orno)["ORNR"]
    )
    assert amount["IVAV"] == "6.00-"


def test_a_cut_list_goes_on_from_its_position_key(tuned: Simulator) -> None:
    path, asked = f"{tuned.path}/CRS045MI/LstByCode", {"maxrecs": "100", "returncols": "CSCD"}
    everything = [row["CSCD"] for row in tuned.ok("CRS045MI", "LstByCode", maxrecs=0)]
    found, headers = [], {}
    for _ in range(10):
        entry = tuned.http.get(path, params=asked, headers=headers).json()["results"][0]
        found += [row["CSCD"] for row in entry["records"]]
        if "positionKey" not in entry:
            break
        headers = {"positionkey": entry["positionKey"]}
    assert found == everything
    assert tuned.http.get(path, headers={"positionkey": "nonsense"}).status_code == 400
    tuned.people("switches", position_key="off")
    assert "positionKey" not in tuned.call("CRS045MI", "LstByCode", maxrecs=1)


# ------------------------------------------------------------------------------------------ dates


@given(day=st.dates(min_value=date(2000, 1, 3), max_value=date(2068, 12, 31)))
@pytest.mark.parametrize("style", DATE_FORMATS)
def test_every_date_format_reads_what_it_writes(style: str, day: Any) -> None:
    stored = day.strftime("%Y%m%d")
    assert parse_date(format_date(stored, style), "ORDT", style=style) == stored


@pytest.mark.parametrize("text", ["2026-10-01", "20261301", "261001", "2026100", "x", "20260229"])
def test_what_is_no_date_is_xdt0001(text: str) -> None:
    with pytest.raises(Nok, match="Incorrect date") as refused:
        parse_date(text, "ORDT")
    assert (refused.value.code, refused.value.field) == ("XDT0001", "ORDT")


# ------------------------------------------------------------------------------------------- bulk


def test_a_bulk_takes_its_options_from_the_body_before_the_query(m3: Simulator) -> None:
    call = {"transaction": "LstByCode", "record": {}}
    body = {
        "program": "CRS045MI",
        "maxReturnedRecords": 2,
        "excludeEmptyValues": True,
        "transactions": [call],
    }
    found = post(m3, body, params={"maxrecs": "5", "extendedresult": "true", "format": "COMPACT"})
    (entry,) = found.json()["results"]
    assert len(entry["records"]) == 2 and "TXID" not in entry["records"][0]
    assert entry["parameters"] == {} and "\n" not in found.text


def test_numbers_in_a_record_may_be_json_numbers_and_stay_exact(m3: Simulator) -> None:
    m3.customer()
    orno = m3.one("OIS100MI", "AddBatchHead", CUNO="FB00000001")["ORNO"]
    body = (
        '{"program": "OIS100MI", "cono": 100, "transactions": [{"transaction": "AddBatchLine", "record":'
        f' {{"ORNO": "{orno}", "ITNO": "MANUAL", "ORQT": 3, "SAPR": 1234567890.120001, "CUPO": null}}}}]}}'
    )
    headers = {"Content-Type": "application/json; charset=UTF-8"}
    answer = m3.http.post(m3.path, content=body.encode(), headers=headers).json()
    assert answer["nrOfFailedTransactions"] == 0, answer
    line = m3.one("OIS100MI", "LstBatchLine", ORNO=orno)
    assert (line["ORQT"], line["SAPR"]) == ("3", "1234567890.120001")


@given(
    number=st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**12), max_value=10**12)
)
def test_no_digit_of_a_json_number_is_lost(number: Any) -> None:
    assert read_json(f'{{"SAPR": {number:f}}}'.encode()) == {"SAPR": f"{number:f}"}


def test_texts_are_utf_8(m3: Simulator) -> None:
    m3.customer(CUNM="Ångström & Söhne ß €")
    assert m3.one("CRS610MI", "GetBasicData", CUNO="FB00000001")["CUNM"] == "Ångström & Söhne ß €"
    wrong = m3.http.post(m3.path, content=b'{"program": "\xff"', headers={"Content-Type": "application/json"})
    assert wrong.status_code == 400


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b"[]", b'{"program": "GENERAL", "transactions": [], "cono": 1}', b'{"program": null, "transactions": []}',
     b'{"program": "GENERAL", "transactions": [{}]}', b'{"program": "GENERAL", "transactions": [1]}',
     b'{"program": "GENERAL", "maxReturnedRecords": "x", "transactions": []}', b'{"a": NaN}'],
)  # fmt: skip
def test_a_body_that_cannot_be_read_is_http_400_and_says_so(m3: Simulator, raw: bytes) -> None:
    answer = m3.http.post(m3.path, content=raw, headers={"Content-Type": "application/json"})
    body = answer.json()
    assert answer.status_code == 400
    assert body["wasTerminated"] and body["terminationReason"] and body["terminationErrorType"]
    assert body["results"] == []


def test_a_body_declared_as_something_else_is_http_415(tuned: Simulator) -> None:
    raw = b'{"program": "GENERAL", "transactions": [{"transaction": "GetServerTime"}]}'
    headers = {"Content-Type": "text/plain"}
    assert tuned.http.post(tuned.path, content=raw, headers=headers).status_code == 415
    assert tuned.http.post(tuned.path, content=raw).status_code == 200, "without a declaration it is read"
    tuned.people("switches", bulk_content_type="ignored")
    assert tuned.http.post(tuned.path, content=raw, headers=headers).status_code == 200


def test_an_empty_bulk_and_an_unknown_program_are_answered(m3: Simulator) -> None:
    assert post(m3, {"program": "GENERAL", "transactions": []}).json()["results"] == []
    (entry,) = m3.bulk("NOSUCHMI", ("Get", {}))["results"]
    assert entry["errorType"] == "TransactionNotFound" and entry["records"] == []


def test_a_bulk_of_101_as_a_real_client_sends_it(m3: Simulator) -> None:
    answer = m3.bulk("GENERAL", *[("GetServerTime", {})] * 101)
    assert answer["nrOfSuccessfullTransactions"] == 101


def test_what_a_stopped_bulk_did_not_come_to_is_not_processed(tuned: Simulator) -> None:
    tuned.people("switches", bulk_stops_after=2)
    add = ("AddItmViaItmTyp", {"ITTY": "SHG", "ITDS": "Mug"})
    bad = ("GetItmBasic", {"ITNO": "NOBODY"})
    answer = tuned.bulk("MMS200MI", add, bad, bad, add, add)
    assert [entry["notProcessed"] for entry in answer["results"]] == [False, False, False, True, True]
    assert (
        answer["wasTerminated"]
        and answer["terminationReason"]
        and answer["nrOfNotProcessedTransactions"] == 2
    )
    assert (answer["nrOfSuccessfullTransactions"], answer["nrOfFailedTransactions"]) == (1, 2)
    added = tuned.http.get("/_sandbox/writes").json()["writes"]
    assert sum(write["operation"] == "MMS200MI/AddItmViaItmTyp" for write in added) == 1


def test_a_client_with_a_fixed_company_can_be_let_in(tuned: Simulator) -> None:
    calls = [("GetServerTime", {})]
    assert tuned.bulk("GENERAL", *calls, cono=410)["results"][0]["errorCode"] == "XAU0008"
    tuned.people("switches", company_context="ignored")
    assert tuned.bulk("GENERAL", *calls, cono=410)["nrOfFailedTransactions"] == 0


def test_the_company_has_another_number_and_no_third(m3: Simulator) -> None:
    m3.customer("FB00000409")
    assert m3.one("CRS610MI", "GetBasicData", CUNO="FB00000409", cono="409")["CONO"] == "100"
    assert m3.nok("CRS610MI", "GetBasicData", CUNO="FB00000409", cono="410") == "XAU0008"
