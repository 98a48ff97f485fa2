"""Servers that misbehave on purpose, at one place each."""

from __future__ import annotations

import asyncio
import contextlib
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Awaitable, Callable

    Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

DROP = "drop"
"""An answer of ``FaultySmtp``: hang up without a word."""

SILENT = "silent"
"""An answer of ``FaultySmtp``: say nothing and keep the line open."""


@asynccontextmanager
async def serving(talk: Talk, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """Serve each connection with ``talk`` on a free port of loopback; ends every connection with itself."""
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, ended with the server."""
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                await talk(reader, writer)
        except asyncio.CancelledError:
            pass  # the end of the test; a cancelled connection would be reported as an error
        finally:
            tasks.discard(task)
            writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in [*tasks]:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()


@dataclass(slots=True)
class FaultySmtp:
    """An SMTP server that does as RFC 5321 says, but where ``faults`` says otherwise.

    Faults are answers by moment: greeting, ehlo, auth, mail, rcpt, data, text (answered before the text is
    read), dot, rset, noop, quit. An answer is a line, ``DROP``, or ``SILENT``.
    """

    faults: dict[str, str] = field(default_factory=dict)
    extensions: tuple[str, ...] = ("AUTH PLAIN LOGIN", "8BITMIME")
    connections: int = 0
    commands: list[str] = field(default_factory=list)
    letters: list[bytes] = field(default_factory=list)
    heal_after: str = ""  # after this fault, once, all is well again
    got_letter: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        self.connections += 1
        if not await self._answer(writer, "greeting", "220 test"):
            return
        while line := await reader.readline():
            word = line.split()[0].decode("latin-1").lower().split(":")[0] if line.split() else ""
            self.commands.append(line.decode("latin-1").strip())
            if word == "data":
                if not await self._data(reader, writer):
                    return
            elif word == "ehlo":
                told = ["test", *self.extensions]
                normal = "\r\n".join(
                    f"250{'-' if n < len(told) - 1 else ' '}{text}" for n, text in enumerate(told)
                )
                if not await self._answer(writer, "ehlo", normal):
                    return
            else:
                normal = {"auth": "235 welcome", "quit": "221 bye"}.get(word, "250 ok")
                if not await self._answer(writer, word, normal) or word == "quit":
                    return

    async def _data(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        if not await self._answer(writer, "data", "354 go on"):
            return False
        if "data" in self.faults and not self.faults["data"].startswith("354"):
            return True
        if "text" in self.faults:
            await reader.read(10)
            return await self._answer(writer, "text", "")
        text = await reader.readuntil(b"\r\n.\r\n")
        self.letters.append(text[:-3])
        self.got_letter.set()
        return await self._answer(writer, "dot", "250 2.0.0 queued as 42")

    async def _answer(self, writer: asyncio.StreamWriter, moment: str, normal: str) -> bool:
        """Say it; False ends the connection."""
        answer = self.faults.get(moment, normal)
        if moment == self.heal_after:
            self.faults.pop(moment, None)
        if answer == DROP:
            return False
        if answer == SILENT:
            await asyncio.sleep(60)
            return False
        writer.write(answer.encode() + b"\r\n")
        await writer.drain()
        return not answer.startswith("421")


@asynccontextmanager
async def cutting(port: int, after: int) -> AsyncIterator[int]:
    """A way to ``port`` that is cut once the server has said ``after`` bytes over one connection."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Both directions, one of them counted."""
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", port)

        async def upward() -> None:
            """What the client says."""
            while piece := await reader.read(65536):
                there_writer.write(piece)
                await there_writer.drain()

        up = asyncio.create_task(upward())
        left = after
        try:
            while left > 0 and (piece := await there_reader.read(min(left, 65536))):
                writer.write(piece)
                await writer.drain()
                left -= len(piece)
        finally:
            up.cancel()
            await asyncio.gather(up, return_exceptions=True)
            there_writer.transport.abort()

    async with serving(talk) as cut:
        yield cut
