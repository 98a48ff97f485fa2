"""The journey of one reply through the flow: read, matched, reacted to, once."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from email import message_from_bytes
from typing import TYPE_CHECKING

import pytest

from nurture.config import ImapSettings
from nurture.core.change import Change, Cursor, MailboxState
from nurture.core.deals import Task
from nurture.core.messages import Enrollment, EnrollmentState, Entry, Inbound, MessageState, Suppression
from nurture.errors import PermanentFailure, TemporaryFailure
from nurture.flows import receive, tick
from nurture.ports import Fetched, Place, RawMail
from tests.flows.conftest import MET, House, attendee
from tests.flows.reports import delivery_report
from tests.samples import REP

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Sequence
    from datetime import datetime

    from nurture.core.messages import Message

SATO = "sato@aoba-hp.example"


@dataclass
class Pigeonhole:
    """A mailbox in memory (``ports.Mailbox``). ``break_at`` breaks the line at that fetch."""

    mails: list[bytes] = field(default_factory=list)
    fetches: int = 0
    break_at: int | None = None
    forgetful: bool = False  # gives everything again at each fetch, as after a lost cursor
    cut: bool = False  # says that it gives the beginnings of mails only
    put: list[int] = field(default_factory=list)  # uids that were put away
    stubborn: bool = False  # puts nothing away

    async def fetch(self, cursors: Sequence[Cursor], limit: int) -> Fetched:
        """Mails after the cursor."""
        self.fetches += 1
        if self.break_at == self.fetches:
            raise TemporaryFailure("the line broke")
        start = 0 if self.forgetful or not cursors else cursors[0].uid
        new = self.mails[start : start + limit]
        at = MET + timedelta(hours=1)
        found = tuple(RawMail("INBOX", start + i + 1, raw, at, cut=self.cut) for i, raw in enumerate(new))
        end = start + len(new)
        return Fetched(found, (Cursor("INBOX", 1, end),), more=end < len(self.mails))

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[asyncio.Event]:
        """Not asked for here."""
        yield asyncio.Event()

    async def put_away(self, places: Sequence[Place]) -> None:
        """Note the uids."""
        if self.stubborn:
            raise PermanentFailure("no")
        self.put.extend(place.uid for place in places)

    async def keep_sent(self, data: bytes, at: datetime) -> None:
        """Not asked for here."""

    async def sent(self, header_ids: Collection[str]) -> frozenset[str]:
        """Nothing."""
        return frozenset()

    async def close(self) -> None:
        """Nothing to close."""


def letter(text: str, answers: Message | None = None, sender: str = SATO, **headers: str) -> bytes:
    """A mail as a person's program writes it, our own mail quoted below."""
    lines = [
        f"From: {sender}",
        f"To: {REP.email}",
        "Subject: Re: " + ("ご面談の御礼" if answers else "お知らせ"),
        "Date: Mon, 10 May 2027 17:00:00 +0900",
        "Message-ID: <answer-1@aoba-hp.example>",
    ]
    if answers is not None:
        lines += [f"In-Reply-To: {answers.header_id}", f"References: {answers.header_id}"]
    lines = [line for line in lines if line.partition(":")[0].replace("-", "_").lower() not in headers]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    quoted = "\r\n".join("> " + line for line in (answers.body if answers else "").splitlines())
    lines += ["MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", "", text, "", quoted, ""]
    return "\r\n".join(lines).encode()


BOUNCES = "bounce+{token}@minato.example"
ANSWERS = "tanaka+{token}@minato.example"


def with_tokens(house: House) -> House:
    """The same house, whose mailbox sends under addresses with tokens."""
    settings = house.doors.settings
    box = replace(settings.mailboxes[0], verp=BOUNCES, reply_to=ANSWERS)
    return replace(house, doors=replace(house.doors, settings=replace(settings, mailboxes=(box,))))


async def thanked(house: House) -> Message:
    """A meeting whose thank-you has left."""
    (mail,) = (await house.met()).messages
    await house.approve(mail)
    await house.send()
    return await house.mail("thanks")


