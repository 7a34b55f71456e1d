"""Landing: what was read from a system becomes an immutable Parquet file under var/raw, written without the warehouse.

Belongs here: which versions are new, the file, its durability, and the moment at which the store is told.
Does not belong here: reading a vendor (defs/<system>/extract.py), the store's tables, loading files (raw.py).

Order of a landing, each step durable before the next: the file under a temporary name, its rename, the mark in the store
(versions, cursor). A crash before the rename leaves nothing; a crash before the mark leaves a file whose versions the
next landing writes again, and the load keeps one of them.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from fbinfor_assets.domain.canonical import NotCanonical, payload_sha
from fbinfor_assets.warehouse.errors import LandingRefused
from fbinfor_assets.warehouse.failpoints import failpoint

# Records per look-up in the store, and rows per row group: bounds the memory of a landing.
BATCH = 5_000

SCHEMA = pa.schema(
    [
        pa.field("key", pa.string(), nullable=False),
        pa.field("payload", pa.string(), nullable=False),
        pa.field("payload_hash", pa.string(), nullable=False),
        pa.field("vendor_stamp", pa.string()),
        pa.field("extracted_at", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("run_id", pa.string()),
        pa.field("landing_id", pa.string(), nullable=False),
        pa.field("ordinal", pa.int64(), nullable=False),
        pa.field("deleted", pa.bool_(), nullable=False),
    ]
)

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_STAMP = "%Y%m%dT%H%M%S%f"


class Record(NamedTuple):
    """One vendor object as it was read. `payload`: JSON types, with numbers as int or Decimal, never float.

    `vendor_stamp` is the vendor's own text for when it last changed. `deleted`: the vendor says that it is gone; the
    payload is then what is still known of it.
    """

    key: str
    payload: dict[str, Any]
    vendor_stamp: str | None = None
    deleted: bool = False


class Version(NamedTuple):
    """What the store remembers of a landed version. `hash` differs between a record and the same record deleted."""

    key: str
    hash: str
    deleted: bool


@dataclass(frozen=True)
class Landing:
    """One landing. `file` is relative to var/raw and None if there was nothing new; `rows` new versions of `read` records.

    `extracted_at` (UTC) is the moment before the first record was asked for: a version in this landing may be as old as
    that, but not older. `landing_id` sorts in the order of landing, per entity.
    """

    landing_id: str
    system: str
    entity: str
    file: str | None
    read: int
    rows: int
    extracted_at: datetime
    run_id: str | None


class SeenIndex(Protocol):
    """The memory of what was landed; implemented over the operational store."""

    def known(self, system: str, entity: str, keys: Sequence[str]) -> Mapping[str, str]:
        """The newest landed `Version.hash` of each of these keys; keys never landed are left out."""

    def mark(
        self,
        landing: Landing,
        versions: Iterable[Version],
        watermark: str | None,
        extra: Mapping[str, Any] | None,
    ) -> None:
        """Note the landing and its versions and move the cursor, all in one transaction.

        `versions` is read once, in the order of landing; of a key that comes twice the last one stands. `watermark`
        None leaves the cursor where it is.
        """


def version_hash(payload: Mapping[str, Any], deleted: bool) -> str:
    """The identity of a version: hex SHA-256 over the canonical payload; a deletion is a version of its own."""
    return payload_sha({"deleted": payload} if deleted else payload)


def received_json(payload: Mapping[str, Any]) -> str:
    """`payload` as JSON in the order received, a Decimal as the number it was (12.50 stays 12.50).

    Raises `TypeError` for what is not JSON.
    """
    try:
        return orjson.dumps(payload, default=_number).decode()
    except TypeError:
        # orjson knows integers up to 64 bits only; vendors' numbers may be longer.
        return orjson.dumps(_wide_integers(payload), default=_number).decode()


def land(
    raw: Path,
    system: str,
    entity: str,
    records: Iterable[Record],
    *,
    seen: SeenIndex,
    run_id: str | None = None,
    watermark: str | Callable[[], str | None] | None = None,
    extra: Mapping[str, Any] | Callable[[], Mapping[str, Any] | None] | None = None,
) -> Landing:
    """Write the versions of `records` that are new to `seen` into one Parquet file and mark them there.

    `raw`: the folder var/raw. `records` is read lazily, at most 5,000 at a time are in memory. `watermark` and `extra`
    (the new cursor) may be functions: they are called after the last record was read.

    The caller holds the entity's turn (`Warehouse.land` does): two landings of one entity at once could bring an older
    version after a newer one. Raises `LandingRefused`, and whatever reading the records raises; nothing is landed then.
    """
    for name in (system, entity):
        if not _NAME.fullmatch(name):
            raise LandingRefused(f"{name!r} is not a name for a system or an entity: use a-z, 0-9 and _")
    folder = raw / system / entity
    _make_folder(raw, folder)
    extracted_at = _moment_after_last(folder)
    landing_id = f"{extracted_at.strftime(_STAMP)}Z-{secrets.token_hex(4)}"
    name = f"{landing_id}.parquet"
    writer = _Writer(folder / f".{name}.tmp", landing_id, extracted_at, run_id)
    read = 0
    try:
        for batch in _batches(records, system, entity):
            read += len(batch)
            known = seen.known(system, entity, list({version.key for version, _, _ in batch}))
            newest = dict(known)
            for version, payload, stamp in batch:
                if newest.get(version.key) != version.hash:
                    newest[version.key] = version.hash
                    writer.add(version, payload, stamp)
        rows = writer.finish()
        if rows:
            failpoint("before_landing_rename")
            os.rename(writer.path, folder / name)
            sync_folder(folder)
            failpoint("after_landing_rename")
    except BaseException:
        writer.abandon()
        raise
    file = f"{system}/{entity}/{name}" if rows else None
    landing = Landing(landing_id, system, entity, file, read, rows, extracted_at, run_id)
    seen.mark(
        landing,
        _versions_in(folder / name) if rows else (),
        watermark() if callable(watermark) else watermark,
        extra() if callable(extra) else extra,
    )
    return landing


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


class _Writer:
    """A Parquet file that comes into being with its first row; row groups of at most `BATCH` rows."""

    def __init__(self, path: Path, landing_id: str, extracted_at: datetime, run_id: str | None) -> None:
        self.path = path
        self._landing_id = landing_id
        self._extracted_at = extracted_at
        self._run_id = run_id
        self._rows: list[tuple[Version, str, str | None]] = []
        self._written = 0
        self._file: pq.ParquetWriter | None = None

    def add(self, version: Version, payload: str, stamp: str | None) -> None:
        self._rows.append((version, payload, stamp))
        if len(self._rows) >= BATCH:
            self._flush()

    def finish(self) -> int:
        """Write the rest, make the file durable, and return how many rows it holds (0: there is no file)."""
        self._flush()
        if self._file is not None:
            self._file.close()
            fd = os.open(self.path, os.O_RDONLY)
            try:
                os.fsync(fd)
            finally:
                os.close(fd)
        return self._written

    def abandon(self) -> None:
        if self._file is not None:
            with suppress(Exception):
                self._file.close()
            self.path.unlink(missing_ok=True)

    def _flush(self) -> None:
        rows, self._rows = self._rows, []
        if not rows:
            return
        if self._file is None:
            self._file = pq.ParquetWriter(self.path, SCHEMA, compression="zstd", write_page_checksum=True)
        n = len(rows)
        columns = [
            [version.key for version, _, _ in rows],
            [payload for _, payload, _ in rows],
            [version.hash for version, _, _ in rows],
            [stamp for _, _, stamp in rows],
            [self._extracted_at] * n,
            [self._run_id] * n,
            [self._landing_id] * n,
            list(range(self._written, self._written + n)),
            [version.deleted for version, _, _ in rows],
        ]
        arrays = [pa.array(column, field.type) for column, field in zip(columns, SCHEMA, strict=True)]
        self._file.write_batch(pa.record_batch(arrays, schema=SCHEMA))
        self._written += n


def _batches(
    records: Iterable[Record], system: str, entity: str
) -> Iterator[list[tuple[Version, str, str | None]]]:
    batch: list[tuple[Version, str, str | None]] = []
    for record in records:
        # To text at once: 5,000 invoices as Python objects take ten times the room of their JSON.
        batch.append(_line(record, system, entity))
        if len(batch) >= BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _line(record: Record, system: str, entity: str) -> tuple[Version, str, str | None]:
    if not isinstance(record.key, str) or not record.key:
        raise LandingRefused(f"a record of {system} {entity} has no key ({record.key!r}); nothing was landed")
    try:
        digest = version_hash(record.payload, record.deleted)
        text = received_json(record.payload)
    except (NotCanonical, TypeError, UnicodeEncodeError) as error:
        raise LandingRefused(
            f"{system} {entity} {record.key} cannot be landed: {error}; nothing of this read was landed"
        ) from error
    return Version(record.key, digest, bool(record.deleted)), text, record.vendor_stamp


def _versions_in(path: Path) -> Iterator[Version]:
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(BATCH, columns=["key", "payload_hash", "deleted"]):
            yield from map(Version._make, zip(*(column.to_pylist() for column in batch.columns), strict=True))


def _moment_after_last(folder: Path) -> datetime:
    """Now, or a microsecond after the newest landing of the entity if the clock was set back since."""
    now = datetime.now(UTC)
    newest = ""
    for name in os.listdir(folder):
        if name.startswith("."):
            # Left by a process that died while writing: whoever holds the entity's turn is the only writer.
            (folder / name).unlink(missing_ok=True)
        elif name.endswith(".parquet"):
            newest = max(newest, name)
    if newest:
        last = datetime.strptime(newest.split("Z-")[0], _STAMP).replace(tzinfo=UTC)
        now = max(now, last + timedelta(microseconds=1))
    return now


def _make_folder(raw: Path, folder: Path) -> None:
    if folder.is_dir():
        return
    folder.mkdir(parents=True, exist_ok=True)
    for parent in (folder.parent, raw, raw.parent):
        sync_folder(parent)


def _number(value: Any) -> orjson.Fragment:
    if isinstance(value, Decimal) and value.is_finite():
        return orjson.Fragment(str(value))
    raise TypeError(f"{type(value).__name__} {value!r} is not JSON")


def _wide_integers(value: Any) -> Any:
    """`value` with its integers beyond 64 bits as ready-made JSON."""
    if isinstance(value, dict):
        return {key: _wide_integers(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_wide_integers(item) for item in value]
    if isinstance(value, int) and not isinstance(value, bool) and not -(2**63) <= value < 2**63:
        return orjson.Fragment(str(value))
    return value
