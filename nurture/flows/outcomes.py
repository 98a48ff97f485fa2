"""What became of letters, written down: nothing can refuse it, and nothing is forgotten (law 5).

Theory of operation
-------------------
Answers come as the servers give them; they are written in groups, each letter for itself. While a group is being
committed the next one gathers, so that the store is busy and nobody waits for it. A row that somebody touched
although it was on the wire is read again and gets its outcome all the same. As long as the store cannot write, it
is tried again, until the daemon is stopped; what could not be written then stands in SENDING, and is in doubt when
the daemon starts again.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from nurture.core import outgoing, states, upshot
from nurture.core.messages import Message, MessageState
from nurture.core.sending import Verdict
from nurture.errors import PermanentFailure, StaleVersion, TemporaryFailure, UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from nurture.core.change import Change
    from nurture.core.ids import MessageId
    from nurture.core.limits import Wait
    from nurture.core.sending import Outcome
    from nurture.core.upshot import Upshot
    from nurture.ports import Doors

FIRST_PAUSE: Final = timedelta(seconds=1)
LAST_PAUSE: Final = timedelta(minutes=1)
TOGETHER: Final = 500
"""Answers that are not made to wait for more."""
PATIENCE: Final = 0.01
"""Seconds that an answer may wait for others to be written with."""
UNWRITTEN: Final = 1_000
"""Answers that may be unwritten; then nothing more is handed over before some are."""
TROUBLES: Final = 100
"""Problems that are kept to be told; one broken disk makes one for each letter."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said about a letter, and when."""

    message: Message
    outcome: Outcome
    at: datetime
    begun: bool = True  # False: its turn did not come, and it may be claimed again at once
    wait: Wait | None = None  # the limit for which it was put off

    @property
    def settles(self) -> bool:
        """Whether it is the proof that a letter left which others called in doubt, as they took us for dead."""
        return self.outcome.verdict is Verdict.ACCEPTED

    def upshot(self, message: Message) -> Upshot:
        """What this makes of the row, and a line of the journal."""
        if message.state is MessageState.IN_DOUBT and self.settles:
            states.move(states.MESSAGES, message.state, "settle_sent")
            message = replace(message, state=MessageState.SENDING)
        if self.wait is not None:
            return upshot.put_off(message, self.wait, self.at)
        if not self.begun:
            return upshot.back(message, "not_begun", self.at)
        return upshot.upshot(message, self.outcome, self.at)

    def change(self, message: Message) -> Change:
        """The same as a change of its own."""
        return self.upshot(message).change(message)


@dataclass(slots=True)
class Outcomes:
    """Everything that one sending beat has to write down."""

    doors: Doors
    stop: asyncio.Event
    problems: list[Exception] = field(default_factory=list)
    unwritten: set[MessageId] = field(
        default_factory=set
    )  # letters whose outcome could not be written before the daemon was stopped

    def trouble(self, error: Exception) -> None:
        """Keep a problem to be told at the end of the beat."""
        if len(self.problems) < TROUBLES:
            self.problems.append(error)

    async def write(self, answers: Sequence[Answer]) -> None:
        """Write a group of answers. Never raises."""
        try:
            upshots = [answer.upshot(answer.message) for answer in answers]
            refused = await self.doors.store.record(upshots)
        except Exception as error:
            self.trouble(error)
            refused = tuple(range(len(answers)))
        for position in refused:
            answer = answers[position]
            await self.insist(answer.message, answer.change, settles=answer.settles)

    async def insist(
        self, message: Message, decide: Callable[[Message], Change], *, settles: bool = False
    ) -> None:
        """Write down what has happened, however long the store cannot; until the daemon is stopped.

        Args:
            message: as claimed.
            decide: gives the change for the row as it is now.
            settles: a row that was called in doubt meanwhile is written too.
        """
        doors, pause = self.doors, FIRST_PAUSE
        while True:
            try:
                await doors.store.commit(decide(message))
                return
            except (TemporaryFailure, PermanentFailure) as error:
                self.trouble(error)
                if self.stop.is_set():
                    self.unwritten.add(message.id)
                    return
                await doors.clock.sleep_until(doors.clock.now() + pause, self.stop)
                pause = min(pause * 2, LAST_PAUSE)
            except Exception as error:
                current = (
                    await self._touched(message, settles=settles) if isinstance(error, StaleVersion) else None
                )
                if current is None:
                    if not isinstance(error, StaleVersion):
                        self.trouble(error)
                        self.unwritten.add(message.id)
                    return
                message = current

    async def _touched(self, message: Message, *, settles: bool) -> Message | None:
        """The row as somebody else left it, if it is still this claim's and waits for its outcome."""
        try:
            current = await self.doors.store.get(Message, message.id)
        except (TemporaryFailure, PermanentFailure):
            return message  # and again
        if current is None or current == message:
            return None
        doubted = settles and current.state is MessageState.IN_DOUBT
        as_claimed = replace(current, state=MessageState.SENDING) if doubted else current
        return current if outgoing.is_same_claim(as_claimed, message) else None


class Recorder:
    """Takes answers as they come and writes them in groups; ``async with`` ends when all are written.

    A commit costs as much for one answer as for a hundred, and what it costs the wire waits for. So a group is
    ``TOGETHER`` answers, or those of ``PATIENCE`` seconds; whoever needs them written says ``flush``.
    """

    def __init__(self, outcomes: Outcomes) -> None:
        self._outcomes = outcomes
        self._waiting: list[Answer] = []
        self._some = asyncio.Event()
        self._now = asyncio.Event()  # no waiting for company
        self._written = asyncio.Event()
        self._writing = 0
        self._ended = False
        self._task: asyncio.Task[None] | None = None

    def take(self, answer: Answer) -> None:
        """One more."""
        self._waiting.append(answer)
        self._some.set()
        if len(self._waiting) >= TOGETHER:
            self._now.set()

    async def flush(self) -> None:
        """Until all that was taken is written."""
        while self._waiting or self._writing:
            self._now.set()
            await self._one_group()

    async def room(self) -> None:
        """Until so few are unwritten that more may follow: a database that stands still holds the wire up."""
        while len(self._waiting) + self._writing > UNWRITTEN:
            await self._one_group()

    async def __aenter__(self) -> Recorder:
        self._task = asyncio.create_task(self._write(), name="outcomes")
        return self

    async def __aexit__(self, *_: object) -> None:
        self._ended = True
        self._some.set()
        self._now.set()
        if self._task is not None:
            await asyncio.shield(self._task)

    async def _one_group(self) -> None:
        self._written.clear()
        await self._written.wait()

    async def _write(self) -> None:
        while True:
            await self._some.wait()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PATIENCE):
                    await self._now.wait()
            self._some.clear()
            self._now.clear()
            group, self._waiting = self._waiting, []
            self._writing = len(group)
            if group:
                await self._outcomes.write(group)
            self._writing = 0
            self._written.set()
            if self._ended and not self._waiting:
                return
            if self._ended:
                self._some.set()
                self._now.set()


def words(error: Exception) -> str:
    """A problem in one line."""
    return str(error) if isinstance(error, UserError) else f"{type(error).__name__}: {error}"[:500]
