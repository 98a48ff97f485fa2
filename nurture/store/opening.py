"""Which database stands at an address, and whether it has our schema."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from nurture.errors import UserError
from nurture.store import migrations
from nurture.store.address import database_path, server_address
from nurture.store.database import translated
from nurture.store.sqlite import Sqlite

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from nurture.store.database import Database


def database_at(where: Path | str, connections: int) -> Database:
    """The database at a path or a server's address, not yet spoken to."""
    if isinstance(where, Path):
        return Sqlite(where, connections)
    from nurture.store.postgresql import Postgresql  # noqa: PLC0415 (few need its driver)

    return Postgresql(where, connections)


def place(url: str) -> Path | str:
    """Where a database address leads: a file's path, or the server's address.

    Raises:
        UserError: to no database on a disk or a server.
    """
    found = server_address(url) or database_path(url)
    if found is None:
        raise UserError("There is no database at {url}", url=url)
    return found


def prepare(database: Database, connection: Connection) -> None:
    """Within a transaction: build the schema of an empty database, or make sure that it is this version's.

    Raises:
        UserError: it is not.
    """
    if migrations.current(connection) != migrations.HEAD:
        database.alone(connection)
        migrations.prepare(connection)


def upgrade(url: str) -> tuple[str | None, str]:
    """Bring a database to the schema of this version; returns the revisions before and after.

    Raises:
        UserError: a daemon is working on it.
        UserError, TemporaryFailure, PermanentFailure: as ``SqlStore.open``.
    """
    database = database_at(place(url), 2)
    try:
        with translated(database), database.unattended():
            database.settle()
            with database.writing() as connection, connection.begin():
                database.alone(connection)
                return migrations.migrate(connection)
    finally:
        database.engine.dispose()
