"""Letters out, over aiosmtplib."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from nurture.core.sending import Outcome, Verdict
from nurture.errors import UserError
from nurture.smtp.batch import Batch
from nurture.smtp.connect import Connector
from nurture.smtp.delivery import deliver
from nurture.smtp.line import Ending, Gone
from nurture.smtp.pool import Pool
from nurture.wire import check_security, one_line

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping, Sequence

    from nurture.config import MailboxSettings, Secret
    from nurture.core.ids import MailboxId
    from nurture.core.sending import Letter, NoLine
    from nurture.ports import Access
    from nurture.smtp.line import Line


class SmtpSender:
    """Sends through the servers that config.toml names (``ports.Sender``).

    Args:
        mailboxes: by id.
        resolve_secret: gives a secret's value; called for each new connection, so that a changed
            password is used without a restart.
        tls: what servers' certificates are checked against; the system's authorities when None.
        access: gives access tokens, for mailboxes without a password.
        told: called when a mailbox has no line, and with None when it has one again.

    Raises:
        UserError: a mailbox would send in the clear to another machine.
    """

    def __init__(
        self,
        mailboxes: Mapping[MailboxId, MailboxSettings],
        resolve_secret: Callable[[Secret], str],
        *,
        tls: ssl.SSLContext | None = None,
        access: Access | None = None,
        told: Callable[[MailboxId, NoLine | None], None] = lambda _mailbox, _trouble: None,
    ) -> None:
        for mailbox in mailboxes.values():
            check_security(mailbox.smtp.security, mailbox.smtp.host)
        connector = Connector(resolve_secret, tls, access)
        self._pools = {
            key: Pool(mailbox, connector, told, _signing(mailbox, resolve_secret))
            for key, mailbox in mailboxes.items()
        }

    async def send(self, letter: Letter) -> Outcome:
        """Hand one letter over and wait for the answer to the final dot. Never raises for what a server does."""
        pool = self._pools.get(letter.mailbox_id)
        if pool is None:
            return _no_mailbox(letter.mailbox_id)
        if pool.sign is not None:
            try:
                letter = replace(letter, data=await asyncio.to_thread(pool.sign, letter.data))
            except UserError as problem:
                return Outcome(Verdict.LATER, one_line(str(problem)))
        async with pool.gate:
            while (kept := await pool.kept()) is not None:
                outcome = await self._deliver(pool, kept, letter, kept=True)
                if outcome is not None:
                    return outcome
            try:
                line = await pool.new()
            except Ending as ending:
                return ending.outcome
            outcome = await self._deliver(pool, line, letter, kept=False)
            return outcome or Outcome(Verdict.LATER, "connection lost")

    async def send_all(
        self,
        letters: Sequence[Letter],
        *,
        leaving: Callable[[Sequence[Letter]], None],
        done: Callable[[Letter, Outcome], None],
        stop: asyncio.Event | None = None,
        holds: Callable[[Letter], bool] | None = None,
    ) -> None:
        """Hand over letters of one mailbox; see ``ports.Sender``."""
        if not letters:
            return
        pool = self._pools.get(letters[0].mailbox_id)
        trouble = pool.no_line() if pool else None
        if pool is None or (trouble is not None and trouble.seconds > 0):
            for letter in letters:
                done(
                    letter,
                    Outcome(Verdict.UNTOUCHED, trouble.answer) if trouble else _no_mailbox(letter.mailbox_id),
                )
            return
        await Batch(pool, letters, leaving, done, stop, holds).run()

    def no_line(self, mailbox_id: MailboxId) -> NoLine | None:
        """Why there is no connection, and when one is tried again."""
        pool = self._pools.get(mailbox_id)
        return pool.no_line() if pool else None

    async def check(self, mailbox_id: MailboxId) -> Outcome:
        """Connect and log in, without a letter: what ``send`` would meet first. ACCEPTED when all is well."""
        pool = self._pools[mailbox_id]
        async with pool.gate:
            try:
                line = await pool.new()
            except Ending as ending:
                return ending.outcome
            await pool.put(line, usable=True)
            return Outcome(Verdict.ACCEPTED, "connected and logged in")

    async def close(self) -> None:
        """Say goodbye on every kept connection; a server that does not answer is left after 2 seconds."""
        await asyncio.gather(*(pool.close() for pool in self._pools.values()))

    async def _deliver(self, pool: Pool, line: Line, letter: Letter, *, kept: bool) -> Outcome | None:
        """One letter over one line. None: the kept line was dead before the letter was touched."""
        usable = False
        try:
            ending = await deliver(line, letter, pool.settings.smtp.timeout, kept=kept)
            usable = ending.usable
            if usable:
                pool.well()
            return ending.outcome
        except Gone:
            return None
        finally:
            line.letters += 1
            await pool.put(line, usable=usable)


def _no_mailbox(mailbox_id: MailboxId) -> Outcome:
    return Outcome(Verdict.REFUSED, f"there is no mailbox {one_line(mailbox_id)} in config.toml")


def _signing(mailbox: MailboxSettings, resolve_secret: Callable[[Secret], str]) -> Callable[[bytes], bytes] | None:
    if mailbox.dkim is None:
        return None
    from nurture.smtp.signing import Signer  # noqa: PLC0415 - few sign themselves

    return Signer(mailbox.dkim, resolve_secret).sign
