"""What dbt's manifest means in Dagster: keys, groups, lineage, columns, tags, checks.

Belongs here: the translation of nodes and sources to asset specs and their metadata, of tests to check specs.
Does not belong here: running anything (`assets.py`).

Keys are `[schema, model]`; dbt's sources are the raw assets, so lineage runs from the vendors to `outbound/diff_*`.
dagster-dbt's own selection engine is not used: it would load dbt's graph and command line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator

from fbinfor_assets.app import DBT_PROJECT
from fbinfor_assets.defs.automation import Automation
from fbinfor_assets.defs.naming import BUILT, OWNERS, REPORTS, tags

Manifest = Mapping[str, Any]
_ASSETS = {"model", "seed", "snapshot"}
# Tags of a column in a .yml of the project: it holds personal data, or amounts that its type does not tell (a payload).
PII, MONEY = "pii", "money"
_AMOUNT = re.compile(r"decimal\(18, ?[23]\)", re.IGNORECASE)


class Translator(DagsterDbtTranslator):
    """dagster-dbt's reading of a node, with our keys, groups, owners, tags and metadata."""

    def __init__(self, manifest: Manifest) -> None:
        super().__init__()
        self._manifest = manifest

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

    def get_tags(self, dbt_resource_props: Mapping[str, Any]) -> Mapping[str, str]:
        """Layer, system, and whether personal data or amounts are in it."""
        props = dbt_resource_props
        return tags(props["schema"], props["name"], **holds(props))

    def get_metadata(self, dbt_resource_props: Mapping[str, Any]) -> Mapping[str, Any]:
        """Columns, the relation, the SQL and where it stands; dagster-dbt's own would leave the constraints out."""
        return about_table(self._manifest, dbt_resource_props)


def source_of(manifest: Manifest, table: str) -> Mapping[str, Any]:
    """The node of dbt's source `raw.<table>`. Raises `KeyError` if models/sources.yml does not describe it."""
    found = {node["name"]: node for node in manifest["sources"].values() if node["source_name"] == "raw"}
    return found[table]


def holds(node: Mapping[str, Any]) -> dict[str, bool]:
    """Whether a model, seed or source has personal data and amounts, by its columns."""
    columns = node["columns"].values()
    return {
        "pii": any(PII in column["tags"] for column in columns),
        "money": any(
            MONEY in column["tags"] or _AMOUNT.fullmatch(column["data_type"] or "") for column in columns
        ),
    }


def about_table(manifest: Manifest, node: Mapping[str, Any]) -> dict[str, Any]:
    """Metadata of a model, seed or source: its columns with types and constraints, its relation, its file and SQL."""
    limits = _constraints(manifest, node["unique_id"])
    columns = [
        dg.TableColumn(
            name=name,
            type=column["data_type"] or "?",
            description=column["description"],
            tags=dict.fromkeys(column["tags"], ""),
            constraints=limits.get(name),
        )
        for name, column in node["columns"].items()
    ]
    about: dict[str, Any] = {
        "dagster/column_schema": dg.TableSchema(columns=columns),
        "dagster/table_name": f"{node['database']}.{node['schema']}.{node['name']}",
        "file": f"{DBT_PROJECT.name}/{node['original_file_path']}",
    }
    if node["resource_type"] == "model":
        about["materialized"] = node["config"]["materialized"]
        about["sql"] = dg.MetadataValue.md(f"```sql\n{node['raw_code'].strip()}\n```")
    return about


def _constraints(manifest: Manifest, unique_id: str) -> dict[str, dg.TableColumnConstraints]:
    """By column, what dbt's tests make sure of."""
    tested: dict[str, list[Mapping[str, Any]]] = {}
    for child in manifest["child_map"].get(unique_id, ()):
        test = manifest["nodes"].get(child, {})
        if test.get("attached_node") == unique_id and test.get("column_name"):
            tested.setdefault(test["column_name"], []).append(test["test_metadata"])
    return {column: _constraint(found) for column, found in tested.items()}


