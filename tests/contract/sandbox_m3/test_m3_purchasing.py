"""Contract: PPS370MI, PPS200MI, PPS001MI: purchase orders, entered, confirmed, received."""

from __future__ import annotations

from typing import Any

import pytest

from .purchase_lab import SUNO, invoice, item, order, receive, validate
from .simulator import Simulator


@pytest.fixture
def buyer(m3: Simulator) -> Simulator:
    m3.item("CUP")
    m3.item("BOWL")
    return m3


def line(m3: Simulator, puno: str, pnli: str = "1") -> dict[str, str]:
    return m3.one("PPS200MI", "GetLine", PUNO=puno, PNLI=pnli)


def test_batch_becomes_an_order_with_the_suppliers_terms(buyer: Simulator) -> None:
    puno = order(buyer, ("CUP", "100", "5.00"), ("BOWL", "3", "2.50"), YRE1="Our Ann")
    batch = buyer.one("PPS370MI", "GetBatchHead", PUNO=puno)
    assert (batch["STAT"], batch["MSID"], batch["PUSL"], batch["PUST"]) == ("90", "", "20", "20")
    head = buyer.one("PPS200MI", "GetHead", PUNO=puno)
    assert (head["SUNO"], head["TEPY"], head["ORTY"], head["YRE1"]) == (SUNO, "T30", "P10", "Our Ann")
    assert (head["NTAM"], head["TOQT"], head["NOLN"], head["CONM"]) == (
        "507.50",
        "103",
        "2",
        "Thames Office Supplies Ltd",
    )
    rows = buyer.ok("PPS200MI", "LstLine", PUNO=puno)
    assert [(r["PNLI"], r["ITNO"], r["ORQA"], r["LNAM"]) for r in rows] == [
        ("1", "CUP", "100", "500.00"),
        ("2", "BOWL", "3", "7.50"),
    ]
    assert buyer.balance() == {}, "an order posts nothing"


def test_nothing_is_checked_before_the_entry_is_finished(buyer: Simulator) -> None:
    puno = order(buyer, ("CUP", "1", "5.00"), ("NOSUCH", "1", "1.00"), suno="S000002", TEPY="T99")
    head = buyer.one("PPS370MI", "GetBatchHead", PUNO=puno)
    assert (head["STAT"], head["MSID"]) == ("25", "XRE0103")
    assert buyer.nok("PPS200MI", "GetHead", PUNO=puno) == "WPU0803"
    bad_line = order(buyer, ("CUP", "1", "5.00"), ("NOSUCH", "1", "1.00"))
    rows = buyer.ok("PPS370MI", "LstBatchLine", PUNO=bad_line)
    assert [(r["STAT"], r["MSID"]) for r in rows] == [("20", ""), ("25", "WIT0103")]
    blocked = order(buyer, ("CUP", "1", "5.00"), suno="NOBODY")
    assert buyer.one("PPS370MI", "GetBatchHead", PUNO=blocked)["MSID"] == "WSU0103"


def test_entry_can_be_deleted_until_it_is_finished(buyer: Simulator) -> None:
    msgn = buyer.one("PPS370MI", "StartEntry", BAOR="FBI")["MSGN"]
    values = {"FACI": "F01", "WHLO": "001", "SUNO": SUNO, "DWDT": "20261015"}
    puno = buyer.one("PPS370MI", "AddHead", MSGN=msgn, HREF="our-7", **values)["PUNO"]
    got = buyer.one("PPS370MI", "AddLine", MSGN=msgn, HREF="our-7", ITNO="CUP", ORQA="2")
    assert got == {"PUNO": puno, "PNLI": "1"}
    buyer.ok("PPS370MI", "AddText", MSGN=msgn, PUNO=puno, TXT1="Ring first")
    buyer.ok("PPS370MI", "AddCharge", MSGN=msgn, SUCE="FREIGHT", PUNO=puno, CEVA="5.00")
    buyer.ok("PPS370MI", "AddAddress", MSGN=msgn, POAD="1", PUNO=puno, TOWN="Leeds")
    buyer.ok("PPS370MI", "DeleteEntry", MSGN=msgn)
    assert buyer.nok("PPS370MI", "GetBatchHead", PUNO=puno) == "WPU0803"
    assert buyer.nok("PPS370MI", "FinishEntry", MSGN=msgn) == "XRE0103"
    finished = order(buyer, ("CUP", "1", "1.00"), PUNO="MYPO1")
    assert finished == "MYPO1"


def test_line_status_follows_receipts_and_invoices(buyer: Simulator) -> None:
    puno = order(buyer, ("CUP", "10", "5.00"))

    def statuses() -> tuple[str, str]:
        row = line(buyer, puno)
        return row["PUSL"], row["PUST"]

    assert statuses() == ("20", "20")
    values = {"PUNO": puno, "PNLI": "1", "PNLS": "0", "CFQA": "10", "CODT": "20261020"}
    buyer.ok("PPS001MI", "ConfirmLine", **values)
    assert statuses() == ("35", "35")
    receive(buyer, puno, "4")
    assert statuses() == ("35", "75")
    assert validate(buyer, invoice(buyer, "A1", "20.00", item(puno, "4", "20.00")))["SUPA"] == "90"
    assert statuses() == ("35", "80")
    receive(buyer, puno, "6")
    assert statuses() == ("75", "80")
    assert validate(buyer, invoice(buyer, "A2", "30.00", item(puno, "6", "30.00")))["SUPA"] == "90"
    assert statuses() == ("85", "85")
    head = buyer.one("PPS001MI", "GetHeadBasic", PUNO=puno)
    assert (head["PUSL"], head["PUST"]) == ("85", "85")
    assert buyer.nok("PPS200MI", "AddLine", PUNO=puno, ITNO="BOWL", ORQA="1") == "XST0020"


