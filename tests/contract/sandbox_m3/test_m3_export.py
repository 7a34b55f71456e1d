"""Contract: EXPORTMI (infor-api 2.6): the query language, paging by key, and stamps that only grow."""

from __future__ import annotations

import pytest

from .simulator import Simulator


@pytest.fixture
def shop(m3: Simulator) -> Simulator:
    m3.customer()
    m3.item()
    return m3


def test_select_gives_one_text_per_row(shop: Simulator) -> None:
    query = "OKCUNO,OKCUNM, OKTOWN from OCUSMA where OKCONO = 100"
    assert shop.rows(query) == [["FB00000001", "Acme Ltd", "Leeds"]]
    assert shop.rows(query, HDRS="1", maxrecs=1) == [
        ["OKCUNO", "OKCUNM", "OKTOWN"],
        ["FB00000001", "Acme Ltd", "Leeds"],
    ]
    flat = shop.one("EXPORTMI", "Select", QERY="OKCUNO,OKCUNM,OKSTAT from OCUSMA")["REPL"]
    assert flat == "FB00000001" + "Acme Ltd".ljust(36) + "20"


def test_conditions(shop: Simulator) -> None:
    for number in range(2, 6):
        shop.customer(f"FB0000000{number}", CUNM=f"O'Hara {number}", CSCD="GB" if number % 2 else "FR")

    def found(condition: str) -> list[str]:
        return [row[0][-1] for row in shop.rows(f"OKCUNO from OCUSMA where {condition}")]

    assert found("OKCUNO > 'FB00000003'") == ["4", "5"]
    assert found("OKCUNO >= 'FB00000002' and OKCUNO <= 'FB00000003'") == ["2", "3"]
    assert found("OKCSCD = FR or OKCUNM = 'Acme Ltd'") == ["1", "2", "4"]
    assert found("OKCUNM = 'O''Hara 3'") == ["3"]
    assert found("OKCSCD <> 'GB' and OKCUNO < 'FB00000004'") == ["2"]
    assert found("OKRGDT = 20261001 and OKCUNO = 'FB00000005'") == ["5"]


@pytest.mark.parametrize(
    "query",
    [
        "OKCUNO OCUSMA",
        "OKCUNO from NOTHING",
        "OKXXXX from OCUSMA",
        "OKCUNO from OCUSMA where OKRGDT = x",
        "OKCUNO from OCUSMA where OKCUNO",
        "OKCUNO from OCUSMA order OKCUNO",
        "OKCUNO from OCUSMA limit 1",
    ],
)
def test_query_that_cannot_be_read_is_refused(shop: Simulator, query: str) -> None:
    assert shop.nok("EXPORTMI", "Select", QERY=query) == "XOPC001"


def test_query_is_at_most_982_characters(shop: Simulator) -> None:
    assert (
        shop.nok("EXPORTMI", "Select", QERY="OKCUNO from OCUSMA where OKCUNM = '" + "x" * 960)
        == "InputFieldTooLong"
    )


def test_fields_of_a_table(shop: Simulator) -> None:
    fields = {
        x["FLDN"]: (x["FLTY"], x["FLLE"], x["FLDP"]) for x in shop.ok("EXPORTMI", "LstFields", FILE="OOLINE")
    }
    assert (
        fields["OBSAPR"] == ("N", "17", "6") and fields["OBITNO"] == ("A", "15", "0") and "OBLMTS" in fields
    )


def test_paging_by_stamp_gives_every_row_once(shop: Simulator) -> None:
    numbers = {f"FB000001{number:02d}" for number in range(25)}
    for number in numbers:
        shop.customer(number)
    seen, stamp = [], "0"
    while True:
        query = f"OKLMTS,OKCUNO from OCUSMA where OKLMTS > {stamp} order by OKLMTS"
        page = shop.rows(query, maxrecs=7)
        if not page:
            break
        assert page == sorted(page, key=lambda row: int(row[0]))
        seen += [row[1] for row in page]
        stamp = page[-1][0]
    assert len(seen) == 26 and set(seen) == numbers | {"FB00000001"}


