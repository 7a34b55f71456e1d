"""The tables of purchasing, payables, general ledger and stock as EXPORTMI shows them.

Belongs here: column names and widths of those tables, and which index answers an equality.
Does not belong here: the records and their meaning, the query language (`export.py`).

Table names and column prefixes are M3's own; the columns are those the simulator fills.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from fbinfor_assets.sandbox.m3 import general_ledger, stock
from fbinfor_assets.sandbox.m3.world import COMPANY, DIVISION, FACILITY, Ref, Row, World

_SUPPLIER = (
    "SUNO:A10 SUTY:N1 SUNM:A36 ALSU:A10 STAT:A2 CORG:A11 COR2:A11 LNCD:A2 PHNO:A16 PHN2:A16 TFNO:A16 CSCD:A3 "
    "ECAR:A2 DTFM:A3 VRNO:A16 SUCO:A10 SUCM:A20"
)
_SUPPLIER_TERMS = (
    "SUNO:A10 SUCL:A3 ORTY:A3 TEDL:A3 MODL:A3 VTCD:N2 TXAP:N1 CUCD:A3 CRTP:N2 TEPY:A3 PYME:A3 BUYE:A10 RESP:A10 "
    "PRSU:A10 TECD:A3 REGR:N3 TDCD:A4 CFI1:A10 CFI6:A10"
)
_ORDER = (
    "DIVI:A3 PUNO:A10 SUNO:A10 FACI:A3 WHLO:A3 ORTY:A3 PUSL:A2 PUST:A2 PUDT:N8 DWDT:N8 CUCD:A3 TEPY:A3 PYME:A3 "
    "PRSU:A10 BUYE:A10 PURC:A10 OURR:A10 OURT:A1 YRE1:A36"
)
_ORDER_LINE = (
    "PUNO:A10 PNLI:N3 PNLS:N3 SUNO:A10 FACI:A3 WHLO:A3 ITNO:A15 SITE:A30 PITD:A60 PUSL:A2 PUST:A2 PUPR:N17.6 "
    "PUCD:N5 ORQA:N15.6 CFQA:N15.6 RVQA:N15.6 IVQA:N15.6 PUUN:A3 PPUN:A3 DWDT:N8 CODT:N8 RCDT:N8 IDAT:N8 VTCD:N2"
)
_BATCH = (
    "DIVI:A3 INBN:N10 IBTP:A2 SUPA:N2 BIST:N1 IBHE:N1 IBLE:N1 SINO:A24 SPYN:A10 SUNO:A10 IVDT:N8 CUCD:A3 TEPY:A3 "
    "PYME:A3 CUAM:N15.2 VTAM:N15.2 VONO:N8 YEA4:N4 ACDT:N8 APCD:A10 IMCD:A1 DUDT:N8 PUNO:A10 CORI:A36 PAIN:A60 "
    "AAPD:N8 REJD:N8 SCRE:A2"
)
_BATCH_LINE = (
    "DIVI:A3 INBN:N10 TRNO:N7 RDTP:N2 IBLE:N1 NLAM:N15.2 VTA1:N15.2 VTA2:N15.2 VTCD:N2 PUNO:A10 PNLI:N3 PNLS:N3 "
    "IVQA:N15.6 GRPR:N17.6 NEPR:N17.6 ITNO:A15 REPN:N10 CEID:A6 AO01:A20 AO02:A10 AO03:A10 AO04:A10 AO05:A10 "
    "AO06:A10 AO07:A10"
)
_PAYABLE = (
    "DIVI:A3 YEA4:N4 JRNO:N7 JSNO:N7 SPYN:A10 SUNO:A10 SINO:A24 INYR:N4 TRCD:N2 VSER:A3 VONO:N8 CUCD:A3 CUAM:N15.2 "
    "VTAM:N15.2 IVDT:N8 DUDT:N8 ACDT:N8 RECO:N1 REDE:N8 APRV:N1 APCD:A10 IVBL:N1 PYTP:A2 PYME:A3 TEPY:A3 PYST:N1 "
    "INBN:N10 CORI:A36"
)
_LEDGER = (
    "DIVI:A3 YEA4:N4 JRNO:N7 JSNO:N7 VSER:A3 VONO:N8 FEID:A4 FNCN:N3 TRCD:N2 ACDT:N8 OCDT:N8 AIT1:A10 AIT2:A10 "
    "AIT3:A10 AIT4:A10 AIT5:A10 AIT6:A10 AIT7:A10 CUCD:A3 CUAM:N15.2 ACAM:N15.2 DBCR:A1 VTCD:N2 VTXT:A40 ACYP:N6"
)
_BALANCE = "WHLO:A3 ITNO:A15 FACI:A3 STAT:A2 STQT:N15.6 ALQT:N15.6 AVAL:N15.6 IDDT:N8 ODDT:N8 INDT:N8 RESP:A10 SUNO:A10"

Fetch = Callable[[World, Ref], Row | None]
Equal = Callable[[World, str], Iterable[Ref]]


def _stored(kind: str, **fixed: str) -> Fetch:
    def fetch(world: World, ref: Ref) -> Row | None:
        row = world.state.get(kind, ref[0])
        return None if row is None else {"CONO": COMPANY, "DIVI": DIVISION, **fixed, **row}

    return fetch


def _line_of(kind: str, *shared: str) -> Fetch:
    """Lines inside a document's row, with some fields of the document."""

    def fetch(world: World, ref: Ref) -> Row | None:
        row = world.state.get(kind, ref[0])
        if row is None or row["lines"][ref[1]].get("BASE") == "99":
            return None
        own = {name: row[name] for name in shared}
        bookkeeping = {name: row[name] for name in ("RGDT", "RGTM", "LMDT", "CHNO")}
        return {"CONO": COMPANY, "DIVI": DIVISION, **own, **bookkeeping, **row["lines"][ref[1]]}

    return fetch


