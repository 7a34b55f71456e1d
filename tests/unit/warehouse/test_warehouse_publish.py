"""The published snapshot: all at once, never half, for reading only."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from warehouse_helpers import order, python, warehouse_at

from fbinfor_assets.warehouse import PublishFailed, SnapshotMissing, SnapshotRefused, Warehouse, publish

PUBLISH = """
    import sys
    from fbinfor_assets.warehouse import Warehouse
    print(Warehouse(sys.argv[1]).publish(force=True).skipped)
"""


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    warehouse = warehouse_at(tmp_path)
    set_amount(warehouse, "1.10")
    note_build(warehouse, 1, "complete")
    return warehouse


def set_amount(warehouse: Warehouse, amount: str) -> None:
    with warehouse.connect("test") as con:
        con.execute(
            f"create or replace table ops.amounts as select {amount}::decimal(18, 2) as amount, now() as made_at"
        )


def note_build(warehouse: Warehouse, generation: int, status: str) -> None:
    with warehouse.connect("test") as con:
        con.execute(
            "insert into ops.builds values (?, 0, now(), now(), ?, true, 'p', 'q', 'a test failed')",
            [generation, status],
        )


def amount(warehouse: Warehouse) -> Decimal:
    return warehouse.sql("select amount from ops.amounts").rows[0][0]


def test_readers_see_the_live_file_only_after_it_was_published(warehouse: Warehouse):
    published = warehouse.publish()
    assert published.skipped is None
    assert published.tables > 20
    set_amount(warehouse, "2.20")
    assert amount(warehouse) == Decimal("1.10")
    warehouse.publish(force=True)
    assert amount(warehouse) == Decimal("2.20")


def test_before_the_first_publish_the_reader_is_told_so(warehouse: Warehouse):
    with pytest.raises(SnapshotMissing, match="run a build and publish it first"):
        warehouse.sql("select 1")


def test_a_reader_keeps_the_snapshot_it_opened(warehouse: Warehouse):
    warehouse.publish()
    with warehouse.read_snapshot() as old:
        set_amount(warehouse, "2.20")
        warehouse.publish(force=True)
        with warehouse.read_snapshot() as new:
            assert new.execute("select amount from ops.amounts").fetchone() == (Decimal("2.20"),)
        assert old.execute("select amount from warehouse.ops.amounts").fetchone() == (Decimal("1.10"),)


def test_reading_does_not_wait_for_a_writer(warehouse: Warehouse):
    warehouse.publish()
    with warehouse.connect("writing"):
        child = python("import sys; from fbinfor_assets.warehouse import Warehouse\nprint(Warehouse(sys.argv[1]).sql('select 1').rows)", warehouse.home)  # fmt: skip
    assert child.stdout == "[(1,)]\n", child.stderr


def test_a_young_snapshot_is_left_in_place(warehouse: Warehouse):
    first = warehouse.publish()
    set_amount(warehouse, "2.20")
    again = warehouse.publish()
    assert again.skipped == "the snapshot is only 0 s old"
    assert again.at == first.at
    old = time.time() - 31
    os.utime(warehouse.snapshot_path, (old, old))
    assert warehouse.publish().skipped is None
    assert amount(warehouse) == Decimal("2.20")


def test_half_a_build_is_not_published(warehouse: Warehouse):
    warehouse.publish()
    set_amount(warehouse, "2.20")
    note_build(warehouse, 2, "failed")
    assert "is failed: a test failed" in (warehouse.publish(min_age_seconds=0).skipped or "")
    assert amount(warehouse) == Decimal("1.10")


def test_a_publish_that_is_killed_leaves_the_old_snapshot_and_the_next_one_cleans_up(warehouse: Warehouse):
    warehouse.publish()
    set_amount(warehouse, "2.20")
    child = python(PUBLISH, warehouse.home, FBINFOR_FAILPOINT="before_publish_rename")
    assert child.returncode == -9, child.stderr
    assert amount(warehouse) == Decimal("1.10")
    assert [path for path in warehouse.snapshot_path.parent.iterdir() if ".tmp" in path.name]
    warehouse.publish(force=True)
    assert amount(warehouse) == Decimal("2.20")
    assert not [path for path in warehouse.snapshot_path.parent.iterdir() if ".tmp" in path.name]


def test_a_copy_that_does_not_verify_is_not_put_in_place(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
):
    warehouse.publish()
    set_amount(warehouse, "2.20")
    monkeypatch.setattr(
        publish.shutil,
        "copyfile",
        lambda source, target: Path(target).write_bytes(Path(source).read_bytes()[:5_000]),
    )
    with pytest.raises(PublishFailed, match="readers keep the old one"):
        warehouse.publish(force=True)
    assert amount(warehouse) == Decimal("1.10")
    assert not [path for path in warehouse.snapshot_path.parent.iterdir() if ".tmp" in path.name]


def test_a_query_gives_exact_values_columns_and_types(warehouse: Warehouse):
    warehouse.publish()
    result = warehouse.sql("select amount, made_at, 'x' as note from ops.amounts")
    assert result.columns == ("amount", "made_at", "note")
    assert result.types == ("DECIMAL(18,2)", "TIMESTAMP WITH TIME ZONE", "VARCHAR")
    [(value, at, _)] = result.rows
    assert value == Decimal("1.10") and isinstance(value, Decimal)
    assert isinstance(at, datetime) and at.utcoffset() == datetime.now(UTC).utcoffset()


def test_a_query_is_cut_at_its_limit_and_says_so(warehouse: Warehouse):
    warehouse.publish()
    assert warehouse.sql("select * from range(10)", limit=3).rows == [(0,), (1,), (2,)]
    assert warehouse.sql("select * from range(10)", limit=3).truncated
    assert not warehouse.sql("select * from range(3)", limit=3).truncated
    assert len(warehouse.sql("select * from range(5000)", limit=None).rows) == 5000


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("insert into ops.amounts values (1, now())", "INSERT is not possible here"),
        ("create table ops.x (i int)", "CREATE is not possible here"),
        ("create temp table x (i int)", "CREATE is not possible here"),
        ("drop table ops.amounts", "DROP is not possible here"),
        ("copy ops.amounts to 'amounts.csv'", "COPY is not possible here"),
        ("attach 'other.duckdb'", "ATTACH is not possible here"),
        ("set threads = 1", "SET is not possible here"),
        ("select 1; select 2", "one statement at a time"),
        ("select 1; drop table ops.amounts", "DROP is not possible here"),
        ("", "no statement"),
        ("selekt 1", "not SQL that DuckDB understands"),
        ("select * from nowhere", "the query failed"),
        ("select * from '/etc/hostname.csv'", "the query failed"),
    ],
)
def test_what_is_not_one_reading_statement_is_refused_in_a_sentence(
    warehouse: Warehouse, query: str, said: str
):
    warehouse.publish()
    with pytest.raises(SnapshotRefused, match=said):
        warehouse.sql(query)
    assert amount(warehouse) == Decimal("1.10")


def test_raw_data_can_be_queried_after_a_build(warehouse: Warehouse):
    warehouse.land("shop", "orders", [order(1)])
    warehouse.load_pending()
    note_build(warehouse, 2, "complete")
    warehouse.publish()
    assert warehouse.sql("select key, payload from raw.shop__orders_current").rows == [
        ("1", '{"id":1,"total":12.50}')
    ]
