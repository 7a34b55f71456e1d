"""Contract: GLS840MI, GLS200MI, ABS100MI and periods that close (infor-api 2.6, 2.7)."""

from __future__ import annotations

from typing import Any

from .purchase_lab import cost, invoice, order, pass_time, validate
from .simulator import Simulator


def head(m3: Simulator, key: str, **values: str) -> None:
    m3.one("GLS840MI", "AddBatchHead", CONO="100", KEY1=key, INTN="FBINFOR", DESC=f"Voucher {key}", **values)


def batch(m3: Simulator, key: str, *lines: dict[str, str]) -> None:
    head(m3, key)
    for number, line in enumerate(lines, 1):
        m3.ok("GLS840MI", "AddBatchLineFld", KEY1=key, LINE=str(number), INRI="I1", **line)


def debit(account: str, amount: str, day: str = "20261004", **more: str) -> dict[str, str]:
    return {"AIT1": account, "CUAM": amount, "DBCR": "D", "ACDT": day, **more}


def credit(account: str, amount: str, day: str = "20261004", **more: str) -> dict[str, str]:
    return {"AIT1": account, "CUAM": amount, "DBCR": "C", "ACDT": day, **more}


def control(m3: Simulator, key: str) -> str:
    entry = m3.call("GLS840MI", "CtrlBatch", CONO="100", KEY1=key)
    return entry.get("errorCode", "")


def test_controlled_batch_posts_one_voucher_that_can_be_read_back(m3: Simulator) -> None:
    batch(m3, "FB-EXP-1", debit("6030", "80.00", AIT2="LEEDS", VTXT="Taxi"), credit("1000", "80.00"))
    assert m3.nok("GLS840MI", "UpdBatch", CONO="100", KEY1="FB-EXP-1") == "XST0020", "not controlled yet"
    assert control(m3, "FB-EXP-1") == "" and m3.balance() == {}
    m3.one("GLS840MI", "UpdBatch", CONO="100", KEY1="FB-EXP-1")
    assert m3.balance() == {"1000": "-80.00", "6030": "80.00"}
    rows = m3.ok("GLS200MI", "LstVouchersByDt", FRDT="20261004", TODT="20261004")
    assert [(r["AIT1"], r["AIT2"], r["ACAM"], r["DBCR"], r["VTXT"]) for r in rows] == [
        ("6030", "LEEDS", "80.00", "D", "Taxi"),
        ("1000", "", "-80.00", "C", "Voucher FB-EXP-1"),
    ]
    voucher = {"DIVI": "AAA", "YEA4": "2026", "VONO": rows[0]["VONO"]}
    total = m3.one("GLS200MI", "GetVoucherHead", **voucher)
    assert (total["DSUM"], total["CSUM"]) == ("80.00", "80.00")
    one = m3.one("GLS200MI", "GetVoucherLine", **voucher, JRNO=rows[0]["JRNO"], JSNO="2")
    assert one["AIT1"] == "1000"
    assert m3.one("GLS200MI", "SearchGenLedger", SQRY=f"VONO:{rows[0]['VONO']} AIT1:6030")["ACAM"] == "80.00"
    where = f"EGVONO = {rows[0]['VONO']}"
    assert m3.rows(f"EGAIT1,EGACAM,EGACDT from FGLEDG where {where}") == [
        ["6030", "80.00", "20261004"],
        ["1000", "-80.00", "20261004"],
    ]


def test_key_is_used_only_once(m3: Simulator) -> None:
    batch(m3, "K1", debit("6000", "1.00"), credit("1000", "1.00"))
    again = {"CONO": "100", "KEY1": "K1", "INTN": "FBINFOR", "DESC": "x"}
    assert m3.nok("GLS840MI", "AddBatchHead", **again) == "XRE0104"
    control(m3, "K1")
    m3.one("GLS840MI", "UpdBatch", CONO="100", KEY1="K1")
    assert m3.nok("GLS840MI", "UpdBatch", CONO="100", KEY1="K1") == "XST0020"
    assert m3.nok("GLS840MI", "AddBatchHead", **again) == "XRE0104"
    assert m3.balance() == {"1000": "-1.00", "6000": "1.00"}


