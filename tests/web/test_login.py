"""Signing in by mail: single use, short-lived, and silent about who exists."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from nurture.core.change import Change, LoginToken
from nurture.core.people import Representative
from nurture.store import MemoryStore
from nurture.web import login
from nurture.web.app import build
from tests.web.browser import browser, send, sign_in
from tests.web.world import GONE, SATO, SECRET, furnish, world

if TYPE_CHECKING:
    import httpx
    from starlette.applications import Starlette

    from tests.web.world import World


async def _asked(client: httpx.AsyncClient, address: str, **more: str) -> httpx.Response:
    return await client.post("/login", data={"email": address, **more})


async def test_a_link_comes_by_mail_and_opens_the_desk(stranger: httpx.AsyncClient, desk_world: World) -> None:
    """Address, mail, button, queue."""
    assert (await stranger.get("/")).headers["location"] == "/login?next=/"
    await _asked(stranger, "Sato@mirai-iryo.example")
    ((to, notice),) = desk_world.post.told
    assert to.id == SATO.id
    page = await stranger.get(notice.link)
    assert page.status_code == 200
    assert (await stranger.get("/")).status_code == 303  # looking at the link signs nobody in
    answer = await stranger.post(notice.link)
    assert answer.headers["location"] == "/"
    assert (await stranger.get("/")).status_code == 200


async def test_the_answer_does_not_tell_who_exists(stranger: httpx.AsyncClient, desk_world: World) -> None:
    """One of ours, a stranger, one who left, and nonsense get the same answer, byte for byte."""
    answers = set()
    for address in (SATO.email, "nobody@mirai-iryo.example", GONE.email, "", "<script>", "x" * 5000):
        answer = await _asked(stranger, address)
        answers.add((answer.status_code, answer.text))
    assert len(answers) == 1
    assert [to.id for to, _ in desk_world.post.told] == [SATO.id]


async def test_a_link_works_once(stranger: httpx.AsyncClient, app: Starlette, desk_world: World) -> None:
    """A replayed link opens nothing."""
    link = await login.issue(desk_world.doors, SATO)
    assert (await stranger.post(link)).status_code == 303
    async with browser(app) as thief:
        assert (await thief.post(link)).status_code == 410
        assert (await thief.get("/")).status_code == 303


async def test_looking_at_a_link_does_not_use_it(stranger: httpx.AsyncClient, desk_world: World) -> None:
    """Mail gateways fetch links; the button still works afterwards."""
    link = await login.issue(desk_world.doors, SATO)
    for _ in range(5):
        assert (await stranger.get(link)).status_code == 200
        assert (await stranger.head(link)).status_code == 200
    assert (await stranger.post(link)).status_code == 303


async def test_a_link_ends_after_fifteen_minutes(stranger: httpx.AsyncClient, desk_world: World) -> None:
    """An old link opens nothing."""
    link = await login.issue(desk_world.doors, SATO)
    desk_world.later(minutes=15)
    assert (await stranger.post(link)).status_code == 410


async def test_the_store_knows_only_the_hash(stranger: httpx.AsyncClient, desk_world: World) -> None:
    """Whoever reads the database cannot sign in with what stands there, nor with the id of an open session."""
    await _asked(stranger, SATO.email)
    (token,) = await desk_world.store.find(LoginToken)
    secret = desk_world.post.told[0][1].link.removeprefix("/login/")
    assert token.id == login.hashed(secret)
    assert secret not in repr(token)
    assert (await stranger.post(f"/login/{token.id}")).status_code == 410
    await stranger.post(f"/login/{secret}")
    stranger.cookies.set("nurture", token.id)
    assert (await stranger.get("/")).status_code == 303


async def test_nobody_is_flooded_with_links(stranger: httpx.AsyncClient, desk_world: World) -> None:
    """At most three links in a quarter of an hour go to one person; the answer stays the same."""
    for _ in range(6):
        assert (await _asked(stranger, SATO.email)).status_code == 200
    assert len(desk_world.post.told) == login.LINKS
    desk_world.later(minutes=16)
    await _asked(stranger, SATO.email)
    assert len(desk_world.post.told) == login.LINKS + 1


async def test_one_asker_is_slowed_down(stranger: httpx.AsyncClient, desk_world: World) -> None:
    """After twenty requests from one address in a quarter of an hour the desk asks for patience."""
    answers = [(await _asked(stranger, f"a{n}@b.example")).status_code for n in range(21)]
    assert answers == [200] * 20 + [429]
    desk_world.later(minutes=15)
    assert (await _asked(stranger, "a@b.example")).status_code == 200


async def test_who_left_cannot_sign_in(stranger: httpx.AsyncClient, desk_world: World) -> None:
    """A link of somebody who became inactive opens nothing, and an open session ends."""
    link = await login.issue(desk_world.doors, SATO)
    await sign_in(stranger, desk_world, SATO)
    rep = await desk_world.store.get(Representative, SATO.id)
    assert rep is not None
    await desk_world.store.commit(Change((replace(rep, active=False),)))
    assert (await stranger.get("/")).status_code == 303
    assert (await stranger.post(link)).status_code == 410


async def test_signing_out_ends_a_copied_cookie_too(
    sato: httpx.AsyncClient, app: Starlette, desk_world: World
) -> None:
    """The session ends on the server, not only in one browser."""
    async with browser(app) as copy:
        copy.cookies.update(sato.cookies)
        assert (await copy.get("/")).status_code == 200
        answer = await send(sato, (await sato.get("/")).text, "/logout")
        assert answer.headers["location"] == "/login"
        assert (await copy.get("/")).status_code == 303


async def test_a_session_ends_by_itself(sato: httpx.AsyncClient, desk_world: World) -> None:
    """After the hours of the settings one signs in again; a form sent then says so and writes nothing."""
    page = await sato.get("/messages/m-case")
    desk_world.later(hours=12)
    assert (await sato.get("/")).status_code == 303
    assert (await send(sato, page.text, "/approve")).status_code == 401


@pytest.mark.parametrize(
    ("wished", "led_to"),
    [
        ("/messages/m-case", "/messages/m-case"),
        ("/live", "/live"),
        ("https://evil.example/", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/messages/../../evil", "/"),
        ("javascript:alert(1)", "/"),
        ("/messages/m\r\nSet-Cookie: a=b", "/"),
    ],
)
async def test_a_login_leads_on_within_the_desk_only(
    stranger: httpx.AsyncClient, desk_world: World, wished: str, led_to: str
) -> None:
    """A page that was wished for is reached after the login; another site never is."""
    await _asked(stranger, SATO.email, next=wished)
    link = desk_world.post.told[0][1].link
    assert (await stranger.post(link)).headers["location"] == led_to
    await sign_in(stranger, desk_world, SATO)
    direct = await login.issue(desk_world.doors, SATO)
    answer = await stranger.post(direct, params={"next": wished})
    assert answer.headers["location"] == led_to


async def test_cookies_are_hidden_from_scripts_and_other_sites(desk_world: World) -> None:
    """HttpOnly, SameSite=Lax, Path=/; with https also Secure under a name that browsers guard."""
    async with browser(build(desk_world.doors, SECRET)) as client:
        answer = await client.post(await login.issue(desk_world.doors, SATO))
        plain = answer.headers["set-cookie"]
    for part in ("nurture=", "HttpOnly", "SameSite=lax", "Path=/"):
        assert part in plain
    assert "Secure" not in plain
    store = MemoryStore()
    await furnish(store)
    safe = world(store, public_url="https://desk.mirai-iryo.example")
    async with browser(build(safe.doors, SECRET), "https://desk.mirai-iryo.example") as client:
        answer = await client.post(await login.issue(safe.doors, SATO))
        secure = answer.headers["set-cookie"]
        assert "__Host-nurture=" in secure
        assert "Secure" in secure
        assert (await client.get("/")).status_code == 200


async def test_a_forged_cookie_is_nobody(stranger: httpx.AsyncClient, desk_world: World) -> None:
    """What was not signed with the desk's key is not believed."""
    await sign_in(stranger, desk_world, SATO)
    good = stranger.cookies["nurture"]
    for forged in (good[:-1] + ("A" if good[-1] != "A" else "B"), good.split(".")[0], "", "x.y", "☃"):
        answer = await stranger.get("/", headers={b"cookie": f"nurture={forged}".encode()})
        stranger.cookies.clear()
        assert answer.status_code == 303, forged


def test_a_short_secret_is_refused(desk_world: World) -> None:
    """The key that signs sessions has at least 256 bits."""
    with pytest.raises(ValueError, match="32 bytes"):
        build(desk_world.doors, b"short")
