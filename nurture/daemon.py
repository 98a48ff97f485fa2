"""The beats: planning, sending, one watcher for each mailbox, and the sites, in one TaskGroup.

Theory of operation
-------------------
Each beat does what is due, then sleeps on the clock until something can be due again: the earliest instant
the store knows, a commit by anybody, or the beat's own rhythm. A beat never holds state that matters: what
is to be done stands in the store, so a daemon that dies at any moment is replaced by starting another.

``stop`` ends all of it: beats finish the step in hand (a letter on the wire gets its answer), and then the group
ends. Nothing else ends it: whatever goes wrong in a beat, also at the start, is told and tried again later, for a
task that raises would take the others with it, a letter on the wire too. Only when the desk breaks is the daemon
stopped, in order, and the failure raised at the end, so that whoever watches it starts it anew.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from nurture.errors import Impossible, NurtureError, StaleVersion, TemporaryFailure
from nurture.flows import receive, recovery, send, tick
from nurture.flows.recovery import Hands
from nurture.log import logger

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from datetime import datetime

    from nurture.config import MailboxSettings
    from nurture.core.ids import MailboxId
    from nurture.core.messages import Message
    from nurture.core.sending import Outcome
    from nurture.flows.beat import Sent
    from nurture.ports import Doors, Mailbox, Sender, Trace

SOON: Final = timedelta(seconds=1)
"""The shortest sleep after a beat that could not finish what is due."""
BREATH: Final = timedelta(milliseconds=50)
"""The shortest sleep before a letter for which a limit makes room."""
PATIENCE: Final = timedelta(seconds=5)
"""How often is asked for letters whose mailbox cannot be read; when it could, that is heard at once."""
BACK_OFF: Final = (5, 15, 60, 300)
"""Seconds between attempts to reach a failing mailbox or database; the last repeats."""
LOST: Final = 3
"""So many times in a row somebody else may have been first with what a mailbox holds, before it is told of."""
HANGS: Final = 10.0
"""Seconds after which a sending beat waits for a server that does not answer: the next one works the others."""
SPARE: Final = timedelta(seconds=2)
"""How often is asked whether a mailbox that another daemon reads is to be had."""
TICK_BATCH: Final = 200


@dataclass(slots=True)
class Daemon:
    """Everything that runs. ``sites`` are servers that run until the stop event (the desk)."""

    doors: Doors
    sender: Sender
    watched: Mapping[MailboxId, tuple[MailboxSettings, Mailbox]]
    copies: Mapping[MailboxId, Mailbox]
    name: str
    stop: asyncio.Event
    trace: Trace | None = None
    sites: Sequence[Callable[[asyncio.Event], Awaitable[None]]] = ()
    chores: Mapping[str, Callable[[], Awaitable[timedelta]]] = field(default_factory=dict)
    """Other things to be done now and then, by name; each says how soon to come again."""
    alive: Callable[[], object] = lambda: None  # called after each beat that made progress (watchdog)
    pokes: dict[MailboxId, asyncio.Event] = field(default_factory=dict)
    started: datetime | None = None
    broken: Exception | None = None  # what a site ended with
    hands: Hands = field(default_factory=Hands)
    waiting: set[asyncio.Task[Sent]] = field(default_factory=set)  # sending beats that are not over

    @property
    def parties(self) -> int:
        """How many tasks sleep on the clock when nothing is left to do."""
        return 2 + len(self.watched) + len(self.chores)

    async def run(self) -> None:
        """Run until ``stop`` is set. Claims of an earlier daemon are called in doubt first."""
        self.started = self.doors.clock.now()
        await self._recover()
        if self.trace is not None:
            self.trace.begin(self.name)
        self.pokes = {key: asyncio.Event() for key in self.watched}
        async with asyncio.TaskGroup() as group:
            group.create_task(self._beats("plan", self._plan), name="plan")
            group.create_task(self._sending(), name="send")
            for key, (box, mailbox) in self.watched.items():
                group.create_task(self._watch(box, mailbox, self.pokes[key]), name=f"watch-{key}")
            for name, chore in self.chores.items():
                group.create_task(self._chore(name, chore), name=name)
            for site in self.sites:
                group.create_task(self._site(site))
        if self.broken is not None:
            raise self.broken

    async def _recover(self) -> None:
        """Before anything else; and again while the database is not to be had or others write all the time."""
        failures = 0
        while not self.stop.is_set():
            try:
                doubtful = await recovery.recover(self.doors, self.trace)
            except (TemporaryFailure, StaleVersion) as error:
                pause = BACK_OFF[min(failures, len(BACK_OFF) - 1)]
                failures += 1
                _tell("claims cannot be looked at", "recover.failed", error, again_in=pause)
                await self.doors.clock.sleep_until(self.doors.clock.now() + timedelta(seconds=pause), self.stop)
                continue
            if doubtful:
                logger().warning("doubts found", action="recover", messages=doubtful)
            return

    async def _site(self, site: Callable[[asyncio.Event], Awaitable[None]]) -> None:
        try:
            await site(self.stop)
        except Exception as error:
            _tell("site", "site.failed", error)
            self.broken = error
            self.stop.set()

    async def _chore(self, name: str, chore: Callable[[], Awaitable[timedelta]]) -> None:
        clock, failures = self.doors.clock, 0
        while not self.stop.is_set():
            try:
                pause = await chore()
                failures = 0
            except Exception as error:
                pause = timedelta(seconds=BACK_OFF[min(failures, len(BACK_OFF) - 1)])
                failures += 1
                _tell("chore failed", f"{name}.failed", error, again_in=pause.total_seconds())
            await clock.sleep_until(clock.now() + pause, self.stop)

    async def _beats(self, name: str, beat: Callable[[], Awaitable[timedelta | None]]) -> None:
        """Run ``beat`` when something may be due; it returns how soon to come again for what was left over."""
        doors, failures = self.doors, 0
        changed = doors.store.changed()
        while not self.stop.is_set():
            changed.clear()
            now = doors.clock.now()
            try:
                left = await beat()
                due = await doors.store.next_due()
                failures = 0
            except Exception as error:
                pause = BACK_OFF[min(failures, len(BACK_OFF) - 1)]
                failures += 1
                _tell("beat failed", f"{name}.failed", error, again_in=pause)
                await doors.clock.sleep_until(doors.clock.now() + timedelta(seconds=pause), self.stop)
                continue
            self.alive()
            await doors.clock.sleep_until(self._until(now, due, left=left), changed, self.stop)

    def _until(self, now: datetime, due: datetime | None, *, left: timedelta | None) -> datetime:
        if left is not None:
            return self.doors.clock.now() + left
        soon = self.doors.clock.now() + SOON
        rhythm = now + timedelta(seconds=self.doors.settings.work.beat_seconds)
        # What was due before this beat and still is, waits for another: a mailbox, or the other beat.
        return max(soon, min(rhythm, due)) if due is not None and due > now else max(soon, rhythm)

    async def _plan(self) -> timedelta | None:
        done = await tick.tick(self.doors, TICK_BATCH)
        if done.written:
            logger().info("beat", action="plan", seen=done.seen, written=done.written, stale=done.stale)
        for problem in done.problems:
            _tell("an enrollment cannot be planned", "plan.problem", problem)
        return SOON if done.seen == TICK_BATCH or done.stale > 0 else None

    async def _sending(self) -> None:
        """The sending beats; ends when the last letter on the wire has its answer."""
        try:
            await self._beats("send", self._send)
        except asyncio.CancelledError:
            for beat in self.waiting:
                beat.cancel()
            raise
        finally:
            await asyncio.gather(*self.waiting, return_exceptions=True)

    async def _send(self) -> timedelta | None:
        beat = asyncio.create_task(
            send.send_due(
                self.doors,
                self.sender,
                self.copies,
                by=self.name,
                stop=self.stop,
                since=self.started,
                trace=self.trace,
                tell=_tell_letter,
                hands=self.hands,
            ),
            name="sending",
        )
        self.waiting.add(beat)
        await asyncio.wait({beat}, timeout=HANGS)
        if not beat.done():
            logger().warning(
                "a server keeps us waiting", action="send.hangs", mailboxes=sorted(self.hands.mailboxes)
            )
            beat.add_done_callback(self._late)
            return timedelta()
        self.waiting.discard(beat)
        return self._after(beat.result())

    def _late(self, beat: asyncio.Task[Sent]) -> None:
        """A beat is over for which nobody waits any more."""
        self.waiting.discard(beat)
        if beat.cancelled():
            return
        error = beat.exception()
        for problem in [error] if isinstance(error, Exception) else beat.result().problems:
            _tell("around a letter", "send.problem", problem)

    def _after(self, done: Sent) -> timedelta | None:
        """How soon to come again after a beat."""
        for problem in done.problems:
            _tell("around a letter", "send.problem", problem)
        for key in done.stale:
            self.pokes[key].set()  # its mails may leave once it was read up to now
        if done.more:
            return timedelta()
        if done.outcomes or done.held or done.put_off:
            return SOON
        waits = [PATIENCE] if done.stale else []
        if done.again is not None:
            waits.append(max(done.again - self.doors.clock.now(), BREATH))
        return min(waits, default=None)

    async def _watch(self, box: MailboxSettings, mailbox: Mailbox, poke: asyncio.Event) -> None:
        doors, failures = self.doors, 0
        while not self.stop.is_set():
            try:
                poke.clear()
                if not await doors.store.own(box.id):  # another daemon reads it
                    await doors.clock.sleep_until(doors.clock.now() + SPARE, self.stop)
                    continue
                while await self._read(box, mailbox):
                    if self.stop.is_set():
                        return
                failures = 0
                until = doors.clock.now() + timedelta(seconds=doors.settings.work.poll_seconds)
                async with mailbox.listening() as news:
                    await doors.clock.sleep_until(until, news, poke, self.stop)
            except Exception as error:
                pause = BACK_OFF[min(failures, len(BACK_OFF) - 1)]
                failures += 1
                if isinstance(error, StaleVersion) and failures <= LOST:  # no failure of the mailbox: look again
                    await doors.clock.sleep_until(doors.clock.now() + SOON, self.stop)
                    continue
                _tell("mailbox failed", "receive.failed", error, mailbox=box.id)
                with suppress(Exception):  # it was told: what cannot be written down now, will be at the next try
                    await receive.failed(doors, box, str(error) or type(error).__name__)
                await doors.clock.sleep_until(doors.clock.now() + timedelta(seconds=pause), self.stop)

    async def _read(self, box: MailboxSettings, mailbox: Mailbox) -> bool:
        """Read one batch and tell of it; whether more waits."""
        found = await receive.receive(self.doors, box, mailbox)
        if found.seen:
            kinds = dict(Counter(kind for kind, _ in found.matched))
            log = logger(action="receive", mailbox=box.id, seen=found.seen, kinds=kinds)
            log.info("mailbox, and more is waiting" if found.more else "mailbox")
        for problem in found.problems:
            _tell("a mail could not be handled", "receive.problem", problem, mailbox=box.id)
        self.alive()
        return found.more


def _tell_letter(message: Message, outcome: Outcome) -> None:
    logger().info(
        "letter", action="send", message=message.id, verdict=outcome.verdict.value, answer=outcome.answer
    )


def _tell(text: str, action: str, error: Exception, **more: object) -> None:
    """To the log: foreseen errors in words, a fault of ours with the place where it happened."""
    foreseen = isinstance(error, NurtureError) and not isinstance(error, Impossible)
    log = logger(action=action, **more)
    if foreseen:
        log.warning(text, error=str(error))
    else:
        log.error(text, error=f"{type(error).__name__}: {error}", exc_info=error)
