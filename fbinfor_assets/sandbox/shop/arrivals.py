"""Orders of the file arrive: when the simulated clock passes their time, webhooks are told, once each.

Belongs here: the events of time. Does not belong here: what is visible at a time (`sales`, `customers`); the sending.

How far the shop has told is kept in the state (`arrived`), so that neither a restart nor a kill tells anything twice
or never. A jump of the clock tells of everything it passed, within the jump's own transaction; a running clock is
watched several times a second.
"""

from __future__ import annotations

import asyncio

from fbinfor_assets.sandbox.shop.hooks import Webhooks
from fbinfor_assets.sandbox.shop.world import World, stored

_PAUSE = 0.2


class Arrivals:
    """The shop's news of orders and, with a customer's first order, of customers."""

    def __init__(self, world: World, webhooks: Webhooks) -> None:
        self._world, self._webhooks = world, webhooks
        world.clock.listeners.append(lambda to: self.tell(stored(to)))
        webhooks.before_create = self.tell
        self.begin()

    def begin(self) -> None:
        """What has arrived before the shop's state was made is no news."""
        if "arrived" not in self._world.state.meta:
            self._world.state.set_meta("arrived", self._world.passed())
            self._world.state.commit()

    def tell(self, until: str = "") -> None:
        """Raise the events of everything that arrived since the last time; the caller commits."""
        until = until or self._world.passed()
        state = self._world.state
        since = state.meta["arrived"]
        if until <= since:
            return
        state.set_meta("arrived", until)
        orders, customers = (self._webhooks.listened(f"{kind}.created") for kind in ("order", "customer"))
        if not (orders or customers):
            return
        for order, customer in self._world.book.arrivals(since, until):
            if customers and customer is not None:
                self._webhooks.notify("customer", "created", customer)
            if orders:
                self._webhooks.notify("order", "created", order)

    async def run(self) -> None:
        """Watch the running clock until cancelled; the kernel starts it."""
        while True:
            await asyncio.sleep(_PAUSE)
            if self._world.reached() > self._world.state.meta["arrived"]:
                self.tell()
                self._world.state.commit()
