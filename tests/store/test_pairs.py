"""What two processes on one database see of each other: on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from nurture.clock import SeededChance
from nurture.core.change import Change, Setting
from nurture.core.ids import MailboxId
from nurture.core.messages import Entry, Message, MessageState
from nurture.errors import Impossible, StaleVersion
from nurture.flows import optout
from nurture.store import SqlStore
from tests.store.world import BOX, NOW, enrollment, entry, message, person, populate, settle

if TYPE_CHECKING:
    from sqlalchemy import Connection

ROOT = Path(__file__).parents[2]


class TestTwoProcesses:
    """Two stores on one file."""

    async def test_nobody_gets_the_same_message(self, pair: tuple[SqlStore, SqlStore]) -> None:
        """Claimers that run at once share the work without overlap, and all of it is taken."""
        await populate(pair[0], 120)

        async def take(store: SqlStore, name: str) -> list[str]:
            """Claim until nothing is left."""
            taken: list[str] = []
            while batch := await store.claim(NOW.replace(hour=23), 7, name):
                taken += [m.id for m, _ in batch]
                assert {m.claimed_by for m, _ in batch} == {name}
            return taken

        hands = await asyncio.gather(*(take(s, f"{n}-{k}") for n, s in enumerate(pair) for k in range(2)))
        taken = [key for hand in hands for key in hand]
        assert len(taken) == len(set(taken)) == 120

    async def test_of_two_letters_to_one_person_one_is_seen(self, pair: tuple[SqlStore, SqlStore]) -> None:
        """Daemons that claim at one instant, each for its mailbox, cannot both miss the other's letter."""
        people, other = range(30), MailboxId("other")
        puts: list[object] = []
        for n in people:
            puts += [person(f"p{n}"), enrollment(f"a{n}", f"p{n}"), enrollment(f"b{n}", f"p{n}")]
            puts += [message(f"ma{n}", f"a{n}", f"p{n}"), message(f"mb{n}", f"b{n}", f"p{n}", mailbox_id=other)]
        await settle(pair[0], *puts)

        async def take(store: SqlStore, mailbox: MailboxId) -> dict[str, set[str]]:
            """One by one: what each letter saw on its way to the same person."""
            seen: dict[str, set[str]] = {}
            while batch := await store.claim(NOW.replace(hour=23), 1, mailbox, (mailbox,)):
                seen |= {m.id: {near.id for near in glance.near if near.own} for m, glance in batch}
            return seen

        ours, theirs = await asyncio.gather(take(pair[0], BOX), take(pair[1], other))

        assert len(people) == len(ours) == len(theirs)
        for n in people:
            assert f"mb{n}" in ours[f"ma{n}"] or f"ma{n}" in theirs[f"mb{n}"], n

    async def test_the_key_of_links_is_the_same(self, pair: tuple[SqlStore, SqlStore]) -> None:
        """Programs that start at once on an empty database agree on what seals the links of mails."""
        keys = await asyncio.gather(
            *(optout.key(s, SeededChance(f"{n}{k}")) for n, s in enumerate(pair) for k in (1, 2))
        )

        assert 1 == len(set(keys))
        assert len(keys[0]) >= 64

    async def test_of_two_writers_one_is_stale(self, pair: tuple[SqlStore, SqlStore]) -> None:
        """Of writers that read the same version exactly one writes; the others are told so."""
        await pair[0].commit(Change(puts=(Setting("a", "1"),)))

        async def write(store: SqlStore, value: str) -> bool:
            """Try once."""
            try:
                await store.commit(Change((Setting("a", value, version=1),), (entry("x.y", actor=value),)))
            except StaleVersion:
                return False
            return True

        wrote = await asyncio.gather(*(write(s, f"{n}-{k}") for n, s in enumerate(pair) for k in range(8)))
        assert sum(wrote) == 1
        (kept,) = await pair[0].find(Setting)
        assert [e.actor for e in await pair[1].find(Entry)] == [kept.value]

    async def test_counting_together_loses_nothing(self, pair: tuple[SqlStore, SqlStore]) -> None:
        """Reading again after StaleVersion, two processes count without losing one."""
        await pair[0].commit(Change(puts=(Setting("n", "0"),)))

        async def count(store: SqlStore) -> None:
            """Add one, twenty times."""
            done = 0
            while done < 20:
                seen = await store.get(Setting, "n")
                assert seen is not None
                try:
                    await store.commit(Change(puts=(Setting("n", str(int(seen.value) + 1), seen.version),)))
                except StaleVersion:
                    continue
                done += 1

        await asyncio.gather(count(pair[0]), count(pair[1]))
        assert await pair[0].get(Setting, "n") == Setting("n", "40", 41)

    async def test_word_reaches_the_other(self, pair: tuple[SqlStore, SqlStore]) -> None:
        """A commit of another process sets the event soon; it is announced once, our own at once and once."""
        here, there = pair[0].changed(), pair[1].changed()
        await pair[0].commit(Change(puts=(Setting("a", "1"),)))
        assert here.is_set()
        await asyncio.wait_for(there.wait(), 5)
        here.clear()
        there.clear()
        await pair[0].commit(Change(puts=(Setting("b", "1"),)))
        here.clear()
        await asyncio.wait_for(there.wait(), 5)
        assert not here.is_set(), "its own commit was announced to it a second time"

    async def test_reads_do_not_wait_for_a_writer(self, pair: tuple[SqlStore, SqlStore]) -> None:
        """While another process holds the write lock, reading goes on and sees what was committed."""
        await pair[0].commit(Change(puts=(Setting("a", "1"),)))
        held, release = threading.Event(), threading.Event()

        def hold(connection: Connection) -> None:
            """Keep the write lock."""
            connection.exec_driver_sql("UPDATE setting SET value = 'later'")
            held.set()
            release.wait(10)

        writing = asyncio.create_task(pair[1]._write(hold))
        await asyncio.to_thread(held.wait, 10)
        assert await pair[0].get(Setting, "a") == Setting("a", "1", 1)
        release.set()
        await writing


