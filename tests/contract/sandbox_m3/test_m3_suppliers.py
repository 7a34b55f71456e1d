"""Contract: CRS620MI, suppliers as M3 keeps them (infor-api 2.6)."""

from __future__ import annotations

from typing import Any

from .purchase_lab import invoice
from .simulator import Simulator

FULL = {
    "SUNM": "Fen Paper Ltd",
    "SUTY": "0",
    "CSCD": "GB",
    "DTFM": "YMD",
    "ORTY": "P10",
    "DT4T": "2",
    "DTCD": "2",
    "CUCD": "GBP",
    "CRTP": "1",
    "ATPR": "0",
}


def add(m3: Simulator, suno: str = "FBV0000001", **values: str) -> dict[str, str]:
    return m3.one("CRS620MI", "AddSupplier", SUNO=suno, **{**FULL, **values})


def test_supplier_is_created_under_the_callers_number_and_read_back(m3: Simulator) -> None:
    assert add(m3, "fbv0000001", TEPY="T14", VRNO="GB123") == {"SUNO": "FBV0000001", "STAT": "20"}
    row = m3.one("CRS620MI", "GetBasicData", SUNO="FBV0000001")
    assert (row["SUNM"], row["TEPY"], row["VRNO"], row["CUCD"]) == ("Fen Paper Ltd", "T14", "GB123", "GBP")
    assert add(m3, "FBV0000002", STAT="10")["STAT"] == "10"


def test_values_a_tenant_does_not_have_are_refused(m3: Simulator) -> None:
    add(m3)
    wrong = {
        "CSCD": "ZQ",
        "CUCD": "SEK",
        "TEPY": "T99",
        "VTCD": "77",
        "ORTY": "X99",
        "STAT": "55",
        "PRSU": "NOBODY",
    }
    codes = {
        name: m3.nok("CRS620MI", "UpdSupplier", SUNO="FBV0000001", **{name: value})
        for name, value in wrong.items()
    }
    assert codes == {
        "CSCD": "WCS0103",
        "CUCD": "XRE0103",
        "TEPY": "XRE0103",
        "VTCD": "XRE0103",
        "ORTY": "WTT0403",
        "STAT": "WST0301",
        "PRSU": "WSU0103",
    }
    entry = m3.call("CRS620MI", "AddSupplier", SUNO="FBV0000001", **FULL)
    assert (entry["errorCode"], entry["errorField"]) == ("WSU0104", "SUNO")
    assert m3.nok("CRS620MI", "UpdSupplier", SUNO="NOBODY", SUNM="X") == "WSU0103"
    assert m3.nok("CRS620MI", "GetBasicData", SUNO="NOBODY") == "XRE0103"


def test_change_keeps_what_is_not_sent_and_clears_by_the_marker(m3: Simulator) -> None:
    add(m3, PHNO="0113 496 0000", ALSU="FEN")
    m3.ok("CRS620MI", "UpdSupplier", SUNO="FBV0000001", SUNM="Fen Paper and Card Ltd", PHNO="", ALSU="?")
    row = m3.one("CRS620MI", "GetBasicData", SUNO="FBV0000001")
    assert (row["SUNM"], row["PHNO"], row["ALSU"]) == ("Fen Paper and Card Ltd", "0113 496 0000", "")


def test_template_copies_everything_but_the_number(m3: Simulator) -> None:
    made = m3.one("CRS620MI", "CopyTemplate", STEM="FBSUPTPL", SUNO="FBV0000003")
    assert made == {"SUNO": "FBV0000003", "STAT": "20"}
    m3.ok("CRS620MI", "UpdSupplier", SUNO="FBV0000003", SUNM="Tall Ships Ltd")
    row = m3.one("CRS620MI", "GetBasicData", SUNO="FBV0000003")
    assert (row["SUNM"], row["TEPY"], row["ORTY"], row["VTCD"]) == ("Tall Ships Ltd", "T30", "P10", "20")
    assert m3.nok("CRS620MI", "CopyTemplate", STEM="S000001", SUNO="FBV0000004") == "XRE0103"


