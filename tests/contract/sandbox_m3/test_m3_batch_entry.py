"""Contract: what may be entered in a batch order: discounts, charges, units, texts, changes; interruptions."""

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


def entered(m3: Simulator, *lines: dict[str, str], **head: str) -> str:
    """A batch of lines as they are sent; its temporary number."""
    temporary = m3.batch(CUNO, [], **head)
    for line in lines:
        m3.ok("OIS100MI", "AddBatchLine", ORNO=temporary, **{"ITNO": "85123A", "ORQT": "1", **line})
    return temporary


def made(m3: Simulator, *lines: dict[str, str], **head: str) -> str:
    return m3.one("OIS100MI", "Confirm", ORNO=entered(m3, *lines, **head))["ORNO"]


# ---------------------------------------------------------------------------------------- discounts


def test_discounts_lower_the_net_price_the_vat_and_the_invoice(shop: Simulator) -> None:
    orno = made(shop, {"ORQT": "10", "SAPR": "12.00", "DIP1": "10", "DIA2": "8.00"})
    line = shop.one("OIS100MI", "LstLine", ORNO=orno)
    assert (line["SAPR"], line["NEPR"], line["NLAM"], line["DIP1"], line["DIA1"], line["DIA2"]) == (
        "12",
        "10",
        "100.00",
        "10",
        "12.00",
        "8.00",
    )
    head = shop.one("OIS100MI", "GetHead", ORNO=orno)
    assert (head["BRAM"], head["NTAM"], head["VTAM"], head["TOAM"]) == (
        "120.00",
        "100.00",
        "20.00",
        "120.00",
    )
    assert shop.people("fulfil", orno=orno)["invoice"]["total"] == "120.00"
    assert shop.balance() == {"1300": "120.00", "2200": "-20.00", "3000": "-100.00"}
    assert shop.rows("UBNEPR,UBLNAM from ODLINE") == [["10", "100.00"]]


def test_each_part_of_a_line_bears_its_share_of_the_discounts(shop: Simulator) -> None:
    orno = made(shop, {"ORQT": "3", "SAPR": "10.00", "DIA1": "1.00"})
    nets = [
        shop.people("fulfil", orno=orno, lines=[{"ponr": 1, "quantity": "1"}])["invoice"]["net"]
        for _ in range(3)
    ]
    assert nets == ["9.67"] * 3, "29.00 in three parts, each to the cent on its own"
    assert shop.one("OIS100MI", "GetHead", ORNO=orno)["NTAM"] == "29.00"


def test_a_credit_gives_back_the_discounted_price(shop: Simulator) -> None:
    orno = made(shop, {"ORQT": "-2", "SAPR": "10.00", "DIP1": "25"}, kind="F02")
    assert shop.one("OIS350MI", "LstAllInvByCO", ORNO=orno)["IVAV"] == "-18.00"


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ({"DIP1": "101"}, "XNU0000"),
        ({"DIP1": "-1"}, "XNU0003"),
        ({"DIA1": "x"}, "XNU0000"),
        ({"SACD": "0"}, "XNU0000"),
    ],
)
def test_refused_lines(shop: Simulator, line: dict[str, str], code: str) -> None:
    temporary = shop.batch(CUNO, [])
    refused = {"ITNO": "85123A", "ORQT": "1", "SAPR": "1.00", **line}
    assert shop.nok("OIS100MI", "AddBatchLine", ORNO=temporary, **refused) == code


def test_discounts_above_the_lines_value_are_an_error_in_the_line(shop: Simulator) -> None:
    temporary = entered(shop, {"SAPR": "5.00", "DIA1": "5.01"})
    assert shop.one("OIS100MI", "Confirm", ORNO=temporary)["STAT"] == "25"
    shop.ok("OIS100MI", "ChgBatchLine", ORNO=temporary, ITNO="85123A", PONR="1", DIA1="5.00")
    assert shop.one("OIS100MI", "Confirm", ORNO=temporary)["STAT"] == "90"


def test_discount_models_of_other_tenants(switched) -> None:
    m3 = switched(discount_base="gross", discount_amount="per_unit")
    m3.customer(CUNO)
    m3.item()
    orno = made(m3, {"ORQT": "10", "SAPR": "10.00", "DIP1": "10", "DIP2": "10", "DIA3": "0.50"})
    line = m3.one("OIS100MI", "LstLine", ORNO=orno)
    assert (line["DIA1"], line["DIA2"], line["DIA3"], line["NLAM"]) == ("10.00", "10.00", "5.00", "75.00")


