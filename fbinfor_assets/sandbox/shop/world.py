"""One shop: its orders, its time, its address, its switches and the state behind all resources.

Belongs here: what every resource needs and none owns.
Does not belong here: resources, paths, credentials.

Time: stamps are whole seconds; `date_*` is the shop's clock face (Europe/London), `date_*_gmt` UTC, neither names its
zone. Ids of orders and refunds made here come from one series, above those of the order file and its products.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from fbinfor_assets.sandbox.clock import Clock
from fbinfor_assets.sandbox.shop.book import ZONE, OrderBook
from fbinfor_assets.sandbox.state import State

API = "/wp-json/wc/v3"

_FIRST_IDS = {"post": 2_000_001, "user": 100_001, "meta": 9_000_001, "note": 1, "term": 16, "item": 1}

Notify = Callable[[str, str, int], None]


class World:
    """The shop. `notify(resource, event, id)` tells the webhooks; `port()` is known once the process listens;
    `opened` is the first moment of its first day."""

    def __init__(self, state: State, clock: Clock, book: OrderBook, switches: dict[str, Any]) -> None:
        self.state, self.clock, self.book, self.switches = state, clock, book, switches
        self.seed = int(book.source["seed"])
        self.port: Callable[[], int] = lambda: 0
        self.notify: Notify = lambda resource, event, id_: None
        self._reached = ("", "")
        self.opened = f"{book.source['from']}T00:00:00"

    # -- ids

    def next_id(self, series: str) -> int:
        """The next id of `post` (orders, refunds, products), `user`, `meta`, `note`, `term` or `item`."""
        return self.state.next_number("id:" + series, _FIRST_IDS[series])

    # -- time

    def now(self) -> str:
        """This instant, UTC, as stamps are stored."""
        return stored(self.clock.now())

    def stamps(self, name: str) -> dict[str, str]:
        """The two fields of a date for this instant: `{name}` on the shop's clock face and `{name}_gmt`."""
        return stamps(name, self.now())

    def passed(self) -> str:
        """The time orders have arrived up to, however wrong the shop's own clock is (fault `clock`)."""
        return stored(self.clock.true_now())

    def reached(self) -> str:
        """The time of the newest order that has arrived ("" before the first): constant between two arrivals."""
        now = self.passed()
        last, upcoming = self._reached
        if not last <= now < upcoming:
            last = self.book.last_arrival(now) or ""
            self._reached = (last, self.book.next_arrival(now) or "9999")
        return self._reached[0]

    # -- address

    @property
    def home(self) -> str:
        """The shop's own address, without a slash at its end."""
        return f"http://127.0.0.1:{self.port()}"

    def links(self, path: str, id_: int | str, **more: str) -> dict[str, Any]:
        """`_links` of an object of a collection; `more` are further relations by their paths."""
        base = self.home + API
        paths = {"self": f"{path}/{id_}", "collection": path, **more}
        return {relation: [{"href": base + to}] for relation, to in paths.items()}


def stored(at: datetime) -> str:
    """An instant as the book stores it. Seconds are cut off: the shop's stamps have none finer."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")


def stamps(name: str, gmt: str) -> dict[str, str]:
    """The two fields of a date for an instant in UTC."""
    local = datetime.fromisoformat(gmt).replace(tzinfo=UTC).astimezone(ZONE)
    return {name: local.strftime("%Y-%m-%dT%H:%M:%S"), f"{name}_gmt": gmt}
