"""Who sees what: on every route, by the table of routes itself."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from markupsafe import escape
from starlette.routing import Route

from nurture.core.change import Change
from nurture.core.messages import Entry, MessageState
from nurture.web.app import routes
from tests.web.browser import Forms, browser, form, sign_in
from tests.web.world import CASE_MAIL, KOBAYASHI, OPS, OTHERS, SATO, TANAKA

if TYPE_CHECKING:
    import httpx
    from starlette.applications import Starlette

    from tests.web.world import World

OPEN = {"/healthz", "/u/{token}", "/approve/{token}", "/language", "/static"}
OPEN |= {"/login", "/login/{secret}", "/login/provider", "/login/provider/back"}
CLOSED = [r for r in routes() if isinstance(r, Route) and r.path not in OPEN]
WITH_ID = [r for r in CLOSED if "{id}" in r.path]
POSTS = [r for r in CLOSED if "POST" in (r.methods or ())]
FIELDS = {"seen": OTHERS.fingerprint, "reason": "x", "answer": "left", "do": "save", "subject": "x", "body": "x"}


def _csrf(html: str) -> str:
    return form(html, "/logout").fields["csrf"]


async def _ask(client: httpx.AsyncClient, route: Route, key: str, csrf: str) -> httpx.Response:
    path = route.path.replace("{id}", key)
    if "POST" in (route.methods or ()):
        return await client.post(path, data=FIELDS | {"csrf": csrf})
    return await client.get(path)


@pytest.mark.parametrize("route", WITH_ID, ids=lambda r: f"{r.path} {r.name}")
@pytest.mark.parametrize(
    "key", [OTHERS.id, KOBAYASHI.id, "en-kobayashi", "no-such-thing", "%2e%2e", "' OR 1=1 --", "日本"]
)
async def test_what_belongs_to_another_does_not_exist(
    sato: httpx.AsyncClient, desk_world: World, route: Route, key: str
) -> None:
    """Another representative's mail or person answers like an id that was never given, and stays as it is."""
    answer = await _ask(sato, route, key, _csrf((await sato.get("/")).text))
    unknown = await _ask(sato, route, "never-given", _csrf((await sato.get("/")).text))
    assert answer.status_code == unknown.status_code == 404
    here, there = escape(answer.url.path), escape(unknown.url.path)
    assert answer.text.replace(here, "") == unknown.text.replace(there, "")
    assert (await desk_world.message(OTHERS.id)).state is MessageState.WAITING


async def test_lists_hold_only_ones_own(sato: httpx.AsyncClient, desk_world: World) -> None:
    """Neither queue nor overview nor events name people or mails of another representative."""
    for path in ("/", "/live", "/people", "/organisations", "/deals"):
        text = (await sato.get(path)).text
        for hidden in ("小林", "東都医科大学", OTHERS.subject, "納品前の訪問"):
            assert hidden not in text, (path, hidden)
    assert await desk_world.store.count(Entry, {"message_id": OTHERS.id}) == 1


async def test_the_manager_sees_the_team(mori: httpx.AsyncClient, desk_world: World) -> None:
    """A manager finds both representatives' mails, each named, and may approve them."""
    text = (await mori.get("/")).text
    assert "佐藤 美咲" in text
    assert "田中 悠真" in text
    answer = await mori.post(
        f"/messages/{OTHERS.id}/approve", data={"csrf": _csrf(text), "seen": OTHERS.fingerprint}
    )
    assert answer.status_code == 303
    assert (await desk_world.message(OTHERS.id)).state is MessageState.APPROVED


async def test_an_administrator_sees_all(admin: httpx.AsyncClient) -> None:
    """Nothing is hidden from an administrator."""
    assert (await admin.get(f"/messages/{OTHERS.id}")).status_code == 200
    assert (await admin.get(f"/people/{KOBAYASHI.id}")).status_code == 200
    assert "高橋 健一" in (await admin.get("/live")).text


