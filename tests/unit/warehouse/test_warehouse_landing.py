"""Landing: only new versions, exact numbers, durable before it is marked, flat memory."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from warehouse_helpers import order, python, warehouse_at

from fbinfor_assets.domain.canonical import payload_sha
from fbinfor_assets.store import cursors, open_store
from fbinfor_assets.warehouse import LandingRefused, Record, Warehouse
from fbinfor_assets.warehouse.landing import received_json

LAND_ORDERS = """
    import sys
    from pathlib import Path
    from warehouse_helpers import order, warehouse_at
    warehouse = warehouse_at(Path(sys.argv[1]))
    warehouse.land("shop", "orders", [order(1), order(2)], watermark="w1")
    print("landed")
"""


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return warehouse_at(tmp_path)


def files(warehouse: Warehouse, system: str = "shop", entity: str = "orders") -> list[Path]:
    folder = warehouse.raw_path / system / entity
    return sorted(path for path in folder.iterdir()) if folder.exists() else []


def cursor(warehouse: Warehouse) -> cursors.Cursor:
    with open_store(warehouse.home / "store.sqlite").read() as tx:
        return cursors.get(tx, "shop", "orders")


def test_a_landing_is_one_file_with_a_line_per_version(warehouse: Warehouse):
    before = datetime.now(UTC)
    landing = warehouse.land("shop", "orders", iter([order(1), order(2, "7.00")]), run_id="run-1")
    assert (landing.read, landing.rows) == (2, 2)
    assert files(warehouse) == [warehouse.raw_path / landing.file]
    rows = pq.read_table(warehouse.raw_path / landing.file).to_pylist()
    assert [row["key"] for row in rows] == ["1", "2"]
    assert [row["ordinal"] for row in rows] == [0, 1]
    assert rows[0]["payload"] == '{"id":1,"total":12.50}'
    assert rows[0]["payload_hash"] == payload_sha({"id": 1, "total": Decimal("12.50")})
    assert rows[0]["vendor_stamp"] == "2011-01-04T10:00:00"
    assert {row["run_id"] for row in rows} == {"run-1"}
    assert {row["landing_id"] for row in rows} == {landing.landing_id}
    assert {row["deleted"] for row in rows} == {False}
    assert before <= rows[0]["extracted_at"] <= datetime.now(UTC)


def test_a_re_read_that_finds_nothing_new_writes_nothing_and_still_moves_the_cursor(warehouse: Warehouse):
    warehouse.land("shop", "orders", [order(1)], watermark="w1", extra={"day": "2011-01-04"})
    landing = warehouse.land("shop", "orders", [order(1)], watermark=lambda: "w2")
    assert (landing.file, landing.rows, landing.read) == (None, 0, 1)
    assert len(files(warehouse)) == 1
    assert cursor(warehouse).watermark == "w2"


def test_without_a_watermark_the_cursor_stays(warehouse: Warehouse):
    warehouse.land("shop", "orders", [order(1)], watermark="w1", extra={"day": "2011-01-04"})
    warehouse.land("shop", "orders", [order(2)])
    assert (cursor(warehouse).watermark, cursor(warehouse).extra) == ("w1", {"day": "2011-01-04"})


def test_the_watermark_may_be_known_only_after_the_last_record(warehouse: Warehouse):
    seen = []

    def pull():
        for number in (1, 2, 3):
            seen.append(number)
            yield order(number)

    warehouse.land("shop", "orders", pull(), watermark=lambda: str(max(seen)))
    assert cursor(warehouse).watermark == "3"


def test_only_the_changed_versions_are_written(warehouse: Warehouse):
    warehouse.land("shop", "orders", [order(1), order(2)])
    landing = warehouse.land("shop", "orders", [order(1), order(2, "12.51")])
    assert landing.rows == 1
    assert [row["key"] for row in pq.read_table(warehouse.raw_path / landing.file).to_pylist()] == ["2"]


def test_the_order_of_fields_makes_no_new_version(warehouse: Warehouse):
    warehouse.land("shop", "orders", [Record("1", {"a": 1, "b": 2})])
    assert warehouse.land("shop", "orders", [Record("1", {"b": 2, "a": 1})]).rows == 0


def test_a_deletion_is_a_version_of_its_own(warehouse: Warehouse):
    gone = order(1)._replace(deleted=True)
    warehouse.land("shop", "orders", [order(1)])
    assert warehouse.land("shop", "orders", [gone]).rows == 1
    assert warehouse.land("shop", "orders", [gone]).rows == 0
    assert warehouse.land("shop", "orders", [order(1)]).rows == 1


def test_a_version_that_comes_back_is_a_new_line(warehouse: Warehouse):
    for total in ("1.00", "2.00", "1.00"):
        assert warehouse.land("shop", "orders", [order(1, total)]).rows == 1


def test_numbers_keep_every_digit():
    payload = {
        "price": Decimal("2.550"),
        "tiny": Decimal("1E-7"),
        "id": 2**80,
        "list": [{"n": -(2**70)}],
        "t": "é",
        "b": True,
    }
    assert received_json(payload) == (
        '{"price":2.550,"tiny":1E-7,"id":1208925819614629174706176,"list":[{"n":-1180591620717411303424}],"t":"é","b":true}'
    )


@pytest.mark.parametrize(
    ("record", "named"),
    [
        (Record("7", {"price": 0.1}), "shop orders 7"),
        (Record("7", {"price": Decimal("NaN")}), "shop orders 7"),
        (Record("7", {"when": datetime(2026, 1, 1, tzinfo=UTC)}), "shop orders 7"),
        (Record("", {"price": 1}), "no key"),
    ],
)
def test_a_record_that_cannot_be_landed_is_named_and_nothing_is_landed(
    warehouse: Warehouse, record: Record, named: str
):
    with pytest.raises(LandingRefused, match=named):
        warehouse.land("shop", "orders", [order(1), record], watermark="w1")
    assert files(warehouse) == []
    assert cursor(warehouse).watermark is None
    assert warehouse.land("shop", "orders", [order(1)]).rows == 1


def test_names_that_are_no_names_are_refused(warehouse: Warehouse):
    with pytest.raises(LandingRefused, match="is not a name"):
        warehouse.land("shop", "../orders", [order(1)])


def test_a_pull_that_breaks_lands_nothing(warehouse: Warehouse):
    def pull():
        for number in range(6_000):
            yield order(number)
        raise ConnectionError("gone")

    with pytest.raises(ConnectionError):
        warehouse.land("shop", "orders", pull(), watermark="w1")
    assert files(warehouse) == []
    assert cursor(warehouse).watermark is None


def test_a_crash_before_the_rename_leaves_nothing_and_the_next_landing_cleans_up(warehouse: Warehouse):
    child = python(LAND_ORDERS, warehouse.home, FBINFOR_FAILPOINT="before_landing_rename")
    assert child.returncode == -9, child.stderr
    assert [path.suffix for path in files(warehouse)] == [".tmp"]
    assert warehouse.load_pending().rows == 0
    assert warehouse.land("shop", "orders", [order(1), order(2)]).rows == 2
    assert [path.suffix for path in files(warehouse)] == [".parquet"]


def test_a_crash_between_rename_and_mark_lands_twice_and_loads_once(warehouse: Warehouse):
    child = python(LAND_ORDERS, warehouse.home, FBINFOR_FAILPOINT="after_landing_rename")
    assert child.returncode == -9, child.stderr
    assert len(files(warehouse)) == 1
    assert cursor(warehouse).watermark is None
    warehouse.land("shop", "orders", [order(1), order(2, "9.00"), order(3)])
    assert len(files(warehouse)) == 2
    loaded = warehouse.load_pending()
    assert (loaded.files, loaded.rows, loaded.repeated) == (2, 4, 1)
    with warehouse.connect("test") as con:
        versions = con.execute(
            "select key, payload from raw.shop__orders order by key, extracted_at"
        ).fetchall()
        assert versions == [
            ("1", '{"id":1,"total":12.50}'),
            ("2", '{"id":2,"total":12.50}'),
            ("2", '{"id":2,"total":9.00}'),
            ("3", '{"id":3,"total":12.50}'),
        ]


def test_the_file_of_a_crash_may_be_loaded_before_its_versions_land_again(warehouse: Warehouse):
    python(LAND_ORDERS, warehouse.home, FBINFOR_FAILPOINT="after_landing_rename")
    assert warehouse.load_pending().rows == 2
    assert warehouse.land("shop", "orders", [order(1), order(2)]).rows == 2
    assert warehouse.load_pending().rows == 0


def test_landings_sort_in_the_order_they_were_made_even_if_the_clock_was_set_back(warehouse: Warehouse):
    future = warehouse.raw_path / "shop" / "orders" / "20990101T000000000000Z-00000000.parquet"
    first = warehouse.land("shop", "orders", [order(1)])
    (warehouse.raw_path / first.file).rename(future)
    second = warehouse.land("shop", "orders", [order(2)])
    assert second.landing_id > future.stem
    assert second.extracted_at > datetime(2099, 1, 1, tzinfo=UTC)


def test_memory_stays_flat_however_much_is_landed(tmp_path: Path):
    child = python(
        """
        import resource, sys
        from decimal import Decimal
        from pathlib import Path
        from fbinfor_assets.warehouse import Record, Warehouse

        class NothingSeen:
            def known(self, system, entity, keys):
                assert len(keys) <= 5_000
                return {}
            def mark(self, landing, versions, watermark, extra):
                self.marked = sum(1 for _ in versions)

        def orders(count):
            for number in range(count):
                yield Record(str(number), {"id": number, "total": Decimal("12.50"), "note": f"order {number} " * 20})

        seen = NothingSeen()
        warehouse = Warehouse(Path(sys.argv[1]), seen=seen)
        warehouse.land("shop", "orders", orders(10_000))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        landing = warehouse.land("shop", "customers", orders(200_000))
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        print(landing.rows, seen.marked, (after - before) // 1024)
        """,
        tmp_path,
    )
    assert child.returncode == 0, child.stderr
    rows, marked, megabytes = map(int, child.stdout.split())
    assert (rows, marked) == (200_000, 200_000)
    assert megabytes < 60
    [file] = (tmp_path / "raw" / "shop" / "customers").iterdir()
    layout = pq.ParquetFile(file).metadata
    assert max(layout.row_group(i).num_rows for i in range(layout.num_row_groups)) <= 5_000
    assert layout.row_group(0).column(1).compression == "ZSTD"
