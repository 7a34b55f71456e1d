"""Contract: every guess about M3 is a switch, and the other side of it works too."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_unknown_switch_is_refused_before_anything_starts(tmp_path: Path) -> None:
    (tmp_path / "switches.yml").write_text("m3: {tax_roundign: line}\n")
    command = [sys.executable, "-m", "fbinfor_assets.sandbox.m3", "--port", "0", "--state", str(tmp_path)]
    done = subprocess.run(
        [*command, "--config", str(tmp_path / "switches.yml")], capture_output=True, text=True, timeout=30
    )
    assert done.returncode == 2 and "tax_roundign" in done.stderr


def test_the_other_side_of_the_accounting_switches(switched) -> None:
    m3 = switched(
        tax_rounding="line", fulfilment="auto", ar_update="manual", pbid="series", overpayment="allowed"
    )
    m3.customer()
    m3.item()
    orno = m3.order("FB00000001", [("85123A", "1", "0.02")] * 3, RLDT="20261002")
    assert m3.one("OIS100MI", "GetHead", ORNO=orno)["VTAM"] == "0.00", "line by line 0.004 rounds to nothing"

    m3.people("clock", to="2026-10-02")
    assert m3.one("OIS100MI", "GetHead", ORNO=orno)["ORST"] == "33"
    m3.people("clock", to="2026-10-09")
    invoice = m3.one("OIS350MI", "LstAllInvByCO", ORNO=orno)
    assert (invoice["IDAT"], invoice["IVAV"]) == ("20261003", "0.06"), "shipped one day after RLDT"

    pbid = m3.one("ARS040MI", "AddBatchHead", PBID="5", BOPE="BNK")["PBID"]
    assert pbid != "5"
    line = {"TRNO": "1", "CINO": invoice["IVNO"], "INYR": "2026", "CUNO": "FB00000001", "PYAM": "0.10"}
    m3.ok("ARS040MI", "AddBatchLine", PBID=pbid, **line)
    m3.ok("ARS040MI", "ControlBatch", PBID=pbid)
    assert m3.open_item(invoice["IVNO"]) == ("0.06", "0")
    m3.people("people/ar-update", pbid=pbid)
    assert m3.open_item(invoice["IVNO"]) == ("-0.04", "0")


def test_the_other_side_of_the_interface_switches(switched) -> None:
    m3 = switched(
        empty_list="no_records",
        error_records="omitted",
        export_order_by="refused",
        export_payment_head="MYHEAD",
        unknown_fields="ignored",
        batch_item_check="on_entry",
        credit_invoicing="manual",
        negative_quantities="any",
        allocation="on_shipment",
        code_duplicate_customer="XRE0104",
        maxrecs_default=0,
        blank_means="clear",
        blank_marker="",
    )
    assert m3.ok("CRS610MI", "LstByNumber") == []
    assert "records" not in m3.call("CRS610MI", "GetBasicData", CUNO="NOBODY")
    assert m3.nok("EXPORTMI", "Select", QERY="OKCUNO from OCUSMA order by OKCUNO") == "XOPC001"
    assert m3.ok("EXPORTMI", "Select", QERY="PHPBID from MYHEAD") == []
    m3.customer(EMAL="ignored", PHNO="1")
    assert m3.nok("CRS610MI", "Add", CUTM="FBTPL", CUNM="A", CUA1="1", CUNO="FB00000001") == "XRE0104"
    m3.ok("CRS610MI", "ChgBasicData", CUNO="FB00000001", PHNO="", TOWN="?")
    row = m3.one("CRS610MI", "GetBasicData", CUNO="FB00000001")
    assert (row["PHNO"], row["TOWN"]) == ("", "?")
    m3.item()
    temporary = m3.batch("FB00000001", [])
    assert m3.nok("OIS100MI", "AddBatchLine", ORNO=temporary, ITNO="NEW", ORQT="1") == "WIT0103"
    m3.order("FB00000001", [("85123A", "-1", "1.00")])
    credit = m3.order("FB00000001", [("85123A", "-1", "1.00")], kind="F02")
    assert m3.one("OIS100MI", "GetHead", ORNO=credit)["ORST"] == "22"
    assert m3.people("fulfil", orno=credit)["invoice"]["total"] == "-1.20"
    assert len(m3.ok("CRS045MI", "LstByCode")) > 200
