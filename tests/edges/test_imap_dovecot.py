"""The mailbox against a real Dovecot."""

from __future__ import annotations

import asyncio
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from nurture.clock import SystemClock
from nurture.config import ImapSettings, MailboxSettings, Secret, SmtpSettings
from nurture.core.change import Cursor
from nurture.core.ids import MailboxId
from nurture.core.reading import Intent, Kind
from nurture.errors import PermanentFailure, TemporaryFailure, UserError
from nurture.imap import ImapMailbox, batch, mailbox
from nurture.imap.syntax import folder_name
from nurture.mail.reading import read
from tests.servers.authority import client_tls
from tests.servers.between import Fault, between
from tests.servers.dovecot import PASSWORD
from tests.servers.scripted import cutting

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from nurture.ports import Fetched, RawMail
    from tests.servers.dovecot import Dovecot


def mail(number: int, *, body: str = "ありがとうございます。") -> bytes:
    """A short reply."""
    return (
        f"From: sato@hospital.example\r\nTo: tanaka@maker.example\r\nSubject: reply {number}\r\n"
        f"Message-ID: <{number}@hospital.example>\r\nContent-Type: text/plain; charset=utf-8\r\n"
        f"Content-Transfer-Encoding: 8bit\r\n\r\n{body}\r\n"
    ).encode()


def one_mailbox(imap: ImapSettings) -> MailboxSettings:
    """A mailbox with these settings for reading."""
    return MailboxSettings(
        MailboxId("tanaka"), "tanaka@maker.example", "", SmtpSettings("localhost", 25, "none"), imap
    )


@pytest.fixture
def user(dovecot: Dovecot) -> str:
    """A user nobody else uses."""
    return dovecot.user()


@pytest.fixture
async def opened(dovecot: Dovecot, user: str) -> AsyncIterator[Callable[..., ImapMailbox]]:
    """Makes mailboxes of that user, with other settings where asked, and closes them."""
    made: list[ImapMailbox] = []

    def make(*, password: str = PASSWORD, tls: bool = True, **settings: object) -> ImapMailbox:
        """One more mailbox."""
        chosen = {
            "host": "127.0.0.1",
            "port": dovecot.port,
            "security": "none",
            "username": user,
            "password": Secret(env="X"),
            "timeout": 10.0,
        } | settings
        box = ImapMailbox(
            one_mailbox(ImapSettings(**chosen)),  # type: ignore[arg-type]
            lambda _: password,
            SystemClock(),
            tls=client_tls() if tls else None,
        )
        made.append(box)
        return box

    yield make
    for box in made:
        await box.close()


async def drain(box: ImapMailbox, cursors: tuple[Cursor, ...], limit: int = 100) -> tuple[list[RawMail], Fetched]:
    """Fetch until there is no more."""
    mails: list[RawMail] = []
    while True:
        fetched = await box.fetch(cursors, limit)
        mails += fetched.mails
        cursors = fetched.cursors
        if not fetched.more:
            return mails, fetched


async def test_reading_starts_from_now(dovecot: Dovecot, user: str, opened: Callable[..., ImapMailbox]) -> None:
    """Without a cursor nothing old is read; what comes afterwards is, once, byte for byte."""
    dovecot.deliver(user, mail(1), mail(2))
    box = opened()
    first = await box.fetch((), 10)
    assert first.mails == ()
    assert not first.more
    assert first.cursors[0].uid == 2
    dovecot.deliver(user, mail(3), at=datetime(2026, 11, 9, 0, 0, 5, tzinfo=UTC))
    second = await box.fetch(first.cursors, 10)
    assert [m.raw for m in second.mails] == [mail(3)]
    assert second.mails[0].received_at == datetime(2026, 11, 9, 0, 0, 5, tzinfo=UTC)
    assert (second.mails[0].folder, second.mails[0].uid, second.mails[0].cut) == ("INBOX", 3, False)
    third = await box.fetch(second.cursors, 10)
    assert third.mails == ()
    assert third.cursors == second.cursors


