"""What was landed: the newest payload hash per vendor object, and each landing file.

Belongs here: the memory that lets a re-read of unchanged objects write nothing.
Does not belong here: the payloads (immutable Parquet files under var/raw), hashing (warehouse/landing.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import insert, select

from fbinfor_assets.store import schema
from fbinfor_assets.store.engine import Transaction

# Well under SQLite's limit of variables per statement (32,766 by default).
_CHUNK = 5_000


class Landed(NamedTuple):
    """The newest landed version of one vendor object."""

    key: str
    payload_hash: str
    deleted: bool


def known(tx: Transaction, system: str, entity: str, keys: Iterable[str]) -> dict[str, Landed]:
    """The newest landed versions of these keys; keys never landed are left out."""
    t = schema.landed
    wanted = list(keys)
    found: dict[str, Landed] = {}
    for start in range(0, len(wanted), _CHUNK):
        rows = tx.execute(
            select(t.c.key, t.c.payload_hash, t.c.deleted).where(
                t.c.system == system, t.c.entity == entity, t.c.key.in_(wanted[start : start + _CHUNK])
            )
        )
        found.update((row.key, Landed(row.key, row.payload_hash, row.deleted)) for row in rows)
    return found


def all_keys(tx: Transaction, system: str, entity: str) -> dict[str, Landed]:
    """Every object of an entity that is landed and not deleted: what a full re-read compares with."""
    t = schema.landed
    rows = tx.execute(
        select(t.c.key, t.c.payload_hash, t.c.deleted).where(
            t.c.system == system, t.c.entity == entity, t.c.deleted.is_(False)
        )
    )
    return {row.key: Landed(row.key, row.payload_hash, row.deleted) for row in rows}


def record(
    tx: Transaction,
    *,
    landing_id: str,
    system: str,
    entity: str,
    file: str | None,
    rows: int,
    run_id: str | None,
    versions: Iterable[Landed],
) -> None:
    """Note one landing and the versions in it; the caller sets the cursor in the same transaction."""
    tx.execute(
        insert(schema.landing),
        [
            {
                "landing_id": landing_id,
                "system": system,
                "entity": entity,
                "file": file,
                "rows": rows,
                "created_at": tx.now,
                "run_id": run_id,
            }
        ],
    )
    tx.upsert(
        schema.landed,
        [
            {
                "system": system,
                "entity": entity,
                "key": version.key,
                "payload_hash": version.payload_hash,
                "deleted": version.deleted,
                "landing_id": landing_id,
            }
            for version in versions
        ],
    )
