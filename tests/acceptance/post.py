"""A recording SMTP server in a thread of the test: what arrives is what was really sent."""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from typing import TYPE_CHECKING

from aiosmtpd.controller import Controller

from tests.servers.dovecot import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import EmailMessage

    from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass  # no slots: aiosmtpd looks through its handler, and Python 3.11.2 trips over the class with slots
class Recorder:
    """The handler: keeps each mail before it answers, and can answer late."""

    mails: list[tuple[list[str], bytes]] = field(default_factory=list)
    delay: float = 0.0  # seconds between the final dot and the answer
    arrived: threading.Event = field(default_factory=threading.Event)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Take a mail."""
        assert isinstance(envelope.content, bytes)
        self.mails.append((list(envelope.rcpt_tos), envelope.content))
        self.arrived.set()
        if self.delay:
            await asyncio.sleep(self.delay)
        return "250 2.0.0 taken"


@dataclass(slots=True)
class Post:
    """A running server."""

    port: int
    recorder: Recorder

    def to(self, address: str) -> list[EmailMessage]:
        """The mails that this recipient got."""
        return [
            message_from_bytes(data, policy=policy.default)
            for recipients, data in list(self.recorder.mails)
            if address in recipients
        ]

    def wait_for(self, address: str, count: int = 1, seconds: float = 30.0) -> list[EmailMessage]:
        """Wait until that many mails have arrived.

        Raises:
            AssertionError: they have not, in time.
        """
        until = time.monotonic() + seconds
        while len(found := self.to(address)) < count:
            assert time.monotonic() < until, f"{len(found)} of {count} mails for {address} after {seconds} s"
            time.sleep(0.05)
        return found


@contextmanager
def running_post(delay: float = 0.0) -> Iterator[Post]:
    """Start a server on a free port of loopback, and end it."""
    recorder = Recorder(delay=delay)
    controller = Controller(recorder, hostname="127.0.0.1", port=free_port(), ready_timeout=10)
    controller.start()
    try:
        assert isinstance(controller.server, asyncio.Server)
        yield Post(controller.server.sockets[0].getsockname()[1], recorder)
    finally:
        controller.stop(no_assert=True)
