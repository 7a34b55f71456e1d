"""The copy of the operational store: by change sequence, exact amounts, zones, all or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from fbinfor_assets.store import agreed, crosswalk, open_store
from fbinfor_assets.warehouse import OpsCopyRefused, Warehouse, ops

INTENT = {
    "id": "018f", "target": "m3", "object": "m3__orders", "operation": "create", "business_key": "536365",
    "target_ref": "FB-A-1", "payload": "{}", "payload_sha": "ab", "state": "confirmed", "remote_id": "1000001",
    "error_class": None, "error": None, "document_date": "2011-01-04", "currency": "GBP", "amount": "139.12",
    "created_at": "2026-01-05T10:00:00.000000+00:00", "updated_at": "2026-01-05T12:00:00.000000+02:00", "change_seq": 1,
}  # fmt: skip


@dataclass
class Changes:
    rows: list[dict[str, Any]]
    upto: int


class Source:
    """A store whose rows are given; `changes_since` as the real one has it."""

    def __init__(self, upto: int = 0, **tables: list[dict[str, Any]]) -> None:
        self.upto, self.tables = upto, tables

    def changes_since(self, table: str, seq: int) -> Changes:
        return Changes([row for row in self.tables.get(table, []) if row["change_seq"] > seq], self.upto)


def copied(tmp_path: Path, source: Any, query: str, generation: int = 1) -> tuple[int, list[tuple]]:
    with Warehouse(tmp_path).connect("test") as con:
        count = ops.copy(con, source, generation)
        return count, con.execute(query).fetchall()


def test_an_intent_arrives_with_exact_amount_and_instants_in_utc(tmp_path: Path):
    count, rows = copied(
        tmp_path, Source(1, intent=[INTENT]), "select amount, document_date, updated_at from ops.intents"
    )
    assert count == 1
    assert rows == [(Decimal("139.12"), date(2011, 1, 4), datetime(2026, 1, 5, 10, tzinfo=UTC))]


def test_only_what_changed_is_copied_and_carries_the_generation(tmp_path: Path):
    first = {**INTENT, "state": "sending"}
    other = {**INTENT, "id": "0190", "target_ref": "FB-A-2"}
    copied(tmp_path, Source(2, intent=[first, {**other, "change_seq": 2}]), "select 1", generation=1)
    changed = Source(3, intent=[{**INTENT, "change_seq": 3}, {**other, "change_seq": 2}])
    count, rows = copied(
        tmp_path, changed, "select id, state, load_generation from ops.intents order by id", generation=2
    )
    assert count == 1
    assert rows == [("018f", "confirmed", 2), ("0190", "confirmed", 1)]


def test_nothing_changed_copies_nothing(tmp_path: Path):
    source = Source(1, intent=[INTENT])
    copied(tmp_path, source, "select 1")
    assert copied(tmp_path, source, "select load_generation from ops.intents", generation=2) == (0, [(1,)])


def test_a_store_that_was_restored_is_copied_whole(tmp_path: Path):
    other = {**INTENT, "id": "0190", "target_ref": "FB-A-2", "change_seq": 9}
    copied(tmp_path, Source(9, intent=[INTENT, other]), "select 1")
    count, rows = copied(
        tmp_path, Source(4, intent=[INTENT]), "select id, load_generation from ops.intents", generation=2
    )
    assert (count, rows) == (1, [("018f", 2)])


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("amount", "1.005", "two decimals at most"),
        ("amount", 1.5, "a float is no amount"),
        ("amount", "NaN", "two decimals at most"),
        ("amount", "a lot", "amount 'a lot'"),
        ("updated_at", "2026-01-05T10:00:00", "no time zone"),
        ("document_date", "4 Jan", "document_date '4 Jan'"),
    ],
)
def test_a_value_that_does_not_fit_is_named_and_nothing_is_copied(
    tmp_path: Path, field: str, value: Any, said: str
):
    good = {**INTENT, "id": "0190", "target_ref": "FB-A-2"}
    source = Source(2, intent=[good, {**INTENT, field: value}])
    with Warehouse(tmp_path).connect("test") as con:
        with pytest.raises(OpsCopyRefused, match="intent 018f") as refused:
            ops.copy(con, source, 1)
        assert said in str(refused.value)
        assert con.execute(
            "select (select count(*) from ops.intents), (select count(*) from ops.copied)"
        ).fetchone() == (0, 0)


def test_the_real_store_is_a_source_as_it_stands(tmp_path: Path):
    store = open_store(tmp_path / "store.sqlite")
    with store.write() as tx:
        crosswalk.put(tx, [crosswalk.Link("party", "shop", "17850", "freshbooks", "11")], "created")
        agreed.put(tx, {("party", "SHOP-17850"): {"phone": "020 1234", "city": None}})
    count, rows = copied(
        tmp_path,
        store,
        "select entity, left_id, right_id, method, created_at is not null, load_generation from ops.crosswalk",
    )
    assert (count, rows) == (3, [("party", "17850", "11", "created", True, 1)])
    with store.write() as tx:
        agreed.put(tx, {("party", "SHOP-17850"): {"phone": "020 9999"}})
    count, rows = copied(
        tmp_path, store, "select field, value, load_generation from ops.agreed order by field", generation=2
    )
    assert (count, rows) == (1, [("city", None, 1), ("phone", "020 9999", 2)])


def test_why_an_intent_was_planned_arrives_as_text(tmp_path: Path):
    changes = '[{"field":"total","old":"12.00","new":"24.00"}]'
    planned = {**INTENT, "reason": "M3 invoice 2010/10000001 decides lines and day", "changes": changes}
    _, rows = copied(tmp_path, Source(1, intent=[planned]), "select reason, changes from ops.intents")
    assert rows == [(planned["reason"], changes)]


def test_more_rows_than_a_batch_arrive_whole(tmp_path: Path):
    rows = [
        {
            "entity": "item",
            "key": str(n),
            "field": "unit",
            "value": "EA",
            "agreed_at": INTENT["created_at"],
            "change_seq": n,
        }
        for n in range(1, 12_002)
    ]
    assert copied(
        tmp_path, Source(12_001, agreed=rows), "select count(*), count(distinct key) from ops.agreed"
    ) == (
        12_001,
        [(12_001, 12_001)],
    )


def test_settings_are_text_that_models_can_cast(tmp_path: Path):
    policy = {
        "go_live_sale": date(2011, 1, 4), "limit": Decimal("1E+3"), "on": True, "days": 30, "none": None,
        "types": ["F01", "F02"], "name": "x",
    }  # fmt: skip
    with Warehouse(tmp_path).connect("test") as con:
        ops.set_policy(con, {"old": "1"})
        ops.set_policy(con, policy)
        assert dict(con.execute("select key, value from ops.policy").fetchall()) == {
            "go_live_sale": "2011-01-04", "limit": "1000", "on": "true", "days": "30", "none": None,
            "types": '["F01", "F02"]', "name": "x",
        }  # fmt: skip


def test_another_setting_is_another_policy():
    assert ops.policy_sha({"a": "1", "b": 2}) == ops.policy_sha({"b": "2", "a": "1"})
    assert ops.policy_sha({"a": "1"}) != ops.policy_sha({"a": "2"})
