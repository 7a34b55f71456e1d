"""Access tokens: kept, shared between processes, renewed exactly once, and put on every request.

Belongs here: the token store protocol and the one kept in a file, the single-flight renewal, the `httpx.Auth`.
Does not belong here: how a vendor issues a token (`freshbooks/oauth.py`, `infor/gateway.py`), the encrypted store
of a shared installation (`store`, which offers the same two methods).

A token document is the vendor's answer plus what we add: `obtained_at` (our clock, epoch seconds) and `seed` (a
fingerprint of the configured pair that it descends from). FreshBooks' refresh tokens are single use (freshbooks-api
1): a pair that is used before it is stored, or refreshed by two processes at once, locks everybody out until a
person consents again. Hence: one lock across processes, re-read after taking it, store before use.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import threading
import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any, Protocol

import filelock
import httpx

from fbinfor_assets.clients.errors import AuthorisationError, Call, ServerError

LOCK_TIMEOUT_SECONDS = 90.0  # longer than one token request with all its retries
EXPIRY_LEEWAY_SECONDS = 60.0


class TokenStore(Protocol):
    """Where the token document of one connection is kept. `save` must be durable when it returns."""

    def load(self) -> dict[str, Any] | None:
        """The stored document, or None if there is none yet."""
        ...

    def save(self, document: dict[str, Any]) -> None:
        """Replace the stored document."""
        ...


class MemoryTokenStore:
    """A token document for one process: enough where a new token may be had at any time (M3), and for tests."""

    def __init__(self, document: dict[str, Any] | None = None) -> None:
        self._document = document

    def load(self) -> dict[str, Any] | None:
        """The document of this process, or None."""
        return self._document

    def save(self, document: dict[str, Any]) -> None:
        """Replace it."""
        self._document = document


class FileTokenStore:
    """A token document in a file that only its owner can read (0600), replaced atomically and synced."""

    def __init__(self, path: Path) -> None:
        self.path = Path(path)

    def load(self) -> dict[str, Any] | None:
        """The document, or None if there is no file. Raises `AuthorisationError` for a file that is damaged."""
        try:
            document = json.loads(self.path.read_bytes())
        except FileNotFoundError:
            return None
        except ValueError:
            document = None
        if not isinstance(document, dict):
            raise AuthorisationError(
                f"the token file {self.path.name} is damaged",
                system="fbinfor",
                operation="read stored token",
                next_step=f"restore {self.path} from a backup, or delete it and consent again",
            )
        return document

    def save(self, document: dict[str, Any]) -> None:
        """Write beside, sync, rename, sync the folder: a crash leaves the old pair or the new one, never half."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        beside = self.path.with_name(f".{self.path.name}.{os.getpid()}.{threading.get_ident()}")
        beside.unlink(missing_ok=True)
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(json.dumps(document).encode())
                file.flush()
                os.fsync(file.fileno())
            os.replace(beside, self.path)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def fingerprint(secret: str) -> str:
    """A short one-way mark by which two secrets are compared without keeping them."""
    return hashlib.sha256(secret.encode()).hexdigest()[:16]


def expires_at(document: dict[str, Any]) -> float | None:
    """Epoch second at which the access token ends by the document, None if that cannot be told.

    The end is `created_at + expires_in` (freshbooks-api 1: never now + expires_in), or `obtained_at + expires_in`
    where the vendor states no creation time (infor-api 1.2). A token that was already over when it was obtained means
    that the two clocks disagree: then the vendor's refusal (401) tells, not our clock.
    """
    try:
        life = float(document["expires_in"])
        obtained = float(document["obtained_at"])
        end = float(document.get("created_at") or obtained) + life
    except (KeyError, TypeError, ValueError):
        return None
    return end if end > obtained + EXPIRY_LEEWAY_SECONDS else None


