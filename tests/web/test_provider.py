"""Signing in through a provider of identities: once, from this browser, with what really comes from there."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import pytest

from nurture.config import Oidc, Secret, Web
from nurture.core.change import LoginToken
from nurture.core.messages import Entry
from nurture.oauth.identity import WebIdentity
from nurture.web.app import build
from tests.servers.identity import KEY, OTHER, Provider
from tests.servers.oauth import CLIENT, SECRET, running
from tests.web.browser import BASE, browser, form
from tests.web.world import GONE, NOW, SATO
from tests.web.world import SECRET as KEY_OF_DESK

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.applications import Starlette

    from tests.web.world import World


@dataclass
class Site:
    """The desk, its provider, and a browser."""

    app: Starlette
    provider: Provider
    client: httpx.AsyncClient
    ticks: list[float]

    async def out(self, goes_to: str = "") -> str:
        """To the provider and back: the address at which the browser then is."""
        answer = await self.client.get("/login/provider" + (f"?next={goes_to}" if goes_to else ""))
        assert 303 == answer.status_code
        async with httpx.AsyncClient() as web:
            there = await web.get(answer.headers["location"])
        return there.headers["location"].removeprefix(BASE)

    async def enter(self, back: str, client: httpx.AsyncClient | None = None) -> httpx.Response:
        """Press the button of the page there."""
        client = client or self.client
        page = (await client.get(back)).text
        found = form(page, "/login/provider/back")
        return await client.post(found.action, data=found.fields)

    async def is_in(self) -> bool:
        """Whether the browser is signed in."""
        return 200 == (await self.client.get("/")).status_code


@asynccontextmanager
async def desk(world: World, provider: Provider, **settings: Any) -> AsyncIterator[Site]:
    """The desk with a provider that runs."""
    provider.now = provider.now or int(NOW.timestamp())
    async with running(provider):
        oidc = replace(Oidc(provider.url, CLIENT, Secret(env="X")), **settings)
        whole = replace(world.doors.settings, web=Web(public_url=BASE, oidc=oidc))
        doors = replace(world.doors, settings=whole)
        ticks = [0.0]
        app = build(doors, KEY_OF_DESK, (), WebIdentity(oidc, lambda _: SECRET, world.clock, lambda: ticks[0]))
        async with browser(app) as client:
            yield Site(app, provider, client, ticks)


async def test_there_and_back(desk_world: World) -> None:
    """One tap at the desk, the provider's page, one button (a script presses it), and on to where one wanted."""
    async with desk(desk_world, Provider(email="Sato@Mirai-Iryo.example"), name="会社のアカウント") as site:
        page = (await site.client.get("/login?next=/live")).text
        assert "会社のアカウント" in page
        back = await site.out("/live")
        looked = await site.client.get(back)
        assert not await site.is_in()  # looking signs nobody in, and changes nothing
        assert () == await desk_world.store.find(LoginToken)
        assert () == await desk_world.store.find(Entry, {"kind": "login.used"})
        answer = await site.enter(back)

        assert "/static/go.js" in looked.text
        assert (303, "/live") == (answer.status_code, answer.headers["location"])
        assert await site.is_in()
        assert "HttpOnly" in answer.headers["set-cookie"]
        (said,) = await desk_world.store.find(Entry, {"kind": "login.used"})
        assert SATO.id == said.actor
        assert {"openid", "email"} <= set(site.provider.asked[0]["scope"].split())


@pytest.mark.parametrize("methods", [None, ("client_secret_post",)], ids=["in the header", "in the form"])
async def test_the_secret_goes_where_the_provider_wants_it(
    desk_world: World, methods: tuple[str, ...] | None
) -> None:
    """By RFC 6749, 2.3.1 in the header; in the form for those who want that. Never in an address."""
    async with desk(desk_world, Provider(methods=methods)) as site:
        await site.enter(await site.out())

        assert await site.is_in()
        assert (methods is not None) == ("client_secret" in site.provider.forms[0])
        assert SECRET not in str(site.provider.asked)


LIES: dict[str, dict[str, Any]] = {
    "somebody unknown": {"email": "nobody@mirai-iryo.example"},
    "one who left": {"email": GONE.email},
    "an address that is not verified": {"verified": False},
    "an address of which nothing is said": {"without": ("email_verified",)},
    "no address": {"without": ("email",)},
    "another's token": {"audience": "another-client"},
    "a token for several, of which one is meant": {"audience": [CLIENT, "another-client"]},
    "a token for several, for another": {
        "audience": [CLIENT, "another-client"],
        "more": {"azp": "another-client"},
    },
    "another provider's token": {"issuer": "https://elsewhere.example"},
    "another question's token": {"more": {"nonce": "x"}},
    "no nonce": {"without": ("nonce",)},
    "an old token": {"more": {"exp": int(NOW.timestamp()) - 120}},
    "a token without an end": {"without": ("exp",)},
    "a token of tomorrow": {"more": {"iat": int(NOW.timestamp()) + 86_400}},
    "a token that nobody signed": {"algorithm": "none"},
    "the public key as a shared secret": {"algorithm": "HS256"},
    "a key that is not theirs": {"key": OTHER},
    "a provider that speaks for another": {"of_itself": {"issuer": "https://elsewhere.example"}},
    "a token address in the clear": {"of_itself": {"token_endpoint": "http://elsewhere.example/token"}},
}


