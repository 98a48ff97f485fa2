"""Letters leave in batches: each is checked as if it left alone, and few are in doubt when the daemon dies."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from nurture.core.change import Change
from nurture.core.ids import EnrollmentId, MailboxId, MessageId
from nurture.core.messages import Enrollment, MessageState
from nurture.core.sending import Letter, Outcome, Verdict
from nurture.flows import departures, pacing, recovery, send, tick
from nurture.flows.beat import Beat, Sent
from nurture.flows.outcomes import Outcomes
from nurture.flows.recovery import Hands
from nurture.flows.sources import Sources
from nurture.flows.supply import FIRST, Supply
from nurture.trace import FileTrace
from tests.flows.conftest import MET, House, attendee
from tests.flows.test_receive import Pigeonhole

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from datetime import datetime
    from pathlib import Path

    from nurture.core.messages import Message
    from nurture.core.sending import NoLine

OK = Outcome(Verdict.ACCEPTED, "250 ok")


async def many(house: House, count: int) -> list[Message]:
    """That many thank-yous to colleagues, approved and due."""
    people = [attendee(f"p{n}@aoba-hp.example", f"人{n}") for n in range(count)]
    return [await house.approve(mail) for mail in (await house.met(*people)).messages]


@dataclass
class Bulk:
    """A sender that takes letters together (``ports.Sender``)."""

    batches: list[list[str]] = field(default_factory=list)
    meanwhile: Callable[[Sequence[Letter]], None] = lambda _: None
    begins: int = 10**9  # so many letters of a batch at most
    trouble: NoLine | None = None

    async def send(self, letter: Letter) -> Outcome:
        """Not asked for here."""
        raise NotImplementedError

    async def send_all(
        self,
        letters: Sequence[Letter],
        *,
        leaving: Callable[[Sequence[Letter]], None],
        done: Callable[[Letter, Outcome], None],
        stop: asyncio.Event | None = None,
        holds: Callable[[Letter], bool] | None = None,
    ) -> None:
        """All that may begin are accepted; the others wait until they are told to stop."""
        begun = [letter for letter in letters if holds is None or holds(letter)][: self.begins]
        self.batches.append([letter.header_id for letter in begun])
        leaving(begun)
        self.meanwhile(begun)
        for letter in begun:
            done(letter, OK)
        rest = [letter for letter in letters if letter not in begun]
        if rest:
            assert stop is not None
            await stop.wait()
        for letter in rest:
            done(letter, Outcome(Verdict.UNTOUCHED, "stopping"))

    def no_line(self, mailbox_id: MailboxId) -> NoLine | None:
        """As it was told."""
        return self.trouble

    async def close(self) -> None:
        """Nothing is open."""


async def beat(house: House, sender: Bulk, **more: object) -> Sent:
    """One sending beat with this sender."""
    await house.fresh()
    return await send.send_due(house.doors, sender, {}, by="test", stop=house.stop, **more)  # type: ignore[arg-type]


async def test_batches_grow_with_a_quick_server(house: House) -> None:
    """A server that answers at once is given more at a time, each letter once."""
    mails = await many(house, 40)
    sender = Bulk()

    report = await beat(house, sender)

    sizes = [len(batch) for batch in sender.batches]
    assert FIRST == sizes[0]
    assert max(sizes) > FIRST
    assert sorted(m.header_id for m in mails) == sorted(key for batch in sender.batches for key in batch)
    assert {m.id for m in mails} == set(report.outcomes)
    assert {MessageState.SENT} == {m.state for m in await house.mails("thanks")}


@pytest.mark.parametrize(
    ("size", "answered", "seconds", "expected"),
    [
        (2, 2, 0.0, 8),
        (8, 8, 0.01, 32),
        (100, 100, 5.0, 10),
        (100, 0, 60.0, 2),
        (90, 90, 0.01, 100),
        (8, 8, 0.25, 16),
    ],
)
def test_a_batch_takes_half_a_second(size: int, answered: int, seconds: float, expected: int) -> None:
    """The next batch is what the server would take in half a second, growing step by step, within its bounds."""
    assert expected == send._next_size(size, answered, seconds, 100)


async def test_a_batch_of_heavy_letters_is_small(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """However quick the server is, a batch does not outgrow its room in memory; all of them leave."""
    await many(house, 40)
    sender = Bulk()
    weights: list[int] = []
    sender.meanwhile = lambda letters: weights.append(sum(len(letter.data) for letter in letters))
    monkeypatch.setattr(send, "ROOM", 10_000)

    await beat(house, sender)

    assert 40 == sum(len(batch) for batch in sender.batches)
    assert max(weights) < 12_000


async def test_what_was_not_begun_in_time_goes_back_and_is_checked_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that stalls: letters behind it do not leave on an old check; they are claimed anew, none twice."""
    monkeypatch.setattr(send, "OLD", 0.01)
    mails = await many(house, 9)
    sender = Bulk(begins=1)

    await beat(house, sender)

    assert sorted(m.header_id for m in mails) == sorted(key for batch in sender.batches for key in batch)
    assert {MessageState.SENT} == {m.state for m in await house.mails("thanks")}
    assert "message.put_back" in await house.kinds()


