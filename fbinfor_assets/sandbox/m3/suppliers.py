"""CRS620MI: suppliers.

Belongs here: the CRS620MI transactions, what a change to a supplier means, the suppliers of a fresh state.
Does not belong here: the supplier's orders, invoices and open items.

One stored row (CIDMAS) carries what M3 keeps in CIDMAS (basic) and CIDVEN (purchase and financial), with the
addresses and references inside. Status 20 may be used, 10 is preliminary, 90 is blocked (the usual meaning, not
verified: infor-api 2.6). Templates are suppliers whose STMP is 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from fbinfor_assets.sandbox.m3 import search
from fbinfor_assets.sandbox.m3.catalogue import countries
from fbinfor_assets.sandbox.m3.mi import Nok, Record
from fbinfor_assets.sandbox.m3.world import (
    COMPANY,
    CURRENCY,
    PAYMENT_DAYS,
    Call,
    Row,
    World,
    transaction,
)

ACTIVE = "20"
STATUSES = ("10", ACTIVE, "90")
ORDER_TYPE = "P10"
ORDER_TYPES = {ORDER_TYPE: "Purchase order"}
VAT_RATES = {"00": Decimal(0), "05": Decimal(5), "20": Decimal(20)}  # VTCD of purchases -> per cent
TEMPLATE = "FBSUPTPL"
DEFAULTS: Row = {
    "SUTY": "0",
    "STAT": ACTIVE,
    "LNCD": "GB",
    "DTFM": "YMD",
    "ORTY": ORDER_TYPE,
    "DT4T": "2",
    "DTCD": "2",
    "CUCD": CURRENCY,
    "CRTP": "1",
    "ATPR": "0",
    "TEPY": "T30",
    "PYME": "BAC",
    "VTCD": "20",
    "TXAP": "1",
    "STMP": "0",
}
# number, name, country, street, town, postal code, VAT number, terms: what a small importer of gifts would have.
SEEDED = (
    (
        "S000001",
        "Royal Mail Group Ltd",
        "GB",
        "185 Farringdon Road",
        "London",
        "EC1A 1AA",
        "GB243170002",
        "T30",
    ),
    (
        "S000002",
        "Thames Office Supplies Ltd",
        "GB",
        "14 Wharf Lane",
        "Reading",
        "RG1 8AB",
        "GB318274655",
        "T30",
    ),
    (
        "S000003",
        "Pennine Packaging Ltd",
        "GB",
        "Unit 6 Mill Road",
        "Halifax",
        "HX1 5QT",
        "GB402918837",
        "T30",
    ),
    ("S000004", "Shenzhen Bright Ceramics Co", "CN", "88 Longhua Avenue", "Shenzhen", "518109", "", "T60"),
    (
        "S000005",
        "Wessex Power and Gas plc",
        "GB",
        "2 Quay Street",
        "Bristol",
        "BS1 4TL",
        "GB510662093",
        "T14",
    ),
    ("S000006", "Adworks Media Ltd", "GB", "31 Canal Row", "Manchester", "M1 3HZ", "GB627103441", "T14"),
)
_NOT_DATA = frozenset(("CONO", "SUNO", "STEM", "OPYC"))


def supplier(world: World, suno: str, field: str = "SUNO") -> Row:
    """A supplier. Raises Nok WSU0103."""
    row = world.state.get("CIDMAS", suno.upper())
    if row is None:
        raise Nok("WSU0103", field, text=f"Supplier {suno} does not exist")
    return row


def check_values(world: World, values: Record) -> None:
    """Refuse values that a tenant's tables do not have. Raises Nok."""
    country = values.get("CSCD", "")
    if country and country not in countries():
        raise Nok(world.switches["code_country"], "CSCD", text=f"Country {country} does not exist")
    known: tuple[tuple[str, Iterable[str], str], ...] = (
        ("CUCD", (CURRENCY,), "XRE0103"),
        ("TEPY", PAYMENT_DAYS, "XRE0103"),
        ("VTCD", VAT_RATES, "XRE0103"),
        ("ORTY", ORDER_TYPES, "WTT0403"),
        ("STAT", STATUSES, "WST0301"),
    )
    for name, allowed, code in known:
        if values.get(name) and values[name] not in allowed:
            raise Nok(code, name, values[name])
    if values.get("PRSU"):
        supplier(world, values["PRSU"], "PRSU")


