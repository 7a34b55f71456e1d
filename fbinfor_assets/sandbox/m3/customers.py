"""CRS610MI: customers.

Belongs here: the CRS610MI transactions and what a change to a customer means (template, status, CHNO), what a
payer owes and may still order.
Does not belong here: the customer's addresses (`addresses.py`), orders and open items.

One stored row (OCUSMA) carries basic data, order info and financial data, as M3's own table does. Status 10 is
preliminary, 12 created but incomplete, 20 active, 90 blocked (infor-api 2.6; only 12 is said by the interface
itself): orders are made for active customers only.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from fbinfor_assets.sandbox.m3 import search
from fbinfor_assets.sandbox.m3.catalogue import countries, load
from fbinfor_assets.sandbox.m3.lines import rest_totals
from fbinfor_assets.sandbox.m3.mi import Nok, Record, money
from fbinfor_assets.sandbox.m3.world import (
    CASH_DISCOUNTS,
    CURRENCY,
    CUSTOMER_TEMPLATE,
    DIVISION,
    PAYMENT_DAYS,
    Call,
    Row,
    World,
    name_key,
    transaction,
)

ACTIVE, INCOMPLETE = "20", "12"
TEMPLATE: Row = {
    "CUNO": CUSTOMER_TEMPLATE,
    "CUNM": "Template FreshBooks customers",
    "CUTP": "0",
    "STAT": ACTIVE,
    "LNCD": "GB",
    "CUCD": CURRENCY,
    "TEPY": "T30",
    "ORTP": "F01",
    "FACI": "F01",
    "WHLO": "001",
    "CRLM": "0",
    "BLCD": "0",
    "VTCD": "20",
}
# What a new customer takes over is that of its template: the one of this tenant's web customers, one for
# business abroad, one for customers who pay at once.
TEMPLATES: dict[str, Row] = {
    CUSTOMER_TEMPLATE: TEMPLATE,
    "EXPTPL": {**TEMPLATE, "CUNO": "EXPTPL", "CUNM": "Template export customers", "VTCD": "00"},
    "CASHTPL": {**TEMPLATE, "CUNO": "CASHTPL", "CUNM": "Template cash customers", "TEPY": "T00"},
}
# What belongs to one customer and is not copied to another.
_OWN = ("CUNO", "STAT", "PYNO", "VRNO", "CRLM", "CHNO", "RGDT", "RGTM", "LMDT", "LMTS")
# Fields of a call that are context or bookkeeping, never customer data.
_NOT_DATA = frozenset(("CONO", "DIVI", "CUTM", "CUNO", "CHNO"))


def check_values(world: World, values: Record) -> None:
    """Refuse values that a tenant's tables do not have: country, currency, payment terms, payer, status."""
    country = values.get("CSCD", "")
    if country and country not in countries():
        raise Nok(world.switches["code_country"], "CSCD", country, text=f"Country {country} does not exist")
    currency = values.get("CUCD", "")
    if currency and currency != CURRENCY:
        raise Nok("XRE0103", "CUCD")
    terms = values.get("TEPY", "")
    if terms and terms not in PAYMENT_DAYS:
        raise Nok("XRE0103", "TEPY")
    discount = values.get("TECD", "")
    if discount and discount not in CASH_DISCOUNTS:
        raise Nok("XRE0103", "TECD")
    if values.get("PYNO"):
        world.customer(values["PYNO"], "PYNO")
    status = values.get("STAT", "")
    if status and status not in ("10", INCOMPLETE, ACTIVE, "90"):
        raise Nok("WST0301", "STAT", status)


def add_customer(world: World, values: Record, template: Row = TEMPLATE) -> Row:
    """Create a customer from a template; without CUNO the number comes from the series (C0000001 ...).

    Without a country the customer is created with status 12 (ERRM). Raises Nok; nothing is changed then.
    """
    cuno = values.get("CUNO", "").upper()
    if cuno and world.state.get("OCUSMA", cuno) is not None:
        code = world.switches["code_duplicate_customer"]
        raise Nok(code, "CUNO", cuno)
    data = {name: value for name, value in values.items() if name not in _NOT_DATA and value}
    check_values(world, data)
    if not cuno:
        cuno = f"C{world.state.next_number('CUNO', 1):07d}"
    row = {**template, **data, "CUNO": cuno, **world.born()}
    row.setdefault("PYNO", cuno)
    if not row.get("CSCD"):
        row["STAT"] = INCOMPLETE
    return world.save("OCUSMA", cuno, row)