async def test_reading_changes_no_flag(dovecot: Dovecot, user: str, opened: Callable[..., ImapMailbox]) -> None:
    """A person who opens the mailbox sees every mail as new as before."""
    box = opened()
    start = await box.fetch((), 10)
    dovecot.deliver(user, mail(1), mail(2))
    before = dovecot.flags(user)
    mails, _ = await drain(box, start.cursors)
    async with box.listening():
        pass
    assert len(mails) == 2
    assert dovecot.flags(user) == before
    assert "Seen" not in str(before)


async def test_a_thousand_mails_in_batches(
    dovecot: Dovecot, user: str, opened: Callable[..., ImapMailbox]
) -> None:
    """A thousand waiting mails come in order, none twice and none missing, in batches of the asked size."""
    box = opened()
    start = await box.fetch((), 10)
    await asyncio.to_thread(dovecot.deliver, user, *(mail(n) for n in range(1000)))
    began = time.perf_counter()
    sizes = []
    cursors, seen = start.cursors, []
    while True:
        fetched = await box.fetch(cursors, 150)
        sizes.append(len(fetched.mails))
        seen += [m.raw for m in fetched.mails]
        cursors = fetched.cursors
        if not fetched.more:
            break
    print(f"1000 mails in {time.perf_counter() - began:.2f} s")
    assert seen == [mail(n) for n in range(1000)]
    assert sizes == [150] * 6 + [100]


async def test_new_mail_wakes_the_listener(
    dovecot: Dovecot, user: str, opened: Callable[..., ImapMailbox], capsys: pytest.CaptureFixture[str]
) -> None:
    """The event is set within two seconds of a mail's arrival, again and again."""
    box = opened()
    fetched = await box.fetch((), 10)
    waits = []
    for number in range(5):
        async with box.listening() as new:
            await asyncio.sleep(0.3)  # let IDLE begin: what is measured is the push, not the beginning
            assert not new.is_set()
            began = time.perf_counter()
            await asyncio.to_thread(dovecot.deliver, user, mail(number))
            await asyncio.wait_for(new.wait(), 5)
            waits.append(time.perf_counter() - began)
        fetched = await box.fetch(fetched.cursors, 10)
        assert [m.raw for m in fetched.mails] == [mail(number)]
    with capsys.disabled():
        told = ", ".join(f"{w * 1000:.0f} ms" for w in waits)
        sys.stdout.write(f"\nIDLE, from the beginning of the delivery: {told}\n")
    assert max(waits) < 2


async def test_mail_between_fetch_and_listening_is_noticed(
    dovecot: Dovecot, user: str, opened: Callable[..., ImapMailbox]
) -> None:
    """A mail that came after the fetch and before IDLE sets the event: it would never be announced again."""
    box = opened()
    await box.fetch((), 10)
    dovecot.deliver(user, mail(1))
    async with box.listening() as new:
        await asyncio.wait_for(new.wait(), 5)


async def test_a_broken_line_wakes_and_recovers(
    dovecot: Dovecot, user: str, opened: Callable[..., ImapMailbox]
) -> None:
    """When the server dies under us, the listener wakes, and fetching connects anew and misses nothing.

    Where the line for commands is found dead only when it is used, that one fetch fails as temporary.
    """
    box = opened()
    start = await box.fetch((), 10)
    async with box.listening() as new:
        await asyncio.sleep(0.3)
        await asyncio.to_thread(dovecot.kick)
        await asyncio.wait_for(new.wait(), 5)
    dovecot.deliver(user, mail(1))
    try:
        mails, _ = await drain(box, start.cursors)
    except TemporaryFailure:
        mails, _ = await drain(box, start.cursors)
    assert [m.raw for m in mails] == [mail(1)]
    async with box.listening() as new:
        dovecot.deliver(user, mail(2))
        await asyncio.wait_for(new.wait(), 5)


@pytest.mark.parametrize("after", [30, 400, 5_000, 1_000_000])
async def test_a_connection_killed_in_the_middle(
    dovecot: Dovecot, user: str, opened: Callable[..., ImapMailbox], after: int
) -> None:
    """Wherever a connection is cut, fetching fails as temporary, and soon; the same cursor then gives all."""
    start = await opened().fetch((), 10)
    big = [mail(n, body="あ" * 100_000) for n in range(20)]
    await asyncio.to_thread(dovecot.deliver, user, *big)
    async with cutting(dovecot.port, after) as port:
        began = time.perf_counter()
        with pytest.raises(TemporaryFailure):
            await opened(port=port).fetch(start.cursors, 100)
        assert time.perf_counter() - began < 5
    mails, _ = await drain(opened(), start.cursors)
    assert [m.raw for m in mails] == big