def test_order_by_any_column(shop: Simulator) -> None:
    for number, town in ((2, "York"), (3, "Bath"), (4, "Bath")):
        shop.customer(f"FB0000000{number}", TOWN=town)
    rows = shop.rows("OKTOWN,OKCUNO from OCUSMA order by OKTOWN,OKCUNO", maxrecs=3)
    assert rows == [["Bath", "FB00000003"], ["Bath", "FB00000004"], ["Leeds", "FB00000001"]]


def test_stamps_grow_strictly_and_a_line_change_bumps_the_order(shop: Simulator) -> None:
    def stamps(query: str) -> list[int]:
        return [int(row[0]) for row in shop.rows(query, maxrecs=0)]

    orno = shop.order("FB00000001", [("85123A", "2", "1.00")] * 3)
    head = f"OALMTS from OOHEAD where OAORNO = '{orno}'"
    lines = f"OBLMTS from OOLINE where OBORNO = '{orno}'"
    first_head, first_lines = stamps(head)[0], stamps(lines)
    assert first_lines == sorted(set(first_lines)) and first_head > first_lines[-1]
    shop.people("fulfil", orno=orno, lines=[{"ponr": 2, "quantity": "1"}])
    second_lines = stamps(lines)
    assert stamps(head)[0] > first_head and second_lines[1] > first_head
    assert (second_lines[0], second_lines[2]) == (first_lines[0], first_lines[2])
    assert stamps(f"OBLMTS from OOLINE where OBLMTS > {first_head}") == [second_lines[1]]
    assert int(shop.one("GENERAL", "GetServerTime")["LMTS"]) >= stamps(head)[0]


def test_documents_are_found_by_every_reference_of_ours(shop: Simulator) -> None:
    orno = shop.order("FB00000001", [("85123A", "2", "10.00")], PYRE="FB-ABC123-7")
    shipped = shop.people("fulfil", orno=orno, date="2026-10-03")
    number = shipped["invoice"]["number"]
    shop.pay(900, "BNK", "20261004", (number, "2026", "24.00", ""))
    assert shop.rows("OAORNO,OAORSL from OOHEAD where OAPYRE = 'FB-ABC123-7'") == [[orno, "77"]]
    assert shop.rows(f"UHIVNO,UHIVAM,UHVTAM from OINVOH where UHORNO = '{orno}'") == [
        [number, "24.00", "4.00"]
    ]
    lines = shop.rows(f"UBPONR,UBITNO,UBIVQT,UBLNAM from ODLINE where UBYEA4 = 2026 and UBIVNO = {number}")
    assert lines == [["1", "85123A", "2", "20.00"]]
    ledger = shop.rows("ESTRCD,ESCINO,ESCUAM,ESRECO from FSLEDG where ESCKNO = 'FBP900'")
    assert ledger == [["20", number, "-24.00", "9"]]
    assert shop.rows("PHPBID,PHSTAT from ARPBHD where PHPBID = 900") == [["900", "90"]]
    assert shop.rows("PLCINO,PLPYAM from ARPBLN where PLPBID = 900") == [[number, "24.00"]]


def test_a_reader_that_pages_by_columns_of_its_order_gets_what_filtering_everything_would_give(
    shop: Simulator,
) -> None:
    for number in range(2, 14):
        shop.customer(
            f"FB000000{number:02d}", CSCD=("GB", "FR", "DE")[number % 3], TOWN=("Ulm", "Bath")[number % 2]
        )
    columns = ("OKCSCD", "OKTOWN", "OKCUNO")
    ask = f"{','.join(columns)} from OCUSMA"
    everything = sorted(shop.rows(ask))
    for country in ("AA", "DE", "FR", "GB", "ZZ"):
        for operator, holds in (("=", str.__eq__), (">", str.__gt__), (">=", str.__ge__), ("<", str.__lt__)):
            for town in ("Bath", "Cork"):
                where = f"OKCSCD {operator} '{country}' and OKTOWN > '{town}'"
                wanted = [row for row in everything if holds(row[0], country) and row[1] > town]
                found = shop.rows(f"{ask} where {where} order by {','.join(columns)}")
                assert found == wanted, where


def test_what_is_written_between_two_pages_is_on_the_second(shop: Simulator) -> None:
    ask = "OKCSCD,OKCUNO from OCUSMA where OKCSCD >= 'A' order by OKCSCD,OKCUNO"
    before = shop.rows(ask)
    shop.customer("FB00000077", CSCD="AD")
    assert shop.rows(ask) == [["AD", "FB00000077"], *before]
