"""Tokens: kept safely, renewed once however many ask, and never lost between the vendor and the store."""

from __future__ import annotations

import json
import stat
import threading
from pathlib import Path

import httpx
import pytest

from fbinfor_assets.clients import AuthorisationError, FileTokenStore, MemoryTokenStore, ServerError
from fbinfor_assets.clients.auth import BearerAuth, TokenSource, expires_at
from fbinfor_assets.clients.errors import Call

NOW = 1_800_000_000


class Vendor:
    """Issues single-use refresh tokens: a used one is refused for good."""

    def __init__(self) -> None:
        self.living = "r0"
        self.grants = 0
        self.refused = 0
        self.lock = threading.Lock()

    def grant(self, document):
        with self.lock:
            if document["refresh_token"] != self.living:
                self.refused += 1
                raise Call("freshbooks", "renew access token").error(AuthorisationError, "invalid_grant")
            self.grants += 1
            self.living = f"r{self.grants}"
            return {
                "access_token": f"a{self.grants}",
                "refresh_token": self.living,
                "created_at": NOW,
                "expires_in": 43200,
            }


def source(vendor: Vendor, store, **more) -> TokenSource:
    return TokenSource(system="freshbooks", store=store, grant=vendor.grant, now=lambda: NOW, **more)


def pair(access: str = "a0", refresh: str = "r0", **more):
    return {"access_token": access, "refresh_token": refresh, **more}


def test_a_token_file_is_readable_by_its_owner_only(tmp_path):
    store = FileTokenStore(tmp_path / "deep" / "token.json")
    store.save(pair())
    assert stat.S_IMODE((tmp_path / "deep" / "token.json").stat().st_mode) == 0o600
    assert store.load() == pair()
    assert [file.name for file in (tmp_path / "deep").iterdir()] == ["token.json"]


def test_a_missing_token_file_is_no_token(tmp_path):
    assert FileTokenStore(tmp_path / "token.json").load() is None


@pytest.mark.parametrize("content", ["", "{", "[1]", "null"])
def test_a_damaged_token_file_says_what_to_do(tmp_path, content):
    (tmp_path / "token.json").write_text(content)
    with pytest.raises(AuthorisationError, match="consent again"):
        FileTokenStore(tmp_path / "token.json").load()


def test_a_failed_save_keeps_the_old_pair(tmp_path, monkeypatch):
    store = FileTokenStore(tmp_path / "token.json")
    store.save(pair())
    monkeypatch.setattr("os.fsync", lambda fd: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OSError, match="No space"):
        store.save(pair("a1", "r1"))
    assert store.load() == pair()
    assert [file.name for file in tmp_path.iterdir()] == ["token.json"]


def test_an_access_token_ends_at_created_at_plus_expires_in():
    # One observed answer was hours old by created_at when it came (freshbooks-api 1).
    document = {"created_at": NOW - 40_000, "expires_in": "43199", "obtained_at": NOW}
    assert expires_at(document) == NOW + 3199


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"created_at": NOW, "expires_in": 43200},
        {"expires_in": "soon", "obtained_at": NOW},
        {"created_at": NOW - 10**8, "expires_in": 43200, "obtained_at": NOW},
    ],
    ids=["nothing", "not obtained by us", "unreadable", "the clocks disagree"],
)
def test_where_the_end_cannot_be_told_the_vendor_tells(document):
    assert expires_at(document) is None


def test_a_living_token_is_used_without_asking():
    vendor = Vendor()
    store = MemoryTokenStore(pair(created_at=NOW, obtained_at=NOW, expires_in=3600))
    assert source(vendor, store).current() == "a0"
    assert vendor.grants == 0


def test_a_token_about_to_end_is_renewed_first():
    vendor = Vendor()
    store = MemoryTokenStore(pair(created_at=NOW - 3590, obtained_at=NOW - 3590, expires_in=3600))
    assert source(vendor, store).current() == "a1"
    assert store.load()["refresh_token"] == "r1"


def test_the_new_pair_is_stored_before_it_is_used():
    vendor = Vendor()
    order = []

    class Watched(MemoryTokenStore):
        def save(self, document):
            super().save(document)
            order.append(f"stored {document['access_token']}")

    tokens = source(vendor, Watched(pair()))

    def answer(request: httpx.Request) -> httpx.Response:
        order.append(request.headers["Authorization"])
        return httpx.Response(401 if request.headers["Authorization"] == "Bearer a0" else 200)

    with httpx.Client(auth=BearerAuth(tokens), transport=httpx.MockTransport(answer)) as client:
        assert client.get("http://x/").status_code == 200
    # The first save is the proof that the store can be written while the old pair still lives.
    assert order == ["Bearer a0", "stored a0", "stored a1", "Bearer a1"]


def test_a_second_401_is_not_answered_with_a_third_token():
    vendor = Vendor()
    with httpx.Client(
        auth=BearerAuth(source(vendor, MemoryTokenStore(pair()))),
        transport=httpx.MockTransport(lambda request: httpx.Response(401)),
    ) as client:
        assert client.get("http://x/").status_code == 401
    assert vendor.grants == 1


