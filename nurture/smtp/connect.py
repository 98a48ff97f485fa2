"""A new connection: opened, encrypted, logged in. aiosmtplib does the talking."""

from __future__ import annotations

import asyncio
import re
import ssl
from typing import TYPE_CHECKING

import aiosmtplib
from aiosmtplib import SMTPResponseException

from nurture.core.sending import Verdict
from nurture.errors import NurtureError, UserError
from nurture.smtp.line import BROKEN, Ending, Line, words

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from aiosmtplib import SMTPResponse

    from nurture.config import MailboxSettings, Secret
    from nurture.ports import Access


class Connector:
    """Opens lines.

    Args:
        resolve_secret: gives a secret's value; called for each new connection, so that a changed password is used
            without a restart.
        tls: what servers' certificates are checked against; the system's authorities when None.
        access: gives access tokens, for mailboxes without a password.
    """

    def __init__(
        self, resolve_secret: Callable[[Secret], str], tls: ssl.SSLContext | None, access: Access | None = None
    ) -> None:
        self._resolve = resolve_secret
        self._tls = tls
        self._access = access

    async def open(self, mailbox: MailboxSettings) -> Line:
        """A new connection, encrypted and logged in.

        Raises:
            Ending: none is to be had, or the server refuses the login.
        """
        smtp = mailbox.smtp
        client = aiosmtplib.SMTP(
            hostname=smtp.host,
            port=smtp.port,
            use_tls=smtp.security == "tls",
            start_tls=False,  # done below, where its failures are told apart
            timeout=smtp.timeout,
            local_hostname=_greeting_name(mailbox.address),
            tls_context=await self._context() if smtp.security != "none" else None,
        )
        try:
            try:
                await client.connect()
                if smtp.security == "starttls":
                    await client.starttls()
                await client._ehlo_or_helo_if_needed()  # login and extensions ask for it
            except SMTPResponseException as refusal:
                raise Ending(Verdict.LATER, f"{refusal.code} {refusal.message}") from None
            except (*BROKEN, ValueError) as problem:
                raise Ending(Verdict.LATER, f"no connection: {words(problem)}") from None
            if smtp.username:
                await self._log_in(client, mailbox)
        except BaseException:
            client.close()
            raise
        return Line(client)

    async def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = await asyncio.to_thread(ssl.create_default_context)  # reads files
        return self._tls

    async def _log_in(self, client: aiosmtplib.SMTP, mailbox: MailboxSettings) -> None:
        """PLAIN (RFC 4616), else LOGIN; without a password XOAUTH2.

        One method, one try: a second wrong try brings a lock-out nearer.
        """
        smtp = mailbox.smtp
        if smtp.password is None and mailbox.oauth is not None:
            await self._log_in_by_token(client, mailbox)
            return
        offered = client.server_auth_methods
        method = client.auth_plain if "plain" in offered else client.auth_login if "login" in offered else None
        if method is None:
            raise Ending(Verdict.REFUSED, "the server offers neither AUTH PLAIN nor AUTH LOGIN")
        if smtp.password is None:
            raise Ending(Verdict.LATER, f"no password is configured for {mailbox.id}")
        try:
            password = self._resolve(smtp.password)
        except UserError as problem:
            raise Ending(Verdict.LATER, f"the password of {mailbox.id} is not to be had: {problem}") from None
        await _said(method(smtp.username, password))

    async def _log_in_by_token(self, client: aiosmtplib.SMTP, mailbox: MailboxSettings) -> None:
        """XOAUTH2 (developers.google.com/gmail/imap/xoauth2-protocol), as Microsoft takes it too."""
        if self._access is None:
            raise Ending(Verdict.LATER, f"no access tokens are to be had for {mailbox.id}")
        if "xoauth2" not in client.server_auth_methods:
            raise Ending(Verdict.REFUSED, "the server does not offer AUTH XOAUTH2")
        try:
            token = await self._access.access(mailbox)
        except NurtureError as problem:
            raise Ending(Verdict.LATER, str(problem)) from None
        try:
            await _said(client.auth_xoauth2(mailbox.smtp.username, token))
        except Ending:
            self._access.refused(token)
            raise


async def _said(login: Coroutine[object, object, SMTPResponse]) -> None:
    """What the server says to a login. The text of an error may cite a password; only a server's is shown."""
    try:
        await login
    except SMTPResponseException as refusal:
        verdict = Verdict.REFUSED if 500 <= refusal.code < 600 else Verdict.LATER
        raise Ending(verdict, f"{refusal.code} {refusal.message}") from None
    except (*BROKEN, ValueError) as problem:  # ValueError: a password that cannot be sent
        raise Ending(Verdict.LATER, f"login: {type(problem).__name__}") from None


def _greeting_name(address: str) -> str:
    """What we call ourselves: the sender's domain, so that no host name of ours leaks."""
    try:
        name = address.rpartition("@")[2].encode("idna").decode("ascii")
    except UnicodeError:
        name = ""
    return name if re.fullmatch(r"[A-Za-z0-9.-]{1,253}", name) else "localhost"
