"""The small company of world.py as a published snapshot, with something of everything that the tour asks about.

Belongs here: what the tour needs beyond world.py (writes, a refusal, look-alikes, codes that collide), and building it.
Does not belong here: expectations (the tests). Every instant is fixed, so that docs/tour.md can be held equal to it.
"""

from __future__ import annotations

from pathlib import Path

import vendor_rows as v
import world
import yaml
from conftest import PROJECT, SELECT, Staged

from fbinfor_assets.domain.policy import Policy
from fbinfor_assets.warehouse import ENTITIES
from fbinfor_assets.warehouse.dbt_runner import DbtRunner

_POLICY = Policy.from_document(yaml.safe_load((PROJECT.parent / "config" / "policy.sandbox.yml").read_text()))
_AT = "timestamptz '2011-01-05 09:00:00+00'"


def everything() -> list[world.Row]:
    """All rows of the company."""
    return [
        *map(_invoiced_on_the_day_of_m3, world.everything()),
        *look_alikes(),
        *three_decimals(),
        annotated(),
    ]


def look_alikes() -> list[world.Row]:
    """Shop customer 12363 and client 104: telephone and a similar name agree, postcode and e-mail do not."""
    ours = {
        "company": "Hebden Antiques",
        "email": "ann@hebden.example",
        "phone": "01632 960777",
        "city": "York",
        "postcode": "YO1 1AA",
        "country": "GB",
    }
    theirs = {
        "organization": "Hebden Antique",
        "email": "office@hebden-hall.example",
        "bus_phone": "01632960777",
        "p_city": "York",
        "p_code": "LS2 2BB",
    }
    return [
        ("shop", "customers", "12363", v.shop_customer(12363, first_name="", last_name="", **ours)),
        ("freshbooks", "clients", "104", v.client(104, **theirs)),
        (
            "shop",
            "orders",
            str(v.order_id("536600")),
            v.shop_order(
                "536600", [("85123A", 1, "5.00")], customer=12363, billing=v.address(**ours), day="2010-12-01"
            ),
        ),
    ]


def three_decimals() -> list[world.Row]:
    """Order 536700: 25 x 0.145 is 3.625, and no invoice has half a cent."""
    lines = [("85123A", 25, "0.145")]
    return [
        (
            "shop",
            "orders",
            str(v.order_id("536700")),
            v.shop_order("536700", lines, customer=17850, billing=v.address(**world.FIRE)),
        )
    ]


def annotated() -> world.Row:
    """A newer version of the delivered invoice: somebody added a note."""
    (row,) = (row for row in world.delivered_sale() if row[:3] == ("freshbooks", "invoices", "9001"))
    payload = row[3] | {"notes": "Left with the neighbour", "updated": "2010-12-21 10:00:00"}
    return _invoiced_on_the_day_of_m3((*row[:3], payload))


def publish(home: Path, runner_work: Path, rows: list[world.Row]) -> Path:
    """Build the rows whole, reports too, and put the result where a home has its snapshot. Returns the home."""
    staged = Staged(home, runner_work)
    staged.select = (*SELECT, "path:models/outbound")
    with staged.open() as con:
        con.execute("delete from ops.policy")
        con.executemany(
            "insert into ops.policy values (?, ?)", [*_POLICY.for_warehouse(world.ACCOUNT).items()]
        )
        if rows:
            _what_was_done(con)
    staged.land(rows)
    built = staged.build(full=True)
    assert built.broken == []
    manifest = DbtRunner(PROJECT, runner_work / "none.duckdb", runner_work).warm()
    reports = DbtRunner(PROJECT, staged.path, runner_work).build(manifest, full=True, reports=True)
    assert [node for node in reports if not node.ok] == []
    snapshot = home / "warehouse" / "published.duckdb"
    snapshot.parent.mkdir()
    staged.path.rename(snapshot)
    return home


def _what_was_done(con) -> None:
    """The bookkeeping that a pass would have left: a build, its landings, writes, one refusal."""
    con.execute(
        f"insert into ops.builds values (1, 0, {_AT}, {_AT} + interval 20 second, 'complete', true, 'p', 'q', null)"
    )
    for system, entity in [(system, one) for system, every in ENTITIES.items() for one in every]:
        con.execute(
            f"insert into ops.loaded_files values (?, ?, ?, 'landing', 1, 1, 1, {_AT})",
            [f"{system}/{entity}/landing.parquet", system, entity],
        )
    intents = [
        ("freshbooks", "freshbooks__invoices", "create", "536365", "536365", "confirmed", "9001", "64.37"),
        ("m3", "m3__orders", "create", "536365", f"FB-{world.ACCOUNT}-9001", "confirmed", "5000001", "64.37"),
        ("m3", "m3__receipts", "create", "payment:7001", "7001", "confirmed", "7001", "64.37"),
        ("m3", "m3__orders", "create", "536400", f"FB-{world.ACCOUNT}-9010", "in_doubt", None, "36.00"),
    ]
    for number, (target, object_, operation, key, reference, state, remote, amount) in enumerate(intents):
        values = {
            "id": f"00000000-0000-7000-8000-{number:012}",
            "target": target,
            "object": object_,
            "operation": operation,
            "business_key": key,
            "target_ref": reference,
            "state": state,
            "remote_id": remote,
            "error": "no answer within 30 s" if state == "in_doubt" else None,
            "document_date": "2010-12-02",
            "currency": "GBP",
            "amount": amount,
            "reason": "there is none in the target yet",
            "changes": "[]",
            "created_at": f"2011-01-05 09:00:{30 + number}+00",
            "updated_at": f"2011-01-05 09:01:{number:02}+00",
            "load_generation": 1,
        }
        names = ", ".join(values)
        con.execute(
            f"insert into ops.intents ({names}) values ({', '.join('?' * len(values))})", [*values.values()]
        )
    con.execute(
        "insert into ops.dead_letters (id, object, business_key, rule, field, value, message, source, state, created_at, "
        "load_generation) values ('d1', 'm3__customers', 'SHOP-12360', 'expect_column_value_lengths_to_be_between', "
        f"'CUNM', 'A name that is far longer than M3 has room for', 'longer than 36 characters', 'gate', 'open', {_AT}, 1)"
    )


def _invoiced_on_the_day_of_m3(row: world.Row) -> world.Row:
    """Sent FreshBooks invoices carry the day of their M3 invoice once they agree."""
    system, entity, key, payload = row
    if (system, entity) == ("freshbooks", "invoices") and payload["v3_status"] != "draft":
        payload = payload | {"create_date": "2010-12-02"}
    return system, entity, key, payload
