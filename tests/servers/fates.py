"""An SMTP server that treats each letter as it is told, and does as RFC 5321 and RFC 2920 say everywhere else.

Letters are known by their number: the sender is ``s7@…`` and the recipient ``r7@…``.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

DROP = "drop"
"""Hang up without a word."""
SILENT = "silent"
"""Say nothing any more and keep the line open."""

MOMENTS = ("mail", "rcpt", "data", "text", "dot")
"""``text``: said before the text has been read."""
_NUMBER = re.compile(rb"<[sr](\d+)@")


@dataclass(slots=True)
class Fates:
    """What happens to letter ``n`` at a moment: an answer (of one or several lines), ``DROP`` or ``SILENT``.

    ``chunks``: answers go out in pieces of these sizes, over and over. ``lenient``: says 354 to DATA when all
    recipients were refused; ``blind``: even without a sender.
    """

    fates: Mapping[tuple[int, str], str] = field(default_factory=dict)
    extensions: Sequence[str] = ("8BITMIME", "PIPELINING")
    chunks: Sequence[int] = ()
    lenient: bool = False
    blind: bool = False
    greeting: str = "220 fates"
    connections: int = 0
    commands: list[str] = field(default_factory=list)
    silent: asyncio.Event = field(default_factory=asyncio.Event)  # it has fallen silent
    read: list[int] = field(default_factory=list)  # letters whose final dot was read, in order
    texts: dict[int, bytes] = field(default_factory=dict)
    lone: int = 0  # texts that were nothing but a dot
    most_waiting: int = 0  # commands that were there before the last one was answered

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        self.connections += 1
        await _Talk(self, reader, writer).run()


@dataclass(slots=True)
class _Talk:
    """One connection's state."""

    server: Fates
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    number: int = -1
    sender: bool = False
    recipient: bool = False
    piece: int = 0

    async def run(self) -> None:
        """Until somebody hangs up."""
        alive = await self._say(self.server.greeting)
        while alive and (line := await self.reader.readline()):
            waiting = bytes(self.reader._buffer)  # type: ignore[attr-defined]
            self.server.most_waiting = max(self.server.most_waiting, waiting.count(b"\r\n"))
            self.server.commands.append(line.decode("latin-1").strip())
            alive = await self._command(line)

    async def _command(self, line: bytes) -> bool:
        word = line[:4].upper()
        if word == b"EHLO":
            said = ["fates", *self.server.extensions]
            return await self._say(
                "\r\n".join(f"250{'-' if n < len(said) - 1 else ' '}{t}" for n, t in enumerate(said))
            )
        if word == b"MAIL":
            if self.sender:
                return await self._say("503 5.5.1 nested MAIL command")
            found = _NUMBER.search(line)
            self.number = int(found[1]) if found else -1
            answer = self._fate("mail", "250 2.1.0 ok")
            self.sender = answer.startswith("250")
            return await self._say(answer)
        if word == b"RCPT":
            if not self.sender and not self.server.blind:
                return await self._say("503 5.5.1 need MAIL command")
            answer = self._fate("rcpt", "250 2.1.5 ok")
            self.recipient = answer.startswith("25")
            return await self._say(answer)
        if word == b"DATA":
            return await self._data()
        if word == b"RSET":
            self.sender = self.recipient = False
            return await self._say("250 2.0.0 reset")
        if word == b"QUIT":
            await self._say("221 bye")
            return False
        return await self._say("250 2.0.0 ok" if word == b"NOOP" else "502 5.5.2 what")

    async def _data(self) -> bool:
        valid = self.sender and self.recipient
        if not valid and not (self.server.blind or (self.sender and self.server.lenient)):
            return await self._say("554 5.5.1 no valid recipients")
        answer = self._fate("data", "354 go on") if valid else "354 go on"
        if not answer.startswith("354"):
            return await self._say(answer)
        if not await self._say(answer):
            return False
        if valid and (self.number, "text") in self.server.fates:
            await self.reader.readexactly(100)
            if await self._say(self._fate("text", "")):
                while await self.reader.read(65536):
                    pass  # closing over unread bytes would take the answer back
            return False
        lines: list[bytes] = []
        while (line := await self.reader.readline()) not in {b".\r\n", b""}:
            lines.append(line)
        if not line:
            return False
        self.sender = self.recipient = False
        if not valid:
            self.server.lone += not lines
            return await self._say("554 5.5.1 no valid recipients")
        self.server.read.append(self.number)
        self.server.texts[self.number] = b"".join(lines)
        return await self._say(self._fate("dot", "250 2.0.0 queued"))

    def _fate(self, moment: str, normal: str) -> str:
        return self.server.fates.get((self.number, moment), normal)

    async def _say(self, answer: str) -> bool:
        """False ends the connection."""
        if answer == DROP:
            return False
        if answer == SILENT:
            self.server.silent.set()
            await asyncio.sleep(60)
            return False
        data = answer.encode() + b"\r\n"
        if not self.server.chunks:
            self.writer.write(data)
        while self.server.chunks and data:
            size = self.server.chunks[self.piece % len(self.server.chunks)]
            self.piece += 1
            self.writer.write(data[:size])
            data = data[size:]
            await asyncio.sleep(0)
        await self.writer.drain()
        return not answer.startswith("421")
