"""aioimaplib's protocol and client, mended.

aioimaplib 2.0 leaves some things to its user:

* pending commands hang when the connection is lost, IDLE for ever (its issue 110): here they fail at once;
* it parses recursively, so that a long answer in one packet ends in RecursionError (issue 118): here it is
  fed in small pieces, and lines and literals are bounded;
* the answer to a second greeting is waited for with a lock held, for ever: here it ends with the connection;
* a refused greeting is waited for until the time-out: here its words end the wait.
"""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any

from aioimaplib import aioimaplib

from nurture.wire import one_line

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

PIECE = 4096
"""Bytes given to the parser at once: at most some 340 lines, far from the limit of recursion."""

LONGEST_LINE = 8 * 1024 * 1024
"""Bytes. A SEARCH answer over a million mails is a line of 8 MB."""

LONGEST_LITERAL = 64 * 1024 * 1024
"""Bytes. We ask for less; a server that ignores partial fetches may send a whole mail."""

_EXISTS = re.compile(rb"\* \d+ EXISTS\b", re.IGNORECASE)


class MendedProtocol(aioimaplib.IMAP4ClientProtocol):  # type: ignore[misc]
    """aioimaplib's protocol, mended."""

    pending_sync_command: Any

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self.lost = asyncio.Event()
        self.arrived: Callable[[], None] = lambda: None
        self.farewell = ""  # what the server said with BYE

    def data_received(self, d: bytes) -> None:
        """Parse in small pieces; give the connection up rather than the process."""
        for start in range(0, len(d), PIECE):
            try:
                super().data_received(d[start : start + PIECE])
            except Exception:  # whatever a parser of foreign bytes may raise
                self.break_off("the server's answer cannot be read")
                return
            expected = self.current_command._expected_size if self.current_command is not None else 0
            if len(self.incomplete_line) > LONGEST_LINE or expected > LONGEST_LITERAL:
                self.break_off("the server's answer is too long")
                return

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail what is pending."""
        super().connection_lost(exc)
        self.lost.set()
        pending = [*self.pending_async_commands.values(), self.pending_sync_command]
        self.pending_async_commands.clear()
        self.pending_sync_command = None
        for command in pending:
            if command is not None and not command._event.is_set():
                command._exception = aioimaplib.Abort("connection lost")
                command._timer.cancel()
                command._event.set()

    def break_off(self, why: str) -> None:
        """End the connection at once."""
        self.farewell = self.farewell or why
        self.lost.set()
        if self.transport is not None:
            self.transport.abort()

    def give_up(self) -> None:
        """End what the protocol does by itself: a greeting that came twice would hold its lock for ever."""
        for task in [*self.tasks]:
            task.cancel()

    async def welcome(self, command: bytes) -> None:
        """The greeting; a refusal ends the wait."""
        try:
            await super().welcome(command)
        except Exception:  # the text of the library's error is the server's greeting
            self.break_off(one_line(command.decode("utf-8", "replace")))

    def _continuation(self, line: bytes) -> Any:
        """XOAUTH2 explains a no as a question, to be answered by nothing, before it says it (RFC 7628, 3.2.3)."""
        if self.pending_sync_command is not None and self.pending_sync_command.name == "AUTHENTICATE":
            self.transport.write(b"\r\n")
            return None
        return super()._continuation(line)

    def _untagged_response(self, line: bytes) -> Any:
        if _EXISTS.match(line):
            self.arrived()
        elif line[:6].upper() == b"* BYE ":
            self.farewell = one_line(line[6:].decode("utf-8", "replace"))
        return super()._untagged_response(line)


class MendedClient(aioimaplib.IMAP4):  # type: ignore[misc]
    """aioimaplib's client on the mended protocol."""

    protocol: MendedProtocol

    def create_client(
        self,
        host: str,
        port: int,
        loop: asyncio.AbstractEventLoop | None,
        conn_lost_cb: object = None,  # noqa: ARG002 – the protocol has its own event
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        """Begin to connect."""
        running = loop or asyncio.get_running_loop()
        self.protocol = MendedProtocol(running)
        self._client_task = running.create_task(
            running.create_connection(lambda: self.protocol, host, port, ssl=ssl_context)
        )