@pytest.mark.parametrize("route", CLOSED, ids=lambda r: f"{r.path} {r.name}")
async def test_strangers_are_led_to_the_login(
    stranger: httpx.AsyncClient, desk_world: World, route: Route
) -> None:
    """No page of the desk is shown, and no form is taken, without a session."""
    answer = await _ask(stranger, route, CASE_MAIL.id, "")
    if answer.request.method == "GET":
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/login")
    else:
        assert answer.status_code == 401
    assert "高橋" not in answer.text
    assert (await desk_world.message(CASE_MAIL.id)).state is MessageState.WAITING


@pytest.mark.parametrize("route", POSTS, ids=lambda r: f"{r.path} {r.name}")
async def test_a_form_needs_the_token_of_its_session(
    sato: httpx.AsyncClient, app: Starlette, desk_world: World, route: Route
) -> None:
    """Without a token, with a wrong one, or with that of another session nothing happens."""
    async with browser(app) as other:
        await sign_in(other, desk_world, TANAKA)
        foreign = _csrf((await other.get("/")).text)
    before = await desk_world.message(CASE_MAIL.id)
    for token in ("", "wrong", foreign, "☃"):
        assert (await _ask(sato, route, CASE_MAIL.id, token)).status_code == 403
    assert await desk_world.message(CASE_MAIL.id) == before
    assert (await sato.get("/")).status_code == 200  # still signed in


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_another_site_cannot_post(sato: httpx.AsyncClient, desk_world: World, site: str) -> None:
    """What another site makes a browser send is refused, even with a token."""
    csrf = _csrf((await sato.get("/")).text)
    answer = await sato.post(
        f"/messages/{CASE_MAIL.id}/approve",
        data={"csrf": csrf, "seen": CASE_MAIL.fingerprint},
        headers={"sec-fetch-site": site},
    )
    assert answer.status_code == 403
    assert (await desk_world.message(CASE_MAIL.id)).state is MessageState.WAITING


async def test_every_form_of_every_page_posts(sato: httpx.AsyncClient) -> None:
    """Each form that a page shows is sent by POST and carries the session's token."""
    for path in (
        "/",
        "/live",
        "/messages/m-case",
        "/messages/m-doubt",
        "/messages/m-case/edit",
        "/people/nakamura",
    ):
        for found in Forms((await sato.get(path)).text).found:
            assert found.method == "post"
            assert found.fields.get("csrf") or found.action == "/language", (path, found.action)


async def test_a_deputy_sees_what_they_stand_in_for(app: Starlette, desk_world: World) -> None:
    """Whoever is named as deputy finds those mails in their own queue."""
    tanaka = await desk_world.store.get(type(TANAKA), TANAKA.id)
    assert tanaka is not None
    await desk_world.store.commit(Change((replace(tanaka, deputy_ids=(SATO.id,)),)))
    async with browser(app) as client:
        await sign_in(client, desk_world, SATO)
        assert OTHERS.subject in (await client.get("/")).text
        assert (await client.get(f"/messages/{OTHERS.id}")).status_code == 200


async def test_operations_read_nobodys_mail(app: Starlette, desk_world: World) -> None:
    """Who keeps scenarios sees numbers, but no mail and no person of anybody, and approves nothing."""
    await desk_world.store.commit(Change((OPS,)))
    async with browser(app) as client:
        await sign_in(client, desk_world, OPS)
        text = (await client.get("/")).text
        for path in (f"/messages/{OTHERS.id}", f"/people/{KOBAYASHI.id}"):
            assert (await client.get(path)).status_code == 404
        refused = await client.post(
            f"/messages/{OTHERS.id}/approve", data={"csrf": _csrf(text), "seen": OTHERS.fingerprint}
        )
    assert refused.status_code == 404
    assert "小林" not in text
    assert (await desk_world.message(OTHERS.id)).state is MessageState.WAITING
