"""A person's page: what came beside what was sent; a scenario is started; a private note is kept."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from nurture.core.change import Change
from nurture.core.messages import Enrollment, Entry, Message
from nurture.core.people import Person
from tests.web.browser import form
from tests.web.meetings import DEAL, remember
from tests.web.world import ANSWER, NAKAMURA, SCENARIO, SENT, TAKAHASHI

if TYPE_CHECKING:
    import httpx

    from tests.web.world import World

NOTE = "価格の話は院長がいないところで"
PATH = f"/people/{NAKAMURA.id}"


async def _post(client: httpx.AsyncClient, path: str, **fields: str) -> httpx.Response:
    token = form((await client.get("/people")).text, "/logout").fields["csrf"]
    return await client.post(path, data={"csrf": token} | fields)


async def _noted(there: World) -> Person:
    found = await there.store.get(Person, NAKAMURA.id)
    assert found is not None
    return found


async def test_what_came_stands_beside_what_was_sent(sato: httpx.AsyncClient) -> None:
    """The answer after the mail that it answers, with its words."""
    page = (await sato.get(PATH)).text

    assert page.index("受信: 返信") < page.index(f'/messages/{SENT.id}"')
    assert ANSWER.splitlines()[-1] in page


async def test_a_scenario_is_started(sato: httpx.AsyncClient, desk_world: World) -> None:
    """From the page, once, after what is known of meetings; another's contact is not to be started."""
    await remember(desk_world.store)
    mine = {"person_id": TAKAHASHI.id, "scenario_id": SCENARIO.id, "deal_id": DEAL.id}
    path = f"/people/{TAKAHASHI.id}/enroll"
    answers = [
        await _post(sato, path, scenario=SCENARIO.id),
        await _post(sato, path, scenario=SCENARIO.id),
        await _post(sato, path, scenario="no-such"),
        await _post(sato, "/people/kobayashi/enroll", scenario=SCENARIO.id),
    ]

    assert [303, 400, 400, 404] == [answer.status_code for answer in answers]
    assert 1 == await desk_world.store.count(Enrollment, mine)


async def test_a_note_is_kept_for_those_who_see_the_person(
    sato: httpx.AsyncClient, mori: httpx.AsyncClient, desk_world: World
) -> None:
    """Written, mended, taken away; the journal names the writer, not the words."""
    assert 303 == (await _post(sato, f"{PATH}/note", note=NOTE, before="")).status_code
    assert NOTE == (await _noted(desk_world)).private_note
    page = (await mori.get(PATH)).text
    assert NOTE in page
    assert "佐藤 美咲記入" in page
    lines = await desk_world.store.find(Entry, {"kind": "person.noted"})
    assert [("sato", {})] == [(line.actor, line.data) for line in lines]
    assert 303 == (await _post(mori, f"{PATH}/note", note="", before=NOTE)).status_code
    assert "" == (await _noted(desk_world)).private_note
    assert 404 == (await _post(sato, "/people/kobayashi/note", note=NOTE, before="")).status_code


async def test_a_note_overwrites_nobody_elses(sato: httpx.AsyncClient, desk_world: World) -> None:
    """Whoever began with another note is told; data of patients and books are refused."""
    known = await _noted(desk_world)
    await desk_world.store.commit(Change((replace(known, private_note=NOTE),)))

    assert 409 == (await _post(sato, f"{PATH}/note", note="別のメモ", before="")).status_code
    assert NOTE == (await _noted(desk_world)).private_note
    patient = "患者の山田太郎様（ID 0012345）の検査結果"
    assert 400 == (await _post(sato, f"{PATH}/note", note=patient, before=NOTE)).status_code
    assert 400 == (await _post(sato, f"{PATH}/note", note="x" * 5001, before=NOTE)).status_code
    assert not [m for m in await desk_world.store.find(Message) if NOTE in m.body]