def test_total_discount_and_charges_are_taxed_and_billed_once(shop: Simulator) -> None:
    temporary = entered(shop, {"ORQT": "2", "SAPR": "50.00"}, {"SAPR": "100.00"}, OTDP="10")
    shop.ok("OIS100MI", "AddBatchHeadChg", ORNO=temporary, CRID="FREIGH", CRAM="7.50")
    shop.ok("OIS100MI", "AddBatchLineChg", ORNO=temporary, PONR="2", POSX="0", CRID="INSURE", CRAM="2.50")
    orno = shop.one("OIS100MI", "Confirm", ORNO=temporary)["ORNO"]
    value = shop.one("OIS100MI", "GetOrderValue", ORNO=orno)
    names = ("NTAM", "ODAM", "ONET", "EXAM", "ORVA", "VTAM", "TOAM")
    assert [value[name] for name in names] == [
        "200.00",
        "20.00",
        "180.00",
        "10.00",
        "190.00",
        "38.00",
        "228.00",
    ]
    first = shop.people("fulfil", orno=orno, lines=[{"ponr": 1, "quantity": "1"}])["invoice"]
    assert (first["net"], first["total"]) == ("52.50", "63.00"), "50.00 less 10 % and the order's freight"
    second = shop.people("fulfil", orno=orno)["invoice"]
    assert (second["net"], second["total"]) == ("137.50", "165.00"), "150.00 less 10 % and the insurance"
    assert shop.balance() == {
        "1300": "228.00",
        "2200": "-38.00",
        "3000": "-200.00",
        "3010": "-10.00",
        "3030": "20.00",
    }
    done = shop.one("OIS100MI", "GetOrderValue", ORNO=orno)
    assert [done[name] for name in ("INTA", "IDAM", "IXAM", "IVTA", "ITOA")] == [
        "200.00",
        "20.00",
        "10.00",
        "38.00",
        "228.00",
    ]


def test_refused_charges_and_discounts_of_the_order(shop: Simulator) -> None:
    temporary = entered(shop, {"SAPR": "1.00"})
    charge = {"ORNO": temporary, "CRID": "FREIGH", "CRAM": "1.00"}
    assert shop.nok("OIS100MI", "AddBatchHeadChg", **charge | {"CRID": "NONE"}) == "XRE0103"
    assert shop.nok("OIS100MI", "AddBatchHeadChg", **charge | {"CRAM": "-1"}) == "XNU0003"
    assert shop.nok("OIS100MI", "AddBatchHeadChg", ORNO=temporary, CRID="FREIGH") == "XNU0000"
    assert shop.nok("OIS100MI", "AddBatchLineChg", **charge, PONR="2", POSX="0") == "WPO0303"
    assert "CRFA" in shop.call("OIS100MI", "AddBatchHeadChg", **charge, CRFA="2")["errorMessage"]
    shop.ok("OIS100MI", "AddBatchHeadChg", **charge)
    assert shop.nok("OIS100MI", "AddBatchHeadChg", **charge) == "XRE0104"
    assert "OTDP" in shop.call("OIS100MI", "AddBatchHead", CUNO=CUNO, OTBA="5.00")["errorMessage"]
    assert shop.nok("OIS100MI", "AddBatchHead", CUNO=CUNO, OTDP="101") == "XNU0000"


# -------------------------------------------------------------------------------- units, texts, days


def test_a_line_may_be_ordered_by_the_dozen_and_priced_by_the_hundred(shop: Simulator) -> None:
    orno = made(shop, {"ORQT": "5", "ALUN": "DZN", "SAPR": "250.00", "SACD": "1", "SPUN": "HND"})
    line = shop.one("OIS100MI", "LstLine", ORNO=orno)
    assert (line["ORQT"], line["ORQA"], line["ALUN"], line["SPUN"], line["NLAM"]) == (
        "60",
        "5",
        "DZN",
        "HND",
        "150.00",
    )
    assert shop.people("fulfil", orno=orno)["invoice"]["net"] == "150.00"
    per_ten = made(shop, {"ORQT": "5", "SAPR": "30.00", "SACD": "10"})
    assert shop.one("OIS100MI", "LstLine", ORNO=per_ten)["NLAM"] == "15.00"
    temporary = entered(shop, {"ALUN": "BOX", "SAPR": "1.00"})
    assert shop.one("OIS100MI", "Confirm", ORNO=temporary)["STAT"] == "25"


