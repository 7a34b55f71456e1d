"""What a user edits, read and checked: connections, the accounting policy, and where our own files lie.

Belongs here: reading `connections.yml` and `policy.yml`, resolving `env:` and `file:` values, and messages that name
the file, the setting and what to write instead.
Does not belong here: what a policy means (`domain/policy.py`), speaking to a vendor (`clients`), trying a
connection (`doctor.py`).

Sandbox and production read the same files; only hosts and secrets differ.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError, model_validator

from fbinfor_assets.clients.freshbooks import FreshBooksSettings
from fbinfor_assets.clients.infor import InforSettings
from fbinfor_assets.clients.shop import ShopSettings
from fbinfor_assets.clients.wire import is_loopback

if TYPE_CHECKING:
    from fbinfor_assets.domain.policy import Policy

HOME_VARIABLE = "FBINFOR_HOME"


class ConfigError(Exception):
    """A file of the configuration cannot be used: `source` names it, `problems` are sentences, `next_step` helps."""

    def __init__(self, source: str, problems: Iterable[str], next_step: str) -> None:
        self.source = source
        self.problems = tuple(problems)
        self.next_step = next_step
        super().__init__(f"{source}: {'; '.join(self.problems)}. Next: {next_step}.")


# ----------------------------------------------------------------------------------------------------- paths


@dataclass(frozen=True)
class Paths:
    """Where everything that we write lies, below one folder (`FBINFOR_HOME`, else `var` in the working folder)."""

    home: Path

    def __init__(self, home: Path | str | None = None) -> None:
        chosen = home if home is not None else os.environ.get(HOME_VARIABLE) or "var"
        object.__setattr__(self, "home", Path(chosen).absolute())

    @property
    def store(self) -> Path:
        """The operational store (SQLite)."""
        return self.home / "store" / "fbinfor.sqlite"

    @property
    def raw(self) -> Path:
        """Landed Parquet files, by system and entity: the warehouse can be rebuilt from them."""
        return self.home / "raw"

    @property
    def warehouse(self) -> Path:
        """The live DuckDB file; one writer at a time."""
        return self.home / "warehouse" / "warehouse.duckdb"

    @property
    def published(self) -> Path:
        """The snapshot that analysts read."""
        return self.home / "warehouse" / "published.duckdb"

    @property
    def reports(self) -> Path:
        """The reports as pages (`fbinfor report`)."""
        return self.home / "reports"

    @property
    def locks(self) -> Path:
        """Lock files shared by our processes."""
        return self.home / "locks"

    @property
    def tokens(self) -> Path:
        """Token files (0600) of connections whose tokens are not in the operational store."""
        return self.home / "tokens"

    @property
    def dagster(self) -> Path:
        """Dagster's own home."""
        return self.home / "dagster"

    @property
    def logs(self) -> Path:
        """Log files."""
        return self.home / "logs"

    @property
    def sandbox(self) -> Path:
        """The state of the simulators."""
        return self.home / "sandbox"

    @property
    def bench(self) -> Path:
        """Results of `make bench`."""
        return self.home / "bench"

    @property
    def connections(self) -> Path:
        """A connections file that was written for this home (by the sandbox)."""
        return self.home / "connections.yml"


# ---------------------------------------------------------------------------------------------- reading YAML


class _Loader(yaml.SafeLoader):
    """YAML as a person means it: 0.05 is a decimal, 2026-12-01 is text, NO is Norway, a key stands once."""


