"""What a calendar asks of those who keep it: estimates to confirm, and entries that run out.

Only what has dates can be confirmed or run out. An estimate that comes each year is a habit (the flu season, the
end of the fiscal year): it stays an estimate for good, and nobody is asked about it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from nurture.core.calendar import Certainty
from nurture.core.recurrence import Rrule, parse
from nurture.core.series import Series

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from nurture.core.calendar import Calendar, CalendarEntry

AHEAD: Final = 90
"""Days before an estimated entry in which it should be confirmed."""


@dataclass(frozen=True, slots=True)
class Unconfirmed:
    """An estimated entry that is near."""

    calendar: Calendar
    entry: CalendarEntry
    start: date


@dataclass(frozen=True, slots=True)
class Ending:
    """A calendar whose last dated entry has passed, or soon will have."""

    calendar: Calendar
    last: date


def unconfirmed(calendars: Iterable[Calendar], today: date, days: int = AHEAD) -> tuple[Unconfirmed, ...]:
    """Estimated entries with dates that begin within so many days or are under way, the nearest first."""
    found = [
        Unconfirmed(calendar, entry, entry.start)
        for calendar in calendars
        for entry in calendar.entries
        if entry.certainty is Certainty.ESTIMATED
        and entry.every is None
        and entry.start is not None
        and entry.start <= today + timedelta(days=days)
        and (entry.end or entry.start) >= today
    ]
    return tuple(sorted(found, key=lambda item: (item.start, item.calendar.id, item.entry.id)))


def ending(calendars: Iterable[Calendar], today: date, days: int = AHEAD) -> tuple[Ending, ...]:
    """Calendars whose last dated entry ends within so many days, or has ended; the earliest first."""
    found = []
    for calendar in calendars:
        last = last_day(calendar)
        if last is not None and last <= today + timedelta(days=days):
            found.append(Ending(calendar, last))
    return tuple(sorted(found, key=lambda item: (item.last, item.calendar.id)))


def last_day(calendar: Calendar) -> date | None:
    """The last day of the entries that have one; None for a calendar that has no dates, or never ends."""
    days = [_last(entry) for entry in calendar.entries]
    return max((day for day in days if day is not None), default=None)


def _last(entry: CalendarEntry) -> date | None:
    """The last day of an entry; None for one that goes on."""
    if entry.start is None:
        return None
    end = entry.end or entry.start
    if entry.every is None:
        return end
    rule = entry.every.rule if isinstance(entry.every, Series | Rrule) else None
    until = parse(rule).until if rule is not None else None
    return until + (end - entry.start) if until is not None else None
