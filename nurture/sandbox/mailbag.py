"""What really lies in the mailboxes at the end, read over IMAP as anybody would read it."""

from __future__ import annotations

import asyncio
import imaplib
from dataclasses import dataclass
from email import message_from_bytes
from email.policy import default as policy
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from nurture.sandbox.servers import HOST

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from nurture.sandbox.servers import PostOffice


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail as it lies in a mailbox."""

    header_id: str
    subject: str
    sender: str
    at: datetime  # INTERNALDATE
    text: str


async def read(office: PostOffice, passwords: Mapping[str, str]) -> Mapping[str, tuple[Mail, ...]]:
    """All mails of all INBOXes, by address, in the order of their arrival."""
    return {
        address: await asyncio.to_thread(_inbox, office.imap_port, address, password)
        for address, password in passwords.items()
    }


def mail(raw: bytes, at: datetime) -> Mail:
    """A mail as its reader sees it."""
    parsed = message_from_bytes(raw, policy=policy)
    body = parsed.get_body(preferencelist=("plain",))
    return Mail(
        header_id=str(parsed["Message-ID"] or "").strip(),
        subject=str(parsed["Subject"] or ""),
        sender=str(parsed["From"] or ""),
        at=at,
        text=str(body.get_content()).replace("\r\n", "\n") if body is not None else "",
    )


def _inbox(port: int, address: str, password: str) -> tuple[Mail, ...]:
    with imaplib.IMAP4(HOST, port, timeout=30) as server:
        server.login(address, password)
        server.select("INBOX", readonly=True)
        _, found = server.uid("FETCH", "1:*", "(INTERNALDATE BODY.PEEK[])")
        return tuple(mail(part[1], _arrival(part[0])) for part in found if isinstance(part, tuple))


def _arrival(line: bytes) -> datetime:
    """The INTERNALDATE of a FETCH answer: "01-Apr-2027 00:00:00 +0000"."""
    said = line.decode("ascii").partition('INTERNALDATE "')[2].partition('"')[0]
    return parsedate_to_datetime(said.strip().replace("-", " ", 2))