def test_batch_must_balance_each_day_and_name_known_accounts(m3: Simulator) -> None:
    batch(m3, "K2", debit("6000", "1.00"), credit("1000", "1.01"))
    assert control(m3, "K2") == "XOPC001"
    batch(m3, "K3", debit("6000", "1.00"), credit("1000", "1.00", "20261005"))
    assert control(m3, "K3") == "XOPC001"
    batch(m3, "K4", debit("6666", "1.00"), credit("1000", "1.00"))
    assert control(m3, "K4") == "XRE0103"
    head(m3, "K5")
    assert control(m3, "K5") == "XRE0103"
    signed = {"AIT1": "6000", "CUAM": "-2.00", "ACDT": "20261004"}
    batch(m3, "K6", signed, debit("1000", "2.00"))
    assert control(m3, "K6") == "", "without a code the amount has a sign"
    assert m3.balance() == {}


def test_position_based_lines_need_the_tenants_layout(m3: Simulator, switched: Any) -> None:
    head(m3, "K7")
    assert m3.nok("GLS840MI", "AddBatchLine", CONO="100", KEY1="K7", LINE="1", PARM="I16000") == "XOPC001"
    tenant = switched(gl_parm_layout="AIT1:3-12 CUAM:13-29 DBCR:30-30 ACDT:31-38", gl_interfaces="FBINFOR")
    head(tenant, "K8")
    for number, (account, side) in enumerate((("6000", "D"), ("1000", "C")), 1):
        text = f"I1{account:<10}{'25.00':>17}{side}20261004"
        tenant.one("GLS840MI", "AddBatchLine", CONO="100", KEY1="K8", LINE=str(number), PARM=text)
    assert control(tenant, "K8") == ""
    tenant.one("GLS840MI", "UpdBatch", CONO="100", KEY1="K8")
    assert tenant.balance() == {"1000": "-25.00", "6000": "25.00"}
    unknown = {"CONO": "100", "KEY1": "K9", "INTN": "OTHER", "DESC": "x"}
    assert tenant.nok("GLS840MI", "AddBatchHead", **unknown) == "XRE0103"


def test_ledger_changes_are_found_by_stamp(m3: Simulator) -> None:
    batch(m3, "K10", debit("6000", "1.00"), credit("1000", "1.00"))
    control(m3, "K10")
    since = m3.one("GENERAL", "GetServerTime")["LMTS"]
    assert m3.rows(f"EGVONO from FGLEDG where EGLMTS > {since}") == []
    m3.one("GLS840MI", "UpdBatch", CONO="100", KEY1="K10")
    found = m3.rows(f"EGAIT1,EGLMTS from FGLEDG where EGLMTS > {since} order by EGLMTS")
    assert [row[0] for row in found] == ["6000", "1000"]


def test_sales_and_payments_are_in_the_same_ledger(m3: Simulator) -> None:
    m3.customer()
    m3.item()
    m3.people("fulfil", orno=m3.order("FB00000001", [("85123A", "1", "10.00")]), date="2026-10-03")
    rows = m3.ok("GLS200MI", "LstVouchersByDt", FRDT="20261003", TODT="20261003")
    assert {(r["FEID"], r["AIT1"], r["ACAM"]) for r in rows} == {
        ("OI20", "1300", "12.00"),
        ("OI20", "3000", "-10.00"),
        ("OI20", "2200", "-2.00"),
    }


# ------------------------------------------------------------------------------------------- periods


def refused(m3: Simulator, verb: str, **body: Any) -> str:
    answer = m3.http.post(f"/_sandbox/{verb}", json=body)
    assert answer.status_code == 400, answer.text
    return answer.json()["error"]


