"""Raw M3 assets.

Belongs here: which entities are landed. Does not belong here: how they are read (`extract.py`).
"""

from __future__ import annotations

import dagster as dg

from fbinfor_assets.defs.automation import Automation
from fbinfor_assets.defs.infor import extract
from fbinfor_assets.defs.landing import Entity, raw_asset
from fbinfor_assets.defs.warehouse.specs import Manifest

ENTITIES = (
    Entity(
        "m3",
        "customers",
        "M3 customers (CRS610MI LstByNumber by LMTS), one row per version.",
        lambda app, cursor: extract.customers(app.m3, cursor),
    ),
    Entity(
        "m3",
        "items",
        "M3 items (MMS200MI SelItem by LMTS), one row per version.",
        lambda app, cursor: extract.items(app.m3, cursor),
    ),
    Entity(
        "m3",
        "orders",
        "M3 customer orders with their lines (found by EXPORTMI on OOHEAD, read by OIS100MI), one row per version.",
        lambda app, cursor: extract.orders(app.m3, cursor),
    ),
    Entity(
        "m3",
        "invoices",
        "M3 customer invoices with their lines (EXPORTMI on OINVOH and ODLINE), one row per version.",
        lambda app, cursor: extract.invoices(app.m3, cursor),
    ),
    Entity(
        "m3",
        "ledger",
        "Rows of M3's receivables ledger (EXPORTMI on FSLEDG): invoices, receipts, what stands on account.",
        lambda app, cursor: extract.ledger(app.m3, cursor),
    ),
)


def assets(automation: Automation, manifest: Manifest) -> list[dg.AssetsDefinition]:
    """One raw asset per entity; `manifest` describes its table as dbt's source."""
    kinds = {"infor", "parquet"}
    return [
        raw_asset(entity, group="infor", kinds=kinds, automation=automation, manifest=manifest)
        for entity in ENTITIES
    ]
