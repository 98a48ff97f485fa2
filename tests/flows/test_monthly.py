"""The month's numbers by mail: to those who lead or count, once, about what they may see."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from nurture.config import Work
from nurture.core.change import Change, Dispatch
from nurture.core.people import AccessRole
from nurture.flows import monthly
from nurture.store import MemoryStore
from tests.web.numbers import remember_numbers
from tests.web.world import ADMIN, MORI, NOW, SATO, TANAKA, furnish, rep, world

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.web.world import World

ALONE = rep("ueda", "上田 蓮", AccessRole.MANAGER)
FIRST = datetime(2026, 11, 30, 23, 0, tzinfo=UTC)  # eight in the morning of 1 December in Tokyo


async def _there(report: str = "0 8 1 * *") -> World:
    store = MemoryStore()
    await furnish(store)
    await remember_numbers(store)
    await store.commit(Change((ALONE,)))
    there = world(store)
    there.doors = replace(there.doors, settings=replace(there.doors.settings, work=Work(report=report)))
    return there


async def _at(there: World, moment: datetime) -> Sequence[Dispatch]:
    there.clock.advance_to(moment)
    await monthly.look(there.doors)
    return await there.store.find(Dispatch, {"kind": monthly.KIND})


async def test_it_comes_on_the_first_to_those_who_lead() -> None:
    """At eight, not before; to the manager and the administrator, not to representatives; once."""
    world_ = await _there()
    assert () == await _at(world_, FIRST - timedelta(minutes=1))
    rows = await _at(world_, FIRST)
    assert {MORI.id, ADMIN.id} == {row.rep_id for row in rows}  # whose team met nobody is told nothing
    assert 2 == len(await _at(world_, FIRST + timedelta(hours=1)))


async def test_it_says_the_month_before() -> None:
    """All together and each of the team, with the link to that month."""
    rows = await _at(await _there(), FIRST)
    (row,) = [row for row in rows if row.rep_id == MORI.id]

    assert "2026年11月の集計" == row.subject
    assert "/reports?by=rep&from=2026-11&to=2026-11" == row.link
    assert ["■ 全体", f"■ {SATO.name}", f"■ {TANAKA.name}"] == [
        line for line in row.text.splitlines() if line.startswith("■")
    ]
    assert "3時間以内の御礼: " in row.text


async def test_late_it_is_left_out_and_without_a_time_there_is_none() -> None:
    """A daemon that stood still for days does not begin with an old report."""
    assert () == await _at(await _there(), FIRST + monthly.LATE + timedelta(minutes=1))
    assert () == await _at(await _there(""), FIRST)
    assert NOW < FIRST
