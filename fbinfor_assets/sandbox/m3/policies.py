"""The policies a tenant's administrator can put on an endpoint of the gateway: throttling and quota.

Belongs here: counting requests, how long one is held back, when one is refused (infor-api 1.4).
Does not belong here: HTTP. Time is given by the caller, so that this is a pure count.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

_SETTINGS = (
    *("quota", "quota_seconds", "quota_allow", "quota_user_level", "throttling"),
    *("throttling_period_milliseconds", "throttling_maximum"),
    *("throttling_delay_after", "throttling_delay_milliseconds"),
)


@dataclass(slots=True)
class _Period:
    began: float
    length: float
    requests: int = 0

    def left(self, now: float) -> int:
        return max(1, ceil(self.began + self.length - now))


@dataclass(frozen=True, slots=True)
class Verdict:
    """Hold the request back for `delay` seconds, or refuse it (429) for another `retry_after` seconds."""

    delay: float = 0.0
    refused: str = ""
    retry_after: int = 0


class Policies:
    """Counts per app (or user) since the process began; a restarted gateway has counted nothing, and a policy
    that is edited or switched off begins anew."""

    def __init__(self, switches: Mapping[str, Any]) -> None:
        self._switches = switches
        self._periods: dict[tuple[str, str], _Period] = {}
        self._settings: tuple[Any, ...] = ()

    def arrive(self, app: str, user: str, now: float) -> Verdict:
        """Count one request and say what becomes of it. A refused one counts too."""
        settings = tuple(self._switches[name] for name in _SETTINGS)
        if settings != self._settings:
            self._settings = settings
            self._periods.clear()
        if self._switches["quota"]:
            caller = f"{app} {user}" if self._switches["quota_user_level"] else app
            period = self._count("quota", caller, now, self._switches["quota_seconds"])
            if period.requests > self._switches["quota_allow"]:
                return Verdict(refused="the quota is used up", retry_after=period.left(now))
        if self._switches["throttling"]:
            length = self._switches["throttling_period_milliseconds"] / 1000
            return self._throttled(self._count("throttling", app, now, length), now)
        return Verdict()

    def _throttled(self, period: _Period, now: float) -> Verdict:
        maximum, smooth_after = (self._switches[f"throttling_{name}"] for name in ("maximum", "delay_after"))
        if maximum and period.requests > maximum:
            return Verdict(refused="too many requests in the period", retry_after=period.left(now))
        if smooth_after and period.requests > smooth_after:
            step = self._switches["throttling_delay_milliseconds"] / 1000
            return Verdict(delay=(period.requests - smooth_after) * step)
        return Verdict()

    def _count(self, policy: str, caller: str, now: float, length: float) -> _Period:
        period = self._periods.get((policy, caller))
        if period is None or now >= period.began + period.length:
            period = self._periods[(policy, caller)] = _Period(now, length)
        period.requests += 1
        return period
