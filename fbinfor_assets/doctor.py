"""`fbinfor doctor`: tries everything an installation needs, once, and says what to do about what fails.

Belongs here: the checks, read-only towards the vendors. Does not belong here: repairing, printing (`cli.py`).

A check never raises and never shows a secret. Renewing an access token that has run out is part of trying it.
"""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from fbinfor_assets.clients import (
    ClientError,
    FileTokenStore,
    RetryPolicy,
    TokenStore,
    redact,
)
from fbinfor_assets.clients.freshbooks import FreshBooksClient
from fbinfor_assets.clients.infor import M3Client
from fbinfor_assets.clients.shop import ShopClient
from fbinfor_assets.config import ConfigError, Connections, Paths, load_connections, load_policy

if TYPE_CHECKING:
    from fbinfor_assets.domain.policy import Policy

SQLITE_NEEDED = (3, 51, 3)  # up to 3.51.2 two connections can corrupt a WAL file (DESIGN 3)
SPACE_NEEDED_BYTES = 1_000_000_000
SANDBOX_GUARD = 10_000  # creates per run; a guard above it on a real host is no guard
CONNECT_SECONDS = 5.0
_QUICK = RetryPolicy(attempts=2, base=0.2, cap=1.0, longest_wait=5.0)


@dataclass(frozen=True, slots=True)
class Check:
    """One finding. `detail` says what was seen, `next_step` what a person does if it is not `ok`."""

    name: str
    ok: bool
    detail: str
    next_step: str = ""


class _Failed(Exception):
    def __init__(self, detail: str, next_step: str) -> None:
        super().__init__(detail)
        self.next_step = next_step


class _Round:
    """Runs checks, keeps their findings, and hides secrets in them."""

    def __init__(self) -> None:
        self.findings: list[Check] = []
        self.secrets: list[str] = []

    def ok(self, name: str, check: Callable[[], str]) -> bool:
        """Run one check; its text is the detail of a good finding."""
        try:
            self._add(name, True, check(), "")
        except _Failed as failure:
            self._add(name, False, str(failure), failure.next_step)
        except ClientError as error:
            facts = f" (HTTP {error.status})" if error.status else ""
            self._add(name, False, f"{error.operation}: {error.problem}{facts}", error.next_step)
        except ConfigError as error:
            self._add(name, False, f"{error.source}: {'; '.join(error.problems)}", error.next_step)
        except OSError as error:
            self._add(
                name, False, f"{error.strerror or error}: {error.filename or ''}".rstrip(": "), "correct it"
            )
        except Exception as error:  # noqa: BLE001 - a doctor reports what it does not understand, too
            self._add(
                name, False, f"{type(error).__name__}: {error}", "report this as a defect of fbinfor doctor"
            )
        return self.findings[-1].ok

    def chain(self, *checks: tuple[str, Callable[[], str]]) -> None:
        """Run checks of which each needs the one before."""
        failed = ""
        for name, check in checks:
            if failed:
                self._add(name, False, f"not tried, because {failed} failed", f"first put {failed} right")
            elif not self.ok(name, check):
                failed = name

    def _add(self, name: str, ok: bool, detail: str, next_step: str) -> None:
        self.findings.append(Check(name, ok, redact(detail, self.secrets), redact(next_step, self.secrets)))


def doctor(
    connections: Connections | Path,
    paths: Paths | None = None,
    *,
    policy: Policy | Path | None = None,
    token_store: TokenStore | None = None,
) -> list[Check]:
    """Every check in a fixed order. Takes loaded settings or the files to load; never raises.

    `token_store` is where the FreshBooks pair is kept (default: a file below `paths.tokens`).
    """
    paths = paths or Paths()
    round_ = _Round()
    loaded: list[Connections] = [] if isinstance(connections, Path) else [connections]

    def read_connections() -> str:
        if isinstance(connections, Path):
            loaded.append(load_connections(connections, paths))
        round_.secrets = loaded[0].secrets()
        return f"hosts: {', '.join(sorted({urlsplit(u).netloc for u in loaded[0].hosts().values()}))}" + (
            " (the sandbox)" if loaded[0].sandbox else ""
        )

    readable = round_.ok("connections", read_connections)
    rules = _policy(round_, policy)
    _files(round_, paths)
    if readable:
        if rules is not None:
            round_.ok("policy fits hosts", lambda: _policy_fits(rules, loaded[0]))
        store = token_store or FileTokenStore(paths.tokens / "freshbooks.json")
        _freshbooks(round_, loaded[0], store)
        _infor(round_, loaded[0], rules)
        _shop(round_, loaded[0])
    return round_.findings


