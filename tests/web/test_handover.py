"""What is entered on a person's page after a mail that told of it: few taps, and each in the journal."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from nurture.core.change import Change
from nurture.core.ids import InboundId, PersonId
from nurture.core.messages import Enrollment, EnrollmentState, Entry, Suppression
from nurture.core.people import Basis, Person
from tests.web.browser import browser, send, sign_in
from tests.web.world import REPLY, SATO, TANAKA

if TYPE_CHECKING:
    import httpx
    from starlette.applications import Starlette

    from tests.web.world import World

PATH = "/people/nakamura"
TOLD = json.dumps({"successor": {"name": "高橋", "email": "takahashi@minami-hp.example"}})


async def person(world: World, key: str = "nakamura") -> Person:
    """As the store has it."""
    found = await world.store.get(Person, key)
    assert found is not None
    return found


async def test_a_successor_takes_two_taps(sato: httpx.AsyncClient, desk_world: World) -> None:
    """Name and address stand in the form as the mail said them; the place is the same; no basis, no mail."""
    told = replace(
        REPLY, id=InboundId("in-moved"), key="<moved@x>", uid=21, reading=TOLD, person_id=PersonId("nakamura")
    )
    await desk_world.store.commit(Change((told,)))
    page = (await sato.get(PATH)).text
    assert 'value="高橋"' in page
    assert 'value="takahashi@minami-hp.example"' in page
    fields = {"family_name": "高橋", "email": "Takahashi@minami-hp.example"}
    answer = await send(sato, page, f"{PATH}/successor", **fields)

    before = await person(desk_world)
    after = await person(desk_world, before.successor_id or "")
    assert (303, f"/people/{after.id}") == (answer.status_code, answer.headers["location"])
    assert ("高橋", "takahashi@minami-hp.example") == (after.family_name, after.email)
    assert (before.organisation_id, before.role, before.department) == (
        after.organisation_id,
        after.role,
        after.department,
    )
    assert (SATO.id, False) == (after.rep_id, after.legal_basis.allows_mail)
    assert f"/people/{after.id}" in (await sato.get(PATH)).text
    kinds = {e.kind for e in await desk_world.store.find(Entry) if e.actor == SATO.id}
    assert {"person.succeeded", "person.created"} <= kinds


async def test_a_basis_of_his_own(sato: httpx.AsyncClient, desk_world: World) -> None:
    """With what proves it, since today; a title says what he is called."""
    page = (await sato.get(PATH)).text
    fields = {"family_name": "高橋", "email": "t@minami-hp.example", "title": "院長"}
    fields |= {"basis": "business_card", "evidence": "面談時に名刺を受領"}
    await send(sato, page, f"{PATH}/successor", **fields)
    after = await person(desk_world, (await person(desk_world)).successor_id or "")

    assert (Basis.BUSINESS_CARD, True) == (after.legal_basis.kind, after.legal_basis.allows_mail)
    assert "先生" == after.honorific


async def test_somebody_known_is_only_named(sato: httpx.AsyncClient, desk_world: World) -> None:
    """Nobody is recorded twice, and nobody follows himself."""
    known = await person(desk_world, "yamamoto")
    page = (await sato.get(PATH)).text
    await send(sato, page, f"{PATH}/successor", family_name="山本", email=known.email)
    before = await person(desk_world)
    himself = await send(sato, page, f"{PATH}/successor", family_name="中村", email=before.email)

    assert known.id == before.successor_id
    assert 400 == himself.status_code


async def test_another_address(sato: httpx.AsyncClient, desk_world: World) -> None:
    """It is written to from now on; somebody else's is refused, and so is what is none."""
    before = await person(desk_world)
    page = (await sato.get(PATH)).text
    answer = await send(sato, page, f"{PATH}/address", email=" New@minami-hp.example ")
    other = await person(desk_world, "yamamoto")
    refused = [await send(sato, page, f"{PATH}/address", email=email) for email in (other.email, "no address")]

    assert 303 == answer.status_code
    assert "new@minami-hp.example" == (await person(desk_world)).email
    assert [400, 400] == [one.status_code for one in refused]
    (said,) = await desk_world.store.find(Entry, {"kind": "person.readdressed"})
    assert {"before": before.email, "after": "new@minami-hp.example"} == said.data


async def test_no_more_mail(sato: httpx.AsyncClient, desk_world: World) -> None:
    """Said by telephone: silence for the address, with how it was told; the enrollments end; the form is gone."""
    email = (await person(desk_world)).email
    page = (await sato.get(PATH)).text
    nothing = await send(sato, page, f"{PATH}/no-more", evidence=" ")
    answer = await send(sato, page, f"{PATH}/no-more", evidence="11月20日にお電話で")
    (row,) = await desk_world.store.find(Suppression, {"value": email.lower()})

    assert (400, 303) == (nothing.status_code, answer.status_code)
    assert ("unsubscribe", "11月20日にお電話で") == (row.reason, row.evidence)
    states = {e.state for e in await desk_world.store.find(Enrollment, {"person_id": "nakamura"})}
    assert states <= {EnrollmentState.STOPPED, EnrollmentState.COMPLETED}
    assert f"{PATH}/no-more" not in (await sato.get(PATH)).text