async def read(house: House, box: Pigeonhole) -> receive.Received:
    """One look into the mailbox."""
    return await receive.receive(house.doors, house.doors.settings.mailboxes[0], box)


async def enrollment(house: House) -> Enrollment:
    """The one enrollment."""
    (found,) = await house.store.find(Enrollment)
    return found


async def test_a_bounce_that_says_nothing_names_its_mail(house: House) -> None:
    """A report with no Message-ID of ours is known by the address to which it came back."""
    house = with_tokens(house)
    sent = await thanked(house)
    back_to = house.wire.letters[0].sender
    report = (
        "From: MAILER-DAEMON@aoba-hp.example\r\n"
        f"To: <{back_to}>\r\n"
        "Subject: Undelivered Mail Returned to Sender\r\nMessage-ID: <b1@aoba-hp.example>\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n\r\n550 5.1.1 User unknown\r\n"
    )
    read_ = await read(house, Pigeonhole([report.encode()]))
    (row,) = await house.store.find(Inbound)

    assert [("bounce", sent.person_id)] == read_.matched
    assert ("token", sent.id) == (row.match_rule, row.message_id)


async def test_an_answer_without_thread_headers_names_its_mail(house: House) -> None:
    """A program that writes no In-Reply-To still answers to the address that we gave it."""
    house = with_tokens(house)
    sent = await thanked(house)
    answer_to = message_from_bytes(house.wire.letters[0].data)["Reply-To"]
    report = await read(house, Pigeonhole([letter("承知しました。", to=answer_to, subject="承知しました")]))
    (row,) = await house.store.find(Inbound)

    assert [("reply", sent.person_id)] == report.matched
    assert ("token", sent.id) == (row.match_rule, row.message_id)


async def test_a_reply_pauses_and_tells_the_representative(house: House) -> None:
    """A person wrote: pause, a task, a line in the journal, and word to the representative at once."""
    sent = await thanked(house)
    report = await read(
        house, Pigeonhole([letter("ありがとうございます。一点ご質問です。対応OSは何でしょうか。", sent)])
    )

    assert [("reply", sent.person_id)] == report.matched
    assert (EnrollmentState.PAUSED, "reply") == ((await enrollment(house)).state, (await enrollment(house)).reason)
    (task,) = await house.store.find(Task, {"kind": "reply"})
    assert "対応OS" in task.detail
    assert "配信停止" not in task.detail  # our own footer, quoted
    ((who, notice),) = house.told.notices
    assert (REP.id, "reply") == (who, notice.kind)
    (row,) = await house.store.find(Inbound)
    assert ("header_id", sent.id) == (row.match_rule, row.message_id)


async def test_our_quoted_footer_is_no_opt_out(house: House) -> None:
    """配信停止 stands in the footer that every top-posted reply quotes."""
    sent = await thanked(house)
    await read(house, Pigeonhole([letter("その通りです。", sent)]))

    assert () == await house.store.find(Suppression)


async def test_an_opt_out_in_words_is_an_opt_out(house: House) -> None:
    """A plain reply counts (特定電子メール法)."""
    sent = await thanked(house)
    await read(house, Pigeonhole([letter("今後の配信は不要です。", sent)]))

    assert [SATO] == [s.value for s in await house.store.find(Suppression)]
    assert EnrollmentState.STOPPED is (await enrollment(house)).state
    assert {MessageState.SENT, MessageState.CANCELLED} == {m.state for m in await house.mails()}


async def test_the_same_mail_twice_counts_once(house: House) -> None:
    """Keyed by mailbox and Message-ID: a second look at the same mail finds the key."""
    sent = await thanked(house)
    box = Pigeonhole([letter("承知しました。", sent)], forgetful=True)
    await read(house, box)
    before = await house.kinds()
    await read(house, box)

    assert before == await house.kinds()
    assert 1 == len(await house.store.find(Inbound))
    assert 1 == len(house.told.notices)


