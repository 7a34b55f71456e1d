"""Contract: CRS610MI beyond one customer: addresses, copies, templates, lists by name, search."""

from __future__ import annotations

import pytest

from .simulator import Simulator

CUNO = "FB00000001"
DOCK = {"CUA1": "Dock 4", "PONO": "75001", "CSCD": "FR", "TOWN": "Paris"}


@pytest.fixture
def shop(m3: Simulator) -> Simulator:
    m3.customer(CUNO)
    m3.item()
    return m3


def search(m3: Simulator, query: str) -> list[str]:
    """Numbers found; none at all may be an empty list or XRE0103, as for any list (switch `empty_list`)."""
    entry = m3.call("CRS610MI", "SearchCustomer", SQRY=query)
    assert entry.get("errorCode", "XRE0103") == "XRE0103", entry
    return [row["CUNO"] for row in entry["records"]]


def test_address_reads_back_as_it_was_written(shop: Simulator) -> None:
    made = shop.one("CRS610MI", "AddAddress", CUNO=CUNO, ADRT="01", ADID="dock4", **DOCK)
    assert made == {"CONO": "100", "CUNO": CUNO, "ADRT": "1", "ADID": "DOCK4"}
    row = shop.one("CRS610MI", "GetAddress", CUNO=CUNO, ADRT="1", ADID="DOCK4")
    assert (row["CUNM"], row["CUA1"], row["TOWN"], row["CSCD"], row["CHNO"]) == (
        "Acme Ltd",
        "Dock 4",
        "Paris",
        "FR",
        "1",
    )


def test_address_is_changed_field_by_field_and_never_over_another_persons_change(shop: Simulator) -> None:
    shop.ok("CRS610MI", "AddAddress", CUNO=CUNO, ADRT="1", ADID="A", PHNO="1", **DOCK)
    key = {"CUNO": CUNO, "ADRT": "1", "ADID": "A"}
    shop.ok("CRS610MI", "ChgAddress", **key, TOWN="Lyon", PHNO="?", CUA1="", CHNO="1")
    row = shop.one("CRS610MI", "GetAddress", **key)
    assert (row["TOWN"], row["PHNO"], row["CUA1"], row["CHNO"]) == ("Lyon", "", "Dock 4", "2")
    assert shop.nok("CRS610MI", "ChgAddress", **key, TOWN="Nice", CHNO="1") == "XUP0001"


def test_refused_addresses(shop: Simulator) -> None:
    key = {"CUNO": CUNO, "ADRT": "1", "ADID": "A"}
    shop.ok("CRS610MI", "AddAddress", **key, **DOCK)
    assert shop.nok("CRS610MI", "AddAddress", **key, **DOCK) == "XRE0104"
    assert shop.nok("CRS610MI", "AddAddress", **key | {"ADRT": "77"}, **DOCK) == "XOPC001"
    assert shop.nok("CRS610MI", "AddAddress", **key | {"ADID": "B"}, **DOCK | {"CSCD": "QQ"}) == "WCS0103"
    assert shop.nok("CRS610MI", "AddAddress", **key | {"CUNO": "NOBODY"}, **DOCK) == "WCU0203"
    assert shop.nok("CRS610MI", "AddAddress", **key) == "MandatoryInputFieldNotFound"
    assert shop.nok("CRS610MI", "GetAddress", **key | {"ADID": "Z"}) == "WAD1003"


def test_addresses_are_listed_by_type_and_since_a_stamp(shop: Simulator) -> None:
    for kind, number in (("3", "INV"), ("1", "B"), ("1", "A")):
        shop.ok("CRS610MI", "AddAddress", CUNO=CUNO, ADRT=kind, ADID=number, **DOCK)
    listed = [(row["ADRT"], row["ADID"]) for row in shop.ok("CRS610MI", "LstAddresses", CUNO=CUNO)]
    assert listed == [("1", "A"), ("1", "B"), ("3", "INV")]
    assert len(shop.ok("CRS610MI", "LstAddresses", CUNO=CUNO, ADRT="3")) == 1
    (stamp,) = shop.rows("OPLMTS from OCUSAD where OPADID = 'A'")[0]
    changed = shop.ok("CRS610MI", "LstAddresses", CUNO=CUNO, LMTS=stamp)
    assert [row["ADID"] for row in changed] == ["A"]
    assert shop.rows(f"OPADRT,OPADID,OPTOWN from OCUSAD where OPCUNO = '{CUNO}'")[2] == ["3", "INV", "Paris"]


