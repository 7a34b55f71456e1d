"""Raw tables: every version once, the newest per key, the same again from the files alone."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from warehouse_helpers import order, warehouse_at

from fbinfor_assets.warehouse import UnreadableLanding, Warehouse


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return warehouse_at(tmp_path)


def rows(warehouse: Warehouse, query: str) -> list[tuple]:
    with warehouse.connect("test") as con:
        return con.execute(query).fetchall()


def digest(warehouse: Warehouse) -> str:
    """A hash over all raw tables, without the number of the build that first saw a row."""
    text = []
    with warehouse.connect("test") as con:
        for (table,) in con.execute(
            "select table_name from duckdb_tables() where schema_name = 'raw' order by 1"
        ).fetchall():
            text.append(table)
            text += map(
                repr,
                con.execute(
                    f"select * exclude (load_generation) from raw.{table} order by landing_id, ordinal"
                ).fetchall(),
            )
    return hashlib.sha256("\n".join(text).encode()).hexdigest()


def some_history(warehouse: Warehouse) -> None:
    warehouse.land("shop", "orders", [order(1), order(2), order(3)])
    warehouse.land("shop", "orders", [order(2, "13.00")])
    warehouse.load_pending()
    warehouse.land("shop", "orders", [order(2), order(3)._replace(deleted=True), order(4)])
    warehouse.land("m3", "customers", [order(7)])


def test_loading_again_loads_nothing(warehouse: Warehouse):
    some_history(warehouse)
    assert warehouse.load_pending().files == 2
    again = warehouse.load_pending()
    assert (again.files, again.rows, again.repeated) == (0, 0, 0)


def test_current_is_the_newest_version_of_each_key(warehouse: Warehouse):
    some_history(warehouse)
    warehouse.load_pending()
    assert rows(warehouse, "select key, payload, deleted from raw.shop__orders_current order by key") == [
        ("1", '{"id":1,"total":12.50}', False),
        ("2", '{"id":2,"total":12.50}', False),
        ("3", '{"id":3,"total":12.50}', True),
        ("4", '{"id":4,"total":12.50}', False),
    ]
    assert rows(warehouse, "select count(*) from raw.shop__orders where key = '2'") == [(3,)]


def test_current_is_what_a_sort_of_all_versions_would_give(warehouse: Warehouse):
    some_history(warehouse)
    warehouse.load_pending()
    sorted_versions = """
        select key, landing_id, ordinal from raw.shop__orders
        qualify row_number() over (partition by key order by extracted_at desc, ordinal desc) = 1
    """
    assert rows(warehouse, f"({sorted_versions}) order by 1") == rows(
        warehouse, "select key, landing_id, ordinal from raw.shop__orders_current order by 1"
    )


def test_rows_carry_the_generation_of_the_build_that_sees_them_first(warehouse: Warehouse):
    some_history(warehouse)
    with warehouse.connect("test") as con:
        con.execute("insert into ops.builds values (1, 0, now(), now(), 'complete', true, 'p', 'q', null)")
    assert warehouse.load_pending().generation == 2
    assert rows(warehouse, "select key, load_generation from raw.shop__orders order by extracted_at, ordinal") == [
        ("1", 1), ("2", 1), ("3", 1), ("2", 1), ("2", 2), ("3", 2), ("4", 2),
    ]  # fmt: skip


def test_a_key_twice_in_one_landing_keeps_both_versions_in_order(warehouse: Warehouse):
    warehouse.land("shop", "orders", [order(1, "1.00"), order(1, "1.00"), order(1, "2.00")])
    assert warehouse.load_pending().rows == 2
    assert rows(warehouse, "select payload from raw.shop__orders_current") == [('{"id":1,"total":2.00}',)]


def test_a_file_that_comes_late_does_not_replace_what_is_newer(warehouse: Warehouse, tmp_path: Path):
    first = warehouse.land("shop", "orders", [order(1, "1.00"), order(2)])
    aside = tmp_path / "aside"
    shutil.move(warehouse.raw_path / first.file, aside)
    warehouse.land("shop", "orders", [order(1, "2.00")])
    warehouse.load_pending()
    shutil.move(aside, warehouse.raw_path / first.file)
    warehouse.load_pending()
    assert rows(warehouse, "select key, payload from raw.shop__orders_current order by 1") == [
        ("1", '{"id":1,"total":2.00}'),
        ("2", '{"id":2,"total":12.50}'),
    ]
    before = digest(warehouse)
    warehouse.rebuild()
    assert digest(warehouse) == before


def test_an_entity_that_nobody_announced_gets_its_table_with_its_first_file(warehouse: Warehouse):
    warehouse.land("crm", "contacts", [order(1)])
    warehouse.load_pending()
    assert rows(warehouse, "select key from raw.crm__contacts_current") == [("1",)]


def test_a_rebuild_gives_the_same_tables(warehouse: Warehouse):
    some_history(warehouse)
    warehouse.load_pending()
    before = digest(warehouse)
    assert warehouse.rebuild().rows == 8
    assert digest(warehouse) == before


def test_a_lost_warehouse_gives_the_same_tables_from_the_files(warehouse: Warehouse):
    some_history(warehouse)
    warehouse.load_pending()
    before = digest(warehouse)
    warehouse.path.unlink()
    warehouse.load_pending()
    assert digest(warehouse) == before


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-40])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def flip_one_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 4] ^= 1
    path.write_bytes(bytes(content))


def other_columns(path: Path) -> None:
    pq.write_table(pa.table({"id": [1]}), path)


@pytest.mark.parametrize("damage", [cut, empty, flip_one_bit, other_columns])
def test_an_unreadable_file_is_named_and_nothing_is_loaded(warehouse: Warehouse, damage):
    warehouse.land("m3", "customers", [order(7)])
    warehouse.land("shop", "orders", [order(1)])
    bad = warehouse.land("shop", "orders", [order(number) for number in range(2, 400)])
    path = warehouse.raw_path / bad.file
    sound = path.read_bytes()
    damage(path)
    with pytest.raises(UnreadableLanding) as refused:
        warehouse.load_pending()
    assert str(path) in str(refused.value)
    assert "Restore it from a backup" in str(refused.value)
    for table in ("shop__orders", "m3__customers"):
        assert rows(warehouse, f"select count(*) from raw.{table}") == [(0,)]
    assert rows(warehouse, "select count(*) from ops.loaded_files") == [(0,)]
    path.write_bytes(sound)
    assert warehouse.load_pending().rows == 400


def test_a_copied_file_is_named(warehouse: Warehouse):
    landing = warehouse.land("shop", "orders", [order(1)])
    source = warehouse.raw_path / landing.file
    shutil.copy(source, source.with_name("20990101T000000000000Z-00000000.parquet"))
    with pytest.raises(UnreadableLanding, match="renamed or copied"):
        warehouse.load_pending()


def test_files_beside_the_landings_are_left_alone(warehouse: Warehouse):
    warehouse.land("shop", "orders", [order(1)])
    (warehouse.raw_path / "README.txt").write_text("not a landing")
    (warehouse.raw_path / "shop" / "orders" / "notes.txt").write_text("not a landing")
    assert warehouse.load_pending().rows == 1
