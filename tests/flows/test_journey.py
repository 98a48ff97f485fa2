"""The journey of one lead through the flows: recorded, planned, drafted, approved, sent."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from nurture.core.change import Change
from nurture.core.deals import Deal, Stance, Task, TaskState
from nurture.core.ids import DealId, PersonId
from nurture.core.messages import Enrollment, EnrollmentState, MessageState
from nurture.core.people import Closure, LegalBasis, Organisation, Person
from nurture.core.sending import Outcome, Verdict
from nurture.errors import StaleVersion, UserError, UserErrors
from nurture.flows import doubts, enroll, optout, record, review, send, tick
from tests.flows.conftest import MET, House, attendee
from tests.samples import REP


async def test_the_thank_you_waits_at_once(house: House) -> None:
    """A2, A3: the draft is there when the record is saved, with its three-hour clock."""
    done = await house.met()

    (mail,) = done.messages
    assert (MessageState.WAITING, "thanks") == (mail.state, mail.step_id)
    assert MET + timedelta(hours=3) == mail.deadline
    assert "読影端末2台で試行する" in mail.body
    assert "佐藤" in mail.body
    assert 3 == len(await house.mails())  # one row for each mail step, from its first planned date


async def test_the_sceptics_come_first(house: House) -> None:
    """A6: one draft for each attendee, the sceptic's first."""
    done = await house.met(
        attendee(),
        attendee("kato@aoba-hp.example", "加藤", stance=Stance.SCEPTICAL, role="nursing"),
    )

    people = {p.id: p.family_name for p in await house.store.find(Person)}
    assert ["加藤", "佐藤"] == [people[m.person_id] for m in done.messages]


async def test_a_record_without_minutes_is_refused_whole(house: House) -> None:
    """A3: what the thank-you needs must be there; nothing is written otherwise."""
    with pytest.raises(UserErrors) as caught:
        await record.record(
            house.doors,
            record.MeetingRecord("青葉中央病院", MET, REP.id, (attendee(),), scenario="short"),
        )

    assert {"agreements", "confirmation_question", "next_actions"} == {
        e.values["field"] for e in caught.value.errors
    }
    assert () == await house.store.find(Person)
    assert [] == await house.kinds()


async def test_nothing_leaves_without_approval(house: House) -> None:
    """A month of beats with nobody at the desk: not even the step that the scenario releases, for order holds."""
    await house.met()

    await house.until(MET + timedelta(days=30))

    assert [] == house.wire.letters
    assert {MessageState.WAITING, MessageState.PLANNED} >= {m.state for m in await house.mails()}


async def test_approved_it_leaves_at_once_and_once(house: House) -> None:
    """The thank-you leaves as soon as it is approved; another beat does not send it again."""
    (mail,) = (await house.met()).messages

    await house.approve(mail)
    await house.send()
    await house.send()

    (letter,) = house.wire.letters
    assert ("sato@aoba-hp.example", REP.email) == (letter.recipient, letter.sender)
    assert (await house.mail("thanks")).state is MessageState.SENT


async def test_the_rest_follows_on_its_days(house: House) -> None:
    """Day 4 is Thursday; the draft is at the desk before; the task opens on its day; then it is complete."""
    (mail,) = (await house.met()).messages
    await house.approve(mail)
    await house.send()
    await house.until(MET + timedelta(days=1))

    case = await house.mail("case")
    assert (MessageState.WAITING, date(2027, 5, 13)) == (case.state, case.planned_on)
    await house.approve(case)
    await house.until(MET + timedelta(days=9))
    assert (await house.mail("case")).state is MessageState.SENT
    (task,) = await house.store.find(Task, {"kind": "call"})
    assert TaskState.OPEN is task.state
    await house.until(MET + timedelta(days=13))

    (enrollment,) = await house.store.find(Enrollment)
    assert EnrollmentState.COMPLETED is enrollment.state
    assert 3 == len(house.wire.letters)
    assert 3 == len({letter.header_id for letter in house.wire.letters})


