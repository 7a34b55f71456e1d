"""Contract: what M3 posts, by POLICY's worked examples: invoices, credits, receipts, on-account money,
allocations."""

from __future__ import annotations

import pytest

from .simulator import Simulator

CUNO = "FB00000001"


@pytest.fixture
def shop(m3: Simulator) -> Simulator:
    m3.customer(CUNO)
    m3.item()
    return m3


def sale(m3: Simulator, lines: list[tuple[str, str, str]], day: str) -> str:
    """An order shipped and invoiced in full on a day; the invoice number."""
    return m3.people("fulfil", orno=m3.order(CUNO, lines), date=day)["invoice"]["number"]


def test_example_1_one_invoice_paid_in_full(shop: Simulator) -> None:
    orno = shop.order(CUNO, [("85123A", "10", "12.00"), ("FREIGHT", "1", "10.00")])
    assert shop.balance() == {}, "an order posts nothing"
    shop.people("fulfil", orno=orno, date="2026-10-03")
    head = shop.one("OIS350MI", "LstAllInvByCO", ORNO=orno)
    assert (head["IDAT"], head["DUDT"], head["IVAV"], head["RAFC"]) == (
        "20261003",
        "20261102",
        "156.00",
        "156.00",
    )
    assert shop.balance() == {"1300": "156.00", "2200": "-26.00", "3000": "-120.00", "3010": "-10.00"}
    shop.pay(501, "BNK", "20261020", (head["IVNO"], head["YEA4"], "156.00", ""))
    assert shop.open_item(head["IVNO"]) == ("0.00", "9")
    assert shop.balance() == {"1000": "156.00", "2200": "-26.00", "3000": "-120.00", "3010": "-10.00"}
    assert shop.balance(to="2026-10-19")["1300"] == "156.00"


def test_example_2_prepaid_order_is_allocated_when_the_invoice_appears(shop: Simulator) -> None:
    orno = shop.order(CUNO, [("85123A", "10", "20.00")])
    shop.pay(502, "CRD", "20261030", ("P502", "2026", "240.00", "OA"))
    assert shop.balance(to="2026-10-31") == {"1100": "240.00", "2400": "-240.00"}
    assert shop.open_item("P502") == ("-240.00", "0")
    invoice = shop.people("fulfil", orno=orno, date="2026-11-02")["invoice"]["number"]
    shop.pay(5000005020, "ALC", "20261102", (invoice, "2026", "240.00", ""), ("P502", "2026", "-240.00", ""))
    assert shop.open_item(invoice) == ("0.00", "9") and shop.open_item("P502") == ("0.00", "9")
    payout = [("1000", "232.74"), ("5000", "7.26"), ("1100", "-240.00")]
    lines = [{"account": account, "amount": amount} for account, amount in payout]
    shop.people("people/voucher", date="2026-11-03", text="payout", lines=lines)
    assert shop.balance() == {"1000": "232.74", "5000": "7.26", "3000": "-200.00", "2200": "-40.00"}
    trail = shop.ok("ARS200MI", "LstInvoiceTrans", PYNO=CUNO, CUNO=CUNO, CINO=invoice, INYR="2026")
    assert [(x["TRCD"], x["CUAM"], x["RECO"]) for x in trail] == [
        ("10", "240.00", "9"),
        ("20", "-240.00", "9"),
    ]


def test_example_3_each_shipment_computes_its_own_vat(shop: Simulator) -> None:
    orno = shop.order(CUNO, [("85123A", "3", "3.33")])
    assert shop.one("OIS100MI", "GetHead", ORNO=orno)["TOAM"] == "11.99"
    totals = []
    for day in ("2026-10-03", "2026-10-04", "2026-10-05"):
        shipped = shop.people("fulfil", orno=orno, date=day, lines=[{"ponr": 1, "quantity": "1"}])
        totals.append((shipped["invoice"]["net"], shipped["invoice"]["tax"], shipped["invoice"]["total"]))
    assert totals == [("3.33", "0.67", "4.00")] * 3
    assert shop.balance() == {"1300": "12.00", "2200": "-2.01", "3000": "-9.99"}


