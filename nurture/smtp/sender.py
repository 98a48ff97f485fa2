"""Letters out, over aiosmtplib: connections that are kept, and who may use them when."""

from __future__ import annotations

import asyncio
import re
import ssl
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import aiosmtplib
from aiosmtplib import SMTPResponseException

from nurture.core.sending import Outcome, Verdict
from nurture.errors import UserError
from nurture.smtp.delivery import BROKEN, Ending, Gone, Line, deliver, words
from nurture.wire import check_security, one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from nurture.config import MailboxSettings, Secret
    from nurture.core.ids import MailboxId
    from nurture.core.sending import Letter, NoLine

AT_ONCE = 2
"""Connections per mailbox. Providers slow down or refuse clients that open many."""

FRESH = 15.0
"""Seconds a kept connection is trusted without asking (NOOP)."""

STALE = 240.0
"""Seconds after which a kept connection is not tried again: servers may hang up after 5 minutes
(RFC 5321, 4.5.3.2.7)."""

LETTERS_EACH = 50
"""Letters over one connection; many servers draw the line at 100."""


@dataclass(slots=True)
class _Pool:
    """The kept connections of one mailbox, the most recently used last."""

    settings: MailboxSettings
    free: list[Line] = field(default_factory=list)
    trouble: NoLine | None = None
    gate: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))


