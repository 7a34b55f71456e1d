"""Contract: customer orders (OIS100MI): the batch flow, its statuses, partial delivery, closing and deleting
lines."""

from __future__ import annotations

import pytest

from .simulator import Simulator

MUGS = [("85123A", "10", "12.00"), ("FREIGHT", "1", "10.00")]


@pytest.fixture
def shop(m3: Simulator) -> Simulator:
    m3.customer()
    m3.item()
    return m3


def test_batch_becomes_an_order_only_by_confirm(shop: Simulator) -> None:
    temporary = shop.batch(
        "FB00000001", MUGS, PYRE="FB-ABC123-7", CUOR="PO 1", ORDT="20261001", RLDT="20261002"
    )
    assert shop.one("OIS100MI", "GetOrderNo", ORNO=temporary) == {"ORNR": ""}
    assert shop.nok("OIS100MI", "LstHead", CUNO="FB00000001") == "XRE0103"
    confirmed = shop.one("OIS100MI", "Confirm", ORNO=temporary)
    orno = confirmed["ORNO"]
    assert confirmed["STAT"] == "90" and orno != temporary
    assert shop.one("OIS100MI", "GetOrderNo", ORNO=temporary) == {"ORNR": orno}
    head = shop.one("OIS100MI", "GetHead", ORNO=orno)
    assert (head["NTAM"], head["VTAM"], head["TOAM"]) == ("130.00", "26.00", "156.00")
    assert (head["PYRE"], head["CUOR"], head["RLDT"], head["ORSL"], head["ORST"]) == (
        "FB-ABC123-7",
        "PO 1",
        "20261002",
        "33",
        "33",
    )
    assert shop.one("OIS100MI", "LstHead", CUNO="FB00000001")["PYRE"] == "FB-ABC123-7"
    lines = shop.ok("OIS100MI", "LstLine", ORNO=orno)
    assert [(x["PONR"], x["ITNO"], x["CUPO"], x["NLAM"], x["ALQT"]) for x in lines] == [
        ("1", "85123A", "1", "120.00", "10"),
        ("2", "FREIGHT", "2", "10.00", "1"),
    ]
    assert shop.one("OIS100MI", "GetLine", ORNO=orno, PONR="2")["ITNO"] == "FREIGHT"
    assert shop.nok("OIS100MI", "Confirm", ORNO=temporary) == "XST0020"
    assert shop.nok("OIS100MI", "DelBatchHead", ORNO=temporary) == "XST0020"


def test_unconfirmed_batch_is_found_by_our_reference_and_can_be_deleted(shop: Simulator) -> None:
    temporary = shop.batch("FB00000001", MUGS, PYRE="FB-ABC123-8")
    query = "OXORNO,OXORNR,OXSTAT from OXHEAD where OXPYRE = 'FB-ABC123-8'"
    assert shop.rows(query) == [[temporary, "", "10"]]
    assert [x["PONR"] for x in shop.ok("OIS100MI", "LstBatchLine", ORNO=temporary)] == ["1", "2"]
    shop.ok("OIS100MI", "DelBatchHead", ORNO=temporary)
    assert shop.rows(query) == []
    assert shop.nok("OIS100MI", "GetBatchHead", ORNO=temporary) == "XRE0103"


def test_reference_is_25_characters_wide(shop: Simulator) -> None:
    entry = shop.call("OIS100MI", "AddBatchHead", CUNO="FB00000001", PYRE="F" * 26)
    assert (entry["errorType"], entry["errorField"]) == ("InputFieldTooLong", "PYRE")


def test_unknown_customer_is_refused_at_once(shop: Simulator) -> None:
    assert shop.nok("OIS100MI", "AddBatchHead", CUNO="NOBODY") == "WCU0203"


def test_error_in_the_head_leaves_status_15(shop: Simulator) -> None:
    temporary = shop.batch("FB00000001", MUGS, kind="Z99")
    assert shop.one("OIS100MI", "Confirm", ORNO=temporary) == {"ORNO": temporary, "STAT": "15"}
    message = shop.one("OIS100MI", "LstErrMsgOrder", ORNO=temporary)
    assert (message["LEVL"], message["MSID"]) == ("1", "WTT0403") and "Z99" in message["MDTA"]


def test_head_without_lines_leaves_status_20(shop: Simulator) -> None:
    temporary = shop.batch("FB00000001", [])
    assert shop.one("OIS100MI", "Confirm", ORNO=temporary)["STAT"] == "20"
    shop.bulk(
        "OIS100MI", ("AddBatchLine", {"ORNO": temporary, "ITNO": "85123A", "ORQT": "1", "SAPR": "1.00"})
    )
    assert shop.one("OIS100MI", "Confirm", ORNO=temporary)["STAT"] == "90"


