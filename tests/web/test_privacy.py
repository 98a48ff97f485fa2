"""One person's data at the desk: handed over and erased by those who lead, after the address was typed."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

from nurture.core.messages import Entry, Inbound, Message
from nurture.core.people import Person
from tests.web.browser import form
from tests.web.world import NAKAMURA, SENT

if TYPE_CHECKING:
    import httpx

    from tests.web.world import World

PATH = f"/people/{NAKAMURA.id}/data"


async def _post(client: httpx.AsyncClient, do: str, **fields: str) -> httpx.Response:
    token = form((await client.get("/people")).text, "/logout").fields["csrf"]
    return await client.post(f"{PATH}/{do}", data={"csrf": token} | fields)


async def test_it_is_for_those_who_lead(
    sato: httpx.AsyncClient, mori: httpx.AsyncClient, desk_world: World
) -> None:
    """Whose contact it is neither finds the page nor its buttons; the manager does; looking changes nothing."""
    lines = await desk_world.store.count(Entry)
    answers = [
        await sato.get(PATH),
        await _post(sato, "export"),
        await _post(sato, "erase", address=NAKAMURA.email),
    ]

    assert [404, 404, 404] == [answer.status_code for answer in answers]
    assert PATH not in (await sato.get(f"/people/{NAKAMURA.id}")).text
    assert PATH in (await mori.get(f"/people/{NAKAMURA.id}")).text
    assert NAKAMURA.email in (await mori.get(PATH)).text
    assert lines == await desk_world.store.count(Entry)


async def test_everything_as_a_file(mori: httpx.AsyncClient) -> None:
    """A ZIP with what was sent and came; it is named without the person's name."""
    answer = await _post(mori, "export")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as found:
        data = found.read("person.json").decode()

    assert "application/zip" == answer.headers["content-type"]
    assert SENT.subject in data
    assert "no-store" in answer.headers["cache-control"]


async def test_erased_after_the_address_was_typed(mori: httpx.AsyncClient, desk_world: World) -> None:
    """A wrong address erases nothing; the right one everything, and the page is gone."""
    wrong = await _post(mori, "erase", address="someone@else.example")
    assert 400 == wrong.status_code
    assert "何も消去していません" in wrong.text
    assert await desk_world.store.get(Person, NAKAMURA.id)
    done = await _post(mori, "erase", address=f" {NAKAMURA.email.upper()}")

    assert (303, "/people?done=erased") == (done.status_code, done.headers["location"])
    assert "消去しました" in (await mori.get("/people?done=erased")).text
    assert 404 == (await mori.get(f"/people/{NAKAMURA.id}")).status_code
    mine = {"person_id": NAKAMURA.id}
    assert (0, 0) == (await desk_world.store.count(Message, mine), await desk_world.store.count(Inbound, mine))
    for path in ("/", "/live", "/people", "/organisations"):
        assert NAKAMURA.name not in (await mori.get(path)).text
