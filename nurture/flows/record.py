"""Record a meeting (practice A): the record, its promises, the enrollments, and the thank-you drafts at once."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from nurture.core import anchors, survey
from nurture.core.beginning import begin
from nurture.core.change import Change
from nurture.core.deals import Attendee, Concern, Deal, DealStatus, Meeting, PagePointer, Promise, Stance
from nurture.core.ids import DealId, MeetingId, OrganisationId, PersonId, PromiseId, RepId, derived
from nurture.core.messages import Enrollment, EnrollmentState, Entry, Message
from nurture.core.people import LegalBasis, Organisation, Person, Profession, Representative, described
from nurture.errors import TemporaryFailure, UserError, UserErrors
from nurture.flows import enroll, suppressions, tick
from nurture.mail.address import check_address
from nurture.mail.header import refuse_control
from nurture.mail.patients import refuse

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date, datetime

    from nurture.core.scenario import Scenario
    from nurture.ports import Doors

SCEPTICS_FIRST = (Stance.SCEPTICAL, Stance.UNKNOWN, Stance.NEUTRAL, Stance.SUPPORTIVE)


@dataclass(frozen=True, slots=True)
class AttendeeRecord:
    """Somebody who was there. Somebody new needs at least ``email`` and ``family_name``."""

    email: str
    stance: Stance = Stance.UNKNOWN
    remark: str = ""
    family_name: str = ""
    given_name: str = ""
    role: str | None = None
    specialty: str | None = None
    department: str | None = None
    title: str | None = None
    profession: Profession | None = None
    topics: tuple[str, ...] = ()
    legal_basis: LegalBasis | None = None


@dataclass(frozen=True, slots=True)
class PromiseRecord:
    """Who does what by when."""

    text: str
    owner: str = "us"  # us | them
    owner_name: str = ""
    due: date | None = None


@dataclass(frozen=True, slots=True)
class MeetingRecord:
    """What a representative writes down within five minutes (A1)."""

    organisation: str
    ended_at: datetime  # aware
    rep_id: RepId
    attendees: tuple[AttendeeRecord, ...]
    scenario: str = "warm-lead-30d"
    subject: str = ""
    place: str = ""
    agreements: tuple[str, ...] = ()
    concerns: tuple[Concern, ...] = ()
    confirmation_question: str = ""
    promises: tuple[PromiseRecord, ...] = ()
    material: str = ""
    pointers: tuple[PagePointer, ...] = ()
    dates: tuple[tuple[str, date], ...] = ()
    private_note: str = ""
    deal_name: str = ""
    product: str = ""
    phase: int | None = None
    competitor: str | None = None  # None: nothing was said; empty: there is none any more
    contract_end: date | None = None
    organisation_kind: str = "hospital"
    region: str | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """What came of it. ``messages`` are the drafts that wait now, the sceptics' first."""

    meeting: Meeting
    enrollments: tuple[Enrollment, ...]
    messages: tuple[Message, ...]
    warnings: tuple[UserError, ...] = ()


FILLED = {
    "agreements": lambda r: bool(r.agreements),
    "concerns": lambda r: bool(r.concerns),
    "confirmation_question": lambda r: bool(r.confirmation_question.strip()),
    "next_actions": lambda r: bool(r.promises),
    "promises": lambda r: bool(r.promises),
}
"""How a step's ``requires`` is met by a record (A3, A4: a draft that lacks them cannot be queued)."""


def check(record: MeetingRecord, scenario: Scenario) -> None:
    """Refuse a record from which the scenario's minutes could not be written.

    Raises:
        UserErrors: all that is missing, before anything is written.
    """
    errors: list[UserError] = []
    needed = {name for step in scenario.steps for name in step.requires}
    errors += [
        UserError(
            "The record has no {field}",
            hint="The thank-you is also the minutes: agreed points, next actions, one yes/no question",
            field=name,
        )
        for name in sorted(needed & set(FILLED))
        if not FILLED[name](record)
    ]
    if not record.attendees:
        errors.append(UserError("Nobody attended this meeting"))
    for place, said in _written(record):
        try:
            check_address(said.strip()) if place == "email" else refuse_control(place, said.strip())
        except UserError as error:
            errors.append(error)
    for place, said in _noted(record):
        try:
            refuse(place, said)
        except UserError as error:
            errors.append(error)
    seen = [a.email.strip().lower() for a in record.attendees]
    errors += [UserError("{email} attends twice", email=e) for e in sorted({e for e in seen if seen.count(e) > 1})]
    if record.ended_at.tzinfo is None:
        errors.append(UserError("The end of the meeting has no time zone"))
    if errors:
        raise UserErrors(tuple(errors))


