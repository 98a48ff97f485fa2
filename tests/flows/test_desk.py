"""What people decide at the desk, at awkward moments."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from nurture.core.change import Change
from nurture.core.ids import RepId
from nurture.core.messages import Enrollment, Message, MessageState
from nurture.core.people import Closure, Organisation
from nurture.core.sending import Outcome, Verdict
from nurture.errors import UserError
from nurture.flows import doubts, enroll, optout, review, tick
from tests.flows.conftest import MET, SCENARIO, House, attendee
from tests.samples import REP

SECOND = replace(REP, id=RepId("mori"), name="森 次郎", email="mori@minato.example", mailbox_id=None)


async def colleague(house: House) -> None:
    """A second representative who may approve for the first."""
    await house.store.commit(Change((SECOND,)))
    (rep,) = await house.store.find(type(REP), {"id": REP.id})
    await house.store.commit(Change((replace(rep, deputy_ids=(SECOND.id,)),)))


async def scenario_with(house: House, old: str, new: str) -> None:
    """The short scenario with one thing changed."""
    path = house.doors.settings.folder / "scenarios" / "other.yaml"
    assert old in SCENARIO
    path.write_text(SCENARIO.replace("id: short", "id: other").replace(old, new), encoding="utf-8")


async def test_nobody_approves_in_a_paused_enrollment(house: House) -> None:
    """Not a thank-you either: the person has replied, and somebody must resume first."""
    (mail,) = (await house.met()).messages
    (row,) = await house.store.find(Enrollment)
    await enroll.pause(house.doors, row.id, by=REP.id, reason="person")

    held = await house.mail("thanks")
    with pytest.raises(UserError):
        await house.approve(held)

    await enroll.resume(house.doors, row.id, by=REP.id)
    await tick.tick(house.doors)
    await house.approve(await house.mail("thanks"))
    await house.send()
    assert 1 == len(house.wire.letters)
    assert mail.header_id == house.wire.letters[0].header_id


async def test_a_pause_after_a_pause_takes_every_date(house: House) -> None:
    """What the first pause sent back to the desk with its reason is undated by the second as well."""
    await house.met()
    (row,) = await house.store.find(Enrollment)
    for _ in range(2):
        await enroll.pause(house.doors, row.id, by=REP.id, reason="person")
        assert {None} == {m.planned_on for m in await house.mails()}
        await enroll.resume(house.doors, row.id, by=REP.id)
        await tick.tick(house.doors)
        assert None not in {m.planned_on for m in await house.mails()}
        assert {""} == {m.reason for m in await house.mails()}


async def test_a_thank_you_planned_for_a_later_day_keeps_that_day(house: House) -> None:
    """A ``within`` step whose calendar blocks today is approved for its date, and leaves then."""
    await scenario_with(house, "on_blocked: ignore, windows: any", "windows: any")
    await house.met()
    (hospital,) = await house.store.find(Organisation)
    closed = replace(hospital, closures=(Closure(MET.date(), MET.date(), "病院機能評価"),))
    await house.store.commit(Change((closed,)))
    done = await house.met(attendee("kato@aoba-hp.example", "加藤", role="nursing"), scenario="other")
    (mail,) = done.messages
    assert date(2027, 5, 11) == mail.planned_on

    approved = await house.approve(mail)
    await house.send()
    assert date(2027, 5, 11) == approved.planned_on
    assert [] == house.wire.letters
    assert MessageState.APPROVED is (await house.store.get(Message, mail.id) or mail).state

    await house.until(MET + timedelta(days=1))
    assert ["kato@aoba-hp.example"] == [one.recipient for one in house.wire.letters]


async def test_a_thank_you_approved_after_midnight_leaves_today(house: House) -> None:
    """Planned for yesterday, approved today: its date is the day on which it leaves."""
    (mail,) = (await house.met()).messages
    house.clock.advance_to(MET + timedelta(hours=10))  # one in the morning

    approved = await house.approve(mail)
    await house.send()

    assert date(2027, 5, 11) == approved.planned_on
    assert 1 == len(house.wire.letters)


async def test_two_people_over_midnight_are_two_for_the_same_date(house: House) -> None:
    """The first approval was for yesterday's date: after midnight it needs two anew."""
    await scenario_with(house, "approve: rep, on_blocked", "approve: two_people, on_blocked")
    await colleague(house)
    (mail,) = (await house.met(scenario="other")).messages
    first = await house.approve(mail)
    assert MessageState.WAITING is first.state
    house.clock.advance_to(MET + timedelta(hours=10))

    second = await review.approve(house.doors, mail.id, by=SECOND.id, seen=first.fingerprint)
    await house.send()
    assert MessageState.WAITING is second.state
    assert [] == house.wire.letters

    await review.approve(house.doors, mail.id, by=REP.id, seen=second.fingerprint)
    await house.send()
    assert 1 == len(house.wire.letters)


async def test_an_edit_between_two_approvals_asks_both_again(house: House) -> None:
    """Four eyes see one text."""
    await scenario_with(house, "approve: rep, on_blocked", "approve: two_people, on_blocked")
    await colleague(house)
    (mail,) = (await house.met(scenario="other")).messages
    first = await house.approve(mail)
    edited = await review.edit(
        house.doors, mail.id, by=SECOND.id, subject="御礼", body="別の文\n", seen=first.fingerprint
    )
    done = await review.approve(house.doors, mail.id, by=SECOND.id, seen=edited.fingerprint)

    assert MessageState.WAITING is done.state
    await house.approve(done)
    await house.send()
    assert 1 == len(house.wire.letters)


async def test_an_opt_out_holds_for_the_address_of_today_too(house: House) -> None:
    """The link of an old mail, the address changed since: both are silent, a new meeting brings no mail."""
    (mail,) = (await house.met()).messages
    await house.approve(mail)
    await house.send()
    person = await house.person()
    await house.store.commit(Change((replace(person, email="h.sato@aoba-hp.example"),)))

    await optout.unsubscribe(house.doors, mail.unsubscribe_token, source="one_click", evidence="POST")
    again = await house.met(attendee("h.sato@aoba-hp.example"), ended_at=MET + timedelta(minutes=5))

    assert () == again.messages
    assert 1 == len(house.wire.letters)


async def test_a_resend_after_two_days_of_trying_is_tried_again(house: House) -> None:
    """A person sends a failed mail again: its attempts begin anew."""
    (mail,) = (await house.met()).messages
    await house.approve(mail)
    house.wire.answer = lambda _: Outcome(Verdict.REFUSED, "550 content")
    await house.send()
    await doubts.settle(house.doors, mail.id, by=REP.id, sent=False, why="seen")
    house.wire.answer = lambda _: Outcome(Verdict.LATER, "450 later")
    await house.send()

    later = await house.mail("thanks")
    assert (MessageState.APPROVED, 1) == (later.state, later.attempts)
    assert later.not_before is not None
    assert later.not_before < house.clock.now() + timedelta(minutes=7)


async def test_a_rejection_of_all_ends_the_enrollment(house: House) -> None:
    """Nothing is left to send and the task is opened: it runs to its end by itself."""
    (mail,) = (await house.met()).messages
    await review.reject(house.doors, mail.id, by=REP.id, reason="不要")
    await house.until(MET + timedelta(days=1))
    await review.reject(house.doors, (await house.mail("case")).id, by=REP.id, reason="不要")
    await house.until(MET + timedelta(days=16))

    (row,) = await house.store.find(Enrollment)
    assert "completed" == row.state.value
