"""Contract: OIS350MI: every list of invoices tells the same story as the invoice itself."""

from __future__ import annotations

from decimal import Decimal

import pytest

from .simulator import Simulator

CUNO = "FB00000001"


@pytest.fixture
def shop(m3: Simulator) -> Simulator:
    m3.customer(CUNO)
    m3.item()
    return m3


@pytest.fixture
def invoice(shop: Simulator) -> dict[str, str]:
    """An invoice with two lines, a total discount and a charge: 120.00 - 12.00 + 8.00, VAT 23.20."""
    temporary = shop.batch(CUNO, [("85123A", "9", "12.00"), ("MANUAL", "1", "12.00")], OTDP="10")
    shop.ok("OIS100MI", "AddBatchHeadChg", ORNO=temporary, CRID="FREIGH", CRAM="8.00")
    orno = shop.one("OIS100MI", "Confirm", ORNO=temporary)["ORNO"]
    shipped = shop.people("fulfil", orno=orno, date="2026-10-03", tracking="T1")
    return {"orno": orno, "number": shipped["invoice"]["number"], "dlix": shipped["delivery"]}


def test_information_lines_sum_to_the_invoice(shop: Simulator, invoice: dict[str, str]) -> None:
    head = shop.one("OIS350MI", "LstAllInvByCO", ORNO=invoice["orno"])
    rows = shop.ok("OIS350MI", "LstInvLine", YEA4="2026", IVNO=invoice["number"])
    assert [(row["IVTP"], row["AMT2"]) for row in rows] == [
        ("31", "120.00"),
        ("50", "-12.00"),
        ("60", "8.00"),
        ("90", "23.20"),
    ]
    assert sum(Decimal(row["AMT2"]) for row in rows) == Decimal(head["IVAV"]) == Decimal("139.20")
    key = {"YEA4": "2026", "IVNO": invoice["number"]}
    assert [r["AMT2"] for r in shop.ok("OIS350MI", "LstInvLineByTyp", **key, IVTP="60")] == ["8.00"]
    whole = {name: rows[3][name] for name in ("IVTP", "ORNO", "DLIX", "WHLO", "IVRF")}
    tax = shop.one("OIS350MI", "GetInvLine", DIVI="AAA", **key, **whole)
    assert (tax["CVBA"], tax["VTAM"], tax["VTP1"]) == ("116.00", "23.20", "20")
    assert shop.nok("OIS350MI", "GetInvLine", DIVI="AAA", **key, **whole | {"IVTP": "99"}) == "XRE0103"


def test_lines_with_items_sum_to_the_invoice_too(shop: Simulator, invoice: dict[str, str]) -> None:
    rows = shop.ok("OIS350MI", "LstInvLiAdnlInf", YEA4="2026", EXIN=invoice["number"])
    assert [(row["PONR"], row["ITNO"], row["IVQS"], row["IVAM"], row["CRID"]) for row in rows] == [
        ("1", "85123A", "9", "108.00", ""),
        ("2", "MANUAL", "1", "12.00", ""),
        ("", "", "", "-12.00", ""),
        ("", "", "", "8.00", "FREIGH"),
        ("", "", "", "23.20", ""),
    ]


def test_invoices_of_a_year_and_of_a_payer_from_a_number_on(shop: Simulator) -> None:
    shop.customer("FB00000002")
    numbers = []
    for cuno in (CUNO, "FB00000002", CUNO):
        orno = shop.order(cuno, [("85123A", "1", "10.00")])
        numbers.append(shop.people("fulfil", orno=orno, date="2026-10-03")["invoice"]["number"])
    shop.pay(1, "BNK", "20261004", (numbers[0], "2026", "12.00", ""))

    def listed(transaction: str, **values: str) -> list[str]:
        return [row["IVNO"] for row in shop.ok("OIS350MI", transaction, YEA4="2026", **values)]

    assert listed("LstInvHead") == numbers and listed("LstInvHead", IVNO=numbers[1]) == numbers[1:]
    assert listed("LstInvHeadByPay", PYNO=CUNO) == [numbers[0], numbers[2]]
    assert listed("LstInvHeadByPay", PYNO=CUNO, OOIN="1") == [numbers[2]]
    assert shop.nok("OIS350MI", "LstInvHead", YEA4="2025") == "XRE0103"
    assert shop.nok("OIS350MI", "LstInvHeadByPay", YEA4="2026", PYNO="NOBODY") == "WCU0203"
    row = shop.ok("OIS350MI", "LstInvHead", YEA4="2026")[0]
    assert (row["AMT2"], row["RAFC"], row["INST"], row["EXIN"]) == ("12.00", "0.00", "70", numbers[0])


