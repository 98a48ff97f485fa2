"""Calendars: entries, whom they apply to, business days.

Theory of operation
-------------------
A planner asks about single days, thousands of times: "what stands on 8 April for this person?". So each
calendar keeps an index by *reader* — the attributes of a person as far as this calendar's entries tell them
apart — and by year: day → marks. A year is put together when it is first asked for; after that a question is
one dictionary look-up per calendar, however many entries there are and whoever asks. Entries for the same people
stand on one *shelf*, whose days are worked out once a year for all; putting a year together is finding the shelves
that concern the reader, by the attribute that they name, and laying their days on one another.

What an entry means is settled once, when it becomes marks: an estimated entry is a ``reduce`` whatever its
effect, ``before`` and ``after`` widen every occurrence, recurrences are unrolled (``core.recurrence``).
Everything here is a pure function of the values; the index only remembers answers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from nurture.core.recurrence import Monthly, Rrule, Yearly, occurrences
from nurture.core.series import Series

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ALL: Final = "all"
"""In a list of ``applies_to``: matches everybody, also a person whose attribute is unknown."""


class Effect(StrEnum):
    """What an entry does to the days it covers."""

    BLACKOUT = "blackout"
    REDUCE = "reduce"
    NO_APPOINTMENT = "no_appointment"
    HOLIDAY = "holiday"
    QUIET = "quiet"  # of organisations only: no mail but thank-yous and notices


class Certainty(StrEnum):
    """How sure an entry is; an estimated one only reduces, whatever its effect."""

    CONFIRMED = "confirmed"
    ANNOUNCED = "announced"
    ESTIMATED = "estimated"


@dataclass(frozen=True, slots=True)
class Profile:
    """The attributes of a person that calendars and scenarios ask for; None is unknown."""

    role: str | None = None
    specialty: str | None = None
    department: str | None = None
    region: str | None = None
    organisation: str | None = None
    organisation_kind: str | None = None
    timezone: str | None = None


@dataclass(frozen=True, slots=True)
class AppliesTo:
    """Whom an entry concerns. Keys are and-ed, their values or-ed; None: everybody."""

    roles: tuple[str, ...] | None = None
    specialties: tuple[str, ...] | None = None
    departments: tuple[str, ...] | None = None
    regions: tuple[str, ...] | None = None
    organisations: tuple[str, ...] | None = None
    organisation_kinds: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class CalendarEntry:
    """One entry. Either ``start`` (and ``end``), or ``every``; an RRULE and a series have both."""

    id: str
    effect: Effect
    name: Mapping[str, str] = field(default_factory=dict)
    start: date | None = None
    end: date | None = None
    every: Yearly | Monthly | Rrule | Series | None = None
    applies_to: AppliesTo = AppliesTo()
    certainty: Certainty = Certainty.CONFIRMED
    reduce_days: int = 7
    before: int = 0
    after: int = 0
    source: str = ""


Reader = tuple[str | None, ...]
"""A person's attributes as far as a calendar tells them apart, in the order of ``ASKED``."""

ASKED: Final = (
    ("roles", "role"),
    ("specialties", "specialty"),
    ("departments", "department"),
    ("regions", "region"),
    ("organisations", "organisation"),
    ("organisation_kinds", "organisation_kind"),
)
"""The keys of ``applies_to`` and the attributes of a profile that they ask for."""

_ORGANISATIONS: Final = [key for key, _ in ASKED].index("organisations")

SOMETHING_ELSE: Final = "\0"
"""Stands for every known value that no entry names; no file can hold it."""

NOBODY_IN_PARTICULAR: Final[Reader] = (SOMETHING_ELSE,) * len(ASKED)
"""Whoever asks a calendar whose entries concern everybody."""

KEPT_YEARS: Final = 1000
"""Years of readers that one calendar remembers; about ten kilobytes each."""


@dataclass(frozen=True, slots=True)
class DayMark:
    """What one entry does to one day. ``effect`` is what it comes to: an estimated entry is a REDUCE."""

    effect: Effect
    entry: str  # "jp-medical/jrc-2027"
    span: int = 0  # days, for REDUCE
    reason: tuple[str, str] = ("", "")  # rule and entry, as a move says it
    place: int = 0  # of the entry in its calendar


