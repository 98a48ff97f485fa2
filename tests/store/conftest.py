"""The stores under test. A contract test runs over each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nurture.store import MemoryStore, SqlStore
from tests.servers.sqlite import furnished

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from nurture.ports import Store


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    """An empty store of each kind."""
    opened: Store
    if request.param == "memory":
        opened = MemoryStore()
    elif request.param == "sqlite":
        opened = await SqlStore.open(furnished(tmp_path / "nurture.sqlite"))
    else:
        opened = await SqlStore.open(request.getfixturevalue("database"))
    yield opened
    await opened.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    """A database of each kind that several processes can share, with our schema and no rows."""
    if request.param == "sqlite":
        return furnished(tmp_path / "nurture.sqlite")
    address: str = request.getfixturevalue("database")
    return address


@pytest.fixture
async def pair(place: Path | str) -> AsyncIterator[tuple[SqlStore, SqlStore]]:
    """Two stores on one database, as two processes have it."""
    first = await SqlStore.open(place)
    second = await SqlStore.open(place)
    yield first, second
    await first.close()
    await second.close()