def changed_fields(world: World, values: Record, not_data: frozenset[str]) -> Record:
    """What a change transaction sets: an empty value leaves the field, the blank marker clears it (switches)."""
    marker, clears = world.switches["blank_marker"], world.switches["blank_means"] == "clear"
    data = {}
    for name, value in values.items():
        if name not in not_data and (value or clears):
            data[name] = "" if marker and value == marker else value
    return data


def add_supplier(world: World, suno: str, values: Record) -> Row:
    """Create a supplier from complete values. Raises Nok; nothing is changed then."""
    suno = suno.upper()
    if world.state.get("CIDMAS", suno) is not None:
        code = world.switches["code_duplicate_supplier"]
        raise Nok(code, "SUNO", text=f"Supplier {suno} already exists")
    check_values(world, values)
    return world.save(
        "CIDMAS", suno, {**values, "SUNO": suno, "addresses": [], "references": [], **world.born()}
    )


def seed(world: World) -> None:
    """The suppliers M3 has before the first call, and the template for new ones."""
    template = add_supplier(
        world, TEMPLATE, {**DEFAULTS, "SUNM": "Template FreshBooks vendors", "CSCD": "GB", "STMP": "1"}
    )
    world.state.log("seed", "supplier", template["SUNO"], {"SUNM": template["SUNM"]})
    for suno, name, country, street, town, postal_code, vat_number, terms in SEEDED:
        vat = "20" if country == "GB" else "00"
        values = {**DEFAULTS, "SUNM": name, "CSCD": country, "VRNO": vat_number, "TEPY": terms, "VTCD": vat}
        row = add_supplier(world, suno, values)
        address = {"ADTE": "1", "ADID": "", "STDT": "", "SUNM": name, "ADR1": street, "TOWN": town}
        address |= {"PONO": postal_code, "CSCD": country}
        world.save("CIDMAS", suno, {**row, "addresses": [address]})
        world.state.log("seed", "supplier", suno, {"SUNM": name})


def _shown(row: Row) -> Row:
    return {**row, "CONO": COMPANY}


@transaction("CRS620MI", "AddSupplier")
def add(call: Call) -> list[Row]:
    world = call.world
    data = {name: value for name, value in call.record.items() if name not in _NOT_DATA and value}
    status = {"STAT": world.switches["new_supplier_status"]}
    row = add_supplier(world, call.record["SUNO"], {**DEFAULTS, **status, **data})
    call.wrote("supplier", row["SUNO"])
    return [{"SUNO": row["SUNO"], "STAT": row["STAT"]}]


@transaction("CRS620MI", "CopyTemplate")
def copy_template(call: Call) -> list[Row]:
    """A new supplier with everything of the template but its number; STMP 1 makes it a template again."""
    world = call.world
    template = supplier(world, call.record["STEM"], "STEM")
    if template["STMP"] != "1":
        raise Nok("XRE0103", "STEM", text=f"Supplier {template['SUNO']} is not a template")
    kept = {name: value for name, value in template.items() if name not in ("addresses", "references")}
    own = {"STMP": call.text("STMP", "0"), "SUTY": call.text("SUTY", template["SUTY"])}
    own["STAT"] = world.switches["new_supplier_status"]
    row = add_supplier(world, call.record["SUNO"], {**kept, **own})
    call.wrote("supplier", row["SUNO"])
    return [{"SUNO": row["SUNO"], "STAT": row["STAT"]}]


def change_supplier(world: World, suno: str, values: Record) -> Row:
    """Change fields of a supplier. Raises Nok."""
    row = supplier(world, suno)
    data = changed_fields(world, values, _NOT_DATA)
    check_values(world, data)
    return world.save("CIDMAS", row["SUNO"], {**row, **data, "CHNO": world.next_change(row)})


