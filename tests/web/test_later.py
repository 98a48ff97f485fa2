"""Something of Today is put aside, and comes back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nurture.core.change import Dispatch
from nurture.core.messages import Entry, MessageState
from nurture.flows import digest
from tests.web.browser import csrf, send, sign_in
from tests.web.world import CALL, CASE_MAIL, DOUBT, NAKAMURA, OTHERS, READ, SATO

if TYPE_CHECKING:
    import httpx

    from tests.web.world import World

PATH = f"/messages/{CASE_MAIL.id}/later"
APPROVE = f"/messages/{CASE_MAIL.id}/approve"


async def test_it_leaves_my_list_until_then_and_nobody_elses(
    sato: httpx.AsyncClient, mori: httpx.AsyncClient, desk_world: World
) -> None:
    """The title counts one less, Later shows it; the manager sees it as before; the morning brings it back."""
    answer = await send(sato, (await sato.get("/")).text, PATH, until="tomorrow")
    after = (await sato.get(answer.headers["location"])).text
    theirs = (await mori.get("/")).text
    (said,) = await desk_world.store.find(Entry, {"kind": "message.snoozed"})
    desk_world.later(hours=16)
    await sign_in(sato, desk_world, SATO)
    back = (await sato.get("/")).text

    assert "<title>(4) " in after
    assert (APPROVE in after, APPROVE in theirs, APPROVE in back) == (False, True, True)
    assert "11/27(金) 08:00 まで後回しにしました" in after
    assert (SATO.id, "2026-11-27 08:00") == (said.actor, said.data["until"])
    assert MessageState.WAITING is (await desk_world.message(CASE_MAIL.id)).state


async def test_it_is_brought_back_by_hand(sato: httpx.AsyncClient, desk_world: World) -> None:
    """From the line that says so, or from Later; twice is once."""
    answer = await send(sato, (await sato.get("/")).text, PATH, until="tomorrow")
    page = (await sato.get(answer.headers["location"])).text
    for _ in range(2):
        await send(sato, page, f"/messages/{CASE_MAIL.id}/now")

    assert APPROVE in (await sato.get("/")).text
    assert 1 == await desk_world.store.count(Entry, {"kind": "message.unsnoozed"})


async def test_tasks_and_replies_wait_too(sato: httpx.AsyncClient, desk_world: World) -> None:
    """A call leaves the list and the morning's digest; what its own time does not allow is refused."""
    page = (await sato.get("/")).text
    again = await send(sato, page, f"/tasks/{READ.id}/later", until="week")
    refused = await send(sato, page, f"/tasks/{CALL.id}/later", until="week")
    desk_world.later(hours=15, minutes=25)  # half past seven
    await digest.look(desk_world.doors)
    (told,) = await desk_world.store.find(Dispatch, {"rep_id": SATO.id})
    await sign_in(sato, desk_world, SATO)
    morning = (await sato.get("/")).text

    assert (303, 409) == (again.status_code, refused.status_code)
    assert (False, True) == (f"/tasks/{READ.id}/done" in morning, f"/tasks/{READ.id}/now" in morning)
    assert NAKAMURA.name in told.text  # for a mail in doubt
    assert "届いた返信" not in told.text


async def test_what_does_not_wait_is_not_put_aside(sato: httpx.AsyncClient, desk_world: World) -> None:
    """A mail in doubt; somebody else's; without the session's token."""
    form = {"csrf": await csrf(sato), "until": "tomorrow"}
    doubt = await sato.post(f"/messages/{DOUBT.id}/later", data=form)
    theirs = [await sato.post(f"/messages/{OTHERS.id}/{verb}", data=form) for verb in ("later", "now")]
    task = await sato.post("/tasks/t-planned/later", data=form)
    forged = await sato.post(PATH, data={"until": "tomorrow"})

    assert 409 == doubt.status_code
    assert [404, 404, 404] == [answer.status_code for answer in (*theirs, task)]
    assert 403 == forged.status_code
    assert 0 == await desk_world.store.count(Entry, {"kind": "message.snoozed"})


async def test_made_up_addresses_are_harmless(sato: httpx.AsyncClient) -> None:
    """What was put aside is said only to who did it."""
    for told in ("messages:m-case", "tasks:nope", f"messages:{OTHERS.id}", "x:y", "messages:"):
        page = await sato.get(f"/?later={told}")
        assert (200, False) == (page.status_code, "後回しにしました" in page.text)
