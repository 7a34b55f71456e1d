"""From payloads to frames: the columns that the suites speak about.

Belongs here: which fields a payload of each outbound object has, and the sums and comparisons computed from them.
Does not belong here: what is allowed (the suites in `great_expectations/expectations`), pandas, Great Expectations.

Every column is read from the payload itself, the bytes about to leave, never from the model that made it. Amounts are
`Decimal`: Great Expectations' own sums turn them into floats (`expect_column_sum_…`), so all sums are made here.
A frame has three parts: `documents` (one row per outbound row), `lines` (one per line of a payload) and `batch`
(exactly one row). A column is named by its path in the payload (`invoice.create_date`, in lines `qty`); computed
columns have plain names (`lines_net`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_CEILING, Decimal, InvalidOperation
from typing import Any

from fbinfor_assets.domain.canonical import NotCanonical, payload_sha
from fbinfor_assets.domain.money import document_tolerance, to_cents
from fbinfor_assets.domain.references import ALLOCATION_BASE

Row = dict[str, Any]

ZERO = Decimal(0)


@dataclass(frozen=True)
class GateSettings:
    """What the rules compare with, from `config/policy.yml` and dbt's seeds.

    `go_live`: ISO date, the first document day that may be written. `guard_amount`: in `company_currency`.
    `tax_rates`: percent by ISO country code, `*` for all others. `countries`: ISO code by every name and code in use.
    `sets`: the value lists that suites name by `$PARAMETER` (`currencies`, `tax_names`, `item_templates`, …).
    """

    company_currency: str
    go_live: str
    guard_creates: int
    guard_amount: Decimal
    tax_rounding: str = "document"
    facility: str = ""
    warehouse: str = ""
    tax_rates: Mapping[str, Decimal] = field(default_factory=dict)
    countries: Mapping[str, str] = field(default_factory=dict)
    sets: Mapping[str, list[str]] = field(default_factory=dict)

    def tax_rate(self, country: str | None) -> Decimal | None:
        """Percent for a delivery to a country (name or code), None where the country is not known."""
        iso = self.countries.get((country or "").upper())
        return None if iso is None else self.tax_rates.get(iso, self.tax_rates.get("*"))


@dataclass(frozen=True)
class Frames:
    """The three frames of one batch. All rows of a frame have the columns named by `columns(object)`."""

    documents: list[Row]
    lines: list[Row]
    batch: list[Row]


# What a value in a payload may be: text, a decimal written as text, or a whole number.
TEXT, NUMBER, WHOLE = "text", "number", "whole"

_LINE_OF_FRESHBOOKS = {
    "type": WHOLE,
    "name": TEXT,
    "description": TEXT,
    "qty": NUMBER,
    "unit_cost.amount": NUMBER,
    "unit_cost.code": TEXT,
    "taxName1": TEXT,
    "taxAmount1": NUMBER,
}
_EXPECTED = {"expected.net": NUMBER, "expected.tax": NUMBER, "expected.total": NUMBER}
_CUSTOMER_FIELDS = (
    "CUNO",
    "CUNM",
    "CUA1",
    "CUA2",
    "CUA3",
    "CUA4",
    "PONO",
    "TOWN",
    "CSCD",
    "ECAR",
    "PHNO",
    "MAIL",
)
_CUSTOMER_FIELDS += ("CUTM", "LNCD", "YREF", "YRE2", "ALCU", "STAT", "CUTP", "CONO", "DIVI")
_ORDER = {
    **{
        f"head.{name}": TEXT
        for name in ("CUNO", "ORTP", "RLDT", "ORDT", "CUDT", "CUOR", "PYRE", "YREF", "OREF")
    },
    **{
        f"head.{name}": TEXT
        for name in ("CUCD", "FACI", "WHLO", "PYNO", "INRC", "ADID", "TEPY", "MODL", "LNCD")
    },
    **{
        f"address.{name}": TEXT
        for name in ("ADRT", "CUNM", "CUA1", "CUA2", "CUA3", "CUA4", "PONO", "TOWN", "CSCD")
    },
    **{f"address.{name}": TEXT for name in ("ECAR", "PHN2", "VRNO")},
    **_EXPECTED,
    "tolerance": NUMBER,
}
_ORDER_LINE = {
    "ITNO": TEXT,
    "ORQT": NUMBER,
    "SAPR": NUMBER,
    "CUPO": TEXT,
    "ITDS": TEXT,
    "WHLO": TEXT,
    "DWDT": TEXT,
}

# The fields of each payload, by path. Anything else in a payload is an unknown field, and unknown fields do not leave.
FIELDS: dict[str, dict[str, str]] = {
    "freshbooks__clients": {
        f"client.{name}": TEXT
        for name in [
            "organization",
            "fname",
            "lname",
            "email",
            "bus_phone",
            "p_street",
            "p_street2",
            "p_city",
            "p_province",
            "p_code",
            "p_country",
            "vat_number",
            "currency_code",
            "language",
            "note",
        ]
    },
    "freshbooks__invoices": {
        "invoice.customerid": TEXT,
        "invoice.invoice_number": TEXT,
        "invoice.create_date": TEXT,
        "invoice.currency_code": TEXT,
        "invoice.language": TEXT,
        "invoice.due_offset_days": WHOLE,
        "invoice.notes": TEXT,
        "invoice.po_number": TEXT,
        "action": TEXT,
        "m3_invoice": TEXT,
        "m3_total": NUMBER,
        **_EXPECTED,
    },
    "freshbooks__credit_notes": {
        "credit_note.clientid": TEXT,
        "credit_note.create_date": TEXT,
        "credit_note.credit_type": TEXT,
        "credit_note.currency_code": TEXT,
        "credit_note.language": TEXT,
        "credit_note.notes": TEXT,
        "credit_note.terms": TEXT,
        "credit_note.credit_number": TEXT,
        **_EXPECTED,
    },
    "m3__items": {
        "program": TEXT,
        "transaction": TEXT,
        "record.ITTY": TEXT,
        "record.ITNO": TEXT,
        "record.ITDS": TEXT,
        "record.FUDS": TEXT,
        "template": TEXT,
    },
    "m3__customers": {
        **{f"add.{name}": TEXT for name in _CUSTOMER_FIELDS},
        **{f"financial.{name}": TEXT for name in ("CUNO", "VRNO", "CUCD", "VTCD", "TXAP", "TAXC")},
        **{
            f"order_info.{name}": TEXT
            for name in (
                "CUNO",
                "TEPY",
                "CUCL",
                "ORTP",
                "WHLO",
                "FACI",
                "MODL",
                "TEDL",
                "PYNO",
                "INRC",
                "PLTB",
            )
        },
        **{f"change.{name}": TEXT for name in _CUSTOMER_FIELDS},
    },
    "m3__orders": _ORDER,
    "m3__credit_orders": _ORDER,
    "m3__receipts": {
        "head.PBID": TEXT,
        "head.BOPE": TEXT,
        "head.ACDT": TEXT,
        "head.BAAN": TEXT,
        "kind": TEXT,
    },
}

# The day a document carries in its payload: FreshBooks writes 2010-12-01, M3 20101201 (infor-api 2.5).
_DAY = {
    "freshbooks__invoices": "invoice.create_date",
    "freshbooks__credit_notes": "credit_note.create_date",
    "m3__orders": "head.ORDT",
    "m3__credit_orders": "head.ORDT",
    "m3__receipts": "head.ACDT",
}

# Where the lines lie in a payload, and their fields.
LINES: dict[str, tuple[str, dict[str, str]]] = {
    "freshbooks__invoices": ("invoice.lines", _LINE_OF_FRESHBOOKS),
    "freshbooks__credit_notes": ("credit_note.lines", _LINE_OF_FRESHBOOKS),
    "m3__orders": ("lines", _ORDER_LINE),
    "m3__credit_orders": ("lines", _ORDER_LINE),
    "m3__receipts": (
        "lines",
        {
            **{
                name: TEXT
                for name in ("TRNO", "CINO", "INYR", "CUNO", "PYNO", "CUCD", "PYTP", "CKNO", "LPDT")
            },
            "PYAM": NUMBER,
        },
    ),
}

# Columns of every document row; `row.…` is what the outbound row says about its payload.
_COMMON = (
    "business_key",
    "operation",
    "target_ref",
    "remote_id",
    "row.document_date",
    "row.currency",
    "row.amount",
    "row.payload_sha",
    "payload_sha",
    "payload_problem",
    "unknown_fields",
    "document_day",
    "policy.go_live",
)
_BATCH = (
    "rows",
    "creates",
    "amount",
    "policy.guard_creates",
    "policy.guard_amount",
    "duplicate_keys",
    "duplicate_refs",
)

_DOCUMENT_SUMS = (
    "line_count",
    "lines_net",
    "net_plus_tax",
    "tax_by_rate",
    "line_currency",
    "policy.tolerance",
    "m3_difference",
)
_ORDER_SUMS = (
    "line_count",
    "lines_net",
    "net_plus_tax",
    "tax_by_rate",
    "free_goods_total",
    "policy.tolerance",
    "policy.facility",
    "policy.warehouse",
)
COMPUTED: dict[str, tuple[str, ...]] = {
    "freshbooks__clients": ("name",),
    "freshbooks__invoices": _DOCUMENT_SUMS,
    "freshbooks__credit_notes": _DOCUMENT_SUMS,
    "m3__items": (),
    "m3__customers": ("changed_fields",),
    "m3__orders": _ORDER_SUMS,
    "m3__credit_orders": _ORDER_SUMS,
    "m3__receipts": ("line_count", "lines_sum", "batch_number", "policy.allocation_base"),
}
_LINE_COMPUTED: dict[str, tuple[str, ...]] = {
    "freshbooks__invoices": ("price_decimals", "qty_decimals", "tax_complete"),
    "freshbooks__credit_notes": ("price_decimals", "qty_decimals", "tax_complete"),
    "m3__orders": ("price_decimals", "qty_decimals"),
    "m3__credit_orders": ("price_decimals", "qty_decimals"),
    "m3__receipts": ("kind", "amount_decimals"),
}

OBJECTS = tuple(FIELDS)


def columns(object_: str) -> dict[str, tuple[str, ...]]:
    """The columns of each frame of an outbound object: what a rule of its suite may name."""
    line_fields = LINES.get(object_, ("", {}))[1]
    lines = (
        ("business_key", "operation", "line_no", *line_fields, *_LINE_COMPUTED[object_])
        if line_fields
        else ()
    )
    return {"documents": (*_COMMON, *FIELDS[object_], *COMPUTED[object_]), "lines": lines, "batch": _BATCH}


def build(object_: str, rows: Iterable[Mapping[str, Any]], settings: GateSettings) -> Frames:
    """The frames of a batch of outbound rows (contract section 4: business_key, operation, payload, payload_sha, …).

    Never raises for what is in a payload: a value that cannot be read becomes null and is named in
    `payload_problem`, a field that nobody declared in `unknown_fields`, so that the suite can refuse the row.
    """
    documents: list[Row] = []
    lines: list[Row] = []
    for row in rows:
        document, its_lines = _document(object_, row, settings)
        documents.append(document)
        lines.extend(its_lines)
    return Frames(documents, lines, [_batch(documents, settings)])


def _document(object_: str, row: Mapping[str, Any], settings: GateSettings) -> tuple[Row, list[Row]]:
    payload = row.get("payload")
    problems: list[str] = []
    unknown: list[str] = []
    values: Row = {}
    raw_lines: list[Any] = []
    if isinstance(payload, dict):
        where, line_fields = LINES.get(object_, ("", {}))
        flat = dict(_flatten(payload))
        found = flat.pop(where, None) if where else None
        if where and not isinstance(found, list):
            problems.append(f"{where} is not a list")
        raw_lines = found if isinstance(found, list) else []
        values = _read(flat, FIELDS[object_], problems, unknown, "")
    else:
        line_fields = {}
        problems.append("payload is not a JSON object")
        values = dict.fromkeys(FIELDS[object_])
    lines = []
    for position, raw in enumerate(raw_lines, start=1):
        flat_line = dict(_flatten(raw)) if isinstance(raw, dict) else {}
        if not isinstance(raw, dict):
            problems.append(f"line {position} is not a JSON object")
        read = _read(flat_line, line_fields, problems, unknown, f"line {position} ")
        lines.append(
            {
                "business_key": row.get("business_key"),
                "operation": row.get("operation"),
                "line_no": position,
                **read,
                **dict.fromkeys(_LINE_COMPUTED[object_]),
            }
        )
    try:
        sha: str | None = payload_sha(payload)
    except NotCanonical as error:
        sha = None
        problems.append(str(error))
    document: Row = {
        "business_key": _text(row.get("business_key")),
        "operation": row.get("operation"),
        "target_ref": _text(row.get("target_ref")),
        "remote_id": _text(row.get("remote_id")),
        "row.document_date": None if row.get("document_date") is None else str(row["document_date"])[:10],
        "row.currency": row.get("currency"),
        "row.amount": row.get("amount"),
        "row.payload_sha": row.get("payload_sha"),
        "payload_sha": sha,
        "document_day": _day(values.get(_DAY.get(object_, "")), _DAY.get(object_, ""), problems),
        "policy.go_live": settings.go_live,
        **values,
        **dict.fromkeys(COMPUTED[object_]),
    }
    _DERIVE.get(object_, _nothing)(document, lines, settings)
    document["payload_problem"] = "; ".join(problems) or None
    document["unknown_fields"] = ", ".join(sorted(set(unknown))) or None
    return document, lines


def _batch(documents: list[Row], settings: GateSettings) -> Row:
    keys = [document["business_key"] for document in documents]
    references = [document["target_ref"] for document in documents]
    creates = [document for document in documents if document["operation"] == "create"]
    amounts = [d["row.amount"] for d in creates if isinstance(d["row.amount"], Decimal)]
    return {
        "rows": len(documents),
        "creates": len(creates),
        # What the batch would post, whatever its sign: a batch of credits is as dangerous as one of sales.
        "amount": sum((abs(amount) for amount in amounts), ZERO),
        "policy.guard_creates": settings.guard_creates,
        "policy.guard_amount": settings.guard_amount,
        "duplicate_keys": _twice(keys),
        "duplicate_refs": _twice(references),
    }


# ---- reading a payload ----------------------------------------------------------------------------------------------


def _flatten(value: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, Any]]:
    for key, inner in value.items():
        path = f"{prefix}{key}"
        if isinstance(inner, dict):
            yield from _flatten(inner, f"{path}.")
        else:
            yield path, inner


def _read(flat: Row, fields: Mapping[str, str], problems: list[str], unknown: list[str], where: str) -> Row:
    values: Row = dict.fromkeys(fields)
    for path, value in flat.items():
        kind = fields.get(path)
        if value is None and (kind is not None or any(name.startswith(f"{path}.") for name in fields)):
            continue  # an absent part (`"address": null`) has no fields to read
        if kind is None:
            unknown.append(f"{where}{path}")
        elif kind == NUMBER:
            values[path] = _number(value, f"{where}{path}", problems)
        elif kind == WHOLE:
            values[path] = _whole(value, f"{where}{path}", problems)
        elif isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool)):
            values[path] = str(value)
        else:
            problems.append(f"{where}{path} is {value!r}, not text")
    return values


def _number(value: Any, where: str, problems: list[str]) -> Decimal | None:
    # Decimal() also reads '1e3', '１' and 'NaN'; a vendor's parser would not, or differently.
    if isinstance(value, str) and value.isascii() and value.lstrip("-").replace(".", "", 1).isdigit():
        try:
            return Decimal(value)
        except InvalidOperation:
            pass
    problems.append(f"{where} is {value!r}, not a decimal written as text")
    return None


def _whole(value: Any, where: str, problems: list[str]) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    problems.append(f"{where} is {value!r}, not a whole number")
    return None


def _day(value: Any, where: str, problems: list[str]) -> str | None:
    """ISO text of a day written either way; ISO days compare as text."""
    if value is None:
        return None
    try:
        return date.fromisoformat(value).isoformat()
    except ValueError:
        problems.append(f"{where} is {value!r}, not a day")
        return None


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _twice(values: list[Any]) -> str | None:
    seen: set[Any] = set()
    again = sorted({str(value) for value in values if value in seen or seen.add(value)})  # type: ignore[func-returns-value]
    return ", ".join(again[:20]) or None


def _decimals(value: Decimal | None) -> int | None:
    """How many decimals a number needs: 2.5000 needs one."""
    if value is None:
        return None
    exponent = value.normalize().as_tuple().exponent
    return max(0, -int(exponent))


# ---- what is computed per object ------------------------------------------------------------------------------------


def _nothing(document: Row, lines: list[Row], settings: GateSettings) -> None:
    pass


def _sum_document(
    document: Row,
    lines: list[Row],
    settings: GateSettings,
    *,
    quantity: str,
    price: str,
    rate_of: Callable[[Row], Decimal | None],
) -> None:
    """Net, tax and totals of a document by the policy's own rule: lines to cents, tax per rate or per line."""
    document["line_count"] = len(lines)
    document["policy.tolerance"] = document_tolerance(len(lines)).quantize(
        Decimal("0.01"), rounding=ROUND_CEILING
    )
    net_by_rate: dict[Decimal, Decimal] = {}
    tax_by_line = net = ZERO
    readable = True
    for line in lines:
        line["price_decimals"] = _decimals(line[price])
        line["qty_decimals"] = _decimals(line[quantity])
        rate = rate_of(line)
        if line[quantity] is None or line[price] is None:
            readable = False
            continue
        line_net = to_cents(line[quantity] * line[price])
        net += line_net
        if rate is None:
            readable = False
            continue
        net_by_rate[rate] = net_by_rate.get(rate, ZERO) + line_net
        tax_by_line += to_cents(line_net * rate / 100)
    document["lines_net"] = net
    if readable:
        by_document = sum((to_cents(amount * rate / 100) for rate, amount in net_by_rate.items()), ZERO)
        document["tax_by_rate"] = tax_by_line if settings.tax_rounding == "line" else by_document
    expected_net, expected_tax = document["expected.net"], document["expected.tax"]
    if expected_net is not None and expected_tax is not None:
        document["net_plus_tax"] = expected_net + expected_tax


