"""Names that several folders share: systems, entities, outbound objects, asset keys, owners, tags.

Belongs here: constants and key builders. Does not belong here: anything that does something.
"""

from __future__ import annotations

import dagster as dg

OWNERS = ["team:finance-operations"]

# Outbound objects in the order in which a pass writes them: what others need comes first.
OBJECTS = (
    "freshbooks__clients",
    "m3__items",
    "m3__customers",
    "freshbooks__invoices",
    "freshbooks__credit_notes",
    "m3__orders",
    "m3__credit_orders",
    "m3__receipts",
)

# The flow of config/policy.yml whose mode decides whether an object is written at all.
FLOW_OF = {
    "freshbooks__clients": "parties",
    "m3__customers": "parties",
    "m3__items": "sale",
    "freshbooks__invoices": "sale",
    "freshbooks__credit_notes": "sale",
    "m3__orders": "sale",
    "m3__credit_orders": "sale",
    "m3__receipts": "sale",
}

# Objects whose payloads name a person or say where one lives, and objects whose payloads hold amounts.
PERSONAL = frozenset({"freshbooks__clients", "m3__customers"})
AMOUNTS = frozenset(OBJECTS) - {"freshbooks__clients", "m3__customers", "m3__items"}

# Runs that move the whole product one step wait for each other in the run queue (runtime/dagster.yaml).
TURN = {"fbinfor/turn": "sync"}


def raw_key(system: str, entity: str) -> dg.AssetKey:
    """`raw/freshbooks__clients`: also the key of dbt's source of that name."""
    return dg.AssetKey(["raw", f"{system}__{entity}"])


def diff_key(object_: str) -> dg.AssetKey:
    """`outbound/diff_m3__orders`: dbt's model of what should be written."""
    return dg.AssetKey(["outbound", f"diff_{object_}"])


def gate_key(object_: str) -> dg.AssetKey:
    """`gates/m3__orders`: the verdict over that."""
    return dg.AssetKey(["gates", object_])


def outbound_key(object_: str) -> dg.AssetKey:
    """`outbound/m3__orders`: the writing of it."""
    return dg.AssetKey(["outbound", object_])


# The build of all models but the reports, as an asset: what follows every pass follows it.
BUILT = dg.AssetKey(["warehouse", "build"])
PUBLISHED = dg.AssetKey(["warehouse", "published"])

# The group of what is made apart from passes: dbt's report models, and what is drawn from them.
REPORTS = "reports"

# Systems by the prefix of an entity, an outbound object or a staging model.
SYSTEMS = ("freshbooks", "m3", "shop")


def tags(layer: str, about: str = "", *, pii: bool = False, money: bool = False) -> dict[str, str]:
    """Tags of an asset: its layer, the system that `about` begins with (if any), whether it holds personal data or amounts.

    `tag:pii` in the search of the Dagster page then finds every table that a request for deletion is about.
    """
    system = next((name for name in SYSTEMS if about.removeprefix("stg_").startswith(f"{name}__")), None)
    return {
        "layer": layer,
        **({"system": system} if system else {}),
        **({"pii": ""} if pii else {}),
        **({"money": ""} if money else {}),
    }


def does(what: str) -> dict[str, str]:
    """The tag of a job that says what kind of work it is: pass, landing, building, judging, delivery, reporting, upkeep."""
    return {"fbinfor/does": what}
