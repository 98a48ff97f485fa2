"""The post office: a real SMTP server and a real IMAP server that agree with each other."""

from __future__ import annotations

import asyncio
import imaplib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import aiosmtplib
import pytest

from nurture.sandbox.servers import HOST, PostOffice

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from nurture.sandbox.servers import Delivered

NOON = datetime(2027, 3, 23, 3, 0, tzinfo=UTC)
REP, DOCTOR = "rep@vendor.example", "doctor@hospital.example"
SECRET = "rep-secret"
LETTER = (
    b"From: rep@vendor.example\r\nTo: doctor@hospital.example\r\nSubject: hello\r\n"
    b"Message-ID: <1@vendor.example>\r\n\r\n\x1b$B$3$s\x1b(B\r\n.a line with a dot\r\n"
)


@pytest.fixture
async def office() -> AsyncIterator[PostOffice]:
    """An open post office with two mailboxes, its clock at noon in Tokyo."""
    async with PostOffice({REP: SECRET, DOCTOR: "doctor-secret"}, lambda: NOON) as opened:
        yield opened


async def hand_in(office: PostOffice, recipient: str, *, password: str | None = SECRET) -> None:
    """Send the letter through the submission port."""
    await aiosmtplib.send(
        LETTER,
        sender=REP,
        recipients=[recipient],
        hostname=HOST,
        port=office.submission_port,
        username=REP if password else None,
        password=password,
        start_tls=False,
    )


def inbox(port: int, address: str, password: str) -> list[tuple[bytes, bytes]]:
    """All mails of an INBOX, read over IMAP: the answer's first line, and the bytes."""
    with imaplib.IMAP4(HOST, port, timeout=10) as server:
        server.login(address, password)
        server.select("INBOX", readonly=True)
        _, found = server.uid("FETCH", "1:*", "(UID INTERNALDATE BODY.PEEK[])")
        return [(part[0], part[1]) for part in found if isinstance(part, tuple)]


async def test_a_letter_handed_in_lies_in_the_mailbox_byte_for_byte(office: PostOffice) -> None:
    """What SMTP accepted is what IMAP shows, with the trace lines of the last server above it."""
    await hand_in(office, DOCTOR)
    (line, raw), *rest = await asyncio.to_thread(inbox, office.imap_port, DOCTOR, "doctor-secret")
    assert not rest
    assert raw.startswith(b"Return-Path: <rep@vendor.example>\r\nReceived: ")
    assert raw.endswith(LETTER)
    assert b'"23-Mar-2027 03:00:00 +0000"' in line


async def test_a_letter_to_a_tagged_address_goes_to_the_plain_one(office: PostOffice) -> None:
    """``name+detail@`` is the mailbox ``name@`` (RFC 5233)."""
    await hand_in(office, "doctor+token@hospital.example")
    assert len(await asyncio.to_thread(inbox, office.imap_port, DOCTOR, "doctor-secret")) == 1


async def test_the_submission_port_asks_who_you_are(office: PostOffice) -> None:
    """Without a login, or with a wrong one, nothing is taken."""
    with pytest.raises(aiosmtplib.SMTPSenderRefused):
        await hand_in(office, DOCTOR, password=None)
    with pytest.raises(aiosmtplib.SMTPAuthenticationError):
        await hand_in(office, DOCTOR, password="wrong")
    assert office.log == []


async def test_an_unknown_addressee_is_refused_at_once(office: PostOffice) -> None:
    """An address that nobody has gets 550 5.1.1 in answer to RCPT."""
    with pytest.raises(aiosmtplib.SMTPRecipientsRefused) as refused:
        await hand_in(office, "nobody@hospital.example")
    assert refused.value.recipients[0].code == 550


async def test_a_closed_address_still_takes_mail_and_gives_it_back(office: PostOffice) -> None:
    """Mail for a closed address is accepted, is in no mailbox, and is handed to ``returned``."""
    back: list[Delivered] = []
    office.returned = back.append
    office.closed.add(DOCTOR)
    await hand_in(office, DOCTOR)
    assert [(mail.to, mail.sender, mail.uid) for mail in back] == [(DOCTOR, REP, None)]
    assert office.last_uid(DOCTOR) is None


async def test_whoever_arrives_is_announced_with_the_uid_that_imap_shows(office: PostOffice) -> None:
    """The office's own count of what it delivered is the mailbox's."""
    seen: list[Delivered] = []
    office.arrived = seen.append
    await hand_in(office, DOCTOR)
    await hand_in(office, DOCTOR)
    lines = [line for line, _ in await asyncio.to_thread(inbox, office.imap_port, DOCTOR, "doctor-secret")]
    assert [mail.uid for mail in seen] == [int(line.split(b"UID ")[1].split()[0]) for line in lines]
    assert office.last_uid(DOCTOR) == seen[-1].uid
