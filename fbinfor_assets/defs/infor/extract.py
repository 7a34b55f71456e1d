"""Reading Infor M3: what changed since the watermark, by transaction where one says so, else by EXPORTMI.

Belongs here: which transactions and tables are read, with which columns, and what the watermark means.
Does not belong here: HTTP, bulk and EXPORTMI's language (clients/infor), files (warehouse).

The watermark is M3's own clock: LMTS of GENERAL GetServerTime, taken before the pull, less `OVERLAP_MS` for what was
being written at that moment (infor-api 2.7). Customers and items take LMTS as an input; orders, invoices and the ledger do
not, so their keys come from EXPORTMI on the table's LMTS. Table and column names are those of infor-api 2.6 and 2.7.
Deleted records are invisible to all of this (infor-api 2.7 names SES120MI, which needs set-up per table).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from itertools import islice

from fbinfor_assets.clients.errors import NotFound
from fbinfor_assets.clients.infor import M3Client
from fbinfor_assets.clients.infor.m3 import M3Result
from fbinfor_assets.clients.infor.m3 import Record as M3Record
from fbinfor_assets.defs.landing import Pull
from fbinfor_assets.store.cursors import Cursor
from fbinfor_assets.warehouse import Record

OVERLAP_MS = 10_000

ORDER_COLUMNS = ("OAORNO", "OALMTS")
INVOICE_COLUMNS = (
    "UHDIVI",
    "UHYEA4",
    "UHIVNO",
    "UHEXIN",
    "UHORNO",
    "UHCUNO",
    "UHPYNO",
    "UHIDAT",
    "UHDUDT",
    "UHCUCD",
    "UHIVAM",
    "UHVTAM",
    "UHLMTS",
)
INVOICE_LINE_COLUMNS = (
    "UBORNO",
    "UBDLIX",
    "UBWHLO",
    "UBPONR",
    "UBPOSX",
    "UBITNO",
    "UBIVQT",
    "UBNEPR",
    "UBLNAM",
    "UBYEA4",
    "UBIVNO",
    "UBLMTS",
)
LEDGER_COLUMNS = (
    "ESDIVI",
    "ESYEA4",
    "ESJRNO",
    "ESJSNO",
    "ESPYNO",
    "ESCUNO",
    "ESCINO",
    "ESINYR",
    "ESTRCD",
    "ESCUCD",
    "ESCUAM",
    "ESVTAM",
    "ESIVDT",
    "ESDUDT",
    "ESACDT",
    "ESVONO",
    "ESRECO",
    "ESREDE",
    "ESPYTP",
    "ESCKNO",
    "ESLMTS",
)
_LINE_ORDER = ("UBYEA4", "UBIVNO", "UBORNO", "UBDLIX", "UBPONR", "UBPOSX")


def _pull(m3: M3Client, records: Callable[[int], Iterator[Record]]) -> Pull:
    """`records(now)` with the watermark taken when the first record is asked for: before the pull, by M3's clock."""
    taken: list[int] = []

    def read() -> Iterator[Record]:
        taken.append(m3.server_time()[1])
        yield from records(taken[0])

    return Pull(read(), lambda: str(max(0, taken[0] - OVERLAP_MS)))


def customers(m3: M3Client, cursor: Cursor) -> Pull:
    """Customers changed since: CRS610MI LstByNumber. Key CUNO; the stamp is the pull's, the list carries none."""

    def records(now: int) -> Iterator[Record]:
        since = {"LMTS": cursor.watermark} if cursor.watermark else {}
        for row in m3.walk("CRS610MI", "LstByNumber", "CUNO", record=since):
            yield Record(row["CUNO"], dict(row), row.get("LMTS") or str(now), False)

    return _pull(m3, records)


def items(m3: M3Client, cursor: Cursor) -> Pull:
    """Items changed since: MMS200MI SelItem. Key ITNO; the stamp is the pull's, the list carries none."""

    def records(now: int) -> Iterator[Record]:
        since = {"LMTS": cursor.watermark} if cursor.watermark else {}
        for row in m3.walk("MMS200MI", "SelItem", "FRIT", key_field="ITNO", record=since):
            yield Record(row["ITNO"], dict(row), row.get("LMTS") or str(now), False)

    return _pull(m3, records)


