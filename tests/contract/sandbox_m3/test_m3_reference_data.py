"""Contract: reference data (infor-api 2.6): server, users, companies, warehouses, countries, rates, numbers."""

from __future__ import annotations

import pytest

from .simulator import Simulator

# -------------------------------------------------------------------------------------- the server


def test_general_says_who_and_where_one_is(m3: Simulator) -> None:
    who = m3.one("GENERAL", "GetCurrentUser")
    assert (who["TEID"], who["USER"]) == (m3.ionapi["ti"], "M3SIM")
    user = m3.one("GENERAL", "GetUserInfo")
    assert (user["ZDCONO"], user["ZDDIVI"], user["ZZWHLO"], user["ZDDTFM"]) == ("100", "AAA", "001", "YMD")
    assert m3.one("GENERAL", "ServerTimeZone")["UTCT"].startswith("2026-10-01T")
    assert m3.one("GENERAL", "FpwVersion")["VER"].count(".") == 2
    assert m3.one("GENERAL", "GetMIBuild")["VERS"] and m3.one("GENERAL", "GetFixLevel", FIXL="X")["SLVL"]


def test_messages_and_headings_can_be_looked_up(m3: Simulator) -> None:
    asked = {"MSID": "WCU0203", "PARM": "C1"}
    assert m3.one("GENERAL", "GetMessageText", **asked)["MSGT"] == "Customer number C1 does not exist"
    assert m3.one("GENERAL", "GetMessageText", **asked, LNCD="DE")["MSGT"].startswith("Kundennummer C1")
    assert m3.nok("GENERAL", "GetMessageText", MSID="ZZZ9999") == "XRE0103"
    heading = {"MS15": "WCU02", "SUFF": "15", "LNCD": "GB", "LNFP": "MVX"}
    assert m3.one("GENERAL", "GetFieldHeading", **heading)["TX40"] == "Customer number"
    assert m3.nok("GENERAL", "GetFieldHeading", **heading | {"MS15": "XXXXX"}) == "XRE0103"


def test_every_program_answers_the_general_transactions(m3: Simulator) -> None:
    assert m3.one("OIS100MI", "GetServerTime")["LMTS"]
    assert m3.nok("NOSUCHMI", "GetServerTime") == "TransactionNotFound"


def test_users_and_their_companies(m3: Simulator) -> None:
    assert m3.one("MNS150MI", "GetUserData")["USID"] == "M3SIM"
    assert m3.one("MNS150MI", "GetUserData", USID="anna")["NAME"] == "Anna Lind, finance"
    assert m3.nok("MNS150MI", "GetUserData", USID="NOBODY") == "XRE0103"
    assert m3.one("MNS150MI", "LstCmpDivi", USID="BEN")["DIVI"] == "AAA"
    assert m3.nok("MNS150MI", "LstCmpDivi", USID="NOBODY") == "XRE0103"


# ---------------------------------------------------------------------------------- the enterprise


def test_divisions(m3: Simulator) -> None:
    assert [row["DIVI"] for row in m3.ok("MNS100MI", "LstDivisions", CONO="100")] == ["AAA"]
    division = m3.one("MNS100MI", "GetBasicData", DIVI="AAA")
    assert (division["LOCD"], division["FACI"], division["WHLO"]) == ("GBP", "F01", "001")
    assert m3.one("MNS100MI", "GetActiveDates")["FADT"] < "20261001"
    assert m3.one("MNS100MI", "GetAddBasicData")["MGDT"] == ""
    m3.ok("MNS100MI", "SetMigrateDate", DIVI="AAA", MGDT="20260401")
    assert m3.one("MNS100MI", "GetAddBasicData")["MGDT"] == "20260401"
    assert m3.nok("MNS100MI", "SetMigrateDate", DIVI="AAA", MGDT="1 April") == "XDT0001"
    assert m3.nok("MNS100MI", "GetBasicData", DIVI="BBB") == "XAU0008"