def test_lines_keep_their_days_and_references(shop: Simulator) -> None:
    sent = {"SAPR": "1.00", "DWDT": "20261020", "CODT": "20261021", "CUOR": "PO 9", "ITDS": "Mug, engraved"}
    orno = made(shop, sent, {"SAPR": "2.00"}, RLDT="20261005", CUOR="PO 1", MODL="EXP")
    first, second = shop.ok("OIS100MI", "LstLineBOD", ORNO=orno)
    assert (first["DWDZ"], first["CODZ"], first["ITDS"], first["MODL"]) == (
        "20261020",
        "20261021",
        "Mug, engraved",
        "EXP",
    )
    assert (second["DWDZ"], second["ITDS"], second["GLAM"]) == ("20261005", "White mug", "2.00")
    assert [row["CUOR"] for row in shop.ok("OIS100MI", "LstLine", ORNO=orno)] == ["PO 9", "PO 1"]
    assert (
        "TEPY"
        in shop.call("OIS100MI", "AddBatchLine", ORNO=entered(shop), ITNO="85123A", ORQT="1", TEPY="T60")[
            "errorMessage"
        ]
    )


def test_texts_of_head_and_lines_are_kept_in_lines_of_sixty(shop: Simulator) -> None:
    temporary = entered(shop, {"SAPR": "1.00"})
    text = {"ORNO": temporary, "TYTR": "1", "PARM": "Please ring twice. " * 6}
    shop.ok("OIS100MI", "AddBatchText", **text, TYPE="1")
    shop.ok("OIS100MI", "AddBatchText", **text | {"TYTR": "2", "PARM": "Engrave: Anna"}, TYPE="2", PONR="1")
    assert shop.nok("OIS100MI", "AddBatchText", **text, TYPE="2", PONR="9") == "WPO0303"
    assert shop.nok("OIS100MI", "AddBatchText", **text, TYPE="3") == "XOPC001"
    orno = shop.one("OIS100MI", "Confirm", ORNO=temporary)["ORNO"]
    before = shop.one("OIS100MI", "GetHead", ORNO=orno)["PRT2"]
    parts = [row[0] for row in shop.rows(f"TLTX60 from OSYTXL where TLTXID = {before} order by TLLINO")]
    assert " ".join(parts) == ("Please ring twice. " * 6).strip() and max(map(len, parts)) <= 60
    ((after,),) = shop.rows(f"OBPOTX from OOLINE where OBORNO = '{orno}'")
    assert shop.rows(f"TLTX60 from OSYTXL where TLTXID = {after}") == [["Engrave: Anna"]]


def test_text_is_added_to_an_order_that_stands(shop: Simulator) -> None:
    orno = made(shop, {"SAPR": "1.00"})
    txid = shop.one("OIS100MI", "AddText", FILE="OOHEAD00", KFLD=orno, TEXT="Paid in cash")["TXID"]
    assert shop.one("OIS100MI", "GetHead", ORNO=orno)["POTX"] == txid
    assert shop.nok("OIS100MI", "AddText", FILE="OOHEAD00", KFLD="0009999999", TEXT="x") == "XRE0103"


# -------------------------------------------------------------------------------------------- changes


def test_batch_is_changed_before_it_is_confirmed(shop: Simulator) -> None:
    temporary = entered(
        shop, {"ORQT": "1", "SAPR": "1.00", "DWDT": "20261020"}, {"SAPR": "2.00"}, CUOR="PO 1"
    )
    head = {"ORNO": temporary, "ORTP": "F01", "FACI": "F01"}
    shop.ok("OIS100MI", "ChgBatchHead", **head, YREF="Ann", CUOR="", TEPY="T14", RLDT="20261010")
    change = {"ORNO": temporary, "ITNO": "85123A", "PONR": "1", "ORQT": "4"}
    shop.ok("OIS100MI", "ChgBatchLine", **change, dateformat="DMY6")
    rows = shop.ok("OIS100MI", "LstBatchLine", ORNO=temporary)
    assert [(row["ORQT"], row["SAPR"], row["DWDT"]) for row in rows] == [
        ("4", "1", "20261020"),
        ("1", "2", "20261010"),
    ]
    batch = shop.one("OIS100MI", "GetBatchHead", ORNO=temporary)
    assert (batch["YREF"], batch["CUOR"], batch["TEPY"], batch["NTAM"]) == ("Ann", "PO 1", "T14", "6.00")
    assert shop.rows(f"OBPONR,OBORQT from OXLINE where OBORNO = '{temporary}'") == [["1", "4"], ["2", "1"]]
    assert shop.nok("OIS100MI", "ChgBatchLine", **change | {"PONR": "3"}) == "WPO0303"
    orno = shop.one("OIS100MI", "Confirm", ORNO=temporary)["ORNO"]
    assert shop.one("OIS100MI", "GetHead", ORNO=orno)["NTAM"] == "6.00"
    assert shop.nok("OIS100MI", "ChgBatchHead", **head, YREF="Bob") == "XST0020"
    assert shop.rows(f"OBPONR from OXLINE where OBORNO = '{temporary}'") == []


