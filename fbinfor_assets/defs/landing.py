"""Landing, the same for every system: the pull of an entity becomes a raw asset, or the answer to "anything new?".

Belongs here: the shape of a pull, the factory of raw assets, the cheap look before a run.
Does not belong here: how an entity is read (`<system>/extract.py`), the file (`warehouse/landing.py`).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import dagster as dg

from fbinfor_assets.app import App
from fbinfor_assets.clients.errors import ClientError
from fbinfor_assets.defs.automation import Automation
from fbinfor_assets.defs.naming import OWNERS, raw_key, tags
from fbinfor_assets.defs.warehouse.specs import Manifest, about_table, holds, source_of
from fbinfor_assets.store import StoreError, cursors, landings
from fbinfor_assets.store.cursors import Cursor
from fbinfor_assets.warehouse import Record, WarehouseError
from fbinfor_assets.warehouse.landing import version_hash

_LOOK = 100


@dataclass(frozen=True)
class Pull:
    """One reading of an entity. `records` is lazy; `watermark()` is asked after its last record (None: keep the old)."""

    records: Iterator[Record]
    watermark: Callable[[], str | None]


@dataclass(frozen=True)
class Entity:
    """One entity of one system.

    `pull(app, cursor)` reads what changed since the cursor, all of it for an empty one. `polled`: whether a sensor may
    look at it often (false where the vendor has no changed-since filter and everything would be read each time).
    """

    system: str
    name: str
    description: str
    pull: Callable[[App, Cursor], Pull]
    polled: bool = True


def raw_asset(
    entity: Entity, *, group: str, kinds: set[str], automation: Automation, manifest: Manifest
) -> dg.AssetsDefinition:
    """The asset `raw/<system>__<entity>`: lands what is new, moves the cursor.

    Metadata: rows, read, folder, file, watermark; columns as `manifest` has them of dbt's source.
    """
    about = f"{entity.system}__{entity.name}"
    source = source_of(manifest, about)

    @dg.asset(
        key=raw_key(entity.system, entity.name),
        group_name=group,
        description=entity.description,
        owners=OWNERS,
        kinds=kinds,
        tags=tags("raw", about, **holds(source)),
        metadata=about_table(manifest, source),
        freshness_policy=automation.freshness["raw"],
        required_resource_keys={"app", "progress"},
    )
    def land(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        app: App = context.resources.app
        what = f"land {about}"
        context.resources.progress(what, 0, 0)
        with acting(f"{entity.system} {entity.name}"), app.warehouse.landing_turn(entity.system, entity.name):
            pull = entity.pull(app, _cursor(app, entity))
            landing = app.warehouse.land(
                entity.system, entity.name, pull.records, run_id=context.run.run_id, watermark=pull.watermark
            )
            watermark = _cursor(app, entity).watermark
        context.resources.progress(what, landing.rows, landing.rows)
        return dg.MaterializeResult(
            metadata={
                "rows": landing.rows,
                "read": landing.read,
                "folder": dg.MetadataValue.path(str(app.warehouse.raw_path / entity.system / entity.name)),
                "file": dg.MetadataValue.path(str(app.warehouse.raw_path / landing.file))
                if landing.file
                else "nothing new, no file",
                "watermark": watermark or "none",
            }
        )

    return land


def first_change(app: App, entities: Sequence[Entity]) -> str | None:
    """What would be landed first if these entities were read now, as a phrase; None if nothing is new.

    Reads through the same pulls as a landing, compares with what was landed, stops at the first difference, writes
    nothing. Raises `ClientError`.
    """
    for entity in entities:
        records = entity.pull(app, _cursor(app, entity)).records
        while batch := list(islice(records, _LOOK)):
            with app.store.read() as tx:
                known = landings.known(tx, entity.system, entity.name, [record.key for record in batch])
            for record in batch:
                seen = known.get(record.key)
                if seen is None or seen.payload_hash != version_hash(record.payload, record.deleted):
                    return f"{entity.system} {entity.name} {record.key} is {'changed' if seen else 'new'}"
    return None


def _cursor(app: App, entity: Entity) -> Cursor:
    with app.store.read() as tx:
        return cursors.get(tx, entity.system, entity.name)


class acting:
    """Turns our own errors into a `dagster.Failure` with their sentence, which the UI shows without a traceback."""

    def __init__(self, what: str) -> None:
        self.what = what

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, ClientError | WarehouseError | StoreError):
            raise dg.Failure(
                description=f"{self.what}: {error}", metadata=_about(error), allow_retries=False
            ) from error


def _about(error: BaseException) -> Mapping[str, Any]:
    found = getattr(error, "error_class", None)
    return {"error_class": str(getattr(found, "value", found))} if found else {}
