"""The desk's verbs: approve, reject, edit, attach, detach. Each is one read, one decision, one write.

To settle a doubt: ``flows.doubts``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from nurture.core import approval, attachments, survey
from nurture.core.attachments import Enclosed
from nurture.core.change import ScenarioText
from nurture.core.messages import Entry, Message
from nurture.core.people import Representative
from nurture.errors import UserError
from nurture.flows import again
from nurture.mail import compose
from nurture.mail import text as layout

if TYPE_CHECKING:
    from datetime import date

    from nurture.core.attachments import Attachment
    from nurture.core.change import Change
    from nurture.core.ids import MessageId, RepId
    from nurture.core.messages import Enrollment
    from nurture.ports import Doors


@dataclass(frozen=True, slots=True)
class Case:
    """A mail before its reviewer: the mail, whose it is, and who acts."""

    message: Message
    owner: Representative
    by: Representative
    today: date  # the recipient's
    at_once: bool  # the step leaves as soon as it is approved
    enrollment: Enrollment | None


async def read_case(doors: Doors, message_id: MessageId, by: RepId) -> Case:
    """A mail and who has to do with it.

    Raises:
        UserError: there is no such mail, or nobody is known by one of these names.
    """
    message = await doors.store.get(Message, message_id)
    if message is None:
        raise UserError("There is no mail {id}", id=message_id)
    reps = {r.id: r for r in await doors.store.find(Representative, {"id": (message.rep_id, by)})}
    if by not in reps or message.rep_id not in reps:
        raise UserError("Nobody is known as {by}", by=by)
    now = doors.clock.now()
    today, at_once = now.date(), False
    enrollment: Enrollment | None = None
    if message.enrollment_id is not None:
        (dossier,) = await doors.store.dossiers((message.enrollment_id,), now)
        enrollment = dossier.enrollment
        scenario = doors.library.parse(await _text(doors, dossier.enrollment.scenario_hash))
        scenario = scenario.as_variant(enrollment.variant)
        today = now.astimezone(survey.zone_of(dossier, scenario)).date()
        step = scenario.step(message.step_id)
        at_once = step is not None and step.within_seconds is not None
    return Case(message, reps[message.rep_id], reps[by], today, at_once, enrollment)


async def _text(doors: Doors, key: str) -> str:
    found = await doors.store.get(ScenarioText, key)
    if found is None:
        raise UserError("The scenario of this enrollment is not in the database any more")
    return found.text


async def _done(doors: Doors, change: Change, message_id: MessageId) -> Message:
    await doors.store.commit(change)
    written = await doors.store.get(Message, message_id)
    assert written is not None
    return written


async def approve(
    doors: Doors, message_id: MessageId, *, by: RepId, seen: str, via: str = "web", undo: timedelta = timedelta()
) -> Message:
    """Approve exactly what was seen.

    Args:
        doors: the world.
        message_id: a waiting mail.
        by: who approves.
        seen: the fingerprint of what this person looked at.
        via: web, cli, mail or api.
        undo: so long it is not claimed, so that the approval can be taken back.

    Raises:
        StaleVersion: it is not what was seen any more.
        UserError: this person may not approve it, or it does not wait.
    """
    case = await read_case(doors, message_id, by)
    for key in case.message.attachments:
        doors.attachments.get(key)  # what is not there cannot leave
    now = doors.clock.now()
    change = approval.approve(
        case.message,
        owner=case.owner,
        by=case.by,
        seen=seen,
        now=now,
        today=case.today,
        at_once=case.at_once,
        via=via,
        enrollment=case.enrollment,
        not_before=now + undo if undo else None,
    )
    return await _done(doors, change, message_id)


async def was_approved(doors: Doors, message: Message, *, by: RepId, via: str) -> bool:
    """Whether this person has approved this very text in this way before, whatever became of the approval."""
    where = {"message_id": message.id, "kind": ("message.approved", "message.first_approval"), "actor": by}
    said = await doors.store.find(Entry, where)
    return any((e.data.get("via"), e.data.get("fingerprint")) == (via, message.fingerprint) for e in said)


async def take_back(doors: Doors, message_id: MessageId, *, by: RepId) -> Message:
    """Undo an approval, as long as nobody has begun to send the mail.

    Raises:
        UserError: nobody approved it, or this person may not.
        Impossible: it is being sent, has left or ended.
        TemporaryFailure: others keep writing to it.
    """

    async def decide() -> Message:
        """Claimed, or planned anew meanwhile: what is it now?"""
        case = await read_case(doors, message_id, by)
        change = approval.take_back(case.message, owner=case.owner, by=case.by, now=doors.clock.now())
        return await _done(doors, change, message_id)

    return await again.decided(decide)


async def reject(doors: Doors, message_id: MessageId, *, by: RepId, reason: str) -> Message:
    """Say no to a queued mail; its step is not sent.

    Raises:
        UserError: no reason, or this person may not.
        Impossible: it has left or ended.
    """
    case = await read_case(doors, message_id, by)
    change = approval.reject(case.message, owner=case.owner, by=case.by, reason=reason, now=doors.clock.now())
    return await _done(doors, change, message_id)


async def edit(doors: Doors, message_id: MessageId, *, by: RepId, subject: str, body: str, seen: str) -> Message:
    """Put another text in place of a queued mail's; the system puts the legal footer back under it.

    Raises:
        StaleVersion: it is not what was seen any more.
        UserError: an empty text, one that no server could be given (a control character), or this person may not.
        Impossible: it has left or ended.
    """
    case = await read_case(doors, message_id, by)
    change = approval.edit(
        case.message,
        owner=case.owner,
        by=case.by,
        subject=subject,
        body=layout.refooter(case.message.body, body),
        seen=seen,
        now=doors.clock.now(),
    )
    for message in change.puts:
        if isinstance(message, Message):
            compose.check(message)
    return await _done(doors, change, message_id)


async def attach(
    doors: Doors, message_id: MessageId, file: Attachment, *, by: RepId, requested: str, seen: str
) -> Message:
    """Put a file that the person asked for to a queued mail, which then needs a fresh approval.

    Raises:
        StaleVersion: it is not what was seen any more.
        UserError: as ``core.attachments.attach``; or the file cannot be kept.
    """
    case = await read_case(doors, message_id, by)
    change = attachments.attach(
        case.message,
        file,
        enclosed(doors, case.message),
        owner=case.owner,
        by=case.by,
        requested=requested,
        seen=seen,
        now=doors.clock.now(),
    )
    doors.attachments.keep(file)  # before the row names it
    return await _done(doors, change, message_id)


async def detach(doors: Doors, message_id: MessageId, name: str, *, by: RepId, seen: str) -> Message:
    """Take a file, by its name or the beginning of its key, from a queued mail again.

    Raises:
        StaleVersion: it is not what was seen any more.
        UserError: it has no such file, or as ``core.attachments.detach``.
    """
    case = await read_case(doors, message_id, by)
    present = enclosed(doors, case.message)
    found = [one for one in present if name in {one.name, one.key, one.key[: max(len(name), 8)]}]
    if len(found) != 1:
        raise UserError(
            "This mail has no file named {name}",
            hint="it has: {known}" if present else None,
            name=name,
            known=", ".join(one.name for one in present),
        )
    change = attachments.detach(
        case.message, found[0], owner=case.owner, by=case.by, seen=seen, now=doors.clock.now()
    )
    return await _done(doors, change, message_id)


def enclosed(doors: Doors, message: Message) -> tuple[Enclosed, ...]:
    """The files of a mail; one that is not there any more has its key for a name."""
    return tuple(doors.attachments.look(key) or Enclosed(key, f"? {key[:12]}", 0) for key in message.attachments)
