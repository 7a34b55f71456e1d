"""Contract: the customer ledger by key, search and notes (ARS200MI, ARS201MI), manual invoices (ARS120MI), and
what a payment takes beside the payment (ARS040MI)."""

from __future__ import annotations

import pytest

from .simulator import Simulator

CUNO = "FB00000001"


@pytest.fixture
def shop(m3: Simulator) -> Simulator:
    m3.customer(CUNO)
    m3.item()
    return m3


def sale(m3: Simulator, net: str = "100.00", **head: str) -> str:
    """An invoice of 3 October; its number."""
    orno = m3.order(CUNO, [("85123A", "1", net)], **head)
    return m3.people("fulfil", orno=orno, date="2026-10-03")["invoice"]["number"]


def item(m3: Simulator, cino: str) -> dict[str, str]:
    return m3.one("ARS200MI", "GetInvTotInfo", PYNO=CUNO, CUNO=CUNO, CINO=cino, INYR="2026")


def paid(m3: Simulator, pbid: str, bope: str, **line: str) -> None:
    m3.ok("ARS040MI", "AddBatchHead", PBID=pbid, BOPE=bope, ACDT="20261010")
    m3.ok("ARS040MI", "AddBatchLine", PBID=pbid, TRNO="1", INYR="2026", CUNO=CUNO, **line)


# ------------------------------------------------------------------------------------------- reading


def test_ledger_row_is_read_by_its_key(shop: Simulator) -> None:
    number = sale(shop)
    sought = {"CUNO": CUNO, "CINO": number, "IVDT": "20261003", "INYR": "2026", "TRCD": "10"}
    key = shop.one("ARS200MI", "GetUniqueKey", **sought)
    row = shop.one("ARS200MI", "GetInvoice", YEA4=key["YEA4"], JRNO=key["JRNO"], JSNO=key["JSNO"])
    assert [row[name] for name in ("CINO", "CUAM", "VTAM", "TRCD", "TEPY")] == [
        number,
        "120.00",
        "20.00",
        "10",
        "T30",
    ]
    assert shop.nok("ARS200MI", "GetUniqueKey", **sought | {"TRCD": "20"}) == "XRE0103"
    assert shop.nok("ARS200MI", "GetInvoice", YEA4="2026", JRNO="1", JSNO="1") == "XRE0103"


def test_items_are_found_by_search_and_by_division(shop: Simulator) -> None:
    first, second = sale(shop), sale(shop, "50.00")
    shop.customer("FB00000002")
    shop.pay(1, "BNK", "20261010", (first, "2026", "120.00", ""))
    found = shop.ok("ARS200MI", "SearchInvoices", SQRY=f"CUNO:{CUNO} RECO:0")
    assert [row["CINO"] for row in found] == [second]
    assert shop.one("ARS200MI", "SearchInvoices", SQRY=f"CINO:{first}")["RECO"] == "9", "the item, once"
    listed = shop.ok("ARS200MI", "LstInvByDivi", PYNO=CUNO, CUNO=CUNO, AAC0="1")
    assert [row["CINO"] for row in listed] == [second]
    assert shop.nok("ARS200MI", "LstInvByDivi", PYNO="FB00000002") == "XRE0103"
    assert shop.nok("ARS200MI", "LstInvByDivi", FDIV="BBB") == "XRE0103"


def test_cash_discount_follows_the_terms_of_the_order(shop: Simulator) -> None:
    number = sale(shop, TECD="C02")
    discount = shop.one("OIS350MI", "GetCashDiscount", YEA4="2026", IVNO=number)
    assert [discount[name] for name in ("TECD", "CDAM", "CDT1", "CDPC")] == ["C02", "2.40", "20261013", "2"]
    key = shop.rows(f"ESYEA4,ESJRNO,ESJSNO from FSLEDG where ESCINO = '{number}'")[0]
    info = dict(zip(("YEA4", "JRNO", "JSNO"), key, strict=True))
    row = shop.one("ARS200MI", "GetCashDiscInfo", CONO="100", **info)
    assert (row["TECD"], row["CDAM"], row["CDT1"]) == ("C02", "2.40", "20261013")
    plain = shop.one("OIS350MI", "GetCashDiscount", YEA4="2026", IVNO=sale(shop))
    assert (plain["TECD"], plain["CDAM"]) == ("", "0.00")
    assert shop.nok("OIS100MI", "AddBatchHead", CUNO=CUNO, TECD="XXX") == "XRE0103"