_Loader.yaml_implicit_resolvers = {
    first: [
        (tag, pattern)
        for tag, pattern in resolvers
        if tag not in ("tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:bool")
    ]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_BOOLS = re.compile("^(?:true|True|TRUE|false|False|FALSE)$")
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", _BOOLS, list("tTfF"))


def _decimal(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> Decimal:
    text = loader.construct_scalar(node)
    try:
        return Decimal(text.replace("_", ""))
    except InvalidOperation:  # .inf and .nan, which YAML calls numbers
        raise yaml.constructor.ConstructorError(
            None, None, f"{text} is not a finite number", node.start_mark
        ) from None


def _mapping(loader: yaml.SafeLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen = set()
    for key, _ in node.value:
        if key.value in seen:
            raise yaml.constructor.ConstructorError(None, None, f"{key.value!r} stands twice", key.start_mark)
        seen.add(key.value)
    return yaml.SafeLoader.construct_mapping(loader, node, deep=True)


_Loader.add_constructor("tag:yaml.org,2002:float", _decimal)
_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)


def read_yaml(path: Path) -> dict[str, Any]:
    """A YAML file whose top is a mapping: numbers with a point as Decimal, dates as text. Raises `ConfigError`."""
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(
            str(path), ["there is no such file"], "create it from the example beside it"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            str(path), [f"it cannot be read ({error})"], "check its permissions and encoding"
        ) from None
    try:
        document = yaml.load(text, Loader=_Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}: " if mark else ""
        problem = getattr(error, "problem", None) or str(error)
        raise ConfigError(str(path), [f"{where}{problem}"], "correct the YAML") from None
    if not isinstance(document, dict):
        raise ConfigError(str(path), ["its top level is not a mapping"], "start from the example beside it")
    return document


# ----------------------------------------------------------------------------------------------- connections


class Connections(BaseModel):
    """The three connections. `sandbox` may only be true if every host is this machine."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sandbox: bool = False
    freshbooks: FreshBooksSettings
    infor: InforSettings
    shop: ShopSettings

    @model_validator(mode="after")
    def _sandbox_is_here(self) -> Connections:
        if self.sandbox:
            for name, url in self.hosts().items():
                if not is_loopback(url):
                    raise ValueError(
                        f"sandbox is true but {name} is {url}: a real host is never treated as the sandbox"
                    )
        return self

    def hosts(self) -> dict[str, str]:
        """Every address that is connected to, by its setting."""
        return {
            "freshbooks.base_url": self.freshbooks.base_url,
            "infor.ionapi.pu": self.infor.ionapi.token_url,
            "infor.ionapi.iu": self.infor.ionapi.iu,
            "shop.base_url": self.shop.base_url,
        }

    def secrets(self) -> list[str]:
        """Every secret value, for redaction."""
        found: list[str] = []
        _collect(self, found)
        return found


def _collect(value: Any, found: list[str]) -> None:
    if isinstance(value, SecretStr):
        found.append(value.get_secret_value())
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            _collect(getattr(value, name), found)


def load_connections(path: Path, paths: Paths | None = None) -> Connections:
    """`connections.yml` with its `env:NAME` and `file:PATH` values filled in.

    `file:` paths are relative to the file's own folder. Locks for token renewal go below `paths.locks` unless the
    file says otherwise. Raises `ConfigError` listing every problem at once; it never quotes a secret.
    """
    path = Path(path)
    problems: list[str] = []
    document = _resolved(read_yaml(path), path.parent, "", problems)
    if problems:
        raise ConfigError(str(path), problems, "set the named variables and files, or write other values")
    return _validated(document, str(path), paths or Paths())


def connections_from_sandbox(document: Mapping[str, Any], paths: Paths | None = None) -> Connections:
    """Connections from the line of JSON that the sandbox prints when it is ready. Raises `ConfigError`."""
    try:
        # What else the sandbox tells about itself is not a setting of ours.
        freshbooks, infor, shop = (
            {key: value for key, value in dict(document[name]).items() if key in model.model_fields}
            for name, model in (
                ("freshbooks", FreshBooksSettings),
                ("infor", InforSettings),
                ("shop", ShopSettings),
            )
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ConfigError(
            "the sandbox's answer", [f"it lacks a part ({error})"], "start the sandbox of this version"
        ) from None
    return _validated(
        {"sandbox": True, "freshbooks": freshbooks, "infor": infor, "shop": shop},
        "the sandbox's answer",
        paths or Paths(),
    )


def write_connections(connections: Connections, path: Path) -> None:
    """Write connections to a file that only its owner can read (0600), secrets included, replacing it atomically."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.unlink(missing_ok=True)
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(
            "# Written by fbinfor; holds secrets. Edit a copy of config/connections.example.yml instead.\n"
        )
        yaml.safe_dump(_revealed(connections), file, sort_keys=False, allow_unicode=True)
        file.flush()
        os.fsync(file.fileno())
    os.replace(beside, path)


def _revealed(value: Any) -> Any:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, BaseModel):
        fields = {name: _revealed(getattr(value, name)) for name in type(value).model_fields}
        return {name: item for name, item in fields.items() if item is not None}
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, Path):
        return str(value)
    return value


