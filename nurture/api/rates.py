"""How often a token may ask: a bucket that fills up steadily.

Source of the headers: draft-ietf-httpapi-ratelimit-headers.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from datetime import datetime

BURST: Final = 300
"""So many requests may come at once, …"""
WINDOW: Final = 60
"""… and so many again within these seconds."""
KEYS: Final = 10_000
"""So many tokens are remembered; the one that has been silent longest is forgotten first, and is full again."""


class Left(NamedTuple):
    """What is left to a token: whole requests, and seconds until the next where there is none."""

    requests: int
    wait: int

    @property
    def headers(self) -> dict[str, str]:
        """For every answer."""
        return {
            "RateLimit-Policy": f'"token";q={BURST};w={WINDOW}',
            "RateLimit": f'"token";r={self.requests};t={self.wait}',
        }


class Rates:
    """The buckets, in memory."""

    def __init__(self) -> None:
        self._buckets: OrderedDict[str, tuple[float, datetime]] = OrderedDict()

    def take(self, key: str, now: datetime) -> tuple[bool, Left]:
        """Whether one more may be asked, and what is left then."""
        level, at = self._buckets.get(key, (float(BURST), now))
        level = min(BURST, level + max((now - at).total_seconds(), 0.0) * BURST / WINDOW)
        allowed = level >= 1
        level -= allowed
        self._buckets[key] = (level, now)
        self._buckets.move_to_end(key)
        while len(self._buckets) > KEYS:
            self._buckets.popitem(last=False)
        return allowed, Left(int(level), 0 if level >= 1 else max(1, round((1 - level) * WINDOW / BURST)))
