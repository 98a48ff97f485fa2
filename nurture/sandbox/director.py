"""Moves simulated time: the world acts when the program has nothing left to do.

Theory of operation
-------------------
A loop of discrete events. First wait until the program is *quiet*: its tasks sleep on the clock and none is
about to wake, no letter is being handed in, and every mail that lies in one of its mailboxes has been read
(its cursors in the store have come that far). Then the earliest of three things happens: the world's next
act, the program's next wake-up, or the end. Nobody is faked: what the world does reaches the program through
its sockets, and time never moves while something is under way.

Real time only bounds: how long the program may take to become quiet (``PATIENCE``), and, where somebody
watches, how fast a simulated day goes by.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Protocol

from nurture.clock import tell
from nurture.core.change import MailboxState
from nurture.core.messages import Entry, Message, MessageState
from nurture.errors import TemporaryFailure
from nurture.ports import Span

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from nurture.clock import SimulatedClock
    from nurture.ports import Doors
    from nurture.sandbox.agenda import Act
    from nurture.sandbox.world import World

PATIENCE: Final = 100.0
"""Real seconds within which the program must become quiet."""
LOOK: Final = 0.002
"""Real seconds between two looks at what is still under way."""
FRAME: Final = 0.1
"""Real seconds between two pictures while time passes slowly."""
LATE: Final = 3.0
"""Real seconds of delay that are made up for; more are forgiven, so that nothing rushes by after a pause."""
INBOX: Final = "INBOX"


class Beats(Protocol):
    """The program's tasks."""

    @property
    def parties(self) -> int:
        """How many of them sleep on the clock when nothing is left to do."""
        ...

    async def run(self) -> None:
        """Run until the program is told to stop."""
        ...


class Machine(Protocol):
    """The program, ready to run."""

    @property
    def doors(self) -> Doors:
        """Its doors."""
        ...

    @property
    def daemon(self) -> Beats:
        """Its tasks."""
        ...

    @property
    def url(self) -> str:
        """Of the desk on this machine."""
        ...


class Watcher(Protocol):
    """Who looks on."""

    async def time(self, now: datetime) -> None:
        """Time has moved."""
        ...

    async def act(self, act: Act) -> None:
        """Somebody of the world is about to act."""
        ...

    async def journal(self, entries: Sequence[Entry]) -> None:
        """The program has written these lines since the last time."""
        ...


@dataclass(slots=True)
class Director:
    """Runs a world against the program until an instant.

    Args:
        machine: the program.
        clock: the clock that the program lives by.
        world: everybody else.
        watcher: who looks on.
        speed: real seconds for one simulated day; 0 is as fast as it goes.
        hands_on: time stands still while something waits for approval.
        stopped: set when somebody has had enough.
        note: where the time is written down, for commands beside the program.
    """

    machine: Machine
    clock: SimulatedClock
    world: World
    watcher: Watcher
    speed: float = 0.0
    hands_on: bool = False
    stopped: asyncio.Event = field(default_factory=asyncio.Event)
    note: Path | None = None
    _changed: asyncio.Event = field(default_factory=asyncio.Event)  # there may be lines that were not told
    _noted: float = float("-inf")  # when, on the event loop's clock, the time was written down
    _seen: int = 0  # the last line of the journal that was told
    _read: dict[str, int] = field(default_factory=dict)  # how far each mailbox was read, by its cursor
    _due: float = 0.0  # when, on the event loop's clock, the present moment should be reached

    async def run(self, until: datetime) -> None:
        """Let everything happen up to ``until``.

        Raises:
            TemporaryFailure: the program did not become quiet in time; says what it waited for.
        """
        self._due = asyncio.get_running_loop().time()
        self._note()
        self._changed = self.machine.doors.store.changed()
        self._changed.set()
        try:
            await self._play(until)
        finally:
            self._note()

    async def _play(self, until: datetime) -> None:
        while not self.stopped.is_set():
            await self._quiet()
            await self._tell()
            if self.hands_on and await self._waits():
                await self._stand_still()
                continue
            act = self.world.agenda.take(self.clock.now())
            if act is not None:
                await self.watcher.act(act)
                await act.do()
                continue
            if self.clock.now() >= until:
                return
            steps = (self.world.agenda.next_at(), self.clock.next_wake(), until)
            await self._pass(min(step for step in steps if step is not None))

    async def _pass(self, there: datetime) -> None:
        """Move time on, at the speed that was asked for; real time already used for work counts."""
        here = self.clock.now()
        loop = asyncio.get_running_loop()
        self._due += max(there - here, timedelta()) / timedelta(days=1) * self.speed
        while (left := self._due - loop.time()) > 0 and not self.stopped.is_set():
            await self.watcher.time(max(here, there - timedelta(days=left / self.speed)))
            await asyncio.sleep(min(left, FRAME))
        self._due = max(self._due, loop.time() - LATE)
        self.clock.advance_to(max(there, here))
        if loop.time() - self._noted > FRAME:
            self._note()
        await self.watcher.time(self.clock.now())

    def _note(self) -> None:
        """Write down the time. While it flies, a few times a second are enough: nobody beside reads faster."""
        if self.note is not None:
            tell(self.note, self.clock.now())
            self._noted = asyncio.get_running_loop().time()

    async def _tell(self) -> None:
        if not self._changed.is_set():
            return
        self._changed.clear()
        store = self.machine.doors.store
        entries = await store.find(Entry, {"seq": Span(low=self._seen + 1)}, order=("seq",))
        if entries:
            self._seen = entries[-1].seq
            await self.watcher.journal(entries)

    async def _quiet(self) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                while True:
                    await self.clock.settled(self.machine.daemon.parties)
                    if not self.world.office.busy and not await self._unread():
                        if not any(sleeper.stirs(self.clock.now()) for sleeper in self.clock.sleepers()):
                            return
                        continue
                    await asyncio.sleep(LOOK)
        except TimeoutError:
            raise TemporaryFailure(
                "the demo stood still at {at}: asleep: {asleep}; unread: {unread}; letters under way: {busy}",
                at=self.clock.now().isoformat(timespec="minutes"),
                asleep=", ".join(s.name for s in self.clock.sleepers()) or "-",
                unread=", ".join(await self._unread()) or "-",
                busy=self.world.office.busy,
            ) from None

    async def _unread(self) -> list[str]:
        """Mailboxes of the program in which mail lies that it has not read."""
        found: list[str] = []
        for box in self.machine.doors.settings.mailboxes:
            last = self.world.office.last_uid(box.address)
            if box.imap is None or last is None or self._read.get(box.id, 0) >= last:
                continue
            state = await self.machine.doors.store.get(MailboxState, box.id)
            cursor = state.cursor(INBOX) if state else None
            self._read[box.id] = cursor.uid if cursor else 0
            if self._read[box.id] < last:
                found.append(box.id)
        return found

    async def _waits(self) -> bool:
        """Whether something with a date waits for approval."""
        waiting = await self.machine.doors.store.find(Message, {"state": MessageState.WAITING})
        return any(message.planned_at is not None for message in waiting)

    async def _stand_still(self) -> None:
        changed = self.machine.doors.store.changed()
        changed.clear()
        if not await self._waits():
            return
        self._note()
        waits = [asyncio.ensure_future(event.wait()) for event in (changed, self.stopped)]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)
