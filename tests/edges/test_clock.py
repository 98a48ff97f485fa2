"""Time and chance."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from nurture import clock
from nurture.clock import SeededChance, SimulatedClock, SystemChance, SystemClock
from nurture.errors import Impossible, UserError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


async def test_the_system_clock_wakes_on_time_and_on_events() -> None:
    """A sleep ends at its instant, at once when that is past, and early when an event is set."""
    system, event = SystemClock(), asyncio.Event()
    assert system.now().tzinfo is UTC
    await asyncio.wait_for(system.sleep_until(system.now() - HOUR), 1)
    await asyncio.wait_for(system.sleep_until(system.now() + timedelta(milliseconds=20)), 1)
    asyncio.get_running_loop().call_later(0.01, event.set)
    await asyncio.wait_for(system.sleep_until(system.now() + HOUR, asyncio.Event(), event), 1)
    await asyncio.wait_for(system.sleep_until(system.now() + HOUR, event), 1)
    assert event.is_set()


async def test_the_system_clock_notices_a_jump(monkeypatch: pytest.MonkeyPatch) -> None:
    """When the wall clock jumps ahead, a long sleep ends at the next look at it."""
    monkeypatch.setattr(clock, "LONGEST_NAP", 0.01)
    jumped = timedelta()

    class Jumping(SystemClock):
        """A wall clock that somebody sets."""

        def now(self) -> datetime:
            """The time, and what it was set ahead."""
            return super().now() + jumped

    system = Jumping()
    sleeping = asyncio.create_task(system.sleep_until(system.now() + HOUR))
    await asyncio.wait({sleeping}, timeout=0.05)
    assert not sleeping.done()
    jumped = 2 * HOUR
    await asyncio.wait_for(sleeping, 1)


async def test_sleeping_leaves_no_task_behind() -> None:
    """A sleep that is cancelled, or woken, cancels what it waited with."""
    system, event = SystemClock(), asyncio.Event()
    before = len(asyncio.all_tasks())
    sleeping = asyncio.create_task(system.sleep_until(system.now() + HOUR, event, asyncio.Event()))
    await asyncio.sleep(0)
    sleeping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sleeping
    assert len(asyncio.all_tasks()) == before


@pytest.mark.parametrize("make", [SystemClock, lambda: SimulatedClock(START)])
async def test_an_instant_needs_its_zone(make: Callable[[], SystemClock]) -> None:
    """A naive instant is a fault of the program."""
    with pytest.raises(Impossible):
        await make().sleep_until(datetime(2026, 1, 1))  # noqa: DTZ001 – the point


async def test_simulated_time_stands_still() -> None:
    """Time moves when it is moved, wakes whose deadline has come, and does not go back."""
    simulated = SimulatedClock(START)
    woken: list[str] = []

    async def sleep(name: str, hours: int) -> None:
        """Note when it woke."""
        await simulated.sleep_until(START + hours * HOUR)
        woken.append(f"{name} at {simulated.now():%H}")

    async with asyncio.TaskGroup() as group:
        for name, hours in (("b", 2), ("a", 1), ("c", 3)):
            group.create_task(sleep(name, hours), name=name)
        await simulated.settled(3)
        assert [s.name for s in simulated.sleepers()] == ["a", "b", "c"]
        assert simulated.next_wake() == START + HOUR
        assert woken == []
        simulated.advance_to(START + 2 * HOUR)
        await simulated.settled(1)
        assert sorted(woken) == ["a at 11", "b at 11"]
        with pytest.raises(Impossible):
            simulated.advance_to(START)
        simulated.advance_to(START + 9 * HOUR)
    assert simulated.next_wake() is None
    assert simulated.sleepers() == ()


async def test_settled_waits_for_those_about_to_stir() -> None:
    """A world is not settled while an event is set that somebody asleep waits for, nor in a chain of such."""
    simulated, first, second = SimulatedClock(START), asyncio.Event(), asyncio.Event()
    steps: list[str] = []

    async def beat(mine: asyncio.Event, other: asyncio.Event | None, name: str) -> None:
        """Sleep, and wake the other."""
        while len(steps) < 2:
            await simulated.sleep_until(START + HOUR, mine)
            mine.clear()
            steps.append(name)
            if other:
                other.set()
        await simulated.sleep_until(START + HOUR)

    async with asyncio.TaskGroup() as group:
        group.create_task(beat(first, second, "first"))
        group.create_task(beat(second, None, "second"))
        await simulated.settled(2)
        assert steps == []
        first.set()
        await simulated.settled(2)
        assert steps == ["first", "second"]
        simulated.advance_to(START + 2 * HOUR)


async def test_settled_waits_for_enough_sleepers() -> None:
    """It does not return before the asked number is asleep."""
    simulated = SimulatedClock(START)
    waiting = asyncio.create_task(simulated.settled(2))
    one = asyncio.create_task(simulated.sleep_until(START + HOUR))
    await asyncio.wait({waiting}, timeout=0.02)
    assert not waiting.done()
    two = asyncio.create_task(simulated.sleep_until(START + HOUR))
    await asyncio.wait_for(waiting, 1)
    simulated.advance_to(START + HOUR)
    await asyncio.gather(one, two)


async def test_a_late_loop_lets_others_run() -> None:
    """Somebody who always sleeps until the past does not keep everybody else from running."""
    simulated, done = SimulatedClock(START), asyncio.Event()

    async def late() -> None:
        """Always behind."""
        while not done.is_set():
            await simulated.sleep_until(START)

    async def other() -> None:
        """Needs a turn."""
        done.set()

    await asyncio.wait_for(asyncio.gather(late(), other()), 1)


def test_ids_sort_by_birth_and_never_repeat() -> None:
    """Ten thousand ids in a row ascend, differ, and have the shape that the store allows."""
    chance = SystemChance()
    ids = [chance.new_id() for _ in range(10_000)]
    assert all(a < b for a, b in pairwise(ids))
    assert {len(i) for i in ids} == {36}
    assert set("".join(ids)) <= set("0123456789abcdef-")
    assert {i[14] for i in ids} == {"7"}
    assert len({chance.secret() for _ in range(100)}) == 100
    assert len(chance.secret()) * 6 >= 160


def test_seeded_chance_repeats_itself() -> None:
    """The same seed gives the same ids and secrets, ascending; another seed gives others."""

    def drawn(seed: int) -> list[str]:
        chance = SeededChance(seed)
        return [chance.new_id(), chance.secret(), chance.new_id(), chance.new_id()]

    assert drawn(1) == drawn(1)
    assert not set(drawn(1)) & set(drawn(2))
    first, _, second, third = drawn(1)
    assert first < second < third


def test_a_time_that_was_told_is_the_time_beside_it(tmp_path: Path) -> None:
    """To the microsecond, whatever zone it was told in; the newest counts, and nothing else is left there."""
    at = datetime(2027, 3, 23, 7, 40, 0, 5, tzinfo=UTC)
    for told in (at - timedelta(days=1), at.astimezone(timezone(timedelta(hours=9)))):
        clock.tell(tmp_path / "time", told)
    found = clock.told(tmp_path / "time")

    assert found is not None
    assert at == found.now()
    assert ["time"] == [path.name for path in tmp_path.iterdir()]


@pytest.mark.parametrize("said", ["", "noon", "2027-03-23T07:40:00"])
def test_a_time_that_is_none_is_refused(tmp_path: Path, said: str) -> None:
    """With the file's name; where nobody told the time there is none."""
    (tmp_path / "time").write_text(said, encoding="ascii")
    with pytest.raises(UserError) as raised:
        clock.told(tmp_path / "time")

    assert str(tmp_path / "time") == str(raised.value.where)
    assert clock.told(tmp_path / "other") is None