# ---------------------------------------------------------------------------------------------- notes


def test_reminders_stops_and_discounts_are_noted_on_the_item(shop: Simulator) -> None:
    number = sale(shop)
    key = {"PYNO": CUNO, "CINO": number, "INYR": "2026"}
    shop.ok("ARS201MI", "UpdCustInv", **key, RMQT="2", LRDT="20261020", CDAM="3.00")
    shop.ok("ARS201MI", "UpdPmtReminStop", **key, RMBL="1", BLBY="ANN")
    row = item(shop, number)
    assert [row[name] for name in ("RMQT", "LRDT", "RMBL", "BLBY", "CHNO", "OCUA")] == [
        "2",
        "20261020",
        "1",
        "ANN",
        "3",
        "120.00",
    ]
    shop.ok("ARS201MI", "UpdPmtReminStop", **key, RMBL="0")
    assert item(shop, number)["BLBY"] == ""
    assert shop.nok("ARS201MI", "UpdCustInv", **key, CDAM="121") == "XOPC001"
    assert shop.nok("ARS201MI", "UpdCustInv", **key | {"CINO": "NONE"}, RMQT="1") == "XRE0103"
    shop.pay(2, "BNK", "20261021", (number, "2026", "120.00", ""))
    assert shop.nok("ARS201MI", "UpdCustInv", **key, RMQT="3") == "XST0020", "paid"


# --------------------------------------------------------------------------------- payments and rests


def test_bank_charges_lower_the_cash_and_go_to_the_fees(shop: Simulator) -> None:
    number = sale(shop)
    paid(shop, "10", "BNK", CINO=number, PYAM="120.00")
    shop.ok("ARS040MI", "AddBatchCharge", PBID="10", CHAM="6.00", VTAM="1.00", CHRI="BNK")
    shop.ok("ARS040MI", "ControlBatch", PBID="10")
    assert shop.balance() == {
        "1000": "114.00",
        "1500": "1.00",
        "5000": "5.00",
        "2200": "-20.00",
        "3000": "-100.00",
    }
    assert shop.open_item(number) == ("0.00", "9")
    assert shop.nok("ARS040MI", "AddBatchCharge", PBID="10", CHAM="1") == "XST0020"


def test_refused_charges(shop: Simulator) -> None:
    shop.ok("ARS040MI", "AddBatchHead", PBID="11", BOPE="ALC")
    shop.ok("ARS040MI", "AddBatchHead", PBID="12", BOPE="BNK")
    assert shop.nok("ARS040MI", "AddBatchCharge", PBID="11", CHAM="1.00") == "XOPC001"
    assert shop.nok("ARS040MI", "AddBatchCharge", PBID="12", CHAM="0") == "XNU0000"
    assert shop.nok("ARS040MI", "AddBatchCharge", PBID="12", CHAM="1.00", VTAM="1.00") == "XOPC001"
    assert shop.nok("ARS040MI", "AddBatchCharge", PBID="13", CHAM="1.00") == "XRE0103"


def test_payment_may_take_a_cash_discount_and_write_off_a_rest(shop: Simulator) -> None:
    number = sale(shop)
    paid(shop, "20", "BNK", CINO=number, PYAM="117.00", ACDA="2.40", ADAM="0.60")
    shop.ok("ARS040MI", "ControlBatch", PBID="20")
    assert shop.balance() == {
        "1000": "117.00",
        "3030": "2.40",
        "6070": "0.60",
        "2200": "-20.00",
        "3000": "-100.00",
    }
    row = item(shop, number)
    assert [row[name] for name in ("PCUA", "CDCU", "WRCU", "OCUA", "RECO")] == [
        "117.00",
        "2.40",
        "0.60",
        "0.00",
        "9",
    ]
    trail = shop.ok("ARS200MI", "LstInvoiceTrans", PYNO=CUNO, CUNO=CUNO, CINO=number, INYR="2026", TRCD="20")
    assert [(x["CUAM"], x["TDSC"]) for x in trail] == [
        ("-117.00", ""),
        ("-2.40", "CASHDISC"),
        ("-0.60", "WRITEOFF"),
    ]