def test_example_5_money_above_the_invoice_stays_on_account_and_is_used_later(shop: Simulator) -> None:
    first = sale(shop, [("85123A", "1", "150.00")], "2026-10-03")
    shop.pay(503, "BNK", "20261005", (first, "2026", "180.00", ""), ("P503", "2026", "3120.00", "OA"))
    assert shop.balance() == {"1000": "3300.00", "2400": "-3120.00", "2200": "-30.00", "3000": "-150.00"}
    second = sale(shop, [("85123A", "1", "1000.00")], "2026-10-06")
    shop.pay(5000005030, "ALC", "20261006", (second, "2026", "500.00", ""), ("P503", "2026", "-500.00", ""))
    assert shop.open_item(second) == ("700.00", "0") and shop.open_item("P503") == ("-2620.00", "0")
    after = shop.balance()
    assert (after["1000"], after["2400"], after["1300"]) == ("3300.00", "-2620.00", "700.00")


def test_example_6_credit_order_is_invoiced_at_once_and_refunded(shop: Simulator) -> None:
    invoice = sale(shop, [("85123A", "10", "12.00"), ("FREIGHT", "1", "10.00")], "2026-10-03")
    shop.pay(504, "BNK", "20261020", (invoice, "2026", "156.00", ""))
    credit_order = shop.order(CUNO, [("85123A", "-2", "12.00")], kind="F02", PYRE="FBC-ABC123-1")
    credit = shop.one("OIS350MI", "LstAllInvByCO", ORNO=credit_order)
    assert (credit["IVAV"], shop.one("OIS100MI", "GetHead", ORNO=credit_order)["ORST"]) == ("-28.80", "77")
    assert shop.open_item(credit["IVNO"]) == ("-28.80", "0")
    shop.pay(505, "BNK", "20261021", (credit["IVNO"], "2026", "-28.80", ""))
    assert shop.open_item(credit["IVNO"]) == ("0.00", "9")
    assert shop.balance() == {"1000": "127.20", "2200": "-21.20", "3000": "-96.00", "3010": "-10.00"}


def test_credit_invoice_settles_an_invoice_without_cash(shop: Simulator) -> None:
    invoice = sale(shop, [("85123A", "1", "100.00")], "2026-10-03")
    credit_order = shop.order(CUNO, [("85123A", "-1", "100.00")], kind="F02")
    credit = shop.one("OIS350MI", "LstAllInvByCO", ORNO=credit_order)["IVNO"]
    shop.pay(506, "ALC", "20261004", (invoice, "2026", "120.00", ""), (credit, "2026", "-120.00", ""))
    assert shop.balance() == {}
    assert shop.nok("ARS200MI", "LstInvoices", CUNO=CUNO, AAC0="1") == "XRE0103"
    assert len(shop.ok("ARS200MI", "LstInvoices", CUNO=CUNO)) == 2


def test_negative_quantities_are_only_for_credits_and_service_items(shop: Simulator) -> None:
    temporary = shop.batch(CUNO, [("85123A", "-1", "1.00")])
    assert shop.one("OIS100MI", "Confirm", ORNO=temporary)["STAT"] == "25"
    assert shop.one("OIS100MI", "LstErrMsgOrder", ORNO=temporary)["MSID"] == "XNU0003"
    assert shop.order(CUNO, [("85123A", "1", "10.00"), ("DISCOUNT", "-1", "2.50")])


