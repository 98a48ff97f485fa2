"""The stores under test. A contract test runs over each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nurture.store import MemoryStore, SqlStore, upgrade
from tests.servers.postgres import running_postgres

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from nurture.ports import Store
    from tests.servers.postgres import Postgres


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A real server for the whole run, with a database ``furnished`` that has our schema and no rows."""
    with running_postgres() as server:
        server.tell("CREATE DATABASE furnished")
        upgrade(server.url("furnished"))
        yield server


@pytest.fixture
def database(postgres: Postgres) -> Iterator[str]:
    """The address of a database of the test's own, with our schema and no rows."""
    name = postgres.make("furnished")
    yield postgres.url(name)
    postgres.drop(name)


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    """An empty store of each kind."""
    opened: Store
    if request.param == "memory":
        opened = MemoryStore()
    elif request.param == "sqlite":
        opened = await SqlStore.open(tmp_path / "nurture.sqlite")
    else:
        opened = await SqlStore.open(request.getfixturevalue("database"))
    yield opened
    await opened.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    """A database of each kind that several processes can share, with our schema and no rows."""
    if request.param == "sqlite":
        return tmp_path / "nurture.sqlite"
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
