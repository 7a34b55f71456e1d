"""The operational store: opening it, transactions, and what each repository promises.

Real files, real processes and threads; no clock is replaced.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import IntegrityError

from fbinfor_assets.store import (
    Store,
    StoreError,
    StoreTooNew,
    StoreTooOldSqlite,
    agreed,
    crosswalk,
    cursors,
    dead_letters,
    intents,
    landings,
    open_store,
    schema,
    verdicts,
)
from fbinfor_assets.store.crosswalk import CrosswalkConflict, Link
from fbinfor_assets.store.dead_letters import Letter
from fbinfor_assets.store.engine import check_sqlite
from fbinfor_assets.store.identifiers import uuid7
from fbinfor_assets.store.intents import Intent, StaleIntent
from fbinfor_assets.store.landings import Landed
from fbinfor_assets.store.tokens import StoreTokens


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = open_store(tmp_path / "ops" / "store.db")
    yield store
    store.close()


def a_verdict(store: Store, object: str = "m3__items") -> str:
    with store.write() as tx:
        return verdicts.add(
            tx,
            object=object,
            generation=1,
            suite_sha="s",
            mapping_version="v",
            passed=True,
            rows_in=1,
            rows_quarantined=0,
            payloads=[("K", "sha")],
            run_id="r",
        )


def an_intent(verdict_id: str, reference: str = "R1", **values: object) -> Intent:
    now = datetime.now(UTC)
    plain = Intent(
        id=uuid7(),
        target="m3",
        object="m3__items",
        operation="create",
        business_key="K",
        target_ref=reference,
        payload="{}",
        payload_sha="sha",
        verdict_id=verdict_id,
        agreed={"name": "Acme"},
        links=[],
        state="ready",
        attempts=0,
        lease_owner=None,
        lease_until=None,
        not_before=None,
        remote_id=None,
        error_class=None,
        error=None,
        document_date="2011-01-05",
        currency="GBP",
        amount="156.00",
        reason="FreshBooks 536365 has no M3 order yet",
        changes=[{"field": "total", "old": None, "new": "156.00"}],
        created_at=now,
        updated_at=now,
        change_seq=0,
    )
    return replace(plain, **values)


# ------------------------------------------------------------------------------------------ opening


def test_a_new_store_has_every_table_and_its_version(store: Store) -> None:
    with store.read() as tx:
        assert tx.execute(select(schema.schema_version.c.version)).scalars().all() == [schema.SCHEMA_VERSION]
        for table in schema.metadata.sorted_tables:
            tx.execute(select(table).limit(1)).all()


def test_an_existing_store_is_opened_with_what_it_holds(tmp_path: Path) -> None:
    first = open_store(tmp_path / "s.db")
    with first.write() as tx:
        cursors.put(tx, "m3", "items", "17", {"pages": 3})
    first.close()
    second = open_store(f"sqlite+pysqlite:///{tmp_path / 's.db'}")
    with second.read() as tx:
        assert (cursors.get(tx, "m3", "items").watermark, cursors.get(tx, "m3", "items").extra) == (
            "17",
            {"pages": 3},
        )
    second.close()


def test_a_store_of_a_newer_release_is_refused_with_what_to_do(tmp_path: Path) -> None:
    store = open_store(tmp_path / "s.db")
    with store.write() as tx:
        tx.execute(
            insert(schema.schema_version), [{"version": schema.SCHEMA_VERSION + 1, "applied_at": tx.now}]
        )
    store.close()
    with pytest.raises(StoreTooNew, match="newer release; install that release"):
        open_store(tmp_path / "s.db")


def test_a_store_of_version_1_gets_why_and_what_of_intents_and_keeps_all_it_holds(tmp_path: Path) -> None:
    store = open_store(tmp_path / "s.db")
    verdict_id = a_verdict(store)
    with store.write() as tx:
        intents.add(tx, [an_intent(verdict_id)])
        for column in ("reason", "changes"):
            tx.execute(text(f"alter table intent drop column {column}"))
        tx.execute(update(schema.schema_version).values(version=1))
    store.close()
    upgraded = open_store(tmp_path / "s.db")
    with upgraded.write() as tx:
        (old,) = intents.in_state(tx, "m3__items", "ready")
        assert (old.target_ref, old.amount, old.reason, old.changes) == ("R1", "156.00", None, None)
        intents.add(tx, [an_intent(verdict_id, "R2")])
        assert tx.execute(select(schema.schema_version.c.version)).scalars().all() == [1, 2]
    with upgraded.read() as tx:
        new = intents.by_reference(tx, "m3__items", ["R2"])["R2"]
    assert new.changes == [{"field": "total", "old": None, "new": "156.00"}]
    upgraded.close()
    again = open_store(tmp_path / "s.db")  # a second opening has nothing to upgrade
    again.close()


def test_a_sqlite_library_with_the_wal_bug_is_refused() -> None:
    check_sqlite((3, 51, 3))
    with pytest.raises(StoreTooOldSqlite, match=r"3\.40\.1 can lose committed data.*pysqlite3>=0\.6\.1"):
        check_sqlite((3, 40, 1))


def test_what_is_no_database_is_refused_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "s.db").write_text("not a database, but long enough to be read as one " * 30)
    with pytest.raises(StoreError, match=r"s\.db cannot be opened"):
        open_store(tmp_path / "s.db")
    with pytest.raises(StoreError, match="must be a file"):
        open_store("sqlite+pysqlite:///:memory:")


def test_every_connection_is_durable_and_checks_references(store: Store) -> None:
    with store.read() as tx:
        values = {
            name: tx.connection.exec_driver_sql(f"pragma {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert values == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30_000}
    with pytest.raises(IntegrityError), store.write() as tx:
        intents.add(tx, [an_intent("a verdict that is not there")])


# ------------------------------------------------------------------------------------- transactions


def test_an_exception_undoes_the_whole_transaction(store: Store) -> None:
    with pytest.raises(RuntimeError), store.write() as tx:
        cursors.put(tx, "m3", "items", "1")
        raise RuntimeError
    with store.read() as tx:
        assert cursors.get(tx, "m3", "items").watermark is None


def test_a_writer_holds_the_lock_from_its_first_statement_so_none_fails_as_busy(store: Store) -> None:
    # A deferred transaction that reads and then writes fails at once when another wrote in between.
    def work() -> None:
        for _ in range(25):
            with store.write() as tx:
                seen = cursors.get(tx, "m3", "counter").watermark
                cursors.put(tx, "m3", "counter", str(int(seen or 0) + 1))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.read() as tx:
        assert cursors.get(tx, "m3", "counter").watermark == "200"


_PROCESS = """
import sys
from fbinfor_assets.store import open_store, cursors
store = open_store(sys.argv[1])
for _ in range(int(sys.argv[2])):
    with store.write() as tx:
        seen = cursors.get(tx, "m3", "counter").watermark
        cursors.put(tx, "m3", "counter", str(int(seen or 0) + 1))
        tx.change_seq
    print("x", flush=True)
