"""Mail that comes in at an awkward moment, or finds a fault in us."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from nurture import advice
from nurture.core import reactions
from nurture.core.arrival import Arrival
from nurture.core.change import Change, MailboxState
from nurture.core.deals import Task
from nurture.core.messages import Enrollment, EnrollmentState, Inbound, MessageState, Suppression
from nurture.core.people import Person
from nurture.core.reading import BounceInfo, Kind, Reading
from nurture.errors import UserError
from nurture.flows import receive, recovery
from nurture.i18n import words
from tests.flows.conftest import MET, House
from tests.flows.test_receive import Pigeonhole, letter, read, thanked

if TYPE_CHECKING:
    from nurture.core.sending import Letter


async def test_a_reply_of_somebody_without_a_representative_goes_to_the_mailboxs_reader(house: House) -> None:
    """Imported, nobody's yet: the one who reads the mailbox gets the task; the mailbox does not choke on it."""
    await house.store.commit(Change((Person(id="p" * 8, email="x@y-hp.example", family_name="山"),)))  # type: ignore[arg-type]
    report = await read(house, Pigeonhole([letter("資料をいただけますか。", sender="x@y-hp.example")]))

    assert 1 == len(report.matched)
    (task,) = await house.store.find(Task, {"kind": "reply"})
    assert "tanaka" == task.rep_id
    assert 1 == len(house.told.notices)


