"""The mailbox and the sender against the demo's own servers (pymap and aiosmtpd in process)."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime

import pytest

from nurture.clock import SystemClock
from nurture.config import ImapSettings, MailboxSettings, Secret, SmtpSettings
from nurture.core.ids import MailboxId
from nurture.core.sending import Letter, Verdict
from nurture.imap import ImapMailbox
from nurture.sandbox.servers import PostOffice
from nurture.smtp import SmtpSender

ADDRESS = "tanaka@maker.example"
NOW = datetime(2026, 11, 23, tzinfo=UTC)


def mailbox(office: PostOffice) -> MailboxSettings:
    """The mailbox of that address at the post office."""
    secret = Secret(env="X")
    return MailboxSettings(
        MailboxId("tanaka"),
        ADDRESS,
        "",
        SmtpSettings("127.0.0.1", office.submission_port, "none", ADDRESS, secret),
        ImapSettings(
            "127.0.0.1",
            office.imap_port,
            "none",
            ADDRESS,
            secret,
            folders=("INBOX", "送信済み"),
            sent_folder="送信済み",
        ),
    )


async def test_the_demo_post_office_is_read_and_listened_to() -> None:
    """Sending, fetching in batches, IDLE, APPEND and SEARCH work against it as against a real server."""
    async with PostOffice({ADDRESS: "pw"}, lambda: NOW) as office:
        await office.create_folder(ADDRESS, "送信済み")
        settings = mailbox(office)
        box = ImapMailbox(settings, lambda _: "pw", SystemClock())
        sender = SmtpSender({settings.id: settings}, lambda _: "pw")
        start = await box.fetch((), 10)
        assert start.mails == ()
        data = b"Subject: hi\r\nMessage-ID: <1@maker.example>\r\n\r\nhello\r\n"
        async with box.listening() as new:
            await asyncio.sleep(0.1)
            began = time.perf_counter()
            outcome = await sender.send(Letter(settings.id, ADDRESS, ADDRESS, data, "<1@maker.example>"))
            assert outcome.verdict is Verdict.ACCEPTED
            await asyncio.wait_for(new.wait(), 5)
            print(f"from sending to the IDLE push: {(time.perf_counter() - began) * 1000:.0f} ms")
        fetched = await box.fetch(start.cursors, 10)
        (mail,) = fetched.mails
        assert mail.raw.endswith(data)
        assert mail.received_at == NOW
        assert not mail.cut
        await box.keep_sent(data, NOW)
        assert await box.sent({"<1@maker.example>", "<2@maker.example>"}) == {"<1@maker.example>"}
        await office.deliver("x@y.example", ADDRESS, b"Subject: 2\r\n\r\n" + b"x" * 3_000_000 + b"\r\n")
        for number in range(60):
            await office.deliver("x@y.example", ADDRESS, b"Subject: %d\r\n\r\nx\r\n" % number)
        cursors, count, cut = fetched.cursors, 0, 0
        more = True
        while more:
            batch = await box.fetch(cursors, 25)
            cursors, more = batch.cursors, batch.more
            count += len(batch.mails)
            cut += sum(m.cut for m in batch.mails)
        assert (count, cut) == (62, 1)  # with the copy in the second folder
        await box.close()
        await sender.close()


async def test_a_mail_that_comes_at_any_moment_of_beginning_to_listen_is_heard() -> None:
    """Between the look at a folder and the IDLE on it as well: this server does not tell of that by itself.

    Everything runs in one loop, so that counting its passes visits each moment there is.
    """
    heard = []
    async with PostOffice({ADDRESS: "pw"}, lambda: NOW) as office:
        await office.create_folder(ADDRESS, "送信済み")
        box = ImapMailbox(mailbox(office), lambda _: "pw", SystemClock())
        found = await box.fetch((), 10)
        for passes in range(40):
            async with box.listening() as new:
                for _ in range(passes):
                    await asyncio.sleep(0)
                await office.deliver("x@y.example", ADDRESS, b"Subject: %d\r\n\r\nx\r\n" % passes)
                try:
                    await asyncio.wait_for(new.wait(), 5)
                except TimeoutError:
                    continue
                heard.append(passes)
            found = await box.fetch(found.cursors, 10)
        await box.close()

    assert list(range(40)) == heard


async def test_a_fault_while_listening_wakes_the_caller_and_is_told() -> None:
    """Nobody sleeps until the next beat beside an ear that has died of a fault of ours."""
    async with PostOffice({ADDRESS: "pw"}, lambda: NOW) as office:
        await office.create_folder(ADDRESS, "送信済み")
        secrets = iter(("pw",))

        def once(_: Secret) -> str:
            """The first connection gets its password; StopIteration cannot leave a coroutine as it is."""
            return next(secrets)

        box = ImapMailbox(mailbox(office), once, SystemClock())
        await box.fetch((), 10)
        with pytest.raises(RuntimeError, match="StopIteration"):
            async with box.listening() as new:
                await asyncio.wait_for(new.wait(), 5)
        await box.close()