def test_receipt_puts_goods_on_hand_and_is_listed(buyer: Simulator) -> None:
    puno = order(buyer, ("CUP", "10", "5.00"))
    repn = receive(buyer, puno, "4")
    assert buyer.one("MMS060MI", "Get", WHLO="001", ITNO="CUP")["STQT"] == "4"
    row = buyer.one("PPS200MI", "LstReceiptsByPO", PUNO=puno)
    assert (row["REPN"], row["RPQA"], row["TRDT"], row["PUOS"]) == (repn, "4", "20261005", "75")
    values = {"PUNO": puno, "PNLI": "1", "PNLS": "0", "TRDT": "20261005", "RESP": "X"}
    assert buyer.nok("PPS001MI", "Receipt", RVQA="7", **values) == "XOPC001"
    assert buyer.nok("PPS001MI", "Receipt", RVQA="-1", **values) == "XNU0003"
    assert buyer.nok("PPS001MI", "Receipt", RVQA="1", **{**values, "PNLI": "9"}) == "XRE0103"
    buyer.one("PPS001MI", "Receipt", RVQA="2", OEND="1", **values)
    assert line(buyer, puno)["PUSL"] == "75", "flagged as completed: the rest will not come"
    assert buyer.nok("PPS001MI", "Receipt", RVQA="1", **values) == "XOPC001"


def test_lines_change_only_before_goods_come(buyer: Simulator) -> None:
    puno = order(buyer, ("CUP", "10", "5.00"))
    buyer.ok("PPS200MI", "AddLine", PUNO=puno, ITNO="BOWL", ORQA="2", PUPR="1.25")
    buyer.ok("PPS200MI", "UpdLine", PUNO=puno, PNLI="2", PNLS="0", ORQA="4")
    assert line(buyer, puno, "2")["LNAM"] == "5.00"
    receive(buyer, puno, "1")
    assert buyer.nok("PPS200MI", "UpdLine", PUNO=puno, PNLI="1", PNLS="0", PUPR="9") == "XST0020"
    assert buyer.nok("PPS200MI", "DltLine", PUNO=puno, PNLI="1") == "XST0020"
    buyer.ok("PPS200MI", "DltLine", PUNO=puno, PNLI="2")
    assert buyer.nok("PPS200MI", "GetLine", PUNO=puno, PNLI="2") == "XRE0103"
    buyer.ok("PPS200MI", "UpdHead", PUNO=puno, TEPY="T14")
    assert buyer.one("PPS200MI", "GetHead", PUNO=puno)["TEPY"] == "T14"


def test_discounts_and_price_units_make_the_price(buyer: Simulator) -> None:
    puno = order(buyer, ("CUP", "10", "5.00"))
    buyer.ok("PPS200MI", "UpdLine", PUNO=puno, PNLI="1", PNLS="0", ODI1="10", PUCD="2")
    assert line(buyer, puno)["LNAM"] == "22.50"
    receive(buyer, puno, "10")
    assert buyer.balance() == {"1400": "22.50", "2050": "-22.50"}


def test_service_item_is_received_as_an_expense(buyer: Simulator) -> None:
    puno = order(buyer, ("MANUAL", "1", "80.00"))
    receive(buyer, puno, "1")
    assert buyer.balance() == {"2050": "-80.00", "6000": "80.00"}
    assert buyer.nok("MMS060MI", "Get", WHLO="001", ITNO="MANUAL") == "XRE0103"


def test_search_and_export_find_orders_of_a_supplier(buyer: Simulator) -> None:
    puno = order(buyer, ("CUP", "10", "5.00"))
    order(buyer, ("CUP", "1", "5.00"), suno="S000003")
    assert [row["PUNO"] for row in buyer.ok("PPS200MI", "SearchHead", SQRY=f"SUNO:{SUNO}")] == [puno]
    assert buyer.rows("IAPUNO,IASUNO,IAPUSL from MPHEAD where IASUNO = S000003")[0][1:] == ["S000003", "20"]
    receive(buyer, puno, "3")
    assert buyer.rows(f"IBPNLI,IBITNO,IBRVQA from MPLINE where IBPUNO = {puno}") == [["1", "CUP", "3"]]


def test_orders_may_have_to_be_authorised_first(switched: Any) -> None:
    m3 = switched(po_status="12", po_batch_origins="FBI EDI")
    m3.item("CUP")
    assert m3.nok("PPS370MI", "StartEntry", BAOR="XYZ") == "XRE0103"
    puno = order(m3, ("CUP", "2", "1.00"))
    values = {"PUNO": puno, "PNLI": "1", "PNLS": "0", "TRDT": "20261005", "RESP": "X", "RVQA": "1"}
    assert m3.nok("PPS001MI", "Receipt", **values) == "XST0020"
    assert m3.one("PPS200MI", "ApprovePO", PUNO=puno)["PUSL"] == "15"
    assert m3.one("PPS001MI", "Receipt", **values)["ITNO"] == "CUP"
    assert m3.nok("PPS200MI", "ApprovePO", PUNO=puno) == "XST0020"