@pytest.mark.parametrize("lie", LIES)
async def test_who_is_not_let_in(desk_world: World, lie: str) -> None:
    """Whatever does not hold is said in one line, and signs nobody in."""
    async with desk(desk_world, Provider(**LIES[lie])) as site:
        if "of_itself" in LIES[lie]:
            answer = await site.client.get("/login/provider")
        else:
            answer = await site.enter(await site.out())

        assert answer.status_code in {400, 503}
        assert 'role="alert"' in answer.text
        assert not await site.is_in()
        assert () == await desk_world.store.find(LoginToken, {"used_at": NOW})


async def test_a_token_for_several_that_names_us_is_good(desk_world: World) -> None:
    """OpenID Connect Core 1.0, 3.1.3.7."""
    async with desk(desk_world, Provider(audience=[CLIENT, "other"], more={"azp": CLIENT})) as site:
        await site.enter(await site.out())

        assert await site.is_in()


async def test_the_name_at_microsoft_is_another_claim(desk_world: World) -> None:
    """Entra ID verifies the domain of ``preferred_username``, and says nothing of a verified mail address."""
    lies = Provider(
        email="ceo@other.example", without=("email_verified",), more={"preferred_username": SATO.email}
    )
    async with desk(desk_world, lies, claim="preferred_username") as site:
        await site.enter(await site.out())

        assert await site.is_in()


async def test_an_answer_counts_once_and_in_its_own_browser(desk_world: World) -> None:
    """Somebody else's answer, a forged one, one without a question, a replayed one, one that comes too late."""
    async with desk(desk_world, Provider()) as site:
        back = await site.out()
        async with browser(site.app) as thief:
            assert 400 == (await site.enter(back, thief)).status_code
        query = urlsplit(back).query
        forged = back.replace(query, "code=code-1&state=forged")
        assert 400 == (await site.enter(forged)).status_code
        cookies = dict(site.client.cookies)
        assert 303 == (await site.enter(back)).status_code
        async with browser(site.app) as copy:
            copy.cookies.update({k: v for k, v in cookies.items() if k.endswith("-asked")})
            site.provider.codes["code-1"] = site.provider.asked[0]  # a provider that takes a code twice
            assert 400 == (await site.enter(back, copy)).status_code
        late = await site.out()
        desk_world.later(minutes=10)
        assert 400 == (await site.enter(late)).status_code


async def test_a_refusal_is_said(desk_world: World) -> None:
    """Somebody presses Cancel there."""
    async with desk(desk_world, Provider(denies=True)) as site:
        page = await site.client.get(await site.out())

        assert 'role="alert"' in page.text
        assert '<form method="post" action="/login/provider' not in page.text


async def test_a_provider_that_is_away_is_said(desk_world: World) -> None:
    """The other way in is offered."""
    async with desk(desk_world, Provider(), issuer="http://127.0.0.1:9") as site:
        answer = await site.client.get("/login/provider")

        assert 503 == answer.status_code
        assert 'href="/login"' in answer.text


async def test_where_it_goes_on_to_is_here(desk_world: World) -> None:
    """No address leads to another site."""
    async with desk(desk_world, Provider()) as site:
        answer = await site.enter(await site.out("//elsewhere.example/x"))

        assert "/" == answer.headers["location"]


async def test_a_new_key_is_found_and_documents_are_kept(desk_world: World) -> None:
    """What it says of itself is fetched once an hour; an unknown key makes us look once more, not at each try."""
    async with desk(desk_world, Provider()) as site:
        await site.enter(await site.out())
        site.provider.key, site.provider.shown = OTHER, (KEY, OTHER)
        site.ticks[0] = 5.0
        assert 400 == (await site.enter(await site.out())).status_code
        site.ticks[0] = 40.0
        assert 303 == (await site.enter(await site.out())).status_code

        assert {"discovery": 1, "keys": 2} == site.provider.looked


async def test_mail_can_be_left_out(desk_world: World) -> None:
    """With ``only`` nobody gets a link by mail."""
    async with desk(desk_world, Provider(), only=True) as site:
        page = (await site.client.get("/login")).text
        answer = await site.client.post("/login", data={"email": SATO.email})

        assert 'type="email"' not in page
        assert 404 == answer.status_code
        assert [] == desk_world.post.told


async def test_without_a_provider_there_is_no_such_page(stranger: httpx.AsyncClient) -> None:
    """And no button."""
    assert "/login/provider" not in (await stranger.get("/login")).text
    for path in ("/login/provider", "/login/provider/back?code=x&state=y"):
        assert 404 == (await stranger.get(path)).status_code
    assert 404 == (await stranger.post("/login/provider/back", data={"code": "x"})).status_code
