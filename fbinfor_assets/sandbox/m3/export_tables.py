"""The tables as EXPORTMI shows them: names, prefixes, columns, and which index finds their rows.

Belongs here: one `Table` per table of M3 that can be asked for.
Does not belong here: the query language (`export.py`), the records themselves and their meaning.

Names, prefixes and keys are M3's own as public callers and extensions use them: OCUSMA OK, OCUSAD OP, OOHEAD OA,
OOLINE OB, OOADRE OD, OXLINE OB, ODHEAD UA, ODLINE UB, MHDISH OQ, MHDISL UR, MHPICH PI, MPTRNS OR, OINVOH UH, FSLEDG
ES, MITMAS MM, OSYTXL TL. Public extensions read OXHEAD with OOHEAD's prefix OA; which one counts is the switch
`export_batch_prefix`. OXLINE shows the lines of batches of which no order was made yet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from fbinfor_assets.sandbox.m3 import export_purchase_tables
from fbinfor_assets.sandbox.m3.delivery_lines import delivery_line, dispatch_line
from fbinfor_assets.sandbox.m3.dispatching import dispatch_head, package_rows
from fbinfor_assets.sandbox.m3.lines import shown
from fbinfor_assets.sandbox.m3.world import COMPANY, DIVISION, Ref, Row, World


@dataclass(frozen=True, slots=True)
class Table:
    """One table as EXPORTMI shows it.

    `columns`: full column name -> (type A|N, length, decimals); `changes` names its change order; `fetch`
    gives a row by bare field name, or None when it is gone; `equal`: bare field -> references with that
    value; `key` orders rows when nothing else does; `parts` gives the rows that change together, with the row
    the change order names.
    """

    name: str
    prefix: str
    columns: Mapping[str, tuple[str, int, int]]
    changes: str
    fetch: Callable[[World, Ref], Row | None]
    equal: Mapping[str, Callable[[World, str], Iterable[Ref]]]
    key: tuple[str, ...]
    parts: Callable[[World, Ref], Iterable[Ref]] | None = None


def _columns(prefix: str, text: str) -> dict[str, tuple[str, int, int]]:
    """`CUNO:A10 ORQT:N15.6` -> {prefix + name: (type, length, decimals)}; CONO and LMTS belong to every
    table."""
    columns = {}
    for field in f"CONO:N3 {text} RGDT:N8 RGTM:N6 LMDT:N8 CHNO:N3 LMTS:N18".split():
        name, kind = field.split(":")
        length, _, decimals = kind[1:].partition(".")
        columns[prefix + name] = (kind[0], int(length), int(decimals or 0))
    return columns


def _stored(kind: str) -> Callable[[World, Ref], Row | None]:
    def fetch(world: World, ref: Ref) -> Row | None:
        row = world.state.get(kind, ref[0])
        return None if row is None else {**row, "CONO": COMPANY}

    return fetch


def _order_line(world: World, ref: Ref) -> Row | None:
    order = world.state.get("OOHEAD", ref[0])
    if order is None or "DELD" in order["lines"][ref[1]]:
        return None
    row = shown(order, order["lines"][ref[1]])
    return {**row, "CONO": COMPANY, "ORNO": order["ORNO"], "CUNO": order["CUNO"], "LNAM": row["NLAM"]}


def _delivery_line(world: World, ref: Ref) -> Row | None:
    delivery = world.state.get("ODHEAD", ref[0])
    order = None if delivery is None else world.state.get("OOHEAD", delivery["ORNO"])
    if delivery is None or order is None:
        return None
    return {**delivery_line(order, delivery, delivery["lines"][ref[1]]), "CONO": COMPANY, "DIVI": DIVISION}


def _payment_line(world: World, ref: Ref) -> Row | None:
    batch = world.state.get("ARPBHD", ref[0])
    return None if batch is None else {**batch["lines"][ref[1]], "CONO": COMPANY, "PBID": batch["PBID"]}


def _batch_line(world: World, ref: Ref) -> Row | None:
    batch = world.state.get("OXHEAD", ref[0])
    if batch is None or ref[1] >= len(batch["lines"]):
        return None
    shared = {"CONO": COMPANY, "POSX": "0", "DWDT": batch["RLDT"], "WHLO": batch["WHLO"]}
    return {**shared, **batch["lines"][ref[1]], "ORNO": batch["ORNO"], "CUNO": batch["CUNO"]}


def _order_address(world: World, ref: Ref) -> Row | None:
    """An order's own address; it changes with its order."""
    order, kind = world.state.get("OOHEAD", ref[0]), ref[1]
    if order is None:
        return None
    stamps = {name: order[name] for name in ("RGDT", "RGTM", "LMDT", "CHNO", "LMTS")}
    return {**order["addresses"][kind], **stamps, "CONO": COMPANY, "ORNO": order["ORNO"], "ADRT": kind}


