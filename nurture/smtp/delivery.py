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
from typing import TYPE_CHECKING, NoReturn, cast

import aiosmtplib
from aiosmtplib import SMTPResponseException

from nurture.core.sending import Verdict
from nurture.smtp import line as lines
from nurture.smtp.envelope import envelope
from nurture.smtp.line import BROKEN, OUT_OF_STEP, PIECE, Ending, Gone, words
from nurture.smtp.verdicts import verdict_on_answer, verdict_on_rcpt

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiosmtplib import SMTPResponse
    from aiosmtplib.protocol import SMTPProtocol

    from nurture.core.sending import Letter
    from nurture.smtp.line import Line


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
    said = envelope(line.client, letter)
    try:
        answer = await line.client.execute_command(said.mail)
    except SMTPResponseException as nonsense:
        await _refused(line, nonsense, Verdict.REFUSED)
    except BROKEN as problem:
        if kept and isinstance(problem, ConnectionError):
            raise Gone from None
        raise Ending(Verdict.LATER, f"MAIL: {words(problem)}") from None
    if answer.code != 250:
        if kept and answer.code == 421:
            raise Gone
        await _refused(line, _as_refusal(answer), Verdict.REFUSED)
    _must_be_in_step(line)
    try:
        answer = await line.client.execute_command(said.rcpt)
    except SMTPResponseException as nonsense:
        await _refused(line, nonsense, Verdict.REFUSED)
    except BROKEN as problem:
        raise Ending(Verdict.LATER, f"RCPT: {words(problem)}") from None
    if answer.code not in {250, 251}:
        await _refused(line, _as_refusal(answer), verdict_on_rcpt(answer.code, answer.message))
    _must_be_in_step(line)
    try:
        answer = await line.client.execute_command(b"DATA")
    except (SMTPResponseException, *BROKEN) as problem:
        raise Ending(Verdict.LATER, f"DATA: {words(problem)}") from None
    if answer.code != 354:
        await _refused(line, _as_refusal(answer), Verdict.REFUSED)
    _must_be_in_step(line)
    await _text_and_dot(line, said.text, seconds * lines.DOT_PATIENCE, leaving)


def _as_refusal(answer: SMTPResponse) -> SMTPResponseException:
    return SMTPResponseException(answer.code, answer.message)


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
        raise Ending(Verdict.LATER, OUT_OF_STEP)


async def _text_and_dot(line: Line, payload: bytes, patience: float, leaving: Callable[[], None]) -> NoReturn:
    """The text, then the dot alone, then the answer that counts."""
    loop = asyncio.get_running_loop()
    try:
        protocol = line.protocol
        if protocol.transport is None:
            raise aiosmtplib.SMTPServerDisconnected("Connection lost")
        transport = cast("asyncio.WriteTransport", protocol.transport)  # uvloop's are no subclass
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
                _leaving(leaving)
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


def _leaving(leaving: Callable[[], None]) -> None:
    try:
        leaving()
    except Exception as problem:  # then it must not leave
        raise Ending(Verdict.UNTOUCHED, words(problem)) from None


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
    verdict, answer = verdict_on_answer(response.code, response.message, dotted=dotted)
    clear = dotted and verdict is not Verdict.UNKNOWN and response.code != 421
    raise Ending(verdict, answer, usable=clear and line.in_step())