def _freshbooks_document(document: Row, lines: list[Row], settings: GateSettings) -> None:
    def rate_of(line: Row) -> Decimal | None:
        line["tax_complete"] = (line["taxName1"] is None) == (line["taxAmount1"] is None)
        return line["taxAmount1"] if line["taxAmount1"] is not None else ZERO

    _sum_document(document, lines, settings, quantity="qty", price="unit_cost.amount", rate_of=rate_of)
    currencies = {line["unit_cost.code"] for line in lines}
    document["line_currency"] = ", ".join(sorted(str(c) for c in currencies)) if lines else None
    if document.get("m3_total") is not None and document["expected.total"] is not None:
        document["m3_difference"] = abs(document["m3_total"] - document["expected.total"])


def _m3_order(document: Row, lines: list[Row], settings: GateSettings) -> None:
    # VAT follows the delivery country (contract 1). Without an address M3 takes the customer's, which is not in here.
    rate = settings.tax_rate(document["address.CSCD"])
    _sum_document(document, lines, settings, quantity="ORQT", price="SAPR", rate_of=lambda line: rate)
    if (document["head.PYRE"] or "").startswith("SHOP-"):
        # No FreshBooks invoice stands behind it: only free goods may leave so.
        document["free_goods_total"] = document["expected.total"]
    document["policy.facility"] = settings.facility
    document["policy.warehouse"] = settings.warehouse