def test_missing_item_leaves_status_25_until_it_exists(shop: Simulator) -> None:
    temporary = shop.batch("FB00000001", [*MUGS, ("NEWITEM", "1", "1.00")], PYRE="FB-ABC123-9")
    assert shop.one("OIS100MI", "Confirm", ORNO=temporary)["STAT"] == "25"
    message = shop.one("OIS100MI", "LstErrMsgOrder", ORNO=temporary)
    assert (message["LEVL"], message["MSID"]) == ("2", "WIT0103") and "Line 3" in message["MDTA"]
    assert shop.one("OIS100MI", "GetBatchHead", ORNO=temporary)["STAT"] == "25"
    shop.item("NEWITEM")
    assert shop.one("OIS100MI", "Confirm", ORNO=temporary)["STAT"] == "90"


def test_credit_limit_leaves_status_30_and_nothing_is_posted(shop: Simulator) -> None:
    """POLICY example 7: limit 1,000.00, open 900.00, order 300.00."""
    shop.ok("CRS610MI", "ChgFinancial", CUNO="FB00000001", CRLM="1000.00")
    shop.people("fulfil", orno=shop.order("FB00000001", [("85123A", "1", "750.00")]))
    before = shop.balance()
    temporary = shop.batch("FB00000001", [("85123A", "1", "250.00")])
    assert shop.one("OIS100MI", "Confirm", ORNO=temporary)["STAT"] == "30"
    assert "1000.00" in shop.one("OIS100MI", "LstErrMsgOrder", ORNO=temporary)["MDTA"]
    assert shop.balance() == before and before["1300"] == "900.00"
    assert shop.people("people/release-credit", orno=temporary)["stat"] == "90"


def test_prices_carry_more_than_two_decimals_and_lines_round_half_up(shop: Simulator) -> None:
    orno = shop.order("FB00000001", [("85123A", "3", "0.0415"), ("85123A", "1", "2.005")])
    lines = shop.ok("OIS100MI", "LstLine", ORNO=orno)
    assert [(x["SAPR"], x["NLAM"]) for x in lines] == [("0.0415", "0.12"), ("2.005", "2.01")]
    temporary = shop.batch("FB00000001", [])
    refused = {"ORNO": temporary, "ITNO": "85123A", "ORQT": "1", "SAPR": "1.0000001"}
    assert shop.nok("OIS100MI", "AddBatchLine", **refused) == "XNU0000"
    assert shop.nok("OIS100MI", "AddBatchLine", **refused | {"SAPR": "-1"}) == "XNU0003"
    assert shop.nok("OIS100MI", "AddBatchLine", **refused | {"ORQT": "many"}) == "XNU0000"


def test_vat_follows_the_delivery_address_before_the_customer(shop: Simulator) -> None:
    temporary = shop.batch("FB00000001", MUGS)
    address = {"ADRT": "1", "CUNM": "Acme SARL", "CUA1": "1 rue X", "TOWN": "Lyon", "CSCD": "FR"}
    shop.ok("OIS100MI", "AddBatchAddress", ORNO=temporary, **address)
    orno = shop.one("OIS100MI", "Confirm", ORNO=temporary)["ORNO"]
    assert shop.one("OIS100MI", "GetHead", ORNO=orno)["VTAM"] == "0.00"
    shop.customer("FB00000002", CSCD="DE")
    assert shop.one("OIS100MI", "GetHead", ORNO=shop.order("FB00000002", MUGS))["TOAM"] == "130.00"


def test_partial_delivery_moves_line_and_head_statuses(shop: Simulator) -> None:
    orno = shop.order("FB00000001", MUGS)
    shop.people("fulfil", orno=orno, lines=[{"ponr": 1, "quantity": "4"}])
    lines = shop.ok("OIS100MI", "LstLine", ORNO=orno)
    assert [(x["ORST"], x["DLQT"], x["IVQT"], x["ALQT"]) for x in lines] == [
        ("37", "4", "4", "6"),
        ("33", "0", "0", "1"),
    ]
    head = shop.one("OIS100MI", "GetHead", ORNO=orno)
    assert (head["ORSL"], head["ORST"]) == ("33", "37")
    shop.people("fulfil", orno=orno)
    assert [x["ORST"] for x in shop.ok("OIS100MI", "LstLine", ORNO=orno)] == ["77", "77"]
    value = shop.one("OIS100MI", "GetOrderValue", ORNO=orno)
    assert (value["TOAM"], value["ITOA"]) == ("156.00", "156.00")


