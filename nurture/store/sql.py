"""The store on an SQL database.

Theory of operation
-------------------
SQLAlchemy Core, synchronously, in threads of the store's own: one that writes (``writer``: what waits is
committed together), and a few that read. A call hops to a thread once, whatever number of statements it
needs. What one database does otherwise than another stands in a module of its own (``sqlite``,
``postgresql``); all SQL that is here and in ``queries`` and ``writes`` is both's.

A caller that is cancelled while it waits for its turn writes nothing. One that is cancelled while its
transaction runs has it rolled back if the COMMIT has not begun; else it is written, as if the answer had
been lost. A message claimed at that very moment stays SENDING and is found when the daemon starts.

``changed()``: our own commits are announced when they are done; those of other processes as ``neighbours``
hears of them.
"""

from __future__ import annotations

import asyncio
import weakref
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from sqlalchemy.exc import DBAPIError

from nurture.core.messages import Enrollment, Message
from nurture.core.people import Person
from nurture.errors import Impossible, TemporaryFailure
from nurture.store import claiming, erasing, numbers, queries, recording, seeking, traffic, writes
from nurture.store.codecs import clean
from nurture.store.database import translated
from nurture.store.find import among
from nurture.store.noted import Noted
from nurture.store.opening import database_at, prepare
from nurture.store.schema import METADATA
from nurture.store.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from datetime import date, datetime
    from typing import Self

    from sqlalchemy import Connection

    from nurture.core.change import Change, Entity
    from nurture.core.content import Use
    from nurture.core.dossier import Dossier
    from nurture.core.erasure import Subject
    from nurture.core.glance import Glance
    from nurture.core.ids import DealId, EnrollmentId, MailboxId, OrganisationId, RepId
    from nurture.core.limits import Asked, Taken, Traffic
    from nurture.core.messages import Entry
    from nurture.core.standing import Standing
    from nurture.core.upshot import Upshot
    from nurture.ports import Matches
    from nurture.store.database import Database

R = TypeVar("R")
V = TypeVar("V")

READERS: Final = 3