def test_batch_heads_are_read_under_the_prefix_of_either_public_caller(shop: Simulator) -> None:
    temporary = entered(shop, {"SAPR": "1.00"}, PYRE="FB-1")
    assert shop.rows("OAORNO,OASTAT from OXHEAD where OAPYRE = 'FB-1'") == [[temporary, "10"]]
    assert shop.rows("OXORNO from OXHEAD where OXPYRE = 'FB-1'") == [[temporary]]


def test_line_is_added_to_an_order_that_stands(shop: Simulator) -> None:
    orno = made(shop, {"ORQT": "1", "SAPR": "10.00"})
    shop.people("fulfil", orno=made(shop, {"SAPR": "1.00"}))
    line = {"ORNO": orno, "ITNO": "85123A", "ORQT": "2", "SAPR": "5.00", "DIP1": "50"}
    added = shop.one("OIS100MI", "AddLineBatchEnt", **line)
    assert added == {"ORNO": orno, "STAT": "90", "PONR": "2", "POSX": "0", "ATNR": "0"}
    assert shop.one("OIS100MI", "GetHead", ORNO=orno)["NTAM"] == "15.00"
    assert shop.rows(f"OBPONR from OOLINE where OBORNO = '{orno}' and OBLMTS > 0") == [["1"], ["2"]]
    assert shop.nok("OIS100MI", "AddLineBatchEnt", **line | {"ITNO": "NONE"}) == "WIT0103"
    assert shop.nok("OIS100MI", "AddLineBatchEnt", **line, PONR="1") == "XRE0104"
    assert shop.people("fulfil", orno=orno)["invoice"]["net"] == "15.00"
    assert shop.nok("OIS100MI", "AddLineBatchEnt", **line) == "XST0020"


def test_orders_are_found_by_search(shop: Simulator) -> None:
    first = made(shop, {"SAPR": "1.00"}, PYRE="FB-ABC-1", CUOR="PO 77")
    second = made(shop, {"SAPR": "2.00"}, PYRE="FB-ABC-2", CUOR="PO 78")
    found = shop.one("OIS100MI", "SearchHead", SQRY="PYRE:FB-ABC-2")
    assert (found["ORNO"], found["NTAM"], found["FILE"]) == (second, "2.00", "OOHEAD")
    both = [row["ORNO"] for row in shop.ok("OIS100MI", "SearchHead", SQRY=f"CUNO:{CUNO} ORSL:33")]
    assert both == [first, second]


# --------------------------------------------------------------------------------------- what is left


def test_credit_is_checked_before_an_order_is_entered(shop: Simulator) -> None:
    assert shop.ok("OIS100MI", "CheckCredit", CUNO=CUNO, AMNT="99999") == [], "no limit"
    shop.ok("CRS610MI", "ChgFinancial", CUNO=CUNO, CRLM="120.00")
    made(shop, {"SAPR": "50.00"})
    assert shop.ok("OIS100MI", "CheckCredit", CUNO=CUNO, AMNT="60") == []
    assert shop.nok("OIS100MI", "CheckCredit", CUNO=CUNO, AMNT="61") == "OIS3001"
    shop.ok("CRS610MI", "ChgFinancial", CUNO=CUNO, CRLM="0", BLCD="1")
    assert shop.nok("OIS100MI", "CheckCredit", CUNO=CUNO, AMNT="1") == "OIS3001"
    assert shop.one("OIS100MI", "Confirm", ORNO=entered(shop, {"SAPR": "1.00"}))["STAT"] == "30"


