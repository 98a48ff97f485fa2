"""Settings for the whole suite."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from nurture.store import upgrade
from tests.servers.postgres import running_postgres

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.servers.postgres import Postgres

# No deadline: how long an example takes says more about the machine than about the code (speed: nurture bench).
settings.register_profile("dev", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", parent=settings.get_profile("dev"), print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "dev")


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
