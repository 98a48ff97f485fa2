"""Charts one row high, as geometry: a rate with its interval and goal, a stack of parts. In percent of the width.

They are drawn beside the numbers that they show, in the same row of a table. So every chart is a table, it prints,
it needs no script, and who hears pages read loses nothing: a picture is hidden from them, the numbers are not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from nurture.core.rates import Rate, Spread


@dataclass(frozen=True, slots=True)
class Strip:
    """A value on a scale, what surrounds it, and the goal; None where there is nothing to draw."""

    at: str | None = None
    low: str | None = None
    width: str | None = None
    goal: str | None = None
    reached: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a stack: what it is, where it begins, how wide it is."""

    name: str
    start: str
    width: str
    count: int


def rate(found: Rate, goal: float | None = None) -> Strip:
    """A share between none and all, its interval, and the goal."""
    mark = _percent(goal) if goal is not None else None
    if found.share is None or found.interval is None:
        return Strip(goal=mark)
    low, high = found.interval
    reached = goal is not None and found.share >= goal
    return Strip(_percent(found.share), _percent(low), _percent(high - low), mark, reached)


def spread(found: Spread, longest: float, goal: float | None = None) -> Strip:
    """The median between the quartiles, on a scale from 0 to ``longest``."""
    if found.median is None or found.first is None or found.third is None or longest <= 0:
        return Strip()
    mark = _percent(goal / longest) if goal is not None and goal <= longest else None
    low, high = (min(x, longest) / longest for x in (found.first, found.third))
    reached = goal is not None and found.median <= goal
    return Strip(
        _percent(min(found.median, longest) / longest), _percent(low), _percent(high - low), mark, reached
    )


def stack(parts: Iterable[tuple[str, int]], whole: int) -> tuple[Part, ...]:
    """Parts side by side; ``whole`` is the full width."""
    found, start = [], 0
    for name, count in parts:
        if count and whole:
            found.append(Part(name, _percent(start / whole), _percent(count / whole), count))
        start += count
    return tuple(found)


def widest(rows: Iterable[Mapping[str, int]]) -> int:
    """The largest sum of any row: the full width of stacks that can be compared."""
    return max((sum(row.values()) for row in rows), default=0)


def _percent(share: float) -> str:
    return f"{min(max(share, 0.0), 1.0) * 100:.2f}%"