async def test_a_broken_line_loses_nothing(house: House) -> None:
    """The cursor moves with what was handled; the failure is written down and over with the next success."""
    sent = await thanked(house)
    box = Pigeonhole([letter("承知しました。", sent)], break_at=1)
    with pytest.raises(TemporaryFailure):
        await read(house, box)
    await receive.failed(house.doors, house.doors.settings.mailboxes[0], "the line broke")
    broken = await house.store.get(MailboxState, "tanaka")
    await read(house, box)
    mended = await house.store.get(MailboxState, "tanaka")

    assert broken is not None
    assert mended is not None
    assert ("the line broke", "") == (broken.error, mended.error)
    assert (None, house.clock.now()) == (mended.failing_since, mended.read_at)
    assert EnrollmentState.PAUSED is (await enrollment(house)).state


async def test_unread_mail_keeps_the_mailbox_stale(house: House) -> None:
    """More than one batch waits: the mailbox is called read only after the last."""
    await thanked(house)
    unrelated = [letter("社内連絡です。", sender=f"a{i}@other.example", message_id=f"<{i}@x>") for i in range(60)]
    box = Pigeonhole(unrelated)
    house.clock.advance_to(house.clock.now() + timedelta(minutes=5))
    first = await read(house, box)
    between = await house.store.get(MailboxState, "tanaka")
    await read(house, box)
    after = await house.store.get(MailboxState, "tanaka")

    assert first.more
    assert between is not None
    assert after is not None
    assert between.read_at != house.clock.now()
    assert house.clock.now() == after.read_at


async def test_unrelated_mail_leaves_no_trace(house: House) -> None:
    """A representative's mailbox holds private mail: none of our business, none of our rows."""
    await thanked(house)
    before = await house.kinds()
    report = await read(house, Pigeonhole([letter("週末の件、了解です。", sender="friend@home.example")]))

    assert (1, 0, []) == (report.seen, report.strays, report.matched)
    assert () == await house.store.find(Inbound)
    assert before == await house.kinds()


async def test_a_forged_answer_from_elsewhere_is_a_stray(house: House) -> None:
    """Somebody of another domain cites our mail: shown to a person, matched to nobody; silent is who wrote."""
    sent = await thanked(house)
    report = await read(house, Pigeonhole([letter("配信停止してください。", sent, sender="x@elsewhere.example")]))

    assert 1 == report.strays
    assert EnrollmentState.ACTIVE is (await enrollment(house)).state
    assert ["x@elsewhere.example"] == [row.value for row in await house.store.find(Suppression)]
    assert "inbound.stray" in await house.kinds()


async def test_our_own_copies_are_no_replies(house: House) -> None:
    """What we sent, found in the mailbox again, changes nothing."""
    sent = await thanked(house)
    before = await house.kinds()
    await read(house, Pigeonhole([house.wire.letters[0].data, letter("x", sent, sender=REP.email)]))

    assert before == await house.kinds()
    assert EnrollmentState.ACTIVE is (await enrollment(house)).state


async def test_an_absence_moves_what_is_planned_past_the_return(house: House) -> None:
    """Away until Friday 21 May: back Monday, mail from Tuesday on."""
    sent = await thanked(house)
    note = letter(
        "ただいま出張のため不在にしております。5月12日(水)～5月21日(金)の間はメールの確認ができません。",
        sent,
        auto_submitted="auto-replied",
    )
    await read(house, Pigeonhole([note]))
    await tick.tick(house.doors)

    person = await house.person()
    assert person.away is not None
    case = await house.mail("case")
    assert case.planned_on is not None
    assert case.planned_on > date(2027, 5, 21)
    assert "away" in [m.rule for m in case.moves]
    assert EnrollmentState.ACTIVE is (await enrollment(house)).state


async def test_a_bounce_is_known_by_the_mail_that_it_returns(house: House) -> None:
    """A delivery report with our Message-ID inside: the address is suppressed, the sequence ends."""
    sent = await thanked(house)
    report = delivery_report(sent.header_id, SATO, "5.1.1", "User unknown")
    await read(house, Pigeonhole([report]))

    assert (await house.mail("thanks")).state is MessageState.BOUNCED
    assert (EnrollmentState.STOPPED, "bounce") == (
        (await enrollment(house)).state,
        (await enrollment(house)).reason,
    )
    assert [SATO] == [s.value for s in await house.store.find(Suppression)]


