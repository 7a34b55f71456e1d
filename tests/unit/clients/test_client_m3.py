"""The M3 client: envelopes, refusals by code, bulk in order, and nothing repeated but reads."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from urllib.parse import parse_qsl

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError as SettingsError
from vendor_script import AT_ONCE, infor_settings

from fbinfor_assets.clients import (
    AuthorisationError,
    ConnectError,
    InDoubt,
    Interrupted,
    NotFound,
    ParseError,
    ServerError,
    Unsupported,
    ValidationError,
)
from fbinfor_assets.clients.errors import Call
from fbinfor_assets.clients.infor import IonApi, M3Client, is_read
from fbinfor_assets.clients.infor.faults import error_of, gateway_refusals, refusal_of


def ok(*records, transaction="GetBasicData"):
    return {"transaction": transaction, "notProcessed": False, "records": list(records)}


def nok(code, text="Record does not exist", field="CUNO", kind="ServerReturnedNOK", **more):
    return {
        "transaction": "Add",
        "errorMessage": f"{text:<132}{field:<10}{code}",
        "errorCode": code,
        "errorField": field,
        "errorType": kind,
        "records": [],
        **more,
    }


def envelope(*results, **more):
    return {"results": list(results), "wasTerminated": False, **more}


# -------------------------------------------------------------------------------------------------- requests


def test_a_transaction_is_a_get_with_context_options_and_fields(make_m3):
    client, vendor = make_m3(envelope(ok({"CUNO": "ACME01    ", "CRLM": 5, "MAIL": None})))
    rows = client.execute(
        "CRS610MI",
        "GetBasicData",
        {"CUNO": "ACME01", "CRLM": Decimal("5.00"), "DIVI": None},
        returncols=["CUNO", "MAIL"],
    )
    assert rows == [{"CUNO": "ACME01", "CRLM": "5", "MAIL": ""}]
    request = vendor.requests[0]
    assert request.method == "GET"
    assert request.url.path == "/ACME_TST/M3/m3api-rest/v2/execute/CRS610MI/GetBasicData"
    assert parse_qsl(request.url.query.decode()) == [
        ("cono", "100"),
        ("divi", "AAA"),
        ("maxrecs", "0"),
        ("dateformat", "YMD8"),
        ("excludeempty", "false"),
        ("righttrim", "true"),
        ("format", "UNFORMATTED"),
        ("extendedresult", "false"),
        ("returncols", "CUNO,MAIL"),
        ("CUNO", "ACME01"),
        ("CRLM", "5.00"),
    ]


@pytest.mark.parametrize("value", [1.5, True, ["x"]])
def test_a_value_that_is_neither_text_nor_exact_is_refused(make_m3, value):
    client, vendor = make_m3(envelope(ok()))
    with pytest.raises(TypeError, match="ORQT"):
        client.execute("OIS100MI", "AddBatchLine", {"ORQT": value})
    assert vendor.requests == []


def test_transactions_come_last_in_a_bulk_and_keep_their_order(make_m3):
    client, vendor = make_m3(envelope(ok({"CUNO": "A"}), ok({"CUNO": "B"})))
    results = client.bulk(
        "CRS610MI", [("Add", {"CUNO": "A"}), ("ChgBasicData", {"CUNO": "B"})], returncols=["CUNO"]
    )
    assert [(r.transaction, r.ok, r.records) for r in results] == [
        ("Add", True, [{"CUNO": "A"}]),
        ("ChgBasicData", True, [{"CUNO": "B"}]),
    ]
    body = json.loads(vendor.requests[0].content)
    assert list(body)[-1] == "transactions"
    assert body == {
        "program": "CRS610MI",
        "cono": 100,
        "divi": "AAA",
        "excludeEmptyValues": False,
        "rightTrim": True,
        "maxReturnedRecords": 0,
        "transactions": [
            {"transaction": "Add", "record": {"CUNO": "A"}, "selectedColumns": ["CUNO"]},
            {"transaction": "ChgBasicData", "record": {"CUNO": "B"}, "selectedColumns": ["CUNO"]},
        ],
    }


def echo(request: httpx.Request) -> httpx.Response:
    transactions = json.loads(request.content)["transactions"]
    return httpx.Response(
        200, json=envelope(*(ok(t["record"], transaction=t["transaction"]) for t in transactions))
    )


@given(st.integers(0, 260), st.integers(1, 100))
def test_a_bulk_of_any_size_keeps_its_order_in_chunks_of_at_most_the_limit(count, limit):
    sizes = []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("token.oauth2"):
            return httpx.Response(200, json={"access_token": "t", "expires_in": 7200})
        sizes.append(len(json.loads(request.content)["transactions"]))
        return echo(request)

    client = M3Client.from_settings(infor_settings(bulk_limit=limit), transport=httpx.MockTransport(answer))
    results = client.bulk("MMS200MI", [("AddItmViaItmTyp", {"ITNO": str(n)}) for n in range(count)])
    assert [r.records[0]["ITNO"] for r in results] == [str(n) for n in range(count)]
    assert all(size <= limit for size in sizes)
    assert sum(sizes) == count


@pytest.mark.parametrize(
    ("program", "transaction", "reads"),
    [
        ("CRS610MI", "GetBasicData", True),
        ("CRS610MI", "LstByNumber", True),
        ("MMS200MI", "SelItem", True),
        ("OIS100MI", "SearchHead", True),
        ("EXPORTMI", "Select", True),
        ("GENERAL", "GetServerTime", True),
        ("CRS610MI", "Add", False),
        ("OIS100MI", "Confirm", False),
        ("OIS100MI", "DelBatchHead", False),
        ("ARS040MI", "ControlBatch", False),
        ("CRS165MI", "RtvNextNumber", False),
    ],
)
def test_a_transaction_reads_or_writes_by_its_name(program, transaction, reads):
    assert is_read(program, transaction) is reads


# --------------------------------------------------------------------------------------------------- answers


def test_no_such_record_is_none_for_get_empty_for_list_and_an_error_for_execute(make_m3):
    client, _ = make_m3(envelope(nok("XRE0103")))
    assert client.get("CRS610MI", "GetBasicData", {"CUNO": "X"}) is None
    assert client.list("CRS610MI", "LstByNumber") == []
    with pytest.raises(NotFound, match="CUNO X"):
        client.execute("CRS610MI", "GetBasicData", {"CUNO": "X"})


def test_a_list_that_breaks_off_half_way_is_an_error_and_not_a_short_list(make_m3):
    broken = nok("XRE0103", records=[{"CUNO": "A"}])
    client, _ = make_m3(envelope(broken), envelope(broken), envelope({**broken, "errorCode": "CPF9898"}))
    for _ in range(3):
        with pytest.raises((NotFound, ValidationError)) as caught:
            client.list("CRS610MI", "LstByNumber")
        assert caught.value.partial_records == [{"CUNO": "A"}]


def test_a_message_is_cleaned_of_padding_field_and_code():
    refusal = refusal_of(nok("WCU0203", "Customer number  X \n does not exist"))
    assert refusal == ("WCU0203", "CUNO", "Customer number X does not exist", None)


def test_a_code_that_stands_only_in_the_text_is_found_there():
    assert refusal_of({"errorMessage": "Record does not exist      CUNO      XRE0103"}) == (
        "XRE0103",
        "CUNO",
        "Record does not exist",
        None,
    )


def test_an_ordinary_last_word_is_not_taken_for_a_code():
    assert refusal_of({"errorMessage": "Order type F01 is closed for 2026"}) == (
        None,
        None,
        "Order type F01 is closed for 2026",
        None,
    )


@pytest.mark.parametrize(
    ("result", "kind", "error_class"),
    [
        (nok("XRE0103"), NotFound, "missing"),
        (nok("XRE0104", "Datensatz ist bereits vorhanden"), ValidationError, "duplicate"),
        (nok("WCU0204"), ValidationError, "duplicate"),
        (nok("WCU0203"), ValidationError, "missing"),
        (nok("WIT0102"), ValidationError, "missing"),
        (nok("WFAC301"), ValidationError, "value"),
        (nok("XNU0000"), ValidationError, "value"),
        (nok("XAU0008"), AuthorisationError, "authorisation"),
        (nok("X_01003"), AuthorisationError, "authorisation"),
        (nok("XUP0001"), ServerError, "intermittent"),
        (nok("", kind="TransactionNotFound"), Unsupported, "value"),
        (nok("", kind="MandatoryInputFieldNotFound"), ValidationError, "missing"),
        (nok("", kind="InputFieldTooLong"), ValidationError, "value"),
    ],
)
def test_each_code_becomes_the_error_of_its_class_whatever_the_language(make_m3, result, kind, error_class):
    client, vendor = make_m3(envelope(result))
    with pytest.raises(kind) as caught:
        client.execute("CRS610MI", "Add", {"CUNO": "FB1"})
    assert caught.value.error_class == error_class
    assert "infor: CRS610MI Add CUNO FB1" in str(caught.value)
    assert len(vendor.requests) == 1


def test_codes_of_a_tenant_can_mean_not_found_for_reads_only(make_m3):
    client, _ = make_m3(envelope(nok("WOR0303")), not_found_codes=["XRE0103", "WOR0303"])
    assert client.get("OIS100MI", "GetHead", {"ORNO": "1"}) is None
    with pytest.raises(ValidationError):
        client.execute("OIS100MI", "AddBatchLine", {"ORNO": "1"})


def test_each_transaction_of_a_bulk_has_its_own_outcome(make_m3):
    client, _ = make_m3(
        envelope(
            ok({"CUNO": "A"}),
            nok("WCU0204"),
            {"transaction": "Add", "notProcessed": True},
            nok("CPF9898", records=[{"CUNO": "D"}]),
        )
    )
    results = client.bulk("CRS610MI", [("Add", {"CUNO": c}) for c in "ABCD"])
    assert [(r.ok, r.not_processed, r.error and r.error.error_class) for r in results] == [
        (True, False, None),
        (False, False, "duplicate"),
        (False, True, None),
        (False, False, "value"),
    ]
    assert results[3].records == [{"CUNO": "D"}]
    assert "CUNO B" in str(results[1].error)


def test_what_a_terminated_job_did_not_reach_is_not_processed(make_m3):
    client, _ = make_m3(envelope(ok(), wasTerminated=True, terminationReason="x"))
    results = client.bulk("CRS610MI", [("Add", {"CUNO": c}) for c in "ABC"])
    assert [(r.ok, r.not_processed) for r in results] == [(True, False), (False, True), (False, True)]


def test_a_result_that_is_simply_missing_is_in_doubt(make_m3):
    client, _ = make_m3(envelope(ok()))
    results = client.bulk("CRS610MI", [("Add", {"CUNO": c}) for c in "AB"])
    assert isinstance(results[1].error, InDoubt)
    assert not results[1].not_processed


@pytest.mark.parametrize("body", [{}, [], {"results": 5}, {"results": [{}, {}, {}]}, {"results": ["x"]}])
def test_an_envelope_of_another_shape_leaves_a_write_in_doubt(make_m3, body):
    client, _ = make_m3(body)
    with pytest.raises(InDoubt):
        client.execute("CRS610MI", "Add", {"CUNO": "A"})
    with pytest.raises(ParseError):
        client.execute("CRS610MI", "GetBasicData", {"CUNO": "A"})


def test_a_first_chunk_that_was_never_answered_raises(make_m3):
    client, vendor = make_m3((504, {}))
    with pytest.raises(InDoubt):
        client.bulk("CRS610MI", [("Add", {"CUNO": str(n)}) for n in range(150)])
    assert len(vendor.requests) == 1


@pytest.mark.parametrize(
    ("failure", "kind", "not_processed"),
    [((504, {}), InDoubt, False), (httpx.ConnectError("down"), ConnectError, True)],
)
def test_a_later_chunk_that_fails_keeps_the_results_before_it(make_m3, failure, kind, not_processed):
    client, vendor = make_m3(echo, failure)
    results = client.bulk("CRS610MI", [("Add", {"CUNO": str(n)}) for n in range(250)])
    assert [r.ok for r in results] == [True] * 100 + [False] * 150
    assert {type(r.error) for r in results[100:200]} == {kind}
    assert {r.not_processed for r in results[100:200]} == {not_processed}
    assert {(r.error, r.not_processed) for r in results[200:]} == {(None, True)}
    assert len(vendor.requests) == 2


def test_a_bulk_of_reads_is_repeated_and_one_with_a_write_is_not(make_m3):
    client, vendor = make_m3((503, {}), echo)
    assert client.bulk("CRS610MI", [("GetBasicData", {"CUNO": "A"})])[0].ok
    assert len(vendor.requests) == 2
    client, vendor = make_m3((503, {}), echo)
    with pytest.raises(InDoubt):
        client.bulk("CRS610MI", [("GetBasicData", {"CUNO": "A"}), ("Add", {"CUNO": "B"})])
    assert len(vendor.requests) == 1


def test_a_write_over_get_is_never_repeated(make_m3):
    client, vendor = make_m3(httpx.ReadTimeout("60 s"), envelope(ok()))
    with pytest.raises(InDoubt):
        client.execute("OIS100MI", "Confirm", {"ORNO": "1"})
    assert len(vendor.requests) == 1
    client, vendor = make_m3(httpx.ReadTimeout("60 s"))
    with pytest.raises(Interrupted):
        client.execute("OIS100MI", "GetHead", {"ORNO": "1"})
    assert len(vendor.requests) == 4


def test_a_gateway_that_knows_no_such_path_is_not_a_missing_record(make_m3):
    client, _ = make_m3((404, {"error": {"code": "x", "message": "no such API"}}))
    with pytest.raises(Unsupported, match="check iu and ti"):
        client.get("CRS610MI", "GetBasicData", {"CUNO": "A"})


def test_servers_time_is_utc_and_the_stamp_in_milliseconds(make_m3):
    client, _ = make_m3(envelope(ok({"DATE": "20101201", "TIME": "083000", "LMTS": "1291192200123"})))
    assert client.server_time() == (datetime(2010, 12, 1, 8, 30, 0, 123000, tzinfo=UTC), 1291192200123)


@pytest.mark.parametrize("stamp", ["", "x", "9" * 30])
def test_a_clock_that_cannot_be_read_is_an_error(make_m3, stamp):
    client, _ = make_m3(envelope(ok({"LMTS": stamp})))
    with pytest.raises(ParseError):
        client.server_time()


class StartFrom:
    """A list transaction that starts from a key, inclusive, and honours maxrecs."""

    def __init__(self, keys):
        self.keys = sorted(keys)
        self.calls = 0

    def __call__(self, request):
        self.calls += 1
        asked = dict(parse_qsl(request.url.query.decode()))
        rows = [k for k in self.keys if k >= asked.get("FRIT", "")][: int(asked["maxrecs"]) or None]
        return httpx.Response(
            200, json=envelope(ok(*({"ITNO": k} for k in rows)) if rows else nok("XRE0103"))
        )


@given(st.sets(st.text("ABC0", min_size=1, max_size=4), max_size=30), st.integers(1, 7))
def test_a_walk_gives_each_record_once_whatever_the_page(keys, page):
    vendor = StartFrom(keys)
    from vendor_script import Script

    client = M3Client.from_settings(infor_settings(), transport=Script(vendor).transport, retry=AT_ONCE)
    rows = client.walk("MMS200MI", "SelItem", "FRIT", key_field="ITNO", page=page)
    assert [row["ITNO"] for row in rows] == vendor.keys


def test_a_walk_that_does_not_move_on_is_an_error(make_m3):
    client, _ = make_m3(envelope(ok({"ITNO": "A"}, {"ITNO": "A"})))
    with pytest.raises(ParseError, match="does not go on"):
        list(client.walk("MMS200MI", "SelItem", "FRIT", key_field="ITNO", page=1))


# ---------------------------------------------------------------------------------------------------- tokens


def token_transport(*statuses_of_api, issue_refresh=False, refuse_refresh=False):
    asked, used, todo = [], [], list(statuses_of_api)

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/ACME_TST/as/token.oauth2":
            form = dict(parse_qsl(request.content.decode()))
            asked.append(form)
            if refuse_refresh and form["grant_type"] == "refresh_token":
                return httpx.Response(400, json={"error": "invalid_grant"})
            body = {"access_token": f"t{len(asked)}", "token_type": "Bearer", "expires_in": "7200"}
            return httpx.Response(200, json=body | ({"refresh_token": "again"} if issue_refresh else {}))
        used.append(request.headers["Authorization"])
        status = todo.pop(0) if todo else 200
        return httpx.Response(status, json=envelope(ok({"CUNO": "A"})) if status == 200 else {})

    return httpx.MockTransport(answer), asked, used


def test_the_service_account_gets_a_token_and_keeps_it():
    transport, asked, used = token_transport()
    client = M3Client.from_settings(infor_settings(), transport=transport)
    for _ in range(3):
        client.get("CRS610MI", "GetBasicData", {"CUNO": "A"})
    assert asked == [
        {
            "grant_type": "password",
            "username": "ACME_TST#key",
            "password": "service-secret",
            "client_id": "ACME_TST~app",
            "client_secret": "gateway-secret",
        }
    ]
    assert used == ["Bearer t1"] * 3


def test_an_app_without_service_account_uses_client_credentials():
    transport, asked, _ = token_transport()
    ionapi = infor_settings().ionapi.model_copy(update={"saak": None, "sask": None})
    client = M3Client.from_settings(
        infor_settings().model_copy(update={"ionapi": ionapi}), transport=transport
    )
    client.get("CRS610MI", "GetBasicData", {"CUNO": "A"})
    assert asked[0]["grant_type"] == "client_credentials"


@pytest.mark.parametrize("transaction", ["GetBasicData", "Add"])
def test_a_401_fetches_one_new_token_and_asks_once_more(transaction):
    transport, asked, used = token_transport(401)
    client = M3Client.from_settings(infor_settings(), transport=transport)
    client.execute("CRS610MI", transaction, {"CUNO": "A"})
    assert (len(asked), used) == (2, ["Bearer t1", "Bearer t2"])


def test_a_second_401_is_an_authorisation_error():
    transport, asked, _ = token_transport(401, 401)
    client = M3Client.from_settings(infor_settings(), transport=transport)
    with pytest.raises(AuthorisationError):
        client.execute("CRS610MI", "Add", {"CUNO": "A"})
    assert len(asked) == 2


def test_a_refresh_token_is_used_if_there_is_one_and_not_needed_if_it_is_over():
    transport, asked, _ = token_transport(401, issue_refresh=True, refuse_refresh=True)
    client = M3Client.from_settings(infor_settings(), transport=transport)
    client.get("CRS610MI", "GetBasicData", {"CUNO": "A"})
    assert [form["grant_type"] for form in asked] == ["password", "refresh_token", "password"]


def test_refused_credentials_say_where_new_ones_come_from(make_m3):
    transport = httpx.MockTransport(lambda request: httpx.Response(401, json={"error": "invalid_client"}))
    client = M3Client.from_settings(infor_settings(), transport=transport, retry=AT_ONCE)
    with pytest.raises(AuthorisationError, match=r"\.ionapi"):
        client.execute("CRS610MI", "Add", {"CUNO": "A"})


IONAPI = {
    "ti": "T",
    "ci": "c",
    "cs": "s",
    "iu": "https://gw.example",
    "pu": "https://sso.example/T/as/",
    "ot": "t.oauth2",
}


@pytest.mark.parametrize(
    ("changes", "url"),
    [
        ({}, "https://sso.example/T/as/t.oauth2"),
        ({"pu": "https://sso.example/T/as", "ot": "/t.oauth2"}, "https://sso.example/T/as/t.oauth2"),
        ({"ot": "https://other.example/token"}, "https://other.example/token"),
    ],
)
def test_the_token_address_is_joined_with_one_slash_or_taken_whole(changes, url):
    assert IonApi.model_validate(IONAPI | changes).token_url == url


def test_the_older_file_without_iu_has_the_gateway_in_pu():
    old = {key: value for key, value in IONAPI.items() if key != "iu"} | {
        "ot": "https://sso.example/t",
        "pu": "https://gw",
    }
    assert IonApi.model_validate(old).base_url == "https://gw/T"


@pytest.mark.parametrize("key", ["ti", "ci", "cs", "iu", "pu", "ot"])
def test_a_missing_key_of_the_file_is_named(key):
    with pytest.raises(SettingsError, match=key):
        IonApi.model_validate({name: value for name, value in IONAPI.items() if name != key})


def test_half_a_service_account_is_refused():
    with pytest.raises(SettingsError, match="Create Service Account"):
        IonApi.model_validate(IONAPI | {"saak": "x"})


def test_a_host_in_the_clear_is_refused():
    with pytest.raises(SettingsError, match="must be https"):
        IonApi.model_validate(IONAPI | {"iu": "http://gw.example"})


# ----------------------------------------------------------------------------------------------------- fuzz

ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "errorMessage",
                    "errorCode",
                    "errorField",
                    "errorType",
                    "records",
                    "notProcessed",
                    "error",
                    "message",
                    "code",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@given(ANY)
def test_any_json_is_judged_without_a_crash(body):
    gateway_refusals(body)
    if isinstance(body, dict):
        refusal_of(body)
        for writes in (True, False):
            error_of(Call("infor", "x", writes=writes), body, ["XRE0103"])


@given(st.lists(ANY, max_size=4), ANY)
def test_any_envelope_gives_as_many_results_as_transactions_or_an_error_of_ours(results, terminated):
    from vendor_script import Script

    from fbinfor_assets.clients import ClientError

    vendor = Script({"results": results, "wasTerminated": terminated})
    client = M3Client.from_settings(infor_settings(), transport=vendor.transport, retry=AT_ONCE)
    try:
        assert len(client.bulk("CRS610MI", [("Add", {"CUNO": "A"}), ("Add", {"CUNO": "B"})])) == 2
    except ClientError as error:
        assert isinstance(error, InDoubt)
