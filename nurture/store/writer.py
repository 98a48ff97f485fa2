"""The one place from which a process writes: many changes, one transaction, one answer from the disk.

Theory of operation
-------------------
A commit costs what it takes a disk to say that it is safe, for one change as for fifty. So whoever wants to
write joins a queue, and the writer's thread takes all who wait into one transaction, does one after the
other, then one COMMIT, then all are answered. Nobody is made to wait for company: while one group is being
committed, the next one gathers.

What is refused (a version that moved on, a key that is taken) is undone alone: then the group is begun anew,
each within a savepoint of its own. Savepoints cost as much as a small change, and two more questions to a
server; so they are laid only when they were needed lately. When a group fails as a whole (a reference to
nothing, which shows at COMMIT), each is done again alone, and the failure meets the one whose it is. Nothing of
a group that failed before its COMMIT was kept, so a connection that turns out to be lost is replaced and the
work begun anew, once. A connection that is lost *during* the COMMIT leaves open whether all of it was written
or nothing.

A caller that is cancelled while it waits for its turn writes nothing. One that is cancelled while its
transaction runs has it undone if the COMMIT has not begun; else it is written, as if the answer had been
lost.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from sqlalchemy.exc import DBAPIError

from nurture.store.database import ours, translated

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Connection

    from nurture.store.database import Database

R = TypeVar("R")

TOGETHER: Final = 64
"""The most changes in one transaction. PostgreSQL keeps as many savepoints at hand before it slows down
(subtransactions, https://www.postgresql.org/docs/current/subxacts.html)."""

CAUTION: Final = 8
"""How many groups are done with savepoints after one in which they were needed."""

TRIES: Final = 3
"""How often work is done that others were in the way of."""


@dataclass(slots=True, eq=False)
class Job:
    """Something to be written. ``work`` may be called more than once; what it wrote before was undone."""

    work: Callable[[Connection], Any]
    future: asyncio.Future[Any]
    gone: bool = False  # nobody waits for it any more
    result: Any = None
    error: BaseException | None = None


class _SomeoneLeft(Exception):
    """A caller went away in the middle of its group."""


class Writer:
    """One thread, one connection, one queue."""

    def __init__(self, database: Database, wrote: Callable[[], None]) -> None:
        """``wrote`` is called in the loop after each transaction that changed something."""
        self._database = database
        self._wrote = wrote
        self._loop = asyncio.get_running_loop()
        self._thread = ThreadPoolExecutor(1, "store-writer")
        self._lock = threading.Lock()
        self._waiting: deque[Job] = deque()
        self._busy = False
        self._connection: Connection | None = None  # the thread's alone
        self._committing = False
        self._caution = 0  # groups that are yet to be done with savepoints

    async def write(self, work: Callable[[Connection], R]) -> R:
        """Do ``work`` in a transaction; what it returns, or raises, comes back when it was committed or undone.

        A result that is empty but not None says that nothing was changed.
        """
        job = Job(work, self._loop.create_future())
        with self._lock:
            self._waiting.append(job)
            idle, self._busy = not self._busy, True
        if idle:
            self._thread.submit(self._drain)
        try:
            return cast("R", await job.future)
        except asyncio.CancelledError:
            job.gone = True
            raise

    async def ask(self, question: Callable[[Connection], R]) -> R:
        """Ask the writer's own connection something, between two transactions."""

        def answer() -> R:
            """In the thread."""
            with translated(self._database):
                return question(self._open())

        return await self._loop.run_in_executor(self._thread, answer)

    def close(self) -> None:
        """Write what waits, then let go of the connection. Blocks."""
        self._thread.submit(self._leave).result()
        self._thread.shutdown()

    # What follows the thread runs.

    def _open(self) -> Connection:
        if self._connection is None:
            self._connection = self._database.writing()
        return self._connection

    def _leave(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(Exception):  # a line that is broken needs no farewell
                self._connection.close()
            self._connection = None

    def _drain(self) -> None:
        while jobs := self._take():
            try:
                changed = self._together(jobs)
            except Exception as error:  # a fault of ours: nobody is left waiting
                changed = False
                for job in jobs:
                    job.error = job.error or error
            self._answer(jobs, changed=changed)

    def _take(self) -> list[Job]:
        with self._lock:
            jobs = [self._waiting.popleft() for _ in range(min(len(self._waiting), TOGETHER))]
            self._busy = bool(jobs)
        return jobs

    def _answer(self, jobs: Sequence[Job], *, changed: bool) -> None:
        def answer() -> None:
            """Tell everybody at once, in the loop."""
            if changed:
                self._wrote()
            for job in jobs:
                if job.future.done():
                    continue
                if job.error is not None:
                    job.future.set_exception(ours(self._database, job.error))
                else:
                    job.future.set_result(job.result)

        with contextlib.suppress(RuntimeError):  # the loop has ended: nobody waits for word
            self._loop.call_soon_threadsafe(answer)

    def _together(self, jobs: Sequence[Job], tries: int = TRIES) -> bool:
        """Settle all of them, in one transaction if that can be; whether anything was changed."""
        staying = [job for job in jobs if not job.gone]
        if not staying:
            return False
        had = self._connection is not None
        self._committing = False
        savepoints = len(staying) > 1 and self._caution > 0
        try:
            changed = self._transact(staying, savepoints=savepoints)
            self._caution -= savepoints
        except _SomeoneLeft:
            return self._together(staying, tries)
        except Exception as error:
            lost = had and self._connection is None
            if len(staying) > 1 and not lost:
                if not savepoints and not self._committing:
                    self._caution = CAUTION
                    return self._together(staying)
                return self._each(staying)  # whose it was shows alone
            if tries > 1 and not self._committing and (lost or self._again(error)):
                return self._together(staying, 1 if lost else tries - 1)
            for job in staying:
                job.error = error
            return False
        hindered = [job for job in staying if job.error is not None and self._again(job.error)]
        return self._each(hindered) or changed

    def _each(self, jobs: Sequence[Job]) -> bool:
        changed = [self._together([job]) for job in jobs]
        return any(changed)

    def _again(self, error: BaseException) -> bool:
        return isinstance(error, DBAPIError) and error.orig is not None and self._database.again(error.orig)

    def _transact(self, jobs: Sequence[Job], *, savepoints: bool) -> bool:
        connection = self._open()
        try:
            transaction = connection.begin()
            for job in jobs:
                self._do(connection, job, savepoint=savepoints)
            _stay(jobs)
            # A claim that found nothing has changed nothing.
            changed = any(job.error is None and (job.result is None or bool(job.result)) for job in jobs)
            if changed:
                self._database.announce(connection)
            self._committing = True
            transaction.commit()
        except BaseException:
            self._undo(connection)
            raise
        return changed

    def _do(self, connection: Connection, job: Job, *, savepoint: bool) -> None:
        if savepoint:
            _straight(connection, "SAVEPOINT one")
        job.error = None
        try:
            job.result = job.work(connection)
        except Exception as error:
            if not savepoint or connection.invalidated:
                raise
            _straight(connection, "ROLLBACK TO SAVEPOINT one")
            job.error = error
        if savepoint:
            _straight(connection, "RELEASE SAVEPOINT one")

    def _undo(self, connection: Connection) -> None:
        try:
            if connection.invalidated:
                self._leave()
                return
            # A COMMIT that SQLite refuses (a reference to nothing) leaves its transaction open, and
            # SQLAlchemy takes it for ended.
            transaction = connection.get_transaction()
            if transaction is not None:
                transaction.rollback()
            connection.connection.rollback()
        except Exception:
            self._leave()


def _straight(connection: Connection, statement: str) -> None:
    """At the driver, past a layer that costs as much as a whole change."""
    driver: Any = connection.connection.driver_connection
    driver.execute(statement)


def _stay(jobs: Sequence[Job]) -> None:
    if any(job.gone for job in jobs):
        raise _SomeoneLeft