def orders(m3: M3Client, cursor: Cursor) -> Pull:
    """Customer orders changed since, each as `{"head": GetHead, "lines": [LstLine, …]}`. Key ORNO, stamp OALMTS.

    OOHEAD's LMTS also moves when a line of the order does (contract 2.2; else lines would change unseen).
    """

    def records(now: int) -> Iterator[Record]:
        found = m3.export(
            "OOHEAD", ORDER_COLUMNS, where=_since("OALMTS", "OADIVI", m3, cursor), order_by=("OAORNO",)
        )
        # Two transactions per order in one bulk request of at most 100.
        while chunk := list(islice(found, m3.bulk_limit // 2)):
            asked = [(name, {"ORNO": row["OAORNO"]}) for row in chunk for name in ("GetHead", "LstLine")]
            answers = iter(m3.bulk("OIS100MI", asked))
            for row in chunk:
                heads, lines = _records(next(answers)), _records(next(answers))
                if heads:
                    yield Record(
                        row["OAORNO"],
                        {"head": dict(heads[0]), "lines": list(map(dict, lines))},
                        row["OALMTS"],
                        False,
                    )

    return _pull(m3, records)


def invoices(m3: M3Client, cursor: Cursor) -> Pull:
    """Invoices changed since, each as `{"head": OINVOH row, "lines": [ODLINE rows], "order": ORNO}`.

    Key `DIVI/YEA4/IVNO`, stamp UHLMTS. The lines changed since come in one export beside the heads; where they do not make
    up the head's net (only the head changed, or only some lines did) the invoice's own lines are read.
    """

    def records(now: int) -> Iterator[Record]:
        heads = m3.export(
            "OINVOH",
            INVOICE_COLUMNS,
            where=_since("UHLMTS", "UHDIVI", m3, cursor),
            order_by=("UHYEA4", "UHIVNO"),
        )
        lines = _Grouped(
            m3.export(
                "ODLINE",
                INVOICE_LINE_COLUMNS,
                where=[("UBIVNO", ">", 0), *_since("UBLMTS", None, m3, cursor)],
                order_by=_LINE_ORDER,
            )
        )
        for head in heads:
            key = (int(head["UHYEA4"]), int(head["UHIVNO"]))
            found = lines.of(key)
            if not _whole(head, found):
                found = list(
                    m3.export(
                        "ODLINE",
                        INVOICE_LINE_COLUMNS,
                        where=[("UBIVNO", "=", key[1]), ("UBYEA4", "=", key[0])],
                        order_by=_LINE_ORDER,
                    )
                )
            yield Record(
                f"{head['UHDIVI']}/{head['UHYEA4']}/{head['UHIVNO']}",
                {"head": head, "lines": found, "order": head["UHORNO"]},
                head["UHLMTS"],
                False,
            )

    return _pull(m3, records)


def ledger(m3: M3Client, cursor: Cursor) -> Pull:
    """Rows of the receivables ledger changed since: FSLEDG. Key `DIVI/YEA4/JRNO/JSNO`, stamp ESLMTS."""

    def records(now: int) -> Iterator[Record]:
        rows = m3.export(
            "FSLEDG",
            LEDGER_COLUMNS,
            where=_since("ESLMTS", "ESDIVI", m3, cursor),
            order_by=("ESYEA4", "ESJRNO", "ESJSNO"),
        )
        for row in rows:
            key = "/".join(row[name] for name in ("ESDIVI", "ESYEA4", "ESJRNO", "ESJSNO"))
            yield Record(key, dict(row), row["ESLMTS"], False)

    return _pull(m3, records)


def _since(
    stamp: str, division: str | None, m3: M3Client, cursor: Cursor
) -> list[tuple[str, str, str | int]]:
    where: list[tuple[str, str, str | int]] = []
    if division and m3.division:
        where.append((division, "=", m3.division))
    if cursor.watermark:
        where.append((stamp, ">=", int(cursor.watermark)))
    return where


def _records(result: M3Result) -> Sequence[M3Record]:
    """Records of one of our bulk reads; an order that is gone, or has no lines, is none (XRE0103)."""
    if result.error is not None and not isinstance(result.error, NotFound):
        raise result.error
    return result.records


def _whole(head: M3Record, lines: Sequence[M3Record]) -> bool:
    """Whether the lines make up the head: UHIVAM is the total with VAT, UHVTAM the VAT."""
    net = Decimal(head["UHIVAM"] or 0) - Decimal(head["UHVTAM"] or 0)
    return bool(lines) and sum((Decimal(line["UBLNAM"] or 0) for line in lines), Decimal(0)) == net


class _Grouped:
    """Rows sorted by (year, invoice number), given out invoice by invoice, with one invoice in memory."""

    def __init__(self, rows: Iterator[M3Record]) -> None:
        self._rows = rows
        self._next: M3Record | None = next(rows, None)

    def of(self, key: tuple[int, int]) -> list[M3Record]:
        """The rows of an invoice; keys must be asked for in ascending order."""
        found: list[M3Record] = []
        while (
            self._next is not None and (its := (int(self._next["UBYEA4"]), int(self._next["UBIVNO"]))) <= key
        ):
            if its == key:
                found.append(self._next)
            self._next = next(self._rows, None)
        return found
