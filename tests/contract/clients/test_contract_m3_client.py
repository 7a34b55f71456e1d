"""The M3 client against the running M3 simulator behind its gateway."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime

import pytest

from fbinfor_assets.clients import (
    AuthorisationError,
    InDoubt,
    MemoryTokenStore,
    NotFound,
    Unsupported,
    ValidationError,
)
from fbinfor_assets.clients.infor import M3Client

_numbers = itertools.count(70_000_001)


@pytest.fixture
def number() -> str:
    return f"FB{next(_numbers):08d}"


def customer(number: str, **fields: str) -> dict[str, str]:
    return {
        "CUTM": "FBTPL",
        "CUNM": f"Firm {number}",
        "CUA1": "1 High St",
        "CUNO": number,
        "CSCD": "GB",
    } | fields


def test_the_servers_clock_is_the_simulated_one(m3, world):
    moment, lmts = m3.server_time()
    now = datetime.fromisoformat(world.control("infor", "GET", "/clock")["now"]).astimezone(UTC)
    assert abs((now - moment).total_seconds()) < 60
    assert lmts == round(moment.timestamp() * 1000)


def test_a_customer_that_was_added_reads_back(m3, number):
    assert m3.get("CRS610MI", "GetBasicData", {"CUNO": number}) is None
    added = m3.execute("CRS610MI", "Add", customer(number, TOWN="Kings & Lynn +1"))
    assert added[0]["CUNO"] == number
    found = m3.get("CRS610MI", "GetBasicData", {"CUNO": number}, returncols=["CUNO", "CUNM", "TOWN"])
    assert found == {"CUNO": number, "CUNM": f"Firm {number}", "TOWN": "Kings & Lynn +1"}


def test_a_duplicate_is_a_duplicate_and_a_missing_customer_missing(m3, number):
    m3.execute("CRS610MI", "Add", customer(number))
    with pytest.raises(ValidationError) as caught:
        m3.execute("CRS610MI", "Add", customer(number))
    assert caught.value.error_class == "duplicate"
    assert f"CRS610MI Add CUNO {number}" in str(caught.value)
    assert "  " not in caught.value.problem
    with pytest.raises((NotFound, ValidationError)) as caught:
        m3.execute("CRS610MI", "ChgBasicData", {"CUNO": "FB99999999", "TOWN": "x"})
    assert caught.value.error_class == "missing"


@pytest.mark.parametrize(
    ("fields", "error_class", "field"),
    [
        ({"CUNM": None}, "missing", "CUNM"),
        ({"CUNM": "x" * 37}, "value", "CUNM"),
        ({"CSCD": "QQ"}, "missing", "CSCD"),
    ],
    ids=["mandatory", "too long", "unknown country"],
)
def test_a_refused_field_is_named(m3, number, fields, error_class, field):
    with pytest.raises(ValidationError) as caught:
        m3.execute("CRS610MI", "Add", customer(number) | fields)
    assert caught.value.error_class == error_class
    assert caught.value.errors[0].field == field
    assert m3.get("CRS610MI", "GetBasicData", {"CUNO": number}) is None


def test_an_unknown_transaction_is_not_a_missing_record(m3):
    with pytest.raises(Unsupported):
        m3.get("CRS610MI", "GetNothing", {"CUNO": "X"})


def test_another_company_is_refused_as_an_authorisation(world):
    settings = world.connections.infor.model_copy(update={"company": "999"})
    with M3Client.from_settings(settings) as client, pytest.raises(AuthorisationError):
        client.get("CRS610MI", "GetBasicData", {"CUNO": "X"})


def test_a_wrong_tenant_is_not_an_empty_system(world):
    ionapi = world.connections.infor.ionapi.model_copy(update={"ti": "OTHER_TST"})
    settings = world.connections.infor.model_copy(update={"ionapi": ionapi})
    with M3Client.from_settings(settings) as client, pytest.raises((Unsupported, AuthorisationError)):
        client.list("CRS610MI", "LstByNumber")


def test_a_bulk_above_100_keeps_its_order_and_its_single_failures(m3):
    numbers = [f"FB{next(_numbers):08d}" for _ in range(230)]
    todo = [("Add", customer(n)) for n in numbers]
    todo[150] = ("Add", customer(numbers[10]))  # twice the same
    results = m3.bulk("CRS610MI", todo, returncols=["CUNO"])
    assert [r.records[0]["CUNO"] if r.ok else r.error.error_class for r in results] == [
        "duplicate" if at == 150 else n for at, n in enumerate(numbers)
    ]


def test_a_walk_gives_the_same_customers_as_one_long_list(m3):
    long = [row["CUNO"] for row in m3.list("CRS610MI", "LstByNumber", returncols=["CUNO"])]
    walked = [row["CUNO"] for row in m3.walk("CRS610MI", "LstByNumber", "CUNO", page=50, returncols=["CUNO"])]
    assert len(long) > 200
    assert walked == long


def test_only_what_changed_since_the_watermark_is_listed(m3, number):
    m3.execute("CRS610MI", "Add", customer(number))
    _, watermark = m3.server_time()
    m3.execute("CRS610MI", "ChgBasicData", {"CUNO": number, "TOWN": "York"})
    changed = m3.list("CRS610MI", "LstByNumber", {"LMTS": watermark})
    assert [row["CUNO"] for row in changed] == [number]
    _, later = m3.server_time()
    assert m3.list("CRS610MI", "LstByNumber", {"LMTS": later + 1}) == []


def test_an_export_pages_by_key_and_agrees_with_the_list(m3):
    long = [row["CUNO"] for row in m3.list("CRS610MI", "LstByNumber", returncols=["CUNO"])]
    for page in (37, 5000):
        rows = list(m3.export("OCUSMA", ["OKCUNM"], order_by=["OKCUNO"], page=page))
        assert [row["OKCUNO"] for row in rows] == long


def test_an_export_by_change_stamp_gives_what_changed(m3):
    stamps = [int(row["OKLMTS"]) for row in m3.export("OCUSMA", ["OKLMTS"], order_by=["OKLMTS", "OKCUNO"])]
    added = [f"FB{next(_numbers):08d}" for _ in range(25)]
    m3.bulk("CRS610MI", [("Add", customer(n)) for n in added])
    changed = m3.export(
        "OCUSMA", ["OKCUNO"], where=[("OKLMTS", ">", max(stamps))], order_by=["OKLMTS", "OKCUNO"], page=4
    )
    assert [row["OKCUNO"] for row in changed] == added


def test_an_export_of_nothing_is_empty(m3):
    assert (
        list(m3.export("OXHEAD", ["OXORNO"], where=[("OXPYRE", "=", "FB-NOBODY-1")], order_by=["OXORNO"]))
        == []
    )


def test_a_table_or_column_that_does_not_exist_is_an_error_and_not_empty(m3):
    with pytest.raises(ValidationError):
        list(m3.export("NOTABLE", ["XXCONO"], order_by=["XXCONO"]))
    with pytest.raises(ValidationError):
        list(m3.export("OCUSMA", ["OKNONE"], order_by=["OKCUNO"]))


def test_an_unconfirmed_order_is_found_by_our_reference_and_a_confirmed_one_has_its_number(m3, number):
    m3.execute("CRS610MI", "Add", customer(number))
    item = m3.execute("MMS200MI", "AddItmViaItmTyp", {"ITTY": "SHG", "ITDS": "Heart", "ITNO": f"I{number}"})[
        0
    ]["ITNO"]
    reference = f"FB-ABC123-{number[2:]}"
    head = {
        "CUNO": number,
        "ORTP": "F01",
        "RLDT": "20101202",
        "PYRE": reference,
        "FACI": "F01",
        "WHLO": "001",
    }
    temporary = m3.execute("OIS100MI", "AddBatchHead", head)[0]["ORNO"]

    def batch():
        return list(
            m3.export("OXHEAD", ["OXORNO", "OXORNR"], where=[("OXPYRE", "=", reference)], order_by=["OXORNO"])
        )

    assert batch() == [{"OXORNO": temporary, "OXORNR": ""}]
    line = {"ORNO": temporary, "ITNO": item, "ORQT": "6", "SAPR": "2.55", "CUPO": "1"}
    m3.execute("OIS100MI", "AddBatchLine", line)
    created = m3.execute("OIS100MI", "Confirm", {"ORNO": temporary})[0]["ORNO"]
    assert batch()[0]["OXORNR"] == created
    order = m3.get("OIS100MI", "GetHead", {"ORNO": created})
    assert (order["PYRE"], order["NTAM"], order["VTAM"], order["TOAM"]) == (
        reference,
        "15.30",
        "3.06",
        "18.36",
    )


def test_a_write_whose_answer_was_lost_is_in_doubt_was_applied_once_and_can_be_looked_up(
    world, m3, number, losing
):
    before = len(world.writes("infor"))
    ionapi = world.connections.infor.ionapi
    lossy = ionapi.model_copy(update={"iu": losing(ionapi.iu)})
    settings = world.connections.infor.model_copy(update={"ionapi": lossy})
    with M3Client.from_settings(settings) as client:
        with pytest.raises(InDoubt, match=number):
            client.execute("CRS610MI", "Add", customer(number))
        with pytest.raises(InDoubt):
            client.bulk("CRS610MI", [("ChgBasicData", {"CUNO": number, "TOWN": "York"})])
    assert m3.get("CRS610MI", "GetBasicData", {"CUNO": number})["TOWN"] == "York"
    assert [write["operation"] for write in world.writes("infor")[before:]] == [
        "CRS610MI/Add",
        "CRS610MI/ChgBasicData",
    ]


# ------------------------------------------------------------------------------------------------------ tokens


def test_a_token_that_is_no_longer_accepted_is_fetched_anew(world):
    store = MemoryTokenStore({"access_token": "no-longer-accepted"})
    with M3Client.from_settings(world.connections.infor, token_store=store) as client:
        client.server_time()
    assert store.load()["access_token"] != "no-longer-accepted"


def test_a_wrong_service_account_says_where_to_get_another(world):
    from pydantic import SecretStr

    ionapi = world.connections.infor.ionapi.model_copy(update={"sask": SecretStr("wrong-secret")})
    settings = world.connections.infor.model_copy(update={"ionapi": ionapi})
    with (
        M3Client.from_settings(settings) as client,
        pytest.raises(AuthorisationError, match=r"\.ionapi") as caught,
    ):
        client.server_time()
    assert "wrong-secret" not in str(caught.value)


# ------------------------------------------------------------------------------------------- the other guesses


def test_a_tenant_that_decides_every_open_question_the_other_way_reads_the_same(otherwise):
    assert otherwise.connections.infor.ionapi.saak is None
    export = otherwise.connections.infor.export.model_copy(update={"order_by": False})
    settings = otherwise.connections.infor.model_copy(update={"export": export})
    with M3Client.from_settings(settings) as client:
        numbers = [f"FB{n:08d}" for n in range(30, 0, -1)]
        assert all(result.ok for result in client.bulk("CRS610MI", [("Add", customer(n)) for n in numbers]))
        assert client.get("CRS610MI", "GetBasicData", {"CUNO": "FB99999999"}) is None
        assert client.list("OIS100MI", "LstHead", {"CUNO": numbers[0]}) == []
        rows = list(
            client.export("OCUSMA", ["OKCUNO"], where=[("OKCUNO", ">=", "FB")], order_by=["OKCUNO"], page=7)
        )
        assert [row["OKCUNO"] for row in rows if row["OKCUNO"] in numbers] == sorted(numbers)
        with pytest.raises(ValidationError):
            client.execute("CRS610MI", "Add", customer(numbers[0]))


def test_a_tenant_that_refuses_order_by_says_so_instead_of_giving_rows(otherwise):
    with (
        M3Client.from_settings(otherwise.connections.infor) as client,
        pytest.raises(ValidationError, match="order by"),
    ):
        list(client.export("OCUSMA", ["OKCUNO"], order_by=["OKCUNO"]))
