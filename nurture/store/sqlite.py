"""The store in a SQLite file: connections, and SQLite's errors in our words.

WAL, so that readers never wait for the writer; ``synchronous=FULL``, so that a commit that was
answered survives a power cut; foreign keys on; a writer takes its place at once (``BEGIN IMMEDIATE``), so
that a transaction never fails half way for having read first.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
import stat
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import create_engine, event
from sqlalchemy.pool import QueuePool

from nurture.errors import Impossible, NurtureError, PermanentFailure, TemporaryFailure, UserError
from nurture.store.lock import daemon_lock
from nurture.store.neighbours import FileNeighbours

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

    from sqlalchemy import Connection, Engine

    from nurture.store.neighbours import Neighbours
    from nurture.store.writer import Writer

BUSY_SECONDS: Final = 10.0
"""How long a writer waits for a writer of another process."""

WRITES: Final = "nurture_writes"
"""Execution option of a connection whose transactions take the write lock when they begin."""

_DAMAGED: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


def create_file(path: Path) -> None:
    """Make sure the file is there, for its owner alone: it will hold names and letters.

    It is made without being opened: closing a file lets go of all POSIX locks that the process has on it,
    those of another store on the same file too.

    Raises:
        UserError: it cannot be made, or not be written.
    """
    try:
        with contextlib.suppress(FileExistsError):
            os.mknod(path, 0o600 | stat.S_IFREG)
        problem = None if path.is_file() and os.access(path, os.R_OK | os.W_OK) else "Permission denied"
    except OSError as error:
        problem = error.strerror or type(error).__name__
    if problem:
        raise UserError(
            "The database file {path} cannot be opened: {problem}",
            hint="Does its folder exist, and may this user write there?",
            path=path,
            problem=problem,
        )


def write_ahead(engine: Engine, path: Path) -> None:
    """Switch the file to WAL, which stays with it. One process at a time: here SQLite would not wait."""
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with contextlib.suppress(OSError):  # a file system without locks: then whoever comes second is told
            fcntl.flock(folder, fcntl.LOCK_EX)
        with engine.connect() as connection:
            # Straight at the driver: the mode cannot change within a transaction.
            driver: Any = connection.connection.driver_connection
            driver.execute("PRAGMA journal_mode=WAL").fetchall()
    finally:
        os.close(folder)


class Sqlite:
    """``Database`` in a file."""

    errors: Final = sqlite3.Error
    discreet: Final = True

    def __init__(self, path: Path, connections: int) -> None:
        create_file(path)
        self._path = path
        self.engine = create_engine(
            f"sqlite+pysqlite:///{path}",
            poolclass=QueuePool,
            pool_size=connections,
            max_overflow=0,
            # The driver begins nothing by itself; and a connection may serve one thread after another.
            connect_args={"timeout": BUSY_SECONDS, "isolation_level": None, "check_same_thread": False},
            hide_parameters=True,  # errors never carry what was written
        )
        event.listen(self.engine, "connect", _prepare)
        event.listen(self.engine, "begin", _begin)

    def settle(self) -> None:
        """See ``Database``."""
        write_ahead(self.engine, self._path)

    def writing(self) -> Connection:
        """See ``Database``."""
        return self.engine.connect().execution_options(**{WRITES: True})

    def reading(self) -> Connection:
        """See ``Database``."""
        return self.engine.connect()

    def neighbours(self, writer: Writer, heard: Callable[[], None]) -> Neighbours:
        """See ``Database``."""
        return FileNeighbours(self._path, writer, heard)

    def unattended(self) -> AbstractContextManager[None]:
        """See ``Database``."""
        return daemon_lock(self._path)

    def alone(self, connection: Connection) -> None:
        """See ``Database``: whoever writes is alone."""

    def announce(self, connection: Connection) -> None:
        """See ``Database``: others look for themselves (``neighbours``)."""

    def again(self, error: BaseException) -> bool:  # noqa: ARG002
        """See ``Database``: a writer waits for its turn before it begins."""
        return False

    def translate(self, error: BaseException) -> NurtureError:
        """See ``Database``."""
        code = getattr(error, "sqlite_errorcode", None)
        name = getattr(error, "sqlite_errorname", type(error).__name__)
        primary = code & 0xFF if code is not None else None
        if primary in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            return TemporaryFailure("The database is busy: another process is writing to it")
        if primary == sqlite3.SQLITE_FULL:
            return TemporaryFailure("The disk is full: the database cannot be written")
        if primary in _DAMAGED:
            return PermanentFailure("The database file is damaged or is not a database")
        if primary == sqlite3.SQLITE_CONSTRAINT:
            return Impossible("The database refuses this: {problem}", problem=str(error))
        if isinstance(error, sqlite3.OperationalError) and primary != sqlite3.SQLITE_ERROR:
            return TemporaryFailure("The database is not to be had: {problem}", problem=name)
        return Impossible("The store cannot do this: {problem}", problem=name)


PRAGMAS: Final = (
    "synchronous=FULL",
    "foreign_keys=ON",
    # Pages in the log before they are put in their places: a page that many commits change is put there once.
    "wal_autocheckpoint=8000",
    "journal_size_limit=67108864",  # bytes of the log that are kept for later
    "cache_size=-3072",  # kilobytes of each connection
)
"""Of every connection."""


def _prepare(connection: sqlite3.Connection, _record: Any) -> None:
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}").fetchall()


def _begin(connection: Connection) -> None:
    immediate = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")