class TestCancelled:
    """Callers that go away."""

    async def test_a_cancelled_write_is_rolled_back(self, pair: tuple[SqlStore, SqlStore]) -> None:
        """A claim whose caller is gone before the COMMIT leaves the messages where they were."""
        await populate(pair[0], 2)
        started, release = threading.Event(), threading.Event()

        def slow(connection: Connection) -> None:
            """Keep the writer busy."""
            started.set()
            release.wait(10)

        blocking = asyncio.create_task(pair[0]._write(slow))
        await asyncio.to_thread(started.wait, 10)
        waiting = asyncio.create_task(pair[0].claim(NOW, 9, "x"))
        await asyncio.sleep(0)
        waiting.cancel()
        blocking.cancel()
        release.set()
        await asyncio.gather(waiting, blocking, return_exceptions=True)
        assert await pair[0].count(Message, {"state": MessageState.APPROVED}) == 2

    async def test_a_write_that_runs_is_undone(self, pair: tuple[SqlStore, SqlStore]) -> None:
        """Cancelled in the middle of its transaction, nothing of it stays."""
        started, release = threading.Event(), threading.Event()

        def slow(connection: Connection) -> None:
            """Write, and do not end."""
            connection.exec_driver_sql("INSERT INTO setting VALUES ('a', 'b', 1)")
            started.set()
            release.wait(10)

        running = asyncio.create_task(pair[0]._write(slow))
        await asyncio.to_thread(started.wait, 10)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        release.set()
        assert await pair[0]._write(lambda c: c.exec_driver_sql("SELECT count(*) FROM setting").scalar()) == 0


CRASHER = """
import asyncio, sys
from nurture.core.change import Change, Setting
from nurture.store import open_store
from tests.store.world import entry

async def main():
    store = await open_store(sys.argv[1])
    n = await store.count(Setting) // 20
    while True:
        puts = tuple(Setting(f"{n}-{k}", "x" * 2000) for k in range(20))
        await store.commit(Change(puts, (entry("x.y", actor=str(n)),)))
        n += 1
        print(n, flush=True)

asyncio.run(main())
"""


class TestCrash:
    """A process that is killed while it writes."""

    async def test_all_or_nothing(self, place: Path | str) -> None:
        """After SIGKILL each change is there whole or not at all, and none that was answered is missing."""
        url = place if isinstance(place, str) else f"sqlite:///{place}"
        answered = 0
        for after in (3, 11, 26):
            answered = max(answered, _run_and_kill(url, after))
            store = await SqlStore.open(place)
            entries = await store.find(Entry)
            settings = await store.find(Setting)
            await store.close()
            assert [int(e.actor) for e in entries] == list(range(len(entries)))
            assert len(settings) == 20 * len(entries)
            assert len(entries) >= answered
        if isinstance(place, str):
            return
        with closing(sqlite3.connect(place)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


def _run_and_kill(url: str, after: int) -> int:
    """Let the crasher answer some commits, kill it in the middle of the next, and return the last answer."""
    with subprocess.Popen(
        [sys.executable, "-c", CRASHER, url], stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        assert process.stdout is not None
        last = 0
        for _ in range(after):
            last = int(process.stdout.readline())
        process.send_signal(signal.SIGKILL)
        for line in process.stdout:
            last = int(line)
    return last


class TestJournal:
    """What happened stays as it was written."""

    async def test_nobody_rewrites_it(self, pair: tuple[SqlStore, SqlStore]) -> None:
        """UPDATE and DELETE are refused by the database itself, until erasing unlocks it."""
        await pair[0].commit(Change(entries=(entry("x.y"), entry("x.z"))))
        for statement in ("UPDATE journal SET actor = 'nobody'", "DELETE FROM journal"):

            def rewrite(connection: Connection, sql: str = statement) -> None:
                """Try to."""
                connection.exec_driver_sql(sql)

            with pytest.raises(Impossible, match="append-only"):
                await pair[0]._write(rewrite)

        def erase(connection: Connection) -> None:
            """As erasing a person will."""
            connection.exec_driver_sql("INSERT INTO journal_unlock VALUES ('erase')")
            connection.exec_driver_sql("DELETE FROM journal WHERE kind = 'x.z'")
            connection.exec_driver_sql("DELETE FROM journal_unlock")

        await pair[0]._write(erase)
        await pair[0].commit(Change(entries=(entry("x.a"),)))
        assert [(e.seq, e.kind) for e in await pair[1].find(Entry)] == [(1, "x.y"), (3, "x.a")]
