"""Contract: what all MI transactions share (infor-api 2.1 to 2.5): envelope, NOK, input checks, options."""

from __future__ import annotations

import pytest

from .simulator import Simulator


def test_business_error_is_http_200_with_a_padded_text_and_a_code(m3: Simulator) -> None:
    answer = m3.http.get(f"{m3.path}/CRS610MI/GetBasicData", params={"CUNO": "NOBODY"})
    body = answer.json()
    entry = body["results"][0]
    assert answer.status_code == 200
    assert (entry["errorCode"], entry["errorField"], entry["errorType"]) == (
        "XRE0103",
        "CUNO",
        "ServerReturnedNOK",
    )
    assert entry["errorMessage"].startswith("Record does not exist   ") and len(entry["errorMessage"]) > 132
    assert entry["records"] == [] and entry["notProcessed"] is False
    assert (body["nrOfSuccessfullTransactions"], body["nrOfFailedTransactions"]) == (0, 1)


def test_success_has_no_error_attributes(m3: Simulator) -> None:
    entry = m3.call("GENERAL", "GetServerTime")
    assert set(entry) == {"transaction", "notProcessed", "records"}
    assert set(entry["records"][0]) == {"DATE", "TIME", "LMTS"}
    assert all(isinstance(value, str) for value in entry["records"][0].values())


def test_list_without_rows_is_xre0103(m3: Simulator) -> None:
    assert m3.nok("CRS610MI", "LstByNumber", CUNO="ZZZ") == "XRE0103"
    assert m3.nok("EXPORTMI", "Select", QERY="UHIVNO from OINVOH") == "XRE0103"


def test_input_checks_name_the_field(m3: Simulator) -> None:
    missing = m3.call("CRS610MI", "Add", CUTM="FBTPL", CUNM="Acme")
    assert (missing["errorType"], missing["errorField"]) == ("MandatoryInputFieldNotFound", "CUA1")
    long = m3.call("CRS610MI", "Add", CUTM="FBTPL", CUNM="A" * 37, CUA1="1 Main St")
    assert (long["errorType"], long["errorField"]) == ("InputFieldTooLong", "CUNM")
    unknown = m3.call("CRS610MI", "Add", CUTM="FBTPL", CUNM="Acme", CUA1="1 Main St", EMAL="a@b.c")
    assert (unknown["errorType"], unknown["errorField"]) == ("InputFieldNotFound", "EMAL")
    number = m3.call("CRS610MI", "Add", CUTM="FBTPL", CUNM="Acme", CUA1="1 Main St", CUTP="x")
    assert (number["errorCode"], number["errorField"]) == ("XNU0000", "CUTP")
    nothing = m3.call("CRS610MI", "Invent")
    assert nothing["errorType"] == "TransactionNotFound"
    assert m3.http.get("/_sandbox/state").json()["tables"].get("OCUSMA", 0) == 0


def test_dates_must_be_yyyymmdd_unless_the_call_says_otherwise(m3: Simulator) -> None:
    m3.customer()
    assert m3.nok("OIS100MI", "AddBatchHead", CUNO="FB00000001", ORDT="2026-10-01") == "XDT0001"
    orno = m3.one("OIS100MI", "AddBatchHead", CUNO="FB00000001", ORDT="021026", dateformat="DMY6")["ORNO"]
    assert m3.one("OIS100MI", "GetBatchHead", ORNO=orno)["ORDT"] == "20261002"
    assert m3.one("OIS100MI", "GetBatchHead", ORNO=orno, dateformat="YWD5")["ORDT"] == "26405"


def test_other_company_is_not_authorised(m3: Simulator) -> None:
    assert m3.nok("GENERAL", "GetServerTime", cono="200") == "XAU0008"
    assert m3.nok("CRS610MI", "LstByNumber", CONO="200") == "XAU0008"
    assert m3.nok("GENERAL", "GetServerTime", divi="BBB") == "XAU0008"
    assert m3.ok("GENERAL", "GetServerTime", cono="100", divi="AAA")


