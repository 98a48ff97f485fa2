"""One connection to an IMAP server, over aioimaplib.

aioimaplib 2.0 leaves some things to its user; they are mended here, once:

* pending commands hang when the connection is lost, IDLE for ever (its issue 110): here they fail at once;
* it parses recursively, so that a long answer in one packet ends in RecursionError (issue 118): here it is
  fed in small pieces, and lines and literals are bounded;
* EXAMINE does not lead to the selected state, STARTTLS is not offered, the user name is not quoted, a
  refused greeting is waited for until the time-out: all mended;
* the text of its errors can cite a whole command, so a password too: their text is never shown.

A connection on which anything went wrong is dropped: after a time-out or a cancelled command nobody knows
which answer belongs to what. Foreign errors become ``TemporaryFailure`` and ``PermanentFailure`` here.
"""

from __future__ import annotations

import asyncio
import base64
import re
import ssl
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from aioimaplib import aioimaplib

from nurture.errors import PermanentFailure, TemporaryFailure
from nurture.imap.syntax import folder_name, quoted, records, uid_set
from nurture.wire import one_line

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
    from datetime import datetime

    from nurture.config import ImapSettings
    from nurture.imap.syntax import Record

T = TypeVar("T")

PIECE = 4096
"""Bytes given to the parser at once: at most some 340 lines, far from the limit of recursion."""

LONGEST_LINE = 8 * 1024 * 1024
"""Bytes. A SEARCH answer over a million mails is a line of 8 MB."""

LONGEST_LITERAL = 64 * 1024 * 1024
"""Bytes. We ask for less; a server that ignores partial fetches may send a whole mail."""

OVERALL = 10
"""A command may take this many times the time-out in all; within it, each silence is bounded by the time-out."""

_UIDVALIDITY = re.compile(rb"\[UIDVALIDITY (\d{1,10})\]", re.IGNORECASE)
_UIDNEXT = re.compile(rb"\[UIDNEXT (\d{1,10})\]", re.IGNORECASE)
_EXISTS = re.compile(rb"\* \d+ EXISTS\b", re.IGNORECASE)
_CODE = re.compile(r"\[([A-Z]+)[ \]]", re.IGNORECASE)

_PASSING = {"UNAVAILABLE", "INUSE", "SERVERBUG", "LIMIT", "OVERQUOTA", "CONTACTADMIN"}
"""Response codes of a NO that may be a yes tomorrow (RFC 5530)."""

