"""What was, and what is to be: ``ports.Store`` in memory and on SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nurture.store.address import MEMORY, database_path
from nurture.store.lock import daemon_lock
from nurture.store.memory import MemoryStore
from nurture.store.opening import place, upgrade
from nurture.store.sql import SqlStore

if TYPE_CHECKING:
    from nurture.ports import Store

__all__ = ["MemoryStore", "SqlStore", "daemon_lock", "database_path", "open_store", "upgrade"]


async def open_store(url: str) -> Store:
    """Open the store at a database address (``address``). An empty database is given its schema.

    The caller closes the store.

    Raises:
        UserError: the address or the database cannot be used, or it is of another version.
        TemporaryFailure: it is not to be had now: another process holds the file too long, no server answers.
        PermanentFailure: it is damaged.
    """
    if url == MEMORY:
        return MemoryStore()
    return await SqlStore.open(place(url))
