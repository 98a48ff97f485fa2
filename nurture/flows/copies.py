"""Copies in the Sent folder that are owed: of letters that left while nobody could put one there.

Theory of operation
-------------------
``send`` puts a copy of each letter into the Sent folder that ``sent_folder`` names, after the letter has left and
without waiting for it. A daemon that is killed takes the waiting ones with it; of a letter of which only the trace
knew that a server had taken it there never was one; and a mail server may refuse to take a copy. So the journal is
followed, at a distance: of each letter that it says has left, the folder is asked for, and what is missing is put
there, made anew from its row, under the same Message-ID and of the same time. How far that has come stands in the
database for each mailbox, so that a daemon goes on where the one before it was.

A folder that does not find what was just put there cannot be asked: then nothing more is put into it.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from nurture.core.change import Change, Setting
from nurture.core.messages import Entry, Message, MessageState
from nurture.errors import NurtureError, StaleVersion, TemporaryFailure
from nurture.flows.departures import compose_letter
from nurture.ports import Span

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nurture.core.ids import MailboxId, MessageId
    from nurture.ports import Doors, Mailbox

REST: Final = timedelta(minutes=5)
"""A letter has its copy by then, if all goes well; a server that files copies by itself has been quick too."""
AGAIN: Final = timedelta(hours=1)
SOON: Final = timedelta(minutes=1)
BATCH: Final = 200
"""Letters looked for at once; a server is asked for each."""
BEFORE: Final = timedelta(days=1)
"""Of a mailbox that was never looked through, letters so old are: a kill before this was known is not far back."""
SAID: Final = ("message.sent", "message.settled")
"""Lines of the journal by which a letter has left."""
LEFT: Final = (MessageState.SENT, MessageState.BOUNCED)
_DONE: Final = "copies/"


@dataclass(slots=True)
class Filed:
    """What one look put into Sent folders."""

    messages: list[MessageId] = field(default_factory=list)
    again: timedelta = AGAIN
    problems: list[Exception] = field(default_factory=list)


async def look(doors: Doors, folders: Mapping[MailboxId, Mailbox]) -> Filed:
    """Put the copies that are missing where they belong. What goes wrong with one mailbox is tried again.

    Args:
        doors: the world.
        folders: mailboxes that name a Sent folder of theirs.

    Raises:
        TemporaryFailure, PermanentFailure: the store.
    """
    report = Filed()
    for key, folder in folders.items():
        if not await doors.store.own(key):
            continue  # another daemon looks after it
        mark = await doors.store.get(Setting, _DONE + key)
        entries = await _news(doors, mark)
        if len(entries) == BATCH:
            report.again = SOON
        try:
            await _file(doors, key, folder, entries, report)
        except NurtureError as error:
            report.problems.append(error)
            continue
        seen = entries or (await _end(doors) if mark is None else ())
        if seen:
            version = mark.version if mark is not None else 0
            with suppress(StaleVersion):  # another daemon has come as far
                await doors.store.commit(Change((Setting(_DONE + key, str(seen[-1].seq), version),)))
    return report


async def _news(doors: Doors, mark: Setting | None) -> tuple[Entry, ...]:
    """What the journal says has left since a mailbox was looked through."""
    now = doors.clock.now()
    since = Span(int(mark.value) + 1) if mark is not None else Span(0)
    at = Span(None if mark is not None else now - BEFORE, now - REST)
    return await doors.store.find(Entry, {"kind": SAID, "seq": since, "at": at}, order=("seq",), limit=BATCH)


async def _end(doors: Doors) -> tuple[Entry, ...]:
    """The journal's last line that is old enough: what was never looked through begins behind it."""
    at = Span(None, doors.clock.now() - REST)
    return await doors.store.find(Entry, {"at": at}, order=("-seq",), limit=1)


async def _file(doors: Doors, key: MailboxId, folder: Mailbox, entries: Sequence[Entry], report: Filed) -> None:
    if not entries:
        return
    ids = tuple({entry.message_id for entry in entries if entry.message_id})
    where = {"id": ids, "mailbox_id": key, "state": LEFT}
    gone = await doors.store.find(Message, where, order=("sent_at",))
    there = await folder.sent([message.header_id for message in gone])
    trusted = bool(there)
    for message in gone:
        if message.header_id in there or message.sent_at is None:
            continue
        try:
            letter = compose_letter(doors, message, message.sent_at)
        except Exception as error:  # a file of it is gone, say
            report.problems.append(error)
            continue
        await folder.keep_sent(letter.data, message.sent_at)
        report.messages.append(message.id)
        if not trusted and not await folder.sent([message.header_id]):
            problem = "The Sent folder of {mailbox} does not find what lies in it: no copies are put there later"
            report.problems.append(TemporaryFailure(problem, mailbox=key))
            return
        trusted = True
