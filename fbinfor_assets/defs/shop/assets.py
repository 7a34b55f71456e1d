"""Raw shop assets.

Belongs here: which entities are landed. Does not belong here: how they are read (`extract.py`).
"""

from __future__ import annotations

import dagster as dg

from fbinfor_assets.defs.automation import Automation
from fbinfor_assets.defs.landing import Entity, raw_asset
from fbinfor_assets.defs.shop import extract
from fbinfor_assets.defs.warehouse.specs import Manifest

ENTITIES = (
    Entity(
        "shop",
        "orders",
        "Shop orders as they are, cancellations and adjustments among them; what each is, dbt decides.",
        lambda app, cursor: extract.orders(app.shop, cursor),
    ),
    Entity(
        "shop",
        "customers",
        "Registered shop customers, read whole each time: the shop has no changed-since filter for them.",
        lambda app, cursor: extract.customers(app.shop),
        polled=False,
    ),
)


def assets(automation: Automation, manifest: Manifest) -> list[dg.AssetsDefinition]:
    """One raw asset per entity; `manifest` describes its table as dbt's source."""
    kinds = {"woocommerce", "parquet"}
    return [
        raw_asset(entity, group="shop", kinds=kinds, automation=automation, manifest=manifest)
        for entity in ENTITIES
    ]
