"""Contract: customers (CRS610MI), items (MMS200MI), countries (CRS045MI), and their change stamps."""

from __future__ import annotations

import json
from pathlib import Path

from .simulator import Simulator


def test_customer_reads_back_as_it_was_written(m3: Simulator) -> None:
    m3.customer(MAIL="a@acme.example", YREF="FB-ABC123-1", PHNO="0113 496 0000")
    row = m3.one("CRS610MI", "GetBasicData", CUNO="FB00000001")
    assert (row["STAT"], row["CUNM"], row["MAIL"], row["YREF"]) == (
        "20",
        "Acme Ltd",
        "a@acme.example",
        "FB-ABC123-1",
    )
    assert (row["CHNO"], row["CUCD"]) == ("1", "GBP")
    order_info = m3.one("CRS610MI", "GetOrderInfo", CUNO="FB00000001")
    assert (order_info["TEPY"], order_info["PYNO"], order_info["WHLO"]) == ("T30", "FB00000001", "001")


def test_customer_without_a_number_gets_one_from_the_series(m3: Simulator) -> None:
    first = m3.customer("")
    assert first == "C0000101" and m3.customer("") == "C0000102"


def test_refused_customers(m3: Simulator) -> None:
    m3.customer()
    record = {"CUTM": "FBTPL", "CUNM": "Acme", "CUA1": "1 Main St"}
    assert m3.nok("CRS610MI", "Add", **record, CUNO="FB00000001") == "WCU0204"
    assert m3.nok("CRS610MI", "Add", **record | {"CUTM": "OTHER"}) == "WCU0203"
    bad = m3.call("CRS610MI", "Add", **record, CSCD="QQ")
    assert bad["errorField"] == "CSCD"
    assert m3.nok("CRS610MI", "ChgBasicData", CUNO="NOBODY", TOWN="York") == "WCU0203"


def test_customer_without_a_country_is_created_with_status_12_until_it_has_one(m3: Simulator) -> None:
    record = m3.one("CRS610MI", "Add", CUTM="FBTPL", CUNM="Acme", CUA1="1 Main St", CUNO="FB00000001")
    assert record["ERRM"] and m3.one("CRS610MI", "GetBasicData", CUNO="FB00000001")["STAT"] == "12"
    m3.ok("CRS610MI", "ChgBasicData", CUNO="FB00000001", CSCD="GB")
    assert m3.one("CRS610MI", "GetBasicData", CUNO="FB00000001")["STAT"] == "20"


def test_change_leaves_empty_fields_clears_marked_ones_and_checks_chno(m3: Simulator) -> None:
    m3.customer(PHNO="1", MAIL="a@b.c")
    m3.ok("CRS610MI", "ChgBasicData", CUNO="FB00000001", PHNO="", MAIL="?", TOWN="York", CHNO="1")
    row = m3.one("CRS610MI", "GetBasicData", CUNO="FB00000001")
    assert (row["PHNO"], row["MAIL"], row["TOWN"], row["CHNO"]) == ("1", "", "York", "2")
    assert m3.nok("CRS610MI", "ChgBasicData", CUNO="FB00000001", TOWN="Bath", CHNO="1") == "XUP0001"


def test_financial_data_is_changed_and_shows_what_is_owed(m3: Simulator) -> None:
    m3.customer()
    m3.ok("CRS610MI", "ChgFinancial", CUNO="FB00000001", VRNO="GB123456789", CRLM="1000.00")
    m3.ok("CRS610MI", "ChgOrderInfo", CUNO="FB00000001", TEPY="T14")
    m3.item()
    orno = m3.order("FB00000001", [("85123A", "1", "10.00"), ("FREIGHT", "1", "5.00")])
    m3.people("fulfil", orno=orno, lines=[{"ponr": 1, "quantity": "1"}])
    row = m3.one("CRS610MI", "GetFinancial", CUNO="FB00000001")
    assert (row["VRNO"], row["CRLM"], row["TOIN"], row["TBLG"]) == ("GB123456789", "1000.00", "12.00", "6.00")
    assert m3.ok("CRS610MI", "ChgFinancial", CUNO="FB00000001", CUCD="GBP") == []
    assert m3.nok("CRS610MI", "ChgFinancial", CUNO="FB00000001", CUCD="ZZZ") == "XRE0103"


