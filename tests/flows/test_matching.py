"""Whose an incoming mail is: a table over everything that comes into a mailbox, on each kind of store."""

from __future__ import annotations

from dataclasses import dataclass, replace
from email.utils import make_msgid
from typing import TYPE_CHECKING

import pytest

from nurture.config import ImapSettings
from nurture.core.change import Change
from nurture.core.deals import Task
from nurture.core.ids import MailboxId, PersonId
from nurture.core.messages import Enrollment, EnrollmentState, Entry, Inbound, Suppression
from nurture.core.people import Person
from nurture.flows import receive
from nurture.mail.compose import notice
from nurture.mail.tokens import tag
from tests.flows.conftest import MET, House, TroubledMemory, TroubledSql, build
from tests.flows.test_receive import ANSWERS, BOUNCES, Pigeonhole, letter, read, thanked
from tests.samples import REP
from tests.servers.sqlite import furnished

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from pathlib import Path

    from nurture.core.change import Cursor
    from nurture.core.messages import Message
    from nurture.ports import Fetched

SATO = "sato@aoba-hp.example"
MOVED = "h.sato@aoba-hp.example"
BOX2 = "suzuki@minato.example"
NEWS = "<news-7@campaigns.example>"


@dataclass(frozen=True, slots=True)
class Case:
    """One mail. ``expected``: the rule by which it is matched, ``stray``, or ``none`` for no row at all."""

    name: str
    mail: Callable[[Letter], bytes]
    expected: str
    said: str = ""  # the journal's word on how it was recognised
    box: str = "tanaka"
    before: Change | None = None


class Spam(Pigeonhole):
    """A folder of unwanted mail."""

    async def fetch(self, cursors: Sequence[Cursor], limit: int) -> Fetched:
        """The same, and where it lay."""
        found = await super().fetch(cursors, limit)
        return replace(found, mails=tuple(replace(mail, junk=True) for mail in found.mails))


@dataclass(frozen=True, slots=True)
class Letter:
    """Our letter as it left, and what it says to servers."""

    sent: Message
    data: bytes
    verp: str
    reply_to: str

    def answer(self, sender: str, **headers: str) -> bytes:
        """An answer to it."""
        return letter("承知しました。", self.sent, sender, **headers)

    def bare(self, sender: str, subject: str, **headers: str) -> bytes:
        """A mail without a thread."""
        return letter("承知しました。", None, sender, subject=subject, **headers)


def report(
    to: str, *, failed: str = "", original: str = "", action: str = "failed", status: str = "5.1.1"
) -> bytes:
    """A delivery report that says as much or as little as it is given."""
    lines = [
        "From: MAILER-DAEMON@mx.aoba-hp.example",
        f"To: <{to}>",
        "Subject: Undelivered Mail Returned to Sender",
        f"Message-ID: {make_msgid(domain='mx.example')}",
        "Auto-Submitted: auto-replied",
        "MIME-Version: 1.0",
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"',
        "",
        "--b",
        "Content-Type: text/plain",
        "",
        "Your message could not be delivered.",
        "--b",
        "Content-Type: message/delivery-status",
        "",
        "Reporting-MTA: dns; mx.example",
        "",
        *([f"Final-Recipient: rfc822; {failed}"] if failed else []),
        f"Action: {action}",
        f"Status: {status}",
        *(["--b", "Content-Type: text/rfc822-headers", "", f"Message-ID: {original}"] if original else []),
        "--b--",
        "",
    ]
    return "\r\n".join(lines).encode()


def list_copy(ours: Letter) -> bytes:
    """Our letter as a list of theirs hands it back to us: its From is rewritten, its Message-ID is not."""
    lines = [
        b"From: list@lists.aoba-hp.example" if x.startswith(b"From:") else x for x in ours.data.split(b"\r\n")
    ]
    return b"\r\n".join(lines)


def told(ours: Letter) -> bytes:
    """What we tell our representative ourselves when somebody answers."""
    return notice(
        to_address=REP.email,
        to_name=REP.name,
        from_address=REP.email,
        from_name="nurture",
        subject="Re: " + ours.sent.subject,
        text="承知しました。",
        date=MET,
        header_id="<notice-1@minato.example>",
    )