async def test_a_mail_approved_late_in_its_window_leaves_in_it(house: House) -> None:
    """The instant in the window had passed when it was approved: it leaves now, the window being open."""
    (mail,) = (await house.met()).messages
    await house.approve(mail)
    await house.send()
    case = await house.mail("case")
    assert case.planned_at is not None
    await house.until(case.planned_at + timedelta(minutes=30), timedelta(minutes=10))
    waiting = await house.mail("case")
    assert waiting.state is MessageState.WAITING
    if waiting.planned_on == case.planned_on:
        await house.approve(waiting)
        await house.send()
        assert (await house.mail("case")).state in {MessageState.SENT, MessageState.APPROVED}


async def test_what_moves_to_another_day_needs_a_fresh_approval(house: House) -> None:
    """An approval is for one date: a closure that arises moves the mail and brings it back to the desk."""
    await house.met()
    await house.until(MET + timedelta(days=1))
    case = await house.approve(await house.mail("case"))
    (hospital,) = await house.store.find(Organisation)
    closed = replace(hospital, closures=(Closure(date(2027, 5, 13), date(2027, 5, 13), "病院機能評価"),))
    await house.store.commit(Change((closed,)))
    await house.store.wake_all(house.clock.now())

    await tick.tick(house.doors)

    moved = await house.mail("case")
    assert (MessageState.PLANNED, date(2027, 5, 14), ()) == (moved.state, moved.planned_on, moved.approvals)
    assert "blackout" in [m.rule for m in moved.moves]
    await house.until(MET + timedelta(days=2))
    written = await house.mail("case")
    assert (MessageState.WAITING, "moved") == (written.state, written.reason)
    assert case.fingerprint != written.fingerprint


async def test_a_text_that_somebody_edited_is_kept_when_its_date_moves(house: House) -> None:
    """The program writes its own texts anew; a person's work it brings back to the person."""
    await house.met()
    await house.until(MET + timedelta(days=1))
    case = await house.mail("case")
    await review.edit(
        house.doors, case.id, by=REP.id, subject="事例のご紹介", body="手で直した本文\n", seen=case.fingerprint
    )
    (hospital,) = await house.store.find(Organisation)
    closed = replace(hospital, closures=(Closure(date(2027, 5, 13), date(2027, 5, 13), "病院機能評価"),))
    await house.store.commit(Change((closed,)))
    await house.store.wake_all(house.clock.now())

    await tick.tick(house.doors)

    moved = await house.mail("case")
    assert (MessageState.WAITING, date(2027, 5, 14)) == (moved.state, moved.planned_on)
    assert "手で直した本文" in moved.body


async def test_a_changed_address_gets_a_new_text(house: House) -> None:
    """A mail that was approved for the old address is not sent there, nor unseen to the new one."""
    (thanks,) = (await house.met()).messages
    await house.approve(thanks)
    await house.send()
    await house.until(MET + timedelta(days=1))
    case = await house.approve(await house.mail("case"))
    assert case.planned_at is not None
    person = await house.person()
    await house.store.commit(Change((replace(person, email="h.sato@aoba-hp.example"),)))
    house.clock.advance_to(case.planned_at)

    await house.send()
    held = await house.mail("case")
    await house.store.wake_all(house.clock.now())
    await tick.tick(house.doors)

    assert 1 == len(house.wire.letters)
    assert "address_changed" == held.reason
    fresh = await house.mail("case")
    assert (MessageState.WAITING, "h.sato@aoba-hp.example") == (fresh.state, fresh.to_address)


async def test_the_last_check_sees_what_the_beat_has_not(house: House) -> None:
    """The same closure, known only when the letter is about to leave: it does not leave."""
    await house.met()
    await house.until(MET + timedelta(days=1))
    case = await house.approve(await house.mail("case"))
    assert case.planned_at is not None
    (hospital,) = await house.store.find(Organisation)
    closed = replace(hospital, closures=(Closure(date(2027, 5, 13), date(2027, 5, 13), "病院機能評価"),))
    house.clock.advance_to(case.planned_at)
    await house.store.commit(Change((closed,)))

    report = await house.send()

    assert 1 == report.held
    assert [] == house.wire.letters
    assert "moved" == (await house.mail("case")).reason


