"""Scenarios tried out at the desk: dates for a profile, a text for somebody; nothing is kept."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from nurture.core.change import Change
from nurture.core.messages import Enrollment, Entry, Message
from nurture.core.people import Organisation, Person
from nurture.web.app import build
from tests.web.browser import browser, sign_in
from tests.web.meetings import LAST, OGAWA, remember
from tests.web.shelves import lettered
from tests.web.test_scale import Counted
from tests.web.test_scale import _crowd as crowd
from tests.web.world import (
    AOBA,
    KOBAYASHI,
    OPS,
    SATO,
    SECRET,
    TAKAHASHI,
    TOTO,
    YAMAMOTO,
    furnish,
    world,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx

    from tests.web.world import World

EVIL = "\"'><script>alert(1)</script>"
WARM = "/scenarios/warm-lead-30d"


@pytest.fixture
async def client(desk_world: World) -> AsyncIterator[httpx.AsyncClient]:
    """A representative; texts are really written."""
    await remember(desk_world.store)
    async with browser(build(lettered(desk_world).doors, SECRET)) as found:
        await sign_in(found, desk_world, SATO)
        yield found


# --- dates ---------------------------------------------------------------------------------------------


async def test_dates_with_reasons(client: httpx.AsyncClient) -> None:
    """Each step with its date, the day by the scenario, and why it moved, for the profile that was chosen."""
    asked = f"{WARM}/simulate?role=clinician&specialty=radiology&start=2026-11-25"
    text = (await client.get(asked)).text

    assert "12/7(月) 07:53" in text or "12/7(月)" in text
    assert "北米放射線学会 RSNA 2026を避けるため" in text
    assert "シナリオでは 2026年11月28日(土)" in text
    assert "seminar_date" in text  # what it does not know is said
    assert "RSNA" not in (await client.get(f"{WARM}/simulate?role=nursing&start=2026-11-25")).text


@pytest.mark.parametrize("start", ["", "x", "2026-02-30", "0001-01-01", "9999-12-31"])
async def test_what_is_no_day_is_today(client: httpx.AsyncClient, start: str) -> None:
    """A date that is none, or lies beyond the calendars, is as if nothing was said."""
    text = (await client.get(f"{WARM}/simulate", params={"start": start})).text

    assert 'name="start" value="2026-11-26"' in text


async def test_closures_count_in_it(client: httpx.AsyncClient) -> None:
    """A hospital of others is none; one's own is taken with what is known of it."""
    assert "という担当施設はありません" in (await client.get(f"{WARM}/simulate?organisation={TOTO.name}")).text
    assert "という担当施設はありません" not in (await client.get(f"{WARM}/simulate?organisation={AOBA.name}")).text


# --- a text --------------------------------------------------------------------------------------------


async def test_a_text_for_somebody_who_is_not_enrolled(client: httpx.AsyncClient, desk_world: World) -> None:
    """It is written as the daemon would, with what each field is filled with; nothing is kept of it."""
    kinds = (Enrollment, Message, Entry)
    before = [await desk_world.store.find(kind) for kind in kinds]
    text = (await client.get(f"{WARM}/preview?step=case&person={OGAWA.id}")).text

    assert "小川" in text
    assert "未登録です" in text
    assert "<code>content.title</code>" in text
    assert "コンテンツ" in text
    assert re.search(r'<div class="rich"><p>', text)
    assert LAST.private_note not in text
    assert before == [await desk_world.store.find(kind) for kind in kinds]


@pytest.mark.parametrize("who", [TAKAHASHI.id, OGAWA.id], ids=["enrolled", "supposed"])
async def test_a_text_costs_a_fixed_number_of_questions(who: str) -> None:
    """Whatever else there is: the person, the file, the meeting, the sign-in."""
    counts = []
    for size in (0, 20):
        store = Counted()
        await furnish(store)
        await remember(store)
        await crowd(store, size)
        there = lettered(world(store))
        async with browser(build(there.doors, SECRET)) as client:
            await sign_in(client, there, SATO)
            store.asked = 0
            assert (await client.get(f"{WARM}/preview?step=case&person={who}")).status_code == 200
            counts.append(store.asked)

    assert counts[0] == counts[1] <= 14


async def test_what_is_missing_is_marked(client: httpx.AsyncClient) -> None:
    """Without the record of a meeting no minutes: file and line say why, and the empty fields are marked."""
    text = (await client.get(f"{WARM}/preview?step=thanks&person={YAMAMOTO.id}")).text

    assert "templates/thanks-minutes.j2:" in text
    assert text.count('<tr class="missing">') >= 3
    assert "不足: これがないとメールは作成されません" in text


async def test_people_are_looked_up(client: httpx.AsyncClient) -> None:
    """By name, among those whom the reader sees."""
    text = (await client.get(f"{WARM}/preview?step=case&q={TAKAHASHI.family_name}")).text

    assert f"person={TAKAHASHI.id}" in text
    assert "該当する担当の方はいません" in (await client.get(f"{WARM}/preview?step=case&q=小林")).text


@pytest.mark.parametrize("key", [KOBAYASHI.id, "never-given", "../x", "' OR 1=1"])
async def test_nobody_of_others(client: httpx.AsyncClient, key: str) -> None:
    """Another representative's person answers like one that was never there."""
    assert 404 == (await client.get(f"{WARM}/preview", params={"step": "case", "person": key})).status_code


async def test_operations_try_it_for_nobody(desk_world: World) -> None:
    """Who sees nobody's mail has nobody to write to."""
    await desk_world.store.commit(Change((OPS,)))
    async with browser(build(lettered(desk_world).doors, SECRET)) as client:
        await sign_in(client, desk_world, OPS)

        assert 404 == (await client.get(f"{WARM}/preview?step=case&person={TAKAHASHI.id}")).status_code
        assert 200 == (await client.get(f"{WARM}/simulate")).status_code


@pytest.mark.parametrize("step", ["", "none", "call"])
async def test_no_mail_no_text(client: httpx.AsyncClient, step: str) -> None:
    """A step that is none, or is a task, leads back to the scenario."""
    answer = await client.get(f"{WARM}/preview", params={"step": step})

    assert (303, WARM) == (answer.status_code, answer.headers["location"])


async def test_markup_stays_text(client: httpx.AsyncClient, desk_world: World) -> None:
    """In the address, and in what a person is called: also in the letter as HTML."""
    store = desk_world.store
    person, where = await store.get(Person, OGAWA.id), await store.get(Organisation, AOBA.id)
    assert person is not None
    assert where is not None
    await store.commit(Change((replace(person, family_name=EVIL, department=EVIL), replace(where, name=EVIL))))
    everything = [(await client.get(f"{WARM}/preview?step=case&person={OGAWA.id}")).text]
    for page in ("simulate", "preview"):
        asked = {"step": "case", "q": EVIL, "role": EVIL, "specialty": EVIL, "organisation": EVIL, "start": EVIL}
        everything.append((await client.get(f"{WARM}/{page}", params=asked)).text)

    for text in everything:
        assert "<script>alert" not in text
        assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", text)
    assert "&lt;script&gt;" in everything[0]