def _written(record: MeetingRecord) -> Iterator[tuple[str, str]]:
    """What stands in a header or an addressee block, with the name of its field."""
    yield "organisation", record.organisation
    yield "subject", record.subject
    for attendee in record.attendees:
        yield "email", attendee.email
        for name in ("family_name", "given_name", "department", "title"):
            yield name, getattr(attendee, name) or ""


def _noted(record: MeetingRecord) -> Iterator[tuple[str, str]]:
    """What is written freely, private notes among it: data of patients are kept nowhere."""
    yield "subject", record.subject
    yield "agreements", "\n\n\n".join(record.agreements)
    yield "concerns", "\n\n\n".join(concern.text for concern in record.concerns)
    yield "confirmation_question", record.confirmation_question
    yield "promises", "\n\n\n".join(promise.text for promise in record.promises)
    yield "private_note", record.private_note
    for attendee in record.attendees:
        yield "remark", attendee.remark


async def _organisation(doors: Doors, record: MeetingRecord, now: datetime) -> tuple[Organisation, bool]:
    found = await doors.store.find(Organisation, {"name": record.organisation.strip()})
    if found:
        return found[0], False
    fresh = Organisation(
        id=OrganisationId(doors.chance.new_id()),
        name=record.organisation.strip(),
        kind=record.organisation_kind,
        region=record.region,
        created_at=now,
    )
    return fresh, True


async def _deal(doors: Doors, record: MeetingRecord, organisation: Organisation, now: datetime) -> Deal:
    name = record.deal_name.strip() or record.product.strip() or record.subject.strip() or organisation.name
    found = await doors.store.find(
        Deal, {"organisation_id": organisation.id, "name": name, "status": DealStatus.OPEN}, limit=1
    )
    before = (
        found[0]
        if found
        else Deal(DealId(doors.chance.new_id()), organisation.id, name, rep_id=record.rep_id, created_at=now)
    )
    return replace(
        before,
        product=record.product or before.product,
        phase=record.phase if record.phase is not None else before.phase,
        competitor=before.competitor if record.competitor is None else record.competitor.strip() or None,
        contract_end=record.contract_end or before.contract_end,
    )


def _person(
    record: AttendeeRecord, before: Person | None, organisation: Organisation, rep: RepId, key: str, now: datetime
) -> Person:
    """The person as the record knows it: what is filled in wins, what is empty changes nothing."""
    if before is None:
        if not record.family_name.strip():
            raise UserError(
                "{email} is new: the record must name this person",
                hint="Give family_name, and role, department, title, profession where known",
                email=record.email,
            )
        before = Person(
            id=PersonId(key),
            email=record.email.strip().lower(),
            family_name=record.family_name.strip(),
            organisation_id=organisation.id,
            rep_id=rep,
            created_at=now,
        )
    placed = described(before, role=record.role, title=record.title, profession=record.profession)
    return replace(
        placed,
        family_name=record.family_name.strip() or before.family_name,
        given_name=record.given_name.strip() or before.given_name,
        specialty=record.specialty or before.specialty,
        department=record.department or before.department,
        topics=record.topics or before.topics,
        legal_basis=record.legal_basis or before.legal_basis,
        rep_id=before.rep_id or rep,
        organisation_id=before.organisation_id or organisation.id,
    )


async def record(doors: Doors, record: MeetingRecord) -> Recorded:
    """Write a meeting down, enroll those who attended, and draft their thank-yous.

    Raises:
        UserErrors, UserError: something is missing or unknown; nothing has been written.
        StaleVersion: somebody wrote to the same rows; nothing has been written.
    """
    now = doors.clock.now()
    scenario = doors.library.scenario(record.scenario)
    check(record, scenario)
    rep = await doors.store.get(Representative, record.rep_id)
    if rep is None:
        raise UserError("Nobody is known as {by}", by=record.rep_id)
    organisation, fresh = await _organisation(doors, record, now)
    deal = await _deal(doors, record, organisation, now)
    emails = [a.email.strip().lower() for a in record.attendees]
    known = {p.email: p for p in await doors.store.find(Person, {"email": tuple(emails)})}
    people = [
        _person(a, known.get(e), organisation, rep.id, doors.chance.new_id(), now)
        for a, e in zip(record.attendees, emails, strict=True)
    ]
    meeting, promises = _meeting(record, people, organisation, deal, doors.chance.new_id(), now)
    # All who attended are written, changed or not: two who enroll somebody at once are in each other's way.
    change = Change((organisation,) if fresh else ()) + Change(
        (deal, *people, meeting, *promises),
        (_recorded(meeting, len(promises), rep.id, now),),
    )
    change += Change(await enroll.kept_text(doors, scenario, now))
    scene = _Scene(scenario, meeting, deal, organisation)
    enrollments, warnings, started = await _enroll(doors, scene, people, rep.id, now)
    await doors.store.commit(change + started)
    with suppress(TemporaryFailure):  # it is recorded: what cannot be drafted now, the next beat drafts
        await tick.advance(doors, [e.id for e in enrollments])
    drafts = await doors.store.find(
        Message, {"enrollment_id": tuple(e.id for e in enrollments), "state": "waiting"}
    )
    order = {a.person_id: SCEPTICS_FIRST.index(a.stance) for a in meeting.attendees}
    ordered = sorted(drafts, key=lambda m: (order.get(m.person_id, 9), m.planned_at or now))
    return Recorded(replace(meeting, version=1), tuple(enrollments), tuple(ordered), tuple(warnings))