def given_changes(world: World, values: Record, ignored: frozenset[str]) -> Record:
    """What a Chg transaction changes: an empty value leaves the field, `?` clears it (switches)."""
    marker, clears = world.switches["blank_marker"], world.switches["blank_means"] == "clear"
    return {
        name: "" if marker and value == marker else value
        for name, value in values.items()
        if name not in ignored and (value or clears)
    }


def change_customer(world: World, cuno: str, values: Record, expected_change: str = "") -> Row:
    """Change fields of a customer (see `given_changes`).

    Raises Nok: WCU0203, XUP0001 when `expected_change` (CHNO) is not the present one, and for bad values.
    """
    row = world.customer(cuno)
    if expected_change and expected_change != row["CHNO"]:
        raise Nok("XUP0001", "CHNO", "M3SIM")
    data = given_changes(world, values, _NOT_DATA)
    if "PYNO" in data:
        data["PYNO"] = data["PYNO"].upper() or row["CUNO"]  # without another payer a customer pays itself
    check_values(world, data)
    changed = {**row, **data, "CHNO": world.next_change(row)}
    if changed["STAT"] == INCOMPLETE and "STAT" not in data and changed.get("CSCD"):
        changed["STAT"] = ACTIVE
    return world.save("OCUSMA", row["CUNO"], changed)


def _output(row: Row) -> Row:
    return {**row, "CONO": "100", "DIVI": DIVISION}


@transaction("CRS610MI", "Add")
def add(call: Call) -> list[Row]:
    template = TEMPLATES.get(call.text("CUTM").upper())
    if template is None:
        raise Nok("WCU0203", "CUTM", call.text("CUTM"))
    return _added(call, template)


def _added(call: Call, template: Row) -> list[Row]:
    row = add_customer(call.world, call.record, template)
    call.wrote("customer", row["CUNO"])
    error = "Country must be entered" if row["STAT"] == INCOMPLETE else ""
    return [{"CUNO": row["CUNO"], "ERRM": error}]


@transaction("CRS610MI", "Copy")
def copy(call: Call) -> list[Row]:
    """A new customer from an existing one (CUTM): what is not sent is taken from it, but not its credit limit,
    payer and VAT number. Its addresses stay with it."""
    pattern = call.world.customer(call.text("CUTM"), "CUTM")
    return _added(call, TEMPLATE | {name: value for name, value in pattern.items() if name not in _OWN})


def _change(call: Call) -> list[Row]:
    row = change_customer(call.world, call.record["CUNO"], call.record, call.text("CHNO"))
    call.wrote("customer", row["CUNO"])
    return [{"CUNO": row["CUNO"]}]


@transaction("CRS610MI", "ChgBasicData")
def change_basic_data(call: Call) -> list[Row]:
    return _change(call)


@transaction("CRS610MI", "ChgOrderInfo")
def change_order_info(call: Call) -> list[Row]:
    _change(call)
    return []


@transaction("CRS610MI", "ChgFinancial")
def change_financial(call: Call) -> list[Row]:
    _change(call)
    return []


def _read(call: Call) -> Row:
    cuno = call.record["CUNO"].upper()
    if cuno in TEMPLATES:
        return _output(TEMPLATES[cuno])
    row = call.world.state.get("OCUSMA", cuno)
    if row is None:
        raise Nok("XRE0103", "CUNO")
    return _output(row)


@transaction("CRS610MI", "GetBasicData")
def get_basic_data(call: Call) -> list[Row]:
    return [_read(call)]


@transaction("CRS610MI", "GetOrderInfo")
def get_order_info(call: Call) -> list[Row]:
    return [_read(call)]


@transaction("CRS610MI", "GetFinancial")
def get_financial(call: Call) -> list[Row]:
    row = _read(call)
    owed, to_bill = open_receivables(call.world, row["CUNO"]), open_orders(call.world, row["CUNO"])
    return [{**row, "TOIN": money(owed), "TBLG": money(to_bill)}]