async def test_a_colleagues_queued_mail_is_held(house: House) -> None:
    """on_colleague_reply: hold. The colleague's approved mail needs a fresh approval."""
    done = await house.met(attendee(), attendee("kato@aoba-hp.example", "加藤"))
    first, second = sorted(done.messages, key=lambda m: m.to_address != SATO)
    await house.approve(first)
    await house.send()
    await house.approve(second)
    sent = next(m for m in await house.mails("thanks") if m.state is MessageState.SENT)
    await read(house, Pigeonhole([letter("一度お電話ください。", sent)]))
    await house.send()

    held = next(m for m in await house.mails("thanks") if m.id == second.id)
    assert (MessageState.WAITING, "colleague_replied") == (held.state, held.reason)
    assert 1 == len(house.wire.letters)


async def test_somebody_else_writing_meanwhile_is_decided_anew(house: House) -> None:
    """A stale version during the reaction: read again, decide again, nothing lost."""
    sent = await thanked(house)
    store = house.store
    commit = store.commit
    raced: list[bool] = []

    async def racing(change: Change) -> None:
        """Somebody else writes first, once."""
        if not raced and any(isinstance(p, Inbound) for p in change.puts):
            raced.append(True)
            row = await enrollment(house)
            await commit(Change((row,)))  # the planning beat was faster
        await commit(change)

    store.commit = racing  # type: ignore[method-assign]
    await read(house, Pigeonhole([letter("承知しました。", sent)]))

    assert raced
    assert EnrollmentState.PAUSED is (await enrollment(house)).state
    assert 1 == len([e for e in await store.find(Entry) if e.kind == "inbound.reply"])


def putting_away(house: House) -> House:
    """The same house, whose mailbox marks what is recorded as read."""
    settings = house.doors.settings
    imap = ImapSettings("imap.minato.example", 993, after="mark read")
    box = replace(settings.mailboxes[0], imap=imap)
    return replace(house, doors=replace(house.doors, settings=replace(settings, mailboxes=(box,))))


async def test_what_is_recorded_is_put_away(house: House) -> None:
    """An answer and a stray, which both stand in the database; what is none of our business stays as it is."""
    house = putting_away(house)
    sent = await thanked(house)
    lottery = letter("当選しました。", sender="x@lottery.example", message_id="<l@lottery.example>")
    strange = lottery.replace(b"<l@", b"<m@").replace(
        b"Subject:", b"In-Reply-To: " + sent.header_id.encode() + b"\r\nSubject:"
    )
    box = Pigeonhole([lottery, letter("ありがとうございます。", sent), strange])
    report = await read(house, box)

    assert ([2, 3], 1, 1) == (box.put, len(report.matched), report.strays)


async def test_nothing_is_put_away_unless_somebody_said_so(house: House) -> None:
    """The mailbox is not even asked."""
    sent = await thanked(house)
    box = Pigeonhole([letter("ありがとうございます。", sent)])
    await read(house, box)

    assert [] == box.put


async def test_a_mailbox_that_puts_nothing_away_is_read_all_the_same(house: House) -> None:
    """It is told; cursor and freshness go on, since sending hangs on them."""
    house = putting_away(house)
    sent = await thanked(house)
    box = Pigeonhole([letter("ありがとうございます。", sent)], stubborn=True)
    report = await read(house, box)
    state = await house.store.get(MailboxState, "tanaka")

    assert state is not None
    assert (1, 1, True) == (len(report.problems), state.cursors[0].uid, state.read_at is not None)


async def test_whoever_was_cut_off_puts_away_what_was_recorded_before(house: House) -> None:
    """The mail is read again after a crash before the cursor was written, and is known: it is put away then."""
    house = putting_away(house)
    sent = await thanked(house)
    mails = [letter("ありがとうございます。", sent)]
    await read(house, Pigeonhole(mails, stubborn=True))
    again = Pigeonhole(mails, forgetful=True)
    await read(house, again)

    assert [1] == again.put
    assert 1 == len(await house.store.find(Inbound))
