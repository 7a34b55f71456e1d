"""What the gate said: which payloads may leave, bound by their hashes (DESIGN 6.2).

Belongs here: verdicts and the payload hashes each of them lets through.
Does not belong here: how a verdict is reached (quality/), and refusing a payload (delivery/gate.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select

from fbinfor_assets.store import schema
from fbinfor_assets.store.engine import Transaction
from fbinfor_assets.store.identifiers import uuid7


@dataclass(frozen=True)
class Verdict:
    """One judgement over one batch of one outbound object. Counts are rows."""

    id: str
    object: str
    generation: int
    suite_sha: str
    mapping_version: str
    passed: bool
    rows_in: int
    rows_passed: int
    rows_quarantined: int
    created_at: datetime
    run_id: str | None
    detail: Any


def add(
    tx: Transaction,
    *,
    object: str,
    generation: int,
    suite_sha: str,
    mapping_version: str,
    passed: bool,
    rows_in: int,
    rows_quarantined: int,
    payloads: Iterable[tuple[str, str]],
    run_id: str | None,
    detail: Any = None,
) -> str:
    """Keep a verdict and return its id.

    `payloads`: (business key, payload_sha) of every row that may leave, after quarantine. A verdict that did not
    pass keeps them as well, for the record; the sender refuses it all the same.
    """
    verdict_id = uuid7()
    kept = list(dict.fromkeys(payloads))
    tx.execute(
        insert(schema.verdict),
        [
            {
                "id": verdict_id,
                "object": object,
                "generation": generation,
                "suite_sha": suite_sha,
                "mapping_version": mapping_version,
                "passed": passed,
                "rows_in": rows_in,
                "rows_passed": len(kept),
                "rows_quarantined": rows_quarantined,
                "created_at": tx.now,
                "run_id": run_id,
                "detail": detail,
            }
        ],
    )
    if kept:
        tx.execute(
            insert(schema.verdict_payload),
            [{"verdict_id": verdict_id, "business_key": key, "payload_sha": sha} for key, sha in kept],
        )
    return verdict_id


def get(tx: Transaction, verdict_id: str) -> Verdict | None:
    """One verdict, or None."""
    row = tx.execute(select(schema.verdict).where(schema.verdict.c.id == verdict_id)).mappings().first()
    return Verdict(**row) if row else None


def latest(tx: Transaction, object: str) -> Verdict | None:
    """The newest verdict over an object, or None."""
    t = schema.verdict
    newest = select(t).where(t.c.object == object).order_by(t.c.created_at.desc(), t.c.id.desc()).limit(1)
    row = tx.execute(newest).mappings().first()
    return Verdict(**row) if row else None


def payloads(tx: Transaction, verdict_id: str) -> set[tuple[str, str]]:
    """(business key, payload_sha) of every row that the verdict lets through."""
    t = schema.verdict_payload
    rows = tx.execute(select(t.c.business_key, t.c.payload_sha).where(t.c.verdict_id == verdict_id))
    return {(row.business_key, row.payload_sha) for row in rows}
