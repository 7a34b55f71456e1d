"""One good outbound row per object, as the dbt models make them, for the tests of the gate to break.

Belongs here: rows and settings. Does not belong here: assertions.
"""

from __future__ import annotations

import copy
from decimal import Decimal
from pathlib import Path
from typing import Any

from fbinfor_assets.domain.canonical import payload_sha
from fbinfor_assets.quality import GateResult, GateSettings, gate

ROOT = Path(__file__).parents[3]
SUITES = ROOT / "great_expectations" / "expectations"

SETTINGS = GateSettings(
    company_currency="GBP",
    go_live="2010-12-01",
    guard_creates=50,
    guard_amount=Decimal("25000.00"),
    facility="F01",
    warehouse="001",
    tax_rates={"GB": Decimal("20"), "*": Decimal("0")},
    countries={"GB": "GB", "UNITED KINGDOM": "GB", "FR": "FR", "FRANCE": "FR"},
    sets={
        "currencies": ["GBP"],
        "freshbooks_countries": ["United Kingdom", "France", ""],
        "m3_countries": ["GB", "FR"],
        "tax_names": ["VAT"],
        "payment_operations": ["CRD", "PPL", "BNK", "CHQ", "ALC"],
        "allocation_operations": ["ALC"],
        "on_account_types": ["OA"],
        "item_templates": ["shop_goods"],
        "item_types": ["SHG"],
        "customer_templates": ["FBTPL"],
        "order_types": ["F01", "F03"],
        "credit_order_types": ["F02"],
    },
)

_FB_LINES = [
    {
        "type": 0,
        "name": "85123A",
        "description": "WHITE HANGING HEART T-LIGHT HOLDER",
        "qty": "6",
        "unit_cost": {"amount": "2.55", "code": "GBP"},
        "taxName1": "VAT",
        "taxAmount1": "20",
    },
    {
        "type": 0,
        "name": "71053",
        "description": "WHITE METAL LANTERN",
        "qty": "3",
        "unit_cost": {"amount": "3.335", "code": "GBP"},
        "taxName1": "VAT",
        "taxAmount1": "20",
    },
]
# 6 x 2.55 = 15.30; 3 x 3.335 = 10.005 -> 10.01; net 25.31; VAT 5.062 -> 5.06
_EXPECTED = {"net": "25.31", "tax": "5.06", "total": "30.37"}

_PAYLOADS: dict[str, dict[str, Any]] = {
    "freshbooks__clients": {
        "business_key": "SHOP-17850",
        "target_ref": "[fbinfor SHOP-17850]",
        "payload": {
            "client": {
                "organization": "Hart & Sons Ltd",
                "fname": "Ann",
                "lname": "Hart",
                "email": "ann@hart.example",
                "bus_phone": "020 7946 0123",
                "p_street": "1 Mill Lane",
                "p_street2": "",
                "p_city": "Leeds",
                "p_province": "",
                "p_code": "LS1 4AB",
                "p_country": "United Kingdom",
                "vat_number": "GB123456789",
                "currency_code": "GBP",
                "language": "en",
                "note": "[fbinfor SHOP-17850]",
            }
        },
    },
    "freshbooks__invoices": {
        "business_key": "536365",
        "target_ref": "536365",
        "document_date": "2010-12-01",
        "currency": "GBP",
        "amount": Decimal("30.37"),
        "payload": {
            "invoice": {
                "customerid": "4001",
                "invoice_number": "536365",
                "create_date": "2010-12-01",
                "currency_code": "GBP",
                "language": "en",
                "due_offset_days": 30,
                "notes": "",
                "lines": _FB_LINES,
            },
            "action": None,
            "expected": _EXPECTED,
            "m3_invoice": None,
            "m3_total": None,
        },
    },
    "freshbooks__credit_notes": {
        "business_key": "C536379",
        "target_ref": "C536379",
        "document_date": "2010-12-01",
        "currency": "GBP",
        "amount": Decimal("30.37"),
        "payload": {
            "credit_note": {
                "clientid": "4001",
                "create_date": "2010-12-01",
                "credit_type": "goodwill",
                "currency_code": "GBP",
                "language": "en",
                "notes": "",
                "credit_number": "C536379",
                "lines": _FB_LINES,
            },
            "expected": _EXPECTED,
        },
    },
    "m3__items": {
        "business_key": "85123A",
        "target_ref": "85123A",
        "payload": {
            "program": "MMS200MI",
            "transaction": "AddItmViaItmTyp",
            "record": {
                "ITTY": "SHG",
                "ITNO": "85123A",
                "ITDS": "WHITE HANGING HEART T-LIGHT HO",
                "FUDS": "x",
            },
            "template": "shop_goods",
        },
    },
    "m3__customers": {
        "business_key": "SHOP-17850",
        "target_ref": "FB00004001",
        "payload": {
            "add": {
                "CUTM": "FBTPL",
                "CUNO": "FB00004001",
                "CUNM": "Hart & Sons Ltd",
                "CUA1": "1 Mill Lane",
                "CUA2": "",
                "TOWN": "Leeds",
                "PONO": "LS1 4AB",
                "CSCD": "GB",
                "PHNO": "020 7946 0123",
                "MAIL": "ann@hart.example",
                "YREF": "FB-ABC123-4001",
                "LNCD": "GB",
                "STAT": "20",
            },
            "financial": {"CUNO": "FB00004001", "CUCD": "GBP", "VRNO": "GB123456789"},
            "order_info": None,
        },
    },
    "m3__orders": {
        "business_key": "536365",
        "target_ref": "FB-ABC123-7001",
        "document_date": "2010-12-01",
        "currency": "GBP",
        "amount": Decimal("30.37"),
        "payload": {
            "head": {
                "CUNO": "FB00004001",
                "ORTP": "F01",
                "ORDT": "20101201",
                "RLDT": "20101201",
                "FACI": "F01",
                "WHLO": "001",
                "CUCD": "GBP",
                "PYRE": "FB-ABC123-7001",
                "YREF": "536365",
            },
            "address": {"ADRT": "1", "CSCD": "GB"},
            "lines": [
                {"ITNO": "85123A", "ORQT": "6", "SAPR": "2.55", "CUPO": "1", "ITDS": "WHITE HANGING HEART"},
                {"ITNO": "71053", "ORQT": "3", "SAPR": "3.335", "CUPO": "2", "ITDS": "WHITE METAL LANTERN"},
            ],
            "expected": _EXPECTED,
            "tolerance": "0.0500",
        },
    },
    "m3__credit_orders": {
        "business_key": "C536379",
        "target_ref": "FBC-ABC123-9001",
        "document_date": "2010-12-01",
        "currency": "GBP",
        "amount": Decimal("-12.00"),
        "payload": {
            "head": {
                "CUNO": "FB00004001",
                "ORTP": "F02",
                "ORDT": "20101201",
                "RLDT": "20101201",
                "FACI": "F01",
                "WHLO": "001",
                "CUCD": "GBP",
                "PYRE": "FBC-ABC123-9001",
                "YREF": "C536379",
            },
            "address": None,
            "lines": [{"ITNO": "85123A", "ORQT": "-2", "SAPR": "5.00", "CUPO": "1", "ITDS": ""}],
            "expected": {"net": "-10.00", "tax": "-2.00", "total": "-12.00"},
            "tolerance": "0.0500",
        },
    },
    "m3__receipts": {
        "business_key": "payment:501",
        "target_ref": "501",
        "document_date": "2010-12-20",
        "currency": "GBP",
        "amount": Decimal("30.37"),
        "payload": {
            "head": {"PBID": "501", "BOPE": "CRD", "ACDT": "20101220"},
            "lines": [
                {
                    "TRNO": "1",
                    "CINO": "100001",
                    "INYR": "2010",
                    "CUNO": "FB00004001",
                    "PYNO": "FB00004001",
                    "PYAM": "30.37",
                    "CUCD": "GBP",
                    "PYTP": "",
                    "CKNO": "FBP501",
                    "LPDT": "20101220",
                }
            ],
            "kind": "receipt",
        },
    },
}


