"""The product assembled: configuration, stores and clients of one home, made when first used.

Belongs here: which file is read when none is named, which part gets which setting, closing everything.
Does not belong here: Dagster (defs/resources.py wraps an `App`), what any part does.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from fbinfor_assets.clients.freshbooks import FreshBooksClient
from fbinfor_assets.clients.infor import M3Client
from fbinfor_assets.clients.shop import ShopClient
from fbinfor_assets.config import (
    ConfigError,
    Connections,
    Paths,
    connections_from_sandbox,
    load_connections,
    load_policy,
    write_connections,
)
from fbinfor_assets.delivery.settings import Clients, DeliverySettings
from fbinfor_assets.domain.policy import Policy
from fbinfor_assets.store import Store, cursors, landings, open_store
from fbinfor_assets.store.tokens import StoreTokens
from fbinfor_assets.warehouse import Landing, Version, Warehouse

ROOT = Path(__file__).resolve().parents[1]
CONFIG = ROOT / "config"
DBT_PROJECT = ROOT / "dbt_project"
SUITES = ROOT / "great_expectations" / "expectations"


class StoreSeen:
    """The warehouse's memory of landings, kept in the operational store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def known(self, system: str, entity: str, keys: Sequence[str]) -> Mapping[str, str]:
        with self._store.read() as tx:
            return {key: row.payload_hash for key, row in landings.known(tx, system, entity, keys).items()}

    def mark(
        self,
        landing: Landing,
        versions: Iterable[Version],
        watermark: str | None,
        extra: Mapping[str, Any] | None,
    ) -> None:
        with self._store.write() as tx:
            if landing.rows:
                landings.record(
                    tx,
                    landing_id=landing.landing_id,
                    system=landing.system,
                    entity=landing.entity,
                    file=str(landing.file) if landing.file else None,
                    rows=landing.rows,
                    run_id=landing.run_id,
                    versions=(landings.Landed(one.key, one.hash, one.deleted) for one in versions),
                )
            if watermark is not None:
                cursors.put(tx, landing.system, landing.entity, watermark, dict(extra) if extra else None)


class App:
    """Everything of one home. Parts are made when first used; `close()` (or the context manager) closes what was made."""

    def __init__(self, paths: Paths, connections: Connections, policy: Policy) -> None:
        self.paths = paths
        self.connections = connections
        self.policy = policy

    @classmethod
    def open(
        cls,
        home: Path | str | None = None,
        connections: Path | None = None,
        policy: Path | None = None,
    ) -> Self:
        """Read the configuration.

        connections: the named file, else config/connections.yml, else the one that the sandbox left in the home, which
        follows the home's own sandbox to where it answers since it was opened again.
        policy: the named file, else config/policy.sandbox.yml for the sandbox and config/policy.yml for anything else.

        Raises `ConfigError` or `PolicyError` naming the file and the setting.
        """
        paths = Paths(home)
        chosen = connections_file(paths, connections)
        loaded = load_connections(chosen, paths)
        if connections is None and chosen == paths.connections:
            loaded = follow_sandbox(loaded, paths)
        return cls(paths, loaded, load_policy(policy_file(loaded, policy)))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the clients and the store that were made."""
        made = vars(self)
        for name in ("freshbooks", "m3", "shop", "store"):
            if name in made:
                made.pop(name).close()
        made.pop("warehouse", None)

    @cached_property
    def store(self) -> Store:
        """The operational store. Raises `StoreError`."""
        return open_store(self.paths.store)

    @cached_property
    def freshbooks(self) -> FreshBooksClient:
        """FreshBooks; its rotating token pair lives in the operational store."""
        return FreshBooksClient(
            self.connections.freshbooks, token_store=StoreTokens(self.store, "freshbooks")
        )

    @cached_property
    def m3(self) -> M3Client:
        """M3 behind the Infor gateway."""
        return M3Client.from_settings(self.connections.infor, token_store=StoreTokens(self.store, "infor"))

    @cached_property
    def shop(self) -> ShopClient:
        """The shop."""
        return ShopClient(self.connections.shop)

    @cached_property
    def warehouse(self) -> Warehouse:
        """The warehouse with the store's memory behind it."""
        return Warehouse(
            self.paths.home,
            DBT_PROJECT,
            seen=StoreSeen(self.store),
            ops=self.store,
            policy=self.policy.for_warehouse(self.connections.freshbooks.account_id),
        )

    @property
    def clients(self) -> Clients:
        """The clients that delivery writes with."""
        return Clients(freshbooks=self.freshbooks, m3=self.m3)

    @property
    def delivery_settings(self) -> DeliverySettings:
        """Delivery's limits under this policy."""
        return DeliverySettings(visibility_lag_seconds=self.policy.visibility_lag_seconds)


def connections_file(paths: Paths, chosen: Path | None = None) -> Path:
    """The connections file in force. Raises `ConfigError` saying where one can lie."""
    if chosen is not None:
        return chosen
    for candidate in (CONFIG / "connections.yml", paths.connections):
        if candidate.exists():
            return candidate
    raise ConfigError(
        str(CONFIG / "connections.yml"),
        ["there is no connections file, here or in the home " + str(paths.home)],
        "run `fbinfor demo` (or `fbinfor up`) for the sandbox, or copy config/connections.example.yml",
    )


def follow_sandbox(loaded: Connections, paths: Paths) -> Connections:
    """`loaded`, or the connections of the home's own sandbox where it answers at other addresses by now.

    The sandbox writes where it is into its state folder whenever it starts; the home's file is then rewritten.
    """
    line = paths.sandbox / "sandbox.json"
    if not loaded.sandbox or not line.is_file():
        return loaded
    now = connections_from_sandbox(json.loads(line.read_text(encoding="utf-8")), paths)
    if _addresses(now) == _addresses(loaded):
        return loaded
    write_connections(now, paths.connections)
    return now


def _addresses(connections: Connections) -> tuple[str, ...]:
    return (connections.freshbooks.base_url, connections.infor.ionapi.iu, connections.shop.base_url)


def policy_file(connections: Connections, chosen: Path | None = None) -> Path:
    """The policy file in force; the sandbox's own is never used for a real host (`ConfigError`)."""
    sandbox = CONFIG / "policy.sandbox.yml"
    if chosen is None:
        return sandbox if connections.sandbox else CONFIG / "policy.yml"
    if chosen.resolve() == sandbox.resolve() and not connections.sandbox:
        raise ConfigError(
            str(chosen), ["it is the sandbox's policy and the hosts are real"], "use config/policy.yml"
        )
    return chosen
