"""One letter over one connection, one command at a time.

Theory of operation. What a failure means depends on when it happens, so each step of a delivery is its own
command here, and everything that can go wrong in it is sorted into one ``Verdict``:

=============================== =====================================================================
connect, greeting, TLS, HELO    LATER, whatever happens: nobody has seen the letter
login                           4xx LATER, 5xx REFUSED
MAIL                            4xx LATER, 5xx REFUSED
RCPT                            4xx LATER, 5xx REFUSED_RECIPIENT if it speaks of the recipient, else REFUSED
DATA, and the text up to        4xx LATER, 5xx REFUSED, a broken line LATER: without the final dot
the final dot                   no server may deliver (RFC 5321, 4.1.1.4)
after the final dot             2xx ACCEPTED, 4xx LATER, 5xx REFUSED, a broken line, silence or
                                nonsense: UNKNOWN. Never repeated by itself.
=============================== =====================================================================

The final dot is written alone, after the rest has drained: a line that breaks in the middle of a long letter
is then a clear LATER and no doubt (a short one is gone into the system's buffers at once, and in doubt).

Connections are kept for the next letter, but never after a time-out, a doubtful answer or bytes that nobody
asked for: a late answer would be taken for the answer to the next command.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

import aiosmtplib
from aiosmtplib import SMTPException, SMTPResponseException

from nurture.core.sending import Outcome, Verdict
from nurture.smtp.verdicts import verdict_on_rcpt
from nurture.wire import one_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiosmtplib import SMTPResponse
    from aiosmtplib.protocol import SMTPProtocol

    from nurture.core.sending import Letter

DOT_PATIENCE = 10
"""How many times the command time-out the answer to the final dot may take (RFC 5321, 4.5.3.2.6: 10 minutes)."""

PIECE = 16_384
"""Bytes written at once. TLS hands on a write as a whole, however long, and calls it drained; so a long letter
goes in pieces, and what may still be under way when the dot follows is one buffer of the system's."""

BROKEN = (SMTPException, OSError, EOFError)
"""What aiosmtplib raises when a line breaks, stays silent, or speaks nonsense. Time-outs are OSErrors."""

_LINE_END = re.compile(rb"\r\n|\n|\r")
_DOT = re.compile(rb"(?m)^\.")


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

    @property
    def protocol(self) -> SMTPProtocol:
        """The bytes' side of the connection.

        Raises:
            SMTPServerDisconnected: there is none any more.
        """
        if self.client.protocol is None:
            raise aiosmtplib.SMTPServerDisconnected("Connection lost")
        return self.client.protocol

    def in_step(self) -> bool:
        """Whether nothing is waiting to be read that no command asked for."""
        protocol = self.client.protocol
        return protocol is not None and protocol.is_connected and not protocol._buffer

    def hang_up(self) -> None:
        """End the connection at once, whatever is still in its buffers."""
        transport = self.client.transport
        self.client.close()
        if isinstance(transport, asyncio.WriteTransport):
            transport.abort()


def words(problem: BaseException) -> str:
    """A failure in words; never the text of an error that could cite a password."""
    for error in (problem, problem.__cause__):
        if isinstance(error, ssl.SSLCertVerificationError):
            return f"the server's certificate is not trusted ({error.verify_message})"
    return str(problem) or type(problem).__name__


def _ascii_domain(address: str) -> str:
    """The address with its domain as the wire wants it (RFC 5890); the local part is left as it is."""
    local, at, domain = address.rpartition("@")
    if not at or not local or not domain or re.search(r"[\x00-\x20\x7f<>]", address):
        raise ValueError("not an address")
    return f"{local}@{domain if domain.isascii() else domain.encode('idna').decode('ascii')}"


def _payload(data: bytes) -> bytes:
    """The text as it crosses the wire but for the final dot: CRLF only, dots doubled (RFC 5321, 4.5.2)."""
    text = _LINE_END.sub(b"\r\n", data)
    if not text.endswith(b"\r\n"):
        text += b"\r\n"
    return _DOT.sub(b"..", text)


async def deliver(
    line: Line, letter: Letter, seconds: float, *, kept: bool, leaving: Callable[[], None] = lambda: None
) -> Ending:
    """Hand one letter over.

    Args:
        line: a connection that is logged in and in step.
        letter: what to send.
        seconds: the time-out of a command.
        kept: the connection served before, so the server may have hung up meanwhile.
        leaving: called just before the final dot is written.

    Raises:
        Gone: it had.
    """
    try:
        await _hand_over(line, letter, seconds, kept=kept, leaving=leaving)
    except Ending as ending:
        return ending


async def _hand_over(
    line: Line, letter: Letter, seconds: float, *, kept: bool, leaving: Callable[[], None]
) -> NoReturn:
    """MAIL, RCPT, DATA, text, dot. Ends by raising the outcome.

    Raises:
        Ending: always, but for
        Gone: a kept line that was dead before MAIL was answered.
    """
    client = line.client
    payload = _payload(letter.data)
    sender, recipient, options, encoding = _envelope(client, letter, payload)
    try:
        await client.mail(sender, options=options, encoding=encoding)
    except SMTPResponseException as refusal:
        if kept and refusal.code == 421:
            raise Gone from None
        await _refused(line, refusal, Verdict.REFUSED)
    except (*BROKEN, ValueError) as problem:
        if kept and isinstance(problem, ConnectionError):
            raise Gone from None
        raise Ending(Verdict.LATER, f"MAIL: {words(problem)}") from None
    _must_be_in_step(line)
    try:
        await client.rcpt(recipient, encoding=encoding)
    except SMTPResponseException as refusal:
        await _refused(line, refusal, verdict_on_rcpt(refusal.code, refusal.message))
    except (*BROKEN, ValueError) as problem:
        raise Ending(Verdict.LATER, f"RCPT: {words(problem)}") from None
    _must_be_in_step(line)
    try:
        answer = await client.execute_command(b"DATA")
    except (SMTPResponseException, *BROKEN) as problem:
        raise Ending(Verdict.LATER, f"DATA: {words(problem)}") from None
    if answer.code != 354:
        await _refused(line, SMTPResponseException(answer.code, answer.message), Verdict.REFUSED)
    _must_be_in_step(line)
    await _text_and_dot(line, payload, seconds * DOT_PATIENCE, leaving)