@transaction("CRS620MI", "UpdSupplier")
def update(call: Call) -> list[Row]:
    row = change_supplier(call.world, call.record["SUNO"], call.record)
    call.wrote("supplier", row["SUNO"])
    return []


@transaction("CRS620MI", "DelSupplier")
def delete(call: Call) -> list[Row]:
    """Delete a supplier nothing refers to."""
    world, suno = call.world, supplier(call.world, call.record["SUNO"])["SUNO"]
    found = world.purchases
    if any(
        i.ids(suno) for i in (found.orders_of_supplier, found.batches_of_supplier, found.payables_of_supplier)
    ):
        raise Nok("XST0020", "SUNO", text=f"Supplier {suno} has orders or invoices")
    world.remove("CIDMAS", suno)
    call.wrote("supplier", suno)
    return []


# -------------------------------------------------------------------------------------------- reads


@transaction("CRS620MI", "GetBasicData")
def get_basic_data(call: Call) -> list[Row]:
    row = call.world.state.get("CIDMAS", call.record["SUNO"].upper())
    if row is None:
        raise Nok("XRE0103", "SUNO")
    return [_shown(row)]


@transaction("CRS620MI", "LstByNumber")
def list_by_number(call: Call) -> Iterator[Row]:
    """Suppliers from SUNO on."""
    table = call.world.state.tables("CIDMAS")
    numbers = call.world.sorted["CIDMAS"].start(call.record["SUNO"].upper())
    return (_shown(table[number]) for number in numbers if number in table)


@transaction("CRS620MI", "LstByName")
def list_by_name(call: Call) -> list[Row]:
    """Suppliers in order of their name, from SUNM on."""
    first = call.record["SUNM"].upper()
    rows = [row for row in call.world.state.tables("CIDMAS").values() if row["SUNM"].upper() >= first]
    return [_shown(row) for row in sorted(rows, key=lambda row: (row["SUNM"].upper(), row["SUNO"]))]


@transaction("CRS620MI", "LstSuppliers")
def list_suppliers(call: Call) -> Iterator[Row]:
    """Suppliers FRSU to TOSU; with LMTS only those changed at or after that stamp (infor-api 2.7)."""
    world = call.world
    table = world.state.tables("CIDMAS")
    first, last, since = call.text("FRSU").upper(), call.text("TOSU", "\uffff").upper(), call.text("LMTS")
    if since:
        changed = world.changes["CIDMAS"].after(int(Decimal(since)), inclusive=True)
        numbers: Iterable[str] = sorted(ref[0] for ref in changed)
    else:
        numbers = world.sorted["CIDMAS"].start(first)
    return (_shown(table[number]) for number in numbers if number in table and first <= number <= last)


@transaction("CRS620MI", "SearchSupplier")
def search_suppliers(call: Call) -> Iterator[Row]:
    rows = search.rows(call.record["SQRY"], call.world.state.tables("CIDMAS"), {"SUNO": lambda suno: [suno]})
    found = {"PGNM": "CRS620", "FILE": "CIDMAS"}
    return ({**row, **found, "KSTR": f"{COMPANY}{row['SUNO']}"} for row in rows)


# -------------------------------------------------------------------------- addresses and references

# Inside the supplier's row: list -> key fields.
_KEYS = {"addresses": ("ADTE", "ADID", "STDT"), "references": ("RFTY", "RFID")}
_NUMBERS = frozenset(("ADTE", "STDT"))  # "01" is 1, and a start date of 0 is none


def _plain(name: str, value: str) -> str:
    text = value.strip().upper()
    return text.lstrip("0") if name in _NUMBERS else text


def _key(record: Record, kind: str) -> tuple[str, ...]:
    return tuple(_plain(name, record.get(name, "")) for name in _KEYS[kind])


def _position(row: Row, record: Record, kind: str) -> int:
    """Where in the supplier's list the named one stands. Raises Nok XRE0103."""
    wanted = _key(record, kind)
    for at, entry in enumerate(row[kind]):
        if _key(entry, kind) == wanted:
            return at
    raise Nok("XRE0103", _KEYS[kind][0])