def test_options_as_query_and_as_matrix_parameters_in_both_spellings(m3: Simulator) -> None:
    m3.customer()
    m3.customer("FB00000002")
    full = m3.ok("CRS610MI", "LstByNumber")
    assert len(full) == 2 and full[0]["CUA2"] == ""
    short = m3.ok("CRS610MI", "LstByNumber;maxrecs=1;excludempty=true;returncols=CUNO,CUA2;cono=100")
    assert short == [{"CUNO": "FB00000001"}]
    assert (
        m3.ok("CRS610MI", "LstByNumber", maxrecs=1, excludeempty="true", returncols="CUNO,CUA2", _rid="x")
        == short
    )
    assert m3.ok("CRS610MI", "LstByNumber", maxrecs=1, returncols="CUNO", righttrim="false") == [
        {"CUNO": "FB00000001"}
    ]
    padded = m3.ok("CRS610MI", "LstByNumber", maxrecs=1, returncols="TOWN", righttrim="false")
    assert padded == [{"TOWN": "Leeds".ljust(20)}]


def test_extended_result_shows_the_input(m3: Simulator) -> None:
    entry = m3.call("CRS610MI", "GetBasicData", CUNO="NOBODY", extendedresult="true")
    assert entry["parameters"] == {"CUNO": "NOBODY"}


def test_unreadable_option_is_http_400(m3: Simulator) -> None:
    answer = m3.http.get(f"{m3.path}/GENERAL/GetServerTime", params={"maxrecs": "many"})
    assert answer.status_code == 400 and answer.json()["wasTerminated"] is True
    assert "maxrecs" in answer.json()["terminationReason"]


def test_bulk_runs_in_order_and_reports_each_transaction(m3: Simulator) -> None:
    add = {"CUTM": "FBTPL", "CUNM": "Acme", "CUA1": "1 Main St", "CSCD": "GB"}
    answer = m3.bulk(
        "CRS610MI",
        ("Add", add | {"CUNO": "FB00000001"}),
        ("Add", add | {"CUNO": "FB00000001"}),
        ("ChgBasicData", {"CUNO": "FB00000001", "TOWN": "York"}),
        ("GetBasicData", {"CUNO": "FB00000001"}),
    )
    results = answer["results"]
    assert [entry["transaction"] for entry in results] == ["Add", "Add", "ChgBasicData", "GetBasicData"]
    assert [entry.get("errorCode") for entry in results] == [None, "WCU0204", None, None]
    assert results[3]["records"][0]["TOWN"] == "York"
    assert (answer["nrOfSuccessfullTransactions"], answer["nrOfFailedTransactions"]) == (3, 1)
    assert answer["wasTerminated"] is False and answer["nrOfNotProcessedTransactions"] == 0


def test_bulk_selected_columns_apply_to_their_transaction_only(m3: Simulator) -> None:
    m3.customer()
    transactions = [
        {
            "transaction": "GetBasicData",
            "record": {"CUNO": "FB00000001"},
            "selectedColumns": ["CUNO", "TOWN"],
        },
        {"transaction": "GetBasicData", "record": {"CUNO": "FB00000001"}},
    ]
    results = m3.http.post(m3.path, json={"program": "CRS610MI", "transactions": transactions}).json()[
        "results"
    ]
    assert results[0]["records"] == [{"CUNO": "FB00000001", "TOWN": "Leeds"}]
    assert len(results[1]["records"][0]) == 51


@pytest.mark.parametrize(
    "body",
    [
        {"program": "GENERAL", "transactions": [{"transaction": "GetServerTime", "record": {}}] * 1001},
        {"transactions": [], "program": "GENERAL"},
        {"program": "OIS100MI", "transactions": [{"transaction": "AddBatchLine", "record": {"SAPR": [1]}}]},
        ["GENERAL"],
    ],
    ids=["more than 1000", "transactions not last", "price as a list", "no object"],
)
def test_bulk_of_another_shape_is_http_400(m3: Simulator, body: object) -> None:
    assert m3.http.post(m3.path, json=body).status_code == 400


def test_every_applied_mutation_is_in_the_write_log_and_nothing_else(m3: Simulator) -> None:
    before = m3.http.get("/_sandbox/writes").json()["next"]
    m3.customer()
    m3.nok("CRS610MI", "Add", CUTM="FBTPL", CUNM="Acme", CUA1="1 Main St", CUNO="FB00000001")
    m3.ok("CRS610MI", "GetBasicData", CUNO="FB00000001")
    m3.people("people/customer", cuno="FB00000001", TOWN="York")
    writes = m3.http.get("/_sandbox/writes", params={"after": before}).json()["writes"]
    assert [(w["operation"], w["object"], w["key"]) for w in writes] == [
        ("CRS610MI/Add", "customer", "FB00000001"),
        ("people.customer", "customer", "FB00000001"),
    ]
    assert writes[0]["body"]["TOWN"] == "Leeds" and all(w["delivered"] for w in writes)
