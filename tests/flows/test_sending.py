"""What may go wrong around a letter that is about to leave, is leaving, or has just left."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from nurture.core import last_look as core_last_look
from nurture.core import survey as core_survey
from nurture.core.change import Change, MailboxState
from nurture.core.ids import MailboxId
from nurture.core.messages import Enrollment, EnrollmentState, Message, MessageState
from nurture.core.people import Closure, Organisation
from nurture.core.sending import Outcome, Verdict
from nurture.errors import Impossible, TemporaryFailure, UserError
from nurture.flows import doubts, enroll, optout, receive, recovery, review, send, tick
from nurture.flows.supply import FIRST
from nurture.mail import compose as mail_compose
from tests.flows.conftest import MET, TOKYO, House, attendee
from tests.flows.test_receive import Pigeonhole, letter, thanked
from tests.samples import REP

if TYPE_CHECKING:
    from collections.abc import Callable

    from nurture.core.sending import Letter

LATER = Outcome(Verdict.LATER, "450 greylisted")
OK = Outcome(Verdict.ACCEPTED, "250 ok")


async def two_approved(house: House) -> list[Message]:
    """Two colleagues' thank-yous, approved."""
    done = await house.met(attendee(), attendee("kato@aoba-hp.example", "加藤", role="nursing"))
    return [await house.approve(mail) for mail in done.messages]


async def approved_case(house: House) -> Message:
    """The case mail, approved, its moment come."""
    await thanked(house)
    await house.until(MET + timedelta(days=1))
    case = await house.approve(await house.mail("case"))
    assert case.planned_at is not None
    house.clock.advance_to(case.planned_at)
    return case


# --- the outcome ---


async def test_an_outcome_is_written_when_the_store_can_again(house: House) -> None:
    """A full disk just after the letter was accepted: it is written as sent, by and by, and never sent again."""
    (mail,) = (await house.met()).messages
    await house.approve(mail)
    refused = 0

    async def _full(change: Change) -> None:
        nonlocal refused
        if any(e.kind == "message.sent" for e in change.entries) and refused < 3:
            refused += 1
            raise TemporaryFailure("The disk is full")

    await house.fresh()
    house.store.trouble = _full
    beat = asyncio.create_task(send.send_due(house.doors, house.wire, {}, by="test", stop=house.stop), name="beat")
    while not beat.done():
        await house.clock.settled(0)
        if (wake := house.clock.next_wake()) is not None:
            house.clock.advance_to(wake)
        await asyncio.sleep(0)

    assert MessageState.SENT is (await house.mail("thanks")).state
    await house.send()
    assert (1, 3) == (len(house.wire.letters), refused)


async def test_the_outcome_of_one_letter_is_no_matter_of_the_others(house: House) -> None:
    """A store that cannot write one outcome does not tear the other letters off the wire."""
    first, second = await two_approved(house)
    house.stop = asyncio.Event()

    async def _never(change: Change) -> None:
        if any(e.kind == "message.sent" and e.message_id == first.id for e in change.entries):
            house.stop.set()  # so that it is not tried for ever
            raise TemporaryFailure("The disk is full")

    house.store.trouble = _never
    await house.send()

    states = {m.id: m.state for m in await house.mails("thanks")}
    assert MessageState.SENDING is states[first.id]  # in doubt, once the daemon starts again
    assert states[second.id] in {MessageState.SENT, MessageState.APPROVED}
    house.store.trouble = None
    assert 1 == await recovery.recover(house.doors)
    house.stop.clear()
    await house.send()
    sent = [one.header_id for one in house.wire.letters]
    assert len(sent) == len(set(sent)) == 2


async def test_a_row_that_somebody_touched_still_gets_its_outcome(house: House) -> None:
    """Nobody may write to a mail that is on the wire; if somebody did, what happened is recorded all the same."""
    (mail,) = (await house.met()).messages
    await house.approve(mail)

    async def _touch(_: Letter) -> None:
        row = await house.mail("thanks")
        await house.store.commit(Change((replace(row, answer="touched"),)))

    house.wire.meanwhile = _touch
    await house.send()

    assert MessageState.SENT is (await house.mail("thanks")).state


