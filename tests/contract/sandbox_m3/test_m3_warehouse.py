"""Contract: picking lists, deliveries, packages and tracking (MWS410MI, MWS411MI, MWS420MI, MWS423MI)."""

from __future__ import annotations

import pytest

from .simulator import Simulator

CUNO = "FB00000001"
MUGS = [("85123A", "10", "12.00"), ("FREIGHT", "1", "10.00")]


@pytest.fixture
def shop(m3: Simulator) -> Simulator:
    m3.customer(CUNO)
    m3.item()
    return m3


def statuses(m3: Simulator, orno: str) -> list[str]:
    return [row["ORST"] for row in m3.ok("OIS100MI", "LstLine", ORNO=orno)]


def test_picking_list_holds_the_goods_until_it_is_reported(shop: Simulator) -> None:
    orno = shop.order(CUNO, MUGS, RLDT="20261002")
    picked = shop.people("people/pick", orno=orno, lines=[{"ponr": 1, "quantity": "4"}])
    dlix = picked["delivery"]
    assert statuses(shop, orno) == ["34", "33"]
    line = shop.one("OIS100MI", "GetLine", ORNO=orno, PONR="1")
    assert (line["ORQT"], line["ALQT"], line["DLQT"]) == ("10", "6", "0")
    assert shop.rows(f"UADLIX,UAORST,UAIVNO from ODHEAD where UAORNO = '{orno}'") == [[dlix, "05", ""]]
    assert shop.one("MWS410MI", "GetHead", DLIX=dlix)["PGRS"] == "50"
    assert shop.ok("MWS420MI", "LstPickHeader", DLIX=dlix) == [{"CONO": "100", "DLIX": dlix, "PLSX": "1"}]
    assert shop.rows("PIDLIX,PIPLSX,PIPISS from MHPICH") == [[dlix, "1", "40"]]
    assert shop.balance() == {}

    assert shop.ok("MWS420MI", "Confirm", DLIX=dlix, PLSX="1") == []
    assert statuses(shop, orno) == ["37", "33"]
    assert shop.balance() == {"1300": "57.60", "2200": "-9.60", "3000": "-48.00"}
    assert shop.rows(f"UAORST from ODHEAD where UADLIX = {dlix}") == [["80"]]
    assert shop.one("MWS410MI", "GetHead", DLIX=dlix)["PGRS"] == "90"
    assert shop.nok("MWS420MI", "Confirm", DLIX=dlix, PLSX="1") == "XST0020"
    assert shop.people("fulfil", orno=orno)["invoice"]["net"] == "82.00"


def test_what_is_on_a_picking_list_cannot_be_shipped_closed_or_deleted(shop: Simulator) -> None:
    orno = shop.order(CUNO, MUGS)
    shop.people("people/pick", orno=orno)
    assert shop.http.post("/_sandbox/fulfil", json={"orno": orno}).status_code == 400
    assert shop.http.post("/_sandbox/cancel-line", json={"orno": orno, "ponr": 1}).status_code == 400
    assert shop.nok("OIS100MI", "DelLine", ORNO=orno, PONR="1") == "XST0020"
    assert shop.nok("OIS100MI", "CloLine", ORNO=orno, PONR="1") == "XST0020"
    assert shop.http.post("/_sandbox/people/pick", json={"orno": orno}).status_code == 400


def test_two_picking_lists_of_one_order_are_reported_one_by_one(shop: Simulator) -> None:
    orno = shop.order(CUNO, MUGS)
    first = shop.people("people/pick", orno=orno, lines=[{"ponr": 1, "quantity": "4"}])["delivery"]
    second = shop.people("people/pick", orno=orno)["delivery"]
    assert statuses(shop, orno) == ["44", "44"]
    issued = shop.people("people/issue", delivery=second, date="2026-10-05")
    assert statuses(shop, orno) == ["47", "77"] and issued["invoice"]
    assert shop.one("OIS350MI", "LstAllInvByCO", ORNO=orno)["IDAT"] == "20261005"
    shop.ok("MWS420MI", "Confirm", DLIX=first, PLSX="1")
    assert statuses(shop, orno) == ["77", "77"]
    rows = shop.ok("OIS100MI", "LstDelLineByCO", ORNO=orno, PONR="1")
    assert [(row["DLIX"], row["TRQT"], row["PGRS"]) for row in rows] == [
        (first, "4", "90"),
        (second, "6", "90"),
    ]