async def test_a_stale_mailbox_holds_the_mail(house: House) -> None:
    """Nothing leaves when the mailbox has not been read within the last minute; the daemon is told which."""
    (mail,) = (await house.met()).messages
    await house.approve(mail)
    await house.fresh()
    house.clock.advance_to(house.clock.now() + timedelta(seconds=61))

    report = await send.send_due(house.doors, house.wire, {}, by="test", stop=house.stop)

    assert (REP.mailbox_id,) == report.stale
    assert [] == house.wire.letters
    assert (await house.mail("thanks")).state is MessageState.APPROVED


async def test_what_an_earlier_daemon_read_counts_for_nothing(house: House) -> None:
    """A daemon that has just started reads the mailbox before it sends, however fresh the row looks."""
    (mail,) = (await house.met()).messages
    await house.approve(mail)
    await house.fresh()
    house.clock.advance_to(house.clock.now() + timedelta(seconds=1))

    started = house.clock.now()
    report = await send.send_due(house.doors, house.wire, {}, by="test", stop=house.stop, since=started)

    assert (REP.mailbox_id,) == report.stale
    assert [] == house.wire.letters


async def test_after_stop_nothing_new_goes_on_the_wire(house: House) -> None:
    """SIGTERM: what was claimed and has not begun goes back, still approved."""
    (mail,) = (await house.met()).messages
    await house.approve(mail)
    house.stop.set()

    await house.send()

    assert [] == house.wire.letters
    assert (await house.mail("thanks")).state is MessageState.APPROVED


async def test_a_lost_line_is_a_doubt_and_stays_one(house: House) -> None:
    """In doubt: shown, settled by a person, never repeated by itself."""
    (mail,) = (await house.met()).messages
    await house.approve(mail)
    house.wire.answer = lambda _: Outcome(Verdict.UNKNOWN, "line lost")
    await house.send()
    await house.until(MET + timedelta(days=2))

    assert 1 == len(house.wire.letters)
    assert (await house.mail("thanks")).state is MessageState.IN_DOUBT
    house.wire.answer = lambda _: Outcome(Verdict.ACCEPTED, "250 ok")
    await doubts.settle(house.doors, mail.id, by=REP.id, sent=False, why="seen")
    await house.send()
    again = house.wire.letters[1] if len(house.wire.letters) > 1 else None
    assert again is None or again.header_id == house.wire.letters[0].header_id


async def test_a_refused_address_ends_it(house: House) -> None:
    """The server says that the address is no good: suppression and stop, as after a bounce."""
    (mail,) = (await house.met()).messages
    await house.approve(mail)
    house.wire.answer = lambda _: Outcome(Verdict.REFUSED_RECIPIENT, "550 5.1.1 unknown")
    await house.send()
    await house.until(MET + timedelta(hours=4))

    (enrollment,) = await house.store.find(Enrollment)
    assert (EnrollmentState.STOPPED, "bounce") == (enrollment.state, enrollment.reason)
    assert "message.failed" in await house.kinds()


async def test_without_a_legal_basis_nothing_is_drafted(house: House) -> None:
    """No basis: a warning at once, and the enrollment pauses with the reason."""
    done = await house.met(attendee(legal_basis=LegalBasis()))

    assert 1 == len(done.warnings)
    assert () == done.messages
    (enrollment,) = await house.store.find(Enrollment)
    assert (EnrollmentState.PAUSED, "no_legal_basis") == (enrollment.state, enrollment.reason)


