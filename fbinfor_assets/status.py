"""What stands where: read-only views over both stores for the command line (and later the console).

Belongs here: status, plan, what holds a document back.
Does not belong here: showing them (cli.py), changing anything.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import func, select

from fbinfor_assets.app import App
from fbinfor_assets.domain.reconciliation import Pending, sale_of
from fbinfor_assets.store import dead_letters, intents, schema

OBJECTS = (
    "freshbooks__clients",
    "freshbooks__invoices",
    "freshbooks__credit_notes",
    "m3__items",
    "m3__customers",
    "m3__orders",
    "m3__credit_orders",
    "m3__receipts",
)

#: Objects whose dead letters and intents are about a sale, so that they explain a document.
_OF_SALES = (
    "freshbooks__invoices",
    "freshbooks__credit_notes",
    "m3__orders",
    "m3__credit_orders",
    "m3__receipts",
)


def read_status(app: App) -> dict[str, Any]:
    """Last complete build, flows, landings with watermarks, intents by state, open dead letters. Instants in UTC."""
    build = app.warehouse.last_build("complete")
    with app.store.read() as tx:
        landed = tx.execute(
            select(
                schema.landing.c.system,
                schema.landing.c.entity,
                func.sum(schema.landing.c.rows).label("versions"),
                func.max(schema.cursor.c.watermark).label("watermark"),
            )
            .join_from(
                schema.landing,
                schema.cursor,
                (schema.cursor.c.system == schema.landing.c.system)
                & (schema.cursor.c.entity == schema.landing.c.entity),
                isouter=True,
            )
            .group_by(schema.landing.c.system, schema.landing.c.entity)
            .order_by(schema.landing.c.system, schema.landing.c.entity)
        ).all()
        counts = intents.counts(tx)
        letters = dead_letters.open_letters(tx)
    return {
        "home": str(app.paths.home),
        "sandbox": app.connections.sandbox,
        "build": {
            "generation": build.generation,
            "finished_at": build.finished_at.isoformat() if build.finished_at else None,
        }
        if build
        else None,
        "flows": {name: flow.mode for name, flow in app.policy.flows.items()},
        "landings": [list(row) for row in landed],
        "intents": [[object_, state, count] for (object_, state), count in sorted(counts.items())],
        "dead_letters": [
            [letter.object, letter.business_key, letter.rule, letter.field, letter.value, letter.message]
            for letter in letters
        ],
    }


def read_plan(app: App, object_name: str | None = None) -> list[dict[str, Any]]:
    """Outbound rows that would be sent, are blocked or in conflict, each with its changes field by field.

    A create shows every field of its payload with old None. Raises `WarehouseError` if the last build is not complete.
    """
    entries = []
    for name in (object_name,) if object_name else OBJECTS:
        for row in app.warehouse.outbound_rows(name, ("create", "update", "blocked", "conflict")):
            changes = row["diff"] or [
                {"field": field, "old": None, "new": new} for field, new in _flat(row["payload"] or {})
            ]
            entries.append(
                {
                    "object": name,
                    "operation": row["operation"],
                    "business_key": row["business_key"],
                    "target_ref": row["target_ref"],
                    "cause": row["cause"],
                    "reason": row["reason"],
                    "currency": row["currency"],
                    "amount": row["amount"],
                    "changes": changes,
                }
            )
    return entries


def _flat(value: Any, path: str = "") -> list[tuple[str, Any]]:
    """(path, value) of every leaf of a payload, lines numbered from 1."""
    if isinstance(value, dict):
        return [leaf for key in value for leaf in _flat(value[key], f"{path}.{key}" if path else key)]
    if isinstance(value, list):
        return [leaf for n, item in enumerate(value, 1) for leaf in _flat(item, f"{path}[{n}]")]
    if isinstance(value, Decimal):
        value = format(value, "f")
    return [(path, value)] if value not in (None, "") else []


def pending_causes(app: App) -> dict[str, Pending]:
    """What our side is holding, per sale (or `payment:<id>`): the intent or dead letter and the cause it stands for.

    An intent that is under way is "in transit"; one that is in doubt, in conflict or dead, and an open dead letter, is
    "held".
    """
    found: dict[str, Pending] = {}
    with app.store.read() as tx:
        for name in _OF_SALES:
            for state in ("planned", "ready", "sending", "acknowledged", "in_doubt", "conflict", "dead"):
                for intent in intents.in_state(tx, name, state):
                    cause = "held" if state in ("in_doubt", "conflict", "dead") else "in transit"
                    found[_document(intent.business_key)] = Pending(f"intent {intent.id}", cause)
            for letter in dead_letters.open_letters(tx, name):
                found[_document(letter.business_key)] = Pending(f"dead letter {letter.id}", "held")
    return found


def _document(business_key: str) -> str:
    return business_key if ":" in business_key else sale_of(business_key)
