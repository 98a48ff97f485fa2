"""Rows of lists: a mail, a task, a reply, with the people around it. Two queries per list, not per row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from nurture import explain
from nurture.core import snoozing
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
        note=explain.held(w, message),
        owner="" if message.rep_id == reader.rep.id else reader.name_of(message.rep_id),
        may_approve=_waits(message) and reader.approves(message),
        choices=snoozing.choices(message, visit.doors.clock.now(), ZoneInfo(reader.rep.timezone)),
    )


def _waits(message: Message) -> bool:
    """Whether a verdict is wanted: what has no date (the enrollment is paused) cannot be approved for one."""
    return message.state is MessageState.WAITING and message.planned_at is not None


def addressee(person: Person | None, message: Message | None = None) -> str:
    """The person with honorific; else whom the mail names."""
    if person is not None:
        return f"{person.name} {person.honorific}"
    return (message.to_name or message.to_address) if message else ""