def _envelope(client: aiosmtplib.SMTP, letter: Letter, payload: bytes) -> tuple[str, str, list[str], str]:
    """Sender, recipient, options of MAIL, and the encoding of the addresses."""
    try:
        sender = _ascii_domain(letter.sender)
    except ValueError:
        raise Ending(Verdict.REFUSED, "the sender is not a mail address", usable=True) from None
    try:
        recipient = _ascii_domain(letter.recipient)
    except ValueError:
        raise Ending(Verdict.REFUSED_RECIPIENT, "the recipient is not a mail address", usable=True) from None
    options: list[str] = []
    encoding = "ascii"
    if not (sender + recipient).isascii():  # RFC 6531
        if not client.supports_extension("smtputf8"):
            raise Ending(Verdict.REFUSED, "the server cannot do international addresses (SMTPUTF8)", usable=True)
        options.append("SMTPUTF8")
        encoding = "utf-8"
    if not payload.isascii():  # RFC 6152
        if not client.supports_extension("8bitmime"):
            raise Ending(Verdict.REFUSED, "the server takes 7-bit mail only (no 8BITMIME)", usable=True)
        options.append("BODY=8BITMIME")
    if client.supports_extension("size"):  # RFC 1870
        most = client.esmtp_extensions.get("size", "")
        if most.isdecimal() and 0 < int(most) < len(payload):
            raise Ending(
                Verdict.REFUSED, f"the letter has {len(payload)} bytes, the server takes {most}", usable=True
            )
        options.append(f"SIZE={len(payload)}")
    return sender, recipient, options, encoding


async def _refused(line: Line, refusal: SMTPResponseException, final: Verdict) -> NoReturn:
    """A server said no before the text: sort it, and clear the envelope so that the line can be used again."""
    code = refusal.code
    verdict = final if 500 <= code < 600 else Verdict.LATER
    usable = False
    if 400 <= code < 600 and code != 421 and line.in_step():
        try:
            await line.client.rset()
            usable = line.in_step()
        except BROKEN:
            usable = False
    raise Ending(verdict, f"{code} {refusal.message}", usable=usable)


def _must_be_in_step(line: Line) -> None:
    """Bytes that nobody asked for would be taken for the answer to the next command, at worst to the dot."""
    if line.client.is_connected and not line.in_step():
        raise Ending(Verdict.LATER, "the server answered out of step")


async def _text_and_dot(line: Line, payload: bytes, patience: float, leaving: Callable[[], None]) -> NoReturn:
    """The text, then the dot alone, then the answer that counts."""
    loop = asyncio.get_running_loop()
    try:
        protocol = line.protocol
        transport = protocol.transport
        if not isinstance(transport, asyncio.WriteTransport):
            raise aiosmtplib.SMTPServerDisconnected("Connection lost")
        transport.set_write_buffer_limits(high=1)  # so that draining means: handed to the system
    except BROKEN as problem:
        raise Ending(Verdict.LATER, f"DATA: {words(problem)}") from None
    answer = loop.create_task(protocol.read_response(timeout=patience))
    dotted = False
    try:
        await asyncio.sleep(0)  # the reader must be in place: a server may refuse in the middle of the text
        async with asyncio.timeout(patience):
            for start in range(0, len(payload), PIECE):
                protocol.write(payload[start : start + PIECE])
                await _drained(protocol, answer)
                if answer.done():
                    break
            else:
                leaving()
                protocol.write(b".\r\n")  # raises before it writes, or not at all
                dotted = True
            response = await answer
    except (*BROKEN, TimeoutError) as problem:
        verdict, when = (Verdict.UNKNOWN, "after the final dot") if dotted else (Verdict.LATER, "in the text")
        raise Ending(verdict, f"{when}: {words(problem)}") from None
    finally:
        answer.cancel()
        await asyncio.gather(answer, return_exceptions=True)
    _judge(line, response, dotted=dotted)


async def _drained(protocol: SMTPProtocol, answer: asyncio.Task[SMTPResponse]) -> None:
    """Return when the text has left, or the server has answered before it could."""
    drain = asyncio.ensure_future(protocol._drain_helper())  # what StreamWriter.drain does
    try:
        await asyncio.wait({drain, answer}, return_when=asyncio.FIRST_COMPLETED)
        if drain.done():
            drain.result()
    finally:
        drain.cancel()
        await asyncio.gather(drain, return_exceptions=True)


def _judge(line: Line, response: SMTPResponse, *, dotted: bool) -> NoReturn:
    """The answer to the dot, or to a text that the server did not want to read to its end."""
    said = f"{response.code} {response.message}"
    if 400 <= response.code < 600:
        verdict = Verdict.REFUSED if response.code >= 500 else Verdict.LATER
        raise Ending(verdict, said, usable=dotted and response.code != 421 and line.in_step())
    if not dotted:
        raise Ending(Verdict.LATER, f"in the text: {said}")
    if 200 <= response.code < 300:
        raise Ending(Verdict.ACCEPTED, said, usable=line.in_step())
    raise Ending(Verdict.UNKNOWN, f"after the final dot: {said}")
