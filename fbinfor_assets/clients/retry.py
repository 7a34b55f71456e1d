"""Asking again: how often, how long to wait, and when to leave it to the next run.

Belongs here: the waiting rules for *reads*. Writes are never repeated here; `delivery` decides about those, after
a look-up.
Does not belong here: which errors are transient (each error says so itself, `errors.py`).
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from fbinfor_assets.clients.errors import ClientError

T = TypeVar("T")
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """At most `attempts` tries of a read, waiting with full jitter in between; all times in seconds.

    The n-th wait is uniform in [0, min(cap, base * 2**n)]. A vendor's Retry-After is waited out in full instead, but
    never longer than `longest_wait`: beyond that the error goes to the caller, whose schedule can use the time.
    """

    attempts: int = 4
    base: float = 0.5
    cap: float = 20.0
    longest_wait: float = 60.0

    def wait(self, attempt: int, retry_after: float | None, jitter: float) -> float | None:
        """Seconds to wait after the `attempt`-th try (from 1), None to give up; `jitter` is in [0, 1)."""
        if attempt >= self.attempts:
            return None
        backoff = min(self.cap, self.base * 2 ** (attempt - 1)) * jitter
        if retry_after is None:
            return backoff
        # A little more than was asked for: sixteen workers must not come back in the same instant.
        return retry_after + min(backoff, 1.0) if retry_after <= self.longest_wait else None

    def run(
        self,
        read: Callable[[], T],
        *,
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> T:
        """The result of `read`, repeated while it fails with a transient `ClientError`; raises the last one."""
        attempt = 0
        while True:
            attempt += 1
            try:
                return read()
            except ClientError as error:
                if not error.transient:
                    raise
                pause = self.wait(attempt, error.retry_after, jitter())
                if pause is None:
                    raise
                log.warning("%s (attempt %d of %d, again in %.1f s)", error, attempt, self.attempts, pause)
            sleep(pause)


NO_RETRY = RetryPolicy(attempts=1)
