"""Into the desk by a mailed link, and out again."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from nurture.config import Oidc, Secret
from nurture.store import SqlStore
from tests.browser.site import running
from tests.browser.window import opened
from tests.servers.identity import Provider
from tests.servers.oauth import CLIENT
from tests.servers.oauth import running as running_provider
from tests.servers.sqlite import furnished
from tests.web.world import NOW, SATO, furnish

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import Browser

    from tests.browser.conftest import Opener
    from tests.browser.window import Look, Window
    from tests.web.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_mailed_link_leads_to_the_page_that_was_wanted(stranger: Window) -> None:
    """Asked for the address, mailed a link, one tap: and where one wanted to go. Signed out, the page is shut."""
    page = stranger.page
    await stranger.open("/people/nakamura")
    await expect(page).to_have_url(f"{stranger.site.url}/login?next=/people/nakamura")
    await page.get_by_label("メールアドレス").fill(SATO.email)
    await page.get_by_role("button", name="リンク").click()
    await expect(page.get_by_role("status")).to_be_visible()
    await page.goto(await stranger.site.mailed_link())
    await page.get_by_role("button").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("中村 誠 様")

    assert "/people/nakamura" == stranger.path

    await page.get_by_role("button", name="ログアウト").click()
    await expect(page.get_by_label("メールアドレス")).to_be_visible()
    await stranger.open("/people/nakamura")

    assert "/login?next=/people/nakamura" == stranger.path


async def test_a_link_works_once(sato: Window, windows: Opener, look: Look) -> None:
    """Who finds a link that was used is told so, and asked for an address."""
    used = await sato.site.link(SATO)
    for window in (sato, await windows(look)):
        await window.page.goto(used)
        window.foresee(410)
        await window.page.get_by_role("button", name="ログイン").click()
    await expect(sato.page.get_by_role("alert")).to_have_count(0)
    await expect(window.page.get_by_role("alert")).to_contain_text("使用済み")
    await window.page.get_by_role("link", name="リンク").click()

    assert ("/", "/login") == (sato.path, window.path)


async def test_the_company_account_signs_in(chromium: Browser, look: Look, tmp_path: Path) -> None:
    """To the provider and back; without scripts the last button is pressed by hand."""
    provider = Provider(email=SATO.email, now=int(NOW.timestamp()))
    store = await SqlStore.open(furnished(tmp_path / "desk.sqlite"))
    await furnish(store)

    def with_provider(made: World) -> World:
        """The same world, where people have accounts."""
        settings = made.doors.settings
        oidc = Oidc(provider.url, CLIENT, Secret(env="X"), name="会社のアカウント")
        whole = replace(settings, web=replace(settings.web, oidc=oidc))
        return replace(made, doors=replace(made.doors, settings=whole))

    try:
        async with (
            running_provider(provider),
            running(store, with_provider) as site,
            opened(chromium, site, look) as window,
        ):
            await window.open("/people/nakamura")
            await window.page.get_by_role("link", name="会社のアカウント").click()
            if not look.script:
                await window.page.get_by_role("button", name="ログインする").click()
            await expect(window.page.get_by_role("heading", level=1)).to_have_text("中村 誠 様")

            assert "/people/nakamura" == window.path
    finally:
        await store.close()
