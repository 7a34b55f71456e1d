"""Connections: open late, close always, one at a time, refusals in sentences."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from warehouse_helpers import order, python, start_python, warehouse_at

from fbinfor_assets.warehouse import Warehouse, WarehouseBusy, WarehouseError, attach, raw

OPEN_FOR_WRITING = """
    import duckdb, sys
    con = duckdb.connect(sys.argv[1])
    print(con.execute("select count(*) from ops.builds").fetchone(), flush=True)
"""


def test_another_process_can_open_the_file_as_soon_as_the_block_ends_even_by_an_exception(tmp_path: Path):
    warehouse = Warehouse(tmp_path)
    with pytest.raises(ZeroDivisionError), warehouse.connect("test"):
        _ = 1 / 0
    assert python(OPEN_FOR_WRITING, warehouse.path).stdout == "(0,)\n"


def test_a_second_process_waits_for_the_first_and_does_not_fail(tmp_path: Path):
    warehouse = Warehouse(tmp_path)
    with warehouse.connect("first") as con:
        con.execute("create table raw.note as select 1 as one")
        child = start_python(
            """
            import sys
            from fbinfor_assets.warehouse import Warehouse
            print("ready", flush=True)
            with Warehouse(sys.argv[1]).connect("second") as con:
                print(con.execute("select one from raw.note").fetchone())
            """,
            tmp_path,
        )
        assert child.stdout is not None and child.stdout.readline() == "ready\n"
    assert child.communicate(timeout=20)[0] == "(1,)\n"


def test_a_nested_call_gets_the_same_connection(tmp_path: Path):
    warehouse = Warehouse(tmp_path)
    with warehouse.connect("outer") as outer:
        with warehouse.connect("inner") as inner:
            assert inner is outer
        assert outer.execute("select 1").fetchone() == (1,)


def test_sessions_are_in_utc_and_money_stays_decimal(tmp_path: Path):
    with Warehouse(tmp_path).connect("test") as con:
        con.execute(
            "create table raw.amounts as select 0.10::decimal(18, 2) + 0.20::decimal(18, 2) as amount"
        )
        assert con.execute("select amount from warehouse.raw.amounts").fetchone() == (Decimal("0.30"),)
        row = con.execute("select timestamptz '2026-03-01 12:00:00+02'").fetchone()
        assert row == (datetime(2026, 3, 1, 10, tzinfo=UTC),)
        assert con.execute("select current_setting('TimeZone')").fetchone() == ("UTC",)


def test_a_file_opened_by_a_program_without_the_lock_is_reported_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(attach, "_RELEASE_SECONDS", 0.2)
    warehouse = Warehouse(tmp_path)
    with warehouse.connect("making it"):
        pass
    stranger = start_python(OPEN_FOR_WRITING + "    import time; time.sleep(60)", warehouse.path)
    try:
        assert stranger.stdout is not None and stranger.stdout.readline() == "(0,)\n"
        with (
            pytest.raises(WarehouseBusy, match="read the published snapshot instead"),
            warehouse.connect("test"),
        ):
            pass
    finally:
        stranger.kill()
        stranger.communicate()
    with warehouse.connect("after it"):
        pass


def test_a_file_that_is_no_warehouse_is_reported_with_what_to_do(tmp_path: Path):
    warehouse = Warehouse(tmp_path)
    warehouse.path.parent.mkdir(parents=True)
    warehouse.path.write_bytes(b"this is not a database" * 1000)
    with pytest.raises(WarehouseError, match="move the file away"), warehouse.connect("test"):
        pass


def test_a_warehouse_of_another_release_is_made_anew_from_the_landing_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    warehouse = warehouse_at(tmp_path)
    warehouse.land("shop", "orders", [order(1)])
    warehouse.load_pending()
    monkeypatch.setattr(raw, "SCHEMA_VERSION", raw.SCHEMA_VERSION + 1)
    assert warehouse.load_pending().rows == 1
    with warehouse.connect("test") as con:
        assert con.execute("select count(*) from raw.shop__orders").fetchone() == (1,)


def test_every_table_that_dbt_reads_exists_before_anything_was_landed(tmp_path: Path):
    with Warehouse(tmp_path).connect("test") as con:
        found = {
            row[0]
            for row in con.execute(
                "select table_name from duckdb_tables() where schema_name = 'raw'"
            ).fetchall()
        }
        assert found == {
            f"{system}__{entity}" for system, entities in raw.ENTITIES.items() for entity in entities
        }
        assert isinstance(con, duckdb.DuckDBPyConnection)
