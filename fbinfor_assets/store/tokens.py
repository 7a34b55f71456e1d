"""The vendors' access tokens, kept where a rotated pair survives a crash.

Belongs here: one JSON document per connection.
Does not belong here: when to refresh, and the lock around it (clients/).
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from fbinfor_assets.store import schema
from fbinfor_assets.store.engine import Store


class StoreTokens:
    """The token store of one connection: what the clients' `TokenStore` protocol asks for.

    `save` returns only when the document is durable (synchronous=FULL): a rotated pair is kept before it is used.
    """

    def __init__(self, store: Store, connection: str) -> None:
        self._store = store
        self._connection = connection

    def load(self) -> dict[str, Any] | None:
        """The kept document, or None."""
        t = schema.token
        with self._store.read() as tx:
            return tx.execute(
                select(t.c.document).where(t.c.connection == self._connection)
            ).scalar_one_or_none()

    def save(self, document: dict[str, Any]) -> None:
        """Replace the kept document, durably."""
        with self._store.write() as tx:
            tx.upsert(
                schema.token,
                [{"connection": self._connection, "document": document, "updated_at": tx.now}],
            )
