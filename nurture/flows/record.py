"""Record a meeting (practice A): the record, its promises, the enrollments, and the thank-you drafts at once."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from nurture.core import anchors, survey, turns
from nurture.core.approval import may_see
from nurture.core.beginning import begin
from nurture.core.change import Change
from nurture.core.deals import Attendee, Deal, DealStatus, Meeting, Promise
from nurture.core.ids import DealId, MeetingId, OrganisationId, PersonId, PromiseId, RepId, derived
from nurture.core.messages import Enrollment, Entry
from nurture.core.people import Organisation, Person, Representative, described
from nurture.errors import TemporaryFailure, UserError
from nurture.flows import enroll, erasing, recorded, suppressions, tick
from nurture.flows.minutes import AttendeeRecord, MeetingRecord, PromiseRecord, check
from nurture.flows.recorded import RUNNING, Recorded

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from nurture.core.dossier import Dossier
    from nurture.core.scenario import Scenario
    from nurture.ports import Doors

__all__ = ["AttendeeRecord", "MeetingRecord", "PromiseRecord", "Recorded", "check", "record"]


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


async def _deal(
    doors: Doors, record: MeetingRecord, organisation: Organisation, ours: _Ours, now: datetime
) -> Deal:
    name = record.deal_name.strip() or record.product.strip() or record.subject.strip() or organisation.name
    found = await doors.store.find(
        Deal, {"organisation_id": organisation.id, "name": name, "status": DealStatus.OPEN}, limit=1
    )
    before = (
        found[0]
        if found
        else Deal(DealId(doors.chance.new_id()), organisation.id, name, rep_id=record.rep_id, created_at=now)
    )
    if not ours.may_change(before.rep_id):
        return before
    return replace(
        before,
        product=record.product or before.product,
        phase=record.phase if record.phase is not None else before.phase,
        competitor=before.competitor if record.competitor is None else record.competitor.strip() or None,
        contract_end=record.contract_end or before.contract_end,
    )


@dataclass(frozen=True, slots=True)
class _Ours:
    """Who records, among all of us."""

    by: Representative
    all: Mapping[RepId, Representative]

    def may_change(self, rep_id: RepId | None) -> bool:
        """Whether the record may say anew what belongs to this representative; it may always add to it."""
        owner = self.all.get(rep_id) if rep_id else None
        return owner is None or owner.id == self.by.id or may_see(owner, self.by)


def _person(
    record: AttendeeRecord, before: Person | None, organisation: Organisation, ours: _Ours, key: str, now: datetime
) -> Person:
    """The person as the record knows it: what is filled in wins, what is empty changes nothing.

    Somebody whom a colleague looks after stays as the colleague knows them: a record by others says who was there.
    """
    rep = ours.by.id
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
    if not ours.may_change(before.rep_id):
        return before
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


async def record(doors: Doors, record: MeetingRecord, *, closing: Change | None = None) -> Recorded:
    """Write a meeting down, enroll those who attended, and draft their thank-yous.

    ``closing`` is written with it, or neither is. What was recorded before under the same key is returned as it
    stands now.

    Raises:
        UserErrors, UserError: something is missing or unknown; nothing has been written.
        StaleVersion: somebody wrote to the same rows; nothing has been written.
    """
    key = recorded.meeting_key(record.rep_id, record.key) if record.key else MeetingId(doors.chance.new_id())
    if record.key and (before := await doors.store.get(Meeting, key)) is not None:
        return await recorded.look(doors, before)
    now = doors.clock.now()
    scenario = doors.library.scenario(record.scenario)
    check(record, scenario)
    us = {rep.id: rep for rep in await doors.store.find(Representative)}
    rep = us.get(record.rep_id)
    if rep is None:
        raise UserError("Nobody is known as {by}", by=record.rep_id)
    ours = _Ours(rep, us)
    organisation, fresh = await _organisation(doors, record, now)
    deal = await _deal(doors, record, organisation, ours, now)
    emails = [a.email.strip().lower() for a in record.attendees]
    known = {p.email: p for p in await doors.store.find(Person, {"email": tuple(emails)})}
    if gone := await erasing.erased(doors, [e for e in emails if e not in known]):
        raise erasing.refusal(min(gone))
    people = [
        _person(a, known.get(e), organisation, ours, doors.chance.new_id(), now)
        for a, e in zip(record.attendees, emails, strict=True)
    ]
    meeting, promises = _meeting(record, people, organisation, deal, key, now)
    # All who attended are written, changed or not: two who enroll somebody at once are in each other's way.
    change = Change((organisation,) if fresh else ()) + Change(
        (deal, *people, meeting, *promises),
        (_recorded(meeting, len(promises), rep.id, now),),
    )
    change += Change(await enroll.kept_text(doors, scenario, now))
    scene = _Scene(scenario, meeting, deal, organisation)
    enrollments, warnings, started = await _enroll(doors, scene, people, ours, now)
    await doors.store.commit(change + started + (closing or Change()))
    with suppress(TemporaryFailure):  # it is recorded: what cannot be drafted now, the next beat drafts
        await tick.advance(doors, [e.id for e in enrollments])
    drafts = await recorded.drafts(doors, meeting, [e.id for e in enrollments])
    foreign = [
        recorded.looked_after(p, us[p.rep_id]) for p in people if p.rep_id and not ours.may_change(p.rep_id)
    ]
    return Recorded(replace(meeting, version=1), tuple(enrollments), drafts, (*foreign, *warnings))


def _meeting(
    record: MeetingRecord,
    people: Sequence[Person],
    organisation: Organisation,
    deal: Deal,
    key: MeetingId,
    now: datetime,
) -> tuple[Meeting, tuple[Promise, ...]]:
    meeting = Meeting(
        id=key,
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


async def _running(
    doors: Doors, scenario: Scenario, people: Sequence[Person], now: datetime
) -> Mapping[PersonId, Dossier]:
    """Who is on the way in this scenario."""
    where = {"person_id": tuple(p.id for p in people), "scenario_id": scenario.id, "state": RUNNING}
    found = await doors.store.find(Enrollment, where)
    dossiers = await doors.store.dossiers([e.id for e in found], now) if found else ()
    return {dossier.enrollment.person_id: dossier for dossier in dossiers}


def _begins_anew(before: Dossier, scene: _Scene, ours: _Ours) -> bool:
    """Whether a meeting takes the place of the one that somebody is in the scenario for: a later one, in a
    scenario that counts from meetings, and the enrollment is this representative's to end.
    """
    enrollment = before.enrollment
    later = scene.meeting.ended_at > enrollment.anchor_at
    return scene.scenario.anchor == "meeting_end" and later and ours.may_change(enrollment.rep_id)


async def _enroll(
    doors: Doors, scene: _Scene, people: Sequence[Person], ours: _Ours, now: datetime
) -> tuple[list[Enrollment], list[UserError], Change]:
    """Enroll everybody. Who is in this scenario since an earlier meeting begins it anew with this one."""
    scenario, meeting, by = scene.scenario, scene.meeting, ours.by.id
    running = await _running(doors, scenario, people, now)
    warnings: list[UserError] = []
    total = Change()
    enrollments: list[Enrollment] = []
    for person in people:
        before = running.get(person.id)
        if before is not None and not _begins_anew(before, scene, ours):
            warnings.append(recorded.already(person, scenario.id))
            continue
        if not person.legal_basis.allows_mail:
            warnings.append(recorded.no_basis(person))
        if silence := await suppressions.in_force(doors, person.email, (person.organisation_id,)):
            warnings.append(recorded.silent(person, silence[0].value))
            continue
        if before is not None:
            total += turns.stop(before, "met_again", now, by)
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