async def test_renewed_uids_lose_nothing(dovecot: Dovecot, user: str, opened: Callable[..., ImapMailbox]) -> None:
    """After a new UIDVALIDITY the mails of the last days are read again, older ones are not."""
    box = opened()
    old = datetime.now(UTC) - timedelta(days=60)
    dovecot.deliver(user, mail(1), at=old)
    start = await box.fetch((), 10)
    dovecot.deliver(user, mail(2), mail(3), mail(4))
    await box.close()
    dovecot.renew_uids(user)
    mails, last = await drain(box, start.cursors, limit=2)
    assert sorted(m.raw for m in mails) == [mail(2), mail(3), mail(4)]
    assert last.cursors[0].uidvalidity != start.cursors[0].uidvalidity
    again = await box.fetch(last.cursors, 10)
    assert again.mails == ()


async def test_long_mails_are_cut(
    dovecot: Dovecot, user: str, opened: Callable[..., ImapMailbox], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a mail longer than the cap its beginning is read and marked as cut; its neighbours are whole."""
    monkeypatch.setattr(batch, "LARGEST_MAIL", 2000)
    monkeypatch.setattr(batch, "LONGEST_END", 500)
    box = opened()
    start = await box.fetch((), 10)
    dovecot.deliver(user, mail(1), mail(2, body="x" * 50_000), mail(3))
    fetched = await box.fetch(start.cursors, 10)
    assert [m.cut for m in fetched.mails] == [False, True, False]
    assert fetched.mails[1].raw == mail(2, body="x" * 50_000)[:2000]


REPORT = (
    b"From: MAILER-DAEMON@mx.hospital.example\r\nTo: tanaka@maker.example\r\nSubject: failure notice\r\n"
    b"Message-ID: <r@mx.hospital.example>\r\nMIME-Version: 1.0\r\n"
    b'Content-Type: multipart/report; report-type=delivery-status; boundary="outer"\r\n\r\n'
    b"--outer\r\nContent-Type: message/rfc822\r\n\r\n"
    b"From: tanaka@maker.example\r\nTo: sato@hospital.example\r\nMessage-ID: <ours@maker.example>\r\n"
    b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=inner\r\n\r\n"
    b"--inner\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nour letter\r\n"
    b"--inner\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    + b"JVBERi0xLjQKJcOkw7zDtsOfCjIgMCBvYmoKPDwvTGVuZ3RoIDMgMCBSL0ZpbHRlci9GbGF0ZURl\r\n"
    * 27_000
    + b"--inner--\r\n\r\n--outer\r\nContent-Type: message/delivery-status\r\n\r\n"
    b"Reporting-MTA: dns; mx.hospital.example\r\n\r\n"
    b"Final-Recipient: rfc822; sato@hospital.example\r\nAction: failed\r\nStatus: 5.1.1\r\n"
    b"Diagnostic-Code: smtp; 550 5.1.1 user unknown\r\n\r\n--outer--\r\n"
)
"""A report whose verdict stands behind the two megabytes that came back."""
ANSWER = (
    b"From: sato@hospital.example\r\nTo: tanaka@maker.example\r\nSubject: Re: x\r\n"
    b"Message-ID: <a@hospital.example>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=abc\r\n\r\n"
    b"--abc\r\nContent-Type: application/zip\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    + b"UEsDBBQAAAAIAAAAIQCuQmCCUEsDBBQAAAAIAAAAIQCuQmCCUEsDBBQAAAAIAAAAIQCuQmCCUEsDBA\r\n" * 27_000
    + b"--abc\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
    + "今回は見送らせていただきます。\r\n--abc--\r\n".encode()
)
"""An answer whose text stands behind two megabytes of attachment."""


async def test_the_end_of_a_long_mail_is_read(
    dovecot: Dovecot, user: str, opened: Callable[..., ImapMailbox]
) -> None:
    """A report behind the mail that came back and a text behind its attachment are read, within bounds."""
    box = opened()
    start = await box.fetch((), 10)
    dovecot.deliver(user, REPORT, ANSWER)
    report, answer = (await box.fetch(start.cursors, 10)).mails

    assert (True, True) == (report.cut, answer.cut)
    assert max(len(report.raw), len(answer.raw)) < batch.LARGEST_MAIL + batch.LONGEST_END + 10
    said = read(report.raw)
    assert (Kind.BOUNCE, "5.1.1", ("sato@hospital.example",), "<ours@maker.example>") == (
        said.kind,
        said.bounce and said.bounce.status,
        said.bounce and said.bounce.recipients,
        said.bounce and said.bounce.original_message_id,
    )
    assert {Intent.REFUSAL} == read(answer.raw).intents


async def test_a_mail_that_is_a_little_too_long_is_read_whole(
    dovecot: Dovecot, user: str, opened: Callable[..., ImapMailbox], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where beginning and end meet nothing is missing, and nothing says so."""
    monkeypatch.setattr(batch, "LARGEST_MAIL", 2000)
    monkeypatch.setattr(batch, "LONGEST_END", 1000)
    box = opened()
    start = await box.fetch((), 10)
    long = [mail(n, body="x" * size) for n, size in enumerate((1500, 1790, 2500), 1)]
    dovecot.deliver(user, *long)
    fetched = await box.fetch(start.cursors, 10)

    assert [(False, one) for one in long] == [(m.cut, m.raw) for m in fetched.mails]


async def test_other_folders_are_glanced_at(
    dovecot: Dovecot, user: str, opened: Callable[..., ImapMailbox], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What lands in a folder that IDLE does not hear is noticed while the first is listened to."""
    monkeypatch.setattr(mailbox, "GLANCE", 0.1)
    with dovecot.client(user) as client:
        client.create("Later")
    box = opened(folders=("INBOX", "Later"))
    start = await box.fetch((), 10)
    line = box._line
    async with box.listening() as new:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(new.wait(), 0.5)
        with dovecot.client(user) as client:
            client.append("Later", "", "", mail(1))
        await asyncio.wait_for(new.wait(), 5)
    fetched = await box.fetch(start.cursors, 10)

    assert [("Later", mail(1))] == [(m.folder, m.raw) for m in fetched.mails]
    assert line is box._line, "a glance costs no connection"


async def test_a_server_without_idle_is_glanced_at(
    dovecot: Dovecot, user: str, opened: Callable[..., ImapMailbox], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nothing can be heard the first folder is looked at in the same way."""
    monkeypatch.setattr(mailbox, "GLANCE", 0.1)
    async with between(dovecot.port, hidden=(b"IDLE",)) as (stands, port):
        box = opened(port=port)
        await box.fetch((), 10)
        async with box.listening() as new:
            dovecot.deliver(user, mail(1))
            await asyncio.wait_for(new.wait(), 5)

    assert not any(b" IDLE" in line for line in stands.passed)


async def test_japanese_folders(dovecot: Dovecot, user: str, opened: Callable[..., ImapMailbox]) -> None:
    """Folders with Japanese names, ampersands and quotes are read and written under their own names."""
    names = ("INBOX", '返信/大学病院 & "外来"', "送信済み")
    with dovecot.client(user) as client:
        for name in names[1:]:
            from nurture.imap.syntax import folder_name, quoted

            assert client.create(quoted(folder_name(name)))[0] == "OK"
    box = opened(folders=names, sent_folder="送信済み")
    start = await box.fetch((), 10)
    assert [c.folder for c in start.cursors] == list(names)
    await box.keep_sent(mail(7), datetime(2026, 11, 23, 1, 2, 3, tzinfo=UTC))
    fetched = await box.fetch(start.cursors, 10)
    assert [(m.folder, m.raw) for m in fetched.mails] == [("送信済み", mail(7))]
    maildir = dovecot.root / "home" / user / "Maildir"
    assert (maildir / ".送信済み").is_dir(), sorted(p.name for p in maildir.iterdir())


async def test_sent_copies_are_evidence(dovecot: Dovecot, user: str, opened: Callable[..., ImapMailbox]) -> None:
    """A kept copy is marked as read, carries its date, and is found by its Message-ID and by nothing less."""
    with dovecot.client(user) as client:
        client.create("Sent")
    box = opened(sent_folder="Sent")
    await box.keep_sent(mail(1), datetime(2026, 11, 23, 1, 2, 3, tzinfo=UTC))
    asked = {"<1@hospital.example>", "<2@hospital.example>", '<"odd"\\one@x.example>', "<1@hospital.exampl"}
    found = await box.sent(asked)
    assert "<1@hospital.example>" in found
    assert "<2@hospital.example>" not in found
    with dovecot.client(user) as client:
        client.select("Sent", readonly=True)
        answer = str(client.fetch("1", "(FLAGS INTERNALDATE)")[1])
    assert "\\\\Seen" in answer
    assert "23-Nov-2026 01:02:03" in answer


@pytest.mark.parametrize("name", ["Sent", "送信済み"])
async def test_a_sent_folder_that_is_not_there_is_made(
    dovecot: Dovecot, user: str, opened: Callable[..., ImapMailbox], name: str
) -> None:
    """A new account has none: the first copy makes it, and programs that show what is subscribed to show it."""
    box = opened(sent_folder=name)
    for number in (1, 2):
        await box.keep_sent(mail(number), datetime(2026, 11, 23, 1, 2, 3, tzinfo=UTC))
    found = await box.sent({"<1@hospital.example>", "<2@hospital.example>"})
    with dovecot.client(user) as client:
        shown = str(client.lsub())

    assert {"<1@hospital.example>", "<2@hospital.example>"} == found
    assert folder_name(name) in shown


async def test_without_a_sent_folder_nothing_is_kept(opened: Callable[..., ImapMailbox]) -> None:
    """Where the provider keeps copies itself, none is added and no evidence is claimed."""
    box = opened()
    await box.keep_sent(mail(1), datetime(2026, 11, 23, tzinfo=UTC))
    assert await box.sent({"<1@hospital.example>"}) == frozenset()


@pytest.mark.parametrize("name", ["Sent", "Sent Items", "送信済みアイテム"])
async def test_what_the_provider_keeps_is_evidence(
    dovecot: Dovecot, user: str, opened: Callable[..., ImapMailbox], name: str
) -> None:
    """Without a configured Sent folder, the account's own is found, whatever it is called, and looked into."""
    with dovecot.client(user) as client:
        for folder in ("Drafts", "会議", name):
            client.create(f'"{folder_name(folder)}"')
    dovecot.deliver(user, mail(1), folder=f'"{folder_name(name)}"')
    box = opened()

    assert await box.sent({"<1@hospital.example>", "<2@hospital.example>"}) == {"<1@hospital.example>"}


@pytest.mark.parametrize("security", ["tls", "starttls"])
async def test_encrypted_lines(
    dovecot: Dovecot, user: str, opened: Callable[..., ImapMailbox], security: str
) -> None:
    """Both kinds of encryption work against a certificate of a known authority, listening included."""
    port = dovecot.tls_port if security == "tls" else dovecot.port
    box = opened(security=security, port=port)
    start = await box.fetch((), 10)
    async with box.listening() as new:
        await asyncio.sleep(0.3)
        await asyncio.to_thread(dovecot.deliver, user, mail(1))
        await asyncio.wait_for(new.wait(), 5)
    assert [m.raw for m in (await box.fetch(start.cursors, 10)).mails] == [mail(1)]


@pytest.mark.parametrize("security", ["tls", "starttls"])
async def test_an_unknown_authority_is_not_trusted(
    dovecot: Dovecot, opened: Callable[..., ImapMailbox], security: str
) -> None:
    """A certificate of an unknown authority ends the connection before the password is sent."""
    box = opened(security=security, port=dovecot.tls_port if security == "tls" else dovecot.port, tls=False)
    with pytest.raises(TemporaryFailure, match="not trusted"):
        await box.fetch((), 10)


async def test_a_wrong_password_is_for_a_person(opened: Callable[..., ImapMailbox]) -> None:
    """A refused login is permanent, and its words do not cite the password."""
    box = opened(password="wrong-password")
    with pytest.raises(PermanentFailure) as refused:
        await box.fetch((), 10)
    assert "wrong-password" not in f"{refused.value!s} {refused.value!r} {refused.value.values}"


async def test_a_wrong_password_is_not_tried_twice(
    dovecot: Dovecot, user: str, opened: Callable[..., ImapMailbox]
) -> None:
    """Listening does not knock again where fetching was turned away."""
    box = opened(password="wrong-password")
    with pytest.raises(PermanentFailure):
        await box.fetch((), 10)
    async with box.listening() as new:
        await asyncio.sleep(0.3)
        assert not new.is_set()
    assert len([said for said in dovecot.log().splitlines() if "auth failed" in said and f"<{user}>" in said]) == 1


async def test_a_missing_folder_is_for_a_person(opened: Callable[..., ImapMailbox]) -> None:
    """A folder that the server neither has nor makes is named in a permanent failure; the line stays usable."""
    box = opened(folders=("Nowhere",), sent_folder="Nowhere//either")
    with pytest.raises(PermanentFailure, match="Nowhere"):
        await box.fetch((), 10)
    with pytest.raises(PermanentFailure, match="Nowhere//either"):
        await box.keep_sent(mail(1), datetime(2026, 11, 23, tzinfo=UTC))
    with pytest.raises(PermanentFailure, match="Nowhere//either"):
        await box.sent({"<1@hospital.example>"})


async def test_the_wrong_port_fails_soon(dovecot: Dovecot, opened: Callable[..., ImapMailbox]) -> None:
    """Clear text spoken to a TLS port, and TLS to a clear one, fail as temporary and within the time-out."""
    for security, port in (("none", dovecot.tls_port), ("tls", dovecot.port), ("none", 1)):
        began = time.perf_counter()
        with pytest.raises(TemporaryFailure):
            await opened(security=security, port=port, timeout=2.0).fetch((), 10)
        assert time.perf_counter() - began < 6


async def test_callers_share_one_line(dovecot: Dovecot, user: str, opened: Callable[..., ImapMailbox]) -> None:
    """Fetching, keeping and searching at the same time, while listening, do not mix their answers."""
    with dovecot.client(user) as client:
        client.create("Sent")
    box = opened(sent_folder="Sent")
    start = await box.fetch((), 10)
    dovecot.deliver(user, *(mail(n) for n in range(20)))
    at = datetime(2026, 11, 23, tzinfo=UTC)
    async with box.listening():
        results = await asyncio.gather(
            box.fetch(start.cursors, 100),
            *(box.keep_sent(mail(100 + n), at) for n in range(5)),
            box.sent({"<nothing@x.example>"}),
            box.fetch(start.cursors, 100),
        )
    assert [m.raw for m in results[0].mails] == [mail(n) for n in range(20)]  # type: ignore[union-attr]
    assert results[0] == results[-1]
    assert await box.sent({f"<{100 + n}@hospital.example>" for n in range(6)}) == {
        f"<{100 + n}@hospital.example>" for n in range(5)
    }


async def test_a_cancelled_fetch_leaves_no_wrong_answers(
    dovecot: Dovecot, user: str, opened: Callable[..., ImapMailbox]
) -> None:
    """A fetch that is cancelled half-way drops its line: the next one gets its own answers."""
    start = await opened().fetch((), 10)
    await asyncio.to_thread(dovecot.deliver, user, *(mail(n, body="x" * 100_000) for n in range(30)))
    async with between(dovecot.port, at=60, fault=Fault.HOLD) as (stands, port):
        box = opened(port=port)
        reading = asyncio.create_task(box.fetch(start.cursors, 100))
        await asyncio.wait_for(stands.met.wait(), 10)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        mails, _ = await drain(box, start.cursors)
        await box.close()
    assert len(mails) == 30


def test_clear_text_leaves_this_machine_never() -> None:
    """Security ``none`` is refused for any host but this one, before anything connects."""
    for host, fine in (("127.0.0.1", True), ("localhost", True), ("::1", True), ("imap.maker.example", False)):
        settings = ImapSettings(host, 143, security="none")
        if fine:
            ImapMailbox(one_mailbox(settings), lambda _: "", SystemClock())
        else:
            with pytest.raises(UserError):
                ImapMailbox(one_mailbox(settings), lambda _: "", SystemClock())
