"""The page behind each mail's unsubscribe link, as its reader finds it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from nurture.core.messages import Enrollment, EnrollmentState, Suppression
from nurture.mail import links
from tests.web.world import LINK_KEY, YAMAMOTO

if TYPE_CHECKING:
    from tests.browser.window import Window

pytestmark = pytest.mark.asyncio(loop_scope="session")

LINK = "/u/" + links.sealed(LINK_KEY, YAMAMOTO.email, "salt")


async def test_looking_does_nothing_and_one_button_acts(stranger: Window) -> None:
    """No login, no address, no second question; in two languages; pressed twice it says the same."""
    page, store = stranger.page, stranger.site.world.store
    await stranger.open(LINK)
    await page.reload()

    assert () == await store.find(Suppression)

    button = page.get_by_role("button")
    await expect(button).to_be_in_viewport()
    await expect(button).to_contain_text("Unsubscribe")
    await expect(page.locator("input:visible")).to_have_count(0)
    await button.click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("配信を停止しました")
    await expect(page.get_by_role("heading", level=2)).to_have_text("You are unsubscribed")
    await stranger.open(LINK)
    await button.click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("配信を停止しました")
    (silence,) = await store.find(Suppression)
    enrollment = await store.get(Enrollment, f"en-{YAMAMOTO.id}")

    assert (YAMAMOTO.email, "web") == (silence.value, silence.source)
    assert enrollment is not None
    assert EnrollmentState.STOPPED is enrollment.state
    assert [] == await page.context.cookies()


async def test_a_link_that_lost_its_end_says_so(stranger: Window) -> None:
    """Nobody is told that he is unsubscribed who is not; how else to say it stands there."""
    stranger.foresee(404)
    await stranger.open(LINK[:-6])
    await stranger.page.get_by_role("button").click()
    await expect(stranger.page.get_by_role("heading", level=1)).to_have_text("配信は停止されていません")
    await expect(stranger.page.get_by_role("main")).to_contain_text("03-0000-0000")

    assert () == await stranger.site.world.store.find(Suppression)