def test_order_is_delivered_to_the_address_it_names_and_taxed_there(shop: Simulator) -> None:
    shop.ok("CRS610MI", "AddAddress", CUNO=CUNO, ADRT="1", ADID="PARIS", **DOCK)
    orno = shop.order(CUNO, [("85123A", "1", "10.00")], ADID="PARIS")
    head = shop.one("OIS100MI", "GetHead", ORNO=orno)
    assert (head["ADID"], head["VTAM"]) == ("PARIS", "0.00")
    assert shop.rows(f"ODADRT,ODTOWN from OOADRE where ODORNO = '{orno}'") == [["1", "Paris"]]
    temporary = shop.batch(CUNO, [("85123A", "1", "10.00")], ADID="NONE")
    assert shop.one("OIS100MI", "Confirm", ORNO=temporary)["STAT"] == "15"
    assert shop.one("OIS100MI", "LstErrMsgOrder", ORNO=temporary)["MSID"] == "WAD1003"


def test_order_without_an_address_takes_the_customers_first_delivery_address(shop: Simulator) -> None:
    assert shop.one("OIS100MI", "GetHead", ORNO=shop.order(CUNO, [("85123A", "1", "1.00")]))["VTAM"] == "0.20"
    shop.ok("CRS610MI", "AddAddress", CUNO=CUNO, ADRT="3", ADID="A", **DOCK)
    shop.ok("CRS610MI", "AddAddress", CUNO=CUNO, ADRT="1", ADID="Z", PRIO="1", **DOCK)
    shop.ok("CRS610MI", "AddAddress", CUNO=CUNO, ADRT="1", ADID="B", PRIO="2", **DOCK | {"CSCD": "GB"})
    head = shop.one("OIS100MI", "GetHead", ORNO=shop.order(CUNO, [("85123A", "1", "1.00")]))
    assert (head["ADID"], head["VTAM"]) == ("Z", "0.00")


def test_the_customers_own_address_counts_where_the_tenant_says_so(switched) -> None:
    m3 = switched(default_address="master")
    m3.customer(CUNO)
    m3.item()
    m3.ok("CRS610MI", "AddAddress", CUNO=CUNO, ADRT="1", ADID="Z", **DOCK)
    head = m3.one("OIS100MI", "GetHead", ORNO=m3.order(CUNO, [("85123A", "1", "1.00")]))
    assert (head["ADID"], head["VTAM"]) == ("", "0.20")


def test_batch_address_begins_as_the_customers_address_it_names(shop: Simulator) -> None:
    shop.ok("CRS610MI", "AddAddress", CUNO=CUNO, ADRT="1", ADID="PARIS", **DOCK)
    temporary = shop.batch(CUNO, [("85123A", "1", "1.00")])
    shop.ok("OIS100MI", "AddBatchAddress", ORNO=temporary, ADRT="1", ADID="PARIS", YREF="Gate 2")
    orno = shop.one("OIS100MI", "Confirm", ORNO=temporary)["ORNO"]
    assert shop.rows(f"ODADID,ODCUA1,ODYREF from OOADRE where ODORNO = '{orno}'") == [
        ["PARIS", "Dock 4", "Gate 2"]
    ]
    other = shop.batch(CUNO, [])
    assert shop.nok("OIS100MI", "AddBatchAddress", ORNO=other, ADRT="1", ADID="NONE") == "WAD1003"


def test_deleted_customer_takes_its_addresses_along(shop: Simulator) -> None:
    shop.ok("CRS610MI", "AddAddress", CUNO=CUNO, ADRT="1", ADID="A", **DOCK)
    shop.ok("CRS610MI", "Delete", CUNO=CUNO)
    assert shop.rows("OPADID from OCUSAD") == []
    told = shop.one("SES120MI", "LstDeleted", FILE="OCUSAD", LMTS="0")
    assert [told[f"KEY{n}"] for n in range(1, 5)] == ["100", CUNO, "1", "A"]


