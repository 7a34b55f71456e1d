"""What the simulated M3 holds before the first call.

Belongs here: the service items and the customers that M3 had before the product came.
Does not belong here: the tables that never change (`world.py`), order data.
"""

from __future__ import annotations

from collections.abc import Iterable

from fbinfor_assets.sandbox.m3 import suppliers
from fbinfor_assets.sandbox.m3.customers import add_customer
from fbinfor_assets.sandbox.m3.items import add_item
from fbinfor_assets.sandbox.m3.world import SERVICE_ITEMS, World
from fbinfor_assets.sandbox.profiles import Profile, m3_seed_parties


def customer_fields(party: Profile) -> dict[str, str]:
    """A party as CRS610MI fields, cut to M3's widths as a clerk would type them in."""
    fields = {
        "CUNM": party.display_name[:36],
        "CUA1": party.street[:36],
        "PONO": party.postcode[:10],
        "TOWN": party.city[:20],
        "CSCD": party.country,
        "PHNO": party.phone[:16],
        "MAIL": party.email[:50],
        "VRNO": party.vat_number[:16],
    }
    return {name: value for name, value in fields.items() if value}


def seed(world: World, customers: Iterable[tuple[int, str]], seed_number: int) -> None:
    """Fill an empty state: service items, then customers C0000101, C0000102 ... in order of shop customer
    number."""
    for itno, (description, _) in SERVICE_ITEMS.items():
        row = add_item(world, {"ITTY": "SRV", "ITNO": itno, "ITDS": description})
        world.state.log("seed", "item", itno, {"ITDS": row["ITDS"]})
    suppliers.seed(world)
    world.state.set_meta("series:CUNO", 101)
    for party in m3_seed_parties(customers, seed_number):
        row = add_customer(world, customer_fields(party))
        world.state.log("seed", "customer", row["CUNO"], {"shop_customer": party.customer_id})
    world.state.commit()