def good(object_: str, **changes: Any) -> dict[str, Any]:
    """A row that passes; `changes` are columns of the row (`operation=`, `remote_id=`, …)."""
    row = copy.deepcopy(_PAYLOADS[object_])
    row = {
        "operation": "create",
        "remote_id": None,
        "document_date": None,
        "currency": None,
        "amount": None,
        **row,
    }
    row.update(changes)
    return signed(row)


# Where the reference of a record stands in its payload, and how the n-th one is written.
_REFERENCES: dict[str, tuple[str, tuple[str, ...]]] = {
    "freshbooks__clients": ("[fbinfor SHOP-{n}]", ("client.note",)),
    "freshbooks__invoices": ("5{n:05d}", ("invoice.invoice_number",)),
    "freshbooks__credit_notes": ("C5{n:05d}", ("credit_note.credit_number",)),
    "m3__items": ("IT{n}", ("record.ITNO",)),
    "m3__customers": ("FB{n:08d}", ("add.CUNO", "financial.CUNO")),
    "m3__orders": ("FB-ABC123-{n}", ("head.PYRE",)),
    "m3__credit_orders": ("FBC-ABC123-{n}", ("head.PYRE",)),
    "m3__receipts": ("{n}", ("head.PBID",)),
}


def numbered(object_: str, n: int, **changes: Any) -> dict[str, Any]:
    """The n-th good row (1-based): another business key, another reference, also inside the payload."""
    form, paths = _REFERENCES[object_]
    reference = form.format(n=n)
    row = good(object_, business_key=f"row {n}", target_ref=reference, **changes)
    for path in paths:
        put(row["payload"], path, reference)
    return signed(row)


def put(payload: dict[str, Any], path: str, value: Any) -> None:
    """Set one value of a payload by its path (`lines.0.SAPR`)."""
    place: Any = payload
    *way, last = path.split(".")
    for step in way:
        place = place[int(step)] if step.isdigit() else place[step]
    place[last] = value


def signed(row: dict[str, Any]) -> dict[str, Any]:
    """The row with the hash of the payload it carries now."""
    return {**row, "payload_sha": payload_sha(row["payload"])}


def with_value(object_: str, path: str, value: Any, **changes: Any) -> dict[str, Any]:
    """A good row with one value of its payload changed, consistently hashed. `path`: `lines.0.SAPR`."""
    row = good(object_, **changes)
    put(row["payload"], path, value)
    return signed(row)


def judged(object_: str, *rows: dict[str, Any], settings: GateSettings = SETTINGS) -> GateResult:
    """The gate's result by the shipped suite."""
    return gate(object_, rows, suite_dir=SUITES, mapping_version="test", settings=settings)


def rules(result: GateResult) -> set[str]:
    """The rules that rows broke."""
    return {entry.rule for entry in result.quarantined}
