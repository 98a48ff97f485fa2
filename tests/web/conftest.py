"""The invented world with a desk, and browsers at it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nurture.store import MemoryStore, SqlStore
from nurture.web.app import build
from tests.servers.sqlite import furnished
from tests.web.browser import browser, sign_in
from tests.web.world import ADMIN, MORI, SATO, SECRET, World, furnish, world

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    import httpx
    from starlette.applications import Starlette


@pytest.fixture
async def desk_world() -> World:
    """The world, in memory."""
    store = MemoryStore()
    await furnish(store)
    return world(store)


@pytest.fixture
async def sqlite_world(tmp_path: Path) -> AsyncIterator[World]:
    """The world, in a file."""
    store = await SqlStore.open(furnished(tmp_path / "desk.sqlite"))
    await furnish(store)
    yield world(store)
    await store.close()


@pytest.fixture
def app(desk_world: World) -> Starlette:
    """The desk."""
    return build(desk_world.doors, SECRET)


@pytest.fixture
async def stranger(app: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody who is not signed in."""
    async with browser(app) as client:
        yield client


@pytest.fixture
async def sato(app: Starlette, desk_world: World) -> AsyncIterator[httpx.AsyncClient]:
    """A representative."""
    async with browser(app) as client:
        await sign_in(client, desk_world, SATO)
        yield client


@pytest.fixture
async def mori(app: Starlette, desk_world: World) -> AsyncIterator[httpx.AsyncClient]:
    """The manager of both representatives."""
    async with browser(app) as client:
        await sign_in(client, desk_world, MORI)
        yield client


@pytest.fixture
async def admin(app: Starlette, desk_world: World) -> AsyncIterator[httpx.AsyncClient]:
    """An administrator."""
    async with browser(app) as client:
        await sign_in(client, desk_world, ADMIN)
        yield client