def _resolved(value: Any, folder: Path, where: str, problems: list[str]) -> Any:
    if isinstance(value, dict):
        return {
            key: _resolved(item, folder, f"{where}.{key}".lstrip("."), problems)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_resolved(item, folder, f"{where}[{i}]", problems) for i, item in enumerate(value)]
    if isinstance(value, Decimal):
        return float(value)  # settings with a point are seconds; money is not configured here
    if not isinstance(value, str):
        return value
    if value.startswith("env:"):
        name = value[4:].strip()
        if not os.environ.get(name):
            problems.append(f"{where}: the environment variable {name} is not set")
            return ""
        return os.environ[name]
    if value.startswith("file:"):
        target = folder / Path(value[5:].strip()).expanduser()
        try:
            text = target.read_text(encoding="utf-8").strip()
            return json.loads(text) if where == "infor.ionapi" else text
        except OSError as error:
            problems.append(f"{where}: {target} cannot be read ({error.strerror})")
        except ValueError:
            problems.append(f"{where}: {target} does not hold what is expected (JSON for an .ionapi file)")
        return ""
    return value


def _validated(document: dict[str, Any], source: str, paths: Paths) -> Connections:
    for name in ("freshbooks", "infor"):
        part = document.get(name)
        if isinstance(part, dict) and not part.get("token_lock"):
            document = {**document, name: {**part, "token_lock": paths.locks / f"{name}-token.lock"}}
    try:
        return Connections.model_validate(document)
    except ValidationError as error:
        problems = [_sentence(item) for item in error.errors(include_url=False, include_input=False)]
        raise ConfigError(
            source, problems, "correct the named settings; config/connections.example.yml explains each"
        ) from None


def _sentence(item: Mapping[str, Any]) -> str:
    where = ".".join(str(part) for part in item["loc"])
    text = {
        "missing": "is missing",
        "extra_forbidden": "is not a setting",
    }.get(item["type"], str(item["msg"]).removeprefix("Value error, "))
    return f"{where}: {text}" if where else text


# ---------------------------------------------------------------------------------------------------- policy


def load_policy(path: Path, schema: Path | None = None) -> Policy:
    """`policy.yml`, checked against its JSON Schema (`policy.schema.json` beside it unless given) and by its rules.

    Raises `ConfigError` listing what the schema finds, or the one contradiction for which `Policy` refuses it.
    """
    import jsonschema

    from fbinfor_assets.domain.policy import Policy, PolicyError

    path = Path(path)
    document = read_yaml(path)
    rules_file = schema or path.with_name("policy.schema.json")
    try:
        rules = json.loads(rules_file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(
            str(rules_file), [f"it cannot be read ({error})"], "restore it from the release"
        ) from None
    found = sorted(
        jsonschema.Draft202012Validator(rules).iter_errors(document),
        key=lambda error: list(map(str, error.path)),
    )
    if found:
        problems = [f"{'.'.join(map(str, error.path)) or 'top level'}: {error.message}" for error in found]
        raise ConfigError(str(path), problems, "correct the named settings")
    try:
        return Policy.from_document(document)
    except PolicyError as error:
        raise ConfigError(
            str(path), [str(error)], "choose settings under which nothing can post twice"
        ) from None
    except (KeyError, ValueError) as error:
        raise ConfigError(
            str(path), [f"{type(error).__name__}: {error}"], "correct the named setting"
        ) from None