def _policy(round_: _Round, policy: Policy | Path | None) -> Policy | None:
    if policy is None:
        return None
    found: list[Policy] = []

    def read() -> str:
        found.append(load_policy(policy) if isinstance(policy, Path) else policy)
        modes = ", ".join(f"{name} {flow.mode} from {flow.go_live}" for name, flow in found[0].flows.items())
        return f"{found[0].book_of_record}; {modes}"

    round_.ok("policy", read)
    return found[0] if found else None


def _policy_fits(policy: Policy, connections: Connections) -> str:
    if not connections.sandbox and policy.guard_creates > SANDBOX_GUARD:
        raise _Failed(
            f"the guard allows {policy.guard_creates} creates in one run on real hosts",
            "use config/policy.yml instead of the sandbox's policy, or lower guard.creates",
        )
    return f"guard: {policy.guard_creates} creates, {policy.guard_amount} {policy.company_currency}"


# ------------------------------------------------------------------------------------------------ this machine


def _files(round_: _Round, paths: Paths) -> None:
    for name, folder in (
        ("operational store", paths.store.parent),
        ("warehouse", paths.warehouse.parent),
        ("raw landings", paths.raw),
        ("locks", paths.locks),
    ):
        round_.ok(f"{name} writable", lambda folder=folder: _writable(folder))
    round_.ok("disk space", lambda: _space(paths.home))
    round_.ok("token files private", lambda: _private(paths.tokens))
    round_.ok("SQLite", _sqlite)
    round_.ok("DuckDB", _duckdb)


def _writable(folder: Path) -> str:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".doctor-") as file:
            file.write(b"x")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise _Failed(
            f"{folder}: {error.strerror}",
            "give this user write access, or set FBINFOR_HOME to another folder",
        ) from None
    return str(folder)


def _space(folder: Path) -> str:
    while not folder.exists():
        folder = folder.parent
    found = os.statvfs(folder)
    free = found.f_bavail * found.f_frsize
    if free < SPACE_NEEDED_BYTES:
        raise _Failed(f"{free // 1_000_000} MB free", "free at least 1 GB: the raw landings only grow")
    return f"{free // 1_000_000_000} GB free"


def _private(folder: Path) -> str:
    files = [file for file in folder.glob("*") if file.is_file()] if folder.is_dir() else []
    open_ = [file.name for file in files if file.stat().st_mode & 0o077]
    if open_:
        raise _Failed(f"others may read {', '.join(open_)}", f"chmod 600 the files in {folder}")
    return f"{len(files)} file(s), readable by their owner only" if files else "none yet"


def _sqlite() -> str:
    from pysqlite3 import dbapi2

    if dbapi2.sqlite_version_info < SQLITE_NEEDED:
        needed = ".".join(map(str, SQLITE_NEEDED))
        raise _Failed(
            f"pysqlite3 brings SQLite {dbapi2.sqlite_version}, which can corrupt the store",
            f"install pysqlite3>=0.6.1 (SQLite {needed} or later), not pysqlite3-binary",
        )
    return dbapi2.sqlite_version


def _duckdb() -> str:
    try:
        found = version("duckdb")
    except PackageNotFoundError:
        raise _Failed("duckdb is not installed", "run `make setup`") from None
    if not found.startswith("1.5."):
        raise _Failed(
            f"duckdb is {found}", "install the locked set (`make setup`): its extensions exist for 1.5 only"
        )
    return found


