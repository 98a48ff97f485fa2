"""The line to a PostgreSQL server on which a store listens, and by which others know that it lives.

Theory of operation
-------------------
One connection of its own, in a thread of its own. It listens for commits (LISTEN), and it holds *session
advisory locks*: one for the name under which a daemon claims letters, one for each mailbox that it reads. The
server lets go of them with the connection, however the process ended: a lock that is free says that its
holder is gone, and whoever takes it is the next.

A process can also be frozen, or cut off, and live on. So it must show itself: every ``PING`` seconds it asks
the server something, and the server ends a line that was silent for ``SILENCE`` (``idle_session_timeout``,
PostgreSQL 14 and later; before, only the connection's end counts). On this side a line counts as unbroken
until ``LEASE`` seconds after the last answer: less than the server waits, so that whoever wakes up from being
frozen knows that it may have been replaced before it does anything. Each line that was made has a number, the
*term*; a letter that was claimed in an earlier term may have been called in doubt by others meanwhile.

A line that is lost is made anew, and the locks are taken again if nobody else has them. When the server
itself was away, everybody's locks were free for a moment: so a name counts as gone only when its lock was
seen free for ``GRACE`` seconds.

Advisory locks belong to a database, and LISTEN and locks to a session: a pooler between (PgBouncer) must pool
sessions, not transactions.
"""

from __future__ import annotations

import asyncio
import contextlib
import selectors
import socket
import threading
import time
from collections import deque
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Final, TypeVar

import psycopg

from nurture.errors import NurtureError, TemporaryFailure, UserError
from nurture.log import logger
from nurture.store.advisory import DAEMONS, HELD, LOCK, NAMES, SHARE, key, taken

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from nurture.store.postgresql import Postgresql

    Session = psycopg.Connection[Any]

R = TypeVar("R")

CHANNEL: Final = "nurture"
"""Where commits are announced."""

PING: Final = 2.0
LEASE: Final = 6.0
SILENCE: Final = 9.0
GRACE: Final = 10.0
"""Seconds of real time; see above. A mailbox changes hands after ``SILENCE`` at the latest."""

PAUSES: Final = (0.1, 0.5, 1.0, 2.0)
"""Seconds between attempts to make the line anew; the last repeats."""