async def test_opting_out_by_the_link(house: House) -> None:
    """One click: suppressed and stopped; a second click changes nothing; a wrong token is nobody's."""
    (mail,) = (await house.met()).messages
    done = await optout.unsubscribe(house.doors, mail.unsubscribe_token, source="one_click", evidence="POST")

    assert done
    before = await house.kinds()
    assert "person.suppressed" in before
    assert "enrollment.stopped" in before
    assert {MessageState.CANCELLED} == {m.state for m in await house.mails()}
    await optout.unsubscribe(house.doors, mail.unsubscribe_token, source="one_click", evidence="POST")
    assert before == await house.kinds()
    assert await optout.unsubscribe(house.doors, "nobody", source="one_click", evidence="") is False
    assert await optout.unsubscribe(house.doors, "", source="one_click", evidence="") is False


async def test_a_suppressed_person_is_not_written_to_again(house: House) -> None:
    """A new meeting with somebody who opted out enrolls and stops at once."""
    (mail,) = (await house.met()).messages
    await optout.unsubscribe(house.doors, mail.unsubscribe_token, source="web", evidence="button")

    again = await house.met(attendee(), ended_at=MET + timedelta(minutes=5))

    assert () == again.messages
    assert {EnrollmentState.STOPPED} == {e.state for e in await house.store.find(Enrollment)}


async def test_an_edit_keeps_the_footer_and_needs_a_look(house: House) -> None:
    """The legal footer comes back under whatever a person writes; the fingerprint moves on."""
    (mail,) = (await house.met()).messages
    edited = await review.edit(
        house.doors,
        mail.id,
        by=REP.id,
        subject="本日の御礼",
        body="佐藤先生\n\n本日はありがとうございました。\n",
        seen=mail.fingerprint,
    )

    assert "本日はありがとうございました" in edited.body
    assert "配信停止" in edited.body
    assert "東京都港区架空1-2-3" in edited.body
    with pytest.raises(StaleVersion):
        await review.approve(house.doors, mail.id, by=REP.id, seen=mail.fingerprint)


async def test_a_pause_and_a_resume_keep_the_spacing(house: House) -> None:
    """Resumed three weeks later, the next step is due today and the one after it eight days later."""
    (mail,) = (await house.met()).messages
    await house.approve(mail)
    await house.send()
    (enrollment,) = await house.store.find(Enrollment)
    await enroll.pause(house.doors, enrollment.id, by=REP.id, reason="person")
    await house.until(MET + timedelta(days=21))
    assert 1 == len(house.wire.letters)

    await enroll.resume(house.doors, enrollment.id, by=REP.id)
    await tick.tick(house.doors)

    case, column = await house.mail("case"), await house.mail("column")
    assert date(2027, 5, 31) == case.planned_on  # 15:00: today's last window is open until 16:30
    assert column.nominal is not None
    assert case.nominal is not None
    assert 8 == (column.nominal - case.nominal).days


async def test_a_rejected_step_is_passed_over(house: House) -> None:
    """No: the step is not sent, the rest goes on."""
    (mail,) = (await house.met()).messages
    await review.reject(house.doors, mail.id, by=REP.id, reason="電話で済ませた")
    await house.until(MET + timedelta(days=1))

    assert (await house.mail("case")).state is MessageState.WAITING


async def test_nobody_is_enrolled_twice(house: House) -> None:
    """The same meeting recorded once more warns and doubles no mail (a later one: ``test_met_again``)."""
    await house.met()
    again = await house.met()

    assert 1 == len(again.warnings)
    assert 1 == len(await house.store.find(Enrollment))
    assert 3 == len(await house.mails())


async def test_enrolling_asks_who_and_what(house: House) -> None:
    """An unknown person or scenario is an error with words."""
    await house.met()
    person = await house.person()

    with pytest.raises(UserError):
        await enroll.enroll(house.doors, person.id, "nothing", by=REP.id, anchor_at=MET)
    with pytest.raises(UserError):
        await enroll.enroll(house.doors, PersonId("nobody"), "short", by=REP.id, anchor_at=MET)
    with pytest.raises(UserError):
        await enroll.enroll(house.doors, person.id, "short", by=REP.id, anchor_at=MET, deal_id=await deal(house))


async def deal(house: House) -> DealId:
    """The one deal."""
    (found,) = await house.store.find(Deal)
    return found.id
