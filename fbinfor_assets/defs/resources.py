"""Resources: the assembled product, and who wants to hear about progress.

Belongs here: how Dagster gets an `App` (fbinfor_assets/app.py) and closes it.
Does not belong here: what the app is made of.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import dagster as dg

from fbinfor_assets.app import App

CONNECTIONS_VARIABLE = "FBINFOR_CONNECTIONS"
POLICY_VARIABLE = "FBINFOR_POLICY"

# progress(what, done, total): `what` names step and object, e.g. "send m3__orders".
Progress = Callable[[str, int, int], None]


@dg.resource(
    config_schema={
        "home": dg.Field(
            dg.Noneable(str), default_value=None, description="Folder of everything that is written."
        ),
        "connections": dg.Field(dg.Noneable(str), default_value=None, description="Connections file."),
        "policy": dg.Field(dg.Noneable(str), default_value=None, description="Accounting policy."),
    },
    description="Configuration, stores and clients of one home; opened when first used, closed after the run.",
)
def app_resource(context: dg.InitResourceContext) -> Iterator[App]:
    """The app of one home: `home`, `connections` and `policy` by config, else FBINFOR_HOME, FBINFOR_CONNECTIONS and
    FBINFOR_POLICY, else where `App.open` looks. Raises `ConfigError`."""
    config = context.resource_config
    with App.open(
        config["home"],
        _path(config["connections"] or os.environ.get(CONNECTIONS_VARIABLE)),
        _path(config["policy"] or os.environ.get(POLICY_VARIABLE)),
    ) as app:
        yield app


def _path(value: str | None) -> Any:
    from pathlib import Path

    return Path(value) if value else None


def no_progress(what: str, done: int, total: int) -> None:
    """Nobody listens."""


def resources(overrides: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """All resources by key; `overrides` replaces some, by a definition or by the object itself."""
    return {
        "app": app_resource,
        "progress": dg.ResourceDefinition.hardcoded_resource(no_progress),
        **{
            key: value
            if isinstance(value, dg.ResourceDefinition)
            else dg.ResourceDefinition.hardcoded_resource(value)
            for key, value in (overrides or {}).items()
        },
    }
