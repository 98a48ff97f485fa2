"""Settings for the whole suite."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import HealthCheck, settings

from nurture.store import upgrade
from tests.servers.postgres import running_postgres

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.servers.postgres import Postgres

LONGEST: Final = (
    "acceptance/test_torture.py",
    "acceptance/test_demo.py",
    "acceptance/test_run.py",
    "acceptance/test_torture_reading.py",
    "edges/test_imap_standing.py",
    "edges/test_imap_cuts.py",
    "browser/test_record.py",
    "store/test_line.py",
    "store/test_pairs.py",
    "browser/test_accessibility.py",
    "flows/test_pace.py",
    "store/test_contract.py",
    "flows/test_matching.py",
    "acceptance/test_downtime.py",
    "core/test_limits.py",
    "store/test_agreement.py",
    "cli/test_daily.py",
    "files/test_yaml.py",
    "edges/test_imap_hostile.py",
    "acceptance/test_together.py",
)
"""Files that take longest, measured; where several processes share the tests these begin, so that none is left to
run alone at the end."""

# No deadline: how long an example takes says more about the machine than about the code (speed: nurture bench).
settings.register_profile("dev", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", parent=settings.get_profile("dev"), print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "dev")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The longest files first, where several processes share the tests; else as they stand."""
    if hasattr(config, "workerinput"):
        ranks = {config.rootpath / "tests" / name: rank for rank, name in enumerate(LONGEST)}
        items.sort(key=lambda item: ranks.get(item.path, len(LONGEST)))


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