def _addresses(world: World, orno: str) -> list[Ref]:
    order = world.state.get("OOHEAD", orno)
    return [(orno, kind) for kind in sorted(order["addresses"])] if order else []


def _dispatch(world: World, ref: Ref) -> Row | None:
    delivery = world.state.get("ODHEAD", ref[0])
    return None if delivery is None else dispatch_head(world, delivery)


def _dispatch_line(world: World, ref: Ref) -> Row | None:
    delivery = world.state.get("ODHEAD", ref[0])
    if delivery is None:
        return None
    order = world.order(delivery["ORNO"])
    return {**dispatch_line(world, order, delivery, delivery["lines"][ref[1]]), "CONO": COMPANY}


def _picking_list(world: World, ref: Ref) -> Row | None:
    delivery = world.state.get("ODHEAD", ref[0])
    return {**delivery, "CONO": COMPANY} if delivery is not None and "PLSX" in delivery else None


def _package(world: World, ref: Ref) -> Row | None:
    """A package; it changes with its delivery."""
    delivery = world.state.get("ODHEAD", ref[0])
    if delivery is None:
        return None
    row = package_rows(world, delivery)[ref[1]]
    return {**row, "WHLO": delivery["WHLO"], "LMTS": delivery["LMTS"], "LMDT": delivery["LMDT"]}


def _packages(world: World, dlix: str) -> list[Ref]:
    delivery = world.state.get("ODHEAD", int(dlix)) if dlix.isdigit() else None
    return [(int(dlix), at) for at in range(len(package_rows(world, delivery)))] if delivery else []


def _text_line(world: World, ref: Ref) -> Row | None:
    text = world.state.get("OSYTXH", ref[0])
    return None if text is None else {**text["lines"][ref[1]], "CONO": COMPANY, "TXID": text["TXID"]}


def _by_id(world: World, value: str) -> list[Ref]:
    return [(value,)]


def _by_number(world: World, value: str) -> list[Ref]:
    return [(int(value),)] if value.isdigit() else []


def _nested(kind: str, ids: Callable[[World, str], Iterable[Any]]) -> Callable[[World, str], Iterator[Ref]]:
    def refs(world: World, value: str) -> Iterator[Ref]:
        for id_ in ids(world, value):
            row = world.state.get(kind, id_)
            yield from ((id_, at) for at in range(len(row["lines"]) if row else 0))

    return refs


def _singles(ids: Callable[[World, str], Iterable[Any]]) -> Callable[[World, str], Iterator[Ref]]:
    return lambda world, value: ((id_,) for id_ in ids(world, value))


