"""Two entries of one person at the desk: suggested, compared, made one, by those who see both."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from nurture.core.change import Change
from nurture.core.people import Person
from tests.web.browser import form
from tests.web.world import AOBA, KOBAYASHI, SATO, TAKAHASHI, person

if TYPE_CHECKING:
    import httpx

    from tests.web.world import World

TWIN = replace(person("twin", "高橋", "健一", AOBA, SATO, title="放射線科部長"), kana="たかはし けんいち")
PATH = f"/people/{TAKAHASHI.id}/merge/{TWIN.id}"


async def test_suggested_compared_made_one(sato: httpx.AsyncClient, desk_world: World) -> None:
    """From the list to the one person; looking changes nothing, and the other is gone afterwards."""
    await desk_world.store.commit(Change((TWIN,)))
    assert "/people/doubles" in (await sato.get("/people")).text
    assert PATH in (await sato.get("/people/doubles")).text
    page = (await sato.get(PATH)).text
    for text in (TWIN.kana, TWIN.email, TAKAHASHI.email):
        assert text in page
    assert await desk_world.store.get(Person, TWIN.id)
    answer = await sato.post(PATH, data=form(page, PATH).fields)

    assert (303, f"/people/{TAKAHASHI.id}?done=merged") == (answer.status_code, answer.headers["location"])
    assert 404 == (await sato.get(f"/people/{TWIN.id}")).status_code
    assert "統合" in (await sato.get(f"/people/{TAKAHASHI.id}")).text


async def test_only_of_two_that_one_sees(sato: httpx.AsyncClient, desk_world: World) -> None:
    """With another's contact, or itself, there is nothing to make one."""
    token = form((await sato.get("/people")).text, "/logout").fields["csrf"]
    for one, two in ((TAKAHASHI, KOBAYASHI), (KOBAYASHI, TAKAHASHI), (TAKAHASHI, TAKAHASHI)):
        path = f"/people/{one.id}/merge/{two.id}"
        assert [404, 404] == [
            (await sato.get(path)).status_code,
            (await sato.post(path, data={"csrf": token})).status_code,
        ]
    assert await desk_world.store.get(Person, KOBAYASHI.id)