class SmtpSender:
    """Sends through the servers that config.toml names (``ports.Sender``).

    Args:
        mailboxes: by id.
        resolve_secret: gives a secret's value; called for each new connection, so that a changed
            password is used without a restart.
        tls: what servers' certificates are checked against; the system's authorities when None.

    Raises:
        UserError: a mailbox would send in the clear to another machine.
    """

    def __init__(
        self,
        mailboxes: Mapping[MailboxId, MailboxSettings],
        resolve_secret: Callable[[Secret], str],
        *,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        for mailbox in mailboxes.values():
            check_security(mailbox.smtp.security, mailbox.smtp.host)
        self._pools = {key: _Pool(mailbox) for key, mailbox in mailboxes.items()}
        self._resolve = resolve_secret
        self._tls = tls

    async def send(self, letter: Letter) -> Outcome:
        """Hand one letter over and wait for the answer to the final dot. Never raises for what a server does."""
        return await self._send(letter, lambda: None)

    async def send_all(
        self,
        letters: Sequence[Letter],
        *,
        leaving: Callable[[Sequence[Letter]], None],
        done: Callable[[Letter, Outcome], None],
        stop: asyncio.Event | None = None,
    ) -> None:
        """Hand over letters of one mailbox; see ``ports.Sender``."""
        for letter in letters:
            if stop is not None and stop.is_set():
                done(letter, Outcome(Verdict.UNTOUCHED, "stopping"))
            else:
                done(letter, await self._send(letter, lambda one=letter: leaving((one,))))  # type: ignore[misc]

    def no_line(self, mailbox_id: MailboxId) -> NoLine | None:
        """Why there is no connection, and when one is tried again."""
        pool = self._pools.get(mailbox_id)
        return pool.trouble if pool else None

    async def _send(self, letter: Letter, leaving: Callable[[], None]) -> Outcome:
        pool = self._pools.get(letter.mailbox_id)
        if pool is None:
            return Outcome(Verdict.REFUSED, f"there is no mailbox {one_line(letter.mailbox_id)} in config.toml")
        async with pool.gate:
            kept = await self._kept(pool)
            outcome = await self._deliver(pool, kept, letter, leaving, kept=True) if kept else None
            if outcome is not None:
                return outcome
            try:
                line = await self._connect(pool.settings)
            except Ending as ending:
                return ending.outcome
            outcome = await self._deliver(pool, line, letter, leaving, kept=False)
            return outcome or Outcome(Verdict.LATER, "connection lost")

    async def check(self, mailbox_id: MailboxId) -> Outcome:
        """Connect and log in, without a letter: what ``send`` would meet first. ACCEPTED when all is well."""
        pool = self._pools[mailbox_id]
        async with pool.gate:
            try:
                line = await self._connect(pool.settings)
            except Ending as ending:
                return ending.outcome
            await self._keep_or_hang_up(pool, line, usable=True)
            return Outcome(Verdict.ACCEPTED, "connected and logged in")

    async def close(self) -> None:
        """Say goodbye on every kept connection; a server that does not answer is left after 2 seconds."""
        lines = [line for pool in self._pools.values() for line in pool.free]
        for pool in self._pools.values():
            pool.free.clear()
        await asyncio.gather(*(_part(line) for line in lines))

    async def _kept(self, pool: _Pool) -> Line | None:
        """A connection from before that still answers."""
        while pool.free:
            line = pool.free.pop()
            idle = asyncio.get_running_loop().time() - line.used_at
            if not line.in_step() or idle > STALE:
                line.hang_up()
                continue
            if idle <= FRESH:
                return line
            try:
                await line.client.noop(timeout=min(5.0, pool.settings.smtp.timeout))
            except BROKEN:
                line.hang_up()
                continue
            except BaseException:
                line.hang_up()
                raise
            if line.in_step():
                return line
            line.hang_up()
        return None

    async def _connect(self, mailbox: MailboxSettings) -> Line:
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
        """PLAIN (RFC 4616), else LOGIN. One method, one try: a second wrong try brings a lock-out nearer."""
        smtp = mailbox.smtp
        offered = client.server_auth_methods
        method = client.auth_plain if "plain" in offered else client.auth_login if "login" in offered else None
        if method is None:
            raise Ending(Verdict.REFUSED, "the server offers neither AUTH PLAIN nor AUTH LOGIN")
        if smtp.password is None:
            raise Ending(Verdict.LATER, f"no password is configured for {mailbox.id}")
        try:
            await method(smtp.username, self._resolve(smtp.password))
        except UserError as problem:
            raise Ending(Verdict.LATER, f"the password of {mailbox.id} is not to be had: {problem}") from None
        except SMTPResponseException as refusal:
            verdict = Verdict.REFUSED if 500 <= refusal.code < 600 else Verdict.LATER
            raise Ending(verdict, f"{refusal.code} {refusal.message}") from None
        except (*BROKEN, ValueError) as problem:  # ValueError: a password that cannot be sent
            raise Ending(Verdict.LATER, f"login: {type(problem).__name__}") from None

    async def _deliver(
        self, pool: _Pool, line: Line, letter: Letter, leaving: Callable[[], None], *, kept: bool
    ) -> Outcome | None:
        """One letter over one line. None: the kept line was dead before the letter was touched."""
        usable = False
        try:
            ending = await deliver(line, letter, pool.settings.smtp.timeout, kept=kept, leaving=leaving)
            usable = ending.usable
            return ending.outcome
        except Gone:
            return None
        finally:
            line.letters += 1
            await self._keep_or_hang_up(pool, line, usable=usable)

    async def _keep_or_hang_up(self, pool: _Pool, line: Line, *, usable: bool) -> None:
        if not usable or not line.in_step():
            line.hang_up()
        elif line.letters >= LETTERS_EACH:
            await _part(line)
        else:
            line.used_at = asyncio.get_running_loop().time()
            pool.free.append(line)


async def _part(line: Line) -> None:
    try:
        await line.client.quit(timeout=2.0)
    except BROKEN:
        pass
    finally:
        line.hang_up()


def _greeting_name(address: str) -> str:
    """What we call ourselves: the sender's domain, so that no host name of ours leaks."""
    try:
        name = address.rpartition("@")[2].encode("idna").decode("ascii")
    except UnicodeError:
        name = ""
    return name if re.fullmatch(r"[A-Za-z0-9.-]{1,253}", name) else "localhost"