_CUSTOMER = (
    "STAT:A2 CUNO:A10 CUNM:A36 CUA1:A36 CUA2:A36 CUA3:A36 CUA4:A36 PONO:A10 TOWN:A20 CSCD:A3 ECAR:A2 "
    "PHNO:A16 PHN2:A16 TFNO:A16 MAIL:A50 CUTP:N1 ALCU:A10 YREF:A30 YRE2:A30 LNCD:A2 CUCD:A3 VRNO:A16 "
    "VTCD:N2 TEPY:A3 PYNO:A10 CRLM:N15 BLCD:N1 ORTP:A3 FACI:A3 WHLO:A3 CFC1:A10 CFC6:A10 MODL:A3 TEDL:A3 TECD:A3 "
    "CUCL:A3 SMCD:A10 ADID:A6"
)
_ADDRESS = (
    "CUNO:A10 ADRT:N2 ADID:A6 CUNM:A36 CUA1:A36 CUA2:A36 CUA3:A36 CUA4:A36 PONO:A10 TOWN:A20 CSCD:A3 ECAR:A2 "
    "PHNO:A16 TFNO:A16 YREF:A30 VRNO:A16 MODL:A3 TEDL:A3 PRIO:N1"
)
_ORDER_ADDRESS = (
    "ORNO:A10 ADRT:N2 ADID:A6 CUNM:A36 CUA1:A36 CUA2:A36 CUA3:A36 CUA4:A36 PONO:A10 TOWN:A20 CSCD:A3 ECAR:A2 "
    "PHNO:A16 YREF:A30 VRNO:A16"
)
_ITEM = "STAT:A2 ITNO:A15 ITDS:A60 FUDS:A120 ITTY:A3 UNMS:A3 RESP:A10 ITGR:A8 ITCL:A5 SAPR:N17.6"
_BATCH = (
    "ORNO:A10 ORNR:A10 STAT:A2 CUNO:A10 ORTP:A3 FACI:A3 WHLO:A3 PYRE:A25 CUOR:A20 YREF:A30 OREF:A30 CUCD:A3 "
    "TEPY:A3 PYNO:A10 ORDT:N8 RLDT:N8 ADID:A6 INRC:A10 OTDP:N7.2"
)
_DISCOUNTS = " ".join(f"DIP{n}:N7.2 DIA{n}:N17.2" for n in range(1, 7))
_BATCH_LINE = (
    "ORNO:A10 PONR:N5 POSX:N3 ITNO:A15 ITDS:A60 WHLO:A3 CUNO:A10 ORQT:N15.6 SAPR:N17.6 CUPO:A7 DWDT:N8 ALUN:A3 "
    f"SPUN:A3 SACD:N5 {_DISCOUNTS}"
)
_ORDER = (
    "DIVI:A3 ORNO:A10 CUNO:A10 ORTP:A3 ORST:A2 ORSL:A2 FACI:A3 WHLO:A3 PYRE:A25 CUOR:A20 YREF:A30 OREF:A30 "
    "CUCD:A3 TEPY:A3 PYNO:A10 ORDT:N8 RLDT:N8 VTCD:N2 ADID:A6 INRC:A10 MODL:A3 TEDL:A3 OTDP:N7.2 PRTX:N13 POTX:N13"
)
_ORDER_LINE = (
    "ORNO:A10 PONR:N5 POSX:N3 ITNO:A15 ITDS:A60 WHLO:A3 CUNO:A10 ORQT:N15.6 ALQT:N15.6 DLQT:N15.6 IVQT:N15.6 "
    "SAPR:N17.6 NEPR:N17.6 LNAM:N15.2 ORST:A2 CUPO:A7 VTCD:N2 PLQT:N15.6 ORQA:N15.6 ALUN:A3 SPUN:A3 SACD:N5 "
    f"DWDT:N8 CODT:N8 CUOR:A20 ADID:A6 MODL:A3 PRTX:N13 POTX:N13 {_DISCOUNTS}"
)
_DELIVERY = "ORNO:A10 DLIX:N11 WHLO:A3 CUNO:A10 DLDT:N8 ORST:A2 YEA4:N4 IVNO:N9 MODL:A3 TEDL:A3 CONN:N7"
_DISPATCH = (
    "INOU:N1 DLIX:N11 WHLO:A3 CONN:N7 CONA:A10 COAA:A6 RORC:N1 RIDN:A10 PGRS:A2 PLSX:N3 MODL:A3 TEDL:A3 FWNO:A10 "
    "ETRN:A30 DSDT:N8 DTDT:N8 IVNO:N9 NRUL:N5 GRW2:N11.3 TTYP:N2"
)
_DISPATCH_LINE = "DLIX:N11 RORC:N1 RIDN:A10 RIDL:N6 RIDX:N3 ITNO:A15 FACI:A3 WHLO:A3 TRQT:N15.6 PLQT:N15.6"
_PICKING_LIST = "DLIX:N11 PLSX:N3 WHLO:A3 PISS:A2"
_PACKAGE = (
    "WHLO:A3 DLIX:N11 PANR:A20 SSCC:A18 PACT:A6 CONN:N7 GRWE:N11.3 NEWE:N11.3 VOL3:N11.3 ETRN:A30 DSDT:N8"
)
_TEXT_LINE = "TXID:N13 LINO:N3 TX60:A60"
_DELIVERY_LINE = (
    "DIVI:A3 ORNO:A10 DLIX:N11 WHLO:A3 PONR:N5 POSX:N3 ITNO:A15 CUNO:A10 DLQT:N15.6 IVQT:N15.6 SAPR:N17.6 "
    "NEPR:N17.6 LNAM:N15.2 ORST:A2 CUPO:A7 YEA4:N4 IVNO:N9"
)
_INVOICE = (
    "DIVI:A3 YEA4:N4 IVNO:N9 EXIN:A15 CINO:A15 IVTP:A2 INST:A2 ORNO:A10 CUNO:A10 PYNO:A10 IDAT:N8 DUDT:N8 "
    "ACDT:N8 TEPY:A3 CUCD:A3 NTAM:N15.2 VTAM:N15.2 IVAM:N15.2 VTCD:N2 DLIX:N11 WHLO:A3 VONO:N8 ODAM:N15.2 "
    "EXAM:N15.2 TECD:A3 CDAM:N15.2 INRC:A10 CASH:N1"
)
_LEDGER = (
    "DIVI:A3 YEA4:N4 JRNO:N7 JSNO:N7 PYNO:A10 CUNO:A10 CINO:A15 INYR:N4 TRCD:N2 CUCD:A3 CUAM:N15.2 "
    "VTAM:N15.2 IVDT:N8 DUDT:N8 ACDT:N8 VONO:N8 RECO:N1 REDE:N8 PYTP:A2 CKNO:A15 TEPY:A3 TDSC:A10 TECD:A3 "
    "CDAM:N15.2 RMQT:N1 RMBL:N1"
)
_PAYMENT = "PBID:N10 STAT:A2 BOPE:A3 ACDT:N8 CUAM:N15.2 VONO:N8"
_PAYMENT_LINE = "PBID:N10 TRNO:N7 CINO:A15 INYR:N4 CUNO:A10 PYNO:A10 PYAM:N15.2 PYTP:A2 CKNO:A15 LPDT:N8"


