"""Numbers over everything there is: counted once a minute at most, however many look."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Generic, TypeVar

V = TypeVar("V")

FRESH: Final = timedelta(minutes=1)
KEPT: Final = 200
"""So many answers are remembered: one for each circle of people whose numbers somebody looks at."""


@dataclass(slots=True)
class Recent(Generic[V]):
    """Answers and when they were given. Whoever asks while one is being counted waits for that one."""

    _known: dict[Hashable, tuple[datetime, V]] = field(default_factory=dict)
    _asking: defaultdict[Hashable, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))

    async def of(self, key: Hashable, now: datetime, count: Callable[[], Awaitable[V]]) -> tuple[datetime, V]:
        """The answer and its moment: at most a minute old."""
        async with self._asking[key]:
            found = self._known.get(key)
            if found is None or not found[0] <= now < found[0] + FRESH:
                found = self._known[key] = now, await count()
                while len(self._known) > KEPT:
                    gone = next(iter(self._known))
                    del self._known[gone]
                    self._asking.pop(gone, None)
            return found
