"""Enroll a person in a scenario; pause, resume, stop."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from nurture.core import approval, progress, reactions, states, survey
from nurture.core.change import Change, ScenarioText
from nurture.core.deals import TaskState
from nurture.core.ids import EnrollmentId
from nurture.core.messages import Enrollment, EnrollmentState, Entry, MessageState
from nurture.core.people import Person, Representative
from nurture.errors import UserError

if TYPE_CHECKING:
    from datetime import datetime

    from nurture.core.dossier import Dossier
    from nurture.core.ids import DealId, MeetingId, PersonId, RepId
    from nurture.core.messages import Message
    from nurture.core.scenario import Scenario
    from nurture.ports import Doors


async def kept_text(doors: Doors, scenario: Scenario, now: datetime) -> tuple[ScenarioText, ...]:
    """The row that keeps a scenario's exact text, if it is not kept yet."""
    assert scenario.hash is not None
    known = await doors.store.get(ScenarioText, scenario.hash)
    return () if known else (ScenarioText(scenario.hash, scenario.id, scenario.text, now),)


def enrollment_of(
    person: Person,
    scenario: Scenario,
    *,
    key: str,
    anchor_at: datetime,
    now: datetime,
    by: str,
    rep_id: RepId,
    deal_id: DealId | None = None,
    meeting_id: MeetingId | None = None,
) -> Change:
    """A new enrollment that the next beat will plan."""
    assert scenario.hash is not None
    fresh = Enrollment(
        id=EnrollmentId(key),
        person_id=person.id,
        organisation_id=person.organisation_id,
        scenario_id=scenario.id,
        scenario_hash=scenario.hash,
        anchor_at=anchor_at,
        rep_id=rep_id,
        deal_id=deal_id,
        meeting_id=meeting_id,
        wake_at=now,
        enrolled_at=now,
    )
    said = Entry(
        at=now,
        kind="enrollment.started",
        actor=by,
        data={"scenario": scenario.id, "anchor": anchor_at.isoformat()},
        person_id=person.id,
        organisation_id=person.organisation_id,
        deal_id=deal_id,
        enrollment_id=fresh.id,
    )
    return Change((fresh,), (said,))


async def enroll(
    doors: Doors,
    person_id: PersonId,
    scenario_id: str,
    *,
    by: RepId,
    anchor_at: datetime,
    deal_id: DealId | None = None,
    meeting_id: MeetingId | None = None,
) -> Enrollment:
    """Start one person on a scenario. The next beat plans it.

    The person is written too: two who enroll somebody at the same moment are in each other's way.

    Raises:
        UserError: no such person or scenario; the person has no representative; is in it already.
        StaleVersion: somebody wrote to the person meanwhile; nothing has been written.
    """
    now = doors.clock.now()
    scenario = doors.library.scenario(scenario_id)
    person = await doors.store.get(Person, person_id)
    if person is None:
        raise UserError("There is no person {id}", id=person_id)
    if person.rep_id is None:
        raise UserError("{name} has no representative", name=person.name)
    running = await doors.store.find(
        Enrollment,
        {"person_id": person_id, "state": (EnrollmentState.ACTIVE, EnrollmentState.PAUSED)},
    )
    if any(e.scenario_id == scenario_id and e.deal_id == deal_id for e in running):
        raise UserError("{name} is in {scenario} already", name=person.name, scenario=scenario_id)
    change = enrollment_of(
        person,
        scenario,
        key=doors.chance.new_id(),
        anchor_at=anchor_at,
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
    await doors.store.commit(reactions.pause(dossier, reason or "person", doors.clock.now(), by))


async def stop(doors: Doors, enrollment_id: EnrollmentId, *, by: RepId, reason: str) -> None:
    """Stop for good: what has not left is cancelled.

    Raises:
        UserError: no such enrollment, or this person may not.
        Impossible: it has run to its end.
    """
    dossier = await _case(doors, enrollment_id, by)
    await doors.store.commit(reactions.stop(dossier, reason or "person", doors.clock.now(), by))


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
    scenario = doors.library.parse(text.text)
    resumed = replace(
        dossier.enrollment,
        state=states.move(states.ENROLLMENTS, dossier.enrollment.state, "resume"),
        reason="",
        wake_at=now,
        shift_days=_shift(dossier, scenario, now),
    )
    tasks = tuple(
        replace(t, state=states.move(states.TASKS, t.state, "do"), done_at=now)
        for t in dossier.tasks
        if _answered(t.kind, t.state)
    )
    said = replace(progress.entry(dossier, "enrollment.resumed", now, shift=resumed.shift_days), actor=by)
    await doors.store.commit(Change((resumed, *tasks), (said,)))


def _answered(kind: str, state: TaskState) -> bool:
    return kind == "reply" and state is TaskState.OPEN


def _shift(dossier: Dossier, scenario: Scenario, now: datetime) -> int:
    """How far what is left moves: so that the next step is not before today, the spacing kept."""
    zone = survey.zone_of(dossier, scenario)
    start = dossier.enrollment.anchor_at.astimezone(zone).date()
    today = now.astimezone(zone).date()
    over = {m.step_id for m in dossier.messages if m.state not in states.UNSENT}
    over |= {t.step_id for t in dossier.tasks if t.step_id and t.state is not TaskState.PLANNED}
    left = [step.day for step in scenario.steps if step.id not in over]
    if not left:
        return dossier.enrollment.shift_days
    nominal = (today - start).days - (left[0] - 1)
    return max(dossier.enrollment.shift_days, nominal)


def queued(dossier: Dossier) -> tuple[Message, ...]:
    """The enrollment's mails that wait at the desk or are approved."""
    return tuple(m for m in dossier.messages if m.state in {MessageState.WAITING, MessageState.APPROVED})
