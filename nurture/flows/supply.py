"""The letters of one mailbox in one beat, batch by batch: claimed, checked, ready to be handed over.

Theory of operation
-------------------
A batch is claimed and checked in two steps, each of which may go on while letters of an earlier batch are on the
wire. How far ahead depends on the server: where it is slow, a batch is claimed when it can leave; where a batch
leaves within ``QUICK``, the next one is made ready meanwhile (``prepare``); within ``EARLY``, the one behind that
is claimed while the next is being checked, so that database, check and wire are at work together.

Whatever was known of a letter is as old as its claim: so says ``Checked.at``. What is claimed and not needed goes
back.

The closer look at a letter counts what is on its way to the same people. Letters behind it must not count, so
nothing of this mailbox is claimed while it lasts, and what has been claimed is told (``_undisturbed``). What other
mailboxes claim meanwhile does count: a mailbox waits for no other.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from nurture.core.sending import Outcome, Verdict
from nurture.flows import departures
from nurture.flows.outcomes import Answer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from nurture.core.glance import Glance
    from nurture.core.ids import MailboxId, MessageId
    from nurture.core.messages import Message
    from nurture.flows.beat import Beat
    from nurture.flows.departures import Checked, Departure

FIRST: Final = 2
"""Letters of the first batch of a mailbox: nobody knows yet how fast its server is."""
QUICK: Final = 0.3
"""Seconds in which a batch must be expected to leave, if the next is to be made ready meanwhile, …"""
EARLY: Final = 0.1
"""… and the one behind it to be claimed."""
STALLED: Final = 5.0
"""Seconds that a claim may take; what took longer is as old as its beginning."""
UNTOUCHED: Final = Outcome(Verdict.UNTOUCHED)


@dataclass(frozen=True, slots=True)
class _Claimed:
    letters: tuple[tuple[Message, Glance], ...]
    at: float  # the loop's time; what has come in since is not known
    commits: int  # the store's count then


class Supply:
    """Of one mailbox. Used by one task; never raises: what went wrong is the beat's ``failure``."""

    def __init__(self, beat: Beat, mailbox: MailboxId) -> None:
        self._beat = beat
        self._mailbox = mailbox
        self._next: asyncio.Task[Checked | None] | None = None
        self._early: asyncio.Task[_Claimed | None] | None = None
        self._claiming = asyncio.Lock()

    async def batch(self, size: int, *, again: bool) -> Checked | None:
        """The next batch; None when there is none, or nothing may leave now.

        Args:
            size: letters, if it is not made ready yet.
            again: letters have come back since it was: where it found none, it looks once more.
        """
        if self._next is None:
            return await self._made(size, early=False)
        made, self._next = await self._next, None
        return await self._made(size, early=False) if made is None and again else made

    def prepare(self, size: int, *, seconds: float) -> None:
        """Make the next batch ready, if the one on the wire is expected to leave within so many seconds."""
        if seconds < QUICK:
            self._next = asyncio.create_task(
                self._made(size, early=seconds < EARLY), name=f"ready-{self._mailbox}"
            )

    async def give_back(self, batch: Sequence[Departure]) -> None:
        """Letters that were made ready and are not to leave now after all."""
        at = self._beat.doors.clock.now()
        for departure in batch:
            self._beat.pace.left(departure.message, UNTOUCHED, at)
        await self._put_back([departure.message for departure in batch])

    async def end(self) -> None:
        """Give back what was made ready and claimed."""
        if self._next is not None and (made := await self._next) is not None:
            await self.give_back(made.ready)
        if self._early is not None and (claimed := await self._early) is not None:
            self._beat.pace.drop(self._mailbox, len(claimed.letters))
            await self._put_back([message for message, _ in claimed.letters])
        self._next = self._early = None

    async def _made(self, size: int, *, early: bool) -> Checked | None:
        beat = self._beat
        task, self._early = self._early, None
        claimed = await (task or self._claimed(size))
        if claimed is None:
            return None
        if early and len(claimed.letters) >= size > FIRST:
            asked = asyncio.Event()
            self._early = asyncio.create_task(self._claimed(size, asked), name=f"claim-{self._mailbox}")
            await asked.wait()  # the check holds the loop: the database works meanwhile
        try:
            checked = await departures.check(
                beat.desk, claimed.letters, beat.outcomes, beat.pace, self._undisturbed
            )
        except Exception as error:  # what was claimed is taken up by the next beat
            beat.failure = error
            return None
        checked.at, checked.commits = claimed.at, claimed.commits
        beat.report.held += checked.held
        beat.report.put_off += checked.put_off
        return checked

    async def _claimed(self, size: int, asked: asyncio.Event | None = None) -> _Claimed | None:
        """Claim a batch. ``asked`` is set when the database has been asked for it, or will not be."""
        asked = asked or asyncio.Event()
        try:
            return await self._claim(size, asked)
        finally:
            asked.set()

    async def _claim(self, size: int, asked: asyncio.Event) -> _Claimed | None:
        beat, mailbox, loop = self._beat, self._mailbox, asyncio.get_running_loop()
        doors = beat.doors
        async with self._claiming:
            if beat.stop.is_set() or beat.has_no_line(mailbox) or beat.is_in_doubt():
                return None
            try:
                now = doors.clock.now()
                if not await beat.is_fresh(mailbox, now):
                    return None
                if not (places := await beat.pace.take(mailbox, size, now)):
                    return None
                began, commits = loop.time(), doors.store.commits()
                claim = doors.store.claim(now, places, beat.by, (mailbox,), **beat.pace.claims)
                answer = asyncio.create_task(claim, name=f"claim-{mailbox}")
                await asyncio.sleep(0)
                asked.set()
                letters = await answer
                beat.pace.drop(mailbox, places - len(letters))
            except Exception as error:  # what was claimed, if anything was, is taken up by the next beat
                beat.failure = error
                return None
        at = loop.time() if loop.time() - began < STALLED else began
        return _Claimed(letters, at, commits) if letters else None

    @asynccontextmanager
    async def _undisturbed(self) -> AsyncIterator[frozenset[MessageId]]:
        """While it is open nothing of this mailbox is claimed; the letters that have been, behind this batch."""
        async with self._claiming:
            task = self._early
            claimed = task.result() if task is not None and task.done() else None
            yield frozenset(message.id for message, _ in claimed.letters) if claimed else frozenset()

    async def _put_back(self, messages: Sequence[Message]) -> None:
        at = self._beat.doors.clock.now()
        await self._beat.outcomes.write([Answer(one, UNTOUCHED, at, begun=False) for one in messages])
