"""Approved letters leave: claim, check again, act, record the outcome alone (laws 1, 2 and 5).

``send`` is the one flow that writes twice: the claim before the act, the outcome after. A daemon that dies
in between leaves a row in SENDING; ``recover`` calls it in doubt.

A letter is claimed and checked when there is a line for it, not sooner: a hundred that were checked together
would leave over many minutes on what was known at the first. Each mailbox has lines of its own, so that a
server that does not answer holds up nobody else's mail.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from nurture.core import outgoing, survey
from nurture.core.change import MailboxState
from nurture.core.ids import MailboxId
from nurture.core.messages import Message, MessageState
from nurture.core.progress import LOOK_AGAIN
from nurture.core.sending import Letter, Outcome, Verdict
from nurture.errors import NurtureError, PermanentFailure, StaleVersion, TemporaryFailure, UserError
from nurture.flows import drafting
from nurture.mail.compose import compose
from nurture.mail.envelope import envelope

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from nurture.core.change import Change
    from nurture.core.dossier import Dossier
    from nurture.ports import Doors, Mailbox, Sender

LINES: Final = 2
"""Letters of one mailbox on the wire at the same time: as many as the sender opens connections."""
TRIES: Final = 5
FIRST_PAUSE: Final = timedelta(seconds=1)
LAST_PAUSE: Final = timedelta(minutes=1)


@dataclass(slots=True)
class Sent:
    """What one sending beat did; ``stale`` are mailboxes that must be read before their mails may leave."""

    outcomes: dict[str, Outcome] = field(default_factory=dict)  # by message id
    held: int = 0
    stale: tuple[MailboxId, ...] = ()
    problems: list[Exception] = field(default_factory=list)


async def freshness(
    doors: Doors, now: datetime, since: datetime | None = None
) -> tuple[tuple[MailboxId, ...], tuple[MailboxId, ...]]:
    """Mailboxes that were read up to within the last minute, and those that were not.

    What was read before ``since`` counts for nothing: a daemon that starts has heard nothing while it was
    not there. A mailbox that only sends (no IMAP configured) is always fresh.
    """
    states = {s.id: s for s in await doors.store.find(MailboxState)}
    fresh: list[MailboxId] = []
    stale: list[MailboxId] = []
    for box in doors.settings.mailboxes:
        read_at = states[box.id].read_at if box.id in states else None
        age = (now - read_at).total_seconds() if read_at else None
        heard = read_at is not None and (since is None or read_at >= since)
        # An age below nothing is a clock that was put back: then nobody knows what has come since.
        good = box.imap is None or (
            heard and age is not None and 0 <= age <= doors.settings.work.freshness_seconds
        )
        (fresh if good else stale).append(box.id)
    return tuple(fresh), tuple(stale)


async def send_due(
    doors: Doors,
    sender: Sender,
    copies: Mapping[MailboxId, Mailbox],
    *,
    by: str,
    stop: asyncio.Event,
    since: datetime | None = None,
) -> Sent:
    """Send what is approved and due.

    Args:
        doors: the world.
        sender: letters out.
        copies: where to keep a copy of what was sent, by mailbox.
        by: this daemon's name, written into the claims.
        stop: when set, the letters on the wire are finished and nothing more is claimed.
        since: when this daemon started; mailboxes must have been read since.

    Raises:
        TemporaryFailure, PermanentFailure: the store, when nothing more could be claimed.
    """
    now = doors.clock.now()
    report = Sent()
    leaving = await doors.store.leaving(now)
    if not leaving:
        return report
    _, stale = await freshness(doors, now, since)
    report.stale = tuple(key for key in stale if key in leaving)
    work = _Work(doors, sender, copies, by, stop, since, report, doors.settings.work.claim_batch)
    async with asyncio.TaskGroup() as group:
        for mailbox in sorted(leaving - set(report.stale)):
            for _ in range(LINES):
                group.create_task(work.line(mailbox))
    if work.failure is not None and not report.outcomes:
        raise work.failure
    return report


@dataclass(slots=True)
class _Work:
    """One sending beat. Its methods never raise: one letter's trouble is no other letter's."""

    doors: Doors
    sender: Sender
    copies: Mapping[MailboxId, Mailbox]
    by: str
    stop: asyncio.Event
    since: datetime | None
    report: Sent
    left: int
    failure: NurtureError | None = None

    async def line(self, mailbox: MailboxId) -> None:
        """Letters of one mailbox, one after the other, each claimed and checked just before it leaves.

        What is learned while a letter is on the wire (a reply, an opt-out, a mailbox that cannot be read any
        more) counts for the next.
        """
        doors = self.doors
        while self.left > 0 and not self.stop.is_set():
            self.left -= 1
            try:
                now = doors.clock.now()
                if doors.settings.mailbox(mailbox) and mailbox not in (await freshness(doors, now, self.since))[0]:
                    return
                claimed = await doors.store.claim(now, 1, self.by, (mailbox,))
            except NurtureError as error:
                self.failure = error
                return
            if not claimed:
                return
            await self._letter(*claimed[0])

    async def _letter(self, message: Message, dossier: Dossier) -> None:
        """One claimed letter: checked, sent, and what became of it written down."""
        if not await self._may_leave(message, dossier):
            self.report.held += 1
            return
        doors = self.doors
        try:
            data = _bytes(doors, message)
        except Exception as error:
            self.report.problems.append(error)
            problem, at = _words(error), doors.clock.now()
            await self._insist(message, lambda m: outgoing.unsendable(m, problem, at))
            return
        mailbox = message.mailbox_id or MailboxId("")
        outside = envelope(message, doors.settings.mailbox(mailbox))
        letter = Letter(mailbox, outside.sender, message.to_address, data, message.header_id)
        try:
            outcome = await self.sender.send(letter)
        except Exception as error:  # a sender does not raise: where in its work it did, nobody knows
            self.report.problems.append(error)
            outcome = Outcome(Verdict.UNKNOWN, _words(error))
        self.report.outcomes[message.id] = outcome
        at = doors.clock.now()
        await self._insist(message, lambda m: outgoing.outcome(m, outcome, at))
        copies = self.copies.get(letter.mailbox_id)
        if outcome.verdict is Verdict.ACCEPTED and copies is not None:
            try:
                await copies.keep_sent(data, at)
            except Exception as error:
                self.report.problems.append(error)  # a missing copy is no reason to say that it has not left

    async def _may_leave(self, message: Message, dossier: Dossier) -> bool:
        """Whether it passes the last check; else what becomes of it is written, as long as it still is so."""
        doors = self.doors
        try:
            for _ in range(TRIES):
                change = await _verdict(doors, message, dossier)
                if change is None:
                    return True
                try:
                    await doors.store.commit(change)
                    return False
                except StaleVersion:
                    current = await doors.store.get(Message, message.id)
                    found = await doors.store.dossiers((dossier.id,), doors.clock.now())
                    if current is None or current.state is not MessageState.SENDING or not found:
                        return False
                    message, dossier = current, found[0]
        except Exception as error:
            self.report.problems.append(error)
        again = doors.clock.now() + LOOK_AGAIN
        await self._insist(message, lambda m: outgoing.put_back(m, "unplannable", doors.clock.now(), again))
        return False

    async def _insist(self, message: Message, decide: Callable[[Message], Change]) -> None:
        """Write down what has happened, however long the store cannot; until the daemon is stopped.

        Nothing can refuse it: a row that somebody touched although it was on the wire is read again. What
        could not be written stands in SENDING, and is in doubt when the daemon starts again.
        """
        doors, pause = self.doors, FIRST_PAUSE
        while True:
            try:
                await doors.store.commit(decide(message))
                return
            except (TemporaryFailure, PermanentFailure) as error:
                self.report.problems.append(error)
                if self.stop.is_set():
                    return
                await doors.clock.sleep_until(doors.clock.now() + pause, self.stop)
                pause = min(pause * 2, LAST_PAUSE)
            except Exception as error:
                current = await self._touched(message) if isinstance(error, StaleVersion) else None
                if current is None:
                    self.report.problems.append(error)
                    return
                message = current

    async def _touched(self, message: Message) -> Message | None:
        """The row as somebody else left it, if it still waits for its outcome."""
        try:
            current = await self.doors.store.get(Message, message.id)
        except (TemporaryFailure, PermanentFailure):
            return message  # and again
        if current is None or current.state is not MessageState.SENDING or current == message:
            return None
        return current


async def _verdict(doors: Doors, message: Message, dossier: Dossier) -> Change | None:
    """None when it may leave now; else what becomes of it, said by the core."""
    now = doors.clock.now()
    boxes = frozenset(box.id for box in doors.settings.mailboxes)
    scripts = await drafting.scripts(doors, [dossier.enrollment.scenario_hash])
    try:
        scenario = scripts.of_enrollment(dossier.enrollment)
        seen = survey.survey(
            dossier,
            scenario,
            doors.library.calendars(scenario, dossier.organisation),
            doors.library.content(),
            now,
            but=message.id,
        )
    except UserError:
        ended = outgoing.check(message, dossier, None, now, boxes)
        return ended or outgoing.put_back(message, "unplannable", now, now + LOOK_AGAIN)
    return outgoing.check(message, dossier, seen, now, boxes)


def _bytes(doors: Doors, message: Message) -> bytes:
    public = doors.settings.web.public_url
    answers = envelope(message, doors.settings.mailbox(message.mailbox_id)).reply_to
    return compose(
        message,
        date=doors.clock.now().astimezone(ZoneInfo(doors.settings.timezone)),
        reply_to=answers,
        html=doors.settings.as_html(message.mailbox_id),
        unsubscribe_mail=answers or message.from_address,
        unsubscribe_url=f"{public.rstrip('/')}/u/{message.unsubscribe_token}"
        if public.startswith("https://")
        else None,
    )


def _words(error: Exception) -> str:
    return str(error) if isinstance(error, UserError) else f"{type(error).__name__}: {error}"[:500]


async def recover(doors: Doors) -> int:
    """Claims of a daemon that is gone become *in doubt*; returns how many.

    Called once at the start, when the caller is the only sender on this database.
    """
    now = doors.clock.now()
    left = await doors.store.find(Message, {"state": MessageState.SENDING})
    for message in left:
        with suppress(StaleVersion):
            await doors.store.commit(outgoing.doubt(message, now))
    return len(left)
