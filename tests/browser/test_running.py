"""What runs now stays fresh while one looks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from nurture.core.change import Change
from nurture.core.messages import Enrollment, EnrollmentState
from nurture.web.live import SECONDS
from tests.browser.window import DESKTOP, PHONE
from tests.web.world import NAKAMURA, SATO, YAMAMOTO

if TYPE_CHECKING:
    from tests.browser.conftest import Opener
    from tests.browser.window import Window

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def paused(window: Window) -> None:
    """Somebody else pauses an enrollment."""
    store = window.site.world.store
    found = await store.get(Enrollment, f"en-{YAMAMOTO.id}")
    assert found is not None
    await store.commit(Change((replace(found, state=EnrollmentState.PAUSED, reason="person"),)))


async def test_the_script_fetches_what_changed(windows: Opener) -> None:
    """After some seconds the table shows it; the page was not loaded anew, and nothing jumped."""
    window = await windows(DESKTOP)
    await window.sign_in(SATO)
    await window.page.clock.install()
    await window.open("/live")
    row = window.page.get_by_role("row").filter(has_text=YAMAMOTO.name)
    await expect(row).not_to_contain_text("一時停止")
    await window.page.evaluate("document.documentElement.dataset.mark = 'the same page'")
    await paused(window)
    await window.page.clock.run_for(SECONDS * 1000 + 100)
    await expect(row).to_contain_text("一時停止")

    assert "the same page" == await window.page.evaluate("document.documentElement.dataset.mark")


async def test_who_is_signed_out_elsewhere_is_asked_to_sign_in(windows: Opener) -> None:
    """The page that asks again finds the session ended, and goes where one signs in."""
    window = await windows(DESKTOP)
    await window.sign_in(SATO)
    await window.page.clock.install()
    await window.open("/live")
    await window.page.context.clear_cookies()
    await window.page.clock.run_for(SECONDS * 1000 + 100)
    await expect(window.page.get_by_label("メールアドレス")).to_be_visible()

    assert "/login?next=/live" == window.path


async def test_without_scripts_the_page_loads_itself_anew(windows: Opener) -> None:
    """By a line in its head that only those see who have no scripts."""
    window = await windows(PHONE)
    await window.sign_in(SATO)
    await window.open("/live")
    await paused(window)
    await expect(window.page.locator("tr").filter(has_text=YAMAMOTO.name)).to_contain_text(
        "一時停止", timeout=3 * SECONDS * 1000
    )


async def test_a_name_leads_to_the_person(windows: Opener) -> None:
    """From a row to whom it is about."""
    window = await windows(PHONE)
    await window.sign_in(SATO)
    await window.page.get_by_role("link", name="進行中").click()
    await window.page.get_by_role("link", name=NAKAMURA.name).first.click()
    await expect(window.page.get_by_role("heading", level=1)).to_have_text("中村 誠 様")