def test_many_threads_renew_once(tmp_path):
    vendor = Vendor()
    tokens = source(
        vendor, FileTokenStore(tmp_path / "t.json"), lock_path=tmp_path / "t.lock", seed=seed("r0")
    )
    start = threading.Barrier(12)
    seen = []

    def ask() -> None:
        start.wait()
        seen.append(tokens.renew("a0"))

    threads = [threading.Thread(target=ask) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == ["a1"] * 12
    assert (vendor.grants, vendor.refused) == (1, 0)


def test_two_sources_of_one_store_renew_once(tmp_path):
    # As two processes do: nothing shared but the store and the lock.
    vendor = Vendor()
    FileTokenStore(tmp_path / "t.json").save(pair())
    both = [
        source(vendor, FileTokenStore(tmp_path / "t.json"), lock_path=tmp_path / "t.lock") for _ in range(2)
    ]
    assert [tokens.current() for tokens in both] == ["a0", "a0"]
    assert [tokens.renew("a0") for tokens in both] == ["a1", "a1"]
    assert (vendor.grants, vendor.refused) == (1, 0)


def test_a_pair_renewed_elsewhere_without_our_lock_is_taken_over():
    vendor = Vendor()
    store = MemoryTokenStore(pair())

    def elsewhere_first(document):
        if vendor.grants == 0:
            store.save(vendor.grant(document))  # another host, between our read and our request
        return vendor.grant(document)

    tokens = TokenSource(system="freshbooks", store=store, grant=elsewhere_first, now=lambda: NOW)
    assert tokens.renew("a0") == "a1"
    assert vendor.refused == 1


def test_a_dead_pair_asks_for_a_person():
    vendor = Vendor()
    with pytest.raises(AuthorisationError):
        source(vendor, MemoryTokenStore(pair(refresh="used"))).renew("a0")


class Full(MemoryTokenStore):
    full = False

    def save(self, document):
        if self.full:
            raise OSError(28, "No space left on device")
        super().save(document)


def test_no_pair_is_spent_while_the_store_cannot_be_written():
    vendor, store = Vendor(), Full(pair())
    store.full = True
    with pytest.raises(ServerError, match="free disk space"):
        source(vendor, store).renew("a0")
    assert vendor.grants == 0


def test_a_pair_that_could_not_be_stored_is_stored_before_anything_else():
    vendor, store = Vendor(), Full(pair())
    tokens = source(vendor, store)
    grant = vendor.grant

    def fill_up(document):
        store.full = True
        return grant(document)

    tokens._grant = fill_up
    with pytest.raises(ServerError):
        tokens.renew("a0")
    store.full = False
    assert tokens.renew("a0") == "a1"
    assert store.load()["refresh_token"] == "r1"
    assert (vendor.grants, vendor.refused) == (1, 0)


def seed(refresh: str) -> dict[str, str]:
    return {"access_token": "a0", "refresh_token": refresh, "seed": f"mark-{refresh}"}


def test_the_configured_pair_starts_and_the_store_leads_from_then_on():
    vendor, store = Vendor(), MemoryTokenStore()
    assert source(vendor, store, seed=seed("r0")).renew("a0") == "a1"
    assert source(vendor, store, seed=seed("r0")).current() == "a1"


def test_another_configured_pair_replaces_what_descends_from_the_former():
    vendor, store = Vendor(), MemoryTokenStore()
    source(vendor, store, seed=seed("r0")).renew("a0")
    again = {"access_token": "fresh", "refresh_token": "r9", "seed": "mark-r9"}
    assert source(vendor, store, seed=again).current() == "fresh"


def test_a_consent_outlives_a_stale_configured_pair():
    vendor, store = Vendor(), MemoryTokenStore()
    source(vendor, store, seed=seed("dead")).adopt({"access_token": "consented", "refresh_token": "r0"})
    assert source(vendor, store, seed=seed("dead")).current() == "consented"


def test_a_configured_pair_is_the_last_resort_when_the_stored_one_is_dead():
    # A sandbox made anew with the same seed gives out its first pair again.
    vendor, store = Vendor(), MemoryTokenStore(pair(refresh="dead", seed="mark-r0"))
    assert source(vendor, store, seed=seed("r0")).renew("a0") == "a1"
    assert (vendor.grants, vendor.refused) == (1, 1)


def test_when_the_configured_pair_is_dead_too_the_first_refusal_is_told():
    vendor, store = Vendor(), MemoryTokenStore(pair(refresh="dead", seed="mark-spent"))
    with pytest.raises(AuthorisationError, match="invalid_grant"):
        source(vendor, store, seed=seed("spent")).renew("a0")
    assert vendor.refused == 2


def test_a_held_lock_ends_in_an_error_that_names_it(tmp_path, monkeypatch):
    import filelock

    monkeypatch.setattr("fbinfor_assets.clients.auth.LOCK_TIMEOUT_SECONDS", 0.1)
    with filelock.FileLock(tmp_path / "t.lock"), pytest.raises(ServerError, match=r"t\.lock"):
        source(Vendor(), MemoryTokenStore(pair()), lock_path=tmp_path / "t.lock").renew("a0")


def test_the_lock_is_free_again_after_a_failure(tmp_path):
    vendor = Vendor()
    store = MemoryTokenStore(pair(refresh="used"))
    tokens = source(vendor, store, lock_path=tmp_path / "t.lock")
    with pytest.raises(AuthorisationError):
        tokens.renew("a0")
    store.save(pair())
    assert tokens.renew("a0") == "a1"


def test_a_stored_document_never_holds_the_configured_secret_in_clear(tmp_path: Path):
    vendor = Vendor()
    store = FileTokenStore(tmp_path / "t.json")
    source(vendor, store, seed=seed("r0")).renew("a0")
    assert set(json.loads((tmp_path / "t.json").read_text())) == {
        "access_token",
        "refresh_token",
        "created_at",
        "expires_in",
        "obtained_at",
        "seed",
    }