async def test_one_mail_that_finds_a_fault_does_not_hold_up_the_others(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is kept, its sender's enrollments pause, a person is asked; the mail behind it is read."""
    sent = await thanked(house)
    real = reactions.react

    def react(a: Arrival, *given: object) -> Change:
        """Broken for one."""
        if "バグ" in a.reading.text:
            raise RuntimeError("a bug")
        return real(a, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(reactions, "react", react)
    second = letter("今後の配信は不要です。", sent, message_id="<answer-2@aoba-hp.example>")
    report = await read(house, Pigeonhole([letter("バグ", sent), second]))

    assert 1 == len(report.problems)
    assert 2 == len(await house.store.find(Inbound))
    assert "inbound.unhandled" in await house.kinds()
    assert 1 == len(await house.store.find(Task, {"kind": "reply"}))
    assert 1 == len(await house.store.find(Suppression))
    state = await house.store.get(MailboxState, "tanaka")
    assert state is not None
    assert house.clock.now() == state.read_at


async def test_a_mail_on_which_everything_fails_pauses_its_sender(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No mail leaves after a reply that nobody could handle."""
    sent = await thanked(house)

    def react(*_: object) -> Change:
        """Broken."""
        raise RuntimeError("a bug")

    monkeypatch.setattr(reactions, "react", react)
    await read(house, Pigeonhole([letter("はい", sent)]))

    (row,) = await house.store.find(Enrollment)
    assert (EnrollmentState.PAUSED, "unhandled") == (row.state, row.reason)


async def test_a_mail_that_cannot_be_read_at_all_is_a_stray(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reading fails, as it never should: the mail is kept and shown."""

    def read_mail(*_: object, **__: object) -> Reading:
        """Broken."""
        raise RecursionError

    monkeypatch.setattr("nurture.flows.receive.read", read_mail)
    report = await read(house, Pigeonhole([letter("はい")]))

    assert (1, 1) == (report.strays, len(report.problems))


async def test_mails_that_the_server_cannot_give_are_strays_each(house: House) -> None:
    """Two that nobody can read are two strays, once each; of a long one it is known that it was cut."""
    sent = await thanked(house)
    box = Pigeonhole([b"", b"", letter("承知しました。", sent)], cut=True, forgetful=True)
    report = await read(house, box)
    again = await read(house, box)

    assert (2, 0) == (report.strays, again.strays)
    rows = await house.store.find(Inbound, order=("uid",))
    assert [["unreadable"], ["unreadable"], ["cut"]] == [json.loads(row.reading)["defects"] for row in rows]
    assert [None, None, sent.id] == [row.message_id for row in rows]


async def test_a_notice_that_fails_is_no_failure_of_reading(house: House) -> None:
    """The notifier breaks: the reply is handled, the cursor moves, the mailbox counts as read."""
    sent = await thanked(house)
    house.told.problem = RuntimeError("a bug")
    report = await read(house, Pigeonhole([letter("承知しました。", sent)]))

    assert 1 == len(report.problems)
    state = await house.store.get(MailboxState, "tanaka")
    assert state is not None
    assert 1 == state.cursors[0].uid


async def test_an_opt_out_counts_whatever_is_wrong_with_a_calendar(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A broken calendar file, and a zone that does not exist: neither is a reason not to hear."""
    sent = await thanked(house)

    def broken(*_: object) -> tuple[()]:
        """A calendar that cannot be read."""
        raise UserError("the calendar is broken")

    monkeypatch.setattr(house.doors.library, "calendars", broken)
    person = await house.person()
    await house.store.commit(Change((replace(person, timezone="Asia/Nowhere"),)))
    await read(house, Pigeonhole([letter("今後の配信は不要です。", sent)]))

    assert 1 == len(await house.store.find(Suppression))


async def test_a_bounce_of_an_old_address_does_not_silence_the_new_one(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It speaks of the address that the mail went to."""
    sent = await thanked(house)
    person = await house.person()
    await house.store.commit(Change((replace(person, email="h.sato@aoba-hp.example"),)))
    found = BounceInfo(
        permanent=True,
        reason="user_unknown",
        status="5.1.1",
        recipients=(sent.to_address,),
        original_message_id=sent.header_id,
    )
    bounce = Reading(Kind.BOUNCE, automatic=True, bounces=(found,), message_id="<b@mx.example>")
    monkeypatch.setattr("nurture.flows.receive.read", lambda *_, **__: bounce)
    await read(house, Pigeonhole([b"x"]))

    assert [sent.to_address] == [s.value for s in await house.store.find(Suppression)]
    (row,) = await house.store.find(Enrollment)
    assert EnrollmentState.ACTIVE is row.state
    assert MessageState.BOUNCED is (await house.mail("thanks")).state


async def test_a_reply_while_the_letter_is_on_the_wire(house: House) -> None:
    """The pause stands, the outcome is written, and a letter that was put off does not leave after all."""
    await thanked(house)
    await house.until(MET + timedelta(days=1))
    case = await house.approve(await house.mail("case"))
    assert case.planned_at is not None
    house.clock.advance_to(case.planned_at)
    thanks = await house.mail("thanks")

    async def _replied(_: Letter) -> None:
        house.wire.meanwhile = None
        await read(house, Pigeonhole([letter("承知しました。", thanks)]))

    from nurture.core.sending import Outcome, Verdict

    house.wire.meanwhile = _replied
    house.wire.answer = lambda _: Outcome(Verdict.LATER, "450 later")
    await house.send()
    assert MessageState.APPROVED is (await house.mail("case")).state
    house.clock.advance_to(house.clock.now() + timedelta(minutes=10))
    await house.send()

    held = await house.mail("case")
    assert (MessageState.WAITING, "paused") == (held.state, held.reason)
    assert 2 == len(house.wire.letters)


async def test_a_daemon_that_died_after_the_dot_learns_from_the_bounce(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Claimed, sent, killed: in doubt; the bounce that cites it settles it as bounced."""
    (mail,) = (await house.met()).messages
    await house.approve(mail)
    await house.fresh()
    ((claimed, _),) = await house.store.claim(house.clock.now(), 1, "dead")
    assert 1 == await recovery.recover(house.doors)
    found = BounceInfo(permanent=False, reason="mailbox_full", original_message_id=claimed.header_id)
    bounce = Reading(Kind.BOUNCE, automatic=True, bounces=(found,), message_id="<b@mx.example>")
    monkeypatch.setattr("nurture.flows.receive.read", lambda *_, **__: bounce)
    await receive.receive(house.doors, house.doors.settings.mailboxes[0], Pigeonhole([b"x"]))

    assert MessageState.BOUNCED is (await house.mail("thanks")).state


async def test_a_notice_says_that_a_mail_was_cut(house: House) -> None:
    """Whoever reads it knows that more was written, and where."""
    sent = await thanked(house)
    await read(house, Pigeonhole([letter("承知しました。", sent)], cut=True))
    (notice,) = house.told.notices

    assert advice.cut(words("ja"), "INBOX") in str(notice)
