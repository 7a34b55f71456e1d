"""A small company as three vendors see it: the rows that the tests of the models are about.

Belongs here: the documents and parties, each there for a rule that a test states.
Does not belong here: shapes (vendor_rows.py), expectations (the tests).
"""

from __future__ import annotations

from typing import Any

import vendor_rows as v

ACCOUNT = v.ACCOUNT
Row = tuple[str, str, str, dict[str, Any]]

FIRE = {
    "first_name": "Judith",
    "last_name": "Hartley",
    "company": "Hartley Gifts Ltd",
    "email": "judith@hartley-gifts.example",
    "phone": "01632 960111",
    "address_1": "12 Mill Lane",
    "city": "Leeds",
    "postcode": "LS1 4AB",
    "country": "GB",
}


def everything() -> list[Row]:
    """All rows of the world, as one first landing."""
    return [
        *parties(),
        *items(),
        *delivered_sale(),
        *split_sale(),
        *prepaid_sale(),
        *credited_sale(),
        *other_documents(),
    ]


def parties() -> list[Row]:
    """17850 is client 101 and customer FB00000101 (ours). 12360 is in M3 before us, 12361 in FreshBooks; 12362 has a namesake."""
    return [
        ("shop", "customers", "17850", v.shop_customer(17850, **FIRE, vat_number="GB123456789")),
        (
            "freshbooks",
            "clients",
            "101",
            v.client(
                101,
                organization="Hartley Gifts Ltd",
                fname="Judith",
                lname="Hartley",
                email="judith@hartley-gifts.example",
                bus_phone="01632 960111",
                p_street="12 Mill Lane",
                p_city="Leeds",
                p_code="LS1 4AB",
                note="[fbinfor SHOP-17850]",
                vat_number="GB123456789",
            ),
        ),
        (
            "m3",
            "customers",
            "FB00000101",
            v.m3_customer("FB00000101", "Hartley Gifts Ltd", YREF=f"FB-{ACCOUNT}-101"),
        ),
        (
            "freshbooks",
            "clients",
            "102",
            v.client(102, organization="Walk-in customers", note="[fbinfor SHOP-WALKIN-GB]"),
        ),
        # In M3 before us: upper case, the suffix written otherwise, same e-mail and VAT number.
        (
            "shop",
            "customers",
            "12360",
            v.shop_customer(
                12360,
                company="Lindqvist Interiors Limited",
                first_name="Ruth",
                last_name="Lindqvist",
                email="ruth@lindqvist-interiors.example",
                phone="01632 960222",
                address_1="3 Castle Hill",
                city="York",
                postcode="YO1 7HH",
                country="GB",
                vat_number="GB222333444",
            ),
        ),
        (
            "m3",
            "customers",
            "C0012",
            v.m3_customer(
                "C0012",
                "LINDQVIST INTERIORS LTD",
                MAIL="RUTH@LINDQVIST-INTERIORS.EXAMPLE",
                VRNO="GB222333444",
                PHNO="01632960222",
                TOWN="YORK",
                PONO="YO1 7HH",
            ),
        ),
        # In FreshBooks before us: same e-mail and address, the first name in its short form.
        (
            "shop",
            "customers",
            "12361",
            v.shop_customer(
                12361,
                first_name="Robert",
                last_name="Ashworth",
                email="robert.ashworth@gmail.com",
                phone="01632 960333",
                address_1="9 Park Crescent",
                city="Bath",
                postcode="BA1 2LR",
                country="GB",
            ),
        ),
        (
            "freshbooks",
            "clients",
            "103",
            v.client(
                103,
                fname="Bob",
                lname="Ashworth",
                email="robert.ashworth@gmail.com",
                bus_phone="01632960333",
                p_street="9 Park Crescent",
                p_city="Bath",
                p_code="BA1 2LR",
            ),
        ),
        # M3 holds somebody else of nearly the same name.
        (
            "shop",
            "customers",
            "12362",
            v.shop_customer(
                12362,
                company="Okafor Crafts Ltd",
                first_name="Grace",
                last_name="Okafor",
                email="grace@okafor-crafts.example",
                phone="01632 960444",
                city="Durham",
                postcode="DH1 3LE",
                country="GB",
                vat_number="GB555666777",
            ),
        ),
        (
            "m3",
            "customers",
            "C0013",
            v.m3_customer(
                "C0013",
                "OKAFOR CRAFTS LIMITED",
                MAIL="office@okafor-decoy.example",
                VRNO="GB999888777",
                PHNO="01700555666",
                TOWN="TRURO",
                PONO="TR1 2AA",
            ),
        ),
    ]