def _m3_receipt(document: Row, lines: list[Row], settings: GateSettings) -> None:
    document["line_count"] = len(lines)
    document["policy.allocation_base"] = ALLOCATION_BASE
    number = document["head.PBID"]
    document["batch_number"] = (
        int(number) if number is not None and number.isascii() and number.isdigit() else None
    )
    amounts = [line["PYAM"] for line in lines]
    if None not in amounts:
        document["lines_sum"] = sum(amounts, ZERO)
    for line in lines:
        line["kind"] = document["kind"]
        line["amount_decimals"] = _decimals(line["PYAM"])


def _freshbooks_client(document: Row, lines: list[Row], settings: GateSettings) -> None:
    parts = (document["client.organization"], document["client.fname"], document["client.lname"])
    document["name"] = " ".join(part.strip() for part in parts if part and part.strip()) or None


def _m3_customer(document: Row, lines: list[Row], settings: GateSettings) -> None:
    changed = [
        name for name in FIELDS["m3__customers"] if name.startswith("change.") and document[name] is not None
    ]
    document["changed_fields"] = ", ".join(name for name in changed if name != "change.CUNO") or None


_DERIVE: dict[str, Callable[[Row, list[Row], GateSettings], None]] = {
    "freshbooks__clients": _freshbooks_client,
    "freshbooks__invoices": _freshbooks_document,
    "freshbooks__credit_notes": _freshbooks_document,
    "m3__customers": _m3_customer,
    "m3__orders": _m3_order,
    "m3__credit_orders": _m3_order,
    "m3__receipts": _m3_receipt,
}
