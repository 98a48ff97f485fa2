"""Lists cost a fixed number of queries, and stay bounded."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from nurture.core.change import Change, MeetingDraft
from nurture.core.ids import MessageId
from nurture.store import MemoryStore
from nurture.web import queue
from nurture.web.app import build
from tests.web.browser import browser, sign_in
from tests.web.meetings import remember
from tests.web.shelves import shelved
from tests.web.test_beside import dealt, wrote
from tests.web.world import AOBA, CASE_MAIL, MORI, NOW, SECRET, TWO_PEOPLE, furnish, mail, world
from tests.web.world import SATO as OWNER
from tests.web.world import enrollment as enrolled
from tests.web.world import person as somebody

if TYPE_CHECKING:
    from tests.web.world import World


class Counted(MemoryStore):
    """The store in memory; it counts what it is asked."""

    asked = 0

    async def get(self, kind: type[Any], key: str) -> Any:
        """One more."""
        self.asked += 1
        return await super().get(kind, key)

    async def find(self, kind: type[Any], where: Any = None, **more: Any) -> tuple[Any, ...]:
        """One more."""
        self.asked += 1
        return await super().find(kind, where, **more)

    async def search(self, kind: type[Any], said: str, **more: Any) -> tuple[Any, ...]:
        """One more."""
        self.asked += 1
        return await super().search(kind, said, **more)

    async def twins(self, **more: Any) -> Any:
        """One more."""
        self.asked += 1
        return await super().twins(**more)

    async def planned(self, first: Any, last: Any, **more: Any) -> Any:
        """One more."""
        self.asked += 1
        return await super().planned(first, last, **more)

    async def standing(self, reps: Any = None) -> Any:
        """One more."""
        self.asked += 1
        return await super().standing(reps)

    async def count(self, kind: Any, where: Any = None) -> int:
        """One more."""
        self.asked += 1
        return await super().count(kind, where)


async def _crowd(store: MemoryStore, size: int) -> None:
    for n in range(size):
        who = somebody(f"p{n:03}", "井上", f"{n // 2}号", AOBA, OWNER)  # two by two of one name
        await store.commit(
            Change(
                (who, enrolled(who, OWNER), mail(f"x{n:03}", who, OWNER, "case", header_id=f"<x{n}@x.example>"))
            )
        )


PAGES = (
    "/",
    "/live",
    "/people",
    "/people?q=example",
    "/people/doubles",
    "/people/takahashi/data",
    "/people/takahashi/merge/nakamura",
    "/organisations",
    f"/organisations/{AOBA.id}",
    "/deals",
    "/deals?q=example",
    "/deals/deal-aoba",
    "/people/takahashi",
    "/messages/m-case",
    "/messages/m-case/date",
    "/reports",
    "/people/takahashi/colleague",
    "/content",
    "/content/case-nursing",
    "/record",
    "/record/a-draft",
    "/meetings/met-aoba",
    f"/calendar?organisation={AOBA.name}",
    f"/calendar/2026-12?organisation={AOBA.name}",
    "/calendar/upkeep",
    "/calendar/what-if?name=x&from=2026-12-01",
    "/scenarios",
    "/scenarios/warm-lead-30d",
    f"/scenarios/warm-lead-30d/simulate?organisation={AOBA.name}",
    "/calendar/closures",
)


@pytest.mark.parametrize("path", PAGES)
async def test_the_number_of_queries_does_not_grow(path: str) -> None:
    """Fifty more people in the list cost no further query."""
    counts = []
    for size in (0, 50):
        store = Counted()
        await furnish(store)
        await remember(store)
        await store.commit(Change((MeetingDraft("a-draft", MORI.id, NOW, NOW, {"organisation": AOBA.name}),)))
        await store.commit(Change(tuple(somebody(f"twin-{n}", "原", "光", AOBA, OWNER) for n in range(2))))
        await _crowd(store, size)
        there = shelved(world(store))
        async with browser(build(there.doors, SECRET)) as client:
            await sign_in(client, there, MORI)
            store.asked = 0
            assert (await client.get(path)).status_code == 200
            counts.append(store.asked)
    assert counts[0] == counts[1] <= 14


@pytest.mark.parametrize("mails", [1, 30])
async def test_a_mail_with_its_deal_costs_a_fixed_number_of_queries(mails: int) -> None:
    """However much went to and fro."""
    store = Counted()
    await furnish(store)
    await dealt(store)
    await wrote(store, mails)
    there = world(store)
    async with browser(build(there.doors, SECRET)) as client:
        await sign_in(client, there, MORI)
        store.asked = 0
        assert (await client.get(f"/messages/{TWO_PEOPLE.id}")).status_code == 200

    assert 14 == store.asked


async def test_a_long_queue_says_how_much_more_there_is(desk_world: World) -> None:
    """The list ends after so many rows, and names the number of the others; the title counts them."""
    store = desk_world.store
    more = [
        replace(
            CASE_MAIL,
            id=MessageId(f"y{n}"),
            enrollment_id=None,
            header_id=f"<y{n}@x.example>",
            unsubscribe_token=f"ty{n}",
        )
        for n in range(queue.ROWS + 20)
    ]
    await store.commit(Change(tuple(more)))
    async with browser(build(desk_world.doors, SECRET)) as client:
        await sign_in(client, desk_world, OWNER)
        text = (await client.get("/")).text
    assert text.count('/approve"') == queue.ROWS + 2
    assert f"<title>({queue.ROWS + 25}) " in text
    assert ">23<" not in text
    assert "23" in text