def items() -> list[Row]:
    return [
        ("m3", "items", number, v.m3_item(number, name, kind))
        for number, name, kind in (
            ("85123A", "WHITE HANGING HEART T-LIGHT HOLDER", "SHG"),
            ("71053", "WHITE METAL LANTERN", "SHG"),
            ("FREIGHT", "Freight", "SRV"),
            ("MANUAL", "Manual", "SRV"),
        )
    ]


def delivered_sale() -> list[Row]:
    """Order 536365: delivered and paid everywhere. 15.30 + 20.34 + 18.00 freight = 53.64, VAT 10.73, together 64.37."""
    lines = [("85123A", 6, "2.55"), ("71053", 6, "3.39"), ("POST", 1, "18.00")]
    return [
        (
            "shop",
            "orders",
            str(v.order_id("536365")),
            v.shop_order("536365", lines, customer=17850, billing=v.address(**FIRE)),
        ),
        (
            "freshbooks",
            "invoices",
            "9001",
            v.invoice(
                9001,
                "536365",
                101,
                [v.fb_line(i, sku, str(qty), price) for i, (sku, qty, price) in enumerate(lines, 1)],
                "64.37",
                paid="64.37",
                state="paid",
            ),
        ),
        ("freshbooks", "payments", "7001", v.payment(7001, 9001, 101, "64.37")),
        (
            "m3",
            "orders",
            "5000001",
            v.m3_order(
                "5000001",
                "FB00000101",
                f"FB-{ACCOUNT}-9001",
                [
                    v.m3_order_line(1, "85123A", "6", "2.55", delivered="6", invoiced="6", status="77"),
                    v.m3_order_line(2, "71053", "6", "3.39", delivered="6", invoiced="6", status="77"),
                    v.m3_order_line(3, "FREIGHT", "1", "18.00", delivered="1", invoiced="1", status="77"),
                ],
                "10.73",
            ),
        ),
        (
            "m3",
            "invoices",
            "AAA/2010/10000001",
            v.m3_invoice(
                "10000001",
                "5000001",
                "FB00000101",
                [(1, "85123A", "6", "2.55"), (2, "71053", "6", "3.39"), (3, "FREIGHT", "1", "18.00")],
                "10.73",
            ),
        ),
        (
            "m3",
            "ledger",
            "AAA/2010/1000001/1",
            v.m3_ledger("1000001", "FB00000101", "10000001", "10", "64.37", ESVTAM="10.73", ESRECO="9"),
        ),
        (
            "m3",
            "ledger",
            "AAA/2010/1000002/1",
            v.m3_ledger(
                "1000002",
                "FB00000101",
                "10000001",
                "20",
                "-64.37",
                day="20101220",
                ESCKNO="FBP7001",
                ESRECO="9",
            ),
        ),
    ]


def split_sale() -> list[Row]:
    """Order 536400: half delivered. The second FreshBooks document is the draft of the rest."""
    lines = [("85123a", 10, "1.00"), ("71053", 4, "5.00")]
    return [
        (
            "shop",
            "orders",
            str(v.order_id("536400")),
            v.shop_order("536400", lines, customer=17850, billing=v.address(**FIRE)),
        ),
        (
            "freshbooks",
            "invoices",
            "9010",
            v.invoice(9010, "536400", 101, [v.fb_line(1, "85123a", "10", "1.00")], "12.00"),
        ),
        (
            "freshbooks",
            "invoices",
            "9011",
            v.invoice(9011, "536400-2", 101, [v.fb_line(1, "71053", "4", "5.00")], "24.00", state="draft"),
        ),
        (
            "m3",
            "orders",
            "5000002",
            v.m3_order(
                "5000002",
                "FB00000101",
                f"FB-{ACCOUNT}-9010",
                [
                    v.m3_order_line(1, "85123A", "10", "1.00", delivered="10", invoiced="10", status="77"),
                    v.m3_order_line(2, "71053", "4", "5.00"),
                ],
                "6.00",
            ),
        ),
        (
            "m3",
            "invoices",
            "AAA/2010/10000002",
            v.m3_invoice("10000002", "5000002", "FB00000101", [(1, "85123A", "10", "1.00")], "2.00"),
        ),
        (
            "m3",
            "ledger",
            "AAA/2010/1000003/1",
            v.m3_ledger("1000003", "FB00000101", "10000002", "10", "12.00", ESVTAM="2.00"),
        ),
    ]