MORI = Change((Person(PersonId("mori"), "mori@midori-hp.example", "森", "一", rep_id=REP.id),))

CASES = (
    # Marks of ours, from the addressee.
    Case("in-reply-to", lambda m: m.answer(SATO), "header_id"),
    Case(
        "references alone",
        lambda m: m.answer(SATO, in_reply_to="<x@y.example>", references=f"{m.sent.header_id} <x@y.example>"),
        "header_id",
    ),
    Case("an address with a detail", lambda m: m.answer("sato+work@aoba-hp.example"), "header_id"),
    Case("a token", lambda m: m.bare(SATO, "承知しました", to=m.reply_to), "token"),
    Case("a token in capitals", lambda m: m.bare(SATO, "承知しました", to=m.reply_to.upper()), "token"),
    Case("a forged token", lambda m: m.bare(SATO, "x", to=forged(m)), "address", "inbound.by_address"),
    # No thread headers.
    Case("our subject", lambda m: m.bare(SATO, f"RE: {m.sent.subject}"), "thread", "inbound.by_thread"),
    Case("our subject, 返信", lambda m: m.bare(SATO, f"返信： {m.sent.subject}"), "thread", "inbound.by_thread"),
    Case(
        "an absence under our subject",
        lambda m: m.bare(SATO, f"自動返信: {m.sent.subject}", auto_submitted="auto-replied"),
        "thread",
        "inbound.by_thread",
    ),
    Case("a fresh mail", lambda m: m.bare(SATO, "別件のご相談"), "address", "inbound.by_address"),
    Case(
        "an answer to another's newsletter",
        lambda m: m.bare(SATO, "Re: 春のセミナー", in_reply_to=NEWS, references=NEWS),
        "address",
        "inbound.by_address",
    ),
    # Other senders.
    Case(
        "a colleague", lambda m: m.answer("hisho@aoba-hp.example"), "header_id/colleague", "inbound.by_colleague"
    ),
    Case(
        "a colleague of a department",
        lambda m: m.answer("hisho@med.aoba-hp.example"),
        "header_id/colleague",
        "inbound.by_colleague",
    ),
    Case("a colleague without a thread", lambda m: m.bare("hisho@aoba-hp.example", "ご連絡"), "stray"),
    Case(
        "a new address, in the thread",
        lambda m: m.answer("hanako.s@home.example", **{"from": "佐藤 花子 <hanako.s@home.example>"}),
        "header_id/renamed",
        "inbound.by_renamed",
    ),
    Case(
        "a new address of the house",
        lambda m: m.answer(MOVED, **{"from": f'"花子　佐藤（放射線科）" <{MOVED}>'}),
        "header_id/renamed",
        "inbound.by_renamed",
    ),
    Case("half a name", lambda m: m.answer("x@home.example", **{"from": "佐藤 <x@home.example>"}), "stray"),
    Case("a stranger", lambda m: m.answer("x@elsewhere.example"), "stray"),
    Case(
        "a stranger under an unknown name, fresh",
        lambda m: m.bare("x@home.example", "ご連絡", **{"from": "佐藤 花子 <x@home.example>"}),
        "none",
    ),
    Case("somebody else whom we know", lambda m: m.answer("mori@midori-hp.example"), "stray", before=MORI),
    Case("opting out by the token", lambda m: m.bare("x@home.example", "unsubscribe", to=m.reply_to), "stray"),
    # Reports.
    Case("a bounce that cites", lambda m: report(REP.email, failed=SATO, original=m.sent.header_id), "bounce_id"),
    Case("a bounce that says nothing", lambda m: report(m.verp), "token"),
    Case("a bounce that names the address", lambda _: report(REP.email, failed=SATO), "address"),
    Case("a delay that says nothing", lambda m: report(m.verp, action="delayed", status="4.4.1"), "token"),
    Case("a bounce in another mailbox", lambda m: report(m.verp), "token", box="suzuki"),
    Case(
        "a bounce of where it was forwarded to",
        lambda m: report(REP.email, failed="hanako@home.example", original=m.sent.header_id),
        "stray",
    ),
    Case("a bounce of somebody else's mail", lambda _: report(REP.email, failed="x@else.example"), "stray"),
    # Ours.
    Case("the Sent copy", lambda m: m.data, "none"),
    Case("a draft of an answer", lambda m: m.answer(REP.email), "none"),
    Case("handed back by a list of theirs", list_copy, "none"),
    Case("our own notice", told, "none"),
    Case("a word among us", lambda m: m.answer("bucho@minato.example"), "none"),
    # Copies in two mailboxes.
    Case("a copy to a colleague of ours", lambda m: m.answer(SATO, cc=BOX2), "none", box="suzuki"),
    Case("a copy, by the token", lambda m: m.answer(SATO, to=m.reply_to, cc=BOX2), "none", box="suzuki"),
    Case("a fresh one to both", lambda m: m.bare(SATO, "別件", cc=BOX2), "none", box="suzuki"),
    Case("only to a colleague of ours", lambda m: m.answer(SATO, to=BOX2), "stray", box="suzuki"),
    # Other systems.
    Case("a list", lambda m: m.bare(SATO, "[kenkyu:0012] 例会", list_id="<kenkyu.aoba-hp.example>"), "none"),
    Case("another system", lambda m: m.bare("no-reply@aoba-hp.example", "予約の確認"), "none"),
    Case("a filter that cites us", lambda m: m.answer("no-reply@x.example", precedence="bulk"), "stray"),
    Case("private mail", lambda m: m.bare("friend@home.example", "Re: 週末の件"), "none"),
)  # fmt: skip