_CLOCK: Final = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""Runs on while the machine sleeps: who was asleep may have been replaced."""


class Line:
    """``Neighbours`` on a server."""

    def __init__(self, database: Postgresql, heard: Callable[[], None]) -> None:
        self._database = database
        self._heard = heard
        self._loop = asyncio.get_running_loop()
        self._thread: threading.Thread | None = None
        self._near, self._far = socket.socketpair()
        self._jobs: deque[tuple[Callable[[Session], Any], Future[Any]]] = deque()
        self._closing = False
        self._name: str | None = None
        self._mine: set[str] = set()  # mailboxes whose lock this line holds
        self._seen_free: dict[str, float] = {}  # since when nobody works under a name
        self._terms = 0
        self._answered: float | None = None  # when the last question was asked that was answered; None: no line

    async def open(self) -> None:
        """See ``Neighbours``.

        Raises:
            TemporaryFailure: the server is not to be had now.
        """
        try:
            session = await self._loop.run_in_executor(None, self._begin)
        except psycopg.Error as error:
            raise self._database.translate(error) from None
        self._thread = threading.Thread(target=self._run, args=(session,), name="store-line", daemon=True)
        self._thread.start()

    async def join(self, name: str) -> None:
        """See ``Neighbours``.

        Raises:
            UserError: another works under that name, or the schema is being changed.
            TemporaryFailure: there is no line now.
        """
        await self._ask(lambda session: self._sign(session, name))
        self._name = name

    def term(self) -> int:
        """See ``Neighbours``."""
        answered = self._answered
        return self._terms if answered is not None and _passed() - answered < LEASE else 0

    async def gone(self, names: Collection[str]) -> frozenset[str]:
        """See ``Neighbours``.

        Raises:
            TemporaryFailure: there is no line now.
        """
        held = await self._ask(lambda session: {row[0] for row in session.execute(HELD)})
        now = _passed()
        free = {name for name in names if key("daemon", name) not in held}
        self._seen_free = {name: self._seen_free.get(name, now) for name in free}
        return frozenset(name for name, since in self._seen_free.items() if now - since >= GRACE)

    async def own(self, mailbox: str) -> bool:
        """See ``Neighbours``."""
        if mailbox in self._mine and self.term():
            return True

        def take(session: Session) -> bool:
            """Take it if it is free."""
            if mailbox not in self._mine and taken(session, LOCK, key("mailbox", mailbox)):
                self._mine.add(mailbox)
            return mailbox in self._mine

        try:
            return await self._ask(take)
        except TemporaryFailure:
            return False

    async def daemons(self) -> tuple[str, ...]:
        """See ``Neighbours``."""
        return await self._ask(lambda session: tuple(row[0] for row in session.execute(NAMES)))

    async def close(self) -> None:
        """See ``Neighbours``."""
        self._closing = True
        self._near.send(b"x")
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join)
        self._near.close()
        self._far.close()

    async def _ask(self, question: Callable[[Session], R]) -> R:
        future: Future[R] = Future()
        self._jobs.append((question, future))
        self._near.send(b"x")
        try:
            return await asyncio.wrap_future(future)
        except psycopg.Error as error:
            raise self._database.translate(error) from None

    # What follows the thread runs.

    def _run(self, session: Session | None) -> None:
        failures = 0
        while not self._closing:
            try:
                session = session or self._begin()
                if failures:
                    logger().info("the line to the database stands again", action="database.line")
                failures = 0
                self._serve(session)
            except (psycopg.Error, OSError, UserError) as error:
                if not failures:
                    said = str(error if isinstance(error, NurtureError) else self._database.translate(error))
                    logger().warning("the line to the database is lost", action="database.line_lost", error=said)
                self._answered = None
                self._mine.clear()
                self._doze(PAUSES[min(failures, len(PAUSES) - 1)])
                failures += 1
            finally:
                if session is not None:
                    _part(session)
                session = None
        self._refuse()

    def _begin(self) -> Session:
        """A new line, with the name that we have; what was said meanwhile was not heard, so look."""
        asked = _passed()
        session = self._database.connect()
        try:
            session.autocommit = True
            session.add_notify_handler(self._notified)
            if session.info.server_version >= 140_000:
                session.execute(f"SET idle_session_timeout = '{SILENCE}s'".encode())
            if self._name is not None:
                self._sign(session, self._name)
            session.execute(f"LISTEN {CHANNEL}".encode())
        except BaseException:
            session.close()
            raise
        self._terms += 1
        self._answered = asked
        self._tell()
        return session

    def _sign(self, session: Session, name: str) -> None:
        if not taken(session, SHARE, DAEMONS):
            raise UserError("The schema of the database is being changed", hint="Try again when that is done.")
        if not taken(session, LOCK, key("daemon", name)):
            raise UserError("Another daemon works under the name {name}", name=name)
        # Seen by people and by ``daemons``; 63 bytes of ASCII is all that the server keeps.
        session.execute("SELECT set_config('application_name', %s, false)", (f"nurture {name}"[:63],))

    def _serve(self, session: Session) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(session.fileno(), selectors.EVENT_READ)
            selector.register(self._far, selectors.EVENT_READ)
            while not self._closing:
                ready = selector.select(PING)
                if any(chosen.fileobj is self._far for chosen, _ in ready):
                    self._far.recv(4096)
                while self._jobs:
                    question, future = self._jobs.popleft()
                    _answer(session, question, future)
                asked = _passed()
                session.execute(b"SELECT 1")  # shows that we live, and brings what was announced
                self._answered = asked

    def _notified(self, notify: psycopg.Notify) -> None:
        if notify.pid != self._database.writer:  # our own is announced already
            self._tell()

    def _tell(self) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._heard)

    def _doze(self, seconds: float) -> None:
        """Wait until the next attempt; who asks meanwhile is told that there is no line."""
        self._far.settimeout(seconds)
        with contextlib.suppress(TimeoutError):
            self._far.recv(4096)
        self._far.settimeout(None)
        self._refuse()

    def _refuse(self) -> None:
        while self._jobs:
            _, future = self._jobs.popleft()
            if future.set_running_or_notify_cancel():
                future.set_exception(
                    TemporaryFailure("The database is not to be had: {problem}", problem="no line")
                )


def _passed() -> float:
    """Seconds; only differences mean something."""
    return time.clock_gettime(_CLOCK)


def _part(session: Session) -> None:
    """Let go of what is held before saying goodbye: the server sees the end of a line only some time after it."""
    with contextlib.suppress(psycopg.Error):
        session.execute(b"SELECT pg_advisory_unlock_all()")
    with contextlib.suppress(psycopg.Error):
        session.close()


def _answer(session: Session, question: Callable[[Session], R], future: Future[R]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        future.set_result(question(session))
    except Exception as error:
        future.set_exception(error)
