"""Nothing twice, nothing lost, nothing on an old check: what goes wrong between claim, check and outcome."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from nurture import daemon
from nurture.core.change import Change, ScenarioText
from nurture.core.ids import MailboxId, RepId
from nurture.core.messages import Enrollment, Message, MessageState
from nurture.core.sending import Letter, Outcome, Verdict
from nurture.core.upshot import TAKEN
from nurture.errors import Impossible, TemporaryFailure
from nurture.flows import optout, recovery, send, steering
from nurture.flows.outcomes import Answer, Outcomes
from nurture.trace import FileTrace
from tests.flows.conftest import House, attendee
from tests.flows.test_batches import OK, Bulk, beat, many
from tests.flows.test_daemon import started
from tests.samples import REP

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Sequence
    from pathlib import Path

    from nurture.core.upshot import Upshot

OTHER = MailboxId("mori")
STOPPING = Outcome(Verdict.UNTOUCHED, "stopping")


@dataclass
class OneAfterTheOther(Bulk):
    """A sender that says before each letter that it is leaving, and then waits for ``during``."""

    letters: list[str] = field(default_factory=list)
    answer: Outcome = OK
    during: Callable[[Letter, int], Awaitable[None]] | None = None  # the letter, and how many are behind it

    async def send_all(
        self,
        letters: Sequence[Letter],
        *,
        leaving: Callable[[Sequence[Letter]], None],
        done: Callable[[Letter, Outcome], None],
        stop: asyncio.Event | None = None,
        holds: Callable[[Letter], bool] | None = None,
    ) -> None:
        """As ``ports.Sender``."""
        self.batches.append([letter.header_id for letter in letters])
        for number, letter in enumerate(letters, 1):
            if (stop is not None and stop.is_set()) or (holds is not None and not holds(letter)):
                done(letter, STOPPING)
                continue
            leaving((letter,))
            self.letters.append(letter.header_id)
            if self.during is not None:
                await self.during(letter, len(letters) - number)
            done(letter, self.answer)


async def all_sent(house: House, sender: OneAfterTheOther) -> None:
    """Each letter was on the wire once, and is called sent."""
    mails = await house.mails("thanks")
    assert sorted(m.header_id for m in mails) == sorted(sender.letters)
    assert {MessageState.SENT} == {m.state for m in mails}


async def in_two_boxes(house: House) -> House:
    """The same house, where half of the letters leave from the mailbox of a colleague."""
    (box,) = house.doors.settings.mailboxes
    settings = replace(house.doors.settings, mailboxes=(box, replace(box, id=OTHER, imap=None)))
    await house.store.commit(
        Change((replace(REP, id=RepId("mori"), mailbox_id=OTHER, email="mori@minato.example"),))
    )
    for mail in (await house.mails("thanks"))[::2]:
        enrollment = await house.store.get(Enrollment, mail.enrollment_id or "")
        assert enrollment is not None
        rows = (replace(enrollment, rep_id=RepId("mori")), replace(mail, mailbox_id=OTHER, rep_id=RepId("mori")))
        await house.store.commit(Change(rows))
    return replace(house, doors=replace(house.doors, settings=settings))


# --- an old check ---


async def test_what_was_made_ready_behind_a_server_that_hung_is_checked_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch stood ready while the server hung, and one of its people opted out meanwhile: she gets nothing."""
    monkeypatch.setattr(send, "OLD", 0.3)
    await many(house, 40)
    sender = OneAfterTheOther()
    refused: list[str] = []

    async def hang(_: Letter, behind: int) -> None:
        """The last of a batch: until another stands ready behind it, and for longer than a check holds."""
        if behind or refused or len(sender.batches) < 2:
            return
        ready: list[Message] = []
        for _pass in range(200):
            rows = await house.store.find(Message, {"state": MessageState.SENDING})
            ready = [row for row in rows if row.header_id not in sender.letters]
            await asyncio.sleep(0)
        assert ready
        await asyncio.sleep(send.OLD)
        refused.append(ready[-1].header_id)
        await optout.unsubscribe(house.doors, ready[-1].unsubscribe_token, source="one_click", evidence="POST")

    sender.during = hang
    await beat(house, sender)

    assert 1 == len(refused)
    assert 39 == len(sender.letters) == len(set(sender.letters))
    assert refused[0] not in sender.letters


