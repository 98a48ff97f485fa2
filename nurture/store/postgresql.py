"""The store on a PostgreSQL server: connections, and its errors in our words.

Writers work at READ COMMITTED: a row that another daemon has just written is looked at again, its version no
longer fits, and that is StaleVersion, as everywhere. Readers work at REPEATABLE READ, READ ONLY: all
statements of one question see one moment.

What an address may say is libpq's affair (hosts, TLS, password files, time-outs); it is handed over as it
stands, with patience and keep-alives where it says nothing, so that a server that is gone is noticed in half
a minute and not in two hours. A transaction in whose middle this process was frozen is ended by the server,
for it would hold rows that others need.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import psycopg
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import create_engine
from sqlalchemy.pool import QueuePool

from nurture.errors import Impossible, NurtureError, PermanentFailure, TemporaryFailure, UserError
from nurture.store.advisory import DAEMONS, key
from nurture.store.line import CHANNEL, Line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection, Engine

    from nurture.store.neighbours import Neighbours
    from nurture.store.writer import Writer

SCHEMA: Final = key("schema")
"""The advisory lock of whoever builds or changes the schema."""

DEFAULTS: Final = {
    "application_name": "nurture",
    "connect_timeout": "10",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
    "client_encoding": "utf8",
}
"""Of every connection, where the address says nothing else."""

SESSION: Final = "-c TimeZone=UTC -c idle_in_transaction_session_timeout=30s -c jit=off"
"""Settings of every session; the address may say ``options=`` and has the last word. Compiling a statement takes
PostgreSQL longer than any of ours runs: a claim of 500 letters took 600 ms with it."""

_WAIT: Final = frozenset({"40001", "40P01"})  # serialization failure, deadlock: the next try may be first
_LATER: Final = frozenset({"25006", "25P03", "55P03", "57014"})  # a standby, frozen too long, a lock, cancelled
_TEMPORARY: Final = ("08", "53", "57P", "58", "40")  # connection, resources, operator, system, rollback
_REFUSED: Final = ("28", "3D", "42501")  # who may log in, no such database, not allowed
_DAMAGED: Final = ("XX001", "XX002")


class Postgresql:
    """``Database`` on a server."""

    errors: Final = psycopg.Error
    discreet: Final = False  # PostgreSQL's words show keys that were taken

    def __init__(self, url: str, connections: int) -> None:
        self.parameters = parameters(url)
        self.said = said(self.parameters)
        self.writer = 0  # the server's process that last wrote for us
        self.engine: Engine = create_engine(
            "postgresql+psycopg://",
            creator=self.connect,
            poolclass=QueuePool,
            pool_size=connections,
            max_overflow=0,
            use_native_hstore=False,
            hide_parameters=True,
        )

    def connect(self) -> psycopg.Connection[Any]:
        """A connection of the driver's."""
        return psycopg.connect(**self.parameters)

    def settle(self) -> None:
        """See ``Database``: the first connection tells whether the address is right.

        Raises:
            UserError: nobody can be reached there, or the server will not have us.
            TemporaryFailure: the server is not to be had now.
        """
        try:
            self.engine.connect().close()
        except Exception as error:
            raise self._unreachable(getattr(error, "orig", error)) from None

    def writing(self) -> Connection:
        """See ``Database``."""
        return self.engine.connect()

    def reading(self) -> Connection:
        """See ``Database``."""
        return self.engine.connect().execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

    def neighbours(self, writer: Writer, heard: Callable[[], None]) -> Neighbours:  # noqa: ARG002
        """See ``Database``."""
        return Line(self, heard)

    @contextmanager
    def unattended(self) -> Iterator[None]:
        """See ``Database``."""
        with self.reading() as connection, connection.begin():
            if not connection.exec_driver_sql(f"SELECT pg_try_advisory_xact_lock({DAEMONS})").scalar():
                raise UserError("A daemon is working on the database {url}", hint="Stop it first.", url=self.said)
            yield

    def alone(self, connection: Connection) -> None:
        """See ``Database``."""
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({SCHEMA})")

    def announce(self, connection: Connection) -> None:
        """See ``Database``: the server sends it with the COMMIT, once however often it is said."""
        driver: Any = connection.connection.driver_connection
        self.writer = driver.info.backend_pid
        connection.exec_driver_sql(f"NOTIFY {CHANNEL}")

    def again(self, error: BaseException) -> bool:
        """See ``Database``."""
        return _state(error) in _WAIT

    def translate(self, error: BaseException) -> NurtureError:
        """See ``Database``."""
        state = _state(error)
        if not state:
            if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
                return TemporaryFailure("The database is not to be had: {problem}", problem=self._words(error))
            return Impossible("The store cannot do this: {problem}", problem=type(error).__name__)
        if state == "53100":
            return TemporaryFailure("The disk is full: the database cannot be written")
        if state in _LATER or state.startswith(_TEMPORARY):
            return TemporaryFailure("The database is not to be had: {problem}", problem=self._words(error))
        if state.startswith(_REFUSED):
            return self._refused(error)
        if state in _DAMAGED:
            return PermanentFailure("The database is damaged: {problem}", problem=self._words(error))
        if state.startswith("23"):
            return Impossible("The database refuses this: {problem}", problem=_place(error, state))
        if state.startswith(("42", "P0")):  # about SQL, or said by a trigger of ours: no values in it
            return Impossible("The database refuses this: {problem}", problem=self._words(error))
        return Impossible("The store cannot do this: {problem}", problem=f"{type(error).__name__} {state}")

    def _unreachable(self, error: BaseException) -> NurtureError:
        """What a person can mend about the address is theirs; the rest passes."""
        words = self._words(error)
        if _state(error) in {"53300", "57P03"} or any(sign in words for sign in _PASSES):
            return TemporaryFailure("The database is not to be had: {problem}", problem=words)
        return self._refused(error)

    def _refused(self, error: BaseException) -> UserError:
        return UserError(
            "The database {url} cannot be used: {problem}",
            hint="Is the address right, does the database exist, and may this user log in and make tables there? "
            "A password comes from PGPASSWORD or from the file that PGPASSFILE names.",
            url=self.said,
            problem=self._words(error),
        )

    def _words(self, error: BaseException) -> str:
        """The server's own, in one line, without what was to be written and without the password."""
        diagnosed = getattr(error, "diag", None)
        words = (diagnosed.message_primary if diagnosed else None) or str(error) or type(error).__name__
        words = " ".join(words.split())[:300]
        password = self.parameters.get("password")
        return words.replace(str(password), "***") if password else words


