"""What dbt's manifest means in Dagster: keys, groups, lineage, checks.

Belongs here: the translation of nodes to asset specs and of tests to check specs.
Does not belong here: running anything (`assets.py`).

Keys are `[schema, model]`; dbt's sources are the raw assets, so lineage runs from the vendors to `outbound/diff_*`.
dagster-dbt's own selection engine is not used: it would load dbt's graph and command line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator

from fbinfor_assets.defs.naming import OWNERS

Manifest = Mapping[str, Any]
_ASSETS = {"model", "seed", "snapshot"}


class Translator(DagsterDbtTranslator):
    """dagster-dbt's reading of a node, with our keys, groups and owners."""

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """`[schema, name]` of a model or seed, `[source, table]` of a source."""
        if dbt_resource_props["resource_type"] == "source":
            return dg.AssetKey([dbt_resource_props["source_name"], dbt_resource_props["name"]])
        return dg.AssetKey([dbt_resource_props["schema"], dbt_resource_props["name"]])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """The layer: staging, canonical, matched, outbound, reports, lookups."""
        return dbt_resource_props["schema"]

    def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """The model's description; its SQL is in the repository."""
        return dbt_resource_props.get("description", "")

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> list[str]:
        """All models belong to the same team."""
        return OWNERS


@dataclass(frozen=True)
class DbtSpecs:
    """Specs of all models and seeds (each behind those it reads), of their tests, and of sources that no landing makes.

    `key_of`: asset key by dbt unique id; `check_of`: check key by the unique id of a test.
    """

    assets: list[dg.AssetSpec]
    checks: list[dg.AssetCheckSpec]
    external: list[dg.AssetSpec]
    key_of: dict[str, dg.AssetKey]
    check_of: dict[str, dg.AssetCheckKey]


def dbt_specs(manifest: Manifest) -> DbtSpecs:
    """Read the manifest. Raises `dagster.DagsterInvalidDefinitionError` for two nodes of one key."""
    translator = Translator()
    key_of: dict[str, dg.AssetKey] = {}
    specs: list[dg.AssetSpec] = []
    for unique_id, node in sorted(manifest["nodes"].items()):
        if node["resource_type"] in _ASSETS and node["config"].get("materialized") != "ephemeral":
            spec = translator.get_asset_spec(manifest, unique_id, None)
            key_of[unique_id] = spec.key
            specs.append(spec)
    checks: list[dg.AssetCheckSpec] = []
    check_of: dict[str, dg.AssetCheckKey] = {}
    by_key = {spec.key: spec for spec in specs}
    for unique_id, node in sorted(manifest["nodes"].items()):
        if node["resource_type"] != "test":
            continue
        for parent in manifest["parent_map"].get(unique_id, []):
            if parent not in key_of:
                continue
            check = translator.get_asset_check_spec(by_key[key_of[parent]], manifest, unique_id, None)
            if check is not None:
                checks.append(check)
                check_of[unique_id] = check.key
                break
    external = [
        dg.AssetSpec(
            translator.get_asset_key(source),
            group_name="operations",
            description=source.get("description") or None,
            owners=OWNERS,
            kinds={"duckdb"},
        )
        for _, source in sorted(manifest["sources"].items())
        if source["source_name"] != "raw"
    ]
    return DbtSpecs(_in_order(specs), checks, external, key_of, check_of)


def _in_order(specs: list[dg.AssetSpec]) -> list[dg.AssetSpec]:
    by_key = {spec.key: spec for spec in specs}
    reads = {spec.key: sorted({dep.asset_key for dep in spec.deps} & set(by_key)) for spec in specs}
    return [by_key[key] for key in TopologicalSorter(reads).static_order()]


def model_names(manifest: Manifest, specs: DbtSpecs, keys: set[dg.AssetKey]) -> list[str]:
    """dbt selectors (model names) of these asset keys."""
    return [manifest["nodes"][unique_id]["name"] for unique_id, key in specs.key_of.items() if key in keys]
