"""Contract: what is on hand, what it costs, what open orders hold (MMS060MI, MMS200MI; POLICY example 6)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .purchase_lab import invoice, item, order, receive, validate
from .simulator import Simulator

CUNO = "FB00000001"


@pytest.fixture
def shop(m3: Simulator) -> Simulator:
    m3.customer(CUNO)
    m3.item("CUP")
    return m3


def on_hand(m3: Simulator, itno: str = "CUP") -> str:
    return m3.one("MMS060MI", "Get", WHLO="001", ITNO=itno)["STQT"]


def sell(m3: Simulator, quantity: str, day: str = "2026-10-07") -> str:
    orno = m3.order(CUNO, [("CUP", quantity, "12.00")])
    m3.people("fulfil", orno=orno, date=day)
    return orno


def test_goods_without_a_cost_leave_without_a_posting_and_below_zero(shop: Simulator) -> None:
    sell(shop, "10")
    assert on_hand(shop) == "-10"
    assert set(shop.balance()) == {"1300", "2200", "3000"}


def test_example_6_returned_goods_come_back_into_stock_at_their_cost(shop: Simulator) -> None:
    receive(shop, order(shop, ("CUP", "50", "5.00")), "50")
    sell(shop, "10")
    assert on_hand(shop) == "40"
    assert (shop.balance()["1400"], shop.balance()["4000"]) == ("200.00", "50.00")
    shop.order(CUNO, [("CUP", "-2", "12.00")], kind="F02")
    assert on_hand(shop) == "42"
    assert (shop.balance()["1400"], shop.balance()["4000"]) == ("210.00", "40.00")


def test_free_goods_leave_stock_at_their_cost_and_make_no_revenue(shop: Simulator) -> None:
    receive(shop, order(shop, ("CUP", "50", "5.00")), "50")
    before = shop.balance()
    shop.people("fulfil", orno=shop.order(CUNO, [("CUP", "10", "0")]), date="2026-10-07")
    assert on_hand(shop) == "40"
    moved = {account for account, amount in shop.balance().items() if before.get(account) != amount}
    assert (moved, shop.balance()["4000"]) == ({"1400", "4000"}, "50.00")


def test_average_cost_moves_with_receipts_and_the_last_one_out_takes_the_cents(shop: Simulator) -> None:
    receive(shop, order(shop, ("CUP", "2", "1.00")), "2")
    receive(shop, order(shop, ("CUP", "1", "2.00")), "1")
    for _ in range(3):
        sell(shop, "1")
    balance = shop.balance()
    assert "1400" not in balance and balance["4000"] == "4.00"
    assert on_hand(shop) == "0"


def test_goods_sold_before_they_came_are_revalued_when_they_come(shop: Simulator) -> None:
    receive(shop, order(shop, ("CUP", "1", "5.00")), "1")
    sell(shop, "3")
    assert shop.balance()["1400"] == "-10.00"
    receive(shop, order(shop, ("CUP", "4", "6.00")), "4")
    balance = shop.balance()
    assert (balance["1400"], balance["4000"], balance["4010"]) == ("12.00", "15.00", "2.00")


def test_open_orders_hold_stock_until_they_ship_or_close(shop: Simulator) -> None:
    receive(shop, order(shop, ("CUP", "50", "5.00")), "50")
    first, second = (shop.order(CUNO, [("CUP", q, "1.00")]) for q in ("5", "7"))

    def held() -> tuple[str, str]:
        row = shop.one("MMS200MI", "GetItmWhsBal", WHLO="001", ITNO="CUP")
        return row["ALQT"], row["AVAL"]

    assert held() == ("12", "38")
    shop.people("fulfil", orno=first, lines=[{"ponr": 1, "quantity": "2"}])
    assert held() == ("10", "38")
    shop.people("cancel-line", orno=second, ponr="all")
    assert held() == ("3", "45")
    shop.people("fulfil", orno=first)
    assert held() == ("0", "45")


def test_orders_are_promised_what_is_free_and_the_rest_later(shop: Simulator) -> None:
    receive(shop, order(shop, ("CUP", "10", "5.00")), "10")
    shop.order(CUNO, [("CUP", "4", "1.00")])
    assert shop.one("OIS100MI", "LstNewBalances", LMTS="0")["AV01"] == "6"
    promise = shop.ok("OIS100MI", "GetOrderPromise", ITNO="CUP", ORQT="8", DWDT="20261010")
    assert [(row["AVTQ"], row["AVDT"]) for row in promise] == [("6", "20261010"), ("2", "20261017")]


def test_goods_on_a_picking_list_are_held_until_they_are_reported(shop: Simulator) -> None:
    receive(shop, order(shop, ("CUP", "10", "5.00")), "10")
    orno = shop.order(CUNO, [("CUP", "4", "1.00")])
    delivery = shop.people("people/pick", orno=orno)["delivery"]
    row = shop.one("MMS060MI", "Get", WHLO="001", ITNO="CUP")
    assert (row["STQT"], row["ALQT"]) == ("10", "4")
    shop.people("people/issue", delivery=delivery)
    row = shop.one("MMS060MI", "Get", WHLO="001", ITNO="CUP")
    assert (row["STQT"], row["ALQT"], shop.balance()["4000"]) == ("6", "0", "20.00")


def test_count_sets_the_balance_and_posts_the_difference(shop: Simulator) -> None:
    receive(shop, order(shop, ("CUP", "10", "5.00")), "10")
    counted = shop.people("people/count-stock", itno="CUP", quantity="8", date="2026-10-09")
    assert (counted["before"], counted["value"]) == ("10", "-10.00")
    assert on_hand(shop) == "8"
    assert (shop.balance()["1400"], shop.balance()["4010"]) == ("40.00", "10.00")
    row = shop.one("MMS060MI", "LstViaItem", ITNO="CUP")
    assert (row["INDT"], row["IDDT"]) == ("20261009", "20261005")


def test_balances_are_listed_by_item_by_warehouse_and_by_change(shop: Simulator) -> None:
    shop.item("BOWL")
    receive(shop, order(shop, ("CUP", "3", "1.00"), ("BOWL", "4", "1.00")), "3")
    receive(shop, order(shop, ("BOWL", "4", "1.00")), "4")
    assert [(r["ITNO"], r["STQT"]) for r in shop.ok("MMS060MI", "List", WHLO="001")] == [
        ("BOWL", "4"),
        ("CUP", "3"),
    ]
    stamp = shop.one("GENERAL", "GetServerTime")["LMTS"]
    assert shop.nok("MMS060MI", "LstNewItemBal", ITNO="CUP", LMTS=str(int(stamp) + 1)) == "XRE0103"
    sell(shop, "1")
    assert shop.one("MMS060MI", "LstNewItemBal", ITNO="CUP", LMTS=str(int(stamp) + 1))["STQT"] == "2"
    assert shop.rows("MBITNO,MBSTQT,MBALQT from MITBAL where MBITNO = CUP") == [["CUP", "2", "0"]]
    changed = shop.rows(f"MBITNO,MBSTQT from MITBAL where MBLMTS > {stamp}")
    assert changed == [["CUP", "2"]]
    assert shop.one("MMS060MI", "LstSumQty", WHLO="001", ITNO="CUP")["STQT"] == "2"


def test_item_is_made_known_copied_and_changed(shop: Simulator) -> None:
    shop.ok("MMS200MI", "UpdItmBasic", ITNO="CUP", ITDS="Blue mug", ITGR="MUGS")
    shop.ok("MMS200MI", "UpdItmPrice", ITNO="CUP", SAPR="9.50", PUPR="4.25", SUNO="S000004")
    price = shop.one("MMS200MI", "GetItmPrice", ITNO="CUP")
    assert (price["SAPR"], price["PUPR"], price["SUNO"]) == ("9.5", "4.25", "S000004")
    assert shop.one("MMS200MI", "CpyItmViaItmTyp", CITN="CUP", ITNO="CUP2", ITDS="Red mug")["ITNO"] == "CUP2"
    copied = shop.one("MMS200MI", "Get", ITNO="CUP2")
    assert (copied["ITDS"], copied["ITGR"], copied["ITTY"]) == ("Red mug", "MUGS", "SHG")
    made = {
        "ALMT": "5",
        "STMT": "2",
        "SPMT": "5",
        "RESP": "X",
        "PLCD": "01",
        "ABCD": "A",
        "ABFC": "A",
        "ACOC": "A",
    }
    made |= {
        "PUIT": "2",
        "ORTY": "P10",
        "FACI": "F01",
        "STRL": "1",
        "STAT": "20",
        "CPCD": "001",
        "WHLO": "001",
    }
    shop.ok("MMS200MI", "AddItmWhs", ITNO="CUP2", **made)
    assert shop.one("MMS200MI", "GetItmWhsBasic", WHLO="001", ITNO="CUP2")["PLCD"] == "01"
    shop.ok("MMS200MI", "AddItmFac", FACI="F01", ITNO="CUP2", APPR="3")
    assert shop.nok("MMS200MI", "AddItmFac", FACI="F01", ITNO="CUP2", APPR="3") == "XRE0104"
    assert shop.nok("MMS200MI", "UpdItmBasic", ITNO="NOSUCH", ITDS="x") == "WIT0103"
    assert [row["ITNO"] for row in shop.ok("MMS200MI", "SearchItem", SQRY="ITDS:*mug")] == ["CUP", "CUP2"]


def test_shop_may_refuse_to_ship_what_is_not_there(switched: Any) -> None:
    m3 = switched(negative_stock="refused")
    m3.customer(CUNO)
    m3.item("CUP")
    orno = m3.order(CUNO, [("CUP", "2", "1.00"), ("FREIGHT", "1", "3.00")])
    refused = m3.http.post("/_sandbox/fulfil", json={"orno": orno})
    assert refused.status_code == 400 and "2 asked, 0 on hand" in refused.json()["error"]
    receive(m3, order(m3, ("CUP", "2", "0.50")), "2")
    m3.people("fulfil", orno=orno)
    assert on_hand(m3) == "0"


_STEP = st.tuples(
    st.sampled_from(("receive", "sell", "return", "count", "bill")),
    st.integers(1, 9),
    st.integers(1, 999).map(lambda pence: f"{pence // 100}.{pence % 100:02d}"),
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_STEP, min_size=1, max_size=8))
def test_inventory_account_is_always_what_the_items_are_worth(process: Simulator, steps: list[Any]) -> None:
    """Whatever happens, inventory equals the sum of item values, and an item with none left is worth nothing."""
    process.people("reset")
    process.sign_in()
    process.customer(CUNO)
    process.item("CUP")
    expected, waiting = 0, []
    for number, (kind, quantity, price) in enumerate(steps):
        if kind == "receive":
            puno = order(process, ("CUP", str(quantity), price))
            receive(process, puno, str(quantity))
            waiting.append((puno, quantity, price))
            expected += quantity
        elif kind == "sell":
            sell(process, str(quantity))
            expected -= quantity
        elif kind == "return":
            process.order(CUNO, [("CUP", str(-quantity), "1.00")], kind="F02")
            expected += quantity
        elif kind == "count":
            process.people("people/count-stock", itno="CUP", quantity=str(quantity))
            expected = quantity
        elif waiting:
            puno, bought, unit = waiting.pop()
            net = f"{Decimal(unit) * bought:.2f}"
            assert (
                validate(process, invoice(process, f"P{number}", net, item(puno, str(bought), net)))["SUPA"]
                == "90"
            )
    costs = process.http.get("/_sandbox/state", params={"table": "MITFAC"}).json()["rows"]
    worth = sum((Decimal(row["SVAL"]) for row in costs), Decimal(0))
    balance = process.balance()
    assert Decimal(balance.get("1400", "0")) == worth
    assert all(Decimal(row["SVAL"]) == 0 for row in costs if Decimal(row["SVQT"]) == 0)
    not_invoiced = sum((Decimal(unit) * bought for _, bought, unit in waiting), Decimal(0))
    assert Decimal(balance.get("2050", "0")) == -not_invoiced
    entry = process.call("MMS060MI", "Get", WHLO="001", ITNO="CUP")
    assert Decimal(entry["records"][0]["STQT"] if entry["records"] else "0") == expected