def _meeting(
    record: MeetingRecord,
    people: Sequence[Person],
    organisation: Organisation,
    deal: Deal,
    key: str,
    now: datetime,
) -> tuple[Meeting, tuple[Promise, ...]]:
    meeting = Meeting(
        id=MeetingId(key),
        deal_id=deal.id,
        organisation_id=organisation.id,
        rep_id=record.rep_id,
        ended_at=record.ended_at,
        subject=record.subject,
        place=record.place,
        agreements=record.agreements,
        concerns=record.concerns,
        confirmation_question=record.confirmation_question.strip(),
        attendees=tuple(Attendee(p.id, a.stance, a.remark) for p, a in zip(people, record.attendees, strict=True)),
        pointers=record.pointers,
        material=record.material,
        dates=record.dates,
        private_note=record.private_note,
        recorded_at=now,
    )
    promises = tuple(
        Promise(
            id=PromiseId(derived(f"promise:{key}", str(i))),
            meeting_id=meeting.id,
            deal_id=deal.id,
            text=p.text,
            owner=p.owner,
            owner_name=p.owner_name,
            due=p.due,
        )
        for i, p in enumerate(record.promises)
    )
    return meeting, promises


def _recorded(meeting: Meeting, promises: int, by: RepId, now: datetime) -> Entry:
    return Entry(
        at=now,
        kind="meeting.recorded",
        actor=by,
        data={
            "meeting": meeting.id,
            "subject": meeting.subject,
            "attendees": [a.person_id for a in meeting.attendees],
            "promises": promises,
            "ended_at": meeting.ended_at.isoformat(),
        },
        organisation_id=meeting.organisation_id,
        deal_id=meeting.deal_id,
    )


@dataclass(frozen=True, slots=True)
class _Scene:
    """What all who attended have in common."""

    scenario: Scenario
    meeting: Meeting
    deal: Deal
    organisation: Organisation

    def day_one(self, person: Person, now: datetime) -> datetime:
        """The anchor, as far as the record says.

        Raises:
            UserError: the scenario is anchored at a date that nobody recorded.
        """
        facts = anchors.Facts(
            meeting_end=self.meeting.ended_at,
            proposal_sent_at=self.deal.proposal_sent_at,
            lost_at=self.deal.lost_at,
            contract_end=self.deal.contract_end,
            last_contact=self.meeting.ended_at,
            events=dict(self.meeting.dates),
        )
        zone = survey.zone(person, self.organisation, self.scenario)
        return anchors.day_one_of(self.scenario, facts, now, zone, person.name)


async def _enroll(
    doors: Doors, scene: _Scene, people: Sequence[Person], by: RepId, now: datetime
) -> tuple[list[Enrollment], list[UserError], Change]:
    """Enroll everybody who is not on the way in this scenario already."""
    scenario, meeting = scene.scenario, scene.meeting
    running = await doors.store.find(
        Enrollment,
        {
            "person_id": tuple(p.id for p in people),
            "scenario_id": scenario.id,
            "state": (EnrollmentState.ACTIVE, EnrollmentState.PAUSED),
        },
    )
    busy = {e.person_id for e in running}
    warnings: list[UserError] = []
    total = Change()
    enrollments: list[Enrollment] = []
    for person in people:
        if person.id in busy:
            warnings.append(UserError("{name} is in {scenario} already", name=person.name, scenario=scenario.id))
            continue
        if not person.legal_basis.allows_mail:
            warnings.append(
                UserError(
                    "{name} has no legal basis for mail: nothing will be sent",
                    hint="Say how the address was given (consent, business_card …), when, and what proves it",
                    name=person.name,
                )
            )
        if silence := await suppressions.in_force(doors, person.email, (person.organisation_id,)):
            warnings.append(
                UserError(
                    "{name} wants no more mail ({value}): is not enrolled, nothing will be sent",
                    hint="only a documented consent changes that: nurture suppression lift",
                    name=person.name,
                    value=silence[0].value,
                )
            )
            continue
        started = begin(
            person,
            scenario,
            key=doors.chance.new_id(),
            anchor_at=scene.day_one(person, now),
            now=now,
            by=by,
            rep_id=person.rep_id or by,
            deal_id=meeting.deal_id,
            meeting_id=meeting.id,
        )
        total += started
        enrollments += [e for e in started.puts if isinstance(e, Enrollment)]
    return enrollments, warnings, total