def _add_part(call: Call, kind: str) -> list[Row]:
    world, row = call.world, supplier(call.world, call.record["SUNO"])
    check_values(world, {"CSCD": call.text("CSCD")})
    if any(_key(entry, kind) == _key(call.record, kind) for entry in row[kind]):
        raise Nok("XRE0104", _KEYS[kind][0])
    part = {name: value for name, value in call.record.items() if name not in ("CONO", "SUNO") and value}
    part = {**dict.fromkeys(_KEYS[kind], ""), **part}
    world.save("CIDMAS", row["SUNO"], {**row, kind: [*row[kind], part], "CHNO": world.next_change(row)})
    call.wrote("supplier", row["SUNO"])
    return []


def _change_part(call: Call, kind: str, *, remove: bool = False) -> list[Row]:
    world, row = call.world, supplier(call.world, call.record["SUNO"])
    at, parts = _position(row, call.record, kind), list(row[kind])
    if remove:
        del parts[at]
    else:
        data = changed_fields(world, call.record, frozenset(("CONO", "SUNO")))
        check_values(world, {"CSCD": data.get("CSCD", "")})
        parts[at] = {**parts[at], **data}
    world.save("CIDMAS", row["SUNO"], {**row, kind: parts, "CHNO": world.next_change(row)})
    call.wrote("supplier", row["SUNO"])
    return []


def _part(row: Row, part: Row) -> Row:
    bookkeeping = {name: row[name] for name in ("SUNO", "LMTS", "LMDT", "CHNO", "RGDT", "RGTM")}
    name = {"CSNM": countries().get(part.get("CSCD", ""), "")[:15]}
    return {"SUNM": row["SUNM"], **bookkeeping, **name, **part, "CONO": COMPANY}


def _list_parts(call: Call, kind: str, *selecting: str) -> list[Row]:
    row = supplier(call.world, call.record["SUNO"])
    wanted = {name: _plain(name, call.text(name)) for name in selecting if call.text(name)}
    parts = [
        part
        for part in row[kind]
        if all(_plain(name, part.get(name, "")) == value for name, value in wanted.items())
    ]
    return [_part(row, part) for part in sorted(parts, key=lambda part: _key(part, kind))]


@transaction("CRS620MI", "AddAddress")
def add_address(call: Call) -> list[Row]:
    return _add_part(call, "addresses")


@transaction("CRS620MI", "UpdAddress")
def update_address(call: Call) -> list[Row]:
    return _change_part(call, "addresses")


@transaction("CRS620MI", "DelAddress")
def delete_address(call: Call) -> list[Row]:
    return _change_part(call, "addresses", remove=True)


@transaction("CRS620MI", "GetAddress")
def get_address(call: Call) -> list[Row]:
    """The first address of what is named; without ADTE the supplier's first one."""
    found = _list_parts(call, "addresses", "ADTE", "ADID", "STDT")
    if not found:
        raise Nok("XRE0103", "ADTE")
    return found[:1]


@transaction("CRS620MI", "LstAddresses")
def list_addresses(call: Call) -> list[Row]:
    return _list_parts(call, "addresses")


@transaction("CRS620MI", "AddSupplierRef")
def add_reference(call: Call) -> list[Row]:
    return _add_part(call, "references")


@transaction("CRS620MI", "UpdSupplierRef")
def update_reference(call: Call) -> list[Row]:
    return _change_part(call, "references")


@transaction("CRS620MI", "DelSupplierRef")
def delete_reference(call: Call) -> list[Row]:
    return _change_part(call, "references", remove=True)


@transaction("CRS620MI", "GetSupplierRef")
def get_reference(call: Call) -> list[Row]:
    row = supplier(call.world, call.record["SUNO"])
    return [_part(row, row["references"][_position(row, call.record, "references")])]


@transaction("CRS620MI", "LstSupplierRef")
def list_references(call: Call) -> list[Row]:
    return _list_parts(call, "references", "RFTY", "RFID")