def test_differences_cannot_take_more_than_is_open_nor_touch_money_on_account(shop: Simulator) -> None:
    number = sale(shop)
    shop.ok("ARS040MI", "AddBatchHead", PBID="21", BOPE="BNK")
    line = {"PBID": "21", "TRNO": "1", "INYR": "2026", "CUNO": CUNO, "PYAM": "119.00", "ADAM": "1.01"}
    assert shop.nok("ARS040MI", "AddBatchLine", **line, CINO=number) == "XOPC001"
    assert shop.nok("ARS040MI", "AddBatchLine", **line, CINO="P1", PYTP="OA") == "XRE0103"


def test_tenants_that_take_no_differences_with_a_payment(switched) -> None:
    m3 = switched(payment_adjustments="refused")
    m3.customer(CUNO)
    m3.item()
    number = sale(m3)
    m3.ok("ARS040MI", "AddBatchHead", PBID="22", BOPE="BNK")
    line = {"PBID": "22", "TRNO": "1", "INYR": "2026", "CUNO": CUNO, "PYAM": "119.00", "ADAM": "1.00"}
    assert m3.nok("ARS040MI", "AddBatchLine", **line, CINO=number) == "XOPC001"


def test_people_write_off_what_nobody_will_pay(shop: Simulator) -> None:
    number = sale(shop)
    key = {"pyno": CUNO, "cino": number, "inyr": "2026"}
    too_much = shop.http.post("/_sandbox/people/write-off", json={**key, "amount": "121"})
    assert too_much.status_code == 400 and shop.balance()["1300"] == "120.00"
    shop.people("people/write-off", **key, amount="20.00")
    assert item(shop, number)["OCUA"] == "100.00"
    shop.people("people/write-off", **key)
    assert (item(shop, number)["WRCU"], shop.open_item(number)) == ("120.00", ("0.00", "9"))
    assert shop.balance() == {"6070": "120.00", "2200": "-20.00", "3000": "-100.00"}


# ------------------------------------------------------------------------------------ manual invoices


def test_manual_invoice_posts_is_read_and_is_paid_like_any_other(shop: Simulator) -> None:
    lines = [
        {"text": "Workshop, one day", "amount": "400.00"},
        {"text": "Less", "amount": "-50", "account": "3030"},
    ]
    made = shop.people("people/manual-invoice", cuno=CUNO, date="2026-10-04", lines=lines)
    assert (made["tax"], made["total"]) == ("70.00", "420.00")
    assert shop.balance() == {"1300": "420.00", "2200": "-70.00", "3020": "-400.00", "3030": "50.00"}
    head = shop.one("ARS120MI", "GetInvHead", CINO=made["number"], INYR="2026")
    assert [head[name] for name in ("ITAM", "VTAM", "DUDT", "CUNM", "PYNM", "INST")] == [
        "420.00",
        "70.00",
        "20261103",
        "Acme Ltd",
        "Acme Ltd",
        "90",
    ]
    key = {name: head[name] for name in ("JBNO", "JBDT", "JBTM", "CUNO", "CINO", "INYR")}
    rows = shop.ok("ARS120MI", "LstInvLines", **key)
    assert [(row["ILNO"], row["LTXT"], row["CUAM"], row["DBCR"]) for row in rows] == [
        ("1", "Workshop, one day", "400.00", "C"),
        ("2", "Less", "-50.00", "D"),
    ]
    assert shop.nok("ARS120MI", "LstInvLines", **key | {"JBNO": "99"}) == "XRE0103"
    shop.pay(30, "BNK", "20261105", (made["number"], "2026", "420.00", ""))
    assert shop.open_item(made["number"]) == ("0.00", "9")


def test_refused_manual_invoices_change_nothing(shop: Simulator) -> None:
    for body in (
        {"cuno": "NOBODY", "lines": [{"text": "a", "amount": "1"}]},
        {"cuno": CUNO, "lines": []},
        {"cuno": CUNO, "lines": [{"text": "a", "amount": "1", "account": "9999"}]},
        {"cuno": CUNO, "lines": [{"text": "a", "amount": 1.5}]},
    ):
        assert shop.http.post("/_sandbox/people/manual-invoice", json=body).status_code == 400
    assert (
        shop.balance() == {} and shop.nok("ARS120MI", "GetInvHead", CINO="M0000001", INYR="2026") == "XRE0103"
    )