# ------------------------------------------------------------------------------------------------ the vendors


def _reach(url: str) -> str:
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    where = f"{parts.hostname}:{port}"
    try:
        addresses = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise _Failed(
            f"the name {parts.hostname} cannot be resolved ({error.strerror})",
            "check the host name and the DNS",
        ) from None
    try:
        socket.create_connection((parts.hostname or "", port), timeout=CONNECT_SECONDS).close()
    except OSError as error:
        raise _Failed(
            f"no connection to {where} ({error.strerror or error})",
            "check firewall, proxy and the port; is it running?",
        ) from None
    return f"{where} answers ({addresses[0][4][0]})"


def _freshbooks(round_: _Round, connections: Connections, store: TokenStore) -> None:
    settings = connections.freshbooks
    with FreshBooksClient(settings, token_store=store, retry=_QUICK) as client:

        def account() -> str:
            me = client.check_account()
            if settings.business_id and settings.business_id not in me.business_ids:
                raise _Failed(
                    f"business_id {settings.business_id} is not one of this login",
                    f"set it to one of: {', '.join(me.business_ids) or 'none'}",
                )
            return f"account {settings.account_id}, role {me.roles[settings.account_id] or 'unknown'}"

        round_.chain(
            ("FreshBooks host", lambda: _reach(settings.base_url)),
            ("FreshBooks token", lambda: f"accepted, identity {client.identity().identity_id}"),
            ("FreshBooks account", account),
            (
                "FreshBooks VAT names",
                lambda: (
                    ", ".join(f"{tax.get('name')} {tax.get('amount')} %" for tax in client.list("taxes"))
                    or "none"
                ),
            ),
        )


def _infor(round_: _Round, connections: Connections, policy: Policy | None) -> None:
    settings = connections.infor
    with M3Client.from_settings(settings, retry=_QUICK) as m3:

        def clock() -> str:
            moment, _ = m3.server_time()
            minutes = abs((datetime.now(UTC) - moment).total_seconds()) / 60
            note = f", {minutes:.0f} minutes from this machine's" if minutes > 5 else ""
            return f"M3's clock says {moment:%Y-%m-%d %H:%M:%S} UTC{note}"

        def company() -> str:
            m3.list("CRS610MI", "LstByNumber", maxrecs=1, returncols=("CUNO",))
            return (
                f"company {settings.company}, division {settings.division or 'none'}: customers can be read"
            )

        def export() -> str:
            rows = m3.export("OCUSMA", ["OKCUNO"], order_by=["OKCUNO"], page=2)
            first = [row["OKCUNO"] for row, _ in zip(rows, range(3), strict=False)]
            return f"EXPORTMI pages in order ({len(first)} rows tried)"

        def template() -> str:
            name = policy.m3.get("customer_template", "") if policy else ""
            if m3.get("CRS610MI", "GetBasicData", {"CUNO": name}, returncols=("CUNO",)) is None:
                raise _Failed(
                    f"M3 has no customer template {name}", "create it in CRS610, or set m3.customer_template"
                )
            return f"customer template {name} exists"

        round_.chain(
            ("Infor authorisation host", lambda: _reach(settings.ionapi.token_url)),
            ("Infor gateway host", lambda: _reach(settings.ionapi.iu)),
            ("Infor token", lambda: "granted" if m3.gateway.tokens.current() else ""),
            ("M3 server time", clock),
            ("M3 company", company),
            ("M3 export", export),
            *((("M3 customer template", template),) if policy else ()),
        )


def _shop(round_: _Round, connections: Connections) -> None:
    settings = connections.shop.model_copy(update={"per_page": 1})
    with ShopClient(settings, retry=_QUICK) as shop:

        def orders() -> str:
            first = next(shop.orders(), None)
            return f"first order {first.get('number')}" if first else "reachable, no orders yet"

        round_.chain(("shop host", lambda: _reach(settings.base_url)), ("shop orders", orders))
