"""The director moves time only when nothing is under way, and never waits for ever."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from nurture.clock import SeededChance, SimulatedClock
from nurture.config import Company, ImapSettings, MailboxSettings, Settings, SmtpSettings
from nurture.core.change import Change, Cursor, MailboxState
from nurture.core.ids import MailboxId
from nurture.errors import TemporaryFailure
from nurture.ports import Doors
from nurture.sandbox import director
from nurture.sandbox.agenda import Agenda
from nurture.sandbox.director import Director
from nurture.sandbox.screen import Silent
from nurture.store.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from nurture.sandbox.world import World

NOON = datetime(2027, 3, 23, 3, 0, tzinfo=UTC)
BOX = MailboxSettings(
    MailboxId("rep"), "rep@vendor.example", "Rep", SmtpSettings("127.0.0.1", 1), ImapSettings("127.0.0.1", 1)
)


class _Office:
    """A post office in which nothing is under way."""

    busy = 0
    last = 0

    def last_uid(self, _address: str) -> int | None:
        """The newest mail."""
        return self.last or None


@dataclass
class _World:
    """A world of acts alone."""

    agenda: Agenda
    office: _Office


@dataclass
class _Daemon:
    """One task that sleeps an hour at a time, or whatever a test has it do."""

    clock: SimulatedClock
    beat: Callable[[], Awaitable[None]] | None = None
    parties: int = 1
    woken: int = 0

    async def run(self) -> None:
        """Sleep and wake for ever."""
        while True:
            self.woken += 1
            if self.beat is not None:
                await self.beat()
            await self.clock.sleep_until(self.clock.now() + timedelta(hours=1))


@dataclass
class _Machine:
    doors: Doors
    daemon: _Daemon
    url: str = ""


def scene() -> tuple[Director, _World, _Daemon, MemoryStore]:
    """A director, its world, the program's one task, and the store."""
    clock, store = SimulatedClock(NOON), MemoryStore()
    settings = Settings(Path("/nowhere"), Company("", "", "", "", ""), mailboxes=(BOX,))
    unused = cast("Any", None)
    doors = Doors(settings, store, clock, SeededChance(1), unused, unused, unused)
    world, daemon = _World(Agenda(), _Office()), _Daemon(clock)
    told = Director(_Machine(doors, daemon), clock, cast("World", world), Silent())
    return told, world, daemon, store


async def played(told: Director, daemon: _Daemon, until: datetime) -> None:
    """Run the director beside the program's task."""
    task = asyncio.create_task(daemon.run())
    try:
        await told.run(until)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_acts_happen_at_their_instants_and_the_program_wakes_at_its_own() -> None:
    """Time visits every act and every deadline on its way to the end, and stops there."""
    told, world, daemon, _ = scene()
    at: list[datetime] = []

    async def act() -> None:
        """Note the time."""
        at.append(told.clock.now())

    for minutes in (150, 20):
        world.agenda.plan(NOON + timedelta(minutes=minutes), "somebody", "", act)
    await played(told, daemon, NOON + timedelta(hours=3, minutes=30))
    assert at == [NOON + timedelta(minutes=20), NOON + timedelta(minutes=150)]
    assert daemon.woken == 4
    assert told.clock.now() == NOON + timedelta(hours=3, minutes=30)


async def test_time_stands_still_while_a_mail_is_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    """What lies in a mailbox beyond the cursor is waited for; in the end the mailbox is named."""
    monkeypatch.setattr(director, "PATIENCE", 0.05)
    told, world, daemon, store = scene()
    world.office.last = 7
    await store.commit(Change((MailboxState(BOX.id, (Cursor("INBOX", 1, 6),)),)))
    with pytest.raises(TemporaryFailure, match="unread: rep"):
        await played(told, daemon, NOON + timedelta(hours=1))
    assert told.clock.now() == NOON


async def test_time_goes_on_once_the_mail_was_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cursor that the program publishes is what the director goes by."""
    monkeypatch.setattr(director, "PATIENCE", 5.0)
    told, world, daemon, store = scene()
    world.office.last = 7

    async def read() -> None:
        """Publish the cursor, once."""
        if daemon.woken == 1:
            await store.commit(Change((MailboxState(BOX.id, (Cursor("INBOX", 1, 7),)),)))

    daemon.beat = read
    await played(told, daemon, NOON + timedelta(hours=1))
    assert told.clock.now() == NOON + timedelta(hours=1)


async def test_a_program_that_never_rests_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """The director gives up after its patience and says what was asleep."""
    monkeypatch.setattr(director, "PATIENCE", 0.05)
    told, _, daemon, _ = scene()
    daemon.parties = 2
    with pytest.raises(TemporaryFailure, match="stood still at 2027-03-23T03:00"):
        await played(told, daemon, NOON + timedelta(hours=1))


async def test_stopping_ends_it_where_it_stands() -> None:
    """Whoever has had enough does not wait for the end."""
    told, _, daemon, _ = scene()
    told.stopped.set()
    await played(told, daemon, NOON + timedelta(days=30))
    assert told.clock.now() == NOON