def _constraint(tests: list[Mapping[str, Any]]) -> dg.TableColumnConstraints:
    names = {test["name"] for test in tests}
    other = []
    for test in tests:
        if test["name"] == "accepted_values":
            other.append("one of " + ", ".join(map(str, test["kwargs"]["values"])))
        elif test["name"] == "relationships":
            # `to` is the text of a ref('…').
            to = test["kwargs"]["to"].removeprefix("ref('").removesuffix("')")
            other.append(f"is in {to}.{test['kwargs']['field']}")
    return dg.TableColumnConstraints(
        nullable=not names & {"is_key", "not_null"},
        unique=bool(names & {"is_key", "unique"}),
        other=sorted(other),
    )


@dataclass(frozen=True)
class DbtSpecs:
    """Specs of models and seeds (each behind those it reads), of their tests, and of sources that no landing makes.

    `assets` ends with the build itself, which follows all of them; `reports` are built apart from it. `key_of`: asset key
    by dbt unique id; `check_of`: check key by the unique id of a test.
    """

    assets: list[dg.AssetSpec]
    checks: list[dg.AssetCheckSpec]
    reports: list[dg.AssetSpec]
    report_checks: list[dg.AssetCheckSpec]
    external: list[dg.AssetSpec]
    key_of: dict[str, dg.AssetKey]
    check_of: dict[str, dg.AssetCheckKey]


def dbt_specs(manifest: Manifest, automation: Automation) -> DbtSpecs:
    """Read the manifest. Raises `dagster.DagsterInvalidDefinitionError` for two nodes of one key."""
    translator = Translator(manifest)
    key_of: dict[str, dg.AssetKey] = {}
    specs: list[dg.AssetSpec] = []
    for unique_id, node in sorted(manifest["nodes"].items()):
        if node["resource_type"] in _ASSETS and node["config"].get("materialized") != "ephemeral":
            spec = translator.get_asset_spec(manifest, unique_id, None)
            layer = REPORTS if spec.group_name == REPORTS else "models"
            spec = spec.replace_attributes(freshness_policy=automation.freshness[layer])
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
            description=source["description"],
            owners=OWNERS,
            kinds={"duckdb"},
            tags=tags("ops", **holds(source)),
            metadata=about_table(manifest, source),
        )
        for _, source in sorted(manifest["sources"].items())
        if source["source_name"] != "raw"
    ]
    reports = {spec.key for spec in specs if spec.group_name == REPORTS}
    models = _in_order([spec for spec in specs if spec.key not in reports])
    return DbtSpecs(
        [*models, _built(models, automation)],
        [check for check in checks if check.asset_key not in reports],
        _in_order([spec for spec in specs if spec.key in reports]),
        [check for check in checks if check.asset_key in reports],
        external,
        key_of,
        check_of,
    )


def _built(models: list[dg.AssetSpec], automation: Automation) -> dg.AssetSpec:
    read = {dep.asset_key for spec in models for dep in spec.deps}
    return dg.AssetSpec(
        BUILT,
        deps=[spec.key for spec in models if spec.key not in read],
        skippable=True,
        group_name="warehouse",
        description="The last build: what was loaded, which models a change reached, whether all of it held. Delivery, "
        "reports and the published snapshot go by it.",
        owners=OWNERS,
        kinds={"dbt", "duckdb"},
        tags=tags("warehouse"),
        freshness_policy=automation.freshness["warehouse"],
    )


def _in_order(specs: list[dg.AssetSpec]) -> list[dg.AssetSpec]:
    by_key = {spec.key: spec for spec in specs}
    reads = {spec.key: sorted({dep.asset_key for dep in spec.deps} & set(by_key)) for spec in specs}
    return [by_key[key] for key in TopologicalSorter(reads).static_order()]


def model_names(manifest: Manifest, specs: DbtSpecs, keys: set[dg.AssetKey]) -> list[str]:
    """dbt selectors (model names) of these asset keys."""
    return [manifest["nodes"][unique_id]["name"] for unique_id, key in specs.key_of.items() if key in keys]
