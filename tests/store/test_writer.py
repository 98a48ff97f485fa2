"""Many changes, one transaction: each is answered as if it had been alone."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import pytest

from nurture.core.change import Change, Setting
from nurture.core.messages import Entry, MessageState
from nurture.errors import Impossible, StaleVersion
from nurture.store import SqlStore
from nurture.store.writer import TOGETHER
from tests.store.world import NOW, enrollment, entry, populate

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Sequence
    from pathlib import Path

    from sqlalchemy import Connection


@pytest.fixture
async def sql(place: Path | str) -> AsyncIterator[SqlStore]:
    """A store on each kind of database."""
    opened = await SqlStore.open(place)
    yield opened
    await opened.close()


class Gate:
    """Keeps the writer busy, so that what is asked meanwhile becomes one group."""

    def __init__(self, store: SqlStore) -> None:
        self.store = store
        self.begun, self.open = threading.Event(), threading.Event()
        self.commits = 0

    def wait(self, _connection: Connection) -> tuple[()]:
        """In the writer's thread."""
        self.begun.set()
        self.open.wait(10)
        return ()

    async def together(self, *asked: Awaitable[Any]) -> list[Any]:
        """Ask all of them while the writer is busy; their answers, or what they raised."""
        holding = asyncio.create_task(self.store._write(self.wait))
        await asyncio.to_thread(self.begun.wait, 10)
        tasks = [asyncio.ensure_future(each) for each in asked]
        for _ in range(5):  # until all of them stand in the queue
            await asyncio.sleep(0)
        self.commits = await _count_commits(self.store, tasks, self.open)
        await holding
        return list(await asyncio.gather(*tasks, return_exceptions=True))


async def _count_commits(store: SqlStore, tasks: Sequence[asyncio.Future[Any]], gate: threading.Event) -> int:
    from sqlalchemy import event

    counted: list[object] = []

    def committed(connection: Connection) -> None:
        """One more."""
        if threading.current_thread().name.startswith("store-writer"):
            counted.append(connection)

    engine = store._database.engine
    event.listen(engine, "commit", committed)
    gate.set()
    await asyncio.wait(tasks)
    event.remove(engine, "commit", committed)
    return len(counted) - 1  # the gate's own


async def test_many_writes_are_one_commit(sql: SqlStore) -> None:
    """What waits while the writer is busy is written in one transaction, and announced once it is safe."""
    gate, heard = Gate(sql), sql.changed()
    answers = await gate.together(*(sql.commit(Change((Setting(f"{n}", "x"),))) for n in range(40)))

    assert [None] * 40 == answers
    assert 1 == gate.commits
    assert heard.is_set()
    assert 40 == await sql.count(Setting)


async def test_more_than_one_group(sql: SqlStore) -> None:
    """A group has a bound; what is more comes next."""
    gate = Gate(sql)
    await gate.together(*(sql.commit(Change((Setting(f"{n}", "x"),))) for n in range(TOGETHER * 2 + 1)))

    assert 3 == gate.commits
    assert TOGETHER * 2 + 1 == await sql.count(Setting)


async def test_a_stale_one_is_refused_alone(sql: SqlStore) -> None:
    """A version that moved on, a key that is taken: that change is undone whole, its neighbours are written."""
    await sql.commit(Change((Setting("taken", "x"),)))
    gate = Gate(sql)
    answers = await gate.together(
        sql.commit(Change((Setting("a", "x"),))),
        sql.commit(Change((Setting("undone", "x"), Setting("taken", "y")), (entry("x.y"),))),
        sql.commit(Change((Setting("b", "x"),))),
        sql.commit(Change((Setting("undone as well", "x"), Setting("taken", "y", version=7)))),
        sql.commit(Change((Setting("c", "x"),))),
    )

    refused = [answers[1], answers[3]]
    assert [StaleVersion, StaleVersion] == [type(each) for each in refused]
    assert ["taken", "taken"] == [each.key for each in refused]
    assert [None] * 3 == [answers[0], answers[2], answers[4]]
    assert 1 == gate.commits
    assert ["a", "b", "c", "taken"] == [each.id for each in await sql.find(Setting)]
    assert 0 == await sql.count(Entry)