Year = dict[date, tuple[DayMark, ...]]
"""The days of a year that have marks, each with them in the order of the entries."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """Entries of one calendar that concern the same people, with their places; and their days, year by year."""

    to: AppliesTo
    entries: list[tuple[int, CalendarEntry]] = field(default_factory=list)
    years: dict[int, Year] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Calendar:
    """A named list of entries."""

    id: str
    entries: tuple[CalendarEntry, ...]
    name: Mapping[str, str] = field(default_factory=dict)
    _years: dict[tuple[Reader, int], Year] = field(default_factory=dict, init=False, repr=False, compare=False)
    _named: list[tuple[frozenset[str], ...]] = field(default_factory=list, init=False, repr=False, compare=False)
    _shelved: list[Shelves] = field(default_factory=list, init=False, repr=False, compare=False)

    def on(self, reader: Reader, day: date) -> tuple[DayMark, ...]:
        """What stands on a day for a reader (see ``reader``), in the order of the entries."""
        year = self._years.get((reader, day.year))
        if year is None:
            if len(self._years) >= KEPT_YEARS:  # the oldest goes: what is still asked for comes back
                del self._years[next(iter(self._years))]
            year = self._years[reader, day.year] = _year(self, reader, day.year)
        return year.get(day, ())

    def concerning(self, reader: Reader) -> list[Shelf]:
        """The shelves of entries that apply to a reader."""
        if not self._shelved:
            self._shelved.append(_shelves(self.entries))
        shelves = self._shelved[0]
        near = (shelf for spot in (EVERYBODY, *enumerate(reader)) for shelf in shelves.get(spot, ()))
        return [shelf for shelf in near if _applies(shelf.to, reader)]

    @property
    def _names(self) -> tuple[frozenset[str], ...]:
        """The values that entries name, in the order of ``ASKED``."""
        if not self._named:
            self._named.append(_named(self.entries))
        return self._named[0]

    @property
    def names_organisations(self) -> bool:
        """Whether entries tell organisations apart by their names."""
        return bool(self._names[_ORGANISATIONS])

    def reader(self, profile: Profile) -> Reader:
        """A profile as this calendar sees it: values that no entry names are all alike."""
        named = self._names
        if not any(named):
            return NOBODY_IN_PARTICULAR
        return tuple(
            SOMETHING_ELSE
            if not names
            else value
            if (value := getattr(profile, attribute)) in names or (value is None and attribute == "specialty")
            else SOMETHING_ELSE
            for names, (_, attribute) in zip(named, ASKED, strict=True)
        )


def _named(entries: Iterable[CalendarEntry]) -> tuple[frozenset[str], ...]:
    return tuple(
        frozenset(value for entry in entries for value in getattr(entry.applies_to, key) or ()) for key, _ in ASKED
    )


SELECTIVE: Final = ("organisations", "departments", "specialties", "regions", "organisation_kinds", "roles")
"""Keys of ``applies_to``: the first that an entry has is the one by which it is looked up."""

Shelves = Mapping[tuple[int, str | None], Sequence[Shelf]]
"""Shelves, by an attribute of the reader (its place in ``ASKED``) and its value."""

EVERYBODY: Final = (-1, None)
"""Where shelves stand that are looked up by no attribute."""


def _shelves(entries: Sequence[CalendarEntry]) -> Shelves:
    """Each shelf stands where those whom it may concern will look; its other keys are looked at then."""
    shelves: dict[AppliesTo, Shelf] = {}
    for place, entry in enumerate(entries):
        shelves.setdefault(entry.applies_to, Shelf(entry.applies_to)).entries.append((place, entry))
    found: dict[tuple[int, str | None], list[Shelf]] = {}
    for shelf in shelves.values():
        for spot in _spots(shelf.to):
            found.setdefault(spot, []).append(shelf)
    return found


def _spots(to: AppliesTo) -> set[tuple[int, str | None]]:
    """By which attribute and values entries are looked up: the most telling key that they have."""
    places = {key: place for place, (key, _) in enumerate(ASKED)}
    for key in SELECTIVE:
        values: tuple[str, ...] | None = getattr(to, key)
        if values is not None and ALL not in values:
            return {(places[key], value) for value in (*values, *((None,) if key == "specialties" else ()))}
    return {EVERYBODY}


def applies(to: AppliesTo, profile: Profile) -> bool:
    """Whether an entry concerns a person.

    Keys are and-ed, the values of one key or-ed; an absent key and ``all`` match everybody. Whose specialty is
    unknown matches any list of specialties; any other unknown attribute matches no list that names one.
    """
    return _applies(to, tuple(getattr(profile, attribute) for _, attribute in ASKED))


def _applies(to: AppliesTo, reader: Reader) -> bool:
    for (key, _), value in zip(ASKED, reader, strict=True):
        wanted: tuple[str, ...] | None = getattr(to, key)
        if wanted is None or ALL in wanted or value in wanted:
            continue
        if value is None and key == "specialties":
            continue
        return False
    return True


def _year(calendar: Calendar, reader: Reader, year: int) -> Year:
    """Every day of a year that has marks for a reader: the days of the shelves, laid on one another."""
    found: Year = {}
    for shelf in calendar.concerning(reader):
        if year not in shelf.years:
            shelf.years[year] = _shelf_year(calendar.id, shelf, year)
        if not found:
            found = dict(shelf.years[year])
            continue
        for day, marks in shelf.years[year].items():
            there = found.get(day)
            found[day] = tuple(sorted((*there, *marks), key=lambda mark: mark.place)) if there else marks
    return found


def _shelf_year(calendar_id: str, shelf: Shelf, year: int) -> Year:
    """Every day of a year that has marks of a shelf."""
    found: dict[date, list[DayMark]] = {}
    first, last = date(year, 1, 1), date(year, 12, 31)
    low, high = first.toordinal(), last.toordinal()
    for place, entry in shelf.entries:
        mark = replace(_mark(calendar_id, entry), place=place)
        reached = low  # occurrences of one entry may overlap: each day is marked once, however many cover it
        for start, end in spans(entry, first, last):
            for ordinal in range(max(start, reached), min(end, high) + 1):
                found.setdefault(date.fromordinal(ordinal), []).append(mark)
            reached = max(reached, end + 1)
    return {day: tuple(marks) for day, marks in found.items()}


def _mark(calendar_id: str, entry: CalendarEntry) -> DayMark:
    reduces = entry.effect is Effect.REDUCE or entry.certainty is Certainty.ESTIMATED
    effect = Effect.REDUCE if reduces else entry.effect
    name = f"{calendar_id}/{entry.id}"
    return DayMark(effect, name, entry.reduce_days if reduces else 0, (effect.value, name))


def spans(entry: CalendarEntry, first: date, last: date) -> Iterator[tuple[int, int]]:
    """The widened occurrences of an entry that touch ``first..last``: ordinals, both ends inclusive."""
    before, after = entry.before, entry.after
    if entry.every is None and entry.start is not None:  # the usual case, without detours
        start, end = entry.start.toordinal() - before, (entry.end or entry.start).toordinal() + after
        if start <= last.toordinal() and end >= first.toordinal():
            yield start, end
        return
    # Look as far beyond the range as the widening reaches into it.
    low, high = shifted(first, -after), shifted(last, before)
    if isinstance(entry.every, Series):
        found = entry.every.occurrences(low, high)
    else:
        found = occurrences(entry.every, entry.start, entry.end, low, high)
    for day, until in found:
        yield day.toordinal() - before, until.toordinal() + after


def shifted(day: date, days: int) -> date:
    """``day`` plus ``days``, held within the years that dates have."""
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return date.max if days > 0 else date.min


class Days:
    """The days of one person: several calendars seen by one profile."""

    def __init__(self, calendars: Sequence[Calendar], profile: Profile) -> None:
        self._calendars = tuple((calendar, calendar.reader(profile)) for calendar in calendars)
        self._known: dict[date, tuple[DayMark, ...]] = {}

    def on(self, day: date) -> tuple[DayMark, ...]:
        """All marks of a day, in the order of the calendars and their entries."""
        marks = self._known.get(day)
        if marks is None:
            marks = ()
            for calendar, reader in self._calendars:
                if found := calendar.on(reader, day):
                    marks = marks + found if marks else found
            self._known[day] = marks
        return marks

    def is_business(self, day: date) -> bool:
        """Monday to Friday without a holiday that is more than estimated."""
        return day.weekday() < 5 and all(mark.effect is not Effect.HOLIDAY for mark in self.on(day))

    def business_day_after(self, day: date, count: int) -> date | None:
        """The ``count``-th business day after ``day``; None where holidays never end (10 years are tried)."""
        limit = shifted(day, 3660 + 2 * count)
        while count > 0:
            day = shifted(day, 1)
            if day >= limit:
                return None
            count -= self.is_business(day)
        return day


def next_business_day(calendars: Sequence[Calendar], profile: Profile, after: date) -> date:
    """The first business day later than ``after`` for this person; the day after it where there is none."""
    return Days(calendars, profile).business_day_after(after, 1) or shifted(after, 1)
