"""Outbound rows: parsed, exact, and only from a build that stands for what is loaded."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from warehouse_helpers import order, warehouse_at

from fbinfor_assets.domain.canonical import payload_sha
from fbinfor_assets.warehouse import BuildNotComplete, UnknownObject, Warehouse

PAYLOAD = '{"head": {"CUNO": "FB00000011"}, "lines": [{"ITNO": "85123A", "SAPR": "2.55"}], "ratio": 0.10}'


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    warehouse = warehouse_at(tmp_path)
    with warehouse.connect("test") as con:
        con.execute("create schema outbound")
        con.execute(
            """
            create table outbound.diff_m3__orders (
                business_key varchar, operation varchar, target_ref varchar, document_date date, currency varchar,
                amount decimal(18, 2), payload varchar, agreed varchar, links varchar, diff varchar, _generation bigint
            )
            """
        )
        con.executemany(
            "insert into outbound.diff_m3__orders values (?, ?, ?, ?, 'GBP', ?, ?, ?, ?, ?, 1)",
            [
                (
                    "2",
                    "create",
                    "FB-A-2",
                    date(2011, 1, 5),
                    Decimal("0.10"),
                    PAYLOAD,
                    "{}",
                    '[{"left_id": "2"}]',
                    None,
                ),
                (
                    "1",
                    "update",
                    "FB-A-1",
                    date(2011, 1, 4),
                    Decimal("9.99"),
                    "{}",
                    None,
                    None,
                    '[{"field": "x"}]',
                ),
                ("3", "none", "FB-A-3", date(2011, 1, 4), None, None, None, None, None),
                ("4", "blocked", "FB-A-4", None, None, None, None, None, None),
            ],
        )
    note_build(warehouse, 1, "complete")
    return warehouse


def note_build(warehouse: Warehouse, generation: int, status: str, detail: str | None = None) -> None:
    with warehouse.connect("test") as con:
        con.execute(
            "insert into ops.builds values (?, 0, now(), now(), ?, true, 'p', 'q', ?)",
            [generation, status, detail],
        )


def test_rows_to_write_come_parsed_and_exact_oldest_document_first(warehouse: Warehouse):
    first, second = warehouse.outbound_rows("m3__orders")
    assert (first["business_key"], second["business_key"]) == ("1", "2")
    assert second["payload"]["lines"] == [{"ITNO": "85123A", "SAPR": "2.55"}]
    assert second["payload"]["ratio"] == Decimal("0.10")
    assert second["payload_sha"] == payload_sha(second["payload"])
    assert (second["amount"], second["currency"], second["document_date"]) == (
        Decimal("0.10"),
        "GBP",
        date(2011, 1, 5),
    )
    assert (second["agreed"], second["links"], second["diff"]) == ({}, [{"left_id": "2"}], [])
    assert (first["agreed"], first["links"], first["diff"]) == ({}, [], [{"field": "x"}])


def test_other_operations_can_be_asked_for(warehouse: Warehouse):
    [row] = warehouse.outbound_rows("m3__orders", operations=["blocked"])
    assert (row["business_key"], row["payload"], row["payload_sha"]) == ("4", None, None)


@pytest.mark.parametrize("status", ["failed", "partial", "untested", "running"])
def test_nothing_is_delivered_from_a_build_that_is_not_complete(warehouse: Warehouse, status: str):
    note_build(warehouse, 2, status, "model.fbinfor.x: error")
    with pytest.raises(
        BuildNotComplete, match=rf"m3__orders cannot be delivered now: .*generation 2\) is {status}: model"
    ):
        warehouse.outbound_rows("m3__orders")
    note_build(warehouse, 3, "complete")
    assert len(warehouse.outbound_rows("m3__orders")) == 2


def test_nothing_is_delivered_from_a_build_older_than_the_raw_data(warehouse: Warehouse):
    warehouse.land("shop", "orders", [order(1)])
    warehouse.load_pending()
    with pytest.raises(
        BuildNotComplete, match="raw data of generation 2 is loaded and the last build is of generation 1"
    ):
        warehouse.outbound_rows("m3__orders")


def test_nothing_is_delivered_after_a_rebuild_of_the_raw_tables(warehouse: Warehouse):
    warehouse.rebuild()
    with pytest.raises(BuildNotComplete, match="loaded anew and not built since"):
        warehouse.outbound_rows("m3__orders")


def test_nothing_is_delivered_before_the_first_build(tmp_path: Path):
    with pytest.raises(BuildNotComplete, match="nothing was built yet"):
        Warehouse(tmp_path / "new").outbound_rows("m3__orders")


@pytest.mark.parametrize("name", ["m3__receipts", "m3__orders; drop table ops.builds", ""])
def test_an_unknown_object_is_refused_with_the_known_ones(warehouse: Warehouse, name: str):
    with pytest.raises(UnknownObject, match="there are: m3__orders"):
        warehouse.outbound_rows(name)