def test_promise_and_balances_follow_the_stock(shop: Simulator) -> None:
    asked = {"ITNO": "85123A", "ORQT": "2", "DWDT": "20261010", "ALUN": "DZN"}
    promise = shop.one("OIS100MI", "GetOrderPromise", **asked)
    assert promise == {"AVTQ": "24", "UNMS": "PCS", "AVDT": "20261010"}, "never counted: goods are there"
    assert shop.nok("OIS100MI", "GetOrderPromise", ITNO="NONE", ORQT="1", DWDT="20261010") == "WIT0103"
    assert shop.nok("OIS100MI", "LstNewBalances") == "XRE0103"

    shop.people("people/count-stock", itno="85123A", quantity="30")
    made(shop, {"ORQT": "16", "SAPR": "1.00"})
    now, later = shop.ok("OIS100MI", "GetOrderPromise", **asked)
    assert (now["AVTQ"], now["AVDT"]) == ("14", "20261010") and (later["AVTQ"], later["AVDT"]) == (
        "10",
        "20261017",
    )
    balance = shop.one("OIS100MI", "LstNewBalances", LMTS="0")
    assert [balance[name] for name in ("WHLO", "ITNO", "AV01")] == ["001", "85123A", "14"]
    later_on = str(int(shop.one("GENERAL", "GetServerTime")["LMTS"]) + 1)
    assert shop.nok("OIS100MI", "LstNewBalances", LMTS=later_on) == "XRE0103"


def test_what_is_not_on_hand_waits_where_the_tenant_ships_nothing_else(switched) -> None:
    m3 = switched(negative_stock="refused")
    m3.customer(CUNO)
    m3.item()
    m3.people("people/count-stock", itno="85123A", quantity="1")
    at_once = made(m3, {"ORQT": "2", "SAPR": "1.00"}, kind="F03")
    assert m3.one("OIS100MI", "GetHead", ORNO=at_once)["ORST"] == "33", "confirmed, not shipped"
    dlix = m3.people("people/pick", orno=at_once)["delivery"]
    assert m3.nok("MWS420MI", "Confirm", DLIX=dlix, PLSX="1") == "XOPC001"
    m3.people("people/count-stock", itno="85123A", quantity="2")
    m3.ok("MWS420MI", "Confirm", DLIX=dlix, PLSX="1")
    assert m3.one("OIS100MI", "GetHead", ORNO=at_once)["ORST"] == "77"


# ------------------------------------------------------------------------------------- interruptions


def test_interrupted_batch_stands_at_55_until_a_person_goes_on(shop: Simulator) -> None:
    shop.people("people/interrupt")
    temporary = entered(shop, {"SAPR": "1.00"}, PYRE="FB-1")
    assert shop.one("OIS100MI", "Confirm", ORNO=temporary) == {"ORNO": temporary, "STAT": "55"}
    assert "interrupted" in shop.one("OIS100MI", "LstErrMsgOrder", ORNO=temporary)["MDTA"]
    assert shop.rows("OAORNO from OOHEAD where OAPYRE = 'FB-1'") == []
    done = shop.people("people/resume-batch", orno=temporary)
    assert done["stat"] == "90" and shop.one("OIS100MI", "GetOrderNo", ORNO=temporary)["ORNR"] == done["orno"]
    assert shop.http.post("/_sandbox/people/resume-batch", json={"orno": temporary}).status_code == 400


def test_every_third_confirm_is_interrupted_and_a_second_one_goes_on(switched) -> None:
    m3 = switched(interrupt_every=3)
    m3.customer(CUNO)
    m3.item()
    batches = [entered(m3, {"SAPR": "1.00"}) for _ in range(4)]
    stats = [m3.one("OIS100MI", "Confirm", ORNO=batch)["STAT"] for batch in batches]
    assert stats == ["90", "90", "55", "90"]
    assert m3.one("OIS100MI", "Confirm", ORNO=batches[2])["STAT"] == "90"
    other = entered(m3, {"SAPR": "1.00"})
    m3.people("people/interrupt", count=1)
    assert m3.one("OIS100MI", "Confirm", ORNO=other)["STAT"] == "55"
    assert m3.ok("OIS100MI", "DelBatchHead", ORNO=other) == [], "a person may give it up"


def test_long_discounted_order_adds_up(shop: Simulator) -> None:
    temporary = shop.batch(CUNO, [])
    line = {"ORNO": temporary, "ITNO": "85123A", "ORQT": "3", "SAPR": "0.41", "DIP1": "10"}
    for _ in range(3):
        answer = shop.bulk("OIS100MI", *[("AddBatchLine", line)] * 100)
        assert answer["nrOfFailedTransactions"] == 0
    orno = shop.one("OIS100MI", "Confirm", ORNO=temporary)["ORNO"]
    rows = shop.ok("OIS100MI", "LstLine", ORNO=orno, maxrecs=0)
    net = Decimal(shop.one("OIS100MI", "GetHead", ORNO=orno)["NTAM"])
    assert net == sum(Decimal(row["NLAM"]) for row in rows) == Decimal("333.00")
