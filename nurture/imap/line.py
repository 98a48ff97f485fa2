"""One connection to an IMAP server, over aioimaplib.

Besides what ``protocol`` mends, aioimaplib 2.0 does not come to the selected state by EXAMINE, does not offer
STARTTLS, does not quote the user name, and cites whole commands in its errors, so a password too: all that is
done here, and the text of its errors is never shown.

A connection on which anything went wrong is dropped: after a time-out or a cancelled command nobody knows
which answer belongs to what. Foreign errors become ``TemporaryFailure`` and ``PermanentFailure`` here.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from aioimaplib import aioimaplib

from nurture.errors import PermanentFailure, TemporaryFailure
from nurture.imap.folders import listed
from nurture.imap.login import log_in, log_in_by_token, start_tls
from nurture.imap.protocol import MendedClient
from nurture.imap.syntax import folder_name, quoted, records, uid_set
from nurture.wire import one_line

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
    from datetime import datetime

    from nurture.config import ImapSettings
    from nurture.imap.folders import Listed
    from nurture.imap.protocol import MendedProtocol
    from nurture.imap.syntax import Record

T = TypeVar("T")

OVERALL = 10
"""A command may take this many times the time-out in all; within it, each silence is bounded by the time-out."""

ENDING = 2.0
"""Seconds that a cancelled command is waited for."""

HIGHEST_UID = 2**32 - 1
"""RFC 3501, 2.3.1.1."""

_UIDVALIDITY = re.compile(rb"\[UIDVALIDITY (\d{1,10})\]", re.IGNORECASE)
_UIDNEXT = re.compile(rb"\[UIDNEXT (\d{1,10})\]", re.IGNORECASE)
_READ_ONLY = re.compile(rb"\[READ-ONLY\]", re.IGNORECASE)
_CODE = re.compile(r"\[([A-Z]+)[ \]]", re.IGNORECASE)

_PASSING = {"UNAVAILABLE", "INUSE", "SERVERBUG", "LIMIT", "OVERQUOTA", "CONTACTADMIN"}
"""Response codes of a NO that may be a yes tomorrow (RFC 5530)."""

_PASSING_WORDS = re.compile(r"temporar|too many|try again|unavailable|internal error|in use|limit", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Folder:
    """What EXAMINE says of a folder."""

    uidvalidity: int
    uidnext: int


class Line:
    """A connection that is logged in. Not for two tasks at once."""

    def __init__(self, client: MendedClient, settings: ImapSettings) -> None:
        self._client = client
        self._settings = settings
        self._dropped = False

    @property
    def usable(self) -> bool:
        """Whether the connection stands, as far as is known here."""
        return not self._dropped and not self._client.protocol.lost.is_set()

    @property
    def protocol(self) -> MendedProtocol:
        """What speaks, for those who log in."""
        return self._client.protocol

    @property
    def settings(self) -> ImapSettings:
        """Where it goes, and as whom."""
        return self._settings

    @property
    def lost(self) -> asyncio.Event:
        """Set when the connection is gone."""
        return self._client.protocol.lost

    @property
    def ssl_object(self) -> object:
        """What the connection is encrypted with; None for one in the clear."""
        transport = self._client.protocol.transport
        return transport.get_extra_info("ssl_object") if transport is not None else None

    @classmethod
    async def open(
        cls, settings: ImapSettings, password: str, tls: ssl.SSLContext | None, *, by_token: bool = False
    ) -> Line:
        """Connect, encrypt, log in. ``by_token``: the password is an access token.

        Raises:
            TemporaryFailure: no connection.
            PermanentFailure: the login is refused.
        """
        client = MendedClient(
            settings.host,
            settings.port,
            timeout=settings.timeout,
            ssl_context=tls if settings.security == "tls" else None,
        )
        line = cls(client, settings)
        try:
            await line.do("connect", client._wait_connection_and_hello())
            if settings.security == "starttls":
                await line.do("starttls", start_tls(client.protocol, settings.host, tls))
            await (log_in_by_token if by_token else log_in)(line, password)
            await line.do("capability", client.protocol.capability())
        except BaseException:
            line.drop()
            raise
        return line

    async def examine(self, folder: str) -> Folder:
        """Open a folder for reading only.

        Raises:
            PermanentFailure: the server does not have it, or does not let us read it.
        """
        return await self._opened(folder, "EXAMINE")

    async def select(self, folder: str) -> Folder:
        """Open a folder in which something is to be changed.

        Raises:
            PermanentFailure: the server does not have it, or does not let us change it.
        """
        return await self._opened(folder, "SELECT")

    async def _opened(self, folder: str, how: str) -> Folder:
        protocol = self._client.protocol
        protocol.arrived = lambda: None
        name = quoted(folder_name(folder))
        command = aioimaplib.Command(how, protocol.new_tag(), name, loop=protocol.loop)
        response = await self.do("examine", protocol.execute(command))
        if response.result != "OK":
            protocol.state = aioimaplib.AUTH
            self.refused(response, "the folder {folder} cannot be read: {answer}", folder=folder)
        protocol.state = aioimaplib.SELECTED
        said = b"\n".join(bytes(part) for part in response.lines)
        if how == "SELECT" and _READ_ONLY.search(bytes(response.lines[-1])):
            raise PermanentFailure("the folder {folder} may only be read", folder=folder)
        validity, following = _UIDVALIDITY.search(said), _UIDNEXT.search(said)
        if not validity:
            raise PermanentFailure("the folder {folder} has no lasting uids (UIDVALIDITY)", folder=folder)
        if following:
            return Folder(int(validity[1]), int(following[1]))
        return Folder(int(validity[1]), max(await self.search("UID", "*"), default=0) + 1)

    async def folders(self) -> tuple[Listed, ...]:
        """All folders of the account.

        Raises:
            PermanentFailure: the server does not list them.
        """
        response = await self.do("list", self._client.protocol.simple_command("LIST", '""', '"*"'))
        if response.result != "OK":
            self.refused(response, "the folders cannot be listed: {answer}")
        return listed(response.lines[:-1])

    async def search(self, *criteria: str) -> list[int]:
        """The uids that match, ascending."""
        response = await self.do("search", self._client.protocol.search(*criteria, charset=None, by_uid=True))
        if response.result != "OK":
            self.refused(response, "the search failed: {answer}")
        found: set[int] = set()
        for part in response.lines[:-1]:
            found.update(int(word) for word in bytes(part).split() if word.isdigit() and len(word) <= 10)
        return sorted(uid for uid in found if 0 < uid <= HIGHEST_UID)

    async def fetch(self, uids: Sequence[int], items: str) -> list[Record] | None:
        """What the server tells of these messages; None when it says NO (then one of them is at fault)."""
        response = await self.do(
            "fetch",
            self._client.protocol.fetch(uid_set(uids), items, by_uid=True, timeout=self._settings.timeout),
        )
        if response.result != "OK":
            return None
        wanted = set(uids)
        return [record for record in records(response.lines[:-1]) if record.uid in wanted]

    async def append(self, folder: str, data: bytes, at: datetime) -> None:
        """Put a mail into a folder, marked as read, dated ``at``. The folder is made where the server says that
        this would help (TRYCREATE: RFC 3501, 6.3.11).

        Raises:
            PermanentFailure: the server does not have the folder, or does not take the mail.
        """
        name = quoted(folder_name(folder))
        for first in (True, False):
            response = await self.do(
                "append",
                self._client.protocol.append(data, name, "\\Seen", at, timeout=self._settings.timeout),
            )
            if response.result == "OK":
                return
            if not first or not response.lines or b"[TRYCREATE]" not in bytes(response.lines[-1]).upper():
                self.refused(response, "{folder} does not take the copy: {answer}", folder=folder)
            await self.create(folder)

    def able(self, *words: str) -> bool:
        """Whether the server offers all of these, as it said after the login."""
        return set(words) <= {word.upper() for word in self._client.protocol.capabilities}

    async def by_uid(self, verb: str, *words: str, answers: str | None = None) -> Any:
        """One command about messages of the open folder, by their uids; the answer whatever it is.

        ``answers``: under which name the server tells of it, if not the command's own.
        """
        protocol = self._client.protocol
        command = aioimaplib.Command(
            verb, protocol.new_tag(), *words, prefix="UID", untagged_resp_name=answers, loop=protocol.loop
        )
        return await self.do("fetch", protocol.execute(command))

    async def create(self, folder: str) -> None:
        """Make a folder, where people's programs show it.

        Raises:
            PermanentFailure: the server does not make it.
        """
        name = quoted(folder_name(folder))
        response = await self.do("create", self._client.protocol.simple_command("CREATE", name))
        if response.result != "OK":
            self.refused(response, "the folder {folder} cannot be made: {answer}", folder=folder)
        await self.do("subscribe", self._client.protocol.simple_command("SUBSCRIBE", name))  # whatever it says

    async def idle(
        self, arrived: Callable[[], None], stop: asyncio.Event, again: float, begun: Callable[[], None]
    ) -> bool:
        """Listen (RFC 2177) until ``stop``; ``arrived`` is called for each EXISTS. The folder must be open.

        ``begun`` is called each time the server has said that it idles. IDLE is begun anew every ``again``
        seconds: servers hang up after 30 minutes, routers forget sooner.

        Returns:
            False at once when the server cannot IDLE.
        """
        protocol = self._client.protocol
        if "IDLE" not in {word.upper() for word in protocol.capabilities}:
            return False
        protocol.arrived = arrived
        try:
            while not stop.is_set():
                await self._idle_once(protocol, stop, again, begun)
        finally:
            protocol.arrived = lambda: None
        return True

    async def _idle_once(
        self, protocol: MendedProtocol, stop: asyncio.Event, again: float, begun: Callable[[], None]
    ) -> None:
        listening = asyncio.ensure_future(protocol.idle())
        agreed = asyncio.ensure_future(protocol.wait_for_idle_response())
        stopping = asyncio.ensure_future(stop.wait())
        try:
            await asyncio.wait(
                {listening, agreed}, timeout=self._settings.timeout, return_when=asyncio.FIRST_COMPLETED
            )
            if not listening.done() and agreed.done():
                begun()
                await asyncio.wait({listening, stopping}, timeout=again, return_when=asyncio.FIRST_COMPLETED)
            elif not listening.done():
                self.drop()
                raise TemporaryFailure("{host} does not answer", host=self._settings.host)
            if not listening.done():
                protocol.idle_done()
            response = await self.do("idle", listening)
            if response.result != "OK":
                self.refused(response, "listening failed: {answer}")
        finally:
            await _end(listening, agreed, stopping)
            if protocol.idle_queue.qsize():
                protocol.idle_queue = asyncio.Queue()

    async def log_out(self) -> None:
        """Say goodbye, briefly."""
        if self.usable:
            try:
                async with asyncio.timeout(2):
                    await self._client.protocol.logout()
            except (aioimaplib.AioImapException, OSError, TimeoutError):
                pass  # it ends either way
        self.drop()

    def drop(self) -> None:
        """End the connection at once; harmless when it is gone."""
        self._dropped = True
        client = self._client
        client._client_task.cancel()
        client.protocol.give_up()
        if client.protocol.transport is not None:
            client.protocol.transport.abort()

    async def do(self, what: str, work: Coroutine[Any, Any, T] | asyncio.Future[T]) -> T:
        """Await one command; translate what breaks, and drop the line with it."""
        patience = self._settings.timeout * (OVERALL if what in {"fetch", "append"} else 1)
        task = asyncio.ensure_future(work)
        gone = asyncio.ensure_future(self.lost.wait())
        try:
            async with _translated(self._settings.host, self._client.protocol):
                async with asyncio.timeout(patience):
                    await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
                return task.result() if task.done() else _lost()
        except BaseException:
            self.drop()
            raise
        finally:
            await _end(task, gone)

    def refused(self, response: Any, text: str, **values: object) -> NoReturn:
        """NO or BAD: for now, or for good?"""
        said = bytes(response.lines[-1]).decode("utf-8", "replace") if response.lines else ""
        answer = one_line(f"{response.result} {said}")
        code = _CODE.match(said)
        passing = code[1].upper() in _PASSING if code else bool(_PASSING_WORDS.search(said))
        kind = TemporaryFailure if passing else PermanentFailure
        raise kind(text, answer=answer, host=self._settings.host, **values)


async def _end(*futures: asyncio.Future[Any]) -> None:
    """Cancel, and wait until it is over; not for ever: what the library waits for may never come, and a condition
    does not let itself be cancelled while its lock is held (asyncio, until Python 3.13).
    """
    for future in futures:
        future.add_done_callback(lambda done: done.cancelled() or done.exception())  # told by whoever awaited it
        future.cancel()
    await asyncio.wait(futures, timeout=ENDING)


def _lost() -> NoReturn:
    raise aioimaplib.Abort("connection lost")


@asynccontextmanager
async def _translated(host: str, protocol: MendedProtocol) -> AsyncIterator[None]:
    """Foreign errors become ours. ``from None``: their text may cite a command with a password."""
    try:
        yield
    except ssl.SSLCertVerificationError as problem:
        raise TemporaryFailure(
            "the certificate of {host} is not trusted: {problem}", host=host, problem=problem.verify_message
        ) from None
    except (TimeoutError, aioimaplib.CommandTimeout):
        raise TemporaryFailure("{host} does not answer", host=host) from None
    except OSError as problem:
        raise TemporaryFailure(
            "no connection to {host}: {problem}",
            host=host,
            problem=one_line(problem.strerror or type(problem).__name__),
        ) from None
    except aioimaplib.AioImapException:
        raise TemporaryFailure(
            "{host} broke the connection: {problem}",
            host=host,
            problem=protocol.farewell or "without a word",
        ) from None
    except ValueError:  # a control character in a folder name, user name or password
        raise PermanentFailure("a name or password for {host} cannot be sent", host=host) from None
