"""What was, and what is to be: ``ports.Store`` in memory and on SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nurture.store.engine import database_path
from nurture.store.lock import daemon_lock
from nurture.store.memory import MemoryStore
from nurture.store.sql import SqlStore, upgrade

if TYPE_CHECKING:
    from nurture.ports import Store

__all__ = ["MemoryStore", "SqlStore", "daemon_lock", "database_path", "open_store", "upgrade"]


async def open_store(url: str) -> Store:
    """Open the store at ``sqlite:////absolute/path``, ``sqlite:///relative/path`` or ``memory://``.

    A new file is given its schema. The caller closes the store.

    Raises:
        UserError: the address or the file cannot be used, or the file is of another version.
        TemporaryFailure: another process holds the file too long.
        PermanentFailure: the file is damaged.
    """
    path = database_path(url)
    return MemoryStore() if path is None else await SqlStore.open(path)