async def test_a_mailbox_that_is_stopped_in_the_middle_of_a_beat_stops(house: House) -> None:
    """A person stops a mailbox while it is sending a long queue: the batch on the wire is the last."""
    await many(house, 60)
    sender = OneAfterTheOther()

    async def stop(_: Letter, behind: int) -> None:
        """With the last letter of the second batch."""
        if not behind and len(sender.batches) == 2:
            await steering.stop(house.doors, "mailbox", "tanaka", by=REP.id)

    sender.during = stop
    await beat(house, sender)

    assert len(sender.letters) <= sum(len(batch) for batch in sender.batches[:3])
    assert len(sender.batches) <= 3  # one may have been claimed and checked before


# --- faults of the store ---


async def test_a_store_that_fails_during_the_check_loses_no_letter(house: House) -> None:
    """The claim stands, and then no scenario can be read: the letters go back and leave later, each once."""
    await many(house, 5)
    find = house.store.find
    sender = OneAfterTheOther()

    async def broken(kind: type[Any], *args: Any, **more: Any) -> Any:
        """No scenario."""
        if kind is ScenarioText:
            raise TemporaryFailure("The database is not to be had")
        return await find(kind, *args, **more)

    house.store.find = broken  # type: ignore[method-assign]
    report = await beat(house, sender)
    house.store.find = find  # type: ignore[method-assign]

    assert report.problems
    assert {MessageState.APPROVED} == {m.state for m in await house.mails("thanks")}
    house.clock.advance_to(house.clock.now() + timedelta(minutes=10))
    await beat(house, sender)
    await all_sent(house, sender)


async def test_a_claim_whose_answer_was_lost_is_taken_up_again(house: House, tmp_path: Path) -> None:
    """The line to the database broke with the claim: it was written, and nobody was told. The daemon lives on, and
    its letters are not on the wire for ever: they go back, as none of them has been offered.
    """
    await many(house, 5)
    trace = FileTrace(tmp_path / "wire", "boot")
    trace.begin("test")
    claim = house.store.claim
    sender = OneAfterTheOther()

    async def lost(*args: Any, **more: Any) -> Any:
        """Written, and then the line is gone."""
        await claim(*args, **more)
        raise TemporaryFailure("The database is not to be had")

    house.store.claim = lost  # type: ignore[method-assign]
    with contextlib.suppress(TemporaryFailure):
        await beat(house, sender, trace=trace)
    house.store.claim = claim  # type: ignore[method-assign]
    await beat(house, sender, trace=trace)

    await all_sent(house, sender)


async def test_what_left_and_could_not_be_written_is_not_forgotten(house: House, tmp_path: Path) -> None:
    """One outcome cannot be written for a fault of ours, and the daemon goes on. The server's answer was noted:
    the letter is sent, and neither a later beat nor the next daemon takes it for one that never was on the wire.
    """
    await many(house, 2)
    trace = FileTrace(tmp_path / "wire", "boot")
    trace.begin("test")
    sender = OneAfterTheOther()
    lost: list[str] = []

    async def broken(change: Change) -> None:
        """The outcome of one letter, whatever it is."""
        final = {MessageState.SENT, MessageState.IN_DOUBT}
        for row in change.puts:
            if isinstance(row, Message) and row.state in final and lost in ([], [row.id]):
                lost[:] = [row.id]
                raise Impossible("a fault of ours")

    house.store.trouble = broken
    await beat(house, sender, trace=trace)
    await house.met(attendee("later@aoba-hp.example", "後"))
    (later,) = await house.store.find(Message, {"state": MessageState.WAITING})
    await house.approve(later)
    await beat(house, sender, trace=trace)
    house.store.trouble = None
    await recovery.recover(house.doors, FileTrace(tmp_path / "wire", "boot"))
    await beat(house, sender, trace=trace)

    assert len(set(sender.letters)) == len(sender.letters)
    row = await house.store.get(Message, lost[0])
    assert row is not None
    assert (MessageState.SENT, TAKEN.answer) == (row.state, row.answer)


async def test_an_outcome_is_of_one_claim_and_no_later_one(house: House) -> None:
    """A letter went back, and the answer of the database was lost; another daemon has claimed it since. It is not
    put back once more, out of that one's hands.
    """
    await many(house, 1)
    ((message, _),) = await house.store.claim(house.clock.now(), 1, "one")
    record = house.store.record

    async def lost(upshots: Sequence[Upshot]) -> tuple[int, ...]:
        """Written; then somebody else claims, and then the line is gone."""
        await record(upshots)
        assert await house.store.claim(house.clock.now() + timedelta(minutes=1), 1, "two")
        raise TemporaryFailure("The database is not to be had")

    house.store.record = lost  # type: ignore[method-assign]
    outcomes = Outcomes(house.doors, house.stop)
    await outcomes.write([Answer(message, STOPPING, house.clock.now(), begun=False)])

    row = await house.mail("thanks")
    assert (MessageState.SENDING, "two") == (row.state, row.claimed_by)


