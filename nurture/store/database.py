"""What a database must be able to do for the store, beyond SQL: ``sqlite`` and ``postgresql`` are such."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from nurture.errors import Impossible, NurtureError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from sqlalchemy import Connection, Engine

    from nurture.store.neighbours import Neighbours
    from nurture.store.writer import Writer


class Database(Protocol):
    """One database, before anybody knows what is in it. Its methods are called in the store's threads."""

    engine: Engine

    @property
    def errors(self) -> type[Exception]:
        """The root of what the driver raises."""
        ...

    @property
    def discreet(self) -> bool:
        """Whether the driver's own errors show nothing of what was to be written."""
        ...

    def settle(self) -> None:
        """What must be so before the first transaction."""
        ...

    def writing(self) -> Connection:
        """A new connection whose transactions write."""
        ...

    def reading(self) -> Connection:
        """A new connection whose transactions see one moment, and write nothing."""
        ...

    def neighbours(self, writer: Writer, heard: Callable[[], None]) -> Neighbours:
        """The other processes on it. ``heard`` is called in the loop when one of them has committed."""
        ...

    def unattended(self) -> AbstractContextManager[None]:
        """While this is held, no daemon works on it.

        Raises:
            UserError: one does.
        """
        ...

    def alone(self, connection: Connection) -> None:
        """Within a transaction: nobody else builds or changes the schema until it ends."""
        ...

    def announce(self, connection: Connection) -> None:
        """Within a transaction: tell other processes of it, should it be committed."""
        ...

    def translate(self, error: BaseException) -> NurtureError:
        """An error of the driver in our words, without a value that was to be written or a password.

        ``TemporaryFailure``: locked, full, not to be had now. ``PermanentFailure``: damaged. ``UserError``: the
        address or a right is wrong. ``Impossible``: SQL that cannot be, a fault of this program.
        """
        ...

    def again(self, error: BaseException) -> bool:
        """Whether the same work may well succeed at once, since others were in its way (a deadlock)."""
        ...


def ours(database: Database, error: BaseException) -> BaseException:
    """An error as it may leave the store: the driver's in our words, others as they are."""
    if isinstance(error, DBAPIError):
        found = database.translate(error.orig or error)
    elif isinstance(error, database.errors):
        found = database.translate(error)
    elif isinstance(error, SQLAlchemyError):
        found = Impossible("The store cannot do this: {problem}", problem=type(error).__name__)
    else:
        return error
    found.__cause__ = error if database.discreet else None
    return found


@contextmanager
def translated(database: Database) -> Iterator[None]:
    """The driver's errors leave as ours."""
    try:
        yield
    except Exception as error:
        found = ours(database, error)
        if found is error:
            raise
        raise found from found.__cause__
