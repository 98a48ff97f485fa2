"""Several daemons on one server: who lives, whose letters are abandoned, who reads which mailbox."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from nurture.core.change import Change, Setting
from nurture.core.ids import MailboxId
from nurture.core.messages import Message, MessageState
from nurture.errors import TemporaryFailure, UserError
from nurture.store import SqlStore, line
from tests.servers.postgres import until
from tests.store.test_postgresql import cut
from tests.store.world import BOX, NOW, populate

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.servers.postgres import Postgres

ROOT = Path(__file__).parents[2]
OTHER = MailboxId("other")

DAEMON = """
import asyncio, sys
from nurture.store import SqlStore
from tests.store.world import BOX, NOW

async def main():
    store = await SqlStore.open(sys.argv[1])
    await store.join("there")
    print(await store.own(BOX), [m.id for m, _ in await store.claim(NOW, 1, "there")], store.term(), flush=True)
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        print(store.term(), flush=True)

asyncio.run(main())
"""


@pytest.fixture
async def two(database: str) -> AsyncIterator[tuple[SqlStore, SqlStore]]:
    """Two daemons on one database, ``a`` and ``b``."""
    stores = (await SqlStore.open(database), await SqlStore.open(database))
    for store, name in zip(stores, ("a", "b"), strict=True):
        await store.join(name)
    yield stores
    for store in stores:
        await store.close()


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """No grace: a lock that is free is believed at once."""
    monkeypatch.setattr(line, "GRACE", 0.0)


async def test_one_name_one_life(two: tuple[SqlStore, SqlStore], database: str) -> None:
    """Nobody else can work under a name that is in use; people see who works."""
    late = await SqlStore.open(database)
    with pytest.raises(UserError, match="under the name a"):
        await late.join("a")
    assert ("a", "b") == await late.daemons()

    await two[0].close()
    await late.join("c")
    assert ("b", "c") == await two[1].daemons()
    await late.close()


@pytest.mark.usefixtures("hasty")
async def test_only_what_the_gone_had_claimed_is_abandoned(two: tuple[SqlStore, SqlStore]) -> None:
    """A name is gone when its daemon is; never while it lives, and never one's own."""
    assert frozenset({"x"}) == await two[0].gone({"a", "b", "x"})
    assert frozenset({"x"}) == await two[1].gone({"a", "b", "x"})

    await two[0].close()
    assert frozenset({"a", "x"}) == await two[1].gone({"a", "b", "x"})


async def test_gone_takes_its_time(two: tuple[SqlStore, SqlStore], monkeypatch: pytest.MonkeyPatch) -> None:
    """A lock that was free only for a moment, as when a server starts again, says nothing."""
    assert frozenset() == await two[0].gone({"x", "b"})
    monkeypatch.setattr(line, "GRACE", 0.0)
    assert frozenset({"x"}) == await two[0].gone({"x", "b"})


async def test_one_mailbox_one_daemon(two: tuple[SqlStore, SqlStore]) -> None:
    """Of all daemons one has a mailbox, for as long as it lives; asking again changes nothing."""
    assert await two[0].own(BOX)
    assert await two[0].own(BOX)
    assert not await two[1].own(BOX)
    assert await two[1].own(OTHER)
    assert not await two[0].own(OTHER)

    await two[0].close()
    assert await two[1].own(BOX)


async def test_a_line_that_was_cut_is_made_anew(
    two: tuple[SqlStore, SqlStore], postgres: Postgres, database: str
) -> None:
    """The term ends, the name is taken again, mailboxes only if nobody else was first."""
    assert await two[0].own(BOX)
    before, heard = two[0].term(), two[0].changed()
    cut(postgres, database)
    await until(lambda: two[0].term() > before)
    await until(lambda: two[1].term() > 1)

    assert heard.is_set()
    assert {"a", "b"} == set(await two[0].daemons())
    assert await two[1].own(BOX)
    assert not await two[0].own(BOX)
    heard.clear()
    await two[1].commit(Change((Setting("a", "x"),)))
    await until(heard.is_set)


async def test_without_a_line_nothing_is_claimed(
    two: tuple[SqlStore, SqlStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who may be taken for dead takes nothing, and has no mailbox."""
    await populate(two[0], 1)
    assert await two[0].own(BOX)
    monkeypatch.setattr(line, "LEASE", 0.0)

    assert 0 == two[0].term()
    with pytest.raises(TemporaryFailure):
        await two[0].claim(NOW, 9, "a")


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
async def test_a_daemon_that_is_killed_or_frozen_is_replaced(database: str, how: signal.Signals) -> None:
    """In seconds its mailbox and its claims pass on; one that wakes up knows that its time is over."""
    here = await SqlStore.open(database)
    await here.join("here")
    await populate(here, 2)
    command = [sys.executable, "-c", DAEMON, database]
    with subprocess.Popen(  # noqa: ASYNC220 (the other process is the point)
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT, bufsize=1
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert "True ['m0-0'] 1\n" == process.stdout.readline()
        assert not await here.own(BOX)
        assert frozenset() == await here.gone({"there"})

        process.send_signal(how)
        began, owned = time.monotonic(), False
        while not owned:
            owned = await here.own(BOX)
        mailbox = time.monotonic() - began
        while not await here.gone({"there"}):
            pass
        claims = time.monotonic() - began
        print(f"{how.name}: mailbox after {mailbox:.1f} s, claims after {claims:.1f} s")
        assert mailbox < line.SILENCE + 5
        assert claims < line.SILENCE + line.GRACE + 5

        if how is signal.SIGSTOP:
            os.kill(process.pid, signal.SIGCONT)
            process.stdin.write("\n")
            assert "1\n" != process.stdout.readline()
        process.kill()
    assert 1 == await here.count(Message, {"state": MessageState.SENDING})
    await here.close()
