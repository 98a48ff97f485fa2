"""Deals: listed by what is stalled, moved, won and lost by those who see them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from nurture.core.change import Change
from nurture.core.deals import Deal, DealStatus
from nurture.core.ids import DealId, EnrollmentId
from nurture.core.messages import Enrollment, EnrollmentState, Entry, Message, MessageState
from tests.web.browser import form
from tests.web.meetings import DEAL, LAST, OGAWA, OPEN, OTHERS_DEAL, remember
from tests.web.world import AOBA, CASE_MAIL, MINATO, NOW, SATO, THANK_YOU

if TYPE_CHECKING:
    import httpx

    from tests.web.world import World

OLD = Deal(
    DealId("deal-old"),
    MINATO.id,
    "看護記録",
    phase=4,
    rep_id=SATO.id,
    created_at=NOW - timedelta(days=90),
)


@pytest.fixture(autouse=True)
async def _before(desk_world: World) -> None:
    """A deal on the way, with a mail that waits; one that is stalled."""
    store = desk_world.store
    await remember(store)
    running = await store.get(Enrollment, THANK_YOU.enrollment_id or "")
    assert running is not None
    said = Entry(NOW - timedelta(days=30), "message.sent", "nurture", {"step": "case"}, deal_id=OLD.id)
    await store.commit(Change((OLD, replace(running, deal_id=DEAL.id)), (said,)))


async def _deal(there: World, key: str = DEAL.id) -> Deal:
    found = await there.store.get(Deal, key)
    assert found is not None
    return found


async def _press(client: httpx.AsyncClient, action: str, **fields: str) -> httpx.Response:
    page = (await client.get(f"/deals/{DEAL.id}")).text
    token = form(page, "/logout").fields["csrf"]
    return await client.post(f"/deals/{DEAL.id}/{action}", data={"csrf": token} | fields)


async def test_the_list(sato: httpx.AsyncClient, mori: httpx.AsyncClient) -> None:
    """What is stalled comes first; a colleague's deal is there for who leads; words, phase and state narrow it."""
    page = (await sato.get("/deals")).text

    assert page.index(OLD.name) < page.index(DEAL.name)
    assert 1 == page.count("停滞")
    assert OTHERS_DEAL.name not in page
    led = (await mori.get("/deals")).text
    assert OTHERS_DEAL.name in led
    assert "田中 悠真" in led
    for query, names in {
        "?q=みなと": [OLD.name],
        "?q=画像": [DEAL.name],
        "?phase=4": [OLD.name],
        "?phase=9": [OLD.name, DEAL.name],
        "?status=lost": [],
        "?status=x": [OLD.name, DEAL.name],
        "?rep=tanaka": [OLD.name, DEAL.name],
        "?q=保守": [],
    }.items():
        text = (await sato.get(f"/deals{query}")).text
        assert names == [n for n in (OLD.name, DEAL.name, OTHERS_DEAL.name) if n in text], query


async def test_one_deal(sato: httpx.AsyncClient) -> None:
    """Phase, people with their stance, promises, what comes, meetings."""
    page = (await sato.get(f"/deals/{DEAL.id}")).text

    for text in (AOBA.name, OGAWA.name, OPEN.text, THANK_YOU.subject, LAST.subject, 'class="stand supportive"'):
        assert text in page, text
    assert 404 == (await sato.get(f"/deals/{OTHERS_DEAL.id}")).status_code


async def test_the_phase(sato: httpx.AsyncClient, desk_world: World) -> None:
    """One tap; said twice it is said once; what runs for the deal is looked at anew."""
    assert [303, 303] == [(await _press(sato, "phase", phase="3")).status_code for _ in range(2)]
    assert 3 == (await _deal(desk_world)).phase
    assert 1 == await desk_world.store.count(Entry, {"kind": "deal.moved"})
    woken = await desk_world.store.get(Enrollment, THANK_YOU.enrollment_id or "")
    assert woken is not None
    assert desk_world.clock.now() == woken.wake_at
    assert "段階: 課題の把握 → " in (await sato.get(f"/deals/{DEAL.id}")).text
    for wrong in ("0", "6", "x", ""):
        assert 400 == (await _press(sato, "phase", phase=wrong)).status_code


@pytest.mark.parametrize("how", ["won", "lost"])
async def test_the_end_stops_what_runs(sato: httpx.AsyncClient, desk_world: World, how: str) -> None:
    """What was prepared for the deal does not leave; another's mail does; it can be opened again."""
    assert 303 == (await _press(sato, "end", how=how, reason="価格\nだそうです")).status_code
    ended = await _deal(desk_world)
    mail = await desk_world.message(THANK_YOU.id)
    other = await desk_world.message(CASE_MAIL.id)
    run = await desk_world.store.get(Enrollment, EnrollmentId(THANK_YOU.enrollment_id or ""))

    assert DealStatus(how) is ended.status
    assert (("価格 だそうです", NOW) if how == "lost" else ("", None)) == (ended.lost_reason, ended.lost_at)
    assert (MessageState.CANCELLED, MessageState.WAITING) == (mail.state, other.state)
    assert run is not None
    assert (EnrollmentState.STOPPED, f"deal_{how}") == (run.state, run.reason)
    assert 400 == (await _press(sato, "end", how=how)).status_code
    assert 400 == (await _press(sato, "phase", phase="4")).status_code
    assert 303 == (await _press(sato, "reopen")).status_code
    assert DealStatus.OPEN is (await _deal(desk_world)).status
    assert 400 == (await _press(sato, "reopen")).status_code
    assert not await desk_world.store.count(Message, {"state": MessageState.SENT, "id": THANK_YOU.id})