"""


def test_several_processes_open_and_write_one_new_store_at_once(tmp_path: Path) -> None:
    children = [
        subprocess.Popen(
            [sys.executable, "-c", _PROCESS, str(tmp_path / "s.db"), "30"], stdout=subprocess.DEVNULL
        )
        for _ in range(3)
    ]
    assert [child.wait(60) for child in children] == [0, 0, 0]
    store = open_store(tmp_path / "s.db")
    with store.read() as tx:
        assert cursors.get(tx, "m3", "counter").watermark == "90"
    store.close()


def test_what_was_committed_survives_sigkill(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _PROCESS, str(tmp_path / "s.db"), "100000"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        for _ in range(40):
            child.stdout.readline()
        child.send_signal(signal.SIGKILL)
        printed = 40 + len(child.stdout.read().split())
    store = open_store(tmp_path / "s.db")
    with store.read() as tx:
        # One more may have been committed before it could be printed.
        assert int(cursors.get(tx, "m3", "counter").watermark) - printed in (0, 1)
    store.close()


def test_a_forked_child_gets_connections_of_its_own(store: Store) -> None:
    with store.read() as tx:
        cursors.get(tx, "m3", "items")
    child = os.fork()
    if child == 0:
        with store.write() as tx:
            cursors.put(tx, "m3", "items", "from the child")
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    with store.read() as tx:
        assert cursors.get(tx, "m3", "items").watermark == "from the child"


# ---------------------------------------------------------------------------------- change sequence


def test_changes_since_gives_each_change_once_and_in_order(store: Store) -> None:
    with store.write() as tx:
        agreed.put(tx, {("party", "A"): {"phone": "1", "city": "London"}})
    first = store.changes_since("agreed", 0)
    assert [(row["key"], row["field"], row["value"]) for row in first.rows] == [
        ("A", "phone", "1"),
        ("A", "city", "London"),
    ]
    with store.write() as tx:
        agreed.put(tx, {("party", "A"): {"phone": "2"}})
    second = store.changes_since("agreed", first.upto)
    assert [(row["field"], row["value"]) for row in second.rows] == [("phone", "2")]
    assert store.changes_since("agreed", second.upto).rows == []


def test_a_rolled_back_transaction_takes_no_number(store: Store) -> None:
    with pytest.raises(RuntimeError), store.write() as tx:
        assert tx.change_seq == 1
        raise RuntimeError
    with store.write() as tx:
        assert (tx.change_seq, tx.change_seq) == (1, 1)


def test_changes_carry_stored_text_for_amounts_and_instants(store: Store) -> None:
    verdict_id = a_verdict(store)
    with store.write() as tx:
        intents.add(tx, [an_intent(verdict_id)])
    row = store.changes_since("intent", 0).rows[0]
    assert row["amount"] == "156.00"
    assert json.loads(row["agreed"]) == {"name": "Acme"}
    assert datetime.fromisoformat(row["created_at"]).utcoffset() == timedelta(0)


# ------------------------------------------------------------------------------------- repositories


def test_a_moment_without_a_zone_is_refused(store: Store) -> None:
    verdict_id = a_verdict(store)
    naive = datetime(2011, 1, 5)  # noqa: DTZ001 - the point of the test
    with pytest.raises(Exception, match="no time zone"), store.write() as tx:
        intents.add(tx, [an_intent(verdict_id, created_at=naive)])


def test_landed_hashes_are_remembered_with_their_landing(store: Store) -> None:
    versions = [Landed(str(n), f"h{n}", False) for n in range(12_000)]
    with store.write() as tx:
        landings.record(
            tx,
            landing_id="L1",
            system="m3",
            entity="items",
            file="f",
            rows=12_000,
            run_id="r",
            versions=versions,
        )
        cursors.put(tx, "m3", "items", "99")
    with store.write() as tx:
        landings.record(
            tx,
            landing_id="L2",
            system="m3",
            entity="items",
            file="g",
            rows=1,
            run_id="r",
            versions=[Landed("7", "h7", True)],
        )
    with store.read() as tx:
        known = landings.known(tx, "m3", "items", [str(n) for n in range(12_500)])
        assert (len(known), known["8"], known["7"].deleted) == (12_000, Landed("8", "h8", False), True)
        assert "7" not in landings.all_keys(tx, "m3", "items")


def test_the_crosswalk_is_one_to_one_in_both_directions(store: Store) -> None:
    link = Link("party", "freshbooks", "12", "m3", "FB00000012")
    with store.write() as tx:
        assert crosswalk.put(tx, [link, link], "created") == 1
        assert crosswalk.put(tx, [link], "created") == 0
    for other in (replace(link, right_id="FB00000099"), replace(link, left_id="99")):
        both = [Link("party", "freshbooks", "55", "m3", "FB00000055"), other]
        text = "the crosswalk links freshbooks 12 to m3 FB00000012"
        with pytest.raises(CrosswalkConflict, match=text), store.write() as tx:
            crosswalk.put(tx, both, "created")
    with store.read() as tx:
        assert crosswalk.right_of(tx, "party", "freshbooks", "12", "m3") == "FB00000012"
        assert crosswalk.right_of(tx, "party", "freshbooks", "55", "m3") is None


def test_two_links_of_one_batch_that_contradict_each_other_are_refused(store: Store) -> None:
    link = Link("document", "shop", "536365", "freshbooks", "1")
    with pytest.raises(CrosswalkConflict), store.write() as tx:
        crosswalk.put(tx, [link, replace(link, right_id="2")], "created")


def test_an_intent_changes_only_from_the_state_it_was_read_in(store: Store) -> None:
    verdict_id = a_verdict(store)
    kept = [an_intent(verdict_id, "R1"), an_intent(verdict_id, "R2")]
    with store.write() as tx:
        intents.add(tx, kept)
        intents.move(tx, [(kept[0], replace(kept[0], state="sending", attempts=1))])
    with pytest.raises(StaleIntent, match="1 of 2 intents"), store.write() as tx:
        intents.move(tx, [(intent, replace(intent, state="sending", attempts=1)) for intent in kept])
    with store.read() as tx:
        assert {i.target_ref: i.state for i in intents.in_state(tx, "m3__items", "ready", "sending")} == {
            "R1": "sending",
            "R2": "ready",
        }


def test_a_target_reference_exists_once(store: Store) -> None:
    verdict_id = a_verdict(store)
    with store.write() as tx:
        intents.add(tx, [an_intent(verdict_id, "R1")])
    with pytest.raises(IntegrityError), store.write() as tx:
        intents.add(tx, [an_intent(verdict_id, "R1")])


def test_intents_that_wait_for_a_moment_are_not_due_before(store: Store) -> None:
    verdict_id = a_verdict(store)
    later = datetime.now(UTC) + timedelta(hours=1)
    with store.write() as tx:
        intents.add(tx, [an_intent(verdict_id, "R1", not_before=later)])
        assert intents.due(tx, "m3__items", "ready", 10) == []
        assert intents.earliest(tx, "m3__items", "ready") == later
        intents.add(tx, [an_intent(verdict_id, "R2")])
        assert [i.target_ref for i in intents.due(tx, "m3__items", "ready", 10)] == ["R2"]
        assert intents.earliest(tx, "m3__items", "ready") == tx.now
        assert intents.earliest(tx, "m3__items", "in_doubt") is None


def test_attempts_are_numbered_and_keep_how_they_ended(store: Store) -> None:
    verdict_id = a_verdict(store)
    intent = an_intent(verdict_id, attempts=1)
    with store.write() as tx:
        intents.add(tx, [intent])
        intents.start_attempts(tx, [intent])
        intents.finish_attempts(tx, [(intent, "in_doubt", "no answer")])
        intents.start_attempts(tx, [replace(intent, attempts=2)])
    with store.read() as tx:
        found = intents.attempts_of(tx, intent.id)
    assert [(a.n, a.outcome, a.detail) for a in found] == [(1, "in_doubt", "no answer"), (2, None, None)]


def test_the_same_refusal_of_the_same_payload_is_one_dead_letter(store: Store) -> None:
    letter = Letter("m3__items", "K", "WIT0101", "bad item", field="ITNO", payload_sha="a")
    with store.write() as tx:
        assert (
            dead_letters.add(tx, [letter, replace(letter, rule="other")], source="delivery", run_id="r") == 2
        )
        assert dead_letters.add(tx, [letter], source="delivery", run_id="r2") == 0
    with store.write() as tx:
        # A changed payload that is refused again: the old letters speak of what is no longer so.
        assert dead_letters.add(tx, [replace(letter, payload_sha="b")], source="delivery", run_id="r3") == 1
        assert [x.payload_sha for x in dead_letters.open_letters(tx, "m3__items")] == ["b"]
        assert dead_letters.resolve(tx, "m3__items", ["K"]) == 1
        assert dead_letters.open_letters(tx) == []


def test_a_verdict_names_what_it_lets_through(store: Store) -> None:
    verdict_id = a_verdict(store)
    with store.read() as tx:
        assert verdicts.payloads(tx, verdict_id) == {("K", "sha")}
        assert verdicts.get(tx, verdict_id) == verdicts.latest(tx, "m3__items")
        assert (verdicts.get(tx, "?"), verdicts.latest(tx, "m3__orders")) == (None, None)


def test_a_rotated_token_is_kept_for_the_next_process(store: Store, tmp_path: Path) -> None:
    tokens = StoreTokens(store, "freshbooks")
    assert tokens.load() is None
    tokens.save({"access_token": "a", "refresh_token": "r1"})
    tokens.save({"access_token": "b", "refresh_token": "r2"})
    other = open_store(tmp_path / "ops" / "store.db")
    assert StoreTokens(other, "freshbooks").load() == {"access_token": "b", "refresh_token": "r2"}
    other.close()


def test_made_ids_sort_in_the_order_of_making() -> None:
    made = [uuid7() for _ in range(10_000)]
    assert made == sorted(set(made))
    assert made[0][14] == "7" and made[0][19] in "89ab"
