"""Mails in doubt: looked for where copies lie, or settled by a person."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from nurture.core import doubts
from nurture.core.change import MailboxState
from nurture.core.messages import Message, MessageState
from nurture.errors import NurtureError, StaleVersion, UserError
from nurture.flows import review, suppressions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import timedelta

    from nurture.core.ids import MailboxId, MessageId, RepId
    from nurture.ports import Doors, Mailbox

BATCH: Final = 200
"""Message-IDs looked for at once; a server is asked for each."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where copies of what a mailbox has sent lie: its Sent folder, or an archive."""

    name: str  # sent | archive
    mailbox: Mailbox


@dataclass(slots=True)
class Looked:
    """What one look found."""

    settled: list[MessageId] = field(default_factory=list)
    open: int = 0  # still in doubt
    again: timedelta = doubts.SOON
    problems: list[NurtureError] = field(default_factory=list)


async def look(doors: Doors, places: Mapping[MailboxId, Sequence[Place]]) -> Looked:
    """Look for the copies of what is in doubt, each mailbox's after that mailbox was read; what is found, left.

    A place that cannot be asked is told of among the problems, and asked again at the next look.
    """
    now = doors.clock.now()
    report = Looked()
    found = await doors.store.find(Message, {"state": MessageState.IN_DOUBT}, order=("-claimed_at",), limit=1_000)
    if not found:
        return report
    read = {state.id: state.read_at for state in await doors.store.find(MailboxState)}
    report.again = doubts.look_again(found, now)
    report.open = len(found)
    for mailbox in sorted({m.mailbox_id for m in found if m.mailbox_id is not None}):
        ripe = [m for m in found if m.mailbox_id == mailbox and doubts.is_ripe(m, read.get(mailbox), now)][:BATCH]
        for place in places.get(mailbox, ()):
            if not ripe:
                break
            try:
                there = await place.mailbox.sent([m.header_id for m in ripe])
            except NurtureError as error:
                report.problems.append(error)
                continue
            for message in [m for m in ripe if m.header_id in there]:
                await _settle(doors, message, place.name, report)
            ripe = [m for m in ripe if m.header_id not in there]
    return report


async def _settle(doors: Doors, message: Message, where: str, report: Looked) -> None:
    try:
        await doors.store.commit(doubts.found(message, where, doors.clock.now()))
    except StaleVersion:
        return  # somebody else knew: an answer came in, or a person said so
    report.settled.append(message.id)
    report.open -= 1


async def settle(doors: Doors, message_id: MessageId, *, by: RepId, sent: bool, why: str) -> Message:
    """A person settles a mail in doubt: it left, or it is sent again under the same Message-ID.

    Raises:
        UserError: no such mail, this person may not, says nothing; or it would go to who wants no more mail.
        Impossible: it is not in doubt (nor failed, for sending again).
        StaleVersion: it was settled meanwhile.
    """
    case = await review.read_case(doors, message_id, by)
    if not sent:
        for row in await suppressions.of_message(doors, case.message):
            raise UserError(
                "{name} wants no more mail: {value} is suppressed since {at}",
                hint="only a documented consent changes that: nurture suppression lift",
                name=case.message.to_name or case.message.to_address,
                value=row.value,
                at=suppressions.local_day(doors, row.at),
            )
    change = doubts.settle(case.message, owner=case.owner, by=case.by, sent=sent, why=why, now=doors.clock.now())
    await doors.store.commit(change)
    written = await doors.store.get(Message, message_id)
    assert written is not None
    return written