def test_reported_deliveries_wait_for_their_invoice_where_the_tenant_says_so(switched) -> None:
    m3 = switched(issue_invoicing="manual", dispatch_status="order")
    m3.customer(CUNO)
    m3.item()
    orno = m3.order(CUNO, MUGS)
    dlix = m3.people("people/pick", orno=orno)["delivery"]
    assert m3.one("MWS410MI", "GetHead", DLIX=dlix)["PGRS"] == "05"
    m3.ok("MWS420MI", "Confirm", DLIX=dlix, PLSX="1")
    assert m3.one("MWS410MI", "GetHead", DLIX=dlix)["PGRS"] == "60"
    assert statuses(m3, orno) == ["66", "66"] and m3.balance() == {}
    assert m3.nok("OIS350MI", "PrtInvoice", ORNO=orno, DLIX="1") == "XRE0103"
    m3.ok("OIS350MI", "PrtInvoice", ORNO=orno, DLIX=dlix, IDAT="20261009")
    head = m3.one("OIS350MI", "LstAllInvByCO", ORNO=orno)
    assert (head["IDAT"], head["IVAV"]) == ("20261009", "156.00")
    assert m3.one("MWS410MI", "GetHead", DLIX=dlix)["PGRS"] == "80"
    assert m3.nok("OIS350MI", "PrtInvoice", ORNO=orno) == "XRE0103"
    assert m3.nok("OIS350MI", "PrtInvoice", ORNO="0009999999") == "WOR0303"


def test_delivery_tells_its_carrier_tracking_number_and_shipment(shop: Simulator) -> None:
    orno = shop.order(CUNO, MUGS, RLDT="20261002", CUOR="PO 1", MODL="STD")
    sent = {"carrier": "DHL", "tracking": "JD0002", "method": "EXP", "date": "2026-10-05"}
    dlix = shop.people("fulfil", orno=orno, **sent)["delivery"]
    head = shop.one("MWS410MI", "GetHead", DLIX=dlix)
    assert [head[name] for name in ("ETRN", "FWNO", "MODL", "CONN", "CUOR", "CONA", "RIDN", "RORC")] == [
        "JD0002",
        "DHL",
        "EXP",
        "100001",
        "PO 1",
        CUNO,
        orno,
        "3",
    ]
    assert (head["DTDT"], head["DSDT"]) == ("20261002", "20261005"), "three days late"
    assert shop.one("MWS410MI", "GetHead", DLIX=dlix, dateformat="DMY6")["DSDT"] == "051026"
    found = shop.rows(f"OQETRN,OQDSDT,OQINOU,OQNRUL from MHDISH where OQRIDN = '{orno}'")
    assert found == [["JD0002", "20261005", "1", "1"]]
    other = shop.people("fulfil", orno=shop.order(CUNO, MUGS))["delivery"]
    plain = shop.one("MWS410MI", "GetHead", DLIX=other)
    assert (plain["ETRN"], plain["CONN"]) == ("", "")


def test_packages_have_tracking_numbers_of_their_own(shop: Simulator) -> None:
    packages = [{"number": "BOX-1", "tracking": "T1", "weight": "2.5", "kind": "CARTON"}, {"weight": "1.25"}]
    dlix = shop.people("fulfil", orno=shop.order(CUNO, MUGS), tracking="T0", shipment=77, packages=packages)[
        "delivery"
    ]
    rows = shop.ok("MWS410MI", "LstPackages", DLIX=dlix)
    assert [(r["PANR"], r["ETRN"], r["GRWE"], r["CONN"]) for r in rows] == [
        ("BOX-1", "T1", "2.5", "77"),
        ("2", "T0", "1.25", "77"),
    ]
    assert [r["PANR"] for r in shop.ok("MWS423MI", "LstPackDel", DLIX=dlix, PACT="CARTON")] == ["BOX-1"]
    head = shop.one("MWS410MI", "GetHead", DLIX=dlix)
    assert (head["NRUL"], head["GRW2"]) == ("2", "3.75")
    assert shop.rows(f"ORPANR,ORETRN from MPTRNS where ORDLIX = {dlix}") == [["2", "T0"], ["BOX-1", "T1"]]


@pytest.mark.parametrize(
    "said", [{"tracking": "T" * 31}, {"shipment": "A"}, {"packages": [{"weight": "heavy"}]}, {"method": 1.5}]
)
def test_what_does_not_fit_is_refused_and_nothing_ships(shop: Simulator, said: dict[str, object]) -> None:
    orno = shop.order(CUNO, MUGS)
    assert shop.http.post("/_sandbox/fulfil", json={"orno": orno, **said}).status_code == 400
    assert statuses(shop, orno) == ["33", "33"]


def test_contents_and_addresses_of_a_delivery(shop: Simulator) -> None:
    shop.customer("FB00000002", CUNM="Holding PLC", TOWN="London")
    shop.ok("CRS610MI", "ChgOrderInfo", CUNO=CUNO, PYNO="FB00000002")
    orno = shop.order(CUNO, MUGS)
    dlix = shop.people("fulfil", orno=orno, lines=[{"ponr": 1, "quantity": "3"}])["delivery"]
    item = shop.one("MWS410MI", "LstItem", DLIX=dlix)
    assert [item[name] for name in ("ITNO", "ITDS", "DLQT", "NEPR", "GLAM", "LNAM")] == [
        "85123A",
        "White mug",
        "3",
        "12",
        "36.00",
        "36.00",
    ]
    places = shop.ok("MWS410MI", "LstAdr", DLIX=dlix)
    assert [(row["ADRT"], row["NAME"], row["TOWN"]) for row in places] == [
        ("1", "Acme Ltd", "Leeds"),
        ("3", "Holding PLC", "London"),
    ]


