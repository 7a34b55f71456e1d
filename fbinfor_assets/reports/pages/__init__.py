"""The pages by name, in the order in which the index lists them.

Belongs here: which pages there are. Does not belong here: what is on one (its own module).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import duckdb

from fbinfor_assets.reports.content import Page
from fbinfor_assets.reports.pages import ageing, anomalies, index, reconciliation, revenue, sent

_PAGES: dict[str, Callable[[duckdb.DuckDBPyConnection], Page]] = {
    "reconciliation": reconciliation.page,
    "sent": sent.page,
    "ageing": ageing.page,
    "revenue": revenue.page,
    "anomalies": anomalies.page,
}

#: Every page; the index first.
NAMES: tuple[str, ...] = ("index", *_PAGES)

# Which build it is, and the company's day: at the foot of every page.
_STANDING = ("reconciliation_currencies", "receivables_ageing", "reconciliation_documents")

#: The tables of schema reports that a page reads, besides those.
_OWN: dict[str, tuple[str, ...]] = {
    "reconciliation": ("reconciliation_periods", "reconciliation_parties"),
    "sent": ("sent",),
    "ageing": (),
    "revenue": ("line_classes", "revenue_by_class"),
    "anomalies": ("anomalies",),
}

#: The tables of schema reports that a page reads; the index reads what all read.
READS: dict[str, tuple[str, ...]] = {
    name: tuple(dict.fromkeys((*own, *_STANDING))) for name, own in _OWN.items()
}


def read_pages(con: duckdb.DuckDBPyConnection, names: Sequence[str] = NAMES) -> list[Page]:
    """All figures of these pages, read now, each page once. Raises `KeyError` for a name that is not in `NAMES`."""
    wanted = list(_PAGES) if "index" in names else [name for name in _PAGES if name in names]
    found = {name: _PAGES[name](con) for name in wanted}
    if "index" in names:
        found["index"] = index.page([found[name] for name in _PAGES])
    return [found[name] for name in names]
