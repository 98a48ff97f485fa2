"""What the world will do, and when: a queue of acts in simulated time."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime


@dataclass(order=True, slots=True)
class Act:
    """One thing that somebody does at an instant. Acts of one instant happen in the order they were planned."""

    at: datetime
    order: int
    who: str = field(compare=False)
    what: str = field(compare=False)
    do: Callable[[], Awaitable[None]] = field(compare=False)


class Agenda:
    """Acts to come."""

    def __init__(self) -> None:
        self._acts: list[Act] = []
        self._count = 0

    def plan(self, at: datetime, who: str, what: str, do: Callable[[], Awaitable[None]]) -> None:
        """Have ``do`` done at ``at``."""
        self._count += 1
        heapq.heappush(self._acts, Act(at, self._count, who, what, do))

    def next_at(self) -> datetime | None:
        """When the next act is due."""
        return self._acts[0].at if self._acts else None

    def take(self, now: datetime) -> Act | None:
        """The next act, if it is due."""
        return heapq.heappop(self._acts) if self._acts and self._acts[0].at <= now else None
