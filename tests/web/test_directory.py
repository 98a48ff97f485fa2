"""Lists of people: searched in any spelling, in pages, and only what the reader may see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nurture.core.change import Change
from nurture.web.app import build
from tests.web.browser import browser, sign_in
from tests.web.world import AOBA, SATO, SECRET, person

if TYPE_CHECKING:
    import httpx

    from tests.web.world import World


async def test_people_are_found_in_any_spelling(sato: httpx.AsyncClient, desk_world: World) -> None:
    """By family name, hospital or address, in either width and order."""
    for said in ("中村", "誠 中村", "ＮＡＫＡＭＵＲＡ", "ミナト 中村"):
        assert "/people/nakamura" in (await sato.get("/people", params={"q": said})).text, said
    assert "該当する方はいません" in (await sato.get("/people?q=居ない")).text


async def test_the_list_holds_only_ones_own(sato: httpx.AsyncClient, mori: httpx.AsyncClient) -> None:
    """A colleague's contact is not in it, whatever is asked for; whoever leads finds it with its owner."""
    for query in ("", "?q=小林", "?q=東都", "?q=toto", "?from=0"):
        assert "/people/kobayashi" not in (await sato.get(f"/people{query}")).text
    led = (await mori.get("/people?q=小林")).text

    assert "/people/kobayashi" in led
    assert "田中 悠真さんの担当" in led


async def test_in_pages(sato: httpx.AsyncClient, desk_world: World) -> None:
    """The search goes along to the next page and back; what is no number begins at the beginning."""
    many = [person(f"i{n:03}", "井上", f"{n:03}号", AOBA, SATO) for n in range(60)]
    await desk_world.store.commit(Change(tuple(many)))
    first = (await sato.get("/people?q=井上")).text
    second = (await sato.get("/people?q=井上&from=50")).text

    assert "井上 049号" in first
    assert "井上 050号" not in first
    assert 'rel="next"' in first
    assert "井上 050号" in second
    assert 'rel="prev"' in second
    assert 'rel="next"' not in second
    for odd in ("-1", "x", "99999999999999999999", "²"):
        assert 200 == (await sato.get("/people", params={"from": odd})).status_code


async def test_a_search_in_a_file(sqlite_world: World) -> None:
    """The page stands on the database too."""
    async with browser(build(sqlite_world.doors, SECRET)) as client:
        await sign_in(client, sqlite_world, SATO)

        assert "/people/nakamura" in (await client.get("/people?q=中村")).text