class SqlStore:
    """``ports.Store`` on SQLite or PostgreSQL. ``await SqlStore.open(where)`` makes one."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._readers = ThreadPoolExecutor(READERS, "store-reader")
        self._loop = asyncio.get_running_loop()
        self._writer = Writer(database, self._announce)
        self._events: weakref.WeakSet[asyncio.Event] = weakref.WeakSet()
        self._neighbours = database.neighbours(self._writer, self._announce)
        self._noted = Noted()
        self._closed = False

    @classmethod
    async def open(cls, where: Path | str) -> Self:
        """Open a database, a file's path or a server's address; an empty one is given its schema.

        Raises:
            UserError: it cannot be opened, or is of another version.
            TemporaryFailure: it is not to be had now.
            PermanentFailure: it is damaged.
        """
        store = cls(database_at(where, READERS + 1))
        try:
            await store._begin()
        except BaseException:
            await store.close()
            raise
        return store

    async def commit(self, change: Change) -> None:
        """See ``ports.Store``."""
        puts, entries = writes.sort(change), writes.entry_rows(change)
        if not change:
            return
        try:
            await self._write(lambda connection: writes.write(connection, puts, entries, change.drops))
        except writes.Conflict as conflict:
            failed = conflict.puts
            raise await self._read(lambda connection: writes.explain(connection, failed)) from None
        finally:
            self._noted.note(change)  # also when nobody knows whether it was written: to look again is cheap

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

    async def search(
        self,
        kind: type[V],
        said: str,
        *,
        reps: Collection[str] | None = None,
        limit: int,
        skip: int = 0,
    ) -> tuple[V, ...]:
        """See ``ports.Store``."""
        statement = seeking.statement(kind, clean(said), reps, limit, skip)
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
    ) -> tuple[tuple[Message, Glance], ...]:
        """See ``ports.Store``."""
        if not self.term():
            raise TemporaryFailure("Nothing is claimed while others cannot see that this daemon lives")
        ready = queries.claim_statement(now, limit, mailboxes, after=after, without=without)
        ids = await self._write(lambda connection: claiming.mark(connection, now, by, ready))
        return await self._read(lambda connection: claiming.read(connection, now, ids)) if ids else ()

    async def traffic(self, asked: Asked) -> Traffic:
        """See ``ports.Store``."""
        return await self._read(lambda connection: traffic.traffic(connection, asked))

    async def taken(self, since: datetime) -> tuple[Taken, ...]:
        """See ``ports.Store``."""
        return await self._read(lambda connection: traffic.taken(connection, since))

    async def record(self, upshots: Sequence[Upshot]) -> tuple[int, ...]:
        """See ``ports.Store``."""
        refused = await self._write(lambda connection: (recording.record(connection, upshots),))
        return refused[0]

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

    async def planned(
        self,
        first: date,
        last: date,
        *,
        reps: Collection[RepId] | None = None,
        organisation: OrganisationId | None = None,
    ) -> Mapping[date, int]:
        """See ``ports.Store``."""
        return await self._read(lambda connection: numbers.planned(connection, first, last, reps, organisation))

    async def uses(self) -> Mapping[str, Use]:
        """See ``ports.Store``."""
        return await self._read(numbers.uses)

    async def standing(self, reps: Collection[RepId] | None = None) -> Standing:
        """See ``ports.Store``."""
        return await self._read(lambda connection: numbers.standing(connection, reps))

    async def houses(self, domains: Collection[str]) -> dict[str, OrganisationId]:
        """See ``ports.Store``."""
        return await self._read(lambda connection: queries.houses(connection, domains))

    async def last_about(self, deals: Collection[DealId]) -> dict[DealId, datetime]:
        """See ``ports.Store``."""
        return await self._read(lambda connection: queries.last_about(connection, deals))

    async def twins(self, *, reps: Collection[str] | None = None, limit: int) -> tuple[Person, ...]:
        """See ``ports.Store``."""
        statement = seeking.twins_statement(reps, limit)
        return await self._read(lambda connection: queries.values(connection, Person, statement))

    async def erase(self, who: Subject, told: Entry) -> tuple[str, ...]:
        """See ``ports.Store``."""
        files = await self._write(lambda connection: (erasing.erase(connection, who, told),))
        return files[0]

    async def wake_all(self, now: datetime) -> int:
        """See ``ports.Store``."""
        return await self._write(lambda connection: writes.wake_all(connection, now))

    async def prune(self, ended_before: datetime) -> int:
        """See ``ports.Store``."""
        return await self._write(lambda connection: writes.prune(connection, ended_before))

    async def forget(self, before: datetime) -> int:
        """See ``ports.Store``."""
        return await self._write(lambda connection: writes.forget(connection, before))

    def changed(self) -> asyncio.Event:
        """See ``ports.Store``."""
        event = asyncio.Event()
        self._events.add(event)
        return event

    async def join(self, name: str) -> None:
        """See ``ports.Store``."""
        self._open()
        await self._neighbours.join(clean(name))

    def commits(self) -> int:
        """See ``ports.Store``."""
        return self._noted.count

    def touched(self, enrollment: EnrollmentId, since: int) -> bool:
        """See ``ports.Store``."""
        return self._noted.touched(enrollment, since)

    def term(self) -> int:
        """See ``ports.Store``."""
        return self._neighbours.term()

    async def gone(self, names: Collection[str]) -> frozenset[str]:
        """See ``ports.Store``."""
        self._open()
        return await self._neighbours.gone(names)

    async def own(self, mailbox: MailboxId) -> bool:
        """See ``ports.Store``."""
        self._open()
        return await self._neighbours.own(mailbox)

    async def daemons(self) -> tuple[str, ...]:
        """See ``ports.Store``."""
        self._open()
        return await self._neighbours.daemons()

    async def close(self) -> None:
        """See ``ports.Store``. Calling it again is harmless."""
        if self._closed:
            return
        self._closed = True
        await self._neighbours.close()
        await asyncio.to_thread(self._end)

    async def _begin(self) -> None:
        database = self._database

        def settle() -> None:
            with translated(database):
                database.settle()

        await self._loop.run_in_executor(self._readers, settle)
        await self._write(lambda connection: prepare(database, connection))
        await self._neighbours.open()

    def _end(self) -> None:
        self._readers.shutdown()
        self._writer.close()
        self._database.engine.dispose()

    async def _read(self, work: Callable[[Connection], R]) -> R:
        self._open()

        def once() -> R:
            with self._database.reading() as connection, connection.begin():
                return work(connection)

        def answer() -> R:
            with translated(self._database):
                try:
                    return once()
                except DBAPIError as error:
                    if not error.connection_invalidated:
                        raise
                    return once()  # the line was lost while it lay idle: reading again does no harm

        return await self._loop.run_in_executor(self._readers, answer)

    async def _write(self, work: Callable[[Connection], R]) -> R:
        self._open()
        return await self._writer.write(work)

    def _open(self) -> None:
        if self._closed:
            raise Impossible("The store is closed")

    def _announce(self) -> None:
        for event in list(self._events):
            event.set()
