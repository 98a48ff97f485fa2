"""Approving by a link in a mail: for one person, one text, once, for a while."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from nurture.core.change import Change
from nurture.core.messages import MessageState
from nurture.flows import review
from nurture.mail import passes
from tests.web.browser import browser
from tests.web.world import CASE_MAIL, MORI, NOW, OTHERS, SATO, SENT

if TYPE_CHECKING:
    import httpx
    from starlette.applications import Starlette

    from nurture.core.messages import Message
    from nurture.core.people import Representative
    from tests.web.world import World

DAY = timedelta(days=1)


def link(
    world: World, by: Representative = SATO, mail: Message = CASE_MAIL, seen: str = "", lasts: timedelta = DAY
) -> str:
    """A link as the digest has it."""
    until = NOW + lasts
    return f"/approve/{passes.issued(world.doors.link_key, by.id, mail.id, seen or mail.fingerprint, until)}"


async def test_it_shows_the_whole_text_and_approves_it(stranger: httpx.AsyncClient, desk_world: World) -> None:
    """Looking changes nothing, however often gateways look; the button approves, as that person."""
    for _ in range(3):
        page = await stranger.get(link(desk_world))
    assert MessageState.WAITING is (await desk_world.message(CASE_MAIL.id)).state
    done = await stranger.post(link(desk_world))
    message = await desk_world.message(CASE_MAIL.id)

    assert "申し送り票を電子カルテの経過表から" in page.text
    assert (200, "no-store") == (page.status_code, page.headers["cache-control"])
    assert 200 == done.status_code
    assert MessageState.APPROVED is message.state
    assert [(SATO.id, "mail")] == [(a.by, a.via) for a in message.approvals]


async def test_it_is_good_once(stranger: httpx.AsyncClient, desk_world: World) -> None:
    """Pressed again, or after the approval was taken back: it approves nothing more."""
    await stranger.post(link(desk_world))
    again = await stranger.post(link(desk_world))
    await review.take_back(desk_world.doors, CASE_MAIL.id, by=SATO.id)
    after = await stranger.post(link(desk_world))

    assert [410, 410] == [again.status_code, after.status_code]
    assert MessageState.WAITING is (await desk_world.message(CASE_MAIL.id)).state


async def test_another_text_is_not_what_was_meant(stranger: httpx.AsyncClient, desk_world: World) -> None:
    """Edited meanwhile: the page neither shows nor approves it."""
    old = link(desk_world)
    message = await desk_world.message(CASE_MAIL.id)
    await desk_world.store.commit(Change((replace(message, body="別の文章です。"),)))
    found = [await stranger.get(old), await stranger.post(old)]

    assert [410, 410] == [each.status_code for each in found]
    assert all("別の文章です。" not in each.text for each in found)
    assert MessageState.WAITING is (await desk_world.message(CASE_MAIL.id)).state


async def test_it_runs_out(stranger: httpx.AsyncClient, desk_world: World) -> None:
    """A day; to the second."""
    assert 410 == (await stranger.post(link(desk_world, lasts=timedelta(0)))).status_code
    assert 200 == (await stranger.get(link(desk_world, lasts=timedelta(seconds=1)))).status_code


async def test_nobody_can_make_one(stranger: httpx.AsyncClient, desk_world: World) -> None:
    """With another key, a sign changed, an unsubscribe token, nonsense: the same page for all."""
    good = link(desk_world)
    forged = passes.issued(b"another key", SATO.id, CASE_MAIL.id, CASE_MAIL.fingerprint, NOW + DAY)
    turned = good[:-1] + ("A" if good[-1] != "A" else "B")
    paths = [
        f"/approve/{forged}",
        turned,
        f"/approve/{CASE_MAIL.unsubscribe_token}",
        "/approve/x",
        "/approve/" + "A" * 390,
    ]
    found = [(await stranger.post(path)).status_code for path in paths]

    assert [410] * len(paths) == found
    assert MessageState.WAITING is (await desk_world.message(CASE_MAIL.id)).state


@pytest.mark.parametrize("mail", [OTHERS, SENT])
async def test_it_gives_no_more_rights_than_the_person_has(
    stranger: httpx.AsyncClient, desk_world: World, mail: Message
) -> None:
    """A colleague's mail, a mail that has left: not even with a link."""
    found = await stranger.post(link(desk_world, SATO, mail))

    assert 410 == found.status_code
    assert mail.state is (await desk_world.message(mail.id)).state


async def test_who_has_left_us_approves_nothing(app: Starlette, desk_world: World) -> None:
    """The link of somebody who is no longer active."""
    path = link(desk_world, MORI)
    rep = await desk_world.store.get(type(MORI), MORI.id)
    assert rep is not None
    await desk_world.store.commit(Change((replace(rep, active=False),)))
    async with browser(app) as client:
        assert 410 == (await client.post(path)).status_code
