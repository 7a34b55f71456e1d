"""One FreshBooks account: its ids, its time, its switches and the state behind all resources.

Belongs here: what every resource needs and none owns.
Does not belong here: resources, paths, tokens.

Facts: accounting stamps are US/Eastern wall clock without offset, daylight saving included; client.signup_date is
UTC (freshbooks-api 5). Ids, names and secrets derive from the seed alone.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from fbinfor_assets.sandbox.clock import Clock
from fbinfor_assets.sandbox.freshbooks.books import CHART, Books
from fbinfor_assets.sandbox.kernel import secret
from fbinfor_assets.sandbox.ledger import Ledger
from fbinfor_assets.sandbox.state import State

EASTERN = ZoneInfo("America/New_York")


class World:
    """The account. `seed` decides every id; `switches` as in `switches.SWITCHES`."""

    # Company of the sandbox: United Kingdom, pounds, VAT 20 %.
    currency = "GBP"
    language = "en"
    country = "United Kingdom"
    business_name = "Sandbox Gifts Ltd"

    def __init__(self, state: State, clock: Clock, seed: int, switches: dict[str, Any]) -> None:
        self.state, self.clock, self.seed, self.switches = state, clock, seed, switches
        self.ledger = Ledger(state, self.currency, CHART)
        self.books = Books(state, self.ledger)
        number = int(secret(seed, "freshbooks", "numbers", length=8), 16)
        letters = "ABCDEFGHJKLMNPQRSTUVWXYZ"
        self.account_id = "".join(
            letters[int(secret(seed, "freshbooks", f"account{n}", length=4), 16) % len(letters)]
            for n in range(3)
        ) + str(number % 900 + 100)
        self.business_id = 400_000 + number % 100_000
        self.identity_id = 10_000 + number % 80_000
        self.system_id = 600_000 + number % 90_000
        self.business_uuid = self.uuid("business", 1)
        # Below 8 digits, so that an id fits every key that is built from it.
        self._first_ids = {
            "client": 100_001 + number % 500 * 100,
            "invoice": 1_000_001 + number % 700 * 1000,
            "payment": 300_001 + number % 300 * 1000,
            "credit_note": 10_001 + number % 80 * 1000,
            "tax": 5_001 + number % 90 * 10,
        }

    # -- ids

    def next_id(self, table: str) -> int:
        """The next id of a table; series start where the seed says."""
        first = self._first_ids.get(table)
        if first is None:
            # Tables that no other key is built from: somewhere between 20,001 and 920,001.
            first = (
                20_001 + int(secret(self.seed, "freshbooks", "first id", table, length=6), 16) % 900 * 1000
            )
            self._first_ids[table] = first
        return self.state.next_number("id:" + table, first)

    def uuid(self, kind: str, id_: int) -> str:
        """A uuid that depends on the seed, the kind and the id."""
        text = secret(self.seed, "uuid", kind, str(id_))
        return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:32]}"

    # -- time

    def today(self) -> date:
        """The day in US/Eastern, by which FreshBooks calls a document overdue (assumed, freshbooks-api 10.5)."""
        return self.clock.now().astimezone(EASTERN).date()

    def stamps(self) -> tuple[str, str]:
        """(stamp, version) of this instant in US/Eastern: "2021-04-16 10:31:58" and with microseconds."""
        version = self.clock.now().astimezone(EASTERN).strftime("%Y-%m-%d %H:%M:%S.%f")
        return version[:19], version

    def eastern_stamp(self, at: datetime) -> str:
        """An instant as accounting stamps are written: "2021-04-16 10:31:58", US/Eastern."""
        return at.astimezone(EASTERN).strftime("%Y-%m-%d %H:%M:%S")

    def utc_stamp(self, at: datetime | None = None) -> str:
        """The form of client.signup_date: "2021-04-16 14:31:58", UTC."""
        return (at or self.clock.now()).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")

    def utc_instant(self) -> str:
        """The form of the business families: "2020-09-13T01:07:51", UTC without saying so."""
        return self.clock.now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
