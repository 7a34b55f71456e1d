"""Reading the shop: orders changed since the watermark, and all registered customers.

Belongs here: which lists are read, by which filter, and what the watermark means.
Does not belong here: HTTP and paging (clients/shop), what an order means (dbt_project).

The watermark is the newest `date_modified_gmt` seen, as an instant in UTC: the shop's own clock. Each read starts
`OVERLAP` before it, for orders that were being saved at that moment. Customers have no changed-since filter.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from fbinfor_assets.clients.shop import ShopClient
from fbinfor_assets.defs.landing import Pull
from fbinfor_assets.store.cursors import Cursor
from fbinfor_assets.warehouse import Record

OVERLAP = timedelta(minutes=10)


def orders(shop: ShopClient, cursor: Cursor) -> Pull:
    """Orders changed since. Key = order id, stamp and watermark = `date_modified_gmt` (UTC)."""
    newest = [datetime.fromisoformat(cursor.watermark)] if cursor.watermark else []
    since = newest[0] - OVERLAP if newest else None

    def records() -> Iterator[Record]:
        for row in shop.orders(since):
            stamp = row.get("date_modified_gmt")
            if stamp:
                newest[:] = [max([*newest, datetime.fromisoformat(stamp).replace(tzinfo=UTC)])]
            yield Record(str(row["id"]), row, stamp, False)

    return Pull(records(), lambda: newest[0].isoformat() if newest else None)


def customers(shop: ShopClient) -> Pull:
    """All registered customers. Key = customer id, stamp = `date_modified_gmt` (UTC)."""
    rows = (Record(str(row["id"]), row, row.get("date_modified_gmt"), False) for row in shop.customers())
    return Pull(rows, lambda: None)
