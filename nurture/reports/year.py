"""Weeks as several kinds of readers have them: how many days are closed, what else is asked, and why.

A week is its Monday to Friday, and belongs to the month in which its Thursday lies (ISO 8601), so that each is
drawn once. What concerns only some specialties is told apart where a line speaks of all of them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from nurture.core.calendar import ALL, SOMETHING_ELSE, Days, Effect, Profile

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from nurture.core.calendar import Calendar

CLOSED: Final = frozenset({Effect.BLACKOUT, Effect.HOLIDAY, Effect.QUIET})
"""On such a day nothing but thank-yous and notices leaves."""
WORKDAYS: Final = 5


class Level(StrEnum):
    """How hard a week is, for its drawing."""

    FREE = "free"
    REDUCE = "reduce"
    NO_APPOINTMENT = "no_appointment"
    SOME = "some"  # closed for some specialties
    PARTLY = "partly"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Month:
    """A month and the Mondays of its weeks."""

    first: date
    weeks: tuple[date, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """A week for one kind of reader. ``closed``: of its five days; entries by name, the hardest first."""

    monday: date
    closed: int = 0
    level: Level = Level.FREE
    entries: tuple[tuple[str, Effect], ...] = ()
    some: tuple[tuple[str, Effect], ...] = ()  # those that concern some specialties only


def months(first: date, count: int = 12) -> tuple[Month, ...]:
    """So many months from the one of that day on."""
    found = []
    start = first.replace(day=1)
    for _ in range(count):
        following = (start + timedelta(days=31)).replace(day=1)
        monday = start - timedelta(days=start.weekday())
        if monday + timedelta(days=3) < start:
            monday += timedelta(days=7)
        weeks = []
        while monday + timedelta(days=3) < following:
            weeks.append(monday)
            monday += timedelta(days=7)
        found.append(Month(start, tuple(weeks)))
        start = following
    return tuple(found)


def line(calendars: Sequence[Calendar], reader: Profile, over: Iterable[Month]) -> tuple[tuple[Cell, ...], ...]:
    """The weeks of each month for a reader. Without a specialty what concerns only some of them is told apart."""
    days = Days(calendars, reader)
    if reader.specialty is not None:
        return tuple(tuple(_cell(monday, days, days) for monday in month.weeks) for month in over)
    all_of_them = Days(calendars, replace(reader, specialty=SOMETHING_ELSE))
    return tuple(tuple(_cell(monday, all_of_them, days) for monday in month.weeks) for month in over)


def _cell(monday: date, days: Days, with_some: Days) -> Cell:
    closed, marks = _look(monday, days)
    level = Level.CLOSED if closed == WORKDAYS else Level.PARTLY
    more: dict[str, Effect] = {}
    if with_some is not days:
        closed_for_some, more = _look(monday, with_some)
        more = {entry: effect for entry, effect in more.items() if entry not in marks}
    if not closed:
        effects = set(marks.values())
        if more and closed_for_some:
            level = Level.SOME
        elif Effect.NO_APPOINTMENT in effects:
            level = Level.NO_APPOINTMENT
        elif Effect.REDUCE in effects:
            level = Level.REDUCE
        else:
            level = Level.FREE
    return Cell(monday, closed, level, _hardest_first(marks), _hardest_first(more))


def _look(monday: date, days: Days) -> tuple[int, dict[str, Effect]]:
    closed = 0
    marks: dict[str, Effect] = {}
    for n in range(WORKDAYS):
        found = days.on(monday + timedelta(days=n))
        closed += any(mark.effect in CLOSED for mark in found)
        marks |= {mark.entry: mark.effect for mark in found}
    return closed, marks


def _hardest_first(marks: Mapping[str, Effect]) -> tuple[tuple[str, Effect], ...]:
    return tuple(sorted(marks.items(), key=lambda one: one[1] not in CLOSED))


def specialties(calendars: Iterable[Calendar], role: str | None = None) -> tuple[str, ...]:
    """The specialties that entries tell apart; with a role those that do so for it."""
    found: set[str] = set()
    for calendar in calendars:
        for entry in calendar.entries:
            to = entry.applies_to
            if role is None or to.roles is None or role in to.roles or ALL in to.roles:
                found.update(to.specialties or ())
    return tuple(sorted(found - {ALL}))


def roles(calendars: Iterable[Calendar], known: Iterable[str]) -> tuple[str, ...]:
    """The roles that are known, and those that entries name besides."""
    named = {role for c in calendars for entry in c.entries for role in entry.applies_to.roles or ()}
    listed = tuple(known)
    return (*listed, *sorted(named - set(listed) - {ALL}))