def test_closed_period_refuses_every_posting_of_its_ledger(m3: Simulator) -> None:
    m3.customer()
    m3.item()
    orno = m3.order("FB00000001", [("85123A", "1", "10.00")])
    m3.people("people/close-period", period="2026-10", ledger="AR")
    assert "period 202610 is closed for receivables" in refused(m3, "fulfil", orno=orno, date="2026-10-03")
    m3.people("people/voucher", date="2026-10-03", lines=[{"account": "6000", "amount": "0"}])
    m3.people("people/open-period", period="2026-10", ledger="AR")
    invoice_number = m3.people("fulfil", orno=orno, date="2026-10-03")["invoice"]["number"]
    m3.people("people/close-period", period="2026-10")
    before = m3.balance()

    calls = [("AddBatchHead", {"PBID": "7", "BOPE": "BNK", "ACDT": "20261009"})]
    line = {
        "PBID": "7",
        "TRNO": "1",
        "CINO": invoice_number,
        "INYR": "2026",
        "CUNO": "FB00000001",
        "PYAM": "12.00",
    }
    calls += [("AddBatchLine", line), ("ControlBatch", {"PBID": "7"})]
    results = m3.bulk("ARS040MI", *calls)["results"]
    assert (results[-1]["errorCode"], results[-1]["errorField"]) == ("XDT0001", "ACDT")
    batch(m3, "K11", debit("6000", "1.00"), credit("1000", "1.00"))
    assert control(m3, "K11") == "XDT0001"
    assert "closed" in refused(
        m3, "people/voucher", date="2026-10-03", lines=[{"account": "6000", "amount": "0"}]
    )
    written_off = {"pyno": "FB00000001", "cino": invoice_number, "inyr": "2026", "date": "2026-10-09"}
    assert "closed" in refused(m3, "people/write-off", **written_off)
    fee = [{"text": "Fee", "amount": "5.00"}]
    assert "closed" in refused(m3, "people/manual-invoice", cuno="FB00000001", date="2026-10-09", lines=fee)
    puno = order(m3, ("85123A", "1", "1.00"))
    receipt = {"PUNO": puno, "PNLI": "1", "PNLS": "0", "RVQA": "1", "RESP": "X"}
    assert m3.nok("PPS001MI", "Receipt", TRDT="20261005", **receipt) == "XDT0001"
    inbn = invoice(m3, "A1", "10.00", cost("6000", "10.00"))
    assert validate(m3, inbn)["IBHE"] == "1"
    assert m3.balance() == before

    m3.ok("APS450MI", "UpdHead", INBN=inbn, ACDT="20261101")
    assert validate(m3, inbn)["SUPA"] == "90", (
        "the accounting date is in an open period, the invoice date is not"
    )
    m3.ok("PPS001MI", "Receipt", TRDT="20261102", **receipt)


def test_credit_orders_are_invoiced_on_the_first_open_day(m3: Simulator) -> None:
    m3.customer()
    m3.item()
    m3.people("people/close-period", period="2026-10", ledger="GL")
    orno = m3.order("FB00000001", [("85123A", "-1", "10.00")], kind="F02")
    assert m3.one("OIS350MI", "LstAllInvByCO", ORNO=orno)["IDAT"] == "20261101"


# ----------------------------------------------------------------------------------- bank statements


def test_bank_statement_validates_when_its_lines_lead_to_the_closing_balance(m3: Simulator) -> None:
    statement = {
        "CONO": "100",
        "DIVI": "AAA",
        "BSTY": "1",
        "STMN": "2026/10",
        "BSID": "GB00BANK",
        "CUCD": "GBP",
    }
    job = m3.one("ABS100MI", "AddStatmtHead", **statement, BSOB="100.00", BSCB="130.00")
    key = {name: job[name] for name in ("JBNO", "JBDT", "JBTM")} | {"DIVI": "AAA"}
    assert m3.nok("ABS100MI", "AddStatmtHead", **statement) == "XRE0104"
    assert m3.one("ABS100MI", "AddStatmtLine", **key, BLSN="1", BLLF="50.00", ABNO="inv 1")["BLSN"] == "1"
    assert m3.nok("ABS100MI", "ValidateStatmt", **key) == "XOPC001"
    m3.one("ABS100MI", "AddStatmtLine", **key, BLSN="2", BLLF="-20.00")
    assert m3.ok("ABS100MI", "ValidateStatmt", **key) == []
    assert m3.nok("ABS100MI", "AddStatmtLine", **key, BLSN="3", BLLF="1.00") == "XST0020"
    assert m3.nok("ABS100MI", "ValidateStatmt", **{**key, "JBNO": "999"}) == "XRE0103"
    pass_time(m3)
    assert m3.balance() == {}
