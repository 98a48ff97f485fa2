"""One of us hands people to another: what becomes of the rows.

Whoever looks after somebody has the whole of it: enrollments, mails, tasks. What has left is handed over too: the
new one sees what was written, and an answer to it comes to the new one. Texts that have not left speak for the one
before and leave from that mailbox: they are written anew, and an approval of them ends. A meeting stays with who
was there: its private impressions are nobody else's.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from nurture.core import progress, states
from nurture.core.approval import may_see
from nurture.core.change import Change
from nurture.core.messages import EnrollmentState, Entry, Message, MessageState
from nurture.errors import UserError

if TYPE_CHECKING:
    from datetime import datetime

    from nurture.core.deals import Deal, Task
    from nurture.core.messages import Enrollment
    from nurture.core.people import Person, Representative

HANDED_OVER = "handed_over"


@dataclass(frozen=True, slots=True)
class Held:
    """What one of us has of these people. ``tasks``: open ones, and those of steps to come."""

    people: tuple[Person, ...] = ()
    deals: tuple[Deal, ...] = ()
    enrollments: tuple[Enrollment, ...] = ()
    messages: tuple[Message, ...] = ()
    tasks: tuple[Task, ...] = ()

    def only(self, person: Person) -> Held:
        """What is of this person alone."""
        return Held(
            tuple(p for p in self.people if p.id == person.id),
            (),
            tuple(e for e in self.enrollments if e.person_id == person.id),
            tuple(m for m in self.messages if m.person_id == person.id),
            tuple(t for t in self.tasks if t.person_id == person.id),
        )

    @property
    def redrafted(self) -> tuple[Message, ...]:
        """Mails whose text is written anew."""
        return tuple(m for m in self.messages if m.state in states.QUEUED)

    @property
    def running(self) -> tuple[Enrollment, ...]:
        """Enrollments that are not over."""
        return tuple(e for e in self.enrollments if e.state in {EnrollmentState.ACTIVE, EnrollmentState.PAUSED})


def refuse(before: Representative, after: Representative, by: Representative) -> None:
    """Who has it may hand it over, deputies, the manager and administrators too; to anybody active with a mailbox.

    Raises:
        UserError: this person may not, or nobody can be given anything there.
    """
    if not may_see(before, by):
        raise UserError("{by} may not act on mails of {owner}", by=by.name, owner=before.name)
    if after.id == before.id:
        raise UserError("{name} has it already", name=after.name)
    if not after.active or after.mailbox_id is None:
        raise UserError("{name} has no mailbox to send from", name=after.name)


def hand_over(
    held: Held, *, before: Representative, after: Representative, by: Representative, now: datetime, note: str = ""
) -> Change:
    """Everything of these people that ``before`` has, for ``after``.

    Raises:
        UserError: as ``refuse``; or a mail is just being sent.
    """
    refuse(before, after, by)
    if any(m.state is MessageState.SENDING for m in held.messages):
        raise UserError("A mail to one of them is just being sent: please try again in a moment")
    entries = [
        Entry(
            at=now,
            kind="person.handed_over",
            actor=by.id,
            data={"from": before.name, "to": after.name, "note": note, "before": before.id, "rep": after.id},
            person_id=person.id,
            organisation_id=person.organisation_id,
        )
        for person in held.people
    ]
    messages = tuple(_mail(m, after) for m in held.messages)
    entries += [
        Entry(
            at=now,
            kind="message.rewritten",
            actor=by.id,
            data={"step": m.step_id, "reason": HANDED_OVER},
            person_id=m.person_id,
            organisation_id=m.organisation_id,
            deal_id=m.deal_id,
            enrollment_id=m.enrollment_id,
            message_id=m.id,
        )
        for m in held.redrafted
    ]
    woken = tuple(
        replace(e, rep_id=after.id, wake_at=now if e.state is EnrollmentState.ACTIVE else e.wake_at)
        for e in held.enrollments
    )
    return Change(
        (
            *(replace(person, rep_id=after.id) for person in held.people),
            *(replace(deal, rep_id=after.id) for deal in held.deals),
            *woken,
            *messages,
            *(replace(task, rep_id=after.id) for task in held.tasks),
        ),
        tuple(entries),
    )


def _mail(message: Message, after: Representative) -> Message:
    """What has left stays as it left, from the mailbox from which it did; the rest leaves from the new one."""
    moved = replace(message, rep_id=after.id)
    if message.state not in states.UNSENT:
        return moved
    moved = replace(moved, mailbox_id=after.mailbox_id)
    if message.state not in states.QUEUED or message.enrollment_id is None:
        return moved
    return replace(progress.redrafted(moved, same_day=False), reason=HANDED_OVER)


def hand_task(
    task: Task, *, before: Representative, after: Representative, by: Representative, now: datetime
) -> Change:
    """One task, for a colleague to do; whose contact it is stays as it was.

    Raises:
        UserError: this person may not, or the colleague is not active.
    """
    if not may_see(before, by):
        raise UserError("{by} may not act on tasks of {owner}", by=by.name, owner=before.name)
    if after.id == before.id or not after.active:
        raise UserError("{name} cannot be given it", name=after.name)
    said = Entry(
        at=now,
        kind="task.handed_over",
        actor=by.id,
        data={"task": task.kind, "from": before.name, "to": after.name},
        person_id=task.person_id,
        organisation_id=task.organisation_id,
        deal_id=task.deal_id,
        enrollment_id=task.enrollment_id,
        message_id=task.message_id,
    )
    return Change((replace(task, rep_id=after.id),), (said,))
