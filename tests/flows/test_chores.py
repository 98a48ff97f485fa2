"""Chores look when something was committed, and rest while nothing is."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from nurture import chores
from nurture.core.audit import Seal
from nurture.core.change import Change, Dispatch
from nurture.core.messages import Entry
from nurture.core.sending import Outcome, Verdict
from nurture.errors import TemporaryFailure
from nurture.flows.audit import Seen
from tests.flows.conftest import House, TroubledMemory, build
from tests.samples import REP

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path


class Asked(TroubledMemory):
    """A store that counts what it is asked, and can be away."""

    questions = 0
    away = False

    async def find(self, *args: Any, **more: Any) -> Any:
        """As the store does it."""
        self._ask()
        return await super().find(*args, **more)

    async def get(self, *args: Any) -> Any:
        """As the store does it."""
        self._ask()
        return await super().get(*args)

    def _ask(self) -> None:
        self.questions += 1
        if self.away:
            raise TemporaryFailure("away")


@pytest.fixture
async def asked(tmp_path: Path) -> House:
    """A house around such a store."""
    made = build(tmp_path, Asked())
    await made.store.commit(Change((REP,)))
    return made


@asynccontextmanager
async def running(house: House, name: str) -> AsyncIterator[Callable[[timedelta], Awaitable[int]]]:
    """The daemon's chore of that name; gives a way to let time pass, which tells what was asked meanwhile."""
    changed = house.store.changed()
    changed.set()
    chore = {
        "not-sent": partial(chores.not_sent, house.doors, changed, house.stop),
        "seal": partial(chores.seal, house.doors, Seen(), changed, house.stop),
    }[name]

    async def keep() -> None:
        """As the daemon does it, a failure included."""
        while True:
            try:
                pause = await chore()
            except TemporaryFailure:
                pause = timedelta(seconds=5)
            await house.clock.sleep_until(house.clock.now() + pause, house.stop)

    async def passing(span: timedelta) -> int:
        """Time goes from one waking to the next."""
        end, store = house.clock.now() + span, house.store
        assert isinstance(store, Asked)
        before = store.questions
        while True:
            await house.clock.settled(1)
            wake = house.clock.next_wake()
            house.clock.advance_to(min(wake, end) if wake else end)
            if house.clock.now() == end:
                await house.clock.settled(1)
                return store.questions - before

    task = asyncio.create_task(keep())
    try:
        yield passing
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.mark.parametrize("name", ["not-sent", "seal"])
async def test_nothing_is_asked_while_nothing_is_committed(asked: House, name: str) -> None:
    """After the looks that follow the last commit it is quiet, but for one look in six hours."""
    async with running(asked, name) as passing:
        await passing(timedelta(hours=1))
        quiet = await passing(timedelta(hours=4))
        day = await passing(timedelta(hours=24))

    assert 0 == quiet
    assert 0 < day <= 4 * 5


async def test_a_letter_that_does_not_leave_after_hours_of_rest_is_told(asked: House) -> None:
    """A commit ends the rest; what was not ripe at the look after it is told at the next."""
    async with running(asked, "not-sent") as passing:
        await passing(timedelta(hours=3))
        await asked.met()
        await asked.approve(await asked.mail("thanks"))
        asked.wire.answer = lambda _: Outcome(Verdict.REFUSED, "554 5.7.1 content not wanted")
        await asked.send()
        await passing(timedelta(minutes=20))

        assert 1 == len(await asked.store.find(Dispatch, {"kind": "unsent"}))


async def test_lines_after_hours_of_rest_are_sealed(asked: House) -> None:
    """All there are, within two looks and the rest of ten minutes before each."""
    async with running(asked, "seal") as passing:
        await passing(timedelta(hours=3))
        await asked.met()
        await passing(timedelta(minutes=20))
        last = (await asked.store.find(Entry, order=("-seq",), limit=1))[0].seq
        (made,) = await asked.store.find(Seal)

    assert last == made.last


async def test_a_look_that_failed_was_none(asked: House) -> None:
    """While the database is away nothing is looked at; when it is back, both looks follow."""
    async with running(asked, "seal") as passing:
        await passing(timedelta(hours=3))
        await asked.met()
        assert isinstance(asked.store, Asked)
        asked.store.away = True
        await passing(timedelta(minutes=15))
        asked.store.away = False
        await passing(timedelta(minutes=20))

        assert 1 == len(await asked.store.find(Seal))
