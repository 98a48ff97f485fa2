"""One look at a database: there, sound, of this version, to be written. Nothing in it is changed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from nurture.core.health import DatabaseFacts
from nurture.errors import NurtureError
from nurture.store import migrations
from nurture.store.address import database_path, server_address
from nurture.store.database import translated
from nurture.store.postgresql import Postgresql
from nurture.store.sqlite import Sqlite

if TYPE_CHECKING:
    from collections.abc import Callable

    from nurture.store.database import Database

MOST: Final = 20
"""Faults that are listed."""


async def examine(url: str) -> DatabaseFacts:
    """The facts of the database at this address. Never raises for what is wrong with it.

    Reading a big file through takes its time: who cancels this ends that.
    """
    stop: list[Callable[[], object]] = []
    try:
        return await asyncio.to_thread(_examine, url, stop)
    except asyncio.CancelledError:
        for interrupt in stop:
            interrupt()
        raise


def _examine(url: str, stop: list[Callable[[], object]]) -> DatabaseFacts:
    path = database_path(url)
    if path is not None and not path.exists():
        return DatabaseFacts(path.name, there=False)
    said = path.name if path is not None else "postgresql"
    try:
        server = server_address(url)
        database: Database = Postgresql(server, 1) if server else Sqlite(path, 1)  # type: ignore[arg-type]
        try:
            with translated(database):
                return _look(database, said, stop)
        finally:
            database.engine.dispose()
    except NurtureError as error:
        return DatabaseFacts(said, problem=error, head=migrations.HEAD)


def _look(database: Database, said: str, stop: list[Callable[[], object]]) -> DatabaseFacts:
    sqlite = isinstance(database, Sqlite)
    if not sqlite:
        database.settle()
    damage: tuple[str, ...] = ()
    with database.reading() as connection, connection.begin():
        revision = migrations.current(connection)
        if sqlite:
            driver: Any = connection.connection.driver_connection
            stop.append(driver.interrupt)
            rows = connection.exec_driver_sql(f"PRAGMA quick_check({MOST})").scalars().all()
            damage = tuple(str(row)[:200] for row in rows if row != "ok")
    return DatabaseFacts(
        said,
        revision=revision,
        head=migrations.HEAD,
        damage=damage,
        writable=_writable(database, sqlite=sqlite) if sqlite or revision else True,
    )


WRITES = """
SELECT NOT pg_is_in_recovery()
   AND has_table_privilege('message', 'SELECT, INSERT, UPDATE')
   AND has_table_privilege('journal', 'INSERT')
"""
"""A standby writes nothing, and a role may have been given less than it needs."""


def _writable(database: Database, *, sqlite: bool) -> bool:
    """Whether we may write; what is tried is rolled back at once."""
    try:
        with translated(database), database.writing() as connection:
            transaction = connection.begin()
            try:
                if not sqlite:
                    return bool(connection.exec_driver_sql(WRITES).scalar())
                connection.exec_driver_sql("CREATE TABLE nurture_doctor (id INTEGER)")
                return True
            finally:
                transaction.rollback()
    except NurtureError:
        return False
