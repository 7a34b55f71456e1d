"""Intents and their attempts: what we mean to write into a vendor's system, and every try at it.

Belongs here: keeping intents and attempts, and changing them only from the state the caller believes them in.
Does not belong here: which state may follow which (delivery/intents.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, insert, or_, select, type_coerce, update

from fbinfor_assets.store import schema
from fbinfor_assets.store.engine import Transaction
from fbinfor_assets.store.identifiers import uuid7

_CHUNK = 5_000


class StaleIntent(Exception):
    """An intent is no longer in the state it was read in: another process works on it. Nothing was changed."""


@dataclass(frozen=True)
class Intent:
    """One write that we mean to make. `payload` is canonical JSON; `amount` decimal text in `currency`.

    `target_ref` is unique per (target, object): the same write is never meant twice. `agreed` are the field values
    on which both sides agree once it is confirmed, `links` the crosswalk rows then due (right_id None: the remote id).
    `reason` is the sentence that says why it was planned, `changes` lists {field, old, new} (both None in intents that a
    release before schema version 2 planned).
    """

    id: str
    target: str
    object: str
    operation: str
    business_key: str
    target_ref: str
    payload: str
    payload_sha: str
    verdict_id: str
    agreed: dict[str, str | None]
    links: list[dict[str, str | None]]
    state: str
    attempts: int
    lease_owner: str | None
    lease_until: datetime | None
    not_before: datetime | None
    remote_id: str | None
    error_class: str | None
    error: str | None
    document_date: str | None
    currency: str | None
    amount: str | None
    reason: str | None
    changes: list[dict[str, Any]] | None
    created_at: datetime
    updated_at: datetime
    change_seq: int


@dataclass(frozen=True)
class Attempt:
    """The `n`-th try (1-based) at sending an intent; `outcome` is None while it runs or if the process died."""

    intent_id: str
    n: int
    started_at: datetime
    finished_at: datetime | None
    outcome: str | None
    detail: str | None


# What changes as an intent lives, and what a person or a newer row may replace before it was sent.
_LIFE = [
    "state",
    "attempts",
    "lease_owner",
    "lease_until",
    "not_before",
    "remote_id",
    "error_class",
    "error",
    "updated_at",
    "change_seq",
]
CONTENT = [
    "operation",
    "payload",
    "payload_sha",
    "verdict_id",
    "agreed",
    "links",
    "document_date",
    "currency",
    "amount",
    "business_key",
    "reason",
    "changes",
]


def add(tx: Transaction, new: Sequence[Intent]) -> None:
    """Insert intents. Raises IntegrityError if a target_ref exists or a verdict does not; nothing is kept then."""
    if new:
        tx.execute(insert(schema.intent), [vars(intent) | {"change_seq": tx.change_seq} for intent in new])


def by_reference(tx: Transaction, object: str, references: Iterable[str]) -> dict[str, Intent]:
    """The intents of an object with these target references, by reference."""
    t = schema.intent
    wanted = list(references)
    found: dict[str, Intent] = {}
    for start in range(0, len(wanted), _CHUNK):
        query = select(t).where(t.c.object == object, t.c.target_ref.in_(wanted[start : start + _CHUNK]))
        found.update((intent.target_ref, intent) for intent in _intents(tx, query))
    return found


def in_state(tx: Transaction, object: str, *states: str) -> list[Intent]:
    """The intents of an object in any of these states, in the order they were planned."""
    t = schema.intent
    query = select(t).where(t.c.object == object, t.c.state.in_(states)).order_by(t.c.created_at, t.c.id)
    return _intents(tx, query)


def due(tx: Transaction, object: str, state: str, limit: int) -> list[Intent]:
    """At most `limit` intents in a state whose `not_before` has come, in the order they were planned."""
    t = schema.intent
    now_due = or_(t.c.not_before.is_(None), t.c.not_before <= tx.now)
    query = select(t).where(t.c.object == object, t.c.state == state, now_due)
    return _intents(tx, query.order_by(t.c.created_at, t.c.id).limit(limit))


def earliest(tx: Transaction, object: str, *states: str) -> datetime | None:
    """When the first intent in any of these states is due (now, if one always was), None if there is none."""
    t = schema.intent
    at = func.min(func.coalesce(t.c.not_before, type_coerce(tx.now, schema.Instant)))
    return tx.execute(select(at).where(t.c.object == object, t.c.state.in_(states))).scalar_one()


def blocked_until(tx: Transaction, target: str) -> datetime | None:
    """Until when the target asked us to stay away (its latest Retry-After), None if it did not or that is over."""
    t = schema.intent
    asked = (t.c.target == target) & (t.c.error_class == "rate_limit") & (t.c.not_before > tx.now)
    return tx.execute(select(func.max(type_coerce(t.c.not_before, schema.Instant))).where(asked)).scalar_one()


def count(tx: Transaction, object: str, state: str) -> int:
    """How many intents of an object are in a state."""
    t = schema.intent
    return tx.execute(select(func.count()).where(t.c.object == object, t.c.state == state)).scalar_one()


def counts(tx: Transaction) -> dict[tuple[str, str], int]:
    """How many intents there are by (object, state)."""
    t = schema.intent
    rows = tx.execute(select(t.c.object, t.c.state, func.count()).group_by(t.c.object, t.c.state))
    return {(row[0], row[1]): row[2] for row in rows}


def move(tx: Transaction, steps: Iterable[tuple[Intent, Intent]]) -> None:
    """Write (before, after) pairs: what changes in an intent's life, not its content.

    Raises `StaleIntent` if any is no longer in the state and at the attempt of `before`; nothing is written then.
    """
    _write(tx, list(steps), _LIFE)


def revise(tx: Transaction, steps: Iterable[tuple[Intent, Intent]]) -> None:
    """Like `move`, and replace the content (payload, verdict, amounts) too: for intents that are not out."""
    _write(tx, list(steps), _LIFE + CONTENT)


def _write(tx: Transaction, steps: list[tuple[Intent, Intent]], columns: list[str]) -> None:
    if not steps:
        return
    t = schema.intent
    statement = (
        update(t)
        .where(
            t.c.id == bindparam("was_id"),
            t.c.state == bindparam("was_state"),
            t.c.attempts == bindparam("was_n"),
        )
        .values({name: bindparam(name) for name in columns})
    )
    rows = []
    for before, after in steps:
        row: dict[str, Any] = {name: getattr(after, name) for name in columns}
        row |= {"updated_at": tx.now, "change_seq": tx.change_seq}
        rows.append(row | {"was_id": before.id, "was_state": before.state, "was_n": before.attempts})
    changed = tx.execute(statement, rows).rowcount
    if changed != len(rows):
        names = ", ".join(before.target_ref for before, _ in steps[:5])
        raise StaleIntent(
            f"{len(rows) - changed} of {len(rows)} intents ({names}, ...) are no longer in the state they were read in: "
            "another process delivers the same object; let it finish"
        )


def _intents(tx: Transaction, query: Any) -> list[Intent]:
    return [Intent(**row) for row in tx.execute(query).mappings()]


def start_attempts(tx: Transaction, sending: Iterable[Intent]) -> None:
    """Note that these intents are being sent now, each at its current attempt number."""
    rows = [
        {"id": uuid7(), "intent_id": intent.id, "n": intent.attempts, "started_at": tx.now}
        for intent in sending
    ]
    if rows:
        tx.execute(insert(schema.attempt), rows)


def finish_attempts(tx: Transaction, finished: Iterable[tuple[Intent, str, str | None]]) -> None:
    """Note how the current attempt of each intent ended: (intent, outcome, detail)."""
    t = schema.attempt
    statement = (
        update(t)
        .where(t.c.intent_id == bindparam("was_id"), t.c.n == bindparam("was_n"))
        .values(finished_at=bindparam("at"), outcome=bindparam("how"), detail=bindparam("text"))
    )
    rows = [
        {"was_id": intent.id, "was_n": intent.attempts, "at": tx.now, "how": outcome, "text": detail}
        for intent, outcome, detail in finished
    ]
    if rows:
        tx.execute(statement, rows)


def attempts_of(tx: Transaction, intent_id: str) -> list[Attempt]:
    """All tries at an intent, first to last."""
    t = schema.attempt
    columns = [t.c.intent_id, t.c.n, t.c.started_at, t.c.finished_at, t.c.outcome, t.c.detail]
    rows = tx.execute(select(*columns).where(t.c.intent_id == intent_id).order_by(t.c.n))
    return [Attempt(**row) for row in rows.mappings()]
