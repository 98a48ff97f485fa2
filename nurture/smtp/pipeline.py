"""Letters over one line, the commands of each written in one go (RFC 2920).

Theory of operation. A group is: the text of a letter with its final dot, and behind it the envelope of the next
(MAIL, RCPT, DATA); DATA must be the last of a group, for its answer decides whether a text may follow. So the
server is waited for once a letter, and at any moment at most one letter is dotted and not answered.

    write   MAIL RCPT DATA │ text . MAIL RCPT DATA │ text . MAIL RCPT DATA │ text .
    answers 250  250  354  │      250 250 250  354 │      250 550  554     │ (nothing)

Answers come in the order of the commands and are sorted as on the plain path (the table in ``delivery``), with
one thing to mind: a refused letter has two more answers coming. Its refusal is kept until they are there, for
bytes that nobody asked for would shift every answer by one; only what comes out even counts. When it does not, the
letter, whose text has not been sent, is given back, and its server gets one command at a time from then on. RSET
opens the group after a refusal, and must be answered by 250: one more check that both sides are in step. A
recipient refused and DATA answered by 354 all the same wants a lone dot (RFC 2920, 3.1): it delivers to nobody.

A line that breaks, stays silent or speaks nonsense leaves the dotted letter UNKNOWN. An envelope that was written
behind a dot is given back when the line ends with that dot's answer or before the envelope's first one: that
letter goes over another line, as it would have on the plain path.

This is a protocol of asyncio that takes the place of aiosmtplib's for as long as letters flow, driven by the bytes
that come in, with no task to wake up for each answer. aiosmtplib has opened and secured the line, and has it back
at the end.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Final, cast

from nurture.core.sending import Outcome, Verdict
from nurture.smtp import line as lines
from nurture.smtp.answers import Answers
from nurture.smtp.envelope import envelope
from nurture.smtp.hand import Ahead
from nurture.smtp.line import OUT_OF_STEP, PIECE, Ending, words
from nurture.smtp.verdicts import verdict_on_answer, verdict_on_rcpt
from nurture.wire import one_line

if TYPE_CHECKING:
    from nurture.core.sending import Letter
    from nurture.smtp.hand import Hand
    from nurture.smtp.line import Line

DOT: Final = "after the final dot"
TEXT: Final = "in the text"
LONE: Final = "lone dot"
ENVELOPE: Final = ("MAIL", "RCPT", "DATA")


class Pipeline(asyncio.Protocol):
    """One run of letters over one line. ``run`` it once."""

    def __init__(self, line: Line, seconds: float, hand: Hand) -> None:
        self._line = line
        self._hand = hand
        self._seconds = seconds
        self._loop = asyncio.get_running_loop()
        self._over = asyncio.Event()
        self._ended = False
        self._answers = Answers()
        self._awaited: deque[str] = deque()  # the commands whose answers have not come
        self._dotted: Letter | None = None
        self._ahead: Ahead | None = None
        self._reset = False  # the server holds an envelope that must be cleared first
        self._deadline = 0.0
        self._room = asyncio.Event()  # in the system's buffers
        self._room.set()
        self._pouring: asyncio.Task[None] | None = None
        self._inner = line.protocol
        self.usable = False  # afterwards: whether the line may serve on
        self.trouble = ""  # afterwards: what ended the line, if anything did
        self.out_of_step = False  # afterwards: the answers did not come out even

    async def run(self) -> None:
        """Until no letter is left, or the line is of no use any more. Every letter taken is told or given back."""
        transport = self._inner.transport
        if not self._line.in_step() or transport is None:
            self.trouble = "Connection lost"
            return
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_protocol(self)
        self._alarm = self._loop.call_later(self._seconds, self._ring)
        try:
            self._next(b"")
            await self._over.wait()
        finally:
            if not self._ended:
                self._lost("the daemon stopped while it was sending", back=True)
            self._alarm.cancel()
            if self._pouring is not None:
                self._pouring.cancel()
                await asyncio.gather(self._pouring, return_exceptions=True)
            if not self._transport.is_closing():
                self._transport.set_protocol(self._inner)

    # --- what the transport tells ---

    def data_received(self, data: bytes) -> None:
        """Answers, in pieces of any size."""
        self._answers.feed(data)
        while not self._ended and (answer := self._answers.take()) is not None:
            self._answered(*answer)
        if self._ended and self._answers.pending:
            self.usable = False  # nobody asked

    def eof_received(self) -> bool:
        """The server has hung up; False closes our side too."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """The line is gone; aiosmtplib must know as well."""
        self._room.set()
        self._inner.connection_lost(exc)
        self.usable = False
        if not self._ended:
            self._lost(words(exc) if exc else "Connection lost", back=self._at in {"RSET", "MAIL"})

    def pause_writing(self) -> None:
        """The system's buffers are full."""
        self._room.clear()

    def resume_writing(self) -> None:
        """They are not any more."""
        self._room.set()

    def _ring(self) -> None:
        """Look whether the server has been silent too long; one timer for all answers."""
        if self._ended:
            return
        left = self._deadline - self._loop.time()
        if left <= 0:
            self._lost("Timed out waiting for server response", back=self._at == "RSET")
        else:
            self._alarm = self._loop.call_later(min(left, self._seconds), self._ring)

    # --- one answer ---

    def _answered(self, code: int, text: str) -> None:
        command = self._awaited.popleft()
        self._deadline = self._loop.time() + self._seconds
        if command == DOT:
            self._after_dot(code, text)
        elif command == "DATA":
            self._after_data(code, text)
        elif command in {"MAIL", "RCPT"}:
            if code != 250 and (command == "MAIL" or code != 251):
                self._refused(command, code, text)
        elif command == TEXT:
            self._settle_text(code, text)
        elif command == LONE:
            if 200 <= code < 600 and code != 421:
                self._refused_for_good()
            else:
                self._lost(f"{code} {text}")
        elif code != 250:  # RSET
            self._lost(f"RSET: {code} {text}", back=True)
        elif self._ahead is None:
            self._end()

    def _after_dot(self, code: int, text: str) -> None:
        """The answer that counts; the envelope behind it has its answers coming."""
        letter, self._dotted = self._dotted, None
        assert letter is not None
        verdict, answer = verdict_on_answer(code, text, dotted=True)
        self._line.letters += 1
        good = verdict is not Verdict.UNKNOWN and code != 421
        self._line.served |= good
        self._hand.done(letter, Outcome(verdict, one_line(answer)))
        if not good:
            self._lost(answer, back=True)
        elif self._ahead is None:
            self._end()

    def _refused(self, command: str, code: int, text: str) -> None:
        """No to an envelope. It counts once the rest of the group has been answered; the first no is the one."""
        ahead = self._ahead
        assert ahead is not None
        if ahead.refusal is None:
            final = verdict_on_rcpt(code, text) if command == "RCPT" else Verdict.REFUSED
            verdict = final if 500 <= code < 600 else Verdict.LATER
            ahead.refusal, ahead.refused_at = Outcome(verdict, one_line(f"{code} {text}")), command
            ahead.even = code == 421 or not 400 <= code < 600
        if code == 421 or not 400 <= code < 600:
            if command == "MAIL" and code == 421 and ahead.behind:
                ahead.refusal = None  # it is the line that is refused: the letter takes another
            self._lost(f"{code} {text}", back=True)

    def _after_data(self, code: int, text: str) -> None:
        ahead = self._ahead
        assert ahead is not None
        refused = 400 <= code < 600 and code != 421
        if self._answers.pending:
            self._out_of_step(OUT_OF_STEP)
        elif ahead.refusal is None and code == 354:
            self._text(ahead)
        elif ahead.refusal is None or refused:
            if refused:
                self._refused("DATA", code, text)
                self._refused_for_good()
            elif 200 <= code < 300:  # an answer too many came before it
                self._out_of_step(f"{code} {text}")
            else:
                self._refused("DATA", code, text)
        elif code == 354 and ahead.refused_at == "RCPT":
            ahead.even = True
            self._awaited.append(LONE)
            self._transport.write(b".\r\n")
        elif code == 421 and ahead.behind:  # too many refusals for this line: the letter takes another
            ahead.refusal = None
            self._lost(f"{code} {text}", back=True)
        else:  # yes to a text without a sender, or no answer to DATA at all
            self._out_of_step(OUT_OF_STEP)

    def _refused_for_good(self) -> None:
        """The group came out even: tell, clear the envelope, go on."""
        ahead, self._ahead = self._ahead, None
        assert ahead is not None
        assert ahead.refusal is not None
        self._reset = True
        self._line.letters += 1
        self._line.served = True
        self._hand.done(ahead.letter, ahead.refusal)
        self._next(b"")

    def _settle_text(self, code: int, text: str) -> None:
        """The server did not want to read to the end."""
        ahead = self._ahead
        assert ahead is not None
        verdict, answer = verdict_on_answer(code, text, dotted=False)
        ahead.refusal, ahead.even = Outcome(verdict, one_line(answer)), True
        self._line.served |= 400 <= code < 600 and code != 421
        self._lost(answer)

    # --- what is written ---

    def _next(self, before: bytes) -> None:
        """Write ``before`` (a text with its dot) and the envelope of the next letter behind it."""
        self._ahead = ahead = self._taken(behind=bool(before) or self._line.letters > 0)
        if self._reset and not before:
            self._reset = False
            self._awaited.append("RSET")
            before = b"RSET\r\n"
        if ahead is not None:
            self._awaited.extend(ENVELOPE)
            before = b"%b%b\r\n%b\r\nDATA\r\n" % (before, ahead.said.mail, ahead.said.rcpt)
        if not self._awaited:
            self._end()
            return
        self._deadline = self._loop.time() + self._patience()
        self._transport.write(before)

    def _patience(self) -> float:
        return self._seconds * (lines.DOT_PATIENCE if self._at in {DOT, TEXT} else 1)

    @property
    def _at(self) -> str:
        """The command whose answer is next."""
        return self._awaited[0] if self._awaited else "DATA"

    def _taken(self, *, behind: bool) -> Ahead | None:
        """The next letter that can be said to this server at all."""
        while (letter := self._hand.take()) is not None:
            try:
                return Ahead(letter, envelope(self._line.client, letter), behind)
            except Ending as ending:
                self._hand.done(letter, ending.outcome)
        return None

    def _text(self, ahead: Ahead) -> None:
        """354: the text may go."""
        if len(ahead.said.text) <= PIECE:
            self._dot(ahead, ahead.said.text)
            return
        self._awaited.append(TEXT)
        self._deadline = self._loop.time() + self._patience()
        self._pouring = self._loop.create_task(self._pour(ahead))

    async def _pour(self, ahead: Ahead) -> None:
        """A long text, in pieces, each handed to the system before the next; the dot only after all of them."""
        text = ahead.said.text
        self._transport.set_write_buffer_limits(high=1)
        for start in range(0, len(text), PIECE):
            self._transport.write(text[start : start + PIECE])
            await asyncio.sleep(0)  # a server may refuse in the middle of it
            await self._room.wait()
            if self._ended:
                return
        self._awaited.popleft()  # TEXT: no answer came
        self._dot(ahead, b"")

    def _dot(self, ahead: Ahead, text: bytes) -> None:
        """From here on the server may deliver."""
        try:
            self._hand.leaving((ahead.letter,))
        except Exception as problem:  # then it must not leave
            ahead.refusal, ahead.even = Outcome(Verdict.UNTOUCHED, one_line(words(problem))), True
        if ahead.refusal is not None or self._transport.is_closing():
            self._lost("Connection lost")
            return
        self._dotted, self._ahead = ahead.letter, None
        self._awaited.append(DOT)
        self._next(text + b".\r\n")

    # --- the end ---

    def _out_of_step(self, said: str) -> None:
        """An answer too many: which belongs to what, nobody knows. Its text has not left: one by one, then."""
        self.out_of_step = True
        ahead, self._ahead = self._ahead, None
        if ahead is not None:
            self._hand.give_back(ahead.letter)
        self._lost(said)

    def _lost(self, why: str, *, back: bool = False) -> None:
        """The line is of no use any more: say what became of the letters on it.

        Args:
            why: in words.
            back: it is the line's fault and not the letter's: an envelope behind a dot, or the first one over a
                kept line, goes over another.
        """
        self.trouble = one_line(why)
        self._ended = True
        self._over.set()
        dotted, self._dotted = self._dotted, None
        ahead, self._ahead = self._ahead, None
        if dotted is not None:
            self._line.letters += 1
            self._hand.done(dotted, Outcome(Verdict.UNKNOWN, one_line(f"{DOT}: {why}")))
        if ahead is None:
            return
        if ahead.refusal is not None and ahead.even:
            self._hand.done(ahead.letter, ahead.refusal)
        elif ahead.refusal is not None:  # whose answer that was, nobody knows
            self.out_of_step = True
            self._hand.give_back(ahead.letter)
        elif dotted is not None or (back and ahead.behind):
            self._hand.give_back(ahead.letter)
        else:
            self._hand.done(ahead.letter, Outcome(Verdict.LATER, one_line(f"{self._at}: {why}")))

    def _end(self) -> None:
        """Nothing left to say."""
        if self._reset:
            self._next(b"")
            return
        self.usable = not self._answers.pending and not self._transport.is_closing()
        self._ended = True
        self._over.set()