def test_copy_takes_over_what_is_not_sent_but_nothing_that_is_personal(shop: Simulator) -> None:
    shop.ok("CRS610MI", "ChgFinancial", CUNO=CUNO, CRLM="500", VRNO="GB123456789")
    shop.ok("CRS610MI", "ChgOrderInfo", CUNO=CUNO, TEPY="T14")
    made = shop.one("CRS610MI", "Copy", CUTM=CUNO, CUNO="FB00000009", CUNM="Acme North", CUA1="2 High St")
    assert made == {"CUNO": "FB00000009", "ERRM": ""}
    order, money = (
        shop.one("CRS610MI", name, CUNO="FB00000009") for name in ("GetOrderInfo", "GetFinancial")
    )
    assert (order["TEPY"], order["PYNO"], money["CRLM"], money["VRNO"]) == ("T14", "FB00000009", "0", "")
    basic = shop.one("CRS610MI", "GetBasicData", CUNO="FB00000009")
    assert (basic["TOWN"], basic["CUNM"], basic["STAT"]) == ("Leeds", "Acme North", "20")
    assert shop.nok("CRS610MI", "Copy", CUTM="NOBODY", CUNM="A", CUA1="B") == "WCU0203"


def test_a_template_decides_what_a_new_customer_begins_with(shop: Simulator) -> None:
    templates = {row["CUNO"] for row in shop.ok("CRS610MI", "LstTemplates")}
    assert templates == {"FBTPL", "EXPTPL", "CASHTPL"}
    shop.ok("CRS610MI", "Add", CUTM="CASHTPL", CUNO="CASH1", CUNM="Cash", CUA1="1", CSCD="GB")
    assert shop.one("CRS610MI", "GetOrderInfo", CUNO="CASH1")["TEPY"] == "T00"
    assert {row["CUNO"] for row in shop.ok("CRS610MI", "LstByNumber")} == {CUNO, "CASH1"}


def test_list_by_name_follows_a_customer_that_was_renamed(shop: Simulator) -> None:
    for number, name in (("2", "Zebra"), ("3", "beta"), ("4", "Beta")):
        shop.customer(f"FB0000000{number}", CUNM=name)

    def names(**values: str) -> list[str]:
        return [row["CUNO"][-1] for row in shop.ok("CRS610MI", "LstByName", **values)]

    assert names() == ["1", "3", "4", "2"] and names(CUNM="b") == ["3", "4", "2"]
    shop.ok("CRS610MI", "ChgBasicData", CUNO="FB00000002", CUNM="Alpha")
    assert names() == ["1", "2", "3", "4"]
    (stamp,) = shop.rows("OKLMTS from OCUSMA where OKCUNO = 'FB00000002'")[0]
    assert names(LMTS=stamp) == ["2"]


def test_search_finds_by_field_word_wildcard_range_and_their_combinations(shop: Simulator) -> None:
    shop.customer("FB00000002", CUNM="Beta Tools GmbH", TOWN="Hamburg", CSCD="DE")
    shop.customer("FB00000003", CUNM="Gamma", TOWN="Hamburg", CSCD="DE", MAIL="x@beta.example")
    assert search(shop, "CUNO:FB00000002") == ["FB00000002"]
    assert search(shop, "CUNO:fb* CSCD:DE") == search(shop, "CUNO:FB* AND CSCD:DE")
    assert search(shop, "CSCD:DE TOWN:hamburg CUNM:Beta*") == ["FB00000002"]
    assert search(shop, "CUNM:tools") == ["FB00000002"], "a word of the name is enough"
    assert search(shop, 'CUNM:"Beta Tools GmbH"') == ["FB00000002"]
    assert search(shop, "beta") == ["FB00000002", "FB00000003"], "any field"
    assert search(shop, "CSCD:DE -CUNM:Gamma") == search(shop, "CSCD:DE NOT CUNM:Gamma") == ["FB00000002"]
    assert search(shop, "CUNM:Gamma OR CSCD:GB") == [CUNO, "FB00000003"]
    assert search(shop, "RGDT:[20261001 TO *] CUNO:[FB00000002 TO FB00000003]") == [
        "FB00000002",
        "FB00000003",
    ]
    assert search(shop, "XXXX:1") == []


@pytest.mark.parametrize("query", ["(CSCD:DE)", "CSCD:DE OR", "NOT", 'CUNM:"open'])
def test_search_that_cannot_be_read_is_refused(shop: Simulator, query: str) -> None:
    assert shop.nok("CRS610MI", "SearchCustomer", SQRY=query) == "XOPC001"


@pytest.mark.parametrize(("status", "created"), [("10", False), ("20", True), ("90", False)])
def test_only_active_customers_order(shop: Simulator, status: str, created: bool) -> None:
    shop.ok("CRS610MI", "ChgBasicData", CUNO=CUNO, STAT=status)
    stat = shop.one("OIS100MI", "Confirm", ORNO=shop.batch(CUNO, [("85123A", "1", "1.00")]))["STAT"]
    assert stat == ("90" if created else "15")
