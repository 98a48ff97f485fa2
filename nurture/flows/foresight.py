"""What would change if a calendar said something else: running enrollments, planned twice.

Asked about one person (``foresee``), or about all whose mail falls on the days in question (``suppose``). Nothing
is written. The plans are those that the next beat would make, with the calendars as they are and as they would be.
"""

from __future__ import annotations

import asyncio
import difflib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from nurture.core import progress, states, survey, turns
from nurture.core.calendar import Calendar, CalendarEntry, Certainty, applies, shifted
from nurture.core.messages import Enrollment, EnrollmentState, Message
from nurture.errors import UserError
from nurture.flows import drafting
from nurture.ports import Span

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from datetime import date, datetime

    from nurture.core.calendar import AppliesTo, Effect
    from nurture.core.dossier import Dossier
    from nurture.core.ids import EnrollmentId
    from nurture.core.plan import Plan, PlannedStep
    from nurture.core.scenario import Scenario
    from nurture.core.survey import Survey
    from nurture.ports import Doors


@dataclass(frozen=True, slots=True)
class Assumption:
    """An entry as it might be. None: as it is; with a start alone the entry keeps its length."""

    entry: str  # "jp-medical/jrc-2027"
    start: date | None = None
    end: date | None = None
    effect: Effect | None = None
    certainty: Certainty = Certainty.CONFIRMED


@dataclass(frozen=True, slots=True)
class Foreseen:
    """One enrollment, its plan as it is and as it would be."""

    dossier: Dossier
    calendars: tuple[Calendar, ...]  # as they would be
    before: Plan
    after: Plan

    @property
    def steps(self) -> tuple[tuple[PlannedStep, PlannedStep], ...]:
        """Each step that is still to come, before and after."""
        return tuple(zip(self.before.steps, self.after.steps, strict=True))


async def foresee(
    doors: Doors, enrollments: Collection[EnrollmentId], assumption: Assumption
) -> tuple[Foreseen, ...]:
    """The running ones among these enrollments, planned before and after; those of other calendars do not change.

    Raises:
        UserError: no calendar of theirs has such an entry, its dates do not fit, or a scenario cannot be read.
    """
    now = doors.clock.now()
    dossiers = [d for d in await doors.store.dossiers(tuple(enrollments), now) if progress.is_running(d)]
    texts = await drafting.scripts(doors, {d.enrollment.scenario_hash for d in dossiers})
    cases = []
    for dossier in dossiers:
        scenario = texts.of_enrollment(dossier.enrollment)
        cases.append((dossier, scenario, doors.library.calendars(scenario, dossier.organisation)))
    if cases:
        _find(assumption.entry, [calendar for *_, calendars in cases for calendar in calendars])
    items = doors.library.content()
    found = []
    for dossier, scenario, calendars in cases:
        assumed = assume(calendars, assumption)
        before, after = (
            survey.survey(dossier, scenario, books, items, now).plan for books in (calendars, assumed)
        )
        found.append(Foreseen(dossier, assumed, before, after))
    return tuple(found)


MAILS: Final = 200
"""So many mails on the days in question are looked at; the work of one question is bounded by it."""
AT_ONCE: Final = 10
"""So many enrollments are planned without a pause."""


@dataclass(frozen=True, slots=True)
class Supposed:
    """What a change of one calendar would do to the mails of some days."""

    found: tuple[Foreseen, ...]  # those whom the change concerns
    unlisted: int = 0  # enrollments that it would concern, if their scenario listed the calendar
    problems: tuple[UserError, ...] = ()
    more: bool = False  # there are more mails on these days than were looked at


