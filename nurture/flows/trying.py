"""A step of a scenario written for somebody, as the next beat would write it; nothing is kept.

Whoever is on the way in the scenario is taken as they are. For others an enrollment is supposed that begins now,
with the last meeting and its deal that the asker may see.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from nurture.core import survey
from nurture.core.deals import Deal, Meeting, Promise
from nurture.core.dossier import Dossier
from nurture.core.ids import EnrollmentId, MessageId, ScenarioHash
from nurture.core.messages import Enrollment, EnrollmentState, Message
from nurture.core.people import Organisation, Representative
from nurture.errors import UserError
from nurture.flows import drafting, farewells

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from nurture.core.draft import Brief, Draft, Filled
    from nurture.core.people import Person
    from nurture.core.scenario import Scenario, Step
    from nurture.ports import Doors

RUNNING: Final = (EnrollmentState.ACTIVE, EnrollmentState.PAUSED)
MEETINGS: Final = 50
"""So many of the last meetings of a hospital are looked at for one with this person."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of it: the text or why there is none, and what each field is filled with."""

    brief: Brief
    draft: Draft | None
    problem: UserError | None
    filled: tuple[Filled, ...]
    enrolled: bool  # whether the person is on the way in it; else it was supposed


async def attempt(
    doors: Doors, scenario: Scenario, step: Step, person: Person, mine: Mapping[str, object], asker: Representative
) -> Tried:
    """Write one step for one person.

    Args:
        doors: the world.
        scenario: as its file says now.
        step: one of its mails.
        person: somebody whom the asker may see.
        mine: the condition of ``Store.find`` on what the asker may see.
        asker: writes, where the person has nobody.

    Raises:
        UserError: a calendar cannot be read.
    """
    now = doors.clock.now()
    dossier, enrolled = await _dossier(doors, scenario, person, mine, asker, now)
    script = drafting.with_content(doors, scenario).as_variant(dossier.enrollment.variant)
    step = script.step(step.id) or step
    calendars = doors.library.calendars(script, dossier.organisation)
    seen = survey.survey(dossier, script, calendars, doors.library.content(), now)
    planned = next((one for one in seen.plan.steps if one.step_id == step.id), None)
    message = dossier.message(step.id) or Message(
        id=MessageId("tried"),
        person_id=person.id,
        rep_id=dossier.rep.id,
        organisation_id=person.organisation_id,
        enrollment_id=dossier.id,
        step_id=step.id,
        template=step.mail or "",
        mailbox_id=dossier.rep.mailbox_id,
        planned_on=(planned.planned_on or planned.nominal) if planned else seen.today,
        unsubscribe_token="example",  # noqa: S106 - no secret: it is never sent
    )
    message = replace(message, template=step.mail or "")  # as the file says now, whatever was written before
    beside = await farewells.beside(doors, (dossier,))
    brief = drafting.brief(doors, seen, message, step, beside.get(dossier.id, drafting.NOBODY))
    return _tried(doors, step, brief, enrolled=enrolled)


async def again(doors: Doors, message: Message) -> Tried:
    """A mail that has its text, as its template would write it now, with the content that it was given.

    Raises:
        UserError: its scenario, a calendar or its step is not to be had.
    """
    now = doors.clock.now()
    found = await doors.store.dossiers((message.enrollment_id,), now) if message.enrollment_id else ()
    if not found:
        raise UserError("This mail belongs to no scenario")
    dossier = found[0]
    texts = await drafting.scripts(doors, (dossier.enrollment.scenario_hash,))
    script = texts.of_enrollment(dossier.enrollment)
    step = script.step(message.step_id)
    if step is None:
        raise UserError("Its scenario has no step {step}", step=message.step_id)
    items = doors.library.content()
    seen = survey.survey(dossier, script, doors.library.calendars(script, dossier.organisation), items, now)
    beside = await farewells.beside(doors, (dossier,))
    brief = drafting.brief(doors, seen, message, step, beside.get(dossier.id, drafting.NOBODY))
    item = next((one for one in items if one.id == message.content_id), brief.content)
    brief = replace(brief, content=item)
    return _tried(doors, step, brief, enrolled=True)


def _tried(doors: Doors, step: Step, brief: Brief, *, enrolled: bool) -> Tried:
    filled: tuple[Filled, ...] = ()
    try:
        filled = doors.shelf.filled(brief)
        return Tried(brief, _written(doors, step, brief), None, filled, enrolled)
    except UserError as error:
        return Tried(brief, None, error, filled, enrolled)


def _written(doors: Doors, step: Step, brief: Brief) -> Draft:
    if step.content is not None and brief.content is None:
        raise UserError("No {kind} is left that fits {name}", kind=step.content.kind, name=brief.person.name)
    return doors.writer.write(brief)


async def _dossier(
    doors: Doors,
    scenario: Scenario,
    person: Person,
    mine: Mapping[str, object],
    asker: Representative,
    now: datetime,
) -> tuple[Dossier, bool]:
    """The person's file in this scenario, as it is or as it would be."""
    store = doors.store
    where = {**mine, "person_id": person.id, "scenario_id": scenario.id, "state": RUNNING}
    running = await store.find(Enrollment, where, order=("-enrolled_at",), limit=1)
    if running and (known := await store.dossiers((running[0].id,), now)):
        return known[0], True
    owner = await store.get(Representative, person.rep_id) if person.rep_id else None
    hospital = await store.get(Organisation, person.organisation_id) if person.organisation_id else None
    here = {**mine, "organisation_id": person.organisation_id}
    met = await store.find(Meeting, here, order=("-ended_at",), limit=MEETINGS) if hospital else ()
    meeting = next((one for one in met if any(a.person_id == person.id for a in one.attendees)), None)
    deals = await store.find(Deal, {**mine, "id": meeting.deal_id}, limit=1) if meeting else ()
    deal = deals[0] if deals else None
    promises = await store.find(Promise, {"meeting_id": meeting.id}) if meeting else ()
    rep = owner or asker
    supposed = Enrollment(
        id=EnrollmentId("tried"),
        person_id=person.id,
        organisation_id=person.organisation_id,
        scenario_id=scenario.id,
        scenario_hash=scenario.hash or ScenarioHash(""),
        anchor_at=meeting.ended_at if meeting and scenario.anchor == "meeting_end" else now,
        rep_id=rep.id,
        deal_id=deal.id if deal else None,
        meeting_id=meeting.id if meeting else None,
        variant=scenario.variant_of(person.email),
        enrolled_at=now,
    )
    return Dossier(supposed, person, rep, hospital, deal, meeting, promises), False