async def test_on_stop_what_has_not_begun_goes_back(house: House) -> None:
    """SIGTERM: what is on the wire gets its answer, what is behind it stays approved, nothing is in doubt."""
    await many(house, 40)
    sender = Bulk()

    def stop(_: Sequence[Letter]) -> None:
        """In the middle of the second batch."""
        sender.begins = 1
        if len(sender.batches) == 2:
            house.stop.set()

    sender.meanwhile = stop
    await beat(house, sender)

    states = [m.state for m in await house.mails("thanks")]
    assert 3 == states.count(MessageState.SENT)
    assert 37 == states.count(MessageState.APPROVED)


async def test_two_mails_to_one_person_in_one_batch(house: House) -> None:
    """Somebody moved a second mail to the same person onto the same day: the first of the batch leaves, the second
    is held; not both, because each saw the other claimed.
    """
    await many(house, 1)
    await beat(house, Bulk())
    await house.until(MET + timedelta(days=1))
    case = await house.approve(await house.mail("case"))
    assert case.planned_at is not None
    twin = replace(
        case, id=MessageId("twin"), enrollment_id=EnrollmentId("other"), header_id="<t@x.example>", version=0
    )
    twin = replace(
        twin, unsubscribe_token="twin", approvals=(replace(case.approvals[0], fingerprint=twin.fingerprint),)
    )
    (enrollment,) = await house.store.find(Enrollment)
    await house.store.commit(Change((replace(enrollment, id=EnrollmentId("other"), version=0), twin)))
    house.clock.advance_to(case.planned_at)
    sender = Bulk()

    report = await beat(house, sender)

    assert 1 == sum(len(batch) for batch in sender.batches)
    assert 1 == report.held


async def test_without_a_line_nothing_is_claimed(house: House) -> None:
    """A mailbox whose server cannot be reached: its letters stay approved, and no row is touched."""
    from nurture.core.sending import NoLine

    await many(house, 3)
    before = await house.mails("thanks")

    await beat(house, Bulk(trouble=NoLine("connection refused", 3, 60.0)))

    assert before == await house.mails("thanks")


# --- ahead of the wire ---


async def line(house: House) -> Beat:
    """A beat that has begun."""
    await house.fresh()
    doors, outcomes = house.doors, Outcomes(house.doors, house.stop)
    pace = await pacing.begin(doors, house.clock.now())
    return Beat(
        doors,
        Bulk(),
        {},
        "test",
        house.stop,
        None,
        None,
        lambda _message, _outcome: None,
        Sent(),
        outcomes,
        pace,
        doors.store.term(),
        Hands(),
        Sources(doors),
    )