async def suppose(
    doors: Doors,
    mine: Mapping[str, object],
    days: tuple[date, date],
    calendar_id: str,
    edit: Callable[[Calendar], Calendar],
    concerns: AppliesTo,
) -> Supposed:
    """Plan anew what lies on these days, with one calendar changed.

    Args:
        doors: the world.
        mine: whose mails, as a condition of ``Store.find``.
        days: first and last day, both included.
        calendar_id: the calendar.
        edit: makes the changed calendar of the one that is there.
        concerns: whom the change concerns; others' mails stay where they are.
    """
    now, store = doors.clock.now(), doors.store
    on = {**mine, "state": states.UNSENT, "planned_on": Span(days[0], shifted(days[1], 1))}
    mails = await store.find(Message, on, order=("planned_at",), limit=MAILS + 1)
    keys = tuple(dict.fromkeys(m.enrollment_id for m in mails[:MAILS] if m.enrollment_id))
    dossiers = [d for d in await store.dossiers(keys, now) if progress.is_running(d)] if keys else []
    dossiers = [d for d in dossiers if applies(concerns, survey.profile_of(d))]
    texts = await drafting.scripts(doors, {d.enrollment.scenario_hash for d in dossiers}) if dossiers else None
    items = doors.library.content()
    edited: dict[int, Calendar] = {}  # one for all, so that its index of days is made once
    found, problems, unlisted = [], [], 0
    for place, dossier in enumerate(dossiers):
        assert texts is not None, "there are texts where there are dossiers"
        if place % AT_ONCE == AT_ONCE - 1:
            await asyncio.sleep(0)  # others use the desk meanwhile
        try:
            scenario = texts.of_enrollment(dossier.enrollment)
            calendars = doors.library.calendars(scenario, dossier.organisation)
        except UserError as error:
            problems.append(error)
            continue
        if all(calendar.id != calendar_id for calendar in calendars):
            unlisted += 1
            continue
        for calendar in calendars:
            if calendar.id == calendar_id and id(calendar) not in edited:
                edited[id(calendar)] = edit(calendar)
        assumed = tuple(edited.get(id(calendar), calendar) for calendar in calendars)
        before, after = (
            survey.survey(dossier, scenario, books, items, now).plan for books in (calendars, assumed)
        )
        found.append(Foreseen(dossier, assumed, before, after))
    return Supposed(tuple(found), unlisted, tuple(problems), len(mails) > MAILS)


@dataclass(frozen=True, slots=True)
class Ahead:
    """One running enrollment and the plan of what is still to come."""

    survey: Survey
    calendars: tuple[Calendar, ...]


async def ahead(
    doors: Doors, enrollment: EnrollmentId, now: datetime, scenario: Scenario | None = None
) -> Ahead | None:
    """What is still to come for one enrollment, with all that is known now; None: there is no such enrollment.

    A paused one is planned as if it were resumed at that moment. With ``scenario`` as if it were migrated to it.

    Raises:
        UserError: its scenario or a calendar cannot be read.
    """
    found = await doors.store.dossiers((enrollment,), doors.clock.now())
    if not found:
        return None
    (dossier,) = found
    if scenario is None:
        scripts = await drafting.scripts(doors, (dossier.enrollment.scenario_hash,))
        script = scripts.of_enrollment(dossier.enrollment)
    else:
        script = drafting.with_content(doors, scenario).as_variant(dossier.enrollment.variant)
    if dossier.enrollment.state is EnrollmentState.PAUSED:
        zone = survey.zone_of(dossier, script)
        resumed = turns.resume(dossier, script, now, zone, "nurture").puts
        dossier = replace(dossier, enrollment=next(e for e in resumed if isinstance(e, Enrollment)))
    calendars = doors.library.calendars(script, dossier.organisation)
    return Ahead(survey.survey(dossier, script, calendars, doors.library.content(), now), calendars)


def assume(calendars: tuple[Calendar, ...], assumption: Assumption) -> tuple[Calendar, ...]:
    """The calendars with that one entry changed; those without it are the same.

    Raises:
        UserError: its end lies before its start.
    """
    book, _, name = assumption.entry.partition("/")

    def changed(calendar: Calendar) -> Calendar:
        if calendar.id != book or all(entry.id != name for entry in calendar.entries):
            return calendar
        entries = tuple(_changed(entry, assumption) if entry.id == name else entry for entry in calendar.entries)
        return Calendar(calendar.id, entries, calendar.name)

    return tuple(changed(calendar) for calendar in calendars)


def _changed(entry: CalendarEntry, assumption: Assumption) -> CalendarEntry:
    start, end = assumption.start, assumption.end
    found = replace(entry, certainty=assumption.certainty, effect=assumption.effect or entry.effect)
    if start is not None:
        length = entry.end - entry.start if entry.start and entry.end else None
        moved = start + length if length is not None else None
        found = replace(found, start=start, end=end or moved, every=None)
    elif end is not None:
        found = replace(found, end=end)
    if found.end is not None and (found.start is None or found.end < found.start):
        raise UserError("the entry would end before it starts", hint="give --start and --end")
    return found


def _find(wanted: str, calendars: Sequence[Calendar]) -> None:
    """See to it that there is such an entry."""
    known = list(
        dict.fromkeys(f"{calendar.id}/{entry.id}" for calendar in calendars for entry in calendar.entries)
    )
    if wanted in known:
        return
    guess = difflib.get_close_matches(wanted, known, n=1)
    raise UserError(
        "no calendar of this person has the entry {entry}",
        hint="did you mean {guess}?" if guess else "write calendar and entry: jp-medical/jrc-2027",
        entry=wanted,
        guess=guess[0] if guess else None,
    )