def test_lists_go_by_number_by_name_and_by_change(m3: Simulator) -> None:
    names = [row["SUNO"] for row in m3.ok("CRS620MI", "LstByNumber", SUNO="S000002")]
    assert names == ["S000002", "S000003", "S000004", "S000005", "S000006"]
    by_name = [row["SUNM"] for row in m3.ok("CRS620MI", "LstByName", SUNM="p")]
    assert by_name == sorted(by_name, key=str.upper) and by_name[0] == "Pennine Packaging Ltd"
    since = m3.one("GENERAL", "GetServerTime")["LMTS"]
    add(m3)
    m3.ok("CRS620MI", "UpdSupplier", SUNO="S000005", PHNO="1")
    changed = m3.ok("CRS620MI", "LstSuppliers", LMTS=str(int(since) + 1))
    assert [row["SUNO"] for row in changed] == ["FBV0000001", "S000005"]
    assert [row["SUNO"] for row in m3.ok("CRS620MI", "LstSuppliers", FRSU="S000001", TOSU="S000002")] == [
        "S000001",
        "S000002",
    ]


def test_search_reads_fields_words_and_wildcards(m3: Simulator) -> None:
    def found(query: str) -> set[str]:
        entry = m3.call("CRS620MI", "SearchSupplier", SQRY=query)
        return {row["SUNO"] for row in entry["records"]}

    assert found("thames") == {"S000002"}
    assert found("SUNM:Pennine*") == {"S000003"}
    assert found("VRNO:GB318274655 OR SUNO:S000006") == {"S000002", "S000006"}
    assert found('SUNM:"Adworks Media Ltd" AND STAT:90') == set()


def test_addresses_and_references_live_with_the_supplier(m3: Simulator) -> None:
    m3.ok("CRS620MI", "AddAddress", SUNO="S000001", ADTE="02", CSCD="GB", TOWN="Crewe", ADR1="Sorting Office")
    assert m3.nok("CRS620MI", "AddAddress", SUNO="S000001", ADTE="2", CSCD="GB") == "XRE0104"
    m3.ok("CRS620MI", "UpdAddress", SUNO="S000001", ADTE="2", STDT="0", TOWN="Chester")
    row = m3.one("CRS620MI", "GetAddress", SUNO="S000001", ADTE="02")
    assert (row["TOWN"], row["ADR1"], row["CSNM"]) == ("Chester", "Sorting Office", "United Kingdom")
    assert len(m3.ok("CRS620MI", "LstAddresses", SUNO="S000001")) == 2
    m3.ok("CRS620MI", "DelAddress", SUNO="S000001", ADTE="2", STDT="0")
    assert m3.nok("CRS620MI", "GetAddress", SUNO="S000001", ADTE="02") == "XRE0103"

    reference = {"SUNO": "S000001", "RFTY": "1", "RFID": "ACC"}
    m3.ok("CRS620MI", "AddSupplierRef", **reference, YRE1="Ann Ode", EMAL="ann@example.com")
    m3.ok("CRS620MI", "UpdSupplierRef", **reference, YRE1="Ann Code")
    got = m3.one("CRS620MI", "GetSupplierRef", **reference)
    assert (got["YRE1"], got["EMAL"]) == ("Ann Code", "ann@example.com")
    m3.ok("CRS620MI", "DelSupplierRef", **reference)
    assert m3.nok("CRS620MI", "LstSupplierRef", SUNO="S000001") == "XRE0103"


def test_supplier_with_documents_cannot_be_deleted(m3: Simulator) -> None:
    add(m3)
    m3.ok("CRS620MI", "DelSupplier", SUNO="FBV0000001")
    assert m3.nok("CRS620MI", "GetBasicData", SUNO="FBV0000001") == "XRE0103"
    invoice(m3, "A1", "12.00")
    assert m3.nok("CRS620MI", "DelSupplier", SUNO="S000002") == "XST0020"


def test_export_shows_both_tables_of_a_supplier(m3: Simulator) -> None:
    assert m3.rows("IDSUNO,IDSUNM,IDSTAT from CIDMAS where IDSUNO = S000002") == [
        ["S000002", "Thames Office Supplies Ltd", "20"]
    ]
    assert m3.rows("IISUNO,IITEPY,IIVTCD from CIDVEN where IISUNO = S000004") == [["S000004", "T60", "00"]]


def test_a_tenant_may_begin_suppliers_as_preliminary(switched: Any) -> None:
    m3 = switched(new_supplier_status="10")
    assert add(m3)["STAT"] == "10"