def test_customers_with_business_are_not_deleted(m3: Simulator) -> None:
    m3.customer()
    m3.customer("FB00000002")
    m3.batch("FB00000001", [])
    assert m3.nok("CRS610MI", "Delete", CUNO="FB00000001") == "XST0020"
    m3.ok("CRS610MI", "Delete", CUNO="FB00000002")
    assert m3.nok("CRS610MI", "GetBasicData", CUNO="FB00000002") == "XRE0103"
    assert [row["CUNO"] for row in m3.ok("CRS610MI", "LstByNumber")] == ["FB00000001"]


def test_list_by_stamp_gives_only_what_changed_since(m3: Simulator) -> None:
    for number in (1, 2, 3):
        m3.customer(f"FB0000000{number}")
    stamp = m3.one("GENERAL", "GetServerTime")["LMTS"]
    m3.people("clock", advance_days=1)
    m3.people("people/customer", cuno="FB00000002", fields={"phno": "99"})
    assert [row["CUNO"] for row in m3.ok("CRS610MI", "LstByNumber", LMTS=str(int(stamp) + 1))] == [
        "FB00000002"
    ]
    assert len(m3.ok("CRS610MI", "LstByNumber", LMTS="0")) == 3
    assert [row["CUNO"] for row in m3.ok("CRS610MI", "LstByNumber", CUNO="FB00000002")] == [
        "FB00000002",
        "FB00000003",
    ]


def test_items(m3: Simulator) -> None:
    assert m3.item("85123a") == "85123A"
    assert m3.nok("MMS200MI", "AddItmViaItmTyp", ITTY="SHG", ITDS="Mug", ITNO="85123A") == "WIT0104"
    assert m3.nok("MMS200MI", "AddItmViaItmTyp", ITTY="XXX", ITDS="Mug") == "XRE0103"
    assert m3.one("MMS200MI", "GetItmBasic", ITNO="85123A")["ITDS"] == "White mug"
    basic = {
        "STAT": "20",
        "ITDS": "Tin",
        "RESP": "X",
        "UNMS": "PCS",
        "ITTY": "SHG",
        "MABU": "1",
        "PRVG": "01",
    }
    assert m3.ok("MMS200MI", "AddItmBasic", ITNO="22000", **basic) == []
    found = [row["ITNO"] for row in m3.ok("MMS200MI", "LstItmByItm", ITNO="8")]
    assert found == ["85123A", "DISCOUNT", "FREIGHT", "MANUAL", "VOUCHER"]
    assert [row["ITNO"] for row in m3.ok("MMS200MI", "SelItem", FRIT="2", TOIT="9")] == ["22000", "85123A"]
    assert m3.one("MMS200MI", "GetItmPrice", ITNO="85123A")["SAPR"] == "0"
    stamp = int(m3.one("GENERAL", "GetServerTime")["LMTS"]) + 1
    assert m3.nok("MMS200MI", "SelItem", LMTS=str(stamp + 10**9)) == "XRE0103"


def test_countries(m3: Simulator) -> None:
    assert m3.one("CRS045MI", "GetBasicData", CSCD="GB")["TX40"] == "United Kingdom"
    assert m3.nok("CRS045MI", "GetBasicData", CSCD="ZZ") == "XRE0103"
    codes = [row["CSCD"] for row in m3.ok("CRS045MI", "LstByCode", maxrecs=0)]
    assert {"GB", "IE", "EU", "XX"} <= set(codes) and codes == sorted(codes)


def test_customers_of_the_order_file_exist_under_m3s_own_numbers(tmp_path: Path) -> None:
    customers = [
        {"customer_id": number, "country": "United Kingdom"} for number in (12400, 12401, 12402, 12403)
    ]
    (tmp_path / "seed-customers.json").write_text(json.dumps({"seed": 7, "customers": customers}))
    m3 = Simulator(tmp_path)
    try:
        rows = m3.ok("CRS610MI", "LstByNumber")
    finally:
        m3.stop()
    # 12400 is known to M3; 12402 has a near namesake there; 12401 is known to FreshBooks, 12403 to nobody.
    assert [row["CUNO"] for row in rows] == ["C0000101", "C0000102"]
    assert rows[0]["CUNM"] == rows[0]["CUNM"].upper() and all(
        row["MAIL"] and row["STAT"] == "20" for row in rows
    )
