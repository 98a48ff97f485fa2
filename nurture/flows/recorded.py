"""What came of a meeting's record: who is written to, with which draft, and who is not, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from nurture.core import suppressions
from nurture.core.approval import may_see
from nurture.core.deals import Meeting, Stance
from nurture.core.ids import MeetingId, derived
from nurture.core.messages import Enrollment, EnrollmentState, Message, Suppression
from nurture.core.people import Person, Representative
from nurture.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from nurture.core.ids import EnrollmentId, OrganisationId, PersonId, RepId
    from nurture.ports import Doors

SCEPTICS_FIRST: Final = (Stance.SCEPTICAL, Stance.UNKNOWN, Stance.NEUTRAL, Stance.SUPPORTIVE)
RUNNING: Final = (EnrollmentState.ACTIVE, EnrollmentState.PAUSED)


@dataclass(frozen=True, slots=True)
class Recorded:
    """What came of it. ``messages`` are the drafts that wait now, the sceptics' first."""

    meeting: Meeting
    enrollments: tuple[Enrollment, ...]
    messages: tuple[Message, ...]
    warnings: tuple[UserError, ...] = ()


def meeting_key(rep_id: RepId, key: str) -> MeetingId:
    """The one meeting that a representative records under a key."""
    return MeetingId(derived("meeting", f"{rep_id}/{key}"))


def already(person: Person, scenario: str) -> UserError:
    """Somebody is on the way already."""
    return UserError("{name} is in {scenario} already", name=person.name, scenario=scenario)


def no_basis(person: Person) -> UserError:
    """The law does not let us write to somebody."""
    return UserError(
        "{name} has no legal basis for mail: nothing will be sent",
        hint="Say how the address was given (consent, business_card …), when, and what proves it",
        name=person.name,
    )


def silent(person: Person, value: str) -> UserError:
    """Somebody wants no mail."""
    return UserError(
        "{name} wants no more mail ({value}): is not enrolled, nothing will be sent",
        hint="only a documented consent changes that: nurture suppression lift",
        name=person.name,
        value=value,
    )


def looked_after(person: Person, owner: Representative) -> UserError:
    """Somebody is a colleague's: what a record says about them is the colleague's to write."""
    return UserError(
        "{name} is looked after by {owner}: the particulars stay as they are, the mail waits with {owner}",
        name=person.name,
        owner=owner.name,
    )


async def drafts(doors: Doors, meeting: Meeting, enrollments: Collection[EnrollmentId]) -> tuple[Message, ...]:
    """The drafts that wait, the sceptics' first, then by planned date."""
    wanted = {"enrollment_id": tuple(enrollments), "state": "waiting"}
    found = await doors.store.find(Message, wanted) if enrollments else ()
    order = {a.person_id: SCEPTICS_FIRST.index(a.stance) for a in meeting.attendees}
    at = meeting.recorded_at or meeting.ended_at
    return tuple(sorted(found, key=lambda m: (order.get(m.person_id, 9), m.planned_at or at)))


async def look(doors: Doors, meeting: Meeting) -> Recorded:
    """What has come of a meeting by now, in six queries."""
    store = doors.store
    ids = tuple(a.person_id for a in meeting.attendees)
    people = {p.id: p for p in await store.find(Person, {"id": ids})}
    known = await store.find(Enrollment, {"person_id": ids})
    mine = [e for e in known if e.meeting_id == meeting.id]
    us = {rep.id: rep for rep in await store.find(Representative)}
    attended = [people[key] for key in ids if key in people]
    enrolled = {e.person_id for e in mine}
    silence = await _silences(doors, [p for p in attended if p.id not in enrolled], meeting.organisation_id)
    warnings: list[UserError] = []
    for person in attended:
        owner, by = us.get(person.rep_id or meeting.rep_id), us.get(meeting.rep_id)
        if owner and by and owner.id != by.id and not may_see(owner, by):
            warnings.append(looked_after(person, owner))
        if person.id in enrolled:
            warnings += [] if person.legal_basis.allows_mail else [no_basis(person)]
        elif value := silence.get(person.id):
            warnings.append(silent(person, value))
        else:
            running = [e for e in known if e.person_id == person.id and e.state in RUNNING]
            warnings += [already(person, running[0].scenario_id)] if running else []
    return Recorded(meeting, tuple(mine), await drafts(doors, meeting, [e.id for e in mine]), tuple(warnings))


async def _silences(
    doors: Doors, people: Iterable[Person], organisation: OrganisationId
) -> Mapping[PersonId, str]:
    """Who of these wants no mail, and by which address or domain; the earliest word counts."""
    keys = {p.id: suppressions.covering(p.email.lower(), (p.organisation_id, organisation)) for p in people}
    values = {value for each in keys.values() for _, value in each}
    if not values:
        return {}
    rows = await doors.store.find(Suppression, {"value": tuple(values), "lifted_at": None}, order=("-at",))
    return {key: row.value for row in rows for key, each in keys.items() if (row.scope, row.value) in each}
