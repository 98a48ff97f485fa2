"""Letters of one mailbox that are handed over together, and the lines that work on them."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from nurture.core.sending import Outcome, Verdict
from nurture.errors import UserError
from nurture.log import logger
from nurture.smtp.delivery import deliver
from nurture.smtp.hand import Hand
from nurture.smtp.line import Ending, Gone
from nurture.smtp.pipeline import Pipeline
from nurture.wire import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from nurture.core.sending import Letter
    from nurture.smtp.line import Line
    from nurture.smtp.pool import Pool

TOGETHER: Final = 16
"""Letters that are signed in one go: some ten milliseconds."""

WORTH: Final = 8
"""Letters for which one more connection is opened: a handshake costs as much as a few of them."""

CALLED_BACK: Final = Outcome(Verdict.UNTOUCHED, "called back")


class Batch:
    """What is left of the letters. Tells of each exactly once; what the caller's functions raise is logged.

    Args:
        pool: the lines of the mailbox.
        letters: in order.
        leaving, done, stop, holds: as of ``ports.Sender.send_all``.
    """

    def __init__(
        self,
        pool: Pool,
        letters: Iterable[Letter],
        leaving: Callable[[Sequence[Letter]], None],
        done: Callable[[Letter, Outcome], None],
        stop: asyncio.Event | None,
        holds: Callable[[Letter], bool] | None = None,
    ) -> None:
        self._pool = pool
        self._left = deque(letters)  # ready to go
        self._unsigned: deque[Letter] = deque()
        if pool.sign is not None:
            self._left, self._unsigned = self._unsigned, self._left
        self._arrived = asyncio.Event()  # something was signed, or nothing will be any more
        self._leaving = leaving
        self._done = done
        self._stop = stop
        self._holds = holds
        self._lines = 0  # at work
        self._why = "stopping"

    async def run(self) -> None:
        """Over as many lines as are worth it, until no letter is left or no line is."""
        waiting = len(self._left) + len(self._unsigned)
        wanted = max(1, min(self._pool.settings.smtp.connections, waiting // WORTH))
        try:
            async with asyncio.TaskGroup() as group:
                if self._pool.sign is not None:
                    group.create_task(self._sign(self._pool.sign))
                for _ in range(wanted):
                    group.create_task(self._work())
        finally:
            for letter in (*self._left, *self._unsigned):
                self._tell(letter, Outcome(Verdict.UNTOUCHED, self._why))

    @property
    def _stopping(self) -> bool:
        return self._stop is not None and self._stop.is_set()

    @property
    def _more(self) -> bool:
        return bool(self._left) and not self._stopping

    async def _ready(self) -> bool:
        """Whether there is a letter to send; waits for one that is being signed."""
        while not self._left and self._unsigned and not self._stopping:
            self._arrived.clear()
            await self._arrived.wait()
        return self._more

    async def _sign(self, sign: Callable[[bytes], bytes]) -> None:
        """Sign some letters at a time, in a thread, while lines send those before them."""
        try:
            while self._unsigned and not self._stopping:
                some = [self._unsigned[n] for n in range(min(TOGETHER, len(self._unsigned)))]
                signed = await asyncio.to_thread(lambda: [replace(one, data=sign(one.data)) for one in some])  # noqa: B023
                for _ in some:
                    self._unsigned.popleft()
                self._left.extend(signed)
                self._arrived.set()
        except Exception as problem:  # no key, say: that is the mailbox's trouble, not the letters'
            if not isinstance(problem, UserError):
                logger().error("cannot sign", action="smtp.fault", error=repr(problem), exc_info=problem)
            self._why = one_line(str(problem) if isinstance(problem, UserError) else type(problem).__name__)
            self._pool.failed(self._why)
            self._stop = asyncio.Event()
            self._stop.set()
        finally:
            self._arrived.set()

    def _tell(self, letter: Letter, outcome: Outcome) -> None:
        try:
            self._done(letter, outcome)
        except Exception as error:
            logger().error("an outcome was not taken", action="smtp.fault", error=repr(error), exc_info=error)

    async def _work(self) -> None:
        """One line after the other. Whatever goes wrong is no matter of the letters on other lines."""
        try:
            await self._serve()
        except Exception as error:
            logger().error("a fault on a line", action="smtp.fault", error=repr(error), exc_info=error)
            self._no_use(type(error).__name__)

    async def _serve(self) -> None:
        """Letters over one line after the other. Ends when one is of no use."""
        pool = self._pool
        while await self._ready():
            async with pool.gate:
                if not self._more:
                    continue
                kept = await pool.kept()
                try:
                    line = kept or await pool.new()
                except Ending as ending:
                    self._no_use(ending.outcome.answer)
                    return
                usable, trouble = False, "the daemon stopped while it was sending"
                self._lines += 1
                try:
                    usable, trouble = await self._over(line)
                finally:
                    self._lines -= 1
                    await pool.put(line, usable=usable)
                if line.served:
                    pool.well()
                elif kept is None and trouble:
                    self._no_use(trouble)
                    return

    def _no_use(self, why: str) -> None:
        """No line, or one over which no letter had an answer. As long as others work it is no trouble."""
        if not self._lines:
            self._why = why
            self._pool.failed(why)

    async def _over(self, line: Line) -> tuple[bool, str]:
        """Letters over one line: whether it may serve on, and what is wrong with it if anything is."""
        most = self._pool.settings.smtp.letters_per_connection - line.letters

        def take() -> Letter | None:
            """The next letter, if this line may have one more."""
            nonlocal most
            while most > 0 and self._more:
                letter = self._left.popleft()
                if self._holds is None or self._holds(letter):
                    most -= 1
                    return letter
                self._tell(letter, CALLED_BACK)
            return None

        seconds = self._pool.settings.smtp.timeout
        if self._pool.pipelines(line) and len(self._left) > 1:
            pipeline = Pipeline(line, seconds, Hand(take, self._left.appendleft, self._leaving, self._tell))
            await pipeline.run()
            if pipeline.out_of_step:
                self._pool.one_by_one(pipeline.trouble)  # and the letter over another line
                return False, ""
            return pipeline.usable, pipeline.trouble
        while (letter := take()) is not None:
            ending = await self._plainly(line, letter, seconds)
            if ending is None:
                return False, "Connection lost"
            if not ending.usable:
                return False, ending.outcome.answer
        return True, ""

    async def _plainly(self, line: Line, letter: Letter, seconds: float) -> Ending | None:
        """One letter, one command at a time. None: the line was dead before, and the letter goes over another."""
        left = False

        def leaving() -> None:
            """The dot is next."""
            nonlocal left
            self._leaving((letter,))
            left = True

        outcome = None
        try:
            ending = await deliver(line, letter, seconds, kept=line.letters > 0, leaving=leaving)
            outcome = ending.outcome
            line.served |= ending.usable
            return ending
        except Gone:
            self._left.appendleft(letter)
            return None
        except BaseException as problem:  # we are stopped, or a fault of ours
            why = "the daemon stopped while it was sending"
            why = why if isinstance(problem, asyncio.CancelledError) else type(problem).__name__
            outcome = Outcome(Verdict.UNKNOWN if left else Verdict.UNTOUCHED, why)
            raise
        finally:
            line.letters += 1
            if outcome is not None:
                self._tell(letter, outcome)
