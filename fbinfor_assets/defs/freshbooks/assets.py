"""Raw FreshBooks assets.

Belongs here: which entities are landed. Does not belong here: how they are read (`extract.py`).
"""

from __future__ import annotations

import dagster as dg

from fbinfor_assets.defs.automation import Automation
from fbinfor_assets.defs.freshbooks import extract
from fbinfor_assets.defs.landing import Entity, raw_asset
from fbinfor_assets.defs.warehouse.specs import Manifest

ENTITIES = (
    Entity(
        "freshbooks",
        "clients",
        "FreshBooks clients, one row per version. Read by `updated_min`, a day's overlap; deleted ones by vis_state 1.",
        lambda app, cursor: extract.changed(app.freshbooks, "clients", cursor),
    ),
    Entity(
        "freshbooks",
        "invoices",
        "FreshBooks invoices with their lines, one row per version. Their state follows from amounts, never from `status`.",
        lambda app, cursor: extract.changed(app.freshbooks, "invoices", cursor),
    ),
    Entity(
        "freshbooks",
        "payments",
        "FreshBooks payments, one row per version; an overpayment names the credit note that it split off.",
        lambda app, cursor: extract.changed(app.freshbooks, "payments", cursor),
    ),
    Entity(
        "freshbooks",
        "credit_notes",
        "FreshBooks credit notes, read whole each time: they carry no change stamp (freshbooks-api 7.7).",
        lambda app, cursor: extract.whole(app.freshbooks, "credit_notes"),
        polled=False,
    ),
)


def assets(automation: Automation, manifest: Manifest) -> list[dg.AssetsDefinition]:
    """One raw asset per entity; `manifest` describes its table as dbt's source."""
    kinds = {"freshbooks", "parquet"}
    return [
        raw_asset(entity, group="freshbooks", kinds=kinds, automation=automation, manifest=manifest)
        for entity in ENTITIES
    ]