def test_a_company_is_added_changed_and_deleted(m3: Simulator) -> None:
    m3.ok("MNS095MI", "Add", CONO="200", TX40="Second Ltd", CCUC="EUR")
    assert m3.nok("MNS095MI", "Add", CONO="200") == "XRE0104"
    assert m3.nok("MNS095MI", "Add", CONO="100") == "XRE0104"
    m3.ok("MNS095MI", "Upd", CONO="200", TX40="Second Limited")
    company = m3.one("MNS095MI", "Get", CONO="200")
    assert (company["TX40"], company["CCUC"], company["CHNO"]) == ("Second Limited", "EUR", "2")
    assert [row["CONO"] for row in m3.ok("MNS095MI", "Lst")] == ["100", "200"]
    assert [row["CONO"] for row in m3.ok("MNS095MI", "Lst", CONO="150")] == ["200"]
    assert m3.nok("GENERAL", "GetServerTime", cono="200") == "XAU0008", "added, but nobody may work in it"
    m3.ok("MNS095MI", "Del", CONO="200")
    assert m3.nok("MNS095MI", "Get", CONO="200") == "XRE0103"
    assert m3.nok("MNS095MI", "Del", CONO="100") == "XST0020"


def test_warehouses(m3: Simulator) -> None:
    warehouse = m3.one("MMS005MI", "GetWarehouse", WHLO="001")
    assert (warehouse["FACI"], warehouse["CSCD"]) == ("F01", "GB")
    assert m3.nok("MMS005MI", "GetWarehouse", WHLO="X") == "WWH0103"
    assert [row["WHLO"] for row in m3.ok("MMS005MI", "LstWarehouses", LMTS="0")] == ["001"]
    assert m3.nok("MMS005MI", "LstWarehouses", FWHL="002") == "XRE0103"
    assert m3.nok("MMS005MI", "LstWarehouses", STOF="1") == "XRE0103"


# ------------------------------------------------------------------------------------ small tables


def test_countries_between_two_codes(m3: Simulator) -> None:
    assert [row["CSCD"] for row in m3.ok("CRS045MI", "LstCountry", FRCD="GA", TOCD="GD")] == [
        "GA",
        "GB",
        "GD",
    ]
    assert m3.nok("CRS045MI", "LstCountry", LMTS="1760000000000") == "XRE0103"
    assert m3.nok("CRS045MI", "LstCountryArea", CSCD="US") == "XRE0103"


def test_exchange_rates_are_those_valid_on_the_day(m3: Simulator) -> None:
    now = {r["CUCD"]: r for r in m3.ok("CRS055MI", "SelExchangeRate", CRTP="1", CUTD="20261001")}
    then = {r["CUCD"]: r for r in m3.ok("CRS055MI", "SelExchangeRate", CRTP="1", CUTD="20251231")}
    assert set(now) == set(then) == {"EUR", "SEK", "USD"}
    assert (now["EUR"]["CUTD"], then["EUR"]["CUTD"]) == ("20260101", "20200101")
    assert now["EUR"]["ARAT"] != then["EUR"]["ARAT"] and now["EUR"]["LOCD"] == "GBP"
    one = m3.one("CRS055MI", "SelExchangeRate", CRTP="1", CUTD="20261001", FCUR="USD", TCUR="USD")
    assert one["CUCD"] == "USD"
    assert m3.nok("CRS055MI", "SelExchangeRate", CRTP="2", CUTD="20261001") == "XRE0103"
    assert m3.nok("CRS055MI", "SelExchangeRate", CRTP="1", CUTD="20191231") == "XRE0103"


def test_a_number_that_was_taken_is_not_given_to_anybody_else(m3: Simulator) -> None:
    taken = m3.one("CRS165MI", "RtvNextNumber", NBTY="9", NBID="A")["NBNR"]
    assert m3.one("CRS165MI", "RtvNextNumber", NBTY="9", NBID="A")["NBNR"] > taken
    added = m3.one("MMS200MI", "AddItmViaItmTyp", ITTY="SHG", ITDS="Mug")["ITNO"]
    assert added > taken
    assert m3.one("MMS200MI", "AddItmViaItmTyp", ITTY="SHG", ITDS="Mug", ITNO=taken)["ITNO"] == taken
    assert m3.nok("CRS165MI", "RtvNextNumber", NBTY="ZZ", NBID="A") == "XRE0103"


def test_item_names(m3: Simulator) -> None:
    m3.item("MUG")
    assert m3.one("MMS030MI", "Get", ITNO="mug", LNCD="GB")["ITDS"] == "White mug"
    assert m3.nok("MMS030MI", "Get", ITNO="MUG", LNCD="DE") == "XRE0103"
    assert m3.ok("MMS030MI", "List", ITNO="MUG")[0]["ITNO"] == "MUG"


