"""A look at a database of either kind: what it says of a sound one, and of one that is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg

from nurture.core.findings import Grade, worst
from nurture.reports.doctor import machine
from nurture.store import checkup, open_store

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.postgres import Postgres


def _address(place: Path | str) -> str:
    return place if isinstance(place, str) else f"sqlite:///{place}"


async def test_a_sound_database(place: Path | str) -> None:
    """Its schema is ours, it can be written, and the look leaves nothing behind; also beside an open store."""
    store = await open_store(_address(place))
    for _ in range(2):
        facts = await checkup.examine(_address(place))
        assert (True, (), "", facts.head) == (facts.writable, facts.damage, facts.problem, facts.revision)
        assert Grade.PASS is worst(machine.database(facts))
    await store.close()


async def test_an_empty_server(postgres: Postgres) -> None:
    """Nothing there yet: it is filled at the first start."""
    name = postgres.make()
    facts = await checkup.examine(postgres.url(name))
    postgres.drop(name)

    assert (None, Grade.WARN) == (facts.revision, worst(machine.database(facts)))


async def test_a_role_that_only_reads(postgres: Postgres, database: str) -> None:
    """A database that we may not write to cannot be the daemon's."""
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("CREATE ROLE onlooker LOGIN PASSWORD 'look'")
        connection.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO onlooker")
        facts = await checkup.examine(
            f"postgresql://onlooker:look@127.0.0.1:{postgres.port}/{connection.info.dbname}"
        )
        connection.execute("DROP OWNED BY onlooker")
        connection.execute("DROP ROLE onlooker")

    assert (False, Grade.FAIL) == (facts.writable, worst(machine.database(facts)))
    assert "look@" not in f"{facts} {facts.problem}"
