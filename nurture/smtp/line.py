"""A connection that is logged in, and the end of a delivery over it."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import aiosmtplib
from aiosmtplib import SMTPException

from nurture.core.sending import Outcome
from nurture.wire import one_line

if TYPE_CHECKING:
    import asyncio

    from aiosmtplib.protocol import SMTPProtocol

    from nurture.core.sending import Verdict

DOT_PATIENCE = 10
"""How many times the command time-out the answer to the final dot may take (RFC 5321, 4.5.3.2.6: 10 minutes)."""

PIECE = 16_384
"""Bytes written at once. TLS hands on a write as a whole, however long, and calls it drained; so a long letter
goes in pieces, and what may still be under way when the dot follows is one buffer of the system's."""

BROKEN = (SMTPException, OSError, EOFError)
"""What aiosmtplib raises when a line breaks, stays silent, or speaks nonsense. Time-outs are OSErrors."""

OUT_OF_STEP = "the server answered out of step"


class Ending(Exception):
    """The end of a delivery: what became of the letter, and whether the connection is still in step.

    Raised, because each of a dozen steps can be the last; ``deliver`` makes a value of it again.
    """

    def __init__(self, verdict: Verdict, answer: str, *, usable: bool = False) -> None:
        super().__init__(answer)
        self.outcome = Outcome(verdict, one_line(answer))
        self.usable = usable


class Gone(Exception):
    """A kept connection turned out to be dead before the letter was touched: take another."""


@dataclass(eq=False, slots=True)
class Line:
    """A connection that is logged in."""

    client: aiosmtplib.SMTP
    used_at: float = 0.0  # loop time
    letters: int = 0
    served: bool = False  # a letter has had its answer over it, well or not

    @property
    def protocol(self) -> SMTPProtocol:
        """The bytes' side of the connection.

        Raises:
            SMTPServerDisconnected: there is none any more.
        """
        if self.client.protocol is None:
            raise aiosmtplib.SMTPServerDisconnected("Connection lost")
        return self.client.protocol

    @property
    def pipelines(self) -> bool:
        """Whether the server takes commands in one go (RFC 2920)."""
        return self.client.supports_extension("pipelining")

    def in_step(self) -> bool:
        """Whether nothing is waiting to be read that no command asked for."""
        protocol = self.client.protocol
        return protocol is not None and protocol.is_connected and not protocol._buffer

    def hang_up(self) -> None:
        """End the connection at once, whatever is still in its buffers."""
        transport = self.client.transport
        self.client.close()
        if transport is not None:
            cast("asyncio.WriteTransport", transport).abort()


def words(problem: BaseException) -> str:
    """A failure in words; never the text of an error that could cite a password."""
    for error in (problem, problem.__cause__):
        if isinstance(error, ssl.SSLCertVerificationError):
            return f"the server's certificate is not trusted ({error.verify_message})"
    return str(problem) or type(problem).__name__
