"""What the sender asks of a writer.

Belongs here: the interface and what every writer shares.
Does not belong here: a vendor's calls (freshbooks.py, m3.py).
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from fbinfor_assets.delivery.outcomes import Looked, ReadBack, Sent
from fbinfor_assets.delivery.settings import Clients, DeliverySettings
from fbinfor_assets.store.intents import Intent


@dataclass(frozen=True)
class Job:
    """An intent as a writer sees it: with its payload parsed (all values text, integers, booleans, lists, dicts)."""

    intent: Intent

    @cached_property
    def payload(self) -> dict[str, Any]:
        return json.loads(self.intent.payload)

    @property
    def who(self) -> str:
        return f"{self.intent.object} {self.intent.business_key}"

    @property
    def is_update(self) -> bool:
        return self.intent.operation == "update"

    @property
    def begun(self) -> bool:
        """Whether a create was found begun in the target: sending goes on from there."""
        return not self.is_update and self.intent.remote_id is not None


class Writer(ABC):
    """Sends, looks up and reads back the intents of one object."""

    object: ClassVar[str]

    def __init__(self, clients: Clients, settings: DeliverySettings) -> None:
        self.settings = settings

    @abstractmethod
    def check(self, job: Job) -> None:
        """Refuse what may never be written, before anything of the batch is sent. Raises `Forbidden`."""

    @abstractmethod
    def send_chunk(self, jobs: Sequence[Job]) -> list[Sent]:
        """Send these and say of each, in order, what came of it. Never raises a `ClientError`."""

    @abstractmethod
    def lookup(self, job: Job) -> Looked:
        """Whether this is in the target already, by our reference. Raises a `ClientError` if nobody can tell."""

    @abstractmethod
    def confirm(self, jobs: Sequence[Job]) -> list[ReadBack]:
        """Read these back and compare with what was meant (POLICY, Confirmed means). Raises a `ClientError`."""