def test_delivery_and_its_invoice_find_each_other(shop: Simulator, invoice: dict[str, str]) -> None:
    key = {"ORNO": invoice["orno"], "WHLO": "001", "DLIX": invoice["dlix"]}
    assert shop.one("OIS350MI", "LstInvHeadByDel", **key, PONR="2")["IVNO"] == invoice["number"]
    assert shop.nok("OIS350MI", "LstInvHeadByDel", **key, PONR="3") == "XRE0103"
    head = shop.one("OIS350MI", "GetDelHead", **key, TEPY="T30")
    assert [head[name] for name in ("IVNO", "ORST", "AMT2", "CONN", "DLDT", "CUN1")] == [
        invoice["number"],
        "80",
        "120.00",
        "100001",
        "20261003",
        "Acme Ltd",
    ]
    by_order = shop.one("OIS350MI", "LstInvHeadByCo", ORNO=invoice["orno"], OOIN="1")
    assert (by_order["DLIX"], by_order["RAFC"], by_order["AMT2"]) == (invoice["dlix"], "139.20", "116.00")
    shop.pay(1, "BNK", "20261004", (invoice["number"], "2026", "139.20", ""))
    assert shop.nok("OIS350MI", "LstInvHeadByCo", ORNO=invoice["orno"], OOIN="1") == "XRE0103"


def test_delivery_not_invoiced_yet_has_a_head_and_no_invoice(shop: Simulator) -> None:
    orno = shop.order(CUNO, [("85123A", "1", "10.00")])
    dlix = shop.people("fulfil", orno=orno, invoice=False)["delivery"]
    key = {"ORNO": orno, "WHLO": "001", "DLIX": dlix}
    assert shop.one("OIS350MI", "GetDelHead", **key, TEPY="T30")["ORST"] == "60"
    assert shop.nok("OIS350MI", "LstInvHeadByDel", **key, PONR="1") == "XRE0103"
    shop.ok("OIS350MI", "PrtInvoice", ORNO=orno)
    assert shop.one("OIS350MI", "GetDelHead", **key, TEPY="T30")["ORST"] == "80"


def test_due_date_cash_desk_and_exemption_texts(shop: Simulator, invoice: dict[str, str]) -> None:
    split = shop.one("OIS350MI", "RtvSplitDueDate", DIVI="AAA", YEA4="2026", EXIN=invoice["number"])
    assert split == {"DUDT": "20261102", "IVAM": "139.20"}
    shop.ok("OIS350MI", "UpdInvCDS", YEA4="2026", EXIN=invoice["number"])
    assert shop.one("OIS350MI", "GetInvHead", YEA4="2026", IVNO=invoice["number"])["CASH"] == "1"
    exempt = {"YEA4": "2026", "VTCD": "00", "FTCO": "FR", "BSCD": "GB"}
    assert shop.nok("OIS350MI", "LstTxExmpTxtVAT", **exempt, IVNO=invoice["number"]) == "XRE0103"
    shop.customer("FB00000002", CSCD="FR")
    abroad = shop.people("fulfil", orno=shop.order("FB00000002", [("85123A", "1", "1.00")]))["invoice"]
    lines = shop.ok("OIS350MI", "LstTxExmpTxtVAT", **exempt, IVNO=abroad["number"])
    assert [row["LINO"] for row in lines] == ["1", "2"] and all(row["TX60"] for row in lines)