def test_delivery_lines_by_order_by_delivery_and_by_key(shop: Simulator) -> None:
    orno = shop.order(CUNO, MUGS)
    dlix = shop.people("fulfil", orno=orno)["delivery"]
    lines = shop.ok("MWS411MI", "LstDelLnByOrd", RORC="3", RIDN=orno)
    assert [(row["DLIX"], row["RIDL"], row["ITNO"], row["TRQT"]) for row in lines] == [
        (dlix, "1", "85123A", "10"),
        (dlix, "2", "FREIGHT", "1"),
    ]
    assert shop.one("MWS411MI", "LstDelLnByOrd", RORC="3", RIDN=orno, RIDL="2")["ITNO"] == "FREIGHT"
    assert shop.nok("MWS411MI", "LstDelLnByOrd", RORC="5", RIDN=orno) == "XRE0103"
    assert shop.ok("MWS411MI", "LstDeliveryLine", DLIX=dlix) == lines
    key = {"DLIX": dlix, "RORC": "3", "RIDN": orno, "RIDL": "2", "RIDX": "0"}
    assert shop.one("MWS411MI", "GetDeliveryLine", **key)["ITNO"] == "FREIGHT"
    assert shop.nok("MWS411MI", "GetDeliveryLine", **key | {"RIDL": "9"}) == "XRE0103"
    assert int(lines[0]["LMTS"]) and shop.rows(f"URRIDL,URTRQT from MHDISL where URRIDN = '{orno}'") == [
        ["1", "10"],
        ["2", "1"],
    ]
    assert shop.nok("MWS410MI", "GetHead", DLIX="1") == "WDL0203"
    assert shop.one("MWS410MI", "SearchDelLines", SQRY=f"ORNO:{orno}")["DLIX"] == dlix
    assert shop.call("MWS410MI", "SearchDelLines", SQRY="ORNO:NONE")["records"] == []


def test_delivery_without_a_picking_list_has_none(shop: Simulator) -> None:
    dlix = shop.people("fulfil", orno=shop.order(CUNO, MUGS))["delivery"]
    assert shop.nok("MWS420MI", "LstPickHeader", DLIX=dlix) == "XRE0103"
    assert shop.nok("MWS420MI", "Confirm", DLIX=dlix, PLSX="1") == "XRE0103"
    assert shop.rows("PIDLIX from MHPICH") == []


def test_invoice_of_nothing_is_invoiced_but_never_posted(shop: Simulator) -> None:
    orno = shop.order(CUNO, [("85123A", "1", "0")])
    shop.people("fulfil", orno=orno)
    assert shop.rows(f"UAORST from ODHEAD where UAORNO = '{orno}'") == [["70"]]


# -------------------------------------------------------------------------------------- by the clock


def test_shares_of_the_orders_are_late_split_or_cut_short(switched) -> None:
    m3 = switched(fulfilment="auto", late_percent=100, late_days=4)
    m3.customer(CUNO)
    m3.item()
    orno = m3.order(CUNO, MUGS, RLDT="20261002")
    m3.people("clock", to="2026-10-06")
    assert statuses(m3, orno) == ["33", "33"]
    m3.people("clock", to="2026-10-20")
    assert m3.one("OIS350MI", "LstAllInvByCO", ORNO=orno)["IDAT"] == "20261007", "RLDT, 1 day, 4 days late"


def test_orders_in_two_parts_ship_their_rest_later(switched) -> None:
    m3 = switched(fulfilment="auto", partial_percent=100, rest_after_days=3)
    m3.customer(CUNO)
    m3.item()
    orno = m3.order(CUNO, MUGS, RLDT="20261002")
    m3.people("clock", to="2026-10-03")
    assert statuses(m3, orno) == ["77", "33"]
    m3.people("clock", to="2026-10-20")
    days = [row["IDAT"] for row in m3.ok("OIS350MI", "LstAllInvByCO", ORNO=orno)]
    assert days == ["20261003", "20261006"], "each on its own day, though the clock jumped"
    single = m3.order(CUNO, [("85123A", "1", "1.00")], RLDT="20261020")
    m3.people("clock", to="2026-10-25")
    assert statuses(m3, single) == ["77"], "one line has no parts"


def test_cancelled_rests_never_ship(switched) -> None:
    m3 = switched(fulfilment="auto", partial_percent=100, cancelled_percent=100)
    m3.customer(CUNO)
    m3.item()
    orno = m3.order(CUNO, MUGS, RLDT="20261002")
    m3.people("clock", to="2026-10-20")
    assert statuses(m3, orno) == ["77", "99"]
    assert m3.one("OIS100MI", "GetHead", ORNO=orno)["NTAM"] == "120.00"
    assert len(m3.ok("OIS350MI", "LstAllInvByCO", ORNO=orno)) == 1
