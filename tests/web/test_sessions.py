"""Where somebody is signed in: the own sessions are seen and ended, nobody else's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nurture.core.change import LoginToken
from nurture.core.messages import Entry
from tests.web.browser import Forms, browser, csrf, sign_in
from tests.web.world import SATO, TANAKA

if TYPE_CHECKING:
    import httpx
    from starlette.applications import Starlette

    from tests.web.world import World

IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.5 Mobile/15E148 Safari/604.1"
)


async def test_a_lost_phone_is_signed_out_from_elsewhere(
    app: Starlette, desk_world: World, sato: httpx.AsyncClient
) -> None:
    """The list names the device; one button, and the phone must sign in again."""
    async with browser(app) as phone:
        phone.headers["user-agent"] = IPHONE
        await sign_in(phone, desk_world, SATO)
        before = (await phone.get("/")).status_code
        page = (await sato.get("/sessions")).text
        session = next(f.fields["session"] for f in Forms(page).found if "session" in f.fields)
        await sato.post("/sessions/end", data={"csrf": await csrf(sato), "session": session})
        after = await phone.get("/")

    assert 200 == before
    assert "Safari · iPhone" in page
    assert (303, "/login?next=/") == (after.status_code, after.headers["location"].replace("%2F", "/"))
    assert 200 == (await sato.get("/")).status_code
    ended = await desk_world.store.find(Entry, {"kind": "login.ended"})
    assert [(SATO.id, SATO.id)] == [(e.actor, e.data["of"]) for e in ended]


async def test_all_but_this_one(app: Starlette, desk_world: World, sato: httpx.AsyncClient) -> None:
    """One button for who has lost count."""
    async with browser(app) as one, browser(app) as other:
        await sign_in(one, desk_world, SATO)
        await sign_in(other, desk_world, SATO)
        await sato.post("/sessions/end", data={"csrf": await csrf(sato)})
        found = [(await client.get("/")).status_code for client in (one, other, sato)]

    assert [303, 303, 200] == found


async def test_nobody_elses_session_is_seen_or_ended(
    app: Starlette, desk_world: World, sato: httpx.AsyncClient, admin: httpx.AsyncClient
) -> None:
    """Not by its id either; an administrator may."""
    async with browser(app) as tanaka:
        await sign_in(tanaka, desk_world, TANAKA)
        (session,) = await desk_world.store.find(LoginToken, {"rep_id": TANAKA.id})
        page = (await sato.get("/sessions")).text
        refused = await sato.post("/sessions/end", data={"csrf": await csrf(sato), "session": session.id})
        still = (await tanaka.get("/")).status_code
        seen = (await admin.get("/sessions")).text
        await admin.post("/sessions/end", data={"csrf": await csrf(admin), "session": session.id})
        gone = (await tanaka.get("/")).status_code

    assert session.id not in page
    assert TANAKA.name not in page
    assert (404, 200) == (refused.status_code, still)
    assert TANAKA.name in seen
    assert 303 == gone


@pytest.mark.parametrize(
    ("said", "device"),
    [
        (IPHONE, "Safari · iPhone"),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/142 Safari/537.36 Edg/142",
            "Edge · Windows",
        ),
        (
            "Mozilla/5.0 (Linux; Android 16; Pixel 9) AppleWebKit/537.36 Chrome/142 Mobile Safari/537.36",
            "Chrome · Android",
        ),
        ("<script>alert(1)</script>", ""),
        ("", ""),
    ],
)
async def test_a_browser_is_named_by_a_fixed_list(
    app: Starlette, desk_world: World, said: str, device: str
) -> None:
    """Nothing that a browser sends is shown or kept as it is."""
    async with browser(app) as client:
        client.headers["user-agent"] = said
        await sign_in(client, desk_world, SATO)
        (line,) = await desk_world.store.find(Entry, {"kind": "login.used"})

    assert device == line.data["device"]