async def test_what_was_claimed_ahead_goes_back_at_the_end(house: House) -> None:
    """Of a quick server's letters one batch is on the wire, one is ready and one is claimed: two go back."""
    await many(house, 12)
    supply = Supply(await line(house), MailboxId("tanaka"))
    first = await supply.batch(4, again=False)
    supply.prepare(4, seconds=0.0)
    second = await supply.batch(4, again=False)
    supply.prepare(4, seconds=0.0)
    assert first is not None
    assert second is not None

    await supply.end()

    states = {m.id: m.state for m in await house.mails("thanks")}
    kept = {departure.message.id for departure in (*first.ready, *second.ready)}
    assert 8 == len(kept)
    assert {MessageState.SENDING} == {states[key] for key in kept}
    assert {MessageState.APPROVED} == {state for key, state in states.items() if key not in kept}


async def test_the_database_is_asked_before_the_check(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a batch of a quick server is checked, which holds the loop, the one behind it is being claimed."""
    await many(house, 12)
    supply = Supply(await line(house), MailboxId("tanaka"))
    check, claimed = departures.check, []

    async def watched(*given: Any) -> departures.Checked:
        """How many letters were claimed when the check began."""
        claimed.append([m.state for m in await house.mails("thanks")].count(MessageState.SENDING))
        return await check(*given)

    monkeypatch.setattr(departures, "check", watched)
    await supply.batch(4, again=False)
    supply.prepare(4, seconds=0.0)
    await supply.batch(4, again=False)
    await supply.end()

    assert [4, 12] == claimed


async def test_a_slow_server_is_claimed_for_when_it_is_ready(house: House) -> None:
    """Where a batch takes long to leave, nothing is claimed before it has left."""
    await many(house, 12)
    supply = Supply(await line(house), MailboxId("tanaka"))
    await supply.batch(4, again=False)

    supply.prepare(4, seconds=1.0)
    await asyncio.sleep(0)
    await supply.end()

    states = [m.state for m in await house.mails("thanks")]
    assert 4 == states.count(MessageState.SENDING)


@pytest.mark.parametrize("told", [True, False])
async def test_what_is_claimed_behind_does_not_count_in_the_closer_look(
    house: House, monkeypatch: pytest.MonkeyPatch, *, told: bool
) -> None:
    """Two letters to one person on one date, in two batches: the first may leave, if it is told of the second."""
    (mail,) = await many(house, 1)
    assert mail.enrollment_id is not None
    enrollment = await house.store.get(Enrollment, mail.enrollment_id)
    assert enrollment is not None
    other = replace(enrollment, id=EnrollmentId("other"), version=0)
    twin = replace(
        mail,
        id=MessageId("z"),
        enrollment_id=other.id,
        header_id="<z@v.example>",
        unsubscribe_token="z",
        version=0,
    )
    await house.store.commit(Change((other, twin)))
    beat = await line(house)
    monkeypatch.setattr("nurture.core.last_look.may_leave", lambda *_: False)
    claimed = await house.store.claim(house.clock.now(), 2, "test")

    @asynccontextmanager
    async def undisturbed() -> AsyncIterator[frozenset[MessageId]]:
        """What is claimed behind the first."""
        yield frozenset({claimed[1][0].id}) if told else frozenset()

    found = await departures.check(beat.desk, claimed[:1], beat.outcomes, beat.pace, undisturbed)

    assert 2 == len(claimed)
    assert told == (len(found.ready) == 1)


# --- after a kill ---


async def killed(house: House, trace: FileTrace, on_wire: int) -> list[Message]:
    """Ten letters claimed by a daemon that died when so many were on the wire."""
    mails = await many(house, 10)
    trace.begin("test")
    claimed = await house.store.claim(house.clock.now(), 10, "test")
    trace.leaving(message.header_id for message, _ in claimed[:on_wire])
    assert len(mails) == len(claimed)
    return [message for message, _ in claimed]


async def test_only_what_was_on_the_wire_is_in_doubt(house: House, tmp_path: Path) -> None:
    """Of ten claimed letters three had been offered: three are in doubt, seven go back and leave, once each."""
    trace = FileTrace(tmp_path / "wire", "boot")
    claimed = await killed(house, trace, 3)

    doubtful = await recovery.recover(house.doors, FileTrace(tmp_path / "wire", "boot"))

    assert 3 == doubtful
    states = {m.id: m.state for m in await house.mails("thanks")}
    assert {m.id for m in claimed[:3]} == {key for key, s in states.items() if s is MessageState.IN_DOUBT}
    sender = Bulk()
    await beat(house, sender)
    sent = [key for batch in sender.batches for key in batch]
    assert sorted(m.header_id for m in claimed[3:]) == sorted(sent)


async def test_what_a_server_took_before_the_kill_is_sent(house: House, tmp_path: Path) -> None:
    """Of ten claimed letters three had been offered, and two of them taken: one is in doubt, two are sent."""
    trace = FileTrace(tmp_path / "wire", "boot")
    claimed = await killed(house, trace, 3)
    for message in claimed[:2]:
        trace.accepted(message.header_id)

    doubtful = await recovery.recover(house.doors, FileTrace(tmp_path / "wire", "boot"))

    assert 1 == doubtful
    states = {m.id: m.state for m in await house.mails("thanks")}
    assert [MessageState.SENT] * 2 + [MessageState.IN_DOUBT] == [states[m.id] for m in claimed[:3]]
    assert {MessageState.APPROVED} == {states[m.id] for m in claimed[3:]}
    assert 2 == (await house.kinds()).count("message.sent")


async def test_an_answer_is_noted_at_once(house: House, tmp_path: Path) -> None:
    """As soon as a server has taken a letter the trace says so, whatever becomes of the database."""
    trace = FileTrace(tmp_path / "wire", "boot")
    trace.begin("test")
    noted: list[frozenset[str]] = []
    settled = trace.settled

    def before() -> None:
        """What is noted when the beat is over."""
        noted.append(trace.taken("test"))
        settled()

    trace.settled = before  # type: ignore[method-assign]
    mails = await many(house, 3)

    await beat(house, Bulk(), trace=trace)

    assert [frozenset(m.header_id for m in mails)] == noted


async def test_without_a_trace_all_that_was_claimed_is_in_doubt(house: House, tmp_path: Path) -> None:
    """The machine was started anew, or the claims are of a daemon elsewhere: nobody knows."""
    await killed(house, FileTrace(tmp_path / "wire", "boot"), 3)

    assert 10 == await recovery.recover(house.doors, FileTrace(tmp_path / "wire", "another boot"))
    assert {MessageState.IN_DOUBT} == {m.state for m in await house.mails("thanks")}


async def test_the_trace_is_noted_before_the_letter_leaves_and_forgotten_after(
    house: House, tmp_path: Path
) -> None:
    """While a letter is on the wire the trace names it; when its outcome is written it does not any more."""
    await many(house, 2)
    trace = FileTrace(tmp_path / "wire", "boot")
    trace.begin("test")
    seen: list[bool] = []

    def look(letters: Sequence[Letter]) -> None:
        """What a daemon would find if this one died now."""
        noted = FileTrace(tmp_path / "wire", "boot").left("test") or frozenset()
        seen.append({letter.header_id for letter in letters} <= noted)

    await beat(house, Bulk(meanwhile=look), trace=trace)

    assert [True] == seen
    assert frozenset() == trace.left("test")


async def test_copies_wait_for_no_letter_and_no_letter_for_copies(house: House) -> None:
    """All that was accepted gets its copy in the Sent folder, in order, before the beat is over."""
    await many(house, 20)
    kept: list[bytes] = []

    class Folder(Pigeonhole):
        """A Sent folder."""

        async def keep_sent(self, data: bytes, at: datetime) -> None:
            """Slowly."""
            await asyncio.sleep(0)
            kept.append(data)

    await house.fresh()
    copies = {MailboxId("tanaka"): Folder()}
    await send.send_due(house.doors, Bulk(), copies, by="test", stop=house.stop)

    assert 20 == len(set(kept))
    await tick.tick(house.doors)
