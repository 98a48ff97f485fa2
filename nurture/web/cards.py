"""Rows of lists: a mail, a task, a reply, with the people around it. Two queries per list, not per row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from nurture import explain
from nurture.core import snoozing
from nurture.core.approval import given, may_approve
from nurture.core.messages import MessageState
from nurture.core.people import Organisation, Person

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from nurture.core.deals import Task
    from nurture.core.ids import OrganisationId, PersonId
    from nurture.core.messages import Enrollment, Entry, Inbound, Message
    from nurture.ports import Store
    from nurture.web.visit import Visit

    Subject = Message | Task | Inbound | Enrollment | Entry


@dataclass(frozen=True, slots=True)
class Around:
    """The people and organisations that a page speaks of, by id."""

    people: Mapping[PersonId, Person]
    organisations: Mapping[OrganisationId, Organisation]

    def person(self, subject: Subject) -> Person | None:
        """Whom it is about, if that is known."""
        return self.people.get(subject.person_id) if subject.person_id else None

    def organisation(self, subject: Subject) -> Organisation | None:
        """The organisation it is about: its own, else its person's."""
        person = self.person(subject)
        key = subject.organisation_id or (person.organisation_id if person else None)
        return self.organisations.get(key) if key else None


async def around(store: Store, subjects: Iterable[Subject]) -> Around:
    """The people and organisations of all these, in at most two queries."""
    subjects = tuple(subjects)
    ids = {s.person_id for s in subjects if s.person_id}
    people = await store.find(Person, {"id": tuple(ids)}) if ids else ()
    keys = {s.organisation_id for s in subjects} | {p.organisation_id for p in people}
    wanted = tuple(key for key in keys if key)
    organisations = await store.find(Organisation, {"id": wanted}) if wanted else ()
    return Around({p.id: p for p in people}, {o.id: o for o in organisations})


@dataclass(frozen=True, slots=True)
class Card:
    """A mail as a list shows it."""

    message: Message
    name: str  # with its honorific
    role: str | None
    organisation: str
    why: str  # why this date; empty when nothing moved it
    note: str  # why it waits, or what went wrong
    owner: str  # whose it is, when it is not the reader's
    may_approve: bool
    signed: str  # who has approved, and who is still asked, where more than the own approval is needed
    choices: Mapping[str, datetime]  # until when it may be put aside


def card(visit: Visit, message: Message, known: Around) -> Card:
    """A mail as a list shows it."""
    reader, w = visit.reader, visit.w
    person, organisation = known.person(message), known.organisation(message)
    return Card(
        message=message,
        name=addressee(person, message),
        role=person.role if person else None,
        organisation=organisation.name if organisation else "",
        why=explain.moves(w, message.moves, visit.names) if message.moves else "",
        note="" if message.reason == "second_approval" else explain.held(w, message),
        owner="" if message.rep_id == reader.rep.id else reader.name_of(message.rep_id),
        may_approve=_waits(message) and reader.approves(message),
        signed=_signed(visit, message),
        choices=snoozing.choices(message, visit.doors.clock.now(), ZoneInfo(reader.rep.timezone)),
    )


def _waits(message: Message) -> bool:
    """Whether a verdict is wanted: what has no date (the enrollment is paused) cannot be approved for one."""
    return message.state is MessageState.WAITING and message.planned_at is not None


def _signed(visit: Visit, message: Message) -> str:
    """Of a mail that needs two people, or the manager: who has approved, and whose approval is missing."""
    if message.state is not MessageState.WAITING or message.approve not in {"two_people", "manager"}:
        return ""
    reader, w = visit.reader, visit.w
    mark = message.fingerprint
    there = [a for a in given(message) if a.fingerprint == mark and a.by != reader.rep.id]
    own = any(a.by == reader.rep.id and a.fingerprint == mark for a in given(message))
    said = [
        w("{name} approved it {at}.", name=reader.name_of(a.by), at=w.instant(a.at, reader.rep.timezone))
        for a in there
    ]
    said += [w("You approved it.")] if own else []
    if reader.approves(message):
        said.append(
            w("Yours is the second approval.")
            if there
            else w("It needs two people.")
            if message.approve == "two_people"
            else ""
        )
    else:
        said.append(w("Still asked: {names}", names=w(", ").join(_asked(visit, message))))
    return " ".join(part for part in said if part)


def _asked(visit: Visit, message: Message) -> list[str]:
    """Who may still approve; administrators only where there is nobody nearer."""
    owner = visit.reader.colleagues.get(message.rep_id)
    if owner is None:
        return []
    may = [c for c in visit.reader.colleagues.values() if may_approve(message, owner, c)]
    near = [c.name for c in may if c.id in {owner.id, owner.manager_id, *owner.deputy_ids}]
    return sorted(near or [c.name for c in may])


def addressee(person: Person | None, message: Message | None = None) -> str:
    """The person with honorific; else whom the mail names."""
    if person is not None:
        return f"{person.name} {person.honorific}"
    return (message.to_name or message.to_address) if message else ""
