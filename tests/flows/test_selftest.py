"""A letter to oneself, through a real SMTP server into a real Dovecot, and what is made of it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from nurture.clock import SeededChance, SimulatedClock
from nurture.config import Company, ImapSettings, MailboxSettings, Secret, Settings, SmtpSettings
from nurture.core.health import Arrived
from nurture.core.ids import MailboxId
from nurture.core.sending import Outcome, Verdict
from nurture.errors import NurtureError, PermanentFailure, TemporaryFailure
from nurture.flows import selftest
from nurture.imap.probe import Seeker
from nurture.imap.syntax import folder_name
from nurture.mail.tokens import token_in
from nurture.smtp import SmtpSender
from tests.flows.conftest import MET, Wire
from tests.servers.dovecot import PASSWORD, Dovecot, running_dovecot
from tests.servers.recording import recording

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nurture.core.sending import Letter

SETTINGS = Settings(Path("/nowhere"), Company("会社", "100-0000", "東京", "03-0000-0000", "c@maker.example"))
HEADER = b"""Authentication-Results: mx.maker.example;
\tspf=pass smtp.mailfrom=maker.example; dkim=fail header.d=maker.example;
\tdmarc=pass header.from=maker.example
Authentication-Results: forged.example; dkim=pass; dmarc=fail
Subject: x"""


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    """A real IMAP server."""
    with running_dovecot() as server:
        yield server


def box(address: str, smtp: int, imap: int) -> MailboxSettings:
    """A mailbox on these servers."""
    reading = ImapSettings("127.0.0.1", imap, "none", address, Secret(env="X"), timeout=5.0)
    return MailboxSettings(
        MailboxId("tanaka"), address, "田中 一郎", SmtpSettings("127.0.0.1", smtp, "none"), reading
    )


@dataclass
class Provider:
    """Between SMTP and the account: files what was sent into Sent at once, and later where it belongs."""

    dovecot: Dovecot
    sender: SmtpSender
    seeker: Seeker
    folder: str
    data: bytes = b""
    looks: int = 0

    async def send(self, letter: Letter) -> Outcome:
        """Through the real sender; our own copy is no arrival."""
        self.data = letter.data
        outcome = await self.sender.send(letter)
        await asyncio.to_thread(self.dovecot.deliver, letter.recipient, letter.data, folder="Sent")
        return outcome

    async def look(self, header_id: str) -> Arrived | None:
        """Through the real seeker; before the second look the letter arrives."""
        self.looks += 1
        if self.looks == 2:
            user = self.seeker._imap.username
            arrived = HEADER + b"\r\n" + self.data
            await asyncio.to_thread(self.dovecot.deliver, user, arrived, folder=folder_name(self.folder))
        return await self.seeker.look(header_id)

    async def close(self) -> None:
        """Both."""
        await self.sender.close()
        await self.seeker.close()


@pytest.mark.parametrize(("folder", "junk"), [("INBOX", False), ("Junk", True), ("会議", False)])
async def test_it_is_followed_until_it_arrives(dovecot: Dovecot, folder: str, *, junk: bool) -> None:
    """Sent through SMTP, filed some time later in whatever folder: found, with what the server saw."""
    user = dovecot.user()
    with dovecot.client(user) as client:
        for name in ("Junk", "Sent", "会議"):
            client.create(folder_name(name))
    async with recording(security="none", login=False) as server:
        mailbox = box(user, server.port, dovecot.port)
        assert mailbox.imap is not None
        sender, seeker = SmtpSender({mailbox.id: mailbox}, lambda _: ""), Seeker(mailbox.imap, lambda _: PASSWORD)
        provider = Provider(dovecot, sender, seeker, folder)
        followed = await selftest.follow(
            SETTINGS,
            mailbox,
            provider,  # type: ignore[arg-type]
            provider,
            clock=Hasty(MET),
            chance=SeededChance(1),
            patience=timedelta(seconds=30),
        )
        await provider.close()
        ((envelope, recipients, _, _),) = server.letters

    assert (user, (user,), 2) == (envelope, recipients, provider.looks)
    assert followed.arrived is not None
    assert (folder, junk) == (followed.arrived.folder, followed.arrived.junk)
    assert {"spf": "pass", "dkim": "fail", "dmarc": "pass"} == followed.results
    assert followed.said[0].startswith("mx.maker.example; spf=pass")
    assert (Verdict.ACCEPTED, 1.0) == (followed.outcome.verdict, followed.seconds)


@dataclass
class Eyes:
    """A seeker that sees what it is told, look by look (``ports.Seeker``)."""

    sees: list[Arrived | NurtureError | None] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    async def look(self, header_id: str) -> Arrived | None:
        """The next of them; the last again and again."""
        self.asked.append(header_id)
        found = self.sees.pop(0) if len(self.sees) > 1 else self.sees[0]
        if isinstance(found, NurtureError):
            raise found
        return found

    async def close(self) -> None:
        """Nothing to close."""


class Hasty(SimulatedClock):
    """A clock that moves on as soon as somebody waits."""

    async def sleep_until(self, instant: object, *wakes: asyncio.Event) -> None:
        """At once."""
        self.advance_to(instant)  # type: ignore[arg-type]


HERE = Arrived("INBOX", False, HEADER, None)


async def follow(wire: Wire, eyes: Eyes | None, **settings: object) -> selftest.Followed:
    """Follow a letter in no time."""
    mailbox = replace(box("tanaka@maker.example", 25, 143), **settings)  # type: ignore[arg-type]
    return await selftest.follow(
        SETTINGS,
        mailbox,
        wire,
        eyes,
        clock=Hasty(MET),
        chance=SeededChance(1),
        patience=timedelta(seconds=60),
    )


async def test_a_line_that_breaks_is_taken_up_again() -> None:
    """Temporary trouble while looking is no result."""
    eyes = Eyes([TemporaryFailure("no connection"), None, HERE])
    followed = await follow(Wire(), eyes)

    assert (HERE, None, 2.0) == (followed.arrived, followed.problem, followed.seconds)
    assert {followed.header_id} == set(eyes.asked)


async def test_it_ends_when_patience_does() -> None:
    """Not arrived, and what was in the way at the end."""
    lost = await follow(Wire(), Eyes([None]))
    away = await follow(Wire(), Eyes([TemporaryFailure("no connection")]))

    assert (None, None, 60.0) == (lost.arrived, lost.problem, lost.seconds)
    assert "no connection" == str(away.problem)


async def test_what_cannot_be_followed_is_said() -> None:
    """A login that is refused, a letter that nobody took, a mailbox that is not read."""
    refused = await follow(Wire(), Eyes([PermanentFailure("the login was refused")]))
    assert "the login was refused" == str(refused.problem)
    eyes = Eyes([HERE])
    untaken = await follow(Wire(answer=lambda _: Outcome(Verdict.REFUSED, "550 no")), eyes)
    assert (Verdict.REFUSED, []) == (untaken.outcome.verdict, eyes.asked)
    unread = await follow(Wire(), None, imap=None)
    assert (Verdict.ACCEPTED, None) == (unread.outcome.verdict, unread.arrived)


async def test_a_letter_whose_line_was_lost_is_looked_for_too() -> None:
    """In doubt: it may well arrive."""
    followed = await follow(Wire(answer=lambda _: Outcome(Verdict.UNKNOWN, "lost")), Eyes([HERE]))
    assert followed.arrived is HERE


async def test_it_goes_as_letters_go_and_where_answers_go() -> None:
    """An envelope sender or a plus address that the server does not take shows in the test."""
    wire = Wire()
    verp, reply_to = "bounce+{token}@maker.example", "tanaka+{token}@maker.example"
    await follow(wire, Eyes([HERE]), verp=verp, reply_to=reply_to)
    (letter,) = wire.letters
    bounce, answer = token_in(letter.sender), token_in(letter.recipient)

    assert bounce is not None
    assert bounce == answer
    assert (f"bounce+{bounce}@maker.example", f"tanaka+{bounce}@maker.example") == (
        letter.sender,
        letter.recipient,
    )
    assert f"To: {letter.recipient}\r\n".encode() in letter.data
    assert 40 == len(bounce)


async def test_it_is_marked_so_that_nothing_answers_it() -> None:
    """RFC 3834; and each has a Message-ID of its own."""
    wire = Wire()
    first = await follow(wire, Eyes([HERE]))
    (letter,) = wire.letters

    assert b"Auto-Submitted: auto-generated" in letter.data
    assert first.header_id.encode() in letter.data
    assert first.header_id.endswith("@maker.example>")
