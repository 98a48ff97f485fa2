"""Approved letters leave: claim, check again, act, record the outcome alone (laws 1, 2 and 5).

``send`` is the one flow that writes twice: the claim before the act, the outcome after.

Theory of operation
-------------------
Each mailbox is worked by itself, so that a server that does not answer holds up nobody else's mail. A batch is
claimed, checked (``departures``), noted in the trace, handed over, and its answers are written as they come
(``outcomes``), while the next batch is being claimed and checked.

A letter must leave on what is known when it leaves. So a batch is as long as it takes the server half a second to
take: two letters at first, more as answers come faster, fewer as they come slower or are heavier. And a letter
that was not begun within a second of its claim goes back, to be claimed and checked again. So does at once each
whose enrollment this process has written meanwhile (a colleague's answer, a pause at the desk); of what another
process writes the second is the bound. Only where the server is quick is the next batch made ready meanwhile, for
it must not wait long (``supply``).

A beat is short, whatever the queue: what has changed for all (stops, limits, mailboxes that were read by now) is
looked at again by the next. A server that hangs keeps its mailbox longer: ``Hands`` says which are kept, and the
next beat works the others.

How much may leave is said by ``pacing``: it is asked before a batch is claimed and for each letter of it, and is
told each answer.

A daemon that dies, or loses its hold of a row, leaves it in SENDING: see ``recovery``.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from nurture.core.ids import MailboxId
from nurture.core.sending import Outcome, Verdict
from nurture.flows import beat as beats
from nurture.flows import pacing, recovery
from nurture.flows.beat import Beat, Sent
from nurture.flows.outcomes import Answer, Outcomes, Recorder, words
from nurture.flows.recovery import Hands
from nurture.flows.sources import Sources
from nurture.flows.supply import FIRST, Supply

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from nurture.core.messages import Message
    from nurture.core.sending import Letter
    from nurture.flows.departures import Checked
    from nurture.ports import Doors, Mailbox, Sender, Trace

AIM: Final = 0.5
"""Seconds that a batch should take to leave."""
OLD: Final = 1.0
"""Seconds after its claim at which a letter that was not begun goes back: so old is what its check knew."""
ROOM: Final = 2_500_000
"""Bytes that the letters of a batch should have in all: three batches are in memory at a time."""
MOST: Final = 50_000
"""Letters of a mailbox in one beat; then the beat ends, and the next begins at once."""
LONG: Final = 5.0
"""Seconds of a mailbox in one beat; then no batch is begun, and the next beat begins at once."""
COPIES: Final = 200
"""Copies for the Sent folder that may wait, of one mailbox; then the letters wait too."""


async def send_due(
    doors: Doors,
    sender: Sender,
    copies: Mapping[MailboxId, Mailbox],
    *,
    by: str,
    stop: asyncio.Event,
    since: datetime | None = None,
    trace: Trace | None = None,
    tell: Callable[[Message, Outcome], None] = lambda _message, _outcome: None,
    hands: Hands | None = None,
) -> Sent:
    """Send what is approved and due.

    Args:
        doors: the world.
        sender: letters out.
        copies: where to keep a copy of what was sent, by mailbox.
        by: this daemon's name, written into the claims.
        stop: when set, the letters on the wire are finished and nothing more is claimed.
        since: when this daemon started; mailboxes must have been read since.
        trace: where it is noted what is on the wire.
        tell: called with each letter and what became of it.
        hands: of this daemon, when an earlier beat may still be waiting for a server.

    Raises:
        TemporaryFailure, PermanentFailure: the store, when nothing more could be claimed.
    """
    now = doors.clock.now()
    hands = hands if hands is not None else Hands()
    outcomes = Outcomes(doors, stop)
    report = Sent(problems=outcomes.problems)
    report.problems += await recovery.take_up(doors, by, trace, hands, tell)
    pace = await pacing.begin(doors, now)
    if not (leaving := pace.mailboxes - hands.mailboxes):
        report.problems += pace.problems
        return report
    _, stale = await beats.freshness(doors, now, since)
    report.stale = tuple(key for key in stale if key in leaving)
    going = leaving - set(report.stale) - hands.mailboxes
    hands.mailboxes |= going  # nothing is awaited between these two lines: a mailbox is in one beat's hands
    desk, term = Sources(doors), doors.store.term()
    beat = Beat(doors, sender, copies, by, stop, since, trace, tell, report, outcomes, pace, term, hands, desk)
    work = _Work(beat)
    halting = asyncio.create_task(work.halt(), name="halt")
    try:
        async with asyncio.TaskGroup() as group:
            for mailbox in sorted(going):
                group.create_task(work.mailbox(mailbox), name=f"send-{mailbox}")
    finally:
        hands.unwritten |= outcomes.unwritten
        halting.cancel()
        await asyncio.gather(halting, return_exceptions=True)
    if trace is not None and not hands.mailboxes and not hands.unwritten:
        trace.settled()
    await pace.settle()
    report.again = pace.again
    report.problems += pace.problems
    if beat.failure is not None:
        if not report.outcomes:
            raise beat.failure
        outcomes.trouble(beat.failure)
    return report


class _Gate(asyncio.Event):
    """Set when nothing more may be begun: by hand, or because of what is so at the moment that is asked."""

    def __init__(self, closed: Callable[[], bool]) -> None:
        super().__init__()
        self._closed = closed

    def is_set(self) -> bool:
        """See ``asyncio.Event``."""
        return super().is_set() or self._closed()


@dataclass(slots=True)
class _Work:
    """The mailboxes of a beat. Its methods never raise: one letter's trouble is no other letter's."""

    beat: Beat
    gates: set[asyncio.Event] = field(default_factory=set)  # of the batches that are being handed over

    async def halt(self) -> None:
        """When the daemon is stopped, nothing more is begun."""
        await self.beat.stop.wait()
        for gate in self.gates:
            gate.set()

    async def mailbox(self, mailbox: MailboxId) -> None:
        """Everything of one mailbox that may leave. Whatever goes wrong with it is no matter of the others."""
        try:
            await self._batches(mailbox)
        except Exception as error:
            self.beat.failure = error
        finally:
            self.beat.hands.mailboxes.discard(mailbox)

    async def _batches(self, mailbox: MailboxId) -> None:
        """Batch by batch; where the server is quick, the next is made ready meanwhile."""
        async with Recorder(self.beat.outcomes) as recorder:
            await self._one_by_one(mailbox, recorder)

    async def _one_by_one(self, mailbox: MailboxId, recorder: Recorder) -> None:
        beat, loop = self.beat, asyncio.get_running_loop()
        size, left, end = FIRST, MOST, loop.time() + LONG
        queue: asyncio.Queue[tuple[bytes, datetime] | None] = asyncio.Queue(COPIES)
        copying = asyncio.create_task(self._copies(mailbox, queue), name=f"copies-{mailbox}")
        supply = Supply(beat, mailbox)
        each = float("inf")  # seconds for a letter of the last batch
        returned = False  # letters came back from the last batch: there is something to claim again
        try:
            while left > 0 and loop.time() < end:
                batch = await supply.batch(size, again=returned)
                if batch is None:
                    return
                left -= batch.claimed
                if not batch.ready:
                    continue
                if loop.time() - batch.at >= OLD:  # it waited, ready, for the one before it
                    await supply.give_back(batch.ready)
                    size, returned = FIRST, True
                    continue
                if batch.claimed >= size > FIRST and left > 0:
                    supply.prepare(size, seconds=each * len(batch.ready))
                began = loop.time()
                answers = await self._hand_over(batch, queue, recorder)
                took = loop.time() - began
                weight = max(len(departure.letter.data) for departure in batch.ready)
                size = _next_size(size, answers, took, min(beat.doors.settings.work.claim_batch, ROOM // weight))
                each = took / answers if answers else float("inf")
                returned = answers < len(batch.ready)
                if returned:
                    await recorder.flush()  # they may be claimed again
                await recorder.room()
                if beat.has_no_line(mailbox):
                    return
            beat.report.more = True
        finally:
            await supply.end()
            await queue.put(None)
            await copying

    async def _hand_over(
        self, checked: Checked, queue: asyncio.Queue[tuple[bytes, datetime] | None], recorder: Recorder
    ) -> int:
        """One batch over the wire; how many letters a server has seen. Its answers are being written."""
        batch, loop = checked.ready, asyncio.get_running_loop()
        rows = {departure.letter.header_id: departure.message for departure in batch}
        unanswered = dict(rows)
        copies: list[tuple[bytes, datetime]] = []
        kept = self.beat.copies.get(batch[0].letter.mailbox_id) is not None
        gate = _Gate(self.beat.is_in_doubt)
        self.gates.add(gate)
        if self.beat.stop.is_set():
            gate.set()
        timer = loop.call_at(checked.at + OLD, gate.set)
        seen = 0
        on_wire: set[str] = set()
        called_back: set[str] = set()

        def holds(letter: Letter) -> bool:
            """Nothing was written since the claim that may have called it back; else it is checked again."""
            enrollment = rows[letter.header_id].enrollment_id
            if enrollment is None or not self.beat.doors.store.touched(enrollment, checked.commits):
                return True
            called_back.add(letter.header_id)
            return False

        def leaving(letters: Sequence[Letter]) -> None:
            on_wire.update(letter.header_id for letter in letters)
            if self.beat.trace is not None:
                self.beat.trace.leaving(letter.header_id for letter in letters)

        def done(letter: Letter, outcome: Outcome) -> None:
            nonlocal seen
            message = unanswered.pop(letter.header_id)
            if self.beat.trace is not None and outcome.verdict is Verdict.ACCEPTED:
                self.beat.trace.accepted(letter.header_id)
            at = self.beat.doors.clock.now()
            if not self.beat.pace.left(message, outcome, at):
                gate.set()  # refused too often: nothing more is begun before that is judged
            if outcome.verdict is Verdict.UNTOUCHED:
                begun = letter.header_id not in called_back and not gate.is_set()
                recorder.take(Answer(message, outcome, at, begun=begun))
                return
            recorder.take(Answer(message, outcome, at))
            seen += 1
            self.beat.report.outcomes[message.id] = outcome
            self.beat.tell(message, outcome)
            if kept and outcome.verdict is Verdict.ACCEPTED:
                copies.append((letter.data, at))

        problem = "not answered"
        try:
            await self.beat.sender.send_all(
                [departure.letter for departure in batch], leaving=leaving, done=done, stop=gate, holds=holds
            )
        except Exception as error:  # a sender does not raise: where in its work it did, nobody knows
            self.beat.outcomes.trouble(error)
            problem = words(error)
        finally:
            timer.cancel()
            self.gates.discard(gate)
        for letter in [departure.letter for departure in batch if departure.letter.header_id in unanswered]:
            if letter.header_id in on_wire:
                done(letter, Outcome(Verdict.UNKNOWN, problem))
            else:
                if seen:
                    gate.set()  # it was one letter's fault: the others may be tried at once
                done(letter, Outcome(Verdict.UNTOUCHED, problem))
        for copy in copies:
            await queue.put(copy)
        return seen

    async def _copies(self, mailbox: MailboxId, queue: asyncio.Queue[tuple[bytes, datetime] | None]) -> None:
        """Keep copies of what has left. A missing copy is no reason to say that a letter has not."""
        keeper = self.beat.copies.get(mailbox)
        while (copy := await queue.get()) is not None:
            try:
                assert keeper is not None
                await keeper.keep_sent(*copy)
            except Exception as error:
                self.beat.outcomes.trouble(error)


def _next_size(size: int, answered: int, seconds: float, most: int) -> int:
    """How many letters the next batch should have, after one of ``size`` took so long."""
    fitting = int(answered * AIM / max(seconds, 0.001))
    return max(FIRST, min(most, size * 4, fitting))