def test_service_order_is_invoiced_at_once_to_the_account_of_its_class(shop: Simulator) -> None:
    lines = [
        ("FREIGHT", "1", "1.00"),
        ("MANUAL", "1", "2.00"),
        ("DISCOUNT", "-1", "0.50"),
        ("VOUCHER", "1", "4.00"),
    ]
    orno = shop.order(CUNO, lines, kind="F03")
    assert shop.one("OIS100MI", "GetHead", ORNO=orno)["ORST"] == "77"
    assert shop.balance() == {
        "1300": "7.80",
        "2200": "-1.30",
        "3010": "-1.00",
        "3020": "-2.00",
        "3030": "0.50",
        "3040": "-4.00",
    }


def test_free_goods_are_delivered_and_owed_by_nobody(shop: Simulator) -> None:
    orno = shop.order(CUNO, [("85123A", "1", "0")])
    assert shop.people("fulfil", orno=orno)["invoice"]["total"] == "0.00"
    assert shop.balance() == {} and shop.rows("ESCINO from FSLEDG") == []


def test_a_tenant_may_leave_a_delivery_worth_nothing_without_invoice(shop: Simulator) -> None:
    shop.people("switches", zero_invoices="left_out")
    try:
        free = shop.order(CUNO, [("85123A", "56", "0")])
        assert shop.people("fulfil", orno=free)["invoice"] is None
        head = shop.one("OIS100MI", "GetHead", ORNO=free)
        assert (head["ORSL"], head["ORST"]) == ("66", "66"), "delivered is the end of it"
        sold = shop.order(CUNO, [("85123A", "1", "0"), ("85123A", "1", "5.00")])
        assert shop.people("fulfil", orno=sold)["invoice"]["total"] == "6.00"
    finally:
        shop.people("switches", zero_invoices="made")


def test_refused_payments_change_nothing(shop: Simulator) -> None:
    invoice = sale(shop, [("85123A", "1", "100.00")], "2026-10-03")
    before = shop.balance()
    shop.ok("ARS040MI", "AddBatchHead", PBID="600", BOPE="BNK")
    assert shop.nok("ARS040MI", "AddBatchHead", PBID="600", BOPE="BNK") == "XRE0104"
    assert shop.nok("ARS040MI", "AddBatchHead", PBID="601", BOPE="GLD") == "XRE0103"
    assert shop.nok("ARS040MI", "ControlBatch", PBID="600") == "XRE0103", "no lines"
    line = {"PBID": "600", "TRNO": "1", "CINO": invoice, "INYR": "2026", "CUNO": CUNO, "PYAM": "120.00"}
    assert shop.nok("ARS040MI", "AddBatchLine", **line | {"CINO": "NONE"}) == "XRE0103"
    assert shop.nok("ARS040MI", "AddBatchLine", **line | {"PYAM": "120.01"}) == "XOPC001"
    assert shop.nok("ARS040MI", "AddBatchLine", **line | {"PYAM": "1.001"}) == "XNU0000"
    assert shop.balance() == before
    shop.ok("ARS040MI", "AddBatchLine", **line)
    assert shop.nok("ARS040MI", "AddBatchLine", **line) == "XRE0104", "TRNO twice"
    shop.ok("ARS040MI", "ControlBatch", PBID="600")
    assert shop.nok("ARS040MI", "ControlBatch", PBID="600") == "XST0020"
    assert shop.balance()["1000"] == "120.00"


def test_allocation_that_moves_cash_is_refused(shop: Simulator) -> None:
    invoice = sale(shop, [("85123A", "1", "100.00")], "2026-10-03")
    shop.ok("ARS040MI", "AddBatchHead", PBID="700", BOPE="ALC")
    line = {"TRNO": "1", "CINO": invoice, "INYR": "2026", "CUNO": CUNO, "PYAM": "120.00"}
    shop.ok("ARS040MI", "AddBatchLine", PBID="700", **line)
    assert shop.nok("ARS040MI", "ControlBatch", PBID="700") == "XOPC001"
    assert shop.open_item(invoice) == ("120.00", "0")


