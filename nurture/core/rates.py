"""Numbers that say how sure they are: rates with their interval, times with their median."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

Z: Final = 1.959963984540054
"""Of 95 %: the quantile 0.975 of the normal distribution."""


@dataclass(frozen=True, slots=True)
class Rate:
    """So many of so many."""

    hits: int = 0
    of: int = 0

    @property
    def share(self) -> float | None:
        """Between 0 and 1; None of nothing."""
        return self.hits / self.of if self.of else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Between what the share that this is a sample of lies, in 95 of 100 cases; None of nothing.

        Wilson's score interval (E. B. Wilson, JASA 22, 1927): unlike p ± z·s it never leaves 0 to 1, and does not
        call three of three certain.
        """
        if not self.of:
            return None
        n, p = self.of, self.hits / self.of
        middle = (p + Z * Z / (2 * n)) / (1 + Z * Z / n)
        half = Z / (1 + Z * Z / n) * sqrt(p * (1 - p) / n + Z * Z / (4 * n * n))
        low = 0.0 if self.hits == 0 else max(0.0, middle - half)
        high = 1.0 if self.hits == n else min(1.0, middle + half)
        return low, high


@dataclass(frozen=True, slots=True)
class Spread:
    """How values lie: their number, mean, median, quartiles, and what nine of ten do not exceed."""

    count: int = 0
    mean: float | None = None
    median: float | None = None
    first: float | None = None  # quartile
    third: float | None = None
    ninth: float | None = None  # decile


def spread(values: Iterable[float]) -> Spread:
    """The spread of values; of none it is empty."""
    found = sorted(values)
    if not found:
        return Spread()
    return Spread(
        len(found), sum(found) / len(found), *(_quantile(found, share) for share in (0.5, 0.25, 0.75, 0.9))
    )


def _quantile(found: list[float], share: float) -> float:
    """Between the two values next to the place, in proportion (type 7 of Hyndman and Fan, as spreadsheets do)."""
    place = share * (len(found) - 1)
    low = int(place)
    high = min(low + 1, len(found) - 1)
    return found[low] + (found[high] - found[low]) * (place - low)


def percent(share: float | None) -> str:
    """A share in whole percent: 83 %. Only all is 100, only none is 0."""
    if share is None:
        return "–"
    rounded = round(share * 100)
    if (rounded == 100 and share < 1) or (rounded == 0 and share > 0):
        return f"{share * 100:.1f} %"
    return f"{rounded} %"
