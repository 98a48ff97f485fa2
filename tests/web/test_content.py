"""The content library: what is found, what is about to expire, and who may see to whom it went."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from nurture.core.change import Change
from nurture.core.content import Standing, found, last_day, standing
from nurture.core.messages import MessageState
from nurture.errors import UserError, Where
from nurture.web.app import build
from tests.web.browser import browser, sign_in
from tests.web.world import ITEMS, KOBAYASHI, NAKAMURA, NOW, SATO, SECRET, TANAKA, OneScript, mail

if TYPE_CHECKING:
    import httpx

    from nurture.core.content import ContentItem
    from tests.web.world import World

CASE, SEMINAR, OLD = ITEMS
SENT = mail(
    "m-with-case",
    NAKAMURA,
    SATO,
    "news",
    state=MessageState.SENT,
    content_id=CASE.id,
    sent_at=NOW - timedelta(days=9),
)
OTHERS = mail(
    "m-of-others",
    KOBAYASHI,
    TANAKA,
    "news",
    state=MessageState.SENT,
    content_id=CASE.id,
    sent_at=NOW - timedelta(days=2),
)


async def test_the_list(sato: httpx.AsyncClient, desk_world: World) -> None:
    """What expires soon stands first, what has expired last; each says how often it left."""
    await desk_world.store.commit(Change((SENT, OTHERS)))
    page = (await sato.get("/content")).text

    assert page.index(SEMINAR.title) < page.index(CASE.title) < page.index(OLD.title)
    assert "送付 2 回（最近 2026年11月24日(火)）" in page
    assert page.count("送付なし") == 2


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("q=ガイドライン", {SEMINAR.title}),
        ("q=ｶﾞｲﾄﾞﾗｲﾝ 安全", {SEMINAR.title}),
        ("q=看護事業部", {CASE.title}),
        ("q=セミナー 臨床工学", {SEMINAR.title}),  # kind and role as they are called
        ("q=nothing-like-it", set()),
        ("kind=case_study", {CASE.title}),
        ("role=it", {SEMINAR.title, OLD.title}),  # what names no role fits every one
        ("topic=workload", {CASE.title}),
        ("standing=expired", {OLD.title}),
        ("standing=expiring&role=it", {SEMINAR.title}),
        ("kind=%3Cscript%3E", set()),
    ],
)
async def test_what_is_asked_for_is_found(sato: httpx.AsyncClient, query: str, titles: set[str]) -> None:
    """By any words of it in whatever width, by kind, role, topic and state."""
    page = (await sato.get(f"/content?{query}")).text

    assert titles == {item.title for item in ITEMS if f">{item.title}<" in page}


async def test_an_item_says_where_it_stands_and_who_had_it(sato: httpx.AsyncClient, desk_world: World) -> None:
    """File and line, pages, the reader's own people by name; those of others are counted, not named."""
    await desk_world.store.commit(Change((SENT, OTHERS)))
    page = (await sato.get(f"/content/{CASE.id}")).text
    for says in ("templates/content/cases.yaml:3", "記録時間の内訳", "看護事業部", NAKAMURA.name, CASE.points[0]):
        assert says in page
    assert KOBAYASHI.name not in page
    assert "ほか 1 件" in page
    assert 404 == (await sato.get("/content/never-given")).status_code


async def test_broken_files_are_named(desk_world: World) -> None:
    """What is wrong, in which file and line, instead of a list."""

    class Broken(OneScript):
        def content(self) -> tuple[ContentItem, ...]:
            """A file that cannot be read."""
            raise UserError("the id {id} is used twice", where=Where("content/cases.yaml", 9), id="x")

    broken = replace(desk_world, doors=replace(desk_world.doors, library=Broken()))
    async with browser(build(broken.doors, SECRET)) as client:
        await sign_in(client, broken, SATO)
        page = (await client.get("/content")).text

    assert "content/cases.yaml:9" in page


def test_how_long_an_item_holds() -> None:
    """Its last day counts, and the day before its event; a month before it is said."""
    assert Standing.VALID == standing(CASE, date(2027, 8, 31))
    assert Standing.EXPIRING == standing(CASE, date(2027, 9, 1))
    assert Standing.EXPIRING == standing(CASE, date(2027, 9, 30))
    assert Standing.EXPIRED == standing(CASE, date(2027, 10, 1))
    assert (date(2026, 12, 9), Standing.EXPIRED) == (last_day(SEMINAR), standing(SEMINAR, date(2026, 12, 10)))


def test_an_empty_search_finds_all() -> None:
    """And each part of a search must be found."""
    assert ITEMS == found(ITEMS, "  ")
    assert () == found(ITEMS, "ガイドライン 看護")