def _reference(index: str, kind: str) -> Callable[[World, str], Iterator[Ref]]:
    """Rows by a reference that many do not have: an empty one is looked for among all."""
    return _singles(lambda world, value: getattr(world, index).ids(value) if value else _all(world, kind))


def _numbers(value: str) -> list[int]:
    return [int(value)] if value.isdigit() else []


def tables(switches: Mapping[str, Any]) -> dict[str, Table]:
    """Every table by name; the names of the payment tables are switches (a guess, infor-api 9)."""
    deliveries_of = _singles(lambda w, v: w.deliveries_of_order.ids(v))
    lines_of = _nested("ODHEAD", lambda w, v: w.deliveries_of_order.ids(v))
    lines_in = _nested("ODHEAD", lambda w, v: _numbers(v))
    number = _singles(lambda w, v: w.invoices_of_number.ids(v))
    made = (
        _table("OCUSMA", "OK", _CUSTOMER, "OCUSMA", _stored("OCUSMA"), {"CUNO": _by_id}, "CUNO"),
        _table(
            "OCUSAD",
            "OP",
            _ADDRESS,
            "OCUSAD",
            _stored("OCUSAD"),
            {"CUNO": _singles(lambda w, v: w.addresses_of_customer.ids(v))},
            "CUNO ADRT ADID",
        ),
        _table("MITMAS", "MM", _ITEM, "MITMAS", _stored("MITMAS"), {"ITNO": _by_id}, "ITNO"),
        *_batch_tables(switches["export_batch_prefix"]),
        _table(
            "OOHEAD",
            "OA",
            _ORDER,
            "OOHEAD",
            _with_division("OOHEAD"),
            {
                "ORNO": _by_id,
                "PYRE": _reference("orders_of_reference", "OOHEAD"),
                "CUNO": _singles(lambda w, v: w.orders_of_customer.ids(v)),
            },
            "ORNO",
        ),
        _table(
            "OOLINE",
            "OB",
            _ORDER_LINE,
            "OOLINE",
            _order_line,
            {"ORNO": _nested("OOHEAD", lambda w, v: [v])},
            "ORNO PONR",
        ),
        _table(
            "OOADRE",
            "OD",
            _ORDER_ADDRESS,
            "OOHEAD",
            _order_address,
            {"ORNO": _addresses},
            "ORNO ADRT",
            lambda w, ref: _addresses(w, str(ref[0])),
        ),
        _table(
            "ODHEAD",
            "UA",
            _DELIVERY,
            "ODHEAD",
            _stored("ODHEAD"),
            {"DLIX": _by_number, "ORNO": deliveries_of},
            "DLIX",
        ),
        _table(
            "ODLINE",
            "UB",
            _DELIVERY_LINE,
            "ODLINE",
            _delivery_line,
            {
                "DLIX": lines_in,
                "ORNO": lines_of,
                "IVNO": _nested("ODHEAD", lambda w, v: w.deliveries_of_invoice.ids(v)),
            },
            "ORNO DLIX PONR",
        ),
        _table(
            "MHDISH",
            "OQ",
            _DISPATCH,
            "ODHEAD",
            _dispatch,
            {"DLIX": _by_number, "RIDN": deliveries_of},
            "DLIX",
        ),
        _table(
            "MHDISL",
            "UR",
            _DISPATCH_LINE,
            "ODLINE",
            _dispatch_line,
            {"DLIX": lines_in, "RIDN": lines_of},
            "DLIX RIDN RIDL",
        ),
        _table("MHPICH", "PI", _PICKING_LIST, "ODHEAD", _picking_list, {"DLIX": _by_number}, "DLIX PLSX"),
        _table(
            "MPTRNS",
            "OR",
            _PACKAGE,
            "ODHEAD",
            _package,
            {"DLIX": _packages},
            "DLIX PANR",
            lambda w, ref: _packages(w, str(ref[0])),
        ),
        _table(
            "OINVOH",
            "UH",
            _INVOICE,
            "OINVOH",
            _stored("OINVOH"),
            {
                "ORNO": _singles(lambda w, v: w.invoices_of_order.ids(v)),
                "PYNO": _singles(lambda w, v: w.invoices_of_payer.ids(v)),
                **dict.fromkeys(("IVNO", "EXIN", "CINO"), number),
            },
            "YEA4 IVNO",
        ),
        _table(
            "FSLEDG",
            "ES",
            _LEDGER,
            "FSLEDG",
            _stored("FSLEDG"),
            {
                "PYNO": _singles(lambda w, v: w.ledger_of_payer.ids(v)),
                "CUNO": _singles(lambda w, v: w.items_of_customer.ids(v)),
                "CINO": _singles(lambda w, v: w.ledger_of_number.ids(v)),
                "CKNO": _reference("ledger_of_check", "FSLEDG"),
            },
            "YEA4 JRNO JSNO",
        ),
        _table(
            switches["export_payment_head"],
            "PH",
            _PAYMENT,
            "ARPBHD",
            _stored("ARPBHD"),
            {"PBID": _by_number},
            "PBID",
        ),
        _table(
            switches["export_payment_line"],
            "PL",
            _PAYMENT_LINE,
            "ARPBLN",
            _payment_line,
            {"PBID": _nested("ARPBHD", lambda w, v: _numbers(v))},
            "PBID TRNO",
        ),
        _table(
            "OSYTXL",
            "TL",
            _TEXT_LINE,
            "OSYTXL",
            _text_line,
            {"TXID": _nested("OSYTXH", lambda w, v: [v])},
            "TXID LINO",
        ),
    )
    bought = (Table(n, p, _columns(p, c), *rest) for n, p, c, *rest in export_purchase_tables.TABLES)
    return {table.name: table for table in (*made, *bought)}


