"""Tables of the operational store.

Belongs here: table definitions, column types, the schema's version.
Does not belong here: queries (the repositories beside this file), and anything that can be computed again (warehouse).

Portable on purpose: text, integers and booleans only, so that the same metadata makes the tables in PostgreSQL.
Amounts are decimal text beside their currency; instants are ISO text in UTC, whose order is the order of time.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.types import TypeDecorator

SCHEMA_VERSION = 2

metadata = MetaData()


class Instant(TypeDecorator[datetime]):
    """A moment, aware, kept as ISO text in UTC with microseconds (fixed width, so text order is time order)."""

    impl = String(32)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> str | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone")
        return value.astimezone(UTC).isoformat(timespec="microseconds")

    def process_result_value(self, value: str | None, dialect: Any) -> datetime | None:
        return None if value is None else datetime.fromisoformat(value)


class Json(TypeDecorator[Any]):
    """A JSON document as text. Floats never come in: whoever writes money here writes decimal text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> str | None:
        return None if value is None else json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    def process_result_value(self, value: str | None, dialect: Any) -> Any:
        return None if value is None else json.loads(value)


schema_version = Table(
    "schema_version",
    metadata,
    Column("version", Integer, primary_key=True),
    Column("applied_at", Instant, nullable=False),
)

# One row, `change`: the number of the last transaction that changed something dbt reads.
counter = Table(
    "counter",
    metadata,
    Column("name", String(20), primary_key=True),
    Column("value", BigInteger, nullable=False),
)

cursor = Table(
    "cursor",
    metadata,
    Column("system", String(20), primary_key=True),
    Column("entity", String(40), primary_key=True),
    Column("watermark", Text),
    Column("extra", Json),
    Column("updated_at", Instant, nullable=False),
)

landing = Table(
    "landing",
    metadata,
    Column("landing_id", String(80), primary_key=True),
    Column("system", String(20), nullable=False),
    Column("entity", String(40), nullable=False),
    Column("file", Text),
    Column("rows", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("run_id", String(80)),
)

landed = Table(
    "landed",
    metadata,
    Column("system", String(20), primary_key=True),
    Column("entity", String(40), primary_key=True),
    Column("key", String(200), primary_key=True),
    Column("payload_hash", String(64), nullable=False),
    Column("deleted", Boolean, nullable=False),
    Column("landing_id", String(80), nullable=False),
)

crosswalk = Table(
    "crosswalk",
    metadata,
    Column("entity", String(20), primary_key=True),
    Column("left_system", String(20), primary_key=True),
    Column("left_id", String(80), primary_key=True),
    Column("right_system", String(20), primary_key=True),
    Column("right_id", String(80), nullable=False),
    Column("method", String(20), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("change_seq", BigInteger, nullable=False, index=True),
    UniqueConstraint("entity", "left_system", "right_system", "right_id", name="crosswalk_right"),
)

agreed = Table(
    "agreed",
    metadata,
    Column("entity", String(20), primary_key=True),
    Column("key", String(80), primary_key=True),
    Column("field", String(40), primary_key=True),
    Column("value", Text),
    Column("agreed_at", Instant, nullable=False),
    Column("change_seq", BigInteger, nullable=False, index=True),
)

verdict = Table(
    "verdict",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("object", String(40), nullable=False),
    Column("generation", BigInteger, nullable=False),
    Column("suite_sha", String(64), nullable=False),
    Column("mapping_version", String(80), nullable=False),
    Column("passed", Boolean, nullable=False),
    Column("rows_in", Integer, nullable=False),
    Column("rows_passed", Integer, nullable=False),
    Column("rows_quarantined", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("run_id", String(80)),
    Column("detail", Json),
)

verdict_payload = Table(
    "verdict_payload",
    metadata,
    Column("verdict_id", String(36), ForeignKey("verdict.id"), primary_key=True),
    Column("business_key", String(80), primary_key=True),
    Column("payload_sha", String(64), primary_key=True),
)

intent = Table(
    "intent",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("target", String(20), nullable=False),
    Column("object", String(40), nullable=False),
    Column("operation", String(10), nullable=False),
    Column("business_key", String(80), nullable=False),
    Column("target_ref", String(120), nullable=False),
    # Canonical JSON (domain/canonical.py), kept as it was hashed.
    Column("payload", Text, nullable=False),
    Column("payload_sha", String(64), nullable=False),
    Column("verdict_id", String(36), ForeignKey("verdict.id"), nullable=False),
    Column("agreed", Json, nullable=False),
    Column("links", Json, nullable=False),
    Column("state", String(20), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("lease_owner", String(120)),
    Column("lease_until", Instant),
    # When the request that left us in doubt can be looked up (visibility lag), or when to try again (Retry-After).
    Column("not_before", Instant),
    Column("remote_id", String(80)),
    Column("error_class", String(20)),
    Column("error", Text),
    Column("document_date", String(10)),
    Column("currency", String(3)),
    Column("amount", String(24)),
    # Why it was planned, and what it changes: the outbound row's sentence and its list of {field, old, new}.
    Column("reason", Text),
    Column("changes", Json),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("change_seq", BigInteger, nullable=False, index=True),
    UniqueConstraint("target", "object", "target_ref", name="intent_reference"),
    Index("intent_by_state", "object", "state"),
    Index("intent_by_key", "object", "business_key"),
)

attempt = Table(
    "attempt",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("intent_id", String(36), ForeignKey("intent.id"), nullable=False),
    Column("n", Integer, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("finished_at", Instant),
    Column("outcome", String(20)),
    Column("detail", Text),
    UniqueConstraint("intent_id", "n", name="attempt_number"),
)

dead_letter = Table(
    "dead_letter",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("object", String(40), nullable=False),
    Column("business_key", String(80), nullable=False),
    Column("rule", String(120), nullable=False),
    Column("field", String(120)),
    Column("value", Text),
    Column("message", Text, nullable=False),
    Column("payload", Text),
    Column("payload_sha", String(64)),
    Column("source", String(10), nullable=False),
    Column("state", String(10), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("run_id", String(80)),
    Column("change_seq", BigInteger, nullable=False, index=True),
    Index("dead_letter_by_key", "object", "business_key", "state"),
)

token = Table(
    "token",
    metadata,
    Column("connection", String(40), primary_key=True),
    Column("document", Json, nullable=False),
    Column("updated_at", Instant, nullable=False),
)

# What each version added to the one before it; a new column may be empty in rows that were there already.
ADDED: dict[int, tuple[Column[Any], ...]] = {2: (intent.c.reason, intent.c.changes)}

# The tables whose changes the warehouse copies, by their change sequence.
CHANGING = {table.name: table for table in (crosswalk, agreed, intent, dead_letter)}