# ----------------------------------------------------------------------------------------- changes


def test_deletions_are_told_with_their_keys_from_a_stamp_on(m3: Simulator) -> None:
    m3.customer("FB00000001")
    m3.customer("FB00000002")
    m3.ok("CRS610MI", "Delete", CUNO="FB00000001")
    between = m3.one("GENERAL", "GetServerTime")["LMTS"]
    m3.ok("CRS610MI", "Delete", CUNO="FB00000002")
    gone = m3.ok("SES120MI", "LstDeleted", FILE="OCUSMA", LMTS="0")
    assert [(row["KEY1"], row["KEY2"], row["KEY3"]) for row in gone] == [
        ("100", "FB00000001", ""),
        ("100", "FB00000002", ""),
    ]
    assert gone[0]["USID"] and gone[0]["RGDT"] == "20261001"
    assert [
        row["KEY2"] for row in m3.ok("SES120MI", "LstDeleted", FILE="OCUSMA", LMTS=str(int(between) + 1))
    ] == ["FB00000002"]
    assert m3.nok("SES120MI", "LstDeleted", FILE="MITMAS", LMTS="0") == "XRE0103"


def test_a_deleted_batch_order_is_told_too(m3: Simulator) -> None:
    m3.customer()
    orno = m3.batch("FB00000001", [])
    m3.ok("OIS100MI", "DelBatchHead", ORNO=orno)
    assert m3.one("SES120MI", "LstDeleted", FILE="OXHEAD", LMTS="0")["KEY2"] == orno


def test_events_are_what_happened_to_subscribed_tables_since_the_subscription(m3: Simulator) -> None:
    assert m3.nok("CEVENTMI", "Lst", ESTS="1") == "XRE0103"
    m3.customer("FB00000001")
    m3.ok("EVS002MI", "AddSubscriber", PTNM="OCUSMA", RSID="ION", TX40="the platform")
    assert m3.nok("EVS002MI", "AddSubscriber", PTNM="OCUSMA", RSID="ION") == "XRE0104"
    assert m3.one("EVS002MI", "LstSubscribers", PTNM="OCUSMA")["SSBS"] == "20"
    m3.item()
    m3.customer("FB00000002")
    m3.people("people/customer", cuno="FB00000001", TOWN="York")
    m3.ok("CRS610MI", "Delete", CUNO="FB00000002")
    events = m3.ok("CEVENTMI", "Lst", ESTS="1")
    assert [(e["BONM"], e["BOVB"], e["BOKY"]) for e in events] == [
        ("OCUSMA", "create", "CUNO=FB00000002"),
        ("OCUSMA", "update", "CUNO=FB00000001"),
        ("OCUSMA", "delete", "CUNO=FB00000002"),
    ]
    assert m3.one("CEVENTMI", "Get", EVID=events[1]["EVID"]) == events[1]
    assert m3.nok("CEVENTMI", "Get", EVID="1") == "XRE0103"
    assert m3.nok("CEVENTMI", "Lst", ESTS="9") == "XRE0103"


def test_an_inactive_subscriber_gets_nothing(m3: Simulator) -> None:
    m3.ok("EVS002MI", "AddSubscriber", PTNM="OCUSMA", RSID="ION", SSBS="10")
    m3.customer()
    assert m3.nok("CEVENTMI", "Lst", ESTS="1") == "XRE0103"
    assert m3.nok("EVS002MI", "AddSubscriber", PTNM="OCUSMA", RSID="X", SSBS="55") == "WST0301"


def test_an_initial_load_is_a_job_with_a_number(m3: Simulator) -> None:
    first = m3.one("EVS002MI", "Initiate", FILE="OCUSMA", FRDT="20260101")["BJNO"]
    assert m3.one("EVS002MI", "Initiate", FILE="OCUSMA")["BJNO"] > first
    assert m3.nok("EVS002MI", "Initiate", FILE="NOTABLE") == "XRE0103"


@pytest.mark.parametrize("days", [1, 40])
def test_reference_data_does_not_depend_on_the_day(m3: Simulator, days: int) -> None:
    before = m3.ok("CRS045MI", "LstByCode", maxrecs=0)
    m3.people("clock", advance_days=days)
    assert m3.ok("CRS045MI", "LstByCode", maxrecs=0) == before
