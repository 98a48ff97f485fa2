"""A mail server that takes everything and keeps nothing, as fast as it can: what sending is measured against.

    python -m nurture.sandbox.sink [PORT]

It says its port on a line of its own and serves until it is ended. It does what RFC 5321 asks of a server that
offers PIPELINING, SIZE and 8BITMIME, and counts.
"""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Final, cast

if TYPE_CHECKING:
    from collections.abc import Callable

HELLO: Final = b"250-sink\r\n250-PIPELINING\r\n250-SIZE 50000000\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n"
ANSWERS: Final = {
    b"MAIL": b"250 2.1.0 Ok\r\n",
    b"RCPT": b"250 2.1.5 Ok\r\n",
    b"RSET": b"250 2.0.0 Ok\r\n",
    b"NOOP": b"250 2.0.0 Ok\r\n",
    b"EHLO": HELLO,
    b"HELO": b"250 sink\r\n",
}
END: Final = b"\r\n.\r\n"


class Sink(asyncio.Protocol):
    """One connection. ``took`` is called with the bytes of each letter."""

    def __init__(self, took: Callable[[int], None] = lambda _size: None) -> None:
        self._took = took
        self._rest = b""
        self._in_text = False
        self._pieces: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The greeting."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(b"220 sink ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        """Commands and texts, as they come; the answers to all of them in one write."""
        data = self._rest + data if self._rest else data
        at, said = 0, []
        while True:
            if self._in_text:
                end = data.find(END, max(at - 2, 0))
                if end < 0:
                    break
                self._took(end - at)
                at, self._in_text = end + len(END), False
                said.append(b"250 2.0.0 Ok: queued\r\n")
                continue
            end = data.find(b"\n", at)
            if end < 0:
                break
            word = data[at : at + 4].upper()
            at = end + 1
            if word == b"DATA":
                self._in_text = True
                said.append(b"354 End data with <CR><LF>.<CR><LF>\r\n")
            elif word == b"QUIT":
                self._transport.write(b"".join((*said, b"221 2.0.0 Bye\r\n")))
                self._transport.close()
                return
            else:
                said.append(ANSWERS.get(word, b"502 5.5.2 what\r\n"))
        self._rest = data[at:]
        if said:
            self._transport.write(b"".join(said))


async def serve(port: int = 0) -> None:
    """Listen on loopback until cancelled."""
    server = await asyncio.get_running_loop().create_server(Sink, "127.0.0.1", port)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    import uvloop

    uvloop.run(serve(int(sys.argv[1]) if len(sys.argv) > 1 else 0))
