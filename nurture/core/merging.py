"""Two entries of one person become one: what becomes of each field, of the refusals, of what runs.

What stays is the one that is kept, completed by the other where it says nothing. Whatever protects the person is
the stricter of both: no mail, less mail, an absence. Of two that run one goes on: nobody is on the way twice.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, cast

from nurture.core import turns
from nurture.core.change import Change
from nurture.core.deals import Meeting
from nurture.core.messages import EnrollmentState, Entry, MessageState
from nurture.core.people import Person, Profession
from nurture.core.silencing import suppression

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from nurture.core.change import Dispatch, Entity
    from nurture.core.deals import Task
    from nurture.core.dossier import Dossier
    from nurture.core.messages import Enrollment, Inbound, Message, Suppression

    _Theirs = Enrollment | Message | Inbound | Task | Dispatch

FIELDS: Final = (
    *("email", "family_name", "given_name", "kana", "organisation_id", "role", "specialty", "department", "title"),
    *("profession", "region", "timezone", "legal_basis", "rep_id", "topics", "away", "private_note"),
)
"""What a page shows of both, and what becomes of it."""


def completed(kept: Person, other: Person) -> Person:
    """The one that stays, with what only the other says; the address, the name and the representative stay."""
    away = max((a for a in (kept.away, other.away) if a), key=lambda a: a.resume_on, default=None)
    notes = dict.fromkeys(note for note in (kept.private_note, other.private_note) if note)
    successor = kept.successor_id or other.successor_id
    same = kept.email.rpartition("@")[2] == other.email.rpartition("@")[2]
    return replace(
        kept,
        given_name=kept.given_name or (other.given_name if kept.family_name == other.family_name else ""),
        kana=kept.kana or other.kana,
        organisation_id=kept.organisation_id or other.organisation_id,
        role=kept.role or other.role,
        specialty=kept.specialty or other.specialty,
        department=kept.department or other.department,
        title=kept.title or other.title,
        profession=other.profession if kept.profession is Profession.OTHER else kept.profession,
        region=kept.region or other.region,
        timezone=kept.timezone or (other.timezone if same else None),
        legal_basis=kept.legal_basis if kept.legal_basis.allows_mail else other.legal_basis,
        rep_id=kept.rep_id or other.rep_id,
        topics=tuple(dict.fromkeys((*kept.topics, *other.topics))),
        away=away,
        successor_id=None if successor in {kept.id, other.id} else successor,
        private_note="\n\n".join(notes),
        created_at=min((at for at in (kept.created_at, other.created_at) if at), default=None),
    )


@dataclass(frozen=True, slots=True)
class Belongings:
    """Everything that points to the one that goes; ``running``: of both, as dossiers."""

    enrollments: Sequence[Enrollment] = ()
    messages: Sequence[Message] = ()
    inbounds: Sequence[Inbound] = ()
    tasks: Sequence[Task] = ()
    dispatches: Sequence[Dispatch] = ()
    meetings: Sequence[Meeting] = ()
    heirs: Sequence[Person] = ()  # whose successor it is
    running: Sequence[Dossier] = ()
    silences: Sequence[Suppression] = ()  # of the address that goes
    known: Sequence[Suppression] = ()  # of the address that stays, lifted ones too


def is_on_the_wire(things: Belongings) -> bool:
    """Whether a letter is leaving just now: its outcome comes first."""
    return any(m.state is MessageState.SENDING for m in things.messages)


def merge(kept: Person, other: Person, things: Belongings, now: datetime, by: str) -> Change:
    """One person of two: all that belongs to the other is the kept one's, and the other's entry goes.

    What runs for the kept one goes on; what runs for the other then stops. Where nothing runs for the kept one,
    the other's goes on, planned anew, its texts written to the address that stays and approved anew.
    """
    after = replace(completed(kept, other), version=kept.version)
    own = [d for d in things.running if d.person.id == kept.id]
    change, stopped = Change(), set[str]()
    for dossier in (d for d in things.running if own and d.person.id == other.id):
        change += turns.stop(dossier, "merged", now, by)
        stopped.add(dossier.enrollment.id)
    puts: dict[tuple[type, str], Entity] = {(type(put), put.id): put for put in change.puts}
    rows: tuple[_Theirs, ...] = (
        *things.enrollments,
        *things.messages,
        *things.inbounds,
        *things.tasks,
        *things.dispatches,
    )
    for row in rows:
        puts[type(row), row.id] = replace(cast("_Theirs", puts.get((type(row), row.id), row)), person_id=kept.id)
    for enrollment in (*things.enrollments, *(d.enrollment for d in own)):
        if enrollment.state is EnrollmentState.ACTIVE and enrollment.id not in stopped:
            puts[type(enrollment), enrollment.id] = replace(enrollment, person_id=kept.id, wake_at=now)
    for meeting in things.meetings:
        puts[Meeting, meeting.id] = _attended(meeting, kept, other)
    for heir in (h for h in things.heirs if h.id != kept.id):
        puts[Person, heir.id] = replace(heir, successor_id=kept.id)
    told = _told(kept, other, things, stopped, now, by)
    return Change(
        (after, *puts.values(), *_refusals(kept, things)),
        (*change.entries, told),
        drops=(other,),
    )


def _attended(meeting: Meeting, kept: Person, other: Person) -> Meeting:
    """Who was there once; two entries of one person are one, the other's words where the kept one has none."""
    mine = next((a for a in meeting.attendees if a.person_id == kept.id), None)
    there = []
    for a in meeting.attendees:
        if a.person_id == other.id:
            if mine is None:
                there.append(replace(a, person_id=kept.id))
        else:
            there.append(a)
    return replace(meeting, attendees=tuple(there))


def _refusals(kept: Person, things: Belongings) -> Iterable[Suppression]:
    """What stands against the other address stands against the one that stays too; there it goes on standing."""
    address = kept.email.lower()
    for row in things.silences:
        value = address + row.value[row.value.index("#") :] if "#" in row.value else address
        there = next((known for known in things.known if known.value == value), None)
        if there is None or there.lifted_at is not None:
            made = suppression(value, row.reason, row.source, row.at, row.evidence, row.scope)
            yield replace(made, version=there.version) if there else made


def _told(
    kept: Person, other: Person, things: Belongings, stopped: Iterable[str], now: datetime, by: str
) -> Entry:
    """The line from which it can be told again what was whose."""
    before = {name: str(getattr(other, name)) for name in FIELDS if getattr(other, name)}
    moved = {
        "enrollments": [e.id for e in things.enrollments],
        "messages": [m.id for m in things.messages],
        "inbounds": [i.id for i in things.inbounds],
        "tasks": [t.id for t in things.tasks],
        "meetings": [m.id for m in things.meetings],
    }
    data = {"gone": other.id, "email": other.email, "before": before, "stopped": sorted(stopped), **moved}
    return Entry(now, "person.merged", by, data, kept.id, kept.organisation_id or other.organisation_id)