class TokenSource:
    """The access token of one connection, renewed by one thread of one process at a time.

    `grant(document)` asks the vendor for a new token document, given the present one (or None); it raises a
    `ClientError`. `seed` is the document made from the configuration, used while the store is empty or descends from
    other configured credentials. `lock_path` makes the renewal exclusive across processes; without it, only across
    threads of this one.
    """

    def __init__(
        self,
        *,
        system: str,
        store: TokenStore,
        grant: Callable[[dict[str, Any] | None], dict[str, Any]],
        seed: dict[str, Any] | None = None,
        lock_path: Path | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._call = Call(system, "renew access token")
        self._store = store
        self._grant = grant
        self._seed = seed
        self._now = now
        self._thread_lock = threading.Lock()
        self._lock_path = lock_path
        self._document: dict[str, Any] | None = None
        self._unsaved: dict[str, Any] | None = None

    def current(self) -> str:
        """An access token that is not known to be over; renews first if it is. Raises a `ClientError`."""
        document = self._document or self._stored()
        if document is None or self._over(document):
            return self.renew(document and document.get("access_token"))
        self._document = document
        return str(document["access_token"])

    def renew(self, rejected: str | None) -> str:
        """A token other than `rejected`: another process' newer one if there is one, else a new grant."""
        with self._exclusive():
            if (
                self._unsaved is not None
            ):  # an earlier grant that could not be stored: it is the only living pair
                self._keep(self._unsaved)
            document = self._stored()
            if document is not None and document.get("access_token") != rejected and not self._over(document):
                self._document = document
                return str(document["access_token"])
            if document is not None:
                # Proves that the store can be written before the old pair is spent on the only copy of the new one.
                self._save(document)
            granted = self._granted(document)
            self._keep(granted)
            return str(granted["access_token"])

    def adopt(self, answer: dict[str, Any]) -> None:
        """Store a token document that came from elsewhere (a person's consent) and use it from now on."""
        with self._exclusive():
            self._keep(self._completed(answer))

    def _granted(self, document: dict[str, Any] | None) -> dict[str, Any]:
        try:
            return self._completed(self._grant(document))
        except AuthorisationError as refused:
            # A process elsewhere, which does not share our lock, may have renewed it in the meantime.
            newer = self._stored() or {}
            old = (document or {}).get("refresh_token")
            if newer.get("refresh_token") != old:
                return newer if not self._over(newer) else self._completed(self._grant(newer))
            if self._seed is None or self._seed["refresh_token"] == old:
                raise
            # Last resort: the stored pair is dead, so the configured one has nothing to lose (a sandbox made anew).
            try:
                return self._completed(self._grant(self._seed))
            except AuthorisationError:
                raise refused from None

    def _completed(self, answer: dict[str, Any]) -> dict[str, Any]:
        if not isinstance(answer.get("access_token"), str) or not answer["access_token"]:
            raise self._call.error(AuthorisationError, "the answer of the token endpoint has no access_token")
        completed = {**answer, "obtained_at": int(self._now())}
        if self._seed:
            completed["seed"] = self._seed["seed"]
        return completed

    def _keep(self, document: dict[str, Any]) -> None:
        self._unsaved = document
        self._save(document)
        self._unsaved = None
        self._document = document

    def _save(self, document: dict[str, Any]) -> None:
        try:
            self._store.save(document)
        except Exception as error:  # a store may be a file or a database, and the pair must survive either
            raise self._call.error(
                ServerError,
                f"the token store cannot be written ({type(error).__name__}: {error})",
                transient=False,
                next_step="free disk space or correct the permissions; this process keeps the pair and stores it first",
            ) from error

    def _stored(self) -> dict[str, Any] | None:
        document = self._store.load()
        if self._seed and (document is None or document.get("seed") != self._seed["seed"]):
            return (
                self._seed
            )  # somebody configured a new pair: it is newer than what descends from the former one
        return document

    def _over(self, document: dict[str, Any]) -> bool:
        if not document.get("access_token"):
            return True
        end = expires_at(document)
        return end is not None and self._now() >= end - EXPIRY_LEEWAY_SECONDS

    @contextlib.contextmanager
    def _exclusive(self) -> Iterator[None]:
        with self._thread_lock:
            if self._lock_path is None:
                yield
                return
            self._lock_path.parent.mkdir(parents=True, exist_ok=True)
            try:
                with filelock.FileLock(self._lock_path, timeout=LOCK_TIMEOUT_SECONDS, thread_local=False):
                    yield
            except filelock.Timeout:
                raise self._call.error(
                    ServerError,
                    f"another process has held the lock {self._lock_path.name} for {LOCK_TIMEOUT_SECONDS:.0f} s",
                    next_step="see which fbinfor process hangs in a token request and end it",
                ) from None


class BearerAuth(httpx.Auth):
    """Puts the access token on a request; on 401 renews it once and sends the request once more.

    A 401 says that the request was not executed, so this is safe for writes too.
    """

    def __init__(self, source: TokenSource) -> None:
        self._source = source

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """The request with a token; after a 401 the same request with another one."""
        token = self._source.current()
        request.headers["Authorization"] = f"Bearer {token}"
        response = yield request
        if response.status_code == 401:
            request.headers["Authorization"] = f"Bearer {self._source.renew(token)}"
            yield request
