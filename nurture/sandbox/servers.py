"""A post office in process: a real SMTP server and a real IMAP server on free loopback ports.

Theory of operation
-------------------
aiosmtpd listens twice. On the submission port a client must log in, as at a company's own mail server;
on the relay port it need not, as at port 25 of the server that the world delivers to. Whatever is accepted
is put into the addressee's INBOX on pymap, which pushes it to whoever idles there. Servers and clients share
one event loop but speak through sockets: nobody hands anybody an object.

An address can be *closed*: its mail is still accepted (as a relay does that only learns later) and handed
to ``returned``, so that a delivery status notification can come back.
"""

from __future__ import annotations

import asyncio
import re
from argparse import Namespace
from contextlib import AsyncExitStack
from dataclasses import dataclass
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any, Final

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from proxyprotocol.reader import ProxyProtocolReader
from proxyprotocol.version import ProxyProtocolVersion
from pymap.backend.dict import Config, Identity, Login
from pymap.concurrent import Subsystem
from pymap.imap import IMAPServer
from pymap.parsing.message import AppendMessage
from pymap.user import UserMetadata
from pysasl.hashing import Cleartext

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

HOST: Final = "127.0.0.1"
LARGEST: Final = 10 * 1024 * 1024  # bytes of one mail


@dataclass(frozen=True, slots=True)
class Delivered:
    """A mail that the post office has taken: put into a mailbox, or not to be delivered (``uid`` is None)."""

    to: str  # the mailbox's address
    sender: str  # of the envelope; "" for a bounce
    raw: bytes
    at: datetime
    uid: int | None = None


def _ignore(_mail: Delivered) -> None:
    """Nobody wants to know."""


class PostOffice:
    """SMTP in, IMAP out. Use it as an async context manager; the ports are known once it is open.

    Args:
        accounts: password by address; each has a mailbox. Mail for other addresses is refused (550).
        now: what the servers' clocks show.
        hostname: how the servers call themselves.
    """

    def __init__(
        self, accounts: Mapping[str, str], now: Callable[[], datetime], hostname: str = "mail.sandbox.example"
    ) -> None:
        self._passwords = {address.lower(): password for address, password in accounts.items()}
        self._now = now
        self.hostname = hostname
        self._stack = AsyncExitStack()
        self._imap = _ImapConfig(hostname)
        self._login = Login(self._imap)
        self._root = Identity("post-office", self._login, None, frozenset({"admin"}))
        self._last_uid: dict[str, int] = {}
        self._seq = 0
        self.closed: set[str] = set()
        self.arrived: Callable[[Delivered], None] = _ignore
        self.returned: Callable[[Delivered], None] = _ignore
        self.log: list[Delivered] = []
        self.busy = 0  # mails being taken right now
        self.submission_port = 0
        self.relay_port = 0
        self.imap_port = 0

    async def __aenter__(self) -> PostOffice:
        self._imap.apply_context()
        for address, password in self._passwords.items():
            self._login.users_dict[address] = UserMetadata(self._imap, address, password=password)
        loop = asyncio.get_running_loop()
        reader = ProxyProtocolReader(ProxyProtocolVersion.get(None))
        imap = await asyncio.start_server(
            reader.get_callback(IMAPServer(self._login, self._imap)), HOST, 0, limit=LARGEST
        )
        submission = await loop.create_server(lambda: self._smtp(submits=True), HOST, 0)
        relay = await loop.create_server(lambda: self._smtp(submits=False), HOST, 0)
        for server in (imap, submission, relay):
            self._stack.callback(server.close)
        self.imap_port, self.submission_port, self.relay_port = (
            int(server.sockets[0].getsockname()[1]) for server in (imap, submission, relay)
        )
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self._stack.aclose()

    def _smtp(self, *, submits: bool) -> SMTP:
        return SMTP(
            _Counter(self, submits=submits),
            hostname=self.hostname,
            ident="sandbox",
            data_size_limit=LARGEST,
            enable_SMTPUTF8=False,
            auth_require_tls=False,  # loopback
            authenticator=self._authenticate,
            loop=asyncio.get_running_loop(),
        )

    def _authenticate(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        right = isinstance(data, LoginPassword) and self._passwords.get(
            data.login.decode("utf-8", "replace").lower()
        ) == data.password.decode("utf-8", "replace")
        return AuthResult(success=right, handled=False)

    def address(self, recipient: str) -> str | None:
        """The mailbox that a recipient's address belongs to (RFC 5233: without its +detail), or None."""
        address = recipient.lower()
        if address in self._passwords:
            return address
        plain = re.sub(r"\+[^@]*@", "@", address)
        return plain if plain in self._passwords else None

    async def deliver(self, sender: str, recipient: str, raw: bytes) -> None:
        """Put a mail into a mailbox, with the two lines that the last server adds (RFC 5321, 4.4)."""
        address = self.address(recipient)
        if address is None:
            raise ValueError(recipient)
        now = self._now()
        self._seq += 1
        added = (
            f"Return-Path: <{sender}>\r\n"
            f"Received: from {self.hostname} by {self.hostname} with ESMTP id {self._seq:08d}\r\n"
            f" for <{recipient}>; {format_datetime(now)}\r\n"
        )
        if address in self.closed:
            mail = Delivered(address, sender, raw, now)
            self.log.append(mail)
            self.returned(mail)
            return
        whole = added.encode() + raw
        identity = await self._login.authorize(self._root, address)
        async with identity.new_session() as session:
            result, _ = await session.append_messages("INBOX", [AppendMessage(whole, now)])
        uid = max(result.uids)
        self._last_uid[address] = uid
        mail = Delivered(address, sender, whole, now, uid)
        self.log.append(mail)
        self.arrived(mail)

    def last_uid(self, address: str) -> int | None:
        """The uid of the newest mail in an INBOX, None while nothing was ever delivered there."""
        return self._last_uid.get(address.lower())

    async def create_folder(self, address: str, name: str) -> None:
        """Give a mailbox one more folder, such as Sent."""
        identity = await self._login.authorize(self._root, address.lower())
        async with identity.new_session() as session:
            await session.create_mailbox(name)


class _Counter:
    """The counter where mail is handed in: aiosmtpd's hooks."""

    def __init__(self, office: PostOffice, *, submits: bool) -> None:
        self._office = office
        self._submits = submits

    async def handle_MAIL(  # noqa: N802 - aiosmtpd looks for this name
        self, _server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self._submits and not session.authenticated:
            return "530 5.7.0 Authentication required"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self._office.address(address) is None:
            return f"550 5.1.1 <{address}>: Recipient address rejected: User unknown"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        self._office.busy += 1
        try:
            content = envelope.content
            raw = content if isinstance(content, bytes) else (content or "").encode()
            for recipient in envelope.rcpt_tos:
                await self._office.deliver(envelope.mail_from or "", recipient, raw)
        finally:
            self._office.busy -= 1
        return "250 2.0.0 OK: queued"


class _ImapConfig(Config):
    """pymap's in-memory backend without TLS and without threads: loopback only."""

    def __init__(self, hostname: str) -> None:
        self._hostname = hostname
        super().__init__(
            Namespace(passlib_cfg=None, proxy_protocol=None, inherited_sockets=None),
            host=HOST,
            port=0,
            tls_enabled=False,
            demo_data=False,
            demo_user="",
            demo_password="",
            hash_context=Cleartext(),
            cpu_subsystem=Subsystem.for_asyncio(),
            reject_dnsbl=False,
            invalid_user_sleep=0.0,
        )

    @property
    def greeting(self) -> bytes:
        return b"Server ready " + self._hostname.encode()