def _table(
    name: str,
    prefix: str,
    columns: str,
    changes: str,
    fetch: Callable[[World, Ref], Row | None],
    equal: Mapping[str, Callable[[World, str], Iterable[Ref]]],
    key: str,
    parts: Callable[[World, Ref], Iterable[Ref]] | None = None,
) -> Table:
    return Table(name, prefix, _columns(prefix, columns), changes, fetch, equal, tuple(key.split()), parts)


def _batch_tables(prefix: str) -> list[Table]:
    """Batch orders: heads under the prefix OX, OA or (switch) either; lines are OB as in OOLINE."""
    equal = {"ORNO": _by_id, "PYRE": _reference("batches_of_reference", "OXHEAD")}
    head = _table("OXHEAD", "OX", _BATCH, "OXHEAD", _stored("OXHEAD"), equal, "ORNO")
    columns = {"OX": _columns("OX", _BATCH), "OA": _columns("OA", _BATCH)}
    chosen = {**columns["OX"], **columns["OA"]} if prefix == "either" else columns[prefix]
    lines = {"ORNO": _nested("OXHEAD", lambda w, v: [v])}
    line = _table("OXLINE", "OB", _BATCH_LINE, "OXLINE", _batch_line, lines, "ORNO PONR")
    return [replace(head, columns=chosen), line]


def _all(world: World, kind: str) -> Iterable[Any]:
    return list(world.state.tables(kind))


def _with_division(kind: str) -> Callable[[World, Ref], Row | None]:
    stored = _stored(kind)

    def fetch(world: World, ref: Ref) -> Row | None:
        row = stored(world, ref)
        return None if row is None else {**row, "DIVI": DIVISION}

    return fetch
