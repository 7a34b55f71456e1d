"""Contract: APS450MI, APS455MI, APS200MI, APS130MI: supplier invoices from entry to payment."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .purchase_lab import SUNO, cost, invoice, item, order, pass_time, payable, receive, validate, vat
from .simulator import Simulator


@pytest.fixture
def buyer(m3: Simulator) -> Simulator:
    m3.item("CUP")
    return m3


def errors(m3: Simulator, inbn: str) -> list[str]:
    """The reasons a validation left (M3 shows them in APS450's error log)."""
    rows = m3.http.get("/_sandbox/state", params={"table": "FAPIBH"}).json()["rows"]
    return [error["MSGD"] for row in rows if row["INBN"] == inbn for error in row["errors"]]


def test_bill_without_an_order_posts_cost_vat_and_payable_once(buyer: Simulator) -> None:
    inbn = invoice(
        buyer,
        "inv 0042",
        "144.00",
        cost("6040", "70.00", AO02="LEEDS", CHGT="Paper"),
        cost("6010", "50.00"),
        vat("24.00"),
        CORI="FB-bill-17",
        VTAM="24.00",
    )
    assert buyer.balance() == {}, "an entered invoice posts nothing"
    head = validate(buyer, inbn)
    assert (head["SUPA"], head["BIST"], head["IBHE"], head["IBLE"]) == ("90", "0", "0", "0")
    assert (head["CORI"], head["SINO"], head["DUDT"], head["TLNA"]) == (
        "FB-bill-17",
        "INV 0042",
        "20261105",
        "120.00",
    )
    assert buyer.balance() == {"1500": "24.00", "2000": "-144.00", "6010": "50.00", "6040": "70.00"}
    item_row = payable(buyer, "INV 0042")
    assert (item_row["OCUA"], item_row["RECO"], item_row["APRV"], item_row["VONO"]) == (
        "144.00",
        "0",
        "0",
        head["VONO"],
    )
    lines = buyer.ok("GLS200MI", "LstVoucherLines", DIVI="AAA", YEA4="2026", VONO=head["VONO"])
    assert ("6040", "LEEDS", "70.00", "Paper") in [
        (x["AIT1"], x["AIT2"], x["ACAM"], x["VTXT"]) for x in lines
    ]
    assert {x["FEID"] for x in lines} == {"AP50"}


def test_validation_answers_at_once_and_its_outcome_comes_later(buyer: Simulator) -> None:
    inbn = invoice(buyer, "A1", "12.00", cost("6000", "12.00"))
    assert buyer.one("APS450MI", "GetHead", INBN=inbn)["SUPA"] == "10"
    assert buyer.ok("APS455MI", "ValidByBatchNo", INBN=inbn) == []
    head = buyer.one("APS450MI", "GetHead", INBN=inbn)
    assert (head["SUPA"], head["BIST"], head["VONO"]) == ("10", "8", "")
    assert buyer.nok("APS450MI", "AddLine", INBN=inbn, **cost("6000", "1.00")) == "XST0020"
    assert buyer.nok("APS455MI", "ValidByBatchNo", INBN=inbn) == "XST0020"
    pass_time(buyer)
    assert buyer.one("APS450MI", "GetHead", INBN=inbn)["SUPA"] == "90"
    assert buyer.nok("APS455MI", "ValidByBatchNo", INBN=inbn) == "XST0020", "it is in payables already"


@pytest.mark.parametrize(
    ("head", "lines", "word"),
    [
        ({"CUAM": "100.00"}, [cost("6000", "99.00")], "differ from the invoice amount by 1.00"),
        (
            {"CUAM": "120.00", "VTAM": "19.00"},
            [cost("6000", "100.00"), vat("20.00")],
            "VAT lines sum to 20.00",
        ),
        ({"CUAM": "0"}, [], "Invoice amount must be entered"),
        ({"CUAM": "10.00", "SINO": ""}, [], "Supplier invoice number must be entered"),
        ({"CUAM": "10.00", "CUCD": "SEK"}, [], "Currency SEK"),
        ({"CUAM": "10.00", "TEPY": "T99"}, [], "Payment terms T99"),
        ({"CUAM": "10.00", "PUNO": "999"}, [], "Purchase order number 999"),
    ],
)
def test_head_errors_are_flagged_and_nothing_is_posted(
    buyer: Simulator, head: dict[str, str], lines: list[dict[str, str]], word: str
) -> None:
    values = {"SINO": "B1", **head}
    inbn = invoice(buyer, values.pop("SINO"), values.pop("CUAM"), *lines, **values)
    got = validate(buyer, inbn)
    assert (got["SUPA"], got["IBHE"], got["VONO"]) == ("15", "1", "")
    assert any(word in error for error in errors(buyer, inbn)), errors(buyer, inbn)
    assert buyer.balance() == {}


def test_line_errors_are_flagged_on_their_line_and_can_be_corrected(buyer: Simulator) -> None:
    lines = [cost("6000", "60.00"), cost("9999", "40.00"), vat("20.00", "77")]
    inbn = invoice(buyer, "C1", "120.00", *lines)
    got = validate(buyer, inbn)
    assert (got["SUPA"], got["IBHE"], got["IBLE"]) == ("15", "0", "1")
    assert [row["IBLE"] for row in buyer.ok("APS450MI", "LstLines", INBN=inbn)] == ["0", "1", "1"]
    other = invoice(buyer, "C2", "120.00", cost("6000", "100.00"), vat("21.00"))
    assert validate(buyer, other)["SUPA"] == "15"
    buyer.ok("APS450MI", "UpdHead", INBN=other, CUAM="121.00")
    assert buyer.one("APS450MI", "GetHead", INBN=other)["SUPA"] == "10", "a change must be validated again"
    assert validate(buyer, other)["SUPA"] == "90"


def test_supplier_that_is_blocked_fails_validation(buyer: Simulator) -> None:
    inbn = invoice(buyer, "D1", "10.00", cost("6000", "10.00"))
    buyer.people("people/supplier", suno=SUNO, STAT="90")
    assert validate(buyer, inbn)["IBHE"] == "1"
    assert "status 90" in errors(buyer, inbn)[0]


def test_invoice_number_is_taken_once_per_payee_supplier_and_year(buyer: Simulator) -> None:
    first = invoice(buyer, "E1", "10.00", cost("6000", "10.00"))
    second = invoice(buyer, "E1", "10.00", cost("6000", "10.00"))
    found = buyer.ok("APS450MI", "LstInvBySupInv", SPYN=SUNO, SUNO=SUNO, SINO="E1")
    assert [row["INBN"] for row in found] == [first, second]
    assert (validate(buyer, first)["SUPA"], validate(buyer, second)["SUPA"]) == ("90", "15")
    assert "already in accounts payable" in errors(buyer, second)[0]
    next_year = invoice(buyer, "E1", "10.00", cost("6000", "10.00"), IVDT="20270104")
    assert validate(buyer, next_year)["SUPA"] == "90"
    assert buyer.balance()["2000"] == "-20.00"


def test_example_10_more_billed_than_received_waits_unmatched_and_unapproved(buyer: Simulator) -> None:
    puno = order(buyer, ("CUP", "100", "5.00"))
    receive(buyer, puno, "90")
    assert buyer.balance() == {"1400": "450.00", "2050": "-450.00"}
    inbn = invoice(buyer, "F1", "600.00", item(puno, "100", "500.00"), vat("100.00"))
    assert validate(buyer, inbn)["SUPA"] == "90"
    assert buyer.balance() == {"1400": "450.00", "1450": "50.00", "1500": "100.00", "2000": "-600.00"}
    row = payable(buyer, "F1")
    assert (row["OCUA"], row["APRV"], row["RECO"]) == ("600.00", "0", "0")
    line = buyer.one("PPS200MI", "GetLine", PUNO=puno, PNLI="1")
    assert (line["PUSL"], line["PUST"], line["RVQA"], line["IVQA"]) == ("20", "85", "90", "100")

    receive(buyer, puno, "10", day="20261008")
    assert buyer.balance() == {"1400": "500.00", "1500": "100.00", "2000": "-600.00"}, (
        "the rest matched itself"
    )
    line = buyer.one("PPS200MI", "GetLine", PUNO=puno, PNLI="1")
    assert (line["PUSL"], line["PUST"]) == ("85", "85")


@pytest.mark.parametrize(
    ("quantity", "net", "word"),
    [
        ("10", "55.00", "differs from the order's price by 5.00"),
        ("101", "505.00", "101 invoiced, 100 ordered"),
    ],
)
def test_price_or_quantity_that_the_order_does_not_have_fails_the_matching(
    buyer: Simulator, quantity: str, net: str, word: str
) -> None:
    puno = order(buyer, ("CUP", "100", "5.00"))
    receive(buyer, puno, "100")
    inbn = invoice(buyer, "G1", net, item(puno, quantity, net))
    assert validate(buyer, inbn)["SUPA"] == "79"
    assert word in errors(buyer, inbn)[0]
    assert buyer.balance() == {"1400": "500.00", "2050": "-500.00"}


def test_item_line_finds_its_order_line_by_the_item(buyer: Simulator) -> None:
    puno = order(buyer, ("CUP", "4", "2.50"))
    receive(buyer, puno, "4")
    line = {"RDTP": "1", "ITNO": "CUP", "IVQA": "4", "NEPR": "2.50"}
    inbn = invoice(buyer, "H1", "12.00", line, vat("2.00"), PUNO=puno)
    assert validate(buyer, inbn)["SUPA"] == "90"
    assert buyer.balance() == {"1400": "10.00", "1500": "2.00", "2000": "-12.00"}


def test_head_that_names_an_order_is_matched_to_it_as_a_whole(buyer: Simulator) -> None:
    buyer.item("BOWL")
    puno = order(buyer, ("CUP", "10", "5.00"), ("BOWL", "4", "2.50"))
    receive(buyer, puno, "6")
    whole = {"PUNO": puno, "IMCD": "2"}
    wrong = invoice(buyer, "Q1", "31.00", **whole)
    assert validate(buyer, wrong)["SUPA"] == "79"
    assert "neither what was received (30.00) nor what is left" in errors(buyer, wrong)[0]
    received = invoice(buyer, "Q2", "36.00", vat("6.00"), **whole)
    assert validate(buyer, received)["SUPA"] == "90"
    assert [(r["RDTP"], r["ITNO"], r["IVQA"]) for r in buyer.ok("APS450MI", "LstLines", INBN=received)] == [
        ("3", "", ""),
        ("1", "CUP", "6"),
    ]
    rest = invoice(buyer, "Q3", "30.00", **whole)
    assert validate(buyer, rest)["SUPA"] == "90"
    assert buyer.balance() == {"1400": "30.00", "1450": "30.00", "1500": "6.00", "2000": "-66.00"}
    receive(buyer, puno, "4")
    receive(buyer, puno, "4", pnli="2")
    assert buyer.balance() == {"1400": "60.00", "1500": "6.00", "2000": "-66.00"}


def test_invoice_without_lines_waits_in_the_clearing_account(buyer: Simulator) -> None:
    inbn = invoice(buyer, "I1", "120.00", vat("20.00"))
    assert validate(buyer, inbn)["SUPA"] == "90"
    assert buyer.balance() == {"1450": "100.00", "1500": "20.00", "2000": "-120.00"}


def test_credit_note_is_a_negative_invoice(buyer: Simulator) -> None:
    inbn = invoice(buyer, "J1", "-24.00", cost("6040", "-20.00"), vat("-4.00"))
    assert validate(buyer, inbn)["SUPA"] == "90"
    assert buyer.balance() == {"1500": "-4.00", "2000": "24.00", "6040": "-20.00"}


def test_rejected_invoice_is_adjusted_or_its_number_used_again(buyer: Simulator) -> None:
    inbn = invoice(buyer, "K1", "12.00", cost("6000", "12.00"))
    assert buyer.one("APS450MI", "RejectInvoice", INBN=inbn, SCRE="01")["INBN"] == inbn
    assert buyer.one("APS450MI", "GetHead", INBN=inbn)["SUPA"] == "40"
    assert buyer.nok("APS455MI", "ValidByBatchNo", INBN=inbn) == "XST0020"
    again = invoice(buyer, "K1", "12.00", cost("6000", "12.00"))
    assert validate(buyer, again)["SUPA"] == "90"
    buyer.ok("APS450MI", "AdjustLine", INBN=inbn, TRNO="1", ADAB="10.00")
    assert buyer.one("APS450MI", "LstLines", INBN=inbn)["NLAM"] == "10.00"
    assert buyer.nok("APS450MI", "RejectInvoice", INBN=again) == "XST0020", "payables have it"


def test_select_validates_only_what_is_in_the_ranges(buyer: Simulator) -> None:
    inbns = [invoice(buyer, f"L{n}", "12.00", cost("6000", "12.00")) for n in range(1, 5)]
    buyer.ok("APS455MI", "ValidBySelect", FSIN="L2", TSIN="L3", FSUN=SUNO, TSUN=SUNO)
    pass_time(buyer)
    got = [buyer.one("APS450MI", "GetHead", INBN=inbn)["SUPA"] for inbn in inbns]
    assert got == ["10", "90", "90", "10"]
    listed = buyer.ok("APS450MI", "LstInvBatchNo", SPYN=SUNO, SUPA="10")
    assert [row["SINO"] for row in listed] == ["L1", "L4"]


def test_only_what_is_approved_is_proposed_and_paid(buyer: Simulator) -> None:
    for sino, gross in (("M1", "100.00"), ("M2", "40.00")):
        validate(buyer, invoice(buyer, sino, gross, cost("6000", gross)))
    when = {"CUDI": "AAA", "DIVF": "AAA", "DIVT": "AAA", "PRPD": "20261130"}
    assert buyer.nok("APS130MI", "CreateProposal", **when) == "XRE0103"
    refused = buyer.http.post("/_sandbox/people/pay-supplier-invoice", json={"suno": SUNO, "sino": "M1"})
    assert refused.status_code == 400 and "not approved" in refused.json()["error"]

    buyer.people("people/approve-supplier-invoice", suno=SUNO, sino="M1")
    assert payable(buyer, "M1")["APRV"] == "1"
    prpn = buyer.one("APS130MI", "CreateProposal", **when)["PRPN"]
    assert buyer.balance()["2000"] == "-140.00", "a proposal pays nothing"
    named = {"DIVI": "AAA", "PRPN": prpn, "PYON": "1"}
    assert buyer.one("APS130MI", "GetHead", **named)["CUAM"] == "100.00"
    assert [row["SINO"] for row in buyer.ok("APS130MI", "LstInvByPayee", **named)] == ["M1"]

    part = buyer.people(
        "people/pay-supplier-invoice", suno=SUNO, sino="M1", amount="30.00", date="2026-11-02"
    )
    assert part["paid"][0]["open"] == "70.00"
    buyer.people("people/pay-supplier-invoice", prpn=prpn, date="2026-11-30")
    row = payable(buyer, "M1")
    assert (row["PCUA"], row["OCUA"], row["RECO"], row["REDE"]) == ("100.00", "0.00", "9", "20261130")
    assert buyer.balance() == {"1000": "-100.00", "2000": "-40.00", "6000": "140.00"}
    trail = buyer.ok("APS200MI", "LstInvoiceTrans", SPYN=SUNO, SUNO=SUNO, SINO="M1", INYR="2026")
    assert [(x["TRCD"], x["CUAM"]) for x in trail] == [("40", "100.00"), ("50", "-30.00"), ("50", "-70.00")]


def test_ledger_reads_find_an_invoice_by_key_number_and_search(buyer: Simulator) -> None:
    validate(buyer, invoice(buyer, "N1", "12.00", cost("6000", "12.00"), CORI="FB-bill-9"))
    found = buyer.one(
        "APS200MI", "GetUniqueKey", SUNO=SUNO, SINO="N1", IVDT="20261006", INYR="2026", TRCD="40"
    )
    journal = {name: found[name] for name in ("YEA4", "JRNO", "JSNO")}
    assert buyer.one("APS200MI", "GetInvoice", **journal)["SINO"] == "N1"
    buyer.ok("APS200MI", "AddInvoiceLog", **journal, ACTO="50", USID="ANN")
    assert buyer.one("APS200MI", "LstInvoiceLog", **journal)["USID"] == "ANN"
    assert buyer.one("APS200MI", "SearchSupInvoic", SQRY="SINO:N1")["JRNO"] == journal["JRNO"]
    assert buyer.rows("EPSINO,EPCUAM,EPAPRV,EPTRCD from FPLEDG where EPSINO = 'N1'") == [
        ["N1", "12.00", "0", "40"]
    ]
    assert buyer.rows("E5INBN,E5SUPA,E5BIST from FAPIBH where E5CORI = 'FB-bill-9'") == [["1", "90", "0"]]
    assert buyer.rows("E6RDTP,E6AO01,E6NLAM from FAPIBL where E6INBN = 1") == [["8", "6000", "12.00"]]


def test_cents_within_the_permitted_rounding_are_posted_as_such(switched: Any) -> None:
    m3 = switched(ap_rounding="0.02", ap_validation_seconds=0)
    for sino, gross in (("R1", "12.02"), ("R2", "12.03")):
        inbn = invoice(m3, sino, gross, cost("6000", "12.00"))
        m3.ok("APS455MI", "ValidByBatchNo", INBN=inbn)
    assert [row[0] for row in m3.rows("E5SUPA from FAPIBH")] == ["90", "15"]
    assert m3.balance() == {"2000": "-12.02", "3900": "0.02", "6000": "12.00"}


def test_validation_that_was_submitted_survives_a_crash(switched: Any) -> None:
    m3 = switched()
    inbn = invoice(m3, "S1", "12.00", cost("6000", "12.00"))
    m3.ok("APS455MI", "ValidByBatchNo", INBN=inbn)
    m3.kill()
    m3.start()
    pass_time(m3)
    assert m3.one("APS450MI", "GetHead", INBN=inbn)["SUPA"] == "90"
    assert m3.balance() == {"2000": "-12.00", "6000": "12.00"}


_PENCE = st.integers(-5_000, 90_000).filter(bool)
_BILL = st.tuples(
    st.lists(_PENCE, min_size=1, max_size=5), st.integers(0, 9_000), st.sampled_from((0, 0, 0, 1))
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_BILL, min_size=1, max_size=4))
def test_a_bill_posts_its_gross_once_or_nothing_at_all(process: Simulator, bills: list[Any]) -> None:
    """Payables owe the sum of the bills that add up; every other bill leaves no trace in the ledger."""
    process.people("reset")
    process.sign_in()
    owed = costs = taxes = Decimal(0)
    for number, (nets, tax, wrong) in enumerate(bills):
        gross = sum(nets) + tax + wrong
        lines = [cost("6000", f"{net / 100:.2f}") for net in nets] + [vat(f"{tax / 100:.2f}")]
        inbn = invoice(process, f"BILL-{number}", f"{gross / 100:.2f}", *lines)
        process.ok("APS455MI", "ValidByBatchNo", INBN=inbn)
        if gross and not wrong:
            owed, costs, taxes = owed + gross, costs + sum(nets), taxes + tax
    pass_time(process)
    process.ok("APS450MI", "GetHead", INBN="1")
    balance = {account: Decimal(amount) * 100 for account, amount in process.balance().items()}
    assert balance.get("2000", 0) == -owed
    assert (balance.get("6000", 0), balance.get("1500", 0)) == (costs, taxes)


