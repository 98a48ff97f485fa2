"""The connections of one mailbox: those that are kept, how many there may be, and how long to wait without any."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from nurture.core.sending import NoLine
from nurture.log import logger
from nurture.smtp.line import BROKEN

if TYPE_CHECKING:
    from collections.abc import Callable

    from nurture.config import MailboxSettings
    from nurture.core.ids import MailboxId
    from nurture.smtp.connect import Connector
    from nurture.smtp.line import Line

FRESH: Final = 15.0
"""Seconds a kept connection is trusted without asking (NOOP)."""

STALE: Final = 240.0
"""Seconds after which a kept connection is not tried again: servers may hang up after 5 minutes
(RFC 5321, 4.5.3.2.7)."""

PLAIN_FOR: Final = 600.0
"""Seconds without pipelining for a server whose answers did not come out even."""

BACK_OFF: Final = (5.0, 15.0, 60.0, 300.0)
"""Seconds without a try after a failure; the last repeats."""


class Pool:
    """The lines of one mailbox.

    Args:
        settings: the mailbox.
        connector: opens a line.
        told: called when there is no line, and with None when there is one again.
        sign: makes of a letter's bytes signed ones; takes its time, and may raise UserError.
    """

    def __init__(
        self,
        settings: MailboxSettings,
        connector: Connector,
        told: Callable[[MailboxId, NoLine | None], None],
        sign: Callable[[bytes], bytes] | None = None,
    ) -> None:
        self.settings = settings
        self.gate = asyncio.Semaphore(settings.smtp.connections)
        self.sign = sign
        self._plain_until = 0.0  # loop time
        self._free: list[Line] = []  # the most recently used last
        self._connector = connector
        self._told = told
        self._failures = 0
        self._answer = ""
        self._rests_until = 0.0  # loop time

    @property
    def now(self) -> float:
        """The loop's time."""
        return asyncio.get_running_loop().time()

    def no_line(self) -> NoLine | None:
        """What is wrong, if anything is."""
        if not self._failures:
            return None
        left = self._rests_until - self.now
        return NoLine(self._answer, self._failures, max(left, 0.0))

    def failed(self, answer: str) -> None:
        """No line, or one that broke before it was of any use: wait, longer each time."""
        pause = BACK_OFF[min(self._failures, len(BACK_OFF) - 1)]
        self._failures += 1
        self._answer = answer
        self._rests_until = self.now + pause
        mailbox, failures = self.settings.id, self._failures
        logger().warning(
            "no line", action="smtp.no_line", mailbox=mailbox, error=answer, failures=failures, again_in=pause
        )
        self._told(mailbox, NoLine(answer, failures, pause))

    def well(self) -> None:
        """A letter had its answer."""
        if self._failures:
            self._failures = 0
            logger().info("a line again", action="smtp.line", mailbox=self.settings.id)
            self._told(self.settings.id, None)

    def one_by_one(self, why: str) -> None:
        """The server's answers to commands written together did not come out even."""
        self._plain_until = self.now + PLAIN_FOR
        logger().warning("no pipelining for a while", action="smtp.plain", mailbox=self.settings.id, error=why)

    def pipelines(self, line: Line) -> bool:
        """Whether commands may be written together over this line."""
        return line.pipelines and self.now >= self._plain_until

    async def new(self) -> Line:
        """A new line.

        Raises:
            Ending: there is none to be had.
        """
        return await self._connector.open(self.settings)

    async def kept(self) -> Line | None:
        """A line from before that still answers."""
        while self._free:
            line = self._free.pop()
            idle = self.now - line.used_at
            if not line.in_step() or idle > STALE:
                line.hang_up()
                continue
            if idle <= FRESH:
                return line
            try:
                await line.client.noop(timeout=min(5.0, self.settings.smtp.timeout))
            except BROKEN:
                line.hang_up()
                continue
            except BaseException:
                line.hang_up()
                raise
            if line.in_step():
                return line
            line.hang_up()
        return None

    async def put(self, line: Line, *, usable: bool) -> None:
        """Give a line back: kept, said goodbye to when it has served its number, or hung up."""
        if not usable or not line.in_step():
            line.hang_up()
        elif line.letters >= self.settings.smtp.letters_per_connection:
            await _part(line)
        else:
            line.used_at = self.now
            self._free.append(line)

    async def close(self) -> None:
        """Say goodbye on every kept line; a server that does not answer is left after 2 seconds."""
        free, self._free = self._free, []
        await asyncio.gather(*(_part(line) for line in free))


async def _part(line: Line) -> None:
    try:
        await line.client.quit(timeout=2.0)
    except BROKEN:
        pass
    finally:
        line.hang_up()
