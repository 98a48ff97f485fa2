"""One mailbox, read and listened to (``ports.Mailbox``).

Theory of operation. Folders are opened with EXAMINE and mails read with BODY.PEEK, so reading cannot change a
flag; only ``put_away`` changes something, and only where ``after`` says so (see ``handled``). Where reading stands
is the caller's knowledge (cursors); this object keeps connections and hints:

* **the first time**, reading starts from now: the cursor is put before UIDNEXT and nothing is read; or, if so
  configured, with the mails of the last days;
* **a new UIDVALIDITY** (the server rebuilt the folder: all uids are others) is answered with the mails of the days
  before the folder was last read to its end; those that are known by their Message-ID are dropped by the flow. Up
  to which uid that goes, and from which day, the cursor remembers until it is done;
* **a mail the server cannot give** (NO, or nothing, when asked for it alone) is read by its header; where that is
  not to be had either, it becomes an empty mail marked as cut: seen by a person, not lost, and not in the way of
  those behind it.

Two connections: one for commands, one that listens. What arrives between the end of a fetch and the beginning of
IDLE is noticed by UIDNEXT: it is compared with what the last complete fetch saw, and again when the server has
said that it idles, for some servers forget to tell what came after they had opened the folder and before that.

IDLE hears one folder. All are glanced at by UIDNEXT meanwhile, once a minute, on the line for commands: the
others, and the first for the day when IDLE is not heard. That is one short command a folder, with any server there
is; NOTIFY (RFC 5465) would say it at once, but few of the servers that hospitals' vendors use have it.
"""

from __future__ import annotations

import asyncio
import ssl
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from nurture.core.change import Cursor
from nurture.errors import NurtureError, PermanentFailure, UserError
from nurture.imap.batch import Batch, first, renewed, take, unread
from nurture.imap.folders import junk_folder, sent_folder
from nurture.imap.handled import Handled
from nurture.imap.line import Line
from nurture.imap.opening import by_token, open_line
from nurture.imap.syntax import quoted
from nurture.ports import Fetched
from nurture.wire import check_security

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Collection, Sequence
    from datetime import datetime

    from nurture.config import MailboxSettings, Secret
    from nurture.imap.line import Folder
    from nurture.ports import Access, Clock, Place

LISTEN_AGAIN = 540.0
"""Seconds of one IDLE; routers forget quiet connections, some after ten minutes."""

GLANCE = 60.0
"""Seconds between two looks at the folders beside IDLE."""

SHORT_LIFE = 10.0
"""Seconds. A line that breaks sooner after its predecessor broke does not wake the caller: the beat will."""


