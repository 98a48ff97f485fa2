"""How often somebody may ask."""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import datetime, timedelta

KEYS: Final = 10_000
"""So many askers are remembered; the one who has been silent longest is forgotten first."""


class Limit:
    """At most ``most`` times within ``span`` for each key. Kept in memory, bounded.

    Args:
        most: how many times.
        span: within how long.
    """

    def __init__(self, most: int, span: timedelta) -> None:
        self._most = most
        self._span = span
        self._times: OrderedDict[str, deque[datetime]] = OrderedDict()

    def allows(self, key: str, now: datetime) -> bool:
        """Whether ``key`` may once more; a yes is counted."""
        times = self._times.setdefault(key, deque(maxlen=self._most))
        self._times.move_to_end(key)
        while len(self._times) > KEYS:
            self._times.popitem(last=False)
        while times and times[0] <= now - self._span:
            times.popleft()
        if len(times) >= self._most:
            return False
        times.append(now)
        return True
