"""What is wrong with one enrollment is wrong with it alone; nobody sleeps for ever, or never."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from nurture.core import progress
from nurture.core.change import Change, ScenarioText
from nurture.core.ids import EnrollmentId, ScenarioHash
from nurture.core.messages import Enrollment, EnrollmentState, Entry, MessageState, Suppression
from nurture.core.people import Person
from nurture.core.sending import Outcome, Verdict
from nurture.errors import Impossible, StaleVersion
from nurture.flows import enroll, receive, review, tick
from tests.flows.conftest import MET, House, attendee
from tests.flows.test_receive import Pigeonhole, letter
from tests.samples import REP

if TYPE_CHECKING:
    from nurture.core.draft import Brief, Draft

REFUSED = Outcome(Verdict.REFUSED_RECIPIENT, "550 5.1.1 unknown")


async def two(house: House) -> tuple[Enrollment, Enrollment]:
    """Two people on the way, the first of them the first in the batch."""
    done = await house.met(attendee(), attendee("kato@aoba-hp.example", "加藤", role="nursing"))
    first, second = sorted(done.enrollments, key=lambda e: e.id)
    return first, second


async def is_looked_after(house: House, key: EnrollmentId) -> bool:
    """Whether a beat of today has brought this enrollment's overdue thank-you to today."""
    today = (house.clock.now() + timedelta(hours=9)).date()
    return today in {m.planned_on for m in await house.mails("thanks") if m.enrollment_id == key}


async def test_a_scenario_text_that_cannot_be_read_is_one_enrollments_matter(house: House) -> None:
    """A text from another version: that enrollment says so and is tried again; the other goes on."""
    first, second = await two(house)
    await house.store.commit(Change((ScenarioText(ScenarioHash("f" * 64), "short", "id: [", MET),)))
    row = await house.store.get(Enrollment, first.id)
    assert row is not None
    await house.store.commit(Change((replace(row, scenario_hash=ScenarioHash("f" * 64)),)))
    house.clock.advance_to(MET + timedelta(days=1, hours=2))
    await house.store.wake_all(house.clock.now())

    await tick.tick(house.doors)

    stuck = await house.store.get(Enrollment, first.id)
    assert stuck is not None
    assert stuck.wake_at is not None
    assert ("unplannable", True) == (stuck.reason, stuck.wake_at > house.clock.now())
    assert "enrollment.unplannable" in await house.kinds()
    assert await is_looked_after(house, second.id)
    await house.until(MET + timedelta(days=3))
    assert 1 == (await house.kinds()).count("enrollment.unplannable")  # said once


async def test_a_reply_is_heard_whatever_is_wrong_with_the_scenario(house: House) -> None:
    """The text cannot be read: the opt-out counts all the same."""
    (mail,) = (await house.met()).messages
    await house.approve(mail)
    await house.send()
    await house.store.commit(Change((ScenarioText(ScenarioHash("f" * 64), "short", "id: [", MET),)))
    (row,) = await house.store.find(Enrollment)
    await house.store.commit(Change((replace(row, scenario_hash=ScenarioHash("f" * 64)),)))

    box = Pigeonhole([letter("今後の配信は不要です。", await house.mail("thanks"))])
    await receive.receive(house.doors, house.doors.settings.mailboxes[0], box)

    (row,) = await house.store.find(Enrollment)
    assert (EnrollmentState.STOPPED, "unsubscribe") == (row.state, row.reason)