@pytest.mark.parametrize("verdict", [Verdict.ACCEPTED, Verdict.REFUSED])
async def test_a_letter_that_others_called_in_doubt_is_sent_when_its_server_says_so(
    house: House, verdict: Verdict
) -> None:
    """The line by which others know that we live was lost while a server took its time. Its yes settles the doubt;
    any other answer leaves it to a person, who may have acted on it.
    """
    await many(house, 1)
    sender = OneAfterTheOther()

    async def during(_: Letter, __: int) -> None:
        """Another daemon takes us for dead."""
        assert 1 == await recovery.recover(replace(house.doors, store=house.store))

    house.store._name = "another"
    sender.during = during
    sender.answer = Outcome(verdict, "said")
    await beat(house, sender)

    row = await house.mail("thanks")
    settled = verdict is Verdict.ACCEPTED
    assert (MessageState.SENT if settled else MessageState.IN_DOUBT) is row.state
    assert settled == (row.sent_at is not None)


async def test_a_claim_that_somebody_touched_is_settled_at_the_start(house: House) -> None:
    """The next daemon finds a claim, and somebody writes to its row at that moment: it is looked at again."""
    await many(house, 1)
    ((message, _),) = await house.store.claim(house.clock.now(), 1, "gone")

    async def touch(_: Change) -> None:
        """Once."""
        house.store.trouble = None
        await house.store.commit(Change((replace(message, answer="touched"),)))

    house.store.trouble = touch
    doubtful = await recovery.recover(house.doors)

    assert (1, MessageState.IN_DOUBT) == (doubtful, (await house.mail("thanks")).state)


async def test_a_fault_in_one_mailbox_leaves_the_letters_of_others_alone(house: House) -> None:
    """Whatever is raised while one mailbox's letters are claimed: what another has on the wire gets its answer."""
    await many(house, 4)
    house = await in_two_boxes(house)
    claim = house.store.claim
    sender = OneAfterTheOther()
    on_wire = asyncio.Event()

    async def broken(now: Any, limit: int, by: str, mailboxes: Collection[MailboxId], **more: Any) -> Any:
        """A fault of ours, for one mailbox, while the other's letter is on the wire."""
        if OTHER not in mailboxes:
            return await claim(now, limit, by, mailboxes, **more)
        await on_wire.wait()
        raise RuntimeError("a fault of ours")

    async def during(_: Letter, __: int) -> None:
        """Long enough for the other's fault."""
        on_wire.set()
        for _pass in range(20):
            await asyncio.sleep(0)

    sender.during = during
    house.store.claim = broken  # type: ignore[assignment, method-assign]
    report = await beat(house, sender)

    assert any("a fault of ours" in str(problem) for problem in report.problems)
    states = [m.state for m in await house.mails("thanks")]
    assert (2, 2) == (states.count(MessageState.SENT), states.count(MessageState.APPROVED))


async def test_a_server_that_hangs_keeps_its_own_mailbox_alone(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One server does not answer for minutes. What is approved meanwhile for another mailbox leaves; and when it
    answers at last, that letter is sent as well, and its mailbox goes on.
    """
    monkeypatch.setattr(daemon, "HANGS", 0.02)
    await many(house, 4)
    house = await in_two_boxes(house)
    boxes = tuple(replace(box, imap=None) for box in house.doors.settings.mailboxes)
    house = replace(house, doors=replace(house.doors, settings=replace(house.doors.settings, mailboxes=boxes)))
    (late,) = (m for m in (await house.mails("thanks"))[:1])
    await house.store.commit(Change((replace(late, not_before=house.clock.now() + timedelta(days=1)),)))
    sender, hangs, answers, other = OneAfterTheOther(), asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def during(letter: Letter, _: int) -> None:
        """The first server hangs until it is let go of."""
        if letter.mailbox_id != OTHER:
            hangs.set()
            await answers.wait()
        elif letter.header_id == late.header_id:
            other.set()

    sender.during = during
    run = started(replace(house, wire=sender), None)  # type: ignore[arg-type]
    await asyncio.wait_for(hangs.wait(), 20)
    row = await house.store.get(Message, late.id)
    assert row is not None
    await house.store.commit(Change((replace(row, not_before=None),)))
    await asyncio.wait_for(other.wait(), 20)

    assert not answers.is_set()
    answers.set()
    await run.end()
    assert 2 == len([m for m in await house.mails("thanks") if m.mailbox_id == OTHER and m.sent_at])
    assert [] == [m for m in await house.mails("thanks") if m.state is MessageState.SENDING]
    assert len(set(sender.letters)) == len(sender.letters)
