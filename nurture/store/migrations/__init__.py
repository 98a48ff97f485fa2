"""The schema's history. ``HEAD`` is what this version of the program works with.

A new revision: change ``tables`` or ``schema``, then from the repository
``alembic -c nurture/store/migrations/alembic.ini revision --autogenerate -m "why"``, and set ``HEAD``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import inspect, select
from sqlalchemy.sql import column, table

from nurture.errors import UserError

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import Connection

HEAD: Final = "0013"


def prepare(connection: Connection) -> None:
    """Build the schema if the database is empty; else make sure that it is the one we know.

    The caller holds the transaction (the write lock), so that of several processes one builds.

    Raises:
        UserError: the database is of another version of the program, or not ours.
    """
    revision = current(connection)
    if revision == HEAD:
        return
    if revision is None:
        if inspect(connection).get_table_names():
            raise UserError(
                "The database holds tables of another program", hint="Give nurture a database of its own."
            )
        _run(connection)
        return
    if revision not in _known():
        raise UserError(
            "The database was written by a newer version of nurture (schema {revision})",
            hint="Install that version, or use another database.",
            revision=revision,
        )
    raise UserError(
        "The database is of an older version of nurture (schema {revision}, needed {head})",
        hint="Stop the daemon, copy the database file, then run: nurture upgrade",
        revision=revision,
        head=HEAD,
    )


def current(connection: Connection) -> str | None:
    """The revision of the database, None for an empty one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    version: str | None = connection.execute(
        select(column("version_num")).select_from(table("alembic_version"))
    ).scalar()
    return version


def migrate(connection: Connection) -> tuple[str | None, str]:
    """Bring the schema to ``HEAD`` in the caller's transaction; returns the revisions before and after."""
    before = current(connection)
    if before in _known() and before != HEAD:
        _run(connection)
    else:
        prepare(connection)  # builds a new one, and says why another cannot be had
    return before, HEAD


def config() -> Config:
    """Alembic's configuration, with the scripts that ship beside this file."""
    from alembic.config import Config  # noqa: PLC0415 (a database that is up to date needs no Alembic)

    made = Config()
    made.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    return made


def _known() -> frozenset[str]:
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    return frozenset(script.revision for script in ScriptDirectory.from_config(config()).walk_revisions())


def _run(connection: Connection) -> None:
    from alembic import command  # noqa: PLC0415

    made = config()
    made.attributes["connection"] = connection
    command.upgrade(made, "head")
