"""Where a database is: one address in ``config.toml``, read here alone.

================================== ==========================================================
sqlite:////absolute/path           a file (three slashes: relative to where the program runs)
postgresql://user@host/database    a server, in libpq's own form: several hosts, TLS and every
                                   other parameter after ``?`` reach the driver as they stand
memory://                          nowhere: gone when the program ends
================================== ==========================================================

https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from nurture.errors import UserError
from nurture.i18n import mark

MEMORY: Final = "memory://"

_POSTGRESQL: Final = re.compile(r"postgres(?:ql)?(?:\+psycopg)?://")
_HINT: Final = mark(
    "Write sqlite:////absolute/path.sqlite, with four slashes, or postgresql://user@host/database."
)


def database_path(url: str) -> Path | None:
    """The file of a SQLite address; None where there is none: in memory, on a server.

    Raises:
        UserError: this is not the address of a database that can be used.
    """
    if url == MEMORY or server_address(url) is not None:
        return None
    try:
        parsed = make_url(url)
    except ArgumentError:
        parsed = None
    if parsed is None or parsed.drivername not in {"sqlite", "sqlite+pysqlite"}:
        raise UserError(
            "{url} is not a database address that can be used here",
            hint=_HINT,
            # An address may carry a password.
            url=parsed.render_as_string(hide_password=True) if parsed else "database_url",
        )
    if not parsed.database or parsed.database == ":memory:":
        raise UserError("The database address names no file", hint=_HINT)
    return Path(parsed.database)


def server_address(url: str) -> str | None:
    """The address of a PostgreSQL database as libpq reads it; None for others."""
    found = _POSTGRESQL.match(url)
    return f"postgresql://{url[found.end() :]}" if found else None
