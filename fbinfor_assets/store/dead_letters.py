"""Records that cannot go on by themselves: refused by the gate or by the vendor, waiting for a person.

Belongs here: keeping, listing and resolving them.
Does not belong here: deciding what is dead (quality/ and delivery/).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update

from fbinfor_assets.store import schema
from fbinfor_assets.store.engine import Transaction
from fbinfor_assets.store.identifiers import uuid7


@dataclass(frozen=True)
class Letter:
    """What is wrong with one record: the rule it broke, where, and what a person should know."""

    object: str
    business_key: str
    rule: str
    message: str
    field: str | None = None
    value: str | None = None
    payload: str | None = None
    payload_sha: str | None = None


@dataclass(frozen=True)
class DeadLetter(Letter):
    """A letter as it is kept. `source` is gate or delivery, `state` open or resolved."""

    id: str = ""
    source: str = ""
    state: str = ""
    created_at: datetime | None = None
    run_id: str | None = None
    change_seq: int = 0


def add(tx: Transaction, letters: Iterable[Letter], *, source: str, run_id: str | None) -> int:
    """Keep letters, one for each record and rule: the same refusal of the same payload is not kept twice.

    Returns how many are new. Open letters of other payloads of the same record and source are resolved: the record
    has changed since.
    """
    t = schema.dead_letter
    new: list[dict[str, Any]] = []
    for letter in letters:
        standing = tx.execute(
            select(t.c.id, t.c.rule, t.c.field, t.c.payload_sha).where(
                t.c.object == letter.object,
                t.c.business_key == letter.business_key,
                t.c.source == source,
                t.c.state == "open",
            )
        ).all()
        old = [row.id for row in standing if row.payload_sha != letter.payload_sha]
        if old:
            tx.execute(update(t).where(t.c.id.in_(old)).values(state="resolved", change_seq=tx.change_seq))
        same = (letter.rule, letter.field, letter.payload_sha)
        if any((row.rule, row.field, row.payload_sha) == same for row in standing):
            continue
        extra = {"id": uuid7(), "source": source, "state": "open", "created_at": tx.now, "run_id": run_id}
        row = vars(letter) | extra | {"change_seq": tx.change_seq}
        tx.execute(insert(t), [row])
        new.append(row)
    return len(new)


def resolve(tx: Transaction, object: str, business_keys: Iterable[str]) -> int:
    """Mark the open letters of these records as resolved: they went through, or a person asked for a retry."""
    t = schema.dead_letter
    keys = list(business_keys)
    count = 0
    for start in range(0, len(keys), 5_000):
        open_ones = (
            (t.c.object == object) & (t.c.state == "open") & t.c.business_key.in_(keys[start : start + 5_000])
        )
        if tx.execute(select(t.c.id).where(open_ones).limit(1)).first():
            changed = tx.execute(
                update(t).where(open_ones).values(state="resolved", change_seq=tx.change_seq)
            )
            count += changed.rowcount
    return count


def open_letters(tx: Transaction, object: str | None = None) -> list[DeadLetter]:
    """The open letters, oldest first; of one object, or of all."""
    t = schema.dead_letter
    query = select(t).where(t.c.state == "open").order_by(t.c.created_at, t.c.id)
    if object is not None:
        query = query.where(t.c.object == object)
    return [DeadLetter(**row) for row in tx.execute(query).mappings()]
