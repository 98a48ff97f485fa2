"""Approved letters leave: claim, check again, act, record the outcome alone (laws 1, 2 and 5).

``send`` is the one flow that writes twice: the claim before the act, the outcome after. A daemon that dies
in between leaves a row in SENDING; ``recover`` calls it in doubt.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from nurture.core import outgoing, survey
from nurture.core.change import Change, MailboxState
from nurture.core.messages import Message, MessageState
from nurture.core.sending import Letter, Verdict
from nurture.errors import NurtureError, StaleVersion, UserError
from nurture.flows import drafting
from nurture.mail.compose import compose

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from nurture.core.dossier import Dossier
    from nurture.core.ids import MailboxId
    from nurture.core.scenario import Scenario
    from nurture.core.sending import Outcome
    from nurture.ports import Doors, Mailbox, Sender

AT_ONCE: Final = 8
"""Letters on the wire at the same time."""


@dataclass(slots=True)
class Sent:
    """What one sending beat did; ``stale`` are mailboxes that must be read before their mails may leave."""

    outcomes: dict[str, Outcome] = field(default_factory=dict)  # by message id
    held: int = 0
    stale: tuple[MailboxId, ...] = ()
    problems: list[NurtureError] = field(default_factory=list)


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
        good = box.imap is None or (heard and age is not None and age <= doors.settings.work.freshness_seconds)
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
        stop: when set, the letters on the wire are finished and the rest is put back.
        since: when this daemon started; mailboxes must have been read since.
    """
    now = doors.clock.now()
    fresh, stale = await freshness(doors, now, since)
    report = Sent()
    if stale:
        waiting = await doors.store.find(
            Message, {"state": MessageState.APPROVED, "mailbox_id": stale}, order=("planned_at",), limit=1
        )
        report.stale = stale if waiting and waiting[0].planned_at and waiting[0].planned_at <= now else ()
    if not fresh:
        return report
    claimed = await doors.store.claim(now, doors.settings.work.claim_batch, by, fresh)
    if not claimed:
        return report
    go, back = await _check(doors, claimed, now)
    for change in back:
        await doors.store.commit(change)
    report.held = len(back)
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(message: Message) -> None:
        """Send one, unless the daemon is stopping."""
        async with gate:
            if stop.is_set():
                await doors.store.commit(outgoing.put_back(message, "stopping", doors.clock.now()))
                return
            await _send_one(doors, sender, copies, message, report)

    async with asyncio.TaskGroup() as group:
        for message in go:
            group.create_task(one(message))
    return report


async def _check(
    doors: Doors, claimed: Sequence[tuple[Message, Dossier]], now: datetime
) -> tuple[list[Message], list[Change]]:
    """Sort claimed mails into those that may leave now and changes for those that may not."""
    scripts = await drafting.scripts(doors, [d.enrollment.scenario_hash for _, d in claimed])
    go: list[Message] = []
    back: list[Change] = []
    leaving: set[tuple[str, str]] = set()  # (person, date): two mails never reach one person on one date
    for message, dossier in claimed:
        scenario = scripts[dossier.enrollment.scenario_hash]
        verdict = _verdict(doors, message, dossier, scenario, now)
        key = (message.person_id, str(message.planned_on))
        if verdict is None and key in leaving:
            verdict = outgoing.put_back(message, "same_date", now)
        if verdict is None:
            leaving.add(key)
            go.append(message)
        else:
            back.append(verdict)
    return go, back


def _verdict(doors: Doors, message: Message, dossier: Dossier, scenario: Scenario, now: datetime) -> Change | None:
    try:
        seen = survey.survey(
            dossier,
            scenario,
            doors.library.calendars(scenario, dossier.organisation),
            doors.library.content(),
            now,
            but=message.id,
        )
    except UserError:
        return outgoing.put_back(message, "unplannable", now)
    return outgoing.check(message, dossier, seen, now)


async def _send_one(
    doors: Doors, sender: Sender, copies: Mapping[MailboxId, Mailbox], message: Message, report: Sent
) -> None:
    assert message.mailbox_id is not None
    public = doors.settings.web.public_url
    try:
        data = compose(
            message,
            date=doors.clock.now().astimezone(ZoneInfo(doors.settings.timezone)),
            unsubscribe_mail=message.from_address,
            unsubscribe_url=f"{public.rstrip('/')}/u/{message.unsubscribe_token}"
            if public.startswith("https://")
            else None,
        )
    except UserError as error:
        await doors.store.commit(outgoing.unsendable(message, str(error), doors.clock.now()))
        report.problems.append(error)
        return
    letter = Letter(message.mailbox_id, message.from_address, message.to_address, data, message.header_id)
    outcome = await sender.send(letter)
    await doors.store.commit(outgoing.outcome(message, outcome, doors.clock.now()))
    report.outcomes[message.id] = outcome
    if outcome.verdict is Verdict.ACCEPTED and message.mailbox_id in copies:
        try:
            await copies[message.mailbox_id].keep_sent(data, doors.clock.now())
        except NurtureError as error:
            report.problems.append(error)  # the letter has left; a missing copy is no reason to say otherwise


async def recover(doors: Doors) -> int:
    """Claims of a daemon that is gone become *in doubt*; returns how many.

    Called once at the start, when the caller is the only sender on this database.
    """
    now = doors.clock.now()
    left = await doors.store.find(Message, {"state": MessageState.SENDING})
    for message in left:
        try:
            await doors.store.commit(outgoing.doubt(message, now))
        except StaleVersion:
            continue
    return len(left)
