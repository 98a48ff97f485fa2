"""How fast plans are made: invented people and calendars of any size, planned before and after a change.

The question is an everyday one: a congress is confirmed, all running enrollments are planned again, and only what
changed is of interest. Everybody is therefore planned twice, one person after the other, and nothing is kept but
the dates of one hospital's people, so that a hundred thousand need no more memory than a thousand.

Beside it stands a *bare loop*: the same people and steps, weekdays and time zones, but no calendars, no pace, no
reasons. What planning costs is told in multiples of it, which mean the same on any machine.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from time import process_time
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from nurture.core.calendar import AppliesTo, Calendar, CalendarEntry, Certainty, Effect, Profile
from nurture.core.plan import History, Plan, Request, StepOutcome, plan
from nurture.core.recurrence import Monthly

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nurture.core.scenario import Scenario

ROLES: Final = ("clinician", "radiographer", "nursing", "executive", "claims", "it")
SPECIALTIES: Final = ("radiology", "cardiology", "surgery", "orthopedics", "obstetrics")
REGIONS: Final = ("hokkaido", "tohoku", "kanto", "chubu", "kinki", "chugoku", "shikoku", "kyushu")
KINDS: Final = ("hospital", "university_hospital", "clinic")
COLLEAGUES: Final = 5
"""People of one organisation."""
FIRST: Final = date(2027, 1, 11)
YEAR: Final = 365
CONFIRMED: Final = "confirmed-congress"
"""The entry that changes from estimated to confirmed."""


@dataclass(frozen=True, slots=True)
class Change:
    """One step of one enrollment that another calendar moves."""

    enrollment: int
    step_id: str
    before: date | None
    after: date | None


@dataclass(frozen=True, slots=True)
class Measured:
    """One measurement. Seconds are those of the processor; ``factor`` hardly depends on the machine."""

    enrollments: int
    entries: int
    plans: int
    seconds: float
    bare_seconds: float
    changes: int

    @property
    def per_second(self) -> float:
        """Plans per second."""
        return self.plans / self.seconds

    @property
    def factor(self) -> float:
        """How many times the bare loop takes."""
        return self.seconds / self.bare_seconds


def measure(scenario: Scenario, enrollments: int, entries: int, show: Callable[[Change], None]) -> Measured:
    """Plan everybody before and after the change, and run the bare loop over the same people.

    Args:
        scenario: what they are enrolled in.
        enrollments: how many.
        entries: of the calendar.
        show: is told every change as it is found.
    """
    before, after = (invented(entries, confirmed=confirmed) for confirmed in (False, True))
    changes = 0
    started = process_time()
    for change in _changes(scenario, enrollments, before, after):
        changes += 1
        show(change)
    seconds = process_time() - started
    started = process_time()
    for _ in range(2):
        _bare(scenario, enrollments)
    return Measured(enrollments, entries, 2 * enrollments, seconds, process_time() - started, changes)


def _changes(scenario: Scenario, enrollments: int, before: Calendar, after: Calendar) -> Iterator[Change]:
    """What differs, as it is found."""
    sent: tuple[list[date], list[date]] = ([], [])
    for number in range(enrollments):
        if number % COLLEAGUES == 0:
            sent = [], []
        plans = [
            _planned(scenario, number, book, mails) for book, mails in zip((before, after), sent, strict=True)
        ]
        for one, two in zip(plans[0].steps, plans[1].steps, strict=True):
            if one.planned_at != two.planned_at:
                yield Change(number, one.step_id, one.planned_on, two.planned_on)


def _planned(scenario: Scenario, number: int, book: Calendar, mails: list[date]) -> Plan:
    anchor = _anchor(number)
    found = plan(
        Request(
            scenario=scenario,
            profile=_profile(number),
            anchor=anchor,
            now=anchor,
            key=f"e{number}",
            calendars=(book,),
            history=History(organisation=tuple(mails)),
        )
    )
    mails += [s.planned_on for s in found.steps if s.outcome is StepOutcome.SEND and s.planned_on is not None]
    return found


def _anchor(number: int) -> datetime:
    """A meeting in working hours of Tokyo; colleagues were at the same."""
    organisation = number // COLLEAGUES
    return datetime.combine(FIRST + timedelta(days=organisation * 37 % YEAR), time(organisation % 8), tzinfo=UTC)


def _profile(number: int) -> Profile:
    organisation = number // COLLEAGUES
    return Profile(
        role=ROLES[number % len(ROLES)],
        specialty=(*SPECIALTIES, None)[number * 7 // 3 % 6],
        region=REGIONS[organisation % len(REGIONS)],
        organisation=f"病院{organisation}",
        organisation_kind=KINDS[organisation // 8 % len(KINDS)],
    )


def _bare(scenario: Scenario, enrollments: int) -> None:
    """Dates and instants of every step, and nothing else."""
    zone = ZoneInfo(scenario.timezone)
    for number in range(enrollments):
        start, role = _anchor(number).astimezone(zone).date(), _profile(number).role
        for step in scenario.steps:
            windows = scenario.windows_for(step, role)
            day = start + timedelta(days=step.day - 1)
            if windows is None:
                continue
            while day.weekday() not in windows.days:
                day += timedelta(days=1)
            datetime.combine(day, windows.hours[0].start, tzinfo=zone).astimezone(UTC)


# --- an invented calendar ----------------------------------------------------------------------------


def invented(count: int, *, confirmed: bool) -> Calendar:
    """A calendar of that many entries: congresses, closures of single hospitals, busy months, holidays.

    Args:
        count: of entries; over two years.
        confirmed: whether one congress of radiologists is confirmed, or only estimated.
    """
    entries = [
        CalendarEntry(
            CONFIRMED,
            Effect.BLACKOUT,
            {"en": "Congress"},
            date(2027, 6, 7),
            date(2027, 6, 11),
            applies_to=AppliesTo(roles=("clinician", "radiographer"), specialties=("radiology",)),
            certainty=Certainty.CONFIRMED if confirmed else Certainty.ESTIMATED,
        )
    ]
    entries += [_entry(number) for number in range(count - 1)]
    return Calendar("invented", tuple(entries[:count]))


def _entry(number: int) -> CalendarEntry:
    start = FIRST + timedelta(days=number * 173 % (2 * YEAR))
    entry = CalendarEntry(f"entry-{number}", Effect.BLACKOUT, {"en": f"Entry {number}"}, start)
    match number % 10:
        case 0 | 1 | 2 | 3:  # congresses
            whom = AppliesTo(roles=("clinician",), specialties=(SPECIALTIES[number % 7 % len(SPECIALTIES)],))
            sure = Certainty.ESTIMATED if number % 3 == 0 else Certainty.CONFIRMED
            return replace(entry, end=start + timedelta(days=number % 4), applies_to=whom, certainty=sure)
        case 4 | 5 | 6:  # accreditation visits, inspections, anniversaries
            whom = AppliesTo(organisations=(f"病院{number * 11}",))
            return replace(entry, end=start + timedelta(days=number % 3), applies_to=whom, before=1)
        case 7:  # busy seasons of a region
            whom = AppliesTo(regions=(REGIONS[number % len(REGIONS)],), organisation_kinds=("clinic",))
            return replace(entry, effect=Effect.REDUCE, end=start + timedelta(days=9), applies_to=whom)
        case 8:  # claims
            first = 1 + number % 5
            whom = AppliesTo(roles=("claims",), regions=(REGIONS[number // 10 % len(REGIONS)],))
            return replace(entry, start=None, every=Monthly(first, first + 2), applies_to=whom)
        case _:  # appointments are not to be had, or nobody is there
            if number % 20 == 9:
                return replace(entry, effect=Effect.HOLIDAY)
            return replace(entry, effect=Effect.NO_APPOINTMENT, applies_to=AppliesTo(roles=("executive",)))
