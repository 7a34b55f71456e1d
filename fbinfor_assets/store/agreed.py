"""The last value of each field on which both systems agreed: the base of the three-way merge (DESIGN 6.4).

Belongs here: one value per (entity, business key, field), as normalised text.
Does not belong here: the merge (dbt's outbound models) and normalising.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select

from fbinfor_assets.store import schema
from fbinfor_assets.store.engine import Transaction


def put(tx: Transaction, values: Mapping[tuple[str, str], Mapping[str, str | None]]) -> None:
    """Set agreed values: (entity, key) -> field -> value. Fields not named keep theirs."""
    tx.upsert(
        schema.agreed,
        [
            {
                "entity": entity,
                "key": key,
                "field": field,
                "value": value,
                "agreed_at": tx.now,
                "change_seq": tx.change_seq,
            }
            for (entity, key), fields in values.items()
            for field, value in fields.items()
        ],
    )


def of(tx: Transaction, entity: str, key: str) -> dict[str, str | None]:
    """The agreed values of one record, by field."""
    t = schema.agreed
    rows = tx.execute(select(t.c.field, t.c.value).where(t.c.entity == entity, t.c.key == key))
    return {row.field: row.value for row in rows}
