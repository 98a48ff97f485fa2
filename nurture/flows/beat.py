"""What one sending beat knows and does, shared by those who work on it; and which mailboxes were read lately."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nurture.core.change import MailboxState

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from nurture.core.ids import MailboxId
    from nurture.core.messages import Message
    from nurture.core.sending import Outcome
    from nurture.flows.outcomes import Outcomes
    from nurture.flows.pacing import Pace
    from nurture.flows.recovery import Hands
    from nurture.flows.sources import Sources
    from nurture.ports import Doors, Mailbox, Sender, Trace


@dataclass(slots=True)
class Sent:
    """What one sending beat did; ``stale`` are mailboxes that must be read before their mails may leave."""

    outcomes: dict[str, Outcome] = field(default_factory=dict)  # by message id
    held: int = 0
    put_off: int = 0
    again: datetime | None = None  # when there is room for the first of those that a limit keeps waiting
    more: bool = False  # it ended although there was more
    stale: tuple[MailboxId, ...] = ()
    problems: list[Exception] = field(default_factory=list)


@dataclass(slots=True)
class Beat:
    """One sending beat. What it is given is explained where it begins (``send.send_due``)."""

    doors: Doors
    sender: Sender
    copies: Mapping[MailboxId, Mailbox]
    by: str
    stop: asyncio.Event
    since: datetime | None
    trace: Trace | None
    tell: Callable[[Message, Outcome], None]
    report: Sent
    outcomes: Outcomes
    pace: Pace
    term: int
    hands: Hands
    desk: Sources
    failure: Exception | None = None
    read: dict[MailboxId, datetime] = field(default_factory=dict)  # when mailboxes were read, as far as was asked

    def is_in_doubt(self) -> bool:
        """Whether others may have taken us for dead since the beat began, and our claims for abandoned."""
        return self.doors.store.term() != self.term

    async def is_fresh(self, mailbox: MailboxId, now: datetime) -> bool:
        """Whether it was read up to within the last minute. What was read once stays read: it is asked for anew
        only when that is too long ago.

        Raises:
            TemporaryFailure, PermanentFailure: the store.
        """
        box = self.doors.settings.mailbox(mailbox)
        if box is None or box.imap is None:
            return True
        known = self.read.get(mailbox)
        if known is None or not _is_fresh(self.doors, known, now):
            state = await self.doors.store.get(MailboxState, mailbox)
            known = state.read_at if state is not None else None
            if known is None or (self.since is not None and known < self.since):
                return False
            self.read[mailbox] = known
        return _is_fresh(self.doors, known, now)

    def has_no_line(self, mailbox: MailboxId) -> bool:
        """Whether nothing can be sent from it now."""
        broken = self.sender.no_line(mailbox)
        return broken is not None and broken.seconds > 0


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
        heard = read_at is not None and (since is None or read_at >= since)
        good = box.imap is None or (heard and read_at is not None and _is_fresh(doors, read_at, now))
        (fresh if good else stale).append(box.id)
    return tuple(fresh), tuple(stale)


def _is_fresh(doors: Doors, read_at: datetime, now: datetime) -> bool:
    # An age below nothing is a clock that was put back: then nobody knows what has come since.
    return 0 <= (now - read_at).total_seconds() <= doors.settings.work.freshness_seconds
