"""How far each entity of each system was read.

Belongs here: the watermark per (system, entity) and what an extractor keeps beside it.
Does not belong here: what a watermark means (the extractors), what was landed (landings.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from fbinfor_assets.store import schema
from fbinfor_assets.store.engine import Transaction


@dataclass(frozen=True)
class Cursor:
    """Where reading goes on. `watermark` is the vendor's own notion (LMTS, a day in US/Eastern), None: from the start."""

    system: str
    entity: str
    watermark: str | None = None
    extra: dict[str, Any] | None = None
    updated_at: datetime | None = None


def get(tx: Transaction, system: str, entity: str) -> Cursor:
    """The cursor of an entity; an empty one if it was never read."""
    t = schema.cursor
    row = tx.execute(select(t).where(t.c.system == system, t.c.entity == entity)).mappings().first()
    return Cursor(**row) if row else Cursor(system, entity)


def put(
    tx: Transaction, system: str, entity: str, watermark: str | None, extra: dict[str, Any] | None = None
) -> None:
    """Set the cursor; in the same transaction as the landing it stands for."""
    tx.upsert(
        schema.cursor,
        [{"system": system, "entity": entity, "watermark": watermark, "extra": extra, "updated_at": tx.now}],
    )
