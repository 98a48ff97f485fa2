"""Organisations: found by name, shown by role, to those who know somebody there."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest

from nurture.core.change import Change
from nurture.core.messages import Entry
from nurture.core.people import Closure, Organisation
from tests.web.meetings import DEAL, LAST, OGAWA, OTHERS_DEAL, remember
from tests.web.world import AOBA, CASE_MAIL, KOBAYASHI, MINATO, NAKAMURA, NOW, TAKAHASHI, TANAKA, TOTO

if TYPE_CHECKING:
    import httpx

    from tests.web.world import World


@pytest.fixture(autouse=True)
async def _before(desk_world: World) -> None:
    await remember(desk_world.store)


async def test_the_list(sato: httpx.AsyncClient) -> None:
    """Hospitals of one's own by a part of the name, with their people, roles and deals; not a colleague's."""
    page = (await sato.get("/organisations?q=青葉台")).text

    assert f"/organisations/{AOBA.id}" in page
    assert f"/organisations/{MINATO.id}" not in page
    assert DEAL.name in page
    assert "看護部門" in page
    assert TOTO.name not in (await sato.get("/organisations")).text


async def test_whom_we_know_by_role(sato: httpx.AsyncClient) -> None:
    """Each of the six roles: who, how they stand; where nobody is known, whom to look for and who could help."""
    page = (await sato.get(f"/organisations/{AOBA.id}")).text

    for group in ("診療部門", "看護部門", "経営・事務", "情報システム・臨床工学", "購買", "現場の主任・技師"):
        assert group in page, group
    assert 'class="stand sceptical"' in page
    assert 'class="stand supportive"' in page
    assert "味方の候補" in page
    assert f"{OGAWA.name} 様は賛成です" in page
    assert f"/meetings/{LAST.id}" in page
    assert DEAL.name in page
    assert f"/people/{TAKAHASHI.id}" in page


async def test_what_waits_and_what_happened(sato: httpx.AsyncClient, desk_world: World) -> None:
    """Mails to approve, tasks, closures ahead, and the story of all its people."""
    store = desk_world.store
    house = await store.get(Organisation, MINATO.id)
    assert house is not None
    shut = Closure(date(2026, 12, 1), date(2026, 12, 3), "病院機能評価")
    over = Closure(date(2026, 1, 1), date(2026, 1, 3), "もう過ぎた")
    line = Entry(NOW, "organisation.closed", "tanaka", {"name": "評価"}, organisation_id=MINATO.id)
    await store.commit(Change((replace(house, closures=(shut, over)),), (line,)))
    page = (await sato.get(f"/organisations/{MINATO.id}")).text

    assert CASE_MAIL.subject in page
    assert "病院機能評価" in page
    assert "もう過ぎた" not in page
    assert f'href="/people/{NAKAMURA.id}"' in page


async def test_a_colleagues_people_there_are_not_shown(
    sato: httpx.AsyncClient, mori: httpx.AsyncClient, desk_world: World
) -> None:
    """At a hospital that both know each sees the own people, deals and lines; whoever leads sees all."""
    theirs = await desk_world.store.get(type(KOBAYASHI), KOBAYASHI.id)
    assert theirs is not None
    moved = Entry(NOW, "person.departed", TANAKA.id, {}, person_id=theirs.id, organisation_id=AOBA.id)
    met = Entry(NOW, "meeting.recorded", TANAKA.id, {"subject": "内緒の面談"}, organisation_id=AOBA.id)
    stray = Entry(NOW, "inbound.stray", "nurture", {"subject": "迷子"}, organisation_id=AOBA.id)
    await desk_world.store.commit(Change((replace(theirs, organisation_id=AOBA.id),), (moved, met, stray)))
    own, led = [(await who.get(f"/organisations/{AOBA.id}")).text for who in (sato, mori)]

    assert not [said for said in ("小林", "異動", "内緒の面談", "迷子", OTHERS_DEAL.name) if said in own]
    assert "小林" in led
    assert "内緒の面談" in led
    assert 404 == (await sato.get(f"/organisations/{TOTO.id}")).status_code
    assert 200 == (await mori.get(f"/organisations/{TOTO.id}")).status_code