def test_two_lines_of_a_batch_cannot_take_more_than_is_open(shop: Simulator) -> None:
    invoice = sale(shop, [("85123A", "1", "100.00")], "2026-10-03")
    shop.ok("ARS040MI", "AddBatchHead", PBID="701", BOPE="BNK")
    for number, amount in (("1", "100.00"), ("2", "30.00")):
        line = {"TRNO": number, "CINO": invoice, "INYR": "2026", "CUNO": CUNO, "PYAM": amount}
        shop.ok("ARS040MI", "AddBatchLine", PBID="701", **line)
    assert shop.nok("ARS040MI", "ControlBatch", PBID="701") == "XOPC001"
    assert "1000" not in shop.balance()


def test_invoice_and_delivery_reads_agree(shop: Simulator) -> None:
    orno = shop.order(CUNO, [("85123A", "2", "12.00"), ("FREIGHT", "1", "1.00")])
    shipped = shop.people("fulfil", orno=orno, date="2026-10-03", lines=[{"ponr": "1", "quantity": "1"}])
    number, dlix = shipped["invoice"]["number"], shipped["delivery"]
    head = shop.one("OIS350MI", "GetInvHead", YEA4="2026", IVNO=number)
    assert (head["AMT2"], head["IDAT"], head["CUNO"], head["EXIN"]) == ("14.40", "20261003", CUNO, number)
    assert shop.one("OIS350MI", "LstInvHeadByCo", ORNO=orno)["DLIX"] == dlix
    info = shop.ok("OIS350MI", "LstInvLine", YEA4="2026", IVNO=number)
    assert [x["AMT2"] for x in info] == ["12.00", "2.40"]
    assert shop.one("OIS350MI", "LstInvByCOLine", ORNO=orno, PONR="1")["IVNO"] == number
    assert shop.nok("OIS350MI", "LstInvByCOLine", ORNO=orno, PONR="2") == "XRE0103"
    assert shop.one("OIS350MI", "LstDelHeadByInv", YEA4="2026", IVNO=number)["ORNO"] == orno
    key = {"CONO": "100", "ORNO": orno, "DLIX": dlix, "WHLO": "001", "TEPY": "T30"}
    line = shop.one("OIS350MI", "LstDelLine", **key)
    assert (line["ITNO"], line["QTY1"], line["QTY2"], line["ORST"]) == ("85123A", "1", "1", "77")
    assert shop.one("OIS350MI", "GetDelLine", **key, PONR="1", POSX="0")["LNAM"] == "12.00"
    assert shop.nok("OIS350MI", "LstAllInvByCO", ORNO="0009999999") == "WOR0303"
    by_division = shop.one("ARS200MI", "LstInvByDivi", FDIV="AAA", TDIV="AAA")
    assert (by_division["CINO"], by_division["CUAM"]) == (number, "14.40")


def test_the_payer_owes_and_pays_for_the_buyer(shop: Simulator) -> None:
    shop.customer("FB00000002", CUNM="Holding PLC")
    shop.ok("CRS610MI", "ChgOrderInfo", CUNO=CUNO, PYNO="FB00000002")
    shop.ok("CRS610MI", "ChgFinancial", CUNO="FB00000002", CRLM="150.00")
    number = sale(shop, [("85123A", "1", "100.00")], "2026-10-03")
    item = shop.one("ARS200MI", "GetInvTotInfo", PYNO="FB00000002", CUNO=CUNO, CINO=number, INYR="2026")
    assert item["OCUA"] == "120.00"
    temporary = shop.batch(CUNO, [("85123A", "1", "100.00")])
    assert shop.one("OIS100MI", "Confirm", ORNO=temporary)["STAT"] == "30", "the limit is the payer's"
    shop.pay(801, "BNK", "20261004", (number, "2026", "120.00", ""))
    assert shop.one("OIS100MI", "Confirm", ORNO=temporary)["STAT"] == "90"