async def test_a_fault_of_ours_is_one_enrollments_matter(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug in a template for one person: said in the journal and to the caller; the other gets her draft."""
    real = house.doors.writer.write

    def write(brief: Brief) -> Draft:
        """Broken for one."""
        if brief.person.family_name == "佐藤":
            raise ZeroDivisionError("a bug")
        return real(brief)

    monkeypatch.setattr(house.doors.writer, "write", write)
    await two(house)

    assert ["加藤"] == [m.to_name.split()[0] for m in await house.mails() if m.state is MessageState.WAITING]
    (said,) = await house.store.find(Entry, {"kind": "enrollment.unplannable"})
    assert "ZeroDivisionError" in str(said.data["problem"])
    monkeypatch.undo()
    house.clock.advance_to(house.clock.now() + progress.TRY_AGAIN)
    await tick.tick(house.doors)
    assert 2 == len([m for m in await house.mails("thanks") if m.state is MessageState.WAITING])
    assert {""} == {e.reason for e in await house.store.find(Enrollment)}


async def test_what_the_store_never_takes_is_one_enrollments_matter(house: House) -> None:
    """A change that the tables refuse: the rest of the batch is written, and this one sleeps an hour."""
    first, second = await two(house)
    house.clock.advance_to(MET + timedelta(days=1, hours=2))
    await house.store.wake_all(house.clock.now())

    async def _refuse(change: Change) -> None:
        if any(e.kind == "message.drafted" and e.enrollment_id == first.id for e in change.entries):
            raise Impossible("refers to nothing")

    house.store.trouble = _refuse
    done = await tick.tick(house.doors)

    assert (2, 1) == (done.written, len(done.problems))
    assert () == await house.store.due(house.clock.now(), 10)
    assert await is_looked_after(house, second.id)


async def test_one_refused_address_in_two_enrollments_is_suppressed_once(house: House) -> None:
    """Both stop in the same beat; the suppression is one row."""
    (mail,) = (await house.met()).messages
    await house.approve(mail)
    person = await house.person()
    await enroll.enroll(house.doors, person.id, "short", by=REP.id, anchor_at=MET)
    await tick.tick(house.doors)
    house.wire.answer = lambda _: REFUSED
    await house.send()
    for row in await house.mails("thanks"):
        failed = replace(row, state=MessageState.FAILED, reason="refused_recipient")
        failed = replace(failed, to_address=person.email)
        await house.store.commit(Change((failed,)))
    await house.store.wake_all(house.clock.now())

    done = await tick.tick(house.doors)

    assert (0, ()) == (done.stale, done.problems)
    assert {(EnrollmentState.STOPPED, "bounce")} == {
        (e.state, e.reason) for e in await house.store.find(Enrollment)
    }
    assert 1 == len(await house.store.find(Suppression))


async def test_an_address_refused_again_is_suppressed_again(house: House) -> None:
    """A suppression that was lifted is put in force anew; the beat does not try for ever to add it."""
    (mail,) = (await house.met()).messages
    await house.approve(mail)
    person = await house.person()
    from nurture.core import silencing

    old = silencing.suppression(person.email, "bounce", "bounce", MET, "before")
    await house.store.commit(Change((replace(old, lifted_at=MET, lifted_evidence="電話で確認"),)))
    house.wire.answer = lambda _: REFUSED
    await house.send()
    await house.store.wake_all(house.clock.now())

    done = await tick.tick(house.doors)

    assert 0 == done.stale
    (row,) = await house.store.find(Suppression)
    assert row.lifted_at is None
    (enrollment,) = await house.store.find(Enrollment)
    assert EnrollmentState.STOPPED is enrollment.state


async def test_an_address_that_was_mended_is_not_silenced(house: House) -> None:
    """The refused address was a typing error, and has been put right: the person is written to again."""
    (mail,) = (await house.met()).messages
    await house.approve(mail)
    house.wire.answer = lambda _: REFUSED
    await house.send()
    person = await house.person()
    await house.store.commit(Change((replace(person, email="h.sato@aoba-hp.example"),)))
    await house.store.wake_all(house.clock.now())

    await tick.tick(house.doors)

    (enrollment,) = await house.store.find(Enrollment)
    assert EnrollmentState.ACTIVE is enrollment.state
    assert () == await house.store.find(Suppression)


async def test_the_batch_is_written_although_one_was_changed_meanwhile(house: House) -> None:
    """Somebody wrote to one of two: the other's draft is written; the first is looked at again."""
    first, second = await two(house)
    house.clock.advance_to(MET + timedelta(days=1, hours=2))
    await house.store.wake_all(house.clock.now())

    async def _touched(_: Change) -> None:
        house.store.trouble = None
        row = await house.store.get(Enrollment, first.id)
        assert row is not None
        await house.store.commit(Change((row,)))

    house.store.trouble = _touched
    done = await tick.tick(house.doors)

    assert (1, 1) == (done.written, done.stale)
    assert await is_looked_after(house, second.id)
    assert first.id in {d.id for d in await house.store.due(house.clock.now(), 10)}


async def test_no_enrollment_sleeps_for_ever_or_not_at_all(house: House) -> None:
    """After each beat an active enrollment wakes in the future, and it does wake."""
    await two(house)
    for hours in range(0, 24 * 20, 7):
        house.clock.advance_to(MET + timedelta(hours=hours + 1))
        await tick.tick(house.doors)
        for row in await house.store.find(Enrollment, {"state": EnrollmentState.ACTIVE}):
            assert row.wake_at is not None
            assert row.wake_at > house.clock.now()


async def test_a_stop_is_final_for_what_a_beat_was_just_writing(house: House) -> None:
    """Recorded and stopped at the same moment: the drafts are not written into a stopped enrollment."""
    await house.met()
    (row,) = await house.store.find(Enrollment)

    async def _stopped(change: Change) -> None:
        house.store.trouble = None
        await enroll.stop(house.doors, row.id, by=REP.id, reason="person")

    house.clock.advance_to(MET + timedelta(days=1, hours=2))
    await house.store.wake_all(house.clock.now())
    house.store.trouble = _stopped
    await tick.tick(house.doors)

    assert {MessageState.CANCELLED} == {m.state for m in await house.mails()}


async def test_a_rewritten_text_says_why(house: House) -> None:
    """An approval that ends because the address changed leaves a line in the journal."""
    (mail,) = (await house.met()).messages
    await house.approve(mail)
    await house.send()
    await house.until(MET + timedelta(days=1))
    await house.approve(await house.mail("case"))
    person = await house.person()
    await house.store.commit(Change((replace(person, email="h.sato@aoba-hp.example"),)))
    await house.store.wake_all(house.clock.now())
    await tick.tick(house.doors)

    (said,) = await house.store.find(Entry, {"kind": "message.rewritten"})
    assert "address_changed" == said.data["reason"]


async def test_two_who_enroll_one_person_at_once_enroll_once(house: House) -> None:
    """Command line and desk at the same moment: the second is told to look again."""
    (mail,) = (await house.met()).messages
    await review.reject(house.doors, mail.id, by=REP.id, reason="電話で済ませた")
    (row,) = await house.store.find(Enrollment)
    await enroll.stop(house.doors, row.id, by=REP.id, reason="person")
    person = await house.person()

    async def _other(_: Change) -> None:
        house.store.trouble = None
        await enroll.enroll(house.doors, person.id, "short", by=REP.id, anchor_at=MET)

    house.store.trouble = _other
    with pytest.raises(StaleVersion):
        await enroll.enroll(house.doors, person.id, "short", by=REP.id, anchor_at=MET)

    assert 1 == len(await house.store.find(Enrollment, {"state": EnrollmentState.ACTIVE}))


async def test_two_records_of_one_meeting_at_once_enroll_once(house: House) -> None:
    """The button pressed on two devices: nobody gets two thank-yous."""
    await house.met()
    (row,) = await house.store.find(Enrollment)
    await enroll.stop(house.doors, row.id, by=REP.id, reason="person")

    async def _other(_: Change) -> None:
        house.store.trouble = None
        await house.met()

    house.store.trouble = _other
    with pytest.raises(StaleVersion):
        await house.met()

    assert 1 == len(await house.store.find(Enrollment, {"state": EnrollmentState.ACTIVE}))
    assert 1 == len(await house.store.find(Person))
