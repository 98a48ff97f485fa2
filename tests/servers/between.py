"""Who stands between client and server counts the lines that they say, and cuts or stops at one of them."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from tests.servers.scripted import serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

LONGEST = 16 * 1024 * 1024
"""Bytes of a line that is passed on."""


class Fault(StrEnum):
    """What becomes of a line."""

    CUT_BEFORE = "cut before"  # it is not passed on, and the connection is gone
    CUT_AFTER = "cut after"  # it is passed on, and the connection is gone
    HOLD = "hold"  # neither it nor anything behind it is passed on


@dataclass(slots=True)
class Between:
    """A way to ``port`` on which line number ``at`` meets a fault, once. Lines count over all connections from 0,
    commands and answers alike, in the order in which they come by.
    """

    port: int
    at: int | None = None
    fault: Fault = Fault.CUT_BEFORE
    hidden: tuple[bytes, ...] = ()  # abilities that the server is not heard to have (RFC 3501, 7.2.1)
    passed: list[bytes] = field(default_factory=list)
    met: asyncio.Event = field(default_factory=asyncio.Event)  # the line has come

    def said_so_far(self) -> int:
        """How many lines have come by."""
        return len(self.passed)

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        there, back = await asyncio.open_connection("127.0.0.1", self.port, limit=LONGEST)
        ways = [asyncio.create_task(self._carry(reader, back)), asyncio.create_task(self._carry(there, writer))]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            back.transport.abort()
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    async def _carry(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        while line := await source.readline():
            if b"CAPABILITY" in line:
                for word in self.hidden:
                    line = line.replace(b" " + word, b"")
            number = len(self.passed)
            self.passed.append(line)
            mine = number == self.at
            if mine:
                self.met.set()
                if self.fault is Fault.HOLD:
                    await asyncio.Event().wait()
                if self.fault is Fault.CUT_BEFORE:
                    return
            target.write(line)
            await target.drain()
            if mine:
                return


@asynccontextmanager
async def between(
    port: int, at: int | None = None, fault: Fault = Fault.CUT_BEFORE, *, hidden: tuple[bytes, ...] = ()
) -> AsyncIterator[tuple[Between, int]]:
    """Stand there until the block ends; the one who stands, and the port to go to instead."""
    stands = Between(port, at, fault, hidden)
    async with serving(stands) as here:
        yield stands, here
