"""An open page hears that something changed for its reader; while nothing happens it costs nothing."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import httpx
import pytest

from nurture.core.change import Change, LoginToken
from nurture.core.messages import Entry
from nurture.core.people import Representative
from nurture.i18n import words
from nurture.store import MemoryStore
from nurture.web import fresh
from nurture.web.access import Reader
from nurture.web.fresh import Fresh
from tests.browser.site import running
from tests.web.browser import csrf, sign_in
from tests.web.test_scale import Counted
from tests.web.world import CASE_MAIL, MORI, NOW, OTHERS, SATO, furnish, said

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.browser.site import Site

ASKS = {"accept": fresh.STREAM}


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits a second."""
    monkeypatch.setattr(fresh, "PAUSE", 0.01)


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    """The desk on a port: a stream needs a wire."""
    store = MemoryStore()
    await furnish(store)
    async with running(store) as served:
        yield served


@asynccontextmanager
async def someone(site: Site, who: Representative) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody who is signed in there."""
    async with httpx.AsyncClient(base_url=site.url, trust_env=False, timeout=10) as client:
        await sign_in(client, site.world, who)
        yield client


@asynccontextmanager
async def listening(client: httpx.AsyncClient) -> AsyncIterator[AsyncIterator[str]]:
    """The lines of a stream, from the first event on."""
    async with asyncio.timeout(10), client.stream("GET", "/fresh", headers=ASKS) as answer:
        assert (200, "no") == (answer.status_code, answer.headers["x-accel-buffering"])
        assert answer.headers["content-type"].startswith(fresh.STREAM)
        assert "no-store" == answer.headers["cache-control"]
        lines = answer.aiter_lines()
        assert f"retry: {fresh.AGAIN}" == await anext(lines)
        assert "" == await anext(lines)
        yield lines


async def test_who_is_concerned_hears_of_it(site: Site) -> None:
    """A colleague's mail rings the manager; one's own rings oneself; a mail that left rings nobody."""
    store = site.world.store
    async with someone(site, SATO) as one, someone(site, MORI) as other:  # noqa: SIM117
        async with listening(one) as mine, listening(other) as theirs:
            sent = said("message.sent", CASE_MAIL, "nurture", timedelta())
            await store.commit(Change((), (sent,)))
            await store.commit(Change((), (said("message.held", OTHERS, "nurture", timedelta()),)))
            first = [await anext(theirs), await anext(theirs)]
            await store.commit(Change((), (said("message.held", CASE_MAIL, "nurture", timedelta()),)))
            second = [await anext(mine), await anext(mine), await anext(mine)]

    assert ["event: today", "data: changed"] == first
    assert ["event: today", "data: changed", ""] == second


async def test_signing_out_ends_it(site: Site) -> None:
    """The stream of a session that was ended is over, whichever page ended it; another session's goes on."""
    async with someone(site, SATO) as one, someone(site, SATO) as other:
        async with listening(one) as mine, listening(other) as theirs:
            token = await csrf(one)
            async with httpx.AsyncClient(base_url=site.url, cookies=one.cookies, trust_env=False) as window:
                assert 303 == (await window.post("/logout", data={"csrf": token})).status_code
            ended = [line async for line in mine]
            still = await anext(theirs)
        after = await one.get("/fresh", headers=ASKS)

    assert not [line for line in ended if "today" in line]
    assert ":" == still
    assert 204 == after.status_code


async def test_streams_are_few_and_only_for_who_is_signed_in(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """One too many is told to ask no more, so is a stranger; a page that is no stream is led to the list."""
    monkeypatch.setattr(fresh, "EACH", 1)
    async with someone(site, SATO) as one, httpx.AsyncClient(base_url=site.url, trust_env=False) as stranger:
        async with listening(one):
            more = await one.get("/fresh", headers=ASKS)
        page = await one.get("/fresh")
        nobody = await stranger.get("/fresh", headers=ASKS)

    assert [204, 204] == [more.status_code, nobody.status_code]
    assert (303, "/") == (page.status_code, page.headers["location"])


async def test_silence_is_kept_alive(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A comment goes over the wire now and then; after its time a stream ends and is opened anew."""
    monkeypatch.setattr(fresh, "BEAT", 0.02)
    monkeypatch.setattr(fresh, "LONGEST", 0.1)
    async with someone(site, SATO) as one, listening(one) as lines:
        found = [line async for line in lines]

    assert {":", ""} == set(found)


async def a_while() -> None:
    """Whatever wants to run runs."""
    for _ in range(100):
        await asyncio.sleep(0)


def reader(rep: Representative) -> Reader:
    """Somebody who reads."""
    return Reader(rep, {r.id: r for r in (SATO, MORI)}, words("ja"), "s", "c")


async def test_it_costs_one_look_for_all_and_none_in_silence() -> None:
    """Ten open pages, nothing happens: no query. Something happens: as many queries as for one page."""
    store = Counted()
    await furnish(store)
    counts = []
    for size in (1, 10):
        watch = Fresh(store)
        there = [found for n in range(size) if (found := watch.join(reader(replace(SATO, id=SATO.id))))][:4]
        there += [found for _ in range(size // 2) if (found := watch.join(reader(MORI)))]
        await watch.ready.wait()
        store.asked = 0
        await a_while()
        assert 0 == store.asked
        await store.commit(Change((), (said("message.held", CASE_MAIL, "nurture", timedelta()),)))
        async with asyncio.timeout(5):
            for listener in there:
                await listener.bell.wait()
        counts.append(store.asked)
        assert all(listener.changed for listener in there)
        for listener in there:
            watch.leave(listener)

    assert counts[0] == counts[1] <= 4


async def test_what_concerns_all_rings_all_and_a_closing_desk_lets_go() -> None:
    """A stopped mailbox is everybody's; the end of a session is a doubt for all; afterwards nobody joins."""
    store = MemoryStore()
    await furnish(store)
    watch = Fresh(store)
    one = watch.join(reader(SATO))
    assert one is not None
    await watch.ready.wait()
    token = LoginToken("t", SATO.id, NOW, NOW, NOW)
    await store.commit(Change((token,), (Entry(NOW, "login.ended", MORI.id, {}),)))
    async with asyncio.timeout(5):
        await one.bell.wait()
    one.bell.clear()
    doubted = (one.changed, one.doubted)
    await store.commit(Change((), (Entry(NOW, "mailbox.stopped", "nurture", {"id": "sales"}),)))
    async with asyncio.timeout(5):
        await one.bell.wait()
    watch.close()

    assert (False, True) == doubted
    assert one.changed
    assert watch.join(reader(SATO)) is None
    watch.leave(one)
