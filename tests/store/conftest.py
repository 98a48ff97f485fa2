"""The stores under test. A contract test runs over each; PostgreSQL can be added here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nurture.store import MemoryStore, SqlStore

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from nurture.ports import Store


@pytest.fixture(params=["memory", "sqlite"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    """An empty store of each kind."""
    opened: Store = (
        MemoryStore() if request.param == "memory" else await SqlStore.open(tmp_path / "nurture.sqlite")
    )
    yield opened
    await opened.close()


@pytest.fixture
async def pair(tmp_path: Path) -> AsyncIterator[tuple[SqlStore, SqlStore]]:
    """Two stores on one file, as two processes have it."""
    first = await SqlStore.open(tmp_path / "nurture.sqlite")
    second = await SqlStore.open(tmp_path / "nurture.sqlite")
    yield first, second
    await first.close()
    await second.close()