async def test_a_sender_that_breaks_leaves_a_doubt(house: House) -> None:
    """A fault of ours while the letter was on the wire: nobody knows, and the other letter is not stopped."""
    first, second = await two_approved(house)

    async def _broken(one: Letter) -> None:
        if one.header_id == first.header_id:
            raise RuntimeError("a bug")

    house.wire.meanwhile = _broken
    report = await house.send()

    states = {m.id: m.state for m in await house.mails("thanks")}
    assert {first.id: MessageState.IN_DOUBT, second.id: MessageState.SENT} == states
    assert report.problems


async def test_what_cannot_be_put_into_bytes_fails_alone(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Any fault of composing, not only the foreseen: that mail fails with the reason, the other leaves."""
    first, second = await two_approved(house)
    real = mail_compose.compose

    def compose(message: Message, **how: object) -> bytes:
        """Broken for one."""
        if message.id == first.id:
            raise ZeroDivisionError
        return real(message, **how)  # type: ignore[arg-type]

    monkeypatch.setattr("nurture.flows.departures.compose", compose)
    await house.send()

    states = {m.id: m.state for m in await house.mails("thanks")}
    assert {first.id: MessageState.FAILED, second.id: MessageState.SENT} == states


async def test_a_failed_copy_says_nothing_about_the_letter(house: House) -> None:
    """The Sent folder breaks in an unforeseen way: the letter has left and says so."""

    class Broken(Pigeonhole):
        """A mailbox that fails."""

        async def keep_sent(self, data: bytes, at: object) -> None:
            """Break."""
            raise RuntimeError("a bug")

    (mail,) = (await house.met()).messages
    await house.approve(mail)
    await house.fresh()
    report = await send.send_due(
        house.doors, house.wire, {MailboxId("tanaka"): Broken()}, by="test", stop=house.stop
    )

    assert MessageState.SENT is (await house.mail("thanks")).state
    assert 1 == len(report.problems)


# --- the last check ---


async def test_a_mail_that_cannot_be_checked_waits_without_haste(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A broken calendar file: nothing leaves, the claim is undone, and it is not tried again at once for ever."""
    (mail,) = (await house.met()).messages
    await house.approve(mail)

    def broken(*_: object) -> tuple[()]:
        """A calendar that cannot be read."""
        raise UserError("the calendar is broken")

    monkeypatch.setattr(house.doors.library, "calendars", broken)
    for _ in range(5):
        await house.send()

    put_back = await house.mail("thanks")
    assert (MessageState.APPROVED, "unplannable") == (put_back.state, put_back.reason)
    assert 1 == (await house.kinds()).count("message.put_back")
    due = await house.store.next_due()
    assert due is not None
    assert due > house.clock.now()
    monkeypatch.undo()
    house.clock.advance_to(due)
    await house.send()
    assert 1 == len(house.wire.letters)


async def test_a_fault_in_the_check_is_one_mails_matter(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug while one mail is checked, quickly and in full, leaves no row claimed and the others go."""
    first, second = await two_approved(house)

    def broken_for_first(real: Callable[..., Any], enrollment: Callable[..., Any]) -> Callable[..., Any]:
        """The same, broken for one."""

        def check(*given: Any, **more: Any) -> Any:
            """Fail, or do it."""
            if enrollment(*given) == first.enrollment_id:
                raise KeyError("a bug")
            return real(*given, **more)

        return check

    quick = broken_for_first(core_last_look.may_leave, lambda _message, seen, *_: seen.enrollment_id)
    closer = broken_for_first(core_survey.survey, lambda dossier, *_: dossier.enrollment.id)
    monkeypatch.setattr(core_last_look, "may_leave", quick)
    monkeypatch.setattr(core_survey, "survey", closer)
    report = await house.send()

    states = {m.id: m.state for m in await house.mails("thanks")}
    assert {first.id: MessageState.APPROVED, second.id: MessageState.SENT} == states
    assert report.problems


async def test_a_reply_that_was_read_while_others_were_on_the_wire_counts(house: House) -> None:
    """Each letter is checked just before it leaves: what was learned during the letters before it counts."""
    people = [attendee(f"p{n}@aoba-hp.example", f"人{n}") for n in range(3)]
    done = await house.met(*people)
    for mail in done.messages:
        await house.approve(mail)

    async def _opted_out(one: Letter) -> None:
        house.wire.meanwhile = None
        for message in await house.mails("thanks"):
            if message.header_id != one.header_id:
                await optout.unsubscribe(
                    house.doors, message.unsubscribe_token, source="one_click", evidence="POST"
                )

    house.wire.meanwhile = _opted_out
    await house.send()

    alone = len(house.wire.letters)
    assert alone <= FIRST  # what was on the wire at that very moment


async def test_the_mailbox_must_still_be_fresh_for_the_last_of_many(house: House) -> None:
    """A slow server: while the first letters take minutes, the mailbox goes stale, and the rest waits."""
    people = [attendee(f"p{n}@aoba-hp.example", f"人{n}") for n in range(5)]
    for mail in (await house.met(*people)).messages:
        await house.approve(mail)

    async def _slow(_: Letter) -> None:
        house.clock.advance_to(house.clock.now() + timedelta(seconds=90))

    house.wire.meanwhile = _slow
    await house.send()

    assert len(house.wire.letters) <= FIRST
    assert {MessageState.SENT, MessageState.APPROVED} == {m.state for m in await house.mails("thanks")}


async def test_a_mailbox_read_in_the_future_is_not_fresh(house: House) -> None:
    """A clock that was put back: what was 'read' an hour from now says nothing about this minute."""
    (mail,) = (await house.met()).messages
    await house.approve(mail)
    later = MailboxState(MailboxId("tanaka"), read_at=house.clock.now() + timedelta(hours=1))
    await house.store.commit(Change((later,)))

    report = await send.send_due(house.doors, house.wire, {}, by="test", stop=house.stop)

    assert (REP.mailbox_id,) == report.stale
    assert [] == house.wire.letters


async def test_a_mail_whose_mailbox_is_gone_comes_back_to_the_desk(house: House) -> None:
    """The mailbox was taken out of config.toml: the mail does not stand approved for ever, unsaid."""
    (mail,) = (await house.met()).messages
    await house.approve(mail)
    doors = replace(house.doors, settings=replace(house.doors.settings, mailboxes=()))

    await send.send_due(doors, house.wire, {}, by="test", stop=house.stop)

    held = await house.mail("thanks")
    assert (MessageState.WAITING, "no_mailbox") == (held.state, held.reason)
    assert "message.held" in await house.kinds()
    assert [] == house.wire.letters


async def test_another_mailbox_means_another_letter(house: House) -> None:
    """The representative's mailbox changed: the text is written anew, from that address, and approved again."""
    case = await approved_case(house)
    new = replace(house.doors.settings.mailboxes[0], id=MailboxId("new"), address="t@minato.example")
    settings = replace(house.doors.settings, mailboxes=(new,))
    house.doors = replace(house.doors, settings=settings)
    (rep,) = await house.store.find(type(REP))
    await house.store.commit(Change((replace(rep, mailbox_id=new.id, email="t@minato.example"),)))
    await send.send_due(house.doors, house.wire, {}, by="test", stop=house.stop)
    await house.store.wake_all(house.clock.now())
    await tick.tick(house.doors)

    fresh = await house.mail("case")
    assert (MessageState.WAITING, "new", "t@minato.example") == (
        fresh.state,
        fresh.mailbox_id,
        fresh.from_address,
    )
    assert case.from_address not in {fresh.from_address}
    assert 1 == len(house.wire.letters)


async def test_a_held_mail_is_planned_at_once(house: House) -> None:
    """What the last check holds because its date moved is brought to its new date by the next beat."""
    await approved_case(house)
    (hospital,) = await house.store.find(Organisation)
    closed = replace(hospital, closures=(Closure(date(2027, 5, 12), date(2027, 5, 20), "静かに", "quiet"),))
    await house.store.commit(Change((closed,)))
    await house.send()
    assert "moved" == (await house.mail("case")).reason

    await tick.tick(house.doors)

    assert date(2027, 5, 21) == (await house.mail("case")).planned_on


async def test_a_hold_does_not_outlive_a_stop(house: House) -> None:
    """An opt-out between the claim and the hold: the mail ends with its enrollment, not at the desk."""
    await approved_case(house)
    (hospital,) = await house.store.find(Organisation)
    await house.store.commit(
        Change((replace(hospital, closures=(Closure(date(2027, 5, 12), date(2027, 5, 20), "静かに", "quiet"),)),))
    )
    (running,) = await house.store.find(Enrollment)

    async def _stopped(change: Change) -> None:
        if any(e.kind == "message.held" for e in change.entries):
            house.store.trouble = None
            await enroll.stop(house.doors, running.id, by=REP.id, reason="person")

    house.store.trouble = _stopped
    await house.send()

    assert {MessageState.SENT, MessageState.CANCELLED} == {m.state for m in await house.mails()}


async def test_two_approvals_mean_two_for_this_text(house: House) -> None:
    """Somebody's earlier approval of another text is no second approval."""
    (mail,) = (await house.met()).messages
    done = await house.approve(mail)
    (mine,) = done.approvals
    other = replace(mine, by="suzuki", fingerprint="0" * 64)  # type: ignore[arg-type]
    await house.store.commit(Change((replace(done, approve="two_people", approvals=(other, mine)),)))

    await house.send()

    assert [] == house.wire.letters
    assert "not_approved_so" == (await house.mail("thanks")).reason


async def test_content_that_was_withdrawn_does_not_leave(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The item that the text speaks of was taken from the library after the approval: the mail comes back."""
    case = await approved_case(house)
    left = tuple(item for item in house.doors.library.content() if item.id != case.content_id)
    monkeypatch.setattr(house.doors.library, "content", lambda: left)

    await house.send()

    assert 1 == len(house.wire.letters)
    assert MessageState.WAITING is (await house.mail("case")).state


# --- retries ---


async def test_a_colleagues_reply_counts_for_a_letter_that_comes_back(house: House) -> None:
    """Policy hold: a letter that was on the wire when a colleague replied, and was put off, is looked at again."""
    first, second = await two_approved(house)
    house.wire.answer = lambda one: OK if one.header_id == first.header_id else LATER

    async def _replied(one: Letter) -> None:
        if one.header_id == second.header_id:
            house.wire.meanwhile = None
            box = Pigeonhole([letter("承知しました。", first, sender=first.to_address)])
            await receive.receive(house.doors, house.doors.settings.mailboxes[0], box)

    house.wire.meanwhile = _replied
    await house.send()
    house.wire.answer = lambda _: OK
    house.clock.advance_to(house.clock.now() + timedelta(minutes=10))
    await house.send()

    held = await house.store.get(Message, second.id)
    assert held is not None
    assert (MessageState.WAITING, "called_back") == (held.state, held.reason)
    assert 2 == len(house.wire.letters)
    await house.approve(held)
    await house.send()
    assert 3 == len(house.wire.letters)


async def test_a_retry_beyond_midnight_needs_a_fresh_look(house: House) -> None:
    """Put off until the next day: the approval was for yesterday's date, so the mail comes back to the desk."""
    case = await approved_case(house)
    house.wire.answer = lambda _: LATER
    await house.send()
    assert MessageState.APPROVED is (await house.mail("case")).state
    house.clock.advance_to(house.clock.now() + timedelta(days=1))
    house.wire.answer = lambda _: OK
    await house.send()
    await tick.tick(house.doors)

    moved = await house.mail("case")
    assert MessageState.WAITING is moved.state
    assert case.planned_on is not None
    assert case.planned_on + timedelta(days=1) == moved.planned_on
    assert ("put_off", LATER.answer) == (moved.reason, moved.answer)  # it says why it is back
    assert 2 == len(house.wire.letters)


async def test_what_a_server_puts_off_all_day_is_a_persons_also_without_approval(house: House) -> None:
    """A step that leaves by itself does not try for ever, day after day: after the first somebody looks at it."""
    await approved_case(house)
    await house.send()
    await house.until(MET + timedelta(days=10))
    column = await house.mail("column")
    assert column.planned_at is not None
    house.clock.advance_to(column.planned_at)
    house.wire.answer = lambda _: LATER
    for _ in range(30):
        await house.send()
        house.clock.advance_to(house.clock.now() + timedelta(hours=1))
        await tick.tick(house.doors)
    waiting = await house.mail("column")

    assert (MessageState.WAITING, "put_off", LATER.answer) == (waiting.state, waiting.reason, waiting.answer)
    house.wire.answer = lambda _: OK
    again = await house.approve(waiting)
    assert again.planned_at is not None
    house.clock.advance_to(max(again.planned_at, house.clock.now()))
    await house.send()
    assert MessageState.SENT is (await house.mail("column")).state


# --- doubts ---


async def test_sent_again_days_later_it_is_looked_at_again(house: House) -> None:
    """A doubt settled as 'send again' on another day: the approval was for that day; nothing is lost."""
    case = await approved_case(house)
    house.wire.answer = lambda _: Outcome(Verdict.UNKNOWN, "line lost")
    await house.send()
    house.clock.advance_to(house.clock.now() + timedelta(days=5))
    house.wire.answer = lambda _: OK
    await doubts.settle(house.doors, case.id, by=REP.id, sent=False, why="seen")
    await house.send()
    await tick.tick(house.doors)
    waiting = await house.mail("case")

    assert MessageState.WAITING is waiting.state
    assert case.header_id == waiting.header_id
    assert 2 == len(house.wire.letters)
    await house.approve(waiting)
    assert waiting.planned_at is not None
    house.clock.advance_to(max(waiting.planned_at, house.clock.now()))
    await house.send()
    assert MessageState.SENT is (await house.mail("case")).state


async def test_sent_again_at_once_it_leaves_as_it_was(house: House) -> None:
    """The same day: the approval still holds, the same Message-ID, the same text."""
    (mail,) = (await house.met()).messages
    await house.approve(mail)
    house.wire.answer = lambda _: Outcome(Verdict.UNKNOWN, "line lost")
    await house.send()
    house.wire.answer = lambda _: OK
    await doubts.settle(house.doors, mail.id, by=REP.id, sent=False, why="seen")
    await house.send()

    assert 2 == len(house.wire.letters)
    assert 1 == len({one.header_id for one in house.wire.letters})
    assert MessageState.SENT is (await house.mail("thanks")).state


async def test_sent_again_after_the_end_is_cancelled_with_a_reason(house: House) -> None:
    """A failed mail of an enrollment that has ended does not leave, and says why."""
    (mail,) = (await house.met()).messages
    await house.approve(mail)
    house.wire.answer = lambda _: Outcome(Verdict.REFUSED, "550 content")
    await house.send()
    (running,) = await house.store.find(Enrollment)
    await house.store.commit(Change((replace(running, state=EnrollmentState.COMPLETED, wake_at=None),)))
    await doubts.settle(house.doors, mail.id, by=REP.id, sent=False, why="seen")
    await house.send()

    ended = await house.mail("thanks")
    assert (MessageState.CANCELLED, "ended") == (ended.state, ended.reason)
    assert 1 == len(house.wire.letters)


async def test_two_enrollments_of_one_person_send_one_mail_a_day(house: House) -> None:
    """Whatever was approved: of two mails for one date one leaves, the other moves."""
    thanks = await thanked(house)
    person = await house.person()
    await enroll.enroll(house.doors, person.id, "short", by=REP.id, anchor_at=MET, deal_id=None)
    await tick.tick(house.doors)
    others = [m for m in await house.mails("thanks") if m.id != thanks.id]
    assert [] == [m for m in others if m.planned_on == thanks.planned_on]
    await house.until(MET + timedelta(days=1))
    cases = await house.mails("case")
    assert 2 == len(cases)
    same = MET.date() + timedelta(days=3)
    for case in cases:  # as two processes that planned at the same moment might leave them
        text = case if case.body else replace(cases[0], id=case.id, enrollment_id=case.enrollment_id)
        row = replace(
            case,
            state=MessageState.WAITING,
            planned_on=same,
            planned_at=cases[0].planned_at,
            body=text.body,
            subject=text.subject,
            to_address=text.to_address,
            from_address=text.from_address,
            from_name=text.from_name,
            header_id=case.header_id or f"<{case.id}@minato.example>",
            edited_by=REP.id,
        )
        await house.store.commit(Change((row,)))
    for case in await house.mails("case"):
        await house.approve(case)
    assert cases[0].planned_at is not None
    house.clock.advance_to(cases[0].planned_at + timedelta(minutes=1))
    await house.send()

    left = [m for m in await house.mails() if m.state is MessageState.SENT and m.planned_on == same]
    assert len(left) <= 1


async def test_the_whole_of_it_on_sqlite(sql_house: House) -> None:
    """Claim, outcome, hold and stop with the real store: nothing stands in SENDING, nothing left twice."""
    first, second = await two_approved(sql_house)
    sql_house.wire.answer = lambda one: OK if one.header_id == first.header_id else LATER
    await sql_house.send()
    await optout.unsubscribe(sql_house.doors, second.unsubscribe_token, source="web", evidence="button")
    sql_house.clock.advance_to(sql_house.clock.now() + timedelta(hours=5))
    await sql_house.send()

    states = {m.id: m.state for m in await sql_house.mails("thanks")}
    assert {first.id: MessageState.SENT, second.id: MessageState.CANCELLED} == states
    assert 2 == len(sql_house.wire.letters)


async def test_an_approved_mail_waits_its_moment_of_regret(house: House) -> None:
    """As long as whoever approves asks for, it is not claimed, and can be taken back meanwhile."""
    (mail,) = (await house.met()).messages
    undo = timedelta(seconds=60)
    await review.approve(house.doors, mail.id, by=REP.id, seen=mail.fingerprint, undo=undo)
    await house.send()
    assert [] == house.wire.letters
    house.clock.advance_to(house.clock.now() + timedelta(seconds=60))
    await house.send()
    assert 1 == len(house.wire.letters)


def tolerant(house: House, minutes: int) -> None:
    """A house whose approvals hold for so long around their moment."""
    work = replace(house.doors.settings.work, tolerance_minutes=minutes)
    house.doors = replace(house.doors, settings=replace(house.doors.settings, work=work))


async def test_within_its_day_an_approved_mail_may_leave_hours_later(house: House) -> None:
    """Any moment of the approved day is good: the daemon stood still, the afternoon's window is open."""
    case = await approved_case(house)
    assert case.planned_at is not None
    house.clock.advance_to(case.planned_at.astimezone(TOKYO).replace(hour=14, minute=0))
    await house.send()

    assert MessageState.SENT is (await house.mail("case")).state


@pytest.mark.parametrize("hour", [12, 14])
async def test_too_far_from_the_approved_moment_it_is_approved_again(house: House, hour: int) -> None:
    """``tolerance_minutes``: in no window, or in a later one. A fresh approval is one for the new moment."""
    tolerant(house, 60)
    case = await approved_case(house)
    assert case.planned_at is not None
    later = case.planned_at.astimezone(TOKYO).replace(hour=hour, minute=0)
    house.clock.advance_to(later)
    await house.send()
    held = await house.mail("case")

    assert (MessageState.WAITING, "other_hour", ()) == (held.state, held.reason, held.approvals)
    assert "message.held" in await house.kinds()
    assert case.planned_on == held.planned_on
    await house.store.wake_all(house.clock.now())
    await tick.tick(house.doors)
    await house.approve(await house.mail("case"))
    house.clock.advance_to(max(later, (await house.mail("case")).planned_at or later))
    await house.send()
    assert MessageState.SENT is (await house.mail("case")).state


async def test_what_was_approved_late_is_good_from_then_on(house: House) -> None:
    """The moment had passed when somebody approved: the tolerance counts from the approval."""
    tolerant(house, 60)
    await thanked(house)
    await house.until(MET + timedelta(days=1))
    waiting = await house.mail("case")
    assert waiting.planned_at is not None
    house.clock.advance_to(waiting.planned_at.astimezone(TOKYO).replace(hour=14, minute=0))
    await house.approve(waiting)
    await house.send()

    assert MessageState.SENT is (await house.mail("case")).state


async def test_an_approval_that_was_taken_back_lets_nothing_leave(house: House) -> None:
    """The mail waits again; a fresh approval sends it once."""
    (mail,) = (await house.met()).messages
    undo = timedelta(seconds=60)
    await review.approve(house.doors, mail.id, by=REP.id, seen=mail.fingerprint, undo=undo)
    back = await review.take_back(house.doors, mail.id, by=REP.id)
    house.clock.advance_to(house.clock.now() + timedelta(minutes=5))
    await house.send()

    assert (MessageState.WAITING, (), "taken_back") == (back.state, back.approvals, back.reason)
    assert [] == house.wire.letters

    await house.approve(back)
    await house.send()
    await house.send()

    assert 1 == len(house.wire.letters)


async def test_what_is_being_sent_cannot_be_taken_back(house: House) -> None:
    """Between claim and answer the row is the sender's; afterwards it has left."""
    (mail,) = (await house.met()).messages
    await house.approve(mail)
    await house.fresh()
    ((claimed, _),) = await house.store.claim(house.clock.now(), 1, "test", (MailboxId("tanaka"),))
    with pytest.raises(Impossible):
        await review.take_back(house.doors, claimed.id, by=REP.id)

    assert MessageState.SENDING is (await house.mail("thanks")).state