def open_receivables(world: World, pyno: str) -> Decimal:
    """Sum of a payer's open AR items in CURRENCY, on-account money deducted."""
    rows = world.state.tables("FSLEDG")
    return sum((Decimal(rows[id_]["CUAM"]) for id_ in world.open_of_payer.ids(pyno)), Decimal("0.00"))


def open_orders(world: World, pyno: str) -> Decimal:
    """Value including VAT of what is confirmed on a payer's account and not yet delivered, in CURRENCY."""
    return sum((_rest(world, str(orno)) for orno in world.unfinished_orders.ids(pyno)), Decimal("0.00"))


def _rest(world: World, orno: str) -> Decimal:
    order, known = world.order(orno), world.rest_values.get(orno)
    if known is None or known[0] is not order:
        known = world.rest_values[orno] = (order, rest_totals(world, order).total)
    return known[1]


def credit_left(world: World, pyno: str) -> Decimal | None:
    """What a payer may still order within its credit limit CRLM; None where there is no limit (0)."""
    limit = Decimal(world.customer(pyno).get("CRLM") or "0")
    if not limit:
        return None
    used = open_receivables(world, pyno)
    if world.switches["credit_includes_orders"]:
        used += open_orders(world, pyno)
    return limit - used


@transaction("CRS610MI", "LstByNumber")
def list_by_number(call: Call) -> Iterator[Row]:
    """Customers from CUNO on; with LMTS only those changed at or after that stamp (infor-api 2.6)."""
    world, first = call.world, call.text("CUNO").upper()
    table = world.state.tables("OCUSMA")
    if call.text("LMTS"):
        changed = world.changes["OCUSMA"].after(call.number("LMTS"), inclusive=True)
        numbers = iter(sorted(ref[0] for ref in changed if ref[0] >= first))
    else:
        numbers = world.sorted["OCUSMA"].start(first)
    return (_output(table[number]) for number in numbers if number in table)


@transaction("CRS610MI", "LstByName")
def list_by_name(call: Call) -> Iterator[Row]:
    """Customers by name from CUNM on, in capitals; with LMTS only those changed at or after that stamp."""
    world, table = call.world, call.world.state.tables("OCUSMA")
    since = call.number("LMTS")
    for key in world.customer_names.start(call.text("CUNM").upper()):
        row = table.get(key[36:])
        # Of a customer that was renamed the old key is still there.
        if row is not None and name_key(row) == key and row["LMTS"] >= since:
            yield _output(row)


@transaction("CRS610MI", "SearchCustomer")
def search_customers(call: Call) -> Iterator[Row]:
    """Customers found by SQRY."""
    world = call.world
    known = {"CUNO": lambda value: [value]}
    for row in search.rows(call.record["SQRY"], world.state.tables("OCUSMA"), known):
        key = {"PGNM": "CRS610", "FILE": "OCUSMA", "KSTR": f"100 {row['CUNO']}"}
        yield {**_output(row), **key}


@transaction("CRS610MI", "LstTemplates")
def list_templates(call: Call) -> list[Row]:
    return [_output(template) for template in TEMPLATES.values()]


@transaction("CRS610MI", "Delete")
def delete(call: Call) -> list[Row]:
    world, row = call.world, call.world.customer(call.record["CUNO"])
    cuno = row["CUNO"]
    if world.orders_of_customer.ids(cuno) or world.items_of_customer.ids(cuno):
        raise Nok("XST0020", "CUNO", text=f"Customer {cuno} has orders or ledger entries")
    if world.batches_of_customer.ids(cuno):
        raise Nok("XST0020", "CUNO", text=f"Customer {cuno} has batch orders")
    for address in world.addresses_of_customer.ids(cuno):
        world.remove("OCUSAD", address, *str(address).split("/"))
    world.remove("OCUSMA", cuno)
    call.wrote("customer", cuno)
    return []


def fields_of_a_customer() -> frozenset[str]:
    """Every field that a person (or a Chg transaction) may set on a customer."""
    programs = load()["CRS610MI"]
    names = (programs[name].inputs for name in ("ChgBasicData", "ChgOrderInfo", "ChgFinancial"))
    return frozenset().union(*names) - _NOT_DATA
