"""The operational store: what must never be lost, in many small durable transactions.

Belongs here: the schema, the engine, and one small module of functions per table (cursors, landings, crosswalk,
agreed values, gate verdicts, intents and attempts, dead letters, tokens).
Does not belong here: rules of the business (an intent's life is `delivery/intents.py`), vendors, the warehouse.

SQLite is used through `pysqlite3` only: two SQLite libraries on one file break each other's locks (DESIGN 3).
"""

from fbinfor_assets.store.engine import (
    Changes,
    Store,
    StoreError,
    StoreTooNew,
    StoreTooOldSqlite,
    Transaction,
    open_store,
)

__all__ = [
    "Changes",
    "Store",
    "StoreError",
    "StoreTooNew",
    "StoreTooOldSqlite",
    "Transaction",
    "open_store",
]
