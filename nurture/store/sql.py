"""The store on an SQL database.

Theory of operation
-------------------
SQLAlchemy Core, synchronously, in threads of the store's own: one writer with one connection, and a few
readers. A call hops to a thread once, whatever number of statements it needs. All writes of a process
stand in one queue; SQLite's lock orders those of several processes.

A caller that is cancelled while it waits for its turn writes nothing. One that is cancelled while its
transaction runs has it rolled back if the COMMIT has not begun; else it is written, as if the answer had
been lost. A message claimed at that very moment stays SENDING and is found when the daemon starts.

``changed()``: our own commits are announced when they are done. For those of other processes the writer's
connection is asked for ``PRAGMA data_version`` four times a second: it moves only when *another* connection
has committed, so nothing is announced twice.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final, TypeVar

from nurture.core.messages import Enrollment
from nurture.errors import Impossible, TemporaryFailure
from nurture.store import engine, migrations, queries, traffic, writes
from nurture.store.codecs import clean
from nurture.store.find import among
from nurture.store.schema import METADATA

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from sqlalchemy import Connection

    from nurture.core.change import Change, Entity
    from nurture.core.dossier import Dossier
    from nurture.core.ids import EnrollmentId, MailboxId
    from nurture.core.limits import Asked, Taken, Traffic
    from nurture.core.messages import Entry, Message
    from nurture.ports import Matches

R = TypeVar("R")
V = TypeVar("V")

READERS: Final = 3
LOOK_EVERY: Final = 0.25
"""Seconds of real time between two looks for commits of other processes."""


class SqlStore:
    """``ports.Store`` on a SQLite file. ``await SqlStore.open(path)`` makes one."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._engine = engine.connect(path, READERS + 1)
        self._writer = ThreadPoolExecutor(1, "store-writer")
        self._readers = ThreadPoolExecutor(READERS, "store-reader")
        self._loop = asyncio.get_running_loop()
        self._events: weakref.WeakSet[asyncio.Event] = weakref.WeakSet()
        self._connection: Connection | None = None  # the writer's; used in its thread alone
        self._version = 0  # data_version as last seen
        self._looking: asyncio.Task[None] | None = None
        self._closed = False

    @classmethod
    async def open(cls, path: Path) -> SqlStore:
        """Open a database file; a new one is given its schema.

        Raises:
            UserError: the file cannot be opened, or is of another version.
            TemporaryFailure: another process holds it too long.
            PermanentFailure: the file is damaged.
        """
        engine.create_file(path)
        store = cls(path)
        try:
            await store._in(store._writer, store._begin)
        except BaseException:
            await store.close()
            raise
        store._looking = asyncio.create_task(store._look(), name="store-changes")
        return store

    async def commit(self, change: Change) -> None:
        """See ``ports.Store``."""
        puts, entries = writes.sort(change), writes.entry_rows(change)
        if not puts and not entries:
            return
        try:
            await self._write(lambda connection: writes.write(connection, puts, entries))
        except writes.Conflict as conflict:
            failed = conflict.puts
            raise await self._read(lambda connection: writes.explain(connection, failed)) from None

    async def get(self, kind: type[V], key: str) -> V | None:
        """See ``ports.Store``."""
        return await self._read(lambda connection: queries.get(connection, kind, key))

    async def find(
        self,
        kind: type[V],
        where: Mapping[str, object] | None = None,
        *,
        order: Sequence[str] = (),
        limit: int | None = None,
    ) -> tuple[V, ...]:
        """See ``ports.Store``."""
        statement = queries.find_statement(kind, where, order, limit)
        return await self._read(lambda connection: queries.values(connection, kind, statement))

    async def count(self, kind: type[Entity] | type[Entry], where: Mapping[str, object] | None = None) -> int:
        """See ``ports.Store``."""
        statement = queries.count_statement(kind, where)
        return await self._read(lambda connection: int(connection.execute(statement).scalar_one()))

    async def due(self, now: datetime, limit: int) -> tuple[Dossier, ...]:
        """See ``ports.Store``."""

        def read(connection: Connection) -> tuple[Dossier, ...]:
            """What is due, and all around it."""
            ready = queries.values(connection, Enrollment, queries.due_statement(now, limit))
            return queries.dossiers(connection, ready, now)

        return await self._read(read)

    async def next_due(self) -> datetime | None:
        """See ``ports.Store``."""
        return await self._read(queries.next_due)

    async def dossiers(self, keys: Collection[EnrollmentId], now: datetime) -> tuple[Dossier, ...]:
        """See ``ports.Store``."""
        wanted = list(dict.fromkeys(clean(key) for key in keys))

        def read(connection: Connection) -> tuple[Dossier, ...]:
            """Those that exist, and all around them."""
            rows = queries.chosen(connection, Enrollment, among(METADATA.tables["enrollment"].c.id, wanted))
            found = {enrollment.id: enrollment for enrollment in rows}
            return queries.dossiers(connection, [found[key] for key in wanted if key in found], now)  # type: ignore[index]

        return await self._read(read)

    async def leaving(self, now: datetime) -> frozenset[MailboxId]:
        """See ``ports.Store``."""
        statement = queries.leaving_statement(now)
        found = await self._read(lambda connection: connection.execute(statement).scalars().all())
        return frozenset(key for key in found if key is not None)

    async def claim(
        self,
        now: datetime,
        limit: int,
        by: str,
        mailboxes: Collection[MailboxId] | None = None,
        *,
        after: datetime | None = None,
        without: Collection[str] = (),
    ) -> tuple[tuple[Message, Dossier], ...]:
        """See ``ports.Store``."""
        ready = queries.claim_statement(now, limit, mailboxes, after=after, without=without)
        return await self._write(lambda connection: writes.claim(connection, now, by, ready))

    async def traffic(self, asked: Asked) -> Traffic:
        """See ``ports.Store``."""
        return await self._read(lambda connection: traffic.traffic(connection, asked))

    async def taken(self, since: datetime) -> tuple[Taken, ...]:
        """See ``ports.Store``."""
        return await self._read(lambda connection: traffic.taken(connection, since))

    async def match(
        self,
        mailbox: MailboxId,
        header_ids: Collection[str],
        tokens: Collection[str],
        addresses: Collection[str],
        keys: Collection[str],
        ids: Collection[str] = (),
    ) -> Matches:
        """See ``ports.Store``."""
        return await self._read(
            lambda connection: queries.match(connection, mailbox, header_ids, tokens, addresses, keys, ids)
        )

    async def wake_all(self, now: datetime) -> int:
        """See ``ports.Store``."""
        return await self._write(lambda connection: writes.wake_all(connection, now))

    def changed(self) -> asyncio.Event:
        """See ``ports.Store``."""
        event = asyncio.Event()
        self._events.add(event)
        return event

    async def close(self) -> None:
        """See ``ports.Store``. Calling it again is harmless."""
        if self._closed:
            return
        self._closed = True
        if self._looking is not None:
            self._looking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._looking
        await asyncio.to_thread(self._end)

    # What follows the threads run.

    def _begin(self) -> None:
        engine.write_ahead(self._engine, self._path)
        self._connection = self._engine.connect().execution_options(**{engine.WRITES: True})
        with self._connection.begin():
            migrations.prepare(self._connection)
        self._version = self._data_version()

    def _transact(self, work: Callable[[Connection], R], gone: threading.Event) -> R:
        connection = self._connection
        if connection is None:
            raise Impossible("The store is not open")
        try:
            with connection.begin() as transaction:
                result = work(connection)
                if gone.is_set():
                    transaction.rollback()
                    return result
        except BaseException:
            # A COMMIT that SQLite refuses (a reference to nothing) leaves its transaction open, and
            # SQLAlchemy takes it for ended.
            connection.connection.rollback()
            raise
        if result is None or result:  # a claim that found nothing has changed nothing
            with contextlib.suppress(RuntimeError):  # the loop has ended: nobody waits for word
                self._loop.call_soon_threadsafe(self._announce)
        return result

    def _answer(self, work: Callable[[Connection], R]) -> R:
        with self._engine.connect() as connection, connection.begin():
            return work(connection)

    def _data_version(self) -> int:
        connection = self._connection
        if connection is None:
            raise Impossible("The store is not open")
        # Straight at the driver: no transaction is begun for it.
        driver: Any = connection.connection.driver_connection
        return int(driver.execute("PRAGMA data_version").fetchone()[0])

    def _end(self) -> None:
        self._readers.shutdown()
        self._writer.submit(self._leave).result()
        self._writer.shutdown()
        self._engine.dispose()

    def _leave(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    # And this the loop.

    async def _read(self, work: Callable[[Connection], R]) -> R:
        return await self._in(self._readers, self._answer, work)

    async def _write(self, work: Callable[[Connection], R]) -> R:
        gone = threading.Event()
        try:
            return await self._in(self._writer, self._transact, work, gone)
        except asyncio.CancelledError:
            gone.set()
            raise

    async def _in(self, where: ThreadPoolExecutor, job: Callable[..., R], *arguments: Any) -> R:
        if self._closed:
            raise Impossible("The store is closed")

        def run() -> R:
            with engine.translated():
                return job(*arguments)

        return await self._loop.run_in_executor(where, run)

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY)
            with contextlib.suppress(TemporaryFailure):
                version = await self._in(self._writer, self._data_version)
                if version != self._version:
                    self._version = version
                    self._announce()

    def _announce(self) -> None:
        for event in list(self._events):
            event.set()


def upgrade(path: Path) -> tuple[str | None, str]:
    """Bring a database file to the schema of this version; returns the revisions before and after.

    No daemon may be working on it (``lock.daemon_lock``).

    Raises:
        UserError, TemporaryFailure, PermanentFailure: as ``SqlStore.open``.
    """
    engine.create_file(path)
    opened = engine.connect(path, 1)
    try:
        with engine.translated():
            engine.write_ahead(opened, path)
            with opened.connect().execution_options(**{engine.WRITES: True}) as connection, connection.begin():
                return migrations.migrate(connection)
    finally:
        opened.dispose()
