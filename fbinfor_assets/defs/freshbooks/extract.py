"""Reading FreshBooks: what changed since the watermark, and what was deleted.

Belongs here: which lists are read, by which filter, and what the watermark means.
Does not belong here: HTTP and paging (clients/freshbooks), files (warehouse).

The watermark is the newest `updated` stamp seen, as an instant in UTC: FreshBooks' own clock, never ours. Its filter
`updated_min` is as coarse as a day in US/Eastern (freshbooks-api 5), so each read starts a day before the watermark's and
meets what it knows already; the landing drops that. Deleted records vanish from lists and are asked for by
`vis_state` 1 (freshbooks-api 6).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from fbinfor_assets.clients.freshbooks import FreshBooksClient
from fbinfor_assets.clients.freshbooks.client import EASTERN, updated_min
from fbinfor_assets.defs.landing import Pull
from fbinfor_assets.store.cursors import Cursor
from fbinfor_assets.warehouse import Record

DELETED = 1


class _Newest:
    """The watermark while rows go by."""

    def __init__(self, watermark: str | None) -> None:
        self.instant = datetime.fromisoformat(watermark) if watermark else None

    def see(self, stamp: str | None) -> None:
        if stamp:
            # The hour that daylight saving repeats is read as its first: too early by an hour is only overlap.
            instant = datetime.fromisoformat(stamp).replace(tzinfo=EASTERN, fold=0).astimezone(UTC)
            if self.instant is None or instant > self.instant:
                self.instant = instant

    def text(self) -> str | None:
        return self.instant.isoformat() if self.instant else None


def changed(client: FreshBooksClient, resource: str, cursor: Cursor) -> Pull:
    """Clients, invoices (with lines) or payments changed since the cursor, then those deleted since.

    Records: key = FreshBooks id, vendor stamp = `updated` (US/Eastern wall clock). Watermark: ISO instant in UTC.
    """
    newest = _Newest(cursor.watermark)
    since = {"updated_min": updated_min(newest.instant)} if newest.instant else {}

    def records() -> Iterator[Record]:
        for filters in (since, {**since, "vis_state": DELETED}):
            for row in client.list(resource, filters):
                newest.see(row.get("updated"))
                yield _record(row)

    return Pull(records(), newest.text)


def whole(client: FreshBooksClient, resource: str) -> Pull:
    """Everything, then everything deleted: credit notes have no `updated` and no filter by it (freshbooks-api 5, 7.7)."""

    def records() -> Iterator[Record]:
        for filters in ({}, {"vis_state": DELETED}):
            for row in client.list(resource, filters):
                yield _record(row)

    return Pull(records(), lambda: None)


def _record(row: Mapping[str, Any]) -> Record:
    return Record(str(row["id"]), dict(row), row.get("updated"), row.get("vis_state") == DELETED)