def test_delivered_but_not_invoiced_lines_stand_at_66(shop: Simulator) -> None:
    orno = shop.order("FB00000001", MUGS)
    assert shop.people("fulfil", orno=orno, invoice=False)["invoice"] is None
    assert shop.one("OIS100MI", "GetHead", ORNO=orno)["ORST"] == "66" and shop.balance() == {}
    assert shop.people("invoice", orno=orno)["invoices"][0]["total"] == "156.00"
    assert shop.one("OIS100MI", "GetHead", ORNO=orno)["ORSL"] == "77"


def test_people_cannot_ship_what_is_not_there(shop: Simulator) -> None:
    orno = shop.order("FB00000001", MUGS)
    for body in ({"orno": "X"}, {"orno": orno, "lines": [{"ponr": 1, "quantity": "11"}]}):
        answer = shop.http.post("/_sandbox/fulfil", json=body)
        assert answer.status_code == 400 and answer.json()["error"]
    both = {"orders": [{"orno": orno}, {"orno": "X"}]}
    assert shop.http.post("/_sandbox/fulfil", json=both).status_code == 400
    assert shop.one("OIS100MI", "GetHead", ORNO=orno)["ORST"] == "33", "all of them or none"
    assert shop.rows("OBPONR from OOLINE where OBLMTS > 0 order by OBLMTS") == [["1"], ["2"]]
    shop.people("fulfil", orno=orno, lines=[{"ponr": 1, "quantity": "1"}])
    assert shop.rows("OBPONR from OOLINE where OBLMTS > 0 order by OBLMTS") == [["2"], ["1"]]


def test_closing_the_rest_takes_it_out_of_the_orders_value(shop: Simulator) -> None:
    orno = shop.order("FB00000001", MUGS)
    shop.people("fulfil", orno=orno, lines=[{"ponr": 1, "quantity": "4"}])
    assert shop.people("cancel-line", orno=orno, ponr=1)["orsl"] == "33"
    shop.ok("OIS100MI", "CloLine", ORNO=orno, PONR="2")
    assert [x["ORST"] for x in shop.ok("OIS100MI", "LstLine", ORNO=orno)] == ["77", "99"]
    assert shop.one("OIS100MI", "GetHead", ORNO=orno)["NTAM"] == "48.00"
    assert shop.nok("OIS100MI", "CloLine", ORNO=orno, PONR="2") == "XST0020"


def test_deleted_line_is_gone_and_the_others_keep_their_numbers(shop: Simulator) -> None:
    orno = shop.order("FB00000001", [*MUGS, ("MANUAL", "1", "3.00")])
    shop.ok("OIS100MI", "DelLine", ORNO=orno, PONR="2")
    assert [x["PONR"] for x in shop.ok("OIS100MI", "LstLine", ORNO=orno)] == ["1", "3"]
    assert shop.rows(f"OBPONR from OOLINE where OBORNO = '{orno}' order by OBPONR") == [["1"], ["3"]]
    assert shop.nok("OIS100MI", "GetLine", ORNO=orno, PONR="2") == "WPO0303"
    assert shop.people("fulfil", orno=orno)["invoice"]["net"] == "123.00"
    assert shop.nok("OIS100MI", "DelLine", ORNO=orno, PONR="3") == "XST0020"


def test_open_orders_are_listed_for_the_people_who_ship(shop: Simulator) -> None:
    orno = shop.order("FB00000001", MUGS, PYRE="FB-ABC123-7")
    shop.people("fulfil", orno=orno, lines=[{"ponr": 1, "quantity": "4"}])
    (order,) = shop.http.get("/_sandbox/open-orders").json()["orders"]
    assert (order["orno"], order["pyre"]) == (orno, "FB-ABC123-7")
    assert order["lines"] == [
        {"ponr": "1", "itno": "85123A", "quantity": "6"},
        {"ponr": "2", "itno": "FREIGHT", "quantity": "1"},
    ]


def test_long_order_of_1114_lines(shop: Simulator) -> None:
    orno = shop.order("FB00000001", [("85123A", "1", "0.41")] * 1114)
    assert shop.one("OIS100MI", "GetHead", ORNO=orno)["NTAM"] == "456.74"
    assert len(shop.ok("OIS100MI", "LstLine", ORNO=orno, maxrecs=0)) == 1114
    assert len(shop.ok("OIS100MI", "LstLine", ORNO=orno)) == 100, (
        "truncation by the default maxrecs is silent"
    )
    assert shop.people("fulfil", orno=orno)["invoice"]["total"] == "548.09"
    for query in ("OBPONR from OOLINE where OBLMTS > 0", "UBPONR from ODLINE where UBLMTS > 0"):
        ponrs = [int(row[0]) for row in shop.rows(f"{query} order by {query[:2]}LMTS", maxrecs=0)]
        assert ponrs == list(range(1, 1115)), "every line once, in order of change"