def prepaid_sale() -> list[Row]:
    """Order 536500, a guest: paid on the draft, 24.00 stands on account in M3, 14.00 of it is allocated already."""
    return [
        ("shop", "orders", str(v.order_id("536500")), v.shop_order("536500", [("85123A", 2, "10.00")])),
        (
            "freshbooks",
            "invoices",
            "9020",
            v.invoice(
                9020,
                "536500",
                102,
                [v.fb_line(1, "85123A", "2", "10.00")],
                "24.00",
                paid="24.00",
                state="draft",
            ),
        ),
        (
            "freshbooks",
            "payments",
            "7002",
            v.payment(7002, 9020, 102, "24.00", type="Credit Card", overpaymentid=302),
        ),
        (
            "freshbooks",
            "credit_notes",
            "302",
            v.credit_note(
                302, "0000302", 102, [v.fb_line(1, "", "1", "5.00", None)], "5.00", credit_type="overpayment"
            ),
        ),
        (
            "m3",
            "orders",
            "5000003",
            v.m3_order(
                "5000003",
                "FB00000102",
                f"FB-{ACCOUNT}-9020",
                [v.m3_order_line(1, "85123A", "2", "10.00", delivered="2", invoiced="2", status="77")],
                "4.00",
            ),
        ),
        ("m3", "customers", "FB00000102", v.m3_customer("FB00000102", "Walk-in customers")),
        (
            "m3",
            "invoices",
            "AAA/2010/10000003",
            v.m3_invoice("10000003", "5000003", "FB00000102", [(1, "85123A", "2", "10.00")], "4.00"),
        ),
        (
            "m3",
            "ledger",
            "AAA/2010/1000004/1",
            v.m3_ledger("1000004", "FB00000102", "10000003", "10", "24.00"),
        ),
        (
            "m3",
            "ledger",
            "AAA/2010/1000005/1",
            v.m3_ledger("1000005", "FB00000102", "P7002", "30", "-24.00", ESPYTP="OA", ESCKNO="FBP7002"),
        ),
        (
            "m3",
            "ledger",
            "AAA/2010/1000006/1",
            v.m3_ledger("1000006", "FB00000102", "P7002", "20", "14.00", ESPYTP="OA", ESCKNO="FBA7002"),
        ),
        (
            "m3",
            "ledger",
            "AAA/2010/1000007/1",
            v.m3_ledger("1000007", "FB00000102", "10000003", "20", "-14.00", ESCKNO="FBA7002"),
        ),
    ]


def credited_sale() -> list[Row]:
    """C536379 takes two lanterns of order 536365 back: 6.78 and VAT 1.36."""
    return [
        (
            "shop",
            "orders",
            str(v.order_id("C536379")),
            v.shop_order("C536379", [("71053", -2, "3.39")], customer=17850, billing=v.address(**FIRE)),
        ),
        (
            "freshbooks",
            "credit_notes",
            "301",
            v.credit_note(301, "C536379", 101, [v.fb_line(1, "71053", "2", "3.39")], "8.14"),
        ),
        (
            "m3",
            "orders",
            "5000009",
            v.m3_order(
                "5000009",
                "FB00000101",
                f"FBC-{ACCOUNT}-301",
                [v.m3_order_line(1, "71053", "-2", "3.39", delivered="-2", invoiced="-2", status="77")],
                "-1.36",
                kind="F02",
            ),
        ),
        (
            "m3",
            "invoices",
            "AAA/2010/10000009",
            v.m3_invoice("10000009", "5000009", "FB00000101", [(1, "71053", "-2", "3.39")], "-1.36"),
        ),
        (
            "m3",
            "ledger",
            "AAA/2010/1000009/1",
            v.m3_ledger("1000009", "FB00000101", "10000009", "10", "-8.14"),
        ),
    ]


def other_documents() -> list[Row]:
    """Guests, two countries, costs, stock adjustments, free goods, a hand-made invoice, a code nobody knows."""
    orders = [
        v.shop_order("536600", [("85123A", 1, "4.00")], country="FR"),
        v.shop_order("536601", [("85123A", 1, "4.00")], country="XX"),
        v.shop_order(
            "536610",
            [("85123A", 1, "4.00")],
            customer=12431,
            country="AU",
            billing=v.address(**FIRE | {"country": "AU"}),
        ),
        v.shop_order(
            "536611",
            [("85123A", 1, "4.00")],
            customer=12431,
            country="BE",
            billing=v.address(**FIRE | {"country": "AU"}),
        ),
        v.shop_order("C536999", [("AMAZONFEE", -1, "13541.33")]),
        v.shop_order("A563185", [("B", 1, "-11062.06")]),
        v.shop_order("536700", [("85123A", -10, "0.00"), ("71053", -1, "0.00")]),
        v.shop_order("536710", [("85123A", 3, "0.00")], customer=12360),
        v.shop_order(
            "536720",
            [("NEW-CODE", 1, "2.00"), ("gift_0001_20", 1, "16.67"), ("D", -1, "1.00")],
            customer=12360,
        ),
    ]
    return [
        *(("shop", "orders", str(order["id"]), order) for order in orders),
        (
            "freshbooks",
            "invoices",
            "9100",
            v.invoice(9100, "2024-17", 103, [v.fb_line(1, "Consulting", "1", "100.00")], "120.00"),
        ),
    ]
