"""The last look at letters before they go on the wire: claimed, checked again, put into bytes.

Theory of operation
-------------------
A batch is claimed in one commit and checked in the order in which it leaves. Two letters of one batch may be for
the same person, or for one hospital whose cap has room for one more only: each is checked as if those behind it
had not been claimed, and those before it that were stopped here had never been.

Most letters are plain: nothing stands against them, and the little that the claim has read says so. The others are
looked at once more with everything that is known, their enrollment planned anew. What may not leave is written
down at once, each by itself. What becomes of it is decided anew if somebody else was
first; nothing has left, so nothing is lost by asking again.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from nurture.core import last_look, outgoing, survey
from nurture.core.ids import MailboxId, MessageId
from nurture.core.messages import Message
from nurture.core.progress import LOOK_AGAIN
from nurture.core.sending import Letter, Outcome, Verdict
from nurture.errors import StaleVersion, UserError
from nurture.flows.outcomes import Answer, words
from nurture.mail.compose import compose
from nurture.mail.envelope import envelope

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from nurture.core.change import Change
    from nurture.core.dossier import Dossier
    from nurture.core.glance import Glance
    from nurture.flows.outcomes import Outcomes
    from nurture.flows.pacing import Pace
    from nurture.flows.sources import Sources
    from nurture.ports import Doors

TRIES: Final = 5


@dataclass(frozen=True, slots=True)
class Departure:
    """A letter that may leave now, and the row it comes from, as claimed."""

    message: Message
    letter: Letter


@dataclass(slots=True)
class Checked:
    """A claimed batch after the last check."""

    ready: list[Departure]
    held: int = 0
    put_off: int = 0
    claimed: int = 0
    at: float = 0.0  # the loop's time; what has come in since is not known to this check
    commits: int = 0  # as of the store when it was claimed: what this process has written since is not known to it


Undisturbed = Callable[[], AbstractAsyncContextManager[frozenset[MessageId]]]


@asynccontextmanager
async def _alone() -> AsyncIterator[frozenset[MessageId]]:
    yield frozenset()


async def check(
    desk: Sources,
    claimed: Sequence[tuple[Message, Glance]],
    outcomes: Outcomes,
    pace: Pace,
    undisturbed: Undisturbed = _alone,
) -> Checked:
    """Check and compose a claimed batch; what may not leave is written down.

    Args:
        desk: the world, and what its files say.
        claimed: as the claim returned it, in the order in which it leaves.
        outcomes: where trouble is told, and what cannot be composed is written.
        pace: says whether there is room in a letter's domain.
        undisturbed: while it is open nothing more is claimed; gives the letters that have been, behind these.
    """
    found = Checked([], claimed=len(claimed))
    doors = desk.doors
    await desk.look({seen.scenario_hash for _, seen in claimed}, outcomes)
    behind = {message.id for message, _ in claimed}
    plain: set[MessageId] = set()
    for message, seen in claimed:
        behind.discard(message.id)
        if _is_plain(desk, message, seen, behind):
            plain.add(message.id)
    stopped: frozenset[MessageId] = frozenset()
    if len(plain) < len(claimed):
        async with undisturbed() as more:
            stopped = await _look_closer(desk, claimed, plain, more, outcomes)
    put_off: list[Answer] = []
    at = doors.clock.now()
    for message, seen in claimed:
        mailbox = message.mailbox_id or MailboxId("")
        if message.id in stopped:
            found.held += 1
            pace.drop(mailbox)
            continue
        now = doors.clock.now()
        if (wait := pace.ask(message, seen.scenario_id, now)) is not None:
            put_off.append(Answer(message, Outcome(Verdict.UNTOUCHED), now, wait=wait))
            continue
        try:
            letter = compose_letter(doors, message, at)
        except Exception as error:
            outcomes.trouble(error)
            problem, failed = words(error), doors.clock.now()
            pace.left(message, Outcome(Verdict.REFUSED, problem), failed)
            await outcomes.insist(message, lambda m, p=problem, t=failed: outgoing.unsendable(m, p, t))  # type: ignore[misc]
            continue
        found.ready.append(Departure(message, letter))
    if put_off:
        await outcomes.write(put_off)
    found.put_off = len(put_off)
    return found


def _is_plain(desk: Sources, message: Message, seen: Glance, behind: Collection[MessageId]) -> bool:
    """Whether nothing at all stands against it; any fault is for the closer look to tell."""
    try:
        scenario = desk.script(seen.scenario_hash, seen.variant)
        return last_look.may_leave(
            message,
            seen,
            scenario,
            desk.days(scenario, seen),
            desk.content(),
            desk.doors.clock.now(),
            desk.boxes,
            desk.tolerance,
            behind,
        )
    except Exception:
        return False


async def _look_closer(
    desk: Sources,
    claimed: Sequence[tuple[Message, Glance]],
    plain: Collection[MessageId],
    more: frozenset[MessageId],
    outcomes: Outcomes,
) -> frozenset[MessageId]:
    """Those of the rest that may not leave, with all that is known; what becomes of them is written down.

    ``more``: letters of later batches that are claimed already, and not on their way.
    """
    rest = [seen.enrollment_id for message, seen in claimed if message.id not in plain]
    try:
        full = {d.id: d for d in await desk.doors.store.dossiers(rest, desk.doors.clock.now())}
    except Exception as error:
        outcomes.trouble(error)
        full = {}
    uncounted = {*more, *(message.id for message, _ in claimed)}  # behind, or stopped: not on their way
    stopped: set[MessageId] = set()
    for message, seen in claimed:
        uncounted.discard(message.id)
        if message.id in plain:
            continue
        if not await _may_leave(desk, message, full.get(seen.enrollment_id), uncounted, outcomes):
            uncounted.add(message.id)
            stopped.add(message.id)
    return frozenset(stopped)


def _without(dossier: Dossier, uncounted: Collection[MessageId]) -> Dossier:
    """The dossier as it would be if these letters had not been claimed."""
    others = tuple(touch for touch in dossier.touches if touch.message_id not in uncounted)
    return dossier if len(others) == len(dossier.touches) else replace(dossier, touches=others)


async def _may_leave(
    desk: Sources, message: Message, dossier: Dossier | None, uncounted: Collection[MessageId], outcomes: Outcomes
) -> bool:
    """Whether it passes the last check; else what becomes of it is written, as long as it still is so."""
    doors = desk.doors
    try:
        for _ in range(TRIES if dossier is not None else 0):
            assert dossier is not None
            change = _verdict(desk, message, _without(dossier, uncounted))
            if change is None:
                return True
            try:
                await doors.store.commit(change)
                return False
            except StaleVersion:
                current = await doors.store.get(Message, message.id)
                found = await doors.store.dossiers((dossier.id,), doors.clock.now())
                if current is None or not outgoing.is_same_claim(current, message) or not found:
                    return False
                message, dossier = current, found[0]
    except Exception as error:
        outcomes.trouble(error)
    again = doors.clock.now() + LOOK_AGAIN
    await outcomes.insist(message, lambda m: outgoing.put_back(m, "unplannable", doors.clock.now(), again))
    return False


def _verdict(desk: Sources, message: Message, dossier: Dossier) -> Change | None:
    """None when it may leave now; else what becomes of it, said by the core."""
    now, boxes = desk.doors.clock.now(), desk.boxes
    try:
        scenario = desk.scripts.of_enrollment(dossier.enrollment)
        calendars = desk.calendars(scenario, dossier.organisation)
        seen = survey.survey(dossier, scenario, calendars, desk.items(), now, but=message.id)
    except UserError:
        ended = outgoing.check(message, dossier, None, now, boxes)
        return ended or outgoing.put_back(message, "unplannable", now, now + LOOK_AGAIN)
    return outgoing.check(message, dossier, seen, now, boxes, desk.tolerance)


def compose_letter(doors: Doors, message: Message, at: datetime) -> Letter:
    """The bytes, as approved, and the addresses around them; ``at`` is their date.

    Raises:
        UserError: they cannot be put together.
    """
    mailbox = message.mailbox_id or MailboxId("")
    public = doors.settings.web.public_url
    outside = envelope(message, doors.settings.mailbox(mailbox))
    data = compose(
        message,
        date=at.astimezone(ZoneInfo(doors.settings.timezone)),
        reply_to=outside.reply_to,
        html=doors.settings.as_html(mailbox),
        attachments=[doors.attachments.get(key) for key in message.attachments],
        unsubscribe_mail=outside.reply_to or message.from_address,
        unsubscribe_url=f"{public.rstrip('/')}/u/{message.unsubscribe_token}"
        if public.startswith("https://")
        else None,
    )
    return Letter(mailbox, outside.sender, message.to_address, data, message.header_id)
