"""What stands beside a mail: what went to and fro with its person so far, and the deal with what is open in it.

Six queries at most besides the deal's own, however much there is. Only what the reader sees: of a colleague's
deal, meeting or mail nothing is told.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

from nurture import explain
from nurture.core.deals import Deal, Meeting, Promise, Stance, Task, TaskState
from nurture.core.messages import Inbound, Message, MessageState
from nurture.mail.text import split_footer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from nurture.core.people import Person
    from nurture.web.visit import Visit

LETTERS: Final = 20
"""So many mails are shown, whatever their direction."""
LENGTH: Final = 1_500
"""Characters of each that are shown here; the rest stands where the mail itself stands."""
MEETINGS: Final = 50
"""So many of an organisation's last meetings are looked at for this person."""
OPEN: Final = 5
"""So many open promises, and so many open tasks."""
LEFT: Final = (MessageState.SENT, MessageState.BOUNCED, MessageState.IN_DOUBT)
"""What left, or may have left."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail of the correspondence."""

    at: datetime
    ours: bool
    said: str  # its state; what an answer was read as
    subject: str
    text: str  # without the legal footer
    more: str  # where the rest stands; empty when this is all
    href: str  # where it stands itself
    is_plain: bool  # sent, and nothing else to say about it


@dataclass(frozen=True, slots=True)
class Met:
    """How the person was last met, as far as the reader sees it."""

    meeting: Meeting
    stance: str  # in words; empty when nobody noted it
    value: str
    concern: str


@dataclass(frozen=True, slots=True)
class Business:
    """The deal, and what is open."""

    deal: Deal | None
    phase: str
    met: Met | None
    promises: tuple[Promise, ...]
    tasks: tuple[Task, ...]

    @property
    def is_known(self) -> bool:
        """Whether there is anything to show."""
        return bool(self.deal or self.met or self.tasks)


async def deal_of(visit: Visit, message: Message) -> Deal | None:
    """The mail's deal, seen or not: the look at its text needs the competitor's name. A query at most."""
    return await visit.doors.store.get(Deal, message.deal_id) if message.deal_id else None


async def letters(visit: Visit, message: Message, person: Person | None) -> list[Letter]:
    """What went to this person and came back, the latest first, without the mail itself. Two queries.

    Of whom the reader does not see, only answers to what the reader sees.
    """
    store, reader, w = visit.doors.store, visit.reader, visit.w
    mine = {**reader.where, "person_id": message.person_id, "state": LEFT}
    ours = await store.find(Message, mine, order=("-planned_at",), limit=LETTERS + 1)
    came: dict[str, object] = {"person_id": message.person_id}
    if person is None or not reader.sees(person.rep_id):
        runs = {m.enrollment_id for m in (message, *ours) if m.enrollment_id}
        came["enrollment_id"] = tuple(runs)
    theirs = await store.find(Inbound, came, order=("-received_at",), limit=LETTERS)
    found = [
        *(
            _letter(
                at,
                m.subject,
                split_footer(m.body)[0],
                f"/messages/{m.id}",
                ours=True,
                said=explain.state(w, m.state),
                is_plain=m.state is MessageState.SENT,
            )
            for m in ours
            if m.id != message.id and (at := m.sent_at or m.claimed_at)
        ),
        *(
            _letter(
                i.received_at,
                i.subject,
                i.text,
                f"/people/{message.person_id}",
                ours=False,
                said=explain.kind(w, i.kind),
            )
            for i in theirs
        ),
    ]
    return sorted(found, key=lambda letter: letter.at, reverse=True)[:LETTERS]


def _letter(
    at: datetime, subject: str, text: str, href: str, *, ours: bool, said: str, is_plain: bool = False
) -> Letter:
    whole = text.strip()
    more = href if len(whole) > LENGTH else ""
    return Letter(at, ours, said, subject, whole[:LENGTH] + ("…" if more else ""), more, href, is_plain)


async def business(visit: Visit, message: Message, deal: Deal | None) -> Business:
    """The deal that the reader sees, the last meeting with the person, promises, tasks. Four queries at most."""
    store, reader = visit.doors.store, visit.reader
    seen = deal if deal and reader.sees(deal.rep_id) else None
    promised = {"deal_id": seen.id, "done_at": None} if seen else None
    promises = await store.find(Promise, promised) if promised else ()
    todo = {**reader.where, "state": TaskState.OPEN}
    tasks = await store.find(Task, {**todo, "person_id": message.person_id}, order=("due_at",), limit=OPEN)
    if seen and seen.rep_id:
        theirs = {"rep_id": seen.rep_id, "state": TaskState.OPEN, "deal_id": seen.id}
        tasks += await store.find(Task, theirs, order=("due_at",), limit=OPEN)
    once = {t.id: t for t in sorted(tasks, key=lambda t: (t.due_at is None, t.due_at and t.due_at.timestamp()))}
    return Business(
        seen,
        explain.phase(visit.w, seen.phase) if seen else "",
        await _met(visit, message),
        tuple(sorted(promises, key=lambda p: (p.due is None, p.due or date.min)))[:OPEN],
        tuple(once.values())[:OPEN],
    )


async def _met(visit: Visit, message: Message) -> Met | None:
    """The last meeting at which the person was; a stance that says nothing does not cover an earlier one."""
    if message.organisation_id is None:
        return None
    here = {**visit.reader.where, "organisation_id": message.organisation_id}
    meetings = await visit.doors.store.find(Meeting, here, order=("-ended_at",), limit=MEETINGS)
    there = [m for m in meetings if any(a.person_id == message.person_id for a in m.attendees)]
    if not there:
        return None
    stance = next(_stances(there, message), Stance.UNKNOWN)
    return Met(
        there[0],
        explain.stance(visit.w, stance) if stance is not Stance.UNKNOWN else "",
        stance.value,
        there[0].concerns[0].text if there[0].concerns else "",
    )


def _stances(meetings: Iterable[Meeting], message: Message) -> Iterator[Stance]:
    return (
        a.stance
        for m in meetings
        for a in m.attendees
        if a.person_id == message.person_id and a.stance is not Stance.UNKNOWN
    )