_PASSING_WORDS = re.compile(r"temporar|too many|try again|unavailable|internal error|in use|limit", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Folder:
    """What EXAMINE says of a folder."""

    uidvalidity: int
    uidnext: int


class _Protocol(aioimaplib.IMAP4ClientProtocol):  # type: ignore[misc]
    """aioimaplib's protocol, mended."""

    pending_sync_command: Any

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self.lost = asyncio.Event()
        self.arrived: Callable[[], None] = lambda: None
        self.farewell = ""  # what the server said with BYE

    def data_received(self, d: bytes) -> None:
        """Parse in small pieces; give the connection up rather than the process."""
        for start in range(0, len(d), PIECE):
            try:
                super().data_received(d[start : start + PIECE])
            except Exception:  # whatever a parser of foreign bytes may raise
                self.break_off("the server's answer cannot be read")
                return
            expected = self.current_command._expected_size if self.current_command is not None else 0
            if len(self.incomplete_line) > LONGEST_LINE or expected > LONGEST_LITERAL:
                self.break_off("the server's answer is too long")
                return

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail what is pending."""
        super().connection_lost(exc)
        self.lost.set()
        pending = [*self.pending_async_commands.values(), self.pending_sync_command]
        self.pending_async_commands.clear()
        self.pending_sync_command = None
        for command in pending:
            if command is not None and not command._event.is_set():
                command._exception = aioimaplib.Abort("connection lost")
                command._timer.cancel()
                command._event.set()

    def break_off(self, why: str) -> None:
        """End the connection at once."""
        self.farewell = self.farewell or why
        self.lost.set()
        if self.transport is not None:
            self.transport.abort()

    async def welcome(self, command: bytes) -> None:
        """The greeting; a refusal ends the wait."""
        try:
            await super().welcome(command)
        except Exception:  # the text of the library's error is the server's greeting
            self.break_off(one_line(command.decode("utf-8", "replace")))

    def _untagged_response(self, line: bytes) -> Any:
        if _EXISTS.match(line):
            self.arrived()
        elif line[:6].upper() == b"* BYE ":
            self.farewell = one_line(line[6:].decode("utf-8", "replace"))
        return super()._untagged_response(line)


class _Client(aioimaplib.IMAP4):  # type: ignore[misc]
    """aioimaplib's client on the mended protocol."""

    protocol: _Protocol

    def create_client(
        self,
        host: str,
        port: int,
        loop: asyncio.AbstractEventLoop | None,
        conn_lost_cb: object = None,  # noqa: ARG002 – the protocol has its own event
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        """Begin to connect."""
        running = loop or asyncio.get_running_loop()
        self.protocol = _Protocol(running)
        self._client_task = running.create_task(
            running.create_connection(lambda: self.protocol, host, port, ssl=ssl_context)
        )


class Line:
    """A connection that is logged in. Not for two tasks at once."""

    def __init__(self, client: _Client, settings: ImapSettings) -> None:
        self._client = client
        self._settings = settings
        self._dropped = False

    @property
    def usable(self) -> bool:
        """Whether the connection stands, as far as is known here."""
        return not self._dropped and not self._client.protocol.lost.is_set()

    @property
    def lost(self) -> asyncio.Event:
        """Set when the connection is gone."""
        return self._client.protocol.lost

    @classmethod
    async def open(cls, settings: ImapSettings, password: str, tls: ssl.SSLContext | None) -> Line:
        """Connect, encrypt, log in.

        Raises:
            TemporaryFailure: no connection.
            PermanentFailure: the login is refused.
        """
        client = _Client(
            settings.host,
            settings.port,
            timeout=settings.timeout,
            ssl_context=tls if settings.security == "tls" else None,
        )
        line = cls(client, settings)
        try:
            await line._do("connect", client._wait_connection_and_hello())
            if settings.security == "starttls":
                await line._do("starttls", line._start_tls(tls))
            await line._log_in(password)
            await line._do("capability", client.protocol.capability())
        except BaseException:
            line.drop()
            raise
        return line

    async def _start_tls(self, tls: ssl.SSLContext | None) -> None:
        """RFC 3501, 6.2.1: nothing heard before it counts, bytes sent with the answer least of all."""
        protocol = self._client.protocol
        response = await protocol.execute(aioimaplib.Command("STARTTLS", protocol.new_tag(), loop=protocol.loop))
        if response.result != "OK":
            raise TemporaryFailure("{host} does not offer STARTTLS", host=self._settings.host)
        if protocol.incomplete_line:
            raise TemporaryFailure("{host} sent words before encryption began", host=self._settings.host)
        protocol.capabilities = set()
        assert tls is not None
        protocol.transport = await protocol.loop.start_tls(
            protocol.transport, protocol, tls, server_hostname=self._settings.host
        )
        await protocol.capability()

    async def _log_in(self, password: str) -> None:
        """LOGIN; AUTHENTICATE PLAIN where a name or password is not ASCII and the server takes it at once."""
        protocol, user = self._client.protocol, self._settings.username
        if protocol.state != aioimaplib.NONAUTH:
            return  # PREAUTH
        able = protocol.capabilities
        if not (user + password).isascii() and {"AUTH=PLAIN", "SASL-IR"} <= able:
            sasl = base64.b64encode(f"\0{user}\0{password}".encode()).decode("ascii")
            command = aioimaplib.Command("AUTHENTICATE", protocol.new_tag(), "PLAIN", sasl, loop=protocol.loop)
            response = await self._do("login", protocol.execute(command, scrub=sasl))
        elif "LOGINDISABLED" in able:
            raise PermanentFailure(
                "{host} does not take a password on this connection: set security to tls or starttls",
                host=self._settings.host,
            )
        else:
            response = await self._do("login", protocol.login(quoted(user), password))
        if response.result != "OK":
            self._refused(response, "the login of {user} was refused: {answer}", user=user)
        protocol.state = aioimaplib.AUTH

    async def examine(self, folder: str) -> Folder:
        """Open a folder for reading only.

        Raises:
            PermanentFailure: the server does not have it, or does not let us read it.
        """
        protocol = self._client.protocol
        protocol.arrived = lambda: None
        name = quoted(folder_name(folder))
        command = aioimaplib.Command("EXAMINE", protocol.new_tag(), name, loop=protocol.loop)
        response = await self._do("examine", protocol.execute(command))
        if response.result != "OK":
            protocol.state = aioimaplib.AUTH
            self._refused(response, "the folder {folder} cannot be read: {answer}", folder=folder)
        protocol.state = aioimaplib.SELECTED
        said = b"\n".join(bytes(part) for part in response.lines)
        validity, following = _UIDVALIDITY.search(said), _UIDNEXT.search(said)
        if not validity:
            raise PermanentFailure("the folder {folder} has no lasting uids (UIDVALIDITY)", folder=folder)
        if following:
            return Folder(int(validity[1]), int(following[1]))
        return Folder(int(validity[1]), max(await self.search("UID", "*"), default=0) + 1)

    async def search(self, *criteria: str) -> list[int]:
        """The uids that match, ascending."""
        response = await self._do("search", self._client.protocol.search(*criteria, charset=None, by_uid=True))
        if response.result != "OK":
            self._refused(response, "the search failed: {answer}")
        found: set[int] = set()
        for part in response.lines[:-1]:
            found.update(int(word) for word in bytes(part).split() if word.isdigit())
        return sorted(found)

    async def fetch(self, uids: Sequence[int], items: str) -> list[Record] | None:
        """What the server tells of these messages; None when it says NO (then one of them is at fault)."""
        response = await self._do(
            "fetch",
            self._client.protocol.fetch(uid_set(uids), items, by_uid=True, timeout=self._settings.timeout),
        )
        if response.result != "OK":
            return None
        wanted = set(uids)
        return [record for record in records(response.lines[:-1]) if record.uid in wanted]

    async def append(self, folder: str, data: bytes, at: datetime) -> None:
        """Put a mail into a folder, marked as read, dated ``at``.

        Raises:
            PermanentFailure: the server does not have the folder, or does not take the mail.
        """
        response = await self._do(
            "append",
            self._client.protocol.append(
                data, quoted(folder_name(folder)), "\\Seen", at, timeout=self._settings.timeout
            ),
        )
        if response.result != "OK":
            self._refused(response, "{folder} does not take the copy: {answer}", folder=folder)

    async def idle(self, arrived: Callable[[], None], stop: asyncio.Event, again: float) -> bool:
        """Listen (RFC 2177) until ``stop``; ``arrived`` is called for each EXISTS. The folder must be open.

        IDLE is begun anew every ``again`` seconds: servers hang up after 30 minutes, routers forget sooner.

        Returns:
            False at once when the server cannot IDLE.
        """
        protocol = self._client.protocol
        if "IDLE" not in {word.upper() for word in protocol.capabilities}:
            return False
        protocol.arrived = arrived
        try:
            while not stop.is_set():
                await self._idle_once(protocol, stop, again)
        finally:
            protocol.arrived = lambda: None
        return True

    async def _idle_once(self, protocol: _Protocol, stop: asyncio.Event, again: float) -> None:
        listening = asyncio.ensure_future(protocol.idle())
        begun = asyncio.ensure_future(protocol.wait_for_idle_response())
        stopping = asyncio.ensure_future(stop.wait())
        try:
            await asyncio.wait(
                {listening, begun}, timeout=self._settings.timeout, return_when=asyncio.FIRST_COMPLETED
            )
            if not listening.done() and begun.done():
                await asyncio.wait({listening, stopping}, timeout=again, return_when=asyncio.FIRST_COMPLETED)
            elif not listening.done():
                self.drop()
                raise TemporaryFailure("{host} does not answer", host=self._settings.host)
            if not listening.done():
                protocol.idle_done()
            response = await self._do("idle", listening)
            if response.result != "OK":
                self._refused(response, "listening failed: {answer}")
        finally:
            for task in (listening, begun, stopping):
                task.cancel()
            await asyncio.gather(listening, begun, stopping, return_exceptions=True)
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
        if client.protocol.transport is not None:
            client.protocol.transport.abort()

    async def _do(self, what: str, work: Coroutine[Any, Any, T] | asyncio.Future[T]) -> T:
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
            for future in (task, gone):
                future.cancel()
            await asyncio.gather(task, gone, return_exceptions=True)

    def _refused(self, response: Any, text: str, **values: object) -> NoReturn:
        """NO or BAD: for now, or for good?"""
        said = bytes(response.lines[-1]).decode("utf-8", "replace") if response.lines else ""
        answer = one_line(f"{response.result} {said}")
        code = _CODE.match(said)
        passing = code[1].upper() in _PASSING if code else bool(_PASSING_WORDS.search(said))
        kind = TemporaryFailure if passing else PermanentFailure
        raise kind(text, answer=answer, host=self._settings.host, **values)


def _lost() -> NoReturn:
    raise aioimaplib.Abort("connection lost")


@asynccontextmanager
async def _translated(host: str, protocol: _Protocol) -> AsyncIterator[None]:
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
