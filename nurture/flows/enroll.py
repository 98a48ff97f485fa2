"""Enroll a person in a scenario; pause, resume, stop."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from nurture.core import anchors, approval, states, survey, turns
from nurture.core.beginning import begin
from nurture.core.calendar import shifted
from nurture.core.change import Change, ScenarioText
from nurture.core.deals import TaskState
from nurture.core.messages import Enrollment, EnrollmentState
from nurture.core.people import Organisation, Person, Representative
from nurture.errors import UserError
from nurture.flows import suppressions
from nurture.flows.background import background

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from nurture.core.dossier import Dossier
    from nurture.core.ids import DealId, EnrollmentId, MeetingId, PersonId, RepId
    from nurture.core.scenario import Scenario
    from nurture.ports import Doors

LONGEST_REST: Final = 400
"""Days for which an enrollment may rest at a person's word."""


async def kept_text(doors: Doors, scenario: Scenario, now: datetime) -> tuple[ScenarioText, ...]:
    """The row that keeps a scenario's exact text, if it is not kept yet."""
    assert scenario.hash is not None
    known = await doors.store.get(ScenarioText, scenario.hash)
    return () if known else (ScenarioText(scenario.hash, scenario.id, scenario.text, now),)


async def enroll(
    doors: Doors,
    person_id: PersonId,
    scenario_id: str,
    *,
    by: RepId,
    anchor_at: datetime | date | None = None,
    dates: Mapping[str, date] | None = None,
    deal_id: DealId | None = None,
    meeting_id: MeetingId | None = None,
) -> Enrollment:
    """Start one person on a scenario. The next beat plans it.

    The person is written too: two who enroll somebody at the same moment are in each other's way.

    Args:
        doors: as ever.
        person_id: who.
        scenario_id: which scenario, as its file says now.
        by: who enrolls.
        anchor_at: the anchor, a moment or a local date; None: as meetings, deals and mail say.
        dates: named events that are not recorded with a meeting.
        deal_id: the deal; without it and without ``anchor_at`` the one that has the anchor's date, or that
            the last meeting was about.
        meeting_id: the meeting that letters speak of; without it and without ``anchor_at`` the last.

    Raises:
        UserError: no such person or scenario; the person has no representative; is in it already; wants no
            more mail; the anchor's date is not known.
        StaleVersion: somebody wrote to the person meanwhile; nothing has been written.
    """
    now = doors.clock.now()
    scenario = doors.library.scenario(scenario_id)
    person = await doors.store.get(Person, person_id)
    if person is None:
        raise UserError("There is no person {id}", id=person_id)
    if person.rep_id is None:
        raise UserError("{name} has no representative", name=person.name)
    await suppressions.forbid(doors, person)
    zone = survey.zone(person, await _organisation(doors, person), scenario)
    if anchor_at is not None:
        day_one = anchors.day_one(scenario, anchor_at, now, zone)
    else:
        known = await background(doors, person, scenario, deal_id=deal_id, meeting_id=meeting_id, dates=dates)
        day_one = anchors.day_one_of(scenario, known.facts, now, zone, person.name)
        deal_id, meeting_id = known.deal_id, known.meeting_id
    running = await doors.store.find(
        Enrollment,
        {"person_id": person_id, "state": (EnrollmentState.ACTIVE, EnrollmentState.PAUSED)},
    )
    if any(e.scenario_id == scenario_id and e.deal_id == deal_id for e in running):
        raise UserError("{name} is in {scenario} already", name=person.name, scenario=scenario_id)
    change = begin(
        person,
        scenario,
        key=doors.chance.new_id(),
        anchor_at=day_one,
        now=now,
        by=by,
        rep_id=person.rep_id,
        deal_id=deal_id,
        meeting_id=meeting_id,
    )
    await doors.store.commit(Change((*await kept_text(doors, scenario, now), person)) + change)
    written = change.puts[0]
    assert isinstance(written, Enrollment)
    return replace(written, version=1)


async def _organisation(doors: Doors, person: Person) -> Organisation | None:
    return await doors.store.get(Organisation, person.organisation_id) if person.organisation_id else None