async def test_a_rest(sato: httpx.AsyncClient, desk_world: World) -> None:
    """It rests for four weeks and goes on by itself; other spans are not to be had."""
    page = (await sato.get("/people/yamamoto")).text
    answer = await send(sato, page, "/rest", days="28")
    (enrollment,) = [
        e
        for e in await desk_world.store.find(Enrollment, {"person_id": "yamamoto"})
        if e.state is EnrollmentState.PAUSED
    ]
    odd = await send(sato, page, "/rest", days="5000")

    assert (303, 400) == (answer.status_code, odd.status_code)
    assert enrollment.wake_at is not None
    assert "rest" == enrollment.reason
    assert "休止" in (await sato.get("/people/yamamoto")).text
    assert 27 <= (enrollment.wake_at - desk_world.clock.now()).days <= 28


async def test_a_move_that_was_told_by_telephone(sato: httpx.AsyncClient, desk_world: World) -> None:
    """One tap stops what runs; a second says that it was not so. Without the scenario in the folder it is said."""
    page = (await sato.get(PATH)).text
    answer = await send(sato, page, f"{PATH}/departed", works="yes")
    states = {e.state for e in await desk_world.store.find(Enrollment, {"person_id": "nakamura"})}
    kinds = {e.kind for e in await desk_world.store.find(Entry) if e.actor == SATO.id}

    assert (303, PATH) == (answer.status_code, answer.headers["location"])
    assert states <= {EnrollmentState.STOPPED, EnrollmentState.COMPLETED}
    assert {"person.departed", "farewell.none"} <= kinds
    await send(sato, page, f"{PATH}/successor", family_name="高橋", email="t@minami-hp.example")
    page = (await sato.get(PATH)).text
    assert f"{PATH}/stays" in page
    await send(sato, page, f"{PATH}/stays")
    assert (await person(desk_world)).successor_id is None


async def test_a_basis_is_noted_when_it_is_known(sato: httpx.AsyncClient, desk_world: World) -> None:
    """Without one the page says that nothing is sent; with one, and what proves it, that is gone."""
    page = (await sato.get(PATH)).text
    assert f"{PATH}/basis" not in page
    await send(sato, page, f"{PATH}/successor", family_name="高橋", email="t@minami-hp.example")
    path = f"/people/{(await person(desk_world)).successor_id}"
    page = (await sato.get(path)).text
    assert "送信の根拠がないため送りません" in page
    bare = await send(sato, page, f"{path}/basis", basis="consent", evidence=" ")
    noted = await send(sato, page, f"{path}/basis", basis="consent", evidence="11月20日にお電話でご了承")
    after = await person(desk_world, path.rpartition("/")[2])

    assert (400, 303) == (bare.status_code, noted.status_code)
    assert (Basis.CONSENT, True) == (after.legal_basis.kind, after.legal_basis.allows_mail)
    assert f"{path}/basis" not in (await sato.get(path)).text


async def test_a_pace_of_his_own(sato: httpx.AsyncClient, desk_world: World) -> None:
    """Once a month at most, with how it was told; shown on the page, and ended there."""
    page = (await sato.get(PATH)).text
    bare = await send(sato, page, f"{PATH}/pace", days="31", evidence=" ")
    odd = await send(sato, page, f"{PATH}/pace", days="5", evidence="お電話で")
    set_ = await send(sato, page, f"{PATH}/pace", days="31", evidence="お電話で")
    page = (await sato.get(PATH)).text
    ended = await send(sato, page, f"{PATH}/pace", days="", evidence="戻してよいとのこと")

    assert [400, 400, 303, 303] == [one.status_code for one in (bare, odd, set_, ended)]
    assert "31日に1通まで" in page
    assert f"{PATH}/no-more" in page
    kinds = [e.kind for e in await desk_world.store.find(Entry) if e.actor == SATO.id]
    assert [1, 1] == [kinds.count(kind) for kind in ("person.paced", "person.unpaced")]
    assert "<dt>頻度</dt>" not in (await sato.get(PATH)).text


@pytest.mark.parametrize("what", ["successor", "address", "no-more", "departed", "pace"])
async def test_nobody_else_enters_anything(
    app: Starlette, sato: httpx.AsyncClient, desk_world: World, what: str
) -> None:
    """Of a person whom one does not see."""
    page = (await sato.get(PATH)).text
    assert f"{PATH}/{what}" in page
    async with browser(app) as other:
        await sign_in(other, desk_world, TANAKA)
        home = (await other.get("/")).text
        token = home.partition('name="csrf" value="')[2].partition('"')[0]
        fields = {"csrf": token, "email": "x@y.example", "family_name": "x", "evidence": "x"}
        assert 404 == (await other.post(f"{PATH}/{what}", data=fields)).status_code
