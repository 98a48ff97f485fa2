"""Events of an iCalendar file that recur (RFC 5545, 3.6.1), as the dates that they cover.

Theory of operation
-------------------
A rule gives dates on the wall of the event's own zone; an occurrence begins on each, unless that date is left
out (EXDATE, or moved by a RECURRENCE-ID). The first occurrence is always one, whether or not the rule says so.

A calendar has one wall: all its instants are read in one zone (``seen``). A timed occurrence covers every date
on which that wall shows some of it; an end at midnight does not touch the new day. Whole days and floating
times are the same on every wall and are taken as they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import TYPE_CHECKING, Final

from nurture.core.recurrence import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

INSTANT: Final = timedelta(microseconds=1)
WALLS: Final = 2
"""Dates by which two walls of the world may differ at one instant, rounded up (UTC-12 to UTC+14)."""


@dataclass(frozen=True, slots=True)
class Timed:
    """The hours of an occurrence: from when, how long on its own wall, and in which zone its dates are read."""

    at: time
    length: timedelta
    zone: tzinfo | None  # of the event; None: floating
    seen: tzinfo

    def dates(self, day: date) -> tuple[date, date]:
        """The first and last date that an occurrence covers which begins on ``day`` of its own wall."""
        start = datetime.combine(day, self.at)
        return touched(start.replace(tzinfo=self.zone), (start + self.length).replace(tzinfo=self.zone), self.seen)


def touched(start: datetime, end: datetime, seen: tzinfo) -> tuple[date, date]:
    """The first and last date of ``start..end`` (end excluded) on a zone's wall; floating times as they are."""
    if start.tzinfo is not None:
        start = start.astimezone(seen)
    if end.tzinfo is not None:
        end = end.astimezone(seen)
    # Wall against wall: an hour that occurs twice must not make an event end before it begins.
    first, last = start.replace(tzinfo=None), end.replace(tzinfo=None)
    return first.date(), max(first, last - INSTANT).date()


@dataclass(frozen=True, slots=True)
class Series:
    """A recurring event.

    Args:
        rule: of whole days, as ``recurrence.parse`` takes it, without COUNT (it would be counted again and again).
        start: the first occurrence, on the event's own wall; all others are counted from it.
        days: dates of an all-day occurrence beyond its first.
        timed: the hours, where it has some.
        but: dates of the event's own wall on which no occurrence begins.
        since, till: only occurrences that the rule puts there (RANGE=THISANDFUTURE cuts a series in two).
        shift: dates by which those are then moved.
    """

    rule: str
    start: date
    days: int = 0
    timed: Timed | None = None
    but: frozenset[date] = frozenset()
    since: date = date.min
    till: date = date.max
    shift: int = 0

    def occurrences(self, low: date, high: date) -> Iterator[tuple[date, date]]:
        """The occurrences, first and last date, that touch ``low..high``, in order."""
        length = self.days if self.timed is None else self.timed.length.days
        first = max(_moved(low, -self.shift - length - 1 - WALLS), self.since)
        last = min(_moved(high, -self.shift + WALLS), self.till)
        for day in self._begins(first, last):
            if day in self.but:
                continue
            begins = _moved(day, self.shift)
            span = self.timed.dates(begins) if self.timed else (begins, _moved(begins, self.days))
            if span[0] <= high and span[1] >= low:
                yield span

    def _begins(self, first: date, last: date) -> Iterator[date]:
        rule = parse(self.rule)
        if first <= self.start <= last and next(rule.days(self.start, self.start, self.start), None) is None:
            yield self.start
        yield from rule.days(self.start, first, last)


def _moved(day: date, days: int) -> date:
    """``day`` plus ``days``, held within the years that dates have."""
    return day + timedelta(days=min(max(days, (date.min - day).days), (date.max - day).days))