async def _case(doors: Doors, enrollment_id: EnrollmentId, by: RepId) -> Dossier:
    found = await doors.store.dossiers((enrollment_id,), doors.clock.now())
    actor = await doors.store.get(Representative, by)
    if not found:
        raise UserError("There is no enrollment {id}", id=enrollment_id)
    if actor is None or not approval.may_see(found[0].rep, actor):
        raise UserError("{by} may not act on enrollments of {owner}", by=by, owner=found[0].rep.name)
    return found[0]


async def pause(doors: Doors, enrollment_id: EnrollmentId, *, by: RepId, reason: str) -> None:
    """Pause: queued mails go back to the desk, planned ones lose their dates.

    Raises:
        UserError: no such enrollment, or this person may not.
        Impossible: it has ended.
    """
    dossier = await _case(doors, enrollment_id, by)
    await doors.store.commit(turns.pause(dossier, reason or "person", doors.clock.now(), by))


async def rest(doors: Doors, enrollment_id: EnrollmentId, *, by: RepId, days: int) -> None:
    """Pause for so many days of the recipient's; then it goes on by itself, with its spacing and fresh approvals.

    No mail that comes in and no rule of a scenario makes the rest shorter; what needs an answer pauses it.

    Raises:
        UserError: no such enrollment, this person may not, or the days are none or too many.
        Impossible: it has ended.
    """
    if not 1 <= days <= LONGEST_REST:
        raise UserError("a rest lasts from 1 to {days} days", days=LONGEST_REST)
    now = doors.clock.now()
    dossier = await _case(doors, enrollment_id, by)
    text = await doors.store.get(ScenarioText, dossier.enrollment.scenario_hash)
    assert text is not None
    zone = survey.zone_of(dossier, doors.library.parse(text.text))
    day = shifted(now.astimezone(zone).date(), days)
    await doors.store.commit(turns.rest(dossier, turns.RESTED, day, zone, now, by))


async def stop(doors: Doors, enrollment_id: EnrollmentId, *, by: RepId, reason: str) -> None:
    """Stop for good: what has not left is cancelled.

    Raises:
        UserError: no such enrollment, or this person may not.
        Impossible: it has run to its end.
    """
    dossier = await _case(doors, enrollment_id, by)
    await doors.store.commit(turns.stop(dossier, reason or "person", doors.clock.now(), by))


async def reopen(doors: Doors, enrollment_id: EnrollmentId, *, by: RepId) -> None:
    """Take back that an enrollment ended, whoever or whatever ended it: it is paused then, until it is resumed.

    The line in the journal that says why it ended stays; this one stands behind it.

    Raises:
        UserError: no such enrollment, this person may not, the person wants no more mail, or is in it anew.
        Impossible: it has not ended.
    """
    dossier = await _case(doors, enrollment_id, by)
    found = dossier.enrollment
    await suppressions.forbid(doors, dossier.person)
    running = {"person_id": found.person_id, "state": (EnrollmentState.ACTIVE, EnrollmentState.PAUSED)}
    others = await doors.store.find(Enrollment, running)
    if any((e.scenario_id, e.deal_id) == (found.scenario_id, found.deal_id) and e.id != found.id for e in others):
        raise UserError("{name} is in {scenario} already", name=dossier.person.name, scenario=found.scenario_id)
    await doors.store.commit(turns.reopen(dossier, doors.clock.now(), by))


async def resume(doors: Doors, enrollment_id: EnrollmentId, *, by: RepId) -> None:
    """Go on: the rest is planned from today with the original spacing (scheduling: stop, pause, resume).

    Raises:
        UserError: no such enrollment, or this person may not.
        Impossible: it is not paused.
    """
    now = doors.clock.now()
    dossier = await _case(doors, enrollment_id, by)
    text = await doors.store.get(ScenarioText, dossier.enrollment.scenario_hash)
    assert text is not None
    scenario = doors.library.parse(text.text).as_variant(dossier.enrollment.variant)
    resumed = turns.resume(dossier, scenario, now, survey.zone_of(dossier, scenario), by)
    tasks = tuple(
        replace(t, state=states.move(states.TASKS, t.state, "do"), done_at=now)
        for t in dossier.tasks
        if _answered(t.kind, t.state)
    )
    await doors.store.commit(resumed + Change(tasks))


def _answered(kind: str, state: TaskState) -> bool:
    return kind == "reply" and state is TaskState.OPEN
