"""Other processes on the same database: hearing what they commit, and knowing which of them live.

In a file only one daemon works (``lock``); commands beside it may write, and are heard by asking SQLite for
``PRAGMA data_version`` four times a second. It moves only when *another* connection has committed, so nothing
is announced twice. On a server any number of daemons work; see ``line``.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any, Final, Protocol

from nurture.errors import TemporaryFailure
from nurture.store.lock import holder

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path

    from sqlalchemy import Connection

    from nurture.store.writer import Writer

LOOK_EVERY: Final = 0.25
"""Seconds of real time between two looks for commits of other processes."""


class Neighbours(Protocol):
    """What a store hears of others, and what they know of it. See ``ports.Store`` for the verbs."""

    async def open(self) -> None:
        """Begin to listen."""
        ...

    async def join(self, name: str) -> None:
        """Be known by this name."""
        ...

    def term(self) -> int:
        """The number of the time since which we are known without a break; 0 while we are not."""
        ...

    async def gone(self, names: Collection[str]) -> frozenset[str]:
        """Those of these names under which nobody works any more."""
        ...

    async def own(self, mailbox: str) -> bool:
        """Whether this mailbox is ours to read."""
        ...

    async def daemons(self) -> tuple[str, ...]:
        """Who works here now."""
        ...

    async def close(self) -> None:
        """Be known no more."""
        ...


class FileNeighbours:
    """``Neighbours`` on a SQLite file: whoever joins holds the daemon's lock, so all others are gone."""

    def __init__(self, path: Path, writer: Writer, heard: Callable[[], None]) -> None:
        self._path = path
        self._writer = writer
        self._heard = heard
        self._name: str | None = None
        self._version = 0
        self._looking: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """See ``Neighbours``."""
        self._version = await self._writer.ask(_version)
        self._looking = asyncio.create_task(self._look(), name="store-changes")

    async def join(self, name: str) -> None:
        """See ``Neighbours``."""
        self._name = name

    def term(self) -> int:
        """See ``Neighbours``."""
        return 1

    async def gone(self, names: Collection[str]) -> frozenset[str]:
        """See ``Neighbours``."""
        return frozenset(names) - {self._name}

    async def own(self, mailbox: str) -> bool:  # noqa: ARG002
        """See ``Neighbours``."""
        return True

    async def daemons(self) -> tuple[str, ...]:
        """See ``Neighbours``."""
        pid = holder(self._path)
        return () if pid is None else (str(pid),)

    async def close(self) -> None:
        """See ``Neighbours``."""
        if self._looking is not None:
            self._looking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._looking

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY)
            with contextlib.suppress(TemporaryFailure):
                version = await self._writer.ask(_version)
                if version != self._version:
                    self._version = version
                    self._heard()


def _version(connection: Connection) -> int:
    """A number that moves when *another* connection has committed; no transaction is begun for it."""
    driver: Any = connection.connection.driver_connection
    return int(driver.execute("PRAGMA data_version").fetchone()[0])
