"""What keeps mail back, at the top of the desk, with a button for those who may decide."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from nurture.config import MailboxSettings, Secret, SmtpSettings, Webhook
from nurture.core.change import Change, Setting, Told
from nurture.core.halts import hold, read, stop
from nurture.core.limits import MailboxLimits, Rate
from nurture.core.messages import Message, MessageState
from nurture.web.app import build
from tests.web.browser import browser, form, send, sign_in
from tests.web.world import ADMIN, CASE_MAIL, MAILBOX, MORI, NOW, SATO, SECRET

if TYPE_CHECKING:
    import httpx

    from nurture.core.halts import Gates
    from nurture.core.people import Representative
    from tests.web.world import World


async def gates(world: World) -> Gates:
    """What stands still."""
    return read(await world.doors.store.find(Setting))


async def closed(world: World) -> str:
    """The safety valve closes before the case mail, which is approved; the mark of what it holds."""
    await world.doors.store.commit(Change((Setting("demo", "x"),)))  # others' settings are no matter of the valve
    message = await world.message(CASE_MAIL.id)
    await world.doors.store.commit(
        Change((replace(message, state=MessageState.APPROVED, planned_at=NOW, planned_on=NOW.date()),))
    )
    await world.doors.store.commit(hold(await gates(world), 400, 900, NOW))
    held = (await gates(world)).held
    assert held is not None
    return held.mark


async def test_nothing_is_said_when_nothing_is_held_back(sato: httpx.AsyncClient) -> None:
    """An ordinary day has no alert."""
    assert "held-back" not in (await sato.get("/")).text


async def test_a_stopped_mailbox_is_resumed_with_one_button(desk_world: World, sato: httpx.AsyncClient) -> None:
    """Whoever writes from it sees why nothing leaves, and lets it send again; twice pressed does no harm."""
    await stop_mailbox(desk_world)
    page = (await sato.get("/")).text
    assert "停止中" in page
    for _ in range(2):
        answer = await send(sato, page, f"/halts/mailbox/{MAILBOX}/resume")
        assert 303 == answer.status_code

    assert not (await gates(desk_world)).stopped
    assert "held-back" not in (await sato.get("/")).text


async def stop_mailbox(world: World) -> None:
    """As the error budget does it."""
    change = stop(await gates(world), "mailbox", MAILBOX, by="nurture", reason="refusals", now=NOW, refused=12)
    await world.doors.store.commit(change)


@pytest.mark.parametrize("who", [MORI, ADMIN])
async def test_the_valve_is_opened_for_what_was_seen(desk_world: World, who: Representative) -> None:
    """Managers and administrators release it; the letters may leave then."""
    await closed(desk_world)
    async with browser(build(desk_world.doors, SECRET)) as client:
        await sign_in(client, desk_world, who)
        page = (await client.get("/")).text
        assert "安全弁" in page
        assert 303 == (await send(client, page, "/valve/release")).status_code

    valve = (await gates(desk_world)).valve
    assert valve is not None
    assert ("released", who.id) == (valve.decided, valve.decided_by)


async def test_the_valve_is_not_opened_for_what_was_not_seen(desk_world: World) -> None:
    """Another mark, and nothing happens but words."""
    await closed(desk_world)
    async with browser(build(desk_world.doors, SECRET)) as client:
        await sign_in(client, desk_world, ADMIN)
        page = (await client.get("/")).text
        answer = await send(client, page, "/valve/release", seen="1-0")
        assert 400 == answer.status_code

    assert (await gates(desk_world)).held is not None


async def test_what_the_valve_holds_comes_back_to_the_desk(desk_world: World) -> None:
    """The other button: each mail waits for its approval again."""
    await closed(desk_world)
    async with browser(build(desk_world.doors, SECRET)) as client:
        await sign_in(client, desk_world, ADMIN)
        page = (await client.get("/")).text
        assert 303 == (await send(client, page, "/valve/keep")).status_code

    message = await desk_world.message(CASE_MAIL.id)
    assert (MessageState.WAITING, "valve") == (message.state, message.reason)


async def test_who_may_not_decide_sees_no_button_and_has_none(desk_world: World, sato: httpx.AsyncClient) -> None:
    """A representative reads that the valve is closed; a form made by hand finds nothing."""
    mark = await closed(desk_world)
    page = (await sato.get("/")).text
    assert "安全弁" in page
    assert "/valve/" not in page
    token = form(page, "/logout").fields["csrf"]
    for path in ("/valve/release", "/valve/keep", "/halts/scenario/warm-lead-30d/resume", "/halts/x/y/resume"):
        assert 404 == (await sato.post(path, data={"csrf": token, "seen": mark})).status_code
    assert (await gates(desk_world)).held is not None


@pytest.mark.parametrize("who", [SATO, ADMIN], ids=lambda rep: rep.id)
async def test_a_program_that_is_not_told_any_more_is_the_administrators_matter(
    desk_world: World, who: Representative
) -> None:
    """A webhook that was switched off, and one that fails: who may mend it sees them, and presses one button."""
    hooks = tuple(Webhook(name, "https://crm.example/hook", Secret(env="X")) for name in ("crm", "sfa", "well"))
    crm = Told("crm", 7, disabled_at=NOW, error="HTTP 410")
    sfa = Told("sfa", 8, failing_since=NOW, due_at=NOW, error="HTTP 500")
    await desk_world.doors.store.commit(Change((crm, sfa, Told("well", 9), Told("gone", 1, disabled_at=NOW))))
    doors = replace(desk_world.doors, settings=replace(desk_world.doors.settings, webhooks=hooks))
    async with browser(build(doors, SECRET)) as client:
        await sign_in(client, desk_world, who)
        page = (await client.get("/")).text
        token = form(page, "/logout").fields["csrf"]
        answer = await client.post("/webhooks/crm/resume", data={"csrf": token})
        nowhere = await client.post("/webhooks/gone/resume", data={"csrf": token})

    after = await desk_world.doors.store.get(Told, "crm")
    assert after is not None
    sees = who is ADMIN
    assert [sees, sees, False, False] == [f"Webhook {name}" in page for name in ("crm", "sfa", "well", "gone")]
    assert (303 if sees else 404, 404) == (answer.status_code, nowhere.status_code)
    assert (None if sees else NOW, 7) == (after.disabled_at, after.seq)


async def test_a_form_needs_its_token(desk_world: World, sato: httpx.AsyncClient) -> None:
    """As with every other form."""
    await stop_mailbox(desk_world)
    answer = await sato.post(f"/halts/mailbox/{MAILBOX}/resume", data={"csrf": "x"})
    assert 403 == answer.status_code
    assert (await gates(desk_world)).stopped


async def test_a_limit_says_how_many_wait_and_until_when(desk_world: World, sato: httpx.AsyncClient) -> None:
    """The mailbox has sent its number: the desk says so, without a button."""
    store = desk_world.doors.store
    message = await desk_world.message(CASE_MAIL.id)
    sent = replace(message, state=MessageState.SENT, sent_at=NOW)
    await store.commit(Change((sent,)))
    waits = next(m for m in await store.find(Message, {"state": MessageState.WAITING, "rep_id": SATO.id}))
    due = replace(waits, state=MessageState.APPROVED, planned_at=NOW, mailbox_id=MAILBOX)
    await store.commit(Change((due,)))
    smtp = SmtpSettings("127.0.0.1", 25, "none")
    box = MailboxSettings(MAILBOX, SATO.email, "みらい", smtp, limits=MailboxLimits(Rate(per_hour=1)))
    doors = replace(desk_world.doors, settings=replace(desk_world.doors.settings, mailboxes=(box,)))
    async with browser(build(doors, SECRET)) as client:
        await sign_in(client, desk_world, SATO)
        page = (await client.get("/")).text
        own = (await client.get(f"/messages/{due.id}")).text

    assert "1時間の上限 1 通" in own
    assert "1時間の上限 1 通" in page
    assert "17:10" in page