_PASSES: Final = (
    "Connection refused",
    "timeout expired",
    "timed out",
    "No route to host",
    "Network is unreachable",
    "starting up",
    "shutting down",
    "recovery mode",
    "too many",
    "server closed the connection",
)
"""What libpq or the server says when trying again may help: while connecting it gives no code, only words."""


def parameters(url: str) -> dict[str, Any]:
    """What libpq is told: what the address says, and our defaults where it is silent.

    Raises:
        UserError: this is no address.
    """
    try:
        given = conninfo_to_dict(url)
    except psycopg.Error:
        raise UserError(
            "{url} is not a database address that can be used here",
            hint="Write postgresql://user@host/database, and parameters as libpq names them after a ?.",
            url="database_url",  # it may carry a password, and nobody knows where
        ) from None
    found: dict[str, Any] = {**DEFAULTS, **{name: x for name, x in given.items() if x is not None}}
    found["options"] = f"{SESSION} {given.get('options') or ''}".rstrip()
    return found


def said(given: dict[str, Any]) -> str:
    """An address as it may be shown."""
    user = f"{given['user']}@" if "user" in given else ""
    port = f":{given['port']}" if "port" in given else ""
    return f"postgresql://{user}{given.get('host', '')}{port}/{given.get('dbname', '')}"


def _state(error: BaseException) -> str:
    return getattr(error, "sqlstate", None) or ""


def _place(error: BaseException, state: str) -> str:
    """Which rule was broken; the server's words would show by what."""
    diagnosed = getattr(error, "diag", None)
    names = (diagnosed.table_name, diagnosed.column_name, diagnosed.constraint_name) if diagnosed else ()
    return " ".join(name for name in (state, *names) if name)
