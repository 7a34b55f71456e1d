"""Reading the three systems: what is asked, what is landed, what a second reading finds."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace

import pytest

from fbinfor_assets.defs.freshbooks import extract as freshbooks
from fbinfor_assets.defs.freshbooks.assets import ENTITIES as FRESHBOOKS
from fbinfor_assets.defs.infor import extract as infor
from fbinfor_assets.defs.infor.assets import ENTITIES as INFOR
from fbinfor_assets.defs.landing import first_change
from fbinfor_assets.defs.shop import extract as shop
from fbinfor_assets.defs.shop.assets import ENTITIES as SHOP
from fbinfor_assets.store import cursors
from fbinfor_assets.store.cursors import Cursor

NEVER = Cursor("any", "any")


def cursor(world, system: str, entity: str) -> Cursor:
    with world.app.store.read() as tx:
        return cursors.get(tx, system, entity)


@pytest.mark.parametrize("entities", [FRESHBOOKS, INFOR, SHOP], ids=["freshbooks", "m3", "shop"])
def test_a_second_reading_of_unchanged_systems_finds_nothing_new(world, entities):
    world.land()
    assert first_change(world.app, entities) is None


def test_a_first_reading_has_no_bounds(world):
    pull = freshbooks.changed(world.app.freshbooks, "invoices", NEVER)
    numbers = {record.payload["invoice_number"] for record in pull.records}
    assert {"536365", "536371"} <= numbers


def test_freshbooks_watermark_is_its_own_clock_in_utc(world):
    pull = freshbooks.changed(world.app.freshbooks, "clients", NEVER)
    stamps = [record.vendor_stamp for record in pull.records]
    newest = datetime.fromisoformat(max(stamps)).replace(tzinfo=freshbooks.EASTERN).astimezone(UTC)
    assert pull.watermark() == newest.isoformat()


def test_freshbooks_watermark_stays_when_nothing_comes():
    client = SimpleNamespace(list=lambda resource, filters: iter(()))
    pull = freshbooks.changed(client, "clients", Cursor("freshbooks", "clients", "2010-12-01T12:00:00+00:00"))
    assert list(pull.records) == [] and pull.watermark() == "2010-12-01T12:00:00+00:00"


@pytest.mark.parametrize(
    ("watermark", "first_day"),
    [
        ("2010-12-02T18:00:00+00:00", "2010-12-01"),
        ("2010-12-02T04:59:00+00:00", "2010-11-30"),  # still 1 December in US/Eastern
        ("2011-07-01T04:30:00+00:00", "2011-06-30"),  # daylight saving: past midnight already
    ],
)
def test_freshbooks_is_asked_from_the_day_before_in_us_eastern(watermark, first_day):
    asked = []
    client = SimpleNamespace(list=lambda resource, filters: asked.append(filters) or iter(()))
    list(freshbooks.changed(client, "invoices", Cursor("freshbooks", "invoices", watermark)).records)
    assert asked == [{"updated_min": first_day}, {"updated_min": first_day, "vis_state": 1}]


def test_a_client_deleted_in_freshbooks_is_landed_as_deleted(world):
    made = world.people("client", {"organization": "Short-lived Ltd", "email": "s@short.example"})
    world.cycle.run(job="land_freshbooks")
    world.people("client", {"id": made["id"], "vis_state": 1})
    world.cycle.run(job="land_freshbooks")
    with world.app.warehouse.connect("looking at raw") as con:
        world.app.warehouse.load_pending(con)
        found = con.execute(
            "select deleted from raw.freshbooks__clients where key = ? order by extracted_at, ordinal",
            [str(made["id"])],
        ).fetchall()
    assert found == [(False,), (True,)]


def test_credit_notes_are_read_whole_and_keep_no_watermark(world):
    pull = freshbooks.whole(world.app.freshbooks, "credit_notes")
    assert [record.payload["credit_number"] for record in pull.records] == ["C536379"]
    assert pull.watermark() is None


def test_m3_watermark_is_its_own_clock_before_the_pull_less_the_overlap(world):
    before = world.app.m3.server_time()[1]
    pull = infor.customers(world.app.m3, NEVER)
    assert list(pull.records)
    after = world.app.m3.server_time()[1]
    assert before <= int(pull.watermark()) + infor.OVERLAP_MS <= after


def test_an_m3_order_comes_with_its_head_and_all_its_lines(world):
    orders = {record.payload["head"]["YREF"]: record for record in infor.orders(world.app.m3, NEVER).records}
    order = orders["536365"]
    assert order.key == order.payload["head"]["ORNO"] and order.vendor_stamp.isdigit()
    assert [line["ITNO"] for line in order.payload["lines"]] == ["85123A", "71053"]


def test_an_m3_invoice_comes_with_the_lines_that_make_up_its_net(world):
    (invoice,) = infor.invoices(world.app.m3, NEVER).records
    head, lines = invoice.payload["head"], invoice.payload["lines"]
    assert invoice.key == f"{head['UHDIVI']}/{head['UHYEA4']}/{head['UHIVNO']}"
    net = Decimal(head["UHIVAM"]) - Decimal(head["UHVTAM"])
    assert net == sum(Decimal(line["UBLNAM"]) for line in lines) == Decimal("-2.55")


def test_an_m3_invoice_whose_lines_did_not_change_is_still_read_with_its_lines(world):
    real = world.app.m3

    def export(table, columns, *, order_by, where=(), page=None):
        if table == "ODLINE" and not any(condition[:2] == ("UBIVNO", "=") for condition in where):
            return iter(())  # only the head changed since: the common export has none of the lines
        return real.export(table, columns, order_by=order_by, where=where, page=page)

    m3 = SimpleNamespace(export=export, server_time=real.server_time, division=real.division)
    (invoice,) = infor.invoices(m3, NEVER).records
    assert [line["UBITNO"] for line in invoice.payload["lines"]] == ["85123A"]


def test_ledger_rows_are_keyed_by_division_year_journal_and_sequence(world):
    keys = [record.key for record in infor.ledger(world.app.m3, NEVER).records]
    assert keys and len(set(keys)) == len(keys) and all(key.count("/") == 3 for key in keys)


def test_the_shop_is_asked_from_ten_minutes_before_the_newest_order(world):
    world.land()
    kept = cursor(world, "shop", "orders")
    newest = datetime.fromisoformat(kept.watermark)
    asked = []
    client = SimpleNamespace(orders=lambda since: asked.append(since) or iter(()))
    pull = shop.orders(client, kept)
    assert list(pull.records) == [] and pull.watermark() == kept.watermark
    assert asked == [newest - shop.OVERLAP]


def test_pulls_are_lazy(world):
    pages = []

    def rows(resource, filters):
        for number in range(1000):
            pages.append(number)
            yield {"id": number, "updated": "2010-12-01 10:00:00", "vis_state": 0}

    pull = freshbooks.changed(SimpleNamespace(list=rows), "clients", NEVER)
    assert pages == []
    next(pull.records)
    assert pages == [0]


def test_landed_payloads_are_json_as_received(world):
    with world.app.warehouse.connect("looking at raw") as con:
        (payload,) = con.execute(
            "select payload from raw.shop__orders where key = '536365' limit 1"
        ).fetchone() or ("{}",)
    assert json.loads(payload, parse_float=Decimal).get("line_items", [{}])[0].get(
        "price", Decimal("2.55")
    ) == Decimal("2.55")
