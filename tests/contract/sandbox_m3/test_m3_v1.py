"""Contract: m3api-rest v1, as the vendor's own client calls and reads it (infor-api 2.4).

The bodies asserted here are those of the vendor's client (m3-odin: matrix parameters, `_rid`, `fnd-csrf-token`,
MIRecord/NameValue), of KB 2159861 (records and an error in one answer) and of bodies recorded from a tenant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from xml.etree import ElementTree

import httpx
import pytest

from fbinfor_assets.sandbox.m3.switches import SWITCHES

from .simulator import Simulator

DEFAULTS = {name: switch.default for name, switch in SWITCHES.items()}
JSON = {"Accept": "application/json"}
XML = "{http://lawson.com/m3/miaccess}"


@pytest.fixture
def old(m3: Simulator) -> Iterator[Callable[..., httpx.Response]]:
    """Call v1 directly, without the gateway, by HTTP Basic; `.switches` are at their defaults again afterwards."""
    account = m3.http.get("/_sandbox/connection").json()["direct"]

    def call(path: str, **more: object) -> httpx.Response:
        base = m3.http.base_url
        login = (account["user"], account["password"])
        return httpx.get(f"{base}/m3api-rest/{path}", **{"auth": login, "headers": JSON, **more})

    yield call
    m3.people("switches", **DEFAULTS)


def execute(call: Callable[..., httpx.Response], path: str, **record: str) -> dict:
    answer = call(f"execute/{path}", params={**record, "_rid": "x1"})
    assert answer.status_code == 200, answer.text
    return answer.json()


def values(record: dict) -> dict[str, str]:
    return {pair["Name"]: pair["Value"] for pair in record["NameValue"]}


def test_a_list_is_records_of_padded_values_with_metadata(m3: Simulator, old: Callable) -> None:
    m3.customer("FB00000001")
    m3.customer("FB00000002")
    matrix = ";metadata=true;maxrecs=1;excludempty=false;cono=100;divi=AAA;returncols=CUNO,CUNM,RGDT"
    body = execute(old, f"CRS610MI/LstByNumber{matrix}")
    assert (body["Program"], body["Transaction"]) == ("CRS610MI", "LstByNumber")
    assert body["Metadata"]["Field"][0] == {
        "@name": "CUNO",
        "@type": "A",
        "@length": 10,
        "@description": "Customer number",
    }
    assert [record["RowIndex"] for record in body["MIRecord"]] == [0]
    assert values(body["MIRecord"][0]) == {"CUNO": "FB00000001", "CUNM": "Acme Ltd".ljust(36)}


def test_types_tell_texts_numbers_and_dates_apart(m3: Simulator, old: Callable) -> None:
    m3.customer()
    fields = execute(old, "CRS610MI/GetBasicData;metadata=true", CUNO="FB00000001")["Metadata"]["Field"]
    kinds = {field["@name"]: field["@type"] for field in fields}
    assert (kinds["CUNM"], kinds["CUTP"], kinds["RGDT"]) == ("A", "N", "D")


def test_empty_values_are_left_out_when_asked(m3: Simulator, old: Callable) -> None:
    m3.customer()
    body = execute(old, "CRS610MI/GetBasicData;excludempty=true", CUNO="FB00000001")
    assert "CUA2" not in values(body["MIRecord"][0]) and "CUA1" in values(body["MIRecord"][0])


def test_a_write_without_output_answers_one_record_without_values(m3: Simulator, old: Callable) -> None:
    m3.customer()
    body = execute(old, "CRS610MI/ChgOrderInfo;metadata=false", CUNO="FB00000001", TEPY="T14")
    assert body["MIRecord"] == [{"RowIndex": 0, "NameValue": []}] and body["Metadata"] == {"Field": []}
    assert m3.one("CRS610MI", "GetOrderInfo", CUNO="FB00000001")["TEPY"] == "T14"


def test_a_refusal_is_a_bare_error_with_http_200(m3: Simulator, old: Callable) -> None:
    body = execute(old, "CRS610MI/GetBasicData", CUNO="NOBODY")
    assert body.pop("Message").split() == ["Record", "does", "not", "exist", "CUNO", "XRE0103"]
    assert body == {"@type": "ServerReturnedNOK", "@code": "XRE0103", "@cfg": "  ", "@field": "CUNO"}
    missing = execute(old, "CRS610MI/GetBasicData")
    assert (missing["@type"], missing["@code"], missing["@field"]) == (
        "MandatoryInputFieldNotFound",
        None,
        "CUNO",
    )
    assert execute(old, "CRS610MI/Invent")["@type"] == "TransactionNotFound"


def test_a_list_can_break_off_half_way(m3: Simulator, old: Callable) -> None:
    m3.people("switches", list_breaks_after=3)
    body = execute(old, "CRS045MI/LstByCode;maxrecs=0")
    assert len(body["MIRecord"]) == 3
    assert body["ErrorMessage"]["@code"] == "CPF9898" and body["ErrorMessage"]["Message"]
    entry = m3.call("CRS045MI", "LstByCode", maxrecs=0)
    assert len(entry["records"]) == 3 and entry["errorCode"] == "CPF9898", "the same by v2"


def test_an_empty_list_has_no_records_where_it_is_no_error(m3: Simulator, old: Callable) -> None:
    assert execute(old, "CRS610MI/LstByNumber")["@code"] == "XRE0103"
    m3.people("switches", empty_list="no_records")
    assert execute(old, "CRS610MI/LstByNumber")["MIRecord"] is None


def test_what_differs_between_releases_is_a_switch(m3: Simulator, old: Callable) -> None:
    m3.people(
        "switches", v1_single_field="object", v1_values="trimmed", v1_metadata="on_request", nok_text="plain"
    )
    m3.customer()
    asked = "CRS610MI/GetBasicData;returncols=CUNM"
    body = execute(old, f"{asked};metadata=true", CUNO="FB00000001")
    assert body["Metadata"]["Field"]["@name"] == "CUNM"
    assert values(body["MIRecord"][0]) == {"CUNM": "Acme Ltd"}
    assert execute(old, asked, CUNO="FB00000001")["Metadata"] == {"Field": []}
    assert execute(old, asked, CUNO="NOBODY")["Message"] == "Record does not exist"


def test_without_accept_the_same_answer_is_xml(m3: Simulator, old: Callable) -> None:
    m3.customer(CUNM="Ben & <Sons>")
    answer = old("execute/CRS610MI/GetBasicData;returncols=CUNM", params={"CUNO": "FB00000001"}, headers={})
    assert answer.headers["Content-Type"].startswith("application/xml")
    root = ElementTree.fromstring(answer.text)
    assert root.tag == f"{XML}miResult"
    assert root.find(f"{XML}Metadata/{XML}Field").attrib["name"] == "CUNM"
    assert root.findtext(f"{XML}MIRecord/{XML}NameValue/{XML}Value").rstrip() == "Ben & <Sons>"
    refused = old("execute/CRS610MI/GetBasicData", params={"CUNO": "NOBODY"}, headers={})
    error = ElementTree.fromstring(refused.text)
    assert error.tag == f"{XML}ErrorMessage"
    assert (error.attrib["type"], error.attrib["code"]) == ("ServerReturnedNOK", "XRE0103")


def test_v1_through_the_gateway_needs_a_token(m3: Simulator) -> None:
    path = f"/{m3.ionapi['ti']}/M3/m3api-rest/execute/GENERAL/GetServerTime"
    assert m3.http.get(path, headers=JSON).json()["MIRecord"]
    assert m3.http.get(path, headers={**JSON, "Authorization": ""}).status_code == 401


def test_direct_calls_need_the_account_or_a_token(m3: Simulator, old: Callable) -> None:
    refused = old("execute/GENERAL/GetServerTime", auth=("M3SIM", "wrong"))
    assert refused.status_code == 401 and refused.headers["WWW-Authenticate"].startswith("Basic")
    answer = m3.http.get("/m3api-rest/v2/execute/GENERAL/GetServerTime")
    assert answer.json()["results"][0]["records"]


def test_csrf_token_is_text_and_can_be_required(m3: Simulator, old: Callable) -> None:
    assert old("execute/GENERAL/GetServerTime").status_code == 200
    m3.people("switches", csrf="checked")
    assert old("execute/GENERAL/GetServerTime").status_code == 403
    token = old("csrf")
    assert token.headers["Content-Type"].startswith("text/plain") and len(token.text) > 10
    headers = {**JSON, "fnd-csrf-token": token.text}
    assert old("execute/GENERAL/GetServerTime", headers=headers).status_code == 200
    m3.people("switches", csrf="missing")
    assert old("csrf").status_code == 404