class ImapMailbox:
    """A mailbox on an IMAP server.

    Args:
        mailbox: whose settings say where it is.
        resolve_secret: gives a secret's value; called for each new connection.
        clock: for the last days, when uids were renewed.
        tls: what the server's certificate is checked against; the system's authorities when None.
        access: gives access tokens, for a mailbox without a password.

    Raises:
        UserError: the mailbox is not to be read, names no folder, or wants an unencrypted line to another
            machine.
    """

    def __init__(
        self,
        mailbox: MailboxSettings,
        resolve_secret: Callable[[Secret], str],
        clock: Clock,
        *,
        tls: ssl.SSLContext | None = None,
        access: Access | None = None,
    ) -> None:
        settings = mailbox.imap
        if settings is None or not settings.folders:
            raise UserError("the mailbox {id} has no folder to read", id=mailbox.id)
        check_security(settings.security, settings.host)
        self._settings = settings
        self._resolve = resolve_secret
        self._tokens = by_token(mailbox, access)
        self._clock = clock
        self._tls = tls
        self._line: Line | None = None
        self._busy = asyncio.Lock()
        self._ear: Line | None = None
        self._broke_at = float("-inf")  # loop time at which listening last broke
        self._read: dict[str, Folder] = {}  # as of the last fetch that read a folder to its end
        self._handled = Handled(settings)
        self._junk: tuple[Line, str | None] | None = None  # what the spam folder is called, as that line told

    async def fetch(self, cursors: Sequence[Cursor], limit: int) -> Fetched:
        """New mails of all folders, at most ``limit``; see ``ports.Mailbox``."""
        known = {cursor.folder: cursor for cursor in cursors}
        batch = Batch(left=limit)
        try:
            async with self._connected() as line:
                for name in self._settings.folders:
                    await self._read_folder(line, name, known.pop(name, None), batch)
                junk = await self._junk_folder(line)
                if junk is not None:
                    with suppress(PermanentFailure):  # nobody asked for it by name: without it we do
                        await self._read_folder(line, junk, known.get(junk), batch, junk=True)
                        known.pop(junk, None)
        except NurtureError:
            self._read.clear()
            raise
        # A folder that is not there now, or not to be read, may come back: then reading goes on where it stood.
        return Fetched(tuple(batch.mails), (*batch.cursors, *known.values()), batch.more)

    async def _junk_folder(self, line: Line) -> str | None:
        """The account's folder for spam, unless it is read by name or not to be read; asked once for each line."""
        if not self._settings.junk:
            return None
        if self._junk is None or self._junk[0] is not line:
            self._junk = line, None
            try:
                self._junk = line, junk_folder(await line.folders())
            except NurtureError:
                if not line.usable:
                    raise
        name = self._junk[1]
        return None if name in self._settings.folders else name

    async def _read_folder(
        self, line: Line, name: str, cursor: Cursor | None, batch: Batch, *, junk: bool = False
    ) -> None:
        if batch.full and cursor is not None:
            batch.cursors.append(cursor)
            batch.more = True
            return
        folder, now = await line.examine(name), self._clock.now()
        if cursor is None:
            cursor = first(name, folder, now, self._settings.look_back_days)
        elif cursor.uidvalidity != folder.uidvalidity or cursor.uid >= folder.uidnext:
            cursor = renewed(cursor, folder, now)
        uids = await unread(line, cursor, folder)
        done = await take(line, cursor, uids, batch, now, junk=junk) if uids else 0
        if uids and done != uids[-1]:
            self._read.pop(name, None)
            batch.more = True
            batch.cursors.append(replace(cursor, uid=max(done, cursor.uid)))
            return
        self._read[name] = folder
        # Not up to UIDNEXT: a uid may be given before its mail can be seen. What is seen counts.
        end = max(done, cursor.uid, cursor.again.to if cursor.again else 0)
        batch.cursors.append(Cursor(name, folder.uidvalidity, end, cursor.begun, read_on=now.date()))

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[asyncio.Event]:
        """While open, the event is set when the first folder has something new, or the line breaks; of the other
        folders, and where IDLE is not heard, within a minute (``GLANCE``).

        A mailbox whose last ``fetch`` failed is left to the caller's beat: a second try with a wrong password
        would only bring a lock-out nearer.
        """
        new, stop, begun = asyncio.Event(), asyncio.Event(), asyncio.Event()
        task = asyncio.create_task(self._listen(new, stop, begun))
        glancing = asyncio.create_task(self._glance(new, stop, begun))
        try:
            yield new
        finally:
            stop.set()
            if self._ear is None or not self._ear.usable:
                task.cancel()  # it is still connecting, or has nothing left to end
            try:
                await asyncio.wait({task, glancing}, timeout=2.0)
            finally:
                task.cancel()
                glancing.cancel()
                ended = await asyncio.gather(task, glancing, return_exceptions=True)
        for how in ended:
            if isinstance(how, Exception):
                raise how  # a fault of ours: it is told, not slept through

    async def _glance(self, new: asyncio.Event, stop: asyncio.Event, begun: asyncio.Event) -> None:
        """Look whether a folder has something new: the first when an IDLE has begun, and from time to time all of
        them. IDLE does not hear the others, and a router or a server may let it die without a word.
        """
        stopping = asyncio.ensure_future(stop.wait())
        try:
            while not (stop.is_set() or new.is_set()):
                beginning = asyncio.ensure_future(begun.wait())
                await asyncio.wait({stopping, beginning}, timeout=GLANCE, return_when=asyncio.FIRST_COMPLETED)
                beginning.cancel()
                line = self._line
                if stop.is_set() or line is None or not line.usable:
                    return  # nothing is opened for a glance: the beat does that
                names = self._settings.folders[:1] if begun.is_set() else tuple(self._read)
                begun.clear()
                for name in names:
                    async with self._connected() as line:
                        changed = name in self._read and await line.examine(name) != self._read[name]
                    if changed:
                        new.set()
                    if stop.is_set() or changed:
                        return
        except NurtureError:
            return  # what is wrong, the next fetch tells
        except Exception:
            new.set()
            raise
        finally:
            stopping.cancel()

    async def _listen(self, new: asyncio.Event, stop: asyncio.Event, begun: asyncio.Event) -> None:
        loop = asyncio.get_running_loop()
        name = self._settings.folders[0]
        if name not in self._read:
            return
        try:
            if self._ear is None or not self._ear.usable:
                self._ear = None
                self._ear = await self._open()
            folder = await self._ear.examine(name)
            if self._read.get(name) != folder:
                new.set()
            await self._ear.idle(new.set, stop, LISTEN_AGAIN, begun.set)
        except NurtureError:
            before, self._broke_at = self._broke_at, loop.time()
            if self._broke_at - before > SHORT_LIFE:
                new.set()
        except Exception:
            new.set()
            raise
        except asyncio.CancelledError:
            if self._ear is not None:
                self._ear.drop()
            raise

    async def put_away(self, places: Sequence[Place]) -> None:
        """Do with recorded mails what ``after`` says; see ``ports.Mailbox``."""
        if self._handled.owe(places):
            async with self._connected() as line:
                await self._handled.settle(line)

    async def keep_sent(self, data: bytes, at: datetime) -> None:
        """Append a copy to the Sent folder, marked as read and dated ``at``, if there is such a folder."""
        folder = self._settings.sent_folder
        if folder is None:
            return
        async with self._connected() as line:
            await line.append(folder, data, at)

    async def sent(self, header_ids: Collection[str]) -> frozenset[str]:
        """Which of these Message-IDs lie in the Sent folder: the configured one, else the account's own."""
        asked = sorted({header_id for header_id in header_ids if _searchable(header_id)})
        if not asked:
            return frozenset()
        found = set()
        async with self._connected() as line:
            folder = self._settings.sent_folder or sent_folder(await line.folders())
            if folder is None:
                return frozenset()
            await line.examine(folder)
            for header_id in asked:
                if await line.search("HEADER", "Message-ID", quoted(header_id)):
                    found.add(header_id)
        return frozenset(found)

    async def close(self) -> None:
        """Log out of both connections."""
        lines = [line for line in (self._line, self._ear) if line is not None]
        self._line = self._ear = None
        await asyncio.gather(*(line.log_out() for line in lines))

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[Line]:
        """The line for commands, one caller at a time; a new one when the last broke."""
        async with self._busy:
            if self._line is None or not self._line.usable:
                self._line = None
                self._line = await self._open()
            try:
                yield self._line
            except asyncio.CancelledError:
                if self._line is not None:
                    self._line.drop()
                raise

    async def _open(self) -> Line:
        if self._tls is None and self._settings.security != "none":
            self._tls = await asyncio.to_thread(ssl.create_default_context)  # reads files
        return await open_line(self._settings, self._resolve, self._tls, self._tokens)


def _searchable(header_id: str) -> bool:
    return bool(header_id) and header_id.isascii() and header_id.isprintable()
