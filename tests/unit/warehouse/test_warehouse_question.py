"""What may be asked of the published snapshot, and how a refusal reads: with its place, and what may have been meant."""

from __future__ import annotations

import os
import threading
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from warehouse_helpers import warehouse_at

from fbinfor_assets.warehouse import SnapshotRefused, Warehouse


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    made = warehouse_at(tmp_path_factory.mktemp("question"))
    with made.connect("test") as con:
        con.execute(
            "create table ops.amounts as select 'sale' as class, 1.10::decimal(18, 2) as amount, "
            "12345678901234567::hugeint as counted, date '2010-12-01' as day"
        )
        con.execute("insert into ops.builds values (1, 0, now(), now(), 'complete', true, 'p', 'q', null)")
    made.publish(force=True)
    return made


def files(warehouse: Warehouse) -> dict[str, tuple[int, int]]:
    """Every file of the home with its size and time."""
    return {
        str(path): (path.stat().st_size, path.stat().st_mtime_ns)
        for path in warehouse.home.rglob("*")
        if path.is_file()
    }


READS_ELSEWHERE = [
    "select * from read_csv('{secret}')",
    "select * from '{secret}'",
    "select * from read_text('{secret}')",
    "select content from read_blob('{snapshot}')",
    "select (select count(*) from glob('{folder}/*')) as files",
    "with found as (from sniff_csv('{secret}')) select * from found",
    "from query('select * from read_text(''{secret}'')')",
    "from query_table('{secret}')",
    "summarize from read_csv('{secret}')",
    "from duckdb_secrets()",
    "from sqlite_scan('{secret}', 'x')",
]
ACTS = [
    "copy ops.amounts to '{folder}/out.csv'",
    "copy ops.amounts to '{snapshot}'",
    "explain analyze copy (select 1) to '{folder}/out.csv'",
    "export database '{folder}/out'",
    "attach '{folder}/other.duckdb' as other",
    "attach '{snapshot}' as again",
    "install httpfs",
    "load httpfs",
    "call enable_logging(storage = 'file', storage_path = '{folder}/log')",
    "from enable_logging(storage = 'file', storage_path = '{folder}/log')",
    "from enable_profiling(format = 'json', save_location = '{folder}/profile.json')",
    "select * from force_checkpoint('warehouse')",
    "pragma database_list",
    "set lock_configuration = false",
    "reset lock_configuration",
    "set enable_external_access = true",
    "update ops.amounts set amount = 0",
    "truncate ops.amounts",
    "create secret s (type s3)",
    "use memory",
    "begin",
    "checkpoint",
    "with gone as (delete from ops.amounts returning *) select * from gone",
]


@pytest.mark.parametrize("query", READS_ELSEWHERE + ACTS)
def test_nothing_but_the_snapshots_tables_can_be_read_and_nothing_written(
    warehouse: Warehouse, tmp_path: Path, query: str
):
    secret = tmp_path / "secret.csv"
    secret.write_text("token\nhunter2\n")
    before = files(warehouse)
    names = {"secret": secret, "snapshot": warehouse.snapshot_path, "folder": tmp_path}
    with pytest.raises(SnapshotRefused) as refused:
        warehouse.sql(query.format(**names))
    assert "hunter2" not in str(refused.value)
    assert os.listdir(tmp_path) == ["secret.csv"]
    assert files(warehouse) == before


def test_the_connection_alone_refuses_other_files_too(warehouse: Warehouse, tmp_path: Path):
    (tmp_path / "secret.csv").write_text("token\nhunter2\n")
    with warehouse.read_snapshot() as con:
        for query in (
            f"from read_csv('{tmp_path}/secret.csv')",
            f"copy (select 1) to '{tmp_path}/out.csv'",
            f"attach '{tmp_path}/x.duckdb'",
            "delete from ops.amounts",
        ):
            with pytest.raises(duckdb.Error, match=r"disabled|read-only"):
                con.execute(query)


def test_variables_of_the_program_are_not_tables(warehouse: Warehouse):
    import polars

    parsed = polars.DataFrame({"token": ["hunter2"]})
    with pytest.raises(SnapshotRefused, match="parsed does not exist"):
        warehouse.sql("select * from parsed")
    assert parsed.height == 1


@pytest.mark.parametrize(
    ("query", "says"),
    [
        (
            "select amont from ops.amounts",
            "line 1, column 8:\n  select amont from ops.amounts\n         ^\ndid you mean amount",
        ),
        (
            "-- a comment\nselect *\n  from ops.amonts",
            "line 3, column 8:\n    from ops.amonts\n         ^\ndid you mean ops.amounts",
        ),
        ("select 'é', foo(1)", "line 1, column 13:\n  select 'é', foo(1)\n              ^"),
        ("select sum(amount from ops.amounts", 'error at or near "from"\nline 1, column 19:'),
    ],
)
def test_a_mistake_is_shown_with_its_line_and_column_and_what_was_meant(
    warehouse: Warehouse, query: str, says: str
):
    with pytest.raises(SnapshotRefused) as refused:
        warehouse.sql(query)
    assert says in str(refused.value)
    assert refused.value.exit_code == 2


def test_a_question_that_only_its_data_defeats_is_no_wrong_usage(warehouse: Warehouse):
    with pytest.raises(SnapshotRefused, match="out of range") as refused:
        warehouse.sql("select counted::tinyint from ops.amounts")
    assert refused.value.exit_code == 1


def test_a_parameter_is_a_value_and_never_a_piece_of_sql(warehouse: Warehouse):
    ask = "select class from ops.amounts where class = $class"
    assert warehouse.sql(ask, parameters={"class": "sale"}).rows == [("sale",)]
    assert warehouse.sql(ask, parameters={"class": "x' or true --"}).rows == []
    with pytest.raises(SnapshotRefused, match=r"\$class has no value: give one with --param class=VALUE"):
        warehouse.sql(ask)
    with pytest.raises(SnapshotRefused, match=r"no parameter \$day; its parameters: \$class"):
        warehouse.sql(ask, parameters={"class": "sale", "day": date(2010, 12, 1)})


def test_a_frame_keeps_every_digit(warehouse: Warehouse):
    import polars

    with warehouse.question("select amount, counted, day from ops.amounts") as question:
        frame = question.run().frame()
    assert frame.rows() == [(Decimal("1.10"), Decimal(12345678901234567), date(2010, 12, 1))]
    assert frame.dtypes == [polars.Decimal(18, 2), polars.Decimal(38, 0), polars.Date]


def test_a_plan_is_shown_without_running_the_query(warehouse: Warehouse):
    with warehouse.question("select error('ran') from ops.amounts where class = $class") as question:
        assert "PROJECTION" in question.explain({"class": "sale"})


def test_a_long_question_can_be_stopped(warehouse: Warehouse):
    import _thread

    with warehouse.question("select count(*) from range(100000000000) a, range(1000) b") as question:
        timer = threading.Timer(0.5, _thread.interrupt_main)
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            question.run()
        timer.join()
