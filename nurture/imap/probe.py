"""One look at an account: can we log in, are its folders there, and where does a certain mail lie?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nurture.core.health import Arrived, LineFacts
from nurture.errors import NurtureError, PermanentFailure, UserError
from nurture.imap.folders import junk_folder, sent_folder
from nurture.imap.opening import open_line
from nurture.imap.syntax import quoted
from nurture.wire import shown_tls

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from nurture.config import ImapSettings, Secret
    from nurture.imap.line import Line
    from nurture.imap.opening import ByToken

HEADER = 64 * 1024
"""Bytes of a mail that are read: its header."""


async def examine(
    imap: ImapSettings,
    resolve_secret: Callable[[Secret], str],
    *,
    tls: ssl.SSLContext | None = None,
    tokens: ByToken | None = None,
) -> LineFacts:
    """What becomes of one connection, and which of the configured folders can be read. Nothing is changed."""
    place = (imap.host, imap.port, imap.security)
    try:
        if imap.password is not None:
            resolve_secret(imap.password)
    except UserError as problem:
        return LineFacts(*place, tried=False, problem=problem)
    try:
        line = await open_line(imap, resolve_secret, tls, tokens)
    except PermanentFailure as problem:
        return LineFacts(*place, reached=True, problem=problem)
    except NurtureError as problem:
        return LineFacts(*place, problem=problem)
    version, ends = shown_tls(line.ssl_object)
    try:
        wanted = dict.fromkeys([*imap.folders, *([imap.sent_folder] if imap.sent_folder else [])])
        there = {}
        for folder in wanted:
            try:
                await line.examine(folder)
                there[folder] = True
            except PermanentFailure:
                there[folder] = False
        listed = await line.folders()
    except NurtureError as problem:
        return LineFacts(*place, reached=True, tls=version, expires_at=ends, problem=problem)
    finally:
        await line.log_out()
    missing = tuple(folder for folder, good in there.items() if not good)
    found = imap.sent_folder if imap.sent_folder and there[imap.sent_folder] else sent_folder(listed)
    names = tuple(folder.name for folder in listed if folder.holds_mail)[:20]
    return LineFacts(
        *place,
        reached=True,
        logged_in=True,
        tls=version,
        expires_at=ends,
        folders=names,
        missing=missing,
        sent=found,
    )


class Seeker:
    """Looks for one mail in all folders of an account, again and again over one connection.

    Args:
        imap: the account.
        resolve_secret: gives the password.
        tls: what the certificate is checked against; the system's authorities when None.
        tokens: access tokens, for an account without a password.
    """

    def __init__(
        self,
        imap: ImapSettings,
        resolve_secret: Callable[[Secret], str],
        *,
        tls: ssl.SSLContext | None = None,
        tokens: ByToken | None = None,
    ) -> None:
        self._imap, self._resolve, self._tls, self._tokens = imap, resolve_secret, tls, tokens
        self._line: Line | None = None

    async def look(self, header_id: str) -> Arrived | None:
        """Where it lies, the first folder first; None as long as it lies nowhere. The Sent folder is passed over.

        Raises:
            TemporaryFailure, PermanentFailure: the account cannot be looked into.
        """
        if self._line is None or not self._line.usable:
            self._line = await open_line(self._imap, self._resolve, self._tls, self._tokens)
        line = self._line
        listed = await line.folders()
        junk, sent = junk_folder(listed), self._imap.sent_folder or sent_folder(listed)
        names = dict.fromkeys((*self._imap.folders, *(folder.name for folder in listed if folder.holds_mail)))
        for name in names:
            if name == sent and name not in self._imap.folders:
                continue
            try:
                await line.examine(name)
            except PermanentFailure:
                continue
            uids = await line.search("HEADER", "Message-ID", quoted(header_id))
            if not uids:
                continue
            found = await line.fetch(uids[-1:], f"(UID INTERNALDATE BODY.PEEK[]<0.{HEADER}>)")
            if found and found[0].body:
                header = found[0].body.replace(b"\r\n", b"\n").partition(b"\n\n")[0]
                return Arrived(name, name == junk, header, found[0].received_at)
        return None

    async def close(self) -> None:
        """Log out."""
        if self._line is not None:
            await self._line.log_out()
