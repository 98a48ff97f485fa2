"""A mail server in a thread that remembers what it accepted, and sometimes loses the line after the final dot."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Final, cast

if TYPE_CHECKING:
    from collections.abc import Iterator

END: Final = b"\r\n.\r\n"


@dataclass(slots=True)
class Sea:
    """What the server is told and what it has seen.

    ``accepted`` counts Message-IDs, the moment before the answer.
    """

    rnd: Random
    delay: float = 0.004  # seconds before the answer to the final dot, at most
    lost: float = 0.0  # chance that a letter is taken and the line ends instead of an answer
    accepted: Counter[str] = field(default_factory=Counter)
    unanswered: set[str] = field(default_factory=set)
    port: int = 0
    lines: set[asyncio.Transport] = field(default_factory=set)
    taken: threading.Event = field(default_factory=threading.Event)  # set with each letter


class _Line(asyncio.Protocol):
    """One connection: commands in one go (RFC 2920) or one by one."""

    def __init__(self, sea: Sea) -> None:
        self._sea = sea
        self._rest = b""
        self._in_text = False
        self._busy = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The greeting."""
        self._transport = cast("asyncio.Transport", transport)
        self._sea.lines.add(self._transport)
        self._transport.write(b"220 sea ESMTP\r\n")

    def connection_lost(self, exc: Exception | None) -> None:
        """The line is over."""
        self._sea.lines.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        """Bytes wait while a letter is being thought about: answers keep the order of the commands."""
        self._rest += data
        if not self._busy:
            self._go_on()

    def _go_on(self) -> None:
        while not self._transport.is_closing():
            if self._in_text:
                end = self._rest.find(END)
                if end < 0:
                    return
                text, self._rest, self._in_text = self._rest[:end], self._rest[end + len(END) :], False
                self._busy = True
                wait = self._sea.rnd.random() * self._sea.delay
                asyncio.get_running_loop().call_later(wait, self._take, text)
                return
            end = self._rest.find(b"\r\n")
            if end < 0:
                return
            command, self._rest = self._rest[:end], self._rest[end + 2 :]
            self._answer(command[:4].upper())

    def _answer(self, word: bytes) -> None:
        said = {
            b"EHLO": b"250-sea\r\n250-PIPELINING\r\n250 8BITMIME\r\n",
            b"DATA": b"354 go\r\n",
            b"QUIT": b"221 bye\r\n",
        }.get(word, b"250 ok\r\n")
        self._in_text = word == b"DATA"
        self._transport.write(said)
        if word == b"QUIT":
            self._transport.close()

    def _take(self, text: bytes) -> None:
        """The letter is accepted whether or not anybody is left to hear it: so do real servers."""
        sea, self._busy = self._sea, False
        key = next(line[12:].strip() for line in text.split(b"\r\n") if line.lower().startswith(b"message-id: "))
        sea.accepted[key.decode()] += 1
        sea.taken.set()
        if sea.rnd.random() < sea.lost:
            sea.unanswered.add(key.decode())
            self._transport.abort()
            return
        self._transport.write(b"250 2.0.0 taken\r\n")
        self._go_on()


@contextmanager
def running_sea(sea: Sea) -> Iterator[Sea]:
    """Serve on a free port of loopback until the block ends."""
    ready = threading.Event()
    loops: list[asyncio.AbstractEventLoop] = []
    end = asyncio.Event()

    async def serve() -> None:
        """Listen, until the end."""
        loops.append(asyncio.get_running_loop())
        server = await loops[0].create_server(lambda: _Line(sea), "127.0.0.1", 0)
        sea.port = server.sockets[0].getsockname()[1]
        ready.set()
        await end.wait()
        server.close()
        for line in sea.lines:
            line.abort()
        await asyncio.sleep(0)

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield sea
    finally:
        loops[0].call_soon_threadsafe(end.set)
        thread.join(10)