def _ledger_line(world: World, ref: Ref) -> Row | None:
    return general_ledger.gl_row(world.state.tables("ledger")[ref[0]], ref[1])


def _balance(world: World, ref: Ref) -> Row | None:
    row = world.state.get("MITBAL", ref[0])
    return None if row is None else {"FACI": FACILITY, **stock.shown(world, row)}


def _by_id(world: World, value: str) -> list[Ref]:
    return [(value,)]


def _by_number(world: World, value: str) -> list[Ref]:
    return [(int(value),)] if value.isdigit() else []


def _found(index: str) -> Equal:
    return lambda world, value: ((id_,) for id_ in getattr(world.purchases, index).ids(value))


def _lines(kind: str, ids: Callable[[World, str], Iterable[Any]]) -> Equal:
    def refs(world: World, value: str) -> Iterator[Ref]:
        for id_ in ids(world, value):
            row = world.state.get(kind, id_)
            yield from ((id_, at) for at in range(len(row["lines"]) if row else 0))

    return refs


def _numbered(world: World, value: str) -> list[int]:
    return [int(value)] if value.isdigit() else []


def _of_entries(numbers: Callable[[World, str], Iterable[Any]]) -> Equal:
    def refs(world: World, value: str) -> Iterator[Ref]:
        for number in numbers(world, value):
            yield from ((number, at) for at in range(len(world.state.tables("ledger")[number]["lines"])))

    return refs


# name, prefix, columns, change order, fetch, equal, key.
TABLES: tuple[tuple[str, str, str, str, Fetch, dict[str, Equal], tuple[str, ...]], ...] = (
    ("CIDMAS", "ID", _SUPPLIER, "CIDMAS", _stored("CIDMAS"), {"SUNO": _by_id}, ("SUNO",)),
    ("CIDVEN", "II", _SUPPLIER_TERMS, "CIDMAS", _stored("CIDMAS"), {"SUNO": _by_id}, ("SUNO",)),
    (
        "MPHEAD",
        "IA",
        _ORDER,
        "MPHEAD",
        _stored("MPHEAD"),
        {"PUNO": _by_id, "SUNO": _found("orders_of_supplier")},
        ("PUNO",),
    ),
    (
        "MPLINE",
        "IB",
        _ORDER_LINE,
        "MPLINE",
        _line_of("MPHEAD", "PUNO", "SUNO", "FACI"),
        {"PUNO": _lines("MPHEAD", lambda w, v: [v])},
        ("PUNO", "PNLI", "PNLS"),
    ),
    (
        "FAPIBH",
        "E5",
        _BATCH,
        "FAPIBH",
        _stored("FAPIBH"),
        {
            "INBN": _by_number,
            "SINO": _found("batches_of_number"),
            "CORI": _found("batches_of_correlation"),
            "SUNO": _found("batches_of_supplier"),
            "SPYN": _found("batches_of_payee"),
        },
        ("INBN",),
    ),
    (
        "FAPIBL",
        "E6",
        _BATCH_LINE,
        "FAPIBL",
        _line_of("FAPIBH", "INBN"),
        {"INBN": _lines("FAPIBH", _numbered)},
        ("INBN", "TRNO"),
    ),
    (
        "FPLEDG",
        "EP",
        _PAYABLE,
        "FPLEDG",
        _stored("FPLEDG"),
        {
            "SINO": _found("payables_of_number"),
            "SUNO": _found("payables_of_supplier"),
            "SPYN": _found("payables_of_payee"),
        },
        ("YEA4", "JRNO", "JSNO"),
    ),
    (
        "FGLEDG",
        "EG",
        _LEDGER,
        "FGLEDG",
        _ledger_line,
        {
            "VONO": _of_entries(lambda w, v: w.purchases.entries_of_voucher.ids(v)),
            "ACDT": _of_entries(lambda w, v: general_ledger.entries_between(w, v, v)),
            "JRNO": _of_entries(lambda w, v: [n for n in _numbered(w, v) if n in w.state.tables("ledger")]),
        },
        ("YEA4", "JRNO", "JSNO"),
    ),
    (
        "MITBAL",
        "MB",
        _BALANCE,
        "MITBAL",
        _balance,
        {"ITNO": _found("balances_of_item")},
        ("WHLO", "ITNO"),
    ),
)