def forged(ours: Letter) -> str:
    """An address with a token that somebody else signed."""
    return ANSWERS.format(token=tag(ours.sent.id, b"guessed"))


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
async def house(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[House]:
    """A house with two mailboxes, which sends under addresses with tokens."""
    if request.param == "memory":
        made = build(tmp_path, TroubledMemory())
    elif request.param == "sqlite":
        made = build(tmp_path, await TroubledSql.open(furnished(tmp_path / "n.sqlite")))
    else:
        made = build(tmp_path, await TroubledSql.open(request.getfixturevalue("database")))
    settings = made.doors.settings
    first = replace(settings.mailboxes[0], verp=BOUNCES, reply_to=ANSWERS)
    second = replace(first, id=MailboxId("suzuki"), address=BOX2, verp="", reply_to="")
    assert isinstance(second.imap, ImapSettings)
    made.doors = replace(made.doors, settings=replace(settings, mailboxes=(first, second)))
    await made.store.commit(Change((REP,)))
    yield made
    await made.store.close()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_whose_it_is(house: House, case: Case) -> None:
    """Each kind of mail is matched by what it says, shown as what it is, or is none of our business."""
    sent = await thanked(house)
    (left,) = house.wire.letters
    token = left.sender.partition("+")[2].partition("@")[0]
    ours = Letter(sent, left.data, left.sender, ANSWERS.format(token=token))
    if case.before is not None:
        await house.store.commit(case.before)
    box = house.doors.settings.mailbox(case.box)
    assert box is not None
    mail = case.mail(ours)
    await receive.receive(house.doors, box, Pigeonhole([mail]))

    rows = await house.store.find(Inbound)
    assert case.expected == ((rows[0].match_rule or "stray") if rows else "none"), rows
    assert len(rows) <= 1
    if case.expected not in {"none", "stray"}:
        assert sent.person_id == rows[0].person_id
    said = [entry.kind for entry in await house.store.find(Entry) if entry.kind.startswith("inbound.by_")]
    assert ([case.said] if case.said else []) == said


async def test_a_changed_address_old_and_new(house: House) -> None:
    """The address was changed: an answer from the old one, and one from the new by its subject, are known."""
    sent = await thanked(house)
    person = await house.person()
    await house.store.commit(Change((replace(person, email=MOVED),)))
    new = letter("承知しました。", None, MOVED, subject=f"Re: {sent.subject}", message_id="<1@x>")
    old = letter("承知しました。", sent, SATO, message_id="<2@x>")
    await receive.receive(house.doors, house.doors.settings.mailboxes[0], Pigeonhole([new, old]))

    rows = await house.store.find(Inbound, order=("uid",))
    assert ["thread", "header_id/former"] == [row.match_rule for row in rows]
    assert {person.id} == {row.person_id for row in rows}


async def test_who_answered_is_told(house: House) -> None:
    """The representative's notice names who wrote and for whom."""
    sent = await thanked(house)
    mail = letter("代わりにお返事いたします。", sent, "秘書 井上 <hisho@aoba-hp.example>")
    await receive.receive(house.doors, house.doors.settings.mailboxes[0], Pigeonhole([mail]))

    ((_, notice_),) = house.told.notices
    assert notice_.subject.startswith("【返信】秘書 井上 → 佐藤 花子: ")


async def test_a_stranger_at_a_hospital_that_we_know_is_somebodys_to_read(house: House) -> None:
    """A fresh mail from an address that nobody knows: a task for whoever reads the mailbox, and a row that only
    this task shows; not of who writes from where anybody may be, nor of a machine.
    """
    await thanked(house)
    person = await house.person()
    fresh = letter("貴社製品の資料をお送りください。", sender="高橋 <takahashi@AOBA-HP.example>")
    friend = letter("週末の件、了解です。", sender="friend@home.example", Message_ID="<f@home.example>")
    public = letter("こんにちは。", sender="someone@gmail.com", Message_ID="<p@gmail.com>")
    machine = letter(
        "自動応答です。", sender="x@aoba-hp.example", Message_ID="<m@x>", Auto_Submitted="auto-replied"
    )
    report = await read(house, Pigeonhole([fresh, friend, public, machine]))

    (row,) = await house.store.find(Inbound)
    (task,) = await house.store.find(Task, {"kind": "reply"})
    assert (1, []) == (report.strays, report.problems)
    assert (None, person.organisation_id, house.clock.now()) == (
        row.person_id,
        row.organisation_id,
        row.handled_at,
    )
    assert (REP.id, None, person.organisation_id) == (task.rep_id, task.person_id, task.organisation_id)
    assert "takahashi@aoba-hp.example" in task.title
    assert "資料をお送りください" in task.detail
    assert EnrollmentState.ACTIVE is (await house.store.find(Enrollment))[0].state


async def test_a_stranger_who_opts_out_is_silent_too(house: House) -> None:
    """Any form of notice counts, also that of somebody whom nobody has brought in yet."""
    await thanked(house)
    await read(house, Pigeonhole([letter("今後の配信は不要です。", sender="takahashi@aoba-hp.example")]))

    (row,) = await house.store.find(Suppression)
    assert "takahashi@aoba-hp.example" == row.value


async def test_so_is_one_of_whom_nothing_at_all_is_known(house: House) -> None:
    """A place that nobody knows: we may have written by hand, and may meet some day. Other mail is passed over."""
    await thanked(house)
    said = {"mori": "今後の配信は不要です。", "kubo": "資料をお送りください。"}
    await read(
        house,
        Pigeonhole(
            [
                letter(text, sender=f"{who}@midori-hp.example", message_id=f"<{who}@midori-hp.example>")
                for who, text in said.items()
            ]
        ),
    )

    assert ["mori@midori-hp.example"] == [row.value for row in await house.store.find(Suppression)]
    assert ["mori@midori-hp.example"] == [row.from_address for row in await house.store.find(Inbound)]


async def test_what_lies_among_spam_silences_nobody(house: House) -> None:
    """Much there claims to be from somebody."""
    await thanked(house)
    asks = letter("今後の配信は不要です。", sender="mori@midori-hp.example")
    await read(house, Spam([asks]))

    assert () == await house.store.find(Suppression)
    assert () == await house.store.find(Inbound)