def test_payables_may_be_updated_only_on_approval(switched: Any) -> None:
    m3 = switched(ap_update="on_approval", ap_duplicate="on_entry", ap_validation_seconds=0)
    inbn = invoice(m3, "O1", "12.00", cost("6000", "12.00"))
    assert m3.nok("APS450MI", "AddHead", SUNO=SUNO, IVDT="20261006", SINO="O1") == "XRE0104"
    m3.ok("APS455MI", "ValidByBatchNo", INBN=inbn)
    assert m3.one("APS450MI", "GetHead", INBN=inbn)["SUPA"] == "20" and m3.balance() == {}
    m3.ok("APS450MI", "ApproveInvoice", INBN=inbn)
    assert m3.one("APS450MI", "GetHead", INBN=inbn)["SUPA"] == "90"
    assert payable(m3, "O1")["APRV"] == "1"


def test_payables_may_be_updated_by_people(switched: Any) -> None:
    m3 = switched(ap_update="manual", ap_validation_seconds=0)
    inbn = invoice(m3, "O2", "12.00", cost("6000", "12.00"))
    early = m3.http.post("/_sandbox/people/ap-update", json={"inbn": inbn})
    assert early.status_code == 400 and "not 20 (validated)" in early.json()["error"]
    m3.ok("APS455MI", "ValidByBatchNo", INBN=inbn)
    assert m3.people("people/ap-update", inbn=inbn)["supa"] == "90"
    assert m3.balance() == {"2000": "-12.00", "6000": "12.00"}


def test_matched_invoices_may_be_approved_by_m3_itself(switched: Any) -> None:
    m3 = switched(ap_approval="when_matched", ap_validation_seconds=0, ap_price_variance="posted")
    m3.item("CUP")
    puno = order(m3, ("CUP", "10", "5.00"))
    receive(m3, puno, "8")
    inbn = invoice(m3, "P1", "51.00", item(puno, "10", "51.00"))
    m3.ok("APS455MI", "ValidByBatchNo", INBN=inbn)
    assert payable(m3, "P1")["APRV"] == "0"
    receive(m3, puno, "2")
    assert payable(m3, "P1")["APRV"] == "1"
    assert m3.balance() == {"1400": "50.00", "2000": "-51.00", "4010": "1.00"}