async def test_of_many_on_one_row_the_first_wins(sql: SqlStore) -> None:
    """Writers of one group that read the same version: one writes, the others are told to read again."""
    await sql.commit(Change((Setting("a", "0"),)))
    answers = await Gate(sql).together(*(sql.commit(Change((Setting("a", f"{n}", version=1),))) for n in range(9)))

    assert [None] + [StaleVersion] * 8 == [each if each is None else type(each) for each in answers]
    assert Setting("a", "0", 2) == await sql.get(Setting, "a")


async def test_a_reference_to_nothing_meets_the_one_whose_it_is(sql: SqlStore) -> None:
    """What shows only at COMMIT takes no neighbour down: each is then written alone, once."""
    gate = Gate(sql)
    answers = await gate.together(
        sql.commit(Change((Setting("a", "x"),), (entry("a.b"),))),
        sql.commit(Change((enrollment("e", "nobody"),), (entry("x.y"),))),
        sql.commit(Change((Setting("b", "x"),), (entry("c.d"),))),
    )

    assert [None, Impossible, None] == [each if each is None else type(each) for each in answers]
    assert ["a", "b"] == [each.id for each in await sql.find(Setting)]
    assert ["a.b", "c.d"] == [each.kind for each in await sql.find(Entry)]


async def test_a_fault_of_one_is_its_own(sql: SqlStore) -> None:
    """SQL that cannot be fails for its author, and what that one wrote before is undone."""

    def broken(connection: Connection) -> None:
        """Write, then fail."""
        connection.exec_driver_sql("INSERT INTO setting VALUES ('undone', 'x', 1)")
        connection.exec_driver_sql("SELECT nothing FROM nowhere")

    answers = await Gate(sql).together(
        sql.commit(Change((Setting("a", "x"),))), sql._write(broken), sql.commit(Change((Setting("b", "x"),)))
    )

    assert [None, Impossible, None] == [each if each is None else type(each) for each in answers]
    assert ["a", "b"] == [each.id for each in await sql.find(Setting)]


async def test_claims_of_one_group_share_nothing(sql: SqlStore) -> None:
    """Claimers that are served in one transaction take different letters."""
    await populate(sql, 20)
    answers = await Gate(sql).together(*(sql.claim(NOW.replace(hour=23), 7, f"d{n}") for n in range(4)))

    taken = [message for answer in answers for message, _ in answer]
    assert 20 == len({message.id for message in taken}) == len(taken)
    assert {MessageState.SENDING} == {message.state for message in taken}


async def test_one_who_left_is_not_written(sql: SqlStore) -> None:
    """Cancelled while it waited, a change is not written; its neighbours are."""

    async def leaving() -> None:
        """Ask, and go away."""
        asked = asyncio.ensure_future(sql.commit(Change((Setting("left", "x"),))))
        await asyncio.sleep(0)
        asked.cancel()

    await Gate(sql).together(sql.commit(Change((Setting("a", "x"),))), leaving())

    assert ["a"] == [each.id for each in await sql.find(Setting)]


async def test_one_who_leaves_in_the_middle_is_undone(sql: SqlStore) -> None:
    """Cancelled after its turn but before the COMMIT, a change is undone, and its neighbours are written once."""
    written, release = threading.Event(), threading.Event()

    def slow(connection: Connection) -> None:
        """Write, and keep the others waiting."""
        connection.exec_driver_sql("INSERT INTO setting VALUES ('slow', 'x', 1)")
        written.set()
        release.wait(10)

    async def leaving() -> None:
        """Ask, and go away."""
        asked = asyncio.ensure_future(sql.commit(Change((Setting("left", "x"),), (entry("x.y"),))))
        await asyncio.to_thread(written.wait, 10)
        asked.cancel()
        await asyncio.wait((asked,))
        release.set()

    async def later() -> None:
        """When the other stands in the queue."""
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        await sql._write(slow)

    await Gate(sql).together(sql.commit(Change((Setting("a", "x"),), (entry("a.b"),))), leaving(), later())

    assert ["a", "slow"] == [each.id for each in await sql.find(Setting)]
    assert ["a.b"] == [each.kind for each in await sql.find(Entry)]


async def test_what_waits_is_written_before_closing(place: Path | str) -> None:
    """Closing answers everybody who had asked before."""
    store = await SqlStore.open(place)
    asked = [asyncio.create_task(store.commit(Change((Setting(f"{n}", "x"),)))) for n in range(100)]
    await asyncio.sleep(0)
    await store.close()

    assert [None] * 100 == list(await asyncio.gather(*asked))
    again = await SqlStore.open(place)
    assert 100 == await again.count(Setting)
    await again.close()
